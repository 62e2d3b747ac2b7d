"""Pages about oneself, through HTTP: profile, notices, language, substitutes."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Notice, OutgoingMail, Substitution, User
from accounts.roles import Role
from requests_app.sla import WIB
from tests.factories import UnitFactory, person

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def _monday_at_nine() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def reader() -> User:
    return person(Role.UNIT_STAFF, full_name="Cut Nurmala", identity_type="", identity_number="")


@pytest.fixture
def signed_in(client: Client, reader: User) -> Client:
    client.force_login(reader)
    return client


def text(response: HttpResponse) -> str:
    """What a reader sees of the page's own part."""
    main = response.content.decode().split("<main")[1].split("</main>")[0]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


# --- profile ------------------------------------------------------------------------------------------
PROFILE = {
    "full_name": "Cut Nurmala, S.Si.",
    "phone": "(0651) 755 1234",
    "identity_type": "nip",
    "identity_number": "19880912 201504 2 001",
    "language": "id",
    "wants_digest": "on",
}


def test_a_profile_is_kept_in_its_stored_form_and_the_change_recorded(signed_in: Client, reader: User) -> None:
    response = signed_in.post("/profil/", PROFILE, follow=True)
    assert "Profil disimpan." in text(response)
    reader.refresh_from_db()
    assert reader.full_name == "Cut Nurmala, S.Si."
    assert str(reader.phone) == "+626517551234"
    assert (reader.identity_type, reader.identity_number) == ("nip", "198809122015042001")
    event = AuditEvent.objects.get()
    assert (event.subject, event.verb) == (f"user:{reader.pk}", "change_profile")
    assert event.data == {"what": "nama, nomor telepon, jenis identitas, nomor identitas"}


def test_the_form_shows_what_is_stored_as_people_read_it(signed_in: Client, reader: User) -> None:
    page = signed_in.get("/profil/").content.decode()
    assert 'value="Cut Nurmala"' in page
    assert 'value="0812-3456-7890"' in page
    assert reader.email in page
    assert "Staf unit kerja" in page


def test_saving_unchanged_records_nothing(signed_in: Client) -> None:
    signed_in.post("/profil/", PROFILE)
    AuditEvent.objects.all().delete()
    signed_in.post("/profil/", PROFILE)
    assert not AuditEvent.objects.exists()


