"""Where the parts of a chart stand, as percentages of its width, so that it fits any screen. Pure arithmetic."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

NARROWEST, WIDEST = 2, 4
"""How many standards a chart of lengths is wide: enough for most, and never so many that a day cannot be seen."""
WHOLE = 100.0


@dataclass(frozen=True)
class Part:
    """A stretch from `x`, `width` long, in percent; written with a point, as SVG reads it."""

    x: str
    width: str


@dataclass(frozen=True)
class Lengths:
    """One line of a chart of lengths, measured in standards, which therefore stand above each other."""

    median: Part
    p90: Part
    tail: Part
    """From the P90 to the longest."""
    standard: str
    end: str
    """Where the longest is."""
    is_cut: bool
    """The longest is beyond the right edge."""


def wide(p90s: Iterable[tuple[timedelta, timedelta]]) -> int:
    """How many standards wide a chart must be for these pairs of a P90 and its standard."""
    most = max((ceil(p90 / standard) for p90, standard in p90s), default=NARROWEST)
    return min(max(most, NARROWEST), WIDEST)


def lengths(median: timedelta, p90: timedelta, longest: timedelta, standard: timedelta, standards: int) -> Lengths:
    """The line of one row in a chart that is so many standards wide; what is longer ends at its edge.

    Raises ZeroDivisionError for a standard of nothing.
    """
    edge = standard * standards

    def at(length: timedelta) -> float:
        return min(length / edge, 1.0) * WHOLE

    return Lengths(
        median=_part(0, at(median)),
        p90=_part(0, at(p90)),
        tail=_part(at(p90), at(longest)),
        standard=_percent(WHOLE / standards),
        end=_percent(at(longest)),
        is_cut=longest > edge,
    )


def share(part: int, whole: int) -> tuple[Part, Part]:
    """`part` of `whole`, and the rest; what is there is seen, however small. Nothing at all has two empty parts."""
    if not whole:
        return _part(0, 0), _part(0, 0)
    at = part / whole * WHOLE
    if 0 < part < whole:
        at = min(max(at, 1.0), 99.0)
    return _part(0, at), _part(at, WHOLE)


def bars(counts: Sequence[int]) -> list[str]:
    """The length of each bar; the greatest count is the whole width."""
    most = max(counts, default=0)
    return [_percent(count / most * WHOLE if most else 0) for count in counts]


def _part(begins: float, ends: float) -> Part:
    return Part(_percent(begins), _percent(ends - begins))


def _percent(value: float) -> str:
    return f"{value:.2f}%"
