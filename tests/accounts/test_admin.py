"""People come in by invitation, hold roles, and leave by being deactivated; the administrator's pages for it."""

import re
from datetime import datetime, timedelta, timezone

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.audit import say
from accounts.models import AuditEvent, OutgoingMail, RoleGrant, User
from accounts.roles import Role
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=7)))
ADD = "/pengelolaan/data/accounts/user/add/"
LIST = "/pengelolaan/data/accounts/user/"
NEW_PASSWORD = "hujan-turun-di-darussalam"


@pytest.fixture
def admin() -> User:
    """Return the one administrator."""
    return factories.person(Role.ADMINISTRATOR, full_name="Yusra Rahmi", email="admin@usk.ac.id")


@pytest.fixture
def office(client: Client, admin: User) -> Client:
    """Return the administrator's browser."""
    factories.the_institution()
    client.force_login(admin)
    return client


def details(**changed: object) -> dict[str, object]:
    """What the form of a new person is filled with; what is None is left out, as an unticked box is."""
    filled = {
        "full_name": "Cut Nurmala",
        "email": "Nurmala@USK.ac.id",
        "language": "id",
        "unit": "",
        "job_title": "",
        "roles": [],
        "is_active": "on",
        "identity_type": "",
        "identity_number": "",
        "phone": "",
        **changed,
    }
    return {name: value for name, value in filled.items() if value is not None}


def of(person: User, **changed: object) -> dict[str, object]:
    """The form of somebody as it stands, with some fields changed."""
    return details(
        full_name=person.full_name,
        email=person.email,
        language=person.language,
        unit=person.unit_id,
        roles=sorted(person.roles),
        **changed,
    )


def page_of(person: User) -> str:
    return f"/pengelolaan/data/accounts/user/{person.pk}/change/"


def said_about(person: User) -> list[str]:
    return [say(event) for event in AuditEvent.objects.filter(subject=f"user:{person.pk}").order_by("pk")]


def errors(response: object, field: str) -> list[str]:
    return response.context["adminform"].form.errors.get(field, [])


def link_in(mail: OutgoingMail) -> str:
    """The path of the link in a mail."""
    found = re.search(r"https?://[^/]+(/masuk/password/reset/key/\S+)", mail.text)
    assert found, mail.text
    return found[1]


def open_link(path: str) -> object:
    return Client().get(path, follow=True)


# --- coming in ---------------------------------------------------------------------------------
def test_a_new_person_is_invited_chooses_a_password_and_signs_in(office: Client) -> None:
    unit = factories.UnitFactory(name="FMIPA")
    response = office.post(ADD, details(unit=unit.pk, roles=[Role.UNIT_STAFF], phone="0812 3456 7890"), follow=True)
    assert "Undangan untuk membuat kata sandi dikirim ke nurmala@usk.ac.id." in response.content.decode()
    person = User.objects.get(email="nurmala@usk.ac.id")
    assert not person.has_usable_password()
    assert (person.unit, set(person.roles), str(person.phone)) == (unit, {Role.UNIT_STAFF}, "+6281234567890")

    address = EmailAddress.objects.get(user=person)
    assert (address.email, address.verified, address.primary) == ("nurmala@usk.ac.id", True, True)

    mail = OutgoingMail.objects.get(to="nurmala@usk.ac.id")
    assert mail.subject == "Undangan memakai Gapura"
    assert "Yusra Rahmi mendaftarkan Anda di Gapura sebagai bagian dari FMIPA." in mail.text
    assert f"{settings.BASE_URL}{link_in(mail)}" in mail.text

    newcomer = Client()
    page = newcomer.get(link_in(mail), follow=True)
    assert page.status_code == 200
    done = newcomer.post(
        page.redirect_chain[-1][0], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}, follow=True
    )
    assert "Tautan ini tidak berlaku lagi" not in done.content.decode()
    signed_in = newcomer.post(
        reverse("account_login"), {"login": "nurmala@usk.ac.id", "password": NEW_PASSWORD}, follow=True
    )
    assert signed_in.context["user"] == person
    assert signed_in.redirect_chain[-1][0] == reverse("home")


