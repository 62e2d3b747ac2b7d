"""The clock: working time, deadlines and their explanation. Pure: never asks what time it is.

"1 x 24 jam hari kerja" (SOP rows 3 and 6) is defined in no law that was found. The house reads it as the
same time on the next working day and offers the end of the next working day instead (`Reading`). "5 menit"
(rows 1, 2 and 5) are minutes of office time. See docs/sop.md and the decision records.

Every instant going in or out knows its time zone; what comes out is in WIB. Spans of time are half-open:
at 16.00 sharp the office is closed. One function, `explain`, works a deadline out; `deadline` is its result.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

WIB = ZoneInfo("Asia/Jakarta")
ONE_DAY = timedelta(days=1)
NOTHING = timedelta(0)
MONDAY = 0
LONGEST_CLOSURE = 3 * 366
"""Days in a row without work after which the calendar is taken to be wrong instead of searched further."""

Pause = tuple[datetime, datetime]
"""From the first instant that does not count until just before the second."""
PauseFor = tuple[datetime, datetime, "Reason"]
"""A pause, and who is waited for meanwhile: `Reason.AWAITING_UNIT` or `Reason.AWAITING_OWNER`."""
Pauses = Sequence[Pause | PauseFor]


class NoWorkingDay(ValueError):
    """The calendar has no working day for three years, so no deadline can be given."""


class NotWholeDays(ValueError):
    """The end-of-day reading was asked for a standard that is not one or more whole days."""


class Clock(StrEnum):
    """What counts: all 24 hours of a working day, the office's hours only, or nothing at all."""

    WORKING_DAYS = "working-days"
    OFFICE_HOURS = "office-hours"
    NONE = "none"


class Reading(StrEnum):
    """The two readings of "1 x 24 jam hari kerja". Office minutes have only one."""

    SAME_TIME = "same-time"
    END_OF_DAY = "end-of-day"


@dataclass(frozen=True)
class Rule:
    """How the standard of a row of the SOP is counted, and when people are told, for clocks that start from then on.

    `warn_ahead` is office time before the deadline (nothing: no such warning); `team_after` and `head_after` office
    time after it. `chosen_by` is a name, "" for the rule an installation begins with.
    """

    reading: Reading = Reading.SAME_TIME
    warns_at_half: bool = True
    warn_ahead: timedelta = timedelta(hours=2)
    team_after: timedelta = timedelta(hours=2)
    head_after: timedelta = timedelta(hours=4)
    chosen_by: str = ""
    effective_from: datetime | None = None


# --- the calendar ---------------------------------------------------------------
class DayKind(StrEnum):
    """Why a date differs from its weekday; all are days off, but the last is a working day."""

    NATIONAL = "national"
    COLLECTIVE = "collective"
    REGIONAL = "regional"
    UNIVERSITY = "university"
    REPLACEMENT = "replacement"


@dataclass(frozen=True)
class CalendarDay:
    """A date that differs from its weekday. `legal_basis` is the decree; estimated means moon not yet sighted."""

    date: date
    kind: DayKind
    name: str
    legal_basis: str = ""
    is_estimated: bool = False


