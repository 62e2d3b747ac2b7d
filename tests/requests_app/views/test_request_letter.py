"""SOP 1 through HTTP: a unit writes, sends, corrects and withdraws; the helpdesk enters a paper letter."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import OutgoingMail, Substitution, User
from accounts.roles import Role
from requests_app.models import AccessRequest, Document, RequestedItem
from requests_app.sop import Status
from tests import files
from tests.factories import (
    QUESTION,
    RETURN_REASON,
    DataTypeFactory,
    UnitFactory,
    a_request,
    letter_pdf,
    person,
    return_to_unit,
    somebody,
)
from webservice_accounts.models import DataType

pytestmark = pytest.mark.django_db

PERSON = {
    "person_name": "Muhammad Iqbal, S.T.",
    "identity_type": "nip",
    "identity_number": "19870630 201404 1 002",
    "phone": "0812-3456-7890",
    "email": "iqbal@usk.ac.id",
}
LETTER = {
    "letter_number": "112/UN11",
    "letter_date": "2026-11-20",
    "letter_subject": "Permohonan",
    "delivery": "upload",
}


# --- helpers of this file ------------------------------------------------------------------
@pytest.fixture
def staff() -> User:
    return person(Role.UNIT_STAFF)


@pytest.fixture
def at_desk(client: Client, staff: User) -> Client:
    """The unit's staff, signed in."""
    client.force_login(staff)
    return client


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def draft(by: User, **fields: object) -> AccessRequest:
    return a_request(Status.DRAFT, by=by, **fields)


def empty_draft(client: Client) -> AccessRequest:
    client.post(reverse("request_new"), {"start_key": str(uuid.uuid4())})
    return AccessRequest.objects.latest("pk")


def url(item: AccessRequest, name: str, *args: object) -> str:
    return reverse(name, args=[item.reference, *args])


def fill(client: Client, item: AccessRequest, part: str, data: dict[str, object], go: str = "next") -> HttpResponse:
    return client.post(url(item, "request_part", part), {**data, "go": go})


