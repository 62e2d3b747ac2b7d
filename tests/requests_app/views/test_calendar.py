"""The working calendar as everybody reads it, and as the administrator changes it."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from requests_app.models import ConfirmedYear, DayRow, HoursPeriodRow, OfficeSpanRow, StepEntry
from requests_app.sla import WIB
from requests_app.sop import Status
from tests.factories import a_request, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_november_2026() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 23, 9, tzinfo=WIB), tick=False):
        yield


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(person(Role.UNIT_STAFF))
    return client


def text(client: Client, address: str = "/kalender/") -> str:
    response = client.get(address)
    assert response.status_code == 200
    main = response.content.decode().split("<main")[1].split("</main>")[0]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


def test_a_day_off_stands_with_its_weekday_kind_and_legal_basis(reader: Client) -> None:
    DayRow.objects.create(
        date=date(2026, 12, 24),
        kind=DayRow.Kind.COLLECTIVE,
        name="Cuti bersama Natal",
        legal_basis="SKB 3 Menteri 2025",
        is_estimated=True,
    )
    assert re.search(
        r"Desember 22 hari kerja Kamis, 24 Desember Cuti bersama Natal\s+Perkiraan\s+SKB 3 Menteri 2025\s+C Cuti",
        text(reader),
    )


def test_what_is_certain_is_not_called_estimated(reader: Client) -> None:
    DayRow.objects.create(date=date(2026, 12, 25), kind=DayRow.Kind.NATIONAL, name="Natal")
    assert "Perkiraan" not in text(reader).split("Hari libur dan hari kerja pengganti")[1]


def test_a_holiday_on_a_sunday_and_a_replacement_saturday_cost_nobody_a_working_day(reader: Client) -> None:
    DayRow.objects.create(date=date(2026, 5, 31), kind=DayRow.Kind.NATIONAL, name="Waisak")  # a Sunday
    DayRow.objects.create(date=date(2026, 6, 6), kind=DayRow.Kind.REPLACEMENT, name="Pengganti")  # a Saturday
    DayRow.objects.create(date=date(2026, 6, 1), kind=DayRow.Kind.NATIONAL, name="Pancasila")  # a Monday
    page = text(reader)
    assert "1 hari libur jatuh pada hari kerja." in page
    assert page.count("jatuh pada akhir pekan") == 1
    assert "Hari kerja pengganti" in page


def test_another_year_is_asked_for_in_the_address(reader: Client) -> None:
    DayRow.objects.create(date=date(2027, 1, 1), kind=DayRow.Kind.NATIONAL, name="Tahun Baru 2027")
    assert "Tahun Baru 2027" not in text(reader)
    page = text(reader, "/kalender/?tahun=2027")
    assert "Kalender kerja 2027" in page
    assert "Jumat, 1 Januari" in page


@pytest.mark.parametrize("typed", ["", "abc", "99999", "1999", "-2027", "20 27", "2027.5", "٢٠٢٧x"])
def test_what_is_no_year_shows_this_year(reader: Client, typed: str) -> None:
    assert "Kalender kerja 2026" in text(reader, f"/kalender/?tahun={typed}")


def test_a_year_that_nobody_confirmed_says_so(reader: Client) -> None:
    ConfirmedYear.objects.create(year=2026, confirmed_at=timezone.now())
    assert "belum dikonfirmasi" not in text(reader)
    assert "Kalender 2027 belum dikonfirmasi" in text(reader, "/kalender/?tahun=2027")


def test_a_year_without_days_says_what_that_means(reader: Client) -> None:
    assert "Belum ada hari libur untuk 2031" in text(reader, "/kalender/?tahun=2031")


def test_office_hours_of_each_weekday(reader: Client) -> None:
    OfficeSpanRow.objects.create(weekday=0, opens=time(7, 30), closes=time(12))
    OfficeSpanRow.objects.create(weekday=0, opens=time(13), closes=time(16))
    page = text(reader)
    assert "Senin 07.30–12.00 13.00–16.00 Selasa Kantor tutup" in page


def test_a_period_with_other_hours_stands_in_the_years_it_touches(reader: Client) -> None:
    period = HoursPeriodRow.objects.create(name="Ramadan", starts_on=date(2026, 12, 20), ends_on=date(2027, 1, 18))
    OfficeSpanRow.objects.create(period=period, weekday=0, opens=time(8), closes=time(15))
    for address in ("/kalender/", "/kalender/?tahun=2027"):
        page = text(reader, address)
        assert "Ramadan 20 Desember 2026 s.d. 18 Januari 2027 Senin 08.00–15.00" in page
    assert "Ramadan" not in text(reader, "/kalender/?tahun=2028")


def test_many_days_cost_no_more_queries(reader: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            reader.get("/kalender/")
        return len(asked)

    for day in (1, 2, 3):
        DayRow.objects.create(date=date(2026, 6, day), kind=DayRow.Kind.NATIONAL, name="Libur")
    few = queries()
    for day in range(1, 31):
        DayRow.objects.create(date=date(2026, 7, day), kind=DayRow.Kind.NATIONAL, name="Libur")
    assert queries() == few


def test_only_an_administrator_is_led_to_where_it_is_changed(reader: Client, client: Client) -> None:
    DayRow.objects.create(date=date(2026, 12, 25), kind=DayRow.Kind.NATIONAL, name="Natal")
    for word in ("Tambah hari", "Impor usulan libur", "Konfirmasi kalender", "Ubah", "Riwayat perubahan"):
        assert word not in text(reader)
    client.force_login(person(Role.ADMINISTRATOR))
    for word in ("Tambah hari", "Impor usulan libur", "Konfirmasi kalender 2026", "Ubah", "Riwayat perubahan"):
        assert word in text(client)


def test_each_month_is_a_table_that_says_aloud_what_a_colour_says(reader: Client) -> None:
    DayRow.objects.create(date=date(2026, 12, 25), kind=DayRow.Kind.NATIONAL, name="Natal", is_estimated=True)
    DayRow.objects.create(date=date(2026, 12, 19), kind=DayRow.Kind.REPLACEMENT, name="Pengganti")
    period = HoursPeriodRow.objects.create(name="Piket", starts_on=date(2026, 12, 28), ends_on=date(2026, 12, 29))
    OfficeSpanRow.objects.create(period=period, weekday=0, opens=time(8), closes=time(15))  # Monday, not Tuesday
    page = text(reader)
    # December 2026 begins on a Tuesday: 23 weekdays, less Christmas and a Tuesday that nobody works, and one Saturday.
    assert "Desember 22 hari kerja Sn Sl Rb Km Jm Sb Mg 1 2 3 4 5 , Akhir pekan" in page
    assert "25 N? , Libur nasional: Natal (perkiraan)" in page
    assert "19 P , Hari kerja pengganti: Pengganti" in page
    assert "28 J , Jam kerja lain 29 , Akhir pekan" in page


def test_working_days_are_added_up_for_the_year(reader: Client) -> None:
    # 2026 has 261 weekdays; New Year's Day is a Thursday.
    DayRow.objects.create(date=date(2026, 1, 1), kind=DayRow.Kind.NATIONAL, name="Tahun Baru")
    page = text(reader)
    assert "260 hari kerja dalam setahun." in page
    assert "Januari 21 hari kerja" in page


# --- changing it ---------------------------------------------------------------------------------
@pytest.fixture
def office(client: Client) -> Client:
    """Return the administrator's browser."""
    client.force_login(person(Role.ADMINISTRATOR, full_name="Yusra Rahmi"))
    return client


