"""The main pages in the dark and in English, each for somebody who works there."""

import re

import pytest
from playwright.sync_api import expect

from config import demo
from tests.browser import Windows
from tests.journeys.people import Person, reference_of
from tests.live import LiveGapura

pytestmark = pytest.mark.either  # colours and words of pages

PAGES = {
    demo.UNIT_STAFF: ("/", "/permohonan/", "/permohonan/baru/", "/permohonan/{siakad}/", "/sop/", "/pemberitahuan/"),
    demo.HELPDESK: ("/", "/agenda/", "/permohonan/{laboratory}/agenda/", "/kalender/"),
    demo.HEAD: ("/", "/disposisi/", "/permohonan/{alumni}/disposisi/"),
    demo.PSI: ("/", "/permohonan/{siakad}/", "/akun/"),
}
APPLICATIONS = {
    "siakad": "SIAKAD FMIPA",
    "laboratory": "Sistem Informasi Laboratorium",
    "alumni": "Portal Alumni FMIPA",
}
INDONESIAN = re.compile(
    r"\b(Anda|belum|sudah|Menunggu|Permohonan|Simpan|Kirim|Tanggal|Nomor|surat|Riwayat|berlaku|dikirim)\b"
)
"""Words of the interface. What people and the SOP itself wrote stays Indonesian, so only buttons, headings and labels
are read."""
SUBJECT = "Permohonan akses webservice"
"""What the demo's people wrote as the subject of their letters; it is the heading of some pages."""
OWN_WORDS = "h1, h2, h3, button, legend, nav a, th[scope=col], dt, label.form-label"


@pytest.fixture
def references(gapura_server: LiveGapura) -> dict[str, str]:
    return {name: reference_of(gapura_server, application) for name, application in APPLICATIONS.items()}


def test_dark_pages_can_be_read(gapura_server: LiveGapura, windows: Windows, references: dict[str, str]) -> None:
    for who, paths in PAGES.items():
        person = Person(windows.open("phone", color_scheme="dark"), gapura_server.base_url).sign_in(who)
        for path in paths:
            person.visit(path.format(**references))
            expect(person.page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_english_pages_hold_no_indonesian(
    gapura_server: LiveGapura, windows: Windows, references: dict[str, str]
) -> None:
    left: list[str] = []
    for who, paths in PAGES.items():
        person = Person(windows.open("desktop"), gapura_server.base_url).sign_in(who)
        person.page.get_by_text("Menu pengguna:").locator("xpath=..").click()
        with person.page.expect_navigation():
            person.page.get_by_role("button", name=re.compile("English|Inggris")).click()
        for path in paths:
            person.page.goto(f"{gapura_server.base_url}{path.format(**references)}")
            expect(person.page.locator("html")).to_have_attribute("lang", "en")
            texts = person.page.locator(OWN_WORDS).locator("visible=true").all_inner_texts()
            left += [f"{path}: {text}" for text in texts if text != SUBJECT and INDONESIAN.search(text)]
    assert not left, "\n".join(left)
