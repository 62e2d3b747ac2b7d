"""The suggestions for the calendar, against the joint decrees (SKB) of 2026 and 2027."""

from datetime import date

import pytest

from requests_app import holiday_suggestions
from requests_app.holiday_suggestions import suggestions
from requests_app.sla import CalendarDay, DayKind


def dates(year: int, kind: DayKind) -> str:
    return " ".join(f"{day.date:%m-%d}" for day in suggestions(year) if day.kind is kind)


def test_national_holidays() -> None:
    assert dates(2026, DayKind.NATIONAL) == (
        "01-01 01-16 02-17 03-19 03-21 03-22 04-03 04-05 05-01 05-14 05-27 05-31 06-01 06-16 08-17 08-25 12-25"
    )
    assert dates(2027, DayKind.NATIONAL) == (
        "01-01 01-05 02-06 03-08 03-10 03-11 03-26 03-28 05-01 05-06 05-17 05-20 06-01 06-06 08-15 08-17 12-25 12-26"
    )


def test_collective_leave() -> None:
    assert dates(2025, DayKind.COLLECTIVE) == "01-28 03-28 04-02 04-03 04-04 04-07 05-13 05-30 06-09 08-18 12-26"
    assert dates(2026, DayKind.COLLECTIVE) == "02-16 03-18 03-20 03-23 03-24 05-15 05-28 12-24"
    assert dates(2027, DayKind.COLLECTIVE) == "02-05 03-09 03-12 03-15 03-25 05-18 05-19 12-24"


def test_collective_leave_two_years_ahead_is_not_invented() -> None:
    assert dates(2028, DayKind.COLLECTIVE) == ""


def test_names_are_indonesian_and_an_estimate_is_a_mark_and_not_part_of_the_name() -> None:
    by_date = {day.date: day for day in suggestions(2027)}
    assert by_date[date(2027, 3, 10)] == CalendarDay(
        date(2027, 3, 10), DayKind.NATIONAL, "Hari Raya Idul Fitri", is_estimated=True
    )
    assert by_date[date(2027, 12, 24)] == CalendarDay(
        date(2027, 12, 24), DayKind.COLLECTIVE, "Cuti Bersama Hari Raya Natal"
    )
    estimated = [f"{day.date:%m-%d}" for day in suggestions(2027) if day.is_estimated]
    assert estimated == ["03-10", "03-11", "05-17"]
    assert not any("perkiraan" in day.name for day in suggestions(2028))


def test_comes_in_order_and_once_a_day() -> None:
    days = [day.date for day in suggestions(2026)]
    assert days == sorted(set(days))


def test_a_date_with_two_holidays_names_both() -> None:
    ascension = next(day for day in suggestions(2021) if day.date == date(2021, 5, 13))
    assert ascension.kind is DayKind.NATIONAL
    assert "Idul Fitri" in ascension.name
    assert "Kenaikan" in ascension.name


def test_a_year_that_nobody_can_know_gives_nothing() -> None:
    assert suggestions(2150) == []


def test_a_date_that_is_both_is_a_national_holiday(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {("public",): {date(2030, 5, 1): "Hari Buruh"}, ("government",): {date(2030, 5, 1): "Cuti Bersama"}}
    monkeypatch.setattr(
        holiday_suggestions, "country_holidays", lambda country, *, years, categories, language: names[categories]
    )
    assert suggestions(2030) == [CalendarDay(date(2030, 5, 1), DayKind.NATIONAL, "Hari Buruh")]
