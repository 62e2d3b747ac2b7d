"""Appointing a Plh. or Plt. and ending it early, through the one door."""

import threading
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.utils import translation

from accounts.models import AuditEvent, Notice, OutgoingMail, Substitution, User
from accounts.permissions import authority
from accounts.roles import Permission, Role
from accounts.substitutions import Appointment, NotPossible, appoint, end
from requests_app.selectors import say
from requests_app.sla import WIB
from tests.factories import person, the_institution

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, tzinfo=WIB)
DAY = timedelta(days=1)


@pytest.fixture
def head() -> User:
    the_institution()
    return person(Role.HEAD, full_name="Dr. Maulana", email="kepala@usk.ac.id")


@pytest.fixture
def deputy() -> User:
    return person(None, full_name="Nadia Safira", email="nadia@usk.ac.id")


@pytest.fixture
def administrator() -> User:
    return person(Role.ADMINISTRATOR, full_name="Yusra", email="yusra@usk.ac.id")


@pytest.fixture
def week(head: User, deputy: User) -> Appointment:
    return Appointment(head, deputy, TODAY, TODAY + 4 * DAY, basis="SP 12/2026")


def told() -> set[str]:
    return set(OutgoingMail.objects.values_list("to", flat=True))


# --- appointing -------------------------------------------------------------------------------------------
def test_a_head_appoints_for_themselves_and_the_substitute_is_told(week: Appointment, head: User, deputy: User) -> None:
    row = appoint(week, by=head, now=NOW)
    assert (row.absent, row.substitute, row.kind, row.basis) == (head, deputy, "Plh.", "SP 12/2026")
    assert authority(deputy, Permission.DISPOSE, TODAY) is not None
    mail = OutgoingMail.objects.get()
    assert mail.to == "nadia@usk.ac.id"
    assert mail.subject == "Nadia Safira menjadi Plh. Dr. Maulana"
    assert "mulai 23 November 2026 sampai dengan 27 November 2026" in mail.text
    assert "Dasar: SP 12/2026" in mail.text
    assert Notice.objects.get().user == deputy


def test_the_substitute_is_told_in_their_language(week: Appointment, head: User, deputy: User) -> None:
    deputy.language = "en"
    deputy.save()
    appoint(replace(week, substitute=deputy), by=head, now=NOW)
    mail = OutgoingMail.objects.get()
    assert mail.subject == "Nadia Safira stands in for Dr. Maulana"
    assert "from 23 November 2026 through 27 November 2026" in mail.text


def test_an_administrator_appoints_for_anybody_and_both_are_told(week: Appointment, administrator: User) -> None:
    appoint(week, by=administrator, now=NOW)
    assert told() == {"kepala@usk.ac.id", "nadia@usk.ac.id"}
    assert {notice.user.email for notice in Notice.objects.all()} == told()


def test_it_is_on_record_in_the_source_language_whoever_acts(week: Appointment, head: User) -> None:
    with translation.override("en"):
        appoint(week, by=head, now=NOW)
    event = AuditEvent.objects.get()
    assert (event.subject, event.verb, event.at) == (f"user:{head.pk}", "appoint_substitute", NOW)
    assert say(event) == (
        "Dr. Maulana menunjuk Nadia Safira sebagai Plh. Dr. Maulana, 23 November 2026 s.d. 27 November 2026."
    )
    assert event.data["detail"] == "SP 12/2026"


def test_one_who_stands_in_for_an_administrator_appoints_in_their_name(
    week: Appointment, administrator: User, deputy: User
) -> None:
    Substitution.objects.create(absent=administrator, substitute=deputy, starts_on=TODAY, ends_on=TODAY)
    other = person(None)
    appoint(replace(week, substitute=other), by=deputy, now=NOW)
    assert AuditEvent.objects.get().acting_for == "Plh. menggantikan Yusra"


def test_nobody_lends_themselves_the_right_of_another_not_even_an_administrator_or_their_substitute(
    week: Appointment, administrator: User, deputy: User
) -> None:
    Substitution.objects.create(absent=administrator, substitute=deputy, starts_on=TODAY, ends_on=TODAY)
    for by in (administrator, deputy):
        with pytest.raises(NotPossible, match="tidak dapat menunjuk diri sendiri"):
            appoint(replace(week, substitute=by, starts_on=TODAY + DAY), by=by, now=NOW)


@pytest.mark.parametrize("role", [None, Role.PSI, Role.HEAD, Role.AUDITOR])
def test_nobody_else_appoints_for_another(week: Appointment, role: Role | None) -> None:
    with pytest.raises(NotPossible, match="hanya dapat menunjuk pengganti untuk diri sendiri"):
        appoint(week, by=person(role), now=NOW)
    assert not Substitution.objects.exists()
    assert told() == set()
    assert not AuditEvent.objects.exists()


