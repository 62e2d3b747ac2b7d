"""The conditions beyond status and role: four eyes, whose request it is, on which days, and how it is said."""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import RoleGrant, Substitution, User
from accounts.roles import Role
from requests_app import policies, selectors
from requests_app.models import AccessRequest
from requests_app.policies import why_not
from requests_app.sla import WIB
from requests_app.sop import Action, Status
from requests_app.steps import account, agenda, disposition, reply_letter, request_letter
from tests import factories
from webservice_accounts import handover

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=1)
NOT_YOURS = "Tindakan ini bukan wewenang Anda."
OWN = "Anda tidak dapat mendisposisikan permohonan Anda sendiri."
DECISIONS = (Action.DISPOSE, Action.ASK_FOR_CLARIFICATION, Action.REFUSE)


def a_request(status: Status, **fields: object) -> AccessRequest:
    return factories.a_request(status, at=MONDAY, **fields)


def stand_in(absent: User, **fields: object) -> User:
    """Somebody without a role who stands in from Monday through Tuesday."""
    substitute = factories.person(None, **fields)
    Substitution.objects.create(
        absent=absent, substitute=substitute, starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 24)
    )
    return substitute


def known_anew(user: User) -> User:
    """The same person as the next request to the server knows them."""
    return User.objects.get(pk=user.pk)


# --- how a refusal is said --------------------------------------------------------------------------
def test_a_stranger_hears_that_it_is_not_theirs_whatever_the_status() -> None:
    item = a_request(Status.AWAITING_DISPOSITION)
    for person in (factories.person(Role.PSI), factories.person(None), AnonymousUser()):
        assert why_not(person, item, Action.DISPOSE, now=NOW) == NOT_YOURS
        assert why_not(person, item, Action.REGISTER, now=NOW) == NOT_YOURS


def test_the_right_person_too_late_hears_where_the_request_is_now() -> None:
    item = a_request(Status.REGISTERED)
    assert why_not(factories.somebody(Role.HELPDESK), item, Action.REGISTER, now=NOW) == (
        "Permohonan ini sekarang berstatus “Diagendakan, perlu diteruskan”, "
        "sehingga tindakan ini tidak lagi dapat dilakukan."
    )


def test_check_raises_the_reason_or_gives_the_right() -> None:
    item = a_request(Status.SUBMITTED)
    with pytest.raises(policies.Refused, match="bukan wewenang"):
        policies.check(factories.person(Role.AUDITOR), item, Action.REGISTER, now=NOW)
    helpdesk = factories.somebody(Role.HELPDESK)
    right = policies.check(helpdesk, item, Action.REGISTER, now=NOW)
    assert right is not None
    assert (right.person, right.on_behalf_of, right.acting_for) == (helpdesk, None, "")


def test_the_right_of_a_substitute_names_both() -> None:
    head = factories.person(Role.HEAD, full_name="Dr. Teuku Maulana")
    substitute = stand_in(head)
    item = a_request(Status.AWAITING_DISPOSITION)
    right = policies.check(substitute, item, Action.DISPOSE, now=NOW)
    assert right is not None
    assert (right.person, right.on_behalf_of) == (substitute, head)
    assert right.acting_for == "Plh. menggantikan Dr. Teuku Maulana"


# --- the buttons ------------------------------------------------------------------------------------
BUTTONS = {
    Status.DRAFT: {Role.UNIT_STAFF: ["Kirim permohonan", "Batalkan permohonan"]},
    Status.SUBMITTED: {
        Role.UNIT_STAFF: ["Batalkan permohonan"],
        Role.HELPDESK: ["Agendakan", "Kembalikan ke unit"],
    },
    Status.AWAITING_DISPOSITION: {
        Role.UNIT_STAFF: ["Batalkan permohonan"],
        Role.HEAD: ["Disposisikan", "Kembalikan", "Belum dapat dipenuhi"],
    },
    Status.DISPOSED: {
        Role.UNIT_STAFF: ["Batalkan permohonan"],
        Role.HEAD: ["Batalkan disposisi"],
        Role.PSI: [
            "Ambil",
            "Alihkan",
            "Tanyakan ke unit",
            "Minta persetujuan pemilik data",
            "Kembalikan ke Kepala",
            "Buat akun",
        ],
    },
    Status.REPLY_DRAFTING: {Role.HELPDESK: ["Simpan konsep", "Ajukan persetujuan"]},
    Status.FINISHED: {},
}


@pytest.mark.parametrize("status", BUTTONS)
def test_each_role_sees_its_own_buttons_and_no_others(status: Status) -> None:
    item = a_request(status)
    for role in Role:
        person = item.created_by if role is Role.UNIT_STAFF else factories.somebody(role)
        shown = {row.button for row in policies.allowed(person, item, now=NOW)}
        assert shown == set(BUTTONS[status].get(role, [])), role


