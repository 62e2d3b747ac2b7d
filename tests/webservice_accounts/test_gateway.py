"""Who passes the gate, to which data, until when; and what everybody else is told."""

import base64
import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests import gate
from tests.gate import PATH, Doorman, basic
from tests.racing import at_once
from webservice_accounts import credentials, facts, gateway
from webservice_accounts.decisions import ALLOWED, RESULT_LABELS, UNAUTHENTICATED, Reason
from webservice_accounts.lifecycle import TAKES_EFFECT_WITHIN, Facts, is_valid
from webservice_accounts.models import AccessToken, DailyUse, PathRule, Secret, Service, WebserviceAccount
from webservice_accounts.rates import Bucket

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1amkifQ.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def _own_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = request.node.get_closest_marker("django_db")
    if marker and not marker.kwargs.get("transaction"):
        gate.on_this_connection(monkeypatch)


@pytest.fixture
def door(db: None) -> Doorman:
    return Doorman(NOW)


class Caller:
    """An account that may read mahasiswa and its ways of saying who it is."""

    def __init__(self, **fields: Any) -> None:
        networks = fields.pop("networks", ())
        self.data = gate.a_data_type("mahasiswa", methods="GET, POST")
        gate.a_data_type("pegawai")
        self.account, self.secret = gate.an_account(NOW, granted=[self.data], networks=networks, **fields)
        self.row = self.account.secrets.get()
        self.token = gate.a_token(self.account, scope="mahasiswa", expires_at=NOW + timedelta(days=700))
        self.basic = basic(self.account.username, self.secret)

    def ways(self) -> dict[str, dict[str, str]]:
        return {
            "basic": {"HTTP_AUTHORIZATION": self.basic},
            "key": {"HTTP_X_API_KEY": self.secret},
            "token": {"HTTP_AUTHORIZATION": f"Bearer {self.token}"},
        }

    def change(self, **fields: Any) -> None:
        WebserviceAccount.objects.filter(pk=self.account.pk).update(**fields)


@pytest.fixture
def caller(db: None) -> Caller:
    return Caller()


WAYS = pytest.mark.parametrize("way", ["basic", "key", "token"])


# --- a yes ----------------------------------------------------------------------------------------
@WAYS
@pytest.mark.django_db
def test_a_valid_credential_passes_and_the_gateway_learns_whose_it_is(door: Doorman, caller: Caller, way: str) -> None:
    answer = door.ask(**caller.ways()[way])
    assert answer == (
        204,
        {
            "X-Gapura-Account": caller.account.username,
            "X-Gapura-Unit": caller.account.unit.code,
            "X-Gapura-Scope": "mahasiswa",
            "X-Gapura-Data": "mahasiswa",
            "X-Gapura-Expires": "2027-08-14T17:00:00Z",
            "X-Accel-Expires": "24",
            "Cache-Control": "private, max-age=25",
        },
        b"",
    )


@pytest.mark.django_db
def test_a_jwt_passes_by_its_row_and_any_other_does_not(door: Doorman, caller: Caller) -> None:
    gate.a_token(caller.account, scope="mahasiswa", expires_at=NOW + SECOND, text=JWT)
    assert door.ask(f"Bearer {JWT}").status == 204
    assert door.ask(f"Bearer {JWT}x").reason == "unknown_credentials"


@pytest.mark.django_db
def test_scheme_names_may_be_written_in_any_case(door: Doorman, caller: Caller) -> None:
    assert door.ask(caller.basic.replace("Basic", "bAsIc")).status == 204
    assert door.ask(f"BEARER {caller.token}").status == 204


@pytest.mark.django_db
def test_an_older_pepper_still_opens(door: Doorman, caller: Caller, settings: Any) -> None:
    old = settings.CREDENTIAL_PEPPER_KEYS
    settings.CREDENTIAL_PEPPER_KEYS = {**old, "9": "a newer pepper"}
    for way in caller.ways().values():
        assert door.ask(**way).status == 204


# --- every reason, for every way of saying who one is ---------------------------------------------
STATES = [
    ({}, ""),
    ({"revoked_at": NOW}, "revoked"),
    ({"revoked_at": NOW - SECOND, "ends_at": NOW - SECOND}, "revoked"),
    ({"revoked_at": NOW, "suspended_at": NOW}, "revoked"),
    ({"ends_at": NOW}, "ended"),
    ({"ends_at": NOW - SECOND, "suspended_at": NOW - SECOND}, "ended"),
    ({"suspended_at": NOW}, "suspended"),
    ({"starts_at": NOW + SECOND}, "not_yet_active"),
    ({"revealed_at": None}, "not_yet_active"),
]


@WAYS
@pytest.mark.parametrize(("fields", "reason"), STATES)
@pytest.mark.django_db
def test_the_accounts_state_decides(
    door: Doorman, caller: Caller, way: str, fields: dict[str, Any], reason: str
) -> None:
    caller.change(**fields)
    answer = door.ask(**caller.ways()[way])
    assert (answer.status, answer.reason) == ((403, reason) if reason else (204, ""))


