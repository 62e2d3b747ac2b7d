"""From the stays of a request to the clock of its present step. All times worked out by hand on the usual week:

Monday to Thursday 07.30-12.00 and 13.00-16.00, Friday 07.30-12.00 and 13.30-16.30.
"""

from datetime import date, datetime
from itertools import pairwise

import pytest

from requests_app.deadlines import due_at, running_clock
from requests_app.models import StepEntry
from requests_app.sla import WIB, CalendarDay, DayKind, Reading, WorkingCalendar
from requests_app.sop import Status

S = Status
USUAL = WorkingCalendar()


def wib(text: str) -> datetime:
    """November 2026 as "23 09:04" (the 23rd is a Monday), December as "12-01 09:04"."""
    day, _, clock = text.partition(" ")
    month, _, number = day.rpartition("-")
    hour, minute = clock.split(":")
    return datetime(2026, int(month or 11), int(number), int(hour), int(minute), tzinfo=WIB)


def stays(*steps: tuple[str, Status]) -> list[StepEntry]:
    """Stays that begin at these times; each is left when the next begins, the last is open."""
    entries = [StepEntry(status=status, entered_at=wib(at)) for at, status in steps]
    for entry, following in pairwise(entries):
        entry.left_at = following.entered_at
    return entries


def due(*steps: tuple[str, Status], reading: Reading = Reading.SAME_TIME, calendar: WorkingCalendar = USUAL) -> object:
    return due_at(stays(*steps), calendar, reading)


TO_PSI = (
    ("20 09:00", S.DRAFT),
    ("20 09:10", S.SUBMITTED),
    ("20 09:12", S.REGISTERED),
    ("20 09:14", S.AWAITING_DISPOSITION),
    ("23 09:04", S.DISPOSED),
)


# --- the clock of a row of the SOP ------------------------------------------------------------------
def test_a_first_stay_has_a_clock_of_its_own() -> None:
    clock = running_clock(stays(*TO_PSI))
    assert (clock.started_at, clock.pauses) == (wib("23 09:04"), ())


@pytest.mark.parametrize("status", [S.DRAFT, S.RETURNED, S.AWAITING_DISPOSITION, S.CLARIFICATION, S.INFORMED])
def test_where_the_sop_sets_no_time_nothing_is_due(status: Status) -> None:
    assert due(*TO_PSI, ("23 10:00", status)) == (None, None)


def test_the_account_is_due_at_the_same_time_on_the_next_working_day() -> None:
    assert due(*TO_PSI) == (wib("23 09:04"), wib("24 09:04"))


def test_or_when_the_office_closes_on_the_next_working_day() -> None:
    assert due(*TO_PSI, reading=Reading.END_OF_DAY) == (wib("23 09:04"), wib("24 16:00"))


def test_registering_and_forwarding_are_one_row_with_one_clock_of_five_minutes() -> None:
    assert due(*TO_PSI[:2]) == (wib("20 09:10"), wib("20 09:15"))
    assert due(*TO_PSI[:3]) == (wib("20 09:10"), wib("20 09:15"))


def test_preparing_approving_and_sending_the_reply_are_one_row_with_one_clock_of_a_day() -> None:
    road = (
        *TO_PSI,
        ("23 10:00", S.ACCOUNT_CREATED),
        ("23 10:05", S.INFORMED),
        ("23 14:00", S.REPLY_DRAFTING),
        ("23 15:00", S.REPLY_APPROVAL),
        ("24 08:00", S.REPLY_DRAFTING),  # the head wants it changed
        ("24 09:00", S.REPLY_APPROVAL),
        ("24 11:00", S.REPLY_APPROVED),
    )
    for length in (8, 9, 10, 11, 12):
        assert due(*road[:length]) == (wib("23 14:00"), wib("24 14:00"))


def test_a_minute_row_counts_office_minutes_only() -> None:
    assert due(("23 15:50", S.DRAFT), ("23 15:57", S.SUBMITTED)) == (wib("23 15:57"), wib("24 07:32"))


# --- waiting for the unit stops it ---------------------------------------------------------------------
def test_a_question_to_the_unit_puts_the_account_off_by_as_long_as_it_waits() -> None:
    road = (*TO_PSI, ("23 10:04", S.CLARIFICATION), ("23 11:34", S.DISPOSED))
    clock = running_clock(stays(*road))
    assert (clock.started_at, clock.pauses) == (wib("23 09:04"), ((wib("23 10:04"), wib("23 11:34")),))
    assert due(*road) == (wib("23 09:04"), wib("24 10:34"))


