"""The head's pages through HTTP: what waits, deciding one, several at once, and taking a disposition back."""

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Substitution, User
from accounts.roles import Role
from requests_app import selectors
from requests_app.models import AccessRequest, AgendaEntry, Disposition, Document
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import account, disposition, request_letter
from requests_app.steps.disposition import Instructions
from tests.factories import QUESTION, DataTypeFactory, UnitFactory, a_request, person
from webservice_accounts.models import DataType

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
LIST = "/disposisi/"
ALL_DONE = "Semua surat sudah diputuskan"
OWN = "Anda tidak dapat mendisposisikan permohonan Anda sendiri."


# --- helpers of this file ------------------------------------------------------------------
@pytest.fixture(autouse=True)
def _monday_at_ten():
    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
        yield


@pytest.fixture
def head() -> User:
    return person(Role.HEAD, full_name="Dr. Teuku Maulana")


@pytest.fixture
def phone(client: Client, head: User) -> Client:
    """The head, signed in."""
    client.force_login(head)
    return client


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def waiting(minutes: int = 0, **fields: object) -> AccessRequest:
    """Forwarded three minutes after its beginning, on Monday at 9 plus `minutes`."""
    return a_request(Status.AWAITING_DISPOSITION, at=MONDAY + timedelta(minutes=minutes), **fields)


def page(name: str, request: AccessRequest) -> str:
    return reverse(name, args=[request.reference])


