"""Files that people send us: received under a limit, inspected, named by us.

Nothing the sender says about a file is believed: not its name, its extension or
the type their browser reports, only its content. What is inside a file is looked
at in a process of its own (`upload_inspection.py`), never in the web process.

Sources: OWASP ASVS 5.0, chapter 5 (file handling).
"""

import hashlib
import json
import logging
import re
import subprocess
import sys
import tempfile
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)

INSPECTION = Path(__file__).with_name("upload_inspection.py")
INSPECTION_SECONDS = 10
"""Wall clock; the process itself stops after 5 seconds of CPU time."""

EXTENSIONS = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
}
"""What we accept, and the extensions that fit; the first is the one we give."""

NAME_LENGTH = 120
EXTENSION_LENGTH = 10
NAMELESS = "berkas"

SENTENCES = {
    "too_large": _(
        "Berkas “%(name)s” lebih besar dari %(limit)s MB. Pindai ulang dengan resolusi 150–200 dpi "
        "atau bagi menjadi beberapa berkas, lalu unggah lagi."
    ),
    "empty": _(
        "Berkas “%(name)s” kosong (0 byte). Pastikan berkas itu dapat dibuka di perangkat Anda, lalu unggah lagi."
    ),
    "unsupported_type": _(
        "Berkas “%(name)s” bukan PDF, JPG, atau PNG. Pindai atau simpan suratnya sebagai PDF, atau foto suratnya, "
        "lalu unggah hasilnya."
    ),
    "heic": _(
        "Foto “%(name)s” berformat HEIC atau AVIF, yang tidak dapat dibuka di semua perangkat. Kirim foto itu "
        "sebagai JPG: di iPhone buka Pengaturan > Kamera > Format, pilih Paling Kompatibel, foto ulang suratnya, "
        "lalu unggah."
    ),
    "office": _(
        "Berkas “%(name)s” adalah dokumen Office atau arsip ZIP. Buka dokumennya, simpan sebagai PDF, "
        "lalu unggah PDF itu."
    ),
    "mixed_content": _(
        "Berkas “%(name)s” memuat data lain di samping isi PDF. Buka berkas itu, cetak ke PDF, lalu unggah hasilnya."
    ),
    "too_complex": _(
        "Berkas “%(name)s” terlalu rumit untuk diperiksa. Cetak ke PDF dan unggah hasilnya, "
        "atau unggah foto tiap halaman (JPG)."
    ),
    "not_checked": _(
        "Berkas “%(name)s” belum dapat diperiksa. Unggah lagi beberapa menit kemudian; "
        "jika masih sama, hubungi helpdesk UPT TIK."
    ),
    "pdf_encrypted": _(
        "PDF “%(name)s” dikunci dengan kata sandi atau pembatasan. Simpan salinan tanpa kunci "
        "atau pindai suratnya, lalu unggah hasilnya."
    ),
    "pdf_broken": _(
        "PDF “%(name)s” rusak atau tidak lengkap. Unduh atau pindai ulang suratnya, pastikan dapat dibuka, "
        "lalu unggah lagi."
    ),
    "pdf_no_pages": _("PDF “%(name)s” tidak berisi halaman. Pindai ulang suratnya, lalu unggah hasilnya."),
    "pdf_too_many_pages": _(
        "PDF “%(name)s” lebih dari 300 halaman. Unggah suratnya saja, atau bagi menjadi beberapa PDF."
    ),
    "pdf_page_too_large": _(
        "PDF “%(name)s” memuat halaman yang lebih besar dari 5 meter. Cetak ke PDF dengan ukuran A4, "
        "lalu unggah hasilnya."
    ),
    "pdf_active": _(
        "PDF “%(name)s” berisi skrip, media, atau perintah otomatis. Buka berkas itu, cetak ke PDF, "
        "lalu unggah hasilnya."
    ),
    "pdf_attachment": _(
        "PDF “%(name)s” berisi berkas lain sebagai lampiran. Cetak suratnya ke PDF tanpa lampiran itu, "
        "lalu unggah lampirannya sebagai berkas tersendiri."
    ),
    "image_broken": _(
        "Foto “%(name)s” rusak atau tidak lengkap. Foto ulang suratnya, pastikan dapat dibuka, lalu unggah lagi."
    ),
    "image_too_many_pixels": _(
        "Foto “%(name)s” lebih dari 120 megapiksel. Foto ulang dengan resolusi biasa, lalu unggah lagi."
    ),
}
"""Code of a refusal -> what happened to which file, and what to do."""


class Refused(ValidationError):
    """A file is not accepted; `code` is a key of `SENTENCES`, `messages` holds the one sentence."""

    def __init__(self, code: str, *, file_name: str) -> None:
        limit = settings.MAX_UPLOAD_BYTES // 2**20
        super().__init__(SENTENCES[code], code=code, params={"name": clean_name(file_name), "limit": limit})


