"""`make bench`: the gate beside its peers, the sweep of the clock, on PostgreSQL and Redis of this machine."""

import argparse
import io
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import django
from django.core.management import call_command
from django.db import connection

django.setup()

from benchmarks import clock, report  # noqa: E402
from benchmarks.accounts import PATH, Keys, seed  # noqa: E402  # its models need the line above
from benchmarks.load import Run, Target, granian, queries_per_request, started, wrk  # noqa: E402
from tests.servers import ROOT, free_port  # noqa: E402

CONNECTIONS = (16, 64)
PAGE = ROOT / "docs" / "performance.md"
NGINX = """
worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/nginx.log; daemon off;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    upstream gate {{ server 127.0.0.1:{gate}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port};
        location = /nothing {{ return 204; }}
        location /api/ {{ auth_request /_check; try_files /none @yes; }}
        location @yes {{ return 204; }}
        location = /_check {{
            internal; proxy_pass http://gate/gateway/check; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_pass_request_body off; proxy_set_header Content-Length "";
            proxy_set_header X-Original-Method $request_method; proxy_set_header X-Original-URI {path};
            proxy_set_header X-Original-Addr 10.1.2.3;
        }}
    }}
}}
"""


def arguments() -> argparse.Namespace:
    """What can be chosen on the command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="length of one run of wrk")
    parser.add_argument("--runs", type=int, default=5, help="runs per figure; the median counts")
    parser.add_argument("--accounts", type=int, nargs="+", default=[10, 1_000_000], help="sizes of the table")
    parser.add_argument("--requests", type=int, nargs="+", default=[1_000, 1_000_000], help="sizes for the sweep")
    parser.add_argument("--sweeps", type=int, default=9, help="sweeps per figure; the median counts")
    parser.add_argument("--only", default="", help=f"contestants whose name holds this, or {clock.NAME}")
    parser.add_argument("--write", action="store_true", help="write what was measured into docs/performance.md")
    return parser.parse_args()


def prepare() -> Path:
    """Gapura's tables and defaults, and a database for the peers; return PostgreSQL's log."""
    ours = os.environ["DATABASE_URL"]
    folder = Path("/" + urlsplit(ours).path.strip("/").rpartition("/")[0])
    subprocess.run(["createdb", "-h", str(folder), "-U", "gapura", "gapura_peers"], check=True)
    os.environ["PEERS_DATABASE_URL"] = f"{ours}_peers"
    call_command("migrate", verbosity=0)
    call_command("load_defaults", verbosity=0, stdout=io.StringIO())
    return folder / "log"


def peers(folder: Path, port: int) -> list[Target]:
    """Everybody but us."""
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers.tokens"], check=True, capture_output=True, text=True, cwd=ROOT
    )
    tokens = json.loads(said.stdout)
    form = "Content-Type: application/x-www-form-urlencoded"
    plain, bearer = folder / "plain", folder / "dot-bearer"
    plain.write_text("Accept: */*\n")
    bearer.write_text(f"Authorization: Bearer {tokens['caller']}|{form}\n")
    body = urlencode({"token": tokens["asked"]})
    django_peer = granian("benchmarks.peers.django_peer:application", port)
    return [
        Target("bare WSGI callable", granian("benchmarks.peers.bare:application", port), "/", plain),
        Target("bare Django view, 204", django_peer, "/nothing", plain),
        Target("DOT introspection, Bearer", django_peer, "/o/introspect/", bearer, method="POST", body=body),
    ]


def ours(keys: Keys, folder: Path, port: int, size: int, *, whole: bool) -> list[Target]:
    """The gate over a table of `size` accounts; `whole` also what does not depend on the size."""
    gate = granian("config.gateway:application", port)
    label = f"{size:,} accounts"
    path = "/gateway/check"
    targets = [
        Target(f"gate, Basic ({label})", gate, path, keys.basic),
        Target(f"gate, Basic, never seen before ({label})", gate, path, keys.cold),
    ]
    if not whole:
        return targets[:1]
    nginx, gate_port = folder / "nginx.conf", free_port()
    nginx.write_text(NGINX.format(folder=folder, port=port, gate=gate_port, path=PATH))
    server = (shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(nginx))
    behind = (granian("config.gateway:application", gate_port),)
    web = granian("config.wsgi:application", port)
    asked = urlencode({"token": keys.token_to_ask_about})
    return [
        *targets,
        Target("gate, Bearer token", gate, path, keys.token),
        Target("gate, X-API-Key", gate, path, keys.api_key),
        Target("gate, denied: wrong checksum", gate, path, keys.wrong_checksum, allowed=False),
        Target("gate, denied: data not granted", gate, path, keys.wrong_data, allowed=False),
        Target("our introspection", web, "/oauth/introspect", keys.introspection, method="POST", body=asked),
        Target("nginx, return 204", server, "/nothing", keys.through_proxy),
        Target("nginx auth_request, gate", server, PATH, keys.through_proxy, behind=behind),
    ]


def measure(target: Target, port: int, log: Path, database_log: Path, options: argparse.Namespace) -> report.Row:
    """All runs of one contestant; the server is started once."""
    runs: dict[int, list[Run]] = {}
    with started(target, port, log) as pids:
        for connections in CONNECTIONS:
            wrk(target, port, pids, connections=connections, seconds=options.seconds)  # warm
            runs[connections] = [
                wrk(target, port, pids, connections=connections, seconds=options.seconds) for _ in range(options.runs)
            ]
    set_logging("all")
    with started(target, port, log):
        queries = queries_per_request(target, port, database_log)
    set_logging("none")
    row = report.Row(
        target.name,
        {
            connections: Run(*(statistics.median(column) for column in zip(*map(astuple, several), strict=True)))
            for connections, several in runs.items()
        },
        queries,
    )
    print(report.line(row), flush=True)
    return row


def astuple(run: Run) -> tuple[float, ...]:
    """The figures of a run in their order."""
    return run.per_second, run.p50, run.p99, run.processor


def set_logging(value: str) -> None:
    """New connections of the gate's and the peers' databases say every statement, or none."""
    with connection.cursor() as cursor:
        for database in ("gapura", "gapura_peers"):
            cursor.execute(f"ALTER DATABASE {database} SET log_statement = '{value}'")


def main() -> None:
    """Measure, print, and write the page when asked."""
    options = arguments()
    database_log = prepare()
    where = {"machine": machine(), "day": date.today()}  # noqa: DTZ011
    parts = []
    if options.only != clock.NAME:
        parts.append(report.gate(gate(options, database_log), options=options, **where))
    if options.only in ("", clock.NAME):
        parts.append(report.sweep(clock.measure(options), options=options, **where))
    print("\n".join(parts))
    if options.write:
        PAGE.write_text(report.page(parts, PAGE.read_text()))


def gate(options: argparse.Namespace, database_log: Path) -> list[report.Row]:
    """The gate and its peers, one after the other."""
    rows: list[report.Row] = []
    with tempfile.TemporaryDirectory(prefix="gapura-bench-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)  # nginx's workers are somebody else

        def run(targets: list[Target]) -> None:
            chosen = (target for target in targets if options.only in target.name)
            rows.extend(measure(target, port, folder / "servers.log", database_log, options) for target in chosen)

        run(peers(folder, port))
        for size in options.accounts:
            run(ours(seed(size, folder), folder, port, size, whole=size == max(options.accounts)))
    return rows


def machine() -> str:
    """What it ran on, in a line."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    ).rpartition(": ")[2]
    versions = f"Python {platform.python_version()}, Django {django.get_version()}"
    return f"{os.cpu_count()} cores ({model}), {platform.system()} {platform.release().partition('-')[0]}, {versions}"


if __name__ == "__main__":
    main()
