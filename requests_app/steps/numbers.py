"""Numbers without gaps: one locked row per book and calendar year, in the transaction of the act."""

from datetime import date

from django.db import transaction

from requests_app.models import NumberBook


def draw(book: str, on: date) -> tuple[int, int]:
    """(calendar year, next number) of `book` for the local date `on`.

    Must run inside the transaction that uses the number: when that rolls back, so does
    the draw, and no gap is left. Draw last, so that the row is locked for a short time.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a number is drawn only inside the transaction that uses it")
    NumberBook.objects.get_or_create(book=book, year=on.year)
    row = NumberBook.objects.select_for_update().get(book=book, year=on.year)
    row.last += 1
    row.save(update_fields=["last"])
    return row.year, row.last
