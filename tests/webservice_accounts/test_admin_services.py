"""The administrator's page of a service: where webhooks may go, and the key that signs them."""

from datetime import datetime
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client

from accounts.audit import say
from accounts.models import AuditEvent
from accounts.roles import Role
from requests_app.sla import WIB
from tests.factories import DataTypeFactory, an_outside_account, person, the_institution
from webservice_accounts import webhooks
from webservice_accounts.models import ProvisioningTask, Service

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=WIB)
LIST = "/pengelolaan/data/webservice_accounts/service/"


@pytest.fixture
def office(client: Client) -> Client:
    """Return the administrator's browser."""
    the_institution()
    client.force_login(person(Role.ADMINISTRATOR, full_name="Yusra Rahmi"))
    return client


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"layanan.example": ["8.8.8.8"], "dalam.usk.ac.id": ["10.10.20.7"], "10.10.20.7": ["10.10.20.7"]}

    def resolve(host: str, port: int) -> list[str]:
        if host not in known:
            raise OSError
        return known[host]

    monkeypatch.setattr(webhooks, "resolve", resolve)


def a_service(**fields: Any) -> Service:
    return Service.objects.create(**{"code": "siakad", "name": "SIAKAD"} | fields)


def save(office: Client, service: Service, **said: str) -> str:
    words = {"name": service.name, "base_url": "", "is_active": "on", "provisioner": "webhook", "webhook_url": ""}
    return office.post(f"{LIST}{service.pk}/change/", words | said, follow=True).content.decode()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "Isi alamat webhook"),
        ("http://layanan.example/", "harus diawali https://"),
        ("https://orang:rahasia@layanan.example/", "nama pengguna atau kata sandi"),
        ("https://dalam.usk.ac.id/gapura", "bukan milik internet umum"),
        ("https://10.10.20.7/gapura", "bukan milik internet umum"),
        ("https://tidak-ada.example/", "tidak ditemukan"),
    ],
)
def test_where_webhooks_may_not_go_is_said_beside_the_field(office: Client, url: str, says: str) -> None:
    service = a_service()
    assert says in save(office, service, webhook_url=url)
    service.refresh_from_db()
    assert service.provisioner == "gate"


def test_an_inner_address_is_taken_where_the_setting_names_its_network(office: Client, settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("10.10.20.0/24")]
    service = a_service()
    save(office, service, webhook_url="https://dalam.usk.ac.id/gapura")
    service.refresh_from_db()
    assert (service.provisioner, service.webhook_url) == ("webhook", "https://dalam.usk.ac.id/gapura")


def test_a_service_that_leaves_the_gate_hears_of_its_accounts(office: Client) -> None:
    data = DataTypeFactory()
    account = an_outside_account(data, at=NOW)
    save(office, data.service, webhook_url="https://layanan.example/gapura")
    assert [(task.account, task.event) for task in ProvisioningTask.objects.all()] == [(account, "account.created")]
    save(office, data.service, webhook_url="https://layanan.example/gapura", name="Nama baru")
    assert ProvisioningTask.objects.count() == 1


def test_a_service_that_is_switched_on_again_hears_of_its_accounts(office: Client) -> None:
    data = DataTypeFactory()
    account = an_outside_account(data, at=NOW)
    save(office, data.service, webhook_url="https://layanan.example/gapura", is_active="")
    assert not ProvisioningTask.objects.exists()
    save(office, data.service, webhook_url="https://layanan.example/gapura")
    assert [(task.account, task.event) for task in ProvisioningTask.objects.all()] == [(account, "account.created")]


def test_moving_data_to_an_outside_service_on_its_page_tells_that_service(office: Client) -> None:
    data = DataTypeFactory()
    account = an_outside_account(data, at=NOW)
    other = a_service(provisioner="by_hand")
    said = {
        name: str(getattr(data, name)) for name in ("name", "description", "sensitivity", "name_en", "description_en")
    }
    rules = {f"path_rules-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    words = said | rules | {"service": str(other.pk), "owner": str(data.owner_id), "is_active": "on"}
    page = office.post(f"/pengelolaan/data/webservice_accounts/datatype/{data.pk}/change/", words, follow=True)
    data.refresh_from_db()
    assert data.service == other, page.content.decode()
    assert [(task.account, task.service) for task in ProvisioningTask.objects.all()] == [(account, other)]


def test_the_key_is_shown_only_when_asked_and_that_is_recorded(office: Client) -> None:
    service = a_service(provisioner="webhook", webhook_url="https://layanan.example/gapura")
    key = webhooks.shown(webhooks.keys("siakad", 1)[0])
    assert f"{LIST}{service.pk}/kunci-webhook/" in office.get(f"{LIST}{service.pk}/change/").content.decode()
    assert key not in office.get(f"{LIST}{service.pk}/kunci-webhook/").content.decode()
    assert not AuditEvent.objects.exists()
    shown = office.post(f"{LIST}{service.pk}/kunci-webhook/", {"show": "x"})
    assert key in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    (event,) = AuditEvent.objects.all()
    assert say(event) == "Yusra Rahmi membuka kunci webhook layanan “SIAKAD”."
    assert key not in str(event.data)


def test_a_new_key_replaces_it_and_is_shown(office: Client) -> None:
    service = a_service(provisioner="webhook", webhook_url="https://layanan.example/gapura")
    page = office.post(f"{LIST}{service.pk}/kunci-webhook/", {"replace": "x"}).content.decode()
    service.refresh_from_db()
    assert service.webhook_key_version == 2
    assert webhooks.shown(webhooks.keys("siakad", 2)[0]) in page
    assert webhooks.shown(webhooks.keys("siakad", 1)[0]) not in page
    said = [say(event) for event in AuditEvent.objects.order_by("pk")]
    assert said[0] == "Yusra Rahmi mengganti kunci webhook layanan SIAKAD."


def test_the_key_of_a_service_that_does_not_exist_is_not_found(office: Client) -> None:
    assert office.get(f"{LIST}999/kunci-webhook/").status_code == 404


@pytest.mark.parametrize("role", [Role.PSI, Role.HEAD, Role.HELPDESK, Role.AUDITOR, Role.UNIT_STAFF])
def test_nobody_else_sees_a_key(client: Client, role: Role) -> None:
    service = a_service()
    client.force_login(person(role))
    for method in (client.get, client.post):
        assert "whsec_" not in method(f"{LIST}{service.pk}/kunci-webhook/", {"show": "x"}, follow=True).content.decode()
