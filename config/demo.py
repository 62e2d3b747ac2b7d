"""A small believable demo, made through the same services that real people use."""

import uuid
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import ProtectedError, Q
from django.utils import timezone

from accounts.models import AuditEvent, Notice, OutgoingMail, RoleGrant, Substitution, Unit, User
from accounts.roles import ROLE_LABELS, Role
from requests_app import sla
from requests_app.letters.papers import Letterhead, Paragraph, ReplyLetter, Signatory
from requests_app.letters.render import render
from requests_app.models import AccessRequest, AgendaEntry
from requests_app.reply_papers import propose
from requests_app.selectors import institution
from requests_app.steps import account, agenda, confirmation, disposition, reply_letter, request_letter
from requests_app.uploads import inspect
from requests_app.working_time import working_calendar
from webservice_accounts import handover
from webservice_accounts.decisions import ALLOWED, Reason
from webservice_accounts.models import DataType, WebserviceAccount
from webservice_accounts.use_counter import UseCounter

PASSWORD = "gerbang-data-usk"  # noqa: S105  # printed on the terminal; exists only with DEBUG on
DOMAIN = "demo.usk.ac.id"


@dataclass(frozen=True)
class Person:
    """One demo person; `role` None: only named on a letter."""

    name: str
    local_part: str
    unit: str
    role: Role | None
    title: str
    nip: str = ""
    phone: str = "+6281234567800"
    language: str = "id"

    @property
    def email(self) -> str:
        return f"{self.local_part}@{DOMAIN}"


UNIT_STAFF = Person(
    "Cut Nurmala, S.Si.", "unit", "fmipa", Role.UNIT_STAFF, "Staf Tata Usaha FMIPA", "198809122015042001"
)
HELPDESK = Person("Rahmat Hidayat", "helpdesk", "upt-tik", Role.HELPDESK, "Staf Administrasi", "199003052019031011")
HEAD = Person("Dr. Ir. Teuku Maulana, M.Sc.", "kepala", "upt-tik", Role.HEAD, "Kepala UPT TIK", "197502172002121003")
PSI = Person("Nadia Safira, S.Kom.", "psi", "upt-tik", Role.PSI, "Pranata Komputer", "199211202020122008")
RESPONSIBLE = Person("Muhammad Iqbal, S.T.", "pj", "fmipa", None, "Pranata Komputer FMIPA", "198706302014041002")
UNIT_STAFF_2 = Person("Faisal Anwar, S.E.", "unit2", "feb", Role.UNIT_STAFF, "Staf Tata Usaha", "198501012010011004")
PEOPLE = (
    UNIT_STAFF,
    HELPDESK,
    HEAD,
    PSI,
    RESPONSIBLE,
    Person("Zulfikar, S.Kom.", "psi2", "upt-tik", Role.PSI, "Pranata Komputer", "199408152022031005"),
    Person("Prof. Dr. Rina Amalia", "wakil", "upt-tik", Role.AUDITOR, "Auditor internal", language="en"),
    UNIT_STAFF_2,
    Person("Yusra Rahmi, S.Kom.", "admin", "upt-tik", Role.ADMINISTRATOR, "Administrator sistem"),
)


def sign_ins() -> list[tuple[str, str, str]]:
    """(role, e-mail, password) of every demo person, for the table that `run` prints."""
    return [
        (ROLE_LABELS[person.role] if person.role else "Penanggung jawab", person.email, PASSWORD) for person in PEOPLE
    ]


@transaction.atomic
def load(*, now: datetime) -> bool:
    """People in every role and requests in different states; False when the demo is there already."""
    if User.objects.filter(is_demo=True).exists():
        return False
    users = {person: _make(person) for person in PEOPLE}
    _Story(users, now).tell()
    return True


@dataclass(frozen=True)
class Removed:
    """How many demo people are gone, and who had to stay as a name in other people's records."""

    deleted: int
    retired: tuple[str, ...]


