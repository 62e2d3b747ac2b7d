"""Django's name for this application."""

from django.apps import AppConfig


class WebserviceAccountsConfig(AppConfig):
    """Accounts and the catalogue."""

    name = "webservice_accounts"
    verbose_name = "Akun webservice"
