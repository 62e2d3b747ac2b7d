"""SOP 5: PSI informs the responsible person, who opens the key once, keeps it, and says whether it works.

The responsible person is signed in, or has followed the link of the mail and typed the
code sent to the address on the letter. Either way they stand at the same key (`AtKey`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from accounts.middleware import typed
from accounts.models import User
from requests_app import policies, selectors
from requests_app.forms.confirmation import CodeForm, InformForm, ProblemForm, ProceedForm, StoredForm
from requests_app.models import AccessRequest, AgendaEntry
from requests_app.sop import Action, Status
from requests_app.steps import confirmation
from requests_app.views import showing
from requests_app.views.acting import PersonRequest, attempt, found, press, turned_away, version_of
from requests_app.views.examples import examples
from webservice_accounts import handover as keys
from webservice_accounts.handover import HandoverError, ProvenHolder
from webservice_accounts.models import RevealTicket, WebserviceAccount
from webservice_accounts.selectors import living_ticket, networks_of

PROOF = "handover_proof"
"""Where the session keeps of which account the visitor proved to be the holder, and when."""
PROOF_LIFE = timedelta(minutes=30)
UNSENT_PROBLEM = "handover_problem"
"""What was typed when the proof had run out; given back after the next one."""


# --- PSI informs --------------------------------------------------------------------------------
def inform(http: PersonRequest, reference: str) -> HttpResponse:
    """Text for the letter system and the mail with the link; afterwards, how far the holder has come."""
    now, item = timezone.now(), found(http, reference)
    if item.account is None or not policies.is_psi(http.user, now):
        return turned_away(http, item, Action.INFORM, now=now) or redirect(item)
    form = InformForm(
        typed(http),
        system=selectors.institution().correspondence_system,
        initial={"plo_number": AgendaEntry.objects.get(request=item).account_plo_number},
    )

    def send() -> AccessRequest:
        number = form.cleaned_data["plo_number"]
        return confirmation.inform(item, by=http.user, now=now, plo_number=number, version=version_of(http))

    if http.method == "POST" and attempt(http, form, send):
        messages.success(http, _("Tautan kunci dikirim ke %(to)s.") % {"to": item.account.holder_email})
        return redirect("inform", reference)
    item.refresh_from_db()
    return _show_inform(http, item, WebserviceAccount.objects.get(request=item), form, now)


def _show_inform(
    http: PersonRequest, item: AccessRequest, account: WebserviceAccount, form: InformForm, now: datetime
) -> HttpResponse:
    actions = {row.action for row in policies.allowed(http.user, item, now=now)}
    entry = showing.open_entry(item)
    problems = [line for line in selectors.timeline(item) if line.verb == Action.REPORT_PROBLEM]
    is_waiting = item.status == Status.ACCOUNT_CREATED
    return render(
        http,
        "requests_app/confirmation/inform.html",
        {
            "now": now,
            "item": item,
            "account": account,
            "form": form,
            "actions": actions,
            "shows_form": Action.INFORM in actions or (form.is_bound and bool(form.errors)),
            "why_not": policies.why_not(http.user, item, Action.INFORM, now=now) if is_waiting else None,
            "problem": problems[-1] if problems and is_waiting else None,
            "tone": showing.tone_of(entry, now, is_mine=Action.INFORM in actions),
            "state": showing.label_of(item, http.user),
            "until": account.last_day,
            "data": [grant.data_type for grant in account.grants.select_related("data_type")],
            "paste": _text_to_paste(item, account),
            "way": _way_of_the_key(account),
            "ticket": living_ticket(account, now),
            "may_resend": confirmation.why_no_new_link(http.user, item, now=now) is None,
            "plo_number": form.initial["plo_number"],
        },
    )


def _text_to_paste(item: AccessRequest, account: WebserviceAccount) -> str:
    """For the office's letter system, always in Indonesian; neither the key nor the link stands in it."""
    with translation.override("id"):
        return render_to_string(
            "requests_app/confirmation/_paste.txt",
            {
                "item": item,
                "account": account,
                "institution": selectors.institution(),
                "data": [str(grant.data_type) for grant in account.grants.select_related("data_type")],
                "until": account.last_day,
            },
        ).strip()


