"""What the clock does by itself. Every time is worked out by hand on the usual week:

Monday to Thursday 07.30-12.00 and 13.00-16.00, Friday 07.30-12.00 and 13.30-16.30; 23 November 2026 is a Monday.
"""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import mail, tasks
from accounts.models import AuditEvent, Notice, OutgoingMail, User
from accounts.roles import Role
from requests_app.models import AccessRequest, ClockRule, DayRow, DeadlineNotice, StepEntry
from requests_app.selectors import reminders, timeline
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
    """What was noticed so far, and the instant that it is about."""
    rows = DeadlineNotice.objects.filter(entry__request=item).exclude(state="planned")
    return [(row.kind, row.at) for row in rows]


def planned(item: AccessRequest) -> dict[str, datetime]:
    return {row.kind: row.at for row in DeadlineNotice.objects.filter(entry__request=item, state="planned")}


def why_not(item: AccessRequest) -> dict[str, str]:
    """What was told to nobody, and why."""
    rows = DeadlineNotice.objects.filter(entry__request=item, state="skipped")
    return {row.kind: row.skipped for row in rows}


def breaches(item: AccessRequest) -> list[datetime]:
    """When the audit trail says that a deadline passed."""
    events = AuditEvent.objects.filter(subject=item.subject, verb="deadline_breach")
    return [event.happened_at for event in events]


@pytest.fixture(autouse=True)
def people() -> dict[str, User]:
    """Somebody for every desk."""
    roles = {"helpdesk": Role.HELPDESK, "kepala": Role.HEAD, "psi": Role.PSI, "psi2": Role.PSI}
    return {name: factories.person(role, email=f"{name}@usk.ac.id") for name, role in roles.items()}


# --- half, warning, breach, team, head --------------------------------------------------------------
# Disposed on Monday at 9.04, due on Tuesday at 9.04. In between lie 356 office minutes of Monday and 94 of Tuesday.
# Half of those 450 are left on Monday at 13.49 (94 of Tuesday and 131 before 16.00), two hours at 15.34 (94 and 26);
# two hours after the deadline is 11.04, four hours (176 minutes before noon, 64 after 13.00) is 14.04.
DISPOSED_AT, HALF, WARNING, DUE, TEAM, HEAD = (
    wib(23, 9, 4),
    wib(23, 13, 49),
    wib(23, 15, 34),
    wib(24, 9, 4),
    wib(24, 11, 4),
    wib(24, 14, 4),
)
PSI, PSI2, CHIEF = "psi@usk.ac.id", "psi2@usk.ac.id", "kepala@usk.ac.id"


def test_from_the_responsible_to_the_team_to_the_head_each_in_its_moment() -> None:
    item = disposed(DISPOSED_AT)
    account.claim(item, by=User.objects.get(email=PSI2), now=wib(23, 10))
    ref = item.reference
    for at, told in (
        (HALF, {PSI2: f"Separuh waktu permohonan {ref} terpakai"}),
        (WARNING, {PSI2: f"Batas waktu permohonan {ref} sudah dekat"}),
        (DUE, {PSI2: f"Batas waktu permohonan {ref} terlewati"}),
        (TEAM, dict.fromkeys((PSI, PSI2), f"Permohonan {ref} terlambat dan perlu dibantu")),
        (HEAD, {CHIEF: f"Permohonan {ref} terlambat dan diteruskan kepada Pimpinan"}),
    ):
        forget_mails()
        assert clock.sweep(now=at - SECOND) == 0
        assert mailed() == {}
        assert clock.sweep(now=at) == 1
        assert mailed() == told, at
    assert notices(item) == [
        (Kind.HALF, HALF),
        (Kind.WARNING, WARNING),
        (Kind.BREACH, DUE),
        (Kind.TEAM, TEAM),
        (Kind.HEAD, HEAD),
    ]


def test_where_nobody_took_it_all_of_the_role_are_responsible() -> None:
    disposed(DISPOSED_AT)
    clock.sweep(now=HALF)
    assert set(mailed()) == {PSI, PSI2}


def test_the_substitute_is_reminded_in_the_place_of_who_is_away(people: dict[str, User]) -> None:
    substitute = factories.person(None, email="pengganti@usk.ac.id")
    for absent in (people["psi2"], people["kepala"]):
        absent.substitutions.create(substitute=substitute, starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 27))
    item = disposed(DISPOSED_AT)
    account.claim(item, by=people["psi2"], now=wib(23, 10))
    for at, told in (
        (WARNING, {PSI2}),  # on Monday psi2 is still there
        (DUE, {"pengganti@usk.ac.id"}),
        (TEAM, {PSI, "pengganti@usk.ac.id"}),
        (HEAD, {"pengganti@usk.ac.id"}),
    ):
        forget_mails()
        clock.sweep(now=at)
        assert set(mailed()) == told, at


