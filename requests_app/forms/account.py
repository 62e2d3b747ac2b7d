"""SOP 3 on the screen: asked for and granted side by side, the account, and the small forms around it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from crispy_forms.layout import HTML, Div, Field
from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_fields import RowsField
from accounts.models import User
from accounts.permissions import holders
from accounts.roles import Permission
from requests_app import policies
from requests_app.forms.request_letter import PickedMoment, layout
from requests_app.models import AccessRequest, OwnerConsent, RequestedItem
from requests_app.steps.account import Granting
from webservice_accounts import addresses, services, usernames
from webservice_accounts.models import DataType, WebserviceAccount
from webservice_accounts.models.account import DEFAULT_BURST, DEFAULT_RATE_PER_MINUTE
from webservice_accounts.selectors import networks_of

LATEST_START = timedelta(days=365)
"""A start later than this from today is a slip of the hand."""

CANNED_REASONS = (
    gettext_lazy("tidak diperlukan untuk tujuan yang disebutkan"),
    gettext_lazy("belum tersedia sebagai webservice"),
    gettext_lazy("memerlukan persetujuan unit pemilik data"),
    gettext_lazy("pernyataan kerahasiaan belum dilampirkan"),
)
"""Offered while typing; any other reason can be written."""


def is_taken(username: str) -> bool:
    """Whether an account of that name exists, living or not: names are never used again."""
    return WebserviceAccount.objects.filter(username=username).exists()


@dataclass(frozen=True)
class GrantRow:
    """One kind of data asked for, beside the switch and the reason that answer it."""

    item: RequestedItem
    granted: BoundField
    reason: BoundField
    consent: OwnerConsent | None
    """What the unit that owns it last said, or was asked."""


class AccountForm(forms.Form):
    """What PSI grants. `today` is the local date; `item` the request, with its data asked for."""

    username = forms.CharField(
        label=gettext_lazy("Nama pengguna"),
        help_text=gettext_lazy("Diusulkan dari unit dan aplikasinya; boleh diubah."),
        validators=[usernames.validate],
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Isi nama pengguna, misalnya fmipa-siakad.")},
    )
    starts_on = forms.DateField(
        label=gettext_lazy("Mulai berlaku"),
        widget=PickedMoment("date", "%Y-%m-%d"),
        error_messages={
            "required": gettext_lazy("Isi tanggal mulai berlaku."),
            "invalid": gettext_lazy("Isi tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026."),
        },
    )
    networks = forms.CharField(
        label=gettext_lazy("Alamat IP yang diizinkan"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Satu alamat atau jaringan per baris, misalnya 10.44.3.0/24. Kosongkan bila akses boleh dari mana saja."
        ),
    )

    rate_per_minute = forms.IntegerField(
        label=gettext_lazy("Permintaan per menit"),
        required=False,
        min_value=1,
        max_value=services.MAX_RATE_PER_MINUTE,
        help_text=gettext_lazy("Batas tetap. Bila kosong: 600, atau seperti sekarang pada perpanjangan."),
    )
    burst = forms.IntegerField(
        label=gettext_lazy("Lonjakan sesaat"),
        required=False,
        min_value=1,
        max_value=services.MAX_BURST,
        help_text=gettext_lazy("Berapa permintaan boleh datang sekaligus. Bila kosong: 60, atau seperti sekarang."),
    )

    START = (
        Field("starts_on", css_class="input-short", hx_get="?", hx_trigger="change", hx_target="#until"),
        HTML('{% include "requests_app/account/_until.html" %}'),
    )
    LIMITS = ("networks", Div("rate_per_minute", "burst", css_class="two"))
    helper = layout("username", *START, *LIMITS)

    def __init__(self, data: QueryDict | None, *, item: AccessRequest, today: date) -> None:
        super().__init__(data, initial={"starts_on": today, **_limits(item.renews)})
        self.item, self.today = item, today
        self.asked = list(item.items.select_related("data_type__owner"))
        self.goes_on = item.renews is not None and item.renews.last_day >= today
        if item.renews:
            self._drop_what_stays()
        elif not self.is_bound:
            self.initial["username"] = usernames.suggest(item.unit.code, item.application, is_taken)
        for row in self.asked:
            self.fields[_granted(row)] = forms.BooleanField(required=False, initial=True, label=_("Diberikan"))
            self.fields[_reason(row)] = forms.CharField(
                required=False,
                max_length=300,
                label=_("Alasan %(data)s tidak diberikan") % {"data": row.data_type},
                widget=forms.TextInput(attrs={"list": "canned-reasons", "autocomplete": "off"}),
            )
        if item.other_data.strip():
            asked_for = [row.data_type_id for row in self.asked]
            self.fields["added"] = RowsField(
                DataType.objects.filter(is_active=True).exclude(pk__in=asked_for).select_related("owner"),
                required=False,
                label=_("Jenis data yang sesuai"),
                widget=forms.CheckboxSelectMultiple,
            )
            self.fields["other_data_reason"] = forms.CharField(
                required=False,
                max_length=300,
                label=_("Alasan yang tidak dipenuhi"),
                help_text=_("Boleh kosong bila jenis data yang dipilih sudah memenuhi seluruhnya."),
                widget=forms.TextInput(attrs={"list": "canned-reasons", "autocomplete": "off"}),
            )

    def _drop_what_stays(self) -> None:
        """A renewed account keeps its name; while it lives, it also goes on from its end."""
        del self.fields["username"]
        if self.goes_on:
            del self.fields["starts_on"]
        self.helper = layout(*(() if self.goes_on else self.START), *self.LIMITS)

    @property
    def start(self) -> date | None:
        """The day that stands in the form; None while it cannot be read, and where the form asks for none."""
        if self.goes_on:
            return None
        if not self.is_bound:
            return self.today
        self.is_valid()  # a form that came back after signing in was not read yet
        return self.cleaned_data.get("starts_on")

    @property
    def rows(self) -> list[GrantRow]:
        """The data asked for, each with its switch and its reason."""
        said = {consent.unit_id: consent for consent in self.item.consents.order_by("asked_at", "pk")}
        return [
            GrantRow(row, self[_granted(row)], self[_reason(row)], said.get(row.data_type.owner_id))
            for row in self.asked
        ]

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if self.item.account_id is None and is_taken(username):
            free = usernames.suggest(self.item.unit.code, self.item.application, is_taken)
            raise forms.ValidationError(
                _("Nama pengguna %(name)s sudah dipakai. Pilih yang lain, misalnya %(free)s.")
                % {"name": username, "free": free}
            )
        return username

    def clean_starts_on(self) -> date:
        day: date = self.cleaned_data["starts_on"]
        if day < self.today:
            raise forms.ValidationError(_("Tanggal ini sudah lewat. Isi hari ini atau sesudahnya."))
        if day > self.today + LATEST_START:
            raise forms.ValidationError(_("Tanggal ini lebih dari satu tahun lagi. Periksa tahunnya."))
        return day

    def clean_rate_per_minute(self) -> int:
        return int(self.cleaned_data["rate_per_minute"] or self.initial["rate_per_minute"])

    def clean_burst(self) -> int:
        return int(self.cleaned_data["burst"] or self.initial["burst"])

    def clean_networks(self) -> tuple[str, ...]:
        return tuple(str(network) for network in addresses.parse(self.cleaned_data["networks"]))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        for row in self.asked:
            if not said.get(_granted(row)) and not said.get(_reason(row)) and _reason(row) not in self.errors:
                self.add_error(_reason(row), _("Tuliskan alasannya, atau berikan data ini."))
        if "added" in self.fields and not said.get("added") and not said.get("other_data_reason"):
            self.add_error("other_data_reason", _("Pilih jenis data yang sesuai, atau tuliskan alasannya."))
        return said

    def granting(self) -> Granting:
        """What the cleaned form grants, as the step takes it."""
        said = self.cleaned_data
        return Granting(
            username=said.get("username", ""),
            starts_on=said.get("starts_on", self.today),
            networks=said["networks"],
            rate_per_minute=said["rate_per_minute"],
            burst=said["burst"],
            refused={row.data_type_id: said[_reason(row)] for row in self.asked if not said[_granted(row)]},
            added=tuple(said.get("added", ())),
            other_data_reason=said.get("other_data_reason", ""),
        )


def _limits(renewed: WebserviceAccount | None) -> dict[str, Any]:
    """From where and how often: as the renewed account may now, or the defaults."""
    if renewed is None:
        return {"rate_per_minute": DEFAULT_RATE_PER_MINUTE, "burst": DEFAULT_BURST}
    return {
        "networks": "\n".join(networks_of(renewed)),
        "rate_per_minute": renewed.rate_per_minute,
        "burst": renewed.burst,
    }


def _granted(row: RequestedItem) -> str:
    return f"grant_{row.data_type_id}"


def _reason(row: RequestedItem) -> str:
    return f"reason_{row.data_type_id}"


class StartForm(forms.Form):
    """The start alone, for saying at once until when that would be valid."""

    starts_on = forms.DateField()


class QuestionForm(forms.Form):
    """What PSI asks the unit."""

    helper = layout(Field("question", data_counter=""))

    question = forms.CharField(
        label=gettext_lazy("Pertanyaan untuk unit"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Tuliskan pertanyaan Anda.")},
    )


class ColleagueChoice(forms.ModelChoiceField):
    """A colleague by name and position."""

    def label_from_instance(self, person: Any) -> str:
        return f"{person.full_name} ({person.job_title})" if person.job_title else str(person)


class ReassignForm(forms.Form):
    """Which colleague goes on with it, and why."""

    helper = layout("to", Field("reason", data_counter=""))

    to = ColleagueChoice(
        label=gettext_lazy("Rekan yang melanjutkan"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Pilih rekan"),
        error_messages={
            "required": gettext_lazy("Pilih rekan yang melanjutkan."),
            "invalid_choice": gettext_lazy("Pilih rekan dari daftar."),
        },
    )
    reason = forms.CharField(
        label=gettext_lazy("Alasan"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Misalnya sedang sakit, atau beban kerja."),
        error_messages={"required": gettext_lazy("Tuliskan alasan pengalihan.")},
    )

    def __init__(self, data: Any = None, *, item: AccessRequest, now: datetime) -> None:
        super().__init__(data)
        colleagues = holders(Permission.CREATE_ACCOUNT, timezone.localdate(now))
        fit = [person.pk for person in colleagues if policies.why_not_take_over(person, item, now=now) is None]
        cast("ColleagueChoice", self.fields["to"]).queryset = User.objects.filter(pk__in=fit)
        self.has_colleagues = bool(fit)


class HandBackForm(forms.Form):
    """Why PSI cannot carry the disposition out."""

    helper = layout(Field("reason", data_counter=""))

    reason = forms.CharField(
        label=gettext_lazy("Alasan bagi Kepala"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Tuliskan alasan pengembalian.")},
    )
