"""Files that people send: which are welcome, what is said about the others, and what a file can do to us."""

import hashlib
import io
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.test import RequestFactory
from pikepdf import Array, Dictionary, Name, String
from pytest_django import Settings

from requests_app import upload_inspection, uploads
from requests_app.uploads import Inspected, Refused
from tests import files

MB = 2**20

NOT_OURS = (
    "Berkas “surat.pdf” bukan PDF, JPG, atau PNG. Pindai atau simpan suratnya sebagai PDF, atau foto suratnya, "
    "lalu unggah hasilnya."
)
EMPTY = "Berkas “surat.pdf” kosong (0 byte). Pastikan berkas itu dapat dibuka di perangkat Anda, lalu unggah lagi."
TOO_LARGE = (
    "Berkas “surat.pdf” lebih besar dari 20 MB. Pindai ulang dengan resolusi 150–200 dpi "
    "atau bagi menjadi beberapa berkas, lalu unggah lagi."
)
HEIC = (
    "Foto “surat.pdf” berformat HEIC atau AVIF, yang tidak dapat dibuka di semua perangkat. Kirim foto itu sebagai "
    "JPG: di iPhone buka Pengaturan > Kamera > Format, pilih Paling Kompatibel, foto ulang suratnya, lalu unggah."
)
OFFICE = (
    "Berkas “surat.pdf” adalah dokumen Office atau arsip ZIP. Buka dokumennya, simpan sebagai PDF, lalu unggah PDF itu."
)
MIXED = "Berkas “surat.pdf” memuat data lain di samping isi PDF. Buka berkas itu, cetak ke PDF, lalu unggah hasilnya."
COMPLEX = (
    "Berkas “surat.pdf” terlalu rumit untuk diperiksa. Cetak ke PDF dan unggah hasilnya, "
    "atau unggah foto tiap halaman (JPG)."
)
NOT_CHECKED = (
    "Berkas “surat.pdf” belum dapat diperiksa. Unggah lagi beberapa menit kemudian; "
    "jika masih sama, hubungi helpdesk UPT TIK."
)
LOCKED = (
    "PDF “surat.pdf” dikunci dengan kata sandi atau pembatasan. Simpan salinan tanpa kunci "
    "atau pindai suratnya, lalu unggah hasilnya."
)
BROKEN = (
    "PDF “surat.pdf” rusak atau tidak lengkap. Unduh atau pindai ulang suratnya, pastikan dapat dibuka, "
    "lalu unggah lagi."
)
NO_PAGES = "PDF “surat.pdf” tidak berisi halaman. Pindai ulang suratnya, lalu unggah hasilnya."
TOO_MANY_PAGES = "PDF “surat.pdf” lebih dari 300 halaman. Unggah suratnya saja, atau bagi menjadi beberapa PDF."
PAGE_TOO_LARGE = (
    "PDF “surat.pdf” memuat halaman yang lebih besar dari 5 meter. Cetak ke PDF dengan ukuran A4, lalu unggah hasilnya."
)
ACTIVE = (
    "PDF “surat.pdf” berisi skrip, media, atau perintah otomatis. Buka berkas itu, cetak ke PDF, lalu unggah hasilnya."
)
ATTACHMENT = (
    "PDF “surat.pdf” berisi berkas lain sebagai lampiran. Cetak suratnya ke PDF tanpa lampiran itu, "
    "lalu unggah lampirannya sebagai berkas tersendiri."
)
BROKEN_PHOTO = (
    "Foto “surat.pdf” rusak atau tidak lengkap. Foto ulang suratnya, pastikan dapat dibuka, lalu unggah lagi."
)
TOO_MANY_PIXELS = "Foto “surat.pdf” lebih dari 120 megapiksel. Foto ulang dengan resolusi biasa, lalu unggah lagi."
PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"


def inspected(content: bytes, name: str = "surat.pdf", *, browser_says: str = PDF) -> Inspected:
    return uploads.inspect(SimpleUploadedFile("x", content, content_type=browser_says), file_name=name)


