"""From the stays of a request to the clock of its present step. All times worked out by hand on the usual week:

Monday to Thursday 07.30-12.00 and 13.00-16.00, Friday 07.30-12.00 and 13.30-16.30.
"""

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from requests_app.deadlines import due_at, explained, length, milestones, running_clock, runs, why_text
from requests_app.models import StepEntry
from requests_app.sla import WIB, CalendarDay, DayKind, Reading, Reason, Rule, WorkingCalendar
from requests_app.sop import Status
from requests_app.working_time import Rules

S = Status
USUAL = WorkingCalendar()
UNIT = Reason.AWAITING_UNIT


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
    return due_at(stays(*steps), calendar, Rules({number: [Rule(reading)] for number in ("3", "6")}))


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
    for count in (8, 9, 10, 11, 12):
        assert due(*road[:count]) == (wib("23 14:00"), wib("24 14:00"))


def test_a_minute_row_counts_office_minutes_only() -> None:
    assert due(("23 15:50", S.DRAFT), ("23 15:57", S.SUBMITTED)) == (wib("23 15:57"), wib("24 07:32"))


# --- waiting for the unit stops it ---------------------------------------------------------------------
def test_a_question_to_the_unit_puts_the_account_off_by_as_long_as_it_waits() -> None:
    road = (*TO_PSI, ("23 10:04", S.CLARIFICATION), ("23 11:34", S.DISPOSED))
    clock = running_clock(stays(*road))
    assert (clock.started_at, clock.pauses) == (wib("23 09:04"), ((wib("23 10:04"), wib("23 11:34"), UNIT),))
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
        (wib("23 10:04"), wib("23 11:04"), UNIT),
        (wib("23 13:04"), wib("23 13:34"), UNIT),
    )
    assert due(*road) == (wib("23 09:04"), wib("24 10:34"))


def test_waiting_for_the_owner_of_the_data_is_told_apart_from_waiting_for_the_unit_that_asks() -> None:
    # Two hours in all are taken out: one for the unit, one for the owner.
    road = (
        *TO_PSI,
        ("23 10:04", S.CLARIFICATION),
        ("23 11:04", S.DISPOSED),
        ("23 13:04", S.CONSENT),
        ("23 14:04", S.DISPOSED),
    )
    assert running_clock(stays(*road)).pauses == (
        (wib("23 10:04"), wib("23 11:04"), UNIT),
        (wib("23 13:04"), wib("23 14:04"), Reason.AWAITING_OWNER),
    )
    assert due(*road) == (wib("23 09:04"), wib("24 11:04"))


def test_while_the_owner_of_the_data_is_asked_nothing_is_due() -> None:
    assert due(*TO_PSI, ("23 10:04", S.CONSENT)) == (None, None)


def test_in_the_end_of_day_reading_a_day_of_waiting_is_no_working_day() -> None:
    # Asked on Monday afternoon, answered on Tuesday at 9.00: Tuesday does not count, so Wednesday's close.
    road = (*TO_PSI, ("23 14:00", S.CLARIFICATION), ("24 09:00", S.DISPOSED))
    assert due(*road, reading=Reading.END_OF_DAY) == (wib("23 09:04"), wib("25 16:00"))


def test_a_letter_that_comes_back_from_the_unit_goes_on_with_the_minutes_that_were_left() -> None:
    # 3 minutes used before it was returned on Friday; it comes back on Monday at 8.00 with 2 minutes left.
    road = (("20 09:10", S.SUBMITTED), ("20 09:13", S.RETURNED), ("23 08:00", S.SUBMITTED))
    assert running_clock(stays(*road)).pauses == ((wib("20 09:13"), wib("23 08:00"), UNIT),)
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


# --- why it is due then -----------------------------------------------------------------------------------
CHOSEN = Rules(
    {
        "3": [
            Rule(Reading.SAME_TIME, chosen_by="Budi", effective_from=wib("02 08:00")),
            Rule(Reading.END_OF_DAY, chosen_by="Rina", effective_from=wib("23 10:00")),
        ]
    }
)


