"""The head's decision on the screen: passing a letter on, asking the unit, or saying that it cannot be met."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from crispy_forms.layout import Div, Field
from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_fields import RowsField
from accounts.models import User
from requests_app.forms.request_letter import PickedMoment, layout
from requests_app.models import Disposition
from requests_app.steps.disposition import Instructions

Instruction = Disposition.Instruction
NOTE_CHARACTERS = 1000
REASON_CHARACTERS = 300
"""The reason stands beside each kind of data and as a sentence in the reply letter."""


class NotedForm(forms.Form):
    """Instructions to PSI with a note; what is ticked may need the note."""

    note = forms.CharField(
        label=gettext_lazy("Catatan"),
        required=False,
        max_length=NOTE_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def codes(self) -> tuple[str, ...]:
        """The instructions chosen, as values of `Disposition.Instruction`."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        super().clean()
        if Instruction.GRANT_PART in self.codes() and not self.cleaned_data.get("note") and "note" not in self.errors:
            self.add_error("note", _("Tulis pada catatan data mana yang disetujui."))
        return self.cleaned_data


class DisposeForm(NotedForm):
    """One letter to PSI. `today` is the local date; `people` are those who can be given a copy."""

    helper = layout(Div("instructions", css_class="ticks"), Field("note", data_counter=""))
    more_helper = layout(Field("due_on", wrapper_class="input-short"), Div("copies", css_class="ticks"))
    """What is seldom needed, folded beneath."""

    instructions = forms.MultipleChoiceField(
        label=gettext_lazy("Instruksi kepada Divisi PSI"),
        choices=Instruction.choices,
        initial=[Instruction.FOLLOW_SOP],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Pilih paling sedikit satu instruksi.")},
    )
    due_on = forms.DateField(
        label=gettext_lazy("Diminta selesai"),
        required=False,
        help_text=gettext_lazy("Boleh dikosongkan. Waktu baku SOP tetap berlaku."),
        widget=PickedMoment("date", "%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Tulis tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026.")},
    )
    copies = RowsField(
        User.objects.none(),
        label=gettext_lazy("Tembusan kepada"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": gettext_lazy("Salah satu penerima tembusan tidak lagi dapat dipilih.")},
    )
    field_order = ["instructions", "note", "due_on", "copies"]

    def __init__(self, *args: Any, today: date, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        staff = User.objects.filter(pk__in=[person.pk for person in people])
        self.fields["copies"].queryset = staff  # type: ignore[attr-defined]

    @property
    def is_more_open(self) -> bool:
        """Whether the folded fields have something to show."""
        return any(self[name].errors or self[name].value() for name in ("due_on", "copies"))

    def codes(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data.get("instructions", ()))

    def clean_due_on(self) -> date | None:
        asked_for = self.cleaned_data["due_on"]
        if asked_for and asked_for < self.today:
            raise forms.ValidationError(
                _("Tanggal tidak boleh sebelum hari ini, %(today)s.") % {"today": date_format(self.today)}
            )
        return asked_for

    def given(self) -> Instructions:
        """What was ticked and written, for `steps.disposition.dispose`."""
        words = self.cleaned_data
        return Instructions(self.codes(), words["note"], words["due_on"], tuple(words["copies"]))


class ChosenLetters(forms.MultipleChoiceField):
    """Ticked letters, each with the version its card showed; cleans to {reference: version}."""

    widget = forms.CheckboxSelectMultiple
    SPELLING = re.compile(r"([0-9A-Z-]{1,12}):(\d{1,9})", re.ASCII)

    def valid_value(self, value: str) -> bool:
        return self.SPELLING.fullmatch(value) is not None

    def clean(self, value: Any) -> dict[str, int]:
        pairs = (one.rpartition(":") for one in super().clean(value))
        return {reference: int(version) for reference, _colon, version in pairs}


class SeveralForm(NotedForm):
    """Several letters to PSI with the same instruction and note."""

    helper = layout("instruction", Field("note", data_counter=""))

    chosen = ChosenLetters(
        label=gettext_lazy("Surat yang dipilih"),
        error_messages={
            "required": gettext_lazy("Pilih paling sedikit satu surat."),
            "invalid_choice": gettext_lazy("Pilih surat dari daftar."),
        },
    )
    instruction = forms.ChoiceField(
        label=gettext_lazy("Instruksi kepada Divisi PSI"),
        choices=Instruction.choices,
        initial=Instruction.FOLLOW_SOP,
        error_messages={"required": gettext_lazy("Pilih instruksi.")},
    )
    field_order = ["chosen", "instruction", "note"]

    def codes(self) -> tuple[str, ...]:
        return tuple(filter(None, [self.cleaned_data.get("instruction")]))

    def given(self) -> Instructions:
        """The same words for each letter, for `steps.disposition.dispose_several`."""
        return Instructions(self.codes(), self.cleaned_data["note"])

    def ticked(self) -> frozenset[str]:
        """The references ticked when the form came back, right or wrong."""
        return frozenset(str(value).partition(":")[0] for value in self["chosen"].value() or ())


class QuestionForm(forms.Form):
    """Back to the unit with a question."""

    helper = layout(Field("reason", data_counter=""))

    reason = forms.CharField(
        label=gettext_lazy("Pertanyaan kepada unit"),
        max_length=NOTE_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": gettext_lazy("Tulis apa yang perlu dijelaskan unit.")},
    )


class RefusalForm(forms.Form):
    """The request cannot be met, and why."""

    helper = layout(Field("reason", data_counter=""))

    reason = forms.CharField(
        label=gettext_lazy("Alasan"),
        max_length=REASON_CHARACTERS,
        help_text=gettext_lazy(
            "Menjadi pertimbangan dalam konsep surat balasan, misalnya: "
            "Data tersebut dilayani langsung oleh Biro Akademik."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Tulis alasannya.")},
    )
