"""Employee numbers: how they are typed, checked, shown and hidden.

The only hard check is the length of NIP and NI PPPK (Perka BKN 22/2007: 18 digits).
What the digits seem to say is a hint and no more: published NI PPPK numbers break every
stricter rule. An employee number is public and discloses a birth date, so it is never a
secret and is masked in lists. The population number (NIK) is never collected.
"""

import re
import unicodedata
from datetime import date
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class IdentityType(StrEnum):
    """Which number identifies a person; not everybody has a NIP."""

    NIP = "nip"
    NI_PPPK = "ni_pppk"
    NIPK = "nipk"
    NUPTK = "nuptk"
    OTHER = "other"


IDENTITY_LABELS = {
    IdentityType.NIP: gettext_lazy("NIP"),
    IdentityType.NI_PPPK: gettext_lazy("NI PPPK"),
    IdentityType.NIPK: gettext_lazy("NIPK atau nomor pegawai"),
    IdentityType.NUPTK: gettext_lazy("NUPTK"),
    IdentityType.OTHER: gettext_lazy("Lainnya"),
}
IDENTITY_CHOICES = [(kind.value, label) for kind, label in IDENTITY_LABELS.items()]

CIVIL_SERVICE = frozenset({IdentityType.NIP, IdentityType.NI_PPPK})
CIVIL_SERVICE_DIGITS = 18
NUPTK_DIGITS = 16

_ALL_DIGITS = frozenset({*CIVIL_SERVICE, IdentityType.NUPTK})
_SEPARATORS = re.compile(r"[\s.\-\u2010-\u2015\u2212\u200b-\u200f\u2060\ufeff]+")
_WORKING_AGES = range(17, 81)
_EARLIEST_APPOINTMENT = 1950
_LOOKS_LIKE_NIK = re.compile(r"[1-9]\d{5}(0[1-9]|[12]\d|3[01]|4[1-9]|[56]\d|7[01])(0[1-9]|1[0-2])\d{6}")
_VISIBLE_WHEN_MASKED = 3


def normalise(kind: str, text: str) -> str:
    """The number as it is stored.

    NIP, NI PPPK and NUPTK lose spaces, dots and hyphens. Other numbers may mean something
    by theirs and lose only surplus spaces.
    """
    text = unicodedata.normalize("NFKC", text)
    return _SEPARATORS.sub("", text) if kind in _ALL_DIGITS else " ".join(text.split())


def check(kind: str, number: str) -> None:
    """ValidationError with a sentence for people when a normalised NIP or NI PPPK is not 18 digits."""
    if kind not in CIVIL_SERVICE:
        return
    label = IDENTITY_LABELS[IdentityType(kind)]
    if stray := re.search(r"[^0-9]", number):
        raise ValidationError(
            _("%(label)s hanya terdiri atas angka; “%(stray)s” bukan angka."),
            code="not_digits",
            params={"label": label, "stray": stray[0]},
        )
    if len(number) != CIVIL_SERVICE_DIGITS:
        raise ValidationError(
            _("%(label)s terdiri atas %(expected)d angka; yang diisi %(typed)d angka."),
            code="wrong_length",
            params={"label": label, "expected": CIVIL_SERVICE_DIGITS, "typed": len(number)},
        )


def soft_hints(kind: str, number: str, today: date) -> list[str]:
    """What looks odd about a normalised number on the local date `today`; sentences that never block."""
    if kind in CIVIL_SERVICE and re.fullmatch(r"[0-9]{18}", number):
        return _civil_service_hints(kind, number, today)
    if kind == IdentityType.NUPTK and not re.fullmatch(r"[0-9]{16}", number):
        return [_("NUPTK biasanya terdiri atas %(expected)d angka; periksa kembali.") % {"expected": NUPTK_DIGITS}]
    if kind in (IdentityType.NIPK, IdentityType.OTHER) and _LOOKS_LIKE_NIK.fullmatch(number):
        return [_("Nomor ini mirip NIK. NIK tidak diperlukan; isi nomor pegawai.")]
    return []


def grouped(number: str) -> str:
    """18 digits as 8-6-1-3 with spaces, the way people compare them; any other number unchanged."""
    if not re.fullmatch(r"[0-9]{18}", number):
        return number
    return f"{number[:8]} {number[8:14]} {number[14]} {number[15:]}"


def masked(number: str) -> str:
    """For lists: the last three characters only, nothing at all of a number too short to hide the rest."""
    if not number:
        return ""
    return "•••" + (number[-_VISIBLE_WHEN_MASKED:] if len(number) > 2 * _VISIBLE_WHEN_MASKED else "")


def _civil_service_hints(kind: str, number: str, today: date) -> list[str]:
    """Layout: birth date (8), year appointed (4), month (NIP) or contract count (NI PPPK) (2), sex (1), serial (3)."""
    hints = []
    born = _date_or_none(number[:8])
    if born is None:
        hints.append(_("Delapan angka pertama biasanya tanggal lahir (tahun, bulan, tanggal); periksa kembali."))
    elif _age(born, today) not in _WORKING_AGES:
        hints.append(_("Tanggal lahir pada delapan angka pertama tampak tidak wajar; periksa kembali."))
    earliest = born.year + _WORKING_AGES.start if born else _EARLIEST_APPOINTMENT
    if not earliest <= int(number[8:12]) <= today.year:
        hints.append(_("Angka ke-9 sampai ke-12 biasanya tahun pengangkatan; periksa kembali."))
    if kind == IdentityType.NIP and not 1 <= int(number[12:14]) <= 12:
        hints.append(
            _("Angka ke-13 dan ke-14 pada NIP biasanya bulan. Bila ini NI PPPK, pilih jenis identitas NI PPPK.")
        )
    if number[14] not in "12":
        hints.append(_("Angka ke-15 biasanya 1 atau 2; periksa kembali."))
    return hints


def _date_or_none(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
