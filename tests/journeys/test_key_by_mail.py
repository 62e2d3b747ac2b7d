"""PSI grants a part and informs; the responsible person has no login and opens the key from the mail, once."""

import re

import pytest
from playwright.sync_api import expect

from config import demo
from tests.browser import Windows
from tests.journeys import people
from tests.journeys.people import Person
from tests.live import LiveGapura

pytestmark = pytest.mark.either  # the key in a browser; test_whole_request.py walks the same steps on both

APPLICATION = "SIAKAD FMIPA"
"""In the demo it waits for PSI, and asks for grades and lecturers."""
LINK = re.compile(r"http://\S+/serah-terima/\S+")
CODE = re.compile(r"^\s*(\d{4}-?\d{4})\s*$", re.MULTILINE)


def test_the_key_opens_once_for_who_has_the_mail_and_the_code(gapura_server: LiveGapura, windows: Windows) -> None:
    mailbox, address = gapura_server.mailbox, demo.RESPONSIBLE.email
    reference = people.reference_of(gapura_server, APPLICATION)
    psi = Person(windows.open("desktop"), gapura_server.base_url).sign_in(demo.PSI)
    people.claim(psi, reference)
    grant_all_but(psi, reference, "Data nilai mahasiswa", "belum tersedia sebagai webservice")
    people.inform(psi, reference)

    mail = mailbox.wait_for(address, "mohon dikonfirmasi", reference).get_content()
    link = LINK.search(mail)
    assert link, mail
    assert not people.KEY.search(mail)

    person = Person(windows.open("phone"), gapura_server.base_url)
    person.visit(link[0].rstrip("."))
    person.stands_at("Buka kunci akses webservice")
    person.press("Kirim kode")
    person.field("Kode dari email").fill("0000-0000")
    person.press("Lanjutkan")
    person.reads("Kode salah atau sudah lewat 15 menit.")
    code = CODE.search(mailbox.wait_for(address, "Kode untuk membuka kunci").get_content())
    assert code
    person.field("Kode dari email").fill(code[1])
    person.press("Lanjutkan")
    assert not people.has_key(person)

    person.press("Buka kunci")
    key = people.read_key(person)
    person.page.reload()
    assert not people.has_key(person), "sending the same again shows the key again"
    person.page.go_back()
    assert not people.has_key(person), "the page before shows the key"
    person.visit(link[0].rstrip("."))
    assert not people.has_key(person), "the link shows the key again"
    expect(person.button("Buka kunci")).to_have_count(0)

    person.field("Kunci sudah saya simpan di tempat yang aman").check()
    person.press("Nyatakan sudah diterima")
    person.press("Akses dapat digunakan")
    psi.open_request(reference, "Tidak diberikan")
    psi.reads("belum tersedia sebagai webservice")
    psi.reads("mengonfirmasi")
    assert not any(key in str(message.get_payload(decode=True)) for message in mailbox.messages)


def grant_all_but(psi: Person, reference: str, data: str, reason: str) -> None:
    """SOP 3 with one kind of data refused; without a reason the page asks for it."""
    psi.visit(f"/permohonan/{reference}/akun/")
    psi.main.get_by_role("switch", name=re.compile(rf"^Diberikan\s*: {data}")).uncheck()
    psi.press("Buat akun")
    psi.reads("Tuliskan alasannya, atau berikan data ini.")
    why = psi.main.get_by_role("listitem").filter(has_text=data).get_by_label("Alasan tidak diberikan")
    why.fill(reason)
    psi.press("Buat akun")
