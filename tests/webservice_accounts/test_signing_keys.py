"""Signed access tokens (RFC 9068) as a gateway sees them: it has our published keys, and nothing else of ours."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from django.core.management import call_command
from django.test import Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.util import urlsafe_b64decode
from pytest_django import Settings

from accounts import audit
from accounts.models import AuditEvent
from tests import factories
from tests.webservice_accounts.test_oauth import FORM, World, a_server, an_account, is_active
from webservice_accounts import credentials, oauth, signing_keys
from webservice_accounts.models import AccessToken, SigningKey

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
def world() -> World:
    """Return an account that may read students (at `data`) and staff (at `hr`), and a gateway before each service."""
    data, hr = factories.ServiceFactory(code="data"), factories.ServiceFactory(code="hr", name="SDM")
    types = (
        factories.DataTypeFactory(code="students", service=data),
        factories.DataTypeFactory(code="staff", service=hr),
    )
    return World(*an_account("fmipa-presensi", *types), *a_server("gw-data", data), *a_server("gw-hr", hr))


@pytest.fixture(autouse=True)
def _signed(settings: Settings) -> Iterator[None]:
    settings.OAUTH_ACCESS_TOKENS = "jwt"
    settings.BASE_URL = "https://gapura.example"
    with time_machine.travel(NOW, tick=False):
        yield


def buy(world: World, **form: str) -> str:
    body = urlencode({"grant_type": "client_credentials"} | form)
    response = Client().post("/oauth/token", body, content_type=FORM, HTTP_AUTHORIZATION=world.basic)
    return str(response.json()["access_token"])


def jwks() -> dict[str, Any]:
    response = Client().get("/oauth/jwks")
    assert response["Cache-Control"] == "public, max-age=300"
    return dict(response.json())


def header(text: str) -> dict[str, str]:
    return dict(json.loads(urlsafe_b64decode(text.split(".")[0].encode())))


def accepts(keys: dict[str, Any], text: str) -> bool:
    """Whether a gateway with these keys accepts the token: joserfc looks for the key by its name."""
    try:
        jwt.decode(text, KeySet.import_key_set(keys), algorithms=["ES256"])
    except (JoseError, ValueError):
        return False
    return True


# --- one token -------------------------------------------------------------------------------------------------
def test_rfc9068_2_what_a_signed_token_says(world: World) -> None:
    text = buy(world)
    assert header(text) == {"alg": "ES256", "typ": "at+jwt", "kid": jwks()["keys"][0]["kid"]}
    claims = jwt.decode(text, KeySet.import_key_set(jwks()), algorithms=["ES256"]).claims
    assert len(claims.pop("jti")) >= 16
    assert claims == {
        "iss": "https://gapura.example",
        "sub": "fmipa-presensi",
        "client_id": "fmipa-presensi",
        "aud": ["data", "hr"],
        "scope": "staff students",
        "iat": 1803891600,
        "exp": 1803892200,
    }


def test_rfc9068_3_the_audience_is_where_the_scope_is_served(world: World) -> None:
    claims = jwt.decode(buy(world, scope="staff"), KeySet.import_key_set(jwks()), algorithms=["ES256"]).claims
    assert (claims["aud"], claims["scope"]) == (["hr"], "staff")


def test_rfc7518_3_4_the_signature_is_right_by_plain_cryptography(world: World) -> None:
    """No JOSE library at all: the numbers of the published key, and the bytes that were signed."""
    text, key = buy(world), jwks()["keys"][0]
    x, y = (int.from_bytes(urlsafe_b64decode(key[name].encode()), "big") for name in "xy")
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    signed, _dot, signature = text.rpartition(".")
    raw = urlsafe_b64decode(signature.encode())
    assert len(raw) == 64
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public.verify(der, signed.encode(), ec.ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(der, signed.encode() + b"x", ec.ECDSA(SHA256()))


def test_rfc7517_the_published_keys_are_public_halves_only(world: World) -> None:
    buy(world)
    (key,) = jwks()["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")


def test_each_token_is_another_one(world: World) -> None:
    assert buy(world) != buy(world)
    assert AccessToken.objects.count() == 2


@pytest.mark.parametrize("left", [300, 300.9])
def test_a_signed_token_ends_with_its_account_and_never_later(world: World, left: float) -> None:
    world.account.ends_at = NOW + timedelta(seconds=left)
    world.account.save()
    claims = jwt.decode(buy(world), KeySet.import_key_set(jwks()), algorithms=["ES256"]).claims
    assert claims["exp"] == 1803891600 + 300


def test_a_signed_token_can_be_asked_about_and_given_back_like_any_other(world: World) -> None:
    text = buy(world)
    assert is_active(world, text)
    form = urlencode({"token": text})
    Client().post("/oauth/revoke", form, content_type=FORM, HTTP_AUTHORIZATION=world.basic)
    assert not is_active(world, text)


def test_a_token_signed_by_somebody_else_is_not_ours(world: World) -> None:
    first, _dot, signature = buy(world).rpartition(".")
    forged = first + "." + signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    assert not accepts(jwks(), forged)
    assert not is_active(world, forged)


def test_opaque_tokens_need_no_key(world: World, settings: Settings) -> None:
    settings.OAUTH_ACCESS_TOKENS = "opaque"
    assert buy(world).startswith("uwt_")
    assert jwks() == {"keys": []}


# --- rotation ----------------------------------------------------------------------------------------------------
def test_a_new_key_is_published_ten_minutes_before_it_signs_and_the_old_one_until_its_last_token_is_dead(
    world: World,
) -> None:
    old = buy(world)
    call_command("rotate_signing_key", stdout=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    known = jwks()  # a gateway reads our keys now, and not again before the old key is gone
    last = NOW + TEN_MINUTES - timedelta(microseconds=1)
    with time_machine.travel(last, tick=False):
        last_old = buy(world)
    with time_machine.travel(NOW + TEN_MINUTES, tick=False):
        new = buy(world)
    assert header(old)["kid"] == header(last_old)["kid"] != header(new)["kid"]
    assert len(known["keys"]) == 2
    assert all(accepts(known, text) for text in (old, last_old, new))
    with time_machine.travel(last + TEN_MINUTES, tick=False):
        assert accepts(jwks(), last_old)
    with time_machine.travel(NOW + 2 * TEN_MINUTES, tick=False):
        assert not accepts(jwks(), last_old)
        assert accepts(jwks(), new)


def test_rotating_twice_keeps_the_order(world: World) -> None:
    first = header(buy(world))["kid"]
    second = signing_keys.rotate(by_name="Uji", now=NOW).kid
    third = signing_keys.rotate(by_name="Uji", now=NOW + timedelta(minutes=5)).kid
    for minutes, kid in ((9, first), (10, second), (14, second), (15, third), (1000, third)):
        with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
            assert header(buy(world))["kid"] == kid


def test_a_stolen_key_vanishes_at_once(world: World) -> None:
    old = buy(world)
    call_command("rotate_signing_key", "--stolen", stdout=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    assert not accepts(jwks(), old)
    assert accepts(jwks(), buy(world))


def test_a_key_that_was_made_before_it_was_needed_signs_at_once(world: World) -> None:
    row = signing_keys.rotate(by_name="Uji", now=NOW)
    assert header(buy(world))["kid"] == row.kid


@pytest.mark.parametrize(("stolen", "word"), [(False, "mengganti"), (True, "bocor")])
def test_a_rotation_stands_in_the_record(stolen: bool, word: str) -> None:
    row = signing_keys.rotate(by_name="manage.py", now=NOW, stolen=stolen)
    event = AuditEvent.objects.get(subject=f"signing_key:{row.kid}")
    assert audit.say(event).startswith("manage.py ")
    assert word in audit.say(event)


def test_old_keys_are_deleted_when_their_last_token_is_dead(world: World) -> None:
    buy(world)
    signing_keys.rotate(by_name="Uji", now=NOW)
    oauth.prune(now=NOW + 2 * TEN_MINUTES - timedelta(microseconds=1))
    assert SigningKey.objects.count() == 2
    oauth.prune(now=NOW + 2 * TEN_MINUTES)
    assert SigningKey.objects.count() == 1


# --- the private half ----------------------------------------------------------------------------------------------
def test_the_private_half_is_not_readable_in_the_database(world: World) -> None:
    buy(world)
    row = SigningKey.objects.get()
    assert row.encrypted_private_key.startswith("1:")
    assert '"d"' not in row.encrypted_private_key
    assert "d" not in row.public_jwk


def test_a_new_pepper_keeps_old_keys_and_seals_new_ones(world: World, settings: Settings) -> None:
    first = header(buy(world))["kid"]
    settings.CREDENTIAL_PEPPER_KEYS = settings.CREDENTIAL_PEPPER_KEYS | {"2": "another-pepper"}
    assert header(buy(world))["kid"] == first
    assert signing_keys.rotate(by_name="Uji", now=NOW).encrypted_private_key.startswith("2:")
    with time_machine.travel(NOW + TEN_MINUTES, tick=False):
        assert header(buy(world))["kid"] != first


@pytest.mark.parametrize("peppers", [{"2": "another-pepper"}, {"1": "changed", "2": "another-pepper"}])
def test_a_key_whose_pepper_is_gone_or_wrong_is_replaced_and_stays_published(
    world: World, settings: Settings, peppers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    old = buy(world)
    settings.CREDENTIAL_PEPPER_KEYS = peppers
    version, digest = credentials.digest(world.secret)
    world.account.secrets.update(digest=digest, pepper_version=version)
    caplog.clear()
    new = buy(world)
    assert header(old)["kid"] in caplog.text
    assert accepts(jwks(), old)
    assert accepts(jwks(), new)
    caplog.clear()
    buy(world)
    assert not caplog.text


def test_a_private_half_moved_to_another_row_does_not_open(world: World, settings: Settings) -> None:
    """Who can write to the database still cannot make us sign under a key of another name."""
    buy(world)
    row = SigningKey.objects.get()
    SigningKey.objects.filter(pk=row.pk).update(kid="planted")
    assert header(buy(world))["kid"] not in ("planted", row.kid)
