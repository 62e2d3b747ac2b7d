"""SOP 5 on the screen: PSI informs; the responsible person proves who they are, keeps the key, and answers."""

from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app.forms.request_letter import layout
from webservice_accounts import credentials


class InformForm(forms.Form):
    """The number or link of the same message in the office's letter system; `system` is its name."""

    helper = layout("plo_number")

    plo_number = forms.CharField(
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Boleh dikosongkan bila pesannya belum dikirim di sana."),
    )

    def __init__(self, *args: Any, system: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["plo_number"].label = _("Nomor atau tautan %(system)s") % {"system": system}


class ProceedForm(forms.Form):
    """Why the reply letter does not wait for the confirmation."""

    helper = layout(Field("reason", data_counter=""))

    reason = forms.CharField(
        label=gettext_lazy("Alasan"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Misalnya kapan dan bagaimana penanggung jawab sudah dihubungi."),
        error_messages={"required": gettext_lazy("Tuliskan alasan melanjutkan tanpa konfirmasi.")},
    )


class CodeForm(forms.Form):
    """The code from the mail, typed with or without its hyphen; cleans to `credentials.new_code`'s form."""

    helper = layout(Field("code", css_class="input-short"))

    code = forms.CharField(
        label=gettext_lazy("Kode dari email"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "placeholder": "1234-5678"}
        ),
        error_messages={"required": gettext_lazy("Isi kode delapan angka dari email.")},
    )

    def clean_code(self) -> str:
        return credentials.normalise_code(self.cleaned_data["code"])


class StoredForm(forms.Form):
    """The holder's tick that the key is in a safe place."""

    helper = layout("stored")

    stored = forms.BooleanField(
        label=gettext_lazy("Kunci sudah saya simpan di tempat yang aman"),
        error_messages={"required": gettext_lazy("Centang bila kunci sudah Anda simpan.")},
    )


class ProblemForm(forms.Form):
    """What does not work, in the holder's words."""

    helper = layout(Field("problem", data_counter=""))

    problem = forms.CharField(
        label=gettext_lazy("Masalah yang Anda temui"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Misalnya pesan kesalahan yang muncul. Jangan menuliskan kunci di sini."),
        error_messages={"required": gettext_lazy("Tuliskan masalah yang Anda temui.")},
    )