@pytest.mark.django_db
def test_a_credential_that_ended_is_expired_unless_the_account_itself_is_over(caller: Caller) -> None:
    def reason(**ways: str) -> tuple[int, str]:
        answer = Doorman(NOW).ask(**ways)
        return answer.status, answer.reason

    ways = caller.ways()
    Secret.objects.update(ends_at=NOW)
    assert {reason(**way) for way in ways.values()} == {(401, "expired")}, "tokens die with their secret"
    Secret.objects.update(ends_at=None)
    AccessToken.objects.update(revoked_at=NOW)
    assert reason(**ways["token"]) == (401, "expired")
    assert reason(**ways["basic"]) == (204, "")
    AccessToken.objects.update(revoked_at=None, expires_at=NOW)
    assert reason(**ways["token"]) == (401, "expired")
    Secret.objects.update(ends_at=NOW)
    caller.change(suspended_at=NOW)
    assert reason(**ways["basic"]) == (401, "expired"), "an old key learns nothing about the account"
    caller.change(revoked_at=NOW)
    assert reason(**ways["basic"]) == (403, "revoked")
    caller.change(revoked_at=None, ends_at=NOW)
    assert reason(**ways["basic"]) == (403, "ended")


@WAYS
@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"path": "/api/mahasiswa"}, ""),
        ({"path": "/api/mahasiswa/"}, ""),
        ({"path": "/api/mahasiswa/1?nim=2&x=../.."}, ""),
        ({"path": "/api/mahasiswa/1", "method": "HEAD"}, ""),
        ({"path": "/api/mahasiswa/1", "method": "POST"}, ""),
        ({"path": "/api/mahasiswa/1", "method": "DELETE"}, "unknown_path"),
        ({"path": "/api/mahasiswa/1", "method": "get"}, "unknown_path"),
        ({"path": "/api/mahasiswa/1", "method": "BREW"}, "unknown_path"),
        ({"path": "/api/pegawai/1"}, "scope"),
        ({"path": "/api/pegawai/1", "method": "HEAD"}, "scope"),
        ({"path": "/api/Mahasiswa/1"}, "unknown_path"),
        ({"path": "/"}, "unknown_path"),
        ({"path": "/api/mahasiswa/../pegawai/1"}, "bad_path"),
        ({"path": "/api/mahasiswa/%2e%2e/pegawai/1"}, "bad_path"),
        ({"path": "/api/mahasiswa/..%2fpegawai/1"}, "bad_path"),
        ({"path": "//api/mahasiswa/1"}, "bad_path"),
        ({"path": "/api/mahasiswa;x/1"}, "bad_path"),
        ({"path": "http://data/api/mahasiswa/1"}, "bad_path"),
        ({"path": "/api/mahasiswa/1", "HTTP_X_GAPURA_SERVICE": "data"}, ""),
        ({"path": "/api/mahasiswa/1", "HTTP_X_GAPURA_SERVICE": "soap"}, "unknown_path"),
        ({"path": "/api/mahasiswa/1", "HTTP_X_GAPURA_SERVICE": "Data"}, "unknown_path"),
    ],
)
@pytest.mark.django_db
def test_the_path_and_the_method_decide(
    door: Doorman, caller: Caller, way: str, asked: dict[str, str], reason: str
) -> None:
    answer = door.ask(**caller.ways()[way], **asked)
    assert (answer.status, answer.reason) == ((403, reason) if reason else (204, ""))


@pytest.mark.django_db
def test_a_path_of_several_kinds_of_data_passes_when_one_is_granted(door: Doorman, caller: Caller) -> None:
    gate.a_data_type("alumni", "/api/mahasiswa/*")
    answer = door.ask(caller.basic)
    assert answer.headers["X-Gapura-Data"] == "mahasiswa", "only what may be read is named"
    assert answer.headers["X-Gapura-Scope"] == "mahasiswa"


@pytest.mark.django_db
def test_services_are_kept_apart(door: Doorman, caller: Caller) -> None:
    soap = Service.objects.create(code="soap", name="SOAP")
    same_path = gate.a_data_type("lama", "/api/mahasiswa/**", service=soap)
    assert door.ask(caller.basic, HTTP_X_GAPURA_SERVICE="soap").reason == "scope"
    other, secret = gate.an_account(NOW, granted=[same_path, caller.data])
    answer = door.ask(basic(other.username, secret), HTTP_X_GAPURA_SERVICE="soap")
    assert answer.headers["X-Gapura-Scope"] == answer.headers["X-Gapura-Data"] == "lama"
    Service.objects.update(is_active=False)
    door.clocks.move(5)
    assert door.ask(caller.basic).reason == "unknown_path"


@pytest.mark.django_db
def test_a_token_reads_what_it_was_given_and_what_is_still_granted(door: Doorman, caller: Caller) -> None:
    for scope, asked, reason in [
        ("mahasiswa pegawai", "/api/pegawai/1", "scope"),
        ("mahasiswa pegawai", "/api/mahasiswa/1", ""),
        ("pegawai", "/api/mahasiswa/1", "scope"),
        ("", "/api/mahasiswa/1", "scope"),
    ]:
        token = gate.a_token(caller.account, scope=scope, expires_at=NOW + SECOND)
        assert door.ask(f"Bearer {token}", path=asked).reason == reason


