"""Pages about accounts: the list, one account, from where it may be used."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from accounts.roles import Role
from requests_app.sop import Status
from tests.factories import UnitFactory, a_request, person
from webservice_accounts import handover
from webservice_accounts.models import AllowedAddress, DailyUse, WebserviceAccount

pytestmark = pytest.mark.django_db
NIP = "198706302014041002"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def account_of(
    unit: Unit | None = None, status: Status = Status.ACCOUNT_CREATED, **fields: object
) -> WebserviceAccount:
    return WebserviceAccount.objects.get(requests=a_request(status, unit=unit or UnitFactory(), **fields))


@pytest.fixture
def psi() -> Client:
    return signed_in(person(Role.PSI))


# --- the list ---------------------------------------------------------------------------------------
def test_the_list_says_whose_in_which_state_and_until_when(psi: Client) -> None:
    account = account_of(application="SIAKAD", person_name="Muhammad Iqbal")
    page = psi.get(reverse("accounts")).content.decode()
    for words in (account.username, "SIAKAD", "Muhammad Iqbal", "Belum aktif"):
        assert words in page
    assert f"{timezone.localdate().year + 1}</td>" in page


def test_identity_numbers_are_masked_in_the_list_and_whole_on_the_account(psi: Client) -> None:
    account = account_of()
    in_list = psi.get(reverse("accounts")).content.decode()
    assert "•••002" in in_list
    assert NIP not in in_list.replace(" ", "")
    assert "19870630 201404 1 002" in psi.get(reverse("account", args=[account.username])).content.decode()


def test_the_state_filters(psi: Client) -> None:
    fresh, ended = account_of(), account_of()
    now = timezone.now()
    WebserviceAccount.objects.filter(pk=ended.pk).update(
        starts_at=now - timedelta(days=400), ends_at=now - timedelta(days=1)
    )
    page = psi.get(reverse("accounts"), {"state": "ended"}).content.decode()
    assert ended.username in page
    assert fresh.username not in page
    assert "Berakhir" in page


def test_words_filter_and_nothing_found_says_what_to_do(psi: Client) -> None:
    account_of(application="SIAKAD")
    assert "SIAKAD" in psi.get(reverse("accounts"), {"q": "siak"}).content.decode()
    assert "Tidak ada akun yang cocok" in psi.get(reverse("accounts"), {"q": "tidak ada"}).content.decode()


@pytest.mark.parametrize("query", [{"state": "x"}, {"page": "999"}, {"page": "x"}, {"q": "x" * 500}])
def test_a_filter_that_cannot_be_read_is_no_error(psi: Client, query: dict[str, str]) -> None:
    account = account_of()
    response = psi.get(reverse("accounts"), query)
    assert response.status_code == 200
    assert account.username in response.content.decode()


def test_without_accounts_the_page_says_how_they_come_about() -> None:
    page = signed_in(person(Role.UNIT_STAFF)).get(reverse("accounts")).content.decode()
    assert "Belum ada akun" in page


def test_25_stand_on_a_page(psi: Client) -> None:
    template = account_of()
    now = timezone.now()
    WebserviceAccount.objects.bulk_create(
        WebserviceAccount(
            username=f"akun-{number:02}",
            unit=template.unit,
            starts_at=now,
            ends_at=now + timedelta(days=365),
            created_at=now + timedelta(minutes=number),
        )
        for number in range(30)
    )
    first, second = (psi.get(reverse("accounts"), {"page": page}).content.decode() for page in (1, 2))
    assert len(re.findall(r'<th scope="row">', first)) == 25
    assert len(re.findall(r'<th scope="row">', second)) == 6


def test_the_list_asks_no_more_of_the_database_for_30_rows_than_for_3(psi: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            psi.get(reverse("accounts"))
        return len(captured)

    for _number in range(3):
        account_of()
    queries()
    three = queries()
    for _number in range(27):
        account_of()
    assert queries() == three


def test_the_list_shows_when_and_how_much_an_account_was_used(psi: Client) -> None:
    account = account_of(status=Status.REPLY_DRAFTING)
    now = timezone.now()
    WebserviceAccount.objects.filter(pk=account.pk).update(last_used_at=now)
    for result, count in (("allowed", 1_200), ("scope", 34)):
        DailyUse.objects.create(
            account=account, day=timezone.localdate(now), result=result, count=count, last_at=now, address="10.44.3.7"
        )
    page = psi.get(reverse("accounts")).content.decode()
    assert "1.234 panggilan" in page
    assert page.count('<rect class="is-allowed"') == 1
    assert "belum pernah digunakan" not in page


def test_unused_accounts_are_found(psi: Client) -> None:
    used, unused = account_of(status=Status.REPLY_DRAFTING), account_of(status=Status.REPLY_DRAFTING)
    now = timezone.now()
    long_ago = now - timedelta(days=100)
    WebserviceAccount.objects.update(starts_at=long_ago, revealed_at=long_ago, last_used_at=long_ago)
    WebserviceAccount.objects.filter(pk=used.pk).update(last_used_at=now - timedelta(days=89))
    page = psi.get(reverse("accounts"), {"unused": "on"}).content.decode()
    assert unused.username in page
    assert used.username not in page


def test_the_way_to_the_register_is_shown_to_the_office_only(psi: Client) -> None:
    assert reverse("processing_register") in psi.get(reverse("accounts")).content.decode()
    page = signed_in(person(Role.UNIT_STAFF)).get(reverse("accounts")).content.decode()
    assert reverse("processing_register") not in page


# --- one account ---------------------------------------------------------------------------------------
def test_the_account_shows_data_addresses_and_where_it_came_from(psi: Client) -> None:
    account = account_of()
    AllowedAddress.objects.create(account=account, network="10.44.3.7/32")
    page = psi.get(reverse("account", args=[account.username])).content.decode()
    assert account.requests.get().get_absolute_url() in page
    assert "<code>10.44.3.7</code>" in page
    assert account.grants.get().data_type.name in page


def test_of_a_key_only_its_beginning_and_end_are_shown(psi: Client) -> None:
    account = account_of(status=Status.INFORMED)
    secret = handover.reveal(account, by=handover.ProvenHolder(account.pk, account.holder_name), now=timezone.now())
    page = psi.get(reverse("account", args=[account.username])).content.decode()
    assert f"uws_…{secret[-4:]}" in page
    assert secret not in page
    assert secret[4:12] not in page


def test_strangers_do_not_find_it() -> None:
    account = account_of()
    strangers = [person(Role.UNIT_STAFF), person(None), person(None, unit=account.unit)]
    for stranger in strangers:
        client = signed_in(stranger)
        assert client.get(reverse("account", args=[account.username])).status_code == 404
        assert client.get(reverse("change_addresses", args=[account.username])).status_code == 404
        assert client.post(reverse("change_addresses", args=[account.username]), {"networks": ""}).status_code == 404


def test_those_who_may_see_it_without_being_psi_cannot_change_it() -> None:
    account = account_of()
    url = reverse("change_addresses", args=[account.username])
    for user in (person(Role.UNIT_STAFF, unit=account.unit), person(Role.HEAD), person(None, email="pj@usk.ac.id")):
        client = signed_in(user)
        page = client.get(reverse("account", args=[account.username]))
        assert page.status_code == 200
        assert url not in page.content.decode()
        assert client.get(url).status_code == 403
        assert client.post(url, {"networks": "10.0.0.1", "before": ""}).status_code == 403
    assert not account.addresses.exists()


# --- its addresses -----------------------------------------------------------------------------------------
def test_psi_changes_the_addresses(psi: Client) -> None:
    account = account_of()
    url = reverse("change_addresses", args=[account.username])
    response = psi.post(url, {"networks": "10.44.3.0/24\n10.1.1.1", "before": ""}, follow=True)
    assert response.redirect_chain[-1][0] == reverse("account", args=[account.username])
    assert {row.network for row in account.addresses.all()} == {"10.44.3.0/24", "10.1.1.1/32"}
    assert "10.1.1.1" in psi.get(url).content.decode()


def test_a_wrong_address_is_named_and_everything_typed_stays(psi: Client) -> None:
    account = account_of()
    url = reverse("change_addresses", args=[account.username])
    page = psi.post(url, {"networks": "10.44.3.0/24, rumah", "before": ""}).content.decode()
    assert "“rumah” bukan alamat IP yang benar." in page
    assert "10.44.3.0/24, rumah" in page
    assert not account.addresses.exists()


def test_a_change_by_somebody_else_is_said_and_what_was_typed_stays(psi: Client) -> None:
    account = account_of()
    AllowedAddress.objects.create(account=account, network="10.9.9.9/32")
    url = reverse("change_addresses", args=[account.username])
    page = psi.post(url, {"networks": "10.44.3.0/24", "before": ""}).content.decode()
    assert "sudah diubah orang lain" in page
    assert "10.44.3.0/24" in page
    assert [row.network for row in account.addresses.all()] == ["10.9.9.9/32"]
