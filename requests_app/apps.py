"""Django's name for this application."""

from django.apps import AppConfig


class RequestsAppConfig(AppConfig):
    """The procedure."""

    name = "requests_app"
    verbose_name = "Permohonan"
