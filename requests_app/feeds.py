"""What a calendar program reads under a private address: the working calendar, or a person's own deadlines.

iCalendar as in RFC 5545. The same rows give the same bytes, so that a program that asks again is told that nothing
changed; DTSTAMP is therefore when the rows were last revised, which is what the RFC means by it here (3.8.7.2).
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from icalendar import Calendar, Event

from accounts.models import AuditEvent, User
from requests_app import selectors
from requests_app.models import CalendarFeed, DayRow, HoursPeriodRow, OfficeSpanRow, StepEntry
from requests_app.sla import DayKind
from requests_app.sla_wording import DAY_KIND_LABELS

Kind = CalendarFeed.Kind
ONE_DAY = timedelta(days=1)
REFRESH_AFTER = timedelta(hours=1)
"""How often a calendar program is asked to look again; most come less often."""
PRODUCT = "-//Gapura//Kalender//ID"


@dataclass(frozen=True)
class Feed:
    """One iCalendar file and a mark that changes when its content does."""

    content: bytes
    etag: str


@sensitive_variables("secret")
def sha256_of(secret: str) -> str:
    """What is kept of the secret in an address."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


@sensitive_variables("secret")
def living_feed(secret: str, kind: Kind) -> CalendarFeed | None:
    """The feed of this address; None when it is unknown, revoked, of another kind, or its person has left."""
    living = CalendarFeed.objects.filter(revoked_at__isnull=True, person__is_active=True)
    return living.filter(secret_sha256=sha256_of(secret), kind=kind).select_related("person").first()


def written(feed: CalendarFeed, now: datetime) -> Feed:
    """The feed as its person may read it at `now`, in the language that is active."""
    content = WRITERS[Kind(feed.kind)](feed, now).to_ical()
    return Feed(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


# --- the working calendar --------------------------------------------------------------------
def _working_calendar(feed: CalendarFeed, now: datetime) -> Calendar:
    """Days off, replacement working days and dates with other hours, from the beginning of last year on."""
    calendar = _calendar(_("Kalender kerja"))
    revised = _last_revised({"calendar"}, feed.created_at)
    first = date(now.year - 1, 1, 1)
    for day in DayRow.objects.filter(date__gte=first):
        event = _event(f"day-{day.pk}", revised)
        kind = _(DAY_KIND_LABELS[DayKind(day.kind)])
        name = day.name if day.name.casefold().startswith(kind.casefold()) else f"{kind}: {day.name}"
        event.add("summary", f"{name} ({_('perkiraan')})" if day.is_estimated else name)
        _whole_days(event, day.date, day.date)
        event.add("status", "TENTATIVE" if day.is_estimated else "CONFIRMED")
        event.add("categories", [kind])
        if day.legal_basis:
            event.add("description", day.legal_basis)
        calendar.add_component(event)
    for period in HoursPeriodRow.objects.filter(ends_on__gte=first).prefetch_related("spans"):
        event = _event(f"hours-{period.pk}", revised)
        event.add("summary", _("Jam kerja %(name)s") % {"name": period.name})
        _whole_days(event, period.starts_on, period.ends_on)
        hours = [*_hours(sorted(period.spans.all(), key=lambda span: (span.weekday, span.opens)))]
        event.add("description", "\n".join(filter(None, [*hours, period.legal_basis])))
        calendar.add_component(event)
    return calendar


def _whole_days(event: Event, first: date, last: date) -> None:
    """Both ends included; the end of an event is exclusive (RFC 5545, 3.6.1)."""
    event.add("dtstart", first)
    event.add("dtend", last + ONE_DAY)
    event.add("transp", "TRANSPARENT")


def _hours(spans: Iterable[OfficeSpanRow]) -> Iterable[str]:
    by_day: dict[str, list[str]] = {}
    for span in spans:
        by_day.setdefault(str(span.get_weekday_display()), []).append(f"{span.opens:%H.%M}–{span.closes:%H.%M}")
    return (f"{weekday}: {', '.join(hours)}" for weekday, hours in by_day.items())


# --- my deadlines --------------------------------------------------------------------------------
def _deadlines(feed: CalendarFeed, now: datetime) -> Calendar:
    """When what waits for this person is due; the 5-minute norms are over before a calendar program looks."""
    calendar = _calendar(_("Batas waktu saya"))
    waiting = selectors.waiting_for(feed.person, now).filter(status__in=selectors.TIMED)
    running = StepEntry.objects.filter(left_at__isnull=True, request__in=waiting.order_by().values("pk"))
    entries = list(running.select_related("request").order_by("due_at", "pk"))
    moved = _moved_at(entry.request.subject for entry in entries)
    for entry in entries:
        if entry.due_at is None:
            continue
        item = entry.request
        event = _event(f"deadline-{entry.pk}", max(entry.entered_at, moved.get(item.subject, entry.entered_at)))
        event.add("summary", f"{item.reference}: {_(entry.step.label)}")
        event.add("dtstart", entry.due_at.astimezone(UTC))
        event.add("url", f"{settings.BASE_URL}{item.get_absolute_url()}")
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return calendar


def _moved_at(subjects: Iterable[str]) -> dict[str, datetime]:
    """When the calendar last moved the deadline of each."""
    events = AuditEvent.objects.filter(subject__in=list(subjects), verb="deadline_moved").order_by()
    return dict(events.values_list("subject").annotate(Max("at")))


# --- what all have in common -----------------------------------------------------------------------
def _calendar(name: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", f"{name} (Gapura)")
    calendar.add("x-wr-timezone", settings.TIME_ZONE)
    calendar.add("refresh-interval", REFRESH_AFTER, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    return calendar


def _event(name: str, revised: datetime) -> Event:
    event = Event()
    event.add("uid", f"{name}@{urlsplit(settings.BASE_URL).hostname}")
    event.add("dtstamp", revised.astimezone(UTC))
    return event


def _last_revised(subjects: set[str], otherwise: datetime) -> datetime:
    latest = AuditEvent.objects.filter(subject__in=subjects).aggregate(at=Max("at"))["at"]
    return latest or otherwise


WRITERS: dict[Kind, Callable[[CalendarFeed, datetime], Calendar]] = {
    Kind.CALENDAR: _working_calendar,
    Kind.DEADLINES: _deadlines,
}


def of_person(person: User) -> dict[str, CalendarFeed]:
    """The living feeds of a person by kind."""
    return {feed.kind: feed for feed in CalendarFeed.objects.filter(person=person, revoked_at__isnull=True)}