@pytest.mark.django_db
def test_data_that_was_taken_away_is_closed(door: Doorman, caller: Caller) -> None:
    caller.account.grants.update(until=NOW)
    assert door.ask(caller.basic).reason == "scope"


@pytest.mark.django_db
def test_a_rule_that_nobody_should_have_saved_opens_nothing(door: Doorman, caller: Caller) -> None:
    PathRule.objects.update(pattern="/**")
    assert door.ask(caller.basic).reason == "unknown_path"


@pytest.mark.parametrize(
    ("networks", "address", "reason"),
    [
        ([], "8.8.8.8", ""),
        ([], "2001:db8::1", ""),
        ([], "unix:", "address"),
        ([], "10.0.0.1:8080", "address"),
        (["10.0.0.0/24"], "10.0.0.0", ""),
        (["10.0.0.0/24"], "10.0.0.255", ""),
        (["10.0.0.0/24"], "10.0.1.0", "address"),
        (["10.0.0.0/24"], "::ffff:10.0.0.9", ""),
        (["10.0.0.0/24"], "2001:db8::1", "address"),
        (["10.0.0.5/32", "2001:db8::/32"], "2001:db8:ffff::1", ""),
        (["10.0.0.5/32", "2001:db8::/32"], "2001:db9::1", "address"),
        (["10.0.0.5/32"], "10.0.0.5", ""),
        (["10.0.0.5/32"], "10.0.0.05", "address"),
        (["10.0.0.5/32"], "10.0.0.6", "address"),
    ],
)
@pytest.mark.django_db
def test_the_address_decides(door: Doorman, networks: list[str], address: str, reason: str) -> None:
    caller = Caller(networks=networks)
    for _again in "ab":
        assert {door.ask(address=address, **way).reason for way in caller.ways().values()} == {reason}


# --- when -----------------------------------------------------------------------------------------
@WAYS
@pytest.mark.parametrize(
    ("what", "seconds", "reason"),
    [
        ("starts", -1, "not_yet_active"),
        ("starts", 0, ""),
        ("starts", 1, ""),
        ("ends", -1, ""),
        ("ends", 0, "ended"),
        ("ends", 1, "ended"),
        ("secret ends", -1, ""),
        ("secret ends", 0, "expired"),
        ("secret ends", 1, "expired"),
        ("token ends", -1, ""),
        ("token ends", 0, "expired"),
        ("token ends", 1, "expired"),
    ],
)
@pytest.mark.parametrize("remembered", [False, True])
@pytest.mark.django_db
def test_to_the_second_also_for_what_is_remembered(
    caller: Caller, way: str, what: str, seconds: int, reason: str, remembered: bool
) -> None:
    if what == "token ends" and way != "token":
        return
    moment = NOW + timedelta(hours=1)
    if what == "starts":
        caller.change(starts_at=moment, revealed_at=moment)
    elif what == "ends":
        caller.change(ends_at=moment)
    elif what == "secret ends":
        Secret.objects.update(ends_at=moment)
    else:
        AccessToken.objects.update(expires_at=moment)
    with time_machine.travel(moment - 2 * SECOND, tick=False) as clock:
        asked = Doorman(moment)
        asked.gate = gateway.Gate(counter=asked.counter)
        if remembered:
            asked.ask(**caller.ways()[way])
        clock.move_to(moment + timedelta(seconds=seconds))
        assert asked.ask(**caller.ways()[way]).reason == reason


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        (26.0, "private, max-age=25"),
        (25.0, "private, max-age=25"),
        (24.9, "private, max-age=24"),
        (1.0, "private, max-age=1"),
        (0.5, "no-store"),
    ],
)
@pytest.mark.django_db
def test_a_yes_is_kept_at_most_until_the_end(caller: Caller, left: float, kept: str) -> None:
    caller.change(ends_at=NOW + timedelta(seconds=left))
    answer = Doorman(NOW).ask(caller.basic)
    assert answer.headers["Cache-Control"] == kept
    seconds = int((re.findall(r"\d+", kept) or ["1"])[0])
    assert answer.headers["X-Accel-Expires"] == str(seconds - 1)  # nginx rounds up to the next second


@pytest.mark.django_db
def test_the_end_that_is_told_is_the_earliest(door: Doorman, caller: Caller) -> None:
    token = gate.a_token(caller.account, scope="mahasiswa", expires_at=NOW + timedelta(minutes=10))
    assert door.ask(f"Bearer {token}").headers["X-Gapura-Expires"] == "2026-11-22T05:10:00Z"
    Secret.objects.update(ends_at=NOW + timedelta(minutes=5))
    assert Doorman(NOW).ask(f"Bearer {token}").headers["X-Gapura-Expires"] == "2026-11-22T05:05:00Z"


