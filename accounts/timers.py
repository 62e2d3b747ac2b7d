"""Asked for by the clock: what is due now? Harmless at any time and any number of times."""

from datetime import timedelta

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from accounts.models import OutgoingMail
from accounts.tasks import deliver

BATCH = 200
STUCK_AFTER = timedelta(minutes=10)
HEARTBEAT = "worker-heartbeat"


@shared_task
def deliver_waiting_mail() -> int:
    """Send what stayed behind: lost nudges, mails to retry, mails of a worker that died. How many were sent."""
    now = timezone.now()
    OutgoingMail.objects.filter(state=OutgoingMail.State.SENDING, sending_since__lt=now - STUCK_AFTER).update(
        state=OutgoingMail.State.WAITING, sending_since=None
    )
    waiting = OutgoingMail.objects.filter(state=OutgoingMail.State.WAITING, next_try_at__lte=now)
    ids = list(waiting.order_by("next_try_at").values_list("pk", flat=True)[:BATCH])
    return sum(deliver(mail_id, now=timezone.now()) for mail_id in ids)


@shared_task
def heartbeat() -> None:
    """Prove that beat, broker and worker work together: a task of theirs finished at this instant."""
    cache.set(HEARTBEAT, timezone.now(), timeout=None)
