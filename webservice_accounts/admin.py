"""The catalogue of data. Accounts are not here: they change only on the SOP's own pages."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from accounts.admin import LastingAdmin, administrator
from accounts.wording import N_
from webservice_accounts import oauth, provisioners, webhooks
from webservice_accounts.forms.path_rules import PathRuleForm
from webservice_accounts.models import DataType, PathRule, ResourceServer, Service


class PathRuleInline(admin.TabularInline):
    """The requests that read this kind of data; without any, the gate lets nobody read it."""

    model = PathRule
    form = PathRuleForm
    extra = 1


@admin.register(DataType)
class DataTypeAdmin(LastingAdmin):
    """What can be asked for. A row that is no longer offered stays for the accounts that were granted it."""

    list_display = ("name", "code", "owner", "sensitivity", "extra_paper", "is_active")
    list_filter = ("is_active", "sensitivity", "owner")
    list_select_related = ("owner",)
    search_fields = ("name", "code", "description", "name_en")
    actions = None
    fieldsets = (
        (
            None,
            {"fields": ("name", "code", "description", "service", "owner", "sensitivity", "extra_paper", "is_active")},
        ),
        ("English", {"fields": ("name_en", "description_en")}),
    )
    inlines = (PathRuleInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The code is what webservices know the data by."""
        return ("code",) if obj else ()

    def save_model(self, request: HttpRequest, obj: DataType, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "service" in form.changed_data:
            provisioners.data_type_moved(obj, now=timezone.now())


@admin.register(ResourceServer)
class ResourceServerAdmin(LastingAdmin):
    """Who may ask whether a token is alive. Its secret is shown once, when it is made."""

    NEW_SECRET = N_("{actor} membuat kunci baru untuk {kind} “{name}”.")

    list_display = ("name", "code", "service", "hint_shown", "is_active")
    list_filter = ("is_active", "service")
    list_select_related = ("service",)
    search_fields = ("name", "code")
    actions = None
    fields = ("name", "code", "service", "hint_shown", "is_active")
    change_form_template = "admin/webservice_accounts/resourceserver/change_form.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The code is the name it signs in with."""
        return ("code", "hint_shown") if obj else ("hint_shown",)

    @admin.display(description=gettext_lazy("kunci"))
    def hint_shown(self, server: ResourceServer) -> str:
        return server.hint or _("Belum ada")

    def get_urls(self) -> list[URLPattern]:
        make = self.admin_site.admin_view(self.new_secret, cacheable=True)
        name = "webservice_accounts_resourceserver_new_secret"
        return [path("<path:object_id>/kunci/", never_cache(make), name=name), *super().get_urls()]

    @sensitive_variables("secret")
    def new_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What a new secret means; by POST it is made and shown, this once."""
        server = self.get_object(request, object_id)
        if server is None:
            raise Http404
        if not self.has_change_permission(request, server):
            raise PermissionDenied
        secret = ""
        if request.method == "POST":
            with transaction.atomic():
                secret = oauth.replace_secret(server)
                self._record(request, server, "new_secret", self.NEW_SECRET)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Kunci baru untuk %(name)s") % {"name": server},
            "object": server,
            "opts": self.opts,
            "secret": secret,
        }
        return TemplateResponse(request, "admin/webservice_accounts/resourceserver/new_secret.html", context)


class ServiceForm(forms.ModelForm):
    """A service, and where it hears of its accounts."""

    base_url = forms.URLField(
        label=gettext_lazy("Alamat"),
        required=False,
        max_length=200,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"class": "vURLField"}),
    )
    webhook_url = forms.URLField(
        label=gettext_lazy("Alamat webhook"),
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text=gettext_lazy("Perubahan akun dikirim ke sini, misalnya https://layanan.usk.ac.id/gapura."),
        widget=forms.URLInput(attrs={"class": "vURLField"}),
    )

    class Meta:
        model = Service
        fields = ("name", "code", "base_url", "is_active", "provisioner", "webhook_url")
        help_texts = {
            "provisioner": gettext_lazy(
                "Ubah hanya bila layanan menyimpan akunnya sendiri; gerbang tidak memerlukannya."
            )
        }

    def clean_webhook_url(self) -> str:
        """Where webhooks may go at this moment; it is looked at again at every delivery."""
        url: str = self.cleaned_data["webhook_url"]
        if url and url != self.initial.get("webhook_url"):
            webhooks.addresses_of(webhooks.check_url(url))
        return url

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        needs = data.get("provisioner") == Service.Provisioner.WEBHOOK
        if needs and not data.get("webhook_url") and "webhook_url" not in self.errors:
            self.add_error("webhook_url", _("Isi alamat webhook, atau pilih cara lain untuk mengelola akun."))
        return data


@admin.register(Service)
class ServiceAdmin(LastingAdmin):
    """Webservices, and how those with accounts of their own are told of ours."""

    KEY_SHOWN = N_("{actor} membuka kunci webhook {kind} “{name}”.")

    form = ServiceForm
    fields = ("name", "code", "base_url", "is_active", "provisioner", "webhook_url")
    list_display = ("name", "code", "provisioner", "is_active")
    list_filter = ("is_active", "provisioner")
    search_fields = ("name", "code")
    actions = None
    change_form_template = "admin/webservice_accounts/service/change_form.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The code is what gateways know the service by."""
        return ("code",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        before = form.initial["provisioner"] if change else Service.Provisioner.GATE
        was_active = form.initial["is_active"] if change else True
        super().save_model(request, obj, form, change)
        if obj.provisioner != before or not was_active:
            provisioners.service_changed(obj, before, was_active=was_active, now=timezone.now())

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.webhook_key, cacheable=True)
        name = "webservice_accounts_service_webhook_key"
        return [path("<path:object_id>/kunci-webhook/", never_cache(page), name=name), *super().get_urls()]

    @sensitive_variables("key")
    def webhook_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The key that signs this service's messages: shown by POST, or replaced and then shown; both are recorded."""
        service = self.get_object(request, object_id)
        if service is None:
            raise Http404
        if not self.has_change_permission(request, service):
            raise PermissionDenied
        key = ""
        if request.method == "POST":
            with transaction.atomic():
                if "replace" in request.POST:
                    provisioners.replace_webhook_key(service, by=administrator(request), now=timezone.now())
                self._record(request, service, "webhook_key", self.KEY_SHOWN)
            key = webhooks.shown(webhooks.keys(service.code, service.webhook_key_version)[0])
        context = {
            **self.admin_site.each_context(request),
            "title": _("Kunci webhook %(name)s") % {"name": service},
            "object": service,
            "opts": self.opts,
            "key": key,
        }
        return TemplateResponse(request, "admin/webservice_accounts/service/webhook_key.html", context)
