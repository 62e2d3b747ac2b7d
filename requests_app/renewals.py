"""Asking for one more year of an account: who may, when it is possible, and what would change."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Authority, has, units_of
from accounts.roles import Permission
from accounts.selectors import institution
from requests_app import selectors
from requests_app.models import AccessRequest
from requests_app.sop import OPEN
from webservice_accounts.lifecycle import last_valid_date, one_more_year
from webservice_accounts.models import DataType, WebserviceAccount
from webservice_accounts.policies import Act, why_not_renewed
from webservice_accounts.policies import authority_for as authority_over
from webservice_accounts.services import is_same_person


# --- may it be asked for ----------------------------------------------------------------
def right_to_ask(person: User, account: WebserviceAccount, now: datetime) -> Authority | None:
    """By what right this person asks for their own unit, theirs or that of whom they stand in for; None when not."""
    return authority_over(person, account, Act.ASK_RENEWAL, now)


def may_enter_paper(person: User) -> bool:
    """Whether this person enters paper letters of any unit."""
    return has(person, Permission.REGISTER)


def under_way(account: WebserviceAccount) -> AccessRequest | None:
    """The renewal that was begun and has not come to its end; None when there is none."""
    return AccessRequest.objects.filter(renews=account, status__in=OPEN).order_by("pk").last()


def why_not(account: WebserviceAccount, now: datetime) -> str | None:
    """None when a renewal can begin; else the reason as a sentence. One that is `under_way` is not a reason."""
    return why_not_renewed(account, now)


def needs_letter(request: AccessRequest) -> bool:
    """Whether the request cannot go without a signed letter: the setting decides it for renewals."""
    return request.renews_id is None or institution().renewal_needs_letter


# --- what would change --------------------------------------------------------------------
@dataclass(frozen=True)
class Renewal:
    """What a request asks to renew. What differs is empty once PSI has granted it: the account is then as asked."""

    account: WebserviceAccount
    until: date
    """The account's last valid day."""
    person_before: str = ""
    """Who holds it, when the letter names somebody else."""
    contact_before: tuple[str, ...] = ()
    """Telephone, e-mail, name or kind of identity as they were, when the same person has others now."""
    application_before: str = ""
    purpose_before: str = ""
    added: tuple[DataType, ...] = ()
    """Asked for beyond what may be read now."""
    removed: tuple[DataType, ...] = ()
    """May be read now and is not asked for again."""

    @property
    def is_as_before(self) -> bool:
        """Whether the same person asks for the same data for the same purpose."""
        return not (
            self.person_before
            or self.contact_before
            or self.application_before
            or self.purpose_before
            or self.added
            or self.removed
        )


def of(request: AccessRequest) -> Renewal | None:
    """What this request renews and changes; None for the first request of an account.

    Reads `items` and the account's `grants`, which may be prefetched with their data types.
    """
    account = request.renews
    if account is None:
        return None
    if request.account_id is not None:
        return Renewal(account, account.last_day)
    held = {grant.data_type_id: grant.data_type for grant in account.grants.all() if grant.until is None}
    asked = {item.data_type_id: item.data_type for item in request.items.all()}
    is_same = is_same_person(account, request.identity_number)
    return Renewal(
        account,
        account.last_day,
        person_before="" if is_same else account.holder_name,
        contact_before=_contact_before(account, request) if is_same else (),
        application_before=account.application if account.application != request.application else "",
        purpose_before=account.purpose if account.purpose != request.purpose else "",
        added=tuple(data_type for pk, data_type in asked.items() if pk not in held),
        removed=tuple(data_type for pk, data_type in held.items() if pk not in asked),
    )


def _contact_before(account: WebserviceAccount, request: AccessRequest) -> tuple[str, ...]:
    pairs = (
        (account.holder_name, request.person_name),
        (str(account.holder_phone), str(request.phone)),
        (account.holder_email.lower(), request.email.lower()),
    )
    return tuple(before for before, after in pairs if before != after)


def new_period(account: WebserviceAccount) -> tuple[date, date]:
    """First and last local day that a renewal adds before the account's end."""
    period = one_more_year(account.ends_at)
    return timezone.localdate(period.starts_at), last_valid_date(period.ends_at)


@dataclass(frozen=True)
class Ending:
    """An account that ends soon, and what the reader can do about it."""

    account: WebserviceAccount
    may_renew: bool = False
    running: AccessRequest | None = None
    """The renewal under way, where the reader may see it."""


def ending(user: User, now: datetime) -> list[Ending]:
    """Living accounts of this person or their unit that end within 60 days, the soonest first."""
    open_ones = Prefetch("renewals", AccessRequest.objects.filter(status__in=OPEN), to_attr="open_renewals")
    unit_ids = units_of(user, Permission.SEND_REQUEST, timezone.localdate(now))
    rows = []
    for account in selectors.accounts_ending(user, now).prefetch_related(open_ones):
        running: list[AccessRequest] = account.open_renewals
        is_ours = account.unit_id in unit_ids
        may_renew = is_ours and not running and account.renewal_declined_at is None
        rows.append(Ending(account, may_renew, running[-1] if running and is_ours else None))
    return rows
