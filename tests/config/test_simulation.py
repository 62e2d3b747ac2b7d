"""A simulated history is believable, comes out the same again, concerns nobody real, and goes as it came."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import LazySettings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Max, Model
from django.utils import timezone

from accounts import mail
from accounts.models import AuditEvent, Notice, OutgoingMail, RoleGrant, Substitution, Unit, User
from accounts.nudge import Broker
from config.simulation import play, strike
from config.simulation.cast import DOMAIN
from config.simulation.timing import OfficeTime, arrivals
from requests_app import sla
from requests_app.models import (
    AccessRequest,
    AgendaEntry,
    ConfirmedYear,
    DeadlineNotice,
    Digest,
    Disposition,
    Document,
    LateReason,
    NumberBook,
    OwnerConsent,
    Passage,
    ReplyLetter,
    RequestedItem,
    StepEntry,
)
from requests_app.sop import Status
from tests import factories
from webservice_accounts.models import AccountPeriod, DailyUse, DataType, Grant, Holding, WebserviceAccount

WIB = ZoneInfo("Asia/Jakarta")
UNTIL = datetime(2026, 9, 30, 11, 0, tzinfo=WIB)
COUNT = 32

HISTORY: tuple[type[Model], ...] = (
    Unit, User, RoleGrant, Substitution, AccessRequest, RequestedItem, StepEntry, Passage, DeadlineNotice, LateReason,
    OwnerConsent, Disposition, Digest, AgendaEntry, NumberBook, ReplyLetter, Document, WebserviceAccount, AccountPeriod,
    Holding, Grant, DailyUse, AuditEvent, OutgoingMail, Notice, DataType,
)  # fmt: skip
UNCOMPARED = {"password", "start_key", "key", "digest", "pepper_version", "hint"}
"""Keys, and what must be random in life."""


def rows_of(model: type[Model], places: dict[type[Model], dict[int, int]]) -> list[tuple[Any, ...]]:
    """Every column of every row that a history wrote, keys as their place among the new ones."""
    columns = [
        field
        for field in model._meta.concrete_fields
        if field.name not in UNCOMPARED and field.attname != "actor_id" and not field.primary_key
    ]

    def value(row: Model, field: Any) -> Any:
        found = getattr(row, field.attname)
        if field.name == "told_to":
            return [person["name"] for person in found]
        if field.name == "subject":
            return re.sub(r"^user:\d+", "user:", found)
        return places.get(field.related_model, {}).get(found, found) if field.is_relation else found

    rows = model._default_manager.filter(pk__in=places[model]).order_by("pk")
    return [tuple(value(row, field) for field in columns) for row in rows]


@pytest.fixture(autouse=True, scope="module")
def _few_summaries() -> Iterator[None]:
    """Each takes as long as a page, and two days of them show what fourteen do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(play, "SUMMARIES_FOR", timedelta(days=2))
        yield


def last_keys() -> dict[type[Model], int]:
    return {model: model._default_manager.aggregate(last=Max("pk"))["last"] or 0 for model in HISTORY}


def history() -> dict[str, list[tuple[Any, ...]]]:
    before = last_keys()
    play.play(requests=6, months=1, seed=4, until=UNTIL)
    places = {}
    for model, last in before.items():
        new = model._default_manager.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
        places[model] = {pk: place for place, pk in enumerate(new)}
    return {model.__name__: rows_of(model, places) for model in HISTORY}


@pytest.fixture(scope="module")
def told(django_db_setup: None, django_db_blocker: Any) -> Iterator[play.Played]:
    """One history for the tests that look at it; a savepoint takes it away again."""
    with django_db_blocker.unblock():
        block = transaction.atomic()
        block.__enter__()
        call_command("load_defaults", stdout=StringIO())
        try:
            yield play.play(requests=COUNT, months=1, seed=2, until=UNTIL)
        finally:
            transaction.set_rollback(True)
            block.__exit__(None, None, None)


# --- one history ---------------------------------------------------------------------------------
def test_as_many_requests_as_asked_for_and_no_act_that_a_service_refused(told: play.Played) -> None:
    assert told.refused == []
    assert told.requests == AccessRequest.objects.count() == COUNT


