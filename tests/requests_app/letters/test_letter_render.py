import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pikepdf
import pytest
import typst
from PIL import Image

from requests_app.letters.dates import WIB
from requests_app.letters.papers import (
    Block,
    Facts,
    Letterhead,
    Logo,
    MonitoringReport,
    Numbered,
    Paragraph,
    Receipt,
    ReplyLetter,
    Signatory,
)
from requests_app.letters.render import FOLDER, TEMPLATES, LetterError, render
from tests.requests_app.letters.samples import REPORT

Lines = Callable[[bytes], list[list[str]]]
Runs = Callable[[bytes], list[list[Any]]]

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=WIB)
CM = 72 / 2.54
LONG_UNIT = (
    "Pusat Pengembangan Pembelajaran, Penjaminan Mutu, dan Kerja Sama Internasional Fakultas Keguruan dan Ilmu "
    "Pendidikan USK"
)


def emblem() -> Logo:
    picture = io.BytesIO()
    Image.new("RGBA", (40, 40), (20, 90, 50, 128)).save(picture, "PNG")
    return Logo(picture.getvalue(), "Lambang Universitas Syiah Kuala")


HEAD = Letterhead(
    ministry="Kementerian Pendidikan Tinggi, Sains, dan Teknologi",
    institution="Universitas Syiah Kuala",
    unit_lines=("UPT Teknologi Informasi dan Komunikasi",),
    address_lines=("Jalan Teuku Nyak Arief Nomor 441, Darussalam, Banda Aceh 23111",),
    contact_line="Laman tik.usk.ac.id",
    logo=emblem(),
)
CLOSING = Paragraph("Atas perhatian dan kerja sama Saudara, kami ucapkan terima kasih.")
LETTER = ReplyLetter(
    letterhead=HEAD,
    number="B/5176/UN11/TI.02.00/2026",
    date=date(2026, 11, 23),
    subject="Persetujuan akses webservice",
    recipient_lines=("Kepala Biro Akademik", "Universitas Syiah Kuala"),
    blocks=(
        Paragraph("Permohonan disetujui dengan ketentuan sebagai berikut."),
        Facts((("Penanggung jawab", "Cut Meutia Rahmah"), ("Masa berlaku", "23 November 2026 s.d. 23 November 2027"))),
        Numbered(("Data mahasiswa aktif", "Data program studi")),
        CLOSING,
    ),
    signatory=Signatory("Kepala UPT TIK", "Dr. Nizamuddin", "19710824 199603 1 001"),
    security_class="Biasa",
    attachments="Satu berkas",
    copies=("Rektor", "Wakil Rektor I"),
)
RECEIPT = Receipt(
    letterhead=HEAD,
    reference="GPR-2026-000123",
    received_at=datetime(2026, 11, 23, 7, 5, tzinfo=UTC),
    unit="Biro Akademik",
    subject="Permohonan akses webservice",
    data_types=("Data mahasiswa aktif", "Data dosen"),
    next_steps=("Admin memeriksa surat.", "Pimpinan mendisposisikan surat."),
    letter_number="B/1234/UN11.1/2026",
    letter_date=date(2026, 11, 19),
    note="Dibuat oleh sistem, sah tanpa tanda tangan.",
)

PAPERS: dict[str, ReplyLetter | Receipt | MonitoringReport] = {
    "reply": LETTER,
    "receipt": RECEIPT,
    "monitoring": REPORT,
}


def reply(letter: ReplyLetter) -> bytes:
    return render("reply", letter.to_data(), now=NOW)


