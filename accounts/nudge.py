"""Wake a worker after commit. A message that gets lost costs one sweep, never the work."""

import logging
import time
from typing import Any, ClassVar

from celery import Task
from django.db import transaction

logger = logging.getLogger(__name__)


class Broker:
    """What this process knows of the broker."""

    SPARED: ClassVar = 10.0
    """Seconds for which one that did not answer is not asked again: each question may cost its timeout."""
    silent_until: ClassVar = 0.0
    """On the clock of `time.monotonic`."""


def after_commit(task: Task, *ids: int) -> None:
    """Send `task` its ids once the transaction holds; a dead broker is logged, not raised.

    Only ids travel: the row says the rest. Timers pick up what stayed behind.
    """
    transaction.on_commit(lambda: _send(task, *ids), robust=True)


def _send(task: Task, *ids: int) -> None:
    if time.monotonic() < Broker.silent_until:
        return
    try:
        task.apply_async(args=ids, ignore_result=True)
    except Exception as error:  # the broker's libraries raise what they like
        Broker.silent_until = time.monotonic() + Broker.SPARED
        logger.warning("broker did not take %s%s: %s; the next sweep will", task.name, ids, error)


def is_reachable(connection: Any) -> bool:
    """Whether the broker answers within its socket timeout (for the administrator's page)."""
    try:
        connection.ensure_connection(max_retries=1, timeout=1)
    except Exception:
        return False
    return True