def disposed() -> StepEntry:
    """A step that began on Monday 23 November at 08.00, due on Tuesday at 08.00."""
    return a_request(Status.DISPOSED, at=datetime(2026, 11, 23, 7, 56, tzinfo=WIB)).entries.get(left_at=None)


def due(entry: StepEntry) -> str:
    entry.refresh_from_db()
    return f"{entry.due_at.astimezone(WIB):%d %H.%M}"


def said(response: HttpResponse) -> str:
    main = response.content.decode().split("<main")[1].split("</main>")[0]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


def fields(response: HttpResponse) -> dict[str, str | list[str]]:
    """What the hidden fields of the preview's form carry along."""
    found: dict[str, str | list[str]] = {}
    for name, value in re.findall(
        r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', response.content.decode().split("<main")[1]
    ):
        found[name] = [*found[name], unescape(value)] if name in found else [unescape(value)]
    return found


DIES = {"date": "24/11/2026", "kind": "university", "name": "Dies Natalis", "legal_basis": "Keputusan Rektor 12"}


def test_a_day_is_looked_at_before_it_is_saved_as_it_was_shown(office: Client) -> None:
    psi, entry = person(Role.PSI), disposed()
    preview = office.post("/kalender/hari/baru/", DIES)
    page = said(preview)
    assert "Menambah libur universitas 24 November 2026 menggeser 1 batas waktu" in page
    assert entry.request.reference in page
    assert "Selasa, 24 November 2026 08.00 WIB Rabu, 25 November 2026 08.00 WIB" in page
    assert f"{psi} {entry.request.created_by}" in page
    assert not DayRow.objects.exists()
    assert due(entry) == "24 08.00"

    carried = fields(preview)
    back = office.post("/kalender/hari/baru/", {**carried, "reason": "Edaran", "then": "back"})
    assert 'value="Dies Natalis"' in back.content.decode()
    assert 'name="reason" value="Edaran"' in back.content.decode()

    saved = office.post("/kalender/hari/baru/", {**carried, "reason": "Edaran", "then": "save"}, follow=True)
    page = said(saved)
    assert "1 batas waktu bergeser" in page
    assert "Alasan Edaran" in page
    assert "benar-benar bergeser" not in page
    assert due(entry) == "25 08.00"
    row = DayRow.objects.get()
    assert (row.date, row.name, row.legal_basis) == (date(2026, 11, 24), "Dies Natalis", "Keputusan Rektor 12")
    history = said(office.get("/kalender/perubahan/"))
    assert "Yusra Rahmi menambahkan Selasa, 24 November 2026" in history
    assert "1 bergeser" in history


