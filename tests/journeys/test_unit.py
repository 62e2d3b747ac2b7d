"""The unit's staff send a request: with mistakes, by keyboard only, without JavaScript, and across an ended session."""

import re

import pytest
from playwright.sync_api import expect

from config import demo
from tests import files
from tests.browser import Windows, sign_in
from tests.journeys import people
from tests.journeys.people import LETTER, PHOTO, Person
from tests.live import LiveGapura

pytestmark = pytest.mark.either  # forms in a browser; what they write is walked on both by test_whole_request.py

BROKEN = {"name": "pindaian.pdf", "mimeType": "application/pdf", "buffer": files.truncated_pdf()}


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_mistakes_are_explained_beside_the_field_and_nothing_is_typed_twice(
    gapura_server: LiveGapura, windows: Windows, size: str
) -> None:
    unit = Person(windows.open(size), gapura_server.base_url).sign_in(demo.UNIT_STAFF)
    application = f"Portal Dosen dari {size}"
    unit.visit("/permohonan/baru/")
    unit.press("Mulai permohonan")

    unit.follow("Itu saya, isi dari profil")
    expect(unit.field("Nama")).to_have_value(demo.UNIT_STAFF.name)
    unit.field("Nomor identitas").fill("19880912 201504 200")
    unit.press("Simpan dan lanjut")
    number = unit.field("Nomor identitas")
    unit.is_told(number, "NIP terdiri atas 18 angka; yang diisi 17 angka.")
    expect(number).to_have_value(re.compile("19880912 ?201504 ?200"))
    expect(unit.field("Nama")).to_have_value(demo.UNIT_STAFF.name)
    number.fill(demo.UNIT_STAFF.nip)
    unit.press("Simpan dan lanjut")

    unit.press("Simpan dan lanjut")
    unit.reads("Pilih paling sedikit satu jenis data")
    people.choose_data(unit, "Data dosen")
    unit.press("Simpan dan lanjut")
    unit.field("Aplikasi pengguna data").fill(application)
    unit.press("Simpan dan lanjut")

    people.fill_letter(unit, f"88/{size}/2026")
    date = unit.field("Tanggal surat")
    date.evaluate("field => { field.type = 'text'; }")  # a browser that has no picker
    date.fill("12/25/2026")
    unit.field("Berkas surat").set_input_files([BROKEN])
    unit.press("Simpan dan periksa")
    unit.is_told(unit.field("Tanggal surat"), "Tulis tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026.")
    unit.is_told(unit.field("Berkas surat"), "PDF “pindaian.pdf” rusak atau tidak lengkap.")
    expect(unit.field("Tanggal surat")).to_have_value("12/25/2026")
    expect(unit.field("Nomor surat")).to_have_value(f"88/{size}/2026")
    expect(unit.field("Hal")).to_have_value("Permohonan akses webservice")
    unit.field("Tanggal surat").fill("05/01/2026")
    unit.field("Berkas surat").set_input_files([LETTER, PHOTO])
    unit.press("Simpan dan periksa")

    for text in (demo.UNIT_STAFF.name, "Data dosen", application, "surat permohonan.pdf", "halaman 2.jpg"):
        unit.reads(text)
    with unit.page.expect_navigation(url=re.compile("tanda-terima")):
        unit.button("Kirim permohonan").dblclick()
    unit.look()
    unit.stands_at("Permohonan Anda sudah diterima")
    unit.reads(unit.reference)
    assert sent(gapura_server, application) == 1


def sent(server: LiveGapura, application: str) -> int:
    """Return how many requests for an application have reached the office."""
    query = f"AccessRequest.objects.filter(application={application!r}).exclude(submitted_at=None).count()"
    return int(server.shell(f"from requests_app.models import AccessRequest; print({query})"))


def test_a_request_is_sent_without_javascript(gapura_server: LiveGapura, windows: Windows) -> None:
    page = windows.open("phone", java_script_enabled=False)
    sign_in(page, gapura_server.base_url, demo.UNIT_STAFF.email)
    unit = WithoutScripts(page, gapura_server.base_url)
    people.send_request(unit, "Portal Sederhana", number="12/TU/2026")
    assert sent(gapura_server, "Portal Sederhana") == 1


