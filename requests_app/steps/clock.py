"""What the clock does by itself: warn before a deadline, record that one has passed, tell those concerned once."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.models import User
from accounts.wording import N_
from requests_app import deadlines, messages, selectors, sla
from requests_app.models import DeadlineNotice, StepEntry
from requests_app.sop import Actor

WARN_AHEAD = timedelta(hours=2)
"""Office time before the deadline."""
LOOK_AHEAD = timedelta(days=21)
"""Calendar time within which two office hours before a deadline can lie, whatever holidays come between."""
BATCH = 200
CLOCK_NAME = N_("Jam SOP")
PASSED = N_("Batas waktu {due} terlewati pada langkah “{step}”.")

Kind = DeadlineNotice.Kind


def sweep(*, now: datetime) -> int:
    """Notice every deadline that is near or past, and tell. How many notices are new.

    Running it twice, by two beats, or a day late gives each notice once: the row's unique
    key decides. A breach is dated by its deadline and recorded once for a row of the SOP,
    whoever has it then. Mails go only in office hours: a warning while it can still help,
    a breach to the head even when the step was done meanwhile.
    """
    calendar = selectors.working_calendar()
    running = StepEntry.objects.filter(
        left_at__isnull=True, due_at__lte=now + LOOK_AHEAD, status__in=selectors.TIMED
    ).order_by("due_at")
    new = 0
    for entry in running.prefetch_related("deadline_notices").iterator(chunk_size=BATCH):
        new += _notice(entry, calendar, now)
    if calendar.is_open(now):
        for notice_id in DeadlineNotice.objects.filter(told_at__isnull=True).values_list("pk", flat=True)[:BATCH]:
            _tell(notice_id, now)
    return new


def note_leaving(entry: StepEntry, *, now: datetime) -> None:
    """A stay ends at `now`: if its deadline passed while nobody swept, that is recorded all the same.

    Call in the transaction of the act, before the stay is closed.
    """
    if entry.status in selectors.TIMED and entry.due_at and now >= entry.due_at:
        _add(entry, Kind.BREACH, entry.due_at, entry.due_at, now)


def _notice(entry: StepEntry, calendar: sla.WorkingCalendar, now: datetime) -> int:
    due = entry.due_at
    if due is None:
        return 0
    known = {(notice.kind, notice.due_at) for notice in entry.deadline_notices.all()}
    if now >= due:
        return 0 if (Kind.BREACH, due) in known else _add(entry, Kind.BREACH, due, due, now)
    warn_at = max(sla.warning_time(due, calendar, WARN_AHEAD), entry.entered_at)
    if now < warn_at or (Kind.WARNING, due) in known:
        return 0
    return _add(entry, Kind.WARNING, due, warn_at, now)


@transaction.atomic
def _add(entry: StepEntry, kind: str, due: datetime, at: datetime, now: datetime) -> int:
    """One notice row, unless another sweep was faster or the step was left meanwhile; a breach is also recorded."""
    still_open = StepEntry.objects.select_for_update().filter(pk=entry.pk, left_at__isnull=True, due_at=due)
    if not still_open.exists() or (kind == Kind.BREACH and _was_broken_before(entry, due)):
        return 0
    _row, is_new = DeadlineNotice.objects.get_or_create(
        entry=entry, kind=kind, due_at=due, defaults={"at": at, "noticed_at": now}
    )
    if is_new and kind == Kind.BREACH:
        _record(entry, at, now)
    return int(is_new)


def _of_the_same_clock(entry: StepEntry) -> QuerySet[StepEntry]:
    """The stays of this request that share the entry's clock: one row of the SOP has one deadline."""
    return StepEntry.objects.filter(request=entry.request_id, clock_started_at=entry.clock_started_at)


def _was_broken_before(entry: StepEntry, due: datetime) -> bool:
    """Whether this same deadline passed in an earlier stay already."""
    known = DeadlineNotice.objects.filter(kind=Kind.BREACH, due_at=due)
    return known.filter(entry__in=_of_the_same_clock(entry)).exists()


def _record(entry: StepEntry, at: datetime, now: datetime) -> None:
    audit.record(
        entry.request.subject,
        "deadline_breach",
        PASSED,
        by=None,
        by_name=CLOCK_NAME,
        now=now,
        happened_at=at,
        data={"due": sla.local_time(at), "step": entry.step.label},
    )


@transaction.atomic
def _tell(notice_id: int, now: datetime) -> None:
    """Claim the notice, then write the mails: the one in charge, and the head of a breach."""
    if not DeadlineNotice.objects.filter(pk=notice_id, told_at__isnull=True).update(told_at=now):
        return
    notice = DeadlineNotice.objects.select_related("entry__request__unit", "entry__request__assignee").get(pk=notice_id)
    is_breach, request = notice.kind == Kind.BREACH, notice.entry.request
    entry = notice.entry
    if is_breach:
        entry = _of_the_same_clock(entry).filter(left_at__isnull=True).first() or entry
    if notice.due_at != entry.due_at or not (is_breach or (entry.left_at is None and now < notice.due_at)):
        return
    actors = {entry.step.waits_for} if entry.left_at is None else set()
    actors |= {Actor.HEAD} if is_breach else set()
    people = {person for actor in actors if actor for person in messages.people_for(actor, request, now)}
    messages.tell_people(
        sorted(people, key=lambda person: person.pk),
        request,
        f"deadline_{notice.kind}",
        key=f"{request.reference}:deadline:{notice.pk}",
        context={"due_at": notice.due_at, "step": entry.step, "left_at": entry.left_at},
        now=now,
    )


@transaction.atomic
def recompute(*, by: User, now: datetime) -> list[tuple[StepEntry, datetime | None, datetime | None]]:
    """After the calendar or the reading changed: new deadlines for open stays, and only for them.

    (entry, old, new) of every one that moved. Deadlines of finished steps are history.
    """
    calendar, reading, moved = selectors.working_calendar(), selectors.reading(), []
    for entry in StepEntry.objects.select_for_update().filter(left_at__isnull=True, due_at__isnull=False):
        history = [*StepEntry.objects.filter(request=entry.request_id).exclude(pk=entry.pk), entry]
        history.sort(key=lambda stay: (stay.entered_at, stay.pk))
        old = entry.due_at
        entry.clock_started_at, entry.due_at = deadlines.due_at(history, calendar, reading)
        if entry.due_at != old:
            entry.save(update_fields=["clock_started_at", "due_at"])
            moved.append((entry, old, entry.due_at))
            audit.record(
                entry.request.subject,
                "deadline_moved",
                N_("Kalender kerja diubah oleh {actor}: batas waktu bergeser dari {old} ke {new}."),
                by=by,
                now=now,
                data={
                    "old": sla.local_time(old) if old else "",
                    "new": sla.local_time(entry.due_at) if entry.due_at else "",
                },
            )
    return moved
