"""Between SOP 2 and 3, made for a phone: the head reads the letter and decides."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.middleware import typed
from accounts.models import User
from accounts.permissions import authority, holders
from accounts.roles import Permission
from accounts.wording import N_
from requests_app import policies, renewals, selectors
from requests_app.forms.disposition import DisposeForm, QuestionForm, RefusalForm, SeveralForm
from requests_app.models import AccessRequest
from requests_app.sop import TRANSITIONS, Action, Status
from requests_app.steps import disposition
from requests_app.views import showing
from requests_app.views.acting import PersonRequest, attempt, explain, found, press, turned_away, version_of

PAGE = 25
UNREAD_SHOWN = 25
"""Dispositions that can still be taken back, below the letters; the button is on every request's page too."""

PAGE_OF_DECISION = {
    Action.DISPOSE: "disposition",
    Action.ASK_FOR_CLARIFICATION: "ask_for_clarification",
    Action.REFUSE: "refuse",
}
DONE = {
    Action.DISPOSE: N_("%(reference)s didisposisikan kepada Divisi PSI."),
    Action.ASK_FOR_CLARIFICATION: N_("%(reference)s dikembalikan kepada unit dengan pertanyaan Anda."),
    Action.REFUSE: N_("%(reference)s belum dapat dipenuhi. Admin/Helpdesk menyiapkan surat balasannya."),
}


# --- one letter ---------------------------------------------------------------------------
def decide(http: PersonRequest, reference: str) -> HttpResponse:
    """The letter and what is known of it; passing it on to PSI, with the two other decisions beside."""
    now = timezone.now()
    today = timezone.localdate(now)
    form = DisposeForm(typed(http), today=today, people=_people_to_copy(http.user, today))
    return _decision(
        http,
        reference,
        Action.DISPOSE,
        form,
        lambda item, version: disposition.dispose(item, form.given(), by=http.user, now=now, version=version),
        now,
    )


def ask_for_clarification(http: PersonRequest, reference: str) -> HttpResponse:
    """Back to the unit with a question."""
    return _reasoned(http, reference, Action.ASK_FOR_CLARIFICATION, QuestionForm, disposition.ask_for_clarification)


def refuse(http: PersonRequest, reference: str) -> HttpResponse:
    """The request cannot be met; a reply letter follows."""
    return _reasoned(http, reference, Action.REFUSE, RefusalForm, disposition.refuse)


@require_POST
def cancel(http: PersonRequest, reference: str) -> HttpResponse:
    """Take a disposition back while PSI has not read it."""
    now = timezone.now()
    item = found(http, reference)
    return press(
        http,
        item,
        lambda: disposition.cancel(item, by=http.user, now=now, version=version_of(http)),
        _("Disposisi dibatalkan. Permohonan ini kembali menunggu keputusan."),
    )


def _reasoned(
    http: PersonRequest, reference: str, action: Action, form_class: type[forms.Form], act: Callable[..., AccessRequest]
) -> HttpResponse:
    now = timezone.now()
    form = form_class(typed(http))

    def decided(item: AccessRequest, version: int | None) -> AccessRequest:
        return act(item, by=http.user, now=now, reason=form.cleaned_data["reason"], version=version)

    return _decision(http, reference, action, form, decided, now)


def _decision(
    http: PersonRequest,
    reference: str,
    action: Action,
    form: forms.Form,
    act: Callable[[AccessRequest, int | None], AccessRequest],
    now: datetime,
) -> HttpResponse:
    """What the three decisions share: shown to whoever may decide, carried out, then the next letter."""
    item = found(http, reference)
    if away := turned_away(http, item, action, now=now):
        return away
    if http.method == "POST":
        if attempt(http, form, lambda: act(item, version_of(http))):
            messages.success(http, _(DONE[action]) % {"reference": item.reference})
            return redirect(_next_page(http.user, now))
        item = found(http, reference)
    template = f"requests_app/disposition/{PAGE_OF_DECISION[action]}.html"
    status = 409 if form.non_field_errors() else 200
    return render(http, template, _letter(http.user, item, action, now) | {"form": form}, status=status)


