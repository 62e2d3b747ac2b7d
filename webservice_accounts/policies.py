"""May they do this to this account, now? The request's own acts are judged in the room of the work."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Authority, authority, authority_for_unit, has
from accounts.roles import Permission
from accounts.wording import N_
from webservice_accounts.lifecycle import STATE_LABELS, State, one_year_from, state_at
from webservice_accounts.models import WebserviceAccount

Person = User | AnonymousUser


class Refused(Exception):
    """The act is not possible; the message says why, in the person's language."""


class Act(StrEnum):
    """What people do to an account after it was handed out."""

    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REVOKE = "revoke"
    CHANGE_DATA = "change_data"
    CHANGE_ADDRESSES = "change_addresses"
    CHANGE_LIMITS = "change_limits"
    ROTATE = "rotate"
    END_SECRET = "end_secret"  # noqa: S105  # a name of an act
    CHANGE_HOLDER = "change_holder"
    DECLINE_RENEWAL = "decline_renewal"
    WANT_RENEWAL = "want_renewal"
    """Take the flag "do not renew" back."""
    KEEP_UNUSED = "keep_unused"
    """Answer that an account nobody uses is still needed."""
    ASK_RENEWAL = "ask_renewal"


class Party(StrEnum):
    """What somebody is to an account."""

    PSI = "psi"
    HEAD = "head"
    HOLDER = "holder"
    UNIT = "unit"


@dataclass(frozen=True)
class Rule:
    """Who may do an act, and in which states of the account."""

    parties: tuple[Party, ...]
    states: frozenset[State]


LIVING = frozenset({State.NOT_YET_ACTIVE, State.ACTIVE, State.ENDING_SOON})
STANDING = LIVING | {State.SUSPENDED}
NOT_REVOKED = frozenset(State) - {State.REVOKED}
OWN = (Party.HOLDER, Party.UNIT)

RULES: Mapping[Act, Rule] = {
    # Narrowing is open to everybody the account belongs to: a leak does not wait for the office.
    Act.SUSPEND: Rule((Party.PSI, Party.HEAD, *OWN), LIVING),
    Act.REINSTATE: Rule((Party.PSI,), frozenset({State.SUSPENDED})),
    Act.REVOKE: Rule((Party.PSI, Party.HEAD), NOT_REVOKED),
    Act.CHANGE_DATA: Rule((Party.PSI,), STANDING),
    Act.CHANGE_ADDRESSES: Rule((Party.PSI,), STANDING),
    Act.CHANGE_LIMITS: Rule((Party.PSI,), STANDING),
    Act.ROTATE: Rule((Party.HOLDER, Party.PSI), STANDING),
    Act.END_SECRET: Rule((Party.HOLDER, Party.PSI), STANDING),
    Act.CHANGE_HOLDER: Rule((Party.PSI,), STANDING),
    Act.DECLINE_RENEWAL: Rule((*OWN, Party.PSI), NOT_REVOKED),
    Act.WANT_RENEWAL: Rule((*OWN, Party.PSI), NOT_REVOKED),
    Act.KEEP_UNUSED: Rule((*OWN, Party.PSI), LIVING),
    # Also while suspended, or waiting for a new responsible person: those are reminded of the end as well.
    Act.ASK_RENEWAL: Rule((Party.UNIT,), NOT_REVOKED),
}

HANDOVER_STATUSES = ("account_created", "informed")
CLOSED_STATUSES = ("finished", "withdrawn")
"""Statuses of requests, as text: this room does not know the procedure."""

WIDENING = N_("Memperluas hak akses memerlukan permohonan dan disposisi baru.")


def is_holder(person: Person, account: WebserviceAccount) -> bool:
    """Whether this signed-in person is the account's responsible person (by verified e-mail)."""
    if not isinstance(person, User) or not person.is_active:
        return False
    return person.email.lower() == account.holder_email.lower()


def authority_for(person: Person, account: WebserviceAccount, act: Act, now: datetime) -> Authority | None:
    """By what right `person` may ever do `act` to this account; their own before that of somebody absent."""
    if not isinstance(person, User) or not person.is_active:
        return None
    rights = (_as_party(person, account, party, now) for party in RULES[act].parties)
    return min((right for right in rights if right), key=lambda right: right.on_behalf_of is not None, default=None)


def _as_party(person: User, account: WebserviceAccount, party: Party, now: datetime) -> Authority | None:
    today = timezone.localdate(now)
    if party is Party.PSI:
        return authority(person, Permission.CREATE_ACCOUNT, today)
    if party is Party.HEAD:
        return authority(person, Permission.DISPOSE, today)
    if party is Party.HOLDER:
        return Authority(person) if is_holder(person, account) else None
    return authority_for_unit(person, Permission.SEND_REQUEST, account.unit_id, today)


def why_not(person: Person, account: WebserviceAccount, act: Act, *, now: datetime) -> str | None:
    """None when `person` may do `act` to `account` at `now`; else the reason as a sentence."""
    if authority_for(person, account, act, now) is None:
        return _("Tindakan ini bukan wewenang Anda.")
    return _why_not_now(account, act, now)


def check(person: Person, account: WebserviceAccount, act: Act, *, now: datetime) -> Authority:
    """The right by which they act; PermissionDenied when it is not theirs, `Refused` when not possible now."""
    right = authority_for(person, account, act, now)
    if right is None:
        raise PermissionDenied
    if reason := _why_not_now(account, act, now):
        raise Refused(reason)
    return right


