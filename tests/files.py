"""Sample letters, made in memory: ordinary ones, broken ones and hostile ones.

Each function returns the bytes of one file. They are deterministic and small
unless their name says otherwise.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from PIL import Image

SCRIPT = "app.alert('halo');"
HTML = b"<!DOCTYPE html><html><body><script>alert('halo')</script></body></html>\n"


# --- ordinary letters ------------------------------------------------------------
def pdf(pages: int = 1, text: str = "Surat permohonan akun webservice") -> bytes:
    """A letter whose pages bear `text` (Latin characters) and their number."""
    return changed_pdf(lambda document: None, pages=pages, text=text)


def changed_pdf(
    change: Callable[[pikepdf.Pdf], None],
    *,
    pages: int = 1,
    text: str = "Surat",
    object_streams: bool = False,
    encryption: pikepdf.Encryption | bool = False,
) -> bytes:
    """A letter to which `change` did something before it was saved."""
    with pikepdf.new() as document:
        font = document.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        for number in range(1, pages + 1):
            words = f"{text} {number}".encode("latin-1", "replace")
            words = words.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
            page = Dictionary(
                Type=Name.Page,
                MediaBox=[0, 0, 595, 842],
                Resources=Dictionary(Font=Dictionary(F1=font)),
                Contents=document.make_stream(b"BT /F1 14 Tf 72 770 Td (%s) Tj ET" % words),
            )
            document.pages.append(pikepdf.Page(document.make_indirect(page)))
        change(document)
        return _saved(document, object_streams=object_streams, encryption=encryption)


def _saved(document: pikepdf.Pdf, *, object_streams: bool, encryption: pikepdf.Encryption | bool) -> bytes:
    mode = pikepdf.ObjectStreamMode.generate if object_streams else pikepdf.ObjectStreamMode.disable
    target = io.BytesIO()
    document.save(target, object_stream_mode=mode, encryption=encryption, deterministic_id=not encryption)
    return target.getvalue()


def jpeg(width: int = 1200, height: int = 1600) -> bytes:
    return _image("JPEG", width, height)


def png(width: int = 600, height: int = 800) -> bytes:
    return _image("PNG", width, height)


def gif() -> bytes:
    return _image("GIF", 60, 80)


def phone_jpeg() -> bytes:
    """A JPEG with a second picture behind the first, as phones write it (MPO)."""
    target = io.BytesIO()
    photo = Image.linear_gradient("L").convert("RGB")
    photo.save(target, "MPO", save_all=True, append_images=[photo.resize((64, 64))])
    return target.getvalue()


def _image(kind: str, width: int, height: int) -> bytes:
    target = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("P" if kind == "GIF" else "RGB").save(target, kind)
    return target.getvalue()


def heic() -> bytes:
    """The beginning of an iPhone photo."""
    return b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(500)


def docx() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
    return target.getvalue()


def updated_pdf() -> bytes:
    """A letter changed twice after it was first saved: three %%EOF, as PDF editors and signers write it."""
    first = raw_pdf(LETTER)
    second = _with_update(first, {4: _stream(b"BT ET")}, size=5)
    return _with_update(second, {4: _stream(b"BT  ET")}, size=5)


def signed_pdf() -> bytes:
    """A letter with a signature field, filled in, as an electronic signature leaves it."""

    def sign(document: pikepdf.Pdf) -> None:
        signature = document.make_indirect(
            Dictionary(
                Type=Name.Sig,
                Filter=Name("/Adobe.PPKLite"),
                SubFilter=Name("/ETSI.CAdES.detached"),
                ByteRange=[0, 100, 200, 300],
                Contents=String(b"\x30" * 2000),
                M=String("D:20261122090000+07'00'"),
                Reference=[Dictionary(Type=Name.SigRef, TransformMethod=Name.DocMDP)],
            )
        )
        field = document.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                FT=Name.Sig,
                T=String("Kepala"),
                V=signature,
                Rect=[50, 50, 250, 120],
                Lock=Dictionary(Type=Name.SigFieldLock, Action=Name.All),
            )
        )
        document.pages[0].Annots = Array([field])
        document.Root.AcroForm = Dictionary(Fields=[field], SigFlags=3)

    return changed_pdf(sign)


# --- letters that are not quite right ----------------------------------------------
def encrypted_pdf(user: str = "rahasia") -> bytes:
    """Asks for a password; with an empty `user` it opens but restricts what one may do."""
    return changed_pdf(lambda document: None, encryption=pikepdf.Encryption(user=user, owner="pemilik"))


def truncated_pdf() -> bytes:
    whole = pdf(pages=3)
    return whole[: len(whole) * 2 // 3]


def repaired_pdf() -> bytes:
    """Its table of objects points one byte too far: readers open it by guessing."""
    whole = raw_pdf(LETTER)
    start = whole.rindex(b"xref\n", 0, whole.rindex(b"startxref"))
    return whole.replace(b"startxref\n%d" % start, b"startxref\n%d" % (start + 1))


def pdf_without_pages() -> bytes:
    return raw_pdf({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [] /Count 0 >>"})


def pdf_with_repeated_page(times: int) -> bytes:
    """A few kilobytes that claim one page and list it `times` times."""
    return raw_pdf(LETTER | {2: b"<< /Type /Pages /Kids [%s] /Count 1 >>" % (b"3 0 R " * times)})


def pdf_with_page_tree(*branches: int) -> bytes:
    """A page tree of so many branches, each with so many pages."""
    branch_numbers = range(5, 5 + len(branches))
    kids = b" ".join(b"%d 0 R" % number for number in branch_numbers)
    tree = {2: b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, sum(branches))}
    for number, pages in zip(branch_numbers, branches, strict=True):
        tree[number] = b"<< /Type /Pages /Parent 2 0 R /Kids [%s] /Count %d >>" % (b"3 0 R " * pages, pages)
    return raw_pdf(LETTER | tree)


def pdf_with_page_side(points: int) -> bytes:
    def widen(document: pikepdf.Pdf) -> None:
        document.pages[0].MediaBox = Array([0, 0, points, 842])

    return changed_pdf(widen)


# --- two kinds of file at once -----------------------------------------------------
def html_polyglot_pdf() -> bytes:
    """A web page first, a PDF after it: most PDF readers open it."""
    return HTML + pdf()


def html_after_pdf() -> bytes:
    return pdf(pages=20) + HTML


def html_in_pdf_header() -> bytes:
    """A web page in a comment on the second line."""
    return raw_pdf(LETTER, header=b"%PDF-1.7\n%" + HTML)


def zip_polyglot_pdf() -> bytes:
    """An archive behind the PDF: archivers open it."""
    return pdf() + docx()


def hidden_zip_pdf() -> bytes:
    """An archive in front of the table of objects, the end of the PDF being the archive's comment."""
    return raw_pdf(LETTER, before_xref=b"%" + docx() + b"\n")


