"""Secrets, link tickets and codes: how they are made, recognised and remembered.

A secret is `uws_`, 30 random base62 characters (178 bits) and 6 characters of checksum,
after GitHub's token format of 2021: the prefix says what it is to whoever finds it, the
checksum turns a typo away without a look-up. Only a keyed hash is stored. With this much
entropy a fast hash is enough (OWASP ASVS 5.0, 6.5.2), and a slow one would let anybody
exhaust the gate.
"""

import hmac
import re
import secrets
import string
import zlib
from hashlib import sha256
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

CLIENT_PREFIX = "uws_"
TICKET_PREFIX = "uwr_"
TOKEN_PREFIX = "uwt_"  # noqa: S105  # how every token begins
SERVER_PREFIX = "uwg_"
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_CHARACTERS = 30
CHECKSUM_CHARACTERS = 6
CODE_DIGITS = 8
HINT_CHARACTERS = 4

_BODY = re.compile(rf"[0-9A-Za-z]{{{RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}}")


class Digest(NamedTuple):
    """What may be stored: which pepper was used, and the HMAC-SHA256 as 64 hexadecimal characters."""

    version: int
    hex: str


def new_secret() -> str:
    """A fresh client secret, to be shown once and stored only as `digest`."""
    return _new(CLIENT_PREFIX)


def new_ticket() -> str:
    """A fresh ticket for a link in a mail. It finds the page where a secret can be opened, and has no other power."""
    return _new(TICKET_PREFIX)


def new_token() -> str:
    """A fresh access token (RFC 6749, 4.4), to be given once and stored only as `digest`."""
    return _new(TOKEN_PREFIX)


def new_server_secret() -> str:
    """A fresh secret for a resource server that asks about tokens, to be shown once and stored only as `digest`."""
    return _new(SERVER_PREFIX)


@sensitive_variables()
def new_code() -> str:
    """Eight random digits as 1234-5678, to be read in a mail and typed. Guessable: limit the tries."""
    digits = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    return f"{digits[:4]}-{digits[4:]}"


@sensitive_variables()
def normalise_code(text: str) -> str:
    """A typed code in the form `new_code` gives; ValidationError when it is not eight digits.

    Spaces, hyphens and dots may stand anywhere.
    """
    digits = re.sub(r"[\s.\-\u2010-\u2015]", "", text)
    if not re.fullmatch(rf"[0-9]{{{CODE_DIGITS}}}", digits):
        raise ValidationError(
            _("Kode terdiri atas %(count)d angka, misalnya 1234-5678."),
            code="not_a_code",
            params={"count": CODE_DIGITS},
        )
    return f"{digits[:4]}-{digits[4:]}"


@sensitive_variables()
def looks_genuine(text: str) -> bool:
    """Whether `text` has a secret's shape and checksum; asks no database."""
    return _is_whole(text, CLIENT_PREFIX)


@sensitive_variables()
def looks_like_server_secret(text: str) -> bool:
    """Whether `text` has the shape and checksum of a resource server's secret; asks no database."""
    return _is_whole(text, SERVER_PREFIX)


@sensitive_variables()
def looks_like_ticket(text: str) -> bool:
    """Whether `text` has a link ticket's shape and checksum; asks no database."""
    return _is_whole(text, TICKET_PREFIX)


@sensitive_variables()
def looks_like_token(text: str) -> bool:
    """Whether `text` has an access token's shape and checksum; asks no database."""
    return _is_whole(text, TOKEN_PREFIX)


@sensitive_variables()
def digest(secret: str, pepper_version: int | None = None) -> Digest:
    """The keyed hash under one pepper, by default the newest. KeyError when that pepper is not configured."""
    peppers = _peppers()
    version = max(peppers) if pepper_version is None else pepper_version
    return Digest(version, hmac.new(peppers[version], secret.encode(errors="surrogatepass"), sha256).hexdigest())


@sensitive_variables()
def candidate_digests(secret: str) -> list[Digest]:
    """The keyed hash under every configured pepper, newest first: what to look a presented secret up by."""
    return [digest(secret, version) for version in sorted(_peppers(), reverse=True)]


@sensitive_variables()
def derived_key(purpose: str, pepper_version: int | None = None) -> tuple[int, bytes]:
    """A pepper's version and 32 bytes for one `purpose` derived from it (HKDF, RFC 5869), by default the newest.

    Different purposes give unrelated keys. KeyError when that pepper is not configured.
    """
    peppers = _peppers()
    version = max(peppers) if pepper_version is None else pepper_version
    return version, HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(peppers[version])


@sensitive_variables()
def matches(secret: str, stored_hex: str) -> bool:
    """Whether `secret` (or a ticket, or a normalised code) is the one behind a stored digest, under any pepper.

    Takes the same time whether and where they differ; an empty `stored_hex` matches nothing.
    """
    verdicts = [
        hmac.compare_digest(candidate.hex.encode(), stored_hex.encode()) for candidate in candidate_digests(secret)
    ]
    return any(verdicts)


@sensitive_variables()
def display_hint(secret: str) -> str:
    """Enough to tell one secret from another on a page: its prefix and last four characters."""
    return f"{secret[: len(CLIENT_PREFIX)]}…{secret[-HINT_CHARACTERS:]}"


@sensitive_variables()
def _new(prefix: str) -> str:
    text = prefix + "".join(secrets.choice(BASE62) for _position in range(RANDOM_CHARACTERS))
    return text + _checksum(text)


@sensitive_variables()
def _is_whole(text: str, prefix: str) -> bool:
    body, checksum = text[:-CHECKSUM_CHARACTERS], text[-CHECKSUM_CHARACTERS:]
    return (
        text.startswith(prefix)
        and _BODY.fullmatch(text, len(prefix)) is not None
        and hmac.compare_digest(_checksum(body), checksum)
    )


@sensitive_variables()
def _checksum(text: str) -> str:
    """CRC-32 in base62, most significant character first, filled up with 0."""
    rest, characters = zlib.crc32(text.encode()), ""
    for _position in range(CHECKSUM_CHARACTERS):
        rest, index = divmod(rest, len(BASE62))
        characters = BASE62[index] + characters
    return characters


@sensitive_variables()
def _peppers() -> dict[int, bytes]:
    """The configured peppers by version; ImproperlyConfigured when there is none or a version is not a number."""
    try:
        peppers = {int(version): pepper.encode() for version, pepper in settings.CREDENTIAL_PEPPER_KEYS.items()}
    except ValueError:
        raise ImproperlyConfigured("CREDENTIAL_PEPPER_KEYS: every version must be a whole number") from None
    if not peppers or not all(peppers.values()):
        raise ImproperlyConfigured("CREDENTIAL_PEPPER_KEYS: name at least one pepper, and none empty")
    return peppers