def test_phone_and_identity_may_be_left_empty(signed_in: Client, reader: User) -> None:
    signed_in.post("/profil/", PROFILE | {"phone": "", "identity_type": "", "identity_number": ""})
    reader.refresh_from_db()
    assert (str(reader.phone), reader.identity_type, reader.identity_number) == ("", "", "")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"full_name": "  "}, "Isi nama Anda."),
        ({"phone": "12"}, "Isi satu nomor telepon, misalnya 0812-3456-7890."),
        ({"identity_number": "12345678901234567"}, "NIP terdiri atas 18 angka; yang diisi 17 angka."),
        ({"identity_type": ""}, "Pilih jenis nomor yang diisi."),
        ({"identity_number": ""}, "Isi nomornya, atau kosongkan jenis identitas."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_kept(
    signed_in: Client, reader: User, wrong: dict[str, str], said: str
) -> None:
    response = signed_in.post("/profil/", PROFILE | wrong)
    assert said in response.context["form"].errors[next(iter(wrong))]
    assert said in text(response)
    kept = {
        name: value for name, value in (PROFILE | wrong).items() if value.strip() and name in ("phone", "full_name")
    }
    assert all(f'value="{value}"' in unescape(response.content.decode()) for value in kept.values())
    reader.refresh_from_db()
    assert reader.full_name == "Cut Nurmala"
    assert not AuditEvent.objects.exists()


def test_a_name_becomes_one_line(signed_in: Client, reader: User) -> None:
    signed_in.post("/profil/", PROFILE | {"full_name": "Cut\r\nBcc: orang@jahat.example"})
    reader.refresh_from_db()
    assert reader.full_name == "Cut Bcc: orang@jahat.example"


def test_a_name_of_150_letters_and_a_picture_is_a_name(signed_in: Client, reader: User) -> None:
    name = "é" * 149 + "🎓"
    assert signed_in.post("/profil/", PROFILE | {"full_name": name}).status_code == 302
    reader.refresh_from_db()
    assert reader.full_name == name
    assert signed_in.post("/profil/", PROFILE | {"full_name": name + "x"}).status_code == 200


def test_the_language_of_the_profile_is_that_of_the_next_page(signed_in: Client) -> None:
    response = signed_in.post("/profil/", PROFILE | {"language": "en"}, follow=True)
    assert response["Content-Language"] == "en"


def test_nobody_gives_themselves_a_role_a_unit_or_another_address(signed_in: Client, reader: User) -> None:
    other = UnitFactory()
    signed_in.post(
        "/profil/",
        PROFILE | {"role": "administrator", "roles": "administrator", "unit": other.pk, "email": "lain@usk.ac.id"},
    )
    fresh = User.objects.get(pk=reader.pk)
    assert (fresh.unit, fresh.email, fresh.roles) == (reader.unit, reader.email, {Role.UNIT_STAFF})


# --- notices ---------------------------------------------------------------------------------------------
def a_notice(user: User, number: int, **fields: Any) -> Notice:
    at = MONDAY - timedelta(hours=number)
    return Notice.objects.create(user=user, key=str(number), at=at, text=f"Kabar nomor {number}.", **fields)


def test_only_ones_own_notices_the_newest_first(signed_in: Client, reader: User) -> None:
    a_notice(reader, 2, url="/permohonan/GP26-ABC234/")
    a_notice(reader, 1)
    a_notice(person(), 3)
    response = signed_in.get("/pemberitahuan/")
    assert re.findall(r"Kabar nomor \d", text(response)) == ["Kabar nomor 1", "Kabar nomor 2"]
    assert '<a href="/permohonan/GP26-ABC234/">Kabar nomor 2.</a>' in response.content.decode()
    assert "Senin, 23 November 2026 08.00 WIB · 1 jam yang lalu" in text(response)


def test_the_button_marks_all_of_mine_read_and_nobody_elses(signed_in: Client, reader: User) -> None:
    for number in range(3):
        a_notice(reader, number)
    theirs = a_notice(person(), 9)
    assert "3 belum dibaca." in text(signed_in.get("/pemberitahuan/"))
    response = signed_in.post("/pemberitahuan/", follow=True)
    assert "belum dibaca" not in text(response).lower()
    assert "Tandai semua" not in text(response)
    assert set(reader.notices.values_list("read_at", flat=True)) == {MONDAY}
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_looking_marks_nothing_read(signed_in: Client, reader: User) -> None:
    notice = a_notice(reader, 1)
    signed_in.get("/pemberitahuan/")
    notice.refresh_from_db()
    assert notice.read_at is None


def test_an_empty_bell_says_what_will_come(signed_in: Client) -> None:
    assert "Belum ada pemberitahuan" in text(signed_in.get("/pemberitahuan/"))


def test_a_notice_is_text_and_never_html(signed_in: Client, reader: User) -> None:
    Notice.objects.create(user=reader, key="x", at=MONDAY, text="<script>alert(1)</script>")
    assert b"<script>alert(1)" not in signed_in.get("/pemberitahuan/").content


def test_twenty_five_on_a_page_and_more_cost_no_more_queries(signed_in: Client, reader: User) -> None:
    def queries(page: int = 1) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert signed_in.get(f"/pemberitahuan/?page={page}").status_code == 200
        return len(asked)

    for number in range(3):
        a_notice(reader, number)
    few = queries()
    for number in range(3, 30):
        a_notice(reader, number)
    assert queries() == few
    assert len(re.findall("Kabar nomor", text(signed_in.get("/pemberitahuan/")))) == 25
    assert len(re.findall("Kabar nomor", text(signed_in.get("/pemberitahuan/?page=2")))) == 5


# --- language ------------------------------------------------------------------------------------------------
def test_the_switch_without_signing_in_is_a_cookie(client: Client) -> None:
    response = client.post("/bahasa/", {"language": "en", "next": "/masuk/login/"})
    assert (response.status_code, response["Location"]) == (302, "/masuk/login/")
    assert response.cookies["language"].value == "en"
    assert client.get("/masuk/login/")["Content-Language"] == "en"


def test_the_switch_of_a_person_is_remembered_with_them(signed_in: Client, reader: User) -> None:
    signed_in.post("/bahasa/", {"language": "en", "next": "/profil/"})
    reader.refresh_from_db()
    assert reader.language == "en"
    assert signed_in.get("/profil/")["Content-Language"] == "en"


@pytest.mark.parametrize("wanted", ["", "fr", "EN", "en\r\nSet-Cookie: x=1", "../id"])
def test_a_language_we_do_not_speak_changes_nothing(signed_in: Client, reader: User, wanted: str) -> None:
    response = signed_in.post("/bahasa/", {"language": wanted, "next": "/profil/"})
    assert response.status_code == 302
    assert "language" not in response.cookies
    reader.refresh_from_db()
    assert reader.language == "id"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://jahat.example/",
        "//jahat.example/",
        "\\\\jahat.example",
        "javascript:alert(1)",
        "http:///jahat.example",
        "",
    ],
)
def test_the_way_back_stays_in_the_house(client: Client, elsewhere: str) -> None:
    response = client.post("/bahasa/", {"language": "en", "next": elsewhere})
    assert response["Location"] == "/"


