"""Why a row of the SOP was late, on the screen."""

from crispy_forms.layout import Field
from django import forms
from django.utils.translation import gettext_lazy

from accounts.form_fields import layout
from requests_app.models import LateReason
from requests_app.steps.late_reasons import Reason

LONGEST = LateReason._meta.get_field("text").max_length


class LateReasonForm(forms.Form):
    """A cause to count by, and what happened."""

    helper = layout("cause", Field("text", data_counter=""))

    cause = forms.ChoiceField(
        label=gettext_lazy("Penyebab"),
        choices=[("", gettext_lazy("Pilih penyebab")), *LateReason.Cause.choices],
        error_messages={
            "required": gettext_lazy("Pilih penyebab yang paling sesuai."),
            "invalid_choice": gettext_lazy("Pilih penyebab dari daftar."),
        },
    )
    text = forms.CharField(
        label=gettext_lazy("Penjelasan"),
        max_length=LONGEST,
        help_text=gettext_lazy("Apa yang terjadi, dan apa yang dilakukan agar tidak terulang."),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Tulis apa yang terjadi.")},
    )

    def given(self) -> Reason:
        """For `steps.late_reasons.write`."""
        return Reason(self.cleaned_data["cause"], self.cleaned_data["text"])
