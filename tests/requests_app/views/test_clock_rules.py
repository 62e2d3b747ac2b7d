"""How a standard is counted: everybody reads it, an administrator chooses, and what runs is left alone."""

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.roles import Role
from requests_app import sla, working_time
from requests_app.models import ClockRule
from requests_app.sop import Status
from requests_app.steps import clock_rules
from tests.factories import a_request, person, the_institution

pytestmark = pytest.mark.django_db

PAGE = "/kalender/cara-hitung/"
TYPED = {
    "reading": "end-of-day",
    "warns_at_half": "",
    "warn_ahead": "1,5",
    "team_after": "3",
    "head_after": "6",
    "reason": "Surat Edaran 4/2026",
    "known": "",
}


@pytest.fixture
def administrator() -> User:
    the_institution()
    return person(Role.ADMINISTRATOR, full_name="Yusra")


def post(client: Client, number: str = "3", **changes: str) -> HttpResponse:
    said = TYPED | changes
    data = {f"langkah{number}-{name}": value for name, value in said.items() if value}
    return client.post(PAGE, {"number": number, **data})


def text(response: HttpResponse) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def section(response: HttpResponse, number: str) -> str:
    whole = text(response)
    return whole.split(f"Langkah {number}: ")[1].split("Langkah 6: ")[0].split("Riwayat pilihan")[0]


# --- reading ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [None, *Role])
def test_everybody_who_is_signed_in_reads_the_page_and_the_administrator_alone_finds_a_form(
    client: Client, role: Role | None
) -> None:
    client.force_login(person(role))
    page = client.get(PAGE)
    assert page.status_code == 200
    for number in ("3", "6"):
        assert "Cara hitung: jam yang sama pada hari kerja berikutnya (bawaan)." in section(page, number)
        assert "Diingatkan 2 jam kerja sebelum batas waktu." in section(page, number)
    assert "Pilihan baru tidak berlaku surut" in text(page)
    assert "Waktu itu dilaporkan dan tidak pernah menjadi peringatan" in text(page)
    assert ("Simpan untuk langkah 3" in text(page)) == (role is Role.ADMINISTRATOR)


def test_the_page_counts_the_requests_that_keep_their_rule_also_those_that_wait_for_a_unit(
    client: Client, administrator: User
) -> None:
    for status in (Status.DISPOSED, Status.CLARIFICATION, Status.ACCOUNT_CREATED, Status.FINISHED):
        a_request(status)
    client.force_login(administrator)
    page = client.get(PAGE)
    assert "2 permohonan; tetap memakai cara hitung saat langkahnya mulai." in section(page, "3")
    assert "Tidak ada permohonan." in section(page, "6")


# --- choosing ---------------------------------------------------------------------------------------------
def test_a_choice_is_in_force_for_its_row_from_now_on_and_stands_in_the_history(
    client: Client, administrator: User
) -> None:
    running = a_request(Status.DISPOSED)
    due = running.entries.get(left_at=None).due_at
    client.force_login(administrator)
    before = timezone.now()
    response = post(client)
    assert (response.status_code, response["Location"]) == (302, PAGE)

    rules = working_time.rules()
    chosen = rules.at("3", timezone.now())
    assert (chosen.reading, chosen.chosen_by, chosen.warns_at_half) == (sla.Reading.END_OF_DAY, "Yusra", False)
    assert (chosen.warn_ahead, chosen.team_after, chosen.head_after) == (
        timedelta(minutes=90),
        timedelta(hours=3),
        timedelta(hours=6),
    )
    assert rules.at("3", before) == sla.Rule(), "what had begun before keeps the rule of before"
    assert rules.at("6", timezone.now()) == sla.Rule()
    assert running.entries.get(left_at=None).due_at == due

    page = client.get(PAGE)
    assert "Cara hitung langkah 3 disimpan dan berlaku mulai sekarang. 1 permohonan yang sedang berjalan" in text(page)
    history = text(page).split("Riwayat pilihan", 1)[1]
    for said in ("Yusra", "Surat Edaran 4/2026", "Akhir jam kerja", "Diingatkan 1 jam 30 menit kerja sebelum"):
        assert said in history
    assert "dipilih Yusra pada" in section(page, "3")

    event = AuditEvent.objects.get(verb="clock_rule")
    assert (event.actor_name, event.data["number"], event.data["reason"]) == ("Yusra", "3", "Surat Edaran 4/2026")


