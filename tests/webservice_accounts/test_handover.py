"""The key reaches the person on the letter, once, and nobody else (SOP 5)."""

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet

from accounts.models import AuditEvent, OutgoingMail, User
from accounts.roles import Role
from requests_app.models import AccessRequest
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import confirmation
from tests.factories import a_request, person
from webservice_accounts import credentials, handover, selectors
from webservice_accounts.handover import HandoverError, ProvenHolder
from webservice_accounts.lifecycle import State, state_at
from webservice_accounts.models import RevealTicket, Secret, WebserviceAccount
from webservice_accounts.policies import Refused
from webservice_accounts.services import Holder

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=1)
SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)


@pytest.fixture
def account(db: None) -> WebserviceAccount:
    """An account of which the holder was informed on Monday morning."""
    return WebserviceAccount.objects.get(requests=a_request(Status.INFORMED, at=MONDAY))


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
    other = WebserviceAccount.objects.get(requests=a_request(Status.INFORMED, at=MONDAY, email="lain@usk.ac.id"))
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
    account = WebserviceAccount.objects.get(requests=a_request(Status.ACCOUNT_CREATED, at=MONDAY))
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
    account = WebserviceAccount.objects.get(requests=a_request(Status.INFORMED, at=MONDAY))
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
    account = WebserviceAccount.objects.get(requests=a_request(Status.INFORMED, at=MONDAY))
    row = handover.open_ticket(ticket_of(account), now=NOW)
    handover.send_code(row, language="id", now=NOW)
    wrong = wrong_code()
    assert at_once(8, lambda: handover.prove(row, wrong, now=NOW).name) == ["HandoverError"] * 8
    row.refresh_from_db()
    assert row.wrong_codes == 5


# --- a new key in place of the old one -----------------------------------------------------------------
HOUR = timedelta(hours=1)


@pytest.fixture
def psi(db: None) -> User:
    return person(Role.PSI, full_name="Nadia Safira")


@pytest.fixture
def running(db: None) -> WebserviceAccount:
    """An account whose procedure finished on Monday; its key was opened and kept."""
    return WebserviceAccount.objects.get(requests=a_request(Status.FINISHED, at=MONDAY))


def living(account: WebserviceAccount, now: datetime) -> list[str]:
    return [secret.hint for secret in selectors.living_secrets(account, now)]


def rotated(account: WebserviceAccount, hours: int, by: User, now: datetime = NOW) -> str:
    handover.rotate(account, overlap_hours=hours, by=by, now=now)
    return handover.reveal(account, by=holder_of(account), now=now + HOUR)


@pytest.mark.parametrize("hours", [1, 24, 168])
def test_the_old_key_ends_to_the_second_after_the_new_one_was_opened(
    running: WebserviceAccount, psi: User, hours: int
) -> None:
    (old,) = living(running, NOW)
    end = NOW + HOUR + timedelta(hours=hours)
    new = f"uws_…{rotated(running, hours, psi)[-4:]}"
    assert living(running, end - SECOND) == [old, new]
    assert living(running, end) == [new]
    assert living(running, end + SECOND) == [new]


def test_until_the_new_key_is_opened_the_old_one_works_on(running: WebserviceAccount, psi: User) -> None:
    old = living(running, NOW)
    handover.rotate(running, overlap_hours=1, by=psi, now=NOW)
    assert living(running, NOW + timedelta(days=30)) == old


def test_a_leaked_key_ends_when_the_button_is_pressed_and_the_account_is_without_one(
    running: WebserviceAccount, psi: User
) -> None:
    handover.rotate(running, overlap_hours=0, by=psi, now=NOW)
    assert len(living(running, NOW - SECOND)) == 1
    assert living(running, NOW) == []
    running.refresh_from_db()
    assert state_at(running.facts, NOW) is State.ACTIVE  # its facts did not change: only no key opens it
    new = handover.reveal(running, by=holder_of(running), now=NOW + HOUR)
    assert living(running, NOW + HOUR) == [f"uws_…{new[-4:]}"]


def test_a_rotation_opens_one_key(running: WebserviceAccount, psi: User) -> None:
    rotated(running, 24, psi)
    with pytest.raises(HandoverError, match="hanya ditampilkan satu kali"):
        handover.reveal(running, by=holder_of(running), now=NOW + HOUR)
    assert Secret.objects.filter(account=running).count() == 2


def test_without_a_rotation_the_key_still_opens_once(running: WebserviceAccount) -> None:
    with pytest.raises(HandoverError, match="hanya ditampilkan satu kali"):
        handover.reveal(running, by=holder_of(running), now=NOW)


