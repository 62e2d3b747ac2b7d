"""The Celery application. What runs when stands in `settings.CELERY_BEAT_SCHEDULE`."""

import os

from celery import Celery
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured

from config import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("gapura")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="tasks")
app.autodiscover_tasks(related_name="timers")


@worker_init.connect
@beat_init.connect
def refuse_demo_accounts(**_: object) -> None:
    """End the worker or the beat at its start; Celery itself would only log an exception raised here."""
    try:
        checks.refuse_demo_accounts()
    except ImproperlyConfigured as refusal:
        raise SystemExit(str(refusal)) from None
