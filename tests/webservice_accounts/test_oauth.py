"""OAuth 2.0 as the RFCs say it, asked over HTTP. The numbers in names and docstrings are their sections."""

import base64
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests
import time_machine
from django.core import mail
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.log import AdminEmailHandler
from joserfc import jwt
from joserfc.jwk import KeySet
from oauthlib.oauth2 import BackendApplicationClient
from oauthlib.oauth2.rfc6749.errors import OAuth2Error
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from requests_oauthlib import OAuth2Session

from tests import factories
from webservice_accounts import credentials, oauth
from webservice_accounts.models import (
    AccessToken,
    AllowedAddress,
    DataType,
    Grant,
    ResourceServer,
    Secret,
    Service,
    WebserviceAccount,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
BUY = {"grant_type": "client_credentials"}


@dataclass
class World:
    """An account that may read students (at `data`) and staff (at `hr`), and a gateway before each service."""

    account: WebserviceAccount
    secret: str
    row: Secret
    server: ResourceServer
    server_secret: str
    hr: ResourceServer
    hr_secret: str

    @property
    def basic(self) -> str:
        return basic(self.account.username, self.secret)

    @property
    def asks(self) -> str:
        return basic(self.server.code, self.server_secret)


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def an_account(username: str, *data_types: DataType, **fields: Any) -> tuple[WebserviceAccount, str, Secret]:
    """A living account of a year with one secret."""
    words = {
        "unit": factories.UnitFactory(),
        "application": "Presensi",
        "purpose": "Uji",
        "origin": "request:GP27-AAAAAA",
        "holder_name": "Iqbal",
        "holder_identity_type": "nip",
        "holder_identity_number": "198706302014041002",
        "holder_phone": "+6281234567800",
        "holder_email": "pj@usk.ac.id",
        "starts_at": NOW - timedelta(days=30),
        "ends_at": NOW + timedelta(days=335),
        "created_at": NOW - timedelta(days=30),
        "created_by_name": "PSI",
        "revealed_at": NOW - timedelta(days=29),
    }
    account = WebserviceAccount.objects.create(username=username, **words | fields)
    for data_type in data_types:
        Grant.objects.create(account=account, data_type=data_type, since=account.created_at, origin=account.origin)
    return account, *a_secret(account)


def a_secret(account: WebserviceAccount, **fields: Any) -> tuple[str, Secret]:
    text = credentials.new_secret()
    version, digest = credentials.digest(text)
    words = {"digest": digest, "pepper_version": version, "hint": "x", "created_at": NOW - timedelta(days=29)}
    return text, Secret.objects.create(account=account, **words | fields)


def a_server(code: str, service: Service) -> tuple[ResourceServer, str]:
    server = ResourceServer.objects.create(code=code, name=code, service=service)
    return server, oauth.replace_secret(server)


@pytest.fixture
def world() -> World:
    """Return the world above."""
    data, hr = factories.ServiceFactory(code="data"), factories.ServiceFactory(code="hr", name="SDM")
    students = factories.DataTypeFactory(code="students", service=data)
    staff = factories.DataTypeFactory(code="staff", service=hr)
    factories.DataTypeFactory(code="alumni", service=data)  # granted to nobody
    return World(*an_account("fmipa-presensi", students, staff), *a_server("gw-data", data), *a_server("gw-hr", hr))


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def post(path: str, form: Any = None, authorization: str = "", **headers: Any) -> HttpResponse:
    body = form if isinstance(form, str | bytes) else urlencode(form or {})
    if authorization:
        headers["HTTP_AUTHORIZATION"] = authorization
    return Client(enforce_csrf_checks=True).post(path, body, **{"content_type": FORM} | headers)


def token(world: World, form: Any = None, authorization: str | None = None, **headers: Any) -> HttpResponse:
    words = form if isinstance(form, str | bytes) else BUY | (form or {})
    return post("/oauth/token", words, world.basic if authorization is None else authorization, **headers)


def bought(world: World, **form: str) -> str:
    return str(token(world, form).json()["access_token"])


def introspect(world: World, text: str, authorization: str | None = None, **form: str) -> HttpResponse:
    return post("/oauth/introspect", {"token": text} | form, world.asks if authorization is None else authorization)


def is_active(world: World, text: str) -> bool:
    said = introspect(world, text).json()
    assert said["active"] or said == {"active": False}
    return bool(said["active"])


def error(response: HttpResponse) -> tuple[int, str]:
    """Status and error code; every error is JSON that nobody keeps (RFC 6749, 5.2)."""
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    assert set(body) <= {"error", "error_description"}
    allowed = {*range(0x20, 0x22), *range(0x23, 0x5C), *range(0x5D, 0x7F)}
    assert {ord(letter) for letter in body["error"] + body["error_description"]} <= allowed
    return response.status_code, body["error"]


# --- RFC 6749, 4.4 and 5.1: a token for a secret ---------------------------------------------------------------
def test_rfc6749_4_4_a_secret_buys_a_token_of_ten_minutes_for_all_that_is_granted(world: World) -> None:
    response = token(world)
    body = response.json()
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert body.pop("access_token").startswith("uwt_")
    assert body == {"token_type": "Bearer", "expires_in": 600, "scope": "staff students"}


def test_rfc6749_5_1_the_answer_with_the_token_is_kept_by_nobody_and_4_4_3_holds_no_refresh_token(world: World) -> None:
    response = token(world)
    assert response["Cache-Control"] == "no-store"
    assert response["Pragma"] == "no-cache"
    assert "refresh_token" not in response.json()
    assert not response.cookies


def test_rfc6749_2_3_1_the_secret_may_stand_in_the_body(world: World) -> None:
    form = {"client_id": world.account.username, "client_secret": world.secret}
    assert token(world, form, authorization="").status_code == 200


def test_rfc6749_2_3_1_name_and_secret_are_form_encoded_in_the_basic_header(world: World) -> None:
    encoded = basic(quote(world.account.username).replace("-", "%2D"), world.secret.replace("_", "%5F"))
    assert token(world, authorization=encoded).status_code == 200


def test_rfc6749_2_3_1_the_name_of_the_scheme_may_be_written_in_any_case(world: World) -> None:
    assert token(world, authorization=world.basic.replace("Basic", "bASIC")).status_code == 200


def test_the_token_is_stored_as_a_keyed_hash_only(world: World) -> None:
    text = bought(world)
    row = AccessToken.objects.get()
    assert credentials.matches(text, row.digest)
    assert text not in str(AccessToken.objects.values())
    assert (row.issued_at, row.expires_at, row.scope) == (NOW, NOW + timedelta(minutes=10), "staff students")


def test_buying_a_token_is_a_use_of_the_secret_and_of_the_account(world: World) -> None:
    bought(world)
    world.row.refresh_from_db()
    world.account.refresh_from_db()
    assert world.row.last_used_at == world.account.last_used_at == NOW


def test_no_token_stands_in_a_log_even_at_the_lowest_level(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        text = bought(world)
        is_active(world, text)
        post("/oauth/revoke", {"token": text}, world.basic)
    for secret in (text, world.secret, world.server_secret, world.basic.split()[1]):
        assert secret not in caplog.text


# Scope (3.3): granted are "staff" and "students"; "alumni" exists, and is granted to nobody.
@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ({}, "staff students"),
        ({"scope": ""}, "staff students"),
        ({"scope": "students"}, "students"),
        ({"scope": "students staff"}, "staff students"),
        ({"scope": "students students"}, "students"),
        ({"scope": "alumni"}, None),
        ({"scope": "students alumni"}, None),
        ({"scope": "Students"}, None),
        ({"scope": "students\tstaff"}, None),
        ({"scope": "*"}, None),
        ({"scope": '"\\ü'}, None),
    ],
)
def test_rfc6749_3_3_a_token_is_good_for_what_was_asked_within_what_is_granted(
    world: World, asked: dict[str, str], got: str | None
) -> None:
    response = token(world, asked)
    if got is None:
        assert error(response) == (400, "invalid_scope")
        assert not AccessToken.objects.exists()
    else:
        assert response.json()["scope"] == got