def text_of(response: HttpResponse) -> str:
    """What a person reads, without markup."""
    body = re.sub(r"(?s)<(script|style|head)\b.*?</\1>", " ", response.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def beside(response: HttpResponse, field: str) -> str:
    """What stands beside a field as its error."""
    found = re.search(rf'(?s)id="id_{field}_error"[^>]*>(.*?)</div>', response.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split()) if found else ""


def value_in(response: HttpResponse, field: str) -> str:
    found = re.search(
        rf'<(?:input|textarea)[^>]*name="{field}"[^>]*?(?:value="([^"]*)"|>([^<]*))', response.content.decode()
    )
    assert found, field
    return unescape(found[1] or found[2] or "").strip()


def pdf_file(name: str = "surat.pdf", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, letter_pdf() if content is None else content, "application/pdf")


# --- beginning -----------------------------------------------------------------------------
def test_before_beginning_one_reads_what_to_have_in_hand(at_desk: Client, staff: User) -> None:
    page = text_of(at_desk.get(reverse("request_new")))
    for word in ("Nama", "NIP", "nomor telepon", "email", "Jenis data", "ditandatangani", "5 menit", staff.unit.name):
        assert word in page
    assert not AccessRequest.objects.exists()


def test_two_presses_of_the_button_begin_one_draft(at_desk: Client) -> None:
    key = str(uuid.uuid4())
    first = at_desk.post(reverse("request_new"), {"start_key": key})
    second = at_desk.post(reverse("request_new"), {"start_key": key})
    item = AccessRequest.objects.get()
    assert item.status == Status.DRAFT
    assert first.url == second.url == url(item, "request_part", "person")


def test_a_page_that_another_person_left_open_begins_a_draft_of_ones_own(at_desk: Client, client: Client) -> None:
    key = str(uuid.uuid4())
    theirs = at_desk.post(reverse("request_new"), {"start_key": key})
    client.force_login(person(Role.UNIT_STAFF))
    mine = client.post(reverse("request_new"), {"start_key": key})
    assert mine.status_code == 302
    assert mine.url != theirs.url
    assert client.get(mine.url).status_code == 200


def test_a_forged_number_that_no_column_holds_is_a_wrong_choice(at_desk: Client, staff: User) -> None:
    item = draft(staff)
    response = at_desk.post(url(item, "request_part", "data"), {"data_types": ["9" * 24]})
    assert response.status_code == 200
    assert response.context["form"].errors["data_types"]


def test_a_draft_that_was_not_sent_is_offered_again(at_desk: Client, staff: User) -> None:
    item = draft(staff)
    assert url(item, "request_summary") in at_desk.get(reverse("request_new")).content.decode()


def test_somebody_of_no_unit_is_told_what_to_do(client: Client) -> None:
    client.force_login(person(Role.PSI))
    page = client.get(reverse("request_new"))
    assert "Mintalah administrator" in text_of(page)
    client.post(reverse("request_new"), {"start_key": str(uuid.uuid4())})
    assert not AccessRequest.objects.exists()


def test_a_substitute_writes_for_the_unit_of_the_absent(client: Client, staff: User) -> None:
    substitute = person(None)
    today = datetime.now(UTC).date()
    Substitution.objects.create(
        absent=staff, substitute=substitute, starts_on=today - timedelta(days=1), ends_on=today + timedelta(days=1)
    )
    client.force_login(substitute)
    assert empty_draft(client).unit == staff.unit


# --- the whole way ---------------------------------------------------------------------------
def test_a_unit_carries_its_letter_from_the_first_field_to_the_receipt(at_desk: Client, staff: User) -> None:
    wanted = DataTypeFactory(name="Data mahasiswa aktif")
    item = empty_draft(at_desk)
    assert fill(at_desk, item, "person", PERSON).url == url(item, "request_part", "data")
    answer = fill(at_desk, item, "data", {"data_types": [wanted.pk], "other_data": "Data kehadiran"})
    assert answer.url == url(item, "request_part", "purpose")
    answer = fill(at_desk, item, "purpose", {"application": "Sistem Presensi", "purpose": "Presensi"})
    assert answer.url == url(item, "request_part", "letter")
    answer = fill(at_desk, item, "letter", {**LETTER, "files": [pdf_file()]})
    assert answer.url == url(item, "request_summary")

    page = at_desk.get(answer.url)
    for said in (*PERSON.values(), "Data mahasiswa aktif", "Data kehadiran", "Sistem Presensi", "112/UN11"):
        if said not in ("nip",):
            assert str(said) in text_of(page)
    assert "20 November 2026" in text_of(page)

    answer = at_desk.post(url(item, "request_summary"), {"version": "0"})
    assert answer.url == url(item, "receipt")
    item.refresh_from_db()
    assert (item.status, item.submitted_at is not None) == (Status.SUBMITTED, True)
    assert str(item.phone) == "+6281234567890"
    assert item.identity_number == "198706302014041002"

    receipt = at_desk.get(answer.url)
    assert item.reference in text_of(receipt)
    assert "Data mahasiswa aktif" in text_of(receipt)
    assert OutgoingMail.objects.filter(to=staff.email, subject__contains=item.reference).exists()


def test_each_part_says_where_one_is_and_how_long_it_takes(at_desk: Client, staff: User) -> None:
    item = draft(staff)
    for number, part in enumerate(("person", "data", "purpose", "letter"), start=1):
        page = text_of(at_desk.get(url(item, "request_part", part)))
        assert f"Bagian {number} dari 4" in page
        assert "kira-kira" in page


def test_there_is_no_fifth_part(at_desk: Client, staff: User) -> None:
    assert at_desk.get(url(draft(staff), "request_part", "other")).status_code == 404


def test_back_and_later_save_what_is_there_and_demand_nothing(at_desk: Client) -> None:
    item = empty_draft(at_desk)
    answer = fill(at_desk, item, "data", {"other_data": ""}, go="back")
    assert answer.url == url(item, "request_part", "person")
    answer = fill(at_desk, item, "person", {"person_name": "Iqbal", "email": ""}, go="later")
    assert answer.url == item.get_absolute_url()
    item.refresh_from_db()
    assert item.person_name == "Iqbal"


def test_a_part_opened_from_the_summary_leads_back_to_it(at_desk: Client, staff: User) -> None:
    item = draft(staff)
    answer = at_desk.post(url(item, "request_part", "person") + "?ringkasan=1", {**PERSON, "go": "next"})
    assert answer.url == url(item, "request_summary")


def test_that_is_me_fills_the_person_in_from_the_profile_and_saves_nothing_yet(at_desk: Client, staff: User) -> None:
    item = empty_draft(at_desk)
    page = at_desk.get(url(item, "request_part", "person"))
    assert "?saya=1" in page.content.decode()
    page = at_desk.get(url(item, "request_part", "person") + "?saya=1")
    assert value_in(page, "person_name") == staff.full_name
    assert value_in(page, "identity_number") == staff.identity_number
    assert value_in(page, "phone") == "0812-3456-7890"
    assert value_in(page, "email") == staff.email
    item.refresh_from_db()
    assert item.person_name == ""


# --- bad input: the person ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("person_name", "", "Isi nama penanggung jawab."),
        ("person_name", "😀😀", "Tulis nama dengan huruf, seperti pada surat."),
        ("person_name", "-", "Tulis nama dengan huruf, seperti pada surat."),
        ("identity_type", "", "Pilih jenis identitas."),
        ("identity_number", "", "Isi nomor identitas."),
        ("identity_number", "1987063020140410", "NIP terdiri atas 18 angka; yang diisi 16 angka."),
        ("identity_number", "19870630201404100", "NIP terdiri atas 18 angka; yang diisi 17 angka."),
        ("identity_number", "19870630201404100X", "NIP hanya terdiri atas angka; “X” bukan angka."),
        ("phone", "", "Isi nomor telepon, misalnya 0812-3456-7890."),
        ("phone", "O812-3456-7890", "Isi satu nomor telepon, misalnya 0812-3456-7890."),
        ("phone", "08123456789 / 08129876543", "Isi satu nomor telepon, misalnya 0812-3456-7890."),
        ("phone", "7551234", "Sertakan kode wilayah, misalnya (0651) 7551234."),
        ("email", "", "Isi alamat email, misalnya nama@usk.ac.id."),
        ("email", "iqbal@", "Isi alamat email yang lengkap, misalnya nama@usk.ac.id."),
    ],
)
def test_a_wrong_answer_about_the_person_is_said_beside_the_field_and_everything_stays(
    at_desk: Client, field: str, typed: str, sentence: str
) -> None:
    item = empty_draft(at_desk)
    page = fill(at_desk, item, "person", {**PERSON, field: typed})
    assert page.status_code == 200
    assert beside(page, field) == sentence
    for name, value in {**PERSON, field: typed}.items():
        if name != "identity_type":
            assert value_in(page, name) == value
    item.refresh_from_db()
    assert item.person_name == "", "nothing is stored half"


