"""Employee numbers as people type, read and hide them."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from accounts.identity import IDENTITY_CHOICES, check, grouped, masked, normalise, soft_hints

TODAY = date(2026, 11, 22)
NIP = "198609262015051001"
NI_PPPK = "199312282025212001"  # a published sample: digits 13 and 14 are 21, which is no month

BIRTH_DATE = "Delapan angka pertama biasanya tanggal lahir (tahun, bulan, tanggal); periksa kembali."
AGE = "Tanggal lahir pada delapan angka pertama tampak tidak wajar; periksa kembali."
YEAR = "Angka ke-9 sampai ke-12 biasanya tahun pengangkatan; periksa kembali."
MONTH = "Angka ke-13 dan ke-14 pada NIP biasanya bulan. Bila ini NI PPPK, pilih jenis identitas NI PPPK."
SEX = "Angka ke-15 biasanya 1 atau 2; periksa kembali."
NUPTK = "NUPTK biasanya terdiri atas 16 angka; periksa kembali."
NIK = "Nomor ini mirip NIK. NIK tidak diperlukan; isi nomor pegawai."


def test_the_kinds_on_offer_and_nik_is_not_one_of_them() -> None:
    assert [(value, str(label)) for value, label in IDENTITY_CHOICES] == [
        ("nip", "NIP"),
        ("ni_pppk", "NI PPPK"),
        ("nipk", "NIPK atau nomor pegawai"),
        ("nuptk", "NUPTK"),
        ("other", "Lainnya"),
    ]


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("nip", "198609262015051001", NIP),
        ("nip", "19860926 201505 1 001", NIP),
        ("nip", " 19860926.201505.1.001 ", NIP),
        ("nip", "19860926-201505-1-001", NIP),
        ("nip", "19860926–201505–1–001", NIP),
        ("nip", "19860926\u00a0201505\u200b1\t001\n", NIP),
        ("nip", "１９８６０９２６２０１５０５１００１", NIP),
        ("ni_pppk", "19931228 202521 2 001", NI_PPPK),
        ("nuptk", "1234 5678 9012 3456", "1234567890123456"),
        ("nipk", "  K.123-45/2020  ", "K.123-45/2020"),
        ("nipk", "UN11  123", "UN11 123"),
        ("other", "A-17.3", "A-17.3"),
        ("other", "", ""),
    ],
)
def test_normalised(kind: str, typed: str, stored: str) -> None:
    assert normalise(kind, typed) == stored


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("nip", NIP),
        ("ni_pppk", NI_PPPK),
        ("nip", NI_PPPK),
        ("nip", "000000000000000000"),
        ("nipk", "7"),
        ("nipk", "K.123-45/2020"),
        ("nuptk", "123"),
        ("other", "apa saja"),
    ],
)
def test_accepted(kind: str, number: str) -> None:
    check(kind, number)


@pytest.mark.parametrize(
    ("kind", "number", "sentence"),
    [
        ("nip", NIP[:17], "NIP terdiri atas 18 angka; yang diisi 17 angka."),
        ("nip", NIP + "1", "NIP terdiri atas 18 angka; yang diisi 19 angka."),
        ("nip", "130123456", "NIP terdiri atas 18 angka; yang diisi 9 angka."),
        ("ni_pppk", NI_PPPK[:16], "NI PPPK terdiri atas 18 angka; yang diisi 16 angka."),
        ("nip", "19860926201505100O", "NIP hanya terdiri atas angka; “O” bukan angka."),
        ("nip", "١٩٨٦٠٩٢٦٢٠١٥٠٥١٠٠١", "NIP hanya terdiri atas angka; “١” bukan angka."),
        ("ni_pppk", "-", "NI PPPK hanya terdiri atas angka; “-” bukan angka."),
    ],
)
def test_refused_with_a_sentence(kind: str, number: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        check(kind, number)
    assert refusal.value.messages == [sentence]


@pytest.mark.parametrize(
    ("kind", "number", "hints"),
    [
        ("nip", NIP, []),
        ("ni_pppk", NI_PPPK, []),
        ("nip", NI_PPPK, [MONTH]),
        ("nip", "198613262015051001", [BIRTH_DATE]),
        ("nip", "198602302015051001", [BIRTH_DATE]),
        ("nip", "000000002015051001", [BIRTH_DATE]),
        ("nip", "200911222026111001", []),  # seventeen today
        ("nip", "200911232026111001", [AGE]),  # seventeen tomorrow
        ("nip", "194511231975011001", []),  # eighty-one tomorrow
        ("nip", "194511221975011001", [AGE]),  # eighty-one today
        ("nip", "198609262026051001", []),
        ("nip", "198609262027051001", [YEAR]),
        ("nip", "198609262003051001", []),  # appointed in the year of the seventeenth birthday
        ("nip", "198609262002051001", [YEAR]),
        ("nip", "198613261949051001", [BIRTH_DATE, YEAR]),
        ("nip", "198609262015001001", [MONTH]),
        ("nip", "198609262015121001", []),
        ("nip", "198609262015131001", [MONTH]),
        ("nip", "198609262015052001", []),
        ("nip", "198609262015053001", [SEX]),
        ("nip", "198609262015050001", [SEX]),
        ("ni_pppk", "199312282025213001", [SEX]),
        ("nip", "999999999999999999", [BIRTH_DATE, YEAR, MONTH, SEX]),
        ("nip", NIP[:17], []),  # refused already
        ("nuptk", "1234567890123456", []),
        ("nuptk", "123456789012345", [NUPTK]),
        ("nipk", "1171014509900001", [NIK]),  # a woman: 40 is added to the day
        ("other", "1171010509900001", [NIK]),
        ("other", "1171013913900001", []),
        ("nuptk", "1171010509900001", []),
        ("nipk", "K.123-45/2020", []),
    ],
)
def test_hints_never_block(kind: str, number: str, hints: list[str]) -> None:
    assert soft_hints(kind, number, TODAY) == hints


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (NIP, "19860926 201505 1 001"),
        (NI_PPPK, "19931228 202521 2 001"),
        ("1234567890123456", "1234567890123456"),
        ("K.123-45/2020", "K.123-45/2020"),
        ("", ""),
    ],
)
def test_grouped_for_reading(number: str, shown: str) -> None:
    assert grouped(number) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (NIP, "•••001"),
        ("1234567890123456", "•••456"),
        ("1234567", "•••567"),
        ("123456", "•••"),
        ("123", "•••"),
        ("", ""),
    ],
)
def test_masked_in_lists(number: str, shown: str) -> None:
    assert masked(number) == shown
