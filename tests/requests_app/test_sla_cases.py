"""Boundary cases from 2025 to 2028, each worked out by hand on the calendar below and not by running the code.

2025 and 2026 have the days of the joint decrees (SKB), 2025 with the collective leave of 18 August that was added
later; 2027 and 2028 are as assumed here. Office hours: Monday to Thursday 07.30-12.00 and 13.00-16.00, Friday 07.30-
12.00 and 13.30-16.30; in Ramadan 08.00-12.00 and 12.30-15.00, Friday 08.00-12.00 and 13.00-15.30.
"""

from datetime import date, datetime, time, timedelta

import pytest

from requests_app.sla import (
    WIB,
    CalendarDay,
    Clock,
    DayKind,
    HoursPeriod,
    OfficeSpan,
    Reading,
    Reason,
    WorkingCalendar,
    deadline,
)

DAYS = {
    DayKind.NATIONAL: """
        2025-01-01 2025-01-27 2025-01-29 2025-03-29 2025-03-31 2025-04-01 2025-04-18 2025-04-20 2025-05-01 2025-05-12
        2025-05-29 2025-06-01 2025-06-06 2025-06-27 2025-08-17 2025-09-05 2025-12-25
        2026-01-01 2026-01-16 2026-02-17 2026-03-19 2026-03-21 2026-03-22 2026-04-03 2026-04-05 2026-05-01 2026-05-14
        2026-05-27 2026-05-31 2026-06-01 2026-06-16 2026-08-17 2026-08-25 2026-12-25
        2027-01-01 2027-01-05 2027-03-08 2027-03-10 2027-03-11 2027-03-26 2027-05-17 2027-05-20 2027-12-25
        2028-01-01 2028-02-26 2028-02-27 2028-03-26 2028-04-14 2028-05-01 2028-12-25 2029-01-01
    """,
    DayKind.COLLECTIVE: """
        2025-01-28 2025-03-28 2025-04-02 2025-04-03 2025-04-04 2025-04-07 2025-05-13 2025-05-30 2025-06-09 2025-08-18
        2025-12-26
        2026-02-16 2026-03-18 2026-03-20 2026-03-23 2026-03-24 2026-05-15 2026-05-28 2026-12-24
        2027-03-09 2027-03-12 2027-03-15 2027-05-18 2027-05-19 2027-12-24
        2028-02-25 2028-02-28 2028-12-26
    """,
    DayKind.REPLACEMENT: "2025-12-20 2026-12-12 2028-03-04",
}


def spans(*texts: str) -> tuple[OfficeSpan, ...]:
    return tuple(OfficeSpan(*map(time.fromisoformat, text.split("-"))) for text in texts)


USUAL = {
    **dict.fromkeys(range(4), spans("07:30-12:00", "13:00-16:00")),
    4: spans("07:30-12:00", "13:30-16:30"),
}
FASTING = {
    **dict.fromkeys(range(4), spans("08:00-12:00", "12:30-15:00")),
    4: spans("08:00-12:00", "13:00-15:30"),
}
RAMADAN = [
    ("1446 H", date(2025, 3, 1), date(2025, 3, 30)),
    ("1447 H", date(2026, 2, 19), date(2026, 3, 20)),
    ("1448 H", date(2027, 2, 8), date(2027, 3, 9)),
    ("1449 H", date(2028, 1, 28), date(2028, 2, 25)),
]
CALENDAR = WorkingCalendar(
    week=USUAL,
    periods=tuple(HoursPeriod(f"Ramadan {year}", first, last, FASTING) for year, first, last in RAMADAN),
    days={
        day: CalendarDay(day, kind, "Hari khusus")
        for kind, dates in DAYS.items()
        for day in map(date.fromisoformat, dates.split())
    },
)

Way = tuple[timedelta, Clock, Reading]
A_DAY: Way = (timedelta(hours=24), Clock.WORKING_DAYS, Reading.SAME_TIME)
TWO_DAYS: Way = (timedelta(hours=48), Clock.WORKING_DAYS, Reading.SAME_TIME)
CLOSE: Way = (timedelta(hours=24), Clock.WORKING_DAYS, Reading.END_OF_DAY)
SECOND_CLOSE: Way = (timedelta(hours=48), Clock.WORKING_DAYS, Reading.END_OF_DAY)
FIVE: Way = (timedelta(minutes=5), Clock.OFFICE_HOURS, Reading.SAME_TIME)


def wib(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WIB)


