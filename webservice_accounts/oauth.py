"""OAuth 2.0 for consumers: Authlib's authorization server over our accounts, secrets and grants.

An account is a client: its user name is the client id, its secret the client secret (RFC 6749, 4.4). Tokens are rows
that die with their secret and their account, whatever they look like; a resource server asks about them (RFC 7662)
and sees the scopes of its own service only. Nothing here knows HTTP: `views.oauth` reads requests and writes answers.
"""

import base64
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from authlib.oauth2 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import ClientCredentialsGrant, InvalidClientError, InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc6749.errors import InvalidGrantError, UnsupportedGrantTypeError
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.views.decorators.debug import sensitive_variables

from webservice_accounts import addresses, credentials, signing_keys
from webservice_accounts.lifecycle import TOKEN_LIFE, Facts, is_valid
from webservice_accounts.models import AccessToken, ResourceServer, Secret, WebserviceAccount

TOKENS_PER_MINUTE = 60
"""How many tokens one account may buy within a minute; a client that keeps them needs one in ten minutes."""
KEEP_DEAD_TOKENS = timedelta(days=1)
LONGEST_JWT = 4096
"""Characters; ours have about 700."""
BASIC, POST = "client_secret_basic", "client_secret_post"
INACTIVE = {"active": False}
"""All that is said of a token that is not alive, or not the caller's business (RFC 7662, 2.2)."""


# --- questions and answers -------------------------------------------------------------------
class Answer(NamedTuple):
    """What goes back: an HTTP status, an object for JSON, and headers."""

    status: int
    body: Mapping[str, Any]
    headers: Iterable[tuple[str, str]]


class Question(OAuth2Request):
    """One request as Authlib wants it: the form, the Authorization header, from where, and when."""

    def __init__(self, form: Mapping[str, str], *, authorization: str = "", address: str = "", now: datetime) -> None:
        super().__init__("POST", "https://judged.before")  # plain HTTP is refused by the view, by our own rule
        self.payload = BasicOAuth2Payload(form)
        self.authorization = authorization
        self.address = address
        self.now = now

    @property
    def form(self) -> Mapping[str, str]:
        return self.payload.data


class ClientRefused(InvalidClientError):
    """One answer to every failure, so that it tells nothing to who guesses (RFC 6749, 5.2)."""

    description = (
        "Client authentication failed. Check client id and secret, that the account is valid today, "
        "and that it may be used from this address."
    )
    status_code = 401

    def get_headers(self) -> list[tuple[str, str]]:
        return [*OAuth2Error.get_headers(self), ("WWW-Authenticate", 'Basic realm="Gapura", charset="UTF-8"')]


class TooManyTokens(OAuth2Error):
    """The account buys tokens instead of keeping them (RFC 6585, 4)."""

    error = "too_many_requests"
    description = f"More than {TOKENS_PER_MINUTE} tokens within a minute. Keep each token until it expires."
    status_code = 429

    def get_headers(self) -> list[tuple[str, str]]:
        return [*super().get_headers(), ("Retry-After", "60")]


# --- who asks ----------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class Client:
    """An account that proved to know one of its secrets."""

    account: WebserviceAccount
    secret: Secret


class Asker(NamedTuple):
    """A resource server that proved to know its secret: the service it stands before, as row and as code."""

    service_id: int
    service: str


@sensitive_variables()
def basic_credentials(authorization: str) -> tuple[str, str] | None:
    """Name and secret in a Basic header, both form-encoded (RFC 6749, 2.3.1); None when there are none to be read."""
    scheme, _space, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return None
    name, secret = unquote_plus(name), unquote_plus(secret)
    return None if not colon or "\0" in name else (name, secret)