def test_a_third_key_waits_until_the_oldest_has_ended(running: WebserviceAccount, psi: User) -> None:
    rotated(running, 24, psi)
    with pytest.raises(Refused, match="Akhiri kunci yang lama lebih dahulu"):
        handover.rotate(running, overlap_hours=24, by=psi, now=NOW + 2 * HOUR)
    with pytest.raises(Refused, match="Dua kunci masih berlaku"):
        handover.rotate(running, overlap_hours=24, by=psi, now=NOW + 25 * HOUR - SECOND)
    rotated(running, 24, psi, now=NOW + 25 * HOUR)
    assert len(living(running, NOW + 26 * HOUR)) == 2


def test_a_leak_ends_both_keys(running: WebserviceAccount, psi: User) -> None:
    rotated(running, 168, psi)
    handover.rotate(running, overlap_hours=0, by=psi, now=NOW + 2 * HOUR)
    assert living(running, NOW + 2 * HOUR) == []


def test_the_link_to_a_new_key_lives_72_hours(running: WebserviceAccount, psi: User) -> None:
    handover.rotate(running, overlap_hours=24, by=psi, now=NOW)
    with pytest.raises(HandoverError, match="satu kali"):
        handover.reveal(running, by=holder_of(running), now=NOW + 72 * HOUR)
    assert handover.reveal(running, by=holder_of(running), now=NOW + 72 * HOUR - SECOND)


def test_the_old_key_can_be_ended_at_once_but_never_the_one_in_force(running: WebserviceAccount, psi: User) -> None:
    old = running.secrets.get()
    with pytest.raises(Refused, match="Ini kunci yang sekarang berlaku"):
        handover.end_secret(running, old, by=psi, now=NOW)
    new = f"uws_…{rotated(running, 168, psi)[-4:]}"
    handover.end_secret(running, old, by=psi, now=NOW + 2 * HOUR)
    assert living(running, NOW + 2 * HOUR) == [new]
    with pytest.raises(Refused, match="Kunci ini sudah berakhir"):
        handover.end_secret(running, old, by=psi, now=NOW + 3 * HOUR)


def test_psi_sends_a_link_and_the_holder_needs_none(running: WebserviceAccount, psi: User) -> None:
    handover.rotate(running, overlap_hours=24, by=psi, now=NOW)
    sent = OutgoingMail.objects.filter(text__contains="/serah-terima/", key__startswith="key_link").get()
    assert sent.to == "pj@usk.ac.id"
    handover.rotate(running, overlap_hours=24, by=person(None, email="pj@usk.ac.id"), now=NOW)
    assert OutgoingMail.objects.filter(key__startswith="key_link").count() == 1


def test_the_holder_hears_that_a_new_key_was_opened(running: WebserviceAccount, psi: User) -> None:
    rotated(running, 24, psi)
    sent = OutgoingMail.objects.get(key__startswith="key_opened", to="pj@usk.ac.id")
    assert "Kunci lama masih berlaku sampai Selasa, 24 November 2026 11.00 WIB" in sent.text


def test_a_rotation_stands_in_the_history_of_the_account(running: WebserviceAccount, psi: User) -> None:
    rotated(running, 24, psi)
    handover.acknowledge(running, by=holder_of(running), now=NOW + 2 * HOUR)
    events = AuditEvent.objects.filter(subject=running.subject).order_by("pk")
    assert [event.verb for event in events] == ["rotate", "reveal", "acknowledge"]


def test_of_a_revoked_or_ended_account_no_key_opens(running: WebserviceAccount, psi: User) -> None:
    handover.rotate(running, overlap_hours=24, by=psi, now=NOW)
    accounts = WebserviceAccount.objects.filter(pk=running.pk)
    accounts.update(revoked_at=NOW)
    with pytest.raises(HandoverError, match="berstatus “Dicabut”"):
        handover.reveal(running, by=holder_of(running), now=NOW)
    accounts.update(revoked_at=None, ends_at=NOW + HOUR)
    with pytest.raises(HandoverError, match="berstatus “Berakhir”"):
        handover.reveal(running, by=holder_of(running), now=NOW + HOUR)
    assert handover.reveal(running, by=holder_of(running), now=NOW + HOUR - SECOND)


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_open_a_rotation_at_once_one_sees_the_new_key() -> None:
    account = WebserviceAccount.objects.get(requests=a_request(Status.FINISHED, at=MONDAY))
    handover.rotate(account, overlap_hours=24, by=person(Role.PSI), now=NOW)
    found = at_once(8, lambda: handover.reveal(account, by=holder_of(account), now=NOW)[:4])
    assert found == ["HandoverError"] * 7 + ["uws_"]
    assert len(living(account, NOW)) == 2