def test_a_reply_letter_reads_as_an_official_letter(lines: Lines) -> None:
    assert lines(reply(LETTER)) == [
        [
            "KEMENTERIAN PENDIDIKAN TINGGI, SAINS, DAN TEKNOLOGI",
            "UNIVERSITAS SYIAH KUALA",
            "UPT TEKNOLOGI INFORMASI DAN KOMUNIKASI",
            "Jalan Teuku Nyak Arief Nomor 441, Darussalam, Banda Aceh 23111",
            "Laman tik.usk.ac.id",
            "Nomor : B/5176/UN11/TI.02.00/2026 23 November 2026",
            "Sifat : Biasa",
            "Lampiran : Satu berkas",
            "Hal : Persetujuan akses webservice",
            "Yth. Kepala Biro Akademik",
            "Universitas Syiah Kuala",
            "Permohonan disetujui dengan ketentuan sebagai berikut.",
            "Penanggung jawab : Cut Meutia Rahmah",
            "Masa berlaku : 23 November 2026 s.d. 23 November 2027",
            "1. Data mahasiswa aktif",
            "2. Data program studi",
            "Atas perhatian dan kerja sama Saudara, kami ucapkan terima kasih.",
            "Kepala UPT TIK,",
            "Dr. Nizamuddin",
            "NIP 197108241996031001",
            "Tembusan:",
            "1. Rektor",
            "2. Wakil Rektor I",
        ]
    ]


def test_in_english_the_labels_are_english(lines: Lines) -> None:
    [page] = lines(reply(replace(LETTER, language="en")))
    for line in (
        "Number : B/5176/UN11/TI.02.00/2026 23 November 2026",
        "Class : Biasa",
        "Attachment : Satu berkas",
        "Subject : Persetujuan akses webservice",
        "To: Kepala Biro Akademik",
        "Copy to:",
    ):
        assert line in page


def test_lines_without_content_are_not_printed(lines: Lines) -> None:
    [page] = lines(reply(replace(LETTER, security_class="", attachments="", copies=())))
    assert not [line for line in page if line.startswith(("Sifat", "Lampiran", "Tembusan"))]


def test_a_substitute_signs_with_a_prefix(lines: Lines) -> None:
    on_behalf = Signatory("Rektor", "Dr. Nizamuddin", "", "a.n.", "Kepala UPT TIK")
    [page] = lines(reply(replace(LETTER, signatory=on_behalf, copies=())))
    assert page[-3:] == ["a.n. Rektor", "Kepala UPT TIK,", "Dr. Nizamuddin"]
    [page] = lines(reply(replace(LETTER, signatory=Signatory("Kepala UPT TIK", "Marwan", "", "Plh."), copies=())))
    assert page[-2:] == ["Plh. Kepala UPT TIK,", "Marwan"]


def test_the_layout_of_the_page(runs: Runs) -> None:
    """A4; left margin 3 cm; date on the Nomor line at the right margin; colons aligned; room to sign and stamp."""
    pdf = reply(LETTER)
    with pikepdf.open(io.BytesIO(pdf)) as document:
        width, height = (float(side) for side in list(document.pages[0].mediabox)[2:])
    assert width == pytest.approx(21 * CM, abs=0.1)
    assert height == pytest.approx(29.7 * CM, abs=0.1)
    [page] = runs(pdf)
    at = {run.text.strip(): run for run in page}
    assert at["Nomor"].left == at["Hal"].left == at["Tembusan:"].left == pytest.approx(3 * CM, abs=0.1)
    assert at["23 November 2026"].bottom == at["Nomor"].bottom
    assert 15 * CM < at["23 November 2026"].left < 18.5 * CM
    colons = [run.left for run in page if run.text.strip() == ":"]
    assert len(set(colons[:4])) == 1
    assert len(set(colons[4:])) == 1
    office, name = at["Kepala UPT TIK,"], at["Dr. Nizamuddin"]
    assert office.left == name.left == at["NIP 197108241996031001"].left > width / 2 - 2 * CM
    assert 2 * CM < office.bottom - name.bottom < 4 * CM


