"""Why a row of the SOP was late: written by those who did it or by the head, for the report and the timeline."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.wording import N_
from requests_app import policies, working_time
from requests_app.lateness import LateRun, of_request
from requests_app.models import AccessRequest, LateReason
from requests_app.policies import Refused
from requests_app.sop import Actor

WRITTEN = N_("{actor} menulis alasan keterlambatan langkah “{step}”: {cause}.")
CHANGED = N_("{actor} mengubah alasan keterlambatan langkah “{step}”: {cause}.")


@dataclass(frozen=True)
class Reason:
    """What is said: a value of `LateReason.Cause`, and an explanation that is not empty."""

    cause: str
    text: str


def why_not(person: policies.Person, run: LateRun, *, now: datetime) -> str | None:
    """None when `person` may write or change the reason of this late run; else why not, as a sentence."""
    return policies.why_not_explain_lateness(person, run.request, doers(run), run.reason, now=now)


def doers(run: LateRun) -> frozenset[Actor]:
    """Whose work it was: that of the SOP's row, and of whoever had it when the deadline passed."""
    return frozenset({run.activity.actor, run.waited_for})


def seen(run: LateRun) -> str:
    """Names what is written now, for a form to tell whether somebody else wrote meanwhile; "" where nothing is."""
    return run.reason.written_at.isoformat() if run.reason else ""


@transaction.atomic
def write(
    request: AccessRequest, key: int, reason: Reason, *, by: User, now: datetime, as_seen: str | None = None
) -> LateReason:
    """Write or change the reason of the late run of that `key`; one row and one event.

    `as_seen` is `seen` of the page that was filled in. Raises `Refused` when the run is not late (any more), it is not
    theirs to say, or somebody wrote since.
    """
    locked = AccessRequest.objects.select_for_update(of=("self",)).select_related("unit").get(pk=request.pk)
    runs = of_request(locked, calendar=working_time.working_calendar(), now=now)
    run = next((one for one in runs if one.key == key), None)
    if run is None:
        raise Refused(_("Langkah ini tidak terlambat, sehingga tidak ada yang perlu dijelaskan."))
    if problem := why_not(by, run, now=now):
        raise Refused(problem)
    if as_seen is not None and as_seen != seen(run) and run.reason:
        raise Refused(
            _("Alasan ini baru saja ditulis %(name)s: “%(text)s”. Simpan lagi hanya bila perlu menggantinya.")
            % {"name": run.reason.written_by, "text": run.reason.text}
        )
    written, is_new = LateReason.objects.update_or_create(
        request=locked,
        number=run.number,
        started_at=run.started_at,
        defaults={"cause": reason.cause, "text": reason.text.strip(), "written_at": now, "written_by": by},
    )
    right = policies.explains_as(by, doers(run), now=now)
    with translation.override("id"):  # the record speaks the source language, whoever acts
        cause = str(LateReason.Cause(reason.cause).label)
    audit.record(
        locked.subject,
        "explain_lateness",
        WRITTEN if is_new else CHANGED,
        by=by,
        acting_for=right.acting_for if right else "",
        now=now,
        data={"step": run.activity.short, "cause": cause, "detail": written.text},
    )
    return written