def test_memory_and_the_gateways_cache_together_keep_the_promise() -> None:
    promised = TAKES_EFFECT_WITHIN.total_seconds()
    assert promised >= gateway.REMEMBERED_SECONDS + gateway.CACHED_SECONDS


@WAYS
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda caller: caller.change(revoked_at=NOW), "revoked"),
        (lambda caller: caller.change(suspended_at=NOW), "suspended"),
        (lambda caller: Secret.objects.update(ends_at=NOW), "expired"),
        (lambda caller: caller.account.grants.update(until=NOW), "scope"),
        (lambda caller: caller.account.addresses.create(network="10.99.0.0/16"), "address"),
        (lambda caller: PathRule.objects.all().delete(), "unknown_path"),
        (lambda caller: caller.account.delete(), "unknown_credentials"),
    ],
)
@pytest.mark.django_db
def test_a_change_is_felt_after_five_seconds_at_most(
    door: Doorman, caller: Caller, way: str, change: Callable[[Caller], object], reason: str
) -> None:
    presented = caller.ways()[way]
    assert door.ask(**presented).status == 204
    change(caller)
    door.clocks.move(4.999)
    assert door.ask(**presented).status == 204
    door.clocks.move(0.001)
    assert door.ask(**presented).reason == reason


@pytest.mark.django_db
def test_an_unknown_credential_that_becomes_known_is_let_in_after_five_seconds(door: Doorman, caller: Caller) -> None:
    Secret.objects.update(digest="0" * 64)
    assert door.ask(caller.basic).reason == "unknown_credentials"
    Secret.objects.update(digest=credentials.digest(caller.secret).hex)
    door.clocks.move(5)
    assert door.ask(caller.basic).status == 204


@WAYS
@pytest.mark.django_db
def test_a_clock_set_back_lengthens_nothing(door: Doorman, caller: Caller, way: str) -> None:
    presented = caller.ways()[way]
    caller.change(ends_at=NOW + timedelta(minutes=10))
    assert door.ask(**presented).status == 204
    door.clocks.set(NOW - timedelta(hours=1), passed=599)
    assert door.ask(**presented).status == 204
    door.clocks.set(NOW - timedelta(hours=1), passed=1)
    assert door.ask(**presented).reason == "ended"


@pytest.mark.django_db
def test_a_clock_that_jumped_ahead_and_came_back_locks_nobody_out(door: Doorman, caller: Caller) -> None:
    door.clocks.set(NOW + timedelta(days=4000), passed=1)
    assert door.ask(caller.basic).reason == "ended"
    door.clocks.set(NOW, passed=1)
    assert door.ask(caller.basic).status == 204


MOMENTS = st.one_of(st.none(), st.integers(-5, 5).map(lambda seconds: NOW + timedelta(seconds=seconds)))
SURE = st.integers(-5, 5).map(lambda seconds: NOW + timedelta(seconds=seconds))


@given(SURE, st.integers(1, 10), MOMENTS, MOMENTS, MOMENTS, MOMENTS, st.integers(-6, 6))
def test_what_is_remembered_agrees_with_the_lifecycle(
    starts: datetime, lasts: int, suspended: Any, revoked: Any, activated: Any, dead_from: Any, seconds: int
) -> None:
    now = NOW + timedelta(seconds=seconds)
    life = Facts(starts, starts + timedelta(seconds=lasts), suspended, revoked, activated)
    known = facts.Known(1, "uji", "unit", life, 60, 5, 1, dead_from, {}, ())
    entry = gateway.Entry(known, Bucket(60, 5, 0), 0)
    expected = is_valid(life, now) and (dead_from is None or now < dead_from)
    assert (entry.opens <= now.timestamp() < entry.closes) is expected
    if not expected:
        assert entry.why_not(now.timestamp()) is not Reason.UNAVAILABLE


# --- bad input ------------------------------------------------------------------------------------
def encoded(text: str | bytes) -> str:
    return "Basic " + base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "no_credentials"),
        ("", "malformed"),
        ("Basic", "malformed"),
        ("Basic ", "malformed"),
        ("Bearer", "malformed"),
        ("Bearer ", "malformed"),
        ("Digest username=x", "malformed"),
        ("uws_" + "a" * 36, "malformed"),
        ("Basic !!!!", "malformed"),
        ("Basic YQ", "malformed"),
        ("Basic é", "malformed"),
        (encoded("nocolon"), "malformed"),
        (encoded(":secret"), "malformed"),
        (encoded("name:"), "malformed"),
        (encoded(b"\xff\xfe:x"), "malformed"),
        (encoded("name\0:x"), "malformed"),
        (encoded("name:x\0y"), "malformed"),
        ("Bearer uwt_\0", "malformed"),
        ("Bearer uwt_\r\n", "malformed"),
        ("Basic " + "A" * 65_536, "malformed"),
        ("Bearer " + "A" * 4_090, "malformed"),
        ("Bearer " + "A" * 4_000, "unknown_credentials"),
        ("Bearer a.b", "unknown_credentials"),
        ("Bearer a..b", "unknown_credentials"),
        ("Bearer a.b.c.d", "unknown_credentials"),
        ("Bearer a.b!.c", "unknown_credentials"),
        ("Bearer uwt_" + "a" * 36, "unknown_credentials"),
        (encoded("name:guess"), "unknown_credentials"),
        (encoded("name:uws_" + "a" * 36), "unknown_credentials"),
    ],
)
@pytest.mark.django_db
def test_unreadable_and_impossible_credentials_cost_no_question(
    door: Doorman, django_assert_num_queries: Any, header: str | None, reason: str
) -> None:
    with django_assert_num_queries(0):
        answer = door.ask(header)
    assert (answer.status, answer.reason) == (401, reason)
    assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize("key", ["", " ", "x\0", "é" * 5000])
