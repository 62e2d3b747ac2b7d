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

TOKEN_LIFE = timedelta(minutes=10)
"""How long an access token lives, unless its account or its secret ends before."""

TAKES_EFFECT_WITHIN = timedelta(seconds=30)
"""How long a decision of the gate may outlive a change, everywhere: our own memory and the gateway's cache together."""


NOTICE_DAYS = (60, 30, 14, 7, 1)
"""How many local days before the last valid day the responsible person is reminded."""

AFTER_END = -1
"""The notice that says once that the account has ended."""

NOTICE_TIME = time(7, 45)
"""Local time from which a reminder is due: a quarter of an hour after the office opened, so that somebody can act."""

CAUGHT_UP_WITHIN = timedelta(days=30)
"""How long after its end an account is still told that it has ended, when nobody could tell it earlier."""

UNUSED_AFTER = timedelta(days=90)
"""Without a use for this long the holder is asked whether the account is still needed."""

UNUSED_ANSWER_WITHIN = timedelta(days=14)
"""How long an answer is waited for before an account that nobody uses is suspended."""


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


class DueNotice(NamedTuple):
    """One reminder: `threshold` is of `NOTICE_DAYS` or `AFTER_END`; it is due since the aware `due_at`."""

    threshold: int
    due_at: datetime


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


def one_more_year(ends_at: datetime) -> Period:
    """The year that a renewal adds to an account with the exclusive, aware end `ends_at`, before it has come.

    From the old end, so that asking early loses nothing: valid through 22 November 2027
    becomes valid through 22 November 2028; through 29 February becomes through 28 February.
    """
    return Period(ends_at, one_year_from(last_valid_date(ends_at)).ends_at)


def last_valid_date(ends_at: datetime) -> date:
    """The local (WIB) date to print after "berlaku s.d." for the exclusive, aware end `ends_at`."""
    _refuse_naive(ends_at)
    return (ends_at.astimezone(WIB) - timedelta.resolution).date()


def notice_due_at(ends_at: datetime, threshold: int) -> datetime:
    """Since when the reminder `threshold` is due for the exclusive, aware end `ends_at`.

    For an account valid through 22 November 2027 the 60 days' one is due on 23 September
    at 07.45 WIB, the one of 1 day on 21 November at 07.45 WIB. `AFTER_END` is due at the
    end itself, 00.00 WIB of 23 November: whoever finds a closed gate finds the reason too.
    ValueError for any other threshold.
    """
    if threshold == AFTER_END:
        _refuse_naive(ends_at)
        return ends_at
    if threshold not in NOTICE_DAYS:
        raise ValueError(f"not a threshold: {threshold}")
    return datetime.combine(last_valid_date(ends_at) - timedelta(days=threshold), NOTICE_TIME, tzinfo=WIB)


def notices_due(ends_at: datetime, now: datetime) -> list[DueNotice]:
    """Every reminder for the end `ends_at` that is due at `now`, the oldest first; both aware."""
    _refuse_naive(now)
    series = (DueNotice(threshold, notice_due_at(ends_at, threshold)) for threshold in (*NOTICE_DAYS, AFTER_END))
    return [notice for notice in series if notice.due_at <= now]


def ends_noticed(now: datetime) -> Mapping[int, tuple[datetime, datetime]]:
    """For each threshold the ends (after the first, up to and including the second) whose newest due notice it is.

    This is `notices_due` turned round, so that a database can be asked with an index on
    the end. Ends longer ago than `CAUGHT_UP_WITHIN` are in none.
    """
    _refuse_naive(now)
    local = now.astimezone(WIB)
    morning = local.date() if local.time() >= NOTICE_TIME else local.date() - timedelta(days=1)
    latest = {days: _midnight(morning + timedelta(days=days + 1)) for days in NOTICE_DAYS} | {AFTER_END: now}
    earlier = (*list(latest.values())[1:], now - CAUGHT_UP_WITHIN)
    return {threshold: (after, upto) for (threshold, upto), after in zip(latest.items(), earlier, strict=True)}


def days_left(ends_at: datetime, now: datetime) -> int:
    """Local days from the date of `now` to the last valid day: 0 on that day, negative after it."""
    _refuse_naive(now)
    return (last_valid_date(ends_at) - now.astimezone(WIB).date()).days


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=WIB)


def _has_come(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and instant <= now


def _refuse_naive(instant: datetime) -> None:
    if instant.utcoffset() is None:
        raise ValueError(f"an instant needs a time zone: {instant!r}")
