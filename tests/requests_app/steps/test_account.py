"""SOP 3: what PSI grants and refuses, for how long, and what happens meanwhile."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import translation

from accounts.models import OutgoingMail, User
from accounts.roles import Role
from requests_app import policies, selectors
from requests_app.models import AccessRequest, RequestedItem
from requests_app.policies import Refused
from requests_app.sla import WIB
from requests_app.sop import Action, Status
from requests_app.steps import account, disposition, request_letter
from requests_app.steps.account import Granting
from requests_app.steps.move import ActedFirst
from tests.factories import DataTypeFactory, a_request, person, somebody
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
