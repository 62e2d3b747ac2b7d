"""SOP 2 through HTTP: the helpdesk registers letters one after another, returns them, forwards them, keeps the book."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Substitution, User
from accounts.roles import Role
from requests_app.models import AccessRequest, AgendaEntry
from requests_app.sop import Status
from tests.factories import (
    DataTypeFactory,
    UnitFactory,
    a_request,
    person,
    register,
    somebody,
    submit,
    the_institution,
    withdraw,
)

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)  # 10.30 WIB
NOTED = {"received_on": "2026-11-23", "security_class": "B", "urgency": "normal", "classification": "TI.00"}
NOT_YOURS = "Tindakan ini bukan wewenang Anda."


@pytest.fixture(autouse=True)
def _monday() -> Any:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def desk(client: Client) -> Client:
    """The helpdesk, signed in."""
    client.force_login(somebody(Role.HELPDESK))
    return client


def url(name: str, item: AccessRequest) -> str:
    return reverse(name, args=[item.reference])


def text(response: HttpResponse) -> str:
    """What one reads: the words without the tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def submitted(minutes_ago: int = 60, **fields: Any) -> AccessRequest:
    return a_request(Status.SUBMITTED, at=timezone.now() - timedelta(minutes=minutes_ago), **fields)


def registered(**fields: Any) -> AccessRequest:
    return a_request(Status.REGISTERED, **fields)


# --- the letter beside the form ------------------------------------------------------------
def test_the_letter_stands_beside_what_the_unit_typed(desk: Client) -> None:
    item = submitted(
        person_name="Cut Nurmala",
        email="cut@usk.ac.id",
        data_types=[DataTypeFactory(name="Data alumni"), DataTypeFactory(name="Jadwal kuliah")],
        other_data="Data beasiswa",
    )
    page = desk.get(url("agenda", item))
    letter = item.documents.get()
    assert f'<iframe src="{letter.get_absolute_url()}' in page.content.decode()
    said = text(page)
    for words in (
        "Nama penanggung jawab Cut Nurmala",
        "NIP penanggung jawab NIP 19870630 201404 1 002",
        "Nomor telepon 0812-3456-7800",
        "Email cut@usk.ac.id",
        "Jenis data yang dibutuhkan Data alumni, Jadwal kuliah, Data beasiswa",
    ):
        assert words in said
    assert 'type="checkbox"' in page.content.decode()
    assert "checked" not in re.sub(r"<script.*?</script>", "", page.content.decode(), flags=re.S), "nothing pre-ticked"


def test_today_and_the_usual_classification_are_filled_in(desk: Client) -> None:
    house = the_institution()
    house.default_classification = "TI.09"
    house.save()
    page = desk.get(url("agenda", submitted())).content.decode()
    assert 'value="2026-11-23"' in page
    assert 'value="TI.09"' in page


def test_a_paper_letter_says_so_and_was_received_when_it_came_in(desk: Client) -> None:
    item = a_request(Status.SUBMITTED, at=MONDAY - timedelta(days=3), paper=True, letters=0)
    page = desk.get(url("agenda", item))
    assert "Surat dikirim sebagai kertas" in text(page)
    assert "diterima pada Jumat, 20 November 2026 10.30 WIB" in text(page)
    assert 'value="2026-11-20"' in page.content.decode()


def test_a_letter_that_came_before_is_named_with_a_link(desk: Client) -> None:
    unit = UnitFactory()
    twin = registered(unit=unit, letter_number="12/FMIPA", letter_date=date(2026, 11, 20))
    item = submitted(unit=unit, letter_number="12/FMIPA", letter_date=date(2026, 11, 20))
    page = desk.get(url("agenda", item))
    assert "Surat ini tampaknya sudah pernah masuk" in text(page)
    assert f'href="{twin.get_absolute_url()}"' in page.content.decode()
    other = submitted(unit=unit, letter_number="13/FMIPA", letter_date=date(2026, 11, 20))
    assert "sudah pernah masuk" not in text(desk.get(url("agenda", other)))