def test_a_warning_is_no_entry_in_the_timeline() -> None:
    item = disposed(DISPOSED_AT)
    lines = len(timeline(item))
    clock.sweep(now=WARNING)
    assert len(timeline(item)) == lines


def test_two_office_hours_before_friday_afternoon_reach_over_the_longer_break() -> None:
    # Due on Friday at 14.00: 30 minutes since 13.30, so 90 minutes before noon.
    item = disposed(wib(26, 14))
    assert planned(item)[Kind.WARNING] == wib(27, 10, 30)


def test_two_office_hours_before_monday_morning_lie_on_friday() -> None:
    # Due on Monday at 8.00: 30 minutes since 7.30, so 90 minutes before 16.30 on Friday.
    item = disposed(wib(27, 8))
    assert planned(item)[Kind.WARNING] == wib(27, 15)


def test_who_gets_it_when_less_than_two_hours_are_left_is_warned_at_once() -> None:
    # The reply is due on Tuesday at 9.07; the head gets it on Tuesday at 8.30.
    item = arrived(Status.REPLY_DRAFTING, wib(23, 9, 7), minutes=7)
    factories.send_for_approval(item, wib(24, 8, 30))
    forget_mails()
    clock.sweep(now=wib(24, 8, 31))
    assert set(mailed()) == {CHIEF}
    approval = DeadlineNotice.objects.get(entry__status=Status.REPLY_APPROVAL, state="told")
    assert (approval.kind, approval.at, approval.due_at) == (Kind.WARNING, wib(24, 8, 30), wib(24, 9, 7))


def test_a_row_can_be_without_half_and_warning_and_the_head_hear_at_once() -> None:
    ClockRule.objects.create(
        number="3",
        effective_from=wib(1, 8),
        reading="same-time",
        warns_at_half=False,
        warn_ahead_minutes=0,
        team_after_minutes=60,
        head_after_minutes=0,
        chosen_at=wib(1, 8),
    )
    item = disposed(DISPOSED_AT)
    assert planned(item) == {Kind.BREACH: DUE, Kind.TEAM: wib(24, 10, 4), Kind.HEAD: DUE}
    clock.sweep(now=DUE)
    assert set(mailed()) == {PSI, PSI2, CHIEF}


# --- once ----------------------------------------------------------------------------------------------
def test_a_breach_is_dated_by_its_deadline_and_explained_although_noticed_a_day_later() -> None:
    item, late = disposed(DISPOSED_AT), wib(25, 10)
    assert clock.sweep(now=late) == 5
    notice = DeadlineNotice.objects.get(kind=Kind.BREACH)
    assert (notice.at, notice.noticed_at, notice.told_at) == (DUE, late, late)
    line = timeline(item)[-1]
    assert (line.at, line.recorded_at) == (DUE, late)
    assert line.sentence == (
        "Batas waktu Selasa, 24 November 2026 09.04 WIB terlewati pada langkah “Akun perlu dibuat”."
    )
    assert line.actor == "Jam SOP"
    assert "Senin, 23 November 2026" in line.detail


@pytest.mark.parametrize("batch", [200, 1], ids=["in one batch", "one notice at a time"])
def test_after_an_outage_only_what_still_says_something_is_said_and_nobody_hears_it_twice(
    batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "BATCH", batch)
    item = disposed(DISPOSED_AT)
    clock.sweep(now=wib(25, 10))
    assert mailed() == {
        PSI: f"Batas waktu permohonan {item.reference} terlewati",
        PSI2: f"Batas waktu permohonan {item.reference} terlewati",
        CHIEF: f"Permohonan {item.reference} terlambat dan diteruskan kepada Pimpinan",
    }
    assert OutgoingMail.objects.count() == 3
    assert why_not(item) == {Kind.HALF: "overtaken", Kind.WARNING: "overtaken", Kind.TEAM: "already_told"}


def test_after_a_short_outage_the_warning_stands_for_the_half() -> None:
    item = disposed(DISPOSED_AT)
    clock.sweep(now=wib(23, 15, 40))
    assert set(mailed().values()) == {f"Batas waktu permohonan {item.reference} sudah dekat"}
    assert why_not(item) == {Kind.HALF: "overtaken"}


