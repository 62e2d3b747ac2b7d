"""Whether the procedure works: the figures of the dashboard and of the monitoring report. Reads only.

A passage (one time through one row of the SOP) belongs to the period in which it ended. A letter that came on paper is
entered later than it happened, so its passages say nothing of the rows of 5 minutes and are left out there.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import compress
from statistics import median

from django.db.models import Count, Exists, OuterRef, QuerySet

from requests_app.models import AccessRequest, Passage, StepEntry
from requests_app.selectors import TIMED
from requests_app.sla import WIB
from requests_app.sop import ACTIVITIES, FIVE_MINUTES, OPEN, STEPS, Activity, Status, activity

ENOUGH = 5
"""Fewer passages than this say nothing yet."""


# --- what is looked at -------------------------------------------------------------------
@dataclass(frozen=True)
class Filters:
    """A period of local dates, both included, and perhaps one unit and one row of the SOP ("" is the disposition)."""

    first: date
    last: date
    unit_id: int | None = None
    number: str | None = None

    @property
    def begins(self) -> datetime:
        """The first instant of the period."""
        return _midnight(self.first)

    @property
    def ends(self) -> datetime:
        """The first instant after the period."""
        return _midnight(self.last + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, WIB)


def is_of_minutes(number: str) -> bool:
    """Whether the SOP gives this row minutes: reported, never held up to anybody."""
    return activity(number).printed_time.endswith("menit")


MINUTE_ROWS = tuple(row.number for row in ACTIVITIES if is_of_minutes(row.number))


def standard_of(number: str) -> timedelta | None:
    """The row's standard time as the SOP prints it; None for the disposition, which has none."""
    if is_of_minutes(number):
        return FIVE_MINUTES
    return next((step.standard for step in STEPS.values() if step.number == number and step.standard), None)


def passages(filters: Filters) -> QuerySet[Passage]:
    """The passages that the figures of a period are made of."""
    rows = Passage.objects.filter(ended_at__gte=filters.begins, ended_at__lt=filters.ends).exclude(
        number__in=MINUTE_ROWS, is_from_paper=True
    )
    if filters.unit_id is not None:
        rows = rows.filter(request__unit_id=filters.unit_id)
    if filters.number is not None:
        rows = rows.filter(number=filters.number)
    return rows


# --- how long the rows of the SOP took -----------------------------------------------------
@dataclass(frozen=True)
class StepFigures:
    """What one row of the SOP took in a period, in the clock of that row (ordinary time where the SOP sets none).

    Times are None where nothing was measured. Counts are of passages; those that begin with `requests` are of
    requests, each once: a request can go through a row twice.
    """

    activity: Activity
    standard: timedelta | None
    count: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None
    longest: timedelta | None = None
    within: int = 0
    timed: int = 0
    """Passages that had a deadline; row 1 is the unit's own and has none."""
    waited: timedelta | None = None
    """Median of the ordinary time in pauses, of those that paused."""
    paused: int = 0
    days_off: int = 0
    """Sum of the days, between start and end, on which nobody works."""
    requests: int = 0
    requests_within: int = 0
    """Requests with a passage that had a deadline, all of them within it."""
    requests_late: int = 0
    requests_paused: int = 0
    requests_over_days_off: int = 0

    @property
    def share_within(self) -> float | None:
        """Of the passages with a deadline, from 0 to 1."""
        return self.within / self.timed if self.timed else None


_COLUMNS = ("request_id", "took_seconds", "is_within", "waited_seconds", "days_off", "number")
_Taken = tuple[int, float, bool | None, float, int, str]


def step_figures(filters: Filters) -> list[StepFigures]:
    """One per row of the SOP, in its order; only the row asked for when the filters name one. One query."""
    taken: defaultdict[str, list[_Taken]] = defaultdict(list)
    for passage in passages(filters).order_by().values_list(*_COLUMNS):
        taken[passage[-1]].append(passage)
    rows = [row for row in ACTIVITIES if filters.number is None or row.number == filters.number]
    return [_figures(row, taken[row.number]) for row in rows]


