"""From the history of a request to the clock of its steps. Reads nothing but what it is given."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from requests_app import sla, sla_wording
from requests_app.models import DeadlineNotice, StepEntry
from requests_app.sop import ACTIVITIES, Actor, Status, Step, activity
from requests_app.working_time import Rules

Kind = DeadlineNotice.Kind


# --- the deadline of the present step ------------------------------------------------
@dataclass(frozen=True)
class RunningClock:
    """Where the clock of the present SOP row started, the spans in which it stood still, and for whom."""

    started_at: datetime
    pauses: tuple[sla.PauseFor, ...]


def running_clock(history: Sequence[StepEntry]) -> RunningClock:
    """The clock of the last entry of `history` (oldest first).

    Consecutive stays in one SOP row that carry a standard share one clock; stays in a
    pausing status between them (waiting for a unit) are taken out.
    """
    current = history[-1]
    started_at = current.entered_at
    pauses: list[sla.PauseFor] = []
    waiting: list[sla.PauseFor] = []
    for earlier in reversed(history[:-1]):
        left_at = earlier.left_at or current.entered_at
        if earlier.step.pauses:
            waiting.append((earlier.entered_at, left_at, _waiting_for(earlier.step)))
        elif earlier.step.standard and earlier.step.number == current.step.number:
            started_at = earlier.entered_at
            pauses += waiting
            waiting = []
        else:
            break
    return RunningClock(started_at, tuple(sorted(pauses)))


def _waiting_for(step: Step) -> sla.Reason:
    return sla.Reason.AWAITING_OWNER if step.waits_for is Actor.OWNER else sla.Reason.AWAITING_UNIT


def explained(history: Sequence[StepEntry], calendar: sla.WorkingCalendar, rules: Rules) -> sla.Explanation | None:
    """How the deadline of the last entry comes about, and the rule it rests on; None where the SOP sets no time."""
    step = history[-1].step
    if step.standard is None or step.number is None:
        return None
    clock = running_clock(history)
    rule = rules.at(step.number, clock.started_at)
    explanation = sla.explain(
        clock.started_at, step.standard, calendar, clock=step.clock, reading=rule.reading, pauses=clock.pauses
    )
    return replace(explanation, rule=rule) if step.clock is sla.Clock.WORKING_DAYS else explanation


def why_text(
    history: Sequence[StepEntry],
    calendar: sla.WorkingCalendar,
    rules: Rules,
    translate: Callable[[str], str] = str,
    language: str = "id",
) -> str:
    """`explained` in sentences, one a line; "" where the SOP sets no time. For `translate` see `sla_wording`."""
    explanation = explained(history, calendar, rules)
    return "\n".join(sla_wording.sentences(explanation, translate, language)) if explanation else ""


def due_at(
    history: Sequence[StepEntry], calendar: sla.WorkingCalendar, rules: Rules
) -> tuple[datetime | None, datetime | None]:
    """(clock started, deadline) of the last entry; (None, None) where the SOP sets no time."""
    explanation = explained(history, calendar, rules)
    return (explanation.start, explanation.due) if explanation else (None, None)


# --- when to speak -------------------------------------------------------------------
def milestones(entry: StepEntry, calendar: sla.WorkingCalendar, rules: Rules) -> list[tuple[Kind, datetime]]:
    """What the clock will have to say about the deadline of `entry`, and when; nothing for the 5-minute norms.

    Half of the time is half of the office time between the start of the clock and the deadline: half of 24 hours
    would often fall into the night. What should have been said before the entry began is left out, but not the
    warning, which then comes at once.
    """
    step, due, started_at = entry.step, entry.due_at, entry.clock_started_at
    if step.clock is not sla.Clock.WORKING_DAYS or step.number is None or due is None or started_at is None:
        return []
    rule = rules.at(step.number, started_at)
    found: list[tuple[Kind, datetime]] = []
    if rule.warns_at_half:
        office_time = timedelta(seconds=calendar.working_seconds_between(started_at, due))
        half = sla.warning_time(due, calendar, office_time / 2)
        if half >= entry.entered_at:
            found.append((Kind.HALF, half))
    if rule.warn_ahead and due > entry.entered_at:
        found.append((Kind.WARNING, max(sla.warning_time(due, calendar, rule.warn_ahead), entry.entered_at)))
    found.append((Kind.BREACH, due))
    for kind, after in ((Kind.TEAM, rule.team_after), (Kind.HEAD, rule.head_after)):
        at = sla.deadline(due, after, calendar, clock=sla.Clock.OFFICE_HOURS) if after else due
        found.append((kind, at))
    return found


# --- what a row of the SOP took ----------------------------------------------------------
@dataclass
class Run:
    """One time that a request went through one row of the SOP; `pauses` are spans in which a unit was waited for."""

    number: str
    clock: sla.Clock
    standard: timedelta | None
    started_at: datetime
    left_at: datetime | None
    pauses: list[sla.Pause] = field(default_factory=list)
    last: StepEntry | None = None
    """The stay with which it ended."""


def length(run: Run, calendar: sla.WorkingCalendar) -> timedelta:
    """What the clock of the row counted; nothing for a run that has not ended."""
    if run.left_at is None:
        return sla.NOTHING
    return sla.elapsed(run.started_at, run.left_at, calendar, clock=run.clock, pauses=run.pauses)


def runs(history: Sequence[StepEntry]) -> Iterator[Run]:
    """The rows that one request has completed: after each it went on in the SOP, not back and not away.

    `history` are its stays, oldest first. Stays in one row are one run, whoever else was waited for between.
    """
    current: Run | None = None
    for entry in history:
        step = entry.step
        if step.pauses:
            if current and entry.left_at:
                current.pauses.append((entry.entered_at, entry.left_at))
        elif current and _is_measured(step) and step.number == current.number:
            current.left_at, current.last = entry.left_at, entry
        else:
            if current and _leads_on(current, step):
                yield current
            current = (
                Run(step.number, step.clock, step.standard, entry.entered_at, entry.left_at, last=entry)
                if step.number is not None and _is_measured(step)
                else None
            )


def _is_measured(step: Step) -> bool:
    """Whether this stay is work on its row: it has a standard, or waits for the one whom the row names."""
    if step.number is None:
        return False
    return step.standard is not None or step.waits_for is activity(step.number).actor


def _leads_on(run: Run, following: Step) -> bool:
    if following.number is None:
        return following.status is Status.FINISHED
    order = [row.number for row in ACTIVITIES]
    return order.index(following.number) >= order.index(run.number)
