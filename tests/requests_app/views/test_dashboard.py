"""The dashboard: every number leads to the requests behind it, and bad filters are answered beside the field."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Unit
from accounts.roles import Role
from requests_app.forms.dashboard import DashboardForm
from requests_app.models import AccessRequest, Passage, StepEntry
from requests_app.sla import WIB
from requests_app.sop import Status
from tests.factories import DataTypeFactory, UnitFactory, an_outside_account, person
from webservice_accounts.models import DataType

PAGE = "/pemantauan/"
OCTOBER = "?period=dates&first=2025-10-01&last=2025-10-31"
HOUR = timedelta(hours=1)


def october(day: int, hour: int = 9) -> datetime:
    return datetime(2025, 10, day, hour, tzinfo=WIB)


def sent(unit: Unit, at: datetime, status: Status, *, data: DataType | None = None, **fields: Any) -> AccessRequest:
    """A request with nothing but these facts."""
    request = AccessRequest.objects.create(
        reference=f"GP25-{AccessRequest.objects.count():06}",
        unit=unit,
        created_by=person(Role.UNIT_STAFF, unit=unit),
        opened_at=at,
        **{"submitted_at": at, "status": status} | fields,
    )
    if data:
        request.items.create(data_type=data)
    return request


def took(request: AccessRequest, number: str, ended: datetime, hours: int, **fields: Any) -> None:
    Passage.objects.create(
        request=request,
        number=number,
        started_at=ended - hours * HOUR,
        ended_at=ended,
        took_seconds=hours * 3600,
        **{"is_within": hours <= 24 if number in ("3", "6") else None} | fields,
    )


def stays(request: AccessRequest, since: datetime, due: datetime | None = None) -> None:
    StepEntry.objects.create(request=request, status=request.status, entered_at=since, due_at=due)


def fill(law: Unit, medicine: Unit) -> None:
    """An October in which something of everything happened, and what is open today."""
    now = timezone.now()
    students, staff = DataTypeFactory(code="mhs", name="Mahasiswa"), DataTypeFactory(code="dosen", name="Dosen")
    kept = sent(law, october(6), Status.FINISHED, data=students, finished_at=october(8))
    took(kept, "2", october(6), 0, is_within=True)
    took(kept, "", october(6, 12), 3)
    took(kept, "3", october(7), 10, waited_seconds=7200)
    took(kept, "6", october(8), 20)
    broken = sent(law, october(9), Status.FINISHED, data=students, finished_at=october(14))
    took(broken, "2", october(9), 1, is_within=False)
    took(broken, "3", october(13), 30, days_off=2)
    took(broken, "6", october(14), 24)
    twice = sent(medicine, october(20), Status.INFORMED, data=staff)
    took(twice, "3", october(22), 30)
    took(twice, "3", october(23), 3)
    stays(twice, october(23))
    paper = sent(medicine, october(2), Status.FINISHED, entered_for_unit=True, finished_at=october(3))
    took(paper, "2", october(2), 5, is_within=False, is_from_paper=True)
    took(paper, "6", october(3), 30, is_from_paper=True)
    before = sent(
        law, datetime(2025, 9, 2, 9, tzinfo=WIB), Status.FINISHED, finished_at=datetime(2025, 9, 3, tzinfo=WIB)
    )
    took(before, "6", datetime(2025, 9, 3, tzinfo=WIB), 4)
    end_of_today = timezone.localtime(now).replace(hour=23, minute=59, second=59, microsecond=999999)
    stays(sent(law, now - 50 * HOUR, Status.DISPOSED), now - 50 * HOUR, now - 2 * HOUR)
    stays(sent(medicine, now - HOUR, Status.REPLY_DRAFTING), now - HOUR, end_of_today)
    stays(sent(medicine, now - HOUR, Status.DISPOSED), now - HOUR, now + timedelta(days=3))
    stays(sent(law, now - 90 * HOUR, Status.CLARIFICATION), now - 80 * HOUR)
    stays(sent(law, now - 3 * HOUR, Status.SUBMITTED), now - 3 * HOUR, now - 2 * HOUR)
    draft = sent(law, now, Status.DRAFT, submitted_at=None, entered_for_unit=True)  # the helpdesk's own, never sent
    stays(draft, now)


COUNT = re.compile(
    r'<a (?:class="figure-link[^"]*" )?href="(?P<url>/(?:permohonan|akun)/\?[^"]*)">(?:<b>)?(?P<count>\d+)'
    r"(?: permohonan| dalam waktu baku| melewati)?(?:</b>)?</a>"
)
TILE = re.compile(r'<a href="(?P<url>[^"]+)" class="tile[^>]*>\s*<span class="figure[^"]*">(?P<count>\d+)</span>')


def counts(response: HttpResponse) -> Iterator[tuple[str, int]]:
    """Every number of the page that counts something, with where it leads."""
    page = response.content.decode()
    for found in (*COUNT.finditer(page), *TILE.finditer(page)):
        yield unescape(found["url"]), int(found["count"])


def behind(client: Client, url: str) -> int:
    response = client.get(url)
    assert response.status_code == 200
    assert not response.context["form"].errors, url
    return response.context["page"].paginator.count


# --- who -----------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_it_is_for_the_office_and_one_tap_from_home_for_the_head(client: Client) -> None:
    for role in (Role.HEAD, Role.HELPDESK, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR):
        client.force_login(person(role))
        assert client.get(PAGE).status_code == 200
    client.force_login(person(Role.HEAD))
    nav = client.get("/").context["house"]["nav"]
    assert "/pemantauan/" in [item["url"] for item in nav[:4]]  # the first four stand on the dock of a phone
    client.force_login(person(Role.UNIT_STAFF))
    assert client.get(PAGE).status_code == 404
    assert "/pemantauan/" not in client.get("/").content.decode()


# --- the numbers -----------------------------------------------------------------------------------
@pytest.mark.django_db
def test_every_number_is_the_length_of_the_list_behind_it(client: Client) -> None:
    law, medicine = UnitFactory(name="Fakultas Hukum", code="fh"), UnitFactory(name="Fakultas Kedokteran", code="fk")
    fill(law, medicine)
    an_outside_account(DataTypeFactory(), at=timezone.now())
    client.force_login(person(Role.HELPDESK))
    known: dict[str, int] = {}
    for asked in (OCTOBER, f"{OCTOBER}&unit=fh", f"{OCTOBER}&step=3", f"{OCTOBER}&unit=fk&step=6", ""):
        shown = list(counts(client.get(PAGE + asked)))
        assert len(shown) >= 20
        for url, count in shown:
            if url not in known:
                known[url] = behind(client, url)
            assert known[url] == count, url
    assert len([count for count in known.values() if count]) >= 30


@pytest.mark.django_db
def test_the_numbers_of_that_october(client: Client) -> None:
    law, medicine = UnitFactory(name="Fakultas Hukum", code="fh"), UnitFactory(name="Fakultas Kedokteran", code="fk")
    fill(law, medicine)
    client.force_login(person(Role.HEAD))
    context = client.get(PAGE + OCTOBER).context
    assert [tile["figure"] for tile in context["tiles"]] == [1, 1, 6, 1]
    this, before = (one["line"] for one in context["traffic"])
    assert (this.came, this.finished, this.kept, this.late, before.came, before.finished) == (4, 3, 1, 2, 1, 1)
    assert (before.filters.first, before.filters.last) == (date(2025, 8, 31), date(2025, 9, 30))
    assert {step["code"]: (step["count"], step["share"]) for step in context["steps"]} == {
        "1": (0, "–"),
        "2": (2, "50%"),
        "disposisi": (1, "–"),
        "3": (3, "50%"),
        "5": (0, "–"),
        "6": (3, "66%"),
    }
    assert [[(row["name"], row["count"]) for row in rows] for _title, rows in context["rankings"]] == [
        [("Fakultas Hukum", 2), ("Fakultas Kedokteran", 2)],
        [("Mahasiswa", 2), ("Dosen", 1)],
    ]
    only = client.get(f"{PAGE}{OCTOBER}&unit=fh&step=3").context
    assert [tile["figure"] for tile in only["tiles"]] == [1, 0, 2, 1]
    assert [(step["code"], step["count"], step["share"]) for step in only["steps"]] == [("3", 2, "50%")]


@pytest.mark.django_db
def test_charts_are_pictures_with_words_and_a_table_behind(client: Client) -> None:
    fill(UnitFactory(), UnitFactory())
    client.force_login(person(Role.HEAD))
    page = client.get(PAGE + OCTOBER).content.decode()
    pictures = re.findall(r'<svg class="(?:shares|bullet)[^>]*>.*?</svg>\s*(?=<p|</div)', page, re.DOTALL)
    assert len(pictures) == 3 + 3  # rows 2, 3 and 6 have a standard and were passed
    for picture in pictures:
        assert 'role="img"' in picture
        assert "<title" in picture
        assert "<desc" in picture
    assert "style=" not in page.split('id="figures"')[1]
    for table in ("tabel-baku", "tabel-lama"):
        assert "<table" in page.split(f'<details class="fold" id="{table}">')[1].split("</details>")[0]
    assert "Median 30 jam" not in page
    assert "terlama 30 jam" in page


@pytest.mark.django_db
def test_without_any_request_it_says_so(client: Client) -> None:
    client.force_login(person(Role.HEAD))
    page = client.get(PAGE).content.decode()
    assert "Belum ada permohonan yang melewati langkah SOP pada masa ini." in page
    assert page.count("belum ada permohonan pada masa ini.") == 2
    assert 'data-live="60"' in page
    assert re.search(r"Diperbarui \d\d\.\d\d WIB", page)


@pytest.mark.django_db
def test_it_asks_no_more_of_the_database_for_30_requests_than_for_3(client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(PAGE + OCTOBER).status_code == 200
        return len(captured)

    unit = UnitFactory()
    client.force_login(person(Role.HEAD))

    def more(count: int) -> None:
        for _number in range(count):
            request = sent(unit, october(6), Status.FINISHED, finished_at=october(8))
            took(request, "3", october(7), 10)
            stays(sent(UnitFactory(), october(20), Status.DISPOSED), october(20), october(21))

    more(3)
    queries()
    few = queries()
    more(27)
    assert queries() == few
    assert few <= 30


# --- the filters ------------------------------------------------------------------------------------
TODAY = date(2026, 3, 31)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "period", "before"),
    [
        ({}, ("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28")),
        ({"period": "month"}, ("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28")),
        ({"period": "last_month"}, ("2026-02-01", "2026-02-28"), ("2026-01-01", "2026-01-31")),
        ({"period": "90"}, ("2026-01-01", "2026-03-31"), ("2025-10-03", "2025-12-31")),
        ({"period": "year"}, ("2026-01-01", "2026-03-31"), ("2025-01-01", "2025-12-31")),
        (
            {"period": "dates", "first": "2026-02-02", "last": "2026-02-06"},
            ("2026-02-02", "2026-02-06"),
            ("2026-01-28", "2026-02-01"),
        ),
        ({"first": "2026-02-02", "last": "2026-02-02"}, ("2026-02-02", "2026-02-02"), ("2026-02-01", "2026-02-01")),
        (
            {"period": "year", "first": "2026-02-02", "last": "kemarin"},
            ("2026-01-01", "2026-03-31"),
            ("2025-01-01", "2025-12-31"),
        ),
    ],
)
def test_a_period_and_the_one_before(asked: dict[str, str], period: tuple[str, str], before: tuple[str, str]) -> None:
    form = DashboardForm(asked, today=TODAY)
    spans = [(one.first.isoformat(), one.last.isoformat()) for one in (form.filters(), form.before())]
    assert form.errors == {}
    assert spans == [period, before]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ("period=dates", "first", "Isi tanggalnya"),
        ("period=dates&first=2026-01-01", "last", "Isi tanggalnya"),
        ("period=dates&first=31/31/2026&last=2026-01-01", "first", "Tulis tanggal sebagai hari/bulan/tahun"),
        ("period=dates&first=2026-02-01&last=2026-01-01", "last", "tidak boleh sebelum tanggal awal"),
        ("period=dates&first=0001-01-01&last=2026-01-01", "first", "Periksa tahunnya"),
        ("period=dates&first=2026-01-01&last=9999-12-31", "last", "Periksa tahunnya"),
        ("period=abad", "period", "Pilih salah satu dari daftar."),
        ("unit=tidak-ada", "unit", "Pilih salah satu dari daftar."),
        ("unit=%00", "unit", ""),
        ("step=4", "step", "Pilih salah satu dari daftar."),
    ],
)
def test_what_cannot_be_read_is_answered_beside_the_field(client: Client, asked: str, field: str, said: str) -> None:
    client.force_login(person(Role.HEAD))
    response = client.get(f"{PAGE}?{asked}")
    assert response.status_code == 200
    assert next(iter(response.context["form"].errors)) == field
    assert said in str(response.context["form"].errors[field])
    page = response.content.decode()
    assert re.search(rf'id="id_{field}"[^>]*is-invalid|is-invalid[^>]*id="id_{field}"', page)
    assert "Angka di bawah ini untuk bulan ini" in page


@pytest.mark.django_db
def test_the_filters_go_along_into_the_links(client: Client) -> None:
    unit = UnitFactory(name="Fakultas Hukum", code="fh")
    sent(unit, october(6), Status.DISPOSED)
    client.force_login(person(Role.HEAD))
    response = client.get(f"{PAGE}{OCTOBER}&unit=fh&step=disposisi")
    addresses = [parse_qs(urlsplit(url).query) for url, _count in counts(response) if url.startswith("/permohonan")]
    assert addresses
    assert all(asked["unit"] == ["fh"] for asked in addresses)
    assert [step["code"] for step in response.context["steps"]] == ["disposisi"]
    assert "Fakultas Hukum, 1 Oktober 2025 s.d. 31 Oktober 2025" in re.sub(r"\s+", " ", response.content.decode())
