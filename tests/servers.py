"""Throwaway PostgreSQL and Redis for a test run: `python -m tests.servers COMMAND...` starts them around a command.

They live in a folder of their own, on a Unix socket (PostgreSQL) and a free loopback port (Redis), keep nothing, and
run as `postgres` or `nobody` when we are root. A server already named by DATABASE_URL or REDIS_URL is used instead;
its test databases (`test_*`, `gapura_test_*`) and Redis databases 0 to 15 are then ours to empty.
"""

import contextlib
import getpass
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from config.processes import die_with

ROOT = Path(__file__).resolve().parent.parent
HOUSE_VARIABLES = set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
"""Every variable that the settings read."""


class Missing(Exception):
    """A program that the tests need is not on this machine."""


def program(name: str, *folders: Path) -> str:
    """Return the path of a program from the given folders or PATH; raise Missing."""
    for folder in folders:
        if (folder / name).exists():
            return str(folder / name)
    if found := shutil.which(name):
        return found
    raise Missing(name)


def postgresql_program(name: str) -> str:
    """Return a program of the newest PostgreSQL here; Debian keeps the server's programs out of PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    if config := shutil.which("pg_config"):
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        folders.append(Path(said))
    return program(name, *folders)


def plain_user() -> str | None:
    """Return whom a server runs as when we are root (PostgreSQL refuses root); None when we are somebody else."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def free_port() -> int:
    """Return a loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Return when `ready` says so; raise TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


@contextlib.contextmanager
def scratch(name: str) -> Iterator[Path]:
    """Yield a folder that only the server's user can enter, and remove it in the end."""
    folder = Path(tempfile.mkdtemp(prefix=f"gapura-{name}-"))
    if user := plain_user():
        shutil.chown(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(command: list[str], log: Path, stop: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server as the plain user until the block ends."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            user=plain_user(),
            cwd=log.parent,
            preexec_fn=die_with(os.getpid()),
        )
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Run PostgreSQL without durability; yield its DATABASE_URL. Raises Missing."""
    initdb, server = postgresql_program("initdb"), postgresql_program("postgres")
    with scratch("postgresql") as folder:
        data, log = folder / "data", folder / "log"
        initialise = [initdb, "-D", str(data), "-U", "gapura", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        done = subprocess.run(initialise, user=plain_user(), cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        options = {
            "unix_socket_directories": str(folder),
            "listen_addresses": "",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": "200",
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with running([server, "-D", str(data), *arguments], log, signal.SIGINT) as process:
            check = [postgresql_program("pg_isready"), "-q", "-h", str(folder), "-U", "gapura", "-d", "postgres"]

            def ready() -> bool:
                if process.poll() is not None:
                    raise RuntimeError(log.read_text())
                return subprocess.run(check, check=False).returncode == 0

            wait_until(ready, "PostgreSQL")
            subprocess.run(
                [postgresql_program("createdb"), "-h", str(folder), "-U", "gapura", "gapura"], check=True, cwd=folder
            )
            yield f"postgres://gapura@/{folder}/gapura"


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """Run Redis without persistence on a free port; yield its REDIS_URL. Raises Missing."""
    server = program("redis-server")
    with scratch("redis") as folder:
        port = free_port()
        command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with running([*command, "--dir", str(folder), "--databases", "16"], folder / "log", signal.SIGTERM) as process:

            def ready() -> bool:
                if process.poll() is not None:
                    raise RuntimeError((folder / "log").read_text())
                with socket.socket() as probe:
                    return probe.connect_ex(("127.0.0.1", port)) == 0

            wait_until(ready, "Redis")
            yield f"redis://127.0.0.1:{port}/0"


def redis_database(number: int) -> str:
    """Return the URL of one database of the Redis at hand; "" without Redis."""
    url = os.environ.get("REDIS_URL", "")
    return re.sub(r"(://[^/]+)(/\d*)?$", rf"\1/{number}", url)


def main(command: list[str]) -> int:
    """Run a command with DATABASE_URL and REDIS_URL of throwaway servers; return its exit code."""
    with contextlib.ExitStack() as stack:
        for variable, server in (("DATABASE_URL", postgresql), ("REDIS_URL", redis)):
            if os.environ.get(variable):
                print(f"{variable} names a server: it is used.")
            else:
                os.environ[variable] = stack.enter_context(server())
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # set by importing `config`; the tests have their own
        process = subprocess.Popen(command, preexec_fn=die_with(os.getpid()))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _frame: process.send_signal(number))
        return process.wait()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Missing as missing:
        sys.exit(f"{missing} is not on this machine (searched as {getpass.getuser()}).")
