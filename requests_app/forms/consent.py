"""Asking the unit that owns data, its answer, and an answer that came on paper."""

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from crispy_forms.layout import Field
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Unit
from requests_app.forms.request_letter import EARLIEST, PickedMoment, layout
from requests_app.models import AccessRequest, OwnerConsent, RequestedItem
from requests_app.steps.consent import Answer

YES, NO = "yes", "no"


def owners(item: AccessRequest) -> list[Unit]:
    """The units that own what is asked for, without the one that asks; who was not asked yet comes first."""
    asked = set(item.consents.values_list("unit_id", flat=True))
    rows = item.items.select_related("data_type__owner")
    found = {row.data_type.owner_id: row.data_type.owner for row in rows if row.data_type.owner_id != item.unit_id}
    return sorted(found.values(), key=lambda unit: (unit.pk in asked, unit.name))


def data_of(item: AccessRequest, unit: Unit) -> list[RequestedItem]:
    """What is asked for of that owner; everything where the catalogue knows nothing of theirs in the letter."""
    rows = list(item.items.select_related("data_type__owner"))
    return [row for row in rows if row.data_type.owner_id == unit.pk] or rows


def proposed_question(item: AccessRequest, unit: Unit | None) -> str:
    """A question ready to send, with what is asked for by whom and why."""
    rows: Sequence[RequestedItem] = data_of(item, unit) if unit else list(item.items.select_related("data_type"))
    words = {"unit": item.unit, "data": "; ".join(str(row) for row in rows) or item.other_data, "purpose": item.purpose}
    question = _(
        "%(unit)s meminta akses webservice untuk data: %(data)s.\n\nTujuan: %(purpose)s\n\n"
        "Apakah unit Anda setuju data tersebut diberikan?"
    )
    return question % words


class UnitChoice(forms.ModelChoiceField):
    """A unit by its name."""


class AskOwnerForm(forms.Form):
    """Which unit is asked, and what."""

    helper = layout("unit", Field("question", data_counter=""))

    unit = UnitChoice(
        label=gettext_lazy("Unit pemilik data"),
        queryset=Unit.objects.none(),
        empty_label=gettext_lazy("Pilih unit"),
        error_messages={
            "required": gettext_lazy("Pilih unit pemilik data."),
            "invalid_choice": gettext_lazy("Pilih unit dari daftar."),
        },
    )
    question = forms.CharField(
        label=gettext_lazy("Pertanyaan"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": gettext_lazy("Tuliskan pertanyaan Anda.")},
    )

    def __init__(self, data: Any = None, *, item: AccessRequest) -> None:
        self.item, self.owners = item, owners(item)
        first = self.owners[0] if self.owners else None
        super().__init__(data, initial={"unit": first, "question": proposed_question(item, first)})
        units = Unit.objects.filter(is_active=True).exclude(pk=item.unit_id)
        cast("UnitChoice", self.fields["unit"]).queryset = units

    def clean(self) -> dict[str, Any]:
        """The question proposed for one owner is not sent to another: it is proposed anew, to be looked at."""
        said = super().clean() or self.cleaned_data
        unit, question = said.get("unit"), " ".join(said.get("question", "").split())
        others = [owner for owner in self.owners if owner != unit] if unit in self.owners else []
        if question in {" ".join(proposed_question(self.item, other).split()) for other in others}:
            data = cast("QueryDict", self.data).copy()
            data["question"] = proposed_question(self.item, unit)
            self.data = data
            words = {"unit": unit}
            self.add_error(
                "question", _("Pertanyaan disesuaikan dengan data milik %(unit)s. Periksa, lalu kirim.") % words
            )
        return said


class AnswerForm(forms.Form):
    """Agreed or not; why not must be said."""

    helper = layout("is_given", Field("remark", data_counter=""))

    is_given = forms.ChoiceField(
        label=gettext_lazy("Jawaban unit"),
        choices=[(YES, gettext_lazy("Setuju")), (NO, gettext_lazy("Tidak setuju"))],
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Pilih setuju atau tidak setuju."),
            "invalid_choice": gettext_lazy("Pilih setuju atau tidak setuju."),
        },
    )
    remark = forms.CharField(
        label=gettext_lazy("Catatan"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Wajib diisi bila tidak setuju; bila setuju, misalnya syaratnya."),
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("is_given") == NO and not said.get("remark") and "remark" not in self.errors:
            self.add_error("remark", _("Tuliskan alasan unit tidak setuju."))
        return said

    def answer(self) -> Answer:
        """What the cleaned form says."""
        return Answer(self.cleaned_data["is_given"] == YES, self.cleaned_data["remark"])


class RecordForm(AnswerForm):
    """The same, taken over from a letter. `today` is the local date."""

    helper = layout("is_given", Field("dated", css_class="input-short"), Field("remark", data_counter=""))

    dated = forms.DateField(
        label=gettext_lazy("Tanggal jawaban"),
        widget=PickedMoment("date", "%Y-%m-%d"),
        help_text=gettext_lazy("Tanggal pada surat atau pesan jawaban unit."),
        error_messages={
            "required": gettext_lazy("Isi tanggal jawaban."),
            "invalid": gettext_lazy("Isi tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026."),
        },
    )

    def __init__(self, data: Any = None, *, today: date, consent: OwnerConsent | None) -> None:
        super().__init__(data, initial={"dated": today})
        self.today, self.consent = today, consent

    def clean_dated(self) -> date:
        day: date = self.cleaned_data["dated"]
        if day > self.today:
            raise forms.ValidationError(_("Tanggal ini belum tiba. Isi tanggal pada surat jawaban."))
        if day < EARLIEST:
            raise forms.ValidationError(_("Periksa tahunnya; paling awal tahun 2000."))
        return day
