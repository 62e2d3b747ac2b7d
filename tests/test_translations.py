"""Whoever reads English reads English: every label of the tables, every page, every complaint of a form."""

import copy
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import transaction
from django.db.models import CharField, Field, IntegerField, TextField
from django.http import HttpResponse
from django.utils import translation
from django.utils.functional import Promise

from accounts.identity import IDENTITY_LABELS
from accounts.models import AuditEvent, Institution
from accounts.roles import ROLE_LABELS
from requests_app import sla_wording, sop
from tests.everybody import PEOPLE, SITUATIONS, addresses, build
from webservice_accounts.lifecycle import STATE_LABELS

SAME_IN_BOTH = {
    "Admin/Helpdesk",
    "Administrator",
    "Agenda",
    "Email",
    "English",
    "Bahasa Indonesia",
    "Indonesia",
    "NI PPPK",
    "NIP",
    "NUPTK",
    "Plh.",
    "Plt.",
}
"""Names, and words that English has too."""


TELL_TALE = re.compile(
    r"\b(yang|dan|atau|untuk|dengan|dari|kepada|pada|oleh|belum|sudah|tidak|tanpa|adalah|akan|dapat|harus|agar|"
    r"anda|kami|saya|ini|itu|permohonan|surat|unit kerja|penanggung|kirim|simpan|ubah|hapus|batal\w*|kembali\w*|"
    r"teruskan|setujui|isi|isilah|pilih|cari|lihat|buka|tutup|unduh|unggah|masuk|keluar|halaman|berkas|nomor|"
    r"tanggal|hari|jam|menit|batas|waktu|terlambat|menunggu|selesai|draf|konsep|disposisi|agendakan|akun|kunci|"
    r"alamat|catatan|alasan|wajib|opsional|contoh|misalnya|berlaku|sejak|sampai|nama pengguna|kata sandi|"
    r"senin|selasa|rabu|kamis|jumat|sabtu|minggu|januari|februari|maret|mei|juni|juli|agustus|oktober|desember)\b",
    re.IGNORECASE,
)
"""Words that no English page has."""


# --- the tables ---------------------------------------------------------------------------------------------
def sentences_of_the_tables() -> Iterator[str]:
    """What the pure tables say to people."""
    for step in sop.STEPS.values():
        yield from (step.label, step.applicant_label)
    for row in sop.TRANSITIONS.values():
        yield from (row.button, row.sentence)
    yield from (activity.short for activity in sop.ACTIVITIES)
    yield sop.NUMBERING_NOTE
    for labels in (sop.ACTOR_LABELS, ROLE_LABELS, STATE_LABELS, sla_wording.DAY_KIND_LABELS, IDENTITY_LABELS):
        yield from (str(label) for label in labels.values())


def labels_of_the_models() -> Iterator[str | Promise]:
    """Names of our models and fields, help texts and choices: what forms and the administrator's pages show."""
    for model in apps.get_models():
        if model._meta.app_label in ("accounts", "webservice_accounts", "requests_app"):
            shown = (model._meta.verbose_name, model._meta.verbose_name_plural)
            yield from (name for name in shown if isinstance(name, Promise))
            for field in model._meta.get_fields():
                if isinstance(field, Field):
                    named = (field.verbose_name, field.help_text)
                    yield from (text for text in named if isinstance(text, Promise))
                if isinstance(field, CharField | IntegerField):
                    yield from (label for _value, label in field.flatchoices if isinstance(label, Promise))


def in_english(text: str | Promise) -> str:
    with translation.override("en"):
        return str(translation.gettext(text) if isinstance(text, str) else text)


def test_every_text_of_the_interface_has_its_translation() -> None:
    call_command("translations", "check")


@pytest.mark.parametrize("text", sorted(set(sentences_of_the_tables())))
def test_what_the_tables_say_is_said_in_english_too(text: str) -> None:
    translated = in_english(text)
    assert translated != text or text in SAME_IN_BOTH
    places = re.compile(r"\{\w+\}|%\(\w+\)s")
    assert sorted(places.findall(translated)) == sorted(places.findall(text))


def test_so_are_the_names_of_everything_in_the_database() -> None:
    labels = {in_english(text).replace("“1 x 24 jam hari kerja”", "") for text in labels_of_the_models()}
    assert len(labels) > 100
    assert {text for text in labels if TELL_TALE.search(text)} == set()


# --- the pages ------------------------------------------------------------------------------------------------
MEANT = {"disposisi", "agenda"}
"""Terms of the office that stand beside the English ones on purpose."""

