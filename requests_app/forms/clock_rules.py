"""How a row of the SOP is counted and when people are told, as an administrator fills it in."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

from crispy_forms.layout import Div, Field
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_fields import layout
from requests_app import sla
from requests_app.models import ClockRule

LONGEST_WARNING = 7
"""Hours of the shortest working day: a step of one day has no more to warn ahead of."""
LONGEST_WAIT = 40
"""Office hours, about a week; escalation that comes later reaches nobody in time."""
REASON_CHARACTERS = 300
_HALVES = Decimal("0.5")
_NOT_HOURS = gettext_lazy("Isi dengan angka jam, misalnya 2 atau 1,5.")


class OfficeHoursField(forms.DecimalField):
    """Office hours, in halves; "1,5" is understood as well as "1.5"."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(
            min_value=0,
            max_value=most,
            widget=forms.NumberInput(attrs={"step": "0.5", "inputmode": "decimal"}),
            error_messages={
                "required": _NOT_HOURS,
                "invalid": _NOT_HOURS,
                "min_value": gettext_lazy("Jam tidak dapat kurang dari 0."),
                "max_value": gettext_lazy("Paling lama %(limit_value)s jam kerja."),
            },
            **kwargs,
        )

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)

    def clean(self, value: Any) -> Any:
        hours = super().clean(value)  # within bounds: a remainder of 1e400 cannot be computed
        if hours is not None and hours % _HALVES:
            raise forms.ValidationError(_("Tulis dalam kelipatan setengah jam, misalnya 1,5."))
        return hours


class RuleForm(forms.Form):
    """The rule of one row, starting from the one in force; `rule()` is what was chosen."""

    helper = layout(
        Div("reading", css_class="ticks"),
        "warns_at_half",
        Div("warn_ahead", "team_after", "head_after", css_class="two"),
        Field("reason", data_counter=""),
        "known",
    )

    reading = forms.ChoiceField(
        label=gettext_lazy("Arti “1 x 24 jam hari kerja”"),
        choices=ClockRule._meta.get_field("reading").choices or [],
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Pilih salah satu cara hitung."),
            "invalid_choice": gettext_lazy("Pilih salah satu cara hitung dari daftar."),
        },
    )
    warns_at_half = forms.BooleanField(label=gettext_lazy("Ingatkan ketika separuh waktu terpakai"), required=False)
    warn_ahead = OfficeHoursField(
        label=gettext_lazy("Ingatkan sebelum batas waktu (jam kerja)"),
        most=LONGEST_WARNING,
        help_text=gettext_lazy("0: tanpa peringatan ini."),
    )
    team_after = OfficeHoursField(
        label=gettext_lazy("Beri tahu seluruh tim sesudah terlambat (jam kerja)"),
        most=LONGEST_WAIT,
        help_text=gettext_lazy("0: begitu terlambat."),
    )
    head_after = OfficeHoursField(
        label=gettext_lazy("Beri tahu Kepala sesudah terlambat (jam kerja)"),
        most=LONGEST_WAIT,
        help_text=gettext_lazy("0: begitu terlambat."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Alasan"),
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Dibaca semua orang pada riwayat di halaman ini."),
        error_messages={"required": gettext_lazy("Tulis alasan perubahan ini, misalnya nomor surat edaran.")},
    )
    known = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, number: str, rule: sla.Rule, known: int | None) -> None:
        initial = {
            "reading": rule.reading.value,
            "warns_at_half": rule.warns_at_half,
            "warn_ahead": _in_hours(rule.warn_ahead),
            "team_after": _in_hours(rule.team_after),
            "head_after": _in_hours(rule.head_after),
            "known": known,
        }
        super().__init__(data, prefix=f"langkah{number}", initial=initial)

    def clean(self) -> dict[str, Any]:
        super().clean()
        team, head = self.cleaned_data.get("team_after"), self.cleaned_data.get("head_after")
        if team is not None and head is not None and head < team:
            self.add_error("head_after", _("Kepala diberi tahu bersama tim atau sesudahnya, bukan sebelumnya."))
        return self.cleaned_data

    def look_again(self) -> None:
        """The reader was told what somebody else chose; pressing again chooses against that."""
        data = cast("QueryDict", self.data).copy()
        data[self.add_prefix("known")] = self.initial["known"]
        self.data = data

    def rule(self) -> sla.Rule:
        """What was chosen; call when the form is valid."""
        said = self.cleaned_data
        return sla.Rule(
            reading=sla.Reading(said["reading"]),
            warns_at_half=said["warns_at_half"],
            warn_ahead=_of_hours(said["warn_ahead"]),
            team_after=_of_hours(said["team_after"]),
            head_after=_of_hours(said["head_after"]),
        )


def _in_hours(length: timedelta) -> str:
    """As short as it can be written: 2, 1.5."""
    return f"{length / timedelta(hours=1):g}"


def _of_hours(hours: Decimal) -> timedelta:
    return timedelta(minutes=int(hours * 60))
