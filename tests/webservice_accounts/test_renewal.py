"""One more year of an account: the dates by hand, and what stays, ends and begins."""

from datetime import date, datetime, timedelta

import pytest

from accounts.models import AuditEvent
from accounts.roles import Role
from requests_app.sop import Status
from tests import factories
from webservice_accounts import handover, selectors, services, standing
from webservice_accounts.lifecycle import WIB, State, last_valid_date, one_more_year, state_at
from webservice_accounts.models import WebserviceAccount
from webservice_accounts.policies import Refused


# --- arithmetic -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("valid_through", "renewed_through"),
    [
        (date(2027, 11, 22), date(2028, 11, 22)),
        (date(2027, 12, 31), date(2028, 12, 31)),
        (date(2027, 1, 1), date(2028, 1, 1)),
        (date(2027, 2, 28), date(2028, 2, 28)),
        (date(2028, 2, 28), date(2029, 2, 28)),
        (date(2028, 2, 29), date(2029, 2, 28)),  # the year after has no such day
        (date(2028, 3, 1), date(2029, 3, 1)),
    ],
)
def test_a_renewal_adds_one_year_to_the_last_valid_day(valid_through: date, renewed_through: date) -> None:
    end = datetime.combine(valid_through + timedelta(days=1), datetime.min.time(), tzinfo=WIB)
    period = one_more_year(end)
    assert period.starts_at == end, "not a moment in between"
    assert last_valid_date(period.ends_at) == renewed_through
    assert period.ends_at == datetime.combine(renewed_through + timedelta(days=1), datetime.min.time(), tzinfo=WIB)


# --- what is written ------------------------------------------------------------------
NOON = datetime(2027, 10, 20, 12, tzinfo=WIB)
"""A month before the end."""


@pytest.fixture
def account(db: None) -> WebserviceAccount:
    """Valid 23 November 2026 through 23 November 2027, opened by its holder."""
    data = [factories.DataTypeFactory(code=code) for code in ("alumni", "dosen")]
    request = factories.a_request(
        Status.FINISHED, at=datetime(2026, 11, 23, 9, tzinfo=WIB), data_types=data, application="Portal Alumni"
    )
    return WebserviceAccount.objects.get(requests=request)


def codes(account: WebserviceAccount) -> list[str]:
    return sorted(account.current_grants.values_list("data_type__code", flat=True))


def renew(account: WebserviceAccount, now: datetime = NOON, **changes: object) -> WebserviceAccount:
    """As PSI does it, with everything as before but the `changes`."""
    holder = services.Holder(
        account.holder_name,
        account.holder_identity_type,
        account.holder_identity_number,
        str(account.holder_phone),
        account.holder_email,
    )
    words: dict[str, object] = {
        "holder": holder,
        "application": account.application,
        "purpose": account.purpose,
        "data_types": [grant.data_type for grant in account.current_grants],
        "networks": [],
        "rate_per_minute": account.rate_per_minute,
        "burst": account.burst,
        "starts_on": now.date(),
        "origin": "request:GP27-AAAAAA",
    }
    return services.renew_account(account, **{**words, **changes}, by=factories.somebody(Role.PSI), now=now)


def another_person() -> services.Holder:
    return services.Holder("Orang Baru", "nip", "199001012015041001", "+6281234500000", "Baru@usk.ac.id")


def test_it_goes_on_from_its_end_with_the_same_key(account: WebserviceAccount) -> None:
    key, opened_at = account.secrets.get(), account.revealed_at
    renewed = renew(account)
    assert renewed.starts_at == account.starts_at
    assert renewed.last_day == date(2028, 11, 23)
    assert renewed.revealed_at == opened_at
    assert [secret.pk for secret in selectors.living_secrets(renewed, NOON)] == [key.pk]
    assert state_at(renewed.facts, NOON) is State.ACTIVE
    first, second = account.periods.all()
    assert (second.starts_at, second.ends_at) == (first.ends_at, renewed.ends_at)
    assert second.origin == "request:GP27-AAAAAA"
    assert account.holdings.count() == 1


def test_the_moment_before_the_old_end_and_the_end_itself(account: WebserviceAccount) -> None:
    end = account.ends_at
    living = renew(account, now=end - timedelta(seconds=1))
    assert living.last_day == date(2028, 11, 23)

    account.refresh_from_db()
    after = renew(account, now=account.ends_at, starts_on=date(2028, 11, 24))
    assert after.starts_at == datetime(2028, 11, 24, tzinfo=WIB)
    assert after.last_day == date(2029, 11, 24)


