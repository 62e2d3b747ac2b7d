"""Suspending, reinstating, revoking; whether the account is to go on after its end."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.middleware import typed
from webservice_accounts import selectors, standing
from webservice_accounts.forms.standing import ReinstateForm, RevokeForm, SuspendForm
from webservice_accounts.lifecycle import TAKES_EFFECT_WITHIN
from webservice_accounts.models import WebserviceAccount
from webservice_accounts.policies import Act
from webservice_accounts.views.acting import PersonRequest, attempt, form_page, found, press, turned_away, version_of

SECONDS = int(TAKES_EFFECT_WITHIN.total_seconds())


def _reach(account: WebserviceAccount) -> dict[str, object]:
    """Within how many seconds the gates follow, and which services do not ask them."""
    return {"seconds": SECONDS, "outside": selectors.outside_services(account)}


def suspend(http: PersonRequest, username: str) -> HttpResponse:
    """Stop the account at once, with the reason and, where there was an incident, its time."""
    now = timezone.now()
    row = found(http, username, now)
    if away := turned_away(http, row, Act.SUSPEND, now):
        return away
    form = SuspendForm(typed(http), now=now)

    def act() -> object:
        said = form.cleaned_data
        return standing.suspend(row, by=http.user, now=now, reason=said["reason"], incident_at=said["incident_at"])

    if http.method == "POST" and attempt(form, act):
        done = _("Akun %(name)s ditangguhkan. Semua gerbang menolaknya paling lambat dalam %(seconds)d detik.")
        messages.success(http, done % {"name": row.username, "seconds": SECONDS})
        return redirect("account", username)
    return form_page(http, "suspend", row, Act.SUSPEND, form, now, **_reach(row))


def reinstate(http: PersonRequest, username: str) -> HttpResponse:
    """Let a suspended account stand again; for PSI."""
    now = timezone.now()
    row = found(http, username, now)
    if away := turned_away(http, row, Act.REINSTATE, now):
        return away
    form = ReinstateForm(typed(http))

    def act() -> object:
        reason = form.cleaned_data["reason"]
        return standing.reinstate(row, by=http.user, now=now, reason=reason, version=version_of(http))

    if http.method == "POST" and attempt(form, act):
        messages.success(http, _("Akun %(name)s aktif kembali.") % {"name": row.username})
        return redirect("account", username)
    last = row.suspensions.order_by("since").last()
    return form_page(http, "reinstate", row, Act.REINSTATE, form, now, suspension=last, seconds=SECONDS)


def revoke(http: PersonRequest, username: str) -> HttpResponse:
    """End the account for good; for PSI and the head."""
    now = timezone.now()
    row = found(http, username, now)
    if away := turned_away(http, row, Act.REVOKE, now):
        return away
    form = RevokeForm(typed(http))

    def act() -> object:
        reason = form.cleaned_data["reason"]
        return standing.revoke(row, by=http.user, now=now, reason=reason, version=version_of(http))

    if http.method == "POST" and attempt(form, act):
        done = _("Akun %(name)s dicabut. Semua gerbang menolaknya paling lambat dalam %(seconds)d detik.")
        messages.success(http, done % {"name": row.username, "seconds": SECONDS})
        return redirect("account", username)
    return form_page(http, "revoke", row, Act.REVOKE, form, now, **_reach(row))


@require_POST
def decline_renewal(http: PersonRequest, username: str) -> HttpResponse:
    """No more reminders: the account ends with its date."""
    now = timezone.now()
    row = found(http, username, now)
    done = _("Tercatat. Akun %(name)s tidak diperpanjang dan pengingat tidak dikirim lagi.") % {"name": username}
    return press(
        http, row, lambda: standing.decline_renewal(row, by=http.user, now=now, version=version_of(http)), done
    )


@require_POST
def want_renewal(http: PersonRequest, username: str) -> HttpResponse:
    """The flag is taken back."""
    now = timezone.now()
    row = found(http, username, now)
    done = _("Tercatat. Pengingat dikirim lagi sebelum akun %(name)s berakhir.") % {"name": username}
    return press(http, row, lambda: standing.want_renewal(row, by=http.user, now=now, version=version_of(http)), done)


@require_POST
def keep_unused(http: PersonRequest, username: str) -> HttpResponse:
    """The answer to the question whether an account that nobody uses is still needed."""
    now = timezone.now()
    row = found(http, username, now)
    done = _("Terima kasih. Akun %(name)s tetap aktif.") % {"name": username}
    return press(http, row, lambda: standing.keep_unused(row, http.user, now), done)