@sensitive_variables()
def _presented(question: Question, methods: Iterable[str]) -> tuple[str, str]:
    """Name and secret by the one method that is used; raises when it is none, or two (RFC 6749, 2.3)."""
    name, secret = question.form.get("client_id", ""), question.form.get("client_secret", "")
    if not question.authorization:
        if POST in methods and name and secret:
            return name, secret
        raise ClientRefused
    if secret:
        raise InvalidRequestError("Authenticate in one way only: Basic header or client_secret.")
    presented = basic_credentials(question.authorization)
    if presented is None:
        raise ClientRefused
    if name not in ("", presented[0]):
        raise InvalidRequestError("client_id is not the one in the Basic header.")
    return presented


@sensitive_variables()
def _client(question: Question, methods: Iterable[str]) -> Client:
    """The client as it is at this moment; ClientRefused for whatever is wrong with it."""
    username, text = _presented(question, methods)
    if not credentials.looks_genuine(text):
        raise ClientRefused
    digests = [candidate.hex for candidate in credentials.candidate_digests(text)]
    known = Secret.objects.filter(digest__in=digests, account__username=username).select_related("account").first()
    if known is None or not _alive(known.ends_at, question.now) or not is_valid(known.account.facts, question.now):
        raise ClientRefused
    networks = [ip_network(network) for network in known.account.addresses.values_list("network", flat=True)]
    if not addresses.covers(networks, question.address):
        raise ClientRefused
    return Client(known.account, known)


@sensitive_variables()
def _asker(question: Question, methods: Iterable[str]) -> Asker:
    """Who may ask about tokens; ClientRefused for everybody else."""
    code, text = _presented(question, methods)
    if not credentials.looks_like_server_secret(text):
        raise ClientRefused
    digests = [candidate.hex for candidate in credentials.candidate_digests(text)]
    servers = ResourceServer.objects.filter(code=code, digest__in=digests, is_active=True).order_by()
    for service_id, service in servers.values_list("service_id", "service__code"):
        return Asker(service_id, service)
    raise ClientRefused


def _alive(ends_at: datetime | None, now: datetime) -> bool:
    return ends_at is None or now < ends_at


# --- buying a token (RFC 6749, 4.4) --------------------------------------------------------------
class ClientCredentials(ClientCredentialsGrant):
    """A token of at most ten minutes for a client that knows its secret."""

    TOKEN_ENDPOINT_AUTH_METHODS = (BASIC, POST)

    def validate_token_request(self) -> None:
        """Who it is, whether it asked too often, and for what it asks."""
        client = self.server.authenticate_client(self.request, self.TOKEN_ENDPOINT_AUTH_METHODS)
        just_now = self.request.now - timedelta(minutes=1)
        if client.account.access_tokens.filter(issued_at__gt=just_now).count() >= TOKENS_PER_MINUTE:
            raise TooManyTokens
        self.request.client = client
        self.granted = _wanted_scope(client.account, self.request.payload.scope)

    @sensitive_variables()
    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """The token and how long it lives; Authlib's own writes tokens into its debug log."""
        text, expires_at = issue(self.request.client, self.granted, now=self.request.now)
        body = {
            "access_token": text,
            "token_type": "Bearer",
            "expires_in": int((expires_at - self.request.now).total_seconds()),
            "scope": " ".join(self.granted),
        }
        return 200, body, self.TOKEN_RESPONSE_HEADER


def _wanted_scope(account: WebserviceAccount, asked: str | None) -> dict[str, str]:
    """Code of the data -> code of its service, for what was asked or all that is granted; else InvalidScopeError."""
    granted: dict[str, str] = dict(
        account.current_grants.order_by("data_type__code").values_list("data_type__code", "data_type__service__code")
    )
    wanted = set((asked or "").split(" ")) - {""} or granted.keys()
    if not wanted or wanted - granted.keys():
        raise InvalidScopeError("The scope names data that this account was not granted.")
    return {code: service for code, service in granted.items() if code in wanted}


