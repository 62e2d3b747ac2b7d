"""Signatures against the specification's own figures, and where webhooks may and may not go."""

import base64
import hashlib
import hmac
from ipaddress import ip_network
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from webservice_accounts import webhooks

# Standard Webhooks 1.0.0, libraries/php/tests/WebhookTest.php (testSignFunctionWorks) of
# github.com/standard-webhooks/standard-webhooks; the same figures stand in its other libraries.
PUBLISHED_KEY = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLISHED = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
PUBLISHED_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the resolver answers."""
    known: dict[str, list[str]] = {}

    def resolve(host: str, port: int) -> list[str]:
        if host not in known:
            raise OSError(f"unknown: {host}")
        return known[host]

    monkeypatch.setattr(webhooks, "resolve", resolve)
    return known


# --- signatures ---------------------------------------------------------------------------
def test_the_specification_s_own_example_gets_the_specification_s_signature() -> None:
    assert webhooks.sign(base64.b64decode(PUBLISHED_KEY), *PUBLISHED) == PUBLISHED_SIGNATURE


def test_the_key_is_shown_as_receivers_enter_it() -> None:
    assert webhooks.shown(base64.b64decode(PUBLISHED_KEY)) == f"whsec_{PUBLISHED_KEY}"


def test_the_headers_carry_one_signature_for_each_key() -> None:
    keys = [b"a" * 32, b"b" * 32]
    headers = webhooks.headers(keys, "7-siakad-1-1795000000", 1795000000, b"{}")
    assert headers["webhook-id"] == "7-siakad-1-1795000000"
    assert headers["webhook-timestamp"] == "1795000000"
    signed = b"7-siakad-1-1795000000.1795000000.{}"
    by_hand = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    assert headers["webhook-signature"] == f"v1,{by_hand[0]} v1,{by_hand[1]}"


def test_an_id_with_a_full_stop_is_not_signed() -> None:
    with pytest.raises(ValueError, match="full stop"):
        webhooks.headers([b"a" * 32], "a.b", 1, b"{}")


def test_keys_are_those_of_the_pepper_the_service_and_the_version(settings: Any) -> None:
    settings.CREDENTIAL_PEPPER_KEYS = {"1": "merica"}

    def by_hand(pepper: bytes, label: bytes) -> bytes:
        return hmac.new(pepper, label, hashlib.sha256).digest()

    assert webhooks.keys("siakad", 1) == [by_hand(b"merica", b"webhook:siakad:1")]
    assert webhooks.keys("siakad", 3) == [
        by_hand(b"merica", b"webhook:siakad:3"),
        by_hand(b"merica", b"webhook:siakad:2"),
    ]
    settings.CREDENTIAL_PEPPER_KEYS = {"1": "merica", "2": "lada"}
    assert webhooks.keys("siakad", 2) == [
        by_hand(b"lada", b"webhook:siakad:2"),
        by_hand(b"merica", b"webhook:siakad:2"),
        by_hand(b"lada", b"webhook:siakad:1"),
        by_hand(b"merica", b"webhook:siakad:1"),
    ]
    assert all(len(key) >= 24 for key in webhooks.keys("siakad", 2)), "the specification asks for 192 bits"


# --- where to -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://layanan.usk.ac.id/gapura", "https://"),
        ("ftp://layanan.usk.ac.id/", "https://"),
        ("https:///gapura", "tidak dapat dibaca"),
        ("https://layanan.usk.ac.id:99999/", "tidak dapat dibaca"),
        ("https://layanan.usk.ac.id:0/", "tidak dapat dibaca"),
        ("https://[::1/", "tidak dapat dibaca"),
        ("https://orang:rahasia@layanan.usk.ac.id/", "nama pengguna atau kata sandi"),
        ("https://@layanan.usk.ac.id/", "nama pengguna atau kata sandi"),
    ],
)
def test_addresses_that_are_refused_by_their_spelling(url: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        webhooks.check_url(url)


def test_plain_http_is_for_development_only(settings: Any) -> None:
    settings.DEBUG = True
    assert webhooks.check_url("http://layanan.usk.ac.id/gapura").hostname == "layanan.usk.ac.id"


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.1.2.3",
        "::ffff:127.0.0.1",
        "2002:0a01:0203::1",
        "64:ff9b::a01:203",
        "::127.0.0.1",
        "::ffff:0:10.1.2.3",
        "fec0::1",
    ],
)
def test_addresses_inside_are_refused(names: dict[str, list[str]], address: str) -> None:
    names["layanan.usk.ac.id"] = [address]
    with pytest.raises(ValidationError, match="bukan milik internet umum"):
        webhooks.addresses_of(webhooks.check_url("https://layanan.usk.ac.id/"))


def test_one_bad_address_beside_a_good_one_is_a_trap(names: dict[str, list[str]]) -> None:
    names["layanan.usk.ac.id"] = ["8.8.8.8", "10.1.2.3"]
    with pytest.raises(ValidationError, match=r"10\.1\.2\.3"):
        webhooks.addresses_of(webhooks.check_url("https://layanan.usk.ac.id/"))


def test_public_addresses_are_allowed_and_inner_ones_where_the_setting_names_them(
    names: dict[str, list[str]], settings: Any
) -> None:
    names["luar.example"] = ["8.8.8.8", "2606:4700::1111"]
    names["dalam.usk.ac.id"] = ["10.10.20.7"]
    assert webhooks.addresses_of(webhooks.check_url("https://luar.example/")) == ["8.8.8.8", "2606:4700::1111"]
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("10.10.20.0/24")]
    assert webhooks.addresses_of(webhooks.check_url("https://dalam.usk.ac.id/")) == ["10.10.20.7"]
    names["dalam.usk.ac.id"] = ["10.10.21.7"]
    with pytest.raises(ValidationError):
        webhooks.addresses_of(webhooks.check_url("https://dalam.usk.ac.id/"))


def test_a_name_that_nobody_knows_is_said(names: dict[str, list[str]]) -> None:
    with pytest.raises(ValidationError, match=r"layanen\.usk\.ac\.id"):
        webhooks.addresses_of(webhooks.check_url("https://layanen.usk.ac.id/"))


def test_another_spelling_of_loopback_is_still_loopback() -> None:
    with pytest.raises(ValidationError, match=r"127\.0\.0\.1"):
        webhooks.addresses_of(webhooks.check_url("https://127.1/"))
