"""One more year of an account: what is granted now, and the button that begins to ask for it again."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.middleware import typed
from requests_app import renewals, selectors
from requests_app.forms.request_letter import PaperRenewalForm, RenewalForm
from requests_app.models import AccessRequest
from requests_app.steps import request_letter
from requests_app.views.acting import PersonRequest, attempt
from webservice_accounts.selectors import visible_to


def renew(http: PersonRequest, username: str) -> HttpResponse:
    """For staff of the account's unit, and for the helpdesk with a paper letter; pressed twice it begins one."""
    now = timezone.now()
    account = get_object_or_404(visible_to(http.user, now), username=username)
    is_paper = renewals.right_to_ask(http.user, account, now) is None
    if is_paper and not renewals.may_enter_paper(http.user):
        raise PermissionDenied
    running = renewals.under_way(account)
    if running and selectors.visible_to(http.user, now).filter(pk=running.pk).exists():
        messages.info(http, _("Perpanjangan akun ini sudah dimulai. Lanjutkan di sini."))
        return _to(running)
    form = PaperRenewalForm(typed(http), now=now) if is_paper else Form(typed(http))

    def begin() -> AccessRequest:
        moment = form.cleaned_data.get("happened_at")
        return request_letter.begin_renewal(account, by=http.user, now=now, happened_at=moment)

    if http.method == "POST" and (item := attempt(http, form, begin)):
        return _to(item)
    context = {
        "account": account,
        "form": form,
        "is_paper": is_paper,
        "why_not": renewals.why_not(account, now),
        "data": [grant.data_type for grant in account.current_grants.select_related("data_type__owner")],
        "new_period": renewals.new_period(account) if now < account.ends_at else None,
        "needs_letter": selectors.institution().renewal_needs_letter,
    }
    return render(http, "requests_app/renewal/begin.html", context)


def _to(item: AccessRequest) -> HttpResponseRedirect:
    """To the page that is filled in, while the unit still can; else to the request's own."""
    if item.status in request_letter.EDITABLE:
        return redirect("request_part", item.reference, RenewalForm.part)
    return redirect(item)
