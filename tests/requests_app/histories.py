"""A hand-written history of two dozen requests in October 2026 and around it, told once per test module.

The calendar is the shipped week, a collective leave on Friday 23 October, and no other day off; from 19 October on
row 6 is counted to the end of the next working day. Lines read: a name, then acts and moments (month-day hour:minute).
"""

import uuid
from collections.abc import Callable
from datetime import date, datetime

from accounts.roles import Role
from requests_app import sla
from requests_app.models import AccessRequest, ClockRule, DayRow
from requests_app.steps import account, confirmation, consent, disposition, reply_letter, request_letter
from tests import factories

LEAVE = date(2026, 10, 23)
END_OF_DAY_FROM = datetime(2026, 10, 19, tzinfo=sla.WIB)
AFTERWARDS = datetime(2026, 11, 10, 9, 0, tzinfo=sla.WIB)

TOLD = """
swift    open 10-05 08:00 submit 10-05 08:04 register 10-05 08:06 forward 10-05 08:07 dispose 10-05 10:00 create 10-05 13:30 inform 10-05 13:33 confirm 10-05 15:00 ask 10-06 08:00 approve 10-06 09:00 send 10-06 09:30
exact    open 10-05 09:00 submit 10-05 09:05 register 10-05 09:10 forward 10-05 09:11 dispose 10-05 11:00 create 10-06 11:00 inform 10-06 11:04 confirm 10-06 14:00 ask 10-07 09:00 approve 10-07 10:00 send 10-07 13:59
second   open 10-06 08:00 submit 10-06 08:03 register 10-06 08:20 forward 10-06 08:21 dispose 10-06 10:15 create 10-07 10:16 inform 10-07 10:30 confirm 10-07 11:00 ask 10-07 14:00 approve 10-07 15:00 send 10-07 15:30
weekend  open 10-08 14:00 submit 10-08 14:10 register 10-08 14:12 forward 10-08 14:13 dispose 10-09 15:00 create 10-12 14:59 inform 10-12 15:01 confirm 10-13 08:00 ask 10-13 09:00 approve 10-13 10:00 send 10-13 11:00
late3    open 10-12 08:00 submit 10-12 08:09 register 10-12 08:11 forward 10-12 08:15 dispose 10-12 09:00 create 10-14 10:30 inform 10-14 10:31 confirm 10-14 11:00 ask 10-14 13:30 approve 10-14 14:00 send 10-14 14:05
late6    open 10-12 09:00 submit 10-12 09:07 register 10-12 09:09 forward 10-12 09:10 dispose 10-12 10:00 create 10-12 15:00 inform 10-12 15:02 confirm 10-13 09:00 ask 10-13 10:00 approve 10-15 08:30 send 10-15 09:00
both     open 10-13 08:00 submit 10-13 08:02 register 10-13 08:03 forward 10-13 08:04 dispose 10-13 09:00 create 10-16 09:00 inform 10-16 09:20 confirm 10-16 13:45 ask 10-20 08:00 approve 10-20 09:00 send 10-20 10:00
returned open 10-13 10:00 submit 10-13 10:10 back 10-13 10:12 submit 10-14 08:00 register 10-14 08:01 forward 10-14 08:02 dispose 10-14 09:00 create 10-14 11:00 inform 10-14 11:03 confirm 10-15 08:00 ask 10-15 09:00 approve 10-15 10:00 send 10-15 11:00
asked    open 10-14 08:00 submit 10-14 08:05 register 10-14 08:07 forward 10-14 08:08 dispose 10-14 09:00 question 10-14 15:00 answer 10-19 10:00 create 10-20 09:30 inform 10-20 09:31 confirm 10-20 10:00 ask 10-20 11:00 approve 10-20 13:00 send 10-21 15:59
owner    open 10-14 08:30 submit 10-14 08:35 register 10-14 08:37 forward 10-14 08:38 dispose 10-14 09:30 owner 10-14 15:00 consent 10-16 09:00 owner 10-16 10:00 noted 10-19 08:00 create 10-20 10:00 inform 10-20 10:01 confirm 10-20 13:00 ask 10-20 14:00 approve 10-21 09:00 send 10-21 10:00
askedlat open 10-14 09:00 submit 10-14 09:05 register 10-14 09:07 forward 10-14 09:08 dispose 10-14 10:00 question 10-16 11:00 answer 10-20 08:00 create 10-20 09:00 inform 10-20 09:01 confirm 10-21 09:00 ask 10-21 10:00 approve 10-21 11:00 send 10-22 16:01
refused  open 10-15 08:00 submit 10-15 08:05 register 10-15 08:07 forward 10-15 08:08 dispose 10-15 09:00 hand 10-15 14:00 refuse 10-16 08:00 ask 10-16 10:00 return 10-16 11:00 ask 10-16 13:30 approve 10-16 14:00 send 10-16 15:00
refused2 open 10-15 09:00 submit 10-15 09:05 register 10-15 09:07 forward 10-15 09:08 clarify 10-15 10:00 submit 10-15 13:30 register 10-15 13:31 forward 10-15 13:33 refuse 10-15 15:00 ask 10-19 08:00 approve 10-19 09:00 send 10-19 09:05
handlate open 10-16 08:00 submit 10-16 08:05 register 10-16 08:07 forward 10-16 08:08 dispose 10-16 09:00 hand 10-20 09:00 dispose 10-20 10:00 create 10-20 14:00 inform 10-20 14:02 confirm 10-21 08:00 ask 10-21 09:00 approve 10-21 10:00 send 10-21 11:00
problem  open 10-19 08:00 submit 10-19 08:05 register 10-19 08:07 forward 10-19 08:08 dispose 10-19 09:00 create 10-19 10:00 inform 10-19 10:02 trouble 10-19 11:00 inform 10-19 11:30 confirm 10-19 14:00 ask 10-20 08:00 approve 10-20 09:00 send 10-20 10:00
leave    open 10-21 13:00 submit 10-21 13:05 register 10-21 13:06 forward 10-21 13:07 dispose 10-22 10:00 create 10-26 09:00 inform 10-26 09:03 proceed 10-27 09:00 ask 10-27 10:00 approve 10-28 09:00 send 10-28 15:00
paper    open 10-22 08:00 received 10-20 10:00 submit 10-22 08:20 register 10-22 08:21 forward 10-22 08:40 dispose 10-22 09:00 create 10-22 14:00 inform 10-22 14:05 confirm 10-26 08:00 ask 10-26 09:00 approve 10-26 10:00 send 10-26 11:00
paper2   open 10-26 08:00 received 10-21 09:00 submit 10-26 08:30 register 10-26 08:31 forward 10-26 08:32 refuse 10-26 10:00 ask 10-26 11:00 approve 10-26 13:00 send 10-26 14:00
gone     open 10-26 09:00 submit 10-26 09:05 register 10-26 09:06 forward 10-26 09:07 dispose 10-26 10:00 question 10-28 10:00 withdraw 10-29 08:00
early    open 09-28 08:00 submit 09-28 08:05 register 09-28 08:06 forward 09-28 08:07 dispose 09-29 10:00 create 10-01 10:00 inform 10-01 10:01 confirm 10-01 11:00 ask 10-01 13:00 approve 10-01 14:00 send 10-01 15:00
across   open 10-29 13:00 submit 10-29 13:05 register 10-29 13:06 forward 10-29 13:07 dispose 10-29 14:00 create 11-03 09:00 inform 11-03 09:02 confirm 11-03 10:00 ask 11-03 11:00 approve 11-03 13:00 send 11-04 09:00
stuck    open 10-28 08:00 submit 10-28 08:05 register 10-28 08:06 forward 10-28 08:07 dispose 10-28 09:00
waiting  open 10-30 14:00 submit 10-30 14:05
draft    open 10-30 15:00
"""  # noqa: E501 - a table