def allowed(person: Person, account: WebserviceAccount, *, now: datetime) -> set[Act]:
    """What this person can do with this account now: its buttons."""
    return {act for act in Act if why_not(person, account, act, now=now) is None}


def may_ask_renewal(person: Person, account: WebserviceAccount, *, now: datetime) -> bool:
    """Whether `person` (staff of the account's unit) may begin a renewal: not declined, and none is under way."""
    return why_not(person, account, Act.ASK_RENEWAL, now=now) is None


def why_not_renewed(account: WebserviceAccount, now: datetime) -> str | None:
    """None when one more year can be asked for, by whomever and however; else the reason as a sentence."""
    if account.revoked_at is not None:
        return _("Akun ini sudah dicabut, sehingga tidak dapat diperpanjang.")
    if is_in_handover(account):
        return _("Serah terima akun ini masih berjalan. Perpanjangan dapat diajukan setelah akunnya dikonfirmasi.")
    if account.ends_at > one_year_from(timezone.localdate(now)).ends_at:
        return _("Akun ini masih berlaku lebih dari satu tahun, sehingga belum perlu diperpanjang.")
    return None


def is_psi(person: Person, now: datetime) -> bool:
    """Whether this person may work as PSI today."""
    return authority(person, Permission.CREATE_ACCOUNT, timezone.localdate(now)) is not None


def sees_requests_of(person: Person, account: WebserviceAccount, now: datetime) -> bool:
    """Whether this person reads the requests behind the account by office or by unit, not by being named on one."""
    sees_all = authority(person, Permission.SEE_EVERY_REQUEST, timezone.localdate(now)) is not None
    return sees_all or is_of_unit(person, account, now)


def is_of_unit(person: Person, account: WebserviceAccount, now: datetime) -> bool:
    """Whether this person works for the account's unit, or stands in for somebody who does."""
    return isinstance(person, User) and _as_party(person, account, Party.UNIT, now) is not None


def is_in_handover(account: WebserviceAccount) -> bool:
    """Whether the procedure itself (SOP 5) is still handing this account over."""
    return account.requests.filter(status__in=HANDOVER_STATUSES).exists()


def _why_not_now(account: WebserviceAccount, act: Act, now: datetime) -> str | None:
    state = state_at(account.facts, now)
    if state not in RULES[act].states:
        return _("Akun ini sekarang berstatus “%(state)s”, sehingga tindakan ini tidak dapat dilakukan.") % {
            "state": _(STATE_LABELS[state])
        }
    return next(_obstacles(account, act, now), None)


def _obstacles(account: WebserviceAccount, act: Act, now: datetime) -> Iterator[str]:
    """The conditions beyond state and role."""
    if act is Act.ROTATE and account.informed_at is None:
        yield _("Akun ini belum diinformasikan kepada penanggung jawabnya.")
    if act is Act.ROTATE and account.revealed_at is None and is_in_handover(account):
        yield _("Kunci pertama belum dibuka. Serah terimanya masih berjalan pada permohonannya.")
    if act is Act.CHANGE_HOLDER and is_in_handover(account):
        yield _("Serah terima akun ini masih berjalan. Selesaikan dahulu pada permohonannya, lalu catat mutasi.")
    if act in (Act.DECLINE_RENEWAL, Act.ASK_RENEWAL) and account.renewal_declined_at:
        yield _("Akun ini sudah ditandai tidak diperpanjang.")
    if act is Act.WANT_RENEWAL and account.renewal_declined_at is None:
        yield _("Akun ini tidak ditandai “jangan perpanjang”.")
    if act is Act.KEEP_UNUSED and account.unused_told_at is None:
        yield _("Tidak ada pertanyaan yang perlu dijawab untuk akun ini.")
    if act is Act.ASK_RENEWAL and account.renewals.exclude(status__in=CLOSED_STATUSES).exists():
        yield _("Perpanjangan akun ini sudah diajukan dan sedang diproses.")
    if act is Act.ASK_RENEWAL and (reason := why_not_renewed(account, now)):
        yield reason


def may_read_register(person: User | AnonymousUser, *, now: datetime) -> bool:
    """Whether `person` may read the register of processing: the office, which answers for what it handed out."""
    return authority(person, Permission.SEE_EVERY_REQUEST, timezone.localdate(now)) is not None


def may_export_identities(person: User | AnonymousUser, *, now: datetime) -> bool:
    """Whether identity numbers leave whole in a file: for those who decide and those who make accounts.

    Who only helps, administers or audits needs the number of one account at a time, which stands on its page.
    """
    today = timezone.localdate(now)
    return any(authority(person, right, today) for right in (Permission.DISPOSE, Permission.CREATE_ACCOUNT))


def may_follow_services(person: User | AnonymousUser, *, now: datetime) -> Authority | None:
    """The right by which `person` sees to services that keep accounts of their own (PSI, administrator); else None.

    Nobody stands in for an administrator.
    """
    if isinstance(person, User) and has(person, Permission.ADMINISTER):
        return Authority(person)
    return authority(person, Permission.CREATE_ACCOUNT, timezone.localdate(now))


def may_follow_endings(person: User | AnonymousUser, *, now: datetime) -> bool:
    """Whether `person` may see which accounts end soon and who was reminded: the office."""
    return authority(person, Permission.SEE_EVERY_REQUEST, timezone.localdate(now)) is not None
