"""User names that say whose account it is."""

import pytest
from django.core.exceptions import ValidationError

from webservice_accounts import urls
from webservice_accounts.usernames import RESERVED, suggest, validate


def nobody_has(_username: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("unit", "application", "expected"),
    [
        ("fmipa", "SIAKAD", "fmipa-siakad"),
        ("FMIPA", "Siakad", "fmipa-siakad"),
        ("lppm", "Sistem Penelitian", "lppm-sistem-penelitian"),
        ("fmipa", "FMIPA Siakad", "fmipa-siakad"),
        ("fmipa", "SIAKAD FMIPA", "fmipa-siakad"),
        ("fmipa", "fmipa", "fmipa"),
        ("fmipa", "FMIPAku", "fmipa-fmipaku"),
        ("fmipa", "", "fmipa"),
        ("", "Siakad", "siakad"),
        ("", "", "akun"),
        ("fk", "", "akun-fk"),
        ("2fa", "App", "akun-2fa-app"),
        ("feb", "Café & Résumé", "feb-cafe-resume"),
        ("feb", "Absensi/Presensi v2.1", "feb-absensi-presensi-v2-1"),
        ("feb", "data_dosen", "feb-data-dosen"),
        ("feb", "Jum'at Bersih", "feb-jumat-bersih"),
        ("feb", "📱", "feb"),
        ("feb", "-- Portal --", "feb-portal"),
        ("fmipa", "Sistem Informasi Akademik Terpadu Universitas", "fmipa-sistem-informasi-akademik-terpadu"),
        ("fmipa", "Sistem Informasi Kepegawaian Terintegrasi", "fmipa-sistem-informasi-kepegawaian"),
        ("fmipas", "Sistem Informasi Akademik Terpadu 2", "fmipas-sistem-informasi-akademik-terpadu"),
        ("fmipa", "x" * 60, "fmipa-" + "x" * 34),
        ("fmipa", "a" * 33 + " b", "fmipa-" + "a" * 33),
        ("fmipa", "a" * 34 + " b", "fmipa-" + "a" * 34),
    ],
)
def test_a_readable_name_from_unit_and_application(unit: str, application: str, expected: str) -> None:
    suggested = suggest(unit, application, nobody_has)
    assert suggested == expected
    validate(suggested)


def test_a_taken_name_gets_the_next_free_number() -> None:
    assert suggest("fmipa", "Siakad", {"fmipa-siakad"}.__contains__) == "fmipa-siakad-2"
    assert suggest("fmipa", "Siakad", {"fmipa-siakad", "fmipa-siakad-2"}.__contains__) == "fmipa-siakad-3"
    assert suggest("fmipa", "Siakad", {"fmipa-siakad-2"}.__contains__) == "fmipa-siakad"


def test_a_number_keeps_a_long_name_within_forty_characters() -> None:
    taken = {"fmipa-" + "x" * 34} | {"fmipa-" + "x" * 32 + f"-{number}" for number in range(2, 10)}
    suggested = suggest("fmipa", "x" * 60, taken.__contains__)
    assert suggested == "fmipa-" + "x" * 31 + "-10"
    assert len(suggested) == 40


def test_it_gives_up_rather_than_search_for_ever() -> None:
    with pytest.raises(LookupError):
        suggest("fmipa", "Siakad", lambda _username: True)


@pytest.mark.parametrize("username", ["abc", "fmipa-siakad", "fmipa-siakad-2", "a1b", "a" * 40])
def test_good_names(username: str) -> None:
    validate(username)


@pytest.mark.parametrize(
    ("username", "sentence"),
    [
        ("", "Nama pengguna terdiri atas 3 sampai 40 karakter; yang diisi 0."),
        ("ab", "Nama pengguna terdiri atas 3 sampai 40 karakter; yang diisi 2."),
        ("a" * 41, "Nama pengguna terdiri atas 3 sampai 40 karakter; yang diisi 41."),
    ],
)
def test_names_of_a_wrong_length(username: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        validate(username)
    assert refusal.value.messages == [sentence]


@pytest.mark.parametrize(
    "username",
    ["Fmipa", "fmipa siakad", "fmipa_siakad", "-fmipa", "fmipa-", "fmipa--siakad", "2fa", "fmipá", "fmipa\n", "٣bc"],
)
def test_names_with_wrong_characters(username: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        validate(username)
    sentence = (
        "Nama pengguna diawali huruf dan hanya berisi huruf kecil a–z, angka, dan tanda hubung"
        " di antaranya, misalnya fmipa-siakad."
    )
    assert refusal.value.messages == [sentence]


def test_no_account_is_named_like_a_page_that_would_hide_its_own() -> None:
    words = {str(row.pattern).removeprefix("akun/").rstrip("/") for row in urls.urlpatterns}
    pages = {word for word in words if word and "/" not in word and "<" not in word and "." not in word}
    assert pages == RESERVED
    for word in RESERVED:
        with pytest.raises(ValidationError, match="dipakai untuk halaman lain"):
            validate(word)
    assert suggest("berakhir", "Berakhir", nobody_has) == "berakhir-2"
