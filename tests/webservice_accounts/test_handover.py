"""The key reaches the person on the letter, once, and nobody else (SOP 5)."""

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet

from accounts.models import AuditEvent, OutgoingMail
from accounts.roles import Role
from requests_app.models import AccessRequest
from requests_app.sla import WIB
from requests_app.sop import Status
from tests.factories import a_request, person
from webservice_accounts import credentials, handover
from webservice_accounts.handover import HandoverError, ProvenHolder
from webservice_accounts.models import RevealTicket, Secret, WebserviceAccount

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=1)
SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)


@pytest.fixture
def account(db: None) -> WebserviceAccount:
    """An account of which the holder was informed on Monday morning."""
    return WebserviceAccount.objects.get(request=a_request(Status.INFORMED, at=MONDAY))


def ticket_of(account: WebserviceAccount, now: datetime = NOW) -> str:
    return handover.issue_ticket(account, now=now)


def mailed_code() -> str:
    text = OutgoingMail.objects.filter(key__startswith="reveal-code").latest("pk").text
    return re.search(r"\b\d{4}-\d{4}\b", text)[0]


def wrong_code() -> str:
    """A code that was not mailed."""
    return "0000-0000" if mailed_code() != "0000-0000" else "1111-1111"


def holder_of(account: WebserviceAccount) -> ProvenHolder:
    return ProvenHolder(account.pk, account.holder_name)


# --- the link -------------------------------------------------------------------------------------
def test_a_link_lives_exactly_72_hours(account: WebserviceAccount) -> None:
    ticket = ticket_of(account)
    assert handover.open_ticket(ticket, now=NOW + timedelta(hours=72) - MICROSECOND).account == account
    with pytest.raises(HandoverError, match="Mintalah tautan baru"):
        handover.open_ticket(ticket, now=NOW + timedelta(hours=72))


@pytest.mark.parametrize("ticket", ["", "uwr_", "uwr_" + "a" * 36, "../../etc/passwd", "🔑"])
def test_an_unknown_link_says_what_to_do(account: WebserviceAccount, ticket: str) -> None:
    with pytest.raises(HandoverError, match="Mintalah tautan baru"):
        handover.open_ticket(ticket, now=NOW)


def test_the_link_is_kept_only_as_a_hash(account: WebserviceAccount) -> None:
    ticket = ticket_of(account)
    row = RevealTicket.objects.latest("pk")
    assert ticket not in str(vars(row))
    assert credentials.matches(ticket, row.digest)


# --- the code ---------------------------------------------------------------------------------------
def test_the_code_of_the_mail_proves_who_one_is(account: WebserviceAccount) -> None:
    row = handover.open_ticket(ticket_of(account), now=NOW)
    handover.send_code(row, language="id", now=NOW)
    assert handover.prove(row, mailed_code(), now=NOW) == holder_of(account)


def test_the_code_goes_to_the_address_on_the_letter_and_its_text_is_wiped_when_sent(account: WebserviceAccount) -> None:
    handover.send_code(handover.open_ticket(ticket_of(account), now=NOW), language="id", now=NOW)
    sent = OutgoingMail.objects.latest("pk")
    assert (sent.to, sent.is_confidential) == ("pj@usk.ac.id", True)
    assert credentials.CLIENT_PREFIX not in sent.text


def test_a_code_lives_exactly_15_minutes(account: WebserviceAccount) -> None:
    row = handover.open_ticket(ticket_of(account), now=NOW)
    handover.send_code(row, language="id", now=NOW)
    with pytest.raises(HandoverError, match="lewat 15 menit"):
        handover.prove(row, mailed_code(), now=NOW + timedelta(minutes=15))
    assert handover.prove(row, mailed_code(), now=NOW + timedelta(minutes=15) - MICROSECOND)


def test_a_code_works_once(account: WebserviceAccount) -> None:
    row = handover.open_ticket(ticket_of(account), now=NOW)
    handover.send_code(row, language="id", now=NOW)
    code = mailed_code()
    handover.prove(row, code, now=NOW)
    with pytest.raises(HandoverError, match="Kode salah"):
        handover.prove(row, code, now=NOW)


