"""Lists as files: what people typed stays text, dates stay dates, a long list needs no more memory than a short one."""

import csv
import io
import tracemalloc
from datetime import UTC, date, datetime

import pytest
from django.utils import translation
from openpyxl import load_workbook

from webservice_accounts import exports
from webservice_accounts.exports import csv_lines, harmless, in_words, xlsx

HEAD = ["Nama", "Sejak"]
BOMB = '=HYPERLINK("http://jahat";"klik")'


@pytest.mark.parametrize(
    "typed",
    [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "|cmd",
        "%0A=1",
        "\t=1",
        "\tapa saja",
        "\r=1",
        "\rapa saja",
        "\n=1",
        " =1",
        "   +1",
        "\u00a0=1",  # a space that does not break
        "\u3000=1",  # a wide space
        "\u200b=1",  # a space without width
        "\ufeff=1",
        "\u202e=1",  # turns the writing direction
        " \n\t @SUM(A1)",
        "\u2028=1",
        "\x00=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM",
        BOMB,
        "=cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
    ],
)
def test_what_could_be_a_formula_gets_an_apostrophe(typed: str) -> None:
    assert harmless(typed) == "'" + typed.replace("\x00", "")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "Biro Akademik",
        "1+1",
        "a=b",
        "'=1",
        "  dengan spasi",
        "–",
        "Cut Nurmala, S.Si.",
        "198706302014041002",
        "n@usk.ac.id",
    ],
)
def test_what_cannot_be_a_formula_stays_as_typed(typed: str) -> None:
    assert harmless(typed) == typed


def test_the_csv_opens_in_an_indonesian_excel() -> None:
    rows = [['Café; "Satu"\nDua', date(2026, 3, 1)], [BOMB, datetime(2026, 3, 1, 3, 15, tzinfo=UTC)], [None, 7]]
    file = b"".join(csv_lines(HEAD, rows))
    assert file.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(file.decode("utf-8-sig")), delimiter=";")) == [
        HEAD,
        ['Café; "Satu"\nDua', "1 Maret 2026"],
        ["'" + BOMB, "1 Maret 2026 10.15"],  # WIB
        ["", "7"],
    ]


def test_moments_are_words_in_the_readers_language() -> None:
    moment = datetime(2026, 2, 28, 17, 0, tzinfo=UTC)
    assert in_words(moment) == "1 Maret 2026 00.00"
    with translation.override("en"):
        assert in_words(moment) == "1 March 2026, 00:00"
        assert in_words(date(2026, 3, 1)) == "1 March 2026"


def test_the_workbook_holds_text_and_real_dates() -> None:
    rows = [
        [BOMB, date(2026, 3, 1)],
        [" \u00a0=1+1", datetime(2026, 2, 28, 17, 0, tzinfo=UTC)],
        ["#REF!", None],
        ["suara\x07bel \ud800", 12],
        ["x" * 40_000, None],
    ]
    with xlsx("Catatan: uji/2026"[:7], HEAD, rows) as file:
        sheet = load_workbook(file).active
    found = list(sheet.iter_rows(values_only=True))
    assert found[0] == tuple(HEAD)
    assert found[1] == ("'" + BOMB, datetime(2026, 3, 1))
    assert found[2] == ("' \u00a0=1+1", datetime(2026, 3, 1, 0, 0))
    assert found[3] == ("#REF!", None)
    assert found[4] == ("suarabel ", 12)
    assert len(found[5][0]) == 32_767
    assert {cell.data_type for cell in sheet["A"]} == {"s"}, "no formula, no error, only text"
    assert sheet["B2"].is_date
    assert sheet["B3"].number_format.startswith("[$-421]"), "months in Indonesian"
    assert sheet.freeze_panes == "A2"


def test_what_does_not_fit_on_a_sheet_goes_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "ROWS_OF_A_SHEET", 4)
    with xlsx("Catatan", ["No"], ([number] for number in range(7))) as file:
        book = load_workbook(file)
    assert {sheet.title: [cell.value for cell in sheet["A"]] for sheet in book} == {
        "Catatan": ["No", 0, 1, 2],
        "Catatan 2": ["No", 3, 4, 5],
        "Catatan 3": ["No", 6],
    }


def test_several_lists_in_one_file_stand_in_their_order_and_numbers_stay_numbers() -> None:
    sheets = [exports.Sheet("Tabel", ["No", "Persen"], [["1", 84.2]]), exports.Sheet("Kosong", ["No"], [])]
    with exports.workbook(sheets) as file:
        book = load_workbook(file)
    assert book.sheetnames == ["Tabel", "Kosong"]
    assert [cell.value for cell in book["Tabel"][2]] == ["1", 84.2]
    assert book["Kosong"].max_row == 1


def test_an_empty_list_is_a_file_with_a_head() -> None:
    assert b"".join(csv_lines(HEAD, [])) == "\ufeffNama;Sejak\r\n".encode()
    with xlsx("Catatan", HEAD, []) as file:
        assert list(load_workbook(file).active.iter_rows(values_only=True)) == [tuple(HEAD)]


def test_a_long_list_needs_no_more_memory_than_a_short_one() -> None:
    def most_memory(rows: int) -> int:
        tracemalloc.start()
        for _line in csv_lines(HEAD, (["Fakultas " * 5, date(2026, 3, 1)] for _number in range(rows))):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most_memory(10)  # caches fill
    assert most_memory(20_000) < most_memory(200) + 50_000  # bytes
