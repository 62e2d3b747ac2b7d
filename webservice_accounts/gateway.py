"""The gate: may this request pass, to which data, for whom?

A bare WSGI callable that gateways ask before they let a request through (nginx
`auth_request`, APISIX `forward-auth`, Traefik `ForwardAuth`, Envoy `ext_authz`). It answers
204 with the account in headers, or 401 or 403 with a machine-readable reason
(`decisions.Reason`); in doubt, 403. It writes nothing and, for a credential seen in the
last seconds, asks nobody: what is remembered is facts, and whether they make the account
valid is computed anew for each request. See docs/adr/0008-the-gate.md.
"""

import base64
import binascii
import hashlib
import hmac
import json
import logging
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address
from math import ceil
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError

from webservice_accounts import addresses, credentials, facts, patterns
from webservice_accounts.decisions import ALLOWED, UNAUTHENTICATED, Reason
from webservice_accounts.lifecycle import USABLE, State, state_at
from webservice_accounts.rates import Buckets
from webservice_accounts.use_counter import UseCounter

logger = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Headers = list[tuple[str, str]]

CHECK_PATH = "/gateway/check"
REMEMBERED_SECONDS = 5.0
"""How long facts and path rules may stand in memory; with `CACHED_SECONDS` it keeps `TAKES_EFFECT_WITHIN`."""
CACHED_SECONDS = 25
"""How long a gateway may keep a yes, at most."""
MAX_REMEMBERED = 50_000
MAX_CALLERS = 64
"""Addresses remembered per credential."""
MAX_HEADER = 4096
"""Characters of a credential's header."""
DEFAULT_SERVICE = "data"

_STATUS = {True: "401 Unauthorized", False: "403 Forbidden"}
_BASIC = ("WWW-Authenticate", 'Basic realm="Gapura", charset="UTF-8"')
_BEARER = ("WWW-Authenticate", 'Bearer realm="Gapura"')
_BAD_TOKEN = ("WWW-Authenticate", 'Bearer realm="Gapura", error="invalid_token"')
_STATE_REASONS = {
    State.NOT_YET_ACTIVE: Reason.NOT_YET_ACTIVE,
    State.ENDED: Reason.ENDED,
    State.SUSPENDED: Reason.SUSPENDED,
    State.REVOKED: Reason.REVOKED,
}
_BASE64URL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class Denied(Exception):
    """The gate says no, and why; for `rate` also in how many seconds to come again."""

    def __init__(self, reason: Reason, wait: float = 0.0) -> None:
        super().__init__(reason.value)
        self.reason, self.wait = reason, wait


class Original(NamedTuple):
    """The request that the gateway asks about; `path` without its query, not yet decoded."""

    method: str
    path: str
    address: str


class Claim(NamedTuple):
    """A presented credential: a secret, with the user name that must belong to it, or a token."""

    text: str
    username: str | None = None
    is_token: bool = False


