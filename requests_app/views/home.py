"""What waits for me, with its deadline."""

from itertools import groupby

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.middleware import PersonRequest
from accounts.permissions import authority, has
from accounts.roles import Permission
from requests_app import renewals, selectors
from requests_app.models import AccessRequest
from requests_app.sop import OPEN, Status
from requests_app.steps import calendar_changes
from requests_app.views import showing
from webservice_accounts import provisioners
from webservice_accounts import selectors as accounts

OFFICE_ACTS = (Permission.REGISTER, Permission.DISPOSE, Permission.CREATE_ACCOUNT)
"""Whoever may do none of these has no queue that could ever fill."""
SHOWN = 50
"""Rows on the home page; the list has them all."""


def home(http: PersonRequest) -> HttpResponse:
    """The reader's queue by step, then what moves on without them."""
    now = timezone.now()
    today = timezone.localdate(now)
    waiting = list(selectors.with_clock(selectors.waiting_for(http.user, now))[:SHOWN])
    is_office = authority(http.user, Permission.SEE_EVERY_REQUEST, today) is not None
    others: list[AccessRequest] = []
    if not is_office:
        moving = selectors.visible_to(http.user, now).filter(status__in=OPEN)
        others = list(selectors.with_clock(moving.exclude(pk__in=[item.pk for item in waiting]))[:SHOWN])
    queues = [
        {"label": _(items[0].step.label), "cards": showing.cards(items, http.user, now, mine=True)}
        for items in _by_status(waiting)
    ]
    return render(
        http,
        "requests_app/home.html",
        {
            "now": now,
            "queues": queues,
            "others": showing.cards(others, http.user, now),
            "may_send": authority(http.user, Permission.SEND_REQUEST, today) is not None,
            "may_enter_paper": authority(http.user, Permission.REGISTER, today) is not None,
            "is_office": is_office,
            "reads_only": is_office and not any(authority(http.user, act, today) for act in OFFICE_ACTS),
            "ending": renewals.ending(http.user, now),
            "all_ending": accounts.ending(now).count() if is_office else 0,
            "to_confirm": calendar_changes.unconfirmed_years(today) if has(http.user, Permission.ADMINISTER) else (),
            "service_tasks": provisioners.count_for(http.user, now),
        },
    )


def _by_status(items: list[AccessRequest]) -> list[list[AccessRequest]]:
    order = {status: position for position, status in enumerate(Status)}
    ranked = sorted(items, key=lambda item: order[Status(item.status)])
    return [list(group) for _status, group in groupby(ranked, key=lambda item: item.status)]