def test_rfc6749_3_3_what_is_no_longer_granted_cannot_be_asked_for(world: World) -> None:
    world.account.grants.filter(data_type__code="staff").update(until=NOW)
    assert token(world).json()["scope"] == "students"
    assert error(token(world, {"scope": "staff"})) == (400, "invalid_scope")
    world.account.grants.update(until=NOW)
    assert error(token(world)) == (400, "invalid_scope")


# --- RFC 6749, 5.2: errors -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "grant", ["authorization_code", "password", "refresh_token", "Client_Credentials", 'urn:x:"\\é\n', "x" * 5000]
)
def test_rfc6749_5_2_other_grants_are_not_supported(world: World, grant: str) -> None:
    assert error(token(world, {"grant_type": grant})) == (400, "unsupported_grant_type")


BROKEN: dict[str, tuple[str | bytes, str]] = {
    "nothing at all": ("", FORM),
    "3.2: a parameter without a value counts as not sent": ("grant_type=", FORM),
    "3.2: a parameter twice": ("grant_type=client_credentials&grant_type=client_credentials", FORM),
    "3.2: any parameter twice": ("grant_type=client_credentials&scope=students&scope=staff", FORM),
    "NUL in a value": ("grant_type=client_credentials&scope=a%00b", FORM),
    "NUL in a name": ("grant_type=client_credentials&a%00b=1", FORM),
    "not UTF-8, encoded": ("grant_type=client_credentials&scope=%ff%fe", FORM),
    "not UTF-8, raw": (b"grant_type=client_credentials&scope=\xff\xfe", FORM),
    "half a surrogate": ("grant_type=client_credentials&scope=%ed%a0%80", FORM),
    "too many parameters": ("grant_type=client_credentials&" + "&".join(f"p{n}=1" for n in range(100)), FORM),
    "huge": ("grant_type=client_credentials&scope=" + "x" * 20_000, FORM),
    "larger than Django reads": ("grant_type=client_credentials&scope=" + "x" * 3_000_000, FORM),
    "JSON": (json.dumps(BUY), "application/json"),
    "a form with files": ("--x\r\n\r\n--x--", "multipart/form-data; boundary=x"),
    "4.4.2: another charset": (urlencode(BUY), FORM + "; charset=utf-16"),
    "no such charset": (urlencode(BUY), FORM + "; charset=%00"),
    "no content type": (urlencode(BUY), ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_rfc6749_5_2_what_cannot_be_read_is_an_invalid_request(world: World, name: str) -> None:
    body, content_type = BROKEN[name]
    assert error(token(world, body, content_type=content_type)) == (400, "invalid_request")
    assert not AccessToken.objects.exists()


def test_rfc6749_2_3_1_nothing_is_taken_from_the_address(world: World) -> None:
    response = post("/oauth/token?" + urlencode(BUY), BUY, world.basic)
    assert error(response) == (400, "invalid_request")


def test_rfc6749_2_3_two_ways_to_authenticate_at_once_are_an_invalid_request(world: World) -> None:
    form = {"client_id": world.account.username, "client_secret": world.secret}
    assert error(token(world, form)) == (400, "invalid_request")
    assert error(token(world, {"client_id": "somebody-else"})) == (400, "invalid_request")
    assert token(world, {"client_id": world.account.username}).status_code == 200


NAMELESS: dict[str, Callable[[World], str]] = {
    "no authentication": lambda world: "",
    "Bearer": lambda world: f"Bearer {world.secret}",
    "not base64": lambda world: "Basic ***",
    "cut off": lambda world: world.basic[:-5],
    "no colon": lambda world: "Basic " + base64.b64encode(b"abc").decode(),
    "not UTF-8": lambda world: "Basic " + base64.b64encode(b"\xff:\xfe").decode(),
    "only the scheme": lambda world: "Basic",
    "empty name": lambda world: basic("", world.secret),
    "empty secret": lambda world: basic(world.account.username, ""),
    "NUL in the name": lambda world: basic(world.account.username + "\0", world.secret),
    "NUL in the secret": lambda world: basic(world.account.username, world.secret + "%00"),
    "name in capitals": lambda world: basic(world.account.username.upper(), world.secret),
    "unknown name": lambda world: basic("nobody", world.secret),
    "prefix in capitals": lambda world: basic(world.account.username, world.secret.replace("uws_", "UWS_")),
    "one letter wrong": lambda world: basic(world.account.username, world.secret[:-1] + "#"),
    "another secret of the right shape": lambda world: basic(world.account.username, credentials.new_secret()),
    "a token is no secret": lambda world: basic(world.account.username, credentials.new_token()),
    "a resource server's": lambda world: world.asks,
    "two headers in one": lambda world: f"{world.basic}, {world.basic}",
}


@pytest.mark.parametrize("name", NAMELESS)
def test_rfc6749_5_2_who_is_not_known_gets_one_and_the_same_answer(world: World, name: str) -> None:
    refused = token(world, authorization=NAMELESS[name](world))
    usual = token(world, authorization=basic(world.account.username, credentials.new_secret()))
    assert error(refused) == (401, "invalid_client")
    assert refused["WWW-Authenticate"].startswith("Basic realm=")
    assert (refused.content, dict(refused.headers)) == (usual.content, dict(usual.headers))
    assert not AccessToken.objects.exists()


def test_a_header_of_64_kilobytes_is_refused(world: World) -> None:
    assert error(token(world, authorization="Basic " + "A" * 65536)) == (400, "invalid_request")


def test_the_secret_of_another_account_opens_nothing(world: World) -> None:
    other, secret, _row = an_account("fk-apotek", DataType.objects.get(code="students"))
    assert error(token(world, authorization=basic(world.account.username, secret))) == (401, "invalid_client")
    assert token(world, authorization=basic(other.username, secret)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "opens"),
    [
        ({}, True),
        ({"starts_at": NOW}, True),
        ({"starts_at": NOW + timedelta(microseconds=1)}, False),
        ({"ends_at": NOW + timedelta(seconds=1)}, True),
        ({"ends_at": NOW}, False),
        ({"ends_at": NOW - timedelta(seconds=1)}, False),
        ({"suspended_at": NOW}, False),
        ({"suspended_at": NOW + timedelta(seconds=1)}, True),
        ({"revoked_at": NOW}, False),
        ({"revealed_at": None}, False),
    ],
)
def test_the_account_is_judged_at_the_moment_of_buying(world: World, fields: dict[str, Any], opens: bool) -> None:
    usual = token(world, authorization="").content
    WebserviceAccount.objects.update(**fields)
    response = token(world)
    assert response.status_code == (200 if opens else 401)
    assert (response.content == usual) is not opens


@pytest.mark.parametrize(("left", "opens"), [(None, True), (1, True), (0, False), (-1, False)])
def test_the_secret_is_judged_at_the_moment_of_buying(world: World, left: int | None, opens: bool) -> None:
    Secret.objects.update(ends_at=None if left is None else NOW + timedelta(seconds=left))
    assert token(world).status_code == (200 if opens else 401)


@pytest.mark.parametrize(
    ("account_left", "secret_left", "expires_in"),
    [
        (601, None, 600),
        (599, None, 599),
        (1, None, 1),
        (3600, 599, 599),
        (3600, 1, 1),
        (100, 200, 100),
        (200, 100, 100),
    ],
)
def test_rfc6749_5_1_a_token_never_outlives_its_account_or_its_secret(
    world: World, account_left: int, secret_left: int | None, expires_in: int
) -> None:
    WebserviceAccount.objects.update(ends_at=NOW + timedelta(seconds=account_left))
    Secret.objects.update(ends_at=secret_left and NOW + timedelta(seconds=secret_left))
    response = token(world)
    assert response.json()["expires_in"] == expires_in
    text = response.json()["access_token"]
    with time_machine.travel(NOW + timedelta(seconds=expires_in, microseconds=-1), tick=False):
        assert is_active(world, text)
    with time_machine.travel(NOW + timedelta(seconds=expires_in), tick=False):
        assert not is_active(world, text)


# From where: the account may be used from 10.1.0.0/16 and 2001:db8::5; 127.0.0.1 is our own proxy.
@pytest.mark.parametrize(
    ("peer", "forwarded", "opens"),
    [
        ("10.1.2.3", None, True),
        ("10.2.0.1", None, False),
        ("2001:db8::5", None, True),
        ("2001:db8::6", None, False),
        ("::ffff:10.1.2.3", None, True),
        ("127.0.0.1", None, False),
        ("127.0.0.1", "10.1.2.3", True),
        ("127.0.0.1", "10.2.0.1", False),
        ("127.0.0.1", "10.2.0.1, 10.1.2.3", True),
        ("127.0.0.1", "10.1.2.3, 10.2.0.1", False),
        ("127.0.0.1", "10.1.2.3, ", False),
        ("127.0.0.1", "10.1.2.3, rubbish", False),
        ("10.2.0.1", "10.1.2.3", False),
        ("10.1.2.3", "10.2.0.1", True),
        ("", "10.1.2.3", False),
    ],
)
def test_an_account_buys_from_its_allowed_addresses_only(
    world: World, peer: str, forwarded: str | None, opens: bool
) -> None:
    for network in ("10.1.0.0/16", "2001:db8::5/128"):
        AllowedAddress.objects.create(account=world.account, network=network)
    headers = {"REMOTE_ADDR": peer} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {})
    response = token(world, **headers)
    assert response.status_code == (200 if opens else 401)


