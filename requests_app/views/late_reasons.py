"""Saying why a row of the SOP was late; the list of what was late stands on the request's own page."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.middleware import typed
from requests_app import lateness, policies, working_time
from requests_app.forms.late_reasons import LateReasonForm
from requests_app.lateness import LateRun
from requests_app.models import AccessRequest
from requests_app.monitoring_report import late_text
from requests_app.sla import WorkingCalendar
from requests_app.sop import ACTOR_LABELS
from requests_app.steps import late_reasons
from requests_app.views.acting import PersonRequest, attempt, found


def write(http: PersonRequest, reference: str, run: int) -> HttpResponse:
    """The form, for those who did the row or the head; what others may not write is not there (404)."""
    now = timezone.now()
    item = found(http, reference)
    late = _late(item, run, now)
    if late is None or policies.explains_as(http.user, late_reasons.doers(late), now=now) is None:
        raise Http404
    refusal = late_reasons.why_not(http.user, late, now=now)
    if refusal and http.method != "POST":
        messages.warning(http, refusal)
        return redirect(item)
    known = late.reason
    form = LateReasonForm(typed(http), initial={"cause": known.cause, "text": known.text} if known else None)
    if http.method == "POST":
        as_seen = http.POST.get("seen", "")
        if attempt(
            http,
            form,
            lambda: late_reasons.write(item, run, form.given(), by=http.user, now=now, as_seen=as_seen).request,
        ):
            messages.success(http, _("Alasan keterlambatan disimpan."))
            return redirect(item)
    return render(
        http,
        "requests_app/late_reason.html",
        {"item": item, "form": form, "late": shown(http, late, now), "seen": late_reasons.seen(late), "now": now},
        status=409 if form.non_field_errors() else 200,
    )


def of_request(
    http: PersonRequest, item: AccessRequest, now: datetime, calendar: Callable[[], WorkingCalendar]
) -> list[dict[str, object]]:
    """What `_lateness.html` is given: for the office, each row that was late, its reason, and whether to write it."""
    if not policies.sees_office(http.user, now) or not any(entry.due_at for entry in item.entries.all()):
        return []
    runs = lateness.of_request(item, calendar=calendar(), now=now)
    return [shown(http, run, now) for run in runs]


def shown(http: PersonRequest, run: LateRun, now: datetime) -> dict[str, object]:
    """One late row in words."""
    return {
        "run": run,
        "row": _(run.activity.short),
        "who": _(ACTOR_LABELS[run.waited_for]),
        "late": late_text(run),
        "may_write": late_reasons.why_not(http.user, run, now=now) is None,
    }


def _late(item: AccessRequest, key: int, now: datetime) -> LateRun | None:
    runs = lateness.of_request(item, calendar=working_time.working_calendar(), now=now)
    return next((run for run in runs if run.key == key), None)
