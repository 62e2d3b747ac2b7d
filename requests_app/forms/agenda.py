"""SOP 2 on the screen: registering a letter, returning it, forwarding it, and the period of the buku agenda."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from crispy_forms.layout import Div, Field
from django import forms
from django.forms.boundfield import BoundWidget
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import identity, phones
from accounts.form_fields import PickedMoment, layout
from requests_app.forms.request_letter import EARLIEST
from requests_app.models import AccessRequest, AgendaEntry
from requests_app.steps.agenda import Registration

NOT_A_DATE = gettext_lazy("Tulis tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026.")
CHECK_LIST = [(name, getattr(AgendaEntry, name).field.verbose_name) for name in AgendaEntry.CHECK_LIST]
"""The SOP's five items: name of the field -> what it is called."""

STANDARD_SENTENCES: Mapping[str, str] = {
    "has_name": "Mohon cantumkan nama lengkap penanggung jawab pada surat permohonan.",
    "has_identity": "Mohon cantumkan NIP atau nomor identitas lain penanggung jawab.",
    "has_phone": "Mohon cantumkan nomor telepon penanggung jawab yang dapat dihubungi.",
    "has_email": "Mohon cantumkan alamat email penanggung jawab yang aktif.",
    "has_data": "Mohon sebutkan jenis data yang dibutuhkan.",
}
"""What the unit reads; Indonesian whatever the language of the one who writes it."""


def day_field(label: Any, **kwargs: Any) -> forms.DateField:
    """A date with the browser's own picker."""
    return forms.DateField(
        label=label,
        widget=PickedMoment("date", "%Y-%m-%d"),
        error_messages={"invalid": NOT_A_DATE, "required": gettext_lazy("Isi tanggal, misalnya 23/11/2026.")},
        **kwargs,
    )


class RegistrationForm(forms.ModelForm):
    """What the helpdesk notes of a letter, starting from the earlier entry of one that came back.

    `today` is the local date. The form never writes: `registration()` goes to `steps.agenda.register`.
    """

    helper = layout(
        Div(Field("received_on"), "classification", css_class="two"),
        Div("security_class", "urgency", css_class="two"),
        Field("remark", data_counter=""),
    )

    ticked = forms.MultipleChoiceField(
        label=gettext_lazy("Kelengkapan surat"),
        choices=CHECK_LIST,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": gettext_lazy("Pilih dari daftar kelengkapan.")},
    )
    received_on = day_field(gettext_lazy("Tanggal diterima"))

    class Meta:
        model = AgendaEntry
        fields = ("received_on", "security_class", "urgency", "classification", "remark")
        widgets = {"remark": forms.Textarea(attrs={"rows": 3})}

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, item: AccessRequest, today: date, classification: str
    ) -> None:
        known = AgendaEntry.objects.filter(request=item).first()
        arrived = timezone.localdate(item.happened_at) if item.happened_at else today
        defaults = {} if known else {"received_on": arrived, "classification": classification}
        super().__init__(data, instance=known, initial=defaults)
        self.item, self.today, self.known = item, today, known

    def check_list(self) -> Iterator[tuple[BoundWidget, str]]:
        """Each tick box with what the unit typed, to be compared with the letter."""
        item = self.item
        kind = item.get_identity_type_display() if item.identity_type else ""
        data = [str(row) for row in item.items.select_related("data_type")] + [item.other_data]
        said = {
            "has_name": item.person_name,
            "has_identity": f"{kind} {identity.grouped(item.identity_number)}".strip(),
            "has_phone": phones.display(str(item.phone)),
            "has_email": item.email,
            "has_data": ", ".join(filter(None, data)),
        }
        for box in self["ticked"]:
            yield box, said[str(box.data["value"])]

    def clean_received_on(self) -> date:
        received: date = self.cleaned_data["received_on"]
        if received > self.today:
            today = date_format(self.today)
            raise forms.ValidationError(
                _("Tanggal diterima tidak boleh sesudah hari ini, %(today)s.") % {"today": today}
            )
        if received < EARLIEST:
            raise forms.ValidationError(_("Periksa tahunnya; paling awal tahun 2000."))
        return received

    def registration(self) -> Registration:
        """What was noted, for `steps.agenda.register`."""
        noted = {name: self.cleaned_data[name] for name in self._meta.fields or ()}
        return Registration(**noted, ticked=frozenset(self.cleaned_data["ticked"]))


class ForwardForm(forms.Form):
    """Before the head; the number in the office's letter system when there is one."""

    helper = layout("plo_number")

    plo_number = forms.CharField(
        required=False,
        max_length=200,
        help_text=gettext_lazy("Boleh dikosongkan bila suratnya belum bernomor di sana."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"max_length": gettext_lazy("Paling banyak 200 huruf; tempelkan nomornya saja.")},
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, system: str, known: str = "") -> None:
        super().__init__(data, initial={"plo_number": known})
        self.fields["plo_number"].label = _("Nomor atau tautan %(system)s") % {"system": system}


class ReturnForm(forms.Form):
    """Back to the unit: what is ticked becomes a standard sentence in the text, which stays free to edit."""

    helper = layout(Field("reason", data_counter=""))
    MAX_LENGTH = 2000

    missing = forms.MultipleChoiceField(
        label=gettext_lazy("Yang belum ada pada surat"),
        choices=CHECK_LIST,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"invalid_choice": gettext_lazy("Pilih dari daftar kelengkapan.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Pesan untuk unit"),
        required=False,
        max_length=MAX_LENGTH,
        help_text=gettext_lazy("Unit membaca pesan ini apa adanya, di aplikasi dan lewat email."),
        widget=forms.Textarea(attrs={"rows": 7}),
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.errors:
            return self.cleaned_data
        sentences = [STANDARD_SENTENCES[name] for name in self.cleaned_data["missing"]]
        typed = self.cleaned_data["reason"]
        reason = "\n".join(filter(None, [typed, *(line for line in sentences if line not in typed)]))
        if not reason:
            self.add_error("reason", _("Tuliskan apa yang perlu dilengkapi unit, atau centang yang belum ada."))
        elif len(reason) > self.MAX_LENGTH:
            self.add_error(
                "reason", _("Pesan terlalu panjang; paling banyak %(most)s huruf.") % {"most": self.MAX_LENGTH}
            )
        self.cleaned_data["reason"] = reason
        return self.cleaned_data


class BookForm(forms.Form):
    """The period of the buku agenda, in the address; without one it is the whole year of `today`."""

    first = day_field(gettext_lazy("Diagendakan dari"), required=False)
    last = day_field(gettext_lazy("Sampai dengan"), required=False)

    def __init__(self, asked: Mapping[str, Any], *, today: date) -> None:
        year = {"first": f"{today.year}-01-01", "last": f"{today.year}-12-31"}
        super().__init__({name: asked.get(name) or usual for name, usual in year.items()})

    def clean(self) -> dict[str, Any]:
        super().clean()
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and last < first:
            self.add_error("last", _("Tanggal akhir tidak boleh sebelum tanggal awal."))
        return self.cleaned_data
