"""The administrator's page over HTTP, the outbox, and what monitors read."""

import smtplib
from datetime import datetime, timedelta, timezone

import pytest
import time_machine
from django.core import mail as django_mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import OutgoingMail, User
from accounts.roles import Role
from accounts.timers import HEARTBEAT, deliver_waiting_mail
from config import administration
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=7)))
State = OutgoingMail.State


@pytest.fixture
def admin() -> User:
    """Return the administrator."""
    return factories.person(Role.ADMINISTRATOR, email="admin@usk.ac.id")


@pytest.fixture
def office(client: Client, admin: User) -> Client:
    """Return the administrator's browser."""
    factories.the_institution()
    client.force_login(admin)
    return client


def a_mail(number: int = 0, **fields: object) -> OutgoingMail:
    known = {
        "key": f"key-{number}",
        "to": f"orang{number}@usk.ac.id",
        "language": "id",
        "subject": "Permohonan perlu diagendakan",
        "text": "Isi surel",
        "queued_at": NOW - timedelta(hours=3),
        "next_try_at": NOW,
    }
    return OutgoingMail.objects.create(**known | fields)


# --- the page -----------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
@pytest.mark.parametrize(
    ("method", "name", "args"),
    [("get", "administration", []), ("post", "send_test_mail", []), ("post", "retry_mail", [1])],
)
def test_for_everybody_else_there_is_nothing_here(
    client: Client, role: Role, method: str, name: str, args: list[int]
) -> None:
    a_mail(pk=1, state=State.FAILED)
    client.force_login(factories.person(role))
    assert getattr(client, method)(reverse(name, args=args)).status_code == 404
    assert list(OutgoingMail.objects.values_list("state", flat=True)) == [State.FAILED]


def test_the_page_says_what_is_ready_and_what_waits(office: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        a_mail(1, state=State.FAILED, last_error="SMTPRecipientsRefused: 550 No such user", attempts=1)
        a_mail(2, state=State.SENT, sent_at=NOW)
        page = office.get(reverse("administration"))
    text = " ".join(page.content.decode().split())
    total = sum(len(group.items) for group in page.context["groups"])
    ready = sum(item.ok for group in page.context["groups"] for item in group.items)
    assert f"{ready} dari {total} hal sudah siap." in text
    assert "orang1@usk.ac.id" in text
    assert "SMTPRecipientsRefused: 550 No such user" in text
    assert "3 jam yang lalu · 1 percobaan" in text
    assert "orang2@usk.ac.id" not in text


def test_an_empty_outbox_says_so(office: Client) -> None:
    assert "Semua surel sudah terkirim" in office.get(reverse("administration")).content.decode()


def test_when_everything_is_green_the_page_says_so(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    green = administration.CheckGroup("Institusi", (administration.Check("Nama", ok=True),))
    monkeypatch.setattr(administration, "check_groups", lambda _now: [green])
    assert "Semua sudah siap." in office.get(reverse("administration")).content.decode()


def test_ten_mails_a_page_and_no_more_queries_for_more_of_them(office: Client) -> None:
    counts = []
    for numbers in (range(3), range(3, 30)):
        for number in numbers:
            a_mail(number, state=State.FAILED)
        with CaptureQueriesContext(connection) as queries:
            page = office.get(reverse("administration"))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert page.content.decode().count("Kirim ulang") == 10
    assert office.get(reverse("administration"), {"page": 3}).context["page"].number == 3


# --- the outbox -----------------------------------------------------------------------------------
def test_the_test_mail_goes_to_oneself_the_way_all_mails_go(office: Client) -> None:
    page = office.post(reverse("send_test_mail"), follow=True)
    assert "Surel uji untuk admin@usk.ac.id sudah masuk antrean." in page.content.decode()
    deliver_waiting_mail()
    assert [(sent.to, sent.subject) for sent in django_mail.outbox] == [(["admin@usk.ac.id"], "Surel uji dari Gapura")]
    assert OutgoingMail.objects.get().state == State.SENT


def test_two_test_mails_are_two(office: Client) -> None:
    office.post(reverse("send_test_mail"))
    office.post(reverse("send_test_mail"))
    assert OutgoingMail.objects.count() == 2


@pytest.mark.parametrize("state", [State.FAILED, State.WAITING])
def test_a_mail_that_was_given_up_or_waits_is_sent_again_at_once(office: Client, state: str) -> None:
    with time_machine.travel(NOW, tick=False):
        row = a_mail(state=state, last_error="TimeoutError", next_try_at=NOW + timedelta(hours=1))
        page = office.post(reverse("retry_mail", args=[row.pk]), follow=True)
        assert "Surel untuk orang0@usk.ac.id dicoba lagi sekarang." in page.content.decode()
        deliver_waiting_mail()
    row.refresh_from_db()
    assert (row.state, row.sent_at, row.last_error) == (State.SENT, NOW, "")
    assert len(django_mail.outbox) == 1


def test_a_mail_that_fails_again_says_why_again(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_message: object) -> None:
        raise smtplib.SMTPRecipientsRefused({"orang0@usk.ac.id": (550, b"No such user")})

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    with time_machine.travel(NOW, tick=False):
        row = a_mail(state=State.FAILED)
        office.post(reverse("retry_mail", args=[row.pk]))
        deliver_waiting_mail()
    row.refresh_from_db()
    assert row.state == State.FAILED
    assert "No such user" in row.last_error


@pytest.mark.parametrize("state", [State.SENT, State.SENDING])
def test_a_mail_that_is_sent_or_on_its_way_is_not_sent_twice(office: Client, state: str) -> None:
    row = a_mail(state=state)
    page = office.post(reverse("retry_mail", args=[row.pk]), follow=True)
    assert "Surel ini sudah terkirim atau sedang dikirim." in page.content.decode()
    row.refresh_from_db()
    assert row.state == state


def test_buttons_are_pressed_not_followed(office: Client) -> None:
    row = a_mail()
    assert office.get(reverse("send_test_mail")).status_code == 405
    assert office.get(reverse("retry_mail", args=[row.pk])).status_code == 405
    assert office.post(reverse("retry_mail", args=[row.pk + 1])).status_code == 404


# --- monitors ---------------------------------------------------------------------------------------
def test_a_monitor_reads_ok_without_signing_in_and_nothing_else(client: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        cache.set(HEARTBEAT, NOW - timedelta(minutes=1))
        answer = client.get("/sehat/")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer.headers["Cache-Control"]
    assert not answer.cookies


@pytest.mark.parametrize("pulse", [None, NOW - timedelta(minutes=3), "not a time"])
def test_without_a_fresh_pulse_it_is_degraded_and_says_nothing_more(client: Client, pulse: object) -> None:
    with time_machine.travel(NOW, tick=False):
        if pulse is not None:
            cache.set(HEARTBEAT, pulse)
        answer = client.get("/sehat/")
    assert (answer.status_code, answer.json()) == (503, {"status": "degraded"})


def test_a_monitor_may_ask_for_the_head_only_and_change_nothing(client: Client) -> None:
    assert client.head("/sehat/").status_code == 503
    assert client.post("/sehat/").status_code == 405
