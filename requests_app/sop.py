"""POB/04/PSI/TIK/2020, "Penglolaan Webservice", as the tables everything is derived from.

`IDENTITY` is the document's own front page, word for word. `ACTIVITIES` are the rows
of its flowchart with the numbers as printed (1, 2, 3, 5, 6; the document prints no
number 4, and the head's disposition has no row of its own). `STEPS` say what it is to
*be* somewhere; `TRANSITIONS` how one *moves*. Buttons, inboxes, clocks, the SOP page
and `docs/sop.md` come from here and are repeated nowhere.

Pure Python: no Django, no clock. Guards and effects are not in the table but in the
one function of `steps/` that carries the action's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from accounts.wording import N_
from requests_app.sla import Clock


# --- the document ---------------------------------------------------------------
@dataclass(frozen=True)
class Identity:
    """The identity block (Bagian Identitas, PermenPANRB 35/2012), spelled as in the document."""

    institution: str
    number: str
    made_on: date
    revised_on: date | None
    effective_on: date
    approved_by_office: str
    approved_by_name: str
    approved_by_nip: str
    title: str
    legal_basis: tuple[str, ...]
    qualifications: tuple[str, ...]
    related: tuple[str, ...]
    equipment: tuple[str, ...]
    warning: str
    records: str


IDENTITY = Identity(
    institution="UPT TEKNOLOGI INFORMASI DAN KOMUNIKASI UNIVERSITAS SYIAH KUALA",
    number="POB/04/PSI/TIK/2020",
    made_on=date(2020, 5, 12),
    revised_on=None,
    effective_on=date(2020, 5, 12),
    approved_by_office="KEPALA UPT TEKNOLOGI INFORMASI DAN KOMUNIKASI",
    approved_by_name="DR. NIZAMUDDIN, M.INFO.SC.",
    approved_by_nip="197108241996031001",
    title="PENGLOLAAN WEBSERVICE",
    legal_basis=(
        (
            "Permenristekdikti RI Nomor 48 Tahun 2015 sebagaimana telah diubah dengan Nomor 124 Tahun 2016 "
            "tentang Organisasi dan Tata Kerja Universitas Syiah Kuala;"
        ),
        "Permenristekdikti RI Nomor 99 Tahun 2016 tentang Statuta Universitas Syiah Kuala;",
        (
            "Permenristekdikti RI Nomor 71 Tahun 2017 tentang Pedoman Penyusunan Dan Evaluasi Peta Proses Bisnis dan "
            "Standar Operasional Prosedur di Lingkungan Kementerian Riset, Teknologi, dan Pendidikan Tinggi;"
        ),
        "UU No 11 Tahun 2008 tentang Informasi dan Transaksi Elektronik;",
        "SNI ISO 9001:2015, ISO 27001:2013 dan 20000-1:2018.",
    ),
    qualifications=(
        "Menguasai bahasa pemrograman dan database;",
        "Menguasai dokumentasi sistem informasi;",
    ),
    related=(),
    equipment=("Komputer/Laptop", "Jaringan Internet"),
    warning="Apabila tidak dilaksanakan, maka tidak akan tercipta tertib administrasi.",
    records="Disimpan sebagai data elektronik dan manual",
)


class Actor(StrEnum):
    """The columns of the SOP's flowchart, the responsible person whom row 5 names, and the unit that owns data."""

    UNIT = "unit"
    HELPDESK = "helpdesk"
    HEAD = "head"
    PSI = "psi"
    RESPONSIBLE_PERSON = "responsible_person"
    OWNER = "owner"


ACTOR_LABELS: Mapping[Actor, str] = {
    Actor.UNIT: N_("Unit kerja"),
    Actor.HELPDESK: N_("Admin/Helpdesk"),
    Actor.HEAD: N_("Kepala UPT TIK"),
    Actor.PSI: N_("Divisi PSI"),
    Actor.RESPONSIBLE_PERSON: N_("Penanggung jawab"),
    Actor.OWNER: N_("Unit pemilik data"),
}


@dataclass(frozen=True)
class Activity:
    """One row of the SOP's flowchart; `number` is what the document prints, "" where it prints none."""

    number: str
    text: str
    actor: Actor
    required: str
    printed_time: str
    output: str
    short: str
    """What the progress line calls it."""


