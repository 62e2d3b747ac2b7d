"""Reminders before an account's end, and accounts that nobody uses. The days are counted by hand.

The account of most tests is valid through 22 November 2027, so it ends at 00.00 WIB of the 23rd.
"""

import smtplib
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import mail, tasks
from accounts.models import AuditEvent, Notice, OutgoingMail, Unit
from accounts.roles import Role
from requests_app.models import AccessRequest
from requests_app.sop import Status
from tests import factories
from tests.racing import at_once
from webservice_accounts import lifecycle, provisioners, reminders, timers
from webservice_accounts.lifecycle import WIB, one_year_from
from webservice_accounts.models import (
    AccountPeriod,
    EndNotice,
    Grant,
    Holding,
    ProvisioningTask,
    Suspension,
    WebserviceAccount,
)

pytestmark = pytest.mark.django_db

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
STARTED = datetime(2026, 11, 22, 10, tzinfo=WIB)
HOLDER, MAILBOX = "pj@usk.ac.id", "fakultas@usk.ac.id"


def wib(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WIB)


@pytest.fixture(autouse=True)
def _house() -> None:
    factories.the_institution()


def an_account(username: str = "uji-akun", *, starts_on: date = date(2026, 11, 22), **fields: Any) -> WebserviceAccount:
    """An account of one year whose key was opened on its first morning."""
    period = one_year_from(starts_on)
    opened = period.starts_at + timedelta(hours=10)
    known = {
        "username": username,
        "unit": Unit.objects.filter(email=MAILBOX).first() or factories.UnitFactory(email=MAILBOX, name="Fakultas A"),
        "application": "Sistem Presensi",
        "purpose": "Menampilkan data terbaru.",
        "origin": "request:GP26-AAAAAA",
        "holder_name": "Muhammad Iqbal, S.T.",
        "holder_identity_type": "nip",
        "holder_identity_number": "198706302014041002",
        "holder_phone": "+6281234567800",
        "holder_email": HOLDER,
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
        "created_at": opened,
        "informed_at": opened,
        "revealed_at": opened,
        "last_used_at": None,
    }
    account = WebserviceAccount.objects.create(**known | fields)
    AccountPeriod.objects.create(
        account=account,
        starts_at=account.starts_at,
        ends_at=account.ends_at,
        origin=account.origin,
        granted_at=account.created_at,
    )
    Holding.objects.create(account=account, name=account.holder_name, email=HOLDER, since=account.created_at)
    data_type = factories.DataTypeFactory(name="Data mahasiswa", name_en="Student data")
    Grant.objects.create(account=account, data_type=data_type, since=account.created_at, origin=account.origin)
    return account


def renewal_of(account: WebserviceAccount, status: Status) -> AccessRequest:
    return AccessRequest.objects.create(
        reference="GP27-BBBBBB",
        unit=account.unit,
        created_by=factories.person(unit=account.unit),
        renews=account,
        status=status,
        opened_at=STARTED,
    )


def told() -> list[tuple[str, str]]:
    """Address and subject of every mail written so far."""
    return list(OutgoingMail.objects.order_by("pk").values_list("to", "subject"))


def rows(account: WebserviceAccount) -> dict[int, str]:
    """Threshold -> why it was skipped, or "mailed"."""
    return {row.threshold_days: row.skipped or "mailed" for row in account.end_notices.order_by("due_at")}


def change(account: WebserviceAccount, **fields: Any) -> None:
    WebserviceAccount.objects.filter(pk=account.pk).update(**fields)


def deliver(now: datetime) -> None:
    """What the worker does with waiting mails."""
    for pk in OutgoingMail.objects.values_list("pk", flat=True):
        tasks.deliver(pk, now=now)


# --- when, to whom, with which words ------------------------------------------------------------------------
YEAR = [
    ("2027-09-23T07:45", 60, "berakhir 22 November 2027"),
    ("2027-10-23T07:45", 30, "berakhir 22 November 2027"),
    ("2027-11-08T07:45", 14, "berakhir 22 November 2027"),
    ("2027-11-15T07:45", 7, "berakhir 22 November 2027"),
    ("2027-11-21T07:45", 1, "berakhir 22 November 2027"),
    ("2027-11-23T00:00", -1, "telah berakhir"),
]


