"""The working calendar changes: what a change would move is shown before, and open deadlines follow when it is saved.

Every change is a value that knows how to write its rows. `preview` writes them, looks, and takes them back; `save`
writes them for good, computes the open deadlines again, puts on record who and why, and tells the people concerned.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import audit, mail, notices, permissions
from accounts.models import AuditEvent, User
from accounts.roles import Permission
from accounts.wording import N_
from requests_app import holiday_suggestions, messages, sla, sla_wording, working_time
from requests_app.holiday_suggestions import Difference
from requests_app.models import ConfirmedYear, DayRow, HoursPeriodRow, OfficeSpanRow, StepEntry
from requests_app.policies import Refused
from requests_app.sla import CalendarDay, Clock, DayKind, HoursPeriod, Week
from requests_app.sop import Actor
from requests_app.steps import clock

SUBJECT = "calendar"
"""What the audit trail calls the calendar."""
NOVEMBER = 11


# --- changes ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Written:
    """What a change wrote, for the record; `first_day` is the earliest date concerned, None for all days."""

    verb: str
    sentence: str
    data: dict[str, Any]
    first_day: date | None
    years: frozenset[int] = frozenset()


class Change(Protocol):
    """Something to be written into the calendar."""

    def title(self) -> str:
        """What it does, in the reader's language, as the beginning of a sentence."""

    def apply(self) -> Written:
        """Write the rows; raises Refused when they are no longer as the change expects."""


@dataclass(frozen=True)
class SetDay:
    """A new special day, or (`row`) what becomes of one. It is the person's own from then on.

    `seen` is the `mark` of the day as it was when the person began to change it; "" when nobody looked.
    """

    day: CalendarDay
    row: int | None = None
    seen: str = ""

    def title(self) -> str:
        words = {"kind": _kind(self.day), "day": _date(self.day.date)}
        return (_("Mengubah %(day)s menjadi %(kind)s") if self.row else _("Menambah %(kind)s %(day)s")) % words

    def apply(self) -> Written:
        row = _day_row(self.row) if self.row else None
        if row:
            _check_seen(self.seen, pure_day(row), f"{_date(row.date)}, {row.name} ({_kind(pure_day(row))})")
        there = DayRow.objects.filter(date=self.day.date).first()
        if there and there.pk != self.row:
            raise Refused(_("Tanggal ini sudah ada di kalender. Ubah baris itu."))
        days = [self.day.date]
        verb, sentence, before = "add_day", N_("{actor} menambahkan {day} ke kalender kerja: {what}."), ""
        if row:
            days.append(row.date)
            verb, sentence = "change_day", N_("{actor} mengubah {before} di kalender kerja menjadi {day}: {what}.")
            before = f"{sla_wording.local_date(row.date)} ({row.name})"
        DayRow(pk=self.row, source=DayRow.Source.MANUAL, **_fields(self.day)).save()
        data = {"day": sla_wording.local_date(self.day.date), "what": _what(self.day), "before": before}
        return Written(verb, sentence, data, min(days), frozenset(day.year for day in days))


@dataclass(frozen=True)
class RemoveDay:
    """A date becomes what its weekday is."""

    day: CalendarDay
    row: int

    def title(self) -> str:
        return _("Menghapus %(kind)s %(day)s") % {"kind": _kind(self.day), "day": _date(self.day.date)}

    def apply(self) -> Written:
        row = _day_row(self.row)
        row.delete()
        data = {"day": sla_wording.local_date(row.date), "what": _what(pure_day(row))}
        sentence = N_("{actor} menghapus {day} dari kalender kerja: {what}.")
        return Written("remove_day", sentence, data, row.date, frozenset({row.date.year}))