def refusal(content: bytes) -> str:
    with pytest.raises(Refused) as caught:
        inspected(content)
    [sentence] = caught.value.messages
    return sentence


# --- welcome ---------------------------------------------------------------------
def action(**entries: object) -> bytes:
    return files.pdf_with_action({f"/{key}": value for key, value in entries.items()})


WELCOME: dict[str, tuple[Callable[[], bytes], str, int]] = {
    "one page": (files.pdf, PDF, 1),
    "exactly 300 pages": (lambda: files.pdf(pages=300), PDF, 300),
    "exactly 300 pages in two branches": (lambda: files.pdf_with_page_tree(150, 150), PDF, 300),
    "packed into object streams": (
        lambda: files.changed_pdf(lambda document: None, pages=3, object_streams=True),
        PDF,
        3,
    ),
    "changed twice after the first save": (files.updated_pdf, PDF, 1),
    "electronically signed": (files.signed_pdf, PDF, 1),
    "opens at its first page": (files.pdf_opening_at_page, PDF, 1),
    "link to a web address": (lambda: action(S=Name.URI, URI=String("https://usk.ac.id/surat")), PDF, 1),
    "link to a page": (lambda: action(S=Name.GoTo, D=Array([0, Name.Fit])), PDF, 1),
    "a font named /AA, a picture named /EF": (files.pdf_with_odd_resource_names, PDF, 1),
    "empty list of embedded files": (
        lambda: files.pdf_with_entry("Names", Dictionary(EmbeddedFiles=Dictionary(Names=[]))),
        PDF,
        1,
    ),
    "padded with zeros after the end": (lambda: files.pdf() + bytes(600) + b"\r\n", PDF, 1),
    "page of exactly 14,400 points": (lambda: files.pdf_with_page_side(14_400), PDF, 1),
    "object stream of an ordinary size": (lambda: files.object_stream_bomb(megabytes=1), PDF, 1),
    "page that unfolds to an ordinary size": (lambda: files.pdf_bomb(megabytes=100), PDF, 1),
    "photo": (files.jpeg, JPEG, 1),
    "photo of 8 pixels": (lambda: files.jpeg(8, 8), JPEG, 1),
    "photo of 1 pixel": (lambda: files.jpeg(1, 1), JPEG, 1),
    "photo from a phone, with a second picture": (files.phone_jpeg, JPEG, 1),
    "screenshot": (files.png, PNG, 1),
}


@pytest.mark.parametrize("case", WELCOME)
def test_welcome_files_are_accepted_for_what_they_are(case: str) -> None:
    make, content_type, pages = WELCOME[case]
    content = make()

    found = inspected(content, browser_says="text/html")

    assert (found.content_type, found.pages, found.size) == (content_type, pages, len(content))
    assert found.sha256 == hashlib.sha256(content).hexdigest()


def test_a_file_can_be_stored_after_it_was_inspected(tmp_path: Path) -> None:
    content = files.pdf()
    file = SimpleUploadedFile("surat.pdf", content)

    uploads.inspect(file, file_name="surat.pdf")

    assert file.read() == content


