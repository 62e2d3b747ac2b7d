"""When things happen at a university: hours of the office, days of the semester, and how long people take."""

from bisect import bisect_right
from datetime import datetime, time, timedelta
from random import Random

from requests_app import sla

_OF_THE_YEAR = (0.6, 1.7, 1.3, 1.0, 0.9, 0.7, 0.6, 1.6, 1.8, 1.2, 1.0, 0.6)
"""How much each month brings: semesters begin in August and September, and in February."""
_OF_THE_WEEK = (1.3, 1.2, 1.05, 1.0, 0.7, 0.1, 0.05)
_ON_A_HOLIDAY = 0.05
_OF_THE_DAY = {
    5: 1, 6: 1, 7: 20, 8: 100, 9: 160, 10: 150, 11: 110, 12: 30,
    13: 60, 14: 140, 15: 110, 16: 50, 17: 20, 18: 6, 19: 10, 20: 16, 21: 10, 22: 4, 23: 1,
}  # fmt: skip
_FIRST_HOUR_OF_ORDINARY_PEOPLE, _LAST_HOUR = time(7, 10), time(21, 30)


class OfficeTime:
    """The office hours of a span of time, laid end to end, so that adding to them takes no counting."""

    def __init__(self, calendar: sla.WorkingCalendar, start: datetime, end: datetime) -> None:
        """From the local date of `start` through 60 days after that of `end`."""
        self.calendar = calendar
        self.opens: list[float] = []
        self.begins: list[float] = []
        """Office seconds before each opening."""
        day, passed = start.astimezone(sla.WIB).date(), 0.0
        while day <= end.astimezone(sla.WIB).date() + timedelta(days=60):
            for opens, closes in calendar.hours_on(day):
                self.opens.append(opens.timestamp())
                self.begins.append(passed)
                passed += (closes - opens).total_seconds()
            day += timedelta(days=1)
        self.length = passed

    def after(self, at: datetime, minutes: float) -> datetime:
        """The instant so many minutes of office time after `at`; in office hours, but for the end of what is known."""
        index = max(bisect_right(self.opens, at.timestamp()) - 1, 0)
        until_close = (self.begins[index + 1] if index + 1 < len(self.begins) else self.length) - self.begins[index]
        into = min(max(at.timestamp() - self.opens[index], 0.0), until_close)
        wanted = self.begins[index] + into + max(minutes * 60, 1)
        index = bisect_right(self.begins, wanted) - 1
        moment = self.opens[index] + wanted - self.begins[index]
        return datetime.fromtimestamp(int(moment), sla.WIB)


def around(rng: Random, median: float, spread: float) -> float:
    """How long people take: mostly near the median, sometimes much longer (log-normal)."""
    return median * rng.lognormvariate(0, spread)


def by_day(at: datetime, hours: float) -> datetime:
    """So many hours later, when people who need no office are awake."""
    moment = (at + timedelta(hours=hours)).astimezone(sla.WIB).replace(microsecond=0)
    if moment.time() > _LAST_HOUR:
        moment = datetime.combine(moment.date() + timedelta(days=1), _FIRST_HOUR_OF_ORDINARY_PEOPLE, tzinfo=sla.WIB)
    elif moment.time() < _FIRST_HOUR_OF_ORDINARY_PEOPLE:
        moment = datetime.combine(moment.date(), _FIRST_HOUR_OF_ORDINARY_PEOPLE, tzinfo=sla.WIB)
    return moment


def arrivals(
    rng: Random, count: int, calendar: sla.WorkingCalendar, start: datetime, until: datetime
) -> list[datetime]:
    """When letters are begun, in order: `count` instants after `start` and before `until`, as a year goes.

    Raises ValueError unless `until` is later.
    """
    if until <= start:
        raise ValueError("a history ends after it begins")
    first, last = start.astimezone(sla.WIB).date(), until.astimezone(sla.WIB).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    weights = [
        _OF_THE_YEAR[day.month - 1] * (_OF_THE_WEEK[day.weekday()] if calendar.is_working_day(day) else _ON_A_HOLIDAY)
        for day in days
    ]
    hours = list(_OF_THE_DAY)
    found: list[datetime] = []
    while len(found) < count:
        day = rng.choices(days, weights)[0]
        hour = rng.choices(hours, list(_OF_THE_DAY.values()))[0]
        moment = datetime.combine(day, time(hour, rng.randrange(60), rng.randrange(60)), tzinfo=sla.WIB)
        if start < moment < until:
            found.append(moment)
    return sorted(found)
