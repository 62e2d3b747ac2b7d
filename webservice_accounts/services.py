"""The writers of accounts: made by PSI (SOP 3), and changed later within what the disposition allows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import AuditEvent, Unit, User
from accounts.permissions import Authority
from accounts.wording import N_
from webservice_accounts import messages, policies, provisioners, selectors
from webservice_accounts.lifecycle import one_more_year, one_year_from
from webservice_accounts.messages import Audience
from webservice_accounts.models import (
    AccountPeriod,
    AllowedAddress,
    DataType,
    Grant,
    Holding,
    ProvisioningTask,
    WebserviceAccount,
)
from webservice_accounts.models.account import DEFAULT_BURST, DEFAULT_RATE_PER_MINUTE
from webservice_accounts.policies import Act, Refused

Event = ProvisioningTask.Event

MAX_RATE_PER_MINUTE = 60_000
MAX_BURST = 6_000


@dataclass(frozen=True)
class Holder:
    """The responsible person as written on the letter."""

    name: str
    identity_type: str
    identity_number: str
    phone: str
    email: str


@transaction.atomic
def create_account(
    *,
    username: str,
    unit: Unit,
    holder: Holder,
    application: str,
    purpose: str,
    data_types: Iterable[DataType],
    networks: Iterable[str],
    starts_on: date,
    origin: str,
    by: User,
    now: datetime,
    rate_per_minute: int = DEFAULT_RATE_PER_MINUTE,
    burst: int = DEFAULT_BURST,
) -> WebserviceAccount:
    """An account for one year from the local date `starts_on`, with its data and addresses.

    `networks` are normalised CIDR texts (`addresses.parse`); none means from anywhere.
    It has no secret yet: that is made when the holder opens it.
    """
    period = one_year_from(starts_on)
    account = WebserviceAccount.objects.create(
        username=username,
        unit=unit,
        application=application,
        purpose=purpose,
        origin=origin,
        holder_name=holder.name,
        holder_identity_type=holder.identity_type,
        holder_identity_number=holder.identity_number,
        holder_phone=holder.phone,
        holder_email=holder.email.lower(),
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        rate_per_minute=rate_per_minute,
        burst=burst,
        created_at=now,
        created_by_name=str(by),
    )
    AccountPeriod.objects.create(
        account=account,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        origin=origin,
        granted_by_name=str(by),
        granted_at=now,
    )
    Holding.objects.create(
        account=account,
        name=holder.name,
        identity_type=holder.identity_type,
        identity_number=holder.identity_number,
        phone=holder.phone,
        email=account.holder_email,
        since=now,
    )
    Grant.objects.bulk_create(
        Grant(account=account, data_type=data_type, since=now, origin=origin) for data_type in data_types
    )
    AllowedAddress.objects.bulk_create(AllowedAddress(account=account, network=network) for network in networks)
    provisioners.announce(account, Event.CREATE, now=now)
    return account


def is_same_person(account: WebserviceAccount, identity_number: str) -> bool:
    """Whether the letter names the person who holds the account: a new address or title makes nobody another."""
    return account.holder_identity_number == identity_number


@transaction.atomic
def renew_account(
    account: WebserviceAccount,
    *,
    holder: Holder,
    application: str,
    purpose: str,
    data_types: Iterable[DataType],
    networks: Iterable[str],
    rate_per_minute: int,
    burst: int,
    starts_on: date,
    origin: str,
    by: User,
    now: datetime,
) -> WebserviceAccount:
    """One more year of the same account, as the request `origin` was granted.

    A living account goes on from its end (`lifecycle.one_more_year`); one that has ended
    by `now` begins a new period on the local date `starts_on`, under its old name. It may
    then read exactly `data_types`: what is missing ends at once, because nobody decided
    that it may go on; what is new may be read at once. The present key stays, unless the
    account had ended or the letter names another person: all keys and links then end, and
    the holder opens a new one. A suspended account stays suspended. Raises `Refused` for a
    revoked one, for good as that was.
    """
    locked = WebserviceAccount.objects.select_for_update(of=("self",)).select_related("unit").get(pk=account.pk)
    if locked.revoked_at is not None:
        raise Refused(_("Akun ini sudah dicabut, sehingga tidak dapat diperpanjang."))
    has_ended = locked.ends_at <= now
    is_same = is_same_person(locked, holder.identity_number)
    period = one_year_from(starts_on) if has_ended else one_more_year(locked.ends_at)
    if has_ended:
        locked.starts_at = period.starts_at
    locked.ends_at = period.ends_at
    locked.application, locked.purpose = application, purpose
    locked.rate_per_minute, locked.burst = rate_per_minute, burst
    locked.renewal_declined_at = locked.unused_told_at = None
    locked.unused_answered_at = now
    _name_holder(locked, holder, is_same=is_same, now=now)
    if has_ended or not is_same:
        _end_keys(locked, now)
    locked.save()
    AccountPeriod.objects.create(
        account=locked,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        origin=origin,
        granted_by_name=str(by),
        granted_at=now,
    )
    _grant_exactly(locked, data_types, origin, now)
    wanted = list(dict.fromkeys(networks))
    locked.addresses.exclude(network__in=wanted).delete()
    present = set(locked.addresses.values_list("network", flat=True))
    AllowedAddress.objects.bulk_create(
        AllowedAddress(account=locked, network=network) for network in wanted if network not in present
    )
    audit.record(
        locked.subject,
        "renew",
        N_("{actor} memperpanjang akun {username} s.d. {until}."),
        by=by,
        now=now,
        data={"username": locked.username, "until": date_format(locked.last_day, "j F Y"), "origin": origin},
    )
    provisioners.announce(locked, Event.CHANGE, now=now)
    return locked


def _name_holder(account: WebserviceAccount, holder: Holder, *, is_same: bool, now: datetime) -> None:
    """The person of the letter on the (unsaved) account, and in its history: another one begins a new row."""
    account.holder_name = holder.name
    account.holder_identity_type = holder.identity_type
    account.holder_identity_number = holder.identity_number
    account.holder_phone = holder.phone
    account.holder_email = holder.email.lower()
    words = {
        "name": holder.name,
        "identity_type": holder.identity_type,
        "identity_number": holder.identity_number,
        "phone": holder.phone,
        "email": account.holder_email,
    }
    present = account.holdings.filter(until__isnull=True)
    if is_same and present.exists():
        present.update(**words)
        return
    present.update(until=now)
    Holding.objects.create(account=account, since=now, **words)


def _end_keys(account: WebserviceAccount, now: datetime) -> None:
    """All secrets and links end; the (unsaved) account waits to be informed and opened anew."""
    account.secrets.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now)).update(ends_at=now)
    account.tickets.filter(ended_at__isnull=True).update(ended_at=now)
    account.informed_at = account.revealed_at = account.acknowledged_at = account.confirmed_at = None


def _grant_exactly(account: WebserviceAccount, data_types: Iterable[DataType], origin: str, now: datetime) -> None:
    """The account may read these from `now`; what it could read besides ends."""
    wanted = {data_type.pk for data_type in data_types}
    account.grants.filter(until__isnull=True).exclude(data_type__in=wanted).update(until=now)
    present = set(account.grants.filter(until__isnull=True).values_list("data_type", flat=True))
    Grant.objects.bulk_create(
        Grant(account=account, data_type_id=pk, since=now, origin=origin) for pk in sorted(wanted - present)
    )


class ChangedMeanwhile(Refused):
    """Somebody else changed the account after this person's page was made; the message says so."""