# --- not welcome -----------------------------------------------------------------
UNWELCOME: dict[str, tuple[Callable[[], bytes], str]] = {
    # wrong kind of file, whatever its name says
    "text": (lambda: b"Kepada Yth. Kepala UPT TIK", NOT_OURS),
    "one byte": (lambda: b"%", NOT_OURS),
    "web page": (lambda: files.HTML, NOT_OURS),
    "program": (lambda: b"MZ" + bytes(2000), NOT_OURS),
    "GIF": (files.gif, NOT_OURS),
    "iPhone photo": (files.heic, HEIC),
    "Word": (files.docx, OFFICE),
    "old Word": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), OFFICE),
    "nothing": (lambda: b"", EMPTY),
    "one byte over 20 MB": (lambda: files.pdf() + bytes(20 * MB + 1 - len(files.pdf())), TOO_LARGE),
    # locked, broken
    "asks for a password": (files.encrypted_pdf, LOCKED),
    "opens without a password, restricted": (lambda: files.encrypted_pdf(user=""), LOCKED),
    "cut off": (files.truncated_pdf, BROKEN),
    "last line missing": (lambda: files.pdf().replace(b"%%EOF", b""), BROKEN),
    "only its first line": (lambda: b"%PDF-1.7\n", BROKEN),
    "opens only by guessing": (files.repaired_pdf, BROKEN),
    "no page": (files.pdf_without_pages, NO_PAGES),
    "301 pages": (lambda: files.pdf(pages=301), TOO_MANY_PAGES),
    "301 pages in two branches": (lambda: files.pdf_with_page_tree(150, 151), TOO_MANY_PAGES),
    "claims 1 page, lists 100,000": (lambda: files.pdf_with_repeated_page(100_000), TOO_MANY_PAGES),
    "page of 14,401 points": (lambda: files.pdf_with_page_side(14_401), PAGE_TOO_LARGE),
    "page of 8 GB": (lambda: files.pdf_with_page_side(10**9), PAGE_TOO_LARGE),
    # two kinds of file at once
    "web page before the PDF": (files.html_polyglot_pdf, MIXED),
    "web page after the PDF": (files.html_after_pdf, MIXED),
    "web page in the header": (files.html_in_pdf_header, MIXED),
    "archive after the PDF": (files.zip_polyglot_pdf, MIXED),
    "archive inside the PDF": (files.hidden_zip_pdf, MIXED),
    "PDF at byte 900": (files.late_header_pdf, MIXED),
    # it acts
    "script on opening": (files.javascript_pdf, ACTIVE),
    "script in an object stream": (lambda: files.javascript_pdf(object_streams=True), ACTIVE),
    "script with an escaped name": (files.escaped_javascript_pdf, ACTIVE),
    "script in the trailer": (files.trailer_javascript_pdf, ACTIVE),
    "script as a web address": (lambda: action(S=Name.URI, URI=String(" JavaScript:alert(1)")), ACTIVE),
    "script in a chain of actions": (
        lambda: action(S=Name.GoTo, D=Array([0, Name.Fit]), Next=Dictionary(S=Name.JavaScript, JS=String("1"))),
        ACTIVE,
    ),
    "script among the names of the document": (
        lambda: files.pdf_with_entry("Names", Dictionary(JavaScript=Dictionary(Names=[]))),
        ACTIVE,
    ),
    "script without the name of its action": (lambda: action(JS=String("app.alert(1)")), ACTIVE),
    "RichMedia without its name": (lambda: files.pdf_with_entry("X", Dictionary(RichMediaContent={})), ACTIVE),
    "settings of RichMedia": (lambda: files.pdf_with_entry("X", Dictionary(RichMediaSettings={})), ACTIVE),
    "action of a page": (files.pdf_with_page_action, ACTIVE),
    "XFA form": (files.xfa_pdf, ACTIVE),
    "embedded file": (files.pdf_with_attachment, ATTACHMENT),
    "embedded file without a type": (files.pdf_with_untyped_attachment, ATTACHMENT),
    "embedded files listed, not there": (
        lambda: files.pdf_with_entry(
            "Names", Dictionary(EmbeddedFiles=Dictionary(Names=[String("a"), Dictionary(F=String("a"))]))
        ),
        ATTACHMENT,
    ),
    "embedded file that nothing leads to": (files.pdf_with_forgotten_attachment, ATTACHMENT),
    "paper clip": (lambda: files.pdf_with_annotation("FileAttachment"), ATTACHMENT),
    # it wants to exhaust us
    "page that unfolds to 1 GB": (files.pdf_bomb, COMPLEX),
    "page packed twice": (files.twice_packed_bomb, COMPLEX),
    "object stream that unfolds to 1 GB": (files.object_stream_bomb, BROKEN),
    "array in array, 1,000 deep": (files.nested_pdf, BROKEN),
    "table that precedes itself": (files.looping_pdf, BROKEN),
    "page that contains itself": (files.looping_page_tree_pdf, BROKEN),
    "300,000 dictionaries": (lambda: files.pdf_with_many_objects(300_000), COMPLEX),
    # photos
    "photo cut off": (lambda: files.jpeg()[:-5000], BROKEN_PHOTO),
    "screenshot cut off": (lambda: files.png()[:-500], BROKEN_PHOTO),
    "screenshot with a flipped bit": (lambda: _with_flipped_bit(files.png()), BROKEN_PHOTO),
    "first bytes of a photo": (lambda: b"\xff\xd8\xff\xe0", BROKEN_PHOTO),
    "picture of 400 megapixels in 1 kB": (files.png_bomb, TOO_MANY_PIXELS),
}


