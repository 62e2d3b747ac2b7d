"""SOP 2: the letter is registered once, comes back under its own number, and goes before the head."""

import random
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction

from accounts.models import AuditEvent, OutgoingMail
from accounts.roles import Role
from requests_app import selectors
from requests_app.models import AccessRequest, AgendaEntry
from requests_app.policies import Refused
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import agenda, move, request_letter
from requests_app.steps.agenda import Registration
from tests.factories import UnitFactory, a_request, person, somebody
from tests.racing import at_once

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=1)
TODAY = date(2026, 11, 23)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=WIB)


def submitted(**fields: object) -> AccessRequest:
    return a_request(Status.SUBMITTED, at=MONDAY, **fields)


def register(request: AccessRequest, now: datetime = NOW, **noted: object) -> AgendaEntry:
    noted = {"received_on": now.astimezone(WIB).date(), **noted}
    agenda.register(request, Registration(**noted), by=somebody(Role.HELPDESK), now=now)  # type: ignore[arg-type]
    return AgendaEntry.objects.get(request=request)


# --- registering -----------------------------------------------------------------------------
@pytest.mark.django_db
def test_what_the_helpdesk_notes_is_a_line_of_the_book() -> None:
    helpdesk = person(Role.HELPDESK)
    request = submitted()
    noted = Registration(
        received_on=date(2026, 11, 20),
        security_class="T",
        urgency="urgent",
        classification="TI.00",
        remark="Mohon segera.",
        ticked=frozenset({"has_name", "has_email"}),
    )
    agenda.register(request, noted, by=helpdesk, now=NOW)
    entry = AgendaEntry.objects.get(request=request)
    assert (str(entry), entry.registered_by, entry.registered_at) == ("1/2026", helpdesk, NOW)
    assert (entry.received_on, entry.security_class, entry.urgency) == (date(2026, 11, 20), "T", "urgent")
    assert (entry.classification, entry.remark) == ("TI.00", "Mohon segera.")
    assert [name for name in AgendaEntry.CHECK_LIST if getattr(entry, name)] == ["has_name", "has_email"]
    request.refresh_from_db()
    assert request.status == Status.REGISTERED
    sentence = "mengagendakan surat dengan nomor agenda 1/2026."
    assert selectors.timeline(request)[-1].sentence == f"{helpdesk} {sentence}"


@pytest.mark.django_db
def test_a_letter_cannot_have_come_in_tomorrow() -> None:
    request = submitted()
    with pytest.raises(Refused, match="Tanggal diterima tidak boleh sesudah hari ini"):
        register(request, received_on=TODAY + timedelta(days=1))
    assert not AgendaEntry.objects.exists()
    assert str(register(submitted())) == "1/2026", "the refused one used no number up"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "number"),
    [
        (NEW_YEAR - timedelta(seconds=1), "2/2026"),  # 31 December, 23.59.59 WIB
        (NEW_YEAR, "1/2027"),  # 1 January, 00.00.00 WIB; still 31 December in UTC
    ],
)
def test_the_book_begins_anew_at_midnight_wib_of_new_year(now: datetime, number: str) -> None:
    register(submitted())
    assert str(register(submitted(), now=now)) == number


@pytest.mark.django_db
def test_a_letter_that_comes_back_keeps_its_number_even_next_year() -> None:
    request = submitted()
    first = register(request, remark="Periksa nomor telepon.")
    agenda.return_to_unit(request, by=somebody(Role.HELPDESK), now=NOW, reason="Lengkapi nomor telepon.")
    request_letter.submit(request, by=request.created_by, now=NEW_YEAR)
    register(submitted(), now=NEW_YEAR)
    again = register(request, now=NEW_YEAR + timedelta(hours=8), remark="Sudah lengkap.")
    assert (str(first), str(again), again.pk) == ("1/2026", "1/2026", first.pk)
    assert (again.remark, again.received_on) == ("Sudah lengkap.", NEW_YEAR.date())
    assert again.registered_at == first.registered_at, "the line stands where it was written"


# --- returning and forwarding ----------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.REGISTERED])
def test_the_unit_reads_what_is_missing_on_its_page_and_by_mail(status: Status) -> None:
    request = a_request(status, at=MONDAY)
    agenda.return_to_unit(request, by=somebody(Role.HELPDESK), now=NOW, reason="Mohon cantumkan NIP.")
    request.refresh_from_db()
    assert (request.status, request.waiting_question) == (Status.RETURNED, "Mohon cantumkan NIP.")
    to_the_unit = OutgoingMail.objects.filter(to__in=[request.created_by.email, request.unit.email])
    texts = [mail.text for mail in to_the_unit if "Mohon cantumkan NIP." in mail.text]
    assert len(texts) == 2, "the one who wrote, and the unit's mailbox"


@pytest.mark.django_db
def test_the_head_is_told_of_the_letter_and_the_number_in_the_letter_system_is_kept() -> None:
    head, request = person(Role.HEAD), a_request(Status.REGISTERED, at=MONDAY)
    agenda.forward(request, by=somebody(Role.HELPDESK), now=NOW, plo_number="PLO-2026-1187")
    request.refresh_from_db()
    assert (request.status, request.agenda.plo_number) == (Status.AWAITING_DISPOSITION, "PLO-2026-1187")
    assert OutgoingMail.objects.filter(to=head.email, subject__contains=request.reference).count() == 1
    assert head.notices.filter(url=request.get_absolute_url()).count() == 1