@pytest.mark.parametrize(
    "typed",
    [
        "0812-3456-7890",
        "081234567890",
        "+62 812 3456 7890",
        "62812 3456 7890",
        "0062 812-3456-7890",
        "(0812) 3456.7890",
    ],
)
def test_six_spellings_of_one_phone_number_are_the_same_number(at_desk: Client, typed: str) -> None:
    item = empty_draft(at_desk)
    assert fill(at_desk, item, "person", {**PERSON, "phone": typed}).status_code == 302
    item.refresh_from_db()
    assert str(item.phone) == "+6281234567890"


def test_the_bare_international_spelling_of_the_issue_is_not_taken_for_an_area_code(at_desk: Client) -> None:
    item = empty_draft(at_desk)
    fill(at_desk, item, "person", {**PERSON, "phone": "62812345678"})
    item.refresh_from_db()
    assert str(item.phone) == "+62812345678"


@pytest.mark.parametrize("typed", ["19870630 201404 1 002", "19870630.201404.1.002", " 198706302014041002 "])
def test_a_nip_may_have_spaces_and_dots(at_desk: Client, typed: str) -> None:
    item = empty_draft(at_desk)
    fill(at_desk, item, "person", {**PERSON, "identity_number": typed})
    item.refresh_from_db()
    assert item.identity_number == "198706302014041002"


@pytest.mark.parametrize("name", ["Siti 🌺 Rahma", "O'Brien", "<script>alert(1)</script>", "Nguyễn Thị Ánh"])
def test_any_name_is_a_name(at_desk: Client, name: str) -> None:
    item = empty_draft(at_desk)
    assert fill(at_desk, item, "person", {**PERSON, "person_name": name}).status_code == 302
    item.refresh_from_db()
    assert item.person_name == name
    page = at_desk.get(url(item, "request_summary"))
    assert name in text_of(page) or name in unescape(page.content.decode())
    assert "<script>alert" not in page.content.decode()


# --- bad input: the data -----------------------------------------------------------------------
def test_choosing_nothing_is_said_and_words_alone_are_enough(at_desk: Client) -> None:
    item = empty_draft(at_desk)
    page = fill(at_desk, item, "data", {"other_data": "  "})
    assert beside(page, "data_types") == "Pilih paling sedikit satu jenis data, atau tuliskan di “Data lain”."
    assert fill(at_desk, item, "data", {"other_data": "Data kehadiran"}).status_code == 302
    item.refresh_from_db()
    assert item.other_data == "Data kehadiran"


def test_a_card_says_what_is_inside_who_owns_it_and_which_paper_it_needs(at_desk: Client) -> None:
    row = DataTypeFactory(
        name="Data nilai",
        description="Nilai per mata kuliah.",
        sensitivity=DataType.Sensitivity.SPECIFIC,
        extra_paper="Pernyataan kerahasiaan",
    )
    DataTypeFactory(name="Data lama", is_active=False)
    page = text_of(at_desk.get(url(empty_draft(at_desk), "request_part", "data")))
    for said in (
        "Data nilai",
        "Nilai per mata kuliah.",
        row.owner.name,
        "Data pribadi spesifik",
        "Pernyataan kerahasiaan",
    ):
        assert said in page
    assert "Data lama" not in page


def test_data_withdrawn_from_the_catalogue_meanwhile_is_explained_and_the_rest_stays_ticked(at_desk: Client) -> None:
    kept, gone = DataTypeFactory(), DataTypeFactory(is_active=False)
    item = empty_draft(at_desk)
    page = fill(at_desk, item, "data", {"data_types": [kept.pk, gone.pk], "other_data": ""})
    assert "tidak lagi ditawarkan" in beside(page, "data_types")
    assert re.search(rf'value="{kept.pk}"[^>]*checked', page.content.decode())


def test_changing_the_choice_changes_what_is_asked_for(at_desk: Client) -> None:
    one, two = DataTypeFactory(), DataTypeFactory()
    item = empty_draft(at_desk)
    fill(at_desk, item, "data", {"data_types": [one.pk], "other_data": ""})
    fill(at_desk, item, "data", {"data_types": [two.pk], "other_data": ""})
    assert list(RequestedItem.objects.filter(request=item).values_list("data_type", flat=True)) == [two.pk]


