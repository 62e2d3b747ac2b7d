"""SOP 5 in the browser: PSI informs; the holder, signed in or by the link, opens the key once and answers."""

import ast
import json
import logging
import re
import shlex
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import timers
from accounts.models import OutgoingMail, User
from accounts.roles import Role
from requests_app.models import AccessRequest
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import confirmation
from requests_app.views.examples import examples
from tests.factories import PASSWORD, a_request, person
from webservice_accounts import handover
from webservice_accounts.models import RevealTicket, Secret, Service

pytestmark = pytest.mark.django_db

SECRET = re.compile(r"uws_[0-9A-Za-z]{36}")
HOLDER = "pj@usk.ac.id"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def psi() -> Client:
    return signed_in(person(Role.PSI, full_name="Nadia Safira"))


@pytest.fixture
def holder() -> Client:
    return signed_in(person(None, email=HOLDER, full_name="Muhammad Iqbal"))


def page_of(request: AccessRequest, name: str) -> str:
    return reverse(name, args=[request.reference])


def informed(**fields: object) -> AccessRequest:
    return a_request(Status.INFORMED, **fields)


def opened(**fields: object) -> AccessRequest:
    request = informed(**fields)
    proven = handover.ProvenHolder(request.account_id, request.person_name)
    handover.reveal(request.account, by=proven, now=timezone.now())
    return AccessRequest.objects.get(pk=request.pk)


def link_in_mail(to: str = HOLDER) -> str:
    text = OutgoingMail.objects.filter(to=to, text__contains="/serah-terima/").latest("pk").text
    return re.search(r"http\S+?(/serah-terima/\S+)", text)[1]


def mailed_code() -> str:
    text = OutgoingMail.objects.filter(key__startswith="reveal-code").latest("pk").text
    return re.search(r"\b\d{4}-\d{4}\b", text)[0]


def proven_visitor(link: str) -> Client:
    """Somebody without a login who has typed the code of the mail."""
    visitor = Client()
    visitor.post(f"{link}kode/")
    visitor.post(link, {"code": mailed_code()})
    return visitor


