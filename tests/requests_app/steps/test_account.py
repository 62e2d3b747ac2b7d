"""SOP 3: what PSI grants and refuses, for how long, and what happens meanwhile."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import OutgoingMail, RoleGrant, Substitution, User
from accounts.roles import Role
from requests_app import policies, selectors
from requests_app.models import AccessRequest, RequestedItem
from requests_app.policies import Refused
from requests_app.sla import WIB
from requests_app.sop import TRANSITIONS, Action, Status
from requests_app.steps import account, disposition, request_letter
from requests_app.steps.account import Granting
from requests_app.steps.move import ActedFirst
from tests.factories import DataTypeFactory, UnitFactory, a_request, person, somebody
from webservice_accounts.lifecycle import last_valid_date
from webservice_accounts.models import WebserviceAccount

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=1)
TODAY = date(2026, 11, 23)


@pytest.fixture
def psi(db: None) -> User:
    return person(Role.PSI, full_name="Nadia Safira")


def disposed(**fields: object) -> AccessRequest:
    """A request that came to PSI on Monday at 9.04."""
    return a_request(Status.DISPOSED, at=MONDAY, **fields)


def granting(**changes: object) -> Granting:
    return Granting(**({"username": "fmipa-siakad", "starts_on": TODAY} | changes))


def decisions(request: AccessRequest) -> dict[str, tuple[str, str]]:
    return {row.data_type.name: (row.decision, row.reason) for row in request.items.select_related("data_type")}


# --- the account ----------------------------------------------------------------------------------
def test_the_account_is_the_responsible_persons_and_carries_what_the_letter_says(psi: User) -> None:
    request = disposed(person_name="Muhammad Iqbal", email="PJ@usk.ac.id", application="SIAKAD", purpose="Presensi.")
    request = account.create_account(request, granting(networks=("10.44.3.0/24",)), by=psi, now=NOW)
    made = WebserviceAccount.objects.get(username="fmipa-siakad")
    assert request.status == Status.ACCOUNT_CREATED
    assert (made.holder_name, made.holder_email, made.holder_identity_number) == (
        "Muhammad Iqbal",
        "pj@usk.ac.id",
        "198706302014041002",
    )
    assert (made.application, made.purpose, made.unit) == ("SIAKAD", "Presensi.", request.unit)
    assert made.origin == f"request:{request.reference}"
    assert [row.network for row in made.addresses.all()] == ["10.44.3.0/24"]
    assert not made.secrets.exists()
    assert not made.tickets.exists()


@pytest.mark.parametrize(
    ("starts_on", "now", "last_day"),
    [
        (date(2026, 11, 23), NOW, date(2027, 11, 23)),
        (date(2027, 3, 1), NOW, date(2028, 3, 1)),
        (date(2028, 2, 29), datetime(2028, 2, 29, 9, tzinfo=WIB), date(2029, 2, 28)),
        (date(2027, 2, 28), datetime(2027, 2, 26, 9, tzinfo=WIB), date(2028, 2, 28)),
        (date(2026, 12, 31), NOW, date(2027, 12, 31)),
    ],
)
def test_it_is_valid_through_the_same_date_next_year(psi: User, starts_on: date, now: datetime, last_day: date) -> None:
    request = a_request(Status.DISPOSED, at=now - timedelta(hours=1))
    request = account.create_account(request, granting(starts_on=starts_on), by=psi, now=now)
    made = WebserviceAccount.objects.get(requests=request)
    assert made.starts_at == datetime.combine(starts_on, datetime.min.time(), WIB)
    assert made.ends_at == datetime.combine(last_day + timedelta(days=1), datetime.min.time(), WIB)
    assert last_valid_date(made.ends_at) == last_day


def test_the_timeline_says_who_made_it_and_until_when(psi: User) -> None:
    with translation.override("id"):
        request = account.create_account(disposed(), granting(), by=psi, now=NOW)
        last = selectors.timeline(request)[-1].sentence
    assert last == "Nadia Safira membuat akun fmipa-siakad, berlaku s.d. 23 November 2027."


def test_who_makes_it_is_the_one_who_goes_on_with_it(psi: User) -> None:
    assert account.create_account(disposed(), granting(), by=psi, now=NOW).assignee == psi


# --- all or part ------------------------------------------------------------------------------------
def test_everything_asked_for_is_granted_unless_refused(psi: User) -> None:
    kinds = [DataTypeFactory(name="Alumni"), DataTypeFactory(name="Dosen")]
    request = account.create_account(disposed(data_types=kinds), granting(), by=psi, now=NOW)
    assert decisions(request) == {"Alumni": ("granted", ""), "Dosen": ("granted", "")}
    assert request.outcome == AccessRequest.Outcome.GRANTED


def test_what_is_refused_is_recorded_with_its_reason_and_not_given(psi: User) -> None:
    alumni, lecturers = DataTypeFactory(name="Alumni"), DataTypeFactory(name="Dosen")
    request = account.create_account(
        disposed(data_types=[alumni, lecturers]), granting(refused={lecturers.pk: "tidak diperlukan"}), by=psi, now=NOW
    )
    assert decisions(request) == {"Alumni": ("granted", ""), "Dosen": ("refused", "tidak diperlukan")}
    assert [row.data_type for row in request.account.grants.all()] == [alumni]
    assert request.outcome == AccessRequest.Outcome.PARTIAL


def test_a_refusal_without_a_reason_is_not_taken(psi: User) -> None:
    kinds = [DataTypeFactory(), DataTypeFactory()]
    request = disposed(data_types=kinds)
    with pytest.raises(Refused, match="alasan untuk setiap data"):
        account.create_account(request, granting(refused={kinds[0].pk: "  "}), by=psi, now=NOW)
    assert_nothing_happened(request)


def test_nothing_at_all_is_no_account(psi: User) -> None:
    kind = DataTypeFactory()
    request = disposed(data_types=[kind])
    with pytest.raises(Refused, match="Kembalikan kepada Kepala"):
        account.create_account(request, granting(refused={kind.pk: "tidak tersedia"}), by=psi, now=NOW)
    assert_nothing_happened(request)


def test_a_wish_in_the_units_own_words_becomes_rows_of_the_catalogue(psi: User) -> None:
    asked, fitting = DataTypeFactory(name="Alumni"), DataTypeFactory(name="Program studi")
    request = disposed(data_types=[asked], other_data="kode program studi")
    request = account.create_account(request, granting(added=(fitting,)), by=psi, now=NOW)
    assert decisions(request) == {"Alumni": ("granted", ""), "Program studi": ("granted", "")}
    assert request.outcome == AccessRequest.Outcome.GRANTED


def test_a_wish_that_cannot_be_met_is_answered_with_a_reason(psi: User) -> None:
    request = disposed(other_data="data presensi 1998")
    request = account.create_account(request, granting(other_data_reason="tidak tersedia"), by=psi, now=NOW)
    assert (request.other_data_reason, request.outcome) == ("tidak tersedia", AccessRequest.Outcome.PARTIAL)


def test_a_wish_may_not_stay_unanswered(psi: User) -> None:
    request = disposed(other_data="data presensi 1998")
    with pytest.raises(Refused, match="Jawab permintaan data lain"):
        account.create_account(request, granting(), by=psi, now=NOW)
    assert_nothing_happened(request)


def test_a_letter_with_only_a_wish_can_be_granted(psi: User) -> None:
    request = disposed(data_types=[], other_data="kode program studi")
    request = account.create_account(request, granting(added=(DataTypeFactory(name="Prodi"),)), by=psi, now=NOW)
    assert decisions(request) == {"Prodi": ("granted", "")}


def assert_nothing_happened(request: AccessRequest) -> None:
    fresh = AccessRequest.objects.get(pk=request.pk)
    assert (fresh.status, fresh.version, fresh.account) == (Status.DISPOSED, request.version, None)
    assert not WebserviceAccount.objects.exists()
    assert not RequestedItem.objects.filter(request=fresh).exclude(decision="").exists()


# --- who may, and when ---------------------------------------------------------------------------------
def test_a_start_in_the_past_is_refused_and_today_is_not(psi: User) -> None:
    request = disposed()
    with pytest.raises(Refused, match="sudah lewat"):
        account.create_account(request, granting(starts_on=TODAY - timedelta(days=1)), by=psi, now=NOW)
    account.create_account(request, granting(starts_on=TODAY), by=psi, now=NOW)


def test_today_is_the_day_in_aceh(psi: User) -> None:
    just_past_midnight = datetime(2026, 11, 24, 0, 30, tzinfo=WIB)  # still the 23rd in London
    with pytest.raises(Refused, match="sudah lewat"):
        account.create_account(disposed(), granting(starts_on=TODAY), by=psi, now=just_past_midnight)


def test_a_user_name_is_given_once(psi: User) -> None:
    account.create_account(disposed(), granting(), by=psi, now=NOW)
    second = disposed(application="Lain")
    with pytest.raises(Refused, match="Nama pengguna fmipa-siakad sudah dipakai"):
        account.create_account(second, granting(), by=psi, now=NOW)
    assert AccessRequest.objects.get(pk=second.pk).status == Status.DISPOSED


def test_who_disposed_it_does_not_also_make_the_account(psi: User) -> None:
    both = person((Role.HEAD, Role.PSI))
    request = a_request(Status.AWAITING_DISPOSITION, at=MONDAY)
    disposition.dispose(request, disposition.Instructions(), by=both, now=NOW)
    with pytest.raises(Refused, match="tidak dapat sekaligus membuat akunnya"):
        account.create_account(request, granting(), by=both, now=NOW)
    account.create_account(request, granting(), by=psi, now=NOW)


def test_only_psi_makes_accounts(db: None) -> None:
    request = disposed()
    for role in (Role.UNIT_STAFF, Role.HELPDESK, Role.HEAD, Role.ADMINISTRATOR, Role.AUDITOR):
        with pytest.raises(Refused, match="bukan wewenang Anda"):
            account.create_account(request, granting(), by=person(role, unit=request.unit), now=NOW)


def test_of_two_who_make_it_the_second_is_told_who_was_first(psi: User) -> None:
    request = disposed()
    account.create_account(request, granting(), by=psi, now=NOW, version=request.version)
    with pytest.raises(ActedFirst) as told:
        account.create_account(
            request, granting(username="lain"), by=person(Role.PSI), now=NOW, version=request.version
        )
    assert told.value.last.actor_name == "Nadia Safira"
    assert WebserviceAccount.objects.count() == 1


# --- taking, asking, giving back ---------------------------------------------------------------------------
def test_what_one_has_taken_others_leave_alone(psi: User) -> None:
    other = person(Role.PSI)
    request = account.claim(disposed(), by=psi, now=NOW)
    for action in (Action.CLAIM, Action.CREATE_ACCOUNT, Action.ASK_UNIT, Action.HAND_BACK):
        assert "Nadia Safira" in (policies.why_not(other, request, action, now=NOW) or "")
    with pytest.raises(Refused, match="Hanya yang mengambil"):
        account.release(request, by=other, now=NOW)
    request = account.release(request, by=psi, now=NOW)
    assert account.claim(request, by=other, now=NOW).assignee == other


def test_taking_it_makes_the_disposition_read(psi: User) -> None:
    request = account.claim(disposed(), by=psi, now=NOW)
    assert policies.last_disposition(request).read_by == psi


def test_a_question_stops_the_clock_until_the_unit_answers(psi: User) -> None:
    request = disposed()
    due = request.entries.get(status=Status.DISPOSED).due_at
    assert due == datetime(2026, 11, 24, 9, 4, tzinfo=WIB)
    request = account.ask_unit(request, by=psi, now=NOW, question="Berapa lama data disimpan?")
    waiting = request.entries.get(left_at=None)
    assert (request.status, waiting.due_at) == (Status.CLARIFICATION, None)
    assert request.waiting_question == "Berapa lama data disimpan?"
    request = request_letter.answer(request, by=request.created_by, now=NOW + timedelta(hours=3), text="Satu tahun.")
    assert request.status == Status.DISPOSED
    assert request.entries.get(left_at=None).due_at == due + timedelta(hours=3)
    assert request.assignee == psi


def test_the_unit_is_mailed_the_question(psi: User) -> None:
    account.ask_unit(disposed(), by=psi, now=NOW, question="Berapa lama data disimpan?")
    assert OutgoingMail.objects.filter(text__contains="Berapa lama data disimpan?").exists()


def test_handing_back_lets_the_head_decide_again(psi: User) -> None:
    request = account.claim(disposed(), by=psi, now=NOW)
    request = account.hand_back(request, by=psi, now=NOW, reason="Datanya milik lembaga lain.")
    assert (request.status, request.assignee) == (Status.AWAITING_DISPOSITION, None)
    assert "Datanya milik lembaga lain." in selectors.timeline(request)[-1].sentence
    assert disposition.refuse(request, by=somebody(Role.HEAD), now=NOW, reason="x").status == Status.REPLY_DRAFTING


# --- passing it on, and who is away -------------------------------------------------------------------
def away(absent: User, substitute: User, until: date = TODAY) -> None:
    Substitution.objects.create(absent=absent, substitute=substitute, starts_on=TODAY, ends_on=until)


def anew(user: User) -> User:
    """The same person as the next click knows them."""
    return User.objects.get(pk=user.pk)


def test_anybody_at_psi_passes_a_request_to_a_colleague_with_a_reason(psi: User) -> None:
    rina, budi = person(Role.PSI, full_name="Rina"), person(Role.PSI, full_name="Budi")
    request = account.claim(disposed(), by=rina, now=NOW)
    request = account.reassign(request, budi, by=psi, now=NOW, reason="Rina sakit.")
    assert (request.assignee, request.status) == (budi, Status.DISPOSED)
    with translation.override("id"):
        said = selectors.timeline(request)[-1].sentence
    assert said == "Nadia Safira mengalihkan permohonan ini kepada Budi: Rina sakit."


def test_it_is_not_passed_to_one_who_cannot_go_on_with_it(psi: User) -> None:
    request = account.claim(disposed(email="pj@usk.ac.id"), by=psi, now=NOW)
    both = request.dispositions.get().decided_by
    RoleGrant.objects.create(user=both, role=Role.PSI)
    sick = person(Role.PSI, full_name="Sakit")
    away(sick, person(None))
    refused = {
        anew(both): "Yang mendisposisikan permohonan tidak dapat sekaligus membuat akunnya. Pilih rekan",
        person(Role.PSI, email="pj@usk.ac.id"): "Yang mengajukan permohonan tidak dapat sekaligus membuat akunnya.",
        person(Role.HELPDESK): "tidak lagi bekerja di Divisi PSI",
        person(Role.PSI, is_active=False): "tidak lagi bekerja di Divisi PSI",
        psi: "Permohonan ini sudah dikerjakan Nadia Safira",
        sick: "Sakit sedang berhalangan",
    }
    for to, reason in refused.items():
        with pytest.raises(Refused, match=reason):
            account.reassign(request, to, by=psi, now=NOW, reason="Libur.")
    assert AccessRequest.objects.get(pk=request.pk).assignee == psi


def test_of_two_who_pass_it_on_the_second_is_told_who_was_first(psi: User) -> None:
    request = disposed()
    account.reassign(request, person(Role.PSI), by=psi, now=NOW, reason="Satu.", version=request.version)
    with pytest.raises(ActedFirst):
        account.reassign(request, psi, by=person(Role.PSI), now=NOW, reason="Dua.", version=request.version)


def test_who_asks_for_the_access_does_not_make_the_account(psi: User) -> None:
    request = disposed(email=psi.email)
    with pytest.raises(Refused, match="Yang mengajukan permohonan"):
        account.create_account(request, granting(), by=psi, now=NOW)


def test_the_helpdesk_that_typed_a_paper_letter_asks_for_nothing(db: None) -> None:
    both = person((Role.HELPDESK, Role.PSI))
    request = a_request(Status.DISPOSED, at=MONDAY, by=both, paper=True, unit=UnitFactory())
    assert account.create_account(request, granting(), by=both, now=NOW).account is not None


def test_a_colleague_works_on_in_the_name_of_who_is_away_and_leaves_it_theirs(psi: User) -> None:
    rina = person(Role.PSI, full_name="Rina")
    request = account.claim(disposed(), by=rina, now=NOW)
    with pytest.raises(Refused, match="sedang dikerjakan Rina"):
        account.create_account(request, granting(), by=psi, now=NOW)
    away(rina, psi)
    request = account.create_account(request, granting(), by=anew(psi), now=NOW)
    assert request.assignee == rina
    event = selectors.last_event(request)
    assert event is not None
    assert (event.actor_name, event.acting_for) == ("Nadia Safira", "Plh. menggantikan Rina")


def test_what_the_substitute_takes_from_the_queue_is_taken_in_their_own_name(psi: User) -> None:
    away(person(Role.PSI), psi)
    request = account.claim(disposed(), by=anew(psi), now=NOW)
    event = selectors.last_event(request)
    assert event is not None
    assert (request.assignee, event.acting_for) == (psi, "")


@pytest.mark.parametrize(
    ("at", "may"),
    [
        (datetime(2026, 11, 23, 23, 59, 59, tzinfo=WIB), True),
        (datetime(2026, 11, 24, 0, 0, tzinfo=WIB), False),
    ],
)
def test_standing_in_ends_at_midnight_in_aceh_of_its_last_day(psi: User, at: datetime, may: bool) -> None:
    rina = person(Role.PSI)
    request = account.claim(disposed(), by=rina, now=NOW)
    away(rina, psi)
    me = anew(psi)
    request = AccessRequest.objects.get(pk=request.pk)
    assert (policies.why_not(me, request, Action.CREATE_ACCOUNT, now=at) is None) == may
    assert selectors.waiting_for(me, at).filter(pk=request.pk).exists() == may


def test_where_the_substitute_is_away_too_the_work_is_everybodys_and_no_right_passes_on(psi: User) -> None:
    rina, budi, outsider = person(Role.PSI), person(Role.PSI), person(None)
    request = account.claim(disposed(), by=rina, now=NOW)
    away(rina, budi)
    away(budi, outsider)
    fresh = AccessRequest.objects.get(pk=request.pk)
    assert policies.taken_by(fresh, NOW) is None
    assert policies.why_not(anew(psi), fresh, Action.CLAIM, now=NOW) is None
    assert fresh in selectors.waiting_for(anew(psi), NOW)
    assert policies.authority_for(anew(outsider), fresh, TRANSITIONS[Action.CLAIM], NOW).on_behalf_of == budi


# --- who is on it --------------------------------------------------------------------------------------
def test_in_whose_hands_it_is_costs_the_same_for_one_and_for_many(psi: User) -> None:
    rina, budi = person(Role.PSI), person(Role.PSI)
    away(rina, budi)
    taken = account.claim(disposed(), by=rina, now=NOW)
    free, waiting, left = disposed(), a_request(Status.AWAITING_DISPOSITION, at=MONDAY), disposed()
    gone = person(Role.PSI)
    account.claim(left, by=gone, now=NOW)
    RoleGrant.objects.filter(user=gone).delete()
    items = list(AccessRequest.objects.select_related("assignee"))
    with CaptureQueriesContext(connection) as queries:
        hands = selectors.in_whose_hands(items, NOW)
    assert len(queries) <= 2
    assert hands[taken.pk].person == rina
    assert hands[taken.pk].substitute is not None
    assert hands[taken.pk].substitute.substitute == budi
    assert hands[free.pk].person is hands[left.pk].person is None
    assert waiting.pk not in hands
