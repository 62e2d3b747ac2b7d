"""Uses are gathered, written in batches, and add up whatever happens between."""

import functools
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError
from django.db.models import Sum
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests import gate
from tests.racing import at_once
from webservice_accounts import use_counter
from webservice_accounts.decisions import ALLOWED, Reason
from webservice_accounts.models import DailyUse, WebserviceAccount
from webservice_accounts.use_counter import MAX_ADDRESSES, UseCounter

NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
"""12.00 WIB."""


def a_counter() -> UseCounter:
    return UseCounter(every=None)


def counted(**found: object) -> int:
    return DailyUse.objects.filter(**found).aggregate(total=Sum("count"))["total"] or 0


@pytest.mark.django_db
def test_calls_with_one_outcome_become_one_row_and_later_flushes_add_to_it() -> None:
    account, _secret = gate.an_account(NOON)
    secret = account.secrets.get()
    counter = a_counter()
    for seconds in range(3):
        counter.count(account.pk, secret.pk, "mahasiswa", ALLOWED, "10.0.0.1", NOON.timestamp() + seconds)
    counter.count(account.pk, secret.pk, "", Reason.ADDRESS.value, "10.0.0.2", NOON.timestamp())
    assert counter.flush() == 4
    for seconds in (60, 30):
        counter.count(account.pk, secret.pk, "mahasiswa", ALLOWED, "10.0.0.1", NOON.timestamp() + seconds)
        assert counter.flush() == 1
    rows = DailyUse.objects.order_by("result").values_list(
        "account_id", "day", "data_type", "result", "address", "count", "last_at"
    )
    assert list(rows) == [
        (account.pk, date(2026, 11, 22), "", "address", "10.0.0.2", 1, NOON),
        (account.pk, date(2026, 11, 22), "mahasiswa", "allowed", "10.0.0.1", 5, NOON + timedelta(seconds=60)),
    ]
    account.refresh_from_db()
    secret.refresh_from_db()
    assert account.last_used_at == secret.last_used_at == NOON + timedelta(seconds=60)


@pytest.mark.django_db
def test_nothing_gathered_asks_the_database_nothing(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):
        assert a_counter().flush() == 0


@pytest.mark.django_db
def test_a_refused_call_is_no_use() -> None:
    account, _secret = gate.an_account(NOON)
    counter = a_counter()
    counter.count(account.pk, account.secrets.get().pk, "mahasiswa", Reason.SCOPE.value, "10.0.0.1", NOON.timestamp())
    counter.flush()
    account.refresh_from_db()
    assert account.last_used_at is None
    assert account.secrets.get().last_used_at is None
    assert counted(result="scope") == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 22, 16, 59, 59, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 22, 17, 0, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 12, 31, 17, 0, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_a_day_begins_at_midnight_wib(moment: datetime, day: date) -> None:
    account, _secret = gate.an_account(NOON)
    counter = a_counter()
    counter.count(account.pk, account.secrets.get().pk, "mahasiswa", ALLOWED, "10.0.0.1", moment.timestamp())
    counter.flush()
    assert DailyUse.objects.get().day == day == timezone.localdate(moment)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_the_counters_days_are_those_of_the_time_zone(moment: datetime) -> None:
    counter = a_counter()
    counter.count(1, 1, "", ALLOWED, "", moment.timestamp())
    (key,) = counter._uses
    assert use_counter._date(key[1]) == timezone.localdate(moment)


@pytest.mark.django_db
def test_a_day_has_rows_for_so_many_addresses_and_one_for_the_rest() -> None:
    account, _secret = gate.an_account(NOON)
    other, _secret = gate.an_account(NOON)
    for start in (0, 15, 30):  # three processes, or one at three times
        counter = a_counter()
        for number in range(start, start + 25):
            counter.count(account.pk, 0, "mahasiswa", ALLOWED, f"10.0.0.{number}", NOON.timestamp())
        counter.count(other.pk, 0, "mahasiswa", ALLOWED, "10.9.9.9", NOON.timestamp())
        counter.flush()
    addresses = set(DailyUse.objects.filter(account=account).values_list("address", flat=True))
    assert len(addresses - {""}) == MAX_ADDRESSES == 20
    assert counted(account=account) == 75
    assert counted(account=other, address="10.9.9.9") == 3
    next_day = a_counter()
    next_day.count(account.pk, 0, "mahasiswa", ALLOWED, "10.0.0.200", NOON.timestamp() + 24 * 3600)
    next_day.flush()
    assert counted(account=account, address="10.0.0.200") == 1


