"""Replacing the key of an account, and handing the account to another responsible person."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.middleware import typed
from webservice_accounts import handover, policies, selectors
from webservice_accounts.forms.keys import HolderForm, RotateForm
from webservice_accounts.policies import Act
from webservice_accounts.views.acting import (
    PersonRequest,
    attempt,
    form_page,
    found,
    press,
    turned_away,
    version_of,
)

LONGEST_ID = 18
"""Digits; the next ones may not fit into a database column."""


def rotate(http: PersonRequest, username: str) -> HttpResponse:
    """A new key: the holder goes on to open it, others have a link sent to the holder."""
    now = timezone.now()
    row = found(http, username, now)
    if away := turned_away(http, row, Act.ROTATE, now):
        return away
    form = RotateForm(typed(http))

    def act() -> object:
        hours = form.cleaned_data["overlap_hours"]
        return handover.rotate(row, overlap_hours=hours, by=http.user, now=now, version=version_of(http))

    is_holder = policies.is_holder(http.user, row)
    if http.method == "POST" and attempt(form, act):
        if is_holder:
            messages.success(http, _("Kunci baru siap dibuka."))
            return redirect("account_key", username)
        messages.success(http, _("Tautan kunci baru dikirim ke %(to)s.") % {"to": row.holder_email})
        return redirect("account", username)
    living = list(selectors.living_secrets(row, now))
    return form_page(http, "rotate", row, Act.ROTATE, form, now, is_holder=is_holder, living=living)


@require_POST
def end_secret(http: PersonRequest, username: str) -> HttpResponse:
    """The old key of a rotation ends now; `secret` in the form says which."""
    now = timezone.now()
    row = found(http, username, now)
    turned_away(http, row, Act.END_SECRET, now)
    number = http.POST.get("secret", "")
    if not number.isdecimal() or len(number) > LONGEST_ID:
        raise Http404
    secret = row.secrets.filter(pk=int(number)).first()
    if secret is None:
        raise Http404
    done = _("Kunci lama %(hint)s diakhiri.") % {"hint": secret.hint}
    return press(
        http, row, lambda: handover.end_secret(row, secret, by=http.user, now=now, version=version_of(http)), done
    )


def change_holder(http: PersonRequest, username: str) -> HttpResponse:
    """Mutasi: who is responsible from now on; for PSI."""
    now = timezone.now()
    row = found(http, username, now)
    if away := turned_away(http, row, Act.CHANGE_HOLDER, now):
        return away
    form = HolderForm(typed(http))

    def act() -> object:
        reason = form.cleaned_data["reason"]
        return handover.change_holder(row, form.holder, reason=reason, by=http.user, now=now, version=version_of(http))

    if http.method == "POST" and attempt(form, act):
        words = {"name": form.holder.name, "to": form.holder.email}
        messages.success(http, _("Akun beralih kepada %(name)s dan tautan kunci dikirim ke %(to)s.") % words)
        return redirect("account", username)
    return form_page(http, "change_holder", row, Act.CHANGE_HOLDER, form, now)
