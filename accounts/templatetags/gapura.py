"""Tags and filters of the visual language; loaded in every template as a builtin.

Times come in with their zone and go out in local time (WIB). Nothing here reads the
clock: what is relative is told what `now` is.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django import template
from django.core.paginator import Page
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import identity, phones

register = template.Library()

MOMENT_PATTERNS = {"id": "l, j F Y H.i T", "en": "l, j F Y, H:i T"}
SHORT_MOMENT_PATTERNS = {"id": "j F Y H.i", "en": "j F Y, H:i"}
"""EYD writes 14.05; Django's own formats know neither that nor the zone."""

TONES = {
    "waiting": ("hourglass", _("Menunggu")),
    "yours": ("turn", _("Giliran Anda")),
    "in_time": ("clock", _("Dalam waktu")),
    "soon": ("alert", _("Segera jatuh tempo")),
    "late": ("late", _("Terlambat")),
}
"""The five states there are: tone -> icon and word. Colour is never alone."""

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60  # seconds
HOURS_UP_TO = 2 * DAY
"""From here on days say more than hours."""


# --- pictures ---------------------------------------------------------------------
@register.simple_tag
def icon(name: str, css_class: str = "") -> SafeString:
    """A drawing of the sprite, hidden from screen readers: the word stands beside it."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        f" {css_class}" if css_class else "",
        static("icons.svg"),
        name,
    )


@register.filter
def tone_icon(tone: str) -> str:
    """The icon that goes with a tone; the one for waiting where the tone is unknown."""
    return TONES.get(tone, TONES["waiting"])[0]


@register.filter
def tone_word(tone: str) -> str:
    """The word that goes with a tone; the one for waiting where the tone is unknown."""
    return str(TONES.get(tone, TONES["waiting"])[1])


@register.filter
def file_icon(content_type: str) -> str:
    """The icon for a kind of file, from its media type."""
    return "image" if str(content_type).startswith("image/") else "letter"


# --- time -------------------------------------------------------------------------
@register.filter
def wib(value: datetime | None) -> str:
    """“Senin, 23 November 2026 14.05 WIB”; English “Monday, 23 November 2026, 14:05 WIB”."""
    return _moment(value, MOMENT_PATTERNS)


@register.filter
def waktu(value: datetime | None) -> str:
    """“23 November 2026 14.05”, for tables and timelines; English “23 November 2026, 14:05”."""
    return _moment(value, SHORT_MOMENT_PATTERNS)


@register.filter
def tanggal(value: date | datetime | None) -> str:
    """“23 November 2026”: a date as it stands, a moment by its local date."""
    if not value:
        return ""
    return date_format(_local(value) if isinstance(value, datetime) else value, "j F Y")


@register.filter
def relative(due: datetime | None, now: datetime | None) -> str:
    """How far a deadline is: “2 jam lagi”, “terlambat 3 jam”; "" where either is missing."""
    if not due or not now:
        return ""
    left = due - now
    if abs(left) < timedelta(minutes=1):
        return gettext("sekarang")
    if left > timedelta(0):
        return gettext("%(span)s lagi") % {"span": _span(left)}
    return gettext("terlambat %(span)s") % {"span": _span(-left)}


@register.filter
def ago(moment: datetime | None, now: datetime | None) -> str:
    """How long ago something happened: “3 jam yang lalu”; "" where either is missing."""
    if not moment or not now:
        return ""
    passed = now - moment
    if passed < timedelta(minutes=1):
        return gettext("baru saja")
    return gettext("%(span)s yang lalu") % {"span": _span(passed)}


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


def _moment(value: datetime | None, patterns: dict[str, str]) -> str:
    if not value:
        return ""
    return date_format(_local(value), patterns["en" if (get_language() or "").startswith("en") else "id"])


def _span(span: timedelta) -> str:
    """Whole units, rounded down; “1 jam 59 menit” because “1 jam” alone would be wrong by half."""
    seconds = int(span.total_seconds())
    days, hours, minutes = seconds // DAY, seconds // HOUR, seconds // MINUTE
    if seconds >= HOURS_UP_TO:
        return _days(days)
    if hours > 1:
        return _hours(hours)
    rest = minutes - 60 * hours
    if hours and rest:
        return f"{_hours(hours)} {_minutes(rest)}"
    return _hours(hours) if hours else _minutes(minutes)


def _days(count: int) -> str:
    return ngettext("%(count)d hari", "%(count)d hari", count) % {"count": count}


def _hours(count: int) -> str:
    return ngettext("%(count)d jam", "%(count)d jam", count) % {"count": count}


def _minutes(count: int) -> str:
    return ngettext("%(count)d menit", "%(count)d menit", count) % {"count": count}


# --- numbers and names --------------------------------------------------------------
@register.filter
def phone(value: object) -> str:
    """A stored number as people read it, to be called with one tap; other text unchanged."""
    text = str(value or "")
    shown = phones.display(text)
    return format_html('<a class="tel" href="tel:{}">{}</a>', text, shown) if text.startswith("+") else shown


@register.filter
def nip(value: str | None) -> str:
    """An employee number in groups of 8-6-1-3; other numbers unchanged."""
    return identity.grouped(value or "")


@register.filter
def filesize(size: int | None) -> str:
    """Bytes as people read them: “340 KB”, “1,2 MB” (1 KB = 1,024 bytes)."""
    if size is None:
        return ""
    if size < 1024:
        return ngettext("%(size)d bita", "%(size)d bita", size) % {"size": size}
    if size < 1024**2:
        return f"{number_format(round(size / 1024))} KB"
    return f"{number_format(round(size / 1024**2, 1), decimal_pos=1)} MB"


@register.filter
def grouped(count: int | str | None) -> str:
    """A count in threes: “2.350”, English “2,350”; what is no whole number stays as it is."""
    return number_format(count, force_grouping=True) if isinstance(count, int) else str(count or "")


@register.filter
def initials(name: str | None) -> str:
    """Up to two letters for a person's round sign; titles before and after the name do not count."""
    words = [word for word in str(name or "").split(",")[0].split() if word[:1].isalpha() and not word.endswith(".")]
    return "".join(word[0].upper() for word in dict.fromkeys((*words[:1], *words[-1:])))


