"""SOP 6 through HTTP: the helpdesk writes the reply, the head approves it on a phone, the helpdesk sends it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutgoingMail, Substitution, User
from accounts.roles import Role
from requests_app.models import AccessRequest, Document, NumberBook, ReplyLetter
from requests_app.sop import Status
from requests_app.steps import reply_letter
from tests.factories import (
    REFUSAL,
    DataTypeFactory,
    UnitFactory,
    a_request,
    approve,
    person,
    send_for_approval,
    somebody,
)

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)  # 10.30 WIB
LETTER = {
    "recipient": "Dekan FMIPA\nFakultas MIPA",
    "subject": "Jawaban atas permohonan",
    "body": "Permohonan belum dapat kami penuhi.\n\nTerima kasih.",
    "copies": "Rektor\nArsip",
    "security_class": "B",
    "classification": "TI.00",
    "language": "id",
    "numbering": "here",
    "number": "",
}
NOT_YOURS = "Tindakan ini bukan wewenang Anda."


@pytest.fixture(autouse=True)
def _monday(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(MONDAY, tick=False):
        yield


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk() -> Client:
    """The helpdesk, signed in."""
    return signed_in(somebody(Role.HELPDESK))


@pytest.fixture
def head() -> User:
    return person(Role.HEAD, full_name="Dr. Teuku Maulana")


@pytest.fixture
def phone(head: User) -> Client:
    """The head, signed in."""
    return signed_in(head)


def url(name: str, item: AccessRequest) -> str:
    return reverse(name, args=[item.reference])


def text(response: HttpResponse) -> str:
    """What one reads: the words without the tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def body_in(page: HttpResponse) -> str:
    found = re.search(r'<textarea name="body"[^>]*>\s*(.*?)</textarea>', page.content.decode(), re.S)
    assert found, text(page)[:500]
    return unescape(found[1]).replace("\r\n", "\n")


def drafting(**fields: Any) -> AccessRequest:
    """The reply is due, after the head's refusal: the short road there."""
    return a_request(Status.REPLY_DRAFTING, refused=True, **fields)


def waiting(**fields: Any) -> AccessRequest:
    """The draft waits for the head."""
    return a_request(Status.REPLY_APPROVAL, refused=True, **fields)


def saved(item: AccessRequest, client: Client, **changes: str) -> AccessRequest:
    client.post(url("reply", item), LETTER | changes | {"save": "1"})
    return AccessRequest.objects.get(pk=item.pk)


# --- writing -------------------------------------------------------------------------------------
def test_a_granted_request_is_proposed_with_its_data_and_validity(desk: Client) -> None:
    data = [DataTypeFactory(name="Data alumni"), DataTypeFactory(name="Jadwal kuliah")]
    item = a_request(Status.REPLY_DRAFTING, data_types=data, letter_number="112/UN11")
    body = body_in(desk.get(url("reply", item)))
    for words in ("112/UN11", "disetujui", "1. Data alumni", "2. Jadwal kuliah", "s.d.", "NIP 198706302014041002"):
        assert words in body
    assert item.email not in body
    assert not ReplyLetter.objects.exists(), "reading writes nothing"


def test_a_refused_request_is_proposed_politely_with_the_reason(desk: Client) -> None:
    body = body_in(desk.get(url("reply", drafting())))
    assert "belum dapat kami penuhi" in body
    assert REFUSAL[1:] in body
    assert "ditolak" not in body


def test_a_saved_draft_comes_back_as_typed(desk: Client) -> None:
    item = drafting()
    page = desk.post(url("reply", item), LETTER | {"save": "1", "version": item.version}, follow=True)
    assert page.redirect_chain == [(url("reply", item), 302)]
    assert "Konsep surat disimpan." in text(page)
    assert body_in(page) == LETTER["body"]
    assert "Pratinjau konsep yang disimpan pada Senin, 23 November 2026 10.30 WIB." in text(page)
    reply = ReplyLetter.objects.get(request=item)
    assert (reply.subject, reply.copies.split()) == ("Jawaban atas permohonan", ["Rektor", "Arsip"])
    item.refresh_from_db()
    assert item.status == Status.REPLY_DRAFTING


