"""How many requests pass: a burst at once, then the steady rate; alone and shared through Redis."""

import os
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.racing import at_once
from webservice_accounts import rates
from webservice_accounts.rates import Bucket, Buckets

REDIS_URL = os.environ.get("REDIS_URL", "")
DEAD_REDIS = "redis://127.0.0.1:1/0"
needs_redis = pytest.mark.skipif(not REDIS_URL, reason="for Redis (bin/test --on postgresql)")


def passed(bucket: object, times: int, now: float) -> int:
    return sum(bucket.take(now) == 0 for _time in range(times))


def test_a_burst_passes_and_one_more_does_not() -> None:
    bucket = Bucket(per_minute=60, burst=5, now=0)
    assert passed(bucket, 5, now=0) == 5
    assert bucket.take(0) == pytest.approx(1)


def test_tokens_come_back_at_the_steady_rate() -> None:
    bucket = Bucket(per_minute=60, burst=5, now=0)
    passed(bucket, 5, now=0)
    assert bucket.take(0.999) == pytest.approx(0.001)
    assert bucket.take(1.0) == 0
    assert bucket.take(1.0) == pytest.approx(1)


def test_a_long_rest_gives_no_more_than_the_burst() -> None:
    bucket = Bucket(per_minute=6000, burst=5, now=0)
    assert passed(bucket, 100, now=10_000) == 5


def test_a_clock_that_stands_or_goes_back_gives_nothing() -> None:
    bucket = Bucket(per_minute=60, burst=1, now=100)
    assert bucket.take(100) == 0
    assert bucket.take(50) == pytest.approx(1)
    assert bucket.take(100.5) == pytest.approx(0.5)


def test_without_a_steady_rate_only_the_burst_passes() -> None:
    bucket = Bucket(per_minute=0, burst=2, now=0)
    assert passed(bucket, 5, now=0) == 2
    assert bucket.take(10_000) == rates.NEVER


@given(
    st.integers(1, 6000),
    st.integers(1, 50),
    st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=200),
)
def test_never_more_than_burst_and_steady_rate_allow(per_minute: int, burst: int, steps: list[float]) -> None:
    bucket, now, allowed = Bucket(per_minute, burst, now=0), 0.0, 0
    for step in steps:
        now += step
        allowed += bucket.take(now) == 0
        assert allowed <= burst + now * per_minute / 60 + 1e-3


def test_an_account_has_one_bucket_in_a_process_until_its_rate_changes() -> None:
    buckets = Buckets()
    assert buckets.of(1, 60, 5, now=0) is buckets.of(1, 60, 5, now=9)
    assert buckets.of(1, 60, 5, now=0) is not buckets.of(2, 60, 5, now=0)
    assert buckets.of(1, 60, 5, now=0) is not buckets.of(1, 120, 5, now=0)


def test_idle_accounts_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MAX_BUCKETS", 10)
    buckets = Buckets()
    busy = buckets.of(0, 60, 5, now=0)
    passed(busy, 5, now=0)
    for account in range(1, 50):
        buckets.of(account, 60, 5, now=1)
    assert buckets.of(0, 60, 5, now=1) is busy
    assert len(buckets._buckets) <= 10


def test_threads_together_take_no_token_twice() -> None:
    bucket = Bucket(per_minute=60, burst=500, now=0)
    counts = at_once([lambda: passed(bucket, 300, now=0)] * 4)
    assert sum(counts) == 500


# --- shared ------------------------------------------------------------------------------------------------------
class Time:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def processes(number: int, clock: Time, url: str = REDIS_URL) -> list[Buckets]:
    """The buckets of several processes that settle when they are told to."""
    return [Buckets(url, every=None, monotonic=clock) for _process in range(number)]


def test_with_redis_away_the_process_counts_for_itself_and_asks_again_after_a_while() -> None:
    clock = Time()
    (here,) = processes(1, clock, DEAD_REDIS)
    bucket = here.of(1, 60, 5, now=0)
    assert passed(bucket, 6, now=0) == 5
    assert here.settle() == 0
    asked: list[list[float]] = []
    here._script = lambda keys, args: asked.append(args) or ["0"]
    clock.now = rates.SPARED - 0.1
    assert (here.settle(), asked) == (0, [])
    clock.now = rates.SPARED + 0.1
    assert here.settle() == 1
    assert asked == [[1.0, 5.0, 5, rates.SPARED + 0.1]], "what was taken while Redis was away is told when it is back"


@pytest.mark.parametrize("said", [ValueError("no number"), OSError("gone"), ["what"], None])
def test_no_answer_of_redis_ends_the_thread_or_loses_what_was_taken(said: object) -> None:
    def answer(**_words: object) -> object:
        if isinstance(said, Exception):
            raise said
        return said

    clock = Time()
    (here,) = processes(1, clock, DEAD_REDIS)
    passed(here.of(1, 60, 5, now=0), 3, now=0)
    here._script = answer
    assert here.settle() == 0
    asked: list[list[float]] = []
    here._script = lambda keys, args: asked.append(args) or ["2"]
    clock.now = rates.SPARED + 0.1
    assert (here.settle(), asked[0][2]) == (1, 3)


