"""Signed messages to another webservice: their signature, where they may go, and one POST.

The signature is that of Standard Webhooks 1.0.0 (`spec/standard-webhooks.md` of
github.com/standard-webhooks/standard-webhooks): `webhook-id`, `webhook-timestamp` and
`webhook-signature`, the last with one `v1,base64(HMAC-SHA256(key, id.timestamp.body))`
for every key that the receiver may have, separated by spaces.
"""

import base64
import contextlib
import hmac
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from webservice_accounts import credentials
from webservice_accounts.addresses import Address

PREFIX = "whsec_"
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
"""From the first look-up of the name to the last header of the answer."""
LONGEST_WAIT = 24 * 60 * 60
"""Seconds; a receiver that asks for more patience (Retry-After) gets this much."""

_NAT64 = IPv6Network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}


# --- signing ------------------------------------------------------------------------------
@sensitive_variables()
def keys(service_code: str, version: int) -> list[bytes]:
    """The keys to sign with, 32 bytes each, the one in force first; derived from the peppers, stored nowhere.

    HMAC-SHA256(pepper, label) of the service's code and `version`, and of the version
    before it, under every configured pepper: a receiver that has not changed its key yet
    still finds a signature it can check.
    """
    versions = [version, version - 1] if version > 1 else [version]
    derived = [credentials.candidate_digests(f"webhook:{service_code}:{one}") for one in versions]
    return [bytes.fromhex(digest.hex) for of_one_version in derived for digest in of_one_version]


@sensitive_variables()
def shown(key: bytes) -> str:
    """The key as receivers enter it: `whsec_` and base64."""
    return PREFIX + base64.b64encode(key).decode()