CASES = [
    # --- 2025
    ("2024-12-31T15:59", A_DAY, "2025-01-02T15:59", "the last office minute of a year; 1 January is a holiday"),
    ("2025-01-01T09:00", A_DAY, "2025-01-03T07:30", "arrived on New Year's Day: begins on Thursday at the opening"),
    ("2025-01-24T16:29", A_DAY, "2025-01-30T16:29", "Friday's last minute; Isra Mikraj, leave, Imlek, then Thursday"),
    ("2025-01-24T16:30", A_DAY, "2025-01-31T07:30", "at 16.30 sharp Friday is closed: begins on Thursday morning"),
    ("2025-01-24T10:00", CLOSE, "2025-01-30T16:00", "Thursday is the next working day and closes at 16.00"),
    ("2025-01-24T16:28", FIVE, "2025-01-30T07:33", "two minutes on Friday, three on Thursday"),
    ("2025-02-28T16:00", A_DAY, "2025-03-03T16:00", "the same time, also where Ramadan closes earlier on that day"),
    ("2025-03-03T07:45", A_DAY, "2025-03-04T08:00", "in Ramadan the office opens at 8.00"),
    ("2025-03-03T15:00", A_DAY, "2025-03-05T08:00", "in Ramadan 15.00 is closed: begins on Tuesday at 8.00"),
    ("2025-03-03T14:59", CLOSE, "2025-03-04T15:00", "the next day in Ramadan ends at 15.00"),
    ("2025-03-06T09:00", CLOSE, "2025-03-07T15:30", "a Friday in Ramadan ends at 15.30"),
    ("2025-03-07T11:58", FIVE, "2025-03-07T13:03", "over the Friday break of Ramadan, until 13.00"),
    ("2025-03-03T11:58", FIVE, "2025-03-03T12:33", "over the break of Ramadan, half an hour"),
    ("2025-03-27T14:00", A_DAY, "2025-04-08T14:00", "the eve of collective leave: eleven days off lie between"),
    ("2025-03-27T15:00", A_DAY, "2025-04-09T07:30", "closed already in Ramadan: begins on 8 April at the usual 7.30"),
    ("2025-03-27T14:58", FIVE, "2025-04-08T07:33", "two minutes before Lebaran, three after it"),
    ("2025-03-27T10:00", CLOSE, "2025-04-08T16:00", "8 April is the next working day, with its usual closing"),
    ("2025-03-27T10:00", SECOND_CLOSE, "2025-04-09T16:00", "and 9 April the second"),
    ("2025-04-17T13:30", A_DAY, "2025-04-21T13:30", "Good Friday and the weekend are left out"),
    ("2025-04-30T08:00", TWO_DAYS, "2025-05-05T08:00", "Labour Day between, then Friday, then Monday"),
    ("2025-05-09T12:30", A_DAY, "2025-05-14T12:30", "in Friday's break the clock runs; Waisak and leave follow"),
    ("2025-05-28T15:59", A_DAY, "2025-06-02T15:59", "one minute before closing on the eve of a long weekend"),
    ("2025-05-28T16:00", A_DAY, "2025-06-03T07:30", "at closing: one working day later"),
    ("2025-06-05T23:30", CLOSE, "2025-06-10T16:00", "late in the evening is still the day of arrival"),
    ("2025-06-06T00:10", CLOSE, "2025-06-10T16:00", "after midnight on Idul Adha: the next working day is the same"),
    ("2025-08-15T16:15", A_DAY, "2025-08-19T16:15", "18 August was made collective leave by a later decree"),
    ("2025-09-04T15:58", FIVE, "2025-09-08T07:33", "two minutes on Thursday, Maulid, three on Monday"),
    ("2025-12-19T16:10", A_DAY, "2025-12-20T16:10", "the Saturday is a replacement working day"),
    ("2025-12-19T09:00", CLOSE, "2025-12-20T16:00", "and closes like a Monday"),
    ("2025-12-20T11:58", FIVE, "2025-12-20T13:03", "and has a Monday's lunch break"),
    ("2025-12-24T14:00", A_DAY, "2025-12-29T14:00", "Christmas and the leave after it"),
    ("2025-12-31T10:00", A_DAY, "2026-01-02T10:00", "over the end of the year, 1 January left out"),
    ("2025-12-31T15:57", FIVE, "2026-01-02T07:32", "three minutes in one year, two in the next"),
    # --- 2026
    ("2026-01-15T11:00", CLOSE, "2026-01-19T16:00", "Isra Mikraj on Friday: Monday's close"),
    ("2026-02-13T16:30", A_DAY, "2026-02-19T07:30", "begins on the 18th at 7.30; on the 19th at 8.00 it is over"),
    ("2026-02-18T16:00", A_DAY, "2026-02-20T08:00", "begins on the first morning of Ramadan, at 8.00"),
    ("2026-02-18T15:00", CLOSE, "2026-02-19T15:00", "the first day of Ramadan closes at 15.00"),
    ("2026-03-17T14:59", A_DAY, "2026-03-25T14:59", "the last minute before Nyepi and Lebaran"),
    ("2026-03-17T15:00", A_DAY, "2026-03-26T07:30", "at closing: begins on the 25th, when Ramadan is over"),
    ("2026-03-18T10:00", CLOSE, "2026-03-25T16:00", "arrived on collective leave"),
    ("2026-05-13T15:30", TWO_DAYS, "2026-05-19T15:30", "Ascension and leave, then Monday and Tuesday"),
    ("2026-05-26T13:00", A_DAY, "2026-05-29T13:00", "13.00 on a Friday lies in its break: due all the same"),
    ("2026-05-26T15:56", FIVE, "2026-05-29T07:31", "four minutes before Idul Adha, one after the leave"),
    ("2026-06-15T08:00", CLOSE, "2026-06-17T16:00", "a single holiday in the week"),
    ("2026-08-14T13:15", FIVE, "2026-08-14T13:35", "Friday's break lasts until 13.30"),
    ("2026-11-27T15:50", A_DAY, "2026-11-30T15:50", "Friday afternoon to Monday afternoon"),
    ("2026-11-27T15:50", CLOSE, "2026-11-30T16:00", "in the other reading ten minutes more"),
    ("2026-11-27T07:29", FIVE, "2026-11-27T07:35", "one minute before the opening"),
    ("2026-12-11T16:30", A_DAY, "2026-12-14T07:30", "begins on a replacement Saturday; Sunday is left out"),
    ("2026-12-12T16:00", A_DAY, "2026-12-15T07:30", "the replacement Saturday is closed from 16.00 on"),
    ("2026-12-13T10:00", A_DAY, "2026-12-15T07:30", "the Sunday after it is a day off as ever"),
    ("2026-12-23T15:59", FIVE, "2026-12-28T07:34", "one minute before the Christmas leave, four after it"),
    ("2026-12-31T11:30", CLOSE, "2027-01-04T16:00", "into a new year that begins with a long weekend"),
    # --- 2027
    ("2027-01-04T15:30", A_DAY, "2027-01-06T15:30", "Tuesday is a holiday"),
    ("2027-03-05T14:00", A_DAY, "2027-03-16T14:00", "ten days off around Nyepi and Lebaran"),
    ("2027-03-05T15:30", A_DAY, "2027-03-17T07:30", "a Friday in Ramadan is closed at 15.30"),
    ("2027-03-05T15:30", CLOSE, "2027-03-16T16:00", "but is the day of arrival in the other reading"),
    ("2027-03-24T12:00", FIVE, "2027-03-24T13:05", "at 12.00 sharp the break has begun"),
    ("2027-03-24T11:55", FIVE, "2027-03-24T12:00", "five minutes that end exactly when the break begins"),
    ("2027-05-14T16:29", TWO_DAYS, "2027-05-24T16:29", "four days off in the middle: Friday the 21st, Monday the 24th"),
    ("2027-12-23T16:00", A_DAY, "2027-12-28T07:30", "closed on the eve of collective leave: begins on Monday"),
    ("2027-12-31T16:20", A_DAY, "2028-01-03T16:20", "the year ends on a Friday afternoon"),
    ("2027-12-31T16:28", FIVE, "2028-01-03T07:33", "two minutes in one year, three in the next"),
    # --- 2028, with a leap day
    ("2028-02-24T14:00", A_DAY, "2028-02-29T14:00", "over leave and Lebaran to the leap day"),
    ("2028-02-24T15:00", A_DAY, "2028-03-01T07:30", "begins on the leap day at the usual opening"),
    ("2028-02-24T10:00", CLOSE, "2028-02-29T16:00", "the leap day is the next working day"),
    ("2028-02-29T12:30", A_DAY, "2028-03-01T12:30", "from the leap day to 1 March"),
    ("2028-02-29T15:58", FIVE, "2028-03-01T07:33", "two minutes on the leap day, three on 1 March"),
    ("2028-02-29T09:00", SECOND_CLOSE, "2028-03-02T16:00", "the second working day after the leap day"),
    ("2028-03-03T12:00", A_DAY, "2028-03-04T12:00", "Friday noon to a replacement Saturday"),
    ("2028-03-04T23:59", CLOSE, "2028-03-06T16:00", "arrived in the night of a replacement Saturday"),
    ("2028-04-13T16:00", A_DAY, "2028-04-18T07:30", "closed before Good Friday: begins on Monday"),
    ("2028-04-28T13:29", FIVE, "2028-04-28T13:35", "one minute before Friday's break ends"),
    ("2028-04-28T16:29:59", A_DAY, "2028-05-02T16:29:59", "one second before Friday closes, over Labour Day"),
    ("2028-12-22T15:00", A_DAY, "2028-12-27T15:00", "Christmas on Monday, leave on Tuesday"),
    ("2028-12-29T16:30", CLOSE, "2029-01-02T16:00", "over the end of the year, 1 January left out"),
]


