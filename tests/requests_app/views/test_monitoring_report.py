"""The report over HTTP, for the office: the page, the files, the reason of a breach."""

import io
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import User
from accounts.roles import Role
from requests_app import monitoring_report
from requests_app.lateness import LateRun
from requests_app.models import AccessRequest, LateReason
from requests_app.sla import WIB
from requests_app.sop import Actor, Status
from tests import factories

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 10, 5, 9, tzinfo=WIB)
NOW = datetime(2026, 11, 23, 9, tzinfo=WIB)
OCTOBER = {"first": "2026-10-01", "last": "2026-10-31"}
BOMB = "=HYPERLINK(1)"


@pytest.fixture(autouse=True)
def _on_monday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def late() -> AccessRequest:
    """Sent in October, its account still not made; the name of its unit is a formula to a spreadsheet."""
    unit = factories.UnitFactory(name=BOMB)
    return factories.a_request(Status.DISPOSED, at=MONDAY, by=factories.person(Role.UNIT_STAFF, unit=unit))


@pytest.mark.parametrize("name", ["monitoring_report", "monitoring_report_pdf", "monitoring_report_xlsx"])
def test_for_the_unit_there_is_no_such_page(name: str) -> None:
    assert signed_in(factories.person(Role.UNIT_STAFF)).get(reverse(name)).status_code == 404


def test_without_a_choice_it_is_the_last_whole_month_with_its_neighbours(late: AccessRequest) -> None:
    page = signed_in(factories.person(Role.AUDITOR)).get(reverse("monitoring_report")).content.decode()
    assert "Oktober 2026" in page
    assert "first=2026-09-01&amp;last=2026-09-30" in page
    assert "first=2026-11-01&amp;last=2026-11-30" in page
    assert late.reference in page
    assert "1 batas waktu terlewati pada masa ini." in page
    november = signed_in(factories.person(Role.AUDITOR)).get(
        reverse("monitoring_report"), {"first": "2026-11-01", "last": "2026-11-30"}
    )
    assert "Desember 2026" not in november.content.decode(), "what has not begun cannot be reported"
    assert "belum berakhir" in november.content.decode()


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-10-31", "2026-10-01", "Tanggal akhir tidak boleh sebelum tanggal awal."),
        ("kemarin", "2026-10-31", "Tulis tanggal sebagai hari/bulan/tahun"),
        ("2026-10-01", "", "Isi tanggal, misalnya 23/11/2026."),
        ("2020-01-01", "2026-10-31", "Masa laporan paling lama tiga tahun."),
        ("0001-01-01", "0001-01-31", "Tanggal awal paling lama tahun 2000."),
        ("9999-12-01", "9999-12-31", "Periksa tahunnya; kalender memuat tahun 2000 sampai dengan 2100."),
    ],
)
def test_a_period_that_cannot_be_read_is_explained_and_gives_no_file(first: str, last: str, said: str) -> None:
    office = signed_in(factories.person(Role.HELPDESK))
    period = {"first": first, "last": last}
    assert said in office.get(reverse("monitoring_report"), period).content.decode()
    for name in ("monitoring_report_pdf", "monitoring_report_xlsx"):
        answer = office.get(reverse(name), period)
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("monitoring_report"))


def test_a_month_without_anything_says_so() -> None:
    page = signed_in(factories.person(Role.HEAD)).get(
        reverse("monitoring_report"), {"first": "2020-01-01", "last": "2020-01-31"}
    )
    assert "Belum ada permohonan pada masa ini" in page.content.decode()


def test_the_pdf_is_named_after_its_period_and_signed_by_the_head(late: AccessRequest) -> None:
    factories.person(Role.HEAD)
    answer = signed_in(factories.person(Role.HELPDESK)).get(reverse("monitoring_report_pdf"), OCTOBER)
    assert answer["Content-Type"] == "application/pdf"
    assert "laporan-pemantauan-sop-2026-10.pdf" in answer["Content-Disposition"]
    assert answer.content.startswith(b"%PDF-")


def test_the_spreadsheet_has_the_table_the_breaches_and_what_is_behind_them(late: AccessRequest) -> None:
    answer = signed_in(factories.person(Role.AUDITOR)).get(
        reverse("monitoring_report_xlsx"), {"first": "2026-10-01", "last": "2026-10-20"}
    )
    assert "laporan-pemantauan-sop-2026-10-01-sd-2026-10-20.xlsx" in answer["Content-Disposition"]
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert book.sheetnames == ["Tabel SOP", "Keterlambatan", "Waktu nyata", "Keterangan"]
    assert [row[0].value for row in book["Tabel SOP"].iter_rows()] == ["No", "1", "2", None, "3", "5", "6"]
    breach = [cell.value for cell in book["Keterlambatan"][2]]
    assert breach[:4] == [late.reference, f"'{BOMB}", "3", "Akun"]
    assert breach[4:6] == [datetime(2026, 10, 6, 9, 4), "belum selesai"]
    assert breach[9] == "belum diisi"
    rows = [[cell.value for cell in row] for row in book["Waktu nyata"].iter_rows(min_row=2)]
    assert [row[2] for row in rows] == ["1", "2", None], "letter, agenda and disposition were done, the account was not"


