"""People, units, data and requests to test with.

A request is carried to its status by the services that people use, so whatever hangs on
it (agenda number, account, mails, timeline) is there as in life:

    head = person(Role.HEAD)
    request = a_request(Status.AWAITING_DISPOSITION, application="Portal Alumni")

Each act is done by the first person who holds the role, else by a new one.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache

import factory
from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Institution, RoleGrant, Unit, User
from accounts.roles import Role
from config.defaults import INSTITUTION
from requests_app.models import AccessRequest, AgendaEntry, Document
from requests_app.reply_papers import propose
from requests_app.sop import Status
from requests_app.steps import account, agenda, confirmation, consent, disposition, reply_letter, request_letter
from requests_app.uploads import Inspected
from tests import files
from webservice_accounts import handover, services
from webservice_accounts.models import DataType, ProvisioningTask, Service, WebserviceAccount

PASSWORD = "kata-sandi-untuk-uji"
RETURN_REASON = "Nomor telepon pada surat tidak dapat dihubungi."
QUESTION = "Berapa lama data disimpan?"
REFUSAL = "data tersebut dilayani langsung oleh Biro Akademik"


# --- people and what can be asked for ------------------------------------------------------
class UnitFactory(DjangoModelFactory):
    """A unit kerja with a mailbox."""

    class Meta:
        model = Unit

    code = factory.Sequence("unit-{}".format)
    name = factory.Sequence("Fakultas Uji {}".format)
    head_title = factory.LazyAttribute(lambda unit: f"Dekan {unit.name}")
    email = factory.LazyAttribute(lambda unit: f"{unit.code}@usk.ac.id")


class UserFactory(DjangoModelFactory):
    """Somebody with a verified e-mail address who signs in with `PASSWORD`; `role` and `unit` as given."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence("orang{}@usk.ac.id".format)
    full_name = factory.Sequence("Orang Uji {}".format)
    identity_type = "nip"
    identity_number = "198809122015042001"
    phone = "+6281234567890"
    unit = factory.SubFactory(UnitFactory)
    job_title = "Pranata Komputer"

    @classmethod
    def _create(cls, model_class: type[User], *args: object, **fields: object) -> User:
        user = User.objects.create_user(fields.pop("email"), PASSWORD, **fields)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user

    @factory.post_generation
    def role(self, create: bool, role: Role | Iterable[Role] | None, **kwargs: object) -> None:
        for one in [role] if isinstance(role, Role) else role or ():
            RoleGrant.objects.create(user=self, role=one)


class ServiceFactory(DjangoModelFactory):
    """A webservice behind the gate."""

    class Meta:
        model = Service
        django_get_or_create = ("code",)

    code = "data"
    name = "Webservice data"


class DataTypeFactory(DjangoModelFactory):
    """A row of the catalogue."""

    class Meta:
        model = DataType

    code = factory.Sequence("data-{}".format)
    name = factory.Sequence("Data uji {}".format)
    description = "Nama dan nomor untuk uji."
    service = factory.SubFactory(ServiceFactory)
    owner = factory.SubFactory(UnitFactory)
    sensitivity = DataType.Sensitivity.PERSONAL


def person(role: Role | Iterable[Role] | None = Role.UNIT_STAFF, **fields: object) -> User:
    """A new person; `role` None is somebody without any."""
    return UserFactory(role=role, **fields)


def somebody(role: Role, **fields: object) -> User:
    """The first person of that role (and those fields), else a new one."""
    known = User.objects.filter(role_grants__role=role, is_active=True, **fields).order_by("pk").first()
    return known or person(role, **fields)


def the_institution() -> Institution:
    """The institution with USK's values, made when it is not there."""
    return Institution.objects.get_or_create(pk=1, defaults=INSTITUTION)[0]


# --- requests -------------------------------------------------------------------------------
MAIN_ROAD = (
    Status.SUBMITTED,
    Status.REGISTERED,
    Status.AWAITING_DISPOSITION,
    Status.DISPOSED,
    Status.ACCOUNT_CREATED,
    Status.INFORMED,
    Status.REPLY_DRAFTING,
    Status.REPLY_APPROVAL,
    Status.REPLY_APPROVED,
    Status.FINISHED,
)
REFUSED_ROAD = (*MAIN_ROAD[:3], *MAIN_ROAD[6:])
SIDE_ROADS = {
    Status.DRAFT: (),
    Status.RETURNED: (*MAIN_ROAD[:1], Status.RETURNED),
    Status.CLARIFICATION: (*MAIN_ROAD[:4], Status.CLARIFICATION),
    Status.CONSENT: (*MAIN_ROAD[:4], Status.CONSENT),
    Status.WITHDRAWN: (*MAIN_ROAD[:1], Status.WITHDRAWN),
}