# --- bad input: the letter ---------------------------------------------------------------------
SUNDAY = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "day"), [("2026-11-20", 20), ("20/11/2026", 20), ("20-11-2026", 20), ("22/11/2026", 22)]
)
def test_a_letter_date_is_read_day_first(at_desk: Client, typed: str, day: int) -> None:
    with time_machine.travel(SUNDAY):
        item = empty_draft(at_desk)
        fill(at_desk, item, "letter", {**LETTER, "letter_date": typed}, go="later")
    item.refresh_from_db()
    assert (item.letter_date.day, item.letter_date.month, item.letter_date.year) == (day, 11, 2026)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("12/25/2026", "Tulis tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026."),
        ("kemarin", "Tulis tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026."),
        ("2026-11-23", "Tanggal surat tidak boleh sesudah hari ini, 22 November 2026."),
        ("31/12/1999", "Periksa tahun pada tanggal surat; paling awal tahun 2000."),
        ("20/11/0026", "Periksa tahun pada tanggal surat; paling awal tahun 2000."),
    ],
)
def test_an_impossible_letter_date_is_refused_in_words_and_stays_readable(
    at_desk: Client, typed: str, sentence: str
) -> None:
    with time_machine.travel(SUNDAY):
        item = empty_draft(at_desk)
        page = fill(at_desk, item, "letter", {**LETTER, "letter_date": typed, "files": [pdf_file()]})
    assert beside(page, "letter_date") == sentence
    assert value_in(page, "letter_date") == typed
    assert Document.objects.filter(request=item).count() == 1, "the good file is kept all the same"


def test_a_date_that_a_picker_cannot_show_is_shown_as_text(at_desk: Client) -> None:
    item = empty_draft(at_desk)
    page = fill(at_desk, item, "letter", {**LETTER, "letter_date": "12/25/2026"}, go="back").content.decode()
    assert re.search(r'<input type="text" name="letter_date" value="12/25/2026"', page)
    page = at_desk.get(url(item, "request_part", "letter")).content.decode()
    assert re.search(r'<input type="date" name="letter_date"', page)


@pytest.mark.parametrize("number", ["112/UN11.F8/TI/2026", "B-12/ÜN 11 (rev.2)", "tanpa nomor", "№ 5"])
def test_a_letter_number_is_whatever_stands_on_the_letter(at_desk: Client, number: str) -> None:
    item = empty_draft(at_desk)
    fill(at_desk, item, "letter", {**LETTER, "letter_number": number}, go="later")
    item.refresh_from_db()
    assert item.letter_number == number


def test_a_letter_must_be_uploaded_or_come_on_paper(at_desk: Client) -> None:
    item = empty_draft(at_desk)
    page = fill(at_desk, item, "letter", LETTER)
    assert beside(page, "files").startswith("Unggah surat yang sudah ditandatangani")
    assert fill(at_desk, item, "letter", {**LETTER, "delivery": "paper"}).status_code == 302
    item.refresh_from_db()
    assert item.delivery == "paper"


@pytest.mark.parametrize("extra", [{"delivery": "merpati"}, {"delivery": ""}])
def test_an_unknown_way_of_sending_is_refused(at_desk: Client, extra: dict[str, str]) -> None:
    page = fill(at_desk, empty_draft(at_desk), "letter", {**LETTER, **extra})
    assert beside(page, "delivery") == "Pilih cara mengirim surat."


BAD_FILES = {
    "catatan.pdf": (b"bukan surat", "bukan PDF, JPG, atau PNG"),
    "kosong.pdf": (b"", "kosong (0 byte)"),
    "kunci.pdf": (files.encrypted_pdf(), "dikunci dengan kata sandi"),
    "putus.pdf": (files.truncated_pdf(), "rusak atau tidak lengkap"),
    "ganda.pdf": (files.html_polyglot_pdf(), "memuat data lain di samping isi PDF"),
    "surat.docx": (files.docx(), "dokumen Office"),
    "foto.heic": (files.heic(), "HEIC"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_refused_file_is_named_with_its_sentence_and_the_good_one_is_kept(at_desk: Client, name: str) -> None:
    content, sentence = BAD_FILES[name]
    item = empty_draft(at_desk)
    page = fill(at_desk, item, "letter", {**LETTER, "files": [pdf_file(name, content), pdf_file("baik.pdf")]})
    assert page.status_code == 200
    assert f"“{name}”" in beside(page, "files")
    assert sentence in beside(page, "files")
    assert [document.display_name for document in item.documents.all()] == ["baik.pdf"]
    assert "baik.pdf" in text_of(page)
    item.refresh_from_db()
    assert item.letter_number == LETTER["letter_number"], "the text beside a refused file is not asked for again"


def test_several_refused_files_are_each_named(at_desk: Client) -> None:
    item = empty_draft(at_desk)
    bad = [pdf_file(name, content) for name, (content, _sentence) in BAD_FILES.items()]
    said = beside(fill(at_desk, item, "letter", {**LETTER, "files": bad}), "files")
    assert all(name in said for name in BAD_FILES)
    assert not item.documents.exists()


def test_a_file_over_the_limit_is_named_and_costs_neither_the_text_nor_the_other_file(
    at_desk: Client, settings: object
) -> None:
    settings.MAX_UPLOAD_BYTES = 1024 * 1024
    item = empty_draft(at_desk)
    big = pdf_file("pindaian-besar.pdf", b"%PDF-1.7\n" + b"x" * 1024 * 1024)
    page = fill(at_desk, item, "letter", {**LETTER, "files": [big, pdf_file("baik.pdf")]})
    assert "“pindaian-besar.pdf” lebih besar dari 1 MB" in beside(page, "files")
    assert value_in(page, "letter_number") == LETTER["letter_number"]
    assert [document.display_name for document in item.documents.all()] == ["baik.pdf"]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("..\\..\\surat.pdf", "surat.pdf"),
        ("a" * 300 + ".pdf", "a" * 116 + ".pdf"),
        ("surat 🌺.pdf", "surat 🌺.pdf"),
        ("surat.exe", "surat.exe.pdf"),
    ],
)
def test_a_strange_file_name_is_only_a_name(at_desk: Client, sent: str, shown: str) -> None:
    item = empty_draft(at_desk)
    body = (
        b'--b\r\nContent-Disposition: form-data; name="delivery"\r\n\r\nupload\r\n'
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="'
        + sent.replace("\\", "\\\\").encode()
        + b'"\r\nContent-Type: application/pdf\r\n\r\n'
        + letter_pdf()
        + b"\r\n--b--\r\n"
    )
    at_desk.post(url(item, "request_part", "letter"), body, content_type="multipart/form-data; boundary=b")
    document = item.documents.get()
    assert document.display_name == shown
    assert re.fullmatch(r"letter/\d{4}/\d{2}/[0-9a-f]{32}\.pdf", document.file.name)