def _with_flipped_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("case", UNWELCOME)
def test_unwelcome_files_are_refused_with_what_to_do_and_cost_little(case: str) -> None:
    make, sentence = UNWELCOME[case]
    content = make()
    memory, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()

    assert refusal(content) == sentence

    assert time.monotonic() - started < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 50 * 1024  # kB


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("JavaScript", ACTIVE),
        ("Launch", ACTIVE),
        ("SubmitForm", ACTIVE),
        ("ImportData", ACTIVE),
        ("GoToR", ACTIVE),
        ("Rendition", ACTIVE),
        ("Movie", ACTIVE),
        ("Sound", ACTIVE),
        ("GoTo3DView", ACTIVE),
        ("RichMediaExecute", ACTIVE),
        ("GoToE", ATTACHMENT),
    ],
)
def test_what_a_link_may_not_do(name: str, sentence: str) -> None:
    assert refusal(action(S=Name(f"/{name}"))) == sentence


@pytest.mark.parametrize("name", ["RichMedia", "Movie", "Sound", "Screen", "3D"])
def test_what_may_not_lie_on_a_page(name: str) -> None:
    assert refusal(files.pdf_with_annotation(name)) == ACTIVE


def test_every_refusal_has_a_sentence() -> None:
    assert upload_inspection.REFUSALS | {"too_large", "empty", "not_checked"} == set(uploads.SENTENCES)


def test_a_refusal_is_what_forms_expect_and_has_a_code() -> None:
    refused = Refused("pdf_encrypted", file_name="../../surat.pdf")

    assert isinstance(refused, ValidationError)
    assert refused.code == "pdf_encrypted"
    assert refused.messages == [LOCKED]


# --- the process that looks inside ---------------------------------------------------
@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("while True: pass", COMPLEX),  # never ends
        ("import os; os.abort()", COMPLEX),  # dies of the file, as by its CPU limit
        ("raise RuntimeError('no parser here')", NOT_CHECKED),  # our own fault
    ],
)
def test_the_web_process_survives_the_death_of_the_inspection(
    script: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inspection.py").write_text(script)
    monkeypatch.setattr(uploads, "INSPECTION", tmp_path / "inspection.py")
    monkeypatch.setattr(uploads, "INSPECTION_SECONDS", 1)

    assert refusal(files.pdf()) == sentence


def test_a_machine_without_room_for_another_process_is_not_the_senders_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing-here"))

    assert refusal(files.pdf()) == NOT_CHECKED


def test_the_inspection_sees_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = """import json, os; print(json.dumps({"refused": "heic" if "SECRET_KEY" in os.environ else "office"}))"""
    (tmp_path / "inspection.py").write_text(script)
    monkeypatch.setattr(uploads, "INSPECTION", tmp_path / "inspection.py")
    monkeypatch.setenv("SECRET_KEY", "rahasia")

    assert refusal(files.pdf()) == OFFICE


@pytest.mark.parametrize(
    ("greed", "end"),
    [
        ("while True: pass", lambda code, errors: code < 0),
        ("bytearray(400 * 2**20)", lambda code, errors: code == 1 and b"MemoryError" in errors),
        ("open('x', 'wb').write(b'x' * 10000)", lambda code, errors: code != 0),
    ],
    ids=["time", "memory", "disk"],
)
def test_the_inspection_is_held_to_its_limits(
    greed: str, end: Callable[[int, bytes], bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = "from requests_app import upload_inspection as it; it.CPU_SECONDS = 1; it.limit_this_process()"
    child = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(Path.cwd())!r}); {limited}\n{greed}"],
        cwd=tmp_path,
        capture_output=True,
        timeout=20,
        check=False,
    )

    assert end(child.returncode, child.stderr), (child.returncode, child.stderr)


