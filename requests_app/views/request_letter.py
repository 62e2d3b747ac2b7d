"""SOP 1: the unit writes its request in four short parts, checks it, sends it, and keeps a receipt."""

import uuid
from datetime import datetime

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.middleware import typed
from accounts.models import User
from accounts.permissions import has
from accounts.roles import Permission
from requests_app import completeness, receipts, renewals, selectors
from requests_app.forms.request_letter import (
    PARTS,
    AnswerForm,
    BeginForm,
    LetterForm,
    PaperForm,
    PartForm,
    PersonForm,
    RenewalForm,
    WithdrawForm,
)
from requests_app.letters.dates import Language
from requests_app.models import AccessRequest, Document
from requests_app.policies import Refused
from requests_app.sop import Action, Status
from requests_app.steps import request_letter
from requests_app.uploads import refused_while_receiving
from requests_app.views import showing
from requests_app.views.acting import PersonRequest, attempt, found, turned_away, version_of

ORDER = list(PARTS)
RENEWAL_PAGE = "perpanjangan"
"""In the address of a removed file: the page of a renewal, with everything on it, is where it stood."""


# --- beginning ----------------------------------------------------------------------------
def begin(http: PersonRequest) -> HttpResponse:
    """What one needs in hand, and the button that begins a draft; pressed twice it begins one."""
    now = timezone.now()
    unit = request_letter.sending_unit(http.user, now)
    form = BeginForm(http.POST) if http.method == "POST" else BeginForm()
    if unit and form.is_bound:
        key = form.cleaned_data["start_key"] if form.is_valid() else uuid.uuid4()
        item = request_letter.begin_draft(unit=unit, by=http.user, now=now, start_key=key)
        return _to_part(item, ORDER[0])
    drafts = selectors.visible_to(http.user, now).filter(status=Status.DRAFT, created_by=http.user)[:5]
    context = {"form": BeginForm(), "unit": unit, "drafts": drafts, "now": now, "may_enter_paper": _may_register(http)}
    return render(http, "requests_app/request_letter/begin.html", context)


def begin_paper(http: PersonRequest) -> HttpResponse:
    """The helpdesk enters a letter that came on paper: which unit, and when it really came."""
    if not _may_register(http):
        raise Http404
    now = timezone.now()
    form = PaperForm(typed(http), now=now)
    item = attempt(http, form, lambda: _begin_for_unit(form, http.user, now)) if http.method == "POST" else None
    if item:
        return _to_part(item, ORDER[0])
    return render(http, "requests_app/request_letter/paper.html", {"form": form})


def _begin_for_unit(form: PaperForm, by: User, now: datetime) -> AccessRequest:
    said = form.cleaned_data
    return request_letter.begin_draft(
        unit=said["unit"], by=by, now=now, start_key=said["start_key"], happened_at=said["happened_at"]
    )


def _may_register(http: PersonRequest) -> bool:
    return has(http.user, Permission.REGISTER)


# --- the four parts -----------------------------------------------------------------------
def part(http: PersonRequest, reference: str, part: str) -> HttpResponse:
    """One part of the form: what was typed is saved, and the next part follows. A renewal has all on one page."""
    now, item = timezone.now(), found(http, reference)
    parts: dict[str, type[PartForm]] = {**PARTS, **({RenewalForm.part: RenewalForm} if item.renews_id else {})}
    if part not in parts:
        raise Http404
    form = _part_form(http, item, parts[part], now)
    if away := _away(http, item, form, Action.SUBMIT, now):
        return away
    if http.method == "POST":
        _keep_what_is_good(form, http.user, now)
        if attempt(http, form, lambda: _save(form, http.user, now)):
            return _onward(http, item, part)
    return _show_part(http, item, form)


def remove_document(http: PersonRequest, reference: str, key: uuid.UUID) -> HttpResponse:
    """Take a file out of the letter; what is typed beside it is saved too."""
    now, item = timezone.now(), found(http, reference)
    form_class = RenewalForm if item.renews_id and RENEWAL_PAGE in http.GET else LetterForm
    if http.method != "POST":
        return _to_part(item, form_class.part)
    if away := turned_away(http, item, Action.SUBMIT, now=now):
        return away
    form = _part_form(http, item, form_class, now, may_have_gaps=True)
    _keep_what_is_good(form, http.user, now)
    if document := item.documents.filter(key=key, kind=Document.Kind.REQUEST_LETTER).first():
        _remove(form, document, http.user, now)
    if attempt(http, form, lambda: _save(form, http.user, now)):
        return _to_part(item, form_class.part, is_detour=_is_detour(http))
    return _show_part(http, item, form)


