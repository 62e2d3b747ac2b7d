"""Read a paper the way a reader meets it: its lines in order, and where on the page they stand."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import pikepdf
import pytest

_GLYPH = re.compile(r"<([0-9A-F]{4})> <([0-9A-F]+)>")


@dataclass(frozen=True)
class Run:
    """A piece of text; `left`, `right` and `bottom` in points from the lower left corner of the page."""

    text: str
    left: float
    right: float
    bottom: float


def _characters(font: pikepdf.Object) -> dict[int, str]:
    cmap = font.ToUnicode.read_bytes().decode("ascii")
    return {int(code, 16): bytes.fromhex(text).decode("utf-16-be") for code, text in _GLYPH.findall(cmap)}


def _widths(font: pikepdf.Object) -> dict[int, float]:
    widths: dict[int, float] = {}
    rows = list(font.DescendantFonts[0].W)
    while rows:
        first, second = int(rows.pop(0)), rows.pop(0)
        if isinstance(second, pikepdf.Array):
            widths |= {first + index: float(width) for index, width in enumerate(second)}
        else:
            widths |= dict.fromkeys(range(first, int(second) + 1), float(rows.pop(0)))
    return widths


def _page_runs(page: pikepdf.Page) -> list[Run]:
    fonts = {name: (_characters(font), _widths(font)) for name, font in page.Resources.Font.items()}
    found: list[Run] = []
    matrices = [pikepdf.Matrix()]
    characters: dict[int, str] = {}
    widths: dict[int, float] = {}
    size = 0.0
    for instruction in pikepdf.parse_content_stream(page):
        operands = instruction.operands
        match str(instruction.operator):
            case "q":
                matrices.append(matrices[-1])
            case "Q":
                matrices.pop()
            case "cm":
                matrices[-1] = pikepdf.Matrix(*map(float, operands)) @ matrices[-1]
            case "Tf":
                (characters, widths), size = fonts[str(operands[0])], float(operands[1])
            case "Tj" | "TJ":
                pieces = list(operands[0]) if str(instruction.operator) == "TJ" else list(operands)
                data = b"".join(bytes(piece) for piece in pieces if isinstance(piece, pikepdf.String))
                codes = [high << 8 | low for high, low in zip(data[::2], data[1::2], strict=True)]
                shift = sum(float(piece) for piece in pieces if not isinstance(piece, pikepdf.String))
                width = (sum(widths[code] for code in codes) - shift) / 1000 * size
                left, bottom = matrices[-1].e, matrices[-1].f
                found.append(Run("".join(characters.get(code, "") for code in codes), left, left + width, bottom))
    return found


def _page_lines(runs: list[Run]) -> list[str]:
    lines: list[tuple[float, list[str]]] = []
    for run in runs:
        if lines and abs(lines[-1][0] - run.bottom) < 1:
            lines[-1][1].append(run.text)
        else:
            lines.append((run.bottom, [run.text]))
    return [" ".join(" ".join(texts).replace("\u200b", "").split()) for _, texts in lines]


@pytest.fixture
def runs() -> Callable[[bytes], list[list[Run]]]:
    """The runs of each page, in reading order."""

    def read(pdf: bytes) -> list[list[Run]]:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            return [_page_runs(page) for page in document.pages]

    return read


@pytest.fixture
def lines(runs: Callable[[bytes], list[list[Run]]]) -> Callable[[bytes], list[list[str]]]:
    """The lines of each page, in reading order, white space collapsed."""
    return lambda pdf: [_page_lines(page) for page in runs(pdf)]
