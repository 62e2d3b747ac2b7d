"""The working clock again, minute by minute and from the rules alone: slow, plain, sharing no code with the real one.

It walks one minute at a time through a window of days and asks of every minute: is it worked, is it paused, is
somebody there to begin? All times are minutes since the window began, at midnight.
"""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from requests_app.sla import WIB, DayKind, OfficeSpan, WorkingCalendar

MINUTES_OF_A_DAY = 24 * 60


class NaiveClock:
    """The days from `first` on, `number` of them, each minute of them written out."""

    def __init__(self, calendar: WorkingCalendar, first: date, number: int) -> None:
        self.first = first
        self.works: list[bool] = []  # is this minute part of a working day?
        self.office: list[bool] = []  # is it office time?
        self.there: list[bool] = []  # is it between the first opening and the last closing of its day?
        for day in (first + timedelta(days=n) for n in range(number)):
            spans = hours_of(calendar, day)
            first_opening = min((span.opens for span in spans), default=time.max)
            last_closing = max((span.closes for span in spans), default=time.min)
            for minute in range(MINUTES_OF_A_DAY):
                now = time(minute // 60, minute % 60)
                self.works.append(bool(spans))
                self.office.append(any(span.opens <= now < span.closes for span in spans))
                self.there.append(first_opening <= now < last_closing)

    def minute(self, at: datetime) -> int:
        return int((at - self.instant(0)).total_seconds()) // 60

    def instant(self, minute: int) -> datetime:
        return datetime.combine(self.first, time(), WIB) + timedelta(minutes=minute)

    def working_days(self, start: int, standard: int, paused: Collection[int]) -> int:
        """Due minute: all minutes of working days count, once somebody was there to begin."""
        counted, waiting = 0, True
        for minute in range(start, len(self.works)):
            if counted == standard and standard and self.works[minute]:
                return minute
            if minute in paused:
                waiting = True
            elif self.there[minute]:
                waiting = False
            if self.works[minute] and minute not in paused and not waiting:
                if not standard:
                    return minute
                if counted < standard:
                    counted += 1
        raise AssertionError("the window is too short")

    def office_hours(self, start: int, standard: int, paused: Collection[int]) -> int:
        """Due minute: only office minutes count."""
        counted = 0
        for minute in range(start, len(self.office)):
            if self.office[minute] and minute not in paused:
                counted += 1
                if counted == standard:
                    return minute + 1
        raise AssertionError("the window is too short")

    def end_of_day(self, start: int, days: int, paused: Collection[int]) -> int:
        """Due minute: the last closing of the n-th later day on which somebody worked, and nobody paused."""
        midnight = start - start % MINUTES_OF_A_DAY + MINUTES_OF_A_DAY
        while True:
            of_the_day = [minute for minute in range(midnight, midnight + MINUTES_OF_A_DAY) if self.there[minute]]
            if of_the_day and not any(minute in paused for minute in of_the_day):
                days -= 1
            if not days:
                return of_the_day[-1] + 1
            midnight += MINUTES_OF_A_DAY


def hours_of(calendar: WorkingCalendar, day: date) -> list[OfficeSpan]:
    """The office hours of a date, read from the calendar's facts and not from its answers."""
    week = calendar.week
    began = date.min
    for period in calendar.periods:
        if period.starts_on <= day <= period.ends_on and period.starts_on >= began:
            week, began = period.week, period.starts_on
    special = calendar.days.get(day)
    if special is None:
        return list(week.get(day.weekday(), ()))
    if special.kind is DayKind.REPLACEMENT:
        return list(week.get(day.weekday()) or week.get(0, ()))
    return []
