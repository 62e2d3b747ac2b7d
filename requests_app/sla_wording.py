"""The clock in words: dates, lengths and the explanation of a deadline, in Indonesian or in the reader's language.

Pure, as the clock itself: a translation is handed in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from accounts.wording import N_
from requests_app.sla import ONE_DAY, WIB, Clock, DayKind, Explanation, Line, Reading, Reason, Rule

DAY_KIND_LABELS: Mapping[DayKind, str] = {
    DayKind.NATIONAL: N_("Libur nasional"),
    DayKind.COLLECTIVE: N_("Cuti bersama"),
    DayKind.REGIONAL: N_("Libur daerah"),
    DayKind.UNIVERSITY: N_("Libur universitas"),
    DayKind.REPLACEMENT: N_("Hari kerja pengganti"),
}


_WEEKDAYS = {
    "id": "Senin Selasa Rabu Kamis Jumat Sabtu Minggu".split(),
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
}
_MONTHS = {
    "id": "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split(),
    "en": "January February March April May June July August September October November December".split(),
}


def local_date(day: date, language: str = "id") -> str:
    """A date as in "Selasa, 24 November 2026"; English for "en" and its variants, Indonesian for everything else."""
    return f"{_WEEKDAYS[_names(language)][day.weekday()]}, {_day_and_month(day, language)}"


def local_time(at: datetime, language: str = "id") -> str:
    """An instant as in "Selasa, 24 November 2026 10.15 WIB" or "Tuesday, 24 November 2026, 10:15 WIB".

    Seconds are left out, never rounded up: what is shown as a deadline is not later than the deadline.

    Raises ValueError for a time without zone.
    """
    at = _in_wib(at)
    return f"{local_date(at.date(), language)}{_before_time(language)}{_clock_time(at, language)} WIB"


def duration_text(length: timedelta, translate: Callable[[str], str] = str) -> str:
    """A length as in "24 jam", "8 jam 10 menit" or "45 detik": never days, as the SOP writes 1 x 24 jam."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        translate(unit) % {"number": number}
        for number, unit in (
            (hours, N_("%(number)d jam")),
            (minutes, N_("%(number)d menit")),
            (seconds, N_("%(number)d detik")),
        )
        if number
    ]
    return " ".join(parts) or translate(N_("%(number)d menit")) % {"number": 0}


_SAME_TIME_RULE = N_(
    "Waktu baku %(duration)s hari kerja: hari libur tidak dihitung, jam istirahat tidak menunda, dan yang masuk "
    "di luar jam kerja mulai dihitung saat kantor buka."
)
_END_OF_DAY_RULE = N_(
    "Waktu baku %(days)d hari kerja: dihitung mulai hari kerja sesudah hari masuk, berakhir saat kantor tutup."
)
_OFFICE_HOURS_RULE = N_("Waktu baku %(duration)s: hanya jam kantor yang dihitung, tanpa jam istirahat.")
_TOTAL = N_("Jumlah yang dihitung: %(duration)s.")
_TOTAL_DAYS = N_("Jumlah yang dihitung: %(days)d hari kerja.")
_SENTENCES: Mapping[Reason, str] = {
    Reason.COUNTED: N_("%(when)s: dihitung %(duration)s."),
    Reason.WHOLE_DAY: N_("%(when)s: dihitung %(days)d hari kerja."),
    Reason.WEEKEND: N_("%(when)s: akhir pekan, tidak dihitung."),
    Reason.CLOSED: N_("%(when)s: di luar jam kerja, tidak dihitung."),
    Reason.BREAK: N_("%(when)s: jam istirahat, tidak dihitung."),
    Reason.PAUSED: N_("%(when)s: menunggu pemohon, tidak dihitung."),
    Reason.AWAITING_UNIT: N_("%(when)s: menunggu unit pemohon, tidak dihitung."),
    Reason.AWAITING_OWNER: N_("%(when)s: menunggu persetujuan unit pemilik data, tidak dihitung."),
    Reason.ARRIVAL_DAY: N_("%(when)s: hari masuk, belum dihitung."),
}
_DAY_OFF_SENTENCE = N_("%(when)s: %(what)s, tidak dihitung.")


READING_LABELS: Mapping[Reading, str] = {
    Reading.SAME_TIME: N_("jam yang sama pada hari kerja berikutnya"),
    Reading.END_OF_DAY: N_("akhir jam kerja pada hari kerja berikutnya"),
}
"""The two readings as they stand within a sentence."""


@dataclass(frozen=True)
class Told:
    """One line of an explanation; `counts` is whether any of it was counted."""

    text: str
    counts: bool


@dataclass(frozen=True)
class Words:
    """A deadline explained to a person, part by part. `reading` is "" where nobody had to choose one."""

    standard: str
    reading: str
    lines: tuple[Told, ...]
    total: str
    remarks: tuple[str, ...]

    def sentences(self) -> list[str]:
        """All of it in the order in which it is read."""
        chosen = [self.reading] if self.reading else []
        return [self.standard, *chosen, *(line.text for line in self.lines), self.total, *self.remarks]


def in_words(explanation: Explanation, translate: Callable[[str], str] = str, language: str = "id") -> Words:
    """The explanation for a person: the rule, who chose it, a sentence per line, their sum, and the remarks.

    `translate` turns an Indonesian sentence into that of `language`, in which the dates are written. The deadline
    itself is not repeated: it stands above the explanation.
    """
    if explanation.clock == Clock.OFFICE_HOURS:
        rule, total = _OFFICE_HOURS_RULE, _TOTAL
    elif explanation.reading == Reading.END_OF_DAY:
        rule, total = _END_OF_DAY_RULE, _TOTAL_DAYS
    else:
        rule, total = _SAME_TIME_RULE, _TOTAL
    counted = sum((line.counted for line in explanation.lines), timedelta())
    return Words(
        standard=translate(rule) % _amount(explanation.standard, translate),
        reading=reading_text(explanation.rule, translate, language) if explanation.rule else "",
        lines=tuple(Told(_sentence(line, translate, language), bool(line.counted)) for line in explanation.lines),
        total=translate(total) % _amount(counted, translate),
        remarks=tuple(remarks(explanation, translate)),
    )