def test_the_deadline_of_the_sop_stands_on_the_page(desk: Client) -> None:
    # Refused on Monday 09.35 WIB (an hour ago and three minutes): due at the same time on Tuesday.
    assert "Batas waktu: Selasa, 24 November 2026 09.34 WIB" in text(desk.get(url("reply", drafting())))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"recipient": " "}, "Isi kepada siapa surat ditujukan, misalnya Dekan FMIPA."),
        ({"subject": ""}, "Isi hal surat."),
        ({"body": " \n "}, "Isi surat tidak boleh kosong."),
        ({"numbering": "elsewhere"}, "Isi nomornya, atau pilih nomor yang diambil di sini."),
        ({"security_class": "X"}, "Periksa kembali isian Anda"),
        ({"language": "fr"}, "Periksa kembali isian Anda"),
    ],
)
@pytest.mark.parametrize("button", ["save", "send"])
def test_gaps_are_explained_and_nothing_is_stored(
    desk: Client, changes: dict[str, str], sentence: str, button: str
) -> None:
    item = drafting()
    page = desk.post(url("reply", item), LETTER | {"copies": "Salinan unik"} | changes | {button: "1"})
    assert page.status_code == 200
    assert sentence in text(page)
    assert "Salinan unik" in page.content.decode()
    assert not ReplyLetter.objects.exists()
    item.refresh_from_db()
    assert item.status == Status.REPLY_DRAFTING


def test_a_number_that_another_letter_bears_is_named_beside_the_field(desk: Client) -> None:
    other = saved(drafting(), desk, numbering="elsewhere", number="77/UN11/2026")
    item = drafting()
    page = desk.post(url("reply", item), LETTER | {"numbering": "elsewhere", "number": "77/UN11/2026", "save": "1"})
    assert f"Nomor ini sudah dipakai untuk surat balasan permohonan {other.reference}." in text(page)
    assert 'value="77/UN11/2026"' in page.content.decode()
    assert not ReplyLetter.objects.filter(request=item).exists()


def test_a_number_left_in_the_field_is_forgotten_when_it_is_drawn_here(desk: Client) -> None:
    item = saved(drafting(), desk, numbering="here", number="77/UN11/2026")
    assert ReplyLetter.objects.get(request=item).number == ""


def test_the_draft_is_worded_anew_in_english_without_losing_the_saved_one(desk: Client) -> None:
    item = drafting()
    typed = LETTER | {"body": "Kalimat saya sendiri.", "propose": "en"}
    page = desk.post(url("reply", item), typed, follow=True)
    assert page.redirect_chain == [(url("reply", item) + "?usulan=en", 302)]
    assert "not yet able to fulfil" in body_in(page)
    assert "Ini usulan baru dalam bahasa Inggris. Konsep yang tersimpan belum berubah." in text(page)
    reply = ReplyLetter.objects.get(request=item)
    assert (reply.language, reply.body) == ("id", "Kalimat saya sendiri.")
    assert body_in(desk.get(url("reply", item))) == "Kalimat saya sendiri."


def test_the_correction_of_the_head_stands_at_the_top(desk: Client, head: User) -> None:
    item = waiting()
    reply_letter.return_reply(item, by=head, now=timezone.now(), reason="Sebutkan unit yang melayani.")
    page = text(desk.get(url("reply", item)))
    assert "Kepala meminta perbaikan Sebutkan unit yang melayani." in page


# --- the preview ------------------------------------------------------------------------------------
def test_the_preview_is_a_pdf_that_can_do_nothing(desk: Client) -> None:
    item = saved(drafting(), desk)
    answer = desk.get(url("reply_preview", item))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox;")
    assert "no-store" in answer["Cache-Control"]
    assert not Document.objects.filter(kind=Document.Kind.REPLY_LETTER).exists()


def test_a_form_sent_before_there_is_anything_to_answer_leads_to_the_request(desk: Client, phone: Client) -> None:
    item = a_request(Status.DISPOSED)
    for client, page in ((desk, "reply"), (phone, "approve_reply"), (phone, "return_reply")):
        response = client.post(url(page, item), LETTER | {"reason": "Ubah hal."})
        assert response["Location"] == item.get_absolute_url(), page
    assert not ReplyLetter.objects.exists()


def test_a_draft_that_cannot_be_printed_says_why_instead(desk: Client) -> None:
    item = saved(drafting(), desk, body="Selamat 😀")
    answer = desk.get(url("reply_preview", item))
    assert answer.status_code == 422
    assert "Surat memuat karakter yang tidak dapat dicetak: 😀" in text(answer)


def test_the_preview_of_an_issued_letter_is_the_letter(desk: Client) -> None:
    item = a_request(Status.REPLY_APPROVED, refused=True)
    assert item.reply.document is not None
    assert desk.get(url("reply_preview", item))["Location"] == item.reply.document.get_absolute_url()


