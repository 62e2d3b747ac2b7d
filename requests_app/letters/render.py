"""Typeset a paper: a template of this folder and its data become the bytes of a PDF."""

import json
import re
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

FOLDER = Path(__file__).resolve().parent
TEMPLATES = frozenset({"reply", "receipt", "monitoring"})

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# typst names the text that no embedded font can show, or that PDF/A forbids, one diagnostic each.
_UNPRINTABLE = re.compile(r'the text `"(.+?)"` could not be displayed|contains the codepoint `"(.+?)"`')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
_SPACES = re.compile(r"[^\S\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]+")


class LetterError(Exception):
    """The paper could not be made. `unprintable` names the characters the letter's font lacks, if that was why."""

    def __init__(self, message: str, unprintable: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.unprintable = unprintable


def render(template: str, data: dict[str, Any], *, now: datetime, replace_unprintable: bool = False) -> bytes:
    """The PDF of one of `TEMPLATES` filled with `data` (a paper's `to_data()`), dated `now` (aware).

    The same arguments give the same bytes on every machine and in every process: the moment comes from `now`, the
    fonts from the typst package, the data as JSON. Fields are data to the typesetter, so markup in them is printed as
    it stands; control and direction characters are dropped and runs of white space become one space.

    A character without a glyph (an emoji in a name) raises LetterError with `unprintable` set; with
    `replace_unprintable` it becomes U+FFFD instead, for papers that nobody proofreads. LetterError is also raised for
    an unknown template and for anything typst refuses (a field missing, a logo it cannot decode). ValueError: `now`
    has no time zone.
    """
    if template not in TEMPLATES:
        raise LetterError(f"there is no template named {template!r}")
    if now.tzinfo is None:
        raise ValueError("the moment of a letter needs a time zone")
    payload = _clean(data)
    try:
        return _compile(template, payload, now)
    except LetterError as error:
        if not (replace_unprintable and error.unprintable):
            raise
        missing = "".join(error.unprintable)
    return _compile(template, _replace(payload, str.maketrans(dict.fromkeys(missing, REPLACEMENT))), now)


def _compile(template: str, data: object, now: datetime) -> bytes:
    try:
        return typst.compile(
            FOLDER / f"{template}.typ",
            root=FOLDER,
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            # Archivable with its structure, and readable with a screen reader; typst writes nothing that fails them.
            pdf_standards=["a-2a", "ua-1"],
            timestamp=int(now.timestamp()),
        )
    except typst.TypstError as error:
        found = (_unescape(text or codepoint) for text, codepoint in _UNPRINTABLE.findall(error.diagnostic))
        raise LetterError(error.message, tuple(dict.fromkeys(found))) from error


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        # Direction marks could show a number backwards in an official letter; lone surrogates are not valid JSON text.
        visible = (c for c in _SPACES.sub(" ", value) if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
        return unicodedata.normalize("NFC", "".join(visible)).strip()
    return _walk(value, _clean)


def _replace(value: Any, table: dict[int, str]) -> Any:
    return value.translate(table) if isinstance(value, str) else _walk(value, lambda inner: _replace(inner, table))


def _walk(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {key: change(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple) and value and not isinstance(value[0], int):  # a picture is a list of ints
        return [change(inner) for inner in value]
    return value