def _way_of_the_key(account: WebserviceAccount) -> list[dict[str, object]]:
    """What `_way.html` is given: informed, opened, kept, confirmed."""
    steps = (
        (_("Diinformasikan"), account.informed_at),
        (_("Kunci dibuka"), account.revealed_at),
        (_("Kunci disimpan"), account.acknowledged_at),
        (_("Akses dikonfirmasi dapat digunakan"), account.confirmed_at),
    )
    return [{"label": label, "at": at} for label, at in steps]


def resend_link(http: PersonRequest, reference: str) -> HttpResponse:
    """A fresh link to the holder; the earlier one ends."""
    now, item = timezone.now(), found(http, reference)
    if http.method == "POST":
        done = _("Tautan baru dikirim ke %(to)s. Tautan sebelumnya tidak berlaku lagi.") % {"to": item.email}
        press(http, item, lambda: confirmation.resend_link(item, by=http.user, now=now), done)
    return redirect("inform", reference)


def proceed_unconfirmed(http: PersonRequest, reference: str) -> HttpResponse:
    """The holder does not answer: the reply letter is prepared all the same, with the reason on record."""
    now, item = timezone.now(), found(http, reference)
    form = ProceedForm(typed(http))

    def proceed() -> AccessRequest:
        reason = form.cleaned_data["reason"]
        return confirmation.proceed_unconfirmed(item, by=http.user, now=now, reason=reason, version=version_of(http))

    if http.method == "POST" and attempt(http, form, proceed):
        messages.success(http, _("Permohonan dilanjutkan ke surat balasan tanpa konfirmasi."))
        return redirect("inform", reference)
    if away := turned_away(http, item, Action.PROCEED_UNCONFIRMED, now=now):
        return away
    item.refresh_from_db()
    return render(http, "requests_app/confirmation/proceed_unconfirmed.html", {"item": item, "form": form})


# --- who stands at the key ------------------------------------------------------------------------
@dataclass(frozen=True)
class AtKey:
    """Somebody at the page of a key: whose, in what capacity, and the addresses of their pages."""

    item: AccessRequest
    account: WebserviceAccount
    by: User | ProvenHolder
    here: str
    reveal: str
    confirm: str
    problem: str

    @property
    def is_holder(self) -> bool:
        return keys.holds(self.by, self.account)


KeyPage = Callable[[HttpRequest, AtKey, datetime], HttpResponse]
TicketPage = Callable[[HttpRequest, RevealTicket, str, datetime], HttpResponse]


def _signed_in(page: KeyPage) -> Callable[[PersonRequest, str], HttpResponse]:
    """The page for whoever may see the request; what only the holder may do is refused to others."""

    @wraps(page)
    def shown(http: PersonRequest, reference: str) -> HttpResponse:
        item = found(http, reference)
        if item.account is None:
            messages.info(http, _("Akun untuk permohonan ini belum dibuat."))
            return redirect(item)
        names = ("key", "reveal", "confirm", "report_problem")
        addresses = (reverse(name, args=[reference]) for name in names)
        return page(http, AtKey(item, item.account, http.user, *addresses), timezone.now())

    return shown


def _by_link(page: TicketPage) -> Callable[[HttpRequest, str], HttpResponse]:
    """The page for a living ticket, without a login; a dead or unknown one is told what to do."""

    @login_not_required
    @cache_control(no_store=True, private=True)
    @wraps(page)
    def shown(http: HttpRequest, ticket: str) -> HttpResponse:
        now = timezone.now()
        try:
            row = keys.open_ticket(ticket, now=now)
        except HandoverError as problem:
            return render(http, "requests_app/confirmation/no_ticket.html", {"problem": problem}, status=404)
        return page(http, row, ticket, now)

    return shown


