"""What is true of every calendar, every start and every pause, and agreement with a clock that just counts minutes."""

import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from requests_app.sla import (
    DEFAULT_WEEK,
    WIB,
    CalendarDay,
    Clock,
    DayKind,
    HoursPeriod,
    OfficeSpan,
    Pause,
    PauseFor,
    Reading,
    Reason,
    Week,
    WorkingCalendar,
    deadline,
    elapsed,
    explain,
    warning_time,
)
from tests.requests_app.naive_clock import NaiveClock

FIRST_DAY = date(2026, 11, 20)
DAYS_OFF = [kind for kind in DayKind if kind is not DayKind.REPLACEMENT]
SHORT_WEEK: Week = {
    **dict.fromkeys(range(4), (OfficeSpan(time(8), time(12)), OfficeSpan(time(12, 30), time(15)))),
    4: (OfficeSpan(time(8), time(12)), OfficeSpan(time(13), time(15, 30))),
}
SIX_DAY_WEEK: Week = {**dict.fromkeys(range(5), (OfficeSpan(time(8), time(15)),)), 5: (OfficeSpan(time(8), time(12)),)}

often = settings(max_examples=120)


@st.composite
def calendars(draw: st.DrawFn) -> WorkingCalendar:
    special = draw(st.dictionaries(st.integers(-3, 40), st.sampled_from(list(DayKind)), max_size=12))
    days = {
        day: CalendarDay(day, kind, f"Hari {number}")
        for number, kind in special.items()
        for day in [FIRST_DAY + timedelta(days=number)]
    }
    begins = FIRST_DAY + timedelta(days=draw(st.integers(-5, 30)))
    period = HoursPeriod("Ramadan", begins, begins + timedelta(days=draw(st.integers(0, 30))), SHORT_WEEK)
    periods = (period,) if draw(st.booleans()) else ()
    return WorkingCalendar(draw(st.sampled_from([DEFAULT_WEEK, SIX_DAY_WEEK])), periods, days)


def instant(seconds: float) -> datetime:
    return datetime.combine(FIRST_DAY, time(), WIB) + timedelta(seconds=seconds)


DAY = 24 * 3600
instants = st.integers(0, 20 * DAY).map(instant)
standards = st.one_of(
    st.sampled_from([timedelta(hours=24), timedelta(hours=48), timedelta(minutes=5), timedelta(0)]),
    st.integers(0, 5 * DAY).map(lambda seconds: timedelta(seconds=seconds)),
)
pauses = st.lists(
    st.tuples(st.integers(-2 * DAY, 20 * DAY), st.integers(0, 4 * DAY)).map(
        lambda span: (instant(span[0]), instant(sum(span)))
    ),
    max_size=3,
)
waits = st.lists(
    st.tuples(
        st.integers(-2 * DAY, 20 * DAY),
        st.integers(0, 4 * DAY),
        st.sampled_from([Reason.AWAITING_UNIT, Reason.AWAITING_OWNER]),
    ).map(lambda span: (instant(span[0]), instant(span[0] + span[1]), span[2])),
    min_size=2,
    max_size=6,
)
whole_days = st.integers(1, 5).map(lambda days: timedelta(days=days))
ways = st.one_of(
    st.tuples(standards, st.just(Clock.WORKING_DAYS), st.just(Reading.SAME_TIME)),
    st.tuples(standards, st.just(Clock.OFFICE_HOURS), st.sampled_from(Reading)),
    st.tuples(whole_days, st.just(Clock.WORKING_DAYS), st.just(Reading.END_OF_DAY)),
)
Way = tuple[timedelta, Clock, Reading]


@often
@given(calendars(), instants, ways, pauses)
def test_a_deadline_falls_on_a_working_day_and_not_before_the_start(
    calendar: WorkingCalendar, start: datetime, way: Way, pauses: list[Pause]
) -> None:
    standard, clock, reading = way
    due = deadline(start, standard, calendar, clock=clock, reading=reading, pauses=pauses)
    assert calendar.is_working_day(due.date())
    assert due >= start + standard if reading is Reading.SAME_TIME else due > start
    assert due.utcoffset() == timedelta(hours=7)


@often
@given(calendars(), instants, instants, ways, pauses)
def test_what_comes_later_is_not_due_earlier(
    calendar: WorkingCalendar, one: datetime, other: datetime, way: Way, pauses: list[Pause]
) -> None:
    standard, clock, reading = way
    earlier, later = sorted([one, other])
    due = [
        deadline(start, standard, calendar, clock=clock, reading=reading, pauses=pauses) for start in (earlier, later)
    ]
    assert due[0] <= due[1]