def test_a_newer_code_replaces_the_one_before(account: WebserviceAccount) -> None:
    row = handover.open_ticket(ticket_of(account), now=NOW)
    handover.send_code(row, language="id", now=NOW)
    first = mailed_code()
    handover.send_code(row, language="id", now=NOW + SECOND)
    assert mailed_code() != first
    with pytest.raises(HandoverError, match="Kode salah"):
        handover.prove(row, first, now=NOW + SECOND)


def test_after_five_wrong_codes_the_right_one_does_not_help(account: WebserviceAccount) -> None:
    row = handover.open_ticket(ticket_of(account), now=NOW)
    handover.send_code(row, language="id", now=NOW)
    for _attempt in range(5):
        with pytest.raises(HandoverError, match="Kode salah"):
            handover.prove(row, wrong_code(), now=NOW)
    with pytest.raises(HandoverError, match="terlalu sering salah"):
        handover.prove(row, mailed_code(), now=NOW)


def test_after_four_wrong_codes_the_right_one_still_does(account: WebserviceAccount) -> None:
    row = handover.open_ticket(ticket_of(account), now=NOW)
    handover.send_code(row, language="id", now=NOW)
    for _attempt in range(4):
        with pytest.raises(HandoverError):
            handover.prove(row, wrong_code(), now=NOW)
    assert handover.prove(row, mailed_code(), now=NOW)


def test_a_wrong_code_stands_in_the_history_of_the_request(account: WebserviceAccount) -> None:
    row = handover.open_ticket(ticket_of(account), now=NOW)
    handover.send_code(row, language="id", now=NOW)
    with pytest.raises(HandoverError):
        handover.prove(row, wrong_code(), now=NOW)
    event = AuditEvent.objects.filter(subject=account.origin).latest("pk")
    assert (event.verb, event.actor_id, event.data["count"]) == ("wrong_code", None, 1)


def test_five_codes_may_be_asked_for_per_link_and_a_new_link_starts_afresh(account: WebserviceAccount) -> None:
    row = handover.open_ticket(ticket_of(account), now=NOW)
    for _attempt in range(5):
        handover.send_code(row, language="id", now=NOW)
    with pytest.raises(HandoverError, match="terlalu sering diminta"):
        handover.send_code(row, language="id", now=NOW)
    handover.send_code(handover.open_ticket(ticket_of(account), now=NOW), language="id", now=NOW)
    assert OutgoingMail.objects.filter(key__startswith="reveal-code").count() == 6


def test_the_code_of_one_account_opens_no_other(account: WebserviceAccount) -> None:
    other = WebserviceAccount.objects.get(request=a_request(Status.INFORMED, at=MONDAY, email="lain@usk.ac.id"))
    row, foreign = (handover.open_ticket(ticket_of(one), now=NOW) for one in (account, other))
    handover.send_code(row, language="id", now=NOW)
    with pytest.raises(HandoverError):
        handover.prove(foreign, mailed_code(), now=NOW)
    with pytest.raises(HandoverError, match="hanya dapat dibuka oleh penanggung jawab"):
        handover.reveal(other, by=holder_of(account), now=NOW)


# --- the key ---------------------------------------------------------------------------------------------
def test_the_key_is_genuine_and_only_its_hash_and_hint_are_kept(account: WebserviceAccount) -> None:
    secret = handover.reveal(account, by=holder_of(account), now=NOW)
    row = Secret.objects.get(account=account)
    assert credentials.looks_genuine(secret)
    assert credentials.matches(secret, row.digest)
    assert row.hint == f"uws_…{secret[-4:]}"
    assert secret not in str(vars(row))


def test_the_key_opens_once(account: WebserviceAccount) -> None:
    handover.reveal(account, by=holder_of(account), now=NOW)
    with pytest.raises(HandoverError, match="hanya ditampilkan satu kali"):
        handover.reveal(account, by=holder_of(account), now=NOW)
    assert Secret.objects.filter(account=account).count() == 1