def _proven(page: KeyPage) -> Callable[[HttpRequest, str], HttpResponse]:
    """The page for the holder who typed the mailed code within the last half hour; others are led to it."""

    @_by_link
    @wraps(page)
    def shown(http: HttpRequest, row: RevealTicket, ticket: str, now: datetime) -> HttpResponse:
        at_key = _with_proof(http, row, ticket, now)
        if at_key:
            return page(http, at_key, now)
        if typed_problem := http.POST.get("problem"):
            http.session[UNSENT_PROBLEM] = {"account": row.account_id, "text": typed_problem[:2000]}
        if http.method == "POST":
            messages.warning(http, _("Buktikan dahulu bahwa Anda penanggung jawab. Bukti berlaku 30 menit."))
        return redirect("handover", ticket)

    return shown


def _with_proof(http: HttpRequest, row: RevealTicket, ticket: str, now: datetime) -> AtKey | None:
    proof = http.session.get(PROOF)
    # Bound to who is signed in: whoever signs in next on this computer inherits no proof.
    if not proof or (proof["account"], proof["user"]) != (row.account_id, http.user.pk):
        return None
    if not 0 <= now.timestamp() - proof["at"] < PROOF_LIFE.total_seconds():
        return None
    item = AccessRequest.objects.select_related("unit", "account").get(account=row.account_id)
    names = ("handover", "handover_reveal", "handover_confirm", "handover_problem")
    holder = ProvenHolder(row.account_id, row.account.holder_name)
    return AtKey(item, row.account, holder, *(reverse(name, args=[ticket]) for name in names))


# --- at the key -------------------------------------------------------------------------------------
def at_key(http: HttpRequest, at: AtKey, now: datetime) -> HttpResponse:
    """Who gives what, for which purpose, until when, and the next thing to do. POST: the key is in a safe place."""
    form = StoredForm(http.POST if http.method == "POST" else None)
    if http.method == "POST" and form.is_valid():
        try:
            keys.acknowledge(at.account, by=at.by, now=now)
        except HandoverError as problem:
            messages.warning(http, str(problem))
        else:
            messages.success(http, _("Tercatat. Cobalah aksesnya, lalu konfirmasi di bawah."))
        return redirect(at.here)
    return _show_key(http, at, now, stored=form)


@sensitive_variables("secret")
def open_key(http: HttpRequest, at: AtKey, now: datetime) -> HttpResponse:
    """The key, this once. Whatever is not a POST opens nothing: mail scanners follow links."""
    if http.method != "POST":
        return redirect(at.here)
    try:
        secret = keys.reveal(at.account, by=at.by, now=now)
    except HandoverError as problem:
        messages.warning(http, str(problem))
        return redirect(at.here)
    url = selectors.institution().webservice_url
    context = {"at": at, "secret": secret, "url": url, "examples": examples(at.account.username, url)}
    response = render(http, "requests_app/confirmation/secret.html", context)
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def confirm_access(http: HttpRequest, at: AtKey, now: datetime) -> HttpResponse:
    """It was received and works: the reply letter follows."""
    if http.method == "POST":
        press(
            http,
            at.item,
            lambda: confirmation.confirm(at.item, by=at.by, now=now, version=version_of(http)),
            _("Terima kasih. Surat balasan disiapkan untuk unit Anda."),
        )
    return redirect(at.here)


def report(http: HttpRequest, at: AtKey, now: datetime) -> HttpResponse:
    """It does not work: back to PSI, in the holder's words."""
    form = ProblemForm(typed(http))

    def send() -> AccessRequest:
        problem = form.cleaned_data["problem"]
        return confirmation.report_problem(at.item, by=at.by, now=now, problem=problem, version=version_of(http))

    if http.method == "POST" and attempt(http, form, send):
        messages.success(http, _("Laporan Anda sampai di Divisi PSI. Anda akan menerima tautan baru."))
        return redirect(at.here)
    at.item.refresh_from_db()
    at.account.refresh_from_db()
    return _show_key(http, at, now, problem=form)