def test_the_invitation_works_once(office: Client) -> None:
    office.post(ADD, details())
    link = link_in(OutgoingMail.objects.get())
    newcomer = Client()
    page = newcomer.get(link, follow=True)
    newcomer.post(page.redirect_chain[-1][0], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert "Tautan ini tidak berlaku lagi" in open_link(link).content.decode()


@pytest.mark.parametrize(("age", "is_open"), [(timedelta(days=3), True), (timedelta(days=3, seconds=1), False)])
def test_the_invitation_is_valid_for_the_three_days_it_names(office: Client, age: timedelta, is_open: bool) -> None:
    with time_machine.travel(NOW, tick=False):
        office.post(ADD, details())
    mail = OutgoingMail.objects.get()
    assert "Tautan berlaku 3 hari dan hanya dapat dipakai satu kali" in mail.text
    with time_machine.travel(NOW + age, tick=False):
        assert ("Tautan ini tidak berlaku lagi" not in open_link(link_in(mail)).content.decode()) is is_open


def test_somebody_who_lost_the_invitation_helps_themselves(office: Client) -> None:
    office.post(ADD, details())
    OutgoingMail.objects.all().delete()
    Client().post(reverse("account_reset_password"), {"email": "nurmala@usk.ac.id"})
    assert open_link(link_in(OutgoingMail.objects.get(to="nurmala@usk.ac.id"))).context["form"]


def test_nobody_signs_in_before_choosing_a_password(office: Client) -> None:
    office.post(ADD, details())
    for password in ("", "!", User.objects.get(email="nurmala@usk.ac.id").password):
        answer = Client().post(reverse("account_login"), {"login": "nurmala@usk.ac.id", "password": password})
        assert answer.status_code == 200, "a redirect would be a sign-in"


def test_the_invitation_is_in_the_newcomer_s_language(office: Client) -> None:
    office.post(ADD, details(language="en"))
    assert OutgoingMail.objects.get().subject == "Invitation to Gapura"


def test_the_text_of_an_invitation_is_shown_to_no_administrator(office: Client) -> None:
    office.post(ADD, details())
    mail = OutgoingMail.objects.get()
    page = office.get(f"/pengelolaan/data/accounts/outgoingmail/{mail.pk}/change/").content.decode()
    assert "Isi surel ini rahasia dan tidak ditampilkan." in page
    assert link_in(mail) not in page


def test_the_form_has_no_password(office: Client) -> None:
    assert 'type="password"' not in office.get(ADD).content.decode()


def test_inviting_again_reaches_only_those_who_never_chose_a_password(office: Client, admin: User) -> None:
    office.post(ADD, details())
    person = User.objects.get(email="nurmala@usk.ac.id")
    gone = factories.person(None, is_active=False)
    User.objects.filter(pk=gone.pk).update(password=User.objects.get(pk=person.pk).password)
    response = office.post(
        LIST, {"action": "invite_again", "_selected_action": [person.pk, admin.pk, gone.pk]}, follow=True
    )
    text = response.content.decode()
    assert "Undangan dikirim ulang kepada Cut Nurmala." in text
    assert "2 orang dilewati: sudah memiliki kata sandi, atau tidak aktif." in text
    assert [mail.to for mail in OutgoingMail.objects.all()] == ["nurmala@usk.ac.id"] * 2


# --- bad input ---------------------------------------------------------------------------------
def test_an_address_belongs_to_one_person_whatever_its_case(office: Client, admin: User) -> None:
    response = office.post(ADD, details(email="ADMIN@usk.ac.id"))
    assert errors(response, "email") == ["Alamat ini sudah dipakai orang lain. Periksa daftar pengguna."]
    assert User.objects.count() == 1
    assert response.context["adminform"].form["full_name"].value() == "Cut Nurmala"


def test_another_address_that_somebody_proved_to_be_theirs_is_theirs(office: Client, admin: User) -> None:
    EmailAddress.objects.create(user=admin, email="nurmala@usk.ac.id", verified=True)
    assert errors(office.post(ADD, details()), "email")


@pytest.mark.parametrize(
    ("filled", "field", "sentence"),
    [
        ({"roles": [Role.UNIT_STAFF]}, "unit", "Staf unit kerja harus memiliki unit kerja."),
        ({"identity_number": "198809122015042001"}, "identity_type", "Pilih jenis nomor yang diisi."),
        ({"identity_type": "nip"}, "identity_number", "Isi nomornya, atau kosongkan jenis identitas."),
        (
            {"identity_type": "nip", "identity_number": "19880912 201504 2 00"},
            "identity_number",
            "NIP terdiri atas 18 angka; yang diisi 17 angka.",
        ),
        ({"phone": "12"}, "phone", "Isi satu nomor telepon, misalnya 0812-3456-7890."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    office: Client, filled: dict[str, object], field: str, sentence: str
) -> None:
    assert errors(office.post(ADD, details(**filled)), field) == [sentence]
    assert User.objects.count() == 1
    assert not OutgoingMail.objects.exists()


def test_a_nip_with_spaces_is_stored_without(office: Client) -> None:
    office.post(ADD, details(identity_type="nip", identity_number="19880912 201504 2 001"))
    assert User.objects.get(email="nurmala@usk.ac.id").identity_number == "198809122015042001"


# --- roles, activity, address ---------------------------------------------------------------------
def test_roles_given_and_taken_are_recorded_with_names(office: Client) -> None:
    person = factories.person([Role.PSI, Role.AUDITOR], full_name="Nadia Safira")
    office.post(page_of(person), of(person) | {"roles": [Role.PSI, Role.HELPDESK]})
    assert {grant.role for grant in RoleGrant.objects.filter(user=person)} == {Role.PSI, Role.HELPDESK}
    said = said_about(person)
    assert "Yusra Rahmi memberi Nadia Safira peran “Admin/Helpdesk”." in said
    assert "Yusra Rahmi mencabut peran “Auditor (hanya baca)” dari Nadia Safira." in said
    assert not any("Divisi PSI" in sentence for sentence in said)


def test_saving_without_a_change_records_nothing(office: Client) -> None:
    person = factories.person(Role.PSI)
    User.objects.filter(pk=person.pk).update(identity_type="", identity_number="", phone="", job_title="")
    office.post(page_of(person), of(person))
    assert said_about(person) == []


def test_a_deactivated_person_is_out_at_once_and_it_is_recorded(office: Client) -> None:
    person = factories.person(Role.PSI, full_name="Nadia Safira")
    theirs = Client()
    theirs.force_login(person)
    assert theirs.get(reverse("home")).status_code == 200
    office.post(page_of(person), of(person, is_active=None))
    assert theirs.get(reverse("home")).status_code == 302
    assert "Yusra Rahmi menonaktifkan Nadia Safira." in said_about(person)
    office.post(page_of(person), of(person))
    assert "Yusra Rahmi mengaktifkan kembali Nadia Safira." in said_about(person)


def test_nobody_is_deleted(office: Client) -> None:
    person = factories.person(Role.PSI)
    assert office.post(f"/pengelolaan/data/accounts/user/{person.pk}/delete/", {"post": "yes"}).status_code == 403
    office.post(LIST, {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"})
    assert User.objects.filter(pk=person.pk).exists()


@pytest.mark.parametrize(
    ("changed", "field"), [({"roles": [Role.AUDITOR]}, "roles"), ({"is_active": None}, "is_active")]
)
def test_the_last_administrator_stays(office: Client, admin: User, changed: dict[str, object], field: str) -> None:
    factories.person(Role.ADMINISTRATOR, is_active=False)
    response = office.post(page_of(admin), {key: v for key, v in (of(admin) | changed).items() if v is not None})
    assert errors(response, field) == [
        "Harus ada sekurangnya satu administrator aktif. Tunjuk administrator lain lebih dahulu."
    ]
    admin.refresh_from_db()
    assert admin.is_active
    assert admin.role_grants.filter(role=Role.ADMINISTRATOR).exists()


def test_with_a_second_administrator_the_first_may_go(office: Client, admin: User) -> None:
    factories.person(Role.ADMINISTRATOR)
    office.post(page_of(admin), of(admin) | {"roles": [Role.AUDITOR]})
    assert {grant.role for grant in RoleGrant.objects.filter(user=admin)} == {Role.AUDITOR}


def test_a_new_address_is_the_only_one_that_signs_in(office: Client) -> None:
    person = factories.person(Role.PSI, full_name="Nadia Safira", email="lama@usk.ac.id")
    EmailAddress.objects.create(user=person, email="pribadi@contoh.id", verified=True)
    office.post(page_of(person), of(person) | {"email": "baru@usk.ac.id"})
    for address, is_let_in in (("lama@usk.ac.id", False), ("pribadi@contoh.id", False), ("baru@usk.ac.id", True)):
        answer = Client().post(reverse("account_login"), {"login": address, "password": factories.PASSWORD})
        assert (answer.status_code == 302) is is_let_in, address
    assert "Yusra Rahmi mengganti alamat email Nadia Safira dari lama@usk.ac.id menjadi baru@usk.ac.id." in said_about(
        person
    )


# --- units, history, lists -----------------------------------------------------------------------
def test_changes_of_a_unit_are_recorded_and_shown_as_its_history(office: Client) -> None:
    unit = factories.UnitFactory(name="Fakultas Lama", code="fl", head_title="Dekan", email="")
    office.post(
        f"/pengelolaan/data/accounts/unit/{unit.pk}/change/",
        {"name": "Fakultas Baru", "code": "fl", "head_title": "Dekan", "email": "", "is_active": "on"},
    )
    page = office.get(f"/pengelolaan/data/accounts/unit/{unit.pk}/history/").content.decode()
    assert "Yusra Rahmi mengubah unit kerja “Fakultas Baru”." in page
    assert '<span class="quiet">Nama</span>' in page


def test_an_administrator_reading_english_writes_the_same_record(office: Client, admin: User) -> None:
    User.objects.filter(pk=admin.pk).update(language="en")
    office.post(
        "/pengelolaan/data/accounts/unit/add/",
        {"name": "Fakultas Baru", "code": "fb", "head_title": "Dekan", "email": "", "is_active": "on"},
    )
    event = AuditEvent.objects.get(verb="add")
    assert event.data == {"kind": "unit kerja", "name": "Fakultas Baru"}


@pytest.mark.parametrize("model", ["user", "unit"])
def test_lists_ask_the_database_the_same_however_long_they_are(office: Client, model: str) -> None:
    counts = []
    for more in (3, 27):
        for _number in range(more):
            factories.person(Role.PSI)
        with CaptureQueriesContext(connection) as queries:
            office.get(f"/pengelolaan/data/accounts/{model}/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
