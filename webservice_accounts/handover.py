"""Handing the secret to the person it is for, and to nobody else (SOP 5).

The link in the mail has no power of its own. The secret opens to somebody who is signed
in with the holder's (verified) address, or who types the code sent to it; by POST; once.
It is made at that moment, shown, and kept only as a keyed hash.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts import audit, mail
from accounts.models import User
from accounts.wording import N_
from webservice_accounts import credentials
from webservice_accounts.models import RevealTicket, Secret, WebserviceAccount

TICKET_LIFE = timedelta(hours=72)
CODE_LIFE = timedelta(minutes=15)
MAX_CODES = 5
"""Codes sent per ticket."""
MAX_WRONG = 5
"""Wrong codes per ticket; then PSI sends a new link."""
UNKNOWN = "Tidak dikenal"
"""Who typed a wrong code, as the record names them."""


class HandoverError(Exception):
    """The step is not possible; the message says why and what to do, in the person's language."""


@dataclass(frozen=True)
class ProvenHolder:
    """Somebody without a login who typed the code sent to the holder's address."""

    account_id: int
    name: str


def is_holder(user: User, account: WebserviceAccount) -> bool:
    """Whether this signed-in person is the account's responsible person."""
    return user.is_active and user.email.lower() == account.holder_email.lower()


def holds(person: User | ProvenHolder, account: WebserviceAccount) -> bool:
    """Whether this is the account's responsible person: signed in, or proved by the mailed code."""
    return person.account_id == account.pk if isinstance(person, ProvenHolder) else is_holder(person, account)


def masked_address(account: WebserviceAccount) -> str:
    """The holder's e-mail address for a page that anybody with the link can open: p•••@usk.ac.id."""
    name, _at, domain = account.holder_email.rpartition("@")
    return f"{name[:1]}•••@{domain}"


@sensitive_variables("ticket")
def issue_ticket(account: WebserviceAccount, *, now: datetime) -> str:
    """A new link ticket for the holder; earlier ones end. Returned once, kept as a hash."""
    account.tickets.filter(ended_at__isnull=True).update(ended_at=now)
    ticket = credentials.new_ticket()
    RevealTicket.objects.create(
        account=account, digest=credentials.digest(ticket).hex, made_at=now, expires_at=now + TICKET_LIFE
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
            row.account.origin,
            "wrong_code",
            N_("Kode yang salah dimasukkan pada tautan kunci akun {username} (ke-{count})."),
            by=None,
            by_name=UNKNOWN,
            now=now,
            data={"username": row.account.username, "count": row.wrong_codes},
        )
    raise HandoverError(_("Kode salah atau sudah lewat 15 menit. Periksa lagi, atau minta kode baru."))


@sensitive_variables("secret")
@transaction.atomic
def reveal(account: WebserviceAccount, *, by: User | ProvenHolder, now: datetime) -> str:
    """Make the secret, keep its hash, return it for the one page that shows it.

    Raises `HandoverError` when `by` is not the holder or when it was opened before.
    """
    account = WebserviceAccount.objects.select_for_update().get(pk=account.pk)
    if not holds(by, account):
        raise HandoverError(_("Kunci hanya dapat dibuka oleh penanggung jawab yang tertulis pada surat."))
    if account.informed_at is None:
        raise HandoverError(_("Akun ini belum diinformasikan oleh Divisi PSI."))
    if account.revealed_at is not None:
        raise HandoverError(_("Kunci sudah pernah dibuka dan hanya ditampilkan satu kali."))
    secret = credentials.new_secret()
    version, digest = credentials.digest(secret)
    Secret.objects.create(
        account=account, digest=digest, pepper_version=version, hint=credentials.display_hint(secret), created_at=now
    )
    account.revealed_at = now
    account.save(update_fields=["revealed_at"])
    audit.record(
        account.origin,
        "reveal",
        N_("{actor} membuka kunci akun {username}."),
        by=by if isinstance(by, User) else None,
        by_name=account.holder_name,
        now=now,
        data={"username": account.username},
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
        account.origin,
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
    account.secrets.filter(ended_at__isnull=True).update(ended_at=now)
    account.revealed_at = account.acknowledged_at = account.confirmed_at = account.informed_at = None
    account.save(update_fields=["revealed_at", "acknowledged_at", "confirmed_at", "informed_at"])
