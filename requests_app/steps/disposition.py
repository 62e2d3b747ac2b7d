"""Between SOP 2 and 3: the head decides where the letter goes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from requests_app import policies
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
    disposition = _decide(act, Disposition.Decision.FORWARDED, instructions)
    act.request.assignee = None
    return act.finish(reason="; ".join(disposition.instruction_labels), detail=instructions.note)


@transaction.atomic
def ask_for_clarification(
    request: AccessRequest, *, by: User, now: datetime, reason: str, version: int | None = None
) -> AccessRequest:
    """Back to the unit with a question; it comes again through the helpdesk."""
    act = move.begin(request, Action.ASK_FOR_CLARIFICATION, by=by, now=now, version=version)
    _decide(act, Disposition.Decision.CLARIFICATION, Instructions((), reason))
    act.request.waiting_question = reason
    return act.finish(reason=reason)


@transaction.atomic
def refuse(
    request: AccessRequest, *, by: User, now: datetime, reason: str, version: int | None = None
) -> AccessRequest:
    """ "Belum dapat dipenuhi": a reply letter with the reason follows."""
    act = move.begin(request, Action.REFUSE, by=by, now=now, version=version)
    _decide(act, Disposition.Decision.REFUSED, Instructions((), reason))
    act.request.outcome = AccessRequest.Outcome.REFUSED
    act.request.items.update(decision="refused", reason=reason[:300])
    return act.finish(reason=reason)


@transaction.atomic
def cancel(request: AccessRequest, *, by: User, now: datetime, version: int | None = None) -> AccessRequest:
    """Take a disposition back while PSI has not read it."""
    act = move.begin(request, Action.CANCEL_DISPOSITION, by=by, now=now, version=version)
    disposition = policies.last_disposition(act.request)
    if disposition:
        disposition.cancelled_at = now
        disposition.save(update_fields=["cancelled_at"])
    return act.finish()


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
    """What became of one of several letters: `problem` is "" when it worked."""

    request: AccessRequest
    problem: str = ""


def dispose_several(
    requests: Iterable[AccessRequest], instructions: Instructions, *, by: User, now: datetime
) -> list[Result]:
    """Each letter in its own transaction, with a result for each: one that cannot go stops no other."""
    results = []
    for request in requests:
        try:
            results.append(Result(dispose(request, instructions, by=by, now=now, version=request.version)))
        except (policies.Refused, move.ActedFirst) as problem:
            results.append(Result(request, str(problem)))
    return results


def _decide(act: move.Act, decision: str, instructions: Instructions) -> Disposition:
    disposition = Disposition.objects.create(
        request=act.request,
        decision=decision,
        instructions=list(instructions.codes),
        note=instructions.note,
        due_on=instructions.due_on,
        decided_at=act.now,
        decided_by=act.user,
        on_behalf_of=act.right.on_behalf_of if act.right else None,
    )
    disposition.copies.set(instructions.copies)
    return disposition
