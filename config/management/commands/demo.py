"""`manage.py demo`: one request through POB/04/PSI/TIK/2020 over real HTTP, as the five people; also a smoke test."""

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config import demo
from config.checks import LOOPBACK
from config.visitor import NotAsExpected, Page, Visitor, status_of
from requests_app.letters.papers import Letterhead, Paragraph, ReplyLetter, Signatory
from requests_app.letters.render import render
from requests_app.sla import WIB
from requests_app.sla_wording import local_date
from requests_app.sop import ACTIVITIES, IDENTITY, activity
from webservice_accounts.lifecycle import last_valid_date, one_year_from

FIVE = {
    "unit": demo.UNIT_STAFF,
    "helpdesk": demo.HELPDESK,
    "head": demo.HEAD,
    "psi": demo.PSI,
    "responsible": demo.RESPONSIBLE,
}
NETWORK, ADDRESS = "10.44.3.0/24", "10.44.3.7"
WANTED = 2
"""Kinds of data asked for: the first ones of the catalogue, whatever it holds."""


@dataclass(frozen=True)
class SignIn:
    """One of the five: an address and its password."""

    email: str
    password: str


def sign_ins() -> dict[str, SignIn]:
    """The five of the demo, or those of the file that GAPURA_SIGN_INS names (for a server without demo people)."""
    if not (path := os.environ.get("GAPURA_SIGN_INS")):
        return {part: SignIn(person.email, demo.PASSWORD) for part, person in FIVE.items()}
    try:
        known = json.loads(Path(path).read_text())
        return {part: SignIn(**known[part]) for part in FIVE}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise CommandError(f"GAPURA_SIGN_INS: {path} does not name the five people: {problem!r}") from problem


class Command(BaseCommand):
    """Runs the walk and turns what is not as the SOP says into an exit code."""

    help = "Carry one request through the whole procedure over HTTP, as the five people (BASE_URL can be set)."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            Walk(settings.BASE_URL, sign_ins(), settings.DATA_DIR / "demo", self.stdout.write).run()
        except NotAsExpected as problem:
            raise CommandError(f"Not as the SOP says: {problem}") from problem


