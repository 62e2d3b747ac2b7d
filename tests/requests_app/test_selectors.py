"""Who may know of what, what waits for whom, and how a request stands. Tables by hand from the SOP."""

from datetime import date, datetime, time, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts import audit
from accounts.models import RoleGrant, Substitution, User
from accounts.roles import Role
from requests_app import selectors, sla, working_time
from requests_app.models import (
    AccessRequest,
    AgendaEntry,
    ConfirmedYear,
    DayRow,
    Document,
    HoursPeriodRow,
    OfficeSpanRow,
)
from requests_app.selectors import visible_documents, visible_to, waiting_for
from requests_app.sla import WIB
from requests_app.sop import Actor, Status
from requests_app.steps import account, agenda, disposition, request_letter
from tests import factories

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=1)
OFFICE = (Role.HELPDESK, Role.HEAD, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR)


def a_request(status: Status, **fields: object) -> AccessRequest:
    return factories.a_request(status, **{"at": MONDAY} | fields)


def sees(user: User | AnonymousUser, item: AccessRequest, at: datetime = NOW) -> bool:
    return visible_to(user, at).filter(pk=item.pk).exists()


def waits(user: User, item: AccessRequest, at: datetime = NOW) -> bool:
    return waiting_for(user, at).filter(pk=item.pk).exists()


# --- who may see what ------------------------------------------------------------------------------
SENT = [status for status in Status if status is not Status.DRAFT]


@pytest.mark.parametrize("status", SENT)
def test_what_was_sent_is_seen_by_the_office_the_unit_and_the_one_named_on_it(status: Status) -> None:
    item = a_request(status, email="pj@usk.ac.id")
    knows = [factories.person(role) for role in OFFICE]
    knows += [item.created_by, factories.person(Role.UNIT_STAFF, unit=item.unit)]
    knows += [factories.person(None, email="pj@usk.ac.id")]
    assert all(sees(person, item) for person in knows)
    strangers = [factories.person(Role.UNIT_STAFF), factories.person(None, unit=item.unit), AnonymousUser()]
    assert not any(sees(person, item) for person in strangers)


def test_a_draft_is_seen_by_the_unit_alone() -> None:
    item = a_request(Status.DRAFT, email="pj@usk.ac.id")
    assert sees(item.created_by, item)
    assert sees(factories.person(Role.UNIT_STAFF, unit=item.unit), item)
    strangers = [factories.person(role) for role in OFFICE]
    strangers += [factories.person(None, email="pj@usk.ac.id"), factories.person(Role.UNIT_STAFF)]
    assert not any(sees(person, item) for person in strangers)


def test_a_draft_that_was_given_up_concerns_nobody_else_either() -> None:
    item = a_request(Status.DRAFT, email="pj@usk.ac.id")
    request_letter.withdraw(item, by=item.created_by, now=NOW)
    assert sees(item.created_by, item)
    strangers = [*(factories.person(role) for role in OFFICE), factories.person(None, email="pj@usk.ac.id")]
    assert not any(sees(person, item) for person in strangers)


def test_a_paper_letter_being_entered_is_seen_by_the_helpdesk_and_the_unit() -> None:
    unit = factories.UnitFactory()
    item = a_request(Status.DRAFT, paper=True, unit=unit, email="pj@usk.ac.id")
    assert sees(item.created_by, item)
    assert sees(factories.person(Role.HELPDESK), item), "a colleague can go on with it"
    assert sees(factories.person(Role.UNIT_STAFF, unit=unit), item)
    strangers = [factories.person(role) for role in (Role.HEAD, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR)]
    strangers += [factories.person(None, email="pj@usk.ac.id"), factories.person(Role.UNIT_STAFF)]
    assert not any(sees(person, item) for person in strangers)


def test_whoever_moves_to_another_unit_leaves_the_requests_of_the_old_one_behind() -> None:
    item = a_request(Status.DISPOSED)
    writer = item.created_by
    writer.unit = factories.UnitFactory()
    writer.save()
    assert not sees(writer, item)