def test_each_reminder_goes_once_to_the_holder_and_the_units_mailbox_from_its_instant_on() -> None:
    account = an_account()
    for at, days, words in YEAR:
        before = OutgoingMail.objects.count()
        assert reminders.remind(now=wib(at) - SECOND) == 0
        assert reminders.remind(now=wib(at)) == 1
        assert reminders.remind(now=wib(at) + SECOND) == 0
        assert reminders.remind(now=wib(at) + DAY / 2) == 0
        new = told()[before:]
        assert [to for to, _subject in new] == [HOLDER, MAILBOX]
        assert all(subject == f"Akun webservice Fakultas A (uji-akun) {words}" for _to, subject in new)
        row = account.end_notices.get(threshold_days=days)
        assert (row.due_at, row.queued_at, row.sent_at, row.ends_at) == (wib(at), wib(at), None, account.ends_at)
    assert reminders.remind(now=wib("2030-01-01T00:00")) == 0
    assert len(told()) == 12


@pytest.mark.parametrize("now", ["2027-09-23T07:44", "2027-12-23T00:00"])
def test_nobody_is_reminded_too_early_or_a_month_after_the_end(now: str) -> None:
    account = an_account()
    assert reminders.remind(now=wib(now)) == 0
    assert (rows(account), told()) == ({}, [])


def test_the_mail_says_what_ends_when_and_what_can_be_done() -> None:
    account = an_account(last_used_at=wib("2027-09-20T13:00"))
    reminders.remind(now=wib("2027-09-23T07:45"))
    text = OutgoingMail.objects.get(to=HOLDER).text
    for words in (
        "Yth. Bapak/Ibu Muhammad Iqbal, S.T.",
        "sampai dengan 22 November 2027, 60 hari lagi",
        "Nama pengguna    : uji-akun",
        "Aplikasi         : Sistem Presensi",
        "Tujuan           : Menampilkan data terbaru.",
        "Data             : Data mahasiswa\n",
        "Terakhir dipakai : 20 September 2027",
        "“Perpanjang”",
        "“Jangan perpanjang”",
        "Divisi PSI",
        f"/akun/{account.username}/",
    ):
        assert words in text
    assert "ditangguhkan" not in text
    assert "di Fakultas A" in OutgoingMail.objects.get(to=MAILBOX).text


@pytest.mark.parametrize(
    ("now", "words"), [("2027-11-21T07:45", "yaitu besok"), ("2027-11-22T12:00", "yaitu hari ini")]
)
def test_the_mail_counts_the_days_from_the_day_it_is_written(now: str, words: str) -> None:
    an_account()
    reminders.remind(now=wib(now))
    assert words in OutgoingMail.objects.get(to=HOLDER).text


def test_a_holder_who_reads_english_is_written_in_english_and_finds_it_under_the_bell() -> None:
    holder = factories.person(None, email=HOLDER, language="en")
    account = an_account(holder_email=HOLDER.upper())
    reminders.remind(now=wib("2027-09-23T07:45"))
    english, indonesian = OutgoingMail.objects.order_by("pk")
    assert english.subject == "The web service account of Fakultas A (uji-akun) ends on 22 November 2027"
    assert "60 days from now" in english.text
    assert "Student data" in english.text
    assert (indonesian.to, indonesian.language) == (MAILBOX, "id")
    notice = Notice.objects.get(user=holder)
    assert (notice.text, notice.url) == (english.subject, f"/akun/{account.username}/")


@pytest.mark.parametrize("mailbox", ["", "PJ@usk.ac.id"])
def test_a_unit_without_a_mailbox_of_its_own_gets_no_second_mail(mailbox: str) -> None:
    an_account(unit=factories.UnitFactory(email=mailbox))
    reminders.remind(now=wib("2027-09-23T07:45"))
    assert [to for to, _subject in told()] == [HOLDER]