class Clock:
    """Unix time that is never behind what has passed since the start of this process.

    A clock that is set back (by an hour, by a wrong time server) must not lengthen any
    account or token. Simply keeping the largest time ever seen would lock everybody out
    after a short jump forward; counting from the start by the monotonic clock does neither.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.wall, self.monotonic = wall, monotonic
        self._ahead = wall() - monotonic()

    def read(self) -> tuple[float, float]:
        """Unix time and monotonic seconds, now."""
        passed = self.monotonic()
        return max(self.wall(), passed + self._ahead), passed


class Entry:
    """What is remembered about one presented credential, ready for deciding.

    The credential opens from `opens` until `closes` (Unix time, exclusive); outside, `why_not` says the reason.
    """

    __slots__ = ("_expires", "_headers", "bucket", "callers", "closes", "known", "opens", "passes", "until")

    def __init__(self, known: facts.Known, bucket: Any, until: float) -> None:
        self.known, self.bucket, self.until = known, bucket, until
        life = known.life
        self.opens = max(life.starts_at, life.activated_at or life.ends_at).timestamp()
        ends = (life.ends_at, life.suspended_at, life.revoked_at, known.dead_from)
        closes = min(moment for moment in ends if moment is not None)
        self.closes = closes.timestamp()
        self.callers: dict[str, tuple[str, bool]] = {}
        self.passes: dict[tuple[str, tuple[str, ...]], Headers | None] = {}
        self._expires = closes.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    def why_not(self, now: float) -> Reason:
        """Why it does not open at `now`.

        What no other key would mend is said first: revoked, ended. Then the credential
        itself, so that who holds an old key learns nothing about the account.
        """
        moment = datetime.fromtimestamp(now, UTC)
        state = state_at(self.known.life, moment)
        dead_from = self.known.dead_from
        if state not in (State.REVOKED, State.ENDED) and dead_from is not None and moment >= dead_from:
            return Reason.EXPIRED
        return _STATE_REASONS[state] if state not in USABLE else Reason.UNAVAILABLE

    def caller(self, text: str) -> tuple[str, bool]:
        """The address as it is counted ("" when it is none), and whether the account may be used from it."""
        found = self.callers.get(text)
        if found is None:
            if len(self.callers) >= MAX_CALLERS:
                self.callers.clear()
            try:
                address = ip_address(text)
            except ValueError:
                found = ("", False)
            else:
                address = getattr(address, "ipv4_mapped", None) or address
                found = (str(address)[:45], addresses.covers(self.known.networks, address))
            self.callers[text] = found
        return found

    def headers(self, service: str, matched: tuple[str, ...]) -> Headers | None:
        """The headers of a yes for a path that reads `matched`, without how long it may be kept; None is a no."""
        try:
            return self.passes[service, matched]
        except KeyError:
            pass
        granted = self.known.grants.get(service, frozenset())
        data = [code for code in matched if code in granted]
        headers: Headers | None = None
        if data:
            headers = [
                ("X-Gapura-Account", self.known.username),
                ("X-Gapura-Unit", self.known.unit),
                ("X-Gapura-Scope", " ".join(sorted(granted))),
                ("X-Gapura-Data", " ".join(data)),
                ("X-Gapura-Expires", self._expires),
            ]
        self.passes[service, matched] = headers
        return headers


class RuleBook:
    """The path rules by service and the first two parts of the path, where those are literal."""

    def __init__(self, rules: Iterable[facts.Rule], until: float) -> None:
        self.until = until
        self._rules: dict[tuple[str, str, str], list[facts.Rule]] = {}
        for rule in rules:
            first, second = (*rule.pattern.parts, "*")[:2]
            self._rules.setdefault((rule.service, first, second), []).append(rule)

    def data_types(self, service: str, method: str, parts: list[str]) -> tuple[str, ...]:
        """The codes of the data that this request reads at that service, each once, by name; often none or one.

        HEAD is GET without the body, and passes where GET does.
        """
        if not parts:
            return ()
        wide = self._rules.get((service, parts[0], "*"), [])
        narrow = self._rules.get((service, parts[0], parts[1]), []) if len(parts) > 1 else []
        found = [
            rule.data_type
            for rule in (narrow + wide if wide else narrow)
            if (method in rule.methods or (method == "HEAD" and "GET" in rule.methods))
            and patterns.matches(rule.pattern, parts)
        ]
        return tuple(sorted(set(found))) if len(found) > 1 else tuple(found)


class Gate:
    """One gate per process; its threads share memory, buckets and counts.

    Single reads and writes of a dict need no lock in CPython; two threads that learn the same thing at once
    do it twice.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        counter: UseCounter | None = None,
        buckets: Buckets | None = None,
        trusted: Iterable[str] | None = None,
    ) -> None:
        """Raise ImproperlyConfigured when GATE_TRUSTED_PROXIES names something that is no address or network."""
        self.clock = clock or Clock()
        self.counter = counter or UseCounter()
        self.buckets = buckets or Buckets(settings.REDIS_URL)
        try:
            self._proxies = addresses.parse("\n".join(settings.GATE_TRUSTED_PROXIES if trusted is None else trusted))
        except ValidationError as error:
            raise ImproperlyConfigured(f"GATE_TRUSTED_PROXIES: {' '.join(error.messages)}") from None
        self._peers: dict[str, bool] = {}
        self._key = secrets.token_bytes(32)
        self._entries: dict[bytes, Entry] = {}
        self._strangers: dict[bytes, float] = {}
        self._rules = RuleBook((), 0.0)
        self._room = threading.Lock()
        self._quiet_until = 0.0

    def __call__(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        """WSGI. Whatever happens, the answer is 204 (to Envoy 200), 401 or 403."""
        try:
            headers = self._decide(environ)
        except Denied as denied:
            return _refuse(denied, environ, start_response)
        except Exception as problem:
            self._tell(problem)
            return _refuse(Denied(Reason.UNAVAILABLE), environ, start_response)
        if len(environ["PATH_INFO"]) > len(CHECK_PATH):  # Envoy, which takes no 2xx but 200 for a yes
            start_response("200 OK", [*headers, ("Content-Length", "0")])
        else:
            start_response("204 No Content", headers)
        return []

    def _decide(self, environ: Environ) -> Headers:
        """The headers of a yes; raises Denied."""
        if not self._is_trusted(environ.get("REMOTE_ADDR", "")):
            raise Denied(Reason.UNTRUSTED_PROXY)
        original = _original(environ)
        now, passed = self.clock.read()
        entry = self._entry(environ, passed)
        service = environ.get("HTTP_X_GAPURA_SERVICE") or DEFAULT_SERVICE
        address, is_expected = entry.caller(original.address)
        data_type = ""
        try:
            if not entry.opens <= now < entry.closes:
                raise Denied(entry.why_not(now))
            if not is_expected:
                raise Denied(Reason.ADDRESS)
            matched = self._matched(service, original, passed)
            data_type = matched[0]
            headers = entry.headers(service, matched)
            if headers is None:
                raise Denied(Reason.SCOPE)
            data_type = headers[3][1].partition(" ")[0]
            if wait := entry.bucket.take(passed):
                raise Denied(Reason.RATE, wait)
        except Denied as denied:
            self.counter.count(
                entry.known.account_id, entry.known.secret_id, data_type, denied.reason.value, address, now
            )
            raise
        self.counter.count(entry.known.account_id, entry.known.secret_id, data_type, ALLOWED, address, now)
        return headers + _may_be_kept(entry.closes - now)

    def _is_trusted(self, peer: str) -> bool:
        """Whether what this peer says about the original request counts."""
        trusted = self._peers.get(peer)
        if trusted is None:
            if len(self._peers) >= 1000:
                self._peers.clear()
            trusted = self._peers[peer] = bool(self._proxies) and addresses.covers(self._proxies, peer)
        return trusted

    def _matched(self, service: str, original: Original, passed: float) -> tuple[str, ...]:
        """The data that the original request reads, at least one kind; raises Denied."""
        try:
            parts = patterns.split_path(original.path)
        except patterns.BadPath:
            raise Denied(Reason.BAD_PATH) from None
        rules = self._rules
        if rules.until <= passed:
            rules = self._rules = RuleBook(facts.rules(), passed + REMEMBERED_SECONDS)
        matched = rules.data_types(service, original.method, parts)
        if not matched:
            raise Denied(Reason.UNKNOWN_PATH)
        return matched

    def _entry(self, environ: Environ, passed: float) -> Entry:
        """What is known of the presented credential; raises Denied when it is none of ours.

        Memory is keyed by a keyed hash of the header, made with a key that never leaves this process.
        """
        header, kind = environ.get("HTTP_AUTHORIZATION"), b"a"
        if header is None:
            header, kind = environ.get("HTTP_X_API_KEY"), b"k"
            if header is None:
                raise Denied(Reason.NO_CREDENTIALS)
        elif "HTTP_X_API_KEY" in environ:
            raise Denied(Reason.MALFORMED)
        if len(header) > MAX_HEADER:
            raise Denied(Reason.MALFORMED)
        name = hashlib.blake2b(header.encode(errors="replace"), digest_size=16, key=self._key, person=kind).digest()
        entry = self._entries.get(name)
        if entry is not None and entry.until > passed:
            return entry
        if self._strangers.get(name, 0.0) > passed:
            raise Denied(Reason.UNKNOWN_CREDENTIALS)
        claim = _from_authorization(header) if kind == b"a" else _a_secret(_clean(header))
        return self._learn(name, claim, passed)

    def _learn(self, name: bytes, claim: Claim, passed: float) -> Entry:
        """Ask the database about a credential, once, and remember the answer from before the question."""
        digests = [digest.hex for digest in credentials.candidate_digests(claim.text)]
        known = facts.by_token(digests) if claim.is_token else facts.by_secret(digests)
        until = passed + REMEMBERED_SECONDS
        if known is None or not _is_of(claim, known.username):
            self._keep(self._strangers, name, until)
            raise Denied(Reason.UNKNOWN_CREDENTIALS)
        bucket = self.buckets.of(known.account_id, known.rate_per_minute, known.burst, passed)
        entry = Entry(known, bucket, until)
        self._keep(self._entries, name, entry)
        return entry

    def _keep(self, memory: dict[bytes, Any], name: bytes, what: Any) -> None:
        """Remember as the newest; beyond the limit the oldest is forgotten."""
        with self._room:
            memory.pop(name, None)
            if len(memory) >= MAX_REMEMBERED:
                del memory[next(iter(memory))]
            memory[name] = what

    def _tell(self, problem: Exception) -> None:
        """Log why the gate is closed, once per some seconds.

        As text: a traceback object would carry the credential in its frames to whoever reports errors.
        """
        facts.forget_connection()
        passed = self.clock.monotonic()
        if passed >= self._quiet_until:
            self._quiet_until = passed + REMEMBERED_SECONDS
            logger.error("the gate refuses requests: %s", "".join(traceback.format_exception(problem)))


@cache
def the_gate() -> Gate:
    """This process's gate; ImproperlyConfigured when its settings are wrong."""
    return Gate()


def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """The gate of this process as a WSGI application."""
    return the_gate()(environ, start_response)


def _original(environ: Environ) -> Original:
    """The original request as one dialect describes it; Denied when none or several do, or one does not say all.

    nginx names it in X-Original-*, APISIX and Traefik in X-Forwarded-*, Envoy asks for its
    path below ours. A client that adds the headers of another dialect makes it ambiguous.
    """
    below = environ["PATH_INFO"][len(CHECK_PATH) :]
    nginx = environ.get("HTTP_X_ORIGINAL_URI"), environ.get("HTTP_X_ORIGINAL_METHOD")
    forwarded = environ.get("HTTP_X_FORWARDED_URI"), environ.get("HTTP_X_FORWARDED_METHOD")
    address = environ.get("HTTP_X_ORIGINAL_ADDR")
    uri: str | None
    method: str | None
    if nginx != (None, None) or address is not None:
        if forwarded != (None, None) or below:
            raise Denied(Reason.AMBIGUOUS_HEADERS)
        uri, method = nginx
    else:
        address = environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        if forwarded == (None, None):
            # The server has decoded the path once; what is still encoded was so twice, and is refused later.
            uri, method = below.replace("%", "%25").replace("?", "%3f"), environ["REQUEST_METHOD"]
        elif below:
            raise Denied(Reason.AMBIGUOUS_HEADERS)
        else:
            uri, method = forwarded
    if not (uri and method and address):
        raise Denied(Reason.AMBIGUOUS_HEADERS)
    return Original(method, uri.partition("?")[0], address)


def _from_authorization(header: str) -> Claim:
    """The credential in an Authorization header (RFC 7617, RFC 6750); raises Denied."""
    scheme, _space, rest = header.partition(" ")
    scheme, rest = scheme.lower(), rest.strip(" ")
    if scheme == "basic":
        try:
            text = base64.b64decode(rest.encode("ascii"), validate=True).decode()
        except (UnicodeError, binascii.Error):
            raise Denied(Reason.MALFORMED) from None
        username, colon, secret = text.partition(":")
        if not colon or not username or not secret:
            raise Denied(Reason.MALFORMED)
        _clean(text)
        return _a_secret(secret)._replace(username=username)
    if scheme == "bearer" and rest:
        token = _clean(rest)
        if not (credentials.looks_like_token(token) or _looks_like_jwt(token)):
            raise Denied(Reason.UNKNOWN_CREDENTIALS)
        return Claim(token, is_token=True)
    raise Denied(Reason.MALFORMED)


def _a_secret(text: str) -> Claim:
    """A secret of the right shape and checksum; others are unknown without asking anybody."""
    if not credentials.looks_genuine(text):
        raise Denied(Reason.UNKNOWN_CREDENTIALS)
    return Claim(text)


def _clean(text: str) -> str:
    """`text` itself, when it is not empty and holds no control character (NUL, line ends); else Denied."""
    if not text or not text.isprintable():
        raise Denied(Reason.MALFORMED)
    return text


def _looks_like_jwt(text: str) -> bool:
    """Three parts of base64url with dots between (RFC 7515, 3.1). Its row says whether it is ours and alive."""
    parts = text.split(".")
    return len(parts) == 3 and all(parts) and _BASE64URL.issuperset("".join(parts))


def _is_of(claim: Claim, username: str) -> bool:
    """Whether the credential came with its own account's user name, where one must be given."""
    return claim.username is None or hmac.compare_digest(claim.username.encode(), username.encode())


def _may_be_kept(seconds: float) -> Headers:
    """How long a gateway may keep a yes that holds for `seconds`.

    nginx does not keep what is private unless told by X-Accel-Expires, which must come first for older ones. It
    compares whole seconds of its clock and so keeps up to a second longer than told: it is told one less.
    """
    if seconds >= CACHED_SECONDS:
        return _LONGEST
    if seconds < 1:
        return [("X-Accel-Expires", "0"), ("Cache-Control", "no-store")]
    whole = int(seconds)
    return [("X-Accel-Expires", str(whole - 1)), ("Cache-Control", f"private, max-age={whole}")]


_LONGEST: Headers = [
    ("X-Accel-Expires", str(CACHED_SECONDS - 1)),
    ("Cache-Control", f"private, max-age={CACHED_SECONDS}"),
]


def _refuse(denied: Denied, environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Answer with a no."""
    reason = denied.reason
    body = json.dumps({"error": reason.value}).encode()
    headers = [
        ("X-Gapura-Reason", reason.value),
        ("Cache-Control", "no-store"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
    ]
    if reason is Reason.RATE:
        headers.append(("Retry-After", str(max(1, ceil(denied.wait)))))
    if reason in UNAUTHENTICATED:
        bearer = environ.get("HTTP_AUTHORIZATION", "")[:6].lower() == "bearer"
        headers += [_BAD_TOKEN] if bearer else [_BASIC, _BEARER]
    start_response(_STATUS[reason in UNAUTHENTICATED], headers)
    return [b""] if environ.get("REQUEST_METHOD") == "HEAD" else [body]