def test_two_roles_see_what_each_sees() -> None:
    both = factories.person((Role.AUDITOR, Role.UNIT_STAFF))
    draft = a_request(Status.DRAFT, by=factories.person(Role.UNIT_STAFF, unit=both.unit))
    assert sees(both, draft)
    assert sees(both, a_request(Status.SUBMITTED, by=factories.person()))
    assert not sees(both, a_request(Status.DRAFT, by=factories.person()))


def test_whoever_has_left_sees_nothing() -> None:
    item = a_request(Status.SUBMITTED)
    for person in (item.created_by, factories.person(Role.HELPDESK)):
        person.is_active = False
        assert not sees(person, item)


def test_the_substitute_sees_what_the_absent_sees_on_their_days_only() -> None:
    item = a_request(Status.SUBMITTED)
    for absent in (factories.person(Role.HEAD), item.created_by):
        substitute = factories.person(None)
        Substitution.objects.create(
            absent=absent, substitute=substitute, starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 23)
        )
        assert sees(substitute, item)
        assert not sees(substitute, item, at=datetime(2026, 11, 24, 0, 0, tzinfo=WIB))


def test_the_issued_reply_is_shown_outside_the_office_once_it_was_sent() -> None:
    item = a_request(Status.REPLY_APPROVED, email="pj@usk.ac.id")
    outside = [item.created_by, factories.person(None, email="pj@usk.ac.id")]
    kinds = [set(visible_documents(person, NOW).values_list("kind", flat=True)) for person in outside]
    assert kinds == [{Document.Kind.REQUEST_LETTER}] * 2
    inside = visible_documents(factories.person(Role.AUDITOR), NOW)
    assert set(inside.values_list("kind", flat=True)) == set(Document.Kind)
    factories.send(item, NOW)
    kinds = [set(visible_documents(person, NOW).values_list("kind", flat=True)) for person in outside]
    assert kinds == [set(Document.Kind)] * 2


def test_a_strangers_files_are_not_there() -> None:
    a_request(Status.SUBMITTED)
    assert not visible_documents(factories.person(Role.UNIT_STAFF), NOW).exists()
    assert not visible_documents(AnonymousUser(), NOW).exists()


# --- what waits for whom ---------------------------------------------------------------------------
WAITS_FOR = {
    Status.DRAFT: {"unit"},
    Status.SUBMITTED: {"helpdesk"},
    Status.RETURNED: {"unit"},
    Status.REGISTERED: {"helpdesk"},
    Status.AWAITING_DISPOSITION: {"head", "substitute"},
    Status.DISPOSED: {"psi", "psi2"},
    Status.CLARIFICATION: {"unit"},
    Status.CONSENT: {"owner"},
    Status.ACCOUNT_CREATED: {"psi"},
    Status.INFORMED: {"responsible"},
    Status.REPLY_DRAFTING: {"helpdesk"},
    Status.REPLY_APPROVAL: {"head", "substitute"},
    Status.REPLY_APPROVED: {"helpdesk"},
    Status.FINISHED: set(),
    Status.WITHDRAWN: set(),
}


@pytest.mark.parametrize("status", Status)
def test_a_request_waits_for_those_whom_the_sop_names(status: Status) -> None:
    unit = factories.UnitFactory()
    people = {
        "unit": factories.person(Role.UNIT_STAFF, unit=unit),
        "other_unit": factories.person(Role.UNIT_STAFF),
        "owner": factories.person(Role.UNIT_STAFF),
        "helpdesk": factories.person(Role.HELPDESK),
        "head": factories.person(Role.HEAD),
        "substitute": factories.person(None),
        "psi": factories.person(Role.PSI),  # who makes the account
        "psi2": factories.person(Role.PSI),
        "administrator": factories.person(Role.ADMINISTRATOR),
        "auditor": factories.person(Role.AUDITOR),
        "responsible": factories.person(None, email="pj@usk.ac.id"),
    }
    Substitution.objects.create(
        absent=people["head"], substitute=people["substitute"], starts_on=NOW.date(), ends_on=NOW.date()
    )
    kind = factories.DataTypeFactory(owner=people["owner"].unit)
    item = a_request(status, by=people["unit"], data_types=[kind])
    assert {name for name, person in people.items() if waits(person, item)} == WAITS_FOR[status]


