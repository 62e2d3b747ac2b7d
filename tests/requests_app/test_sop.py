"""The tables against the document. What is expected was copied from the SOP by hand; nothing is computed from it."""

import inspect
from datetime import date, timedelta
from types import ModuleType

import pytest

from requests_app.sla import Clock
from requests_app.sop import (
    ACCESS_YEARS,
    ACTIVITIES,
    ACTOR_LABELS,
    IDENTITY,
    NUMBERING_NOTE,
    OPEN,
    STEPS,
    TRANSITIONS,
    Action,
    Actor,
    Status,
    actions_from,
    activity,
)
from requests_app.steps import account, agenda, confirmation, consent, disposition, reply_letter, request_letter

S, A = Status, Action


# --- the front page --------------------------------------------------------------------------------
def test_the_identity_block_stands_as_in_the_document() -> None:
    assert IDENTITY.institution == "UPT TEKNOLOGI INFORMASI DAN KOMUNIKASI UNIVERSITAS SYIAH KUALA"
    assert IDENTITY.number == "POB/04/PSI/TIK/2020"
    assert IDENTITY.made_on == date(2020, 5, 12)
    assert IDENTITY.revised_on is None
    assert IDENTITY.effective_on == date(2020, 5, 12)
    assert IDENTITY.approved_by_office == "KEPALA UPT TEKNOLOGI INFORMASI DAN KOMUNIKASI"
    assert IDENTITY.approved_by_name == "DR. NIZAMUDDIN, M.INFO.SC."
    assert IDENTITY.approved_by_nip == "197108241996031001"
    assert IDENTITY.title == "PENGLOLAAN WEBSERVICE"
    assert IDENTITY.legal_basis == (
        (
            "Permenristekdikti RI Nomor 48 Tahun 2015 sebagaimana telah diubah dengan Nomor 124 Tahun 2016 "
            "tentang Organisasi dan Tata Kerja Universitas Syiah Kuala;"
        ),
        "Permenristekdikti RI Nomor 99 Tahun 2016 tentang Statuta Universitas Syiah Kuala;",
        (
            "Permenristekdikti RI Nomor 71 Tahun 2017 tentang Pedoman Penyusunan Dan Evaluasi Peta Proses Bisnis "
            "dan Standar Operasional Prosedur di Lingkungan Kementerian Riset, Teknologi, dan Pendidikan Tinggi;"
        ),
        "UU No 11 Tahun 2008 tentang Informasi dan Transaksi Elektronik;",
        "SNI ISO 9001:2015, ISO 27001:2013 dan 20000-1:2018.",
    )
    assert IDENTITY.qualifications == (
        "Menguasai bahasa pemrograman dan database;",
        "Menguasai dokumentasi sistem informasi;",
    )
    assert IDENTITY.related == ()
    assert IDENTITY.equipment == ("Komputer/Laptop", "Jaringan Internet")
    assert IDENTITY.warning == "Apabila tidak dilaksanakan, maka tidak akan tercipta tertib administrasi."
    assert IDENTITY.records == "Disimpan sebagai data elektronik dan manual"


# --- the flowchart's rows ------------------------------------------------------------------------------
PRINTED_ROWS = {
    "1": (
        (
            "Unit kerja mengirim surat permohonan dengan menyertakan Nama, NIP, NoTelpon, Email penanggung jawab, "
            "dan jenis data yang dibutuhkan"
        ),
        Actor.UNIT,
        "Surat permohonan",
        "5 menit",
        "Hardcopy/ Softcopy",
    ),
    "2": (
        (
            "Divisi Administrasi/Helpdesk mengagendakan surat permohonan webservice melalui PLO kepada Pimpinan "
            "untuk dapat didisposisi ke tim terkait"
        ),
        Actor.HELPDESK,
        "Surat permohonan",
        "5 menit",
        "Softcopy",
    ),
    "3": (
        "Divisi PSI menambah akun penanggung jawab dan menambah waktu akses selama 1 tahun",
        Actor.PSI,
        "",
        "1 x 24 jam hari kerja",
        "",
    ),
    "5": (
        (
            "Divisi PSI menginformasikan dan mengkonfirmasi akun akses webservice atas hasil pelaksanaan tugas "
            "melalui PLO."
        ),
        Actor.PSI,
        "Akun webservice",
        "5 menit",
        "Softcopy",
    ),
    "6": (
        "Sesuai arahan pimpinan, divisi administrasi/ hepldesk akan menyiapkan surat balasan ke unit kerja terkait.",
        Actor.HELPDESK,
        "Surat balasan",
        "1 x 24 jam hari kerja",
        "Softcopy",
    ),
}


