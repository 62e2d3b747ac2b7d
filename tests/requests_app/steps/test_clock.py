"""What the clock does by itself. Every time is worked out by hand on the usual week:

Monday to Thursday 07.30-12.00 and 13.00-16.00, Friday 07.30-12.00 and 13.30-16.30; 23 November 2026 is a Monday.
"""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Notice, OutgoingMail, User
from accounts.roles import Role
from requests_app.models import AccessRequest, DayRow, DeadlineNotice, StepEntry
from requests_app.selectors import timeline
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import account, clock, request_letter
from requests_app.timers import sweep_deadlines
from tests import factories
from tests.racing import at_once

pytestmark = pytest.mark.django_db

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
Kind = DeadlineNotice.Kind


def wib(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in November 2026; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=WIB)


def disposed(at: datetime, **fields: object) -> AccessRequest:
    """A request that reached PSI at that time, with the mails of the way there thrown away."""
    return arrived(Status.DISPOSED, at, minutes=4, **fields)


def arrived(status: Status, at: datetime, *, minutes: int, **fields: object) -> AccessRequest:
    """A request that reached `status` at that time, `minutes` moves after the draft."""
    item = factories.a_request(status, at=at - minutes * MINUTE, **fields)
    forget_mails()
    return item


def forget_mails() -> None:
    OutgoingMail.objects.all().delete()
    Notice.objects.all().delete()


def mailed() -> dict[str, str]:
    """Address to subject of what was written since `forget_mails`."""
    return {row.to: row.subject for row in OutgoingMail.objects.all()}


def notices(item: AccessRequest) -> list[tuple[str, datetime]]:
    return [(row.kind, row.at) for row in DeadlineNotice.objects.filter(entry__request=item)]


def breaches(item: AccessRequest) -> list[datetime]:
    """When the audit trail says that a deadline passed."""
    events = AuditEvent.objects.filter(subject=item.subject, verb="deadline_breach")
    return [event.happened_at for event in events]


@pytest.fixture(autouse=True)
def people() -> dict[str, User]:
    """Somebody for every desk."""
    roles = {"helpdesk": Role.HELPDESK, "kepala": Role.HEAD, "psi": Role.PSI, "psi2": Role.PSI}
    return {name: factories.person(role, email=f"{name}@usk.ac.id") for name, role in roles.items()}


# --- the warning ------------------------------------------------------------------------------------
# Disposed on Monday at 9.04, due on Tuesday at 9.04. Tuesday has 94 office minutes before that, Monday gives the
# other 26 of the two hours: 15.34.
def test_the_one_in_charge_is_warned_two_office_hours_before_the_deadline() -> None:
    item = disposed(wib(23, 9, 4))
    assert clock.sweep(now=wib(23, 15, 34) - SECOND) == 0
    assert mailed() == {}
    assert clock.sweep(now=wib(23, 15, 34)) == 1
    assert notices(item) == [(Kind.WARNING, wib(23, 15, 34))]
    assert set(mailed()) == {"psi@usk.ac.id", "psi2@usk.ac.id"}
    assert set(mailed().values()) == {f"Batas waktu permohonan {item.reference} sudah dekat"}


def test_a_warning_is_no_entry_in_the_timeline() -> None:
    item = disposed(wib(23, 9, 4))
    lines = len(timeline(item))
    clock.sweep(now=wib(23, 15, 34))
    assert len(timeline(item)) == lines


def test_whoever_took_it_is_warned_alone() -> None:
    item = disposed(wib(23, 9, 4))
    account.claim(item, by=User.objects.get(email="psi2@usk.ac.id"), now=wib(23, 10))
    clock.sweep(now=wib(23, 15, 34))
    assert set(mailed()) == {"psi2@usk.ac.id"}


def test_two_office_hours_before_friday_afternoon_reach_over_the_longer_break() -> None:
    # Due on Friday at 14.00: 30 minutes since 13.30, so 90 minutes before noon.
    item = disposed(wib(26, 14))
    assert clock.sweep(now=wib(27, 10, 30) - SECOND) == 0
    clock.sweep(now=wib(27, 10, 30))
    assert notices(item) == [(Kind.WARNING, wib(27, 10, 30))]


