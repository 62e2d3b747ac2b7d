"""Numbers without gaps, per book and calendar year, whoever draws at the same time and whatever is undone."""

import random
import threading
import time
from datetime import date

import pytest
from django.db import transaction
from django.db.models import QuerySet

from requests_app.models import NumberBook
from requests_app.steps.numbers import draw
from tests.racing import at_once

AGENDA, OUTGOING = NumberBook.Book.AGENDA, NumberBook.Book.OUTGOING
DAY = date(2026, 11, 23)
THREADS, DRAWS = 8, 12


class Undone(Exception):
    """Something after the draw went wrong."""


@pytest.mark.django_db
def test_numbers_follow_each_other_from_one() -> None:
    assert [draw(AGENDA, DAY) for _ in range(3)] == [(2026, 1), (2026, 2), (2026, 3)]


@pytest.mark.django_db
def test_each_book_and_each_calendar_year_counts_for_itself() -> None:
    draw(AGENDA, date(2026, 12, 31))
    assert draw(OUTGOING, date(2026, 12, 31)) == (2026, 1)
    assert draw(AGENDA, date(2027, 1, 1)) == (2027, 1)
    assert draw(AGENDA, date(2026, 12, 31)) == (2026, 2)


@pytest.mark.django_db
def test_what_is_undone_leaves_no_gap() -> None:
    draw(AGENDA, DAY)
    with transaction.atomic():
        assert draw(AGENDA, DAY) == (2026, 2)
        transaction.set_rollback(True)
    assert draw(AGENDA, DAY) == (2026, 2)


@pytest.mark.django_db(transaction=True)
def test_a_number_cannot_be_drawn_outside_the_act_that_uses_it() -> None:
    with pytest.raises(RuntimeError):
        draw(AGENDA, DAY)
    assert not NumberBook.objects.exists()


def draw_in_threads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Eight threads draw, undo about every third, and think for a moment between reading and writing."""
    save = NumberBook.save

    def save_after_a_moment(self: NumberBook, *args: object, **kwargs: object) -> None:
        time.sleep(0.005)
        save(self, *args, **kwargs)

    monkeypatch.setattr(NumberBook, "save", save_after_a_moment)
    kept: list[int] = []
    lock = threading.Lock()

    def work(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(DRAWS):
            try:
                with transaction.atomic():
                    _year, number = draw(AGENDA, DAY)
                    if dice.random() < 0.3:
                        raise Undone
            except Undone:
                continue
            with lock:
                kept.append(number)

    outcomes = at_once([lambda seed=seed: work(seed) for seed in range(THREADS)])
    assert outcomes == [None] * THREADS
    return sorted(kept)


@pytest.mark.django_db(transaction=True)
def test_eight_threads_with_rollbacks_draw_every_number_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = draw_in_threads(monkeypatch)
    assert THREADS < len(kept) < THREADS * DRAWS, "some were kept and some undone"
    assert kept == list(range(1, len(kept) + 1))
    assert NumberBook.objects.get(book=AGENDA, year=2026).last == len(kept)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_without_the_row_lock_the_same_number_is_drawn_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: plain "last + 1" loses."""
    NumberBook.objects.create(book=AGENDA, year=2026)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **kwargs: self)
    kept = draw_in_threads(monkeypatch)
    assert len(set(kept)) < len(kept)
