"""Every read about requests: what somebody may see, what waits for them, how it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Prefetch, Q, QuerySet, Window, prefetch_related_objects
from django.db.models.functions import RowNumber
from django.utils import timezone

from accounts.audit import say as say
from accounts.models import AuditEvent, OutgoingMail, Substitution, Unit, User
from accounts.permissions import absences, authority, holders, substitutions_of, units_of
from accounts.roles import Permission, Role
from accounts.selectors import institution as institution
from requests_app import sla
from requests_app.models import (
    AccessRequest,
    AgendaEntry,
    DeadlineNotice,
    Disposition,
    Document,
    OwnerConsent,
    ReplyLetter,
    RequestedItem,
    StepEntry,
)
from requests_app.sop import ACTIVITIES, OPEN, STEPS, TRANSITIONS, Action, Activity, Actor, Status
from webservice_accounts.lifecycle import ENDING_SOON_WITHIN
from webservice_accounts.models import WebserviceAccount

TIMED = tuple(status for status, step in STEPS.items() if step.clock is sla.Clock.WORKING_DAYS)
"""Where a deadline is held up to somebody; the 5-minute norms are only reported."""
ACCOUNT_ROWS = ("3", "5")
"""Rows of the SOP that are done only where there is an account in the end."""


# --- who may see what -----------------------------------------------------------
def visible_to(user: User | AnonymousUser, now: datetime) -> QuerySet[AccessRequest]:
    """The requests this person may know of. The fetch is the check: others are "not found".

    The office sees what was sent, and the helpdesk the paper letters that it enters; a unit's
    staff their unit's, so whoever moves to another unit leaves them behind; the responsible
    person those that name them (by verified e-mail). What was never sent, also when it was
    given up, concerns the unit alone.
    """
    requests = AccessRequest.objects.select_related(*SHOWN_WITH)
    if not isinstance(user, User) or not user.is_active:
        return requests.none()
    return requests.filter(_may_see(user, timezone.localdate(now)))


SHOWN_WITH = ("unit", "assignee", "created_by", "account")


def _may_see(user: User, today: date) -> Q:
    was_sent = Q(submitted_at__isnull=False)
    mine = was_sent & Q(email__iexact=user.email)
    if authority(user, Permission.SEE_EVERY_REQUEST, today):
        mine |= was_sent
    if authority(user, Permission.REGISTER, today):
        mine |= Q(entered_for_unit=True)
    if unit_ids := units_of(user, Permission.SEND_REQUEST, today):
        mine |= Q(unit_id__in=unit_ids)
    return mine


def consents_asked_of(user: User | AnonymousUser, now: datetime) -> QuerySet[OwnerConsent]:
    """What this person's unit was asked as the owner of data, the latest first.

    It is all that the owner may know of somebody else's request: `visible_to` does not hold it, so that the letter,
    its files, the receipt and who is named with which number stay between the unit that asks and the office.
    """
    consents = OwnerConsent.objects.select_related("request__unit", "unit", "asked_by", "answered_by")
    units = units_of(user, Permission.SEND_REQUEST, timezone.localdate(now))
    return consents.filter(unit__in=units).order_by("-asked_at", "-pk")


def asked_as_owner_only(user: User | AnonymousUser, reference: str, now: datetime) -> bool:
    """Whether all that this person may know of that request is what their unit was asked."""
    return (
        consents_asked_of(user, now).filter(request__reference=reference).exists()
        and not visible_to(user, now).filter(reference=reference).exists()
    )


def has_staff(unit: Unit) -> bool:
    """Whether somebody of this unit can sign in and answer for it."""
    return User.objects.filter(is_active=True, unit=unit, role_grants__role=Role.UNIT_STAFF).exists()


def visible_documents(user: User | AnonymousUser, now: datetime) -> QuerySet[Document]:
    """Files of requests this person may see; outside the office an issued reply exists once it was sent."""
    documents = Document.objects.filter(request__in=visible_to(user, now).values("pk")).select_related("request")
    if authority(user, Permission.SEE_EVERY_REQUEST, timezone.localdate(now)):
        return documents
    return documents.exclude(kind=Document.Kind.REPLY_LETTER, request__reply__sent_at=None)


# --- what waits for whom ----------------------------------------------------------
def with_clock(requests: QuerySet[AccessRequest]) -> QuerySet[AccessRequest]:
    """With their open stay at `open_entries[0]`, for lists that show deadlines."""
    return requests.prefetch_related(
        Prefetch("entries", queryset=StepEntry.objects.filter(left_at__isnull=True), to_attr="open_entries")
    )


def waiting_for(user: User, now: datetime) -> QuerySet[AccessRequest]:
    """What this person is waited for, the earliest deadline first, then the longest wait.

    At PSI that is what they took, what nobody took, and what somebody took who is away and whom they replace.
    """
    today = timezone.localdate(now)
    statuses = {actor: [s for s, step in STEPS.items() if step.waits_for is actor] for actor in Actor}
    mine = Q(status__in=statuses[Actor.RESPONSIBLE_PERSON], email__iexact=user.email)
    if unit_ids := units_of(user, Permission.SEND_REQUEST, today):
        mine |= Q(status__in=statuses[Actor.UNIT], unit_id__in=unit_ids)
    if authority(user, Permission.REGISTER, today):
        mine |= Q(status__in=statuses[Actor.HELPDESK])
        mine |= Q(status__in=statuses[Actor.UNIT], entered_for_unit=True)
    if authority(user, Permission.DISPOSE, today):
        mine |= Q(status__in=statuses[Actor.HEAD])
    if authority(user, Permission.CREATE_ACCOUNT, today):
        mine |= Q(status__in=statuses[Actor.PSI]) & ~Q(assignee__in=_in_hands_of_others(user, today))
    mine &= _may_see(user, today)
    if unit_ids:
        asked = OwnerConsent.objects.filter(unit__in=unit_ids, answered_at__isnull=True)
        mine |= Q(status__in=statuses[Actor.OWNER], pk__in=asked.values("request"))
    if not user.is_active:
        return AccessRequest.objects.none()
    requests = AccessRequest.objects.filter(mine, entries__left_at__isnull=True)
    return requests.select_related(*SHOWN_WITH).order_by("entries__due_at", "entries__entered_at")


def _in_hands_of_others(user: User, today: date) -> set[int]:
    """Ids of those at PSI who do themselves, or through somebody else who is there, what they took."""
    mine = {user.pk, *(row.absent_id for row in substitutions_of(user, today))}
    return {person.pk for person in holders(Permission.CREATE_ACCOUNT, today)} - mine - absences(today).unattended


def awaiting_disposition(user: User, now: datetime) -> QuerySet[AccessRequest]:
    """Letters before the head, the longest wait first, with what a card shows of each at hand."""
    letters = Document.objects.filter(kind=Document.Kind.REQUEST_LETTER)
    return (
        with_clock(visible_to(user, now))
        .filter(status=Status.AWAITING_DISPOSITION, entries__left_at__isnull=True)
        .select_related("agenda", "renews")
        .prefetch_related("items__data_type__owner", "renews__grants__data_type")
        .prefetch_related(Prefetch("documents", queryset=letters))
        .order_by("entries__entered_at", "pk")
    )


def unread_dispositions(user: User) -> QuerySet[Disposition]:
    """What this person, or a substitute in their name, passed to PSI and nobody there has opened; newest first."""
    return (
        Disposition.objects.filter(
            Q(decided_by=user) | Q(on_behalf_of=user),
            decision=Disposition.Decision.FORWARDED,
            read_at__isnull=True,
            cancelled_at__isnull=True,
            request__status=Status.DISPOSED,
        )
        .select_related("request__unit", "decided_by", "on_behalf_of")
        .order_by("-decided_at", "-pk")
    )


@dataclass(frozen=True)
class EarlierDecision:
    """What the head once decided on another letter of the same unit, or for some of the same data."""

    disposition: Disposition
    is_same_unit: bool
    same_data: tuple[RequestedItem, ...]
    """The rows of that letter for data that is now asked for again, with what became of them."""


EARLIER_SHOWN = 5


def earlier_decisions(requests: Iterable[AccessRequest]) -> dict[int, list[EarlierDecision]]:
    """By request id, the last five decisions that are like it, newest first.

    Only what was forwarded or refused, and not cancelled, counts as decided. For readers
    who see every request. The number of queries and of rows read does not grow with the
    years: the database hands over the newest of each unit and each kind of data.
    """
    items = list(requests)
    asked = {item.pk: {row.data_type_id for row in item.items.all()} for item in items}
    decided = Disposition.objects.filter(
        decision__in=(Disposition.Decision.FORWARDED, Disposition.Decision.REFUSED), cancelled_at__isnull=True
    )
    candidates = {
        row.pk: row
        for newest in (
            _newest(decided.filter(request__unit__in={item.unit_id for item in items}), "request__unit_id"),
            _newest(
                decided.filter(request__items__data_type__in=set().union(*asked.values())),
                "request__items__data_type_id",
            ),
        )
        for row in newest
    }
    newest_first = sorted(candidates.values(), key=lambda row: (row.decided_at, row.pk), reverse=True)
    return {item.pk: _like(item, asked[item.pk], newest_first)[:EARLIER_SHOWN] for item in items}


def _newest(dispositions: QuerySet[Disposition], group: str) -> QuerySet[Disposition]:
    """The newest of each group; some more than are shown, because a letter may be decided twice or be this one."""
    rank = Window(RowNumber(), partition_by=F(group), order_by=[F("decided_at").desc(), F("pk").desc()])
    return (
        dispositions.annotate(rank=rank)
        .filter(rank__lte=3 * EARLIER_SHOWN)
        .select_related("request__unit", "decided_by", "on_behalf_of")
        .prefetch_related("request__items__data_type")
    )


def _like(item: AccessRequest, asked: set[int], newest_first: list[Disposition]) -> list[EarlierDecision]:
    found: dict[int, EarlierDecision] = {}
    for row in newest_first:
        same_data = tuple(one for one in row.request.items.all() if one.data_type_id in asked)
        is_same_unit = row.request.unit_id == item.unit_id
        if row.request_id != item.pk and (is_same_unit or same_data):
            found.setdefault(row.request_id, EarlierDecision(row, is_same_unit, same_data))
    return list(found.values())


def accounts_ending(user: User, now: datetime) -> QuerySet[WebserviceAccount]:
    """Living accounts of this person or their unit that end within 60 days, the soonest first."""
    mine = Q(holder_email__iexact=user.email)
    if unit_ids := units_of(user, Permission.SEND_REQUEST, timezone.localdate(now)):
        mine |= Q(unit_id__in=unit_ids)
    alive = Q(revoked_at=None, ends_at__gt=now, ends_at__lte=now + ENDING_SOON_WITHIN)
    return WebserviceAccount.objects.filter(mine & alive).order_by("ends_at")


# --- who is on it --------------------------------------------------------------------
TAKEN_BY_ONE = frozenset(TRANSITIONS[Action.CLAIM].sources)
"""Statuses in which one person at PSI works on a request, or nobody yet."""
KEPT_BY_ONE = frozenset({Status.CLARIFICATION, Status.CONSENT})
"""Statuses after which it comes back to that person."""


@dataclass(frozen=True)
class Hands:
    """Who at PSI has a request; `person` None: nobody took it. `substitute`: who is there in their place today."""

    person: User | None = None
    substitute: Substitution | None = None


def in_whose_hands(items: Iterable[AccessRequest], now: datetime) -> dict[int, Hands]:
    """By request id, for those that are in one person's hands or could be. Two queries, whatever their number."""
    asked = [item for item in items if item.status in TAKEN_BY_ONE | KEPT_BY_ONE]
    if not any(item.assignee_id for item in asked):
        return {item.pk: Hands() for item in asked if item.status in TAKEN_BY_ONE}
    today = timezone.localdate(now)
    away, at_psi = absences(today), {person.pk for person in holders(Permission.CREATE_ACCOUNT, today)}
    found = {}
    for item in asked:
        person = item.assignee
        if person and person.pk in at_psi - away.unattended:
            found[item.pk] = Hands(person, away.substitutions.get(person.pk))
        elif item.status in TAKEN_BY_ONE:
            found[item.pk] = Hands()
    return found


