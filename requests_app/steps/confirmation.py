"""SOP 5: PSI informs; the responsible person opens the key (`handover`) and confirms that access works."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.wording import N_
from requests_app import messages, policies
from requests_app.models import AccessRequest, AgendaEntry
from requests_app.policies import Refused
from requests_app.sop import Action, Actor, Status
from requests_app.steps import move
from webservice_accounts import handover
from webservice_accounts.models import WebserviceAccount
from webservice_accounts.selectors import living_secrets

INFORM_MAIL = f"{Action.INFORM}_{Actor.RESPONSIBLE_PERSON}"


@transaction.atomic
def inform(
    request: AccessRequest, *, by: User, now: datetime, plo_number: str = "", version: int | None = None
) -> AccessRequest:
    """Tell the responsible person by mail (and notice), with a link that has no power of its own.

    Whoever opened a key before opens a new one, and the old one ends; but not the holder
    of a renewed account whose key goes on (`keeps_key`), who only confirms.
    `plo_number`: the number or link of the same message in the office's letter system.
    """
    act = move.begin(request, Action.INFORM, by=by, now=now, version=version)
    account = _account(act.request)
    keeps = keeps_key(act.request, now)
    if keeps:
        account.confirmed_at = None
    elif account.revealed_at:
        handover.reset(account, now=now)
    account.informed_at = now
    account.save(update_fields=["informed_at", "confirmed_at"])
    AgendaEntry.objects.filter(request=act.request).update(account_plo_number=plo_number)
    return act.finish(detail=plo_number, mail_context=_new_link(account, now) | {"keeps_key": keeps})


def keeps_key(request: AccessRequest, now: datetime) -> bool:
    """Whether the key that the holder has goes on after this renewal.

    Not when it was ended (the account had ended, or somebody else holds it now), nor when
    the holder reported a problem, which takes back that the account was informed.
    """
    account = request.account
    if request.renews_id is None or account is None or account.informed_at is None or account.revealed_at is None:
        return False
    return living_secrets(account, now).exists()


def why_no_new_link(person: policies.Person, request: AccessRequest, *, now: datetime) -> str | None:
    """None when `person` may send the holder a fresh link; else the reason as a sentence.

    While it is unconfirmed; and also later when nobody has opened the key yet: who
    answers after PSI went on without them still needs a way to it.
    """
    if not isinstance(person, User) or not policies.is_psi(person, now):
        return _("Tindakan ini bukan wewenang Anda.")
    account = request.account
    if account is None or account.informed_at is None:
        return _("Akun ini belum diinformasikan.")
    if account.holder_email.lower() != request.email.lower():
        return _("Penanggung jawab akun ini sudah berganti. Kirim tautannya dari halaman akun.")
    if account.revealed_at and request.status != Status.INFORMED:
        return _("Kunci sudah dibuka, sehingga tautan baru tidak diperlukan.")
    return None


@transaction.atomic
def resend_link(request: AccessRequest, *, by: User, now: datetime) -> None:
    """A fresh link for the responsible person; the earlier one ends. For PSI (see `why_no_new_link`)."""
    locked = AccessRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if reason := why_no_new_link(by, locked, now=now):
        raise Refused(reason)
    event = audit.record(locked.subject, "resend_link", N_("{actor} mengirim tautan kunci yang baru."), by=by, now=now)
    link = _new_link(_account(locked), now) | {"keeps_key": keeps_key(locked, now)}
    messages.tell_actor(Actor.RESPONSIBLE_PERSON, locked, INFORM_MAIL, event, now=now, context=link)


@transaction.atomic
def confirm(request: AccessRequest, *, by: policies.Person, now: datetime, version: int | None = None) -> AccessRequest:
    """Received, and it works: the reply letter follows. Raises `Refused` before the secret was opened."""
    act = move.begin(request, Action.CONFIRM, by=by, now=now, version=version)
    account = _account(act.request)
    if account.revealed_at is None:
        raise Refused(_("Buka kunci akses lebih dahulu, lalu coba aksesnya sebelum mengonfirmasi."))
    account.acknowledged_at = account.acknowledged_at or now
    account.confirmed_at = now
    account.save(update_fields=["acknowledged_at", "confirmed_at"])
    return act.finish()


@transaction.atomic
def report_problem(
    request: AccessRequest, *, by: policies.Person, now: datetime, problem: str, version: int | None = None
) -> AccessRequest:
    """It does not work: back to PSI with the holder's words.

    An opened secret stays until PSI informs anew; an unopened one cannot be opened before that.
    """
    act = move.begin(request, Action.REPORT_PROBLEM, by=by, now=now, version=version)
    account = _account(act.request)
    account.informed_at = None
    account.save(update_fields=["informed_at"])
    return act.finish(reason=problem)


@transaction.atomic
def proceed_unconfirmed(
    request: AccessRequest, *, by: User, now: datetime, reason: str, version: int | None = None
) -> AccessRequest:
    """The responsible person does not answer: the reply letter is not held up for ever."""
    act = move.begin(request, Action.PROCEED_UNCONFIRMED, by=by, now=now, version=version)
    return act.finish(reason=reason)


def _account(request: AccessRequest) -> WebserviceAccount:
    if request.account is None:
        raise Refused(_("Permohonan ini belum memiliki akun."))
    return request.account


def _new_link(account: WebserviceAccount, now: datetime) -> dict[str, Any]:
    """What the mail says of the way to the key: the link, and when it ends."""
    link = settings.BASE_URL + reverse("handover", args=[handover.issue_ticket(account, now=now)])
    return {"link": link, "link_ends_at": now + handover.TICKET_LIFE}
