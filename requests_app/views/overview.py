"""One request as everybody who may see it sees it, and the list of all of them."""

from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.middleware import PersonRequest
from requests_app import policies, renewals, selectors
from requests_app.forms.overview import FilterForm
from requests_app.models import AccessRequest
from requests_app.sop import OPEN, Action
from requests_app.steps import disposition
from requests_app.views import showing
from requests_app.views.acting import found

PAGE = 25

PAGE_OF_ACTION = {
    Action.WITHDRAW: "withdraw",
    Action.CANCEL_DISPOSITION: "cancel_disposition",
    Action.CLAIM: "claim",
    Action.RELEASE: "release",
    Action.PROCEED_UNCONFIRMED: "proceed_unconfirmed",
}
"""Side actions that stand on the request's own page; all others belong to the page of the step."""
PRESSED = frozenset({Action.CLAIM, Action.RELEASE, Action.CANCEL_DISPOSITION})
"""Done by a button alone; the others ask something first."""


def request(http: PersonRequest, reference: str) -> HttpResponse:
    """Where is it, whose turn is it, by when; what the reader can do; what happened."""
    now = timezone.now()
    item = found(http, reference)
    disposition.mark_read(item, by=http.user, now=now)
    actions = policies.allowed(http.user, item, now=now)
    entry = showing.open_entry(item)
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
            "paused": bool(entry and entry.step.pauses),
            "work_url": showing.work_url(item),
            "work_label": showing.work_label(item),
            "renewal": renewals.of(item),
            "stations": showing.stations(item),
            "items": item.items.select_related("data_type__owner"),
            "documents": showing.documents(selectors.visible_documents(http.user, now).filter(request=item)),
            "entries": showing.timeline(item),
            "side_actions": [
                {"label": _(row.button), "name": PAGE_OF_ACTION[row.action], "is_press": row.action in PRESSED}
                for row in actions
                if row.action in PAGE_OF_ACTION
            ],
            "last_disposition": policies.last_disposition(item),
            "sees_office": policies.sees_office(http.user, now),
        },
    )


def requests(http: PersonRequest) -> HttpResponse:
    """Every request the reader may see; the filters stand in the address."""
    now = timezone.now()
    form = FilterForm(http.GET or None)
    rows = _filtered(selectors.visible_to(http.user, now), form, now)
    page = Paginator(selectors.with_clock(rows), PAGE).get_page(http.GET.get("page"))
    return render(
        http,
        "requests_app/requests.html",
        {"now": now, "form": form, "page": page, "cards": showing.cards(page, http.user, now)},
    )


def _filtered(rows: QuerySet[AccessRequest], form: FilterForm, now: datetime) -> QuerySet[AccessRequest]:
    if not form.is_valid():
        return rows
    if words := form.cleaned_data["q"]:
        rows = rows.filter(
            Q(reference__icontains=words)
            | Q(application__icontains=words)
            | Q(letter_number__icontains=words)
            | Q(person_name__icontains=words)
            | Q(unit__name__icontains=words)
            | Q(agenda__plo_number__icontains=words)
        )
    if state := form.cleaned_data["state"]:
        rows = rows.filter(status__in=OPEN) if state == FilterForm.OPEN else rows.filter(status=state)
    if form.cleaned_data["late"]:
        rows = rows.filter(entries__left_at__isnull=True, entries__due_at__lt=now, status__in=selectors.TIMED)
    return rows