@dataclass(frozen=True, order=True)
class OfficeSpan:
    """Open from `opens` until just before `closes`, WIB. ValueError when it would close before it opens."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        if self.closes <= self.opens:
            raise ValueError(f"an office span must close after it opens: {self.opens} to {self.closes}")


Week = Mapping[int, tuple[OfficeSpan, ...]]
"""Weekday (Monday is 0) to its office spans. A weekday that is missing or empty is part of the weekend."""


@dataclass(frozen=True)
class HoursPeriod:
    """Dates, both ends included, whose office hours are those of `week` alone, such as Ramadan."""

    name: str
    starts_on: date
    ends_on: date
    week: Week


_MORNING, _AFTERNOON = OfficeSpan(time(7, 30), time(12)), OfficeSpan(time(13), time(16))
_FRIDAY_AFTERNOON = OfficeSpan(time(13, 30), time(16, 30))
DEFAULT_WEEK: Week = {
    **dict.fromkeys(range(4), (_MORNING, _AFTERNOON)),
    4: (_MORNING, _FRIDAY_AFTERNOON),
}
"""37 h 30 min without breaks, from 07.30 (Perpres 21/2023)."""


@lru_cache(maxsize=256)
def _tidy(spans: tuple[OfficeSpan, ...]) -> tuple[OfficeSpan, ...]:
    """In order and merged where they touch, so that no minute is ever counted twice."""
    tidy: list[OfficeSpan] = []
    for span in sorted(spans):
        if tidy and span.opens <= tidy[-1].closes:
            tidy[-1] = OfficeSpan(tidy[-1].opens, max(tidy[-1].closes, span.closes))
        else:
            tidy.append(span)
    return tuple(tidy)


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days and hours are worked. Of periods that overlap, the one that began last is in force.

    `confirmed_years` are those whose `days` a person has checked; `explain` names the others it touched.
    """

    week: Week = field(default_factory=lambda: DEFAULT_WEEK)
    periods: tuple[HoursPeriod, ...] = ()
    days: Mapping[date, CalendarDay] = field(default_factory=dict)
    confirmed_years: frozenset[int] = frozenset()

    def spans_on(self, day: date) -> tuple[OfficeSpan, ...]:
        """The office hours of a local date, in order; none on a day off.

        A replacement working day has its weekday's hours, or Monday's where the weekday has none.
        """
        special = self.days.get(day)
        if special is not None and special.kind != DayKind.REPLACEMENT:
            return ()
        week = self._week_on(day)
        spans = week.get(day.weekday(), ())
        if special is not None and not spans:
            spans = week.get(MONDAY, ())
        return _tidy(tuple(spans))

    def is_working_day(self, day: date) -> bool:
        """Is the office open at any time of this local date?"""
        return bool(self.spans_on(day))

    def reason_off(self, day: date) -> CalendarDay | Literal["weekend"] | None:
        """Why nobody works on this local date; None when it is a working day."""
        if self.is_working_day(day):
            return None
        return self.days.get(day) or "weekend"

    def hours_on(self, day: date, *, through_lunch: bool = False) -> list[tuple[datetime, datetime]]:
        """`spans_on` as instants; with `through_lunch` one span from the first opening to the last closing."""
        spans = self.spans_on(day)
        if through_lunch and spans:
            spans = (OfficeSpan(spans[0].opens, spans[-1].closes),)
        return [(_at(day, span.opens), _at(day, span.closes)) for span in spans]

    def is_open(self, at: datetime, *, through_lunch: bool = False) -> bool:
        """Is the office open at this instant? With `through_lunch`, breaks between two spans are open too."""
        at = _in_wib(at)
        return any(opens <= at < closes for opens, closes in self.hours_on(at.date(), through_lunch=through_lunch))

    def next_opening(self, at: datetime, *, through_lunch: bool = False) -> datetime:
        """The first instant from `at` on when the office is open: `at` itself if it is open then.

        Raises NoWorkingDay.
        """
        at = _in_wib(at)
        return next(
            max(at, opens)
            for day in _days_from(at.date(), self)
            for opens, closes in self.hours_on(day, through_lunch=through_lunch)
            if at < closes
        )

    def working_seconds_between(self, start: datetime, end: datetime) -> float:
        """Seconds of office time from `start` to `end`, without breaks; 0 when `end` is not after `start`."""
        return elapsed(start, end, self, clock=Clock.OFFICE_HOURS).total_seconds()

    def days_off_between(self, start: datetime, end: datetime) -> int:
        """How many local dates after that of `start` and before that of `end` nobody works on."""
        first, last = _in_wib(start).date(), _in_wib(end).date()
        return sum(not self.is_working_day(first + n * ONE_DAY) for n in range(1, (last - first).days))

    def _week_on(self, day: date) -> Week:
        in_force = [period for period in self.periods if period.starts_on <= day <= period.ends_on]
        return max(in_force, key=lambda period: period.starts_on).week if in_force else self.week


