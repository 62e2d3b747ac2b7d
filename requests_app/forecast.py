"""How long it usually still takes: from the row of the SOP where a request stands to its reply letter. Reads only.

Measured on the requests that were finished in the last 90 days, in office time, and only while the office was waited
for: how long a unit, the responsible person or the owner of the data takes is theirs, and nobody can promise it.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from statistics import median

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from requests_app import monitoring, sla, working_time
from requests_app.models import AccessRequest, Passage, StepEntry
from requests_app.monitoring_report import hours_text
from requests_app.sop import ACTIVITIES, ACTOR_LABELS, OPEN, STEPS, Actor, Status

LOOKS_BACK = timedelta(days=90)
LATEST = 100
"""How many finished requests, the newest ones, are looked at."""
OUTSIDE_THE_OFFICE = frozenset({Actor.UNIT, Actor.RESPONSIBLE_PERSON, Actor.OWNER})

_Stay = tuple[Status, datetime, datetime]


@dataclass(frozen=True)
class Forecast:
    """What finished requests took from the present row on, in office time; None: too few of them to say.

    `waits_for` is set instead where somebody outside the office is waited for. `is_whole`: it has only just been sent.
    `is_longer`: it has taken longer already than nine of ten did.
    """

    count: int = 0
    usual: timedelta | None = None
    slow: timedelta | None = None
    is_whole: bool = False
    is_longer: bool = False
    waits_for: Actor | None = None
    day: timedelta = timedelta(hours=7, minutes=30)
    """Office time of a working day."""

    @property
    def sentences(self) -> list[str]:
        """For the page, in the reader's language."""
        if self.waits_for is not None:
            return [
                _("Menunggu %(who)s. Lamanya tidak dapat diperkirakan.")
                % {"who": _(ACTOR_LABELS[self.waits_for]).lower()}
            ]
        if self.usual is None or self.slow is None:
            return [_("Belum cukup data untuk memperkirakan kapan permohonan ini selesai.")]
        usual, slow = working_days_text(self.usual, self.day), working_days_text(self.slow, self.day)
        said = [
            (
                _("Biasanya selesai dalam %(usual)s sejak dikirim.")
                if self.is_whole
                else _("Biasanya selesai dalam %(usual)s sejak langkah ini dimulai.")
            )
            % {"usual": usual}
        ]
        if self.is_longer:
            said.append(_("Permohonan ini sudah lebih lama daripada biasanya."))
        elif slow != usual:
            said.append(_("Sembilan dari sepuluh selesai dalam %(slow)s.") % {"slow": slow})
        return said

    @property
    def basis(self) -> str:
        """What it rests on; "" where nothing is said."""
        if self.usual is None or self.waits_for is not None:
            return ""
        from_these = ngettext(
            "dari %(count)d permohonan terbaru dalam %(days)d hari terakhir, tanpa waktu menunggu unit; "
            "1 hari kerja = %(hours)s jam kantor",
            "dari %(count)d permohonan terbaru dalam %(days)d hari terakhir, tanpa waktu menunggu unit; "
            "1 hari kerja = %(hours)s jam kantor",
            self.count,
        )
        return from_these % {"count": self.count, "days": LOOKS_BACK.days, "hours": hours_text(self.day)}


def of(
    request: AccessRequest,
    *,
    now: datetime,
    calendar: Callable[[], sla.WorkingCalendar] = working_time.working_calendar,
) -> Forecast | None:
    """The forecast for a request under way; None for a draft and after the end.

    The number of queries does not grow with what is looked at.
    """
    status = Status(request.status)
    step = STEPS[status]
    if status not in OPEN or status is Status.DRAFT or step.number is None:
        return None
    if step.waits_for in OUTSIDE_THE_OFFICE:
        return Forecast(waits_for=step.waits_for)
    hours = calendar()
    finished, under_way = _finished(now), _under_way(request, now)
    began = min(stays[0][1] for stays in (under_way, *finished.values()))
    office = _OfficeTime(hours, began, now)
    samples = [length for stays in finished.values() if (length := _worked(stays, step.number, office)) is not None]
    day = working_time.office_day(hours)
    if len(samples) < monitoring.ENOUGH:
        return Forecast(count=len(samples), day=day)
    slow = timedelta(seconds=monitoring.nearest_rank(sorted(samples), 90))
    so_far = _worked(under_way, step.number, office)
    return Forecast(
        count=len(samples),
        usual=timedelta(seconds=median(samples)),
        slow=slow,
        is_whole=step.number == ACTIVITIES[1].number,
        is_longer=so_far is not None and timedelta(seconds=so_far) > slow,
        day=day,
    )