def test_five_hundred_breaches_come_in_pages_and_whole_to_print(
    monkeypatch: pytest.MonkeyPatch, late: AccessRequest
) -> None:
    run = LateRun(late, 1, "3", MONDAY, MONDAY, None, timedelta(hours=1), timedelta(hours=7), Actor.PSI, None, None)
    monkeypatch.setattr(monitoring_report.lateness, "in_period", lambda *args, **kwargs: [run] * 500)
    office = signed_in(factories.person(Role.AUDITOR))
    page = office.get(reverse("monitoring_report"), OCTOBER).content.decode()
    assert page.count('class="moment"') == 2 * 25
    assert "500 batas waktu terlewati" in page
    assert (
        office.get(reverse("monitoring_report"), OCTOBER | {"cetak": "1"}).content.decode().count('class="moment"')
        == 2 * 500
    )


def test_the_number_of_queries_does_not_grow_with_the_breaches(late: AccessRequest) -> None:
    office = signed_in(factories.person(Role.AUDITOR))

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            office.get(reverse("monitoring_report"), OCTOBER)
        return len(asked)

    office.get(reverse("monitoring_report"), OCTOBER)
    one = queries()
    for _ in range(3):
        factories.a_request(Status.DISPOSED, at=MONDAY)
    assert queries() == one


# --- the reason of a breach ------------------------------------------------------------------------------
def reason_url(late: AccessRequest) -> str:
    return reverse("late_reason", args=[late.reference, late.entries.get(left_at=None).pk])


def test_psi_writes_the_reason_where_the_report_and_the_request_ask_for_it(late: AccessRequest) -> None:
    psi = signed_in(factories.person(Role.PSI))
    url = reason_url(late)
    assert url in psi.get(reverse("monitoring_report"), OCTOBER).content.decode()
    assert url in psi.get(late.get_absolute_url()).content.decode()
    assert psi.get(url).status_code == 200
    answer = psi.post(url, {"cause": "absence", "text": "Petugas dinas luar.", "seen": ""})
    assert answer.status_code == 302
    assert LateReason.objects.get().text == "Petugas dinas luar."
    shown = psi.get(reverse("monitoring_report"), OCTOBER).content.decode()
    assert "Petugas tidak di tempat" in shown
    assert "Petugas dinas luar." in shown
    assert "belum diisi" not in shown
    unit = signed_in(late.created_by).get(late.get_absolute_url()).content.decode()
    assert "Petugas dinas luar." in unit, "the timeline is everybody's"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"cause": "", "text": "x"}, "Pilih penyebab yang paling sesuai."),
        ({"cause": "weather", "text": "x"}, "Pilih penyebab dari daftar."),
        ({"cause": "other", "text": " "}, "Tulis apa yang terjadi."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    late: AccessRequest, typed: dict[str, str], said: str
) -> None:
    page = signed_in(factories.person(Role.HEAD)).post(reason_url(late), typed)
    assert said in page.content.decode()
    assert not LateReason.objects.exists()


def test_who_came_second_reads_what_the_first_wrote(late: AccessRequest) -> None:
    head, psi = signed_in(factories.person(Role.HEAD)), signed_in(factories.person(Role.PSI, full_name="Nadia"))
    psi.post(reason_url(late), {"cause": "system", "text": "Jaringan putus.", "seen": ""})
    page = head.post(reason_url(late), {"cause": "other", "text": "Lupa.", "seen": ""})
    assert page.status_code == 409
    assert "Alasan ini baru saja ditulis Nadia: “Jaringan putus.”" in page.content.decode()
    assert "Lupa." in page.content.decode()


@pytest.mark.parametrize("role", [Role.HELPDESK, Role.AUDITOR, Role.ADMINISTRATOR])
def test_the_rest_of_the_office_reads_that_it_is_missing_but_has_no_form(late: AccessRequest, role: Role) -> None:
    other = signed_in(factories.person(role))
    assert other.get(reason_url(late)).status_code == 404
    page = other.get(late.get_absolute_url()).content.decode()
    assert "Alasan belum diisi." in page
    assert "Tulis alasan" not in page


def test_the_unit_sees_no_card_of_the_office_and_what_is_in_time_has_no_form(late: AccessRequest) -> None:
    assert "Alasan belum diisi." not in signed_in(late.created_by).get(late.get_absolute_url()).content.decode()
    fresh = factories.a_request(Status.DISPOSED, at=NOW - timedelta(hours=1))
    psi = signed_in(factories.person(Role.PSI))
    assert psi.get(reason_url(fresh)).status_code == 404
    assert psi.get(reverse("late_reason", args=[fresh.reference, 0])).status_code == 404


def test_the_request_says_how_long_it_usually_takes_or_that_nobody_knows(late: AccessRequest) -> None:
    page = signed_in(late.created_by).get(late.get_absolute_url()).content.decode()
    assert "Belum cukup data untuk memperkirakan kapan permohonan ini selesai." in page