def test_it_opens_to_the_holder_who_signs_in_whatever_the_case_of_the_address(account: WebserviceAccount) -> None:
    assert handover.reveal(account, by=person(None, email="PJ@USK.ac.id"), now=NOW)


def test_it_opens_to_nobody_else(account: WebserviceAccount) -> None:
    unit = AccessRequest.objects.get(account=account).unit
    others = [person(role, unit=unit) for role in Role] + [
        person(None, email="pj@usk.ac.id.example"),
        person(None, email="pj@usk.ac.id", is_active=False),
    ]
    for other in others:
        with pytest.raises(HandoverError, match="hanya dapat dibuka oleh penanggung jawab"):
            handover.reveal(account, by=other, now=NOW)
    assert not Secret.objects.exists()


def test_it_does_not_open_before_psi_informed(db: None) -> None:
    account = WebserviceAccount.objects.get(request=a_request(Status.ACCOUNT_CREATED, at=MONDAY))
    with pytest.raises(HandoverError, match="belum diinformasikan"):
        handover.reveal(account, by=holder_of(account), now=NOW)


def test_receiving_it_is_said_once_and_only_after_it_was_opened(account: WebserviceAccount) -> None:
    with pytest.raises(HandoverError, match="belum dibuka"):
        handover.acknowledge(account, by=holder_of(account), now=NOW)
    handover.reveal(account, by=holder_of(account), now=NOW)
    with pytest.raises(HandoverError, match="Hanya penanggung jawab"):
        handover.acknowledge(account, by=person(Role.PSI), now=NOW)
    handover.acknowledge(account, by=holder_of(account), now=NOW)
    handover.acknowledge(account, by=holder_of(account), now=NOW + SECOND)
    account.refresh_from_db()
    assert account.acknowledged_at == NOW
    assert AuditEvent.objects.filter(subject=account.origin, verb="acknowledge").count() == 1


def test_the_masked_address_shows_the_first_letter_and_the_domain(account: WebserviceAccount) -> None:
    assert handover.masked_address(account) == "p•••@usk.ac.id"


# --- two at once ------------------------------------------------------------------------------------------
def at_once(acts: int, act: Callable[[], str]) -> list[str]:
    """What came of `acts` calls in threads that start together: the result, or the name of what was raised."""
    start, results = threading.Barrier(acts), []

    def run() -> None:
        try:
            start.wait(10)
            results.append(act())
        except Exception as problem:
            results.append(type(problem).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _number in range(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(results)


def opened_at_once(monkeypatch: pytest.MonkeyPatch, patience: float) -> list[str]:
    """What eight see who open one key at once; each lingers `patience` seconds between the check and the writing."""
    account = WebserviceAccount.objects.get(request=a_request(Status.INFORMED, at=MONDAY))
    pages = [WebserviceAccount.objects.get(pk=account.pk) for _page in range(8)]
    make, meeting = credentials.new_secret, threading.Barrier(8)

    def linger_and_make() -> str:
        try:
            meeting.wait(patience)
        except threading.BrokenBarrierError:
            pass  # the others are not let in meanwhile
        return make()

    monkeypatch.setattr(credentials, "new_secret", linger_and_make)
    return at_once(8, lambda: handover.reveal(pages.pop(), by=holder_of(account), now=NOW)[:4])


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_open_it_at_once_one_sees_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened_at_once(monkeypatch, patience=1) == ["HandoverError"] * 7 + ["uws_"]
    assert Secret.objects.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_without_the_row_lock_all_would_see_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **kwargs: self)
    assert opened_at_once(monkeypatch, patience=10) == ["uws_"] * 8


@pytest.mark.django_db(transaction=True)
def test_wrong_codes_typed_at_once_are_all_counted() -> None:
    account = WebserviceAccount.objects.get(request=a_request(Status.INFORMED, at=MONDAY))
    row = handover.open_ticket(ticket_of(account), now=NOW)
    handover.send_code(row, language="id", now=NOW)
    wrong = wrong_code()
    assert at_once(8, lambda: handover.prove(row, wrong, now=NOW).name) == ["HandoverError"] * 8
    row.refresh_from_db()
    assert row.wrong_codes == 5
