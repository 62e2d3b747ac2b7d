"""Changing accounts within what was granted: from where, which data, how fast; and who says so."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import translation

from accounts import audit
from accounts.models import AuditEvent, OutgoingMail, Substitution, User
from accounts.roles import Role
from requests_app.sla import WIB
from requests_app.sop import Status
from tests.factories import DataTypeFactory, a_request, person
from webservice_accounts import selectors
from webservice_accounts.models import AccountPeriod, DataType, Grant, WebserviceAccount
from webservice_accounts.policies import Refused
from webservice_accounts.services import ChangedMeanwhile, change_addresses, change_grants, change_limits

NOW = datetime(2026, 11, 23, 10, tzinfo=WIB)


@pytest.fixture
def psi(db: None) -> User:
    return person(Role.PSI, full_name="Nadia Safira")


@pytest.fixture
def account(db: None) -> WebserviceAccount:
    return WebserviceAccount.objects.get(requests=a_request(Status.ACCOUNT_CREATED, at=NOW - timedelta(hours=1)))


def networks(account: WebserviceAccount) -> set[str]:
    return {row.network for row in account.addresses.all()}


def last_sentence(account: WebserviceAccount) -> str:
    event = AuditEvent.objects.filter(subject=f"account:{account.username}").latest("pk")
    with translation.override("id"):
        return audit.say(event)


def test_the_new_addresses_replace_the_old_ones(account: WebserviceAccount, psi: User) -> None:
    change_addresses(account, networks=["10.44.3.0/24", "10.1.1.1/32"], by=psi, now=NOW)
    kept = account.addresses.get(network="10.1.1.1/32").pk
    change_addresses(account, networks=["10.1.1.1/32", "2001:db8::/64"], by=psi, now=NOW)
    assert networks(account) == {"10.1.1.1/32", "2001:db8::/64"}
    assert account.addresses.get(network="10.1.1.1/32").pk == kept


def test_the_accounts_history_says_who_changed_them_and_to_what(account: WebserviceAccount, psi: User) -> None:
    change_addresses(account, networks=["10.44.3.0/24"], by=psi, now=NOW)
    assert last_sentence(account) == f"Nadia Safira membatasi akun {account} ke alamat 10.44.3.0/24."


def test_a_limited_account_is_not_opened_to_anywhere_without_a_new_disposition(
    account: WebserviceAccount, psi: User
) -> None:
    change_addresses(account, networks=["10.44.3.0/24"], by=psi, now=NOW)
    with pytest.raises(Refused, match="Memperluas hak akses memerlukan permohonan dan disposisi baru"):
        change_addresses(account, networks=[], by=psi, now=NOW)
    assert networks(account) == {"10.44.3.0/24"}


def test_the_same_addresses_again_are_no_change(account: WebserviceAccount, psi: User) -> None:
    change_addresses(account, networks=["10.44.3.0/24"], by=psi, now=NOW)
    change_addresses(account, networks=["10.44.3.0/24", "10.44.3.0/24"], by=psi, now=NOW)
    assert AuditEvent.objects.filter(verb="change_addresses").count() == 1


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PSI])
def test_nobody_but_psi_changes_them(account: WebserviceAccount, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        change_addresses(account, networks=["10.44.3.0/24"], by=person(role), now=NOW)
    assert networks(account) == set()


def test_a_substitute_of_psi_does_and_the_record_names_both(account: WebserviceAccount, psi: User) -> None:
    substitute = person(Role.HELPDESK, full_name="Rahmat")
    Substitution.objects.create(
        absent=psi, substitute=substitute, starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 23)
    )
    change_addresses(account, networks=["10.44.3.0/24"], by=substitute, now=NOW)
    assert last_sentence(account).startswith("Rahmat (Plh. menggantikan Nadia Safira) membatasi")
    again = User.objects.get(pk=substitute.pk)
    with pytest.raises(PermissionDenied):
        change_addresses(account, networks=["10.9.9.9/32"], by=again, now=NOW + timedelta(days=1))


def test_who_looked_at_an_older_page_is_told(account: WebserviceAccount, psi: User) -> None:
    change_addresses(account, networks=["10.44.3.0/24"], by=psi, now=NOW, before=[])
    with pytest.raises(ChangedMeanwhile, match="sudah diubah orang lain"):
        change_addresses(account, networks=["10.9.9.9/32"], by=person(Role.PSI), now=NOW, before=[])
    assert networks(account) == {"10.44.3.0/24"}


# --- which data -----------------------------------------------------------------------------------
SECOND = timedelta(seconds=1)
NEW_DISPOSITION = "Memperluas hak akses memerlukan permohonan dan disposisi baru"


@pytest.fixture
def students(db: None) -> DataType:
    return DataTypeFactory(name="Data mahasiswa")


@pytest.fixture
def staff(db: None) -> DataType:
    return DataTypeFactory(name="Data pegawai")


@pytest.fixture
def two(students: DataType, staff: DataType) -> WebserviceAccount:
    """An account that may read about students and staff, handed out an hour ago."""
    request = a_request(Status.FINISHED, at=NOW - timedelta(hours=1), data_types=[students, staff])
    return WebserviceAccount.objects.get(requests=request)


def readable(account: WebserviceAccount) -> list[str]:
    return [str(grant) for grant in account.current_grants]


def test_data_is_taken_away_and_given_back_and_every_stretch_stays_on_record(
    two: WebserviceAccount, students: DataType, staff: DataType, psi: User
) -> None:
    change_grants(two, data_types=[students], by=psi, now=NOW)
    assert readable(two) == ["Data mahasiswa"]
    assert last_sentence(two) == f"Nadia Safira mencabut Data pegawai dari akun {two}."
    change_grants(two, data_types=[students, staff], by=psi, now=NOW + SECOND)
    assert readable(two) == ["Data mahasiswa", "Data pegawai"]
    assert last_sentence(two) == f"Nadia Safira memberikan kembali Data pegawai kepada akun {two}."
    rows = Grant.objects.filter(account=two, data_type=staff).order_by("since")
    assert [(row.until, row.origin) for row in rows] == [(NOW, two.origin), (None, two.origin)]


def test_data_that_was_never_granted_needs_a_new_disposition(two: WebserviceAccount, psi: User) -> None:
    more = DataTypeFactory(name="Data nilai")
    with pytest.raises(Refused, match=f"Data nilai tidak diberikan pada masa berlaku ini. {NEW_DISPOSITION}"):
        change_grants(two, data_types=[*DataType.objects.filter(grants__account=two), more], by=psi, now=NOW)
    assert readable(two) == ["Data mahasiswa", "Data pegawai"]


def test_data_taken_away_before_the_present_period_does_not_come_back_without_a_disposition(
    two: WebserviceAccount, students: DataType, staff: DataType, psi: User
) -> None:
    change_grants(two, data_types=[students], by=psi, now=NOW)
    renewed = two.ends_at
    AccountPeriod.objects.create(
        account=two,
        starts_at=renewed,
        ends_at=renewed + timedelta(days=365),
        origin="request:GP26-BARU22",
        granted_at=NOW + SECOND,
    )
    WebserviceAccount.objects.filter(pk=two.pk).update(ends_at=renewed + timedelta(days=365))
    with pytest.raises(Refused, match=NEW_DISPOSITION):
        change_grants(two, data_types=[students, staff], by=psi, now=renewed + SECOND)
    change_grants(two, data_types=[students, staff], by=psi, now=renewed - SECOND)  # the old period still runs


def test_something_must_stay(two: WebserviceAccount, psi: User) -> None:
    with pytest.raises(Refused, match="Sisakan paling sedikit satu jenis data"):
        change_grants(two, data_types=[], by=psi, now=NOW)
    assert len(readable(two)) == 2


def test_the_same_data_again_is_no_change(
    two: WebserviceAccount, students: DataType, staff: DataType, psi: User
) -> None:
    change_grants(two, data_types=[staff, students], by=psi, now=NOW)
    assert not AuditEvent.objects.filter(subject=two.subject).exists()


def test_who_looked_at_an_older_page_of_the_data_is_told_what_happened(
    two: WebserviceAccount, students: DataType, staff: DataType, psi: User
) -> None:
    seen = selectors.version_of(two)
    change_grants(two, data_types=[students], by=psi, now=NOW, version=seen)
    with pytest.raises(ChangedMeanwhile, match="Nadia Safira mencabut Data pegawai"):
        change_grants(two, data_types=[staff], by=person(Role.PSI), now=NOW, version=seen)
    assert readable(two) == ["Data mahasiswa"]


def test_the_holder_and_the_unit_hear_of_a_change(two: WebserviceAccount, students: DataType, psi: User) -> None:
    change_grants(two, data_types=[students], by=psi, now=NOW)
    mails = OutgoingMail.objects.filter(key__startswith="account_changed")
    assert {mail.to for mail in mails} == {two.holder_email, two.unit.email}
    assert all("mencabut Data pegawai" in mail.text for mail in mails)
    assert all("30 detik" in mail.text for mail in mails)


# --- how fast -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("rate", "burst"), [(1, 1), (60_000, 6_000), (90, 7)])
def test_psi_sets_the_limits(account: WebserviceAccount, psi: User, rate: int, burst: int) -> None:
    change_limits(account, rate_per_minute=rate, burst=burst, by=psi, now=NOW)
    account.refresh_from_db()
    assert (account.rate_per_minute, account.burst) == (rate, burst)
    assert f"{rate} permintaan per menit, lonjakan {burst}" in last_sentence(account)


@pytest.mark.parametrize(("rate", "burst"), [(0, 10), (60_001, 10), (10, 0), (10, 6_001), (-1, -1)])
def test_limits_out_of_bounds_are_refused(account: WebserviceAccount, psi: User, rate: int, burst: int) -> None:
    with pytest.raises(Refused, match="Isi 1 sampai 60000"):
        change_limits(account, rate_per_minute=rate, burst=burst, by=psi, now=NOW)
    account.refresh_from_db()
    assert (account.rate_per_minute, account.burst) == (600, 60)