def test_a_link_changes_no_language(signed_in: Client) -> None:
    assert signed_in.get("/bahasa/?language=en").status_code == 405


# --- substitutes --------------------------------------------------------------------------------------------------
@pytest.fixture
def head(client: Client) -> User:
    user = person(Role.HEAD, full_name="Dr. Maulana")
    client.force_login(user)
    return user


@pytest.fixture
def deputy(head: User) -> User:
    return person(Role.PSI, full_name="Nadia Safira", unit=head.unit, job_title="Pranata Komputer")


def wish(whom: User, **other: Any) -> dict[str, Any]:
    return {
        "substitute": whom.pk,
        "kind": "Plh.",
        "starts_on": "2026-11-23",
        "ends_on": "2026-11-27",
        "basis": "SP 12/2026",
    } | other


def test_a_head_appoints_and_ends_on_one_page(client: Client, head: User, deputy: User) -> None:
    page = text(client.post("/pengganti/", wish(deputy), follow=True))
    assert "Nadia Safira ditunjuk dan sudah diberi tahu." in page
    assert "Plh. Nadia Safira" in page
    assert "23 November 2026 s.d. 27 November 2026" in page
    assert "Berlaku sekarang" in page
    row = Substitution.objects.get()
    assert (row.absent, row.substitute, row.basis) == (head, deputy, "SP 12/2026")
    page = text(client.post(f"/pengganti/{row.pk}/akhiri/", follow=True))
    assert "Penunjukan Nadia Safira diakhiri." in page
    assert "Berlaku sekarang" not in page
    assert OutgoingMail.objects.filter(to=deputy.email).count() == 2


def test_dates_may_be_typed_the_indonesian_way(client: Client, deputy: User) -> None:
    client.post("/pengganti/", wish(deputy, starts_on="24/11/2026", ends_on="25-11-2026"))
    row = Substitution.objects.get()
    assert (row.starts_on, row.ends_on) == (date(2026, 11, 24), date(2026, 11, 25))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"starts_on": "12/25/2026"}, "Tulis tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026."),
        ({"starts_on": ""}, "Isi tanggal mulai."),
        ({"ends_on": ""}, "Isi tanggal akhir."),
        ({"substitute": ""}, "Pilih siapa yang menggantikan."),
        ({"starts_on": "2026-11-22"}, "Tanggal mulai tidak boleh sebelum hari ini."),
        ({"ends_on": "2026-11-22"}, "Tanggal akhir tidak boleh sebelum tanggal mulai."),
        ({"ends_on": "2036-11-27"}, "Paling lama satu tahun. Periksa tahun pada tanggal akhir."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    client: Client, deputy: User, wrong: dict[str, str], said: str
) -> None:
    response = client.post("/pengganti/", wish(deputy, **wrong))
    assert response.status_code == 200
    assert text(response).count(said) >= 1
    page = response.content.decode()
    assert 'value="SP 12/2026"' in page
    assert all(f'value="{value}"' in page for value in wrong.values() if value)
    assert not Substitution.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_one_chooses_among_active_people_of_ones_own_unit(client: Client, head: User, deputy: User) -> None:
    left = person(None, unit=head.unit, is_active=False)
    stranger = person(Role.PSI)
    offered = client.get("/pengganti/").content.decode()
    assert "Nadia Safira (Pranata Komputer)" in offered
    for nobody in (left, stranger, head):
        assert f'<option value="{nobody.pk}"' not in offered
        assert client.post("/pengganti/", wish(nobody)).status_code == 200
    assert not Substitution.objects.exists()


