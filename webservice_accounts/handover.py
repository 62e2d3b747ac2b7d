"""Handing the secret to the person it is for, and to nobody else (SOP 5); later, a new one or to somebody new.

The link in the mail has no power of its own. The secret opens to somebody who is signed
in with the holder's (verified) address, or who types the code sent to it; by POST; once.
It is made at that moment, shown, and kept only as a keyed hash.

A secret is replaced (rotation) in two moves: somebody decides when the old one ends, and
the holder opens the new one. For that long two are alive, never more. A mutasi (a new
responsible person) is a rotation whose old secrets end at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts import audit, mail
from accounts.models import AuditEvent, User
from accounts.wording import N_
from webservice_accounts import credentials, messages, provisioners, selectors
from webservice_accounts.lifecycle import STATE_LABELS, State, state_at
from webservice_accounts.messages import Audience
from webservice_accounts.models import Holding, ProvisioningTask, RevealTicket, Secret, WebserviceAccount
from webservice_accounts.policies import Act, Refused
from webservice_accounts.policies import is_holder as is_holder
from webservice_accounts.services import Holder, begin

TICKET_LIFE = timedelta(hours=72)
CODE_LIFE = timedelta(minutes=15)
MAX_CODES = 5
"""Codes sent per ticket."""
MAX_WRONG = 5
"""Wrong codes per ticket; then PSI sends a new link."""
OVERLAPS = (0, 1, 24, 7 * 24)
"""After how many hours an old secret may end, counted from the opening of the new one; 0: at once, it leaked."""
MAX_LIVING = 2
"""Secrets that may be alive at one time."""
UNKNOWN = "Tidak dikenal"
"""Who typed a wrong code, as the record names them."""


class HandoverError(Exception):
    """The step is not possible; the message says why and what to do, in the person's language."""


@dataclass(frozen=True)
class ProvenHolder:
    """Somebody without a login who typed the code sent to the holder's address."""

    account_id: int
    name: str


def holds(person: User | ProvenHolder, account: WebserviceAccount) -> bool:
    """Whether this is the account's responsible person: signed in, or proved by the mailed code."""
    return person.account_id == account.pk if isinstance(person, ProvenHolder) else is_holder(person, account)


def masked_address(account: WebserviceAccount) -> str:
    """The holder's e-mail address for a page that anybody with the link can open: p•••@usk.ac.id."""
    name, _at, domain = account.holder_email.rpartition("@")
    return f"{name[:1]}•••@{domain}"


@sensitive_variables("ticket")
def issue_ticket(account: WebserviceAccount, *, now: datetime, overlap_hours: int | None = None) -> str:
    """A new link ticket for the holder; earlier ones end. Returned once, kept as a hash.

    `overlap_hours`: it opens a new secret in place of the present one, which then goes on
    for that long; None: it opens the first one.
    """
    account.tickets.filter(ended_at__isnull=True).update(ended_at=now)
    ticket = credentials.new_ticket()
    RevealTicket.objects.create(
        account=account,
        digest=credentials.digest(ticket).hex,
        made_at=now,
        expires_at=now + TICKET_LIFE,
        overlap_hours=overlap_hours,
    )
    return ticket


def open_ticket(ticket: str, *, now: datetime) -> RevealTicket:
    """The living ticket row of a link; raises `HandoverError` when unknown, ended or past its 72 hours."""
    digests = [candidate.hex for candidate in credentials.candidate_digests(ticket)]
    living = RevealTicket.objects.filter(ended_at__isnull=True, expires_at__gt=now)
    row = living.select_related("account").filter(digest__in=digests).first()
    if row is None:
        raise HandoverError(_("Tautan ini sudah tidak berlaku. Mintalah tautan baru kepada Divisi PSI."))
    return row


@sensitive_variables("code")
@transaction.atomic
def send_code(row: RevealTicket, *, language: str, now: datetime) -> None:
    """Mail a code of 15 minutes to the holder's address; at most `MAX_CODES` per link."""
    row = RevealTicket.objects.select_for_update().select_related("account").get(pk=row.pk)
    if row.codes_sent >= MAX_CODES:
        raise HandoverError(_("Kode sudah terlalu sering diminta. Mintalah tautan baru kepada Divisi PSI."))
    code = credentials.new_code()
    row.code_digest = credentials.digest(code).hex
    row.code_expires_at = now + CODE_LIFE
    row.codes_sent += 1
    row.save()
    context = {"account": row.account, "code": code, "expires_at": row.code_expires_at}
    subject, text = mail.compose("reveal_code", language=language, context=context)
    mail.queue(
        key=f"reveal-code:{row.pk}:{row.codes_sent}",
        to=row.account.holder_email,
        language=language,
        subject=subject,
        text=text,
        now=now,
        is_confidential=True,
    )


