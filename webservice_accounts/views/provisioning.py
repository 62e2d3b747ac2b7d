"""“Tugas layanan”: what must be followed at services that keep accounts of their own; for PSI and administrators."""

import json

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.middleware import PersonRequest, typed
from webservice_accounts import policies, provisioners, tasks
from webservice_accounts.forms.provisioning import TickForm
from webservice_accounts.models import ProvisioningTask

PAGE = 25
CLOSED = "selesai"
"""Value of `daftar` in the address of the list of finished tasks."""


def service_tasks(http: PersonRequest) -> HttpResponse:
    """What is open, what is due first on top; behind the second tab what is finished."""
    _let_in(http)
    now = timezone.now()
    shows_closed = http.GET.get("daftar") == CLOSED
    rows = provisioners.closed_tasks() if shows_closed else provisioners.open_tasks()
    page = Paginator(rows, PAGE).get_page(http.GET.get("page"))
    url = reverse("service_tasks")
    tabs = [
        {"label": _("Terbuka"), "url": url, "active": not shows_closed, "count": provisioners.open_tasks().count()},
        {"label": _("Selesai"), "url": f"{url}?daftar={CLOSED}", "active": shows_closed, "count": None},
    ]
    context = {"now": now, "page": page, "lines": [provisioners.line(task, now) for task in page], "tabs": tabs}
    return render(http, "webservice_accounts/service_tasks.html", context | {"shows_closed": shows_closed})


def service_task(http: PersonRequest, task: int) -> HttpResponse:
    """One task: what to do or what was sent, and the form with which a person says that it is done."""
    row = _found(http, task)
    now = timezone.now()
    form = TickForm(typed(http), task=row, now=now, initial={"done_at": now})
    if http.method == "POST" and form.is_valid():
        try:
            provisioners.tick(row, **form.cleaned_data, by=http.user, now=now)
        except provisioners.Refused as refusal:
            form.add_error(None, str(refusal))
            row = _found(http, task)
        else:
            messages.success(http, _("Tugas pada %(service)s dicatat selesai.") % {"service": row.service})
            return redirect("service_tasks")
    line = provisioners.line(row, now)
    context = {
        "now": now,
        "line": line,
        "task": row,
        "form": form,
        "may_tick": line.is_by_hand and row.state == ProvisioningTask.State.WAITING,
        "instructions": provisioners.instructions(row),
        "wanted": provisioners.wanted(row),
        "may_send": provisioners.why_not_again(row) == "",
        "body": "" if line.is_by_hand else json.dumps(json.loads(tasks.body_of(row)), indent=2, ensure_ascii=False),
    }
    return render(http, "webservice_accounts/service_task.html", context)


@require_POST
def send_again(http: PersonRequest, task: int) -> HttpResponse:
    """A message is delivered once more, at once."""
    row = _found(http, task)
    try:
        provisioners.send_again(row, by=http.user, now=timezone.now())
    except provisioners.Refused as refusal:
        messages.error(http, str(refusal))
    else:
        messages.success(http, _("Pesan untuk %(service)s dikirim ulang sekarang.") % {"service": row.service})
    return redirect("service_task", row.pk)


def _let_in(http: PersonRequest) -> None:
    if policies.may_follow_services(http.user, now=timezone.now()) is None:
        raise Http404


def _found(http: PersonRequest, task: int) -> ProvisioningTask:
    _let_in(http)
    return get_object_or_404(ProvisioningTask.objects.select_related("service", "account__unit"), pk=task)