@pytest.mark.django_db
def test_unreadable_keys(door: Doorman, django_assert_num_queries: Any, key: str) -> None:
    with django_assert_num_queries(0):
        assert door.ask(HTTP_X_API_KEY=key).status == 401


@pytest.mark.django_db
def test_every_single_wrong_character_costs_no_question(
    door: Doorman, caller: Caller, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        for place, character in enumerate(caller.secret):
            wrong = caller.secret[:place] + ("x" if character != "x" else "y") + caller.secret[place + 1 :]
            assert door.ask(basic(caller.account.username, wrong)).reason == "unknown_credentials"
        lower = caller.secret[:4].upper() + caller.secret[4:]
        assert door.ask(HTTP_X_API_KEY=lower).reason == "unknown_credentials"


@pytest.mark.django_db
def test_two_credentials_at_once_are_none(door: Doorman, caller: Caller) -> None:
    assert door.ask(caller.basic, HTTP_X_API_KEY=caller.secret).reason == "malformed"


@pytest.mark.django_db
def test_a_secret_opens_under_its_own_name_only(door: Doorman, caller: Caller) -> None:
    other, secret = gate.an_account(NOW, granted=[caller.data])
    name = caller.account.username
    for username, presented in [
        (name, secret),
        (other.username, caller.secret),
        (name.upper(), caller.secret),
        (f" {name}", caller.secret),
        (f"{name}é", caller.secret),
    ]:
        assert door.ask(basic(username, presented)).reason == "unknown_credentials"
    assert door.ask(basic(other.username, secret)).status == 204


@pytest.mark.django_db
def test_a_secret_is_no_token_and_a_token_no_secret(door: Doorman, caller: Caller) -> None:
    assert door.ask(f"Bearer {caller.secret}").reason == "unknown_credentials"
    assert door.ask(basic(caller.account.username, caller.token)).reason == "unknown_credentials"
    assert door.ask(HTTP_X_API_KEY=caller.token).reason == "unknown_credentials"


@given(header=st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=255), max_size=60))
@pytest.mark.django_db
def test_no_header_whatsoever_breaks_it(header: str) -> None:
    door = Doorman(NOW)
    for scheme in ("", "Basic ", "Bearer "):
        assert door.ask(scheme + header).status == 401


# --- which gateway asks about which request -------------------------------------------------------
NGINX = {"HTTP_X_ORIGINAL_METHOD": "GET", "HTTP_X_ORIGINAL_URI": PATH, "HTTP_X_ORIGINAL_ADDR": "10.0.0.1"}
FORWARDED = {"HTTP_X_FORWARDED_METHOD": "GET", "HTTP_X_FORWARDED_URI": PATH, "HTTP_X_FORWARDED_FOR": "10.0.0.1"}
ENVOY = {"PATH_INFO": "/gateway/check" + PATH, "HTTP_X_FORWARDED_FOR": "10.0.0.1"}


