"""SOP 6 on the screen: the reply letter as the helpdesk edits it, and what the head wants changed."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from crispy_forms.layout import HTML, Div, Field
from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_fields import layout
from requests_app import selectors
from requests_app.models import ReplyLetter
from requests_app.steps.reply_letter import Draft


class ReplyForm(forms.ModelForm):
    """The letter's text and number, starting from `reply` (saved or only proposed).

    The form never writes: `draft()` goes to `steps.reply_letter`.
    """

    helper = layout(
        "recipient",
        "subject",
        Field("body", css_class="letter-text"),
        HTML('{% include "requests_app/reply_letter/_marks.html" %}'),
        "copies",
        Div("security_class", "classification", css_class="two"),
        "language",
        "numbering",
        Field("number", wrapper_class="input-medium"),
    )

    class Meta:
        model = ReplyLetter
        fields = (
            "recipient",
            "subject",
            "body",
            "copies",
            "security_class",
            "classification",
            "language",
            "numbering",
            "number",
        )
        widgets = {
            "recipient": forms.Textarea(attrs={"rows": 3}),
            "body": forms.Textarea(attrs={"rows": 22}),
            "copies": forms.Textarea(attrs={"rows": 3}),
            "numbering": forms.RadioSelect,
        }
        labels = {"number": gettext_lazy("Nomor dari luar")}
        help_texts = {
            "language": gettext_lazy("Bahasa untuk kata Nomor, Hal, Yth., dan tanggal."),
            "number": gettext_lazy("Diisi hanya bila nomornya diambil di tempat lain."),
        }
        error_messages = {
            "recipient": {"required": gettext_lazy("Isi kepada siapa surat ditujukan, misalnya Dekan FMIPA.")},
            "subject": {"required": gettext_lazy("Isi hal surat.")},
            "body": {"required": gettext_lazy("Isi surat tidak boleh kosong.")},
        }

    def __init__(self, data: Mapping[str, Any] | None = None, *, reply: ReplyLetter) -> None:
        super().__init__(data, instance=reply)
        for name, longest in (("recipient", 500), ("body", 20_000), ("copies", 2000)):
            self.fields[name].validators.append(MaxLengthValidator(longest))
        for name in ("subject", "body"):
            self.fields[name].widget.attrs["lang"] = reply.language  # the letter's, which may not be the reader's

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.cleaned_data.get("numbering") == ReplyLetter.Numbering.HERE:
            self.cleaned_data["number"] = ""
            return self.cleaned_data
        number = self.cleaned_data.get("number", "")
        if not number and "number" not in self.errors:
            self.add_error("number", _("Isi nomornya, atau pilih nomor yang diambil di sini."))
        elif taken := selectors.reply_with_number(number, but_not=self.instance.request):
            self.add_error(
                "number",
                _("Nomor ini sudah dipakai untuk surat balasan permohonan %(reference)s.")
                % {"reference": taken.request.reference},
            )
        return self.cleaned_data

    def draft(self) -> Draft:
        """What was written, for `steps.reply_letter`."""
        return Draft(**{field.name: self.cleaned_data[field.name] for field in fields(Draft)})


class ApprovalForm(forms.Form):
    """Nothing to fill in: it carries the refusal, should there be one."""


class CorrectionForm(forms.Form):
    """What the head wants changed."""

    helper = layout(Field("reason", data_counter=""))

    reason = forms.CharField(
        label=gettext_lazy("Yang perlu diperbaiki"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Tuliskan apa yang perlu diperbaiki pada surat.")},
    )
