"""Messages to an outside service: sent to a real receiver that verifies them, refuses, hangs, or is away."""

import base64
import datetime as dates
import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection

from accounts.models import Notice, OutgoingMail
from accounts.roles import Role
from requests_app.sla import WIB
from tests.factories import DataTypeFactory, an_outside_account, person
from tests.racing import at_once
from tests.servers import ROOT, free_port
from webservice_accounts import provisioners, webhooks
from webservice_accounts.models import ProvisioningTask, Service, WebserviceAccount
from webservice_accounts.tasks import deliver, deliver_message
from webservice_accounts.timers import follow_services

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 10, tzinfo=WIB)
Event, State = ProvisioningTask.Event, ProvisioningTask.State
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


# --- the other side -----------------------------------------------------------------------
class Receiver:
    """A webservice that takes messages as docs/provisioning.md tells it to.

    `answers` are given in turn, after them 204; each is a status, or a function that
    talks to the raw connection.
    """

    def __init__(self) -> None:
        self.answers: list[int | tuple[int, dict[str, str]] | Callable[[socket.socket], None]] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.paths: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.paths.append(self.path)
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                answer = receiver.answers.pop(0) if receiver.answers else 204
                if callable(answer):
                    answer(self.connection)
                    self.close_connection = True
                    return
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def do_GET(self) -> None:
                receiver.paths.append(f"GET {self.path}")
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def start(self) -> None:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _headers, body in self.got]