# --- a deadline, line by line -----------------------------------------------------
class Reason(StrEnum):
    """Why a stretch of time counted or did not. The days off carry the values of `DayKind`."""

    COUNTED = "counted"
    WHOLE_DAY = "whole-day"
    WEEKEND = "weekend"
    NATIONAL = "national"
    COLLECTIVE = "collective"
    REGIONAL = "regional"
    UNIVERSITY = "university"
    CLOSED = "closed"
    BREAK = "break"
    PAUSED = "paused"
    AWAITING_UNIT = "awaiting-unit"
    AWAITING_OWNER = "awaiting-owner"
    ARRIVAL_DAY = "arrival-day"


@dataclass(frozen=True)
class Line:
    """A stretch from `starts_at` until just before `ends_at`, and how much of it counted.

    `name` and `legal_basis` are those of the calendar day. In the end-of-day reading a working day counts
    as 24 hours although it is over when the office closes; everywhere else `counted` is the stretch or nothing.
    """

    starts_at: datetime
    ends_at: datetime
    counted: timedelta
    reason: Reason
    name: str = ""
    legal_basis: str = ""
    is_estimated: bool = False


@dataclass(frozen=True)
class Explanation:
    """`lines` run without a gap from `start` to `due`; what they count adds up to `standard`.

    `rule` is the one that set the reading, where it came from a rule and not from whoever asked.
    """

    start: datetime
    standard: timedelta
    clock: Clock
    reading: Reading
    due: datetime
    lines: tuple[Line, ...]
    unconfirmed_years: tuple[int, ...]
    rule: Rule | None = None


def deadline(
    start: datetime,
    standard: timedelta,
    calendar: WorkingCalendar,
    *,
    clock: Clock = Clock.WORKING_DAYS,
    reading: Reading = Reading.SAME_TIME,
    pauses: Pauses = (),
) -> datetime:
    """By when something that came at `start` is due, in WIB. See `explain`, which takes and raises the same."""
    return explain(start, standard, calendar, clock=clock, reading=reading, pauses=pauses).due


def explain(
    start: datetime,
    standard: timedelta,
    calendar: WorkingCalendar,
    *,
    clock: Clock = Clock.WORKING_DAYS,
    reading: Reading = Reading.SAME_TIME,
    pauses: Pauses = (),
) -> Explanation:
    """By when something that came at `start` is due, and every stretch of time until then.

    The deadline is the first instant on a working day by which `standard` has been counted:

    - WORKING_DAYS, SAME_TIME: all 24 hours of working days count, from the first opening on. Lunch does not delay.
    - WORKING_DAYS, END_OF_DAY: `standard` is n whole days; due when the office closes on the n-th working day
      after the day of arrival. A day on which the clock paused during office hours is not one of them.
    - OFFICE_HOURS: only office hours count; `reading` does not matter.

    What falls in `pauses` does not count; a pause that ends outside office hours lasts until the next opening.
    The reason of a pause is only told, it moves nothing; where two overlap, that of the first given is told.
    Raises ValueError for a time without zone, a negative standard, a pause that ends before it begins or the
    clock NONE; NotWholeDays; NoWorkingDay.
    """
    start = _in_wib(start)
    if standard < NOTHING:
        raise ValueError(f"a standard cannot be negative: {standard}")
    if clock == Clock.NONE:
        raise ValueError("a step without a clock has no deadline")
    stops = _checked(pauses)
    if clock == Clock.WORKING_DAYS and reading == Reading.END_OF_DAY:
        lines = list(_whole_days(start, standard, calendar, stops))
    else:
        lines = list(_until_counted(standard, _stretches(start, calendar, clock, stops)))
    due = lines[-1].ends_at if lines else start
    for day in _days_from(due.date(), calendar):
        if calendar.is_working_day(day):
            break
        # The time was up at midnight before a day off: until work begins again nothing can be late.
        lines.append(_day_off(day, calendar))
        due = lines[-1].ends_at
    return Explanation(
        start=start,
        standard=standard,
        clock=clock,
        reading=reading,
        due=due,
        lines=tuple(_joined(lines)),
        unconfirmed_years=tuple(
            year for year in range(start.year, due.year + 1) if year not in calendar.confirmed_years
        ),
    )


