"""Every number of the monitoring report, worked out again from the audit trail and the pure clock alone.

Nothing here reads a stay, a passage or a figure: what the trail says happened, and what the SOP says of it, is enough.
"""

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from accounts.models import AuditEvent
from accounts.roles import Role
from requests_app import monitoring_report, sla
from requests_app.models import AccessRequest
from requests_app.monitoring_report import Period, Report
from requests_app.steps import clock
from tests import factories
from tests.requests_app import histories

pytestmark = pytest.mark.django_db

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
ONE_WEEK = Period(date(2026, 10, 12), date(2026, 10, 16))
PERIODS = (OCTOBER, NOVEMBER, ONE_WEEK)

# After each verb: the row of the SOP whose work it then is; "unit": a unit is waited for, "person": the responsible
# person; "end".
THEN = {
    "submit": "2",
    "return_to_unit": "unit",
    "register": "2",
    "forward": "",
    "ask_for_clarification": "unit",
    "dispose": "3",
    "hand_back": "",
    "refuse": "6",
    "ask_unit": "unit",
    "answer": "3",
    "ask_owner": "unit",
    "answer_owner": "3",
    "record_consent": "3",
    "create_account": "5",
    "inform": "person",
    "report_problem": "5",
    "confirm": "6",
    "proceed_unconfirmed": "6",
    "send_for_approval": "6",
    "return_reply": "6",
    "approve_reply": "6",
    "send_reply": "end",
    "withdraw": "gone",
}
ORDER = ["1", "2", "", "3", "5", "6"]
MINUTES = {"1", "2", "5"}
CLOCKS = {
    "1": sla.Clock.NONE,
    "2": sla.Clock.OFFICE_HOURS,
    "": sla.Clock.NONE,
    "3": sla.Clock.WORKING_DAYS,
    "5": sla.Clock.OFFICE_HOURS,
    "6": sla.Clock.WORKING_DAYS,
}
STANDARDS = {"2": 5, "3": 24 * 60, "5": 5, "6": 24 * 60}
"""Minutes; row 1 has five, too, but nobody has to keep them."""
CALENDAR = sla.WorkingCalendar(
    days={histories.LEAVE: sla.CalendarDay(histories.LEAVE, sla.DayKind.COLLECTIVE, "Cuti bersama uji")}
)


@dataclass
class Spell:
    """One time in one row, as the trail tells it."""

    row: str
    begins: datetime
    ends: datetime | None = None
    goes_on: bool = False
    """To a later row, or to the end with the reply."""
    waits: list[tuple[datetime, datetime]] = field(default_factory=list)
    hands: list[tuple[datetime, str]] = field(default_factory=list)
    """Who moved it, and when."""

    @property
    def due(self) -> datetime | None:
        if self.row not in STANDARDS:
            return None
        is_end_of_day = self.row == "6" and self.begins >= histories.END_OF_DAY_FROM
        return sla.deadline(
            self.begins,
            timedelta(minutes=STANDARDS[self.row]),
            CALENDAR,
            clock=CLOCKS[self.row],
            reading=sla.Reading.END_OF_DAY if is_end_of_day else sla.Reading.SAME_TIME,
            pauses=self.waits,
        )

    @property
    def minutes(self) -> float:
        assert self.ends is not None
        took = sla.elapsed(self.begins, self.ends, CALENDAR, clock=CLOCKS[self.row], pauses=self.waits)
        return took.total_seconds() / 60


@dataclass
class Trail:
    """One request as its events tell it."""

    spells: list[Spell]
    came: datetime
    over: datetime | None
    how: str
    is_paper: bool


def read_trails(opened: dict[str, datetime]) -> dict[str, Trail]:
    """By reference; `opened` is when each form was opened, which is no act and so no event."""
    trails: dict[str, Trail] = {}
    for reference, at in opened.items():
        events = AuditEvent.objects.filter(subject=f"request:{reference}", verb__in=THEN).order_by("at", "pk")
        if events:
            trails[reference] = read_one(at, list(events))
    return trails


def read_one(opened: datetime, events: list[AuditEvent]) -> Trail:
    spell: Spell | None = Spell("1", opened)
    spells, waiting_since, was_refused = [spell], None, False
    for event in events:
        then = THEN[event.verb]
        was_refused = was_refused or event.verb == "refuse"
        if spell:
            spell.hands.append((event.at, event.actor_name))
        if waiting_since and spell and then == spell.row:
            spell.waits.append((waiting_since, event.at))
            spell.ends = None
        waiting_since = event.at if then == "unit" else None
        if spell and then == spell.row and event.verb != "report_problem":
            continue
        if spell and spell.ends is None:
            spell.ends = event.at
        if then == "unit":
            continue
        if spell and then in ORDER:
            spell.goes_on = ORDER.index(then) > ORDER.index(spell.row)
        elif spell:
            spell.goes_on = then in ("end", "person")
        spell = Spell(then, event.at) if then in ORDER else None
        spells += [spell] if spell else []
    last = events[-1]
    how = {"end": "refused" if was_refused else "finished", "gone": "withdrawn"}.get(THEN[last.verb], "")
    first = events[0]
    return Trail(spells, first.at, last.at if how else None, how, is_paper=first.happened_at != first.at)


