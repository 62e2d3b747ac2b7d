"""SOP 6: drafted, approved by somebody else, issued once as bytes that never change, sent."""

import hashlib
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.db import transaction
from django.utils import translation

from accounts.models import OutgoingMail, RoleGrant, Substitution, Unit, User
from accounts.roles import Role
from requests_app import policies, selectors
from requests_app.models import AccessRequest, Document, NumberBook, ReplyLetter
from requests_app.policies import Refused
from requests_app.reply_papers import propose
from requests_app.sla import WIB
from requests_app.sop import Action, Status
from requests_app.steps import move, reply_letter
from requests_app.steps.reply_letter import Draft
from tests.factories import REFUSAL, UnitFactory, a_request, person, somebody, the_institution
from tests.racing import at_once

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=2)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=WIB)
BODY = "Bersama ini kami sampaikan bahwa permohonan belum dapat kami penuhi.\n\nTerima kasih."


@pytest.fixture(autouse=True)
def _uploads(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def at(status: Status, **fields: Any) -> AccessRequest:
    """A request whose reply is due; refused by the head, which is the short road there."""
    return a_request(status, at=MONDAY, refused=True, **fields)


def draft(request: AccessRequest, **changes: Any) -> Draft:
    proposal = propose(request, the_institution())
    words = {"recipient": proposal.recipient, "subject": proposal.subject, "body": proposal.body}
    return Draft(**words | {"classification": "TI.00"} | changes)


def approval(**changes: Any) -> AccessRequest:
    """A request whose draft waits for the head."""
    request = at(Status.REPLY_DRAFTING)
    reply_letter.send_for_approval(request, draft(request, **changes), by=somebody(Role.HELPDESK), now=NOW)
    return AccessRequest.objects.get(pk=request.pk)


def approve(request: AccessRequest, by: User | None = None, now: datetime = NOW) -> ReplyLetter:
    reply_letter.approve(request, by=by or somebody(Role.HEAD), now=now)
    return ReplyLetter.objects.get(request=request)


def bytes_of(document: Document | None) -> bytes:
    assert document is not None
    with document.file.open("rb") as file:
        return bytes(file.read())


# --- the draft ----------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_saved_draft_is_neither_numbered_nor_issued() -> None:
    request = at(Status.REPLY_DRAFTING)
    reply_letter.save(request, draft(request, body=BODY, copies="Rektor"), by=somebody(Role.HELPDESK), now=NOW)
    reply = ReplyLetter.objects.get(request=request)
    assert (reply.body, reply.copies, reply.kind) == (BODY, "Rektor", "refused")
    assert (reply.number, reply.document, reply.approved_at) == ("", None, None)
    assert AccessRequest.objects.get(pk=request.pk).status == Status.REPLY_DRAFTING
    assert not NumberBook.objects.filter(book=NumberBook.Book.OUTGOING).exists()


@pytest.mark.django_db
def test_the_proposal_of_a_refusal_gives_the_reason_of_the_head() -> None:
    assert REFUSAL[0].upper() + REFUSAL[1:] in propose(at(Status.REPLY_DRAFTING), the_institution()).body


@pytest.mark.django_db
def test_the_preview_says_konsep_and_writes_nothing() -> None:
    request = at(Status.REPLY_DRAFTING)
    content = reply_letter.preview(request, now=NOW)
    assert content.startswith(b"%PDF-")
    assert not ReplyLetter.objects.exists()
    assert not Document.objects.filter(kind=Document.Kind.REPLY_LETTER).exists()


@pytest.mark.django_db
def test_the_letter_is_in_its_own_language_whoever_presses_the_button() -> None:
    request = approval(security_class="T")
    with translation.override("id"):
        in_indonesian = reply_letter.preview(request, now=NOW)
    with translation.override("en"):
        assert reply_letter.preview(request, now=NOW) == in_indonesian
        reply = approve(request)
    assert reply.document is not None
    granted = a_request(Status.REPLY_DRAFTING, at=MONDAY, identity_type="other", identity_number="K-12")
    with translation.override("id"):
        proposed = propose(granted, the_institution()).body
    with translation.override("en"):
        assert propose(granted, the_institution()).body == proposed
    assert reply.document.display_name == f"Surat balasan {request.reference}.pdf"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"body": "Selamat 😀"}, "Surat memuat karakter yang tidak dapat dicetak: 😀"),
        ({"body": " "}, "Surat belum lengkap: isi, tujuan, dan penanda tangan harus ada."),
        ({"recipient": " "}, "Surat belum lengkap: isi, tujuan, dan penanda tangan harus ada."),
    ],
)
def test_what_cannot_be_printed_does_not_reach_the_head(changes: dict[str, str], sentence: str) -> None:
    request = at(Status.REPLY_DRAFTING)
    with pytest.raises(Refused) as raised:
        reply_letter.send_for_approval(request, draft(request, **changes), by=somebody(Role.HELPDESK), now=NOW)
    assert str(raised.value) == sentence
    assert not ReplyLetter.objects.exists(), "nothing is stored half"
    assert AccessRequest.objects.get(pk=request.pk).status == Status.REPLY_DRAFTING


