"""The account's year and its states, at the instants where they change."""

import ast
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webservice_accounts import lifecycle
from webservice_accounts.lifecycle import (
    AFTER_END,
    STATE_LABELS,
    Facts,
    State,
    days_left,
    ends_noticed,
    is_valid,
    last_valid_date,
    notice_due_at,
    notices_due,
    one_year_from,
    state_at,
)

WIB = ZoneInfo("Asia/Jakarta")


def wib(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WIB)


# An account made on 23 November 2026, opened by its holder the next morning.
START, END, OPENED = wib("2026-11-23T00:00"), wib("2027-11-24T00:00"), wib("2026-11-24T08:15")
OPEN = Facts(START, END, activated_at=OPENED)
UNOPENED = Facts(START, END)
SUSPENDED = Facts(START, END, activated_at=OPENED, suspended_at=wib("2027-03-01T10:00"))
SUSPENDED_UNOPENED = Facts(START, END, suspended_at=wib("2027-03-01T10:00"))
REVOKED = Facts(START, END, activated_at=OPENED, revoked_at=wib("2027-03-01T10:00"))
SUSPENDED_THEN_REVOKED = Facts(
    START, END, activated_at=OPENED, suspended_at=wib("2027-03-01T10:00"), revoked_at=wib("2027-03-02T10:00")
)
OPENED_BEFORE_ITS_START = Facts(START, END, activated_at=wib("2026-11-20T09:00"))


@pytest.mark.parametrize(
    ("facts", "at", "state", "valid"),
    [
        (OPEN, "2026-11-24T08:14:59", State.NOT_YET_ACTIVE, False),
        (OPEN, "2026-11-24T08:15:00", State.ACTIVE, True),
        (OPEN, "2027-09-24T23:59:59", State.ACTIVE, True),
        (OPEN, "2027-09-25T00:00:00", State.ENDING_SOON, True),
        (OPEN, "2027-11-23T23:59:59.999999", State.ENDING_SOON, True),
        (OPEN, "2027-11-24T00:00:00", State.ENDED, False),
        (OPEN, "2030-01-01T00:00:00", State.ENDED, False),
        (UNOPENED, "2026-11-23T00:00:00", State.NOT_YET_ACTIVE, False),
        (UNOPENED, "2027-10-01T00:00:00", State.NOT_YET_ACTIVE, False),
        (UNOPENED, "2027-11-24T00:00:00", State.ENDED, False),
        (OPENED_BEFORE_ITS_START, "2026-11-22T23:59:59", State.NOT_YET_ACTIVE, False),
        (OPENED_BEFORE_ITS_START, "2026-11-23T00:00:00", State.ACTIVE, True),
        (SUSPENDED, "2027-03-01T09:59:59", State.ACTIVE, True),
        (SUSPENDED, "2027-03-01T10:00:00", State.SUSPENDED, False),
        (SUSPENDED, "2027-10-01T00:00:00", State.SUSPENDED, False),
        (SUSPENDED, "2027-11-24T00:00:00", State.ENDED, False),
        (SUSPENDED_UNOPENED, "2027-03-01T10:00:00", State.SUSPENDED, False),
        (REVOKED, "2027-03-01T09:59:59", State.ACTIVE, True),
        (REVOKED, "2027-03-01T10:00:00", State.REVOKED, False),
        (REVOKED, "2027-11-24T00:00:00", State.REVOKED, False),
        (SUSPENDED_THEN_REVOKED, "2027-03-02T09:59:59", State.SUSPENDED, False),
        (SUSPENDED_THEN_REVOKED, "2027-03-02T10:00:00", State.REVOKED, False),
    ],
)
def test_state_and_validity_at_an_instant(facts: Facts, at: str, state: State, valid: bool) -> None:
    assert state_at(facts, wib(at)) == state
    assert is_valid(facts, wib(at)) is valid


