"""How an outgoing number is written: a pattern from the institution's data."""

from collections.abc import Mapping

FIELDS = ("sifat", "urut", "unit", "klasifikasi", "tahun")
"""What a pattern may name: security prefix, sequence, unit code, archive classification, year."""


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
