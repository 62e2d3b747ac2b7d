"""How accounts are used, gathered in memory and written in batches.

The gate counts here and writes nothing while it decides. Every few seconds a thread of the
process adds what was gathered to the rows of the day, with one statement for many rows. A
process that is killed loses at most those seconds. Never payloads, never secrets.
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from multiprocessing.util import Finalize
from typing import Any, NamedTuple, TypeVar

from django.db import connection, transaction

from webservice_accounts.decisions import ALLOWED
from webservice_accounts.models import DailyUse, Secret, WebserviceAccount

logger = logging.getLogger(__name__)
T = TypeVar("T")

SECONDS_BETWEEN = 3.0
MAX_ADDRESSES = 20
"""Different addresses of one account that a day has rows for; uses from further ones count under ""."""
BATCH = 500
"""Accounts written in one transaction."""
_DAY_SECONDS = 24 * 60 * 60
_WIB_SECONDS = 7 * 60 * 60
"""WIB has no summer time; a test compares it with the time zone's own arithmetic."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()

_ADD_USES = f"""
INSERT INTO {DailyUse._meta.db_table} (account_id, day, data_type, result, address, count, last_at)
VALUES {{rows}}
ON CONFLICT (account_id, day, data_type, result, address) DO UPDATE SET
    count = {DailyUse._meta.db_table}.count + excluded.count,
    last_at = CASE WHEN excluded.last_at > {DailyUse._meta.db_table}.last_at
        THEN excluded.last_at ELSE {DailyUse._meta.db_table}.last_at END
"""  # noqa: S608 - our own table names
_SET_LAST_USED = """
WITH used (id, at) AS (VALUES {rows})
UPDATE {table} SET last_used_at = (SELECT used.at FROM used WHERE used.id = {table}.id)
WHERE id IN (SELECT used.id FROM used)
    AND (last_used_at IS NULL OR last_used_at < (SELECT used.at FROM used WHERE used.id = {table}.id))
"""


class Use(NamedTuple):
    """What is counted together: one account's calls of one local day with one outcome."""

    account_id: int
    day: int
    """Days since 1970-01-01, counted in WIB."""
    data_type: str
    result: str
    address: str


Key = tuple[int, int, str, str, str]
"""A `Use` before it has names: made for each call, so it is a plain tuple."""


class UseCounter:
    """The uses of this process that are not yet in the database. Any thread may count and flush."""

    def __init__(self, every: float | None = SECONDS_BETWEEN) -> None:
        """`every`: seconds between flushes by a thread that the first use starts; None: only when asked."""
        self._every = every
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._forget()

    def _forget(self) -> None:
        self._uses: dict[Key, list[float]] = {}
        self._callers: dict[tuple[int, int], set[str]] = {}
        self._secrets: dict[int, float] = {}

    def count(self, account_id: int, secret_id: int, data_type: str, result: str, address: str, now: float) -> None:
        """One call at `now` (Unix time): what it asked for ("" if unknown), `ALLOWED` or a reason, from where."""
        day = int(now + _WIB_SECONDS) // _DAY_SECONDS
        with self._lock:
            callers = self._callers.get((account_id, day))
            if callers is None:
                callers = self._callers[account_id, day] = set()
            if address not in callers:
                if len(callers) < MAX_ADDRESSES:
                    callers.add(address)
                else:
                    address = ""
            key = (account_id, day, data_type, result, address)
            gathered = self._uses.get(key)
            if gathered is None:
                self._uses[key] = [1, now]
            else:
                gathered[0] += 1
                gathered[1] = now
            if result == ALLOWED:
                self._secrets[secret_id] = now
        if self._thread is None and self._every is not None:
            self._start()

    def flush(self) -> int:
        """Add what was gathered to the database; how many calls that were.

        What could not be written is gathered again, and the database's error raised.
        """
        with self._flushing:
            with self._lock:
                uses, secrets = self._uses, self._secrets
                self._forget()
            written = 0
            try:
                for batch in _by_accounts(uses):
                    _write(batch)
                    written += int(sum(gathered[0] for gathered in batch.values()))
                    for use in batch:
                        del uses[use]
                for some in _portions(secrets.items(), BATCH):
                    _set_last_used(Secret._meta.db_table, some)
                    for secret_id, _at in some:
                        del secrets[secret_id]
            finally:
                self._take_back(uses, secrets)
            return written

    def close(self) -> None:
        """Stop the thread and flush what is left; called when the process ends."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)
            self._flush_quietly()

    def _take_back(self, uses: dict[Key, list[float]], secrets: dict[int, float]) -> None:
        """Gather again what was not written. However long that lasts, a day's addresses of an account stay bounded."""
        with self._lock:
            for (account_id, day, data_type, result, address), (count, last) in uses.items():
                callers = self._callers.setdefault((account_id, day), set())
                kept = _room_for(address, callers)
                present = self._uses.setdefault((account_id, day, data_type, result, kept), [0, last])
                present[0] += count
                present[1] = max(present[1], last)
            for secret_id, last in secrets.items():
                self._secrets[secret_id] = max(self._secrets.get(secret_id, 0.0), last)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="use-counter", daemon=True)
                self._thread.start()
                Finalize(None, self.close, exitpriority=0)  # granian's workers skip atexit, but not this

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self._flush_quietly()

    def _flush_quietly(self) -> None:
        if not self._uses:
            return
        try:
            self.flush()
        except Exception as problem:  # the next round tries again
            logger.warning("uses not written yet: %s", problem)
        finally:
            connection.close()


