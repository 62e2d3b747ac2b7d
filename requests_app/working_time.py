"""The calendar and the rules of the clock as stored, read into the pure types of `sla`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from requests_app import sla
from requests_app.models import ClockRule, ConfirmedYear, DayRow, HoursPeriodRow, OfficeSpanRow
from requests_app.sop import STEPS

ROWS_WITH_RULES = tuple(
    sorted({step.number for step in STEPS.values() if step.number and step.clock is sla.Clock.WORKING_DAYS})
)
"""The SOP rows with a standard in working days; the 5-minute norms have one reading and are reported only."""


def working_calendar() -> sla.WorkingCalendar:
    """The editable rows as the pure calendar that deadlines are counted on."""
    weeks: dict[int | None, dict[int, tuple[sla.OfficeSpan, ...]]] = {}
    for span in OfficeSpanRow.objects.order_by("weekday", "opens"):
        week = weeks.setdefault(span.period_id, {})
        week[span.weekday] = (*week.get(span.weekday, ()), sla.OfficeSpan(span.opens, span.closes))
    periods = tuple(
        sla.HoursPeriod(row.name, row.starts_on, row.ends_on, weeks.get(row.pk, {}))
        for row in HoursPeriodRow.objects.all()
    )
    days = {
        row.date: sla.CalendarDay(row.date, sla.DayKind(row.kind), row.name, row.legal_basis, row.is_estimated)
        for row in DayRow.objects.all()
    }
    confirmed = frozenset(ConfirmedYear.objects.values_list("year", flat=True))
    return sla.WorkingCalendar(weeks.get(None) or sla.DEFAULT_WEEK, periods, days, confirmed)


@dataclass(frozen=True)
class Rules:
    """Every rule there has been, by SOP row as printed, the oldest first."""

    by_row: Mapping[str, Sequence[sla.Rule]] = field(default_factory=dict)

    def at(self, number: str, started_at: datetime) -> sla.Rule:
        """The rule for a clock of that row that started then; the shipped one where nobody has chosen."""
        in_force = sla.Rule()
        for rule in self.by_row.get(number, ()):
            if rule.effective_from is None or rule.effective_from <= started_at:
                in_force = rule
        return in_force


def rules() -> Rules:
    """The stored rules of the clock."""
    by_row: dict[str, list[sla.Rule]] = {}
    for row in ClockRule.objects.select_related("chosen_by").order_by("effective_from", "pk"):
        by_row.setdefault(row.number, []).append(rule_of(row))
    return Rules(by_row)


def rule_of(row: ClockRule) -> sla.Rule:
    """One stored rule as the pure clock knows it; fetch it with `chosen_by`."""
    return sla.Rule(
        reading=sla.Reading(row.reading),
        warns_at_half=row.warns_at_half,
        warn_ahead=timedelta(minutes=row.warn_ahead_minutes),
        team_after=timedelta(minutes=row.team_after_minutes),
        head_after=timedelta(minutes=row.head_after_minutes),
        chosen_by=str(row.chosen_by) if row.chosen_by else "",
        effective_from=row.effective_from,
    )


def office_day(calendar: sla.WorkingCalendar) -> timedelta:
    """Office time of an average working day of the usual week: what "1 hari kerja" is where office time is told.

    7 hours 30 minutes in the shipped week; a week without any working day has that, too.
    """
    days = [calendar.week.get(weekday, ()) for weekday in range(7)]
    lengths = [sum((_length(span) for span in spans), timedelta()) for spans in days if spans]
    return sum(lengths, timedelta()) / len(lengths) if lengths else timedelta(hours=7, minutes=30)


def _length(span: sla.OfficeSpan) -> timedelta:
    return datetime.combine(date.min, span.closes) - datetime.combine(date.min, span.opens)