def _letter(user: User, item: AccessRequest, action: Action, now: datetime) -> dict[str, Any]:
    """Everything that helps to decide on this letter."""
    right = policies.authority_for(user, item, TRANSITIONS[action], now)
    last = selectors.last_event(item)
    letters = selectors.visible_documents(user, now).filter(request=item, kind="request_letter")
    return {
        "now": now,
        "item": item,
        "entry": showing.open_entry(item) if item.status == Status.AWAITING_DISPOSITION else None,
        "acting_for": right.acting_for if right else "",
        "data": item.items.select_related("data_type__owner"),
        "documents": showing.documents(letters),
        "renewal": renewals.of(item),
        "handed_back": selectors.say(last) if last and last.verb == Action.HAND_BACK else "",
        "own": item.dispositions.select_related("decided_by", "on_behalf_of"),
        "earlier": selectors.earlier_decisions([item])[item.pk],
        "others": selectors.awaiting_disposition(user, now).exclude(pk=item.pk).count(),
        "can_act": policies.why_not(user, item, action, now=now) is None,
        "choices": [
            {
                "label": _(row.button),
                "url": reverse(PAGE_OF_DECISION[row.action], args=[item.reference]),
                "is_here": row.action is action,
            }
            for row in policies.allowed(user, item, now=now)
            if row.action in PAGE_OF_DECISION
        ],
    }


def _people_to_copy(user: User, today: date) -> set[User]:
    """The office but PSI, whom the letter goes to anyway, and the one who decides."""
    return {*holders(Permission.SEE_EVERY_REQUEST, today)} - {*holders(Permission.CREATE_ACCOUNT, today), user}


def _next_page(user: User, now: datetime) -> str:
    """The letter that has waited longest and that this person may decide on; else the list, which says so."""
    for item in selectors.awaiting_disposition(user, now).prefetch_related(None)[:PAGE]:
        if policies.why_not(user, item, Action.DISPOSE, now=now) is None:
            return reverse("disposition", args=[item.reference])
    return reverse("dispositions")


# --- all of them ----------------------------------------------------------------------------
def waiting(http: PersonRequest) -> HttpResponse:
    """What waits for a decision, several to be passed on at once; below, what can still be taken back."""
    now = timezone.now()
    if authority(http.user, Permission.DISPOSE, timezone.localdate(now)) is None:
        raise Http404
    form = SeveralForm(typed(http))
    results = _dispose_chosen(http.user, form, now) if http.method == "POST" and form.is_valid() else []
    if results and all(result.problem is None for result in results):
        messages.success(http, _went(results))
        return redirect("dispositions")
    page = Paginator(selectors.awaiting_disposition(http.user, now), PAGE).get_page(http.GET.get("page"))
    cards = _cards(page.object_list, http.user, form.ticked(), now)
    unread = selectors.unread_dispositions(http.user)
    return render(
        http,
        "requests_app/disposition/waiting.html",
        {
            "now": now,
            "form": form,
            "page": page,
            "cards": cards,
            "can_choose": sum(not card["problem"] for card in cards) > 1,
            "results": _said(results, http.LANGUAGE_CODE),
            "unread": unread[:UNREAD_SHOWN],
            "more_unread": max(0, unread.count() - UNREAD_SHOWN),
        },
        status=409 if results else 200,
    )


def _dispose_chosen(user: User, form: SeveralForm, now: datetime) -> list[disposition.Result]:
    versions = form.cleaned_data["chosen"]
    letters = selectors.visible_to(user, now).filter(reference__in=versions).order_by("submitted_at", "pk")
    if len(letters) < len(versions):
        form.add_error("chosen", form.fields["chosen"].error_messages["invalid_choice"])
        return []
    pairs = [(item, versions[item.reference]) for item in letters]
    return disposition.dispose_several(pairs, form.given(), by=user, now=now)


def _went(results: Sequence[disposition.Result]) -> str:
    count = len(results)
    sentence = ngettext(
        "%(count)d surat didisposisikan kepada Divisi PSI: %(references)s.",
        "%(count)d surat didisposisikan kepada Divisi PSI: %(references)s.",
        count,
    )
    return sentence % {"count": count, "references": ", ".join(result.request.reference for result in results)}


def _said(results: Iterable[disposition.Result], language: str) -> list[dict[str, Any]]:
    """What `_checklist.html` is given: what became of each letter."""
    return [
        {
            "label": f"{result.request.reference} · {result.request.unit}",
            "ok": result.problem is None,
            "detail": explain(result.problem, language) if result.problem else _("Didisposisikan kepada Divisi PSI."),
            "url": result.request.get_absolute_url(),
        }
        for result in results
    ]


def _cards(items: Iterable[AccessRequest], user: User, ticked: Collection[str], now: datetime) -> list[dict[str, Any]]:
    items = list(items)
    earlier = selectors.earlier_decisions(items)
    return [
        {
            "item": item,
            "entry": showing.open_entry(item),
            "documents": showing.documents(item.documents.all()),
            "earlier": earlier[item.pk],
            "renewal": renewals.of(item),
            "is_chosen": item.reference in ticked,
            "problem": policies.why_not(user, item, Action.DISPOSE, now=now),
        }
        for item in items
    ]
