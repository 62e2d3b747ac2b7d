"""State x act x person for accounts that were handed out, written by hand; and what suspending and revoking do."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import AuditEvent, Notice, OutgoingMail, Substitution, User
from accounts.roles import Role
from requests_app.models import AccessRequest
from requests_app.sla import WIB
from requests_app.sop import Status
from tests.factories import a_request, person
from tests.racing import at_once
from webservice_accounts import handover, policies, selectors, services, standing
from webservice_accounts.lifecycle import State, state_at
from webservice_accounts.models import Suspension, WebserviceAccount
from webservice_accounts.policies import Act, Refused

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=WIB)
NOW = MONDAY + timedelta(hours=2)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)

PEOPLE = {
    "U": "staff of the unit",
    "V": "staff of another unit",
    "H": "helpdesk",
    "K": "head (kepala)",
    "L": "the head's substitute of these days (Plh.)",
    "P": "PSI",
    "Q": "PSI's substitute of these days (Plh.)",
    "A": "administrator",
    "I": "auditor (internal, reads only)",
    "R": "the responsible person, signed in, without a role",
    "X": "the responsible person, who was deactivated",
    "N": "nobody: not signed in",
}

# A cell names everybody who may; "." is nobody. "early" starts next week; "fresh" was made, and nobody was informed.
MATRIX = """
                 fresh  early  active ending ended suspended revoked
