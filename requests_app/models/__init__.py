"""One request and everything that hangs on it."""

from requests_app.models.access_request import AccessRequest, Document, RequestedItem
from requests_app.models.agenda import AgendaEntry, NumberBook
from requests_app.models.calendar import ConfirmedYear, DayRow, HoursPeriodRow, OfficeSpanRow
from requests_app.models.disposition import Disposition
from requests_app.models.reply_letter import ReplyLetter
from requests_app.models.step_entry import DeadlineNotice, StepEntry

__all__ = [
    "AccessRequest",
    "AgendaEntry",
    "ConfirmedYear",
    "DayRow",
    "DeadlineNotice",
    "Disposition",
    "Document",
    "HoursPeriodRow",
    "NumberBook",
    "OfficeSpanRow",
    "ReplyLetter",
    "RequestedItem",
    "StepEntry",
]