def test_two_office_hours_before_monday_morning_lie_on_friday() -> None:
    # Due on Monday at 8.00: 30 minutes since 7.30, so 90 minutes before 16.30 on Friday.
    item = disposed(wib(27, 8))
    clock.sweep(now=wib(27, 15) - SECOND)
    assert notices(item) == []
    clock.sweep(now=wib(27, 15))
    assert notices(item) == [(Kind.WARNING, wib(27, 15))]


def test_who_gets_it_when_less_than_two_hours_are_left_is_warned_at_once() -> None:
    # The reply is due on Tuesday at 9.07; the head gets it on Tuesday at 8.30.
    item = arrived(Status.REPLY_DRAFTING, wib(23, 9, 7), minutes=7)
    factories.send_for_approval(item, wib(24, 8, 30))
    forget_mails()
    clock.sweep(now=wib(24, 8, 31))
    assert set(mailed()) == {"kepala@usk.ac.id"}
    approval = DeadlineNotice.objects.get(entry__status=Status.REPLY_APPROVAL)
    assert (approval.kind, approval.at, approval.due_at) == (Kind.WARNING, wib(24, 8, 30), wib(24, 9, 7))


# --- the breach ---------------------------------------------------------------------------------------
def test_at_the_deadline_the_breach_is_recorded_and_the_head_is_told_too() -> None:
    item = disposed(wib(23, 9, 4))
    assert clock.sweep(now=wib(24, 9, 4) - SECOND) == 1  # the warning
    forget_mails()
    assert clock.sweep(now=wib(24, 9, 4)) == 1
    assert breaches(item) == [wib(24, 9, 4)]
    assert set(mailed()) == {"psi@usk.ac.id", "psi2@usk.ac.id", "kepala@usk.ac.id"}
    assert set(mailed().values()) == {f"Batas waktu permohonan {item.reference} terlewati"}


def test_a_breach_is_dated_by_its_deadline_although_noticed_a_day_later() -> None:
    item, late = disposed(wib(23, 9, 4)), wib(25, 10)
    assert clock.sweep(now=late) == 1, "no warning any more"
    notice = DeadlineNotice.objects.get()
    assert (notice.kind, notice.at, notice.noticed_at, notice.told_at) == (Kind.BREACH, wib(24, 9, 4), late, late)
    line = timeline(item)[-1]
    assert (line.at, line.recorded_at) == (wib(24, 9, 4), late)
    assert line.sentence == (
        "Batas waktu Selasa, 24 November 2026 09.04 WIB terlewati pada langkah “Akun perlu dibuat”."
    )
    assert line.actor == "Jam SOP"


def test_each_is_noticed_and_told_once_however_often_the_clock_looks() -> None:
    item = disposed(wib(23, 9, 4))
    for minutes in range(0, 3 * 24 * 60, 30):
        clock.sweep(now=wib(23, 9) + minutes * MINUTE)
    assert [kind for kind, _at in notices(item)] == [Kind.WARNING, Kind.BREACH]
    assert breaches(item) == [wib(24, 9, 4)]
    assert OutgoingMail.objects.filter(to="psi@usk.ac.id").count() == 2
    assert OutgoingMail.objects.filter(to="kepala@usk.ac.id").count() == 1
    assert Notice.objects.filter(user__email="kepala@usk.ac.id").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_notice_record_and_tell_once() -> None:
    items = [disposed(wib(23, 9, 4)) for _ in range(3)]
    new = at_once([lambda: clock.sweep(now=wib(24, 10))] * 4)
    assert sum(new) == 3
    assert [breaches(item) for item in items] == [[wib(24, 9, 4)]] * 3
    assert OutgoingMail.objects.filter(to="kepala@usk.ac.id").count() == 3


def test_one_row_of_the_sop_is_late_once_whoever_has_it_then(people: dict[str, User]) -> None:
    # The reply is due on Tuesday at 9.07, and goes from the helpdesk to the head and back after that.
    item = arrived(Status.REPLY_DRAFTING, wib(23, 9, 7), minutes=7)
    clock.sweep(now=wib(24, 9, 30))
    factories.send_for_approval(item, wib(24, 10))
    forget_mails()
    clock.sweep(now=wib(24, 10, 30))
    factories.approve(item, wib(24, 11))
    clock.sweep(now=wib(24, 11, 30))
    assert breaches(item) == [wib(24, 9, 7)]
    assert DeadlineNotice.objects.filter(kind=Kind.BREACH).count() == 1
    assert "terlewati" not in " ".join(mailed().values())