@pytest.mark.usefixtures("told")
class TestHistory:
    def test_most_are_finished_and_some_are_still_open(self) -> None:
        finished = AccessRequest.objects.filter(status=Status.FINISHED).count()
        still_open = StepEntry.objects.filter(left_at=None).count()
        assert finished > COUNT / 2
        assert 0 < still_open < COUNT / 2

    def test_nothing_lies_after_its_end_or_before_its_beginning(self) -> None:
        begin = datetime(2026, 8, 30, tzinfo=WIB)
        assert not AuditEvent.objects.filter(subject__startswith="request:", at__gte=UNTIL).exists()
        assert not AuditEvent.objects.filter(subject__startswith="request:", at__lt=begin).exists()
        assert not StepEntry.objects.filter(entered_at__gte=UNTIL).exists()

    def test_numbers_are_drawn_in_the_order_of_time(self) -> None:
        entries = AgendaEntry.objects.order_by("number").values_list("number", "registered_at")
        assert [number for number, _at in entries] == list(range(1, len(entries) + 1))
        assert sorted(at for _number, at in entries) == [at for _number, at in entries]
        letters = ReplyLetter.objects.exclude(number_in_book=None).order_by("number_in_book")
        approved = list(letters.values_list("approved_at", flat=True))
        assert approved == sorted(approved)

    def test_the_record_is_written_in_the_order_of_time(self) -> None:
        moments = list(AuditEvent.objects.order_by("pk").values_list("at", flat=True))
        assert moments == sorted(moments)

    def test_the_office_works_in_office_hours(self) -> None:
        decided = [timezone.localtime(at) for at in Disposition.objects.values_list("decided_at", flat=True)]
        assert decided
        assert all(at.weekday() < 5 and 7 <= at.hour < 17 for at in decided)

    def test_deadlines_are_met_mostly_but_not_always_and_people_are_reminded(self) -> None:
        held = Passage.objects.filter(number__in=("3", "6"), is_within=True).count()
        missed = Passage.objects.filter(number__in=("3", "6"), is_within=False).count()
        assert held > 2 * missed > 0
        told = DeadlineNotice.objects.filter(state=DeadlineNotice.State.TOLD)
        assert set(told.values_list("kind", flat=True)) >= {"half", "warning", "breach"}

    def test_every_way_back_is_somewhere(self) -> None:
        done = set(AuditEvent.objects.values_list("verb", flat=True))
        assert {"return_to_unit", "ask_owner", "reassign", "create_account", "reveal", "confirm", "send_reply"} <= done

    def test_no_mail_waits_and_none_is_for_a_real_address(self) -> None:
        assert OutgoingMail.objects.exists()
        assert not OutgoingMail.objects.exclude(state=OutgoingMail.State.SENT).exists()
        assert not OutgoingMail.objects.exclude(to__endswith=f"@{DOMAIN}").exists()

    def test_what_was_told_is_marked_as_sent_and_summaries_are_there_for_the_last_days(self) -> None:
        assert DeadlineNotice.objects.filter(state=DeadlineNotice.State.TOLD, sent_at__isnull=False).exists()
        written = Digest.objects.exclude(rows=0)
        assert written.exists()
        assert not written.exclude(person__email__endswith=f"@{DOMAIN}").exists()

    def test_mails_bear_their_real_subject(self) -> None:
        request = AccessRequest.objects.filter(status=Status.FINISHED).earliest("pk")
        subjects = set(OutgoingMail.objects.filter(key__startswith=request.reference).values_list("subject", flat=True))
        assert f"Permohonan {request.reference} sudah kami terima" in subjects

    def test_nobody_of_the_cast_can_sign_in_and_everything_says_that_it_is_simulated(self) -> None:
        cast = User.objects.filter(email__endswith=f"@{DOMAIN}")
        assert cast.exists()
        assert not any(person.has_usable_password() for person in cast)
        units = Unit.objects.filter(pk__in=AccessRequest.objects.values("unit"))
        assert all(unit.name.endswith("(simulasi)") for unit in units)

    def test_letters_share_their_files(self) -> None:
        names = set(Document.objects.values_list("file", flat=True))
        assert len(names) == 2
        assert all(default_storage.exists(name) for name in names)

    def test_afterwards_everything_is_as_in_life(self) -> None:
        row = mail.queue(key="after", to="a@example.org", language="id", subject="s", text="t", now=timezone.now())
        assert row.state == OutgoingMail.State.WAITING
        assert Broker.silent_until == 0.0
        assert Document._meta.get_field("file").storage == default_storage


# --- again, and away ------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_same_seed_gives_the_same_history_row_for_row() -> None:
    call_command("load_defaults", stdout=StringIO())
    confirmed = ConfirmedYear.objects.count()
    with transaction.atomic():
        once = history()
        transaction.set_rollback(True)
    with transaction.atomic():
        again = history()
        transaction.set_rollback(True)
    assert ConfirmedYear.objects.count() == confirmed
    assert once["AccessRequest"]
    for name, rows in once.items():
        assert again[name] == rows, name


