"""Wake a worker after commit. A message that gets lost costs one sweep, never the work."""

import logging
from typing import Any

from celery import Task
from django.db import transaction

logger = logging.getLogger(__name__)


def after_commit(task: Task, *ids: int) -> None:
    """Send `task` its ids once the transaction holds; a dead broker is logged, not raised.

    Only ids travel: the row says the rest. Timers pick up what stayed behind.
    """

    def send() -> None:
        try:
            task.apply_async(args=ids, ignore_result=True)
        except Exception as error:  # the broker's libraries raise what they like
            logger.warning("broker did not take %s%s: %s; the next sweep will", task.name, ids, error)

    transaction.on_commit(send, robust=True)


def is_reachable(connection: Any) -> bool:
    """Whether the broker answers within its socket timeout (for the administrator's page)."""
    try:
        connection.ensure_connection(max_retries=1, timeout=1)
    except Exception:
        return False
    return True
