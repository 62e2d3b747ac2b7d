"""Dates and times as they stand on paper. The names are our own, so no locale of the machine can change a letter."""

from datetime import date, datetime, timedelta, timezone
from typing import Literal

Language = Literal["id", "en"]

WIB = timezone(timedelta(hours=7), "WIB")

MONTHS: dict[Language, tuple[str, ...]] = {
    "id": (
        *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
        *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
WEEKDAYS: dict[Language, tuple[str, ...]] = {
    "id": ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def long_date(day: date, language: Language) -> str:
    """A local date as "23 November 2026", the month in words in `language`."""
    return f"{day.day} {MONTHS[language][day.month - 1]} {day.year}"


def long_moment(moment: datetime, language: Language) -> str:
    """An aware moment in WIB: "Senin, 23 November 2026 pukul 14.05 WIB" or "Monday, 23 November 2026, 14:05 WIB".

    Indonesian puts a full stop between hour and minute (EYD). Raises ValueError for a moment without a time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment on paper needs a time zone")
    local = moment.astimezone(WIB)
    day = f"{WEEKDAYS[language][local.weekday()]}, {long_date(local.date(), language)}"
    return f"{day} pukul {local:%H.%M} WIB" if language == "id" else f"{day}, {local:%H:%M} WIB"
