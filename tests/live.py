"""Gapura as it runs for people: its own processes, database, folder and mail server, for journeys and fault tests."""

import contextlib
import email
import email.policy
import logging
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import psycopg2
import redis
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from environ import Env

from config.processes import die_with
from tests.servers import HOUSE_VARIABLES, ROOT, free_port, wait_until

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every line of every conversation

WEB = ("granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "4", "--no-ws", "--host", "127.0.0.1")
WORKER = ("celery", "-A", "config", "worker", "--pool", "threads", "--concurrency", "2", "--loglevel", "INFO")


def words_of(message: EmailMessage) -> str:
    """The text of a mail, whatever is attached to it."""
    body = message.get_body(("plain",))
    return str(body.get_content()) if body else ""


class Mailbox:
    """A mail server that really receives. `stop()` and `start()` make the fault "mail server down"."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.port = free_port()
        self.controller: Controller | None = None
        self.start()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep one message (aiosmtpd calls this from its own thread)."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"

    def start(self) -> None:
        """Listen again, on the same port."""
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self) -> None:
        """Refuse connections."""
        if self.controller:
            self.controller.stop()
            self.controller = None

    def to(self, address: str) -> list[EmailMessage]:
        """Return what one person received, oldest first."""
        return [message for message in self.messages if address in str(message["To"])]

    def wait_for(self, address: str, subject: str = "", text: str = "", seconds: float = 30) -> EmailMessage:
        """Return the newest message to a person whose subject and text hold the words; raise TimeoutError.

        Name what only your mail has: the demo's people get others, whenever the worker comes to them.
        """

        def found() -> list[EmailMessage]:
            return [
                message
                for message in self.to(address)
                if subject in str(message["Subject"]) and text in words_of(message)
            ]

        received = [(str(message["To"]), str(message["Subject"])) for message in self.messages]
        wait_until(lambda: bool(found()), f"mail to {address} about {subject!r} (received: {received})", seconds)
        return found()[-1]


@dataclass
class Process:
    """One real process in a group of its own, whose output goes to a file."""

    command: tuple[str, ...]
    env: dict[str, str]
    log_file: Path
    popen: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self.popen = subprocess.Popen(
                [sys.executable, *self.command],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with(os.getpid()),
            )

    @property
    def alive(self) -> bool:
        """Say whether the process still runs."""
        return self.popen.poll() is None

    @property
    def log(self) -> str:
        """What the process has printed so far."""
        return self.log_file.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """Signal the process and its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, number)

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL to the whole group)."""
        self.signal(signal.SIGKILL)
        self.popen.wait()

    def stop(self, seconds: float = 10) -> None:
        """Ask it to end (SIGTERM), and kill what is left after `seconds`."""
        with contextlib.suppress(ProcessLookupError):
            self.popen.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)
        self.kill()

    def wait_for_line(self, text: str, seconds: float = 60) -> None:
        """Return when the output holds `text`; raise with the output when it ends or takes longer."""

        def printed() -> bool:
            if text in self.log:
                return True
            if not self.alive:
                raise RuntimeError(f"{self.command[1]} ended with code {self.popen.returncode}:\n{self.log}")
            return False

        wait_until(printed, f"{text!r} in the output of {self.command[1]}:\n{self.log}", seconds)


def start_worker(env: dict[str, str], log_file: Path, *, beat: bool = False) -> Process:
    """Start a real Celery worker (with beat: the clock sweeps every minute) and wait until it takes work."""
    worker = Process(("-m", *WORKER, *(["--beat"] if beat else []), "--without-mingle"), env, log_file)
    worker.wait_for_line(" ready.")
    return worker


def answers(url: str) -> bool:
    """Say whether a page comes from there; a server error is no page."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


@dataclass
class LiveGapura:
    """A running Gapura. Its people are those of the demo (`config.demo.sign_ins()`)."""

    env: dict[str, str]
    data_dir: Path
    mailbox: Mailbox
    base_url: str
    web: Process
    worker: Process | None

    def manage(self, *arguments: str, code: int = 0) -> str:
        """Run `manage.py` on this Gapura; return what it printed; fail when it exits with another code."""
        return manage(self.env, *arguments, code=code)

    def shell(self, source: str) -> str:
        """Run Python source with the models at hand (`manage.py shell`); return what it printed, stripped."""
        return self.manage("shell", "--verbosity", "0", "--command", source).strip()

    def start_worker(self, *, beat: bool = True) -> Process:
        """Start the worker (again); the log goes on in the same file."""
        self.worker = start_worker(self.env, self.data_dir / f"logs/worker-{free_port()}.log", beat=beat)
        return self.worker

    def stop(self) -> None:
        """End all processes."""
        self.web.stop()
        if self.worker:
            self.worker.stop()
        self.mailbox.stop()