def words(answer: HttpResponse) -> str:
    """What a person reads, without markup, in one line."""
    body = re.sub(r"(?s)<(script|style)\b.*?</\1>", " ", answer.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def typed_in(answer: HttpResponse, name: str) -> str:
    """What stands in a text box."""
    found = re.search(rf'(?s)<textarea name="{name}"[^>]*>\n?(.*?)</textarea>', answer.content.decode())
    return unescape(found[1]) if found else ""


def status_of(request: AccessRequest) -> str:
    return AccessRequest.objects.get(pk=request.pk).status


def the_decision(request: AccessRequest) -> Disposition:
    return Disposition.objects.get(request=request)


def form_of(request: AccessRequest, **fields: object) -> dict[str, object]:
    """The form as it comes, with `fields` changed."""
    return {"version": request.version, "instructions": ["follow_sop"], "note": "", "due_on": ""} | fields


def chosen(*requests: AccessRequest) -> list[str]:
    return [f"{request.reference}:{request.version}" for request in requests]


# --- what waits --------------------------------------------------------------------------------
def test_only_what_waits_for_a_decision_the_longest_wait_first(phone: Client) -> None:
    later, earlier = waiting(20), waiting(0)
    others = [a_request(status) for status in (Status.REGISTERED, Status.RETURNED, Status.REPLY_APPROVAL)]
    answer = phone.get(LIST)
    shown = [card["item"].reference for card in answer.context["cards"]]
    assert shown == [earlier.reference, later.reference]
    assert not [item for item in others if item.reference in shown]


def test_a_letter_that_came_back_to_the_head_waits_from_then_on(phone: Client, head: User) -> None:
    first = waiting(0)
    second = waiting(20)
    disposition.dispose(first, Instructions(), by=head, now=MONDAY + timedelta(minutes=30))
    disposition.cancel(first, by=head, now=MONDAY + timedelta(minutes=31))
    assert [card["item"].pk for card in phone.get(LIST).context["cards"]] == [second.pk, first.pk]


def test_a_card_says_who_asks_for_what_and_why(phone: Client) -> None:
    grades = DataTypeFactory(name="Data nilai mahasiswa", sensitivity=DataType.Sensitivity.SPECIFIC)
    request = waiting(
        unit=UnitFactory(name="Fakultas Pertanian"),
        data_types=[grades],
        application="Portal Beasiswa",
        purpose="Menilai syarat beasiswa.",
        other_data="Nomor rekening <penerima>",
    )
    AgendaEntry.objects.filter(request=request).update(
        remark="Surat ditandatangani Wakil Dekan.", security_class="R", urgency="very_urgent"
    )
    answer = phone.get(LIST)
    text = words(answer)
    for said in (
        request.reference,
        "Fakultas Pertanian",
        "Portal Beasiswa",
        "Data nilai mahasiswa Data pribadi spesifik",
        "Data lain: Nomor rekening <penerima>",
        "Menilai syarat beasiswa.",
        "Catatan helpdesk: Surat ditandatangani Wakil Dekan.",
        f"Agenda {request.agenda}",
        "Sifat Rahasia",
        "Urgensi Sangat Segera",
        "Diteruskan 23 November 2026 09.03",
    ):
        assert said in text
    assert f'href="{request.documents.get().get_absolute_url()}"' in answer.content.decode(), "the letter, one tap away"


def test_letters_of_several_files_and_of_paper_say_so(phone: Client) -> None:
    many, paper = waiting(letters=3), waiting(letters=0, delivery="paper")
    assert "Baca surat (3 berkas)" in words(phone.get(LIST))
    assert "Surat berupa kertas" in words(phone.get(LIST))
    links = phone.get(page("disposition", many)).content.decode()
    assert all(row.get_absolute_url() in links for row in many.documents.all())
    assert phone.get(page("disposition", paper)).status_code == 200


def test_nothing_waiting_is_a_calm_page(phone: Client) -> None:
    assert ALL_DONE in words(phone.get(LIST))


def test_long_lists_have_pages(phone: Client) -> None:
    for minute in range(26):
        waiting(minute)
    assert len(phone.get(LIST).context["cards"]) == 25
    assert len(phone.get(LIST, {"page": 2}).context["cards"]) == 1


@pytest.mark.parametrize("role", [Role.UNIT_STAFF, Role.HELPDESK, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR, None])
def test_the_list_is_not_there_for_others(role: Role | None) -> None:
    waiting()
    assert signed_in(person(role)).get(LIST).status_code == 404
    assert signed_in(person(role)).post(LIST, {}).status_code == 404


def test_the_list_asks_as_many_questions_of_the_database_for_30_letters_as_for_3(phone: Client) -> None:
    def fill(count: int, first: int) -> None:
        for number in range(first, first + count):
            unit, data = UnitFactory(), [DataTypeFactory(), DataTypeFactory()]
            a_request(Status.REPLY_DRAFTING, refused=True, unit=unit, data_types=data, at=MONDAY - timedelta(days=5))
            waiting(number, unit=unit, data_types=data, letters=2)
            a_request(Status.DISPOSED, unit=unit, at=MONDAY)

    def questions() -> int:
        with CaptureQueriesContext(connection) as captured:
            phone.get(LIST)
        return len(captured)

    fill(3, 0)
    three = questions()
    fill(22, 3)
    assert len(phone.get(LIST).context["cards"]) == 25
    fill(5, 25)
    assert questions() == three


# --- what was decided before --------------------------------------------------------------------
def test_what_was_decided_for_the_same_unit_or_the_same_data_is_shown(phone: Client, head: User) -> None:
    unit, alumni, staff = UnitFactory(), DataTypeFactory(name="Data alumni"), DataTypeFactory(name="Data pegawai")
    days_ago = MONDAY - timedelta(days=30)
    same_unit = a_request(Status.DISPOSED, unit=unit, data_types=[staff], at=days_ago)
    same_data = a_request(
        Status.REPLY_DRAFTING, refused=True, unit=UnitFactory(name="Fakultas Lain"), data_types=[alumni], at=days_ago
    )
    unlike = a_request(Status.DISPOSED, unit=UnitFactory(), data_types=[staff], at=days_ago)
    for item in (same_unit, unlike):  # read, so that they are not offered to be taken back
        disposition.mark_read(item, by=person(Role.PSI), now=days_ago)
    request = waiting(unit=unit, data_types=[alumni])
    for address in (LIST, page("disposition", request)):
        text = words(phone.get(address))
        assert f"Didisposisikan ke Divisi PSI 24 Oktober 2026 · unit yang sama · {same_unit.reference}" in text
        assert f"Belum dapat dipenuhi 24 Oktober 2026 · Fakultas Lain · {same_data.reference}" in text
        assert "Data alumni: Tidak diberikan Alasan: data tersebut dilayani langsung oleh Biro Akademik" in text
        assert unlike.reference not in text


def test_a_cancelled_disposition_or_a_question_is_no_decision(head: User) -> None:
    request = waiting(10)
    taken_back, asked = waiting(0, unit=request.unit), waiting(0, unit=request.unit)
    disposition.dispose(taken_back, Instructions(), by=head, now=MONDAY)
    disposition.cancel(taken_back, by=head, now=MONDAY)
    disposition.ask_for_clarification(asked, by=head, now=MONDAY, reason=QUESTION)
    assert selectors.earlier_decisions([request]) == {request.pk: []}


def test_of_many_earlier_decisions_the_newest_five_letters_are_shown_each_once(head: User) -> None:
    unit, data = UnitFactory(), [DataTypeFactory(), DataTypeFactory()]
    older = [
        a_request(Status.DISPOSED, unit=unit, data_types=data, at=MONDAY - timedelta(days=days))
        for days in (9, 8, 7, 6, 5, 4, 3)
    ]
    request = waiting(unit=unit, data_types=data)
    shown = [one.disposition.request_id for one in selectors.earlier_decisions([request])[request.pk]]
    assert shown == [item.pk for item in reversed(older[-5:])]


def test_earlier_decisions_on_this_very_letter_are_told_apart(phone: Client, head: User) -> None:
    request = waiting()
    disposition.dispose(request, Instructions(note="Segera."), by=head, now=MONDAY + timedelta(minutes=10))
    psi = person(Role.PSI, full_name="Nadia Safira")
    account.hand_back(request, by=psi, now=MONDAY + timedelta(minutes=20), reason="Tidak ada yang dapat diberikan.")
    answer = phone.get(page("disposition", request))
    text = words(answer)
    assert "Dikembalikan Divisi PSI Nadia Safira mengembalikan disposisi kepada Kepala UPT TIK: Tidak ada yang" in text
    assert "Keputusan atas surat ini Didisposisikan ke Divisi PSI 23 November 2026 09.10 · Dr. Teuku Maulana" in text
    assert answer.context["earlier"] == []


# --- deciding one ---------------------------------------------------------------------------------
def test_one_press_disposes_as_the_sop_says(phone: Client, head: User) -> None:
    request = waiting()
    shown = phone.get(page("disposition", request))
    assert shown.context["form"]["instructions"].value() == ["follow_sop"]
    assert [choice["label"] for choice in shown.context["choices"]] == [
        "Disposisikan",
        "Kembalikan",
        "Belum dapat dipenuhi",
    ]
    answer = phone.post(page("disposition", request), form_of(request))
    assert answer.status_code == 302
    row = the_decision(request)
    assert (row.decision, row.instructions, row.decided_by) == ("forwarded", ["follow_sop"], head)
    assert status_of(request) == Status.DISPOSED


def test_everything_ticked_and_written_arrives(phone: Client) -> None:
    secretary = person(Role.HELPDESK)
    request = waiting()
    words_given = {
        "instructions": ["assess", "grant_part"],
        "note": "Hanya angkatan 2024.",
        "due_on": "30/11/2026",
        "copies": [secretary.pk],
    }
    phone.post(page("disposition", request), form_of(request, **words_given))
    row = the_decision(request)
    assert (row.instructions, row.note) == (["assess", "grant_part"], "Hanya angkatan 2024.")
    assert (row.due_on.isoformat(), list(row.copies.all())) == ("2026-11-30", [secretary])


def test_after_each_decision_the_next_letter_opens_and_after_the_last_the_list_says_so(phone: Client) -> None:
    third, first, second = waiting(30), waiting(10), waiting(20)
    answer = phone.post(page("disposition", second), form_of(second))
    assert answer.url == page("disposition", first)
    answer = phone.post(page("ask_for_clarification", first), {"version": first.version, "reason": "Untuk apa?"})
    assert answer.url == page("disposition", third)
    answer = phone.post(page("refuse", third), {"version": third.version, "reason": "Belum tersedia."}, follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert f"{third.reference} belum dapat dipenuhi. Admin/Helpdesk menyiapkan surat balasannya." in words(answer)
    assert ALL_DONE in words(answer)


def test_ones_own_letter_is_not_the_next(phone: Client, head: User) -> None:
    waiting(0, email=head.email)
    request, other = waiting(10), waiting(20)
    assert phone.post(page("disposition", request), form_of(request)).url == page("disposition", other)
    assert phone.post(page("disposition", other), form_of(other)).url == LIST


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"instructions": []}, "Pilih paling sedikit satu instruksi."),
        ({"instructions": ["grant_part"], "due_on": ""}, "Tulis pada catatan data mana yang disetujui."),
        ({"due_on": "2026-11-22"}, "Tanggal tidak boleh sebelum hari ini, 23 November 2026."),
        ({"due_on": "12/25/2026"}, "Tulis tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026."),
        ({"instructions": ["delete_everything"]}, "Masukkan pilihan yang valid."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    phone: Client, fields: dict[str, object], sentence: str
) -> None:
    request = waiting()
    note = "" if "grant_part" in fields.get("instructions", ()) else "Dahulukan <ini>."
    answer = phone.post(page("disposition", request), form_of(request, note=note, **fields))
    assert answer.status_code == 200
    assert sentence in words(answer)
    assert typed_in(answer, "note") == note
    assert not Disposition.objects.exists()