def text_of(response: object) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# --- PSI informs ------------------------------------------------------------------------------------
def test_psi_finds_text_for_the_letter_system_without_key_or_link(psi: Client) -> None:
    request = a_request(Status.ACCOUNT_CREATED, person_name="Siti & Rekan")
    page = psi.get(page_of(request, "inform")).content.decode()
    text = re.search(r'<textarea[^>]*id="paste"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1]
    account = request.account
    for words in (account.username, "https://ws.usk.ac.id", "Siti &amp; Rekan", request.reference, " s.d. "):
        assert words in text
    assert "&amp;amp;" not in text
    assert "serah-terima" not in text
    assert not SECRET.search(page)


def test_the_text_to_paste_is_indonesian_whatever_psi_reads(psi: Client) -> None:
    User.objects.filter(full_name="Nadia Safira").update(language="en")
    with time_machine.travel(datetime(2026, 8, 3, 10, tzinfo=WIB), tick=False):
        request = a_request(Status.ACCOUNT_CREATED)
        page = psi.get(page_of(request, "inform")).content.decode()
    assert "Berlaku: 3 Agustus 2026 s.d. 3 Agustus 2027" in page


def test_informing_mails_the_link_and_records_the_number(psi: Client) -> None:
    request = a_request(Status.ACCOUNT_CREATED)
    form = {"version": request.version, "plo_number": "PLO-2026-1201"}
    page = signed_in(request.assignee).post(page_of(request, "inform"), form, follow=True)
    assert f"Tautan kunci dikirim ke {HOLDER}." in text_of(page)
    assert "PLO-2026-1201" in text_of(page)
    request.refresh_from_db()
    assert request.status == Status.INFORMED
    assert link_in_mail()


def test_pressed_twice_it_mails_once(psi: Client) -> None:
    request = a_request(Status.ACCOUNT_CREATED)
    form, client = {"version": request.version, "plo_number": "PLO-1"}, signed_in(request.assignee)
    client.post(page_of(request, "inform"), form)
    page = client.post(page_of(request, "inform"), form, follow=True)
    assert "sudah diubah orang lain" in text_of(page)
    assert OutgoingMail.objects.filter(to=HOLDER).count() == 1


def test_a_number_that_is_too_long_is_said_and_stays(psi: Client) -> None:
    request = a_request(Status.ACCOUNT_CREATED)
    number = "9" * 201
    page = signed_in(request.assignee).post(
        page_of(request, "inform"), {"version": request.version, "plo_number": number}
    )
    assert number in page.content.decode()
    assert "is-invalid" in page.content.decode()
    assert AccessRequest.objects.get(pk=request.pk).status == Status.ACCOUNT_CREATED


def test_the_page_then_shows_how_far_the_key_has_come(psi: Client, holder: Client) -> None:
    request = informed()

    def done() -> int:
        page = psi.get(page_of(request, "inform")).content.decode()
        return len(re.findall(r'<li class="is-ok">', page))

    assert done() == 1
    holder.post(page_of(request, "reveal"))
    assert done() == 2
    holder.post(page_of(request, "key"), {"stored": "on"})
    assert done() == 3
    request.refresh_from_db()
    holder.post(page_of(request, "confirm"), {"version": request.version})
    assert done() == 4


def test_a_reported_problem_stands_on_top_when_psi_informs_anew(psi: Client, holder: Client) -> None:
    request = opened()
    holder.post(page_of(request, "report_problem"), {"version": request.version, "problem": "Selalu 403."})
    page = psi.get(page_of(request, "inform"))
    assert "Penanggung jawab melaporkan masalah" in text_of(page)
    assert "Selalu 403." in text_of(page)


def test_a_new_link(psi: Client) -> None:
    request = informed()
    first = link_in_mail()
    page = psi.post(page_of(request, "resend_link"), follow=True)
    assert "Tautan sebelumnya tidak berlaku lagi." in text_of(page)
    assert link_in_mail() != first
    assert Client().get(first).status_code == 404
    assert Client().get(link_in_mail()).status_code == 200


def test_going_on_without_the_holder_needs_a_reason(psi: Client) -> None:
    request = informed()
    url = page_of(request, "proceed_unconfirmed")
    assert psi.get(url).status_code == 200
    assert "Tuliskan alasan melanjutkan tanpa konfirmasi." in text_of(
        psi.post(url, {"version": request.version, "reason": " "})
    )
    psi.post(url, {"version": request.version, "reason": "Tiga kali ditelepon."})
    assert AccessRequest.objects.get(pk=request.pk).status == Status.REPLY_DRAFTING


@pytest.mark.parametrize("name", ["inform", "resend_link", "proceed_unconfirmed"])
@pytest.mark.parametrize("role", [Role.UNIT_STAFF, Role.HELPDESK, Role.HEAD, Role.AUDITOR])
def test_only_psi_informs(name: str, role: Role) -> None:
    request = informed()
    client = signed_in(person(role, unit=request.unit))
    for response in (
        client.get(page_of(request, name), follow=True),
        client.post(page_of(request, name), {"reason": "x", "plo_number": "x"}, follow=True),
    ):
        assert "Teks untuk PLO" not in text_of(response)
    assert RevealTicket.objects.filter(account=request.account).count() == 1
    assert AccessRequest.objects.get(pk=request.pk).version == request.version


# --- the holder who signs in -------------------------------------------------------------------------
def test_the_key_page_says_who_gives_what_for_what_until_when(holder: Client) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 10, tzinfo=WIB), tick=False):
        request = informed(purpose="Untuk portal alumni.", application="Portal Alumni")
        page = text_of(holder.get(page_of(request, "key")))
    for words in (
        "UPT Teknologi Informasi dan Komunikasi, Universitas Syiah Kuala",
        request.items.get().data_type.name,
        "Untuk portal alumni.",
        "Portal Alumni",
        "23 November 2026 s.d. 23 November 2027",
        request.account.username,
        "https://ws.usk.ac.id",
        "alamat IP mana saja",
        "Buka kunci",
    ):
        assert words in page, words


