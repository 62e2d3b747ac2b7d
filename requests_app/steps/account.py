"""SOP 3: PSI takes the request, and adds the account with one year of access."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.wording import N_
from requests_app import messages, policies, selectors
from requests_app.models import AccessRequest, RequestedItem
from requests_app.policies import Refused
from requests_app.sop import Action
from requests_app.steps import disposition, move
from webservice_accounts import services
from webservice_accounts.models import DataType, WebserviceAccount
from webservice_accounts.models.account import DEFAULT_BURST, DEFAULT_RATE_PER_MINUTE
from webservice_accounts.policies import Refused as NotPossible

RENEWED = N_("{actor} memperpanjang akun {username}, berlaku s.d. {until}.")
"""What the timeline says of a renewal in place of "membuat akun"."""


@dataclass(frozen=True)
class Granting:
    """What PSI grants.

    `refused` maps a data type's id to the reason; every other item asked for is granted.
    `networks` are CIDR texts; `starts_on` is the local date of the first valid day. A
    renewal keeps its `username`, and its account goes on from its end while it lives: both
    are then not read.
    """

    username: str
    starts_on: date
    networks: tuple[str, ...] = ()
    refused: Mapping[int, str] = field(default_factory=dict)
    added: tuple[DataType, ...] = ()
    """Catalogue rows that answer the free-text wish of the letter; only where it has one."""
    other_data_reason: str = ""
    """Why the free-text wish is not, or not wholly, met."""
    rate_per_minute: int = DEFAULT_RATE_PER_MINUTE
    burst: int = DEFAULT_BURST


@transaction.atomic
def claim(request: AccessRequest, *, by: User, now: datetime, version: int | None = None) -> AccessRequest:
    """ "I am on it": others see the name."""
    act = move.begin(request, Action.CLAIM, by=by, now=now, version=version)
    act.request.assignee = by
    disposition.mark_read(act.request, by=by, now=now)  # taken is read: the head can no longer take it back
    return act.finish()


@transaction.atomic
def release(request: AccessRequest, *, by: User, now: datetime, version: int | None = None) -> AccessRequest:
    """Back into the queue."""
    act = move.begin(request, Action.RELEASE, by=by, now=now, version=version)
    act.request.assignee = None
    return act.finish()


@transaction.atomic
def reassign(
    request: AccessRequest, to: User, *, by: User, now: datetime, reason: str, version: int | None = None
) -> AccessRequest:
    """Pass it to `to`, who is told, as is the one who had it. Raises `Refused` when `to` could not make the account."""
    act = move.begin(request, Action.REASSIGN, by=by, now=now, version=version)
    if problem := policies.why_not_take_over(to, act.request, now=now):
        raise Refused(problem)
    before = act.request.assignee
    act.request.assignee_id = to.pk
    disposition.mark_read(act.request, by=by, now=now)
    passed = act.finish(name=str(to), reason=reason)
    event = selectors.last_event(passed)
    if event and before and before.is_active and before not in (by, to):
        key, words = f"{passed.reference}:{event.pk}:before", {"event": event, **event.data}
        messages.tell_people([before], passed, "reassign_before", key=key, context=words, now=now)
    return passed


def take(act: move.Act, by: User) -> None:
    """Whoever acts goes on with it; who acts in the name of the one who took it leaves it theirs."""
    if act.right is None or act.right.on_behalf_of is None or act.right.on_behalf_of.pk != act.request.assignee_id:
        act.request.assignee = by


@transaction.atomic
def ask_unit(
    request: AccessRequest, *, by: User, now: datetime, question: str, version: int | None = None
) -> AccessRequest:
    """PSI needs an answer of the unit; SOP 3's clock stands still meanwhile."""
    act = move.begin(request, Action.ASK_UNIT, by=by, now=now, version=version)
    disposition.mark_read(act.request, by=by, now=now)
    act.request.waiting_question = question
    take(act, by)
    return act.finish(reason=question)


