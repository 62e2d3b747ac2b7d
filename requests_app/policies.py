"""May they do this to this request, now?

One answer feeds the gate in the services, the buttons on the page and the sentence
shown to the person.
"""

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Substitution, User
from accounts.permissions import Authority, absences_of, authorities, authority, authority_for_unit
from accounts.roles import Permission
from requests_app.models import AccessRequest, Disposition, LateReason, OwnerConsent
from requests_app.sop import OPEN, TRANSITIONS, Action, Actor, Status, Transition, actions_from
from webservice_accounts.handover import ProvenHolder

Person = User | AnonymousUser | ProvenHolder
"""Who wants to act; `ProvenHolder` is the responsible person without a login, proved by a code."""

PERMISSION = {
    Actor.UNIT: Permission.SEND_REQUEST,
    Actor.OWNER: Permission.SEND_REQUEST,
    Actor.HELPDESK: Permission.REGISTER,
    Actor.HEAD: Permission.DISPOSE,
    Actor.PSI: Permission.CREATE_ACCOUNT,
}
REPLY_WRITING = frozenset({Action.SAVE_REPLY, Action.SEND_FOR_APPROVAL, Action.SEND_REPLY})
DECISIONS = frozenset({Action.DISPOSE, Action.ASK_FOR_CLARIFICATION, Action.REFUSE})
WORK_OF_ONE = frozenset(
    {
        Action.CLAIM,
        Action.RELEASE,
        Action.ASK_UNIT,
        Action.ASK_OWNER,
        Action.HAND_BACK,
        Action.CREATE_ACCOUNT,
        Action.INFORM,
    }
)


def authority_for(person: Person, request: AccessRequest, transition: Transition, now: datetime) -> Authority | None:
    """By what right `person` is the transition's actor for this request; None when they are not.

    What an absent colleague took is done in the colleague's name, also by one who could do it in their own.
    """
    if not isinstance(person, User):
        return None
    today = timezone.localdate(now)
    if transition.actor is Actor.RESPONSIBLE_PERSON:
        return Authority(person) if is_responsible(person, request) else None
    if transition.actor is Actor.UNIT:
        if request.entered_for_unit and (right := authority(person, Permission.REGISTER, today)):
            return right
        return authority_for_unit(person, Permission.SEND_REQUEST, request.unit_id, today)
    if transition.actor is Actor.OWNER:
        consent = open_consent(request)
        return authority_for_unit(person, Permission.SEND_REQUEST, consent.unit_id, today) if consent else None
    permission = Permission.WRITE_REPLY if transition.action in REPLY_WRITING else PERMISSION[transition.actor]
    rights = authorities(person, permission, today)
    if transition.actor is Actor.PSI and request.assignee_id != person.pk:
        rights.sort(key=lambda right: right.on_behalf_of is None or right.on_behalf_of.pk != request.assignee_id)
    return next(iter(rights), None)


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
    """Who at PSI took the request.

    It is held up for nobody by one who left, or is no longer PSI, or is away with nobody there in their place.
    """
    person = request.assignee
    if person is None or not is_psi(person, now):
        return None
    is_unattended = person.pk in absences_of(person, timezone.localdate(now)).unattended
    return None if is_unattended else person


def stands_in_for(person: User, now: datetime) -> Substitution | None:
    """Who is there today in the place of `person`; None when they are there themselves, or nobody is."""
    return absences_of(person, timezone.localdate(now)).substitutions.get(person.pk)


def unanswered_consent(request: AccessRequest) -> OwnerConsent | None:
    """The question to the unit that owns data which nobody answered, be it because the request was withdrawn."""
    return request.consents.filter(answered_at__isnull=True).select_related("unit").first()


def open_consent(request: AccessRequest) -> OwnerConsent | None:
    """The question to the unit that owns data for whose answer the request waits."""
    return unanswered_consent(request) if request.status == Status.CONSENT else None


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
    acting = (right.person, right.holder)
    if action in DECISIONS and any(is_own(person, request) for person in acting):
        return _("Anda tidak dapat mendisposisikan permohonan Anda sendiri.")
    if action is Action.ANSWER_OWNER and any(is_own(person, request) for person in acting):
        return _("Anda tidak dapat menyetujui permohonan Anda sendiri.")
    if action is Action.ANSWER_OWNER and right.person.unit_id == request.unit_id:  # who stands in for the owner
        return _("Anda tidak dapat menyetujui permohonan unit Anda sendiri.")
    if action is Action.RECORD_CONSENT and _applies(right.person, request):
        return _("Yang mengajukan permohonan tidak dapat sekaligus mencatat jawaban pemilik data.")
    if action is Action.CANCEL_DISPOSITION:
        disposition = last_disposition(request)
        if disposition is None or disposition.read_at:
            return _("Disposisi sudah dibaca Divisi PSI, sehingga tidak dapat dibatalkan lagi.")
    if action in WORK_OF_ONE and (reason := _in_other_hands(right, request, action, now)):
        return reason
    if action is Action.CREATE_ACCOUNT:
        return why_not_create(right.person, request)
    if action is Action.APPROVE_REPLY and request.reply.prepared_by_id == right.person.pk:
        return _("Yang menyiapkan surat balasan tidak dapat sekaligus menyetujuinya.")
    return None


