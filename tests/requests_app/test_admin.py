"""The institution's page and the calendar's pages: what they refuse, and that open deadlines follow at once."""

import io
import zlib
from datetime import date, datetime, time, timedelta, timezone

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.audit import say
from accounts.models import AuditEvent, Institution, User
from accounts.roles import Role
from requests_app import reply_papers
from requests_app.models import ConfirmedYear, DayRow, HoursPeriodRow, OfficeSpanRow, StepEntry
from requests_app.sop import Status
from tests import factories

pytestmark = pytest.mark.django_db

WIB = timezone(timedelta(hours=7))
NOW = datetime(2026, 11, 25, 10, 30, tzinfo=WIB)
DATA = "/pengelolaan/data/"
CALENDAR = f"{DATA}requests_app/dayrow/"
INSTITUTION = f"{DATA}accounts/institution/1/change/"


@pytest.fixture(autouse=True)
def _wednesday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def admin() -> User:
    """Return the administrator."""
    return factories.person(Role.ADMINISTRATOR, full_name="Yusra Rahmi")


@pytest.fixture
def office(client: Client, admin: User) -> Client:
    """Return the administrator's browser."""
    factories.the_institution()
    client.force_login(admin)
    return client


def disposed(hour: int = 10) -> StepEntry:
    """The open step of a request that the head passed to PSI on Wednesday 25 November; due a day later."""
    at = datetime(2026, 11, 25, hour, 0, tzinfo=WIB) - timedelta(minutes=4)
    return factories.a_request(Status.DISPOSED, at=at).entries.get(left_at__isnull=True)


def due(entry: StepEntry) -> str:
    """The deadline in WIB as `26 10.00`."""
    entry.refresh_from_db()
    return f"{entry.due_at.astimezone(WIB):%d %H.%M}"


def text(response: object) -> str:
    return response.content.decode()


# --- the calendar -------------------------------------------------------------------------------
def test_a_day_added_by_hand_is_manual_and_moves_the_open_deadline(office: Client) -> None:
    entry = disposed()
    response = office.post(
        f"{CALENDAR}add/",
        {"date": "2026-11-26", "kind": "university", "name": "Dies Natalis", "legal_basis": "Keputusan Rektor 12"},
        follow=True,
    )
    row = DayRow.objects.get()
    assert (row.date, row.source) == (date(2026, 11, 26), DayRow.Source.MANUAL)
    assert due(entry) == "27 10.00"
    page = text(response)
    assert "1 batas waktu bergeser:" in page
    reference = entry.request.reference
    assert f"{reference}: Kamis, 26 November 2026 10.00 WIB → Jumat, 27 November 2026 10.00 WIB" in page
    assert "Yusra Rahmi menambahkan hari khusus “26-11-2026 Dies Natalis”." in [
        say(e) for e in AuditEvent.objects.all()
    ]


def test_correcting_a_suggestion_makes_it_one_s_own(office: Client) -> None:
    row = DayRow.objects.create(date=date(2026, 11, 26), kind="national", name="Libur", source="suggested")
    filled = {"date": "2026-11-26", "kind": "national", "name": "Libur", "legal_basis": ""}
    office.post(f"{CALENDAR}{row.pk}/change/", filled)
    row.refresh_from_db()
    assert row.source == DayRow.Source.SUGGESTED, "saved without a change"
    office.post(f"{CALENDAR}{row.pk}/change/", {**filled, "legal_basis": "SKB 2026"})
    row.refresh_from_db()
    assert row.source == DayRow.Source.MANUAL


