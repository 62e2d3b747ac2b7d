"""The working calendar on the screen: a day, dates with other hours, the usual week, the suggestions of a year.

No form writes: `change()` goes to `steps.calendar_changes`, first to be looked at, then to be saved.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from typing import Any, cast

from crispy_forms.layout import Div, Field
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_fields import layout
from requests_app.forms.agenda import day_field
from requests_app.holiday_suggestions import ACCEPTABLE, Line
from requests_app.models import DayRow, HoursPeriodRow, OfficeSpanRow
from requests_app.sla import CalendarDay, DayKind, HoursPeriod, OfficeSpan, Week
from requests_app.steps.calendar_changes import (
    Change,
    SetDay,
    SetPeriod,
    SetWeek,
    TakeSuggestions,
    mark,
    pure_day,
    pure_period,
    pure_week,
)

LocalDate = date
"""Within a form whose field is called date."""
YEARS = range(2000, 2101)
LONGEST_PERIOD = 366
"""Days; a period that is longer has a wrong year in it."""
RAMADAN: Week = {
    **dict.fromkeys(range(4), (OfficeSpan(time(8), time(12)), OfficeSpan(time(12, 30), time(15)))),
    4: (OfficeSpan(time(8), time(11, 30)), OfficeSpan(time(12, 30), time(15, 30))),
}
"""32 h 30 min from 08.00, a break of 30 minutes and of 60 on Friday (Perpres 21/2023)."""


class ReasonForm(forms.Form):
    """Why the calendar is changed, beside what the change would move."""

    helper = layout("reason")

    reason = forms.CharField(
        label=gettext_lazy("Alasan"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Boleh dikosongkan. Tercatat, dan dibaca mereka yang batas waktunya bergeser."),
    )


class ChangeForm(forms.Form):
    """What all forms here can do; shows as a preview what is hidden on it."""

    def change(self) -> Change:
        """What was filled in; only of a valid form."""
        raise NotImplementedError


class SeenForm(ChangeForm):
    """Remembers what it was opened on, so that two people who change the same do not undo each other's work."""

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def look_again(self) -> None:
        """The person was told what it has become; what was typed may now replace that."""
        data = cast("QueryDict", self.data).copy()
        data["seen"] = self.initial["seen"]
        self.data = data


def _within_reach(day: date) -> date:
    if day.year not in YEARS:
        raise forms.ValidationError(_("Periksa tahunnya; kalender memuat tahun 2000 sampai dengan 2100."))
    return day