def test_the_rows_carry_the_numbers_as_printed_with_the_disposition_between_2_and_3() -> None:
    assert [row.number for row in ACTIVITIES] == ["1", "2", "", "3", "5", "6"]


@pytest.mark.parametrize("number", PRINTED_ROWS)
def test_a_row_says_what_the_document_says(number: str) -> None:
    row = activity(number)
    assert (row.text, row.actor, row.required, row.printed_time, row.output) == PRINTED_ROWS[number]


def test_the_disposition_has_neither_number_nor_time_and_a_note_says_so() -> None:
    row = activity("")
    assert (row.actor, row.required, row.printed_time, row.output) == (Actor.HEAD, "", "", "")
    assert "Nomor 4 tidak tercantum" in NUMBERING_NOTE


def test_access_is_for_one_year() -> None:
    assert ACCESS_YEARS == 1


# --- statuses ------------------------------------------------------------------------------------------------
MINUTES, DAY = (Clock.OFFICE_HOURS, timedelta(minutes=5)), (Clock.WORKING_DAYS, timedelta(hours=24))
NO_TIME = (Clock.NONE, None)

# status: SOP row, who is waited for, the clock
PLACES = {
    S.DRAFT: ("1", Actor.UNIT, NO_TIME),
    S.SUBMITTED: ("2", Actor.HELPDESK, MINUTES),
    S.RETURNED: ("1", Actor.UNIT, NO_TIME),
    S.REGISTERED: ("2", Actor.HELPDESK, MINUTES),
    S.AWAITING_DISPOSITION: ("", Actor.HEAD, NO_TIME),
    S.DISPOSED: ("3", Actor.PSI, DAY),
    S.CLARIFICATION: ("3", Actor.UNIT, NO_TIME),
    S.CONSENT: ("3", Actor.OWNER, NO_TIME),
    S.ACCOUNT_CREATED: ("5", Actor.PSI, MINUTES),
    S.INFORMED: ("5", Actor.RESPONSIBLE_PERSON, NO_TIME),
    S.REPLY_DRAFTING: ("6", Actor.HELPDESK, DAY),
    S.REPLY_APPROVAL: ("6", Actor.HEAD, DAY),
    S.REPLY_APPROVED: ("6", Actor.HELPDESK, DAY),
    S.FINISHED: (None, None, NO_TIME),
    S.WITHDRAWN: (None, None, NO_TIME),
}


def test_every_status_has_a_step() -> None:
    assert set(STEPS) == set(PLACES) == set(Status)


@pytest.mark.parametrize("status", Status)
def test_a_status_belongs_to_its_row_waits_for_one_actor_and_runs_the_sops_time(status: Status) -> None:
    step = STEPS[status]
    assert step.status is status
    assert (step.number, step.waits_for, (step.clock, step.standard)) == PLACES[status]


def test_only_waiting_for_a_unit_stops_the_clock() -> None:
    assert {status for status, step in STEPS.items() if step.pauses} == {S.RETURNED, S.CLARIFICATION, S.CONSENT}


def test_all_but_the_two_ends_are_open() -> None:
    assert set(Status) - {S.FINISHED, S.WITHDRAWN} == OPEN


@pytest.mark.parametrize("status", Status)
def test_every_step_has_a_label_for_the_office_and_one_for_the_applicant(status: Status) -> None:
    assert STEPS[status].label.strip()
    assert STEPS[status].applicant_label.strip()


def test_every_actor_has_a_name() -> None:
    assert all(ACTOR_LABELS[actor].strip() for actor in Actor)


# --- moves ---------------------------------------------------------------------------------------------------------
STAYS = "stays where it is"

