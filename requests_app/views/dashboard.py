"""Whether the procedure works, at a glance: figures for the office, each a link to the requests behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.middleware import PersonRequest
from requests_app import charts, monitoring, policies
from requests_app.forms.dashboard import DashboardForm
from requests_app.forms.overview import FilterForm, step_code, step_name
from requests_app.monitoring import Asked, Filters, How, OpenFigures, StepFigures, Traffic
from requests_app.monitoring_report import length_text, standard_text
from requests_app.sop import activity
from webservice_accounts import selectors as accounts
from webservice_accounts.lifecycle import State
from webservice_accounts.models import WebserviceAccount

MOST = 8
"""Lines of what is asked for most."""
LONG = timedelta(days=2)
"""From here on days say more than hours, where time is ordinary time."""


def dashboard(http: PersonRequest) -> HttpResponse:
    """Late and due first, then where everything is, how it went in the period, and what is asked for."""
    now = timezone.now()
    if not policies.sees_office(http.user, now):
        raise Http404
    form = DashboardForm(http.GET, today=timezone.localdate(now))
    filters, before = form.filters(), form.before()
    unit = form.cleaned_data["unit"] if form.is_valid() else None
    links = _Links(filters, unit.code if unit else "")
    stands = monitoring.open_figures(filters, now)
    steps = [_step(line, links) for line in monitoring.step_figures(filters)]
    _draw_lengths(steps)
    return render(
        http,
        "requests_app/dashboard.html",
        {
            "now": now,
            "form": form,
            "filters": filters,
            "unit": unit,
            "report_query": urlencode({"first": filters.first, "last": filters.last}),
            "tiles": _tiles(stands, links),
            "stands": [_stand(line, links) for line in stands],
            "traffic": [
                _traffic(monitoring.traffic(period), _Links(period, links.unit)) for period in (filters, before)
            ],
            "steps": steps,
            "has_passages": any(step["count"] for step in steps),
            "has_waits": any(step["line"].requests_paused or step["line"].days_off for step in steps),
            "accounts": _accounts(now),
            "rankings": [
                (_("Unit kerja"), _ranking(monitoring.units_asking(filters, MOST), links, "unit")),
                (_("Jenis data"), _ranking(monitoring.data_asked(filters, MOST), links, "data_type")),
            ],
        },
    )


@dataclass(frozen=True)
class _Links:
    """Addresses of the list of requests, filtered as the dashboard is; `unit` is its code, "" for all."""

    filters: Filters
    unit: str

    def now(self, number: str | None = None, **asked: str) -> str:
        """What is so at this moment, at one row of the SOP or at any."""
        step = {} if number is None else {"step": _code(number)}
        return self._to(asked | step)

    def event(self, event: str, **asked: str) -> str:
        """What happened in the period."""
        period = {"first": self.filters.first.isoformat(), "last": self.filters.last.isoformat()}
        return self._to({"event": event} | period | asked)

    def passed(self, number: str, how: How | None = None) -> str:
        """What went through a row of the SOP in the period."""
        return self.event(FilterForm.PASSED, step=_code(number), **({"how": how.value} if how else {}))

    def _to(self, asked: dict[str, str]) -> str:
        unit = {"unit": self.unit} if self.unit else {}
        return f"{reverse('requests')}?{urlencode(unit | asked)}"


def _code(number: str) -> str:
    return step_code(activity(number))


# --- now -------------------------------------------------------------------------------------
def _tiles(stands: Sequence[OpenFigures], links: _Links) -> list[dict[str, Any]]:
    number = links.filters.number
    return [
        {
            "label": _("Terlambat"),
            "figure": sum(line.late for line in stands),
            "icon": "late",
            "tone": "late",
            "url": links.now(number, late="on"),
        },
        {
            "label": _("Jatuh tempo hari ini"),
            "figure": sum(line.due_today for line in stands),
            "icon": "alert",
            "tone": "soon",
            "url": links.now(number, due_today="on"),
        },
        {
            "label": _("Sedang berjalan"),
            "figure": sum(line.count for line in stands),
            "icon": "route",
            "tone": "",
            "url": links.now(number, state=FilterForm.RUNNING),
        },
        {
            "label": _("Menunggu unit atau pemilik data"),
            "figure": sum(line.waiting for line in stands),
            "icon": "pause",
            "tone": "",
            "url": links.now(number, state=FilterForm.WAITING),
        },
    ]


def _stand(line: OpenFigures, links: _Links) -> dict[str, Any]:
    number = line.activity.number
    return {
        "name": step_name(line.activity),
        "line": line,
        "url": links.now(number, state=FilterForm.RUNNING),
        "oldest_url": reverse("request", args=[line.oldest]) if line.oldest else "",
        "due_today_url": links.now(number, due_today="on"),
        "late_url": links.now(number, late="on"),
        "waiting_url": links.now(number, state=FilterForm.WAITING),
    }


def _accounts(now: datetime) -> list[dict[str, Any]]:
    """The three states that matter here; the list of accounts is filtered by the same."""
    shown = (
        (_("Aktif"), State.ACTIVE, "check-circle", ""),
        (_("Berakhir dalam 60 hari"), State.ENDING_SOON, "alert", "soon"),
        (_("Sudah berakhir"), State.ENDED, "x-circle", ""),
    )
    return [
        {
            "label": label,
            "figure": accounts.in_state(WebserviceAccount.objects.all(), state, now).count(),
            "icon": icon,
            "tone": tone,
            "url": f"{reverse('accounts')}?{urlencode({'state': state.value})}",
        }
        for label, state, icon, tone in shown
    ]


# --- in the period ---------------------------------------------------------------------------
def _traffic(line: Traffic, links: _Links) -> dict[str, Any]:
    return {
        "line": line,
        "came_url": links.event(FilterForm.SENT),
        "finished_url": links.event(FilterForm.FINISHED),
        "kept_url": links.event(FilterForm.FINISHED, how=How.WITHIN.value),
        "late_url": links.event(FilterForm.FINISHED, how=How.LATE.value),
        "share": _percent(line.share_kept),
        "median": _days_text(line.median),
    }


def _step(line: StepFigures, links: _Links) -> dict[str, Any]:
    number = line.activity.number
    text = length_text if line.standard else _days_text
    within, late = charts.share(line.requests_within, line.requests_within + line.requests_late)
    return {
        "code": step_code(line.activity),
        "name": step_name(line.activity),
        "line": line,
        "is_norm": monitoring.is_of_minutes(number),
        "count": line.requests,
        "url": links.passed(number),
        "within_url": links.passed(number, How.WITHIN),
        "late_url": links.passed(number, How.LATE),
        "paused_url": links.passed(number, How.PAUSED),
        "days_off_url": links.passed(number, How.DAYS_OFF),
        "standard": standard_text(line),
        "median": text(line.median),
        "p90": text(line.p90),
        "longest": text(line.longest),
        "waited": _days_text(line.waited),
        "share": _percent(line.share_within),
        "within": within,
        "late": late,
        "chart": None,
    }


def _draw_lengths(steps: list[dict[str, Any]]) -> None:
    """Give each row that has a standard its line in the chart; all share one scale, in standards."""
    lines = [step["line"] for step in steps]
    standards = charts.wide((line.p90, line.standard) for line in lines if line.p90 and line.standard)
    for step in steps:
        line: StepFigures = step["line"]
        if line.standard and line.median is not None and line.p90 is not None and line.longest is not None:
            step["chart"] = charts.lengths(line.median, line.p90, line.longest, line.standard, standards)


def _ranking(rows: Sequence[Asked], links: _Links, name: str) -> list[dict[str, Any]]:
    return [
        {"name": row.name, "count": row.count, "bar": bar, "url": links.event(FilterForm.SENT, **{name: row.code})}
        for row, bar in zip(rows, charts.bars([row.count for row in rows]), strict=True)
    ]


# --- in words ----------------------------------------------------------------------------------
def _percent(share: float | None) -> str:
    """Never rounded up to all of them; "–" where there is nothing to divide."""
    return "–" if share is None else f"{int(share * 100)}%"


def _days_text(length: timedelta | None) -> str:
    """Ordinary time: from two days on in days and hours."""
    if length is None or length < LONG:
        return length_text(length)
    days = _("%(days)d hari") % {"days": length.days}
    hours = _("%(number)d jam") % {"number": length.seconds // 3600}
    return f"{days} {hours}" if length.seconds >= 3600 else days
