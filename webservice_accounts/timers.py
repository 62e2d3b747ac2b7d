"""Asked for by the clock: what is due now? Harmless at any time and any number of times."""

from celery import shared_task
from django.utils import timezone

from webservice_accounts import oauth, provisioners, reminders, tasks, usage


@shared_task
def follow_services() -> int:
    """Every minute: ends that have come, messages that stayed behind or failed before. How many were delivered."""
    now = timezone.now()
    provisioners.announce_ends(now=now)
    tasks.release_stuck(now=now)
    ids = list(tasks.waiting(now).values_list("pk", flat=True)[: tasks.BATCH])
    return sum(tasks.deliver(task_id, now=timezone.now()) for task_id in ids)


@shared_task
def prune_dead_tokens() -> int:
    """Every hour: access tokens that have been dead for a day, and keys that signed the last living one. How many."""
    return oauth.prune(now=timezone.now())


@shared_task
def remind_before_the_end() -> int:
    """Every quarter of an hour: reminders that are due, and which of them reached people. How many are new."""
    reminded = reminders.remind(now=timezone.now())
    reminders.note_delivery()
    return reminded


@shared_task
def sweep_unused_accounts() -> int:
    """Every hour: ask about accounts that nobody uses, suspend those never answered for. How many of both."""
    return reminders.sweep_unused(now=timezone.now())


@shared_task
def watch_use() -> int:
    """Every five minutes: tell PSI what is unusual about the use of accounts. How many alerts are new."""
    return usage.watch(now=timezone.now())


@shared_task
def prune_use() -> int:
    """Every night: remove counts of use that were kept long enough. How many rows."""
    return usage.prune(now=timezone.now())
