"""An administrator maps paths to data; what would open too much, or nothing, is said beside the field."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.roles import Role
from tests import factories, gate
from webservice_accounts.models import DataType, PathRule

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(factories.person(Role.ADMINISTRATOR))
    return client


def save(client: Client, data_type: DataType, *rules: tuple[str, str]) -> str:
    """Type new rules on the page of a kind of data and save; return the page that follows."""
    typed = {
        name: getattr(data_type, name)
        for name in ("name", "description", "sensitivity", "extra_paper", "name_en", "description_en")
    }
    typed |= {"owner": data_type.owner_id, "service": data_type.service_id, "is_active": "on"}
    typed |= {"path_rules-TOTAL_FORMS": len(rules), "path_rules-INITIAL_FORMS": 0}
    for number, (methods, pattern) in enumerate(rules):
        typed |= {f"path_rules-{number}-methods": methods, f"path_rules-{number}-pattern": pattern}
    address = reverse("admin:webservice_accounts_datatype_change", args=[data_type.pk])
    return client.post(address, typed, follow=True).content.decode()


def test_rules_are_typed_on_the_page_of_the_data_and_kept_in_one_spelling(administrator: Client) -> None:
    data_type = factories.DataTypeFactory(code="mahasiswa")
    save(administrator, data_type, ("get , post", "/api/mahasiswa/*/"), ("GET", "/soap/Mahasiswa.asmx"))
    rules = PathRule.objects.filter(data_type=data_type).order_by("pattern").values_list("methods", "pattern")
    assert list(rules) == [("GET, POST", "/api/mahasiswa/*"), ("GET", "/soap/Mahasiswa.asmx")]
    assert "/api/mahasiswa/*" in AuditEvent.objects.get(subject=f"datatype:{data_type.pk}").data["detail"]


@pytest.mark.parametrize(
    ("methods", "pattern", "sentence"),
    [
        ("GET", "/**", "Pola ini berlaku untuk semua alamat. Tulis bagian pertamanya, misalnya /api/**."),
        ("GET", "/*/mahasiswa", "Pola ini berlaku untuk semua alamat."),
        ("GET", "api/mahasiswa", "Awali pola dengan garis miring"),
        ("GET", "/api/**/nilai", "gunakan * untuk satu bagian penuh, dan ** hanya di akhir pola."),
        ("GET", "/api/../pegawai", "Tulis alamat apa adanya"),
        ("AMBIL", "/api/mahasiswa", "“AMBIL” bukan metode HTTP."),
    ],
)
def test_a_wrong_or_too_wide_rule_is_not_saved(
    administrator: Client, methods: str, pattern: str, sentence: str
) -> None:
    page = save(administrator, factories.DataTypeFactory(code="mahasiswa"), (methods, pattern))
    assert sentence in page
    assert not PathRule.objects.exists()


def test_the_same_rule_twice_is_said_and_not_a_crash(administrator: Client) -> None:
    data_type = factories.DataTypeFactory(code="mahasiswa")
    page = save(administrator, data_type, ("GET", "/api/mahasiswa"), ("get", "/api/mahasiswa/"))
    assert "errornote" in page or "errorlist" in page
    assert not PathRule.objects.exists()


def test_the_page_shows_the_rules(administrator: Client) -> None:
    data_type = gate.a_data_type("mahasiswa")
    page = administrator.get(reverse("admin:webservice_accounts_datatype_change", args=[data_type.pk]))
    assert "/api/mahasiswa/**" in page.content.decode()