def test_nobody_is_warned_of_a_deadline_that_is_past_also_when_the_breach_was_told_before() -> None:
    item = disposed(DISPOSED_AT)
    DeadlineNotice.objects.filter(entry__request=item, kind=Kind.BREACH).update(state="told")
    clock.sweep(now=wib(24, 10))
    assert mailed() == {}
    assert why_not(item) == {Kind.HALF: "overtaken", Kind.WARNING: "overtaken"}


def test_each_is_noticed_and_told_once_however_often_the_clock_looks_also_when_it_is_set_back() -> None:
    item = disposed(DISPOSED_AT)
    for minutes in (*range(0, 24 * 60, 30), *range(23 * 60, 30 * 60, 20)):
        clock.sweep(now=wib(23, 9) + minutes * MINUTE)
    clock.sweep(now=wib(26, 9))
    assert breaches(item) == [DUE]
    assert OutgoingMail.objects.filter(to=PSI).count() == 4
    assert OutgoingMail.objects.filter(to=CHIEF).count() == 1
    assert Notice.objects.filter(user__email=CHIEF).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_notice_record_and_tell_once() -> None:
    items = [disposed(DISPOSED_AT) for _ in range(3)]
    at_once([lambda: clock.sweep(now=wib(24, 10))] * 4)
    clock.sweep(now=wib(24, 10))
    assert [breaches(item) for item in items] == [[DUE]] * 3
    assert OutgoingMail.objects.filter(to=PSI).count() == 3
    assert not DeadlineNotice.objects.filter(at__lte=wib(24, 10), state__in=("planned", "noticed")).exists()


def test_one_row_of_the_sop_is_late_once_whoever_has_it_then() -> None:
    # The reply is due on Tuesday at 9.07, and goes from the helpdesk to the head and back after that.
    item = arrived(Status.REPLY_DRAFTING, wib(23, 9, 7), minutes=7)
    clock.sweep(now=wib(24, 9, 30))
    factories.send_for_approval(item, wib(24, 10))
    forget_mails()
    clock.sweep(now=wib(24, 10, 30))
    factories.approve(item, wib(24, 10, 40))
    clock.sweep(now=wib(24, 10, 50))
    assert breaches(item) == [wib(24, 9, 7)]
    assert DeadlineNotice.objects.filter(kind=Kind.BREACH).count() == 1
    assert "terlewati" not in " ".join(mailed().values())
    forget_mails()
    clock.sweep(now=wib(24, 14, 7))
    assert mailed()[CHIEF].endswith("diteruskan kepada Pimpinan"), "escalation goes on with the row"


def test_nor_is_it_late_again_after_a_question_to_the_unit() -> None:
    item = disposed(DISPOSED_AT)
    clock.sweep(now=wib(24, 9, 30))
    factories.ask_unit(item, wib(24, 10))
    request_letter.answer(item, by=item.created_by, now=wib(24, 11), text="Setahun.")
    clock.sweep(now=wib(24, 13))
    assert breaches(item) == [DUE]


def test_what_was_late_while_no_clock_ran_is_recorded_when_it_is_done_and_told_to_nobody() -> None:
    item = disposed(DISPOSED_AT)
    factories.create_account(item, wib(24, 13))
    assert breaches(item) == [DUE]
    assert [line.verb for line in timeline(item)][-2:] == ["deadline_breach", "create_account"]
    forget_mails()
    clock.sweep(now=wib(24, 15))
    assert mailed() == {}, "it is done"
    assert why_not(item)[Kind.BREACH] == "step_done"


def test_what_is_done_in_time_is_told_to_nobody() -> None:
    item = disposed(DISPOSED_AT)
    factories.create_account(item, DUE - SECOND)
    forget_mails()
    assert clock.sweep(now=wib(24, 15)) == 0
    assert (breaches(item), mailed()) == ([], {})
    assert why_not(item) == {Kind.HALF: "step_done", Kind.WARNING: "step_done"}


def test_what_cannot_be_written_for_one_request_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = disposed(DISPOSED_AT), disposed(DISPOSED_AT)
    compose = mail.compose

    def fail(template: str, **words: Any) -> tuple[str, str]:
        if words["context"]["request"] == bad:
            raise ValueError("no such template")
        return compose(template, **words)

    monkeypatch.setattr("accounts.mail.compose", fail)
    assert clock.sweep(now=HALF) == 1
    assert [row.subject for row in OutgoingMail.objects.filter(to=PSI)] == [
        f"Separuh waktu permohonan {good.reference} terpakai"
    ]
    monkeypatch.undo()
    assert clock.sweep(now=HALF + MINUTE) == 1
    assert OutgoingMail.objects.filter(to=PSI, subject__contains=bad.reference).exists()