def test_somebody_without_a_role_has_nothing_to_lend(deputy: User) -> None:
    with pytest.raises(NotPossible):
        appoint(Appointment(deputy, person(None), TODAY, TODAY), by=deputy, now=NOW)


def test_a_substitute_cannot_appoint_a_substitute_of_the_head(week: Appointment, head: User, deputy: User) -> None:
    appoint(week, by=head, now=NOW)
    with pytest.raises(NotPossible):
        appoint(Appointment(head, person(None), TODAY + 10 * DAY, TODAY + 11 * DAY), by=deputy, now=NOW)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (-1, 4, "Tanggal mulai tidak boleh sebelum hari ini."),
        (3, 2, "Tanggal akhir tidak boleh sebelum tanggal mulai."),
        (0, 366, "Paling lama satu tahun."),
        (367, 368, "Tanggal mulai lebih dari satu tahun lagi."),
    ],
)
def test_dates_that_cannot_be(week: Appointment, head: User, first: int, last: int, said: str) -> None:
    wrong = replace(week, starts_on=TODAY + first * DAY, ends_on=TODAY + last * DAY)
    with pytest.raises(NotPossible, match=said.rstrip(".")):
        appoint(wrong, by=head, now=NOW)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (0, 365), (300, 310)])
def test_dates_that_can_be(week: Appointment, head: User, first: int, last: int) -> None:
    appoint(replace(week, starts_on=TODAY + first * DAY, ends_on=TODAY + last * DAY), by=head, now=NOW)


def test_today_is_the_local_date(week: Appointment, head: User) -> None:
    """At 00.30 WIB it is still yesterday in UTC."""
    appoint(replace(week, starts_on=TODAY), by=head, now=datetime(2026, 11, 23, 0, 30, tzinfo=WIB))
    with pytest.raises(NotPossible, match="sebelum hari ini"):
        appoint(replace(week, starts_on=TODAY, ends_on=TODAY), by=head, now=datetime(2026, 11, 24, 0, 30, tzinfo=WIB))


def test_people_who_cannot_be(week: Appointment, head: User, deputy: User, administrator: User) -> None:
    with pytest.raises(NotPossible, match="tidak ada yang menggantikan dirinya sendiri"):
        appoint(replace(week, substitute=head), by=head, now=NOW)
    left = person(None, is_active=False, full_name="Sudah Pindah")
    with pytest.raises(NotPossible, match="Sudah Pindah tidak aktif lagi"):
        appoint(replace(week, substitute=left), by=head, now=NOW)
    with pytest.raises(NotPossible, match="Nadia Safira tidak memiliki peran"):
        appoint(replace(week, absent=deputy, substitute=person(None)), by=administrator, now=NOW)


