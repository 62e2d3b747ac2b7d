""" "Mengapa batas waktu ini?": the same text beside every deadline, on the terminal and in the record of a breach."""

import re
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.roles import Role
from requests_app.models import ConfirmedYear, DayRow
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import account, clock, request_letter
from tests.factories import a_request, person, somebody

pytestmark = pytest.mark.django_db

FRIDAY = datetime(2026, 11, 27, 9, 56, tzinfo=WIB)  # disposed four minutes later


def page(path: str, role: Role, **fields: object) -> str:
    client = Client()
    client.force_login(somebody(role, **fields))
    return client.get(path).content.decode()


def sentences(html: str) -> list[str]:
    """What is folded beneath the deadline, line by line, without the links at its end."""
    body = html.split('class="why-body"')[1].split('class="why-more"')[0]
    return [
        unescape(re.sub(r"<[^>]+>", "", found)).strip() for found in re.findall(r"<(?:p|li)[ >].*?</(?:p|li)>", body)
    ]


def test_the_page_the_terminal_and_the_record_of_a_breach_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    ConfirmedYear.objects.create(year=2026, confirmed_at=FRIDAY)
    DayRow.objects.create(date=date(2026, 11, 30), kind="regional", name="Hari Aceh", legal_basis="SE 1/2026")
    item = a_request(Status.DISPOSED, at=FRIDAY)
    account.ask_unit(item, by=somebody(Role.PSI), now=FRIDAY + timedelta(hours=1, minutes=4), question="Untuk apa?")
    item.refresh_from_db()
    request_letter.answer(item, by=item.created_by, now=FRIDAY + timedelta(hours=2, minutes=4), text="Presensi.")

    html = page(item.get_absolute_url(), Role.PSI)
    said = sentences(html)
    # Friday 10.00 to 11.00, an hour for the unit, 12.00 to midnight: 13 hours; eleven are left for Tuesday.
    assert said[1:] == [
        "Cara hitung: jam yang sama pada hari kerja berikutnya (bawaan).",
        "Jumat, 27 November 2026 10.00–11.00 WIB: dihitung 1 jam.",
        "Jumat, 27 November 2026 11.00–12.00 WIB: menunggu unit pemohon, tidak dihitung.",
        "Jumat, 27 November 2026 12.00–24.00 WIB: dihitung 12 jam.",
        "Sabtu, 28 November 2026 s.d. Minggu, 29 November 2026: akhir pekan, tidak dihitung.",
        "Senin, 30 November 2026: libur daerah (Hari Aceh), tidak dihitung. Dasar: SE 1/2026.",
        "Selasa, 1 Desember 2026 00.00–11.00 WIB: dihitung 11 jam.",
        "Jumlah yang dihitung: 24 jam.",
    ]
    assert "Selasa, 1 Desember 2026 11.00 WIB" in html

    call_command("sla", "due", "--request", item.reference, "--explain")
    assert capsys.readouterr().out.splitlines() == ["Batas waktu: Selasa, 1 Desember 2026 11.00 WIB", *said]

    clock.sweep(now=datetime(2026, 12, 1, 11, 1, tzinfo=WIB))
    history = page(item.get_absolute_url(), Role.UNIT_STAFF, unit=item.unit).split('class="timeline"')[1]
    breach = unescape(history.split('class="detail">')[1].split("</p>")[0])
    assert breach.splitlines() == said


def test_a_year_that_nobody_confirmed_is_named_to_everybody_beside_the_deadline() -> None:
    ConfirmedYear.objects.create(year=2026, confirmed_at=FRIDAY)
    item = a_request(Status.DISPOSED, at=datetime(2026, 12, 31, 10, 0, tzinfo=WIB))
    for role, fields in ((Role.UNIT_STAFF, {"unit": item.unit}), (Role.PSI, {}), (Role.HEAD, {}), (Role.AUDITOR, {})):
        beside = page(item.get_absolute_url(), role, **fields).split('id="batas-waktu"')[1].split("<details")[0]
        assert "Kalender 2027 belum dikonfirmasi; batas waktu masih dapat berubah." in beside
        assert "2026" not in beside


def test_every_page_with_a_deadline_explains_it_and_works_without_javascript() -> None:
    for status, role, name in (
        (Status.DISPOSED, Role.PSI, "akun/"),
        (Status.REPLY_DRAFTING, Role.HELPDESK, "balasan/"),
        (Status.REPLY_APPROVAL, Role.HEAD, "balasan/setujui/"),
    ):
        item = a_request(status)
        for path in (item.get_absolute_url(), f"{item.get_absolute_url()}{name}"):
            html = page(path, role)
            assert html.count("Mengapa batas waktu ini?") == 1, path
            assert html.count('id="batas-waktu"') == 1, path
            assert sentences(html)[-1] == "Jumlah yang dihitung: 24 jam.", path


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.AWAITING_DISPOSITION, Status.CLARIFICATION])
def test_where_no_deadline_is_held_up_there_is_nothing_to_explain(status: Status) -> None:
    item = a_request(status, at=datetime(2026, 1, 5, 9, 0, tzinfo=WIB))
    html = page(item.get_absolute_url(), Role.HELPDESK)
    assert "Mengapa batas waktu ini?" not in html
    assert "terlambat" not in html.lower(), "five minutes are reported, never held up to anybody"


def test_lists_lead_from_each_deadline_to_its_explanation() -> None:
    item, five_minutes = a_request(Status.DISPOSED), a_request(Status.SUBMITTED)
    for path in ("/permohonan/", "/"):
        html = page(path, Role.PSI)
        assert f'href="{item.get_absolute_url()}#batas-waktu"' in html
        assert f"{five_minutes.reference}/#batas-waktu" not in html


def test_the_reader_gets_it_in_their_own_language() -> None:
    item = a_request(Status.DISPOSED, at=FRIDAY)
    client = Client()
    client.force_login(person(Role.AUDITOR, language="en"))
    html = client.get(item.get_absolute_url()).content.decode()
    assert any("Friday, 27 November 2026, 10:00" in sentence for sentence in sentences(html))
