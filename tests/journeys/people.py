"""What one person does in a browser, and the rows of the SOP as they do them; every page on the way is checked."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from config import demo
from tests import browser, files
from tests.browser import SIZES, assert_accessible, assert_fits
from tests.live import LiveGapura

REFERENCE = re.compile(r"/permohonan/([0-9A-Z-]+)/")
KEY = re.compile(r"uws_[0-9A-Za-z]{36}")
LOOKED_AT: set[str] = set()
STATE = """() => [...document.querySelectorAll("main *, .notice, .errors")].map(
    one => one.tagName + one.className + (one.getAttribute("aria-invalid") || "")).join() + document.title
    .replace(/[0-9A-Z-]{6,}/g, "") + document.documentElement.lang + document.documentElement.dataset.bsTheme"""
"""What a page is made of, whatever its numbers and names are."""
LETTER = {"name": "surat permohonan.pdf", "mimeType": "application/pdf", "buffer": files.pdf()}
PHOTO = {"name": "halaman 2.jpg", "mimeType": "image/jpeg", "buffer": files.phone_jpeg()}


class Person:
    """Somebody at a page; texts are those they read, never a place in the markup."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page, self.base_url = page, base_url

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    @property
    def reference(self) -> str:
        """The request whose page is open."""
        found = REFERENCE.search(self.page.url)
        assert found, self.page.url
        return found[1]

    def sign_in(self, who: demo.Person) -> "Person":
        browser.sign_in(self.page, self.base_url, who.email)
        self.look()
        return self

    def visit(self, path: str) -> None:
        """Go to a path, or to an address from a mail."""
        self.page.goto(path if path.startswith("http") else f"{self.base_url}{path}")
        self.look()

    def look(self) -> None:
        """Fail when the page has barriers or is wider than the window, on a phone or at a desk.

        The same page in the same state for the same reader is looked at once in a run.
        """
        state = self.page.evaluate(STATE)
        if state in LOOKED_AT:
            return
        LOOKED_AT.add(state)
        own = self.page.viewport_size
        assert own is not None
        for width, height in SIZES.values():
            if self.page.viewport_size != {"width": width, "height": height}:
                self.page.set_viewport_size({"width": width, "height": height})
            assert_fits(self.page)
            assert_accessible(self.page)
        self.page.set_viewport_size(own)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        return self.main.get_by_role("link", name=name, exact=True)

    def press(self, name: str) -> None:
        """Press a button, and look at the page that answers."""
        with self.page.expect_navigation():
            self.button(name).click()
        self.look()

    def follow(self, name: str) -> None:
        """Follow a link, and look at the page it leads to."""
        with self.page.expect_navigation():
            self.link(name).first.click()
        self.look()

    def field(self, label: str) -> Locator:
        """Return the field of that label, with or without the star of what must be filled."""
        return self.main.get_by_label(re.compile(rf"^\s*{re.escape(label)}\s*\*?\s*$"))

    def reads(self, text: str) -> None:
        """Fail unless the text can be seen somewhere on the page."""
        expect(self.main.get_by_text(text).locator("visible=true").first).to_be_visible()

    def stands_at(self, heading: str) -> None:
        """Fail unless that is the page's heading."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def is_told(self, field: Locator, sentence: str) -> None:
        """Fail unless a field is marked as wrong and the sentence belongs to it, also for a screen reader."""
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile(re.escape(sentence)))

    def open_request(self, reference: str, state: str = "") -> None:
        """Open a request's page and, when given, see that it is in that state."""
        self.visit(f"/permohonan/{reference}/")
        if state:
            self.reads(state)

    def do_the_work(self) -> None:
        """Press what the request's page offers first to whom it waits for."""
        with self.page.expect_navigation():
            self.page.locator("main .btn-primary").first.click()
        self.look()


# --- SOP 1 -----------------------------------------------------------------------------------------------------
def fill_person(unit: Person, who: demo.Person = demo.RESPONSIBLE, email: str = "") -> None:
    unit.field("Nama").fill(who.name)
    unit.field("Jenis identitas").select_option("nip")
    unit.field("Nomor identitas").fill(who.nip)
    unit.field("No. Telepon/WhatsApp").fill("0812-3456-7800")
    unit.field("Email").fill(email or who.email)


