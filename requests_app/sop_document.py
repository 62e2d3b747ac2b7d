"""`docs/sop.md`: the document and the procedure behind it as Markdown, made from the tables of `sop.py`. Pure."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from requests_app.letters.dates import long_date
from requests_app.sla import Clock
from requests_app.sop import (
    ACTIVITIES,
    ACTOR_LABELS,
    IDENTITY,
    NUMBERING_NOTE,
    STEPS,
    TRANSITIONS,
    Actor,
    Status,
    Step,
)

COLUMNS = (
    (Actor.UNIT, "Unit Kerja"),
    (Actor.HELPDESK, "ADM"),
    (Actor.HEAD, "Pimpinan UPT TIK"),
    (Actor.PSI, "PSI"),
)
"""The columns under "Pelaksana", headed as printed."""
MARK = "●"

_OPENING = """\
# {number}: {title}

What the application knows of its procedure, made from `requests_app/sop.py` by `python manage.py sop_docs`: do not edit
this file. The front page and the numbered rows are the document's own words, spelling included."""

_TIMES = """\
## How the times are counted

- **1 x 24 jam hari kerja** (rows 3 and 6): the same clock time on the next working day. Days off are left out whole,
  the lunch break delays nothing, and what arrives outside office hours starts at the next opening. An administrator can
  choose the end of the next working day instead, per row and for what begins from then on; the SOP page says which
  reading is in force, and each deadline by which one it was counted.
- **5 menit** (rows 1, 2 and 5): reported as a median and never held up to anybody. Rows 2 and 5 count minutes of office
  time, row 1 the time from opening the form to sending it.
- While the unit, or the unit that owns the data, is waited for, the clock of the row stands still. Consecutive stays in
  one row share one clock.

`python manage.py sla due --start 2026-11-27T15:50 --standard 24h --explain` works an example out, line by line. The
reasons are in [ADR 6](adr/0006-how-time-is-counted.md)."""


def markdown() -> str:
    """The whole file, ending in a line break; the same tables give the same bytes."""
    parts = (
        _OPENING.format(number=IDENTITY.number, title=IDENTITY.title),
        "## The document",
        "\n".join(_table(("", ""), identity_rows())),
        "## The rows of the flowchart",
        "\n".join(_table(_activity_head(), _activity_rows())),
        NUMBERING_NOTE,
        _TIMES,
        "## Where a request can be",
        "\n".join(_table(("Status", "Row", "Waits for", "Shown as", "Shown to the unit as", "Time"), _status_rows())),
        "## How it moves",
        "\n".join(_table(("Action", "By", "From", "To", "Told"), _transition_rows())),
        "## The same as a diagram",
        "\n".join(_diagram()),
    )
    return "\n\n".join(parts) + "\n"


def identity_rows() -> list[tuple[str, str]]:
    """The front page as label and text, in the document's order; lines of a text are parted by a line break."""
    made, effective = (long_date(day, "id") for day in (IDENTITY.made_on, IDENTITY.effective_on))
    approved = f"{IDENTITY.approved_by_office}, {IDENTITY.approved_by_name} NIP {IDENTITY.approved_by_nip}"
    return [
        ("UNIT", IDENTITY.institution),
        ("NOMOR", IDENTITY.number),
        ("TANGGAL PEMBUATAN", made),
        ("TANGGAL REVISI", long_date(IDENTITY.revised_on, "id") if IDENTITY.revised_on else "-"),
        ("TANGGAL EFEKTIF", effective),
        ("DISAHKAN OLEH", approved),
        ("NAMA SOP", IDENTITY.title),
        ("DASAR HUKUM", _numbered(IDENTITY.legal_basis)),
        ("KUALIFIKASI PELAKSANA", _numbered(IDENTITY.qualifications)),
        ("KETERKAITAN", _numbered(IDENTITY.related)),
        ("PERALATAN", _numbered(IDENTITY.equipment)),
        ("PERINGATAN", IDENTITY.warning),
        ("PENCATATAN DAN PENDATAAN", IDENTITY.records),
    ]


def _numbered(lines: Iterable[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))


def _activity_head() -> tuple[str, ...]:
    return ("No", "Kegiatan", *(head for _actor, head in COLUMNS), "Kelengkapan", "Waktu", "Output")


def _activity_rows() -> Iterator[tuple[str, ...]]:
    for row in ACTIVITIES:
        marks = (MARK if row.actor is actor else "" for actor, _head in COLUMNS)
        yield row.number, row.text, *marks, row.required, row.printed_time, row.output


def _status_rows() -> Iterator[tuple[str, ...]]:
    for step in STEPS.values():
        who = ACTOR_LABELS[step.waits_for] if step.waits_for else ""
        row = "" if step.number is None else step.number or "disposisi"
        yield f"`{step.status}`", row, who, step.label, step.applicant_label, _time(step)


def _time(step: Step) -> str:
    if step.pauses:
        return "the clock stands still"
    if step.standard is None:
        return ""
    if step.clock is Clock.OFFICE_HOURS:
        return f"{step.standard // timedelta(minutes=1)} minutes of office time"
    return f"{step.standard // timedelta(hours=1)} hours of working days"


def _transition_rows() -> Iterator[tuple[str, ...]]:
    for row in TRANSITIONS.values():
        sources = ", ".join(f"`{status}`" for status in row.sources)
        target = f"`{row.target}`" if row.target else "stays"
        told = ", ".join(ACTOR_LABELS[actor] for actor in row.tells)
        yield f"{row.button} (`{row.action}`)", ACTOR_LABELS[row.actor], sources, target, told


def _diagram() -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    for step in STEPS.values():
        yield f'    state "{step.label}" as {step.status}'
    yield f"    [*] --> {Status.DRAFT}"
    for row in TRANSITIONS.values():
        for source in row.sources if row.target else ():
            yield f"    {source} --> {row.target}: {row.button}"
    for step in STEPS.values():
        if step.waits_for is None:
            yield f"    {step.status} --> [*]"
    yield "```"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    head = list(head)
    yield _line(head)
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield _line(row)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", "<br>") for cell in cells) + " |"
