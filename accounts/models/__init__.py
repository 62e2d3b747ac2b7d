"""People and their organisation."""

from accounts.models.audit_event import AuditEvent
from accounts.models.institution import Institution, Unit
from accounts.models.message import Notice, OutgoingMail
from accounts.models.person import RoleGrant, Substitution, User

__all__ = ["AuditEvent", "Institution", "Notice", "OutgoingMail", "RoleGrant", "Substitution", "Unit", "User"]
