"""From a request to its reply letter: the proposed draft, and the paper that is typeset."""

from datetime import date, datetime

from django.utils import timezone, translation

from accounts.models import Institution
from requests_app.letters import papers
from requests_app.letters.render import render
from requests_app.letters.reply_text import ReplyFacts, draft, parse
from requests_app.models import AccessRequest, AgendaEntry, ReplyLetter, RequestedItem
from requests_app.policies import last_disposition
from webservice_accounts.lifecycle import last_valid_date

RENEWAL_WORKING_DAYS = 10
"""How many working days before the end the letter asks for a renewal."""


def facts(request: AccessRequest, institution: Institution) -> ReplyFacts:
    """What the letter may say of this request; never a secret, phone or e-mail of the person."""
    items = list(request.items.select_related("data_type"))
    account, disposition = request.account, last_disposition(request)
    period = account.periods.filter(origin=request.subject).first() if account else None
    refused = [(str(item), item.reason) for item in items if item.decision == RequestedItem.Decision.REFUSED]
    if request.other_data_reason:
        refused.append((request.other_data, request.other_data_reason))
    is_refused = request.outcome == AccessRequest.Outcome.REFUSED
    return ReplyFacts(
        unit_name=request.unit.name,
        letter_number=request.letter_number,
        letter_date=request.letter_date,
        letter_subject=request.letter_subject,
        person_name=request.person_name,
        identity_label=request.get_identity_type_display(),
        identity_number=request.identity_number,
        granted=tuple(str(item) for item in items if item.decision == RequestedItem.Decision.GRANTED),
        refused=() if is_refused else tuple(refused),
        purpose=request.purpose,
        valid_from=timezone.localdate(period.starts_at) if period else None,
        valid_until=last_valid_date(period.ends_at) if period else None,
        refusal_reason=disposition.note if is_refused and disposition else "",
        renewal_working_days=RENEWAL_WORKING_DAYS if account else 0,
        is_renewal=request.renews_id is not None,
        helpdesk_contact=", ".join(filter(None, [institution.helpdesk_email, institution.helpdesk_phone])),
    )


def propose(request: AccessRequest, institution: Institution, *, language: str = "id") -> ReplyLetter:
    """An unsaved draft of the reply, worded for the outcome."""
    kind = request.outcome or AccessRequest.Outcome.GRANTED
    with translation.override(language):  # the letter's language, not the reader's
        subject, body = draft(kind, language=language, facts=facts(request, institution))  # type: ignore[arg-type]
    agenda = AgendaEntry.objects.filter(request=request).first()
    return ReplyLetter(
        request=request,
        kind=kind,
        language=language,
        recipient=f"{request.unit.head_title}\n{request.unit.name}",
        subject=subject,
        body=body,
        classification=institution.default_classification,
        security_class=agenda.security_class if agenda else AgendaEntry.SecurityClass.NORMAL,
    )


def letterhead(institution: Institution) -> papers.Letterhead:
    """The kop as the administrator keeps it. Raises ValueError for a logo that cannot be printed."""
    logo = None
    if institution.logo:
        with institution.logo.open("rb") as file:
            logo = papers.Logo(file.read(), alt=f"Lambang {institution.name}")
    return papers.Letterhead(
        ministry=institution.ministry,
        institution=institution.name,
        unit_lines=(institution.service_unit,),
        address_lines=tuple(institution.address.splitlines()),
        contact_line=institution.contact_line,
        logo=logo,
    )


def typeset(
    reply: ReplyLetter, institution: Institution, *, on: date | None, now: datetime, signatory_prefix: str = ""
) -> bytes:
    """The PDF of the reply; a draft (no number or no date yet) says KONSEP across every page."""
    is_normal = reply.security_class == AgendaEntry.SecurityClass.NORMAL
    with translation.override(reply.language):  # as above
        security_class = "" if is_normal else str(AgendaEntry.SecurityClass(reply.security_class).label)
    paper = papers.ReplyLetter(
        letterhead=letterhead(institution),
        number=reply.number,
        date=on,
        security_class=security_class,
        subject=reply.subject,
        recipient_lines=tuple(line.strip() for line in reply.recipient.splitlines() if line.strip()),
        blocks=tuple(parse(reply.body)),
        signatory=papers.Signatory(
            title=reply.signatory_title or institution.signatory_title,
            name=reply.signatory_name,
            nip=reply.signatory_nip,
            prefix=signatory_prefix,  # type: ignore[arg-type]  # the two values of Substitution.Kind
        ),
        copies=tuple(line.strip() for line in reply.copies.splitlines() if line.strip()),
        language=reply.language,  # type: ignore[arg-type]
        draft=on is None or not reply.number,
    )
    return render("reply", paper.to_data(), now=now)
