"""The administrator's workshop for people and units; what is written here stands in the audit trail."""

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import audit, services
from accounts.form_fields import IdentityFields, PhoneField
from accounts.models import AuditEvent, OutgoingMail, RoleGrant, Substitution, Unit, User
from accounts.roles import ROLE_LABELS, Role
from accounts.wording import N_

HISTORY_SHOWN = 200


def subject_of(row: Model) -> str:
    """The row's name in the audit trail: `unit:7`."""
    return f"{row._meta.model_name}:{row.pk}"


def administrator(request: HttpRequest) -> User:
    """Who is at work here; PermissionDenied when nobody is signed in, which the site's door does not let happen."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


# --- what all pages here share -------------------------------------------------------
class HouseAdmin(admin.ModelAdmin):
    """A list bears the name of what it lists."""

    show_facets = admin.ShowFacets.NEVER

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})


class AuditedAdmin(HouseAdmin):
    """Writes the audit trail in place of Django's own admin log, and shows it as the row's history."""

    ADDED = N_("{actor} menambahkan {kind} “{name}”.")
    CHANGED = N_("{actor} mengubah {kind} “{name}”.")
    DELETED = N_("{actor} menghapus {kind} “{name}”.")

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._record(request, obj, "add", self.ADDED)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        if message:
            self._record(request, obj, "change", self.CHANGED, detail=what_changed(message))

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> Any:
        for obj in queryset:
            self._record(request, obj, "delete", self.DELETED)

    def _record(self, request: HttpRequest, obj: Model, verb: str, sentence: str, **data: str) -> None:
        with translation.override(None):  # the record speaks the source language, whoever reads it
            words = {"kind": str(obj._meta.verbose_name), "name": str(obj), **data}
        audit.record(subject_of(obj), verb, sentence, by=administrator(request), now=timezone.now(), data=words)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was done to this row, newest first."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        events = AuditEvent.objects.filter(subject=subject_of(row)).order_by("-at", "-pk")[:HISTORY_SHOWN]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Riwayat %(name)s") % {"name": row},
            "object": row,
            "opts": self.opts,
            "entries": [
                {"at": event.at, "sentence": audit.say(event), "detail": event.data.get("detail", "")}
                for event in events
            ],
        }
        return TemplateResponse(request, "admin/object_history.html", context)


class LastingAdmin(AuditedAdmin):
    """Rows that others refer to: switched off instead of deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(HouseAdmin):
    """Rows that only the application writes."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def what_changed(message: Iterable[dict[str, dict[str, Any]]]) -> str:
    """The labels in Django's change message as one line; rows of a table within the page by their name."""
    words: list[str] = []
    for part in message:
        for said in part.values():
            words += [str(label) for label in said.get("fields", ())]
            if "object" in said and "fields" not in said:
                words.append(str(said["object"]))
    return ", ".join(dict.fromkeys(words))


# --- people ----------------------------------------------------------------------------
class PersonForm(IdentityFields, forms.ModelForm):
    """A person without any password: that is theirs to choose."""

    phone = PhoneField(required=False)
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Peran"),
        choices=[(role.value, gettext_lazy(ROLE_LABELS[role])) for role in Role],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("Boleh lebih dari satu. Tanpa peran, orang ini hanya melihat permohonan atas namanya."),
    )

    class Meta:
        model = User
        exclude: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("identity_type", "identity_number"):
            self.fields[name].required = False
        self.initial["roles"] = sorted(self.instance.roles) if self.instance.pk else []

    def clean_email(self) -> str:
        """Lower case, and nobody else's: neither as their sign-in nor as another address they proved to be theirs."""
        email = self.cleaned_data["email"].strip().lower()
        taken = User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists()
        proved = EmailAddress.objects.filter(email__iexact=email, verified=True).exclude(user_id=self.instance.pk)
        if taken or proved.exists():
            raise forms.ValidationError(_("Alamat ini sudah dipakai orang lain. Periksa daftar pengguna."))
        return email

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("identity_number") and not data.get("identity_type"):
            self.add_error("identity_type", _("Pilih jenis nomor yang diisi."))
        if data.get("identity_type") and not data.get("identity_number") and "identity_number" not in self.errors:
            self.add_error("identity_number", _("Isi nomornya, atau kosongkan jenis identitas."))
        roles = data.get("roles") or []
        if Role.UNIT_STAFF in roles and not data.get("unit"):
            self.add_error("unit", _("Staf unit kerja harus memiliki unit kerja."))
        if not (Role.ADMINISTRATOR in roles and data.get("is_active")) and self._is_last_administrator():
            self.add_error(
                "roles" if data.get("is_active") else "is_active",
                _("Harus ada sekurangnya satu administrator aktif. Tunjuk administrator lain lebih dahulu."),
            )
        return data

    def _is_last_administrator(self) -> bool:
        administrators = RoleGrant.objects.filter(role=Role.ADMINISTRATOR, user__is_active=True)
        is_one = bool(self.instance.pk) and administrators.filter(user=self.instance).exists()
        return is_one and not administrators.exclude(user=self.instance).exists()


