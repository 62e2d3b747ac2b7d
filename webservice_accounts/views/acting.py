"""What every page about one account does: fetch what the person may see, do one thing, say how it went."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.middleware import PersonRequest as PersonRequest
from webservice_accounts import policies, selectors
from webservice_accounts.models import WebserviceAccount
from webservice_accounts.policies import Act, Refused


def found(http: HttpRequest, username: str, now: datetime) -> WebserviceAccount:
    """The account of that name if this person may see it; 404 for strangers as for what does not exist."""
    return get_object_or_404(selectors.visible_to(http.user, now), username=username)


def version_of(http: HttpRequest) -> int | None:
    """The hidden `version` of the page that was posted; None when it has none or it is not a number."""
    text = http.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def turned_away(http: PersonRequest, account: WebserviceAccount, act: Act, now: datetime) -> HttpResponse | None:
    """403 for whose act it never is; to the account's page with the reason when it is not possible now; else None.

    A form that comes too late stays on its page, because what was typed in it is to be kept.
    """
    if policies.authority_for(http.user, account, act, now) is None:
        raise PermissionDenied
    reason = policies.why_not(http.user, account, act, now=now)
    if reason is None or http.method == "POST":
        return None
    messages.warning(http, reason)
    return redirect("account", account.username)


def attempt(form: BaseForm, act: Callable[[], object]) -> bool:
    """Do `act` for a valid form. A refusal stands at the top of the form, and what was typed stays in it."""
    if not form.is_valid():
        return False
    try:
        act()
    except Refused as problem:
        form.add_error(None, str(problem))
        return False
    return True


def press(http: HttpRequest, account: WebserviceAccount, act: Callable[[], object], done: str) -> HttpResponse:
    """Do `act` for a button without a form; say `done` or why not, and go to the account's page."""
    try:
        act()
    except Refused as problem:
        messages.error(http, str(problem))
    else:
        messages.success(http, done)
    return redirect("account", account.username)


def form_page(
    http: PersonRequest, template: str, account: WebserviceAccount, act: Act, form: BaseForm, now: datetime, **more: Any
) -> HttpResponse:
    """The page of one act with its form, as the account stands at this moment."""
    account.refresh_from_db()
    context = {
        "account": account,
        "form": form,
        "version": selectors.version_of(account),
        "can_act": policies.why_not(http.user, account, act, now=now) is None,
        **more,
    }
    return render(http, f"webservice_accounts/{template}.html", context)