def test_a_decision_asks_nobody() -> None:
    (here,) = processes(1, Time(), DEAD_REDIS)
    here._script = lambda **_words: pytest.fail("asked Redis on the path of a decision")
    assert passed(here.of(1, 60, 50, now=0), 60, now=0) == 50


@needs_redis
def test_processes_draw_from_one_bucket_once_they_settled() -> None:
    account, clock = uuid.uuid4().int % 10**9, Time()
    pair = processes(2, clock)
    here, there = (buckets.of(account, 6, 10, now=0) for buckets in pair)
    assert passed(here, 7, now=0) == 7
    assert passed(there, 1, now=0) == 1
    for buckets in (*pair, *pair):
        buckets.settle()
    assert passed(there, 10, now=0) == 2, "ten in all, eight are gone"


@needs_redis
def test_what_was_given_too_much_is_a_debt_that_refilling_pays_first() -> None:
    account, clock = uuid.uuid4().int % 10**9, Time()
    pair = processes(2, clock)
    here, there = (buckets.of(account, 60, 10, now=0) for buckets in pair)
    assert passed(here, 10, now=0) + passed(there, 10, now=0) == 20, "a burst may be exceeded for one moment"
    for buckets in pair:
        buckets.settle()
    assert there.take(0) == pytest.approx(11, abs=0.5), "ten seconds of debt, and one for the token"


@needs_redis
def test_over_time_processes_together_keep_the_steady_rate() -> None:
    account = uuid.uuid4().int % 10**9
    several = [Buckets(REDIS_URL, every=None) for _process in range(3)]
    buckets = [one.of(account, 6000, 20, now=time.monotonic()) for one in several]
    start, allowed = time.monotonic(), 0
    while (took := time.monotonic() - start) < 2:
        allowed += sum(bucket.take(time.monotonic()) == 0 for bucket in buckets)
        for one in several:
            one.settle()
    assert allowed <= 20 * 3 + 100 * took
    assert allowed >= 20 + 100 * took * 0.8


def run(several: list[Buckets], per_minute: int, burst: int, seconds: float) -> tuple[int, float]:
    """How many requests these processes let pass, asked all the time and settling as the thread does; in what time."""
    account = uuid.uuid4().int % 10**9
    start, allowed, settled = time.monotonic(), 0, time.monotonic()
    buckets = [one.of(account, per_minute, burst, now=start) for one in several]
    while (now := time.monotonic()) < start + seconds:
        allowed += sum(bucket.take(now) == 0 for bucket in buckets)
        if now >= settled + rates.SETTLED_EVERY:
            settled = now
            for one in several:
                one.settle()
    return allowed, now - start


@needs_redis
def test_many_processes_and_a_small_burst_keep_the_steady_rate_too() -> None:
    several = [Buckets(REDIS_URL, every=None) for _process in range(8)]
    allowed, took = run(several, per_minute=600, burst=1, seconds=4)
    assert allowed <= 8 + 10 * took + 8 * 2, "a burst each, the steady rate, and what they may owe at the end"


@needs_redis
def test_settling_takes_nothing_away_from_an_account_with_a_small_burst() -> None:
    allowed, took = run([Buckets(REDIS_URL, every=None)], per_minute=12_000, burst=20, seconds=2)
    assert allowed >= 200 * took * 0.75


@needs_redis
@pytest.mark.parametrize("is_known", [True, False])
def test_who_kept_to_the_rate_while_redis_was_away_owes_nothing(is_known: bool) -> None:
    here = Buckets(REDIS_URL, every=None)
    bucket = here.of(uuid.uuid4().int % 10**9, 6000, 2, now=time.monotonic())
    if is_known:  # else Redis forgot it meanwhile, or was emptied
        bucket.take(time.monotonic())
        here.settle()
    for _time in range(40):
        time.sleep(0.011)
        assert bucket.take(time.monotonic()) == 0
    here.settle()
    time.sleep(0.011)
    assert bucket.take(time.monotonic()) == 0


@needs_redis
def test_a_thread_settles_by_itself() -> None:
    account = uuid.uuid4().int % 10**9
    here, there = Buckets(REDIS_URL, every=0.01), Buckets(REDIS_URL, every=None)
    assert passed(here.of(account, 6, 10, now=time.monotonic()), 10, now=time.monotonic()) == 10
    later = there.of(account, 6, 10, now=time.monotonic())
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if later.take(time.monotonic()) > 0:
            return
        there.settle()
        time.sleep(0.02)
    pytest.fail("the other process never heard of it")


@needs_redis
def test_many_buckets_cost_one_question() -> None:
    (here,) = processes(1, Time())
    first, asked, script = uuid.uuid4().int % 10**9, [], here._script
    here._script = lambda **words: asked.append(1) or script(**words)
    for account in range(rates.BATCH):
        here.of(first + account, 600, 60, now=0).take(0)
    assert here.settle() == rates.BATCH
    assert here.settle() == 0
    assert len(asked) == 1