def test_several_pages_may_be_photos(at_desk: Client) -> None:
    item = empty_draft(at_desk)
    pages = [
        SimpleUploadedFile("hal-1.jpg", files.jpeg(), "image/jpeg"),
        SimpleUploadedFile("hal-2.png", files.png(), "image/png"),
    ]
    assert fill(at_desk, item, "letter", {**LETTER, "files": pages}).status_code == 302
    kinds = item.documents.values_list("display_name", "content_type")
    assert list(kinds) == [("hal-1.jpg", "image/jpeg"), ("hal-2.png", "image/png")]


def test_the_same_file_twice_is_one_file(at_desk: Client) -> None:
    item = empty_draft(at_desk)
    fill(at_desk, item, "letter", {**LETTER, "files": [pdf_file("a.pdf"), pdf_file("b.pdf")]})
    assert item.documents.count() == 1


def test_more_files_than_a_letter_has_are_refused_in_words(at_desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("requests_app.forms.request_letter.MAX_FILES", 1)
    item = empty_draft(at_desk)
    page = fill(at_desk, item, "letter", {**LETTER, "files": [pdf_file("a.pdf"), pdf_file("b.pdf", letter_pdf("B"))]})
    assert beside(page, "files") == "Paling banyak 1 berkas."
    assert item.documents.count() == 1


def test_a_file_is_taken_out_and_what_was_typed_beside_it_is_kept(at_desk: Client, staff: User) -> None:
    item = draft(staff, letters=2)
    first, second = item.documents.all()
    remove = url(item, "remove_document", first.key)
    page = at_desk.get(url(item, "request_part", "letter")).content.decode()
    assert remove in page
    answer = at_desk.post(remove, {**LETTER, "letter_number": "baru/1"})
    assert answer.url == url(item, "request_part", "letter")
    item.refresh_from_db()
    assert item.letter_number == "baru/1"
    assert list(item.documents.all()) == [second]
    assert at_desk.post(remove, LETTER).status_code == 302, "pressed twice it is gone once"
    assert at_desk.get(remove).url == url(item, "request_part", "letter")


def test_a_file_is_taken_out_even_when_the_date_beside_it_is_wrong(at_desk: Client, staff: User) -> None:
    item = draft(staff)
    page = at_desk.post(url(item, "remove_document", item.documents.get().key), {**LETTER, "letter_date": "12/25/2026"})
    assert "hari/bulan/tahun" in beside(page, "letter_date")
    assert not item.documents.exists()


# --- checking ------------------------------------------------------------------------------------
def test_the_summary_names_each_gap_and_leads_to_it(at_desk: Client) -> None:
    item = empty_draft(at_desk)
    page = at_desk.get(url(item, "request_summary"))
    for gap in ("nama penanggung jawab", "NIP", "nomor telepon", "email", "jenis data", "surat permohonan"):
        assert f"Isi {gap}" in text_of(page)
    for part in ("person", "data", "letter"):
        assert url(item, "request_part", part) in page.content.decode()
    assert "Kirim permohonan" not in text_of(page)


def test_a_request_with_gaps_is_not_sent(at_desk: Client) -> None:
    item = empty_draft(at_desk)
    page = at_desk.post(url(item, "request_summary"), {"version": "0"})
    assert "Belum lengkap: nama penanggung jawab" in text_of(page)
    item.refresh_from_db()
    assert item.status == Status.DRAFT


def test_purpose_and_letter_number_block_nothing(at_desk: Client, staff: User) -> None:
    """The SOP lists Nama, NIP, NoTelpon, Email, jenis data and the letter."""
    item = draft(staff, purpose="", application="", letter_number="", letter_date=None, letter_subject="")
    assert at_desk.post(url(item, "request_summary"), {"version": "0"}).url == url(item, "receipt")


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"email": "iqbal@gmail.com"}, "iqbal@gmail.com bukan alamat email dinas."),
        ({"email": "iqbal@usk.ac.id.example.com"}, "bukan alamat email dinas."),
        ({"identity_number": "198713302014041002"}, "biasanya tanggal lahir"),
    ],
)
def test_what_looks_odd_is_said_but_does_not_block(
    at_desk: Client, staff: User, fields: dict[str, str], hint: str
) -> None:
    item = draft(staff, **fields)
    assert hint in text_of(at_desk.get(url(item, "request_summary")))
    assert at_desk.post(url(item, "request_summary"), {"version": "0"}).url == url(item, "receipt")