@pytest.mark.parametrize(
    ("first", "last", "possible"),
    [(-0, 0, False), (4, 8, False), (1, 2, False), (0, 20, False), (5, 8, True), (9, 9, True)],
)
def test_one_substitute_at_a_time(week: Appointment, head: User, first: int, last: int, possible: bool) -> None:
    appoint(week, by=head, now=NOW)  # days 0 to 4
    other = replace(week, substitute=person(None), starts_on=TODAY + first * DAY, ends_on=TODAY + last * DAY)
    if possible:
        appoint(other, by=head, now=NOW)
    else:
        with pytest.raises(
            NotPossible, match=r"Nadia Safira sudah ditunjuk \(23 November 2026 s.d. 27 November 2026\)"
        ):
            appoint(other, by=head, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_appoint_once(week: Appointment, head: User) -> None:
    start, outcomes = threading.Barrier(2), []

    def click() -> None:
        try:
            start.wait()
            appoint(week, by=head, now=NOW)
            outcomes.append("appointed")
        except NotPossible:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["appointed", "refused"]
    assert Substitution.objects.count() == OutgoingMail.objects.count() == 1


# --- ending early -----------------------------------------------------------------------------------------------
def test_ending_takes_the_authority_away_at_once_and_tells_the_substitute(
    week: Appointment, head: User, deputy: User
) -> None:
    row = appoint(week, by=head, now=NOW)
    OutgoingMail.objects.all().delete()
    end(row, by=head, now=NOW + 2 * DAY)
    row.refresh_from_db()
    assert row.ends_on == TODAY + DAY
    assert authority(User.objects.get(pk=deputy.pk), Permission.DISPOSE, TODAY + 2 * DAY) is None
    mail = OutgoingMail.objects.get()
    assert mail.to == "nadia@usk.ac.id"
    assert "diakhiri oleh Dr. Maulana pada Rabu, 25 November 2026 09.00 WIB" in mail.text
    event = AuditEvent.objects.latest("pk")
    assert event.verb == "end_substitute"
    assert say(event).startswith("Dr. Maulana mengakhiri penunjukan Nadia Safira")


@pytest.mark.parametrize("first", [0, 3])
def test_what_began_today_or_has_not_begun_is_taken_back_whole(
    week: Appointment, head: User, deputy: User, first: int
) -> None:
    row = appoint(replace(week, starts_on=TODAY + first * DAY), by=head, now=NOW)
    end(row, by=head, now=NOW)
    assert not Substitution.objects.exists()
    assert authority(User.objects.get(pk=deputy.pk), Permission.DISPOSE, TODAY) is None
    assert AuditEvent.objects.filter(verb="end_substitute").count() == 1


def test_after_ending_another_can_be_appointed_for_the_same_days(week: Appointment, head: User) -> None:
    end(appoint(week, by=head, now=NOW), by=head, now=NOW + DAY)
    appoint(replace(week, starts_on=TODAY + DAY, substitute=person(None)), by=head, now=NOW + DAY)


def test_an_administrator_ends_it_and_both_are_told(week: Appointment, head: User, administrator: User) -> None:
    row = appoint(week, by=head, now=NOW)
    OutgoingMail.objects.all().delete()
    end(row, by=administrator, now=NOW + DAY)
    assert told() == {"kepala@usk.ac.id", "nadia@usk.ac.id"}


def test_the_substitute_and_strangers_cannot_end_it(week: Appointment, head: User, deputy: User) -> None:
    row = appoint(week, by=head, now=NOW)
    for somebody in (deputy, person(Role.HEAD), person(None)):
        with pytest.raises(NotPossible):
            end(row, by=somebody, now=NOW)
    row.refresh_from_db()
    assert row.ends_on == TODAY + 4 * DAY


def test_what_is_over_cannot_be_ended_again(week: Appointment, head: User) -> None:
    row = appoint(week, by=head, now=NOW)
    with pytest.raises(NotPossible, match="sudah berakhir"):
        end(row, by=head, now=NOW + 5 * DAY)
    end(row, by=head, now=NOW + 4 * DAY)
    with pytest.raises(NotPossible, match="sudah berakhir"):
        end(row, by=head, now=NOW + 4 * DAY)


# --- a substitute who is away too -------------------------------------------------------------------------------
@pytest.mark.parametrize(("first", "last", "possible"), [(4, 9, False), (0, 0, False), (5, 9, True)])
def test_who_is_away_is_not_appointed_for_the_same_days(
    week: Appointment, head: User, deputy: User, first: int, last: int, possible: bool
) -> None:
    appoint(week, by=head, now=NOW)  # the head is away on days 0 to 4
    colleague = person(Role.PSI)
    for_colleague = Appointment(colleague, head, TODAY + first * DAY, TODAY + last * DAY)
    if possible:
        appoint(for_colleague, by=colleague, now=NOW)
    else:
        with pytest.raises(NotPossible, match=r"Dr\. Maulana sendiri berhalangan .* misalnya Nadia Safira"):
            appoint(for_colleague, by=colleague, now=NOW)


def test_when_the_substitute_goes_away_the_person_they_replace_is_told(week: Appointment, head: User) -> None:
    deputy = person(Role.PSI, full_name="Budi")
    appoint(replace(week, substitute=deputy), by=head, now=NOW)
    OutgoingMail.objects.all().delete()
    appoint(Appointment(deputy, person(None), TODAY + DAY, TODAY + DAY), by=deputy, now=NOW)
    row = OutgoingMail.objects.get(to=head.email)
    assert row.subject == "Pengganti Anda, Budi, juga berhalangan"
    assert "24 November 2026 sampai dengan 24 November 2026" in row.text
    assert Notice.objects.filter(user=head, text=row.subject).exists()


def test_a_right_is_lent_once(week: Appointment, head: User) -> None:
    deputy, third = person(Role.PSI), person(None)
    appoint(replace(week, substitute=deputy), by=head, now=NOW)
    appoint(Appointment(deputy, third, TODAY, TODAY), by=deputy, now=NOW)
    assert authority(User.objects.get(pk=third.pk), Permission.CREATE_ACCOUNT, TODAY) is not None
    assert authority(User.objects.get(pk=third.pk), Permission.DISPOSE, TODAY) is None
