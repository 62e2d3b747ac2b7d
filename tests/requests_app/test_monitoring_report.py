"""The period, the words and the sentences of the report; its numbers are in test_report_reconciles.py."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from accounts.roles import Role
from requests_app import lateness, monitoring_report, sla
from requests_app.lateness import LateRun
from requests_app.models import AccessRequest, ClockRule, ConfirmedYear, DayRow, StepEntry
from requests_app.monitoring import StepFigures
from requests_app.monitoring_report import Period, last_full_month, late_text, length_text, month_of, share_text
from requests_app.sop import Actor, Status, activity
from tests import factories

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
NOW = datetime(2026, 11, 23, 9, tzinfo=sla.WIB)
CALENDAR = sla.WorkingCalendar()


# --- the period ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 11, 1), date(2026, 10, 1), date(2026, 10, 31)),
        (date(2026, 11, 30), date(2026, 10, 1), date(2026, 10, 31)),
        (date(2027, 1, 5), date(2026, 12, 1), date(2026, 12, 31)),
        (date(2028, 3, 31), date(2028, 2, 1), date(2028, 2, 29)),
    ],
)
def test_without_a_choice_it_is_the_last_month_that_is_whole(today: date, first: date, last: date) -> None:
    assert last_full_month(today) == Period(first, last)


def test_a_month_is_named_as_one_and_other_periods_by_their_days() -> None:
    assert (OCTOBER.label, OCTOBER.slug) == ("Oktober 2026", "2026-10")
    some_days = Period(date(2026, 10, 3), date(2026, 11, 5))
    assert (some_days.label, some_days.slug) == ("3 Oktober 2026 s.d. 5 November 2026", "2026-10-03-sd-2026-11-05")
    assert Period(date(2026, 10, 3), date(2026, 10, 3)).label == "3 Oktober 2026"


def test_the_months_beside_it() -> None:
    assert OCTOBER.month_before == month_of(date(2026, 9, 10))
    assert OCTOBER.month_after == month_of(date(2026, 11, 10))
    across = Period(date(2026, 12, 15), date(2027, 1, 15))
    assert (across.month_before.label, across.month_after.label) == ("November 2026", "Februari 2027")


def test_it_cannot_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        Period(date(2026, 10, 2), date(2026, 10, 1))


# --- words ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 menit"), (45, "45 detik"), (330, "5 menit 30 detik"), (3600, "1 jam"), (86_399, "23 jam 59 menit")],
)
def test_times_are_told_to_the_minute_from_an_hour_on(seconds: int, said: str) -> None:
    assert length_text(timedelta(seconds=seconds)) == said


def test_a_share_is_never_rounded_up_to_all_of_them() -> None:
    line = StepFigures(activity("3"), timedelta(hours=24), count=1000, within=999, timed=1000)
    assert share_text(line) == "99%"
    assert share_text(replace(line, within=1000)) == "100%"
    assert (share_text(StepFigures(activity(""), None)), length_text(None)) == ("–", "–")


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (timedelta(0), "kurang dari 1 menit"),
        (timedelta(seconds=59), "kurang dari 1 menit"),
        (timedelta(minutes=45), "45 menit"),
        (timedelta(hours=7, minutes=29), "7 jam 29 menit"),
        (timedelta(hours=7, minutes=30), "1 hari kerja"),
        (timedelta(hours=10, minutes=50), "1 hari kerja 3 jam"),
        (timedelta(hours=126), "16 hari kerja 6 jam"),
    ],
)
def test_how_late_in_working_time(late: timedelta, said: str) -> None:
    run = LateRun(AccessRequest(), 1, "3", NOW, NOW, None, late, timedelta(hours=7.5), Actor.PSI, None, None)
    assert late_text(run) == said


# --- what is late -------------------------------------------------------------------------------------
def stays(*rows: tuple[Status, str, str | None, str | None]) -> list[StepEntry]:
    """Entered, left and due as "day hour" of November 2026; the clock starts with the first of them."""

    def at(text: str | None) -> datetime | None:
        return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=sla.WIB) if text else None

    return [
        StepEntry(
            pk=number,
            status=status,
            entered_at=at(entered),
            left_at=at(left),
            due_at=at(due),
            clock_started_at=at(rows[0][1]) if due else None,
        )
        for number, (status, entered, left, due) in enumerate(rows, start=1)
    ]


def late(history: list[StepEntry], now: datetime = NOW) -> list[tuple[int, datetime | None, timedelta]]:
    found = lateness.late_runs(AccessRequest(), history, [], CALENDAR, now)
    return [(run.key, run.ended_at, run.late) for run in found]


def test_done_in_the_very_instant_of_the_deadline_is_in_time() -> None:
    done = stays((Status.DISPOSED, "02 09:00", "03 09:00", "03 09:00"))
    assert late(done) == []
    done[0].left_at = done[0].left_at + timedelta(microseconds=1)  # type: ignore[operator]
    assert [key for key, _ended, _late in late(done)] == [1]


def test_a_row_that_three_people_share_is_late_once_and_dated_by_its_deadline() -> None:
    """Drafted in time, approved too late, sent later still: one deadline, one breach, by whoever had it then."""
    history = stays(
        (Status.REPLY_DRAFTING, "02 09:00", "02 10:00", "03 09:00"),
        (Status.REPLY_APPROVAL, "02 10:00", "03 10:00", "03 09:00"),
        (Status.REPLY_APPROVED, "03 10:00", "03 11:00", "03 09:00"),
    )
    assert late(history) == [(1, datetime(2026, 11, 3, 11, tzinfo=sla.WIB), timedelta(hours=2))]
    (run,) = lateness.late_runs(AccessRequest(), history, [], CALENDAR, NOW)
    assert run.waited_for is Actor.HEAD


def test_the_wait_for_the_unit_after_the_deadline_is_not_held_against_the_office() -> None:
    history = stays(
        (Status.DISPOSED, "02 09:00", "03 10:00", "03 09:00"),
        (Status.CLARIFICATION, "03 10:00", "05 10:00", None),
        (Status.DISPOSED, "05 10:00", "05 11:00", "03 09:00"),
    )
    assert late(history) == [(1, datetime(2026, 11, 5, 11, tzinfo=sla.WIB), timedelta(hours=2))]


def test_late_and_now_waiting_for_the_unit_has_not_ended() -> None:
    history = stays(
        (Status.DISPOSED, "02 09:00", "03 10:00", "03 09:00"), (Status.CLARIFICATION, "03 10:00", None, None)
    )
    assert late(history) == [(1, None, timedelta(hours=1))]


def test_the_five_minutes_are_never_late() -> None:
    assert late(stays((Status.SUBMITTED, "02 09:00", None, "02 09:05"))) == []


# --- how it was counted, and the whole -----------------------------------------------------------------
@pytest.mark.django_db
def test_it_says_how_it_was_counted_and_what_changed_meanwhile() -> None:
    head = factories.person(Role.HEAD, full_name="Dr. Teuku Maulana")
    since = datetime(2026, 10, 19, 8, tzinfo=sla.WIB)
    ClockRule.objects.create(
        number="6",
        reading="end-of-day",
        effective_from=since,
        chosen_at=since,
        chosen_by=head,
        reason="Surat ditandatangani sore.",
    )
    DayRow.objects.create(date=date(2026, 10, 23), kind="collective", name="Cuti bersama", legal_basis="SKB 3 Menteri")
    DayRow.objects.create(date=date(2026, 11, 2), kind="national", name="Di luar masa ini")
    counting = "\n".join(monitoring_report.make(OCTOBER, by=head, now=NOW).counting)
    assert "Langkah 3, 1 x 24 jam hari kerja: jam yang sama pada hari kerja berikutnya." in counting
    assert "Langkah 6, 1 x 24 jam hari kerja: jam yang sama pada hari kerja berikutnya." in counting
    assert (
        "Sejak 19 Oktober 2026 08.00 langkah 6: akhir jam kerja pada hari kerja berikutnya (dipilih Dr. Teuku Maulana)."
        " Alasan: Surat ditandatangani sore." in counting
    )
    assert "Hari kerja pada masa ini: 21 dari 31 hari." in counting
    assert "23 Oktober 2026 Cuti bersama (cuti bersama, SKB 3 Menteri)" in counting
    assert "Di luar masa ini" not in counting
    assert "Kalender 2026 belum dikonfirmasi" in counting
    ConfirmedYear.objects.create(year=2026, confirmed_at=NOW)
    assert "belum dikonfirmasi" not in "\n".join(monitoring_report.make(OCTOBER, by=head, now=NOW).counting)


@pytest.mark.django_db
def test_a_period_without_anything_is_empty_but_has_every_row() -> None:
    report = monitoring_report.make(OCTOBER, by=factories.person(Role.AUDITOR), now=NOW)
    assert report.is_empty
    assert not report.is_running
    assert [line.activity.number for line in report.lines] == ["1", "2", "", "3", "5", "6"]
    assert monitoring_report.make(month_of(date(2026, 11, 1)), by=report.made_by, now=NOW).is_running


@pytest.mark.django_db
def test_a_draft_that_was_never_sent_is_nobodys_business() -> None:
    factories.a_request(Status.DRAFT, at=datetime(2026, 10, 5, 9, tzinfo=sla.WIB))
    gone = factories.a_request(Status.DRAFT, at=datetime(2026, 10, 6, 9, tzinfo=sla.WIB))
    factories.withdraw(gone, datetime(2026, 10, 7, 9, tzinfo=sla.WIB))
    assert monitoring_report.make(OCTOBER, by=factories.person(Role.HEAD), now=NOW).is_empty
