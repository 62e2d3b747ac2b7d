"""The register of processing (UU 27/2022 PDP, art. 31): who may read what, why, since when, until when, by whose word.

One line is one stretch of time in which one person was responsible for one account that
was granted one kind of data under one letter: the overlap of a `Grant`, a `Holding` and an
`AccountPeriod`, cut off where the account was revoked. Nothing is written for it: the
history rows of the account are the register.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import Case, CharField, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import identity
from accounts.models import Unit
from webservice_accounts.lifecycle import WIB, Facts, State, last_valid_date, state_at
from webservice_accounts.models import DataType, Grant, Secret, Suspension, WebserviceAccount

CHUNK = 1000
"""Rows held in memory at once while the whole register is read."""
DAY = "j F Y"
REQUEST = "request:"
"""What the text reference of an origin begins with when it names a request."""


# --- who could read at a moment: the rule, as arithmetic and as a query -----------------------------------------
class Span(NamedTuple):
    """From `since` up to, but not including, `until` (None: without end); both aware."""

    since: datetime
    until: datetime | None

    def covers(self, moment: datetime) -> bool:
        """Whether the moment lies inside."""
        return self.since <= moment and (self.until is None or moment < self.until)


def instant(moment: datetime) -> Span:
    """The shortest span there is: that moment alone."""
    return Span(moment, moment + timedelta.resolution)


def whole_day(day: date) -> Span:
    """A local (WIB) date from midnight to midnight."""
    return Span(_midnight(day), _midnight(day + timedelta(days=1)))


@dataclass(frozen=True, slots=True)
class Stretch:
    """One line's time, and what kept the account open or shut meanwhile."""

    begins: datetime
    ends: datetime
    """Exclusive."""
    keys: tuple[Span, ...]
    """Each secret of the account, from when it was opened until it ended."""
    suspensions: tuple[Span, ...]

    def is_open_at(self, moment: datetime) -> bool:
        """Whether the data could be read at that moment: within the time, with a living key, not suspended."""
        return (
            self.begins <= moment < self.ends
            and any(key.covers(moment) for key in self.keys)
            and not any(suspension.covers(moment) for suspension in self.suspensions)
        )


def could_read(stretch: Stretch, during: Span) -> bool:
    """Whether there was an instant of `during` at which the data could be read; `readable` asks the database the same.

    It is open over spans that each begin where the time begins, where a key is opened or
    where a suspension ends, so only those instants need a look.
    """
    beginnings = {
        max(stretch.begins, during.since),
        *(key.since for key in stretch.keys),
        *(suspension.until for suspension in stretch.suspensions if suspension.until),
    }
    return any(during.covers(moment) and stretch.is_open_at(moment) for moment in beginnings)


def readable(rows: QuerySet[Grant], during: Span) -> QuerySet[Grant]:
    """Those of `stretches()` of which `could_read` says yes, asked of the database. `during` has an end."""
    rows = rows.annotate(
        opening=Greatest("begins", Value(during.since)), closing=Least("ends", Value(during.until))
    ).filter(opening__lt=F("closing"))
    keys = Secret.objects.filter(account=OuterRef("account"))
    suspensions = Suspension.objects.filter(account=OuterRef("account"))
    opened_meanwhile = keys.filter(created_at__gt=OuterRef("opening"), created_at__lt=OuterRef("closing")).filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=F("created_at")), ~Exists(_suspended(suspensions, "created_at"))
    )
    reinstated_meanwhile = suspensions.filter(until__gt=OuterRef("opening"), until__lt=OuterRef("closing")).filter(
        Exists(_living(keys, "until")), ~Exists(_suspended(suspensions, "until"))
    )
    return rows.filter(
        (Exists(_living(keys, "opening")) & ~Exists(_suspended(suspensions, "opening")))
        | Exists(opened_meanwhile)
        | Exists(reinstated_meanwhile)
    )


def _living(keys: QuerySet[Secret], moment: str | datetime) -> QuerySet[Secret]:
    """The keys that work at `moment`: a value, or the name of a column of the query around."""
    at = OuterRef(moment) if isinstance(moment, str) else moment
    return keys.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), created_at__lte=at)


