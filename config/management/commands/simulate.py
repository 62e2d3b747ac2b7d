"""`manage.py simulate`: a believable history of many requests, for demos, screenshots and load."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import ProtectedError
from django.utils import timezone
from tqdm import tqdm

from config.simulation import play, strike

MAX_MONTHS = 60


class Command(BaseCommand):
    """Refuses where real people's requests are, unless it is told that they may be mixed."""

    help = "Write a believable history of requests by simulated units, or take it away again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how much, how long and which history."""
        parser.add_argument("--requests", type=int, default=300, metavar="N", help="how many requests (300)")
        parser.add_argument("--months", type=int, default=6, metavar="M", help="over how many months (6)")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="the same seed gives the same history (1)")
        parser.add_argument("--until", type=_moment, help="when it ends, as 2026-11-20T16:00 (now)")
        parser.add_argument("--remove", action="store_true", help="take the simulated history away again")
        parser.add_argument(
            "--yes-mix-with-real-data",
            action="store_true",
            help="also where DEBUG is off, or where there are real requests: its numbers are drawn from the same books",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raise CommandError when it would mix with real data, or when there is a simulated history already."""
        if options["remove"]:
            try:
                gone = strike.remove()
            except ProtectedError as problem:
                raise CommandError(
                    f"Something real hangs on the simulated history; nothing was removed: {problem}"
                ) from problem
            self.stdout.write(f"removed: {gone} simulated requests, with their units, people and accounts")
            return
        requests, until = options["requests"], options["until"] or timezone.now()
        self._check(requests, options["months"], until, may_mix=options["yes_mix_with_real_data"])
        began = monotonic()
        with self._progress(requests) as progress:
            played = play.play(
                requests=requests, months=options["months"], seed=options["seed"], until=until, progress=progress
            )
        took = monotonic() - began
        self.stdout.write(f"written: {played.requests} requests in {took:.0f} s ({1000 * took / requests:.0f} ms each)")
        if played.refused:
            self.stdout.write(f"{len(played.refused)} acts were refused, as in life; the first: {played.refused[0]}")

    def _check(self, requests: int, months: int, until: datetime, *, may_mix: bool) -> None:
        if requests < 1 or not 1 <= months <= MAX_MONTHS:
            raise CommandError(f"Ask for at least 1 request, and for 1 to {MAX_MONTHS} months.")
        if until > timezone.now():
            raise CommandError("A history ends now or before.")
        if not settings.DEBUG and not may_mix:
            raise CommandError("DEBUG is off: this looks like an installation in use. See --yes-mix-with-real-data.")
        if (real := play.real_requests()) and not may_mix:
            raise CommandError(f"There are {real} real requests here. See --yes-mix-with-real-data.")
        if there := play.simulated_requests():
            raise CommandError(f"There are {there} simulated requests already. Take them away with --remove.")

    @contextmanager
    def _progress(self, total: int) -> Iterator[Callable[[int], object]]:
        """A bar on a terminal; elsewhere a line for every tenth."""
        if sys.stderr.isatty():
            with tqdm(total=total, unit="request", smoothing=0.05) as bar:
                yield bar.update
            return
        done = 0

        def more(count: int) -> None:
            nonlocal done
            if (done + count) * 10 // total > done * 10 // total:
                self.stdout.write(f"{done + count} of {total} requests")
                self.stdout.flush()
            done += count

        yield more


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else timezone.make_aware(moment)