def _part_form(
    http: PersonRequest,
    item: AccessRequest,
    form_class: type[PartForm],
    now: datetime,
    *,
    may_have_gaps: bool = False,
) -> PartForm:
    """The form of one part with what was typed, or with what is stored; `?saya` fills in the reader's profile."""
    is_me = form_class is PersonForm and "saya" in http.GET
    return form_class(
        typed(http),
        http.FILES if http.method == "POST" else None,
        request=item,
        today=timezone.localdate(now),
        may_have_gaps=may_have_gaps or http.POST.get("go") in ("back", "later"),
        refused=refused_while_receiving(http, "files") if http.method == "POST" else (),
        initial=PersonForm.facts_about(http.user) if is_me else None,
    )


def _keep_what_is_good(form: PartForm, by: User, now: datetime) -> None:
    """Good files are kept whatever else is wrong, and the text beside a refused file: neither is asked for again."""
    form.full_clean()
    try:
        for file, inspected in form.accepted:
            request_letter.add_document(form.request, file, inspected, by=by, now=now)
        if set(form.errors) == {"files"}:
            _save(form, by, now)
    except Refused as problem:
        form.add_error(None, str(problem))


def _remove(form: PartForm, document: Document, by: User, now: datetime) -> None:
    try:
        request_letter.remove_document(form.request, document, by=by, now=now)
    except Refused as problem:
        form.add_error(None, str(problem))


def _save(form: PartForm, by: User, now: datetime) -> AccessRequest:
    return request_letter.save_part(form.request, by=by, now=now, fields=form.kept(), data_types=form.chosen())


def _show_part(http: PersonRequest, item: AccessRequest, form: PartForm) -> HttpResponse:
    context = {
        "item": item,
        "form": form,
        "part": form.part,
        "is_detour": _is_detour(http),
        "is_kept": form.is_bound and http.method != "POST",
        "returned": _returned(item),
    }
    if form.part == RenewalForm.part:
        context["needs_letter"] = renewals.needs_letter(item)
        return render(http, "requests_app/renewal/form.html", context)
    at = ORDER.index(form.part)
    context |= {
        "current": at + 1,
        "total": len(ORDER),
        "label": form.title,
        "minutes": form.minutes,
        "stations": [
            {"label": PARTS[name].title, "state": "done" if place < at else "now" if place == at else "next"}
            for place, name in enumerate(ORDER)
        ],
        "previous": ORDER[at - 1] if at else "",
    }
    return render(http, "requests_app/request_letter/part.html", context)


def _onward(http: PersonRequest, item: AccessRequest, part: str) -> HttpResponseRedirect:
    """Where the pressed button leads."""
    go = http.POST.get("go")
    if go == "later":
        messages.success(http, _("Draf disimpan. Anda dapat melanjutkannya kapan saja."))
        return redirect(item)
    at = ORDER.index(part) if part in ORDER else len(ORDER) - 1
    if go == "back" and part in ORDER[1:]:
        return _to_part(item, ORDER[at - 1])
    if _is_detour(http) or at + 1 == len(ORDER):
        return redirect("request_summary", item.reference)
    return _to_part(item, ORDER[at + 1])


def _to_part(item: AccessRequest, part: str, *, is_detour: bool = False) -> HttpResponseRedirect:
    query = {"ringkasan": 1} if is_detour else None
    return HttpResponseRedirect(reverse("request_part", args=[item.reference, part], query=query))


def _is_detour(http: PersonRequest) -> bool:
    """Whether the part was opened from the summary, to which it then leads back."""
    return "ringkasan" in http.GET


def _away(http: PersonRequest, item: AccessRequest, form: Form, action: Action, now: datetime) -> HttpResponse | None:
    """As `turned_away`, but what was typed before the session ended is shown all the same."""
    is_kept = form.is_bound and http.method != "POST"
    return None if is_kept else turned_away(http, item, action, now=now)