@sensitive_variables()
def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """One entry of `webhook-signature`; `timestamp` is that of the attempt, in Unix seconds."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()


@sensitive_variables("signing_keys")
def headers(signing_keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """What goes with the body. ValueError for an id with a full stop, which would blur what was signed."""
    if "." in message_id:
        raise ValueError(f"a message id must not contain a full stop: {message_id}")
    return {
        "content-type": "application/json",
        "user-agent": "Gapura",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(key, message_id, timestamp, body) for key in signing_keys),
    }


# --- where to -----------------------------------------------------------------------------
def check_url(url: str) -> SplitResult:
    """The parts of an address that webhooks may go to, as far as it can be judged by its spelling.

    ValidationError unless it is https (with `DEBUG` on also http), names a host, and
    carries no user name or password.
    """
    allowed = ("https", "http") if settings.DEBUG else ("https",)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValidationError(_("Alamat ini tidak dapat dibaca. Contoh: https://layanan.usk.ac.id/gapura")) from None
    if parts.scheme not in allowed:
        raise ValidationError(_("Alamat webhook harus diawali https://, karena pesannya menyebut orang dan haknya."))
    if not parts.hostname or port == 0:
        raise ValidationError(_("Alamat ini tidak dapat dibaca. Contoh: https://layanan.usk.ac.id/gapura"))
    if parts.username is not None or parts.password is not None:
        raise ValidationError(_("Alamat webhook tidak boleh memuat nama pengguna atau kata sandi."))
    return parts


def addresses_of(parts: SplitResult) -> list[str]:
    """The IP addresses behind the host, each of which webhooks may go to.

    ValidationError when the name is unknown, or when even one address is private,
    loopback, link-local or otherwise not of the public internet and no network of
    `WEBHOOK_ALLOWED_NETWORKS` names it: a name with one good and one bad address is a
    trap (DNS rebinding).
    """
    host = parts.hostname or ""
    try:
        found = resolve(host, parts.port or _PORTS[parts.scheme])
    except (OSError, UnicodeError):
        raise ValidationError(
            _("Nama “%(host)s” tidak ditemukan. Periksa ejaannya."), code="unknown", params={"host": host}
        ) from None
    for text in found:
        if not _may_go_to(ip_address(text.partition("%")[0])):
            raise ValidationError(
                _(
                    "“%(host)s” menunjuk ke %(address)s, alamat yang bukan milik internet umum."
                    " Layanan di jaringan dalam harus disebut dalam WEBHOOK_ALLOWED_NETWORKS."
                ),
                code="not_public",
                params={"host": host, "address": text},
            )
    return found


def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a host name in the order to try them; OSError when there is none."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


def _may_go_to(address: Address) -> bool:
    address = _behind(address)
    if any(address in network for network in settings.WEBHOOK_ALLOWED_NETWORKS):
        return True
    if address.is_multicast or address.is_reserved or (isinstance(address, IPv6Address) and address.is_site_local):
        return False  # Python calls some of them global, such as ::127.0.0.1 and fec0::1
    return address.is_global


def _behind(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4, NAT64), else itself."""
    if not isinstance(address, IPv6Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


# --- one POST -----------------------------------------------------------------------------
@dataclass(frozen=True)
class Answer:
    """What the receiver said; of its body nothing is read."""

    status: int
    wait: int
    """Seconds that it asks us to wait (Retry-After), 0 when it does not say."""


class NoAnswer(Exception):
    """The message may not have arrived; the text says why, for people who look after services."""


def post(url: str, message_headers: dict[str, str], body: bytes) -> Answer:
    """Send once, to an address checked at this moment; redirects are answers like others and not followed.

    Raises `NoAnswer` when the address is refused, nobody answers within
    `CONNECT_SECONDS` and `TOTAL_SECONDS`, or what comes is not HTTP.
    """
    deadline = time.monotonic() + TOTAL_SECONDS
    try:
        parts = check_url(url)
        found = addresses_of(parts)
    except ValidationError as refusal:
        raise NoAnswer(" ".join(refusal.messages)) from None
    try:
        plain = _connect(found, parts.port or _PORTS[parts.scheme], deadline)
        with _cut_off(plain, deadline) as line:
            return _exchange(line, parts, message_headers, body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= deadline:
            raise NoAnswer(_("Tidak ada jawaban dalam %(seconds)d detik.") % {"seconds": TOTAL_SECONDS}) from None
        raise NoAnswer(f"{type(error).__name__}: {error}") from None


class _Line:
    """A connection, replaced by its encrypted self; closed in the end whatever it then is."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection


def _connect(found: list[str], port: int, deadline: float) -> socket.socket:
    problem: OSError = OSError("no address")
    until = min(deadline, time.monotonic() + CONNECT_SECONDS)
    for address in found:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError("connect")
        try:
            return socket.create_connection((address, port), timeout=left)
        except OSError as error:
            problem = error
    raise problem


@contextlib.contextmanager
def _cut_off(plain: socket.socket, deadline: float) -> Iterator[_Line]:
    """End the conversation at the deadline, however slowly the other side drips: timeouts of sockets count per read."""
    line = _Line(plain)

    def cut() -> None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(line.connection, socket.SHUT_RDWR)

    plain.settimeout(TOTAL_SECONDS)
    watch = threading.Timer(max(0.0, deadline - time.monotonic()), cut)
    watch.daemon = True
    watch.start()
    try:
        yield line
    finally:
        watch.cancel()
        line.connection.close()


def _exchange(line: _Line, parts: SplitResult, message_headers: dict[str, str], body: bytes) -> Answer:
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    talk: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        line.connection = encrypted = context.wrap_socket(
            line.connection, server_hostname=host, do_handshake_on_connect=False
        )
        encrypted.do_handshake()
        talk = http.client.HTTPSConnection(host, port, context=context)
    else:
        talk = http.client.HTTPConnection(host, port)
    talk.sock = line.connection
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    talk.request("POST", path, body, {**message_headers, "connection": "close"})
    answer = talk.getresponse()
    return Answer(answer.status, _seconds(answer.headers.get("retry-after")))


def _seconds(text: str | None) -> int:
    """Retry-After in seconds (RFC 9110, 10.2.3), at most `LONGEST_WAIT`; 0 for none and for a date."""
    return min(int(text), LONGEST_WAIT) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0
