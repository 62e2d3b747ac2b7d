"""The clock when what it stands on breaks: beat, worker, broker, the hour, the calendar in the middle of a sweep.

Nothing that has to be said is lost, and nothing is said twice.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from celery.beat import PersistentScheduler
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts import mail
from accounts.models import AuditEvent, Notice, OutgoingMail
from accounts.roles import Role
from accounts.timers import deliver_waiting_mail
from config.celery import app
from requests_app.models import AccessRequest, DayRow, DeadlineNotice, Digest, OfficeSpanRow, StepEntry
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import account, clock, request_letter
from requests_app.timers import sweep_deadlines, write_digests
from tests import factories, live
from tests.racing import at_once
from tests.servers import ROOT, wait_until

State = DeadlineNotice.State
MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
DUE = datetime(2026, 11, 24, 9, 4, tzinfo=WIB)


def an_office_that_never_closes() -> None:
    """So that processes, which see the real time, may tell people at any hour."""
    for weekday in range(7):
        OfficeSpanRow.objects.create(weekday=weekday, opens=time(0), closes=time.max)


def disposed(at: datetime) -> AccessRequest:
    item = factories.a_request(Status.DISPOSED, at=at - timedelta(minutes=4))
    OutgoingMail.objects.all().delete()
    Notice.objects.all().delete()
    return item


def breaches(item: AccessRequest) -> list[datetime]:
    events = AuditEvent.objects.filter(subject=item.subject, verb="deadline_breach")
    return [event.happened_at for event in events]


def env_of_a_process(**variables: str) -> dict[str, str]:
    """The environment of a process on this test's database, as `start_worker` has it."""
    name = str(connection.settings_dict["NAME"])
    url = f"sqlite:///{name}"
    if connection.vendor == "postgresql":
        url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
    return os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": url} | variables


def empty_the_broker() -> None:
    if settings.REDIS_URL:
        redis.Redis.from_url(settings.REDIS_URL).flushdb()
    else:
        for message in Path(settings.BROKER_DIR, "messages").iterdir():
            message.unlink(missing_ok=True)


@pytest.fixture
def start_beat(tmp_path: Path) -> Iterator[Callable[[], live.Process]]:
    """Return a function that starts a beat which has not run for a day, so that everything is due at once."""
    beats: list[live.Process] = []

    def start() -> live.Process:
        schedule = tmp_path / f"beat-{len(beats)}"
        scheduler = PersistentScheduler(app=app, schedule_filename=str(schedule))
        for entry in scheduler.schedule.values():
            entry.last_run_at -= timedelta(days=1)
        scheduler.close()
        command = ("-m", "celery", "-A", "config", "beat", "--schedule", str(schedule), "--pidfile=")
        beats.append(live.Process(command, env_of_a_process(), tmp_path / f"beat-{len(beats)}.log"))
        return beats[-1]

    yield start
    for beat in beats:
        beat.stop()


# --- beat, broker, worker ---------------------------------------------------------------------------------
def test_after_a_day_without_beat_and_with_an_emptied_broker_two_of_everything_tell_everybody_once(
    start_worker: Callable[..., live.Process], start_beat: Callable[[], live.Process]
) -> None:
    an_office_that_never_closes()
    psi, head = factories.person(Role.PSI), factories.person(Role.HEAD)
    items = [disposed(timezone.now() - timedelta(days=3)) for _ in range(3)]
    mailbox = live.Mailbox()
    try:
        # One is told of already, and the broker loses the message that would have sent the mails.
        DeadlineNotice.objects.exclude(entry__request=items[0]).update(state="skipped")
        clock.sweep(now=timezone.now())
        DeadlineNotice.objects.exclude(entry__request=items[0]).update(state="planned")
        assert OutgoingMail.objects.filter(state="waiting").count() == 2
        empty_the_broker()

        for _ in range(2):
            start_worker(EMAIL_URL=f"smtp://127.0.0.1:{mailbox.port}")
        for _ in range(2):
            start_beat()

        def all_arrived() -> bool:
            # Every message may get lost (kombu's files do that); the beat would ask again each minute.
            for task in (sweep_deadlines, write_digests, deliver_waiting_mail):
                task.delay()
            return DeadlineNotice.objects.filter(kind__in=("breach", "head"), sent_at__isnull=False).count() == 6

        wait_until(all_arrived, "everything said and sent", 90)
        wait_until(lambda: not OutgoingMail.objects.exclude(state="sent").exists(), "every mail sent")
    finally:
        mailbox.stop()
    said = sorted(
        (str(one["To"]), str(one["Subject"]))
        for one in mailbox.messages
        if "Permohonan" in one["Subject"] or "Batas waktu" in one["Subject"]
    )
    assert said == sorted(
        [(psi.email, f"Batas waktu permohonan {item.reference} terlewati") for item in items]
        + [(head.email, f"Permohonan {item.reference} terlambat dan diteruskan kepada Pimpinan") for item in items]
    )
    assert len({one["Message-ID"] for one in mailbox.messages}) == len(mailbox.messages) == OutgoingMail.objects.count()
    assert [len(breaches(item)) for item in items] == [1, 1, 1]
    assert not DeadlineNotice.objects.filter(state__in=("planned", "noticed")).exists()
    assert Digest.objects.filter(kind="daily", person=psi).count() <= 1


