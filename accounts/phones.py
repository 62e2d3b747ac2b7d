"""Phone numbers as Indonesian offices write them, stored as E.164 (`+6281234567890`)."""

import re
import unicodedata

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from phonenumbers import NumberParseException, PhoneNumberFormat

REGION = "ID"
MAX_LENGTH = 100

_EXTENSION = re.compile(
    r"[,;]?\s*(?<![^\W\d_])(?:extension|ext|ekstensi|ekst|pesawat|pes|x)[\s.:]*\d{1,7}\s*$", re.IGNORECASE
)
_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?!\w)")
_LETTER = re.compile(r"[^\W\d_]")
_PARTS_NUMBERS = re.compile(r"\d\D*[^\d \t().\-\u2010-\u2015\u2060\u200b-\u200f]\D*\d")
"""Between the digits of one number stand only spaces, brackets, dots and hyphens."""
_STRAY = re.compile(r"[^0-9+]")
_WITHOUT_AREA_CODE = re.compile(r"[2-7]\d{4,7}")


def normalise(text: str) -> str:
    """One phone number in E.164; ValidationError with a sentence for people when it is not exactly one.

    Without a country code the number is Indonesian; mobile and landline numbers are both
    welcome. Notes such as "(WA)" are dropped, and so is an extension, which E.164 cannot hold.
    """
    digits = _only_number(text)
    if _WITHOUT_AREA_CODE.fullmatch(digits):
        raise ValidationError(_("Sertakan kode wilayah, misalnya (0651) 7551234."), code="no_area_code")
    try:
        number = phonenumbers.parse(digits, REGION)
    except NumberParseException:
        raise _not_one_number() from None
    if not phonenumbers.is_valid_number(number):
        raise _not_one_number()
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def display(e164: str) -> str:
    """A stored number the way people read it: 0812-3456-7890, (0651) 7551234, +60 12-345 6789.

    Anything that is not a phone number comes back unchanged.
    """
    try:
        number = phonenumbers.parse(e164, REGION)
    except NumberParseException:
        return e164
    is_indonesian = number.country_code == phonenumbers.country_code_for_region(REGION)
    return phonenumbers.format_number(
        number, PhoneNumberFormat.NATIONAL if is_indonesian else PhoneNumberFormat.INTERNATIONAL
    )


def _only_number(text: str) -> str:
    """Digits with at most a leading plus; ValidationError for two numbers or letters among the digits."""
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise _not_one_number()
    text = _EXTENSION.sub("", unicodedata.normalize("NFKC", text))
    if _PARTS_NUMBERS.search(text) or _LETTER.search(_WORD.sub("", text)):  # a letter typed for a digit, as in O812
        raise _not_one_number()
    digits = _STRAY.sub("", text)
    if digits.startswith("00"):
        return "+" + digits[2:]
    # Without the plus a short 628... is taken for area code 0628 (Kabanjahe), and passes.
    return f"+{digits}" if digits.startswith("628") else digits


def _not_one_number() -> ValidationError:
    return ValidationError(_("Isi satu nomor telepon, misalnya 0812-3456-7890."), code="not_one_phone_number")