def verify(shown_key: str, headers: dict[str, str], body: bytes) -> bool:
    """What the specification asks of a receiver, written from its text alone."""
    key = base64.b64decode(shown_key.removeprefix("whsec_"))
    signed = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [entry.partition(",") for entry in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(text, expected) for version, _comma, text in given)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a running receiver on this machine."""
    running = Receiver()
    running.start()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _this_machine_is_allowed(settings: Any) -> None:
    settings.DEBUG = True  # plain http
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]


def a_task(receiver: Receiver | str, code: str = "siakad") -> ProvisioningTask:
    """An account was made that reads from a service with a webhook; nothing was sent yet."""
    url = receiver if isinstance(receiver, str) else f"http://127.0.0.1:{receiver.port}/gapura?x=1"
    service = Service.objects.create(code=code, name=code.upper(), provisioner="webhook", webhook_url=url)
    account = an_outside_account(DataTypeFactory(service=service, code=f"{code}-mahasiswa"), at=NOW)
    return account.provisioning_tasks.get()


def fresh(task: ProvisioningTask) -> ProvisioningTask:
    return ProvisioningTask.objects.get(pk=task.pk)


def key_of(code: str = "siakad") -> str:
    service = Service.objects.get(code=code)
    return webhooks.shown(webhooks.keys(service.code, service.webhook_key_version)[0])


# --- delivered ----------------------------------------------------------------------------
def test_a_message_arrives_once_and_can_be_verified(receiver: Receiver) -> None:
    task = a_task(receiver)
    assert deliver(task.pk, now=NOW)
    assert not deliver(task.pk, now=NOW)
    ((headers, body),) = receiver.got
    assert receiver.paths == ["/gapura?x=1"]
    assert verify(key_of(), headers, body)
    assert not verify(key_of(), headers, body + b" ")
    assert not verify(webhooks.shown(b"x" * 32), headers, body)
    assert headers["content-type"] == "application/json"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["webhook-id"] == task.key
    assert "." not in task.key
    assert (receiver.messages[0]["type"], receiver.messages[0]["data"]["username"]) == (
        "account.created",
        "fmipa-presensi",
    )
    done = fresh(task)
    assert (done.state, done.done_at, done.attempts, done.last_status) == (State.DONE, NOW, 1, 204)


def test_the_receiver_of_the_documentation_believes_it_for_five_minutes(receiver: Receiver) -> None:
    page = (ROOT / "docs/provisioning.md").read_text()
    example: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], example)
    task = a_task(receiver)
    deliver(task.pk, now=NOW)
    ((headers, body),) = receiver.got
    for since, believed in ((timedelta(0), True), (5 * MINUTE, True), (5 * MINUTE + SECOND, False)):
        with time_machine.travel(NOW + since, tick=False):
            assert example["is_from_gapura"](key_of(), headers, body) is believed
    with time_machine.travel(NOW, tick=False):
        assert not example["is_from_gapura"](key_of(), headers, body.replace(b"active", b"ended"))


def test_after_a_new_key_the_old_one_still_verifies_until_the_next(receiver: Receiver) -> None:
    task, admin = a_task(receiver), person(Role.ADMINISTRATOR)
    keys = [key_of()]
    for _time in range(2):
        provisioners.replace_webhook_key(task.service, by=admin, now=NOW)
        keys.append(key_of())
        provisioners.send_again(fresh(task), by=admin, now=NOW)
        deliver(task.pk, now=NOW)
    assert len(set(keys)) == 3
    first, second = receiver.got
    assert [verify(key, *first) for key in keys] == [True, True, False]
    assert [verify(key, *second) for key in keys] == [False, True, True]


def test_the_worker_delivers_what_it_is_nudged_to(receiver: Receiver) -> None:
    task = a_task(receiver)
    with time_machine.travel(NOW, tick=False):
        deliver_message(task.pk)
    assert fresh(task).state == State.DONE


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_deliver_once(receiver: Receiver) -> None:
    task = a_task(receiver)
    receiver.answers = [lambda line: (time.sleep(0.3), line.sendall(b"HTTP/1.1 204 OK\r\n\r\n"))[0]]
    outcomes = at_once([lambda: deliver(task.pk, now=NOW)] * 4)
    assert sorted(outcomes, key=str) == [False, False, False, True]
    assert len(receiver.got) == 1


# --- not delivered ------------------------------------------------------------------------
SCHEDULE = [
    timedelta(0),
    5 * SECOND,
    5 * MINUTE + 5 * SECOND,
    35 * MINUTE + 5 * SECOND,
    2 * HOUR + 35 * MINUTE + 5 * SECOND,
    7 * HOUR + 35 * MINUTE + 5 * SECOND,
    17 * HOUR + 35 * MINUTE + 5 * SECOND,
    31 * HOUR + 35 * MINUTE + 5 * SECOND,
    51 * HOUR + 35 * MINUTE + 5 * SECOND,
    75 * HOUR + 35 * MINUTE + 5 * SECOND,
]
"""Time since the start of each try, as Standard Webhooks 1.0.0 prints it."""


def test_a_service_that_is_ill_is_tried_ten_times_in_three_days_and_then_people_are_told(receiver: Receiver) -> None:
    psi, admin = person(Role.PSI), person(Role.ADMINISTRATOR)
    task = a_task(receiver)
    receiver.answers = [500] * 10
    for number, since in enumerate(SCHEDULE, start=1):
        assert fresh(task).state == State.WAITING
        assert not deliver(task.pk, now=NOW + since - SECOND)
        assert len(receiver.got) == number - 1
        assert not deliver(task.pk, now=NOW + since)
        assert len(receiver.got) == number
    assert (fresh(task).state, fresh(task).attempts, fresh(task).last_status) == (State.FAILED, 10, 500)
    ids = {headers["webhook-id"] for headers, _body in receiver.got}
    stamps = [int(headers["webhook-timestamp"]) for headers, _body in receiver.got]
    assert ids == {task.key}
    assert stamps == [int((NOW + since).timestamp()) for since in SCHEDULE], "each try has its own time"
    assert all(verify(key_of(), *got) for got in receiver.got)
    for reader in (psi, admin):
        mail = OutgoingMail.objects.get(to=reader.email)
        assert mail.subject == "Layanan SIAKAD tidak menerima perubahan akun fmipa-presensi"
        assert "HTTP 500" in mail.text
        assert Notice.objects.get(user=reader).url == f"/akun/tugas-layanan/{task.pk}/"


def test_it_succeeds_on_a_later_try(receiver: Receiver) -> None:
    task = a_task(receiver)
    receiver.answers = [503, 204]
    deliver(task.pk, now=NOW)
    assert deliver(task.pk, now=NOW + 5 * SECOND)
    assert (fresh(task).state, fresh(task).attempts, fresh(task).last_error) == (State.DONE, 2, "")


@pytest.mark.parametrize(
    ("said", "wait"), [("120", 120), ("2", 5), ("999999999", 24 * 60 * 60), ("nanti", 5), ("-3", 5), ("", 5)]
)
def test_who_asks_for_patience_gets_it_up_to_a_day(receiver: Receiver, said: str, wait: int) -> None:
    task = a_task(receiver)
    receiver.answers = [(429, {"Retry-After": said})]
    deliver(task.pk, now=NOW)
    assert fresh(task).next_try_at == NOW + timedelta(seconds=wait)


def test_gone_means_gone(receiver: Receiver) -> None:
    psi = person(Role.PSI)
    task = a_task(receiver)
    receiver.answers = [410]
    deliver(task.pk, now=NOW)
    assert (fresh(task).state, fresh(task).last_status) == (State.FAILED, 410)
    assert "tidak mau menerima pesan lagi" in OutgoingMail.objects.get(to=psi.email).text


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    task = a_task(receiver)
    receiver.answers = [(status, {"Location": f"http://127.0.0.1:{receiver.port}/lain"})]
    assert not deliver(task.pk, now=NOW)
    assert receiver.paths == ["/gapura?x=1"]
    assert (fresh(task).state, fresh(task).last_status) == (State.WAITING, status)


def endless_body(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    try:
        while True:
            line.sendall(b"x" * 65536)
    except OSError:
        pass


def endless_headers(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    try:
        while True:
            line.sendall(b"x: " + b"y" * 60000 + b"\r\n")
    except OSError:
        pass


def drip(line: socket.socket) -> None:
    try:
        for character in b"HTTP/1.1 204 OK\r\n" + b"x: y\r\n" * 1000:
            line.sendall(bytes([character]))
            time.sleep(0.1)
    except OSError:
        pass


def hang(line: socket.socket) -> None:
    line.settimeout(5)
    try:
        line.recv(1)
    except OSError:
        pass


def nonsense(line: socket.socket) -> None:
    line.sendall(b"\x00\x01 bukan HTTP\r\n\r\n")


def hang_up(line: socket.socket) -> None:
    line.close()


def test_of_an_endless_answer_nothing_but_the_status_is_read(receiver: Receiver) -> None:
    task = a_task(receiver)
    receiver.answers = [endless_body]
    began = time.monotonic()
    assert deliver(task.pk, now=NOW)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("behaviour", [endless_headers, nonsense, hang_up])
def test_what_is_not_an_answer_is_tried_again(receiver: Receiver, behaviour: Callable[[socket.socket], None]) -> None:
    task = a_task(receiver)
    receiver.answers = [behaviour]
    assert not deliver(task.pk, now=NOW)
    failed = fresh(task)
    assert (failed.state, failed.last_status) == (State.WAITING, None)
    assert failed.last_error


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_a_receiver_that_hangs_or_drips_is_left_in_time(
    receiver: Receiver, behaviour: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "TOTAL_SECONDS", 1.0)
    task = a_task(receiver)
    receiver.answers = [behaviour]
    began = time.monotonic()
    assert not deliver(task.pk, now=NOW)
    assert 0.9 < time.monotonic() - began < 2.5
    assert "Tidak ada jawaban" in fresh(task).last_error


def test_the_time_limits_are_five_and_ten_seconds() -> None:
    assert (webhooks.CONNECT_SECONDS, webhooks.TOTAL_SECONDS) == (5, 10)


def test_nobody_there(receiver: Receiver) -> None:
    task = a_task(f"http://127.0.0.1:{free_port()}/")
    assert not deliver(task.pk, now=NOW)
    assert "ConnectionRefused" in fresh(task).last_error


def test_whatever_goes_wrong_the_row_does_not_stay_on_its_way(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = a_task(receiver)

    def broken(*_: object) -> None:
        raise KeyError("pepper")

    monkeypatch.setattr(webhooks, "keys", broken)
    assert not deliver(task.pk, now=NOW)
    assert (fresh(task).state, fresh(task).attempts) == (State.WAITING, 1)
    assert "KeyError" in fresh(task).last_error


# --- where to ------------------------------------------------------------------------------
def test_at_delivery_the_address_is_looked_at_again(receiver: Receiver, settings: Any) -> None:
    task = a_task(receiver)
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    assert not deliver(task.pk, now=NOW)
    assert receiver.got == []
    assert "bukan milik internet umum" in fresh(task).last_error


def test_plain_http_is_not_used_outside_development(receiver: Receiver, settings: Any) -> None:
    task = a_task(receiver)
    settings.DEBUG = False
    assert not deliver(task.pk, now=NOW)
    assert receiver.got == []


def test_a_name_that_turns_inwards_between_two_look_ups_is_not_followed(
    receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the first answer is checked and used; there is no second question whose answer could differ."""
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.2/32")]
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"]

    monkeypatch.setattr(webhooks, "resolve", resolve)
    task = a_task(f"http://layanan.uji:{receiver.port}/")
    assert not deliver(task.pk, now=NOW), "nobody listens on 127.0.0.2"
    assert asked == ["layanan.uji"]
    assert receiver.got == []
    assert not deliver(task.pk, now=NOW + 5 * SECOND), "now the name points to where we listen, which is not allowed"
    assert receiver.got == []
    assert "127.0.0.1" in fresh(task).last_error


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return certificate and key for layanan.uji in one file; this process trusts it (SSL_CERT_FILE)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "layanan.uji")])
    now = datetime.now(dates.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("layanan.uji")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "layanan.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


@pytest.mark.parametrize(("host", "arrives"), [("layanan.uji", True), ("lain.uji", False)])
def test_over_tls_the_name_is_checked_while_the_connection_goes_to_the_checked_address(
    certificate: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, host: str, arrives: bool
) -> None:
    settings.DEBUG = False
    monkeypatch.setattr(webhooks, "resolve", lambda _host, _port: ["127.0.0.1"])
    receiver = Receiver()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    receiver.start()
    try:
        task = a_task(f"https://{host}:{receiver.port}/gapura")
        assert deliver(task.pk, now=NOW) is arrives
        assert len(receiver.got) == int(arrives)
        if arrives:
            assert receiver.got[0][0]["host"] == f"layanan.uji:{receiver.port}"
        else:
            assert "CERTIFICATE_VERIFY_FAILED" in fresh(task).last_error
    finally:
        receiver.stop()


# --- order ----------------------------------------------------------------------------------
def change(account: WebserviceAccount, event: ProvisioningTask.Event, now: datetime, **fields: object) -> None:
    WebserviceAccount.objects.filter(pk=account.pk).update(**fields)
    provisioners.announce(account, event, now=now)


def test_an_end_does_not_wait_behind_a_message_that_keeps_failing(receiver: Receiver) -> None:
    task = a_task(receiver)
    receiver.answers = [500]
    deliver(task.pk, now=NOW)
    change(task.account, Event.SUSPEND, NOW + SECOND, suspended_at=NOW + SECOND)
    with time_machine.travel(NOW + HOUR, tick=False):
        assert follow_services() == 1
    assert [message["type"] for message in receiver.messages] == ["account.created", "account.suspended"]
    assert fresh(task).state == State.SUPERSEDED
    timestamps = [message["timestamp"] for message in receiver.messages]
    assert timestamps == sorted(timestamps)


@pytest.mark.django_db(transaction=True)
def test_two_messages_of_one_account_are_never_on_their_way_together(receiver: Receiver) -> None:
    task = a_task(receiver)
    seen: list[bool] = []

    def meanwhile(line: socket.socket) -> None:
        change(task.account, Event.SUSPEND, NOW, suspended_at=NOW)
        newer = ProvisioningTask.objects.latest("pk")
        seen.append(deliver(newer.pk, now=NOW))
        connection.close()
        line.sendall(b"HTTP/1.1 500 no\r\n\r\n")

    receiver.answers = [meanwhile]
    assert not deliver(task.pk, now=NOW)
    assert seen == [False]
    assert fresh(task).state == State.SUPERSEDED, "the newer one says more"
    assert deliver(ProvisioningTask.objects.latest("pk").pk, now=NOW)
    assert [message["type"] for message in receiver.messages] == ["account.created", "account.suspended"]


def test_other_accounts_do_not_wait(receiver: Receiver) -> None:
    first = a_task(receiver)
    second = an_outside_account(
        first.account.grants.get().data_type, at=NOW, username="feb-arsip"
    ).provisioning_tasks.get()
    ProvisioningTask.objects.filter(pk=first.pk).update(state=State.SENDING, sending_since=NOW)
    assert deliver(second.pk, now=NOW)


# --- the sweep ------------------------------------------------------------------------------
def test_the_sweep_sends_what_stayed_behind_and_what_a_dead_worker_held(receiver: Receiver) -> None:
    task = a_task(receiver)
    with time_machine.travel(NOW, tick=False):
        assert follow_services() == 1
        ProvisioningTask.objects.update(state=State.SENDING, sending_since=NOW - timedelta(minutes=9))
        assert follow_services() == 0
        ProvisioningTask.objects.update(sending_since=NOW - timedelta(minutes=11))
        assert follow_services() == 1
    assert fresh(task).state == State.DONE


def test_a_late_worker_does_not_undo_what_another_did_with_its_row(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = a_task(receiver)

    def slow(*_: object) -> webhooks.Answer:
        ProvisioningTask.objects.filter(pk=task.pk).update(state=State.DONE, sending_since=None, done_at=NOW)
        return webhooks.Answer(500, 0)

    monkeypatch.setattr(webhooks, "post", slow)
    deliver(task.pk, now=NOW)
    assert (fresh(task).state, fresh(task).done_at) == (State.DONE, NOW)


def test_the_end_of_an_account_is_told_by_the_sweep_alone(receiver: Receiver) -> None:
    task = a_task(receiver)
    deliver(task.pk, now=NOW)
    with time_machine.travel(task.account.ends_at - SECOND, tick=False):
        follow_services()
    assert len(receiver.got) == 1
    with time_machine.travel(task.account.ends_at, tick=False):
        follow_services()
        follow_services()
    last = receiver.messages[-1]
    assert (len(receiver.got), last["type"], last["data"]["state"]) == (2, "account.ended", "ended")


@pytest.mark.parametrize("fields", [{"is_active": False}, {"provisioner": "by_hand"}, {"provisioner": "gate"}])
def test_nothing_is_sent_to_a_service_that_is_off_or_has_no_webhook(receiver: Receiver, fields: dict[str, Any]) -> None:
    task = a_task(receiver)
    Service.objects.update(**fields)
    assert not deliver(task.pk, now=NOW)
    assert receiver.got == []


# --- again ----------------------------------------------------------------------------------
@pytest.mark.parametrize("state", [State.FAILED, State.WAITING, State.DONE])
def test_sent_again_by_hand_it_keeps_its_id_and_begins_its_schedule_anew(receiver: Receiver, state: str) -> None:
    task = a_task(receiver)
    ProvisioningTask.objects.update(state=state, attempts=10, next_try_at=NOW + HOUR)
    provisioners.send_again(task, by=person(Role.PSI), now=NOW)
    receiver.answers = [500]
    deliver(task.pk, now=NOW)
    assert fresh(task).next_try_at == NOW + 5 * SECOND
    assert deliver(task.pk, now=NOW + 5 * SECOND)
    assert {headers["webhook-id"] for headers, _body in receiver.got} == {task.key}


def test_what_was_overtaken_or_is_on_its_way_is_not_sent_again(receiver: Receiver) -> None:
    task, psi = a_task(receiver), person(Role.PSI)
    ProvisioningTask.objects.update(state=State.SENDING)
    with pytest.raises(provisioners.Refused, match="sedang dikirim"):
        provisioners.send_again(task, by=psi, now=NOW)
    ProvisioningTask.objects.update(state=State.DONE)
    change(task.account, Event.SUSPEND, NOW, suspended_at=NOW)
    with pytest.raises(provisioners.Refused, match="perubahan yang lebih baru"):
        provisioners.send_again(task, by=psi, now=NOW)
