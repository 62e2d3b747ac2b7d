"""The filters above the list of requests."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Unit
from requests_app.forms.agenda import day_field
from requests_app.forms.request_letter import EARLIEST
from requests_app.monitoring import Filters, How
from requests_app.sop import ACTIVITIES, STEPS, Activity
from webservice_accounts.models import DataType

NOT_LISTED = gettext_lazy("Pilih salah satu dari daftar.")
UNNUMBERED = "disposisi"
"""What the row without a number is called in an address."""


def step_code(row: Activity) -> str:
    """The row of the SOP in an address."""
    return row.number or UNNUMBERED


def step_name(row: Activity) -> str:
    """The row of the SOP as people say it: its printed number and its short name."""
    return f"{row.number}. {_(row.short)}" if row.number else _(row.short)


def _steps() -> list[tuple[str, str]]:
    return [("", _("Semua")), *((step_code(row), step_name(row)) for row in ACTIVITIES)]


class StepField(forms.ChoiceField):
    """One row of the SOP or all; cleans to its number as printed ("" is the disposition), None for all."""

    def __init__(self, label: Any) -> None:
        errors = {"invalid_choice": NOT_LISTED}
        super().__init__(label=label, required=False, choices=_steps, error_messages=errors)

    def clean(self, value: Any) -> Any:
        said = super().clean(value)
        return None if not said else "" if said == UNNUMBERED else said


def unit_field() -> "forms.ModelChoiceField[Unit]":
    """A unit that ever wrote a request, by its code."""
    return forms.ModelChoiceField(
        Unit.objects.filter(requests__isnull=False).distinct(),
        label=gettext_lazy("Unit kerja"),
        required=False,
        to_field_name="code",
        empty_label=gettext_lazy("Semua"),
        error_messages={"invalid_choice": NOT_LISTED},
    )


def check_period(form: forms.Form, first: date | None, last: date | None) -> None:
    """Say beside the dates what is wrong with them as a period."""
    for name, day in (("first", first), ("last", last)):
        if day and not EARLIEST.year <= day.year <= EARLIEST.year + 100:
            form.add_error(name, _("Periksa tahunnya; paling awal tahun 2000."))
    if first and last and last < first:
        form.add_error("last", _("Tanggal akhir tidak boleh sebelum tanggal awal."))


class FilterForm(forms.Form):
    """Words, state, place and what happened in a period; sent by GET, so that a filtered list has an address.

    The unit is asked of those who see more than one (`is_office`).
    """

    OPEN = "open"
    RUNNING = "running"
    WAITING = "waiting"
    SENT, FINISHED, PASSED = "sent", "finished", "passed"

    q = forms.CharField(label=gettext_lazy("Cari"), required=False, max_length=100)
    state = forms.ChoiceField(
        label=gettext_lazy("Keadaan"),
        required=False,
        choices=lambda: [
            ("", _("Semua")),
            (FilterForm.OPEN, _("Belum selesai")),
            (FilterForm.RUNNING, _("Sudah dikirim, belum selesai")),
            (FilterForm.WAITING, _("Menunggu unit atau pemilik data")),
            *((status.value, _(step.label)) for status, step in STEPS.items()),
        ],
        error_messages={"invalid_choice": NOT_LISTED},
    )
    late = forms.BooleanField(label=gettext_lazy("Hanya yang terlambat"), required=False)
    due_today = forms.BooleanField(label=gettext_lazy("Hanya yang jatuh tempo hari ini"), required=False)
    step = StepField(gettext_lazy("Langkah SOP"))
    unit = unit_field()
    data_type = forms.ModelChoiceField(
        DataType.objects.all(),
        label=gettext_lazy("Jenis data"),
        required=False,
        to_field_name="code",
        empty_label=gettext_lazy("Semua"),
        error_messages={"invalid_choice": NOT_LISTED},
    )
    event = forms.ChoiceField(
        label=gettext_lazy("Peristiwa"),
        required=False,
        choices=lambda: [
            ("", _("Semua")),
            (FilterForm.SENT, _("Dikirim")),
            (FilterForm.FINISHED, _("Selesai")),
            (FilterForm.PASSED, _("Melewati langkah SOP")),
        ],
        error_messages={"invalid_choice": NOT_LISTED},
    )
    first = day_field(gettext_lazy("Dari tanggal"), required=False)
    last = day_field(gettext_lazy("Sampai dengan"), required=False)
    how = forms.ChoiceField(
        label=gettext_lazy("Bagaimana"),
        required=False,
        choices=lambda: [
            ("", _("Semua")),
            (How.WITHIN.value, _("Dalam waktu baku")),
            (How.LATE.value, _("Melewati waktu baku")),
            (How.PAUSED.value, _("Menunggu unit atau pemilik data")),
            (How.DAYS_OFF.value, _("Melewati hari libur")),
        ],
        error_messages={"invalid_choice": NOT_LISTED},
    )

    def __init__(self, *args: Any, is_office: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_office:
            del self.fields["unit"]

    def clean(self) -> dict[str, Any]:
        """What happened needs its period, and a period what happened; how only of what was finished or passed."""
        said = super().clean() or {}
        first, last, event, how = (said.get(name) for name in ("first", "last", "event", "how"))
        check_period(self, first, last)
        if event:
            for name in ("first", "last"):
                if not said.get(name) and name not in self.errors:
                    self.add_error(name, _("Isi tanggalnya, misalnya 23/11/2026."))
        elif (first or last or how) and "event" not in self.errors:
            self.add_error("event", _("Pilih apa yang terjadi pada masa itu."))
        if event == self.SENT and how:
            self.add_error("how", _("Hanya untuk yang selesai atau melewati langkah SOP."))
        elif event == self.FINISHED and how in (How.PAUSED, How.DAYS_OFF):
            self.add_error("how", _("Hanya untuk yang melewati langkah SOP."))
        return said

    @property
    def asks_more(self) -> bool:
        """Whether one of the filters that stand folded away is set, or has something wrong."""
        folded = ("due_today", "step", "unit", "data_type", "event", "first", "last", "how")
        return self.is_bound and any(self.data.get(name) for name in folded if name in self.fields)

    def period(self) -> Filters:
        """What happened when and where, of a valid form that names an event."""
        return Filters(
            first=self.cleaned_data["first"],
            last=self.cleaned_data["last"],
            number=self.cleaned_data["step"] if self.cleaned_data["event"] == self.PASSED else None,
        )