@dataclass(frozen=True)
class SetPeriod:
    """New dates with other office hours, or (`row`) what becomes of such a period; `seen` as in `SetDay`."""

    period: HoursPeriod
    legal_basis: str = ""
    row: int | None = None
    seen: str = ""

    def title(self) -> str:
        words = {"name": self.period.name}
        return (_("Mengubah jam kerja %(name)s") if self.row else _("Menambah jam kerja %(name)s")) % words

    def apply(self) -> Written:
        period, before = self.period, _period_row(self.row) if self.row else None
        was = [pure_period(before)] if before else []
        for one in was:
            said = f"{one.name}, {_date(one.starts_on)} – {_date(one.ends_on)}, {_hours(one.week)}"
            _check_seen(self.seen, one, said)
        row = HoursPeriodRow(pk=self.row, name=period.name, starts_on=period.starts_on, ends_on=period.ends_on)
        row.legal_basis = self.legal_basis
        row.save()
        _write_week(period.week, row)
        verb, sentence = "add_period", N_("{actor} menambahkan jam kerja {name}, {first} s.d. {last}: {hours}.")
        if before:
            verb, sentence = "change_period", N_("{actor} mengubah jam kerja {name}, {first} s.d. {last}: {hours}.")
        return Written(verb, sentence, *_about_period([period, *was]))


@dataclass(frozen=True)
class RemovePeriod:
    """The usual hours again."""

    period: HoursPeriod
    row: int

    def title(self) -> str:
        return _("Menghapus jam kerja %(name)s") % {"name": self.period.name}

    def apply(self) -> Written:
        row = _period_row(self.row)
        period = pure_period(row)
        row.delete()
        sentence = N_("{actor} menghapus jam kerja {name}, {first} s.d. {last}.")
        return Written("remove_period", sentence, *_about_period([period]))


@dataclass(frozen=True)
class SetWeek:
    """Other hours for the usual week, on every date without a period of its own; `seen` as in `SetDay`."""

    week: Week
    seen: str = ""

    def title(self) -> str:
        return _("Mengubah jam kerja biasa")

    def apply(self) -> Written:
        was = pure_week(None)
        _check_seen(self.seen, was, _hours(was))
        _write_week(self.week, None)
        sentence = N_("{actor} mengubah jam kerja biasa: {hours}.")
        return Written("change_week", sentence, {"hours": hours_text(self.week)}, None)


@dataclass(frozen=True)
class TakeSuggestions:
    """The differences of a year that a person accepted, by their keys.

    `legal_basis` is written into every day accepted (also, with `also_unchanged`, into those that stay as they are);
    without one the days keep theirs.
    """

    year: int
    accepted: frozenset[str]
    legal_basis: str = ""
    also_unchanged: bool = False

    def title(self) -> str:
        return _("Mengambil usulan libur %(year)d") % {"year": self.year}

    def apply(self) -> Written:
        lines = {line.key: line for line in differences(self.year)}
        if not self.accepted <= lines.keys():
            raise Refused(_("Kalender atau usulannya berubah setelah halaman ini dibuka. Periksa lagi daftarnya."))
        acceptable = holiday_suggestions.ACCEPTABLE
        chosen = [lines[key] for key in sorted(self.accepted) if lines[key].difference in acceptable]
        if self.legal_basis and self.also_unchanged:
            chosen += [line for line in lines.values() if line.difference is Difference.UNCHANGED]
        for line in chosen:
            self._take(line)
        count = {kind: sum(line.difference is kind for line in chosen) for kind in acceptable}
        sentence = N_(
            "{actor} mengambil usulan libur {year}: {added} ditambahkan, {moved} dipindahkan, {changed} diubah, "
            "{removed} dihapus."
        )
        dates = [day.date for line in chosen for day in (line.before, line.after) if day]
        data = {"year": self.year, **{str(kind): number for kind, number in count.items()}}
        first_day = min(dates, default=date(self.year, 12, 31))
        return Written("take_suggestions", sentence, data, first_day, frozenset({self.year}))

    def _take(self, line: holiday_suggestions.Line) -> None:
        rows = DayRow.objects.filter(source=DayRow.Source.SUGGESTED)
        before, after = line.before, line.after
        if after is None:
            rows.filter(date=line.day.date).delete()
            return
        basis = self.legal_basis or after.legal_basis or (before.legal_basis if before else "")
        fields = _fields(replace(after, legal_basis=basis))
        if before is None:
            DayRow.objects.create(source=DayRow.Source.SUGGESTED, **fields)
        else:
            rows.filter(date=before.date).update(**fields)


