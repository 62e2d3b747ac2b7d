"""The life of an account as arithmetic: its year, its state, its last day.

Pure: no Django, no clock. Whether an account is valid is computed from instants each
time somebody asks, so it dies on time even when nothing else is running.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from accounts.wording import N_

WIB = ZoneInfo("Asia/Jakarta")
ENDING_SOON_WITHIN = timedelta(days=60)
"""How long before its end an account is shown as ending soon."""


class State(StrEnum):
    """What an account is at one instant."""

    NOT_YET_ACTIVE = "not_yet_active"
    ACTIVE = "active"
    ENDING_SOON = "ending_soon"
    ENDED = "ended"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


STATE_LABELS: Mapping[State, str] = {
    State.NOT_YET_ACTIVE: N_("Belum aktif"),
    State.ACTIVE: N_("Aktif"),
    State.ENDING_SOON: N_("Akan berakhir"),
    State.ENDED: N_("Berakhir"),
    State.SUSPENDED: N_("Ditangguhkan"),
    State.REVOKED: N_("Dicabut"),
}

USABLE = frozenset({State.ACTIVE, State.ENDING_SOON})
"""The states in which the gate lets an account in."""


class Period(NamedTuple):
    """From `starts_at` up to, but not including, `ends_at`; both aware."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """The instants that decide an account's state; all aware, else ValueError.

    `ends_at` is exclusive: at that instant the account is dead. `activated_at` is when
    the secret was first shown; before that no secret exists.
    """

    starts_at: datetime
    ends_at: datetime
    suspended_at: datetime | None = None
    revoked_at: datetime | None = None
    activated_at: datetime | None = None

    def __post_init__(self) -> None:
        for instant in (self.starts_at, self.ends_at, self.suspended_at, self.revoked_at, self.activated_at):
            if instant is not None:
                _refuse_naive(instant)


def state_at(facts: Facts, now: datetime) -> State:
    """The state at the aware instant `now`; ValueError when it is naive.

    What cannot be undone is said first: a revoked account stays revoked after its end,
    a suspended one that reaches its end has ended.
    """
    _refuse_naive(now)
    if _has_come(facts.revoked_at, now):
        return State.REVOKED
    if now >= facts.ends_at:
        return State.ENDED
    if _has_come(facts.suspended_at, now):
        return State.SUSPENDED
    if now < facts.starts_at or not _has_come(facts.activated_at, now):
        return State.NOT_YET_ACTIVE
    if facts.ends_at - now <= ENDING_SOON_WITHIN:
        return State.ENDING_SOON
    return State.ACTIVE


def is_valid(facts: Facts, now: datetime) -> bool:
    """Whether the account may be used at the aware instant `now`; the end itself is no longer valid."""
    return state_at(facts, now) in USABLE


def one_year_from(day: date) -> Period:
    """The SOP's "akses 1 tahun" for an account made on the local date `day`.

    Valid from 00.00 WIB of `day` through the end, WIB, of the same date next year;
    29 February becomes 28 February. `ends_at` is 00.00 WIB of the day after that.
    TypeError for a datetime, whose date depends on its time zone.
    """
    if isinstance(day, datetime):
        raise TypeError("one_year_from needs a local date, not a datetime")
    is_leap_day = (day.month, day.day) == (2, 29)
    last_day = day.replace(year=day.year + 1, day=28 if is_leap_day else day.day)
    return Period(_midnight(day), _midnight(last_day + timedelta(days=1)))


def last_valid_date(ends_at: datetime) -> date:
    """The local (WIB) date to print after "berlaku s.d." for the exclusive, aware end `ends_at`."""
    _refuse_naive(ends_at)
    return (ends_at.astimezone(WIB) - timedelta.resolution).date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=WIB)


def _has_come(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and instant <= now


def _refuse_naive(instant: datetime) -> None:
    if instant.utcoffset() is None:
        raise ValueError(f"an instant needs a time zone: {instant!r}")