# --- registering ------------------------------------------------------------------------------
def test_registering_draws_the_number_and_shows_it_with_the_text_to_paste(desk: Client) -> None:
    item = submitted(letter_number="112/UN11.F8", letter_date=date(2026, 11, 20), letter_subject="Mohon data alumni")
    data = NOTED | {"urgency": "urgent", "remark": "Data pribadi.", "ticked": list(AgendaEntry.CHECK_LIST)}
    page = desk.post(url("agenda", item), data | {"version": item.version}, follow=True)
    assert page.redirect_chain == [(url("agenda", item), 302)]
    said = text(page)
    assert f"Surat {item.reference} diagendakan dengan nomor 1/2026." in said
    assert "Nomor agenda 1/2026" in said
    pasted = unescape(re.search(r"<textarea[^>]*readonly>(.*?)</textarea>", page.content.decode(), re.S)[1])  # type: ignore[index]
    for line in (
        "Surat masuk: Mohon data alumni",
        "Nomor agenda: 1/2026",
        f"Asal surat: {item.unit}",
        "Nomor surat: 112/UN11.F8",
        "Tanggal surat: 20 November 2026",
        "Tanggal diterima: 23 November 2026",
        "Urgensi: Segera",
        "Catatan: Data pribadi.",
    ):
        assert line in pasted.splitlines()
    assert pasted.endswith(f"{settings.BASE_URL}{item.get_absolute_url()}")
    assert item.email not in pasted
    entry = AgendaEntry.objects.get(request=item)
    assert (entry.urgency, entry.security_class, entry.remark) == ("urgent", "B", "Data pribadi.")
    assert all(getattr(entry, name) for name in AgendaEntry.CHECK_LIST)


def test_the_text_to_paste_is_indonesian_whoever_reads_it(client: Client) -> None:
    client.force_login(person(Role.HELPDESK, language="en"))
    page = client.get(url("agenda", registered(letter_date=date(2026, 5, 20))))
    assert "Tanggal surat: 20 Mei 2026" in text(page)


def test_the_letter_system_is_called_as_the_institution_calls_it(desk: Client) -> None:
    item = registered()
    house = the_institution()
    house.correspondence_system = "SRIKANDI"
    house.save()
    said = text(desk.get(url("agenda", item)))
    assert "Teks untuk SRIKANDI" in said
    assert "Nomor atau tautan SRIKANDI" in said
    assert "PLO" not in said


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2026-11-24", "Tanggal diterima tidak boleh sesudah hari ini, 23 November 2026."),
        ("12/25/2026", "Tulis tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026."),
        ("kemarin", "Tulis tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026."),
        ("1926-11-20", "Periksa tahunnya; paling awal tahun 2000."),
        ("", "Isi tanggal, misalnya 23/11/2026."),
    ],
)
def test_a_wrong_date_is_explained_and_everything_typed_stays(desk: Client, typed: str, sentence: str) -> None:
    item = submitted()
    data = NOTED | {"received_on": typed, "remark": "Catatan saya", "ticked": ["has_email"], "version": item.version}
    page = desk.post(url("agenda", item), data)
    assert page.status_code == 200
    assert sentence in text(page)
    html = page.content.decode()
    assert "Catatan saya" in html
    assert f'value="{typed}"' in html
    assert re.search(r'value="has_email"[^>]*checked', html)
    assert not AgendaEntry.objects.exists()


@pytest.mark.parametrize(
    "forged", [{"security_class": "XX"}, {"urgency": "besok"}, {"ticked": ["is_admin"]}, {"classification": "x" * 41}]
)
def test_values_that_the_form_does_not_offer_are_not_taken(desk: Client, forged: dict[str, Any]) -> None:
    item = submitted()
    page = desk.post(url("agenda", item), NOTED | forged | {"version": item.version})
    assert "Periksa kembali isian Anda" in text(page)
    assert not AgendaEntry.objects.exists()


def test_a_letter_that_came_back_keeps_its_number_and_what_was_noted(desk: Client) -> None:
    item = submitted()
    desk.post(url("agenda", item), NOTED | {"classification": "KS.02", "remark": "Lama", "version": item.version})
    desk.post(url("return_to_unit", item), {"reason": "Lengkapi NIP."})
    submit(AccessRequest.objects.get(pk=item.pk), timezone.now())
    page = desk.get(url("agenda", item))
    assert "Nomor agendanya tetap 1/2026" in text(page)
    assert 'value="KS.02"' in page.content.decode()
    desk.post(url("agenda", item), NOTED)
    assert str(AgendaEntry.objects.get(request=item)) == "1/2026"


