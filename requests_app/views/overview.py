"""One request as everybody who may see it sees it, and the list of all of them."""

from datetime import datetime
from functools import cache

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.middleware import PersonRequest
from requests_app import forecast, monitoring, policies, renewals, selectors, working_time
from requests_app.forms.overview import FilterForm
from requests_app.models import AccessRequest
from requests_app.monitoring import How
from requests_app.sop import OPEN, STEPS, Action
from requests_app.steps import disposition
from requests_app.views import late_reasons, showing
from requests_app.views.acting import found

PAGE = 25

PAGE_OF_ACTION = {
    Action.WITHDRAW: "withdraw",
    Action.CANCEL_DISPOSITION: "cancel_disposition",
    Action.CLAIM: "claim",
    Action.RELEASE: "release",
    Action.REASSIGN: "reassign",
    Action.RECORD_CONSENT: "record_consent",
    Action.PROCEED_UNCONFIRMED: "proceed_unconfirmed",
}
"""Side actions that stand on the request's own page; all others belong to the page of the step."""
PRESSED = frozenset({Action.CLAIM, Action.RELEASE, Action.CANCEL_DISPOSITION})
"""Done by a button alone; the others ask something first."""


def request(http: PersonRequest, reference: str) -> HttpResponse:
    """Where is it, whose turn is it, by when; what the reader can do; what happened."""
    now = timezone.now()
    if selectors.asked_as_owner_only(http.user, reference, now):
        return redirect("answer_owner", reference)
    item = selectors.read_history(found(http, reference))
    disposition.mark_read(item, by=http.user, now=now)
    actions = policies.allowed(http.user, item, now=now)
    entry, hands, calendar = showing.open_entry(item), showing.hands(item, now), cache(working_time.working_calendar)
    is_mine = selectors.waiting_for(http.user, now).filter(pk=item.pk).exists()
    return render(
        http,
        "requests_app/request.html",
        {
            "now": now,
            "item": item,
            "is_mine": is_mine,
            "tone": showing.tone_of(entry, now, is_mine=is_mine),
            "state": showing.label_of(item, http.user),
            "state_icon": "" if item.status in OPEN else "check-circle",
            "due": showing.due_of(entry),
            "why": showing.why(item, entry, calendar),
            "paused": bool(entry and entry.step.pauses),
            "work_url": showing.work_url(item),
            "work_label": showing.work_label(item),
            "renewal": renewals.of(item),
            "stations": showing.stations(item, hands),
            "items": item.items.select_related("data_type__owner"),
            "documents": showing.documents(selectors.visible_documents(http.user, now).filter(request=item)),
            "entries": showing.timeline(item),
            "side_actions": [
                {"label": _(row.button), "name": PAGE_OF_ACTION[row.action], "is_press": row.action in PRESSED}
                for row in actions
                if row.action in PAGE_OF_ACTION
            ],
            "last_disposition": policies.last_disposition(item),
            "who": showing.who(item, hands),
            "consents": item.consents.select_related("unit", "answered_by"),
            "sees_office": policies.sees_office(http.user, now),
            "reminders": selectors.reminders(item) if policies.sees_office(http.user, now) else [],
            "lateness": late_reasons.of_request(http, item, now, calendar),
            "forecast": forecast.of(item, now=now, calendar=calendar),
        },
    )


def requests(http: PersonRequest) -> HttpResponse:
    """Every request the reader may see; the filters stand in the address."""
    now = timezone.now()
    form = FilterForm(http.GET or None, is_office=policies.sees_office(http.user, now))
    rows = _filtered(selectors.visible_to(http.user, now), form, now)
    page = Paginator(selectors.with_clock(rows), PAGE).get_page(http.GET.get("page"))
    return render(
        http,
        "requests_app/requests.html",
        {"now": now, "form": form, "page": page, "cards": showing.cards(page, http.user, now)},
    )


def _filtered(rows: QuerySet[AccessRequest], form: FilterForm, now: datetime) -> QuerySet[AccessRequest]:
    """Those that were asked for; all of them where the form cannot be read and says so."""
    if not form.is_valid():
        return rows
    said = form.cleaned_data
    if words := said["q"]:
        rows = rows.filter(
            Q(reference__icontains=words)
            | Q(application__icontains=words)
            | Q(letter_number__icontains=words)
            | Q(person_name__icontains=words)
            | Q(unit__name__icontains=words)
            | Q(agenda__plo_number__icontains=words)
        )
    if state := said["state"]:
        rows = rows.filter(status__in=STATES.get(state, (state,)))
    if unit := said.get("unit"):
        rows = rows.filter(unit=unit)
    if data_type := said["data_type"]:
        rows = rows.filter(items__data_type=data_type)
    if said["step"] is not None and said["event"] != form.PASSED:
        rows = rows.filter(status__in=[status for status, step in STEPS.items() if step.number == said["step"]])
    running = Q(entries__left_at__isnull=True, status__in=selectors.TIMED)
    if said["late"]:
        rows = rows.filter(running, entries__due_at__lt=now)
    if said["due_today"]:
        rows = rows.filter(running, entries__due_at__gte=now, entries__due_at__lt=monitoring.end_of_day(now))
    return _of_period(rows, form) if said["event"] else rows


STATES = {
    FilterForm.OPEN: OPEN,
    FilterForm.RUNNING: monitoring.RUNNING,
    FilterForm.WAITING: monitoring.PAUSING,
}
"""What is asked for by a word for several statuses."""


def _of_period(rows: QuerySet[AccessRequest], form: FilterForm) -> QuerySet[AccessRequest]:
    period, event = form.period(), form.cleaned_data["event"]
    how = How(form.cleaned_data["how"]) if form.cleaned_data["how"] else None
    if event == form.SENT:
        there = monitoring.came_in(period)
    elif event == form.FINISHED:
        there = monitoring.finished(period, how)
    else:
        there = monitoring.passed(period, how)
    return rows.filter(pk__in=there.order_by().values("pk"))
