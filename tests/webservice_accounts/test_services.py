"""Writing accounts: from where they may be used, and who says so."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import translation

from accounts.models import AuditEvent, Substitution, User
from accounts.roles import Role
from requests_app import selectors
from requests_app.models import AccessRequest
from requests_app.sla import WIB
from requests_app.sop import Status
from tests.factories import a_request, person
from webservice_accounts.models import WebserviceAccount
from webservice_accounts.services import ChangedMeanwhile, change_addresses

NOW = datetime(2026, 11, 23, 10, tzinfo=WIB)


@pytest.fixture
def psi(db: None) -> User:
    return person(Role.PSI, full_name="Nadia Safira")


@pytest.fixture
def account(db: None) -> WebserviceAccount:
    return WebserviceAccount.objects.get(request=a_request(Status.ACCOUNT_CREATED, at=NOW - timedelta(hours=1)))


def networks(account: WebserviceAccount) -> set[str]:
    return {row.network for row in account.addresses.all()}


def last_sentence(account: WebserviceAccount) -> str:
    with translation.override("id"):
        return selectors.timeline(AccessRequest.objects.get(account=account))[-1].sentence


def test_the_new_addresses_replace_the_old_ones(account: WebserviceAccount, psi: User) -> None:
    change_addresses(account, networks=["10.44.3.0/24", "10.1.1.1/32"], by=psi, now=NOW)
    kept = account.addresses.get(network="10.1.1.1/32").pk
    change_addresses(account, networks=["10.1.1.1/32", "2001:db8::/64"], by=psi, now=NOW)
    assert networks(account) == {"10.1.1.1/32", "2001:db8::/64"}
    assert account.addresses.get(network="10.1.1.1/32").pk == kept


def test_the_requests_history_says_who_changed_them_and_to_what(account: WebserviceAccount, psi: User) -> None:
    change_addresses(account, networks=["10.44.3.0/24"], by=psi, now=NOW)
    assert last_sentence(account) == f"Nadia Safira membatasi akun {account} ke alamat 10.44.3.0/24."
    change_addresses(account, networks=[], by=psi, now=NOW)
    assert last_sentence(account) == f"Nadia Safira mengizinkan akun {account} digunakan dari mana saja."


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
        change_addresses(account, networks=[], by=again, now=NOW + timedelta(days=1))


def test_who_looked_at_an_older_page_is_told(account: WebserviceAccount, psi: User) -> None:
    change_addresses(account, networks=["10.44.3.0/24"], by=psi, now=NOW, before=[])
    with pytest.raises(ChangedMeanwhile, match="sudah diubah orang lain"):
        change_addresses(account, networks=["10.9.9.9/32"], by=person(Role.PSI), now=NOW, before=[])
    assert networks(account) == {"10.44.3.0/24"}
