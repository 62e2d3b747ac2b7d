"""The one place where a request changes its status."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import AuditEvent, User
from accounts.permissions import Authority
from requests_app import deadlines, messages, policies, selectors, sla, working_time
from requests_app.models import AccessRequest, Passage, StepEntry
from requests_app.sop import TRANSITIONS, Action, Transition
from requests_app.steps import clock


class ActedFirst(Exception):
    """Somebody else moved the request after this person's page was made."""

    def __init__(self, request: AccessRequest, last: AuditEvent | None) -> None:
        super().__init__(_("Permohonan ini sudah diubah orang lain sejak halaman Anda dibuka."))
        self.request = request
        self.last = last
        """What they did, when and who; None if unknown."""


@dataclass
class Act:
    """One action under way: the locked request, who acts, and by what right."""

    request: AccessRequest
    transition: Transition
    by: policies.Person
    right: Authority | None
    now: datetime

    def __post_init__(self) -> None:
        self._as_locked = _columns(self.request)

    @property
    def user(self) -> User | None:
        """Who is signed in; None for the responsible person without a login."""
        return self.by if isinstance(self.by, User) else None

    @property
    def actor_name(self) -> str:
        return str(self.user) if self.user else self.request.person_name

    def finish(
        self,
        *,
        happened_at: datetime | None = None,
        detail: str = "",
        sentence: str = "",
        mail_context: dict[str, Any] | None = None,
        **data: Any,
    ) -> AccessRequest:
        """Save the request, move it, record the act and tell those whom the table names.

        `data` fills the placeholders of the transition's sentence and of its mails;
        `mail_context` is for the mails alone and not recorded (a link). `detail` is
        longer text that the timeline shows beneath the sentence. `sentence` says it in
        place of the transition's own.
        """
        request, target = self.request, self.transition.target
        request.version += 1
        if target is not None:
            request.status = target
            # The stays are locked as they are read: a sweep that is telling of the last one ends before, the next one
            # passes it by, and a calendar that changes now waits.
            history = list(request.entries.select_for_update().order_by("entered_at", "pk"))
            at = _close_entry(history, by=self.user, now=self.now)
            self._save()
            _open_entry(request, history, by=self.user, now=at, written_later=happened_at not in (None, self.now))
        else:
            self._save()
        event = audit.record(
            request.subject,
            self.transition.action,
            sentence or self.transition.sentence,
            by=self.user,
            by_name=self.actor_name,
            acting_for=self.right.acting_for if self.right else "",
            now=self.now,
            happened_at=happened_at,
            data={**data, **({"detail": detail} if detail else {})},
        )
        messages.tell(request, self.transition, event, by=self.user, now=self.now, context=mail_context)
        return request

    def _save(self) -> None:
        """Write what the act changed; the row was locked since it was read."""
        changed = [name for name, value in _columns(self.request).items() if value != self._as_locked[name]]
        self.request.save(update_fields=changed)


def _columns(request: AccessRequest) -> dict[str, Any]:
    return {field.attname: getattr(request, field.attname) for field in request._meta.concrete_fields}


def begin(
    request: AccessRequest, action: Action, *, by: policies.Person, now: datetime, version: int | None = None
) -> Act:
    """Lock the request for `action`; call inside a transaction.

    `version` is the one the person's page was made from: raises `ActedFirst` when the
    request has moved since. Raises `policies.Refused` when the act is not theirs to do.
    """
    # Nothing joined that an act can change: PostgreSQL reads the row anew after waiting, but not what was joined to it.
    locked = AccessRequest.objects.select_for_update(of=("self",)).select_related("unit").get(pk=request.pk)
    if version is not None and version != locked.version:
        raise ActedFirst(locked, selectors.last_event(locked))
    right = policies.check(by, locked, action, now=now)
    return Act(locked, TRANSITIONS[action], by, right, now)


def open_first_entry(request: AccessRequest, *, by: User, now: datetime) -> None:
    """A new draft enters its first status."""
    _open_entry(request, [], by=by, now=now)


def _close_entry(history: list[StepEntry], *, by: User | None, now: datetime) -> datetime:
    """End the stay that lasts. When: `now`, but not before it began, should the machine's clock have been set back."""
    for entry in history:
        if entry.left_at is not None:
            continue
        now = max(now, entry.entered_at)
        clock.note_leaving(entry, now=now)
        entry.left_at, entry.left_by = now, by
        entry.save(update_fields=["left_at", "left_by"])
    return now


def _open_entry(
    request: AccessRequest,
    earlier: list[StepEntry],
    *,
    by: User | None,
    now: datetime,
    written_later: bool = False,
) -> None:
    """Begin the stay in the present status; `earlier` are all others, oldest first."""
    entry = StepEntry(request=request, status=request.status, entered_at=now, entered_by=by)
    if entry.step.waits_for is None:
        entry.left_at = now
    history = [*earlier, entry]
    calendar, rules = working_time.working_calendar(), working_time.rules()
    if entry.step.standard:
        entry.clock_started_at, entry.due_at = deadlines.due_at(history, calendar, rules)
    entry.save()
    clock.plan(entry, calendar, rules, earlier)
    _record_passage(request, history, calendar, written_later=written_later)


def _record_passage(
    request: AccessRequest, history: list[StepEntry], calendar: sla.WorkingCalendar, *, written_later: bool
) -> None:
    """When this move led on from a row of the SOP, what that row took; `written_later`: the move was made before now.

    A row whose begin or end was written down later than it happened has a length in days, but none in minutes.
    """
    done = list(deadlines.runs(history))
    entered = history[-1]
    if not done or done[-1].left_at != entered.entered_at or done[-1].last not in history[-2:-1]:
        return
    run = done[-1]
    due_at = run.last.due_at if run.last else None
    passage = Passage(
        request=request,
        number=run.number,
        started_at=run.started_at,
        ended_at=entered.entered_at,
        standard_seconds=int(run.standard.total_seconds()) if run.standard else None,
        due_at=due_at,
        took_seconds=deadlines.length(run, calendar).total_seconds(),
        waited_seconds=sum((ends - begins).total_seconds() for begins, ends in run.pauses),
        days_off=calendar.days_off_between(run.started_at, entered.entered_at),
        is_within=entered.entered_at <= due_at if due_at else None,
        is_from_paper=request.entered_for_unit or written_later or _began_on_paper(request, run.started_at),
        ended_by=entered.entered_by,
    )
    # One that is there already stays as it was written.
    Passage.objects.bulk_create([passage], ignore_conflicts=True)


def _began_on_paper(request: AccessRequest, started_at: datetime) -> bool:
    """Whether the act with which that stay began was written down later than it happened."""
    acts = AuditEvent.objects.filter(subject=request.subject, at=started_at).values_list("verb", "happened_at")
    return any(verb in TRANSITIONS and happened_at != started_at for verb, happened_at in acts)