DIES_WHILE_TELLING = """
import os, signal, django
django.setup()
from accounts import mail
from requests_app.timers import sweep_deadlines
write = mail.queue_all
def die(letters, *, now):
    write(letters, now=now)
    os.kill(os.getpid(), signal.SIGKILL)
mail.queue_all = die
sweep_deadlines()
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_of_telling_has_told_nobody_and_the_next_one_does() -> None:
    an_office_that_never_closes()
    factories.person(Role.PSI)
    items = [disposed(timezone.now() - timedelta(days=3)) for _ in range(2)]
    before = DeadlineNotice.objects.count()
    killed = subprocess.run([sys.executable, "-c", DIES_WHILE_TELLING], cwd=ROOT, env=env_of_a_process(), check=False)
    assert killed.returncode == -signal.SIGKILL
    assert OutgoingMail.objects.count() == 0
    assert DeadlineNotice.objects.filter(state=State.PLANNED).count() == before
    assert [breaches(item) for item in items] == [[], []]

    # PostgreSQL may take a moment to see that the worker is gone; until then its rows are passed by.
    wait_until(lambda: clock.sweep(now=timezone.now()) > 0, "the next sweep")
    clock.sweep(now=timezone.now())
    assert [len(breaches(item)) for item in items] == [1, 1]
    assert len(set(OutgoingMail.objects.values_list("to", "subject"))) == OutgoingMail.objects.count() > 0


# --- the hour ----------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_clock_set_back_an_hour_says_nothing_again_and_nothing_is_left_out() -> None:
    factories.person(Role.PSI)
    item = disposed(MONDAY + timedelta(minutes=4))
    clock.sweep(now=DUE + timedelta(minutes=10))
    said = OutgoingMail.objects.count()
    for minutes in range(-50, 10, 5):
        assert clock.sweep(now=DUE + timedelta(minutes=minutes)) == 0
    clock.sweep(now=DUE + timedelta(hours=2, minutes=10))
    assert OutgoingMail.objects.count() == said + 1, "the escalation to the team"
    assert breaches(item) == [DUE]


# --- the calendar in the middle of a sweep --------------------------------------------------------------------
def declare_a_holiday(now: datetime) -> list[clock.Shift]:
    with transaction.atomic():
        DayRow.objects.create(date=date(2026, 11, 24), kind=DayRow.Kind.COLLECTIVE, name="Cuti bersama")
        return clock.recompute(by=factories.somebody(Role.ADMINISTRATOR), now=now)


def due(item: AccessRequest) -> datetime | None:
    return StepEntry.objects.get(request=item, left_at=None).due_at


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_holiday_declared_while_a_sweep_tells_waits_for_it_and_plans_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    item, psi = disposed(MONDAY + timedelta(minutes=4)), factories.somebody(Role.PSI)
    factories.person(Role.ADMINISTRATOR)
    in_the_middle, queue_all = threading.Event(), mail.queue_all
    seen_meanwhile: list[datetime | None] = []

    def slowly(letters: Any, *, now: datetime) -> None:
        queue_all(letters, now=now)
        in_the_middle.set()
        declaring.join(1)  # seconds: it cannot end before we do
        seen_meanwhile.append(due(item))

    def declare() -> None:
        in_the_middle.wait(30)
        declare_a_holiday(DUE)
        connection.close()

    monkeypatch.setattr(mail, "queue_all", slowly)
    declaring = threading.Thread(target=declare)
    declaring.start()
    assert clock.sweep(now=DUE) == 3
    declaring.join(30)
    monkeypatch.undo()
    moved = DUE + timedelta(days=1)
    assert (seen_meanwhile, due(item)) == ([DUE], moved)
    assert breaches(item) == [DUE], "it was late on the calendar of that moment, and that stays on record"
    OutgoingMail.objects.all().delete()
    clock.sweep(now=moved)
    assert list(OutgoingMail.objects.values_list("to", "subject")) == [
        (psi.email, f"Batas waktu permohonan {item.reference} terlewati")
    ]
    assert breaches(item) == [DUE, moved]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_sweep_while_the_calendar_is_being_changed_passes_by_what_may_move() -> None:
    item = disposed(MONDAY + timedelta(minutes=4))
    factories.person(Role.ADMINISTRATOR)
    with transaction.atomic():
        declare_a_holiday(DUE)
        assert at_once([lambda: clock.sweep(now=DUE)]) == [0]
    assert clock.sweep(now=DUE) > 0, "half and warning of the new deadline"
    assert (breaches(item), due(item)) == ([], DUE + timedelta(days=1))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_step_that_begins_while_the_calendar_changes_is_counted_on_the_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = factories.a_request(Status.CLARIFICATION, at=MONDAY - timedelta(minutes=1))
    factories.person(Role.ADMINISTRATOR)
    plan, moving = clock.plan, threading.Event()

    def slowly(entry: StepEntry, *calendar: Any) -> None:
        plan(entry, *calendar)
        if entry.status == Status.DISPOSED and not moving.is_set():
            moving.set()
            declaring.join(1)

    def declare() -> None:
        moving.wait(30)
        declare_a_holiday(DUE)
        connection.close()

    monkeypatch.setattr(clock, "plan", slowly)
    declaring = threading.Thread(target=declare)
    declaring.start()
    request_letter.answer(item, by=item.created_by, now=MONDAY + timedelta(minutes=5), text="Setahun.")
    declaring.join(30)
    reached = due(item)
    assert reached is not None
    assert reached.astimezone(WIB).date() == date(2026, 11, 25)
    planned = DeadlineNotice.objects.filter(entry__request=item, kind="breach", state=State.PLANNED)
    assert [notice.at for notice in planned] == [reached]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_what_is_finished_while_a_sweep_tells_of_it_is_finished_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    item, psi = disposed(MONDAY + timedelta(minutes=4)), factories.somebody(Role.PSI)
    in_the_middle, queue_all = threading.Event(), mail.queue_all

    def slowly(letters: Any, *, now: datetime) -> None:
        queue_all(letters, now=now)
        in_the_middle.set()
        finishing.join(1)

    def finish() -> None:
        in_the_middle.wait(30)
        account.hand_back(item, by=psi, now=DUE, reason="Tidak ada yang dapat diberikan.")
        connection.close()

    monkeypatch.setattr(mail, "queue_all", slowly)
    finishing = threading.Thread(target=finish)
    finishing.start()
    clock.sweep(now=DUE)
    finishing.join(30)
    assert breaches(item) == [DUE]
    states = dict(DeadlineNotice.objects.filter(entry__request=item).values_list("kind", "state"))
    assert states == {"half": "skipped", "warning": "skipped", "breach": "told"}


# --- what a sweep costs --------------------------------------------------------------------------------------------
@pytest.mark.postgresql
@pytest.mark.django_db
def test_a_sweep_finds_what_is_due_by_its_index_and_not_by_reading_all() -> None:
    disposed(MONDAY + timedelta(minutes=4))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for states in (clock.TO_COME, (State.PLANNED,)):
        due_rows = DeadlineNotice.objects.filter(state__in=states, at__lte=DUE).order_by("at", "pk")
        assert "notice_to_come" in due_rows[: clock.BATCH].explain()
    unsent = DeadlineNotice.objects.filter(state=State.TOLD, sent_at__isnull=True).order_by("told_at", "pk")
    assert "notice_not_sent" in unsent.explain()