def elapsed(
    start: datetime,
    end: datetime,
    calendar: WorkingCalendar,
    *,
    clock: Clock,
    pauses: Pauses = (),
) -> timedelta:
    """What the clock counted from `start` to `end` ("waktu nyata"); nothing when `end` is not after `start`.

    Counts as `explain` does in the same-time reading, so it is the standard exactly at the deadline. The clock
    NONE counts ordinary time without the pauses. Raises ValueError for a time without zone or a pause that ends
    before it begins; NoWorkingDay.
    """
    start, end = _in_wib(start), _in_wib(end)
    stops = _checked(pauses)
    if end <= start:
        return NOTHING
    if clock == Clock.NONE:
        whole = Line(start, end, end - start, Reason.COUNTED)
        return sum((piece.counted for piece in _cut(whole, stops)), NOTHING)
    total = NOTHING
    for line in _stretches(start, calendar, clock, stops):
        if line.starts_at >= end:
            break
        if line.counted:
            total += min(line.ends_at, end) - line.starts_at
    return total


def warning_time(due: datetime, calendar: WorkingCalendar, ahead: timedelta) -> datetime:
    """The last instant with `ahead` of office time left before `due`; in office hours unless `ahead` is zero.

    It may lie before the start of a short step. Raises ValueError for a time without zone or a negative
    `ahead`; NoWorkingDay.
    """
    due = _in_wib(due)
    if ahead < NOTHING:
        raise ValueError(f"a warning cannot come after the deadline: {ahead}")
    if not ahead:
        return due
    backwards = (
        (opens, min(closes, due))
        for day in _days_from(due.date(), calendar, step=-ONE_DAY)
        for opens, closes in reversed(calendar.hours_on(day))
        if opens < due
    )
    while True:
        opens, closes = next(backwards)
        if closes - opens >= ahead:
            return closes - ahead
        ahead -= closes - opens


# --- how it is worked out ---------------------------------------------------------
def _stretches(start: datetime, calendar: WorkingCalendar, clock: Clock, pauses: Sequence[Line]) -> Iterator[Line]:
    """All time from `start` on, in order, without gaps and without end, each stretch counted whole or not at all."""
    stops = list(pauses)
    if clock == Clock.WORKING_DAYS:
        # Work that arrives, or comes back from a pause, waits for someone to be there.
        stops += [
            Line(arrival, calendar.next_opening(arrival, through_lunch=True), NOTHING, Reason.CLOSED)
            for arrival in (start, *(pause.ends_at for pause in pauses))
        ]
    for day in _days_from(start.date(), calendar):
        for line in _pieces_of(day, calendar, clock):
            if line.ends_at > start:
                yield from _cut(replace(line, starts_at=max(line.starts_at, start)), stops)


def _pieces_of(day: date, calendar: WorkingCalendar, clock: Clock) -> Iterator[Line]:
    """One local date from midnight to midnight, as if no one had arrived and nothing had paused."""
    midnight, next_midnight = _at(day), _at(day + ONE_DAY)
    if not calendar.is_working_day(day):
        yield _day_off(day, calendar)
        return
    name = _name_of(day, calendar)
    if clock == Clock.WORKING_DAYS:
        yield Line(midnight, next_midnight, ONE_DAY, Reason.COUNTED, *name)
        return
    so_far, reason = midnight, Reason.CLOSED
    for opens, closes in calendar.hours_on(day):
        if so_far < opens:
            yield Line(so_far, opens, NOTHING, reason)
        yield Line(opens, closes, closes - opens, Reason.COUNTED, *name)
        so_far, reason = closes, Reason.BREAK
    yield Line(so_far, next_midnight, NOTHING, Reason.CLOSED)


def _whole_days(
    start: datetime, standard: timedelta, calendar: WorkingCalendar, pauses: Sequence[Line]
) -> Iterator[Line]:
    """The end-of-day reading, from `start` to the close of office on the n-th working day after its date."""
    days_left, rest = divmod(standard, ONE_DAY)
    if rest or days_left < 1:
        raise NotWholeDays(f"the end-of-day reading needs one or more whole days, not {standard}")
    for day in _days_from(start.date(), calendar):
        midnight, next_midnight = max(_at(day), start), _at(day + ONE_DAY)
        if not calendar.is_working_day(day):
            yield replace(_day_off(day, calendar), starts_at=midnight)
            continue
        if day == start.date():
            yield Line(midnight, next_midnight, NOTHING, Reason.ARRIVAL_DAY)
            continue
        ((opens, closes),) = calendar.hours_on(day, through_lunch=True)
        paused = next((pause for pause in pauses if pause.starts_at < closes and opens < pause.ends_at), None)
        if paused:
            yield Line(midnight, next_midnight, NOTHING, paused.reason)
            continue
        days_left -= 1
        ends_at = next_midnight if days_left else closes
        yield Line(midnight, ends_at, ONE_DAY, Reason.WHOLE_DAY, *_name_of(day, calendar))
        if not days_left:
            return