def test_a_draft_says_so_on_every_page_and_an_issued_letter_does_not(lines: Lines) -> None:
    many = (Numbered(tuple(f"Data {index}" for index in range(60))), CLOSING)
    draft = lines(reply(replace(LETTER, number="", date=None, draft=True, blocks=many)))
    assert len(draft) == 2
    assert all("KONSEP" in page for page in draft)
    assert not any("KONSEP" in page for page in lines(reply(replace(LETTER, blocks=many))))


def test_small_print_stands_at_the_foot_of_the_last_page(runs: Runs) -> None:
    [page] = runs(reply(replace(LETTER, verification="Keaslian dokumen ini dapat diperiksa.", signature_note="ruang")))
    assert page[-1].text == "Keaslian dokumen ini dapat diperiksa."
    assert 2.5 * CM < page[-1].bottom < 3 * CM
    note = next(run for run in page if run.text == "ruang")
    name = next(run for run in page if run.text == "Dr. Nizamuddin")
    assert name.bottom < note.bottom


def test_forty_data_types_flow_over_pages_that_say_where_they_belong(lines: Lines) -> None:
    items = tuple(f"Data nomor {index} menurut program studi dan angkatan" for index in range(1, 41))
    pages = lines(reply(replace(LETTER, blocks=(Paragraph("Data:"), Numbered(items), CLOSING))))
    assert len(pages) == 2
    assert "Halaman" not in " ".join(pages[0])
    assert pages[1][0] == "Nomor B/5176/UN11/TI.02.00/2026 Halaman 2 dari 2"
    printed = [line for page in pages for line in page if "Data nomor" in line]
    assert printed == [f"{index}. {item}" for index, item in enumerate(items, start=1)]


@pytest.mark.parametrize("count", range(1, 76, 2))
@pytest.mark.parametrize("kind", ["paragraphs", "numbered", "facts", "long"])
def test_the_signature_never_stands_alone(lines: Lines, kind: str, count: int) -> None:
    """Whatever the length, the page with the signature also has the end of the body, and Tembusan follow."""
    bodies: dict[str, tuple[Block, ...]] = {
        "paragraphs": tuple(Paragraph(f"Isi {index}") for index in range(count)),
        "numbered": (Numbered(tuple(f"Isi {index}" for index in range(count))),),
        "facts": (Facts(tuple((f"Butir {index}", f"Isi {index}") for index in range(count))),),
        "long": (Paragraph("Isi " * 10 * count), Paragraph("Isi " * 150)),
    }
    page = next(page for page in lines(reply(replace(LETTER, blocks=bodies[kind]))) if "Kepala UPT TIK," in page)
    office = page.index("Kepala UPT TIK,")
    assert "Isi" in page[office - 1]
    assert page[office + 1 :] == [
        *("Dr. Nizamuddin", "NIP 197108241996031001"),
        *("Tembusan:", "1. Rektor", "2. Wakil Rektor I"),
    ]


def test_long_names_stay_between_the_margins(lines: Lines, runs: Runs) -> None:
    code = "X" * 300
    letter = replace(
        LETTER,
        letterhead=replace(HEAD, unit_lines=(LONG_UNIT,)),
        subject=f"Akses webservice {LONG_UNIT}",
        recipient_lines=(f"Kepala {LONG_UNIT}", code),
        blocks=(Paragraph(code), Facts(((LONG_UNIT, code),)), Numbered((code, LONG_UNIT)), CLOSING),
        signatory=replace(LETTER.signatory, title=f"Kepala {LONG_UNIT}"),
    )
    pdf = reply(letter)
    printed = [line for page in lines(pdf) for line in page if "Halaman" not in line]
    text = " ".join(printed)
    assert LONG_UNIT.upper() in text
    assert text.count(LONG_UNIT) == 5
    assert text.replace(" ", "").count(code) == 4
    for page in runs(pdf):
        for run in page:
            assert run.left > 3 * CM - 0.1
            assert run.right < 18.5 * CM + 5, run.text  # a space may hang out, a letter may not


