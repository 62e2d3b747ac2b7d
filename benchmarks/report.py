"""Figures as people read them."""

import argparse
from dataclasses import dataclass
from datetime import date

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


def page(rows: list[Row], *, machine: str, day: date, options: argparse.Namespace) -> str:
    """docs/performance.md."""
    table = "\n".join(line(row) for row in rows)
    return f"""# What the gate costs

`make bench ARGS=--write` wrote this page on {day.isoformat()}; nothing in it is typed by hand.
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
