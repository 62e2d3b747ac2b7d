from datetime import UTC, date, datetime

import pytest

from requests_app.letters.dates import WIB, long_date, long_moment


@pytest.mark.parametrize(
    ("day", "indonesian", "english"),
    [
        (date(2026, 1, 1), "1 Januari 2026", "1 January 2026"),
        (date(2028, 2, 29), "29 Februari 2028", "29 February 2028"),
        (date(2026, 3, 2), "2 Maret 2026", "2 March 2026"),
        (date(2026, 4, 3), "3 April 2026", "3 April 2026"),
        (date(2026, 5, 4), "4 Mei 2026", "4 May 2026"),
        (date(2026, 6, 5), "5 Juni 2026", "5 June 2026"),
        (date(2026, 7, 6), "6 Juli 2026", "6 July 2026"),
        (date(2026, 8, 17), "17 Agustus 2026", "17 August 2026"),
        (date(2026, 9, 8), "8 September 2026", "8 September 2026"),
        (date(2026, 10, 9), "9 Oktober 2026", "9 October 2026"),
        (date(2026, 11, 23), "23 November 2026", "23 November 2026"),
        (date(2026, 12, 31), "31 Desember 2026", "31 December 2026"),
    ],
)
def test_months_are_written_in_words(day: date, indonesian: str, english: str) -> None:
    assert long_date(day, "id") == indonesian
    assert long_date(day, "en") == english


@pytest.mark.parametrize(
    ("moment", "indonesian", "english"),
    [
        (
            datetime(2026, 11, 23, 14, 5, tzinfo=WIB),
            "Senin, 23 November 2026 pukul 14.05 WIB",
            "Monday, 23 November 2026, 14:05 WIB",
        ),
        # 17.00 UTC is midnight in Banda Aceh: the next day, a Friday.
        (
            datetime(2026, 11, 26, 17, 0, tzinfo=UTC),
            "Jumat, 27 November 2026 pukul 00.00 WIB",
            "Friday, 27 November 2026, 00:00 WIB",
        ),
        (
            datetime(2026, 11, 22, 16, 59, 59, tzinfo=UTC),
            "Minggu, 22 November 2026 pukul 23.59 WIB",
            "Sunday, 22 November 2026, 23:59 WIB",
        ),
    ],
)
def test_moments_are_written_in_wib(moment: datetime, indonesian: str, english: str) -> None:
    assert long_moment(moment, "id") == indonesian
    assert long_moment(moment, "en") == english


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        long_moment(datetime(2026, 11, 23, 14, 5), "id")