@sensitive_variables()
@transaction.atomic
def issue(client: Client, scope: Mapping[str, str], *, now: datetime) -> tuple[str, datetime]:
    """A new token and when it ends: after ten minutes, or with the account or the secret when that is earlier.

    `scope`: code of the data -> code of its service. Buying it is a use of the secret and of the account.
    """
    account, secret = client.account, client.secret
    expires_at = min(now + TOKEN_LIFE, account.ends_at, secret.ends_at or account.ends_at)
    text = credentials.new_token()
    if settings.OAUTH_ACCESS_TOKENS == "jwt":
        claims: dict[str, object] = {
            "iss": settings.BASE_URL,
            "sub": account.username,
            "client_id": account.username,
            "aud": sorted(set(scope.values())),
            "scope": " ".join(scope),
            "jti": secrets.token_urlsafe(16),
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        text = signing_keys.sign(claims, now=now)
    version, digest = credentials.digest(text)
    AccessToken.objects.create(
        account=account,
        secret=secret,
        digest=digest,
        pepper_version=version,
        scope=" ".join(scope),
        issued_at=now,
        expires_at=expires_at,
    )
    not_since = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now)
    Secret.objects.filter(not_since, pk=secret.pk).update(last_used_at=now)
    WebserviceAccount.objects.filter(not_since, pk=account.pk).update(last_used_at=now)
    return text, expires_at


# --- asking about a token (RFC 7662) ---------------------------------------------------------------
class Introspection(IntrospectionEndpoint):
    """Whether a token is alive now, and what it allows at the caller's own service."""

    def authenticate_token(self, request: Question, client: Asker) -> dict[str, Any] | None:
        """What the caller may know of the token; None: nothing. Hints are ignored (RFC 7662, 2.1: MAY)."""
        return living_token(_token_in(request), client, now=request.now)

    def create_introspection_payload(self, token: dict[str, Any] | None) -> dict[str, Any]:
        return token or INACTIVE


@sensitive_variables()
def living_token(text: str, asker: Asker, *, now: datetime) -> dict[str, Any] | None:
    """The introspection of a token by `asker`, in one query; None unless it is alive and good for its service.

    Alive: not ended or revoked, its secret not ended, its account valid, the data still granted, the service not
    switched off.
    """
    digests = _token_digests(text)
    if not digests:
        return None
    rows = AccessToken.objects.filter(
        digest__in=digests,
        expires_at__gt=now,
        revoked_at__isnull=True,
        account__grants__until__isnull=True,
        account__grants__data_type__service=asker.service_id,
        account__grants__data_type__service__is_active=True,
    ).values_list(
        "account__grants__data_type__code",
        "scope",
        "issued_at",
        "expires_at",
        "secret__ends_at",
        "account__username",
        "account__starts_at",
        "account__ends_at",
        "account__suspended_at",
        "account__revoked_at",
        "account__revealed_at",
    )
    found = list(rows)
    if not found:
        return None
    _code, scope, issued_at, expires_at, secret_ends_at, username, starts_at, ends_at, *_rest = found[0]
    facts = Facts(starts_at, ends_at, *found[0][-3:])
    here = set(scope.split()) & {row[0] for row in found}
    if not here or not _alive(secret_ends_at, now) or not is_valid(facts, now):
        return None
    return {
        "active": True,
        "scope": " ".join(sorted(here)),
        "client_id": username,
        "username": username,
        "sub": username,
        "token_type": "Bearer",
        "iss": settings.BASE_URL,
        "aud": asker.service,
        "iat": int(issued_at.timestamp()),
        "exp": int(expires_at.timestamp()),
    }


@sensitive_variables()
def _token_digests(text: str) -> list[str]:
    """What to look a token up by; nothing when it cannot be one of ours, which then costs no query."""
    is_jwt = text.startswith("eyJ") and text.count(".") == 2 and len(text) <= LONGEST_JWT
    if not is_jwt and not credentials.looks_like_token(text):
        return []
    return [candidate.hex for candidate in credentials.candidate_digests(text)]


