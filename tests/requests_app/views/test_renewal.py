"""Renewal through HTTP, as the unit, the office and the responsible person go through it."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, OutgoingMail, User
from accounts.roles import Role
from requests_app.models import AccessRequest, AgendaEntry
from requests_app.reply_papers import propose
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import agenda, confirmation, request_letter
from tests import factories
from webservice_accounts import standing
from webservice_accounts.models import DataType, WebserviceAccount
from webservice_accounts.selectors import living_secrets

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 10, 20, 9, tzinfo=WIB)
"""A working morning, 34 days before the account ends."""


@pytest.fixture(autouse=True)
def _today() -> object:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def data() -> dict[str, DataType]:
    return {
        code: factories.DataTypeFactory(code=code, name=name)
        for code, name in (("alumni", "Data alumni"), ("dosen", "Data dosen"), ("jadwal", "Jadwal kuliah"))
    }


@pytest.fixture
def account(data: dict[str, DataType]) -> WebserviceAccount:
    """Valid through 23 November 2027, reading two kinds of data; its key is open."""
    factories.person(None, email="pj@usk.ac.id", full_name="Muhammad Iqbal")
    request = factories.a_request(
        Status.FINISHED,
        at=datetime(2026, 11, 23, 9, tzinfo=WIB),
        by=factories.person(Role.UNIT_STAFF, full_name="Cut Nurmala"),
        data_types=[data["alumni"], data["dosen"]],
        application="Portal Alumni",
        purpose="Menampilkan alumni.",
    )
    return WebserviceAccount.objects.get(requests=request)


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def staff_of(account: WebserviceAccount) -> User:
    return User.objects.get(unit=account.unit, role_grants__role=Role.UNIT_STAFF)


def the(role: Role) -> Client:
    return client_of(factories.somebody(role))


def begin(account: WebserviceAccount) -> AccessRequest:
    answer = client_of(staff_of(account)).post(reverse("renew", args=[account.username]))
    assert answer.status_code == 302
    return AccessRequest.objects.get(renews=account, status=Status.DRAFT)


def filled(item: AccessRequest, *data_types: DataType, **changes: object) -> dict[str, object]:
    """What the one page sends back as it was shown, with one new letter and the `changes`."""
    said = {
        "go": "next",
        "person_name": item.person_name,
        "identity_type": item.identity_type,
        "identity_number": item.identity_number,
        "phone": str(item.phone),
        "email": item.email,
        "application": item.application,
        "purpose": item.purpose,
        "data_types": [row.pk for row in data_types] or list(item.items.values_list("data_type", flat=True)),
        "other_data": "",
        "letter_number": "77/UN11/2027",
        "letter_date": "2027-10-18",
        "letter_subject": "Permohonan perpanjangan",
        "delivery": "upload",
        "files": SimpleUploadedFile("surat.pdf", factories.letter_pdf("Perpanjangan"), "application/pdf"),
    }
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def page_of(item: AccessRequest) -> str:
    return reverse("request_part", args=[item.reference, "renewal"])


def sent(account: WebserviceAccount, *data_types: DataType, **changes: object) -> AccessRequest:
    item = begin(account)
    unit = client_of(staff_of(account))
    answer = unit.post(page_of(item), filled(item, *data_types, **changes))
    assert answer["Location"] == reverse("request_summary", args=[item.reference]), answer.content.decode()[:2000]
    unit.post(reverse("request_summary", args=[item.reference]), {"version": 0})
    item.refresh_from_db()
    assert item.status == Status.SUBMITTED
    return item


def before_the_head(item: AccessRequest) -> AccessRequest:
    ticked = frozenset(AgendaEntry.CHECK_LIST)
    helpdesk = factories.somebody(Role.HELPDESK)
    agenda.register(item, agenda.Registration(timezone.localdate(), ticked=ticked), by=helpdesk, now=timezone.now())
    agenda.forward(item, by=helpdesk, now=timezone.now())
    return AccessRequest.objects.get(pk=item.pk)


def with_psi(item: AccessRequest) -> AccessRequest:
    before_the_head(item)
    factories.dispose(item, timezone.now())
    return AccessRequest.objects.get(pk=item.pk)


def grant(item: AccessRequest, refused: dict[DataType, str] | None = None, **changes: object) -> AccessRequest:
    psi, reasons = the(Role.PSI), {row.pk: reason for row, reason in (refused or {}).items()}
    form: dict[str, object] = {"version": item.version, "networks": "10.44.3.0/24"}
    for row in item.items.all():
        if row.data_type_id in reasons:
            form[f"reason_{row.data_type_id}"] = reasons[row.data_type_id]
        else:
            form[f"grant_{row.data_type_id}"] = "on"
    answer = psi.post(reverse("account_work", args=[item.reference]), {**form, **changes})
    assert answer.status_code == 302, answer.content.decode()
    return AccessRequest.objects.get(pk=item.pk)


def text(client: Client, name: str, *words: str) -> str:
    return " ".join(client.get(reverse(name, args=words)).content.decode().split())


# --- beginning ------------------------------------------------------------------------
def test_the_page_shows_what_was_granted_and_until_when_it_would_go_on(account: WebserviceAccount) -> None:
    page = text(client_of(staff_of(account)), "renew", account.username)
    for words in ("Muhammad Iqbal, S.T.", "Menampilkan alumni.", "Data alumni", "Data dosen", "23 November 2027"):
        assert words in page
    assert "s.d. 23 November 2028" in page
    assert not AccessRequest.objects.filter(renews=account).exists(), "looking begins nothing"


def test_pressed_twice_it_begins_one_and_carries_everything_over(account: WebserviceAccount) -> None:
    unit = client_of(staff_of(account))
    first, second = (unit.post(reverse("renew", args=[account.username])) for _press in range(2))
    item = AccessRequest.objects.get(renews=account)
    assert first["Location"] == second["Location"] == page_of(item)
    assert (item.person_name, item.identity_number, item.email) == (
        account.holder_name,
        account.holder_identity_number,
        account.holder_email,
    )
    assert (item.application, item.purpose, item.unit) == (account.application, account.purpose, account.unit)
    assert {str(row) for row in item.items.all()} == {"Data alumni", "Data dosen"}
    assert item.account is None


def test_a_renewal_under_way_leads_to_it(account: WebserviceAccount) -> None:
    item = sent(account)
    answer = client_of(staff_of(account)).get(reverse("renew", args=[account.username]))
    assert answer["Location"] == item.get_absolute_url()
    client_of(staff_of(account)).post(reverse("renew", args=[account.username]))
    assert AccessRequest.objects.filter(renews=account).count() == 1


def test_after_one_was_withdrawn_another_can_be_asked_for(account: WebserviceAccount) -> None:
    request_letter.withdraw(begin(account), by=staff_of(account), now=NOW)
    assert begin(account).status == Status.DRAFT


@pytest.mark.parametrize(
    ("role", "status"), [(Role.PSI, 403), (Role.HEAD, 403), (Role.AUDITOR, 403), (Role.UNIT_STAFF, 404), (None, 404)]
)
def test_nobody_else_asks(account: WebserviceAccount, role: Role | None, status: int) -> None:
    stranger = client_of(factories.person(role))
    for method in (stranger.get, stranger.post):
        assert method(reverse("renew", args=[account.username])).status_code == status
    assert not AccessRequest.objects.filter(renews=account).exists()


def test_the_helpdesk_enters_a_paper_letter(account: WebserviceAccount) -> None:
    helpdesk = the(Role.HELPDESK)
    page = helpdesk.post(reverse("renew", args=[account.username]), {"happened_at": ""}).content.decode()
    assert "Isi kapan surat diterima." in page
    answer = helpdesk.post(reverse("renew", args=[account.username]), {"happened_at": "2027-10-19T10:00"})
    item = AccessRequest.objects.get(renews=account)
    assert answer["Location"] == page_of(item)
    assert (item.entered_for_unit, item.delivery, item.unit) == (True, "paper", account.unit)
    assert helpdesk.get(page_of(item)).status_code == 200


def test_the_helpdesk_reads_that_the_unit_has_a_draft_already(account: WebserviceAccount) -> None:
    begin(account)
    page = the(Role.HELPDESK).post(reverse("renew", args=[account.username]), {"happened_at": "2027-10-19T10:00"})
    assert "Unit sudah memulai draf perpanjangan" in page.content.decode()
    assert AccessRequest.objects.filter(renews=account).count() == 1


def test_a_revoked_account_is_not_renewed_and_the_page_says_so(account: WebserviceAccount) -> None:
    standing.revoke(account, by=factories.somebody(Role.PSI), now=NOW, reason="disalahgunakan")
    unit = client_of(staff_of(account))
    assert "sudah dicabut" in text(unit, "renew", account.username)
    assert "sudah dicabut" in unit.post(reverse("renew", args=[account.username])).content.decode()
    assert not AccessRequest.objects.filter(renews=account).exists()


def test_no_second_year_is_piled_upon_the_one_that_was_just_added(account: WebserviceAccount) -> None:
    grant(with_psi(sent(account)))
    AccessRequest.objects.filter(renews=account).update(status=Status.FINISHED)
    unit = client_of(staff_of(account))
    assert "Ajukan perpanjangan" not in text(unit, "account", account.username)
    assert "lebih dari satu tahun" in text(unit, "renew", account.username)


def test_a_suspended_account_is_reminded_and_can_be_renewed(account: WebserviceAccount) -> None:
    standing.suspend(account, by=factories.somebody(Role.PSI), now=NOW, reason="diselidiki")
    assert "Ajukan perpanjangan" in text(client_of(staff_of(account)), "account", account.username)
    assert begin(account).renews == account


def test_asking_takes_back_the_wish_not_to_renew(account: WebserviceAccount) -> None:
    standing.decline_renewal(account, by=staff_of(account), now=NOW)
    begin(account)
    account.refresh_from_db()
    assert account.renewal_declined_at is None


# --- one page -----------------------------------------------------------------------------
def test_everything_stands_on_one_page_filled_in(account: WebserviceAccount) -> None:
    item = begin(account)
    page = client_of(staff_of(account)).get(page_of(item)).content.decode()
    for words in ("Muhammad Iqbal, S.T.", "Menampilkan alumni.", "Tambah data lain dari katalog", "surat baru"):
        assert words in page
    assert len(re.findall(r'name="data_types"[^>]*checked', page)) == 2


def test_what_is_wrong_is_said_beside_each_field_and_nothing_is_lost(account: WebserviceAccount) -> None:
    item = begin(account)
    wrong = filled(item, email="bukan-alamat", purpose="Tujuan yang baru.", files=None)
    page = client_of(staff_of(account)).post(page_of(item), wrong).content.decode()
    assert "Isi alamat email yang lengkap" in page
    assert "Tujuan yang baru." in page
    assert "Unggah surat yang sudah ditandatangani" in page


def test_a_file_removed_on_the_page_leaves_what_was_typed(account: WebserviceAccount) -> None:
    item = begin(account)
    unit = client_of(staff_of(account))
    unit.post(page_of(item), filled(item))
    document = item.documents.get()
    action = reverse("remove_document", args=[item.reference, document.key]) + "?perpanjangan=1"
    assert action in unit.get(page_of(item)).content.decode()
    answer = unit.post(action, filled(item, purpose="Diketik sebelum menghapus.", files=None))
    assert answer["Location"] == page_of(item)
    item.refresh_from_db()
    assert item.purpose == "Diketik sebelum menghapus."
    assert not item.documents.exists()


def test_the_renewal_page_is_of_renewals_only(account: WebserviceAccount) -> None:
    plain = factories.a_request(Status.DRAFT, by=staff_of(account))
    assert client_of(staff_of(account)).get(page_of(plain)).status_code == 404


# --- the letter ------------------------------------------------------------------------------
@pytest.mark.parametrize("is_needed", [True, False])
def test_whether_a_new_letter_is_needed_is_a_setting(account: WebserviceAccount, is_needed: bool) -> None:
    Institution.objects.update(renewal_needs_letter=is_needed)
    item = begin(account)
    unit = client_of(staff_of(account))
    bare = filled(item, letter_number="", letter_date="", letter_subject="", files=None)
    page = unit.post(page_of(item), bare)
    assert (page.status_code == 302) is not is_needed
    answer = unit.post(reverse("request_summary", args=[item.reference]), {"version": 0})
    item.refresh_from_db()
    assert (item.status == Status.SUBMITTED) is not is_needed
    assert ("surat permohonan" in answer.content.decode()) is is_needed


def test_a_first_request_needs_its_letter_whatever_the_setting(account: WebserviceAccount) -> None:
    Institution.objects.update(renewal_needs_letter=False)
    plain = factories.a_request(Status.DRAFT, by=staff_of(account), letters=0)
    page = text(client_of(staff_of(account)), "request_summary", plain.reference)
    assert "Isi surat permohonan" in page


def test_without_a_letter_the_office_reads_that_and_the_reply_names_none(account: WebserviceAccount) -> None:
    Institution.objects.update(renewal_needs_letter=False)
    item = sent(account, letter_number="", letter_date="", letter_subject="", files=None)
    assert "Perpanjangan tanpa surat baru" in text(the(Role.HELPDESK), "agenda", item.reference)
    item = with_psi(item)
    body = propose(grant(item), Institution.objects.get()).body
    assert body.startswith("Sehubungan dengan permohonan perpanjangan Saudara, bersama ini")


# --- what differs ------------------------------------------------------------------------------
def test_the_office_reads_what_is_renewed_and_what_differs(
    account: WebserviceAccount, data: dict[str, DataType]
) -> None:
    item = sent(
        account,
        data["alumni"],
        data["jadwal"],
        person_name="Rina Amalia",
        identity_number="199001012015042001",
        email="rina@usk.ac.id",
        purpose="Tujuan yang baru.",
    )
    expected = (
        f"Perpanjangan akun {account.username}, berlaku s.d. 23 November 2027",
        "Penanggung jawab berganti: Muhammad Iqbal, S.T. menjadi <b>Rina Amalia</b>",
        "Data tambahan: <b>Jadwal kuliah</b>",
        "Tidak diminta lagi: Data dosen",
        "Tujuan, sebelumnya: Menampilkan alumni.",
        reverse("account", args=[account.username]),
    )
    pages = [text(the(Role.HELPDESK), "agenda", item.reference)]
    before_the_head(item)
    pages.append(text(the(Role.HEAD), "disposition", item.reference))
    cards = text(the(Role.HEAD), "dispositions")
    factories.dispose(item, NOW)
    pages.append(text(the(Role.PSI), "account_work", item.reference))
    for page in pages:
        for words in expected:
            assert words in page
        assert page.count("Data tambahan") == 1
    assert pages[1].count(">tambahan<") == 1
    assert f"Perpanjangan akun {account.username}" in cards
    assert cards.count(">tambahan<") == 1


def test_the_office_reads_that_nothing_differs(account: WebserviceAccount) -> None:
    item = sent(account)
    assert "Penanggung jawab, tujuan, dan data sama seperti yang diberikan." in text(
        the(Role.HELPDESK), "agenda", item.reference
    )


# --- PSI -----------------------------------------------------------------------------------------
def test_psi_sees_no_name_and_no_start_but_the_year_that_is_added(account: WebserviceAccount) -> None:
    WebserviceAccount.objects.filter(pk=account.pk).update(rate_per_minute=90, burst=7)
    account.addresses.create(network="10.44.3.0/24")
    page = text(the(Role.PSI), "account_work", with_psi(sent(account)).reference)
    assert "Diperpanjang dari 24 November 2027 sampai 23 November 2028" in page
    assert 'name="username"' not in page
    assert 'name="starts_on"' not in page
    assert "10.44.3.0/24</textarea>" in page
    assert 'value="90"' in page
    assert 'value="7"' in page
    assert "Kunci yang dipakai tetap sama." in page


@pytest.mark.parametrize(("rate", "burst"), [("0", "60"), ("60001", "60"), ("600", "0"), ("600", "6001"), ("-1", "1")])
def test_limits_beyond_the_bounds_are_refused_beside_the_field(
    account: WebserviceAccount, rate: str, burst: str
) -> None:
    item = with_psi(sent(account))
    form = {f"grant_{row.data_type_id}": "on" for row in item.items.all()}
    answer = the(Role.PSI).post(
        reverse("account_work", args=[item.reference]),
        {**form, "version": item.version, "rate_per_minute": rate, "burst": burst},
    )
    assert answer.status_code == 200
    assert "is-invalid" in answer.content.decode()
    account.refresh_from_db()
    assert account.last_day.year == 2027


def test_granting_extends_the_same_account_and_keeps_its_key(account: WebserviceAccount) -> None:
    item = grant(with_psi(sent(account)), rate_per_minute="60000", burst="6000")
    account.refresh_from_db()
    assert item.account == account
    assert f"{account.last_day:%d.%m.%Y}" == "23.11.2028"
    assert (account.rate_per_minute, account.burst) == (60000, 6000)
    assert living_secrets(account, NOW).count() == 1
    assert account.periods.count() == 2
    assert WebserviceAccount.objects.count() == 1
    timeline = text(client_of(staff_of(account)), "request", item.reference)
    assert f"memperpanjang akun {account.username}, berlaku s.d. 23 November 2028" in timeline


def test_part_of_it_refused(account: WebserviceAccount, data: dict[str, DataType]) -> None:
    item = grant(with_psi(sent(account)), refused={data["dosen"]: "tidak dipakai lagi"})
    account.refresh_from_db()
    assert item.outcome == AccessRequest.Outcome.PARTIAL
    assert [str(row) for row in account.current_grants] == ["Data alumni"]
    reply = propose(item, Institution.objects.get())
    assert reply.subject == "Persetujuan sebagian perpanjangan akses webservice"
    assert "tidak dipakai lagi" in reply.body
    assert "24 November 2027 s.d. 23 November 2028" in reply.body


def test_revoked_while_the_request_was_under_way(account: WebserviceAccount) -> None:
    item = with_psi(sent(account))
    standing.revoke(account, by=factories.somebody(Role.PSI), now=NOW, reason="disalahgunakan")
    form = {f"grant_{row.data_type_id}": "on" for row in item.items.all()}
    answer = the(Role.PSI).post(reverse("account_work", args=[item.reference]), {**form, "version": item.version})
    assert "sudah dicabut" in answer.content.decode()
    item.refresh_from_db()
    assert item.status == Status.DISPOSED


def test_ended_while_the_request_was_under_way(account: WebserviceAccount) -> None:
    item = with_psi(sent(account))
    with time_machine.travel(datetime(2027, 12, 1, 9, tzinfo=WIB), tick=False):
        page = text(the(Role.PSI), "account_work", item.reference)
        assert 'name="starts_on"' in page
        assert "Akun sudah berakhir" in page
        item.refresh_from_db()
        grant(item, starts_on="2027-12-06")
        account.refresh_from_db()
        assert (f"{account.starts_at.astimezone(WIB):%Y-%m-%d}", str(account.last_day)) == ("2027-12-06", "2028-12-06")
        assert not living_secrets(account, timezone.now()).exists()


# --- the whole way ----------------------------------------------------------------------------------
def test_a_renewal_from_the_button_to_the_reply_letter(account: WebserviceAccount) -> None:
    home = text(client_of(staff_of(account)), "home")
    assert reverse("renew", args=[account.username]) in home
    item = sent(account)
    assert "perpanjangan berjalan" in text(client_of(staff_of(account)), "home")
    assert "Perpanjangan" in text(client_of(staff_of(account)), "requests")

    helpdesk, head, psi = the(Role.HELPDESK), the(Role.HEAD), the(Role.PSI)
    ticked = {"ticked": AgendaEntry.CHECK_LIST, "received_on": "2027-10-20", "security_class": "B", "urgency": "normal"}
    helpdesk.post(reverse("agenda", args=[item.reference]), {**ticked, "version": 1})
    helpdesk.post(reverse("forward", args=[item.reference]), {"version": 2})
    head.post(reverse("disposition", args=[item.reference]), {"version": 3, "instructions": ["follow_sop"]})
    item = grant(AccessRequest.objects.get(pk=item.pk))
    inform = text(psi, "inform", item.reference)
    assert "Perpanjangan ini tidak mengubah kunci." in inform
    psi.post(reverse("inform", args=[item.reference]), {"version": item.version, "plo_number": ""})
    told = OutgoingMail.objects.filter(to="pj@usk.ac.id", key__startswith=item.reference).latest("pk")
    assert "telah diperpanjang" in told.subject
    assert "Kunci akses tetap sama" in told.text
    assert "23 November 2028" in told.text

    account.refresh_from_db()
    assert living_secrets(account, NOW).count() == 1, "informing ends nothing"
    holder = client_of(User.objects.get(email="pj@usk.ac.id"))
    page = text(holder, "key", item.reference)
    assert "Kuncinya tetap yang Anda pakai sekarang" in page
    item.refresh_from_db()
    holder.post(reverse("confirm", args=[item.reference]), {"version": item.version})
    item.refresh_from_db()
    assert item.status == Status.REPLY_DRAFTING

    reply = propose(item, Institution.objects.get())
    assert reply.subject == "Persetujuan perpanjangan akses webservice"
    assert "24 November 2027 s.d. 23 November 2028" in reply.body
    assert propose(item, Institution.objects.get(), language="en").subject == (
        "Approval of the renewal of web service access"
    )
    for move in (factories.send_for_approval, factories.approve, factories.send):
        move(item, NOW)
        item = AccessRequest.objects.get(pk=item.pk)
    assert item.status == Status.FINISHED
    first = account.requests.exclude(pk=item.pk).get()
    assert "24 November 2026" not in propose(first, Institution.objects.get()).body
    assert "23 November 2026 s.d. 23 November 2027" in propose(first, Institution.objects.get()).body


def test_somebody_else_takes_over_and_opens_a_new_key(account: WebserviceAccount) -> None:
    factories.person(None, email="rina@usk.ac.id", full_name="Rina Amalia")
    item = sent(account, person_name="Rina Amalia", identity_number="199001012015042001", email="rina@usk.ac.id")
    item = grant(with_psi(item))
    assert not living_secrets(account, NOW).exists()
    confirmation.inform(item, by=item.assignee, now=NOW)
    told = OutgoingMail.objects.filter(to="rina@usk.ac.id", key__startswith=item.reference).latest("pk")
    assert "Kunci dibuka pada tautan di bawah ini" in told.text
    rina, iqbal = (client_of(User.objects.get(email=f"{name}@usk.ac.id")) for name in ("rina", "pj"))
    iqbal.post(reverse("reveal", args=[item.reference]))
    assert not living_secrets(account, NOW).exists(), "the one before holds nothing any more"
    assert "uws_" in rina.post(reverse("reveal", args=[item.reference])).content.decode()
    item.refresh_from_db()
    rina.post(reverse("confirm", args=[item.reference]), {"version": item.version})
    item.refresh_from_db()
    assert item.status == Status.REPLY_DRAFTING


def test_a_problem_with_the_kept_key_leads_to_a_new_one(account: WebserviceAccount) -> None:
    item = grant(with_psi(sent(account)))
    item = confirmation.inform(item, by=item.assignee, now=NOW)
    holder = User.objects.get(email="pj@usk.ac.id")
    item = confirmation.report_problem(item, by=holder, now=NOW, problem="Kuncinya hilang.")
    item = confirmation.inform(item, by=item.assignee, now=NOW + timedelta(minutes=1))
    assert not living_secrets(account, NOW + timedelta(minutes=1)).exists()
    assert "uws_" in client_of(holder).post(reverse("reveal", args=[item.reference])).content.decode()


def test_without_a_login_the_link_leads_to_the_renewal(account: WebserviceAccount) -> None:
    """The account has two requests now; the code and the confirmation belong to the later one."""
    item = grant(with_psi(sent(account)))
    confirmation.inform(item, by=item.assignee, now=NOW)
    mail = OutgoingMail.objects.filter(to="pj@usk.ac.id", key__startswith=item.reference).latest("pk")
    found = re.search(r"/serah-terima/(\S+?)/", mail.text)
    assert found
    visitor = Client()
    visitor.post(reverse("handover_code", args=[found[1]]))
    code = re.search(r"\d{4}-?\d{4}", OutgoingMail.objects.latest("pk").text)
    assert code
    visitor.post(reverse("handover", args=[found[1]]), {"code": code[0]})
    page = visitor.get(reverse("handover", args=[found[1]])).content.decode()
    assert "Kuncinya tetap yang Anda pakai sekarang" in page
    item.refresh_from_db()
    visitor.post(reverse("handover_confirm", args=[found[1]]), {"version": item.version})
    item.refresh_from_db()
    assert item.status == Status.REPLY_DRAFTING