def _show_key(
    http: HttpRequest,
    at: AtKey,
    now: datetime,
    *,
    stored: StoredForm | None = None,
    problem: ProblemForm | None = None,
) -> HttpResponse:
    unsent = http.session.get(UNSENT_PROBLEM)
    if problem is None and unsent and at.is_holder and unsent["account"] == at.account.pk:
        problem = ProblemForm(initial={"problem": unsent["text"]})
        del http.session[UNSENT_PROBLEM]
    actions = {row.action for row in policies.allowed(at.by, at.item, now=now)}
    return render(
        http,
        "requests_app/confirmation/key.html",
        _facts(at.account)
        | {
            "now": now,
            "at": at,
            "item": at.item,
            "account": at.account,
            "stage": _stage(at),
            "is_holder": at.is_holder,
            "actions": actions,
            "way": _way_of_the_key(at.account)[1:],
            "stored": stored or StoredForm(),
            "problem": problem or ProblemForm(),
            "problem_is_open": problem is not None,
        },
    )


def _facts(account: WebserviceAccount) -> dict[str, object]:
    """Who gives what to whom, and until when."""
    return {
        "institution": selectors.institution(),
        "data": [grant.data_type for grant in account.grants.select_related("data_type")],
        "networks": networks_of(account),
        "until": account.last_day,
    }


def _stage(at: AtKey) -> str:
    """What comes next at this key: waiting (PSI informs anew), closed, opened, kept, or done."""
    if at.account.informed_at is None:
        return "waiting"
    if at.account.revealed_at is None:
        return "closed"
    if at.item.status != Status.INFORMED:
        return "done"
    return "kept" if at.account.acknowledged_at else "opened"


# --- without a login: the code ---------------------------------------------------------------------
@_by_link
def send_code(http: HttpRequest, row: RevealTicket, ticket: str, now: datetime) -> HttpResponse:
    """Mail a code to the address on the letter."""
    if http.method == "POST":
        try:
            keys.send_code(row, language=http.LANGUAGE_CODE, now=now)
        except HandoverError as problem:
            messages.warning(http, str(problem))
        else:
            to = {"to": keys.masked_address(row.account)}
            messages.success(http, _("Kode dikirim ke %(to)s dan berlaku 15 menit.") % to)
    return redirect("handover", ticket)


@sensitive_post_parameters("code")
@_by_link
def handover(http: HttpRequest, row: RevealTicket, ticket: str, now: datetime) -> HttpResponse:
    """What the link of the mail leads to: the key for the proven holder, else how to prove it. POST: the code."""
    if isinstance(http.user, User) and keys.is_holder(http.user, row.account):
        return redirect("key", row.account.request.reference)
    if at := _with_proof(http, row, ticket, now):
        return at_key(http, at, now)
    form = CodeForm(http.POST if "code" in http.POST else None)
    if form.is_valid():
        try:
            holder = keys.prove(row, form.cleaned_data["code"], now=now)
        except HandoverError as problem:
            form.add_error("code", str(problem))
        else:
            http.session.cycle_key()
            http.session[PROOF] = {"account": holder.account_id, "user": http.user.pk, "at": now.timestamp()}
            return redirect("handover", ticket)
    row.refresh_from_db()
    is_sent = bool(row.code_expires_at and row.code_expires_at > now)
    context = _facts(row.account) | {
        "account": row.account,
        "address": keys.masked_address(row.account),
        "expires_at": row.expires_at,
        "form": form if is_sent or form.is_bound else None,
        "ticket": ticket,
        "tries_left": keys.MAX_WRONG - row.wrong_codes,
        "has_tried": row.wrong_codes > 0,
        "may_send": row.codes_sent < keys.MAX_CODES and row.wrong_codes < keys.MAX_WRONG,
        "was_sent": row.codes_sent > 0,
    }
    return render(http, "requests_app/confirmation/handover.html", context)


# --- the same pages for both ------------------------------------------------------------------------
key = _signed_in(at_key)
reveal = _signed_in(open_key)
confirm = _signed_in(confirm_access)
report_problem = _signed_in(report)
handover_reveal = _proven(open_key)
handover_confirm = _proven(confirm_access)
handover_problem = _proven(report)