def _returned(item: AccessRequest) -> dict[str, object] | None:
    """What is to be corrected, who said so and when; None for a letter that was not returned."""
    if item.status != Status.RETURNED:
        return None
    last = selectors.last_event(item)
    return {"text": item.waiting_question, "who": last.actor_name if last else "", "at": last.at if last else None}


# --- checking and sending -------------------------------------------------------------------
def summary(http: PersonRequest, reference: str) -> HttpResponse:
    """Everything to check, and the button that sends it; pressed again, or reloaded, it leads to the receipt."""
    now, item = timezone.now(), found(http, reference)
    form = Form(http.POST if http.method == "POST" else None)
    if away := turned_away(http, item, Action.SUBMIT, now=now):
        return away
    if http.method == "POST":
        sent = attempt(http, form, lambda: request_letter.submit(item, by=http.user, now=now, version=version_of(http)))
        if sent or _is_sent(item):
            return redirect("receipt", item.reference)
    context = {
        "item": item,
        "form": form,
        "gaps": completeness.missing(item),
        "oddities": completeness.oddities(item, timezone.localdate(now)),
        "data": item.items.select_related("data_type__owner"),
        "documents": showing.documents(item.documents.filter(kind=Document.Kind.REQUEST_LETTER)),
        "returned": _returned(item),
        "renewal": renewals.of(item),
        "needs_letter": renewals.needs_letter(item),
    }
    return render(http, "requests_app/request_letter/summary.html", context)


def _is_sent(item: AccessRequest) -> bool:
    """Whether it went off meanwhile: by the first of two clicks."""
    item.refresh_from_db()
    return item.submitted_at is not None and item.status not in {*request_letter.EDITABLE, Status.WITHDRAWN}


def receipt(http: PersonRequest, reference: str) -> HttpResponse:
    """Proof of what was sent and when, to show or print."""
    item = found(http, reference)
    if item.submitted_at is None:
        return redirect("request_summary", item.reference)
    context = {
        "item": item,
        "data": receipts.data_asked_for(item),
        "next_steps": receipts.next_steps(),
        "note": receipts.note(item, selectors.institution(), _language()),
    }
    return render(http, "requests_app/request_letter/receipt.html", context)


def receipt_pdf(http: PersonRequest, reference: str) -> HttpResponse:
    """The receipt as a PDF with letterhead."""
    item = found(http, reference)
    if item.submitted_at is None:
        raise Http404
    content = receipts.typeset(item, selectors.institution(), language=_language())
    name = _("Tanda terima %(reference)s.pdf") % {"reference": item.reference}
    disposition = content_disposition_header(as_attachment=True, filename=name)
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": str(disposition)})


def _language() -> Language:
    return "en" if get_language() == "en" else "id"


# --- afterwards ----------------------------------------------------------------------------
def withdraw(http: PersonRequest, reference: str) -> HttpResponse:
    """The unit no longer asks; possible until the account exists."""
    now, item = timezone.now(), found(http, reference)
    form = WithdrawForm(typed(http))
    if away := _away(http, item, form, Action.WITHDRAW, now):
        return away

    def act() -> AccessRequest:
        reason = form.cleaned_data["reason"]
        return request_letter.withdraw(item, by=http.user, now=now, reason=reason, version=version_of(http))

    if http.method == "POST" and attempt(http, form, act):
        messages.success(http, _("Permohonan %(reference)s dibatalkan.") % {"reference": item.reference})
        return redirect(item)
    return _ask(http, item, form, "withdraw")


def answer(http: PersonRequest, reference: str) -> HttpResponse:
    """The unit answers PSI's question; the clock of SOP 3 goes on."""
    now, item = timezone.now(), found(http, reference)
    form = AnswerForm(typed(http))
    if away := _away(http, item, form, Action.ANSWER, now):
        return away

    def act() -> AccessRequest:
        text = form.cleaned_data["text"]
        return request_letter.answer(item, by=http.user, now=now, text=text, version=version_of(http))

    if http.method == "POST" and attempt(http, form, act):
        messages.success(http, _("Jawaban terkirim. Divisi PSI melanjutkan pekerjaannya."))
        return redirect(item)
    return _ask(http, item, form, "answer")


def _ask(http: PersonRequest, item: AccessRequest, form: Form, page: str) -> HttpResponse:
    """The page of one act, with what was typed; made from the request as it is now."""
    item.refresh_from_db()
    return render(http, f"requests_app/request_letter/{page}.html", {"item": item, "form": form})
