"""nginx with remembered decisions (cache.conf): what it saves, what it must not mix up, and how soon it forgets."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.gateway import stage
from tests.gateway.conftest import Certificate, Consumer, Gate, World
from tests.gateway.stage import YES, Gateway, StubGate, Webservice, ask, no
from webservice_accounts.lifecycle import TAKES_EFFECT_WITHIN

pytestmark = [pytest.mark.processes, pytest.mark.either]  # what nginx remembers; the gate behind it: test_nginx.py

STUDENT = "/api/mahasiswa/1908107010021"
EARLY = [f"/api/mahasiswa/{number}" for number in range(8)]
"""Enough for each process of the gate to be asked."""
LATE = [f"/api/mahasiswa/{number}" for number in range(8, 16)]
KEPT = YES.replace(b"\r\n\r\n", b"\r\nX-Accel-Expires: 20\r\nCache-Control: private, max-age=20\r\n\r\n")


@pytest.fixture(scope="module")
def gateway(nginx_program: str, certificate: Certificate, gate: Gate, webservice: Webservice) -> Iterator[Gateway]:
    """Return nginx that remembers decisions, in front of the real gate."""
    with stage.nginx(
        nginx_program, gate=gate.port, webservice=webservice.port, certificate=certificate, edit=stage.with_cache
    ) as running:
        yield running


@pytest.fixture
def stub() -> Iterator[StubGate]:
    """Return a gate that says yes for 20 seconds."""
    with stage.stub_gate() as running:
        running.says = KEPT
        yield running


@pytest.fixture
def stubbed(nginx_program: str, certificate: Certificate, webservice: Webservice, stub: StubGate) -> Iterator[Gateway]:
    """Return nginx that remembers decisions, in front of the stub."""
    with stage.nginx(
        nginx_program, gate=stub.port, webservice=webservice.port, certificate=certificate, edit=stage.with_cache
    ) as running:
        yield running


def test_a_yes_is_asked_for_once_per_key_path_method_and_address(
    stubbed: Gateway, stub: StubGate, webservice: Webservice
) -> None:
    first = {"X-API-Key": "kunci-1"}
    for _time in range(5):
        assert ask(stubbed.port, "/api/satu", headers=first).status == 200
    assert len(stub.asked) == 1
    assert webservice.received[-1].header("X-Gapura-Account") == ["portal"]  # remembered with the yes
    assert ask(stubbed.port, "/api/satu?halaman=2", headers=first).status == 200
    assert len(stub.asked) == 1
    for question in (
        {"target": "/api/dua", "headers": first},
        {"target": "/api/satu", "headers": first, "method": "POST"},
        {"target": "/api/satu", "headers": first, "source": "127.0.0.9"},
        {"target": "/api/satu", "headers": {"X-API-Key": "kunci-2"}},
        {"target": "/api/satu", "headers": {"Authorization": "kunci-1"}},
        {"target": "/api/satu", "headers": {}},
    ):
        before = len(stub.asked)
        ask(stubbed.port, **question)  # type: ignore[arg-type]
        assert len(stub.asked) == before + 1, question


@pytest.mark.parametrize(
    "says",
    [
        no("401 Unauthorized", "unknown_credentials", "Cache-Control: no-store"),
        no("403 Forbidden", "scope", "Cache-Control: no-store"),
        no("403 Forbidden", "rate", "Retry-After: 1", "Cache-Control: max-age=60"),
        no("500 Internal Server Error", "", "Cache-Control: max-age=60"),
        b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 0\r\n\r\n",
        YES,  # a yes that does not say for how long
    ],
)
def test_nothing_else_is_remembered(stubbed: Gateway, stub: StubGate, says: bytes) -> None:
    stub.says = says
    for time_asked in range(1, 4):
        ask(stubbed.port, "/api/satu", headers={"X-API-Key": "kunci-1"})
        assert len(stub.asked) == time_asked
    stub.says = KEPT
    assert ask(stubbed.port, "/api/satu", headers={"X-API-Key": "kunci-1"}).status == 200


def test_what_is_remembered_can_be_read_by_nginx_alone(stubbed: Gateway, stub: StubGate) -> None:
    ask(stubbed.port, "/api/satu", headers={"X-API-Key": "kunci-1"})
    assert (stubbed.folder / "decisions").stat().st_mode & 0o777 == 0o700


def test_nginx_counts_requests_where_the_gate_does_not_see_them(stubbed: Gateway, stub: StubGate) -> None:
    answers = [ask(stubbed.port, "/api/satu", headers={"X-API-Key": "kunci-banjir"}) for _time in range(150)]
    refused = [answer for answer in answers if answer.status != 200]
    assert {(answer.status, answer.reason, answer.headers["retry-after"]) for answer in refused} == {(429, "rate", "1")}
    assert len(refused) > 20
    assert ask(stubbed.port, "/api/satu", headers={"X-API-Key": "kunci-lain"}).status == 200


def test_a_remembered_yes_is_for_its_address_only(gateway: Gateway, world: World) -> None:
    listed = world.consumer(addresses=["127.0.0.9"])
    assert ask(gateway.port, STUDENT, headers=listed.key, source="127.0.0.9").status == 200
    assert ask(gateway.port, STUDENT, headers=listed.key).reason == "address"
    assert ask(gateway.port, STUDENT, headers=listed.key, source="127.0.0.9").status == 200


def test_every_change_takes_effect_within_the_promised_time(gateway: Gateway, world: World) -> None:
    """Real time, at its worst: nginx remembers a yes that the gate gave from memory when the change was 4 s old."""
    people: dict[str, Consumer] = {
        "revoked": world.consumer(),
        "suspended": world.consumer(),
        "scope": world.consumer("mahasiswa pegawai"),
        "expired": world.consumer(),
        "ended": world.consumer(ends_in=8.3),
    }
    late: dict[str, list[str]] = {}

    def reason(name: str, target: str) -> str:
        return ask(gateway.port, target, headers=people[name].key).reason

    for name in people:
        assert [reason(name, target) for target in EARLY] == [""] * len(EARLY), name
    changed, began = timezone.now(), time.monotonic()
    people["revoked"].change(revoked_at=changed)
    people["suspended"].change(suspended_at=changed)
    people["scope"].account.grants.filter(data_type__code="mahasiswa").update(until=changed)
    type(people["expired"].row).objects.filter(pk=people["expired"].row.pk).update(ends_at=changed)
    time.sleep(4.0)
    for name in people:
        # A process of the gate that remembers says yes, and nginx remembers that from now on.
        late[name] = [target for target in LATE if not reason(name, target)]
    closed: dict[str, float] = {}
    while len(closed) < len(people):
        for name in people.keys() - closed.keys():
            if all(reason(name, target) == name for target in [EARLY[0], *late[name]]):
                closed[name] = time.monotonic() - began
        assert time.monotonic() - began < 40, closed
        time.sleep(0.25)
    assert all(seconds < TAKES_EFFECT_WITHIN / timedelta(seconds=1) for seconds in closed.values()), closed
    assert min(seconds for name, seconds in closed.items() if name != "ended") > 15, "nothing was remembered"
    end = (people["ended"].account.ends_at - changed) / timedelta(seconds=1)
    assert end <= closed["ended"] < end + 1
