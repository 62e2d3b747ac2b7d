"""How a request is shown: from rows to what the components in `templates/_*.html` are given."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import has
from accounts.roles import Permission
from accounts.wording import N_
from requests_app import deadlines, selectors, sla_wording, working_time
from requests_app.models import AccessRequest, Document, StepEntry
from requests_app.sla import Clock, WorkingCalendar
from requests_app.sop import ACTOR_LABELS, Action, Actor, Status

SOON = 2 * 60 * 60
"""Seconds of clock time before a deadline from which it is shown as near."""

WORK_PAGE: Mapping[Status, str] = {
    Status.DRAFT: "request_summary",
    Status.SUBMITTED: "agenda",
    Status.RETURNED: "request_summary",
    Status.REGISTERED: "agenda",
    Status.AWAITING_DISPOSITION: "disposition",
    Status.DISPOSED: "account_work",
    Status.CLARIFICATION: "answer",
    Status.CONSENT: "answer_owner",
    Status.ACCOUNT_CREATED: "inform",
    Status.INFORMED: "key",
    Status.REPLY_DRAFTING: "reply",
    Status.REPLY_APPROVAL: "approve_reply",
    Status.REPLY_APPROVED: "reply",
}
"""Where the one who is waited for does what they are waited for."""

WORK_LABEL: dict[Status, str] = {
    Status.DRAFT: N_("Lanjutkan mengisi"),
    Status.SUBMITTED: N_("Agendakan"),
    Status.RETURNED: N_("Lengkapi permohonan"),
    Status.REGISTERED: N_("Teruskan ke Kepala"),
    Status.AWAITING_DISPOSITION: N_("Putuskan disposisi"),
    Status.DISPOSED: N_("Buat akun"),
    Status.CLARIFICATION: N_("Jawab pertanyaan"),
    Status.CONSENT: N_("Jawab sebagai pemilik data"),
    Status.ACCOUNT_CREATED: N_("Informasikan akun"),
    Status.INFORMED: N_("Buka kunci dan konfirmasi"),
    Status.REPLY_DRAFTING: N_("Siapkan surat balasan"),
    Status.REPLY_APPROVAL: N_("Periksa surat balasan"),
    Status.REPLY_APPROVED: N_("Kirim surat balasan"),
}

RENEWAL_LABEL: dict[Status, str] = {
    Status.DISPOSED: N_("Perpanjang akun"),
    Status.INFORMED: N_("Konfirmasi akun"),
}
"""Where a renewal is something else than the first request of an account."""

VERB_ICONS = {
    Action.SUBMIT: "send",
    Action.REGISTER: "book",
    Action.RETURN_TO_UNIT: "undo",
    Action.FORWARD: "forward",
    Action.DISPOSE: "decision",
    Action.ASK_FOR_CLARIFICATION: "help",
    Action.REFUSE: "x-circle",
    Action.ASK_UNIT: "help",
    Action.ASK_OWNER: "database",
    Action.ANSWER_OWNER: "decision",
    Action.RECORD_CONSENT: "letter",
    Action.REASSIGN: "users",
    Action.CREATE_ACCOUNT: "key",
    Action.INFORM: "mail",
    Action.CONFIRM: "check-circle",
    Action.REPORT_PROBLEM: "alert",
    Action.APPROVE_REPLY: "stamp",
    Action.SEND_REPLY: "letter",
    Action.WITHDRAW: "close",
    "reveal": "unlock",
    "deadline_breach": "late",
    "deadline_moved": "calendar",
    "explain_lateness": "pen",
}
"""What a line of the timeline is drawn with; the others get a dot."""


def work_url(item: AccessRequest) -> str:
    """The page where the present step is done; the request's own page after the end."""
    name = WORK_PAGE.get(Status(item.status), "request")
    return reverse(name, args=[item.reference])


def work_label(item: AccessRequest) -> str:
    """What the button to that page says; nothing after the end."""
    labels = WORK_LABEL | RENEWAL_LABEL if item.renews_id else WORK_LABEL
    return _(labels.get(Status(item.status), ""))


def due_of(entry: StepEntry | None) -> datetime | None:
    """The deadline worth showing: the 5-minute norms are reported, never held up to anybody."""
    return entry.due_at if entry and entry.step.clock is Clock.WORKING_DAYS else None


def tone_of(entry: StepEntry | None, now: datetime, *, is_mine: bool) -> str:
    """One of the five states: late and soon before "your turn", which is before in time and waiting."""
    due = due_of(entry)
    if due and due <= now:
        return "late"
    if due and (due - now).total_seconds() <= SOON:
        return "soon"
    if is_mine:
        return "yours"
    return "in_time" if due else "waiting"


