"""A consumer, real nginx with the files of deploy/gateway, the real gate, a webservice: what opens and what closes."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.gateway import stage
from tests.gateway.conftest import Certificate, Consumer, Gate, World
from tests.gateway.stage import Gateway, Webservice, ask, ask_raw
from tests.gateway.test_nginx_files import REFUSED_PATHS
from tests.servers import wait_until
from webservice_accounts import credentials
from webservice_accounts.models import DailyUse

pytestmark = pytest.mark.processes

STUDENT = "/api/mahasiswa/1908107010021"
EMPLOYEE = "/api/pegawai/198809122015042001"
SOAP = "/layanan/Pegawai.asmx"


@pytest.fixture(scope="module")
def gateway(nginx_program: str, certificate: Certificate, gate: Gate, webservice: Webservice) -> Iterator[Gateway]:
    """Return nginx as delivered: every request is asked about."""
    with stage.nginx(nginx_program, gate=gate.port, webservice=webservice.port, certificate=certificate) as running:
        yield running


@pytest.fixture(scope="module")
def student(world: World) -> Consumer:
    """Return somebody who may read students' data, for questions that change nothing about the account."""
    return world.consumer("mahasiswa", rate_per_minute=60_000, burst=60_000)


# --- opens ---------------------------------------------------------------------------------------------------
def test_the_right_key_opens_in_each_of_its_three_forms(
    gateway: Gateway, student: Consumer, webservice: Webservice
) -> None:
    for headers in (student.key, student.basic, student.bearer("mahasiswa")):
        answer = ask(gateway.port, STUDENT, headers=headers)
        assert (answer.status, answer.body) == (200, f'{{"asked":"{STUDENT}","bytes":0}}')
        request = webservice.received[-1]
        assert request.header("X-Gapura-Account") == [student.account.username]
        assert request.header("X-Gapura-Unit") == ["fmipa"]
        assert request.header("X-Gapura-Scope") == ["mahasiswa"]
        assert request.header("X-Gapura-Data") == ["mahasiswa"]
        assert request.header("X-Gapura-Expires")[0].endswith("Z")


def test_each_key_opens_its_own_data_and_no_other(gateway: Gateway, world: World) -> None:
    both, employee = world.consumer("mahasiswa pegawai"), world.consumer("pegawai")
    for consumer, target, status in (
        (both, STUDENT, 200),
        (both, EMPLOYEE, 200),
        (employee, EMPLOYEE, 200),
        (employee, STUDENT, 403),
    ):
        answer = ask(gateway.port, target, headers=consumer.key)
        assert (answer.status, answer.reason) == (status, "scope" if status == 403 else "")
    narrow = both.bearer("pegawai")  # a token may be for less than the account has
    assert ask(gateway.port, EMPLOYEE, headers=narrow).status == 200
    assert ask(gateway.port, STUDENT, headers=narrow).reason == "scope"


def test_an_old_soap_service_works_behind_it(gateway: Gateway, world: World, webservice: Webservice) -> None:
    consumer = world.consumer("pegawai")
    envelope = b"<soap:Envelope><soap:Body><CariPegawai/></soap:Body></soap:Envelope>"
    headers = {**consumer.basic, "Content-Type": "text/xml", "SOAPAction": '"CariPegawai"'}
    answer = ask(gateway.port, f"{SOAP}?op=CariPegawai", method="POST", headers=headers, body=envelope)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml")
    assert webservice.received[-1].body == envelope
    assert webservice.received[-1].header("SOAPAction") == ['"CariPegawai"']


def test_head_passes_where_get_does(gateway: Gateway, student: Consumer) -> None:
    answer = ask(gateway.port, STUDENT, method="HEAD", headers=student.key)
    assert (answer.status, answer.body) == (200, "")


