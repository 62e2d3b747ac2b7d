"""The one place where a request changes its status: what a move leaves behind, and when it leaves nothing."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from accounts.models import AuditEvent, Notice, OutgoingMail, Substitution
from accounts.roles import Role
from requests_app.models import AccessRequest, Passage, StepEntry
from requests_app.policies import Refused
from requests_app.sla import WIB
from requests_app.sop import Action, Status
from requests_app.steps import agenda, confirmation, disposition, move, request_letter
from requests_app.steps.move import ActedFirst
from tests import factories
from webservice_accounts import handover

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=1)


def a_request(status: Status, **fields: object) -> AccessRequest:
    return factories.a_request(status, at=MONDAY, **fields)


def stays(item: AccessRequest) -> list[tuple[str, datetime, datetime | None]]:
    return [(stay.status, stay.entered_at, stay.left_at) for stay in StepEntry.objects.filter(request=item)]


# --- what a move leaves behind --------------------------------------------------------------------------
def test_a_move_closes_one_stay_and_opens_the_next_at_the_same_instant() -> None:
    item, helpdesk = a_request(Status.REGISTERED), factories.somebody(Role.HELPDESK)
    agenda.forward(item, by=helpdesk, now=NOW)
    assert stays(item) == [
        ("draft", MONDAY, MONDAY + timedelta(minutes=1)),
        ("submitted", MONDAY + timedelta(minutes=1), MONDAY + timedelta(minutes=2)),
        ("registered", MONDAY + timedelta(minutes=2), NOW),
        ("awaiting_disposition", NOW, None),
    ]
    last, first = StepEntry.objects.filter(request=item).order_by("-pk")[:2]
    assert (first.left_by, last.entered_by) == (helpdesk, helpdesk)


def test_a_stay_with_a_standard_knows_from_when_it_is_counted_and_when_it_is_due() -> None:
    stay = StepEntry.objects.get(request=a_request(Status.DISPOSED), left_at=None)
    assert (stay.clock_started_at, stay.due_at) == (stay.entered_at, stay.entered_at + timedelta(days=1))
    stay = StepEntry.objects.get(request=a_request(Status.INFORMED), left_at=None)
    assert (stay.clock_started_at, stay.due_at) == (None, None)


def test_a_stay_never_ends_before_it_began_though_the_clock_of_the_machine_was_set_back() -> None:
    item = a_request(Status.CLARIFICATION)
    asked_at = MONDAY + timedelta(minutes=5)
    request_letter.answer(item, by=item.created_by, now=asked_at - timedelta(minutes=40), text="Satu tahun.")
    *_earlier, worked, asked, answered = StepEntry.objects.filter(request=item).order_by("entered_at", "pk")
    assert (asked.status, asked.entered_at, asked.left_at) == (Status.CLARIFICATION, asked_at, asked_at)
    assert (answered.status, answered.entered_at) == (Status.DISPOSED, asked_at)
    assert answered.due_at == worked.due_at


def from_paper(item: AccessRequest) -> dict[str, bool]:
    return dict(Passage.objects.filter(request=item).values_list("number", "is_from_paper"))


def test_what_a_row_took_is_measured_in_minutes_unless_the_letter_came_on_paper() -> None:
    assert set(from_paper(a_request(Status.FINISHED)).values()) == {False}
    assert set(from_paper(a_request(Status.FINISHED, paper=True)).values()) == {True}


def test_a_row_that_begins_or_ends_with_an_act_written_down_later_says_nothing_of_minutes() -> None:
    item, helpdesk = a_request(Status.REGISTERED), factories.somebody(Role.HELPDESK)
    with transaction.atomic():
        act = move.begin(item, Action.FORWARD, by=helpdesk, now=NOW)
        act.finish(happened_at=NOW - timedelta(days=1))
    factories.dispose(item, NOW + timedelta(minutes=5))
    factories.create_account(AccessRequest.objects.get(pk=item.pk), NOW + timedelta(minutes=9))
    assert from_paper(item) == {"1": False, "2": True, "": True, "3": False}


def test_an_act_written_down_at_once_is_measured() -> None:
    item, helpdesk = a_request(Status.REGISTERED), factories.somebody(Role.HELPDESK)
    with transaction.atomic():
        move.begin(item, Action.FORWARD, by=helpdesk, now=NOW).finish(happened_at=NOW)
    assert from_paper(item) == {"1": False, "2": False}


@pytest.mark.parametrize("status", [Status.FINISHED, Status.WITHDRAWN])
def test_an_end_is_entered_and_waits_for_nobody(status: Status) -> None:
    item = a_request(status)
    assert not StepEntry.objects.filter(request=item, left_at=None).exists()
    assert stays(item)[-1][0] == status


def test_an_act_that_does_not_move_leaves_the_stay_alone_and_still_counts() -> None:
    item = a_request(Status.DISPOSED)
    before, version = stays(item), item.version
    psi = factories.somebody(Role.PSI)
    with transaction.atomic():
        act = move.begin(item, Action.CLAIM, by=psi, now=NOW)
        act.request.assignee = psi
        act.finish()
    item.refresh_from_db()
    assert (stays(item), item.version, item.status) == (before, version + 1, Status.DISPOSED)


def test_a_move_is_on_record_with_who_when_and_what() -> None:
    item, helpdesk = a_request(Status.SUBMITTED), factories.person(Role.HELPDESK, full_name="Rahmat Hidayat")
    agenda.return_to_unit(item, by=helpdesk, now=NOW, reason="Surat belum ditandatangani.")
    event = AuditEvent.objects.order_by("pk").last()
    assert event is not None
    assert (event.subject, event.verb) == (f"request:{item.reference}", "return_to_unit")
    assert (event.actor_id, event.actor_name, event.acting_for) == (helpdesk.pk, "Rahmat Hidayat", "")
    assert (event.at, event.happened_at) == (NOW, NOW)
    assert event.data == {"reason": "Surat belum ditandatangani."}


def test_the_record_of_a_substitute_names_both() -> None:
    head, substitute = factories.person(Role.HEAD, full_name="Dr. Maulana"), factories.person(None, full_name="Yusra")
    Substitution.objects.create(
        absent=head, substitute=substitute, kind="Plt.", starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 23)
    )
    item = a_request(Status.AWAITING_DISPOSITION)
    disposition.dispose(item, disposition.Instructions(), by=substitute, now=NOW)
    event = AuditEvent.objects.get(verb="dispose")
    assert (event.actor_name, event.acting_for) == ("Yusra", "Plt. menggantikan Dr. Maulana")


def test_without_a_login_the_record_has_the_name_on_the_letter_and_no_user() -> None:
    item = a_request(Status.INFORMED, person_name="Muhammad Iqbal, S.T.")
    holder = handover.ProvenHolder(item.account_id, "nama lain")
    confirmation.report_problem(item, by=holder, now=NOW, problem="Ditolak.")
    event = AuditEvent.objects.get(verb="report_problem")
    assert (event.actor_id, event.actor_name) == (None, "Muhammad Iqbal, S.T.")
    assert StepEntry.objects.get(request=item, left_at=None).entered_by is None


def test_a_link_in_a_mail_is_never_on_record() -> None:
    item = a_request(Status.ACCOUNT_CREATED)
    confirmation.inform(item, by=item.assignee, now=NOW, plo_number="PLO-17")
    link = next(word for word in OutgoingMail.objects.get(to=item.email).text.split() if "/serah-terima/" in word)
    ticket = link.rstrip("/").rpartition("/")[2]
    events = AuditEvent.objects.filter(subject=item.subject)
    assert events.filter(data__detail="PLO-17").exists()
    assert not any(ticket in f"{event.sentence}{event.data}" for event in events)


def test_every_move_counts_so_that_an_older_page_is_recognised() -> None:
    item = a_request(Status.DRAFT)
    seen = [item.version]
    for act in (factories.submit, factories.register, factories.forward):
        act(item, NOW)
        item.refresh_from_db()
        seen.append(item.version)
    assert seen == [0, 1, 2, 3]


# --- somebody was faster --------------------------------------------------------------------------------
def test_a_page_made_before_somebody_else_acted_says_who_what_and_when() -> None:
    item, rahmat = a_request(Status.SUBMITTED), factories.person(Role.HELPDESK, full_name="Rahmat")
    page = item.version
    agenda.register(item, agenda.Registration(NOW.date()), by=rahmat, now=NOW)
    with pytest.raises(ActedFirst) as found:
        agenda.return_to_unit(item, by=factories.person(Role.HELPDESK), now=NOW, reason="Belum lengkap.", version=page)
    assert str(found.value) == "Permohonan ini sudah diubah orang lain sejak halaman Anda dibuka."
    assert found.value.request.status == Status.REGISTERED
    assert found.value.last is not None
    assert (found.value.last.actor_name, found.value.last.verb, found.value.last.at) == ("Rahmat", "register", NOW)


def test_the_page_of_now_goes_through() -> None:
    item = a_request(Status.SUBMITTED)
    agenda.register(
        item, agenda.Registration(NOW.date()), by=factories.somebody(Role.HELPDESK), now=NOW, version=item.version
    )
    item.refresh_from_db()
    assert item.status == Status.REGISTERED


def test_what_was_read_long_ago_is_read_again_before_it_is_judged() -> None:
    stale = a_request(Status.SUBMITTED)
    agenda.register(stale, agenda.Registration(NOW.date()), by=factories.somebody(Role.HELPDESK), now=NOW)
    assert stale.status == Status.SUBMITTED
    with pytest.raises(Refused, match="Diagendakan, perlu diteruskan"):
        agenda.register(stale, agenda.Registration(NOW.date()), by=factories.somebody(Role.HELPDESK), now=NOW)


# --- nothing half ------------------------------------------------------------------------------------------
def everything() -> tuple[object, ...]:
    """What an act could have left behind."""
    return (
        list(AccessRequest.objects.order_by("pk").values()),
        list(StepEntry.objects.order_by("pk").values()),
        *(model.objects.count() for model in (AuditEvent, Notice, OutgoingMail)),
    )


@pytest.mark.parametrize(
    "refused",
    [
        lambda item: agenda.register(item, agenda.Registration(NOW.date()), by=factories.person(Role.PSI), now=NOW),
        lambda item: agenda.forward(item, by=factories.somebody(Role.HELPDESK), now=NOW),
        lambda item: agenda.register(
            item, agenda.Registration(date(2026, 11, 24)), by=factories.somebody(Role.HELPDESK), now=NOW
        ),
    ],
    ids=["not theirs", "not now", "tomorrow's date"],
)
def test_a_refusal_changes_nothing(refused: object) -> None:
    item = a_request(Status.SUBMITTED)
    factories.person(Role.PSI)
    before = everything()
    with pytest.raises(Refused):
        refused(item)  # type: ignore[operator]
    assert everything() == before


def test_a_letter_that_is_not_complete_is_not_sent_and_stays_a_draft() -> None:
    item = a_request(Status.DRAFT, phone="", letters=0)
    before = everything()
    with pytest.raises(Refused, match="Belum lengkap: nomor telepon; surat permohonan"):
        request_letter.submit(item, by=item.created_by, now=NOW)
    assert everything() == before


# --- the house rule ---------------------------------------------------------------------------------------
def test_nothing_else_in_the_house_writes_a_status() -> None:
    written = re.compile(r"(request|locked|item)\.status\s*=[^=]|\.update\([^)]*\bstatus=")
    code = Path(settings.BASE_DIR / "requests_app").rglob("*.py")
    assert [path.name for path in code if written.search(path.read_text())] == ["move.py"]
