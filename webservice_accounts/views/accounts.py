"""Pages about accounts that were handed out: the list, and one account."""

from collections.abc import Mapping
from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, identity
from accounts.models import AuditEvent, User
from webservice_accounts import handover, policies, provisioners, selectors, usage
from webservice_accounts.forms.accounts import FilterForm
from webservice_accounts.lifecycle import STATE_LABELS, TAKES_EFFECT_WITHIN, State, state_at
from webservice_accounts.models import Secret, WebserviceAccount
from webservice_accounts.policies import Act
from webservice_accounts.views.acting import PersonRequest, found

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


VERB_ICONS: Mapping[str, str] = {
    "create_account": "key",
    "inform": "mail",
    "reveal": "unlock",
    "acknowledge": "check",
    "confirm": "check-circle",
    "wrong_code": "alert",
    Act.SUSPEND: "pause",
    "suspend_unused": "pause",
    Act.REINSTATE: "play",
    Act.REVOKE: "lock",
    Act.CHANGE_DATA: "database",
    Act.CHANGE_ADDRESSES: "globe",
    Act.CHANGE_LIMITS: "settings",
    Act.ROTATE: "refresh",
    Act.END_SECRET: "x-circle",
    Act.CHANGE_HOLDER: "users",
}
"""What a line of the history is drawn with; the others get a dot."""


def accounts(http: PersonRequest) -> HttpResponse:
    """Every account the reader may see; the filters stand in the address."""
    now = timezone.now()
    form = FilterForm(http.GET or None)
    words, state, is_unused = form.wanted()
    rows = _search(selectors.visible_to(http.user, now), words)
    if state:
        rows = selectors.in_state(rows, state, now)
    if is_unused:
        rows = usage.unused(rows, now)
    page = Paginator(rows, PAGE).get_page(http.GET.get("page"))
    trends = usage.trends(page, now)
    context = {
        "form": form,
        "page": page,
        "rows": [_row(row, now) | {"trend": trends[row.pk]} for row in page],
        "line_width": usage.LINE_WIDTH,
        "line_height": usage.LINE_HEIGHT,
        "line_column": usage.LINE_COLUMN,
        "is_filtered": bool(words or state or is_unused),
        "may_read_register": policies.may_read_register(http.user, now=now),
        "may_follow_services": policies.may_follow_services(http.user, now=now) is not None,
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
    """Whose it is, for what, from where, until when, what happened to it, and what the reader can do with it."""
    now = timezone.now()
    row = found(http, username, now)
    user = http.user
    acts = policies.allowed(user, row, now=now)
    renewal = selectors.open_renewal(row, with_draft=policies.is_of_unit(user, row, now))
    secrets = list(row.secrets.order_by("-created_at", "-pk"))
    return render(
        http,
        "webservice_accounts/account.html",
        _state(row, now)
        | {
            "now": now,
            "account": row,
            "acts": acts,
            "version": selectors.version_of(row),
            "until": row.last_day,
            "data": selectors.granted_data(row, with_paths=policies.is_psi(user, now)),
            "networks": selectors.networks_of(row),
            "secrets": [_secret(secret, secrets[0], now) for secret in secrets],
            "is_keyless": bool(secrets) and not any(_is_living(secret, now) for secret in secrets),
            "rotation": selectors.living_rotation(row, now),
            "may_open": handover.may_open(row, now=now) and policies.is_holder(user, row),
            "suspension": row.suspensions.filter(until__isnull=True).last() if row.suspended_at else None,
            "seconds": int(TAKES_EFFECT_WITHIN.total_seconds()),
            "former_holders": list(row.holdings.filter(until__isnull=False).order_by("-until")),
            "request_url": _request_url(row, user, now),
            "reference": row.origin.partition(":")[2],
            "entries": [_entry(event, row) for event in selectors.history(row)],
            "may_renew": Act.ASK_RENEWAL in acts,
            "renewal": renewal,
            "renewal_url": reverse("request", args=[renewal.reference])
            if renewal and policies.sees_requests_of(user, row, now)
            else "",
            "usage": usage.for_page(row, user, now),
            "provisioning": provisioners.for_page(row, user, now),
        },
    )


def _secret(secret: Secret, newest: Secret, now: datetime) -> dict[str, object]:
    """What tells one key from another, whether it still opens anything, and whether it is used beside its successor."""
    is_living = _is_living(secret, now)
    is_old = is_living and secret.ends_at is not None
    is_still_used = is_old and secret.last_used_at is not None and secret.last_used_at > newest.created_at
    return {"secret": secret, "is_living": is_living, "is_old": is_old, "is_still_used": is_still_used}


def _is_living(secret: Secret, now: datetime) -> bool:
    return secret.ends_at is None or now < secret.ends_at


def _entry(event: AuditEvent, account: WebserviceAccount) -> dict[str, object]:
    """What `_timeline_entry.html` is given. What offices wrote to each other stands on the request, not here."""
    return {
        "at": event.happened_at,
        "recorded_at": event.at if event.at != event.happened_at else None,
        "sentence": audit.say(event),
        "icon": VERB_ICONS.get(event.verb, ""),
        "detail": str(event.data.get("detail", "")) if event.subject == account.subject else "",
    }


def _request_url(account: WebserviceAccount, user: User, now: datetime) -> str:
    """The page of the request it came from; "" for a later responsible person, who was not on that letter."""
    kind, _colon, reference = account.origin.partition(":")
    if kind != ORIGIN_OF_REQUEST:
        return ""
    is_on_letter = account.requests.filter(reference=reference, email__iexact=user.email).exists()
    knows = is_on_letter or policies.sees_requests_of(user, account, now)
    return reverse("request", args=[reference]) if knows else ""
