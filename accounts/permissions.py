"""May they ever? The only reader of `roles.ROLE_PERMISSIONS`."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from accounts.models import Substitution, User
from accounts.roles import ROLE_PERMISSIONS, Permission, Role


@dataclass(frozen=True)
class Authority:
    """By what right somebody acts: their own, or that of an absent person they stand in for."""

    person: User
    on_behalf_of: User | None = None
    kind: str = ""
    """"Plh." or "Plt." when acting for somebody."""

    @property
    def acting_for(self) -> str:
        """For the record: "Plh. menggantikan Dr. X", or "" when acting in their own right."""
        return f"{self.kind} menggantikan {self.on_behalf_of}" if self.on_behalf_of else ""


def has(user: User | AnonymousUser, permission: Permission) -> bool:
    """True when one of the person's own roles allows it, today and every day."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return any(permission in ROLE_PERMISSIONS[role] for role in user.roles)


def substitutions_of(user: User, today: date) -> list[Substitution]:
    """For whom this person stands in on the local date `today`; asked once per object and day."""
    cached: dict[date, list[Substitution]] = user.__dict__.setdefault("_substitutions", {})
    if today not in cached:
        cached[today] = list(
            user.substitutes_for.filter(starts_on__lte=today, ends_on__gte=today, absent__is_active=True)
            .select_related("absent")
            .prefetch_related("absent__role_grants")
        )
    return cached[today]


def authority(user: User | AnonymousUser, permission: Permission, today: date) -> Authority | None:
    """The right by which `user` may do this on the local date `today`; None when they may not."""
    if not isinstance(user, User) or not user.is_active:
        return None
    if has(user, permission):
        return Authority(user)
    for substitution in substitutions_of(user, today):
        if has(substitution.absent, permission):
            return Authority(user, on_behalf_of=substitution.absent, kind=substitution.kind)
    return None


def holders(permission: Permission, today: date) -> list[User]:
    """Everybody who may do this on `today`: by role, and those who stand in for them."""
    roles = [role for role in Role if permission in ROLE_PERMISSIONS[role]]
    by_role = Q(role_grants__role__in=roles)
    standing_in = Q(
        substitutes_for__starts_on__lte=today,
        substitutes_for__ends_on__gte=today,
        substitutes_for__absent__is_active=True,
        substitutes_for__absent__role_grants__role__in=roles,
    )
    return list(User.objects.filter(by_role | standing_in, is_active=True).distinct().order_by("pk"))
