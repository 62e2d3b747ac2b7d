"""Mails are rows first, delivered to a real SMTP server that can refuse, hang up, or be away."""

import smtplib
import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from aiosmtpd.controller import Controller
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction

from accounts import mail
from accounts.models import OutgoingMail
from accounts.tasks import deliver, send_mail
from accounts.timers import deliver_waiting_mail
from requests_app.sla import WIB
from tests.servers import free_port

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, tzinfo=WIB)
MINUTE = timedelta(minutes=1)
State = OutgoingMail.State


class PostOffice:
    """What a mail server does with a mail; `answers` are said in turn, and after them the mail is taken.

    An answer is a line of SMTP to RCPT or, where it begins with "data:", to DATA; "hang up" cuts the line.
    """

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.received: list[EmailMessage] = []
        self.seconds_per_mail = 0.0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.answers and not self.answers[0].startswith(("data:", "hang up")):
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else ""
        if answer == "hang up":
            server.transport.abort()
            return "421 gone"
        if answer:
            return answer.removeprefix("data:")
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        message["X-Envelope-To"] = ",".join(envelope.rcpt_tos)
        self.received.append(message)
        if self.seconds_per_mail:
            threading.Event().wait(self.seconds_per_mail)
        return "250 taken"


@pytest.fixture
def smtp_settings(settings: Any) -> int:
    """Mail goes by SMTP to a port of this machine; nobody listens there yet."""
    port = free_port()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
    settings.DEFAULT_FROM_EMAIL = "Gapura <gapura@tik.usk.ac.id>"
    return port


@pytest.fixture
def post_office(smtp_settings: int) -> Iterator[PostOffice]:
    """A running SMTP server."""
    office = PostOffice()
    controller = Controller(office, hostname="127.0.0.1", port=smtp_settings)
    controller.start()
    yield office
    controller.stop()


@pytest.fixture
def dead_broker() -> Iterator[None]:
    """A broker that refuses connections."""
    app = send_mail.app
    before = app.conf.broker_url
    app.conf.broker_url = f"redis://127.0.0.1:{free_port()}/0"
    app._after_fork()  # forget open connections
    yield
    app.conf.broker_url = before
    app._after_fork()


def a_mail(**fields: Any) -> OutgoingMail:
    words = {"key": "satu", "to": "staf@usk.ac.id", "language": "id", "subject": "Hal", "text": "Isi.", "now": NOW}
    return mail.queue(**words | fields)


def state(row: OutgoingMail) -> str:
    row.refresh_from_db()
    return row.state


# --- sent ------------------------------------------------------------------------------------------
def test_a_waiting_mail_is_sent_once_and_marked_sent(post_office: PostOffice) -> None:
    row = a_mail(subject="Permohonan diterima", text="Yth. Bapak/Ibu\n\nSudah kami terima – terima kasih.")
    assert row.state == State.WAITING
    assert deliver(row.pk, now=NOW)
    assert not deliver(row.pk, now=NOW)
    (received,) = post_office.received
    assert received["Subject"] == "Permohonan diterima"
    assert received["From"] == "Gapura <gapura@tik.usk.ac.id>"
    assert received["To"] == received["X-Envelope-To"] == "staf@usk.ac.id"
    assert received["Content-Language"] == "id"
    assert received.get_content().split() == "Yth. Bapak/Ibu Sudah kami terima – terima kasih.".split()
    row.refresh_from_db()
    assert (row.state, row.sent_at, row.attempts, row.last_error) == (State.SENT, NOW, 1, "")


def test_a_file_goes_along_under_the_name_the_reader_sees(post_office: PostOffice) -> None:
    stored = default_storage.save("reply/kunci-acak.pdf", ContentFile(b"%PDF-1.7 surat"))
    deliver(a_mail(attachment=stored, attachment_name="Surat balasan GP26-ABC.pdf").pk, now=NOW)
    (part,) = post_office.received[0].iter_attachments()
    assert part.get_filename() == "Surat balasan GP26-ABC.pdf"
    assert part.get_content_type() == "application/pdf"
    assert part.get_payload(decode=True) == b"%PDF-1.7 surat"


