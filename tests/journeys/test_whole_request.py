"""One request from the letter to the reply letter, carried by all five people in their own windows."""

import hashlib
import re
from pathlib import Path

from config import demo
from tests.browser import Windows
from tests.journeys import people
from tests.journeys.people import Person
from tests.live import LiveGapura


def test_five_people_carry_a_request_through_the_procedure(
    gapura_server: LiveGapura, windows: Windows, tmp_path: Path
) -> None:
    def enter(who: demo.Person, size: str) -> Person:
        return Person(windows.open(size), gapura_server.base_url).sign_in(who)

    unit = enter(demo.UNIT_STAFF, "phone")
    reference = people.send_request(unit, "Portal Jadwal FMIPA", number="771/UN11.1.8/TI/2026")
    unit.reads(reference)

    helpdesk = enter(demo.HELPDESK, "desktop")
    people.register(helpdesk, reference)
    people.forward(helpdesk, reference)
    helpdesk.open_request(reference, "Menunggu disposisi")

    head = enter(demo.HEAD, "phone")
    people.dispose(head, reference, note="Mohon diproses sesuai SOP.")

    psi = enter(demo.PSI, "desktop")
    people.claim(psi, reference)
    psi.visit(f"/permohonan/{reference}/akun/")
    psi.reads("Mohon diproses sesuai SOP.")
    psi.press("Buat akun")
    people.inform(psi, reference)
    mail = gapura_server.mailbox.wait_for(demo.RESPONSIBLE.email, "mohon dikonfirmasi", reference).get_content()
    assert not people.KEY.search(mail)

    responsible = enter(demo.RESPONSIBLE, "phone")
    responsible.visit(f"/permohonan/{reference}/kunci/")
    responsible.press("Buka kunci")
    key = people.read_key(responsible)
    people.keep_and_confirm(responsible)
    assert not people.has_key(responsible)

    helpdesk.visit(f"/permohonan/{reference}/balasan/")
    helpdesk.press("Ajukan persetujuan")

    head.visit(f"/permohonan/{reference}/balasan/setujui/")
    head.reads("disetujui dengan ketentuan sebagai berikut")
    head.press("Setujui surat")

    helpdesk.visit(f"/permohonan/{reference}/balasan/")
    printed = helpdesk.main.get_by_role("code").inner_text()
    helpdesk.press("Kirim surat balasan")

    unit.open_request(reference, "Selesai")
    unit.main.get_by_text(re.compile(r"^\s*Lihat \d+ catatan lainnya")).click()
    for sentence in ("mendisposisikan", "membuat akun", "mengonfirmasi"):
        unit.reads(sentence)
    downloads = unit.main.get_by_role("link", name=re.compile("^Unduh"))
    letter = people.save(unit.page, downloads.last, tmp_path).read_bytes()
    assert letter.startswith(b"%PDF-")
    assert hashlib.sha256(letter).hexdigest() == printed
    assert key.encode() not in letter
    received = gapura_server.mailbox.wait_for(demo.UNIT_STAFF.email, "balasan", reference)
    assert key not in str(received)