# --- after an outage ------------------------------------------------------------------------------------------
def test_after_three_weeks_in_which_nothing_ran_only_the_newest_is_mailed() -> None:
    account = an_account()
    reminders.remind(now=wib("2027-10-23T07:45"))
    back = wib("2027-11-16T09:00")
    assert reminders.remind(now=back) == 1
    assert rows(account) == {60: "overtaken", 30: "mailed", 14: "overtaken", 7: "mailed"}
    assert "6 hari lagi" in OutgoingMail.objects.filter(to=HOLDER).latest("pk").text
    late = account.end_notices.get(threshold_days=7)
    assert (late.due_at, late.queued_at) == (wib("2027-11-15T07:45"), back)
    assert reminders.remind(now=back + SECOND) == 0


def test_after_an_outage_over_the_end_one_mail_says_that_it_has_ended() -> None:
    account = an_account()
    assert reminders.remind(now=wib("2027-12-10T09:00")) == 1
    assert set(rows(account).values()) == {"overtaken", "mailed"}
    assert rows(account)[-1] == "mailed"
    assert {subject for _to, subject in told()} == {"Akun webservice Fakultas A (uji-akun) telah berakhir"}


def test_a_renewal_that_moved_the_end_begins_a_new_series() -> None:
    account = an_account()
    reminders.remind(now=wib("2027-09-23T07:45"))
    renewed = one_year_from(date(2027, 11, 23))
    change(account, ends_at=renewed.ends_at)
    AccountPeriod.objects.create(
        account=account, starts_at=renewed.starts_at, ends_at=renewed.ends_at, granted_at=wib("2027-10-01T09:00")
    )
    assert reminders.remind(now=wib("2027-11-23T00:00")) == 0
    assert reminders.remind(now=wib("2028-09-24T07:45")) == 1  # through 23 November 2028
    assert told()[-1][1].endswith("berakhir 23 November 2028")


def test_a_short_term_does_not_begin_with_reminders() -> None:
    # Granted on 12 November through the 22nd: of the five days before the end only 15 and 21 November are to come.
    granted = wib("2027-11-12T09:00")
    account = an_account(created_at=granted, revealed_at=granted)
    assert reminders.remind(now=granted) == 0
    assert reminders.remind(now=wib("2027-11-15T07:44")) == 0
    assert rows(account) == {60: "past_when_granted", 30: "past_when_granted", 14: "past_when_granted"}
    assert reminders.remind(now=wib("2027-11-15T07:45")) == 1
    assert rows(account)[7] == "mailed"


# --- not sent ---------------------------------------------------------------------------------------------------
STATUSES_UNDER_WAY = {
    Status.SUBMITTED,
    Status.RETURNED,
    Status.REGISTERED,
    Status.AWAITING_DISPOSITION,
    Status.CLARIFICATION,
    Status.DISPOSED,
}


@pytest.mark.parametrize("status", list(Status))
def test_a_renewal_holds_reminders_back_while_it_is_worked_on(status: Status) -> None:
    account = an_account()
    renewal = renewal_of(account, status)
    is_under_way = status in STATUSES_UNDER_WAY
    assert reminders.renewal_under_way(account) == (renewal.reference if is_under_way else "")
    assert reminders.remind(now=wib("2027-09-23T07:45")) == (0 if is_under_way else 1)
    assert rows(account) == {60: "renewal_under_way" if is_under_way else "mailed"}
    assert bool(told()) is not is_under_way


def test_a_renewal_that_came_to_nothing_lets_the_newest_reminder_go_out_at_once() -> None:
    account = an_account()
    renewal = renewal_of(account, Status.SUBMITTED)
    for at in ("2027-09-23T07:45", "2027-10-23T07:45"):
        reminders.remind(now=wib(at))
    AccessRequest.objects.filter(pk=renewal.pk).update(status=Status.WITHDRAWN)
    assert reminders.remind(now=wib("2027-11-02T09:00")) == 1
    assert rows(account) == {60: "renewal_under_way", 30: "mailed"}
    assert "20 hari lagi" in OutgoingMail.objects.get(to=HOLDER).text
    assert reminders.remind(now=wib("2027-11-02T09:15")) == 0
    assert reminders.remind(now=wib("2027-11-08T07:45")) == 1
    with CaptureQueriesContext(connection) as captured:
        assert reminders.remind(now=wib("2027-11-08T08:00")) == 0
    assert len(captured) == 2, "the two that search: what was held back in the past is not opened again and again"