def _until_counted(standard: timedelta, stretches: Iterable[Line]) -> Iterator[Line]:
    """The stretches up to the instant at which `standard` has been counted."""
    for line in stretches:
        if line.counted and line.counted >= standard:
            if standard:
                yield replace(line, ends_at=line.starts_at + standard, counted=standard)
            return
        yield line
        standard -= line.counted


def _cut(line: Line, stops: Iterable[Line]) -> Iterator[Line]:
    """`line`, with the parts that lie in a stop not counted but given the reason of the first such stop."""
    if not line.counted:
        yield line
        return
    edges = {line.starts_at, line.ends_at}
    for stop in stops:
        edges |= {edge for edge in (stop.starts_at, stop.ends_at) if line.starts_at < edge < line.ends_at}
    for starts_at, ends_at in pairwise(sorted(edges)):
        stopped_by = next((stop for stop in stops if stop.starts_at <= starts_at < stop.ends_at), None)
        if stopped_by:
            yield Line(starts_at, ends_at, NOTHING, stopped_by.reason)
        else:
            yield replace(line, starts_at=starts_at, ends_at=ends_at, counted=ends_at - starts_at)


def _joined(lines: Iterable[Line]) -> list[Line]:
    """Neighbours of the same kind as one line: a weekend is one stretch to a reader, not two."""
    joined: list[Line] = []
    for line in lines:
        last = joined[-1] if joined else None
        if last and replace(line, starts_at=last.starts_at, ends_at=last.ends_at, counted=last.counted) == last:
            joined[-1] = replace(last, ends_at=line.ends_at, counted=last.counted + line.counted)
        else:
            joined.append(line)
    return joined


def _day_off(day: date, calendar: WorkingCalendar) -> Line:
    midnight, next_midnight = _at(day), _at(day + ONE_DAY)
    off = calendar.days.get(day)
    if off is None or off.kind == DayKind.REPLACEMENT:
        return Line(midnight, next_midnight, NOTHING, Reason.WEEKEND)
    return Line(midnight, next_midnight, NOTHING, Reason(off.kind), *_name_of(day, calendar))


def _name_of(day: date, calendar: WorkingCalendar) -> tuple[str, str, bool]:
    special = calendar.days.get(day)
    return (special.name, special.legal_basis, special.is_estimated) if special else ("", "", False)


def _days_from(day: date, calendar: WorkingCalendar, step: timedelta = ONE_DAY) -> Iterator[date]:
    """`day` and its successors, without end; NoWorkingDay once three years in a row have no working day."""
    days_off = 0
    while days_off < LONGEST_CLOSURE:
        days_off = 0 if calendar.is_working_day(day) else days_off + 1
        yield day
        day += step
    raise NoWorkingDay(f"{LONGEST_CLOSURE} days without a working day next to {day}")


def _checked(pauses: Pauses) -> list[Line]:
    """Each pause that is not empty as a stretch that does not count."""
    checked = [
        Line(_in_wib(begins), _in_wib(ends), NOTHING, reason[0] if reason else Reason.PAUSED)
        for begins, ends, *reason in pauses
    ]
    for pause in checked:
        if pause.ends_at < pause.starts_at:
            raise ValueError(f"a pause cannot end before it begins: {pause.starts_at} to {pause.ends_at}")
    return [pause for pause in checked if pause.starts_at < pause.ends_at]


def _in_wib(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"a time without a time zone cannot be placed: {at.isoformat()}")
    return at.astimezone(WIB)


def _at(day: date, at: time = time.min) -> datetime:
    return datetime.combine(day, at, WIB)