# --- the desk of the helpdesk ----------------------------------------------------------
def same_letter(request: AccessRequest) -> QuerySet[AccessRequest]:
    """Other requests, sent already, with the same sender, letter number and letter date; none without a number."""
    number = request.letter_number.strip()
    if not number:
        return AccessRequest.objects.none()
    others = AccessRequest.objects.filter(
        unit=request.unit_id, letter_number__iexact=number, letter_date=request.letter_date
    )
    return others.filter(submitted_at__isnull=False).exclude(pk=request.pk).order_by("pk")


def agenda_book(first: date, last: date) -> QuerySet[AgendaEntry]:
    """The lines of the buku agenda written from one local date through another, in the order of their numbers."""
    # In UTC the first day of the calendar would begin before all time.
    begins = datetime.combine(max(first, date.min + timedelta(days=1)), time.min, sla.WIB)
    ends = datetime.combine(last, time.max, sla.WIB)  # nothing is stored more exactly than in microseconds
    lines = AgendaEntry.objects.filter(registered_at__gte=begins, registered_at__lte=ends)
    return lines.select_related("request__unit", "registered_by").order_by("year", "number")


def reply_with_number(number: str, *, but_not: AccessRequest) -> ReplyLetter | None:
    """The reply to another request that bears this number already."""
    return ReplyLetter.objects.filter(number=number).exclude(request=but_not).select_related("request").first()


