"""The collecting and checking of texts: what it must find, and what it must object to."""

from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from django.core.management import CommandError, call_command
from pytest_django import Settings

from config.management.commands import translations

PYTHON = """
a = _("Satu " "dua")
b = ngettext("%(n)s hari", "%(n)s hari kerja", n)
c = pgettext_lazy("surat", "Kirim")
d = N_("Tabel")
e = _(name)
f = other("bukan")
"""

TEMPLATE = """
<p class="a">It's "quoted" _("bukan")</p>
{% translate "Simpan" %} {% translate 'Kata "kutip"' context "x" %}
{% blocktranslate trimmed with a=b.c count n=m %}
   {{ n }} hari
 {% plural %} {{ n }} hari, 50%
{% endblocktranslate %}
{% card title=_("Isi") x="y" %} {{ _("Halo") }} {{ a|default:_("Kosong") }}
{% comment %}{% translate "bukan" %}{% endcomment %}
{% blocktranslate context "surat" %}Kepada {{ x }}{% endblocktranslate %}
"""


def test_texts_of_python(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(PYTHON)
    assert list(translations.texts_of_python(tmp_path / "a.py")) == [
        (None, "Satu dua", None),
        (None, "%(n)s hari", "%(n)s hari kerja"),
        ("surat", "Kirim", None),
        (None, "Tabel", None),
    ]


def test_texts_of_a_template(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(TEMPLATE)
    assert set(translations.texts_of_template(tmp_path / "a.html")) == {
        (None, "Simpan", None),
        ("x", 'Kata "kutip"', None),
        (None, "%(n)s hari", "%(n)s hari, 50%%"),
        (None, "Isi", None),
        (None, "Halo", None),
        (None, "Kosong", None),
        ("surat", "Kepada %(x)s", None),
    }


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("Simpan", "Save"),
        ("%(n)s hari", "%(n)s days"),
        ("%(a)s dari %(b)s", "of %(b)s, %(a)s"),
        (("%(n)s hari", "%(n)s hari"), ("one day", "%(n)s days")),
    ],
)
def test_a_good_translation_has_no_fault(text: str, translation: str) -> None:
    assert list(translations.faults_of(Message(text, translation))) == []


@pytest.mark.parametrize(
    ("text", "translation", "fault"),
    [
        ("Simpan", "", "not translated"),
        (("%(n)s hari", "%(n)s hari"), ("%(n)s day", ""), "not translated"),
        ("%(n)s hari", "days", "placeholders"),
        ("%(n)s hari", "%(m)s days", "placeholders"),
        ("{n} hari", "{m} days", "placeholders"),
        ("%(n)s hari", "%(n)d days", "placeholders"),
        (("%(n)s hari", "%(n)s hari"), ("%(n)s day", "days"), "placeholders"),
    ],
)
def test_a_bad_translation_is_named(text: str, translation: str, fault: str) -> None:
    assert any(found.startswith(fault) for found in translations.faults_of(Message(text, translation)))


def test_a_guess_is_a_fault() -> None:
    assert list(translations.faults_of(Message("Simpan", "Save", flags=["fuzzy"]))) == ["marked as fuzzy"]


@pytest.fixture
def house(tmp_path: Path, settings: Settings) -> Callable[[str], None]:
    """A small house with one template and its own catalogue; gives what writes the template."""
    settings.BASE_DIR, settings.LOCALE_PATHS = tmp_path, [tmp_path / "locale"]
    (tmp_path / "templates").mkdir()
    return lambda source: (tmp_path / "templates/page.html").write_text(source) and None


def test_from_text_to_catalogue_and_back(house: Callable[[str], None], tmp_path: Path) -> None:
    catalogue = tmp_path / "locale/en/LC_MESSAGES/django.po"
    days = "{% blocktranslate count n=m %}{{ n }} hari{% plural %}{{ n }} hari{% endblocktranslate %}"
    house('{% translate "Simpan" %}' + days)
    call_command("translations", "extract", verbosity=0)
    with pytest.raises(CommandError, match="not translated: 'Simpan'"):
        call_command("translations", "check")
    done = catalogue.read_text().replace('msgid "Simpan"\nmsgstr ""', 'msgid "Simpan"\nmsgstr "Save"')
    done = done.replace('msgstr[0] ""', 'msgstr[0] "%(n)s day"').replace('msgstr[1] ""', 'msgstr[1] "%(n)s days"')
    catalogue.write_text(done)
    call_command("translations", "check")
    call_command("translations", "extract")
    assert catalogue.read_text() == done, "collecting again changes nothing"
    call_command("translations", "compile")
    assert catalogue.with_suffix(".mo").exists()

    house('{% translate "Kirim" %}')
    with pytest.raises(CommandError) as said:
        call_command("translations", "check")
    assert "missing in locale/en: 'Kirim'" in str(said.value)
    assert "nothing in the code says this any more: 'Simpan'" in str(said.value)
    call_command("translations", "extract")
    assert "Simpan" not in catalogue.read_text()


def test_no_line_numbers_and_no_dates_make_noise(house: Callable[[str], None], tmp_path: Path) -> None:
    house('\n\n{% translate "Simpan" %}')
    call_command("translations", "extract")
    written = (tmp_path / "locale/en/LC_MESSAGES/django.po").read_text()
    assert "#: templates/page.html\n" in written
    assert "Date" not in written
