"""Simulated time passes: letters come, people act, the clock looks around, until now."""

import calendar as months
import heapq
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from inspect import GEN_CREATED, getgeneratorstate
from itertools import count
from random import Random
from zlib import crc32

from django.db import transaction
from django.utils import timezone

from accounts import substitutions
from accounts.models import User
from config import defaults
from config.simulation import cast, stage
from config.simulation.stories import Letter, Story, World
from config.simulation.timing import OfficeTime, arrivals
from requests_app import sla
from requests_app.models import AccessRequest
from requests_app.policies import Refused
from requests_app.steps import clock, digests
from webservice_accounts import reminders
from webservice_accounts.decisions import ALLOWED
from webservice_accounts.models import WebserviceAccount
from webservice_accounts.policies import Refused as NotPossible
from webservice_accounts.use_counter import UseCounter

logger = logging.getLogger(__name__)

BETWEEN_SWEEPS = timedelta(minutes=15)
DAYS_BETWEEN_USES = 14
SUMMARIES_FOR = timedelta(days=14)
"""Before the end: older ones than that nobody looks at, and each takes as long as a page."""


@dataclass
class Played:
    """What came of it: how many requests, and how many acts the services refused."""

    requests: int = 0
    refused: list[str] = field(default_factory=list)


def begins(until: datetime, months_back: int) -> datetime:
    """Local midnight, so many months before `until`."""
    day = timezone.localdate(until)
    year, month = divmod(day.year * 12 + day.month - 1 - months_back, 12)
    day = date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))
    return datetime.combine(day, time.min, tzinfo=sla.WIB)


def play(
    *, requests: int, months: int, seed: int, until: datetime, progress: Callable[[int], object] = lambda _more: None
) -> Played:
    """Write a history of so many requests in the `months` before `until`; what was begun then stays open.

    The same arguments on the same installation give the same history, except for keys
    and secrets. `progress` is told how many more requests there are, once a simulated day.
    Raises ValueError when there would be no time for it.
    """
    start = begins(until, months)
    defaults.load(now=start)
    defaults.load(now=until)
    rng = Random(seed)  # noqa: S311  # a history that can be told again, not a secret
    with stage.set_up(rng, start=start, until=until) as scene:
        return _Play(rng, scene, seed, start, until).run(requests, progress)


