"""What the SOP's row 1 demands of a letter, and nothing more: Nama, NIP, NoTelpon, Email, jenis data, the letter.

What looks odd besides is said, and never blocks.
"""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from accounts.identity import soft_hints
from accounts.selectors import institution
from requests_app import renewals
from requests_app.models import AccessRequest, Document

OFFICIAL_DOMAINS = ("ac.id", "go.id")
"""Under which universities and offices have their addresses."""


@dataclass(frozen=True)
class Gap:
    """Something that is missing: which part of the form asks for it, and its name."""

    part: str
    text: str


def missing(request: AccessRequest) -> list[Gap]:
    """What still blocks sending, in the order of the form; empty when it may go."""
    has_letter = request.delivery == AccessRequest.Delivery.PAPER or (
        request.documents.filter(kind=Document.Kind.REQUEST_LETTER).exists()
    )
    checks = (
        ("person", request.person_name, _("nama penanggung jawab")),
        ("person", request.identity_type and request.identity_number, _("NIP atau nomor identitas lain")),
        ("person", request.phone, _("nomor telepon")),
        ("person", request.email, _("email")),
        ("data", request.other_data.strip() or request.items.exists(), _("jenis data yang dibutuhkan")),
        ("letter", has_letter or not renewals.needs_letter(request), _("surat permohonan")),
    )
    return [Gap(part, text) for part, is_there, text in checks if not is_there]


def oddities(request: AccessRequest, today: date) -> list[Gap]:
    """What is worth a second look on the local date `today`: digits of the number, a private e-mail address."""
    found = [Gap("person", hint) for hint in soft_hints(request.identity_type, request.identity_number, today)]
    if request.email and not _is_official(request.email, request.unit.email, institution().helpdesk_email):
        text = _(
            "%(email)s bukan alamat email dinas. Kunci akses diserahkan ke alamat ini; sebaiknya pakai email dinas."
        )
        found.append(Gap("person", text % {"email": request.email}))
    return found


def _is_official(email: str, *known: str) -> bool:
    """Whether the address is under an official domain, or under that of one of the `known` addresses."""
    domains = (*OFFICIAL_DOMAINS, *(address.partition("@")[2] for address in known if address))
    host = "." + email.partition("@")[2].lower()
    return any(host.endswith("." + domain.lower()) for domain in domains)