# --- whose unit, whose letter -----------------------------------------------------------------------
def test_a_colleague_of_the_unit_may_go_on_with_what_another_began() -> None:
    item = a_request(Status.RETURNED)
    colleague = factories.person(Role.UNIT_STAFF, unit=item.unit)
    assert why_not(colleague, item, Action.SUBMIT, now=NOW) is None


def test_whoever_moved_to_another_unit_leaves_their_requests_behind() -> None:
    item = a_request(Status.RETURNED)
    writer = item.created_by
    writer.unit = factories.UnitFactory()
    writer.save()
    assert why_not(writer, item, Action.SUBMIT, now=NOW) == NOT_YOURS


def test_staff_without_a_unit_act_for_none() -> None:
    item = a_request(Status.RETURNED)
    assert why_not(factories.person(Role.UNIT_STAFF, unit=None), item, Action.WITHDRAW, now=NOW) == NOT_YOURS


def test_the_helpdesk_corrects_paper_letters_only() -> None:
    helpdesk = factories.somebody(Role.HELPDESK)
    assert why_not(helpdesk, a_request(Status.RETURNED), Action.SUBMIT, now=NOW) == NOT_YOURS
    paper = a_request(Status.RETURNED, paper=True, unit=factories.UnitFactory())
    assert why_not(helpdesk, paper, Action.SUBMIT, now=NOW) is None


def test_the_responsible_person_is_known_by_their_address_in_any_case() -> None:
    item = a_request(Status.INFORMED, email="PJ@USK.ac.id")
    assert why_not(factories.person(None, email="pj@usk.ac.id"), item, Action.CONFIRM, now=NOW) is None
    assert why_not(factories.person(None, email="pj2@usk.ac.id"), item, Action.CONFIRM, now=NOW) == NOT_YOURS


def test_a_request_without_an_address_has_no_responsible_person() -> None:
    item = a_request(Status.DRAFT)
    item.email = ""
    assert not policies.is_responsible(User(email="", is_active=True), item)


def test_being_named_on_the_letter_gives_no_right_of_the_unit() -> None:
    item = a_request(Status.SUBMITTED, email="pj@usk.ac.id")
    assert why_not(factories.person(None, email="pj@usk.ac.id"), item, Action.WITHDRAW, now=NOW) == NOT_YOURS


def test_the_mailed_code_proves_the_holder_of_one_account_and_nothing_else() -> None:
    item, other = a_request(Status.INFORMED), a_request(Status.INFORMED)
    holder = handover.ProvenHolder(item.account_id, "Muhammad Iqbal")
    assert why_not(holder, item, Action.CONFIRM, now=NOW) is None
    assert why_not(holder, other, Action.CONFIRM, now=NOW) == NOT_YOURS
    for action in set(Action) - {Action.CONFIRM, Action.REPORT_PROBLEM}:
        assert why_not(holder, item, action, now=NOW) == NOT_YOURS, action


# --- on which days ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "may"),
    [
        (datetime(2026, 11, 22, 23, 59, 59, tzinfo=WIB), False),
        (datetime(2026, 11, 23, 0, 0, tzinfo=WIB), True),
        (datetime(2026, 11, 24, 23, 59, 59, tzinfo=WIB), True),
        (datetime(2026, 11, 25, 0, 0, tzinfo=WIB), False),
    ],
)
def test_a_substitute_may_from_the_first_through_the_last_local_date(at: datetime, may: bool) -> None:
    substitute = stand_in(factories.person(Role.HEAD))
    item = a_request(Status.AWAITING_DISPOSITION)
    assert (why_not(substitute, item, Action.DISPOSE, now=at) is None) == may


def test_nobody_stands_in_for_somebody_who_has_left() -> None:
    head = factories.person(Role.HEAD)
    substitute = stand_in(head)
    head.is_active = False
    head.save()
    item = a_request(Status.REGISTERED)
    agenda.forward(item, by=factories.somebody(Role.HELPDESK), now=NOW)
    item.refresh_from_db()
    assert why_not(substitute, item, Action.DISPOSE, now=NOW) == NOT_YOURS


@pytest.mark.parametrize("role", [Role.HELPDESK, Role.HEAD, Role.PSI, Role.UNIT_STAFF])
def test_whoever_has_left_may_nothing(role: Role) -> None:
    item = a_request(Status.DISPOSED)
    person = item.created_by if role is Role.UNIT_STAFF else factories.somebody(role)
    person.is_active = False
    assert policies.allowed(person, item, now=NOW) == []


