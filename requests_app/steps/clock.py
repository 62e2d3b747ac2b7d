"""What the clock does by itself: plan what will have to be said about a deadline, and say it once in its time."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit, mail, notices
from accounts.models import Institution, OutgoingMail, User
from accounts.permissions import Absences, absences, holders, those_there
from accounts.selectors import institution
from accounts.wording import N_
from requests_app import deadlines, sla, sla_wording, working_time
from requests_app.models import DeadlineNotice, StepEntry
from requests_app.policies import PERMISSION
from requests_app.sop import ACTOR_LABELS, Actor
from requests_app.working_time import Rules

logger = logging.getLogger(__name__)

BATCH = 200
CLOCK_NAME = N_("Jam SOP")
PASSED = N_("Batas waktu {due} terlewati pada langkah “{step}”.")
MOVED = N_("Kalender kerja diubah oleh {actor}: batas waktu bergeser dari {old} ke {new}.")

Kind, State, Skipped = DeadlineNotice.Kind, DeadlineNotice.State, DeadlineNotice.Skipped
TO_COME = (State.PLANNED, State.NOTICED)


# --- when a step begins and ends ---------------------------------------------------------
def plan(
    entry: StepEntry, calendar: sla.WorkingCalendar, rules: Rules, earlier: Sequence[StepEntry] | None = None
) -> None:
    """Write the rows of what there will be to say about the deadline of a stay that just began or was moved.

    What was said of the same deadline in an earlier stay that shares its clock is not said again, but a warning is:
    somebody else may have it now. That half of the time is used is said once, however the deadline moves. For a stay
    that begins `earlier` are those before it. Call in the transaction that wrote the stay.
    """
    to_come = deadlines.milestones(entry, calendar, rules)
    due_at = entry.due_at
    if due_at is None or not to_come:
        return
    known: set[str] = set()
    if earlier is None:
        # Moved away from and now back again: it stands as it did.
        moved = entry.deadline_notices.filter(due_at=due_at, skipped=Skipped.MOVED)
        moved.update(state=State.PLANNED, skipped="")
    if earlier is None or any(stay.clock_started_at == entry.clock_started_at for stay in earlier):
        of_the_same_clock = DeadlineNotice.objects.filter(
            entry__request=entry.request_id, entry__clock_started_at=entry.clock_started_at
        )
        said_once = Q(kind=Kind.HALF, state=State.TOLD)
        known = set(
            of_the_same_clock.filter(said_once | Q(due_at=due_at))
            .exclude(kind=Kind.WARNING, entry__lt=entry.pk)
            .exclude(skipped__in=(Skipped.STEP_DONE, Skipped.MOVED))
            .values_list("kind", flat=True)
        )
    DeadlineNotice.objects.bulk_create(
        [DeadlineNotice(entry=entry, kind=kind, due_at=due_at, at=at) for kind, at in to_come if kind not in known]
    )


def note_leaving(entry: StepEntry, *, now: datetime) -> None:
    """A stay ends at `now`: what was not said need not be said; a breach that nobody swept is recorded all the same.

    Call in the transaction of the act, before the stay is closed, with its row locked.
    """
    if entry.step.clock is not sla.Clock.WORKING_DAYS:  # nothing was planned for it (`deadlines.milestones`)
        return
    to_come = list(entry.deadline_notices.filter(state__in=TO_COME))
    # Done in the very instant of the deadline is in time.
    due = [notice for notice in to_come if notice.at < now]
    for notice in due:
        notice.entry = entry
        notice.state, notice.skipped = State.SKIPPED, Skipped.STEP_DONE
    if due:
        _record_breaches(due, now)
        _save(due)
    if len(due) < len(to_come):
        entry.deadline_notices.filter(state__in=TO_COME).delete()


def _record_breaches(due: Iterable[DeadlineNotice], now: datetime) -> None:
    """Note that their moment came, and put breaches on record, dated by their deadline; the caller saves the rows.

    A row of the SOP that was late already when it was noticed to be is on record, wherever its deadline moved since.
    """
    new = [notice for notice in due if notice.noticed_at is None]
    for notice in new:
        notice.noticed_at = now
    breaches = [notice for notice in new if notice.kind == Kind.BREACH]
    if not breaches:
        return
    earlier = DeadlineNotice.objects.filter(
        kind=Kind.BREACH, noticed_at__isnull=False, entry__request__in={one.entry.request_id for one in breaches}
    )
    recorded: dict[tuple[int, datetime | None], datetime] = {}
    for request_id, started_at, noticed_at in earlier.order_by("noticed_at").values_list(
        "entry__request", "entry__clock_started_at", "noticed_at"
    ):
        if noticed_at:
            recorded[request_id, started_at] = noticed_at
    happened = []
    calendar, rules = working_time.working_calendar(), working_time.rules()
    histories = _histories({notice.entry.request_id for notice in breaches})
    for notice in breaches:
        entry = notice.entry
        clock = (entry.request_id, entry.clock_started_at)
        if clock in recorded and recorded[clock] >= notice.due_at:
            continue
        stays = [stay for stay in histories[entry.request_id] if stay.pk <= entry.pk]
        said = {
            "due": sla_wording.local_time(notice.due_at),
            "step": entry.step.label,
            "detail": deadlines.why_text(stays, calendar, rules),
        }
        happened.append((entry.request.subject, notice.due_at, said))
    audit.record_each(happened, "deadline_breach", PASSED, by_name=CLOCK_NAME, now=now)


def _save(rows: Sequence[DeadlineNotice]) -> None:
    DeadlineNotice.objects.bulk_update(rows, ["state", "noticed_at", "told_at", "told_to", "skipped"])


# --- every minute --------------------------------------------------------------------------
def sweep(*, now: datetime) -> int:
    """Notice every deadline that is near or past, and tell. How many notices were handled.

    A breach is on record at once; people are told in office hours only. Running it twice, by two beats, or a day late
    gives each notice once: the stay is locked, and what another has locked is passed by.
    """
    if not DeadlineNotice.objects.filter(state__in=TO_COME, at__lte=now).exists():
        return 0
    handled, more, left = 0, True, set[int]()
    while more:
        done, more = _sweep_batch(now, left)
        handled += done
    return handled


@transaction.atomic
def _sweep_batch(now: datetime, left: set[int]) -> tuple[int, bool]:
    """Handle what is due of the stays that come next: how many notices, and whether there may be more.

    Adds to `left` the stays for which something went wrong.
    """
    calendar = working_time.working_calendar()
    is_open = calendar.is_open(now)
    states = TO_COME if is_open else (State.PLANNED,)
    due = DeadlineNotice.objects.filter(state__in=states, at__lte=now)
    claimed = (
        due.exclude(entry__in=left)
        .select_for_update(skip_locked=True, of=("entry",))
        .select_related("entry__request__unit", "entry__request__assignee", "entry__request__renews")
        .order_by("at", "pk")[:BATCH]
    )
    entries = {notice.entry_id: notice.entry for notice in claimed}
    more = len(claimed) == BATCH
    # Read again: only what is read under the lock is what the sweep before this one left.
    rows: dict[int, list[DeadlineNotice]] = defaultdict(list)
    for notice in due.filter(entry__in=entries).order_by("at", "pk"):
        notice.entry = entries[notice.entry_id]
        rows[notice.entry_id].append(notice)
    post = _Post(now)
    handled: list[DeadlineNotice] = []
    for entry_id, notices_of_stay in rows.items():
        try:
            current = _current(notices_of_stay)
            for notice in current:
                notice.state = State.NOTICED
            if is_open:
                post.tell(current)
            handled += notices_of_stay
        except Exception:
            logger.exception("deadline of stay %s was left for the next sweep", entry_id)
            left.add(entry_id)
    _record_breaches([notice for notice in handled if notice.skipped != Skipped.MOVED], now)
    post.write()
    _save(handled)
    return len(handled), more


def _current(rows: list[DeadlineNotice]) -> list[DeadlineNotice]:
    """Those of a stay that still lasts and a deadline that still stands; the others are skipped."""
    for notice in rows:
        if notice.entry.left_at is not None:
            notice.state, notice.skipped = State.SKIPPED, Skipped.STEP_DONE
        elif notice.due_at != notice.entry.due_at:
            notice.state, notice.skipped = State.SKIPPED, Skipped.MOVED
    return [notice for notice in rows if not notice.skipped]


@dataclass
class _Post:
    """Who is told in one batch, and the mails, until they are written together."""

    now: datetime
    letters: list[mail.Letter] = field(default_factory=list)
    lines: list[tuple[User, str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._today = timezone.localdate(self.now)
        self._holders: dict[Actor, list[User]] = {}
        self._team: dict[Actor, list[User]] = {}

    def tell(self, rows: Iterable[DeadlineNotice]) -> None:
        """Compose what these notices of one stay have to say; nobody gets two mails.

        Of what is about time running out only the latest is said. Those who are told of the breach are not told of
        its escalation as well.
        """
        by_kind = {Kind(notice.kind): notice for notice in rows}
        told: set[int] = set()
        letters, lines = [], []
        for kind in (Kind.HALF, Kind.WARNING, Kind.BREACH, Kind.TEAM, Kind.HEAD):
            notice = by_kind.get(kind)
            if notice is None:
                continue
            people = self._people(kind, notice.entry)
            is_ahead = kind in (Kind.HALF, Kind.WARNING)
            if is_ahead and (notice.due_at <= self.now or (kind is Kind.HALF and Kind.WARNING in by_kind)):
                notice.state, notice.skipped = State.SKIPPED, Skipped.OVERTAKEN
            elif new := [person for person in people if person.pk not in told]:
                told.update(person.pk for person in new)
                for person in new:
                    letters.append(self._letter(notice, person))
                    url = notice.entry.request.get_absolute_url()
                    lines.append((person, notice.key, letters[-1].subject, url))
                notice.state, notice.told_at = State.TOLD, self.now
                notice.told_to = [{"person": person.pk, "name": str(person)} for person in new]
            else:
                notice.state = State.SKIPPED
                notice.skipped = Skipped.ALREADY_TOLD if people else Skipped.NOBODY
        self.letters += letters
        self.lines += lines

    def write(self) -> None:
        """Queue the mails and leave the lines under the bells."""
        if self.letters:
            mail.queue_all(self.letters, now=self.now)
            notices.tell_all(self.lines, now=self.now)

    def _people(self, kind: DeadlineNotice.Kind, entry: StepEntry) -> list[User]:
        """Responsible, then team, then head; for each who is away, the one who is there in their place."""
        actor = entry.step.waits_for
        if kind is Kind.HEAD or actor is None:
            return self._in_role(Actor.HEAD)
        holder = self._holder(entry)
        if kind is Kind.TEAM or holder is None:
            return self._in_role(actor)
        row = self._away.substitutions.get(holder.pk)
        return [row.substitute if row else holder]

    def _holder(self, entry: StepEntry) -> User | None:
        """As `policies.taken_by`, without a question for each."""
        person = entry.request.assignee
        if person is None or entry.step.waits_for is not Actor.PSI or person.pk in self._away.unattended:
            return None
        return person if person in self._everybody(Actor.PSI) else None

    def _in_role(self, actor: Actor) -> list[User]:
        if actor not in self._team:
            self._team[actor] = those_there(self._everybody(actor), self._today)
        return self._team[actor]

    def _everybody(self, actor: Actor) -> list[User]:
        if actor not in self._holders:
            self._holders[actor] = holders(PERMISSION[actor], self._today)
        return self._holders[actor]

    @cached_property
    def _away(self) -> Absences:
        return absences(self._today)

    @cached_property
    def _house(self) -> Institution:
        return institution()

    def _letter(self, notice: DeadlineNotice, person: User) -> mail.Letter:
        entry = notice.entry
        holder = self._holder(entry)
        words = {
            "house": self._house,
            "request": entry.request,
            "recipient": str(person),
            "step": entry.step,
            "due_at": notice.due_at,
            "since": entry.entered_at,
            "holder": str(holder) if holder else "",
            "role": ACTOR_LABELS[entry.step.waits_for] if entry.step.waits_for else "",
        }
        subject, text = mail.compose(f"deadline_{notice.kind}", language=person.language, context=words)
        return mail.Letter(notice.mail_key(person.pk), person.email, person.language, subject, text)


def note_delivery() -> int:
    """Mark those notices as sent whose mails were all taken by a mail server; how many.

    One that failed or waits keeps the notice open, and visible on the request's page.
    """
    waiting = list(DeadlineNotice.objects.filter(state=State.TOLD, sent_at__isnull=True).order_by("told_at", "pk"))
    marked: list[DeadlineNotice] = []
    for first in range(0, len(waiting), BATCH):
        batch = waiting[first : first + BATCH]
        written = OutgoingMail.objects.filter(key__in=[key for notice in batch for key in notice.mail_keys])
        mails = {one.key: one for one in written.only("key", "state", "sent_at")}
        for notice in batch:
            own = [mails[key] for key in notice.mail_keys if key in mails]
            if own and all(one.state == OutgoingMail.State.SENT for one in own):
                notice.sent_at = max(one.sent_at for one in own if one.sent_at)
                marked.append(notice)
    DeadlineNotice.objects.bulk_update(marked, ["sent_at"], batch_size=BATCH)
    return len(marked)


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
    running = StepEntry.objects.filter(left_at__isnull=True, due_at__isnull=False).select_related("request__unit")
    histories = _histories(running.values("request"))
    found = []
    for entry in running:
        _started, due = deadlines.due_at(histories[entry.request_id], calendar, rules)
        if due and entry.due_at and due != entry.due_at:
            found.append(Shift(entry, entry.due_at, due))
    return sorted(found, key=lambda shift: (shift.new, shift.entry.request.reference))


def _histories(requests: Any) -> dict[int, list[StepEntry]]:
    """The stays of these requests (ids, or a query for them), oldest first."""
    found: dict[int, list[StepEntry]] = defaultdict(list)
    for stay in StepEntry.objects.filter(request__in=requests).order_by("entered_at", "pk"):
        found[stay.request_id].append(stay)
    return found


@transaction.atomic
def recompute(*, by: User, now: datetime, detail: str = "") -> list[Shift]:
    """After the calendar changed: new deadlines for open stays, and only for them; each on record with who did it.

    `detail` says what was changed and why. Call in the transaction that wrote the calendar. Deadlines of finished
    steps are history.
    """
    # All open stays are locked: one without a deadline may be about to be followed by one with a deadline that was
    # counted on the calendar of before. Whoever leaves a stay waits here, or is waited for.
    list(StepEntry.objects.select_for_update().filter(left_at__isnull=True).order_by("pk").values_list("pk"))
    calendar, rules = working_time.working_calendar(), working_time.rules()
    moved = shifts(calendar, rules)
    for shift in moved:
        shift.entry.due_at = shift.new
        shift.entry.save(update_fields=["due_at"])
        to_come = shift.entry.deadline_notices.filter(state__in=TO_COME)
        to_come.exclude(kind=Kind.BREACH, noticed_at__isnull=False).delete()
        plan(shift.entry, calendar, rules)
        data = {"old": sla_wording.local_time(shift.old), "new": sla_wording.local_time(shift.new)}
        audit.record(
            shift.entry.request.subject,
            "deadline_moved",
            MOVED,
            by=by,
            now=now,
            data=data | ({"detail": detail} if detail else {}),
        )
    return moved