def test_the_key_is_shown_once_in_one_place(holder: Client) -> None:
    request = informed()
    response = holder.post(page_of(request, "reveal"))
    page = response.content.decode()
    (secret,) = SECRET.findall(page)
    assert Secret.objects.get(account=request.account).hint.endswith(secret[-4:])
    for again in (
        holder.post(page_of(request, "reveal"), follow=True),
        holder.get(page_of(request, "reveal"), follow=True),
        holder.get(page_of(request, "key")),
        holder.get(request.get_absolute_url()),
        holder.get(reverse("account", args=[request.account.username])),
    ):
        assert again.status_code == 200
        assert not SECRET.search(again.content.decode())
    assert Secret.objects.count() == 1


def test_the_page_of_the_key_is_kept_by_no_cache_and_sent_to_nobody(holder: Client) -> None:
    response = holder.post(page_of(informed(), "reveal"))
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert "<form" not in response.content.decode()  # with that policy browsers send forms without an origin


def test_a_second_opening_says_so_calmly_and_how_to_get_another(holder: Client) -> None:
    request = opened()
    page = text_of(holder.post(page_of(request, "reveal"), follow=True))
    assert "Kunci sudah pernah dibuka dan hanya ditampilkan satu kali." in page
    assert "Kunci belum sempat disimpan, atau ada masalah?" in page
    assert "kunci lama berakhir" in page


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_what_is_not_a_post_opens_nothing(holder: Client, method: str) -> None:
    request = informed()
    for _time in range(10):
        getattr(holder, method)(page_of(request, "reveal"))
    assert not Secret.objects.exists()
    assert SECRET.search(holder.post(page_of(request, "reveal")).content.decode())


def test_the_tick_is_demanded_and_then_the_access_can_be_confirmed(holder: Client) -> None:
    request = opened()
    assert "Centang bila kunci sudah Anda simpan." in text_of(holder.post(page_of(request, "key"), {}))
    assert "Akses dapat digunakan" in text_of(holder.post(page_of(request, "key"), {"stored": "on"}, follow=True))
    page = text_of(holder.post(page_of(request, "confirm"), {"version": request.version}, follow=True))
    assert "Akses sudah dikonfirmasi" in page
    request.refresh_from_db()
    assert request.status == Status.REPLY_DRAFTING


def test_confirming_before_opening_is_refused_with_a_sentence(holder: Client) -> None:
    request = informed()
    page = text_of(holder.post(page_of(request, "confirm"), {"version": request.version}, follow=True))
    assert "Buka kunci akses lebih dahulu" in page
    assert AccessRequest.objects.get(pk=request.pk).status == Status.INFORMED


def test_a_problem_needs_words_and_goes_to_psi(holder: Client) -> None:
    request = opened()
    url = page_of(request, "report_problem")
    page = holder.post(url, {"version": request.version, "problem": ""})
    assert "Tuliskan masalah yang Anda temui." in text_of(page)
    page = text_of(holder.post(url, {"version": request.version, "problem": "Selalu 403."}, follow=True))
    assert "Laporan Anda sampai di Divisi PSI." in page
    assert "Divisi PSI sedang menyiapkan akun Anda" in page
    assert AccessRequest.objects.get(pk=request.pk).status == Status.ACCOUNT_CREATED


def test_a_stale_page_is_told_and_keeps_the_words(holder: Client, psi: Client) -> None:
    request = informed()
    psi.post(page_of(request, "proceed_unconfirmed"), {"version": request.version, "reason": "Cuti."})
    page = holder.post(page_of(request, "report_problem"), {"version": request.version, "problem": "Kata-kata saya."})
    assert "Nadia Safira melanjutkan tanpa konfirmasi" in text_of(page)
    assert "Kata-kata saya.</textarea>" in page.content.decode()