# --- forwarding: the next one opens -------------------------------------------------------------
def test_after_forwarding_the_next_letter_opens_and_after_the_last_home(desk: Client) -> None:
    first, second = submitted(minutes_ago=90), submitted(minutes_ago=30)
    register(first, timezone.now())
    page = desk.post(url("forward", first), {"plo_number": "PLO-2026-1187"}, follow=True)
    assert page.redirect_chain == [(url("agenda", second), 302)]
    assert f"Surat {first.reference} diteruskan kepada Kepala." in text(page)
    first.refresh_from_db()
    assert (first.status, first.agenda.plo_number) == (Status.AWAITING_DISPOSITION, "PLO-2026-1187")
    register(second, timezone.now())
    assert desk.post(url("forward", second), {"plo_number": ""})["Location"] == reverse("home")


def test_a_pasted_novel_is_no_number(desk: Client) -> None:
    item = registered()
    page = desk.post(url("forward", item), {"plo_number": "x" * 201})
    assert "Paling banyak 200 huruf; tempelkan nomornya saja." in text(page)
    item.refresh_from_db()
    assert item.status == Status.REGISTERED


def test_what_was_not_ticked_is_said_before_the_letter_goes_on(desk: Client) -> None:
    item = submitted()
    desk.post(url("agenda", item), NOTED | {"ticked": ["has_name", "has_phone", "has_email", "has_data"]})
    assert "Belum dicentang pada kelengkapan NIP penanggung jawab." in text(desk.get(url("agenda", item)))
    assert "Belum dicentang" not in text(desk.get(url("agenda", registered())))


# --- returning ------------------------------------------------------------------------------------
def test_ticks_become_sentences_that_can_be_edited_before_sending(desk: Client) -> None:
    item = submitted()
    data = {"missing": ["has_identity", "has_phone"], "reason": "Selamat pagi.", "compose": "1"}
    page = desk.post(url("return_to_unit", item), data)
    area = unescape(re.search(r"<textarea[^>]*>\s*(.*?)</textarea>", page.content.decode(), re.S)[1])  # type: ignore[index]
    assert area.splitlines() == [
        "Selamat pagi.",
        "Mohon cantumkan NIP atau nomor identitas lain penanggung jawab.",
        "Mohon cantumkan nomor telepon penanggung jawab yang dapat dihubungi.",
    ]
    assert "checked" not in page.content.decode()
    item.refresh_from_db()
    assert item.status == Status.SUBMITTED, "only composed, not sent"


def test_ticks_alone_are_a_message_and_the_next_letter_opens(desk: Client) -> None:
    item, following = submitted(minutes_ago=90), submitted(minutes_ago=30)
    page = desk.post(url("return_to_unit", item), {"missing": ["has_email"], "version": item.version}, follow=True)
    assert page.redirect_chain == [(url("agenda", following), 302)]
    assert f"Surat {item.reference} dikembalikan kepada {item.unit}." in text(page)
    item.refresh_from_db()
    assert item.status == Status.RETURNED
    assert item.waiting_question == "Mohon cantumkan alamat email penanggung jawab yang aktif."


def test_a_sentence_that_is_in_the_text_already_is_not_said_twice(desk: Client) -> None:
    item = submitted()
    said = "Mohon sebutkan jenis data yang dibutuhkan."
    desk.post(url("return_to_unit", item), {"missing": ["has_data"], "reason": said})
    item.refresh_from_db()
    assert item.waiting_question == said


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("  ", "Tuliskan apa yang perlu dilengkapi unit, atau centang yang belum ada."),
        ("x" * 2001, "2000"),
    ],
)
def test_a_letter_is_not_returned_without_a_readable_reason(desk: Client, reason: str, sentence: str) -> None:
    item = submitted()
    page = desk.post(url("return_to_unit", item), {"reason": reason})
    assert sentence in text(page)
    item.refresh_from_db()
    assert item.status == Status.SUBMITTED


def test_what_was_not_ticked_at_registration_is_ticked_as_missing(desk: Client) -> None:
    item = submitted()
    desk.post(url("agenda", item), NOTED | {"ticked": ["has_name", "has_identity", "has_phone", "has_email"]})
    html = desk.get(url("return_to_unit", item)).content.decode()
    assert re.findall(r'value="(has_\w+)"[^>]*checked', html) == ["has_data"]


