"""The institution's page: what it keeps and what it refuses."""

import io
import zlib
from datetime import datetime, timedelta, timezone

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.audit import say
from accounts.models import AuditEvent, Institution, User
from accounts.roles import Role
from requests_app import reply_papers
from tests import factories

pytestmark = pytest.mark.django_db

WIB = timezone(timedelta(hours=7))
NOW = datetime(2026, 11, 25, 10, 30, tzinfo=WIB)
DATA = "/pengelolaan/data/"
INSTITUTION = f"{DATA}accounts/institution/1/change/"


@pytest.fixture(autouse=True)
def _wednesday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def admin() -> User:
    """Return the administrator."""
    return factories.person(Role.ADMINISTRATOR, full_name="Yusra Rahmi")


@pytest.fixture
def office(client: Client, admin: User) -> Client:
    """Return the administrator's browser."""
    factories.the_institution()
    client.force_login(admin)
    return client


def text(response: object) -> str:
    return response.content.decode()


# --- the institution -------------------------------------------------------------------------------
def institution_form(**changed: object) -> dict[str, object]:
    """The institution's page as it stands, with some fields changed."""
    house = Institution.objects.get()
    names = [field.name for field in Institution._meta.concrete_fields if field.name not in ("id", "logo")]
    return {name: getattr(house, name) for name in names} | changed


def errors(response: object, field: str) -> list[str]:
    return response.context["adminform"].form.errors.get(field, [])


def png(width: int = 200, height: int = 200) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "green").save(file, "PNG")
    return file.getvalue()


def upload(content: bytes, name: str = "lambang.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/png")


def test_there_is_one_institution_no_more_and_no_less(office: Client) -> None:
    assert office.get(f"{DATA}accounts/institution/", follow=True).redirect_chain[-1][0] == INSTITUTION
    assert office.get(f"{DATA}accounts/institution/add/").status_code == 403
    assert office.post(f"{DATA}accounts/institution/1/delete/", {"post": "yes"}).status_code == 403
    assert Institution.objects.count() == 1


def test_an_empty_installation_is_asked_for_its_institution(office: Client) -> None:
    filled = institution_form()
    Institution.objects.all().delete()
    assert office.get(f"{DATA}accounts/institution/", follow=True).status_code == 200
    office.post(f"{DATA}accounts/institution/add/", filled)
    assert Institution.objects.get().pk == 1


def test_a_changed_name_is_on_record(office: Client) -> None:
    office.post(INSTITUTION, institution_form(short_name="Unsyiah"), follow=True)
    assert Institution.objects.get().short_name == "Unsyiah"
    assert "Yusra Rahmi mengubah institusi “Universitas Syiah Kuala”." in [say(e) for e in AuditEvent.objects.all()]


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("{sifat}/{nomer}/{tahun}", "Isian {nomer} tidak dikenal. Yang paling mirip: {urut}."),
        ("{urut}/{tahoen}", "Isian {tahoen} tidak dikenal. Yang paling mirip: {tahun}."),
        ("{urut/{tahun}", "Kurung kurawal harus berpasangan, misalnya {urut}."),
        ("{urut}/{tahun", "Kurung kurawal harus berpasangan, misalnya {urut}."),
        ("{urut}/{unit}", "Pola harus memuat {tahun}, supaya tidak ada dua surat bernomor sama."),
        ("{unit}/{tahun}", "Pola harus memuat {urut}, supaya tidak ada dua surat bernomor sama."),
        (
            "{urut}/{unit:03}/{tahun:03d}",
            "Isian {tahun:03d} tidak dikenal. Yang paling mirip: {tahun}.",
        ),
    ],
)
def test_a_number_pattern_that_cannot_work_is_refused_in_words(office: Client, pattern: str, sentence: str) -> None:
    response = office.post(INSTITUTION, institution_form(letter_number_pattern=pattern))
    assert errors(response, "letter_number_pattern") == [sentence]
    assert Institution.objects.get().letter_number_pattern == "{sifat}/{urut}/{unit}/{klasifikasi}/{tahun}"


def test_a_good_pattern_is_kept_and_its_example_shown(office: Client) -> None:
    page = text(
        office.post(
            INSTITUTION, institution_form(letter_number_pattern="{urut:03}/{unit}/{tahun}", _continue="1"), follow=True
        )
    )
    assert "012/UN11.TIK/2026" in page


def test_a_logo_is_kept_under_our_name_shown_and_printed(office: Client) -> None:
    page = text(
        office.post(
            INSTITUTION, institution_form(logo=upload(png(), "../../lambang usk.png"), _continue="1"), follow=True
        )
    )
    house = Institution.objects.get()
    assert house.logo.name.startswith("institution/")
    assert "lambang" not in house.logo.name
    assert "data:image/png;base64," in page
    assert reply_papers.letterhead(house).logo is not None
    office.post(INSTITUTION, institution_form(short_name="Unsyiah"))
    assert Institution.objects.get().logo.name == house.logo.name, "saving without a new file keeps the old one"
    office.post(INSTITUTION, institution_form(remove_logo="on"))
    assert not Institution.objects.get().logo


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (
            png() + b"\0" * 512 * 1024,
            "besar.png",
            "Berkas lebih besar dari 512 KB. Perkecil gambarnya, lalu unggah lagi.",
        ),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "lambang.png",
            "Berkas ini bukan gambar PNG yang utuh. Simpan lambang sebagai PNG, lalu unggah lagi.",
        ),
        (
            png()[:60],
            "lambang.png",
            "Berkas ini bukan gambar PNG yang utuh. Simpan lambang sebagai PNG, lalu unggah lagi.",
        ),
        (
            png(4001, 10),
            "lambang.png",
            "Gambar lebih dari 4000 piksel pada satu sisi. Perkecil gambarnya, lalu unggah lagi.",
        ),
    ],
)
def test_a_logo_that_cannot_be_printed_is_refused_in_words(
    office: Client, content: bytes, name: str, sentence: str
) -> None:
    response = office.post(INSTITUTION, institution_form(short_name="Unsyiah", logo=upload(content, name)))
    assert errors(response, "logo") == [sentence]
    assert not Institution.objects.get().logo
    assert response.context["adminform"].form["short_name"].value() == "Unsyiah"


def test_a_logo_larger_than_any_upload_is_named(office: Client, settings: object) -> None:
    settings.MAX_UPLOAD_BYTES = 1024 * 1024
    response = office.post(INSTITUTION, institution_form(logo=upload(b"\0" * (1024 * 1024 + 1), "besar.png")))
    assert errors(response, "logo")[0].startswith("Berkas “besar.png” lebih besar dari 1 MB.")


def test_a_logo_of_exactly_512_kilobytes_is_welcome(office: Client) -> None:
    content = png()
    padded = content[:-12] + _text_chunk(512 * 1024 - len(content)) + content[-12:]
    assert len(padded) == 512 * 1024
    office.post(INSTITUTION, institution_form(logo=upload(padded)))
    assert Institution.objects.get().logo


def _text_chunk(length: int) -> bytes:
    """A PNG comment that takes `length` bytes in all (PNG specification, section 11.3.4.3)."""
    body = b"tEXt" + b"Comment\0" + b"x" * (length - 12 - 8)
    return (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