def test_words_typed_before_the_session_ended_come_back(holder: Client) -> None:
    request = opened()
    url = page_of(request, "report_problem")
    holder.get(page_of(request, "key"))
    holder.cookies.pop("sessionid")
    holder.post(url, {"version": request.version, "problem": "Selalu 403."})
    login = {"login": HOLDER, "password": "kata-sandi-untuk-uji"}
    page = holder.post(f"{reverse('account_login')}?next={url}", login, follow=True)
    assert "Selalu 403.</textarea>" in page.content.decode()
    assert AccessRequest.objects.get(pk=request.pk).status == Status.INFORMED


def test_who_may_see_the_request_but_is_not_the_holder_gets_no_key() -> None:
    request = informed()
    for user in (person(Role.PSI), person(Role.HEAD), person(Role.UNIT_STAFF, unit=request.unit)):
        client = signed_in(user)
        page = client.get(page_of(request, "key"))
        assert "yang dapat membuka kunci akun ini." in text_of(page)
        assert page_of(request, "reveal") not in page.content.decode()
        for name in ("reveal", "confirm", "key"):
            client.post(page_of(request, name), {"version": request.version, "stored": "on"}, follow=True)
        problem = client.post(page_of(request, "report_problem"), {"version": request.version, "problem": "x"})
        assert problem.status_code == 200
    assert not Secret.objects.exists()
    assert AccessRequest.objects.get(pk=request.pk).version == request.version


@pytest.mark.parametrize(
    "name", ["inform", "resend_link", "proceed_unconfirmed", "key", "reveal", "confirm", "report_problem"]
)
def test_strangers_find_nothing(name: str) -> None:
    request = informed()
    for user in (person(Role.UNIT_STAFF), person(None)):
        client = signed_in(user)
        assert client.get(page_of(request, name)).status_code == 404
        assert client.post(page_of(request, name)).status_code == 404
    assert Client().post(page_of(request, name)).status_code == 302


def test_before_there_is_an_account_the_page_leads_back(holder: Client) -> None:
    request = a_request(Status.DISPOSED)
    page = holder.get(page_of(request, "key"), follow=True)
    assert page.redirect_chain[-1][0] == request.get_absolute_url()
    assert "belum dibuat" in text_of(page)


def test_who_comes_after_psi_went_on_can_still_open_the_key(holder: Client, psi: Client) -> None:
    request = informed()
    psi.post(page_of(request, "proceed_unconfirmed"), {"version": request.version, "reason": "Cuti."})
    assert "Kunci Anda siap dibuka" in text_of(holder.get(page_of(request, "key")))
    assert SECRET.search(holder.post(page_of(request, "reveal")).content.decode())
    assert "Permohonan sudah dilanjutkan tanpa konfirmasi" in text_of(holder.get(page_of(request, "key")))


# --- the holder without a login -------------------------------------------------------------------------
def test_following_the_link_consumes_nothing(db: None) -> None:
    informed()
    link, scanner = link_in_mail(), Client()
    for _time in range(10):
        assert scanner.get(link).status_code == 200
        assert scanner.head(link).status_code == 200
        for path in ("kode/", "buka/", "konfirmasi/", "masalah/"):
            assert scanner.get(link + path).status_code == 302
    assert not Secret.objects.exists()
    assert not OutgoingMail.objects.filter(key__startswith="reveal-code").exists()
    assert SECRET.search(proven_visitor(link).post(f"{link}buka/").content.decode())


