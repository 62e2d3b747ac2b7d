"""From a request to its receipt: what the unit can show or print to prove what it sent."""

from django.utils.translation import gettext as _

from accounts.models import Institution
from requests_app.letters import papers
from requests_app.letters.dates import Language, long_moment
from requests_app.letters.render import render
from requests_app.models import AccessRequest
from requests_app.reply_papers import letterhead
from requests_app.sop import ACTIVITIES, ACTOR_LABELS


def next_steps() -> list[str]:
    """What happens after the letter was sent: the SOP's own rows, with who acts and the standard time."""
    return [
        _("%(what)s: %(who)s") % {"what": _(row.short), "who": _(ACTOR_LABELS[row.actor])}
        + (f", {_(row.printed_time)}" if row.printed_time else "")
        for row in ACTIVITIES[1:]
    ]


def data_asked_for(request: AccessRequest) -> list[str]:
    """The catalogue rows by name, then the unit's own words."""
    names = [str(item) for item in request.items.select_related("data_type")]
    return [*names, request.other_data] if request.other_data.strip() else names


def note(request: AccessRequest, institution: Institution, language: Language) -> str:
    """What else the unit should know: what is renewed, the paper that is awaited, or when it came in."""
    renewed = _("Perpanjangan akun %(name)s.") % {"name": request.renews} if request.renews else ""
    return " ".join(filter(None, [renewed, _about_paper(request, institution, language)]))


def _about_paper(request: AccessRequest, institution: Institution, language: Language) -> str:
    if request.happened_at:
        return _("Surat kertas diterima %(moment)s dan dicatat oleh Admin/Helpdesk.") % {
            "moment": long_moment(request.happened_at, language)
        }
    if request.delivery == AccessRequest.Delivery.PAPER:
        return _("Kirim surat kertas ke %(office)s dan sebutkan nomor referensi %(reference)s.") % {
            "office": institution.service_unit,
            "reference": request.reference,
        }
    return ""


def typeset(request: AccessRequest, institution: Institution, *, language: Language) -> bytes:
    """The PDF of the receipt of a sent request; the same request gives the same bytes.

    A character that the letter's font lacks is replaced: nobody proofreads a receipt.
    Raises ValueError before the request was sent.
    """
    if request.submitted_at is None:
        raise ValueError("a receipt is for what was sent")
    paper = papers.Receipt(
        letterhead=letterhead(institution),
        reference=request.reference,
        received_at=request.submitted_at,
        unit=request.unit.name,
        subject=request.letter_subject,
        data_types=tuple(data_asked_for(request)),
        next_steps=tuple(next_steps()),
        letter_number=request.letter_number,
        letter_date=request.letter_date,
        note=note(request, institution, language),
        language=language,
    )
    return render("receipt", paper.to_data(), now=request.submitted_at, replace_unprintable=True)
