"""What the tests of the gateway can ask for."""

import base64
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from tests import live
from tests.factories import DataTypeFactory, ServiceFactory, UnitFactory
from tests.gateway import stage
from tests.servers import free_port, wait_until
from webservice_accounts import credentials
from webservice_accounts.models import AccessToken, AllowedAddress, Grant, PathRule, Secret, WebserviceAccount

Certificate = tuple[Path, Path]
GRANIAN = ("granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "2")
RULES = (
    ("mahasiswa", "GET", "/api/mahasiswa/**"),
    ("pegawai", "GET", "/api/pegawai/**"),
    ("pegawai", "POST", "/layanan/Pegawai.asmx"),
)
"""The catalogue of the tests: data, methods, shape of the path."""


@dataclass(frozen=True)
class Consumer:
    """An account and what opens it."""

    account: WebserviceAccount
    row: Secret
    secret: str

    @property
    def key(self) -> dict[str, str]:
        """The header X-API-Key."""
        return {"X-API-Key": self.secret}

    @property
    def basic(self) -> dict[str, str]:
        """The header of HTTP Basic."""
        pair = f"{self.account.username}:{self.secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def bearer(self, scope: str) -> dict[str, str]:
        """The header with a fresh access token of ten minutes."""
        token, now = credentials.new_token(), timezone.now()
        version, digest = credentials.digest(token)
        AccessToken.objects.create(
            account=self.account,
            secret=self.row,
            digest=digest,
            pepper_version=version,
            scope=scope,
            issued_at=now,
            expires_at=now + timedelta(minutes=10),
        )
        return {"Authorization": f"Bearer {token}"}

    def change(self, **fields: object) -> None:
        """Change the account as the pages do: another process must notice."""
        WebserviceAccount.objects.filter(pk=self.account.pk).update(**fields)


class World:
    """The catalogue, and accounts made at will."""

    def __init__(self) -> None:
        self.unit = UnitFactory(code="fmipa")
        service = ServiceFactory()
        self.data = {code: DataTypeFactory(code=code, service=service) for code in ("mahasiswa", "pegawai")}
        for code, methods, pattern in RULES:
            PathRule.objects.create(data_type=self.data[code], methods=methods, pattern=pattern)
        self.made = 0

    def consumer(
        self, data: str = "mahasiswa", *, addresses: Iterable[str] = (), ends_in: float = 86_400, **fields: object
    ) -> Consumer:
        """A valid account that may read `data` (codes with spaces between), for `ends_in` seconds from now."""
        self.made += 1
        now = timezone.now()
        usual = {
            "username": f"portal-{self.made}",
            "unit": self.unit,
            "holder_name": "Muhammad Iqbal, S.T.",
            "holder_phone": "+6281234567800",
            "holder_email": "pj@usk.ac.id",
            "starts_at": now - timedelta(days=1),
            "ends_at": now + timedelta(seconds=ends_in),
            "created_at": now - timedelta(days=1),
            "revealed_at": now - timedelta(hours=1),
        }
        account = WebserviceAccount.objects.create(**usual | fields)
        for code in data.split():
            Grant.objects.create(account=account, data_type=self.data[code], since=now, origin="uji")
        for network in addresses:
            AllowedAddress.objects.create(account=account, network=network)
        return self.key_of(account)

    def key_of(self, account: WebserviceAccount, ends_at: datetime | None = None) -> Consumer:
        """Another secret of an account."""
        secret = credentials.new_secret()
        version, digest = credentials.digest(secret)
        row = Secret.objects.create(
            account=account,
            digest=digest,
            pepper_version=version,
            hint=credentials.display_hint(secret),
            created_at=timezone.now(),
            ends_at=ends_at,
        )
        return Consumer(account, row, secret)


@dataclass(frozen=True)
class Gate:
    """The real gate."""

    port: int
    process: live.Process


@pytest.fixture(scope="session")
def nginx_program(need: Callable[[str], str]) -> str:
    """Return the path of nginx; Debian keeps it where only root looks."""
    return shutil.which("nginx", path="/usr/sbin") or need("nginx")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Return the files of a certificate and its key, for webservice.example.ac.id, of the tests' own making."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "webservice.example.ac.id")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def webservice() -> Iterator[stage.Webservice]:
    """Return a running webservice that remembers what reached it."""
    with stage.webservice() as running:
        yield running


@pytest.fixture(scope="module")
def transactional_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Open the database for all tests of a module: what they write, other processes see. It is emptied in the end."""
    with django_db_blocker.unblock():
        yield
        call_command("flush", verbosity=0, interactive=False)
        for used in connections.all():
            used.close()


@pytest.fixture(scope="module")
def world(transactional_db: None) -> World:
    """Return the catalogue of a module's tests, which makes accounts."""
    return World()


@pytest.fixture(scope="module")
def gate(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """Return the real gate as docs/gateway.md starts it, on the database of the tests."""
    name = str(connection.settings_dict["NAME"])
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"}
    on_server = connection.vendor == "postgresql"
    env["DATABASE_URL"] = f"{env['DATABASE_URL'].rpartition('/')[0]}/{name}" if on_server else f"sqlite:///{name}"
    port = free_port()
    command = ("-m", *GRANIAN, "--host", "127.0.0.1", "--port", str(port), "config.gateway:application")
    process = live.Process(command, env, tmp_path_factory.mktemp("gate") / "log")
    try:
        process.wait_for_line("Started worker-2")
        wait_until(lambda: stage.listens(port), "the gate")
        yield Gate(port, process)
    finally:
        process.stop()
