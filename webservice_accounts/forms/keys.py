"""Replacing a key, and handing the account to another responsible person."""

from crispy_forms.layout import Div, Field
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_fields import IdentityFields, PhoneField, layout
from webservice_accounts.services import Holder

OVERLAP_CHOICES = [
    ("24", gettext_lazy("24 jam setelah kunci baru dibuka")),
    ("168", gettext_lazy("7 hari setelah kunci baru dibuka")),
    ("1", gettext_lazy("1 jam setelah kunci baru dibuka")),
    ("0", gettext_lazy("Sekarang juga, karena kunci lama bocor atau hilang")),
]


class RotateForm(forms.Form):
    """When the old key ends."""

    helper = layout("overlap_hours")

    overlap_hours = forms.TypedChoiceField(
        label=gettext_lazy("Kapan kunci lama berakhir"),
        choices=OVERLAP_CHOICES,
        coerce=int,
        initial="24",
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Pilih kapan kunci lama berakhir."),
            "invalid_choice": gettext_lazy("Pilih kapan kunci lama berakhir."),
        },
    )


class HolderForm(IdentityFields, forms.Form):
    """The new responsible person, and on what ground."""

    field_order = ["name", "identity_type", "identity_number", "phone", "email", "reason"]
    helper = layout(
        "name",
        Div("identity_type", "identity_number", css_class="two"),
        "phone",
        "email",
        Field("reason", data_counter=""),
    )

    name = forms.CharField(
        label=gettext_lazy("Nama penanggung jawab baru"),
        max_length=150,
        help_text=gettext_lazy("Lengkap dengan gelar."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Isi nama penanggung jawab.")},
    )
    phone = PhoneField(error_messages={"required": gettext_lazy("Isi nomor telepon, misalnya 0812-3456-7890.")})
    email = forms.EmailField(
        label=gettext_lazy("Email"),
        max_length=254,
        help_text=gettext_lazy("Tautan untuk membuka kunci baru dikirim ke alamat ini. Sebaiknya email dinas."),
        error_messages={
            "required": gettext_lazy("Isi alamat email, misalnya nama@usk.ac.id."),
            "invalid": gettext_lazy("Isi alamat email yang lengkap, misalnya nama@usk.ac.id."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Alasan atau nomor surat"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Misalnya nomor dan tanggal surat mutasi."),
        error_messages={"required": gettext_lazy("Tuliskan alasan atau nomor surat mutasinya.")},
    )

    def clean_name(self) -> str:
        """Any name that has a letter in it."""
        name: str = self.cleaned_data["name"]
        if not any(sign.isalpha() for sign in name):
            raise forms.ValidationError(_("Tulis nama dengan huruf."))
        return name

    @property
    def holder(self) -> Holder:
        """Who was typed; only after the form proved valid."""
        said = self.cleaned_data
        return Holder(said["name"], said["identity_type"], said["identity_number"], said["phone"], said["email"])
