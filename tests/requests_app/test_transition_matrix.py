"""Status x action x person: who may do what when, and where it leads. Written by hand from the SOP, cell by cell.

Every cell is asked of `policies.why_not` and tried at the service that carries the action out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from accounts.models import Substitution, Unit, User
from accounts.roles import Role
from requests_app import policies
from requests_app.models import AccessRequest
from requests_app.sla import WIB
from requests_app.sop import Action, Status
from requests_app.steps import account, agenda, confirmation, consent, disposition, reply_letter, request_letter
from tests import factories
from webservice_accounts import handover

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=1)

# Who a letter in the matrix stands for.
PEOPLE = {
    "U": "staff of the unit that asks",
    "V": "staff of another unit",
    "O": "staff of the unit that owns the data",
    "H": "helpdesk",
    "K": "head (kepala)",
    "L": "the head's substitute of these days (Plh.)",
    "P": "PSI; whoever took the request where one took it",
    "Q": "PSI, a colleague",
    "A": "administrator",
    "I": "auditor (internal, reads only)",
    "R": "the responsible person, signed in, without a role",
    "W": "the responsible person without a login, proved by the mailed code",
    "N": "nobody: not signed in",
}

# Where a request can be, with what decides beside the status. Columns of the matrix, in this order.
SITUATIONS = {
    "draft": Status.DRAFT,
    "paper": Status.DRAFT,  # of a paper letter that the helpdesk enters for the unit
    "sent": Status.SUBMITTED,
    "back": Status.RETURNED,
    "agenda": Status.REGISTERED,
    "head": Status.AWAITING_DISPOSITION,
    "psi": Status.DISPOSED,  # nobody at PSI has read it
    "read": Status.DISPOSED,  # read, taken by nobody
    "taken": Status.DISPOSED,  # read and taken by P
    "ask": Status.CLARIFICATION,
    "own": Status.CONSENT,  # P asked the unit of O
    "made": Status.ACCOUNT_CREATED,  # by P, who took it
    "free": Status.ACCOUNT_CREATED,  # P gave it back to the queue
    "told": Status.INFORMED,  # and the key was opened
    "reply": Status.REPLY_DRAFTING,
    "sign": Status.REPLY_APPROVAL,
    "seal": Status.REPLY_APPROVED,
    "done": Status.FINISHED,
    "gone": Status.WITHDRAWN,
}

# A cell names everybody who may; "." is nobody.
MATRIX = """
                      draft paper sent back agenda head psi read taken ask own made free told reply sign seal done gone