def a_request(
    status: Status = Status.DRAFT,
    *,
    at: datetime | None = None,
    unit: Unit | None = None,
    by: User | None = None,
    paper: bool = False,
    refused: bool = False,
    data_types: Iterable[DataType] | None = None,
    letters: int = 1,
    **fields: object,
) -> AccessRequest:
    """A complete request that reached `status`, each move one minute after the one before.

    It begins at `at` (default: an hour ago), written by `by` (default: staff of `unit`, or
    the helpdesk when it is a `paper` letter); `refused` takes the road on which the head
    says no. `letters` is how many files it has. `fields` are those of the letter
    (`person_name=...`, `purpose=...`).
    """
    at = at or timezone.now() - timedelta(hours=1)
    the_institution()
    if by is None:
        by = somebody(Role.HELPDESK) if paper else somebody(Role.UNIT_STAFF, **({"unit": unit} if unit else {}))
    request = request_letter.begin_draft(
        unit=unit or by.unit, by=by, now=at, start_key=uuid.uuid4(), happened_at=at if paper else None
    )
    fill_in(request, by=by, at=at, data_types=data_types, letters=letters, **fields)
    road = SIDE_ROADS.get(status)
    if road is None:
        whole = REFUSED_ROAD if refused else MAIN_ROAD
        road = whole[: whole.index(status) + 1]
    for minutes, stop in enumerate(road, start=1):
        move = refuse if refused and stop is Status.REPLY_DRAFTING else MOVES[stop]
        move(request, at + timedelta(minutes=minutes))
        request.refresh_from_db()
    return AccessRequest.objects.get(pk=request.pk)


def fill_in(
    request: AccessRequest,
    *,
    by: User,
    at: datetime,
    data_types: Iterable[DataType] | None = None,
    letters: int = 1,
    **fields: object,
) -> None:
    """Everything a letter says, and its files."""
    words = {
        "person_name": "Muhammad Iqbal, S.T.",
        "identity_type": "nip",
        "identity_number": "198706302014041002",
        "phone": "+6281234567800",
        "email": "pj@usk.ac.id",
        "application": "Sistem Presensi",
        "purpose": "Menampilkan data terbaru pada sistem presensi.",
        "letter_number": "112/UN11.F8/TI/2026",
        "letter_date": timezone.localdate(at),
        "letter_subject": "Permohonan akses webservice",
    }
    if data_types is None:
        data_types = [DataType.objects.filter(is_active=True).first() or DataTypeFactory()]
    request_letter.save_part(request, by=by, now=at, fields=words | fields, data_types=data_types)
    for number in range(1, letters + 1):
        add_letter(request, by=by, at=at, name=f"surat-{number}.pdf", content=letter_pdf(f"Surat {number}"))


def add_letter(
    request: AccessRequest,
    *,
    by: User,
    at: datetime,
    name: str = "surat.pdf",
    content: bytes = b"",
    content_type: str = "application/pdf",
) -> Document:
    """One file of the letter, kept without looking inside again."""
    content = content or letter_pdf()
    inspected = Inspected(content_type, 1, len(content), hashlib.sha256(content).hexdigest(), name)
    return request_letter.add_document(request, ContentFile(content), inspected, by=by, now=at)


@cache
def letter_pdf(text: str = "Surat permohonan") -> bytes:
    """A PDF of one page."""
    return files.pdf(text=text)


# --- one move each ---------------------------------------------------------------------------
def submit(request: AccessRequest, now: datetime) -> None:
    request_letter.submit(request, by=request.created_by, now=now)


def return_to_unit(request: AccessRequest, now: datetime) -> None:
    agenda.return_to_unit(request, by=somebody(Role.HELPDESK), now=now, reason=RETURN_REASON)


def withdraw(request: AccessRequest, now: datetime) -> None:
    request_letter.withdraw(request, by=request.created_by, now=now)


def register(request: AccessRequest, now: datetime) -> None:
    registration = agenda.Registration(timezone.localdate(now), ticked=frozenset(AgendaEntry.CHECK_LIST))
    agenda.register(request, registration, by=somebody(Role.HELPDESK), now=now)


