"""What a start with DEBUG=False refuses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from config import checks
from tests import factories, live
from tests.servers import ROOT

OWN = {
    "DEBUG": "False",
    "SECRET_KEY": "a-key-that-an-office-made-for-itself-and-for-nobody-else",
    "CREDENTIAL_PEPPER_KEYS": "1=a-pepper-of-the-same-office",
    "ALLOWED_HOSTS": "127.0.0.1",
    "SECURE_COOKIES": "False",
}


@pytest.fixture
def production(settings: Settings) -> Settings:
    settings.DEBUG = False
    settings.SECRET_KEY = OWN["SECRET_KEY"]
    settings.SECRET_KEY_FALLBACKS = []
    settings.CREDENTIAL_PEPPER_KEYS = {"1": "a-pepper-of-the-same-office"}
    return settings


def test_own_secrets_may_start(production: Settings) -> None:
    checks.refuse_development_secrets()


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("SECRET_KEY", "{known}", "SECRET_KEY"),
        ("SECRET_KEY_FALLBACKS", ["{known}"], "SECRET_KEY"),
        ("CREDENTIAL_PEPPER_KEYS", {"1": "{known}"}, "CREDENTIAL_PEPPER_KEYS"),
        ("CREDENTIAL_PEPPER_KEYS", {"1": "own", "2": "{known}"}, "CREDENTIAL_PEPPER_KEYS"),
        ("CREDENTIAL_PEPPER_KEYS", {"1": ""}, "CREDENTIAL_PEPPER_KEYS"),
    ],
)
def test_development_secrets_are_refused_by_name(production: Settings, setting: str, value: object, named: str) -> None:
    known = production.DEVELOPMENT_KEY
    if isinstance(value, dict):
        value = {version: pepper.format(known=known) for version, pepper in value.items()}
    elif isinstance(value, list):
        value = [key.format(known=known) for key in value]
    else:
        value = str(value).format(known=known)
    setattr(production, setting, value)
    with pytest.raises(ImproperlyConfigured, match=f"refuses to start.*{named}"):
        checks.refuse_development_secrets()


def test_with_debug_the_development_secrets_are_fine(production: Settings) -> None:
    production.DEBUG = True
    production.SECRET_KEY = production.DEVELOPMENT_KEY
    checks.refuse_development_secrets()


@pytest.mark.django_db
def test_demo_accounts_are_refused_and_counted(production: Settings) -> None:
    factories.UserFactory(is_demo=False)
    checks.refuse_demo_accounts()
    factories.UserFactory(is_demo=True)
    factories.UserFactory(is_demo=True)
    with pytest.raises(ImproperlyConfigured, match=r"holds 2 .*remove_demo"):
        checks.refuse_demo_accounts()


@pytest.mark.django_db
def test_with_debug_demo_accounts_are_fine(production: Settings) -> None:
    production.DEBUG = True
    factories.UserFactory(is_demo=True)
    checks.refuse_demo_accounts()


def test_missing_static_files_are_refused_before_every_page_fails(production: Settings, tmp_path: Path) -> None:
    production.STATIC_ROOT = tmp_path
    with pytest.raises(ImproperlyConfigured, match="collectstatic"):
        checks.refuse_missing_static_files()
    (tmp_path / "staticfiles.json").write_text("{}")
    checks.refuse_missing_static_files()


def test_warnings_name_what_is_not_for_an_office(production: Settings) -> None:
    production.REDIS_URL = ""
    production.BASE_URL = "http://127.0.0.1:8000"
    production.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    production.EMAIL_FILE_PATH = "mail"
    assert {"gapura.W002", "gapura.W003", "gapura.W004"} <= {found.id for found in checks.production_wiring()}
    production.REDIS_URL = "redis://localhost/0"
    production.BASE_URL = "https://gapura.example.ac.id"
    production.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert {found.id for found in checks.production_wiring()} <= {"gapura.W001"}


def start(env: dict[str, str], *command: str) -> tuple[int, str]:
    """Start a server that is expected to give up by itself; return its code and its words."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


WORKER = ("celery", "-A", "config", "worker", "--pool", "solo")
BEAT = ("celery", "-A", "config", "beat")
WEB = ("granian", "--interface", "wsgi", "--port", "0", "config.wsgi:application")


@pytest.mark.processes
def test_nothing_starts_with_the_development_secrets(tmp_path: Path) -> None:
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "DATA_DIR": str(tmp_path), "DEBUG": "False"}
    said = live.manage(env, "migrate", code=1)
    assert "Gapura refuses to start: with DEBUG=False, SECRET_KEY and CREDENTIAL_PEPPER_KEYS" in said


@pytest.mark.parametrize("command", [WEB, WORKER, BEAT], ids=lambda command: command[0] + command[3])
def test_no_server_starts_while_demo_accounts_are_there(foundry: live.Foundry, command: tuple[str, ...]) -> None:
    code, said = start(foundry.copy(**OWN), *command)
    assert code != 0
    assert "there must be no demo accounts" in said
    assert "python manage.py remove_demo" in said


def test_the_demo_can_be_removed_in_production_and_then_it_starts(foundry: live.Foundry) -> None:
    env = foundry.copy(**OWN)
    live.manage(env, "migrate")
    live.manage(env, "remove_demo")
    worker = live.start_worker(env, Path(env["DATA_DIR"]) / "logs/worker.log")
    worker.stop()
