"""The monitoring report as the head signs it: on its side, whole rows, long words and many breaches."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pikepdf
import pytest

from requests_app.letters.dates import WIB
from requests_app.letters.papers import MonitoringReport, Signatory
from requests_app.letters.render import render
from tests.requests_app.letters.samples import BREACH, REPORT

Lines = Callable[[bytes], list[list[str]]]

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=WIB)
CM = 72 / 2.54


def typeset(report: MonitoringReport) -> bytes:
    return render("monitoring", report.to_data(), now=NOW)


def text_of(report: MonitoringReport, lines: Lines) -> str:
    return "\n".join(line for page in lines(typeset(report)) for line in page)


def test_it_names_the_sop_the_period_the_numbers_and_the_head(lines: Lines) -> None:
    text = text_of(REPORT, lines)
    for words in (
        "LAPORAN PEMANTAUAN SOP",
        "POB/04/PSI/TIK/2020",
        "Oktober 2026",
        "23 jam 59",
        "77%",
        "GP26-ABCDEF",
        "23 November 2026",
        "Kepala UPT TIK,",
        "Dr. Teuku Maulana",
        "NIP 197502172002121003",
        "Dibuat dengan Gapura",
    ):
        assert words in text


def test_the_page_lies_on_its_side_and_can_be_archived() -> None:
    with pikepdf.open(io.BytesIO(typeset(REPORT))) as paper:
        _left, _bottom, width, height = map(float, paper.pages[0].mediabox)
        metadata = paper.open_metadata()
        assert (round(width / CM, 1), round(height / CM, 1)) == (29.7, 21.0)
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "A")
        assert str(paper.docinfo["/Title"]) == "Laporan Pemantauan SOP Oktober 2026"


def test_without_breaches_it_says_so(lines: Lines) -> None:
    text = text_of(replace(REPORT, breaches=()), lines)
    assert "Tidak ada batas waktu yang terlewati pada masa ini." in text
    assert "Ditangani" not in text


def test_five_hundred_breaches_each_stand_once_and_the_head_of_the_table_on_every_page(lines: Lines) -> None:
    many = tuple(replace(BREACH, reference=f"GP26-{number:06d}") for number in range(500))
    pages = lines(typeset(replace(REPORT, breaches=many)))
    text = [" ".join(page) for page in pages]
    assert all(sum(f"GP26-{number:06d}" in page for page in text) == 1 for number in range(500))
    with_rows = [page for page in text if "GP26-0" in page]
    assert len(with_rows) > 20
    assert all("Permohonan" in page and "Alasan" in page for page in with_rows)


def test_long_names_and_reasons_stay_on_the_page(runs: Callable) -> None:
    long = replace(
        BREACH,
        unit="Pusat Pengembangan Pembelajaran, Penjaminan Mutu, dan Kerja Sama Internasional " * 2,
        who="Prof. Dr. Ir. H. Teuku Muhammad Iskandar Zulkarnain, M.Sc., Ph.D. (Kepala UPT TIK)",
        reason="Lainnya: " + "x" * 480,
    )
    pages = runs(typeset(replace(REPORT, breaches=(long,))))
    assert max(run.right for page in pages for run in page) <= (29.7 - 1.9) * CM


def test_the_same_report_is_the_same_file() -> None:
    assert typeset(REPORT) == typeset(REPORT)


@pytest.mark.parametrize("name", ["", "Dr. Teuku Maulana"])
def test_without_a_head_there_is_a_line_to_write_the_name_on(name: str, lines: Lines) -> None:
    text = text_of(replace(REPORT, signatory=Signatory("Kepala UPT TIK", name)), lines)
    assert "Kepala UPT TIK," in text
    assert "NIP" not in text
