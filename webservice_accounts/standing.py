"""Whether an account stands: suspended, taken up again, revoked; and whether it goes on after its end.

The gate is not told: it asks. A change here holds everywhere within
`lifecycle.TAKES_EFFECT_WITHIN`.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import AuditEvent, User
from accounts.permissions import Authority
from accounts.wording import N_
from webservice_accounts import messages, provisioners
from webservice_accounts.messages import Audience
from webservice_accounts.models import ProvisioningTask, Suspension, WebserviceAccount
from webservice_accounts.policies import Act, Refused
from webservice_accounts.services import begin

Event = ProvisioningTask.Event


@transaction.atomic
def suspend(
    account: WebserviceAccount, *, by: User, now: datetime, reason: str, incident_at: datetime | None = None
) -> WebserviceAccount:
    """From `now` on nothing opens the account, until PSI reinstates it.

    For PSI, the head, staff of its unit and the responsible person. `incident_at`: when
    what led to it happened (UU 27/2022 art. 46 counts from knowing it); `Refused` when in
    the future. What somebody else changed meanwhile does not matter: a leak is stopped.
    """
    locked, right = begin(account, Act.SUSPEND, by=by, now=now)
    reason = _reason(reason)
    if incident_at and incident_at > now:
        raise Refused(_("Waktu kejadian tidak dapat berada di masa depan."))
    Suspension.objects.create(
        account=locked, reason=reason, incident_at=incident_at, since=now, by_name=_name(by, right)
    )
    locked.suspended_at = now
    locked.save(update_fields=["suspended_at"])
    event = _record(locked, Act.SUSPEND, N_("{actor} menangguhkan akun {username}."), by, right, now, detail=reason)
    provisioners.announce(locked, Event.SUSPEND, now=now)
    everybody = (Audience.HOLDER, Audience.UNIT, Audience.PSI)
    messages.tell(locked, "account_suspended", event, to=everybody, by=by, now=now)
    return locked


@transaction.atomic
def reinstate(
    account: WebserviceAccount, *, by: User, now: datetime, reason: str, version: int | None = None
) -> WebserviceAccount:
    """The account stands again, with the same secrets and dates; for PSI. Days without use count from `now`."""
    locked, right = begin(account, Act.REINSTATE, by=by, now=now, version=version)
    reason = _reason(reason)
    locked.suspensions.filter(until__isnull=True).update(until=now, ended_by_name=_name(by, right))
    locked.suspended_at = locked.unused_told_at = None
    locked.save(update_fields=["suspended_at", "unused_told_at"])
    sentence = N_("{actor} mengaktifkan kembali akun {username}.")
    event = _record(locked, Act.REINSTATE, sentence, by, right, now, detail=reason)
    provisioners.announce(locked, Event.REINSTATE, now=now)
    messages.tell(locked, "account_reinstated", event, to=(Audience.HOLDER, Audience.UNIT), by=by, now=now)
    return locked


@transaction.atomic
def revoke(
    account: WebserviceAccount, *, by: User, now: datetime, reason: str, version: int | None = None
) -> WebserviceAccount:
    """The end of the account, for good: its secrets and links end, it is never renewed. For PSI and the head.

    A suspension that lasts stays in the history as it is.
    """
    locked, right = begin(account, Act.REVOKE, by=by, now=now, version=version)
    reason = _reason(reason)
    locked.revoked_at, locked.revocation_reason = now, reason
    locked.save(update_fields=["revoked_at", "revocation_reason"])
    locked.secrets.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now)).update(ends_at=now)
    locked.tickets.filter(ended_at__isnull=True).update(ended_at=now)
    event = _record(locked, Act.REVOKE, N_("{actor} mencabut akun {username}."), by, right, now, detail=reason)
    provisioners.announce(locked, Event.END, now=now)
    everybody = (Audience.HOLDER, Audience.UNIT, Audience.PSI, Audience.HEAD)
    messages.tell(locked, "account_revoked", event, to=everybody, by=by, now=now)
    return locked


@transaction.atomic
def decline_renewal(
    account: WebserviceAccount, *, by: User, now: datetime, version: int | None = None
) -> WebserviceAccount:
    """The account is not to go on after its end: no more reminders. For its unit, its responsible person and PSI."""
    locked, right = begin(account, Act.DECLINE_RENEWAL, by=by, now=now, version=version)
    locked.renewal_declined_at = now
    locked.save(update_fields=["renewal_declined_at"])
    sentence = N_("{actor} menandai akun {username} tidak diperpanjang.")
    _tell_of_renewal(locked, _record(locked, Act.DECLINE_RENEWAL, sentence, by, right, now), by, now)
    return locked


@transaction.atomic
def want_renewal(
    account: WebserviceAccount, *, by: User, now: datetime, version: int | None = None
) -> WebserviceAccount:
    """The flag "do not renew" is taken back: reminders come again."""
    locked, right = begin(account, Act.WANT_RENEWAL, by=by, now=now, version=version)
    locked.renewal_declined_at = None
    locked.save(update_fields=["renewal_declined_at"])
    sentence = N_("{actor} menarik tanda “jangan perpanjang” dari akun {username}.")
    _tell_of_renewal(locked, _record(locked, Act.WANT_RENEWAL, sentence, by, right, now), by, now)
    return locked


@transaction.atomic
def keep_unused(account: WebserviceAccount, by: User, now: datetime) -> WebserviceAccount:
    """Nobody uses it, but it is still needed: the days without use count from `now`, and it is not suspended.

    For its unit, its responsible person and PSI; raises `Refused` when nobody asked.
    """
    locked, right = begin(account, Act.KEEP_UNUSED, by=by, now=now)
    locked.unused_answered_at, locked.unused_told_at = now, None
    locked.save(update_fields=["unused_answered_at", "unused_told_at"])
    _record(locked, Act.KEEP_UNUSED, N_("{actor} menyatakan akun {username} masih digunakan."), by, right, now)
    return locked


def _tell_of_renewal(account: WebserviceAccount, event: AuditEvent, by: User, now: datetime) -> None:
    messages.tell(account, "account_renewal_wish", event, to=(Audience.HOLDER, Audience.UNIT), by=by, now=now)


def _record(
    account: WebserviceAccount, act: Act, sentence: str, by: User, right: Authority, now: datetime, **data: Any
) -> AuditEvent:
    words = {"username": account.username, **data}
    return audit.record(account.subject, act, sentence, by=by, acting_for=right.acting_for, now=now, data=words)


def _reason(text: str) -> str:
    if not text.strip():
        raise Refused(_("Tuliskan alasannya."))
    return text.strip()


def _name(by: User, right: Authority) -> str:
    """Who acted, and for whom, for a history row (at most 200 characters)."""
    return (f"{by} ({right.acting_for})" if right.acting_for else str(by))[:200]