IN_THEIR_OWN_WORDS = (
    "Bahasa Indonesia",
    "1 x 24 jam hari kerja",
    "5 menit",
    "Hari Raya Natal",
    "Masa berlaku : 1 tahun",
)
"""The language switch names each language in itself; the SOP is quoted as it is printed; examples are of letters."""


class _Words(HTMLParser):
    """The words of a page that a person sees or hears, without what is marked as Indonesian."""

    VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        hidden = tag in ("script", "style") or (tag != "html" and at.get("lang") == "id") or any(self.open)
        if not hidden:
            names = ("aria-label", "placeholder", "title", "alt", "aria-description")
            self.found += [at[name] for name in names if name in at]
            if at.get("type") in ("submit", "button"):
                self.found.append(at.get("value", ""))
        if tag not in self.VOID:
            self.open.append(hidden)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.open) and data.strip():
            self.found.append(data)


def words_of(page: str) -> str:
    reader = _Words()
    reader.feed(page)
    return "\n".join(" ".join(piece.split()) for piece in reader.found)


def written_by_people() -> list[str]:
    """Everything that people, not we, put into words; the longest first. Sentences of the record are ours."""
    found = set()
    for model in apps.get_models():
        if model._meta.app_label in ("accounts", "webservice_accounts", "requests_app") and model is not AuditEvent:
            texts = [field.name for field in model._meta.concrete_fields if isinstance(field, CharField | TextField)]
            found |= {str(value) for row in model._default_manager.values_list(*texts) for value in row if value}
    for data in AuditEvent.objects.values_list("data", flat=True):
        found |= {str(value) for value in data.values()}
    lines = {line.strip() for text in found for line in text.splitlines()}
    return sorted((line for line in lines if len(line) > 3), key=len, reverse=True)


def leftovers(page: str, theirs: list[str]) -> list[str]:
    """Lines of the page that are not in English."""
    text = words_of(page)
    for words in (*theirs, *IN_THEIR_OWN_WORDS):
        text = text.replace(words, "…")
    return [
        piece
        for piece in text.splitlines()
        if (telling := {word.lower() for word in TELL_TALE.findall(piece)} - MEANT) and telling
    ]


ABOUT_SIGNING_IN = ("account_", "oauth_")
KNOW_NO_REQUEST = {"calendar", "sop", "profile", "substitutes", "set_language"}
"""Pages that are the same whatever a request is like: read once, where there is none."""


@pytest.mark.django_db
@pytest.mark.either  # the words of pages
@pytest.mark.parametrize("situation", ["-", *SITUATIONS])
def test_no_page_of_a_reader_of_english_has_words_left_in_indonesian(situation: str) -> None:
    world = build(situation, language="en")
    Institution.objects.update(ministry="Ministry", address="Street 1", signatory_title="Head of ICT")
    theirs = written_by_people()
    found: dict[str, list[str]] = {}
    for letter in PEOPLE:
        client = world.client(letter, headers={"accept-language": "en"})
        client.cookies["language"] = "en"
        for name, pattern in addresses():
            needs = set(re.findall(r"<(?:\w+:)?(\w+)>", pattern)) | ({"issued"} if name == "issued_letter" else set())
            is_the_same = name in KNOW_NO_REQUEST or (name.startswith(ABOUT_SIGNING_IN) and not needs)
            if name.startswith("admin:") or needs - set(world.words) or (is_the_same and situation != "-"):
                continue
            for method in ("get", "post"):
                page = html_of(client, method, world.path(name))
                if page and (left := leftovers(page, theirs)):
                    found[f"{letter} {method} {name}"] = left
    assert found == {}


def html_of(client: Any, method: str, path: str) -> str:
    """The page, as if it had not been asked for (a sign-out signs nobody out); "" for what is no page."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        response: HttpResponse = getattr(client, method)(path)
        transaction.set_rollback(True)
    client.cookies = cookies
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    return response.content.decode() if is_page and not response.streaming else ""


def test_the_words_that_tell_are_found_and_what_people_wrote_is_left_alone() -> None:
    page = (
        '<p>Please wait</p><p>Silakan menunggu</p><p lang="id">Surat permohonan</p><img alt="Lihat berkas">'
        "<script>surat</script><p>Fakultas untuk Semua</p><input type=submit value='Kirim'>"
    )
    assert leftovers(page, ["Fakultas untuk Semua"]) == ["Silakan menunggu", "Lihat berkas", "Kirim"]


@pytest.mark.django_db
def test_the_same_pages_in_indonesian_are_full_of_them() -> None:
    world = build("sent")
    for letter in ("U", "H"):
        assert len(leftovers(html_of(world.client(letter), "get", world.path("home")), written_by_people())) > 5
