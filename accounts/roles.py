"""Who may ever do what: a pure table, read only by `accounts.permissions`.

Whether they may do it to *this* request *now* is another question
(`requests_app.policies`), and whether they may see it yet another
(`requests_app.selectors.visible_to`).
"""

from collections.abc import Mapping
from enum import StrEnum

from accounts.wording import N_


class Role(StrEnum):
    """What a person is to the procedure. One person may hold several."""

    UNIT_STAFF = "unit_staff"
    HELPDESK = "helpdesk"
    HEAD = "head"
    PSI = "psi"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


ROLE_LABELS: Mapping[Role, str] = {
    Role.UNIT_STAFF: N_("Staf unit kerja"),
    Role.HELPDESK: N_("Admin/Helpdesk"),
    Role.HEAD: N_("Kepala UPT TIK"),
    Role.PSI: N_("Divisi PSI"),
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.AUDITOR: N_("Auditor (hanya baca)"),
}


class Permission(StrEnum):
    """What a role allows, named for the act."""

    SEND_REQUEST = "send_request"
    """Send, correct and withdraw requests of one's own unit (SOP 1)."""
    REGISTER = "register"
    """Register letters, also paper ones, return or forward them (SOP 2)."""
    DISPOSE = "dispose"
    """Decide what becomes of a letter, approve replies (the head)."""
    CREATE_ACCOUNT = "create_account"
    """Create accounts and inform about them (SOP 3 and 5)."""
    WRITE_REPLY = "write_reply"
    """Prepare and send the reply letter (SOP 6)."""
    SEE_EVERY_REQUEST = "see_every_request"
    ADMINISTER = "administer"
    """People, units, catalogue, calendar, institution, what waits in the outbox."""


_OFFICE = frozenset({Permission.SEE_EVERY_REQUEST})

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.UNIT_STAFF: frozenset({Permission.SEND_REQUEST}),
    Role.HELPDESK: _OFFICE | {Permission.REGISTER, Permission.WRITE_REPLY},
    Role.HEAD: _OFFICE | {Permission.DISPOSE},
    Role.PSI: _OFFICE | {Permission.CREATE_ACCOUNT},
    Role.ADMINISTRATOR: _OFFICE | {Permission.ADMINISTER},
    Role.AUDITOR: _OFFICE,
}
