"""What an account may read, from where, and how fast."""

from collections.abc import Iterable
from typing import Any

from crispy_forms.layout import Div
from django import forms
from django.utils.translation import gettext_lazy

from accounts.form_fields import RowsField, layout
from webservice_accounts import addresses, policies
from webservice_accounts.models import DataType
from webservice_accounts.services import MAX_BURST, MAX_RATE_PER_MINUTE


class AddressesForm(forms.Form):
    """From where the account may be used. `before` is what the page showed, to notice a change by somebody else."""

    helper = layout("before", "networks")

    before = forms.CharField(required=False, widget=forms.HiddenInput)
    networks = forms.CharField(
        label=gettext_lazy("Alamat IP yang diizinkan"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy("Satu alamat atau jaringan per baris, misalnya 10.44.3.0/24."),
    )

    def clean_before(self) -> list[str]:
        return [str(network) for network in addresses.parse(self.cleaned_data["before"])]

    def clean_networks(self) -> list[str]:
        return [str(network) for network in addresses.parse(self.cleaned_data["networks"])]


class GrantsForm(forms.Form):
    """Which of the data granted in the present period the account may read; `offered` is all of that."""

    helper = layout("data_types")

    data_types = RowsField(
        DataType.objects.none(),
        label=gettext_lazy("Data yang boleh dibaca"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Hilangkan centang untuk mencabut; centang lagi untuk memberikan kembali."),
        error_messages={
            "invalid_choice": gettext_lazy(policies.WIDENING),
            "invalid_pk_value": gettext_lazy(policies.WIDENING),
        },
    )

    def __init__(self, *args: Any, offered: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["data_types"].queryset = DataType.objects.filter(pk__in=offered)  # type: ignore[attr-defined]


class LimitsForm(forms.Form):
    """How many requests a minute, and how many at once."""

    helper = layout(Div("rate_per_minute", "burst", css_class="two"))

    rate_per_minute = forms.IntegerField(
        label=gettext_lazy("Permintaan per menit"),
        min_value=1,
        max_value=MAX_RATE_PER_MINUTE,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy("Kecepatan yang boleh berlangsung terus, 1 sampai 60.000."),
    )
    burst = forms.IntegerField(
        label=gettext_lazy("Lonjakan sesaat"),
        min_value=1,
        max_value=MAX_BURST,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy("Permintaan yang boleh datang sekaligus, 1 sampai 6.000."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = gettext_lazy("Isi dengan angka bulat.")
            field.error_messages["invalid"] = gettext_lazy("Isi dengan angka bulat.")
