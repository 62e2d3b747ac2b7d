"""May they do this to this request, now?

One answer feeds the gate in the services, the buttons on the page and the sentence
shown to the person.
"""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Authority, authority
from accounts.roles import Permission
from requests_app.models import AccessRequest, Disposition
from requests_app.sop import TRANSITIONS, Action, Actor, Status, Transition, actions_from
from webservice_accounts.handover import ProvenHolder

Person = User | AnonymousUser | ProvenHolder
"""Who wants to act; `ProvenHolder` is the responsible person without a login, proved by a code."""

PERMISSION = {
    Actor.UNIT: Permission.SEND_REQUEST,
    Actor.HELPDESK: Permission.REGISTER,
    Actor.HEAD: Permission.DISPOSE,
    Actor.PSI: Permission.CREATE_ACCOUNT,
}
REPLY_WRITING = frozenset({Action.SAVE_REPLY, Action.SEND_FOR_APPROVAL, Action.SEND_REPLY})
DECISIONS = frozenset({Action.DISPOSE, Action.ASK_FOR_CLARIFICATION, Action.REFUSE})
WORK_OF_ONE = frozenset(
    {Action.CLAIM, Action.RELEASE, Action.ASK_UNIT, Action.HAND_BACK, Action.CREATE_ACCOUNT, Action.INFORM}
)


def authority_for(person: Person, request: AccessRequest, transition: Transition, now: datetime) -> Authority | None:
    """By what right `person` is the transition's actor for this request; None when they are not."""
    if not isinstance(person, User):
        return None
    today = timezone.localdate(now)
    if transition.actor is Actor.RESPONSIBLE_PERSON:
        return Authority(person) if is_responsible(person, request) else None
    if transition.actor is Actor.UNIT:
        if request.entered_for_unit and (right := authority(person, Permission.REGISTER, today)):
            return right
        right = authority(person, Permission.SEND_REQUEST, today)
        unit_id = (right.on_behalf_of or person).unit_id if right else None
        return right if unit_id == request.unit_id else None
    permission = Permission.WRITE_REPLY if transition.action in REPLY_WRITING else PERMISSION[transition.actor]
    return authority(person, permission, today)


def is_responsible(person: User, request: AccessRequest) -> bool:
    """Whether this signed-in person is the one named on the letter (their e-mail is verified at sign-in)."""
    return bool(request.email) and person.is_active and person.email.lower() == request.email.lower()


def is_own(person: User, request: AccessRequest) -> bool:
    """Whether this person wrote the letter or is the one named on it."""
    return request.created_by_id == person.pk or is_responsible(person, request)


def is_psi(person: User, now: datetime) -> bool:
    """Whether this person may work as PSI today."""
    return authority(person, Permission.CREATE_ACCOUNT, timezone.localdate(now)) is not None


def taken_by(request: AccessRequest, now: datetime) -> User | None:
    """Who at PSI took the request; one who left, or is no longer PSI, holds it up for nobody."""
    return request.assignee if request.assignee and is_psi(request.assignee, now) else None


def sees_office(person: Person, now: datetime) -> bool:
    """Whether this person reads every request, so that remarks between offices are theirs to see too."""
    return not isinstance(person, ProvenHolder) and (
        authority(person, Permission.SEE_EVERY_REQUEST, timezone.localdate(now)) is not None
    )


def why_not(person: Person, request: AccessRequest, action: Action, *, now: datetime) -> str | None:
    """None when `person` may do `action` to `request` at `now`; else the reason as a sentence."""
    transition = TRANSITIONS[action]
    if isinstance(person, ProvenHolder):
        if transition.actor is not Actor.RESPONSIBLE_PERSON or person.account_id != request.account_id:
            return _("Tindakan ini bukan wewenang Anda.")
        right = None
    else:
        right = authority_for(person, request, transition, now)
        if right is None:
            return _("Tindakan ini bukan wewenang Anda.")
    if request.status not in transition.sources:
        return _(
            "Permohonan ini sekarang berstatus “%(status)s”, sehingga tindakan ini tidak lagi dapat dilakukan."
        ) % {"status": _(request.step.label)}
    return _guard(right, request, action, now) if right else None


def _guard(right: Authority, request: AccessRequest, action: Action, now: datetime) -> str | None:
    """The conditions beyond status and role."""
    acting = (right.person, right.on_behalf_of or right.person)
    if action in DECISIONS and any(is_own(person, request) for person in acting):
        return _("Anda tidak dapat mendisposisikan permohonan Anda sendiri.")
    if action is Action.CANCEL_DISPOSITION:
        disposition = last_disposition(request)
        if disposition is None or disposition.read_at:
            return _("Disposisi sudah dibaca Divisi PSI, sehingga tidak dapat dibatalkan lagi.")
    if action in WORK_OF_ONE and (reason := _in_other_hands(right.person, taken_by(request, now), action)):
        return reason
    if action is Action.CREATE_ACCOUNT:
        disposition = last_disposition(request)
        if disposition and disposition.decided_by_id == right.person.pk:
            return _("Yang mendisposisikan permohonan tidak dapat sekaligus membuat akunnya.")
    if action is Action.APPROVE_REPLY and request.reply.prepared_by_id == right.person.pk:
        return _("Yang menyiapkan surat balasan tidak dapat sekaligus menyetujuinya.")
    return None


def _in_other_hands(person: User, holder: User | None, action: Action) -> str | None:
    """PSI's work has one pair of hands at a time: those of `holder`, or of whoever takes it next."""
    if action is Action.CLAIM:
        return _("Permohonan ini sudah diambil %(name)s.") % {"name": holder} if holder else None
    if holder == person:
        return None
    if action is Action.RELEASE:
        return _("Hanya yang mengambil permohonan ini yang dapat melepaskannya.")
    return _("Permohonan ini sedang dikerjakan %(name)s.") % {"name": holder} if holder else None


def last_disposition(request: AccessRequest) -> Disposition | None:
    """The decision in force: the latest that was not cancelled."""
    return request.dispositions.filter(cancelled_at__isnull=True).order_by("pk").last()


def check(person: Person, request: AccessRequest, action: Action, *, now: datetime) -> Authority | None:
    """The right by which they act; raises `Refused` with the reason when they may not."""
    if reason := why_not(person, request, action, now=now):
        raise Refused(reason)
    return authority_for(person, request, TRANSITIONS[action], now)


def allowed(person: Person, request: AccessRequest, *, now: datetime) -> list[Transition]:
    """What this person can do with this request now: its buttons."""
    rows = actions_from(Status(request.status))
    return [row for row in rows if why_not(person, request, row.action, now=now) is None]


class Refused(Exception):
    """The act is not possible; the message says why, in the person's language."""
