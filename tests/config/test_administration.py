"""The administrator's check list: what turns each line green, and what turns it red."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import connection
from pytest_django import Settings

from accounts.models import Institution, OutgoingMail, RoleGrant, Unit, User
from accounts.roles import Role
from accounts.timers import HEARTBEAT
from config import administration
from requests_app.models import ConfirmedYear
from requests_app.sop import Status
from tests import factories
from tests.servers import free_port
from webservice_accounts.models import DataType

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=7)))
State = OutgoingMail.State


@pytest.fixture
def house() -> Institution:
    """Return an institution with everything filled in."""
    house = factories.the_institution()
    house.logo.save("lambang.png", ContentFile(b"\x89PNG"))
    return house


def check(label: str, now: datetime = NOW) -> administration.Check:
    """The line of that name."""
    lines = {item.label: item for group in administration.check_groups(now) for item in group.items}
    return lines[label]


def a_mail(**fields: Any) -> OutgoingMail:
    known = {
        "key": f"key-{OutgoingMail.objects.count()}",
        "to": "orang@usk.ac.id",
        "language": "id",
        "subject": "Surel",
        "queued_at": NOW,
        "next_try_at": NOW,
    }
    return OutgoingMail.objects.create(**known | fields)


# --- institution ------------------------------------------------------------------------------
def test_a_fresh_database_is_red_but_answers() -> None:
    groups = administration.check_groups(NOW)
    red = {item.label for group in groups for item in group.items if not item.ok}
    assert {
        "Nama dan data institusi",
        "Kop surat",
        "Unit kerja",
        "Katalog jenis data",
        "Kepala UPT TIK",
        "Admin/Helpdesk",
        "Divisi PSI",
        "Staf unit kerja",
        "Kalender 2026",
        "Kalender 2027",
        "Surel terkirim",
        "Pekerja dan jam",
    } <= red


def test_the_institution_is_ready_when_nothing_that_letters_need_is_empty(house: Institution) -> None:
    assert check("Nama dan data institusi").ok
    Institution.objects.update(signatory_title="", helpdesk_email="")
    line = check("Nama dan data institusi")
    assert (line.ok, line.detail) == (False, "Belum diisi: jabatan penanda tangan, email helpdesk.")


@pytest.mark.parametrize(
    ("emptied", "detail"),
    [
        ({"logo": ""}, "Belum diisi: lambang pada kop surat."),
        ({"address": ""}, "Belum diisi: alamat pada kop surat."),
    ],
)
def test_the_letterhead_needs_address_and_logo(house: Institution, emptied: dict[str, str], detail: str) -> None:
    assert check("Kop surat").ok
    Institution.objects.update(**emptied)
    line = check("Kop surat")
    assert (line.ok, line.detail) == (False, detail)


def test_units_and_catalogue_count_what_is_in_use() -> None:
    unit = factories.UnitFactory()
    data_type = factories.DataTypeFactory(owner=unit)
    assert (check("Unit kerja").ok, check("Unit kerja").detail) == (True, "1 unit kerja")
    assert (check("Katalog jenis data").ok, check("Katalog jenis data").detail) == (True, "1 jenis data ditawarkan")
    Unit.objects.update(is_active=False)
    DataType.objects.filter(pk=data_type.pk).update(is_active=False)
    assert (check("Unit kerja").ok, check("Katalog jenis data").ok) == (False, False)


# --- people --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "label"),
    [
        (Role.HEAD, "Kepala UPT TIK"),
        (Role.HELPDESK, "Admin/Helpdesk"),
        (Role.PSI, "Divisi PSI"),
        (Role.UNIT_STAFF, "Staf unit kerja"),
    ],
)
def test_each_role_of_the_procedure_needs_somebody_active(role: Role, label: str) -> None:
    assert check(label).detail == "Belum ada yang memegang peran ini."
    person = factories.person(role, full_name="Teuku Maulana")
    assert (check(label).ok, check(label).detail) == (True, "Teuku Maulana")
    factories.person(role)
    assert check(label).detail == "2 orang"
    RoleGrant.objects.exclude(user=person).delete()
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert not check(label).ok


# --- calendar -------------------------------------------------------------------------------------
def test_this_year_must_be_confirmed_and_from_november_the_next() -> None:
    october = datetime(2026, 10, 31, 23, 59, tzinfo=NOW.tzinfo)
    labels = {item.label for group in administration.check_groups(october) for item in group.items}
    assert "Kalender 2026" in labels
    assert "Kalender 2027" not in labels
    assert not check("Kalender 2027", october + timedelta(minutes=1)).ok
    somebody = factories.person(Role.ADMINISTRATOR, full_name="Yusra Rahmi")
    ConfirmedYear.objects.create(year=2027, confirmed_at=NOW, confirmed_by=somebody)
    line = check("Kalender 2027")
    assert (line.ok, line.detail) == (True, "Dikonfirmasi Yusra Rahmi, 23 November 2026 09.00")
    assert not check("Kalender 2026").ok


# --- mail and workers ------------------------------------------------------------------------------
def test_mail_works_once_one_was_sent() -> None:
    assert check("Surel terkirim").detail == "Belum ada surel yang terkirim. Kirim surel uji."
    a_mail(state=State.SENT, sent_at=NOW - timedelta(hours=1))
    line = check("Surel terkirim")
    assert (line.ok, line.detail) == (True, "Terakhir terkirim 23 November 2026 08.00")


@pytest.mark.parametrize(("minutes", "ok"), [(15, True), (16, False)])
def test_mail_that_waits_longer_than_a_quarter_of_an_hour_is_a_fault(minutes: int, ok: bool) -> None:
    a_mail(state=State.SENT, sent_at=NOW - timedelta(hours=1))
    a_mail(state=State.WAITING, queued_at=NOW - timedelta(minutes=minutes))
    assert check("Surel terkirim").ok is ok


def test_mail_into_a_folder_is_no_mail(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    a_mail(state=State.SENT, sent_at=NOW)
    assert not check("Surel terkirim").ok


@pytest.mark.parametrize(("age", "ok"), [(timedelta(seconds=179), True), (timedelta(minutes=3), False)])
def test_the_worker_s_pulse_may_be_three_minutes_old(age: timedelta, ok: bool) -> None:
    cache.set(HEARTBEAT, NOW - age)
    assert check("Pekerja dan jam").ok is ok
    assert administration.is_healthy(NOW) is ok


def test_a_broker_that_answers_is_green() -> None:
    assert check("Antrean pekerjaan").ok


def test_a_broker_that_refuses_is_red_and_the_page_still_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    real = administration.current_app
    dead = f"redis://127.0.0.1:{free_port()}/0"
    options = {"socket_timeout": 1, "socket_connect_timeout": 1}
    fake = SimpleNamespace(connection_for_write=lambda: real.connection_for_write(dead, transport_options=options))
    monkeypatch.setattr(administration, "current_app", fake)
    assert not check("Antrean pekerjaan").ok


def test_a_cache_that_does_not_answer_is_no_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_key: str) -> None:
        raise ConnectionError("refused")

    monkeypatch.setattr(administration.cache, "get", refuse)
    assert not check("Pekerja dan jam").ok
    assert not administration.is_healthy(NOW)


def test_a_database_that_does_not_answer_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.set(HEARTBEAT, NOW)
    assert administration.is_healthy(NOW)

    class Gone:
        def cursor(self) -> None:
            raise administration.DatabaseError("gone")

    monkeypatch.setattr(administration, "connection", Gone())
    assert not administration.is_healthy(NOW)


# --- storage ----------------------------------------------------------------------------------------
def test_a_folder_that_can_be_written_is_green() -> None:
    line = check("Folder berkas")
    assert line.ok
    assert line.detail.startswith("Dapat ditulisi, sisa ")


def test_a_folder_that_is_no_folder_is_red(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    settings.MEDIA_ROOT = file / "uploads"
    line = check("Folder berkas")
    assert not line.ok
    assert line.detail.startswith("Tidak dapat ditulisi:")


@pytest.mark.parametrize(("free", "ok"), [(1024**3, True), (1024**3 - 1, False)])
def test_less_than_a_gigabyte_is_too_little(monkeypatch: pytest.MonkeyPatch, free: int, ok: bool) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=free))
    assert check("Folder berkas").ok is ok


@pytest.mark.parametrize("debug", [True, False])
def test_the_database_is_named_and_sqlite_is_not_for_an_office(settings: Settings, debug: bool) -> None:
    settings.DEBUG = debug
    line = check("Basis data")
    if connection.vendor == "postgresql":
        assert line.ok
        assert line.detail.startswith("PostgreSQL 1")
    else:
        assert line.ok is debug
        assert line.detail.startswith("SQLite")


# --- figures ----------------------------------------------------------------------------------------
def test_overdue_counts_open_steps_with_a_day_s_deadline_only() -> None:
    monday = datetime(2026, 11, 16, 8, 0, tzinfo=NOW.tzinfo)
    factories.a_request(Status.DISPOSED, at=monday)  # due on Tuesday
    factories.a_request(Status.SUBMITTED, at=monday)  # five minutes are a norm that alarms nobody
    factories.a_request(Status.FINISHED, at=monday)
    assert administration.figures(NOW).overdue == 1
    assert administration.figures(monday + timedelta(hours=24, minutes=4)).overdue == 0
    assert administration.figures(monday + timedelta(hours=24, minutes=5)).overdue == 1


def test_mails_are_counted_by_what_became_of_them() -> None:
    for state, count in ((State.WAITING, 3), (State.SENDING, 2), (State.FAILED, 1), (State.SENT, 4)):
        for _number in range(count):
            a_mail(state=state)
    figures = administration.figures(NOW)
    assert (figures.waiting, figures.failed) == (5, 1)


def test_what_was_given_up_stands_first_in_the_outbox() -> None:
    old = a_mail(state=State.WAITING, queued_at=NOW - timedelta(hours=2))
    new = a_mail(state=State.WAITING, queued_at=NOW)
    failed = a_mail(state=State.FAILED, queued_at=NOW)
    a_mail(state=State.SENT)
    assert list(administration.outbox()) == [failed, old, new]


def test_the_check_list_asks_the_database_the_same_however_full_it_is(
    django_assert_max_num_queries: Callable[..., Any], house: Institution
) -> None:
    for _number in range(30):
        factories.person(Role.PSI)
        factories.DataTypeFactory()
        a_mail()
    ConfirmedYear.objects.create(year=2026, confirmed_at=NOW, confirmed_by=factories.person())
    with django_assert_max_num_queries(9):
        administration.check_groups(NOW)
