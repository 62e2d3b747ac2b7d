"""Form fields for people's data: what is wrong is said beside the field, in words."""

from datetime import datetime
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumber_field.phonenumber import PhoneNumber

from accounts import identity, phones


def layout(*fields: object) -> FormHelper:
    """How crispy-forms lays the fields out: inside the page's own form element, with its own token."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.layout = Layout(*fields)
    return helper


class PickedMoment(forms.DateTimeInput):
    """A browser's own picker; what it cannot show (25/12/2026 typed elsewhere) stays visible as text."""

    def __init__(self, picker: str, pattern: str) -> None:
        super().__init__(format=pattern)
        self.picker, self.pattern = picker, pattern

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        shown = context["widget"]["value"]
        try:
            is_plain = not shown or bool(datetime.strptime(shown, self.pattern))  # noqa: DTZ007 - only its shape
        except ValueError:
            is_plain = False
        context["widget"]["type"] = self.picker if is_plain else "text"
        return context


class PhoneField(forms.CharField):
    """One phone number in any spelling; cleans to E.164 text, empty text when left empty."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("No. Telepon/WhatsApp"))
        kwargs.setdefault("help_text", _("Satu nomor, boleh telepon kantor. Contoh: 0812-3456-7890."))
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}))
        super().__init__(**kwargs)

    def to_python(self, value: object) -> str:
        text = super().to_python(value)
        return phones.normalise(text) if text else ""

    def prepare_value(self, value: object) -> object:
        """A stored number is shown as people read it; what was typed stays as typed."""
        return phones.display(str(value)) if isinstance(value, PhoneNumber) else value


class IdentityFields(forms.Form):
    """A kind of employee number and the number; mix in before the form class, also a ModelForm.

    Cleans `identity_number` to its stored form. A wrong length is said beside the number.
    """

    identity_type = forms.ChoiceField(
        label=_("Jenis identitas"),
        choices=[("", _("Pilih jenis identitas")), *identity.IDENTITY_CHOICES],
        error_messages={"required": _("Pilih jenis identitas.")},
    )
    identity_number = forms.CharField(
        label=_("Nomor identitas"),
        max_length=40,
        help_text=_("NIP dan NI PPPK terdiri atas 18 angka; spasi, titik, dan tanda hubung boleh ada."),
        error_messages={"required": _("Isi nomor identitas.")},
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        kind, number = self.cleaned_data.get("identity_type"), self.cleaned_data.get("identity_number")
        if kind and number:
            self.cleaned_data["identity_number"] = number = identity.normalise(kind, number)
            try:
                identity.check(kind, number)
            except forms.ValidationError as error:
                self.add_error("identity_number", error)
        return self.cleaned_data


class RowsField(forms.ModelMultipleChoiceField):
    """Several rows; a forged id that no database column holds is a wrong choice, not a server error."""

    LONGEST_ID = 18
    """Digits; the next ones may not fit into 64 bits."""

    def clean(self, value: Any) -> Any:
        for pk in value or ():
            if len(str(pk)) > self.LONGEST_ID:
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": "…"}
                )
        return super().clean(value)
