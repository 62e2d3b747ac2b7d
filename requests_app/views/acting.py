"""What every view of the procedure does: fetch what the person may see, do one thing, say how it went."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.middleware import PersonRequest as PersonRequest
from requests_app import policies
from requests_app.models import AccessRequest
from requests_app.policies import Refused
from requests_app.selectors import say, visible_to, waiting_for
from requests_app.sla_wording import local_time
from requests_app.sop import TRANSITIONS, Action, Status
from requests_app.steps.move import ActedFirst
from requests_app.views import showing


def found(http: HttpRequest, reference: str) -> AccessRequest:
    """The request of that reference if this person may see it; 404 for strangers as for what does not exist."""
    return get_object_or_404(visible_to(http.user, timezone.now()), reference=reference)


def version_of(http: HttpRequest) -> int | None:
    """The hidden `version` of the page that was posted; None when it has none or it is not a number."""
    text = http.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def explain(problem: Refused | ActedFirst, language: str = "id") -> str:
    """Why it was not done; when somebody else was faster, also who, what and when."""
    if isinstance(problem, ActedFirst) and problem.last:
        return _("%(problem)s %(what)s (%(when)s)") % {
            "problem": problem,
            "what": say(problem.last),
            "when": local_time(problem.last.at, language),
        }
    return str(problem)


def attempt(http: HttpRequest, form: BaseForm, act: Callable[[], AccessRequest]) -> AccessRequest | None:
    """Do `act` for a valid form. A refusal stands at the top of the form, and what was typed stays in it."""
    if not form.is_valid():
        return None
    try:
        return act()
    except (Refused, ActedFirst) as problem:
        form.add_error(None, explain(problem, http.LANGUAGE_CODE))
        return None


def press(http: HttpRequest, request: AccessRequest, act: Callable[[], object], done: str) -> HttpResponse:
    """Do `act` for a button without a form; say `done` or why not, and go to the request's page."""
    try:
        act()
    except (Refused, ActedFirst) as problem:
        messages.error(http, explain(problem, http.LANGUAGE_CODE))
    else:
        messages.success(http, done)
    return redirect(request)


def turned_away(http: PersonRequest, request: AccessRequest, action: Action, *, now: datetime) -> HttpResponse | None:
    """To the request's own page with the reason when the reader cannot do `action` now; None when they can.

    A form that comes too late stays on its page, because what was typed in it is to be kept.
    """
    reason = policies.why_not(http.user, request, action, now=now)
    was_theirs = policies.authority_for(http.user, request, TRANSITIONS[action], now) is not None
    if reason is None or (http.method == "POST" and was_theirs):
        return None
    messages.warning(http, reason)
    return redirect(request)


def open_next(http: PersonRequest, statuses: Iterable[Status], *, now: datetime) -> HttpResponse:
    """To the next request that waits for the reader in one of these statuses; home when none does."""
    following = waiting_for(http.user, now).filter(status__in=statuses).first()
    return redirect(showing.work_url(following) if following else "home")