def test_when_work_went_on_since_the_preview_the_result_says_what_really_moved(office: Client) -> None:
    disposed()
    carried = fields(office.post("/kalender/hari/baru/", DIES))
    disposed()
    page = said(office.post("/kalender/hari/baru/", {**carried, "then": "save"}, follow=True))
    assert "2 batas waktu bergeser" in page
    assert "Inilah yang benar-benar bergeser." in page


def test_a_change_that_moves_nothing_says_so(office: Client) -> None:
    disposed()
    page = said(office.post("/kalender/hari/baru/", {**DIES, "date": "24/12/2026", "kind": "collective"}))
    assert "Menambah cuti bersama 24 Desember 2026 tidak menggeser batas waktu apa pun" in page
    assert "sudah lewat" not in page
    assert "sudah lewat" in said(office.post("/kalender/hari/baru/", {**DIES, "date": "20/11/2026"}))


def test_a_confirmed_year_is_pointed_out_and_asks_nothing_more(office: Client) -> None:
    office.post("/kalender/2026/konfirmasi/")
    carried = office.post("/kalender/hari/baru/", DIES)
    assert "Kalender 2026 sudah dikonfirmasi Yusra Rahmi, 23 November 2026 09.00." in said(carried)
    office.post("/kalender/hari/baru/", {**fields(carried), "then": "save"})
    assert DayRow.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"date": ""}, "Isi tanggal, misalnya 23/11/2026."),
        ({"date": "31/02/2026"}, "Tulis tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026."),
        ({"date": "24/11/1999"}, "Periksa tahunnya; kalender memuat tahun 2000 sampai dengan 2100."),
        ({"date": "25/12/2026"}, "Tanggal ini sudah ada di kalender. Ubah baris itu."),
        ({"name": " "}, "Isi namanya, misalnya Hari Raya Natal."),
    ],
)
@pytest.mark.parametrize("then", ["preview", "save"])
def test_a_day_that_makes_no_sense_comes_back_as_it_was_typed(
    office: Client, typed: dict[str, str], sentence: str, then: str
) -> None:
    DayRow.objects.create(date=date(2026, 12, 25), kind="national", name="Natal")
    page = office.post("/kalender/hari/baru/", {**DIES, **typed, "then": then})
    assert sentence in said(page)
    assert 'value="Keputusan Rektor 12"' in page.content.decode()
    assert DayRow.objects.count() == 1


