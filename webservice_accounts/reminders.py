"""Telling people before their account ends, and asking about accounts that nobody uses.

Everything here is asked for by the clock and may run at any time, any number of times and
twice at once: an account is locked, looked at again, and handled in one transaction, so
that its row and its mails are there together or not at all.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from accounts import audit, mail, notices
from accounts.models import OutgoingMail, User
from accounts.wording import N_
from webservice_accounts import messages, provisioners
from webservice_accounts.lifecycle import (
    AFTER_END,
    CAUGHT_UP_WITHIN,
    NOTICE_DAYS,
    UNUSED_AFTER,
    UNUSED_ANSWER_WITHIN,
    DueNotice,
    State,
    days_left,
    ends_noticed,
    is_valid,
    notices_due,
    state_at,
)
from webservice_accounts.messages import INDONESIAN, Audience
from webservice_accounts.models import (
    AccountPeriod,
    EndNotice,
    Holding,
    ProvisioningTask,
    Suspension,
    WebserviceAccount,
)

logger = logging.getLogger(__name__)

BATCH = 200
CLOCK_NAME = N_("Gapura")
"""Who acted, as the record names it, when nobody pressed a button."""

UNUSED_REASON = N_("Tidak digunakan selama 90 hari, dan tidak ada jawaban selama 14 hari.")

RENEWAL_UNDER_WAY = frozenset(
    {"submitted", "returned", "registered", "awaiting_disposition", "clarification", "disposed"}
)
"""Statuses of a request that renews an account while the office (or the unit, asked by it) is at work on it.

