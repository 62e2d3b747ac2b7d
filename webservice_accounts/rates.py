"""How many requests an account may make: a steady number per minute, and a burst on top.

A token bucket: it holds at most `burst` tokens, a request takes one, and tokens come back at
the steady rate. Each process decides by its own bucket, so a decision waits for nobody. Where
Redis is at hand, a thread of the process settles with the others some times a second: it tells
the common bucket what was taken here and takes over what is left there. What processes gave
away too much meanwhile stands as a debt that refilling pays first: over time the steady rate
is exact, and only a burst may be exceeded, by what the other processes gave in that moment.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from redis import Redis

logger = logging.getLogger(__name__)

MAX_BUCKETS = 50_000
NEVER = 3600.0
"""Seconds to wait that an account is told whose steady rate is 0."""
SETTLED_EVERY = 0.2
"""Seconds between two settlements of the processes."""
SPARED = 10.0
"""Seconds for which a Redis that did not answer is not asked again: each question may cost its timeout of a second."""
BATCH = 500
"""Buckets settled with one question."""
DEBT = 10
"""What processes may owe together beside a burst, in tokens or seconds of the steady rate, whichever is more.

Less than they can give away between two settlements would let them go faster than the steady
rate; without any limit an account would pay for hours after Redis was away.
"""

# KEYS: buckets. ARGV: for each its rate per second, its size, what was taken from it, and within how many seconds.
# What came back within those was there to be taken and never overflowed. Returns what is left in each.
_SETTLE = f"""
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local left = {{}}
for i, key in ipairs(KEYS) do
    local rate, size = tonumber(ARGV[4 * i - 3]), tonumber(ARGV[4 * i - 2])
    local taken, within = tonumber(ARGV[4 * i - 1]), tonumber(ARGV[4 * i])
    local debt = size + {DEBT} * math.max(1, rate)
    local kept = redis.call('HMGET', key, 'tokens', 'at')
    local tokens = size + math.max(0, within) * rate
    if kept[1] then
        local passed = math.max(0, now - tonumber(kept[2]))
        local busy = math.max(0, math.min(passed, within))
        tokens = math.min(size, tonumber(kept[1]) + (passed - busy) * rate) + busy * rate
    end
    tokens = math.max(-debt, math.min(size, tokens - taken))
    redis.call('HSET', key, 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', now))
    redis.call('EXPIRE', key, rate > 0 and math.ceil((size + debt) / rate) + 10 or 3600)
    left[i] = string.format('%.6f', tokens)
end
return left
"""


class Bucket:
    """The tokens of one account in this process. Any thread may call it."""

    __slots__ = ("_at", "_lock", "_since", "_taken", "_tokens", "_used", "name", "rate", "size")

    def __init__(
        self, per_minute: int, burst: int, now: float, *, name: str = "", used: "deque[Bucket] | None" = None
    ) -> None:
        """`name`: of the common bucket; `used`: where it says that there is something to settle."""
        self.name, self._used = name, used
        self.rate = per_minute / 60
        self.size = float(max(burst, 1))
        self._tokens, self._at = self.size, now
        self._taken, self._since = 0, now
        self._lock = threading.Lock()

    def take(self, now: float) -> float:
        """Take one token at monotonic second `now`: 0 when there was one, else the seconds until there is."""
        with self._lock:
            tokens = self._tokens
            if now > self._at:
                tokens = min(self.size, tokens + (now - self._at) * self.rate)
                self._at = now
            if tokens >= 1 - 1e-9:  # sums of fractions of a token fall a hair short of one
                self._tokens = tokens - 1
                if not self._taken:
                    self._since = now
                    if self._used is not None:
                        self._used.append(self)
                self._taken += 1
                return 0.0
            self._tokens = tokens
            return (1 - tokens) / self.rate if self.rate else NEVER

    def unsettled(self) -> tuple[int, float]:
        """What was taken here since it was asked last, and the monotonic second of the first of it."""
        with self._lock:
            taken, self._taken = self._taken, 0
            return taken, self._since

    def settle(self, left: float, now: float) -> None:
        """Take over what is left in the common bucket at `now`, less what was taken here meanwhile."""
        with self._lock:
            self._tokens, self._at = left - self._taken, now

    def put_back(self, taken: int, since: float) -> None:
        """What could not be settled is told another time."""
        with self._lock:
            if not self._taken and self._used is not None:
                self._used.append(self)
            self._taken, self._since = self._taken + taken, since

    def is_full(self, now: float) -> bool:
        """Whether forgetting it at `now` would lose nothing."""
        return not self._taken and self._tokens + (now - self._at) * self.rate >= self.size


class Buckets:
    """The buckets of all accounts in this process, at most `MAX_BUCKETS`."""

    def __init__(
        self,
        redis_url: str = "",
        *,
        every: float | None = SETTLED_EVERY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`every`: seconds between settlements by a thread that the first bucket starts; None: only when asked."""
        self._script: Callable[..., Any] | None = None
        if redis_url:
            client = Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1)
            self._script = client.register_script(_SETTLE)
        self._every, self._monotonic = every, monotonic
        self._silent_until = 0.0
        self._thread: threading.Thread | None = None
        self._buckets: dict[tuple[int, int, int], Bucket] = {}
        self._used: deque[Bucket] = deque()
        self._lock = threading.Lock()

    def of(self, account_id: int, per_minute: int, burst: int, now: float) -> Bucket:
        """The account's bucket. Another rate or burst is a new one, full."""
        key = (account_id, per_minute, burst)
        bucket = self._buckets.get(key)
        if bucket is None:
            with self._lock:
                if len(self._buckets) >= MAX_BUCKETS:
                    self._make_room(now)
                name = f"gapura:rate:{account_id}:{per_minute}:{burst}"
                used = self._used if self._script else None
                bucket = self._buckets.setdefault(key, Bucket(per_minute, burst, now, name=name, used=used))
            self._start()
        return bucket

    def settle(self) -> int:
        """Settle every bucket that was used here since the last time; how many. Nothing to do without Redis."""
        if self._script is None or self._monotonic() < self._silent_until:
            return 0
        buckets = [self._used.popleft() for _ in range(len(self._used))]
        used = [(bucket, *bucket.unsettled()) for bucket in buckets]
        for start in range(0, len(used), BATCH):
            if not self._settle_some(used[start : start + BATCH]):
                for bucket, taken, since in used[start:]:
                    bucket.put_back(taken, since)
                return start
        return len(used)

    def _settle_some(self, used: Sequence[tuple[Bucket, int, float]]) -> bool:
        """Ask Redis once; whether it answered."""
        if self._script is None:
            return False
        now = self._monotonic()
        words = [word for bucket, taken, since in used for word in (bucket.rate, bucket.size, taken, now - since)]
        try:
            said = self._script(keys=[bucket.name for bucket, *_taken in used], args=words)
            left = [float(tokens) for tokens in said]
        except Exception as error:  # whatever it was: nothing is lost, and the thread goes on
            self._silent_until = self._monotonic() + SPARED
            logger.warning("Redis does not answer (%s); each process counts for itself", error)
            return False
        now = self._monotonic()
        for (bucket, *_taken), tokens in zip(used, left, strict=True):
            bucket.settle(tokens, now)
        return True

    def _make_room(self, now: float) -> None:
        """Forget what is full; if that is not enough, the oldest tenth."""
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.is_full(now)}
        for key in list(self._buckets)[: max(0, len(self._buckets) - MAX_BUCKETS * 9 // 10)]:
            del self._buckets[key]

    def _start(self) -> None:
        """Start the thread that settles, in the process that uses it (a server may fork after import)."""
        if self._script is None or self._every is None or self._thread is not None:
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rates", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(self._every or SETTLED_EVERY)
            self.settle()