@transaction.atomic
def remove() -> Removed:
    """Delete the demo people with all their requests, accounts, mails and records.

    Whoever acted on the request of a real person stays on that request's record, but is
    nobody any more: deactivated, without password, roles, substitutes or sessions.
    """
    people = User.objects.filter(is_demo=True)
    addresses = list(people.values_list("email", flat=True))
    began = AccessRequest.objects.filter(created_by__in=people, renews=None)
    accounts = WebserviceAccount.objects.filter(
        pk__in=list(began.exclude(account=None).values_list("account", flat=True))
    )
    # A renewal of a demo account goes with it, whoever asked for it.
    requests = AccessRequest.objects.filter(Q(created_by__in=people) | Q(renews__in=accounts) | Q(account__in=accounts))
    for reference in requests.values_list("reference", flat=True):
        AuditEvent.objects.filter(subject=f"request:{reference}").delete()
        OutgoingMail.objects.filter(key__startswith=f"{reference}:").delete()
    for request in requests:
        AgendaEntry.objects.filter(request=request).delete()
        if hasattr(request, "reply"):
            request.reply.delete()
        request.delete()
    for row in accounts:
        AuditEvent.objects.filter(subject=row.subject).delete()
        for notice in row.end_notices.values_list("pk", flat=True):
            OutgoingMail.objects.filter(key__startswith=f"end-notice:{notice}:").delete()
    accounts.delete()
    OutgoingMail.objects.filter(to__in=addresses).delete()
    Notice.objects.filter(user__in=people).delete()
    retired = []
    for person in list(people):
        try:
            with transaction.atomic():
                person.delete()
        except ProtectedError:
            _retire(person)
            retired.append(str(person))
    return Removed(len(addresses) - len(retired), tuple(retired))


def _retire(person: User) -> None:
    """Leave the name, take everything else; a new password hash also ends every session."""
    AccessRequest.objects.filter(assignee=person).update(assignee=None)
    RoleGrant.objects.filter(user=person).delete()
    EmailAddress.objects.filter(user=person).delete()
    Substitution.objects.filter(absent=person).delete()
    Substitution.objects.filter(substitute=person).delete()
    person.set_unusable_password()
    person.is_active = person.is_demo = False
    person.save()


def _make(person: Person) -> User:
    user = User.objects.create_user(
        person.email,
        PASSWORD,
        full_name=person.name,
        identity_type="nip" if person.nip else "",
        identity_number=person.nip,
        phone=person.phone,
        unit=Unit.objects.get(code=person.unit),
        job_title=person.title,
        language=person.language,
        is_demo=True,
    )
    EmailAddress.objects.create(user=user, email=person.email, verified=True, primary=True)
    if person.role:
        RoleGrant.objects.create(user=user, role=person.role)
    return user