def _in_other_hands(right: Authority, request: AccessRequest, action: Action, now: datetime) -> str | None:
    """PSI's work has one pair of hands at a time: of who took it or stands in for them, or of who takes it next."""
    holder = taken_by(request, now)
    if action is Action.CLAIM:
        return _("Permohonan ini sudah diambil %(name)s.") % {"name": holder} if holder else None
    if request.assignee_id in (right.person.pk, right.holder.pk):
        return None
    if action is Action.RELEASE:
        return _("Hanya yang mengambil permohonan ini yang dapat melepaskannya.")
    return _("Permohonan ini sedang dikerjakan %(name)s.") % {"name": holder} if holder else None


def why_not_create(person: User, request: AccessRequest) -> str | None:
    """None when `person` of PSI may make this account; four eyes: not who disposed it, nor who asks for it."""
    disposition = last_disposition(request)
    if disposition and disposition.decided_by_id == person.pk:
        return _("Yang mendisposisikan permohonan tidak dapat sekaligus membuat akunnya.")
    if _applies(person, request):
        return _("Yang mengajukan permohonan tidak dapat sekaligus membuat akunnya.")
    return None


def _applies(person: User, request: AccessRequest) -> bool:
    """Whether the letter is theirs: of who wrote it, but not of the helpdesk that entered it, or is named on it."""
    wrote_it = request.created_by_id == person.pk and not request.entered_for_unit
    return wrote_it or is_responsible(person, request)


def why_not_take_over(person: User, request: AccessRequest, *, now: datetime) -> str | None:
    """None when this request can be passed to `person` at `now`; else the reason as a sentence."""
    if not is_psi(person, now):
        return _("%(name)s tidak lagi bekerja di Divisi PSI. Pilih rekan lain.") % {"name": person}
    if request.assignee_id == person.pk:
        return _("Permohonan ini sudah dikerjakan %(name)s. Pilih rekan lain.") % {"name": person}
    if person.pk in absences_of(person, timezone.localdate(now)).unattended or stands_in_for(person, now):
        return _("%(name)s sedang berhalangan. Pilih penggantinya atau rekan lain.") % {"name": person}
    if reason := why_not_create(person, request):
        return _("%(reason)s Pilih rekan selain %(name)s.") % {"reason": reason, "name": person}
    return None


def last_disposition(request: AccessRequest) -> Disposition | None:
    """The decision in force: the latest that was not cancelled."""
    return request.dispositions.filter(cancelled_at__isnull=True).order_by("pk").last()


def why_not_explain_lateness(
    person: Person, request: AccessRequest, doers: Collection[Actor], written: LateReason | None, *, now: datetime
) -> str | None:
    """None when `person` may say why a row of this request was late; else the reason as a sentence.

    `doers` are those who do that row: theirs it is, and the head's. What is `written` belongs to its writer and the
    head, until the request is over.
    """
    if explains_as(person, doers, now=now) is None:
        return _("Alasan keterlambatan ditulis oleh yang mengerjakan langkah itu atau Kepala.")
    if written is None:
        return None
    if request.status not in OPEN:
        return _("Permohonan ini sudah berakhir, sehingga alasan yang tertulis tidak dapat diubah lagi.")
    if written.written_by_id != getattr(person, "pk", None) and not explains_as(person, (Actor.HEAD,), now=now):
        return _("Alasan ini ditulis %(name)s. Hanya penulisnya atau Kepala yang dapat mengubahnya.") % {
            "name": written.written_by
        }
    return None


def explains_as(person: Person, doers: Collection[Actor], *, now: datetime) -> Authority | None:
    """By what right `person` is one of `doers` or the head; None when they are not."""
    if not isinstance(person, User):
        return None
    today = timezone.localdate(now)
    rights = (authority(person, PERMISSION[actor], today) for actor in (*doers, Actor.HEAD) if actor in PERMISSION)
    return next(filter(None, rights), None)


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
