"""What the clock does by itself: plan what will have to be said about a deadline, and say it once in its time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from accounts import audit
from accounts.models import User
from accounts.wording import N_
from requests_app import deadlines, messages, sla, sla_wording, working_time
from requests_app.models import DeadlineNotice, StepEntry
from requests_app.sop import Actor
from requests_app.working_time import Rules

BATCH = 200
CLOCK_NAME = N_("Jam SOP")
PASSED = N_("Batas waktu {due} terlewati pada langkah “{step}”.")
MOVED = N_("Kalender kerja diubah oleh {actor}: batas waktu bergeser dari {old} ke {new}.")

Kind, State = DeadlineNotice.Kind, DeadlineNotice.State
TO_COME = (State.PLANNED, State.NOTICED)
STEP_DONE = "step_done"
OVERTAKEN = "overtaken"


# --- when a step begins and ends ---------------------------------------------------------
def plan(entry: StepEntry, calendar: sla.WorkingCalendar, rules: Rules) -> None:
    """Write the rows of what there will be to say about the deadline of a stay that just began or was moved.

    What was said of the same deadline in an earlier stay that shares its clock is not said again, but a warning is:
    somebody else may have it now. Call in the transaction that wrote the stay.
    """
    known = set(
        DeadlineNotice.objects.filter(entry__in=_of_the_same_clock(entry), due_at=entry.due_at)
        .exclude(kind=Kind.WARNING, entry__lt=entry.pk)
        .values_list("kind", flat=True)
    )
    DeadlineNotice.objects.bulk_create(
        [
            DeadlineNotice(entry=entry, kind=kind, due_at=entry.due_at, at=at)
            for kind, at in deadlines.milestones(entry, calendar, rules)
            if kind not in known
        ]
    )


def note_leaving(entry: StepEntry, *, now: datetime) -> None:
    """A stay ends at `now`: what was not said need not be said; a breach that nobody swept is recorded all the same.

    Call in the transaction of the act, before the stay is closed.
    """
    to_come = entry.deadline_notices.filter(state__in=TO_COME)
    for notice in to_come.filter(kind=Kind.BREACH, at__lte=now):
        record_breach(notice, now)
        notice.state, notice.skipped = State.SKIPPED, STEP_DONE
        notice.save(update_fields=["state", "skipped", "noticed_at"])
    to_come.delete()


def record_breach(notice: DeadlineNotice, now: datetime) -> None:
    """Put a breach on record, once and dated by its deadline; the caller saves the notice."""
    if notice.noticed_at is not None:
        return
    notice.noticed_at = now
    audit.record(
        notice.entry.request.subject,
        "deadline_breach",
        PASSED,
        by=None,
        by_name=CLOCK_NAME,
        now=now,
        happened_at=notice.due_at,
        data={"due": sla_wording.local_time(notice.due_at), "step": notice.entry.step.label},
    )


def _of_the_same_clock(entry: StepEntry) -> QuerySet[StepEntry]:
    """The stays of this request that share the entry's clock: one row of the SOP has one deadline."""
    return StepEntry.objects.filter(request=entry.request_id, clock_started_at=entry.clock_started_at)


# --- every minute --------------------------------------------------------------------------
def sweep(*, now: datetime) -> int:
    """Notice every deadline that is near or past, and tell. How many notices were handled.

    Running it twice, by two beats, or a day late gives each notice once: its row is claimed under a lock that others
    pass by.
    """
    calendar = working_time.working_calendar()
    states = TO_COME if calendar.is_open(now) else (State.PLANNED,)
    handled = 0
    while batch := _sweep_batch(states, now, is_open=calendar.is_open(now)):
        handled += batch
    return handled


@transaction.atomic
def _sweep_batch(states: Iterable[str], now: datetime, *, is_open: bool) -> int:
    rows = (
        DeadlineNotice.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state__in=states, at__lte=now)
        .select_related("entry__request__unit", "entry__request__assignee")
        .order_by("at", "pk")[:BATCH]
    )
    notices = list(rows)
    for notice in notices:
        if notice.kind == Kind.BREACH:
            record_breach(notice, now)
        notice.noticed_at = notice.noticed_at or now
        notice.state = State.NOTICED
        if is_open:
            _tell(notice, now)
        notice.save()
    return len(notices)


def _tell(notice: DeadlineNotice, now: datetime) -> None:
    request, entry = notice.entry.request, notice.entry
    actors = {Actor.HEAD} if notice.kind == Kind.HEAD else {entry.step.waits_for}
    people = {person for actor in actors if actor for person in messages.people_for(actor, request, now)}
    template = "deadline_warning" if now < notice.due_at else "deadline_breach"
    messages.tell_people(
        sorted(people, key=lambda person: person.pk),
        request,
        template,
        key=f"{request.reference}:deadline:{notice.pk}",
        context={"due_at": notice.due_at, "step": entry.step, "left_at": entry.left_at},
        now=now,
    )
    notice.state, notice.told_at, notice.told_to = State.TOLD, now, [str(person) for person in people]


# --- the calendar changes ---------------------------------------------------------------------
@dataclass(frozen=True)
class Shift:
    """An open deadline that another calendar moves; `old` and `new` are instants."""

    entry: StepEntry
    old: datetime
    new: datetime


def shifts(calendar: sla.WorkingCalendar, rules: Rules) -> list[Shift]:
    """Which open deadlines would be others on this calendar, by their new instant. Writes nothing.

    Also a 5-minute norm, which nobody is held to, has a deadline that moves.
    """
    stays = Prefetch("request__entries", queryset=StepEntry.objects.order_by("entered_at", "pk"), to_attr="history")
    found = []
    running = StepEntry.objects.filter(left_at__isnull=True, due_at__isnull=False).select_related("request__unit")
    for entry in running.prefetch_related(stays).iterator(chunk_size=BATCH):
        _started, due = deadlines.due_at(entry.request.history, calendar, rules)
        if due and entry.due_at and due != entry.due_at:
            found.append(Shift(entry, entry.due_at, due))
    return sorted(found, key=lambda shift: (shift.new, shift.entry.request.reference))


@transaction.atomic
def recompute(*, by: User, now: datetime) -> list[Shift]:
    """After the calendar changed: new deadlines for open stays, and only for them; each on record with who did it.

    Call in the transaction that wrote the calendar. Deadlines of finished steps are history.
    """
    list(StepEntry.objects.select_for_update().filter(left_at__isnull=True, due_at__isnull=False).values_list("pk"))
    calendar, rules = working_time.working_calendar(), working_time.rules()
    moved = shifts(calendar, rules)
    for shift in moved:
        shift.entry.due_at = shift.new
        shift.entry.save(update_fields=["due_at"])
        shift.entry.deadline_notices.filter(state__in=TO_COME).exclude(
            kind=Kind.BREACH, noticed_at__isnull=False
        ).delete()
        plan(shift.entry, calendar, rules)
        audit.record(
            shift.entry.request.subject,
            "deadline_moved",
            MOVED,
            by=by,
            now=now,
            data={"old": sla_wording.local_time(shift.old), "new": sla_wording.local_time(shift.new)},
        )
    return moved