@pytest.mark.parametrize("email", ["iqbal@usk.ac.id", "iqbal@mhs.USK.ac.id", "iqbal@acehprov.go.id"])
def test_an_official_address_raises_no_hint(at_desk: Client, staff: User, email: str) -> None:
    assert "email dinas" not in text_of(at_desk.get(url(draft(staff, email=email), "request_summary")))


# --- sending ---------------------------------------------------------------------------------------
def test_a_second_press_leads_to_the_receipt_and_sends_nothing_twice(at_desk: Client, staff: User) -> None:
    item = draft(staff)
    first = at_desk.post(url(item, "request_summary"), {"version": "0"})
    mails = OutgoingMail.objects.count()
    second = at_desk.post(url(item, "request_summary"), {"version": "0"})
    assert first.url == second.url == url(item, "receipt")
    assert OutgoingMail.objects.count() == mails
    item.refresh_from_db()
    assert item.version == 1


def test_two_people_of_one_unit_who_send_at_once_send_one_request(at_desk: Client, staff: User) -> None:
    item, colleague = draft(staff), signed_in(person(Role.UNIT_STAFF, unit=staff.unit))
    assert colleague.post(url(item, "request_summary"), {"version": "0"}).status_code == 302
    assert at_desk.post(url(item, "request_summary"), {"version": "0"}).url == url(item, "receipt")


def test_a_page_older_than_what_somebody_else_did_is_told_who_did_what(at_desk: Client, staff: User) -> None:
    item = a_request(Status.RETURNED, by=staff)
    page = at_desk.post(url(item, "request_summary"), {"version": "0"})
    assert "sudah diubah orang lain" in text_of(page)
    assert str(somebody(Role.HELPDESK)) in text_of(page)
    assert f'name="version" value="{item.version}"' in page.content.decode(), "the next press is a decision of its own"


def test_typing_in_a_part_while_a_colleague_sends_keeps_the_words_and_says_why(at_desk: Client, staff: User) -> None:
    item = a_request(Status.SUBMITTED, by=staff)
    page = fill(at_desk, item, "person", {**PERSON, "person_name": "Nama yang baru"})
    assert page.status_code == 200
    assert "sekarang berstatus “Perlu diagendakan”" in text_of(page)
    assert value_in(page, "person_name") == "Nama yang baru"
    item.refresh_from_db()
    assert item.person_name != "Nama yang baru"


@pytest.mark.parametrize("name", ["request_summary", "withdraw", "answer"])
def test_a_page_that_is_no_longer_possible_leads_to_the_request_with_the_reason(
    at_desk: Client, staff: User, name: str
) -> None:
    item = a_request(Status.FINISHED, by=staff)
    answer = at_desk.get(url(item, name))
    assert answer.url == item.get_absolute_url()
    assert "“Selesai”" in text_of(at_desk.get(answer.url))


# --- a letter that came back -----------------------------------------------------------------------
def test_a_returned_letter_shows_the_words_on_every_part_and_nothing_is_retyped(at_desk: Client, staff: User) -> None:
    item = a_request(Status.RETURNED, by=staff, person_name="Muhammad Iqbal")
    for name, args in (
        ("request_summary", ()),
        *(("request_part", (part,)) for part in ("person", "data", "purpose", "letter")),
    ):
        page = text_of(at_desk.get(url(item, name, *args)))
        assert RETURN_REASON in page
        assert str(somebody(Role.HELPDESK)) in page
    page = at_desk.get(url(item, "request_part", "person"))
    assert value_in(page, "person_name") == "Muhammad Iqbal"
    fill(at_desk, item, "person", {**PERSON, "phone": "0651-7551234"})
    answer = at_desk.post(url(item, "request_summary"), {"version": str(item.version)})
    assert answer.url == url(item, "receipt")
    sent = AccessRequest.objects.get()
    assert (sent.pk, sent.status, str(sent.phone)) == (item.pk, Status.SUBMITTED, "+626517551234")
    assert sent.submitted_at == item.submitted_at, "the receipt still names the first sending"


def test_words_of_an_earlier_return_are_gone_once_it_was_sent_again(at_desk: Client, staff: User) -> None:
    item = a_request(Status.RETURNED, by=staff)
    at_desk.post(url(item, "request_summary"), {"version": str(item.version)})
    item.refresh_from_db()
    return_to_unit(item, item.submitted_at + timedelta(days=1))
    AccessRequest.objects.filter(pk=item.pk).update(waiting_question="Yang kedua.")
    page = text_of(at_desk.get(url(item, "request_part", "person")))
    assert "Yang kedua." in page
    assert RETURN_REASON not in page