@pytest.mark.parametrize("several", [False, True])
def test_deleting_a_day_off_brings_the_deadline_back(office: Client, several: bool) -> None:
    row = DayRow.objects.create(date=date(2026, 11, 26), kind="university", name="Dies Natalis")
    entry = disposed()
    assert due(entry) == "27 10.00"
    if several:
        office.post(CALENDAR, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    else:
        office.post(f"{CALENDAR}{row.pk}/delete/", {"post": "yes"})
    assert due(entry) == "26 10.00"
    assert "Yusra Rahmi menghapus hari khusus “26-11-2026 Dies Natalis”." in [say(e) for e in AuditEvent.objects.all()]


def test_of_many_moved_deadlines_five_are_listed(office: Client) -> None:
    for _number in range(7):
        disposed()
    page = text(
        office.post(
            f"{CALENDAR}add/",
            {"date": "2026-11-26", "kind": "regional", "name": "Libur", "legal_basis": ""},
            follow=True,
        )
    )
    assert "7 batas waktu bergeser:" in page
    assert page.count("Kamis, 26 November 2026 10.00 WIB → Jumat") == 5
    assert "dan 2 lainnya" in page


def test_a_change_that_moves_nothing_says_so(office: Client) -> None:
    disposed()
    page = text(
        office.post(
            f"{CALENDAR}add/",
            {"date": "2026-12-24", "kind": "collective", "name": "Cuti bersama", "legal_basis": ""},
            follow=True,
        )
    )
    assert "Tidak ada batas waktu terbuka yang bergeser." in page


def test_a_date_stands_in_the_calendar_once(office: Client) -> None:
    DayRow.objects.create(date=date(2026, 11, 26), kind="university", name="Dies Natalis")
    page = text(office.post(f"{CALENDAR}add/", {"date": "2026-11-26", "kind": "regional", "name": "Libur"}))
    assert "Tanggal ini sudah ada di kalender. Ubah baris itu." in page
    assert DayRow.objects.count() == 1


def test_when_the_deadlines_cannot_follow_the_calendar_stays_as_it_was(
    office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr("requests_app.steps.calendar_changes.recompute", fail)
    with pytest.raises(RuntimeError):
        office.post(f"{CALENDAR}add/", {"date": "2026-11-26", "kind": "regional", "name": "Libur", "legal_basis": ""})
    assert not DayRow.objects.exists()
    assert not AuditEvent.objects.filter(verb="add").exists()


def test_the_button_confirms_a_year_with_name_and_date(office: Client, admin: User) -> None:
    assert "Konfirmasi kalender 2027" in text(office.get(CALENDAR))
    page = text(office.post(f"{CALENDAR}2027/konfirmasi/", follow=True))
    assert "Kalender 2027 dikonfirmasi." in page
    assert "Sudah dikonfirmasi oleh Yusra Rahmi, 25 November 2026 10.30" in page
    assert "Konfirmasi kalender 2027" not in page
    assert ConfirmedYear.objects.get(year=2027).confirmed_by == admin


def test_the_button_takes_over_the_suggestions_and_manual_rows_win(office: Client) -> None:
    entry = disposed(hour=9)
    DayRow.objects.create(date=date(2026, 12, 25), kind="replacement", name="Piket")
    page = text(office.post(f"{CALENDAR}2026/usulan/", follow=True))
    # The joint decree of 2026: 17 national holidays and 8 days of collective leave; one of them is written by hand.
    assert "Usulan 2026: 24 ditambahkan, 0 diperbaiki, 0 dihapus." in page
    assert DayRow.objects.get(date=date(2026, 12, 25)).name == "Piket"
    assert due(entry) == "26 09.00"


@pytest.mark.parametrize("button", ["usulan", "konfirmasi"])
def test_buttons_are_pressed_not_followed_and_only_for_this_year_and_the_next(office: Client, button: str) -> None:
    assert office.get(f"{CALENDAR}2027/{button}/").status_code == 403
    for year in (2025, 2028, 9999):
        assert office.post(f"{CALENDAR}{year}/{button}/").status_code == 404
    assert not DayRow.objects.exists()
    assert not ConfirmedYear.objects.exists()


def test_a_confirmation_can_be_taken_back(office: Client) -> None:
    office.post(f"{CALENDAR}2027/konfirmasi/")
    row = ConfirmedYear.objects.get()
    office.post(f"{DATA}requests_app/confirmedyear/{row.pk}/delete/", {"post": "yes"})
    assert not ConfirmedYear.objects.exists()


# --- office hours --------------------------------------------------------------------------------
def spans(*rows: tuple[int, str, str], **fields: str) -> dict[str, str]:
    """A period's page with these hours."""
    filled = {"name": "Piket", "starts_on": "2026-11-26", "ends_on": "2026-11-26", "legal_basis": "", **fields}
    filled |= {"spans-TOTAL_FORMS": str(len(rows)), "spans-INITIAL_FORMS": "0"}
    for number, (weekday, opens, closes) in enumerate(rows):
        filled |= {
            f"spans-{number}-weekday": str(weekday),
            f"spans-{number}-opens": opens,
            f"spans-{number}-closes": closes,
        }
    return filled


PERIOD_ADD = f"{DATA}requests_app/hoursperiodrow/add/"
MONDAY, THURSDAY, FRIDAY = 0, 3, 4


def test_a_period_in_which_thursday_is_not_worked_moves_the_deadline(office: Client) -> None:
    entry = disposed()
    office.post(PERIOD_ADD, spans((FRIDAY, "08:00", "15:00")))
    assert HoursPeriodRow.objects.get().spans.count() == 1
    assert due(entry) == "27 10.00"


def test_other_hours_within_a_period_move_the_deadline_too(office: Client) -> None:
    Institution.objects.update(reading=Institution.Reading.END_OF_DAY)
    office.post(PERIOD_ADD, spans((THURSDAY, "08:00", "15:00")))
    period, entry = HoursPeriodRow.objects.get(), disposed()
    assert due(entry) == "26 15.00"
    filled = spans((THURSDAY, "08:00", "14:30")) | {"spans-INITIAL_FORMS": "1"}
    filled |= {"spans-0-id": str(period.spans.get().pk), "spans-0-period": str(period.pk)}
    office.post(f"{DATA}requests_app/hoursperiodrow/{period.pk}/change/", filled)
    assert due(entry) == "26 14.30"


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        (spans(), "Isi sekurangnya satu jam kerja untuk periode ini."),
        (spans((MONDAY, "", "")), "Isi sekurangnya satu jam kerja untuk periode ini."),
        (spans((THURSDAY, "15:00", "08:00")), "Jam tutup harus setelah jam buka."),
        (spans((THURSDAY, "08.00", "15.00"), ends_on="2026-11-25"), "Tanggal akhir tidak boleh sebelum tanggal mulai."),
    ],
)
def test_a_period_that_makes_no_sense_is_not_kept(office: Client, filled: dict[str, str], sentence: str) -> None:
    page = text(office.post(PERIOD_ADD, filled))
    assert sentence in page
    assert "is violated" not in page
    assert "dilanggar" not in page
    assert not HoursPeriodRow.objects.exists()


