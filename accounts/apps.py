"""Django's name for this application."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, their unit, what they may do."""

    name = "accounts"
    verbose_name = "Orang dan unit"
