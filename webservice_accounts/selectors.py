"""Every read about accounts: which ones somebody may see, and how they stand."""

from datetime import datetime
from ipaddress import ip_network
from typing import Any
from urllib.parse import urljoin

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.permissions import authority, units_of
from accounts.roles import Permission
from webservice_accounts import addresses
from webservice_accounts.lifecycle import AFTER_END, ENDING_SOON_WITHIN, NOTICE_DAYS, State, ends_noticed
from webservice_accounts.models import (
    AccountPeriod,
    DataType,
    Grant,
    PathRule,
    RevealTicket,
    Secret,
    Service,
    Suspension,
    WebserviceAccount,
)
from webservice_accounts.policies import CLOSED_STATUSES


def visible_to(user: User | AnonymousUser, now: datetime) -> QuerySet[WebserviceAccount]:
    """The accounts this person may know of. The fetch is the check: others are "not found".

    The office sees all; a unit's staff their unit's; the responsible person their own (by verified e-mail).
    """
    accounts = WebserviceAccount.objects.select_related("unit")
    if not isinstance(user, User) or not user.is_active:
        return accounts.none()
    today = timezone.localdate(now)
    if authority(user, Permission.SEE_EVERY_REQUEST, today):
        return accounts
    mine = Q(holder_email__iexact=user.email)
    if unit_ids := units_of(user, Permission.SEND_REQUEST, today):
        mine |= Q(unit_id__in=unit_ids)
    return accounts.filter(mine)


def in_state(accounts: QuerySet[WebserviceAccount], state: State, now: datetime) -> QuerySet[WebserviceAccount]:
    """Those of which `lifecycle.state_at` says `state` at `now`, asked of the database."""
    revoked, ended, suspended = Q(revoked_at__lte=now), Q(ends_at__lte=now), Q(suspended_at__lte=now)
    opened, ending = Q(starts_at__lte=now, revealed_at__lte=now), Q(ends_at__lte=now + ENDING_SOON_WITHIN)
    ladder = (
        (State.REVOKED, revoked),
        (State.ENDED, ended),
        (State.SUSPENDED, suspended),
        (State.NOT_YET_ACTIVE, ~opened),
        (State.ENDING_SOON, ending),
        (State.ACTIVE, Q()),
    )
    rest = Q()
    for rung, condition in ladder:
        if rung is state:
            return accounts.filter(rest & condition)
        rest &= ~condition
    raise ValueError(f"not a state: {state}")


def networks_of(account: WebserviceAccount) -> list[str]:
    """From where the account may be used, as people read it; empty means from anywhere."""
    return addresses.as_text(ip_network(row.network) for row in account.addresses.order_by("pk")).split()


def living_ticket(account: WebserviceAccount, now: datetime) -> RevealTicket | None:
    """The link that leads the holder to the key at `now`; None when it ended or none was sent."""
    return account.tickets.filter(ended_at__isnull=True, expires_at__gt=now).order_by("pk").last()


def last_event(account: WebserviceAccount) -> AuditEvent | None:
    """The latest act on this account since it was handed out."""
    return AuditEvent.objects.filter(subject=account.subject).order_by("pk").last()


def version_of(account: WebserviceAccount) -> int:
    """Changes with every act on the account: a page made before somebody else acted is recognised."""
    last = last_event(account)
    return last.pk if last else 0


def current_period(account: WebserviceAccount, now: datetime) -> AccountPeriod | None:
    """The period that has begun last; before the first one begins, that one."""
    begun = account.periods.filter(starts_at__lte=now).order_by("starts_at").last()
    return begun or account.periods.order_by("starts_at").first()


def granted_in_period(account: WebserviceAccount, now: datetime) -> dict[int, Grant]:
    """By data type, the newest grant that held at some time since the present period was granted."""
    period = current_period(account, now)
    held = Q(until__isnull=True) | (Q(until__gt=period.granted_at) if period else Q())
    rows = account.grants.filter(held).select_related("data_type__owner").order_by("since", "pk")
    return {grant.data_type_id: grant for grant in rows}


def living_secrets(account: WebserviceAccount, now: datetime) -> QuerySet[Secret]:
    """The secrets that open the gate at `now` (as far as they are concerned), the oldest first."""
    return account.secrets.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now)).order_by("created_at", "pk")