def test_a_role_that_was_taken_away_is_gone_with_the_next_request() -> None:
    item, helpdesk = a_request(Status.SUBMITTED), factories.person(Role.HELPDESK)
    assert why_not(known_anew(helpdesk), item, Action.REGISTER, now=NOW) is None
    RoleGrant.objects.filter(user=helpdesk).delete()
    assert why_not(known_anew(helpdesk), item, Action.REGISTER, now=NOW) == NOT_YOURS


def test_staff_who_stand_in_for_somebody_of_another_unit_act_for_both_units() -> None:
    mine, theirs = a_request(Status.RETURNED, by=factories.person()), a_request(Status.RETURNED, by=factories.person())
    me = mine.created_by
    assert why_not(me, theirs, Action.SUBMIT, now=NOW) == NOT_YOURS
    Substitution.objects.create(
        absent=theirs.created_by, substitute=me, starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 24)
    )
    me = known_anew(me)
    assert policies.check(me, mine, Action.SUBMIT, now=NOW).acting_for == ""
    assert policies.check(me, theirs, Action.SUBMIT, now=NOW).on_behalf_of == theirs.created_by
    assert set(selectors.waiting_for(me, NOW)) == {mine, theirs}
    assert request_letter.begin_draft(unit=theirs.unit, by=me, now=NOW, start_key=uuid4()).unit == theirs.unit
    later = datetime(2026, 11, 25, 0, 0, tzinfo=WIB)
    assert why_not(me, theirs, Action.SUBMIT, now=later) == NOT_YOURS


# --- nobody disposes their own request -----------------------------------------------------------------
@pytest.mark.parametrize("action", DECISIONS)
def test_the_head_who_wrote_the_letter_does_not_decide_on_it(action: Action) -> None:
    head = factories.person((Role.HEAD, Role.UNIT_STAFF))
    item = a_request(Status.AWAITING_DISPOSITION, by=head)
    assert why_not(head, item, action, now=NOW) == OWN
    assert why_not(factories.person(Role.HEAD), item, action, now=NOW) is None


@pytest.mark.parametrize("action", DECISIONS)
def test_the_head_whom_the_letter_names_as_responsible_does_not_decide_on_it(action: Action) -> None:
    head = factories.person(Role.HEAD, email="kepala@usk.ac.id")
    item = a_request(Status.AWAITING_DISPOSITION, email="kepala@usk.ac.id")
    assert why_not(head, item, action, now=NOW) == OWN


@pytest.mark.parametrize("action", DECISIONS)
def test_nor_does_a_substitute_on_a_letter_of_their_own(action: Action) -> None:
    head = factories.person(Role.HEAD)
    writer = stand_in(head)
    RoleGrant.objects.create(user=writer, role=Role.UNIT_STAFF)
    item = a_request(Status.AWAITING_DISPOSITION, by=known_anew(writer))
    assert why_not(known_anew(writer), item, action, now=NOW) == OWN
    named = stand_in(head, email="plh@usk.ac.id")
    assert why_not(named, a_request(Status.AWAITING_DISPOSITION, email="plh@usk.ac.id"), action, now=NOW) == OWN


@pytest.mark.parametrize("action", DECISIONS)
def test_nor_is_it_done_in_the_name_of_the_absent_head_whose_letter_it_is(action: Action) -> None:
    head = factories.person((Role.HEAD, Role.UNIT_STAFF), email="kepala@usk.ac.id")
    substitute = stand_in(head)
    wrote = a_request(Status.AWAITING_DISPOSITION, by=head)
    assert why_not(substitute, wrote, action, now=NOW) == OWN
    named = a_request(Status.AWAITING_DISPOSITION, by=factories.person(), email="kepala@usk.ac.id")
    assert why_not(substitute, named, action, now=NOW) == OWN


# --- four eyes -------------------------------------------------------------------------------------------
def test_whoever_disposed_does_not_make_the_account() -> None:
    both = factories.person((Role.HEAD, Role.PSI))
    item = a_request(Status.DISPOSED)
    assert why_not(both, item, Action.CREATE_ACCOUNT, now=NOW) == (
        "Yang mendisposisikan permohonan tidak dapat sekaligus membuat akunnya."
    )
    assert why_not(factories.person(Role.PSI), item, Action.CREATE_ACCOUNT, now=NOW) is None


def test_what_counts_is_the_disposition_in_force_not_an_earlier_one() -> None:
    both, other = factories.person((Role.HEAD, Role.PSI)), factories.person(Role.HEAD)
    item = a_request(Status.DISPOSED)
    disposition.cancel(item, by=both, now=NOW)
    disposition.dispose(item, disposition.Instructions(), by=other, now=NOW)
    item.refresh_from_db()
    assert why_not(both, item, Action.CREATE_ACCOUNT, now=NOW) is None