# What each status allows, and where it leads.
MATRIX: dict[Status, dict[Action, Status | str]] = {
    S.DRAFT: {A.SUBMIT: S.SUBMITTED, A.WITHDRAW: S.WITHDRAWN},
    S.SUBMITTED: {A.REGISTER: S.REGISTERED, A.RETURN_TO_UNIT: S.RETURNED, A.WITHDRAW: S.WITHDRAWN},
    S.RETURNED: {A.SUBMIT: S.SUBMITTED, A.WITHDRAW: S.WITHDRAWN},
    S.REGISTERED: {A.FORWARD: S.AWAITING_DISPOSITION, A.RETURN_TO_UNIT: S.RETURNED, A.WITHDRAW: S.WITHDRAWN},
    S.AWAITING_DISPOSITION: {
        A.DISPOSE: S.DISPOSED,
        A.ASK_FOR_CLARIFICATION: S.RETURNED,
        A.REFUSE: S.REPLY_DRAFTING,
        A.WITHDRAW: S.WITHDRAWN,
    },
    S.DISPOSED: {
        A.CLAIM: STAYS,
        A.RELEASE: STAYS,
        A.REASSIGN: STAYS,
        A.ASK_OWNER: S.CONSENT,
        A.CREATE_ACCOUNT: S.ACCOUNT_CREATED,
        A.ASK_UNIT: S.CLARIFICATION,
        A.HAND_BACK: S.AWAITING_DISPOSITION,
        A.CANCEL_DISPOSITION: S.AWAITING_DISPOSITION,
        A.WITHDRAW: S.WITHDRAWN,
    },
    S.CLARIFICATION: {A.ANSWER: S.DISPOSED, A.WITHDRAW: S.WITHDRAWN},
    S.CONSENT: {A.ANSWER_OWNER: S.DISPOSED, A.RECORD_CONSENT: S.DISPOSED, A.WITHDRAW: S.WITHDRAWN},
    S.ACCOUNT_CREATED: {A.CLAIM: STAYS, A.RELEASE: STAYS, A.REASSIGN: STAYS, A.INFORM: S.INFORMED},
    S.INFORMED: {
        A.CONFIRM: S.REPLY_DRAFTING,
        A.REPORT_PROBLEM: S.ACCOUNT_CREATED,
        A.PROCEED_UNCONFIRMED: S.REPLY_DRAFTING,
    },
    S.REPLY_DRAFTING: {A.SAVE_REPLY: STAYS, A.SEND_FOR_APPROVAL: S.REPLY_APPROVAL},
    S.REPLY_APPROVAL: {A.APPROVE_REPLY: S.REPLY_APPROVED, A.RETURN_REPLY: S.REPLY_DRAFTING},
    S.REPLY_APPROVED: {A.SEND_REPLY: S.FINISHED},
    S.FINISHED: {},
    S.WITHDRAWN: {},
}

# Whose act it is.
ACTORS = {
    A.SUBMIT: Actor.UNIT,
    A.WITHDRAW: Actor.UNIT,
    A.ANSWER: Actor.UNIT,
    A.REGISTER: Actor.HELPDESK,
    A.RETURN_TO_UNIT: Actor.HELPDESK,
    A.FORWARD: Actor.HELPDESK,
    A.DISPOSE: Actor.HEAD,
    A.ASK_FOR_CLARIFICATION: Actor.HEAD,
    A.REFUSE: Actor.HEAD,
    A.CANCEL_DISPOSITION: Actor.HEAD,
    A.CLAIM: Actor.PSI,
    A.RELEASE: Actor.PSI,
    A.REASSIGN: Actor.PSI,
    A.ASK_OWNER: Actor.PSI,
    A.ANSWER_OWNER: Actor.OWNER,
    A.RECORD_CONSENT: Actor.PSI,
    A.ASK_UNIT: Actor.PSI,
    A.HAND_BACK: Actor.PSI,
    A.CREATE_ACCOUNT: Actor.PSI,
    A.INFORM: Actor.PSI,
    A.CONFIRM: Actor.RESPONSIBLE_PERSON,
    A.REPORT_PROBLEM: Actor.RESPONSIBLE_PERSON,
    A.PROCEED_UNCONFIRMED: Actor.PSI,
    A.SAVE_REPLY: Actor.HELPDESK,
    A.SEND_FOR_APPROVAL: Actor.HELPDESK,
    A.RETURN_REPLY: Actor.HEAD,
    A.APPROVE_REPLY: Actor.HEAD,
    A.SEND_REPLY: Actor.HELPDESK,
}

