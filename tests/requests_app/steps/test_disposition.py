"""The head's decision: what is written, who is told, who may, and what happens when two act at once."""

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.utils import translation

from accounts.models import Notice, OutgoingMail, Substitution, User
from accounts.roles import Role
from requests_app import policies, selectors
from requests_app.models import AccessRequest, Disposition, RequestedItem
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import account, disposition, move
from requests_app.steps.disposition import Instructions
from tests.factories import DataTypeFactory, a_request, person, somebody

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=1)
FOLLOW, ASSESS = Disposition.Instruction.FOLLOW_SOP, Disposition.Instruction.ASSESS
OWN = "Anda tidak dapat mendisposisikan permohonan Anda sendiri."


def waiting(**fields: object) -> AccessRequest:
    """A request forwarded on Monday at 9.03."""
    return a_request(Status.AWAITING_DISPOSITION, at=MONDAY, **fields)


def status_of(request: AccessRequest) -> str:
    return AccessRequest.objects.get(pk=request.pk).status


def last_sentence(request: AccessRequest) -> str:
    return selectors.timeline(request)[-1].sentence


@pytest.fixture
def head(db: None) -> User:
    return person(Role.HEAD, full_name="Dr. Teuku Maulana")


# --- the three decisions --------------------------------------------------------------------
def test_a_disposition_keeps_everything_the_head_ticked_and_wrote(head: User) -> None:
    secretary = person(Role.HELPDESK)
    words = Instructions((FOLLOW, ASSESS), "Dahulukan.", date(2026, 11, 30), (secretary,))
    request = disposition.dispose(waiting(), words, by=head, now=NOW)
    row = Disposition.objects.get(request=request)
    assert status_of(request) == Status.DISPOSED
    assert (row.decision, row.instructions, row.note) == ("forwarded", ["follow_sop", "assess"], "Dahulukan.")
    assert (row.due_on, list(row.copies.all())) == (date(2026, 11, 30), [secretary])
    assert (row.decided_by, row.on_behalf_of, row.decided_at, row.read_at) == (head, None, NOW, None)


def test_the_clock_of_sop_3_starts_with_the_disposition(head: User) -> None:
    request = disposition.dispose(waiting(), Instructions(), by=head, now=NOW)
    entry = request.entries.get(left_at=None)
    assert (entry.clock_started_at, entry.due_at) == (NOW, datetime(2026, 11, 24, 10, tzinfo=WIB))


def test_the_record_is_in_the_language_of_the_office_whoever_decides(head: User) -> None:
    with translation.override("en"):
        request = disposition.dispose(waiting(), Instructions((FOLLOW, ASSESS)), by=head, now=NOW)
    said = "Dr. Teuku Maulana mendisposisikan permohonan kepada Divisi PSI: Proses sesuai SOP; Teliti dan beri pendapat"
    assert last_sentence(request) == said


def test_those_in_copy_are_told_and_psi_is_asked(head: User) -> None:
    psi, secretary = person(Role.PSI), person(Role.HELPDESK)
    request = waiting()
    OutgoingMail.objects.all().delete()
    Notice.objects.all().delete()
    disposition.dispose(request, Instructions(note="Dahulukan.", copies=(secretary,)), by=head, now=NOW)
    mails = {row.to: row for row in OutgoingMail.objects.all()}
    assert set(mails) == {psi.email, secretary.email}
    assert "tembusan" in mails[secretary.email].text
    assert "Catatan: Dahulukan." in mails[secretary.email].text
    assert "Batas waktu" not in mails[secretary.email].text
    assert "Batas waktu" in mails[psi.email].text
    assert Notice.objects.get(user=secretary).url == request.get_absolute_url()


@pytest.mark.parametrize(("language", "word"), [("id", "Instruksi: Proses sesuai SOP"), ("en", "Instruction: ")])
def test_a_copy_is_written_in_the_readers_language(head: User, language: str, word: str) -> None:
    secretary = person(Role.HELPDESK, language=language)
    request = disposition.dispose(waiting(), Instructions(copies=(secretary,)), by=head, now=NOW)
    disposition.cancel(request, by=head, now=NOW)
    disposed, cancelled = OutgoingMail.objects.filter(to=secretary.email, key__endswith=f"copy:{secretary.pk}")
    assert word in disposed.text
    assert {disposed.language, cancelled.language} == {language}
    assert disposed.subject != cancelled.subject


def test_a_question_takes_the_letter_back_to_the_unit(head: User) -> None:
    request = disposition.ask_for_clarification(waiting(), by=head, now=NOW, reason="Untuk aplikasi apa?")
    assert status_of(request) == Status.RETURNED
    assert request.waiting_question == "Untuk aplikasi apa?"
    row = Disposition.objects.get(request=request)
    assert (row.decision, row.note, row.decided_by) == ("clarification", "Untuk aplikasi apa?", head)


