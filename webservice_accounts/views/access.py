"""What an account may read, from where, and how fast; for PSI, within what the disposition allows."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.middleware import typed
from webservice_accounts import selectors, services
from webservice_accounts.forms.access import AddressesForm, GrantsForm, LimitsForm
from webservice_accounts.policies import Act
from webservice_accounts.views.acting import PersonRequest, attempt, form_page, found, turned_away, version_of


def change_addresses(http: PersonRequest, username: str) -> HttpResponse:
    """From where the account may be used."""
    now = timezone.now()
    row = found(http, username, now)
    if away := turned_away(http, row, Act.CHANGE_ADDRESSES, now):
        return away
    present = selectors.networks_of(row)
    form = AddressesForm(typed(http), initial={"networks": "\n".join(present), "before": " ".join(present)})

    def act() -> object:
        said = form.cleaned_data
        return services.change_addresses(row, networks=said["networks"], before=said["before"], by=http.user, now=now)

    if http.method == "POST" and attempt(form, act):
        messages.success(http, _("Alamat akun %(name)s disimpan.") % {"name": row.username})
        return redirect("account", username)
    return form_page(http, "change_addresses", row, Act.CHANGE_ADDRESSES, form, now, is_limited=bool(present))


def change_grants(http: PersonRequest, username: str) -> HttpResponse:
    """Which data the account may read: less, or again what was granted."""
    now = timezone.now()
    row = found(http, username, now)
    if away := turned_away(http, row, Act.CHANGE_DATA, now):
        return away
    present = [grant.data_type_id for grant in row.current_grants]
    offered = {*selectors.granted_in_period(row, now), *present}
    form = GrantsForm(typed(http), offered=offered, initial={"data_types": present})

    def act() -> object:
        wanted = form.cleaned_data["data_types"]
        return services.change_grants(row, data_types=wanted, by=http.user, now=now, version=version_of(http))

    if http.method == "POST" and attempt(form, act):
        messages.success(http, _("Data akun %(name)s disimpan.") % {"name": row.username})
        return redirect("account", username)
    return form_page(http, "change_grants", row, Act.CHANGE_DATA, form, now)


def change_limits(http: PersonRequest, username: str) -> HttpResponse:
    """How many requests a minute, and how many at once."""
    now = timezone.now()
    row = found(http, username, now)
    if away := turned_away(http, row, Act.CHANGE_LIMITS, now):
        return away
    form = LimitsForm(typed(http), initial={"rate_per_minute": row.rate_per_minute, "burst": row.burst})

    def act() -> object:
        return services.change_limits(row, **form.cleaned_data, by=http.user, now=now, version=version_of(http))

    if http.method == "POST" and attempt(form, act):
        messages.success(http, _("Batas akun %(name)s disimpan.") % {"name": row.username})
        return redirect("account", username)
    return form_page(http, "change_limits", row, Act.CHANGE_LIMITS, form, now)