@pytest.mark.django_db
def test_forwarding_without_a_number_keeps_the_one_that_is_known() -> None:
    request = a_request(Status.REGISTERED, at=MONDAY)
    AgendaEntry.objects.filter(request=request).update(plo_number="PLO-7")
    agenda.forward(request, by=somebody(Role.HELPDESK), now=NOW)
    assert AgendaEntry.objects.get(request=request).plo_number == "PLO-7"


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.UNIT_STAFF, Role.HEAD, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR])
def test_only_the_helpdesk_registers_returns_and_forwards(role: Role) -> None:
    sent, registered = submitted(), a_request(Status.REGISTERED, at=MONDAY)
    other = person(role)
    with pytest.raises(Refused, match="bukan wewenang Anda"):
        agenda.register(sent, Registration(TODAY), by=other, now=NOW)
    with pytest.raises(Refused, match="bukan wewenang Anda"):
        agenda.return_to_unit(sent, by=other, now=NOW, reason="Lengkapi.")
    with pytest.raises(Refused, match="bukan wewenang Anda"):
        agenda.forward(registered, by=other, now=NOW)


# --- several at once ---------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_second_of_two_reads_who_was_first_and_what_they_did() -> None:
    first, second, request = person(Role.HELPDESK, full_name="Rahmat"), person(Role.HELPDESK), submitted()
    seen = request.version
    agenda.register(request, Registration(TODAY), by=first, now=NOW, version=seen)
    with pytest.raises(move.ActedFirst) as raised:
        agenda.register(request, Registration(TODAY), by=second, now=NOW, version=seen)
    assert raised.value.last is not None
    assert (raised.value.last.actor_name, raised.value.last.verb) == ("Rahmat", "register")


@pytest.mark.django_db(transaction=True)
def test_one_letter_registered_by_two_at_once_is_one_line() -> None:
    people, request = [person(Role.HELPDESK), person(Role.HELPDESK)], submitted()
    outcomes = at_once(
        [
            lambda by=by: agenda.register(request, Registration(TODAY), by=by, now=NOW, version=request.version)
            for by in people
        ]
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AccessRequest", "ActedFirst"]
    assert [str(entry) for entry in AgendaEntry.objects.all()] == ["1/2026"]
    assert AuditEvent.objects.filter(subject=request.subject, verb="register").count() == 1


class Undone(Exception):
    """Something after the registration went wrong."""


@pytest.mark.django_db(transaction=True)
def test_eight_helpdesks_with_failures_leave_no_gap_in_the_book() -> None:
    unit = UnitFactory()
    people = [person(Role.HELPDESK) for _ in range(8)]
    stacks = [[submitted(unit=unit) for _ in range(3)] for _ in people]

    def work(place: int) -> int:
        dice, undone = random.Random(place), 0
        for request in stacks[place]:
            try:
                with transaction.atomic():
                    agenda.register(request, Registration(TODAY), by=people[place], now=NOW)
                    if dice.random() < 0.35:
                        raise Undone
            except Undone:
                undone += 1
        return undone

    undone = sum(at_once([lambda place=place: work(place) for place in range(8)]))
    numbers = sorted(AgendaEntry.objects.values_list("number", flat=True))
    assert 0 < undone < 24, "some were kept and some undone"
    assert numbers == list(range(1, 24 - undone + 1))
    assert AccessRequest.objects.filter(status=Status.SUBMITTED).count() == undone


# --- what the desk reads -----------------------------------------------------------------------
@pytest.mark.django_db
def test_the_same_sender_number_and_date_is_the_same_letter() -> None:
    unit, other_unit = UnitFactory(), UnitFactory()
    letter = {"letter_number": "12/UN11.F8/2026", "letter_date": date(2026, 11, 20)}
    twin = submitted(unit=unit, **letter)
    a_request(Status.DRAFT, at=MONDAY, unit=unit, **letter)
    submitted(unit=other_unit, **letter)
    submitted(unit=unit, **letter | {"letter_number": "13/UN11.F8/2026"})
    submitted(unit=unit, **letter | {"letter_date": date(2026, 11, 19)})
    request = submitted(unit=unit, **letter | {"letter_number": "12/un11.f8/2026"})
    assert list(selectors.same_letter(request)) == [twin]


@pytest.mark.django_db
def test_letters_without_a_number_are_not_taken_for_the_same() -> None:
    unit = UnitFactory()
    submitted(unit=unit, letter_number="", letter_date=None)
    assert not selectors.same_letter(submitted(unit=unit, letter_number=" ", letter_date=None)).exists()


@pytest.mark.django_db
def test_the_book_of_a_period_ends_at_midnight_wib() -> None:
    old, new = submitted(), submitted()
    register(old, now=NEW_YEAR - timedelta(seconds=1))
    register(new, now=NEW_YEAR)
    this_year = selectors.agenda_book(date(2026, 1, 1), date(2026, 12, 31))
    next_year = selectors.agenda_book(date(2027, 1, 1), date(2027, 12, 31))
    assert [line.request for line in this_year] == [old]
    assert [line.request for line in next_year] == [new]