@pytest.mark.django_db
def test_a_correction_stands_until_the_draft_is_put_forward_again() -> None:
    request, helpdesk = approval(), somebody(Role.HELPDESK)
    reply_letter.return_reply(request, by=somebody(Role.HEAD), now=NOW, reason="Sebutkan masa berlaku.")
    assert ReplyLetter.objects.get(request=request).correction == "Sebutkan masa berlaku."
    request.refresh_from_db()
    assert request.status == Status.REPLY_DRAFTING
    mail = OutgoingMail.objects.filter(to=helpdesk.email).latest("pk")
    assert "Sebutkan masa berlaku." in mail.text
    reply_letter.save(request, draft(request), by=helpdesk, now=NOW)
    assert ReplyLetter.objects.get(request=request).correction == "Sebutkan masa berlaku."
    reply_letter.send_for_approval(request, draft(request), by=helpdesk, now=NOW)
    assert ReplyLetter.objects.get(request=request).correction == ""


# --- the number -----------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_number_follows_the_pattern_and_is_drawn_at_approval() -> None:
    first, second = approve(approval()), approve(approval(security_class="T"))
    assert (first.number, second.number) == ("B/1/UN11.TIK/TI.00/2026", "T/2/UN11.TIK/TI.00/2026")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "number"),
    [
        (NEW_YEAR - timedelta(seconds=1), "B/2/UN11.TIK/TI.00/2026"),  # 31 December, 23.59.59 WIB
        (NEW_YEAR, "B/1/UN11.TIK/TI.00/2027"),  # 1 January, 00.00.00 WIB; still 31 December in UTC
    ],
)
def test_numbers_begin_anew_at_midnight_wib_of_new_year(now: datetime, number: str) -> None:
    approve(approval())
    assert approve(approval(), now=now).number == number


@pytest.mark.django_db
def test_a_typed_number_is_kept_and_none_is_drawn() -> None:
    assert approve(approval(number=" 77/UN11/2026 ")).number == "77/UN11/2026"
    assert approve(approval()).number == "B/1/UN11.TIK/TI.00/2026"


@pytest.mark.django_db
def test_a_number_typed_twice_is_refused() -> None:
    approval(number="77/UN11/2026")
    with pytest.raises(Refused, match="Nomor surat 77/UN11/2026 sudah dipakai"):
        approval(number="77/UN11/2026")


@pytest.mark.django_db
def test_two_drafts_that_took_the_same_number_unseen_are_not_both_issued() -> None:
    first, second = approval(number="77/UN11/2026"), approval()
    ReplyLetter.objects.filter(request=second).update(number="77/UN11/2026", numbering="elsewhere")
    with pytest.raises(Refused, match="sudah dipakai untuk surat balasan lain"):
        approve(second)
    assert not Document.objects.filter(request=second, kind=Document.Kind.REPLY_LETTER).exists()
    assert first.pk != second.pk


@pytest.mark.django_db
def test_a_number_typed_for_another_letter_is_passed_over_in_the_book() -> None:
    approval(number="B/1/UN11.TIK/TI.00/2026")
    assert approve(approval()).number == "B/2/UN11.TIK/TI.00/2026"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [("{sifat}/{nomor}/{tahun}", "isian yang tidak dikenal: {nomor}"), ("B/UN11/{tahun}", "tidak memuat {urut}")],
)
def test_a_pattern_that_cannot_number_is_explained_and_uses_nothing_up(pattern: str, sentence: str) -> None:
    approve(approval())
    house = the_institution()
    house.letter_number_pattern = pattern
    house.save()
    ReplyLetter.objects.update(number=f"B/UN11/{NOW.year}")
    request = approval()
    with pytest.raises(Refused, match=sentence.replace("{", r"\{")):
        approve(request)
    assert NumberBook.objects.get(book=NumberBook.Book.OUTGOING).last == 1