# --- closes --------------------------------------------------------------------------------------------------
def test_without_a_key_or_with_a_wrong_one_it_stays_closed(
    gateway: Gateway, student: Consumer, world: World, webservice: Webservice
) -> None:
    other = world.consumer("mahasiswa")
    stolen = Consumer(other.account, other.row, student.secret)  # somebody's key under another's name
    before = len(webservice.received)
    for headers, reason in (
        ({}, "no_credentials"),
        ({"X-API-Key": credentials.new_secret()}, "unknown_credentials"),
        ({"X-API-Key": student.secret[:-1] + "~"}, "unknown_credentials"),
        ({"X-API-Key": student.secret.replace("uws_", "UWS_")}, "unknown_credentials"),
        ({"Authorization": f"Bearer {credentials.new_token()}"}, "unknown_credentials"),
        ({"Authorization": f"Bearer {student.secret}"}, "unknown_credentials"),
        ({"Authorization": "Basic !!!"}, "malformed"),
        ({"Authorization": "Negotiate abc"}, "malformed"),
        (stolen.basic, "unknown_credentials"),
        (student.key | student.basic, "malformed"),
    ):
        answer = ask(gateway.port, STUDENT, headers=headers)
        assert (answer.status, answer.reason) == (401, reason), headers
        assert answer.headers["www-authenticate"].startswith(("Basic ", "Bearer "))
    assert len(webservice.received) == before


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get"])
def test_another_method_is_closed(gateway: Gateway, student: Consumer, method: str) -> None:
    answer = ask(gateway.port, STUDENT, method=method, headers=student.key)
    assert answer.status in {400, 403, 405}
    if method != "get":
        assert answer.reason == "unknown_path"


def test_the_method_cannot_be_changed_behind_the_gate(
    gateway: Gateway, student: Consumer, webservice: Webservice
) -> None:
    overrides = {"X-HTTP-Method-Override": "DELETE", "X-Original-URL": EMPLOYEE, "X-Rewrite-URL": EMPLOYEE}
    assert ask(gateway.port, STUDENT, headers=student.key | overrides).status == 200
    assert {"DELETE", EMPLOYEE}.isdisjoint(value for _name, value in webservice.received[-1].headers)


@pytest.mark.parametrize(
    "target", ["/", "/api", "/api/", "/api/dosen/1", "/api/mahasiswa2/1", "/admin", "/API/mahasiswa/1"]
)
def test_a_path_that_belongs_to_no_data_is_closed(gateway: Gateway, student: Consumer, target: str) -> None:
    answer = ask(gateway.port, target, headers=student.key)
    assert (answer.status, answer.reason) == (403, "unknown_path")


@pytest.mark.parametrize("path", [path for path in REFUSED_PATHS if "pegawai" in path])
def test_no_variant_of_a_path_leads_from_one_kind_of_data_to_another(
    gateway: Gateway, student: Consumer, webservice: Webservice, path: str
) -> None:
    before = len(webservice.received)
    request = f"GET {path} HTTP/1.1\r\nHost: webservice.example.ac.id\r\nX-API-Key: {student.secret}\r\n\r\n"
    assert ask_raw(gateway.port, request.encode()).status == 400
    assert len(webservice.received) == before


def test_another_address_is_closed(gateway: Gateway, world: World) -> None:
    listed = world.consumer(addresses=["127.0.0.9", "127.0.1.0/24"])
    for source, status in (
        ("127.0.0.9", 200),
        ("127.0.1.1", 200),
        ("127.0.1.254", 200),
        ("127.0.0.8", 403),
        ("127.0.2.1", 403),
    ):
        answer = ask(gateway.port, STUDENT, headers=listed.key, source=source)
        assert (answer.status, answer.reason) == (status, "address" if status == 403 else ""), source
    lies = {"X-Forwarded-For": "127.0.0.9", "X-Real-IP": "127.0.0.9", "X-Original-Addr": "127.0.0.9"}
    answer = ask(gateway.port, STUDENT, headers=listed.key | lies)
    assert (answer.status, answer.reason) == (403, "address")


def test_addresses_of_version_six(gateway: Gateway, world: World) -> None:
    here, elsewhere = world.consumer(addresses=["::1/128"]), world.consumer(addresses=["2001:db8::/32", "127.0.0.1"])
    assert ask(gateway.port, STUDENT, headers=here.key, host="::1").status == 200
    assert ask(gateway.port, STUDENT, headers=here.key).reason == "address"
    assert ask(gateway.port, STUDENT, headers=elsewhere.key, host="::1").reason == "address"
    assert ask(gateway.port, STUDENT, headers=elsewhere.key).status == 200