class RoleFilter(admin.SimpleListFilter):
    """People by the role they hold, or without any."""

    title = gettext_lazy("peran")
    parameter_name = "peran"
    NONE = "none"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((role.value, _(ROLE_LABELS[role])) for role in Role), (self.NONE, _("Tanpa peran"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() == self.NONE:
            return queryset.filter(role_grants=None)
        return queryset.filter(role_grants__role=self.value()) if self.value() else queryset


@admin.register(User)
class PersonAdmin(LastingAdmin):
    """People come in by invitation and are deactivated when they leave."""

    form = PersonForm
    list_display = ("full_name", "email", "unit", "roles_held", "is_active", "has_password", "last_login")
    list_filter = (RoleFilter, "is_active", "language", "unit")
    list_select_related = ("unit",)
    search_fields = ("full_name", "email", "identity_number", "job_title")
    list_per_page = 50
    readonly_fields = ("has_password", "last_login", "date_joined")
    actions = ("invite_again",)
    PERSON = (None, {"fields": ("full_name", "email", "language")})
    PLACE = (gettext_lazy("Tempat dan peran"), {"fields": ("unit", "job_title", "roles", "is_active")})
    IDENTITY = (gettext_lazy("Identitas"), {"fields": ("identity_type", "identity_number", "phone")})
    SIGN_IN = (gettext_lazy("Masuk"), {"fields": ("has_password", "last_login", "date_joined")})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return (self.PERSON, self.PLACE, self.IDENTITY, *([self.SIGN_IN] if obj else []))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("role_grants")

    @admin.display(description=gettext_lazy("peran"))
    def roles_held(self, person: User) -> str:
        return ", ".join(_(ROLE_LABELS[role]) for role in Role if role in person.roles)

    @admin.display(description=gettext_lazy("kata sandi"))
    def has_password(self, person: User) -> str:
        return _("Sudah dibuat") if person.has_usable_password() else _("Belum dibuat")

    def save_model(self, request: HttpRequest, person: User, form: Any, change: bool) -> None:
        now, by = timezone.now(), administrator(request)
        if not change:
            person.set_unusable_password()
        super().save_model(request, person, form, change)
        services.set_roles(person, [Role(role) for role in form.cleaned_data["roles"]], by=by, now=now)
        if not change:
            services.welcome(person, by=by, now=now)
            messages.info(
                request, _("Undangan untuk membuat kata sandi dikirim ke %(email)s.") % {"email": person.email}
            )
            return
        if "email" in form.changed_data:
            services.address_changed(person, old=form.initial["email"], by=by, now=now)
        if "is_active" in form.changed_data:
            services.activity_changed(person, by=by, now=now)

    @admin.action(description=gettext_lazy("Kirim ulang undangan"))
    def invite_again(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """For those who never chose a password; the others have "lupa kata sandi"."""
        waiting = [person for person in people if person.is_active and not person.has_usable_password()]
        for person in waiting:
            services.invite(person, by=administrator(request), now=timezone.now())
        if waiting:
            names = ", ".join(str(person) for person in waiting)
            messages.success(request, _("Undangan dikirim ulang kepada %(names)s.") % {"names": names})
        if skipped := len(people) - len(waiting):
            sentence = ngettext(
                "%(count)d orang dilewati: sudah memiliki kata sandi, atau tidak aktif.",
                "%(count)d orang dilewati: sudah memiliki kata sandi, atau tidak aktif.",
                skipped,
            )
            messages.warning(request, sentence % {"count": skipped})


# --- units and substitutes -----------------------------------------------------------------
@admin.register(Unit)
class UnitAdmin(LastingAdmin):
    """The units of the institution."""

    list_display = ("name", "code", "head_title", "email", "people_count", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "code", "head_title")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Unit]:
        return super().get_queryset(request).annotate(active_people=Count("people", filter=Q(people__is_active=True)))

    @admin.display(description=gettext_lazy("orang"), ordering="active_people")
    def people_count(self, unit: Any) -> int:
        return int(unit.active_people)


@admin.register(Substitution)
class SubstitutionAdmin(ReadOnlyAdmin):
    """Plh. and Plt., past ones too. They are appointed and ended on the page of substitutes, by its rules."""

    list_display = ("absent", "kind", "substitute", "starts_on", "ends_on", "basis")
    list_filter = ("kind",)
    list_select_related = ("absent", "substitute")
    search_fields = ("absent__full_name", "substitute__full_name", "basis")
    date_hierarchy = "starts_on"


# --- records -------------------------------------------------------------------------------
@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    """The outbox. A confidential text (a code, a password link) is shown to nobody."""

    list_display = ("subject", "to", "state", "queued_at", "sent_at", "attempts", "last_error")
    list_filter = ("state", "language")
    search_fields = ("to", "subject")
    date_hierarchy = "queued_at"
    fields = (
        "subject",
        "to",
        "language",
        "state",
        "queued_at",
        "next_try_at",
        "sent_at",
        "attempts",
        "last_error",
        "attachment_name",
        "shown_text",
    )

    @admin.display(description=gettext_lazy("isi"))
    def shown_text(self, mail: OutgoingMail) -> str:
        if mail.is_confidential:
            return _("Isi surel ini rahasia dan tidak ditampilkan.")
        return mail.text


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """What was done, by whom, to what."""

    list_display = ("at", "sentence_shown", "subject", "acting_for")
    search_fields = ("subject", "actor_name", "acting_for")
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    show_full_result_count = False
    fields = ("at", "happened_at", "sentence_shown", "detail", "actor_name", "acting_for", "subject")

    @admin.display(description=gettext_lazy("kejadian"))
    def sentence_shown(self, event: AuditEvent) -> str:
        return audit.say(event)

    @admin.display(description=gettext_lazy("keterangan"))
    def detail(self, event: AuditEvent) -> str:
        return str(event.data.get("detail", ""))
