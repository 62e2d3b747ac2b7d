"""Starting what is measured, loading it with wrk, and reading the clock of the processor."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from config.processes import die_with
from tests.servers import ROOT, wait_until

TICKS = os.sysconf("SC_CLK_TCK")
LUA = Path(__file__).with_name("keys.lua")


@dataclass(frozen=True)
class Target:
    """One contestant: how it is started, what is asked of it, and what it must answer."""

    name: str
    command: tuple[str, ...]
    path: str
    headers: Path
    """One line per request: "Name: value|Name: value"."""
    method: str = "GET"
    body: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    allowed: bool = True
    """Whether the answers must be 2xx; else none may be."""
    behind: tuple[tuple[str, ...], ...] = ()
    """Further processes that serve it."""


@dataclass(frozen=True)
class Run:
    """What one run of wrk said, and what the servers spent on it."""

    per_second: float
    p50: float
    """Milliseconds."""
    p99: float
    processor: float
    """Microseconds of processor time per request, of the contestant's own processes."""


def children(pid: int) -> list[int]:
    """The process and all below it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def processor_seconds(pids: list[int]) -> float:
    """Processor time that the processes have used so far, in seconds."""
    total = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError):
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(words[11]) + int(words[12])
    return total / TICKS


@contextlib.contextmanager
def started(target: Target, port: int, log: Path) -> Iterator[list[int]]:
    """Run the target's processes until the block ends; yield the pids of the front ones' roots."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for command in (*target.behind, target.command):
            with log.open("ab") as output:
                processes.append(
                    subprocess.Popen(
                        [*command],
                        cwd=ROOT,
                        env=os.environ | target.environment,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=output,
                        start_new_session=True,
                        preexec_fn=die_with(os.getpid()),
                    )
                )
        wait_until(lambda: _answers(target, port), f"{target.name} (log: {log})")
        yield [process.pid for process in processes]
    finally:
        for process in reversed(processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _answers(target: Target, port: int) -> bool:
    headers = [part for pair in target.headers.read_text().partition("\n")[0].split("|") for part in ("-H", pair)]
    data = ["-X", target.method, *(["-d", target.body] if target.body else [])]
    said = subprocess.run(
        [
            "curl",
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            *headers,
            *data,
            f"http://127.0.0.1:{port}{target.path}",
        ],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    if said in {"000", "500", "502", "503"}:  # nginx says 500 while the gate behind it starts
        return False
    if (said[:1] == "2") is not target.allowed:
        raise RuntimeError(f"{target.name}: answered {said}")
    return True


def wrk(target: Target, port: int, pids: list[int], *, connections: int, seconds: int) -> Run:
    """Load a running target; RuntimeError when it answered otherwise than it must."""
    everybody = [child for pid in pids for child in children(pid)]
    before = processor_seconds(everybody)
    url = f"http://127.0.0.1:{port}{target.path}"
    script = ("-s", str(LUA), url, "--", target.method, str(target.headers), *([target.body] if target.body else []))
    done = subprocess.run(
        ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", *script],
        capture_output=True,
        text=True,
        check=True,
    )
    spent = processor_seconds(everybody) - before
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    result = json.loads(line.removeprefix("RESULT "))
    if not result["requests"]:
        raise RuntimeError(f"{target.name}: no answer in {seconds} s")
    wrong = result["refused"] if target.allowed else result["requests"] - result["refused"]
    if wrong or result["broken"]:
        raise RuntimeError(f"{target.name}: {wrong} wrong and {result['broken']} broken of {result['requests']}")
    return Run(
        per_second=result["requests"] / result["microseconds"] * 1_000_000,
        p50=result["p50"],
        p99=result["p99"],
        processor=spent / result["requests"] * 1_000_000,
    )


def queries_per_request(target: Target, port: int, database_log: Path, *, requests: int = 200) -> float:
    """How many statements PostgreSQL saw per request of one client that asks again and again."""
    headers = dict(pair.split(": ", 1) for pair in target.headers.read_text().partition("\n")[0].split("|"))
    lines = [f"{name}: {value}" for name, value in headers.items()]
    arguments = [part for line in lines for part in ("-H", line)]
    data = ["-X", target.method, *(["-d", target.body] if target.body else [])]
    url = f"http://127.0.0.1:{port}{target.path}"

    def ask(times: int) -> None:
        urls = [part for _ in range(times) for part in ("-o", "/dev/null", url)]
        subprocess.run(["curl", "-s", *arguments, *data, *urls], check=True, stdout=subprocess.DEVNULL)

    ask(20)
    before = database_log.read_text(errors="replace").count("LOG:  statement: ")
    ask(requests)
    time.sleep(0.2)
    after = database_log.read_text(errors="replace").count("LOG:  statement: ")
    return (after - before) / requests


def granian(application: str, port: int, *, workers: int = 2) -> tuple[str, ...]:
    """The server that all of them run on: two processes of two threads."""
    return (
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", "2", "--no-ws", "--log-level", "warning", application),
    )
