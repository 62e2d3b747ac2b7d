"""Asked for by the clock (`settings.CELERY_BEAT_SCHEDULE`). Harmless at any time and any number of times."""

from celery import shared_task
from django.utils import timezone

from requests_app.steps import clock, digests


@shared_task
def sweep_deadlines() -> int:
    """Every minute: warn, record breaches, tell, and mark what reached people. How many notices were handled."""
    handled = clock.sweep(now=timezone.now())
    clock.note_delivery()
    return handled


@shared_task
def write_digests() -> int:
    """Every five minutes: the daily and weekly summaries that are due, and which of them arrived. How many are new."""
    written = digests.write_daily(now=timezone.now()) + digests.write_weekly(now=timezone.now())
    digests.note_delivery()
    return written