@sensitive_variables("code")
def prove(row: RevealTicket, code: str, *, now: datetime) -> ProvenHolder:
    """Exchange the mailed code (as `credentials.normalise_code` gives it) for the proof.

    A wrong one counts, stands in the request's history, and raises `HandoverError`.
    """
    with transaction.atomic():
        row = RevealTicket.objects.select_for_update().select_related("account").get(pk=row.pk)
        if row.wrong_codes >= MAX_WRONG:
            raise HandoverError(_("Kode terlalu sering salah. Mintalah tautan baru kepada Divisi PSI."))
        is_fresh = bool(row.code_digest and row.code_expires_at and row.code_expires_at > now)
        if is_fresh and credentials.matches(code, row.code_digest):
            row.code_digest, row.code_expires_at = "", None
            row.save()
            return ProvenHolder(row.account_id, row.account.holder_name)
        row.wrong_codes += 1
        row.save()
        audit.record(
            _book(row.account),
            "wrong_code",
            N_("Kode yang salah dimasukkan pada tautan kunci akun {username} (ke-{count})."),
            by=None,
            by_name=UNKNOWN,
            now=now,
            data={"username": row.account.username, "count": row.wrong_codes},
        )
    raise HandoverError(_("Kode salah atau sudah lewat 15 menit. Periksa lagi, atau minta kode baru."))


def may_open(account: WebserviceAccount, *, now: datetime) -> bool:
    """Whether a secret waits to be opened: the first one, or a new one of a rotation."""
    if account.informed_at is None or state_at(account.facts, now) in (State.ENDED, State.REVOKED):
        return False
    return account.revealed_at is None or selectors.living_rotation(account, now) is not None


@sensitive_variables("secret")
@transaction.atomic
def reveal(account: WebserviceAccount, *, by: User | ProvenHolder, now: datetime) -> str:
    """Make the secret, keep its hash, return it for the one page that shows it.

    In a rotation the secrets before it get their end. Raises `HandoverError` when `by` is
    not the holder, when it was opened before, when the account is over, or when two
    secrets are alive already.
    """
    account = WebserviceAccount.objects.select_for_update().get(pk=account.pk)
    if not holds(by, account):
        raise HandoverError(_("Kunci hanya dapat dibuka oleh penanggung jawab yang tertulis pada surat."))
    if account.informed_at is None:
        raise HandoverError(_("Akun ini belum diinformasikan oleh Divisi PSI."))
    if (state := state_at(account.facts, now)) in (State.ENDED, State.REVOKED):
        state_label = {"state": _(STATE_LABELS[state])}
        raise HandoverError(_("Akun ini berstatus “%(state)s”, sehingga kuncinya tidak dapat dibuka.") % state_label)
    rotation = selectors.living_rotation(account, now)
    if account.revealed_at is not None and rotation is None:
        raise HandoverError(_("Kunci sudah pernah dibuka dan hanya ditampilkan satu kali."))
    old = list(selectors.living_secrets(account, now))
    if len(old) >= MAX_LIVING:
        raise HandoverError(_two_living())
    is_first = account.revealed_at is None
    book = _book(account)
    overlap = (rotation.overlap_hours if rotation else None) or 0
    if rotation:
        rotation.overlap_hours = None  # opened: from here on the link only leads to its acknowledgement
        rotation.save(update_fields=["overlap_hours"])
    _end_by(old, now + timedelta(hours=overlap))
    secret = credentials.new_secret()
    version, digest = credentials.digest(secret)
    Secret.objects.create(
        account=account, digest=digest, pepper_version=version, hint=credentials.display_hint(secret), created_at=now
    )
    account.revealed_at = account.revealed_at or now
    account.acknowledged_at = None
    account.save(update_fields=["revealed_at", "acknowledged_at"])
    event = audit.record(
        book,
        "reveal",
        N_("{actor} membuka kunci akun {username}.") if is_first else N_("{actor} membuka kunci baru akun {username}."),
        by=by if isinstance(by, User) else None,
        by_name=account.holder_name,
        now=now,
        data={"username": account.username},
    )
    if not is_first:
        # Whoever got hold of the holder's session or mailbox does not go unnoticed.
        messages.tell(
            account,
            "key_opened",
            event,
            to=(Audience.HOLDER, Audience.UNIT),
            by=None,
            now=now,
            context={"old_ends_at": max((one.ends_at for one in old if one.ends_at), default=None)},
        )
    return secret


