"""The real times of the SOP's rows, worked out by hand from stays like those of real requests."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from requests_app.measures import length, medians, passages
from requests_app.models import AccessRequest, StepEntry
from requests_app.sla import WIB, WorkingCalendar
from requests_app.sop import Status
from tests import factories

S = Status
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def at(text: str) -> datetime:
    """A time in November 2026, where the 23rd is a Monday: "23 09.00"."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H.%M").replace(tzinfo=WIB)


def history(*stays: tuple[Status, str]) -> list[StepEntry]:
    """Stays one after another; each ends when the next begins, the last is open."""
    ends = [at(moment) for _, moment in stays[1:]] + [None]
    return [
        StepEntry(status=status, entered_at=at(moment), left_at=end)
        for (status, moment), end in zip(stays, ends, strict=True)
    ]


def measured(*stays: tuple[Status, str]) -> list[tuple[str, timedelta]]:
    calendar = WorkingCalendar()
    return [(passage.number, length(passage, calendar)) for passage in passages(history(*stays))]


def test_a_request_that_went_straight_through() -> None:
    assert measured(
        (S.DRAFT, "23 09.00"),
        (S.SUBMITTED, "23 09.04"),
        (S.REGISTERED, "23 09.06"),
        (S.AWAITING_DISPOSITION, "23 09.09"),
        (S.DISPOSED, "23 11.09"),
        (S.ACCOUNT_CREATED, "24 09.09"),
        (S.INFORMED, "24 09.12"),
        (S.REPLY_DRAFTING, "24 14.00"),
        (S.REPLY_APPROVAL, "24 15.00"),
        (S.REPLY_APPROVED, "25 08.00"),
        (S.FINISHED, "25 09.00"),
    ) == [
        ("1", 4 * MINUTE),
        ("2", 5 * MINUTE),
        ("", 2 * HOUR),
        ("3", 22 * HOUR),
        ("5", 3 * MINUTE),
        ("6", 19 * HOUR),
    ]


def test_minutes_outside_office_hours_and_at_lunch_do_not_count() -> None:
    """Sent on Monday at 11.58, forwarded at 13.03: two minutes before lunch and three after."""
    assert measured((S.DRAFT, "23 11.50"), (S.SUBMITTED, "23 11.58"), (S.AWAITING_DISPOSITION, "23 13.03")) == [
        ("1", 8 * MINUTE),
        ("2", 5 * MINUTE),
    ]


def test_a_weekend_does_not_count_in_working_days() -> None:
    """Friday 15.00 to Monday 10.00: what is left of Friday and ten hours of Monday."""
    assert measured((S.DISPOSED, "27 15.00"), (S.ACCOUNT_CREATED, "30 10.00")) == [("3", 19 * HOUR)]


def test_waiting_for_the_unit_does_not_count() -> None:
    assert measured(
        (S.DISPOSED, "23 09.00"),
        (S.CLARIFICATION, "23 10.00"),
        (S.DISPOSED, "25 10.00"),
        (S.ACCOUNT_CREATED, "25 12.00"),
    ) == [("3", 3 * HOUR)]
    assert measured(
        (S.SUBMITTED, "23 09.00"),
        (S.RETURNED, "23 09.02"),
        (S.SUBMITTED, "24 09.00"),
        (S.AWAITING_DISPOSITION, "24 09.01"),
    ) == [("2", 3 * MINUTE)]


@pytest.mark.parametrize(
    "stays",
    [
        [(S.DISPOSED, "23 09.00")],
        [(S.DISPOSED, "23 09.00"), (S.WITHDRAWN, "23 10.00")],
        [(S.DISPOSED, "23 09.00"), (S.CLARIFICATION, "23 10.00"), (S.WITHDRAWN, "23 11.00")],
        [(S.DISPOSED, "23 09.00"), (S.AWAITING_DISPOSITION, "23 10.00")],
        [(S.AWAITING_DISPOSITION, "23 09.00"), (S.RETURNED, "23 10.00"), (S.SUBMITTED, "23 11.00")],
        [(S.SUBMITTED, "23 09.00"), (S.RETURNED, "23 09.02")],
    ],
)
def test_what_was_not_completed_is_not_measured(stays: list[tuple[Status, str]]) -> None:
    assert measured(*stays) == []


def test_the_wait_for_the_confirmation_is_no_time_of_row_5_and_a_problem_is_a_second_passage() -> None:
    assert measured(
        (S.ACCOUNT_CREATED, "23 09.00"),
        (S.INFORMED, "23 09.03"),
        (S.ACCOUNT_CREATED, "23 10.00"),
        (S.INFORMED, "23 10.07"),
        (S.REPLY_DRAFTING, "24 10.00"),
    ) == [("5", 3 * MINUTE), ("5", 7 * MINUTE)]


# --- over many requests --------------------------------------------------------------------------------
def written(*stays: tuple[Status, str], **fields: object) -> AccessRequest:
    """A request with these stays and nothing else."""
    writer = factories.somebody(factories.Role.UNIT_STAFF)
    request = AccessRequest.objects.create(
        reference=f"GP26-{AccessRequest.objects.count():06}",
        unit=writer.unit,
        created_by=writer,
        opened_at=at("23 09.00"),
        submitted_at=at("23 09.00"),
        **fields,
    )
    for entry in history(*stays):
        entry.request = request
        entry.save()
    return request


def disposed_for(hours: int, **fields: object) -> AccessRequest:
    return written((S.DISPOSED, "24 08.00"), (S.ACCOUNT_CREATED, f"24 {8 + hours:02}.00"), **fields)


@pytest.mark.django_db
def test_the_median_is_the_middle_of_at_least_five() -> None:
    for hours in (1, 2, 3, 14):
        disposed_for(hours)
    assert medians() == {}
    disposed_for(5)
    assert (medians()["3"].median, medians()["3"].count) == (3 * HOUR, 5)


@pytest.mark.django_db
def test_paper_letters_count_for_days_and_not_for_minutes() -> None:
    for _ in range(5):
        written(
            (S.SUBMITTED, "23 09.00"),
            (S.AWAITING_DISPOSITION, "23 09.30"),
            (S.DISPOSED, "23 10.00"),
            (S.ACCOUNT_CREATED, "23 12.00"),
            (S.INFORMED, "23 13.00"),
            entered_for_unit=True,
        )
    assert set(medians()) == {"", "3"}


@pytest.mark.django_db
def test_drafts_that_were_never_sent_say_nothing() -> None:
    for _ in range(5):
        request = disposed_for(1)
        AccessRequest.objects.filter(pk=request.pk).update(submitted_at=None)
    assert medians() == {}


@pytest.mark.django_db
def test_many_requests_cost_no_more_queries(django_assert_max_num_queries: Callable[..., Any]) -> None:
    for _ in range(30):
        disposed_for(2)
    with django_assert_max_num_queries(6):
        assert medians()["3"].count == 30