class Walk:
    """The request on its way; each method is one row of the SOP and raises `NotAsExpected` when it is not so."""

    def __init__(self, base_url: str, people: dict[str, SignIn], folder: Path, say: Callable[[str], object]) -> None:
        self.base_url, self.people, self.folder, self.say = base_url, people, folder, say
        self.visitors: dict[str, Visitor] = {}
        self.began = timezone.now()
        self.mark = f"Demo {self.began.astimezone(WIB):%Y%m%d-%H%M%S}"
        self.reference = self.username = self.number = ""
        self.key = ""
        """The opened key; in memory only."""
        self.opens = ""
        """A path that it opens at the gate; empty when the catalogue says none."""

    def run(self) -> None:
        """All rows in order, then the checks that concern the whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.say(f"{IDENTITY.number} at {self.base_url}\n")
        self.say(f"{'SOP':<4}{'step':<27}{'who':<34}{'standard':<24}taken")
        for part, who in self.people.items():
            self.visitors[part] = Visitor(self.base_url)
            self.visitors[part].sign_in(who.email, who.password)
        rows = (
            ("1", "unit", self.request_letter),
            ("2", "helpdesk", self.agenda),
            ("", "head", self.disposition),
            ("3", "psi", self.account),
            ("5", "psi", self.inform),
            ("5", "responsible", self.confirm),
            ("6", "helpdesk", self.draft_reply),
            ("6", "head", self.approve_reply),
            ("6", "helpdesk", self.send_reply),
        )
        for number, part, step in rows:
            self._step(number, part, step)
        self._check_whole()
        self.say(f"\nRequest {self.reference} is finished; its documents are in {self.folder}")

    # --- the rows ----------------------------------------------------------------------
    def request_letter(self, unit: Visitor) -> None:
        """SOP 1: person, data, purpose, letter."""
        page = unit.get("/permohonan/baru/")
        page = unit.send(page, page.form(having="start_key"))
        self.reference = page.path.split("/")[2]
        who = FIVE["responsible"]
        page = self._part(
            unit,
            page,
            {
                "person_name": who.name,
                "identity_type": "nip",
                "identity_number": f"{who.nip[:8]} {who.nip[8:14]} {who.nip[14]} {who.nip[15:]}",
                "phone": "0812-3456-7800",
                "email": self.people["responsible"].email,
            },
        )
        page = self._part(unit, page, {"data_types": self._catalogue(page)})
        page = self._part(
            unit, page, {"application": self.mark, "purpose": "Menampilkan jadwal mahasiswa pada portal fakultas."}
        )
        letter = _letter(self.mark, self.began)
        (self.folder / "surat-permohonan.pdf").write_bytes(letter)
        page = unit.send(
            page,
            page.form(having="letter_number"),
            {
                "letter_number": f"{self.began:%H%M%S}/DEMO/{self.began.year}",
                "letter_date": timezone.localdate(self.began).isoformat(),
                "letter_subject": "Permohonan akses webservice",
                "delivery": "upload",
            },
            [("files", "surat permohonan.pdf", letter)],
            button=("go", "next"),
        )
        receipt = unit.send(page, page.form(to=f"/{self.reference}/ringkasan/"))
        receipt.expect(self.reference)
        self._save(unit, f"/permohonan/{self.reference}/tanda-terima.pdf", "tanda-terima.pdf")

    def agenda(self, helpdesk: Visitor) -> None:
        """SOP 2: register with the five items ticked, then put it before the head."""
        page = helpdesk.get(self._at("agenda/"))
        ticks = ["has_name", "has_identity", "has_phone", "has_email", "has_data"]
        helpdesk.send(page, page.form(having="ticked"), {"ticked": ticks})
        page = helpdesk.get(self._at("agenda/"))
        helpdesk.send(page, page.form(having="plo_number"), {"plo_number": f"PLO-{self.mark[5:]}"})
        self._is_now(helpdesk, "Menunggu disposisi")

    def disposition(self, head: Visitor) -> None:
        """The head's disposition, without a number and without a standard time."""
        page = head.get(self._at("disposisi/"))
        head.send(page, page.form(having="instructions"), {"note": "Mohon diproses sesuai SOP."})
        self._is_now(head, "Akun perlu dibuat")

    def account(self, psi: Visitor) -> None:
        """SOP 3: the account, one year from today."""
        overview = psi.get(self._at())
        psi.send(overview, overview.form(to="/akun/ambil/"))
        page = psi.get(self._at("akun/"))
        form = page.form(having="username")
        self.username = dict(form.values)["username"]
        psi.send(page, form, {"networks": NETWORK})
        self._is_now(psi, "Akun perlu diinformasikan")
        until = local_date(last_valid_date(one_year_from(timezone.localdate()).ends_at))
        page = psi.get(f"/akun/{self.username}/").expect(until.split(", ")[-1])
        if pattern := re.search(r"(/[^\s<>*]+)/\*\*", page.content.decode()):
            self.opens = f"{pattern[1]}/1"

    def inform(self, psi: Visitor) -> None:
        """SOP 5: tell the responsible person."""
        page = psi.get(self._at("informasi/"))
        if "uws_" in page.content.decode():
            raise NotAsExpected("PSI can see a key")
        psi.send(page, page.form(having="plo_number"), {"plo_number": f"PLO-{self.mark[5:]}-2"})
        self._is_now(psi, "Menunggu konfirmasi penanggung jawab")

    def confirm(self, person: Visitor) -> None:
        """SOP 5: open the key, once; confirm that access works."""
        page = person.get(self._at("kunci/"))
        opened = person.send(page, page.form(to="/kunci/buka/"))
        keys = set(re.findall(r"uws_[0-9A-Za-z]{36}", opened.content.decode()))
        if len(keys) != 1:
            raise NotAsExpected(f"{len(keys)} keys stand on the page instead of one")
        self.key = keys.pop()
        again = person.get(self._at("kunci/"))
        if {self.key} & set(re.findall(r"uws_[0-9A-Za-z]{36}", again.content.decode())):
            raise NotAsExpected("the key is shown a second time")
        kept = person.send(again, again.form(having="stored"), {"stored": "on"})
        if self.opens and urlsplit(self.base_url).hostname in LOOPBACK:  # from elsewhere the gate takes nobody's word
            self._knock()
        person.send(kept, kept.form(to="/kunci/konfirmasi/"))
        self._is_now(person, "Surat balasan sedang disiapkan")

    def _knock(self) -> None:
        """The key opens the gate from the granted network, and from nowhere else."""
        for address, expected in ((ADDRESS, 204), ("192.0.2.1", 403)):
            headers = {"X-Original-Method": "GET", "X-Original-URI": self.opens, "X-Original-Addr": address}
            status = status_of(f"{self.base_url}/gateway/check", headers | {"X-API-Key": self.key})
            if status != expected:
                raise NotAsExpected(f"the gate answers {status} instead of {expected} from {address}")

    def draft_reply(self, helpdesk: Visitor) -> None:
        """SOP 6: the draft as proposed."""
        page = helpdesk.get(self._at("balasan/"))
        helpdesk.send(page, page.form(having="body"), button=("send", "1"))
        self._is_now(helpdesk, "Surat balasan menunggu persetujuan")

    def approve_reply(self, head: Visitor) -> None:
        """SOP 6: as the head directs; the number is drawn now."""
        page = head.get(self._at("balasan/setujui/"))
        head.send(page, page.form(to="/balasan/setujui/"))
        self._is_now(head, "Surat balasan perlu dikirim")

    def send_reply(self, helpdesk: Visitor) -> None:
        """SOP 6: to the unit; the request is finished."""
        page = helpdesk.get(self._at("balasan/"))
        helpdesk.send(page, page.form(to="/balasan/kirim/"))
        self._is_now(helpdesk, "Selesai")

    # --- what holds for the whole --------------------------------------------------------
    def _check_whole(self) -> None:
        unit = self.visitors["unit"]
        page = self._is_now(unit, "Selesai")
        for words in ("mengirim surat permohonan", "nomor agenda", "mendisposisikan", "membuat akun", "mengonfirmasi"):
            page.expect(words)
        letters = re.findall(r'href="(/berkas/[0-9a-f-]{36}/)\?unduh=1"', page.content.decode())
        if len(set(letters)) != 2:  # the request letter and the reply
            raise NotAsExpected(f"{len(set(letters))} files stand on the unit's page instead of two")
        reply = self._save(unit, f"{letters[-1]}?unduh=1", "surat-balasan.pdf")
        digest = hashlib.sha256(reply.content).hexdigest()
        self.visitors["helpdesk"].get(self._at("balasan/")).expect(digest)
        sop = unit.get("/sop/").expect(IDENTITY.number)
        for row in ACTIVITIES:
            if row.number:
                sop.expect(row.text)
        self.say(f"\nReply letter: {len(reply.content)} bytes, SHA-256 {digest}")

    # --- small helps ----------------------------------------------------------------------
    def _at(self, path: str = "") -> str:
        return f"/permohonan/{self.reference}/{path}"

    def _step(self, number: str, part: str, step: Callable[[Visitor], None]) -> None:
        row, start = activity(number), monotonic()
        step(self.visitors[part])
        taken = monotonic() - start
        who = f"{FIVE[part].name.split(',')[0]} ({part})" if not os.environ.get("GAPURA_SIGN_INS") else part
        self.say(f"{number or '-':<4}{row.short:<27}{who:<34}{row.printed_time or 'none':<24}{taken:.1f} s")
        if row.printed_time == "5 menit" and taken > 5 * 60:
            raise NotAsExpected(f"row {number} took {taken:.0f} s")

    def _part(self, unit: Visitor, page: Page, values: dict[str, Any]) -> Page:
        return unit.send(page, page.form(having=next(iter(values))), values, button=("go", "next"))

    def _catalogue(self, page: Page) -> list[str]:
        ids = re.findall(
            r'name="data_types"[^>]*value="(\d+)"|value="(\d+)"[^>]*name="data_types"', page.content.decode()
        )
        known = [first or second for first, second in ids]
        if len(known) < WANTED:
            raise NotAsExpected(f"the catalogue offers {len(known)} kinds of data")
        return known[:WANTED]

    def _is_now(self, visitor: Visitor, state: str) -> Page:
        return visitor.get(self._at()).expect(state)

    def _save(self, visitor: Visitor, path: str, name: str) -> Page:
        page = visitor.get(path)
        if not page.content.startswith(b"%PDF-"):
            raise NotAsExpected(f"{path} is no PDF (status {page.status})")
        (self.folder / name).write_bytes(page.content)
        return page


def _letter(application: str, now: datetime) -> bytes:
    """A real letter, as the unit's own office would send it."""
    paper = ReplyLetter(
        letterhead=Letterhead(
            "Kementerian", "Universitas Syiah Kuala", ("Fakultas MIPA",), ("Darussalam, Banda Aceh",)
        ),
        number=f"{now:%H%M%S}/DEMO/{now.year}",
        date=timezone.localdate(now),
        subject="Permohonan akses webservice",
        recipient_lines=("Kepala UPT TIK",),
        blocks=(Paragraph(f"Kami mohon akses webservice untuk {application}."),),
        signatory=Signatory(title="Dekan FMIPA", name="Prof. Dr. Marwan, M.Si.", nip="196701011992031002"),
    )
    return render("reply", paper.to_data(), now=now)
