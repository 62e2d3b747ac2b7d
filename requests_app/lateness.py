"""Which rows of the SOP took longer than their standard, ended or not, and why. Reads only.

A row is late from its deadline on and belongs to the period in which that deadline lies, whenever it was noticed or
done. The 5-minute norms are reported but never late. What was done in the very instant of the deadline is in time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import F, Prefetch, Q

from accounts.models import User
from requests_app import sla, working_time
from requests_app.models import AccessRequest, LateReason, StepEntry
from requests_app.selectors import TIMED, read_history
from requests_app.sop import Activity, Actor, activity


@dataclass(frozen=True)
class LateRun:
    """One time that a request stayed in one row of the SOP until after the deadline.

    `late` is office time since the deadline without the waits for a unit, `day` that of a working day. `waited_for` had
    it when the deadline passed, `person` is the one who then moved it on, or has it now; None: nobody in particular.
    """

    request: AccessRequest
    key: int
    """Names the run in addresses: the id of its first stay."""
    number: str
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None
    late: timedelta
    day: timedelta
    waited_for: Actor
    person: User | None
    reason: LateReason | None

    @property
    def activity(self) -> Activity:
        return activity(self.number)


def in_period(starts_at: datetime, ends_at: datetime, *, calendar: sla.WorkingCalendar, now: datetime) -> list[LateRun]:
    """The late runs whose deadline lies from `starts_at` until just before `ends_at`, by their deadline.

    The number of queries does not grow with the requests.
    """
    missed = Q(left_at__gt=F("due_at")) | Q(left_at__isnull=True, due_at__lt=now)
    stays = StepEntry.objects.filter(missed, status__in=TIMED, due_at__gte=starts_at, due_at__lt=ends_at)
    requests = AccessRequest.objects.filter(pk__in=stays.values("request")).select_related("unit", "assignee")
    found = [
        run
        for request in requests.prefetch_related(_HISTORY, _REASONS)
        for run in late_runs(request, request.history, request.reasons, calendar, now)
        if starts_at <= run.due_at < ends_at
    ]
    return sorted(found, key=lambda run: (run.due_at, run.request.reference))


def of_request(request: AccessRequest, *, calendar: sla.WorkingCalendar, now: datetime) -> list[LateRun]:
    """The late runs of one request, the oldest first."""
    history = list(read_history(request).entries.all())
    reasons = request.late_reasons.select_related("written_by")
    return list(late_runs(request, history, reasons, calendar, now))


_HISTORY = Prefetch(
    "entries",
    queryset=StepEntry.objects.select_related("left_by").order_by("entered_at", "pk"),
    to_attr="history",
)
_REASONS = Prefetch("late_reasons", queryset=LateReason.objects.select_related("written_by"), to_attr="reasons")


@dataclass
class _Run:
    """Stays that share one clock, and the pauses after the first of them; the last pause may be open."""

    stays: list[StepEntry] = field(default_factory=list)
    pauses: list[StepEntry] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return any(entry.left_at is None for entry in (*self.stays, *self.pauses))


def _runs(history: Sequence[StepEntry]) -> Iterator[_Run]:
    run = _Run()
    for entry in history:
        is_timed = entry.step.clock is sla.Clock.WORKING_DAYS and entry.due_at is not None
        if run.stays and entry.step.pauses:
            run.pauses.append(entry)
        elif run.stays and is_timed and entry.clock_started_at == run.stays[0].clock_started_at:
            run.stays.append(entry)
        else:
            if run.stays:
                yield run
            run = _Run([entry] if is_timed else [])
    if run.stays:
        yield run


def late_runs(
    request: AccessRequest,
    history: Sequence[StepEntry],
    reasons: Iterable[LateReason],
    calendar: sla.WorkingCalendar,
    now: datetime,
) -> Iterator[LateRun]:
    """The late runs in the stays of one request (`history`, oldest first), each with what was written of it."""
    written = {(reason.number, reason.started_at): reason for reason in reasons}
    for run in _runs(history):
        due_at = next((stay.due_at for stay in run.stays if stay.due_at and (stay.left_at or now) > stay.due_at), None)
        first = run.stays[0]
        if due_at is None or first.step.number is None or first.clock_started_at is None:
            continue
        ended_at = None if run.is_open else run.stays[-1].left_at
        stay = next((one for one in reversed(run.stays) if one.entered_at <= due_at), first)
        yield LateRun(
            request=request,
            key=first.pk,
            number=first.step.number,
            started_at=first.clock_started_at,
            due_at=due_at,
            ended_at=ended_at,
            late=sla.elapsed(
                due_at,
                ended_at or now,
                calendar,
                clock=sla.Clock.OFFICE_HOURS,
                pauses=[(pause.entered_at, pause.left_at or now) for pause in run.pauses],
            ),
            day=working_time.office_day(calendar),
            waited_for=stay.step.waits_for or activity(first.step.number).actor,
            person=_person(request, stay),
            reason=written.get((first.step.number, first.clock_started_at)),
        )


def _person(request: AccessRequest, stay: StepEntry) -> User | None:
    if stay.left_at is not None:
        return stay.left_by
    return request.assignee if stay.step.waits_for is Actor.PSI else None