# --- two at once, too late, not theirs ---------------------------------------------------------------
def test_the_second_helpdesk_reads_who_was_first_and_keeps_the_text(desk: Client) -> None:
    item = submitted()
    seen = item.version
    other = Client()
    other.force_login(person(Role.HELPDESK, full_name="Rahmat Hidayat"))
    other.post(url("agenda", item), NOTED | {"version": seen})
    page = desk.post(url("agenda", item), NOTED | {"remark": "Catatan saya", "version": seen})
    said = text(page)
    assert "Permohonan ini sudah diubah orang lain sejak halaman Anda dibuka." in said
    assert "Rahmat Hidayat mengagendakan surat dengan nomor agenda 1/2026." in said
    assert "Senin, 23 November 2026 10.30 WIB" in said
    assert "Catatan saya" in page.content.decode()
    assert "Lihat keadaan terbaru" in said
    assert AgendaEntry.objects.get(request=item).remark == ""


def test_a_letter_withdrawn_meanwhile_is_neither_registered_nor_returned_nor_forwarded(desk: Client) -> None:
    for name, item, data in (
        ("agenda", submitted(), NOTED),
        ("return_to_unit", submitted(), {"reason": "Lengkapi NIP."}),
        ("forward", registered(), {"plo_number": "PLO-9"}),
    ):
        seen = item.version
        withdraw(item, timezone.now())
        page = desk.post(url(name, item), data | {"version": seen})
        assert "membatalkan permohonan." in text(page)
        for typed in set(data.values()) - {"B", "normal"}:
            assert typed in page.content.decode(), "what was typed is still there"
        item.refresh_from_db()
        assert item.status == Status.WITHDRAWN


@pytest.mark.parametrize("name", ["agenda", "return_to_unit", "forward"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_strangers_find_nothing(client: Client, name: str, method: str) -> None:
    client.force_login(person(Role.UNIT_STAFF))
    item = registered(unit=UnitFactory())
    assert getattr(client, method)(url(name, item)).status_code == 404


@pytest.mark.parametrize("role", [Role.HEAD, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR, "own unit"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_those_who_see_the_letter_but_are_not_the_helpdesk_read_why(
    client: Client, role: Role | str, method: str
) -> None:
    sent, entered = submitted(), registered()
    client.force_login(sent.created_by if role == "own unit" else person(Role(role)))
    for name, item in (("agenda", sent), ("return_to_unit", sent), ("agenda", entered), ("forward", entered)):
        page = getattr(client, method)(url(name, item), follow=True)
        assert page.redirect_chain == [(item.get_absolute_url(), 302)]
        assert NOT_YOURS in text(page)


def test_a_letter_that_has_gone_on_leads_to_its_own_page(desk: Client) -> None:
    item = a_request(Status.AWAITING_DISPOSITION)
    page = desk.get(url("agenda", item), follow=True)
    assert page.redirect_chain == [(item.get_absolute_url(), 302)]
    assert "sekarang berstatus “Menunggu disposisi”" in text(page)


def test_who_stands_in_for_the_helpdesk_does_the_same(client: Client) -> None:
    item, substitute = submitted(), person(None)
    today = timezone.localdate()
    Substitution.objects.create(absent=somebody(Role.HELPDESK), substitute=substitute, starts_on=today, ends_on=today)
    client.force_login(User.objects.get(pk=substitute.pk))
    client.post(url("agenda", item), NOTED | {"version": item.version})
    assert AgendaEntry.objects.get(request=item).registered_by == substitute


def test_what_was_typed_survives_a_session_that_ended(desk: Client) -> None:
    item = submitted()
    desk.get(url("agenda", item))
    del desk.cookies[settings.SESSION_COOKIE_NAME]
    answer = desk.post(url("agenda", item), NOTED | {"remark": "Catatan panjang saya", "ticked": ["has_name"]})
    assert answer["Location"].startswith(reverse("account_login"))
    desk.force_login(somebody(Role.HELPDESK))
    page = desk.get(url("agenda", item))
    assert "Catatan panjang saya" in page.content.decode()
    assert re.search(r'value="has_name"[^>]*checked', page.content.decode())
    assert not AgendaEntry.objects.exists()


def test_what_people_typed_is_never_markup(desk: Client) -> None:
    item = registered(letter_subject="<script>alert(1)</script>", letter_number="<b>1</b>")
    for page in (desk.get(url("agenda", item)), desk.get(reverse("agenda_book"))):
        assert "<script>alert" not in page.content.decode()
        assert "<b>1</b>" not in page.content.decode()


# --- the book ------------------------------------------------------------------------------------------
def test_the_book_has_the_ten_columns_of_the_office(desk: Client) -> None:
    html = desk.get(reverse("agenda_book")).content.decode()
    assert "Belum ada surat pada masa ini" in html
    registered()
    html = desk.get(reverse("agenda_book")).content.decode()
    assert re.findall(r'<th scope="col">(.*?)</th>', html) == [
        "No. agenda",
        "Kode",
        "Isi ringkas",
        "Asal surat",
        "Nomor surat",
        "Tanggal surat",
        "Tanggal diterima",
        "Penerima",
        "Paraf",
        "Keterangan",
    ]


def test_a_line_of_the_book(desk: Client) -> None:
    item = submitted(letter_number="112/UN11", letter_date=date(2026, 11, 20), letter_subject="Mohon data")
    desk.post(url("agenda", item), NOTED | {"security_class": "R", "urgency": "urgent", "version": item.version})
    desk.post(url("forward", item), {"plo_number": "PLO-11"})
    said = text(desk.get(reverse("agenda_book")))
    assert (
        f"1/2026 TI.00 Mohon data Sistem Presensi {item.unit} 112/UN11 20 November 2026 23 November 2026 "
        f"{somebody(Role.HELPDESK)} Menunggu disposisi, Rahasia, Segera PLO: PLO-11"
    ) in said


def test_the_book_shows_this_year_unless_another_period_is_in_the_address(desk: Client) -> None:
    last_year = registered(at=datetime(2025, 12, 31, 3, tzinfo=UTC), letter_subject="Surat tahun lalu")
    registered(letter_subject="Surat tahun ini")
    said = text(desk.get(reverse("agenda_book")))
    assert "Diagendakan 1 Januari 2026 s.d. 31 Desember 2026" in said
    assert "Surat tahun ini" in said
    assert "Surat tahun lalu" not in said
    said = text(desk.get(reverse("agenda_book"), {"first": "2025-12-01", "last": "2025-12-31"}))
    assert "Surat tahun lalu" in said
    assert str(last_year.agenda) == "1/2025"
    assert "Surat tahun ini" not in said


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"first": "12/25/2026"}, "Tulis tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026."),
        ({"first": "2026-11-02", "last": "2026-11-01"}, "Tanggal akhir tidak boleh sebelum tanggal awal."),
    ],
)
def test_a_period_that_is_none_is_explained(desk: Client, asked: dict[str, str], sentence: str) -> None:
    page = desk.get(reverse("agenda_book"), asked)
    assert page.status_code == 200
    assert sentence in text(page)


