"""From a monitoring report to the paper that is typeset; call with Indonesian active, as the paper is Indonesian."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from accounts.models import Institution, User
from accounts.permissions import authority
from accounts.roles import Permission, Role
from requests_app.lateness import LateRun
from requests_app.letters import papers
from requests_app.letters.dates import long_moment
from requests_app.letters.render import render
from requests_app.monitoring import StepFigures
from requests_app.monitoring_report import Report, flow, late_text, length_text, performer, share_text, standard_text
from requests_app.reply_papers import letterhead
from requests_app.sop import ACTOR_LABELS, IDENTITY, NUMBERING_NOTE


def typeset(report: Report, institution: Institution, *, now: datetime) -> bytes:
    """The PDF of the report, dated `now`; the same report gives the same bytes.

    A character that the paper's font lacks is replaced: nobody proofreads a report.
    """
    paper = papers.MonitoringReport(
        letterhead=letterhead(institution),
        sop=f"{IDENTITY.number}, {IDENTITY.title}",
        period=report.period.label,
        date=timezone.localdate(now),
        lines=tuple(_line(line) for line in report.lines),
        numbering_note=_(NUMBERING_NOTE),
        flow=tuple(flow(report.totals)),
        breaches=tuple(_breach(breach) for breach in report.breaches),
        counting=tuple(report.counting),
        made=made_text(report),
        signatory=_signatory(report.made_by, institution, now),
    )
    return render("monitoring", paper.to_data(), now=now, replace_unprintable=True)


def made_text(report: Report) -> str:
    """Who made it and when, and whether the numbers may still change."""
    made = _("Dibuat dengan Gapura oleh %(name)s pada %(moment)s.") % {
        "name": report.made_by,
        "moment": long_moment(report.made_at, "id"),
    }
    return f"{made} {_('Masa ini belum berakhir; angkanya masih dapat berubah.')}" if report.is_running else made


def _line(line: StepFigures) -> papers.MonitoringLine:
    row = line.activity
    return papers.MonitoringLine(
        number=row.number,
        text=row.text,
        performer=performer(row),
        required=row.required,
        printed_time=row.printed_time,
        output=row.output,
        standard=standard_text(line),
        count=number_format(line.count, force_grouping=True),
        median=length_text(line.median),
        p90=length_text(line.p90),
        share=share_text(line),
    )


def _breach(breach: LateRun) -> papers.MonitoringBreach:
    reason = breach.reason
    who = _(ACTOR_LABELS[breach.waited_for])
    return papers.MonitoringBreach(
        reference=breach.request.reference,
        unit=breach.request.unit.name,
        step=_("%(number)s. %(name)s") % {"number": breach.number, "name": _(breach.activity.short)},
        due=moment_text(breach.due_at),
        ended=moment_text(breach.ended_at) if breach.ended_at else _("belum selesai"),
        late=late_text(breach),
        who=f"{breach.person} ({who})" if breach.person else who,
        reason=f"{reason.get_cause_display()}: {reason.text}" if reason else _("belum diisi"),
    )


def moment_text(moment: datetime) -> str:
    """An instant as it stands in a table: "23 November 2026 14.05"."""
    return date_format(timezone.localtime(moment), "j F Y H.i")


def _signatory(by: User, institution: Institution, now: datetime) -> papers.Signatory:
    """The head: who made the report, where they are the head or stand in; else the one who holds the office."""
    right = authority(by, Permission.DISPOSE, timezone.localdate(now))
    heads = User.objects.filter(role_grants__role=Role.HEAD, is_active=True).order_by("pk")
    head = by if right else heads.first()
    return papers.Signatory(
        title=institution.signatory_title,
        name=head.full_name if head else "",
        nip=head.identity_number if head and head.identity_type == "nip" else "",
        prefix=right.kind if right else "",  # type: ignore[arg-type]  # the two values of Substitution.Kind
    )