def _suspended(suspensions: QuerySet[Suspension], moment: str | datetime) -> QuerySet[Suspension]:
    """The suspensions that last at `moment`: a value, or the name of a column of the query around."""
    at = OuterRef(moment) if isinstance(moment, str) else moment
    return suspensions.filter(Q(until__isnull=True) | Q(until__gt=at), since__lte=at)


# --- the lines ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Asked:
    """What the reader wants to see; nothing given is everything."""

    data_type: DataType | None = None
    unit: Unit | None = None
    person: str = ""
    """Part of a name, or a whole identity number in any spelling: masked numbers cannot be guessed digit by digit."""
    during: Span | None = None
    """Only who could read at some instant of it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """The letter and the disposition on which a grant rests."""

    number: str
    dated: date | None
    disposed_at: datetime | None = None
    disposed_by: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the register, in words of the reader's language."""

    username: str
    unit: str
    application: str
    purpose: str
    data: str
    sensitivity: str
    owner: str
    holder: str
    identity_number: str
    basis: str
    """The legal basis: letter and disposition."""
    granted_by: str
    since: datetime | date
    """A date when it begins with the local day."""
    until: datetime | date
    """The last day when it ends with the local day, else the exclusive moment."""
    state: State
    """What became of it at the `now` that was given."""
    reference: str
    """Of the request; "" when it came from elsewhere."""


def stretches() -> QuerySet[Grant]:
    """Every line as a row: a grant with one holder and one period, from `begins` up to, not including, `ends`."""
    end = F("period_ends")
    return (
        Grant.objects.annotate(
            period_starts=F("account__periods__starts_at"),
            period_ends=F("account__periods__ends_at"),
            period_granted=F("account__periods__granted_at"),
            holder=F("account__holdings__name"),
            holder_identity=F("account__holdings__identity_number"),
        )
        .annotate(
            begins=Greatest("since", "period_starts", "account__holdings__since"),
            ends=Least(
                "period_ends",
                Coalesce("until", end),
                Coalesce("account__holdings__until", end),
                Coalesce("account__revoked_at", end),
                output_field=DateTimeField(),
            ),
        )
        .filter(begins__lt=F("ends"))
        .order_by("data_type__name", "account__unit__name", "account__username", "begins", "pk")
    )


def find(asked: Asked) -> QuerySet[Grant]:
    """The lines that were asked for, by data, unit and account."""
    rows = stretches()
    if asked.data_type:
        rows = rows.filter(data_type=asked.data_type)
    if asked.unit:
        rows = rows.filter(account__unit=asked.unit)
    if words := " ".join(asked.person.split()):
        numbers = {identity.normalise(kind, words) for kind in (identity.IdentityType.NIP, identity.IdentityType.OTHER)}
        rows = rows.filter(Q(holder__icontains=words) | Q(holder_identity__in=numbers))
    return readable(rows, asked.during) if asked.during else rows


def as_rows(lines: QuerySet[Grant], now: datetime) -> QuerySet[Grant, Any]:
    """The same lines with all that `read` needs, as plain dictionaries."""
    account = OuterRef("account")
    return lines.annotate(
        is_suspended=Exists(_suspended(Suspension.objects.filter(account=account), now)),
        has_key=Exists(_living(Secret.objects.filter(account=account), now)),
        # The later act is the one this stretch rests on: a grant that came after its period was given has a
        # disposition of its own; one that goes on through a renewal rests on the renewal's.
        rests_on=Case(
            When(since__gt=F("period_granted"), then=F("origin")),
            default=F("account__periods__origin"),
            output_field=CharField(),
        ),
        made_by=Case(
            When(since__gt=F("period_granted"), then=Value("")),
            default=F("account__periods__granted_by_name"),
            output_field=CharField(),
        ),
    ).values(
        "begins",
        "ends",
        "holder",
        "holder_identity",
        "is_suspended",
        "has_key",
        "rests_on",
        "made_by",
        "account__username",
        "account__application",
        "account__purpose",
        "account__revoked_at",
        "account__unit__name",
        "data_type__name",
        "data_type__sensitivity",
        "data_type__owner__name",
    )