# --- really sent ---------------------------------------------------------------------------------------
def test_a_notice_is_sent_when_the_mail_server_took_its_last_mail() -> None:
    disposed(DISPOSED_AT)
    clock.sweep(now=HALF)
    first, second = OutgoingMail.objects.order_by("pk")
    tasks.deliver(first.pk, now=HALF + MINUTE)
    assert clock.note_delivery() == 0
    OutgoingMail.objects.filter(pk=second.pk).update(state="failed", last_error="550")
    assert clock.note_delivery() == 0
    OutgoingMail.objects.filter(pk=second.pk).update(state="waiting")
    tasks.deliver(second.pk, now=HALF + 5 * MINUTE)
    assert (clock.note_delivery(), clock.note_delivery()) == (1, 0)
    assert DeadlineNotice.objects.get(kind=Kind.HALF).sent_at == HALF + 5 * MINUTE


def test_the_history_of_reminders_says_to_whom_when_sent_and_why_not_and_is_for_the_office(client: Client) -> None:
    item = disposed(DISPOSED_AT)
    account.claim(item, by=User.objects.get(email=PSI2), now=wib(23, 10))
    clock.sweep(now=WARNING)
    OutgoingMail.objects.update(state="failed")
    half, warning, breach, *_ = reminders(item)
    assert (half.label, half.why_not) == ("Separuh waktu terpakai", "pemberitahuan yang lebih penting sudah waktunya")
    assert (warning.told_to, warning.sent_at, warning.failed) == (
        [User.objects.get(email=PSI2).full_name],
        None,
        [User.objects.get(email=PSI2).full_name],
    )
    assert (breach.at, breach.is_to_come) == (DUE, True)
    for reader, may_read in ((User.objects.get(email=PSI), True), (item.created_by, False)):
        client.force_login(reader)
        page = client.get(item.get_absolute_url()).content.decode()
        assert ("Separuh waktu terpakai" in page) == ("Gagal dikirim kepada" in page) == may_read


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
    assert clock.sweep(now=noticed) > 0
    assert notices(item)
    assert clock.sweep(now=noticed) == 0, "what waits for the office is not looked at again before"
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
    assert CHIEF in mailed()


def test_a_warning_that_waited_until_after_the_deadline_is_dropped_for_the_breach() -> None:
    # Due on Monday at 7.31; noticed on Saturday; the first sweep on Monday comes at 7.32.
    item = disposed(wib(27, 7, 31))
    clock.sweep(now=wib(28, 10))
    clock.sweep(now=wib(30, 7, 32))
    assert [kind for kind, _at in notices(item)] == [Kind.HALF, Kind.WARNING, Kind.BREACH]
    assert set(mailed().values()) == {f"Batas waktu permohonan {item.reference} terlewati"}


# --- a request that moved on ---------------------------------------------------------------------------------
def test_a_request_that_moved_on_is_not_warned_of() -> None:
    item = disposed(DISPOSED_AT)
    factories.create_account(item, wib(23, 13))
    forget_mails()
    assert clock.sweep(now=wib(23, 15, 40)) == 0
    assert (notices(item), mailed()) == ([], {})


def test_nor_when_it_moves_on_before_the_office_opens() -> None:
    item = disposed(DISPOSED_AT)
    clock.sweep(now=wib(23, 20))
    factories.create_account(item, wib(24, 7))
    forget_mails()
    clock.sweep(now=wib(24, 7, 30))
    assert mailed() == {}