def test_a_reason_that_is_too_long_is_said_on_the_preview(office: Client) -> None:
    page = office.post("/kalender/hari/baru/", {**DIES, "reason": "x" * 301, "then": "save"})
    assert "x" * 301 in page.content.decode()
    assert "Menambah libur universitas" in said(page)
    assert not DayRow.objects.exists()


def test_a_day_is_changed_and_removed(office: Client) -> None:
    entry = disposed()
    row = DayRow.objects.create(date=date(2026, 11, 24), kind="national", name="Libur", source="suggested")
    address = f"/kalender/hari/{row.pk}/"
    assert 'value="2026-11-24"' in office.get(address).content.decode()
    office.post(address, {**DIES, "then": "save"})
    row.refresh_from_db()
    assert (row.name, row.source) == ("Dies Natalis", DayRow.Source.MANUAL)
    assert due(entry) == "25 08.00"
    page = office.get(f"{address}hapus/")
    assert "Menghapus libur universitas 24 November 2026 menggeser 1 batas waktu" in said(page)
    assert DayRow.objects.exists()
    office.post(f"{address}hapus/", {**fields(page), "then": "save"})
    assert not DayRow.objects.exists()
    assert due(entry) == "24 08.00"
    assert office.get(address).status_code == 404


def test_two_administrators_do_not_undo_each_other_s_change_of_a_day(office: Client) -> None:
    row = DayRow.objects.create(date=date(2026, 12, 24), kind="collective", name="Cuti bersama")
    address = f"/kalender/hari/{row.pk}/"
    opened = fields(office.get(address))
    DayRow.objects.filter(pk=row.pk).update(name="Cuti bersama Natal")
    refused = office.post(address, {**opened, **DIES, "then": "save"})
    assert "sekarang 24 Desember 2026, Cuti bersama Natal (cuti bersama)" in said(refused)
    assert 'value="Keputusan Rektor 12"' in refused.content.decode()
    row.refresh_from_db()
    assert row.name == "Cuti bersama Natal"
    office.post(address, {**fields(refused), **DIES, "then": "save"})
    row.refresh_from_db()
    assert row.name == "Dies Natalis"


def test_a_change_of_a_day_that_was_removed_meanwhile_may_be_sent_as_a_new_one(office: Client) -> None:
    page = office.post("/kalender/hari/7/", {**DIES, "then": "save"})
    assert page.status_code == 409
    assert "Orang lain menghapusnya dari kalender." in said(page)
    assert 'action="/kalender/hari/baru/"' in page.content.decode()
    assert 'value="Dies Natalis"' in page.content.decode()


# --- hours ---------------------------------------------------------------------------------------
def hours(rows: dict[int, tuple[str, ...]], **others: str) -> dict[str, str]:
    """A form with these hours: weekday to opens, closes, opens, closes."""
    filled = dict(others)
    for weekday, times in rows.items():
        for number, at in enumerate(times):
            filled[f"{('opens', 'closes')[number % 2]}_{weekday}_{number // 2}"] = at
    return filled


PIKET = {"name": "Piket", "starts_on": "24/11/2026", "ends_on": "24/11/2026", "legal_basis": "SE 5"}
TUESDAY, WEDNESDAY = 1, 2