# --- receiving -----------------------------------------------------------------------
@pytest.fixture
def temporary(tmp_path: Path, settings: Settings) -> Path:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    return tmp_path


def held_in(folder: Path) -> int:
    """Bytes on disk that this process holds open in a folder, also in files without a name."""
    held = sum(path.stat().st_size for path in folder.iterdir())
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            if descriptor.readlink().is_relative_to(folder):
                held += descriptor.stat().st_size
        except FileNotFoundError:  # the descriptor that listed the folder
            continue
    return held


def posted(*, typed: str = "Data mahasiswa aktif", **uploaded: SimpleUploadedFile) -> HttpRequest:
    """The first field, the files, and a field after them."""
    return RequestFactory().post("/", {"subject": typed, **uploaded, "purpose": "Portal akademik"})


def test_a_letter_arrives_as_it_was_sent(temporary: Path) -> None:
    content = files.pdf()

    request = posted(letter=SimpleUploadedFile("surat.pdf", content))

    file = request.FILES["letter"]
    assert (file.name, file.size, file.read()) == ("surat.pdf", len(content), content)
    assert uploads.refused_while_receiving(request, "letter") == []


def test_25_megabytes_are_refused_and_everything_typed_is_kept(temporary: Path) -> None:
    large = SimpleUploadedFile("pindai.pdf", b"%PDF-" + bytes(25 * MB))
    small = SimpleUploadedFile("foto.jpg", b"jpg")

    request = posted(letter=large, attachment=small)

    assert request.POST.dict() == {"subject": "Data mahasiswa aktif", "purpose": "Portal akademik"}
    assert list(request.FILES) == ["attachment"]
    [refused] = uploads.refused_while_receiving(request, "letter")
    assert refused.messages == [TOO_LARGE.replace("surat.pdf", "pindai.pdf")]
    assert uploads.refused_while_receiving(request, "attachment") == []
    request.close()
    assert held_in(temporary) == 0


@pytest.mark.parametrize(("size", "kept"), [(20 * MB - 1, True), (20 * MB, True), (20 * MB + 1, False)])
def test_the_limit_is_20_megabytes_to_the_byte(size: int, kept: bool, temporary: Path) -> None:
    request = posted(letter=SimpleUploadedFile("surat.pdf", bytes(size)))

    assert ("letter" in request.FILES) is kept
    assert bool(uploads.refused_while_receiving(request, "letter")) is not kept


def test_of_several_pages_the_small_ones_arrive(temporary: Path) -> None:
    pages = [SimpleUploadedFile(f"{n}.jpg", bytes(size)) for n, size in ((1, 9), (2, 21 * MB), (3, 9), (4, 22 * MB))]

    request = RequestFactory().post("/", {"pages": pages})

    assert [(page.name, page.size, page.read()) for page in request.FILES.getlist("pages")] == [
        ("1.jpg", 9, bytes(9)),
        ("3.jpg", 9, bytes(9)),
    ]
    names = [refused.params["name"] for refused in uploads.refused_while_receiving(request, "pages") if refused.params]
    assert names == ["2.jpg", "4.jpg"]