Texts, because the statuses live in the room above; a test there holds them together. A
draft is not among them: who began one and forgot it needs the reminder most. Nor is
anything after PSI's step: the end has moved by then, or the renewal was refused.
"""


class Skipped(StrEnum):
    """Why a reminder was not sent."""

    REVOKED = "revoked"
    RENEWAL = "renewal_under_way"
    DECLINED = "declined"
    OVERTAKEN = "overtaken"
    """Nobody could send it in time, and a later one says more."""
    PAST = "past_when_granted"
    """Its day was over when this end was decided: a short term does not begin with reminders."""


HELD_BACK = frozenset({Skipped.RENEWAL, Skipped.DECLINED})
"""Reasons that may go away: a renewal is withdrawn or refused, "do not renew" is taken back."""


# --- before the end -----------------------------------------------------------------
def remind(*, now: datetime) -> int:
    """Write the reminders that are due, with their mails. For how many accounts.

    Of several that became due while nothing ran only the newest is mailed. A suspended
    account is reminded too: its year goes on, and the mail says that it stands still. The
    first query finds due accounts by their end; what follows costs by account found.
    """
    return _each([*_due(now), *_released(now)], _remind, now)


def note_delivery() -> int:
    """Mark those reminders as sent whose mails were all taken by a mail server; how many.

    One that failed or waits keeps the reminder open, and visible on PSI's page.
    """
    waiting = EndNotice.objects.filter(sent_at=None, skipped="", queued_at__isnull=False).order_by("pk")
    ids = list(waiting.values_list("pk", flat=True))
    marked = 0
    for first in range(0, len(ids), BATCH):
        batch = ids[first : first + BATCH]
        mails = mails_of(_notice_key(pk) for pk in batch)
        for pk in batch:
            written = mails[_notice_key(pk)]
            if written and all(one.state == OutgoingMail.State.SENT for one in written):
                sent_at = max(one.sent_at for one in written if one.sent_at)
                marked += EndNotice.objects.filter(pk=pk, sent_at=None).update(sent_at=sent_at)
    return marked


def mails_of(keys: Iterable[str]) -> dict[str, list[OutgoingMail]]:
    """The mails written for each occasion, asked in one query. `keys`: of `_notice_key` or `unused_key`."""
    occasion = {f"{key}:{to}": key for key in keys if key for to in ("holder", "unit")}
    found: dict[str, list[OutgoingMail]] = {key: [] for key in occasion.values()}
    for one in OutgoingMail.objects.filter(key__in=occasion).defer("text"):
        found[occasion[one.key]].append(one)
    return found


def mails_of_notices(rows: Iterable[EndNotice]) -> dict[int, list[OutgoingMail]]:
    """The mails of each of these reminders, by its primary key."""
    keys = {_notice_key(row.pk): row.pk for row in rows}
    return {keys[key]: mails for key, mails in mails_of(keys).items()}


def renewal_under_way(account: WebserviceAccount) -> str:
    """Reference of the request that asks for one more year and is being worked on; "" when there is none.

    Reads `renewals`, which may be prefetched.
    """
    running = (request for request in account.renewals.all() if request.status in RENEWAL_UNDER_WAY)
    return next((request.reference for request in running), "")


def _due(now: datetime) -> list[int]:
    """Accounts whose newest due reminder has no row yet."""
    spans = ends_noticed(now)
    wanted = Q()
    for threshold, (after, upto) in spans.items():
        known = EndNotice.objects.filter(account=OuterRef("pk"), ends_at=OuterRef("ends_at"), threshold_days=threshold)
        # The dates stand first: PostgreSQL then asks for a row only where the end lies in the span.
        wanted |= Q(Q(ends_at__gt=after, ends_at__lte=upto), ~Exists(known))
    ends = [moment for span in spans.values() for moment in span]
    near = WebserviceAccount.objects.filter(ends_at__gt=min(ends), ends_at__lte=max(ends))
    return list(near.filter(wanted).order_by("ends_at").values_list("pk", flat=True))


def _released(now: datetime) -> list[int]:
    """Accounts whose newest reminder was held back for a reason that is gone, and which are still alive."""
    _after, furthest = ends_noticed(now)[max(NOTICE_DAYS)]
    newer = EndNotice.objects.filter(
        account=OuterRef("account"), ends_at=OuterRef("ends_at"), threshold_days__lt=OuterRef("threshold_days")
    )
    held = EndNotice.objects.filter(
        ~Exists(newer),
        skipped__in=HELD_BACK,
        ends_at=F("account__ends_at"),
        account__ends_at__gt=now,
        account__ends_at__lte=furthest,
        account__renewal_declined_at=None,
        account__revoked_at=None,
    )
    renewing = WebserviceAccount.objects.filter(renewals__status__in=RENEWAL_UNDER_WAY)
    return list(held.exclude(account__in=renewing).values_list("account", flat=True))


def _remind(account: WebserviceAccount, now: datetime) -> int:
    due = notices_due(account.ends_at, now)
    if not due or now - account.ends_at >= CAUGHT_UP_WITHIN:
        return 0
    series = EndNotice.objects.filter(account=account, ends_at=account.ends_at)
    known = {row.threshold_days: row for row in series}
    *earlier, newest = due
    decided_at = _decided_at(account)
    EndNotice.objects.bulk_create(
        _row(account, one, Skipped.PAST if one.due_at <= decided_at else Skipped.OVERTAKEN)
        for one in earlier
        if one.threshold not in known
    )
    why_not = Skipped.PAST if newest.due_at <= decided_at else _why_not(account)
    row = known.get(newest.threshold) or _row(account, newest, "")
    if row.pk and row.skipped not in HELD_BACK:
        return 0
    row.skipped, row.queued_at = why_not, None if why_not else now
    row.save()
    if why_not:
        return 0
    template = "account_ended" if newest.threshold == AFTER_END else "account_ends"
    words = {
        "days_left": days_left(account.ends_at, now),
        "is_suspended": state_at(account.facts, now) is State.SUSPENDED,
    }
    _tell(account, template, key=_notice_key(row.pk), words=words, now=now)
    return 1


def _row(account: WebserviceAccount, notice: DueNotice, skipped: str) -> EndNotice:
    return EndNotice(
        account=account,
        ends_at=account.ends_at,
        threshold_days=notice.threshold,
        due_at=notice.due_at,
        skipped=skipped,
    )


def _decided_at(account: WebserviceAccount) -> datetime:
    """When the present end was granted."""
    granting = account.periods.filter(ends_at=account.ends_at).order_by("-granted_at").first()
    return granting.granted_at if granting else account.created_at


def _why_not(account: WebserviceAccount) -> Skipped | str:
    if account.revoked_at:
        return Skipped.REVOKED
    if renewal_under_way(account):
        return Skipped.RENEWAL
    return Skipped.DECLINED if account.renewal_declined_at else ""


def _notice_key(pk: int) -> str:
    return f"end-notice:{pk}"


# --- used by nobody -----------------------------------------------------------------
def sweep_unused(*, now: datetime) -> int:
    """Forget what was answered, ask about accounts unused for 90 days, suspend those never answered for.

    How many were asked about or suspended.
    """
    _forget_answered(now)
    idle = WebserviceAccount.objects.filter(_usable(now), unused_told_at=None).exclude(
        _stirred_between(now - UNUSED_AFTER, now)
    )
    asked = _each(_ids(idle), _ask, now)
    told = WebserviceAccount.objects.filter(_usable(now), unused_told_at__lte=now - UNUSED_ANSWER_WITHIN)
    return asked + _each(_ids(told), _suspend, now)


def idle_since(account: WebserviceAccount, now: datetime) -> datetime:
    """Since when nobody used the account or said that it is needed.

    The latest of: its key was opened, its (new) term began or was granted, its last use,
    the holder's answer, the end of a suspension, a new responsible person.
    """
    stirred = [account.starts_at, account.revealed_at, account.last_used_at, account.unused_answered_at]
    for period in account.periods.all():
        stirred += [period.starts_at, period.granted_at]
    stirred += [suspension.until for suspension in account.suspensions.all()]
    stirred += [holding.since for holding in account.holdings.all()]
    return max(moment for moment in stirred if moment and moment <= now)


def unused_key(account: WebserviceAccount) -> str:
    """The occasion of the question that stands open, for `mails_of`; "" when none does."""
    told_at = account.unused_told_at
    return f"account-unused:{account.pk}:{told_at.timestamp():.0f}" if told_at else ""


def asked_since(mails: Iterable[OutgoingMail]) -> datetime | None:
    """From when the time to answer counts: the first of the question's mails that was really sent."""
    return min((one.sent_at for one in mails if one.sent_at), default=None)


