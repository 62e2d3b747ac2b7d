"""Asked for by the clock (`settings.CELERY_BEAT_SCHEDULE`)."""

from celery import shared_task
from django.utils import timezone

from requests_app.steps import clock


@shared_task
def sweep_deadlines() -> int:
    """Every minute: warn, record breaches, tell. How many notices are new."""
    return clock.sweep(now=timezone.now())