def test_waiting_over_a_weekend_costs_the_working_time_of_it_only() -> None:
    # Disposed on Thursday at 10.00, asked at 15.00 (5 h used), answered on Monday at 8.00: 19 h are left.
    # Monday 8.00 to midnight are 16, so 3 h of Tuesday.
    road = (*TO_PSI[:4], ("19 10:00", S.DISPOSED), ("19 15:00", S.CLARIFICATION), ("23 08:00", S.DISPOSED))
    assert due(*road) == (wib("19 10:00"), wib("24 03:00"))


def test_an_answer_in_the_night_goes_on_when_the_office_opens() -> None:
    # 2 h used by Monday 11.04; answered at 22.00; Tuesday from 7.30 are 16.5 h, so 5.5 h of Wednesday.
    road = (*TO_PSI, ("23 11:04", S.CLARIFICATION), ("23 22:00", S.DISPOSED))
    assert due(*road) == (wib("23 09:04"), wib("25 05:30"))


def test_two_questions_are_two_pauses() -> None:
    road = (
        *TO_PSI,
        ("23 10:04", S.CLARIFICATION),
        ("23 11:04", S.DISPOSED),
        ("23 13:04", S.CLARIFICATION),
        ("23 13:34", S.DISPOSED),
    )
    assert running_clock(stays(*road)).pauses == (
        (wib("23 10:04"), wib("23 11:04")),
        (wib("23 13:04"), wib("23 13:34")),
    )
    assert due(*road) == (wib("23 09:04"), wib("24 10:34"))


def test_in_the_end_of_day_reading_a_day_of_waiting_is_no_working_day() -> None:
    # Asked on Monday afternoon, answered on Tuesday at 9.00: Tuesday does not count, so Wednesday's close.
    road = (*TO_PSI, ("23 14:00", S.CLARIFICATION), ("24 09:00", S.DISPOSED))
    assert due(*road, reading=Reading.END_OF_DAY) == (wib("23 09:04"), wib("25 16:00"))


def test_a_letter_that_comes_back_from_the_unit_goes_on_with_the_minutes_that_were_left() -> None:
    # 3 minutes used before it was returned on Friday; it comes back on Monday at 8.00 with 2 minutes left.
    road = (("20 09:10", S.SUBMITTED), ("20 09:13", S.RETURNED), ("23 08:00", S.SUBMITTED))
    assert running_clock(stays(*road)).pauses == ((wib("20 09:13"), wib("23 08:00")),)
    assert due(*road) == (wib("20 09:10"), wib("23 08:02"))


# --- a new clock ----------------------------------------------------------------------------------------
def test_what_the_head_sends_back_to_the_unit_is_a_new_letter_for_the_helpdesk() -> None:
    road = (*TO_PSI[:4], ("20 10:00", S.RETURNED), ("23 08:00", S.SUBMITTED))
    assert due(*road) == (wib("23 08:00"), wib("23 08:05"))


def test_a_disposition_taken_back_and_given_again_starts_anew() -> None:
    road = (*TO_PSI, ("23 09:30", S.AWAITING_DISPOSITION), ("23 13:10", S.DISPOSED))
    assert due(*road) == (wib("23 13:10"), wib("24 13:10"))


def test_a_reported_problem_gives_psi_five_new_minutes() -> None:
    road = (*TO_PSI, ("23 10:00", S.ACCOUNT_CREATED), ("23 10:03", S.INFORMED), ("23 14:00", S.ACCOUNT_CREATED))
    assert due(*road) == (wib("23 14:00"), wib("23 14:05"))


def test_a_question_that_led_back_to_the_head_pauses_no_later_clock() -> None:
    road = (
        *TO_PSI,
        ("23 10:00", S.CLARIFICATION),
        ("23 11:00", S.DISPOSED),
        ("23 11:30", S.AWAITING_DISPOSITION),
        ("24 08:00", S.DISPOSED),
    )
    assert running_clock(stays(*road)).pauses == ()
    assert due(*road) == (wib("24 08:00"), wib("25 08:00"))


# --- on the calendar that is given -----------------------------------------------------------------------
def test_collective_leave_on_both_sides_of_christmas_moves_the_deadline_behind_it() -> None:
    off = {
        date(2026, 12, day): CalendarDay(date(2026, 12, day), kind, name)
        for day, kind, name in (
            (24, DayKind.COLLECTIVE, "Cuti bersama Natal"),
            (25, DayKind.NATIONAL, "Natal"),
        )
    }
    # Wednesday the 23rd at 15.50; Thursday and Friday off, then the weekend: Monday the 28th.
    calendar = WorkingCalendar(days=off)
    assert due(("12-23 15:50", S.DISPOSED), calendar=calendar) == (wib("12-23 15:50"), wib("12-28 15:50"))


def test_what_is_disposed_on_saturday_is_counted_from_monday_morning() -> None:
    assert due(("21 10:00", S.DISPOSED)) == (wib("21 10:00"), wib("24 07:30"))