def numbers_on(page: HttpResponse) -> list[int]:
    return [int(number) for number in re.findall(r">(\d+)/2026</a></th>", page.content.decode())]


@pytest.fixture
def full_book() -> None:
    """Thirty letters of one unit, registered one after another."""
    unit = UnitFactory()
    for _ in range(30):
        registered(unit=unit, letters=0, delivery="paper")


@pytest.mark.usefixtures("full_book")
def test_on_the_screen_the_newest_comes_first_25_a_page_and_on_paper_all_in_their_order(desk: Client) -> None:
    assert numbers_on(desk.get(reverse("agenda_book"))) == list(range(30, 5, -1))
    assert numbers_on(desk.get(reverse("agenda_book"), {"page": 2})) == [5, 4, 3, 2, 1]
    printed = desk.get(reverse("agenda_book"), {"cetak": "1"})
    assert numbers_on(printed) == list(range(1, 31))
    assert "is-sideways" in printed.content.decode()


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("query", ["", "?cetak=1"])
def test_a_long_book_takes_no_more_queries_than_a_short_one(desk: Client, query: str) -> None:
    unit, address = UnitFactory(), reverse("agenda_book") + query
    for _ in range(3):
        registered(unit=unit, letters=0, delivery="paper")
    with_three = queries(desk, address)
    for _ in range(27):
        registered(unit=unit, letters=0, delivery="paper")
    assert queries(desk, address) <= with_three
    assert with_three <= 25


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.HELPDESK, 200),
        (Role.HEAD, 200),
        (Role.PSI, 200),
        (Role.ADMINISTRATOR, 200),
        (Role.AUDITOR, 200),
        (Role.UNIT_STAFF, 404),
        (None, 404),
    ],
)
def test_the_book_is_for_those_who_see_every_request(client: Client, role: Role | None, status: int) -> None:
    registered()
    client.force_login(person(role))
    assert client.get(reverse("agenda_book")).status_code == status
    assert client.get(reverse("agenda_book"), {"cetak": "1"}).status_code == status
