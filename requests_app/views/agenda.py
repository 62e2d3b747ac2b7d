"""SOP 2: the letter beside the form, registered, returned or put before the head; and the buku agenda."""

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.middleware import typed
from requests_app import policies, renewals, selectors
from requests_app.forms.agenda import CHECK_LIST, BookForm, ForwardForm, RegistrationForm, ReturnForm
from requests_app.models import AccessRequest, AgendaEntry, Document
from requests_app.sop import Action, Status
from requests_app.steps import agenda
from requests_app.views import showing
from requests_app.views.acting import PersonRequest, attempt, found, open_next, turned_away, version_of

QUEUE = (Status.SUBMITTED, Status.REGISTERED)
"""What the helpdesk works through here; after each the next one opens."""
PAGE = 25


def work(http: PersonRequest, reference: str) -> HttpResponse:
    """Register the letter beside it; a registered one is put before the head here too."""
    now = timezone.now()
    item = found(http, reference)
    if item.status == Status.REGISTERED and http.method != "POST":
        return turned_away(http, item, Action.FORWARD, now=now) or _registered(http, item, _forward_form(item), now)
    if away := turned_away(http, item, Action.REGISTER, now=now):
        return away
    classification = selectors.institution().default_classification
    form = RegistrationForm(typed(http), item=item, today=timezone.localdate(now), classification=classification)
    if http.method == "POST" and attempt(
        http,
        form,
        lambda: agenda.register(item, form.registration(), by=http.user, now=now, version=version_of(http)),
    ):
        number = AgendaEntry.objects.get(request=item)
        messages.success(
            http,
            _("Surat %(reference)s diagendakan dengan nomor %(number)s.") % {"reference": item, "number": number},
        )
        return redirect("agenda", item.reference)
    context = _beside(http, item, now) | {"form": form, "same_letters": selectors.same_letter(item)}
    return render(http, "requests_app/agenda/register.html", context)


def forward(http: PersonRequest, reference: str) -> HttpResponse:
    """Put the registered letter before the head; the next letter of the queue opens."""
    now = timezone.now()
    item = found(http, reference)
    if away := turned_away(http, item, Action.FORWARD, now=now):
        return away
    form = _forward_form(item, http)
    if http.method == "POST" and attempt(
        http,
        form,
        lambda: agenda.forward(
            item, by=http.user, now=now, plo_number=form.cleaned_data["plo_number"], version=version_of(http)
        ),
    ):
        messages.success(http, _("Surat %(reference)s diteruskan kepada Kepala.") % {"reference": item})
        return open_next(http, QUEUE, now=now)
    return _registered(http, item, form, now)


def return_to_unit(http: PersonRequest, reference: str) -> HttpResponse:
    """Back to the unit with what is missing; the next letter of the queue opens."""
    now = timezone.now()
    item = found(http, reference)
    if away := turned_away(http, item, Action.RETURN_TO_UNIT, now=now):
        return away
    form = ReturnForm(typed(http), initial={"missing": _not_ticked(item)})
    if "compose" in http.POST and form.is_valid():
        form = ReturnForm(initial={"reason": form.cleaned_data["reason"]})
    elif http.method == "POST" and attempt(
        http,
        form,
        lambda: agenda.return_to_unit(
            item, by=http.user, now=now, reason=form.cleaned_data["reason"], version=version_of(http)
        ),
    ):
        messages.success(
            http,
            _("Surat %(reference)s dikembalikan kepada %(unit)s.") % {"reference": item, "unit": item.unit},
        )
        return open_next(http, QUEUE, now=now)
    return render(http, "requests_app/agenda/return_to_unit.html", _beside(http, item, now) | {"form": form})


def book(http: PersonRequest) -> HttpResponse:
    """The buku agenda of a period, page by page and newest first; with `?cetak=1` whole and in its own order."""
    now = timezone.now()
    if not policies.sees_office(http.user, now):
        raise Http404
    form = BookForm(http.GET, today=timezone.localdate(now))
    lines = AgendaEntry.objects.none()
    if form.is_valid():
        lines = selectors.agenda_book(form.cleaned_data["first"], form.cleaned_data["last"])
    is_print = "cetak" in http.GET
    shown = Paginator(lines if is_print else lines.reverse(), max(lines.count(), 1) if is_print else PAGE)
    return render(
        http,
        "requests_app/agenda/book.html",
        {"now": now, "form": form, "page": shown.get_page(http.GET.get("page")), "is_print": is_print},
    )


def _registered(http: PersonRequest, item: AccessRequest, form: ForwardForm, now: datetime) -> HttpResponse:
    missing = _not_ticked(item)
    entry = AgendaEntry.objects.filter(request=item).first()
    return render(
        http,
        "requests_app/agenda/forward.html",
        _beside(http, item, now)
        | {
            "form": form,
            "entry": entry,
            "missing": [label for name, label in CHECK_LIST if name in missing],
            "paste": _text_to_paste(item, entry),
        },
    )


def _beside(http: PersonRequest, item: AccessRequest, now: datetime) -> dict[str, object]:
    """What the three pages show around their form."""
    letters = selectors.visible_documents(http.user, now).filter(request=item, kind=Document.Kind.REQUEST_LETTER)
    return {
        "now": now,
        "item": item,
        "actions": {row.action for row in policies.allowed(http.user, item, now=now)},
        "letters": showing.documents(letters),
        "renewal": renewals.of(item),
    }


def _forward_form(item: AccessRequest, http: PersonRequest | None = None) -> ForwardForm:
    entry = AgendaEntry.objects.filter(request=item).first()
    return ForwardForm(
        typed(http) if http else None,
        system=selectors.institution().correspondence_system,
        known=entry.plo_number if entry else "",
    )


def _not_ticked(item: AccessRequest) -> list[str]:
    """Items of the check list that the helpdesk did not find when it registered the letter."""
    entry = AgendaEntry.objects.filter(request=item).first()
    return [name for name in AgendaEntry.CHECK_LIST if entry and not getattr(entry, name)]


def _text_to_paste(item: AccessRequest, entry: AgendaEntry | None) -> str:
    """What goes into the office's letter system: Indonesian, whatever the reader's language."""
    with translation.override("id"):
        context = {"item": item, "entry": entry, "url": settings.BASE_URL + item.get_absolute_url()}
        return render_to_string("requests_app/agenda/_paste.txt", context).strip()
