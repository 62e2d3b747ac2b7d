"""SOP 5: PSI informs the responsible person, who opens the key once, keeps it, and says whether it works.

The responsible person is signed in, or has followed the link of the mail and typed the
code sent to the address on the letter; the pages are the same (`Holder`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from accounts.middleware import typed
from requests_app import policies, selectors
from requests_app.forms.confirmation import CodeForm, InformForm, ProblemForm, ProceedForm, StoredForm
from requests_app.models import AccessRequest
from requests_app.sop import Action, Status
from requests_app.steps import confirmation
from requests_app.views import showing
from requests_app.views.acting import attempt, found, press, turned_away, version_of
from webservice_accounts import addresses, handover, lifecycle
from webservice_accounts.handover import HandoverError, ProvenHolder
from webservice_accounts.models import RevealTicket, WebserviceAccount
from webservice_accounts.selectors import living_ticket

PROOF = "handover_proof"
"""Where the session keeps which account the visitor proved to be the holder of, and when."""
PROOF_LIFE = timedelta(minutes=30)
UNSENT_PROBLEM = "handover_problem"
"""What was typed when the proof had run out; given back after the next one."""


# --- PSI ----------------------------------------------------------------------------------------
def inform(http: HttpRequest, reference: str) -> HttpResponse:
    """Text for the letter system, the mail with the link; afterwards how far the holder has come."""
    now, item = timezone.now(), found(http, reference)
    if item.account is None or not policies.is_psi(http.user, now):
        messages.warning(http, policies.why_not(http.user, item, Action.INFORM, now=now) or "")
        return redirect(item)
    house = selectors.institution()
    form = InformForm(
        typed(http), system=house.correspondence_system, initial={"plo_number": item.agenda.account_plo_number}
    )

    def send() -> AccessRequest:
        number = form.cleaned_data["plo_number"]
        return confirmation.inform(item, by=http.user, now=now, plo_number=number, version=version_of(http))

    if http.method == "POST" and attempt(http, form, send):
        messages.success(http, _("Tautan kunci dikirim ke %(to)s.") % {"to": masked_email(item.account.holder_email)})
        return redirect("inform", reference)
    item.refresh_from_db()
    return _show_inform(http, item, form, now)