@dataclass(frozen=True)
class Inspected:
    """What we found out about an accepted file ourselves."""

    content_type: str
    """A key of `EXTENSIONS`."""
    pages: int
    """1 for a photo."""
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""
    display_name: str
    """The sender's name for it, cleaned; its extension fits the content. To be shown, never a path."""


class BoundedUploadHandler(FileUploadHandler):
    """Receives each file into a temporary file, up to `settings.MAX_UPLOAD_BYTES`.

    What exceeds the limit is dropped while it arrives, and the rest of the form
    is read on, so nothing typed is lost; `refused_while_receiving` tells the
    form which files these were. The temporary file never has a name, so neither
    an aborted upload nor a killed server leaves one behind.
    """

    file: UploadedFile

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.refused: list[tuple[str, str]] = []
        if request is not None:
            request.refused_uploads = self.refused  # type: ignore[attr-defined]

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = UploadedFile(
            tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR),  # noqa: SIM115 - the request closes it
            clean_name(self.file_name or ""),
            self.content_type,
            0,
            self.charset,
            self.content_type_extra,
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > settings.MAX_UPLOAD_BYTES:
            self.refused.append((self.field_name, self.file.name or NAMELESS))
            raise SkipFile  # Django closes `self.file` and reads past the rest of it
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        self.file.close()


def refused_while_receiving(request: HttpRequest, field_name: str) -> list[Refused]:
    """One error for each file of a form field that was over the limit and is gone."""
    request.FILES  # noqa: B018 - reading the form is what runs the upload handler
    refused: list[tuple[str, str]] = getattr(request, "refused_uploads", [])
    return [Refused("too_large", file_name=name) for field, name in refused if field == field_name]


def inspect(file: File, *, file_name: str) -> Inspected:
    """Look into a file of at most `settings.MAX_UPLOAD_BYTES` and say what it is.

    `file_name` is the sender's. The file is left at its beginning. Takes about
    0.15 seconds, 10 at most. Raises `Refused`.
    """
    digest, size = hashlib.sha256(), 0
    with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as copy:
        for chunk in file.chunks():
            size += len(chunk)
            if size > settings.MAX_UPLOAD_BYTES:
                raise Refused("too_large", file_name=file_name)
            digest.update(chunk)
            copy.write(chunk)
        if not size:
            raise Refused("empty", file_name=file_name)
        copy.seek(0)
        answer = _look_inside(copy)
    file.seek(0)
    if code := answer.get("refused"):
        logger.info("upload of %d bytes refused: %s", size, code)
        raise Refused(code, file_name=file_name)
    return Inspected(
        content_type=answer["content_type"],
        pages=answer["pages"],
        size=size,
        sha256=digest.hexdigest(),
        display_name=display_name(file_name, answer["content_type"]),
    )


def _look_inside(copy: IO[bytes]) -> dict[str, Any]:
    """The answer of `upload_inspection.py`, also when that process died of the file."""
    try:
        child = subprocess.run(
            [sys.executable, "-I", INSPECTION],
            stdin=copy,
            capture_output=True,
            env={},  # no secret of ours is within reach of a file that takes the parser over
            timeout=INSPECTION_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"refused": "too_complex"}
    except OSError:
        logger.exception("cannot start the inspection of an upload")
        return {"refused": "not_checked"}
    if child.returncode == 0:
        return json.loads(child.stdout)
    logger.error("inspection of an upload ended with %d: %s", child.returncode, child.stderr[-1000:])
    return {"refused": "too_complex" if child.returncode < 0 else "not_checked"}


def stored_name(kind: str, *, content_type: str, now: datetime) -> str:
    """Our own name for a file, below `MEDIA_ROOT`: `surat/2026/11/<random>.pdf`.

    `kind` names the folder and comes from the code, never from a person (else
    `ValueError`); year and month are local. `content_type` is a key of
    `EXTENSIONS`. The sender's name plays no part.
    """
    if not re.fullmatch(r"[a-z_]+", kind):
        raise ValueError(f"not a folder of ours: {kind!r}")
    return f"{kind}/{timezone.localtime(now):%Y/%m}/{uuid.uuid4().hex}{EXTENSIONS[content_type][0]}"


def clean_name(name: str) -> str:
    """A sender's file name made safe to show: one line, no path, no invisible or turning characters.

    At most `NAME_LENGTH` characters, keeping the extension; `NAMELESS` if nothing is left.
    """
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    name = "".join(character for character in " ".join(name.split()) if character.isprintable()).strip()
    if not name.strip("."):
        return NAMELESS
    extension = Path(name).suffix
    if len(extension) > EXTENSION_LENGTH:
        extension = ""
    return name.removesuffix(extension)[: NAME_LENGTH - len(extension)] + extension


def display_name(name: str, content_type: str) -> str:
    """The cleaned name, with an extension that fits: `surat.exe` that is a PDF becomes `surat.exe.pdf`."""
    name = clean_name(name)
    if name.lower().endswith(EXTENSIONS[content_type]):
        return name
    return clean_name(name + EXTENSIONS[content_type][0])