def test_do_not_renew_means_no_more_reminders_until_it_is_taken_back() -> None:
    account = an_account()
    change(account, renewal_declined_at=wib("2027-09-01T09:00"))
    for at, _days, _words in YEAR[:3]:
        assert reminders.remind(now=wib(at)) == 0
    assert rows(account) == {60: "declined", 30: "declined", 14: "declined"}
    change(account, renewal_declined_at=None)
    assert reminders.remind(now=wib("2027-11-10T09:00")) == 1
    assert rows(account)[14] == "mailed"


def test_do_not_renew_stays_quiet_after_the_end_too() -> None:
    account = an_account(renewal_declined_at=wib("2027-09-01T09:00"))
    assert reminders.remind(now=wib("2027-11-23T00:00")) == 0
    change(account, renewal_declined_at=None)
    assert reminders.remind(now=wib("2027-11-24T00:00")) == 0
    assert rows(account)[-1] == "declined"


def test_nobody_is_reminded_of_a_revoked_account() -> None:
    account = an_account(revoked_at=wib("2027-03-01T09:00"))
    for at, _days, _words in YEAR:
        assert reminders.remind(now=wib(at)) == 0
    assert set(rows(account).values()) == {"revoked"}
    assert told() == []


def test_the_year_of_a_suspended_account_goes_on_and_so_do_its_reminders() -> None:
    an_account(suspended_at=wib("2027-03-01T09:00"))
    assert reminders.remind(now=wib("2027-09-23T07:45")) == 1
    assert "Akun ini sedang ditangguhkan; masa berlakunya tetap berjalan." in OutgoingMail.objects.get(to=HOLDER).text


# --- sent means sent --------------------------------------------------------------------------------------------
class Refusing(EmailBackend):
    """A mail server that takes nothing; `problem` is what it says."""

    problem: Exception = ConnectionRefusedError()

    def send_messages(self, messages: Any) -> int:
        raise self.problem


class RefusingTheMailbox(EmailBackend):
    """A mail server that does not know the unit's mailbox."""

    def send_messages(self, messages: Any) -> int:
        if messages[0].to == [MAILBOX]:
            raise smtplib.SMTPRecipientsRefused({MAILBOX: (550, b"unknown")})
        return super().send_messages(messages)


def test_a_reminder_is_sent_when_the_last_of_its_mails_was_taken(settings: Any) -> None:
    account, due = an_account(), wib("2027-09-23T07:45")
    settings.EMAIL_BACKEND = f"{__name__}.{Refusing.__name__}"
    reminders.remind(now=due)
    assert reminders.note_delivery() == 0
    deliver(due)
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {OutgoingMail.State.WAITING}
    assert reminders.note_delivery() == 0
    assert account.end_notices.get().sent_at is None

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    holder, mailbox = OutgoingMail.objects.order_by("pk")
    tasks.deliver(holder.pk, now=due + timedelta(hours=2))
    assert reminders.note_delivery() == 0, "the unit's mailbox still waits"
    tasks.deliver(mailbox.pk, now=due + timedelta(hours=3))
    assert reminders.note_delivery() == 1
    assert account.end_notices.get().sent_at == due + timedelta(hours=3)
    assert reminders.note_delivery() == 0


def test_a_reminder_of_which_one_mail_failed_is_never_marked_as_sent_until_it_was(settings: Any) -> None:
    account, due = an_account(), wib("2027-09-23T07:45")
    settings.EMAIL_BACKEND = f"{__name__}.{RefusingTheMailbox.__name__}"
    reminders.remind(now=due)
    deliver(due)
    assert OutgoingMail.objects.get(to=MAILBOX).state == OutgoingMail.State.FAILED
    assert reminders.note_delivery() == 0
    assert account.end_notices.get().sent_at is None

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.retry(OutgoingMail.objects.get(to=MAILBOX), now=due + DAY)
    tasks.deliver(OutgoingMail.objects.get(to=MAILBOX).pk, now=due + DAY)
    assert reminders.note_delivery() == 1
    assert account.end_notices.get().sent_at == due + DAY


