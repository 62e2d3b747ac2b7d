"""The SOP as the application follows it, with the real times beside the standard."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from requests_app import monitoring, working_time
from requests_app.monitoring import StepFigures
from requests_app.monitoring_report import length_text
from requests_app.sla import Clock
from requests_app.sla_wording import duration_text, reading_text
from requests_app.sop import (
    ACTIVITIES,
    ACTOR_LABELS,
    IDENTITY,
    NUMBERING_NOTE,
    STEPS,
    Action,
    Actor,
    Step,
    Transition,
    actions_from,
)
from requests_app.sop_document import COLUMNS, identity_rows
from requests_app.working_time import Rules

LOOK_BACK = timedelta(days=90)
"""What was finished in that time says how long the rows really take."""


def sop(http: HttpRequest) -> HttpResponse:
    """For everybody who is signed in: the document, how its times are counted, and how a request moves."""
    now = timezone.now()
    today = timezone.localdate(now)
    figures = {
        line.activity: line
        for line in monitoring.step_figures(monitoring.Filters(today - LOOK_BACK, today))
        if line.count >= monitoring.ENOUGH
    }
    context = {
        "identity": IDENTITY,
        "identity_rows": identity_rows(),
        "columns": [head for _actor, head in COLUMNS],
        "rows": [
            {
                "activity": row,
                "marks": [(head, row.actor is actor) for actor, head in COLUMNS],
                "real": _real(figures.get(row)),
            }
            for row in ACTIVITIES
        ],
        "has_real": bool(figures),
        "days": LOOK_BACK.days,
        "numbering_note": _(NUMBERING_NOTE),
        "readings": _readings(working_time.rules(), now),
        "statuses": [_status(step) for step in STEPS.values()],
    }
    return render(http, "requests_app/sop.html", context)


def _readings(rules: Rules, now: datetime) -> list[dict[str, str]]:
    """What "1 x 24 jam hari kerja" means in each row that says so, for clocks that start now."""
    return [
        {"number": number, "text": reading_text(rules.at(number, now), _, get_language() or "id")}
        for number in working_time.ROWS_WITH_RULES
    ]


def _real(line: StepFigures | None) -> dict[str, Any] | None:
    return None if line is None else {"text": length_text(line.median), "count": line.count}


def _status(step: Step) -> dict[str, Any]:
    return {
        "id": step.status,
        "number": step.number,
        "label": _(step.label),
        "applicant_label": _(step.applicant_label),
        "waits_for": _(ACTOR_LABELS[step.waits_for]) if step.waits_for else "",
        "time": _time(step),
        "moves": [_move(row) for row in actions_from(step.status) if row.action is not Action.WITHDRAW],
    }


def _time(step: Step) -> str:
    if step.pauses and step.waits_for is Actor.OWNER:
        return _("Waktu berhenti selama unit pemilik data ditunggu")
    if step.pauses:
        return _("Waktu berhenti selama unit ditunggu")
    if step.standard is None:
        return ""
    length = duration_text(step.standard, _)
    return (
        _("%(length)s jam kantor") % {"length": length}
        if step.clock is Clock.OFFICE_HOURS
        else (_("1 x %(length)s hari kerja") % {"length": length})
    )


def _move(row: Transition) -> dict[str, Any]:
    target = STEPS[row.target] if row.target else None
    return {
        "button": _(row.button),
        "actor": _(ACTOR_LABELS[row.actor]),
        "to": _(target.label) if target else "",
        "to_id": target.status if target else "",
    }