def late_header_pdf(offset: int = 900) -> bytes:
    return b" " * offset + pdf()


# --- letters that act --------------------------------------------------------------
def javascript_pdf(object_streams: bool = False) -> bytes:
    """Runs a script when opened; in an object stream a search of the bytes does not see it."""

    def add(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = document.make_indirect(Dictionary(S=Name.JavaScript, JS=String(SCRIPT)))

    return changed_pdf(add, object_streams=object_streams)


def escaped_javascript_pdf() -> bytes:
    """The same, its names spelled `/#4aavaScript` and `/#4aS`."""
    catalog = b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /#53 /#4aavaScript /#4aS (app.alert\\(1\\);) >> >>"
    return raw_pdf(LETTER | {1: catalog})


def trailer_javascript_pdf() -> bytes:
    """The same, its catalogue written into the trailer instead of an object of its own."""
    catalog = b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (1) >> >>"
    return raw_pdf(LETTER).replace(b"/Root 1 0 R", b"/Root " + catalog)


def pdf_with_action(action: Mapping[str, object]) -> bytes:
    """A letter that carries out an action when a link on it is pressed."""

    def add(document: pikepdf.Pdf) -> None:
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 99, 99], A=Dictionary(action))
        document.pages[0].Annots = Array([document.make_indirect(link)])

    return changed_pdf(add)


