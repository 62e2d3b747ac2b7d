"""What breaks around the house: broker, mail server, worker, the database in mid-sentence, two people at once.

A step that was confirmed to a person has happened, whole; what follows from it waits in its row and is done later.
"""

import asyncio
import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import AuditEvent, OutgoingMail
from accounts.roles import Role
from accounts.timers import deliver_waiting_mail
from config import demo
from config.visitor import Visitor
from requests_app import policies
from requests_app.models import AccessRequest, AgendaEntry, NumberBook
from requests_app.policies import Refused
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import account, agenda, confirmation, move, reply_letter, request_letter
from requests_app.steps.move import ActedFirst
from tests import factories, live, servers
from tests.fingerprints import whole_database
from tests.racing import at_once
from tests.servers import free_port, wait_until
from webservice_accounts import handover
from webservice_accounts.models import WebserviceAccount

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=1)
PATIENCE = 3.0
"""Seconds within which a page must come back, whatever is broken behind it."""


# --- the broker -----------------------------------------------------------------------------------------
class Gate:
    """The port of a broker: "refused" (nobody listens), "silent" (takes the call and never speaks), or "open"."""

    def __init__(self, state: str) -> None:
        self.port, self.state = free_port(), state
        self.behind = 0
        self.calls: list[socket.socket] = []
        self.listener: socket.socket | None = None
        if state != "refused":
            self._listen()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def open(self, url: str) -> None:
        """From now on lead to the Redis at that address; whoever was in a call must call again."""
        self.behind, self.state = int(url.split(":")[2].partition("/")[0]), "open"
        if self.listener is None:
            self._listen()
        self._hang_up()

    def close(self) -> None:
        """Refuse calls, and end those that are on."""
        self.state = "refused"
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        self._hang_up()

    def _hang_up(self) -> None:
        for call in self.calls:
            with contextlib.suppress(OSError):
                call.shutdown(socket.SHUT_RDWR)
        self.calls.clear()

    def _listen(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._answer, args=(self.listener,), daemon=True).start()

    def _answer(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                call, _address = listener.accept()
                self.calls.append(call)
                if self.state == "open":
                    other = socket.create_connection(("127.0.0.1", self.behind))
                    self.calls.append(other)
                    for pair in ((call, other), (other, call)):
                        threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while words := source.recv(65536):
                target.sendall(words)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def gates() -> Iterator[Callable[[str], Gate]]:
    """Return a function that puts a broken broker on a port."""
    made: list[Gate] = []

    def make(state: str) -> Gate:
        made.append(Gate(state))
        return made[-1]

    yield make
    for gate in made:
        gate.close()


@pytest.fixture
def redis_url(need: Callable[[str], str]) -> Iterator[str]:
    """Return the address of a real Redis of this test's own."""
    need("redis-server")
    with servers.redis() as url:
        yield url


def timed(act: Callable[[], Any]) -> tuple[Any, float]:
    began = time.monotonic()
    return act(), time.monotonic() - began


def mails_of(gapura: live.LiveGapura, *references: str) -> list[tuple[str, str]]:
    """Address and state of the mails about these requests."""
    found = gapura.shell(
        "from accounts.models import OutgoingMail\n"
        "for row in OutgoingMail.objects.order_by('pk'): print(row.key.partition(':')[0], row.to, row.state)"
    )
    rows = [line.split() for line in found.splitlines()]
    return [(to, state) for reference, to, state in rows if reference in references]


@pytest.mark.parametrize("state", ["refused", "silent"])
def test_a_broken_broker_delays_no_page_and_loses_no_mail(
    foundry: live.Foundry, gates: Callable[[str], Gate], redis_url: str, state: str
) -> None:
    gate = gates(state)
    with foundry.gapura(worker=False, REDIS_URL=gate.url) as gapura:
        before = gapura.shell(
            "from requests_app.models import AccessRequest; from accounts.models import OutgoingMail\n"
            "OutgoingMail.objects.all().delete()\n"
            "for item in AccessRequest.objects.filter(status='submitted'): print(item.reference)"
        )
        references = before.split()
        assert len(references) > 1
        helpdesk = Visitor(gapura.base_url)
        _page, seconds = timed(lambda: helpdesk.sign_in(demo.HELPDESK.email, demo.PASSWORD))
        assert seconds < 2 * PATIENCE, "signing in is two pages"
        for reference in references:
            page = helpdesk.get(f"/permohonan/{reference}/agenda/kembalikan/")
            form, words = page.form(having="reason"), {"reason": "Nomor telepon belum tercantum."}
            answer, seconds = timed(lambda page=page, form=form, words=words: helpdesk.send(page, form, words))
            assert seconds < PATIENCE
            assert answer.status == 200
            answer.expect(f"Surat {reference} dikembalikan")
        waiting = mails_of(gapura, *references)
        assert len(waiting) >= 2 * len(references)
        assert {state for _to, state in waiting} == {"waiting"}
        assert gapura.mailbox.messages == []
        assert "Traceback" not in gapura.web.log

        gate.open(redis_url)
        gapura.start_worker(beat=False)
        gapura.shell("from accounts.timers import deliver_waiting_mail; deliver_waiting_mail.delay()")
        wait_until(lambda: len(gapura.mailbox.messages) >= len(waiting), "all mails")
        assert sorted(str(mail["To"]) for mail in gapura.mailbox.messages) == sorted(to for to, _state in waiting)
        assert {state for _to, state in mails_of(gapura, *references)} == {"sent"}


def test_a_worker_outlives_its_broker(foundry: live.Foundry, gates: Callable[[str], Gate], redis_url: str) -> None:
    gate = gates("refused")
    gate.open(redis_url)
    with foundry.gapura(beat=False, REDIS_URL=gate.url) as gapura:
        worker = gapura.worker
        assert worker is not None
        gate.close()
        wait_until(lambda: "Connection to broker lost" in worker.log, "the worker to notice", 30)
        gate.open(redis_url)
        ask = "from accounts.timers import heartbeat; heartbeat.delay()"
        beat = "from django.core.cache import cache; print(cache.get('worker-heartbeat'))"
        gapura.shell(ask)
        wait_until(lambda: "None" not in gapura.shell(beat), "the worker to work again", 60)
        assert worker.alive


# --- the mail server -------------------------------------------------------------------------------------
class StallingMailbox(live.Mailbox):
    """A mail server that can take a whole mail and then say nothing, neither yes nor no."""

    def __init__(self) -> None:
        self.is_stalling = False
        self.stalled = threading.Event()
        super().__init__()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.is_stalling:
            self.stalled.set()
            await asyncio.sleep(600)
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def mailbox() -> Iterator[StallingMailbox]:
    mailbox = StallingMailbox()
    yield mailbox
    mailbox.stop()


def submitted() -> AccessRequest:
    """A request without the mails of its sending; made before a worker can be busy with them."""
    item = factories.a_request(Status.SUBMITTED)
    OutgoingMail.objects.all().delete()
    return item


def returned_to_unit(item: AccessRequest) -> AccessRequest:
    """The request, just sent back by the helpdesk, for which two addresses get a mail."""
    agenda.return_to_unit(item, by=factories.somebody(Role.HELPDESK), now=timezone.now(), reason="Belum lengkap.")
    return item


def states() -> list[str]:
    return list(OutgoingMail.objects.order_by("pk").values_list("state", flat=True))


def with_sweeps(ready: Callable[[], bool], what: str) -> None:
    """Wait until `ready`, sweeping meanwhile as beat does: a message may get lost (kombu's files do that), work not."""

    def swept() -> bool:
        if ready():
            return True
        deliver_waiting_mail.delay()
        time.sleep(1)
        return False

    wait_until(swept, what, 60)


def a_while_passes(**fields: Any) -> None:
    """As if the minutes until the next try had gone by."""
    OutgoingMail.objects.exclude(state="sent").update(next_try_at=timezone.now(), **fields)


def test_while_the_mail_server_is_down_mails_wait_and_then_go_once(
    start_worker: Callable[..., live.Process], mailbox: StallingMailbox
) -> None:
    mailbox.stop()
    item = submitted()
    start_worker(EMAIL_URL=f"smtp://127.0.0.1:{mailbox.port}")
    returned_to_unit(item)
    assert item.entries.get(left_at=None).status == Status.RETURNED
    with_sweeps(lambda: OutgoingMail.objects.filter(attempts=1).count() == 2, "two tries that fail")
    assert states() == ["waiting", "waiting"]
    assert all("Refused" in row.last_error for row in OutgoingMail.objects.all())

    mailbox.start()
    a_while_passes()
    with_sweeps(lambda: states() == ["sent", "sent"], "both sent")
    deliver_waiting_mail.delay()
    time.sleep(1)
    assert sorted(str(mail["To"]) for mail in mailbox.messages) == sorted(
        OutgoingMail.objects.values_list("to", flat=True)
    )


def test_a_worker_killed_while_it_sends_delays_the_mail_and_it_goes_once(
    start_worker: Callable[..., live.Process], mailbox: StallingMailbox
) -> None:
    mailbox.is_stalling = True
    mail_server = {"EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}"}
    head = factories.person(Role.HEAD)
    item = factories.a_request(Status.REGISTERED)
    OutgoingMail.objects.all().delete()  # before a worker can be busy with them
    worker = start_worker(**mail_server)
    agenda.forward(item, by=factories.somebody(Role.HELPDESK), now=timezone.now())

    def is_sending() -> bool:
        if states() == ["waiting"]:  # not begun yet, or given up after 10 s of silence before we looked
            a_while_passes()
        return states() == ["sending"] and mailbox.stalled.is_set()

    with_sweeps(is_sending, "the worker in the middle of the mail")
    worker.kill()
    assert (states(), mailbox.messages) == (["sending"], [])

    mailbox.is_stalling = False
    start_worker(**mail_server)
    deliver_waiting_mail.delay()
    time.sleep(1)
    assert mailbox.messages == [], "for ten minutes it could still be in good hands"
    a_while_passes(sending_since=timezone.now() - timedelta(minutes=11))
    with_sweeps(lambda: states() == ["sent"], "the mail sent")
    deliver_waiting_mail.delay()
    time.sleep(1)
    assert [str(mail["To"]) for mail in mailbox.messages] == [head.email]


def test_a_worker_killed_with_work_in_its_queue_leaves_none_of_it_undone(
    start_worker: Callable[..., live.Process], mailbox: StallingMailbox
) -> None:
    mailbox.is_stalling = True
    mail_server = {"EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}"}
    worker = start_worker(**mail_server)
    for _ in range(4):
        item = factories.a_request(Status.SUBMITTED)
        agenda.return_to_unit(item, by=factories.somebody(Role.HELPDESK), now=timezone.now(), reason="Belum lengkap.")
    assert mailbox.stalled.wait(30)
    worker.kill()
    assert {"sending", "waiting"} <= set(states())

    mailbox.is_stalling = False
    start_worker(**mail_server)
    a_while_passes(sending_since=timezone.now() - timedelta(minutes=11))
    with_sweeps(lambda: set(states()) == {"sent"}, "everything sent")
    time.sleep(1)
    assert len(mailbox.messages) == OutgoingMail.objects.count()
    identities = {str(mail["Message-ID"]) for mail in mailbox.messages}
    assert len(identities) == len(mailbox.messages)


# --- two people at once ------------------------------------------------------------------------------------
Work = Callable[[], object]


def outcome(result: object) -> str:
    """ "done", or why not; whatever is neither fails the test."""
    if isinstance(result, Exception):
        assert isinstance(result, Refused | ActedFirst), result
        return type(result).__name__
    return "done"


def register(item: AccessRequest, **who: Any) -> AccessRequest:
    return agenda.register(item, agenda.Registration(date(2026, 11, 23)), now=NOW, **who)


def make_account(item: AccessRequest, name: str, **who: Any) -> AccessRequest:
    return account.create_account(item, account.Granting(name, date(2026, 11, 23)), now=NOW, **who)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("knows_version", [True, False], ids=["from a page", "from anywhere"])
def test_two_of_the_helpdesk_register_the_same_letter_once(knows_version: bool) -> None:
    item = factories.a_request(Status.SUBMITTED, at=MONDAY)
    version = item.version if knows_version else None
    people = [factories.person(Role.HELPDESK) for _ in range(4)]
    results = at_once([lambda by=by: register(item, by=by, version=version) for by in people])
    loser = "ActedFirst" if knows_version else "Refused"
    assert sorted(map(outcome, results)) == sorted(["done", loser, loser, loser])
    assert AgendaEntry.objects.count() == NumberBook.objects.get().last == 1
    assert AuditEvent.objects.filter(verb="register").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_letter_sent_twice_at_the_same_moment_is_sent_once() -> None:
    item = factories.a_request(Status.DRAFT, at=MONDAY)
    helpdesk = factories.person(Role.HELPDESK)
    results = at_once([lambda: request_letter.submit(item, by=item.created_by, now=NOW)] * 4)
    assert sorted(map(outcome, results)) == ["Refused", "Refused", "Refused", "done"]
    assert OutgoingMail.objects.filter(to=helpdesk.email).count() == 1


@pytest.mark.django_db(transaction=True)
def test_psi_makes_the_account_or_the_unit_withdraws_but_never_both() -> None:
    for round_number in range(5):
        item = factories.a_request(Status.DISPOSED, at=MONDAY)
        psi = factories.somebody(Role.PSI)
        results = at_once(
            [
                lambda item=item, psi=psi, name=f"akun-{round_number}": make_account(item, name, by=psi),
                lambda item=item: request_letter.withdraw(item, by=item.created_by, now=NOW),
            ]
        )
        assert sorted(map(outcome, results)) == ["Refused", "done"]
        item.refresh_from_db()
        made = WebserviceAccount.objects.filter(username=f"akun-{round_number}").exists()
        assert (item.status, made) in [(Status.ACCOUNT_CREATED, True), (Status.WITHDRAWN, False)]


@pytest.mark.django_db(transaction=True)
def test_two_of_psi_take_the_same_request_and_one_has_it() -> None:
    item = factories.a_request(Status.DISPOSED, at=MONDAY)
    people = [factories.person(Role.PSI) for _ in range(4)]
    results = at_once([lambda by=by: account.claim(item, by=by, now=NOW) for by in people])
    assert sorted(map(outcome, results)) == ["Refused", "Refused", "Refused", "done"]
    item.refresh_from_db()
    winner = next(by for by, result in zip(people, results, strict=True) if outcome(result) == "done")
    assert item.assignee == winner


@pytest.mark.django_db(transaction=True)
def test_confirming_in_two_windows_and_reporting_a_problem_in_a_third_is_one_act() -> None:
    item = factories.a_request(Status.INFORMED, at=MONDAY)
    holder = handover.ProvenHolder(item.account_id, item.person_name)
    handover.reveal(item.account, by=holder, now=NOW)
    works: list[Work] = [lambda: confirmation.confirm(item, by=holder, now=NOW)] * 2
    works.append(lambda: confirmation.report_problem(item, by=holder, now=NOW, problem="Ditolak."))
    assert sorted(map(outcome, at_once(works))) == ["Refused", "Refused", "done"]


@pytest.mark.django_db(transaction=True)
def test_a_reply_sent_twice_at_once_reaches_everybody_once() -> None:
    item = factories.a_request(Status.REPLY_APPROVED, at=MONDAY)
    OutgoingMail.objects.all().delete()
    people = [factories.person(Role.HELPDESK) for _ in range(3)]
    results = at_once([lambda by=by: reply_letter.send(item, by=by, now=NOW) for by in people])
    assert sorted(map(outcome, results)) == ["Refused", "Refused", "done"]
    addresses = list(OutgoingMail.objects.values_list("to", flat=True))
    assert sorted(addresses) == sorted({item.created_by.email, item.unit.email, item.email})


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_locked", [True, False], ids=["with the lock", "without it"])
def test_it_is_the_lock_that_keeps_two_apart(is_locked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the race is real, and without the lock two people take the same request."""
    if not is_locked:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_how: rows)
    both_looked = threading.Barrier(2)
    check = policies.check

    def look_and_wait(*words: Any, **more: Any) -> Any:
        right = check(*words, **more)
        with contextlib.suppress(threading.BrokenBarrierError):
            both_looked.wait(2)  # whoever is held up by a lock does not come
        return right

    item = factories.a_request(Status.DISPOSED, at=MONDAY)
    people = [factories.person(Role.PSI) for _ in range(2)]
    monkeypatch.setattr(move.policies, "check", look_and_wait)
    results = at_once([lambda by=by: account.claim(item, by=by, now=NOW) for by in people])
    expected = ["Refused", "done"] if is_locked else ["done", "done"]
    assert sorted(map(outcome, results)) == expected
    assert AuditEvent.objects.filter(verb="claim").count() == expected.count("done")


# --- the database fails in mid-sentence -----------------------------------------------------------------------
class FailsAt:
    """Lets through the statements before the given one, and fails that one."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.failed = ""

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            self.failed = sql
            raise OperationalError("disk I/O error")
        return execute(sql, params, many, context)


def approve_reply(item: AccessRequest) -> object:
    return reply_letter.approve(item, by=factories.somebody(Role.HEAD), now=NOW)


BREAKABLE: dict[str, tuple[Status, Callable[[AccessRequest], object]]] = {
    "submit": (Status.DRAFT, lambda item: request_letter.submit(item, by=item.created_by, now=NOW)),
    "register": (Status.SUBMITTED, lambda item: register(item, by=factories.somebody(Role.HELPDESK))),
    "create_account": (
        Status.DISPOSED,
        lambda item: make_account(item, "akun-uji", by=factories.somebody(Role.PSI)),
    ),
    "approve_reply": (Status.REPLY_APPROVAL, approve_reply),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("action", BREAKABLE)
def test_whichever_statement_fails_the_step_leaves_everything_as_it_was(
    action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nudged: list[object] = []
    monkeypatch.setattr("accounts.tasks.send_mail.apply_async", lambda **words: nudged.append(words))
    start, act = BREAKABLE[action]
    item = factories.a_request(start, at=MONDAY)
    for role in (Role.HELPDESK, Role.HEAD, Role.PSI):
        factories.somebody(role)
    before = whole_database()
    nudged.clear()
    broken: list[str] = []
    for number in range(1, 400):
        fault = FailsAt(number)
        with contextlib.suppress(OperationalError), connection.execute_wrapper(fault):
            act(item)
        if not fault.failed:
            break
        broken.append(fault.failed)
        assert whole_database() == before, f"statement {number}: {fault.failed}"
        assert nudged == [], fault.failed
    assert len(broken) > 15, "the act has more statements than that"
    assert any(sql.startswith("INSERT") and "auditevent" in sql for sql in broken)
    item.refresh_from_db()
    assert item.status != start
    assert whole_database() != before


@pytest.mark.django_db(transaction=True)
def test_a_letter_that_could_not_be_approved_has_no_row_without_its_file() -> None:
    item = factories.a_request(Status.REPLY_APPROVAL, at=MONDAY)
    head = factories.somebody(Role.HEAD)

    def fail_on_audit(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT") and "auditevent" in sql:
            raise OperationalError("disk I/O error")
        return execute(sql, params, many, context)

    with pytest.raises(OperationalError), connection.execute_wrapper(fail_on_audit):
        reply_letter.approve(item, by=head, now=NOW)
    assert not NumberBook.objects.filter(book="outgoing", last__gt=0).exists(), "the number is not used up"
    reply_letter.approve(item, by=head, now=NOW)
    item = AccessRequest.objects.get(pk=item.pk)
    assert item.reply.number_in_book == 1
    content = default_storage.open(item.reply.document.file.name).read()
    assert hashlib.sha256(content).hexdigest() == item.reply.document.sha256
