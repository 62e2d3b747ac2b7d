"""SOP 1: the unit writes, sends, corrects, withdraws; the helpdesk enters a paper letter for it."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Unit, User
from accounts.permissions import authority, has, units_of
from accounts.roles import Permission
from requests_app import renewals
from requests_app.completeness import missing
from requests_app.models import AccessRequest, Document, RequestedItem
from requests_app.models.access_request import new_reference
from requests_app.policies import Refused
from requests_app.sop import Action, Status
from requests_app.steps import move
from requests_app.uploads import Inspected, stored_name
from webservice_accounts import standing
from webservice_accounts.models import DataType, WebserviceAccount

EDITABLE = frozenset({Status.DRAFT, Status.RETURNED})
MAX_FILES = 20


def sending_unit(person: User, now: datetime) -> Unit | None:
    """The unit for which this person may write: their own, or that of whom they stand in for; None for all others."""
    right = authority(person, Permission.SEND_REQUEST, timezone.localdate(now))
    return (right.on_behalf_of or person).unit if right else None


def begin_draft(
    *, unit: Unit, by: User, now: datetime, start_key: uuid.UUID, happened_at: datetime | None = None
) -> AccessRequest:
    """A new empty draft; the same `start_key` again by the same person (a double click) gives the same draft.

    For one's own unit, or, by the helpdesk, for the unit whose paper letter came in at
    `happened_at`. Raises `Refused` for anybody else.
    """
    is_own = unit.pk in units_of(by, Permission.SEND_REQUEST, timezone.localdate(now))
    is_paper = happened_at is not None
    if not (has(by, Permission.REGISTER) if is_paper else is_own):
        raise Refused(_("Anda hanya dapat mengajukan permohonan untuk unit Anda sendiri."))
    known = AccessRequest.objects.filter(start_key=start_key, created_by=by).first()
    if known:
        return known
    try:
        with transaction.atomic():
            request = _new_draft(unit, by=by, now=now, happened_at=happened_at, start_key=start_key)
    except IntegrityError:  # the other click was faster, or the page was made for somebody else at this computer
        known = AccessRequest.objects.filter(start_key=start_key, created_by=by).first()
        return known or begin_draft(unit=unit, by=by, now=now, start_key=uuid.uuid4(), happened_at=happened_at)
    return request


@transaction.atomic
def begin_renewal(
    account: WebserviceAccount, *, by: User, now: datetime, happened_at: datetime | None = None
) -> AccessRequest:
    """A draft that asks for one more year of `account`, filled in with what is granted now.

    For staff of its unit, or, by the helpdesk, for a paper letter that came in at
    `happened_at`. While a renewal is under way there is no second one: that request is
    given back. Staff of the unit who ask thereby take back that it be not renewed. Raises
    `Refused` for anybody else, and with the reason when it cannot be renewed.
    """
    is_paper = happened_at is not None
    if not (renewals.may_enter_paper(by) if is_paper else renewals.right_to_ask(by, account, now)):
        raise Refused(_("Anda hanya dapat memperpanjang akun unit Anda sendiri."))
    # The lock makes of two presses one draft.
    locked = WebserviceAccount.objects.select_for_update(of=("self",)).select_related("unit").get(pk=account.pk)
    if known := renewals.under_way(locked):
        if is_paper and known.submitted_at is None and not known.entered_for_unit:
            raise Refused(_("Unit sudah memulai draf perpanjangan ini. Mintalah unit mengirim atau membatalkannya."))
        return known
    if reason := renewals.why_not(locked, now):
        raise Refused(reason)
    if locked.renewal_declined_at and not is_paper:
        standing.want_renewal(locked, by=by, now=now)
    request = _new_draft(
        locked.unit,
        by=by,
        now=now,
        happened_at=happened_at,
        renews=locked,
        person_name=locked.holder_name,
        identity_type=locked.holder_identity_type,
        identity_number=locked.holder_identity_number,
        phone=locked.holder_phone,
        email=locked.holder_email,
        application=locked.application,
        purpose=locked.purpose,
    )
    RequestedItem.objects.bulk_create(
        RequestedItem(request=request, data_type=grant.data_type) for grant in locked.current_grants
    )
    return request


def _new_draft(unit: Unit, *, by: User, now: datetime, happened_at: datetime | None, **fields: Any) -> AccessRequest:
    """A draft of the unit; of a paper letter when it is known when that came in."""
    is_paper = happened_at is not None
    request = AccessRequest.objects.create(
        reference=_free_reference(timezone.localdate(now).year),
        unit=unit,
        created_by=by,
        entered_for_unit=is_paper,
        delivery=AccessRequest.Delivery.PAPER if is_paper else AccessRequest.Delivery.UPLOAD,
        opened_at=now,
        happened_at=happened_at,
        **fields,
    )
    move.open_first_entry(request, by=by, now=now)
    return request


def _free_reference(year: int) -> str:
    while AccessRequest.objects.filter(reference=(reference := new_reference(year))).exists():
        pass
    return reference


def editable(request: AccessRequest, *, by: User, now: datetime) -> AccessRequest:
    """The locked request if `by` may still change what the letter says; else raises `Refused`."""
    return move.begin(request, Action.SUBMIT, by=by, now=now).request


@transaction.atomic
def save_part(
    request: AccessRequest,
    *,
    by: User,
    now: datetime,
    fields: dict[str, Any],
    data_types: Iterable[DataType] | None = None,
) -> AccessRequest:
    """Keep one part of the form: `fields` of the request, and the chosen data when given."""
    locked = editable(request, by=by, now=now)
    for name, value in fields.items():
        setattr(locked, name, value)
    locked.save()
    if data_types is not None:
        wanted = {data_type.pk for data_type in data_types}
        locked.items.exclude(data_type__in=wanted).delete()
        kept = set(locked.items.values_list("data_type", flat=True))
        RequestedItem.objects.bulk_create(
            RequestedItem(request=locked, data_type_id=pk) for pk in sorted(wanted - kept)
        )
    return locked


@transaction.atomic
def add_document(request: AccessRequest, file: File, inspected: Inspected, *, by: User, now: datetime) -> Document:
    """Keep one inspected file of the letter; the same bytes again are the same document.

    Raises `Refused` past `MAX_FILES`. If the transaction fails after the file was written,
    only an unreferenced file remains, never a row without its file.
    """
    locked = editable(request, by=by, now=now)
    letters = locked.documents.filter(kind=Document.Kind.REQUEST_LETTER)
    if known := letters.filter(sha256=inspected.sha256).first():
        return known
    if letters.count() >= MAX_FILES:
        raise Refused(_("Paling banyak %(count)s berkas untuk satu surat.") % {"count": MAX_FILES})
    document = Document(
        request=locked,
        kind=Document.Kind.REQUEST_LETTER,
        display_name=inspected.display_name,
        content_type=inspected.content_type,
        size=inspected.size,
        pages=inspected.pages,
        sha256=inspected.sha256,
        added_by=by,
        added_at=now,
    )
    file.seek(0)
    document.file.save(stored_name("letter", content_type=inspected.content_type, now=now), file, save=False)
    document.save()
    return document


@transaction.atomic
def remove_document(request: AccessRequest, document: Document, *, by: User, now: datetime) -> None:
    """Take a file of the letter out again before sending."""
    locked = editable(request, by=by, now=now)
    storage, name = document.file.storage, str(document.file.name)
    locked.documents.filter(pk=document.pk, kind=Document.Kind.REQUEST_LETTER).delete()
    transaction.on_commit(lambda: storage.delete(name), robust=True)


@transaction.atomic
def submit(request: AccessRequest, *, by: User, now: datetime, version: int | None = None) -> AccessRequest:
    """Send the letter. Raises `Refused` naming what is missing (only what the SOP lists)."""
    act = move.begin(request, Action.SUBMIT, by=by, now=now, version=version)
    if gaps := missing(act.request):
        raise Refused(_("Belum lengkap: %(gaps)s.") % {"gaps": "; ".join(gap.text for gap in gaps)})
    if act.request.renews and act.request.renews.revoked_at:
        raise Refused(_("Akun ini sudah dicabut, sehingga tidak dapat diperpanjang."))
    is_first = act.request.submitted_at is None
    act.request.submitted_at = act.request.submitted_at or now
    act.request.waiting_question = ""
    return act.finish(happened_at=act.request.happened_at if is_first else None)


@transaction.atomic
def answer(request: AccessRequest, *, by: User, now: datetime, text: str, version: int | None = None) -> AccessRequest:
    """The unit answers PSI's question; the clock of SOP 3 goes on."""
    act = move.begin(request, Action.ANSWER, by=by, now=now, version=version)
    act.request.waiting_question = ""
    return act.finish(reason=text)


@transaction.atomic
def withdraw(
    request: AccessRequest, *, by: User, now: datetime, reason: str = "", version: int | None = None
) -> AccessRequest:
    """The unit no longer asks; possible until the account exists."""
    act = move.begin(request, Action.WITHDRAW, by=by, now=now, version=version)
    act.request.finished_at = now
    return act.finish(detail=reason)