def test_a_refusal_leads_to_a_reply_letter_and_answers_every_kind_of_data(head: User) -> None:
    request = waiting(data_types=[DataTypeFactory(), DataTypeFactory()])
    disposition.refuse(request, by=head, now=NOW, reason="Data belum tersedia.")
    request.refresh_from_db()
    assert (request.status, request.outcome) == (Status.REPLY_DRAFTING, "refused")
    answers = list(request.items.values_list("decision", "reason"))
    assert answers == [(RequestedItem.Decision.REFUSED, "Data belum tersedia.")] * 2
    assert Disposition.objects.get(request=request).decision == "refused"


# --- whose decision it is ----------------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.UNIT_STAFF, Role.HELPDESK, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR])
def test_only_the_head_decides(db: None, role: Role) -> None:
    request = waiting()
    with pytest.raises(policies.Refused, match="bukan wewenang Anda"):
        disposition.dispose(request, Instructions(), by=somebody(role), now=NOW)
    assert status_of(request) == Status.AWAITING_DISPOSITION


@pytest.mark.parametrize(
    ("moment", "may"),
    [
        (datetime(2026, 11, 23, 23, 59, 59, tzinfo=WIB), False),  # the day before
        (datetime(2026, 11, 24, 0, 0, tzinfo=WIB), True),  # 23 November 17.00 UTC
        (datetime(2026, 11, 26, 23, 59, 59, tzinfo=WIB), True),
        (datetime(2026, 11, 27, 0, 0, tzinfo=WIB), False),
    ],
)
def test_a_substitute_decides_from_the_first_through_the_last_local_day(
    head: User, moment: datetime, *, may: bool
) -> None:
    deputy = person(None, full_name="Ir. Cut Meutia")
    Substitution.objects.create(
        absent=head, substitute=deputy, kind="Plh.", starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 26)
    )
    request = waiting()
    act = partial(disposition.dispose, request, Instructions(), by=User.objects.get(pk=deputy.pk), now=moment)
    if may:
        act()
    else:
        with pytest.raises(policies.Refused):
            act()
    assert (status_of(request) == Status.DISPOSED) is may


@pytest.mark.parametrize("kind", ["Plh.", "Plt."])
def test_the_record_names_the_substitute_and_the_absent_head(head: User, kind: str) -> None:
    deputy = person(None, full_name="Ir. Cut Meutia")
    day = date(2026, 11, 23)
    Substitution.objects.create(absent=head, substitute=deputy, kind=kind, starts_on=day, ends_on=day)
    request = disposition.dispose(waiting(), Instructions(), by=deputy, now=NOW)
    row = Disposition.objects.get(request=request)
    assert (row.decided_by, row.on_behalf_of) == (deputy, head)
    assert last_sentence(request).startswith(f"Ir. Cut Meutia ({kind} menggantikan Dr. Teuku Maulana) mendisposisikan")


Decide = Callable[..., AccessRequest]
DECISIONS = [
    partial(disposition.dispose, instructions=Instructions()),
    partial(disposition.ask_for_clarification, reason="Untuk apa?"),
    partial(disposition.refuse, reason="Belum tersedia."),
]


@pytest.mark.parametrize("decide", DECISIONS)
def test_nobody_decides_on_what_they_wrote_themselves(db: None, decide: Decide) -> None:
    both = person([Role.HEAD, Role.UNIT_STAFF])
    request = waiting(by=both)
    with pytest.raises(policies.Refused, match=OWN):
        decide(request, by=both, now=NOW)
    assert status_of(request) == Status.AWAITING_DISPOSITION


@pytest.mark.parametrize("decide", DECISIONS)
def test_nobody_decides_on_the_account_they_are_to_get(head: User, decide: Decide) -> None:
    with pytest.raises(policies.Refused, match=OWN):
        decide(waiting(email=head.email.upper()), by=head, now=NOW)


def test_a_substitute_does_not_decide_on_the_absent_heads_own_letter(db: None) -> None:
    both, deputy = person([Role.HEAD, Role.UNIT_STAFF]), person(None)
    day = date(2026, 11, 23)
    Substitution.objects.create(absent=both, substitute=deputy, starts_on=day, ends_on=day)
    with pytest.raises(policies.Refused, match=OWN):
        disposition.dispose(waiting(by=both), Instructions(), by=deputy, now=NOW)


# --- taking it back -----------------------------------------------------------------------------
def test_an_unread_disposition_is_taken_back_and_stays_on_record(head: User) -> None:
    request = disposition.dispose(waiting(), Instructions(), by=head, now=NOW)
    later = NOW + timedelta(minutes=5)
    disposition.cancel(request, by=head, now=later)
    assert status_of(request) == Status.AWAITING_DISPOSITION
    assert Disposition.objects.get(request=request).cancelled_at == later
    assert policies.last_disposition(request) is None


def test_after_taking_back_the_head_decides_anew(head: User) -> None:
    request = disposition.dispose(waiting(), Instructions(), by=head, now=NOW)
    disposition.cancel(request, by=head, now=NOW)
    disposition.refuse(request, by=head, now=NOW, reason="Belum tersedia.")
    assert [row.decision for row in Disposition.objects.filter(request=request)] == ["forwarded", "refused"]


