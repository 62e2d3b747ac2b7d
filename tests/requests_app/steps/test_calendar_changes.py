"""What follows a change of the working calendar. Deadlines are counted by hand from the calendar of November 2026."""

from datetime import date, datetime, timedelta, timezone

import pytest
from django.core.exceptions import PermissionDenied

from accounts.audit import say
from accounts.models import AuditEvent
from accounts.roles import Role
from requests_app import holiday_suggestions
from requests_app.models import ConfirmedYear, DayRow, StepEntry
from requests_app.sla import CalendarDay, DayKind
from requests_app.sop import Status
from requests_app.steps import calendar_changes
from tests import factories

pytestmark = pytest.mark.django_db

WIB = timezone(timedelta(hours=7))
MONDAY_EVENING = datetime(2026, 11, 23, 19, 0, tzinfo=WIB)


def wib(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=WIB)


def disposed_at(moment: datetime) -> StepEntry:
    """The open step of a request that the head passed to PSI at `moment`."""
    request = factories.a_request(Status.DISPOSED, at=moment - timedelta(minutes=4))
    return request.entries.get(left_at__isnull=True)


def holiday(day: int) -> None:
    DayRow.objects.create(date=date(2026, 11, day), kind=DayRow.Kind.UNIVERSITY, name="Dies Natalis")


# --- deadlines follow ---------------------------------------------------------------------
def test_only_open_deadlines_that_the_new_day_off_touches_move() -> None:
    touched, untouched = disposed_at(wib(25, 10)), disposed_at(wib(23, 9))
    finished = factories.a_request(Status.FINISHED, at=wib(25, 8))
    before = dict(finished.entries.values_list("pk", "due_at"))
    admin = factories.person(Role.ADMINISTRATOR)
    holiday(26)

    moved = calendar_changes.recompute(by=admin, now=MONDAY_EVENING)

    assert [(row.request.pk, row.old, row.new) for row in moved] == [(touched.request_id, wib(26, 10), wib(27, 10))]
    touched.refresh_from_db()
    untouched.refresh_from_db()
    assert (touched.due_at, untouched.due_at) == (wib(27, 10), wib(24, 9))
    assert dict(finished.entries.values_list("pk", "due_at")) == before


def test_the_move_stands_in_the_request_s_timeline_once() -> None:
    entry = disposed_at(wib(25, 10))
    admin = factories.person(Role.ADMINISTRATOR, full_name="Yusra Rahmi")
    holiday(26)
    calendar_changes.recompute(by=admin, now=MONDAY_EVENING)
    assert calendar_changes.recompute(by=admin, now=MONDAY_EVENING) == []

    event = AuditEvent.objects.get(subject=entry.request.subject, verb="deadline_moved")
    assert say(event) == (
        "Kalender kerja diubah oleh Yusra Rahmi: batas waktu bergeser "
        "dari Kamis, 26 November 2026 10.00 WIB ke Jumat, 27 November 2026 10.00 WIB."
    )


def test_the_earliest_new_deadline_comes_first() -> None:
    late, early = disposed_at(wib(25, 15)), disposed_at(wib(25, 8))
    holiday(26)
    moved = calendar_changes.recompute(by=factories.person(Role.ADMINISTRATOR), now=MONDAY_EVENING)
    assert [row.request.pk for row in moved] == [early.request_id, late.request_id]


# --- suggestions --------------------------------------------------------------------------
@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> list[CalendarDay]:
    """Return what the `holidays` package says of 2026; a test changes it."""
    days = [
        CalendarDay(date(2026, 1, 1), DayKind.NATIONAL, "Tahun Baru Masehi"),
        CalendarDay(date(2026, 3, 20), DayKind.NATIONAL, "Hari Raya Idul Fitri", is_estimated=True),
    ]
    monkeypatch.setattr(holiday_suggestions, "suggestions", lambda year: list(days) if year == 2026 else [])
    return days


def rows() -> list[tuple[str, str, str, bool]]:
    return [(f"{row.date:%m-%d}", row.name, row.source, row.is_estimated) for row in DayRow.objects.order_by("date")]


def test_a_new_year_takes_over_all_suggestions(package: list[CalendarDay]) -> None:
    assert calendar_changes.write_suggestions(2026) == calendar_changes.Suggested(added=2)
    assert rows() == [
        ("01-01", "Tahun Baru Masehi", "suggested", False),
        ("03-20", "Hari Raya Idul Fitri", "suggested", True),
    ]


