"""The catalogue of data, the accounts that may read it, what opens them, and how they are used."""

from webservice_accounts.models.account import (
    AccountPeriod,
    AllowedAddress,
    Grant,
    Holding,
    Suspension,
    WebserviceAccount,
)
from webservice_accounts.models.catalogue import DataType, PathRule, Service
from webservice_accounts.models.keys import AccessToken, ResourceServer, RevealTicket, Secret, SigningKey
from webservice_accounts.models.provisioning import ProvisioningTask
from webservice_accounts.models.reminder import EndNotice
from webservice_accounts.models.use import DailyUse, UseAlert

__all__ = [
    "AccessToken",
    "AccountPeriod",
    "AllowedAddress",
    "DailyUse",
    "DataType",
    "EndNotice",
    "Grant",
    "Holding",
    "PathRule",
    "ProvisioningTask",
    "ResourceServer",
    "RevealTicket",
    "Secret",
    "Service",
    "SigningKey",
    "Suspension",
    "UseAlert",
    "WebserviceAccount",
]
