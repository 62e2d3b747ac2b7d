"""The papers, as typed data: what stands on them, not how they look. `to_data()` gives what `render` typesets."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from requests_app.letters.dates import Language, long_date, long_moment

LOGO_LIMIT = 512 * 1024  # bytes; typesetting time and memory grow with the picture
LOGO_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")

LABELS: dict[Language, dict[str, str]] = {
    "id": {
        "number": "Nomor",
        "security_class": "Sifat",
        "attachments": "Lampiran",
        "subject": "Hal",
        "to": "Yth.",
        "copies": "Tembusan:",
        "page": "Halaman",
        "of": "dari",
        "draft": "KONSEP",
        "receipt": "Tanda Terima Permohonan",
        "reference": "Nomor referensi",
        "received": "Diterima",
        "unit": "Unit kerja",
        "letter_number": "Nomor surat",
        "letter_date": "Tanggal surat",
        "data_types": "Jenis data yang diminta",
        "next_steps": "Langkah berikutnya",
    },
    "en": {
        "number": "Number",
        "security_class": "Class",
        "attachments": "Attachment",
        "subject": "Subject",
        "to": "To:",
        "copies": "Copy to:",
        "page": "Page",
        "of": "of",
        "draft": "DRAFT",
        "receipt": "Receipt of Request",
        "reference": "Reference number",
        "received": "Received",
        "unit": "Work unit",
        "letter_number": "Letter number",
        "letter_date": "Letter date",
        "data_types": "Data types requested",
        "next_steps": "What happens next",
    },
}


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str

    def to_data(self) -> dict[str, Any]:
        return {"kind": "paragraph", "text": self.text}


@dataclass(frozen=True)
class Numbered:
    """A list numbered from 1, whatever numbers were typed."""

    items: tuple[str, ...]

    def to_data(self) -> dict[str, Any]:
        return {"kind": "numbered", "items": list(self.items)}


@dataclass(frozen=True)
class Facts:
    """Pairs of label and value, the colons under each other."""

    rows: tuple[tuple[str, str], ...]

    def to_data(self) -> dict[str, Any]:
        return {"kind": "facts", "rows": [list(row) for row in self.rows]}


Block = Paragraph | Numbered | Facts


@dataclass(frozen=True)
class Logo:
    """The emblem: a PNG or JPEG picture of at most LOGO_LIMIT bytes and what it shows, in words (PDF/UA asks for it).

    Raises ValueError for any other kind of file, a larger one, or blank words.
    """

    content: bytes
    alt: str

    def __post_init__(self) -> None:
        if not self.content.startswith(LOGO_SIGNATURES):
            raise ValueError("a logo is a PNG or JPEG picture")
        if len(self.content) > LOGO_LIMIT:
            raise ValueError(f"a logo has at most {LOGO_LIMIT} bytes")
        if not self.alt.strip():
            raise ValueError("a logo needs a description in words")


@dataclass(frozen=True)
class Letterhead:
    """The kop: ministry, institution and unit (printed in capitals), address lines, contact line, optional emblem."""

    ministry: str
    institution: str
    unit_lines: tuple[str, ...]
    address_lines: tuple[str, ...]
    contact_line: str = ""
    logo: Logo | None = None

    def to_data(self) -> dict[str, Any]:
        logo = {"content": list(self.logo.content), "alt": self.logo.alt} if self.logo else None
        return asdict(self) | {
            "unit_lines": list(self.unit_lines),
            "address_lines": list(self.address_lines),
            "logo": logo,
        }


@dataclass(frozen=True)
class Signatory:
    """Who signs. `title` is the office, without the comma that is printed after it; `nip` is printed without spaces.

    `prefix` is "Plh." or "Plt." for a substitute, or "a.n." for one who signs on behalf of the office `title`; the
    latter needs their `own_title`, which is printed below. Raises ValueError when own_title and "a.n." do not go
    together.
    """

    title: str
    name: str
    nip: str = ""
    prefix: Literal["", "a.n.", "Plh.", "Plt."] = ""
    own_title: str = ""

    def __post_init__(self) -> None:
        if (self.prefix == "a.n.") != bool(self.own_title.strip()):
            raise ValueError('"a.n." and the signatory\'s own title come together')

    def to_data(self) -> dict[str, Any]:
        titles = [self.title, self.own_title] if self.own_title else [self.title]
        titles[-1] = titles[-1].rstrip(" ,") + ","
        nip = "".join(self.nip.split()).replace(".", "")
        return {"prefix": self.prefix, "titles": titles, "name": self.name, "nip": f"NIP {nip}" if nip else ""}


@dataclass(frozen=True)
class ReplyLetter:
    """A surat balasan.

    `date` is a local date. `recipient_lines` begin with the office, without "Yth.". `blocks` are everything between
    the recipient and the signature, the closing sentence included (see `reply_text`). The lines Sifat, Lampiran and
    Tembusan are left out when they are empty. `signature_note` is small print in the space for the signature, which is
    left blank for a wet signature and stamp. `verification` is small print at the foot of the last page. A `draft`
    says so across every page and may lack its number and date. Raises ValueError when there is no body, no recipient,
    or a letter that is not a draft lacks its number or date.
    """

    letterhead: Letterhead
    number: str
    date: date | None
    subject: str
    recipient_lines: tuple[str, ...]
    blocks: tuple[Block, ...]
    signatory: Signatory
    security_class: str = ""
    attachments: str = ""
    copies: tuple[str, ...] = ()
    signature_note: str = ""
    verification: str = ""
    language: Language = "id"
    draft: bool = False

    def __post_init__(self) -> None:
        if not self.blocks:
            raise ValueError("a reply letter needs a body")
        if not self.recipient_lines:
            raise ValueError("a reply letter needs a recipient")
        if not self.draft and not (self.number.strip() and self.date):
            raise ValueError("only a draft may lack its number or date")

    def to_data(self) -> dict[str, Any]:
        """What `reply.typ` is given: only JSON types, labels and dates already in the letter's language."""
        labels = LABELS[self.language]
        optional = (("security_class", self.security_class), ("attachments", self.attachments))
        return {
            "language": self.language,
            "labels": labels,
            "title": f"{self.subject} ({self.number})" if self.number else self.subject,
            "author": self.letterhead.institution,
            "letterhead": self.letterhead.to_data(),
            "number": self.number,
            "date": long_date(self.date, self.language) if self.date else "",
            "reference": [
                [labels["number"], self.number],
                *([labels[name], value] for name, value in optional if value.strip()),
                [labels["subject"], self.subject],
            ],
            "recipient": list(self.recipient_lines),
            "blocks": [block.to_data() for block in self.blocks],
            "signatory": self.signatory.to_data(),
            "signature_note": self.signature_note,
            "copies": list(self.copies),
            "verification": self.verification,
            "draft": self.draft,
        }


