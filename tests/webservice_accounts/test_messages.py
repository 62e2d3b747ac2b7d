"""Whom an act on an account tells, each in their own language and once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import OutgoingMail, User
from accounts.roles import Role
from requests_app.sla import WIB
from requests_app.sop import Status
from tests.factories import a_request, person
from webservice_accounts import credentials, handover, services, standing
from webservice_accounts.models import WebserviceAccount

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 11, tzinfo=WIB)
NEW = services.Holder("Dr. Cut Intan", "nip", "199001012015042001", "+6281398765432", "intan@usk.ac.id")


def rotate_and_open(row: WebserviceAccount, by: User) -> None:
    handover.rotate(row, overlap_hours=24, by=by, now=NOW)
    handover.reveal(row, by=handover.ProvenHolder(row.pk, row.holder_name), now=NOW)


def suspend(row: WebserviceAccount, by: User) -> None:
    standing.suspend(row, by=by, now=NOW, reason="Bocor")


def reinstate(row: WebserviceAccount, by: User) -> None:
    suspend(row, by)
    standing.reinstate(row, by=by, now=NOW, reason="Beres")


ACTS: dict[str, tuple[Callable[[WebserviceAccount, User], object], str, str]] = {
    "account_suspended": (suspend, "ditangguhkan", "is suspended"),
    "account_reinstated": (reinstate, "aktif kembali", "is active again"),
    "account_revoked": (lambda row, by: standing.revoke(row, by=by, now=NOW, reason="x"), "dicabut", "is revoked"),
    "account_changed": (
        lambda row, by: services.change_limits(row, rate_per_minute=5, burst=5, by=by, now=NOW),
        "Perubahan",
        "was changed",
    ),
    "account_renewal_wish": (lambda row, by: standing.decline_renewal(row, by=by, now=NOW), "pilihan", "choice"),
    "key_link": (
        lambda row, by: handover.rotate(row, overlap_hours=0, by=by, now=NOW),
        "mohon buka",
        "please open",
    ),
    "key_opened": (rotate_and_open, "sudah dibuka", "was opened"),
    "account_given_over": (
        lambda row, by: handover.change_holder(row, NEW, reason="Surat", by=by, now=NOW),
        "bukan lagi penanggung jawab",
        "no longer in charge",
    ),
}


@pytest.fixture
def account() -> WebserviceAccount:
    return WebserviceAccount.objects.get(requests=a_request(Status.FINISHED, at=NOW - timedelta(hours=2)))


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("name", ACTS)
def test_the_holder_is_told_in_their_language(account: WebserviceAccount, name: str, language: str) -> None:
    act, indonesian, english = ACTS[name]
    holder = person(None, email=account.holder_email, language=language)
    act(account, person(Role.PSI))
    sent = OutgoingMail.objects.get(key__startswith=f"{name}:", to=holder.email)
    assert sent.language == language
    assert (english if language == "en" else indonesian) in sent.subject
    assert account.username in sent.subject
    assert credentials.CLIENT_PREFIX not in sent.text


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_new_responsible_person_gets_the_link_in_their_language(account: WebserviceAccount, language: str) -> None:
    person(None, email="intan@usk.ac.id", language=language)
    handover.change_holder(account, NEW, reason="Surat", by=person(Role.PSI), now=NOW)
    sent = OutgoingMail.objects.get(key__startswith="account_taken_over:")
    assert (sent.to, sent.language) == ("intan@usk.ac.id", language)
    assert "/serah-terima/" in sent.text
    assert "Kamis, 26 November 2026 11.00 WIB" in sent.text or "Thursday, 26 November 2026, 11:00 WIB" in sent.text


def test_a_leak_is_told_to_psi_and_the_unit_without_any_link(account: WebserviceAccount) -> None:
    colleague = person(Role.PSI)
    handover.rotate(account, overlap_hours=0, by=person(None, email=account.holder_email), now=NOW)
    told = OutgoingMail.objects.filter(key__startswith="key_leaked:")
    assert {colleague.email, account.unit.email} <= {mail.to for mail in told}
    assert not any("/serah-terima/" in mail.text for mail in told)


def test_without_a_mailbox_the_staff_of_the_unit_get_the_mail_themselves(account: WebserviceAccount) -> None:
    account.unit.email = ""
    account.unit.save()
    staff = person(Role.UNIT_STAFF, unit=account.unit)
    standing.suspend(account, by=person(Role.PSI), now=NOW, reason="Bocor")
    assert OutgoingMail.objects.filter(key__startswith="account_suspended:", to=staff.email).exists()


def test_who_is_holder_and_staff_at_once_is_told_once(account: WebserviceAccount) -> None:
    both = person(Role.UNIT_STAFF, unit=account.unit, email=account.holder_email)
    standing.suspend(account, by=person(Role.PSI), now=NOW, reason="Bocor")
    assert OutgoingMail.objects.filter(key__startswith="account_suspended:", to=both.email).count() == 1
    assert both.notices.filter(key__startswith="account_suspended:").count() == 1