def fill_letter(unit: Person, number: str) -> None:
    unit.field("Nomor surat").fill(number)
    unit.field("Tanggal surat").fill("2026-01-05")
    unit.field("Hal").fill("Permohonan akses webservice")
    unit.main.get_by_role("radio", name=re.compile("Surat diunggah di sini")).check()


def choose_data(unit: Person, *names: str) -> None:
    for name in names:
        unit.main.get_by_role("checkbox", name=re.compile(rf"^\s*{name}")).check()


def send_request(unit: Person, application: str, *, number: str, email: str = "", data: tuple[str, ...] = ()) -> str:
    """SOP 1 from the beginning to the receipt, without mistakes; return the reference."""
    unit.visit("/permohonan/baru/")
    unit.press("Mulai permohonan")
    fill_person(unit, email=email)
    unit.press("Simpan dan lanjut")
    choose_data(unit, *(data or ("Jadwal", "Data dosen")))
    unit.press("Simpan dan lanjut")
    unit.field("Aplikasi pengguna data").fill(application)
    unit.field("Tujuan penggunaan").fill("Menampilkan jadwal kepada mahasiswa.")
    unit.press("Simpan dan lanjut")
    fill_letter(unit, number)
    unit.field("Berkas surat").set_input_files([LETTER])
    unit.press("Simpan dan periksa")
    unit.press("Kirim permohonan")
    unit.stands_at("Permohonan Anda sudah diterima")
    return unit.reference


# --- SOP 2 -----------------------------------------------------------------------------------------------------
def register(helpdesk: Person, reference: str) -> None:
    """Tick the five items and draw the number in the buku agenda."""
    helpdesk.visit(f"/permohonan/{reference}/agenda/")
    for box in helpdesk.main.get_by_role("group", name="Kelengkapan surat").get_by_role("checkbox").all():
        box.check()
    helpdesk.press("Agendakan")
    expect(helpdesk.button("Teruskan ke Kepala")).to_be_visible()


def forward(helpdesk: Person, reference: str, plo_number: str = "PLO-2026-77") -> None:
    helpdesk.visit(f"/permohonan/{reference}/agenda/")
    helpdesk.field("Nomor atau tautan PLO").fill(plo_number)
    helpdesk.press("Teruskan ke Kepala")


def dispose(head: Person, reference: str, note: str = "") -> None:
    head.visit(f"/permohonan/{reference}/disposisi/")
    head.field("Catatan").fill(note)
    head.press("Disposisikan")


# --- SOP 3 and 5 -----------------------------------------------------------------------------------------------
def claim(psi: Person, reference: str) -> None:
    psi.open_request(reference, "Akun perlu dibuat")
    psi.press("Ambil")


def inform(psi: Person, reference: str) -> None:
    psi.visit(f"/permohonan/{reference}/informasi/")
    assert not KEY.search(psi.page.content()), "PSI sees the key"
    psi.press("Informasikan akun")
    psi.reads("Belum")


def read_key(person: Person) -> str:
    """Return the key that stands on the page."""
    found = KEY.search(person.page.get_by_label("Kunci", exact=True).input_value())
    assert found, person.main.inner_text()
    return found[0]


def keep_and_confirm(person: Person) -> None:
    """After the key was seen: it is kept, tried, and works."""
    person.follow("Kunci sudah saya simpan, lanjutkan")
    person.field("Kunci sudah saya simpan di tempat yang aman").check()
    person.press("Nyatakan sudah diterima")
    person.press("Akses dapat digunakan")
    person.reads("Akses sudah dikonfirmasi")


def has_key(person: Person) -> bool:
    """Whether a key can be found anywhere on the page, seen or not."""
    values = person.page.evaluate("[...document.querySelectorAll('input, textarea')].map(one => one.value).join(' ')")
    return bool(KEY.search(person.page.content() + values))


def reference_of(server: LiveGapura, application: str) -> str:
    """Return the reference of one of the demo's requests."""
    query = f"AccessRequest.objects.get(application={application!r}).reference"
    return server.shell(f"from requests_app.models import AccessRequest; print({query})")


def save(page: Page, link: Locator, folder: Path) -> Path:
    """Download what a link offers."""
    with page.expect_download() as download:
        link.click()
    target = folder / download.value.suggested_filename
    download.value.save_as(target)
    return target