# --- before the head ---------------------------------------------------------------------------------
def test_putting_it_forward_tells_the_head_and_opens_the_next(desk: Client, head: User) -> None:
    item, following = drafting(), a_request(Status.REPLY_DRAFTING, refused=True)
    page = desk.post(url("reply", item), LETTER | {"send": "1", "version": item.version}, follow=True)
    assert page.redirect_chain == [(url("reply", following), 302)]
    assert f"Konsep surat balasan {item.reference} diajukan kepada Kepala." in text(page)
    item.refresh_from_db()
    assert item.status == Status.REPLY_APPROVAL
    assert OutgoingMail.objects.filter(to=head.email, text__contains=item.reference).exists()
    assert "menunggu persetujuan Kepala" in text(desk.get(url("reply", item)))


def test_an_emoji_does_not_reach_the_head(desk: Client) -> None:
    item = drafting()
    page = desk.post(url("reply", item), LETTER | {"body": "Selamat 😀", "send": "1"})
    assert "Surat memuat karakter yang tidak dapat dicetak: 😀" in text(page)
    assert body_in(page) == "Selamat 😀"
    item.refresh_from_db()
    assert item.status == Status.REPLY_DRAFTING
    assert not ReplyLetter.objects.exists()


def test_the_head_reads_the_letter_as_text_and_as_pdf(desk: Client, phone: Client) -> None:
    item = drafting()
    body = "Bersama ini kami sampaikan.\n\nMasa berlaku : 1 tahun\nTujuan : presensi\n\n1. Data alumni\n2. Jadwal"
    desk.post(url("reply", item), LETTER | {"body": body, "send": "1"})
    page = phone.get(url("approve_reply", item))
    html = page.content.decode()
    assert "<p>Bersama ini kami sampaikan.</p>" in html
    assert "<dt>Masa berlaku</dt><dd>1 tahun</dd>" in html
    assert "<li>Data alumni</li><li>Jadwal</li>" in html
    said = text(page)
    assert "Nomor diambil saat disetujui" in said
    assert "Kepala UPT TIK, Dr. Teuku Maulana" in said
    assert f"Disiapkan oleh {somebody(Role.HELPDESK)}" in said
    assert f'<iframe src="{url("reply_preview", item)}' in html
    assert html.count('class="btn btn-primary"') == 1


def test_what_was_typed_is_never_markup(desk: Client, phone: Client) -> None:
    item = drafting()
    data = {"body": "<script>alert(1)</script>", "subject": "<b>1</b>", "recipient": "<i>x</i>", "send": "1"}
    desk.post(url("reply", item), LETTER | data)
    for name, client in (("approve_reply", phone), ("return_reply", phone), ("reply", desk)):
        html = client.get(url(name, item)).content.decode()
        assert "<script>alert" not in html
        assert "<b>1</b>" not in html
        assert "<i>x</i>" not in html


def test_approving_issues_the_letter_and_opens_the_next_draft(desk: Client, phone: Client) -> None:
    item, following = waiting(), waiting()
    page = phone.post(url("approve_reply", item), {"version": item.version}, follow=True)
    assert page.redirect_chain == [(url("approve_reply", following), 302)]
    number = "B/1/UN11.TIK/TI.00/2026"
    assert f"Surat balasan Nomor {number} disetujui. Admin/Helpdesk akan mengirimkannya." in text(page)
    letter = ReplyLetter.objects.get(request=item)
    assert (letter.number, letter.signatory_name) == (number, "Dr. Teuku Maulana")
    assert letter.document is not None
    issued = desk.get(url("reply", item))
    assert number in text(issued)
    assert letter.document.sha256 in text(issued)
    assert f'<iframe src="{letter.document.get_absolute_url()}' in issued.content.decode()
    assert phone.post(url("approve_reply", following), {"version": following.version})["Location"] == reverse("home")


def test_the_head_asks_for_changes_with_a_reason(phone: Client) -> None:
    item = waiting()
    page = phone.post(url("return_reply", item), {"reason": " ", "version": item.version})
    assert "Tuliskan apa yang perlu diperbaiki pada surat." in text(page)
    page = phone.post(url("return_reply", item), {"reason": "Sebutkan unitnya.", "version": item.version}, follow=True)
    assert f"Konsep surat {item.reference} dikembalikan untuk diperbaiki." in text(page)
    item.refresh_from_db()
    assert (item.status, item.reply.correction) == (Status.REPLY_DRAFTING, "Sebutkan unitnya.")