def test_due_today_is_not_in_the_past(phone: Client) -> None:
    request = waiting()
    phone.post(page("disposition", request), form_of(request, due_on="2026-11-23"))
    assert the_decision(request).due_on.isoformat() == "2026-11-23"


def test_copies_can_go_to_the_office_but_not_to_psi_units_or_oneself(phone: Client, head: User) -> None:
    helpdesk, auditor = person(Role.HELPDESK), person(Role.AUDITOR)
    nobody = [person(Role.PSI), person(Role.UNIT_STAFF), person(None), person(Role.HELPDESK, is_active=False), head]
    request = waiting()
    field = phone.get(page("disposition", request)).context["form"].fields["copies"]
    assert {helpdesk, auditor} <= set(field.queryset)
    assert not set(nobody) & set(field.queryset)
    answer = phone.post(page("disposition", request), form_of(request, copies=[nobody[0].pk]))
    assert "Salah satu penerima tembusan tidak lagi dapat dipilih." in words(answer)
    assert status_of(request) == Status.AWAITING_DISPOSITION


@pytest.mark.parametrize(
    ("name", "decision", "status", "sentence"),
    [
        ("ask_for_clarification", "clarification", Status.RETURNED, "dikembalikan kepada unit dengan pertanyaan Anda."),
        ("refuse", "refused", Status.REPLY_DRAFTING, "Admin/Helpdesk menyiapkan surat balasannya."),
    ],
)
def test_the_two_other_decisions_need_words(
    phone: Client, name: str, decision: str, status: Status, sentence: str
) -> None:
    request = waiting()
    assert phone.get(page(name, request)).status_code == 200
    empty = phone.post(page(name, request), {"version": request.version, "reason": "  "})
    assert any(said in words(empty) for said in ("Tulis apa yang perlu dijelaskan unit.", "Tulis alasannya."))
    assert status_of(request) == Status.AWAITING_DISPOSITION
    answer = phone.post(page(name, request), {"version": request.version, "reason": "Surat tidak jelas."}, follow=True)
    assert sentence in words(answer)
    assert (status_of(request), the_decision(request).decision) == (status, decision)
    assert the_decision(request).note == "Surat tidak jelas."


