"""SOP 6: the reply letter is written, approved by the head, and sent."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.middleware import typed
from accounts.wording import N_
from requests_app import policies, selectors
from requests_app.forms.reply_letter import ApprovalForm, CorrectionForm, ReplyForm
from requests_app.letters.papers import LABELS
from requests_app.letters.reply_text import parse
from requests_app.models import AccessRequest, ReplyLetter
from requests_app.policies import Refused
from requests_app.reply_papers import propose
from requests_app.sop import TRANSITIONS, Action, Status
from requests_app.steps import reply_letter
from requests_app.steps.move import ActedFirst
from requests_app.views import showing
from requests_app.views.acting import PersonRequest, attempt, explain, found, open_next, turned_away, version_of
from requests_app.views.documents import HARMLESS

QUEUE = (Status.REPLY_DRAFTING, Status.REPLY_APPROVED)
"""What the helpdesk works through here; after each the next one opens."""
UNDER_WAY = (Status.REPLY_DRAFTING, Status.REPLY_APPROVAL)
ISSUED = (Status.REPLY_APPROVED, Status.FINISHED)
LANGUAGES = {"id": N_("Indonesia"), "en": N_("Inggris")}
"""In which a letter can be worded."""


def _turned_away(http: PersonRequest, item: AccessRequest, action: Action, *, now: datetime) -> HttpResponse | None:
    """As `turned_away`; and while nothing can be worded yet, there is no page on which a form could stay."""
    is_worded = item.status in (*UNDER_WAY, *ISSUED)
    return turned_away(http, item, action, now=now) or (None if is_worded else redirect(item))


def write(http: PersonRequest, reference: str) -> HttpResponse:
    """Edit the draft beside its preview, keep it, put it before the head; afterwards the letter as it stands."""
    now = timezone.now()
    item = found(http, reference)
    if item.status in (Status.REPLY_APPROVAL, *ISSUED) and http.method != "POST":
        return _as_it_stands(http, item, now)
    if away := _turned_away(http, item, Action.SAVE_REPLY, now=now):
        return away
    asked_for = http.GET.get("usulan", "")
    form = ReplyForm(typed(http), reply=_reply(item, language=asked_for))
    act = reply_letter.send_for_approval if "send" in http.POST else reply_letter.save
    if http.method == "POST" and attempt(
        http, form, lambda: act(item, form.draft(), by=http.user, now=now, version=version_of(http))
    ):
        return _after_writing(http, item, now)
    context = _paper(http, item, now) | {"form": form, "proposed": LANGUAGES.get(asked_for), "languages": LANGUAGES}
    return render(http, "requests_app/reply_letter/write.html", context)


def _after_writing(http: PersonRequest, item: AccessRequest, now: datetime) -> HttpResponse:
    if "send" in http.POST:
        messages.success(http, _("Konsep surat balasan %(reference)s diajukan kepada Kepala.") % {"reference": item})
        return open_next(http, QUEUE, now=now)
    messages.success(http, _("Konsep surat disimpan."))
    language = http.POST.get("propose", "")
    query = f"?usulan={language}" if language in LANGUAGES else ""
    return redirect(reverse("reply", args=[item.reference]) + query)


@require_GET
def preview(http: PersonRequest, reference: str) -> HttpResponse:
    """The draft as it would be printed, marked KONSEP; the issued letter once there is one."""
    now = timezone.now()
    item = found(http, reference)
    if not policies.sees_office(http.user, now) or item.status not in (*UNDER_WAY, *ISSUED):
        raise Http404
    if item.status in ISSUED and item.reply.document:
        return redirect(item.reply.document)
    try:
        content = reply_letter.preview(item, now=now)
    except Refused as problem:
        return render(http, "requests_app/reply_letter/no_preview.html", {"item": item, "problem": problem}, status=422)
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="konsep-{item.reference}.pdf"',
            "Content-Security-Policy": HARMLESS,
            "X-Content-Type-Options": "nosniff",
        },
    )


def approve(http: PersonRequest, reference: str) -> HttpResponse:
    """The head reads the draft and approves it; the next draft opens."""
    now = timezone.now()
    item = found(http, reference)
    if away := _turned_away(http, item, Action.RETURN_REPLY, now=now):
        return away
    form = ApprovalForm(http.POST or None)
    if http.method == "POST" and attempt(
        http, form, lambda: reply_letter.approve(item, by=http.user, now=now, version=version_of(http))
    ):
        number = ReplyLetter.objects.get(request=item).number
        messages.success(
            http,
            _("Surat balasan Nomor %(number)s disetujui. Admin/Helpdesk akan mengirimkannya.") % {"number": number},
        )
        return open_next(http, (Status.REPLY_APPROVAL,), now=now)
    return render(http, "requests_app/reply_letter/approve.html", _paper(http, item, now) | {"form": form})


def return_reply(http: PersonRequest, reference: str) -> HttpResponse:
    """The head wants the draft changed; the next draft opens."""
    now = timezone.now()
    item = found(http, reference)
    if away := _turned_away(http, item, Action.RETURN_REPLY, now=now):
        return away
    form = CorrectionForm(typed(http))
    if http.method == "POST" and attempt(
        http,
        form,
        lambda: reply_letter.return_reply(
            item, by=http.user, now=now, reason=form.cleaned_data["reason"], version=version_of(http)
        ),
    ):
        messages.success(http, _("Konsep surat %(reference)s dikembalikan untuk diperbaiki.") % {"reference": item})
        return open_next(http, (Status.REPLY_APPROVAL,), now=now)
    return render(http, "requests_app/reply_letter/return_reply.html", _paper(http, item, now) | {"form": form})


@require_POST
def send(http: PersonRequest, reference: str) -> HttpResponse:
    """Send the approved letter; the next one of the queue opens."""
    now = timezone.now()
    item = found(http, reference)
    try:
        reply_letter.send(item, by=http.user, now=now, version=version_of(http))
    except (Refused, ActedFirst) as problem:
        messages.error(http, explain(problem, http.LANGUAGE_CODE))
        return redirect(item)
    messages.success(
        http,
        _("Surat balasan %(reference)s dikirim kepada %(unit)s. Permohonan selesai.")
        % {"reference": item, "unit": item.unit},
    )
    return open_next(http, QUEUE, now=now)


def _as_it_stands(http: PersonRequest, item: AccessRequest, now: datetime) -> HttpResponse:
    """The letter that waits for the head, or that was issued; for the office only."""
    if not policies.sees_office(http.user, now):
        messages.warning(http, _("Halaman ini untuk Admin/Helpdesk."))
        return redirect(item)
    return render(http, "requests_app/reply_letter/letter.html", _paper(http, item, now))


def _reply(item: AccessRequest, *, language: str = "") -> ReplyLetter:
    """The saved draft, else a proposed one; with `language`, newly worded in it but not saved."""
    reply = ReplyLetter.objects.filter(request=item).first()
    if reply and language not in LANGUAGES:
        return reply
    fresh = propose(item, selectors.institution(), language=language if language in LANGUAGES else "id")
    if reply is None:
        return fresh
    reply.language, reply.subject, reply.body = fresh.language, fresh.subject, fresh.body
    return reply


def _paper(http: PersonRequest, item: AccessRequest, now: datetime) -> dict[str, Any]:
    """The letter and what it answers, as the pages show it."""
    saved = ReplyLetter.objects.filter(request=item).select_related("document", "prepared_by").first()
    reply = saved or _reply(item)
    house = selectors.institution()
    right = policies.authority_for(http.user, item, TRANSITIONS[Action.APPROVE_REPLY], now)
    entry = showing.open_entry(item)
    is_issued = item.status in ISSUED and reply.document
    draft_url = reverse("reply_preview", args=[item.reference])
    url = reply.document.get_absolute_url() if is_issued and reply.document else draft_url
    return {
        "now": now,
        "item": item,
        "due": showing.due_of(entry),
        "why": showing.why(item, entry),
        "tone": showing.tone_of(entry, now, is_mine=True),
        "actions": {row.action for row in policies.allowed(http.user, item, now=now)},
        "why_not_approve": policies.why_not(http.user, item, Action.APPROVE_REPLY, now=now),
        "reply": reply,
        "is_saved": saved is not None,
        "is_issued": is_issued,
        "labels": LABELS["en" if reply.language == "en" else "id"],
        "blocks": [block.to_data() for block in parse(reply.body)],
        "recipient": [line for line in reply.recipient.splitlines() if line.strip()],
        "copies": [line for line in reply.copies.splitlines() if line.strip()],
        "signatory_title": reply.signatory_title or house.signatory_title,
        "signatory_prefix": right.kind if right and not is_issued else "",
        "signatory_name": reply.signatory_name or (str(right.person) if right else ""),
        "items": item.items.select_related("data_type"),
        "documents": [
            {
                "name": _("Surat balasan") if is_issued else _("Konsep surat balasan"),
                "type": "application/pdf",
                "view_url": url,
                "download_url": f"{url}?unduh=1" if is_issued else "",
            }
        ],
    }