def differences(year: int) -> list[holiday_suggestions.Line]:
    """The calendar of a year beside what the `holidays` package says of it now."""
    rows: dict[str, list[CalendarDay]] = {DayRow.Source.SUGGESTED: [], DayRow.Source.MANUAL: []}
    for row in DayRow.objects.filter(date__year=year):
        rows[row.source].append(pure_day(row))
    taken, manual = rows[DayRow.Source.SUGGESTED], rows[DayRow.Source.MANUAL]
    return holiday_suggestions.differences(taken, manual, holiday_suggestions.suggestions(year))


def write_suggestions(year: int) -> None:
    """Take over all that is suggested for a year, for an installation that begins; nothing is recorded."""
    TakeSuggestions(year, frozenset(line.key for line in differences(year))).apply()


# --- what a change moves --------------------------------------------------------------------
@dataclass(frozen=True)
class Moved:
    """An open deadline that moves, and whom that concerns: those who work on the step, and those who wait for it."""

    entry: StepEntry
    old: datetime
    new: datetime
    responsible: tuple[User, ...]
    unit: tuple[User, ...]
    is_late_at_once: bool

    @property
    def people(self) -> tuple[User, ...]:
        return tuple(dict.fromkeys((*self.responsible, *self.unit)))


@dataclass(frozen=True)
class Effect:
    """What a change would do. The 5-minute norms, which nobody is held to, follow without being listed."""

    moved: tuple[Moved, ...]
    touches_past: bool
    confirmed: tuple[ConfirmedYear, ...]
    """The years it touches that somebody has confirmed."""

    @property
    def fingerprint(self) -> str:
        """The same for the same deadlines moving to the same instants."""
        return _fingerprint(self.moved)


def preview(change: Change, *, by: User, now: datetime) -> Effect:
    """What `change` would move, by the new deadline. Leaves nothing behind.

    Raises Refused when it cannot be made, PermissionDenied for others than administrators.
    """
    _check(by)
    with _refusals(), transaction.atomic():
        written = change.apply()
        moved = _moved(clock.shifts(working_time.working_calendar(), working_time.rules()), now)
        transaction.set_rollback(True)
    confirmed = ConfirmedYear.objects.filter(year__in=written.years).select_related("confirmed_by")
    touches_past = written.first_day is None or written.first_day < timezone.localdate(now)
    return Effect(moved, touches_past, tuple(confirmed))


def save(change: Change, *, by: User, now: datetime, reason: str = "", shown: str = "") -> AuditEvent:
    """Make `change`: the rows, the open deadlines, the record with who and why, one mail and notice per person.

    `shown` is the fingerprint of the preview that was decided upon; the record says when something else moved after
    all. Raises as `preview` does.
    """
    _check(by)
    with translation.override(None):  # the record speaks the source language
        because = ". ".join(filter(None, (change.title(), reason)))
    with _refusals(), transaction.atomic():
        written = change.apply()
        moved = _moved(clock.recompute(by=by, now=now, detail=because), now)
        data = {
            **written.data,
            "detail": reason,
            "deadlines": [_recorded(row) for row in moved],
            "differs": bool(shown) and shown != _fingerprint(moved),
        }
        event = audit.record(SUBJECT, written.verb, written.sentence, by=by, now=now, data=data)
        _tell(event, moved, by=by, reason=reason, now=now)
    return event


@contextmanager
def _refusals() -> Iterator[None]:
    """What the rows or the clock do not allow, in words; outside the transaction, so that it is rolled back."""
    try:
        yield
    except sla.NoWorkingDay:
        raise Refused(
            _("Dengan perubahan ini tidak ada lagi hari kerja. Periksa jam kerja dan hari liburnya.")
        ) from None
    except IntegrityError:
        raise Refused(_("Orang lain baru saja mengubah kalender. Periksa lagi, lalu ulangi.")) from None