@often
@given(calendars(), instants, ways, st.integers(0, 3), pauses)
def test_a_longer_standard_is_not_due_earlier(
    calendar: WorkingCalendar, start: datetime, way: Way, more_days: int, pauses: list[Pause]
) -> None:
    standard, clock, reading = way
    longer = standard + timedelta(days=more_days)
    due = [
        deadline(start, length, calendar, clock=clock, reading=reading, pauses=pauses) for length in (standard, longer)
    ]
    assert due[0] <= due[1]


@often
@given(calendars(), instants, ways, pauses, st.integers(-2, 25), st.sampled_from(DAYS_OFF))
def test_one_more_day_off_never_makes_anything_due_earlier(
    calendar: WorkingCalendar, start: datetime, way: Way, pauses: list[Pause], number: int, kind: DayKind
) -> None:
    standard, clock, reading = way
    day = FIRST_DAY + timedelta(days=number)
    with_holiday = replace(calendar, days={**calendar.days, day: CalendarDay(day, kind, "Libur")})
    before, after = (
        deadline(start, standard, each, clock=clock, reading=reading, pauses=pauses)
        for each in (calendar, with_holiday)
    )
    assert before <= after


@often
@given(calendars(), instants, ways, pauses, pauses)
def test_one_more_pause_never_makes_anything_due_earlier(
    calendar: WorkingCalendar, start: datetime, way: Way, pauses: list[Pause], more: list[Pause]
) -> None:
    standard, clock, reading = way
    before, after = (
        deadline(start, standard, calendar, clock=clock, reading=reading, pauses=each)
        for each in (pauses, pauses + more)
    )
    assert before <= after


@often
@given(calendars(), instants, ways, pauses)
def test_the_explanation_has_no_gap_and_adds_up_to_the_standard(
    calendar: WorkingCalendar, start: datetime, way: Way, pauses: list[Pause]
) -> None:
    standard, clock, reading = way
    explanation = explain(start, standard, calendar, clock=clock, reading=reading, pauses=pauses)
    lines = explanation.lines
    assert sum((line.counted for line in lines), timedelta()) == standard
    assert all(line.starts_at < line.ends_at for line in lines)
    assert all(earlier.ends_at == later.starts_at for earlier, later in pairwise(lines))
    ends = (lines[0].starts_at, lines[-1].ends_at) if lines else (explanation.due, explanation.due)
    assert ends == (explanation.start, explanation.due)
    assert explanation.start == start


@often
@given(calendars(), instants, standards, st.sampled_from([Clock.WORKING_DAYS, Clock.OFFICE_HOURS]), pauses)
def test_by_the_deadline_exactly_the_standard_has_been_counted(
    calendar: WorkingCalendar, start: datetime, standard: timedelta, clock: Clock, pauses: list[Pause]
) -> None:
    due = deadline(start, standard, calendar, clock=clock, pauses=pauses)
    assert elapsed(start, due, calendar, clock=clock, pauses=pauses) == standard


@often
@given(calendars(), instants, standards, standards)
def test_two_standards_after_each_other_are_one(
    calendar: WorkingCalendar, start: datetime, one: timedelta, other: timedelta
) -> None:
    first_due = deadline(start, one, calendar)
    assume(calendar.is_open(first_due, through_lunch=True))  # else the second begins at the next opening
    assert deadline(first_due, other, calendar) == deadline(start, one + other, calendar)


@often
@given(calendars(), instants, standards, standards)
def test_two_lengths_of_office_time_after_each_other_are_one(
    calendar: WorkingCalendar, start: datetime, one: timedelta, other: timedelta
) -> None:
    assume(other)
    office = Clock.OFFICE_HOURS
    first_due = deadline(start, one, calendar, clock=office)
    assert deadline(first_due, other, calendar, clock=office) == deadline(start, one + other, calendar, clock=office)


@often
@given(calendars(), instants, st.integers(1, 4), st.integers(1, 4))
def test_two_counts_of_whole_days_after_each_other_are_one(
    calendar: WorkingCalendar, start: datetime, one: int, other: int
) -> None:
    def closing(at: datetime, days: int) -> datetime:
        return deadline(at, timedelta(days=days), calendar, reading=Reading.END_OF_DAY)

    assert closing(closing(start, one), other) == closing(start, one + other)


@often
@given(calendars(), instants, instants, instants, st.sampled_from([Clock.OFFICE_HOURS, Clock.NONE]), pauses)
def test_the_time_taken_is_that_of_its_parts(
    calendar: WorkingCalendar, one: datetime, two: datetime, three: datetime, clock: Clock, pauses: list[Pause]
) -> None:
    first, middle, last = sorted([one, two, three])

    def taken(begin: datetime, end: datetime) -> timedelta:
        return elapsed(begin, end, calendar, clock=clock, pauses=pauses)

    assert taken(first, middle) + taken(middle, last) == taken(first, last)