def test_names_are_written_with_any_letter(post_office: PostOffice) -> None:
    deliver(a_mail(subject="Akun Fakultas “Ü & é” telah dibuat 🎓").pk, now=NOW)
    assert post_office.received[0]["Subject"].strip() == "Akun Fakultas “Ü & é” telah dibuat 🎓"


# --- not taken --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "answer",
    [
        "421 service not available",
        "450 mailbox busy",
        "452 mailbox full",
        "data:451 try again later",
        "data:421 shutting down",
        "hang up",
    ],
)
def test_a_refusal_for_now_waits_and_is_tried_again_after_a_minute(post_office: PostOffice, answer: str) -> None:
    post_office.answers = [answer]
    row = a_mail()
    assert not deliver(row.pk, now=NOW)
    assert state(row) == State.WAITING
    assert row.last_error
    assert row.next_try_at == NOW + MINUTE
    assert not deliver(row.pk, now=NOW + MINUTE - timedelta(seconds=1))
    assert post_office.received == []
    assert deliver(row.pk, now=NOW + MINUTE)
    assert len(post_office.received) == 1
    assert (state(row), row.attempts, row.last_error) == (State.SENT, 2, "")


@pytest.mark.parametrize("answer", ["550 no such mailbox", "553 not a name here", "data:554 refused as spam"])
def test_a_refusal_for_good_is_not_tried_again(post_office: PostOffice, answer: str) -> None:
    post_office.answers = [answer]
    row = a_mail()
    deliver(row.pk, now=NOW)
    assert state(row) == State.FAILED
    assert answer.removeprefix("data:")[4:] in row.last_error
    deliver(row.pk, now=NOW + timedelta(hours=1))
    assert post_office.received == []


def test_a_server_that_is_down_costs_only_time(smtp_settings: int) -> None:
    row = a_mail()
    assert not deliver(row.pk, now=NOW)
    assert state(row) == State.WAITING
    assert "ConnectionRefusedError" in row.last_error