@pytest.mark.parametrize(("start", "way", "due", "why"), CASES, ids=[f"{case[0]} {case[3]}" for case in CASES])
def test_the_deadline_is_the_one_worked_out_by_hand(start: str, way: Way, due: str, why: str) -> None:
    standard, clock, reading = way
    assert deadline(wib(start), standard, CALENDAR, clock=clock, reading=reading) == wib(due), why


UNIT, OWNER = Reason.AWAITING_UNIT, Reason.AWAITING_OWNER
PAUSED = [
    (
        "2026-11-20T10:00",
        [("2026-11-20T15:00", "2026-11-23T09:00", UNIT)],
        A_DAY,
        "2026-11-24T04:00",
        "over a weekend: 5 hours used; 15 on Monday from 9.00, 4 on Tuesday",
    ),
    (
        "2026-11-20T10:00",
        [("2026-11-20T15:00", "2026-11-21T11:00", UNIT)],
        A_DAY,
        "2026-11-24T02:30",
        "answered on Saturday: goes on at Monday's opening, 16.5 hours, then 2.5",
    ),
    (
        "2026-05-13T10:00",
        [("2026-05-13T14:00", "2026-05-18T10:00", OWNER)],
        A_DAY,
        "2026-05-19T06:00",
        "over collective leave: 4 hours used, 14 on Monday, 6 on Tuesday",
    ),
    (
        "2025-06-10T09:00",
        [("2025-06-10T10:00", "2025-06-10T15:00", UNIT)],
        CLOSE,
        "2025-06-11T16:00",
        "on the day of arrival only, which does not count anyway",
    ),
    (
        "2025-06-10T09:00",
        [("2025-06-10T16:00", "2025-06-11T07:30", UNIT)],
        CLOSE,
        "2025-06-11T16:00",
        "from closing to opening: touches no office minute",
    ),
    (
        "2025-06-10T09:00",
        [("2025-06-10T16:00", "2025-06-11T07:31", UNIT)],
        CLOSE,
        "2025-06-12T16:00",
        "one office minute of Wednesday is enough to leave the day out",
    ),
    (
        "2025-06-10T11:58",
        [("2025-06-10T11:59", "2025-06-10T13:30", UNIT)],
        FIVE,
        "2025-06-10T13:34",
        "one minute used before the lunch break, four after the answer",
    ),
    (
        "2028-02-24T10:00",
        [("2028-02-24T12:00", "2028-02-29T12:15", OWNER)],
        A_DAY,
        "2028-03-01T10:15",
        "answered in the lunch break of the leap day: goes on at once with 22 hours",
    ),
    (
        "2025-03-04T09:00",
        [("2025-03-04T10:00", "2025-03-04T15:00", UNIT)],
        A_DAY,
        "2025-03-06T07:00",
        "in Ramadan 15.00 is closed: 23 hours from Wednesday 8.00",
    ),
    (
        "2025-06-10T09:00",
        [("2025-06-10T10:00", "2025-06-10T15:00", UNIT)],
        A_DAY,
        "2025-06-11T14:00",
        "at the usual hours it goes on at once: 9 hours, then 14",
    ),
    (
        "2025-12-30T10:00",
        [("2025-12-30T11:00", "2025-12-30T13:00", UNIT), ("2025-12-31T09:00", "2026-01-02T08:00", OWNER)],
        A_DAY,
        "2026-01-02T11:00",
        "for the unit and then, over New Year, for the owner: 21 hours used, 3 left",
    ),
]


@pytest.mark.parametrize(("start", "waits", "way", "due", "why"), PAUSED, ids=[case[4] for case in PAUSED])
def test_with_waiting_too(start: str, waits: list[tuple[str, str, Reason]], way: Way, due: str, why: str) -> None:
    standard, clock, reading = way
    pauses = [(wib(begins), wib(ends), reason) for begins, ends, reason in waits]
    assert deadline(wib(start), standard, CALENDAR, clock=clock, reading=reading, pauses=pauses) == wib(due), why