def _figures(row: Activity, taken: Sequence[_Taken]) -> StepFigures:
    standard = standard_of(row.number)
    if not taken:
        return StepFigures(row, standard)
    requests, took, is_within, waited, days_off, _numbers = zip(*taken, strict=True)
    seconds, waits = sorted(took), [length for length in waited if length]
    within, late = is_within.count(True), is_within.count(False)
    those_late = {request for request, kept in zip(requests, is_within, strict=True) if kept is False}
    return StepFigures(
        activity=row,
        standard=standard,
        count=len(taken),
        median=timedelta(seconds=median(seconds)),
        p90=timedelta(seconds=nearest_rank(seconds, 90)),
        longest=timedelta(seconds=seconds[-1]),
        within=within,
        timed=within + late,
        waited=timedelta(seconds=median(waits)) if waits else None,
        paused=len(waits),
        days_off=sum(days_off),
        requests=len(set(requests)),
        requests_within=len(set(compress(requests, is_within)) - those_late),
        requests_late=len(those_late),
        requests_paused=len(set(compress(requests, waited))),
        requests_over_days_off=len(set(compress(requests, days_off))),
    )


def nearest_rank(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that at least `percent` of the (ascending, not empty) values do not exceed."""
    return ordered[-(-len(ordered) * percent // 100) - 1]


# --- how it stands now -----------------------------------------------------------------------
RUNNING = OPEN - {Status.DRAFT}
"""Sent, and not over."""
PAUSING = frozenset(status for status in RUNNING if STEPS[status].pauses)
"""The clock stands: the unit, or the one that owns the data, is waited for."""


@dataclass(frozen=True)
class OpenFigures:
    """The requests that are at one row of the SOP at this moment."""

    activity: Activity
    count: int = 0
    waiting: int = 0
    """Those of them in which the unit, or the one that owns the data, is waited for."""
    due_today: int = 0
    """Their deadline is later on this local day."""
    late: int = 0
    oldest: str = ""
    """Reference of the one that has been there longest."""
    oldest_since: datetime | None = None


def open_figures(filters: Filters, now: datetime) -> list[OpenFigures]:
    """One per row of the SOP, in its order; the period of the filters does not matter. One query."""
    stays = StepEntry.objects.filter(left_at__isnull=True, request__submitted_at__isnull=False)
    if filters.unit_id is not None:
        stays = stays.filter(request__unit_id=filters.unit_id)
    at: defaultdict[str, list[tuple[datetime, str, str, datetime | None]]] = defaultdict(list)
    for stay in stays.order_by().values_list("entered_at", "request__reference", "status", "due_at"):
        at[STEPS[Status(stay[2])].number or ""].append(stay)
    rows = [row for row in ACTIVITIES if filters.number is None or row.number == filters.number]
    return [_open_figures(row, at[row.number], now) for row in rows]


def _open_figures(
    row: Activity, stays: Sequence[tuple[datetime, str, str, datetime | None]], now: datetime
) -> OpenFigures:
    if not stays:
        return OpenFigures(row)
    since, reference, _status, _due = min(stays)
    dues = [due for _since, _reference, status, due in stays if due and status in TIMED]
    return OpenFigures(
        activity=row,
        count=len(stays),
        waiting=sum(status in PAUSING for _since, _reference, status, _due in stays),
        due_today=sum(now <= due < end_of_day(now) for due in dues),
        late=sum(due < now for due in dues),
        oldest=reference,
        oldest_since=since,
    )


def end_of_day(now: datetime) -> datetime:
    """The first instant after the local day of `now`."""
    return _midnight(now.astimezone(WIB).date() + timedelta(days=1))


# --- one period beside another -----------------------------------------------------------------
@dataclass(frozen=True)
class Traffic:
    """What came in and what was finished in a period, whatever the step."""

    filters: Filters
    came: int
    finished: int
    kept: int
    """Of the finished ones, those that were within the standard in every row of 1 x 24 hours."""
    median: timedelta | None
    """From sent to finished, of the finished ones, in ordinary time."""

    @property
    def late(self) -> int:
        """Of the finished ones, those that were late in some row of 1 x 24 hours."""
        return self.finished - self.kept

    @property
    def share_kept(self) -> float | None:
        """From 0 to 1."""
        return self.kept / self.finished if self.finished else None


def traffic(filters: Filters) -> Traffic:
    """Two queries. Letters count from when they were entered, also those that came on paper before."""
    rows = finished(filters).annotate(is_broken=BROKEN).order_by()
    done = list(rows.values_list("submitted_at", "finished_at", "is_broken"))
    lengths = [(ended - sent).total_seconds() for sent, ended, _broken in done if ended and sent]
    return Traffic(
        filters=filters,
        came=came_in(filters).count(),
        finished=len(done),
        kept=sum(not is_broken for _sent, _ended, is_broken in done),
        median=timedelta(seconds=median(lengths)) if lengths else None,
    )


@dataclass(frozen=True)
class Asked:
    """How often something was asked for in a period; `code` is its name in an address."""

    code: str
    name: str
    count: int


def units_asking(filters: Filters, most: int) -> list[Asked]:
    """The units that sent the most requests, those first; `most` of them."""
    return _ranked(came_in(filters), "unit__code", "unit__name", most)


def data_asked(filters: Filters, most: int) -> list[Asked]:
    """The data that the most requests ask for, those first; `most` of them."""
    named = came_in(filters).filter(items__isnull=False)
    return _ranked(named, "items__data_type__code", "items__data_type__name", most)


def _ranked(requests: QuerySet[AccessRequest], code: str, name: str, most: int) -> list[Asked]:
    rows = requests.order_by().values_list(code, name).annotate(count=Count("pk")).order_by("-count", name)
    return [Asked(*row) for row in rows[:most]]


# --- the requests behind the figures -------------------------------------------------------------
BROKEN = Exists(Passage.objects.filter(request=OuterRef("pk"), is_within=False).exclude(number__in=MINUTE_ROWS))
"""Whether a request was late in some row of 1 x 24 hours."""


class How(StrEnum):
    """Which of the requests that went through a row of the SOP, or were finished."""

    WITHIN = "within"
    LATE = "late"
    PAUSED = "paused"
    DAYS_OFF = "days_off"


def came_in(filters: Filters) -> QuerySet[AccessRequest]:
    """What was sent in the period."""
    return _of_unit(filters).filter(submitted_at__gte=filters.begins, submitted_at__lt=filters.ends)


def finished(filters: Filters, how: How | None = None) -> QuerySet[AccessRequest]:
    """What was finished in the period; with `how` only what kept the standard in every row of 1 x 24 hours, or not."""
    rows = _of_unit(filters).filter(
        status=Status.FINISHED, finished_at__gte=filters.begins, finished_at__lt=filters.ends
    )
    if how is How.WITHIN:
        return rows.filter(~BROKEN)
    return rows.filter(BROKEN) if how is How.LATE else rows


def passed(filters: Filters, how: How | None = None) -> QuerySet[AccessRequest]:
    """What went in the period through the row of the filters, or through any."""
    taken = passages(filters).filter(request=OuterRef("pk"))
    late = taken.filter(is_within=False)
    rows = AccessRequest.objects.all()
    if how is How.WITHIN:
        return rows.filter(Exists(taken.filter(is_within=True)), ~Exists(late))
    if how is How.LATE:
        return rows.filter(Exists(late))
    if how is How.PAUSED:
        return rows.filter(Exists(taken.filter(waited_seconds__gt=0)))
    if how is How.DAYS_OFF:
        return rows.filter(Exists(taken.filter(days_off__gt=0)))
    return rows.filter(Exists(taken))


def _of_unit(filters: Filters) -> QuerySet[AccessRequest]:
    rows = AccessRequest.objects.filter(submitted_at__isnull=False)
    return rows if filters.unit_id is None else rows.filter(unit_id=filters.unit_id)