def test_a_breach_in_the_night_reaches_who_has_it_now_and_is_on_record_once() -> None:
    # The reply is due on Friday at 15.07; on Saturday it is noticed, and sent for approval.
    item = arrived(Status.REPLY_DRAFTING, wib(26, 15, 7), minutes=7)
    clock.sweep(now=wib(28, 9))
    factories.send_for_approval(item, wib(28, 10))
    forget_mails()
    clock.sweep(now=wib(30, 7, 30))
    assert mailed() == {CHIEF: f"Batas waktu permohonan {item.reference} terlewati"}
    assert "Surat balasan menunggu persetujuan" in OutgoingMail.objects.get().text
    assert breaches(item) == [wib(27, 15, 7)]


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
    assert planned(item)[Kind.WARNING] == wib(25, 14)
    clock.sweep(now=wib(26, 7))
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
    assert [(one.entry.request, one.old, one.new) for one in moved] == [(moves, wib(25, 9, 4), wib(26, 9, 4))]
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
    item = disposed(DISPOSED_AT)
    clock.sweep(now=HALF)
    clock.sweep(now=WARNING)
    holiday(24)
    clock.recompute(by=factories.person(Role.ADMINISTRATOR), now=wib(23, 15, 50))
    forget_mails()
    # The new deadline is Wednesday 9.04; with the holiday between, the last two hours begin on Monday 15.34 again.
    # That half is used was said.
    assert clock.sweep(now=wib(24, 10)) == 1
    assert mailed() == {}, "it is a holiday"
    clock.sweep(now=wib(25, 7, 30))
    assert "25 November 2026 09.04" in OutgoingMail.objects.get(to=PSI).text
    clock.sweep(now=wib(25, 9, 4))
    assert notices(item) == [
        (Kind.HALF, HALF),
        (Kind.WARNING, WARNING),
        (Kind.WARNING, WARNING),
        (Kind.BREACH, wib(25, 9, 4)),
    ]


def test_a_deadline_that_a_change_puts_into_the_past_is_a_breach_at_once_and_only_once() -> None:
    holiday(24)
    item = disposed(DISPOSED_AT)
    assert due(item) == wib(25, 9, 4)
    DayRow.objects.all().delete()
    administrator = factories.person(Role.ADMINISTRATOR)
    clock.recompute(by=administrator, now=wib(24, 10))
    clock.sweep(now=wib(24, 10, 1))
    assert breaches(item) == [DUE]
    # An hour later somebody sees that the letter was counted from a wrong day; it was late then as well.
    StepEntry.objects.filter(request=item, left_at=None).update(entered_at=wib(23, 9, 3))
    clock.recompute(by=administrator, now=wib(24, 10, 30))
    clock.sweep(now=wib(24, 10, 31))
    assert due(item) == wib(24, 9, 3)
    assert breaches(item) == [DUE]


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
    assert "terlewati" in mailed()[PSI]


def test_a_breach_is_told_after_all_when_the_change_that_undid_it_is_taken_back() -> None:
    # Due on Friday at 15.50, noticed on Saturday; until Monday at 9.00 Friday is a holiday by mistake.
    item, administrator = disposed(wib(26, 15, 50)), factories.person(Role.ADMINISTRATOR)
    clock.sweep(now=wib(28, 10))
    holiday(27)
    clock.recompute(by=administrator, now=wib(28, 11))
    clock.sweep(now=wib(30, 7, 30))
    assert "terlewati" not in " ".join(mailed().values())
    DayRow.objects.all().delete()
    clock.recompute(by=administrator, now=wib(30, 9))
    clock.sweep(now=wib(30, 9, 1))
    assert "terlewati" in mailed()[PSI]
    assert breaches(item) == [wib(27, 15, 50)]


def test_the_other_reading_holds_for_clocks_that_start_from_then_on() -> None:
    before = disposed(DISPOSED_AT)
    ClockRule.objects.create(number="3", effective_from=wib(23, 9, 30), reading="end-of-day", chosen_at=wib(23, 9, 30))
    assert clock.recompute(by=factories.person(Role.ADMINISTRATOR), now=wib(23, 10)) == []
    assert (due(before), due(disposed(wib(23, 10)))) == (DUE, wib(24, 16))


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
    item = disposed(DISPOSED_AT)
    with time_machine.travel(DUE, tick=False):
        assert sweep_deadlines() == 3
    assert breaches(item) == [DUE]


def test_a_sweep_asks_as_few_questions_of_16_requests_as_of_4() -> None:
    asked, quiet = [], []
    for more in (2, 6):
        DeadlineNotice.objects.all().delete()
        for _ in range(more):
            disposed(wib(23, 9, 4))  # will be late
            disposed(wib(24, 9, 4))  # will be near its deadline
        with CaptureQueriesContext(connection) as questions:
            assert clock.sweep(now=wib(24, 15, 40)) == 7 * more
        asked.append(len(questions))
        with CaptureQueriesContext(connection) as questions:
            assert clock.sweep(now=wib(24, 15, 41)) == 0
        quiet.append(len(questions))
    assert quiet == [1, 1]
    assert asked[0] == asked[1] <= 36
