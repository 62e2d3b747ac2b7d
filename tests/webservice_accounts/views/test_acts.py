"""Acts on an account in the browser: suspend, reinstate, revoke, change, replace the key, hand over."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutgoingMail, User
from accounts.roles import Role
from requests_app.models import AccessRequest
from requests_app.sop import Status
from tests.factories import DataTypeFactory, a_request, an_outside_task, person
from webservice_accounts import handover, selectors
from webservice_accounts.models import PathRule, Secret, Service, WebserviceAccount

pytestmark = pytest.mark.django_db

HOLDER = "pj@usk.ac.id"
SECRET = re.compile(r"uws_[0-9A-Za-z]{36}")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def account() -> WebserviceAccount:
    return WebserviceAccount.objects.get(requests=a_request(Status.FINISHED, application="SIAKAD"))


@pytest.fixture
def psi(account: WebserviceAccount) -> Client:
    return signed_in(person(Role.PSI, full_name="Nadia Safira"))


@pytest.fixture
def holder(account: WebserviceAccount) -> Client:
    return signed_in(person(None, email=HOLDER, full_name="Muhammad Iqbal"))


def at(account: WebserviceAccount, name: str) -> str:
    return reverse(name, args=[account.username])


def version(account: WebserviceAccount) -> int:
    return selectors.version_of(account)


def text_of(response: object) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def state(account: WebserviceAccount) -> tuple[bool, bool]:
    account.refresh_from_db()
    return account.suspended_at is not None, account.revoked_at is not None


# --- standing -------------------------------------------------------------------------------------------
def test_the_holder_stops_a_leak_and_psi_takes_it_up_again(
    account: WebserviceAccount, holder: Client, psi: Client
) -> None:
    said = {"reason": "Kunci tertulis pada repositori.", "incident_at": "2026-11-01T09:30"}
    page = text_of(holder.post(at(account, "suspend_account"), said, follow=True))
    assert "paling lambat dalam 30 detik" in page
    assert "Ditangguhkan" in page
    assert "kejadian Minggu, 1 November 2026 09.30 WIB" in page
    assert "Muhammad Iqbal menangguhkan akun" in page
    assert at(account, "reinstate_account") not in holder.get(at(account, "account")).content.decode()
    page = text_of(psi.get(at(account, "reinstate_account")))
    assert "Kunci tertulis pada repositori." in page
    psi.post(at(account, "reinstate_account"), {"reason": "Kunci diganti.", "version": version(account)})
    assert state(account) == (False, False)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"reason": ""}, "Tuliskan alasannya."),
        ({"reason": "x", "incident_at": "2999-01-01T00:00"}, "Waktu kejadian tidak dapat berada di masa depan."),
        ({"reason": "x", "incident_at": "0001-01-01T00:00"}, "Periksa tahunnya"),
        ({"reason": "x", "incident_at": "kemarin"}, "Tulis sebagai hari/bulan/tahun dan jam"),
        ({"reason": "x" * 1001}, "1000"),
    ],
)
def test_what_is_wrong_about_a_suspension_is_said_and_nothing_typed_is_lost(
    account: WebserviceAccount, psi: Client, said: dict[str, str], sentence: str
) -> None:
    page = psi.post(at(account, "suspend_account"), said)
    assert sentence in page.content.decode()
    assert all(value in page.content.decode() for value in said.values())
    assert state(account) == (False, False)


def test_revoking_needs_the_tick_and_is_then_final(account: WebserviceAccount) -> None:
    head = signed_in(person(Role.HEAD))
    url = at(account, "revoke_account")
    page = head.post(url, {"reason": "Disalahgunakan", "version": version(account)}).content.decode()
    assert "Centang bila akun ini memang akan dicabut untuk seterusnya." in page
    assert "Disalahgunakan" in page
    assert state(account) == (False, False)
    done = head.post(url, {"reason": "Disalahgunakan", "is_sure": "on", "version": version(account)}, follow=True)
    assert "paling lambat dalam 30 detik" in text_of(done)
    assert state(account) == (False, True)
    assert "berstatus “Dicabut”" in text_of(head.get(url, follow=True))


def test_a_page_from_before_somebody_elses_act_is_told_and_keeps_what_was_typed(
    account: WebserviceAccount, psi: Client
) -> None:
    seen = version(account)
    psi.post(at(account, "change_limits"), {"rate_per_minute": "90", "burst": "9", "version": seen})
    other = signed_in(person(Role.PSI))
    said = {"reason": "Tidak dipakai lagi", "is_sure": "on", "version": seen}
    page = other.post(at(account, "revoke_account"), said).content.decode()
    assert "Akun ini sudah diubah sejak halaman Anda dibuka: Nadia Safira mengubah batas akun" in page
    assert "Tidak dipakai lagi" in page
    assert f'name="version" value="{version(account)}"' in page
    assert state(account) == (False, False)


def test_the_second_of_two_who_suspend_is_told(account: WebserviceAccount, holder: Client, psi: Client) -> None:
    holder.post(at(account, "suspend_account"), {"reason": "Bocor"})
    page = psi.post(at(account, "suspend_account"), {"reason": "Bocor juga"}).content.decode()
    assert "berstatus “Ditangguhkan”" in page
    assert "Bocor juga" in page
    assert account.suspensions.count() == 1


def test_do_not_renew_is_one_press_and_can_be_taken_back(account: WebserviceAccount, holder: Client) -> None:
    page = text_of(holder.post(at(account, "decline_renewal"), {"version": version(account)}, follow=True))
    assert "Ditandai tidak diperpanjang" in page
    page = text_of(holder.post(at(account, "want_renewal"), {"version": version(account)}, follow=True))
    assert "Ditandai tidak diperpanjang" not in page


def test_the_question_whether_it_is_used_is_answered_on_the_page(account: WebserviceAccount, holder: Client) -> None:
    assert "Masih digunakan" not in text_of(holder.get(at(account, "account")))
    told_at = timezone.now() - timedelta(days=3)
    WebserviceAccount.objects.filter(pk=account.pk).update(unused_told_at=told_at)
    assert "Apakah akun ini masih digunakan?" in text_of(holder.get(at(account, "account")))
    assert "Terima kasih" in text_of(holder.post(at(account, "keep_unused"), follow=True))
    account.refresh_from_db()
    assert account.unused_told_at is None
    assert account.unused_answered_at > told_at


# --- access ---------------------------------------------------------------------------------------------
def test_psi_takes_data_away_and_what_was_never_granted_is_refused(account: WebserviceAccount, psi: Client) -> None:
    (grant,) = account.current_grants
    more = DataTypeFactory()
    url = at(account, "change_grants")
    page = psi.post(url, {"data_types": [grant.data_type_id, more.pk], "version": version(account)}).content.decode()
    assert "Memperluas hak akses memerlukan permohonan dan disposisi baru." in page
    page = psi.post(url, {"version": version(account)}).content.decode()
    assert "Sisakan paling sedikit satu jenis data" in page
    page = psi.post(url, {"data_types": ["9" * 30], "version": version(account)})
    assert "Memperluas hak akses" in page.content.decode()
    assert [row.pk for row in account.current_grants] == [grant.pk]


@pytest.mark.parametrize(
    ("rate", "burst", "sentence"),
    [("0", "5", "1"), ("60001", "5", "60000"), ("1,5", "5", "Isi dengan angka bulat."), ("", "5", "angka bulat")],
)
def test_limits_that_cannot_be_are_said_beside_the_field(
    account: WebserviceAccount, psi: Client, rate: str, burst: str, sentence: str
) -> None:
    said = {"rate_per_minute": rate, "burst": burst, "version": version(account)}
    response = psi.post(at(account, "change_limits"), said)
    assert response.status_code == 200
    assert sentence in " ".join(response.context["form"].errors["rate_per_minute"])
    account.refresh_from_db()
    assert account.rate_per_minute == 600


def test_a_limited_account_is_not_opened_to_anywhere(account: WebserviceAccount, psi: Client) -> None:
    url = at(account, "change_addresses")
    psi.post(url, {"networks": "10.44.3.0/24", "before": ""})
    page = psi.post(url, {"networks": "", "before": "10.44.3.0/24"}).content.decode()
    assert "Memperluas hak akses memerlukan permohonan dan disposisi baru." in page
    assert selectors.networks_of(account) == ["10.44.3.0/24"]


# --- keys -----------------------------------------------------------------------------------------------
def test_the_holder_replaces_the_key_long_after_the_procedure(account: WebserviceAccount, holder: Client) -> None:
    old = account.secrets.get()
    said = {"overlap_hours": "24", "version": version(account)}
    page = text_of(holder.post(at(account, "rotate_key"), said, follow=True))
    assert "Kunci baru Anda siap dibuka" in page
    assert "Kunci lama masih berlaku 24 jam setelah kunci baru dibuka" in page
    opened = holder.post(at(account, "account_reveal")).content.decode()
    (new,) = SECRET.findall(opened)
    assert old.hint in opened
    page = text_of(holder.get(at(account, "account_key")))
    assert "Kunci sudah dibuka" in page
    assert "Akses dapat digunakan" not in page  # the procedure waits for nothing
    page = text_of(holder.post(at(account, "account_key"), {"stored": "on"}, follow=True))
    assert "Kunci sudah disimpan" in page
    page = holder.get(at(account, "account")).content.decode()
    assert f"uws_…{new[-4:]}" in page
    assert new not in page
    assert "Akhiri sekarang" in page


def test_the_page_shows_which_key_is_still_used_and_the_old_one_can_be_ended(
    account: WebserviceAccount, holder: Client
) -> None:
    old = account.secrets.get()
    holder.post(at(account, "rotate_key"), {"overlap_hours": "168", "version": version(account)})
    holder.post(at(account, "account_reveal"))
    opened = account.secrets.latest("pk").created_at
    Secret.objects.filter(pk=old.pk).update(last_used_at=opened - timedelta(minutes=1))
    page = text_of(holder.get(at(account, "account")))
    assert "Terakhir digunakan" in page
    assert "Masih digunakan" not in page  # before the new key was there, nobody had a choice
    Secret.objects.filter(pk=old.pk).update(last_used_at=timezone.now())
    assert "Masih digunakan: terakhir" in text_of(holder.get(at(account, "account")))
    said = {"secret": old.pk, "version": version(account)}
    page = text_of(holder.post(at(account, "end_secret"), said, follow=True))
    assert f"Kunci lama {old.hint} diakhiri." in page
    assert selectors.living_secrets(account, timezone.now()).count() == 1


@pytest.mark.parametrize("number", ["", "x", "-1", "0", "9" * 19, "9" * 30])
def test_a_key_that_is_not_this_accounts_is_not_found(account: WebserviceAccount, psi: Client, number: str) -> None:
    assert psi.post(at(account, "end_secret"), {"secret": number}).status_code == 404
    other = WebserviceAccount.objects.get(requests=a_request(Status.FINISHED, email="lain@usk.ac.id"))
    assert psi.post(at(account, "end_secret"), {"secret": other.secrets.get().pk}).status_code == 404


def test_a_leaked_key_is_dead_before_the_new_one_is_opened_and_the_page_says_so(
    account: WebserviceAccount, psi: Client
) -> None:
    page = text_of(psi.post(at(account, "rotate_key"), {"overlap_hours": "0"}, follow=True))
    assert f"Tautan kunci baru dikirim ke {HOLDER}." in page
    assert "Tidak ada kunci yang berlaku" in page
    assert not selectors.living_secrets(account, timezone.now()).exists()


def test_with_two_keys_alive_a_third_is_refused_in_words(account: WebserviceAccount, holder: Client) -> None:
    holder.post(at(account, "rotate_key"), {"overlap_hours": "168", "version": version(account)})
    holder.post(at(account, "account_reveal"))
    said = {"overlap_hours": "24", "version": version(account)}
    page = holder.post(at(account, "rotate_key"), said).content.decode()
    assert "Dua kunci masih berlaku. Akhiri kunci yang lama lebih dahulu" in page


@pytest.mark.parametrize("hours", ["", "2", "-1", "x"])
def test_when_the_old_key_ends_is_chosen_from_the_list(account: WebserviceAccount, psi: Client, hours: str) -> None:
    page = psi.post(at(account, "rotate_key"), {"overlap_hours": hours}).content.decode()
    assert "Pilih kapan kunci lama berakhir." in page
    assert not account.tickets.filter(overlap_hours__isnull=False).exists()


# --- mutasi ---------------------------------------------------------------------------------------------
MUTASI = {
    "name": "Dr. Cut Intan, M.T.",
    "identity_type": "nip",
    "identity_number": "19900101 201504 2 001",
    "phone": "0813-9876-5432",
    "email": "intan@usk.ac.id",
    "reason": "Surat mutasi 9/UN11/2026",
}


def link_in_mail(to: str) -> str:
    text = OutgoingMail.objects.filter(to=to, text__contains="/serah-terima/").latest("pk").text
    return re.search(r"http\S+?(/serah-terima/\S+)", text)[1]


def test_a_new_responsible_person_without_a_login_opens_and_keeps_a_new_key(
    account: WebserviceAccount, psi: Client
) -> None:
    psi.post(at(account, "change_holder"), MUTASI | {"version": version(account)})
    account.refresh_from_db()
    assert (account.holder_name, account.holder_identity_number) == ("Dr. Cut Intan, M.T.", "199001012015042001")
    link, visitor = link_in_mail("intan@usk.ac.id"), Client()
    visitor.post(f"{link}kode/")
    code = re.search(r"\b\d{4}-\d{4}\b", OutgoingMail.objects.filter(key__startswith="reveal-code").latest("pk").text)[
        0
    ]
    page = text_of(visitor.post(link, {"code": code}, follow=True))
    assert "Kunci lama sudah berakhir" in page
    assert SECRET.search(visitor.post(f"{link}buka/").content.decode())
    assert not SECRET.search(visitor.post(f"{link}buka/", follow=True).content.decode())
    page = text_of(visitor.post(link, {"stored": "on"}, follow=True))
    assert "Kunci sudah disimpan" in page
    account.refresh_from_db()
    assert account.acknowledged_at


def test_a_new_responsible_person_who_signs_in_sees_the_account_but_not_the_old_letter(
    account: WebserviceAccount, psi: Client, holder: Client
) -> None:
    request = account.requests.get()
    psi.post(at(account, "change_holder"), MUTASI | {"version": version(account)})
    intan = signed_in(person(None, email="intan@usk.ac.id"))
    assert intan.get(link_in_mail("intan@usk.ac.id"))["Location"] == at(account, "account_key")
    page = intan.get(at(account, "account")).content.decode()
    assert "Buka kunci" in page
    assert request.get_absolute_url() not in page
    assert SECRET.search(intan.post(at(account, "account_reveal")).content.decode())
    assert holder.get(at(account, "account")).status_code == 404
    assert holder.post(at(account, "account_reveal")).status_code == 404


def test_what_is_wrong_about_a_mutasi_is_said_and_everything_typed_stays(
    account: WebserviceAccount, psi: Client
) -> None:
    said = MUTASI | {"identity_number": "12", "phone": "lima", "reason": "", "version": version(account)}
    page = psi.post(at(account, "change_holder"), said).content.decode()
    assert "NIP terdiri atas 18 angka" in page
    assert "Tuliskan alasan atau nomor surat mutasinya." in page
    for typed in ("Dr. Cut Intan, M.T.", "12", "lima", "intan@usk.ac.id"):
        assert f'value="{typed}"' in page
    account.refresh_from_db()
    assert account.holder_email == HOLDER


# --- the page -------------------------------------------------------------------------------------------
def test_paths_are_for_psi(account: WebserviceAccount, psi: Client, holder: Client) -> None:
    PathRule.objects.create(data_type=account.current_grants.get().data_type, methods="GET", pattern="/api/uji/**")
    assert "/api/uji/**" in psi.get(at(account, "account")).content.decode()
    assert "/api/uji/**" not in holder.get(at(account, "account")).content.decode()


def test_the_page_tells_the_whole_story_with_the_procedures_own_events(
    account: WebserviceAccount, psi: Client, holder: Client
) -> None:
    psi.post(at(account, "suspend_account"), {"reason": "Bocor"})
    page = text_of(holder.get(at(account, "account")))
    assert page.index("Nadia Safira menangguhkan akun") < page.index("membuka kunci akun")


def test_the_account_page_asks_no_more_of_the_database_as_the_history_grows(
    account: WebserviceAccount, psi: Client, django_assert_max_num_queries: object
) -> None:
    psi.get(at(account, "account"))
    for number in range(8):
        psi.post(at(account, "change_limits"), {"rate_per_minute": number + 1, "burst": 5, "version": version(account)})
    with django_assert_max_num_queries(60):
        psi.get(at(account, "account"))


@pytest.mark.parametrize(
    "name",
    [
        "suspend_account",
        "reinstate_account",
        "revoke_account",
        "change_grants",
        "change_limits",
        "rotate_key",
        "change_holder",
        "account_key",
        "account_reveal",
        "end_secret",
        "decline_renewal",
        "want_renewal",
        "keep_unused",
    ],
)
def test_strangers_find_nothing(account: WebserviceAccount, name: str) -> None:
    stranger = signed_in(person(Role.UNIT_STAFF))
    assert stranger.post(at(account, name), {"reason": "x", "is_sure": "on"}).status_code == 404


def test_who_sees_the_account_but_holds_it_not_gets_no_key(account: WebserviceAccount, psi: Client) -> None:
    handover.rotate(account, overlap_hours=24, by=person(Role.PSI), now=timezone.now())
    page = psi.post(at(account, "account_reveal"), follow=True)
    assert not SECRET.search(page.content.decode())
    assert "Hanya penanggung jawabnya" in text_of(page)
    assert account.secrets.count() == 1


def test_a_renewal_under_way_is_named_and_a_draft_only_to_its_unit(account: WebserviceAccount, psi: Client) -> None:
    staff = person(Role.UNIT_STAFF, unit=account.unit)
    fields = {"unit": account.unit, "created_by": staff, "renews": account, "opened_at": timezone.now()}
    renewal = AccessRequest.objects.create(reference="GP26-PANJNG", status="draft", **fields)
    assert "GP26-PANJNG" in text_of(signed_in(staff).get(at(account, "account")))
    assert "GP26-PANJNG" not in text_of(psi.get(at(account, "account")))
    AccessRequest.objects.filter(pk=renewal.pk).update(status="submitted", submitted_at=timezone.now())
    assert "Perpanjangan sedang diproses: GP26-PANJNG" in text_of(psi.get(at(account, "account")))


@pytest.mark.parametrize("page", ["suspend_account", "revoke_account"])
def test_a_service_that_does_not_ask_the_gate_is_named_before_it_is_stopped(page: str) -> None:
    account, psi = an_outside_task(Service.Provisioner.BY_HAND).account, signed_in(person(Role.PSI))
    WebserviceAccount.objects.update(informed_at=timezone.now(), revealed_at=timezone.now())
    assert "SIAKAD menyimpan akunnya sendiri" in text_of(psi.get(at(account, page)))
    Service.objects.update(provisioner=Service.Provisioner.GATE)
    assert "menyimpan akunnya sendiri" not in text_of(psi.get(at(account, page)))
