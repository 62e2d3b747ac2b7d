"""What people are told by the calendar: each morning what waits for them, and the head each week how it went.

Everything here is asked for by the clock and may run at any time, any number of times and twice at once: a summary
and its mail are written in one transaction, and there is one row per person and period. Nothing is written outside
office hours; what should have been written while nothing ran is written later on the same day, or in the same week.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import mail
from accounts.models import OutgoingMail, User
from accounts.permissions import absences, authority, holders, those_there
from accounts.roles import Permission
from requests_app import lateness, monitoring, selectors, sla, working_time
from requests_app.models import AccessRequest, Digest, OwnerConsent, StepEntry
from requests_app.sop import STEPS, Actor, Status
from webservice_accounts import provisioners

logger = logging.getLogger(__name__)

WRITTEN_FROM = time(7, 45)
"""Local time; where the office opens later, then."""
SHOWN = 20
"""Lines in one mail; of the others the number is said."""
BATCH = 200
ONE_DAY, ONE_WEEK = timedelta(days=1), timedelta(weeks=1)


# --- every morning -----------------------------------------------------------------------
def write_daily(*, now: datetime) -> int:
    """A summary for everybody for whom something has waited since before it was due; how many were written.

    On working days from 07.45 on, or from when the office opens, if that is later.
    """
    calendar = working_time.working_calendar()
    today = timezone.localdate(now)
    begins = _begins(calendar, today)
    if begins is None or now < begins or not calendar.is_open(now):
        return 0
    known = set(Digest.objects.filter(kind=Digest.Kind.DAILY, on=today).values_list("person", flat=True))
    people = [person for person in _waited_for(begins, today) if person.pk not in known]
    return _each(people, lambda person: _write_daily(person, today, now))


def _begins(calendar: sla.WorkingCalendar, day: date) -> datetime | None:
    """From when on a summary of this local date may be written; None on a day off."""
    hours = calendar.hours_on(day)
    return max(hours[0][0], datetime.combine(day, WRITTEN_FROM, tzinfo=sla.WIB)) if hours else None


def _waited_for(begins: datetime, today: date) -> list[User]:
    """Everybody who wants a summary and may have been waited for at that instant, but not who is replaced today.

    The number of questions does not grow with the people: those of the units and letters that wait, and the offices.
    """
    waiting = AccessRequest.objects.filter(entries__left_at__isnull=True, entries__entered_at__lt=begins)
    found: set[int] = set()
    for permission in (Permission.REGISTER, Permission.DISPOSE, Permission.CREATE_ACCOUNT):
        found.update(person.pk for person in holders(permission, today))
    units = set(waiting.filter(status__in=_statuses(Actor.UNIT)).values_list("unit", flat=True))
    asked = OwnerConsent.objects.filter(answered_at__isnull=True, asked_at__lt=begins)
    units.update(asked.filter(request__status__in=_statuses(Actor.OWNER)).values_list("unit", flat=True))
    standing_in = Q(
        substitutes_for__starts_on__lte=today,
        substitutes_for__ends_on__gte=today,
        substitutes_for__absent__unit__in=units,
    )
    named = waiting.filter(status__in=_statuses(Actor.RESPONSIBLE_PERSON)).values_list("email", flat=True)
    by_mail = Q(email__in={address.lower() for address in named})
    meant = Q(pk__in=found) | Q(unit__in=units, role_grants__isnull=False) | standing_in | by_mail
    away = absences(today).substitutions
    people = User.objects.filter(meant, is_active=True, wants_digest=True).exclude(pk__in=away)
    return list(people.distinct().order_by("pk"))


def _statuses(actor: Actor) -> list[Status]:
    return [status for status, step in STEPS.items() if step.waits_for is actor]


@dataclass(frozen=True)
class Line:
    """One request in a summary; `label` is an Indonesian source sentence."""

    reference: str
    unit: str
    label: str
    due: datetime | None
    is_late: bool
    is_today: bool
    url: str


def lines_for(person: User, now: datetime) -> list[Line]:
    """What waits for this person: what is late first, then what is due today, then the rest, each the oldest first.

    The 5-minute norms are never held up to anybody, so they count as having no deadline.
    """
    today = timezone.localdate(now)
    is_office = authority(person, Permission.SEE_EVERY_REQUEST, today) is not None
    found = []
    for item in selectors.with_clock(selectors.waiting_for(person, now)):
        entry = _open_entry(item)
        if entry is None:
            continue
        due = entry.due_at if entry.step.clock is sla.Clock.WORKING_DAYS else None
        line = Line(
            reference=item.reference,
            unit=str(item.unit),
            label=item.step.label if is_office else item.step.applicant_label,
            due=due,
            is_late=due is not None and due <= now,
            is_today=due is not None and due > now and timezone.localdate(due) == today,
            url=item.get_absolute_url(),
        )
        found.append(((not line.is_late, not line.is_today, due or entry.entered_at, item.pk), line))
    return [line for _rank, line in sorted(found, key=lambda pair: pair[0])]


def _open_entry(item: AccessRequest) -> StepEntry | None:
    """From `selectors.with_clock`; None when somebody has just moved it on."""
    entries: list[StepEntry] = item.__dict__["open_entries"]
    return entries[0] if entries else None


def _write_daily(person: User, today: date, now: datetime) -> bool:
    digest, is_new = Digest.objects.get_or_create(
        kind=Digest.Kind.DAILY, person=person, on=today, defaults={"written_at": now}
    )
    if not is_new:
        return False
    lines, tasks = lines_for(person, now), provisioners.count_for(person, now) or 0
    if not lines and not tasks:
        return False
    digest.rows = len(lines) + bool(tasks)
    digest.save(update_fields=["rows"])
    words = {
        "day": today,
        "at": now,
        "count": len(lines),
        "late_count": sum(line.is_late for line in lines),
        "lines": lines[:SHOWN],
        "more": max(0, len(lines) - SHOWN),
        "tasks": tasks,
    }
    _queue(digest, words, now)
    return True


# --- every week ------------------------------------------------------------------------------
def write_weekly(*, now: datetime) -> int:
    """A report of the week before to the head, from the first working day of the week on; how many were written."""
    calendar = working_time.working_calendar()
    today = timezone.localdate(now)
    monday = today - today.weekday() * ONE_DAY
    days = (_begins(calendar, monday + number * ONE_DAY) for number in range(7))
    begins = next(filter(None, days), None)
    if begins is None or now < begins or not calendar.is_open(now):
        return 0
    known = set(Digest.objects.filter(kind=Digest.Kind.WEEKLY, on=monday).values_list("person", flat=True))
    people = [one for one in those_there(holders(Permission.DISPOSE, today), today) if one.pk not in known]
    if not people:
        return 0
    words = _words_of_week(monday - ONE_WEEK, now)
    return _each(people, lambda person: _write_weekly(person, monday, words, now))


def _write_weekly(person: User, monday: date, words: dict[str, Any], now: datetime) -> bool:
    digest, is_new = Digest.objects.get_or_create(
        kind=Digest.Kind.WEEKLY,
        person=person,
        on=monday,
        defaults={"written_at": now, "rows": 1 + words["breach_count"]},
    )
    if is_new:
        _queue(digest, words, now)
    return is_new


def _words_of_week(monday: date, now: datetime) -> dict[str, Any]:
    """What happened from this Monday through the Sunday after it, and how it stands at `now`."""
    week = monitoring.Filters(monday, monday + ONE_WEEK - ONE_DAY)
    traffic, open_now = monitoring.traffic(week), monitoring.open_figures(week, now)
    withdrawn = AccessRequest.objects.filter(
        status=Status.WITHDRAWN,
        submitted_at__isnull=False,
        finished_at__gte=week.begins,
        finished_at__lt=week.ends,
    )
    breaches = _breaches(week.begins, week.ends, now)
    return {
        "first": week.first,
        "last": week.last,
        "came": traffic.came,
        "finished": traffic.finished,
        "withdrawn": withdrawn.count(),
        "open": sum(row.count for row in open_now),
        "late": sum(row.late for row in open_now),
        "rows": [_share(row) for row in monitoring.step_figures(week) if row.standard and row.activity.number != "1"],
        "breaches": breaches[:SHOWN],
        "breach_count": len(breaches),
        "more": max(0, len(breaches) - SHOWN),
    }


def _share(row: monitoring.StepFigures) -> dict[str, Any]:
    # Rounded down: 100 means all of them.
    share = row.within * 100 // row.timed if row.timed else 0
    return {
        "number": row.activity.number,
        "label": row.activity.short,
        "count": row.timed,
        "within": row.within,
        "share": share,
    }


def _breaches(first: datetime, after: datetime, now: datetime) -> list[dict[str, Any]]:
    """The rows of the SOP whose deadline passed in that time, as the monitoring report counts them; the oldest first.

    A row that waits for somebody outside the office, or was passed to a colleague, is not over.
    """
    return [
        {
            "reference": run.request.reference,
            "label": run.activity.short,
            "due": run.due_at,
            "is_open": run.ended_at is None,
            "url": run.request.get_absolute_url(),
        }
        for run in lateness.in_period(first, after, calendar=working_time.working_calendar(), now=now)
    ]


# --- both ------------------------------------------------------------------------------------
def note_delivery() -> int:
    """Mark those summaries as sent whose mail was taken by a mail server; how many."""
    waiting = {_key(digest): digest for digest in Digest.objects.filter(sent_at__isnull=True, rows__gt=0)}
    sent = OutgoingMail.objects.filter(key__in=waiting, state=OutgoingMail.State.SENT)
    marked = []
    for key, sent_at in sent.values_list("key", "sent_at"):
        waiting[key].sent_at = sent_at
        marked.append(waiting[key])
    Digest.objects.bulk_update(marked, ["sent_at"], batch_size=BATCH)
    return len(marked)


def _each(people: Iterable[User], write: Callable[[User], bool]) -> int:
    """`write` for each, in a transaction of its own. What goes wrong for one is logged and stops no other."""
    done = 0
    for person in people:
        try:
            with transaction.atomic():
                done += write(person)
        except Exception:
            logger.exception("the summary for person %s was left for the next time", person.pk)
    return done


def _key(digest: Digest) -> str:
    return f"digest:{digest.pk}"


def _queue(digest: Digest, words: dict[str, Any], now: datetime) -> None:
    person = digest.person
    words = {**words, "recipient": str(person)}
    subject, text = mail.compose(f"digest_{digest.kind}", language=person.language, context=words)
    mail.queue(key=_key(digest), to=person.email, language=person.language, subject=subject, text=text, now=now)
