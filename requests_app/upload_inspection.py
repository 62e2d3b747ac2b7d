"""Looks into an uploaded file, alone in a process that may die of it.

Run as `python -I upload_inspection.py < file`. The answer is one line of JSON on
standard output: `{"content_type": ..., "pages": ...}`, or `{"refused": code}`
with a code of `REFUSALS`. No line at all means that the file made this process
hit one of its limits: the caller refuses it.

It starts fast and holds no secret: it imports neither Django nor the house and
is given an empty environment. Only what describes a PDF is read, not its pages:
the library unpacks nothing but object and cross-reference streams, under a limit.

Sources: OWASP ASVS 5.0, 5.2.2 and 5.2.3; for what acts in a PDF ISO 32000-2,
12.6 (actions), 13 (multimedia), 7.11.4 (embedded files) and 12.7.8 (XFA).
"""

import json
import logging
import mmap
import re
import resource
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import pikepdf
from pikepdf.settings import set_qpdf_limits
from PIL import Image, UnidentifiedImageError

CPU_SECONDS = 5
MEMORY_BYTES = 300 * 2**20
MAX_PAGES = 300
MAX_PAGE_SIDE = 14_400
"""Points (5 m): the largest page that readers must be able to show (ISO 32000-1, annex C)."""
MAX_VALUES = 200_000
"""Arrays and dictionaries looked at in one PDF, about 12 µs each; a tagged report of 300 pages has some 20,000."""
MAX_DEPTH = 100
"""Arrays and dictionaries inside each other; the library parses no deeper."""
MAX_UNPACKED_BYTES = 32 * 2**20
"""What one stream that the library has to unpack may hold: 32 MB list four million objects."""
MAX_STREAM_BYTES = 256 * 2**20
"""What one stream of a page may unfold to in a reader: a colour page at 600 dpi has 100 MB."""
MAX_TRAILING_BYTES = 16
"""After the last %%EOF, not counting padding: a stray character, not a second document."""
MAX_PIXELS = 120_000_000
"""Phones take photos of up to 108 megapixels."""

REFUSALS = frozenset(
    {
        "unsupported_type",
        "heic",
        "office",
        "mixed_content",
        "too_complex",
        "pdf_encrypted",
        "pdf_broken",
        "pdf_no_pages",
        "pdf_too_many_pages",
        "pdf_page_too_large",
        "pdf_active",
        "pdf_attachment",
        "image_broken",
        "image_too_many_pixels",
    }
)

HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"avif"}
ZIP_START, OLD_OFFICE_START = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
HTML = re.compile(rb"<\s*(?:!doctype\s+html|html|head|body|script|iframe|svg)\b", re.IGNORECASE)
PADDING = b"\x00\t\n\x0c\r \x1a"

ACTIVE_ACTIONS = {
    "/JavaScript",
    "/Launch",
    "/SubmitForm",
    "/ImportData",
    "/GoToR",
    "/Rendition",
    "/Movie",
    "/Sound",
    "/GoTo3DView",
    "/RichMediaExecute",
}
ACTIVE_ANNOTATIONS = {"/RichMedia", "/Movie", "/Sound", "/Screen", "/3D"}
SCRIPT_ADDRESS = re.compile(rb"\s*(?:javascript|vbscript|data)\s*:", re.IGNORECASE)
PACKERS = {"/FlateDecode", "/Fl", "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL"}
DEFLATE_BEST_RATIO = 1032


class Refusal(Exception):
    """The file is not accepted; the only argument is a code of `REFUSALS`."""


