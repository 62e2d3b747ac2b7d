"""Whom an act on an account tells, and with which words: a notice and a mail, each in their language."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.urls import reverse
from django.utils import timezone, translation

from accounts import audit, mail, notices
from accounts.models import AuditEvent, User
from accounts.permissions import holders, those_there
from accounts.roles import Permission, Role
from webservice_accounts.models import WebserviceAccount

INDONESIAN = "id"
"""The language of who has no login, and of mailboxes."""


class Audience(StrEnum):
    """Who hears of an act."""

    HOLDER = "holder"
    UNIT = "unit"
    PSI = "psi"
    HEAD = "head"


def tell(
    account: WebserviceAccount,
    template: str,
    event: AuditEvent,
    *,
    to: Iterable[Audience],
    by: User | None,
    now: datetime,
    context: Mapping[str, Any] | None = None,
) -> None:
    """Write the rows for everybody in `to` except the one who acted, each person and each mailbox once.

    `template` is of `templates/emails/<language>/`. The unit is reached at its mailbox,
    its staff then by notice only; the responsible person without a login by mail only.
    """
    told = {by.email.lower()} if by else set()
    for audience in to:
        people, mailbox = _reached(account, audience, now)
        for person in people:
            if person.email.lower() in told:
                continue
            told.add(person.email.lower())
            by_notice_only = audience is Audience.UNIT and bool(mailbox)
            _tell_person(account, template, event, person, now=now, context=context, by_notice_only=by_notice_only)
        if mailbox and mailbox.lower() not in told:
            told.add(mailbox.lower())
            name = account.holder_name if audience is Audience.HOLDER else ""
            send(account, template, event, mailbox, name=name, now=now, context=context)


def send(
    account: WebserviceAccount,
    template: str,
    event: AuditEvent,
    address: str,
    *,
    name: str,
    now: datetime,
    context: Mapping[str, Any] | None = None,
) -> None:
    """One mail to an address; to the person who signs in with it in their language and with a notice."""
    person = User.objects.filter(email__iexact=address, is_active=True).first()
    if person:
        _tell_person(account, template, event, person, now=now, context=context)
        return
    subject, text = _compose(account, template, event, INDONESIAN, name, context)
    key = _key(template, event, address)
    mail.queue(key=key, to=address, language=INDONESIAN, subject=subject, text=text, now=now)


def _reached(account: WebserviceAccount, audience: Audience, now: datetime) -> tuple[list[User], str]:
    """The people who sign in, and the address of those who do not."""
    today = timezone.localdate(now)
    if audience is Audience.PSI:
        return those_there(holders(Permission.CREATE_ACCOUNT, today), today), ""
    if audience is Audience.HEAD:
        return those_there(holders(Permission.DISPOSE, today), today), ""
    people = User.objects.filter(is_active=True).order_by("pk")
    if audience is Audience.HOLDER:
        return list(people.filter(email__iexact=account.holder_email)), account.holder_email
    staff = people.filter(role_grants__role=Role.UNIT_STAFF, unit=account.unit_id)
    return those_there(staff, today), account.unit.email


def _tell_person(
    account: WebserviceAccount,
    template: str,
    event: AuditEvent,
    person: User,
    *,
    now: datetime,
    context: Mapping[str, Any] | None,
    by_notice_only: bool = False,
) -> None:
    subject, text = _compose(account, template, event, person.language, str(person), context)
    key = _key(template, event, person.email)
    if not by_notice_only:
        mail.queue(key=key, to=person.email, language=person.language, subject=subject, text=text, now=now)
    notices.tell(person, key=key, text=subject, url=reverse("account", args=[account.username]), now=now)


def _compose(
    account: WebserviceAccount,
    template: str,
    event: AuditEvent,
    language: str,
    name: str,
    context: Mapping[str, Any] | None,
) -> tuple[str, str]:
    with translation.override(language):
        sentence = audit.say(event)
    words = {
        "account": account,
        "recipient": name,
        "event": event,
        "sentence": sentence,
        "detail": event.data.get("detail", ""),
        "data_types": [grant.data_type for grant in account.current_grants],
        "last_day": account.last_day,
        **(context or {}),
    }
    return mail.compose(template, language=language, context=words)


def _key(template: str, event: AuditEvent, address: str) -> str:
    return f"{template}:{event.pk}:{address.lower()}"
