"""The filters above the list of requests."""

from django import forms
from django.utils.translation import gettext_lazy as _

from requests_app.sop import STEPS


class FilterForm(forms.Form):
    """Words, state, and only what is late; sent by GET, so that a filtered list has an address."""

    OPEN = "open"

    q = forms.CharField(label=_("Cari"), required=False, max_length=100)
    state = forms.ChoiceField(
        label=_("Keadaan"),
        required=False,
        choices=[
            ("", _("Semua")),
            (OPEN, _("Belum selesai")),
            *((status.value, _(step.label)) for status, step in STEPS.items()),
        ],
    )
    late = forms.BooleanField(label=_("Hanya yang terlambat"), required=False)