def test_one_cannot_appoint_for_another_by_adding_a_field(client: Client, head: User, deputy: User) -> None:
    other = person(Role.HEAD)
    client.post("/pengganti/", wish(deputy, absent=other.pk))
    assert Substitution.objects.get().absent == head


def test_an_administrator_appoints_for_anybody_from_all_units(client: Client, head: User) -> None:
    client.force_login(person(Role.ADMINISTRATOR))
    far = person(None, full_name="Orang Jauh")
    client.post("/pengganti/", wish(far, absent=head.pk))
    row = Substitution.objects.get()
    assert (row.absent, row.substitute) == (head, far)


def test_an_administrator_must_say_for_whom(client: Client, head: User, deputy: User) -> None:
    client.force_login(person(Role.ADMINISTRATOR))
    assert "Pilih siapa yang berhalangan." in text(client.post("/pengganti/", wish(deputy)))


def test_without_a_role_there_is_nothing_to_lend_but_one_sees_what_one_was_lent(client: Client, head: User) -> None:
    user = person(None, unit=head.unit)
    Substitution.objects.create(absent=head, substitute=user, starts_on=TODAY, ends_on=TODAY)
    client.force_login(user)
    response = client.get("/pengganti/")
    assert "Tunjuk pengganti" not in text(response)
    assert "Dr. Maulana" in text(response)
    assert "Akhiri" not in text(response)
    assert client.post("/pengganti/", wish(person(None, unit=head.unit))).status_code == 200
    assert Substitution.objects.count() == 1


def test_the_page_says_when_the_substitute_is_away_too(client: Client, head: User, deputy: User) -> None:
    row = Substitution.objects.create(absent=head, substitute=deputy, starts_on=TODAY, ends_on=TODAY)
    assert "Pengganti juga berhalangan" not in text(client.get("/pengganti/"))
    Substitution.objects.create(absent=deputy, substitute=person(None), starts_on=row.starts_on, ends_on=row.ends_on)
    assert "Pengganti juga berhalangan" in text(client.get("/pengganti/"))


def test_those_of_others_are_not_found(client: Client, head: User, deputy: User) -> None:
    row = Substitution.objects.create(absent=head, substitute=deputy, starts_on=TODAY, ends_on=TODAY)
    client.force_login(person(Role.PSI))
    assert "Dr. Maulana" not in text(client.get("/pengganti/"))
    assert client.post(f"/pengganti/{row.pk}/akhiri/").status_code == 404
    assert Substitution.objects.count() == 1


def test_the_substitute_cannot_end_it(client: Client, head: User, deputy: User) -> None:
    row = Substitution.objects.create(absent=head, substitute=deputy, starts_on=TODAY, ends_on=TODAY)
    client.force_login(deputy)
    page = text(client.post(f"/pengganti/{row.pk}/akhiri/", follow=True))
    assert "Anda hanya dapat menunjuk pengganti untuk diri sendiri" in page
    assert Substitution.objects.count() == 1


def test_a_link_ends_nothing(client: Client, head: User, deputy: User) -> None:
    row = Substitution.objects.create(absent=head, substitute=deputy, starts_on=TODAY, ends_on=TODAY)
    assert client.get(f"/pengganti/{row.pk}/akhiri/").status_code == 405


def test_many_cost_no_more_queries(client: Client, head: User, deputy: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get("/pengganti/")
        return len(asked)

    def past(count: int) -> None:
        for number in range(count):
            day = date(2025, 1, 1) + timedelta(days=number)
            Substitution.objects.create(absent=head, substitute=deputy, starts_on=day, ends_on=day)

    client.force_login(person(Role.ADMINISTRATOR))
    past(3)
    few = queries()
    past(27)
    assert queries() == few


@pytest.mark.parametrize("address", ["/profil/", "/pemberitahuan/", "/pengganti/"])
def test_strangers_are_asked_to_sign_in(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 302
    assert response["Location"] == f"/masuk/login/?next={address}"
