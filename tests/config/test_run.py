"""`make run`: one command, all processes, and nothing left behind."""

import os
import re
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.demo import sign_ins
from tests import live
from tests.servers import wait_until

pytestmark = pytest.mark.processes


def processes_of(data_dir: str) -> dict[int, str]:
    """Return pid -> command of everything that runs on a data folder."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            if f"DATA_DIR={data_dir}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_text().replace("\0", " ")
                if command:  # a zombie has none
                    found[int(folder.name)] = command
        except (OSError, ValueError):
            continue
    return found


def only(name: str, data_dir: str) -> int:
    """Return the oldest of our processes whose command holds the name."""
    return min(pid for pid, command in processes_of(data_dir).items() if name in command)


@pytest.fixture
def env(foundry: live.Foundry) -> Iterator[dict[str, str]]:
    env = foundry.copy()
    env.pop("MAKELEVEL", None)
    yield env
    for pid in processes_of(env["DATA_DIR"]):
        os.kill(pid, signal.SIGKILL)


def start(env: dict[str, str]) -> live.Process:
    started = live.Process(("manage.py", "run"), env, Path(env["DATA_DIR"]) / "run.out")
    started.wait_for_line("Ctrl-C ends everything")
    return started


def nothing_left(env: dict[str, str]) -> bool:
    return not processes_of(env["DATA_DIR"])


def test_it_prints_address_and_sign_ins_and_serves_with_a_real_worker(env: dict[str, str]) -> None:
    running = start(env)
    assert f"http://127.0.0.1:{env['PORT']}" in running.log
    for role, address, password in sign_ins():
        assert re.search(rf"{re.escape(str(role))}\s+{re.escape(address)}\s+{re.escape(password)}", running.log)
    with urllib.request.urlopen(f"http://127.0.0.1:{env['PORT']}/", timeout=10) as page:
        assert page.status == 200
    worker_log = Path(env["DATA_DIR"]) / "logs/worker.log"
    wait_until(lambda: " ready." in worker_log.read_text(), "the worker")
    assert "beat: Starting" in worker_log.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_ends_all_processes(env: dict[str, str], number: signal.Signals) -> None:
    running = start(env)
    assert len(processes_of(env["DATA_DIR"])) >= 3
    running.popen.send_signal(number)
    assert running.popen.wait(15) == 0
    assert nothing_left(env)


def test_kill_9_leaves_no_orphan(env: dict[str, str]) -> None:
    running = start(env)
    worker_log = Path(env["DATA_DIR"]) / "logs/worker.log"
    wait_until(lambda: " ready." in worker_log.read_text(), "the worker")
    running.popen.kill()
    running.popen.wait()
    wait_until(lambda: nothing_left(env), f"the end of {processes_of(env['DATA_DIR'])}", 15)


@pytest.mark.parametrize(("name", "command"), [("web", "granian"), ("worker", "celery")])
def test_when_one_process_dies_all_end_and_its_log_is_named(env: dict[str, str], name: str, command: str) -> None:
    running = start(env)
    os.kill(only(command, env["DATA_DIR"]), signal.SIGKILL)
    assert running.popen.wait(20) == 1
    assert f"The {name} process ended by itself" in running.log
    assert f"logs/{name}.log" in running.log
    assert nothing_left(env)


def test_a_second_start_keeps_the_data_and_takes_seconds(env: dict[str, str]) -> None:
    count = "from accounts.models import User; print(User.objects.count())"
    head = "from accounts.models import User; head = User.objects.filter(email__startswith='kepala')"
    people = live.manage(env, "shell", "--verbosity", "0", "--command", count)
    live.manage(env, "shell", "--verbosity", "0", "--command", f"{head}; head.update(full_name='Nama Baru')")
    for _ in range(2):
        before = time.monotonic()
        running = start(env)
        assert time.monotonic() - before < 15
        running.stop()
    assert live.manage(env, "shell", "--verbosity", "0", "--command", count) == people
    kept = "from accounts.models import User; print(User.objects.get(full_name='Nama Baru').email)"
    assert "kepala" in live.manage(env, "shell", "--verbosity", "0", "--command", kept)


def test_a_taken_port_is_said_in_one_sentence(env: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(env["PORT"]))):
        said = live.manage(env, "run", code=1)
    assert f"Cannot listen on 127.0.0.1:{env['PORT']}" in said
    assert "PORT=8001 make run" in said
    assert "Traceback" not in said


def test_two_on_one_data_folder_are_refused(env: dict[str, str]) -> None:
    start(env)
    assert "Gapura is running already" in live.manage(env, "run", code=1)


def test_it_is_for_debug_only_and_says_where_production_is_explained(foundry: live.Foundry) -> None:
    env = foundry.copy(DEBUG="False", SECRET_KEY="own-" * 15, CREDENTIAL_PEPPER_KEYS="1=own")
    said = live.manage(env, "run", code=1)
    assert "DEBUG only" in said
    assert "docs/operations.md" in said