def _moved(shifts: Iterable[clock.Shift], now: datetime) -> tuple[Moved, ...]:
    held = [shift for shift in shifts if shift.entry.step.clock is Clock.WORKING_DAYS]
    prefetch_related_objects([shift.entry for shift in held], "request__assignee", "request__created_by")
    known: dict[tuple[object, ...], tuple[User, ...]] = {}

    def people(actor: Actor | None, entry: StepEntry) -> tuple[User, ...]:
        if actor is None:
            return ()
        request = entry.request
        key = (actor, request.assignee_id, request.created_by_id, request.unit_id, request.email)
        if key not in known:
            known[key] = tuple(messages.people_for(actor, request, now))
        return known[key]

    return tuple(
        Moved(
            shift.entry,
            shift.old,
            shift.new,
            responsible=people(shift.entry.step.waits_for, shift.entry),
            unit=people(Actor.UNIT, shift.entry),
            is_late_at_once=shift.new <= now < shift.old,
        )
        for shift in held
    )


def _fingerprint(moved: Iterable[Moved]) -> str:
    said = ";".join(sorted(f"{row.entry.pk} {row.new.isoformat()}" for row in moved))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _recorded(row: Moved) -> dict[str, Any]:
    return {
        "reference": row.entry.request.reference,
        "step": row.entry.step.label,
        "old": row.old.isoformat(),
        "new": row.new.isoformat(),
        "people": [str(person) for person in row.people],
        "is_late_at_once": row.is_late_at_once,
    }


def _tell(event: AuditEvent, moved: Sequence[Moved], *, by: User, reason: str, now: datetime) -> None:
    """One mail and one notice for each person with their deadlines in it; who made the change has just read them."""
    of_person: dict[User, list[Moved]] = {}
    for row in moved:
        for person in row.people:
            of_person.setdefault(person, []).append(row)
    of_person.pop(by, None)
    for person, rows in of_person.items():
        key = f"{SUBJECT}:{event.pk}:{person.pk}"
        with translation.override(person.language):
            said = audit.say(event)
        words = {"recipient": str(person), "said": said, "reason": reason, "rows": rows}
        subject, text = mail.compose("deadlines_moved", language=person.language, context=words)
        mail.queue(key=key, to=person.email, language=person.language, subject=subject, text=text, now=now)
        only = rows[0].entry.request.get_absolute_url() if len(rows) == 1 else reverse("home")
        notices.tell(person, key=key, text=subject, url=only, now=now)


# --- confirming a year ------------------------------------------------------------------------
def years_to_confirm(today: date) -> list[int]:
    """The years whose calendar is to be confirmed on the local date `today`: this one, from 1 November the next too."""
    return [today.year, today.year + 1] if today.month >= NOVEMBER else [today.year]


def unconfirmed_years(today: date) -> list[int]:
    """Those of the years to confirm that nobody has confirmed yet."""
    years = years_to_confirm(today)
    known = set(ConfirmedYear.objects.filter(year__in=years).values_list("year", flat=True))
    return [year for year in years if year not in known]


@transaction.atomic
def confirm_year(year: int, *, by: User, now: datetime) -> ConfirmedYear:
    """An administrator looked at the calendar of `year` and says it is right; saying it again changes nothing.

    Raises PermissionDenied for others.
    """
    _check(by)
    row, is_new = ConfirmedYear.objects.get_or_create(year=year, defaults={"confirmed_at": now, "confirmed_by": by})
    if is_new:
        sentence = N_("{actor} mengonfirmasi kalender kerja {year}.")
        audit.record(SUBJECT, "confirm_year", sentence, by=by, now=now, data={"year": year})
    return row


@transaction.atomic
def take_back_confirmation(year: int, *, by: User, now: datetime) -> None:
    """The year is to be looked at again; nothing happens to one that was not confirmed.

    Raises PermissionDenied for others.
    """
    _check(by)
    removed, _per_model = ConfirmedYear.objects.filter(year=year).delete()
    if removed:
        sentence = N_("{actor} menarik konfirmasi kalender kerja {year}.")
        audit.record(SUBJECT, "take_back_confirmation", sentence, by=by, now=now, data={"year": year})


def _check(by: User) -> None:
    if not permissions.has(by, Permission.ADMINISTER):
        raise PermissionDenied