@transaction.atomic
def acknowledge(account: WebserviceAccount, *, by: User | ProvenHolder, now: datetime) -> None:
    """The holder says that the opened secret is in a safe place; said again it changes nothing.

    Raises `HandoverError` when `by` is not the holder or the secret was not opened.
    """
    account = WebserviceAccount.objects.select_for_update().get(pk=account.pk)
    if not holds(by, account):
        raise HandoverError(_("Hanya penanggung jawab yang tertulis pada surat yang dapat menyatakan penerimaan."))
    if account.revealed_at is None:
        raise HandoverError(_("Kunci belum dibuka."))
    if account.acknowledged_at is not None:
        return
    account.acknowledged_at = now
    account.save(update_fields=["acknowledged_at"])
    audit.record(
        _book(account),
        "acknowledge",
        N_("{actor} sudah menyimpan kunci akun {username}."),
        by=by if isinstance(by, User) else None,
        by_name=account.holder_name,
        now=now,
        data={"username": account.username},
    )


@transaction.atomic
def reset(account: WebserviceAccount, *, now: datetime) -> None:
    """End all secrets so that the holder can open a new one (a problem was reported, SOP 5 again)."""
    selectors.living_secrets(account, now).update(ends_at=now)
    account.revealed_at = account.acknowledged_at = account.confirmed_at = account.informed_at = None
    account.save(update_fields=["revealed_at", "acknowledged_at", "confirmed_at", "informed_at"])


# --- after the handover ---------------------------------------------------------------------------
@sensitive_variables("ticket")
@transaction.atomic
def rotate(
    account: WebserviceAccount, *, overlap_hours: int, by: User, now: datetime, version: int | None = None
) -> None:
    """The holder may open a new secret; the present one ends `overlap_hours` (of `OVERLAPS`) after that.

    0: the secret leaked. Every living one ends now, before the new one is opened. For the
    holder, who then opens it signed in, and for PSI, upon which the holder is sent a link.
    An earlier link ends. Raises `Refused` while two secrets are alive and neither leaked.
    """
    # A leak does not wait because somebody changed something else meanwhile.
    locked, right = begin(account, Act.ROTATE, by=by, now=now, version=version if overlap_hours else None)
    if overlap_hours not in OVERLAPS:
        raise Refused(_("Pilih kapan kunci lama berakhir."))
    living = list(selectors.living_secrets(locked, now))
    if overlap_hours and len(living) >= MAX_LIVING:
        raise Refused(_two_living())
    if not overlap_hours:
        _end_by(living, now)
    ticket = issue_ticket(locked, now=now, overlap_hours=overlap_hours)
    event = audit.record(
        locked.subject,
        Act.ROTATE,
        N_("{actor} mengganti kunci akun {username}; kunci lama berakhir {hours} jam setelah yang baru dibuka.")
        if overlap_hours
        else N_("{actor} mengganti kunci akun {username} dan mengakhiri kunci lama seketika."),
        by=by,
        acting_for=right.acting_for,
        now=now,
        data={"username": locked.username, "hours": overlap_hours},
    )
    if not is_holder(by, locked):
        _send_link(locked, "key_link", event, ticket, now=now, overlap_hours=overlap_hours)
    if not overlap_hours:
        others = (Audience.UNIT, Audience.PSI)
        messages.tell(locked, "key_leaked", event, to=others, by=by, now=now)