# --- typing that outlives its session ------------------------------------------------------------
def test_what_was_typed_when_the_session_ended_comes_back_after_signing_in(at_desk: Client, staff: User) -> None:
    item = empty_draft(at_desk)
    address = url(item, "request_part", "person")
    at_desk.get(address)
    at_desk.cookies.pop("sessionid")

    answer = fill(at_desk, item, "person", {**PERSON, "person_name": "Iqbal, yang sudah diketik"})
    assert answer.status_code == 302
    assert "masuk" in answer.url
    at_desk.force_login(staff)

    page = at_desk.get(address)
    assert value_in(page, "person_name") == "Iqbal, yang sudah diketik"
    assert value_in(page, "phone") == PERSON["phone"]
    assert "Sesi Anda sempat berakhir" in text_of(page)
    item.refresh_from_db()
    assert item.person_name == "", "reading saves nothing"


def test_nobody_else_gets_what_was_typed(at_desk: Client, staff: User) -> None:
    item = empty_draft(at_desk)
    at_desk.get(url(item, "request_part", "person"))
    at_desk.cookies.pop("sessionid")
    fill(at_desk, item, "person", {**PERSON, "person_name": "Rahasia"})
    at_desk.force_login(person(Role.UNIT_STAFF, unit=staff.unit))
    assert "Rahasia" not in at_desk.get(url(item, "request_part", "person")).content.decode()


# --- the receipt ------------------------------------------------------------------------------------
def test_the_receipt_can_be_shown_and_downloaded(at_desk: Client, staff: User) -> None:
    item = a_request(Status.SUBMITTED, by=staff, person_name="Siti 🌺", letter_subject="Permohonan 🌺")
    page = text_of(at_desk.get(url(item, "receipt")))
    for said in (item.reference, staff.unit.name, item.letter_number, "Divisi PSI, 1 x 24 jam hari kerja"):
        assert said in page
    paper = at_desk.get(url(item, "receipt_pdf"))
    assert paper["Content-Type"] == "application/pdf"
    assert paper["Content-Disposition"] == f'attachment; filename="Tanda terima {item.reference}.pdf"'
    assert paper.content.startswith(b"%PDF-")
    assert paper.content == at_desk.get(url(item, "receipt_pdf")).content


def test_before_sending_there_is_no_receipt(at_desk: Client, staff: User) -> None:
    item = draft(staff)
    assert at_desk.get(url(item, "receipt")).url == url(item, "request_summary")
    assert at_desk.get(url(item, "receipt_pdf")).status_code == 404


def test_the_receipt_of_a_paper_letter_says_where_to_bring_it(at_desk: Client, staff: User) -> None:
    item = a_request(Status.SUBMITTED, by=staff, letters=0, delivery="paper")
    assert "Kirim surat kertas ke UPT Teknologi Informasi dan Komunikasi" in text_of(at_desk.get(url(item, "receipt")))


# --- withdrawing and answering ------------------------------------------------------------------------
def test_a_unit_withdraws_its_request(at_desk: Client, staff: User) -> None:
    item = a_request(Status.DISPOSED, by=staff)
    assert "tidak dapat dibuka kembali" in text_of(at_desk.get(url(item, "withdraw")))
    answer = at_desk.post(url(item, "withdraw"), {"version": str(item.version), "reason": "Sudah ada jalan lain."})
    assert answer.url == item.get_absolute_url()
    item.refresh_from_db()
    assert item.status == Status.WITHDRAWN


def test_with_an_account_it_is_too_late_to_withdraw(at_desk: Client, staff: User) -> None:
    item = a_request(Status.ACCOUNT_CREATED, by=staff)
    page = at_desk.post(url(item, "withdraw"), {"version": str(item.version), "reason": "Terlambat"})
    assert "tidak lagi dapat dilakukan" in text_of(page)
    assert value_in(page, "reason") == "Terlambat"


def test_a_unit_answers_the_question_of_psi(at_desk: Client, staff: User) -> None:
    item = a_request(Status.CLARIFICATION, by=staff)
    assert QUESTION in text_of(at_desk.get(url(item, "answer")))
    page = at_desk.post(url(item, "answer"), {"version": str(item.version), "text": "  "})
    assert beside(page, "text") == "Tulis jawaban Anda."
    answer = at_desk.post(url(item, "answer"), {"version": str(item.version), "text": "Enam bulan."})
    assert answer.url == item.get_absolute_url()
    item.refresh_from_db()
    assert item.status == Status.DISPOSED


def test_an_answer_after_a_colleague_answered_is_kept_and_explained(at_desk: Client, staff: User) -> None:
    item = a_request(Status.CLARIFICATION, by=staff)
    colleague = person(Role.UNIT_STAFF, unit=staff.unit)
    signed_in(colleague).post(url(item, "answer"), {"version": str(item.version), "text": "Setahun."})
    page = at_desk.post(url(item, "answer"), {"version": str(item.version), "text": "Enam bulan."})
    assert "sudah diubah orang lain" in text_of(page)
    assert str(colleague) in text_of(page)
    assert value_in(page, "text") == "Enam bulan."


