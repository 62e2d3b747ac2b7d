"""The settings of the tests: those of the application, cut off from `.env`, from your variables and from your data.

Servers named by DATABASE_URL and REDIS_URL are used (`bin/test` starts and names them); without them it is SQLite
and files. Every xdist worker has its own folder, database and pair of Redis databases.
"""

import os
import tempfile

from tests.servers import HOUSE_VARIABLES, redis_database

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))

for name in HOUSE_VARIABLES - {"DATABASE_URL", "REDIS_URL"}:
    os.environ.pop(name, None)
os.environ["ENV_FILE"] = os.devnull
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="gapura-test-")
os.environ["REDIS_URL"] = redis_database(2 * WORKER)

from config.settings import *  # noqa: E402, F403
from config.settings import DATA_DIR, DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in life: threads that race need more than one connection. No test survives a power cut.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"

# Argon2 is slow on purpose; the tests sign in thousands of times.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# As in development. Else every test client reads all static files anew, a sixth of a test's time.
WHITENOISE_AUTOREFRESH = True