def test_the_clock_itself_reminds_notes_what_was_sent_and_looks_for_what_nobody_uses() -> None:
    account = an_account()
    with time_machine.travel(wib("2027-09-23T07:45"), tick=False) as clock:
        assert timers.remind_before_the_end() == 1
        deliver(wib("2027-09-23T07:46"))
        clock.move_to(wib("2027-09-23T08:00"))
        assert timers.remind_before_the_end() == 0
        assert timers.sweep_unused_accounts() == 1
    assert account.end_notices.get().sent_at == wib("2027-09-23T07:46")
    account.refresh_from_db()
    assert account.unused_told_at == wib("2027-09-23T08:00")


# --- whatever happens in between ----------------------------------------------------------------------------------
def test_a_crash_while_the_mails_are_written_leaves_nothing_and_the_next_sweep_does_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account, due = an_account(), wib("2027-09-23T07:45")
    queue = mail.queue

    def die_at_the_second(**words: Any) -> OutgoingMail:
        if words["to"] == MAILBOX:
            raise OSError("the power went out")
        return queue(**words)

    with monkeypatch.context() as broken:
        broken.setattr(mail, "queue", die_at_the_second)
        assert reminders.remind(now=due) == 0
    assert (rows(account), told(), Notice.objects.count()) == ({}, [], 0)
    assert reminders.remind(now=due) == 1
    assert len(told()) == 2


def test_one_account_that_goes_wrong_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = an_account("uji-buruk"), an_account("uji-baik")
    queue = mail.queue

    def refuse_one(**words: Any) -> OutgoingMail:
        if "uji-buruk" in words["subject"]:
            raise ValueError("cannot be written")
        return queue(**words)

    monkeypatch.setattr(mail, "queue", refuse_one)
    assert reminders.remind(now=wib("2027-09-23T07:45")) == 1
    assert (rows(bad), rows(good)) == ({}, {60: "mailed"})
    assert f"account {bad.pk} was left" in caplog.text


def test_the_queries_follow_what_is_due_not_what_there_is() -> None:
    now = wib("2027-09-23T07:45")

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            reminders.remind(now=now)
            reminders.note_delivery()
            reminders.sweep_unused(now=now)
        return len(captured)

    nothing = queries()
    for number in range(30):
        an_account(f"uji-{number}", starts_on=date(2027, 9, 1))  # ends in a year
    assert queries() == nothing
    renewed = [an_account(f"uji-lama-{number}", last_used_at=now) for number in range(5)]
    for account in renewed:
        AccessRequest.objects.create(
            reference=f"GP27-{account.pk:06}",
            unit=account.unit,
            created_by=factories.somebody(Role.UNIT_STAFF),
            renews=account,
            status=Status.SUBMITTED,
            opened_at=STARTED,
        )
    queries()  # held back once
    assert queries() == nothing


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_remind_everybody_once() -> None:
    factories.the_institution()
    everybody = [an_account(f"uji-{number}") for number in range(12)]
    now = wib("2027-11-16T09:00")
    counts = at_once([lambda: reminders.remind(now=now)] * 3)
    assert sum(counts) == 12, counts
    assert len(told()) == 24
    assert all(
        rows(account) == {60: "overtaken", 30: "overtaken", 14: "overtaken", 7: "mailed"} for account in everybody
    )


# --- used by nobody -----------------------------------------------------------------------------------------------
# The key was opened on 22 November 2026 at 10.00: 90 days later it is 20 February 2027, 14 days after that 6 March.
ASKED, SUSPENDED = wib("2027-02-20T10:00"), wib("2027-03-06T10:00")


def ask(account: WebserviceAccount, now: datetime = ASKED) -> None:
    """The question goes out and arrives."""
    reminders.sweep_unused(now=now)
    deliver(now)
    account.refresh_from_db()
    assert account.unused_told_at == now


