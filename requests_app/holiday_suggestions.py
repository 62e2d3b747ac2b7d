"""What the `holidays` package knows of a year: suggestions for the working calendar, never the calendar itself.

An administrator accepts or corrects them, because the package cannot know everything: days off of the region or
the university, replacement working days, and decrees signed after its release.
"""

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
