"""How an outgoing number is written: a pattern from the institution's data."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from string import Formatter

FIELDS = ("sifat", "urut", "unit", "klasifikasi", "tahun")
"""What a pattern may name: security prefix, sequence, unit code, archive classification, year."""

NEEDED = ("urut", "tahun")
"""Without these two letters would bear the same number: the sequence begins again each calendar year."""

_ZEROS = re.compile(r"(0[1-9])?")


class UnknownField(ValueError):
    """The pattern names a field that does not exist; the message is that name."""


def write(pattern: str, values: Mapping[str, str | int]) -> str:
    """`{sifat}/{urut}/{unit}/{klasifikasi}/{tahun}` filled in; parts that are empty leave no stray slash.

    Raises `UnknownField` for a name that is not in `FIELDS`.
    """
    parts = []
    for part in pattern.split("/"):
        try:
            written = part.format_map(dict(values))
        except (KeyError, IndexError, ValueError) as problem:
            raise UnknownField(part) from problem
        if written.strip():
            parts.append(written.strip())
    return "/".join(parts)


def named_fields(pattern: str) -> list[str]:
    """What stands between the braces of a pattern, in order; ValueError when braces do not match.

    Of formats only leading zeros are known (`{urut:03}`); any other one stays in the name.
    """
    return [
        name if not conversion and _ZEROS.fullmatch(spec or "") else f"{name}:{spec}"
        for _text, name, spec, conversion in Formatter().parse(pattern)
        if name is not None
    ]


def nearest_field(name: str) -> str:
    """The known field that looks most like `name`."""
    return get_close_matches(name, FIELDS, n=1, cutoff=0.0)[0]
