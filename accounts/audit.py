"""The only writer of the audit trail."""

from datetime import datetime
from typing import Any

from accounts.models import AuditEvent, User


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