@dataclass(frozen=True)
class Receipt:
    """A tanda terima permohonan: proof for the unit of what was received, when, and what happens next.

    `received_at` is aware and printed in WIB; `letter_date` is a local date. Rows without a value are left out.
    """

    letterhead: Letterhead
    reference: str
    received_at: datetime
    unit: str
    subject: str
    data_types: tuple[str, ...]
    next_steps: tuple[str, ...]
    letter_number: str = ""
    letter_date: date | None = None
    note: str = ""
    language: Language = "id"

    def to_data(self) -> dict[str, Any]:
        """What `receipt.typ` is given: only JSON types, labels and dates already in the paper's language."""
        labels = LABELS[self.language]
        letter_date = long_date(self.letter_date, self.language) if self.letter_date else ""
        rows = (
            ("reference", self.reference),
            ("received", long_moment(self.received_at, self.language)),
            ("unit", self.unit),
            ("letter_number", self.letter_number),
            ("letter_date", letter_date),
            ("subject", self.subject),
        )
        return {
            "language": self.language,
            "labels": labels,
            "title": f"{labels['receipt']} {self.reference}",
            "author": self.letterhead.institution,
            "letterhead": self.letterhead.to_data(),
            "reference": self.reference,
            "rows": [[labels[name], value] for name, value in rows if value.strip()],
            "data_types": list(self.data_types),
            "next_steps": list(self.next_steps),
            "note": self.note,
        }


@dataclass(frozen=True)
class MonitoringLine:
    """A row of the SOP as printed, then its standard and what really happened, all in words."""

    number: str
    text: str
    performer: str
    required: str
    printed_time: str
    output: str
    standard: str
    count: str
    median: str
    p90: str
    share: str


@dataclass(frozen=True)
class MonitoringBreach:
    """One deadline that passed, all in words; `ended` and `reason` say so where there is none."""

    reference: str
    unit: str
    step: str
    due: str
    ended: str
    late: str
    who: str
    reason: str


@dataclass(frozen=True)
class MonitoringReport:
    """A laporan pemantauan SOP, in Indonesian and on its side, signed by the head.

    `period` is in words ("Oktober 2026"), `date` the local date on which it is signed, `flow` pairs of label and
    number, `counting` the sentences that say how it was counted. A signatory without a name leaves a line to write on.
    """

    letterhead: Letterhead
    sop: str
    period: str
    date: date
    lines: tuple[MonitoringLine, ...]
    numbering_note: str
    flow: tuple[tuple[str, int], ...]
    breaches: tuple[MonitoringBreach, ...]
    counting: tuple[str, ...]
    made: str
    signatory: Signatory

    def to_data(self) -> dict[str, Any]:
        """What `monitoring.typ` is given: only JSON types."""
        return {
            "language": "id",
            "labels": LABELS["id"],
            "title": f"Laporan Pemantauan SOP {self.period}",
            "author": self.letterhead.institution,
            "letterhead": self.letterhead.to_data(),
            "sop": self.sop,
            "period": self.period,
            "date": long_date(self.date, "id"),
            "lines": [list(asdict(line).values()) for line in self.lines],
            "numbering_note": self.numbering_note,
            "flow": [[label, str(number)] for label, number in self.flow],
            "breaches": [list(asdict(breach).values()) for breach in self.breaches],
            "counting": list(self.counting),
            "made": self.made,
            "signatory": self.signatory.to_data(),
        }
