"""The SOP page as anybody in the house reads it."""

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from requests_app.models import AccessRequest, ClockRule, Passage
from requests_app.sla import WIB
from requests_app.sop import Status
from tests.factories import person

pytestmark = pytest.mark.django_db

PRINTED = """\
POB/04/PSI/TIK/2020
PENGLOLAAN WEBSERVICE
12 Mei 2020
KEPALA UPT TEKNOLOGI INFORMASI DAN KOMUNIKASI, DR. NIZAMUDDIN, M.INFO.SC. NIP 197108241996031001
5. SNI ISO 9001:2015, ISO 27001:2013 dan 20000-1:2018.
2. Menguasai dokumentasi sistem informasi;
2. Jaringan Internet
Apabila tidak dilaksanakan, maka tidak akan tercipta tertib administrasi.
Disimpan sebagai data elektronik dan manual
Divisi PSI menambah akun penanggung jawab dan menambah waktu akses selama 1 tahun
divisi administrasi/ hepldesk akan menyiapkan surat balasan ke unit kerja terkait.
Hardcopy/ Softcopy
Nomor 4 tidak tercantum
"""


def page_for(client: Client, role: Role | None = None, **fields: object) -> HttpResponse:
    client.force_login(person(role, **fields))
    return client.get("/sop/")


def text(response: HttpResponse) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


@pytest.mark.parametrize("line", PRINTED.splitlines())
def test_the_document_is_quoted(client: Client, line: str) -> None:
    assert line in text(page_for(client))


def test_the_document_stays_as_it_is_in_english(client: Client) -> None:
    response = page_for(client, language="en")
    assert "Unit kerja mengirim surat permohonan dengan menyertakan Nama, NIP, NoTelpon, Email" in text(response)
    assert '<table class="table sop-table" lang="id">' in response.content.decode()


@pytest.mark.parametrize("role", [None, *Role])
def test_everybody_who_is_signed_in_may_read_it(client: Client, role: Role | None) -> None:
    assert page_for(client, role).status_code == 200


def test_without_signing_in_it_asks_to(client: Client) -> None:
    response = client.get("/sop/")
    assert response.status_code == 302
    assert "/masuk/" in response["Location"]


def test_the_rows_carry_the_printed_numbers_and_one_mark_each(client: Client) -> None:
    table = page_for(client).content.decode().split("<tbody>")[1].split("</tbody>")[0]
    rows = table.split("</tr>")[:-1]
    assert [re.findall(r'sop-number">(\d)<', row) for row in rows] == [["1"], ["2"], [], ["3"], ["5"], ["6"]]
    assert [re.findall(r'sop-mark-name">([^<]+)<', row) for row in rows] == [
        ["Unit Kerja"],
        ["ADM"],
        ["Pimpinan UPT TIK"],
        ["PSI"],
        ["PSI"],
        ["ADM"],
    ]


def test_the_page_says_for_each_row_which_reading_of_the_working_day_is_in_force(client: Client) -> None:
    chosen_at = datetime(2026, 11, 3, 8, tzinfo=WIB)
    ClockRule.objects.create(
        number="6",
        reading="end-of-day",
        effective_from=chosen_at,
        chosen_at=chosen_at,
        chosen_by=person(Role.ADMINISTRATOR, full_name="Rina"),
    )
    page = text(page_for(client))
    assert "Langkah 3 · Cara hitung: jam yang sama pada hari kerja berikutnya (bawaan)." in page
    chosen = "Cara hitung: akhir jam kerja pada hari kerja berikutnya, dipilih Rina pada 3 November 2026."
    assert f"Langkah 6 · {chosen}" in page


def test_waiting_for_the_owner_of_data_stops_the_clock_as_waiting_for_the_unit_does(client: Client) -> None:
    page = page_for(client).content.decode()
    for status, said in (("clarification", "selama unit ditunggu"), ("consent", "selama unit pemilik data ditunggu")):
        assert f"Waktu berhenti {said}" in page.split(f'id="{status}"')[1].split("</li>\n  <li")[0]


def test_every_status_is_there_with_who_is_waited_for_and_where_it_can_go(client: Client) -> None:
    page = page_for(client).content.decode()
    for status in Status:
        assert page.count(f'id="{status}"') == 1
    stop = page.split('id="awaiting_disposition"')[1].split("</li>\n  <li")[0]
    assert "Menunggu disposisi Kepala UPT TIK" in stop
    for button, target in (
        ("Disposisikan", "disposed"),
        ("Kembalikan", "returned"),
        ("Belum dapat dipenuhi", "reply_drafting"),
    ):
        assert re.search(rf'<b>{button}</b>.*?href="#{target}"', stop)


# --- real times -------------------------------------------------------------------------------------------
def disposed_for(hours: int) -> None:
    writer = person(Role.UNIT_STAFF)
    began = timezone.now() - timedelta(days=7)
    request = AccessRequest.objects.create(
        reference=f"GP26-{AccessRequest.objects.count():06}",
        unit=writer.unit,
        created_by=writer,
        opened_at=began,
        submitted_at=began,
    )
    took = timedelta(hours=hours, seconds=20)
    Passage.objects.create(
        request=request, number="3", started_at=began, ended_at=began + took, took_seconds=took.total_seconds()
    )


def test_the_real_median_stands_beside_the_standard_when_there_is_enough_to_say(client: Client) -> None:
    for hours in (1, 2, 3, 4):
        disposed_for(hours)
    assert "Waktu nyata" not in text(page_for(client)).split("Cara waktu dihitung")[0].split("Mutu Baku")[1]
    disposed_for(5)
    row = text(page_for(client)).split("Divisi PSI menambah akun")[1].split("Divisi PSI menginformasikan")[0]
    assert "1 x 24 jam hari kerja" in row
    assert "3 jam" in row
    assert "5 kali" in row
