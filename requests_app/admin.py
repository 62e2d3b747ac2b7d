"""The institution and its working calendar. Requests are not here: their status moves only by the SOP.

Whatever is written on the calendar's pages may move open deadlines. They are computed
again in the same transaction, and the administrator reads which ones moved.
"""

import base64
import io
import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from PIL import Image, UnidentifiedImageError

from accounts.admin import AuditedAdmin, LastingAdmin, administrator
from accounts.models import Institution
from requests_app import letter_numbers, sla_wording
from requests_app.letters.papers import LOGO_LIMIT
from requests_app.models import ConfirmedYear, DayRow, HoursPeriodRow, OfficeSpanRow
from requests_app.steps import calendar_changes, clock
from requests_app.uploads import refused_while_receiving

MOVED_SHOWN = 5
LOGO_PIXELS = 4000
"""Longest side of the emblem; a small file can unfold to a picture that fills the memory."""
YEARS_OFFERED = 2
"""This year and the next: collective leave is not decided earlier."""


# --- what moves deadlines -----------------------------------------------------------------
class CalendarAdmin(AuditedAdmin):
    """A page whose every write is followed by computing the open deadlines again, or does not happen at all."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._with_deadlines(request, super().changeform_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return self._with_deadlines(request, super().changelist_view, extra_context)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._with_deadlines(request, super().delete_view, *args, **kwargs)

    def moves_deadlines(self, form: Any, change: bool) -> bool:
        """Whether what this form writes can move a deadline."""
        return bool(form.changed_data) or not change

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if self.moves_deadlines(form, change):
            _note(request)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        if formset.has_changed():
            _note(request)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        _note(request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)
        _note(request)

    def _with_deadlines(
        self, request: HttpRequest, page: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.method != "POST":
            return page(request, *args, **kwargs)
        with transaction.atomic():
            response = page(request, *args, **kwargs)
            if getattr(request, "calendar_changed", False):
                tell_moved(request, clock.recompute(by=administrator(request), now=timezone.now()))
        return response


def _note(request: HttpRequest) -> None:
    request.calendar_changed = True  # type: ignore[attr-defined]


def tell_moved(request: HttpRequest, moved: list[clock.Shift]) -> None:
    """One message: how many open deadlines moved, and the first five from when to when."""
    if not moved:
        messages.info(request, _("Tidak ada batas waktu terbuka yang bergeser."))
        return
    head = ngettext("%(count)d batas waktu bergeser:", "%(count)d batas waktu bergeser:", len(moved))
    language = getattr(request, "LANGUAGE_CODE", "id")
    rows = format_html_join(
        "",
        "<li>{}: {} → {}</li>",
        (
            (
                row.entry.request.reference,
                sla_wording.local_time(row.old, language),
                sla_wording.local_time(row.new, language),
            )
            for row in moved[:MOVED_SHOWN]
        ),
    )
    rest = len(moved) - MOVED_SHOWN
    more = format_html("<li>{}</li>", _("dan %(count)d lainnya") % {"count": rest}) if rest > 0 else ""
    messages.warning(request, format_html("{}<ul>{}{}</ul>", head % {"count": len(moved)}, rows, more))


# --- the institution --------------------------------------------------------------------------
class InstitutionForm(forms.ModelForm):
    """Names, letterhead, numbers; `refused_uploads` is filled in by the page."""

    refused_uploads: list[Any] = []
    webservice_url = forms.URLField(
        label=gettext_lazy("Alamat webservice"),
        max_length=200,
        assume_scheme="https",
        help_text=gettext_lazy("Disebut pada halaman kunci, misalnya https://ws.usk.ac.id."),
        widget=forms.URLInput(attrs={"class": "vURLField"}),
    )
    remove_logo = forms.BooleanField(label=gettext_lazy("Hapus lambang"), required=False)

    class Meta:
        model = Institution
        exclude: tuple[str, ...] = ()
        widgets = {
            "address": forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
            "logo": forms.FileInput(attrs={"accept": "image/png"}),
        }
        help_texts = {"logo": gettext_lazy("PNG, paling besar 512 KB. Dicetak setinggi kop surat.")}

    def clean_logo(self) -> Any:
        """A PNG that can really be opened, under a name of our own."""
        logo = self.cleaned_data["logo"]
        if self.refused_uploads:
            raise forms.ValidationError(self.refused_uploads)
        if not isinstance(logo, UploadedFile):
            return logo
        if (logo.size or 0) > LOGO_LIMIT:
            raise forms.ValidationError(_("Berkas lebih besar dari 512 KB. Perkecil gambarnya, lalu unggah lagi."))
        _check_png(logo.read())
        logo.seek(0)
        logo.name = f"{uuid.uuid4().hex}.png"
        return logo

    def clean_letter_number_pattern(self) -> str:
        """Known fields only, and those without which two letters would bear the same number."""
        pattern = self.cleaned_data["letter_number_pattern"].strip()
        try:
            named = letter_numbers.named_fields(pattern)
        except ValueError:
            raise forms.ValidationError(_("Kurung kurawal harus berpasangan, misalnya {urut}.")) from None
        for name in named:
            if name not in letter_numbers.FIELDS:
                raise forms.ValidationError(
                    _("Isian {%(name)s} tidak dikenal. Yang paling mirip: {%(nearest)s}."),
                    params={"name": name, "nearest": letter_numbers.nearest_field(name)},
                )
        if missing := [name for name in letter_numbers.NEEDED if name not in named]:
            raise forms.ValidationError(
                _("Pola harus memuat {%(name)s}, supaya tidak ada dua surat bernomor sama."),
                params={"name": missing[0]},
            )
        try:
            letter_numbers.write(pattern, EXAMPLE_NUMBER)
        except letter_numbers.UnknownField as problem:
            raise forms.ValidationError(
                _("Bagian “%(part)s” tidak dapat ditulis. Angka nol di depan hanya untuk {urut} dan {tahun}."),
                params={"part": str(problem)},
            ) from None
        return pattern

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("remove_logo") and not isinstance(data.get("logo"), UploadedFile):
            data["logo"] = ""
        return data


EXAMPLE_NUMBER: dict[str, str | int] = {
    "sifat": "B",
    "urut": 12,
    "unit": "UN11.TIK",
    "klasifikasi": "TI.00",
    "tahun": 2026,
}


def _check_png(content: bytes) -> None:
    sentence = _("Berkas ini bukan gambar PNG yang utuh. Simpan lambang sebagai PNG, lalu unggah lagi.")
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if max(picture.size) > LOGO_PIXELS:
                raise forms.ValidationError(
                    _("Gambar lebih dari %(limit)d piksel pada satu sisi. Perkecil gambarnya, lalu unggah lagi."),
                    params={"limit": LOGO_PIXELS},
                )
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise forms.ValidationError(sentence) from None


@admin.register(Institution)
class InstitutionAdmin(CalendarAdmin, LastingAdmin):
    """The one institution of this installation."""

    form = InstitutionForm
    readonly_fields = ("logo_shown", "number_example")
    fieldsets = (
        (None, {"fields": ("ministry", "name", "short_name", "service_unit", "service_unit_short")}),
        (
            gettext_lazy("Kop surat"),
            {"fields": ("address", "contact_line", "logo_shown", "logo", "remove_logo")},
        ),
        (
            gettext_lazy("Surat keluar"),
            {
                "fields": (
                    "signatory_title",
                    "letter_number_pattern",
                    "number_example",
                    "letter_unit_code",
                    "default_classification",
                )
            },
        ),
        (
            gettext_lazy("Layanan"),
            {
                "fields": (
                    "helpdesk_email",
                    "helpdesk_phone",
                    "correspondence_system",
                    "webservice_url",
                    "data_protection_officer",
                )
            },
        ),
        (gettext_lazy("Tampilan"), {"fields": ("accent",)}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Institution.objects.exists()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is only one: its page instead of a list."""
        only = Institution.objects.first()
        name = "admin:accounts_institution_change" if only else "admin:accounts_institution_add"
        return redirect(name, only.pk) if only else redirect(name)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.refused_uploads = refused_while_receiving(request, "logo")
        return form

    def save_model(self, request: HttpRequest, institution: Institution, form: Any, change: bool) -> None:
        institution.pk = 1
        super().save_model(request, institution, form, change)

    @admin.display(description=gettext_lazy("lambang sekarang"))
    def logo_shown(self, institution: Institution) -> str | SafeString:
        """Within the page, because files leave only through a view that checks the reader."""
        try:
            with institution.logo.open("rb") as file:
                content = base64.b64encode(file.read()).decode()
        except (ValueError, OSError):
            return _("Belum ada")
        return format_html('<img class="logo-shown" src="data:image/png;base64,{}" alt="">', content)

    @admin.display(description=gettext_lazy("contoh nomor"))
    def number_example(self, institution: Institution) -> str:
        values = {**EXAMPLE_NUMBER, "unit": institution.letter_unit_code}
        try:
            return letter_numbers.write(institution.letter_number_pattern, values)
        except letter_numbers.UnknownField:
            return ""