@often
@given(calendars(), instants, ways, waits)
def test_who_is_waited_for_is_told_where_it_counts_and_moves_no_deadline(
    calendar: WorkingCalendar, start: datetime, way: Way, waits: list[PauseFor]
) -> None:
    standard, clock, reading = way
    told = explain(start, standard, calendar, clock=clock, reading=reading, pauses=waits)
    plain = explain(start, standard, calendar, clock=clock, reading=reading, pauses=[wait[:2] for wait in waits])
    assert told.due == plain.due
    assert sum((line.counted for line in told.lines), timedelta()) == standard
    assert Reason.PAUSED not in {line.reason for line in told.lines}
    for line in told.lines:
        if line.reason in (Reason.AWAITING_UNIT, Reason.AWAITING_OWNER):
            own = [(begins, ends) for begins, ends, reason in waits if reason is line.reason]
            assert any(begins < line.ends_at and line.starts_at < ends for begins, ends in own)


@often
@given(calendars(), instants, ways, pauses, st.integers(-2, 25))
def test_a_day_off_that_is_worked_after_all_never_makes_anything_due_later(
    calendar: WorkingCalendar, start: datetime, way: Way, pauses: list[Pause], number: int
) -> None:
    standard, clock, reading = way
    day = FIRST_DAY + timedelta(days=number)
    assume(not calendar.is_working_day(day))
    worked = CalendarDay(day, DayKind.REPLACEMENT, "Pengganti")
    with_replacement = replace(calendar, days={**calendar.days, day: worked})
    before, after = (
        deadline(start, standard, each, clock=clock, reading=reading, pauses=pauses)
        for each in (calendar, with_replacement)
    )
    assert after <= before


@often
@given(calendars(), instants, st.integers(1, 40 * 3600))
def test_a_warning_is_given_in_office_hours_and_leaves_the_time_it_promises(
    calendar: WorkingCalendar, due: datetime, seconds: int
) -> None:
    warned = warning_time(due, calendar, timedelta(seconds=seconds))
    assert calendar.is_open(warned)
    assert calendar.working_seconds_between(warned, due) == seconds


# --- agreement with the clock that counts minutes ----------------------------------------
def random_calendar(dice: random.Random) -> WorkingCalendar:
    days = {}
    for _ in range(dice.randint(0, 12)):
        day = FIRST_DAY + timedelta(days=dice.randint(0, 45))
        days[day] = CalendarDay(day, dice.choice(list(DayKind)), "Hari khusus")
    begins = FIRST_DAY + timedelta(days=dice.randint(0, 30))
    period = HoursPeriod("Ramadan", begins, begins + timedelta(days=dice.randint(0, 30)), SHORT_WEEK)
    week = dice.choice([DEFAULT_WEEK, SIX_DAY_WEEK])
    return WorkingCalendar(week, dice.choice([(), (period,)]), days)


def random_pauses(dice: random.Random, start: int) -> list[tuple[int, int]]:
    begins = [start + dice.randint(-600, 4 * 1440) for _ in range(dice.choice([0, 0, 1, 2]))]
    return [(begin, begin + dice.randint(0, 2000)) for begin in begins if begin >= 0]


@pytest.mark.parametrize("seed", range(16))
def test_agrees_with_a_clock_that_counts_minutes(seed: int) -> None:
    dice = random.Random(seed)
    calendar = random_calendar(dice)
    naive = NaiveClock(calendar, FIRST_DAY, 70)
    for _ in range(210):  # 16 seeds, 210 starts, three clocks: 10 080 cases
        start = dice.randint(0, 20 * 1440)
        spans = random_pauses(dice, start)
        paused = {minute for begins, ends in spans for minute in range(begins, ends)}
        pauses = [(naive.instant(begins), naive.instant(ends)) for begins, ends in spans]
        at, case = naive.instant(start), (seed, start, spans)

        standard = dice.choice([0, 5, 1440, 1440, 2880, dice.randint(0, 4 * 1440)])
        due = deadline(at, timedelta(minutes=standard), calendar, pauses=pauses)
        assert naive.minute(due) == naive.working_days(start, standard, paused), case

        standard = dice.choice([5, 5, 450, dice.randint(1, 1500)])
        due = deadline(at, timedelta(minutes=standard), calendar, clock=Clock.OFFICE_HOURS, pauses=pauses)
        assert naive.minute(due) == naive.office_hours(start, standard, paused), case

        days = dice.randint(1, 3)
        due = deadline(at, timedelta(days=days), calendar, reading=Reading.END_OF_DAY, pauses=pauses)
        assert naive.minute(due) == naive.end_of_day(start, days, paused), case