def test_whoever_prepared_the_reply_does_not_approve_it() -> None:
    both = factories.person((Role.HELPDESK, Role.HEAD))
    item = a_request(Status.REPLY_APPROVAL)
    assert why_not(both, item, Action.APPROVE_REPLY, now=NOW) == (
        "Yang menyiapkan surat balasan tidak dapat sekaligus menyetujuinya."
    )
    assert why_not(both, item, Action.RETURN_REPLY, now=NOW) is None
    assert why_not(factories.person(Role.HEAD), item, Action.APPROVE_REPLY, now=NOW) is None


def test_nor_as_the_substitute_of_the_head() -> None:
    helpdesk = factories.person(Role.HELPDESK)
    Substitution.objects.create(
        absent=factories.person(Role.HEAD),
        substitute=helpdesk,
        starts_on=date(2026, 11, 23),
        ends_on=date(2026, 11, 24),
    )
    item = a_request(Status.REPLY_APPROVAL)
    assert item.reply.prepared_by == helpdesk
    assert why_not(known_anew(helpdesk), item, Action.APPROVE_REPLY, now=NOW) == (
        "Yang menyiapkan surat balasan tidak dapat sekaligus menyetujuinya."
    )


def test_a_draft_that_somebody_else_last_wrote_may_be_approved() -> None:
    both = factories.person((Role.HELPDESK, Role.HEAD))
    item = a_request(Status.REPLY_APPROVAL)
    reply_letter.return_reply(item, by=factories.person(Role.HEAD), now=NOW, reason="Perbaiki.")
    draft = reply_letter.Draft("Dekan", "Persetujuan", "Disetujui.")
    reply_letter.send_for_approval(item, draft, by=factories.person(Role.HELPDESK), now=NOW)
    item.refresh_from_db()
    item = AccessRequest.objects.get(pk=item.pk)
    assert why_not(both, item, Action.APPROVE_REPLY, now=NOW) is None


# --- who took it ----------------------------------------------------------------------------------------
def test_what_a_colleague_works_on_is_left_to_them_by_name() -> None:
    item = a_request(Status.DISPOSED)
    rina = factories.person(Role.PSI, full_name="Rina")
    account.claim(item, by=rina, now=NOW)
    item.refresh_from_db()
    colleague = factories.person(Role.PSI)
    assert why_not(colleague, item, Action.CLAIM, now=NOW) == "Permohonan ini sudah diambil Rina."
    for action in (Action.CREATE_ACCOUNT, Action.ASK_UNIT, Action.HAND_BACK):
        assert why_not(colleague, item, action, now=NOW) == "Permohonan ini sedang dikerjakan Rina."
    assert why_not(colleague, item, Action.RELEASE, now=NOW) == (
        "Hanya yang mengambil permohonan ini yang dapat melepaskannya."
    )


def test_a_disposition_that_psi_has_read_stands() -> None:
    item, head = a_request(Status.DISPOSED), factories.somebody(Role.HEAD)
    assert why_not(head, item, Action.CANCEL_DISPOSITION, now=NOW) is None
    disposition.mark_read(item, by=factories.person(Role.AUDITOR), now=NOW)
    assert why_not(head, item, Action.CANCEL_DISPOSITION, now=NOW) is None
    disposition.mark_read(item, by=factories.somebody(Role.PSI), now=NOW)
    assert why_not(head, item, Action.CANCEL_DISPOSITION, now=NOW) == (
        "Disposisi sudah dibaca Divisi PSI, sehingga tidak dapat dibatalkan lagi."
    )


def test_work_goes_on_when_the_one_who_took_it_has_left() -> None:
    item = a_request(Status.ACCOUNT_CREATED)
    gone = item.assignee
    assert gone is not None
    gone.is_active = False
    gone.save()
    item = AccessRequest.objects.get(pk=item.pk)
    assert why_not(factories.person(Role.PSI), item, Action.INFORM, now=NOW) is None


# --- remarks between offices -----------------------------------------------------------------------------
def test_remarks_between_offices_are_for_those_who_see_every_request() -> None:
    for role in (Role.HELPDESK, Role.HEAD, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR):
        assert policies.sees_office(factories.person(role), NOW)
    for person in (
        factories.person(Role.UNIT_STAFF),
        factories.person(None),
        AnonymousUser(),
        handover.ProvenHolder(1, "Iqbal"),
    ):
        assert not policies.sees_office(person, NOW)


def test_withdrawing_ends_with_the_account() -> None:
    item = a_request(Status.DISPOSED)
    assert why_not(item.created_by, item, Action.WITHDRAW, now=NOW) is None
    factories.create_account(item, NOW)
    item.refresh_from_db()
    with pytest.raises(policies.Refused, match="Akun perlu diinformasikan"):
        request_letter.withdraw(item, by=item.created_by, now=NOW)