def test_a_server_that_asks_for_a_password_we_lack_is_the_administrators_matter_and_waits(
    post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise smtplib.SMTPAuthenticationError(535, b"wrong password")

    monkeypatch.setattr(smtplib.SMTP, "sendmail", refuse)
    row = a_mail()
    deliver(row.pk, now=NOW)
    assert state(row) == State.WAITING


def test_tries_come_less_and_less_often_but_every_hour(smtp_settings: int) -> None:
    row, at, waits = a_mail(), NOW, []
    for _ in range(9):
        deliver(row.pk, now=at)
        row.refresh_from_db()
        waits.append((row.next_try_at - at) // MINUTE)
        at = row.next_try_at
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_after_two_days_it_is_given_up(smtp_settings: int) -> None:
    row = a_mail()
    deliver(row.pk, now=NOW + timedelta(hours=48))
    assert state(row) == State.WAITING
    deliver(row.pk, now=NOW + timedelta(hours=50))
    assert state(row) == State.FAILED


def test_the_same_mail_sent_again_after_a_crash_is_recognisable_as_one(post_office: PostOffice) -> None:
    row = a_mail()
    deliver(row.pk, now=NOW)
    OutgoingMail.objects.update(state=State.WAITING)  # the worker died before it could note the success
    deliver(row.pk, now=NOW)
    deliver(a_mail(key="dua").pk, now=NOW)
    first, again, other = (received["Message-ID"] for received in post_office.received)
    assert first == again != other
    assert first.endswith("@tik.usk.ac.id>")


# --- what must not leak or get in ------------------------------------------------------------------
def test_a_confidential_text_is_kept_until_sent_and_then_wiped(post_office: PostOffice) -> None:
    post_office.answers = ["450 busy"]
    row = a_mail(text="Kode: 482913", is_confidential=True)
    deliver(row.pk, now=NOW)
    assert state(row) == State.WAITING
    assert row.text == "Kode: 482913"
    deliver(row.pk, now=NOW + MINUTE)
    assert state(row) == State.SENT
    assert row.text == ""
    assert "482913" in post_office.received[0].get_content()


def test_an_ordinary_text_stays_for_the_record(post_office: PostOffice) -> None:
    row = a_mail(text="Isi surat")
    deliver(row.pk, now=NOW)
    row.refresh_from_db()
    assert row.text == "Isi surat"


@pytest.mark.parametrize("breaking", ["\n", "\r\n", "\r", "\n\n"])
def test_a_line_break_in_a_subject_adds_no_header(post_office: PostOffice, breaking: str) -> None:
    row = a_mail(subject=f"Akun{breaking}Bcc: orang@jahat.example{breaking}telah dibuat")
    assert row.subject == "Akun Bcc: orang@jahat.example telah dibuat"
    deliver(row.pk, now=NOW)
    (received,) = post_office.received
    assert received["Bcc"] is None
    assert received["X-Envelope-To"] == "staf@usk.ac.id"


def test_a_line_break_in_an_address_sends_nothing_and_is_not_tried_again(post_office: PostOffice) -> None:
    row = a_mail(to="staf@usk.ac.id\nBcc: orang@jahat.example")
    deliver(row.pk, now=NOW)
    assert state(row) == State.FAILED
    assert post_office.received == []


# --- once -----------------------------------------------------------------------------------------
def test_the_same_occasion_is_one_mail(post_office: PostOffice) -> None:
    first, second = a_mail(), a_mail(text="Isi lain.")
    assert first.pk == second.pk
    deliver(first.pk, now=NOW)
    assert a_mail().pk == first.pk
    deliver(first.pk, now=NOW)
    assert len(post_office.received) == 1


def test_a_long_occasion_is_still_itself(post_office: PostOffice) -> None:
    long = "x" * 400
    assert a_mail(key=long + "1").pk == a_mail(key=long + "1").pk
    assert a_mail(key=long + "2").pk != a_mail(key=long + "1").pk


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_it_once(post_office: PostOffice) -> None:
    post_office.seconds_per_mail = 0.3
    rows = [a_mail(key=str(number), to=f"orang{number}@usk.ac.id") for number in range(5)]
    start, sent, errors = threading.Barrier(4), [], []

    def worker() -> None:
        try:
            start.wait()
            sent.extend(row.pk for row in rows if deliver(row.pk, now=NOW))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(sent) == sorted(row.pk for row in rows)
    assert sorted(received["To"] for received in post_office.received) == sorted(row.to for row in rows)


# --- broker and rollback ------------------------------------------------------------------------------
def test_with_the_broker_down_the_row_waits_and_the_timer_sends_it_once(
    post_office: PostOffice,
    dead_broker: None,
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as nudges:
        row = a_mail()
    assert len(nudges) == 1
    assert "broker did not take accounts.tasks.send_mail" in caplog.text
    assert state(row) == State.WAITING
    with time_machine.travel(NOW + MINUTE, tick=False):
        assert deliver_waiting_mail() == 1
        assert deliver_waiting_mail() == 0
    assert len(post_office.received) == 1


def test_the_dead_broker_of_these_tests_is_really_dead(dead_broker: None) -> None:
    with pytest.raises(Exception, match="refused"):
        send_mail.apply_async(args=[0])


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_mailed(post_office: PostOffice) -> None:
    with transaction.atomic():
        a_mail()
        transaction.set_rollback(True)
    with time_machine.travel(NOW + MINUTE, tick=False):
        assert deliver_waiting_mail() == 0
    assert post_office.received == []


def test_a_worker_that_died_while_sending_blocks_the_mail_for_ten_minutes_only(post_office: PostOffice) -> None:
    row = a_mail()
    OutgoingMail.objects.update(state=State.SENDING, sending_since=NOW)
    with time_machine.travel(NOW + 10 * MINUTE, tick=False):
        assert deliver_waiting_mail() == 0
    with time_machine.travel(NOW + 10 * MINUTE + timedelta(seconds=1), tick=False):
        assert deliver_waiting_mail() == 1
    assert state(row) == State.SENT


def test_one_mail_that_cannot_go_holds_up_no_other(post_office: PostOffice) -> None:
    post_office.answers = ["550 no such mailbox"]
    a_mail(key="satu")
    a_mail(key="dua", to="lain@usk.ac.id")
    with time_machine.travel(NOW, tick=False):
        assert deliver_waiting_mail() == 1
    assert [received["To"] for received in post_office.received] == ["lain@usk.ac.id"]


def test_the_port_of_these_tests_is_free_when_nobody_listens(smtp_settings: int) -> None:
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", smtp_settings)) != 0
