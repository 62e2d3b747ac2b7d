"""SOP 5: PSI informs the responsible person, who opens the key once, keeps it, and says whether it works.

The responsible person is signed in, or has followed the link of the mail and typed the
code sent to the address on the letter. Either way they stand at the same key (`AtKey`).
Long after the procedure the same pages open a new key (rotation, mutasi); then keeping it
is the last thing asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
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
from webservice_accounts import selectors as account_selectors
from webservice_accounts.handover import HandoverError, ProvenHolder
from webservice_accounts.models import RevealTicket, Secret, WebserviceAccount
from webservice_accounts.selectors import living_rotation, living_secrets, living_ticket, networks_of

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
    return _show_inform(http, item, WebserviceAccount.objects.get(requests=item), form, now)


def _show_inform(
    http: PersonRequest, item: AccessRequest, account: WebserviceAccount, form: InformForm, now: datetime
) -> HttpResponse:
    actions = {row.action for row in policies.allowed(http.user, item, now=now)}
    entry = showing.open_entry(item)
    problems = [line for line in selectors.timeline(item) if line.verb == Action.REPORT_PROBLEM]
    is_waiting = item.status == Status.ACCOUNT_CREATED
    keeps_key = confirmation.keeps_key(item, now)
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
            "data": [grant.data_type for grant in account.current_grants],
            "paste": _text_to_paste(item, account, keeps_key=keeps_key),
            "way": _way_of_the_key(account),
            "ticket": living_ticket(account, now),
            "keeps_key": keeps_key,
            "may_resend": confirmation.why_no_new_link(http.user, item, now=now) is None,
            "plo_number": form.initial["plo_number"],
        },
    )


def _text_to_paste(item: AccessRequest, account: WebserviceAccount, *, keeps_key: bool) -> str:
    """For the office's letter system, always in Indonesian; neither the key nor the link stands in it."""
    with translation.override("id"):
        return render_to_string(
            "requests_app/confirmation/_paste.txt",
            {
                "item": item,
                "account": account,
                "institution": selectors.institution(),
                "data": [str(grant.data_type) for grant in account.current_grants],
                "until": account.last_day,
                "keeps_key": keeps_key,
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
AccountPage = Callable[[PersonRequest, str], HttpResponse]
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


def _of_account(page: KeyPage) -> AccountPage:
    """The page by the account's name: a later responsible person was not on the letter and sees no request."""

    @wraps(page)
    def shown(http: PersonRequest, username: str) -> HttpResponse:
        now = timezone.now()
        account = get_object_or_404(account_selectors.visible_to(http.user, now), username=username)
        if not account.requests.exists():
            raise Http404
        item = _latest_request(account)
        addresses = [reverse(name, args=[username]) for name in ("account_key", "account_reveal")]
        addresses += [reverse(name, args=[item.reference]) for name in ("confirm", "report_problem")]
        return page(http, AtKey(item, account, http.user, *addresses), now)

    return shown


def _latest_request(account: WebserviceAccount) -> AccessRequest:
    """The request whose handover it is, or was: a renewal leads to the account it renews."""
    return AccessRequest.objects.select_related("unit", "account").filter(account=account).latest("opened_at")


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
    # Bound to whom the code was sent, too: a mutasi within the half hour ends it.
    if proof.get("to") != row.account.holder_email:
        return None
    if not 0 <= now.timestamp() - proof["at"] < PROOF_LIFE.total_seconds():
        return None
    item = _latest_request(row.account)
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
            is_sop = at.item.status == Status.INFORMED
            is_kept = _("Tercatat. Kunci Anda sudah diterima.")
            messages.success(http, _("Tercatat. Cobalah aksesnya, lalu konfirmasi di bawah.") if is_sop else is_kept)
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
    address = account_selectors.address_to_try(at.account, selectors.institution().webservice_url)
    context = {
        "at": at,
        "secret": secret,
        "urls": _service_urls(at.account),
        "examples": examples(at.account.username, address, settings.BASE_URL + reverse("oauth_token")),
        "old_keys": _old_keys(at.account, now),
    }
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
            "stage": _stage(at, now),
            "keeps_key": confirmation.keeps_key(at.item, now),
            "opened_at": _opened_at(at.account),
            "rotation": living_rotation(at.account, now),
            "old_keys": _old_keys(at.account, now),
            "is_account_page": at.here == reverse("account_key", args=[at.account.username]),
            "is_holder": at.is_holder,
            "actions": actions,
            "way": _way_of_this_key(at, now),
            "stored": stored or StoredForm(),
            "problem": problem or ProblemForm(),
            "problem_is_open": problem is not None,
        },
    )


def _facts(account: WebserviceAccount) -> dict[str, object]:
    """Who gives what to whom, and until when."""
    return {
        "institution": selectors.institution(),
        "urls": _service_urls(account),
        "data": [grant.data_type for grant in account.current_grants],
        "networks": networks_of(account),
        "until": account.last_day,
    }


def _service_urls(account: WebserviceAccount) -> list[str]:
    """Where the data is served; where the catalogue does not say, the institution's one address."""
    return account_selectors.service_addresses(account) or [selectors.institution().webservice_url]


def _opened_at(account: WebserviceAccount) -> datetime | None:
    """When the newest key was opened."""
    newest = account.secrets.order_by("created_at", "pk").last()
    return newest.created_at if newest else account.revealed_at


def _old_keys(account: WebserviceAccount, now: datetime) -> list[Secret]:
    """Keys of before a rotation that still open the gate for a while."""
    return [key for key in living_secrets(account, now) if key.ends_at]


def _way_of_this_key(at: AtKey, now: datetime) -> list[dict[str, object]]:
    """How far the key has come; after the procedure nobody waits for a confirmation."""
    opened_at, confirmed_at = _opened_at(at.account), at.account.confirmed_at
    is_waiting = keys.may_open(at.account, now=now)
    is_of_sop = at.item.status == Status.INFORMED or at.account.revealed_at is None
    if is_of_sop or (opened_at and confirmed_at and opened_at <= confirmed_at and not is_waiting):
        return _way_of_the_key(at.account)[1:]
    kept_at = None if is_waiting else at.account.acknowledged_at
    return [
        {"label": _("Kunci dibuka"), "at": None if is_waiting else opened_at},
        {"label": _("Kunci disimpan"), "at": kept_at},
    ]


def _stage(at: AtKey, now: datetime) -> str:
    """What comes next at this key: waiting (PSI informs anew), closed, gone (no key lives), opened, kept, or done."""
    account, is_sop = at.account, at.item.status == Status.INFORMED
    if account.informed_at is None or at.item.status == Status.ACCOUNT_CREATED:
        return "waiting"  # a renewed account was informed before
    if keys.may_open(account, now=now):
        return "closed"
    if not living_secrets(account, now).exists():
        return "gone"
    is_later = account.confirmed_at is not None or account.holdings.filter(until__isnull=False).exists()
    if account.acknowledged_at is None and (is_sop or is_later):
        return "opened"
    return "kept" if is_sop else "done"


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
        item = _latest_request(row.account)
        was_on_letter = item.email.lower() == http.user.email.lower()
        return redirect("key", item.reference) if was_on_letter else redirect("account_key", row.account.username)
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
            http.session[PROOF] = {
                "account": holder.account_id,
                "user": http.user.pk,
                "to": row.account.holder_email,
                "at": now.timestamp(),
            }
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
account_key = _of_account(at_key)
account_reveal = _of_account(open_key)
handover_reveal = _proven(open_key)
handover_confirm = _proven(confirm_access)
handover_problem = _proven(report)
