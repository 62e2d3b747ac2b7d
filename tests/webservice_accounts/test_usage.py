"""How accounts are used: what their page says, what is told to PSI, what is thrown away."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import Notice
from accounts.roles import Role
from requests_app.sop import Status
from tests.factories import DataTypeFactory, a_request, person
from webservice_accounts import usage
from webservice_accounts.decisions import ALLOWED, Reason
from webservice_accounts.lifecycle import WIB
from webservice_accounts.models import DailyUse, UseAlert, WebserviceAccount
from webservice_accounts.timers import prune_use, watch_use

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 14, 5, tzinfo=WIB)
HOME = "10.44.3.7"


def an_account(**fields: object) -> WebserviceAccount:
    account = a_request(Status.REPLY_DRAFTING, at=NOW - timedelta(days=200)).account
    WebserviceAccount.objects.filter(pk=account.pk).update(**fields)
    account.refresh_from_db()
    return account


@pytest.fixture
def account() -> WebserviceAccount:
    return an_account()


def used(
    account: WebserviceAccount,
    day: date,
    count: int,
    *,
    result: str = ALLOWED,
    address: str = HOME,
    data_type: str = "",
) -> None:
    at = datetime.combine(day, datetime.min.time(), tzinfo=WIB) + timedelta(hours=9)
    DailyUse.objects.create(
        account=account, day=day, count=count, result=result, address=address, data_type=data_type, last_at=at
    )


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


# --- the page of the account ------------------------------------------------------------------------------
def test_the_page_counts_thirty_days_and_no_more(account: WebserviceAccount) -> None:
    used(account, ago(30), 1_000)
    used(account, ago(29), 5)
    used(account, TODAY, 7)
    used(account, TODAY, 3, result=Reason.SCOPE)
    used(an_account(), TODAY, 99)
    said = usage.for_page(account, person(Role.PSI), NOW)
    assert (said["allowed"], said["refused"]) == (12, 3)
    assert [(day.day, day.allowed, day.refused) for day in said["days"] if day.allowed or day.refused] == [
        (date(2026, 10, 24), 5, 0),
        (date(2026, 11, 22), 7, 3),
    ]
    assert len(said["days"]) == 30


def test_today_is_the_day_in_wib(account: WebserviceAccount) -> None:
    used(account, date(2026, 11, 23), 4)
    just_after_midnight = datetime(2026, 11, 23, 0, 0, tzinfo=WIB)  # in UTC still the 22nd
    assert usage.for_page(account, person(Role.PSI), just_after_midnight)["allowed"] == 4
    assert usage.for_page(account, person(Role.PSI), just_after_midnight - timedelta(seconds=1))["allowed"] == 0


def test_totals_by_data_by_answer_and_by_address(account: WebserviceAccount) -> None:
    DataTypeFactory(code="mahasiswa", name="Data mahasiswa")
    used(account, TODAY, 50, data_type="mahasiswa")
    used(account, ago(1), 30, data_type="mahasiswa", address="10.44.3.8")
    used(account, TODAY, 20, data_type="pegawai", result=Reason.SCOPE)
    used(account, TODAY, 4, result=Reason.UNKNOWN_PATH, address="")
    said = usage.for_page(account, person(Role.PSI), NOW)
    assert [(row.name, row.allowed, row.refused) for row in said["by_data"]] == [
        ("Data mahasiswa", 80, 0),
        ("pegawai", 0, 20),
        ("Tidak menyebut data yang dikenal", 0, 4),
    ]
    assert said["by_result"] == [("Diizinkan", 80), ("Data di luar izin akun", 20), ("Alamat data tidak dikenal", 4)]
    assert [(row.name, row.allowed, row.refused) for row in said["by_address"]] == [
        (HOME, 50, 20),
        ("10.44.3.8", 30, 0),
        ("Alamat lainnya", 0, 4),
    ]


@pytest.mark.parametrize(
    ("calls", "most", "expected"), [(0, 100, 0), (1, 1_000_000, 1), (50, 100, 59), (100, 100, 118)]
)
def test_a_column_shows_what_is_there_however_small(calls: int, most: int, expected: int) -> None:
    assert usage._height(calls, most, 120) == expected


def test_the_fragment_draws_the_chart_and_says_the_same_in_a_table(account: WebserviceAccount) -> None:
    used(account, TODAY, 1_234)
    used(account, TODAY, 5, result=Reason.RATE)
    said = usage.for_page(account, person(Role.PSI), NOW)
    with translation.override("id"):
        page = render_to_string("webservice_accounts/_account_usage.html", {"usage": said})
    assert page.count("<rect") == 2
    assert "22 November 2026: 1.234 diizinkan, 5 ditolak" in page
    assert '<th scope="row">22 November 2026</th><td class="number">1.234</td><td class="number">5</td>' in page
    assert "Terlalu banyak permintaan" in page
    assert "style=" not in page
    assert "<script" not in page


def test_an_account_that_was_never_used_says_so(account: WebserviceAccount) -> None:
    page = render_to_string(
        "webservice_accounts/_account_usage.html", {"usage": usage.for_page(account, person(Role.PSI), NOW)}
    )
    assert "Belum pernah digunakan." in page
    assert "<svg viewBox" not in page


def test_the_page_costs_the_same_however_much_it_was_used(account: WebserviceAccount) -> None:
    psi = person(Role.PSI)
    counts = []
    for days in (range(1), range(1, 30)):
        for number in days:
            used(account, ago(number), 5, address=f"10.0.0.{number}", data_type=f"data-{number}")
        psi = type(psi).objects.get(pk=psi.pk)
        with CaptureQueriesContext(connection) as asked:
            usage.for_page(account, psi, NOW)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 7


def test_alerts_stand_on_the_page_for_the_office_only(account: WebserviceAccount) -> None:
    used(account, ago(3), 5)
    used(account, TODAY, 5, address="10.9.9.9")
    usage.watch(now=NOW)
    office = usage.for_page(account, person(Role.AUDITOR), NOW)["alerts"]
    assert [alert["sentence"] for alert in office] == [
        f"Akun {account.username} digunakan dari alamat baru 10.9.9.9 pada 22 November 2026."
    ]
    assert usage.for_page(account, person(Role.UNIT_STAFF), NOW)["alerts"] == []


# --- the list -----------------------------------------------------------------------------------------------
def test_the_small_line_shows_thirty_days_of_calls(account: WebserviceAccount) -> None:
    other = an_account()
    used(account, TODAY, 10)
    used(account, TODAY, 10, result=Reason.SCOPE)
    used(account, ago(29), 5)
    used(account, ago(30), 500)
    with CaptureQueriesContext(connection) as asked:
        trends = usage.trends([account, other], NOW)
    assert len(asked) == 1
    assert trends[account.pk] == usage.Trend(25, ((0, 19, 5), (116, 2, 22)))
    assert trends[other.pk] == usage.Trend(0, ())


LONG_AGO = NOW - timedelta(days=180)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"last_used_at": None}, True),
        ({"last_used_at": NOW - timedelta(days=90)}, True),
        ({"last_used_at": NOW - timedelta(days=90) + timedelta(seconds=1)}, False),
        ({"last_used_at": None, "revealed_at": NOW - timedelta(days=89)}, False),  # too young to be unused
        ({"last_used_at": None, "revealed_at": None}, False),  # cannot be used yet
        ({"last_used_at": None, "ends_at": NOW}, False),
        ({"last_used_at": None, "suspended_at": NOW - timedelta(days=1)}, False),
        ({"last_used_at": None, "revoked_at": NOW - timedelta(days=1)}, False),
    ],
)
def test_which_accounts_are_unused(facts: dict[str, object], expected: bool) -> None:
    an_account(**{"starts_at": LONG_AGO, "revealed_at": LONG_AGO} | facts)
    assert usage.unused(WebserviceAccount.objects.all(), NOW).exists() is expected


# --- what is unusual ------------------------------------------------------------------------------------------
def told() -> list[str]:
    return list(UseAlert.objects.order_by("key").values_list("kind", flat=True))


def test_a_first_use_from_a_new_address_is_told_to_psi_once(account: WebserviceAccount) -> None:
    psi = [person(Role.PSI), person(Role.PSI, language="en")]
    helpdesk = person(Role.HELPDESK)
    Notice.objects.all().delete()
    used(account, ago(3), 5)
    used(account, TODAY, 1, address="2001:db8::9")
    assert usage.watch(now=NOW) == 1
    assert usage.watch(now=NOW + timedelta(minutes=5)) == 0
    used(account, TODAY + timedelta(days=1), 1, address="2001:db8::9")
    assert usage.watch(now=NOW + timedelta(days=1)) == 0
    for one in psi:
        notice = one.notices.get()
        assert account.username in notice.text
        assert "2001:db8::9" in notice.text
        assert notice.url.endswith(f"/akun/{account.username}/")
    assert not helpdesk.notices.exists()


@pytest.mark.parametrize(
    ("before", "today", "expected"),
    [
        ([], [{"address": HOME}], []),  # the very first day: every address is new
        ([], [{"address": HOME}, {"address": "10.9.9.9"}], []),
        ([{"address": HOME}], [{"address": HOME}], []),
        ([{"address": HOME}], [{"address": "10.9.9.9"}], ["new_address"]),
        ([{"address": HOME}], [{"address": "10.9.9.9", "result": Reason.ADDRESS}], []),  # refused: nothing was read
        ([{"address": HOME}], [{"address": ""}], []),  # one of the many beyond the counted ones
        ([{"address": HOME, "result": Reason.NOT_YET_ACTIVE}], [{"address": "10.9.9.9"}], []),  # the first allowed day
        (
            [{"address": HOME}, {"address": "10.9.9.9", "result": Reason.ADDRESS}],
            [{"address": "10.9.9.9"}],
            ["new_address"],  # it knocked before, now it was let in
        ),
        ([{"address": HOME}], [{"address": "10.9.9.9"}, {"address": "10.9.9.8"}], ["new_address", "new_address"]),
    ],
)
def test_which_addresses_are_new(
    account: WebserviceAccount, before: list[dict[str, str]], today: list[dict[str, str]], expected: list[str]
) -> None:
    for row in before:
        used(account, ago(5), 3, **row)
    for row in today:
        used(account, TODAY, 3, **row)
    usage.watch(now=NOW)
    assert told() == expected


def test_what_an_address_did_at_another_account_does_not_count(account: WebserviceAccount) -> None:
    other = an_account()
    used(account, ago(5), 3)
    used(other, ago(5), 3, address="10.9.9.9")
    used(account, TODAY, 3, address="10.9.9.9")
    usage.watch(now=NOW)
    assert [alert.account for alert in UseAlert.objects.all()] == [account]


def test_what_came_in_the_last_minutes_of_yesterday_is_not_missed(account: WebserviceAccount) -> None:
    used(account, ago(5), 3)
    used(account, ago(1), 3, address="10.9.9.9")
    assert usage.watch(now=NOW) == 1


@pytest.mark.parametrize(
    ("days_before", "today", "expected"),
    [
        ([100] * 14, 1_000, True),
        ([100] * 14, 999, False),
        ([200] * 14, 1_999, False),
        ([200] * 14, 2_000, True),
        ([1] * 14, 999, False),  # too few to be worth a word
        ([1] * 14, 1_000, True),
        ([200] * 3, 2_000, True),
        ([200] * 2, 2_000, False),  # no usual yet
        ([], 5_000, False),
        ([200] * 14 + [100_000], 2_000, True),  # the fifteenth day back does not count
    ],
)
def test_a_sudden_tenfold(account: WebserviceAccount, days_before: list[int], today: int, expected: bool) -> None:
    for number, calls in enumerate(days_before, start=1):
        used(account, ago(2 * number), calls)  # every other day: unused days say nothing
    used(account, TODAY, today - 1)
    used(account, TODAY, 1, result=Reason.RATE)  # refused calls count, too
    usage.watch(now=NOW)
    assert told() == (["tenfold"] if expected else [])


def test_the_tenfold_is_said_in_numbers(account: WebserviceAccount) -> None:
    for number in range(1, 15):
        used(account, ago(number), 150)
    used(account, TODAY, 12_345)
    usage.watch(now=NOW)
    alert = UseAlert.objects.get()
    assert usage.say(alert) == (
        f"Akun {account.username} dipanggil 12.345 kali pada 22 November 2026; biasanya 150 kali sehari."
    )
    usage.watch(now=NOW + timedelta(minutes=5))
    assert UseAlert.objects.count() == 1


def test_watching_costs_the_same_for_many_quiet_accounts(account: WebserviceAccount) -> None:
    counts = []
    for extra in (1, 6):
        for number in range(extra):
            other = an_account(username=f"akun-{extra}-{number}")
            used(other, ago(1), 5)
            used(other, TODAY, 2_000)
        with CaptureQueriesContext(connection) as asked:
            usage.watch(now=NOW)
        counts.append(len(asked))
    assert counts[0] == counts[1]


# --- how long it is kept ----------------------------------------------------------------------------------------
def test_counts_and_alerts_are_kept_two_years(account: WebserviceAccount) -> None:
    used(account, date(2024, 11, 21), 1)
    used(account, date(2024, 11, 22), 1)
    for day in (21, 22):
        UseAlert.objects.create(
            account=account, kind="tenfold", key=str(day), at=datetime(2024, 11, day, 12, tzinfo=WIB)
        )
    assert usage.prune(now=NOW) == 2
    assert [row.day for row in DailyUse.objects.all()] == [date(2024, 11, 22)]
    assert [alert.key for alert in UseAlert.objects.all()] == ["22"]


def test_two_years_before_a_leap_day_is_a_day() -> None:
    assert usage.prune(now=datetime(2028, 2, 29, 12, tzinfo=WIB)) == 0


def test_the_timers_do_it_now(account: WebserviceAccount) -> None:
    assert (watch_use(), prune_use()) == (0, 0)
