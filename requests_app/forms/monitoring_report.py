"""The period of the monitoring report, in the address."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app.forms.agenda import day_field
from requests_app.forms.request_letter import EARLIEST
from requests_app.monitoring_report import Period, last_full_month

LATEST = date(2100, 12, 31)
LONGEST = timedelta(days=3 * 366)
"""Longer than anybody reports on; a slip of the hand would else count the days of millennia."""


class PeriodForm(forms.Form):
    """From one local date through another; without any, the last full month before `today`."""

    first = day_field(gettext_lazy("Dari tanggal"))
    last = day_field(gettext_lazy("Sampai dengan"))

    def __init__(self, asked: Mapping[str, Any], *, today: date) -> None:
        usual = last_full_month(today)
        is_asked = asked.get("first") or asked.get("last")
        super().__init__(asked if is_asked else {"first": usual.first.isoformat(), "last": usual.last.isoformat()})

    def clean(self) -> dict[str, Any]:
        super().clean()
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and first < EARLIEST:
            self.add_error("first", _("Tanggal awal paling lama tahun %(year)d.") % {"year": EARLIEST.year})
        for name, day in (("first", first), ("last", last)):
            if day and day > LATEST:
                self.add_error(name, _("Periksa tahunnya; kalender memuat tahun 2000 sampai dengan 2100."))
        if first and last and last < first:
            self.add_error("last", _("Tanggal akhir tidak boleh sebelum tanggal awal."))
        elif first and last and last - first > LONGEST:
            self.add_error("last", _("Masa laporan paling lama tiga tahun."))
        return self.cleaned_data

    def period(self) -> Period:
        """What was asked for; call when the form is valid."""
        return Period(self.cleaned_data["first"], self.cleaned_data["last"])