HOSTILE = (
    "#let x = 1",
    '#read("render.py")',
    "*tebal* _miring_ `kode`",
    "$x^2$",
    "\\ \\u{41} \\n",
    "<label> @ref",
    "// komentar /* juga */",
    "= judul",
    "- butir + butir",
    "\"kutip\" 'tunggal' -- --- ... ~",
    "]] }} )) [[ {{ ((",
    '"; panic()',
)


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_any_field_is_printed_as_it_stands(lines: Lines, text: str) -> None:
    letter = ReplyLetter(
        letterhead=Letterhead(text, text, (text,), (text,), text, Logo(emblem().content, text)),
        number=text,
        date=date(2026, 11, 23),
        subject=text,
        recipient_lines=(text, text),
        blocks=(Paragraph(text), Numbered((text,)), Facts(((text, text),)), Paragraph(text)),
        signatory=Signatory(text, text, text, "a.n.", text),
        security_class=text,
        attachments=text,
        copies=(text,),
        signature_note=text,
        verification=text,
    )
    capitals = text.upper()
    nip = "".join(text.split()).replace(".", "")
    printed = [line for page in lines(reply(letter)) for line in page]
    assert printed == [
        *(capitals, capitals, capitals, text, text),
        f"Nomor : {text} 23 November 2026",
        *(f"Sifat : {text}", f"Lampiran : {text}", f"Hal : {text}"),
        *(f"Yth. {text}", text),
        *(text, f"1. {text}", f"{text} : {text}", text),
        *(f"a.n. {text}", f"{text},", text, text, f"NIP {nip}"),
        *("Tembusan:", f"1. {text}"),
        text,
    ]
    receipt = replace(
        RECEIPT,
        reference=text,
        unit=text,
        subject=text,
        data_types=(text,),
        next_steps=(text,),
        letter_number=text,
        note=text,
    )
    [page] = lines(render("receipt", receipt.to_data(), now=NOW))
    assert page[6:] == [
        f"Nomor referensi : {text}",
        "Diterima : Senin, 23 November 2026 pukul 14.05 WIB",
        *(f"Unit kerja : {text}", f"Nomor surat : {text}", "Tanggal surat : 19 November 2026", f"Hal : {text}"),
        *("Jenis data yang diminta", f"1. {text}", "Langkah berikutnya", f"1. {text}"),
        text,
    ]


def test_control_and_direction_characters_are_dropped(lines: Lines) -> None:
    number = "B/12\u202e3/\x00UN\u200b11\n/\ud8002026"
    [page] = lines(reply(replace(LETTER, number=number)))
    assert "Nomor : B/123/UN11 /2026 23 November 2026" in page


def test_a_receipt(lines: Lines) -> None:
    [page] = lines(render("receipt", RECEIPT.to_data(), now=NOW))
    assert page[5:] == [
        "TANDA TERIMA PERMOHONAN",
        "Nomor referensi : GPR-2026-000123",
        "Diterima : Senin, 23 November 2026 pukul 14.05 WIB",
        "Unit kerja : Biro Akademik",
        "Nomor surat : B/1234/UN11.1/2026",
        "Tanggal surat : 19 November 2026",
        "Hal : Permohonan akses webservice",
        "Jenis data yang diminta",
        "1. Data mahasiswa aktif",
        "2. Data dosen",
        "Langkah berikutnya",
        "1. Admin memeriksa surat.",
        "2. Pimpinan mendisposisikan surat.",
        "Dibuat oleh sistem, sah tanpa tanda tangan.",
    ]