def test_the_whole_road_of_a_deadline_is_told_in_sentences() -> None:
    # Disposed at 9.04; an hour for the unit, and from 15.04 until Tuesday 8.00 for the owner of the data.
    road = (
        *TO_PSI,
        ("23 10:04", S.CLARIFICATION),
        ("23 11:04", S.DISPOSED),
        ("23 15:04", S.CONSENT),
        ("24 08:00", S.DISPOSED),
    )
    assert why_text(stays(*road), WorkingCalendar(confirmed_years=frozenset({2026})), CHOSEN).splitlines() == [
        (
            "Waktu baku 24 jam hari kerja: hari libur tidak dihitung, jam istirahat tidak menunda, dan yang masuk di "
            "luar jam kerja mulai dihitung saat kantor buka."
        ),
        "Cara hitung: jam yang sama pada hari kerja berikutnya, dipilih Budi pada 2 November 2026.",
        "Senin, 23 November 2026 09.04–10.04 WIB: dihitung 1 jam.",
        "Senin, 23 November 2026 10.04–11.04 WIB: menunggu unit pemohon, tidak dihitung.",
        "Senin, 23 November 2026 11.04–15.04 WIB: dihitung 4 jam.",
        (
            "Senin, 23 November 2026 15.04 s.d. Selasa, 24 November 2026 08.00 WIB: menunggu persetujuan unit pemilik "
            "data, tidak dihitung."
        ),
        "Selasa, 24 November 2026 08.00 s.d. Rabu, 25 November 2026 03.00 WIB: dihitung 19 jam.",
        "Jumlah yang dihitung: 24 jam.",
    ]


@pytest.mark.parametrize(
    ("disposed", "reading", "due"),
    [("23 09:59", Reading.SAME_TIME, "24 09:59"), ("23 10:00", Reading.END_OF_DAY, "24 16:00")],
)
def test_the_rule_in_force_when_the_clock_started_holds_to_its_end(disposed: str, reading: Reading, due: str) -> None:
    # The other reading was chosen at 10.00; a question and its answer later do not start the clock anew.
    road = (*TO_PSI[:4], (disposed, S.DISPOSED), ("23 17:00", S.CLARIFICATION), ("23 18:00", S.DISPOSED))
    explanation = explained(stays(*road[:5]), USUAL, CHOSEN)
    assert explanation is not None
    assert (explanation.reading, explanation.due) == (reading, wib(due))
    assert (after := explained(stays(*road), USUAL, CHOSEN)) is not None
    assert after.rule == explanation.rule


def test_minutes_of_the_office_rest_on_no_chosen_reading() -> None:
    explanation = explained(stays(*TO_PSI[:2]), USUAL, CHOSEN)
    assert explanation is not None
    assert explanation.rule is None
    assert "Cara hitung" not in why_text(stays(*TO_PSI[:2]), USUAL, CHOSEN)


def test_where_nothing_is_due_nothing_is_explained() -> None:
    assert why_text(stays(*TO_PSI[:4]), USUAL, CHOSEN) == ""


# --- what a row of the SOP took ----------------------------------------------------------------------------
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def measured(*steps: tuple[Status, str]) -> list[tuple[str, timedelta]]:
    """Row and time of each completed run; "23 09.00" is a time in November."""
    history = stays(*((at.replace(".", ":"), status) for status, at in steps))
    return [(run.number, length(run, USUAL)) for run in runs(history)]


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


# --- when to speak -----------------------------------------------------------------------------------------
USUAL_RULE = Rule()


def spoken(entered: str, due: str, rule: Rule = USUAL_RULE, started: str = "") -> dict[str, datetime]:
    entry = StepEntry(
        status=S.DISPOSED, entered_at=wib(entered), clock_started_at=wib(started or entered), due_at=wib(due)
    )
    return dict(milestones(entry, USUAL, Rules({"3": [rule]})))


def test_half_warning_breach_team_and_head() -> None:
    # 450 office minutes in between: half of them are left at 13.49, two hours at 15.34.
    assert spoken("23 09:04", "24 09:04") == {
        "half": wib("23 13:49"),
        "warning": wib("23 15:34"),
        "breach": wib("24 09:04"),
        "team": wib("24 11:04"),
        "head": wib("24 14:04"),  # 176 minutes before noon, 64 after one o'clock
    }


def test_what_was_due_before_the_stay_began_is_left_out_but_a_warning_comes_at_once() -> None:
    late_comer = spoken("24 08:30", "24 09:04", started="23 09:04")
    assert (late_comer.get("half"), late_comer["warning"]) == (None, wib("24 08:30"))
    assert set(spoken("24 10:00", "24 09:04", started="23 09:04")) == {"breach", "team", "head"}


def test_a_rule_may_do_without_half_and_warning() -> None:
    quiet = Rule(warns_at_half=False, warn_ahead=timedelta(0), team_after=HOUR, head_after=timedelta(0))
    assert spoken("23 09:04", "24 09:04", quiet) == {
        "breach": wib("24 09:04"),
        "team": wib("24 10:04"),
        "head": wib("24 09:04"),
    }


def test_escalation_waits_for_office_hours() -> None:
    # Due on Friday at 16.00: half an hour is left until 16.30, the rest of the two hours is Monday from 7.30.
    assert spoken("26 16:00", "27 16:00")["team"] == wib("30 09:00")


def test_the_norms_of_five_minutes_never_speak() -> None:
    entry = StepEntry(
        status=S.SUBMITTED, entered_at=wib("23 09:00"), clock_started_at=wib("23 09:00"), due_at=wib("23 09:05")
    )
    assert milestones(entry, USUAL, Rules()) == []
