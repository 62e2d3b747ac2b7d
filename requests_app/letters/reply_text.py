"""The wording of a reply letter: a first draft as plain text, and how the edited text is read back for typesetting.

Staff edit the body in one text box:

- a blank line ends a paragraph; line breaks inside one mean nothing;
- lines that begin with "1. ", "2. " ... form a numbered list, numbered anew when printed;
- lines of the form "Label : value" (white space before the colon) form facts with aligned colons;
- an indented line continues the list item or the value above it.

The wording follows the polite form of Indonesian official letters ("belum dapat kami penuhi", never "ditolak").
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from requests_app.letters.dates import Language, long_date
from requests_app.letters.papers import Block, Facts, Numbered, Paragraph

ReplyKind = Literal["granted", "partial", "refused"]

_ITEM = re.compile(r"(\d{1,3})[.)]\s+(\S.*)")
_FACT = re.compile(r"([^:]{1,40}?)\s+:\s+(\S.*)")


@dataclass(frozen=True)
class ReplyFacts:
    """What a draft may say, and nothing else: no secret, no telephone number or e-mail address of the person.

        `granted` are names of data types, `refused` are (name, reason). `valid_from` and `valid_until` are local dates,
        both included. `renewal_working_days` is how many working days before the end a renewal must be asked for, 0 to
        say nothing about it. `helpdesk_contact` is the office's own. `is_renewal`: the account had its year already,
    and the dates are those of the year that was added. Blank fields are left out of the text.
    """

    unit_name: str
    letter_number: str = ""
    letter_date: date | None = None
    letter_subject: str = ""
    person_name: str = ""
    identity_label: str = ""
    identity_number: str = ""
    granted: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    purpose: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    refusal_reason: str = ""
    renewal_working_days: int = 0
    helpdesk_contact: str = ""
    is_renewal: bool = False


@dataclass(frozen=True)
class _Wording:
    access: str
    """What is asked for, as `subject` and `opening` name it in {access}."""
    one_more_year: str
    """The same for a renewal."""
    asked: str
    """How the answer refers to a renewal that came without a letter."""
    subject: dict[ReplyKind, str]
    about: str
    opening: dict[ReplyKind, str]
    reference: tuple[str, str, str, str]
    person: str
    granted: str
    purpose: str
    validity: str
    until: str
    refused: str
    protection: str
    renewal: str
    again: dict[Literal["partial", "refused"], str]
    helpdesk: str
    closing: str


_WORDING: dict[Language, _Wording] = {
    "id": _Wording(
        access="akses webservice",
        one_more_year="perpanjangan akses webservice",
        asked="Sehubungan dengan permohonan perpanjangan Saudara",
        subject={
            "granted": "Persetujuan {access}",
            "partial": "Persetujuan sebagian {access}",
            "refused": "Jawaban atas permohonan {access}",
        },
        about="{subject} data {name}",
        opening={
            "granted": "{reference}, bersama ini kami sampaikan bahwa permohonan {access} {unit} disetujui "
            "dengan ketentuan sebagai berikut.",
            "partial": "{reference}, bersama ini kami sampaikan bahwa permohonan {access} {unit} disetujui "
            "sebagian dengan ketentuan sebagai berikut.",
            "refused": "{reference}, bersama ini kami sampaikan bahwa permohonan {access} {unit} belum dapat "
            "kami penuhi dengan pertimbangan sebagai berikut.",
        },
        reference=("Sehubungan dengan surat Saudara", "Nomor", "tanggal", "hal"),
        person="Penanggung jawab",
        granted="Data yang diberikan",
        purpose="Tujuan penggunaan",
        validity="Masa berlaku",
        until="s.d.",
        refused="Data yang belum dapat kami berikan",
        protection="Informasi akun disampaikan langsung kepada penanggung jawab dan tidak dicantumkan dalam surat ini. "
        "Data hanya digunakan untuk tujuan tersebut, tidak diteruskan kepada pihak lain, dan dilindungi sesuai dengan "
        "ketentuan peraturan perundang-undangan mengenai pelindungan data pribadi.",
        renewal="Perpanjangan diajukan paling lambat {days} hari kerja sebelum masa berlaku berakhir.",
        again={
            "partial": "Data yang belum dapat kami berikan dapat diajukan kembali setelah hal tersebut dipenuhi.",
            "refused": "Permohonan dapat diajukan kembali setelah hal tersebut dipenuhi.",
        },
        helpdesk="Apabila memerlukan penjelasan, Saudara dapat menghubungi {contact}.",
        closing="Atas perhatian dan kerja sama Saudara, kami ucapkan terima kasih.",
    ),
    "en": _Wording(
        access="web service access",
        one_more_year="the renewal of web service access",
        asked="With reference to your request for renewal",
        subject={
            "granted": "Approval of {access}",
            "partial": "Partial approval of {access}",
            "refused": "Reply to the request for {access}",
        },
        about="{subject}: {name}",
        opening={
            "granted": "{reference}, we are pleased to inform you that the request of {unit} for {access} "
            "has been approved on the following terms.",
            "partial": "{reference}, we wish to inform you that the request of {unit} for {access} has been "
            "approved in part, on the following terms.",
            "refused": "{reference}, we regret to inform you that we are not yet able to fulfil the request of {unit} "
            "for {access}, for the following reasons.",
        },
        reference=("With reference to your letter", "number", "dated", "concerning"),
        person="Person in charge",
        granted="Data granted",
        purpose="Purpose of use",
        validity="Validity period",
        until="through",
        refused="Data we are not yet able to grant",
        protection="The account details are given to the person in charge directly and do not appear in this letter. "
        "The data may be used for the stated purpose only, must not be passed on to others, and must be protected in "
        "accordance with the laws and regulations on personal data protection.",
        renewal="A renewal must be requested no later than {days} working days before the validity period ends.",
        again={
            "partial": "The data not yet granted may be requested again once these points have been met.",
            "refused": "The request may be submitted again once these points have been met.",
        },
        helpdesk="For further information, please contact {contact}.",
        closing="Thank you for your attention and cooperation.",
    ),
}


def draft(kind: ReplyKind, *, language: Language, facts: ReplyFacts) -> tuple[str, str]:
    """The subject and the body (closing sentence included) that staff start from; `parse` reads the body back.

    Raises ValueError when the facts do not carry the kind: a grant needs granted data and both dates, a partial grant
    also refused data, a refusal a reason or refused data.
    """
    _require(kind, facts)
    words = _WORDING[language]
    access = words.one_more_year if facts.is_renewal else words.access
    subject = words.subject[kind].format(access=access)
    if kind == "granted" and len(facts.granted) == 1:
        subject = words.about.format(subject=subject, name=re.sub(r"(?i)^data\s+", "", _line(facts.granted[0])))
    reference = _reference(facts, language)
    opening = words.opening[kind].format(reference=reference, unit=_line(facts.unit_name), access=access)
    middle = _refusal(words, facts) if kind == "refused" else _grant(words, facts, language)
    help_line = words.helpdesk.format(contact=_line(facts.helpdesk_contact)) if facts.helpdesk_contact.strip() else ""
    last = [words.renewal.format(days=facts.renewal_working_days)] if _renews(kind, facts) else []
    last += [help_line] if help_line else []
    again = [words.again[kind]] if kind != "granted" else []
    paragraphs = [opening, *middle, *again, " ".join(last), words.closing]
    return subject, "\n\n".join(part for part in paragraphs if part)


def parse(body: str) -> list[Block]:
    """The edited body as blocks, in order; see the module's docstring for the rules. An empty body has no blocks.

    A numbered line opens a list only with the number 1, so a wrapped sentence whose line begins with "2026. " stays a
    sentence; a list goes on after a blank line when the next number follows.
    """
    blocks: list[Block] = []
    fresh = True
    for line in body.splitlines():
        text = " ".join(line.split())
        if text:
            _add(blocks, text, fresh=fresh, indented=line[0].isspace())
        fresh = not text
    return blocks


def _add(blocks: list[Block], text: str, *, fresh: bool, indented: bool) -> None:
    item, fact = _ITEM.fullmatch(text), _FACT.fullmatch(text)
    match blocks[-1] if blocks else None:
        case Numbered(items) if item and (not fresh or int(item[1]) == len(items) + 1):
            blocks[-1] = Numbered((*items, item[2]))
        case Numbered((*items, last)) if indented and not fresh:
            blocks[-1] = Numbered((*items, f"{last} {text}"))
        case Facts(rows) if fact and not fresh:
            blocks[-1] = Facts((*rows, (fact[1], fact[2])))
        case Facts((*rows, (label, value))) if indented and not fresh:
            blocks[-1] = Facts((*rows, (label, f"{value} {text}")))
        case _ if item and int(item[1]) == 1:
            blocks.append(Numbered((item[2],)))
        case _ if fact:
            blocks.append(Facts(((fact[1], fact[2]),)))
        case Paragraph(before) if not fresh:
            blocks[-1] = Paragraph(f"{before} {text}")
        case _:
            blocks.append(Paragraph(text))


def _require(kind: ReplyKind, facts: ReplyFacts) -> None:
    if kind != "refused" and not (facts.granted and facts.valid_from and facts.valid_until):
        raise ValueError("a grant needs data and the first and last day of its validity")
    if kind == "partial" and not facts.refused:
        raise ValueError("a partial grant needs the data that is not granted")
    if kind == "refused" and not (facts.refusal_reason.strip() or facts.refused):
        raise ValueError("a refusal needs a reason")


def _renews(kind: ReplyKind, facts: ReplyFacts) -> bool:
    return kind != "refused" and facts.renewal_working_days > 0


def _reference(facts: ReplyFacts, language: Language) -> str:
    start, number, dated, concerning = _WORDING[language].reference
    has_letter = facts.letter_number.strip() or facts.letter_date or facts.letter_subject.strip()
    if facts.is_renewal and not has_letter:
        return _WORDING[language].asked
    parts = [start]
    if facts.letter_number.strip():
        parts.append(f"{number} {_line(facts.letter_number)}")
    if facts.letter_date:
        parts.append(f"{dated} {long_date(facts.letter_date, language)}")
    if facts.letter_subject.strip():
        parts.append(f"{concerning} {_line(facts.letter_subject)}")
    return " ".join(parts)


def _grant(words: _Wording, facts: ReplyFacts, language: Language) -> list[str]:
    days = [long_date(day, language) for day in (facts.valid_from, facts.valid_until) if day]
    rows = [
        (words.person, _person(facts)),
        (words.purpose, _line(facts.purpose)),
        (words.validity, f" {words.until} ".join(days)),
    ]
    lists = []
    if len(facts.granted) == 1:
        rows.insert(1, (words.granted, _line(facts.granted[0])))
    else:
        lists.append(f"{words.granted}:{_listed(facts.granted)}")
    if facts.refused:
        lists.append(f"{words.refused}:{_listed(_reasons(facts))}")
    return ["\n".join(f"{label} : {value}" for label, value in rows if value), *lists, words.protection]


def _refusal(words: _Wording, facts: ReplyFacts) -> list[str]:
    return [_sentence(facts.refusal_reason), _listed(_reasons(facts)).strip()]


def _person(facts: ReplyFacts) -> str:
    # A NIP is printed without spaces or dots; other numbers (a passport, a staff card) stand as they were given.
    number = _line(facts.identity_number)
    if facts.identity_label.upper().startswith(("NIP", "NI PPPK")):
        number = re.sub(r"[\s.]", "", number)
    identity = f"{_line(facts.identity_label)} {number}".strip() if number else ""
    return ", ".join(part for part in (_line(facts.person_name), identity) if part)


def _reasons(facts: ReplyFacts) -> tuple[str, ...]:
    pairs = ((_line(name), _line(reason).rstrip(".")) for name, reason in facts.refused)
    return tuple(f"{name} ({reason})" if reason else name for name, reason in pairs)


def _listed(items: tuple[str, ...]) -> str:
    # A list of one would be numbered "1." for nothing.
    if len(items) == 1:
        return f" {_sentence(items[0])}"
    return "".join(f"\n{number}. {_line(item)}" for number, item in enumerate(items, start=1))


def _sentence(text: str) -> str:
    text = _line(text)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else ""


def _line(text: str) -> str:
    return " ".join(text.split())
