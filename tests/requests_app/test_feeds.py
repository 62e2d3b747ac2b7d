"""Calendar programs: what they read under a private address, and when they read nothing any more."""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from icalendar import Calendar, Event

from accounts.models import User
from accounts.roles import Role
from config.logs import HidePrivateAddresses
from requests_app.models import AccessRequest, CalendarFeed, DayRow, HoursPeriodRow, OfficeSpanRow
from requests_app.sla import WIB, CalendarDay, DayKind
from requests_app.sop import Status
from requests_app.steps import calendar_changes
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 9, tzinfo=WIB)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Return the clock, which stands still on a Tuesday morning."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def psi() -> User:
    """Return somebody of PSI."""
    return factories.person(Role.PSI, full_name="Zulfikar")


def subscribe(person: User, kind: str) -> str:
    """The path of a new address."""
    browser = Client()
    browser.force_login(person)
    page = browser.post(f"/kalender/langganan/{kind}/buat/").content.decode()
    address = re.search(rf"{re.escape(settings.BASE_URL)}(/ics/[^<\"\s]+)", page)
    assert address, "the address is on the page"
    return address[1]


def read(path: str, **headers: str) -> HttpResponse:
    """What a calendar program gets, which has no cookies and no language."""
    return Client(headers=headers).get(path)


def events(path: str) -> list[Event]:
    response = read(path)
    assert response.status_code == 200
    return Calendar.from_ical(response.content).walk("VEVENT")


def disposed(application: str = "RAHASIA") -> AccessRequest:
    """A request that came to PSI on Monday at 09.30, due on Tuesday at 09.30."""
    at = datetime(2026, 11, 23, 9, 26, tzinfo=WIB)
    return factories.a_request(Status.DISPOSED, at=at, application=application, person_name="RAHASIA")


# --- the working calendar -------------------------------------------------------------------
def test_days_off_are_whole_days_and_what_is_estimated_is_tentative(psi: User) -> None:
    DayRow.objects.create(date=date(2026, 12, 25), kind="national", name="Hari Raya Natal", legal_basis="SKB 3 Menteri")
    DayRow.objects.create(date=date(2027, 3, 10), kind="national", name="Idul Fitri", is_estimated=True)
    DayRow.objects.create(date=date(2026, 12, 19), kind="replacement", name="Ganti 24 Desember")
    DayRow.objects.create(date=date(2024, 12, 25), kind="national", name="Lama")
    replacement, christmas, eid = events(subscribe(psi, "calendar"))
    assert (christmas["summary"], christmas["description"]) == ("Libur nasional: Hari Raya Natal", "SKB 3 Menteri")
    assert (christmas["dtstart"].dt, christmas["dtend"].dt) == (date(2026, 12, 25), date(2026, 12, 26))
    assert (christmas["status"], eid["status"]) == ("CONFIRMED", "TENTATIVE")
    assert eid["summary"] == "Libur nasional: Idul Fitri (perkiraan)"
    assert replacement["summary"] == "Hari kerja pengganti: Ganti 24 Desember"


def test_a_period_lasts_through_its_last_day_and_names_its_hours(psi: User) -> None:
    period = HoursPeriodRow.objects.create(name="Ramadan", starts_on=date(2027, 2, 8), ends_on=date(2027, 3, 9))
    OfficeSpanRow.objects.create(period=period, weekday=0, opens=time(12, 30), closes=time(15))
    OfficeSpanRow.objects.create(period=period, weekday=0, opens=time(8), closes=time(12))
    [ramadan] = events(subscribe(psi, "calendar"))
    assert ramadan["summary"] == "Jam kerja Ramadan"
    assert (ramadan["dtstart"].dt, ramadan["dtend"].dt) == (date(2027, 2, 8), date(2027, 3, 10))
    assert ramadan["description"] == "Senin: 08.00–12.00, 12.30–15.00"


def test_a_day_keeps_its_name_in_calendar_programs_when_it_moves(psi: User, clock: time_machine.Traveller) -> None:
    row = DayRow.objects.create(date=date(2027, 3, 10), kind="national", name="Idul Fitri", is_estimated=True)
    path = subscribe(psi, "calendar")
    [before] = events(path)
    clock.move_to(NOW + timedelta(hours=3))
    moved = CalendarDay(date(2027, 3, 11), DayKind.NATIONAL, "Idul Fitri")
    administrator = factories.person(Role.ADMINISTRATOR)
    calendar_changes.save(calendar_changes.SetDay(moved, row.pk), by=administrator, now=NOW + timedelta(hours=3))
    [after] = events(path)
    assert before["uid"] == after["uid"]
    assert after["dtstart"].dt == date(2027, 3, 11)
    assert after["dtstamp"].dt - before["dtstamp"].dt == timedelta(hours=3)


# --- my deadlines -------------------------------------------------------------------------------
def test_deadlines_of_what_waits_for_me_without_anything_about_people(psi: User) -> None:
    item = disposed()
    factories.a_request(Status.REPLY_DRAFTING, at=datetime(2026, 11, 23, 9, tzinfo=WIB))  # waits for the helpdesk
    path = subscribe(psi, "deadlines")
    [event] = events(path)
    assert event["summary"] == f"{item.reference}: Akun perlu dibuat"
    assert event["dtstart"].dt == datetime(2026, 11, 24, 2, 30, tzinfo=UTC), "09.30 in WIB"
    assert event["url"] == f"{settings.BASE_URL}/permohonan/{item.reference}/"
    body = read(path).content.decode()
    assert "RAHASIA" not in body
    assert str(item.unit) not in body