def pdf_with_entry(key: str, value: object) -> bytes:
    """A letter with one more entry in its catalogue."""

    def add(document: pikepdf.Pdf) -> None:
        document.Root[f"/{key}"] = value

    return changed_pdf(add)


def pdf_with_annotation(subtype: str) -> bytes:
    def add(document: pikepdf.Pdf) -> None:
        annotation = Dictionary(Type=Name.Annot, Subtype=Name("/" + subtype), Rect=[0, 0, 99, 99])
        document.pages[0].Annots = Array([document.make_indirect(annotation)])

    return changed_pdf(add)


def pdf_with_page_action() -> bytes:
    """Does something whenever its page is opened (/AA)."""

    def add(document: pikepdf.Pdf) -> None:
        document.pages[0].AA = Dictionary(O=Dictionary(S=Name.Named, N=Name.Print))

    return changed_pdf(add)


def pdf_with_attachment() -> bytes:
    def add(document: pikepdf.Pdf) -> None:
        document.attachments["program.exe"] = b"MZ" + bytes(100)

    return changed_pdf(add)


def pdf_with_untyped_attachment() -> bytes:
    """The same without the names that only describe it: the file is still there."""

    def add(document: pikepdf.Pdf) -> None:
        document.Root.AF = Array([Dictionary(F=String("a.exe"), EF=Dictionary(F=document.make_stream(b"MZ")))])

    return changed_pdf(add)


def pdf_with_forgotten_attachment() -> bytes:
    """An embedded file that nothing in the document leads to."""
    return raw_pdf(LETTER | {5: _stream(b"MZ", b"/Type /EmbeddedFile ")})


def xfa_pdf() -> bytes:
    def add(document: pikepdf.Pdf) -> None:
        document.Root.AcroForm = Dictionary(Fields=[], XFA=document.make_stream(b"<xdp:xdp/>"))

    return changed_pdf(add)


def pdf_opening_at_page() -> bytes:
    """Opens at its first page, as Word and scanners write it: harmless."""

    def add(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = Array([document.pages[0].obj, Name.XYZ, None, None, 0])

    return changed_pdf(add)


def pdf_with_odd_resource_names() -> bytes:
    """A font named /AA, a picture named /EF, a script that is only words: harmless."""

    def add(document: pikepdf.Pdf) -> None:
        page = document.pages[0]
        page.Resources.Font.AA = page.Resources.Font.F1
        page.Resources.XObject = Dictionary(
            EF=document.make_stream(b"", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 1, 1])
        )
        page.Contents = document.make_stream(b"BT /AA 9 Tf (/S /JavaScript /JS \\(app.alert\\)) Tj ET")

    return changed_pdf(add)


# --- files that want to exhaust us ---------------------------------------------------
def pdf_bomb(megabytes: int = 1024) -> bytes:
    """One page whose content unfolds from 1 MB to 1 GB."""
    return raw_pdf(LETTER | {4: _stream(with_zeros(b"", megabytes), b"/Filter /FlateDecode ")})


def twice_packed_bomb() -> bytes:
    """One page whose content unfolds from 5 kB to 1 MB to 1 GB."""
    twice = zlib.compress(with_zeros(b"", 1024))
    return raw_pdf(LETTER | {4: _stream(twice, b"/Filter [/FlateDecode /FlateDecode] ")})