ACTIVITIES: tuple[Activity, ...] = (
    Activity(
        "1",
        "Unit kerja mengirim surat permohonan dengan menyertakan Nama, NIP, NoTelpon, Email penanggung jawab, "
        "dan jenis data yang dibutuhkan",
        Actor.UNIT,
        "Surat permohonan",
        "5 menit",
        "Hardcopy/ Softcopy",
        N_("Surat permohonan"),
    ),
    Activity(
        "2",
        "Divisi Administrasi/Helpdesk mengagendakan surat permohonan webservice melalui PLO kepada Pimpinan "
        "untuk dapat didisposisi ke tim terkait",
        Actor.HELPDESK,
        "Surat permohonan",
        "5 menit",
        "Softcopy",
        N_("Agenda"),
    ),
    Activity("", "Disposisi Pimpinan ke tim terkait", Actor.HEAD, "", "", "", N_("Disposisi")),
    Activity(
        "3",
        "Divisi PSI menambah akun penanggung jawab dan menambah waktu akses selama 1 tahun",
        Actor.PSI,
        "",
        "1 x 24 jam hari kerja",
        "",
        N_("Akun"),
    ),
    Activity(
        "5",
        "Divisi PSI menginformasikan dan mengkonfirmasi akun akses webservice atas hasil pelaksanaan tugas "
        "melalui PLO.",
        Actor.PSI,
        "Akun webservice",
        "5 menit",
        "Softcopy",
        N_("Informasi dan konfirmasi"),
    ),
    Activity(
        "6",
        "Sesuai arahan pimpinan, divisi administrasi/ hepldesk akan menyiapkan surat balasan ke unit kerja terkait.",
        Actor.HELPDESK,
        "Surat balasan",
        "1 x 24 jam hari kerja",
        "Softcopy",
        N_("Surat balasan"),
    ),
)
NUMBERING_NOTE = N_("Nomor 4 tidak tercantum pada SOP; disposisi Pimpinan tidak bernomor dan tidak berwaktu baku.")

FIVE_MINUTES = timedelta(minutes=5)
ONE_WORKING_DAY = timedelta(hours=24)
ACCESS_YEARS = 1


