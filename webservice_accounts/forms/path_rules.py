"""Which requests read a kind of data, as an administrator types it."""

from django import forms

from webservice_accounts import patterns
from webservice_accounts.models import PathRule


class PathRuleForm(forms.ModelForm):
    """One rule. What the gate would not understand, or would understand as everything, is said beside the field."""

    class Meta:
        model = PathRule
        fields = ("methods", "pattern")

    def clean_methods(self) -> str:
        """The methods as one spelling: `GET, POST`."""
        return ", ".join(patterns.read_methods(self.cleaned_data["methods"]))

    def clean_pattern(self) -> str:
        """The pattern without a slash at its end, which means nothing."""
        pattern: str = self.cleaned_data["pattern"]
        patterns.compile_pattern(pattern)
        return pattern.removesuffix("/")
