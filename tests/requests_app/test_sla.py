"""The clock at its boundaries. Every expected time was worked out by hand on the calendar below."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise

import pytest

from requests_app.sla import (
    DEFAULT_WEEK,
    WIB,
    CalendarDay,
    Clock,
    DayKind,
    Explanation,
    HoursPeriod,
    NotWholeDays,
    NoWorkingDay,
    OfficeSpan,
    Reading,
    Reason,
    Rule,
    Week,
    WorkingCalendar,
    deadline,
    elapsed,
    explain,
    warning_time,
)
from requests_app.sla_wording import (
    duration_text,
    local_date,
    local_time,
    reading_text,
    remarks,
    reminder_texts,
    sentences,
)

# The joint decrees (SKB) of 2026 and 2027: month-day.
NATIONAL = {
    2026: "01-01 01-16 02-17 03-19 03-21 03-22 04-03 04-05 05-01 05-14 05-27 05-31 06-01 06-16 08-17 08-25 12-25",
    2027: "01-01 01-05 02-06 03-08 03-10 03-11 03-26 03-28 05-01 05-06 05-17 05-20 06-01 06-06 08-15 08-17 12-25 12-26",
}
COLLECTIVE = {
    2026: "02-16 03-18 03-20 03-23 03-24 05-15 05-28 12-24",
    2027: "02-05 03-09 03-12 03-15 03-25 05-18 05-19 12-24",
}


def days_off(kind: DayKind, name: str, lists: Mapping[int, str]) -> dict[date, CalendarDay]:
    dates = [date.fromisoformat(f"{year}-{day}") for year, days in lists.items() for day in days.split()]
    return {day: CalendarDay(day, kind, name) for day in dates}


CALENDAR = WorkingCalendar(
    days=days_off(DayKind.NATIONAL, "Libur", NATIONAL) | days_off(DayKind.COLLECTIVE, "Cuti bersama", COLLECTIVE),
    confirmed_years=frozenset({2026}),
)


def span(text: str) -> OfficeSpan:
    opens, closes = text.split("-")
    return OfficeSpan(time.fromisoformat(opens), time.fromisoformat(closes))


RAMADAN_WEEK: Week = {
    **{weekday: (span("08:00-12:00"), span("12:30-15:00")) for weekday in range(4)},
    4: (span("08:00-12:00"), span("13:00-15:30")),
}
IN_RAMADAN = replace(
    CALENDAR, periods=(HoursPeriod("Ramadan 1448 H", date(2027, 2, 8), date(2027, 3, 9), RAMADAN_WEEK),)
)


def with_day(calendar: WorkingCalendar, day: str, kind: DayKind, name: str = "Hari khusus") -> WorkingCalendar:
    on = date.fromisoformat(day)
    return replace(calendar, days={**calendar.days, on: CalendarDay(on, kind, name)})


def wib(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WIB)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


ONE_DAY = hours(24)


# --- 1 x 24 jam hari kerja, same time on the next working day ------------------------
@pytest.mark.parametrize(
    ("start", "due"),
    [
        # Monday to Tuesday, around the office's hours
        ("2026-11-23T10:15", "2026-11-24T10:15"),
        ("2026-11-23T00:00", "2026-11-24T07:30"),
        ("2026-11-23T03:00", "2026-11-24T07:30"),
        ("2026-11-23T07:29", "2026-11-24T07:30"),
        ("2026-11-23T07:30", "2026-11-24T07:30"),
        ("2026-11-23T07:31", "2026-11-24T07:31"),
        ("2026-11-23T15:59", "2026-11-24T15:59"),
        ("2026-11-23T15:59:59.999999", "2026-11-24T15:59:59.999999"),
        ("2026-11-23T16:00", "2026-11-25T07:30"),
        ("2026-11-23T22:00", "2026-11-25T07:30"),
        ("2026-11-23T23:59", "2026-11-25T07:30"),
        # the lunch break does not delay, on Friday neither
        ("2026-11-23T12:00", "2026-11-24T12:00"),
        ("2026-11-23T12:30", "2026-11-24T12:30"),
        ("2026-11-23T13:00", "2026-11-24T13:00"),
        ("2026-11-26T13:15", "2026-11-27T13:15"),
        ("2026-11-27T13:15", "2026-11-30T13:15"),
        # Friday afternoon and the weekend
        ("2026-11-27T15:50", "2026-11-30T15:50"),
        ("2026-11-27T16:15", "2026-11-30T16:15"),
        ("2026-11-27T16:29", "2026-11-30T16:29"),
        ("2026-11-27T16:30", "2026-12-01T07:30"),
        ("2026-11-27T20:00", "2026-12-01T07:30"),
        ("2026-11-28T09:00", "2026-12-01T07:30"),
        ("2026-11-29T23:59", "2026-12-01T07:30"),
        # end of a month, and 29 February
        ("2026-11-30T10:00", "2026-12-01T10:00"),
        ("2028-02-28T10:00", "2028-02-29T10:00"),
        ("2028-02-29T15:00", "2028-03-01T15:00"),
        # the eve of a holiday, collective leave beside it, and arrival on either
        ("2026-08-14T15:00", "2026-08-18T15:00"),
        ("2026-05-29T14:00", "2026-06-02T14:00"),
        ("2026-02-13T15:00", "2026-02-18T15:00"),
        ("2026-05-13T09:00", "2026-05-18T09:00"),
        ("2026-05-26T12:10", "2026-05-29T12:10"),
        ("2026-12-23T14:00", "2026-12-28T14:00"),
        ("2026-12-23T16:00", "2026-12-29T07:30"),
        ("2026-12-24T10:00", "2026-12-29T07:30"),
        ("2026-12-25T10:00", "2026-12-29T07:30"),
        ("2027-03-24T10:00", "2027-03-29T10:00"),
        ("2027-05-14T11:00", "2027-05-21T11:00"),
        # Lebaran: off from Wednesday to Tuesday (2026), and over two weeks (2027)
        ("2026-03-17T14:00", "2026-03-25T14:00"),
        ("2027-03-05T15:00", "2027-03-16T15:00"),
        ("2027-03-05T16:30", "2027-03-17T07:30"),
        ("2027-03-06T10:00", "2027-03-17T07:30"),
        ("2027-03-12T08:00", "2027-03-17T07:30"),
        ("2027-03-15T23:00", "2027-03-17T07:30"),
        # the end of the year; 5 January 2027 is a holiday
        ("2026-12-30T11:00", "2026-12-31T11:00"),
        ("2026-12-31T15:00", "2027-01-04T15:00"),
        ("2026-12-31T16:00", "2027-01-06T07:30"),
        ("2027-01-01T09:00", "2027-01-06T07:30"),
        ("2027-01-04T09:00", "2027-01-06T09:00"),
    ],
)
def test_one_working_day_is_due_at_the_same_time_on_the_next_working_day(start: str, due: str) -> None:
    assert deadline(wib(start), ONE_DAY, CALENDAR) == wib(due)


@pytest.mark.parametrize(
    ("start", "standard", "due"),
    [
        ("2026-11-26T10:00", hours(48), "2026-11-30T10:00"),
        ("2026-11-23T10:15", hours(120), "2026-11-30T10:15"),
        ("2026-12-23T14:00", hours(48), "2026-12-29T14:00"),
        ("2026-11-28T09:00", hours(72), "2026-12-03T07:30"),
        ("2026-11-27T15:50", hours(8), "2026-11-27T23:50"),
        ("2026-11-27T15:50", hours(9), "2026-11-30T00:50"),
        ("2026-11-23T15:50", minutes(490), "2026-11-24T00:00"),
        # counted to the end at midnight before a Saturday: nothing is late before Monday begins
        ("2026-11-27T15:50", minutes(490), "2026-11-30T00:00"),
        ("2026-11-23T10:15", timedelta(0), "2026-11-23T10:15"),
        ("2026-11-28T09:00", timedelta(0), "2026-11-30T07:30"),
    ],
)
def test_other_standards_count_all_hours_of_working_days(start: str, standard: timedelta, due: str) -> None:
    assert deadline(wib(start), standard, CALENDAR) == wib(due)


# --- the other reading: end of the next working day -----------------------------------
@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-23T10:15", 1, "2026-11-24T16:00"),
        ("2026-11-23T03:00", 1, "2026-11-24T16:00"),
        ("2026-11-23T16:00", 1, "2026-11-24T16:00"),
        ("2026-11-23T23:59", 1, "2026-11-24T16:00"),
        ("2026-11-24T00:00", 1, "2026-11-25T16:00"),
        ("2026-11-26T15:00", 1, "2026-11-27T16:30"),
        ("2026-11-27T15:50", 1, "2026-11-30T16:00"),
        ("2026-11-28T09:00", 1, "2026-11-30T16:00"),
        ("2026-11-26T15:00", 2, "2026-11-30T16:00"),
        ("2026-12-23T14:00", 1, "2026-12-28T16:00"),
        ("2026-12-31T23:00", 1, "2027-01-04T16:00"),
        ("2027-03-05T15:00", 1, "2027-03-16T16:00"),
        ("2027-03-05T15:00", 5, "2027-03-22T16:00"),
    ],
)
def test_end_of_day_is_due_when_the_office_closes(start: str, days: int, due: str) -> None:
    assert deadline(wib(start), days * ONE_DAY, CALENDAR, reading=Reading.END_OF_DAY) == wib(due)


@pytest.mark.parametrize("standard", [timedelta(0), minutes(5), hours(36)])
def test_end_of_day_needs_whole_days(standard: timedelta) -> None:
    with pytest.raises(NotWholeDays):
        deadline(wib("2026-11-23T10:15"), standard, CALENDAR, reading=Reading.END_OF_DAY)


# --- office minutes --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("start", "standard", "due"),
    [
        ("2026-11-23T10:15", minutes(5), "2026-11-23T10:20"),
        ("2026-11-23T07:00", minutes(5), "2026-11-23T07:35"),
        ("2026-11-23T11:55", minutes(5), "2026-11-23T12:00"),
        ("2026-11-23T11:57", minutes(5), "2026-11-23T13:02"),
        ("2026-11-23T12:00", minutes(5), "2026-11-23T13:05"),
        ("2026-11-23T12:10", minutes(5), "2026-11-23T13:05"),
        ("2026-11-23T15:55", minutes(5), "2026-11-23T16:00"),
        ("2026-11-23T15:57", minutes(5), "2026-11-24T07:32"),
        ("2026-11-23T16:00", minutes(5), "2026-11-24T07:35"),
        ("2026-11-27T11:58", minutes(5), "2026-11-27T13:33"),
        ("2026-11-27T16:28", minutes(5), "2026-11-30T07:33"),
        ("2026-11-28T09:00", minutes(5), "2026-11-30T07:35"),
        ("2026-12-23T15:58", minutes(5), "2026-12-28T07:33"),
        ("2026-12-31T15:58", minutes(5), "2027-01-04T07:33"),
        ("2026-11-23T07:30", hours(7.5), "2026-11-23T16:00"),
        ("2026-11-23T07:30", hours(37.5), "2026-11-27T16:30"),  # the whole week of Perpres 21/2023
        ("2026-11-23T10:15", hours(24), "2026-11-26T11:45"),
        ("2026-11-27T15:50", hours(24), "2026-12-03T08:20"),
        ("2027-03-05T15:00", hours(24), "2027-03-18T16:00"),
        ("2026-11-28T09:00", timedelta(0), "2026-11-30T07:30"),
    ],
)
def test_office_hours_count_only_while_the_office_is_open(start: str, standard: timedelta, due: str) -> None:
    assert deadline(wib(start), standard, CALENDAR, clock=Clock.OFFICE_HOURS) == wib(due)


def test_the_reading_does_not_touch_office_minutes() -> None:
    due = deadline(wib("2026-11-23T11:57"), minutes(5), CALENDAR, clock=Clock.OFFICE_HOURS, reading=Reading.END_OF_DAY)
    assert due == wib("2026-11-23T13:02")


# --- Ramadan ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2027-02-15T07:45", "2027-02-16T08:00"),
        ("2027-02-15T14:59", "2027-02-16T14:59"),
        ("2027-02-15T15:00", "2027-02-17T08:00"),
        ("2027-02-15T12:15", "2027-02-16T12:15"),
        ("2027-02-19T15:15", "2027-02-22T15:15"),
        ("2027-02-19T15:30", "2027-02-23T08:00"),
        # into Ramadan: 5 to 7 February are off, the 8th has the new hours
        ("2027-02-04T15:30", "2027-02-08T15:30"),
        ("2027-02-04T16:00", "2027-02-09T08:00"),
        # and out of it
        ("2027-03-05T15:00", "2027-03-16T15:00"),
        ("2027-03-05T15:30", "2027-03-17T07:30"),
    ],
)
def test_ramadan_hours_move_opening_and_closing(start: str, due: str) -> None:
    assert deadline(wib(start), ONE_DAY, IN_RAMADAN) == wib(due)


@pytest.mark.parametrize(
    ("start", "due"),
    [("2027-02-15T10:00", "2027-02-16T15:00"), ("2027-02-18T10:00", "2027-02-19T15:30")],
)
def test_in_ramadan_the_day_ends_earlier(start: str, due: str) -> None:
    assert deadline(wib(start), ONE_DAY, IN_RAMADAN, reading=Reading.END_OF_DAY) == wib(due)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2027-02-15T11:58", "2027-02-15T12:33"),
        ("2027-02-15T14:57", "2027-02-16T08:02"),
        ("2027-02-19T11:58", "2027-02-19T13:03"),
    ],
)
def test_in_ramadan_office_minutes_follow_its_hours(start: str, due: str) -> None:
    assert deadline(wib(start), minutes(5), IN_RAMADAN, clock=Clock.OFFICE_HOURS) == wib(due)


def test_a_ramadan_week_has_its_32_and_a_half_hours() -> None:
    assert IN_RAMADAN.working_seconds_between(wib("2027-02-15T00:00"), wib("2027-02-22T00:00")) == 32.5 * 3600


def test_a_period_includes_its_last_day_and_not_the_next() -> None:
    calendar = replace(CALENDAR, periods=(HoursPeriod("Ramadan", date(2027, 2, 15), date(2027, 2, 19), RAMADAN_WEEK),))
    assert calendar.next_opening(wib("2027-02-15T00:00")) == wib("2027-02-15T08:00")
    assert calendar.next_opening(wib("2027-02-19T00:00")) == wib("2027-02-19T08:00")
    assert calendar.next_opening(wib("2027-02-22T00:00")) == wib("2027-02-22T07:30")


def test_of_two_periods_the_one_that_began_last_is_in_force() -> None:
    semester = HoursPeriod("Semester", date(2027, 1, 1), date(2027, 6, 30), {0: (span("09:00-17:00"),)})
    ramadan = HoursPeriod("Ramadan", date(2027, 2, 8), date(2027, 3, 9), RAMADAN_WEEK)
    for periods in ((semester, ramadan), (ramadan, semester)):
        assert replace(CALENDAR, periods=periods).spans_on(date(2027, 2, 15)) == RAMADAN_WEEK[0]


# --- replacement working days ------------------------------------------------------------
WITH_SATURDAY = with_day(CALENDAR, "2026-12-19", DayKind.REPLACEMENT)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-12-18T15:00", "2026-12-19T15:00"),
        ("2026-12-18T16:15", "2026-12-19T16:15"),
        ("2026-12-18T16:30", "2026-12-21T07:30"),
        ("2026-12-19T07:00", "2026-12-21T07:30"),
        ("2026-12-19T09:00", "2026-12-21T09:00"),
        ("2026-12-19T12:30", "2026-12-21T12:30"),
        ("2026-12-19T16:00", "2026-12-22T07:30"),
        ("2026-12-20T09:00", "2026-12-22T07:30"),
    ],
)
def test_a_replacement_saturday_is_worked_with_mondays_hours(start: str, due: str) -> None:
    assert deadline(wib(start), ONE_DAY, WITH_SATURDAY) == wib(due)


def test_a_replacement_saturday_closes_and_breaks_like_a_monday() -> None:
    friday = wib("2026-12-18T10:00")
    assert deadline(friday, ONE_DAY, WITH_SATURDAY, reading=Reading.END_OF_DAY) == wib("2026-12-19T16:00")
    noon = wib("2026-12-19T11:58")
    assert deadline(noon, minutes(5), WITH_SATURDAY, clock=Clock.OFFICE_HOURS) == wib("2026-12-19T13:03")


def test_a_replacement_saturday_in_ramadan_has_ramadan_hours() -> None:
    calendar = with_day(IN_RAMADAN, "2027-02-20", DayKind.REPLACEMENT)
    assert deadline(wib("2027-02-19T15:30"), ONE_DAY, calendar) == wib("2027-02-22T08:00")


def test_a_replacement_day_keeps_the_hours_of_its_own_weekday_where_it_has_some() -> None:
    calendar = with_day(CALENDAR, "2026-11-27", DayKind.REPLACEMENT)
    assert calendar.spans_on(date(2026, 11, 27)) == DEFAULT_WEEK[4]


# --- the Aceh case: days off of the region, a day off of the university --------------------
@pytest.mark.parametrize("kind", [kind for kind in DayKind if kind is not DayKind.REPLACEMENT])
def test_every_kind_of_day_off_is_left_out_whole(kind: DayKind) -> None:
    calendar = with_day(CALENDAR, "2026-11-24", kind)
    assert deadline(wib("2026-11-23T10:15"), ONE_DAY, calendar) == wib("2026-11-25T10:15")


# --- pauses --------------------------------------------------------------------------------
MONDAY_AT_TEN = wib("2026-11-23T10:00")


def spans(text: str) -> list[tuple[datetime, datetime]]:
    """ "23T11:00 23T13:00, ..." in November 2026."""
    pairs = [pair.split() for pair in text.split(",")]
    return [(wib(f"2026-11-{begins}"), wib(f"2026-11-{ends}")) for begins, ends in pairs]


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ("23T11:00 23T13:00", "2026-11-24T12:00"),
        ("23T11:00 25T11:00", "2026-11-26T10:00"),
        ("23T11:00 23T12:00, 24T08:00 24T09:00", "2026-11-24T12:00"),
        # ended while nobody was there: goes on at the next opening, with 23 hours left
        ("23T11:00 23T20:00", "2026-11-25T06:30"),
        ("23T11:00 23T16:00", "2026-11-25T06:30"),
        ("23T11:00 28T12:00", "2026-12-01T06:30"),
        # ended in the lunch break: goes on at once
        ("23T11:00 23T12:30", "2026-11-24T11:30"),
        # before the start, across it, across each other, after the deadline, at it, empty
        ("23T08:00 23T09:00", "2026-11-24T10:00"),
        ("23T09:00 23T11:00", "2026-11-24T11:00"),
        ("23T11:00 23T13:00, 23T12:00 23T14:00", "2026-11-24T13:00"),
        ("23T12:00 23T14:00, 23T11:00 23T13:00", "2026-11-24T13:00"),
        ("25T10:00 25T12:00", "2026-11-24T10:00"),
        ("24T10:00 24T15:00", "2026-11-24T10:00"),
        ("23T20:00 23T20:00", "2026-11-24T10:00"),
    ],
)
def test_waiting_for_the_applicant_does_not_count(pauses: str, due: str) -> None:
    assert deadline(MONDAY_AT_TEN, ONE_DAY, CALENDAR, pauses=spans(pauses)) == wib(due)


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ("23T10:02 23T10:30", "2026-11-23T10:33"),
        ("23T10:02 23T12:30", "2026-11-23T13:03"),
        ("23T10:02 23T20:00", "2026-11-24T07:33"),
    ],
)
def test_office_minutes_pause_too(pauses: str, due: str) -> None:
    assert deadline(MONDAY_AT_TEN, minutes(5), CALENDAR, clock=Clock.OFFICE_HOURS, pauses=spans(pauses)) == wib(due)


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ("23T11:00 23T15:00", "2026-11-24T16:00"),  # within the day of arrival, which is not counted anyway
        ("23T17:00 24T07:00", "2026-11-24T16:00"),  # while the office was closed
        ("24T16:00 24T20:00", "2026-11-24T16:00"),
        ("24T10:00 24T11:00", "2026-11-25T16:00"),  # Tuesday was not a whole day
        ("24T15:59 24T20:00", "2026-11-25T16:00"),
        ("23T14:00 25T07:30", "2026-11-25T16:00"),
        ("23T14:00 25T10:00", "2026-11-26T16:00"),
    ],
)
def test_a_day_with_a_pause_is_not_a_whole_day(pauses: str, due: str) -> None:
    paused = deadline(MONDAY_AT_TEN, ONE_DAY, CALENDAR, reading=Reading.END_OF_DAY, pauses=spans(pauses))
    assert paused == wib(due)


# --- time really taken ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("start", "end", "clock", "taken"),
    [
        ("2026-11-23T10:15", "2026-11-24T10:15", Clock.WORKING_DAYS, hours(24)),
        ("2026-11-27T15:50", "2026-11-30T15:50", Clock.WORKING_DAYS, hours(24)),
        ("2026-11-28T09:00", "2026-11-29T09:00", Clock.WORKING_DAYS, hours(0)),
        ("2026-11-28T09:00", "2026-11-30T08:00", Clock.WORKING_DAYS, minutes(30)),
        ("2026-11-23T11:50", "2026-11-23T13:10", Clock.WORKING_DAYS, minutes(80)),
        ("2026-11-23T11:50", "2026-11-23T13:10", Clock.OFFICE_HOURS, minutes(20)),
        ("2026-11-23T12:10", "2026-11-23T12:50", Clock.OFFICE_HOURS, minutes(0)),
        ("2026-11-23T15:50", "2026-11-24T07:40", Clock.OFFICE_HOURS, minutes(20)),
        ("2026-11-28T09:00", "2026-11-29T09:00", Clock.NONE, hours(24)),
        ("2026-11-23T10:00", "2026-11-23T10:00", Clock.WORKING_DAYS, hours(0)),
        ("2026-11-23T10:00", "2026-11-23T09:00", Clock.OFFICE_HOURS, hours(0)),
        ("2026-11-23T10:00", "2026-11-23T09:00", Clock.NONE, hours(0)),
    ],
)
def test_the_time_taken_is_what_the_clock_counted(start: str, end: str, clock: Clock, taken: timedelta) -> None:
    assert elapsed(wib(start), wib(end), CALENDAR, clock=clock) == taken


@pytest.mark.parametrize(
    ("clock", "taken"), [(Clock.WORKING_DAYS, hours(5)), (Clock.OFFICE_HOURS, hours(4)), (Clock.NONE, hours(5))]
)
def test_the_time_taken_leaves_pauses_out(clock: Clock, taken: timedelta) -> None:
    taken_until_16 = elapsed(
        wib("2026-11-23T10:00"), wib("2026-11-23T16:00"), CALENDAR, clock=clock, pauses=spans("23T10:30 23T11:30")
    )
    assert taken_until_16 == taken


# --- the warning beforehand ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("due", "warned"),
    [
        ("2026-11-24T10:15", "2026-11-24T08:15"),
        ("2026-11-24T09:30", "2026-11-24T07:30"),
        ("2026-11-24T07:30", "2026-11-23T14:00"),
        ("2026-11-24T06:30", "2026-11-23T14:00"),
        ("2026-11-24T23:30", "2026-11-24T14:00"),
        ("2026-11-24T15:00", "2026-11-24T13:00"),
        ("2026-11-24T14:00", "2026-11-24T11:00"),
        ("2026-11-24T12:40", "2026-11-24T10:00"),
        ("2026-11-27T13:30", "2026-11-27T10:00"),
        ("2026-11-30T08:00", "2026-11-27T15:00"),
        ("2026-12-28T08:30", "2026-12-23T15:00"),
        ("2027-03-16T08:30", "2027-03-05T15:30"),
    ],
)
def test_the_warning_comes_two_office_hours_before(due: str, warned: str) -> None:
    assert warning_time(wib(due), CALENDAR, hours(2)) == wib(warned)


def test_a_warning_may_be_days_ahead_or_not_ahead_at_all() -> None:
    due = wib("2026-11-30T10:00")
    assert warning_time(due, CALENDAR, hours(37.5)) == wib("2026-11-23T10:00")
    assert warning_time(due, CALENDAR, hours(0)) == due
    by_night = wib("2026-11-30T06:30")
    assert warning_time(by_night, CALENDAR, hours(0)) == by_night


# --- the calendar asked directly --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "is_open", "through_lunch"),
    [
        ("2026-11-23T07:29:59", False, False),
        ("2026-11-23T07:30", True, True),
        ("2026-11-23T11:59:59", True, True),
        ("2026-11-23T12:00", False, True),
        ("2026-11-23T13:00", True, True),
        ("2026-11-23T15:59:59", True, True),
        ("2026-11-23T16:00", False, False),
        ("2026-11-27T16:00", True, True),
        ("2026-11-28T10:00", False, False),
        ("2026-12-24T10:00", False, False),
    ],
)
def test_the_office_is_open_from_opening_until_just_before_closing(at: str, is_open: bool, through_lunch: bool) -> None:
    assert CALENDAR.is_open(wib(at)) is is_open
    assert CALENDAR.is_open(wib(at), through_lunch=True) is through_lunch


@pytest.mark.parametrize(
    ("at", "opening", "opening_through_lunch"),
    [
        ("2026-11-23T10:00", "2026-11-23T10:00", "2026-11-23T10:00"),
        ("2026-11-23T12:10", "2026-11-23T13:00", "2026-11-23T12:10"),
        ("2026-11-23T16:00", "2026-11-24T07:30", "2026-11-24T07:30"),
        ("2026-12-23T16:00", "2026-12-28T07:30", "2026-12-28T07:30"),
    ],
)
def test_the_next_opening(at: str, opening: str, opening_through_lunch: str) -> None:
    assert CALENDAR.next_opening(wib(at)) == wib(opening)
    assert CALENDAR.next_opening(wib(at), through_lunch=True) == wib(opening_through_lunch)


def test_why_nobody_works_on_a_day() -> None:
    assert CALENDAR.reason_off(date(2026, 11, 23)) is None
    assert CALENDAR.reason_off(date(2026, 11, 28)) == "weekend"
    assert CALENDAR.reason_off(date(2026, 12, 24)) == CalendarDay(
        date(2026, 12, 24), DayKind.COLLECTIVE, "Cuti bersama"
    )
    assert WITH_SATURDAY.reason_off(date(2026, 12, 19)) is None


@pytest.mark.parametrize(("year", "number"), [(2026, 240), (2027, 242)])
def test_the_working_days_of_a_year(year: int, number: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    assert sum(CALENDAR.is_working_day(day) for day in days) == number


def test_office_time_entered_twice_counts_once() -> None:
    entered = ("13:00-16:00", "07:30-12:00", "08:00-09:00", "11:00-13:00")
    calendar = WorkingCalendar(week={0: tuple(span(text) for text in entered)})
    assert calendar.spans_on(date(2026, 11, 23)) == (span("07:30-16:00"),)


def test_a_span_cannot_close_before_it_opens() -> None:
    with pytest.raises(ValueError, match="close after it opens"):
        OfficeSpan(time(16), time(7, 30))


# --- what goes in and comes out ------------------------------------------------------------------------
def test_times_of_other_zones_are_understood_and_answered_in_wib() -> None:
    wita = timezone(hours(8))
    for start in (datetime(2026, 11, 23, 3, 15, tzinfo=UTC), datetime(2026, 11, 23, 11, 15, tzinfo=wita)):
        due = deadline(start, ONE_DAY, CALENDAR)
        assert due.isoformat() == "2026-11-24T10:15:00+07:00"


def test_sunday_in_utc_can_be_monday_here() -> None:
    start = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)  # Monday 06.00 WIB
    assert deadline(start, ONE_DAY, CALENDAR) == wib("2026-11-24T07:30")


NAIVE = datetime(2026, 11, 23, 10, 15)
AWARE = wib("2026-11-23T10:15")


@pytest.mark.parametrize(
    "ask",
    [
        lambda: deadline(NAIVE, ONE_DAY, CALENDAR),
        lambda: deadline(AWARE, ONE_DAY, CALENDAR, pauses=[(NAIVE, AWARE)]),
        lambda: explain(NAIVE, ONE_DAY, CALENDAR),
        lambda: elapsed(NAIVE, AWARE, CALENDAR, clock=Clock.NONE),
        lambda: elapsed(AWARE, NAIVE, CALENDAR, clock=Clock.WORKING_DAYS),
        lambda: warning_time(NAIVE, CALENDAR, hours(2)),
        lambda: CALENDAR.is_open(NAIVE),
        lambda: CALENDAR.next_opening(NAIVE),
        lambda: local_time(NAIVE),
    ],
)
def test_a_time_without_zone_is_refused(ask: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="time zone"):
        ask()


@pytest.mark.parametrize(
    ("ask", "complaint"),
    [
        (lambda: deadline(AWARE, -ONE_DAY, CALENDAR), "negative"),
        (lambda: deadline(AWARE, ONE_DAY, CALENDAR, clock=Clock.NONE), "no deadline"),
        (lambda: deadline(AWARE, ONE_DAY, CALENDAR, pauses=[(AWARE, AWARE - hours(1))]), "pause"),
        (lambda: elapsed(AWARE, AWARE, CALENDAR, clock=Clock.NONE, pauses=[(AWARE, AWARE - hours(1))]), "pause"),
        (lambda: warning_time(AWARE, CALENDAR, -hours(1)), "after the deadline"),
    ],
)
def test_what_makes_no_sense_is_refused(ask: Callable[[], object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ask()


@pytest.mark.parametrize(
    "ask",
    [
        lambda calendar: deadline(AWARE, ONE_DAY, calendar),
        lambda calendar: deadline(AWARE, ONE_DAY, calendar, reading=Reading.END_OF_DAY),
        lambda calendar: deadline(AWARE, minutes(5), calendar, clock=Clock.OFFICE_HOURS),
        lambda calendar: warning_time(AWARE, calendar, hours(2)),
        lambda calendar: calendar.next_opening(AWARE),
    ],
)
def test_a_calendar_without_working_days_is_an_error_and_not_an_endless_search(
    ask: Callable[[WorkingCalendar], object],
) -> None:
    with pytest.raises(NoWorkingDay):
        ask(WorkingCalendar(week={}))
    everything_off = {
        day: CalendarDay(day, DayKind.UNIVERSITY, "Tutup")
        for day in (date(2022, 1, 1) + timedelta(days=n) for n in range(9 * 366))
    }
    with pytest.raises(NoWorkingDay):
        ask(WorkingCalendar(days=everything_off))


def test_two_closed_years_are_long_but_not_an_error() -> None:
    closed = HoursPeriod("Tutup", date(2026, 11, 24), date(2028, 11, 24), {})
    assert deadline(AWARE, ONE_DAY, WorkingCalendar(periods=(closed,))) == wib("2028-11-27T10:15")


def test_a_standard_of_160_weeks_is_long_but_not_an_error() -> None:
    assert deadline(AWARE, 800 * ONE_DAY, WorkingCalendar()) == wib("2029-12-17T10:15")


# --- the explanation ------------------------------------------------------------------------------------
def told(explanation: Explanation) -> list[tuple[str, str, timedelta, Reason]]:
    return [
        (f"{line.starts_at:%d %H.%M}", f"{line.ends_at:%d %H.%M}", line.counted, line.reason)
        for line in explanation.lines
    ]


def test_christmas_is_explained_line_by_line() -> None:
    explanation = explain(wib("2026-12-23T14:00"), ONE_DAY, CALENDAR)
    assert explanation.due == wib("2026-12-28T14:00")
    assert told(explanation) == [
        ("23 14.00", "24 00.00", hours(10), Reason.COUNTED),
        ("24 00.00", "25 00.00", hours(0), Reason.COLLECTIVE),
        ("25 00.00", "26 00.00", hours(0), Reason.NATIONAL),
        ("26 00.00", "28 00.00", hours(0), Reason.WEEKEND),
        ("28 00.00", "28 14.00", hours(14), Reason.COUNTED),
    ]


def test_arrival_on_a_saturday_is_explained_from_saturday_on() -> None:
    assert told(explain(wib("2026-11-28T09:00"), ONE_DAY, CALENDAR)) == [
        ("28 09.00", "30 00.00", hours(0), Reason.WEEKEND),
        ("30 00.00", "30 07.30", hours(0), Reason.CLOSED),
        ("30 07.30", "01 07.30", hours(24), Reason.COUNTED),
    ]


def test_a_pause_and_the_night_after_it_are_explained_apart() -> None:
    assert told(explain(MONDAY_AT_TEN, ONE_DAY, CALENDAR, pauses=spans("23T11:00 23T20:00"))) == [
        ("23 10.00", "23 11.00", hours(1), Reason.COUNTED),
        ("23 11.00", "23 20.00", hours(0), Reason.PAUSED),
        ("23 20.00", "24 07.30", hours(0), Reason.CLOSED),
        ("24 07.30", "25 06.30", hours(23), Reason.COUNTED),
    ]


def test_office_minutes_are_explained_with_their_break() -> None:
    explanation = explain(wib("2026-11-23T11:57"), minutes(5), CALENDAR, clock=Clock.OFFICE_HOURS)
    assert told(explanation) == [
        ("23 11.57", "23 12.00", minutes(3), Reason.COUNTED),
        ("23 12.00", "23 13.00", hours(0), Reason.BREAK),
        ("23 13.00", "23 13.02", minutes(2), Reason.COUNTED),
    ]


def test_the_end_of_day_is_explained_in_days() -> None:
    explanation = explain(wib("2026-11-26T15:00"), hours(48), CALENDAR, reading=Reading.END_OF_DAY)
    assert told(explanation) == [
        ("26 15.00", "27 00.00", hours(0), Reason.ARRIVAL_DAY),
        ("27 00.00", "28 00.00", hours(24), Reason.WHOLE_DAY),
        ("28 00.00", "30 00.00", hours(0), Reason.WEEKEND),
        ("30 00.00", "30 16.00", hours(24), Reason.WHOLE_DAY),
    ]


def test_a_deadline_moved_past_a_weekend_is_explained_to_its_end() -> None:
    explanation = explain(wib("2026-11-27T15:50"), minutes(490), CALENDAR)
    assert told(explanation)[-1] == ("28 00.00", "30 00.00", hours(0), Reason.WEEKEND)
    assert all(earlier.ends_at == later.starts_at for earlier, later in pairwise(explanation.lines))


@pytest.mark.parametrize(
    ("start", "confirmed", "unconfirmed"),
    [
        ("2026-12-30T11:00", {2026}, ()),
        ("2026-12-31T15:00", {2026}, (2027,)),
        ("2026-12-31T15:00", {2026, 2027}, ()),
        ("2026-12-31T15:00", {2027}, (2026,)),
        ("2026-12-31T15:00", set(), (2026, 2027)),
    ],
)
def test_years_that_nobody_confirmed_are_named(start: str, confirmed: set[int], unconfirmed: tuple[int, ...]) -> None:
    calendar = replace(CALENDAR, confirmed_years=frozenset(confirmed))
    explanation = explain(wib(start), ONE_DAY, calendar)
    assert explanation.unconfirmed_years == unconfirmed
    assert remarks(explanation) == [
        f"Kalender {year} belum dikonfirmasi; batas waktu masih dapat berubah." for year in unconfirmed
    ]


LEBARAN = replace(
    CALENDAR,
    days={
        day.date: day
        for day in (
            CalendarDay(date(2027, 3, 8), DayKind.NATIONAL, "Hari Suci Nyepi", "SKB 3 Menteri 2026"),
            CalendarDay(date(2027, 3, 9), DayKind.COLLECTIVE, "Cuti Bersama Idul Fitri", "SKB 3 Menteri 2026"),
            CalendarDay(date(2027, 3, 10), DayKind.NATIONAL, "Idul Fitri", is_estimated=True),
            CalendarDay(date(2027, 3, 11), DayKind.REGIONAL, ""),
            CalendarDay(date(2027, 3, 13), DayKind.REPLACEMENT, "Pengganti 11 Maret", "SE Gubernur 1/2027"),
        )
    },
)


def test_the_explanation_reads_as_indonesian_sentences() -> None:
    assert sentences(explain(wib("2027-03-05T15:00"), hours(48), LEBARAN)) == [
        (
            "Waktu baku 48 jam hari kerja: hari libur tidak dihitung, jam istirahat tidak menunda, dan yang masuk "
            "di luar jam kerja mulai dihitung saat kantor buka."
        ),
        "Jumat, 5 Maret 2027 15.00–24.00 WIB: dihitung 9 jam.",
        "Sabtu, 6 Maret 2027 s.d. Minggu, 7 Maret 2027: akhir pekan, tidak dihitung.",
        "Senin, 8 Maret 2027: libur nasional (Hari Suci Nyepi), tidak dihitung. Dasar: SKB 3 Menteri 2026.",
        "Selasa, 9 Maret 2027: cuti bersama (Cuti Bersama Idul Fitri), tidak dihitung. Dasar: SKB 3 Menteri 2026.",
        "Rabu, 10 Maret 2027: libur nasional (Idul Fitri, perkiraan), tidak dihitung.",
        "Kamis, 11 Maret 2027: libur daerah, tidak dihitung.",
        "Jumat, 12 Maret 2027: dihitung 24 jam.",
        (
            "Sabtu, 13 Maret 2027 00.00–15.00 WIB: dihitung 15 jam. Hari kerja pengganti (Pengganti 11 Maret). "
            "Dasar: SE Gubernur 1/2027."
        ),
        "Jumlah yang dihitung: 48 jam.",
        "Kalender 2027 belum dikonfirmasi; batas waktu masih dapat berubah.",
    ]


def test_every_reason_has_its_sentence() -> None:
    night = sentences(explain(MONDAY_AT_TEN, ONE_DAY, CALENDAR, pauses=spans("23T11:00 23T20:00")))
    assert night[1:-1] == [
        "Senin, 23 November 2026 10.00–11.00 WIB: dihitung 1 jam.",
        "Senin, 23 November 2026 11.00–20.00 WIB: menunggu pemohon, tidak dihitung.",
        "Senin, 23 November 2026 20.00 s.d. Selasa, 24 November 2026 07.30 WIB: di luar jam kerja, tidak dihitung.",
        "Selasa, 24 November 2026 07.30 s.d. Rabu, 25 November 2026 06.30 WIB: dihitung 23 jam.",
    ]
    office = sentences(explain(wib("2026-11-23T11:57"), minutes(5), CALENDAR, clock=Clock.OFFICE_HOURS))
    assert office == [
        "Waktu baku 5 menit: hanya jam kantor yang dihitung, tanpa jam istirahat.",
        "Senin, 23 November 2026 11.57–12.00 WIB: dihitung 3 menit.",
        "Senin, 23 November 2026 12.00–13.00 WIB: jam istirahat, tidak dihitung.",
        "Senin, 23 November 2026 13.00–13.02 WIB: dihitung 2 menit.",
        "Jumlah yang dihitung: 5 menit.",
    ]
    end_of_day = sentences(explain(wib("2026-11-26T15:00"), ONE_DAY, CALENDAR, reading=Reading.END_OF_DAY))
    assert end_of_day == [
        "Waktu baku 1 hari kerja: dihitung mulai hari kerja sesudah hari masuk, berakhir saat kantor tutup.",
        "Kamis, 26 November 2026 15.00–24.00 WIB: hari masuk, belum dihitung.",
        "Jumat, 27 November 2026 00.00–16.30 WIB: dihitung 1 hari kerja.",
        "Jumlah yang dihitung: 1 hari kerja.",
    ]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule(), "Cara hitung: jam yang sama pada hari kerja berikutnya (bawaan)."),
        (
            Rule(Reading.END_OF_DAY, effective_from=datetime(2000, 1, 1, tzinfo=UTC)),
            "Cara hitung: akhir jam kerja pada hari kerja berikutnya (pengaturan awal).",
        ),
        (
            # 17.30 UTC on the 2nd is half past midnight on the 3rd here
            Rule(Reading.END_OF_DAY, chosen_by="Rina", effective_from=datetime(2026, 11, 2, 17, 30, tzinfo=UTC)),
            "Cara hitung: akhir jam kerja pada hari kerja berikutnya, dipilih Rina pada 3 November 2026.",
        ),
    ],
)
def test_the_reading_is_named_with_who_chose_it_and_since_when(rule: Rule, said: str) -> None:
    explanation = replace(explain(AWARE, ONE_DAY, CALENDAR, reading=rule.reading), rule=rule)
    assert sentences(explanation)[1] == said


def test_the_one_who_chose_may_have_a_percent_sign_in_their_name() -> None:
    assert "dipilih 100% Rina %(date)s pada" in reading_text(Rule(chosen_by="100% Rina %(date)s", effective_from=AWARE))


def test_reminders_are_told_in_the_order_in_which_they_come() -> None:
    assert reminder_texts(Rule(warn_ahead=minutes(90))) == [
        "Diingatkan ketika separuh jam kerja sampai batas waktu terpakai.",
        "Diingatkan 1 jam 30 menit kerja sebelum batas waktu.",
        "Seluruh tim diberi tahu 2 jam kerja sesudah batas waktu.",
        "Kepala diberi tahu 4 jam kerja sesudah batas waktu.",
    ]
    nothing = timedelta(0)
    assert reminder_texts(Rule(warns_at_half=False, warn_ahead=nothing, team_after=nothing, head_after=nothing)) == [
        "Seluruh tim diberi tahu begitu batas waktu terlewati.",
        "Kepala diberi tahu begitu batas waktu terlewati.",
    ]


@pytest.mark.parametrize("reading", Reading)
def test_whom_a_pause_waits_for_is_told_and_moves_nothing(reading: Reading) -> None:
    begins, ends = wib("2026-11-24T08:00"), wib("2026-11-24T15:00")
    told_apart = {
        Reason.PAUSED: "menunggu pemohon, tidak dihitung.",
        Reason.AWAITING_UNIT: "menunggu unit pemohon, tidak dihitung.",
        Reason.AWAITING_OWNER: "menunggu persetujuan unit pemilik data, tidak dihitung.",
    }
    plain = explain(MONDAY_AT_TEN, ONE_DAY, CALENDAR, reading=reading, pauses=[(begins, ends)])
    for reason, said in told_apart.items():
        explanation = explain(MONDAY_AT_TEN, ONE_DAY, CALENDAR, reading=reading, pauses=[(begins, ends, reason)])
        assert explanation.due == plain.due
        assert [line.reason for line in explanation.lines].count(reason) == 1
        assert sum(sentence.endswith(said) for sentence in sentences(explanation)) == 1


def test_where_two_waits_overlap_the_first_is_told() -> None:
    unit = (wib("2026-11-23T11:00"), wib("2026-11-23T14:00"), Reason.AWAITING_UNIT)
    owner = (wib("2026-11-23T13:00"), wib("2026-11-23T15:00"), Reason.AWAITING_OWNER)
    assert told(explain(MONDAY_AT_TEN, ONE_DAY, CALENDAR, pauses=[unit, owner]))[1:3] == [
        ("23 11.00", "23 14.00", hours(0), Reason.AWAITING_UNIT),
        ("23 14.00", "23 15.00", hours(0), Reason.AWAITING_OWNER),
    ]


def test_sentences_are_translated_and_dated_in_the_readers_language() -> None:
    english = {
        "%(when)s: dihitung %(duration)s.": "%(when)s: %(duration)s counted.",
        "%(first)s s.d. %(last)s": "%(first)s to %(last)s",
        "%(number)d jam": "%(number)d h",
    }
    said = sentences(
        explain(wib("2026-11-23T10:15"), ONE_DAY, CALENDAR), lambda text: english.get(text, text), language="en"
    )
    assert said[1] == "Monday, 23 November 2026, 10:15 to Tuesday, 24 November 2026, 10:15 WIB: 24 h counted."


def test_a_percent_sign_in_the_calendar_does_no_harm() -> None:
    calendar = with_day(CALENDAR, "2026-11-24", DayKind.UNIVERSITY, "100% libur %(when)s")
    said = sentences(explain(wib("2026-11-23T10:15"), ONE_DAY, calendar))
    assert said[2] == "Selasa, 24 November 2026: libur universitas (100% libur %(when)s), tidak dihitung."


# --- dates and lengths in words -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "indonesian", "english"),
    [
        ("2026-01-05T00:00", "Senin, 5 Januari 2026 00.00 WIB", "Monday, 5 January 2026, 00:00 WIB"),
        ("2026-02-03T07:05", "Selasa, 3 Februari 2026 07.05 WIB", "Tuesday, 3 February 2026, 07:05 WIB"),
        ("2026-03-04T23:59", "Rabu, 4 Maret 2026 23.59 WIB", "Wednesday, 4 March 2026, 23:59 WIB"),
        ("2026-04-30T12:00", "Kamis, 30 April 2026 12.00 WIB", "Thursday, 30 April 2026, 12:00 WIB"),
        ("2026-05-29T12:00", "Jumat, 29 Mei 2026 12.00 WIB", "Friday, 29 May 2026, 12:00 WIB"),
        ("2026-06-06T12:00", "Sabtu, 6 Juni 2026 12.00 WIB", "Saturday, 6 June 2026, 12:00 WIB"),
        ("2026-07-05T12:00", "Minggu, 5 Juli 2026 12.00 WIB", "Sunday, 5 July 2026, 12:00 WIB"),
        ("2026-08-03T12:00", "Senin, 3 Agustus 2026 12.00 WIB", "Monday, 3 August 2026, 12:00 WIB"),
        ("2026-09-01T12:00", "Selasa, 1 September 2026 12.00 WIB", "Tuesday, 1 September 2026, 12:00 WIB"),
        ("2026-10-07T12:00", "Rabu, 7 Oktober 2026 12.00 WIB", "Wednesday, 7 October 2026, 12:00 WIB"),
        ("2026-11-24T10:15:59", "Selasa, 24 November 2026 10.15 WIB", "Tuesday, 24 November 2026, 10:15 WIB"),
        ("2026-12-31T12:00", "Kamis, 31 Desember 2026 12.00 WIB", "Thursday, 31 December 2026, 12:00 WIB"),
    ],
)
def test_an_instant_is_written_the_local_way(at: str, indonesian: str, english: str) -> None:
    assert local_time(wib(at)) == indonesian
    assert local_time(wib(at), "en") == english
    assert local_time(wib(at).astimezone(UTC), "id") == indonesian


def test_variants_of_a_language_are_that_language() -> None:
    assert local_date(date(2026, 11, 24), "en-gb") == "Tuesday, 24 November 2026"
    assert local_date(date(2026, 11, 24), "id-id") == "Selasa, 24 November 2026"


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (hours(24), "24 jam"),
        (minutes(490), "8 jam 10 menit"),
        (minutes(5), "5 menit"),
        (timedelta(seconds=45), "45 detik"),
        (timedelta(minutes=59, seconds=30), "59 menit 30 detik"),
        (timedelta(0), "0 menit"),
    ],
)
def test_a_length_is_written_in_hours_and_minutes(length: timedelta, text: str) -> None:
    assert duration_text(length) == text
