"""The SOP as the application follows it, with the real times beside the standard."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from requests_app import measures, working_time
from requests_app.measures import Measure
from requests_app.sla import Clock, Reading
from requests_app.sla_wording import duration_text
from requests_app.sop import (
    ACTIVITIES,
    ACTOR_LABELS,
    IDENTITY,
    NUMBERING_NOTE,
    STEPS,
    Action,
    Step,
    Transition,
    actions_from,
)
from requests_app.sop_document import COLUMNS, identity_rows


def sop(http: HttpRequest) -> HttpResponse:
    """For everybody who is signed in: the document, how its times are counted, and how a request moves."""
    medians, rules, now = measures.medians(), working_time.rules(), timezone.now()
    context = {
        "identity": IDENTITY,
        "identity_rows": identity_rows(),
        "columns": [head for _actor, head in COLUMNS],
        "rows": [
            {
                "activity": row,
                "marks": [(head, row.actor is actor) for actor, head in COLUMNS],
                "real": _real(medians.get(row.number)),
            }
            for row in ACTIVITIES
        ],
        "has_real": bool(medians),
        "latest": measures.LATEST,
        "numbering_note": _(NUMBERING_NOTE),
        "is_end_of_day": any(
            rules.at(number, now).reading is Reading.END_OF_DAY for number in working_time.ROWS_WITH_RULES
        ),
        "statuses": [_status(step) for step in STEPS.values()],
    }
    return render(http, "requests_app/sop.html", context)


def _real(measure: Measure | None) -> dict[str, Any] | None:
    """The median in words, to the minute where it is an hour or more."""
    if measure is None:
        return None
    unit = timedelta(minutes=1) if measure.median >= timedelta(hours=1) else timedelta(seconds=1)
    return {"text": duration_text(measure.median // unit * unit, _), "count": measure.count}


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
