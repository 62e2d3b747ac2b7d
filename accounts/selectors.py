"""Every read about people and the institution."""

from accounts.models import Institution


def institution() -> Institution:
    """The one institution; before `load_defaults` ran, an unsaved one with empty names."""
    return Institution.objects.filter(pk=1).first() or Institution(pk=1)
