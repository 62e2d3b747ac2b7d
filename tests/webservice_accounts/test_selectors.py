"""Which accounts somebody may know of, and which are in which state."""

from datetime import date, datetime, timedelta
from itertools import product

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import Substitution, Unit
from accounts.roles import Role
from requests_app.sla import WIB
from requests_app.sop import Status
from tests.factories import UnitFactory, a_request, person
from webservice_accounts import handover, selectors
from webservice_accounts.lifecycle import State, state_at
from webservice_accounts.models import AllowedAddress, PathRule, WebserviceAccount

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 10, tzinfo=WIB)
DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)


def account_of(unit: Unit | None = None, **fields: object) -> WebserviceAccount:
    request = a_request(Status.ACCOUNT_CREATED, at=NOW - timedelta(hours=1), unit=unit or UnitFactory(), **fields)
    return WebserviceAccount.objects.get(requests=request)


# --- who sees what --------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.HELPDESK, Role.HEAD, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR])
def test_the_office_sees_every_account(role: Role) -> None:
    accounts = {account_of(), account_of()}
    assert set(selectors.visible_to(person(role), NOW)) == accounts


def test_a_units_staff_see_their_units_accounts_only() -> None:
    mine, _theirs = account_of(), account_of()
    assert list(selectors.visible_to(person(Role.UNIT_STAFF, unit=mine.unit), NOW)) == [mine]


def test_the_holder_sees_their_own_without_any_role() -> None:
    mine, _theirs = account_of(email="pj@usk.ac.id"), account_of(email="lain@usk.ac.id")
    assert list(selectors.visible_to(person(None, email="pj@usk.ac.id"), NOW)) == [mine]


def test_strangers_see_nothing() -> None:
    account = account_of()
    strangers = [AnonymousUser(), person(None, unit=account.unit), person(Role.PSI, is_active=False)]
    for stranger in strangers:
        assert not selectors.visible_to(stranger, NOW).exists()


def test_who_stands_in_for_a_units_staff_sees_that_units_for_as_long() -> None:
    account = account_of()
    substitute = person(None)
    Substitution.objects.create(
        absent=person(Role.UNIT_STAFF, unit=account.unit),
        substitute=substitute,
        starts_on=date(2026, 11, 23),
        ends_on=date(2026, 11, 23),
    )
    assert list(selectors.visible_to(substitute, NOW)) == [account]
    assert not selectors.visible_to(substitute, NOW + DAY).exists()


# --- states --------------------------------------------------------------------------------------------
def test_the_database_and_the_arithmetic_agree_on_every_state() -> None:
    template = account_of()
    near = (None, NOW - DAY, NOW, NOW + MICROSECOND)
    ends = (NOW, NOW + MICROSECOND, NOW + 60 * DAY, NOW + 60 * DAY + MICROSECOND)
    grid = product((NOW - 300 * DAY, NOW - MICROSECOND, NOW), ends, near, near, near)
    rows = [
        WebserviceAccount(
            username=f"a-{number}",
            unit=template.unit,
            starts_at=starts,
            ends_at=ends_at,
            revoked_at=revoked,
            suspended_at=suspended,
            revealed_at=revealed,
            created_at=NOW,
        )
        for number, (starts, ends_at, revoked, suspended, revealed) in enumerate(grid)
        if ends_at > starts
    ]
    rows += [
        WebserviceAccount(
            username="later",
            unit=template.unit,
            starts_at=NOW + MICROSECOND,
            ends_at=NOW + DAY,
            revealed_at=NOW,
            created_at=NOW,
        )
    ]
    WebserviceAccount.objects.bulk_create(rows)
    everything = WebserviceAccount.objects.all()
    seen: set[str] = set()
    for state in State:
        found = set(selectors.in_state(everything, state, NOW).values_list("username", flat=True))
        assert found == {row.username for row in everything if state_at(row.facts, NOW) is state}, state
        assert found, state
        assert not found & seen, state
        seen |= found
    assert len(seen) == everything.count()


# --- one account ------------------------------------------------------------------------------------------
def test_addresses_are_shown_as_people_write_them() -> None:
    account = account_of()
    for network in ("10.44.3.0/24", "10.1.1.1/32", "2001:db8::1/128"):
        AllowedAddress.objects.create(account=account, network=network)
    assert selectors.networks_of(account) == ["10.44.3.0/24", "10.1.1.1", "2001:db8::1"]


def test_the_living_link_is_the_last_one_for_72_hours() -> None:
    account = account_of()
    assert selectors.living_ticket(account, NOW) is None
    handover.issue_ticket(account, now=NOW)
    handover.issue_ticket(account, now=NOW + DAY)
    assert selectors.living_ticket(account, NOW + 4 * DAY - MICROSECOND) == account.tickets.latest("pk")
    assert selectors.living_ticket(account, NOW + 4 * DAY) is None


@pytest.mark.parametrize(
    ("methods", "pattern", "address"),
    [
        ("GET", "/api/dosen/**", "https://ws.usk.ac.id/api/dosen"),
        ("POST, GET", "/api/dosen", "https://ws.usk.ac.id/api/dosen"),
        ("POST", "/api/dosen/**", "https://ws.usk.ac.id"),
        ("GET", "/api/*/dosen", "https://ws.usk.ac.id"),
    ],
)
def test_a_key_is_tried_where_the_gate_lets_it_in(methods: str, pattern: str, address: str) -> None:
    account = account_of()
    grant = account.grants.first()
    assert grant is not None
    account.grants.exclude(pk=grant.pk).delete()
    grant.data_type.service.base_url = ""
    grant.data_type.service.save()
    PathRule.objects.all().delete()
    PathRule.objects.create(data_type=grant.data_type, methods=methods, pattern=pattern)
    assert selectors.address_to_try(account, "https://ws.usk.ac.id") == address
    grant.until = NOW
    grant.save()
    assert selectors.address_to_try(account, "https://ws.usk.ac.id") == "https://ws.usk.ac.id"