# --- one request ---------------------------------------------------------------------
def read_history(request: AccessRequest) -> AccessRequest:
    """The request with its stays, oldest first, and who ended each: `request.entries.all()` then asks no more."""
    stays = StepEntry.objects.select_related("left_by").order_by("entered_at", "pk")
    prefetch_related_objects([request], Prefetch("entries", queryset=stays))
    return request


def last_event(request: AccessRequest) -> AuditEvent | None:
    """The latest act on this request; what the clock noted and why something was late is none."""
    acts = AuditEvent.objects.filter(subject=request.subject, verb__in=[action.value for action in Action])
    return acts.order_by("pk").last()


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a request's history, ready to show."""

    at: datetime
    recorded_at: datetime | None
    """Set when it was written down later than it happened."""
    sentence: str
    actor: str
    acting_for: str
    verb: str
    detail: str


def timeline(request: AccessRequest) -> list[TimelineEntry]:
    """What happened, oldest first, each as a sentence in the reader's language."""
    return [
        TimelineEntry(
            at=event.happened_at,
            recorded_at=event.at if event.at != event.happened_at else None,
            sentence=say(event),
            actor=event.actor_name,
            acting_for=event.acting_for,
            verb=event.verb,
            detail=str(event.data.get("detail", "")),
        )
        for event in AuditEvent.objects.filter(subject=request.subject).order_by("happened_at", "pk")
    ]


