"""What a sweep asks of the database follows what is due, not how many requests there are (`make bench` measures it)."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import OutgoingMail, Unit
from accounts.roles import Role
from requests_app.models import AccessRequest, DeadlineNotice, StepEntry
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import clock
from tests import factories

pytestmark = pytest.mark.django_db

OPEN = datetime(2026, 11, 23, 10, tzinfo=WIB)
"""A Monday in office hours."""
CLOSED = datetime(2026, 11, 23, 20, tzinfo=WIB)
HOUR = timedelta(hours=1)


@pytest.fixture
def unit() -> Unit:
    """Return the unit that asks; at PSI there is one person to tell."""
    factories.the_institution()
    factories.person(Role.PSI)
    return factories.UnitFactory()


def with_psi(unit: Unit, number: int, *, warn_at: datetime) -> None:
    """Requests that wait for PSI since yesterday; all that is planned for them is a warning."""
    writer = factories.somebody(Role.UNIT_STAFF, unit=unit)
    for _ in range(number):
        reference = f"GP26-{AccessRequest.objects.count():06}"
        fields = {"reference": reference, "unit": unit, "created_by": writer, "status": Status.DISPOSED}
        request = AccessRequest.objects.create(opened_at=OPEN - 24 * HOUR, start_key=uuid.uuid4(), **fields)
        times = {"entered_at": OPEN - 24 * HOUR, "clock_started_at": OPEN - 24 * HOUR, "due_at": warn_at + 4 * HOUR}
        stay = StepEntry.objects.create(request=request, status=Status.DISPOSED, **times)
        DeadlineNotice.objects.create(entry=stay, kind="warning", due_at=warn_at + 4 * HOUR, at=warn_at)


def statements(now: datetime) -> list[str]:
    """What a sweep asks."""
    with CaptureQueriesContext(connection) as seen:
        clock.sweep(now=now)
    return [query["sql"] for query in seen.captured_queries]


def test_requests_that_are_not_due_cost_no_statement(unit: Unit) -> None:
    asked = []
    for others in (3, 27):
        with_psi(unit, others, warn_at=OPEN + 24 * HOUR)
        assert len(statements(OPEN)) == 1, "a minute in which nothing is due"
        with_psi(unit, 2, warn_at=OPEN)
        asked.append(len(statements(OPEN)))
        assert OutgoingMail.objects.count() == 2 * len(asked)
    assert asked[0] == asked[1]


@pytest.mark.postgresql
@pytest.mark.parametrize("now", [OPEN, CLOSED], ids=["when people are told", "when the office is closed"])
def test_what_is_due_is_found_by_the_index_of_what_is_to_come(unit: Unit, now: datetime) -> None:
    with_psi(unit, 3, warn_at=OPEN)
    exists, claim, *_rest = (sql for sql in statements(now) if '"requests_app_deadlinenotice"."at" <=' in sql)
    assert "SKIP LOCKED" in claim
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # three rows are read quicker without any index
        for sql in (exists, claim):
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "notice_to_come" in plan, plan
