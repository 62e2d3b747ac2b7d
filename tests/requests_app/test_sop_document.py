"""docs/sop.md, and the command that writes it and finds it out of date."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from requests_app.sop_document import identity_rows, markdown


def test_the_file_in_the_repository_says_what_the_tables_say() -> None:
    call_command("sop_docs", check=True)


def test_a_file_that_differs_fails_the_check_and_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "sop.md"
    path.write_text(markdown().replace("5 menit", "6 menit", 1), encoding="utf-8")
    with pytest.raises(CommandError, match=r"Run: python manage\.py sop_docs"):
        call_command("sop_docs", check=True, path=path)
    assert "6 menit" in path.read_text(encoding="utf-8")


def test_a_missing_file_fails_the_check_and_is_written_without_it(tmp_path: Path) -> None:
    path = tmp_path / "sop.md"
    with pytest.raises(CommandError):
        call_command("sop_docs", check=True, path=path)
    call_command("sop_docs", path=path)
    call_command("sop_docs", check=True, path=path)


LINES = """\
# POB/04/PSI/TIK/2020: PENGLOLAAN WEBSERVICE
| No | Kegiatan | Unit Kerja | ADM | Pimpinan UPT TIK | PSI | Kelengkapan | Waktu | Output |
|  | Disposisi Pimpinan ke tim terkait |  |  | ● |  |  |  |  |
| `disposed` | 3 | Divisi PSI | Akun perlu dibuat | Akun sedang disiapkan Divisi PSI | 24 hours of working days |
| Disposisikan (`dispose`) | Kepala UPT TIK | `awaiting_disposition` | `disposed` | Divisi PSI |
    state "Menunggu disposisi" as awaiting_disposition
    awaiting_disposition --> disposed: Disposisikan
    [*] --> draft
    finished --> [*]
"""

# No, actors, required, time and output of each numbered row; the text is compared in test_sop.py.
ROWS = {
    "| 1 | Unit kerja mengirim": "| ● |  |  |  | Surat permohonan | 5 menit | Hardcopy/ Softcopy |",
    "| 2 | Divisi Administrasi/Helpdesk": "|  | ● |  |  | Surat permohonan | 5 menit | Softcopy |",
    "| 3 | Divisi PSI menambah": "|  |  |  | ● |  | 1 x 24 jam hari kerja |  |",
    "| 5 | Divisi PSI menginformasikan": "|  |  |  | ● | Akun webservice | 5 menit | Softcopy |",
    "| 6 | Sesuai arahan pimpinan": "|  | ● |  |  | Surat balasan | 1 x 24 jam hari kerja | Softcopy |",
}


@pytest.mark.parametrize("line", LINES.splitlines())
def test_a_line_of_the_document(line: str) -> None:
    assert line in markdown().splitlines()


@pytest.mark.parametrize(("begins", "ends"), ROWS.items())
def test_a_row_of_the_flowchart(begins: str, ends: str) -> None:
    (row,) = [line for line in markdown().splitlines() if line.startswith(begins)]
    assert row.endswith(ends)


def test_what_only_keeps_a_request_where_it_is_draws_no_arrow() -> None:
    assert "disposed --> disposed" not in markdown()


def test_the_front_page_is_headed_as_printed() -> None:
    assert [label for label, _text in identity_rows()] == [
        "UNIT",
        "NOMOR",
        "TANGGAL PEMBUATAN",
        "TANGGAL REVISI",
        "TANGGAL EFEKTIF",
        "DISAHKAN OLEH",
        "NAMA SOP",
        "DASAR HUKUM",
        "KUALIFIKASI PELAKSANA",
        "KETERKAITAN",
        "PERALATAN",
        "PERINGATAN",
        "PENCATATAN DAN PENDATAAN",
    ]
    assert dict(identity_rows())["TANGGAL EFEKTIF"] == "12 Mei 2020"
    assert dict(identity_rows())["TANGGAL REVISI"] == "-"
