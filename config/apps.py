"""The app that wires the others. It has no models."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps

from config import checks


class ConfigConfig(AppConfig):
    """Refuses a production start with development secrets as soon as Django is ready."""

    name = "config"
    default = True

    def ready(self) -> None:
        """Raise ImproperlyConfigured; importing `checks` registered the rest."""
        checks.refuse_development_secrets()


class GapuraAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site."""

    default = False  # of this module; settings name it
    default_site = "config.admin_site.GapuraAdminSite"
