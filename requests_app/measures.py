"""How long the rows of the SOP really take, from the recorded passages. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from requests_app.models import Passage
from requests_app.sop import ACTIVITIES, activity

LATEST = 200
"""How many passages of a row, the newest ones, are looked at."""
ENOUGH = 5
"""Fewer passages than this say nothing yet."""


@dataclass(frozen=True)
class Measure:
    """The median time of a row, in the clock of that row (`Clock.NONE` is ordinary time), over `count` passages."""

    median: timedelta
    count: int


def medians() -> Mapping[str, Measure]:
    """SOP row as printed ("" is the disposition) to its median; rows without enough passages are missing.

    A letter that came on paper is entered later than it happened, so it says nothing of the rows of 5 minutes.
    """
    found = {}
    for row in ACTIVITIES:
        passages = Passage.objects.filter(number=row.number).order_by("-ended_at")
        if is_of_minutes(row.number):
            passages = passages.filter(is_from_paper=False)
        seconds = list(passages.values_list("took_seconds", flat=True)[:LATEST])
        if len(seconds) >= ENOUGH:
            found[row.number] = Measure(timedelta(seconds=median(seconds)), len(seconds))
    return found


def is_of_minutes(number: str) -> bool:
    """Whether the SOP gives this row minutes: reported, never held up to anybody."""
    return activity(number).printed_time.endswith("menit")
