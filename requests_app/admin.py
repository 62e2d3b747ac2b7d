"""The institution. Requests are not here: their status moves only by the SOP; the calendar has pages of its own."""

import base64
import io
import uuid
from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, UnidentifiedImageError

from accounts.admin import LastingAdmin
from accounts.models import Institution
from requests_app import letter_numbers
from requests_app.letters.papers import LOGO_LIMIT
from requests_app.uploads import refused_while_receiving

LOGO_PIXELS = 4000
"""Longest side of the emblem; a small file can unfold to a picture that fills the memory."""


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
class InstitutionAdmin(LastingAdmin):
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
