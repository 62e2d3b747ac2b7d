"""The figures of a period, worked out by hand from a few passages."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Unit
from accounts.roles import Role
from requests_app.models import AccessRequest, Passage, StepEntry
from requests_app.monitoring import (
    Filters,
    How,
    StepFigures,
    came_in,
    data_asked,
    finished,
    nearest_rank,
    open_figures,
    passed,
    standard_of,
    step_figures,
    traffic,
    units_asking,
)
from requests_app.sla import WIB
from requests_app.sop import Status
from tests.factories import DataTypeFactory, UnitFactory, person
from webservice_accounts.models import DataType

OCTOBER = Filters(date(2025, 10, 1), date(2025, 10, 31))
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def at(text: str) -> datetime:
    """A local time in 2025: "10-06 09.00"."""
    return datetime.strptime(f"2025-{text}", "%Y-%m-%d %H.%M").replace(tzinfo=WIB)


def sent(
    on: str, *, done: str = "", unit: Unit | None = None, data: list[DataType] | None = None, **fields: Any
) -> AccessRequest:
    """A request sent then and, perhaps, finished."""
    unit = unit or UnitFactory()
    request = AccessRequest.objects.create(
        reference=f"GP25-{AccessRequest.objects.count():06}",
        unit=unit,
        created_by=person(Role.UNIT_STAFF, unit=unit),
        opened_at=at(on),
        submitted_at=at(on),
        status=Status.FINISHED if done else Status.DISPOSED,
        finished_at=at(done) if done else None,
        **fields,
    )
    for one in data or []:
        request.items.create(data_type=one)
    return request


def took(request: AccessRequest, number: str, hours: float, ended: str = "10-10 10.00", **fields: Any) -> Passage:
    """The request went through a row of the SOP; rows of 1 x 24 hours are within up to 24."""
    length = timedelta(hours=hours)
    return Passage.objects.create(
        request=request,
        number=number,
        started_at=at(ended) - length - timedelta(seconds=Passage.objects.count()),
        ended_at=at(ended),
        took_seconds=length.total_seconds(),
        **({"is_within": hours <= 24} if number in ("3", "6") else {}) | fields,
    )


def row(filters: Filters, number: str) -> StepFigures:
    return next(line for line in step_figures(filters) if line.activity.number == number)


# --- pure ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("count", "rank"), [(1, 1), (2, 2), (9, 9), (10, 9), (11, 10), (19, 18), (20, 18), (100, 90), (101, 91)]
)
def test_the_p90_is_the_nearest_rank(count: int, rank: int) -> None:
    """At least nine tenths of the values are not longer: the 9th of 10, but the 10th of 11."""
    assert nearest_rank(list(range(1, count + 1)), 90) == rank


def test_standards_are_those_that_the_sop_prints() -> None:
    printed = {number: standard_of(number) for number in ("1", "2", "", "3", "5", "6")}
    assert printed == {
        "1": 5 * MINUTE, "2": 5 * MINUTE, "": None, "3": 24 * HOUR, "5": 5 * MINUTE, "6": 24 * HOUR,
    }  # fmt: skip


# --- rows of the SOP -----------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_rows_come_in_the_order_of_the_sop_and_say_nothing_where_nothing_was_measured() -> None:
    lines = step_figures(OCTOBER)
    assert [line.activity.number for line in lines] == ["1", "2", "", "3", "5", "6"]
    assert {(line.count, line.median, line.p90, line.longest, line.share_within) for line in lines} == {
        (0, None, None, None, None)
    }


@pytest.mark.django_db
def test_median_p90_longest_and_share_of_a_row() -> None:
    for hours in (1, 2, 3, 4, 5, 6, 7, 8, 25, 40):
        took(sent("10-06 09.00"), "3", hours)
    line = row(OCTOBER, "3")
    assert (line.count, line.median, line.p90, line.longest) == (10, 5.5 * HOUR, 25 * HOUR, 40 * HOUR)
    assert (line.within, line.timed, line.share_within) == (8, 10, 0.8)
    assert (line.requests, line.requests_within, line.requests_late) == (10, 8, 2)


@pytest.mark.django_db
def test_a_request_that_went_through_twice_is_two_passages_and_one_request() -> None:
    request = sent("10-06 09.00")
    took(request, "3", 2)
    took(request, "3", 30)
    line = row(OCTOBER, "3")
    assert (line.count, line.requests, line.requests_within, line.requests_late) == (2, 1, 0, 1)


@pytest.mark.django_db
def test_waiting_and_days_off_stand_apart() -> None:
    took(sent("10-06 09.00"), "3", 2, waited_seconds=3600, days_off=2)
    took(sent("10-06 09.00"), "3", 2, waited_seconds=3 * 3600)
    took(sent("10-06 09.00"), "3", 2, days_off=1)
    line = row(OCTOBER, "3")
    assert (line.waited, line.paused, line.days_off) == (2 * HOUR, 2, 3)
    assert (line.requests_paused, line.requests_over_days_off, line.median) == (2, 2, 2 * HOUR)


@pytest.mark.django_db
def test_a_letter_on_paper_says_nothing_of_minutes_but_of_days() -> None:
    request = sent("10-06 09.00")
    took(request, "2", 1, is_from_paper=True)
    took(request, "3", 2, is_from_paper=True)
    assert (row(OCTOBER, "2").count, row(OCTOBER, "3").count) == (0, 1)
    assert list(passed(Filters(OCTOBER.first, OCTOBER.last, number="2"))) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ended", "counts"),
    [("09-30 23.59", False), ("10-01 00.00", True), ("10-31 23.59", True), ("11-01 00.00", False)],
)
def test_both_local_days_of_a_period_are_whole(ended: str, counts: bool) -> None:
    took(sent("09-01 09.00"), "3", 2, ended)
    assert row(OCTOBER, "3").count == counts


@pytest.mark.django_db
def test_one_unit_and_one_row() -> None:
    mine, other = UnitFactory(), UnitFactory()
    for unit, number in ((mine, "3"), (mine, "6"), (other, "3")):
        took(sent("10-06 09.00", unit=unit), number, 2)
    assert [line.count for line in step_figures(Filters(OCTOBER.first, OCTOBER.last, mine.pk))] == [0, 0, 0, 1, 0, 1]
    only = step_figures(Filters(OCTOBER.first, OCTOBER.last, number="3"))
    assert [(line.activity.number, line.count) for line in only] == [("3", 2)]
    assert [line.activity.number for line in step_figures(Filters(OCTOBER.first, OCTOBER.last, number=""))] == [""]


# --- what is open now ------------------------------------------------------------------------------
NOW = at("10-15 10.00")


def open_at(status: Status, since: str, due: str = "", **fields: Any) -> AccessRequest:
    request = sent(since, **fields)
    was_sent = None if status is Status.DRAFT else at(since)
    AccessRequest.objects.filter(pk=request.pk).update(status=status, submitted_at=was_sent)
    StepEntry.objects.create(request=request, status=status, entered_at=at(since), due_at=at(due) if due else None)
    return request


@pytest.mark.django_db
def test_where_everything_is_at_this_moment() -> None:
    open_at(Status.DISPOSED, "10-13 09.00", due="10-14 09.00")
    oldest = open_at(Status.CLARIFICATION, "10-01 09.00")
    open_at(Status.DISPOSED, "10-15 09.00", due="10-15 10.01")
    open_at(Status.DISPOSED, "10-15 09.30", due="10-16 00.00")  # that is tomorrow
    open_at(Status.SUBMITTED, "10-15 09.00", due="10-15 09.05")  # five minutes are never late
    open_at(Status.DRAFT, "10-15 09.00")
    lines = {line.activity.number: line for line in open_figures(OCTOBER, NOW)}
    assert [(number, line.count, line.waiting, line.due_today, line.late) for number, line in lines.items()] == [
        ("1", 0, 0, 0, 0),
        ("2", 1, 0, 0, 0),
        ("", 0, 0, 0, 0),
        ("3", 4, 1, 1, 1),
        ("5", 0, 0, 0, 0),
        ("6", 0, 0, 0, 0),
    ]
    assert (lines["3"].oldest, lines["3"].oldest_since) == (oldest.reference, at("10-01 09.00"))
    assert (lines["6"].oldest, lines["6"].oldest_since) == ("", None)


# --- what came and went ------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_promise_is_kept_when_no_row_of_a_day_was_late() -> None:
    kept = sent("10-06 09.00", done="10-07 09.00")
    took(kept, "3", 2)
    took(kept, "2", 3, is_within=False)  # five minutes are reported only
    broken = sent("10-06 09.00", done="10-09 09.00")
    took(broken, "3", 30, "09-30 10.00")  # whenever that was
    sent("10-07 09.00")
    gone = sent("10-07 09.00", done="10-07 10.00")
    AccessRequest.objects.filter(pk=gone.pk).update(status=Status.WITHDRAWN)
    sent("09-01 09.00", done="09-02 09.00")
    line = traffic(OCTOBER)
    assert (line.came, line.finished, line.kept, line.late, line.share_kept) == (4, 2, 1, 1, 0.5)
    assert line.median == 48 * HOUR
    assert list(finished(OCTOBER, How.WITHIN)) == [kept]
    assert list(finished(OCTOBER, How.LATE)) == [broken]
    nothing = traffic(Filters(date(2024, 1, 1), date(2024, 1, 31)))
    assert (nothing.came, nothing.finished, nothing.share_kept, nothing.median) == (0, 0, None, None)


@pytest.mark.django_db
def test_who_asks_most_and_for_what() -> None:
    law, medicine = UnitFactory(name="Fakultas Hukum", code="fh"), UnitFactory(name="Fakultas Kedokteran", code="fk")
    students, staff = DataTypeFactory(code="mhs", name="Mahasiswa"), DataTypeFactory(code="dosen", name="Dosen")
    sent("10-06 09.00", unit=law, data=[students])
    sent("10-06 09.00", unit=law, data=[students, staff])
    sent("10-06 09.00", unit=medicine, data=[students])
    sent("09-06 09.00", unit=medicine, data=[staff])
    assert [(one.code, one.count) for one in units_asking(OCTOBER, 8)] == [("fh", 2), ("fk", 1)]
    assert [(one.name, one.count) for one in data_asked(OCTOBER, 8)] == [("Mahasiswa", 3), ("Dosen", 1)]
    assert [one.code for one in data_asked(OCTOBER, 1)] == ["mhs"]
    assert came_in(OCTOBER).count() == 3


@pytest.mark.django_db
def test_the_cost_does_not_grow_with_the_passages(django_assert_num_queries: Callable[..., Any]) -> None:
    request = sent("10-06 09.00")
    for number in range(30):
        took(request, "3", number)
    with django_assert_num_queries(1):
        step_figures(OCTOBER)
    with django_assert_num_queries(1):
        open_figures(OCTOBER, NOW)
    with django_assert_num_queries(2):
        traffic(OCTOBER)