def test_after_its_end_it_begins_anew_under_the_same_name_and_its_old_key_is_dead(account: WebserviceAccount) -> None:
    late = datetime(2028, 3, 1, 10, tzinfo=WIB)
    renewed = renew(account, now=late, starts_on=date(2028, 3, 6))
    assert renewed.username == account.username
    assert renewed.starts_at == datetime(2028, 3, 6, tzinfo=WIB)
    assert renewed.last_day == date(2029, 3, 6)
    assert not selectors.living_secrets(renewed, late).exists()
    assert renewed.revealed_at is None
    assert state_at(renewed.facts, datetime(2028, 4, 1, tzinfo=WIB)) is State.NOT_YET_ACTIVE, "until a key is opened"
    assert account.periods.count() == 2


def test_data_ends_at_once_and_begins_at_once(account: WebserviceAccount) -> None:
    alumni, new = account.grants.get(data_type__code="alumni").data_type, factories.DataTypeFactory(code="jadwal")
    renewed = renew(account, data_types=[alumni, new])
    assert codes(renewed) == ["alumni", "jadwal"]
    taken = renewed.grants.get(data_type__code="dosen")
    assert taken.until == NOON
    added = renewed.grants.get(data_type__code="jadwal")
    assert (added.since, added.origin) == (NOON, "request:GP27-AAAAAA")
    kept = renewed.grants.get(data_type__code="alumni")
    assert kept.since < NOON, "kept, not granted anew"


def test_another_person_ends_every_key_and_link(account: WebserviceAccount) -> None:
    handover.issue_ticket(account, now=NOON)
    renewed = renew(account, holder=another_person())
    assert not selectors.living_secrets(renewed, NOON).exists()
    assert selectors.living_ticket(renewed, NOON) is None
    assert (renewed.informed_at, renewed.revealed_at, renewed.acknowledged_at) == (None, None, None)
    before, now_on = renewed.holdings.all()
    assert (before.until, now_on.since, now_on.until) == (NOON, NOON, None)
    assert (renewed.holder_name, renewed.holder_email) == ("Orang Baru", "baru@usk.ac.id")


def test_a_new_address_of_the_same_person_leaves_the_key(account: WebserviceAccount) -> None:
    same = services.Holder("Prof. Sama", "nip", account.holder_identity_number, "+6281200000000", "lain@usk.ac.id")
    renewed = renew(account, holder=same)
    assert selectors.living_secrets(renewed, NOON).exists()
    assert renewed.holdings.get().email == renewed.holder_email == "lain@usk.ac.id"


def test_a_suspended_account_stays_suspended(account: WebserviceAccount) -> None:
    standing.suspend(account, by=factories.somebody(Role.PSI), now=NOON - timedelta(days=1), reason="bocor")
    renewed = renew(account)
    assert renewed.last_day == date(2028, 11, 23)
    assert state_at(renewed.facts, NOON) is State.SUSPENDED


def test_a_revoked_account_is_never_renewed(account: WebserviceAccount) -> None:
    standing.revoke(account, by=factories.somebody(Role.PSI), now=NOON, reason="disalahgunakan")
    with pytest.raises(Refused, match="sudah dicabut"):
        renew(account)
    account.refresh_from_db()
    assert account.last_day == date(2027, 11, 23)
    assert account.periods.count() == 1


def test_addresses_limits_purpose_and_the_wish_not_to_renew(account: WebserviceAccount) -> None:
    WebserviceAccount.objects.filter(pk=account.pk).update(renewal_declined_at=NOON, unused_told_at=NOON)
    account.addresses.create(network="10.0.0.0/8")
    renewed = renew(account, networks=["10.44.3.0/24"], rate_per_minute=60, burst=5, purpose="Lain", application="Baru")
    assert [row.network for row in renewed.addresses.all()] == ["10.44.3.0/24"]
    assert (renewed.rate_per_minute, renewed.burst) == (60, 5)
    assert (renewed.purpose, renewed.application) == ("Lain", "Baru")
    assert renewed.renewal_declined_at is None
    assert renewed.unused_told_at is None


def test_the_account_remembers_its_renewal(account: WebserviceAccount) -> None:
    renew(account)
    event = AuditEvent.objects.get(subject=account.subject, verb="renew")
    assert event.data["until"] == "23 November 2028"
