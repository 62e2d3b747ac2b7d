"""SOP 5: informing, confirming, and the roads around it."""

import re
from datetime import datetime, timedelta

import pytest
from django.urls import resolve
from django.utils import translation

from accounts.models import OutgoingMail, User
from accounts.roles import Role
from requests_app import selectors
from requests_app.models import AccessRequest
from requests_app.policies import Refused
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import confirmation
from tests.factories import a_request, person, somebody
from webservice_accounts import credentials, handover
from webservice_accounts.handover import HandoverError, ProvenHolder

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=1)
LINK = re.compile(r"http\S+(/serah-terima/\S+)")


@pytest.fixture
def psi(db: None) -> User:
    return person(Role.PSI)


def informed(**fields: object) -> AccessRequest:
    """PSI informed the holder on Monday at 9.06."""
    return a_request(Status.INFORMED, at=MONDAY, **fields)


def holder_of(request: AccessRequest) -> ProvenHolder:
    return ProvenHolder(request.account_id, request.person_name)


def tickets_in(mails: list[str]) -> list[str]:
    return [str(resolve(found[1]).kwargs["ticket"]) for text in mails if (found := LINK.search(text))]


def mails_to(address: str) -> list[str]:
    return list(OutgoingMail.objects.filter(to=address).order_by("pk").values_list("text", flat=True))


def is_dead(ticket: str, now: datetime = NOW) -> bool:
    try:
        handover.open_ticket(ticket, now=now)
    except HandoverError:
        return True
    return False


# --- informing ------------------------------------------------------------------------------------
def test_the_mail_carries_a_living_link_and_no_key(psi: User) -> None:
    request = a_request(Status.ACCOUNT_CREATED, at=MONDAY)
    request = confirmation.inform(request, by=somebody(Role.PSI), now=NOW, plo_number="PLO-7")
    (text,) = mails_to("pj@usk.ac.id")
    (ticket,) = tickets_in([text])
    assert handover.open_ticket(ticket, now=NOW).account_id == request.account_id
    assert request.account.username in text
    assert credentials.CLIENT_PREFIX not in text
    assert (request.status, request.agenda.account_plo_number) == (Status.INFORMED, "PLO-7")
    assert not request.account.secrets.exists()


def test_the_link_stands_in_no_other_mail_and_not_in_the_timeline(psi: User) -> None:
    request = informed()
    (ticket,) = tickets_in(mails_to("pj@usk.ac.id"))
    others = OutgoingMail.objects.exclude(to="pj@usk.ac.id")
    assert others.exists()
    assert not others.filter(text__contains=ticket).exists()
    assert ticket not in str([vars(line) for line in selectors.timeline(request)])


def test_a_new_link_ends_the_one_before(psi: User) -> None:
    request = informed()
    confirmation.resend_link(request, by=psi, now=NOW)
    first, second = tickets_in(mails_to("pj@usk.ac.id"))
    assert is_dead(first)
    assert not is_dead(second)


def test_only_psi_sends_a_new_link(psi: User) -> None:
    request = informed()
    for role in (Role.UNIT_STAFF, Role.HELPDESK, Role.HEAD, Role.ADMINISTRATOR):
        with pytest.raises(Refused, match="bukan wewenang Anda"):
            confirmation.resend_link(request, by=person(role, unit=request.unit), now=NOW)


def test_no_new_link_before_the_account_was_informed(psi: User) -> None:
    with pytest.raises(Refused, match="belum diinformasikan"):
        confirmation.resend_link(a_request(Status.ACCOUNT_CREATED, at=MONDAY), by=psi, now=NOW)


