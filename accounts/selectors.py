"""Every read about people and the institution."""

from datetime import date

from django.db.models import Q, QuerySet

from accounts.models import Institution, Notice, Substitution, User
from accounts.permissions import authority
from accounts.roles import Permission


def institution() -> Institution:
    """The one institution; before `load_defaults` ran, an unsaved one with empty names."""
    return Institution.objects.filter(pk=1).first() or Institution(pk=1)


def notices_of(user: User) -> QuerySet[Notice]:
    """What stands under this person's bell, the newest first."""
    return user.notices.all()


def substitutions_seen_by(user: User, today: date) -> QuerySet[Substitution]:
    """Those of this person, either way; an administrator sees all. The latest first."""
    rows = Substitution.objects.select_related("absent", "substitute").order_by("-ends_on", "-pk")
    if authority(user, Permission.ADMINISTER, today):
        return rows
    return rows.filter(Q(absent=user) | Q(substitute=user))


def people_with_a_role() -> QuerySet[User]:
    """Active people whose authority somebody could be given for a while."""
    return User.objects.filter(is_active=True, role_grants__isnull=False).distinct().order_by("full_name")


def possible_substitutes(absent: User | None) -> QuerySet[User]:
    """Whom `absent` may choose to stand in: active people of their own unit. None: everybody, for an administrator."""
    people = User.objects.filter(is_active=True).order_by("full_name")
    return people if absent is None else people.filter(unit=absent.unit_id).exclude(pk=absent.pk)