def test_a_refusal_says_that_a_reply_letter_follows(phone: Client) -> None:
    text = words(phone.get(page("refuse", waiting())))
    assert "Akun tidak dibuat. Admin/Helpdesk menyiapkan surat balasan dengan alasan ini" in text


def test_a_reason_too_long_for_the_letter_is_not_cut_off_in_silence(phone: Client) -> None:
    request = waiting()
    answer = phone.post(page("refuse", request), {"version": request.version, "reason": "a" * 301})
    assert typed_in(answer, "reason") == "a" * 301
    assert "300" in words(answer)
    assert not Disposition.objects.exists()


def test_a_note_survives_a_session_that_ended(head: User) -> None:
    client, request = signed_in(head), waiting()
    client.get(page("disposition", request))
    del client.cookies[settings.SESSION_COOKIE_NAME]
    answer = client.post(page("disposition", request), form_of(request, note="Dahulukan."))
    assert answer.url.startswith(reverse("account_login"))
    client.force_login(head)
    assert typed_in(client.get(page("disposition", request)), "note") == "Dahulukan."
    assert not Disposition.objects.exists()


def test_a_double_click_disposes_once(phone: Client) -> None:
    request = waiting()
    for _click in range(2):
        phone.post(page("disposition", request), form_of(request))
    assert Disposition.objects.count() == 1


# --- who may ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["disposition", "ask_for_clarification", "refuse", "cancel_disposition"])
def test_a_stranger_finds_nothing(name: str) -> None:
    request = waiting()
    for user in (person(Role.UNIT_STAFF), person(None)):
        assert signed_in(user).post(page(name, request), form_of(request, reason="x")).status_code == 404
    assert status_of(request) == Status.AWAITING_DISPOSITION