def manage(env: dict[str, str], *arguments: str, code: int = 0) -> str:
    """Run `manage.py` with an environment; return its output; fail when it exits with another code than expected."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, (
        f"manage.py {' '.join(arguments)}: code {done.returncode}\n{done.stdout}{done.stderr}"
    )
    return done.stdout if code == 0 else done.stdout + done.stderr


class Foundry:
    """Makes fresh Gapuras fast: migrates and loads the demo once, then copies database and folder.

    `database_url` and `redis_url` may be empty (SQLite, broker made of files); `name` keeps several foundries apart.
    """

    def __init__(self, folder: Path, database_url: str, redis_url: str, name: str) -> None:
        self.folder, self.database_url, self.redis_url, self.name = folder, database_url, redis_url, name
        self.made = 0
        self.databases: list[str] = []

    def database(self, number: int) -> str:
        """Return the name of one of our PostgreSQL databases."""
        return f"gapura_test_{self.name}_{number}"

    def sql(self, statement: str) -> None:
        """Run one statement outside a transaction, in the database that DATABASE_URL names."""
        server = Env.db_url_config(self.database_url)
        connection = psycopg2.connect(
            dbname=server["NAME"],
            user=server["USER"],
            password=server["PASSWORD"],
            host=server["HOST"],
            port=server["PORT"] or None,
        )
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(statement)

    def make_database(self, number: int, template: str = "template0") -> None:
        """Make a database as a copy of another one."""
        if self.database_url:
            self.sql(f"DROP DATABASE IF EXISTS {self.database(number)} WITH (FORCE)")
            self.sql(f"CREATE DATABASE {self.database(number)} TEMPLATE {template}")
            self.databases.append(self.database(number))

    def env(self, number: int, **variables: str) -> dict[str, str]:
        """Return the environment of the Gapura with that number (0 is the template)."""
        env = {name: value for name, value in os.environ.items() if name not in HOUSE_VARIABLES}
        env |= {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1", "ENV_FILE": os.devnull}
        env |= {"DATA_DIR": str(self.folder / str(number)), "REDIS_URL": self.redis_url}
        if self.database_url:
            env["DATABASE_URL"] = f"{self.database_url.rpartition('/')[0]}/{self.database(number)}"
        return env | variables

    def template(self) -> Path:
        """Return the folder of a Gapura that has never run: migrated, with defaults and demo."""
        folder = self.folder / "0"
        if not folder.exists():
            self.make_database(0)
            commands = ("migrate", "load_defaults", "load_demo")
            calls = "; ".join(f"call_command({command!r}, verbosity=0)" for command in commands)
            # The mails of the demo's past went out then: no worker is busy with them while a test waits for its own.
            calls += "; OutgoingMail.objects.update(state='sent', sent_at=F('queued_at'), attempts=1)"
            imports = "from django.core.management import call_command; from django.db.models import F"
            manage(self.env(0), "shell", "--command", f"{imports}; {calls}")
        return folder

    def copy(self, **variables: str) -> dict[str, str]:
        """Return the environment of a fresh Gapura that nobody has started yet; `variables` go into it."""
        template = self.template()
        self.made += 1
        env = self.env(self.made, PORT=str(free_port()), **variables)
        shutil.copytree(template, env["DATA_DIR"])
        self.make_database(self.made, template=self.database(0))
        if self.redis_url:
            redis.Redis.from_url(self.redis_url).flushdb()
        return env

    @contextlib.contextmanager
    def gapura(self, *, worker: bool = True, beat: bool = True, **variables: str) -> Iterator[LiveGapura]:
        """Run a fresh Gapura until the block ends; `variables` go into its environment."""
        mailbox = Mailbox()
        env = self.copy(**{"EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}"} | variables)
        data_dir, base_url = Path(env["DATA_DIR"]), f"http://127.0.0.1:{env['PORT']}"
        web = Process(("-m", *WEB, "--port", env["PORT"], "config.wsgi:application"), env, data_dir / "logs/web.log")
        live = LiveGapura(env, data_dir, mailbox, base_url, web, worker=None)
        try:
            if worker:
                live.start_worker(beat=beat)
            wait_until(lambda: answers(base_url), f"a page from {base_url}", 60)
            yield live
        except TimeoutError as error:
            error.add_note(f"The web server said:\n{web.log}")
            raise
        finally:
            live.stop()

    def close(self) -> None:
        """Remove what was made."""
        for database in self.databases:
            self.sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
