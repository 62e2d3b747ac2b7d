"""`manage.py sla`: asks the working clock what the application would say, of any time or of a request."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from requests_app import deadlines, sla, sla_wording, working_time
from requests_app.holiday_suggestions import suggestions
from requests_app.models import AccessRequest, OfficeSpanRow

UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(hours=24)}
LONGEST_STANDARD = 1000 * UNITS["d"]
SHIPPED_YEARS = 6
"""Calendar years of suggested holidays that even the longest standard does not outlast."""


def parse_start(text: str) -> datetime:
    """An ISO date and time; without an offset it is WIB. Raises CommandError for anything else.

    A date alone is refused: the clock would start at midnight, which nobody means.
    """
    try:
        if ":" not in text and not re.search(r"T\d", text):
            raise ValueError("no time of day")
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=sla.WIB) if at.tzinfo is None else at.astimezone(sla.WIB)
    except (ValueError, OverflowError):
        raise CommandError(
            _("“%(text)s” bukan tanggal dan jam. Tulis misalnya 2026-11-27T15:50 (WIB) atau 2026-11-27T08:50+00:00.")
            % {"text": text}
        ) from None


def parse_standard(text: str) -> timedelta:
    """A standard time such as 5m, 24h, 1h30m or 2d (= 48h). Raises CommandError for anything else or too long."""
    parts = re.findall(r"([0-9]{1,9})([smhd])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise CommandError(
            _("“%(text)s” bukan waktu baku. Tulis misalnya 5m, 24h, 1h30m, atau 2d (= 48h).") % {"text": text}
        )
    standard = sum((int(number) * UNITS[unit] for number, unit in parts), timedelta())
    if not timedelta() < standard <= LONGEST_STANDARD:
        raise CommandError(
            _("Waktu baku harus lebih dari 0 dan paling lama %(days)d hari.") % {"days": LONGEST_STANDARD.days}
        )
    return standard


def shipped_calendar(year: int) -> sla.WorkingCalendar:
    """The calendar a new installation starts with, from `year` on: the usual week and the suggested holidays."""
    days = {day.date: day for ahead in range(SHIPPED_YEARS) for day in suggestions(year + ahead)}
    return sla.WorkingCalendar(days=days)


class Command(BaseCommand):
    """One subcommand per question, each naming the method that answers it."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        questions = parser.add_subparsers(dest="question", required=True, metavar="QUESTION")
        due = questions.add_parser("due", help="By when is something due?")
        due.add_argument("--request", metavar="REFERENCE", help="the running deadline of a request, e.g. GP26-7K2M9Q")
        due.add_argument("--start", help="when it came in, e.g. 2026-11-27T15:50; WIB without an offset")
        due.add_argument("--standard", help="the standard time: 5m, 24h, 2d (= 48h)")
        due.add_argument(
            "--clock",
            choices=[sla.Clock.WORKING_DAYS.value, sla.Clock.OFFICE_HOURS.value],
            help="what counts: the 24 hours of working days (default), or office hours only",
        )
        due.add_argument(
            "--reading",
            choices=[reading.value for reading in sla.Reading],
            help="of “1 x 24 jam hari kerja”; without it, the one that was chosen for the row",
        )
        due.add_argument(
            "--row",
            choices=working_time.ROWS_WITH_RULES,
            help="the row of the SOP whose reading counts (default: %(default)s)",
            default=working_time.ROWS_WITH_RULES[0],
        )
        due.add_argument("--json", action="store_true", help="print JSON instead of sentences")
        due.add_argument("--explain", action="store_true", help="also print what counted, what did not, and why")
        due.set_defaults(answer=self.due)

    def handle(self, *args: Any, **options: Any) -> None:
        options["answer"](options)

    def due(self, options: dict[str, Any]) -> None:
        """Print the deadline on the calendar in the database; on the shipped one before there are tables.

        Raises CommandError when there is no such deadline, or the database does not answer.
        """
        try:
            explanation = self.of_request(options) if options["request"] is not None else self.of_start(options)
        except sla.NotWholeDays:
            raise CommandError(
                _("Cara hitung akhir hari memerlukan waktu baku dalam hari penuh, misalnya 24h atau 2d.")
            ) from None
        except (sla.NoWorkingDay, OverflowError):
            raise CommandError(
                _("Tidak ada hari kerja di sekitar tanggal itu. Periksa kalender kerja dan jam kerja.")
            ) from None
        except DatabaseError as error:
            raise CommandError(_("Kalender kerja tidak dapat dibaca: %(error)s") % {"error": error}) from None
        if options["json"]:
            self.stdout.write(json.dumps(as_json(explanation, options), ensure_ascii=False, indent=2))
        else:
            self.print_sentences(explanation, explained=options["explain"])

    def of_start(self, options: dict[str, Any]) -> sla.Explanation:
        """The deadline of something that came at `--start` and may take `--standard`."""
        if options["start"] is None or options["standard"] is None:
            raise CommandError(_("Sebutkan --request, atau --start bersama --standard."))
        start, standard = parse_start(options["start"]), parse_standard(options["standard"])
        if OfficeSpanRow._meta.db_table in connection.introspection.table_names():
            calendar, rule = working_time.working_calendar(), working_time.rules().at(options["row"], start)
        else:
            self.stderr.write(_("Basis data belum disiapkan; dihitung dengan kalender bawaan."))
            calendar, rule = shipped_calendar(start.year), sla.Rule()
        clock = sla.Clock(options["clock"] or sla.Clock.WORKING_DAYS)
        if options["reading"]:
            return sla.explain(start, standard, calendar, clock=clock, reading=sla.Reading(options["reading"]))
        explanation = sla.explain(start, standard, calendar, clock=clock, reading=rule.reading)
        return replace(explanation, rule=rule) if clock is sla.Clock.WORKING_DAYS else explanation

    def of_request(self, options: dict[str, Any]) -> sla.Explanation:
        """The deadline that runs for a request, as its page explains it."""
        if any(options[name] is not None for name in ("start", "standard", "clock", "reading")):
            raise CommandError(_("--request memakai waktu permohonan itu sendiri; hapus pilihan waktu yang lain."))
        item = AccessRequest.objects.filter(reference=options["request"].upper()).first()
        if item is None:
            raise CommandError(_("Permohonan %(reference)s tidak ada.") % {"reference": options["request"]})
        history = list(item.entries.order_by("entered_at", "pk"))
        explanation = deadlines.explained(history, working_time.working_calendar(), working_time.rules())
        if explanation is None:
            raise CommandError(
                _("Permohonan %(reference)s tidak berbatas waktu sekarang: %(state)s.")
                % {"reference": item.reference, "state": _(item.step.label)}
            )
        return explanation

    def print_sentences(self, explanation: sla.Explanation, *, explained: bool) -> None:
        """The deadline, and the explanation or else a warning for each calendar not confirmed."""
        language = get_language() or "id"
        self.stdout.write(_("Batas waktu: %(due)s") % {"due": sla_wording.local_time(explanation.due, language)})
        if explained:
            self.stdout.write("\n".join(sla_wording.sentences(explanation, _, language)))
        else:
            for remark in sla_wording.remarks(explanation, _):
                self.stderr.write(remark)


