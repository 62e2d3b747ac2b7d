"""How "1 x 24 jam hari kerja" is counted in each row of the SOP, who chose that and why; administrators choose anew."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.middleware import PersonRequest, typed
from accounts.permissions import has
from accounts.roles import Permission
from requests_app import sla, sla_wording, working_time
from requests_app.forms.clock_rules import RuleForm
from requests_app.models import ClockRule
from requests_app.policies import Refused
from requests_app.sop import ONE_WORKING_DAY, activity
from requests_app.steps import clock_rules as choices
from requests_app.working_time import ROWS_WITH_RULES


def clock_rules(http: PersonRequest) -> HttpResponse:
    """Everybody who is signed in reads; an administrator chooses, one row of the SOP at a time."""
    now, may_change = timezone.now(), has(http.user, Permission.ADMINISTER)
    if http.method == "POST" and not may_change:
        raise PermissionDenied
    rules, calendar = working_time.rules(), working_time.working_calendar()
    data = typed(http)
    sections = [_section(number, rules.at(number, now), calendar, now, data) for number in ROWS_WITH_RULES]
    if http.method == "POST":
        for section in sections:
            if section["number"] == http.POST.get("number") and _choose(http, section, now):
                return redirect("clock_rules")
    context = {"sections": sections, "may_change": may_change, "history": _history(), "now": now}
    return render(http, "requests_app/clock_rules.html", context)


def _choose(http: PersonRequest, section: dict[str, Any], now: datetime) -> bool:
    form: RuleForm = section["form"]
    if not form.is_valid():
        return False
    said, number = form.cleaned_data, section["number"]
    try:
        choices.choose(number, form.rule(), reason=said["reason"], by=http.user, now=now, known=said["known"])
    except Refused as problem:
        form.add_error(None, str(problem))
        form.look_again()
        return False
    messages.success(http, _saved(number, section["running"]))
    return True


def _saved(number: str, running: int) -> str:
    done = _("Cara hitung langkah %(number)s disimpan dan berlaku mulai sekarang.") % {"number": number}
    if not running:
        return done
    rest = ngettext(
        "%(count)d permohonan yang sedang berjalan di langkah ini tetap memakai cara sebelumnya.",
        "%(count)d permohonan yang sedang berjalan di langkah ini tetap memakai cara sebelumnya.",
        running,
    )
    return f"{done} {rest % {'count': running}}"


def _section(number: str, rule: sla.Rule, calendar: sla.WorkingCalendar, now: datetime, data: Any) -> dict[str, Any]:
    row, newest = activity(number), choices.newest(number)
    is_theirs = data is not None and data.get("number") == number
    return {
        "number": number,
        "id": f"langkah-{number}",
        "name": _(row.short),
        "printed_time": row.printed_time,
        "reading": sla_wording.reading_text(rule, _, get_language() or "id"),
        "examples": [
            {
                "reading": _(label),
                "due": _example(now, calendar, reading),
                "is_chosen": reading is rule.reading,
            }
            for reading, label in sorted(
                sla_wording.READING_LABELS.items(), key=lambda pair: pair[0] is not rule.reading
            )
        ],
        "reminders": sla_wording.reminder_texts(rule, _),
        "running": choices.running(number),
        "form": RuleForm(data if is_theirs else None, number=number, rule=rule, known=newest.pk if newest else None),
    }


def _example(now: datetime, calendar: sla.WorkingCalendar, reading: sla.Reading) -> datetime | None:
    """By when it would be due if the clock started now; None where the calendar has no working day."""
    try:
        return sla.deadline(now, ONE_WORKING_DAY, calendar, reading=reading)
    except sla.NoWorkingDay:
        return None


def _history() -> list[dict[str, Any]]:
    """Every choice, the newest first."""
    rows = ClockRule.objects.select_related("chosen_by").order_by("-effective_from", "-pk")
    return [
        {
            "number": row.number,
            "at": row.effective_from if row.chosen_by else None,
            "by": row.chosen_by,
            "reading": row.get_reading_display(),
            "reminders": sla_wording.reminder_texts(working_time.rule_of(row), _),
            "reason": row.reason,
        }
        for row in rows
    ]
