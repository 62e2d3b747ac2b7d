"""The gate in the tests: one of its own, with clocks to turn, on the test's own database connection."""

import base64
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.utils import timezone

from tests import factories
from webservice_accounts import credentials, facts
from webservice_accounts.gateway import CHECK_PATH, Clock, Gate
from webservice_accounts.lifecycle import one_year_from
from webservice_accounts.models import (
    AccessToken,
    AllowedAddress,
    DataType,
    Grant,
    PathRule,
    Secret,
    WebserviceAccount,
)
from webservice_accounts.rates import Buckets
from webservice_accounts.use_counter import UseCounter

CALLER = "10.20.30.40"
PATH = "/api/mahasiswa/2108107010001"


class Answer(NamedTuple):
    """What the gate answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def reason(self) -> str:
        """The machine-readable reason of a no; "" for a yes."""
        if self.status not in {200, 204}:
            assert json.loads(self.body) == {"error": self.headers["X-Gapura-Reason"]}
        return self.headers.get("X-Gapura-Reason", "")


class Clocks:
    """Unix time and monotonic seconds that stand still until moved."""

    def __init__(self, now: datetime) -> None:
        self.wall, self.passed = now.timestamp(), 1000.0

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += seconds
        self.passed += seconds

    def set(self, now: datetime, *, passed: float = 0.0) -> None:
        """Set the calendar clock; `passed` seconds have really gone by."""
        self.wall = now.timestamp()
        self.passed += passed


class Doorman:
    """A gate and its clocks; `ask` is a gateway that asks in nginx's dialect."""

    def __init__(self, now: datetime, *, redis_url: str = "", **options: Any) -> None:
        self.clocks = Clocks(now)
        self.counter = UseCounter(every=None)
        clock = Clock(lambda: self.clocks.wall, lambda: self.clocks.passed)
        options.setdefault("buckets", Buckets(redis_url))
        self.gate = Gate(clock=clock, counter=self.counter, **options)

    def ask(
        self,
        header: str | None = None,
        *,
        path: str = PATH,
        method: str = "GET",
        address: str = CALLER,
        **environ: str,
    ) -> Answer:
        """Ask about a request with this Authorization header; `environ` adds or replaces."""
        asked = {
            "HTTP_X_ORIGINAL_METHOD": method,
            "HTTP_X_ORIGINAL_URI": path,
            "HTTP_X_ORIGINAL_ADDR": address,
        }
        if header is not None:
            asked["HTTP_AUTHORIZATION"] = header
        return self.ask_raw(asked | environ)

    def ask_raw(self, environ: dict[str, str]) -> Answer:
        """Ask with exactly these WSGI variables beside the plain ones."""
        said: list[Any] = []
        plain = {"REMOTE_ADDR": "127.0.0.1", "REQUEST_METHOD": "GET", "PATH_INFO": CHECK_PATH}
        body = self.gate(plain | environ, lambda status, headers: said.extend([status, headers]))
        return Answer(int(said[0][:3]), dict(said[1]), b"".join(body))


def on_this_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the gate read what the test's transaction wrote."""
    monkeypatch.setattr(facts, "own_connection", lambda: connection)
    monkeypatch.setattr(facts, "forget_connection", lambda: None)


def basic(username: str, secret: str) -> str:
    """The Authorization header of RFC 7617."""
    return "Basic " + base64.b64encode(f"{username}:{secret}".encode()).decode()


def an_account(
    now: datetime, *, granted: Iterable[DataType] = (), networks: Iterable[str] = (), **fields: Any
) -> tuple[WebserviceAccount, str]:
    """An active account in the middle of its year and its secret."""
    period = one_year_from(timezone.localdate(now) - timedelta(days=100))
    number = WebserviceAccount.objects.count() + 1
    words = {
        "username": f"akun-{number}",
        "unit": factories.UnitFactory(),
        "application": "Sistem Presensi",
        "purpose": "Menampilkan data.",
        "origin": f"request:uji-{number}",
        "holder_name": "Muhammad Iqbal",
        "holder_identity_type": "nip",
        "holder_identity_number": "198706302014041002",
        "holder_phone": "+6281234567800",
        "holder_email": "pj@usk.ac.id",
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
        "created_at": period.starts_at,
        "created_by_name": "PSI",
        "revealed_at": period.starts_at,
    }
    account = WebserviceAccount.objects.create(**words | fields)
    for data_type in granted:
        Grant.objects.create(account=account, data_type=data_type, since=account.starts_at, origin=account.origin)
    for network in networks:
        AllowedAddress.objects.create(account=account, network=network)
    return account, a_secret(account)


def a_secret(account: WebserviceAccount, ends_at: datetime | None = None) -> str:
    """One more secret of the account."""
    secret = credentials.new_secret()
    version, digest = credentials.digest(secret)
    Secret.objects.create(
        account=account,
        digest=digest,
        pepper_version=version,
        hint=credentials.display_hint(secret),
        created_at=account.created_at,
        ends_at=ends_at,
    )
    return secret


def a_token(account: WebserviceAccount, *, scope: str, expires_at: datetime, text: str = "", **fields: Any) -> str:
    """An access token bought with the account's first secret; `text` for one that is not ours to make (JWT)."""
    token = text or credentials.new_token()
    version, digest = credentials.digest(token)
    AccessToken.objects.create(
        account=account,
        secret=account.secrets.order_by("pk").first(),
        digest=digest,
        pepper_version=version,
        scope=scope,
        issued_at=account.created_at,
        expires_at=expires_at,
        **fields,
    )
    return token


def a_data_type(code: str, pattern: str = "", methods: str = "GET", **fields: Any) -> DataType:
    """A kind of data with one path rule, by default everything below /api/<code>."""
    data_type = factories.DataTypeFactory(code=code, **fields)
    PathRule.objects.create(data_type=data_type, methods=methods, pattern=pattern or f"/api/{code}/**")
    return data_type
