"""`manage.py translations`: collect, compile and check the texts of the interface, without system gettext.

Indonesian stands in the code and is the source; `locale/en` is what we translate into. `locale/id` is kept by hand:
it only replaces texts of third-party packages that reach people in English.
"""

import ast
import re
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation.template import templatize

TRANSLATED_INTO = "en"
CODE = ("config", "accounts", "webservice_accounts", "requests_app")
TEMPLATES = (*CODE, "templates")
SHOWN = 40
"""Faults that one run prints; a whole missing catalogue would hide everything else."""
TEMPLATE_SUFFIXES = {".html", ".txt"}

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "_": ("id",),
    "N_": ("id",),
    "gettext": ("id",),
    "gettext_lazy": ("id",),
    "gettext_noop": ("id",),
    "ngettext": ("id", "plural"),
    "ngettext_lazy": ("id", "plural"),
    "pgettext": ("context", "id"),
    "pgettext_lazy": ("context", "id"),
    "npgettext": ("context", "id", "plural"),
    "npgettext_lazy": ("context", "id", "plural"),
}
"""What the first arguments of each translating function are."""

STRING = r"""u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
CALL = re.compile(rf"\b(n?p?gettext|_)\(\s*({STRING}(?:\s*,\s*{STRING})*)", re.DOTALL)
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
HEADER = """\
msgid ""
msgstr ""
"Project-Id-Version: gapura\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural};\\n"