def test_too_many_requests_are_told_when_to_come_again_and_others_do_not_notice(
    gateway: Gateway, world: World, student: Consumer
) -> None:
    flooding = world.consumer(rate_per_minute=6, burst=5)
    answers = [ask(gateway.port, STUDENT, headers=flooding.key) for _time in range(30)]
    refused = [answer for answer in answers if answer.status != 200]
    assert answers[0].status == 200
    assert 30 - len(refused) <= 2 * 5 + 1  # without Redis each of the gate's two processes counts for itself
    assert {(answer.status, answer.reason) for answer in refused} == {(429, "rate")}
    # With Redis what the two gave together beyond the burst, at most 5, is paid back first: a token takes 10 s.
    assert all(1 <= int(answer.headers["retry-after"]) <= 10 * (5 + 1) for answer in refused)
    assert ask(gateway.port, STUDENT, headers=student.key).status == 200


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"suspended_at": -1}, 403, "suspended"),
        ({"revoked_at": -1}, 403, "revoked"),
        ({"ends_at": -1}, 403, "ended"),
        ({"starts_at": 3600}, 403, "not_yet_active"),
        ({"revealed_at": None}, 403, "not_yet_active"),
    ],
)
def test_an_account_that_is_not_valid_is_closed(
    gateway: Gateway, world: World, fields: dict[str, float | None], status: int, reason: str
) -> None:
    now = timezone.now()
    moments = {name: None if value is None else now + timedelta(seconds=value) for name, value in fields.items()}
    consumer = world.consumer(**moments)
    for headers in (consumer.key, consumer.basic, consumer.bearer("mahasiswa")):
        answer = ask(gateway.port, STUDENT, headers=headers)
        assert (answer.status, answer.reason) == (status, reason)


def test_of_two_keys_the_ended_one_is_closed(gateway: Gateway, world: World) -> None:
    new = world.consumer()
    old = world.key_of(new.account, ends_at=timezone.now() - timedelta(seconds=1))
    other = world.key_of(new.account, ends_at=timezone.now() + timedelta(hours=1))
    assert ask(gateway.port, STUDENT, headers=new.key).status == 200
    assert ask(gateway.port, STUDENT, headers=other.key).status == 200
    answer = ask(gateway.port, STUDENT, headers=old.key)
    assert (answer.status, answer.reason) == (401, "expired")


def test_what_changes_is_noticed_within_seconds(gateway: Gateway, world: World) -> None:
    """Without remembered decisions: the account's end to the second, the rest within the gate's own 5 seconds."""
    revoked, suspended, narrowed = world.consumer(), world.consumer(), world.consumer("mahasiswa pegawai")
    ending = world.consumer(ends_in=3)
    changed = {"revoked": revoked, "suspended": suspended, "scope": narrowed}
    everybody = changed | {"ended": ending}

    def reason(name: str) -> str:
        return ask(gateway.port, STUDENT, headers=everybody[name].key).reason

    assert {name: reason(name) for name in everybody} == dict.fromkeys(everybody, "")
    now = timezone.now()
    revoked.change(revoked_at=now)
    suspended.change(suspended_at=now)
    narrowed.account.grants.filter(data_type__code="mahasiswa").update(until=now)
    wait_until(lambda: timezone.now() > ending.account.ends_at, "the end")
    assert reason("ended") == "ended"
    wait_until(lambda: timezone.now() - now > timedelta(seconds=5.2), "five seconds")
    assert {name: reason(name) for name in everybody} == {name: name for name in everybody}