def as_json(explanation: sla.Explanation, options: dict[str, Any]) -> dict[str, Any]:
    """Times as ISO 8601 with offset; `standard` as it was typed, that of a request in minutes.

    `lines` only when asked to explain. `rule` says who chose the reading and since when; null where the reading
    was typed, or there is none to choose.
    """
    rule = explanation.rule
    since = rule.effective_from.astimezone(sla.WIB).isoformat() if rule and rule.effective_from else None
    answer: dict[str, Any] = {
        "start": explanation.start.isoformat(),
        "standard": options["standard"] or f"{explanation.standard // UNITS['m']}m",
        "clock": explanation.clock,
        "reading": explanation.reading,
        "rule": None if rule is None else {"chosen_by": rule.chosen_by, "effective_from": since},
        "due": explanation.due.isoformat(),
        "unconfirmed_years": explanation.unconfirmed_years,
    }
    if options["explain"]:
        answer["lines"] = [
            {
                "from": line.starts_at.isoformat(),
                "to": line.ends_at.isoformat(),
                "counted_seconds": line.counted.total_seconds(),
                "reason": line.reason,
                "name": line.name,
                "legal_basis": line.legal_basis,
                "is_estimated": line.is_estimated,
            }
            for line in explanation.lines
        ]
    return answer
