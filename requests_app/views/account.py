"""SOP 3: PSI takes a request, asks the unit or the head where it must, and makes the account."""

from datetime import date, datetime

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.middleware import typed
from requests_app import policies, renewals, selectors
from requests_app.forms.account import CANNED_REASONS, AccountForm, HandBackForm, QuestionForm, ReassignForm, StartForm
from requests_app.models import AccessRequest, Document
from requests_app.sop import Action, Status
from requests_app.steps import account, disposition
from requests_app.views import showing
from requests_app.views.acting import PersonRequest, attempt, found, press, turned_away, version_of
from webservice_accounts.lifecycle import last_valid_date, one_year_from
from webservice_accounts.models import WebserviceAccount

CONVERSATION = frozenset(
    {
        Action.ASK_UNIT,
        Action.ANSWER,
        Action.ASK_OWNER,
        Action.ANSWER_OWNER,
        Action.RECORD_CONSENT,
        Action.HAND_BACK,
        Action.REASSIGN,
    }
)
"""What was asked and answered about this request, shown beside the form."""


def work(http: PersonRequest, reference: str) -> HttpResponse:
    """Asked for and granted side by side. That PSI opened this page is what makes the disposition read."""
    now, item = timezone.now(), found(http, reference)
    disposition.mark_read(item, by=http.user, now=now)
    if "HX-Request" in http.headers:
        return _until(http)
    if away := _not_here(http, item, now):
        return away
    form = AccountForm(typed(http), item=item, today=timezone.localdate(now))

    def create() -> AccessRequest:
        return account.create_account(item, form.granting(), by=http.user, now=now, version=version_of(http))

    if http.method == "POST" and (made := attempt(http, form, create)):
        messages.success(http, _made(made))
        return redirect("inform", made.reference)
    item.refresh_from_db()
    if http.method == "POST" and policies.why_not(http.user, item, Action.INFORM, now=now) is None:
        return redirect("inform", item.reference)  # pressed twice
    return _show(http, item, form, now)


def _not_here(http: PersonRequest, item: AccessRequest, now: datetime) -> HttpResponse | None:
    """To the request's page, for those who are not PSI or when there is nothing to do here (any more).

    A colleague's request is shown with their name, but without the form.
    """
    is_at_work = item.status == Status.DISPOSED and policies.is_psi(http.user, now)
    return None if is_at_work else turned_away(http, item, Action.CREATE_ACCOUNT, now=now)


def _until(http: PersonRequest) -> HttpResponse:
    """The fragment that says until when an account would be valid from the day that was picked."""
    form = StartForm(http.GET)
    starts_on = form.cleaned_data["starts_on"] if form.is_valid() else None
    return render(http, "requests_app/account/_until.html", {"until": _last_day(starts_on)})


def _last_day(starts_on: date | None) -> date | None:
    return last_valid_date(one_year_from(starts_on).ends_at) if starts_on and starts_on.year < date.max.year else None


def _made(item: AccessRequest) -> str:
    account = WebserviceAccount.objects.get(requests=item)
    words = {"name": account, "until": date_format(account.last_day, "j F Y")}
    if item.renews_id:
        return _("Akun %(name)s diperpanjang s.d. %(until)s. Sekarang informasikan kepada penanggung jawab.") % words
    return _("Akun %(name)s dibuat, berlaku s.d. %(until)s. Sekarang informasikan kepada penanggung jawab.") % words


