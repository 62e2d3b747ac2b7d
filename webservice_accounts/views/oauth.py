"""OAuth 2.0 over HTTP: what machines ask, and JSON in every answer.

No session, no CSRF, no page: whoever speaks here proves who they are in the request itself.
"""

import logging
from collections.abc import Callable, Mapping
from functools import cache, wraps
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qsl

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseProblem
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from webservice_accounts import addresses, oauth, signing_keys

logger = logging.getLogger(__name__)

FORM = "application/x-www-form-urlencoded"
MAX_FORM_BYTES = 16 * 1024
MAX_PARAMETERS = 20
MAX_HEADER_CHARACTERS = 4096
PUBLIC_FOR = 300
"""Seconds for which gateways and proxies may keep our keys and metadata; less than `signing_keys.PUBLISHED_AHEAD`."""

View = Callable[[HttpRequest], HttpResponse]


def _said(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> HttpResponse:
    """JSON that nobody keeps, in English."""
    every = {"Cache-Control": "no-store", "Content-Language": "en"}
    return JsonResponse(body, status=status, headers=every | dict(headers or {}))


def _for_machines(*methods: str) -> Callable[[View], View]:
    """Open the view to machines: these methods, over TLS in production, and JSON whatever goes wrong."""

    def wrap(view: View) -> View:
        @csrf_exempt
        @login_not_required
        @sensitive_post_parameters()
        @sensitive_variables()
        @wraps(view)
        def guarded(http: HttpRequest) -> HttpResponse:
            if settings.SECURE_SSL_REDIRECT and not http.is_secure():
                advice = "Use https. A secret that was sent without it may have been read: replace it."
                return _said(400, {"error": "invalid_request", "error_description": advice})
            if http.method not in methods:
                allowed = ", ".join(methods)
                body = {"error": "invalid_request", "error_description": f"Use {allowed}."}
                return _said(405, body, {"Allow": allowed})
            try:
                return view(http)
            except OAuth2Error as error:
                return _written(oauth.refused(error))
            except DatabaseProblem:
                logger.exception("The database did not answer at %s", http.path)
                body = {"error": "temporarily_unavailable", "error_description": "Try again in a moment."}
                return _said(503, body, {"Retry-After": "5"})

        return guarded

    return wrap


def _written(answer: oauth.Answer) -> HttpResponse:
    return _said(answer.status, answer.body, {name: text for name, text in answer.headers if name != "Content-Type"})


@_for_machines("POST")
def token(http: HttpRequest) -> HttpResponse:
    """A token for a secret (RFC 6749, 4.4)."""
    return _written(oauth.token(_question(http)))


@_for_machines("POST")
def introspect(http: HttpRequest) -> HttpResponse:
    """Is this token alive, and what for? (RFC 7662)"""
    return _written(oauth.introspect(_question(http)))


@_for_machines("POST")
def revoke(http: HttpRequest) -> HttpResponse:
    """A client ends its token (RFC 7009)."""
    return _written(oauth.revoke(_question(http)))


@_for_machines("GET", "HEAD")
def jwks(http: HttpRequest) -> HttpResponse:
    """The keys that verify signed tokens (RFC 7517)."""
    return _said(200, signing_keys.published(timezone.now()), {"Cache-Control": f"public, max-age={PUBLIC_FOR}"})


@_for_machines("GET", "HEAD")
def metadata(http: HttpRequest) -> HttpResponse:
    """Where everything is and what it can do (RFC 8414)."""

    def at(name: str) -> str:
        return settings.BASE_URL + reverse(name)

    body = {
        "issuer": settings.BASE_URL,
        "token_endpoint": at("oauth_token"),
        "token_endpoint_auth_methods_supported": [oauth.BASIC, oauth.POST],
        "grant_types_supported": [oauth.ClientCredentials.GRANT_TYPE],
        "response_types_supported": [],  # required, and there is no page to authorise at
        "introspection_endpoint": at("oauth_introspect"),
        "introspection_endpoint_auth_methods_supported": [oauth.BASIC],
        "revocation_endpoint": at("oauth_revoke"),
        "revocation_endpoint_auth_methods_supported": [oauth.BASIC, oauth.POST],
        "jwks_uri": at("oauth_jwks"),
    }
    return _said(200, body, {"Cache-Control": f"public, max-age={PUBLIC_FOR}"})


# --- reading a request -----------------------------------------------------------------------------
@sensitive_variables()
def _question(http: HttpRequest) -> oauth.Question:
    """What was asked, by whom, from where, now; InvalidRequestError when it cannot be read."""
    authorization = http.headers.get("Authorization", "")
    if len(authorization) > MAX_HEADER_CHARACTERS:
        raise InvalidRequestError("The Authorization header is too long.")
    return oauth.Question(_form(http), authorization=authorization, address=_caller(http), now=timezone.now())


@sensitive_variables()
def _form(http: HttpRequest) -> dict[str, str]:
    """The parameters of the body, each once; without a value is as good as not sent (RFC 6749, 3.2)."""
    charset = http.content_params.get("charset", "utf-8") if http.content_params else "utf-8"
    if http.content_type != FORM or charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise InvalidRequestError(f"Send the parameters as {FORM} in UTF-8.")
    if http.META.get("QUERY_STRING"):
        raise InvalidRequestError("Parameters belong in the body: addresses end up in logs.")
    try:
        if len(http.body) > MAX_FORM_BYTES:
            raise InvalidRequestError("The request is too long.")
        pairs = parse_qsl(http.body.decode(), keep_blank_values=True, max_num_fields=MAX_PARAMETERS, errors="strict")
    except (OSError, RequestDataTooBig, ValueError):
        raise InvalidRequestError("The parameters cannot be read.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise InvalidRequestError("A parameter stands there twice.")
    if "\0" in "".join(name + value for name, value in pairs):
        raise InvalidRequestError("A parameter contains a NUL character.")
    return {name: value for name, value in form.items() if value}


def _caller(http: HttpRequest) -> str:
    """The caller's address: the connection's, or what our own proxy says of it; "" when there is none."""
    peer: str = http.META.get("REMOTE_ADDR", "")
    _others, _comma, last = http.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")
    if not last.strip() or not _is_trusted(peer):
        return peer
    return last.strip()


def _is_trusted(peer: str) -> bool:
    proxies = _networks(tuple(settings.GATE_TRUSTED_PROXIES))
    return bool(proxies) and addresses.covers(proxies, peer)


@cache
def _networks(texts: tuple[str, ...]) -> list[addresses.Network]:
    return [ip_network(text, strict=False) for text in texts]