@pytest.mark.parametrize("role", [Role.HEAD, Role.HELPDESK, Role.UNIT_STAFF, Role.AUDITOR])
def test_reading_by_others_than_psi_marks_nothing(head: User, role: Role) -> None:
    request = disposition.dispose(waiting(), Instructions(), by=head, now=NOW)
    disposition.mark_read(request, by=somebody(role), now=NOW)
    assert Disposition.objects.get(request=request).read_at is None


def test_the_first_of_psi_who_reads_is_remembered_and_then_it_stands(head: User) -> None:
    request = disposition.dispose(waiting(), Instructions(), by=head, now=NOW)
    first, second = person(Role.PSI), person(Role.PSI)
    disposition.mark_read(request, by=first, now=NOW)
    disposition.mark_read(request, by=second, now=NOW + timedelta(minutes=1))
    row = Disposition.objects.get(request=request)
    assert (row.read_by, row.read_at) == (first, NOW)
    with pytest.raises(policies.Refused, match="sudah dibaca Divisi PSI"):
        disposition.cancel(request, by=head, now=NOW)
    assert status_of(request) == Status.DISPOSED


def test_what_psi_has_taken_cannot_be_taken_back(head: User) -> None:
    request = disposition.dispose(waiting(), Instructions(), by=head, now=NOW)
    account.claim(request, by=person(Role.PSI), now=NOW)
    with pytest.raises(policies.Refused, match="sudah dibaca Divisi PSI"):
        disposition.cancel(request, by=head, now=NOW)


def test_reading_in_the_moment_of_taking_back_wins(head: User, monkeypatch: pytest.MonkeyPatch) -> None:
    request, psi = disposition.dispose(waiting(), Instructions(), by=head, now=NOW), person(Role.PSI)
    begin = move.begin

    def begin_while_psi_opens_the_page(*args: object, **kwargs: object) -> move.Act:
        act = begin(*args, **kwargs)
        disposition.mark_read(request, by=psi, now=NOW)
        return act

    monkeypatch.setattr(move, "begin", begin_while_psi_opens_the_page)
    with pytest.raises(policies.Refused, match="baru saja dibaca"):
        disposition.cancel(request, by=head, now=NOW)
    assert status_of(request) == Status.DISPOSED
    assert policies.last_disposition(request) is not None


# --- several at once ------------------------------------------------------------------------------
def test_each_letter_gets_its_own_result(head: User) -> None:
    good, stale, own, last = waiting(), waiting(), waiting(email=head.email), waiting()
    pairs = [(item, item.version) for item in (good, stale, own, last)]
    disposition.ask_for_clarification(stale, by=person(Role.HEAD, full_name="Plt. Kepala"), now=NOW, reason="Apa?")
    results = disposition.dispose_several(pairs, Instructions((ASSESS,), "Sama."), by=head, now=NOW)
    assert [result.request.pk for result in results] == [good.pk, stale.pk, own.pk, last.pk]
    assert [type(result.problem) for result in results] == [type(None), move.ActedFirst, policies.Refused, type(None)]
    assert str(results[2].problem) == OWN
    assert [status_of(item) for item in (good, stale, own, last)] == [
        Status.DISPOSED,
        Status.RETURNED,
        Status.AWAITING_DISPOSITION,
        Status.DISPOSED,
    ]
    written = Disposition.objects.filter(decided_by=head).values_list("instructions", "note")
    assert list(written) == [(["assess"], "Sama.")] * 2


# --- two heads at once ------------------------------------------------------------------------------
def decide_at_once(request: AccessRequest, heads: list[User], patience: float) -> list[str]:
    """What became of each head who opened the page before the other acted; sorted.

    Both wait for each other, up to `patience` seconds, between being let in and writing.
    """
    meeting, outcomes = threading.Barrier(2), []
    check = policies.check

    def check_and_wait(*args: object, **kwargs: object) -> object:
        right = check(*args, **kwargs)
        try:
            meeting.wait(patience)
        except threading.BrokenBarrierError:
            pass  # the other one is not let in meanwhile
        return right

    def decide(head: User) -> None:
        try:
            disposition.dispose(request, Instructions(), by=head, now=NOW, version=request.version)
            outcomes.append("disposed")
        except Exception as problem:
            outcomes.append(type(problem).__name__)
        finally:
            connection.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policies, "check", check_and_wait)
        threads = [threading.Thread(target=decide, args=(head,)) for head in heads]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_of_two_heads_at_once_one_decides_and_the_other_is_told() -> None:
    heads, request = [person(Role.HEAD), person(Role.HEAD)], waiting()
    assert decide_at_once(request, heads, patience=1) == ["ActedFirst", "disposed"]
    assert Disposition.objects.filter(request=request).count() == 1
    assert request.entries.filter(status=Status.DISPOSED).count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_without_the_row_lock_both_would_be_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    heads, request = [person(Role.HEAD), person(Role.HEAD)], waiting()
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **kwargs: self)
    assert "ActedFirst" not in decide_at_once(request, heads, patience=10)
