"""The working calendar as everybody may read it: days off with their legal basis, and office hours."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import authority
from accounts.roles import Permission
from requests_app import working_time
from requests_app.models import OfficeSpanRow
from requests_app.sla import CalendarDay, DayKind, Week, WorkingCalendar
from requests_app.sla_wording import DAY_KIND_LABELS

YEARS = range(2000, 2101)


def calendar(http: HttpRequest) -> HttpResponse:
    """The year asked for with `?tahun=`, else this year."""
    today = timezone.localdate(timezone.now())
    year = _year(http.GET.get("tahun", ""), today.year)
    known = working_time.working_calendar()
    days = sorted((day for day in known.days.values() if day.date.year == year), key=lambda day: day.date)
    context = {
        "year": year,
        "tabs": _tabs(known, year, today),
        "is_confirmed": year in known.confirmed_years,
        "months": _months(days, known),
        "days_off": sum(day.kind != DayKind.REPLACEMENT and _is_on_workday(day, known) for day in days),
        "hours": _hours(known.week),
        "periods": [
            {
                "name": period.name,
                "starts_on": period.starts_on,
                "ends_on": period.ends_on,
                "hours": _hours(period.week),
            }
            for period in sorted(known.periods, key=lambda period: period.starts_on)
            if period.starts_on.year <= year <= period.ends_on.year
        ],
        "may_change": authority(http.user, Permission.ADMINISTER, today) is not None,
    }
    return render(http, "requests_app/calendar.html", context)


def _year(text: str, default: int) -> int:
    return int(text) if len(text) == 4 and text.isdecimal() and int(text) in YEARS else default


def _tabs(known: WorkingCalendar, year: int, today: date) -> list[dict[str, Any]]:
    years = sorted({day.year for day in known.days} | {year, today.year})
    address = reverse("calendar")
    return [{"label": str(one), "url": f"{address}?tahun={one}", "active": one == year, "count": None} for one in years]


def _months(days: list[CalendarDay], known: WorkingCalendar) -> list[dict[str, Any]]:
    """Days by month, the months without any left out."""
    months: dict[date, list[dict[str, Any]]] = {}
    for day in days:
        months.setdefault(day.date.replace(day=1), []).append(
            {
                "date": day.date,
                "name": day.name,
                "kind": _(DAY_KIND_LABELS[day.kind]),
                "legal_basis": day.legal_basis,
                "is_estimated": day.is_estimated,
                "is_replacement": day.kind == DayKind.REPLACEMENT,
                "is_weekend": not _is_on_workday(day, known),
            }
        )
    return [{"first": first, "days": found} for first, found in months.items()]


def _is_on_workday(day: CalendarDay, known: WorkingCalendar) -> bool:
    """Whether people would work on that weekday."""
    return bool(known.week.get(day.date.weekday()))


def _hours(week: Week) -> list[dict[str, Any]]:
    return [{"weekday": day.label, "spans": week.get(day.value, ())} for day in OfficeSpanRow.Weekday]
