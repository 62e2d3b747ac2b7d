"""The administrator's workshop: every page of it opens for an administrator, none for anybody else."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts import audit
from accounts.models import OutgoingMail, User
from accounts.roles import Role
from requests_app.sop import Status
from tests import factories

pytestmark = pytest.mark.django_db

INDEX = "/pengelolaan/data/"
LISTED = {
    "accounts/auditevent",
    "accounts/institution",
    "accounts/outgoingmail",
    "accounts/substitution",
    "accounts/unit",
    "accounts/user",
    "webservice_accounts/datatype",
    "webservice_accounts/resourceserver",
    "webservice_accounts/service",
}
"""What an administrator keeps. Requests, accounts, secrets, groups and addresses are not among it."""
MAY_ADD = {
    "accounts/unit",
    "accounts/user",
    "webservice_accounts/datatype",
    "webservice_accounts/resourceserver",
    "webservice_accounts/service",
}


@pytest.fixture
def rows(django_user_model: type[User]) -> dict[str, int]:
    """Return one row of everything that is listed: its path and primary key."""
    request = factories.a_request(Status.DISPOSED)
    now = request.submitted_at
    absent, substitute = factories.person(Role.HEAD), factories.person(Role.PSI)
    made = [
        audit.record("unit:1", "add", "{actor} menambahkan unit.", by=absent, now=now),
        factories.the_institution(),
        OutgoingMail.objects.first(),
        absent.substitutions.create(substitute=substitute, starts_on="2026-11-23", ends_on="2026-11-25"),
        request.unit,
        absent,
        request.items.first().data_type,
        request.items.first().data_type.service,
        request.items.first().data_type.service.resource_servers.create(code="gw", name="Gateway"),
    ]
    return {f"{row._meta.app_label}/{row._meta.model_name}": row.pk for row in made}


def sign_in(client: Client, role: Role) -> Client:
    client.force_login(factories.person(role))
    return client


def every_page(rows: dict[str, int]) -> list[str]:
    return [
        INDEX,
        *(f"{INDEX}{name}/" for name in rows),
        *(f"{INDEX}{name}/{pk}/change/" for name, pk in rows.items()),
        *(f"{INDEX}{name}/{pk}/history/" for name, pk in rows.items() if name not in READ_ONLY),
        *(f"{INDEX}{name}/add/" for name in MAY_ADD),
    ]


READ_ONLY = {"accounts/auditevent", "accounts/outgoingmail", "accounts/substitution"}


def test_exactly_these_tables_are_the_administrator_s_to_keep() -> None:
    assert {f"{model._meta.app_label}/{model._meta.model_name}" for model in admin.site._registry} == LISTED


def test_every_page_opens_for_an_administrator(client: Client, rows: dict[str, int]) -> None:
    assert set(rows) == LISTED
    sign_in(client, Role.ADMINISTRATOR)
    answers = {path: client.get(path, follow=True).status_code for path in every_page(rows)}
    assert {path: status for path, status in answers.items() if status != 200} == {}


def test_what_cannot_be_added_here_has_no_page_for_it(client: Client, rows: dict[str, int]) -> None:
    sign_in(client, Role.ADMINISTRATOR)
    assert {name: client.get(f"{INDEX}{name}/add/").status_code for name in LISTED - MAY_ADD} == dict.fromkeys(
        LISTED - MAY_ADD, 403
    )


def test_records_cannot_be_changed_or_deleted(client: Client, rows: dict[str, int]) -> None:
    sign_in(client, Role.ADMINISTRATOR)
    for name in READ_ONLY:
        assert client.post(f"{INDEX}{name}/{rows[name]}/change/", {"subject": "lain"}).status_code == 403
        assert client.post(f"{INDEX}{name}/{rows[name]}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_no_page_opens_for_anybody_else(client: Client, rows: dict[str, int], role: Role) -> None:
    sign_in(client, role)
    for path in every_page(rows):
        assert client.get(path, follow=True).status_code == 404, path


def test_who_stands_in_for_an_administrator_is_no_administrator(client: Client) -> None:
    admin, substitute = factories.person(Role.ADMINISTRATOR), factories.person(Role.PSI)
    admin.substitutions.create(substitute=substitute, starts_on="2000-01-01", ends_on="2100-01-01")
    client.force_login(substitute)
    assert client.get(INDEX, follow=True).status_code == 404
    assert client.get(reverse("administration")).status_code == 404
    assert reverse("administration") not in client.get(reverse("home")).content.decode()


@pytest.mark.parametrize("path", [INDEX, f"{INDEX}accounts/user/", f"{INDEX}login/", f"{INDEX}logout/"])
def test_a_stranger_is_asked_to_sign_in_where_everybody_is(client: Client, path: str) -> None:
    way = client.get(path, follow=True).redirect_chain
    assert way[-1][0].startswith(f"{reverse('account_login')}?next=")


def test_after_signing_in_one_is_where_one_wanted_to_go(client: Client) -> None:
    admin = factories.person(Role.ADMINISTRATOR)
    wanted = f"{INDEX}accounts/unit/"
    door = client.get(wanted, follow=True).redirect_chain[-1][0]
    signed_in = client.post(door, {"login": admin.email, "password": factories.PASSWORD}, follow=True)
    assert signed_in.redirect_chain[-1][0] == wanted
    assert signed_in.status_code == 200


def test_there_is_no_second_door(client: Client) -> None:
    sign_in(client, Role.ADMINISTRATOR)
    assert client.get(f"{INDEX}login/").headers["Location"] == INDEX
    assert client.get(f"{INDEX}password_change/").headers["Location"] == reverse("account_change_password")
    assert client.post(f"{INDEX}logout/").headers["Location"] == reverse("account_logout")
    assert client.get(INDEX).status_code == 200, "a stray POST to Django's own page signs nobody out"


def test_the_index_is_ordered_by_work_and_speaks_indonesian(client: Client) -> None:
    factories.the_institution()
    sign_in(client, Role.ADMINISTRATOR)
    page = client.get(INDEX)
    headings = [room["name"] for room in page.context["app_list"]]
    assert headings == ["Orang dan unit", "Institusi dan layanan", "Kalender kerja", "Catatan"]
    text = page.content.decode()
    assert "<title>Data induk | Gapura</title>" in text
    assert f'href="{reverse("administration")}"' in text
    assert f'href="{reverse("calendar")}"' in text
    assert sum(len(room["models"]) for room in page.context["app_list"]) == len(LISTED) + 1, "and the calendar"
