"""SOP 2: the helpdesk registers the letter and puts it before the head, or returns it."""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from requests_app.models import AccessRequest, AgendaEntry, NumberBook
from requests_app.policies import Refused
from requests_app.sop import Action
from requests_app.steps import move, numbers


@dataclass(frozen=True)
class Registration:
    """What the helpdesk notes of a letter; `ticked` are names from `AgendaEntry.CHECK_LIST`."""

    received_on: date
    security_class: str = AgendaEntry.SecurityClass.NORMAL
    urgency: str = AgendaEntry.Urgency.NORMAL
    classification: str = ""
    remark: str = ""
    ticked: frozenset[str] = field(default_factory=frozenset)


@transaction.atomic
def register(
    request: AccessRequest, registration: Registration, *, by: User, now: datetime, version: int | None = None
) -> AccessRequest:
    """Enter the letter in the agenda. The number is drawn once: a letter that comes back keeps its own.

    Raises `Refused` for a date of receipt in the future.
    """
    act = move.begin(request, Action.REGISTER, by=by, now=now, version=version)
    today = timezone.localdate(now)
    if registration.received_on > today:
        raise Refused(_("Tanggal diterima tidak boleh sesudah hari ini."))
    entry = AgendaEntry.objects.filter(request=act.request).first()
    if entry is None:
        year, number = numbers.draw(NumberBook.Book.AGENDA, today)
        entry = AgendaEntry(request=act.request, year=year, number=number, registered_at=now, registered_by=by)
    for name in ("received_on", "security_class", "urgency", "classification", "remark"):
        setattr(entry, name, getattr(registration, name))
    for name in AgendaEntry.CHECK_LIST:
        setattr(entry, name, name in registration.ticked)
    entry.save()
    return act.finish(number=str(entry))


@transaction.atomic
def return_to_unit(
    request: AccessRequest, *, by: User, now: datetime, reason: str, version: int | None = None
) -> AccessRequest:
    """Back to the unit with what is missing; the unit corrects this same request."""
    act = move.begin(request, Action.RETURN_TO_UNIT, by=by, now=now, version=version)
    act.request.waiting_question = reason
    return act.finish(reason=reason)


@transaction.atomic
def forward(
    request: AccessRequest, *, by: User, now: datetime, plo_number: str = "", version: int | None = None
) -> AccessRequest:
    """Put the letter before the head; `plo_number` is its number or link in the office's letter system."""
    act = move.begin(request, Action.FORWARD, by=by, now=now, version=version)
    if plo_number:
        AgendaEntry.objects.filter(request=act.request).update(plo_number=plo_number)
    return act.finish(detail=plo_number)
