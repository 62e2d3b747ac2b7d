"""Django's admin as the administrator's workshop: our sign-in, our order, nothing that packages bring along."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.wording import N_

OURS = frozenset({"accounts", "webservice_accounts", "requests_app"})

ROOMS = (
    ("people", N_("Orang dan unit"), ("User", "Unit", "Substitution")),
    ("service", N_("Institusi dan layanan"), ("Institution", "Service", "DataType", "ResourceServer")),
    ("calendar", N_("Kalender kerja"), ("Calendar",)),
    ("records", N_("Catatan"), ("OutgoingMail", "AuditEvent")),
)
"""The index by what an administrator does, not by where the code lives: key, heading, models in order."""
ELSEWHERE = (("Calendar", N_("Kalender dan jam kerja"), "calendar"),)
"""What has pages of its own, where a change is looked at before it is made: name in `ROOMS`, label, address."""


class GapuraAdminSite(admin.AdminSite):
    """Open to `Role.ADMINISTRATOR` alone (`User.is_staff`)."""

    site_title = site_header = "Gapura"
    index_title = N_("Data induk")
    enable_nav_sidebar = True

    def register(
        self, model_or_iterable: type[Model] | Iterable[type[Model]], admin_class: Any = None, **options: Any
    ) -> None:
        """Only models of this house: Django's groups and allauth's addresses are not an administrator's business."""
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        ours = [model for model in models if model._meta.app_label in OURS]
        super().register(ours, admin_class, **options)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "index_title": _(self.index_title)}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The rooms; an application's own page, which the breadcrumbs lead to, keeps Django's list."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        rows = {row["object_name"]: row for app in apps for row in app["models"]}
        rows |= {name: _link(name, label, address) for name, label, address in ELSEWHERE}
        return [
            {
                "name": _(heading),
                "app_label": key,
                "app_url": reverse("admin:index", current_app=self.name),
                "has_module_perms": True,
                "models": [rows[name] for name in names if name in rows],
            }
            for key, heading, names in ROOMS
            if any(name in rows for name in names)
        ]

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """No sign-in of its own: it hands on to the one for everybody. Who is signed in but no administrator: 404."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))
        if not self.has_permission(request):
            raise Http404
        return redirect("admin:index")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("account_change_password")


def _link(name: str, label: str, address: str) -> dict[str, Any]:
    """A line of the index as Django's template wants it."""
    url = {"admin_url": reverse(address), "add_url": None, "view_only": False}
    return {"object_name": name, "name": _(label), "perms": {"change": True}, **url}
