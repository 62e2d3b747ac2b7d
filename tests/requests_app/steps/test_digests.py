"""The summaries of the morning and of the week. The usual week; 23 November 2026 is a Monday."""

from datetime import date, datetime, time, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import tasks
from accounts.models import AuditEvent, OutgoingMail, User
from accounts.roles import Role
from requests_app.models import AccessRequest, DayRow, Digest, HoursPeriodRow, OfficeSpanRow
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import account, clock, digests
from tests import factories
from tests.racing import at_once

pytestmark = pytest.mark.django_db

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def wib(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in November 2026; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=WIB)


@pytest.fixture(autouse=True)
def people() -> dict[str, User]:
    """Somebody for every desk, and one of a unit."""
    roles = {"helpdesk": Role.HELPDESK, "kepala": Role.HEAD, "psi": Role.PSI, "staf": Role.UNIT_STAFF}
    return {name: factories.person(role, email=f"{name}@usk.ac.id") for name, role in roles.items()}


def arrived(status: Status, at: datetime) -> AccessRequest:
    """A request that began then and moved on each minute, with the mails of the way there thrown away."""
    item = factories.a_request(status, at=at)
    OutgoingMail.objects.all().delete()
    return item


def mailed() -> dict[str, str]:
    """The part of the address before the @, to the subject."""
    return {row.to.partition("@")[0]: row.subject for row in OutgoingMail.objects.all()}


def text_to(name: str) -> str:
    return OutgoingMail.objects.get(to=f"{name}@usk.ac.id").text


def holiday(day: int) -> None:
    DayRow.objects.create(date=date(2026, 11, day), kind=DayRow.Kind.UNIVERSITY, name="Libur")


# --- every morning ------------------------------------------------------------------------------------
def test_at_a_quarter_to_eight_everybody_for_whom_something_waits_reads_what() -> None:
    item = arrived(Status.DISPOSED, wib(23, 9))
    arrived(Status.SUBMITTED, wib(23, 9))
    arrived(Status.RETURNED, wib(23, 9))
    assert digests.write_daily(now=wib(24, 7, 45) - SECOND) == 0
    assert digests.write_daily(now=wib(24, 7, 45)) == 3
    subject = "Ringkasan 24 November 2026: 1 permohonan menunggu Anda"
    assert mailed() == dict.fromkeys(("psi", "helpdesk", "staf"), subject), "nothing waits for the head"
    assert "Akun perlu dibuat" in text_to("psi")
    assert "Batas waktu Selasa, 24 November 2026 09.04 WIB" in text_to("psi")
    assert f"{settings.BASE_URL}/permohonan/{item.reference}/" in text_to("psi")
    assert "Perlu Anda lengkapi" in text_to("staf")
    assert "Batas waktu" not in text_to("helpdesk"), "five minutes are held up to nobody"


def test_late_comes_first_then_today_then_the_rest_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    rest = [arrived(Status.DISPOSED, wib(24, 7, 30) + number * MINUTE) for number in range(3)]  # due on Wednesday
    today = arrived(Status.DISPOSED, wib(23, 10))
    late = arrived(Status.DISPOSED, wib(20, 9))  # a Friday
    monkeypatch.setattr(digests, "SHOWN", 4)
    digests.write_daily(now=wib(24, 7, 50))
    assert mailed()["psi"] == "Ringkasan 24 November 2026: 5 permohonan menunggu Anda, 1 terlambat"
    text = text_to("psi")
    order = [late.reference, today.reference, rest[0].reference, rest[1].reference]
    assert [word for word in text.split() if word.startswith("GP26-")] == order
    assert [word for word in text.split() if word.isupper() and word in ("TERLAMBAT", "MENUNGGU")] == [
        "TERLAMBAT",
        "MENUNGGU",
        "MENUNGGU",
    ]
    assert "HARI INI" in text
    assert "Masih ada 1 permohonan lain" in text