def _token_in(request: Question) -> str:
    text = request.form.get("token", "")
    if not text:
        raise InvalidRequestError("The parameter token is missing.")
    return text


# --- giving a token back (RFC 7009) --------------------------------------------------------------
class Revocation(RevocationEndpoint):
    """A client ends its own token. What is unknown or dead already is no error (RFC 7009, 2.2)."""

    CLIENT_AUTH_METHODS = (BASIC, POST)

    def authenticate_token(self, request: Question, client: Client) -> AccessToken | None:
        """The client's own token; None when there is none of that text; refused when it is another client's."""
        token = AccessToken.objects.filter(digest__in=_token_digests(_token_in(request))).first()
        if token and token.account_id != client.account.pk:
            raise InvalidGrantError("The token was issued to another client.")
        return token

    def revoke_token(self, token: AccessToken, request: Question) -> None:
        AccessToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=request.now)


# --- the server ------------------------------------------------------------------------------------
class Server(AuthorizationServer):
    """Authlib's server with our accounts behind it and no framework in front of it."""

    def create_oauth2_request(self, request: Question) -> Question:
        return request

    def handle_response(self, status: int, body: Mapping[str, Any], headers: Iterable[tuple[str, str]]) -> Answer:
        return Answer(status, body, headers)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens; house rule: no signals."""

    def authenticate_client(self, request: Question, methods: Iterable[str], endpoint: str = "token") -> Client | Asker:
        """Who asks at this endpoint; raises ClientRefused or InvalidRequestError."""
        return (_asker if endpoint == Introspection.ENDPOINT_NAME else _client)(request, methods)

    def get_token_grant(self, request: Question) -> ClientCredentials:
        """The one grant there is. Authlib's own error repeats the client's text, whatever characters it holds."""
        if not request.payload.grant_type:
            raise InvalidRequestError("The parameter grant_type is missing.")
        try:
            return super().get_token_grant(request)
        except UnsupportedGrantTypeError:
            raise _OtherGrant from None


class _OtherGrant(OAuth2Error):
    error = UnsupportedGrantTypeError.error
    description = f"The only grant_type here is {ClientCredentials.GRANT_TYPE}."


_server = Server()
_server.register_grant(ClientCredentials)
_server.register_endpoint(Introspection)
_server.register_endpoint(Revocation)


@sensitive_variables()
def token(question: Question) -> Answer:
    """Answer at the token endpoint; raises authlib's OAuth2Error, which `refused` turns into an answer."""
    answer: Answer = _server.create_token_response(question)
    return answer


@sensitive_variables()
def introspect(question: Question) -> Answer:
    """Answer at the introspection endpoint."""
    answer: Answer = _server.create_endpoint_response(Introspection.ENDPOINT_NAME, question)
    return answer


@sensitive_variables()
def revoke(question: Question) -> Answer:
    """Answer at the revocation endpoint."""
    answer: Answer = _server.create_endpoint_response(Revocation.ENDPOINT_NAME, question)
    return answer


def refused(error: OAuth2Error) -> Answer:
    """An error as an answer (RFC 6749, 5.2)."""
    return Answer(*error())


# --- housekeeping ------------------------------------------------------------------------------------
@sensitive_variables()
def replace_secret(server: ResourceServer) -> str:
    """A new secret for a resource server, to be shown once; the one before ends at this moment."""
    secret = credentials.new_server_secret()
    server.pepper_version, server.digest = credentials.digest(secret)
    server.hint = credentials.display_hint(secret)
    server.save(update_fields=["pepper_version", "digest", "hint"])
    return secret


def prune(*, now: datetime) -> int:
    """Delete tokens that have been dead for a day, and signing keys whose last token is dead; how many tokens."""
    signing_keys.prune(now=now)
    return AccessToken.objects.filter(expires_at__lte=now - KEEP_DEAD_TOKENS).delete()[0]
