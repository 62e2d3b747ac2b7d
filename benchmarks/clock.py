"""The clock's sweep over tables of any size: what it costs follows what is due, not how many requests there are."""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Model

from accounts.models import AuditEvent, Notice, OutgoingMail, RoleGrant, Unit, User
from accounts.roles import Role
from requests_app.models import AccessRequest, DeadlineNotice, Passage, StepEntry
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import clock

NAME = "sweep"
DUE = 100
"""Deadlines that come near in the minute that is swept, whatever the size of the table."""
OPEN = 50
"""One request of so many is under way, each with five notices still to come; all others are finished."""
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=WIB)
"""A Monday in office hours, so that people are told."""
INDEX = "notice_to_come"
LARGE = 100_000
"""Requests; smaller tables PostgreSQL may as well read from end to end."""
PEOPLE = ((Role.HELPDESK, 3), (Role.PSI, 4), (Role.HEAD, 1))
TOLD_THEN = ("half", "warning")
TO_COME = (("half", -1), ("warning", 0), ("breach", 4), ("team", 6), ("head", 12))
"""Kind, and hours from now; the first was told."""

RAW = """
SELECT notice.*, entry.*, request.*, unit.*, assignee.*
FROM requests_app_deadlinenotice notice
JOIN requests_app_stepentry entry ON entry.id = notice.entry_id
JOIN requests_app_accessrequest request ON request.id = entry.request_id
JOIN accounts_unit unit ON unit.id = request.unit_id
LEFT JOIN accounts_user assignee ON assignee.id = request.assignee_id
WHERE notice.state IN ('planned', 'noticed') AND notice.at <= %s
ORDER BY notice.at, notice.id
LIMIT 200
FOR UPDATE OF entry SKIP LOCKED
"""
"""What one would write by hand to find and lock the same rows."""


@dataclass(frozen=True)
class Sweep:
    """The medians for one size of the table; times in milliseconds."""

    requests: int
    raw: float
    """The query by hand, with its rows fetched."""
    selecting: float
    """All questions of the sweep to the table of notices together."""
    statements: float
    """All statements of the sweep together."""
    whole: float
    queries: int
    idle: float
    """Nothing is due."""


def measure(options: argparse.Namespace) -> list[Sweep]:
    """Sweep tables of each size in turn; RuntimeError where something else happens than is to be measured."""
    people = _people()
    found = []
    for number in options.requests:
        _seed(number, people)
        found.append(_sweep(number, options.sweeps))
    return found


# --- the tables -------------------------------------------------------------------------------------------------
def _people() -> dict[Role, list[User]]:
    unit = Unit.objects.get(code="upt-tik")
    found: dict[Role, list[User]] = {}
    for role, number in PEOPLE:
        for index in range(number):
            user = User.objects.create_user(f"{role}{index}@usk.ac.id", full_name=f"{role} {index}", unit=unit)
            RoleGrant.objects.create(user=user, role=role)
            found.setdefault(role, []).append(user)
    return found