def begin(
    account: WebserviceAccount, act: Act, *, by: User, now: datetime, version: int | None = None
) -> tuple[WebserviceAccount, Authority]:
    """The locked account and the right by which `by` acts; call inside a transaction.

    `version`: `selectors.version_of` when the person's page was made; raises
    `ChangedMeanwhile` when something happened to the account since. Raises PermissionDenied
    when the act is never theirs, `Refused` when it is not possible now.
    """
    # Nothing joined that an act can change: PostgreSQL reads the row anew after waiting, but not what was joined to it.
    locked = WebserviceAccount.objects.select_for_update(of=("self",)).select_related("unit").get(pk=account.pk)
    if version is not None and (last := selectors.last_event(locked)) and last.pk != version:
        raise ChangedMeanwhile(
            _("Akun ini sudah diubah sejak halaman Anda dibuka: %(what)s") % {"what": audit.say(last)}
        )
    return locked, policies.check(by, locked, act, now=now)


@transaction.atomic
def change_addresses(
    account: WebserviceAccount,
    *,
    networks: Iterable[str],
    by: User,
    now: datetime,
    before: Iterable[str] | None = None,
) -> WebserviceAccount:
    """From now on the account may be used from `networks` only (CIDR texts; none means from anywhere).

    `before`: what the person's page showed; raises `ChangedMeanwhile` when it is no longer
    so. Raises PermissionDenied for others than PSI, and `Refused` where a limited account
    would be opened to anywhere. The same addresses again are no change.
    """
    locked, right = begin(account, Act.CHANGE_ADDRESSES, by=by, now=now)
    present = {row.network for row in locked.addresses.all()}
    if before is not None and set(before) != present:
        raise ChangedMeanwhile(_("Alamat akun ini sudah diubah orang lain sejak halaman Anda dibuka."))
    wanted = list(dict.fromkeys(networks))
    if set(wanted) == present:
        return locked
    if not wanted:
        raise Refused(
            _("Daftar alamat tidak dapat dikosongkan, karena akun lalu dapat digunakan dari mana saja. %(widening)s")
            % {"widening": _(policies.WIDENING)}
        )
    locked.addresses.exclude(network__in=wanted).delete()
    added = [network for network in wanted if network not in present]
    AllowedAddress.objects.bulk_create(AllowedAddress(account=locked, network=network) for network in added)
    event = audit.record(
        locked.subject,
        Act.CHANGE_ADDRESSES,
        N_("{actor} membatasi akun {username} ke alamat {addresses}."),
        by=by,
        acting_for=right.acting_for,
        now=now,
        data={"username": locked.username, "addresses": ", ".join(wanted), "before": sorted(present)},
    )
    _changed(locked, event, by=by, now=now)
    return locked