def test_an_account_buys_at_most_sixty_tokens_a_minute(world: World) -> None:
    for _number in range(60):
        assert token(world).status_code == 200
    response = token(world)
    assert error(response) == (429, "too_many_requests")
    assert response["Retry-After"] == "60"
    other, secret, _row = an_account("fk-apotek", DataType.objects.get(code="students"))
    assert token(world, authorization=basic(other.username, secret)).status_code == 200
    with time_machine.travel(NOW + timedelta(seconds=60), tick=False):
        assert token(world).status_code == 200


def test_a_typing_error_in_a_secret_costs_no_query(world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        token(world, authorization=basic(world.account.username, world.secret[:-1] + "#"))
        introspect(world, "uwt_" + "x" * 36, basic("gw-data", "uwg_" + "x" * 36))
    assert not queries.captured_queries


# --- two peppers -----------------------------------------------------------------------------------------------
def test_what_an_older_pepper_hashed_still_opens_and_new_tokens_take_the_newest(
    world: World, settings: Settings
) -> None:
    before = bought(world)
    settings.CREDENTIAL_PEPPER_KEYS = settings.CREDENTIAL_PEPPER_KEYS | {"2": "another-pepper"}
    assert is_active(world, before)
    after = bought(world)
    assert is_active(world, after)
    assert list(AccessToken.objects.order_by("pk").values_list("pepper_version", flat=True)) == [1, 2]
    settings.CREDENTIAL_PEPPER_KEYS = {"2": "another-pepper"}
    assert error(token(world)) == (401, "invalid_client")


# --- RFC 7662: introspection -------------------------------------------------------------------------------------
def test_rfc7662_2_2_what_a_living_token_says_at_the_callers_service(world: World, settings: Settings) -> None:
    text = bought(world)
    response = introspect(world, text)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert response.json() == {
        "active": True,
        "scope": "students",
        "client_id": "fmipa-presensi",
        "username": "fmipa-presensi",
        "sub": "fmipa-presensi",
        "token_type": "Bearer",
        "iss": settings.BASE_URL,
        "aud": "data",
        "iat": 1803891600,
        "exp": 1803892200,
    }
    hr = introspect(world, text, basic("gw-hr", world.hr_secret)).json()
    assert (hr["scope"], hr["aud"]) == ("staff", "hr")


def test_rfc7662_2_1_a_hint_changes_nothing(world: World) -> None:
    text = bought(world)
    for hint in ("access_token", "refresh_token", "something_else"):
        assert introspect(world, text, token_type_hint=hint).json()["active"] is True


DEATHS: dict[str, Callable[[World], object]] = {
    "the token ended": lambda world: AccessToken.objects.update(expires_at=NOW),
    "the token was revoked": lambda world: AccessToken.objects.update(revoked_at=NOW),
    "its secret ended": lambda world: Secret.objects.update(ends_at=NOW),
    "its account was suspended": lambda world: WebserviceAccount.objects.update(suspended_at=NOW),
    "its account was revoked": lambda world: WebserviceAccount.objects.update(revoked_at=NOW),
    "its account ended": lambda world: WebserviceAccount.objects.update(ends_at=NOW),
    "its account has not begun": lambda world: WebserviceAccount.objects.update(starts_at=NOW + timedelta(seconds=1)),
    "its key must be opened anew": lambda world: WebserviceAccount.objects.update(revealed_at=None),
    "the data was taken away": lambda world: Grant.objects.filter(data_type__code="students").update(until=NOW),
    "the data moved to another service": lambda world: DataType.objects.update(service=world.hr.service),
}


@pytest.mark.parametrize("name", DEATHS)
def test_rfc7662_2_2_a_token_dies_and_nothing_more_is_said(world: World, name: str) -> None:
    text = bought(world)
    assert is_active(world, text)
    DEATHS[name](world)
    assert introspect(world, text).json() == {"active": False}


def test_rfc7662_2_2_a_token_without_scope_at_the_callers_service_is_not_active_there(world: World) -> None:
    text = bought(world, scope="staff")
    assert introspect(world, text).json() == {"active": False}
    assert introspect(world, text, basic("gw-hr", world.hr_secret)).json()["active"] is True


def test_no_token_is_active_at_a_service_that_is_switched_off(world: World) -> None:
    text = bought(world)
    Service.objects.filter(code="data").update(is_active=False)
    assert introspect(world, text).json() == {"active": False}
    assert introspect(world, text, basic("gw-hr", world.hr_secret)).json()["active"] is True


@pytest.mark.parametrize(
    "text", ["x", "uwt_", "uwt_" + "x" * 36, "eyJhbGciOiJub25lIn0.e30.", "\N{FACE WITH TEARS OF JOY}", "a" * 9000]
)
def test_rfc7662_2_2_what_is_no_token_is_not_active(world: World, text: str) -> None:
    assert introspect(world, text).json() == {"active": False}
    assert introspect(world, credentials.new_token()).json() == {"active": False}
    assert introspect(world, world.secret).json() == {"active": False}


def test_rfc7662_2_3_a_missing_token_is_an_invalid_request(world: World) -> None:
    assert error(post("/oauth/introspect", {}, world.asks)) == (400, "invalid_request")
    assert error(post("/oauth/introspect", "token=a&token=b", world.asks)) == (400, "invalid_request")


@pytest.mark.parametrize(
    "who",
    [
        lambda world, text: "",
        lambda world, text: f"Bearer {text}",
        lambda world, text: world.basic,
        lambda world, text: basic("gw-data", world.hr_secret),
        lambda world, text: basic("gw-data", credentials.new_server_secret()),
        lambda world, text: basic("nobody", world.server_secret),
    ],
)
def test_rfc7662_2_1_only_a_resource_server_may_ask(world: World, who: Callable[[World, str], str]) -> None:
    text = bought(world)
    response = introspect(world, text, who(world, text))
    assert error(response) == (401, "invalid_client")
    assert "WWW-Authenticate" in response


def test_rfc7662_4_a_resource_server_that_is_switched_off_or_got_a_new_secret_may_not_ask(world: World) -> None:
    text = bought(world)
    new = oauth.replace_secret(world.server)
    assert error(introspect(world, text)) == (401, "invalid_client")
    assert introspect(world, text, basic("gw-data", new)).status_code == 200
    ResourceServer.objects.update(is_active=False)
    assert error(introspect(world, text, basic("gw-data", new))) == (401, "invalid_client")


def test_a_resource_server_that_has_no_secret_yet_is_refused(world: World) -> None:
    ResourceServer.objects.update(digest="", pepper_version=None)
    assert error(introspect(world, "x")) == (401, "invalid_client")


def test_introspection_asks_two_questions_of_the_database_however_many_rows_there_are(world: World) -> None:
    text = bought(world)
    with CaptureQueriesContext(connection) as few:
        assert is_active(world, text)
    for number in range(10):
        factories.DataTypeFactory(service=world.server.service)
        bought(world)
        an_account(f"akun-{number}", DataType.objects.get(code="students"))
    with CaptureQueriesContext(connection) as many:
        assert is_active(world, text)
    assert len(few) == len(many) == 2


# --- RFC 7009: revocation --------------------------------------------------------------------------------------
def test_rfc7009_2_1_a_client_ends_its_own_token(world: World) -> None:
    text, other = bought(world), bought(world)
    response = post("/oauth/revoke", {"token": text, "token_type_hint": "refresh_token"}, world.basic)
    assert response.status_code == 200
    assert not is_active(world, text)
    assert is_active(world, other)
    form = {"token": other, "client_id": world.account.username, "client_secret": world.secret}
    assert post("/oauth/revoke", form).status_code == 200
    assert not is_active(world, other)


def test_rfc7009_2_2_unknown_or_dead_tokens_are_no_error(world: World) -> None:
    text = bought(world)
    for _twice in range(2):
        assert post("/oauth/revoke", {"token": text}, world.basic).status_code == 200
    first = AccessToken.objects.get().revoked_at
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        post("/oauth/revoke", {"token": text}, world.basic)
    assert AccessToken.objects.get().revoked_at == first
    for unknown in ("x", credentials.new_token(), world.secret):
        assert post("/oauth/revoke", {"token": unknown}, world.basic).status_code == 200


def test_rfc7009_2_1_another_clients_token_is_not_ended(world: World) -> None:
    text = bought(world)
    other, secret, _row = an_account("fk-apotek", DataType.objects.get(code="students"))
    response = post("/oauth/revoke", {"token": text}, basic(other.username, secret))
    assert error(response) == (400, "invalid_grant")
    assert is_active(world, text)


def test_rfc7009_2_1_who_is_not_known_ends_nothing(world: World) -> None:
    text = bought(world)
    for who in ("", world.asks, basic(world.account.username, credentials.new_secret())):
        assert error(post("/oauth/revoke", {"token": text}, who)) == (401, "invalid_client")
    assert error(post("/oauth/revoke", {}, world.basic)) == (400, "invalid_request")
    assert is_active(world, text)


# --- RFC 8414: metadata ------------------------------------------------------------------------------------------
def test_rfc8414_2_metadata(settings: Settings) -> None:
    settings.BASE_URL = "https://gapura.example"
    response = Client().get("/.well-known/oauth-authorization-server")
    assert response.json() == {
        "issuer": "https://gapura.example",
        "token_endpoint": "https://gapura.example/oauth/token",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "introspection_endpoint": "https://gapura.example/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
        "revocation_endpoint": "https://gapura.example/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "jwks_uri": "https://gapura.example/oauth/jwks",
    }
    assert response["Cache-Control"] == "public, max-age=300"


# --- over HTTP ---------------------------------------------------------------------------------------------------
POSTS, GETS = (
    ("/oauth/token", "/oauth/introspect", "/oauth/revoke"),
    ("/oauth/jwks", "/.well-known/oauth-authorization-server"),
)


@pytest.mark.parametrize("path", POSTS + GETS)
def test_a_wrong_method_is_said_in_json(path: str) -> None:
    right = ("POST",) if path in POSTS else ("GET", "HEAD")
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} - set(right):
        response = Client(enforce_csrf_checks=True).generic(method, path)
        assert (response.status_code, response["Allow"]) == (405, ", ".join(right))
        if method != "HEAD":
            assert error(response) == (405, "invalid_request")