def test_nor_is_it_late_again_after_a_question_to_the_unit() -> None:
    item = disposed(wib(23, 9, 4))
    clock.sweep(now=wib(24, 9, 30))
    factories.ask_unit(item, wib(24, 10))
    request_letter.answer(item, by=item.created_by, now=wib(24, 11), text="Setahun.")
    clock.sweep(now=wib(24, 13))
    assert breaches(item) == [wib(24, 9, 4)]


def test_what_was_late_while_no_clock_ran_is_recorded_when_it_is_done() -> None:
    item = disposed(wib(23, 9, 4))
    factories.create_account(item, wib(24, 13))
    assert breaches(item) == [wib(24, 9, 4)]
    assert [line.verb for line in timeline(item)][-2:] == ["deadline_breach", "create_account"]
    forget_mails()
    clock.sweep(now=wib(24, 13, 1))
    assert set(mailed()) == {"kepala@usk.ac.id"}, "it is done: only the head hears of it"
    text = OutgoingMail.objects.get().text
    assert "Sejak Selasa, 24 November 2026 13.00 WIB permohonan itu tidak lagi berada pada langkah tersebut." in text
    assert "segera diselesaikan" not in text


def test_what_is_done_in_time_leaves_no_trace() -> None:
    item = disposed(wib(23, 9, 4))
    factories.create_account(item, wib(24, 9, 4) - SECOND)
    forget_mails()
    clock.sweep(now=wib(24, 10))
    assert (breaches(item), notices(item), mailed()) == ([], [], {})


# --- nobody is mailed outside office hours -----------------------------------------------------------------
# The calendar decides what that is: at 16.00 sharp the office is closed, and at noon it is at lunch. The break does
# not delay a deadline, but a mail in it would be one outside the hours that the calendar shows.
@pytest.mark.parametrize(
    ("reached_psi", "noticed", "quiet_until"),
    [
        (wib(23, 9, 4), wib(23, 20), wib(24, 7, 30)),  # the warning of Monday 15.34, noticed at night
        (wib(23, 9, 4), wib(23, 16), wib(24, 7, 30)),  # at closing time
        (wib(23, 12, 30), wib(24, 12, 30), wib(24, 13)),  # due in the lunch break
        (wib(26, 12, 50), wib(27, 13, 10), wib(27, 13, 30)),  # and in that of a Friday
        (wib(26, 15, 50), wib(28, 10), wib(30, 7, 30)),  # due on Friday 15.50, noticed on Saturday
    ],
    ids=["night", "closing time", "lunch", "friday prayer", "saturday"],
)
def test_what_is_noticed_outside_office_hours_is_told_at_the_next_opening(
    reached_psi: datetime, noticed: datetime, quiet_until: datetime
) -> None:
    item = disposed(reached_psi)
    assert clock.sweep(now=noticed) == 1
    assert notices(item)
    for at in (noticed, noticed + MINUTE, quiet_until - SECOND):
        clock.sweep(now=at)
        assert mailed() == {}, at
    clock.sweep(now=quiet_until)
    assert "psi@usk.ac.id" in mailed()


def test_on_a_holiday_nobody_is_mailed_and_on_a_replacement_saturday_they_are() -> None:
    disposed(wib(23, 9, 4))
    DayRow.objects.create(date=date(2026, 11, 25), kind=DayRow.Kind.UNIVERSITY, name="Dies natalis")
    clock.sweep(now=wib(25, 10))
    assert mailed() == {}
    DayRow.objects.create(date=date(2026, 11, 28), kind=DayRow.Kind.REPLACEMENT, name="Pengganti")
    clock.sweep(now=wib(28, 10))
    assert "kepala@usk.ac.id" in mailed()


def test_a_warning_that_waited_until_after_the_deadline_is_dropped_for_the_breach() -> None:
    # Due on Monday at 7.31; noticed on Saturday; the first sweep on Monday comes at 7.32.
    item = disposed(wib(27, 7, 31))
    clock.sweep(now=wib(28, 10))
    clock.sweep(now=wib(30, 7, 32))
    assert [kind for kind, _at in notices(item)] == [Kind.WARNING, Kind.BREACH]
    assert set(mailed().values()) == {f"Batas waktu permohonan {item.reference} terlewati"}