# --- the calendar ---------------------------------------------------------------------------------
class DayForm(forms.ModelForm):
    """A day off, or a Saturday that is worked."""

    class Meta:
        model = DayRow
        fields = ("date", "kind", "name", "legal_basis", "is_estimated")
        help_texts = {
            "legal_basis": gettext_lazy("Nomor SKB, surat edaran, atau keputusan rektor."),
            "is_estimated": gettext_lazy("Tanggalnya masih dapat berubah, misalnya menunggu sidang isbat."),
        }
        error_messages = {"date": {"unique": gettext_lazy("Tanggal ini sudah ada di kalender. Ubah baris itu.")}}


@admin.register(DayRow)
class DayAdmin(CalendarAdmin):
    """Days that differ from their weekday, the suggestions for a year, and its confirmation."""

    form = DayForm
    change_list_template = "admin/requests_app/dayrow/change_list.html"
    list_display = ("date_shown", "name", "kind", "legal_basis", "estimated", "source")
    list_filter = ("kind", "source", "is_estimated")
    search_fields = ("name", "legal_basis")
    date_hierarchy = "date"
    list_per_page = 60

    @admin.display(description=gettext_lazy("tanggal"), ordering="date")
    def date_shown(self, row: DayRow) -> str:
        return date_format(row.date, "l, j F Y")

    @admin.display(description=gettext_lazy("perkiraan"), ordering="is_estimated", empty_value="")
    def estimated(self, row: DayRow) -> str | None:
        return _("Perkiraan") if row.is_estimated else None

    def save_model(self, request: HttpRequest, row: DayRow, form: Any, change: bool) -> None:
        """What a person wrote or corrected is theirs: no later suggestion touches it."""
        if form.changed_data:
            row.source = DayRow.Source.MANUAL
        super().save_model(request, row, form, change)

    def get_urls(self) -> list[Any]:
        return [
            path("<int:year>/usulan/", self.admin_site.admin_view(self.suggest), name="suggest_year"),
            path("<int:year>/konfirmasi/", self.admin_site.admin_view(self.confirm), name="confirm_year"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        confirmed = {row.year: row for row in ConfirmedYear.objects.select_related("confirmed_by")}
        years = [{"year": year, "confirmed": confirmed.get(year)} for year in _years_offered()]
        return super().changelist_view(request, {"years": years, **(extra_context or {})})

    def suggest(self, request: HttpRequest, year: int) -> HttpResponse:
        """Take over what the package suggests for a year."""
        _check_button(request, year)
        done, moved = calendar_changes.suggest_year(year, by=administrator(request), now=timezone.now())
        messages.success(
            request,
            _("Usulan %(year)d: %(added)d ditambahkan, %(corrected)d diperbaiki, %(removed)d dihapus.")
            % {"year": year, "added": done.added, "corrected": done.corrected, "removed": done.removed},
        )
        tell_moved(request, moved)
        return _to_calendar(year)

    def confirm(self, request: HttpRequest, year: int) -> HttpResponse:
        """Say that the calendar of a year is right."""
        _check_button(request, year)
        calendar_changes.confirm_year(year, by=administrator(request), now=timezone.now())
        messages.success(request, _("Kalender %(year)d dikonfirmasi.") % {"year": year})
        return _to_calendar(year)


def _years_offered() -> list[int]:
    first = timezone.localdate().year
    return list(range(first, first + YEARS_OFFERED))


def _check_button(request: HttpRequest, year: int) -> None:
    if request.method != "POST":
        raise PermissionDenied
    if year not in _years_offered():
        raise Http404


def _to_calendar(year: int) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('admin:requests_app_dayrow_changelist')}?date__year={year}")


class SpanForm(forms.ModelForm):
    """From when to when the office is open on one weekday."""

    class Meta:
        model = OfficeSpanRow
        fields = ("weekday", "opens", "closes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """In a table the column's heading is no label that a screen reader would find."""
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = str(field.label)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("opens") and data.get("closes") and data["closes"] <= data["opens"]:
            self.add_error("closes", _("Jam tutup harus setelah jam buka."))
        return data


class SpanFormSet(forms.BaseInlineFormSet):
    """The hours of a period: it has some, else every day of it would be a day off."""

    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        if not any(not form.cleaned_data.get("DELETE") for form in kept if hasattr(form, "cleaned_data")):
            raise forms.ValidationError(_("Isi sekurangnya satu jam kerja untuk periode ini."))


class SpanInline(admin.TabularInline):
    """The office hours of a period, on the period's page."""

    model = OfficeSpanRow
    form = SpanForm
    formset = SpanFormSet

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Two lines, before and after the break, for each day of a new period."""
        return 2 if obj else len(NEW_PERIOD)


NEW_PERIOD = [{"weekday": weekday} for weekday in range(5) for _part in range(2)]


class PeriodForm(forms.ModelForm):
    """Dates with other office hours."""

    class Meta:
        model = HoursPeriodRow
        fields = ("name", "starts_on", "ends_on", "legal_basis")
        help_texts = {"name": gettext_lazy("Misalnya Ramadan 1448 H.")}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("starts_on") and data.get("ends_on") and data["ends_on"] < data["starts_on"]:
            self.add_error("ends_on", _("Tanggal akhir tidak boleh sebelum tanggal mulai."))
        return data


@admin.register(HoursPeriodRow)
class PeriodAdmin(CalendarAdmin):
    """Ramadan and the like, with the hours of each weekday."""

    form = PeriodForm
    inlines = (SpanInline,)
    list_display = ("name", "starts_on", "ends_on", "legal_basis")
    search_fields = ("name",)

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        known = super().get_formset_kwargs(request, obj, inline, prefix)
        return known if obj and obj.pk else {**known, "initial": NEW_PERIOD}


@admin.register(OfficeSpanRow)
class WeekAdmin(CalendarAdmin):
    """The usual week, edited as one table; the hours of a period stand on the period's page."""

    form = SpanForm
    list_display = ("day", "opens", "closes")
    list_editable = ("opens", "closes")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OfficeSpanRow]:
        return super().get_queryset(request).filter(period=None)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, form=SpanForm, **kwargs)

    @admin.display(description=gettext_lazy("hari"), ordering="weekday")
    def day(self, row: OfficeSpanRow) -> str:
        return row.get_weekday_display()


@admin.register(ConfirmedYear)
class ConfirmedYearAdmin(AuditedAdmin):
    """Which years somebody has looked at. Confirming is a button on the calendar; here it can be taken back."""

    list_display = ("year", "confirmed_at", "confirmed_by")
    list_select_related = ("confirmed_by",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
