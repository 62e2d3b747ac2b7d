"""`manage.py run`: the whole application on one machine, and nothing left behind when it ends."""

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import IO

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config.demo import sign_ins
from config.processes import die_with

STARTING = 60
"""Seconds the web server may take until it answers."""
ENDING = 8
"""Seconds the processes may take to finish what they are doing before they are killed."""
LOG_LIMIT = 5_000_000
"""Bytes of a log that make the next start set it aside as `.1`."""
TERMINAL_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(Exception):
    """Somebody asked us to stop (Ctrl-C, SIGTERM, a closed terminal)."""


class Child:
    """One of our processes, in a group of its own, with a log of its own."""

    def __init__(self, name: str, *command: str) -> None:
        self.name = name
        self.log = settings.LOG_DIR / f"{name}.log"
        set_aside(self.log)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with(os.getpid()),
            )

    def ended(self) -> bool:
        """Say whether the process is over."""
        return self.process.poll() is not None

    def signal_group(self, number: signal.Signals) -> None:
        """Signal the process and its own children; a group that is gone already is fine."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass


def set_aside(log: Path) -> None:
    """Keep one old log, so that years of starts do not fill the disk."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))


def start() -> list[Child]:
    """Start the web server and the worker with its beat."""
    return [
        Child(
            "web",
            *("granian", "--interface", "wsgi", "--host", settings.HOST, "--port", str(settings.PORT)),
            # One process with a few threads: SQLite has one writer anyway.
            *("--workers", "1", "--blocking-threads", "4", "--workers-kill-timeout", "5", "--no-ws"),
            "config.wsgi:application",
        ),
        Child(
            "worker",
            *("celery", "-A", "config", "worker", "--beat", "--pool", "threads", "--concurrency", "2"),
            *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),
        ),
    ]


def end(children: list[Child]) -> None:
    """Ask all to finish, wait `ENDING` seconds together, then kill what is left of every group."""
    for child in children:
        child.signal_group(signal.SIGTERM)
    deadline = time.monotonic() + ENDING
    for child in children:
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        child.signal_group(signal.SIGKILL)
        child.process.wait()


def address() -> tuple[str, int]:
    """Where the browser on this machine finds us: a server on all interfaces answers on loopback too."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST), settings.PORT  # noqa: S104


def answers() -> bool:
    """Say whether the web server gives a page; a server error is no page."""
    connection = http.client.HTTPConnection(*address(), timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Command(BaseCommand):
    """Migrate, load defaults and demo, serve, and watch over the processes until Ctrl-C."""

    help = "Starts the web server and the worker on this machine, with demo accounts. For DEBUG only."

    def handle(self, *args: object, **options: object) -> None:
        """Run until asked to end; raise CommandError (exit code 1) when something keeps us from running."""
        if not settings.DEBUG:
            raise CommandError(
                "`run` signs people in with passwords that anybody can read, so it works with DEBUG only.\n"
                "How to start the web server and the worker with DEBUG=False stands in docs/operations.md."
            )
        if "MAKELEVEL" in os.environ:  # started by make: whoever kills make means us
            die_with(os.getppid())()
        for number in TERMINAL_SIGNALS:
            signal.signal(number, self.on_signal)
        children: list[Child] = []
        try:
            with self.only_one():
                self.refuse_taken_port()
                self.stdout.write(f"Starting Gapura on {settings.DATA_DIR} ...")
                for command in ("migrate", "load_defaults", "load_demo"):
                    call_command(command, verbosity=0, stdout=StringIO())
                children += start()
                self.wait_until_it_answers(children)
                self.print_sign_ins()
                self.watch(children)
        except Ended:
            self.stdout.write("\nEnding ...")
        finally:
            for number in TERMINAL_SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            end(children)

    @staticmethod
    def on_signal(number: int, frame: FrameType | None) -> None:
        """Turn a signal into an exception, wherever we are."""
        raise Ended

    @staticmethod
    def only_one() -> IO[str]:
        """Return the open lock file of the data folder; two beats on one schedule file would break it."""
        lock = (settings.DATA_DIR / "run.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"Gapura is running already on {settings.DATA_DIR}. A second one needs its own DATA_DIR and PORT."
            ) from None
        return lock

    @staticmethod
    def refuse_taken_port() -> None:
        """Raise CommandError when we could not listen; better now than after half a start."""
        family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.HOST, settings.PORT))
                probe.listen()
            except (OSError, OverflowError) as error:
                raise CommandError(
                    f"Cannot listen on {settings.HOST}:{settings.PORT} ({getattr(error, 'strerror', None) or error}). "
                    "Another program may be there; choose another port, for example: PORT=8001 make run"
                ) from None

    def wait_until_it_answers(self, children: list[Child]) -> None:
        """Return when the first page comes; raise CommandError when it does not come in `STARTING` seconds."""
        deadline = time.monotonic() + STARTING
        while not answers():
            self.refuse_death(children)
            if time.monotonic() > deadline:
                raise CommandError(f"The web server does not answer. Its log: {children[0].log}")
            time.sleep(0.1)

    def watch(self, children: list[Child]) -> None:
        """Wait for ever; raise CommandError when a process ended by itself."""
        while True:
            self.refuse_death(children)
            time.sleep(0.3)

    @staticmethod
    def refuse_death(children: list[Child]) -> None:
        """Raise CommandError naming the process that ended, and where to read why."""
        for child in children:
            if child.ended():
                raise CommandError(
                    f"The {child.name} process ended by itself (code {child.process.returncode}). Its log: {child.log}"
                )

    def print_sign_ins(self) -> None:
        """Print the address, the demo's people and where things are, as one short table."""
        host, port = address()
        host = f"[{host}]" if ":" in host else host
        rows = [("Sign in as", "E-mail", "Password"), *((str(role), *rest) for role, *rest in sign_ins())]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        lines.insert(1, "  ".join("-" * width for width in widths))
        self.stdout.write(f"\nGapura is at http://{host}:{port}\n\n")
        self.stdout.write("\n".join(f"  {line}" for line in lines))
        self.stdout.write(f"\nData, logs and mails: {settings.DATA_DIR}   Ctrl-C ends everything.\n")
        self.stdout.flush()
