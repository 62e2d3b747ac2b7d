"""The app that wires the others. It has no models."""

from django.apps import AppConfig

from config import checks


class ConfigConfig(AppConfig):
    """Refuses a production start with development secrets as soon as Django is ready."""

    name = "config"

    def ready(self) -> None:
        """Raise ImproperlyConfigured; importing `checks` registered the rest."""
        checks.refuse_development_secrets()