@pytest.mark.parametrize("name", ["disposition", "ask_for_clarification", "refuse"])
@pytest.mark.parametrize("role", [Role.HELPDESK, Role.PSI, Role.ADMINISTRATOR, Role.AUDITOR, Role.UNIT_STAFF])
def test_who_may_see_but_not_decide_is_told_so_and_learns_nothing_of_the_office(name: str, role: Role) -> None:
    request = waiting()
    AgendaEntry.objects.filter(request=request).update(remark="Rahasia kantor.")
    user = request.created_by if role is Role.UNIT_STAFF else person(role)
    client = signed_in(user)
    for answer in (
        client.get(page(name, request), follow=True),
        client.post(page(name, request), form_of(request, reason="x"), follow=True),
    ):
        assert answer.redirect_chain == [(request.get_absolute_url(), 302)]
        assert "Tindakan ini bukan wewenang Anda." in words(answer)
        assert "Rahasia kantor." not in words(answer) or role is not Role.UNIT_STAFF
    assert not Disposition.objects.exists()


def test_nobody_disposes_their_own_request(phone: Client, head: User) -> None:
    own = waiting(email=head.email)
    text = words(phone.get(LIST))
    assert OWN in text
    assert f"Pilih {own.reference}" not in text
    assert OWN in words(phone.get(page("disposition", own), follow=True))
    answer = phone.post(page("disposition", own), form_of(own, note="Untuk saya."))
    assert (answer.status_code, status_of(own)) == (409, Status.AWAITING_DISPOSITION)
    assert OWN in words(answer)


def substitute_for(head: User, first: str, last: str) -> User:
    deputy = person(None, full_name="Ir. Cut Meutia")
    Substitution.objects.create(absent=head, substitute=deputy, kind="Plh.", starts_on=first, ends_on=last)
    return deputy


def test_a_substitute_sees_the_same_for_whom_they_act_and_the_record_names_both(head: User) -> None:
    client, request = signed_in(substitute_for(head, "2026-11-23", "2026-11-23")), waiting()
    assert [card["item"] for card in client.get(LIST).context["cards"]] == [request]
    assert "Anda bertindak sebagai pengganti Dr. Teuku Maulana" in words(client.get(LIST))
    deciding = words(client.get(page("disposition", request)))
    assert "Anda memutuskan sebagai Plh. menggantikan Dr. Teuku Maulana" in deciding
    client.post(page("disposition", request), form_of(request))
    row = the_decision(request)
    assert (row.decided_by.full_name, row.on_behalf_of) == ("Ir. Cut Meutia", head)
    assert row in selectors.unread_dispositions(head), "the head, too, may take it back"


@pytest.mark.parametrize(("first", "last"), [("2026-11-24", "2026-11-30"), ("2026-11-16", "2026-11-22")])
def test_before_and_after_their_days_the_list_is_not_there(head: User, first: str, last: str) -> None:
    assert signed_in(substitute_for(head, first, last)).get(LIST).status_code == 404


# --- two heads ------------------------------------------------------------------------------------------
def test_the_second_head_reads_who_decided_and_when_and_keeps_their_words(phone: Client) -> None:
    request = waiting()
    colleague = person(Role.HEAD, full_name="Ir. Cut Meutia")
    disposition.dispose(request, Instructions(), by=colleague, now=MONDAY + timedelta(minutes=50))
    answer = phone.post(page("disposition", request), form_of(request, note='Hanya "angkatan" 2024 & 2025.'))
    assert answer.status_code == 409
    text = words(answer)
    assert "Ir. Cut Meutia mendisposisikan permohonan kepada Divisi PSI: Proses sesuai SOP" in text
    assert "(Senin, 23 November 2026 09.50 WIB)" in text
    assert 'Hanya "angkatan" 2024 & 2025.' in text
    assert answer.context["choices"] == []
    assert Disposition.objects.count() == 1


@pytest.mark.parametrize("name", ["ask_for_clarification", "refuse"])
def test_words_written_too_late_are_kept_on_the_other_pages_too(phone: Client, name: str) -> None:
    request = waiting()
    disposition.dispose(request, Instructions(), by=person(Role.HEAD), now=MONDAY + timedelta(minutes=50))
    answer = phone.post(page(name, request), {"version": request.version, "reason": "Belum jelas."})
    assert answer.status_code == 409
    assert "Belum jelas." in words(answer)
    assert status_of(request) == Status.DISPOSED