# --- a request that moved on ---------------------------------------------------------------------------------
def test_a_request_that_moved_on_is_not_warned_of() -> None:
    item = disposed(wib(23, 9, 4))
    factories.create_account(item, wib(23, 15))
    clock.sweep(now=wib(23, 15, 40))
    assert notices(item) == []


def test_nor_when_it_moves_on_before_the_office_opens() -> None:
    item = disposed(wib(23, 9, 4))
    clock.sweep(now=wib(23, 20))
    factories.create_account(item, wib(24, 7))
    forget_mails()
    clock.sweep(now=wib(24, 7, 30))
    assert mailed() == {}


def test_a_breach_in_the_night_reaches_the_head_although_the_step_changed_hands() -> None:
    # The reply is due on Friday at 15.07; on Saturday it is noticed, and sent for approval.
    item = arrived(Status.REPLY_DRAFTING, wib(26, 15, 7), minutes=7)
    clock.sweep(now=wib(28, 9))
    factories.send_for_approval(item, wib(28, 10))
    forget_mails()
    clock.sweep(now=wib(30, 7, 30))
    assert mailed() == {"kepala@usk.ac.id": f"Batas waktu permohonan {item.reference} terlewati"}
    assert "Surat balasan menunggu persetujuan" in OutgoingMail.objects.get().text


# --- what has no alarm -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "status",
    [
        Status.SUBMITTED,
        Status.REGISTERED,
        Status.ACCOUNT_CREATED,
        Status.DRAFT,
        Status.RETURNED,
        Status.AWAITING_DISPOSITION,
        Status.CLARIFICATION,
        Status.INFORMED,
        Status.FINISHED,
        Status.WITHDRAWN,
    ],
)
def test_the_norms_of_five_minutes_and_steps_without_a_time_never_alarm(status: Status) -> None:
    item = factories.a_request(status, at=wib(23, 9))
    forget_mails()
    for at in (wib(23, 11), wib(24, 10), wib(26, 10)):
        assert clock.sweep(now=at) == 0
    assert (notices(item), breaches(item), mailed()) == ([], [], {})


def test_five_minutes_are_no_breach_when_the_step_is_left_late_either() -> None:
    item = factories.a_request(Status.SUBMITTED, at=wib(23, 9))
    factories.register(item, wib(23, 15))
    assert breaches(item) == []


# --- waiting for the unit -----------------------------------------------------------------------------------------
def test_while_the_unit_is_waited_for_nothing_is_late_and_then_the_deadline_has_moved() -> None:
    item = disposed(wib(23, 9, 4))
    factories.ask_unit(item, wib(23, 10, 4))
    forget_mails()
    assert clock.sweep(now=wib(24, 15)) == 0
    request_letter.answer(item, by=item.created_by, now=wib(25, 8), text="Setahun.")
    # One hour used; from Wednesday 8.00 the other 23 last until Thursday 7.00.
    assert StepEntry.objects.get(request=item, left_at=None).due_at == wib(26, 7)
    assert clock.sweep(now=wib(25, 13, 59)) == 0
    assert clock.sweep(now=wib(25, 14)) == 1
    assert clock.sweep(now=wib(26, 7)) == 1
    assert breaches(item) == [wib(26, 7)]


# --- the calendar changes -------------------------------------------------------------------------------------------
def holiday(day: int) -> None:
    DayRow.objects.create(date=date(2026, 11, day), kind=DayRow.Kind.NATIONAL, name="Libur")


def due(item: AccessRequest) -> datetime | None:
    return StepEntry.objects.get(request=item, left_at=None).due_at


def test_a_new_holiday_moves_the_deadlines_that_lie_behind_it_and_no_others() -> None:
    administrator = factories.person(Role.ADMINISTRATOR, full_name="Yusra Rahmi")
    moves, stays = disposed(wib(24, 9, 4)), disposed(wib(23, 9, 4))
    done = disposed(wib(24, 9, 4))
    factories.create_account(done, wib(24, 10))
    untimed = arrived(Status.AWAITING_DISPOSITION, wib(24, 9), minutes=3)
    holiday(25)
    moved = clock.recompute(by=administrator, now=wib(24, 11))
    assert [(entry.request, old, new) for entry, old, new in moved] == [(moves, wib(25, 9, 4), wib(26, 9, 4))]
    assert (due(moves), due(stays), due(untimed)) == (wib(26, 9, 4), wib(24, 9, 4), None)
    assert StepEntry.objects.get(request=done, status=Status.DISPOSED).due_at == wib(25, 9, 4), "history"
    assert timeline(moves)[-1].sentence == (
        "Kalender kerja diubah oleh Yusra Rahmi: batas waktu bergeser dari Rabu, 25 November 2026 09.04 WIB "
        "ke Kamis, 26 November 2026 09.04 WIB."
    )
    assert timeline(stays)[-1].verb == "dispose"


