"""Laporan pemantauan SOP: the standard beside what really happened, in a month or any other period. Reads only.

What belongs to the period: a passage by when it ended, a breach by its deadline, a request by when it was sent, ended,
or was still open. So the flow adds up: open before + came = finished + refused + withdrawn + still open.
"""

import calendar as months
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from requests_app import lateness, monitoring, sla, working_time
from requests_app.lateness import LateRun
from requests_app.models import AccessRequest, ClockRule, Passage
from requests_app.monitoring import StepFigures
from requests_app.sla_wording import DAY_KIND_LABELS, READING_LABELS, duration_text
from requests_app.sop import Activity, Actor, Status
from requests_app.sop_document import COLUMNS
from requests_app.working_time import ROWS_WITH_RULES

ONE_DAY = timedelta(days=1)


# --- the period ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Period:
    """From the local date `first` through `last`, both included. ValueError when it would end before it begins."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a period cannot end before it begins: {self.first} to {self.last}")

    @property
    def is_month(self) -> bool:
        """Whether it is exactly one calendar month."""
        return self == month_of(self.first)

    @property
    def label(self) -> str:
        """“Oktober 2026” for a month, “3 Oktober 2026 s.d. 5 November 2026” for anything else."""
        if self.is_month:
            return date_format(self.first, "F Y")
        if self.first == self.last:
            return date_format(self.first, "j F Y")
        days = {"first": date_format(self.first, "j F Y"), "last": date_format(self.last, "j F Y")}
        return _("%(first)s s.d. %(last)s") % days

    @property
    def slug(self) -> str:
        """For the name of a file: "2026-10", or "2026-10-03-sd-2026-11-05"."""
        return f"{self.first:%Y-%m}" if self.is_month else f"{self.first:%Y-%m-%d}-sd-{self.last:%Y-%m-%d}"

    @property
    def filters(self) -> monitoring.Filters:
        return monitoring.Filters(self.first, self.last)

    @property
    def month_before(self) -> "Period":
        """The whole month before the one in which it begins."""
        return month_of(self.first.replace(day=1) - ONE_DAY)

    @property
    def month_after(self) -> "Period":
        """The whole month after the one in which it ends."""
        return month_of(month_of(self.last).last + ONE_DAY)


def month_of(day: date) -> Period:
    """The calendar month of a local date."""
    return Period(day.replace(day=1), day.replace(day=months.monthrange(day.year, day.month)[1]))


def last_full_month(today: date) -> Period:
    """The month before that of `today`, of which nothing is missing."""
    return month_of(today.replace(day=1) - ONE_DAY)


# --- what stands in it -------------------------------------------------------------------------
@dataclass(frozen=True)
class Totals:
    """Requests, each counted once: sent letters only, paper ones on the day they were entered."""

    open_before: int
    came: int
    finished: int
    """Granted, wholly or in part, and the reply sent."""
    refused: int
    """"Belum dapat dipenuhi", and the reply sent."""
    withdrawn: int
    still_open: int
    """At the end of the period, or now while it lasts."""


@dataclass(frozen=True)
class Report:
    """The report of `period` as it is at `made_at` for `made_by`; `lines` are those of the SOP, in its order."""

    period: Period
    made_at: datetime
    made_by: User
    lines: Sequence[StepFigures]
    breaches: Sequence[LateRun]
    totals: Totals
    counting: Sequence[str]
    """How it was counted, as sentences in the language that is active."""

    @property
    def is_running(self) -> bool:
        """Whether the period is not over yet, so that the numbers may still change."""
        return self.made_at < self.period.filters.ends

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in the period at all, not even a request that was open."""
        totals = self.totals
        return not (totals.open_before or totals.came or self.breaches or any(line.count for line in self.lines))

    @property
    def without_reason(self) -> int:
        """How many breaches nobody has explained."""
        return sum(breach.reason is None for breach in self.breaches)


def make(period: Period, *, by: User, now: datetime) -> Report:
    """The report; the number of queries does not grow with what happened."""
    calendar = working_time.working_calendar()
    filters = period.filters
    return Report(
        period=period,
        made_at=now,
        made_by=by,
        lines=monitoring.step_figures(filters),
        breaches=lateness.in_period(filters.begins, filters.ends, calendar=calendar, now=now),
        totals=_totals(filters),
        counting=list(_counting(period, calendar)),
    )