@pytest.mark.django_db
def test_a_number_is_not_used_up_when_the_letter_cannot_be_printed() -> None:
    head = person(Role.HEAD, full_name="Dr. 😀")
    request = approval()
    with pytest.raises(Refused, match="tidak dapat dicetak: 😀"):
        approve(request, by=head)
    assert not Document.objects.filter(kind=Document.Kind.REPLY_LETTER).exists()
    request.refresh_from_db()
    assert request.status == Status.REPLY_APPROVAL
    head.full_name = "Dr. Maulana"
    head.save()
    assert approve(request, by=head).number == "B/1/UN11.TIK/TI.00/2026"


# --- issued once -------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_issued_bytes_do_not_change_when_the_institution_does() -> None:
    reply = approve(approval())
    before = bytes_of(reply.document)
    house = the_institution()
    house.name, house.signatory_title, house.letter_unit_code = "Universitas Baru", "Direktur", "UN99"
    house.save()
    Unit.objects.update(head_title="Ketua")
    reply = ReplyLetter.objects.get(pk=reply.pk)
    assert bytes_of(reply.document) == before
    assert reply.document is not None
    assert reply.document.sha256 == hashlib.sha256(before).hexdigest()
    assert (reply.number, reply.signatory_title) == ("B/1/UN11.TIK/TI.00/2026", "Kepala UPT TIK")


@pytest.mark.django_db
def test_the_issued_letter_bears_its_number_and_does_not_say_konsep() -> None:
    reply = approve(approval())
    assert reply.document is not None
    with reply.document.file.open("rb") as file, pikepdf.open(file) as pdf:
        assert reply.number in str(pdf.docinfo["/Title"])
    draft_of_it = reply_letter.preview(approval(), now=NOW)
    assert len(bytes_of(reply.document)) != len(draft_of_it)
    assert reply.document.content_type == "application/pdf"


@pytest.mark.django_db
def test_the_substitute_signs_and_the_record_names_both() -> None:
    head, substitute = person(Role.HEAD, full_name="Dr. Maulana"), person(None, full_name="Nadia, S.Kom.")
    today = NOW.date()
    Substitution.objects.create(absent=head, substitute=substitute, kind="Plh.", starts_on=today, ends_on=today)
    request = approval()
    reply = approve(request, by=substitute)
    assert reply.signatory_name == "Nadia, S.Kom."
    with translation.override("id"):
        said = selectors.timeline(request)[-1].sentence
    assert said.endswith(" menyetujui surat balasan Nomor B/1/UN11.TIK/TI.00/2026.")
    assert all(name in said for name in ("Nadia, S.Kom.", "Plh.", "Dr. Maulana"))


# --- four eyes -----------------------------------------------------------------------------------------
@pytest.fixture
def both() -> User:
    """Somebody who is helpdesk and head at once."""
    return person((Role.HELPDESK, Role.HEAD))


@pytest.mark.django_db
def test_who_prepared_the_letter_does_not_approve_it(both: User) -> None:
    request = at(Status.REPLY_DRAFTING)
    reply_letter.send_for_approval(request, draft(request), by=both, now=NOW)
    sentence = "Yang menyiapkan surat balasan tidak dapat sekaligus menyetujuinya."
    with pytest.raises(Refused, match=sentence):
        approve(request, by=both)
    assert not NumberBook.objects.filter(book=NumberBook.Book.OUTGOING).exists()
    approve(request, by=person(Role.HEAD))


@pytest.mark.django_db
def test_who_prepared_the_letter_does_not_approve_it_as_a_substitute_either() -> None:
    helpdesk, head = somebody(Role.HELPDESK), person(Role.HEAD)
    today = NOW.date()
    Substitution.objects.create(absent=head, substitute=helpdesk, starts_on=today, ends_on=today)
    request = approval()
    assert policies.why_not(helpdesk, request, Action.APPROVE_REPLY, now=NOW) == (
        "Yang menyiapkan surat balasan tidak dapat sekaligus menyetujuinya."
    )
    assert policies.why_not(head, request, Action.APPROVE_REPLY, now=NOW) is None


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.UNIT_STAFF, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR])
def test_others_neither_write_nor_approve_nor_send(role: Role) -> None:
    other = person(role)
    drafting, waiting, approved = (
        at(Status.REPLY_DRAFTING),
        at(Status.REPLY_APPROVAL),
        at(Status.REPLY_APPROVED),
    )
    for act in (
        lambda: reply_letter.save(drafting, draft(drafting), by=other, now=NOW),
        lambda: reply_letter.send_for_approval(drafting, draft(drafting), by=other, now=NOW),
        lambda: reply_letter.approve(waiting, by=other, now=NOW),
        lambda: reply_letter.return_reply(waiting, by=other, now=NOW, reason="Ubah."),
        lambda: reply_letter.send(approved, by=other, now=NOW),
    ):
        with pytest.raises(Refused, match="bukan wewenang Anda"):
            act()


