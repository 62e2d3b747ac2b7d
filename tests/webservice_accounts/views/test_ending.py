"""What ends, who was reminded, and what nobody uses: the pages of the office."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import tasks
from accounts.models import OutgoingMail, User
from accounts.roles import Role
from requests_app.models import AccessRequest
from requests_app.sop import Status
from tests import factories
from webservice_accounts import reminders, services
from webservice_accounts.lifecycle import WIB
from webservice_accounts.models import Suspension, WebserviceAccount

pytestmark = pytest.mark.django_db

# Valid through 22 November 2027.
STARTS = datetime(2026, 11, 22, 10, tzinfo=WIB)
DAY = timedelta(days=1)


def wib(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WIB)


def an_account(username: str, *, starts_on: date = date(2026, 11, 22), **fields: object) -> WebserviceAccount:
    holder = services.Holder("Muhammad Iqbal, S.T.", "nip", "198706302014041002", "+6281234567800", "pj@usk.ac.id")
    account = services.create_account(
        username=username,
        unit=factories.UnitFactory(),
        holder=holder,
        application="Sistem Presensi",
        purpose="Menampilkan data terbaru.",
        data_types=[],
        networks=[],
        starts_on=starts_on,
        origin="request:GP26-UJI001",
        by=factories.somebody(Role.PSI),
        now=STARTS,
    )
    WebserviceAccount.objects.filter(pk=account.pk).update(
        **{"informed_at": STARTS, "revealed_at": STARTS, "last_used_at": wib("2027-09-20T09:00")} | fields
    )
    return WebserviceAccount.objects.get(pk=account.pk)


def deliver(now: datetime) -> None:
    for pk in OutgoingMail.objects.values_list("pk", flat=True):
        tasks.deliver(pk, now=now)


def page(now: datetime, which: str = "", *, by: User | None = None) -> str:
    """What the page shows to PSI at that time, without white space to stumble over."""
    client = Client()
    with time_machine.travel(now, tick=False):
        client.force_login(by or factories.somebody(Role.PSI))
        response = client.get(reverse("ending"), {"daftar": which} if which else {})
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.fixture(autouse=True)
def _house() -> None:
    factories.the_institution()


# --- for whom ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.PSI, 200),
        (Role.HELPDESK, 200),
        (Role.HEAD, 200),
        (Role.ADMINISTRATOR, 200),
        (Role.AUDITOR, 200),
        (Role.UNIT_STAFF, 404),
        (None, 404),
    ],
)
def test_the_office_sees_what_ends_and_nobody_else(role: Role | None, status: int) -> None:
    client = Client()
    client.force_login(factories.person(role))
    assert client.get(reverse("ending")).status_code == status


def test_home_leads_the_office_there_and_not_the_unit() -> None:
    an_account("uji-akun")
    now = wib("2027-09-23T08:00")
    for role, leads in ((Role.PSI, True), (Role.UNIT_STAFF, False)):
        client = Client()
        with time_machine.travel(now, tick=False):
            client.force_login(factories.person(role))
            text = client.get(reverse("home")).content.decode()
        assert ("1 akun berakhir dalam 60 hari" in text) is leads
        assert (f'href="{reverse("ending")}"' in text) is leads


# --- before the end --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("now", "which", "is_there"),
    [
        ("2027-09-23T07:44", "", False),
        ("2027-09-23T07:45", "", True),
        ("2027-11-22T23:59", "", True),
        ("2027-11-23T00:00", "", False),
        ("2027-11-22T23:59", "baru-berakhir", False),
        ("2027-11-23T00:00", "baru-berakhir", True),
        ("2027-12-22T23:59", "baru-berakhir", True),
        ("2027-12-23T00:00", "baru-berakhir", False),
    ],
)
def test_an_account_is_listed_from_its_first_reminder_until_a_month_after_its_end(
    now: str, which: str, is_there: bool
) -> None:
    an_account("uji-akun")
    assert ("uji-akun" in page(wib(now), which)) is is_there


def test_the_list_says_whose_until_when_and_how_long_still() -> None:
    an_account("uji-akun")
    text = page(wib("2027-10-23T08:00"))
    for words in ("Muhammad Iqbal, S.T.", "22 November 2027", "30 hari lagi", "terakhir dipakai 20 September 2027"):
        assert words in text
    assert "belum pernah dipakai" not in text
    assert "Belum diajukan" in text
    assert "besok" in page(wib("2027-11-21T08:00"))
    assert "hari ini" in page(wib("2027-11-22T08:00"))
    assert "1 hari yang lalu" in page(wib("2027-11-23T08:00"), "baru-berakhir")


def test_an_account_never_used_says_so() -> None:
    an_account("uji-akun", last_used_at=None)
    assert "belum pernah dipakai" in page(wib("2027-10-23T08:00"))


def test_revoked_accounts_are_nobodys_worry() -> None:
    an_account("uji-akun", revoked_at=wib("2027-10-01T08:00"))
    assert "uji-akun" not in page(wib("2027-10-23T08:00"))
    assert "Tidak ada akun yang berakhir dalam 60 hari" in page(wib("2027-10-23T08:00"))


def test_a_reminder_waits_then_is_sent_and_a_failed_one_stands_out() -> None:
    account, due = an_account("uji-akun"), wib("2027-09-23T07:45")
    assert "Belum ada" in page(due)
    reminders.remind(now=due)
    assert "<b>60 hari:</b> menunggu dikirim" in page(due)
    deliver(due + 2 * DAY)
    assert "<b>60 hari:</b> terkirim 25 September 2027" in page(due + 2 * DAY)
    OutgoingMail.objects.filter(to=account.unit.email).update(state=OutgoingMail.State.FAILED, sent_at=None)
    text = page(due + 2 * DAY)
    assert f"gagal dikirim ke {account.unit.email}" in text
    assert "terkirim 25 September" not in text


@pytest.mark.parametrize(
    ("skipped", "words"),
    [
        ("renewal_under_way", "tidak dikirim, perpanjangan berjalan"),
        ("declined", "tidak dikirim, tidak diperpanjang"),
        ("overtaken", "tidak dikirim, disusul pengingat berikutnya"),
        ("past_when_granted", "tidak dikirim, waktunya lewat sebelum akun diberikan"),
    ],
)
def test_a_reminder_that_was_not_sent_says_why(skipped: str, words: str) -> None:
    account, due = an_account("uji-akun"), wib("2027-09-23T07:45")
    account.end_notices.create(ends_at=account.ends_at, threshold_days=60, due_at=due, skipped=skipped)
    assert f"<b>60 hari:</b> {words}" in page(due)


def test_reminders_of_an_earlier_end_are_history() -> None:
    account = an_account("uji-akun")
    earlier = wib("2026-11-23T00:00")
    account.end_notices.create(ends_at=earlier, threshold_days=7, due_at=earlier, skipped="overtaken")
    assert "<b>7 hari:</b>" not in page(wib("2027-09-23T08:00"))


def test_a_renewal_under_way_is_one_click_away_and_a_declined_one_is_said() -> None:
    account, declined = an_account("uji-akun"), an_account("uji-tidak", renewal_declined_at=wib("2027-09-01T08:00"))
    renewal = AccessRequest.objects.create(
        reference="GP27-BBBBBB",
        unit=account.unit,
        created_by=factories.person(unit=account.unit),
        renews=account,
        status=Status.REGISTERED,
        opened_at=STARTS,
    )
    text = page(wib("2027-09-23T08:00"))
    assert f'<a href="{renewal.get_absolute_url()}">GP27-BBBBBB</a>' in text
    assert text.count("Tidak diperpanjang") == 1
    assert declined.username in text


def test_the_soonest_end_stands_on_top() -> None:
    an_account("uji-nanti", starts_on=date(2026, 11, 25))
    an_account("uji-dulu", starts_on=date(2026, 11, 20))
    text = page(wib("2027-10-23T08:00"))
    assert text.index("uji-dulu") < text.index("uji-nanti")


# --- used by nobody ------------------------------------------------------------------------------------------
def test_the_question_and_the_suspension_are_told_in_their_order() -> None:
    account = an_account("uji-sunyi", last_used_at=None)
    asked = wib("2027-02-20T10:00")
    assert "Tidak ada akun yang lama tidak digunakan" in page(asked, "tidak-digunakan")
    reminders.sweep_unused(now=asked)
    text = page(asked, "tidak-digunakan")
    assert "menunggu dikirim" in text
    assert "belum, pertanyaan belum sampai" in text
    deliver(asked + DAY)
    text = page(asked + DAY, "tidak-digunakan")
    assert "terkirim 21 Februari 2027" in text
    assert "paling cepat 7 Maret 2027" in text
    reminders.sweep_unused(now=asked + 15 * DAY)
    assert Suspension.objects.get().account == account
    assert "sejak 7 Maret 2027" in page(asked + 16 * DAY, "tidak-digunakan")


def test_who_is_suspended_for_another_reason_is_not_among_the_unused() -> None:
    account = an_account("uji-insiden", suspended_at=wib("2027-02-01T08:00"))
    Suspension.objects.create(account=account, reason="Insiden", since=wib("2027-02-01T08:00"), by_name="PSI")
    assert "uji-insiden" not in page(wib("2027-02-20T10:00"), "tidak-digunakan")


@pytest.mark.parametrize("query", ["?daftar=x", "?page=999", "?page=x", "?daftar=tidak-digunakan&page=0"])
def test_an_address_that_cannot_be_read_is_no_error(query: str) -> None:
    client = Client()
    client.force_login(factories.person(Role.PSI))
    assert client.get(reverse("ending") + query).status_code == 200


# --- how much it costs ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("which", "now"),
    [
        ("", "2027-11-16T09:00"),
        ("baru-berakhir", "2027-12-01T09:00"),
        ("tidak-digunakan", "2027-11-16T09:00"),
    ],
)
def test_a_longer_list_costs_no_more_queries(which: str, now: str) -> None:
    psi, moment = factories.person(Role.PSI), wib(now)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text = page(moment, which, by=psi)
        assert "uji-0" in text
        return len(captured)

    for number in range(3):
        an_account(f"uji-{number}", last_used_at=None)
    reminders.remind(now=moment)
    WebserviceAccount.objects.update(unused_told_at=moment - DAY)
    few = queries()
    for number in range(3, 23):
        an_account(f"uji-{number}", last_used_at=None)
    reminders.remind(now=moment)
    WebserviceAccount.objects.update(unused_told_at=moment - DAY)
    assert queries() == few