def tell() -> dict[str, AccessRequest]:
    """Let it happen through the services, in the order of time; what became of each, by its name."""
    DayRow.objects.create(date=LEAVE, kind=DayRow.Kind.COLLECTIVE, name="Cuti bersama uji", legal_basis="SKB uji")
    ClockRule.objects.create(
        number="6", effective_from=END_OF_DAY_FROM, reading=sla.Reading.END_OF_DAY, chosen_at=END_OF_DAY_FROM
    )
    factories.the_institution()
    for role in (Role.UNIT_STAFF, Role.HELPDESK, Role.HEAD, Role.PSI):
        factories.somebody(role)
    told: dict[str, AccessRequest] = {}
    received = {name: at for at, name, act in lines() if act == "received"}
    for at, name, act in sorted(lines(), key=lambda line: line[0]):
        if act == "open":
            told[name] = _opened(name, at, received.get(name))
        elif act != "received":
            ACTS[act](told[name], at)
            told[name] = AccessRequest.objects.get(pk=told[name].pk)
    return told


def lines() -> list[tuple[datetime, str, str]]:
    """Moment, who and act, in the order of the table."""
    found = []
    for name, *rest in map(str.split, TOLD.strip().splitlines()):
        found += [(moment(day, at), name, act) for act, day, at in zip(rest[::3], rest[1::3], rest[2::3], strict=True)]
    return found


