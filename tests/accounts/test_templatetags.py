"""The visual language: what a person reads where a template says `wib` or `relative`; each drawing exists."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template, engines
from django.utils import translation

from accounts.templatetags import gapura

ROOT = Path(__file__).resolve().parents[2]
WIB = timezone(timedelta(hours=7))
NOW = datetime(2026, 11, 23, 14, 5, tzinfo=WIB)


def render(source: str, /, **context: object) -> str:
    return Template(source).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("language", "filter_name", "expected"),
    [
        ("id", "wib", "Senin, 23 November 2026 14.05 WIB"),
        ("en", "wib", "Monday, 23 November 2026, 14:05 WIB"),
        ("id", "waktu", "23 November 2026 14.05"),
        ("en", "waktu", "23 November 2026, 14:05"),
        ("id", "tanggal", "23 November 2026"),
        ("en", "tanggal", "23 November 2026"),
    ],
)
def test_moments_are_written_as_the_office_writes_them(language: str, filter_name: str, expected: str) -> None:
    with translation.override(language):
        assert render("{{ at|" + filter_name + " }}", at=NOW) == expected


def test_a_moment_stored_in_utc_is_shown_in_wib_also_across_midnight() -> None:
    late_on_friday_in_utc = datetime(2026, 12, 25, 17, 30, tzinfo=UTC)
    with translation.override("id"):
        assert gapura.wib(late_on_friday_in_utc) == "Sabtu, 26 Desember 2026 00.30 WIB"
        assert gapura.tanggal(late_on_friday_in_utc) == "26 Desember 2026"


def test_a_date_is_not_moved_by_a_time_zone() -> None:
    with translation.override("id"):
        assert gapura.tanggal(date(2026, 8, 1)) == "1 Agustus 2026"


@pytest.mark.parametrize("filter_name", ["wib", "waktu", "tanggal", "phone", "nip", "filesize", "grouped", "initials"])
def test_what_is_missing_is_shown_as_nothing(filter_name: str) -> None:
    assert render("{{ value|" + filter_name + " }}", value=None) == ""


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(seconds=59), "sekarang"),
        (timedelta(minutes=1), "1 menit lagi"),
        (timedelta(minutes=59, seconds=59), "59 menit lagi"),
        (timedelta(hours=1), "1 jam lagi"),
        (timedelta(hours=1, minutes=59), "1 jam 59 menit lagi"),
        (timedelta(hours=2), "2 jam lagi"),
        (timedelta(hours=2, minutes=45), "2 jam lagi"),
        (timedelta(hours=47, minutes=59), "47 jam lagi"),
        (timedelta(days=2), "2 hari lagi"),
        (timedelta(days=9, hours=23), "9 hari lagi"),
        (timedelta(seconds=-59), "sekarang"),
        (timedelta(minutes=-1), "terlambat 1 menit"),
        (timedelta(hours=-3, minutes=-10), "terlambat 3 jam"),
        (timedelta(days=-2), "terlambat 2 hari"),
    ],
)
def test_a_deadline_says_how_far_it_is(left: timedelta, expected: str) -> None:
    with translation.override("id"):
        assert render("{{ due|relative:now }}", due=NOW + left, now=NOW) == expected


@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        (timedelta(seconds=30), "baru saja"),
        (timedelta(minutes=12), "12 menit yang lalu"),
        (timedelta(days=3), "3 hari yang lalu"),
    ],
)
def test_what_happened_says_how_long_ago(passed: timedelta, expected: str) -> None:
    with translation.override("id"):
        assert render("{{ at|ago:now }}", at=NOW - passed, now=NOW) == expected


def test_no_deadline_has_no_distance() -> None:
    assert gapura.relative(None, NOW) == ""
    assert gapura.relative(NOW, None) == ""


def test_a_phone_number_is_read_nationally_and_called_internationally() -> None:
    assert render("{{ n|phone }}", n="+6281234567890") == '<a class="tel" href="tel:+6281234567890">0812-3456-7890</a>'


def test_a_phone_number_that_is_none_stays_text_and_cannot_become_markup() -> None:
    assert render("{{ n|phone }}", n="<b>tanya</b>") == "&lt;b&gt;tanya&lt;/b&gt;"
    assert "<script>" not in render("{{ n|phone }}", n='+"><script>')


def test_a_nip_is_grouped_and_other_numbers_are_left_alone() -> None:
    assert gapura.nip("197108241996031001") == "19710824 199603 1 001"
    assert gapura.nip("UN-17") == "UN-17"


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 bita"), (1023, "1023 bita"), (1024, "1 KB"), (348_160, "340 KB"), (1_258_291, "1,2 MB")],
)
def test_file_sizes_are_short(size: int, expected: str) -> None:
    with translation.override("id"):
        assert gapura.filesize(size) == expected


@pytest.mark.parametrize(
    ("count", "indonesian", "english"),
    [
        (0, "0", "0"),
        (999, "999", "999"),
        (2350, "2.350", "2,350"),
        (1_234_567, "1.234.567", "1,234,567"),
        ("–", "–", "–"),
    ],
)
def test_counts_are_grouped_in_threes(count: int | str, indonesian: str, english: str) -> None:
    with translation.override("id"):
        assert gapura.grouped(count) == indonesian
    with translation.override("en"):
        assert gapura.grouped(count) == english


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dr. Cut Nurmala Dewi, S.Kom., M.Kom.", "CD"),
        ("Nizamuddin", "N"),
        ("rahmat hidayat", "RH"),
        ("", ""),
    ],
)
def test_initials_leave_titles_out(name: str, expected: str) -> None:
    assert gapura.initials(name) == expected


def test_page_numbers_of_a_long_list_are_shortened() -> None:
    assert list(gapura.page_numbers(Paginator(range(300), 25).page(6))) == [1, "…", 5, 6, 7, "…", 12]


def test_an_icon_is_silent_for_screen_readers() -> None:
    assert render('{% icon "bell" %}').startswith('<svg class="icon" aria-hidden="true" focusable="false">')


def test_a_card_escapes_its_title_and_keeps_its_content() -> None:
    html = render("{% card title=title tone='late' %}<p>{{ text }}</p>{% endcard %}", title="A & B", text="<i>")
    assert html == (
        '<section class="card tone-late"><h2 class="card-head">A &amp; B</h2>'
        '<div class="card-body"><p>&lt;i&gt;</p></div></section>'
    )


def test_a_section_can_be_linked_to() -> None:
    html = render("{% section title='Berkas' id='berkas' level=3 %}x{% endsection %}")
    assert html == '<section class="section" id="berkas"><h3 class="section-head">Berkas</h3>x</section>'


def test_every_state_says_itself_in_an_icon_and_a_word() -> None:
    with translation.override("id"):
        for tone, word in {
            "waiting": "Menunggu",
            "yours": "Giliran Anda",
            "in_time": "Dalam waktu",
            "soon": "Segera jatuh tempo",
            "late": "Terlambat",
        }.items():
            html = render('{% include "_badge.html" with tone=tone only %}', tone=tone)
            assert word in html
            assert "<svg" in html
            assert f"tone-{tone}" in html


def test_a_deadline_shows_the_absolute_time_beneath_the_distance() -> None:
    with translation.override("id"):
        html = render(
            '{% include "_deadline.html" with due=due now=now tone="soon" only %}',
            due=NOW + timedelta(hours=2),
            now=NOW,
        )
    assert "2 jam lagi" in html
    assert "Senin, 23 November 2026 16.05 WIB" in html


def test_long_histories_are_folded_after_eight() -> None:
    entries = [{"at": NOW, "sentence": f"Kejadian {n}."} for n in range(200)]
    with translation.override("id"):
        html = render('{% include "_timeline.html" %}', entries=entries)
    before, after = html.split("<details", 1)
    assert before.count("Kejadian") == 8
    assert after.count("Kejadian") == 192
    assert "Lihat 192 catatan lainnya" in after


def test_the_progress_line_marks_where_the_request_is_and_invents_no_number() -> None:
    stations = [
        {"number": "2", "label": "Agenda", "state": "done"},
        {"number": "", "label": "Disposisi", "state": "now"},
        {"number": "3", "label": "Akun", "state": "next"},
    ]
    with translation.override("id"):
        html = render('{% include "_progress.html" %}', stations=stations)
    _, agenda, disposition, account = html.split("<li ")
    assert "Langkah 2" in agenda
    assert 'aria-current="step"' in disposition
    assert "Tanpa nomor" in disposition
    assert "Langkah" not in disposition
    assert "aria-current" not in agenda + account


def _templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def test_every_drawing_that_is_named_exists() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static" / "icons.svg").read_text()))
    named = {drawing for drawing, _ in gapura.TONES.values()}
    for path in _templates():
        named |= set(re.findall(r'{% icon "([^"]+)"', path.read_text()))
        named |= set(re.findall(r'\bicon(?:_name)?="([^"]+)"', path.read_text()))
    assert named - drawn == set()


@pytest.mark.parametrize("path", _templates(), ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_every_template_compiles_and_says_what_it_is_given(path: Path) -> None:
    text = path.read_text()
    engines["django"].from_string(text)
    assert "{% comment %}" in text


@pytest.mark.parametrize("path", _templates(), ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_holds_what_the_content_policy_forbids(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "413", "429", "500"])
def test_error_pages_need_nothing_and_say_what_to_do(code: str) -> None:
    with translation.override("id"):
        html = engines["django"].get_template(f"{code}.html").render()
    assert "<h1>" in html
    assert 'href="/"' in html
    assert code[:3] in html