def _finished(now: datetime) -> dict[int, list[_Stay]]:
    """By id, the stays of the requests whose reply was sent in the last 90 days."""
    replies = Passage.objects.filter(number=ACTIVITIES[-1].number, ended_at__gt=now - LOOKS_BACK, ended_at__lte=now)
    ids = list(replies.order_by("-ended_at").values_list("request", flat=True)[:LATEST])
    rows = StepEntry.objects.filter(request__in=ids, left_at__isnull=False).order_by("entered_at", "pk")
    stays: dict[int, list[_Stay]] = defaultdict(list)
    for pk, status, entered_at, left_at in rows.values_list("request", "status", "entered_at", "left_at"):
        if left_at is not None:
            stays[pk].append((Status(status), entered_at, left_at))
    return stays


def _under_way(request: AccessRequest, now: datetime) -> list[_Stay]:
    return [(Status(stay.status), stay.entered_at, stay.left_at or now) for stay in request.entries.all()]


def _worked(stays: Sequence[_Stay], number: str, office: "_OfficeTime") -> float | None:
    """Seconds of office time from when the row was first reached to the last stay's end, but for waits outside it."""
    rows = ((at, stay) for at, stay in enumerate(stays) if not _is_outside(stay))
    first = next((at for at, (status, *_span) in rows if STEPS[status].number == number), None)
    if first is None:
        return None
    worked = (stay for stay in stays[first:] if not _is_outside(stay))
    return sum(office.between(begins, ends) for _status, begins, ends in worked)


class _OfficeTime:
    """Office time between any two instants of a span, worked out once for the many requests in it."""

    def __init__(self, calendar: sla.WorkingCalendar, begins: datetime, ends: datetime) -> None:
        first, last = begins.astimezone(sla.WIB).date(), ends.astimezone(sla.WIB).date()
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        self.spans = [span for day in days for span in calendar.hours_on(day)]
        self.opens = [opens for opens, _closes in self.spans]
        self.before = [0.0, *accumulate((closes - opens).total_seconds() for opens, closes in self.spans)]

    def between(self, begins: datetime, ends: datetime) -> float:
        """Seconds of office time from one instant to the other."""
        return self._until(ends) - self._until(begins)

    def _until(self, at: datetime) -> float:
        number = bisect_right(self.opens, at)
        if number == 0:
            return 0.0
        opens, closes = self.spans[number - 1]
        return self.before[number - 1] + (min(at, closes) - opens).total_seconds()


def _is_outside(stay: _Stay) -> bool:
    return STEPS[stay[0]].waits_for in OUTSIDE_THE_OFFICE


# --- in words ---------------------------------------------------------------------------------
def working_days_text(length: timedelta, day: timedelta) -> str:
    """Office time as people say it: "1 hari kerja 3 jam", "4 jam", "20 menit".

    From one hour on in whole hours, below in steps of five minutes; rounded up, so that it promises nothing too early.
    """
    minutes = -(-length // timedelta(minutes=1))
    if minutes <= 55:
        return _minutes(max(5, -(-minutes // 5) * 5))
    days, rest = divmod(length, day)
    hours = -(-rest // timedelta(hours=1))
    if hours * timedelta(hours=1) >= day:
        days, hours = days + 1, 0
    parts = []
    if days:
        parts.append(ngettext("%(count)d hari kerja", "%(count)d hari kerja", days) % {"count": days})
    if hours:
        parts.append(ngettext("%(count)d jam", "%(count)d jam", hours) % {"count": hours})
    return " ".join(parts)


def _minutes(count: int) -> str:
    return ngettext("%(count)d menit", "%(count)d menit", count) % {"count": count}