# --- pages and boxes ----------------------------------------------------------------
@register.simple_tag
def page_numbers(page: Page) -> Iterable[int | str]:
    """The page numbers worth showing: first, last, the neighbours; an ellipsis between."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))


@register.simple_block_tag
def card(
    content: str, title: str = "", icon_name: str = "", tone: str = "", css_class: str = "", level: int = 2
) -> SafeString:
    """A box with a hairline: {% card title="..." %}...{% endcard %}.

    `tone` colours its left edge (the five tones); `level` is that of its heading (2 to 4).
    """
    head = _heading(title, icon_name, level, "card-head")
    classes = " ".join(filter(None, ("card", f"tone-{tone}" if tone else "", css_class)))
    return format_html('<section class="{}">{}<div class="card-body">{}</div></section>', classes, head, content)


@register.simple_block_tag
def section(content: str, title: str, lead: str = "", icon_name: str = "", level: int = 2, id: str = "") -> SafeString:
    """A part of a page without a box: {% section title="..." lead="..." %}...{% endsection %}."""
    return format_html(
        '<section class="section"{}>{}{}{}</section>',
        format_html(' id="{}"', id) if id else "",
        _heading(title, icon_name, level, "section-head"),
        format_html('<p class="section-lead">{}</p>', lead) if lead else "",
        content,
    )


def _heading(title: str, icon_name: str, level: int, css_class: str) -> str:
    if not title:
        return ""
    return format_html(
        '<h{} class="{}">{}{}</h{}>', level, css_class, icon(icon_name) if icon_name else "", title, level
    )