submit                U     UH    .    U    .      .    .   .    .     .   .   .    .    .    .     .    .    .    .
withdraw              U     UH    U    U    U      U    U   U    U     U   U   .    .    .    .     .    .    .    .
answer                .     .     .    .    .      .    .   .    .     U   .   .    .    .    .     .    .    .    .
register              .     .     H    .    .      .    .   .    .     .   .   .    .    .    .     .    .    .    .
return_to_unit        .     .     H    .    H      .    .   .    .     .   .   .    .    .    .     .    .    .    .
forward               .     .     .    .    H      .    .   .    .     .   .   .    .    .    .     .    .    .    .
dispose               .     .     .    .    .      KL   .   .    .     .   .   .    .    .    .     .    .    .    .
ask_for_clarification .     .     .    .    .      KL   .   .    .     .   .   .    .    .    .     .    .    .    .
refuse                .     .     .    .    .      KL   .   .    .     .   .   .    .    .    .     .    .    .    .
cancel_disposition    .     .     .    .    .      .    KL  .    .     .   .   .    .    .    .     .    .    .    .
claim                 .     .     .    .    .      .    PQ  PQ   .     .   .   .    PQ   .    .     .    .    .    .
release               .     .     .    .    .      .    .   .    P     .   .   P    .    .    .     .    .    .    .
reassign              .     .     .    .    .      .    PQ  PQ   PQ    .   .   PQ   PQ   .    .     .    .    .    .
ask_unit              .     .     .    .    .      .    PQ  PQ   P     .   .   .    .    .    .     .    .    .    .
ask_owner             .     .     .    .    .      .    PQ  PQ   P     .   .   .    .    .    .     .    .    .    .
answer_owner          .     .     .    .    .      .    .   .    .     .   O   .    .    .    .     .    .    .    .
record_consent        .     .     .    .    .      .    .   .    .     .   PQ  .    .    .    .     .    .    .    .
hand_back             .     .     .    .    .      .    PQ  PQ   P     .   .   .    .    .    .     .    .    .    .
create_account        .     .     .    .    .      .    PQ  PQ   P     .   .   .    .    .    .     .    .    .    .
inform                .     .     .    .    .      .    .   .    .     .   .   P    PQ   .    .     .    .    .    .
confirm               .     .     .    .    .      .    .   .    .     .   .   .    .    RW   .     .    .    .    .
report_problem        .     .     .    .    .      .    .   .    .     .   .   .    .    RW   .     .    .    .    .
proceed_unconfirmed   .     .     .    .    .      .    .   .    .     .   .   .    .    PQ   .     .    .    .    .
save_reply            .     .     .    .    .      .    .   .    .     .   .   .    .    .    H     .    .    .    .
send_for_approval     .     .     .    .    .      .    .   .    .     .   .   .    .    .    H     .    .    .    .
return_reply          .     .     .    .    .      .    .   .    .     .   .   .    .    .    .     KL   .    .    .
approve_reply         .     .     .    .    .      .    .   .    .     .   .   .    .    .    .     KL   .    .    .
send_reply            .     .     .    .    .      .    .   .    .     .   .   .    .    .    .     .    H    .    .
"""

# Where an action that is allowed leads; None: the request stays where it is.
LEADS_TO = {
    "submit": Status.SUBMITTED,
    "withdraw": Status.WITHDRAWN,
    "answer": Status.DISPOSED,
    "register": Status.REGISTERED,
    "return_to_unit": Status.RETURNED,
    "forward": Status.AWAITING_DISPOSITION,
    "dispose": Status.DISPOSED,
    "ask_for_clarification": Status.RETURNED,
    "refuse": Status.REPLY_DRAFTING,
    "cancel_disposition": Status.AWAITING_DISPOSITION,
    "claim": None,
    "release": None,
    "reassign": None,
    "ask_unit": Status.CLARIFICATION,
    "ask_owner": Status.CONSENT,
    "answer_owner": Status.DISPOSED,
    "record_consent": Status.DISPOSED,
    "hand_back": Status.AWAITING_DISPOSITION,
    "create_account": Status.ACCOUNT_CREATED,
    "inform": Status.INFORMED,
    "confirm": Status.REPLY_DRAFTING,
    "report_problem": Status.ACCOUNT_CREATED,
    "proceed_unconfirmed": Status.REPLY_DRAFTING,
    "save_reply": None,
    "send_for_approval": Status.REPLY_APPROVAL,
    "return_reply": Status.REPLY_DRAFTING,
    "approve_reply": Status.REPLY_APPROVED,
    "send_reply": Status.FINISHED,
}

HEADER, *ROWS = [line.split() for line in MATRIX.strip().splitlines()]
CELLS = {(situation, row[0]): row[1:][at].strip(".") for row in ROWS for at, situation in enumerate(HEADER)}


# --- the services ------------------------------------------------------------------------------------------
DRAFT = reply_letter.Draft("Dekan", "Persetujuan akses webservice", "Permohonan Saudara disetujui.")


def colleague() -> User:
    """Somebody else at PSI, to whom a request can be passed."""
    return User.objects.get(email="rekan@usk.ac.id")


def owner() -> Unit:
    """The unit of O."""
    return Unit.objects.get(code="pemilik")


Act = Callable[[AccessRequest, policies.Person], object]

ACTS: dict[str, Act] = {
    "submit": lambda item, by: request_letter.submit(item, by=by, now=NOW),
    "withdraw": lambda item, by: request_letter.withdraw(item, by=by, now=NOW),
    "answer": lambda item, by: request_letter.answer(item, by=by, now=NOW, text="Satu tahun."),
    "register": lambda item, by: agenda.register(item, agenda.Registration(NOW.date()), by=by, now=NOW),
    "return_to_unit": lambda item, by: agenda.return_to_unit(item, by=by, now=NOW, reason="Surat belum lengkap."),
    "forward": lambda item, by: agenda.forward(item, by=by, now=NOW),
    "dispose": lambda item, by: disposition.dispose(item, disposition.Instructions(), by=by, now=NOW),
    "ask_for_clarification": lambda item, by: disposition.ask_for_clarification(item, by=by, now=NOW, reason="Apa?"),
    "refuse": lambda item, by: disposition.refuse(item, by=by, now=NOW, reason="belum tersedia"),
    "cancel_disposition": lambda item, by: disposition.cancel(item, by=by, now=NOW),
    "claim": lambda item, by: account.claim(item, by=by, now=NOW),
    "release": lambda item, by: account.release(item, by=by, now=NOW),
    "reassign": lambda item, by: account.reassign(item, colleague(), by=by, now=NOW, reason="Sedang sakit."),
    "ask_unit": lambda item, by: account.ask_unit(item, by=by, now=NOW, question="Alamat IP mana?"),
    "ask_owner": lambda item, by: consent.ask(item, owner(), by=by, now=NOW, question="Setuju?"),
    "answer_owner": lambda item, by: consent.answer(item, consent.Answer(True), by=by, now=NOW),
    "record_consent": lambda item, by: consent.record(item, consent.Answer(True), dated=NOW.date(), by=by, now=NOW),
    "hand_back": lambda item, by: account.hand_back(item, by=by, now=NOW, reason="Tidak ada datanya."),
    "create_account": lambda item, by: account.create_account(
        item, account.Granting("fit-presensi", NOW.date()), by=by, now=NOW
    ),
    "inform": lambda item, by: confirmation.inform(item, by=by, now=NOW),
    "confirm": lambda item, by: confirmation.confirm(item, by=by, now=NOW),
    "report_problem": lambda item, by: confirmation.report_problem(item, by=by, now=NOW, problem="Ditolak."),
    "proceed_unconfirmed": lambda item, by: confirmation.proceed_unconfirmed(item, by=by, now=NOW, reason="Diam."),
    "save_reply": lambda item, by: reply_letter.save(item, DRAFT, by=by, now=NOW),
    "send_for_approval": lambda item, by: reply_letter.send_for_approval(item, DRAFT, by=by, now=NOW),
    "return_reply": lambda item, by: reply_letter.return_reply(item, by=by, now=NOW, reason="Tambah tembusan."),
    "approve_reply": lambda item, by: reply_letter.approve(item, by=by, now=NOW),
    "send_reply": lambda item, by: reply_letter.send(item, by=by, now=NOW),
}


@dataclass
class Stage:
    """A request in one situation, and everybody who could act on it, by their letter."""

    situation: str
    item: AccessRequest
    people: dict[str, policies.Person]


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Stage:
    """Set one situation; parametrized with its name."""
    situation: str = request.param
    office, unit = factories.UnitFactory(), factories.UnitFactory()
    people: dict[str, policies.Person] = {
        "U": factories.person(Role.UNIT_STAFF, unit=unit),
        "V": factories.person(Role.UNIT_STAFF),
        "O": factories.person(Role.UNIT_STAFF, unit=factories.UnitFactory(code="pemilik")),
        "H": factories.person(Role.HELPDESK, unit=office),
        "K": factories.person(Role.HEAD, unit=office),
        "L": factories.person(None, unit=office),
        "P": factories.person(Role.PSI, unit=office),
        "Q": factories.person(Role.PSI, unit=office),
        "A": factories.person(Role.ADMINISTRATOR, unit=office),
        "I": factories.person(Role.AUDITOR, unit=office),
        "R": factories.person(None, email="pj@usk.ac.id", unit=unit),
        "N": AnonymousUser(),
    }
    factories.person(Role.PSI, email="rekan@usk.ac.id", unit=office)
    Substitution.objects.create(
        absent=people["K"], substitute=people["L"], starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 24)
    )
    is_paper = situation == "paper"
    factories.DataTypeFactory(owner=owner())
    item = factories.a_request(
        SITUATIONS[situation], at=MONDAY, unit=unit, by=people["H" if is_paper else "U"], paper=is_paper
    )
    psi = people["P"]
    if situation == "read":
        disposition.mark_read(item, by=psi, now=NOW)
    if situation == "taken":
        account.claim(item, by=psi, now=NOW)
    if situation == "free":
        account.release(item, by=psi, now=NOW)
    people["W"] = handover.ProvenHolder(item.account_id or 0, item.person_name)
    if situation == "told":
        handover.reveal(item.account, by=people["W"], now=NOW)
    return Stage(situation, AccessRequest.objects.get(pk=item.pk), people)


def test_the_matrix_says_something_of_every_status_action_and_person() -> None:
    assert list(SITUATIONS) == HEADER
    assert set(SITUATIONS.values()) == set(Status)
    assert all(len(row) == 1 + len(HEADER) for row in ROWS)
    assert sorted(row[0] for row in ROWS) == sorted(LEADS_TO) == sorted(ACTS) == sorted(Action)
    assert set("".join(CELLS.values())) <= set(PEOPLE)


def attempt(stage: Stage, action: str, letter: str) -> Status | None:
    """Where the request is after this person did it, and as if it had not been; None when they were refused."""
    try:
        with transaction.atomic():
            ACTS[action](stage.item, stage.people[letter])
            status = Status(AccessRequest.objects.get(pk=stage.item.pk).status)
            transaction.set_rollback(True)
    except policies.Refused:
        return None
    return status


def column(situation: str) -> dict[str, str]:
    """What the matrix says of one situation: action to the letters of those who may."""
    return {action: CELLS[situation, action] for action in LEADS_TO}


@pytest.mark.parametrize("stage", SITUATIONS, indirect=True)
def test_the_policy_answers_as_the_matrix_says(stage: Stage) -> None:
    said = {
        action: "".join(
            letter
            for letter in PEOPLE
            if policies.why_not(stage.people[letter], stage.item, Action(action), now=NOW) is None
        )
        for action in LEADS_TO
    }
    assert said == column(stage.situation)


@pytest.mark.parametrize("stage", SITUATIONS, indirect=True)
def test_the_services_let_in_whom_the_matrix_names_and_lead_where_it_says(stage: Stage) -> None:
    done = {
        (action, letter): status
        for action in LEADS_TO
        for letter in PEOPLE
        if (status := attempt(stage, action, letter)) is not None
    }
    assert done == {
        (action, letter): LEADS_TO[action] or SITUATIONS[stage.situation]
        for action, letters in column(stage.situation).items()
        for letter in letters
    }


@pytest.mark.parametrize("stage", SITUATIONS, indirect=True)
def test_whoever_is_refused_reads_why(stage: Stage) -> None:
    for letter, person in stage.people.items():
        for action in Action:
            reason = policies.why_not(person, stage.item, action, now=NOW)
            assert reason is None or reason.endswith("."), f"{letter} {action}"