def test_a_period_with_other_hours_moves_the_deadline_and_is_kept_with_its_hours(office: Client) -> None:
    entry = disposed()
    filled = hours({WEDNESDAY: ("08.00", "12:00", "12.30", "15.00")}, **PIKET)
    preview = office.post("/kalender/periode/baru/", filled)
    assert "Menambah jam kerja Piket menggeser 1 batas waktu" in said(preview)
    office.post("/kalender/periode/baru/", {**fields(preview), "then": "save"})
    period = HoursPeriodRow.objects.get()
    assert [(span.weekday, f"{span.opens:%H.%M}", f"{span.closes:%H.%M}") for span in period.spans.all()] == [
        (WEDNESDAY, "08.00", "12.00"),
        (WEDNESDAY, "12.30", "15.00"),
    ]
    assert due(entry) == "25 08.00"
    page = office.get(f"/kalender/periode/{period.pk}/").content.decode()
    assert 'name="opens_2_1" value="12.30"' in page
    removing = office.get(f"/kalender/periode/{period.pk}/hapus/")
    assert "Menghapus jam kerja Piket menggeser 1 batas waktu" in said(removing)
    office.post(f"/kalender/periode/{period.pk}/hapus/", {"then": "save"})
    assert due(entry) == "24 08.00"


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        (hours({}, **PIKET), "Isi sekurangnya satu jam kerja."),
        (hours({0: ("08.00", "")}, **PIKET), "Isi jam buka dan jam tutup, atau kosongkan keduanya."),
        (hours({0: ("15.00", "08.00")}, **PIKET), "Jam tutup harus setelah jam buka."),
        (hours({0: ("8 pagi", "15.00")}, **PIKET), "Tulis jam seperti 07.30."),
        (
            hours({0: ("08.00", "12.00", "11.59", "15.00")}, **PIKET),
            "Jam buka kedua harus setelah jam tutup sebelumnya.",
        ),
        (
            hours({0: ("08.00", "15.00")}, **{**PIKET, "ends_on": "23/11/2026"}),
            "Tanggal akhir tidak boleh sebelum tanggal mulai.",
        ),
        (hours({0: ("08.00", "15.00")}, **{**PIKET, "ends_on": "25/11/2027"}), "Paling lama satu tahun."),
    ],
)
def test_hours_that_make_no_sense_are_not_kept(office: Client, filled: dict[str, str], sentence: str) -> None:
    page = office.post("/kalender/periode/baru/", {**filled, "then": "save"})
    assert sentence in said(page)
    assert 'value="SE 5"' in page.content.decode()
    assert not HoursPeriodRow.objects.exists()


def test_of_two_periods_that_begin_on_one_day_nobody_could_say_which_is_in_force(office: Client) -> None:
    row = HoursPeriodRow.objects.create(name="Ramadan", starts_on=date(2026, 11, 24), ends_on=date(2026, 12, 24))
    filled = hours({0: ("08.00", "15.00")}, **PIKET)
    page = office.post("/kalender/periode/baru/", filled)
    assert "Periode Ramadan mulai pada tanggal yang sama." in said(page)
    assert "Mengubah jam kerja Piket" in said(office.post(f"/kalender/periode/{row.pk}/", filled))


def test_a_new_period_offers_the_hours_of_ramadan(office: Client) -> None:
    """Perpres 21/2023: 32 h 30 min a week from 08.00, with a break of 30 minutes, on Friday of 60."""
    form = office.get("/kalender/periode/baru/").context["form"]
    rows = [[field.value() for pair in row["pairs"] for field in pair] for row in form.rows()]
    assert rows == [
        *([[time(8), time(12), time(12, 30), time(15)]] * 4),
        [time(8), time(11, 30), time(12, 30), time(15, 30)],
        *([[None] * 4] * 2),
    ]


def test_the_usual_week_is_one_table(office: Client) -> None:
    entry = disposed()
    OfficeSpanRow.objects.create(weekday=TUESDAY, opens=time(8), closes=time(12))
    page = office.get("/kalender/jam-kerja/").content.decode()
    assert 'name="closes_1_0" value="12.00"' in page
    preview = office.post("/kalender/jam-kerja/", hours({0: ("07.30", "16.00"), 2: ("07.30", "16.00")}))
    assert "Mengubah jam kerja biasa menggeser 1 batas waktu" in said(preview)
    office.post("/kalender/jam-kerja/", {**fields(preview), "then": "save"})
    assert due(entry) == "25 08.00"
    assert sorted(OfficeSpanRow.objects.values_list("weekday", flat=True)) == [0, 2]