def test_before_the_proof_only_what_the_mailbox_already_knows_is_shown(db: None) -> None:
    request = informed()
    response = Client().get(link_in_mail())
    page = text_of(response)
    assert "p•••@usk.ac.id" in page
    for hidden in (HOLDER, request.person_name, request.identity_number, request.account.username):
        assert hidden not in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_the_whole_way_without_a_login(db: None) -> None:
    request = informed()
    link = link_in_mail()
    visitor = proven_visitor(link)
    assert "Kunci Anda siap dibuka" in text_of(visitor.get(link))
    response = visitor.post(f"{link}buka/")
    assert len(SECRET.findall(response.content.decode())) == 1
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]
    assert "satu kali" in text_of(visitor.post(f"{link}buka/", follow=True))
    assert "Akses dapat digunakan" in text_of(visitor.post(link, {"stored": "on"}, follow=True))
    page = text_of(visitor.post(f"{link}konfirmasi/", {"version": request.version}, follow=True))
    assert "Akses sudah dikonfirmasi" in page
    request.refresh_from_db()
    assert (request.status, request.account.confirmed_at is not None) == (Status.REPLY_DRAFTING, True)


def test_a_problem_without_a_login(db: None) -> None:
    request = informed()
    link = link_in_mail()
    visitor = proven_visitor(link)
    visitor.post(f"{link}masalah/", {"version": request.version, "problem": "Nama saya salah."})
    request.refresh_from_db()
    assert request.status == Status.ACCOUNT_CREATED


@pytest.mark.parametrize("spelling", ["{0}-{1}", "{0}{1}", " {0} {1} ", "{0}.{1}"])
def test_the_code_may_be_typed_in_any_spelling(spelling: str) -> None:
    informed()
    link, visitor = link_in_mail(), Client()
    visitor.post(f"{link}kode/")
    typed = spelling.format(*mailed_code().split("-"))
    assert "Kunci Anda siap dibuka" in text_of(visitor.post(link, {"code": typed}, follow=True))


@pytest.mark.parametrize("typed", ["", "1234", "abcd-efgh", "1234-56789", "📱"])
def test_what_is_no_code_is_said_and_not_counted(typed: str) -> None:
    informed()
    link, visitor = link_in_mail(), Client()
    visitor.post(f"{link}kode/")
    page = text_of(visitor.post(link, {"code": typed}))
    assert "Kode terdiri atas 8 angka" in page or "Isi kode delapan angka" in page
    assert RevealTicket.objects.get().wrong_codes == 0


def test_wrong_codes_count_down_and_then_the_link_is_locked(db: None) -> None:
    informed()
    link, visitor = link_in_mail(), Client()
    visitor.post(f"{link}kode/")
    code = mailed_code()
    wrong = "0000-0000" if code != "0000-0000" else "1111-1111"
    for left in (4, 3, 2, 1):
        assert f"Sisa percobaan: {left}." in text_of(visitor.post(link, {"code": wrong}))
    page = text_of(visitor.post(link, {"code": wrong}))
    assert "tautan ini terkunci" in page
    assert "helpdesk@tik.usk.ac.id" in page
    visitor.post(link, {"code": code})
    assert not SECRET.search(visitor.post(f"{link}buka/", follow=True).content.decode())
    assert not Secret.objects.exists()


def test_the_sixth_code_is_not_sent(db: None) -> None:
    informed()
    link, visitor = link_in_mail(), Client()
    for _time in range(5):
        visitor.post(f"{link}kode/")
    assert "Kode sudah terlalu sering diminta." in text_of(visitor.post(f"{link}kode/", follow=True))
    assert OutgoingMail.objects.filter(key__startswith="reveal-code").count() == 5


def test_the_proof_lasts_30_minutes_in_a_session_of_its_own(db: None) -> None:
    start = timezone.now()
    request = informed()
    link, visitor = link_in_mail(), Client()
    with time_machine.travel(start, tick=False) as clock:
        visitor.post(f"{link}kode/")
        before = visitor.cookies.get("sessionid")
        visitor.post(link, {"code": mailed_code()})
        after = visitor.cookies["sessionid"].value
        assert before is None or before.value != after
        stored = Session.objects.get(session_key=after).get_decoded()
        proof = {"account": request.account_id, "user": None, "to": HOLDER, "at": start.timestamp()}
        assert stored["handover_proof"] == proof
        clock.move_to(start + timedelta(minutes=30) - timedelta(milliseconds=1))
        assert "Kunci Anda siap dibuka" in text_of(visitor.get(link))
        clock.move_to(start + timedelta(minutes=30))
        assert "Buktikan dahulu" in text_of(visitor.post(f"{link}buka/", follow=True))
    assert not Secret.objects.exists()