def test_an_account_unused_for_ninety_days_is_asked_about_once() -> None:
    account = an_account()
    assert reminders.sweep_unused(now=ASKED - SECOND) == 0
    assert reminders.sweep_unused(now=ASKED) == 1
    assert reminders.sweep_unused(now=ASKED + SECOND) == 0
    subject = "Masih dibutuhkan? Akun webservice uji-akun tidak digunakan sejak 22 November 2026"
    assert told() == [(HOLDER, subject), (MAILBOX, subject)]
    text = OutgoingMail.objects.get(to=HOLDER).text
    assert "paling cepat pada 6 Maret 2027" in text
    assert "“Masih digunakan”" in text
    assert "/akun/uji-akun/" in text
    account.refresh_from_db()
    assert (account.unused_told_at, account.suspended_at) == (ASKED, None)
    event = AuditEvent.objects.get(subject="account:uji-akun")
    assert (event.verb, event.actor_id, event.actor_name) == ("ask_whether_needed", None, "Gapura")


def stir(account: WebserviceAccount, what: str, at: datetime) -> None:
    if what in {"last_used_at", "unused_answered_at", "revealed_at"}:
        change(account, **{what: at})
    elif what == "reinstated":
        Suspension.objects.create(account=account, reason="Insiden", since=at - DAY, until=at, by_name="PSI")
    elif what == "renewed":
        AccountPeriod.objects.create(
            account=account, starts_at=account.ends_at, ends_at=account.ends_at + 365 * DAY, granted_at=at
        )
    elif what == "new term":
        AccountPeriod.objects.create(account=account, starts_at=at, ends_at=account.ends_at, granted_at=STARTED)
    elif what == "new person":
        account.holdings.update(until=at)
        Holding.objects.create(account=account, name="Siti", email="siti@usk.ac.id", since=at)


STIRS = ["last_used_at", "unused_answered_at", "revealed_at", "reinstated", "renewed", "new term", "new person"]


@pytest.mark.parametrize("what", STIRS)
def test_the_ninety_days_begin_anew_with(what: str) -> None:
    account = an_account()
    stir(account, what, wib("2026-12-22T08:00"))
    account.refresh_from_db()
    assert reminders.idle_since(account, ASKED) == wib("2026-12-22T08:00")
    assert reminders.sweep_unused(now=wib("2027-03-22T07:59:59")) == 0
    assert reminders.sweep_unused(now=wib("2027-03-22T08:00")) == 1


@pytest.mark.parametrize("what", STIRS)
def test_after_the_question_the_account_is_left_alone_when_there_was(what: str) -> None:
    account = an_account()
    ask(account)
    stir(account, what, wib("2027-03-01T08:00"))
    assert reminders.sweep_unused(now=SUSPENDED) == 0
    account.refresh_from_db()
    assert (account.unused_told_at, account.suspended_at) == (None, None)
    assert reminders.sweep_unused(now=wib("2027-05-30T08:00")) == 1, "after ninety more days it is asked about again"
    assert OutgoingMail.objects.filter(to=HOLDER).count() == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"revealed_at": None},
        {"revoked_at": wib("2027-01-01T00:00")},
        {"suspended_at": wib("2027-01-01T00:00")},
        {"ends_at": ASKED},
        {"starts_at": wib("2027-02-21T00:00"), "ends_at": wib("2028-02-22T00:00")},
    ],
    ids=["never opened", "revoked", "suspended", "ended", "not begun"],
)
def test_only_an_account_that_could_be_used_is_asked_about(fields: dict[str, Any]) -> None:
    account = an_account()
    change(account, **fields)
    assert reminders.sweep_unused(now=ASKED) == 0