def limit_this_process() -> None:
    """Let the kernel end this process when a file makes it work or grow too much."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    set_qpdf_limits(
        parser_max_nesting=MAX_DEPTH,
        max_stream_filters=4,
        flate_max_memory=MAX_UNPACKED_BYTES,
        run_length_max_memory=MAX_UNPACKED_BYTES,
        png_max_memory=MAX_UNPACKED_BYTES,
        tiff_max_memory=MAX_UNPACKED_BYTES,
    )
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    logging.disable()


def inspect(file: BinaryIO) -> dict[str, str | int]:
    """The content type and number of pages of a file, told from its content.

    Raises `Refusal`.
    """
    head = file.read(1024)
    if head.startswith(b"%PDF-"):
        return {"content_type": "application/pdf", "pages": inspect_pdf(file)}
    if head.startswith(b"\xff\xd8\xff"):
        inspect_image(file, "JPEG")
        return {"content_type": "image/jpeg", "pages": 1}
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        inspect_image(file, "PNG")
        return {"content_type": "image/png", "pages": 1}
    if b"%PDF-" in head:
        raise Refusal("mixed_content")
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS:
        raise Refusal("heic")
    if head.startswith((ZIP_START, OLD_OFFICE_START)):
        raise Refusal("office")
    raise Refusal("unsupported_type")


def inspect_pdf(file: BinaryIO) -> int:
    """The number of pages of a PDF in which nothing acts; raises `Refusal`."""
    check_nothing_else_inside(file)
    try:
        with pikepdf.open(file, attempt_recovery=False, inherit_page_attributes=False) as pdf:
            if pdf.is_encrypted:
                raise Refusal("pdf_encrypted")
            pages = count_pages(pdf)
            for holder in dictionaries(pdf):
                check_nothing_acts(holder)
                check_page_size(holder)
                if isinstance(holder, pikepdf.Stream):
                    check_stream(holder)
            if pdf.get_warnings():  # it opened only because the library guessed
                raise Refusal("pdf_broken")
    except pikepdf.PasswordError as error:
        raise Refusal("pdf_encrypted") from error
    except (pikepdf.PdfError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise Refusal("pdf_broken") from error
    return pages


def check_nothing_else_inside(file: BinaryIO) -> None:
    """Refuse a PDF that another program would take for a web page or an archive."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        end = data.rfind(b"%%EOF")
        if end < 0:
            raise Refusal("pdf_broken")
        trailing = data[end + len(b"%%EOF") :].strip(PADDING)
        if len(trailing) > MAX_TRAILING_BYTES or HTML.search(data[:1024]):
            raise Refusal("mixed_content")
    if zipfile.is_zipfile(file):
        raise Refusal("mixed_content")


def count_pages(pdf: pikepdf.Pdf) -> int:
    """Pages counted one by one: `/Count` is only what the file claims."""
    pages, waiting = 0, [pdf.Root.Pages]
    seen: set[tuple[int, int]] = set()
    while waiting:
        node = waiting.pop()
        if "/Kids" in node:
            if node.objgen in seen or len(seen) > MAX_PAGES:
                raise Refusal("pdf_broken")
            seen.add(node.objgen)
            waiting.extend(node.Kids)
        else:
            pages += 1
            if pages > MAX_PAGES:
                raise Refusal("pdf_too_many_pages")
    if not pages:
        raise Refusal("pdf_no_pages")
    return pages


