"""The writers of accounts (SOP 3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from accounts.models import Unit, User
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
