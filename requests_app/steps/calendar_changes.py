"""The working calendar changes: holidays are suggested, a year is confirmed, and open deadlines follow."""

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import audit, permissions
from accounts.models import User
from accounts.roles import Permission
from accounts.wording import N_
from requests_app import holiday_suggestions
from requests_app.models import ConfirmedYear, DayRow
from requests_app.steps import clock

NOVEMBER = 11


@dataclass(frozen=True)
class Suggested:
    """What taking over the suggestions did to a year's rows, in numbers."""

    added: int = 0
    corrected: int = 0
    removed: int = 0


def years_to_confirm(today: date) -> list[int]:
    """The years whose calendar is to be confirmed on the local date `today`: this one, from 1 November the next too."""
    return [today.year, today.year + 1] if today.month >= NOVEMBER else [today.year]


def write_suggestions(year: int) -> Suggested:
    """Bring the suggested rows of a calendar year to what the `holidays` package says now.

    A row that a person wrote or corrected is left alone, and nothing is suggested for its
    date. A suggestion that the package has dropped goes (an estimated feast that was
    announced for another day); one that a person deleted comes back.
    """
    rows = {row.date: row for row in DayRow.objects.filter(date__year=year)}
    suggested = {day.date: day for day in holiday_suggestions.suggestions(year)}
    added, corrected = [], 0
    for day in suggested.values():
        said = {
            "kind": day.kind.value,
            "name": day.name,
            "legal_basis": day.legal_basis,
            "is_estimated": day.is_estimated,
        }
        row = rows.get(day.date)
        if row is None:
            added.append(DayRow(date=day.date, source=DayRow.Source.SUGGESTED, **said))
        elif row.source == DayRow.Source.SUGGESTED and any(getattr(row, name) != value for name, value in said.items()):
            DayRow.objects.filter(pk=row.pk).update(**said)
            corrected += 1
    DayRow.objects.bulk_create(added)
    dropped = DayRow.objects.filter(date__year=year, source=DayRow.Source.SUGGESTED).exclude(date__in=suggested)
    removed, _per_model = dropped.delete() if suggested else (0, {})
    return Suggested(len(added), corrected, removed)


@transaction.atomic
def suggest_year(year: int, *, by: User, now: datetime) -> tuple[Suggested, list[clock.Shift]]:
    """An administrator takes over the suggestions for a year; what was written, and which deadlines moved.

    Raises PermissionDenied for others.
    """
    _check(by)
    done = write_suggestions(year)
    audit.record(
        f"calendar:{year}",
        "suggest_year",
        N_("{actor} mengambil usulan libur {year}: {added} ditambahkan, {corrected} diperbaiki, {removed} dihapus."),
        by=by,
        now=now,
        data={"year": year, "added": done.added, "corrected": done.corrected, "removed": done.removed},
    )
    return done, clock.recompute(by=by, now=now)


@transaction.atomic
def confirm_year(year: int, *, by: User, now: datetime) -> ConfirmedYear:
    """An administrator looked at the calendar of `year` and says it is right; saying it again changes nothing.

    Raises PermissionDenied for others.
    """
    _check(by)
    row, is_new = ConfirmedYear.objects.get_or_create(year=year, defaults={"confirmed_at": now, "confirmed_by": by})
    if is_new:
        audit.record(
            f"calendar:{year}",
            "confirm_year",
            N_("{actor} mengonfirmasi kalender kerja {year}."),
            by=by,
            now=now,
            data={"year": year},
        )
    return row


def _check(by: User) -> None:
    if not permissions.has(by, Permission.ADMINISTER):
        raise PermissionDenied