def test_who_prepared_it_reads_that_somebody_else_must_approve() -> None:
    both = person((Role.HELPDESK, Role.HEAD))
    client, item = signed_in(both), drafting()
    client.post(url("reply", item), LETTER | {"send": "1"})
    sentence = "Yang menyiapkan surat balasan tidak dapat sekaligus menyetujuinya."
    page = client.get(url("approve_reply", item))
    assert sentence in text(page)
    assert "Setujui surat" not in text(page).replace("Setujui surat balasan", "")
    assert sentence in text(client.post(url("approve_reply", item)))
    assert not NumberBook.objects.filter(book=NumberBook.Book.OUTGOING).exists()


def test_a_head_whose_name_cannot_be_printed_reads_why_and_no_number_is_lost() -> None:
    item, head = waiting(), person(Role.HEAD, full_name="Dr. 😀")
    page = signed_in(head).post(url("approve_reply", item), {"version": item.version})
    assert "Surat memuat karakter yang tidak dapat dicetak: 😀" in text(page)
    item.refresh_from_db()
    assert item.status == Status.REPLY_APPROVAL
    approve(item, timezone.now())
    assert ReplyLetter.objects.get(request=item).number == "B/1/UN11.TIK/TI.00/2026"


def test_the_substitute_sees_for_whom_they_sign(head: User) -> None:
    substitute, item, today = person(None, full_name="Nadia, S.Kom."), waiting(), timezone.localdate()
    Substitution.objects.create(absent=head, substitute=substitute, kind="Plh.", starts_on=today, ends_on=today)
    client = signed_in(User.objects.get(pk=substitute.pk))
    assert "Plh. Kepala UPT TIK, Nadia, S.Kom." in text(client.get(url("approve_reply", item)))
    client.post(url("approve_reply", item), {"version": item.version})
    assert ReplyLetter.objects.get(request=item).signatory_name == "Nadia, S.Kom."


# --- sending ---------------------------------------------------------------------------------------------
def test_sending_finishes_the_request_and_opens_the_next_reply(desk: Client) -> None:
    item, following = a_request(Status.REPLY_APPROVED, refused=True), drafting()
    assert "Kirim surat balasan" in text(desk.get(url("reply", item)))
    page = desk.post(url("send_reply", item), {"version": item.version}, follow=True)
    assert page.redirect_chain == [(url("reply", following), 302)]
    assert f"Surat balasan {item.reference} dikirim kepada {item.unit}. Permohonan selesai." in text(page)
    item.refresh_from_db()
    assert item.status == Status.FINISHED
    done = text(desk.get(url("reply", item)))
    assert "Dikirim pada Senin, 23 November 2026 10.30 WIB." in done
    assert "Kirim surat balasan" not in done


def test_pressing_send_twice_sends_once(desk: Client) -> None:
    item = a_request(Status.REPLY_APPROVED, refused=True)
    desk.post(url("send_reply", item), {"version": item.version})
    mails = OutgoingMail.objects.count()
    page = desk.post(url("send_reply", item), {"version": item.version}, follow=True)
    assert page.redirect_chain == [(item.get_absolute_url(), 302)]
    assert "Permohonan ini sudah diubah orang lain sejak halaman Anda dibuka." in text(page)
    assert OutgoingMail.objects.count() == mails


def test_sending_is_for_a_button_only(desk: Client) -> None:
    assert desk.get(url("send_reply", a_request(Status.REPLY_APPROVED, refused=True))).status_code == 405


# --- two at once, too late, not theirs ---------------------------------------------------------------------
def test_the_second_writer_reads_who_was_first_and_keeps_the_text(desk: Client) -> None:
    item = drafting()
    seen = item.version
    first = person(Role.HELPDESK, full_name="Rahmat Hidayat")
    signed_in(first).post(url("reply", item), LETTER | {"body": "Versi Rahmat.", "save": "1", "version": seen})
    page = desk.post(url("reply", item), LETTER | {"body": "Versi saya.", "save": "1", "version": seen})
    said = text(page)
    assert "Permohonan ini sudah diubah orang lain sejak halaman Anda dibuka." in said
    assert "Rahmat Hidayat menyimpan konsep surat balasan. (Senin, 23 November 2026 10.30 WIB)" in said
    assert body_in(page) == "Versi saya."
    assert ReplyLetter.objects.get(request=item).body == "Versi Rahmat."


