"""Between SOP 2 and 3: the head decides where the letter goes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from requests_app import messages, policies, selectors
from requests_app.models import AccessRequest, Disposition
from requests_app.sop import Action
from requests_app.steps import move


@dataclass(frozen=True)
class Instructions:
    """What the head ticks and writes; `codes` are values of `Disposition.Instruction`."""

    codes: tuple[str, ...] = (Disposition.Instruction.FOLLOW_SOP,)
    note: str = ""
    due_on: date | None = None
    copies: tuple[User, ...] = ()


@transaction.atomic
def dispose(
    request: AccessRequest, instructions: Instructions, *, by: User, now: datetime, version: int | None = None
) -> AccessRequest:
    """Forward to PSI (lead) and, in copy, to others. SOP 3's clock starts."""
    act = move.begin(request, Action.DISPOSE, by=by, now=now, version=version)
    disposition = _decide(act, by, Disposition.Decision.FORWARDED, instructions)
    act.request.assignee = None
    with translation.override(settings.LANGUAGE_CODE):  # the record is in one language, whoever reads it
        labels = disposition.instruction_labels
    disposed = act.finish(reason="; ".join(labels), detail=instructions.note)
    _tell_copies(disposition, disposed, now)
    return disposed


@transaction.atomic
def ask_for_clarification(
    request: AccessRequest, *, by: User, now: datetime, reason: str, version: int | None = None
) -> AccessRequest:
    """Back to the unit with a question; it comes again through the helpdesk."""
    act = move.begin(request, Action.ASK_FOR_CLARIFICATION, by=by, now=now, version=version)
    _decide(act, by, Disposition.Decision.CLARIFICATION, Instructions((), reason))
    act.request.waiting_question = reason
    return act.finish(reason=reason)


@transaction.atomic
def refuse(
    request: AccessRequest, *, by: User, now: datetime, reason: str, version: int | None = None
) -> AccessRequest:
    """ "Belum dapat dipenuhi": a reply letter with the reason follows."""
    act = move.begin(request, Action.REFUSE, by=by, now=now, version=version)
    _decide(act, by, Disposition.Decision.REFUSED, Instructions((), reason))
    act.request.outcome = AccessRequest.Outcome.REFUSED
    act.request.items.update(decision="refused", reason=reason[:300])
    return act.finish(reason=reason)


@transaction.atomic
def cancel(request: AccessRequest, *, by: User, now: datetime, version: int | None = None) -> AccessRequest:
    """Take a disposition back while PSI has not read it.

    Reading does not wait for the request's lock, so the row itself says who was faster.
    """
    act = move.begin(request, Action.CANCEL_DISPOSITION, by=by, now=now, version=version)
    disposition = policies.last_disposition(act.request)
    if disposition is None or not Disposition.objects.filter(pk=disposition.pk, read_at=None).update(cancelled_at=now):
        raise policies.Refused(_("Disposisi baru saja dibaca Divisi PSI, sehingga tidak dapat dibatalkan lagi."))
    cancelled = act.finish()
    _tell_copies(disposition, cancelled, now)
    return cancelled


def mark_read(request: AccessRequest, *, by: User, now: datetime) -> None:
    """PSI has opened the letter: from now on the disposition stands. Reading by others marks nothing."""
    if policies.is_psi(by, now):
        Disposition.objects.filter(
            request=request,
            decision=Disposition.Decision.FORWARDED,
            read_at__isnull=True,
            cancelled_at__isnull=True,
        ).update(read_at=now, read_by=by)


@dataclass(frozen=True)
class Result:
    """What became of one of several letters: `problem` is None when it went."""

    request: AccessRequest
    problem: policies.Refused | move.ActedFirst | None = None


def dispose_several(
    letters: Iterable[tuple[AccessRequest, int]], instructions: Instructions, *, by: User, now: datetime
) -> list[Result]:
    """Each letter in its own transaction, with a result for each: one that cannot go stops no other.

    With each letter comes the version that the person's page showed.
    """
    results = []
    for request, version in letters:
        try:
            results.append(Result(dispose(request, instructions, by=by, now=now, version=version)))
        except (policies.Refused, move.ActedFirst) as problem:
            results.append(Result(request, problem))
    return results


def _decide(act: move.Act, by: User, decision: str, instructions: Instructions) -> Disposition:
    disposition = Disposition.objects.create(
        request=act.request,
        decision=decision,
        instructions=list(instructions.codes),
        note=instructions.note,
        due_on=instructions.due_on,
        decided_at=act.now,
        decided_by=by,
        on_behalf_of=act.right.on_behalf_of if act.right else None,
    )
    disposition.copies.set(instructions.copies)
    return disposition


def _tell_copies(disposition: Disposition, request: AccessRequest, now: datetime) -> None:
    """Those in copy hear what PSI hears, but nothing is asked of them."""
    if event := selectors.last_event(request):
        messages.tell_people(
            disposition.copies.filter(is_active=True),
            request,
            f"{event.verb}_copy",
            key=f"{request.reference}:{event.pk}:copy",
            context={"event": event, "disposition": disposition, **event.data},
            now=now,
        )
