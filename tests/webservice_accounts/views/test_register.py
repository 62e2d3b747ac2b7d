"""The register of processing on its page and as a file."""

import csv
import io
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import User
from accounts.roles import Role
from requests_app.sop import Status
from tests.factories import DataTypeFactory, UnitFactory, a_request, person
from webservice_accounts.lifecycle import WIB
from webservice_accounts.models import Suspension, WebserviceAccount
from webservice_accounts.views.register import COLUMNS

pytestmark = pytest.mark.django_db

NIP = "198706302014041002"
NOW = datetime(2026, 11, 22, 14, 5, tzinfo=WIB)
PAGE, CSV, XLSX = (reverse(f"processing_register{kind}") for kind in ("", "_csv", "_xlsx"))


@pytest.fixture(autouse=True)
def _now() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def signed_in(who: Role | User) -> Client:
    client = Client()
    client.force_login(who if isinstance(who, User) else person(who))
    return client


@pytest.fixture
def psi() -> Client:
    return signed_in(Role.PSI)


def account_of(opened: str = "2026-03-02 09:00", **fields: object) -> WebserviceAccount:
    """Granted and opened on that WIB day; the key was opened six minutes after the letter came."""
    at = datetime.fromisoformat(opened).replace(tzinfo=WIB)
    return a_request(Status.REPLY_DRAFTING, at=at, **fields).account


def text_of(response: HttpResponse) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def rows_of(response: HttpResponse) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


# --- the page ------------------------------------------------------------------------------------------
def test_the_page_says_who_reads_what_why_and_on_which_letter(psi: Client) -> None:
    owner = UnitFactory(name="Biro Akademik")
    data = DataTypeFactory(name="Data mahasiswa", owner=owner)
    unit = UnitFactory(name="FMIPA")
    account = account_of(
        unit=unit,
        data_types=[data],
        application="SIAKAD",
        purpose="Presensi kuliah",
        letter_number="112/UN11/2026",
        letter_date=date(2026, 2, 27),
    )
    page = text_of(psi.get(PAGE))
    for words in (
        "Data mahasiswa",
        "Data pribadi",
        "Biro Akademik",
        "FMIPA",
        account.username,
        "SIAKAD",
        "Presensi kuliah",
        "Muhammad Iqbal, S.T.",
        "Surat permohonan Nomor 112/UN11/2026 tanggal 27 Februari 2026, disposisi tanggal 2 Maret 2026",
        "2 Maret 2026 09.05",
        "2 Maret 2027",
        "Aktif",
    ):
        assert words in page
    assert "•••002" in page
    assert NIP not in page.replace(" ", "")


def test_who_could_read_student_data_on_the_first_of_march(psi: Client) -> None:
    students, others = DataTypeFactory(code="mahasiswa", name="Data mahasiswa"), DataTypeFactory(name="Data pegawai")
    before = account_of("2026-02-10 09:00", data_types=[students])
    on_the_day = account_of("2026-03-01 10:00", data_types=[students])
    after = account_of("2026-03-02 09:00", data_types=[students])
    of_staff = account_of("2026-02-10 09:00", data_types=[others])
    suspended = account_of("2026-02-10 09:00", data_types=[students])
    Suspension.objects.create(
        account=suspended, since=NOW - timedelta(days=270), until=NOW - timedelta(days=200), reason="x", by_name="x"
    )

    def found(**asked: str) -> set[str]:
        page = text_of(psi.get(PAGE, {"data_type": "mahasiswa"} | asked))
        everyone = (before, on_the_day, after, of_staff, suspended)
        return {account.username for account in everyone if f">{account.username}<" in page}

    assert found(on="2026-03-01") == {before.username, on_the_day.username}
    assert found(on="01/03/2026", at="09.00") == {before.username}
    assert found(on="2026-03-01", at="00:00") == {before.username}
    assert found(in_force="on") == {before.username, on_the_day.username, after.username, suspended.username}
    assert "Yang dapat membaca pada suatu saat di tanggal 1 Maret 2026 (WIB): <b>2 baris</b>" in text_of(
        psi.get(PAGE, {"data_type": "mahasiswa", "on": "2026-03-01"})
    )


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"on": "31/02/2026"}, "Tulis tanggal sebagai hari/bulan/tahun"),
        ({"on": "0001-01-01"}, "Tulis tanggal sebagai hari/bulan/tahun"),
        ({"on": "9999-12-31"}, "Tulis tanggal sebagai hari/bulan/tahun"),
        ({"on": "2026-03-01", "at": "25.00"}, "Tulis jam dan menit"),
        ({"at": "10.00"}, "Isi juga tanggalnya."),
        ({"data_type": "tidak-ada"}, "Pilih salah satu dari daftar."),
        ({"data_type": "a\x00"}, "arakter null"),
        ({"unit": "' OR 1=1"}, "Pilih salah satu dari daftar."),
        ({"on": "2026-03-01", "in_force": "on"}, "Pilih salah satu: sekarang, atau tanggal"),
        ({"person": "a\x00"}, "arakter null"),
    ],
)
def test_a_filter_that_cannot_be_read_is_said_and_answers_nothing(
    psi: Client, query: dict[str, str], sentence: str
) -> None:
    account = account_of()
    page = text_of(psi.get(PAGE, query))
    assert sentence in page
    assert "Saringan belum dapat dibaca" in page
    assert account.username not in page
    for file in (CSV, XLSX):
        response = psi.get(file, query)
        assert response.status_code == 302
        assert response["Location"].startswith(PAGE)


