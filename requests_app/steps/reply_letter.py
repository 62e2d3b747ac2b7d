"""SOP 6: as the head directs, the helpdesk prepares the reply; approved, it is made once and never changes."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Institution, User
from requests_app import reply_papers, selectors
from requests_app.letter_numbers import UnknownField, write
from requests_app.letters.render import LetterError
from requests_app.messages import Attachment
from requests_app.models import AccessRequest, Document, NumberBook, ReplyLetter
from requests_app.policies import Refused
from requests_app.sop import Action
from requests_app.steps import move, numbers
from requests_app.uploads import stored_name


@dataclass(frozen=True)
class Draft:
    """What the helpdesk writes. `number` only when it comes from elsewhere; else it is drawn at approval."""

    recipient: str
    subject: str
    body: str
    language: str = "id"
    copies: str = ""
    security_class: str = "B"
    classification: str = ""
    number: str = ""


def preview(request: AccessRequest, *, now: datetime) -> bytes:
    """The PDF of the draft as saved, or as it would be proposed, marked KONSEP; nothing is written.

    Raises `Refused` when it cannot be printed as it stands.
    """
    house = selectors.institution()
    reply = ReplyLetter.objects.filter(request=request).first() or reply_papers.propose(request, house)
    return _typeset(reply, house, approved=False, now=now)


@transaction.atomic
def save(request: AccessRequest, draft: Draft, *, by: User, now: datetime, version: int | None = None) -> AccessRequest:
    """Keep the draft as typed; nothing is numbered."""
    act = move.begin(request, Action.SAVE_REPLY, by=by, now=now, version=version)
    _keep(act.request, draft, by=by, now=now)
    return act.finish()


@transaction.atomic
def send_for_approval(
    request: AccessRequest, draft: Draft, *, by: User, now: datetime, version: int | None = None
) -> AccessRequest:
    """Keep the draft and put it before the head. Raises `Refused` when it cannot be printed as it stands."""
    act = move.begin(request, Action.SEND_FOR_APPROVAL, by=by, now=now, version=version)
    reply = _keep(act.request, draft, by=by, now=now)
    _typeset(reply, selectors.institution(), approved=False, now=now)
    reply.correction = ""
    reply.save(update_fields=["correction"])
    return act.finish()


@transaction.atomic
def return_reply(
    request: AccessRequest, *, by: User, now: datetime, reason: str, version: int | None = None
) -> AccessRequest:
    """The head wants it changed."""
    act = move.begin(request, Action.RETURN_REPLY, by=by, now=now, version=version)
    ReplyLetter.objects.filter(request=act.request).update(correction=reason)
    return act.finish(reason=reason)


@transaction.atomic
def approve(request: AccessRequest, *, by: User, now: datetime, version: int | None = None) -> AccessRequest:
    """Draw the number, print the letter, keep its bytes: all of it or nothing.

    Raises `Refused` when the number was used already or the letter cannot be printed;
    the number is then not used up.
    """
    act = move.begin(request, Action.APPROVE_REPLY, by=by, now=now, version=version)
    institution, reply = selectors.institution(), act.request.reply
    reply.signatory_title = institution.signatory_title
    reply.signatory_name, reply.signatory_nip = by.full_name, by.identity_number
    reply.approved_at = now
    if reply.number:
        _check_number(reply.number, act.request)
    else:
        _draw_number(reply, institution, now)
    prefix = act.right.kind if act.right else ""
    content = _typeset(reply, institution, approved=True, now=now, prefix=prefix)
    with translation.override(reply.language):
        name = f"{_('Surat balasan')} {act.request.reference}.pdf"
    document = Document(
        request=act.request,
        kind=Document.Kind.REPLY_LETTER,
        display_name=name,
        content_type="application/pdf",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        added_by=by,
        added_at=now,
    )
    document.file.save(stored_name("reply", content_type="application/pdf", now=now), ContentFile(content), save=False)
    document.save()
    reply.document = document
    reply.save()
    return act.finish(number=reply.number)


@transaction.atomic
def send(request: AccessRequest, *, by: User, now: datetime, version: int | None = None) -> AccessRequest:
    """To the unit and the responsible person, by mail and on their pages; the request is finished."""
    act = move.begin(request, Action.SEND_REPLY, by=by, now=now, version=version)
    reply, locked = act.request.reply, act.request
    reply.sent_at = locked.finished_at = now
    reply.save(update_fields=["sent_at"])
    attachment = Attachment(str(reply.document.file.name), reply.document.display_name) if reply.document else None
    return act.finish(number=reply.number, mail_context={"attachment": attachment})


def _keep(request: AccessRequest, draft: Draft, *, by: User, now: datetime) -> ReplyLetter:
    elsewhere = draft.number.strip()
    if elsewhere:
        _check_number(elsewhere, request)
    reply, _is_new = ReplyLetter.objects.update_or_create(
        request=request,
        defaults={
            "kind": request.outcome or ReplyLetter.Kind.GRANTED,
            "language": draft.language,
            "recipient": draft.recipient,
            "subject": draft.subject,
            "body": draft.body,
            "copies": draft.copies,
            "security_class": draft.security_class,
            "classification": draft.classification,
            "numbering": ReplyLetter.Numbering.ELSEWHERE if elsewhere else ReplyLetter.Numbering.HERE,
            "number": elsewhere,
            "prepared_by": by,
            "saved_at": now,
        },
    )
    return reply


def _check_number(number: str, request: AccessRequest) -> None:
    if selectors.reply_with_number(number, but_not=request):
        raise Refused(_("Nomor surat %(number)s sudah dipakai untuk surat balasan lain.") % {"number": number})


def _draw_number(reply: ReplyLetter, institution: Institution, now: datetime) -> None:
    """The next number that no reply bears; one that was typed for another letter is passed over."""
    while True:
        before = reply.number
        reply.number_year, reply.number_in_book = numbers.draw(NumberBook.Book.OUTGOING, timezone.localdate(now))
        reply.number = _written(reply, institution)
        if reply.number == before:
            raise Refused(_("Pola nomor surat keluar tidak memuat {urut}, sehingga nomornya tidak akan berbeda."))
        if not selectors.reply_with_number(reply.number, but_not=reply.request):
            return


def _written(reply: ReplyLetter, institution: Institution) -> str:
    values = {
        "sifat": reply.security_class,
        "urut": reply.number_in_book or "",
        "unit": institution.letter_unit_code,
        "klasifikasi": reply.classification,
        "tahun": reply.number_year or "",
    }
    try:
        return write(institution.letter_number_pattern, values)
    except UnknownField as problem:
        raise Refused(
            _("Pola nomor surat keluar memuat isian yang tidak dikenal: %(part)s.") % {"part": problem}
        ) from None


def _typeset(reply: ReplyLetter, institution: Institution, *, approved: bool, now: datetime, prefix: str = "") -> bytes:
    try:
        on = timezone.localdate(now) if approved else None
        return reply_papers.typeset(reply, institution, on=on, now=now, signatory_prefix=prefix)
    except LetterError as problem:
        if problem.unprintable:
            characters = " ".join(problem.unprintable)
            raise Refused(
                _("Surat memuat karakter yang tidak dapat dicetak: %(characters)s") % {"characters": characters}
            ) from problem
        raise Refused(_("Surat tidak dapat dicetak: %(problem)s") % {"problem": problem}) from problem
    except ValueError as problem:
        raise Refused(_("Surat belum lengkap: isi, tujuan, dan penanda tangan harus ada.")) from problem
