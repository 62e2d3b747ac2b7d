"""What every page shows around its content."""

from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import authority, has, substitutions_of
from accounts.roles import Permission
from accounts.selectors import institution
from requests_app.selectors import waiting_for


@dataclass(frozen=True)
class NavItem:
    """One line of the navigation; `count` is what waits there, None where nothing is counted."""

    label: str
    url: str
    icon: str
    active: bool
    count: int | None = None


DECIDING = frozenset({"disposition", "ask_for_clarification", "refuse"})
"""Pages of one request that belong to the head's queue, whatever their address says."""


def house(request: HttpRequest) -> dict[str, Any]:
    """`house`: the institution, and for a signed-in person their navigation, notices and substitutions."""
    data = institution()
    known: dict[str, Any] = {
        "name": data.name,
        "short_name": data.short_name,
        "service_unit": data.service_unit_short or data.service_unit,
        "accent": data.accent,
        "correspondence_system": data.correspondence_system,
        "helpdesk_email": data.helpdesk_email,
        "helpdesk_phone": data.helpdesk_phone,
        "nav": [],
    }
    user = getattr(request, "user", None)
    if isinstance(user, User):
        known["search_url"] = reverse("requests")
        known["unread_notices"] = user.notices.filter(read_at__isnull=True).count()
        known["acting_for"] = [str(row.absent) for row in substitutions_of(user, timezone.localdate())]
        known["nav"] = [asdict(item) for item in _navigation(request, user)]
    return {"house": known}


def _navigation(request: HttpRequest, user: User) -> list[NavItem]:
    now = timezone.now()
    today = timezone.localdate(now)

    def may(permission: Permission) -> bool:
        return authority(user, permission, today) is not None

    here = request.resolver_match.url_name if request.resolver_match else None
    is_deciding = here in DECIDING and may(Permission.DISPOSE)

    def item(label: str, name: str, icon: str, count: int | None = None) -> NavItem:
        url = reverse(name)
        active = request.path == url if name == "home" else request.path.startswith(url)
        if is_deciding:
            active = name == "dispositions"
        return NavItem(label, url, icon, active, count)

    items = [item(_("Beranda"), "home", "home", waiting_for(user, now).count())]
    if may(Permission.DISPOSE):
        items.append(item(_("Disposisi"), "dispositions", "inbox"))
    items.append(item(_("Permohonan"), "requests", "list"))
    if may(Permission.SEE_EVERY_REQUEST):
        items.append(item(_("Pemantauan"), "dashboard", "chart"))
        items.append(item(_("Buku agenda"), "agenda_book", "book"))
    items.append(item(_("Akun"), "accounts", "key"))
    items.append(item(_("Kalender"), "calendar", "calendar"))
    items.append(item(_("SOP"), "sop", "route"))
    if has(user, Permission.ADMINISTER):  # a workshop, not a decision: nobody stands in for an administrator there
        items.append(item(_("Pengelolaan"), "administration", "settings"))
    return items
