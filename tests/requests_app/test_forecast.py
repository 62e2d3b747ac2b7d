"""When it will usually be done: in words people use, from enough requests, and never for the unit's own part."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from requests_app import forecast, sla
from requests_app.forecast import Forecast, working_days_text
from requests_app.models import AccessRequest, Passage, StepEntry
from requests_app.sop import Actor, Status
from tests import factories

DAY = timedelta(hours=7, minutes=30)
MONDAY = datetime(2026, 11, 2, 8, 0, tzinfo=sla.WIB)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=sla.WIB)


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (0, "5 menit"),
        (1 / 60, "5 menit"),
        (12 / 60, "15 menit"),
        (55 / 60, "55 menit"),
        (56 / 60, "1 jam"),
        (1, "1 jam"),
        (3.1, "4 jam"),
        (7, "7 jam"),
        (7.25, "1 hari kerja"),
        (7.5, "1 hari kerja"),
        (10.5, "1 hari kerja 3 jam"),
        (14.8, "2 hari kerja"),
        (75, "10 hari kerja"),
    ],
)
def test_office_time_as_people_say_it(hours: float, said: str) -> None:
    """7 hours 30 minutes are a working day; rounded up, so that nothing is promised too early."""
    assert working_days_text(timedelta(hours=hours), DAY) == said


def test_what_it_says() -> None:
    known = Forecast(count=34, usual=timedelta(hours=10.5), slow=timedelta(hours=22), day=DAY)
    assert known.sentences == [
        "Biasanya selesai dalam 1 hari kerja 3 jam sejak langkah ini dimulai.",
        "Sembilan dari sepuluh selesai dalam 2 hari kerja 7 jam.",
    ]
    assert known.basis.startswith("dari 34 permohonan terbaru dalam 90 hari terakhir, tanpa waktu menunggu unit")
    assert "1 hari kerja = 7,5 jam kantor" in known.basis
    whole = Forecast(count=34, usual=timedelta(hours=3), slow=timedelta(hours=3), is_whole=True)
    assert whole.sentences == ["Biasanya selesai dalam 3 jam sejak dikirim."]
    longer = Forecast(count=5, usual=timedelta(hours=3), slow=timedelta(hours=4), is_longer=True)
    assert longer.sentences[1] == "Permohonan ini sudah lebih lama daripada biasanya."


def test_it_is_honest_when_it_cannot_know() -> None:
    assert Forecast(count=4).sentences == ["Belum cukup data untuk memperkirakan kapan permohonan ini selesai."]
    assert Forecast(count=4).basis == ""
    waiting = Forecast(waits_for=Actor.RESPONSIBLE_PERSON)
    assert waiting.sentences == ["Menunggu penanggung jawab. Lamanya tidak dapat diperkirakan."]


# --- from what was finished ---------------------------------------------------------------------------
def finished(*hours: float, on: datetime = MONDAY, waits: float = 0) -> None:
    """Requests disposed on a Monday at 08.00 and finished after so many hours of that morning.

    The unit was waited for at `waits` of them.
    """
    like = factories.a_request(Status.DRAFT, at=on)
    for number, length in enumerate(hours):
        done, asked = on + timedelta(hours=length), on + timedelta(hours=waits)
        request = AccessRequest.objects.create(
            reference=f"GP26-{number:06d}", unit=like.unit, created_by=like.created_by, opened_at=on, status="finished"
        )
        for status, entered, left in (
            (Status.DISPOSED, on, on),
            (Status.CLARIFICATION, on, asked),
            (Status.DISPOSED, asked, done),
            (Status.FINISHED, done, done),
        ):
            StepEntry.objects.create(request=request, status=status, entered_at=entered, left_at=left)
        Passage.objects.create(request=request, number="6", started_at=on, ended_at=done, took_seconds=0)


@pytest.mark.django_db
def test_the_middle_and_the_slow_end_of_what_was_finished() -> None:
    finished(1, 1.5, 2, 3, 4)
    request = factories.a_request(Status.DISPOSED, at=NOW - timedelta(minutes=30))
    found = forecast.of(request, now=NOW)
    assert found is not None
    assert (found.count, found.usual, found.slow) == (5, timedelta(hours=2), timedelta(hours=4))
    assert not found.is_longer
    assert forecast.of(request, now=NOW + timedelta(days=2)).is_longer  # type: ignore[union-attr]


@pytest.mark.django_db
def test_four_are_too_few() -> None:
    finished(1, 1.5, 2, 3)
    found = forecast.of(factories.a_request(Status.DISPOSED, at=NOW - timedelta(minutes=30)), now=NOW)
    assert found is not None
    assert (found.count, found.usual) == (4, None)


@pytest.mark.django_db
def test_what_was_finished_more_than_90_days_ago_says_nothing() -> None:
    finished(1, 1.5, 2, 3, 4, on=MONDAY - timedelta(weeks=13))
    found = forecast.of(factories.a_request(Status.DISPOSED, at=NOW - timedelta(minutes=30)), now=NOW)
    assert found is not None
    assert found.count == 0


@pytest.mark.django_db
def test_the_waits_for_the_unit_are_not_promised() -> None:
    finished(1.5, 1.5, 1.5, 1.5, 1.5, waits=1)
    found = forecast.of(factories.a_request(Status.DISPOSED, at=NOW - timedelta(minutes=30)), now=NOW)
    assert found is not None
    assert found.usual == timedelta(minutes=30)


@pytest.mark.django_db
def test_a_request_that_waits_for_its_unit_says_so_and_asks_the_database_nothing(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    asked = factories.a_request(Status.CLARIFICATION, at=NOW - timedelta(minutes=30))
    over, draft = AccessRequest(status=Status.FINISHED), AccessRequest(status=Status.DRAFT)
    with django_assert_num_queries(0):
        found = forecast.of(asked, now=NOW)
        assert forecast.of(over, now=NOW) is None
        assert forecast.of(draft, now=NOW) is None
    assert found == Forecast(waits_for=Actor.UNIT)


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    request = factories.a_request(Status.DISPOSED, at=NOW - timedelta(minutes=30))
    finished(1, 2, 3, 4, 5)
    with django_assert_num_queries(7):  # the calendar's four, the newest replies, their stays, its own stays
        forecast.of(request, now=NOW)
    Passage.objects.all().delete()
    StepEntry.objects.exclude(request=request).delete()
    AccessRequest.objects.filter(status="finished").delete()
    finished(*[1 + number / 10 for number in range(30)])
    with django_assert_num_queries(7):
        forecast.of(request, now=NOW)