# --- where a request can be -------------------------------------------------------
class Status(StrEnum):
    """Every state of a request; what each means stands in `STEPS`."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    REGISTERED = "registered"
    AWAITING_DISPOSITION = "awaiting_disposition"
    DISPOSED = "disposed"
    CLARIFICATION = "clarification"
    CONSENT = "consent"
    ACCOUNT_CREATED = "account_created"
    INFORMED = "informed"
    REPLY_DRAFTING = "reply_drafting"
    REPLY_APPROVAL = "reply_approval"
    REPLY_APPROVED = "reply_approved"
    FINISHED = "finished"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Step:
    """What it is to be in a status.

    `number` is the SOP row it belongs to, None after the end; `standard` is None where
    the SOP sets no time.
    Consecutive stays in the same SOP row share one clock. `pauses` stops the clock of the
    row it interrupts: the unit, or the one that owns the data, is waited for.
    """

    status: Status
    number: str | None
    waits_for: Actor | None
    label: str
    applicant_label: str
    clock: Clock = Clock.NONE
    standard: timedelta | None = None
    pauses: bool = False


STEPS: Mapping[Status, Step] = {
    step.status: step
    for step in (
        Step(Status.DRAFT, "1", Actor.UNIT, N_("Draf"), N_("Draf, belum dikirim")),
        Step(
            Status.SUBMITTED,
            "2",
            Actor.HELPDESK,
            N_("Perlu diagendakan"),
            N_("Menunggu diagendakan Admin/Helpdesk"),
            Clock.OFFICE_HOURS,
            FIVE_MINUTES,
        ),
        Step(
            Status.RETURNED,
            "1",
            Actor.UNIT,
            N_("Dikembalikan ke unit"),
            N_("Perlu Anda lengkapi"),
            pauses=True,
        ),
        Step(
            Status.REGISTERED,
            "2",
            Actor.HELPDESK,
            N_("Diagendakan, perlu diteruskan"),
            N_("Sudah diagendakan, akan diteruskan ke Pimpinan"),
            Clock.OFFICE_HOURS,
            FIVE_MINUTES,
        ),
        Step(
            Status.AWAITING_DISPOSITION,
            "",
            Actor.HEAD,
            N_("Menunggu disposisi"),
            N_("Menunggu disposisi Kepala UPT TIK"),
        ),
        Step(
            Status.DISPOSED,
            "3",
            Actor.PSI,
            N_("Akun perlu dibuat"),
            N_("Akun sedang disiapkan Divisi PSI"),
            Clock.WORKING_DAYS,
            ONE_WORKING_DAY,
        ),
        Step(
            Status.CLARIFICATION,
            "3",
            Actor.UNIT,
            N_("Menunggu penjelasan unit"),
            N_("Divisi PSI menunggu penjelasan Anda"),
            pauses=True,
        ),
        Step(
            Status.CONSENT,
            "3",
            Actor.OWNER,
            N_("Menunggu persetujuan unit pemilik data"),
            N_("Menunggu persetujuan unit pemilik data"),
            pauses=True,
        ),
        Step(
            Status.ACCOUNT_CREATED,
            "5",
            Actor.PSI,
            N_("Akun perlu diinformasikan"),
            N_("Akun sudah dibuat, akan diinformasikan"),
            Clock.OFFICE_HOURS,
            FIVE_MINUTES,
        ),
        Step(
            Status.INFORMED,
            "5",
            Actor.RESPONSIBLE_PERSON,
            N_("Menunggu konfirmasi penanggung jawab"),
            N_("Menunggu konfirmasi penanggung jawab"),
        ),
        Step(
            Status.REPLY_DRAFTING,
            "6",
            Actor.HELPDESK,
            N_("Surat balasan perlu disiapkan"),
            N_("Surat balasan sedang disiapkan"),
            Clock.WORKING_DAYS,
            ONE_WORKING_DAY,
        ),
        Step(
            Status.REPLY_APPROVAL,
            "6",
            Actor.HEAD,
            N_("Surat balasan menunggu persetujuan"),
            N_("Surat balasan menunggu persetujuan Kepala UPT TIK"),
            Clock.WORKING_DAYS,
            ONE_WORKING_DAY,
        ),
        Step(
            Status.REPLY_APPROVED,
            "6",
            Actor.HELPDESK,
            N_("Surat balasan perlu dikirim"),
            N_("Surat balasan akan dikirim"),
            Clock.WORKING_DAYS,
            ONE_WORKING_DAY,
        ),
        Step(Status.FINISHED, None, None, N_("Selesai"), N_("Selesai")),
        Step(Status.WITHDRAWN, None, None, N_("Dibatalkan"), N_("Dibatalkan")),
    )
}

OPEN = frozenset(STEPS) - {Status.FINISHED, Status.WITHDRAWN}
"""Statuses in which somebody is still waited for."""


# --- how it moves -------------------------------------------------------------------
class Action(StrEnum):
    """Every act on a request; each names the function of `steps/` that carries it out."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    ANSWER = "answer"
    REGISTER = "register"
    RETURN_TO_UNIT = "return_to_unit"
    FORWARD = "forward"
    DISPOSE = "dispose"
    ASK_FOR_CLARIFICATION = "ask_for_clarification"
    REFUSE = "refuse"
    CANCEL_DISPOSITION = "cancel_disposition"
    CLAIM = "claim"
    RELEASE = "release"
    REASSIGN = "reassign"
    ASK_UNIT = "ask_unit"
    ASK_OWNER = "ask_owner"
    ANSWER_OWNER = "answer_owner"
    RECORD_CONSENT = "record_consent"
    HAND_BACK = "hand_back"
    CREATE_ACCOUNT = "create_account"
    INFORM = "inform"
    CONFIRM = "confirm"
    REPORT_PROBLEM = "report_problem"
    PROCEED_UNCONFIRMED = "proceed_unconfirmed"
    SAVE_REPLY = "save_reply"
    SEND_FOR_APPROVAL = "send_for_approval"
    RETURN_REPLY = "return_reply"
    APPROVE_REPLY = "approve_reply"
    SEND_REPLY = "send_reply"


@dataclass(frozen=True)
class Transition:
    """One way to move. `target` None: the request stays where it is.

    `sentence` is the timeline's, said of `{actor}`; `tells` are those who get a notice
    and the mail `templates/emails/<language>/<action>.txt`.
    """

    action: Action
    sources: tuple[Status, ...]
    target: Status | None
    actor: Actor
    button: str
    sentence: str
    tells: tuple[Actor, ...] = ()


_S, _A = Status, Actor

