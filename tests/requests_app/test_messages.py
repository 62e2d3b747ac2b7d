"""Whom each act tells, and with which words. The table of recipients is the SOP's, written by hand."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

import pytest
from django.conf import settings

from accounts import mail
from accounts.models import Institution, Notice, OutgoingMail, Substitution, User
from accounts.roles import Role
from requests_app.models import AccessRequest
from requests_app.sla import WIB
from requests_app.sop import TRANSITIONS, Action, Actor, Status
from requests_app.steps import account, agenda, clock, confirmation, consent, disposition, reply_letter, request_letter
from tests import factories
from webservice_accounts import handover

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=1)
UNIT_NAME = "Fakultas Ilmu & Teknologi <FIT>"
RESPONSIBLE = "Siti O'Neil & Rekan"

# Which actors the SOP has told after each act.
TOLD = {
    Action.SUBMIT: {Actor.HELPDESK, Actor.UNIT},
    Action.WITHDRAW: {Actor.HELPDESK, Actor.OWNER},
    Action.ANSWER: {Actor.PSI},
    Action.REGISTER: set(),
    Action.RETURN_TO_UNIT: {Actor.UNIT},
    Action.FORWARD: {Actor.HEAD},
    Action.DISPOSE: {Actor.PSI},
    Action.ASK_FOR_CLARIFICATION: {Actor.UNIT, Actor.HELPDESK},
    Action.REFUSE: {Actor.HELPDESK},
    Action.CANCEL_DISPOSITION: {Actor.PSI},
    Action.CLAIM: set(),
    Action.RELEASE: set(),
    Action.REASSIGN: {Actor.PSI},
    Action.ASK_UNIT: {Actor.UNIT},
    Action.ASK_OWNER: {Actor.OWNER},
    Action.ANSWER_OWNER: {Actor.PSI},
    Action.RECORD_CONSENT: {Actor.PSI},
    Action.HAND_BACK: {Actor.HEAD},
    Action.CREATE_ACCOUNT: set(),
    Action.INFORM: {Actor.RESPONSIBLE_PERSON, Actor.UNIT},
    Action.CONFIRM: {Actor.HELPDESK, Actor.PSI},
    Action.REPORT_PROBLEM: {Actor.PSI},
    Action.PROCEED_UNCONFIRMED: {Actor.HELPDESK},
    Action.SAVE_REPLY: set(),
    Action.SEND_FOR_APPROVAL: {Actor.HEAD},
    Action.RETURN_REPLY: {Actor.HELPDESK},
    Action.APPROVE_REPLY: {Actor.HELPDESK},
    Action.SEND_REPLY: {Actor.UNIT, Actor.RESPONSIBLE_PERSON},
}

# Who gets a mail when `staf`, `helpdesk`, `kepala`, `psi`, `pj` or `pemilik` (of the unit that owns the data) acts.
# `kepala` is away these days and `plh` reads their mail; `fakultas` and `biro` are the mailboxes of the units;
# `helpdesk2` and `psi2` are colleagues. An answer on paper is recorded by `psi2`, who is not the one to go on.
RECIPIENTS = {
    Action.SUBMIT: {"helpdesk", "helpdesk2", "staf", "fakultas"},
    Action.WITHDRAW: {"helpdesk", "helpdesk2"},
    Action.ANSWER: {"psi"},
    Action.REGISTER: set(),
    Action.RETURN_TO_UNIT: {"staf", "fakultas"},
    Action.FORWARD: {"plh"},
    Action.DISPOSE: {"psi", "psi2"},
    Action.ASK_FOR_CLARIFICATION: {"staf", "fakultas", "helpdesk", "helpdesk2"},
    Action.REFUSE: {"helpdesk", "helpdesk2"},
    Action.CANCEL_DISPOSITION: {"psi", "psi2"},
    Action.CLAIM: set(),
    Action.RELEASE: set(),
    Action.REASSIGN: {"psi2"},
    Action.ASK_UNIT: {"staf"},
    Action.ASK_OWNER: {"pemilik", "biro"},
    Action.ANSWER_OWNER: {"psi"},
    Action.RECORD_CONSENT: {"psi", "pemilik"},
    Action.HAND_BACK: {"plh"},
    Action.CREATE_ACCOUNT: set(),
    Action.INFORM: {"pj", "staf"},
    Action.CONFIRM: {"helpdesk", "helpdesk2", "psi"},
    Action.REPORT_PROBLEM: {"psi"},
    Action.PROCEED_UNCONFIRMED: {"helpdesk", "helpdesk2"},
    Action.SAVE_REPLY: set(),
    Action.SEND_FOR_APPROVAL: {"plh"},
    Action.RETURN_REPLY: {"helpdesk", "helpdesk2"},
    Action.APPROVE_REPLY: {"helpdesk", "helpdesk2"},
    Action.SEND_REPLY: {"staf", "fakultas", "pj"},
}

STARTS = {
    Action.SUBMIT: Status.DRAFT,
    Action.WITHDRAW: Status.SUBMITTED,
    Action.ANSWER: Status.CLARIFICATION,
    Action.REGISTER: Status.SUBMITTED,
    Action.RETURN_TO_UNIT: Status.SUBMITTED,
    Action.FORWARD: Status.REGISTERED,
    Action.DISPOSE: Status.AWAITING_DISPOSITION,
    Action.ASK_FOR_CLARIFICATION: Status.AWAITING_DISPOSITION,
    Action.REFUSE: Status.AWAITING_DISPOSITION,
    Action.CANCEL_DISPOSITION: Status.DISPOSED,
    Action.CLAIM: Status.DISPOSED,
    Action.RELEASE: Status.ACCOUNT_CREATED,
    Action.REASSIGN: Status.DISPOSED,
    Action.ASK_UNIT: Status.DISPOSED,
    Action.ASK_OWNER: Status.DISPOSED,
    Action.ANSWER_OWNER: Status.CONSENT,
    Action.RECORD_CONSENT: Status.CONSENT,
    Action.HAND_BACK: Status.DISPOSED,
    Action.CREATE_ACCOUNT: Status.DISPOSED,
    Action.INFORM: Status.ACCOUNT_CREATED,
    Action.CONFIRM: Status.INFORMED,
    Action.REPORT_PROBLEM: Status.INFORMED,
    Action.PROCEED_UNCONFIRMED: Status.INFORMED,
    Action.SAVE_REPLY: Status.REPLY_DRAFTING,
    Action.SEND_FOR_APPROVAL: Status.REPLY_DRAFTING,
    Action.RETURN_REPLY: Status.REPLY_APPROVAL,
    Action.APPROVE_REPLY: Status.REPLY_APPROVAL,
    Action.SEND_REPLY: Status.REPLY_APPROVED,
}


@dataclass
class Office:
    """Everybody who could be told, by the part of their address before the @."""

    people: dict[str, User]

    def __getitem__(self, name: str) -> User:
        return self.people[name]

    def request(self, status: Status, **fields: object) -> AccessRequest:
        """A request of `staf` in that status, with the mails of the way there thrown away."""
        words = {"person_name": RESPONSIBLE, "email": "pj@usk.ac.id", "by": self["staf"], "at": MONDAY} | fields
        request = factories.a_request(status, **words)
        OutgoingMail.objects.all().delete()
        Notice.objects.all().delete()
        return request

    def act(self, action: Action, request: AccessRequest, now: datetime = NOW) -> AccessRequest:
        """Do it as the person whose task it is."""
        acts: dict[Action, Callable[..., AccessRequest]] = {
            Action.SUBMIT: partial(request_letter.submit, by=self["staf"]),
            Action.WITHDRAW: partial(request_letter.withdraw, by=self["staf"], reason="Sudah tidak dibutuhkan."),
            Action.ANSWER: partial(request_letter.answer, by=self["staf"], text="Satu tahun."),
            Action.REGISTER: partial(
                agenda.register, registration=agenda.Registration(now.date()), by=self["helpdesk"]
            ),
            Action.RETURN_TO_UNIT: partial(
                agenda.return_to_unit, by=self["helpdesk"], reason="Surat belum ditandatangani."
            ),
            Action.FORWARD: partial(agenda.forward, by=self["helpdesk"]),
            Action.DISPOSE: partial(
                disposition.dispose, instructions=disposition.Instructions(note="Segera."), by=self["kepala"]
            ),
            Action.ASK_FOR_CLARIFICATION: partial(
                disposition.ask_for_clarification, by=self["kepala"], reason="Untuk aplikasi apa?"
            ),
            Action.REFUSE: partial(disposition.refuse, by=self["kepala"], reason="data belum tersedia"),
            Action.CANCEL_DISPOSITION: partial(disposition.cancel, by=self["kepala"]),
            Action.CLAIM: partial(account.claim, by=self["psi"]),
            Action.RELEASE: partial(account.release, by=self["psi"]),
            Action.REASSIGN: partial(account.reassign, to=self["psi2"], by=self["psi"], reason="Sedang sakit."),
            Action.ASK_UNIT: partial(account.ask_unit, by=self["psi"], question="Alamat IP mana?"),
            Action.ASK_OWNER: partial(
                consent.ask, unit=self["pemilik"].unit, by=self["psi"], question="Setujukah unit Anda?"
            ),
            Action.ANSWER_OWNER: partial(
                consent.answer, said=consent.Answer(False, "Data belum rapi."), by=self["pemilik"]
            ),
            Action.RECORD_CONSENT: partial(
                consent.record, said=consent.Answer(True, "Surat B/12."), dated=date(2026, 11, 20), by=self["psi2"]
            ),
            Action.HAND_BACK: partial(account.hand_back, by=self["psi"], reason="Tidak ada yang dapat diberikan."),
            Action.CREATE_ACCOUNT: partial(
                account.create_account, granting=account.Granting("fit-presensi", now.date()), by=self["psi"]
            ),
            Action.INFORM: partial(confirmation.inform, by=self["psi"]),
            Action.CONFIRM: self._confirm,
            Action.REPORT_PROBLEM: partial(confirmation.report_problem, by=self["pj"], problem="Selalu ditolak."),
            Action.PROCEED_UNCONFIRMED: partial(
                confirmation.proceed_unconfirmed, by=self["psi"], reason="Tidak menjawab."
            ),
            Action.SAVE_REPLY: partial(reply_letter.save, draft=DRAFT, by=self["helpdesk"]),
            Action.SEND_FOR_APPROVAL: partial(reply_letter.send_for_approval, draft=DRAFT, by=self["helpdesk"]),
            Action.RETURN_REPLY: partial(reply_letter.return_reply, by=self["kepala"], reason="Tambahkan tembusan."),
            Action.APPROVE_REPLY: partial(reply_letter.approve, by=self["kepala"]),
            Action.SEND_REPLY: partial(reply_letter.send, by=self["helpdesk"]),
        }
        return acts[action](request, now=now)

    def _confirm(self, request: AccessRequest, *, now: datetime) -> AccessRequest:
        handover.reveal(request.account, by=self["pj"], now=now)
        return confirmation.confirm(request, by=self["pj"], now=now)


DRAFT = reply_letter.Draft("Dekan", "Persetujuan akses webservice", "Permohonan Saudara disetujui.")


@pytest.fixture
def office() -> Office:
    unit = factories.UnitFactory(name=UNIT_NAME, email="fakultas@usk.ac.id")
    roles: dict[str, Role | None] = {
        "staf": Role.UNIT_STAFF,
        "helpdesk": Role.HELPDESK,
        "helpdesk2": Role.HELPDESK,
        "kepala": Role.HEAD,
        "plh": None,
        "psi": Role.PSI,
        "psi2": Role.PSI,
        "pj": None,
    }
    people = {
        name: factories.person(role, email=f"{name}@usk.ac.id", full_name=f"Orang {name}", unit=unit)
        for name, role in roles.items()
    }
    bureau = factories.UnitFactory(name="Biro Akademik", email="biro@usk.ac.id")
    people["pemilik"] = factories.person(Role.UNIT_STAFF, email="pemilik@usk.ac.id", full_name="Orang P", unit=bureau)
    factories.DataTypeFactory(owner=bureau)
    Substitution.objects.create(
        absent=people["kepala"], substitute=people["plh"], starts_on=date(2026, 11, 20), ends_on=date(2026, 11, 27)
    )
    return Office(people)


def addressees() -> set[str]:
    return {row.to.removesuffix("@usk.ac.id") for row in OutgoingMail.objects.all()}


# --- who ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("action", Action)
def test_the_table_names_those_whom_the_sop_has_told(action: Action) -> None:
    assert set(TRANSITIONS[action].tells) == TOLD[action]


@pytest.mark.parametrize("action", Action)
def test_the_right_people_get_a_mail(office: Office, action: Action) -> None:
    office.act(action, office.request(STARTS[action]))
    assert addressees() == RECIPIENTS[action]


@pytest.mark.parametrize("action", Action)
def test_whoever_has_a_login_gets_the_same_line_under_the_bell(office: Office, action: Action) -> None:
    request = office.request(STARTS[action])
    office.act(action, request)
    noticed = {notice.user.email.removesuffix("@usk.ac.id"): notice for notice in Notice.objects.all()}
    assert set(noticed) == RECIPIENTS[action] - {"fakultas", "biro"}
    for row in OutgoingMail.objects.exclude(to__in=("fakultas@usk.ac.id", "biro@usk.ac.id")):
        notice = noticed[row.to.removesuffix("@usk.ac.id")]
        assert (notice.text, notice.url) == (row.subject, request.get_absolute_url())


def test_a_paper_letter_is_confirmed_to_the_unit_and_announced_to_the_other_helpdesk(office: Office) -> None:
    office["helpdesk"].unit = factories.UnitFactory()
    office["helpdesk"].save()
    request = office.request(Status.DRAFT, paper=True, by=office["helpdesk"], unit=office["staf"].unit)
    request_letter.submit(request, by=office["helpdesk"], now=NOW)
    assert addressees() == {"helpdesk2", "staf", "fakultas"}


def test_when_the_writer_has_left_all_staff_of_the_unit_are_told(office: Office) -> None:
    factories.person(Role.UNIT_STAFF, email="staf2@usk.ac.id", unit=office["staf"].unit)
    factories.person(Role.UNIT_STAFF, email="unit-lain@usk.ac.id")
    request = office.request(Status.DISPOSED)
    office["staf"].is_active = False
    office["staf"].save()
    office.act(Action.ASK_UNIT, request)
    assert addressees() == {"staf2"}


def test_a_mailbox_that_is_a_persons_own_address_gets_one_mail(office: Office) -> None:
    office["staf"].unit.email = "Staf@usk.ac.id"
    office["staf"].unit.save()
    office.act(Action.RETURN_TO_UNIT, office.request(Status.SUBMITTED))
    assert [row.to for row in OutgoingMail.objects.all()] == ["staf@usk.ac.id"]


def test_a_unit_without_a_mailbox_is_told_through_its_writer_alone(office: Office) -> None:
    office["staf"].unit.email = ""
    office["staf"].unit.save()
    office.act(Action.RETURN_TO_UNIT, office.request(Status.SUBMITTED))
    assert addressees() == {"staf"}


def test_the_substitute_is_told_only_on_their_days(office: Office) -> None:
    request = office.request(Status.REGISTERED)
    office.act(Action.FORWARD, request, now=datetime(2026, 11, 28, 9, tzinfo=WIB))
    assert addressees() == {"kepala"}


def test_an_owner_who_need_not_answer_any_more_hears_so(office: Office) -> None:
    office.act(Action.WITHDRAW, office.request(Status.CONSENT))
    assert addressees() == {"helpdesk", "helpdesk2", "pemilik", "biro"}
    text = OutgoingMail.objects.get(to="pemilik@usk.ac.id").text
    assert "tidak perlu dijawab lagi" in text
    assert RESPONSIBLE not in text


def test_the_owner_who_answered_hears_nothing_of_a_later_withdrawal(office: Office) -> None:
    request = office.request(Status.CONSENT)
    request = office.act(Action.ANSWER_OWNER, request)
    OutgoingMail.objects.all().delete()
    office.act(Action.WITHDRAW, request)
    assert addressees() == {"helpdesk", "helpdesk2"}


def test_who_had_a_request_hears_who_has_it_now(office: Office) -> None:
    request = account.claim(office.request(Status.DISPOSED), by=office["psi"], now=NOW)
    third = factories.person(Role.PSI, email="psi3@usk.ac.id")
    account.reassign(request, third, by=office["psi2"], now=NOW, reason="Rekan sakit.")
    assert addressees() == {"psi3", "psi"}
    row = OutgoingMail.objects.get(to="psi@usk.ac.id")
    assert_is_a_letter(row, absolute(request))
    assert row.subject == f"Permohonan {request.reference} kini dikerjakan {third}"


# --- who is away -----------------------------------------------------------------------------------------
def away(absent: User, substitute: User) -> None:
    days = {"starts_on": date(2026, 11, 23), "ends_on": date(2026, 11, 24)}
    Substitution.objects.create(absent=absent, substitute=substitute, **days)


def test_the_substitute_of_who_took_a_request_hears_in_their_place(office: Office) -> None:
    request = office.request(Status.CLARIFICATION)
    away(office["psi"], office["psi2"])
    office.act(Action.ANSWER, request)
    assert addressees() == {"psi2"}


def test_of_everybody_in_a_role_those_who_are_there_hear_once_each(office: Office) -> None:
    away(office["helpdesk"], office["helpdesk2"])
    office.act(Action.SUBMIT, office.request(Status.DRAFT))
    assert addressees() == {"helpdesk2", "staf", "fakultas"}


def test_where_the_substitute_is_away_too_whoever_is_at_psi_hears(office: Office) -> None:
    request = office.request(Status.CLARIFICATION)
    third = factories.person(Role.PSI, email="psi3@usk.ac.id")
    away(office["psi"], office["psi2"])
    away(office["psi2"], third)
    office.act(Action.ANSWER, request)
    assert addressees() == {"psi", "psi3"}  # nobody is there for psi; psi3 is, also for psi2


def test_after_the_last_day_the_mails_go_to_the_person_again(office: Office) -> None:
    request = office.request(Status.CLARIFICATION)
    away(office["psi"], office["psi2"])
    office.act(Action.ANSWER, request, now=datetime(2026, 11, 25, 0, 0, tzinfo=WIB))
    assert addressees() == {"psi"}


def test_the_writer_of_a_letter_who_is_away_is_asked_through_their_substitute_of_another_unit(office: Office) -> None:
    request = office.request(Status.DISPOSED)
    away(office["staf"], office["pemilik"])
    office.act(Action.ASK_UNIT, request)
    assert addressees() == {"pemilik"}


def test_the_responsible_person_is_meant_in_person(office: Office) -> None:
    request = office.request(Status.ACCOUNT_CREATED)
    away(office["pj"], office["plh"])
    office.act(Action.INFORM, request)
    assert addressees() == {"pj", "staf"}


def test_psi_staff_who_have_left_are_not_told_alone(office: Office) -> None:
    request = office.request(Status.CLARIFICATION)
    office["psi"].is_active = False
    office["psi"].save()
    office.act(Action.ANSWER, AccessRequest.objects.get(pk=request.pk))
    assert addressees() == {"psi2"}


def test_a_draft_that_was_never_sent_is_withdrawn_in_silence(office: Office) -> None:
    office.act(Action.WITHDRAW, office.request(Status.DRAFT))
    assert addressees() == set()


def test_a_new_link_goes_to_the_responsible_person_alone(office: Office) -> None:
    confirmation.resend_link(office.request(Status.INFORMED), by=office["psi"], now=NOW)
    assert addressees() == {"pj"}


def test_those_in_copy_hear_of_the_disposition_and_of_its_end(office: Office) -> None:
    copied, left = factories.person(None, email="tembusan@usk.ac.id"), factories.person(None, is_active=False)
    request = office.request(Status.AWAITING_DISPOSITION)
    instructions = disposition.Instructions(copies=(copied, left))
    request = disposition.dispose(request, instructions, by=office["kepala"], now=NOW)
    assert addressees() == {"psi", "psi2", "tembusan"}
    OutgoingMail.objects.all().delete()
    disposition.cancel(request, by=office["kepala"], now=NOW)
    assert addressees() == {"psi", "psi2", "tembusan"}


# --- words -------------------------------------------------------------------------------------------
TELLING = [action for action in Action if RECIPIENTS[action]]
OPENINGS = {"id": "Yth. Bapak/Ibu ", "en": "Dear "}


def assert_is_a_letter(row: OutgoingMail, link: str) -> None:
    """Finished, signed, readable in a text mail, with exactly one link."""
    assert 10 < len(row.subject) < 120
    assert "\n" not in row.subject
    assert not re.search(r"[{}]|&\w+;|None|\n\n\n", f"{row.subject}\n{row.text}")
    assert row.text.startswith(OPENINGS[row.language])
    assert "UPT Teknologi Informasi dan Komunikasi\nUniversitas Syiah Kuala\n" in row.text
    assert [word for word in row.text.split() if word.startswith(settings.BASE_URL)] == [link]


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("action", TELLING)
def test_every_mail_is_a_finished_letter_in_the_readers_language(office: Office, action: Action, language: str) -> None:
    request = office.request(STARTS[action])
    User.objects.update(language=language)
    office.act(action, request)
    for row in OutgoingMail.objects.all():
        is_handover = action is Action.INFORM and row.to == "pj@usk.ac.id"
        words = row.text.split()
        link = next(word for word in words if "/serah-terima/" in word) if is_handover else absolute(request)
        if row.to in ("pemilik@usk.ac.id", "biro@usk.ac.id"):  # may see what they are asked, not the request itself
            link += "persetujuan/"
        assert row.language == ("id" if row.to in ("fakultas@usk.ac.id", "biro@usk.ac.id") else language)
        assert_is_a_letter(row, link)
        assert UNIT_NAME in row.text
        assert request.reference in row.text


def absolute(request: AccessRequest) -> str:
    return f"{settings.BASE_URL}/permohonan/{request.reference}/"


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("action", TELLING)
def test_each_reader_is_told_what_was_written_to_them(office: Office, action: Action, language: str) -> None:
    said = {
        Action.WITHDRAW: "Sudah tidak dibutuhkan.",
        Action.ANSWER: "Satu tahun.",
        Action.RETURN_TO_UNIT: "Surat belum ditandatangani.",
        Action.DISPOSE: "Segera.",
        Action.ASK_FOR_CLARIFICATION: "Untuk aplikasi apa?",
        Action.REFUSE: "data belum tersedia",
        Action.ASK_UNIT: "Alamat IP mana?",
        Action.REASSIGN: "Sedang sakit.",
        Action.ASK_OWNER: "Setujukah unit Anda?",
        Action.ANSWER_OWNER: "Data belum rapi.",
        Action.RECORD_CONSENT: "Surat B/12.",
        Action.HAND_BACK: "Tidak ada yang dapat diberikan.",
        Action.REPORT_PROBLEM: "Selalu ditolak.",
        Action.PROCEED_UNCONFIRMED: "Tidak menjawab.",
        Action.RETURN_REPLY: "Tambahkan tembusan.",
    }
    request = office.request(STARTS[action])
    User.objects.update(language=language)
    office.act(action, request)
    for row in OutgoingMail.objects.all():
        assert said.get(action, "") in row.text


# The clock of SOP 3 and 6 runs to the same time tomorrow; the five minutes of SOP 2 and 5 are held up to nobody.
DEADLINES = {
    Action.DISPOSE: ("psi", "Selasa, 24 November 2026 10.00 WIB"),
    Action.ANSWER_OWNER: ("psi", "Selasa, 24 November 2026 09.59 WIB"),  # 09.04, and 55 minutes of waiting
    Action.RECORD_CONSENT: ("psi", "Selasa, 24 November 2026 09.59 WIB"),
    Action.REFUSE: ("helpdesk", "Selasa, 24 November 2026 10.00 WIB"),
    Action.CONFIRM: ("helpdesk", "Selasa, 24 November 2026 10.00 WIB"),
    Action.PROCEED_UNCONFIRMED: ("helpdesk", "Selasa, 24 November 2026 10.00 WIB"),
}


@pytest.mark.parametrize("action", DEADLINES)
def test_whoever_is_waited_for_reads_the_absolute_deadline(office: Office, action: Action) -> None:
    reader, due = DEADLINES[action]
    office.act(action, office.request(STARTS[action]))
    assert f"  Batas waktu     : {due}\n" in OutgoingMail.objects.get(to=f"{reader}@usk.ac.id").text


def test_the_deadline_in_english(office: Office) -> None:
    User.objects.update(language="en")
    office.act(Action.DISPOSE, office.request(Status.AWAITING_DISPOSITION))
    assert "Due           : Tuesday, 24 November 2026, 10:00 WIB\n" in OutgoingMail.objects.get(to="psi@usk.ac.id").text


@pytest.mark.parametrize(
    ("action", "reader"),
    [
        (Action.FORWARD, "plh"),
        (Action.RETURN_TO_UNIT, "staf"),
        (Action.ASK_UNIT, "staf"),
        (Action.ASK_OWNER, "pemilik"),
        (Action.CONFIRM, "psi"),
        (Action.SUBMIT, "helpdesk"),
        (Action.REPORT_PROBLEM, "psi"),
    ],
)
def test_no_deadline_is_held_up_where_the_sop_sets_none_or_minutes(office: Office, action: Action, reader: str) -> None:
    office.act(action, office.request(STARTS[action]))
    assert "Batas waktu" not in OutgoingMail.objects.get(to=f"{reader}@usk.ac.id").text


# --- the account mail ----------------------------------------------------------------------------------
def test_the_account_mail_says_how_and_until_when_and_carries_no_secret(office: Office) -> None:
    request = office.request(Status.ACCOUNT_CREATED)
    office.act(Action.INFORM, request)
    text = OutgoingMail.objects.get(to="pj@usk.ac.id").text
    assert f"Nama pengguna  : {request.account.username}\n" in text
    assert "Berlaku        : 23 November 2026 s.d. 23 November 2027\n" in text
    assert "Surel ini tidak memuat kunci akses." in text
    assert "Tautan berlaku sampai Kamis, 26 November 2026 10.00 WIB" in text
    assert "mohon konfirmasi" in text
    assert "uws_" not in text
    assert re.search(rf"^{re.escape(settings.BASE_URL)}/serah-terima/uwr_\w+/$", text, re.MULTILINE)


def test_without_a_login_the_mail_goes_to_the_address_on_the_letter_in_the_name_of_the_letter(office: Office) -> None:
    office.act(Action.INFORM, office.request(Status.ACCOUNT_CREATED, email="luar@contoh.id"))
    row = OutgoingMail.objects.get(to="luar@contoh.id")
    assert row.text.startswith(f"Yth. Bapak/Ibu {RESPONSIBLE}\n")
    assert not Notice.objects.exclude(user=office["staf"]).exists()


def test_the_unit_mailbox_is_addressed_as_the_unit(office: Office) -> None:
    office.act(Action.RETURN_TO_UNIT, office.request(Status.SUBMITTED))
    assert OutgoingMail.objects.get(to="fakultas@usk.ac.id").text.startswith(f"Yth. Bapak/Ibu di {UNIT_NAME}\n")


def test_the_reply_letter_is_attached(office: Office) -> None:
    request = office.request(Status.REPLY_APPROVED)
    office.act(Action.SEND_REPLY, request)
    rows = OutgoingMail.objects.all()
    assert {(row.attachment, row.attachment_name) for row in rows} == {
        (request.reply.document.file.name, request.reply.document.display_name)
    }
    assert all(request.reply.number in row.text for row in rows)


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_copy_is_a_finished_letter_that_asks_nothing_of_its_reader(office: Office, language: str) -> None:
    copied = factories.person(None, email="tembusan@usk.ac.id", language=language)
    request = office.request(Status.AWAITING_DISPOSITION)
    instructions = disposition.Instructions(note="Mohon dicatat.", copies=(copied,))
    request = disposition.dispose(request, instructions, by=office["kepala"], now=NOW)
    disposition.cancel(request, by=office["kepala"], now=NOW)
    end, beginning = OutgoingMail.objects.filter(to="tembusan@usk.ac.id").order_by("-pk")
    assert "Mohon dicatat." in beginning.text
    for row in (beginning, end):
        assert_is_a_letter(row, absolute(request))
        assert not re.search("Batas waktu|Due  ", row.text)


# --- mails that no transition sends --------------------------------------------------------------------
# Disposed on Monday at 9.04, due on Tuesday at 9.04; half of the office time between is used at 13.49.
CLOCK = [
    (datetime(2026, 11, 23, 13, 49, tzinfo=WIB), {"psi"}),  # half
    (datetime(2026, 11, 23, 15, 34, tzinfo=WIB), {"psi"}),  # two hours before
    (datetime(2026, 11, 24, 9, 4, tzinfo=WIB), {"psi"}),  # the breach
    (datetime(2026, 11, 24, 11, 4, tzinfo=WIB), {"psi", "psi2"}),  # two hours after
    (datetime(2026, 11, 24, 14, 4, tzinfo=WIB), {"plh"}),  # four hours after, to who stands in for the head
]


@pytest.mark.parametrize("language", ["id", "en"])
def test_what_the_clock_says_is_a_finished_letter_with_the_deadline_and_who_has_it(
    office: Office, language: str
) -> None:
    request = office.request(Status.DISPOSED)
    account.claim(request, by=office["psi"], now=MONDAY + timedelta(minutes=30))
    User.objects.update(language=language)
    subjects = set()
    for at, told in CLOCK:
        OutgoingMail.objects.all().delete()
        clock.sweep(now=at)
        assert addressees() == told
        row = OutgoingMail.objects.order_by("pk")[0]
        assert_is_a_letter(row, absolute(request))
        due = {"id": "Selasa, 24 November 2026 09.04 WIB", "en": "Tuesday, 24 November 2026, 09:04 WIB"}
        since = {"id": "sejak Senin, 23 November 2026 09.04 WIB", "en": "since Monday, 23 November 2026, 09:04 WIB"}
        assert due[language] in row.text
        assert since[language] in row.text
        assert ("Orang psi" in row.text.partition("\n")[2]) == (at >= CLOCK[3][0]), "others hear who has it"
        subjects.add(row.subject)
    assert len(subjects) == 5


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_code_mail_names_the_account_and_until_when(office: Office, language: str) -> None:
    request = office.request(Status.INFORMED)
    context = {"account": request.account, "code": "482 913", "expires_at": MONDAY}
    subject, text = mail.compose("reveal_code", language=language, context=context)
    moment = {"id": "Senin, 23 November 2026 09.00 WIB", "en": "Monday, 23 November 2026, 09:00 WIB"}
    assert "482 913" not in subject
    assert {"482 913", moment[language], request.account.username} <= set(
        re.findall(rf"482 913|{re.escape(moment[language])}|{re.escape(request.account.username)}", text)
    )
    assert text.startswith(OPENINGS[language] + RESPONSIBLE)
    assert not re.search(r"[{}]|&\w+;|http", text)


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_test_mail(language: str) -> None:
    factories.the_institution()
    subject, text = mail.compose("test_mail", language=language, context={"recipient": "Yusra Rahmi"})
    row = OutgoingMail(subject=subject, text=text, language=language)
    assert_is_a_letter(row, settings.BASE_URL)


def test_the_letter_is_signed_by_the_institution_as_it_is_called_now(office: Office) -> None:
    request = office.request(Status.SUBMITTED)
    Institution.objects.update(service_unit="Direktorat Digital", signatory_title="Direktur Digital")
    office.act(Action.RETURN_TO_UNIT, request)
    assert "Hormat kami,\nDirektorat Digital\n" in OutgoingMail.objects.get(to="staf@usk.ac.id").text
