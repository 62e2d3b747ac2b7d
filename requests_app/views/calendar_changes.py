"""The administrator changes the working calendar: first what that would move, then the button that does it."""

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts import audit
from accounts.middleware import PersonRequest, typed
from accounts.models import AuditEvent
from accounts.permissions import has
from accounts.roles import Permission
from requests_app import holiday_suggestions
from requests_app.forms.calendar import (
    YEARS,
    ChangeForm,
    DayForm,
    ImportForm,
    PeriodForm,
    ReasonForm,
    SeenForm,
    WeekForm,
)
from requests_app.holiday_suggestions import Difference
from requests_app.models import DayRow, HoursPeriodRow
from requests_app.policies import Refused
from requests_app.sla import DEFAULT_WEEK, CalendarDay
from requests_app.sla_wording import DAY_KIND_LABELS
from requests_app.steps import calendar_changes
from requests_app.steps.calendar_changes import Change, Effect

SAVE, BACK = "save", "back"
"""What the buttons of the preview ask for; every other POST asks for the preview."""
YEARS_OFFERED = 2
"""This year and the next: collective leave is not decided earlier."""
EVENTS_SHOWN = 25

Page = Callable[..., HttpResponse]


def administrators_only(page: Page) -> Page:
    """Nobody else knows of this page; nobody stands in for an administrator here."""

    @wraps(page)
    def shown(http: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not has(http.user, Permission.ADMINISTER):
            raise Http404
        return page(http, *args, **kwargs)

    return shown


# --- a day ------------------------------------------------------------------------------------
@administrators_only
def add_day(http: PersonRequest) -> HttpResponse:
    """A new special day, on `?tanggal=` where the address says so."""
    form = DayForm(typed(http), day=_date(http.GET.get("tanggal", "")))
    return _fill_in(http, form, _("Tambah hari"), _year_url(timezone.localdate().year))


@administrators_only
def change_day(http: PersonRequest, pk: int) -> HttpResponse:
    """Another date, kind, name or legal basis."""
    row = DayRow.objects.filter(pk=pk).first()
    if row is None:
        return _gone(http, DayForm(typed(http)), _("Tambah hari"), reverse("add_day"))
    extra = {"remove": reverse("remove_day", args=[pk])}
    return _fill_in(http, DayForm(typed(http), row=row), _("Ubah hari"), _year_url(row.date.year), extra=extra)


@administrators_only
def remove_day(http: PersonRequest, pk: int) -> HttpResponse:
    """The day becomes what its weekday is."""
    row = get_object_or_404(DayRow, pk=pk)
    change = calendar_changes.RemoveDay(calendar_changes.pure_day(row), row.pk)
    return _remove(http, change, _year_url(row.date.year))


# --- hours --------------------------------------------------------------------------------------
@administrators_only
def change_week(http: PersonRequest) -> HttpResponse:
    """The usual hours."""
    form = WeekForm(typed(http), week=calendar_changes.pure_week(None) or DEFAULT_WEEK)
    return _fill_in(http, form, _("Ubah jam kerja biasa"), reverse("calendar"))


@administrators_only
def add_period(http: PersonRequest) -> HttpResponse:
    """Dates with other hours; Ramadan's are filled in."""
    form, title = PeriodForm(typed(http)), _("Tambah periode jam kerja")
    return _fill_in(http, form, title, reverse("calendar"), extra={"offers_ramadan": True})


@administrators_only
def change_period(http: PersonRequest, pk: int) -> HttpResponse:
    """Other dates or other hours."""
    row = HoursPeriodRow.objects.filter(pk=pk).first()
    if row is None:
        return _gone(http, PeriodForm(typed(http)), _("Tambah periode jam kerja"), reverse("add_period"))
    form = PeriodForm(typed(http), row=row, week=calendar_changes.pure_week(row))
    extra = {"remove": reverse("remove_period", args=[pk])}
    return _fill_in(http, form, _("Ubah periode jam kerja"), _year_url(row.starts_on.year), extra=extra)


@administrators_only
def remove_period(http: PersonRequest, pk: int) -> HttpResponse:
    """The usual hours again."""
    row = get_object_or_404(HoursPeriodRow, pk=pk)
    change = calendar_changes.RemovePeriod(calendar_changes.pure_period(row), row.pk)
    return _remove(http, change, _year_url(row.starts_on.year))


# --- a year ---------------------------------------------------------------------------------------
@administrators_only
def take_suggestions(http: PersonRequest, year: int) -> HttpResponse:
    """What is suggested for a year beside what the calendar says."""
    _check_offered(year)
    lines = calendar_changes.differences(year)
    form = ImportForm(typed(http), year=year, lines=lines)
    chosen = form.chosen()
    groups = [
        {
            "difference": kind.value,
            "can_be_taken": kind in holiday_suggestions.ACCEPTABLE,
            "lines": [_line(line, chosen) for line in lines if line.difference is kind],
        }
        for kind in Difference
    ]
    extra = {"year": year, "groups": [group for group in groups if group["lines"]]}
    title = _("Impor usulan libur %(year)d") % {"year": year}
    return _fill_in(http, form, title, _year_url(year), template="requests_app/calendar/import.html", extra=extra)


@require_POST
@administrators_only
def confirm(http: PersonRequest, year: int) -> HttpResponse:
    """The calendar of a year is right."""
    _check_offered(year)
    calendar_changes.confirm_year(year, by=http.user, now=timezone.now())
    messages.success(http, _("Kalender %(year)d dikonfirmasi.") % {"year": year})
    return redirect(_year_url(year))


@require_POST
@administrators_only
def take_back_confirmation(http: PersonRequest, year: int) -> HttpResponse:
    """The year is to be looked at again."""
    _check_offered(year)
    calendar_changes.take_back_confirmation(year, by=http.user, now=timezone.now())
    messages.success(http, _("Konfirmasi kalender %(year)d ditarik.") % {"year": year})
    return redirect(_year_url(year))


# --- what was done ---------------------------------------------------------------------------------
@administrators_only
def changes(http: PersonRequest) -> HttpResponse:
    """Who changed the calendar, when and why; newest first."""
    events = AuditEvent.objects.filter(subject=calendar_changes.SUBJECT).order_by("-at", "-pk")
    page = Paginator(events, EVENTS_SHOWN).get_page(http.GET.get("page"))
    rows = [
        {"event": event, "sentence": audit.say(event), "moved": len(event.data.get("deadlines", ())) or None}
        for event in page
    ]
    return render(http, "requests_app/calendar/changes.html", {"page": page, "rows": rows})


@administrators_only
def changed(http: PersonRequest, pk: int) -> HttpResponse:
    """One change: what really moved, and who was told."""
    event = get_object_or_404(AuditEvent, pk=pk, subject=calendar_changes.SUBJECT)
    moved = [
        {**row, "old": datetime.fromisoformat(row["old"]), "new": datetime.fromisoformat(row["new"])}
        for row in event.data.get("deadlines", ())
    ]
    context = {"event": event, "sentence": audit.say(event), "moved": moved, "headline": _headline(len(moved))}
    return render(http, "requests_app/calendar/changed.html", context)


# --- how every change goes ----------------------------------------------------------------------------
def _fill_in(
    http: PersonRequest,
    form: ChangeForm,
    title: str,
    back: str,
    *,
    template: str = "requests_app/calendar/form.html",
    extra: dict[str, Any] | None = None,
) -> HttpResponse:
    """The form, then its preview, then it is saved. What was typed goes along both ways."""
    if http.method == "POST" and form.is_valid() and http.POST.get("then") != BACK:
        try:
            return _decide(http, form.change(), form=form, back=back)
        except Refused as problem:
            form.add_error(None, str(problem))
            if isinstance(form, SeenForm):
                form.look_again()
    reason = form.data.get("reason", "")
    return render(http, template, {"form": form, "title": title, "back": back, "reason": reason, **(extra or {})})


def _gone(http: PersonRequest, form: ChangeForm, title: str, address: str) -> HttpResponse:
    """What somebody typed into a row that was removed meanwhile; sent again, it makes a new one at `address`."""
    if http.method != "POST":
        raise Http404
    form.add_error(None, _("Orang lain menghapusnya dari kalender. Bila tetap diperlukan, simpan sebagai isian baru."))
    context = {"form": form, "title": title, "back": reverse("calendar"), "reason": form.data.get("reason", "")}
    return render(http, "requests_app/calendar/form.html", context | {"address": address}, status=409)


def _remove(http: PersonRequest, change: Change, back: str) -> HttpResponse:
    """Nothing to fill in: the preview at once."""
    try:
        return _decide(http, change, form=None, back=back)
    except Refused as problem:
        messages.error(http, str(problem))
        return redirect(back)


def _decide(http: PersonRequest, change: Change, *, form: ChangeForm | None, back: str) -> HttpResponse:
    """Save when that was asked for, else show what would move; raises Refused."""
    now = timezone.now()
    wants_to_save = http.POST.get("then") == SAVE
    why = ReasonForm(http.POST) if wants_to_save else ReasonForm(initial={"reason": http.POST.get("reason", "")})
    if wants_to_save and why.is_valid():
        shown = http.POST.get("shown", "")
        event = calendar_changes.save(change, by=http.user, now=now, reason=why.cleaned_data["reason"], shown=shown)
        return redirect("calendar_changed", event.pk)
    effect = calendar_changes.preview(change, by=http.user, now=now)
    context = {
        "headline": _headline(len(effect.moved), change.title()),
        "effect": effect,
        "form": form,
        "why": why,
        "back": back,
        "late_at_once": _late_at_once(effect),
    }
    return render(http, "requests_app/calendar/preview.html", context)


def _headline(count: int, title: str = "") -> str:
    """“Menambah cuti bersama 24 Desember 2026 menggeser 4 batas waktu”; without a title what really happened."""
    if title and not count:
        return _("%(change)s tidak menggeser batas waktu apa pun") % {"change": title}
    if title:
        words = {"change": title, "count": count}
        return (
            ngettext("%(change)s menggeser %(count)d batas waktu", "%(change)s menggeser %(count)d batas waktu", count)
            % words
        )
    if not count:
        return _("Tidak ada batas waktu yang bergeser")
    return ngettext("%(count)d batas waktu bergeser", "%(count)d batas waktu bergeser", count) % {"count": count}


def _late_at_once(effect: Effect) -> int:
    return sum(row.is_late_at_once for row in effect.moved)


def _line(line: holiday_suggestions.Line, chosen: set[str]) -> dict[str, Any]:
    """A line of the list; `other` says in what the other side differs, nothing where it does not."""
    before, after = line.before, line.after
    is_manual = line.difference is Difference.MANUAL
    shown, other = (before, after) if is_manual else (line.day, before)
    return {
        "key": line.key,
        "day": shown,
        "kind": _(DAY_KIND_LABELS[line.day.kind if shown is None else shown.kind]),
        "other": _what_differs(other, shown) if other and shown else [],
        "is_suggested": after is not None,
        "is_chosen": line.key in chosen,
    }


def _what_differs(other: CalendarDay, shown: CalendarDay) -> list[str]:
    found = []
    if other.date != shown.date:
        found.append(date_format(other.date, "l, j F Y"))
    if other.name != shown.name:
        found.append(other.name)
    if other.kind != shown.kind:
        found.append(_(DAY_KIND_LABELS[other.kind]))
    if other.is_estimated != shown.is_estimated:
        found.append(_("perkiraan") if other.is_estimated else _("sudah pasti"))
    return found


def _check_offered(year: int) -> None:
    first = timezone.localdate().year
    if year not in range(first, first + YEARS_OFFERED):
        raise Http404


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _year_url(year: int) -> str:
    return f"{reverse('calendar')}?tahun={year}"