def test_changing_nothing_moves_nothing() -> None:
    disposed(wib(24, 9, 4))
    assert clock.recompute(by=factories.person(Role.ADMINISTRATOR), now=wib(24, 11)) == []


def test_a_moved_deadline_is_warned_of_and_broken_at_its_new_time() -> None:
    item = disposed(wib(23, 9, 4))
    clock.sweep(now=wib(23, 15, 34))
    holiday(24)
    clock.recompute(by=factories.person(Role.ADMINISTRATOR), now=wib(23, 15, 50))
    forget_mails()
    # The new deadline is Wednesday 9.04; with the holiday between, the last two hours begin on Monday 15.34 again.
    assert clock.sweep(now=wib(24, 10)) == 1
    assert mailed() == {}, "it is a holiday"
    clock.sweep(now=wib(25, 7, 30))
    assert "25 November 2026 09.04" in OutgoingMail.objects.get(to="psi@usk.ac.id").text
    clock.sweep(now=wib(25, 9, 4))
    assert notices(item) == [
        (Kind.WARNING, wib(23, 15, 34)),
        (Kind.WARNING, wib(23, 15, 34)),
        (Kind.BREACH, wib(25, 9, 4)),
    ]


def test_a_breach_that_the_new_calendar_undid_is_told_to_nobody() -> None:
    # Due on Friday at 15.50, noticed on Saturday; then Friday is declared a holiday.
    item = disposed(wib(26, 15, 50))
    clock.sweep(now=wib(28, 10))
    holiday(27)
    clock.recompute(by=factories.person(Role.ADMINISTRATOR), now=wib(28, 11))
    assert due(item) == wib(30, 15, 50)
    clock.sweep(now=wib(30, 7, 30))
    assert "terlewati" not in " ".join(mailed().values())
    clock.sweep(now=wib(30, 15, 50))
    assert "terlewati" in mailed()["kepala@usk.ac.id"]


def test_the_other_reading_moves_all_deadlines_of_a_day() -> None:
    item = disposed(wib(23, 9, 4))
    house = factories.the_institution()
    house.reading = "end-of-day"
    house.save()
    clock.recompute(by=factories.person(Role.ADMINISTRATOR), now=wib(23, 10))
    assert due(item) == wib(24, 16)


def test_time_spent_waiting_for_the_unit_stays_out_of_a_deadline_counted_anew() -> None:
    item = disposed(wib(23, 9, 4))
    factories.ask_unit(item, wib(23, 10, 4))
    request_letter.answer(item, by=item.created_by, now=wib(23, 11, 34), text="Setahun.")
    assert due(item) == wib(24, 10, 34)
    holiday(24)
    clock.recompute(by=factories.person(Role.ADMINISTRATOR), now=wib(23, 12))
    assert due(item) == wib(25, 10, 34)


# --- every minute -----------------------------------------------------------------------------------------------------
def test_the_timer_looks_at_the_time_it_runs() -> None:
    item = disposed(wib(23, 9, 4))
    with time_machine.travel(wib(24, 9, 4), tick=False):
        assert sweep_deadlines() == 1
    assert breaches(item) == [wib(24, 9, 4)]


def test_a_quiet_sweep_asks_as_few_questions_of_30_requests_as_of_3() -> None:
    asked = []
    for more in (3, 27):
        for _ in range(more):
            disposed(wib(23, 9, 4))  # will be late
            disposed(wib(24, 9, 4))  # will be near its deadline
        clock.sweep(now=wib(24, 15, 40))
        with CaptureQueriesContext(connection) as questions:
            assert clock.sweep(now=wib(24, 15, 41)) == 0
        asked.append(len(questions))
    assert asked[0] == asked[1] <= 8
