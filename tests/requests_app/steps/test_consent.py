"""Asking the unit that owns data: what it answers, by whom and how, and what the clock does meanwhile."""

from datetime import date, datetime, timedelta

import pytest

from accounts.models import AuditEvent, OutgoingMail, Substitution, User
from accounts.roles import Role
from requests_app import policies, selectors
from requests_app.models import AccessRequest, StepEntry
from requests_app.policies import Refused
from requests_app.sla import WIB
from requests_app.sop import Action, Status
from requests_app.steps import account, consent, request_letter
from requests_app.steps.consent import Answer
from tests.factories import DataTypeFactory, UnitFactory, a_request, person, somebody

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def psi() -> User:
    return person(Role.PSI, full_name="Nadia Safira")


@pytest.fixture
def owner() -> User:
    return person(Role.UNIT_STAFF, full_name="Rizki", unit=UnitFactory(name="Biro Akademik"))


@pytest.fixture
def asked(psi: User, owner: User) -> AccessRequest:
    """Disposed on Monday at 9.04; the bureau was asked at 10."""
    request = a_request(Status.DISPOSED, at=MONDAY, by=person(), data_types=[DataTypeFactory(owner=owner.unit)])
    return consent.ask(request, owner.unit, by=psi, now=NOW, question="Setujukah Biro?")


def due(request: AccessRequest) -> datetime | None:
    return StepEntry.objects.get(request=request, left_at=None).due_at


def last_sentence(request: AccessRequest) -> tuple[str, str]:
    line = selectors.timeline(request)[-1]
    return line.sentence, line.detail


def test_the_clock_rests_while_the_owner_is_asked_and_the_same_person_goes_on(
    asked: AccessRequest, psi: User, owner: User
) -> None:
    assert (asked.status, asked.assignee, due(asked)) == (Status.CONSENT, psi, None)
    request = consent.answer(asked, Answer(True, "Tanpa nomor telepon."), by=owner, now=NOW + 26 * HOUR)
    assert (request.status, request.assignee) == (Status.DISPOSED, psi)
    assert due(request) == MONDAY + timedelta(days=2, minutes=4, hours=2)  # Tuesday 9.04, and 26 hours of waiting


def test_it_is_on_record_who_was_asked_and_what_they_answered(asked: AccessRequest, owner: User) -> None:
    assert last_sentence(asked) == ("Nadia Safira meminta persetujuan Biro Akademik.", "Setujukah Biro?")
    request = consent.answer(asked, Answer(True, "Tanpa nomor telepon."), by=owner, now=NOW + HOUR)
    assert last_sentence(request) == ("Rizki menjawab untuk Biro Akademik: setuju.", "Tanpa nomor telepon.")
    row = request.consents.get()
    assert (row.is_given, row.answered_by, row.answered_at, row.answer_dated) == (True, owner, NOW + HOUR, None)


def test_a_refusal_says_so_and_why_and_decides_nothing_for_psi(asked: AccessRequest, psi: User, owner: User) -> None:
    with pytest.raises(Refused, match="alasan unit tidak setuju"):
        consent.answer(asked, Answer(False, "  "), by=owner, now=NOW)
    request = consent.answer(asked, Answer(False, "Data belum rapi."), by=owner, now=NOW + HOUR)
    assert last_sentence(request) == ("Rizki menjawab untuk Biro Akademik: tidak setuju.", "Data belum rapi.")
    granting = account.Granting("fmipa-siakad", date(2026, 11, 23))
    assert account.create_account(request, granting, by=psi, now=NOW + HOUR).status == Status.ACCOUNT_CREATED


@pytest.mark.parametrize(("is_given", "words"), [(True, "setuju"), (False, "tidak setuju")])
def test_an_answer_on_paper_is_recorded_with_its_date_by_anybody_at_psi(
    asked: AccessRequest, psi: User, is_given: bool, words: str
) -> None:
    OutgoingMail.objects.all().delete()
    colleague = person(Role.PSI, full_name="Budi")
    request = consent.record(
        asked, Answer(is_given, "Surat B/12."), dated=date(2026, 11, 20), by=colleague, now=NOW + HOUR
    )
    assert last_sentence(request) == (
        f"Budi mencatat jawaban Biro Akademik tertanggal 20 November 2026: {words}.",
        "Surat B/12.",
    )
    assert request.assignee == psi
    assert request.consents.get().answer_dated == date(2026, 11, 20)
    told = {row.to: row.text for row in OutgoingMail.objects.all()}
    assert psi.email in told
    assert all(f": {words}" in text for text in told.values())


def test_the_date_of_a_paper_is_today_in_aceh_at_the_latest(asked: AccessRequest, psi: User) -> None:
    late = datetime(2026, 11, 24, 0, 30, tzinfo=WIB)  # still the 23rd in London
    with pytest.raises(Refused, match="belum tiba"):
        consent.record(asked, Answer(True), dated=date(2026, 11, 25), by=psi, now=late)
    consent.record(asked, Answer(True), dated=date(2026, 11, 24), by=psi, now=late)