def test_the_end_is_an_instant_whatever_zone_the_clock_is_read_in() -> None:
    assert is_valid(OPEN, datetime(2027, 11, 23, 16, 59, 59, tzinfo=UTC))
    assert not is_valid(OPEN, datetime(2027, 11, 23, 17, 0, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("made_on", "starts", "ends", "berlaku_sd"),
    [
        ("2026-11-23", "2026-11-23T00:00+07:00", "2027-11-24T00:00+07:00", "2027-11-23"),
        ("2026-12-31", "2026-12-31T00:00+07:00", "2028-01-01T00:00+07:00", "2027-12-31"),
        ("2027-01-01", "2027-01-01T00:00+07:00", "2028-01-02T00:00+07:00", "2028-01-01"),
        ("2027-02-10", "2027-02-10T00:00+07:00", "2028-02-11T00:00+07:00", "2028-02-10"),
        ("2027-02-28", "2027-02-28T00:00+07:00", "2028-02-29T00:00+07:00", "2028-02-28"),
        ("2028-02-28", "2028-02-28T00:00+07:00", "2029-03-01T00:00+07:00", "2029-02-28"),
        ("2028-02-29", "2028-02-29T00:00+07:00", "2029-03-01T00:00+07:00", "2029-02-28"),
        ("2028-03-01", "2028-03-01T00:00+07:00", "2029-03-02T00:00+07:00", "2029-03-01"),
    ],
)
def test_one_year_runs_through_the_same_date_next_year(made_on: str, starts: str, ends: str, berlaku_sd: str) -> None:
    period = one_year_from(date.fromisoformat(made_on))
    assert period.starts_at == datetime.fromisoformat(starts)
    assert period.ends_at == datetime.fromisoformat(ends)
    assert last_valid_date(period.ends_at) == date.fromisoformat(berlaku_sd)


@pytest.mark.parametrize(
    ("ends_at", "berlaku_sd"),
    [
        ("2027-11-23T17:00+00:00", "2027-11-23"),  # 00.00 WIB of the 24th, as a database gives it back
        ("2027-11-24T00:00+07:00", "2027-11-23"),
        ("2027-11-24T20:00+00:00", "2027-11-25"),
        ("2027-11-24T00:00:01+07:00", "2027-11-24"),
        ("2027-11-24T14:00+07:00", "2027-11-24"),
        ("2028-01-01T00:00+07:00", "2027-12-31"),
    ],
)
def test_last_valid_date_is_the_local_day_before_the_exclusive_end(ends_at: str, berlaku_sd: str) -> None:
    assert last_valid_date(datetime.fromisoformat(ends_at)) == date.fromisoformat(berlaku_sd)


@pytest.mark.parametrize("name", ["starts_at", "ends_at", "suspended_at", "revoked_at", "activated_at"])
def test_facts_without_a_time_zone_are_refused(name: str) -> None:
    instants: dict[str, datetime] = {"starts_at": START, "ends_at": END, name: datetime(2027, 1, 1)}
    with pytest.raises(ValueError, match="time zone"):
        Facts(**instants)


def test_a_clock_without_a_time_zone_is_refused() -> None:
    naive = datetime(2027, 1, 1)
    for ask in (state_at, is_valid):
        with pytest.raises(ValueError, match="time zone"):
            ask(OPEN, naive)
    with pytest.raises(ValueError, match="time zone"):
        last_valid_date(naive)


def test_a_year_begins_on_a_date_not_at_an_instant_whose_date_depends_on_its_zone() -> None:
    with pytest.raises(TypeError):
        one_year_from(datetime(2026, 11, 22, 20, 0, tzinfo=UTC))


def test_every_state_has_the_words_of_the_glossary() -> None:
    assert STATE_LABELS == {
        State.NOT_YET_ACTIVE: "Belum aktif",
        State.ACTIVE: "Aktif",
        State.ENDING_SOON: "Akan berakhir",
        State.ENDED: "Berakhir",
        State.SUSPENDED: "Ditangguhkan",
        State.REVOKED: "Dicabut",
    }
    assert set(STATE_LABELS) == set(State)


# --- reminders -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("berlaku_sd", "days", "due"),
    [
        ("2027-11-22", 60, "2027-09-23T07:45"),
        ("2027-11-22", 30, "2027-10-23T07:45"),
        ("2027-11-22", 14, "2027-11-08T07:45"),
        ("2027-11-22", 7, "2027-11-15T07:45"),
        ("2027-11-22", 1, "2027-11-21T07:45"),
        ("2027-11-22", -1, "2027-11-23T00:00"),
        # around a 29 February
        ("2028-02-29", 1, "2028-02-28T07:45"),
        ("2028-02-29", 30, "2028-01-30T07:45"),
        ("2028-02-29", -1, "2028-03-01T00:00"),
        ("2028-03-01", 1, "2028-02-29T07:45"),
        ("2028-03-07", 7, "2028-02-29T07:45"),
        ("2028-04-29", 60, "2028-02-29T07:45"),
        ("2027-03-01", 1, "2027-02-28T07:45"),
        # over the end of a year
        ("2028-01-01", 1, "2027-12-31T07:45"),
        ("2027-12-31", -1, "2028-01-01T00:00"),
        ("2028-01-14", 14, "2027-12-31T07:45"),
        ("2028-01-30", 30, "2027-12-31T07:45"),
        ("2028-03-01", 60, "2028-01-01T07:45"),
    ],
)
def test_a_reminder_is_due_in_the_morning_so_many_days_before_the_last_day(
    berlaku_sd: str, days: int, due: str
) -> None:
    ends_at = datetime.combine(date.fromisoformat(berlaku_sd) + timedelta(days=1), time(), tzinfo=WIB)
    assert notice_due_at(ends_at, days) == wib(due)
    assert notice_due_at(ends_at.astimezone(UTC), days) == wib(due)


