"""User names of accounts: readable ones such as `fmipa-siakad`, which say whose account it is."""

import re
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _

MIN_LENGTH = 3
MAX_LENGTH = 40
FALLBACK = "akun"
RESERVED = frozenset({"berakhir", "catatan-pemrosesan", "tugas-layanan"})
"""Words that are pages of their own where an account's page would stand (`/akun/<word>/`)."""
_LAST_NUMBER = 9999

_ALLOWED = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def suggest(unit_code: str, application: str, taken: Callable[[str], bool]) -> str:
    """A free user name from the unit's code and the consuming application, numbered when `taken` says so.

    ASCII, lower-case, 3 to 40 characters; long names are cut between words. LookupError
    when ten thousand of them are taken.
    """
    base = _base(_slug(unit_code), _slug(application))
    for number in range(1, _LAST_NUMBER + 1):
        suffix = "" if number == 1 else f"-{number}"
        name = _cut(base, MAX_LENGTH - len(suffix)) + suffix
        if name not in RESERVED and not taken(name):
            return name
    raise LookupError(f"every user name like {base} is taken")


def validate(username: str) -> None:
    """ValidationError with a sentence for people unless `username` is one that `suggest` could give."""
    if not MIN_LENGTH <= len(username) <= MAX_LENGTH:
        raise ValidationError(
            _("Nama pengguna terdiri atas %(min)d sampai %(max)d karakter; yang diisi %(typed)d."),
            code="wrong_length",
            params={"min": MIN_LENGTH, "max": MAX_LENGTH, "typed": len(username)},
        )
    if not _ALLOWED.fullmatch(username):
        raise ValidationError(
            _(
                "Nama pengguna diawali huruf dan hanya berisi huruf kecil a–z, angka, dan tanda hubung"
                " di antaranya, misalnya fmipa-siakad."
            ),
            code="wrong_characters",
        )
    if username in RESERVED:
        raise ValidationError(_("Nama ini dipakai untuk halaman lain. Pilih nama pengguna lain."), code="reserved")


def _base(unit: str, application: str) -> str:
    """Unit and application joined; the unit is not said twice when the application's name begins or ends with it."""
    application = application.removesuffix(f"-{unit}")
    says_unit = application == unit or application.startswith(f"{unit}-")
    base = application if says_unit else "-".join(filter(None, (unit, application)))
    if len(base) < MIN_LENGTH or not base[0].isalpha():
        base = "-".join(filter(None, (FALLBACK, base)))
    return base


def _slug(text: str) -> str:
    """ASCII letters and digits with single hyphens between; accents go, other scripts vanish."""
    words = re.sub(r"[^\w'’]+", "-", text)  # slugify would join what a slash or a dot parts
    return slugify(words).replace("_", "-")


def _cut(text: str, length: int) -> str:
    """At most `length` characters; between words unless that would lose more than half."""
    if len(text) <= length:
        return text
    whole_words = text[: length + 1].rpartition("-")[0]
    return whole_words if len(whole_words) >= length // 2 else text[:length]
