"""Within SOP 3: the unit that owns data is asked whether it may be given to another unit. The clock rests meanwhile."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Unit, User
from accounts.wording import N_
from requests_app import messages, selectors
from requests_app.models import AccessRequest, OwnerConsent
from requests_app.policies import Refused
from requests_app.sop import Action, Actor
from requests_app.steps import account, disposition, move

REFUSED = N_("{actor} menjawab untuk {unit}: tidak setuju.")
RECORDED_REFUSAL = N_("{actor} mencatat jawaban {unit} tertanggal {dated}: tidak setuju.")
"""What the timeline says when the unit did not agree."""


@dataclass(frozen=True)
class Answer:
    """What the unit that owns the data says; `remark` must say why when it does not agree."""

    is_given: bool
    remark: str = ""


@transaction.atomic
def ask(
    request: AccessRequest, unit: Unit, *, by: User, now: datetime, question: str, version: int | None = None
) -> AccessRequest:
    """Ask `unit` for its consent; its staff and mailbox are told, and SOP 3's clock stands still.

    Raises `Refused` when `unit` is the one that applies.
    """
    act = move.begin(request, Action.ASK_OWNER, by=by, now=now, version=version)
    if unit.pk == act.request.unit_id:
        raise Refused(_("Unit pemohon tidak dapat dimintai persetujuan atas permohonannya sendiri."))
    disposition.mark_read(act.request, by=by, now=now)
    account.take(act, by)
    OwnerConsent.objects.create(request=act.request, unit=unit, question=question, asked_at=now, asked_by=by)
    return act.finish(unit=str(unit), detail=question)


@transaction.atomic
def answer(
    request: AccessRequest, said: Answer, *, by: User, now: datetime, version: int | None = None
) -> AccessRequest:
    """The unit answers here, and PSI goes on. A refusal decides nothing for PSI, but is shown beside the data."""
    act = move.begin(request, Action.ANSWER_OWNER, by=by, now=now, version=version)
    consent = _close(act, said, by=by)
    return act.finish(
        sentence="" if said.is_given else REFUSED,
        unit=str(consent.unit),
        detail=consent.remark,
        mail_context={"consent": consent},
    )


@transaction.atomic
def record(
    request: AccessRequest, said: Answer, *, dated: date, by: User, now: datetime, version: int | None = None
) -> AccessRequest:
    """PSI writes down an answer that came on paper or by letter, of the local date `dated`.

    The unit, whose question this closes, is told. Raises `Refused` when the date lies ahead.
    """
    act = move.begin(request, Action.RECORD_CONSENT, by=by, now=now, version=version)
    if dated > timezone.localdate(now):
        raise Refused(_("Tanggal jawaban belum tiba. Isi tanggal pada surat jawaban."))
    asked = messages.people_for(Actor.OWNER, act.request, now)
    consent = _close(act, said, by=by, dated=dated)
    with translation.override(settings.LANGUAGE_CODE):  # the record is in one language, whoever reads it
        day = date_format(dated, "j F Y")
    done = act.finish(
        sentence="" if said.is_given else RECORDED_REFUSAL,
        unit=str(consent.unit),
        dated=day,
        detail=consent.remark,
        mail_context={"consent": consent},
    )
    if event := selectors.last_event(done):
        messages.tell_people(
            [person for person in asked if person != by],
            done,
            "record_consent_owner",
            key=f"{done.reference}:{event.pk}:asked",
            context={"event": event, "consent": consent, **event.data},
            now=now,
        )
    return done


def _close(act: move.Act, said: Answer, *, by: User, dated: date | None = None) -> OwnerConsent:
    """Write the answer; raises `Refused` for a refusal without its reason."""
    remark = said.remark.strip()
    if not said.is_given and not remark:
        raise Refused(_("Tuliskan alasan unit tidak setuju."))
    consent = act.request.consents.select_related("unit").get(answered_at__isnull=True)
    consent.is_given, consent.remark = said.is_given, remark
    consent.answered_at, consent.answered_by, consent.answer_dated = act.now, by, dated
    consent.save(update_fields=["is_given", "remark", "answered_at", "answered_by", "answer_dated"])
    return consent