def test_a_returned_paper_letter_waits_for_the_helpdesk_and_the_unit() -> None:
    item = a_request(Status.RETURNED, paper=True, unit=factories.UnitFactory())
    assert waits(factories.somebody(Role.HELPDESK), item)
    assert waits(factories.person(Role.UNIT_STAFF, unit=item.unit), item)


def test_what_a_colleague_took_does_not_wait_for_me_until_they_let_go_or_leave() -> None:
    item, mine, colleague = a_request(Status.DISPOSED), factories.person(Role.PSI), factories.person(Role.PSI)
    account.claim(item, by=colleague, now=NOW)
    assert not waits(mine, item)
    assert waits(colleague, item)
    RoleGrant.objects.filter(user=colleague).delete()
    assert waits(mine, item)


def test_the_earliest_deadline_comes_first_then_the_longest_wait() -> None:
    psi = factories.somebody(Role.PSI)
    monday = a_request(Status.DISPOSED, at=MONDAY)
    tuesday = a_request(Status.DISPOSED, at=MONDAY + timedelta(days=1))
    friday_before = a_request(Status.DISPOSED, at=MONDAY - timedelta(days=3))
    later = MONDAY + timedelta(days=2)
    assert list(waiting_for(psi, later)) == [friday_before, monday, tuesday]
    head = factories.somebody(Role.HEAD)
    second = a_request(Status.AWAITING_DISPOSITION, at=MONDAY + timedelta(hours=2))
    first = a_request(Status.AWAITING_DISPOSITION, at=MONDAY + timedelta(hours=1))
    assert list(waiting_for(head, later)) == [first, second]


def test_a_list_has_the_open_stay_at_hand() -> None:
    for status in (Status.SUBMITTED, Status.FINISHED):
        a_request(status)
    helpdesk = factories.somebody(Role.HELPDESK)
    stays = {item.status: item.open_entries for item in selectors.with_clock(visible_to(helpdesk, NOW))}
    assert [entry.status for entry in stays[Status.SUBMITTED]] == [Status.SUBMITTED]
    assert stays[Status.FINISHED] == []


# --- accounts that end -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("days", "is_told"), [(60, True), (61, False), (1, True), (0, False)], ids=["60 days", "61", "1", "the end"]
)
def test_an_account_is_named_in_its_last_sixty_days(days: int, is_told: bool) -> None:
    item = a_request(Status.INFORMED, email="pj@usk.ac.id")
    before = item.account.ends_at - timedelta(days=days)
    people = [item.created_by, factories.person(None, email="PJ2@usk.ac.id"), factories.person()]
    found = [list(selectors.accounts_ending(person, before)) for person in people]
    assert found == [[item.account] if is_told else [], [], []]


def test_the_holder_is_told_of_their_account_unless_it_was_revoked() -> None:
    item = a_request(Status.INFORMED, email="PJ@usk.ac.id")
    holder, soon = factories.person(None, email="pj@usk.ac.id"), item.account.ends_at - timedelta(days=7)
    assert list(selectors.accounts_ending(holder, soon)) == [item.account]
    item.account.revoked_at = NOW
    item.account.save()
    assert list(selectors.accounts_ending(holder, soon)) == []


def test_who_stands_in_for_staff_of_the_unit_is_told_while_they_do() -> None:
    item = a_request(Status.INFORMED, email="pj@usk.ac.id")
    soon, substitute = item.account.ends_at - timedelta(days=7), factories.person(None)
    day = soon.astimezone(WIB).date()
    Substitution.objects.create(absent=item.created_by, substitute=substitute, starts_on=day, ends_on=day)
    assert list(selectors.accounts_ending(substitute, soon)) == [item.account]
    known_anew = User.objects.get(pk=substitute.pk)
    assert list(selectors.accounts_ending(known_anew, soon + timedelta(days=1))) == []


# --- the calendar --------------------------------------------------------------------------------------
def test_without_rows_the_week_of_perpres_21_of_2023_counts() -> None:
    calendar = working_time.working_calendar()
    assert calendar.is_open(datetime(2026, 11, 23, 7, 30, tzinfo=WIB))
    assert not calendar.is_open(datetime(2026, 11, 23, 16, 0, tzinfo=WIB))
    assert calendar.is_open(datetime(2026, 11, 27, 16, 29, tzinfo=WIB))