def test_the_unit_that_asks_is_not_asked_about_its_own_request(psi: User) -> None:
    request = a_request(Status.DISPOSED, at=MONDAY)
    with pytest.raises(Refused, match="atas permohonannya sendiri"):
        consent.ask(request, request.unit, by=psi, now=NOW, question="?")
    assert AccessRequest.objects.get(pk=request.pk).status == Status.DISPOSED


def test_an_owner_without_a_login_or_mailbox_can_be_asked_on_paper(psi: User) -> None:
    request = a_request(Status.DISPOSED, at=MONDAY)
    request = consent.ask(request, UnitFactory(email=""), by=psi, now=NOW, question="?")
    assert policies.why_not(psi, request, Action.RECORD_CONSENT, now=NOW) is None


def test_whoever_asks_for_the_data_does_not_consent_as_its_owner(asked: AccessRequest) -> None:
    writer = asked.created_by
    writer.unit = asked.consents.get().unit  # moved to the bureau meanwhile
    writer.save()
    assert policies.why_not(User.objects.get(pk=writer.pk), asked, Action.ANSWER_OWNER, now=NOW) == (
        "Anda tidak dapat menyetujui permohonan Anda sendiri."
    )


def test_nor_does_a_colleague_of_the_applicant_who_stands_in_for_the_owner(asked: AccessRequest, owner: User) -> None:
    substitute = person(Role.UNIT_STAFF, unit=asked.unit)
    Substitution.objects.create(
        absent=owner, substitute=substitute, starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 23)
    )
    assert policies.why_not(substitute, asked, Action.ANSWER_OWNER, now=NOW) == (
        "Anda tidak dapat menyetujui permohonan unit Anda sendiri."
    )


def test_nor_do_they_write_down_at_psi_what_the_owner_answered(asked: AccessRequest) -> None:
    named = person(Role.PSI, email=asked.email)
    assert policies.why_not(named, asked, Action.RECORD_CONSENT, now=NOW) == (
        "Yang mengajukan permohonan tidak dapat sekaligus mencatat jawaban pemilik data."
    )


def test_a_substitute_answers_in_the_name_of_the_absent_owner(asked: AccessRequest, owner: User) -> None:
    substitute = person(Role.UNIT_STAFF, full_name="Sari")  # staff of another unit
    Substitution.objects.create(
        absent=owner, substitute=substitute, starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 23)
    )
    assert asked in selectors.waiting_for(User.objects.get(pk=substitute.pk), NOW)
    consent.answer(asked, Answer(True), by=User.objects.get(pk=substitute.pk), now=NOW)
    event = AuditEvent.objects.latest("pk")
    assert (event.actor_name, event.acting_for) == ("Sari", "Plh. menggantikan Rizki")


# --- who knows of it ------------------------------------------------------------------------------------
def test_the_owner_has_it_in_their_inbox_only_while_they_are_asked(asked: AccessRequest, owner: User) -> None:
    stranger = person(Role.UNIT_STAFF)
    assert list(selectors.waiting_for(owner, NOW)) == [asked]
    assert list(selectors.waiting_for(stranger, NOW)) == []
    consent.answer(asked, Answer(True), by=owner, now=NOW)
    assert list(selectors.waiting_for(owner, NOW)) == []


def test_the_owner_sees_the_question_but_neither_the_request_nor_its_files(asked: AccessRequest, owner: User) -> None:
    assert [row.request for row in selectors.consents_asked_of(owner, NOW)] == [asked]
    assert not selectors.visible_to(owner, NOW).exists()
    assert not selectors.visible_documents(owner, NOW).exists()
    assert not selectors.consents_asked_of(person(Role.UNIT_STAFF), NOW).exists()


def test_a_withdrawn_request_waits_for_no_owner(asked: AccessRequest, owner: User) -> None:
    request = request_letter.withdraw(asked, by=asked.created_by, now=NOW, reason="Tidak jadi.")
    assert not selectors.waiting_for(owner, NOW).exists()
    assert policies.open_consent(request) is None


def test_the_next_owner_can_be_asked_and_the_first_again(asked: AccessRequest, psi: User, owner: User) -> None:
    request = consent.answer(asked, Answer(False, "Belum."), by=owner, now=NOW)
    request = consent.ask(request, UnitFactory(), by=psi, now=NOW, question="Dan Anda?")
    request = consent.record(request, Answer(True), dated=NOW.date(), by=psi, now=NOW)
    request = consent.ask(request, owner.unit, by=psi, now=NOW, question="Sekarang?")
    request = consent.answer(request, Answer(True), by=owner, now=NOW)
    assert [row.is_given for row in request.consents.all()] == [False, True, True]


def test_psi_works_on_nothing_while_it_waits(asked: AccessRequest, psi: User) -> None:
    allowed = {row.action for row in policies.allowed(psi, asked, now=NOW)}
    assert allowed == {Action.RECORD_CONSENT}
    assert not selectors.waiting_for(psi, NOW).filter(pk=asked.pk).exists()
    assert not policies.allowed(somebody(Role.HEAD), asked, now=NOW)