class DayForm(SeenForm):
    """A day off, or a Saturday that is worked; `row` is the one that is changed."""

    helper = layout(
        Div(Field("date"), "kind", css_class="two"),
        "name",
        "legal_basis",
        "is_estimated",
    )

    date = day_field(gettext_lazy("Tanggal"))
    kind = forms.ChoiceField(label=gettext_lazy("Jenis"), choices=DayRow.Kind.choices)
    name = forms.CharField(
        label=gettext_lazy("Nama"),
        max_length=150,
        error_messages={"required": gettext_lazy("Isi namanya, misalnya Hari Raya Natal.")},
    )
    legal_basis = forms.CharField(
        label=gettext_lazy("Dasar"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Nomor SKB, surat edaran, atau keputusan rektor."),
    )
    is_estimated = forms.BooleanField(
        label=gettext_lazy("Masih perkiraan"),
        required=False,
        help_text=gettext_lazy("Tanggalnya masih dapat berubah, misalnya menunggu sidang isbat."),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, row: DayRow | None = None, day: LocalDate | None = None
    ) -> None:
        names = ("date", "kind", "name", "legal_basis", "is_estimated")
        super().__init__(data, initial={name: getattr(row, name) for name in names} if row else {"date": day})
        self.row = row
        self.initial["seen"] = mark(pure_day(row)) if row else ""

    def clean_date(self) -> LocalDate:
        day = _within_reach(self.cleaned_data["date"])
        there = DayRow.objects.filter(date=day).first()
        if there and there != self.row:
            raise forms.ValidationError(_("Tanggal ini sudah ada di kalender. Ubah baris itu."))
        return day

    def change(self) -> SetDay:
        said = self.cleaned_data
        day = CalendarDay(said["date"], DayKind(said["kind"]), said["name"], said["legal_basis"], said["is_estimated"])
        return SetDay(day, row=self.row.pk if self.row else None, seen=said["seen"])


# --- hours -----------------------------------------------------------------------------------
PARTS = 2
"""Spans of a day that the table offers at least: before and after the break."""


class HoursForm(SeenForm):
    """The hours of each weekday as a table; `week` is what they are now."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, week: Week, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.parts = max(PARTS, *(len(spans) for spans in week.values())) if week else PARTS
        for weekday in OfficeSpanRow.Weekday:
            spans = week.get(weekday.value, ())
            for part in range(self.parts):
                span = spans[part] if part < len(spans) else None
                self._add(weekday, part, "opens", _("%(day)s, buka"), span.opens if span else None)
                self._add(weekday, part, "closes", _("%(day)s, tutup"), span.closes if span else None)

    def _add(self, weekday: OfficeSpanRow.Weekday, part: int, which: str, label: str, known: time | None) -> None:
        name = f"{which}_{weekday.value}_{part}"
        field = forms.TimeField(
            label=label % {"day": weekday.label} + (f" {part + 1}" if part else ""),
            required=False,
            input_formats=["%H.%M", "%H:%M"],
            widget=forms.TimeInput(format="%H.%M"),
            error_messages={"invalid": _("Tulis jam seperti 07.30.")},
        )
        field.widget.attrs |= {"class": "form-control", "autocomplete": "off"}
        self.fields[name] = field
        self.initial[name] = known

    def rows(self) -> Iterator[dict[str, Any]]:
        """For the table: each weekday with its pairs of fields, and what is wrong with them."""
        for weekday in OfficeSpanRow.Weekday:
            names = [(f"opens_{weekday.value}_{part}", f"closes_{weekday.value}_{part}") for part in range(self.parts)]
            pairs = [(self[opens], self[closes]) for opens, closes in names]
            errors = [error for pair in pairs for field in pair for error in field.errors]
            yield {"label": weekday.label, "pairs": pairs, "errors": errors}

    def columns(self) -> range:
        """The spans of a day, for the heads of the table."""
        return range(1, self.parts + 1)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for weekday in OfficeSpanRow.Weekday:
            self._check_day(weekday.value)
        if not self.errors and not self.week():
            self.add_error(None, _("Isi sekurangnya satu jam kerja."))
        return data

    def _check_day(self, weekday: int) -> None:
        until: time | None = None
        for part in range(self.parts):
            first, last = f"opens_{weekday}_{part}", f"closes_{weekday}_{part}"
            if first in self.errors or last in self.errors:
                return
            opens, closes = self.cleaned_data.get(first), self.cleaned_data.get(last)
            if opens and closes:
                if closes <= opens:
                    self.add_error(last, _("Jam tutup harus setelah jam buka."))
                elif until and opens < until:
                    self.add_error(first, _("Jam buka kedua harus setelah jam tutup sebelumnya."))
                until = closes
            elif opens or closes:
                self.add_error(last if opens else first, _("Isi jam buka dan jam tutup, atau kosongkan keduanya."))

    def week(self) -> Week:
        """The hours that were filled in, weekdays without any left out."""
        found: dict[int, tuple[OfficeSpan, ...]] = {}
        for weekday in OfficeSpanRow.Weekday:
            for part in range(self.parts):
                opens = self.cleaned_data.get(f"opens_{weekday.value}_{part}")
                closes = self.cleaned_data.get(f"closes_{weekday.value}_{part}")
                if opens and closes:
                    found[weekday.value] = (*found.get(weekday.value, ()), OfficeSpan(opens, closes))
        return found


class WeekForm(HoursForm):
    """The usual week."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, week: Week) -> None:
        super().__init__(data, week=week)
        self.initial["seen"] = mark(pure_week(None))

    def change(self) -> SetWeek:
        return SetWeek(self.week(), seen=self.cleaned_data["seen"])


class PeriodForm(HoursForm):
    """Dates with other hours, such as Ramadan; `row` is the period that is changed."""

    helper = layout(
        "name",
        Div(Field("starts_on"), Field("ends_on"), css_class="two"),
        "legal_basis",
    )

    name = forms.CharField(
        label=gettext_lazy("Nama"),
        max_length=80,
        help_text=gettext_lazy("Misalnya Ramadan 1448 H."),
        error_messages={"required": gettext_lazy("Isi namanya, misalnya Ramadan 1448 H.")},
    )
    starts_on = day_field(gettext_lazy("Mulai"))
    ends_on = day_field(gettext_lazy("Sampai dengan"))
    legal_basis = forms.CharField(
        label=gettext_lazy("Dasar"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Nomor surat edaran atau keputusan rektor."),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, week: Week = RAMADAN, row: HoursPeriodRow | None = None
    ) -> None:
        names = ("name", "starts_on", "ends_on", "legal_basis")
        super().__init__(data, week=week, initial={name: getattr(row, name) for name in names} if row else {})
        self.row = row
        self.initial["seen"] = mark(pure_period(row)) if row else ""

    def clean_starts_on(self) -> date:
        day = _within_reach(self.cleaned_data["starts_on"])
        there = HoursPeriodRow.objects.filter(starts_on=day).first()
        if there and there != self.row:
            raise forms.ValidationError(
                _("Periode %(name)s mulai pada tanggal yang sama. Ubah periode itu, atau pilih tanggal lain.")
                % {"name": there.name}
            )
        return day

    def clean_ends_on(self) -> date:
        return _within_reach(self.cleaned_data["ends_on"])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("Tanggal akhir tidak boleh sebelum tanggal mulai."))
        elif first and last and (last - first).days >= LONGEST_PERIOD:
            self.add_error("ends_on", _("Paling lama satu tahun. Periksa tahunnya."))
        return data

    def change(self) -> SetPeriod:
        said = self.cleaned_data
        period = HoursPeriod(said["name"], said["starts_on"], said["ends_on"], self.week())
        row = self.row.pk if self.row else None
        return SetPeriod(period, said["legal_basis"], row=row, seen=said["seen"])


# --- suggestions ------------------------------------------------------------------------------
class ImportForm(ChangeForm):
    """Which differences of a year are taken over; all of them unless somebody says otherwise."""

    helper = layout("legal_basis", "also_unchanged")

    accepted = forms.MultipleChoiceField(
        label=gettext_lazy("Usulan"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Usulannya berubah setelah halaman ini dibuka. Periksa lagi.")},
    )
    legal_basis = forms.CharField(
        label=gettext_lazy("Dasar untuk semua yang diambil"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Misalnya SKB 3 Menteri beserta nomornya. Bila dikosongkan, dasar yang sudah ada tetap."
        ),
    )
    also_unchanged = forms.BooleanField(
        label=gettext_lazy("Tulis dasar ini juga pada hari usulan yang tidak berubah"), required=False
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, year: int, lines: Sequence[Line]) -> None:
        keys = [line.key for line in lines if line.difference in ACCEPTABLE]
        super().__init__(data, initial={"accepted": keys})
        self.year = year
        self.fields["accepted"].choices = [(key, key) for key in keys]  # type: ignore[attr-defined]

    def chosen(self) -> set[str]:
        """The keys whose boxes are ticked."""
        return set(self["accepted"].value() or ())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        writes_basis = data.get("legal_basis") and data.get("also_unchanged")
        if not self.errors and not data.get("accepted") and not writes_basis:
            self.add_error(None, _("Pilih sekurangnya satu usulan."))
        return data

    def change(self) -> TakeSuggestions:
        said = self.cleaned_data
        return TakeSuggestions(self.year, frozenset(said["accepted"]), said["legal_basis"], said["also_unchanged"])