@dataclass(frozen=True)
class Reminder:
    """One thing the clock had to say about a deadline of a request: to whom, when, really sent, or why not."""

    label: str
    step: str
    due_at: datetime
    at: datetime
    told_to: list[str]
    told_at: datetime | None
    sent_at: datetime | None
    failed: list[str]
    """Those of `told_to` whose mail failed for good."""
    why_not: str
    is_to_come: bool


def reminders(request: AccessRequest) -> list[Reminder]:
    """What was said of the deadlines of this request, and what will be, in order; two queries."""
    notices = DeadlineNotice.objects.filter(entry__request=request).select_related("entry").order_by("at", "pk")
    keys = [key for notice in notices for key in notice.mail_keys]
    failed = set(
        OutgoingMail.objects.filter(key__in=keys, state=OutgoingMail.State.FAILED).values_list("key", flat=True)
    )
    why_not = {row.value: str(row.label) for row in DeadlineNotice.Skipped}
    return [
        Reminder(
            label=notice.get_kind_display(),
            step=notice.entry.step.label,
            due_at=notice.due_at,
            at=notice.at,
            told_to=[one["name"] for one in notice.told_to],
            told_at=notice.told_at,
            sent_at=notice.sent_at,
            failed=[one["name"] for one in notice.told_to if notice.mail_key(one["person"]) in failed],
            why_not=why_not.get(notice.skipped, ""),
            is_to_come=notice.state in (DeadlineNotice.State.PLANNED, DeadlineNotice.State.NOTICED),
        )
        for notice in notices
    ]


@dataclass(frozen=True)
class Station:
    """One of the six stations of the progress line."""

    activity: Activity
    state: str
    """done, now, next, or skipped (a refused request has no account, a withdrawn one goes no further)."""
    entered_at: datetime | None = None
    left_at: datetime | None = None
    due_at: datetime | None = None
    waits_for: Actor | None = None


def progress(request: AccessRequest) -> list[Station]:
    """The SOP as a line: what is done, what is now and by when, what comes next; what a refusal or withdrawal left out.

    The row in which a request was withdrawn is not done, nor is an account that was never made.
    """
    entries = list(request.entries.all())
    is_over, is_withdrawn = request.status not in OPEN, request.status == Status.WITHDRAWN
    number = (entries[-2] if is_withdrawn else entries[-1]).step.number
    order = [row.number for row in ACTIVITIES]
    at = len(order) if number is None else order.index(number)
    stations = []
    for position, row in enumerate(ACTIVITIES):
        stays = [entry for entry in entries if entry.step.number == row.number]
        was_done = bool(stays) and (request.account_id is not None or row.number not in ACCOUNT_ROWS)
        if position == at and not is_over:
            current = stays[-1]
            stations.append(Station(row, "now", stays[0].entered_at, None, current.due_at, current.step.waits_for))
        elif position < at and was_done:
            stations.append(Station(row, "done", stays[0].entered_at, stays[-1].left_at, stays[-1].due_at))
        else:
            stations.append(Station(row, "skipped" if position < at or is_over else "next"))
    return stations
