"""What every test can ask for. Settings: tests/settings.py. Servers: tests/servers.py, started by `bin/test`."""

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from playwright.sync_api import Browser, Page

from accounts.nudge import Broker
from tests import browser, live
from tests.servers import redis_database
from tests.settings import WORKER

hypothesis.settings.register_profile("gapura", deadline=None, derandomize=os.environ.get("CI") == "true")
hypothesis.settings.load_profile("gapura")

LOOPBACK = ("127.", "::1", "localhost")


def refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Stop any Python code of the test run that turns to another machine."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "localhost"
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host and not host.startswith(LOOPBACK) and host != socket.gethostname():
        raise RuntimeError(f"a test turned to the network: {host}")


sys.addaudithook(refuse_network)


DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server", "foundry"}


ASKED_OF_ONE = {
    *("views", "forms", "test_views", "test_admin", "test_admin_services", "test_admin_site"),  # what pages say
    *("test_messages", "test_policies", "test_transition_matrix"),  # what people are told, and may do
    *("test_oauth", "test_openapi", "test_resource_servers", "test_signing_keys", "test_webhooks"),  # over HTTP
}
"""Folders and files of tests that read and write as those asked of both databases do, and look at something else."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses a browser, processes of its own, or no database, so that `-m "not browser"` needs no bookkeeping.

    What `ASKED_OF_ONE` names is `either`: words, rights and answers are the same on both databases. That every page
    opens for everybody, and every write, is asked of both (test_url_walk.py, steps/, journeys/).
    Files with browsers and processes come first: they wait a lot, and nobody should wait for them in the end.
    """
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "windows" in names:
            item.add_marker("browser")
        if "foundry" in names or "start_worker" in names:
            item.add_marker("processes")
        if not (item.get_closest_marker("django_db") or DATABASE_FIXTURES.intersection(names)):
            item.add_marker("pure")
        if ASKED_OF_ONE.intersection((*item.path.parts, item.path.stem)):
            item.add_marker("either")
    waiting = {
        item.path for item in items if item.get_closest_marker("processes") or item.get_closest_marker("browser")
    }
    items.sort(key=lambda item: item.path not in waiting)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave tests of what only PostgreSQL can do to the pass on PostgreSQL."""
    if item.get_closest_marker("postgresql") and connection.vendor != "postgresql":
        pytest.skip("for PostgreSQL (bin/test --on postgresql)")


def pytest_unconfigure() -> None:
    """Remove this process's folder."""
    shutil.rmtree(settings.DATA_DIR, ignore_errors=True)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Forget counted sign-ins and codes of the test before, and that its broker did not answer."""
    cache.clear()
    Broker.silent_until = 0.0


@pytest.fixture(scope="session")
def need() -> Callable[[str], str]:
    """Return a function that gives the path of a program, skips where it is missing, and fails there under CI."""

    def program(name: str) -> str:
        if found := shutil.which(name):
            return found
        message = f"{name} is not on this machine"
        return pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)

    return program


# --- real processes ------------------------------------------------------------------------------------------
@pytest.fixture
def start_worker(transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., live.Process]]:
    """Return a function that starts a Celery worker (`beat=True` for the clock) on this test's own database."""
    workers: list[live.Process] = []

    def start(*, beat: bool = False, **variables: str) -> live.Process:
        name = str(connection.settings_dict["NAME"])
        env = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"} | variables
        if connection.vendor == "postgresql":
            env["DATABASE_URL"] = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
        else:
            env["DATABASE_URL"] = f"sqlite:///{name}"
        workers.append(live.start_worker(env, tmp_path / f"worker-{len(workers)}.log", beat=beat))
        return workers[-1]

    yield start
    for worker in workers:
        worker.stop()


@pytest.fixture(scope="session")
def foundry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[live.Foundry]:
    """Return what makes running Gapuras; see `gapura_server` and `fresh_gapura_server`."""
    database = os.environ.get("DATABASE_URL", "")
    foundry = live.Foundry(tmp_path_factory.mktemp("gapura"), database, redis_database(2 * WORKER + 1), str(WORKER))
    yield foundry
    foundry.close()


@pytest.fixture(scope="module")
def gapura_server(foundry: live.Foundry) -> Iterator[live.LiveGapura]:
    """Return a running Gapura with the demo's people, shared by the tests of one module."""
    with foundry.gapura() as server:
        yield server


@pytest.fixture
def fresh_gapura_server(foundry: live.Foundry) -> Iterator[live.LiveGapura]:
    """Return a running Gapura of this test's own, to be broken at will."""
    with foundry.gapura() as server:
        yield server


# --- a browser -----------------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def chromium(need: Callable[[str], str]) -> Iterator[Browser]:
    """Return a running Chromium."""
    with browser.chromium(need("chromium")) as running:
        yield running


@pytest.fixture
def windows(chromium: Browser) -> Iterator[browser.Windows]:
    """Return what opens pages: `windows.open("phone")`, `windows.open("desktop")`; one for each person."""
    windows = browser.Windows(chromium)
    yield windows
    windows.close()


@pytest.fixture(params=["phone", "desktop"])
def page(request: pytest.FixtureRequest, windows: browser.Windows) -> Page:
    """Return a page; the test runs at phone width and at desktop width."""
    return windows.open(request.param)


@pytest.fixture
def assert_accessible() -> Callable[[Page], None]:
    """Return the accessibility check of a page."""
    return browser.assert_accessible