@transaction.atomic
def hand_back(
    request: AccessRequest, *, by: User, now: datetime, reason: str, version: int | None = None
) -> AccessRequest:
    """PSI cannot carry the disposition out (nothing can be granted): the head decides again."""
    act = move.begin(request, Action.HAND_BACK, by=by, now=now, version=version)
    disposition.mark_read(act.request, by=by, now=now)
    act.request.assignee = None
    return act.finish(reason=reason)


@transaction.atomic
def create_account(
    request: AccessRequest, granting: Granting, *, by: User, now: datetime, version: int | None = None
) -> AccessRequest:
    """The account, or one more year of it, granting all or part of what was asked for.

    Raises `Refused` when nothing is granted (hand it back to the head), a refusal has no
    reason, the start lies in the past, the user name was taken or the account to renew was
    revoked meanwhile.
    """
    act = move.begin(request, Action.CREATE_ACCOUNT, by=by, now=now, version=version)
    disposition.mark_read(act.request, by=by, now=now)
    locked, refused = act.request, granting.refused
    if locked.other_data.strip():
        _answer_other_data(locked, granting)
    items = list(locked.items.select_related("data_type"))
    granted = [item for item in items if item.data_type_id not in refused]
    if not granted:
        raise Refused(_("Tidak ada data yang diberikan. Kembalikan kepada Kepala disertai alasannya."))
    if not all(reason.strip() for reason in refused.values()):
        raise Refused(_("Tuliskan alasan untuk setiap data yang tidak diberikan."))
    if granting.starts_on < timezone.localdate(now):
        raise Refused(_("Masa berlaku tidak dapat dimulai pada tanggal yang sudah lewat."))
    for item in items:
        reason = refused.get(item.data_type_id, "")
        item.decision = RequestedItem.Decision.REFUSED if reason else RequestedItem.Decision.GRANTED
        item.reason = reason
        item.save(update_fields=["decision", "reason"])
    locked.account = account = _account(locked, granting, [item.data_type for item in granted], by=by, now=now)
    take(act, by)
    is_partial = bool(refused or locked.other_data_reason)
    locked.outcome = AccessRequest.Outcome.PARTIAL if is_partial else AccessRequest.Outcome.GRANTED
    sentence = RENEWED if locked.renews_id else ""
    return act.finish(sentence=sentence, username=account.username, until=date_format(account.last_day, "j F Y"))


def _account(
    request: AccessRequest, granting: Granting, data_types: list[DataType], *, by: User, now: datetime
) -> WebserviceAccount:
    """The new account, or the one that is renewed, with what was granted."""
    granted: dict[str, Any] = {
        "holder": services.Holder(
            request.person_name, request.identity_type, request.identity_number, str(request.phone), request.email
        ),
        "application": request.application,
        "purpose": request.purpose,
        "data_types": data_types,
        "networks": granting.networks,
        "rate_per_minute": granting.rate_per_minute,
        "burst": granting.burst,
        "starts_on": granting.starts_on,
        "origin": request.subject,
    }
    if request.renews:
        try:
            return services.renew_account(request.renews, **granted, by=by, now=now)
        except NotPossible as problem:
            raise Refused(str(problem)) from problem
    try:
        return services.create_account(username=granting.username, unit=request.unit, **granted, by=by, now=now)
    except IntegrityError:  # its only unique column; two may choose the same name at once
        raise Refused(_("Nama pengguna %(name)s sudah dipakai.") % {"name": granting.username}) from None


def _answer_other_data(request: AccessRequest, granting: Granting) -> None:
    """The wish in the unit's own words becomes catalogue rows, or is answered with a reason."""
    if not granting.added and not granting.other_data_reason.strip():
        raise Refused(_("Jawab permintaan data lain: pilih jenis data yang sesuai, atau tuliskan alasannya."))
    request.other_data_reason = granting.other_data_reason.strip()
    for data_type in granting.added:
        RequestedItem.objects.get_or_create(request=request, data_type=data_type)