def sentences(explanation: Explanation, translate: Callable[[str], str] = str, language: str = "id") -> list[str]:
    """`in_words` as one list of sentences: the text of the pages, of the terminal and of the record of a breach."""
    return in_words(explanation, translate, language).sentences()


def reading_text(rule: Rule, translate: Callable[[str], str] = str, language: str = "id") -> str:
    """Which reading is in force, who chose it and since when; "bawaan" as long as nobody chose."""
    reading = translate(READING_LABELS[rule.reading])
    if rule.effective_from is None:
        return translate(N_("Cara hitung: %(reading)s (bawaan).")) % {"reading": reading}
    if not rule.chosen_by:
        return translate(N_("Cara hitung: %(reading)s (pengaturan awal).")) % {"reading": reading}
    return translate(N_("Cara hitung: %(reading)s, dipilih %(name)s pada %(date)s.")) % {
        "reading": reading,
        "name": rule.chosen_by,
        "date": _day_and_month(_in_wib(rule.effective_from).date(), language),
    }


def reminder_texts(rule: Rule, translate: Callable[[str], str] = str) -> list[str]:
    """When people are told of a deadline, a sentence each, in the order in which it happens."""

    def said(sentence: str, length: timedelta) -> str:
        return translate(sentence) % {"duration": duration_text(length, translate)}

    found = [translate(N_("Diingatkan ketika separuh jam kerja sampai batas waktu terpakai."))] * rule.warns_at_half
    if rule.warn_ahead:
        found.append(said(N_("Diingatkan %(duration)s kerja sebelum batas waktu."), rule.warn_ahead))
    if rule.team_after:
        found.append(said(N_("Seluruh tim diberi tahu %(duration)s kerja sesudah batas waktu."), rule.team_after))
    else:
        found.append(translate(N_("Seluruh tim diberi tahu begitu batas waktu terlewati.")))
    if rule.head_after:
        found.append(said(N_("Kepala diberi tahu %(duration)s kerja sesudah batas waktu."), rule.head_after))
    else:
        found.append(translate(N_("Kepala diberi tahu begitu batas waktu terlewati.")))
    return found


def remarks(explanation: Explanation, translate: Callable[[str], str] = str) -> list[str]:
    """A sentence per year whose calendar nobody has confirmed yet, so that the deadline may still move."""
    remark = translate(N_("Kalender %(year)d belum dikonfirmasi; batas waktu masih dapat berubah."))
    return [remark % {"year": year} for year in explanation.unconfirmed_years]


def _sentence(line: Line, translate: Callable[[str], str], language: str) -> str:
    facts = {"when": _when(line, translate, language), **_amount(line.counted, translate)}
    if line.reason in _SENTENCES:
        sentence = translate(_SENTENCES[line.reason]) % facts
        if line.name:
            replacement = translate(DAY_KIND_LABELS[DayKind.REPLACEMENT])
            sentence += f" {replacement} ({line.name})."
    else:
        names = [line.name] if line.name else []
        names += [translate(N_("perkiraan"))] if line.is_estimated else []
        what = translate(DAY_KIND_LABELS[DayKind(line.reason)]).lower()
        facts["what"] = f"{what} ({', '.join(names)})" if names else what
        sentence = translate(_DAY_OFF_SENTENCE) % facts
    if line.legal_basis:
        sentence += " " + translate(N_("Dasar: %(basis)s.")) % {"basis": line.legal_basis}
    return sentence


def _amount(length: timedelta, translate: Callable[[str], str]) -> dict[str, object]:
    return {"duration": duration_text(length, translate), "days": length // ONE_DAY}


def _when(line: Line, translate: Callable[[str], str], language: str) -> str:
    """The stretch in words: dates alone where it covers whole days, and midnight as 24.00 of the day that ends."""
    first, last = line.starts_at.date(), (line.ends_at - timedelta.resolution).date()
    starts, ends = _clock_time(line.starts_at, language), _clock_time(line.ends_at, language)
    ends_at_midnight = line.ends_at == _midnight(last + ONE_DAY)
    if ends_at_midnight:
        ends = ends.replace("00", "24", 1)
    first_day, last_day = local_date(first, language), local_date(last, language)
    through = translate(N_("%(first)s s.d. %(last)s"))
    if line.starts_at == _midnight(first) and ends_at_midnight:
        return first_day if first == last else through % {"first": first_day, "last": last_day}
    comma = _before_time(language)
    if first == last:
        return f"{first_day}{comma}{starts}–{ends} WIB"
    return through % {"first": f"{first_day}{comma}{starts}", "last": f"{last_day}{comma}{ends} WIB"}


def _day_and_month(day: date, language: str) -> str:
    return f"{day.day} {_MONTHS[_names(language)][day.month - 1]} {day.year}"


def _names(language: str) -> str:
    return "en" if language.split("-")[0] == "en" else "id"


def _before_time(language: str) -> str:
    return ", " if _names(language) == "en" else " "


def _clock_time(at: datetime, language: str) -> str:
    return f"{at:%H:%M}" if _names(language) == "en" else f"{at:%H.%M}"


def _in_wib(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"a time without a time zone cannot be placed: {at.isoformat()}")
    return at.astimezone(WIB)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, WIB)