def test_when_the_letter_is_before_the_head_again_a_second_press_decides(phone: Client) -> None:
    request, colleague = waiting(), person(Role.HEAD)
    disposition.dispose(request, Instructions(), by=colleague, now=MONDAY)
    disposition.cancel(request, by=colleague, now=MONDAY)
    first = phone.post(page("disposition", request), form_of(request, note="Segera."))
    assert (first.status_code, typed_in(first, "note")) == (409, "Segera.")
    version = re.search(r'name="version" value="(\d+)"', first.content.decode())[1]
    phone.post(page("disposition", request), form_of(request, note="Segera.", version=version))
    assert status_of(request) == Status.DISPOSED


def test_an_old_link_leads_to_the_request_with_a_sentence(phone: Client) -> None:
    request = a_request(Status.DISPOSED)
    answer = phone.get(page("disposition", request), follow=True)
    assert answer.redirect_chain == [(request.get_absolute_url(), 302)]
    assert "Permohonan ini sekarang berstatus “Akun perlu dibuat”" in words(answer)


# --- several at once -----------------------------------------------------------------------------------
def test_several_go_together_with_one_instruction_and_note(phone: Client) -> None:
    first, second, left = waiting(0), waiting(10), waiting(20)
    given = {"chosen": chosen(first, second), "instruction": "assess", "note": "Dahulukan."}
    answer = phone.post(LIST, given, follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    references = f"{first.reference}, {second.reference}"
    assert f"2 surat didisposisikan kepada Divisi PSI: {references}." in words(answer)
    rows = Disposition.objects.order_by("request").values_list("request", "instructions", "note")
    assert list(rows) == [(first.pk, ["assess"], "Dahulukan."), (second.pk, ["assess"], "Dahulukan.")]
    assert status_of(left) == Status.AWAITING_DISPOSITION


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"instruction": "follow_sop"}, "Pilih paling sedikit satu surat."),
        ({"instruction": "grant_part", "chosen": True}, "Tulis pada catatan data mana yang disetujui."),
        ({"instruction": "follow_sop", "chosen": ["GP26-2222222:1"]}, "Pilih surat dari daftar."),
        ({"instruction": "follow_sop", "chosen": ["'; drop table--"]}, "Pilih surat dari daftar."),
        ({"instruction": "follow_sop", "chosen": ["GP26-222222:99999999999"]}, "Pilih surat dari daftar."),
        ({"chosen": True}, "Pilih instruksi."),
    ],
)
def test_what_is_wrong_with_several_is_said_and_nothing_goes(
    phone: Client, given: dict[str, object], sentence: str
) -> None:
    first, second = waiting(0), waiting(10)
    if given.get("chosen") is True:
        given = given | {"chosen": chosen(first, second)}
    answer = phone.post(LIST, given)
    assert answer.status_code == 200
    assert sentence in words(answer)
    assert sum(card["is_chosen"] for card in answer.context["cards"]) == (2 if len(given.get("chosen", ())) == 2 else 0)
    assert not Disposition.objects.exists()


def test_a_note_stays_when_nothing_was_ticked(phone: Client) -> None:
    waiting(0), waiting(10)
    answer = phone.post(LIST, {"instruction": "follow_sop", "note": "Dahulukan."})
    assert typed_in(answer, "note") == "Dahulukan."


def test_each_of_several_has_its_result_and_the_others_reason(phone: Client) -> None:
    first, gone, third = waiting(0), waiting(10), waiting(20)
    colleague = person(Role.HEAD, full_name="Ir. Cut Meutia")
    disposition.refuse(gone, by=colleague, now=MONDAY + timedelta(minutes=40), reason="Belum tersedia.")
    given = {"chosen": chosen(first, gone, third), "instruction": "follow_sop", "note": "Dahulukan."}
    answer = phone.post(LIST, given)
    assert answer.status_code == 409
    text = words(answer)
    assert "Tidak semua surat didisposisikan" in text
    results = [(row["label"].split(" · ")[0], row["ok"]) for row in answer.context["results"]]
    assert results == [(first.reference, True), (gone.reference, False), (third.reference, True)]
    assert "Ir. Cut Meutia menyatakan permohonan belum dapat dipenuhi: Belum tersedia." in text
    assert "(Senin, 23 November 2026 09.40 WIB)" in text
    assert [status_of(item) for item in (first, gone, third)] == [
        Status.DISPOSED,
        Status.REPLY_DRAFTING,
        Status.DISPOSED,
    ]