def without(environ: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in environ.items() if key != name}


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        (NGINX, ""),
        (FORWARDED, ""),
        (ENVOY, ""),
        (NGINX | {"HTTP_X_FORWARDED_FOR": "6.6.6.6"}, ""),
        (FORWARDED | {"REQUEST_METHOD": "POST"}, ""),
        (FORWARDED | {"HTTP_X_FORWARDED_FOR": "6.6.6.6, 10.0.0.1"}, ""),
        (FORWARDED | {"HTTP_X_FORWARDED_FOR": "6.6.6.6,10.0.0.1"}, ""),
        (FORWARDED | {"HTTP_X_FORWARDED_FOR": "10.0.0.1, 6.6.6.6"}, "address"),
        (FORWARDED | {"HTTP_X_FORWARDED_FOR": "10.0.0.1, "}, "ambiguous_headers"),
        (ENVOY | {"REQUEST_METHOD": "DELETE"}, "unknown_path"),
        (ENVOY | {"PATH_INFO": "/gateway/check/api/pegawai/1"}, "scope"),
        (ENVOY | {"PATH_INFO": "/gateway/check/api/mahasiswa/../pegawai/1"}, "bad_path"),
        (ENVOY | {"PATH_INFO": "/gateway/check/api/mahasiswa/%2e%2e/pegawai/1"}, "bad_path"),
        (ENVOY | {"PATH_INFO": "/gateway/check/api/mahasiswa/1?x=1"}, "bad_path"),
        (ENVOY | {"PATH_INFO": "/gateway/check//api/mahasiswa/1"}, "bad_path"),
        ({}, "ambiguous_headers"),
        (NGINX | FORWARDED, "ambiguous_headers"),
        (NGINX | {"HTTP_X_FORWARDED_URI": PATH}, "ambiguous_headers"),
        (NGINX | {"HTTP_X_FORWARDED_METHOD": "GET"}, "ambiguous_headers"),
        (FORWARDED | {"HTTP_X_ORIGINAL_URI": PATH}, "ambiguous_headers"),
        (FORWARDED | {"HTTP_X_ORIGINAL_METHOD": "GET"}, "ambiguous_headers"),
        (FORWARDED | {"HTTP_X_ORIGINAL_ADDR": "10.0.0.1"}, "ambiguous_headers"),
        (FORWARDED | {"HTTP_X_ORIGINAL_URI": ""}, "ambiguous_headers"),
        (ENVOY | NGINX, "ambiguous_headers"),
        (ENVOY | FORWARDED, "ambiguous_headers"),
        *((without(NGINX, name), "ambiguous_headers") for name in NGINX),
        *((without(FORWARDED, name), "ambiguous_headers") for name in FORWARDED),
        (without(ENVOY, "HTTP_X_FORWARDED_FOR"), "ambiguous_headers"),
        (NGINX | {"HTTP_X_ORIGINAL_URI": ""}, "ambiguous_headers"),
    ],
)
@pytest.mark.django_db
def test_one_dialect_says_it_all_and_forged_ones_do_not_pass(
    door: Doorman, environ: dict[str, str], reason: str
) -> None:
    caller = Caller(networks=["10.0.0.0/24"])
    answer = door.ask_raw({"HTTP_AUTHORIZATION": caller.basic} | environ)
    yes = 200 if environ == ENVOY else 204  # Envoy takes no other 2xx for a yes
    assert (answer.status, answer.reason) == ((403, reason) if reason else (yes, ""))


@pytest.mark.parametrize(
    ("proxies", "peer", "reason"),
    [
        (["127.0.0.1/32", "::1/128"], "127.0.0.1", ""),
        (["127.0.0.1/32", "::1/128"], "::1", ""),
        (["127.0.0.1/32", "::1/128"], "::ffff:127.0.0.1", ""),
        (["127.0.0.1/32", "::1/128"], "127.0.0.2", "untrusted_proxy"),
        (["10.1.0.0/16"], "10.1.255.255", ""),
        (["10.1.0.0/16"], "10.2.0.0", "untrusted_proxy"),
        (["10.1.0.0/16"], "127.0.0.1", "untrusted_proxy"),
        (["10.1.0.0/16"], "", "untrusted_proxy"),
        ([], "127.0.0.1", "untrusted_proxy"),
    ],
)
@pytest.mark.django_db
def test_only_a_trusted_gateway_is_believed(caller: Caller, proxies: list[str], peer: str, reason: str) -> None:
    door = Doorman(NOW, trusted=proxies)
    for _again in "ab":
        assert door.ask(caller.basic, REMOTE_ADDR=peer).reason == reason


def test_a_wrong_list_of_gateways_is_refused_at_the_start(settings: Any) -> None:
    settings.GATE_TRUSTED_PROXIES = ["127.0.0.1", "10.0.0.300"]
    with pytest.raises(ImproperlyConfigured, match=r"GATE_TRUSTED_PROXIES.*10\.0\.0\.300"):
        gateway.Gate()


# --- how often ------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_burst_passes_one_more_is_told_when_to_come_again(door: Doorman) -> None:
    caller = Caller(rate_per_minute=30, burst=3)
    ways = list(caller.ways().values())
    assert [door.ask(**way).status for way in ways] == [204] * 3, "all credentials of an account share its rate"
    for way in ways:
        answer = door.ask(**way)
        assert (answer.status, answer.reason, answer.headers["Retry-After"]) == (403, "rate", "2")
    door.clocks.move(1.999)
    assert door.ask(caller.basic).headers["Retry-After"] == "1"
    door.clocks.move(0.001)
    assert door.ask(caller.basic).status == 204
    assert door.ask(caller.basic).reason == "rate"


@pytest.mark.django_db
def test_refused_calls_cost_the_account_nothing_and_others_have_their_own_rate(door: Doorman) -> None:
    caller = Caller(rate_per_minute=30, burst=1)
    for path in ("/api/pegawai/1", "/x", "/api/../x"):
        assert door.ask(caller.basic, path=path).reason != "rate"
    assert door.ask(caller.basic).status == 204
    assert door.ask(caller.basic).reason == "rate"
    other, secret = gate.an_account(NOW, granted=[caller.data], burst=1)
    assert door.ask(basic(other.username, secret)).status == 204


@pytest.mark.django_db
def test_the_rate_survives_forgetting(door: Doorman) -> None:
    caller = Caller(rate_per_minute=1, burst=1)
    assert door.ask(caller.basic).status == 204
    door.clocks.move(6)
    assert door.ask(caller.basic).reason == "rate"


