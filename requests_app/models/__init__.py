"""One request and everything that hangs on it."""

from requests_app.models.access_request import AccessRequest, Document, RequestedItem
from requests_app.models.agenda import AgendaEntry, NumberBook
from requests_app.models.calendar import CalendarFeed, ConfirmedYear, DayRow, HoursPeriodRow, OfficeSpanRow
from requests_app.models.clock_rule import ClockRule
from requests_app.models.consent import OwnerConsent
from requests_app.models.digest import Digest
from requests_app.models.disposition import Disposition
from requests_app.models.passage import LateReason, Passage
from requests_app.models.reply_letter import ReplyLetter
from requests_app.models.step_entry import DeadlineNotice, StepEntry

__all__ = [
    "AccessRequest",
    "AgendaEntry",
    "CalendarFeed",
    "ClockRule",
    "ConfirmedYear",
    "DayRow",
    "DeadlineNotice",
    "Digest",
    "Disposition",
    "Document",
    "HoursPeriodRow",
    "LateReason",
    "NumberBook",
    "OfficeSpanRow",
    "OwnerConsent",
    "Passage",
    "ReplyLetter",
    "RequestedItem",
    "StepEntry",
]