def test_what_a_person_wrote_wins(package: list[CalendarDay]) -> None:
    DayRow.objects.create(date=date(2026, 1, 1), kind=DayRow.Kind.REPLACEMENT, name="Masuk kerja")
    assert calendar_changes.write_suggestions(2026) == calendar_changes.Suggested(added=1)
    assert rows()[0] == ("01-01", "Masuk kerja", "manual", False)


def test_an_estimated_feast_moves_to_the_day_that_was_announced(package: list[CalendarDay]) -> None:
    calendar_changes.write_suggestions(2026)
    DayRow.objects.create(date=date(2026, 3, 25), kind=DayRow.Kind.REGIONAL, name="Libur daerah")
    package[1] = CalendarDay(date(2026, 3, 21), DayKind.NATIONAL, "Hari Raya Idul Fitri")
    assert calendar_changes.write_suggestions(2026) == calendar_changes.Suggested(added=1, removed=1)
    assert [row[0] for row in rows()] == ["01-01", "03-21", "03-25"]


def test_a_corrected_name_is_corrected_and_the_same_again_is_no_change(package: list[CalendarDay]) -> None:
    calendar_changes.write_suggestions(2026)
    package[1] = CalendarDay(date(2026, 3, 20), DayKind.NATIONAL, "Idul Fitri 1447 H")
    assert calendar_changes.write_suggestions(2026) == calendar_changes.Suggested(corrected=1)
    assert rows()[1] == ("03-20", "Idul Fitri 1447 H", "suggested", False)
    assert calendar_changes.write_suggestions(2026) == calendar_changes.Suggested()


def test_a_year_that_the_package_does_not_know_keeps_its_rows(package: list[CalendarDay]) -> None:
    calendar_changes.write_suggestions(2026)
    package.clear()
    assert calendar_changes.write_suggestions(2026) == calendar_changes.Suggested()
    assert len(rows()) == 2


def test_taking_over_suggestions_moves_deadlines_and_is_recorded(package: list[CalendarDay]) -> None:
    entry = disposed_at(wib(25, 10))
    package[:] = [CalendarDay(date(2026, 11, 26), DayKind.COLLECTIVE, "Cuti bersama")]
    admin = factories.person(Role.ADMINISTRATOR, full_name="Yusra Rahmi")
    done, moved = calendar_changes.suggest_year(2026, by=admin, now=MONDAY_EVENING)
    assert (done.added, [row.new for row in moved]) == (1, [wib(27, 10)])
    entry.refresh_from_db()
    assert entry.due_at == wib(27, 10)
    assert say(AuditEvent.objects.get(subject="calendar:2026")) == (
        "Yusra Rahmi mengambil usulan libur 2026: 1 ditambahkan, 0 diperbaiki, 0 dihapus."
    )


# --- confirmation ------------------------------------------------------------------------------
def test_confirming_twice_keeps_the_first_name_and_date() -> None:
    first, second = factories.person(Role.ADMINISTRATOR), factories.person(Role.ADMINISTRATOR)
    calendar_changes.confirm_year(2027, by=first, now=MONDAY_EVENING)
    calendar_changes.confirm_year(2027, by=second, now=MONDAY_EVENING + timedelta(days=1))
    row = ConfirmedYear.objects.get(year=2027)
    assert (row.confirmed_by, row.confirmed_at) == (first, MONDAY_EVENING)
    assert say(AuditEvent.objects.get(subject="calendar:2027")) == f"{first} mengonfirmasi kalender kerja 2027."


@pytest.mark.parametrize("role", [Role.UNIT_STAFF, Role.HELPDESK, Role.HEAD, Role.PSI, Role.AUDITOR])
def test_only_an_administrator_changes_the_calendar(role: Role) -> None:
    somebody = factories.person(role)
    with pytest.raises(PermissionDenied):
        calendar_changes.confirm_year(2027, by=somebody, now=MONDAY_EVENING)
    with pytest.raises(PermissionDenied):
        calendar_changes.suggest_year(2027, by=somebody, now=MONDAY_EVENING)
    assert not ConfirmedYear.objects.exists()
    assert not DayRow.objects.exists()


@pytest.mark.parametrize(
    ("today", "years"),
    [
        (date(2026, 1, 1), [2026]),
        (date(2026, 10, 31), [2026]),
        (date(2026, 11, 1), [2026, 2027]),
        (date(2026, 12, 31), [2026, 2027]),
    ],
)
def test_the_next_year_is_to_be_confirmed_from_november(today: date, years: list[int]) -> None:
    assert calendar_changes.years_to_confirm(today) == years