def living_rotation(account: WebserviceAccount, now: datetime) -> RevealTicket | None:
    """The ticket by which a new secret beside or after the present one waits to be opened; None when none does."""
    return (
        account.tickets.filter(ended_at__isnull=True, expires_at__gt=now, overlap_hours__isnull=False)
        .order_by("pk")
        .last()
    )


def service_addresses(account: WebserviceAccount) -> list[str]:
    """Where the data granted to this account is served; empty where the catalogue does not say."""
    urls = account.grants.filter(until__isnull=True).values_list("data_type__service__base_url", flat=True)
    return list(dict.fromkeys(url for url in urls.order_by("data_type__service__name") if url))


def address_to_try(account: WebserviceAccount, otherwise: str) -> str:
    """An address that this account may read with a plain GET, to try a key on.

    `otherwise` stands for the address of a service that has none; it is also the answer
    where no path is known, or only one with a part that the reader would have to fill in.
    """
    rules = PathRule.objects.filter(data_type__grants__account=account, data_type__grants__until=None)
    for rule in rules.select_related("data_type__service").order_by("pattern", "pk"):
        path = rule.pattern.removesuffix("/**")
        if "*" not in path and "GET" in rule.methods.replace(",", " ").split():
            return urljoin(rule.data_type.service.base_url or otherwise, path)
    return (service_addresses(account) or [otherwise])[0]


def open_renewal(account: WebserviceAccount, *, with_draft: bool) -> Any:
    """The request of the room above that asks for one more year and is not over; None when there is none.

    A draft concerns nobody but the unit: `with_draft`.
    """
    over = CLOSED_STATUSES if with_draft else (*CLOSED_STATUSES, "draft")
    return account.renewals.exclude(status__in=over).order_by("pk").last()


def granted_data(account: WebserviceAccount, *, with_paths: bool) -> list[tuple[DataType, list[PathRule]]]:
    """What it may read now, each with the paths by which the gate knows that data (where `with_paths`)."""
    grants = account.current_grants.select_related("data_type__owner", "data_type__service")
    if with_paths:
        grants = grants.prefetch_related("data_type__path_rules")
    return [(grant.data_type, list(grant.data_type.path_rules.all()) if with_paths else []) for grant in grants]


def history(account: WebserviceAccount) -> list[AuditEvent]:
    """Everything that happened to the account, newest first, with the procedure's own events of its requests."""
    origins = set(account.periods.values_list("origin", flat=True)) | {account.origin}
    return list(AuditEvent.objects.filter(subject__in={account.subject, *origins}).order_by("-happened_at", "-pk"))


def ending(now: datetime) -> QuerySet[WebserviceAccount]:
    """Living accounts whose first reminder is due, the soonest end first."""
    _after, upto = ends_noticed(now)[max(NOTICE_DAYS)]
    return _to_follow(Q(ends_at__gt=now, ends_at__lte=upto)).order_by("ends_at", "pk")


def just_ended(now: datetime) -> QuerySet[WebserviceAccount]:
    """Accounts that ended within the last 30 days and were not revoked, the latest end first."""
    after, upto = ends_noticed(now)[AFTER_END]
    return _to_follow(Q(ends_at__gt=after, ends_at__lte=upto)).order_by("-ends_at", "pk")


def asked_whether_needed(now: datetime) -> QuerySet[WebserviceAccount]:
    """Living accounts that nobody uses, asked about and unanswered or suspended for it; the earliest question first."""
    suspended = Suspension.objects.filter(account=OuterRef("pk"), cause=Suspension.Cause.UNUSED, until=None)
    asked = Q(unused_told_at__isnull=False, suspended_at=None) | Q(Exists(suspended))
    return _to_follow(asked & Q(ends_at__gt=now)).order_by("unused_told_at", "pk")


def _to_follow(condition: Q) -> QuerySet[WebserviceAccount]:
    return WebserviceAccount.objects.filter(condition, revoked_at=None).select_related("unit")


def outside_services(account: WebserviceAccount) -> list[str]:
    """Names of the services that keep an account of their own for this one: the gate does not close those."""
    outside = Service.objects.filter(is_active=True).exclude(provisioner=Service.Provisioner.GATE)
    reads_now = outside.filter(data_types__grants__account=account, data_types__grants__until__isnull=True)
    return list(reads_now.distinct().order_by("name").values_list("name", flat=True))
