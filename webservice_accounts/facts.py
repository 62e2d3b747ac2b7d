"""What the gate must know of one credential, read by one statement; and the path rules, by another.

The statements only read, and the connection can do no more: it is the gate's own, one per
thread, read-only, and waits at most some seconds. Plain SQL, because the ORM alone costs
several times what the rest of a decision does.
"""

import copy
import logging
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from webservice_accounts import patterns
from webservice_accounts.addresses import Network
from webservice_accounts.lifecycle import Facts

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 2
"""PostgreSQL's client library takes no less."""
STATEMENT_MILLISECONDS = 1000

_WORDS = {"postgresql": "string_agg(%s, ' ')", "sqlite": "group_concat(%s, ' ')"}
"""How a database joins the words of several rows into one text."""
_ACCOUNT = """
SELECT a.id, a.username, u.code, a.starts_at, a.ends_at, a.suspended_at, a.revoked_at, a.revealed_at,
    a.rate_per_minute, a.burst, s.id, s.ends_at, {token},
    (SELECT {services} FROM webservice_accounts_grant g
        JOIN webservice_accounts_datatype d ON d.id = g.data_type_id
        JOIN webservice_accounts_service v ON v.id = d.service_id
        WHERE g.account_id = a.id AND g.until IS NULL),
    (SELECT {networks} FROM webservice_accounts_allowedaddress n WHERE n.account_id = a.id)
FROM {source}
JOIN webservice_accounts_webserviceaccount a ON a.id = s.account_id
JOIN accounts_unit u ON u.id = a.unit_id
WHERE {found} IN ({digests})
LIMIT 1
"""
_BY_SECRET = {"source": "webservice_accounts_secret s", "found": "s.digest", "token": "NULL, NULL, NULL"}
_BY_TOKEN = {
    "source": "webservice_accounts_accesstoken t JOIN webservice_accounts_secret s ON s.id = t.secret_id",
    "found": "t.digest",
    "token": "t.expires_at, t.revoked_at, t.scope",
}
_RULES = """
SELECT v.code, d.code, r.methods, r.pattern
FROM webservice_accounts_pathrule r
JOIN webservice_accounts_datatype d ON d.id = r.data_type_id
JOIN webservice_accounts_service v ON v.id = d.service_id
WHERE v.is_active
ORDER BY d.code
"""


class Known(NamedTuple):
    """What is known of the account behind one credential, and of the credential itself."""

    account_id: int
    username: str
    unit: str
    life: Facts
    rate_per_minute: int
    burst: int
    secret_id: int
    dead_from: datetime | None
    """When the credential itself ends (a rotated secret, a token) or was revoked: the earliest; None: never."""
    grants: dict[str, frozenset[str]]
    """Service -> codes of data that may be read now with this credential."""
    networks: tuple[Network, ...]
    """From where; none means from anywhere."""


class Rule(NamedTuple):
    """One row of the path rules, compiled. Requests of one of `methods` to `pattern` read `data_type`."""

    service: str
    data_type: str
    methods: frozenset[str]
    pattern: patterns.Pattern


def by_secret(digests: Sequence[str]) -> Known | None:
    """What is known of the secret with one of these keyed hashes; None when there is none. Raises DatabaseError."""
    return _known(digests, _BY_SECRET)


def by_token(digests: Sequence[str]) -> Known | None:
    """What is known of the access token with one of these keyed hashes. Raises DatabaseError.

    It reads what its scope and the account's present grants both name, and lives no longer than its secret.
    """
    return _known(digests, _BY_TOKEN)


def rules() -> list[Rule]:
    """The path rules of all active services; one that cannot be compiled opens nothing. Raises DatabaseError."""
    compiled = []
    for service, data_type, methods, text in _rows(_RULES, ()):
        try:
            known = frozenset(patterns.read_methods(methods))
            compiled.append(Rule(service, data_type, known, patterns.compile_pattern(text)))
        except ValidationError:
            logger.warning("path rule ignored: %s %s of %s", methods, text, data_type)
    return compiled