# --- a letter on paper ----------------------------------------------------------------------------------
def test_the_helpdesk_enters_a_paper_letter_for_a_unit() -> None:
    desk, unit = signed_in(person(Role.HELPDESK)), UnitFactory()
    with time_machine.travel(datetime(2026, 11, 23, 3, 0, tzinfo=UTC), tick=False):
        said = {"unit": unit.pk, "happened_at": "2026-11-23T09:30", "start_key": str(uuid.uuid4())}
        answer = desk.post(reverse("request_paper"), said)
        assert desk.post(reverse("request_paper"), said).url == answer.url
    item = AccessRequest.objects.get()
    assert answer.url == url(item, "request_part", "person")
    assert (item.unit, item.entered_for_unit, item.delivery) == (unit, True, "paper")
    assert item.happened_at == datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
    assert item.opened_at == datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    assert "Itu saya" not in text_of(desk.get(answer.url)), "the helpdesk is not the responsible person"
    fill(desk, item, "person", PERSON)
    fill(desk, item, "data", {"other_data": "Data alumni"})
    assert fill(desk, item, "letter", {**LETTER, "letter_date": "2020-01-02", "delivery": "paper"}).status_code == 302
    assert "Senin, 23 November 2026 09.30 WIB" in text_of(desk.get(url(item, "request_summary")))
    assert desk.post(url(item, "request_summary"), {"version": "0"}).url == url(item, "receipt")
    item.refresh_from_db()
    assert item.status == Status.SUBMITTED


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("unit", "", "Pilih unit kerja pengirim surat."),
        ("happened_at", "", "Isi kapan surat diterima."),
        ("happened_at", "12/25/2026 09.30", "Tulis sebagai hari/bulan/tahun dan jam, misalnya 23/11/2026 09.30."),
        ("happened_at", "2026-11-23T10:01", "Waktu surat diterima tidak boleh sesudah sekarang."),
        ("happened_at", "1999-12-31T10:00", "Periksa tahunnya; paling awal tahun 2000."),
    ],
)
def test_a_wrong_answer_about_a_paper_letter_is_said_beside_the_field(field: str, typed: str, sentence: str) -> None:
    desk = signed_in(person(Role.HELPDESK))
    said = {"unit": UnitFactory().pk, "happened_at": "2026-11-23T09:30", "start_key": str(uuid.uuid4())}
    with time_machine.travel(datetime(2026, 11, 23, 3, 0, tzinfo=UTC), tick=False):
        page = desk.post(reverse("request_paper"), {**said, field: typed})
    assert beside(page, field) == sentence
    assert not AccessRequest.objects.exists()


@pytest.mark.parametrize("role", [Role.UNIT_STAFF, Role.HEAD, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR, None])
def test_only_the_helpdesk_enters_paper_letters(role: Role | None) -> None:
    assert signed_in(person(role)).get(reverse("request_paper")).status_code == 404


# --- who may ------------------------------------------------------------------------------------------------
PAGES = ("request_summary", "receipt", "receipt_pdf", "withdraw", "answer")


@pytest.mark.parametrize("name", PAGES)
def test_staff_of_another_unit_find_nothing(name: str) -> None:
    item = a_request(Status.SUBMITTED)
    stranger = signed_in(person(Role.UNIT_STAFF))
    assert stranger.get(url(item, name)).status_code == 404
    assert stranger.post(url(item, name)).status_code == 404
    assert stranger.get(url(item, "request_part", "person")).status_code == 404
    assert stranger.post(url(item, "remove_document", item.documents.get().key)).status_code == 404


@pytest.mark.parametrize("role", [Role.HELPDESK, Role.HEAD, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR])
def test_the_office_reads_a_returned_letter_but_does_not_rewrite_it(role: Role) -> None:
    item = a_request(Status.RETURNED)
    office = signed_in(somebody(role))
    assert office.get(url(item, "request_part", "person")).url == item.get_absolute_url()
    assert fill(office, item, "person", {**PERSON, "person_name": "Ubahan"}).status_code == 302
    office.post(url(item, "remove_document", item.documents.get().key), LETTER)
    assert office.post(url(item, "request_summary"), {"version": str(item.version)}).status_code == 302
    item.refresh_from_db()
    assert (item.status, item.documents.count()) == (Status.RETURNED, 1)
    assert item.person_name != "Ubahan"


@pytest.mark.parametrize("part", ["person", "data", "purpose", "letter"])
def test_a_form_that_was_posted_empty_wipes_nothing_out(at_desk: Client, staff: User, part: str) -> None:
    item = draft(staff)
    at_desk.post(url(item, "request_part", part), {"go": "later"})
    now = AccessRequest.objects.get(pk=item.pk)
    assert (now.person_name, now.purpose, now.letter_number) == (item.person_name, item.purpose, item.letter_number)
    assert now.items.count() == 1


def test_the_page_of_the_data_asks_the_database_no_more_often_with_forty_kinds(at_desk: Client, staff: User) -> None:
    address = url(draft(staff), "request_part", "data")
    with CaptureQueriesContext(connection) as with_one:
        at_desk.get(address)
    DataTypeFactory.create_batch(40)
    with CaptureQueriesContext(connection) as with_many:
        at_desk.get(address)
    assert len(with_many) == len(with_one)
