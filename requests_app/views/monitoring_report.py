"""Laporan pemantauan SOP on a page, on paper and as a file; for the office."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from accounts.middleware import PersonRequest
from requests_app import monitoring_papers, policies, selectors
from requests_app.forms.monitoring_report import PeriodForm
from requests_app.lateness import LateRun
from requests_app.models import Passage
from requests_app.monitoring import StepFigures
from requests_app.monitoring_report import (
    Period,
    Report,
    flow,
    length_text,
    make,
    passages,
    performer,
    share_text,
    standard_text,
)
from requests_app.sop import ACTOR_LABELS, NUMBERING_NOTE, activity
from requests_app.views import late_reasons
from webservice_accounts import exports

PAGE = 25
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NAME = "laporan-pemantauan-sop"


def report(http: PersonRequest) -> HttpResponse:
    """The report of a period, its breaches 25 at a time; with `?cetak=1` all of them, to print."""
    now = _office_only(http)
    form = PeriodForm(http.GET, today=timezone.localdate(now))
    is_print = "cetak" in http.GET
    context: dict[str, Any] = {"form": form, "now": now, "is_print": is_print, "numbering_note": _(NUMBERING_NOTE)}
    if form.is_valid():
        period = form.period()
        made = make(period, by=http.user, now=now)
        pages = Paginator(made.breaches, max(len(made.breaches), 1) if is_print else PAGE)
        page = pages.get_page(http.GET.get("page"))
        context |= {
            "report": made,
            "flow": flow(made.totals),
            "lines": [_line(line) for line in made.lines],
            "page": page,
            "breaches": [late_reasons.shown(http, breach, now) for breach in page],
            "before": _address(period.month_before),
            "after": _address(period.month_after) if period.month_after.filters.begins <= now else "",
            "month_before": period.month_before.label,
            "month_after": period.month_after.label,
            "query": _address(period),
        }
    return render(http, "requests_app/monitoring_report.html", context)


def pdf(http: PersonRequest) -> HttpResponse:
    """The report as a paper with letterhead, for the head to sign; the page again when the period cannot be read."""
    now = _office_only(http)
    form = PeriodForm(http.GET, today=timezone.localdate(now))
    if not form.is_valid():
        return _back(http)
    with translation.override("id"):  # an official paper, whoever asks for it
        content = monitoring_papers.typeset(
            make(form.period(), by=http.user, now=now), selectors.institution(), now=now
        )
    header = content_disposition_header(as_attachment=True, filename=f"{NAME}-{form.period().slug}.pdf")
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": str(header)})


def xlsx(http: PersonRequest) -> HttpResponseBase:
    """Four lists: the table, the breaches, the passages behind the table, and how it was counted."""
    now = _office_only(http)
    form = PeriodForm(http.GET, today=timezone.localdate(now))
    if not form.is_valid():
        return _back(http)
    period = form.period()
    file = exports.workbook(_sheets(make(period, by=http.user, now=now)))
    return FileResponse(file, as_attachment=True, filename=f"{NAME}-{period.slug}.xlsx", content_type=XLSX)


def _office_only(http: PersonRequest) -> datetime:
    """What "now" is; for others there is no such page."""
    now = timezone.now()
    if not policies.sees_office(http.user, now):
        raise Http404
    return now


def _back(http: PersonRequest) -> HttpResponse:
    return redirect(f"{reverse('monitoring_report')}?{http.GET.urlencode()}")


def _address(period: Period) -> str:
    return f"first={period.first.isoformat()}&last={period.last.isoformat()}"


# --- on the page ------------------------------------------------------------------------------
def _line(line: StepFigures) -> dict[str, object]:
    return {
        "activity": line.activity,
        "performer": performer(line.activity),
        "standard": standard_text(line),
        "count": line.count,
        "median": length_text(line.median),
        "p90": length_text(line.p90),
        "share": share_text(line),
        "within": line.within,
        "timed": line.timed,
    }


# --- in the file ---------------------------------------------------------------------------------
def _sheets(made: Report) -> Iterator[exports.Sheet]:
    yield exports.Sheet(
        _("Tabel SOP"),
        [
            "No",
            _("Kegiatan"),
            _("Pelaksana"),
            _("Kelengkapan"),
            _("Waktu"),
            _("Output"),
            _("Waktu baku"),
            _("Jumlah"),
            _("Median (menit)"),
            _("P90 (menit)"),
            _("Dengan batas waktu"),
            _("Dalam waktu baku"),
            _("Persen dalam waktu baku"),
        ],
        (_table_row(line) for line in made.lines),
    )
    yield exports.Sheet(
        _("Keterlambatan"),
        [
            _("Permohonan"),
            _("Unit kerja"),
            "No",
            _("Langkah"),
            _("Batas waktu"),
            _("Selesai"),
            _("Terlambat (menit kerja)"),
            _("Ditangani"),
            _("Nama"),
            _("Penyebab"),
            _("Penjelasan"),
        ],
        (_breach_row(breach) for breach in made.breaches),
    )
    yield exports.Sheet(
        _("Waktu nyata"),
        [
            _("Permohonan"),
            _("Unit kerja"),
            "No",
            _("Langkah"),
            _("Mulai"),
            _("Selesai"),
            _("Waktu nyata (menit)"),
            _("Menunggu unit (menit)"),
            _("Hari libur"),
            _("Batas waktu"),
            _("Dalam waktu baku"),
            _("Diselesaikan oleh"),
        ],
        map(_passage_row, passages(made.period)),
    )
    yield exports.Sheet(_("Keterangan"), [_("Hal"), _("Isi")], _about(made))


def _table_row(line: StepFigures) -> list[exports.Cell]:
    row, share = line.activity, line.share_within
    return [
        row.number,
        row.text,
        performer(row),
        row.required,
        row.printed_time,
        row.output,
        standard_text(line),
        line.count,
        _minutes(line.median),
        _minutes(line.p90),
        line.timed,
        line.within,
        None if share is None else round(share * 100, 1),
    ]


def _breach_row(breach: LateRun) -> list[exports.Cell]:
    reason = breach.reason
    return [
        breach.request.reference,
        breach.request.unit.name,
        breach.number,
        _(breach.activity.short),
        breach.due_at,
        breach.ended_at or _("belum selesai"),
        _minutes(breach.late),
        _(ACTOR_LABELS[breach.waited_for]),
        str(breach.person) if breach.person else "",
        str(reason.get_cause_display()) if reason else _("belum diisi"),
        reason.text if reason else "",
    ]


def _passage_row(passage: Passage) -> list[exports.Cell]:
    is_within = {True: _("ya"), False: _("tidak"), None: ""}[passage.is_within]
    return [
        passage.request.reference,
        passage.request.unit.name,
        passage.number,
        _(activity(passage.number).short),
        passage.started_at,
        passage.ended_at,
        round(passage.took_seconds / 60, 1),
        round(passage.waited_seconds / 60, 1),
        passage.days_off,
        passage.due_at,
        is_within,
        str(passage.ended_by) if passage.ended_by else "",
    ]


def _about(made: Report) -> Iterable[list[exports.Cell]]:
    yield [_("Masa laporan"), made.period.label]
    for label, number in flow(made.totals):
        yield [label, number]
    yield [_("Terlambat"), len(made.breaches)]
    yield [_("Dibuat oleh"), str(made.made_by)]
    yield [_("Dibuat pada"), made.made_at]
    for sentence in made.counting:
        yield [_("Cara hitung"), sentence]


def _minutes(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds() / 60, 1)
