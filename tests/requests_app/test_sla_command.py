"""`manage.py sla due`: the calendar in the database, asked from a terminal."""

import json
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from requests_app.models import ClockRule, ConfirmedYear, DayRow, HoursPeriodRow, OfficeSpanRow
from requests_app.sla import WIB
from requests_app.sop import Status
from tests.factories import a_request, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _confirmed() -> None:
    ConfirmedYear.objects.create(year=2026, confirmed_at=datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    """What `manage.py sla due` prints for a start, a standard and more options: (on stdout, on stderr)."""

    def answer(start: str, standard: str, *options: str) -> tuple[str, str]:
        call_command("sla", "due", "--start", start, "--standard", standard, *options)
        return capsys.readouterr()

    return answer


@pytest.mark.parametrize(
    ("start", "standard", "options", "due"),
    [
        ("2026-11-27T15:50", "24h", (), "Senin, 30 November 2026 15.50 WIB"),
        ("2026-11-27 15:50", "24h", (), "Senin, 30 November 2026 15.50 WIB"),
        ("2026-11-27T15:50+07:00", "24h", (), "Senin, 30 November 2026 15.50 WIB"),
        ("2026-11-27T08:50Z", "24h", (), "Senin, 30 November 2026 15.50 WIB"),
        ("2026-11-27T08:50+00:00", "1d", ("--clock", "working-days"), "Senin, 30 November 2026 15.50 WIB"),
        ("2026-11-27T15:50", "2d", (), "Selasa, 1 Desember 2026 15.50 WIB"),
        ("2026-11-27T15:50", "48h", (), "Selasa, 1 Desember 2026 15.50 WIB"),
        ("2026-11-27T15:50", "24h", ("--reading", "end-of-day"), "Senin, 30 November 2026 16.00 WIB"),
        ("2026-11-27T16:28", "5m", ("--clock", "office-hours"), "Senin, 30 November 2026 07.33 WIB"),
        ("2026-11-27T09:00", "1h30m", ("--clock", "office-hours"), "Jumat, 27 November 2026 10.30 WIB"),
        ("2026-11-27T09:00", "90s", ("--clock", "office-hours"), "Jumat, 27 November 2026 09.01 WIB"),
    ],
)
def test_prints_the_deadline_and_nothing_else(
    ask: Any, start: str, standard: str, options: tuple[str, ...], due: str
) -> None:
    assert ask(start, standard, *options) == (f"Batas waktu: {due}\n", "")


def test_json_holds_the_question_and_the_deadline_with_its_offset(ask: Any) -> None:
    out, err = ask("2026-11-27T08:50Z", "24h", "--json")
    assert json.loads(out) == {
        "start": "2026-11-27T15:50:00+07:00",
        "standard": "24h",
        "clock": "working-days",
        "reading": "same-time",
        "rule": {"chosen_by": "", "effective_from": None},
        "due": "2026-11-30T15:50:00+07:00",
        "unconfirmed_years": [],
    }
    assert err == ""


def test_json_explains_each_span(ask: Any) -> None:
    DayRow.objects.create(date=date(2026, 11, 30), kind="regional", name="Hari Aceh", legal_basis="SE 1/2026")
    out, _ = ask("2026-11-27T15:50", "24h", "--json", "--explain")
    lines = json.loads(out)["lines"]
    assert [(line["from"], line["to"], line["counted_seconds"], line["reason"]) for line in lines] == [
        ("2026-11-27T15:50:00+07:00", "2026-11-28T00:00:00+07:00", 29400, "counted"),
        ("2026-11-28T00:00:00+07:00", "2026-11-30T00:00:00+07:00", 0, "weekend"),
        ("2026-11-30T00:00:00+07:00", "2026-12-01T00:00:00+07:00", 0, "regional"),
        ("2026-12-01T00:00:00+07:00", "2026-12-01T15:50:00+07:00", 57000, "counted"),
    ]
    assert (lines[2]["name"], lines[2]["legal_basis"], lines[2]["is_estimated"]) == ("Hari Aceh", "SE 1/2026", False)


def test_explains_in_sentences(ask: Any) -> None:
    DayRow.objects.create(date=date(2026, 12, 24), kind="collective", name="Cuti Bersama Natal")
    DayRow.objects.create(date=date(2026, 12, 25), kind="national", name="Natal", legal_basis="SKB 3 Menteri")
    out, _ = ask("2026-12-23T14:00", "24h", "--explain")
    first, standard, reading, *lines, total = out.splitlines()
    assert first == "Batas waktu: Senin, 28 Desember 2026 14.00 WIB"
    assert standard.startswith("Waktu baku 24 jam hari kerja")
    assert reading == "Cara hitung: jam yang sama pada hari kerja berikutnya (bawaan)."
    assert total == "Jumlah yang dihitung: 24 jam."
    assert lines == [
        "Rabu, 23 Desember 2026 14.00–24.00 WIB: dihitung 10 jam.",
        "Kamis, 24 Desember 2026: cuti bersama (Cuti Bersama Natal), tidak dihitung.",
        "Jumat, 25 Desember 2026: libur nasional (Natal), tidak dihitung. Dasar: SKB 3 Menteri.",
        "Sabtu, 26 Desember 2026 s.d. Minggu, 27 Desember 2026: akhir pekan, tidak dihitung.",
        "Senin, 28 Desember 2026 00.00–14.00 WIB: dihitung 14 jam.",
    ]


def test_counts_on_the_hours_and_days_in_the_database(ask: Any) -> None:
    ramadan = HoursPeriodRow.objects.create(name="Ramadan", starts_on=date(2026, 11, 23), ends_on=date(2026, 12, 11))
    for weekday in range(5):
        OfficeSpanRow.objects.create(weekday=weekday, opens=time(7), closes=time(17))
        OfficeSpanRow.objects.create(period=ramadan, weekday=weekday, opens=time(8), closes=time(15))
    DayRow.objects.create(date=date(2026, 12, 19), kind="replacement", name="Pengganti")
    assert ask("2026-11-27T15:50", "24h") == ("Batas waktu: Selasa, 1 Desember 2026 08.00 WIB\n", "")
    assert ask("2026-12-18T16:50", "24h") == ("Batas waktu: Sabtu, 19 Desember 2026 16.50 WIB\n", "")


def end_of_day(number: str, since: datetime) -> ClockRule:
    rina = person(full_name="Rina")
    return ClockRule.objects.create(
        number=number, effective_from=since, chosen_at=since, chosen_by=rina, reading="end-of-day"
    )


def test_reads_the_standard_as_it_was_chosen_for_the_row_when_its_clock_starts(ask: Any) -> None:
    end_of_day("3", datetime(2026, 11, 23, 10, 15, tzinfo=WIB))
    assert ask("2026-11-23T10:14", "24h")[0] == "Batas waktu: Selasa, 24 November 2026 10.14 WIB\n"
    assert ask("2026-11-23T10:15", "24h", "--row", "6")[0] == "Batas waktu: Selasa, 24 November 2026 10.15 WIB\n"
    assert ask("2026-11-23T10:15", "24h")[0] == "Batas waktu: Selasa, 24 November 2026 16.00 WIB\n"
    assert ask("2026-11-23T10:15", "24h", "--reading", "same-time")[0] == (
        "Batas waktu: Selasa, 24 November 2026 10.15 WIB\n"
    )


def test_says_who_chose_the_reading_and_nothing_of_one_that_was_typed(ask: Any) -> None:
    end_of_day("3", datetime(2026, 11, 3, 8, 0, tzinfo=WIB))
    chosen = "Cara hitung: akhir jam kerja pada hari kerja berikutnya, dipilih Rina pada 3 November 2026."
    assert chosen in ask("2026-11-23T10:15", "24h", "--explain")[0]
    assert json.loads(ask("2026-11-23T10:15", "24h", "--json")[0])["rule"] == {
        "chosen_by": "Rina",
        "effective_from": "2026-11-03T08:00:00+07:00",
    }
    assert "Cara hitung" not in ask("2026-11-23T10:15", "24h", "--explain", "--reading", "end-of-day")[0]


def test_explains_the_running_deadline_of_a_request(capsys: pytest.CaptureFixture[str]) -> None:
    # Disposed four minutes after 9.00 on Monday.
    item = a_request(Status.DISPOSED, at=datetime(2026, 11, 23, 9, 0, tzinfo=WIB))
    call_command("sla", "due", "--request", item.reference.lower(), "--explain")
    assert capsys.readouterr().out.splitlines()[::3] == [
        "Batas waktu: Selasa, 24 November 2026 09.04 WIB",
        "Senin, 23 November 2026 09.04 s.d. Selasa, 24 November 2026 09.04 WIB: dihitung 24 jam.",
    ]
    call_command("sla", "due", "--request", item.reference, "--json")
    answer = json.loads(capsys.readouterr().out)
    assert (answer["due"], answer["standard"]) == ("2026-11-24T09:04:00+07:00", "1440m")


def test_a_request_without_a_deadline_or_none_at_all_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    item = a_request(Status.CLARIFICATION)
    with pytest.raises(CommandError, match=f"{item.reference} tidak berbatas waktu sekarang: Menunggu penjelasan unit"):
        call_command("sla", "due", "--request", item.reference)
    with pytest.raises(CommandError, match="Permohonan GP26-000000 tidak ada"):
        call_command("sla", "due", "--request", "GP26-000000")
    with pytest.raises(CommandError, match="--request memakai waktu permohonan itu sendiri"):
        call_command("sla", "due", "--request", item.reference, "--standard", "24h")


def test_names_a_year_that_nobody_confirmed_beside_the_answer(ask: Any) -> None:
    out, err = ask("2026-12-31T15:00", "24h")
    assert out == "Batas waktu: Jumat, 1 Januari 2027 15.00 WIB\n"
    assert err == "Kalender 2027 belum dikonfirmasi; batas waktu masih dapat berubah.\n"
    out, err = ask("2026-12-31T15:00", "24h", "--json")
    assert (json.loads(out)["unconfirmed_years"], err) == ([2027], "")


@pytest.mark.parametrize(
    "start", ["2026-11-27", "20261127", "27/11/2026 15:50", "2026-13-27T15:50", "2026-11-27T25:00", "besok", ""]
)
def test_refuses_what_is_not_a_date_and_time(ask: Any, start: str) -> None:
    with pytest.raises(CommandError) as refusal:
        ask(start, "24h")
    assert str(refusal.value) == (
        f"“{start}” bukan tanggal dan jam. Tulis misalnya 2026-11-27T15:50 (WIB) atau 2026-11-27T08:50+00:00."
    )


@pytest.mark.parametrize("standard", ["24", "h", "24 jam", "1.5h", "24H", "24h!", "٢٤h", ""])
def test_refuses_what_is_not_a_standard_time(ask: Any, standard: str) -> None:
    with pytest.raises(CommandError) as refusal:
        ask("2026-11-27T15:50", standard)
    assert str(refusal.value) == f"“{standard}” bukan waktu baku. Tulis misalnya 5m, 24h, 1h30m, atau 2d (= 48h)."


@pytest.mark.parametrize("standard", ["0h", "1001d", "999999999d"])
def test_refuses_no_time_and_endless_time(ask: Any, standard: str) -> None:
    with pytest.raises(CommandError, match=r"Waktu baku harus lebih dari 0 dan paling lama 1000 hari\."):
        ask("2026-11-27T15:50", standard)


def test_refuses_parts_of_days_read_as_whole_days(ask: Any) -> None:
    with pytest.raises(CommandError, match="Cara hitung akhir hari memerlukan waktu baku dalam hari penuh"):
        ask("2026-11-27T15:50", "36h", "--reading", "end-of-day")


def test_says_so_when_the_calendar_has_no_working_day(ask: Any) -> None:
    HoursPeriodRow.objects.create(name="Tutup", starts_on=date(2026, 1, 1), ends_on=date(2036, 1, 1))
    with pytest.raises(CommandError, match="Tidak ada hari kerja"):
        ask("2026-11-27T15:50", "24h")


def test_counts_on_the_shipped_calendar_before_there_is_a_database(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Collective leave on 24 December, Christmas on the 25th, then a weekend.
    monkeypatch.setattr(type(connection.introspection), "table_names", lambda *_arguments, **_options: [])
    out, err = ask("2026-12-23T14:00", "24h", "--json")
    assert json.loads(out)["due"] == "2026-12-28T14:00:00+07:00"
    assert err == "Basis data belum disiapkan; dihitung dengan kalender bawaan.\n"
    out, err = ask("2026-11-27T15:50", "24h")
    assert out == "Batas waktu: Senin, 30 November 2026 15.50 WIB\n"
    assert "Kalender 2026 belum dikonfirmasi" in err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("due",),
        ("due", "--start", "2026-11-27T15:50"),
        ("due", "--start", "2026-11-27T15:50", "--standard", "24h", "--clock", "none"),
    ],
)
def test_an_incomplete_question_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("sla", *arguments)