def test_a_new_period_offers_two_lines_for_each_working_day(office: Client) -> None:
    formset = office.get(PERIOD_ADD).context["inline_admin_formsets"][0].formset
    assert [form["weekday"].value() for form in formset] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_the_usual_week_is_one_table_and_deadlines_follow_it(office: Client) -> None:
    factories.the_institution()
    Institution.objects.update(reading=Institution.Reading.END_OF_DAY)
    rows = [OfficeSpanRow.objects.create(weekday=day, opens=time(8), closes=time(16)) for day in range(5)]
    entry = disposed()
    assert due(entry) == "26 16.00"
    filled = {"form-TOTAL_FORMS": "5", "form-INITIAL_FORMS": "5", "_save": "Simpan"}
    for number, row in enumerate(rows):
        closes = "15:30" if row.weekday == THURSDAY else "16:00"
        filled |= {f"form-{number}-id": str(row.pk), f"form-{number}-opens": "08:00", f"form-{number}-closes": closes}
    page = text(office.post(f"{DATA}requests_app/officespanrow/", filled, follow=True))
    assert due(entry) == "26 15.30"
    assert "1 batas waktu bergeser:" in page


def test_the_hours_of_a_period_do_not_stand_in_the_usual_week(office: Client) -> None:
    office.post(PERIOD_ADD, spans((FRIDAY, "08:00", "15:00")))
    assert not office.get(f"{DATA}requests_app/officespanrow/").context["cl"].result_list


# --- the institution -------------------------------------------------------------------------------
def institution_form(**changed: object) -> dict[str, object]:
    """The institution's page as it stands, with some fields changed."""
    house = Institution.objects.get()
    names = [field.name for field in Institution._meta.concrete_fields if field.name not in ("id", "logo")]
    return {name: getattr(house, name) for name in names} | changed


def errors(response: object, field: str) -> list[str]:
    return response.context["adminform"].form.errors.get(field, [])


def png(width: int = 200, height: int = 200) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "green").save(file, "PNG")
    return file.getvalue()


def upload(content: bytes, name: str = "lambang.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/png")


def test_there_is_one_institution_no_more_and_no_less(office: Client) -> None:
    assert office.get(f"{DATA}accounts/institution/", follow=True).redirect_chain[-1][0] == INSTITUTION
    assert office.get(f"{DATA}accounts/institution/add/").status_code == 403
    assert office.post(f"{DATA}accounts/institution/1/delete/", {"post": "yes"}).status_code == 403
    assert Institution.objects.count() == 1


def test_an_empty_installation_is_asked_for_its_institution(office: Client) -> None:
    filled = institution_form()
    Institution.objects.all().delete()
    assert office.get(f"{DATA}accounts/institution/", follow=True).status_code == 200
    office.post(f"{DATA}accounts/institution/add/", filled)
    assert Institution.objects.get().pk == 1


