"""What is published about the machines' endpoints, held against a running Gapura by schemathesis."""

import base64
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests import live
from tests.everybody import addresses
from webservice_accounts.decisions import UNAUTHENTICATED, Reason

FORM = "application/x-www-form-urlencoded"
PUBLISHED = Path(__file__).parent.parent / "docs" / "openapi.yaml"
SCHEMA = schemathesis.openapi.from_path(PUBLISHED)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
    unsupported_method,
]
"""All but those that expect 2xx for whatever fits the schema: a random secret fits it, and opens nothing."""
OF_ONE_ANSWER = [check for check in CHECKS if check not in (ignored_auth, unsupported_method)]
TRY = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)

SET_UP = """
import datetime, json
from django.utils import timezone
from accounts.models import Unit
from webservice_accounts import credentials, oauth
from webservice_accounts.models import DataType, Grant, PathRule, ResourceServer, Secret, Service, WebserviceAccount
now = timezone.now()
service, _made = Service.objects.get_or_create(code="data", defaults={"name": "Data"})
students = DataType.objects.create(
    code="uji", name="Uji", description="Uji", service=service, owner=Unit.objects.first(), sensitivity="personal"
)
PathRule.objects.create(data_type=students, methods="GET", pattern="/api/uji/**")
account = WebserviceAccount.objects.create(
    username="uji-openapi", unit=Unit.objects.first(), application="Uji", purpose="Uji", origin="request:X",
    holder_name="Uji", holder_identity_type="nip", holder_identity_number="1", holder_phone="+6281234567800",
    holder_email="pj@usk.ac.id", starts_at=now, ends_at=now + datetime.timedelta(days=1), created_at=now,
    created_by_name="Uji", revealed_at=now, rate_per_minute=100000, burst=10000,
)
Grant.objects.create(account=account, data_type=students, since=now, origin="request:X")
secret = credentials.new_secret()
version, digest = credentials.digest(secret)
Secret.objects.create(account=account, digest=digest, pepper_version=version, hint="x", created_at=now)
server = ResourceServer.objects.create(code="uji", name="Uji", service=service)
print(json.dumps({"account": ["uji-openapi", secret], "server": ["uji", oauth.replace_secret(server)]}))
"""


@pytest.fixture(scope="module")
def known(gapura_server: live.LiveGapura) -> dict[str, str]:
    """Return the Basic header of an account that reads /api/uji/** and of a resource server, by name."""
    gapura_server.manage("rotate_signing_key")
    pairs = json.loads(gapura_server.shell(SET_UP))
    return {who: "Basic " + base64.b64encode(":".join(pair).encode()).decode() for who, pair in pairs.items()}


# --- the document itself -----------------------------------------------------------------------------------------
def test_every_endpoint_for_machines_is_published_and_no_other() -> None:
    ours = {f"/{pattern}" for name, pattern in addresses() if name.startswith("oauth_")}
    assert set(yaml.safe_load(PUBLISHED.read_text())["paths"]) == ours | {"/gateway/check"}


def test_every_reason_of_the_gate_is_published() -> None:
    answers = yaml.safe_load(PUBLISHED.read_text())["paths"]["/gateway/check"]["get"]["responses"]
    said = {code: set(answers[code]["headers"]["X-Gapura-Reason"]["schema"]["enum"]) for code in ("401", "403")}
    assert said == {"401": set(UNAUTHENTICATED), "403": set(Reason) - UNAUTHENTICATED}


# --- what should work works as published ---------------------------------------------------------------------------
ORIGINAL = {"X-Original-Method": "GET", "X-Original-URI": "/api/uji/1?a=b", "X-Original-Addr": "10.0.0.1"}