@pytest.mark.django_db
def test_what_could_not_be_written_is_written_later_once(monkeypatch: pytest.MonkeyPatch) -> None:
    account, _secret = gate.an_account(NOON)
    counter = a_counter()
    counter.count(account.pk, account.secrets.get().pk, "mahasiswa", ALLOWED, "10.0.0.1", NOON.timestamp())
    with monkeypatch.context() as broken:
        broken.setattr(use_counter, "_write", lambda batch: (_ for _ in ()).throw(DatabaseError("away")))
        with pytest.raises(DatabaseError):
            counter.flush()
    counter.count(account.pk, account.secrets.get().pk, "mahasiswa", ALLOWED, "10.0.0.1", NOON.timestamp() + 1)
    assert counter.flush() == 2
    assert counter.flush() == 0
    assert counted() == 2
    assert account.secrets.get().last_used_at == NOON + timedelta(seconds=1)


@pytest.mark.django_db
def test_what_waits_for_the_database_does_not_grow_with_every_address(monkeypatch: pytest.MonkeyPatch) -> None:
    account, _secret = gate.an_account(NOON)
    counter = a_counter()
    with monkeypatch.context() as broken:
        broken.setattr(use_counter, "_write", lambda batch: (_ for _ in ()).throw(DatabaseError("disk full")))
        for number in range(100):
            counter.count(account.pk, 0, "mahasiswa", ALLOWED, f"10.0.{number}.1", NOON.timestamp())
            if number % 10 == 9:
                with pytest.raises(DatabaseError):
                    counter.flush()
    assert len(counter._uses) <= MAX_ADDRESSES + 1
    assert counter.flush() == counted() == 100


@pytest.mark.django_db
def test_an_account_that_is_gone_does_not_hold_up_the_others() -> None:
    account, _secret = gate.an_account(NOON)
    counter = a_counter()
    counter.count(999_999, 999_999, "mahasiswa", ALLOWED, "10.0.0.1", NOON.timestamp())
    counter.count(account.pk, account.secrets.get().pk, "mahasiswa", ALLOWED, "10.0.0.1", NOON.timestamp())
    counter.flush()
    assert counted() == counted(account=account) == 1


@pytest.mark.django_db
def test_many_accounts_take_few_statements(django_assert_max_num_queries: object, monkeypatch: object) -> None:
    accounts = [gate.an_account(NOON)[0] for _number in range(30)]
    monkeypatch.setattr(use_counter, "BATCH", 20)
    counter = a_counter()
    for account in accounts:
        counter.count(account.pk, account.secrets.get().pk, "mahasiswa", ALLOWED, "10.0.0.1", NOON.timestamp())
    with django_assert_max_num_queries(2 * 6 + 2):  # a transaction for each 20 accounts, and the secrets
        counter.flush()
    assert counted() == 30
    assert WebserviceAccount.objects.filter(last_used_at=NOON).count() == 30


@pytest.mark.django_db(transaction=True)
def test_processes_that_flush_at_once_lose_and_double_nothing() -> None:
    accounts = [gate.an_account(NOON)[0] for _number in range(5)]
    counters = [a_counter() for _process in range(4)]

    def work(counter: UseCounter, seed: int) -> None:
        for turn in range(10):
            for account in accounts[seed:] + accounts[:seed]:
                for number in range(8):
                    caller = f"10.0.{seed}.{number}"
                    counter.count(account.pk, 0, "mahasiswa", ALLOWED, caller, NOON.timestamp() + turn)
            counter.flush()

    works = [functools.partial(work, counter, seed) for seed, counter in enumerate(counters)]
    assert at_once(works) == [None] * 4
    for account in accounts:
        assert counted(account=account) == 4 * 10 * 8
        addresses = DailyUse.objects.filter(account=account).exclude(address="").values("address").distinct()
        assert addresses.count() == MAX_ADDRESSES


@pytest.mark.django_db(transaction=True)
def test_threads_count_and_flush_one_counter_together() -> None:
    account, _secret = gate.an_account(NOON)
    secret = account.secrets.get()
    counter = a_counter()

    def work() -> None:
        for turn in range(500):
            counter.count(account.pk, secret.pk, "mahasiswa", ALLOWED, "10.0.0.1", NOON.timestamp())
            if turn % 100 == 99:
                counter.flush()

    assert at_once([work, work]) == [None, None]
    counter.flush()
    assert counted() == 1000


@pytest.mark.django_db(transaction=True)
def test_a_thread_flushes_by_itself_and_once_more_at_the_end() -> None:
    account, _secret = gate.an_account(NOON)
    counter = UseCounter(every=0.05)
    counter.count(account.pk, 0, "mahasiswa", ALLOWED, "10.0.0.1", NOON.timestamp())
    deadline = datetime.now(UTC) + timedelta(seconds=10)
    while not counted() and datetime.now(UTC) < deadline:
        pass
    assert counted() == 1
    counter._stop.set()
    counter._thread.join(5)
    counter.count(account.pk, 0, "mahasiswa", ALLOWED, "10.0.0.1", NOON.timestamp())
    counter.close()
    assert counted() == 2