# --- sending --------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_letter_goes_to_the_unit_and_to_the_responsible_person_with_the_file() -> None:
    request = at(Status.REPLY_APPROVED)
    reply_letter.send(request, by=somebody(Role.HELPDESK), now=NOW)
    request.refresh_from_db()
    assert (request.status, request.finished_at, request.reply.sent_at) == (Status.FINISHED, NOW, NOW)
    assert request.reply.document is not None
    sent = OutgoingMail.objects.filter(attachment=request.reply.document.file.name)
    assert set(sent.values_list("to", flat=True)) == {request.created_by.email, request.unit.email, request.email}
    assert request.reply.number in sent[0].text


@pytest.mark.django_db
def test_the_unit_sees_the_letter_only_when_it_was_sent() -> None:
    request = at(Status.REPLY_APPROVED)
    letters = selectors.visible_documents(request.created_by, NOW).filter(kind=Document.Kind.REPLY_LETTER)
    assert not letters.exists()
    reply_letter.send(request, by=somebody(Role.HELPDESK), now=NOW)
    assert letters.get().request == request


# --- several at once -----------------------------------------------------------------------------------
@pytest.fixture
def _heads() -> None:
    for name in ("Dr. Maulana", "Dr. Rina"):
        person(Role.HEAD, full_name=name)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_heads")
def test_of_two_approvals_at_once_one_is_issued_and_the_other_reads_who_was_first() -> None:
    request, heads = approval(), list(User.objects.filter(role_grants__role=Role.HEAD))
    outcomes = at_once(
        [lambda by=by: reply_letter.approve(request, by=by, now=NOW, version=request.version) for by in heads]
    )
    names = [type(outcome).__name__ for outcome in outcomes]
    assert sorted(names) == ["AccessRequest", "ActedFirst"]
    late = outcomes[names.index("ActedFirst")]
    assert isinstance(late, move.ActedFirst)
    assert late.last is not None
    winner = heads[names.index("AccessRequest")]
    assert (late.last.verb, late.last.actor_name) == ("approve_reply", str(winner))
    assert Document.objects.filter(request=request, kind=Document.Kind.REPLY_LETTER).count() == 1
    assert NumberBook.objects.get(book=NumberBook.Book.OUTGOING).last == 1


class Undone(Exception):
    """Something after the approval went wrong."""


@pytest.mark.django_db(transaction=True)
def test_eight_heads_with_failures_leave_no_gap_in_the_outgoing_numbers() -> None:
    unit = UnitFactory()
    heads = [person(Role.HEAD) for _ in range(8)]
    stacks = [[at(Status.REPLY_APPROVAL, unit=unit) for _ in range(2)] for _ in heads]

    def work(place: int) -> int:
        dice, undone = random.Random(100 + place), 0
        for request in stacks[place]:
            try:
                with transaction.atomic():
                    reply_letter.approve(request, by=heads[place], now=NOW)
                    if dice.random() < 0.35:
                        raise Undone
            except Undone:
                undone += 1
        return undone

    undone = sum(at_once([lambda place=place: work(place) for place in range(8)]))
    numbers = sorted(ReplyLetter.objects.exclude(number="").values_list("number_in_book", flat=True))
    assert 0 < undone < 16, "some were kept and some undone"
    assert numbers == list(range(1, 16 - undone + 1))


@pytest.mark.django_db
def test_a_person_who_lost_the_role_meanwhile_does_not_approve() -> None:
    head, request = person(Role.HEAD), approval()
    RoleGrant.objects.filter(user=head).delete()
    with pytest.raises(Refused, match="bukan wewenang Anda"):
        approve(request, by=User.objects.get(pk=head.pk))