def test_the_rows_are_the_calendar() -> None:
    OfficeSpanRow.objects.create(weekday=0, opens=time(13), closes=time(15))
    OfficeSpanRow.objects.create(weekday=0, opens=time(8), closes=time(12))
    ramadan = HoursPeriodRow.objects.create(
        name="Ramadan", starts_on=date(2027, 2, 8), ends_on=date(2027, 3, 9), legal_basis="SE 1/2027"
    )
    OfficeSpanRow.objects.create(period=ramadan, weekday=0, opens=time(8), closes=time(14))
    DayRow.objects.create(date=date(2026, 12, 25), kind=DayRow.Kind.NATIONAL, name="Natal", legal_basis="SKB")
    DayRow.objects.create(date=date(2026, 12, 26), kind=DayRow.Kind.REPLACEMENT, name="Pengganti", is_estimated=True)
    ConfirmedYear.objects.create(year=2026, confirmed_at=NOW)
    calendar = working_time.working_calendar()
    morning, afternoon = sla.OfficeSpan(time(8), time(12)), sla.OfficeSpan(time(13), time(15))
    assert calendar.spans_on(date(2026, 11, 23)) == (morning, afternoon)
    assert calendar.spans_on(date(2026, 11, 24)) == (), "a weekday without hours is not worked"
    assert calendar.spans_on(date(2027, 2, 8)) == (sla.OfficeSpan(time(8), time(14)),)
    assert calendar.spans_on(date(2027, 3, 15)) == (morning, afternoon)
    assert calendar.reason_off(date(2026, 12, 25)) == sla.CalendarDay(
        date(2026, 12, 25), sla.DayKind.NATIONAL, "Natal", "SKB", is_estimated=False
    )
    assert calendar.spans_on(date(2026, 12, 26)) == (morning, afternoon), "a replacement Saturday has Monday's hours"
    assert calendar.days[date(2026, 12, 26)].is_estimated
    assert calendar.confirmed_years == {2026}


def test_every_kind_of_day_row_is_one_of_the_clock() -> None:
    assert {kind.value for kind in DayRow.Kind} == {kind.value for kind in sla.DayKind}


# --- the desk of the helpdesk -----------------------------------------------------------------------------
LETTER = {"letter_number": "112/UN11.F8/TI/2026", "letter_date": date(2026, 11, 20)}


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({}, True),
        ({"letter_number": "112/un11.f8/ti/2026"}, True),
        ({"letter_number": "113/UN11.F8/TI/2026"}, False),
        ({"letter_date": date(2026, 11, 19)}, False),
        ({"letter_number": ""}, False),
    ],
)
def test_the_same_letter_is_one_of_the_same_sender_number_and_date(change: dict[str, object], is_same: bool) -> None:
    first = a_request(Status.REGISTERED, **LETTER)
    second = a_request(Status.SUBMITTED, by=first.created_by, **LETTER | change)
    assert list(selectors.same_letter(second)) == ([first] if is_same else [])


def test_other_units_drafts_and_letters_without_a_number_are_no_same_letter() -> None:
    first = a_request(Status.SUBMITTED, **LETTER)
    assert not selectors.same_letter(a_request(Status.SUBMITTED, by=factories.person(), **LETTER)).exists()
    a_request(Status.DRAFT, by=first.created_by, **LETTER)
    assert not selectors.same_letter(first).exists()
    blank = [a_request(Status.SUBMITTED, by=first.created_by, letter_number=" ") for _ in range(2)]
    assert not selectors.same_letter(blank[0]).exists()


def test_the_book_holds_what_was_registered_from_midnight_to_midnight_of_the_local_dates() -> None:
    helpdesk = factories.somebody(Role.HELPDESK)
    lines = {}
    for at in (
        datetime(2026, 11, 22, 23, 59, 59, tzinfo=WIB),
        datetime(2026, 11, 23, 0, 0, tzinfo=WIB),
        datetime(2026, 11, 24, 23, 59, 59, tzinfo=WIB),
        datetime(2026, 11, 25, 0, 0, tzinfo=WIB),
    ):
        item = a_request(Status.SUBMITTED, at=datetime(2026, 11, 20, 9, tzinfo=WIB))
        agenda.register(item, agenda.Registration(at.date()), by=helpdesk, now=at)
        lines[at] = AgendaEntry.objects.get(request=item)
    found = list(selectors.agenda_book(date(2026, 11, 23), date(2026, 11, 24)))
    assert found == list(lines.values())[1:3]
    assert [line.number for line in found] == [2, 3]


