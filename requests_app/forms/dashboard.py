"""Period, unit and step of the dashboard; they stand in the address."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app.forms.agenda import day_field
from requests_app.forms.overview import NOT_LISTED, StepField, check_period, unit_field
from requests_app.monitoring import Filters

ONE_DAY = timedelta(days=1)
NINETY = 90
"""Local days, today included."""


class DashboardForm(forms.Form):
    """What the figures are of: this month, every unit and step where nothing was asked. `today` is the local date."""

    MONTH, LAST_MONTH, DAYS, YEAR, DATES = "month", "last_month", "90", "year", "dates"

    period = forms.ChoiceField(
        label=gettext_lazy("Masa"),
        required=False,
        choices=lambda: [
            (DashboardForm.MONTH, _("Bulan ini")),
            (DashboardForm.LAST_MONTH, _("Bulan lalu")),
            (DashboardForm.DAYS, _("90 hari terakhir")),
            (DashboardForm.YEAR, _("Tahun ini")),
            (DashboardForm.DATES, _("Tanggal sendiri")),
        ],
        error_messages={"invalid_choice": NOT_LISTED},
    )
    first = day_field(gettext_lazy("Dari tanggal"), required=False)
    last = day_field(gettext_lazy("Sampai dengan"), required=False)
    unit = unit_field()
    step = StepField(gettext_lazy("Langkah SOP"))

    def __init__(self, asked: Mapping[str, Any], *, today: date) -> None:
        self.today = today
        super().__init__(asked)

    def clean(self) -> dict[str, Any]:
        """Dates count only, and both of them, where they were chosen as the period; alone they are that choice."""
        said = super().clean() or {}
        first, last = said.get("first"), said.get("last")
        if not said.get("period") and "period" not in self.errors:
            said["period"] = self.DATES if first or last else self.MONTH
        if said.get("period") == self.DATES:
            check_period(self, first, last)
            for name in ("first", "last"):
                if not said.get(name) and name not in self.errors:
                    self.add_error(name, _("Isi tanggalnya, misalnya 23/11/2026."))
        else:
            for name in ("first", "last"):
                self.errors.pop(name, None)
        return said

    @property
    def is_narrowed(self) -> bool:
        """Whether something else than the usual was asked for and understood."""
        if not self.is_valid():
            return False
        said = self.cleaned_data
        return said["period"] != self.MONTH or bool(said["unit"]) or said["step"] is not None

    def filters(self) -> Filters:
        """What was asked for, or this month where that cannot be read."""
        if not self.is_valid():
            return Filters(*_span(self.MONTH, self.today))
        said = self.cleaned_data
        is_own = said["period"] == self.DATES
        first, last = (said["first"], said["last"]) if is_own else _span(said["period"], self.today)
        return Filters(first, last, said["unit"].pk if said["unit"] else None, said["step"])

    def before(self) -> Filters:
        """The period before: the whole month or year before a month or year, else as many days."""
        filters = self.filters()
        kind = self.cleaned_data["period"] if self.is_valid() else self.MONTH
        if kind in (self.MONTH, self.LAST_MONTH):
            last = filters.first - ONE_DAY
            first = last.replace(day=1)
        elif kind == self.YEAR:
            last = filters.first - ONE_DAY
            first = last.replace(month=1, day=1)
        else:
            last = filters.first - ONE_DAY
            first = last - (filters.last - filters.first)
        return Filters(first, last, filters.unit_id, filters.number)


def _span(period: str, today: date) -> tuple[date, date]:
    month = today.replace(day=1)
    if period == DashboardForm.LAST_MONTH:
        last = month - ONE_DAY
        return last.replace(day=1), last
    if period == DashboardForm.DAYS:
        return today - (NINETY - 1) * ONE_DAY, today
    return (today.replace(month=1, day=1) if period == DashboardForm.YEAR else month), today