def why(
    item: AccessRequest,
    entry: StepEntry | None,
    calendar: Callable[[], WorkingCalendar] = working_time.working_calendar,
) -> sla_wording.Words | None:
    """The deadline that `due_of` shows, explained for `_explanation.html`; None where none is shown.

    For pages about one request: it reads the history, the calendar and the rules.
    """
    if due_of(entry) is None:
        return None
    explanation = deadlines.explained(list(item.entries.all()), calendar(), working_time.rules())
    return sla_wording.in_words(explanation, _, get_language() or "id") if explanation else None


def open_entry(item: AccessRequest) -> StepEntry | None:
    """The stay that lasts, from `selectors.with_clock` or `read_history` when the request was fetched with it."""
    if hasattr(item, "open_entries"):
        return item.open_entries[0] if item.open_entries else None
    return next((entry for entry in item.entries.all() if entry.left_at is None), None)


def label_of(item: AccessRequest, user: User, *, mine: bool = False) -> str:
    """The state in words: for the office, for those who applied, and for the unit whose answer it waits for."""
    if mine and item.status == Status.CONSENT:
        return _("Menunggu jawaban Anda")
    step = item.step
    return _(step.label if has(user, Permission.SEE_EVERY_REQUEST) else step.applicant_label)


def cards(items: Iterable[AccessRequest], user: User, now: datetime, *, mine: bool = False) -> list[dict[str, Any]]:
    """What `_card.html` is given for each; `mine`: these wait for the reader, so the button leads to the work."""
    items, shown = list(items), []
    in_hands = selectors.in_whose_hands(items, now)
    for item in items:
        entry = open_entry(item)
        shown.append(
            {
                "url": work_url(item) if mine else item.get_absolute_url(),
                "reference": item.reference,
                "title": item.application or item.letter_subject or _("Permohonan tanpa judul"),
                "unit": item.unit.name,
                "tone": tone_of(entry, now, is_mine=mine),
                "text": label_of(item, user, mine=mine),
                "who": who(item, in_hands.get(item.pk)),
                "due": due_of(entry),
                "why_url": f"{item.get_absolute_url()}#batas-waktu" if due_of(entry) else "",
                "since": entry.entered_at if entry else item.finished_at,
                "item": item,
                "is_open": entry is not None,
                "icon": "" if entry else "check-circle",
                "action_label": work_label(item) if mine else "",
            }
        )
    return shown


def hands(item: AccessRequest, now: datetime) -> selectors.Hands | None:
    """In whose hands at PSI it is; None where it is in nobody's there."""
    return selectors.in_whose_hands([item], now).get(item.pk)


def who(item: AccessRequest, hands: selectors.Hands | None) -> str:
    """Who at PSI is on it, or that nobody is yet; "" where it is in nobody's hands there."""
    if hands is None:
        return ""
    if hands.person is None:
        return _("Belum diambil Divisi PSI")
    if hands.substitute:
        name = _("%(substitute)s, menggantikan %(name)s s.d. %(until)s") % {
            "substitute": hands.substitute.substitute,
            "name": hands.person,
            "until": date_format(hands.substitute.ends_on, "j F"),
        }
    else:
        name = f"{hands.person} ({_(ACTOR_LABELS[Actor.PSI])})"
    if item.status in selectors.KEPT_BY_ONE:
        return _("Ditangani: %(name)s") % {"name": name}
    return _("Sedang dikerjakan: %(name)s") % {"name": name}


def stations(item: AccessRequest, hands: selectors.Hands | None) -> list[dict[str, Any]]:
    """What `_progress.html` is given: the six stations of the SOP, with who is there today."""
    shown = []
    for station in selectors.progress(item):
        actor: Actor = station.waits_for or station.activity.actor
        doer = _(ACTOR_LABELS[actor])
        if station.state == "now" and actor is Actor.PSI and hands and hands.person:
            doer = f"{hands.substitute.substitute if hands.substitute else hands.person} ({doer})"
        shown.append(
            {
                "number": station.activity.number,
                "label": _(station.activity.short),
                "state": station.state,
                "who": doer,
                "at": station.left_at,
                "due": station.due_at if station.activity.printed_time != "5 menit" else None,
                "note": (
                    _("Waktu baku %(time)s") % {"time": _(station.activity.printed_time)}
                    if station.state != "done" and station.activity.printed_time
                    else ""
                ),
            }
        )
    return shown


def documents(rows: QuerySet[Document] | Iterable[Document]) -> list[dict[str, Any]]:
    """What `_file_list.html` and `_viewer.html` are given."""
    return [
        {
            "name": row.display_name,
            "type": row.content_type,
            "size": row.size,
            "view_url": row.get_absolute_url(),
            "download_url": f"{row.get_absolute_url()}?unduh=1",
        }
        for row in rows
    ]


def timeline(item: AccessRequest) -> list[dict[str, Any]]:
    """What `_timeline.html` is given: the newest first; the sentence already names who did it."""
    return [
        {
            "at": entry.at,
            "recorded_at": entry.recorded_at,
            "sentence": entry.sentence,
            "detail": entry.detail,
            "icon": VERB_ICONS.get(entry.verb, ""),
        }
        for entry in reversed(selectors.timeline(item))
    ]