_TOLD_OF_PASSAGES = (
    "number", "started_at", "ended_at", "due_at", "took_seconds", "waited_seconds", "days_off", "is_within",
    "request__reference", "request__unit__name", "ended_by__full_name", "ended_by__email",
)  # fmt: skip
"""Columns; whole requests and people would be most of the work of a long list."""


def passages(period: Period) -> Iterator[Passage]:
    """What the figures are made of, the oldest first; few at a time in memory."""
    rows = monitoring.passages(period.filters).select_related("request__unit", "ended_by").only(*_TOLD_OF_PASSAGES)
    return rows.order_by("ended_at", "pk").iterator(chunk_size=1000)


def _totals(filters: monitoring.Filters) -> Totals:
    begins, ends = filters.begins, filters.ends
    ended = Q(finished_at__gte=begins, finished_at__lt=ends)
    is_refused = Q(outcome=AccessRequest.Outcome.REFUSED)
    found = AccessRequest.objects.filter(submitted_at__lt=ends).aggregate(
        open_before=Count("pk", filter=Q(submitted_at__lt=begins) & (Q(finished_at=None) | Q(finished_at__gte=begins))),
        came=Count("pk", filter=Q(submitted_at__gte=begins)),
        finished=Count("pk", filter=ended & Q(status=Status.FINISHED) & ~is_refused),
        refused=Count("pk", filter=ended & Q(status=Status.FINISHED) & is_refused),
        withdrawn=Count("pk", filter=ended & Q(status=Status.WITHDRAWN)),
        still_open=Count("pk", filter=Q(finished_at=None) | Q(finished_at__gte=ends)),
    )
    return Totals(**found)


# --- in words ------------------------------------------------------------------------------------
def flow(totals: Totals) -> list[tuple[str, int]]:
    """The flow of requests as label and number: the first two add up to the others."""
    return [
        (_("Berjalan sejak sebelumnya"), totals.open_before),
        (_("Permohonan masuk"), totals.came),
        (_("Selesai, dipenuhi"), totals.finished),
        (_("Selesai, belum dapat dipenuhi"), totals.refused),
        (_("Dibatalkan unit"), totals.withdrawn),
        (_("Masih berjalan"), totals.still_open),
    ]


def performer(row: Activity) -> str:
    """Who does a row of the SOP, as the document heads its column."""
    return dict(COLUMNS)[row.actor]


def standard_text(line: StepFigures) -> str:
    """The standard as it is counted here: "24 jam hari kerja", "5 menit jam kantor"; "" where the SOP sets none."""
    if line.standard is None:
        return ""
    length = duration_text(line.standard, _)
    if not monitoring.is_of_minutes(line.activity.number):
        return _("%(length)s hari kerja") % {"length": length}
    is_the_units_own = line.activity.actor is Actor.UNIT  # measured in ordinary time
    return length if is_the_units_own else _("%(length)s jam kantor") % {"length": length}