def _show(http: PersonRequest, item: AccessRequest, form: AccountForm, now: datetime) -> HttpResponse:
    entry = showing.open_entry(item)
    actions = {row.action for row in policies.allowed(http.user, item, now=now)}
    letters = item.documents.filter(kind=Document.Kind.REQUEST_LETTER)
    return render(
        http,
        "requests_app/account/work.html",
        {
            "now": now,
            "item": item,
            "form": form,
            "may_create": Action.CREATE_ACCOUNT in actions,
            "why_not": policies.why_not(http.user, item, Action.CREATE_ACCOUNT, now=now),
            "actions": actions,
            "tone": showing.tone_of(entry, now, is_mine=Action.CREATE_ACCOUNT in actions),
            "due": showing.due_of(entry),
            "why": showing.why(item, entry),
            "until": _last_day(form.start),
            "canned_reasons": CANNED_REASONS,
            "renewal": renewals.of(item),
            "new_period": renewals.new_period(item.renews) if item.renews and form.goes_on else None,
            "disposition": policies.last_disposition(item),
            "documents": showing.documents(letters),
            "who": showing.who(item, showing.hands(item, now)),
            "conversation": [line for line in selectors.timeline(item) if line.verb in CONVERSATION],
        },
    )


# --- who does it ------------------------------------------------------------------------------
def claim(http: PersonRequest, reference: str) -> HttpResponse:
    """ "I am on it." """
    now, item = timezone.now(), found(http, reference)
    if http.method == "POST":
        press(
            http,
            item,
            lambda: account.claim(item, by=http.user, now=now, version=version_of(http)),
            _("Permohonan ini Anda kerjakan; rekan Anda melihat nama Anda."),
        )
    return redirect(showing.work_url(item))


def release(http: PersonRequest, reference: str) -> HttpResponse:
    """Back into the queue."""
    now, item = timezone.now(), found(http, reference)
    if http.method == "POST":
        press(
            http,
            item,
            lambda: account.release(item, by=http.user, now=now, version=version_of(http)),
            _("Permohonan kembali ke antrean Divisi PSI."),
        )
    return redirect(item)


def reassign(http: PersonRequest, reference: str) -> HttpResponse:
    """To a colleague at PSI, by whoever of PSI: their own, one that nobody took, or that of a colleague."""
    now, item = timezone.now(), found(http, reference)
    form = ReassignForm(typed(http), item=item, now=now)

    def over() -> AccessRequest:
        said, version = form.cleaned_data, version_of(http)
        return account.reassign(item, said["to"], by=http.user, now=now, reason=said["reason"], version=version)

    if http.method == "POST" and (passed := attempt(http, form, over)):
        messages.success(http, _("Permohonan dialihkan kepada %(name)s.") % {"name": form.cleaned_data["to"]})
        return redirect(passed)
    return _ask(http, item, form, Action.REASSIGN, now)


# --- when something is missing ------------------------------------------------------------------
def ask_unit(http: PersonRequest, reference: str) -> HttpResponse:
    """A question to the unit; SOP 3's clock stands still until the answer."""
    now, item = timezone.now(), found(http, reference)
    form = QuestionForm(typed(http))

    def ask() -> AccessRequest:
        question = form.cleaned_data["question"]
        return account.ask_unit(item, by=http.user, now=now, question=question, version=version_of(http))

    if http.method == "POST" and attempt(http, form, ask):
        messages.success(http, _("Pertanyaan dikirim ke unit. Waktu pelayanan berhenti sampai unit menjawab."))
        return redirect(item)
    return _ask(http, item, form, Action.ASK_UNIT, now)


def hand_back(http: PersonRequest, reference: str) -> HttpResponse:
    """The disposition cannot be carried out: the head decides again."""
    now, item = timezone.now(), found(http, reference)
    form = HandBackForm(typed(http))

    def back() -> AccessRequest:
        reason = form.cleaned_data["reason"]
        return account.hand_back(item, by=http.user, now=now, reason=reason, version=version_of(http))

    if http.method == "POST" and attempt(http, form, back):
        messages.success(http, _("Disposisi dikembalikan kepada Kepala."))
        return redirect(item)
    return _ask(http, item, form, Action.HAND_BACK, now)


def _ask(http: PersonRequest, item: AccessRequest, form: Form, action: Action, now: datetime) -> HttpResponse:
    """The page of one remark, with what was typed; made from the request as it is now."""
    if away := turned_away(http, item, action, now=now):
        return away
    item.refresh_from_db()
    return render(http, f"requests_app/account/{action}.html", {"item": item, "form": form})
