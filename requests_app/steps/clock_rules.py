"""How a standard of the SOP is counted, and when people are told: chosen by an administrator, never edited."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, permissions
from accounts.models import Institution, User
from accounts.roles import Permission
from accounts.wording import N_
from requests_app import sla, sla_wording
from requests_app.models import ClockRule, StepEntry
from requests_app.policies import Refused
from requests_app.sop import STEPS
from requests_app.working_time import ROWS_WITH_RULES

SUBJECT = "clock-rules"
CHOSEN = N_("{actor} memilih cara hitung langkah {number}: {reading}. Alasan: {reason}")
_MINUTE = timedelta(minutes=1)


def newest(number: str) -> ClockRule | None:
    """The rule of this SOP row that was chosen last; None as long as the shipped one is in force."""
    return ClockRule.objects.filter(number=number).select_related("chosen_by").order_by("effective_from", "pk").last()


def running(number: str) -> int:
    """How many open requests are in this SOP row, also those that wait there for a unit: they keep their rule."""
    statuses = [status for status, step in STEPS.items() if step.number == number]
    return StepEntry.objects.filter(left_at__isnull=True, status__in=statuses).count()


@transaction.atomic
def choose(number: str, rule: sla.Rule, *, reason: str, by: User, now: datetime, known: int | None) -> ClockRule:
    """From `now` on, clocks of SOP row `number` that start are counted by `rule`; those that run keep theirs.

    `known` is the primary key of the rule that the reader of the page saw as the newest (None: the shipped one).
    Of `rule`, what names who chose it and when is not looked at. Raises PermissionDenied for everybody but an
    administrator, Refused when somebody else chose meanwhile or nothing would change, ValueError for a row
    without a standard in working days.
    """
    if not permissions.has(by, Permission.ADMINISTER):
        raise PermissionDenied
    if number not in ROWS_WITH_RULES:
        raise ValueError(f"row {number} has no standard in working days")
    # One choice at a time, also the first, for which there is no row yet that could be locked.
    list(Institution.objects.select_for_update().values_list("pk"))
    before = newest(number)
    if before and before.pk != known:
        raise Refused(
            _("%(name)s mengubah cara hitung ini sejak halaman Anda dibuka. Periksa pilihan yang baru, lalu ulangi.")
            % {"name": before.chosen_by or _("Pengaturan awal")}
        )
    values = _values(rule)
    if values == (_values_of(before) if before else _values(sla.Rule())):
        raise Refused(_("Tidak ada yang berubah dari pilihan yang berlaku sekarang."))
    row = ClockRule.objects.create(
        number=number, effective_from=now, reason=reason, chosen_at=now, chosen_by=by, **values
    )
    audit.record(
        SUBJECT,
        "clock_rule",
        CHOSEN,
        by=by,
        now=now,
        data={
            "number": number,
            "reading": sla_wording.READING_LABELS[rule.reading],
            "reason": reason,
            "detail": "\n".join(sla_wording.reminder_texts(rule)),
        },
    )
    return row


def _values(rule: sla.Rule) -> dict[str, str | bool | int]:
    return {
        "reading": rule.reading.value,
        "warns_at_half": rule.warns_at_half,
        "warn_ahead_minutes": rule.warn_ahead // _MINUTE,
        "team_after_minutes": rule.team_after // _MINUTE,
        "head_after_minutes": rule.head_after // _MINUTE,
    }


def _values_of(row: ClockRule) -> dict[str, str | bool | int]:
    return {name: getattr(row, name) for name in _values(sla.Rule())}
