"""The gate as servers run it: beside the pages and alone, with real requests."""

import http.client
import io
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from config import wsgi
from tests import gate, live
from tests.servers import free_port, wait_until
from webservice_accounts.models import DailyUse

ASKED = {"X-Original-Method": "GET", "X-Original-URI": gate.PATH, "X-Original-Addr": gate.CALLER}


@pytest.mark.parametrize(
    ("path", "by_gate"),
    [
        ("/gateway/check", True),
        ("/gateway/check/", True),
        ("/gateway/check/api/mahasiswa/1", True),
        ("/gateway/checks", False),
        ("/gateway", False),
        ("/gateway/", False),
        ("/masuk/gateway/check", False),
    ],
)
@pytest.mark.django_db
def test_what_gateways_ask_goes_past_the_pages(path: str, by_gate: bool) -> None:
    said: list[Any] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "testserver", "SERVER_PORT": "80"}
    answer = wsgi.application(
        environ | {"REMOTE_ADDR": "203.0.113.9", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO()},
        lambda status, headers, exc_info=None: said.extend([status, headers]),
    )
    body = b"".join(answer)
    if by_gate:
        assert said[0] == "403 Forbidden"
        assert body == b'{"error": "untrusted_proxy"}'
        assert "set-cookie" not in {name.lower() for name, _value in said[1]}
    else:
        assert b"untrusted_proxy" not in body
        assert "X-Gapura-Reason" not in dict(said[1])


@pytest.fixture
def serve(transactional_db: None, tmp_path: Path) -> Iterator[Callable[[str], tuple[live.Process, int]]]:
    """Return a function that starts granian with an application on this test's own database: process and port."""
    servers: list[live.Process] = []

    def start(application: str) -> tuple[live.Process, int]:
        name, port = str(connection.settings_dict["NAME"]), free_port()
        env = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"}
        if connection.vendor == "postgresql":
            env["DATABASE_URL"] = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
        else:
            env["DATABASE_URL"] = f"sqlite:///{name}"
        command = ("-m", *live.WEB, "--port", str(port), application)
        server = live.Process(command, env, tmp_path / f"{application}.log")
        servers.append(server)
        wait_until(lambda: ask(port).status == 401, f"the gate:\n{server.log}", 60)
        return server, port

    yield start
    for server in servers:
        server.stop()


def ask(port: int, **headers: str) -> http.client.HTTPResponse:
    """Ask as nginx does."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/gateway/check", headers=ASKED | headers)
        answer = link.getresponse()
        answer.read()
    except OSError:
        answer = http.client.HTTPResponse.__new__(http.client.HTTPResponse)
        answer.status = 0
    finally:
        link.close()
    return answer


@pytest.mark.processes
@pytest.mark.parametrize("application", ["config.gateway:application", "config.wsgi:application"])
def test_a_real_server_lets_in_closes_and_writes_its_counts_when_it_is_stopped(
    serve: Callable[[str], tuple[live.Process, int]], application: str
) -> None:
    now = datetime.now(UTC)
    account, secret = gate.an_account(now, granted=[gate.a_data_type("mahasiswa")])
    server, port = serve(application)
    authorization = gate.basic(account.username, secret)
    for _call in range(5):
        answer = ask(port, Authorization=authorization)
        assert answer.status == 204
        assert answer.headers["X-Gapura-Account"] == account.username
        assert answer.headers["Set-Cookie"] is None
    account.revoked_at = now
    account.save()
    wait_until(lambda: ask(port, Authorization=authorization).headers["X-Gapura-Reason"] == "revoked", "closing", 8)
    assert secret not in server.log
    assert authorization not in server.log
    server.stop()
    counts = dict(DailyUse.objects.values("result").annotate(total=Sum("count")).values_list("result", "total"))
    assert counts["allowed"] >= 5
    assert counts["revoked"] == 1, "also what was counted just before the end"