# --- rows and words ---------------------------------------------------------------------------
def pure_day(row: DayRow) -> CalendarDay:
    """A special day as the clock sees it."""
    return CalendarDay(row.date, DayKind(row.kind), row.name, row.legal_basis, row.is_estimated)


def _fields(day: CalendarDay) -> dict[str, Any]:
    return {
        "date": day.date,
        "kind": day.kind.value,
        "name": day.name,
        "legal_basis": day.legal_basis,
        "is_estimated": day.is_estimated,
    }


def _day_row(pk: int) -> DayRow:
    row = DayRow.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        raise Refused(_("Hari ini sudah dihapus dari kalender."))
    return row


def _period_row(pk: int) -> HoursPeriodRow:
    row = HoursPeriodRow.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        raise Refused(_("Periode ini sudah dihapus dari kalender."))
    return row


def mark(what: CalendarDay | HoursPeriod | Week) -> str:
    """Another for everything that a day, a period or a week can say."""
    return hashlib.sha256(repr(what).encode()).hexdigest()[:16]


def _check_seen(seen: str, what: CalendarDay | HoursPeriod | Week, said: str) -> None:
    """Two people change the same: the second is told what the first wrote, in the words of `said`."""
    if seen and seen != mark(what):
        raise Refused(
            _("Orang lain mengubahnya sejak halaman Anda dibuka: sekarang %(said)s. Periksa isian Anda, lalu ulangi.")
            % {"said": said}
        )


def pure_week(period: HoursPeriodRow | None) -> Week:
    """The hours of a period, or the usual ones."""
    week: dict[int, tuple[sla.OfficeSpan, ...]] = {}
    for span in OfficeSpanRow.objects.filter(period=period).order_by("weekday", "opens"):
        week[span.weekday] = (*week.get(span.weekday, ()), sla.OfficeSpan(span.opens, span.closes))
    return week


def pure_period(row: HoursPeriodRow) -> HoursPeriod:
    """A period as the clock sees it."""
    return HoursPeriod(row.name, row.starts_on, row.ends_on, pure_week(row))


def _write_week(week: Week, period: HoursPeriodRow | None) -> None:
    OfficeSpanRow.objects.filter(period=period).delete()
    OfficeSpanRow.objects.bulk_create(
        OfficeSpanRow(period=period, weekday=weekday, opens=span.opens, closes=span.closes)
        for weekday, spans in week.items()
        for span in spans
    )


def hours_text(week: Week) -> str:
    """A week for the record: "Senin 07.30–12.00 13.00–16.00, Selasa ..."; Indonesian, as all records are."""
    with translation.override(None):
        return _hours(week)


def _hours(week: Week) -> str:
    """The same in the language that is active."""
    return ", ".join(
        f"{OfficeSpanRow.Weekday(weekday).label} "
        + " ".join(f"{span.opens:%H.%M}–{span.closes:%H.%M}" for span in week[weekday])
        for weekday in sorted(week)
        if week[weekday]
    )


def _about_period(periods: Sequence[HoursPeriod]) -> tuple[dict[str, Any], date, frozenset[int]]:
    """What the record says of the first, and what they all cover."""
    now_so = periods[0]
    data = {
        "name": now_so.name,
        "first": sla_wording.local_date(now_so.starts_on),
        "last": sla_wording.local_date(now_so.ends_on),
        "hours": hours_text(now_so.week),
    }
    years = {year for one in periods for year in range(one.starts_on.year, one.ends_on.year + 1)}
    return data, min(one.starts_on for one in periods), frozenset(years)


def _what(day: CalendarDay) -> str:
    """Name, kind and legal basis for the record, in the source language."""
    estimated = ", perkiraan" if day.is_estimated else ""
    basis = f", {day.legal_basis}" if day.legal_basis else ""
    return f"{day.name} ({sla_wording.DAY_KIND_LABELS[day.kind].lower()}{estimated}{basis})"


def _kind(day: CalendarDay) -> str:
    return _(sla_wording.DAY_KIND_LABELS[day.kind]).lower()


def _date(day: date) -> str:
    return date_format(day, "j F Y")