def object_stream_bomb(megabytes: int = 1024) -> bytes:
    """The objects of the letter are in a stream that unfolds from 1 MB to 1 GB."""
    objects = [LETTER[number] for number in (1, 2, 3)]
    starts = [sum(len(earlier) + 1 for earlier in objects[:index]) for index in range(3)]
    index = b" ".join(b"%d %d" % (number, start) for number, start in zip((1, 2, 3), starts, strict=True)) + b" "
    packed = with_zeros(index + b" ".join(objects), megabytes)
    entries = b"/Type /ObjStm /N 3 /First %d /Filter /FlateDecode " % len(index)
    parts = [
        b"%PDF-1.7\n",
        b"4 0 obj\n",
        LETTER[4],
        b"\nendobj\n",
        b"6 0 obj\n",
        _stream(packed, entries),
        b"\nendobj\n",
    ]
    body = b"".join(parts)
    inside = [(2, 6, 0), (2, 6, 1), (2, 6, 2)]
    rows = [(0, 0, 65535), *inside, (1, len(parts[0]), 0), (1, len(body), 0), (1, len(b"".join(parts[:4])), 0)]
    table = b"".join(struct.pack(">BIH", *row) for row in rows)
    body_end = b"5 0 obj\n%s\nendobj\n" % _stream(table, b"/Type /XRef /Size 7 /W [1 4 2] /Root 1 0 R ")
    return body + body_end + b"startxref\n%d\n%%%%EOF\n" % len(body)


def nested_pdf(depth: int = 1000) -> bytes:
    return raw_pdf(LETTER | {5: b"[" * depth + b"]" * depth})


def looping_pdf() -> bytes:
    """Its table of objects names itself as the one before it."""
    whole = raw_pdf(LETTER)
    start = int(whole.split(b"startxref\n")[1].split()[0])
    return whole.replace(b"/Root", b"/Prev %d /Root" % start)


def looping_page_tree_pdf() -> bytes:
    return raw_pdf(LETTER | {2: b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 1 >>"})


def pdf_with_many_objects(count: int) -> bytes:
    """`count` empty dictionaries: packed, they would fit into a fraction of the limit."""
    return raw_pdf(LETTER | {5: b"[" + b"<<>>" * count + b"]"})


def png_bomb(side: int = 20_000) -> bytes:
    """A few bytes that claim to be a picture of `side` x `side` pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", with_zeros(b"", 1)) + chunk(b"IEND", b"")


def with_zeros(beginning: bytes, megabytes: int) -> bytes:
    """`beginning` and so many zeros in zlib's format, made by packing one megabyte and repeating it."""
    packer, million = zlib.compressobj(9, zlib.DEFLATED, -15), bytes(2**20)
    first = packer.compress(beginning) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(million) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = zlib.adler32(beginning)
    for _ in range(megabytes):
        checksum = zlib.adler32(million, checksum)
    return b"\x78\xda" + first + block * megabytes + b"\x03\x00" + struct.pack(">I", checksum)


# --- a PDF written by hand -----------------------------------------------------------
def _stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< %s/Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


LETTER = {
    1: b"<< /Type /Catalog /Pages 2 0 R >>",
    2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents 4 0 R >>",
    4: _stream(b""),
}
"""The objects of an empty letter of one page."""


def raw_pdf(objects: Mapping[int, bytes], *, header: bytes = b"%PDF-1.7\n", before_xref: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1 without gaps, and nothing a library would correct."""
    body, offsets = header, []
    for number in sorted(objects):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    body += before_xref
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Root 1 0 R /Size %d >>\n" % (len(objects) + 1)
    return body + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)


def _with_update(before: bytes, objects: Mapping[int, bytes], *, size: int) -> bytes:
    """`before` with newer versions of some of its objects behind it."""
    previous = int(before.rsplit(b"startxref\n", 1)[1].split()[0])
    body, table = before, b"xref\n"
    for number, content in objects.items():
        table += b"%d 1\n%010d 00000 n \n" % (number, len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    trailer = b"trailer\n<< /Root 1 0 R /Size %d /Prev %d >>\n" % (size, previous)
    return body + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)
