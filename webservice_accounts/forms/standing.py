"""Suspending, reinstating and revoking an account: always with a reason."""

from datetime import datetime
from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_fields import PickedMoment, layout

EARLIEST_YEAR = 2000


def _reason(help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Alasan"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=help_text,
        error_messages={"required": gettext_lazy("Tuliskan alasannya.")},
    )


class SuspendForm(forms.Form):
    """Why, and when what led to it happened; `now` bounds that moment."""

    helper = layout(Field("reason", data_counter=""), Field("incident_at", css_class="input-short"))

    reason = _reason(gettext_lazy("Dibaca penanggung jawab, unit, dan Divisi PSI. Jangan menuliskan kunci di sini."))
    incident_at = forms.DateTimeField(
        label=gettext_lazy("Kapan kejadiannya (WIB, boleh dikosongkan)"),
        required=False,
        help_text=gettext_lazy("Bila ada kejadian, misalnya kunci bocor: sejak kapan, sejauh Anda ketahui."),
        widget=PickedMoment("datetime-local", "%Y-%m-%dT%H:%M"),
        error_messages={
            "invalid": gettext_lazy("Tulis sebagai hari/bulan/tahun dan jam, misalnya 23/11/2026 09.30."),
        },
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def clean_incident_at(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["incident_at"]
        if moment and moment > self.now:
            raise forms.ValidationError(_("Waktu kejadian tidak dapat berada di masa depan."))
        if moment and moment.year < EARLIEST_YEAR:
            raise forms.ValidationError(_("Periksa tahunnya; paling awal tahun 2000."))
        return moment


class ReinstateForm(forms.Form):
    """Why the account may stand again."""

    helper = layout(Field("reason", data_counter=""))

    reason = _reason(gettext_lazy("Misalnya apa yang sudah diperbaiki."))


class RevokeForm(forms.Form):
    """Why, and that it is meant: nothing brings a revoked account back."""

    helper = layout(Field("reason", data_counter=""), "is_sure")

    reason = _reason(gettext_lazy("Dibaca penanggung jawab, unit, Divisi PSI, dan Kepala."))
    is_sure = forms.BooleanField(
        label=gettext_lazy("Saya mengerti bahwa akun ini tidak dapat diaktifkan kembali"),
        error_messages={"required": gettext_lazy("Centang bila akun ini memang akan dicabut untuk seterusnya.")},
    )