class Stream(io.RawIOBase):
    """A request body of 100 MB that watches what is kept of it while it is read."""

    def __init__(self, folder: Path, *, aborts_after: int | None = None) -> None:
        head = b'--x\r\nContent-Disposition: form-data; name="letter"; filename="surat.pdf"\r\n\r\n'
        tail = b'\r\n--x\r\nContent-Disposition: form-data; name="subject"\r\n\r\nakun\r\n--x--\r\n'
        self.blocks = [head, *([bytes(MB)] * 100), tail]
        self.length = sum(len(block) for block in self.blocks)
        self.folder, self.aborts_after, self.most, self.sent = folder, aborts_after, 0, 0
        self.waiting = b""

    def read(self, size: int = -1) -> bytes:
        self.most = max(self.most, held_in(self.folder))
        if self.aborts_after is not None and self.sent >= self.aborts_after:
            raise OSError("connection reset by peer")
        if not self.waiting and self.blocks:
            self.waiting = self.blocks.pop(0)
        block, self.waiting = self.waiting[:size], self.waiting[size:]
        self.sent += len(block)
        return block

    def request(self) -> HttpRequest:
        content_type = "multipart/form-data; boundary=x"
        extra = {"wsgi.input": self, "CONTENT_LENGTH": str(self.length)}
        return RequestFactory().generic("POST", "/", b"-", content_type, **extra)


def test_what_is_too_large_never_fills_the_disk(temporary: Path) -> None:
    stream = Stream(temporary)

    request = stream.request()

    assert request.POST["subject"] == "akun"
    assert stream.sent == stream.length  # read to the end: the browser gets its answer
    assert 19 * MB < stream.most <= 21 * MB
    assert held_in(temporary) == 0


def test_a_connection_that_breaks_leaves_no_file(temporary: Path) -> None:
    stream = Stream(temporary, aborts_after=15 * MB)
    request = stream.request()

    with pytest.raises(UnreadablePostError):
        _ = request.POST

    assert stream.most > 14 * MB
    assert list(temporary.iterdir()) == []


def test_an_upload_that_ends_early_keeps_nothing(temporary: Path) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="letter"; filename="surat.pdf"\r\n\r\n%PDF-1.7 and then'

    request = RequestFactory().generic("POST", "/", body, "multipart/form-data; boundary=x")

    assert list(request.FILES) == []
    assert held_in(temporary) == 0


def test_an_empty_file_reaches_the_form_and_is_refused_there() -> None:
    request = posted(letter=SimpleUploadedFile("surat.pdf", b""))

    file = request.FILES["letter"]
    assert file.size == 0
    with pytest.raises(Refused) as caught:
        uploads.inspect(file, file_name=file.name or "")
    assert caught.value.messages == [EMPTY]


def test_a_page_without_a_form_has_no_refused_files() -> None:
    assert uploads.refused_while_receiving(RequestFactory().get("/"), "letter") == []


def test_a_received_letter_is_inspected_and_stored(temporary: Path) -> None:
    content = files.pdf(pages=2)
    file = posted(letter=SimpleUploadedFile("Surat.PDF", content)).FILES["letter"]

    found = uploads.inspect(file, file_name=file.name or "")
    name = FileSystemStorage(temporary / "media").save(found.sha256, file)

    assert (found.content_type, found.pages, found.display_name) == (PDF, 2, "Surat.PDF")
    assert (temporary / "media" / name).read_bytes() == content


# --- names ---------------------------------------------------------------------------
NASTY_NAMES = [
    "../../etc/passwd",
    "..\\..\\windows\\system32\\x.pdf",
    "/etc/passwd",
    "..",
    "a.pdf\0.exe",
    "CON",
    "-rf",
    ".htaccess",
    "s" * 300 + ".pdf",
    "s" * 4000 + ".pdf",
    "surat." + "p" * 300,
    "😀" * 300 + ".pdf",
    "surat." + "😀" * 100,
    "surat \u202efdp.exe",
    "surat\u2028\u0085\u200b.pdf",
    "a\r\nContent-Type: text/html\r\n\r\n.pdf",
    "<img src=x onerror=alert(1)>.pdf",
    'a"; filename="b.exe',
    "\ud800.pdf",
    "%00%2e%2e%2f.pdf",
    "e\u0301" * 200 + ".pdf",
    "   ",
    "...",
    "",
]


@pytest.mark.parametrize("name", NASTY_NAMES, ids=lambda name: ascii(name)[:30])
def test_no_name_is_dangerous_to_show(name: str) -> None:
    shown = uploads.display_name(name, PDF)

    assert 0 < len(shown) <= 120
    assert shown.isprintable()
    assert not set("/\\") & set(shown)
    assert shown.lower().endswith(".pdf")


