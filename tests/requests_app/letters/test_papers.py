import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from requests_app.letters.papers import (
    LOGO_LIMIT,
    Letterhead,
    Logo,
    Paragraph,
    Receipt,
    ReplyLetter,
    Signatory,
)

HEAD = Letterhead(
    ministry="Kementerian Pendidikan Tinggi, Sains, dan Teknologi",
    institution="Universitas Syiah Kuala",
    unit_lines=("UPT Teknologi Informasi dan Komunikasi",),
    address_lines=("Darussalam, Banda Aceh 23111",),
)
LETTER = ReplyLetter(
    letterhead=HEAD,
    number="B/1/UN11/TI.02/2026",
    date=date(2026, 11, 23),
    subject="Persetujuan akses webservice",
    recipient_lines=("Kepala Biro Akademik",),
    blocks=(Paragraph("Disetujui."),),
    signatory=Signatory("Kepala UPT TIK", "Nizamuddin", "19710824 199603 1 001"),
)
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"blocks": ()}, "body"),
        ({"recipient_lines": ()}, "recipient"),
        ({"number": " "}, "number or date"),
        ({"date": None}, "number or date"),
    ],
)
def test_an_issued_letter_has_body_recipient_number_and_date(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        replace(LETTER, **change)  # type: ignore[arg-type]


def test_a_draft_may_lack_number_and_date() -> None:
    data = replace(LETTER, number="", date=None, draft=True).to_data()
    assert data["date"] == ""
    assert data["title"] == "Persetujuan akses webservice"


@pytest.mark.parametrize(
    ("signatory", "titles", "nip"),
    [
        (Signatory("Kepala UPT TIK", "A", "19710824 199603 1 001"), ["Kepala UPT TIK,"], "NIP 197108241996031001"),
        (Signatory("Kepala UPT TIK,", "A", "1971.0824"), ["Kepala UPT TIK,"], "NIP 19710824"),
        (Signatory("Kepala UPT TIK", "A", "", "Plh."), ["Kepala UPT TIK,"], ""),
        (Signatory("Rektor", "A", "", "a.n.", "Kepala UPT TIK"), ["Rektor", "Kepala UPT TIK,"], ""),
    ],
)
def test_one_comma_after_the_last_title_and_a_nip_without_spaces(
    signatory: Signatory, titles: list[str], nip: str
) -> None:
    assert signatory.to_data()["titles"] == titles
    assert signatory.to_data()["nip"] == nip


def test_on_behalf_of_names_both_offices() -> None:
    with pytest.raises(ValueError, match="come together"):
        Signatory("Rektor", "A", "", "a.n.")
    with pytest.raises(ValueError, match="come together"):
        Signatory("Rektor", "A", "", "Plh.", "Kepala UPT TIK")


@pytest.mark.parametrize(
    ("content", "alt", "reason"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Lambang", "PNG or JPEG"),
        (b"GIF89a", "Lambang", "PNG or JPEG"),
        (b"", "Lambang", "PNG or JPEG"),
        (PNG, "  ", "in words"),
        (PNG + bytes(LOGO_LIMIT), "Lambang", "bytes"),
    ],
)
def test_a_logo_is_a_small_picture_with_words(content: bytes, alt: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Logo(content, alt)


def test_data_is_plain_json() -> None:
    receipt = Receipt(
        letterhead=replace(HEAD, logo=Logo(PNG, "Lambang")),
        reference="GPR-1",
        received_at=datetime(2026, 11, 23, 7, 5, tzinfo=UTC),
        unit="Biro Akademik",
        subject="Permohonan",
        data_types=("Data dosen",),
        next_steps=("Admin memeriksa surat.",),
    )
    for data in (LETTER.to_data(), receipt.to_data()):
        assert json.loads(json.dumps(data)) == data


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_line_without_a_value_is_left_out(language: str) -> None:
    plain = replace(LETTER, language="en" if language == "en" else "id")
    full = replace(plain, security_class="Biasa", attachments="Satu berkas")
    labels = {"id": ["Nomor", "Sifat", "Lampiran", "Hal"], "en": ["Number", "Class", "Attachment", "Subject"]}
    assert [label for label, _ in full.to_data()["reference"]] == labels[language]
    assert [label for label, _ in plain.to_data()["reference"]] == [labels[language][0], labels[language][3]]
