"""What the SOP's row 1 demands of a letter, and nothing more: Nama, NIP, NoTelpon, Email, jenis data, the letter."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from requests_app.models import AccessRequest, Document


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
        ("letter", has_letter, _("surat permohonan")),
    )
    return [Gap(part, text) for part, is_there, text in checks if not is_there]