def test_who_signs_in_next_on_this_computer_inherits_no_proof(db: None) -> None:
    informed()
    link = link_in_mail()
    visitor = proven_visitor(link)
    assert "Kunci Anda siap dibuka" in text_of(visitor.get(link))
    somebody_else = person(role=Role.UNIT_STAFF)
    visitor.post(reverse("account_login"), {"login": somebody_else.email, "password": PASSWORD})
    assert visitor.session["_auth_user_id"] == str(somebody_else.pk)
    assert "Kunci Anda siap dibuka" not in text_of(visitor.get(link, follow=True))


def test_an_attacker_who_planted_a_session_does_not_get_the_proof(db: None) -> None:
    informed()
    link, attacker, victim = link_in_mail(), Client(), Client()
    attacker.post(f"{link}kode/")  # a session begins, with the message that a code was sent
    session = attacker.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    attacker.cookies["sessionid"] = victim.cookies["sessionid"] = planted
    victim.post(link, {"code": mailed_code()})
    assert victim.cookies["sessionid"].value != planted
    assert "Kunci Anda siap dibuka" not in text_of(attacker.get(link))


def test_words_typed_after_the_proof_ran_out_come_back_after_the_next(db: None) -> None:
    request = informed()
    link = link_in_mail()
    visitor = proven_visitor(link)
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        visitor.post(f"{link}masalah/", {"version": request.version, "problem": "Selalu 403."})
        visitor.post(f"{link}kode/")
        page = visitor.post(link, {"code": mailed_code()}, follow=True)
    assert "Selalu 403.</textarea>" in page.content.decode()
    assert AccessRequest.objects.get(pk=request.pk).status == Status.INFORMED


def test_the_proof_of_one_account_opens_no_other(db: None) -> None:
    informed(email="lain@usk.ac.id")
    informed()
    visitor = proven_visitor(link_in_mail())
    other = link_in_mail("lain@usk.ac.id")
    assert "Buktikan bahwa Anda penanggung jawabnya" in text_of(visitor.get(other))
    visitor.post(f"{other}buka/")
    assert not Secret.objects.exists()


def test_the_link_ends_at_72_hours_with_a_page_that_says_what_to_do(db: None) -> None:
    informed()
    link, ends_at = link_in_mail(), RevealTicket.objects.get().expires_at
    with time_machine.travel(ends_at - timedelta(milliseconds=1), tick=False):
        assert Client().get(link).status_code == 200
    with time_machine.travel(ends_at, tick=False):
        visitor = Client()
        for response in (visitor.get(link), visitor.post(f"{link}kode/"), visitor.post(f"{link}buka/")):
            assert response.status_code == 404
            assert "Mintalah tautan baru kepada Divisi PSI." in text_of(response)


@pytest.mark.parametrize("path", ["", "kode/", "buka/", "konfirmasi/", "masalah/"])
def test_an_unknown_link_is_a_calm_page(path: str) -> None:
    response = Client().post(f"/serah-terima/uwr_{'a' * 36}/{path}")
    assert response.status_code == 404
    assert "Tautan tidak berlaku" in text_of(response)


def test_the_holder_who_is_signed_in_needs_no_code(holder: Client) -> None:
    request = informed()
    assert holder.get(link_in_mail())["Location"] == page_of(request, "key")


def test_somebody_else_who_is_signed_in_still_needs_the_code(psi: Client) -> None:
    informed()
    assert "Buktikan bahwa Anda penanggung jawabnya" in text_of(psi.get(link_in_mail()))
    psi.post(f"{link_in_mail()}buka/")
    assert not Secret.objects.exists()


