"""Figures as people read them."""

import argparse
import re
from dataclasses import dataclass
from datetime import date

from benchmarks.clock import DUE, OPEN, Sweep
from benchmarks.load import Run

COLUMNS = "| | requests/s at 16 | p50 ms | p99 ms | µs of CPU | requests/s at 64 | p50 ms | p99 ms | queries |"
RULE = "|---|--:|--:|--:|--:|--:|--:|--:|--:|"


@dataclass(frozen=True)
class Row:
    """The medians of one contestant, by number of connections."""

    name: str
    runs: dict[int, Run]
    queries: float


def line(row: Row) -> str:
    """A row of the table."""
    first, second = row.runs[16], row.runs[64]
    cells = [
        row.name,
        f"{first.per_second:,.0f}",
        f"{first.p50:.2f}",
        f"{first.p99:.2f}",
        f"{first.processor:,.0f}",
        f"{second.per_second:,.0f}",
        f"{second.p50:.2f}",
        f"{second.p99:.2f}",
        f"{row.queries:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def page(parts: list[str], before: str) -> str:
    """docs/performance.md with new parts in place of those of the same heading; the others stay as they were."""
    found = {part.partition("\n")[0]: part for part in re.split(r"^(?=# )", before, flags=re.MULTILINE) if part}
    found |= {part.partition("\n")[0]: part for part in parts}
    return "\n".join(part.strip() + "\n" for part in found.values())


def gate(rows: list[Row], *, machine: str, day: date, options: argparse.Namespace) -> str:
    """What the gate costs, beside its peers."""
    table = "\n".join(line(row) for row in rows)
    return f"""# What the gate costs

`make bench ARGS=--write` wrote this on {day.isoformat()}; nothing in it is typed by hand.
Machine: {machine}.
All of it ran on that one machine: the load (wrk, 2 threads, {options.seconds} s a run, median of {options.runs}),
PostgreSQL and Redis over local sockets, and the servers. Everything written in Python runs under granian with 2
processes of 2 threads; nginx has 2 workers. DOT is django-oauth-toolkit as its documentation sets it up, without
middleware, asked with a Bearer token.

- *µs of CPU*: processor time of the server's own processes per request (with nginx: nginx and the gate together), at
  16 connections. It is the steadier figure; the load itself takes a part of the same cores.
- *queries*: statements that PostgreSQL saw per request of one client that asks again and again. For a key that
  the gate has not seen in the last seconds it is one more, which this column cannot show.
- *never seen before*: every request comes with the key of another account, one after the other, so that the gate
  remembers none of them. All others ask for up to 1,000 accounts in turn.

{COLUMNS}
{RULE}
{table}
"""


def sweep(rows: list[Sweep], *, machine: str, day: date, options: argparse.Namespace) -> str:
    """What a sweep of the clock costs, by the number of requests there are."""
    table = "\n".join(
        f"| {row.requests:,} | {row.raw:.2f} | {row.selecting:.2f} | {row.selecting / row.raw:.1f} × | "
        f"{row.statements:.1f} | {row.whole:.1f} | {row.queries} | {row.idle:.2f} |"
        for row in rows
    )
    return f"""# What the clock costs

`make bench ARGS="--only sweep --write"` wrote this on {day.isoformat()}; nothing in it is typed by hand.
Machine: {machine}; PostgreSQL and Redis over local sockets.
Every minute one sweep says what there is to say about deadlines. Here {DUE} of them come near in that minute, each of
another request, for each one person is told: {DUE} mails and {DUE} lines under the bell are written. One request of
{OPEN} (but at least {DUE}) is under way and has notices still to come; all others are finished, with their stays,
what the rows of the SOP took, and what was said. Times are in milliseconds, median of {options.sweeps} sweeps.

- *by hand*: one SQL query that finds these {DUE} rows with all they belong to, and locks them, its rows fetched.
- *finding*: all that the sweep asks of the table of notices, and how often the query by hand that is.
- *all SQL*: every statement of the sweep together, also those that write. *Whole*: the sweep from end to end, with
  the mails worded in Python, committed, and the worker nudged for each.
- *idle*: a sweep in a minute in which nothing is due.

| requests | by hand | finding | | all SQL | whole | statements | idle |
|--:|--:|--:|--:|--:|--:|--:|--:|
{table}
"""
