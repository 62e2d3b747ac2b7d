"""The rows of the clock for what was there before it: the reading that was chosen, passages, and notices to come."""

from datetime import UTC, datetime
from typing import Any

from django.db import migrations

from requests_app import deadlines, sla
from requests_app.sop import STEPS, Status
from requests_app.working_time import Rules

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def _calendar(apps: Any) -> sla.WorkingCalendar:
    spans, periods = apps.get_model("requests_app", "OfficeSpanRow"), apps.get_model("requests_app", "HoursPeriodRow")
    weeks: dict[Any, dict[int, tuple[sla.OfficeSpan, ...]]] = {}
    for span in spans.objects.order_by("weekday", "opens"):
        week = weeks.setdefault(span.period_id, {})
        week[span.weekday] = (*week.get(span.weekday, ()), sla.OfficeSpan(span.opens, span.closes))
    return sla.WorkingCalendar(
        weeks.get(None) or sla.DEFAULT_WEEK,
        tuple(sla.HoursPeriod(p.name, p.starts_on, p.ends_on, weeks.get(p.pk, {})) for p in periods.objects.all()),
        {
            day.date: sla.CalendarDay(day.date, sla.DayKind(day.kind), day.name, day.legal_basis, day.is_estimated)
            for day in apps.get_model("requests_app", "DayRow").objects.all()
        },
    )


def take_over(apps: Any, schema_editor: Any) -> None:
    rule, notice = apps.get_model("requests_app", "ClockRule"), apps.get_model("requests_app", "DeadlineNotice")
    passage, request = apps.get_model("requests_app", "Passage"), apps.get_model("requests_app", "AccessRequest")
    house = apps.get_model("accounts", "Institution").objects.first()
    reading = sla.Reading(house.reading) if house else sla.Reading.SAME_TIME
    numbers = sorted({step.number for step in STEPS.values() if step.clock is sla.Clock.WORKING_DAYS and step.number})
    if reading is not sla.Reading.SAME_TIME:
        for number in numbers:
            rule.objects.create(number=number, effective_from=LONG_AGO, reading=reading.value, chosen_at=LONG_AGO)
    rules = Rules({number: [sla.Rule(reading)] for number in numbers})

    notice.objects.filter(told_at__isnull=False).update(state="told")
    notice.objects.filter(told_at__isnull=True).update(state="noticed")
    for row in notice.objects.filter(state="told").select_related("entry__request"):
        key = f"{row.entry.request.reference}:deadline:{row.pk}:"
        mails = list(apps.get_model("accounts", "OutgoingMail").objects.filter(key__startswith=key))
        row.told_to = [{"person": int(mail.key.rpartition(":")[2]), "name": mail.to} for mail in mails]
        if all(mail.sent_at for mail in mails):
            row.sent_at = max((mail.sent_at for mail in mails), default=row.told_at)
        row.save(update_fields=["told_to", "sent_at"])
    said = set(notice.objects.values_list("entry_id", "kind", "due_at"))

    calendar = _calendar(apps)
    for item in request.objects.prefetch_related("entries").iterator(chunk_size=500):
        history = sorted(item.entries.all(), key=lambda entry: (entry.entered_at, entry.pk))
        for entry in history:
            entry.step = STEPS[Status(entry.status)]
        passage.objects.bulk_create(
            [
                passage(
                    request=item,
                    number=run.number,
                    started_at=run.started_at,
                    ended_at=run.left_at,
                    standard_seconds=int(run.standard.total_seconds()) if run.standard else None,
                    due_at=run.last.due_at,
                    took_seconds=deadlines.length(run, calendar).total_seconds(),
                    waited_seconds=sum((ends - begins).total_seconds() for begins, ends in run.pauses),
                    days_off=calendar.days_off_between(run.started_at, run.left_at),
                    is_within=run.left_at <= run.last.due_at if run.last.due_at else None,
                    is_from_paper=item.entered_for_unit,
                    ended_by_id=run.last.left_by_id,
                )
                for run in deadlines.runs(history)
                if run.left_at and run.last
            ]
        )
        if history and history[-1].left_at is None:
            notice.objects.bulk_create(
                [
                    notice(entry=history[-1], kind=kind, due_at=history[-1].due_at, at=at)
                    for kind, at in deadlines.milestones(history[-1], calendar, rules)
                    if (history[-1].pk, kind, history[-1].due_at) not in said
                ]
            )


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0003_the_clock"), ("accounts", "0002_renewal_needs_letter")]
    operations = [migrations.RunPython(take_over, migrations.RunPython.noop)]
