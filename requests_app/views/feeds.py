"""Subscriptions of calendar programs: the page where addresses are made, and what stands behind them."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import PersonRequest
from requests_app import feeds
from requests_app.feeds import Kind
from requests_app.steps import feeds as steps

ADDRESSES = {Kind.CALENDAR: "calendar_feed", Kind.DEADLINES: "deadlines_feed"}


def subscriptions(http: PersonRequest) -> HttpResponse:
    """The reader's addresses: which there are, and when they were last read."""
    return _page(http, now=timezone.now())


@require_POST
@sensitive_variables("secret")
def make(http: PersonRequest, kind: str) -> HttpResponse:
    """A new address; it is on this answer and nowhere else, so there is no page to come back to."""
    now = timezone.now()
    wanted = _kind(kind)
    secret = steps.make(http.user, wanted, now=now)
    return _page(http, now=now, made=wanted, secret=secret)


@require_POST
def revoke(http: PersonRequest, kind: str) -> HttpResponse:
    """The address answers no longer."""
    if steps.revoke(http.user, _kind(kind), now=timezone.now()):
        messages.success(http, _("Alamat langganan dicabut. Kalender yang memakainya tidak lagi diperbarui."))
    return redirect("subscriptions")


@login_not_required
@require_safe
@sensitive_variables("secret")
def read(http: HttpRequest, secret: str, kind: Kind) -> HttpResponse:
    """The iCalendar file behind an address, in the language of its person; 404 for everything else."""
    now = timezone.now()
    feed = feeds.living_feed(secret, kind)
    if feed is None:
        return HttpResponse(_("Alamat ini tidak berlaku."), status=404, content_type="text/plain; charset=utf-8")
    with translation.override(feed.person.language):
        written = feeds.written(feed, now)
    steps.note_read(feed, now=now)
    is_known = written.etag in http.headers.get("If-None-Match", "")
    response = HttpResponse(b"" if is_known else written.content, status=304 if is_known else 200)
    if not is_known:
        response.headers["Content-Type"] = "text/calendar; charset=utf-8"
        response.headers["Content-Disposition"] = f'inline; filename="{kind}.ics"'
    response.headers["ETag"] = written.etag
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError:
        raise Http404 from None


@sensitive_variables("secret")
def _page(http: PersonRequest, *, now: datetime, made: Kind | None = None, secret: str = "") -> HttpResponse:
    known = feeds.of_person(http.user)
    rows: list[dict[str, Any]] = []
    for kind in Kind:
        address = settings.BASE_URL + reverse(ADDRESSES[kind], args=[secret]) if kind is made else ""
        rows.append(
            {
                "kind": kind.value,
                "label": kind.label,
                "feed": known.get(kind.value),
                "address": address,
                "webcal": f"webcal://{address.partition('://')[2]}" if address else "",
            }
        )
    return render(http, "requests_app/calendar/subscriptions.html", {"rows": rows, "now": now})
