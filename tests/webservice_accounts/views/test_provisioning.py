"""“Tugas layanan”: what PSI and administrators see and do there, and how an account's page speaks of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.roles import Role
from requests_app.sla import WIB
from tests.factories import DataTypeFactory, an_outside_account, person, the_institution
from webservice_accounts import provisioners
from webservice_accounts.models import ProvisioningTask, Service

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=WIB)
LIST = "/akun/tugas-layanan/"
State = ProvisioningTask.State


@pytest.fixture(autouse=True)
def _wednesday(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(provisioners, "after_commit", lambda *_: None)
    the_institution()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def psi(client: Client) -> User:
    """Return PSI, signed in."""
    user = person(Role.PSI, full_name="Nadia Safira")
    client.force_login(user)
    return user


def a_task(
    by: str = "by_hand", code: str = "siakad", at: datetime = NOW - timedelta(days=1), username: str = "fmipa-presensi"
) -> ProvisioningTask:
    service, _new = Service.objects.get_or_create(
        code=code,
        defaults={"name": f"Layanan {code}", "provisioner": by, "webhook_url": "https://layanan.example/gapura"},
    )
    data = DataTypeFactory(service=service, name=f"Mahasiswa {username}")
    account = an_outside_account(data, at=at, username=username, networks=["10.44.3.0/24"])
    return account.provisioning_tasks.get()


def text(response: Any) -> str:
    return response.content.decode()


# --- the list -------------------------------------------------------------------------------
def test_open_tasks_are_listed_with_what_is_due(client: Client, psi: User) -> None:
    a_task(at=NOW - timedelta(days=4))
    a_task("webhook", "perpus", username="feb-arsip")
    page = text(client.get(LIST))
    assert "Buat akun fmipa-presensi" in page
    assert "Terlambat" in page
    assert "terlambat 1 hari" in page or "terlambat 24 jam" in page
    assert "Menunggu dikirim" in page
    assert "Layanan perpus" in page


def test_finished_tasks_stand_behind_the_second_tab(client: Client, psi: User) -> None:
    task = a_task()
    provisioners.tick(task, done_at=NOW, remark="", by=psi, now=NOW)
    assert "fmipa-presensi" not in text(client.get(LIST))
    assert "Tidak ada tugas terbuka" in text(client.get(LIST))
    closed = text(client.get(f"{LIST}?daftar=selesai"))
    assert "fmipa-presensi" in closed
    assert "Nadia Safira" in closed


@pytest.mark.parametrize("role", [Role.UNIT_STAFF, Role.HELPDESK, Role.HEAD, Role.AUDITOR])
def test_others_find_nothing_there(client: Client, role: Role) -> None:
    task = a_task("webhook")
    client.force_login(person(role))
    assert client.get(LIST).status_code == 404
    assert client.get(f"{LIST}{task.pk}/").status_code == 404
    assert client.post(f"{LIST}{task.pk}/").status_code == 404
    assert client.post(f"{LIST}{task.pk}/ulang/").status_code == 404
    assert "tugas pada layanan" not in text(client.get("/"))


def test_the_administrator_is_let_in_too(client: Client) -> None:
    task = a_task()
    client.force_login(person(Role.ADMINISTRATOR))
    assert client.get(LIST).status_code == 200
    assert client.post(f"{LIST}{task.pk}/", {"done_at": "2026-11-25T10:00", "remark": ""}).status_code == 302


def test_the_list_keeps_its_query_budget(client: Client, psi: User) -> None:
    counts = []
    for number in range(1, 31):
        a_task("webhook" if number % 2 else "by_hand", code=f"layanan-{number}", username=f"akun-{number}")
        if number in (3, 30):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(LIST).status_code == 200
            counts.append(len(queries))
    assert counts[0] == counts[1]


def test_home_counts_what_waits_for_a_person(client: Client, psi: User) -> None:
    assert "layanan dengan akun sendiri" not in text(client.get("/"))
    a_task()
    a_task("webhook", "perpus", username="feb-arsip")
    assert "1 tugas pada layanan dengan akun sendiri menunggu Anda" in text(client.get("/"))


# --- by hand ----------------------------------------------------------------------------------
def test_the_page_of_a_task_says_what_to_do(client: Client, psi: User) -> None:
    page = text(client.get(f"{LIST}{a_task().pk}/"))
    for words in (
        "Buat akun ini pada layanan",
        "fmipa-presensi",
        "Mahasiswa fmipa-presensi",
        "10.44.3.0/24",
        "600 permintaan per menit, 60 sekaligus",
        "24 November 2026 s.d. 24 November 2027",
        "dapat digunakan",
        "Muhammad Iqbal, S.T.",
        "Batas waktu:",
    ):
        assert words in page, words
    assert 'value="2026-11-25T10:30"' in page


def test_ticking_it_off_over_http(client: Client, psi: User) -> None:
    task = a_task()
    said = {"done_at": "2026-11-25T09:15", "remark": "Dibuat lewat konsol SIAKAD."}
    response = client.post(f"{LIST}{task.pk}/", said, follow=True)
    assert "Tugas pada Layanan siakad dicatat selesai." in text(response)
    task.refresh_from_db()
    assert (task.state, task.done_at) == (State.DONE, datetime(2026, 11, 25, 9, 15, tzinfo=WIB))
    page = text(client.get(f"{LIST}{task.pk}/"))
    assert "Dibuat lewat konsol SIAKAD." in page
    assert '<form method="post" novalidate>' not in page


@pytest.mark.parametrize(
    ("done_at", "says"),
    [
        ("", "Isi kapan dikerjakan."),
        ("kemarin", "Tulis sebagai hari/bulan/tahun dan jam"),
        ("2026-11-25T10:31", "Waktu selesai tidak boleh sesudah sekarang."),
        ("2026-11-24T10:29", "Waktu selesai tidak boleh sebelum tugas ini dibuat."),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_the_remark_stays(
    client: Client, psi: User, done_at: str, says: str
) -> None:
    task = a_task()
    page = text(client.post(f"{LIST}{task.pk}/", {"done_at": done_at, "remark": "catatan saya"}))
    assert says in page
    assert "catatan saya" in page
    task.refresh_from_db()
    assert task.state == State.WAITING


def test_of_two_people_the_second_reads_who_was_faster(client: Client, psi: User) -> None:
    task = a_task()
    provisioners.tick(task, done_at=NOW, remark="", by=psi, now=NOW)
    client.force_login(person(Role.PSI))
    page = text(client.post(f"{LIST}{task.pk}/", {"done_at": "2026-11-25T10:00", "remark": ""}))
    assert "Tugas ini sudah dicentang Nadia Safira" in page


# --- webhooks ------------------------------------------------------------------------------------
def test_the_page_of_a_message_shows_what_is_sent_and_how_it_went(client: Client, psi: User) -> None:
    task = a_task("webhook")
    ProvisioningTask.objects.update(state=State.FAILED, attempts=10, last_error="ConnectionRefusedError: no")
    page = text(client.get(f"{LIST}{task.pk}/"))
    assert "&quot;type&quot;: &quot;account.created&quot;" in page
    assert "ConnectionRefusedError: no" in page
    assert "Gagal" in page
    assert f'action="{LIST}{task.pk}/ulang/"' in page


def test_sending_it_again_over_http(client: Client, psi: User) -> None:
    task = a_task("webhook")
    ProvisioningTask.objects.update(state=State.FAILED, attempts=10)
    assert client.get(f"{LIST}{task.pk}/ulang/").status_code == 405
    response = client.post(f"{LIST}{task.pk}/ulang/", follow=True)
    assert "Pesan untuk Layanan siakad dikirim ulang sekarang." in text(response)
    task.refresh_from_db()
    assert (task.state, task.attempts, task.next_try_at) == (State.WAITING, 0, NOW)


def test_a_refusal_is_a_sentence(client: Client, psi: User) -> None:
    task = a_task()
    response = client.post(f"{LIST}{task.pk}/ulang/", follow=True)
    assert "Layanan ini tidak diberi tahu lewat webhook." in text(response)


# --- the account's page -------------------------------------------------------------------------
def test_the_account_s_page_says_how_services_follow_and_leads_only_those_who_may_act(psi: User) -> None:
    task = a_task()

    def fragment(reader: User) -> str:
        given = provisioners.for_page(task.account, reader, NOW)
        return render_to_string("webservice_accounts/_account_provisioning.html", {"provisioning": given})

    assert "Layanan siakad" in fragment(psi)
    assert f'href="{LIST}{task.pk}/"' in fragment(psi)
    staff = fragment(person(Role.UNIT_STAFF))
    assert "Layanan siakad" in staff
    assert "href=" not in staff.replace("icons.svg", "").replace('use href="', "")


def test_an_account_behind_the_gate_has_no_such_part() -> None:
    account = an_outside_account(DataTypeFactory(), at=NOW)
    given = provisioners.for_page(account, person(Role.PSI), NOW)
    assert render_to_string("webservice_accounts/_account_provisioning.html", {"provisioning": given}).strip() == ""
