"""The writers of accounts (SOP 3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Unit, User
from accounts.wording import N_
from webservice_accounts import policies
from webservice_accounts.lifecycle import one_year_from
from webservice_accounts.models import AllowedAddress, DataType, Grant, WebserviceAccount


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
        created_at=now,
        created_by_name=str(by),
    )
    Grant.objects.bulk_create(Grant(account=account, data_type=data_type) for data_type in data_types)
    AllowedAddress.objects.bulk_create(AllowedAddress(account=account, network=network) for network in networks)
    return account


class ChangedMeanwhile(Exception):
    """Somebody else changed the account after this person's page was made; the message says so."""


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
    so. Raises PermissionDenied for others than PSI. The same addresses again are no change.
    """
    right = policies.may_change_addresses(by, now=now)
    if right is None:
        raise PermissionDenied
    locked = WebserviceAccount.objects.select_for_update().get(pk=account.pk)
    present = {row.network for row in locked.addresses.all()}
    if before is not None and set(before) != present:
        raise ChangedMeanwhile(_("Alamat akun ini sudah diubah orang lain sejak halaman Anda dibuka."))
    wanted = list(dict.fromkeys(networks))
    if set(wanted) == present:
        return locked
    locked.addresses.exclude(network__in=wanted).delete()
    added = [network for network in wanted if network not in present]
    AllowedAddress.objects.bulk_create(AllowedAddress(account=locked, network=network) for network in added)
    limited = N_("{actor} membatasi akun {username} ke alamat {addresses}.")
    unlimited = N_("{actor} mengizinkan akun {username} digunakan dari mana saja.")
    audit.record(
        locked.origin,
        "change_addresses",
        limited if wanted else unlimited,
        by=by,
        acting_for=right.acting_for,
        now=now,
        data={"username": locked.username, "addresses": ", ".join(wanted), "before": sorted(present)},
    )
    return locked