def dictionaries(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every dictionary and stream, also those that no page refers to.

    References are not followed: what they point to is itself one of
    `pdf.objects`. So a loop of references ends, and nesting is as deep as `MAX_DEPTH`.
    """
    found = 0
    for root in (pdf.trailer, *pdf.objects):
        waiting = [root]
        while waiting:
            value = waiting.pop()
            if isinstance(value, pikepdf.Array):
                inside: list[object] = list(value)
            elif isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)):
                yield value
                inside = [value.get(key) for key in value.keys()]
            else:
                continue
            holders = [inner for inner in inside if isinstance(inner, (pikepdf.Array, pikepdf.Dictionary))]
            found += 1 + len(holders)
            if found > MAX_VALUES:
                raise Refusal("too_complex")
            waiting += [inner for inner in holders if not inner.is_indirect]


def check_nothing_acts(holder: pikepdf.Object) -> None:
    """Refuse a dictionary that runs, sends, plays, fetches or hides something.

    A link to a web address and a jump to a page are fine. Resources have names
    of their own (`/Font << /AA 7 0 R >>` is a font), so a key counts only
    together with the kind of value that makes it act.
    """
    action, annotation = name_in(holder, "/S"), name_in(holder, "/Subtype")
    if action == "/GoToE" or annotation == "/FileAttachment" or name_in(holder, "/Type") == "/EmbeddedFile":
        raise Refusal("pdf_attachment")
    if action in ACTIVE_ACTIONS or annotation in ACTIVE_ANNOTATIONS:
        raise Refusal("pdf_active")
    for key in holder.keys():
        if key not in KEYS_THAT_ACT:
            continue
        code, acts = KEYS_THAT_ACT[key]
        if acts(holder.get(key)):
            raise Refusal(code)


def name_in(holder: pikepdf.Object, key: str) -> str | None:
    """The name under a key; the library has already turned `/#4aavaScript` into `/JavaScript`."""
    value = holder.get(key)
    return str(value) if isinstance(value, pikepdf.Name) else None


def _is_dictionary(value: object) -> bool:
    return isinstance(value, pikepdf.Dictionary)


def _is_text(value: object) -> bool:
    return isinstance(value, pikepdf.String)


def _is_script_address(value: object) -> bool:
    return isinstance(value, pikepdf.String) and bool(SCRIPT_ADDRESS.match(bytes(value)))


def _is_form_description(value: object) -> bool:
    return isinstance(value, (pikepdf.Array, pikepdf.Stream))


def _has_actions(value: object) -> bool:
    return isinstance(value, pikepdf.Dictionary) and any(
        isinstance(inner, pikepdf.Dictionary) and "/S" in inner for inner in (value.get(key) for key in value.keys())
    )


def _has_entries(value: object) -> bool:
    return isinstance(value, pikepdf.Dictionary) and any(len(value.get(key, [])) for key in ("/Names", "/Kids"))


def _has_streams(value: object) -> bool:
    return isinstance(value, pikepdf.Dictionary) and any(
        isinstance(value.get(key), pikepdf.Stream) for key in value.keys()
    )


KEYS_THAT_ACT = {
    "/JS": ("pdf_active", _is_text),
    "/JavaScript": ("pdf_active", _is_dictionary),
    "/URI": ("pdf_active", _is_script_address),
    "/AA": ("pdf_active", _has_actions),
    "/XFA": ("pdf_active", _is_form_description),
    "/RichMediaContent": ("pdf_active", _is_dictionary),
    "/RichMediaSettings": ("pdf_active", _is_dictionary),
    "/EmbeddedFiles": ("pdf_attachment", _has_entries),
    "/EF": ("pdf_attachment", _has_streams),
}


def check_page_size(holder: pikepdf.Object) -> None:
    """Refuse a page so large that a reader would ask for gigabytes to draw it."""
    box = holder.get("/MediaBox")
    if isinstance(box, pikepdf.Array) and any(abs(float(side)) > MAX_PAGE_SIDE for side in box):
        raise Refusal("pdf_page_too_large")


def check_stream(stream: pikepdf.Object) -> None:
    """Refuse a stream that unfolds beyond measure in the reader of whoever opens the letter.

    Only a stream that begins like one (a hundredfold in its first 8 kB) is
    unpacked, piece by piece and without keeping anything.
    """
    filters = stream.get("/Filter")
    names = [str(name) for name in (filters if isinstance(filters, pikepdf.Array) else [filters])]
    if sum(name in PACKERS for name in names) > 1:
        raise Refusal("too_complex")
    if (
        names[:1] not in (["/FlateDecode"], ["/Fl"])
        or int(stream.get("/Length", 0)) * DEFLATE_BEST_RATIO < MAX_STREAM_BYTES
    ):
        return
    raw, piece, unpacked = stream.read_raw_bytes(), 8192, 0
    unpacker = zlib.decompressobj()
    try:
        for start in range(0, len(raw), piece):
            unpacked += len(unpacker.decompress(raw[start : start + piece]))
            if unpacked < 100 * piece:
                return
            if unpacked > MAX_STREAM_BYTES:
                raise Refusal("too_complex")
    except zlib.error as error:
        raise Refusal("pdf_broken") from error


# --- photos --------------------------------------------------------------------
def inspect_image(file: BinaryIO, kind: str) -> None:
    """Refuse a photo that is damaged, cut off, or too large to show; raises `Refusal`."""
    try:
        file.seek(0)
        with Image.open(file, formats=[kind]) as image:
            image.verify()  # a PNG: every checksum up to the end
        file.seek(0)
        if kind == "JPEG":
            with Image.open(file, formats=[kind]) as image:
                image.draft(None, (image.width // 8 or 1, image.height // 8 or 1))  # enough to reach the end
                image.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Refusal("image_too_many_pixels") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Refusal("image_broken") from error


def main() -> None:
    """Inspect standard input and write the answer to standard output."""
    limit_this_process()
    answer: dict[str, str | int]
    try:
        with open(sys.stdin.fileno(), "rb", closefd=False) as file:
            answer = inspect(file)
    except Refusal as refusal:
        answer = {"refused": str(refusal)}
    except MemoryError:
        answer = {"refused": "too_complex"}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