def _usable(now: datetime) -> Q:
    """As `lifecycle.is_valid`, asked of the database."""
    return Q(revoked_at=None, suspended_at=None, ends_at__gt=now, starts_at__lte=now, revealed_at__lte=now)


def _stirred_between(after: datetime | str, upto: datetime) -> Q:
    """As `after` < `idle_since` (at `upto`), asked of the database; a text names a column of the account."""
    own, outer = (F(after), OuterRef(after)) if isinstance(after, str) else (after, after)

    def of_account(field: str) -> Q:
        return Q(**{f"{field}__gt": own, f"{field}__lte": upto})

    def of_history(rows: type[AccountPeriod] | type[Holding] | type[Suspension], field: str) -> Exists:
        between = {f"{field}__gt": outer, f"{field}__lte": upto}
        return Exists(rows.objects.filter(account=OuterRef("pk"), **between))

    return (
        of_account("starts_at")
        | of_account("revealed_at")
        | of_account("last_used_at")
        | of_account("unused_answered_at")
        | Q(of_history(AccountPeriod, "starts_at"))
        | Q(of_history(AccountPeriod, "granted_at"))
        | Q(of_history(Suspension, "until"))
        | Q(of_history(Holding, "since"))
    )


def _forget_answered(now: datetime) -> None:
    asked = WebserviceAccount.objects.filter(unused_told_at__isnull=False)
    asked.filter(_stirred_between("unused_told_at", now)).update(unused_told_at=None)


def _ask(account: WebserviceAccount, now: datetime) -> int:
    since = idle_since(account, now)
    if account.unused_told_at or not is_valid(account.facts, now) or since > now - UNUSED_AFTER:
        return 0
    account.unused_told_at = now
    account.save(update_fields=["unused_told_at"])
    audit.record(
        account.subject,
        "ask_whether_needed",
        N_("{actor} menanyakan apakah akun {username} masih dibutuhkan: tidak digunakan sejak {since}."),
        by=None,
        by_name=CLOCK_NAME,
        now=now,
        data={"username": account.username, "since": _local_day(since)},
    )
    words = {"idle_since": since, "suspended_from": now + UNUSED_ANSWER_WITHIN}
    _tell(account, "account_unused", key=unused_key(account), words=words, now=now)
    return 1


