"""Which requests read which data: shapes of paths, and what a path must be before it is compared with them.

A shape is a path whose parts are literal, `*` (exactly one part) or, only at the end, `**`
(any number of parts, also none). Its first part is literal, so no shape covers everything.
Upper and lower case differ; one slash at the end makes no difference.

The gate and the webservice behind it are two programs that read the same path. Whatever
they might read differently is refused rather than interpreted: dots that climb, doubled
slashes, encoded separators, parameters after `;`, characters outside Unicode's compatible form.
"""

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MAX_PATTERN = 200
MAX_PARTS = 30
MAX_PATH = 2048
"""Characters of a request's path, before decoding."""

_PLAIN_PATH = re.compile(r"/(?:[A-Za-z0-9_~!$&'()*+,=:@.-]+(?:/[A-Za-z0-9_~!$&'()*+,=:@.-]+)*/?)?")
"""Only characters that need no decoding and mean nothing special; dots are looked at afterwards."""
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ENCODED_SEPARATOR = re.compile(rb"%(?:2[ef3]|3[bf]|5c)", re.IGNORECASE)
_SPECIAL = frozenset("\\;?#%")


class BadPath(Exception):
    """Two programs may read this path differently."""


class Pattern(NamedTuple):
    """A compiled shape; `parts` without the closing `**`, for which `is_open` stands."""

    parts: tuple[str, ...]
    is_open: bool


def compile_pattern(text: str) -> Pattern:
    """The shape that `text` describes; ValidationError with a sentence that says what to type instead."""
    if not text.startswith("/"):
        raise ValidationError(_("Awali pola dengan garis miring, misalnya /api/mahasiswa/**."), code="no_slash")
    if len(text) > MAX_PATTERN:
        raise ValidationError(_("Pola paling panjang %(max)d karakter."), code="too_long", params={"max": MAX_PATTERN})
    parts = text[1:].removesuffix("/").split("/")
    if len(parts) > MAX_PARTS:
        raise ValidationError(_("Pola paling banyak %(max)d bagian."), code="too_many", params={"max": MAX_PARTS})
    if "*" in parts[0] or not parts[0]:
        raise ValidationError(
            _("Pola ini berlaku untuk semua alamat. Tulis bagian pertamanya, misalnya /api/**."), code="everything"
        )
    is_open = parts[-1] == "**"
    if is_open:
        parts.pop()
    for part in parts:
        if "*" in part and part != "*":
            raise ValidationError(
                _("“%(part)s”: gunakan * untuk satu bagian penuh, dan ** hanya di akhir pola."),
                code="misplaced_star",
                params={"part": part},
            )
    try:
        if "%" in text or "" in parts:
            raise BadPath
        split_path("/" + "/".join(part.replace("*", "-") for part in parts))
    except BadPath:
        raise ValidationError(
            _("Tulis alamat apa adanya: tanpa //, tanpa bagian yang hanya titik, tanpa ; ? # \\ dan tanda persen."),
            code="bad_path",
        ) from None
    return Pattern(tuple(parts), is_open)


def read_methods(text: str) -> tuple[str, ...]:
    """The HTTP methods in `text`, separated by commas or spaces, each once; ValidationError names a wrong one."""
    methods = tuple(dict.fromkeys(text.upper().replace(",", " ").split()))
    if not methods:
        raise ValidationError(_("Isi paling sedikit satu metode, misalnya GET."), code="required")
    for method in methods:
        if method not in METHODS:
            raise ValidationError(
                _("“%(method)s” bukan metode HTTP. Pilih dari %(known)s."),
                code="unknown_method",
                params={"method": method, "known": ", ".join(METHODS)},
            )
    return methods


def split_path(path: str) -> list[str]:
    """The decoded parts of a request's path, without the query; BadPath for what could be read in two ways.

    `path` is as WSGI gives header values: bytes as Latin-1 text. The root has no parts;
    one slash at the end is dropped.
    """
    if len(path) > MAX_PATH:
        raise BadPath
    if not _PLAIN_PATH.fullmatch(path):
        path = _decode(path)
    parts = path[1:].split("/")
    if not parts[-1]:
        parts.pop()
    if "." in path:
        for part in parts:
            if not part.strip(". "):  # Windows drops spaces behind dots
                raise BadPath
    return parts


def matches(pattern: Pattern, parts: list[str]) -> bool:
    """Whether a path, split by `split_path`, has this shape."""
    wanted = pattern.parts
    surplus = len(parts) - len(wanted)
    if surplus < 0 or (surplus and not pattern.is_open):
        return False
    return all(want in (part, "*") for want, part in zip(wanted, parts, strict=False))


def _decode(path: str) -> str:
    """`path` decoded once, when both programs must come to the same text; else BadPath."""
    try:
        raw = path.encode("latin-1")
        if _BROKEN_ESCAPE.search(raw) or _ENCODED_SEPARATOR.search(raw):
            raise BadPath
        if b"?" in raw or b"#" in raw:
            raise BadPath
        text = unquote_to_bytes(raw).decode()
    except UnicodeError:
        raise BadPath from None
    if not text.startswith("/") or "//" in text or not text.isprintable() or not _SPECIAL.isdisjoint(text):
        raise BadPath
    if unicodedata.normalize("NFKC", text) != text:
        raise BadPath
    return text