def test_a_deadline_that_the_calendar_moves_is_the_same_event_at_another_time(psi: User) -> None:
    disposed()
    path = subscribe(psi, "deadlines")
    [before] = events(path)
    off = CalendarDay(date(2026, 11, 24), DayKind.UNIVERSITY, "Dies Natalis")
    calendar_changes.save(calendar_changes.SetDay(off), by=factories.person(Role.ADMINISTRATOR), now=NOW)
    [after] = events(path)
    assert after["uid"] == before["uid"]
    assert after["dtstart"].dt - before["dtstart"].dt == timedelta(days=1)
    assert after["dtstamp"].dt > before["dtstamp"].dt


def test_what_no_longer_waits_for_me_is_no_longer_there(psi: User) -> None:
    item = disposed()
    path = subscribe(psi, "deadlines")
    assert len(events(path)) == 1
    factories.create_account(item, NOW)
    factories.inform(AccessRequest.objects.get(pk=item.pk), NOW)
    assert events(path) == []


def test_a_feed_speaks_the_language_of_its_person(psi: User) -> None:
    User.objects.filter(pk=psi.pk).update(language="id")
    path = subscribe(psi, "deadlines")
    assert "Batas waktu saya" in Client(headers={"Accept-Language": "en"}).get(path).content.decode()


# --- the address -----------------------------------------------------------------------------------
def test_the_address_is_shown_once_kept_as_a_digest_and_hard_to_guess(psi: User, client: Client) -> None:
    path = subscribe(psi, "calendar")
    secret = path.split("/")[2]
    assert len(secret) >= 43, "256 bits as base64"
    feed = CalendarFeed.objects.get()
    assert re.fullmatch("[0-9a-f]{64}", feed.secret_sha256)
    assert secret not in str(CalendarFeed.objects.values())
    client.force_login(psi)
    assert secret not in client.get("/kalender/langganan/").content.decode()


def test_whoever_reads_needs_no_login_and_leaves_no_trace_of_their_own(psi: User) -> None:
    response = read(subscribe(psi, "calendar"))
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store, private"
    assert not response.cookies


def test_when_nothing_changed_the_second_reading_is_empty(psi: User) -> None:
    path = subscribe(psi, "calendar")
    first = read(path)
    again = read(path, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    DayRow.objects.create(date=date(2026, 12, 25), kind="national", name="Natal")
    assert read(path, **{"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_when_it_was_last_read_is_shown(psi: User, client: Client, clock: time_machine.Traveller) -> None:
    path = subscribe(psi, "calendar")
    client.force_login(psi)
    assert "Belum pernah" in client.get("/kalender/langganan/").content.decode()
    read(path)
    clock.move_to(NOW + timedelta(seconds=59))
    read(path)
    assert CalendarFeed.objects.get().last_read_at == NOW, "not a write for each reading"
    assert "24 November 2026 09.00" in client.get("/kalender/langganan/").content.decode()
    clock.move_to(NOW + timedelta(seconds=60))
    read(path)
    assert CalendarFeed.objects.get().last_read_at == NOW + timedelta(seconds=60)


def test_an_address_of_another_kind_or_made_up_or_revoked_or_of_somebody_who_left_leads_nowhere(
    psi: User, client: Client
) -> None:
    first = subscribe(psi, "calendar")
    other_kind = first.replace("kalender.ics", "batas-waktu.ics")
    made_up = re.sub("/ics/[^/]+", f"/ics/{'x' * 43}", first)
    assert [read(path).status_code for path in (other_kind, made_up, "/ics/é/kalender.ics")] == [404, 404, 404]
    second = subscribe(psi, "calendar")
    assert [read(path).status_code for path in (first, second)] == [404, 200], "a new one ends the old one"
    client.force_login(psi)
    client.post("/kalender/langganan/calendar/cabut/")
    assert read(second).status_code == 404
    third = subscribe(psi, "calendar")
    User.objects.filter(pk=psi.pk).update(is_active=False)
    assert read(third).status_code == 404


def test_nobody_revokes_for_somebody_else_and_there_are_two_kinds(psi: User, client: Client) -> None:
    path = subscribe(psi, "calendar")
    client.force_login(factories.person(Role.HEAD))
    client.post("/kalender/langganan/calendar/cabut/")
    assert read(path).status_code == 200
    assert client.post("/kalender/langganan/lain/buat/").status_code == 404


def test_the_secret_stands_in_no_log(psi: User, caplog: pytest.LogCaptureFixture) -> None:
    path = subscribe(psi, "calendar")
    secret = path.split("/")[2]
    caplog.handler.addFilter(hides := HidePrivateAddresses())
    try:
        with caplog.at_level(logging.DEBUG):
            Client().post(path)  # refused, which Django logs with the path
            read(path.replace("kalender.ics", "batas-waktu.ics"))
            read(f"{path}/apa")
    finally:
        caplog.handler.removeFilter(hides)
    assert "/ics/…/kalender.ics" in caplog.text, "the refusal is logged"
    assert secret not in caplog.text
    assert "private" in settings.LOGGING["handlers"]["stderr"]["filters"]
    assert {name for one in settings.LOGGING["loggers"].values() for name in one["handlers"]} == {"stderr"}
    assert logging.getLogger("django").handlers == [], "what Django logs by itself hides nothing"
