"""The only writer of the audit trail, and how a record is read out."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def record(
    subject: str,
    verb: str,
    sentence: str,
    *,
    by: User | None,
    by_name: str = "",
    acting_for: str = "",
    now: datetime,
    happened_at: datetime | None = None,
    data: dict[str, Any] | None = None,
) -> AuditEvent:
    """Write one event in the transaction of the act it records: no record, no act.

    `sentence` is an Indonesian source sentence with {placeholders} filled from `data` and
    `{actor}` when it is shown. `by` None means somebody without a login; `by_name` then
    says who. `happened_at` differs from `now` for what was done on paper before.
    """
    return AuditEvent.objects.create(
        at=now,
        happened_at=happened_at or now,
        subject=subject,
        verb=verb,
        sentence=sentence,
        actor_id=by.pk if by else None,
        actor_name=by_name or str(by),
        acting_for=acting_for,
        data=data or {},
    )


def record_each(
    happened: Iterable[tuple[str, datetime, dict[str, Any]]], verb: str, sentence: str, *, by_name: str, now: datetime
) -> None:
    """The same event on several subjects, each as (subject, when it happened, data), in one statement.

    For what the house does by itself: `by_name` has no login.
    """
    AuditEvent.objects.bulk_create(
        AuditEvent(at=now, happened_at=at, subject=subject, verb=verb, sentence=sentence, actor_name=by_name, data=data)
        for subject, at, data in happened
    )


def say(event: AuditEvent) -> str:
    """The event's sentence in the reader's language; what people typed in it is never read as a template."""
    actor = event.actor_name + (f" ({event.acting_for})" if event.acting_for else "")
    words = {"actor": actor, **event.data}
    return _PLACEHOLDER.sub(lambda found: str(words.get(found[1], found[0])), _(event.sentence))