def test_there_is_one_a_day_caught_up_on_that_day_and_never_outside_office_hours() -> None:
    arrived(Status.SUBMITTED, wib(23, 9))
    holiday(25)
    for at in (wib(24, 12, 30), wib(24, 16), wib(24, 20), wib(25, 7, 45), wib(25, 10), wib(28, 10)):
        assert digests.write_daily(now=at) == 0, at
    assert digests.write_daily(now=wib(24, 13)) == 1
    assert [digests.write_daily(now=at) for at in (wib(24, 13, 5), wib(24, 12), wib(26, 7, 45))] == [0, 0, 1]
    assert list(Digest.objects.filter(rows=1).values_list("on", flat=True)) == [date(2026, 11, 26), date(2026, 11, 24)]


def test_where_the_office_opens_later_it_comes_when_it_opens() -> None:
    arrived(Status.SUBMITTED, wib(23, 9))
    ramadan = HoursPeriodRow.objects.create(name="Ramadan", starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 30))
    OfficeSpanRow.objects.create(period=ramadan, weekday=1, opens=time(8), closes=time(15))
    assert digests.write_daily(now=wib(24, 8) - SECOND) == 0
    assert digests.write_daily(now=wib(24, 8)) == 1


def test_what_comes_during_the_day_waits_for_the_next_morning() -> None:
    digests.write_daily(now=wib(24, 7, 45))
    item = arrived(Status.RETURNED, wib(24, 9))
    assert digests.write_daily(now=wib(24, 10)) == 0
    assert digests.write_daily(now=wib(25, 7, 45)) == 1
    assert item.reference in text_to("staf")


def test_who_is_away_leaves_it_to_the_substitute(people: dict[str, User]) -> None:
    substitute = factories.person(None, email="pengganti@usk.ac.id")
    people["psi"].substitutions.create(substitute=substitute, starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 24))
    item = arrived(Status.DISPOSED, wib(23, 9))
    account.claim(item, by=people["psi"], now=wib(23, 10))
    digests.write_daily(now=wib(24, 8))
    assert set(mailed()) == {"pengganti"}
    OutgoingMail.objects.all().delete()
    digests.write_daily(now=wib(25, 8))
    assert set(mailed()) == {"psi"}


def test_who_does_not_want_it_turns_it_off_on_the_profile_page(people: dict[str, User], client: Client) -> None:
    arrived(Status.SUBMITTED, wib(23, 9))
    client.force_login(people["helpdesk"])
    page = reverse("profile")
    assert client.get(page).context["form"]["wants_digest"].value() is True
    typed = {"full_name": people["helpdesk"].full_name, "language": "id"}
    assert client.post(page, typed).status_code == 302
    assert AuditEvent.objects.get(verb="change_profile").data["what"].endswith("ringkasan harian")
    assert digests.write_daily(now=wib(24, 8)) == 0


def test_in_the_language_of_its_reader() -> None:
    arrived(Status.SUBMITTED, wib(23, 9))
    User.objects.update(language="en")
    digests.write_daily(now=wib(24, 8))
    assert mailed() == {"helpdesk": "Summary of 24 November 2026: 1 request waiting for you"}
    assert text_to("helpdesk").startswith("Dear ")


def test_a_summary_is_sent_when_the_mail_server_took_it() -> None:
    arrived(Status.SUBMITTED, wib(23, 9))
    digests.write_daily(now=wib(24, 8))
    assert digests.note_delivery() == 0
    tasks.deliver(OutgoingMail.objects.get().pk, now=wib(24, 8, 1))
    assert (digests.note_delivery(), digests.note_delivery()) == (1, 0)
    assert Digest.objects.get(rows=1).sent_at == wib(24, 8, 1)


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_write_one_each() -> None:
    arrived(Status.SUBMITTED, wib(19, 9))
    late = wib(23, 9)
    written = at_once([lambda: digests.write_daily(now=late) + digests.write_weekly(now=late)] * 4)
    assert sum(written) == 2
    assert len(mailed()) == OutgoingMail.objects.count() == 2


