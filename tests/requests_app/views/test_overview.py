"""The list of requests and the page of one request, as everybody who may see it sees it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from requests_app.models import AccessRequest, Disposition
from requests_app.sop import Status
from tests.factories import UnitFactory, a_request, person

pytestmark = pytest.mark.django_db

LIST = "/permohonan/"


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize("path", [LIST, "/"])
@pytest.mark.parametrize("role", [Role.HELPDESK, Role.UNIT_STAFF])
def test_a_list_asks_no_more_of_the_database_for_30_rows_than_for_3(client: Client, path: str, role: Role) -> None:
    unit = UnitFactory()
    for _number in range(3):
        a_request(Status.SUBMITTED, unit=unit)
    client.force_login(person(role, unit=unit))
    few = queries(client, path)
    for _number in range(27):
        a_request(Status.SUBMITTED, unit=unit)
    assert queries(client, path) == few
    assert few <= 20


def found(client: Client, **filters: str) -> set[str]:
    return {card["reference"] for card in client.get(LIST, filters).context["cards"]}


def test_filters_stand_in_the_address(client: Client) -> None:
    waiting = a_request(Status.SUBMITTED, application="Portal Alumni")
    finished = a_request(Status.FINISHED, application="Presensi")
    client.force_login(person(Role.HELPDESK))
    assert found(client) == {waiting.reference, finished.reference}
    assert found(client, q="alumni") == {waiting.reference}
    assert found(client, q=finished.reference[-4:].lower()) == {finished.reference}
    assert found(client, state="open") == {waiting.reference}
    assert found(client, state="finished") == {finished.reference}
    assert found(client, q="tidak ada yang begini") == set()
    assert found(client, state="karangan") == {waiting.reference, finished.reference}


def test_only_late_ones(client: Client) -> None:
    late, in_time = a_request(Status.DISPOSED), a_request(Status.DISPOSED)
    late.entries.filter(left_at=None).update(due_at="2020-01-06T03:00Z")
    in_time.entries.filter(left_at=None).update(due_at="2099-01-05T03:00Z")
    norm = a_request(Status.SUBMITTED)
    norm.entries.filter(left_at=None).update(due_at="2020-01-06T03:00Z")  # five minutes are never an alarm
    client.force_login(person(Role.HEAD))
    assert found(client, late="on") == {late.reference}


def test_another_unit_finds_neither_the_row_nor_the_page(client: Client) -> None:
    request = a_request(Status.SUBMITTED)
    client.force_login(person(Role.UNIT_STAFF))
    assert found(client) == set()
    assert client.get(request.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("reference", ["%00", "GP26-%00ABCDE", "gp26-abcdef", "1", "GP26-ABCDEFG"])
def test_what_is_no_reference_is_not_found(client: Client, reference: str) -> None:
    client.force_login(person(Role.HELPDESK))
    assert client.get(f"{LIST}{reference}/").status_code == 404


@pytest.mark.parametrize(("role", "is_read"), [(Role.PSI, True), (Role.HELPDESK, False), (Role.HEAD, False)])
def test_only_psi_opening_the_page_reads_the_disposition(client: Client, role: Role, is_read: bool) -> None:
    request = a_request(Status.DISPOSED)
    client.force_login(person(role))
    client.get(request.get_absolute_url())
    assert (Disposition.objects.get(request=request).read_at is not None) == is_read


def test_a_draft_of_somebody_else_is_not_the_offices_business(client: Client) -> None:
    draft = a_request(Status.DRAFT)
    client.force_login(person(Role.HELPDESK))
    assert client.get(draft.get_absolute_url()).status_code == 404
    assert AccessRequest.objects.filter(pk=draft.pk).exists()