def test_the_text_of_a_draft_that_was_put_forward_meanwhile_is_kept(desk: Client) -> None:
    item = drafting()
    seen = item.version
    send_for_approval(item, timezone.now())
    page = desk.post(url("reply", item), LETTER | {"body": "Versi saya.", "save": "1", "version": seen})
    assert "mengajukan konsep surat balasan kepada Kepala UPT TIK." in text(page)
    assert body_in(page) == "Versi saya."
    assert "Ajukan persetujuan" not in text(page)


def test_the_second_of_two_heads_reads_who_approved(phone: Client) -> None:
    item = waiting()
    other = person(Role.HEAD, full_name="Dr. Rina Amalia")
    signed_in(other).post(url("approve_reply", item), {"version": item.version})
    page = phone.post(url("approve_reply", item), {"version": item.version})
    said = text(page)
    assert "Permohonan ini sudah diubah orang lain sejak halaman Anda dibuka." in said
    assert "Dr. Rina Amalia menyetujui surat balasan Nomor B/1/UN11.TIK/TI.00/2026." in said
    assert ReplyLetter.objects.get(request=item).signatory_name == "Dr. Rina Amalia"


def test_what_was_typed_survives_a_session_that_ended(desk: Client) -> None:
    item = drafting()
    desk.get(url("reply", item))
    del desk.cookies[settings.SESSION_COOKIE_NAME]
    answer = desk.post(url("reply", item), LETTER | {"body": "Kalimat panjang saya.", "save": "1"})
    assert answer["Location"].startswith(reverse("account_login"))
    desk.force_login(somebody(Role.HELPDESK))
    assert body_in(desk.get(url("reply", item))) == "Kalimat panjang saya."
    assert not ReplyLetter.objects.exists()


PAGES = ("reply", "approve_reply", "return_reply")


@pytest.mark.parametrize("name", [*PAGES, "reply_preview"])
def test_strangers_find_nothing(name: str) -> None:
    item = waiting(unit=UnitFactory())
    assert signed_in(person(Role.UNIT_STAFF)).get(url(name, item)).status_code == 404


@pytest.mark.parametrize("name", [*PAGES, "send_reply"])
def test_strangers_change_nothing(name: str) -> None:
    item = waiting(unit=UnitFactory())
    assert signed_in(person(Role.UNIT_STAFF)).post(url(name, item), LETTER).status_code == 404


@pytest.mark.parametrize("status", [Status.REPLY_DRAFTING, Status.REPLY_APPROVAL, Status.REPLY_APPROVED])
def test_the_unit_reads_neither_draft_nor_letter_before_it_is_sent(status: Status) -> None:
    item = a_request(status, refused=True)
    client = signed_in(item.created_by)
    page = client.get(url("reply", item), follow=True)
    assert page.redirect_chain == [(item.get_absolute_url(), 302)]
    assert client.get(url("reply_preview", item)).status_code == 404
    for name in ("approve_reply", "return_reply"):
        assert client.get(url(name, item), follow=True).redirect_chain == [(item.get_absolute_url(), 302)]


@pytest.mark.parametrize("role", [Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR, Role.HEAD])
def test_only_the_helpdesk_writes(role: Role) -> None:
    item, client = drafting(), signed_in(person(role))
    for page in (client.get(url("reply", item), follow=True), client.post(url("reply", item), LETTER, follow=True)):
        assert page.redirect_chain == [(item.get_absolute_url(), 302)]
        assert NOT_YOURS in text(page)
    assert not ReplyLetter.objects.exists()


@pytest.mark.parametrize("role", [Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR, Role.HELPDESK])
def test_only_the_head_approves(role: Role) -> None:
    item, client = waiting(), signed_in(person(role))
    for name in ("approve_reply", "return_reply"):
        for page in (client.get(url(name, item), follow=True), client.post(url(name, item), follow=True)):
            assert page.redirect_chain == [(item.get_absolute_url(), 302)]
            assert NOT_YOURS in text(page)
    item.refresh_from_db()
    assert item.status == Status.REPLY_APPROVAL


def test_there_is_no_reply_to_a_letter_that_is_not_decided(desk: Client) -> None:
    item = a_request(Status.AWAITING_DISPOSITION)
    page = desk.get(url("reply", item), follow=True)
    assert page.redirect_chain == [(item.get_absolute_url(), 302)]
    assert "sekarang berstatus “Menunggu disposisi”" in text(page)
    assert desk.get(url("reply_preview", item)).status_code == 404