suspend          UKLPQR UKLPQR UKLPQR UKLPQR .     .         .
reinstate        .      .      .      .      .     PQ        .
revoke           KLPQ   KLPQ   KLPQ   KLPQ   KLPQ  KLPQ      .
change_data      PQ     PQ     PQ     PQ     .     PQ        .
change_addresses PQ     PQ     PQ     PQ     .     PQ        .
change_limits    PQ     PQ     PQ     PQ     .     PQ        .
rotate           .      PQR    PQR    PQR    .     PQR       .
end_secret       PQR    PQR    PQR    PQR    .     PQR       .
change_holder    .      PQ     PQ     PQ     .     PQ        .
decline_renewal  UPQR   UPQR   UPQR   UPQR   UPQR  UPQR      .
want_renewal     .      .      .      .      .     .         .
keep_unused      .      .      .      .      .     .         .
ask_renewal      .      .      U      U      U     U         .
"""
HEADER, *ROWS = [line.split() for line in MATRIX.strip().splitlines()]
CELLS = {(situation, row[0]): row[1:][at].strip(".") for row in ROWS for at, situation in enumerate(HEADER)}

NEW = services.Holder("Dr. Cut Intan", "nip", "199001012015042001", "+6281398765432", "intan@usk.ac.id")

TRIED: dict[str, Callable[[WebserviceAccount, User], object]] = {
    "suspend": lambda row, by: standing.suspend(row, by=by, now=NOW, reason="Bocor"),
    "reinstate": lambda row, by: standing.reinstate(row, by=by, now=NOW, reason="Sudah diperbaiki"),
    "revoke": lambda row, by: standing.revoke(row, by=by, now=NOW, reason="Disalahgunakan"),
    "change_data": lambda row, by: services.change_grants(
        row, data_types=[grant.data_type for grant in row.current_grants], by=by, now=NOW
    ),
    "change_addresses": lambda row, by: services.change_addresses(row, networks=["10.0.0.1/32"], by=by, now=NOW),
    "change_limits": lambda row, by: services.change_limits(row, rate_per_minute=5, burst=5, by=by, now=NOW),
    "rotate": lambda row, by: handover.rotate(row, overlap_hours=24, by=by, now=NOW),
    "change_holder": lambda row, by: handover.change_holder(row, NEW, reason="Surat", by=by, now=NOW),
    "decline_renewal": lambda row, by: standing.decline_renewal(row, by=by, now=NOW),
    "want_renewal": lambda row, by: standing.want_renewal(row, by=by, now=NOW),
    "keep_unused": lambda row, by: standing.keep_unused(row, by, NOW),
}


def account_in(situation: str) -> WebserviceAccount:
    """An account of which the database says what the situation says."""
    status = Status.ACCOUNT_CREATED if situation == "fresh" else Status.FINISHED
    account = WebserviceAccount.objects.get(requests=a_request(status, at=MONDAY))
    if situation == "early":
        account.starts_at, account.ends_at = NOW + 7 * DAY, NOW + 372 * DAY
    elif situation == "ending":
        account.starts_at, account.ends_at = NOW - 330 * DAY, NOW + 35 * DAY
    elif situation == "ended":
        account.starts_at, account.ends_at = NOW - 365 * DAY, NOW
    elif situation == "suspended":
        account.suspended_at = NOW - DAY
        Suspension.objects.create(account=account, reason="Bocor", since=NOW - DAY, by_name="Nadia")
    elif situation == "revoked":
        account.revoked_at = NOW
    account.save()
    return account


def people_of(account: WebserviceAccount) -> dict[str, User | AnonymousUser]:
    roles = {"H": Role.HELPDESK, "K": Role.HEAD, "P": Role.PSI, "A": Role.ADMINISTRATOR, "I": Role.AUDITOR}
    people: dict[str, User | AnonymousUser] = {letter: person(role) for letter, role in roles.items()}
    people |= {
        "U": person(Role.UNIT_STAFF, unit=account.unit),
        "V": person(Role.UNIT_STAFF),
        "L": person(None),
        "Q": person(None),
        "R": person(None, email=account.holder_email),
        "X": User(email=account.holder_email, is_active=False),
        "N": AnonymousUser(),
    }
    for substitute, absent in (("L", "K"), ("Q", "P")):
        Substitution.objects.create(
            absent=people[absent],
            substitute=people[substitute],
            starts_on=date(2026, 11, 23),
            ends_on=date(2026, 11, 23),
        )
    return people


@pytest.mark.parametrize("situation", HEADER)
def test_who_may_do_what_in_which_state(situation: str) -> None:
    account = account_in(situation)
    people = people_of(account)
    found = {
        act.value: "".join(
            letter for letter in PEOPLE if policies.why_not(people[letter], account, act, now=NOW) is None
        )
        for act in Act
    }
    order = list(PEOPLE)
    assert found == {
        act: "".join(sorted(cell, key=order.index)) for (at, act), cell in CELLS.items() if at == situation
    }


@pytest.mark.parametrize("situation", HEADER)
def test_the_services_let_through_exactly_those(situation: str) -> None:
    account = account_in(situation)
    people = {letter: one for letter, one in people_of(account).items() if isinstance(one, User) and one.pk}
    for act, attempt in TRIED.items():
        ever = "".join(cell for (_at, name), cell in CELLS.items() if name == act)
        for letter, one in people.items():
            with transaction.atomic():
                refusal = refusal_of(attempt, WebserviceAccount.objects.get(pk=account.pk), one)
                transaction.set_rollback(True)
            assert (refusal is None) == (letter in CELLS[situation, act]), f"{act} by {letter}: {refusal!r}"
            # What may never be theirs is told apart from what is not possible now.
            assert letter not in ever or not isinstance(refusal, PermissionDenied), f"{act} by {letter}"


def refusal_of(
    attempt: Callable[[WebserviceAccount, User], object], account: WebserviceAccount, by: User
) -> Exception | None:
    try:
        attempt(account, by)
    except (PermissionDenied, Refused) as problem:
        return problem
    return None


def test_the_table_is_whole() -> None:
    assert {row[0] for row in ROWS} == set(Act)
    assert {letter for cell in CELLS.values() for letter in cell} <= set(PEOPLE)


# --- the flags, which the table leaves empty ------------------------------------------------------------
@pytest.fixture
def account() -> WebserviceAccount:
    return account_in("active")


@pytest.fixture
def psi() -> User:
    return person(Role.PSI, full_name="Nadia Safira")


def state(account: WebserviceAccount, now: datetime = NOW) -> State:
    account.refresh_from_db()
    return state_at(account.facts, now)


def test_do_not_renew_can_be_said_once_and_taken_back(account: WebserviceAccount) -> None:
    staff = person(Role.UNIT_STAFF, unit=account.unit)
    standing.decline_renewal(account, by=staff, now=NOW)
    account.refresh_from_db()
    assert account.renewal_declined_at == NOW
    assert not policies.may_ask_renewal(staff, account, now=NOW)
    with pytest.raises(Refused, match="sudah ditandai tidak diperpanjang"):
        standing.decline_renewal(account, by=staff, now=NOW)
    standing.want_renewal(account, by=person(None, email=account.holder_email), now=NOW)
    account.refresh_from_db()
    assert account.renewal_declined_at is None
    assert policies.may_ask_renewal(staff, account, now=NOW)


@pytest.mark.parametrize(
    ("status", "may"), [("draft", False), ("disposed", False), ("withdrawn", True), ("finished", True)]
)
def test_one_renewal_at_a_time(account: WebserviceAccount, status: str, may: bool) -> None:
    staff = person(Role.UNIT_STAFF, unit=account.unit)
    AccessRequest.objects.create(
        reference="GP26-PANJNG", unit=account.unit, created_by=staff, renews=account, status=status, opened_at=NOW
    )
    assert policies.may_ask_renewal(staff, account, now=NOW) is may


def test_still_used_is_answered_only_when_it_was_asked(account: WebserviceAccount) -> None:
    holder = person(None, email=account.holder_email)
    with pytest.raises(Refused, match="Tidak ada pertanyaan"):
        standing.keep_unused(account, holder, NOW)
    WebserviceAccount.objects.filter(pk=account.pk).update(unused_told_at=NOW - DAY)
    standing.keep_unused(account, holder, NOW)
    account.refresh_from_db()
    assert (account.unused_told_at, account.unused_answered_at) == (None, NOW)


# --- suspending -----------------------------------------------------------------------------------------
def test_suspending_stops_it_at_once_and_says_since_when_the_incident_was(account: WebserviceAccount) -> None:
    holder = person(None, email=account.holder_email, full_name="Muhammad Iqbal")
    standing.suspend(account, by=holder, now=NOW, reason=" Kunci bocor ", incident_at=NOW - DAY)
    assert state(account, NOW - SECOND) is State.ACTIVE
    assert state(account) is State.SUSPENDED
    row = account.suspensions.get()
    assert (row.cause, row.reason, row.incident_at, row.since, row.until, row.by_name) == (
        "decided",
        "Kunci bocor",
        NOW - DAY,
        NOW,
        None,
        "Muhammad Iqbal",
    )
    event = AuditEvent.objects.get(subject=account.subject)
    assert (event.verb, event.data["detail"]) == ("suspend", "Kunci bocor")


@pytest.mark.parametrize(("after", "is_refused"), [(-1, False), (0, False), (1, True)])
def test_an_incident_is_not_in_the_future(account: WebserviceAccount, psi: User, after: int, is_refused: bool) -> None:
    moment = NOW + after * SECOND
    if is_refused:
        with pytest.raises(Refused, match="tidak dapat berada di masa depan"):
            standing.suspend(account, by=psi, now=NOW, reason="Bocor", incident_at=moment)
        assert not Suspension.objects.exists()
    else:
        standing.suspend(account, by=psi, now=NOW, reason="Bocor", incident_at=moment)


@pytest.mark.parametrize("act", [standing.suspend, standing.revoke])
def test_without_a_reason_nothing_happens(
    account: WebserviceAccount, psi: User, act: Callable[..., WebserviceAccount]
) -> None:
    with pytest.raises(Refused, match="Tuliskan alasannya"):
        act(account, by=psi, now=NOW, reason=" \n ")
    assert state(account) is State.ACTIVE
    assert not AuditEvent.objects.filter(subject=account.subject).exists()


def test_reinstating_brings_it_back_with_its_keys_and_keeps_the_history(account: WebserviceAccount, psi: User) -> None:
    keys = list(selectors.living_secrets(account, NOW))
    standing.suspend(account, by=psi, now=NOW, reason="Bocor")
    later = NOW + DAY
    standing.reinstate(account, by=psi, now=later, reason="Salah paham")
    assert state(account, later) is State.ACTIVE
    assert list(selectors.living_secrets(account, later)) == keys
    row = account.suspensions.get()
    assert (row.since, row.until, row.ended_by_name) == (NOW, later, "Nadia Safira")
    standing.suspend(account, by=psi, now=later + DAY, reason="Lagi")
    assert account.suspensions.count() == 2


def test_everybody_concerned_hears_of_a_suspension_once(account: WebserviceAccount, psi: User) -> None:
    holder, colleague = person(None, email=account.holder_email), person(Role.PSI)
    staff = person(Role.UNIT_STAFF, unit=account.unit)
    standing.suspend(account, by=psi, now=NOW, reason="Bocor")
    told = OutgoingMail.objects.filter(key__startswith="account_suspended")
    psi_others = set(User.objects.filter(role_grants__role=Role.PSI).exclude(pk=psi.pk).values_list("email", flat=True))
    assert sorted(mail.to for mail in told) == sorted({holder.email, account.unit.email, *psi_others})
    assert all("Alasan: Bocor" in mail.text and "30 detik" in mail.text for mail in told)
    noticed = set(Notice.objects.filter(key__startswith="account_suspended").values_list("user", flat=True))
    assert {holder.pk, colleague.pk, staff.pk} <= noticed
    assert psi.pk not in noticed


def test_a_substitute_is_named_with_whom_they_stand_in_for(account: WebserviceAccount, psi: User) -> None:
    substitute = person(None, full_name="Rahmat")
    Substitution.objects.create(absent=psi, substitute=substitute, starts_on=NOW.date(), ends_on=NOW.date())
    standing.suspend(account, by=substitute, now=NOW, reason="Bocor")
    assert account.suspensions.get().by_name == "Rahmat (Plh. menggantikan Nadia Safira)"


# --- revoking -------------------------------------------------------------------------------------------
def test_revoking_is_final_and_ends_keys_and_links(account: WebserviceAccount, psi: User) -> None:
    handover.rotate(account, overlap_hours=24, by=psi, now=NOW - SECOND)
    standing.revoke(account, by=person(Role.HEAD), now=NOW, reason="Disalahgunakan")
    assert state(account) is State.REVOKED
    assert account.revocation_reason == "Disalahgunakan"
    assert not selectors.living_secrets(account, NOW).exists()
    assert not account.tickets.filter(ended_at=None).exists()
    for again in (TRIED["reinstate"], TRIED["revoke"], TRIED["rotate"], TRIED["suspend"]):
        with pytest.raises(Refused, match="berstatus “Dicabut”"):
            again(account, psi)


def test_a_suspension_that_lasted_stays_in_the_history_of_a_revoked_account(
    account: WebserviceAccount, psi: User
) -> None:
    standing.suspend(account, by=psi, now=NOW - DAY, reason="Bocor")
    standing.revoke(account, by=psi, now=NOW, reason="Disalahgunakan")
    assert account.suspensions.get().until is None


# --- older pages and several at once ----------------------------------------------------------------------
def test_who_revokes_from_an_older_page_is_told_what_happened_but_a_leak_is_stopped_all_the_same(
    account: WebserviceAccount, psi: User
) -> None:
    seen = selectors.version_of(account)
    services.change_limits(account, rate_per_minute=5, burst=5, by=psi, now=NOW)
    with pytest.raises(services.ChangedMeanwhile, match="Nadia Safira mengubah batas akun"):
        standing.revoke(account, by=person(Role.HEAD), now=NOW, reason="Disalahgunakan", version=seen)
    assert state(account) is State.ACTIVE
    handover.rotate(account, overlap_hours=0, by=psi, now=NOW, version=seen)
    standing.suspend(account, by=psi, now=NOW, reason="Bocor")


def names(outcomes: list[object]) -> list[str]:
    return sorted(type(outcome).__name__ for outcome in outcomes)


@pytest.mark.django_db(transaction=True)
def test_of_several_who_suspend_at_once_one_does() -> None:
    account = account_in("active")
    people = [person(Role.PSI) for _number in range(4)]
    works = [lambda by=by: standing.suspend(account, by=by, now=NOW, reason="Bocor") for by in people]
    assert names(at_once(works)) == ["Refused"] * 3 + ["WebserviceAccount"]
    assert account.suspensions.count() == 1
    assert AuditEvent.objects.filter(subject=account.subject).count() == 1


@pytest.mark.django_db(transaction=True)
def test_whoever_revokes_while_a_new_key_is_opened_leaves_no_living_key() -> None:
    account = account_in("active")
    psi, head = person(Role.PSI), person(Role.HEAD)
    handover.rotate(account, overlap_hours=24, by=psi, now=NOW)
    holder = handover.ProvenHolder(account.pk, account.holder_name)
    revoked, opened = at_once(
        [
            lambda: standing.revoke(account, by=head, now=NOW, reason="Disalahgunakan"),
            lambda: handover.reveal(account, by=holder, now=NOW),
        ]
    )
    assert isinstance(revoked, WebserviceAccount)
    assert isinstance(opened, str | handover.HandoverError)
    assert not selectors.living_secrets(account, NOW).exists()