def test_a_changed_name_moves_no_deadline_but_the_reading_does(office: Client) -> None:
    entry = disposed()
    page = text(office.post(INSTITUTION, institution_form(short_name="Unsyiah"), follow=True))
    assert "batas waktu" not in page.partition("messagelist")[2].partition("</ul>")[0]
    office.post(INSTITUTION, institution_form(reading="end-of-day"), follow=True)
    assert due(entry) == "26 16.00"
    assert "Yusra Rahmi mengubah institusi “Universitas Syiah Kuala”." in [say(e) for e in AuditEvent.objects.all()]


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("{sifat}/{nomer}/{tahun}", "Isian {nomer} tidak dikenal. Yang paling mirip: {urut}."),
        ("{urut}/{tahoen}", "Isian {tahoen} tidak dikenal. Yang paling mirip: {tahun}."),
        ("{urut/{tahun}", "Kurung kurawal harus berpasangan, misalnya {urut}."),
        ("{urut}/{tahun", "Kurung kurawal harus berpasangan, misalnya {urut}."),
        ("{urut}/{unit}", "Pola harus memuat {tahun}, supaya tidak ada dua surat bernomor sama."),
        ("{unit}/{tahun}", "Pola harus memuat {urut}, supaya tidak ada dua surat bernomor sama."),
        (
            "{urut}/{unit:03}/{tahun:03d}",
            "Isian {tahun:03d} tidak dikenal. Yang paling mirip: {tahun}.",
        ),
    ],
)
def test_a_number_pattern_that_cannot_work_is_refused_in_words(office: Client, pattern: str, sentence: str) -> None:
    response = office.post(INSTITUTION, institution_form(letter_number_pattern=pattern))
    assert errors(response, "letter_number_pattern") == [sentence]
    assert Institution.objects.get().letter_number_pattern == "{sifat}/{urut}/{unit}/{klasifikasi}/{tahun}"


def test_a_good_pattern_is_kept_and_its_example_shown(office: Client) -> None:
    page = text(
        office.post(
            INSTITUTION, institution_form(letter_number_pattern="{urut:03}/{unit}/{tahun}", _continue="1"), follow=True
        )
    )
    assert "012/UN11.TIK/2026" in page


def test_a_logo_is_kept_under_our_name_shown_and_printed(office: Client) -> None:
    page = text(
        office.post(
            INSTITUTION, institution_form(logo=upload(png(), "../../lambang usk.png"), _continue="1"), follow=True
        )
    )
    house = Institution.objects.get()
    assert house.logo.name.startswith("institution/")
    assert "lambang" not in house.logo.name
    assert "data:image/png;base64," in page
    assert reply_papers.letterhead(house).logo is not None
    office.post(INSTITUTION, institution_form(short_name="Unsyiah"))
    assert Institution.objects.get().logo.name == house.logo.name, "saving without a new file keeps the old one"
    office.post(INSTITUTION, institution_form(remove_logo="on"))
    assert not Institution.objects.get().logo


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (
            png() + b"\0" * 512 * 1024,
            "besar.png",
            "Berkas lebih besar dari 512 KB. Perkecil gambarnya, lalu unggah lagi.",
        ),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "lambang.png",
            "Berkas ini bukan gambar PNG yang utuh. Simpan lambang sebagai PNG, lalu unggah lagi.",
        ),
        (
            png()[:60],
            "lambang.png",
            "Berkas ini bukan gambar PNG yang utuh. Simpan lambang sebagai PNG, lalu unggah lagi.",
        ),
        (
            png(4001, 10),
            "lambang.png",
            "Gambar lebih dari 4000 piksel pada satu sisi. Perkecil gambarnya, lalu unggah lagi.",
        ),
    ],
)
def test_a_logo_that_cannot_be_printed_is_refused_in_words(
    office: Client, content: bytes, name: str, sentence: str
) -> None:
    response = office.post(INSTITUTION, institution_form(short_name="Unsyiah", logo=upload(content, name)))
    assert errors(response, "logo") == [sentence]
    assert not Institution.objects.get().logo
    assert response.context["adminform"].form["short_name"].value() == "Unsyiah"


def test_a_logo_larger_than_any_upload_is_named(office: Client, settings: object) -> None:
    settings.MAX_UPLOAD_BYTES = 1024 * 1024
    response = office.post(INSTITUTION, institution_form(logo=upload(b"\0" * (1024 * 1024 + 1), "besar.png")))
    assert errors(response, "logo")[0].startswith("Berkas “besar.png” lebih besar dari 1 MB.")


def test_a_logo_of_exactly_512_kilobytes_is_welcome(office: Client) -> None:
    content = png()
    padded = content[:-12] + _text_chunk(512 * 1024 - len(content)) + content[-12:]
    assert len(padded) == 512 * 1024
    office.post(INSTITUTION, institution_form(logo=upload(padded)))
    assert Institution.objects.get().logo


def _text_chunk(length: int) -> bytes:
    """A PNG comment that takes `length` bytes in all (PNG specification, section 11.3.4.3)."""
    body = b"tEXt" + b"Comment\0" + b"x" * (length - 12 - 8)
    return (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