def _by_accounts(uses: dict[Key, list[float]]) -> Iterator[dict[Use, list[float]]]:
    """The uses in batches of at most `BATCH` accounts, in the order of their ids."""
    of_account: dict[int, dict[Use, list[float]]] = {}
    for key, gathered in uses.items():
        of_account.setdefault(key[0], {})[Use._make(key)] = gathered
    for ids in _portions(sorted(of_account), BATCH):
        yield {use: gathered for account_id in ids for use, gathered in of_account[account_id].items()}


@transaction.atomic
def _write(batch: dict[Use, list[float]]) -> None:
    """Add a batch. The accounts stay locked meanwhile, so that processes count a day's addresses one after another."""
    ids = {use.account_id for use in batch}
    accounts = WebserviceAccount.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    living = set(accounts.values_list("pk", flat=True))
    allowed: dict[int, float] = {}
    rows: dict[Use, list[float]] = {}
    known = _known_addresses(living, {use.day for use in batch})
    for use, (count, last) in batch.items():
        if use.account_id not in living:
            continue
        if use.result == ALLOWED:
            allowed[use.account_id] = max(allowed.get(use.account_id, 0.0), last)
        counted = use._replace(address=_room_for(use.address, known.setdefault((use.account_id, use.day), set())))
        row = rows.setdefault(counted, [0, last])
        row[0] += count
        row[1] = max(row[1], last)
    for some in _portions(rows.items(), BATCH):
        values: list[Any] = []
        for use, (count, last) in some:
            day = connection.ops.adapt_datefield_value(_date(use.day))
            values += [use.account_id, day, use.data_type, use.result, use.address, int(count), _moment(last)]
        with connection.cursor() as cursor:
            cursor.execute(_ADD_USES.format(rows=", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(some))), values)
    for used in _portions(allowed.items(), BATCH):
        _set_last_used(WebserviceAccount._meta.db_table, used)


def _known_addresses(accounts: set[int], days: set[int]) -> dict[tuple[int, int], set[str]]:
    """The addresses that already have rows, by account and day."""
    known: dict[tuple[int, int], set[str]] = {}
    rows = DailyUse.objects.filter(account_id__in=accounts, day__in=[_date(day) for day in days]).exclude(address="")
    for account_id, day, address in rows.values_list("account_id", "day", "address").distinct():
        known.setdefault((account_id, day.toordinal() - _EPOCH_DAY), set()).add(address)
    return known


def _room_for(address: str, known: set[str]) -> str:
    """The address, or "" when the day already has rows for enough others."""
    if address and address not in known:
        if len(known) >= MAX_ADDRESSES:
            return ""
        known.add(address)
    return address


def _set_last_used(table: str, used: list[tuple[int, float]]) -> None:
    values = [part for row_id, at in sorted(used) for part in (row_id, _moment(at))]
    statement = _SET_LAST_USED.format(table=table, rows=", ".join(["(%s, %s)"] * len(used)))
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _portions(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    every = list(rows)
    for start in range(0, len(every), size):
        yield every[start : start + size]


def _date(day: int) -> date:
    return date.fromordinal(day + _EPOCH_DAY)


def _moment(at: float) -> Any:
    """Unix time as this database's driver takes it."""
    return connection.ops.adapt_datetimefield_value(datetime.fromtimestamp(at, UTC))