def test_a_receipt_in_english_leaves_out_what_is_not_known(lines: Lines) -> None:
    receipt = replace(RECEIPT, language="en", letter_number="", letter_date=None, data_types=(), note="")
    [page] = lines(render("receipt", receipt.to_data(), now=NOW))
    assert page[5:] == [
        "RECEIPT OF REQUEST",
        "Reference number : GPR-2026-000123",
        "Received : Monday, 23 November 2026, 14:05 WIB",
        "Work unit : Biro Akademik",
        "Subject : Permohonan akses webservice",
        "What happens next",
        "1. Admin memeriksa surat.",
        "2. Pimpinan mendisposisikan surat.",
    ]


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_a_paper_is_archivable_accessible_and_carries_its_fonts(template: str) -> None:
    with pikepdf.open(io.BytesIO(render(template, PAPERS[template].to_data(), now=NOW))) as document:
        with document.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "A")
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["dc:title"] == PAPERS[template].to_data()["title"]
            assert metadata["xmp:CreateDate"].startswith("2026-11-23T02:30:00")
        assert document.Root.Lang == "id"
        assert document.Root.MarkInfo.Marked
        descendants = [
            font.DescendantFonts[0].FontDescriptor
            for font in document.objects
            if isinstance(font, pikepdf.Dictionary) and "/DescendantFonts" in font
        ]
        assert descendants
        for descriptor in descendants:
            assert "LibertinusSerif" in str(descriptor.FontName)
            assert descriptor.FontFile3.read_raw_bytes()


def test_the_same_letter_is_the_same_bytes_here_and_in_another_process() -> None:
    first = reply(LETTER)
    assert reply(LETTER) == first
    assert render("reply", LETTER.to_data(), now=NOW.astimezone(UTC)) == first
    assert render("reply", LETTER.to_data(), now=NOW + timedelta(seconds=1)) != first
    program = (
        "import json, sys, hashlib; from datetime import datetime; from requests_app.letters.render import render; "
        f"now = datetime.fromisoformat({NOW.isoformat()!r}); "
        "print(hashlib.sha256(render('reply', json.load(sys.stdin), now=now)).hexdigest())"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(LETTER.to_data()),
        capture_output=True,
        text=True,
        check=True,
        cwd=FOLDER.parents[1],
    )
    assert answer.stdout.strip() == hashlib.sha256(first).hexdigest()


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_the_templates_give_no_warning(template: str) -> None:
    _, warnings = typst.compile_with_warnings(
        str(FOLDER / f"{template}.typ"),
        root=str(FOLDER),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": json.dumps(PAPERS[template].to_data())},
    )
    assert warnings == []


def test_a_character_without_a_glyph_is_named() -> None:
    letter = replace(LETTER, subject="Akses 🎉 dan 漢字, lalu \ue000")
    with pytest.raises(LetterError) as caught:
        reply(letter)
    assert set(caught.value.unprintable) == {"🎉", "漢", "字", "\ue000"}


def test_a_paper_that_nobody_proofreads_prints_a_replacement_instead(lines: Lines) -> None:
    receipt = replace(RECEIPT, subject="Akses 🎉👩‍💻 \ue000 é", unit="漢 Unit")
    [page] = lines(render("receipt", receipt.to_data(), now=NOW, replace_unprintable=True))
    assert "Hal : Akses ��� � é" in page
    assert "Unit kerja : � Unit" in page


@pytest.mark.parametrize("template", ["", "letterhead", "../papers", "/etc/passwd", "reply.typ", "missing"])
def test_only_the_papers_of_the_house_can_be_made(template: str) -> None:
    with pytest.raises(LetterError):
        render(template, LETTER.to_data(), now=NOW)


def test_data_that_does_not_fit_the_template_is_a_letter_error() -> None:
    with pytest.raises(LetterError) as caught:
        render("reply", {}, now=NOW)
    assert caught.value.unprintable == ()
    broken = replace(LETTER, letterhead=replace(HEAD, logo=Logo(b"\x89PNG\r\n\x1a\nrusak", "Lambang")))
    with pytest.raises(LetterError):
        reply(broken)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        render("reply", LETTER.to_data(), now=datetime(2026, 11, 23))