@pytest.fixture(scope="module")
def reports(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[Period, Report]]:
    """The history happened; what the report says of each period."""
    with django_db_blocker.unblock(), transaction.atomic():
        histories.tell()
        clock.sweep(now=histories.AFTERWARDS)
        head = factories.somebody(Role.HEAD)
        yield {period: monitoring_report.make(period, by=head, now=histories.AFTERWARDS) for period in PERIODS}
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def trails(reports: dict[Period, Report]) -> dict[str, Trail]:
    return read_trails(dict(AccessRequest.objects.values_list("reference", "opened_at")))


def is_in(at: datetime | None, period: Period) -> bool:
    return at is not None and period.first <= at.astimezone(sla.WIB).date() <= period.last


@pytest.mark.parametrize("period", PERIODS, ids=lambda period: period.slug)
def test_the_times_of_every_row(reports: dict[Period, Report], trails: dict[str, Trail], period: Period) -> None:
    for line in reports[period].lines:
        row = line.activity.number
        spells = [
            spell
            for trail in trails.values()
            for spell in trail.spells
            if spell.row == row and spell.goes_on and is_in(spell.ends, period)
            if not (trail.is_paper and row in MINUTES)
        ]
        minutes = sorted(spell.minutes for spell in spells)
        due = [(spell.ends, spell.due) for spell in spells if spell.due]
        assert line.count == len(spells), row
        assert line.timed == len(due), row
        assert line.within == sum(ends <= by for ends, by in due if ends), row
        if minutes:
            assert line.median is not None
            assert line.p90 is not None
            assert line.median.total_seconds() / 60 == pytest.approx(statistics.median(minutes)), row
            assert line.p90.total_seconds() / 60 == pytest.approx(minutes[math.ceil(0.9 * len(minutes)) - 1]), row


@pytest.mark.parametrize("period", PERIODS, ids=lambda period: period.slug)
def test_every_breach(reports: dict[Period, Report], trails: dict[str, Trail], period: Period) -> None:
    expected = []
    for reference, trail in trails.items():
        for spell in trail.spells:
            ends = spell.ends or histories.AFTERWARDS
            if spell.row not in ("3", "6") or not spell.due or not is_in(spell.due, period) or ends <= spell.due:
                continue
            late = sla.elapsed(spell.due, ends, CALENDAR, clock=sla.Clock.OFFICE_HOURS, pauses=spell.waits)
            who = next((name for at, name in spell.hands if at > spell.due), None)
            expected.append((spell.due, reference, spell.row, spell.ends, late, who))
    found = [
        (run.due_at, run.request.reference, run.number, run.ended_at, run.late, str(run.person) if run.person else None)
        for run in reports[period].breaches
    ]
    assert found == sorted(expected, key=lambda one: one[:2])


@pytest.mark.parametrize("period", PERIODS, ids=lambda period: period.slug)
def test_the_breaches_are_those_on_record(reports: dict[Period, Report], period: Period) -> None:
    recorded = AuditEvent.objects.filter(verb="deadline_breach").values_list("subject", "happened_at")
    assert sorted((f"request:{run.request.reference}", run.due_at) for run in reports[period].breaches) == sorted(
        (subject, at) for subject, at in recorded if is_in(at, period)
    )


@pytest.mark.parametrize("period", PERIODS, ids=lambda period: period.slug)
def test_the_flow_of_requests(reports: dict[Period, Report], trails: dict[str, Trail], period: Period) -> None:
    totals, all_ = reports[period].totals, trails.values()
    before = [trail for trail in all_ if trail.came.astimezone(sla.WIB).date() < period.first]
    came = [trail for trail in all_ if is_in(trail.came, period)]
    ended = [trail.how for trail in all_ if is_in(trail.over, period)]
    over_before = [trail for trail in before if trail.over and trail.over.astimezone(sla.WIB).date() < period.first]
    assert totals.open_before == len(before) - len(over_before)
    assert totals.came == len(came)
    assert totals.finished == ended.count("finished")
    assert totals.refused == ended.count("refused")
    assert totals.withdrawn == ended.count("withdrawn")
    assert totals.still_open == totals.open_before + totals.came - len(ended)


def test_the_history_has_what_it_should_prove(reports: dict[Period, Report]) -> None:
    october, november = reports[OCTOBER], reports[NOVEMBER]
    by_row = {line.activity.number: line for line in october.lines}
    assert by_row["3"].within < by_row["3"].timed
    assert by_row["6"].within < by_row["6"].timed
    assert {run.number for run in october.breaches} == {"3", "6"}
    assert any(run.ended_at is None for run in october.breaches)
    assert (october.totals.open_before, october.totals.refused, october.totals.withdrawn) == (1, 3, 1)
    assert (november.totals.open_before, november.totals.came, november.totals.still_open) == (3, 0, 2)
