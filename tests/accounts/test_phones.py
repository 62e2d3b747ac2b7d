"""One phone number, however an Indonesian office writes it."""

import pytest
from django.core.exceptions import ValidationError

from accounts.phones import display, normalise

ONE_NUMBER = "Isi satu nomor telepon, misalnya 0812-3456-7890."
AREA_CODE = "Sertakan kode wilayah, misalnya (0651) 7551234."


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("0812-3456-7890", "+6281234567890"),
        ("081234567890", "+6281234567890"),
        ("0812 3456 7890 (WA)", "+6281234567890"),
        ("0812 3456 7890 (WhatsApp)", "+6281234567890"),
        ("WA: 0812.3456.7890", "+6281234567890"),
        ("HP. 0812–3456–7890", "+6281234567890"),
        ("+62 812 3456 7890", "+6281234567890"),
        ("+62 (0)812-3456-7890", "+6281234567890"),
        ("\u202a+62 812\u00a03456\u00a07890\u202c", "+6281234567890"),
        ("6281234567890", "+6281234567890"),
        ("62 812-3456-7890", "+6281234567890"),
        ("006281234567890", "+6281234567890"),
        ("81234567890", "+6281234567890"),
        ("https://wa.me/6281234567890", "+6281234567890"),
        ("tel:+6281234567890", "+6281234567890"),
        ("０８１２３４５６７８９０", "+6281234567890"),
        ("\n081234567890\r\n", "+6281234567890"),
        (" " * 100 + "081234567890" + " " * 100, "+6281234567890"),
        # Short mobile numbers: without the plus these look like area code 0628, Kabanjahe.
        ("62812345678", "+62812345678"),
        ("62-812-345-678", "+62812345678"),
        ("(62) 812345678", "+62812345678"),
        ("wa.me/62812345678", "+62812345678"),
        # ... and this one is Kabanjahe.
        ("(0628) 12345678", "+6262812345678"),
        ("(0651) 7551234", "+626517551234"),
        ("0651-7551234", "+626517551234"),
        ("+62 651 7551234", "+626517551234"),
        ("(0651) 7551234 ext. 112", "+626517551234"),
        ("(0651) 7551234, ext 112", "+626517551234"),
        ("0651 7551234 pes. 12", "+626517551234"),
        ("0651 7551234 Pesawat 12", "+626517551234"),
        ("0651 7551234 x112", "+626517551234"),
        ("Telp. 021-5703303", "+62215703303"),
        ("+60 12-345 6789", "+60123456789"),
        ("+44 20 7946 0958", "+442079460958"),
    ],
)
def test_spellings_of_one_number(typed: str, stored: str) -> None:
    assert normalise(typed) == stored
    assert normalise(stored) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-",
        "+",
        "tidak ada",
        "🙂",
        "a@b.c",
        "112",
        "0812345",
        "0812345678901234567",
        "0" * 200,
        "0651 - 7551234 / 7551235",
        "0651-7551234/35",
        "081234567890 / 081234567891",
        "081234567890, 081234567891",
        "081234567890; 081234567891",
        "081234567890 atau 081234567891",
        "081234567890 081234567891",
        "081234567890\n081234567891",
        "+6281234567890 +6281234567891",
        "(0651) 755123 dan 4",
        "O81234567890",
        "08I234567890",
        "+999 123 456 789",
    ],
)
def test_not_exactly_one_number(typed: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        normalise(typed)
    assert refusal.value.messages == [ONE_NUMBER]


@pytest.mark.parametrize("typed", ["7551234", "755-1234", "Telp. 22345"])
def test_an_office_number_without_its_area_code(typed: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        normalise(typed)
    assert refusal.value.messages == [AREA_CODE]


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("+6281234567890", "0812-3456-7890"),
        ("+626517551234", "(0651) 7551234"),
        ("+62215703303", "(021) 5703303"),
        ("+60123456789", "+60 12-345 6789"),
        ("", ""),
        ("bukan nomor", "bukan nomor"),
    ],
)
def test_shown_the_way_people_read_it(stored: str, shown: str) -> None:
    assert display(stored) == shown
