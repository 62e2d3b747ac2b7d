"""Pages about accounts that were handed out: the list, one account, and from where it may be used."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import identity
from accounts.middleware import typed
from accounts.models import User
from webservice_accounts import policies, selectors, services
from webservice_accounts.forms import AddressesForm, FilterForm
from webservice_accounts.lifecycle import STATE_LABELS, State, state_at
from webservice_accounts.models import WebserviceAccount

PAGE = 25
ORIGIN_OF_REQUEST = "request"
"""What the text reference of an account's origin begins with when it came from a request."""

LOOKS: Mapping[State, tuple[str, str]] = {
    State.NOT_YET_ACTIVE: ("waiting", "hourglass"),
    State.ACTIVE: ("in_time", "check-circle"),
    State.ENDING_SOON: ("soon", "alert"),
    State.ENDED: ("waiting", "x-circle"),
    State.SUSPENDED: ("soon", "pause"),
    State.REVOKED: ("late", "lock"),
}
"""State -> tone and icon of its badge."""


class PersonRequest(HttpRequest):
    """For the type checker: what arrives at a page that demands signing in."""

    user: User


def accounts(http: PersonRequest) -> HttpResponse:
    """Every account the reader may see; the filters stand in the address."""
    now = timezone.now()
    form = FilterForm(http.GET or None)
    words, state = form.wanted()
    rows = _search(selectors.visible_to(http.user, now), words)
    if state:
        rows = selectors.in_state(rows, state, now)
    page = Paginator(rows, PAGE).get_page(http.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "rows": [_row(row, now) for row in page],
        "is_filtered": bool(words or state),
    }
    return render(http, "webservice_accounts/accounts.html", context)


def _search(rows: QuerySet[WebserviceAccount], words: str) -> QuerySet[WebserviceAccount]:
    if not words:
        return rows
    return rows.filter(
        Q(username__icontains=words)
        | Q(application__icontains=words)
        | Q(holder_name__icontains=words)
        | Q(unit__name__icontains=words)
    )


def _row(account: WebserviceAccount, now: datetime) -> dict[str, object]:
    """What the list says of an account; the identity number is masked there."""
    return _state(account, now) | {
        "account": account,
        "identity": identity.masked(account.holder_identity_number),
        "until": account.last_day,
    }


def _state(account: WebserviceAccount, now: datetime) -> dict[str, object]:
    state = state_at(account.facts, now)
    tone, icon = LOOKS[state]
    return {"tone": tone, "icon": icon, "state": _(STATE_LABELS[state])}


def account(http: PersonRequest, username: str) -> HttpResponse:
    """Whose it is, for what, from where, until when; of its keys only what tells one from another."""
    now = timezone.now()
    row = get_object_or_404(selectors.visible_to(http.user, now), username=username)
    kind, _colon, reference = row.origin.partition(":")
    return render(
        http,
        "webservice_accounts/account.html",
        _state(row, now)
        | {
            "now": now,
            "account": row,
            "until": row.last_day,
            "data": [grant.data_type for grant in row.grants.select_related("data_type__owner")],
            "networks": selectors.networks_of(row),
            "secrets": row.secrets.order_by("-created_at"),
            "reference": reference,
            "request_url": reverse("request", args=[reference]) if kind == ORIGIN_OF_REQUEST else "",
            "may_change": policies.may_change_addresses(http.user, now=now) is not None,
        },
    )


def change_addresses(http: PersonRequest, username: str) -> HttpResponse:
    """From where the account may be used; for PSI."""
    now = timezone.now()
    row = get_object_or_404(selectors.visible_to(http.user, now), username=username)
    if policies.may_change_addresses(http.user, now=now) is None:
        raise PermissionDenied
    present = selectors.networks_of(row)
    form = AddressesForm(typed(http), initial={"networks": "\n".join(present), "before": " ".join(present)})
    if http.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            services.change_addresses(row, networks=said["networks"], before=said["before"], by=http.user, now=now)
        except services.ChangedMeanwhile as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(http, _("Alamat akun %(name)s disimpan.") % {"name": row.username})
            return redirect("account", row.username)
    return render(http, "webservice_accounts/change_addresses.html", {"account": row, "form": form})
