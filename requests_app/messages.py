"""Whom a move tells, and with which words: a notice in the application and a mail, each in their language."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts import mail, notices
from accounts.models import AuditEvent, OutgoingMail, User
from accounts.permissions import holders, those_there
from accounts.roles import Role
from requests_app.models import AccessRequest
from requests_app.policies import PERMISSION, taken_by, unanswered_consent
from requests_app.sla import Clock
from requests_app.sop import Action, Actor, Transition

COPIED_TO_UNIT_MAILBOX = frozenset(
    {Action.SUBMIT, Action.RETURN_TO_UNIT, Action.ASK_FOR_CLARIFICATION, Action.SEND_REPLY}
)


@dataclass(frozen=True)
class Attachment:
    """A file that goes with the mails: its storage name, and the name the reader sees."""

    stored_as: str
    name: str


def tell(
    request: AccessRequest,
    transition: Transition,
    event: AuditEvent,
    *,
    by: User | None,
    now: datetime,
    context: dict[str, Any] | None = None,
) -> None:
    """Write the rows for everybody the table names, except the one who acted (but a receipt is theirs).

    A draft that never was sent concerns nobody else.
    """
    if request.submitted_at is None:
        return
    for actor in transition.tells:
        is_receipt = actor is Actor.UNIT and transition.actor is Actor.UNIT
        tell_actor(
            actor,
            request,
            f"{transition.action}_{actor}",
            event,
            now=now,
            context=context,
            but_not=None if is_receipt else by,
            copy_unit_mailbox=transition.action in COPIED_TO_UNIT_MAILBOX,
        )


def tell_actor(
    actor: Actor,
    request: AccessRequest,
    template: str,
    event: AuditEvent,
    *,
    now: datetime,
    context: dict[str, Any] | None = None,
    but_not: User | None = None,
    copy_unit_mailbox: bool = False,
) -> None:
    """One notice and one mail for each person who is `actor`, and a mail to their address without a login."""
    people = [person for person in people_for(actor, request, now) if person != but_not]
    words = {"event": event, "due_at": _due_at(request), **event.data, **(context or {})}
    key = f"{request.reference}:{event.pk}:{actor}"
    tell_people(people, request, template, key=key, context=words, now=now)
    to = _mailbox(actor, request, copy_unit_mailbox=copy_unit_mailbox)
    if to and to.lower() not in {person.email.lower() for person in people}:
        _queue(f"{key}:mailbox", to, "id", _words(request, words, ""), template, now)


def tell_people(
    people: Iterable[User],
    request: AccessRequest,
    template: str,
    *,
    key: str,
    context: dict[str, Any],
    now: datetime,
) -> None:
    """One notice and one mail for each person, in their language. `key` names the occasion."""
    for person in people:
        row = _queue(
            f"{key}:{person.pk}", person.email, person.language, _words(request, context, str(person)), template, now
        )
        notices.tell(person, key=key, text=row.subject, url=request.get_absolute_url(), now=now)


def people_for(actor: Actor, request: AccessRequest, now: datetime) -> list[User]:
    """Those who are `actor` for this request today: the one who took it, else everybody in the role.

    Instead of who is away, who stands in for them; but the responsible person is meant in person.
    """
    if actor is Actor.RESPONSIBLE_PERSON:
        return list(User.objects.filter(email__iexact=request.email, is_active=True)) if request.email else []
    return those_there(_in_role(actor, request, now), timezone.localdate(now))


def _in_role(actor: Actor, request: AccessRequest, now: datetime) -> list[User]:
    """Whoever is away among them."""
    if actor is Actor.UNIT:
        creator = request.created_by
        is_here = creator.is_active and creator.unit_id == request.unit_id
        return [creator] if is_here else _staff_of(request.unit_id)
    if actor is Actor.OWNER:
        consent = unanswered_consent(request)
        return _staff_of(consent.unit_id) if consent else []
    if actor is Actor.PSI and (holder := taken_by(request, now)):
        return [holder]
    return holders(PERMISSION[actor], timezone.localdate(now))


def _staff_of(unit_id: int) -> list[User]:
    staff = Q(role_grants__role=Role.UNIT_STAFF, unit=unit_id, is_active=True)
    return list(User.objects.filter(staff).order_by("pk"))


def _mailbox(actor: Actor, request: AccessRequest, *, copy_unit_mailbox: bool) -> str:
    """The address without a login that is told as well; "" where there is none."""
    if actor is Actor.RESPONSIBLE_PERSON:
        return request.email
    if actor is Actor.UNIT and copy_unit_mailbox:
        return request.unit.email
    if actor is Actor.OWNER and (consent := unanswered_consent(request)):
        return consent.unit.email
    return ""


def _due_at(request: AccessRequest) -> datetime | None:
    """By when the present step is due; None where the SOP sets no time, or minutes, which are only reported."""
    entry = request.entries.filter(left_at__isnull=True).first()
    return entry.due_at if entry and entry.step.clock is Clock.WORKING_DAYS else None


def _words(request: AccessRequest, context: dict[str, Any], recipient: str) -> dict[str, Any]:
    # Asked for by the few mails that say it: a template calls it.
    valid_until = partial(_valid_until, request)
    return {"request": request, "recipient": recipient, "valid_until": valid_until, **context}


def _valid_until(request: AccessRequest) -> date | None:
    return request.account.last_day if request.account else None


def _queue(key: str, to: str, language: str, words: dict[str, Any], template: str, now: datetime) -> OutgoingMail:
    subject, text = mail.compose(template, language=language, context=words)
    attachment: Attachment | None = words.get("attachment")
    return mail.queue(
        key=key,
        to=to,
        language=language,
        subject=subject,
        text=text,
        now=now,
        attachment=attachment.stored_as if attachment else "",
        attachment_name=attachment.name if attachment else "",
    )
