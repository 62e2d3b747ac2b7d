"""The filters above the list of accounts, and the addresses of one."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webservice_accounts import addresses
from webservice_accounts.lifecycle import STATE_LABELS, State


def _states() -> list[tuple[str, str]]:
    return [("", _("Semua")), *((state.value, _(label)) for state, label in STATE_LABELS.items())]


class FilterForm(forms.Form):
    """Words and state; sent by GET, so that a filtered list has an address."""

    q = forms.CharField(label=gettext_lazy("Cari"), required=False, max_length=100)
    state = forms.ChoiceField(label=gettext_lazy("Keadaan"), required=False, choices=_states)

    def wanted(self) -> tuple[str, State | None]:
        """The words and the state that were asked for; nothing for what cannot be read."""
        self.full_clean()
        said = self.cleaned_data if self.is_bound else {}
        return said.get("q", ""), State(said["state"]) if said.get("state") else None


class AddressesForm(forms.Form):
    """From where the account may be used. `before` is what the page showed, to notice a change by somebody else."""

    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.layout = Layout("before", "networks")

    before = forms.CharField(required=False, widget=forms.HiddenInput)
    networks = forms.CharField(
        label=gettext_lazy("Alamat IP yang diizinkan"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Satu alamat atau jaringan per baris, misalnya 10.44.3.0/24. Kosongkan bila akses boleh dari mana saja."
        ),
    )

    def clean_before(self) -> list[str]:
        return [str(network) for network in addresses.parse(self.cleaned_data["before"])]

    def clean_networks(self) -> list[str]:
        return [str(network) for network in addresses.parse(self.cleaned_data["networks"])]