def test_a_reply_number_is_taken_by_another_letter_never_by_itself() -> None:
    first, second = a_request(Status.REPLY_APPROVED), a_request(Status.REPLY_APPROVED)
    assert selectors.reply_with_number(first.reply.number, but_not=second) == first.reply
    assert selectors.reply_with_number(first.reply.number, but_not=first) is None


# --- what the head sees -------------------------------------------------------------------------------------
def test_letters_wait_for_the_head_with_the_oldest_first() -> None:
    second = a_request(Status.AWAITING_DISPOSITION, at=MONDAY + timedelta(minutes=30))
    first = a_request(Status.AWAITING_DISPOSITION, at=MONDAY)
    a_request(Status.DISPOSED)
    assert list(selectors.awaiting_disposition(factories.somebody(Role.HEAD), NOW)) == [first, second]


def test_a_disposition_can_be_undone_from_the_list_until_psi_has_read_it() -> None:
    head = factories.somebody(Role.HEAD)
    item = a_request(Status.DISPOSED)
    assert [row.request for row in selectors.unread_dispositions(head)] == [item]
    assert not selectors.unread_dispositions(factories.person(Role.HEAD)).exists()
    disposition.mark_read(item, by=factories.somebody(Role.PSI), now=NOW)
    assert not selectors.unread_dispositions(head).exists()


# --- the history of one request --------------------------------------------------------------------------------
def test_the_timeline_says_who_did_what_when_in_order() -> None:
    unit = factories.UnitFactory()
    factories.person(Role.HELPDESK, full_name="Rahmat Hidayat")
    factories.person(Role.HEAD, full_name="Dr. Maulana")
    writer = factories.person(Role.UNIT_STAFF, full_name="Cut Nurmala", unit=unit)
    item = a_request(Status.DISPOSED, by=writer)
    assert [(entry.at.astimezone(WIB).time(), entry.sentence) for entry in selectors.timeline(item)] == [
        (time(9, 1), "Cut Nurmala mengirim surat permohonan."),
        (time(9, 2), "Rahmat Hidayat mengagendakan surat dengan nomor agenda 1/2026."),
        (time(9, 3), "Rahmat Hidayat meneruskan surat kepada Kepala UPT TIK."),
        (time(9, 4), "Dr. Maulana mendisposisikan permohonan kepada Divisi PSI: Proses sesuai SOP"),
    ]
    audit.record(item.subject, "explain_lateness", "Sakit.", by=writer, now=timezone.now())
    assert selectors.last_event(item).verb == "dispose", "why it was late is no act that somebody else was too slow for"


def test_what_people_typed_is_never_read_as_part_of_a_sentence() -> None:
    item = a_request(Status.SUBMITTED, by=factories.person(Role.UNIT_STAFF, full_name="{reason} {0}"))
    helpdesk = factories.person(Role.HELPDESK, full_name="Rahmat")
    agenda.return_to_unit(item, by=helpdesk, now=NOW, reason="Isi {actor} dan %(name)s pada {kolom}.")
    sentences = [entry.sentence for entry in selectors.timeline(item)]
    assert sentences == [
        "{reason} {0} mengirim surat permohonan.",
        "Rahmat mengembalikan permohonan untuk dilengkapi: Isi {actor} dan %(name)s pada {kolom}.",
    ]


def test_the_timeline_names_the_absent_head_beside_the_substitute() -> None:
    item = a_request(Status.AWAITING_DISPOSITION)
    head, substitute = factories.person(Role.HEAD, full_name="Dr. Maulana"), factories.person(None, full_name="Yusra")
    Substitution.objects.create(absent=head, substitute=substitute, starts_on=NOW.date(), ends_on=NOW.date())
    disposition.refuse(item, by=substitute, now=NOW, reason="belum tersedia")
    assert selectors.timeline(item)[-1].sentence == (
        "Yusra (Plh. menggantikan Dr. Maulana) menyatakan permohonan belum dapat dipenuhi: belum tersedia"
    )