@pytest.mark.django_db(transaction=True)
def test_of_several_rotations_at_once_one_link_stays() -> None:
    account = WebserviceAccount.objects.get(requests=a_request(Status.FINISHED, at=MONDAY))
    colleagues = [person(Role.PSI) for _number in range(4)]
    seen = selectors.version_of(account)
    found = at_once(
        4,
        lambda: handover.rotate(account, overlap_hours=24, by=colleagues.pop(), now=NOW, version=seen) or "done",
    )
    assert found == ["ChangedMeanwhile"] * 3 + ["done"]
    assert RevealTicket.objects.filter(account=account, ended_at=None, overlap_hours=24).count() == 1


# --- mutasi -----------------------------------------------------------------------------------------------
NEW = Holder("Dr. Cut Intan, M.T.", "nip", "199001012015042001", "+6281398765432", "Intan@USK.ac.id")


def test_a_new_responsible_person_opens_a_new_key_and_the_old_ones_is_dead(
    running: WebserviceAccount, psi: User
) -> None:
    dates = (running.starts_at, running.ends_at, [str(grant) for grant in running.current_grants])
    handover.change_holder(running, NEW, reason="Surat mutasi 9/UN11/2026", by=psi, now=NOW)
    running.refresh_from_db()
    assert living(running, NOW) == []
    with pytest.raises(HandoverError, match="hanya dapat dibuka oleh penanggung jawab"):
        handover.reveal(running, by=person(None, email="pj@usk.ac.id"), now=NOW)
    intan = person(None, email="intan@usk.ac.id")
    assert handover.reveal(running, by=intan, now=NOW + HOUR)
    handover.acknowledge(running, by=intan, now=NOW + HOUR)
    running.refresh_from_db()
    assert running.acknowledged_at == NOW + HOUR
    assert (running.starts_at, running.ends_at, [str(grant) for grant in running.current_grants]) == dates
    assert [(row.name, row.since, row.until) for row in running.holdings.all()] == [
        ("Muhammad Iqbal, S.T.", running.created_at, NOW),
        ("Dr. Cut Intan, M.T.", NOW, None),
    ]


def test_the_new_person_is_sent_the_link_and_the_old_one_is_told(running: WebserviceAccount, psi: User) -> None:
    old_link = ticket_of(running)
    handover.change_holder(running, NEW, reason="Surat mutasi 9/UN11/2026", by=psi, now=NOW)
    assert [mail.to for mail in OutgoingMail.objects.filter(key__startswith="account_taken_over")] == [
        "intan@usk.ac.id"
    ]
    told = OutgoingMail.objects.get(key__startswith="account_given_over")
    assert told.to == "pj@usk.ac.id"
    assert "/serah-terima/" not in told.text
    assert "Surat mutasi 9/UN11/2026" in told.text
    with pytest.raises(HandoverError):
        handover.open_ticket(old_link, now=NOW)


def test_a_mutasi_needs_a_reason_and_another_person(running: WebserviceAccount, psi: User) -> None:
    with pytest.raises(Refused, match="Tuliskan alasan atau nomor surat"):
        handover.change_holder(running, NEW, reason="  ", by=psi, now=NOW)
    same = Holder("Muhammad Iqbal", "nip", "198706302014041002", "+6281234567800", "PJ@usk.ac.id")
    with pytest.raises(Refused, match="milik penanggung jawab sekarang"):
        handover.change_holder(running, same, reason="Surat", by=psi, now=NOW)
    assert len(living(running, NOW)) == 1


def test_a_mutasi_waits_for_the_handover_of_the_procedure(account: WebserviceAccount, psi: User) -> None:
    with pytest.raises(Refused, match="Serah terima akun ini masih berjalan"):
        handover.change_holder(account, NEW, reason="Surat", by=psi, now=NOW)


def test_after_a_mutasi_the_old_requests_page_sends_no_link(running: WebserviceAccount, psi: User) -> None:
    handover.change_holder(running, NEW, reason="Surat", by=psi, now=NOW)
    request = AccessRequest.objects.get(account=running)
    with pytest.raises(Exception, match="Penanggung jawab akun ini sudah berganti"):
        confirmation.resend_link(request, by=psi, now=NOW)
