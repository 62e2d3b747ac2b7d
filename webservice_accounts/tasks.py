"""Asked for by a service, after commit: deliver one message to an outside webservice."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import shared_task
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import mail, notices
from accounts.models import User
from accounts.nudge import after_commit
from accounts.permissions import holders
from accounts.roles import Permission
from accounts.wording import N_
from webservice_accounts import webhooks
from webservice_accounts.models import ProvisioningTask, Service

Event, State = ProvisioningTask.Event, ProvisioningTask.State

RETRY_AFTER = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""From one failed try to the next (the schedule of Standard Webhooks 1.0.0); after the last of them we give up."""
STUCK_AFTER = timedelta(minutes=10)
BATCH = 10
"""Messages in one sweep: with receivers that hang, two minutes."""
GONE = 410
"""The receiver wants no more of this (RFC 9110, 15.5.11)."""
NAMES_HOLDER = frozenset({Event.CREATE, Event.CHANGE, Event.REINSTATE})
"""Who holds the account is said where somebody must be reached, not where access ends."""


@shared_task
def deliver_message(task_id: int) -> None:
    """Send one waiting message. Does nothing when it is done, overtaken, or in another worker's hands."""
    deliver(task_id, now=timezone.now())


def deliver(task_id: int, *, now: datetime) -> bool:
    """Claim the row, send, and mark it done only when the service answered 2xx. True when it did.

    Two messages of one account to one service are never on their way together. Anything
    but 2xx is tried again after `RETRY_AFTER`, or later when the receiver asks for it;
    410 and the last failed try end as FAILED, told to PSI and administrators. A message
    that failed while a newer one waits is dropped: the newer one says the whole state.
    """
    claimed = _sendable(now).filter(pk=task_id).update(state=State.SENDING, sending_since=now)
    if not claimed:
        return False
    task = ProvisioningTask.objects.select_related("service", "account__unit").get(pk=task_id)
    outcome: dict[str, Any] = {"attempts": task.attempts + 1, "sending_since": None, "last_status": None}
    wait = timedelta(0)
    try:
        answer = _send(task, now)
    except Exception as problem:  # whatever it was, the row must not stay on its way for ever
        said = str(problem) if isinstance(problem, webhooks.NoAnswer) else f"{type(problem).__name__}: {problem}"
        # What a stranger answered: PostgreSQL takes no NUL.
        outcome["last_error"] = "".join(one if one.isprintable() else " " for one in said[:300])
    else:
        outcome |= {"last_status": answer.status, "last_error": ""}
        wait = timedelta(seconds=answer.wait)
    _conclude(task, outcome, wait, now)
    return bool(outcome["state"] == State.DONE)


def release_stuck(*, now: datetime) -> None:
    """Messages of a worker that died go back to the queue."""
    stuck = ProvisioningTask.objects.filter(state=State.SENDING, sending_since__lt=now - STUCK_AFTER)
    stuck.filter(_has_newer()).update(state=State.SUPERSEDED, sending_since=None)
    stuck.update(state=State.WAITING, sending_since=None)


def waiting(now: datetime) -> QuerySet[ProvisioningTask]:
    """Messages whose turn it is at `now`, the longest overdue first."""
    return _sendable(now).order_by("next_try_at", "pk")


def body_of(task: ProvisioningTask) -> bytes:
    """The JSON that is sent: type, timestamp and data, as Standard Webhooks recommends.

    Who holds the account is looked up now and not kept with the message: no copies of
    personal data wait in rows.
    """
    data = dict(task.payload)
    if task.event in NAMES_HOLDER:
        data["holder"] = {"name": task.account.holder_name, "email": task.account.holder_email}
    message = {"type": task.event, "timestamp": instant(task.created_at), "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, so that texts sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def tell(people: list[User], template: str, subject: str, task: ProvisioningTask, key: str, now: datetime) -> None:
    """One mail and one notice for each person, in their language; `subject` is the notice's line in Indonesian.

    `key` names the occasion. Call in the transaction of what is told.
    """
    words = {"task": task, "account": task.account, "service": task.service}
    for person in people:
        with translation.override(person.language):
            line = _(subject) % {"username": task.account.username, "service": task.service}
        heading, text = mail.compose(template, language=person.language, context=words | {"recipient": str(person)})
        mail.queue(
            key=f"{key}:{person.pk}", to=person.email, language=person.language, subject=heading, text=text, now=now
        )
        notices.tell(person, key=key, text=line, url=reverse("service_task", args=[task.pk]), now=now)


def _send(task: ProvisioningTask, now: datetime) -> webhooks.Answer:
    body = body_of(task)
    keys = webhooks.keys(task.service.code, task.service.webhook_key_version)
    signed = webhooks.headers(keys, task.key, int(now.timestamp()), body)
    return webhooks.post(task.service.webhook_url, signed, body)


def _sendable(now: datetime) -> QuerySet[ProvisioningTask]:
    of_the_same = ProvisioningTask.objects.filter(account=OuterRef("account"), service=OuterRef("service"))
    return ProvisioningTask.objects.filter(
        ~Exists(of_the_same.filter(state=State.SENDING)),
        service__in=Service.objects.filter(provisioner=Service.Provisioner.WEBHOOK, is_active=True),
        state=State.WAITING,
        next_try_at__lte=now,
    )


def _has_newer() -> Exists:
    same = ProvisioningTask.objects.filter(account=OuterRef("account"), service=OuterRef("service"))
    return Exists(same.filter(pk__gt=OuterRef("pk")).exclude(state=State.SUPERSEDED))


@transaction.atomic
def _conclude(task: ProvisioningTask, outcome: dict[str, Any], wait: timedelta, now: datetime) -> None:
    """Write what came of a try, unless the row was taken for stuck meanwhile; then see to the next message."""
    status = outcome["last_status"]
    if status is not None and 200 <= status < 300:
        outcome |= {"state": State.DONE, "done_at": now}
    elif ProvisioningTask.objects.filter(_has_newer(), pk=task.pk).exists():
        outcome["state"] = State.SUPERSEDED
    elif status == GONE or outcome["attempts"] > len(RETRY_AFTER):
        outcome["state"] = State.FAILED
    else:
        outcome["state"] = State.WAITING
        outcome["next_try_at"] = now + max(RETRY_AFTER[outcome["attempts"] - 1], wait)
    mine = ProvisioningTask.objects.filter(pk=task.pk, state=State.SENDING, sending_since=now)
    if not mine.update(**outcome):
        return
    if outcome["state"] == State.FAILED:
        task.refresh_from_db()
        _tell_failure(task, now)
    following = ProvisioningTask.objects.filter(account=task.account_id, service=task.service_id, state=State.WAITING)
    for task_id in following.filter(next_try_at__lte=now).values_list("pk", flat=True):
        after_commit(deliver_message, task_id)


def _tell_failure(task: ProvisioningTask, now: datetime) -> None:
    today = timezone.localdate(now)
    people = {*holders(Permission.CREATE_ACCOUNT, today), *holders(Permission.ADMINISTER, today)}
    subject = N_("Layanan %(service)s tidak menerima perubahan akun %(username)s.")
    key = f"service-task:{task.pk}:failed:{now:%Y%m%d%H%M%S}"
    tell(sorted(people, key=lambda person: person.pk), "service_task_failed", subject, task, key, now)