@transaction.atomic
def change_grants(
    account: WebserviceAccount, *, data_types: Iterable[DataType], by: User, now: datetime, version: int | None = None
) -> WebserviceAccount:
    """From now on the account may read exactly `data_types`: what is missing is taken away, what was taken comes back.

    Raises `Refused` for data not granted in the present period (that needs a disposition)
    and when nothing would be left; PermissionDenied for others than PSI. The same data
    again is no change.
    """
    locked, right = begin(account, Act.CHANGE_DATA, by=by, now=now, version=version)
    wanted = {data_type.pk: data_type for data_type in data_types}
    present = {grant.data_type_id: grant for grant in locked.current_grants}
    granted = selectors.granted_in_period(locked, now)
    if foreign := [str(row) for pk, row in wanted.items() if pk not in granted and pk not in present]:
        raise Refused(
            _("%(data)s tidak diberikan pada masa berlaku ini. %(widening)s")
            % {"data": ", ".join(foreign), "widening": _(policies.WIDENING)}
        )
    if not wanted:
        raise Refused(
            _("Sisakan paling sedikit satu jenis data. Untuk menghentikan semuanya, tangguhkan atau cabut akun.")
        )
    taken = [grant for pk, grant in present.items() if pk not in wanted]
    given = [pk for pk in wanted if pk not in present]
    if not taken and not given:
        return locked
    Grant.objects.filter(pk__in=[grant.pk for grant in taken]).update(until=now)
    Grant.objects.bulk_create(
        Grant(account=locked, data_type_id=pk, since=now, origin=granted[pk].origin) for pk in given
    )
    sentence = N_("{actor} mengubah data akun {username}: mencabut {taken}, memberikan kembali {given}.")
    if not given:
        sentence = N_("{actor} mencabut {taken} dari akun {username}.")
    elif not taken:
        sentence = N_("{actor} memberikan kembali {given} kepada akun {username}.")
    event = audit.record(
        locked.subject,
        Act.CHANGE_DATA,
        sentence,
        by=by,
        acting_for=right.acting_for,
        now=now,
        data={
            "username": locked.username,
            "taken": ", ".join(str(grant.data_type) for grant in taken),
            "given": ", ".join(str(wanted[pk]) for pk in given),
        },
    )
    _changed(locked, event, by=by, now=now)
    return locked


@transaction.atomic
def change_limits(
    account: WebserviceAccount,
    *,
    rate_per_minute: int,
    burst: int,
    by: User,
    now: datetime,
    version: int | None = None,
) -> WebserviceAccount:
    """How many requests a minute the account may make, and how many at once; for PSI.

    Raises `Refused` outside 1..`MAX_RATE_PER_MINUTE` and 1..`MAX_BURST`. The same figures
    again are no change.
    """
    locked, right = begin(account, Act.CHANGE_LIMITS, by=by, now=now, version=version)
    if not (1 <= rate_per_minute <= MAX_RATE_PER_MINUTE and 1 <= burst <= MAX_BURST):
        raise Refused(
            _("Isi 1 sampai %(rate)d permintaan per menit dan lonjakan 1 sampai %(burst)d.")
            % {"rate": MAX_RATE_PER_MINUTE, "burst": MAX_BURST}
        )
    if (rate_per_minute, burst) == (locked.rate_per_minute, locked.burst):
        return locked
    before = (locked.rate_per_minute, locked.burst)
    locked.rate_per_minute, locked.burst = rate_per_minute, burst
    locked.save(update_fields=["rate_per_minute", "burst"])
    event = audit.record(
        locked.subject,
        Act.CHANGE_LIMITS,
        N_("{actor} mengubah batas akun {username} menjadi {rate} permintaan per menit, lonjakan {burst}."),
        by=by,
        acting_for=right.acting_for,
        now=now,
        data={"username": locked.username, "rate": rate_per_minute, "burst": burst, "before": before},
    )
    _changed(locked, event, by=by, now=now)
    return locked


def _changed(account: WebserviceAccount, event: AuditEvent, *, by: User, now: datetime) -> None:
    """Outside services follow, and those whose applications depend on it hear of it."""
    provisioners.announce(account, Event.CHANGE, now=now)
    messages.tell(account, "account_changed", event, to=(Audience.HOLDER, Audience.UNIT), by=by, now=now)