# --- what it costs --------------------------------------------------------------------------------
@WAYS
@pytest.mark.django_db
def test_one_question_for_a_new_credential_none_for_a_remembered_one(
    door: Doorman, caller: Caller, django_assert_num_queries: Any, way: str
) -> None:
    presented = caller.ways()[way]
    with django_assert_num_queries(2):  # the credential, and the path rules of everybody
        door.ask(**presented)
    for _again in range(3):
        with django_assert_num_queries(0):
            assert door.ask(**presented).status == 204
            assert door.ask(path="/api/pegawai/1", **presented).reason == "scope"
    other, secret = gate.an_account(NOW, granted=[caller.data], networks=["10.0.0.0/8", "2001:db8::/32"])
    with django_assert_num_queries(1):
        assert door.ask(basic(other.username, secret)).status == 204
    stranger = credentials.new_secret()
    with django_assert_num_queries(1):
        assert door.ask(HTTP_X_API_KEY=stranger).reason == "unknown_credentials"
        assert door.ask(HTTP_X_API_KEY=stranger).reason == "unknown_credentials"


@pytest.mark.django_db
def test_nothing_is_written_while_deciding(door: Doorman, caller: Caller) -> None:
    with CaptureQueriesContext(connection) as asked:
        for way in caller.ways().values():
            door.ask(**way)
            door.ask(**way, address="unix:")
    assert asked.captured_queries
    assert all(query["sql"].lstrip().startswith("SELECT") for query in asked.captured_queries)


@pytest.mark.django_db
def test_memory_is_bounded(door: Doorman, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "MAX_REMEMBERED", 5)
    for _other in range(20):
        door.ask(HTTP_X_API_KEY=credentials.new_secret())
    for _own in range(20):
        door.ask(HTTP_X_API_KEY=gate.a_secret(caller.account))
    for number in range(200):
        door.ask(caller.basic, address=f"10.0.0.{number}")
    assert len(door.gate._strangers) == len(door.gate._entries) == 5
    assert all(len(entry.callers) <= gateway.MAX_CALLERS for entry in door.gate._entries.values())


@pytest.mark.django_db
def test_memory_holds_no_secret(door: Doorman, caller: Caller) -> None:
    for way in caller.ways().values():
        door.ask(**way)
    remembered = repr((door.gate._entries.keys(), [entry.known for entry in door.gate._entries.values()]))
    for secret in (caller.secret, caller.token, caller.basic):
        assert secret not in remembered
        assert credentials.digest(secret).hex not in remembered


# --- in doubt, no ---------------------------------------------------------------------------------
def broken(*_words: object) -> None:
    raise OperationalError("server closed the connection unexpectedly")