class WithoutScripts(Person):
    """Somebody whose browser runs no JavaScript; the checks of a page would need it."""

    def look(self) -> None:
        self.page.wait_for_load_state()


def test_what_was_typed_comes_back_after_the_session_ended(gapura_server: LiveGapura, windows: Windows) -> None:
    unit = Person(windows.open("phone"), gapura_server.base_url).sign_in(demo.UNIT_STAFF)
    unit.visit("/permohonan/baru/")
    unit.press("Mulai permohonan")
    people.fill_person(unit)
    reference = unit.reference
    unit.page.context.clear_cookies(name="sessionid")
    unit.press("Simpan dan lanjut")
    unit.stands_at("Masuk")

    unit.page.get_by_label("Email").fill(demo.UNIT_STAFF.email)
    unit.page.get_by_label("Kata sandi").first.fill(demo.PASSWORD)
    unit.press("Masuk")
    assert unit.reference == reference
    unit.reads("Isian Anda kembali seperti semula")
    expect(unit.field("Nama")).to_have_value(demo.RESPONSIBLE.name)
    expect(unit.field("No. Telepon/WhatsApp")).to_have_value("0812-3456-7800")
    unit.press("Simpan dan lanjut")
    unit.stands_at("Data yang dibutuhkan")


# --- by keyboard only ------------------------------------------------------------------------------------------
class AtTheKeyboard(Person):
    """Somebody who has no mouse."""

    def tab_to(self, name: str, *, is_watched: bool = True) -> None:
        """Press Tab until the focus is on the control of that name, and see that one can see where it is."""
        seen = []
        for _ in range(80):
            self.page.keyboard.press("Tab")
            seen.append(self.page.evaluate(NAME))
            if seen[-1].startswith(name):
                assert not is_watched or self.page.evaluate(IS_MARKED), f"the focus on {name!r} cannot be seen"
                return
        raise AssertionError(f"Tab does not lead to {name!r}, but to {seen}")

    def type_into(self, name: str, text: str) -> None:
        self.tab_to(name)
        self.page.keyboard.type(text)

    def enter(self, name: str) -> None:
        self.tab_to(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.page.wait_for_load_state()


NAME = """() => {
    const one = document.activeElement;
    const text = one.labels?.length ? one.labels[0].innerText : one.innerText || one.title || "";
    return text.replace(/\\s+/g, " ").trim();
}"""
IS_MARKED = """() => {
    const one = document.activeElement, box = one.closest(".choice, label") || one;
    const look = () => [one, box].map(part => {
        const style = getComputedStyle(part);
        return [style.outlineStyle, style.outlineWidth, style.boxShadow, style.borderColor].join();
    }).join();
    const focused = look();
    one.blur();
    const blurred = look();
    one.focus();
    return focused !== blurred;
}"""
"""Whether what has the focus looks otherwise than without it."""


def test_a_request_is_sent_with_the_keyboard_alone(gapura_server: LiveGapura, windows: Windows) -> None:
    unit = AtTheKeyboard(windows.open("desktop"), gapura_server.base_url)
    page = unit.page
    page.goto(f"{unit.base_url}/permohonan/baru/")
    unit.type_into("Email", demo.UNIT_STAFF.email)
    unit.type_into("Kata sandi", demo.PASSWORD)
    unit.enter("Masuk")
    unit.enter("Mulai permohonan")

    unit.enter("Itu saya, isi dari profil")
    unit.enter("Simpan dan lanjut")
    unit.tab_to("Data dosen")
    page.keyboard.press("Space")
    unit.enter("Simpan dan lanjut")
    unit.type_into("Aplikasi pengguna data", "Portal Papan Ketik")
    unit.enter("Simpan dan lanjut")

    unit.type_into("Nomor surat", "31/TU/2026")
    unit.type_into("Tanggal surat", "05012026")
    unit.type_into("Hal", "Permohonan akses webservice")
    unit.tab_to("Surat diunggah di sini")
    page.keyboard.press("Space")
    unit.tab_to("Berkas surat", is_watched=False)  # a file input that lost the focus opens no picker for a key
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files([LETTER])
    unit.enter("Simpan dan periksa")
    unit.enter("Kirim permohonan")
    unit.stands_at("Permohonan Anda sudah diterima")
    assert sent(gapura_server, "Portal Papan Ketik") == 1