def _suspend(account: WebserviceAccount, now: datetime) -> int:
    """Nobody is suspended who was not reached: the time to answer counts from the first mail that was really sent."""
    told_at = account.unused_told_at
    if told_at is None or not is_valid(account.facts, now) or idle_since(account, now) > told_at:
        return 0
    key = unused_key(account)
    asked_at = asked_since(mails_of([key])[key])
    if asked_at is None or now < asked_at + UNUSED_ANSWER_WITHIN:
        return 0
    suspend_unused(account, now=now)
    return 1


def suspend_unused(account: WebserviceAccount, *, now: datetime) -> Suspension:
    """The locked, valid account stands still from `now` because nobody uses it; the outside services and people follow.

    Call in a transaction. It is undone like any suspension.
    """
    account.suspended_at = now
    account.save(update_fields=["suspended_at"])
    suspension = Suspension.objects.create(
        account=account, cause=Suspension.Cause.UNUSED, reason=UNUSED_REASON, since=now, by_name=CLOCK_NAME
    )
    provisioners.announce(account, ProvisioningTask.Event.SUSPEND, now=now)
    event = audit.record(
        account.subject,
        "suspend_unused",
        N_("{actor} menangguhkan akun {username}: tidak digunakan, dan pertanyaan tanggal {asked} tidak dijawab."),
        by=None,
        by_name=CLOCK_NAME,
        now=now,
        data={"username": account.username, "asked": _local_day(account.unused_told_at or now)},
    )
    words = {"asked_at": account.unused_told_at, "idle_since": idle_since(account, now)}
    everybody = (Audience.HOLDER, Audience.UNIT, Audience.PSI)
    messages.tell(account, "account_suspended_unused", event, to=everybody, by=None, now=now, context=words)
    return suspension


def _local_day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "j F Y")


# --- both ---------------------------------------------------------------------------
def _ids(accounts: QuerySet[WebserviceAccount]) -> list[int]:
    return list(accounts.order_by("pk").values_list("pk", flat=True))


def _each(ids: Iterable[int], act: Callable[[WebserviceAccount, datetime], int], now: datetime) -> int:
    """`act` on each account, locked and in a transaction of its own. The sum of what it gave back.

    One that somebody else is at is left to the next sweep. One that goes wrong is logged
    and stops no other.
    """
    done = 0
    for pk in ids:
        try:
            with transaction.atomic():
                free = WebserviceAccount.objects.select_for_update(skip_locked=True, of=("self",))
                account = free.select_related("unit").filter(pk=pk).first()
                done += act(account, now) if account else 0
        except Exception:
            logger.exception("account %s was left for the next sweep", pk)
    return done


def _tell(account: WebserviceAccount, template: str, *, key: str, words: Mapping[str, Any], now: datetime) -> None:
    """A mail to the responsible person (and a notice, when they can sign in) and one to the unit's mailbox."""
    user = User.objects.filter(email__iexact=account.holder_email, is_active=True).first()
    context = {
        "account": account,
        "data_types": [grant.data_type for grant in account.current_grants],
        "last_day": account.last_day,
        **words,
    }
    subject = _mail(
        template,
        key=f"{key}:holder",
        to=account.holder_email,
        language=user.language if user else INDONESIAN,
        context=context | {"recipient": account.holder_name},
        now=now,
    )
    if user:
        notices.tell(user, key=key, text=subject, url=reverse("account", args=[account.username]), now=now)
    mailbox = account.unit.email
    if mailbox and mailbox.lower() != account.holder_email.lower():
        _mail(template, key=f"{key}:unit", to=mailbox, language=INDONESIAN, context=context, now=now)


def _mail(template: str, *, key: str, to: str, language: str, context: Mapping[str, Any], now: datetime) -> str:
    subject, text = mail.compose(template, language=language, context=context)
    mail.queue(key=key, to=to, language=language, subject=subject, text=text, now=now)
    return subject
