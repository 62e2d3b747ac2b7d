"""What follows a change of the working calendar. Deadlines are counted by hand from the calendar of November 2026."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.audit import say
from accounts.models import AuditEvent, Notice, OutgoingMail, User
from accounts.roles import Role
from requests_app import holiday_suggestions
from requests_app.models import ConfirmedYear, DayRow, HoursPeriodRow, OfficeSpanRow, StepEntry
from requests_app.policies import Refused
from requests_app.sla import CalendarDay, DayKind, HoursPeriod, OfficeSpan
from requests_app.sop import Status
from requests_app.steps import calendar_changes
from requests_app.steps.calendar_changes import (
    Change,
    RemoveDay,
    RemovePeriod,
    SetDay,
    SetPeriod,
    SetWeek,
    TakeSuggestions,
    preview,
    save,
)
from tests import factories

pytestmark = pytest.mark.django_db

WIB = timezone(timedelta(hours=7))
MONDAY_EVENING = datetime(2026, 11, 23, 19, 0, tzinfo=WIB)
DIES = CalendarDay(date(2026, 11, 26), DayKind.UNIVERSITY, "Dies Natalis", "Keputusan Rektor 12")
THURSDAY, FRIDAY = 3, 4
MORNING = (OfficeSpan(time(8), time(12)),)


@pytest.fixture(autouse=True)
def _indonesian() -> Iterator[None]:
    with translation.override("id"):
        yield


@pytest.fixture
def admin() -> User:
    """Return the administrator."""
    return factories.person(Role.ADMINISTRATOR, full_name="Yusra Rahmi")


def wib(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=WIB)


def disposed_at(moment: datetime, **fields: object) -> StepEntry:
    """The open step of a request that the head passed to PSI at `moment`; nothing was said of it yet."""
    request = factories.a_request(Status.DISPOSED, at=moment - timedelta(minutes=4), **fields)
    OutgoingMail.objects.all().delete()
    Notice.objects.all().delete()
    return request.entries.get(left_at__isnull=True)


def due(entry: StepEntry) -> datetime:
    entry.refresh_from_db()
    return entry.due_at


# --- before it is saved ---------------------------------------------------------------------
def test_a_preview_names_what_would_move_and_leaves_nothing_behind(admin: User) -> None:
    late, early = disposed_at(wib(25, 15)), disposed_at(wib(25, 8))
    untouched = disposed_at(wib(23, 9))
    finished = factories.a_request(Status.FINISHED, at=wib(25, 8))
    events = AuditEvent.objects.count()

    effect = preview(SetDay(DIES), by=admin, now=MONDAY_EVENING)

    assert [(row.entry.pk, row.old, row.new) for row in effect.moved] == [
        (early.pk, wib(26, 8), wib(27, 8)),
        (late.pk, wib(26, 15), wib(27, 15)),
    ]
    assert not effect.touches_past
    assert (due(early), due(late), due(untouched)) == (wib(26, 8), wib(26, 15), wib(24, 9))
    assert not DayRow.objects.exists()
    assert AuditEvent.objects.count() == events
    assert not finished.entries.filter(left_at__isnull=True, due_at__isnull=False).exists()


def test_saving_moves_open_deadlines_only_and_says_who_and_why(admin: User) -> None:
    touched, untouched = disposed_at(wib(25, 10)), disposed_at(wib(23, 9))
    finished = factories.a_request(Status.FINISHED, at=wib(25, 8))
    before = dict(finished.entries.values_list("pk", "due_at"))

    event = save(SetDay(DIES), by=admin, now=MONDAY_EVENING, reason="Edaran Rektor")

    assert (due(touched), due(untouched)) == (wib(27, 10), wib(24, 9))
    assert dict(finished.entries.values_list("pk", "due_at")) == before
    assert DayRow.objects.get().source == DayRow.Source.MANUAL
    assert say(event) == (
        "Yusra Rahmi menambahkan Kamis, 26 November 2026 ke kalender kerja: "
        "Dies Natalis (libur universitas, Keputusan Rektor 12)."
    )
    assert event.data["detail"] == "Edaran Rektor"
    assert [row["reference"] for row in event.data["deadlines"]] == [touched.request.reference]
    moved = AuditEvent.objects.get(subject=touched.request.subject, verb="deadline_moved")
    assert say(moved) == (
        "Kalender kerja diubah oleh Yusra Rahmi: batas waktu bergeser "
        "dari Kamis, 26 November 2026 10.00 WIB ke Jumat, 27 November 2026 10.00 WIB."
    )
    assert moved.data["detail"] == "Menambah libur universitas 26 November 2026. Edaran Rektor"


def test_each_person_concerned_is_told_once_of_all_their_deadlines(admin: User) -> None:
    unit = factories.UnitFactory()
    asker = factories.person(Role.UNIT_STAFF, unit=unit)
    first, second = disposed_at(wib(25, 8), by=asker), disposed_at(wib(25, 9), by=asker)
    psi = factories.somebody(Role.PSI)
    User.objects.filter(pk=psi.pk).update(language="en")
    helpdesk = factories.somebody(Role.HELPDESK)

    save(SetDay(DIES), by=admin, now=MONDAY_EVENING, reason="Edaran Rektor")

    mails = {row.to: row for row in OutgoingMail.objects.all()}
    assert set(mails) == {psi.email, asker.email}
    assert mails[asker.email].subject == "2 batas waktu bergeser karena kalender kerja berubah"
    assert mails[psi.email].subject == "2 deadlines moved because the working calendar changed"
    for entry in (first, second):
        assert entry.request.reference in mails[asker.email].text
        assert entry.request.reference in mails[psi.email].text
    assert "Edaran Rektor" in mails[asker.email].text
    assert "Jumat, 27 November 2026 08.00 WIB" in mails[asker.email].text
    assert {row.user for row in Notice.objects.all()} == {psi, asker}
    assert Notice.objects.count() == 2
    assert not helpdesk.notices.exists(), "the step is not theirs"


def test_who_makes_the_change_is_not_told_of_it() -> None:
    entry = disposed_at(wib(25, 10))
    both = factories.person([Role.ADMINISTRATOR, Role.PSI])
    save(SetDay(DIES), by=both, now=MONDAY_EVENING)
    assert due(entry) == wib(27, 10)
    assert not OutgoingMail.objects.filter(to=both.email).exists()


def test_nobody_is_told_when_nothing_moves(admin: User) -> None:
    disposed_at(wib(25, 10))
    event = save(SetDay(replace(DIES, date=date(2026, 12, 24))), by=admin, now=MONDAY_EVENING)
    assert event.data["deadlines"] == []
    assert not OutgoingMail.objects.exists()
    assert not Notice.objects.exists()


def test_the_record_says_when_something_else_moved_than_was_shown(admin: User) -> None:
    disposed_at(wib(25, 10))
    shown = preview(SetDay(DIES), by=admin, now=MONDAY_EVENING).fingerprint
    as_shown = save(SetDay(DIES), by=admin, now=MONDAY_EVENING, shown=shown)
    row = DayRow.objects.get()
    back = preview(RemoveDay(DIES, row.pk), by=admin, now=MONDAY_EVENING).fingerprint
    disposed_at(wib(25, 11))
    otherwise = save(RemoveDay(DIES, row.pk), by=admin, now=MONDAY_EVENING, shown=back)
    assert (as_shown.data["differs"], otherwise.data["differs"]) == (False, True)
    assert len(otherwise.data["deadlines"]) == 2


def test_a_change_of_the_past_and_what_it_makes_late_at_once_are_pointed_out(admin: User) -> None:
    DayRow.objects.create(date=date(2026, 11, 24), kind="university", name="Dies Natalis")
    entry = disposed_at(wib(23, 9))
    assert due(entry) == wib(25, 9)
    row = DayRow.objects.get()
    effect = preview(RemoveDay(calendar_changes.pure_day(row), row.pk), by=admin, now=wib(25, 8))
    assert effect.touches_past
    assert [(moved.new, moved.is_late_at_once) for moved in effect.moved] == [(wib(24, 9), True)]
    assert not preview(SetDay(DIES), by=admin, now=wib(26, 23)).touches_past, "today is not the past"
    assert preview(SetDay(DIES), by=admin, now=wib(27, 0)).touches_past


def test_a_confirmed_year_is_named(admin: User) -> None:
    confirmed = calendar_changes.confirm_year(2026, by=admin, now=MONDAY_EVENING)
    assert preview(SetDay(DIES), by=admin, now=MONDAY_EVENING).confirmed == (confirmed,)
    elsewhere = replace(DIES, date=date(2027, 11, 26))
    assert preview(SetDay(elsewhere), by=admin, now=MONDAY_EVENING).confirmed == ()


def test_the_cost_of_a_preview_does_not_follow_the_deadlines(admin: User) -> None:
    asker = factories.person(Role.UNIT_STAFF)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            preview(SetDay(DIES), by=admin, now=MONDAY_EVENING)
        return len(asked)

    disposed_at(wib(25, 9), by=asker)
    queries()
    few = queries()
    for minute in range(3):
        disposed_at(wib(25, 10, minute), by=asker)
    assert queries() == few


# --- every kind of change -------------------------------------------------------------------------
def test_changing_a_day_moves_the_deadlines_of_both_dates_and_makes_it_one_s_own(admin: User) -> None:
    row = DayRow.objects.create(date=date(2026, 11, 26), kind="national", name="Libur", source="suggested")
    thursday, friday = disposed_at(wib(25, 10)), disposed_at(wib(27, 11))
    assert (due(thursday), due(friday)) == (wib(27, 10), wib(30, 11))
    event = save(SetDay(replace(DIES, date=date(2026, 11, 30)), row.pk), by=admin, now=MONDAY_EVENING)
    assert (due(thursday), due(friday)) == (wib(26, 10), datetime(2026, 12, 1, 11, tzinfo=WIB))
    row.refresh_from_db()
    assert (row.date, row.source) == (date(2026, 11, 30), DayRow.Source.MANUAL)
    assert say(event).startswith(
        "Yusra Rahmi mengubah Kamis, 26 November 2026 (Libur) di kalender kerja menjadi Senin,"
    )


def test_a_replacement_saturday_brings_a_deadline_forward(admin: User) -> None:
    entry = disposed_at(wib(27, 10))
    assert due(entry) == wib(30, 10)
    saturday = CalendarDay(date(2026, 11, 28), DayKind.REPLACEMENT, "Pengganti")
    save(SetDay(saturday), by=admin, now=MONDAY_EVENING)
    assert due(entry) == wib(28, 10)


def test_a_date_stands_in_the_calendar_once(admin: User) -> None:
    save(SetDay(DIES), by=admin, now=MONDAY_EVENING)
    other = DayRow.objects.create(date=date(2026, 12, 1), kind="regional", name="Lain")
    for change in (SetDay(DIES), SetDay(DIES, other.pk)):
        with pytest.raises(Refused, match="Tanggal ini sudah ada di kalender"):
            save(change, by=admin, now=MONDAY_EVENING)
    assert DayRow.objects.count() == 2


def test_what_somebody_else_removed_meanwhile_is_said(admin: User) -> None:
    period = HoursPeriod("Ramadan", date(2027, 2, 8), date(2027, 3, 9), {0: MORNING})
    for change in (SetDay(DIES, 7), RemoveDay(DIES, 7), SetPeriod(period, row=7), RemovePeriod(period, 7)):
        with pytest.raises(Refused, match="sudah dihapus dari kalender"):
            preview(change, by=admin, now=MONDAY_EVENING)


def test_a_period_in_which_thursday_is_not_worked_moves_the_deadline_until_it_is_removed(admin: User) -> None:
    entry = disposed_at(wib(25, 10))
    period = HoursPeriod("Piket", date(2026, 11, 26), date(2026, 11, 26), {FRIDAY: MORNING})
    event = save(SetPeriod(period, "SE 5/2026"), by=admin, now=MONDAY_EVENING)
    assert due(entry) == wib(27, 10)
    assert say(event) == (
        "Yusra Rahmi menambahkan jam kerja Piket, Kamis, 26 November 2026 s.d. Kamis, 26 November 2026: "
        "Jumat 08.00–12.00."
    )
    row = HoursPeriodRow.objects.get()
    assert (row.legal_basis, row.spans.count()) == ("SE 5/2026", 1)
    works = replace(period, week={THURSDAY: MORNING})
    save(SetPeriod(works, row=row.pk), by=admin, now=MONDAY_EVENING)
    assert due(entry) == wib(26, 10)
    assert [span.weekday for span in row.spans.all()] == [THURSDAY]
    save(RemovePeriod(works, row.pk), by=admin, now=MONDAY_EVENING)
    assert not HoursPeriodRow.objects.exists()
    assert not OfficeSpanRow.objects.filter(period__isnull=False).exists()


def test_the_usual_week_without_fridays_moves_friday_s_deadline_to_monday(admin: User) -> None:
    entry = disposed_at(wib(26, 10))
    week = dict.fromkeys(range(4), MORNING)
    effect = preview(SetWeek(week), by=admin, now=MONDAY_EVENING)
    assert effect.touches_past, "the usual week is that of days gone by too"
    event = save(SetWeek(week), by=admin, now=MONDAY_EVENING)
    assert due(entry) == wib(30, 10)
    assert say(event).endswith(": Senin 08.00–12.00, Selasa 08.00–12.00, Rabu 08.00–12.00, Kamis 08.00–12.00.")


def test_a_calendar_without_working_days_is_refused_and_nothing_is_written(admin: User) -> None:
    disposed_at(wib(25, 10))
    for year in (2026, 2027, 2028, 2029, 2030):
        HoursPeriodRow.objects.create(name="Tutup", starts_on=date(year, 1, 1), ends_on=date(year, 12, 31))
    DayRow.objects.create(date=date(2026, 11, 26), kind="replacement", name="Pengganti")
    before = StepEntry.objects.get(left_at__isnull=True).due_at
    row = DayRow.objects.get()
    change = RemoveDay(calendar_changes.pure_day(row), row.pk)
    HoursPeriodRow.objects.filter(starts_on__year=2026).update(starts_on=date(2026, 11, 1))
    for act in (preview, save):
        with pytest.raises(Refused, match="tidak ada lagi hari kerja"):
            act(change, by=admin, now=MONDAY_EVENING)
    assert DayRow.objects.filter(pk=row.pk).exists()
    assert StepEntry.objects.get(left_at__isnull=True).due_at == before


# --- suggestions --------------------------------------------------------------------------
@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> list[CalendarDay]:
    """Return what the `holidays` package says of 2026; a test changes it."""
    days = [
        CalendarDay(date(2026, 1, 1), DayKind.NATIONAL, "Tahun Baru Masehi"),
        CalendarDay(date(2026, 3, 20), DayKind.NATIONAL, "Hari Raya Idul Fitri", is_estimated=True),
    ]
    monkeypatch.setattr(holiday_suggestions, "suggestions", lambda year: list(days) if year == 2026 else [])
    return days


def rows() -> list[tuple[str, str, str, bool]]:
    return [(f"{row.date:%m-%d}", row.name, row.source, row.is_estimated) for row in DayRow.objects.order_by("date")]


def keys() -> frozenset[str]:
    return frozenset(line.key for line in calendar_changes.differences(2026))


def test_a_new_installation_takes_over_all_suggestions(package: list[CalendarDay]) -> None:
    calendar_changes.write_suggestions(2026)
    assert rows() == [
        ("01-01", "Tahun Baru Masehi", "suggested", False),
        ("03-20", "Hari Raya Idul Fitri", "suggested", True),
    ]
    calendar_changes.write_suggestions(2026)
    assert len(rows()) == 2


def test_only_what_was_accepted_is_written_and_manual_rows_win(package: list[CalendarDay], admin: User) -> None:
    DayRow.objects.create(date=date(2026, 1, 1), kind=DayRow.Kind.REPLACEMENT, name="Masuk kerja")
    DayRow.objects.create(date=date(2026, 3, 18), kind="national", name="Hari Raya Idul Fitri", source="suggested")
    DayRow.objects.create(date=date(2026, 6, 1), kind="national", name="Pancasila", source="suggested")
    assert keys() == {"manual:2026-01-01", "moved:2026-03-18:2026-03-20", "removed:2026-06-01"}
    change = TakeSuggestions(2026, frozenset({"manual:2026-01-01", "moved:2026-03-18:2026-03-20"}))
    event = save(change, by=admin, now=MONDAY_EVENING)
    assert rows() == [
        ("01-01", "Masuk kerja", "manual", False),
        ("03-20", "Hari Raya Idul Fitri", "suggested", True),
        ("06-01", "Pancasila", "suggested", False),
    ]
    assert say(event) == ("Yusra Rahmi mengambil usulan libur 2026: 0 ditambahkan, 1 dipindahkan, 0 diubah, 0 dihapus.")


def test_one_legal_basis_for_all_that_is_accepted(package: list[CalendarDay], admin: User) -> None:
    DayRow.objects.create(date=date(2026, 1, 1), kind="national", name="Tahun Baru Masehi", source="suggested")
    change = TakeSuggestions(2026, frozenset({"added:2026-03-20"}), "SKB 3 Menteri 2025")
    save(change, by=admin, now=MONDAY_EVENING)
    assert [row.legal_basis for row in DayRow.objects.order_by("date")] == ["", "SKB 3 Menteri 2025"]
    save(TakeSuggestions(2026, frozenset(), "SKB baru", also_unchanged=True), by=admin, now=MONDAY_EVENING)
    assert [row.legal_basis for row in DayRow.objects.order_by("date")] == ["SKB baru", "SKB baru"]
    assert {row[2] for row in rows()} == {"suggested"}, "a later import still keeps them up to date"
    package[1] = CalendarDay(date(2026, 3, 20), DayKind.NATIONAL, "Hari Raya Idul Fitri")
    save(TakeSuggestions(2026, frozenset({"changed:2026-03-20"})), by=admin, now=MONDAY_EVENING)
    row = DayRow.objects.get(date=date(2026, 3, 20))
    assert (row.is_estimated, row.legal_basis) == (False, "SKB baru"), "without a new one, a day keeps its basis"


def test_taking_over_suggestions_moves_deadlines(package: list[CalendarDay], admin: User) -> None:
    entry = disposed_at(wib(25, 10))
    package[:] = [CalendarDay(date(2026, 11, 26), DayKind.COLLECTIVE, "Cuti bersama")]
    save(TakeSuggestions(2026, keys()), by=admin, now=MONDAY_EVENING)
    assert due(entry) == wib(27, 10)


def test_what_was_accepted_but_is_no_longer_suggested_is_looked_at_again(
    package: list[CalendarDay], admin: User
) -> None:
    accepted = keys()
    package.pop()
    with pytest.raises(Refused, match="Periksa lagi daftarnya"):
        save(TakeSuggestions(2026, accepted), by=admin, now=MONDAY_EVENING)
    assert not DayRow.objects.exists()


# --- confirmation ------------------------------------------------------------------------------
def test_confirming_twice_keeps_the_first_name_and_date_and_it_can_be_taken_back(admin: User) -> None:
    second = factories.person(Role.ADMINISTRATOR)
    calendar_changes.confirm_year(2027, by=admin, now=MONDAY_EVENING)
    calendar_changes.confirm_year(2027, by=second, now=MONDAY_EVENING + timedelta(days=1))
    row = ConfirmedYear.objects.get(year=2027)
    assert (row.confirmed_by, row.confirmed_at) == (admin, MONDAY_EVENING)
    calendar_changes.take_back_confirmation(2027, by=second, now=MONDAY_EVENING)
    calendar_changes.take_back_confirmation(2027, by=second, now=MONDAY_EVENING)
    assert not ConfirmedYear.objects.exists()
    assert [say(event) for event in AuditEvent.objects.filter(subject="calendar")] == [
        "Yusra Rahmi mengonfirmasi kalender kerja 2027.",
        f"{second} menarik konfirmasi kalender kerja 2027.",
    ]


def test_only_an_administrator_changes_the_calendar() -> None:
    everybody_else = factories.person([role for role in Role if role is not Role.ADMINISTRATOR])
    change: Change = SetDay(DIES)
    for act in (
        lambda: preview(change, by=everybody_else, now=MONDAY_EVENING),
        lambda: save(change, by=everybody_else, now=MONDAY_EVENING),
        lambda: calendar_changes.confirm_year(2027, by=everybody_else, now=MONDAY_EVENING),
        lambda: calendar_changes.take_back_confirmation(2027, by=everybody_else, now=MONDAY_EVENING),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert not ConfirmedYear.objects.exists()
    assert not DayRow.objects.exists()


@pytest.mark.parametrize(
    ("today", "years"),
    [
        (date(2026, 1, 1), [2026]),
        (date(2026, 10, 31), [2026]),
        (date(2026, 11, 1), [2026, 2027]),
        (date(2026, 12, 31), [2026, 2027]),
    ],
)
def test_the_next_year_is_to_be_confirmed_from_november(today: date, years: list[int]) -> None:
    assert calendar_changes.years_to_confirm(today) == years
    assert calendar_changes.unconfirmed_years(today) == years
    ConfirmedYear.objects.create(year=2026, confirmed_at=MONDAY_EVENING)
    assert calendar_changes.unconfirmed_years(today) == years[1:]
