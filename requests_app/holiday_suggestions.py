"""What the `holidays` package knows of a year: suggestions for the working calendar, never the calendar itself.

An administrator accepts or corrects them, because the package cannot know everything: days off of the region or
the university, replacement working days, and decrees signed after its release.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from holidays import country_holidays
from holidays.constants import GOVERNMENT, PUBLIC

from requests_app.sla import CalendarDay, DayKind

ESTIMATED = " (perkiraan)"
"""What the package adds to the name of an Islamic holiday whose date has not been announced yet."""


def suggestions(year: int) -> list[CalendarDay]:
    """The national holidays and days of collective leave of a calendar year, by date, named in Indonesian.

    A date that is both is a national holiday. `legal_basis` is empty: the package names no decree. A year it
    does not know gives none; from two years ahead collective leave is usually not decided and so is missing.
    """
    # Asked for one by one: asked together, the package would not say which is which.
    found = {
        day: CalendarDay(day, kind, name.replace(ESTIMATED, ""), is_estimated=ESTIMATED in name)
        for kind, category in ((DayKind.COLLECTIVE, GOVERNMENT), (DayKind.NATIONAL, PUBLIC))
        for day, name in country_holidays("ID", years=year, categories=(category,), language="id").items()
    }
    return [found[day] for day in sorted(found)]


# --- beside the calendar as it stands --------------------------------------------------------
class Difference(StrEnum):
    """How a suggestion and the calendar stand to each other."""

    ADDED = "added"
    MOVED = "moved"
    CHANGED = "changed"
    REMOVED = "removed"
    MANUAL = "manual"
    UNCHANGED = "unchanged"


ACCEPTABLE = (Difference.ADDED, Difference.MOVED, Difference.CHANGED, Difference.REMOVED)
"""What a person can take over; a row of their own wins, and what is the same needs nothing."""


@dataclass(frozen=True)
class Line:
    """One difference: the row as it stands and as it is suggested, of which one may be missing."""

    difference: Difference
    before: CalendarDay | None
    after: CalendarDay | None

    @property
    def day(self) -> CalendarDay:
        """What the line is about: the suggestion, else the row."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a line is about something")
        return found

    @property
    def key(self) -> str:
        """Names the line as long as neither side of it changes its date: `moved:2027-03-10:2027-03-11`."""
        days = [day.date.isoformat() for day in (self.before, self.after) if day]
        return ":".join((self.difference, *dict.fromkeys(days)))


def differences(
    taken: Sequence[CalendarDay], manual: Iterable[CalendarDay], suggested: Sequence[CalendarDay]
) -> list[Line]:
    """The rows of a year beside what is suggested for it now, by date.

    `taken` are the rows taken over from earlier suggestions, `manual` those that a person wrote or corrected: nothing
    is suggested for the date of such a row. What is gone and what is new under the same name has moved. The
    `legal_basis` of a row is the person's own and is no difference. A year without any suggestion is one that the
    package does not know: nothing is removed then.
    """
    by_hand = {day.date: day for day in manual}
    new = {day.date: day for day in suggested if day.date not in by_hand}
    old = {day.date: day for day in taken}
    known = {day.date: day for day in suggested}
    lines = [Line(Difference.MANUAL, row, known.get(row.date)) for row in by_hand.values()]
    for on in new.keys() & old.keys():
        is_same = _said(old[on]) == _said(new[on])
        lines.append(Line(Difference.UNCHANGED if is_same else Difference.CHANGED, old.pop(on), new.pop(on)))
    for on in sorted(new):
        before = next((old[other] for other in sorted(old) if old[other].name == new[on].name), None)
        if before:
            lines.append(Line(Difference.MOVED, old.pop(before.date), new[on]))
        else:
            lines.append(Line(Difference.ADDED, None, new[on]))
    if suggested:
        lines += [Line(Difference.REMOVED, row, None) for row in old.values()]
    return sorted(lines, key=lambda line: (line.day.date, line.difference))


def _said(day: CalendarDay) -> tuple[date, DayKind, str, bool]:
    return day.date, day.kind, day.name, day.is_estimated
