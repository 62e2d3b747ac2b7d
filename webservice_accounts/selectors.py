"""Every read about accounts: which ones somebody may see, and how they stand."""

from datetime import datetime
from ipaddress import ip_network

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.permissions import authority
from accounts.roles import Permission
from webservice_accounts import addresses
from webservice_accounts.lifecycle import ENDING_SOON_WITHIN, State
from webservice_accounts.models import RevealTicket, WebserviceAccount


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
    right = authority(user, Permission.SEND_REQUEST, today)
    unit_id = (right.on_behalf_of or user).unit_id if right else None
    if unit_id:
        mine |= Q(unit_id=unit_id)
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
