"""Accounts by the million, written as SQL; only some of them have a secret that anybody knows."""

import base64
import io
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db import connection
from django.utils import timezone

from accounts.models import Unit
from webservice_accounts import credentials
from webservice_accounts.models import DataType, ResourceServer, Secret, Service, WebserviceAccount

DATA = "mahasiswa-aktif"
OTHER_DATA = "pegawai"
PATH = f"/api/{DATA}/1"
NETWORK, ADDRESS = "10.0.0.0/8", "10.1.2.3"
UNLIMITED = 2_000_000_000
"""Requests a minute: the limiter works, and lets everybody through."""
HOT = 1_000
"""Accounts that are asked for again and again."""
COLD = 200_000
"""Accounts that are asked for one after the other, so that nobody remembers them (fewer where there are fewer)."""


@dataclass(frozen=True)
class Keys:
    """Header files for wrk: one line per request."""

    basic: Path
    api_key: Path
    token: Path
    cold: Path
    wrong_checksum: Path
    wrong_data: Path
    through_proxy: Path
    """Basic alone, for a request that passes nginx."""
    introspection: Path
    """Of a resource server."""
    token_to_ask_about: str


def seed(number: int, folder: Path) -> Keys:
    """Exactly `number` accounts, each with a secret, one kind of data and one network; the known keys as files."""
    known = min(number, COLD)
    hot = min(number, HOT)
    now = timezone.now()
    _clear()
    with connection.cursor() as cursor:
        _write_accounts(cursor, number, now)
        secrets = _write_secrets(cursor, number, known, now)
        tokens = _write_tokens(cursor, hot, now)
        cursor.execute("VACUUM ANALYZE")
    original = f"X-Original-Method: GET|X-Original-URI: {PATH}|X-Original-Addr: {ADDRESS}"

    def lines(name: str, rows: list[str]) -> Path:
        path = folder / name
        path.write_text("\n".join(rows) + "\n")
        return path

    basics = [_basic(_username(index), secret) for index, secret in enumerate(secrets, start=1)]
    mistyped = [secret[:-1] + ("0" if secret[-1] != "0" else "1") for secret in secrets[:hot]]
    caller = credentials.new_server_secret()
    version, digest = credentials.digest(caller)
    ResourceServer.objects.update_or_create(
        code="bench",
        defaults={
            "name": "Bench",
            "service": Service.objects.get(data_types__code=DATA),
            "digest": digest,
            "pepper_version": version,
        },
    )
    form = "Content-Type: application/x-www-form-urlencoded"
    return Keys(
        basic=lines("basic", [f"{basic}|{original}" for basic in basics[:hot]]),
        api_key=lines("api-key", [f"X-API-Key: {secret}|{original}" for secret in secrets[:hot]]),
        token=lines("token", [f"Authorization: Bearer {token}|{original}" for token in tokens]),
        cold=lines("cold", [f"{basic}|{original}" for basic in basics]),
        wrong_checksum=lines("wrong", [f"X-API-Key: {secret}|{original}" for secret in mistyped]),
        wrong_data=lines("other", [f"{basic}|{original.replace(DATA, OTHER_DATA)}" for basic in basics[:hot]]),
        through_proxy=lines("proxy", basics[:hot]),
        introspection=lines("introspection", [f"{_basic('bench', caller)}|{form}"]),
        token_to_ask_about=tokens[0],
    )


def _username(index: int) -> str:
    return f"bench-{index}"


def _basic(name: str, secret: str) -> str:
    return f"Authorization: Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"


def _clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE webservice_accounts_webserviceaccount CASCADE")


def _write_accounts(cursor, number, now) -> None:  # type: ignore[no-untyped-def]
    unit, data_type = Unit.objects.first(), DataType.objects.get(code=DATA)
    if unit is None:
        raise RuntimeError("no unit: run manage.py load_defaults first")
    template = WebserviceAccount(
        unit=unit,
        application="Bench",
        purpose="Bench",
        origin="bench",
        holder_name="Bench",
        holder_identity_type="nip",
        holder_identity_number="0",
        holder_phone="+6281234567800",
        holder_email="bench@usk.ac.id",
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=300),
        created_at=now,
        created_by_name="Bench",
        revealed_at=now - timedelta(days=1),
        rate_per_minute=UNLIMITED,
        burst=UNLIMITED,
    )
    fields = [field for field in WebserviceAccount._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ["'bench-' || number" if field.name == "username" else "%s" for field in fields]
    words = [
        field.get_db_prep_save(getattr(template, field.attname), connection)
        for field in fields
        if field.name != "username"
    ]
    cursor.execute(
        f"INSERT INTO webservice_accounts_webserviceaccount (id, {columns}) "
        f"SELECT number, {', '.join(values)} FROM generate_series(1, {number}) AS number",
        words,
    )
    cursor.execute(
        "INSERT INTO webservice_accounts_grant (account_id, data_type_id, since, origin) "
        "SELECT id, %s, %s, 'bench' FROM webservice_accounts_webserviceaccount",
        [data_type.pk, now],
    )
    cursor.execute(
        "INSERT INTO webservice_accounts_allowedaddress (account_id, network) "
        "SELECT id, %s FROM webservice_accounts_webserviceaccount",
        [NETWORK],
    )


def _write_secrets(cursor, number, known, now) -> list[str]:  # type: ignore[no-untyped-def]
    """Secrets of the first `known` accounts, which are returned; the others have digests of nothing."""
    secrets = [credentials.new_secret() for _ in range(known)]
    rows = io.StringIO()
    for index, secret in enumerate(secrets, start=1):
        version, digest = credentials.digest(secret)
        rows.write(f"{index}\t{index}\t{digest}\t{version}\tbench\t{now.isoformat()}\n")
    rows.seek(0)
    cursor.copy_expert(
        "COPY webservice_accounts_secret (id, account_id, digest, pepper_version, hint, created_at) FROM STDIN", rows
    )
    if number > known:
        cursor.execute(
            "INSERT INTO webservice_accounts_secret (id, account_id, digest, pepper_version, hint, created_at) "
            "SELECT number, number, md5('a' || number) || md5('b' || number), 1, 'bench', %s "
            f"FROM generate_series({known + 1}, {number}) AS number",
            [now],
        )
    if Secret.objects.count() != number:
        raise RuntimeError("not every account has its secret")
    return secrets


def _write_tokens(cursor, number, now) -> list[str]:  # type: ignore[no-untyped-def]
    tokens = [credentials.new_token() for _ in range(number)]
    rows = io.StringIO()
    later = now + timedelta(days=1)  # a real one lives 10 minutes, the measurement longer
    for index, token in enumerate(tokens, start=1):
        version, digest = credentials.digest(token)
        rows.write(f"{index}\t{index}\t{digest}\t{version}\t{DATA}\t{now.isoformat()}\t{later.isoformat()}\n")
    rows.seek(0)
    cursor.copy_expert(
        "COPY webservice_accounts_accesstoken "
        "(account_id, secret_id, digest, pepper_version, scope, issued_at, expires_at) FROM STDIN",
        rows,
    )
    return tokens