def test_forms_without_a_token_are_refused(db: None) -> None:
    informed()
    link, careful = link_in_mail(), Client(enforce_csrf_checks=True)
    for path in ("", "kode/", "buka/", "konfirmasi/", "masalah/"):
        assert careful.post(link + path).status_code == 403
    assert not OutgoingMail.objects.filter(key__startswith="reveal-code").exists()


# --- the examples -------------------------------------------------------------------------------------------
def test_the_examples_name_the_account_and_the_address_and_read_the_key_from_outside(holder: Client) -> None:
    request = informed()
    page = holder.post(page_of(request, "reveal")).content.decode()
    secret = SECRET.search(page)[0]
    boxes = dict(
        re.findall(r'<textarea[^>]*id="(curl|api-key|oauth|php|python)"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    )
    assert len(boxes) == 5
    for name, box in boxes.items():
        assert request.account.username in box or name == "api-key"  # the key alone says whose it is
        assert "https://ws.usk.ac.id" in box
        assert "KUNCI_WEBSERVICE" in box
        assert secret not in box


def test_odd_addresses_cannot_break_out_of_the_examples() -> None:
    url = 'https://ws.usk.ac.id/it\'s?a=1&b="2"$(id)'
    token_url = "https://gapura.usk.ac.id/oauth/token"
    curl, api_key, oauth, php, python = (example.text for example in examples("fmipa-siakad", url, token_url))
    for text in (curl, api_key, oauth):
        assert shlex.split(text.splitlines()[-1])[-1] == url
    assert "X-API-Key: $KUNCI_WEBSERVICE" in api_key
    assert f"--data grant_type=client_credentials {token_url} " in oauth
    assert "Authorization: Bearer $TOKEN" in oauth
    assert "it\\'s" in php
    tree = ast.parse(python)
    assert url in {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def test_the_examples_call_the_service_of_the_data_that_was_granted(holder: Client) -> None:
    request = informed()
    Service.objects.update(base_url="https://data.usk.ac.id/api")
    page = holder.post(page_of(request, "reveal")).content.decode()
    assert "https://data.usk.ac.id/api" in page
    assert "https://ws.usk.ac.id" not in page
    assert f"{settings.BASE_URL}/oauth/token" in page


# --- nowhere else ----------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_the_key_is_nowhere_after_the_whole_procedure(
    caplog: pytest.LogCaptureFixture, settings: object, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    caplog.set_level(logging.DEBUG)
    request = informed()
    link = link_in_mail()
    visitor = proven_visitor(link)
    first = SECRET.search(visitor.post(f"{link}buka/").content.decode())[0]
    visitor.post(link, {"stored": "on"})
    visitor.post(f"{link}masalah/", {"version": request.version, "problem": "Halaman tertutup."})
    confirmation.inform(request, by=AccessRequest.objects.get(pk=request.pk).assignee, now=timezone.now())
    holder = signed_in(person(None, email=HOLDER))
    second = SECRET.search(holder.post(page_of(request, "reveal")).content.decode())[0]
    holder.post(page_of(request, "reveal"))
    request.refresh_from_db()
    holder.post(page_of(request, "confirm"), {"version": request.version})
    assert AccessRequest.objects.get(pk=request.pk).status == Status.REPLY_DRAFTING
    timers.deliver_waiting_mail()

    places = {
        "database": everything_in_the_database(),
        "mails": "".join(file.read_text() for file in (tmp_path / "mail").iterdir()),
        "log": caplog.text + "".join(str(vars(record)) for record in caplog.records),
        "files": everything_in(Path(str(settings.DATA_DIR))),
    }
    assert first != second
    for place, text in places.items():
        assert text, place
        for secret in (first, second):
            assert secret not in text, place
            assert secret[4:-4] not in text, place


def everything_in_the_database() -> str:
    """All rows of all tables as text, and the sessions unpacked."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows.append(json.dumps(cursor.fetchall(), default=str))
    sessions = [json.dumps(session.get_decoded(), default=str) for session in Session.objects.all()]
    return "\n".join([*rows, *sessions])


def everything_in(folder: Path) -> str:
    return "".join(file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file())
