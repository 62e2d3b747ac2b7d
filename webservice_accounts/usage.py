"""How accounts are used: counts for their pages, and what is unusual enough to tell PSI. Never payloads."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import mean
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import User
from accounts.permissions import authority, holders
from accounts.roles import Permission
from webservice_accounts.decisions import ALLOWED, RESULT_LABELS
from webservice_accounts.lifecycle import UNUSED_AFTER
from webservice_accounts.models import DailyUse, DataType, UseAlert, WebserviceAccount

DAYS = 30
"""Local days that a page looks back, today counted."""
KEPT_YEARS = 2
"""How long counts are kept: call logs one to two years."""
SHOWN_ALERTS = 5

DAY = "j F Y"


# --- the page of one account ------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DayOfUse:
    """How often an account was used on one local day, and its column in the chart."""

    day: date
    allowed: int
    refused: int
    x: int
    allowed_height: int
    refused_height: int

    @property
    def top(self) -> int:
        """Where the column of refused calls begins, from above."""
        return CHART_HEIGHT - self.allowed_height - self.refused_height

    @property
    def middle(self) -> int:
        """Where the column of allowed calls begins, from above."""
        return CHART_HEIGHT - self.allowed_height


COLUMN, GAP, CHART_HEIGHT = 16, 6, 120
"""Of the chart, in its own units."""


@dataclass(frozen=True, slots=True)
class Total:
    """One line of a table of totals."""

    name: str
    allowed: int
    refused: int
    last_at: datetime | None = None


def for_page(account: WebserviceAccount, user: User | AnonymousUser, now: datetime) -> dict[str, Any]:
    """What the account's page says of its use in the last `DAYS` days; five queries, however often it was used.

    Alerts are for the office, which was told of them.
    """
    today = timezone.localdate(now)
    since = today - timedelta(days=DAYS - 1)
    rows = DailyUse.objects.filter(account=account, day__gte=since, day__lte=today)
    per_day = {row["day"]: row for row in _split(rows, "day")}
    days = _columns([(day, *_both(per_day.get(day))) for day in _days(since)])
    results = rows.values("result").annotate(calls=Sum("count")).order_by("-calls", "result")
    is_office = authority(user, Permission.SEE_EVERY_REQUEST, today) is not None
    return {
        "last_used_at": account.last_used_at,
        "since": since,
        "today": today,
        "days": days,
        "allowed": sum(day.allowed for day in days),
        "refused": sum(day.refused for day in days),
        "scale": _scale(days),
        "width": DAYS * (COLUMN + GAP),
        "height": CHART_HEIGHT,
        "by_data": _by_data(rows),
        "by_result": [(_(RESULT_LABELS.get(row["result"], row["result"])), row["calls"]) for row in results],
        "by_address": [
            Total(row["address"] or _("Alamat lainnya"), *_both(row), row["last_at"]) for row in _split(rows, "address")
        ],
        "alerts": [
            {"at": alert.at, "sentence": say(alert)}
            for alert in account.use_alerts.select_related("account")[:SHOWN_ALERTS]
        ]
        if is_office
        else [],
    }


def _by_data(rows: QuerySet[DailyUse]) -> list[Total]:
    split = list(_split(rows, "data_type"))
    codes = [row["data_type"] for row in split]
    names = dict(DataType.objects.filter(code__in=codes).values_list("code", "name")) if split else {}
    unknown = _("Tidak menyebut data yang dikenal")
    return [Total(names.get(row["data_type"], row["data_type"]) or unknown, *_both(row)) for row in split]


def _split(rows: QuerySet[DailyUse], column: str) -> QuerySet[DailyUse, Any]:
    """Allowed and refused calls and the last one, for each value of the column; the most used first."""
    return (
        rows.values(column)
        .annotate(
            allowed=Sum("count", filter=Q(result=ALLOWED), default=0),
            refused=Sum("count", filter=~Q(result=ALLOWED), default=0),
            calls=Sum("count"),
            last_at=Max("last_at"),
        )
        .order_by("-calls", column)
    )


def _both(row: Mapping[str, Any] | None) -> tuple[int, int]:
    return (row["allowed"], row["refused"]) if row else (0, 0)


def _days(since: date) -> Iterator[date]:
    return (since + timedelta(days=number) for number in range(DAYS))


def _columns(days: list[tuple[date, int, int]]) -> list[DayOfUse]:
    most = max((allowed + refused for _day, allowed, refused in days), default=0)
    return [
        DayOfUse(
            day,
            allowed,
            refused,
            number * (COLUMN + GAP) + GAP // 2,
            _height(allowed, most, CHART_HEIGHT),
            _height(refused, most, CHART_HEIGHT),
        )
        for number, (day, allowed, refused) in enumerate(days)
    ]


def _scale(days: list[DayOfUse]) -> int:
    return max((day.allowed + day.refused for day in days), default=0)


def _height(count: int, most: int, height: int) -> int:
    """Of a column; what is there is seen, however small."""
    return max(count * (height - 2) // most, 1) if count else 0


# --- the list of accounts -----------------------------------------------------------------------------------------
LINE_COLUMN, LINE_GAP, LINE_HEIGHT = 3, 1, 24
LINE_WIDTH = DAYS * (LINE_COLUMN + LINE_GAP)


@dataclass(frozen=True, slots=True)
class Trend:
    """The last `DAYS` days of one account as a small line of columns."""

    calls: int
    columns: tuple[tuple[int, int, int], ...]
    """Where each begins from the left and from above, and its height; days without use have none."""


def trends(accounts: Iterable[WebserviceAccount], now: datetime) -> dict[int, Trend]:
    """The trend of each of these accounts by its primary key; one query."""
    today = timezone.localdate(now)
    since = today - timedelta(days=DAYS - 1)
    counts: dict[int, dict[date, int]] = {account.pk: {} for account in accounts}
    rows = DailyUse.objects.filter(account__in=list(counts), day__gte=since, day__lte=today)
    for row in rows.values("account", "day").annotate(calls=Sum("count")).order_by():
        counts[row["account"]][row["day"]] = row["calls"]
    return {pk: _trend(per_day, since) for pk, per_day in counts.items()}


def _trend(per_day: Mapping[date, int], since: date) -> Trend:
    most = max(per_day.values(), default=0)
    columns = []
    for number, day in enumerate(_days(since)):
        if height := _height(per_day.get(day, 0), most, LINE_HEIGHT):
            columns.append((number * (LINE_COLUMN + LINE_GAP), LINE_HEIGHT - height, height))
    return Trend(sum(per_day.values()), tuple(columns))


def unused(accounts: QuerySet[WebserviceAccount], now: datetime) -> QuerySet[WebserviceAccount]:
    """Those that can be used at `now` and were not for `UNUSED_AFTER`; the key was opened before that."""
    before = now - UNUSED_AFTER
    return accounts.filter(
        Q(last_used_at__lte=before) | Q(last_used_at__isnull=True),
        revoked_at__isnull=True,
        suspended_at__isnull=True,
        starts_at__lte=before,
        ends_at__gt=now,
        revealed_at__lte=before,
    )


# --- what is unusual ------------------------------------------------------------------------------------------------
TENFOLD = 10
"""How many times the usual a day must be."""
LEAST_CALLS = 1_000
"""Of a day; below that no jump is worth a word."""
USUAL_OVER = 14
"""The usual is the mean of so many days of use before; unused days say nothing."""
USUAL_FROM = 3
"""With fewer days of use there is no usual yet."""
USUAL_WITHIN = timedelta(days=90)
"""How far back those days are looked for."""
LOOK_BACK = timedelta(days=1)
"""Counts are written seconds late, and a worker may have stood still: yesterday is looked at again."""


@dataclass(frozen=True, slots=True)
class Unusual:
    """One occasion; `key` names it, so that it is told once."""

    kind: UseAlert.Kind
    account_id: int
    key: str
    data: dict[str, Any]


def watch(*, now: datetime) -> int:
    """Tell PSI what was unusual yesterday and today; how many alerts are new. Run again it tells nothing twice."""
    today = timezone.localdate(now)
    found = [one for day in (today - LOOK_BACK, today) for one in (*new_addresses(day), *jumps(day))]
    known = set(UseAlert.objects.filter(key__in=[one.key for one in found]).values_list("key", flat=True))
    return sum(_tell(one, now) for one in found if one.key not in known)


def new_addresses(day: date) -> list[Unusual]:
    """First allowed uses from an address on that local day.

    Not on the account's first day of use, when every address is new; nor from the many
    addresses beyond those that a day has rows for, which are not known.
    """
    earlier = DailyUse.objects.filter(account=OuterRef("account"), day__lt=day, result=ALLOWED)
    rows = (
        DailyUse.objects.filter(Exists(earlier), ~Exists(earlier.filter(address=OuterRef("address"))))
        .filter(day=day, result=ALLOWED)
        .exclude(address="")
    )
    return [
        Unusual(
            UseAlert.Kind.NEW_ADDRESS,
            account_id,
            f"{UseAlert.Kind.NEW_ADDRESS}:{account_id}:{address}",
            {"address": address, "day": day.isoformat()},
        )
        for account_id, address in rows.order_by("account", "address").values_list("account", "address").distinct()
    ]


def jumps(day: date) -> list[Unusual]:
    """Accounts that were called, allowed or not, at least `TENFOLD` the usual on that local day."""
    busy = dict(
        DailyUse.objects.filter(day=day)
        .values("account")
        .annotate(calls=Sum("count"))
        .filter(calls__gte=LEAST_CALLS)
        .order_by("account")
        .values_list("account", "calls")
    )
    usual = _usual(list(busy), day)
    return [
        Unusual(
            UseAlert.Kind.TENFOLD,
            account_id,
            f"{UseAlert.Kind.TENFOLD}:{account_id}:{day.isoformat()}",
            {"day": day.isoformat(), "calls": calls, "usual": round(usual[account_id])},
        )
        for account_id, calls in busy.items()
        if account_id in usual and calls >= TENFOLD * usual[account_id]
    ]


def _usual(accounts: list[int], day: date) -> dict[int, float]:
    """Calls on a usual day before `day`, for those accounts that have one."""
    rows = DailyUse.objects.filter(account__in=accounts, day__lt=day, day__gte=day - USUAL_WITHIN)
    days: defaultdict[int, list[int]] = defaultdict(list)
    for row in rows.values("account", "day").annotate(calls=Sum("count")).order_by("account", "-day"):
        days[row["account"]].append(row["calls"])
    return {account: mean(calls[:USUAL_OVER]) for account, calls in days.items() if len(calls) >= USUAL_FROM}


@transaction.atomic
def _tell(one: Unusual, now: datetime) -> bool:
    alert, is_new = UseAlert.objects.get_or_create(
        key=one.key, defaults={"kind": one.kind, "account_id": one.account_id, "at": now, "data": one.data}
    )
    if not is_new:
        return False
    url = reverse("account", args=[alert.account.username])
    for person in holders(Permission.CREATE_ACCOUNT, timezone.localdate(now)):
        with translation.override(person.language):
            notices.tell(person, key=alert.key, text=say(alert), url=url, now=now)
    return True


def say(alert: UseAlert) -> str:
    """The alert as a sentence in the reader's language."""
    words = {
        "username": alert.account.username,
        "date": date_format(date.fromisoformat(alert.data["day"]), DAY),
    }
    if alert.kind == UseAlert.Kind.NEW_ADDRESS:
        return _("Akun %(username)s digunakan dari alamat baru %(address)s pada %(date)s.") % (
            words | {"address": alert.data["address"]}
        )
    counts = {name: number_format(alert.data[name], force_grouping=True) for name in ("calls", "usual")}
    return _("Akun %(username)s dipanggil %(calls)s kali pada %(date)s; biasanya %(usual)s kali sehari.") % (
        words | counts
    )


def prune(*, now: datetime) -> int:
    """Remove counts and alerts of more than `KEPT_YEARS` years ago; how many rows."""
    today = timezone.localdate(now)
    first_kept = today.replace(year=today.year - KEPT_YEARS, day=min(today.day, 28))
    counts, _tables = DailyUse.objects.filter(day__lt=first_kept).delete()
    alerts, _tables = UseAlert.objects.filter(at__date__lt=first_kept).delete()
    return counts + alerts