# The function that carries it out.
DOORS: dict[Action, tuple[ModuleType, str]] = {
    A.SUBMIT: (request_letter, "submit"),
    A.WITHDRAW: (request_letter, "withdraw"),
    A.ANSWER: (request_letter, "answer"),
    A.REGISTER: (agenda, "register"),
    A.RETURN_TO_UNIT: (agenda, "return_to_unit"),
    A.FORWARD: (agenda, "forward"),
    A.DISPOSE: (disposition, "dispose"),
    A.ASK_FOR_CLARIFICATION: (disposition, "ask_for_clarification"),
    A.REFUSE: (disposition, "refuse"),
    A.CANCEL_DISPOSITION: (disposition, "cancel"),
    A.CLAIM: (account, "claim"),
    A.RELEASE: (account, "release"),
    A.REASSIGN: (account, "reassign"),
    A.ASK_OWNER: (consent, "ask"),
    A.ANSWER_OWNER: (consent, "answer"),
    A.RECORD_CONSENT: (consent, "record"),
    A.ASK_UNIT: (account, "ask_unit"),
    A.HAND_BACK: (account, "hand_back"),
    A.CREATE_ACCOUNT: (account, "create_account"),
    A.INFORM: (confirmation, "inform"),
    A.CONFIRM: (confirmation, "confirm"),
    A.REPORT_PROBLEM: (confirmation, "report_problem"),
    A.PROCEED_UNCONFIRMED: (confirmation, "proceed_unconfirmed"),
    A.SAVE_REPLY: (reply_letter, "save"),
    A.SEND_FOR_APPROVAL: (reply_letter, "send_for_approval"),
    A.RETURN_REPLY: (reply_letter, "return_reply"),
    A.APPROVE_REPLY: (reply_letter, "approve"),
    A.SEND_REPLY: (reply_letter, "send"),
}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("status", Status)
def test_where_an_action_leads_from_a_status(status: Status, action: Action) -> None:
    row = TRANSITIONS[action]
    allowed = row.action is action and status in row.sources
    leads_to = (row.target or STAYS) if allowed else None
    assert leads_to == MATRIX[status].get(action)


@pytest.mark.parametrize("status", Status)
def test_the_actions_of_a_status_are_those_of_the_matrix(status: Status) -> None:
    assert {row.action for row in actions_from(status)} == set(MATRIX[status])


@pytest.mark.parametrize("action", Action)
def test_whose_act_it_is(action: Action) -> None:
    assert TRANSITIONS[action].actor is ACTORS[action]


@pytest.mark.parametrize("action", Action)
def test_an_action_is_carried_out_by_one_function_that_is_told_who_and_when(action: Action) -> None:
    module, name = DOORS[action]
    parameters = inspect.signature(getattr(module, name)).parameters
    assert parameters["by"].kind is inspect.Parameter.KEYWORD_ONLY
    assert parameters["now"].kind is inspect.Parameter.KEYWORD_ONLY
    assert f"Action.{action.name}" in inspect.getsource(getattr(module, name))


@pytest.mark.parametrize("action", Action)
def test_an_action_has_a_button_and_a_sentence_about_its_actor(action: Action) -> None:
    row = TRANSITIONS[action]
    assert row.button.strip()
    assert row.sentence.startswith("{actor} ")
    assert row.sentence.strip().endswith((".", "}"))


def test_from_every_open_status_the_end_can_be_reached() -> None:
    ways = {status: {to for to in row.values() if isinstance(to, Status)} for status, row in MATRIX.items()}
    arrives = {S.FINISHED}
    while more := {status for status, targets in ways.items() if targets & arrives} - arrives:
        arrives |= more
    assert arrives == set(Status) - {S.WITHDRAWN}


def test_every_status_can_be_reached_from_a_draft() -> None:
    reached = {S.DRAFT}
    while more := {to for status in reached for to in MATRIX[status].values() if isinstance(to, Status)} - reached:
        reached |= more
    assert reached == set(Status)


def test_nothing_leaves_the_two_ends() -> None:
    assert actions_from(S.FINISHED) == actions_from(S.WITHDRAWN) == ()


def test_the_unit_can_withdraw_until_the_account_exists() -> None:
    assert set(TRANSITIONS[A.WITHDRAW].sources) == {
        S.DRAFT,
        S.SUBMITTED,
        S.RETURNED,
        S.REGISTERED,
        S.AWAITING_DISPOSITION,
        S.DISPOSED,
        S.CLARIFICATION,
        S.CONSENT,
    }


def test_no_two_buttons_of_one_status_read_the_same() -> None:
    for status in Status:
        buttons = [row.button for row in actions_from(status)]
        assert len(buttons) == len(set(buttons))