"""

Text: TypeAlias = tuple[str | None, str, str | None]
"""Context, text, plural text."""


def as_text(function: str, strings: Iterable[str | None]) -> Text | None:
    """Name the arguments of a translating call; None when its text is no literal."""
    named = dict(zip(ARGUMENTS[function], strings, strict=False))
    text = named.get("id")
    return (named.get("context"), text, named.get("plural")) if text else None


def texts_of_python(path: Path) -> Iterator[Text]:
    """Yield the texts that a Python file marks for translation."""
    with path.open("rb") as file:
        functions: dict[str, Any] = dict.fromkeys(ARGUMENTS)
        for _line, function, found, _comments in extract_python(file, functions, [], {"encoding": "utf-8"}):
            strings: Any = found  # one string, a tuple of them, or None for `_(name)`
            if text := as_text(str(function), strings if isinstance(strings, tuple) else (strings,)):
                yield text


def texts_of_template(path: Path) -> Iterator[Text]:
    """Yield the texts of `{% translate %}`, `{% blocktranslate %}` and `_("...")` in a template."""
    for call in CALL.finditer(templatize(path.read_text(encoding="utf-8"), origin=str(path))):
        strings = [ast.literal_eval(string) for string in re.findall(STRING, call[2], re.DOTALL)]
        if text := as_text(call[1], strings):
            yield text


def texts() -> Iterator[tuple[str, Text]]:
    """Yield every text of the interface with the file it stands in, in a stable order."""
    root = settings.BASE_DIR
    for folder in CODE:
        for path in sorted((root / folder).rglob("*.py")):
            yield from ((str(path.relative_to(root)), text) for text in texts_of_python(path))
    for folder in TEMPLATES:
        for path in sorted(file for file in (root / folder).rglob("*") if file.suffix in TEMPLATE_SUFFIXES):
            yield from ((str(path.relative_to(root)), text) for text in texts_of_template(path))


def source_catalogue() -> Catalog:
    """Return a catalogue of all texts of the interface, untranslated."""
    catalogue = Catalog(locale=TRANSLATED_INTO)
    for file, (context, text, plural) in texts():
        placeholders = PLACEHOLDER.search(text)
        catalogue.add(
            (text, plural) if plural else text,
            locations=[(file, 0)],
            context=context,
            flags=["python-format"] if placeholders and "%" in placeholders[0] else [],
        )
    return catalogue


def po_file(language: str) -> Path:
    """Return where the catalogue of a language is kept."""
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def read_catalogue(language: str) -> Catalog:
    """Read the kept catalogue of a language; an empty one when there is none."""
    path = po_file(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def forms(value: str | Iterable[str] | None) -> list[str]:
    """Return the singular and the plural forms of one side of an entry; [] when there is none."""
    return [value or ""] if isinstance(value, str) or value is None else list(value)


def entries(catalogue: Catalog) -> dict[tuple[str | None, str], Message]:
    """Return the entries by context and text, without the header."""
    return {(entry.context, forms(entry.id)[0]): entry for entry in catalogue if entry.id}


def faults_of(entry: Message) -> Iterator[str]:
    """Yield what is wrong with the translation of one text."""
    translated = forms(entry.string)
    if entry.fuzzy:
        yield "marked as fuzzy"
    if not all(translated):
        yield "not translated"
        return
    source = forms(entry.id)
    for number, text in enumerate(translated):
        # "1 day" may leave out its number; every other form must say all.
        singular_of_several = number == 0 and len(translated) > 1
        expected, found = set(PLACEHOLDER.findall(source[-1])), set(PLACEHOLDER.findall(text))
        if found != expected and not (singular_of_several and found < expected):
            yield f"placeholders {sorted(found)} instead of {sorted(expected)}"


def faults() -> Iterator[str]:
    """Yield one line for every text that a reader would not find in their language."""
    wanted, kept = entries(source_catalogue()), entries(read_catalogue(TRANSLATED_INTO))
    for key, entry in wanted.items():
        if key not in kept:
            yield f"{entry.locations[0][0]}: missing in locale/{TRANSLATED_INTO}: {key[1]!r}"
        elif len(forms(kept[key].id)) != len(forms(entry.id)):
            yield f"{entry.locations[0][0]}: plural differs in locale/{TRANSLATED_INTO}: {key[1]!r}"
    for key in kept.keys() - wanted.keys():
        yield f"locale/{TRANSLATED_INTO}: nothing in the code says this any more: {key[1]!r}"
    for language, _name in settings.LANGUAGES:
        for (_context, text), entry in entries(read_catalogue(language)).items():
            yield from (f"locale/{language}: {fault}: {text!r}" for fault in faults_of(entry))


def extract() -> str:
    """Bring `locale/en` up to date: new texts come in untranslated, texts nobody says any more go out."""
    catalogue = read_catalogue(TRANSLATED_INTO)
    before = entries(catalogue).keys()
    catalogue.update(source_catalogue(), no_fuzzy_matching=True)
    body = BytesIO()
    write_po(body, catalogue, width=120, include_lineno=False, omit_header=True, ignore_obsolete=True)
    header = HEADER.format(language=TRANSLATED_INTO, plural=catalogue.plural_forms.rstrip(";"))
    path = po_file(TRANSLATED_INTO)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(header + body.getvalue().decode(), encoding="utf-8")
    after = entries(read_catalogue(TRANSLATED_INTO))
    waiting = sum(not all(forms(entry.string)) for entry in after.values())
    return (
        f"{len(after)} texts, {len(after.keys() - before)} new, {len(before - after.keys())} removed, "
        f"{waiting} to translate in {path.relative_to(settings.BASE_DIR)}"
    )


def compile_catalogues() -> str:
    """Write the `.mo` that Django reads beside every kept `.po`; replaced whole, as servers may be reading it."""
    written = []
    for language, _name in settings.LANGUAGES:
        path = po_file(language)
        if path.exists():
            fresh = path.with_suffix(".mo.new")
            with fresh.open("wb") as file:
                write_mo(file, read_catalogue(language))
            fresh.replace(path.with_suffix(".mo"))
            written.append(language)
    return f"Compiled: {', '.join(written) or 'nothing'}"


class Command(BaseCommand):
    """Three verbs: extract, compile, check."""

    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the verb."""
        parser.add_argument("verb", choices=("extract", "compile", "check"))

    def handle(self, *args: object, verb: str, **options: object) -> None:
        """Raise CommandError from `check` when a reader would meet a text that is not in their language."""
        if verb == "extract":
            self.stdout.write(extract())
        elif verb == "compile":
            self.stdout.write(compile_catalogues())
        elif found := list(faults()):
            shown = [*found[:SHOWN], f"{len(found)} faults. `make messages` collects new texts."]
            raise CommandError("\n".join(shown))
        else:
            self.stdout.write("Every text is translated.")
