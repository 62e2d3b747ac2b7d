"""Everything that a simulated history wrote, taken away again."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max

from accounts.models import AuditEvent, Notice, OutgoingMail, Substitution, Unit, User
from config.simulation.cast import DOMAIN, UNIT_CODE, is_of_the_cast
from requests_app.models import AccessRequest, AgendaEntry, Document, NumberBook, ReplyLetter
from webservice_accounts.models import DataType, WebserviceAccount

PORTION = 500
T = TypeVar("T")


@transaction.atomic
def remove() -> int:
    """Take all of it away; how many requests that were. Numbers that nobody else drew since are free again.

    Raises ProtectedError, and takes nothing, when a real request or account uses simulated
    data or was worked on by simulated people.
    """
    requests = AccessRequest.objects.filter(is_of_the_cast("unit__"))
    accounts = WebserviceAccount.objects.filter(is_of_the_cast("unit__"))
    people = User.objects.filter(is_of_the_cast())
    subjects = [f"request:{reference}" for reference in requests.values_list("reference", flat=True)]
    subjects += [f"account:{name}" for name in accounts.values_list("username", flat=True)]
    for some in _portions(subjects):
        AuditEvent.objects.filter(subject__in=some).delete()
    AuditEvent.objects.filter(actor_id__in=people.values("pk")).delete()
    OutgoingMail.objects.filter(to__endswith=f"@{DOMAIN}").delete()
    Notice.objects.filter(user__in=people).delete()
    gone = requests.count()
    files = set(Document.objects.filter(request__in=requests).values_list("file", flat=True))
    for keys in _portions(requests.values_list("pk", flat=True)):
        AgendaEntry.objects.filter(request__in=keys).delete()
        ReplyLetter.objects.filter(request__in=keys).delete()
        AccessRequest.objects.filter(pk__in=keys).delete()
    for keys in _portions(accounts.values_list("pk", flat=True)):
        WebserviceAccount.objects.filter(pk__in=keys).delete()
    Substitution.objects.filter(is_of_the_cast("absent__")).delete()
    DataType.objects.filter(code__startswith=UNIT_CODE, owner__in=Unit.objects.filter(is_of_the_cast())).delete()
    people.delete()
    Unit.objects.filter(is_of_the_cast()).delete()
    _free_numbers()
    for name in files:
        transaction.on_commit(lambda name=name: default_storage.delete(name), robust=True)  # type: ignore[misc]
    return gone


def _free_numbers() -> None:
    last = {
        NumberBook.Book.AGENDA: dict(AgendaEntry.objects.values_list("year").annotate(Max("number")).order_by()),
        NumberBook.Book.OUTGOING: dict(
            ReplyLetter.objects.exclude(number_year=None)
            .values_list("number_year")
            .annotate(Max("number_in_book"))
            .order_by()
        ),
    }
    for book in NumberBook.objects.select_for_update():
        book.last = last[NumberBook.Book(book.book)].get(book.year, 0)
        book.save(update_fields=["last"])


def _portions(rows: Iterable[T]) -> Iterator[list[T]]:
    every = list(rows)
    for first in range(0, len(every), PORTION):
        yield every[first : first + PORTION]