class _Play:
    def __init__(self, rng: Random, scene: stage.Stage, seed: int, start: datetime, until: datetime) -> None:
        self.rng, self.scene, self.seed, self.start, self.until = rng, scene, seed, start, until
        self.order = count()
        self.waiting: list[tuple[datetime, int, Story]] = []
        self.played = Played()

    def run(self, requests: int, progress: Callable[[int], object]) -> Played:
        with transaction.atomic():
            people = cast.make(self.rng, now=self.start)
        office = OfficeTime(self.scene.calendar, self.start, self.until)
        self.world = World(people, self.scene, office, self.tell, [])
        self.tell(self._sweeps(), self.start)
        self.tell(self._days(), self.start)
        for person in (people.head, *people.helpdesk, *people.psi):
            self.tell(self._absences(person), self.start)
        for number, at in enumerate(arrivals(self.rng, requests, self.scene.calendar, self.start, self.until)):
            own = Random(f"{self.seed}:{number}")  # noqa: S311  # as above
            self.tell(self._letter(own, at), at)
        day = timezone.localdate(self.start)
        while self.waiting and self.waiting[0][0] < self.until:
            day += timedelta(days=1)
            before = self.played.requests
            # One transaction for a day: a commit for each act would be most of the time this takes.
            with transaction.atomic():
                self._until(min(datetime.combine(day, time.min, tzinfo=sla.WIB), self.until))
                self.scene.post.write()
            progress(self.played.requests - before)
        return self.played

    def tell(self, story: Story, at: datetime) -> None:
        """Let a story begin at that time; what it does at once is done then."""
        heapq.heappush(self.waiting, (at, next(self.order), story))

    def _until(self, end: datetime) -> None:
        while self.waiting and self.waiting[0][0] < end:
            at, _order, story = heapq.heappop(self.waiting)
            try:
                following = next(story) if getgeneratorstate(story) == GEN_CREATED else story.send(at)
            except StopIteration:
                continue
            except (Refused, NotPossible) as problem:
                self.played.refused.append(str(problem))
                logger.warning("a simulated story ended at %s: %s", at, problem)
                continue
            self.tell(story, max(following, at))

    # --- the work ---------------------------------------------------------------------------
    def _letter(self, rng: Random, at: datetime) -> Story:
        self.played.requests += 1
        yield from Letter(self.world, rng, at).tell()

    # --- the clock ----------------------------------------------------------------------------
    def _sweeps(self) -> Story:
        """A sweep every quarter of an office hour, in place of every minute: nobody is told at other times."""
        now = self.start
        while True:
            now = yield self.scene.calendar.next_opening(now + BETWEEN_SWEEPS)
            clock.sweep(now=now)

    def _days(self) -> Story:
        """What the clock does besides, early in the morning; and what applications do at night."""
        now = self.start
        while True:
            now = yield now + timedelta(hours=7, minutes=45)
            self.scene.post.write()
            reminders.remind(now=now)
            self.scene.post.write()
            if self.until - now < SUMMARIES_FOR:
                digests.write_daily(now=now)
                digests.write_weekly(now=now)
                self.scene.post.write()
                digests.note_delivery()
            clock.note_delivery()
            reminders.note_delivery()
            day = timezone.localdate(now)
            if day.toordinal() % DAYS_BETWEEN_USES == 0:
                self._use(now)
                reminders.sweep_unused(now=now)
            now = yield datetime.combine(day + timedelta(days=1), time.min, tzinfo=sla.WIB)

    def _use(self, now: datetime) -> None:
        """Most applications have read something, as the gate counts it."""
        counter, moment = UseCounter(every=None), (now - timedelta(hours=5)).timestamp()
        living = WebserviceAccount.objects.filter(
            cast.is_of_the_cast("unit__"), revealed_at__lt=now, ends_at__gt=now, suspended_at=None, revoked_at=None
        )
        columns = ("pk", "username", "secrets__pk", "grants__data_type__code")
        for account, name, secret, code in (
            living.filter(secrets__ends_at=None).values_list(*columns).order_by(*columns)
        ):
            habit = crc32(name.encode())
            if secret and code and habit % 15:
                for call in range(1 + habit % 7):
                    counter.count(account, secret, code, ALLOWED, f"10.44.3.{habit % 200}", moment + call)
        counter.flush()

    # --- people who are away --------------------------------------------------------------------
    def _absences(self, person: User) -> Story:
        """Some days every few weeks, with somebody who stands in, said the day before."""
        people, rng = self.world.cast, Random(f"{self.seed}:{person.email}")  # noqa: S311  # as above
        now = self.start
        while True:
            now = yield self.world.office.after(now, rng.uniform(15, 70) * 450)
            starts_on = timezone.localdate(now) + timedelta(days=1)
            ends_on = starts_on + timedelta(days=rng.choice((1, 2, 2, 4, 6, 11)))
            team = people.psi if person in people.psi else people.helpdesk
            colleagues = [one for one in people.there(team, starts_on) if one != person]
            substitute = people.deputy if person == people.head else rng.choice(colleagues)
            away = cast.Absence(person, substitute, starts_on, ends_on)
            if not self._is_alone(away):
                appointment = substitutions.Appointment(
                    person, substitute, starts_on, ends_on, basis=f"Surat Tugas Nomor {rng.randint(10, 900)}/UN11/TU"
                )
                substitutions.appoint(appointment, by=person, now=now)
                people.absences.append(away)
            now = yield datetime.combine(ends_on, time(16), tzinfo=sla.WIB)

    def _is_alone(self, away: cast.Absence) -> bool:
        """Whether somebody who would stand in, or whose substitute this person is, is away on one of these days."""
        return any(
            other.starts_on <= away.ends_on
            and other.ends_on >= away.starts_on
            and {other.person, other.substitute} & {away.person, away.substitute}
            for other in self.world.cast.absences
        )


def simulated_requests() -> int:
    """How many requests of simulated units there are."""
    return AccessRequest.objects.filter(cast.is_of_the_cast("unit__")).count()


def real_requests() -> int:
    """How many requests are neither simulated nor of the demo."""
    return AccessRequest.objects.exclude(cast.is_of_the_cast("unit__")).exclude(created_by__is_demo=True).count()
