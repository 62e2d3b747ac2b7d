"""The suggestions for the calendar, against the joint decrees (SKB) of 2026 and 2027."""

from datetime import date

import pytest

from requests_app import holiday_suggestions
from requests_app.holiday_suggestions import differences, suggestions
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


# --- beside the calendar as it stands ---------------------------------------------------------
def day(text: str, name: str, kind: DayKind = DayKind.NATIONAL, *, estimated: bool = False) -> CalendarDay:
    return CalendarDay(date.fromisoformat(f"2027-{text}"), kind, name, is_estimated=estimated)


NEW_YEAR = day("01-01", "Tahun Baru Masehi")
EID = day("03-10", "Hari Raya Idul Fitri", estimated=True)
LEAVE = [day(text, "Cuti Bersama Idul Fitri", DayKind.COLLECTIVE) for text in ("03-09", "03-12", "03-15")]


def diff(
    taken: list[CalendarDay], manual: list[CalendarDay], suggested: list[CalendarDay]
) -> list[tuple[str, str, str]]:
    """What differs as (how, date of the row, date of the suggestion), "" where there is none."""
    sides = [(line, line.before, line.after) for line in differences(taken, manual, suggested)]
    return [
        (str(line.difference), f"{before.date:%m-%d}" if before else "", f"{after.date:%m-%d}" if after else "")
        for line, before, after in sides
    ]


def test_an_empty_year_takes_all_and_the_same_again_is_unchanged() -> None:
    assert diff([], [], [NEW_YEAR, EID]) == [("added", "", "01-01"), ("added", "", "03-10")]
    assert diff([NEW_YEAR, EID], [], [NEW_YEAR, EID]) == [
        ("unchanged", "01-01", "01-01"),
        ("unchanged", "03-10", "03-10"),
    ]


def test_the_same_name_on_another_date_has_moved() -> None:
    announced = day("03-11", "Hari Raya Idul Fitri")
    assert diff([NEW_YEAR, EID], [], [NEW_YEAR, announced]) == [
        ("unchanged", "01-01", "01-01"),
        ("moved", "03-10", "03-11"),
    ]


def test_of_several_days_with_one_name_only_the_one_that_is_gone_has_moved() -> None:
    after = [LEAVE[0], LEAVE[1], day("03-16", "Cuti Bersama Idul Fitri", DayKind.COLLECTIVE)]
    assert diff(LEAVE, [], after) == [
        ("unchanged", "03-09", "03-09"),
        ("unchanged", "03-12", "03-12"),
        ("moved", "03-15", "03-16"),
    ]


def test_a_day_that_became_certain_or_is_called_otherwise_has_changed() -> None:
    assert diff([EID], [], [day("03-10", "Hari Raya Idul Fitri")]) == [("changed", "03-10", "03-10")]
    assert diff([EID], [], [day("03-10", "Idul Fitri 1448 H", estimated=True)]) == [("changed", "03-10", "03-10")]


def test_the_legal_basis_that_a_person_wrote_is_no_difference() -> None:
    row = CalendarDay(NEW_YEAR.date, NEW_YEAR.kind, NEW_YEAR.name, legal_basis="SKB 3 Menteri 2026")
    assert diff([row], [], [NEW_YEAR]) == [("unchanged", "01-01", "01-01")]


def test_what_is_no_longer_suggested_is_removed_but_not_when_nothing_is_known_of_the_year() -> None:
    assert diff([NEW_YEAR, EID], [], [NEW_YEAR]) == [("unchanged", "01-01", "01-01"), ("removed", "03-10", "")]
    assert diff([NEW_YEAR, EID], [], []) == []


def test_a_row_of_one_s_own_wins_and_is_listed_with_what_would_be_suggested() -> None:
    own, dies = day("01-01", "Piket", DayKind.REPLACEMENT), day("09-02", "Dies Natalis", DayKind.UNIVERSITY)
    assert diff([], [own, dies], [NEW_YEAR]) == [("manual", "01-01", "01-01"), ("manual", "09-02", "")]


def test_a_feast_announced_for_a_day_of_one_s_own_leaves_only_its_old_row_to_remove() -> None:
    own = day("03-11", "Libur daerah", DayKind.REGIONAL)
    assert diff([EID], [own], [day("03-11", "Hari Raya Idul Fitri")]) == [
        ("removed", "03-10", ""),
        ("manual", "03-11", "03-11"),
    ]


def test_a_line_is_named_by_what_it_would_do() -> None:
    lines = differences([EID], [], [NEW_YEAR, day("03-11", "Hari Raya Idul Fitri")])
    assert [line.key for line in lines] == ["added:2027-01-01", "moved:2027-03-10:2027-03-11"]