def test_a_paper_letter_shows_when_it_came_apart_from_when_it_was_written_down() -> None:
    item = a_request(Status.SUBMITTED, paper=True, unit=factories.UnitFactory())
    entry = selectors.timeline(item)[0]
    assert (entry.at, entry.recorded_at) == (MONDAY, MONDAY + timedelta(minutes=1))
    assert selectors.timeline(a_request(Status.SUBMITTED))[0].recorded_at is None


# --- the progress line ---------------------------------------------------------------------------------------------
PROGRESS = {
    Status.DRAFT: "now next next next next next",
    Status.SUBMITTED: "done now next next next next",
    Status.RETURNED: "now next next next next next",
    Status.REGISTERED: "done now next next next next",
    Status.AWAITING_DISPOSITION: "done done now next next next",
    Status.DISPOSED: "done done done now next next",
    Status.CLARIFICATION: "done done done now next next",
    Status.ACCOUNT_CREATED: "done done done done now next",
    Status.INFORMED: "done done done done now next",
    Status.REPLY_DRAFTING: "done done done done done now",
    Status.REPLY_APPROVAL: "done done done done done now",
    Status.REPLY_APPROVED: "done done done done done now",
    Status.FINISHED: "done done done done done done",
}


def line(item: AccessRequest) -> str:
    return " ".join(station.state for station in selectors.progress(item))


@pytest.mark.parametrize("status", PROGRESS)
def test_the_six_stations_say_what_is_done_now_and_next(status: Status) -> None:
    item = a_request(status)
    assert [station.activity.number for station in selectors.progress(item)] == ["1", "2", "", "3", "5", "6"]
    assert line(item) == PROGRESS[status]


@pytest.mark.parametrize(
    ("status", "states"),
    [
        (Status.REPLY_DRAFTING, "done done done skipped skipped now"),
        (Status.FINISHED, "done done done skipped skipped done"),
    ],
)
def test_a_refused_request_has_no_account(status: Status, states: str) -> None:
    assert line(a_request(status, refused=True)) == states


def test_nor_has_one_that_psi_handed_back_and_the_head_then_refused() -> None:
    item = a_request(Status.DISPOSED)
    account.hand_back(item, by=factories.somebody(Role.PSI), now=NOW, reason="Tidak ada datanya.")
    factories.refuse(item, NOW)
    item.refresh_from_db()
    assert line(item) == "done done done skipped skipped now"


@pytest.mark.parametrize(
    ("status", "states"),
    [
        (Status.DRAFT, "skipped skipped skipped skipped skipped skipped"),
        (Status.SUBMITTED, "done skipped skipped skipped skipped skipped"),
        (Status.AWAITING_DISPOSITION, "done done skipped skipped skipped skipped"),
        (Status.DISPOSED, "done done done skipped skipped skipped"),
        (Status.CLARIFICATION, "done done done skipped skipped skipped"),
    ],
)
def test_a_withdrawn_request_ends_in_the_step_where_it_was(status: Status, states: str) -> None:
    item = a_request(status)
    request_letter.withdraw(item, by=item.created_by, now=NOW)
    item.refresh_from_db()
    assert line(item) == states


def test_the_station_of_now_says_since_when_by_when_and_whom_it_waits_for() -> None:
    item = a_request(Status.CLARIFICATION)
    station = selectors.progress(item)[3]
    assert (station.entered_at, station.due_at) == (MONDAY + timedelta(minutes=4), None)
    assert station.waits_for is Actor.UNIT
    station = selectors.progress(a_request(Status.DISPOSED))[3]
    assert station.due_at == MONDAY + timedelta(days=1, minutes=4)
    assert station.waits_for is Actor.PSI
    done = selectors.progress(a_request(Status.ACCOUNT_CREATED))[3]
    assert (done.entered_at, done.left_at) == (MONDAY + timedelta(minutes=4), MONDAY + timedelta(minutes=5))
