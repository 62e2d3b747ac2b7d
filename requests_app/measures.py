"""How long the rows of the SOP really take, from the recorded stays. Reads only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Prefetch

from requests_app import sla
from requests_app.models import AccessRequest, StepEntry
from requests_app.selectors import working_calendar
from requests_app.sop import ACTIVITIES, Status, Step, activity

LATEST = 200
"""How many requests, the newest ones, are looked at."""
ENOUGH = 5
"""Fewer passages than this say nothing yet."""


@dataclass
class Passage:
    """One time that a request went through one row of the SOP; `pauses` are spans in which the unit was waited for."""

    number: str
    clock: sla.Clock
    started_at: datetime
    left_at: datetime | None
    pauses: list[sla.Pause] = field(default_factory=list)


@dataclass(frozen=True)
class Measure:
    """The median time of a row, in the clock of that row (`Clock.NONE` is ordinary time), over `count` passages."""

    median: timedelta
    count: int


def medians() -> Mapping[str, Measure]:
    """SOP row as printed ("" is the disposition) to its median; rows without enough passages are missing.

    A letter that came on paper is entered later than it happened, so it says nothing of the rows of 5 minutes.
    """
    stays = Prefetch("entries", queryset=StepEntry.objects.order_by("entered_at", "pk"), to_attr="history")
    requests = AccessRequest.objects.exclude(submitted_at=None).order_by("-opened_at").prefetch_related(stays)
    calendar = working_calendar()
    seconds: dict[str, list[float]] = {row.number: [] for row in ACTIVITIES}
    for request in requests[:LATEST]:
        for passage in passages(request.history):
            if not (request.entered_for_unit and _is_of_minutes(passage.number)):
                seconds[passage.number].append(length(passage, calendar).total_seconds())
    return {
        number: Measure(timedelta(seconds=median(found)), len(found))
        for number, found in seconds.items()
        if len(found) >= ENOUGH
    }


def length(passage: Passage, calendar: sla.WorkingCalendar) -> timedelta:
    """What the clock of the row counted; nothing for a passage that has not ended."""
    if passage.left_at is None:
        return sla.NOTHING
    return sla.elapsed(passage.started_at, passage.left_at, calendar, clock=passage.clock, pauses=passage.pauses)


def passages(history: Sequence[StepEntry]) -> Iterator[Passage]:
    """The rows that one request has completed: after each it went on in the SOP, not back and not away.

    `history` are its stays, oldest first. Stays in one row are one passage, whoever else was waited for between.
    """
    current: Passage | None = None
    for entry in history:
        step = entry.step
        if step.pauses:
            if current and entry.left_at:
                current.pauses.append((entry.entered_at, entry.left_at))
        elif current and _is_measured(step) and step.number == current.number:
            current.left_at = entry.left_at
        else:
            if current and _leads_on(current, step):
                yield current
            current = (
                Passage(step.number, step.clock, entry.entered_at, entry.left_at)
                if step.number is not None and _is_measured(step)
                else None
            )


def _is_measured(step: Step) -> bool:
    """Whether this stay is work on its row: it has a standard, or waits for the one whom the row names."""
    if step.number is None:
        return False
    return step.standard is not None or step.waits_for is activity(step.number).actor


def _leads_on(passage: Passage, following: Step) -> bool:
    if following.number is None:
        return following.status is Status.FINISHED
    order = [row.number for row in ACTIVITIES]
    return order.index(following.number) >= order.index(passage.number)


def _is_of_minutes(number: str) -> bool:
    return activity(number).printed_time.endswith("menit")
