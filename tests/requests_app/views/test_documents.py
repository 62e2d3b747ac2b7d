"""Files leave the house only to those who may see them, and nothing in them runs."""

import pytest
from django.core.files.storage import default_storage
from django.http import FileResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from requests_app.models import Disposition, Document
from requests_app.sop import Status
from tests import files
from tests.factories import a_request, add_letter, letter_pdf, person, somebody

pytestmark = pytest.mark.django_db


def opened(user: User | None, document: Document, query: str = "") -> FileResponse:
    client = Client()
    if user:
        client.force_login(user)
    return client.get(document.get_absolute_url() + query)


def letter_of(status: Status = Status.SUBMITTED) -> Document:
    return a_request(status).documents.get(kind=Document.Kind.REQUEST_LETTER)


def test_the_unit_reads_its_letter_in_the_browser_byte_for_byte() -> None:
    document = letter_of()
    answer = opened(document.request.created_by, document)
    assert b"".join(answer.streaming_content) == letter_pdf("Surat 1")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'inline; filename="surat-1.pdf"'


def test_nothing_in_a_file_runs_calls_or_stays_behind() -> None:
    document = letter_of()
    answer = opened(document.request.created_by, document)
    policy = [rule.strip() for rule in answer["Content-Security-Policy"].split(";")]
    assert "sandbox" in policy, "without allow-scripts and allow-same-origin"
    assert "default-src 'none'" in policy
    assert not [rule for rule in policy if rule.startswith("script-src")]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "no-store" in answer["Cache-Control"]


def test_a_file_is_saved_when_asked_for() -> None:
    document = letter_of()
    answer = opened(document.request.created_by, document, "?unduh=1")
    assert answer["Content-Disposition"] == 'attachment; filename="surat-1.pdf"'


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("surat 🌺.pdf", "inline; filename*=utf-8''surat%20%F0%9F%8C%BA.pdf"),
        ('surat "asli".pdf', 'inline; filename="surat \\"asli\\".pdf"'),
        ("a" * 116 + ".pdf", f'inline; filename="{"a" * 116}.pdf"'),
    ],
)
def test_names_are_encoded_as_rfc_6266_says(name: str, header: str) -> None:
    document = letter_of()
    Document.objects.filter(pk=document.pk).update(display_name=name)
    assert opened(document.request.created_by, document)["Content-Disposition"] == header


def test_a_photo_is_shown_as_what_it_is() -> None:
    request = a_request(letters=0)
    document = add_letter(
        request,
        by=request.created_by,
        at=timezone.now(),
        name="foto.jpg",
        content=files.jpeg(),
        content_type="image/jpeg",
    )
    answer = opened(request.created_by, document)
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"].startswith("inline")


def test_a_kind_of_file_that_we_never_accept_is_never_shown() -> None:
    document = letter_of()
    Document.objects.filter(pk=document.pk).update(content_type="text/html")
    assert opened(document.request.created_by, document)["Content-Disposition"].startswith("attachment")


# --- who may -----------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.HELPDESK, Role.HEAD, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR])
def test_the_office_reads_letters_that_were_sent(role: Role) -> None:
    document = letter_of(Status.AWAITING_DISPOSITION)
    assert opened(somebody(role), document).status_code == 200


def test_strangers_find_nothing_and_nobody_is_asked_to_sign_in() -> None:
    document = letter_of()
    assert opened(person(Role.UNIT_STAFF), document).status_code == 404
    assert opened(person(None), document).status_code == 404
    anonymous = opened(None, document)
    assert anonymous.status_code == 302
    assert "masuk" in anonymous.url


def test_the_letter_of_a_draft_is_the_units_own_business() -> None:
    document = letter_of(Status.DRAFT)
    assert opened(document.request.created_by, document).status_code == 200
    assert opened(person(Role.HELPDESK), document).status_code == 404


def test_the_responsible_person_reads_what_was_sent_in_their_name() -> None:
    document = letter_of()
    assert opened(person(None, email="pj@usk.ac.id"), document).status_code == 200


def test_the_reply_is_the_units_only_once_it_was_sent() -> None:
    approved = a_request(Status.REPLY_APPROVED)
    reply = approved.documents.get(kind=Document.Kind.REPLY_LETTER)
    assert opened(approved.created_by, reply).status_code == 404
    assert opened(somebody(Role.HELPDESK), reply).status_code == 200
    sent = a_request(Status.FINISHED)
    reply = sent.documents.get(kind=Document.Kind.REPLY_LETTER)
    assert opened(sent.created_by, reply).status_code == 200


# --- besides ---------------------------------------------------------------------------------------
def test_a_letter_that_psi_opened_counts_as_read_and_one_that_others_opened_does_not() -> None:
    document = letter_of(Status.DISPOSED)
    decision = Disposition.objects.get(request=document.request)
    opened(somebody(Role.HEAD), document)
    decision.refresh_from_db()
    assert decision.read_at is None
    psi = person(Role.PSI)
    opened(psi, document)
    decision.refresh_from_db()
    assert decision.read_by == psi


def test_a_file_missing_from_the_disk_is_not_found_rather_than_a_fault() -> None:
    document = letter_of()
    default_storage.delete(document.file.name)
    assert opened(document.request.created_by, document).status_code == 404