def moment(day: str, at: str) -> datetime:
    """ "10-05" and "08:04" of 2026 in WIB."""
    return datetime.strptime(f"2026-{day} {at}", "%Y-%m-%d %H:%M").replace(tzinfo=sla.WIB)


def _opened(name: str, at: datetime, received: datetime | None) -> AccessRequest:
    by = factories.somebody(Role.HELPDESK if received else Role.UNIT_STAFF)
    unit = factories.somebody(Role.UNIT_STAFF).unit
    request = request_letter.begin_draft(unit=unit, by=by, now=at, start_key=uuid.uuid4(), happened_at=received)
    factories.fill_in(request, by=by, at=at, application=name)
    return request


def _submit(request: AccessRequest, at: datetime) -> None:
    request_letter.submit(request, by=request.created_by, now=at)


ACTS: dict[str, Callable[[AccessRequest, datetime], object]] = {
    "submit": _submit,
    "back": factories.return_to_unit,
    "register": factories.register,
    "forward": factories.forward,
    "dispose": factories.dispose,
    "clarify": lambda request, at: disposition.ask_for_clarification(
        request, by=factories.somebody(Role.HEAD), now=at, reason="Untuk apa?"
    ),
    "refuse": factories.refuse,
    "hand": lambda request, at: account.hand_back(
        request, by=factories.somebody(Role.PSI), now=at, reason="Bukan data kami."
    ),
    "question": factories.ask_unit,
    "answer": lambda request, at: request_letter.answer(request, by=request.created_by, now=at, text="Satu tahun."),
    "owner": factories.ask_owner,
    "consent": lambda request, at: consent.answer(
        request, consent.Answer(True), by=factories.person(unit=request.consents.get(answered_at=None).unit), now=at
    ),
    "noted": lambda request, at: consent.record(
        request, consent.Answer(True), dated=at.date(), by=factories.somebody(Role.PSI), now=at
    ),
    "create": factories.create_account,
    "inform": factories.inform,
    "trouble": lambda request, at: confirmation.report_problem(
        request, by=factories.handover.ProvenHolder(request.account_id, request.person_name), now=at, problem="Ditolak."
    ),
    "confirm": factories.confirm,
    "proceed": lambda request, at: confirmation.proceed_unconfirmed(
        request, by=request.assignee, now=at, reason="Tidak menjawab."
    ),
    "ask": factories.send_for_approval,
    "return": lambda request, at: reply_letter.return_reply(
        request, by=factories.somebody(Role.HEAD), now=at, reason="Perbaiki ejaan."
    ),
    "approve": factories.approve,
    "send": factories.send,
    "withdraw": factories.withdraw,
}
