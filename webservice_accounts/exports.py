"""Lists as files for a spreadsheet, XLSX and CSV.

Row by row, so that a long list needs no more memory than a short one.
What people typed stays text. A cell that a spreadsheet could take for a formula gets an
apostrophe in front, which is what OWASP advises against CSV injection. It gets one too
when spaces, line breaks or invisible characters stand before the sign: some programs drop
them and look again.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

Cell = str | int | float | date | datetime | None
"""What a list may hold; moments are aware."""

ROWS_OF_A_SHEET = 1_048_576
"""Excel's limit, its head counted; what does not fit goes to another sheet."""
LONGEST_TEXT = 32_767
"""Characters that Excel takes in a cell."""
MARK = "\ufeff"
"""Tells Excel that the file is UTF-8."""
SEPARATOR = ";"
"""What Excel expects where the comma is the decimal sign, as in Indonesia."""

_STARTS_A_FORMULA = frozenset("=+-@|%＝＋－＠")  # the wide ones count in East Asian settings
_DROPPED_BY_SOME = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""Unicode categories: control, format, line, paragraph, space."""
_NOT_FOR_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# 421 is Indonesian: the names of months whatever the reader's Excel speaks.
_DATE_LOOK = "[$-421]d mmmm yyyy"
_MOMENT_LOOK = '[$-421]d mmmm yyyy hh"."mm'
_WIDTH = 28
_TIME = {"id": " %H.%M", "en": ", %H:%M"}


def harmless(text: str) -> str:
    """The text as no spreadsheet takes it for a formula; unchanged when it could not be one."""
    text = _NOT_FOR_XML.sub("", text)
    if text[:1] in ("\t", "\r", "\n"):
        return f"'{text}"
    for character in text:
        if character in _STARTS_A_FORMULA:
            return f"'{text}"
        if unicodedata.category(character) not in _DROPPED_BY_SOME:
            break
    return text


def in_words(cell: Cell) -> str:
    """A cell as it stands on a page: moments and dates in words and WIB, in the reader's language; texts unchanged."""
    if isinstance(cell, datetime):
        local, language = timezone.localtime(cell), get_language()
        return f"{_day(local.date(), language)}{local:{_TIME['en' if (language or '').startswith('en') else 'id']}}"
    if isinstance(cell, date):
        return _day(cell, get_language())
    return "" if cell is None else str(cell)


@lru_cache(maxsize=5_000)
def _day(day: date, language: str | None) -> str:
    """The day in the present language, which is `language`; remembered, because a long list repeats its days."""
    return date_format(day, "j F Y")


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The file line by line: UTF-8 with a mark, separated by semicolons, so that Excel opens it with a double click."""
    write = csv.writer(_Passing(), delimiter=SEPARATOR).writerow
    yield (MARK + write([harmless(str(name)) for name in head])).encode()
    for row in rows:
        yield write([cell if isinstance(cell, int | float) else harmless(in_words(cell)) for cell in row]).encode()


class _Passing:
    """A file that keeps nothing: `writerow` returns what its `write` returns."""

    def write(self, text: str) -> str:
        return text


@dataclass(frozen=True)
class Sheet:
    """One list of a workbook; `rows` are read once. The titles of a workbook differ in their first 25 characters."""

    title: str
    head: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def xlsx(title: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> IO[bytes]:
    """The workbook as a temporary file at its beginning; it is gone once closed. Dates stay dates, in WIB."""
    return workbook([Sheet(title, head, rows)])


def workbook(sheets: Iterable[Sheet]) -> IO[bytes]:
    """Several lists in one file, in their order; see `xlsx`."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        _write(book, sheet)
    file = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    book.save(file)
    file.seek(0)
    return file


def _write(book: Workbook, list_: Sheet) -> None:
    remaining = iter(list_.rows)
    for number in range(1, 1_000):
        sheet = book.create_sheet(list_.title[:28] if number == 1 else f"{list_.title[:25]} {number}")
        sheet.freeze_panes = "A2"
        for column in range(1, len(list_.head) + 1):
            sheet.column_dimensions[get_column_letter(column)].width = _WIDTH
        sheet.append([_heading(sheet, name) for name in list_.head])
        written, cells = 0, _Cells(sheet)
        for row in islice(remaining, ROWS_OF_A_SHEET - 1):
            sheet.append(cells.of(value) for value in row)
            written += 1
        if written < ROWS_OF_A_SHEET - 1:
            break


def _heading(sheet: Any, name: str) -> Any:
    cell = WriteOnlyCell(sheet, str(name))
    cell.font, cell.alignment = Font(bold=True), Alignment(vertical="top", wrap_text=True)
    return cell


class _Cells:
    """What openpyxl is given for the values of a sheet. Each cell is written before the next is asked for.

    So one cell does for all moments and one for all dates: making a cell with a look of its own takes as long as
    writing five.
    """

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._moment, self._date = WriteOnlyCell(sheet), WriteOnlyCell(sheet)
        self._moment.number_format, self._date.number_format = _MOMENT_LOOK, _DATE_LOOK

    def of(self, value: Cell) -> Any:
        if isinstance(value, str):
            return self._text(harmless(value)[:LONGEST_TEXT])
        if isinstance(value, datetime):
            self._moment.value = timezone.make_naive(value).replace(second=0, microsecond=0)
            return self._moment
        if isinstance(value, date):
            self._date.value = value
            return self._date
        return value

    def _text(self, text: str) -> Any:
        """Text, whatever it looks like: "=1" is else a formula and "#N/A" an error."""
        if text[:1] not in ("=", "#"):
            return text
        cell = WriteOnlyCell(self._sheet, text)
        cell.data_type = "s"
        return cell