def _seed(number: int, people: dict[Role, list[User]]) -> None:
    """Exactly `number` requests; the last ones are under way, and of these `DUE` have a deadline that comes near."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE requests_app_accessrequest CASCADE")
        cursor.execute("SET session_replication_role = replica")  # no check of each foreign key: all are right
        _insert_requests(cursor, number, people)
        _insert_stays(cursor, people[Role.HELPDESK][0])
        cursor.execute("SET session_replication_role = DEFAULT")
        for model in (AccessRequest, StepEntry, Passage, DeadlineNotice):
            table = model._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
        cursor.execute("VACUUM ANALYZE")
    due = DeadlineNotice.objects.filter(state="planned", at__lte=NOW).count()
    if (AccessRequest.objects.count(), due) != (number, DUE):
        raise RuntimeError(f"{AccessRequest.objects.count()} requests with {due} notices due")


def _insert(cursor: Any, template: Model, given: dict[str, str], source: str) -> None:
    """Rows like `template`, but what is `given` by SQL expressions over `source`."""
    fields = [field for field in template._meta.concrete_fields if not field.primary_key or field.column in given]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(given.get(field.column, "%s") for field in fields)
    words = [
        field.get_db_prep_save(getattr(template, field.attname), connection)
        for field in fields
        if field.column not in given
    ]
    cursor.execute(f"INSERT INTO {template._meta.db_table} ({columns}) SELECT {values} FROM {source}", words)


def _insert_requests(cursor: Any, number: int, people: dict[Role, list[User]]) -> None:
    template = AccessRequest(
        unit=Unit.objects.get(code="fmipa"),
        created_by=people[Role.HELPDESK][0],
        outcome=AccessRequest.Outcome.GRANTED,
        person_name="Bench",
        identity_type="nip",
        identity_number="0",
        phone="+6281234567800",
        email="bench@usk.ac.id",
        application="Bench",
        purpose="Bench",
        letter_number="1",
        letter_date=NOW.date(),
        letter_subject="Bench",
        assignee=people[Role.PSI][0],
    )
    is_open = f"number > {number - max(DUE, number // OPEN)}"
    days = f"CASE WHEN {is_open} THEN 1 ELSE 2 + mod(number, 1000) END"
    opened = f"timestamptz '{NOW.isoformat()}' - ({days}) * interval '1 day'"
    given = {
        "id": "number",
        "reference": "'GP26-' || upper(lpad(to_hex(number), 6, '0'))",
        "start_key": "gen_random_uuid()",
        "status": f"CASE WHEN {is_open} THEN '{Status.DISPOSED}' ELSE '{Status.FINISHED}' END",
        "opened_at": opened,
        "submitted_at": opened,
        "finished_at": f"CASE WHEN {is_open} THEN NULL ELSE {opened} + interval '26 hours' END",
    }
    _insert(cursor, template, given, f"generate_series(1, {number}) AS number")


def _insert_stays(cursor: Any, by: User) -> None:
    """Four stays of a finished request, three of one under way; what its rows took; what was said, and what will be."""
    request = "requests_app_accessrequest AS request"
    road = (Status.SUBMITTED, Status.AWAITING_DISPOSITION, Status.DISPOSED, Status.FINISHED)
    for hours, status in enumerate(road):
        at = f"request.opened_at + interval '{hours} hours'"
        is_last = f"request.status = '{status}'"
        due = f"{at} + interval '25 hours'" if status is Status.DISPOSED else "NULL::timestamptz"
        given = {
            "request_id": "request.id",
            "entered_at": at,
            "left_at": f"CASE WHEN {is_last} THEN NULL ELSE {at} + interval '1 hour' END",
            "clock_started_at": at if status is Status.DISPOSED else "NULL::timestamptz",
            "due_at": due,
        }
        finished = f" WHERE request.status = '{Status.FINISHED}'" if status is Status.FINISHED else ""
        _insert(cursor, StepEntry(status=status, entered_by=by), given, request + finished)
    for number in ("1", "2", "3"):
        given = {"request_id": "request.id", "started_at": "request.opened_at", "ended_at": "request.finished_at"}
        row = Passage(number=number, took_seconds=3600.0, standard_seconds=86400, is_within=True, ended_by=by)
        _insert(cursor, row, given, f"{request} WHERE request.finished_at IS NOT NULL")
    stay = f"requests_app_stepentry AS stay JOIN {request} ON request.id = stay.request_id AND stay.status = 'disposed'"
    for kind in TOLD_THEN:
        given = dict.fromkeys(("at", "noticed_at", "told_at", "sent_at"), "stay.entered_at")
        told = DeadlineNotice(kind=kind, state="told", told_to=[{"person": by.pk, "name": str(by)}])
        given |= {"entry_id": "stay.id", "due_at": "stay.due_at"}
        _insert(cursor, told, given, f"{stay} WHERE stay.left_at IS NOT NULL")
    for kind, hours in TO_COME[1:]:
        soon = f"timestamptz '{NOW.isoformat()}' + interval '{hours} hours'"
        at = f"{soon} + (CASE WHEN stay.request_id > (SELECT max(id) - {DUE} FROM requests_app_accessrequest) "
        at += "THEN 0 ELSE 1 END) * interval '2 hours'"
        given = {"entry_id": "stay.id", "due_at": "stay.due_at", "at": at}
        _insert(cursor, DeadlineNotice(kind=kind), given, f"{stay} WHERE stay.left_at IS NULL")


# --- the clock --------------------------------------------------------------------------------------------------
def _sweep(number: int, times: int) -> Sweep:
    due = list(DeadlineNotice.objects.filter(state="planned", at__lte=NOW).values_list("pk", flat=True))
    raw, wholes, selects, everything, queries = [], [], [], [], 0
    for turn in range(times + 1):  # the first only warms
        raw.append(_milliseconds(_by_hand))
        with _watched() as seen:
            whole = _milliseconds(lambda: clock.sweep(now=NOW))
        told = DeadlineNotice.objects.filter(pk__in=due, state="told").count()
        mails = OutgoingMail.objects.count()
        if (told, mails) != (DUE, DUE):
            raise RuntimeError(f"{told} of {DUE} told, {mails} mails written")
        wholes.append(whole)
        selects.append(sum(took for sql, took in seen if sql.startswith("SELECT") and "deadlinenotice" in sql))
        everything.append(sum(took for _sql, took in seen))
        queries = len(seen)
        if turn == 0 and number >= LARGE:
            _assert_index(seen)
        idle = [_milliseconds(lambda: clock.sweep(now=NOW)) for _ in range(20)]
        _as_before(due)
    return Sweep(
        requests=number,
        raw=statistics.median(raw[1:]),
        selecting=statistics.median(selects[1:]),
        statements=statistics.median(everything[1:]),
        whole=statistics.median(wholes[1:]),
        queries=queries,
        idle=statistics.median(idle),
    )


def _by_hand() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RAW, [NOW])
        if len(cursor.fetchall()) != DUE:
            raise RuntimeError("the query by hand found something else")


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


@contextmanager
def _watched() -> Iterator[list[tuple[str, float]]]:
    """Collect each statement of the block as it was sent, and how many milliseconds it took."""
    seen: list[tuple[str, float]] = []

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            took = (time.perf_counter() - begun) * 1000
            cursor = context["cursor"].cursor
            sent = cursor.query.decode() if getattr(cursor, "query", None) else sql
            seen.append((sent, took))

    with connection.execute_wrapper(look):
        yield seen


def _assert_index(seen: list[tuple[str, float]]) -> None:
    """RuntimeError unless PostgreSQL finds what is due through the index of what is to come, however many there are."""
    claim = next(sql for sql, _took in seen if "SKIP LOCKED" in sql)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {claim}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    if INDEX not in plan or "Seq Scan on requests_app_stepentry" in plan:
        raise RuntimeError(f"not by its index:\n{plan}")


def _as_before(due: list[int]) -> None:
    OutgoingMail.objects.all().delete()
    Notice.objects.all().delete()
    AuditEvent.objects.all().delete()
    fields = {"state": "planned", "noticed_at": None, "told_at": None, "told_to": [], "skipped": ""}
    DeadlineNotice.objects.filter(pk__in=due).update(**fields)
    cache.clear()
