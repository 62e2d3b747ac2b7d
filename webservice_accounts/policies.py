"""May they do this to this account, now? The request's own acts are judged in the room of the work."""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Authority, authority
from accounts.roles import Permission


def may_change_addresses(person: User | AnonymousUser, *, now: datetime) -> Authority | None:
    """The right by which `person` says from where accounts may be used (PSI); None when they may not."""
    return authority(person, Permission.CREATE_ACCOUNT, timezone.localdate(now))