def test_asking_again_costs_no_question_per_person() -> None:
    asked = []
    for _ in range(2):
        for _ in range(4):
            factories.person(Role.HELPDESK)
        arrived(Status.SUBMITTED, wib(23, 9))
        digests.write_daily(now=wib(24, 8))
        with CaptureQueriesContext(connection) as questions:
            digests.write_daily(now=wib(24, 9))
        asked.append(len(questions))
    assert asked[0] == asked[1] <= 15


# --- every week ------------------------------------------------------------------------------------------
def test_the_head_reads_how_the_week_went() -> None:
    arrived(Status.SUBMITTED, wib(13, 9))  # came the week before
    in_time = arrived(Status.DISPOSED, wib(16, 9))
    factories.create_account(in_time, wib(17, 8))
    late, still_late = arrived(Status.DISPOSED, wib(16, 10)), arrived(Status.DISPOSED, wib(18, 9))
    clock.sweep(now=wib(20, 9))
    factories.create_account(late, wib(20, 10))
    finished = arrived(Status.FINISHED, wib(20, 9))
    arrived(Status.WITHDRAWN, wib(20, 9))
    OutgoingMail.objects.all().delete()
    assert digests.write_weekly(now=wib(23, 7, 44)) == 0
    assert digests.write_weekly(now=wib(23, 7, 45)) == 1
    assert mailed() == {"kepala": "Laporan mingguan webservice, 16 November 2026 s.d. 22 November 2026"}
    text = text_to("kepala")
    for line in (
        "Permohonan masuk        : 5",
        "Selesai                 : 1",
        "Dibatalkan unit         : 1",
        "Sedang berjalan saat ini: 4",
        "Terlambat saat ini      : 1",
        "SOP 3, Akun: 2 dari 3 (66 %)",
        "SOP 6, Surat balasan: 1 dari 1 (100 %)",
        "Batas waktu yang terlewati: 2",
    ):
        assert line in text, line
    assert [word for word in text.split() if word.startswith("GP26-")] == [late.reference, still_late.reference]
    assert "Batas waktu Selasa, 17 November 2026 10.04 WIB, sudah selesai" in text
    assert "Batas waktu Kamis, 19 November 2026 09.04 WIB, belum selesai" in text
    assert finished.reference not in text


def test_what_is_late_and_waits_for_the_unit_is_not_said_to_be_finished() -> None:
    late = arrived(Status.DISPOSED, wib(18, 9))
    account.ask_unit(late, by=factories.person(Role.PSI), now=wib(20, 9), question="Alamat IP?")
    digests.write_weekly(now=wib(23, 8))
    assert "Batas waktu Kamis, 19 November 2026 09.04 WIB, belum selesai" in text_to("kepala")


def test_it_comes_once_on_the_first_working_day_and_is_caught_up_in_that_week_only() -> None:
    factories.the_institution()
    holiday(23)
    assert [digests.write_weekly(now=at) for at in (wib(22, 10), wib(23, 10), wib(24, 7, 40))] == [0, 0, 0]
    assert [digests.write_weekly(now=at) for at in (wib(24, 7, 45), wib(24, 8), wib(23, 9), wib(26, 8))] == [1, 0, 0, 0]
    assert digests.write_weekly(now=datetime(2026, 12, 3, 12, 30, tzinfo=WIB)) == 0, "lunch"
    assert digests.write_weekly(now=datetime(2026, 12, 3, 13, tzinfo=WIB)) == 1, "a Thursday, after an outage"
    assert list(Digest.objects.values_list("kind", "on")) == [
        ("weekly", date(2026, 11, 30)),
        ("weekly", date(2026, 11, 23)),
    ]
    assert "Tidak ada batas waktu yang terlewati." in OutgoingMail.objects.order_by("pk")[0].text


def test_the_report_in_english_is_a_letter_too() -> None:
    factories.the_institution()
    User.objects.update(language="en")
    digests.write_weekly(now=wib(23, 8))
    assert mailed() == {"kepala": "Weekly web service report, 16 November 2026 to 22 November 2026"}
    assert "SOP 3, " in text_to("kepala")
    assert "No deadline passed." in text_to("kepala")