@pytest.mark.parametrize("path", POSTS + GETS)
def test_no_session_is_touched_and_nobody_is_sent_to_sign_in(path: str, world: World) -> None:
    responses = [post(path, BUY, world.basic), Client().get(path)]
    for response in responses:
        assert not response.cookies
        assert response.status_code < 500
        assert response.status_code // 100 != 3
        assert response["Content-Type"] == "application/json"
        assert response["Content-Language"] == "en"


@pytest.mark.parametrize("path", POSTS + GETS)
def test_asvs_4_1_2_plain_http_is_refused_in_production_and_not_led_on(
    path: str, world: World, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^oauth/", r"^\.well-known/oauth-authorization-server$"]
    client = Client()
    for response in (client.post(path, urlencode(BUY), content_type=FORM), client.get(path)):
        assert error(response) == (400, "invalid_request")
        assert "https" in response.json()["error_description"]
    method, body = ("POST", urlencode(BUY)) if path in POSTS else ("GET", "")
    response = client.generic(method, path, body, FORM, secure=True, HTTP_AUTHORIZATION=world.basic)
    assert response.status_code in (200, 400, 401)
    assert "https" not in response.json().get("error_description", "")


def test_the_exemption_stands_in_the_settings_of_production(tmp_path: Any) -> None:
    """Asked of the settings themselves, as a production would load them."""
    env = os.environ | {"SECURE_COOKIES": "True", "DATA_DIR": str(tmp_path), "ENV_FILE": os.devnull}
    code = "import json; from config import settings; print(json.dumps(settings.SECURE_REDIRECT_EXEMPT))"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    exempt = json.loads(done.stdout)
    for path in POSTS + GETS:
        assert any(re.search(pattern, path.lstrip("/")) for pattern in exempt)
    assert not any(re.search(pattern, "masuk/") for pattern in exempt)


def test_a_database_that_does_not_answer_is_said_in_json(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(oauth, "token", broken)
    response = token(world)
    assert error(response) == (503, "temporarily_unavailable")
    assert response["Retry-After"] == "5"


def test_an_error_report_names_no_secret(world: World, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.ADMINS = [("Admin", "admin@usk.ac.id")]
    handler = AdminEmailHandler(include_html=True)
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)

    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(AccessToken.objects, "create", broken)
    form = {"client_id": world.account.username, "client_secret": world.secret}
    try:
        client = Client(raise_request_exception=False)
        assert client.post("/oauth/token", urlencode(BUY | form), content_type=FORM).status_code == 500
        assert (
            client.post("/oauth/token", urlencode(BUY), content_type=FORM, HTTP_AUTHORIZATION=world.basic).status_code
            == 500
        )
    finally:
        logger.removeHandler(handler)
    assert len(mail.outbox) >= 2
    for message in mail.outbox:
        report = message.body + "".join(str(part[0]) for part in message.alternatives)
        assert "ZeroDivisionError" in report
        assert world.secret not in report
        assert world.basic.split()[1] not in report
        assert "uwt_" not in report


# --- housekeeping --------------------------------------------------------------------------------------------------
def test_tokens_go_when_they_have_been_dead_for_a_day(world: World) -> None:
    text = bought(world)
    dead_at = NOW + timedelta(minutes=10)
    assert oauth.prune(now=dead_at + timedelta(days=1, microseconds=-1)) == 0
    assert is_active(world, text)
    assert oauth.prune(now=dead_at + timedelta(days=1)) == 1
    assert not AccessToken.objects.exists()


# --- an independent client ---------------------------------------------------------------------------------------
@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> LiveServer:
    """Return a server in a thread that keeps no connection to the test's database; clients may speak plain HTTP."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    running = request.getfixturevalue("live_server")
    assert isinstance(running, LiveServer)
    return running


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["opaque", "jwt"])
def test_a_client_of_other_peoples_making_buys_uses_and_returns_tokens(
    world: World, server: LiveServer, settings: Settings, kind: str
) -> None:
    """requests-oauthlib finds the endpoints by the metadata; the gateway asks with plain requests."""
    settings.BASE_URL, settings.OAUTH_ACCESS_TOKENS = server.url, kind
    where = requests.get(f"{server.url}/.well-known/oauth-authorization-server", timeout=5).json()
    session = OAuth2Session(client=BackendApplicationClient(world.account.username, scope=["students"]))
    sold = session.fetch_token(where["token_endpoint"], client_secret=world.secret)
    assert sold.scope == "students"
    assert not sold.scope_changed
    text = str(sold["access_token"])
    assert text.startswith("eyJ" if kind == "jwt" else "uwt_")
    gateway = requests.auth.HTTPBasicAuth(world.server.code, world.server_secret)

    def said() -> Any:
        return requests.post(where["introspection_endpoint"], {"token": text}, auth=gateway, timeout=5).json()

    assert said()["scope"] == "students"
    if kind == "jwt":
        keys = KeySet.import_key_set(requests.get(where["jwks_uri"], timeout=5).json())
        assert jwt.decode(text, keys, algorithms=["ES256"]).claims["sub"] == world.account.username
    own = requests.auth.HTTPBasicAuth(world.account.username, world.secret)
    assert requests.post(where["revocation_endpoint"], {"token": text}, auth=own, timeout=5).status_code == 200
    assert said() == {"active": False}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("scope", "secret", "expected"),
    [(["alumni"], None, "invalid_scope"), (None, "uws_wrong", "invalid_client")],
)
def test_a_client_of_other_peoples_making_understands_our_errors(
    world: World,
    server: LiveServer,
    scope: list[str] | None,
    secret: str | None,
    expected: str,
) -> None:
    session = OAuth2Session(client=BackendApplicationClient(world.account.username, scope=scope))
    with pytest.raises(OAuth2Error) as problem:
        session.fetch_token(f"{server.url}/oauth/token", client_secret=secret or world.secret)
    assert problem.value.error == expected
