"""The list of requests and the page of one request, as everybody who may see it sees it."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from requests_app.models import AccessRequest, Disposition
from requests_app.sla import WIB
from requests_app.sop import Status
from tests.factories import DataTypeFactory, UnitFactory, a_request, person

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


# --- what happened in a period --------------------------------------------------------------------------
YEAR = {"first": "2025-01-01", "last": "2025-12-31"}


def test_by_unit_step_data_and_what_happened_in_a_period(client: Client) -> None:
    """Requests of one March, with a passage each that a dashboard would count."""
    began = datetime(2025, 3, 3, 9, tzinfo=WIB)
    law, medicine = UnitFactory(code="fh"), UnitFactory(code="fk")
    students, staff = DataTypeFactory(code="mhs"), DataTypeFactory(code="dosen")
    done = a_request(Status.FINISHED, at=began, unit=law, data_types=[students])
    asked = a_request(Status.CLARIFICATION, at=began, unit=medicine, data_types=[students, staff])
    client.force_login(person(Role.HEAD))
    everything = {done.reference, asked.reference}
    assert found(client, unit="fh") == {done.reference}
    assert found(client, data_type="dosen") == {asked.reference}
    assert found(client, step="3") == {asked.reference}
    assert found(client, step="disposisi") == set()
    assert found(client, state="waiting") == found(client, state="running") == {asked.reference}
    assert found(client, event="sent", **YEAR) == everything
    assert found(client, event="sent", first="2025-03-04", last="2025-03-05") == set()
    assert found(client, event="finished", **YEAR) == {done.reference}
    assert found(client, event="finished", how="within", **YEAR) == {done.reference}
    assert found(client, event="finished", how="late", **YEAR) == set()
    assert found(client, event="passed", step="2", **YEAR) == everything
    assert found(client, event="passed", step="3", how="within", **YEAR) == {done.reference}
    done.passages.filter(number="3").update(is_within=False, waited_seconds=60, days_off=1)
    for how in ("late", "paused", "days_off"):
        assert found(client, event="passed", step="3", how=how, **YEAR) == {done.reference}
    assert found(client, event="finished", how="late", **YEAR) == {done.reference}
    assert found(client, event="passed", step="6", how="late", **YEAR) == set()


def test_what_is_due_today_is_not_yet_late(client: Client) -> None:
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    late, today, tomorrow = (a_request(Status.DISPOSED) for _number in range(3))
    for request, due in (
        (late, now - timedelta(minutes=1)),
        (today, midnight - timedelta(microseconds=1)),
        (tomorrow, midnight),
    ):
        request.entries.filter(left_at=None).update(due_at=due)
    client.force_login(person(Role.HEAD))
    assert found(client, due_today="on") == {today.reference}
    assert found(client, late="on") == {late.reference}


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ("event=sent", "first", "Isi tanggalnya"),
        ("first=2025-01-01", "event", "Pilih apa yang terjadi"),
        ("how=late", "event", "Pilih apa yang terjadi"),
        ("event=sent&how=late&first=2025-01-01&last=2025-01-02", "how", "Hanya untuk yang selesai"),
        ("event=finished&how=paused&first=2025-01-01&last=2025-01-02", "how", "Hanya untuk yang melewati"),
        ("event=sent&first=2025-02-01&last=2025-01-01", "last", "tidak boleh sebelum"),
        ("event=sent&first=besok&last=2025-01-01", "first", "Tulis tanggal"),
        ("step=4", "step", "Pilih salah satu"),
        ("unit=karangan", "unit", "Pilih salah satu"),
        ("data_type=karangan", "data_type", "Pilih salah satu"),
    ],
)
def test_a_filter_that_cannot_be_read_says_so_beside_the_field(
    client: Client, asked: str, field: str, said: str
) -> None:
    client.force_login(person(Role.HEAD))
    response = client.get(f"{LIST}?{asked}")
    assert said in str(response.context["form"].errors[field])
    assert "Saringan belum dipakai" in response.content.decode()


def test_a_unit_is_not_asked_which_unit(client: Client) -> None:
    client.force_login(person(Role.UNIT_STAFF))
    assert "unit" not in client.get(LIST).context["form"].fields
    other = a_request(Status.SUBMITTED, unit=UnitFactory())
    assert found(client, unit=other.unit.code) == set()
