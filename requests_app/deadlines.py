"""From the history of a request to the clock of its present step. Reads nothing but what it is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from requests_app import sla
from requests_app.models import StepEntry

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class RunningClock:
    """Where the clock of the present SOP row started, and the spans in which it stood still."""

    started_at: datetime
    pauses: tuple[Span, ...]


def running_clock(history: Sequence[StepEntry]) -> RunningClock:
    """The clock of the last entry of `history` (oldest first).

    Consecutive stays in one SOP row that carry a standard share one clock; stays in a
    pausing status between them (waiting for the unit) are taken out.
    """
    current = history[-1]
    started_at, pauses, waiting = current.entered_at, [], []
    for earlier in reversed(history[:-1]):
        left_at = earlier.left_at or current.entered_at
        if earlier.step.pauses:
            waiting.append((earlier.entered_at, left_at))
        elif earlier.step.standard and earlier.step.number == current.step.number:
            started_at = earlier.entered_at
            pauses += waiting
            waiting = []
        else:
            break
    return RunningClock(started_at, tuple(sorted(pauses)))


def due_at(
    history: Sequence[StepEntry], calendar: sla.WorkingCalendar, reading: sla.Reading
) -> tuple[datetime | None, datetime | None]:
    """(clock started, deadline) of the last entry; (None, None) where the SOP sets no time."""
    step = history[-1].step
    if step.standard is None:
        return None, None
    clock = running_clock(history)
    deadline = sla.deadline(
        clock.started_at, step.standard, calendar, clock=step.clock, reading=reading, pauses=clock.pauses
    )
    return clock.started_at, deadline
