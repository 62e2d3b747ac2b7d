"""SOP 3 in the browser: what PSI sees, grants and is told."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import Substitution, User
from accounts.roles import Role
from requests_app.models import AccessRequest
from requests_app.policies import last_disposition
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import account, disposition
from tests.factories import DataTypeFactory, a_request, person
from webservice_accounts.models import DataType, WebserviceAccount

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def nadia() -> User:
    return person(Role.PSI, full_name="Nadia Safira")


@pytest.fixture
def psi(nadia: User) -> Client:
    return signed_in(nadia)


def page_of(request: AccessRequest, name: str = "account_work") -> str:
    return reverse(name, args=[request.reference])


def answers(request: AccessRequest, *, refused: dict[int, str] | None = None, **changes: object) -> dict[str, object]:
    """What the form sends when everything is granted but `refused` (id -> reason)."""
    data: dict[str, object] = {
        "version": request.version,
        "username": "fmipa-siakad",
        "starts_on": timezone.localdate().isoformat(),
        "networks": "",
    }
    for row in request.items.all():
        if row.data_type_id in (refused or {}):
            data[f"reason_{row.data_type_id}"] = refused[row.data_type_id]
        else:
            data[f"grant_{row.data_type_id}"] = "on"
    return data | changes


def post(client: Client, request: AccessRequest, **changes: object) -> str:
    """The page after posting."""
    return client.post(page_of(request), answers(request, **changes), follow=True).content.decode()


# --- what one sees ----------------------------------------------------------------------------------
def test_the_page_shows_the_disposition_the_letter_and_each_kind_of_data(psi: Client) -> None:
    kinds = [DataTypeFactory(name="Data alumni"), DataTypeFactory(name="Data dosen")]
    request = a_request(Status.AWAITING_DISPOSITION, data_types=kinds, purpose="Untuk portal alumni.")
    words = disposition.Instructions(("grant_part",), note="Tanpa nomor telepon.")
    disposition.dispose(request, words, by=person(Role.HEAD, full_name="Dr. Maulana"), now=timezone.now())
    page = psi.get(page_of(request)).content.decode()
    for expected in (
        "Disposisi Dr. Maulana",
        "Setujui sebagian (lihat catatan)",
        "Tanpa nomor telepon.",
        "Untuk portal alumni.",
        "Data alumni",
        "Data dosen",
        "Divisi PSI tidak melihat kunci.",
        request.documents.get().get_absolute_url(),
    ):
        assert expected in page, expected
    assert page.count('role="switch"') == 2


def test_a_readable_user_name_today_and_the_last_valid_day_are_filled_in(psi: Client) -> None:
    request = a_request(Status.DISPOSED, application="SIAKAD")
    with time_machine.travel(datetime(2026, 11, 23, 9, tzinfo=WIB), tick=False):
        page = psi.get(page_of(request)).content.decode()
    assert f'value="{request.unit.code}-siakad"' in page
    assert 'value="2026-11-23"' in page
    assert "Berlaku s.d. 23 November 2027" in page


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("2028-02-29", "Berlaku s.d. 28 Februari 2029"),
        ("2026-12-31", "Berlaku s.d. 31 Desember 2027"),
        ("9999-12-31", "Isi tanggal mulai"),
        ("x", "Isi tanggal mulai"),
        ("", "Isi tanggal mulai"),
    ],
)
def test_another_start_says_its_last_day_at_once(psi: Client, start: str, said: str) -> None:
    request = a_request(Status.DISPOSED)
    fragment = psi.get(page_of(request), {"starts_on": start}, headers={"HX-Request": "true"}).content.decode()
    assert said in fragment
    assert "<html" not in fragment


def test_opening_it_marks_the_disposition_read_for_psi_only(psi: Client, nadia: User) -> None:
    request = a_request(Status.DISPOSED)
    for user in (person(Role.HELPDESK), person(Role.HEAD), request.created_by):
        signed_in(user).get(page_of(request))
    assert last_disposition(request).read_at is None
    psi.get(page_of(request))
    assert last_disposition(request).read_by == nadia


def test_what_was_asked_and_answered_stands_beside_the_form(psi: Client, nadia: User) -> None:
    request = a_request(Status.CLARIFICATION)
    signed_in(request.created_by).post(
        page_of(request, "answer"), {"text": "Dua tahun saja.", "version": request.version}
    )
    page = psi.get(page_of(request)).content.decode()
    assert "Dua tahun saja." in page


# --- making the account --------------------------------------------------------------------------------
def test_psi_makes_the_account_and_goes_on_to_inform(psi: Client) -> None:
    request = a_request(Status.DISPOSED)
    response = psi.post(page_of(request), answers(request, networks="10.44.3.0/24, 10.1.1.1"), follow=True)
    assert response.redirect_chain[-1][0] == page_of(request, "inform")
    made = WebserviceAccount.objects.get(username="fmipa-siakad")
    assert [row.network for row in made.addresses.order_by("pk")] == ["10.44.3.0/24", "10.1.1.1/32"]
    assert "Akun fmipa-siakad dibuat, berlaku s.d." in response.content.decode()


def test_a_refused_kind_needs_its_reason_beside_it(psi: Client) -> None:
    kinds = [DataTypeFactory(), DataTypeFactory()]
    request = a_request(Status.DISPOSED, data_types=kinds)
    page = post(psi, request, refused={kinds[0].pk: ""}, networks="10.44.3.0/24")
    assert "Tuliskan alasannya, atau berikan data ini." in page
    assert "10.44.3.0/24</textarea>" in page
    assert re.search(rf'<input[^>]*name="grant_{kinds[1].pk}"[^>]*checked', page)
    assert not re.search(rf'<input[^>]*name="grant_{kinds[0].pk}"[^>]*checked', page)
    assert not WebserviceAccount.objects.exists()
    post(psi, request, refused={kinds[0].pk: "tidak diperlukan"})
    assert [row.data_type for row in WebserviceAccount.objects.get().grants.all()] == [kinds[1]]


def test_refusing_everything_leads_back_to_the_head(psi: Client) -> None:
    kind = DataTypeFactory()
    request = a_request(Status.DISPOSED, data_types=[kind])
    page = post(psi, request, refused={kind.pk: "milik lembaga lain"})
    assert "Tidak ada data yang diberikan. Kembalikan kepada Kepala disertai alasannya." in page
    assert "milik lembaga lain" in page


def test_a_wish_in_own_words_is_answered_from_the_catalogue_or_with_a_reason(psi: Client) -> None:
    asked, fitting, old = DataTypeFactory(), DataTypeFactory(name="Kode prodi"), DataTypeFactory(is_active=False)
    request = a_request(Status.DISPOSED, data_types=[asked], other_data="kode program studi")
    page = psi.get(page_of(request)).content.decode()
    assert "kode program studi" in page
    assert f'name="added" value="{fitting.pk}"' in page
    assert f'name="added" value="{asked.pk}"' not in page
    assert f'name="added" value="{old.pk}"' not in page
    assert "Pilih jenis data yang sesuai, atau tuliskan alasannya." in post(psi, request)
    post(psi, request, added=[fitting.pk], other_data_reason="selebihnya tidak tersedia")
    request.refresh_from_db()
    assert {row.data_type for row in request.account.grants.all()} == {asked, fitting}
    assert request.other_data_reason == "selebihnya tidak tersedia"


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("username", "", "Isi nama pengguna, misalnya fmipa-siakad."),
        ("username", "ab", "3 sampai 40 karakter; yang diisi 2"),
        ("username", "x" * 41, "3 sampai 40 karakter; yang diisi 41"),
        ("username", "FMIPA Siakad", "hanya berisi huruf kecil"),
        ("username", "fmipa-📱", "hanya berisi huruf kecil"),
        ("username", "../admin", "hanya berisi huruf kecil"),
        ("starts_on", "", "Isi tanggal mulai berlaku."),
        ("starts_on", "12/25/2026", "Isi tanggal sebagai hari/bulan/tahun"),
        ("starts_on", "2020-01-01", "Tanggal ini sudah lewat."),
        ("starts_on", "9999-12-31", "lebih dari satu tahun lagi"),
        ("networks", "10.44.3.7/24", "isi 10.44.3.0/24, atau 10.44.3.7 untuk satu alamat saja."),
        ("networks", "10.0.0.1 kampus", "“kampus” bukan alamat IP yang benar."),
        ("networks", "0.0.0.0/0", "berarti semua alamat"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(psi: Client, field: str, typed: str, sentence: str) -> None:
    request = a_request(Status.DISPOSED)
    page = post(psi, request, **{field: typed})
    assert sentence in page
    assert typed in page
    assert not WebserviceAccount.objects.exists()
    assert AccessRequest.objects.get(pk=request.pk).status == Status.DISPOSED


def test_a_taken_user_name_is_said_beside_the_field_with_a_free_one(psi: Client) -> None:
    WebserviceAccount.objects.create(
        username="fmipa-siakad",
        unit=person().unit,
        starts_at=timezone.now(),
        ends_at=timezone.now() + timedelta(days=365),
        created_at=timezone.now(),
    )
    request = a_request(Status.DISPOSED, application="Presensi")
    page = post(psi, request)
    assert "Nama pengguna fmipa-siakad sudah dipakai. Pilih yang lain, misalnya " in page


def test_pressed_twice_it_makes_one_account(psi: Client) -> None:
    request = a_request(Status.DISPOSED)
    sent = answers(request)
    psi.post(page_of(request), sent)
    again = psi.post(page_of(request), sent, follow=True)
    assert again.redirect_chain[-1][0] == page_of(request, "inform")
    assert WebserviceAccount.objects.count() == 1


def test_of_two_colleagues_the_second_reads_who_was_first_and_keeps_what_was_typed(psi: Client) -> None:
    request = a_request(Status.DISPOSED)
    stale = answers(request, username="pilihan-saya", networks="10.77.0.0/16")
    post(signed_in(person(Role.PSI, full_name="Zulfikar")), request)
    page = psi.post(page_of(request), stale).content.decode()
    assert "Zulfikar membuat akun fmipa-siakad" in page
    assert "pilihan-saya" in page
    assert "10.77.0.0/16" in page


# --- who does it ---------------------------------------------------------------------------------------
def test_taking_and_giving_back(psi: Client, nadia: User) -> None:
    request = a_request(Status.DISPOSED)
    page = psi.post(page_of(request, "claim"), {"version": request.version}, follow=True)
    assert page.redirect_chain[-1][0] == page_of(request)
    assert "Anda mengerjakan permohonan ini." in page.content.decode()
    request.refresh_from_db()
    assert request.assignee == nadia
    psi.post(page_of(request, "release"), {"version": request.version})
    request.refresh_from_db()
    assert request.assignee is None


def test_a_colleague_sees_who_is_on_it_and_has_no_form(psi: Client) -> None:
    zulfikar = person(Role.PSI, full_name="Zulfikar")
    request = account.claim(a_request(Status.DISPOSED), by=zulfikar, now=timezone.now())
    page = psi.get(page_of(request)).content.decode()
    assert "Sedang dikerjakan: Zulfikar" in page
    assert 'name="username"' not in page
    assert "Permohonan ini sedang dikerjakan Zulfikar." in post(psi, request)
    assert not WebserviceAccount.objects.exists()


def test_who_takes_it_second_is_told(psi: Client) -> None:
    request = a_request(Status.DISPOSED)
    account.claim(request, by=person(Role.PSI, full_name="Zulfikar"), now=timezone.now())
    page = psi.post(page_of(request, "claim"), {"version": request.version}, follow=True).content.decode()
    assert "Zulfikar mengambil permohonan ini untuk dikerjakan." in page


@pytest.mark.parametrize("name", ["claim", "release"])
def test_following_the_address_of_a_button_does_nothing(psi: Client, name: str) -> None:
    request = a_request(Status.DISPOSED)
    assert psi.get(page_of(request, name)).status_code == 302
    assert AccessRequest.objects.get(pk=request.pk).version == request.version


# --- asking and handing back ------------------------------------------------------------------------------
def test_a_question_to_the_unit(psi: Client) -> None:
    request = a_request(Status.DISPOSED)
    form = {"version": request.version, "question": "Berapa lama data disimpan?"}
    page = psi.post(page_of(request, "ask_unit"), form, follow=True).content.decode()
    assert "Waktu pelayanan berhenti sampai unit menjawab." in page
    request.refresh_from_db()
    assert (request.status, request.waiting_question) == (Status.CLARIFICATION, "Berapa lama data disimpan?")


def test_back_to_the_head(psi: Client) -> None:
    request = a_request(Status.DISPOSED)
    form = {"version": request.version, "reason": "Datanya milik lembaga lain."}
    page = psi.post(page_of(request, "hand_back"), form, follow=True).content.decode()
    assert "Disposisi dikembalikan kepada Kepala." in page
    assert AccessRequest.objects.get(pk=request.pk).status == Status.AWAITING_DISPOSITION


@pytest.mark.parametrize(
    ("name", "field", "sentence"),
    [
        ("ask_unit", "question", "Tuliskan pertanyaan Anda."),
        ("hand_back", "reason", "Tuliskan alasan pengembalian."),
    ],
)
def test_without_words_nothing_is_sent(psi: Client, name: str, field: str, sentence: str) -> None:
    request = a_request(Status.DISPOSED)
    page = psi.post(page_of(request, name), {"version": request.version, field: "   "}).content.decode()
    assert sentence in page
    assert AccessRequest.objects.get(pk=request.pk).status == Status.DISPOSED


@pytest.mark.parametrize(("name", "field"), [("ask_unit", "question"), ("hand_back", "reason")])
def test_words_that_come_too_late_stay_on_the_page(psi: Client, name: str, field: str) -> None:
    request = a_request(Status.DISPOSED)
    post(signed_in(person(Role.PSI, full_name="Zulfikar")), request)
    form = {"version": request.version, field: "Kata-kata saya."}
    page = psi.post(page_of(request, name), form).content.decode()
    assert "Zulfikar membuat akun" in page
    assert "Kata-kata saya." in page


# --- others ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["account_work", "claim", "release", "ask_unit", "hand_back"])
def test_strangers_find_nothing(name: str) -> None:
    request = a_request(Status.DISPOSED)
    client = signed_in(person(Role.UNIT_STAFF))
    assert client.get(page_of(request, name)).status_code == 404
    assert client.post(page_of(request, name)).status_code == 404


@pytest.mark.parametrize("name", ["account_work", "ask_unit", "hand_back"])
@pytest.mark.parametrize("role", [Role.UNIT_STAFF, Role.HELPDESK, Role.HEAD, Role.AUDITOR])
def test_those_who_may_read_it_are_told_that_it_is_not_theirs(name: str, role: Role) -> None:
    request = a_request(Status.DISPOSED)
    client = signed_in(person(role, unit=request.unit))
    for response in (client.get(page_of(request, name)), client.post(page_of(request, name), answers(request))):
        assert response.status_code == 302
        assert response["Location"] == request.get_absolute_url()
    assert AccessRequest.objects.get(pk=request.pk).version == request.version


def test_the_page_leads_back_when_the_request_has_moved_on(psi: Client) -> None:
    request = a_request(Status.ACCOUNT_CREATED)
    response = psi.get(page_of(request), follow=True)
    assert response.redirect_chain[-1][0] == request.get_absolute_url()
    assert "sehingga tindakan ini tidak lagi dapat dilakukan" in response.content.decode()


def test_what_was_typed_survives_a_session_that_ended(nadia: User, psi: Client) -> None:
    request = a_request(Status.DISPOSED)
    psi.get(page_of(request))
    psi.cookies.pop("sessionid")
    psi.post(page_of(request), answers(request, networks="10.77.0.0/16"))
    assert not WebserviceAccount.objects.exists()
    psi.post(
        reverse("account_login") + f"?next={page_of(request)}",
        {"login": nadia.email, "password": "kata-sandi-untuk-uji"},
    )
    page = psi.get(page_of(request)).content.decode()
    assert "10.77.0.0/16</textarea>" in page
    assert not WebserviceAccount.objects.exists()


def test_forty_kinds_of_data_ask_no_more_of_the_database_than_four(psi: Client) -> None:
    from_four, from_forty = (
        a_request(Status.DISPOSED, data_types=[DataTypeFactory() for _number in range(count)]) for count in (4, 40)
    )
    counts = []
    for request in (from_four, from_forty):
        psi.get(page_of(request))
        counts.append(_queries(psi, page_of(request)))
    assert counts[0] == counts[1]
    assert DataType.objects.count() >= 44


def _queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    return len(captured)


# --- passing it on, and who is on it -----------------------------------------------------------------------
def test_psi_passes_a_request_to_a_colleague(psi: Client, nadia: User) -> None:
    request = account.claim(a_request(Status.DISPOSED), by=nadia, now=timezone.now())
    rina = person(Role.PSI, full_name="Rina")
    assert page_of(request, "reassign") in psi.get(page_of(request)).content.decode()
    shown = psi.get(page_of(request, "reassign")).content.decode()
    assert f'<option value="{rina.pk}">' in shown
    assert f'<option value="{nadia.pk}">' not in shown
    said = psi.post(page_of(request, "reassign"), {"version": request.version, "to": "", "reason": ""})
    assert "Pilih rekan yang melanjutkan." in said.content.decode()
    assert "Tuliskan alasan pengalihan." in said.content.decode()
    data = {"version": request.version, "to": rina.pk, "reason": "Cuti."}
    done = psi.post(page_of(request, "reassign"), data, follow=True).content.decode()
    assert "Permohonan dialihkan kepada Rina." in done
    assert "Sedang dikerjakan: Rina (Divisi PSI)" in done


def test_without_a_colleague_there_is_nobody_to_choose(psi: Client) -> None:
    request = a_request(Status.DISPOSED)
    psi.post(page_of(request, "claim"))
    assert "Tidak ada rekan yang dapat dipilih" in psi.get(page_of(request, "reassign")).content.decode()


def test_the_unit_reads_who_is_on_it(psi: Client, nadia: User) -> None:
    request = a_request(Status.DISPOSED)
    unit = signed_in(request.created_by)
    assert "Belum diambil Divisi PSI" in unit.get(request.get_absolute_url()).content.decode()
    account.claim(request, by=nadia, now=timezone.now())
    for address in (request.get_absolute_url(), reverse("requests"), "/"):
        assert "Sedang dikerjakan: Nadia Safira (Divisi PSI)" in unit.get(address).content.decode(), address
    budi, today = person(Role.PSI, full_name="Budi"), timezone.localdate()
    row = Substitution.objects.create(absent=nadia, substitute=budi, starts_on=today, ends_on=today)
    until = date_format(row.ends_on, "j F")
    for address in (request.get_absolute_url(), reverse("requests"), "/"):
        shown = unit.get(address).content.decode()
        assert f"Sedang dikerjakan: Budi, menggantikan Nadia Safira s.d. {until}" in shown, address
