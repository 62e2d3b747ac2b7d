"""Within SOP 3: PSI asks the unit that owns data, the unit answers, or PSI writes down an answer on paper."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.middleware import typed
from requests_app import policies, selectors
from requests_app.forms.consent import AnswerForm, AskOwnerForm, RecordForm, data_of
from requests_app.models import AccessRequest
from requests_app.sop import Action
from requests_app.steps import consent
from requests_app.views.acting import PersonRequest, attempt, found, turned_away, version_of

EARLIER_SHOWN = 10
"""Other questions to the same unit that its page lists."""


def ask(http: PersonRequest, reference: str) -> HttpResponse:
    """To whom, and with which words; SOP 3's clock rests until the answer."""
    now, item = timezone.now(), found(http, reference)
    form = AskOwnerForm(typed(http), item=item)

    def send() -> AccessRequest:
        said = form.cleaned_data
        version = version_of(http)
        return consent.ask(item, said["unit"], by=http.user, now=now, question=said["question"], version=version)

    if http.method == "POST" and (asked := attempt(http, form, send)):
        unit = form.cleaned_data["unit"]
        if unit.email or selectors.has_staff(unit):
            messages.success(
                http, _("Pertanyaan dikirim ke %(unit)s. Waktu pelayanan berhenti sampai dijawab.") % {"unit": unit}
            )
        else:
            messages.warning(
                http,
                _("%(unit)s belum memiliki akun atau email di Gapura. Tanyakan melalui surat, lalu catat jawabannya.")
                % {"unit": unit},
            )
        return redirect(asked)
    if away := turned_away(http, item, Action.ASK_OWNER, now=now):
        return away
    item.refresh_from_db()
    return render(http, "requests_app/consent/ask_owner.html", {"item": item, "form": form})


def answer(http: PersonRequest, reference: str) -> HttpResponse:
    """What the owner of the data is asked, as much of the request as that needs, and what they answered."""
    now = timezone.now()
    asked = selectors.consents_asked_of(http.user, now).filter(request__reference=reference).first()
    if asked is None:
        item = found(http, reference)
        if away := turned_away(http, item, Action.ANSWER_OWNER, now=now):
            return away
        raise Http404
    item, form = asked.request, AnswerForm(typed(http))

    def say() -> AccessRequest:
        return consent.answer(item, form.answer(), by=http.user, now=now, version=version_of(http))

    if http.method == "POST" and asked.answered_at is None and attempt(http, form, say):
        messages.success(http, _("Jawaban unit Anda dikirim ke Divisi PSI."))
        return redirect("answer_owner", reference)
    asked.refresh_from_db()
    item.refresh_from_db()
    context = {
        "now": now,
        "item": item,
        "consent": asked,
        "rows": data_of(item, asked.unit),
        "form": form,
        "others": selectors.consents_asked_of(http.user, now).exclude(pk=asked.pk)[:EARLIER_SHOWN],
        "is_open": policies.open_consent(item) == asked,
        "why_not": policies.why_not(http.user, item, Action.ANSWER_OWNER, now=now),
    }
    return render(http, "requests_app/consent/answer_owner.html", context)


def record(http: PersonRequest, reference: str) -> HttpResponse:
    """An answer that came on paper or by letter, with its date."""
    now, item = timezone.now(), found(http, reference)
    asked = policies.open_consent(item)
    form = RecordForm(typed(http), today=timezone.localdate(now), consent=asked)

    def write() -> AccessRequest:
        day, version = form.cleaned_data["dated"], version_of(http)
        return consent.record(item, form.answer(), dated=day, by=http.user, now=now, version=version)

    if http.method == "POST" and (done := attempt(http, form, write)):
        messages.success(http, _("Jawaban unit pemilik data dicatat."))
        may_go_on = policies.why_not(http.user, done, Action.CREATE_ACCOUNT, now=now) is None
        return redirect("account_work", reference) if may_go_on else redirect(done)
    if away := turned_away(http, item, Action.RECORD_CONSENT, now=now):
        return away
    item.refresh_from_db()
    return render(http, "requests_app/consent/record_consent.html", {"item": item, "form": form, "consent": asked})
