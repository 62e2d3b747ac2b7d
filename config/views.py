"""The administrator's page, and the address that monitors ask."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import mail, permissions
from accounts.models import OutgoingMail, User
from accounts.roles import Permission
from config import administration as reads

PAGE = 10
"""Mails below the check list; the outbox in Django's admin has them all."""


def administration(http: HttpRequest) -> HttpResponse:
    """Is everything set up, does everything run, what waits? For administrators; others find nothing."""
    _administrator(http)
    now = timezone.now()
    groups = reads.check_groups(now)
    items = [item for group in groups for item in group.items]
    return render(
        http,
        "config/administration.html",
        {
            "now": now,
            "groups": groups,
            "ready": sum(item.ok for item in items),
            "total": len(items),
            "figures": reads.figures(now),
            "page": Paginator(reads.outbox(), PAGE).get_page(http.GET.get("page")),
        },
    )


@require_POST
def send_test_mail(http: HttpRequest) -> HttpResponse:
    """A mail to oneself, the way all mails go."""
    now, person = timezone.now(), _administrator(http)
    subject, text = mail.compose("test_mail", language=person.language, context={"recipient": str(person)})
    key = f"test:{person.pk}:{now.isoformat()}"
    mail.queue(key=key, to=person.email, language=person.language, subject=subject, text=text, now=now)
    messages.success(http, _("Surel uji untuk %(email)s sudah masuk antrean.") % {"email": person.email})
    return redirect("administration")


@require_POST
def retry_mail(http: HttpRequest, pk: int) -> HttpResponse:
    """Try one mail again at once."""
    _administrator(http)
    row = get_object_or_404(OutgoingMail, pk=pk)
    if mail.retry(row, now=timezone.now()):
        messages.success(http, _("Surel untuk %(email)s dicoba lagi sekarang.") % {"email": row.to})
    else:
        messages.info(http, _("Surel ini sudah terkirim atau sedang dikirim."))
    return redirect("administration")


@login_not_required
@never_cache
@require_safe
def health(http: HttpRequest) -> HttpResponse:
    """200 while the database and the worker answer, else 503; nothing that a stranger could use."""
    is_healthy = reads.is_healthy(timezone.now())
    return JsonResponse({"status": "ok" if is_healthy else "degraded"}, status=200 if is_healthy else 503)


def _administrator(http: HttpRequest) -> User:
    """Who is at work here; Http404 for everybody else."""
    if not isinstance(http.user, User) or not permissions.has(http.user, Permission.ADMINISTER):
        raise Http404
    return http.user