def test_the_right_road_is_as_published(gapura_server: live.LiveGapura, known: dict[str, str]) -> None:
    def call(path: str, method: str, who: str = "", status: int = 200, **parts: Any) -> Any:
        case = SCHEMA[path][method].Case(media_type=FORM if "body" in parts else None, **parts)
        headers = {"Authorization": known.get(who, who)} if who else {}
        response = case.call(base_url=gapura_server.base_url, headers=headers)
        case.validate_response(response, checks=OF_ONE_ANSWER)
        assert response.status_code == status
        return response

    sold = call("/oauth/token", "POST", "account", body={"grant_type": "client_credentials", "scope": "uji"}).json()
    about = {"token": sold["access_token"]}
    assert call("/oauth/introspect", "POST", "server", body=about).json()["active"] is True
    for who in ("account", f"Bearer {sold['access_token']}"):
        passed = call("/gateway/check", "GET", who, 204, headers=ORIGINAL)
        assert passed.headers["x-gapura-data"] == ["uji"]
    assert call("/gateway/check", "GET", "account", 403, headers=ORIGINAL | {"X-Original-URI": "/x"})
    assert call("/oauth/revoke", "POST", "account", body=about).json() == {}
    assert call("/oauth/introspect", "POST", "server", body=about).json() == {"active": False}
    assert len(call("/oauth/jwks", "GET").json()["keys"]) == 1
    assert call("/.well-known/oauth-authorization-server", "GET").json()["token_endpoint"].endswith("/oauth/token")


# --- bytes that no client library would send -----------------------------------------------------------------------
RAW = {
    "a header of 64 KB": b"Authorization: Basic " + b"A" * 65536 + b"\r\nContent-Length: 0\r\n\r\n",
    "another header of 64 KB": b"X-Padding: " + b"A" * 65536 + b"\r\nContent-Length: 0\r\n\r\n",
    "NUL in a header": b"Authorization: Basic \0\0\r\nContent-Length: 0\r\n\r\n",
    "bytes above 127 in a header": b"Authorization: Basic \xff\xfe\r\nContent-Length: 0\r\n\r\n",
    "the header twice": b"Authorization: Basic YTpi\r\nAuthorization: Basic YTpi\r\nContent-Length: 0\r\n\r\n",
    "a body in chunks": b"Transfer-Encoding: chunked\r\n\r\n5\r\ntoken\r\n0\r\n\r\n",
    "a length that is no number": b"Content-Length: x\r\n\r\n",
    "a negative length": b"Content-Length: -1\r\n\r\n",
    "NUL in the body": b"Content-Length: 12\r\n\r\ngrant_type=\0",
    "a host nobody has": b"Host: x\r\nContent-Length: 0\r\n\r\n",
    "a charset nobody has": b"Content-Type: text/plain; charset=\xff\r\nContent-Length: 0\r\n\r\n",
}
ENDPOINTS = [
    "GET /gateway/check",
    "POST /oauth/token",
    "POST /oauth/introspect",
    "POST /oauth/revoke",
    "POST /oauth/token?%00=%ff",
    "GET /oauth/jwks",
    "GET /.well-known/oauth-authorization-server",
]


@pytest.mark.parametrize("name", RAW)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_broken_bytes_are_no_server_error(gapura_server: live.LiveGapura, endpoint: str, name: str) -> None:
    where = urlsplit(gapura_server.base_url)
    host = b"" if b"Host:" in RAW[name] else f"Host: {where.netloc}\r\n".encode()
    kind = b"" if b"Content-Type:" in RAW[name] else f"Content-Type: {FORM}\r\n".encode()
    with socket.create_connection((str(where.hostname), int(where.port or 80)), timeout=5) as connection:
        connection.sendall(endpoint.encode() + b" HTTP/1.1\r\nConnection: close\r\n" + host + kind + RAW[name])
        answer = connection.recv(200)
    assert 200 <= int(answer.split()[1]) < 500


# --- what schemathesis makes of it -------------------------------------------------------------------------------
@SCHEMA.parametrize()
@TRY
def test_strangers_find_no_server_error_and_nothing_unpublished(
    case: schemathesis.Case, gapura_server: live.LiveGapura
) -> None:
    case.call_and_validate(base_url=gapura_server.base_url, checks=CHECKS)


@SCHEMA.parametrize()
@TRY
def test_whoever_is_known_finds_no_server_error_and_nothing_unpublished(
    case: schemathesis.Case, gapura_server: live.LiveGapura, known: dict[str, str]
) -> None:
    who = "server" if case.operation.path == "/oauth/introspect" else "account"
    case.call_and_validate(base_url=gapura_server.base_url, headers={"Authorization": known[who]}, checks=CHECKS)
