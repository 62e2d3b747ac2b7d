"""The catalogue of data, and the accounts that may read it."""

from webservice_accounts.models.account import AllowedAddress, Grant, RevealTicket, Secret, WebserviceAccount
from webservice_accounts.models.catalogue import DataType

__all__ = ["AllowedAddress", "DataType", "Grant", "RevealTicket", "Secret", "WebserviceAccount"]