def posted_with_name(name: str) -> HttpRequest:
    header = f'Content-Disposition: form-data; name="letter"; filename="{name}"'.encode("utf-8", "replace")
    typed = b'--x\r\nContent-Disposition: form-data; name="subject"\r\n\r\nakun\r\n--x--\r\n'
    body = b"--x\r\n" + header + b"\r\n\r\n" + files.pdf() + b"\r\n" + typed
    return RequestFactory().generic("POST", "/", body, "multipart/form-data; boundary=x")


@pytest.mark.parametrize(
    "name",
    [name for name in NASTY_NAMES if len(name.encode("utf-8", "replace")) < 900 and "\r" not in name],
    ids=lambda name: ascii(name)[:30],
)
def test_no_name_breaks_the_upload(name: str, temporary: Path) -> None:
    request = posted_with_name(name)

    assert request.POST["subject"] == "akun"
    for file in request.FILES.values():
        assert file.read() == files.pdf()


def test_a_name_with_a_header_in_it_does_not_become_one(temporary: Path) -> None:
    request = posted_with_name("a\r\nContent-Type: text/html\r\n\r\n.pdf")

    assert request.POST["subject"] == "akun"
    with pytest.raises(Refused):
        uploads.inspect(request.FILES["letter"], file_name="a.pdf")


def test_a_name_longer_than_any_device_allows_is_a_bad_request(temporary: Path) -> None:
    with pytest.raises(MultiPartParserError):  # which Django answers with 400
        _ = posted_with_name("s" * 4000 + ".pdf").POST

    assert held_in(temporary) == 0


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Surat Permohonan FMIPA.pdf", "Surat Permohonan FMIPA.pdf"),
        ("SURAT.PDF", "SURAT.PDF"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\Cut\\surat.pdf", "surat.pdf"),
        ("surat.exe", "surat.exe.pdf"),
        ("foto.jpg", "foto.jpg.pdf"),
        ("surat \u202efdp.exe", "surat fdp.exe.pdf"),
        ("surat\r\nkedua.pdf", "surat kedua.pdf"),
        ("surat 😀.pdf", "surat 😀.pdf"),
        ("s" * 300 + ".pdf", "s" * 116 + ".pdf"),
        ("s" * 116 + ".pdf", "s" * 116 + ".pdf"),
        ("s" * 117 + ".pdf", "s" * 116 + ".pdf"),
        ("s" * 300, "s" * 116 + ".pdf"),
        ("", "berkas.pdf"),
        ("..", "berkas.pdf"),
    ],
)
def test_the_name_that_is_shown(sent: str, shown: str) -> None:
    assert uploads.display_name(sent, PDF) == shown


@pytest.mark.parametrize("name", ["foto.jpg", "foto.JPEG", "IMG_0001.jfif"])
def test_a_photo_keeps_its_own_extension(name: str) -> None:
    assert uploads.display_name(name, JPEG) == name


def test_the_name_is_cleaned_where_the_file_is_inspected() -> None:
    assert inspected(files.jpeg(), "../surat \u202efdp.exe").display_name == "surat fdp.exe.jpg"


def test_stored_names_are_ours_and_sorted_by_local_month() -> None:
    new_year_in_aceh = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)

    first = uploads.stored_name("surat", content_type=PDF, now=new_year_in_aceh)
    second = uploads.stored_name("surat", content_type=PDF, now=new_year_in_aceh)

    assert re.fullmatch(r"surat/2027/01/[0-9a-f]{32}\.pdf", first)
    assert first != second
    assert uploads.stored_name("surat", content_type=JPEG, now=new_year_in_aceh).endswith(".jpg")


@pytest.mark.parametrize("kind", ["", "..", "../surat", "/etc", "Surat Balasan"])
def test_no_folder_is_made_of_what_a_person_typed(kind: str) -> None:
    with pytest.raises(ValueError, match="folder"):
        uploads.stored_name(kind, content_type=PDF, now=datetime(2026, 11, 22, tzinfo=UTC))
