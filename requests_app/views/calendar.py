"""The working calendar as everybody may read it: the year by months, days off with their legal basis, office hours."""

import calendar as months_of
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.middleware import PersonRequest
from accounts.permissions import has
from accounts.roles import Permission
from accounts.wording import N_
from requests_app import working_time
from requests_app.forms.calendar import YEARS
from requests_app.models import ConfirmedYear, DayRow, HoursPeriodRow, OfficeSpanRow
from requests_app.sla import CalendarDay, DayKind, OfficeSpan, Week, WorkingCalendar
from requests_app.sla_wording import DAY_KIND_LABELS
from requests_app.steps.calendar_changes import pure_day, years_to_confirm

LETTERS: Mapping[DayKind, str] = {
    DayKind.NATIONAL: N_("N"),
    DayKind.COLLECTIVE: N_("C"),
    DayKind.REGIONAL: N_("D"),
    DayKind.UNIVERSITY: N_("U"),
    DayKind.REPLACEMENT: N_("P"),
}
"""What marks a day beside its colour."""
OTHER_HOURS_LETTER = N_("J")
WEEKDAY_LETTERS = (N_("Sn"), N_("Sl"), N_("Rb"), N_("Km"), N_("Jm"), N_("Sb"), N_("Mg"))


def calendar(http: PersonRequest) -> HttpResponse:
    """The year asked for with `?tahun=`, else this year."""
    today = timezone.localdate(timezone.now())
    year = _year(http.GET.get("tahun", ""), today.year)
    known = working_time.working_calendar()
    rows = list(DayRow.objects.filter(date__year=year))
    months = _months(year, known, rows, today)
    may_change = has(http.user, Permission.ADMINISTER)
    context = {
        "year": year,
        "tabs": _tabs(known, year, today),
        "confirmed": ConfirmedYear.objects.filter(year=year).select_related("confirmed_by").first(),
        "may_confirm": may_change and year in years_to_confirm(today),
        "may_import": may_change and year in (today.year, today.year + 1),
        "may_change": may_change,
        "months": months,
        "weekdays": list(zip((_(one) for one in WEEKDAY_LETTERS), OfficeSpanRow.Weekday.labels, strict=True)),
        "legend": _legend(),
        "special_days": len(rows),
        "workdays": sum(month["workdays"] for month in months),
        "days_off": sum(row.kind != DayRow.Kind.REPLACEMENT and _is_on_workday(row.date, known) for row in rows),
        "hours": _hours(known.week),
        "periods": _periods(year),
    }
    return render(http, "requests_app/calendar.html", context)


def _year(text: str, default: int) -> int:
    return int(text) if len(text) == 4 and text.isdecimal() and int(text) in YEARS else default


def _tabs(known: WorkingCalendar, year: int, today: date) -> list[dict[str, Any]]:
    years = sorted({day.year for day in known.days} | {year, *years_to_confirm(today)})
    address = reverse("calendar")
    return [{"label": str(one), "url": f"{address}?tahun={one}", "active": one == year, "count": None} for one in years]


def _legend() -> list[dict[str, str]]:
    kinds = [{"css": kind.value, "letter": _(LETTERS[kind]), "label": _(DAY_KIND_LABELS[kind])} for kind in DayKind]
    return [
        *kinds,
        {"css": "hours", "letter": _(OTHER_HOURS_LETTER), "label": _("Jam kerja lain")},
        {"css": "weekend", "letter": "", "label": _("Akhir pekan")},
    ]


# --- the months -----------------------------------------------------------------------------
def _months(year: int, known: WorkingCalendar, rows: Iterable[DayRow], today: date) -> list[dict[str, Any]]:
    """The twelve months: their weeks from Monday for the grid, their special days for the list."""
    special = defaultdict(list)
    for row in rows:
        special[row.date.month].append(_special(row, known))
    found = []
    for month in range(1, 13):
        weeks = months_of.Calendar().monthdatescalendar(year, month)
        days = [day for week in weeks for day in week if day.month == month]
        found.append(
            {
                "first": date(year, month, 1),
                "weeks": [[_cell(day, known, today) if day.month == month else None for day in week] for week in weeks],
                "workdays": sum(known.is_working_day(day) for day in days),
                "days": special[month],
            }
        )
    return found


def _cell(day: date, known: WorkingCalendar, today: date) -> dict[str, Any]:
    """A day of the grid: its colour, its letter, and in words what both say."""
    special = known.days.get(day)
    css, letter, label = "", "", ""
    if special:
        css, letter, label = special.kind.value, _(LETTERS[special.kind]), _in_words(special)
    elif not known.is_working_day(day):
        css, label = "weekend", _("Akhir pekan")
    elif any(period.starts_on <= day <= period.ends_on for period in known.periods):
        css, letter, label = "hours", _(OTHER_HOURS_LETTER), _("Jam kerja lain")
    return {
        "date": day,
        "css": css,
        "letter": letter,
        "label": label,
        "is_special": special is not None,
        "is_estimated": special is not None and special.is_estimated,
        "is_today": day == today,
    }


def _in_words(day: CalendarDay) -> str:
    kind = _(DAY_KIND_LABELS[day.kind])
    return f"{kind}: {day.name} ({_('perkiraan')})" if day.is_estimated else f"{kind}: {day.name}"


def _special(row: DayRow, known: WorkingCalendar) -> dict[str, Any]:
    day = pure_day(row)
    return {
        "pk": row.pk,
        "date": day.date,
        "name": day.name,
        "css": day.kind.value,
        "letter": _(LETTERS[day.kind]),
        "kind": _(DAY_KIND_LABELS[day.kind]),
        "legal_basis": day.legal_basis,
        "is_estimated": day.is_estimated,
        "is_replacement": day.kind == DayKind.REPLACEMENT,
        "is_weekend": not _is_on_workday(day.date, known),
    }


def _is_on_workday(day: date, known: WorkingCalendar) -> bool:
    """Whether people would work on that weekday."""
    return bool(known.week.get(day.weekday()))


# --- the hours --------------------------------------------------------------------------------
def _periods(year: int) -> list[dict[str, Any]]:
    rows = HoursPeriodRow.objects.filter(starts_on__year__lte=year, ends_on__year__gte=year).prefetch_related("spans")
    found = []
    for row in rows:
        week: dict[int, tuple[OfficeSpan, ...]] = {}
        for span in sorted(row.spans.all(), key=lambda one: one.opens):
            week[span.weekday] = (*week.get(span.weekday, ()), OfficeSpan(span.opens, span.closes))
        found.append({"row": row, "hours": _hours(week)})
    return found


def _hours(week: Week) -> list[dict[str, Any]]:
    return [{"weekday": day.label, "spans": week.get(day.value, ())} for day in OfficeSpanRow.Weekday]
