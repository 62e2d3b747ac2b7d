"""How an outgoing number is written, and what a pattern may name."""

import pytest

from requests_app import letter_numbers

VALUES = {"sifat": "B", "urut": 7, "unit": "UN11.TIK", "klasifikasi": "TI.00", "tahun": 2026}


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("{sifat}/{urut}/{unit}/{klasifikasi}/{tahun}", "B/7/UN11.TIK/TI.00/2026"),
        ("{urut:03}/{unit}/{tahun}", "007/UN11.TIK/2026"),
        ("No. {urut} - {tahun}", "No. 7 - 2026"),
    ],
)
def test_a_pattern_is_filled_in(pattern: str, written: str) -> None:
    assert letter_numbers.write(pattern, VALUES) == written


def test_an_empty_part_leaves_no_stray_slash() -> None:
    assert letter_numbers.write("{sifat}/{urut}/{klasifikasi}/{tahun}", {**VALUES, "klasifikasi": ""}) == "B/7/2026"


@pytest.mark.parametrize("part", ["{nomor}", "{}", "{0}", "{urut", "{unit:03d}"])
def test_what_cannot_be_filled_in_is_named(part: str) -> None:
    with pytest.raises(letter_numbers.UnknownField) as refusal:
        letter_numbers.write(f"{{urut}}/{part}", VALUES)
    assert str(refusal.value) == part


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("{sifat}/{urut}/{tahun}", ["sifat", "urut", "tahun"]),
        ("{urut:04}/{nomer}", ["urut", "nomer"]),
        ("tanpa isian", []),
        ("{urut.__class__}", ["urut.__class__"]),
        ("{urut:>99999999}", ["urut:>99999999"]),
        ("{urut!r}", ["urut:"]),
    ],
)
def test_what_a_pattern_names(pattern: str, named: list[str]) -> None:
    assert letter_numbers.named_fields(pattern) == named


@pytest.mark.parametrize("pattern", ["{urut", "urut}/{tahun}"])
def test_braces_come_in_pairs(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\}"):
        letter_numbers.named_fields(pattern)


@pytest.mark.parametrize(
    ("name", "nearest"), [("tahoen", "tahun"), ("urutan", "urut"), ("clasifikasi", "klasifikasi"), ("units", "unit")]
)
def test_the_nearest_known_field(name: str, nearest: str) -> None:
    assert letter_numbers.nearest_field(name) == nearest