# --- a year -----------------------------------------------------------------------------------------
def test_suggestions_are_a_list_of_what_differs_and_all_are_ticked(office: Client) -> None:
    DayRow.objects.create(date=date(2027, 1, 1), kind="university", name="Libur kami")
    DayRow.objects.create(date=date(2027, 3, 13), kind="national", name="Hari Raya Idul Fitri", source="suggested")
    DayRow.objects.create(date=date(2027, 12, 25), kind="national", name="Natal", source="suggested")
    DayRow.objects.create(date=date(2027, 10, 1), kind="national", name="Dicabut", source="suggested")
    DayRow.objects.create(date=date(2027, 8, 17), kind="national", name="Hari Kemerdekaan Republik Indonesia")
    DayRow.objects.filter(date=date(2027, 8, 17)).update(source="suggested")
    listed = office.get("/kalender/2027/impor/")
    page = said(listed)
    # The joint decree of 2027: 18 national holidays and 8 days of collective leave, less the four that are there.
    assert "Ditambahkan (22)" in page
    assert "Dipindahkan (1) Rabu, 10 Maret 2027 Hari Raya Idul Fitri Perkiraan" in page
    assert "sebelumnya Sabtu, 13 Maret 2027" in page
    assert "Diubah (1) Sabtu, 25 Desember 2027 Hari Raya Natal Libur nasional · sebelumnya Natal" in page
    assert "Dihapus karena tidak lagi diusulkan (1) Jumat, 1 Oktober 2027 Dicabut" in page
    assert "Isian Anda sendiri, tidak ditimpa (1) Jumat, 1 Januari 2027 Libur kami" in page
    assert "usulannya Tahun Baru Masehi, Libur nasional" in page
    assert "Tidak berubah (1) Selasa, 17 Agustus 2027" in page
    boxes = re.findall(r'name="accepted" value="([^"]+)"( checked)?', listed.content.decode())
    assert len(boxes) == 25
    assert all(checked for _key, checked in boxes)

    chosen = [key for key, _checked in boxes if not key.startswith("removed")]
    preview = office.post("/kalender/2027/impor/", {"accepted": chosen, "legal_basis": "SKB 3 Menteri 2026"})
    assert "Mengambil usulan libur 2027 tidak menggeser batas waktu apa pun" in said(preview)
    back = office.post("/kalender/2027/impor/", {**fields(preview), "then": "back"}).content.decode()
    assert back.count(" checked>") == 24
    office.post("/kalender/2027/impor/", {**fields(preview), "then": "save"})
    rows = {f"{row.date:%m-%d}": row for row in DayRow.objects.all()}
    assert rows["01-01"].name == "Libur kami"
    assert (rows["03-10"].legal_basis, rows["12-25"].name) == ("SKB 3 Menteri 2026", "Hari Raya Natal")
    assert "10-01" in rows
    assert "03-13" not in rows
    assert len(rows) == 27


def test_an_import_of_nothing_is_asked_about(office: Client) -> None:
    page = said(office.post("/kalender/2027/impor/", {"then": "save"}))
    assert "Pilih sekurangnya satu usulan." in page
    page = said(office.post("/kalender/2027/impor/", {"accepted": "added:2027-13-01"}))
    assert "Usulannya berubah setelah halaman ini dibuka." in page
    assert not DayRow.objects.exists()


def test_a_year_is_confirmed_by_name_and_the_confirmation_taken_back(office: Client) -> None:
    page = said(office.post("/kalender/2027/konfirmasi/", follow=True))
    assert "Kalender 2027 dikonfirmasi." in page
    assert "Dikonfirmasi Yusra Rahmi, 23 November 2026 09.00" in page
    assert "belum dikonfirmasi" not in page
    page = said(office.post("/kalender/2027/tarik-konfirmasi/", follow=True))
    assert "Kalender 2027 belum dikonfirmasi" in page
    for year in (2025, 2028, 9999):
        assert office.post(f"/kalender/{year}/konfirmasi/").status_code == 404
        assert office.get(f"/kalender/{year}/impor/").status_code == 404


def test_the_administrator_s_home_asks_for_the_confirmation_from_november_on(office: Client, client: Client) -> None:
    ConfirmedYear.objects.create(year=2026, confirmed_at=timezone.now())
    assert "Kalender 2027 belum dikonfirmasi" in said(office.get("/"))
    with time_machine.travel(datetime(2026, 10, 31, 23, 59, tzinfo=WIB), tick=False):
        office.force_login(User.objects.get(full_name="Yusra Rahmi"))
        assert "belum dikonfirmasi" not in said(office.get("/"))
    client.force_login(person(Role.HEAD))
    assert "belum dikonfirmasi" not in said(client.get("/"))