def test_ones_own_letter_among_several_stays_behind_with_the_reason(phone: Client, head: User) -> None:
    own, other = waiting(0, email=head.email), waiting(10)
    answer = phone.post(LIST, {"chosen": chosen(own, other), "instruction": "follow_sop"})
    assert OWN in words(answer)
    assert (status_of(own), status_of(other)) == (Status.AWAITING_DISPOSITION, Status.DISPOSED)


def test_one_letter_alone_offers_no_boxes(phone: Client) -> None:
    waiting()
    assert "Disposisikan yang dipilih" not in words(phone.get(LIST))
    waiting(10)
    assert "Disposisikan yang dipilih" in words(phone.get(LIST))


# --- taking back -----------------------------------------------------------------------------------------
def test_what_nobody_has_read_can_be_taken_back_from_the_list(phone: Client, head: User) -> None:
    request = waiting()
    disposition.dispose(request, Instructions(), by=head, now=MONDAY)
    read = waiting(10)
    disposition.dispose(read, Instructions(), by=head, now=MONDAY)
    disposition.mark_read(read, by=person(Role.PSI), now=MONDAY)
    others = waiting(20)
    disposition.dispose(others, Instructions(), by=person(Role.HEAD), now=MONDAY)
    withdrawn = waiting(30)
    disposition.dispose(withdrawn, Instructions(), by=head, now=MONDAY)
    request_letter.withdraw(withdrawn, by=withdrawn.created_by, now=MONDAY)
    shown = phone.get(LIST)
    assert [row.request for row in shown.context["unread"]] == [request]
    assert f"Batalkan disposisi {request.reference}" in words(shown)
    request.refresh_from_db()
    answer = phone.post(page("cancel_disposition", request), {"version": request.version}, follow=True)
    assert "Disposisi dibatalkan. Permohonan ini kembali menunggu keputusan." in words(answer)
    assert [card["item"] for card in phone.get(LIST).context["cards"]] == [request]


def test_what_psi_opened_meanwhile_stands(phone: Client, head: User) -> None:
    request = waiting()
    disposition.dispose(request, Instructions(), by=head, now=MONDAY)
    psi = signed_in(person(Role.PSI))
    assert psi.get(request.get_absolute_url()).status_code == 200
    request.refresh_from_db()
    answer = phone.post(page("cancel_disposition", request), {"version": request.version}, follow=True)
    assert "Disposisi sudah dibaca Divisi PSI, sehingga tidak dapat dibatalkan lagi." in words(answer)
    assert status_of(request) == Status.DISPOSED


def test_the_letter_read_by_psi_also_counts_as_read(phone: Client, head: User) -> None:
    request = disposition.dispose(waiting(), Instructions(), by=head, now=MONDAY)
    letter = request.documents.get(kind=Document.Kind.REQUEST_LETTER)
    signed_in(person(Role.PSI)).get(letter.get_absolute_url())
    assert not phone.get(LIST).context["unread"]


def test_taking_back_is_a_button_not_a_link(phone: Client, head: User) -> None:
    request = disposition.dispose(waiting(), Instructions(), by=head, now=MONDAY)
    assert phone.get(page("cancel_disposition", request)).status_code == 405
    assert status_of(request) == Status.DISPOSED


def test_only_the_head_takes_back(head: User) -> None:
    request = disposition.dispose(waiting(), Instructions(), by=head, now=MONDAY)
    answer = signed_in(person(Role.HELPDESK)).post(page("cancel_disposition", request), follow=True)
    assert "Tindakan ini bukan wewenang Anda." in words(answer)
    assert status_of(request) == Status.DISPOSED


# --- rough input ------------------------------------------------------------------------------------------
def test_long_names_and_markup_do_no_harm(phone: Client) -> None:
    request = waiting(
        application="<b>" + "Aplikasi" * 18,
        purpose="<script>alert(1)</script> 🌺",
        data_types=[DataTypeFactory(name=f"Data {number} " + "x" * 100) for number in range(40)],
        letters=2,
    )
    Document.objects.update(display_name="<i>surat" + "x" * 140)
    for address in (LIST, page("disposition", request), page("refuse", request)):
        source = phone.get(address).content.decode()
        assert "<script>alert(1)" not in source
        assert "<b>Aplikasi" not in source
        assert "<i>surat" not in source
        assert "🌺" in source