def length_text(length: timedelta | None) -> str:
    """A measured time, from one hour on to the minute; "–" where nothing was measured."""
    if length is None:
        return "–"
    unit = timedelta(minutes=1) if length >= timedelta(hours=1) else timedelta(seconds=1)
    return duration_text(length // unit * unit, _)


def late_text(breach: LateRun) -> str:
    """How late, in office time: "45 menit", "3 jam 20 menit", from a day on "2 hari kerja 4 jam"; rounded down."""
    if breach.late < timedelta(minutes=1):
        return _("kurang dari 1 menit")
    if breach.late < breach.day:
        return duration_text(breach.late // timedelta(minutes=1) * timedelta(minutes=1), _)
    days, rest = divmod(breach.late, breach.day)
    said = ngettext("%(count)d hari kerja", "%(count)d hari kerja", days) % {"count": days}
    hours = rest // timedelta(hours=1) * timedelta(hours=1)
    return f"{said} {duration_text(hours, _)}" if hours else said


def hours_text(length: timedelta) -> str:
    """Hours with one decimal where there is one, as the reader's language writes it: "7,5" or "7.5"."""
    return number_format(f"{length / timedelta(hours=1):.1f}".removesuffix(".0"))


def share_text(line: StepFigures) -> str:
    """The share within the standard, "97%", never rounded up to all of them; "–" where there was no deadline."""
    if line.share_within is None:
        return "–"
    return f"{int(line.share_within * 100)}%"


def _counting(period: Period, calendar: sla.WorkingCalendar) -> Iterator[str]:
    yield from _readings(period)
    yield _(
        "Langkah 1, 2, dan 5 (5 menit) dilaporkan tanpa dinilai terlambat; surat kertas, yang dicatat sesudah "
        "terjadi, tidak dihitung pada langkah itu. Langkah 1 diukur sejak formulir dibuka sampai dikirim."
    )
    yield _(
        "Waktu menunggu unit kerja atau unit pemilik data tidak dihitung. Disposisi tidak berwaktu baku; waktunya "
        "adalah waktu biasa, siang dan malam."
    )
    yield _(
        "Waktu nyata dihitung pada masa selesainya langkah, dan keterlambatan pada masa batas waktunya: yang batas "
        "waktunya di akhir bulan dan selesai sesudahnya tercatat pada dua laporan. Yang selesai tepat pada batas "
        "waktu tidak terlambat."
    )
    yield _(
        "Median adalah nilai tengah. P90: sembilan dari sepuluh selesai dalam waktu itu. Lama terlambat dihitung "
        "dalam jam kantor; 1 hari kerja = %(hours)s jam."
    ) % {"hours": hours_text(working_time.office_day(calendar))}
    yield from _days(period, calendar)


def _readings(period: Period) -> Iterator[str]:
    """The reading in force when the period began, and each change in it."""
    begins, ends = period.filters.begins, period.filters.ends
    chosen = ClockRule.objects.filter(effective_from__lt=ends).select_related("chosen_by")
    rows = list(chosen.order_by("effective_from", "pk"))
    for number in ROWS_WITH_RULES:
        known = [row for row in rows if row.number == number]
        before = [row for row in known if row.effective_from <= begins]
        reading = before[-1].reading if before else sla.Reading.SAME_TIME.value
        yield _("Langkah %(number)s, 1 x 24 jam hari kerja: %(reading)s%(by)s.") % {
            "number": number,
            "reading": _(READING_LABELS[sla.Reading(reading)]),
            "by": _(" (dipilih %(name)s)") % {"name": before[-1].chosen_by} if before and before[-1].chosen_by else "",
        }
        for row in known[len(before) :]:
            yield _("Sejak %(when)s langkah %(number)s: %(reading)s%(by)s.%(reason)s") % {
                "when": date_format(row.effective_from.astimezone(sla.WIB), "j F Y H.i"),
                "number": number,
                "reading": _(READING_LABELS[sla.Reading(row.reading)]),
                "by": _(" (dipilih %(name)s)") % {"name": row.chosen_by} if row.chosen_by else "",
                "reason": " " + _("Alasan: %(reason)s") % {"reason": row.reason} if row.reason else "",
            }


def _days(period: Period, calendar: sla.WorkingCalendar) -> Iterator[str]:
    """Working days, the days that differ from their weekday, and what nobody has confirmed."""
    count = (period.last - period.first).days + 1
    days = [period.first + number * ONE_DAY for number in range(count)]
    yield _("Hari kerja pada masa ini: %(working)d dari %(all)d hari.") % {
        "working": sum(calendar.is_working_day(day) for day in days),
        "all": count,
    }
    if special := [calendar.days[day] for day in days if day in calendar.days]:
        yield _("Hari khusus: %(days)s.") % {"days": "; ".join(_day(day) for day in special)}
    for year in range(period.first.year, period.last.year + 1):
        if year not in calendar.confirmed_years:
            yield _(
                "Kalender %(year)d belum dikonfirmasi, sehingga batas waktu pada tahun itu masih dapat berubah."
            ) % {"year": year}


def _day(day: sla.CalendarDay) -> str:
    kind = _(DAY_KIND_LABELS[day.kind]).lower()
    what = ", ".join(filter(None, [kind, day.legal_basis, _("perkiraan") if day.is_estimated else ""]))
    return f"{date_format(day.date, 'j F Y')} {day.name} ({what})"