def test_two_weeks_after_the_question_an_unanswered_account_is_suspended(monkeypatch: pytest.MonkeyPatch) -> None:
    announced: list[tuple[str, str, datetime]] = []
    monkeypatch.setattr(
        provisioners, "announce", lambda account, event, *, now: announced.append((account.username, event, now))
    )
    factories.person(Role.PSI, email="psi@usk.ac.id")
    account = an_account()
    ask(account)
    OutgoingMail.objects.filter(to=MAILBOX).update(sent_at=None, state=OutgoingMail.State.FAILED)
    assert reminders.sweep_unused(now=SUSPENDED - SECOND) == 0
    assert reminders.sweep_unused(now=SUSPENDED) == 1
    assert reminders.sweep_unused(now=SUSPENDED + SECOND) == 0
    account.refresh_from_db()
    assert account.suspended_at == SUSPENDED
    assert lifecycle.state_at(account.facts, SUSPENDED) is lifecycle.State.SUSPENDED
    suspension = account.suspensions.get()
    assert (suspension.cause, suspension.since, suspension.until) == (Suspension.Cause.UNUSED, SUSPENDED, None)
    assert announced == [("uji-akun", ProvisioningTask.Event.SUSPEND, SUSPENDED)]
    assert told()[2:] == [
        (to, "Akun webservice Fakultas A (uji-akun) ditangguhkan karena tidak digunakan")
        for to in (HOLDER, MAILBOX, "psi@usk.ac.id")
    ]
    verbs = AuditEvent.objects.filter(subject="account:uji-akun").values_list("verb", flat=True)
    assert list(verbs) == ["ask_whether_needed", "suspend_unused"]


def test_nobody_is_suspended_whom_the_question_never_reached(settings: Any) -> None:
    account = an_account()
    settings.EMAIL_BACKEND = f"{__name__}.{Refusing.__name__}"
    ask(account)
    assert reminders.sweep_unused(now=SUSPENDED + 30 * DAY) == 0
    account.refresh_from_db()
    assert account.suspended_at is None


def test_the_two_weeks_count_from_when_the_question_was_really_sent() -> None:
    account = an_account()
    reminders.sweep_unused(now=ASKED)
    deliver(ASKED + 5 * DAY)
    assert reminders.sweep_unused(now=SUSPENDED + 5 * DAY - SECOND) == 0
    assert reminders.sweep_unused(now=SUSPENDED + 5 * DAY) == 1
    account.refresh_from_db()
    assert account.suspended_at == SUSPENDED + 5 * DAY


def test_after_an_outage_of_months_the_question_still_comes_two_weeks_before_the_suspension() -> None:
    account, back = an_account(), wib("2027-08-01T09:00")
    ask(account, back)
    assert reminders.sweep_unused(now=back + 14 * DAY - SECOND) == 0
    assert reminders.sweep_unused(now=back + 14 * DAY) == 1


def test_a_reinstated_account_has_ninety_days_again() -> None:
    account = an_account()
    ask(account)
    reminders.sweep_unused(now=SUSPENDED)
    account.suspensions.update(until=SUSPENDED + DAY)
    change(account, suspended_at=None)
    assert reminders.sweep_unused(now=SUSPENDED + 20 * DAY) == 0
    assert reminders.sweep_unused(now=SUSPENDED + 91 * DAY) == 1
    account.refresh_from_db()
    assert (account.suspended_at, account.unused_told_at) == (None, SUSPENDED + 91 * DAY)


def test_a_crash_while_suspending_leaves_the_account_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    account = an_account()
    ask(account)

    def die(**_words: Any) -> None:
        raise OSError("the power went out")

    with monkeypatch.context() as broken:
        broken.setattr(mail, "queue", die)
        assert reminders.sweep_unused(now=SUSPENDED) == 0
    account.refresh_from_db()
    assert (account.suspended_at, account.suspensions.count()) == (None, 0)
    assert reminders.sweep_unused(now=SUSPENDED) == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_ask_and_suspend_once() -> None:
    factories.the_institution()
    everybody = [an_account(f"uji-{number}") for number in range(8)]
    assert sum(at_once([lambda: reminders.sweep_unused(now=ASKED)] * 3)) == 8
    assert len(told()) == 16
    deliver(ASKED)
    assert sum(at_once([lambda: reminders.sweep_unused(now=SUSPENDED)] * 3)) == 8
    assert Suspension.objects.count() == len(everybody)
    assert len(told()) == 32


def test_every_row_of_a_reminder_stands_once_for_each_end() -> None:
    account = an_account()
    for _time in range(3):
        reminders.remind(now=wib("2027-12-01T00:00"))
    assert EndNotice.objects.filter(account=account).count() == 6
