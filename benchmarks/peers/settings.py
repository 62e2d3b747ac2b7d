"""A small Django project with django-oauth-toolkit, as its documentation sets it up, on the same database server."""

import environ

env = environ.Env()
SECRET_KEY = "for a measurement on this machine"  # noqa: S105
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "benchmarks.peers.urls"
DATABASES = {"default": env.db("PEERS_DATABASE_URL") | {"CONN_MAX_AGE": 60}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
OAUTH2_PROVIDER = {"SCOPES": {"introspection": "Introspect tokens", "mahasiswa-aktif": "Active students"}}