THROUGH_22_NOVEMBER = wib("2027-11-23T00:00")


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2027-09-23T07:44:59", []),
        ("2027-09-23T07:45:00", [60]),
        ("2027-10-23T07:44:59", [60]),
        ("2027-10-23T07:45:00", [60, 30]),
        ("2027-11-08T07:45:00", [60, 30, 14]),
        ("2027-11-15T07:45:00", [60, 30, 14, 7]),
        ("2027-11-21T07:44:59", [60, 30, 14, 7]),
        ("2027-11-21T07:45:00", [60, 30, 14, 7, 1]),
        ("2027-11-22T23:59:59.999999", [60, 30, 14, 7, 1]),
        ("2027-11-23T00:00:00", [60, 30, 14, 7, 1, -1]),
        ("2029-01-01T00:00:00", [60, 30, 14, 7, 1, -1]),
    ],
)
def test_a_reminder_stays_due_from_its_instant_on(at: str, due: list[int]) -> None:
    assert [notice.threshold for notice in notices_due(THROUGH_22_NOVEMBER, wib(at))] == due


@pytest.mark.parametrize(
    ("at", "newest"),
    [
        ("2027-09-23T07:44:59", None),
        ("2027-09-23T07:45:00", 60),
        ("2027-10-23T07:44:59", 60),
        ("2027-10-23T07:45:00", 30),
        ("2027-11-08T07:44:59", 30),
        ("2027-11-08T07:45:00", 14),
        ("2027-11-15T07:45:00", 7),
        ("2027-11-21T07:44:59", 7),
        ("2027-11-21T07:45:00", 1),
        ("2027-11-22T23:59:59.999999", 1),
        ("2027-11-23T00:00:00", -1),
        ("2027-12-22T23:59:59", -1),
        ("2027-12-23T00:00:00", None),  # 30 days after the end nobody is told any more
    ],
)
def test_an_end_is_found_under_its_newest_due_reminder_and_under_no_other(at: str, newest: int | None) -> None:
    found = [days for days, (after, upto) in ends_noticed(wib(at)).items() if after < THROUGH_22_NOVEMBER <= upto]
    assert found == ([newest] if newest else [])


@given(
    ends_at=st.datetimes(datetime(2026, 11, 1), datetime(2029, 1, 1), timezones=st.sampled_from([WIB, UTC])),
    before=st.timedeltas(timedelta(days=-29), timedelta(days=70)),
)
def test_whatever_the_end_it_is_found_under_the_last_of_what_is_due(ends_at: datetime, before: timedelta) -> None:
    now = ends_at - before
    due = notices_due(ends_at, now)
    found = [days for days, (after, upto) in ends_noticed(now).items() if after < ends_at <= upto]
    assert found == [notice.threshold for notice in due[-1:]]


@pytest.mark.parametrize(
    ("at", "left"),
    [
        ("2027-09-23T07:45", 60),
        ("2027-11-21T00:00", 1),
        ("2027-11-21T23:59", 1),
        ("2027-11-22T00:00", 0),
        ("2027-11-22T23:59", 0),
        ("2027-11-23T00:00", -1),
    ],
)
def test_days_left_are_counted_in_local_dates(at: str, left: int) -> None:
    assert days_left(THROUGH_22_NOVEMBER, wib(at)) == left
    assert days_left(THROUGH_22_NOVEMBER, wib(at).astimezone(UTC)) == left


def test_there_are_six_reminders_and_no_other() -> None:
    for days in (0, 2, 59, 61, -2):
        with pytest.raises(ValueError, match="threshold"):
            notice_due_at(THROUGH_22_NOVEMBER, days)


def test_a_reminder_needs_a_time_zone() -> None:
    naive = datetime(2027, 11, 23)
    for ask in (
        lambda: notice_due_at(naive, 60),
        lambda: notice_due_at(naive, AFTER_END),
        lambda: notices_due(THROUGH_22_NOVEMBER, naive),
        lambda: ends_noticed(naive),
        lambda: days_left(THROUGH_22_NOVEMBER, naive),
    ):
        with pytest.raises(ValueError, match="time zone"):
            ask()


def test_lifecycle_knows_neither_django_nor_the_clock() -> None:
    tree = ast.parse(Path(lifecycle.__file__).read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert imported == {"accounts.wording", "collections.abc", "dataclasses", "datetime", "enum", "typing", "zoneinfo"}
    assert not called & {"now", "today", "utcnow"}
