from django.apps import AppConfig


class WebserviceAccountsConfig(AppConfig):
    name = "webservice_accounts"
    verbose_name = "Akun webservice"