class _Story:
    """A few requests, each carried as far as it should stand when a newcomer looks."""

    def __init__(self, users: dict[Person, User], now: datetime) -> None:
        self.users, self.now = users, now

    def tell(self) -> None:
        library = "Layanan Pustaka FMIPA"
        self._finished(self._almost_a_year_ago(), library, "fmipa-pustaka", ("mahasiswa-aktif", "program-studi"), {})
        self._finished(
            self._working_moment(3, time(8, 20)),
            "Sistem Presensi FMIPA",
            "fmipa-presensi",
            ("mahasiswa-aktif", "jadwal-kuliah", "pembayaran-ukt"),
            {"pembayaran-ukt": "tidak diperlukan untuk tujuan presensi"},
        )
        self._disposed(self._working_moment(1, time(9, 5)))
        self._forwarded(self._working_moment(0, time(8, 10)))
        laboratory = "Sistem Informasi Laboratorium"
        self._submitted(
            self._working_moment(0, time(9, 30)), UNIT_STAFF, laboratory, "mahasiswa-aktif", "jadwal-kuliah"
        )
        self._submitted(
            self._working_moment(0, time(9, 55)), UNIT_STAFF_2, "Dasbor Mutu FEB", "alumni", "program-studi"
        )

    def _working_moment(self, days_back: int, at: time) -> datetime:
        """That local time, so many working days before the last working day whose morning is over."""
        calendar = working_calendar()
        day, left = timezone.localdate(self.now), days_back
        while True:
            moment = datetime.combine(day, at, tzinfo=sla.WIB)
            if calendar.is_working_day(day) and moment + timedelta(hours=3) <= self.now:
                if left == 0:
                    return moment
                left -= 1
            day -= timedelta(days=1)

    def _almost_a_year_ago(self) -> datetime:
        """A working morning whose year of access ends in about 40 days."""
        day = timezone.localdate(self.now) - timedelta(days=325)
        while not working_calendar().is_working_day(day):
            day -= timedelta(days=1)
        return datetime.combine(day, time(8, 20), tzinfo=sla.WIB)

    def _submitted(self, at: datetime, writer: Person, application: str, *data: str) -> AccessRequest:
        by, unit = self.users[writer], Unit.objects.get(code=writer.unit)
        request = request_letter.begin_draft(unit=unit, by=by, now=at, start_key=uuid.uuid4())
        responsible = RESPONSIBLE if writer is UNIT_STAFF else writer
        number = f"{100 + AccessRequest.objects.count()}/{unit.code.upper()}/TI/{at.year}"
        request_letter.save_part(
            request,
            by=by,
            now=at,
            fields={
                "person_name": responsible.name,
                "identity_type": "nip",
                "identity_number": responsible.nip,
                "phone": responsible.phone,
                "email": responsible.email,
                "application": application,
                "purpose": f"Menampilkan data terbaru pada {application} untuk layanan di {unit.name}.",
                "letter_number": number,
                "letter_date": timezone.localdate(at),
                "letter_subject": "Permohonan akses webservice",
            },
            data_types=DataType.objects.filter(code__in=data),
        )
        letter = ContentFile(_letter(unit, number, application, at))
        request_letter.add_document(request, letter, inspect(letter, file_name="surat-permohonan.pdf"), by=by, now=at)
        return request_letter.submit(request, by=by, now=at + timedelta(minutes=4))

    def _forwarded(
        self, at: datetime, application: str = "Portal Alumni FMIPA", data: tuple[str, ...] = ("alumni",)
    ) -> AccessRequest:
        request = self._submitted(at, UNIT_STAFF, application, *data)
        helpdesk = self.users[HELPDESK]
        agenda.register(
            request,
            agenda.Registration(received_on=timezone.localdate(at), ticked=frozenset(AgendaEntry.CHECK_LIST)),
            by=helpdesk,
            now=at + timedelta(minutes=10),
        )
        return agenda.forward(request, by=helpdesk, now=at + timedelta(minutes=13), plo_number=f"PLO-{at.year}-1187")

    def _disposed(
        self, at: datetime, application: str = "SIAKAD FMIPA", data: tuple[str, ...] = ("nilai-mahasiswa", "dosen")
    ) -> AccessRequest:
        request = self._forwarded(at, application, data)
        return disposition.dispose(
            request,
            disposition.Instructions(note="Mohon diproses sesuai SOP."),
            by=self.users[HEAD],
            now=at + timedelta(hours=1),
        )

    def _finished(
        self, at: datetime, application: str, username: str, data: tuple[str, ...], reasons: dict[str, str]
    ) -> AccessRequest:
        """Carried to its reply letter; `reasons`: why some of the data is refused."""
        request = self._disposed(at, application, data)
        psi, helpdesk, head = self.users[PSI], self.users[HELPDESK], self.users[HEAD]
        refused = {DataType.objects.get(code=code).pk: reason for code, reason in reasons.items()}
        made = at + timedelta(hours=3)
        request = account.create_account(
            request,
            account.Granting(
                username=username,
                starts_on=timezone.localdate(made),
                networks=("10.44.3.0/24",),
                refused=refused,
            ),
            by=psi,
            now=made,
        )
        request = confirmation.inform(request, by=psi, now=made + timedelta(minutes=4))
        key = WebserviceAccount.objects.get(requests=request)
        handover.reveal(key, by=self.users[RESPONSIBLE], now=made + timedelta(hours=1))
        request = confirmation.confirm(request, by=self.users[RESPONSIBLE], now=made + timedelta(hours=2))
        self._use(key, made + timedelta(hours=2))
        proposal = propose(request, institution())
        draft = reply_letter.Draft(
            proposal.recipient, proposal.subject, proposal.body, classification=proposal.classification
        )
        request = reply_letter.send_for_approval(request, draft, by=helpdesk, now=made + timedelta(hours=3))
        request = reply_letter.approve(request, by=head, now=made + timedelta(hours=4))
        return reply_letter.send(request, by=helpdesk, now=made + timedelta(hours=5))

    def _use(self, account: WebserviceAccount, since: datetime) -> None:
        """Calls of the last weeks as the gate counts them: fewer at the weekend, some of them refused."""
        counter, secret = UseCounter(every=None), account.secrets.get()
        codes = list(account.current_grants.values_list("data_type__code", flat=True))
        for days in range(30):
            noon = self.now - timedelta(days=days)
            calls = 12 if noon.isoweekday() > 5 else 40 + days * 7 % 23
            for call in range(calls if noon > since else 0):
                result = Reason.SCOPE if call % 19 == 18 else ALLOWED
                words = (codes[call % len(codes)], result, "10.44.3.7", noon.timestamp() - call)
                counter.count(account.pk, secret.pk, *words)
        counter.flush()


def _letter(unit: Unit, number: str, application: str, at: datetime) -> bytes:
    """The unit's signed letter, as it would come from its own office."""
    house = institution()
    paper = ReplyLetter(
        letterhead=Letterhead(house.ministry, house.name, (unit.name,), tuple(house.address.splitlines())),
        number=number,
        date=timezone.localdate(at),
        subject="Permohonan akses webservice",
        recipient_lines=(house.signatory_title, house.name),
        blocks=(
            Paragraph(f"Sehubungan dengan pengembangan {application}, kami mohon akses webservice untuk data terkait."),
            Paragraph("Atas perhatian dan kerja sama Saudara, kami ucapkan terima kasih."),
        ),
        signatory=Signatory(title=unit.head_title, name="Prof. Dr. Marwan, M.Si.", nip="196701011992031002"),
    )
    return render("reply", paper.to_data(), now=at)
