"""Pages about the person who is signed in: profile, notices, language, and who stands in for them."""

from datetime import date

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import notices as bell
from accounts import selectors, services, substitutions
from accounts.forms import ProfileForm, SubstitutionForm
from accounts.middleware import PersonRequest, typed
from accounts.models import Substitution, User
from accounts.permissions import absences, authority
from accounts.roles import ROLE_LABELS, Permission, Role

PAGE = 25
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60  # seconds


def profile(http: PersonRequest) -> HttpResponse:
    """Name, phone, identity and language of the reader; what an administrator decides stands beside it."""
    form = ProfileForm(typed(http), person=http.user)
    if http.method == "POST" and form.is_valid():
        services.change_profile(http.user, form.profile(), now=timezone.now())
        with translation.override(form.cleaned_data["language"]):
            messages.success(http, _("Profil disimpan."))
        return redirect("profile")
    roles = [_(ROLE_LABELS[role]) for role in Role if role in http.user.roles]
    return render(http, "accounts/profile.html", {"form": form, "roles": roles})


def notices(http: PersonRequest) -> HttpResponse:
    """What happened that the reader should know. POST: all of it is read."""
    now = timezone.now()
    if http.method == "POST":
        bell.mark_all_read(http.user, now=now)
        return redirect("notices")
    page = Paginator(selectors.notices_of(http.user), PAGE).get_page(http.GET.get("page"))
    return render(http, "accounts/notices.html", {"page": page, "now": now})


@login_not_required
@require_POST
def set_language(http: HttpRequest) -> HttpResponse:
    """The language switch: a cookie, and the choice of a person who is signed in. Back to where they were."""
    back = http.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={http.get_host()}, require_https=http.is_secure())
    response = redirect(back if back and is_ours else reverse("home"))
    language = http.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        if isinstance(http.user, User):
            services.choose_language(http.user, language)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=LANGUAGE_COOKIE_AGE,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


def substitutes(http: PersonRequest) -> HttpResponse:
    """Who stands in for the reader, and for whom they do; an administrator sees and arranges all."""
    now = timezone.now()
    today = timezone.localdate(now)
    may_choose = authority(http.user, Permission.ADMINISTER, today) is not None
    form = None
    if may_choose or http.user.roles:
        form = SubstitutionForm(typed(http), by=http.user, may_choose_absent=may_choose)
    if http.method == "POST" and form and form.is_valid():
        try:
            row = substitutions.appoint(form.appointment(), by=http.user, now=now)
        except substitutions.NotPossible as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(http, _("%(name)s ditunjuk dan sudah diberi tahu.") % {"name": row.substitute})
            return redirect("substitutes")
    page = Paginator(selectors.substitutions_seen_by(http.user, today), PAGE).get_page(http.GET.get("page"))
    unattended = absences(today).unattended
    rows = [
        {
            "substitution": row,
            "state": _state(row, today),
            "is_away": row.starts_on <= today <= row.ends_on and row.absent_id in unattended,
            "may_end": row.ends_on >= today
            and substitutions.right_to_arrange(http.user, row.absent, today) is not None,
        }
        for row in page
    ]
    return render(http, "accounts/substitutes.html", {"form": form, "page": page, "rows": rows})


def _state(row: Substitution, today: date) -> str:
    """now, coming or over."""
    if row.ends_on < today:
        return "over"
    return "coming" if row.starts_on > today else "now"


@require_POST
def end_substitution(http: PersonRequest, pk: int) -> HttpResponse:
    """The absent person is back, or it was a mistake."""
    now = timezone.now()
    row = get_object_or_404(selectors.substitutions_seen_by(http.user, timezone.localdate(now)), pk=pk)
    try:
        substitutions.end(row, by=http.user, now=now)
    except substitutions.NotPossible as problem:
        messages.error(http, str(problem))
    else:
        messages.success(http, _("Penunjukan %(name)s diakhiri.") % {"name": row.substitute})
    return redirect("substitutes")