@pytest.mark.django_db
def test_it_goes_as_it_came_and_leaves_the_real_request(settings: LazySettings) -> None:
    settings.DEBUG = True
    real = factories.a_request(Status.DISPOSED)
    before = {model: model._default_manager.count() for model in HISTORY}
    call_command("load_defaults", stdout=StringIO())
    catalogue = DataType.objects.count()
    with pytest.raises(CommandError, match="1 real requests"):
        call_command("simulate", requests=5, months=1, until=UNTIL, stdout=StringIO())
    said = StringIO()
    call_command("simulate", requests=4, months=1, until=UNTIL, yes_mix_with_real_data=True, stdout=said)
    assert "written: 4 requests" in said.getvalue()
    assert (
        not Notice.objects.filter(user__in=User.objects.exclude(email__endswith=f"@{DOMAIN}"))
        .exclude(pk__lte=0)
        .count()
        > before[Notice]
    )
    with pytest.raises(CommandError, match="already"):
        call_command("simulate", requests=5, months=1, yes_mix_with_real_data=True, stdout=StringIO())

    assert strike.remove() == 4

    real.refresh_from_db()
    after = {model: model._default_manager.count() for model in HISTORY}
    assert DataType.objects.count() == catalogue
    for model in set(HISTORY) - {Unit, DataType, NumberBook}:
        assert after[model] == before[model], model
    assert not Unit.objects.filter(code__startswith="sim-").exists()


@pytest.mark.django_db
def test_it_refuses_an_installation_in_use_and_nonsense(settings: LazySettings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG is off"):
        call_command("simulate", requests=5, months=1, stdout=StringIO())
    settings.DEBUG = True
    for nonsense in ({"requests": 0}, {"months": 0}, {"months": 61}, {"until": timezone.now() + timedelta(days=1)}):
        with pytest.raises(CommandError):
            call_command("simulate", **{"requests": 5, "months": 1, "stdout": StringIO()} | nonsense)
    assert not AccessRequest.objects.exists()


# --- time --------------------------------------------------------------------------------------------
CALENDAR = sla.WorkingCalendar()


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In November 2026, whose second day is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=WIB)


@pytest.mark.parametrize(
    ("start", "minutes", "expected"),
    [
        (at(2, 8), 30, at(2, 8, 30)),
        (at(2, 11, 50), 20, at(2, 13, 10)),  # over lunch
        (at(2, 6), 15, at(2, 7, 45)),  # before the office opens
        (at(2, 15, 50), 20, at(3, 7, 40)),  # over night
        (at(6, 16, 20), 20, at(9, 7, 40)),  # over the weekend
        (at(7, 12), 60, at(9, 8, 30)),  # from a Saturday
        (at(2, 7, 30), 450 * 5, at(9, 7, 30)),  # a week of office time
    ],
)
def test_office_time_is_added_over_nights_and_weekends(start: datetime, minutes: float, expected: datetime) -> None:
    assert OfficeTime(CALENDAR, at(1, 0), at(30, 0)).after(start, minutes) == expected


def test_letters_come_on_working_days_and_at_the_beginning_of_the_semester() -> None:
    start, end = datetime(2026, 1, 1, tzinfo=WIB), datetime(2026, 12, 31, tzinfo=WIB)
    found = arrivals(Random(5), 3000, CALENDAR, start, end)
    assert len(found) == 3000
    assert found == sorted(found)
    assert start < found[0]
    assert found[-1] < end
    weekend = sum(one.weekday() > 4 for one in found)
    night = sum(not 6 <= one.hour < 23 for one in found)
    by_month = [sum(one.month == month for one in found) for month in range(1, 13)]
    assert weekend < 150
    assert night < 30
    assert by_month[8] > 2 * by_month[6]
    assert arrivals(Random(5), 50, CALENDAR, start, end) == arrivals(Random(5), 50, CALENDAR, start, end)


@pytest.mark.parametrize(
    ("until", "months", "begins"),
    [
        (datetime(2026, 11, 20, 15, tzinfo=WIB), 12, datetime(2025, 11, 20, tzinfo=WIB)),
        (datetime(2026, 3, 31, 15, tzinfo=WIB), 1, datetime(2026, 2, 28, tzinfo=WIB)),
        (datetime(2026, 1, 1, 0, 30, tzinfo=WIB), 1, datetime(2025, 12, 1, tzinfo=WIB)),
    ],
)
def test_a_history_begins_at_midnight_so_many_months_before(until: datetime, months: int, begins: datetime) -> None:
    assert play.begins(until, months) == begins