def test_nothing_yet_and_nothing_found_say_so(psi: Client) -> None:
    assert "Belum ada catatan" in text_of(psi.get(PAGE))
    account_of()
    assert "Tidak ada yang cocok" in text_of(psi.get(PAGE, {"person": "Tidak Ada"}))


def test_many_lines_cost_as_many_queries_as_few(psi: Client) -> None:
    counts = []
    for more in (2, 28):
        account_of(data_types=[DataTypeFactory() for _number in range(more)])
        with CaptureQueriesContext(connection) as asked:
            page = text_of(psi.get(PAGE))
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert page.count('<th scope="row">') == 25
    assert "1 sampai 25 dari 30" in page


def test_all_lines_are_printed_on_one_page(psi: Client) -> None:
    account_of(data_types=[DataTypeFactory() for _number in range(30)])
    page = text_of(psi.get(PAGE, {"cetak": "1"}))
    assert page.count('<th scope="row">') == 30
    assert '<form method="get" class="filters' not in page


# --- the files -------------------------------------------------------------------------------------------
def test_the_files_have_the_columns_and_the_lines_of_the_page(psi: Client) -> None:
    account_of(data_types=[DataTypeFactory(name="Data mahasiswa"), DataTypeFactory(name="Data pegawai")])
    page = text_of(psi.get(PAGE))
    rows = rows_of(psi.get(CSV))
    assert [row["Jenis data"] for row in rows] == ["Data mahasiswa", "Data pegawai"]
    assert list(rows[0]) == [
        "Jenis data",
        "Kelas data",
        "Unit pemilik data",
        "Unit kerja",
        "Akun",
        "Aplikasi pengguna data",
        "Tujuan penggunaan",
        "Penanggung jawab",
        "Nomor identitas",
        "Dasar",
        "Diberikan oleh",
        "Sejak",
        "Sampai",
        "Keadaan sekarang",
    ]
    for row in rows:
        for name, value in row.items():
            assert value, name
            if name != "Nomor identitas":
                assert value in page, name
    assert (rows[0]["Sejak"], rows[0]["Sampai"]) == ("2 Maret 2026 09.05", "2 Maret 2027")


def test_the_workbook_opens_and_says_the_same(psi: Client) -> None:
    account_of(application="=1+1", purpose=" \n@SUM(A1)")
    response = psi.get(XLSX)
    assert response["Content-Disposition"] == 'attachment; filename="catatan-pemrosesan-2026-11-22.xlsx"'
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    head, row = sheet.iter_rows(values_only=True)
    found = dict(zip(head, row, strict=True))
    assert len(head) == len(COLUMNS)
    assert found["Aplikasi pengguna data"] == "'=1+1"
    assert found["Tujuan penggunaan"] == "' \n@SUM(A1)"
    assert found["Nomor identitas"] == NIP
    assert found["Sejak"] == datetime(2026, 3, 2, 9, 5)
    assert found["Sampai"] == datetime(2027, 3, 2)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.PSI, NIP),
        (Role.HEAD, NIP),
        (Role.HELPDESK, "•••002"),
        (Role.ADMINISTRATOR, "•••002"),
        (Role.AUDITOR, "•••002"),
    ],
)
def test_identity_numbers_leave_whole_only_with_who_decides_or_makes_accounts(role: Role, expected: str) -> None:
    account_of()
    assert [row["Nomor identitas"] for row in rows_of(signed_in(role).get(CSV))] == [expected]


def test_the_files_hold_what_the_page_was_filtered_to_and_every_page_of_it(psi: Client) -> None:
    account_of(data_types=[DataTypeFactory(name=f"Data {number:02}") for number in range(30)], unit=UnitFactory())
    unit = UnitFactory(code="feb")
    account_of(unit=unit)
    assert len(rows_of(psi.get(CSV, {"page": "2"}))) == 31
    assert [row["Unit kerja"] for row in rows_of(psi.get(CSV, {"unit": "feb"}))] == [unit.name]
    page = text_of(psi.get(PAGE, {"unit": "feb", "page": "1"}))
    assert f'href="{CSV}?unit=feb"' in page


def test_an_english_reader_gets_an_english_file() -> None:
    account_of()
    (row,) = rows_of(signed_in(person(Role.PSI, language="en")).get(CSV))
    assert "2 March 2026, 09:05" in row.values()


@pytest.mark.parametrize("path", [PAGE, CSV, XLSX])
@pytest.mark.parametrize("role", [Role.UNIT_STAFF, None])
def test_for_others_than_the_office_there_is_no_register(role: Role | None, path: str) -> None:
    assert signed_in(person(role)).get(path).status_code == 404
