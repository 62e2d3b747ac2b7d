"""The administrator's page for those who ask about tokens: a secret is made by pressing, and shown once."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts import audit
from accounts.models import AuditEvent
from accounts.roles import Role
from tests import factories
from tests.webservice_accounts.test_oauth import basic, error, post
from webservice_accounts import credentials
from webservice_accounts.models import ResourceServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> ResourceServer:
    """Return one that has no secret yet."""
    return ResourceServer.objects.create(code="gw-data", name="Gateway Data", service=factories.ServiceFactory())


@pytest.fixture
def admin(client: Client) -> Client:
    """Return the browser of an administrator."""
    client.force_login(factories.person(Role.ADMINISTRATOR, full_name="Admin Uji"))
    return client


def page(server: ResourceServer) -> str:
    return reverse("admin:webservice_accounts_resourceserver_new_secret", args=[server.pk])


def secrets_on(content: bytes) -> list[str]:
    return re.findall(r"uwg_[0-9A-Za-z]{36}", content.decode())


def test_a_secret_is_made_by_pressing_shown_once_and_opens(admin: Client, server: ResourceServer) -> None:
    response = admin.post(page(server))
    (secret,) = secrets_on(response.content)
    assert "no-store" in response["Cache-Control"]
    asked = post("/oauth/introspect", {"token": "x"}, basic("gw-data", secret))
    assert asked.json() == {"active": False}
    for later in (page(server), reverse("admin:webservice_accounts_resourceserver_change", args=[server.pk])):
        again = admin.get(later).content
        assert not secrets_on(again)
        assert credentials.display_hint(secret) in again.decode()


def test_looking_makes_nothing(admin: Client, server: ResourceServer) -> None:
    for _twice in range(2):
        assert not secrets_on(admin.get(page(server)).content)
        admin.head(page(server))
    server.refresh_from_db()
    assert server.digest == ""


def test_a_new_secret_ends_the_one_before(admin: Client, server: ResourceServer) -> None:
    first, second = (secrets_on(admin.post(page(server)).content)[0] for _time in range(2))
    assert error(post("/oauth/introspect", {"token": "x"}, basic("gw-data", first))) == (401, "invalid_client")
    assert post("/oauth/introspect", {"token": "x"}, basic("gw-data", second)).status_code == 200
    assert credentials.display_hint(first) != credentials.display_hint(second)


def test_the_record_says_who_made_a_secret_and_not_which(admin: Client, server: ResourceServer) -> None:
    (secret,) = secrets_on(admin.post(page(server)).content)
    event = AuditEvent.objects.get(subject=f"resourceserver:{server.pk}")
    assert audit.say(event) == "Admin Uji membuat kunci baru untuk peladen sumber daya “Gateway Data”."
    assert secret not in str(AuditEvent.objects.values())


def test_others_and_forged_forms_make_nothing(server: ResourceServer) -> None:
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(factories.person(Role.ADMINISTRATOR))
    assert forged.post(page(server)).status_code == 403
    for role in (Role.PSI, Role.HEAD, Role.UNIT_STAFF):
        other = Client()
        other.force_login(factories.person(role))
        assert other.post(page(server), follow=True).status_code == 404
    assert ResourceServer.objects.get().digest == ""


def test_the_code_stays_and_the_row_is_switched_off_instead_of_deleted(admin: Client, server: ResourceServer) -> None:
    change = reverse("admin:webservice_accounts_resourceserver_change", args=[server.pk])
    admin.post(change, {"code": "lain", "name": "Gateway Baru", "service": server.service_id})
    server.refresh_from_db()
    assert (server.code, server.name, server.is_active) == ("gw-data", "Gateway Baru", False)
    assert admin.post(reverse("admin:webservice_accounts_resourceserver_delete", args=[server.pk])).status_code == 403