def forward(request: AccessRequest, now: datetime) -> None:
    agenda.forward(request, by=somebody(Role.HELPDESK), now=now)


def dispose(request: AccessRequest, now: datetime) -> None:
    disposition.dispose(request, disposition.Instructions(), by=somebody(Role.HEAD), now=now)


def refuse(request: AccessRequest, now: datetime) -> None:
    disposition.refuse(request, by=somebody(Role.HEAD), now=now, reason=REFUSAL)


def ask_unit(request: AccessRequest, now: datetime) -> None:
    account.ask_unit(request, by=somebody(Role.PSI), now=now, question=QUESTION)


def ask_owner(request: AccessRequest, now: datetime) -> None:
    """Of the unit that owns the first kind of data asked for; else of a new one."""
    owners = [row.data_type.owner for row in request.items.select_related("data_type__owner")]
    unit = next((owner for owner in owners if owner.pk != request.unit_id), None) or UnitFactory()
    consent.ask(request, unit, by=somebody(Role.PSI), now=now, question=QUESTION)


def create_account(request: AccessRequest, now: datetime) -> None:
    granting = account.Granting(
        username=f"uji-{request.reference.lower()}",
        starts_on=timezone.localdate(now),
        other_data_reason="belum tersedia" if request.other_data else "",
    )
    account.create_account(request, granting, by=somebody(Role.PSI), now=now)


def inform(request: AccessRequest, now: datetime) -> None:
    confirmation.inform(request, by=request.assignee, now=now)


def confirm(request: AccessRequest, now: datetime) -> None:
    holder = handover.ProvenHolder(request.account_id, request.person_name)
    handover.reveal(request.account, by=holder, now=now)
    confirmation.confirm(request, by=holder, now=now)


def send_for_approval(request: AccessRequest, now: datetime) -> None:
    proposal = propose(request, the_institution())
    draft = reply_letter.Draft(
        proposal.recipient, proposal.subject, proposal.body, classification=proposal.classification
    )
    reply_letter.send_for_approval(request, draft, by=somebody(Role.HELPDESK), now=now)


def approve(request: AccessRequest, now: datetime) -> None:
    reply_letter.approve(request, by=somebody(Role.HEAD), now=now)


def send(request: AccessRequest, now: datetime) -> None:
    reply_letter.send(request, by=somebody(Role.HELPDESK), now=now)


MOVES: dict[Status, Callable[[AccessRequest, datetime], None]] = {
    Status.SUBMITTED: submit,
    Status.RETURNED: return_to_unit,
    Status.WITHDRAWN: withdraw,
    Status.REGISTERED: register,
    Status.AWAITING_DISPOSITION: forward,
    Status.DISPOSED: dispose,
    Status.CLARIFICATION: ask_unit,
    Status.CONSENT: ask_owner,
    Status.ACCOUNT_CREATED: create_account,
    Status.INFORMED: inform,
    Status.REPLY_DRAFTING: confirm,
    Status.REPLY_APPROVAL: send_for_approval,
    Status.REPLY_APPROVED: approve,
    Status.FINISHED: send,
}


# --- accounts without a request --------------------------------------------------------------
def an_outside_account(
    *data_types: DataType, at: datetime, username: str = "fmipa-presensi", networks: Iterable[str] = ()
) -> WebserviceAccount:
    """An account made on the day of `at`, whose data may be that of services outside the gate."""
    holder = services.Holder("Muhammad Iqbal, S.T.", "nip", "198706302014041002", "+6281234567800", "pj@usk.ac.id")
    return services.create_account(
        username=username,
        unit=UnitFactory(),
        holder=holder,
        application="Sistem Presensi",
        purpose="Menampilkan data terbaru pada sistem presensi.",
        data_types=data_types,
        networks=networks,
        starts_on=timezone.localdate(at),
        origin="request:GP26-UJI001",
        by=somebody(Role.PSI),
        now=at,
    )


def an_outside_task(provisioner: str = Service.Provisioner.WEBHOOK) -> ProvisioningTask:
    """What one outside service must follow: an account was made a moment ago."""
    service = Service.objects.create(
        code="siakad", name="SIAKAD", provisioner=provisioner, webhook_url="https://siakad.example/gapura"
    )
    account = an_outside_account(DataTypeFactory(service=service), at=timezone.now())
    return account.provisioning_tasks.get()
