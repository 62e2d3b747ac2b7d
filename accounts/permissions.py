"""May they ever? The only reader of `roles.ROLE_PERMISSIONS`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

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
    def holder(self) -> User:
        """Whose right it is: their own, or that of the absent person."""
        return self.on_behalf_of or self.person

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


def authorities(user: User | AnonymousUser, permission: Permission, today: date) -> list[Authority]:
    """Every right by which `user` may do this on the local date `today`: their own first, then those they stand in for.

    A right is lent once: whoever stands in for somebody does not also stand in for those whom that person replaces.
    """
    if not isinstance(user, User) or not user.is_active:
        return []
    own = [Authority(user)] if has(user, permission) else []
    return own + [
        Authority(user, on_behalf_of=substitution.absent, kind=substitution.kind)
        for substitution in substitutions_of(user, today)
        if has(substitution.absent, permission)
    ]


def authority(user: User | AnonymousUser, permission: Permission, today: date) -> Authority | None:
    """The first right by which `user` may do this on the local date `today`; None when they may not."""
    if isinstance(user, User) and user.is_active and has(user, permission):
        return Authority(user)  # whom they stand in for need not be asked
    return next(iter(authorities(user, permission, today)), None)


def authority_for_unit(
    user: User | AnonymousUser, permission: Permission, unit_id: int | None, today: date
) -> Authority | None:
    """The right by which `user` may do this for that unit: as one of its people, or in the name of one of them."""
    rights = authorities(user, permission, today)
    return next((right for right in rights if unit_id is not None and right.holder.unit_id == unit_id), None)


def units_of(user: User | AnonymousUser, permission: Permission, today: date) -> set[int]:
    """Ids of the units for which `user` may do this on `today`: their own, and those of whom they stand in for."""
    return {right.holder.unit_id for right in authorities(user, permission, today) if right.holder.unit_id}


# --- who is there -----------------------------------------------------------------------
def _in_force(today: date) -> QuerySet[Any]:
    """Substitutions of this local date, of people who have not left; `is_there`: the substitute can be counted on."""
    absent_too = Substitution.objects.filter(absent=OuterRef("substitute"), starts_on__lte=today, ends_on__gte=today)
    return (
        Substitution.objects.filter(starts_on__lte=today, ends_on__gte=today, absent__is_active=True)
        .annotate(is_there=Q(substitute__is_active=True) & ~Exists(absent_too))
        .select_related("absent", "substitute")
        .order_by("pk")
    )


@dataclass(frozen=True)
class Absences:
    """Who is away on one local date, and who is there in their place."""

    substitutions: dict[int, Substitution]
    """By the id of who is away; nobody who is away themselves, or has left, is there in anybody's place."""
    unattended: frozenset[int]
    """Ids of those who are away and in whose place nobody is there."""


def absences(today: date) -> Absences:
    """Who is away on the local date `today`; one query, whatever the number of people."""
    return _read(_in_force(today))


def absences_of(user: User, today: date) -> Absences:
    """The same of this person alone; asked once per object and day."""
    cached: dict[date, Absences] = user.__dict__.setdefault("_absences", {})
    if today not in cached:
        cached[today] = _read(_in_force(today).filter(absent=user))
    return cached[today]


def _read(rows: QuerySet[Any]) -> Absences:
    there: dict[int, Substitution] = {}
    for row in rows:
        if row.is_there:
            there.setdefault(row.absent_id, row)
    return Absences(there, frozenset({row.absent_id for row in rows} - set(there)))


def those_there(people: Iterable[User], today: date) -> list[User]:
    """These people, and for each one who is away the substitute instead; nobody twice, in the order of their ids.

    Who is away stays where nobody is there in their place: better told late than nobody.
    """
    away = absences(today).substitutions
    found = [away[person.pk].substitute if person.pk in away else person for person in people]
    return sorted({person.pk: person for person in found}.values(), key=lambda person: person.pk)


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
