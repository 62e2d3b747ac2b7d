"""The unit that owns data, in the browser: asked by PSI, answering on its own page, or recorded from paper."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from requests_app.models import AccessRequest
from requests_app.sop import Status
from requests_app.steps import consent
from tests.factories import DataTypeFactory, UnitFactory, a_request, person

pytestmark = pytest.mark.django_db

SECRET = ("199001012020121001", "0812-9999-1111", "pj.rahasia@usk.ac.id", "surat-1.pdf", "77/RAHASIA/2026")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner() -> User:
    return person(Role.UNIT_STAFF, full_name="Rizki", unit=UnitFactory(name="Biro Akademik"))


@pytest.fixture
def psi() -> User:
    return person(Role.PSI, full_name="Nadia Safira")


@pytest.fixture
def disposed(owner: User) -> AccessRequest:
    return a_request(
        Status.DISPOSED,
        by=person(Role.UNIT_STAFF, unit=UnitFactory(name="FMIPA")),
        data_types=[DataTypeFactory(name="Data alumni", owner=owner.unit), DataTypeFactory(name="Data dosen")],
        application="Portal Alumni",
        purpose="Menelusuri lulusan.",
        person_name="Muhammad Iqbal",
        identity_number=SECRET[0],
        phone="+6281299991111",
        email=SECRET[2],
        letter_number=SECRET[4],
    )


@pytest.fixture
def asked(disposed: AccessRequest, psi: User, owner: User) -> AccessRequest:
    return consent.ask(disposed, owner.unit, by=psi, now=timezone.now(), question="Setujukah Biro?")


def address(name: str, item: AccessRequest) -> str:
    return reverse(name, args=[item.reference])


def page(client: Client, name: str, item: AccessRequest) -> str:
    return client.get(address(name, item)).content.decode()


# --- PSI asks --------------------------------------------------------------------------------------------
def test_psi_asks_from_its_work_page_with_the_owner_and_the_question_filled_in(
    disposed: AccessRequest, psi: User, owner: User
) -> None:
    client = signed_in(psi)
    assert address("ask_owner", disposed) in page(client, "account_work", disposed)
    shown = page(client, "ask_owner", disposed)
    assert f'<option value="{owner.unit_id}" selected>Biro Akademik</option>' in shown
    for words in (
        "FMIPA meminta akses webservice untuk data: Data alumni.",
        "Menelusuri lulusan.",
        "Tanyakan satu per",
    ):
        assert words in shown
    assert f'<option value="{disposed.unit_id}"' not in shown
    data = {"version": disposed.version, "unit": owner.unit_id, "question": "Setujukah Biro?"}
    done = client.post(address("ask_owner", disposed), data, follow=True).content.decode()
    assert "Pertanyaan dikirim ke Biro Akademik. Waktu pelayanan berhenti sampai dijawab." in done
    assert "Menunggu persetujuan unit pemilik data" in done
    assert AccessRequest.objects.get(pk=disposed.pk).status == Status.CONSENT


def test_the_question_about_one_unit_s_data_does_not_go_to_another_unit(disposed: AccessRequest, psi: User) -> None:
    client = signed_in(psi)
    form = client.get(address("ask_owner", disposed)).context["form"]
    _first, second = form.owners
    of_first = form.initial["question"]
    typed = {"unit": second.pk, "question": of_first.replace("\n", "\r\n"), "version": disposed.version}
    refused = client.post(address("ask_owner", disposed), typed)
    assert f"Pertanyaan disesuaikan dengan data milik {second}. Periksa, lalu kirim." in refused.content.decode()
    assert refused.context["form"]["question"].value() != of_first
    assert not disposed.consents.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unit": ""}, "Pilih unit pemilik data."),
        ({"unit": "999999999999999999999"}, "Pilih unit dari daftar."),
        ({"question": " "}, "Tuliskan pertanyaan Anda."),
        ({"version": 1}, "sudah diubah orang lain"),
    ],
)
def test_what_psi_left_out_is_said(
    disposed: AccessRequest, psi: User, owner: User, changes: dict[str, object], said: str
) -> None:
    data = {"version": disposed.version, "unit": owner.unit_id, "question": "Setuju?"} | changes
    assert said in signed_in(psi).post(address("ask_owner", disposed), data).content.decode()
    assert AccessRequest.objects.get(pk=disposed.pk).status == Status.DISPOSED


def test_psi_hears_when_nobody_can_be_reached_here(disposed: AccessRequest, psi: User) -> None:
    unit = UnitFactory(name="Arsip", email="")
    data = {"version": disposed.version, "unit": unit.pk, "question": "Setuju?"}
    shown = signed_in(psi).post(address("ask_owner", disposed), data, follow=True).content.decode()
    assert "Arsip belum memiliki akun atau email di Gapura. Tanyakan melalui surat" in shown
    assert address("record_consent", disposed) in shown


# --- the owner answers --------------------------------------------------------------------------------------
def test_the_owner_finds_it_on_their_first_page_and_answers(asked: AccessRequest, owner: User) -> None:
    client = signed_in(owner)
    home = client.get("/").content.decode()
    assert "Menunggu jawaban Anda" in home
    assert address("answer_owner", asked) in home
    assert client.get(asked.get_absolute_url())["Location"] == address("answer_owner", asked)
    shown = page(client, "answer_owner", asked)
    for words in ("Setujukah Biro?", "FMIPA", "Data alumni", "Menelusuri lulusan.", "Portal Alumni", "Muhammad Iqbal"):
        assert words in shown
    data = {"version": asked.version, "is_given": "yes", "remark": "Tanpa nomor telepon."}
    done = client.post(address("answer_owner", asked), data, follow=True).content.decode()
    assert "Jawaban unit Anda dikirim ke Divisi PSI." in done
    assert "Unit Anda setuju" in done
    assert "Kirim jawaban" not in done
    assert AccessRequest.objects.get(pk=asked.pk).status == Status.DISPOSED
    assert "Menunggu jawaban Anda" not in client.get("/").content.decode()


def test_the_owner_reads_no_number_address_or_file_of_the_letter(asked: AccessRequest, owner: User) -> None:
    client = signed_in(owner)
    shown = page(client, "answer_owner", asked)
    for words in (*SECRET, "Data dosen"):
        assert words not in shown
    for hidden in (address("receipt", asked), address("receipt_pdf", asked), f"/berkas/{asked.documents.get().key}/"):
        assert client.get(hidden).status_code == 404
    assert asked.reference not in client.get(reverse("requests")).content.decode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Pilih setuju atau tidak setuju."),
        ({"is_given": "mungkin"}, "Pilih setuju atau tidak setuju."),
        ({"is_given": "no", "remark": " "}, "Tuliskan alasan unit tidak setuju."),
        ({"is_given": "yes", "version": "1"}, "sudah diubah orang lain"),
    ],
)
def test_an_answer_that_says_too_little_is_not_taken(
    asked: AccessRequest, owner: User, data: dict[str, str], said: str
) -> None:
    sent = {"version": asked.version} | data
    assert said in signed_in(owner).post(address("answer_owner", asked), sent).content.decode()
    assert AccessRequest.objects.get(pk=asked.pk).status == Status.CONSENT


def test_of_two_colleagues_who_answer_the_second_reads_what_was_answered(asked: AccessRequest, owner: User) -> None:
    colleague = person(Role.UNIT_STAFF, unit=owner.unit)
    consent.answer(asked, consent.Answer(False, "Belum rapi."), by=owner, now=timezone.now())
    data = {"version": asked.version, "is_given": "yes"}
    shown = signed_in(colleague).post(address("answer_owner", asked), data).content.decode()
    assert "Unit Anda tidak setuju" in shown
    assert "Belum rapi." in shown
    assert AccessRequest.objects.get(pk=asked.pk).consents.get().is_given is False


@pytest.mark.parametrize("name", ["answer_owner", "ask_owner", "record_consent", "request", "reassign"])
def test_staff_of_other_units_find_nothing(asked: AccessRequest, name: str) -> None:
    client = signed_in(person(Role.UNIT_STAFF))
    assert client.get(address(name, asked)).status_code == client.post(address(name, asked)).status_code == 404


def test_the_owner_finds_earlier_answers_again(asked: AccessRequest, psi: User, owner: User) -> None:
    now = timezone.now()
    consent.answer(asked, consent.Answer(False, "Belum rapi."), by=owner, now=now)
    newer = a_request(Status.DISPOSED, by=person(Role.UNIT_STAFF))
    consent.ask(newer, owner.unit, by=psi, now=now, question="Dan ini?")
    shown = page(signed_in(owner), "answer_owner", newer)
    assert address("answer_owner", asked) in shown
    assert "Tidak setuju" in shown
    other = person(Role.UNIT_STAFF)
    another = a_request(Status.DISPOSED, by=person(Role.UNIT_STAFF))
    consent.ask(another, other.unit, by=psi, now=now, question="?")
    assert asked.reference not in page(signed_in(other), "answer_owner", another)


def test_after_a_withdrawal_the_owner_reads_only_that(asked: AccessRequest, owner: User) -> None:
    asked.created_by.refresh_from_db()
    signed_in(asked.created_by).post(address("withdraw", asked), {"version": asked.version})
    shown = page(signed_in(owner), "answer_owner", asked)
    assert "Pertanyaannya tidak perlu dijawab lagi." in shown
    assert "Menelusuri lulusan." not in shown


# --- on paper -------------------------------------------------------------------------------------------------
def test_psi_records_an_answer_that_came_on_paper(asked: AccessRequest, psi: User) -> None:
    client = signed_in(psi)
    assert address("record_consent", asked) in client.get(asked.get_absolute_url()).content.decode()
    today = timezone.localdate()
    tomorrow = {"version": asked.version, "is_given": "no", "dated": today + timedelta(days=1), "remark": "B/1"}
    assert "Tanggal ini belum tiba." in client.post(address("record_consent", asked), tomorrow).content.decode()
    long_ago = tomorrow | {"dated": "1999-12-31"}
    assert "paling awal tahun 2000" in client.post(address("record_consent", asked), long_ago).content.decode()
    done = client.post(address("record_consent", asked), tomorrow | {"dated": today}, follow=True)
    assert done.redirect_chain[-1][0] == address("account_work", asked)
    shown = done.content.decode()
    for words in ("Jawaban unit pemilik data dicatat.", "Tidak setuju", "B/1", "Unit pemilik data tidak setuju. Bila"):
        assert words in shown


def test_the_answer_stands_beside_its_data_and_on_the_requests_page(
    asked: AccessRequest, psi: User, owner: User
) -> None:
    consent.answer(asked, consent.Answer(True, "Tanpa nomor telepon."), by=owner, now=timezone.now())
    work = page(signed_in(psi), "account_work", asked)
    assert "Biro Akademik" in work
    assert "Tanpa nomor telepon." in work
    assert "grant-warning" not in work
    for reader in (asked.created_by, person(Role.HEAD)):
        shown = signed_in(reader).get(asked.get_absolute_url()).content.decode()
        assert "Persetujuan pemilik data" in shown
        assert "Rizki menjawab untuk Biro Akademik: setuju." in shown
