"""What a start with `DEBUG=False` refuses, and what it only warns about.

The secrets are looked at whenever Django starts, the demo accounts only where
people or work are served (web server, worker): `manage.py migrate` and
`manage.py remove_demo` must still be able to run.
"""

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, register
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

LOOPBACK = {"127.0.0.1", "localhost", "::1", None}


def refuse_development_secrets() -> None:
    """Raise ImproperlyConfigured when `DEBUG` is off and a secret is the one printed in the source code."""
    if settings.DEBUG:
        return
    known = settings.DEVELOPMENT_KEY
    wrong = []
    if known in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):  # Django refuses an empty one
        wrong.append("SECRET_KEY")
    if known in settings.CREDENTIAL_PEPPER_KEYS.values() or not all(settings.CREDENTIAL_PEPPER_KEYS.values()):
        wrong.append("CREDENTIAL_PEPPER_KEYS")
    if wrong:
        raise ImproperlyConfigured(
            f"Gapura refuses to start: with DEBUG=False, {' and '.join(wrong)} must be of your own, "
            "not the development value that anybody can read. See docs/operations.md."
        )


def refuse_demo_accounts() -> None:
    """Raise ImproperlyConfigured when `DEBUG` is off and people of the demo can sign in.

    A database that has not been migrated yet holds nobody and is no reason to refuse.
    """
    if settings.DEBUG:
        return
    users = get_user_model()
    if users._meta.db_table not in connection.introspection.table_names():
        return
    if count := users._default_manager.filter(is_demo=True).count():
        raise ImproperlyConfigured(
            "Gapura refuses to start: with DEBUG=False there must be no demo accounts, and this database "
            f"holds {count} with passwords that anybody can read. "
            "Remove them: python manage.py remove_demo. See docs/operations.md."
        )


def refuse_missing_static_files() -> None:
    """Raise ImproperlyConfigured when `DEBUG` is off and `collectstatic` has not run: every page would fail."""
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not settings.DEBUG and not manifest.exists():
        raise ImproperlyConfigured(
            "Gapura refuses to start: the collected static files are missing. "
            "Collect them: python manage.py collectstatic --noinput. See docs/operations.md."
        )


@register(deploy=True)
def production_wiring(**_: object) -> list[CheckMessage]:
    """Warn about settings that work, but not for an office (`manage.py check --deploy`)."""
    found: list[CheckMessage] = []
    if connection.vendor == "sqlite":
        found.append(
            CheckWarning(
                "The database is SQLite: good for one small machine, but all writes wait for each other.",
                hint="Set DATABASE_URL to a PostgreSQL server.",
                id="gapura.W001",
            )
        )
    if not settings.REDIS_URL:
        found.append(
            CheckWarning(
                "The broker is made of files: web server and worker must share one disk.",
                hint="Set REDIS_URL to a Redis server.",
                id="gapura.W002",
            )
        )
    if urlsplit(settings.BASE_URL).hostname in LOOPBACK:
        found.append(
            CheckWarning(
                f"Mails and letters would name {settings.BASE_URL}, which opens on this machine only.",
                hint="Set BASE_URL to the public address.",
                id="gapura.W003",
            )
        )
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        found.append(
            CheckWarning(
                f"Mails are written to {settings.EMAIL_FILE_PATH} and reach nobody.",
                hint="Set EMAIL_URL to a mail server.",
                id="gapura.W004",
            )
        )
    return found
