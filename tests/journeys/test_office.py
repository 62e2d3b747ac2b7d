"""The helpdesk at a desk returns and registers letters; the head decides on a phone, several at once too."""

import re

import pytest
from playwright.sync_api import expect

from config import demo
from tests.browser import Windows
from tests.journeys import people
from tests.journeys.people import Person
from tests.live import LiveGapura

pytestmark = pytest.mark.either  # letters in a browser; test_whole_request.py walks the same steps on both

LABORATORY, DASHBOARD, ALUMNI = "Sistem Informasi Laboratorium", "Dasbor Mutu FEB", "Portal Alumni FMIPA"
"""Applications of the demo: two letters that were sent, one that waits for the head."""


def test_helpdesk_returns_one_letter_and_the_head_decides_on_all(gapura_server: LiveGapura, windows: Windows) -> None:
    laboratory, dashboard, alumni = (
        people.reference_of(gapura_server, name) for name in (LABORATORY, DASHBOARD, ALUMNI)
    )
    helpdesk = Person(windows.open("desktop"), gapura_server.base_url).sign_in(demo.HELPDESK)
    unit = Person(windows.open("phone"), gapura_server.base_url).sign_in(demo.UNIT_STAFF)
    head = Person(windows.open("phone"), gapura_server.base_url).sign_in(demo.HEAD)

    return_to_unit(helpdesk, laboratory)
    correct(unit, laboratory)
    for reference in (laboratory, dashboard):
        people.register(helpdesk, reference)
        people.forward(helpdesk, reference)
    helpdesk.visit("/agenda/")
    numbers = [int(re.sub(r"\D.*", "", text)) for text in helpdesk.main.get_by_role("rowheader").all_inner_texts()]
    # The demo's renewed account was registered almost a year ago, which is this year or the one before.
    assert len(numbers) in (5, 6)
    assert numbers in ([*range(1, len(numbers) + 1)], [*range(len(numbers), 0, -1)])

    refuse(head, dashboard)
    dispose_together(head, laboratory, alumni)
    take_back(head, alumni)
    people.dispose(head, alumni, note="Utamakan data lulusan lima tahun terakhir.")
    head.open_request(alumni, "Utamakan data lulusan lima tahun terakhir.")


def return_to_unit(helpdesk: Person, reference: str) -> None:
    helpdesk.visit(f"/permohonan/{reference}/agenda/")
    helpdesk.reads("Kelengkapan surat")
    expect(helpdesk.main.locator("iframe")).to_be_visible()  # the letter, beside the form
    helpdesk.follow("Kembalikan ke unit")
    helpdesk.press("Kembalikan ke unit")
    helpdesk.reads("Tuliskan apa yang perlu dilengkapi unit")
    helpdesk.main.get_by_role("group", name="Yang belum ada pada surat").get_by_role("checkbox").first.check()
    helpdesk.press("Masukkan kalimatnya ke pesan")
    expect(helpdesk.field("Pesan untuk unit")).to_have_value(re.compile("Mohon cantumkan nama lengkap"))
    helpdesk.press("Kembalikan ke unit")


def correct(unit: Person, reference: str) -> None:
    """The unit changes one field and sends again; everything else stands there still."""
    unit.visit(f"/permohonan/{reference}/ringkasan/")
    unit.reads("Mohon cantumkan nama lengkap")
    unit.reads("surat-permohonan.pdf")
    unit.visit(f"/permohonan/{reference}/isi/person/?ringkasan=1")
    expect(unit.field("Nomor identitas")).to_have_value(re.compile("19870630"))
    unit.field("Nama").fill("Muhammad Iqbal, S.T., M.Kom.")
    unit.press("Simpan dan periksa")
    unit.press("Kirim permohonan")
    unit.stands_at("Permohonan Anda sudah diterima")


def refuse(head: Person, reference: str) -> None:
    head.visit(f"/permohonan/{reference}/disposisi/belum-dapat-dipenuhi/")
    head.press("Nyatakan belum dapat dipenuhi")
    head.reads("Tulis alasannya.")
    head.field("Alasan").fill("Data tersebut dilayani langsung oleh Biro Akademik.")
    head.press("Nyatakan belum dapat dipenuhi")
    head.open_request(reference, "Data tersebut dilayani langsung oleh Biro Akademik.")


def dispose_together(head: Person, *references: str) -> None:
    head.visit("/disposisi/")
    for reference in references:
        head.main.get_by_role("checkbox", name=f"Pilih {reference}").check()
    head.press("Disposisikan yang dipilih")
    head.page.get_by_text(f"{len(references)} surat didisposisikan kepada Divisi PSI").wait_for()
    for reference in references:
        expect(head.button(f"Batalkan disposisi {reference}")).to_be_visible()


def take_back(head: Person, reference: str) -> None:
    head.press(f"Batalkan disposisi {reference}")
    head.page.get_by_text("Disposisi dibatalkan.").first.wait_for()
