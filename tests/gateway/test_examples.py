"""The examples for APISIX, Traefik and Envoy: they say what matters; and where Traefik or Envoy is here, it is run."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gateway import stage
from tests.gateway.conftest import Consumer, Gate, World
from tests.gateway.stage import DEPLOY, YES, Webservice, ask, ask_raw, no
from tests.gateway.test_nginx_files import REFUSED_PATHS
from tests.servers import free_port, program, running, scratch, wait_until

IDENTITY = {"x-gapura-account", "x-gapura-unit", "x-gapura-scope", "x-gapura-data", "x-gapura-expires"}
CREDENTIALS = {"authorization", "x-api-key"}
HOST = {"Host": "webservice.example.ac.id"}
STUDENT = "/api/mahasiswa/1908107010021"


def read(name: str) -> Any:
    """One example."""
    return yaml.safe_load((DEPLOY / name).read_text())


def lower(names: list[str]) -> set[str]:
    """Header names as a set in lower case."""
    return {name.lower() for name in names}


# --- what they say -----------------------------------------------------------------------------------------------
def test_apisix_fails_closed_and_hands_on_only_what_the_gate_says() -> None:
    text = (DEPLOY / "apisix.yaml").read_text()
    assert text.endswith("\n#END\n")  # without it APISIX loads nothing
    plugins = read("apisix.yaml")["routes"][0]["plugins"]
    asked = plugins["forward-auth"]
    assert asked["uri"].endswith("/gateway/check")
    assert (asked["allow_degradation"], asked["status_on_error"], asked["request_method"]) == (False, 503, "GET")
    assert asked["timeout"] <= 2000
    assert lower(asked["request_headers"]) == CREDENTIALS
    assert lower(asked["upstream_headers"]) == IDENTITY
    assert {"www-authenticate", "retry-after", "x-gapura-reason"} <= lower(asked["client_headers"])
    assert asked["extra_headers"] == {"X-Gapura-Service": "data"}
    before, after = plugins["serverless-pre-function"], plugins["serverless-post-function"]
    assert (before["phase"], after["phase"]) == ("rewrite", "access")  # around forward-auth in every version
    assert all(f'"{name}"' in before["functions"][0].lower() for name in IDENTITY)
    assert all(f'clear_header("{name}")' in after["functions"][0].lower() for name in CREDENTIALS)
    assert "return 503" in after["functions"][0]


def test_traefik_hands_on_only_what_the_gate_says() -> None:
    http = read("traefik.yaml")["http"]
    order = http["routers"]["webservice"]["middlewares"]
    assert order == ["one-reading", "ask-which-service", "gapura", "hide-the-key"]
    asked = http["middlewares"]["gapura"]["forwardAuth"]
    assert asked["address"].endswith("/gateway/check")
    assert (asked["trustForwardHeader"], asked["forwardBody"]) == (False, False)
    assert lower(asked["authRequestHeaders"]) == CREDENTIALS | {"x-gapura-service"}
    assert lower(asked["authResponseHeaders"]) == IDENTITY
    before, after = (http["middlewares"][name]["headers"]["customRequestHeaders"] for name in (order[1], order[3]))
    assert before["X-Gapura-Service"] == "data"
    assert {name.lower() for name, value in after.items() if value == ""} >= CREDENTIALS
    assert CREDENTIALS.isdisjoint(lower(list(before)))  # the gate still needs them


def test_envoy_fails_closed_and_hands_on_only_what_the_gate_says() -> None:
    listener = read("envoy.yaml")["static_resources"]["listeners"][0]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    filters = [one["typed_config"] for one in manager["http_filters"]]
    kinds = [one["@type"].rpartition(".")[2] for one in filters]
    assert kinds == ["HeaderMutation", "ExtAuthz", "RBAC", "Router"]
    assert manager["path_with_escaped_slashes_action"] == "REJECT_REQUEST"
    assert manager["common_http_protocol_options"]["headers_with_underscores_action"] == "REJECT_REQUEST"
    asked = filters[1]
    assert (asked["failure_mode_allow"], asked["status_on_error"]["code"]) == (False, "ServiceUnavailable")
    assert asked["http_service"]["path_prefix"] == "/gateway/check"
    assert asked["http_service"]["server_uri"]["timeout"] == "2s"
    assert {one["exact"] for one in asked["allowed_headers"]["patterns"]} == CREDENTIALS | {"x-forwarded-for"}
    allowed = asked["http_service"]["authorization_response"]["allowed_upstream_headers"]["patterns"]
    assert {one["exact"] for one in allowed} == IDENTITY
    removed = {one.get("remove") for one in filters[0]["mutations"]["request_mutations"]}
    assert IDENTITY | {"x-gapura-service", "x-original-uri", "x-forwarded-uri"} <= removed
    host = manager["route_config"]["virtual_hosts"][0]
    assert set(host["request_headers_to_remove"]) >= CREDENTIALS


# --- what they do ------------------------------------------------------------------------------------------------
@contextmanager
def traefik(program: str, gate: int, webservice: int) -> Iterator[int]:
    """Run Traefik on a free port."""
    port = free_port()
    with scratch("traefik") as folder:
        example = stage.replaced(
            (DEPLOY / "traefik.yaml").read_text(),
            ("127.0.0.1:8001", f"127.0.0.1:{gate}"),
            ("127.0.0.1:9000", f"127.0.0.1:{webservice}"),
            ("      tls: {}\n", ""),
        )
        (folder / "webservice.yaml").write_text(example)
        (folder / "traefik.yaml").write_text(
            yaml.safe_dump(
                {
                    "entryPoints": {
                        "websecure": {"address": f"127.0.0.1:{port}", "http": {"aliasHeadersStrategy": "delete"}}
                    },
                    "providers": {"file": {"filename": str(folder / "webservice.yaml")}},
                    "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
                }
            )
        )
        yield from _serving([program, f"--configFile={folder}/traefik.yaml"], folder / "log", port)


@contextmanager
def envoy(program: str, gate: int, webservice: int) -> Iterator[int]:
    """Run Envoy on a free port."""
    port = free_port()
    with scratch("envoy") as folder:
        example = stage.replaced(
            (DEPLOY / "envoy.yaml").read_text(),
            ("address: 0.0.0.0, port_value: 10000", f"address: 127.0.0.1, port_value: {port}"),
            ("port_value: 8001", f"port_value: {gate}"),
            ("port_value: 9000", f"port_value: {webservice}"),
        )
        (folder / "envoy.yaml").write_text(example)
        command = [program, "-c", f"{folder}/envoy.yaml", "--concurrency", "1", "--disable-hot-restart"]
        yield from _serving([*command, "--log-level", "warning"], folder / "log", port)


def _serving(command: list[str], log: Path, port: int) -> Iterator[int]:
    with running(command, log, signal.SIGTERM) as process:

        def ready() -> bool:
            if process.poll() is not None:
                raise RuntimeError(log.read_text())
            return stage.listens(port) and ask(port, "/", headers=HOST).status != 404  # its files are read by now

        wait_until(ready, command[0])
        yield port


BESIDE_PYTHON = Path(sys.executable).parent
HERE = {name: (run, program(name, BESIDE_PYTHON)) for name, run in {"traefik": traefik, "envoy": envoy}.items()}
"""Both come as wheels with what the tests need."""


@pytest.mark.processes
@pytest.mark.either  # Traefik and Envoy; the gate behind them: test_nginx.py
def test_traefik_and_envoy_with_the_real_gate(
    world: World, webservice: Webservice, request: pytest.FixtureRequest
) -> None:
    gate: Gate = request.getfixturevalue("gate")
    student, listed = world.consumer(burst=1000), world.consumer(addresses=["127.0.0.9"])
    for run, path in HERE.values():
        with run(path, gate.port, webservice.port) as port:
            opens_and_closes(port, webservice, student, listed)
    everything = repr(webservice.received)
    assert student.secret not in everything
    assert student.basic["Authorization"][6:] not in everything
    assert "uwt_" not in everything


def opens_and_closes(port: int, webservice: Webservice, student: Consumer, listed: Consumer) -> None:
    """What every gateway must do; `listed` may come from 127.0.0.9 only."""
    forged = {"X-Gapura-Account": "admin", "X-Gapura-Scope": "pegawai", "X-Gapura-Service": "lain"}
    lies = {"X-Forwarded-For": "127.0.0.9", "X-Forwarded-Uri": STUDENT, "X-Original-URI": STUDENT}
    for headers in (student.key, student.basic, student.bearer("mahasiswa")):
        assert ask(port, f"{STUDENT}?a=b", headers=HOST | headers | forged).status == 200
        request = webservice.received[-1]
        assert request.target == f"{STUDENT}?a=b"
        assert request.header("X-Gapura-Account") == [student.account.username]
        assert request.header("X-Gapura-Scope") == ["mahasiswa"]
    before = len(webservice.received)
    for target, headers, status, reason in (
        (STUDENT, {}, 401, "no_credentials"),
        ("/api/pegawai/1", student.key | lies, 403, "scope"),
        ("/api/dosen/1", student.key, 403, "unknown_path"),
        (STUDENT, listed.key | lies, 403, "address"),
    ):
        answer = ask(port, target, headers=HOST | headers)
        assert (answer.status, answer.headers["x-gapura-reason"]) == (status, reason)
        assert len(webservice.received) == before
    assert ask(port, STUDENT, headers=HOST | listed.key, source="127.0.0.9").status == 200
    for path in REFUSED_PATHS:
        seen = len(webservice.received)
        head = f"GET {path} HTTP/1.1\r\nHost: {HOST['Host']}\r\nX-API-Key: {student.secret}\r\n"
        ask_raw(port, f"{head}Connection: close\r\n\r\n".encode())
        # What is passed on after tidying up is students' data still, and was judged as such.
        passed = [one.target for one in webservice.received[seen:]]
        assert all(target.startswith("/api/mahasiswa/") and ".." not in target for target in passed), path


@pytest.mark.processes
@pytest.mark.either  # Traefik and Envoy; the gate behind them: test_nginx.py
def test_in_traefik_and_envoy_a_gate_in_trouble_opens_nothing(webservice: Webservice) -> None:
    troubles = [None, b"\x00\x01", no("500 Internal Server Error"), no("403 Forbidden", "rate", "Retry-After: 3")]
    not_200 = [YES, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]  # Traefik takes any 2xx; see docs/gateway.md
    with stage.stub_gate() as stub:
        for name, (run, path) in HERE.items():
            stub.says = no("401 Unauthorized", "no_credentials")
            with run(path, stub.port, webservice.port) as port:
                for says in troubles + (not_200 if name == "envoy" else []):
                    stub.says = says
                    before = len(webservice.received)
                    ask(port, STUDENT, headers=HOST | {"X-API-Key": "kunci"})
                    assert len(webservice.received) == before, says