@pytest.mark.django_db
def test_without_the_database_it_is_closed_except_for_what_it_just_learned(
    door: Doorman, caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    door.ask(caller.basic)
    monkeypatch.setattr(facts, "_ask", broken)
    assert door.ask(caller.basic).status == 204
    with caplog.at_level(logging.INFO):
        for _again in range(50):
            answer = door.ask(HTTP_X_API_KEY=caller.secret)
            assert (answer.status, answer.reason) == (403, "unavailable")
        door.clocks.move(5)
        assert door.ask(caller.basic).reason == "unavailable"
    told = [record for record in caplog.records if record.name == gateway.__name__]
    assert len(told) == 2, "once per some seconds"
    assert caller.secret not in caplog.text
    assert caller.basic not in caplog.text
    assert not any(record.exc_info for record in told), "a traceback would carry the credential"
    monkeypatch.undo()
    gate.on_this_connection(monkeypatch)
    assert door.ask(caller.basic).status == 204


@pytest.mark.parametrize("problem", [RuntimeError("x"), MemoryError(), RecursionError(), ValueError("x")])
@pytest.mark.django_db
def test_whatever_breaks_the_answer_is_no(
    door: Doorman, caller: Caller, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    def raises(*_words: object) -> None:
        raise problem

    monkeypatch.setattr(facts, "by_secret", raises)
    assert door.ask(caller.basic).reason == "unavailable"


@pytest.mark.django_db
def test_a_network_that_cannot_be_read_opens_nothing(door: Doorman, caller: Caller) -> None:
    caller.account.addresses.create(network="10.0.0.300")
    assert door.ask(caller.basic).reason == "unavailable"


@pytest.mark.django_db(transaction=True)
def test_its_own_connection_reads_only_and_is_replaced_when_it_breaks() -> None:
    caller, door = Caller(), Doorman(NOW)
    try:
        assert door.ask(caller.basic).status == 204
        own = facts.own_connection()
        with pytest.raises(Exception, match=r"read-?only"), own.cursor() as cursor:
            cursor.execute("DELETE FROM webservice_accounts_secret")
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:  # as a server does that is restarted
                cursor.execute("SELECT pg_terminate_backend(%s)", [own.connection.info.backend_pid])
        else:
            facts.forget_connection()
        door.clocks.move(5)
        assert door.ask(caller.basic).status == 204
        assert facts.own_connection() is not own
    finally:
        facts.forget_connection()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_answer_is_waited_for_a_second() -> None:
    caller, door = Caller(), Doorman(NOW)
    try:
        assert door.ask(caller.basic).status == 204
        door.clocks.move(5)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE webservice_accounts_secret IN ACCESS EXCLUSIVE MODE")
            begun = time.monotonic()
            assert door.ask(caller.basic).reason == "unavailable"
            assert time.monotonic() - begun < 1.9
        assert door.ask(caller.basic).status == 204
    finally:
        facts.forget_connection()


@pytest.mark.django_db(transaction=True)
def test_threads_ask_at_once_and_all_get_the_right_answer() -> None:
    caller, door = Caller(rate_per_minute=100_000, burst=100_000), Doorman(NOW)
    other, secret = gate.an_account(NOW)

    def work() -> set[tuple[str, str]]:
        try:
            return {
                (name, door.ask(header).reason)
                for _turn in range(100)
                for name, header in (("granted", caller.basic), ("not", basic(other.username, secret)))
            }
        finally:
            facts.forget_connection()

    assert at_once([work] * 4) == [{("granted", ""), ("not", "scope")}] * 4
    door.counter.flush()
    totals = dict(DailyUse.objects.values_list("result", "count"))
    assert totals == {ALLOWED: 400, "scope": 400}


# --- what is counted ------------------------------------------------------------------------------
@pytest.mark.django_db
def test_what_is_counted_about_whom(door: Doorman) -> None:
    caller = Caller(networks=["10.0.0.0/8"], rate_per_minute=1, burst=2)
    door.ask(caller.basic, address="::ffff:10.0.0.1")
    door.ask(caller.basic, address="10.0.0.1")
    door.ask(caller.basic, address="10.0.0.1")
    door.ask(caller.basic, address="8.8.8.8")
    door.ask(caller.basic, address="unix:")
    door.ask(caller.basic, path="/api/pegawai/1")
    door.ask(caller.basic, path="/x")
    door.ask(caller.basic, path="/api/../x")
    door.ask(HTTP_X_API_KEY=credentials.new_secret())
    door.ask()
    door.counter.flush()
    rows = DailyUse.objects.filter(account=caller.account).values_list("data_type", "result", "address", "count")
    assert set(rows) == {
        ("mahasiswa", "allowed", "10.0.0.1", 2),
        ("mahasiswa", "rate", "10.0.0.1", 1),
        ("", "address", "8.8.8.8", 1),
        ("", "address", "", 1),
        ("pegawai", "scope", gate.CALLER, 1),
        ("", "unknown_path", gate.CALLER, 1),
        ("", "bad_path", gate.CALLER, 1),
    }
    caller.row.refresh_from_db()
    assert caller.row.last_used_at == NOW
    assert timezone.localdate(NOW) == DailyUse.objects.first().day


# --- the answer's form ----------------------------------------------------------------------------
def test_every_reason_has_its_words_and_its_status() -> None:
    assert set(RESULT_LABELS) == {ALLOWED, *Reason}
    assert {"no_credentials", "malformed", "unknown_credentials", "expired"} == UNAUTHENTICATED


@pytest.mark.django_db
def test_a_no_is_not_kept_and_says_how_to_sign_in(door: Doorman, caller: Caller) -> None:
    said: list[Any] = []
    environ = {"REMOTE_ADDR": "127.0.0.1", "REQUEST_METHOD": "GET", "PATH_INFO": "/gateway/check", **NGINX}
    body = door.gate(environ, lambda status, headers: said.extend([status, headers]))
    assert said == [
        "401 Unauthorized",
        [
            ("X-Gapura-Reason", "no_credentials"),
            ("Cache-Control", "no-store"),
            ("Content-Type", "application/json"),
            ("Content-Length", "27"),
            ("WWW-Authenticate", 'Basic realm="Gapura", charset="UTF-8"'),
            ("WWW-Authenticate", 'Bearer realm="Gapura"'),
        ],
    ]
    assert body == [b'{"error": "no_credentials"}']
    bad_token = door.ask("Bearer x")
    assert bad_token.headers["WWW-Authenticate"] == 'Bearer realm="Gapura", error="invalid_token"'
    assert "WWW-Authenticate" not in door.ask(caller.basic, path="/x").headers


@given(
    path=st.lists(
        st.sampled_from(["/", "api", "mahasiswa", "pegawai", "..", ".", "%2e", "%2f", ";", "\\", "//", "%6d", "1"]),
        max_size=8,
    ).map(lambda pieces: "/" + "".join(pieces))
)
@pytest.mark.django_db
def test_an_allowed_path_never_leads_elsewhere(path: str) -> None:
    rules = gateway.RuleBook(
        [facts.Rule("data", "mahasiswa", frozenset({"GET"}), gateway.patterns.compile_pattern("/api/mahasiswa/**"))], 9
    )
    try:
        parts = gateway.patterns.split_path(path)
    except gateway.patterns.BadPath:
        return
    if rules.data_types("data", "GET", parts):
        assert ".." not in path
        assert parts[:2] == ["api", "mahasiswa"]