TRANSITIONS: Mapping[Action, Transition] = {
    row.action: row
    for row in (
        Transition(
            Action.SUBMIT,
            (_S.DRAFT, _S.RETURNED),
            _S.SUBMITTED,
            _A.UNIT,
            N_("Kirim permohonan"),
            N_("{actor} mengirim surat permohonan."),
            (_A.HELPDESK, _A.UNIT),
        ),
        Transition(
            Action.WITHDRAW,
            (
                _S.DRAFT,
                _S.SUBMITTED,
                _S.RETURNED,
                _S.REGISTERED,
                _S.AWAITING_DISPOSITION,
                _S.DISPOSED,
                _S.CLARIFICATION,
                _S.CONSENT,
            ),
            _S.WITHDRAWN,
            _A.UNIT,
            N_("Batalkan permohonan"),
            N_("{actor} membatalkan permohonan."),
            (_A.HELPDESK, _A.OWNER),
        ),
        Transition(
            Action.REGISTER,
            (_S.SUBMITTED,),
            _S.REGISTERED,
            _A.HELPDESK,
            N_("Agendakan"),
            N_("{actor} mengagendakan surat dengan nomor agenda {number}."),
        ),
        Transition(
            Action.RETURN_TO_UNIT,
            (_S.SUBMITTED, _S.REGISTERED),
            _S.RETURNED,
            _A.HELPDESK,
            N_("Kembalikan ke unit"),
            N_("{actor} mengembalikan permohonan untuk dilengkapi: {reason}"),
            (_A.UNIT,),
        ),
        Transition(
            Action.FORWARD,
            (_S.REGISTERED,),
            _S.AWAITING_DISPOSITION,
            _A.HELPDESK,
            N_("Teruskan ke Kepala"),
            N_("{actor} meneruskan surat kepada Kepala UPT TIK."),
            (_A.HEAD,),
        ),
        Transition(
            Action.DISPOSE,
            (_S.AWAITING_DISPOSITION,),
            _S.DISPOSED,
            _A.HEAD,
            N_("Disposisikan"),
            N_("{actor} mendisposisikan permohonan kepada Divisi PSI: {reason}"),
            (_A.PSI,),
        ),
        Transition(
            Action.ASK_FOR_CLARIFICATION,
            (_S.AWAITING_DISPOSITION,),
            _S.RETURNED,
            _A.HEAD,
            N_("Kembalikan"),
            N_("{actor} meminta penjelasan unit: {reason}"),
            (_A.UNIT, _A.HELPDESK),
        ),
        Transition(
            Action.REFUSE,
            (_S.AWAITING_DISPOSITION,),
            _S.REPLY_DRAFTING,
            _A.HEAD,
            N_("Belum dapat dipenuhi"),
            N_("{actor} menyatakan permohonan belum dapat dipenuhi: {reason}"),
            (_A.HELPDESK,),
        ),
        Transition(
            Action.CANCEL_DISPOSITION,
            (_S.DISPOSED,),
            _S.AWAITING_DISPOSITION,
            _A.HEAD,
            N_("Batalkan disposisi"),
            N_("{actor} membatalkan disposisi yang belum dibaca."),
            (_A.PSI,),
        ),
        Transition(
            Action.CLAIM,
            (_S.DISPOSED, _S.ACCOUNT_CREATED),
            None,
            _A.PSI,
            N_("Ambil"),
            N_("{actor} mengambil permohonan ini untuk dikerjakan."),
        ),
        Transition(
            Action.RELEASE,
            (_S.DISPOSED, _S.ACCOUNT_CREATED),
            None,
            _A.PSI,
            N_("Lepaskan"),
            N_("{actor} melepaskan permohonan ini kembali ke antrean."),
        ),
        Transition(
            Action.REASSIGN,
            (_S.DISPOSED, _S.ACCOUNT_CREATED),
            None,
            _A.PSI,
            N_("Alihkan"),
            N_("{actor} mengalihkan permohonan ini kepada {name}: {reason}"),
            (_A.PSI,),
        ),
        Transition(
            Action.ASK_UNIT,
            (_S.DISPOSED,),
            _S.CLARIFICATION,
            _A.PSI,
            N_("Tanyakan ke unit"),
            N_("{actor} bertanya kepada unit: {reason}"),
            (_A.UNIT,),
        ),
        Transition(
            Action.ANSWER,
            (_S.CLARIFICATION,),
            _S.DISPOSED,
            _A.UNIT,
            N_("Kirim jawaban"),
            N_("{actor} menjawab: {reason}"),
            (_A.PSI,),
        ),
        Transition(
            Action.ASK_OWNER,
            (_S.DISPOSED,),
            _S.CONSENT,
            _A.PSI,
            N_("Minta persetujuan pemilik data"),
            N_("{actor} meminta persetujuan {unit}."),
            (_A.OWNER,),
        ),
        Transition(
            Action.ANSWER_OWNER,
            (_S.CONSENT,),
            _S.DISPOSED,
            _A.OWNER,
            N_("Kirim jawaban"),
            N_("{actor} menjawab untuk {unit}: setuju."),
            (_A.PSI,),
        ),
        Transition(
            Action.RECORD_CONSENT,
            (_S.CONSENT,),
            _S.DISPOSED,
            _A.PSI,
            N_("Catat jawaban pemilik data"),
            N_("{actor} mencatat jawaban {unit} tertanggal {dated}: setuju."),
            (_A.PSI,),
        ),
        Transition(
            Action.HAND_BACK,
            (_S.DISPOSED,),
            _S.AWAITING_DISPOSITION,
            _A.PSI,
            N_("Kembalikan ke Kepala"),
            N_("{actor} mengembalikan disposisi kepada Kepala UPT TIK: {reason}"),
            (_A.HEAD,),
        ),
        Transition(
            Action.CREATE_ACCOUNT,
            (_S.DISPOSED,),
            _S.ACCOUNT_CREATED,
            _A.PSI,
            N_("Buat akun"),
            N_("{actor} membuat akun {username}, berlaku s.d. {until}."),
        ),
        Transition(
            Action.INFORM,
            (_S.ACCOUNT_CREATED,),
            _S.INFORMED,
            _A.PSI,
            N_("Informasikan akun"),
            N_("{actor} menginformasikan akun kepada penanggung jawab."),
            (_A.RESPONSIBLE_PERSON, _A.UNIT),
        ),
        Transition(
            Action.CONFIRM,
            (_S.INFORMED,),
            _S.REPLY_DRAFTING,
            _A.RESPONSIBLE_PERSON,
            N_("Konfirmasi akun"),
            N_("{actor} menerima akun dan mengonfirmasi bahwa akses dapat digunakan."),
            (_A.HELPDESK, _A.PSI),
        ),
        Transition(
            Action.REPORT_PROBLEM,
            (_S.INFORMED,),
            _S.ACCOUNT_CREATED,
            _A.RESPONSIBLE_PERSON,
            N_("Laporkan masalah"),
            N_("{actor} melaporkan masalah: {reason}"),
            (_A.PSI,),
        ),
        Transition(
            Action.PROCEED_UNCONFIRMED,
            (_S.INFORMED,),
            _S.REPLY_DRAFTING,
            _A.PSI,
            N_("Lanjutkan tanpa konfirmasi"),
            N_("{actor} melanjutkan tanpa konfirmasi penanggung jawab: {reason}"),
            (_A.HELPDESK,),
        ),
        Transition(
            Action.SAVE_REPLY,
            (_S.REPLY_DRAFTING,),
            None,
            _A.HELPDESK,
            N_("Simpan konsep"),
            N_("{actor} menyimpan konsep surat balasan."),
        ),
        Transition(
            Action.SEND_FOR_APPROVAL,
            (_S.REPLY_DRAFTING,),
            _S.REPLY_APPROVAL,
            _A.HELPDESK,
            N_("Ajukan persetujuan"),
            N_("{actor} mengajukan konsep surat balasan kepada Kepala UPT TIK."),
            (_A.HEAD,),
        ),
        Transition(
            Action.RETURN_REPLY,
            (_S.REPLY_APPROVAL,),
            _S.REPLY_DRAFTING,
            _A.HEAD,
            N_("Minta perbaikan"),
            N_("{actor} meminta perbaikan surat balasan: {reason}"),
            (_A.HELPDESK,),
        ),
        Transition(
            Action.APPROVE_REPLY,
            (_S.REPLY_APPROVAL,),
            _S.REPLY_APPROVED,
            _A.HEAD,
            N_("Setujui surat"),
            N_("{actor} menyetujui surat balasan Nomor {number}."),
            (_A.HELPDESK,),
        ),
        Transition(
            Action.SEND_REPLY,
            (_S.REPLY_APPROVED,),
            _S.FINISHED,
            _A.HELPDESK,
            N_("Kirim surat balasan"),
            N_("{actor} mengirim surat balasan Nomor {number}. Permohonan selesai."),
            (_A.UNIT, _A.RESPONSIBLE_PERSON),
        ),
    )
}


def activity(number: str) -> Activity:
    """The flowchart row with that printed number ("" is the head's disposition)."""
    return next(row for row in ACTIVITIES if row.number == number)


def actions_from(status: Status) -> tuple[Transition, ...]:
    """What can happen to a request in `status`, in the table's order."""
    return tuple(row for row in TRANSITIONS.values() if status in row.sources)
