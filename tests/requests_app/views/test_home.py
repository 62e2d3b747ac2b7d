"""The home page of each role: what waits for the reader, and by when or since when."""

import re
from datetime import datetime
from html import unescape

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from accounts.roles import Role
from requests_app.sla import WIB
from requests_app.sop import Status
from tests.factories import a_request, person

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=WIB)


def home_of(client: Client, role: Role, **fields: object) -> str:
    client.force_login(person(role, **fields))
    with time_machine.travel(NOW, tick=False):
        return text(client.get("/"))


def text(response: HttpResponse) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def test_what_has_no_deadline_says_since_when_it_waits(client: Client) -> None:
    a_request(Status.AWAITING_DISPOSITION, at=datetime(2026, 11, 20, 8, 23, tzinfo=WIB))
    page = home_of(client, Role.HEAD)
    assert "Menunggu sejak Jumat, 20 November 2026 " in page
    assert "Batas waktu" not in page


def test_what_has_a_deadline_says_it(client: Client) -> None:
    a_request(Status.DISPOSED, at=datetime(2026, 11, 20, 8, 23, tzinfo=WIB))
    page = home_of(client, Role.PSI)
    assert "Batas waktu: Senin, 23 November 2026 " in page
    assert "Menunggu sejak" not in page


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_who_only_reads_is_promised_no_letters(client: Client, role: Role) -> None:
    page = home_of(client, role)
    assert "Tidak ada antrean untuk peran Anda" in page
    assert "Lihat semua permohonan" in page
    assert "Surat baru akan muncul di sini" not in page


@pytest.mark.parametrize("role", [Role.HELPDESK, Role.HEAD, Role.PSI])
def test_who_has_a_queue_is_told_that_it_is_empty(client: Client, role: Role) -> None:
    assert "Semua sudah dikerjakan" in home_of(client, role)


@pytest.mark.parametrize(("page", "section"), [("disposisi/", "/disposisi/"), ("disposisi/tanyakan/", "/disposisi/")])
def test_the_head_deciding_is_still_in_the_queue_of_dispositions(client: Client, page: str, section: str) -> None:
    item = a_request(Status.AWAITING_DISPOSITION, at=datetime(2026, 11, 20, 8, 23, tzinfo=WIB))
    client.force_login(person(Role.HEAD))
    with time_machine.travel(NOW, tick=False):
        marked = re.findall(
            r'href="([^"]+)" aria-current="page"', client.get(f"/permohonan/{item.reference}/{page}").content.decode()
        )
    assert set(marked) == {section}
