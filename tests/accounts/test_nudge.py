"""Waking a worker: after commit, without waiting for a broker that does not answer."""

import time
from typing import Any

import pytest
from django.db import transaction

from accounts.nudge import Broker, after_commit

pytestmark = pytest.mark.django_db(transaction=True)


class Task:
    """Stands for a Celery task; a `broken` one finds no broker."""

    name = "tugas"

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.asked: list[Any] = []

    def apply_async(self, *, args: Any, **_words: Any) -> None:
        self.asked.append(args)
        if self.broken:
            raise ConnectionError("refused")


def test_ids_travel_when_the_transaction_holds() -> None:
    task = Task()
    with transaction.atomic():
        after_commit(task, 7)
        assert task.asked == []
    assert task.asked == [(7,)]


def test_what_is_rolled_back_wakes_nobody() -> None:
    task = Task()
    with transaction.atomic():
        after_commit(task, 7)
        transaction.set_rollback(True)
    assert task.asked == []


def test_a_broker_that_fails_is_asked_once_for_all_mails_of_an_act(caplog: pytest.LogCaptureFixture) -> None:
    task = Task(broken=True)
    with transaction.atomic():
        for number in range(9):
            after_commit(task, number)
    assert task.asked == [(0,)], "each question could cost a second of somebody's page"
    assert caplog.text.count("the next sweep will") == 1


def test_and_asked_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    task = Task(broken=True)
    after_commit(task, 1)
    monkeypatch.setattr(Broker, "silent_until", time.monotonic())
    task.broken = False
    after_commit(task, 2)
    after_commit(task, 3)
    assert task.asked == [(1,), (2,), (3,)]