def _known(digests: Sequence[str], kind: dict[str, str]) -> Known | None:
    words = _WORDS[connections["default"].vendor]
    statement = _ACCOUNT.format(
        services=words % "v.code || '/' || d.code",
        networks=words % "n.network",
        digests=", ".join(["%s"] * len(digests)),
        **kind,
    )
    found = _rows(statement, digests)
    if not found:
        return None
    (
        account_id, username, unit, starts, ends, suspended, revoked, revealed,
        rate_per_minute, burst, secret_id, secret_ends, token_ends, token_revoked, scope, granted, networks,
    ) = found[0]  # fmt: skip
    endings = [_instant(moment) for moment in (secret_ends, token_ends, token_revoked) if moment is not None]
    return Known(
        account_id=account_id,
        username=username,
        unit=unit,
        life=Facts(
            starts_at=_instant(starts),
            ends_at=_instant(ends),
            suspended_at=suspended and _instant(suspended),
            revoked_at=revoked and _instant(revoked),
            activated_at=revealed and _instant(revealed),
        ),
        rate_per_minute=rate_per_minute,
        burst=burst,
        secret_id=secret_id,
        dead_from=min(endings, default=None),
        grants=_grants((granted or "").split(), None if scope is None else set(scope.split())),
        networks=tuple(ip_network(word) for word in (networks or "").split()),
    )


def _grants(granted: Iterable[str], scope: set[str] | None) -> dict[str, frozenset[str]]:
    """`service/code` words as service -> codes, limited to a token's scope."""
    codes: dict[str, set[str]] = {}
    for word in granted:
        service, _slash, code = word.partition("/")
        if scope is None or code in scope:
            codes.setdefault(service, set()).add(code)
    return {service: frozenset(names) for service, names in codes.items()}


def _instant(moment: datetime | str) -> datetime:
    """What a database gives for an instant: aware, or (SQLite) UTC without saying so."""
    known = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return known if known.tzinfo else known.replace(tzinfo=UTC)


# --- the gate's own connection -----------------------------------------------------------------------------------
_thread = threading.local()


def own_connection() -> BaseDatabaseWrapper:
    """This thread's connection for reading: the database is asked to refuse everything else."""
    connection: BaseDatabaseWrapper | None = getattr(_thread, "connection", None)
    if connection is None:
        default = connections["default"]
        settings = copy.deepcopy(default.settings_dict)
        settings["CONN_MAX_AGE"] = None
        options = settings["OPTIONS"]
        if default.vendor == "postgresql":
            limits = f"-c statement_timeout={STATEMENT_MILLISECONDS} -c default_transaction_read_only=on"
            options["options"] = f"{options.get('options', '')} {limits}".strip()
            options["connect_timeout"] = CONNECT_SECONDS
            options |= {"keepalives_idle": 2, "keepalives_interval": 1, "keepalives_count": 2}  # a machine that is gone
            options["tcp_user_timeout"] = STATEMENT_MILLISECONDS
        else:
            options["init_command"] = f"{options.get('init_command', '')} PRAGMA query_only=ON;".strip()
            options["timeout"] = STATEMENT_MILLISECONDS / 1000
        connection = _thread.connection = type(default)(settings, "default")
    return connection


def forget_connection() -> None:
    """Close this thread's connection; the next question opens another."""
    connection: BaseDatabaseWrapper | None = getattr(_thread, "connection", None)
    if connection is not None:
        _thread.connection = None
        connection.close()


def _rows(statement: str, words: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows. A connection that broke since it was last used is replaced once; a database that is slow is not."""
    connection = own_connection()
    was_open = connection.connection is not None
    try:
        return _ask(statement, words)
    except (InterfaceError, OperationalError):
        if not was_open or connection.is_usable():
            raise
    forget_connection()
    return _ask(statement, words)


def _ask(statement: str, words: Sequence[str]) -> list[tuple[Any, ...]]:
    with own_connection().cursor() as cursor:
        cursor.execute(statement, words)
        return cursor.fetchall()