def read(rows: Iterable[dict[str, Any]], now: datetime) -> Iterator[Line]:
    """Lines in words from rows of `as_rows`; two queries for every `CHUNK`, whatever their number."""
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        letters = _letters({_reference(row["rests_on"]) for row in chunk})
        for row in chunk:
            yield _line(row, letters, now)


def read_all(lines: QuerySet[Grant], now: datetime) -> Iterator[Line]:
    """All lines in words, never more than a chunk of them in memory."""
    return read(as_rows(lines, now).iterator(chunk_size=CHUNK), now)


def _line(row: Mapping[str, Any], letters: Mapping[str, Letter], now: datetime) -> Line:
    reference = _reference(row["rests_on"])
    letter = letters.get(reference)
    return Line(
        username=row["account__username"],
        unit=row["account__unit__name"],
        application=row["account__application"],
        purpose=row["account__purpose"],
        data=row["data_type__name"],
        sensitivity=str(DataType.Sensitivity(row["data_type__sensitivity"]).label),
        owner=row["data_type__owner__name"],
        holder=row["holder"],
        identity_number=row["holder_identity"],
        basis=_basis(letter) if letter else row["rests_on"].removeprefix(REQUEST),
        granted_by=_granted_by(letter, row["made_by"]),
        since=_first(row["begins"]),
        until=_last(row["ends"]),
        state=_state(row, now),
        reference=reference,
    )


def _state(row: Mapping[str, Any], now: datetime) -> State:
    begins, ends = row["begins"], row["ends"]
    return state_at(
        Facts(
            starts_at=begins,
            ends_at=ends,
            suspended_at=begins if row["is_suspended"] else None,
            revoked_at=ends if row["account__revoked_at"] == ends else None,
            activated_at=begins if row["has_key"] else None,
        ),
        now,
    )


def _basis(letter: Letter) -> str:
    if letter.number and letter.dated:
        words = _("Surat permohonan Nomor %(number)s tanggal %(date)s") % {
            "number": letter.number,
            "date": date_format(letter.dated, DAY),
        }
    elif letter.number:
        words = _("Surat permohonan Nomor %(number)s") % {"number": letter.number}
    else:
        words = _("Permohonan tanpa surat baru")
    if letter.disposed_at:
        words += ", " + _("disposisi tanggal %(date)s") % {
            "date": date_format(timezone.localdate(letter.disposed_at), DAY)
        }
    return words


def _granted_by(letter: Letter | None, made_by: str) -> str:
    head = letter.disposed_by if letter else ""
    if head and made_by:
        return _("%(head)s, dikerjakan oleh %(psi)s") % {"head": head, "psi": made_by}
    return head or made_by


def _letters(references: set[str]) -> dict[str, Letter]:
    """Letters by the reference of their request.

    Requests live in the room above, which knows us while we do not know it. The register
    is told of them as data only: by the reverse side of the request's own foreign key.
    """
    requests: Any = WebserviceAccount._meta.get_field("requests").related_model
    asked = requests.objects.filter(reference__in=references)
    found = {
        reference: Letter(number, dated)
        for reference, number, dated in asked.values_list("reference", "letter_number", "letter_date")
    }
    forwarded = asked.filter(dispositions__decision="forwarded", dispositions__cancelled_at__isnull=True)
    names = ("reference", "dispositions__decided_at", "dispositions__decided_by__full_name")
    for reference, at, name in forwarded.order_by("dispositions__pk").values_list(*names):
        found[reference] = Letter(found[reference].number, found[reference].dated, at, name)
    return found


def _reference(origin: str) -> str:
    return origin.removeprefix(REQUEST) if origin.startswith(REQUEST) else ""


def _first(moment: datetime) -> datetime | date:
    """The day, when it begins with it."""
    local = moment.astimezone(WIB)
    return local.date() if local.time() == time() else moment


def _last(moment: datetime) -> datetime | date:
    """The last day, when it ends with it."""
    return last_valid_date(moment) if moment.astimezone(WIB).time() == time() else moment


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=WIB)