def test_what_begins_after_the_choice_is_counted_by_it(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    post(client)
    later = a_request(Status.DISPOSED, at=datetime(2027, 1, 11, 9, 0, tzinfo=sla.WIB))  # a Monday
    entry = later.entries.get(left_at=None)
    assert entry.due_at == datetime(2027, 1, 12, 16, 0, tzinfo=sla.WIB)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_else_can_choose(client: Client, role: Role) -> None:
    client.force_login(person(role))
    assert post(client).status_code == 403
    assert not ClockRule.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reading": ""}, "Pilih salah satu cara hitung."),
        ({"reading": "besok"}, "Pilih salah satu cara hitung dari daftar."),
        ({"warn_ahead": ""}, "Isi dengan angka jam, misalnya 2 atau 1,5."),
        ({"warn_ahead": "dua"}, "Isi dengan angka jam, misalnya 2 atau 1,5."),
        ({"warn_ahead": "NaN"}, "Isi dengan angka jam, misalnya 2 atau 1,5."),
        ({"warn_ahead": "1.25"}, "Tulis dalam kelipatan setengah jam, misalnya 1,5."),
        ({"warn_ahead": "-1"}, "Jam tidak dapat kurang dari 0."),
        ({"warn_ahead": "7.5"}, "Paling lama 7 jam kerja."),
        ({"warn_ahead": "1e400"}, "Paling lama 7 jam kerja."),
        ({"team_after": "41", "head_after": "40"}, "Paling lama 40 jam kerja."),
        ({"team_after": "3", "head_after": "2.5"}, "Kepala diberi tahu bersama tim atau sesudahnya, bukan sebelumnya."),
        ({"reason": ""}, "Tulis alasan perubahan ini, misalnya nomor surat edaran."),
        ({"reason": "   "}, "Tulis alasan perubahan ini, misalnya nomor surat edaran."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_saved(
    client: Client, administrator: User, changes: dict[str, str], said: str
) -> None:
    client.force_login(administrator)
    page = post(client, **changes)
    assert page.status_code == 200
    assert text(page).count(said) == 2, "at the top of the form, and beside the field"
    assert not ClockRule.objects.exists()


@pytest.mark.parametrize("number", ["", "5", "4", "x"])
def test_a_row_without_a_choice_changes_nothing(client: Client, administrator: User, number: str) -> None:
    client.force_login(administrator)
    assert post(client, number).status_code == 200
    assert not ClockRule.objects.exists()


def test_of_two_administrators_the_slower_one_is_told_who_was_faster(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    post(client)
    other = Client()
    other.force_login(person(Role.ADMINISTRATOR))
    page = post(other, reason="Keputusan Rektor")
    assert "Yusra mengubah cara hitung ini sejak halaman Anda dibuka." in text(page)
    assert "Keputusan Rektor" in page.content.decode(), "what was typed is kept"
    assert ClockRule.objects.count() == 1
    newest = ClockRule.objects.get()
    assert f'name="langkah3-known" value="{newest.pk}"' in page.content.decode(), "pressing again is an answer"
    assert post(other, reading="same-time", reason="Keputusan Rektor", known=str(newest.pk)).status_code == 302
    assert ClockRule.objects.count() == 2


def test_choosing_what_is_in_force_already_is_no_choice(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    shipped = {"reading": "same-time", "warns_at_half": "on", "warn_ahead": "2", "team_after": "2", "head_after": "4"}
    page = post(client, **shipped)
    assert "Tidak ada yang berubah dari pilihan yang berlaku sekarang." in text(page)
    assert not ClockRule.objects.exists()


def test_the_setting_from_before_the_rules_is_named_as_such(client: Client, administrator: User) -> None:
    long_ago = datetime(2000, 1, 1, tzinfo=sla.WIB)
    ClockRule.objects.create(number="3", effective_from=long_ago, chosen_at=long_ago, reading="end-of-day")
    client.force_login(administrator)
    page = client.get(PAGE)
    assert "akhir jam kerja pada hari kerja berikutnya (pengaturan awal)." in section(page, "3")
    assert "Pengaturan awal" in text(page).split("Riwayat pilihan", 1)[1]


def test_a_row_of_minutes_has_no_rule(administrator: User) -> None:
    with pytest.raises(ValueError, match="row 5"):
        clock_rules.choose("5", sla.Rule(), reason="", by=administrator, now=timezone.now(), known=None)


def test_the_number_of_queries_does_not_grow_with_the_history(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    now = timezone.now()

    def choices(number: int) -> None:
        for _ in range(number):
            at = now - timedelta(days=1, hours=ClockRule.objects.count())
            ClockRule.objects.create(number="3", effective_from=at, chosen_at=at, chosen_by=person(None))

    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            client.get(PAGE)
        return len(counted)

    choices(2)
    with_two = queries()
    choices(10)
    assert queries() == with_two
