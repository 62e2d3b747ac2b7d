"""Mails are rows first: written with the business change, delivered after commit by `accounts.tasks`."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import OutgoingMail
from accounts.nudge import after_commit
from accounts.selectors import institution
from accounts.tasks import send_mail

State = OutgoingMail.State


def compose(template: str, *, language: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and text of `templates/emails/<language>/<template>.txt`; the first line is the subject.

    Beside `context` the template is given `base_url` and, unless it is there already, `house` (the institution, which
    signs).
    """
    words = {"base_url": settings.BASE_URL, **context}
    if "house" not in words:
        words["house"] = institution()
    with translation.override(language):
        written = render_to_string(f"emails/{language}/{template}.txt", words)
    subject, _, text = written.strip().partition("\n")
    return subject.strip(), text.strip()


def queue(
    *,
    key: str,
    to: str,
    language: str,
    subject: str,
    text: str,
    now: datetime,
    is_confidential: bool = False,
    attachment: str = "",
    attachment_name: str = "",
) -> OutgoingMail:
    """One mail row, and a nudge to send it once the transaction holds.

    `key` names the occasion; the same key again is the same mail and is not sent twice.
    `attachment` is a storage name. Line breaks in a subject are folded to spaces, so that
    a name typed by somebody cannot add a header.
    """
    mail, is_new = OutgoingMail.objects.get_or_create(
        key=key if len(key) <= 150 else hashlib.sha256(key.encode()).hexdigest(),
        defaults={
            "to": to,
            "language": language,
            "subject": _folded(subject),
            "text": text,
            "is_confidential": is_confidential,
            "attachment": attachment,
            "attachment_name": attachment_name,
            "queued_at": now,
            "next_try_at": now,
        },
    )
    if is_new:
        after_commit(send_mail, mail.pk)
    return mail


@dataclass(frozen=True)
class Letter:
    """A mail without an attachment, as `queue` takes it; `key` is at most 150 characters."""

    key: str
    to: str
    language: str
    subject: str
    text: str


def queue_all(letters: Iterable[Letter], *, now: datetime) -> None:
    """Many mails in the same few statements, however many; otherwise as `queue`."""
    rows = {
        one.key: OutgoingMail(
            key=one.key,
            to=one.to,
            language=one.language,
            subject=_folded(one.subject),
            text=one.text,
            queued_at=now,
            next_try_at=now,
        )
        for one in letters
    }
    OutgoingMail.objects.bulk_create(rows.values(), ignore_conflicts=True)
    unsent = OutgoingMail.objects.filter(key__in=rows, state=State.WAITING)
    for pk in unsent.order_by("pk").values_list("pk", flat=True):
        after_commit(send_mail, pk)


def _folded(subject: str) -> str:
    return " ".join(subject.split())[:250]


def retry(mail: OutgoingMail, *, now: datetime) -> bool:
    """Try a mail that failed or waits again at once; False when it was sent meanwhile or is on its way."""
    unsent = OutgoingMail.objects.filter(pk=mail.pk, state__in=(State.FAILED, State.WAITING))
    if not unsent.update(state=State.WAITING, next_try_at=now):
        return False
    after_commit(send_mail, mail.pk)
    return True
