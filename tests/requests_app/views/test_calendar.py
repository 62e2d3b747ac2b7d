"""The working calendar as everybody reads it."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from requests_app.models import ConfirmedYear, DayRow, HoursPeriodRow, OfficeSpanRow
from requests_app.sla import WIB
from tests.factories import person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_november_2026() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 23, 9, tzinfo=WIB), tick=False):
        yield


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(person(Role.UNIT_STAFF))
    return client


def text(client: Client, address: str = "/kalender/") -> str:
    response = client.get(address)
    assert response.status_code == 200
    main = response.content.decode().split("<main")[1].split("</main>")[0]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


def test_a_day_off_stands_with_its_weekday_kind_and_legal_basis(reader: Client) -> None:
    DayRow.objects.create(
        date=date(2026, 12, 24),
        kind=DayRow.Kind.COLLECTIVE,
        name="Cuti bersama Natal",
        legal_basis="SKB 3 Menteri 2025",
        is_estimated=True,
    )
    assert re.search(
        r"Desember Kamis, 24 Desember Cuti bersama Natal\s+Perkiraan\s+SKB 3 Menteri 2025\s+Cuti bersama", text(reader)
    )


def test_what_is_certain_is_not_called_estimated(reader: Client) -> None:
    DayRow.objects.create(date=date(2026, 12, 25), kind=DayRow.Kind.NATIONAL, name="Natal")
    assert "Perkiraan" not in text(reader)


def test_a_holiday_on_a_sunday_and_a_replacement_saturday_cost_nobody_a_working_day(reader: Client) -> None:
    DayRow.objects.create(date=date(2026, 5, 31), kind=DayRow.Kind.NATIONAL, name="Waisak")  # a Sunday
    DayRow.objects.create(date=date(2026, 6, 6), kind=DayRow.Kind.REPLACEMENT, name="Pengganti")  # a Saturday
    DayRow.objects.create(date=date(2026, 6, 1), kind=DayRow.Kind.NATIONAL, name="Pancasila")  # a Monday
    page = text(reader)
    assert "1 hari libur jatuh pada hari kerja." in page
    assert page.count("jatuh pada akhir pekan") == 1
    assert "Hari kerja pengganti" in page


def test_another_year_is_asked_for_in_the_address(reader: Client) -> None:
    DayRow.objects.create(date=date(2027, 1, 1), kind=DayRow.Kind.NATIONAL, name="Tahun Baru 2027")
    assert "Tahun Baru 2027" not in text(reader)
    page = text(reader, "/kalender/?tahun=2027")
    assert "Kalender kerja 2027" in page
    assert "Jumat, 1 Januari" in page


@pytest.mark.parametrize("typed", ["", "abc", "99999", "1999", "-2027", "20 27", "2027.5", "٢٠٢٧x"])
def test_what_is_no_year_shows_this_year(reader: Client, typed: str) -> None:
    assert "Kalender kerja 2026" in text(reader, f"/kalender/?tahun={typed}")


def test_a_year_that_nobody_confirmed_says_so(reader: Client) -> None:
    ConfirmedYear.objects.create(year=2026, confirmed_at=timezone.now())
    assert "belum dikonfirmasi" not in text(reader)
    assert "Kalender 2027 belum dikonfirmasi" in text(reader, "/kalender/?tahun=2027")


def test_a_year_without_days_says_what_that_means(reader: Client) -> None:
    assert "Belum ada hari libur untuk 2031" in text(reader, "/kalender/?tahun=2031")


def test_office_hours_of_each_weekday(reader: Client) -> None:
    OfficeSpanRow.objects.create(weekday=0, opens=time(7, 30), closes=time(12))
    OfficeSpanRow.objects.create(weekday=0, opens=time(13), closes=time(16))
    page = text(reader)
    assert "Senin 07.30–12.00 13.00–16.00 Selasa Kantor tutup" in page


def test_a_period_with_other_hours_stands_in_the_years_it_touches(reader: Client) -> None:
    period = HoursPeriodRow.objects.create(name="Ramadan", starts_on=date(2026, 12, 20), ends_on=date(2027, 1, 18))
    OfficeSpanRow.objects.create(period=period, weekday=0, opens=time(8), closes=time(15))
    for address in ("/kalender/", "/kalender/?tahun=2027"):
        page = text(reader, address)
        assert "Ramadan 20 Desember 2026 s.d. 18 Januari 2027 Senin 08.00–15.00" in page
    assert "Ramadan" not in text(reader, "/kalender/?tahun=2028")


def test_only_an_administrator_is_led_to_where_it_is_changed(reader: Client, client: Client) -> None:
    assert "Ubah kalender" not in text(reader)
    client.force_login(person(Role.ADMINISTRATOR))
    assert "Ubah kalender" in text(client)


def test_many_days_cost_no_more_queries(reader: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            reader.get("/kalender/")
        return len(asked)

    for day in (1, 2, 3):
        DayRow.objects.create(date=date(2026, 6, day), kind=DayRow.Kind.NATIONAL, name="Libur")
    few = queries()
    for day in range(1, 31):
        DayRow.objects.create(date=date(2026, 7, day), kind=DayRow.Kind.NATIONAL, name="Libur")
    assert queries() == few
