"""The filters above the register of processing; they stand in the address, so that an answer can be linked."""

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_fields import PickedMoment
from accounts.models import Unit
from webservice_accounts.lifecycle import WIB
from webservice_accounts.models import DataType
from webservice_accounts.register import Asked, Span, instant, whole_day

YEARS = range(2000, 2101)
NOT_A_DATE = gettext_lazy("Tulis tanggal sebagai hari/bulan/tahun, misalnya 01/03/2026.")
NOT_A_TIME = gettext_lazy("Tulis jam dan menit, misalnya 10.15.")
NOT_LISTED = gettext_lazy("Pilih salah satu dari daftar.")


class RegisterForm(forms.Form):
    """Data, unit, person, and a moment: a local day, or a minute of it. `now` is what "now" means."""

    data_type = forms.ModelChoiceField(
        DataType.objects.all(),
        label=gettext_lazy("Jenis data"),
        required=False,
        to_field_name="code",
        empty_label=gettext_lazy("Semua"),
        error_messages={"invalid_choice": NOT_LISTED},
    )
    unit = forms.ModelChoiceField(
        Unit.objects.filter(webservice_accounts__isnull=False).distinct(),
        label=gettext_lazy("Unit kerja"),
        required=False,
        to_field_name="code",
        empty_label=gettext_lazy("Semua"),
        error_messages={"invalid_choice": NOT_LISTED},
    )
    person = forms.CharField(
        label=gettext_lazy("Penanggung jawab"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Nama, atau NIP lengkap"), "autocomplete": "off"}),
    )
    on = forms.DateField(
        label=gettext_lazy("Dapat membaca pada"),
        required=False,
        widget=PickedMoment("date", "%Y-%m-%d"),
        error_messages={"invalid": NOT_A_DATE},
    )
    at = forms.TimeField(
        label=gettext_lazy("Pukul (WIB)"),
        required=False,
        widget=PickedMoment("time", "%H:%M"),
        error_messages={"invalid": NOT_A_TIME},
    )
    in_force = forms.BooleanField(label=gettext_lazy("Hanya yang sekarang dapat membaca"), required=False)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(*args, **kwargs)

    def clean_on(self) -> date | None:
        """A year that a calendar of ours can hold."""
        day: date | None = self.cleaned_data["on"]
        if day and day.year not in YEARS:
            raise forms.ValidationError(NOT_A_DATE)
        return day

    def clean(self) -> dict[str, Any]:
        """A time needs its day, and one moment is enough."""
        said = super().clean() or {}
        if said.get("at") is not None and not said.get("on") and "on" not in self.errors:
            self.add_error("on", _("Isi juga tanggalnya."))
        if said.get("in_force") and said.get("on"):
            self.add_error("in_force", _("Pilih salah satu: sekarang, atau tanggal di sebelahnya."))
        return said

    def asked(self) -> Asked:
        """What was asked for, of a valid form; an unbound one asks for everything."""
        said = self.cleaned_data if self.is_bound else {}
        return Asked(
            data_type=said.get("data_type"),
            unit=said.get("unit"),
            person=said.get("person", ""),
            during=self._during(said.get("on"), said.get("at"), is_now=bool(said.get("in_force"))),
        )

    def _during(self, day: date | None, at: time | None, *, is_now: bool) -> Span | None:
        if day and at is not None:
            return instant(datetime.combine(day, at, tzinfo=WIB))
        if day:
            return whole_day(day)
        return instant(self.now) if is_now else None