@transaction.atomic
def end_secret(
    account: WebserviceAccount, secret: Secret, *, by: User, now: datetime, version: int | None = None
) -> None:
    """The old secret of a rotation ends now instead of later; for the holder and PSI.

    Raises `Refused` for the newest one (replace it instead) and for one that has ended.
    """
    locked, right = begin(account, Act.END_SECRET, by=by, now=now, version=version)
    living = list(selectors.living_secrets(locked, now))
    old = next((one for one in living if one.pk == secret.pk), None)
    if old is None:
        raise Refused(_("Kunci ini sudah berakhir."))
    if old.ends_at is None:
        raise Refused(_("Ini kunci yang sekarang berlaku. Gunakan “Ganti kunci” untuk mengakhirinya."))
    _end_by([old], now)
    event = audit.record(
        locked.subject,
        Act.END_SECRET,
        N_("{actor} mengakhiri kunci lama {hint} akun {username}."),
        by=by,
        acting_for=right.acting_for,
        now=now,
        data={"username": locked.username, "hint": old.hint},
    )
    messages.tell(locked, "account_changed", event, to=(Audience.HOLDER, Audience.UNIT), by=by, now=now)


@sensitive_variables("ticket")
@transaction.atomic
def change_holder(
    account: WebserviceAccount, holder: Holder, *, reason: str, by: User, now: datetime, version: int | None = None
) -> WebserviceAccount:
    """Mutasi: from `now` on `holder` is responsible. All secrets and links end; a new link goes to the new person.

    The account keeps its dates and scopes. For PSI; `reason`: why, or the letter that says
    so. Raises `Refused` when the address is that of the present holder, and while the
    procedure is still handing the account over.
    """
    locked, right = begin(account, Act.CHANGE_HOLDER, by=by, now=now, version=version)
    if not reason.strip():
        raise Refused(_("Tuliskan alasan atau nomor surat mutasinya."))
    email, before = holder.email.lower(), locked.holder_name
    if email == locked.holder_email.lower():
        raise Refused(_("Email itu milik penanggung jawab sekarang. Isi email penanggung jawab yang baru."))
    old_address = locked.holder_email
    locked.holdings.filter(until__isnull=True).update(until=now)
    Holding.objects.create(
        account=locked,
        name=holder.name,
        identity_type=holder.identity_type,
        identity_number=holder.identity_number,
        phone=holder.phone,
        email=email,
        since=now,
    )
    locked.holder_name, locked.holder_email, locked.holder_phone = holder.name, email, holder.phone
    locked.holder_identity_type, locked.holder_identity_number = holder.identity_type, holder.identity_number
    locked.informed_at, locked.acknowledged_at, locked.confirmed_at = now, None, None
    locked.save()
    _end_by(selectors.living_secrets(locked, now), now)
    ticket = issue_ticket(locked, now=now, overlap_hours=0)
    event = audit.record(
        locked.subject,
        Act.CHANGE_HOLDER,
        N_("{actor} mengalihkan akun {username} dari {before} kepada {holder}."),
        by=by,
        acting_for=right.acting_for,
        now=now,
        data={"username": locked.username, "before": before, "holder": holder.name, "detail": reason.strip()},
    )
    provisioners.announce(locked, ProvisioningTask.Event.CHANGE, now=now)
    _send_link(locked, "account_taken_over", event, ticket, now=now, overlap_hours=0)
    words = {"before": before}
    messages.send(locked, "account_given_over", event, old_address, name=before, now=now, context=words)
    messages.tell(locked, "account_changed", event, to=(Audience.UNIT,), by=by, now=now)
    return locked


def _send_link(
    account: WebserviceAccount, template: str, event: AuditEvent, ticket: str, *, now: datetime, overlap_hours: int
) -> None:
    """The link for the holder, with when it ends and what becomes of the old secret."""
    words = {
        "link": settings.BASE_URL + reverse("handover", args=[ticket]),
        "link_ends_at": now + TICKET_LIFE,
        "overlap_hours": overlap_hours,
    }
    messages.send(account, template, event, account.holder_email, name=account.holder_name, now=now, context=words)


def _end_by(secrets: Iterable[Secret], end: datetime) -> None:
    """Let them end at `end`, unless their end comes sooner."""
    for secret in secrets:
        if secret.ends_at is None or secret.ends_at > end:
            secret.ends_at = end
            secret.save(update_fields=["ends_at"])


def _two_living() -> str:
    return _("Dua kunci masih berlaku. Akhiri kunci yang lama lebih dahulu, atau tunggu sampai berakhir.")


def _book(account: WebserviceAccount) -> str:
    """Where the record of a handover goes: to the request until its holder confirmed (SOP 5), to the account after."""
    is_later = account.confirmed_at or account.holdings.filter(until__isnull=False).exists()
    return account.subject if is_later else account.origin
