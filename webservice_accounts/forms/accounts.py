"""The filters above the list of accounts."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webservice_accounts.lifecycle import STATE_LABELS, State


def _states() -> list[tuple[str, str]]:
    return [("", _("Semua")), *((state.value, _(label)) for state, label in STATE_LABELS.items())]


class FilterForm(forms.Form):
    """Words, state, and only what nobody uses; sent by GET, so that a filtered list has an address."""

    q = forms.CharField(label=gettext_lazy("Cari"), required=False, max_length=100)
    state = forms.ChoiceField(label=gettext_lazy("Keadaan"), required=False, choices=_states)
    unused = forms.BooleanField(label=gettext_lazy("Tidak digunakan 90 hari"), required=False)

    def wanted(self) -> tuple[str, State | None, bool]:
        """The words, the state and whether only the unused were asked for; nothing for what cannot be read."""
        self.full_clean()
        said = self.cleaned_data if self.is_bound else {}
        return said.get("q", ""), State(said["state"]) if said.get("state") else None, bool(said.get("unused"))