# --- confirming ------------------------------------------------------------------------------------
@pytest.mark.parametrize("has_login", [True, False])
def test_the_holder_confirms_after_opening_the_key(psi: User, has_login: bool) -> None:
    holder = person(None, email="pj@usk.ac.id", full_name="Muhammad Iqbal") if has_login else None
    request = informed(person_name="Muhammad Iqbal")
    by = holder or holder_of(request)
    with pytest.raises(Refused, match="Buka kunci akses lebih dahulu"):
        confirmation.confirm(request, by=by, now=NOW)
    handover.reveal(request.account, by=by, now=NOW)
    request = confirmation.confirm(request, by=by, now=NOW)
    assert request.status == Status.REPLY_DRAFTING
    assert (request.account.confirmed_at, request.account.acknowledged_at) == (NOW, NOW)
    with translation.override("id"):
        assert selectors.timeline(request)[-1].sentence == (
            "Muhammad Iqbal menerima akun dan mengonfirmasi bahwa akses dapat digunakan."
        )


def test_nobody_else_confirms_or_reports(psi: User) -> None:
    request, other = informed(), informed(email="lain@usk.ac.id")
    strangers = [psi, person(Role.HEAD), person(Role.UNIT_STAFF, unit=request.unit), holder_of(other)]
    for stranger in strangers:
        with pytest.raises(Refused, match="bukan wewenang Anda"):
            confirmation.confirm(request, by=stranger, now=NOW)
        with pytest.raises(Refused, match="bukan wewenang Anda"):
            confirmation.report_problem(request, by=stranger, now=NOW, problem="x")


# --- a problem ---------------------------------------------------------------------------------------
def test_a_problem_goes_to_psi_in_the_holders_words(psi: User) -> None:
    request = informed()
    request = confirmation.report_problem(request, by=holder_of(request), now=NOW, problem="Selalu 403.")
    assert request.status == Status.ACCOUNT_CREATED
    assert "Selalu 403." in selectors.timeline(request)[-1].sentence
    assert OutgoingMail.objects.filter(to=request.assignee.email, text__contains="Selalu 403.").exists()


def test_an_unopened_key_cannot_be_opened_until_psi_informs_anew(psi: User) -> None:
    request = informed()
    request = confirmation.report_problem(request, by=holder_of(request), now=NOW, problem="Nama saya salah.")
    with pytest.raises(HandoverError, match="belum diinformasikan"):
        handover.reveal(request.account, by=holder_of(request), now=NOW)
    request = confirmation.inform(request, by=request.assignee, now=NOW)
    assert handover.reveal(request.account, by=holder_of(request), now=NOW)


def test_informing_anew_ends_the_opened_key_and_lets_the_holder_open_another(psi: User) -> None:
    request = informed()
    holder = holder_of(request)
    first = handover.reveal(request.account, by=holder, now=NOW)
    request = confirmation.report_problem(request, by=holder, now=NOW, problem="Halaman tertutup.")
    assert not request.account.secrets.exclude(ends_at=None).exists()
    later = NOW + timedelta(hours=1)
    request = confirmation.inform(request, by=request.assignee, now=later)
    second = handover.reveal(request.account, by=holder, now=later)
    assert first != second
    old, new = request.account.secrets.order_by("pk")
    assert (old.ends_at, new.ends_at) == (later, None)
    assert credentials.matches(second, new.digest)
    assert credentials.matches(first, old.digest)


# --- nobody answers --------------------------------------------------------------------------------------
def test_going_on_without_the_holder_is_recorded_with_its_reason(psi: User) -> None:
    request = confirmation.proceed_unconfirmed(informed(), by=psi, now=NOW, reason="Tiga kali ditelepon.")
    assert request.status == Status.REPLY_DRAFTING
    assert request.account.confirmed_at is None
    assert "Tiga kali ditelepon." in selectors.timeline(request)[-1].sentence


def test_a_holder_who_comes_late_can_still_get_a_link_and_open_the_key(psi: User) -> None:
    request = confirmation.proceed_unconfirmed(informed(), by=psi, now=NOW, reason="Cuti.")
    later = NOW + timedelta(days=10)
    confirmation.resend_link(request, by=psi, now=later)
    assert not is_dead(tickets_in(mails_to("pj@usk.ac.id"))[-1], later)
    assert handover.reveal(request.account, by=holder_of(request), now=later)
    with pytest.raises(Refused, match="tautan baru tidak diperlukan"):
        confirmation.resend_link(request, by=psi, now=later)