# --- trust -----------------------------------------------------------------------------------------------------
def test_the_webservice_never_sees_what_opens_it(gateway: Gateway, world: World, webservice: Webservice) -> None:
    consumer = world.consumer()
    token = consumer.bearer("mahasiswa")
    for headers in (consumer.key, consumer.basic, token):
        target = f"{STUDENT}?{len(headers)}"
        assert ask(gateway.port, target, headers=headers).status == 200
    assert ask(gateway.port, f"{STUDENT}?kunci={consumer.secret}", headers=consumer.key).status == 400
    everything = repr(webservice.received)
    for secret in (consumer.secret, consumer.basic["Authorization"][6:], token["Authorization"][7:]):
        assert secret not in everything
    assert "uws_" not in everything
    assert "uwt_" not in everything


def test_a_key_in_the_query_opens_nothing(gateway: Gateway, student: Consumer) -> None:
    for name in ("api_key", "key", "access_token", "X-API-Key"):
        assert ask(gateway.port, f"{STUDENT}?{name}={student.secret}").reason == "key_in_address"
    coded = "".join(f"%{ord(letter):02x}" for letter in student.secret)
    assert ask(gateway.port, f"{STUDENT}?key={coded}").reason == "no_credentials"


def test_forged_words_about_the_request_open_nothing(gateway: Gateway, student: Consumer) -> None:
    forged = {
        "X-Original-URI": STUDENT,
        "X-Original-Method": "GET",
        "X-Forwarded-Uri": STUDENT,
        "X-Forwarded-Method": "GET",
        "X-Gapura-Scope": "pegawai",
        "X-Gapura-Account": "admin",
    }
    answer = ask(gateway.port, EMPLOYEE, headers=student.key | forged)
    assert (answer.status, answer.reason) == (403, "scope")
    answer = ask(gateway.port, STUDENT, headers=student.key | forged | {"X-Gapura-Service": "lain"})
    assert answer.status == 200


def test_the_logs_hold_no_secret(gateway: Gateway, gate: Gate, student: Consumer) -> None:
    ask(gateway.port, STUDENT, headers=student.key)
    ask(gateway.port, f"{STUDENT}?a=b", headers=student.basic)
    assert f'"account":"{student.account.username}"' in gateway.access_log
    for text in (gateway.access_log, gate.process.log):
        assert student.secret not in text
        assert student.basic["Authorization"][6:] not in text


# --- trouble ---------------------------------------------------------------------------------------------------
def test_many_at_once_each_get_their_own_answer(gateway: Gateway, world: World) -> None:
    students = [world.consumer("mahasiswa") for _number in range(5)]
    employees = [world.consumer("pegawai") for _number in range(5)]
    questions = [(consumer, target) for consumer in students + employees for target in (STUDENT, EMPLOYEE)] * 20

    def answer(question: tuple[Consumer, str]) -> bool:
        consumer, target = question
        expected = 200 if (consumer in students) == (target == STUDENT) else 403
        return ask(gateway.port, target, headers=consumer.key).status == expected

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(answer, questions)) == [True] * 400


def test_a_gate_that_stands_still_opens_nothing_and_recovers(
    gateway: Gateway, gate: Gate, student: Consumer, webservice: Webservice
) -> None:
    assert ask(gateway.port, STUDENT, headers=student.key).status == 200
    before = len(webservice.received)
    gate.process.signal(signal.SIGSTOP)
    try:
        time.sleep(0.3)  # until every thread of it has stopped
        answer = ask(gateway.port, STUDENT, headers=student.key)
    finally:
        gate.process.signal(signal.SIGCONT)
    assert (answer.status, answer.reason) == (503, "unavailable")
    assert answer.seconds < 3
    assert len(webservice.received) == before
    assert ask(gateway.port, STUDENT, headers=student.key).status == 200


def test_use_is_counted(gateway: Gateway, world: World) -> None:
    consumer = world.consumer(rate_per_minute=6000, burst=100)
    for target in (STUDENT, STUDENT, EMPLOYEE):
        ask(gateway.port, target, headers=consumer.key)

    def counted() -> dict[str, int]:
        rows = DailyUse.objects.filter(account=consumer.account)
        return {row.result: row.count for row in rows}

    wait_until(lambda: sum(counted().values()) == 3, "the counts in the database", 20)
    assert counted() == {"allowed": 2, "scope": 1}
