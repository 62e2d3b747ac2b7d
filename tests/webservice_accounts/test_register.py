"""The register of processing: who could read what at which moment, and on which letter."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from requests_app.sop import Status
from tests.factories import DataTypeFactory, UnitFactory, a_request
from webservice_accounts import register
from webservice_accounts.lifecycle import WIB, State
from webservice_accounts.models import (
    AccountPeriod,
    DataType,
    Grant,
    Holding,
    Secret,
    Suspension,
    WebserviceAccount,
)
from webservice_accounts.register import Asked, Span, Stretch, could_read, find, instant, read_all, whole_day

NIP = "198706302014041002"


def wib(text: str) -> datetime:
    """`2026-03-01 10:15`, a WIB wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=WIB)


def span(since: str, until: str | None = None) -> Span:
    return Span(wib(since), wib(until) if until else None)


# --- the rule, by hand -----------------------------------------------------------------------------------
YEAR = ("2026-03-01 00:00", "2027-03-02 00:00")
OPENED = "2026-03-03 09:30"


def stretch(
    begins: str = YEAR[0],
    ends: str = YEAR[1],
    keys: tuple[Span, ...] = (span(OPENED),),
    suspensions: tuple[Span, ...] = (),
) -> Stretch:
    return Stretch(wib(begins), wib(ends), keys, suspensions)


SUSPENDED = stretch(suspensions=(span("2026-05-04 10:00", "2026-05-06 08:00"),))
STILL_SUSPENDED = stretch(suspensions=(span("2026-05-04 10:00"),))
ROTATED = stretch(keys=(span(OPENED, "2026-06-02 12:00"), span("2026-06-01 12:00")))
NEW_PERSON = stretch(keys=(span(OPENED, "2026-06-01 12:00"), span("2026-06-08 09:00")))


@pytest.mark.parametrize(
    ("line", "moment", "expected"),
    [
        (stretch(), "2026-03-02 12:00", False),  # granted, the key not opened
        (stretch(), "2026-03-03 09:29", False),
        (stretch(), OPENED, True),
        (stretch(), "2027-03-01 23:59", True),
        (stretch(), "2027-03-02 00:00", False),  # the end is exclusive
        (stretch(keys=(span("2026-02-20 09:00"),)), "2026-02-28 23:59", False),
        (stretch(keys=(span("2026-02-20 09:00"),)), "2026-03-01 00:00", True),  # WIB midnight
        (stretch(keys=()), "2026-08-01 12:00", False),
        (SUSPENDED, "2026-05-04 09:59", True),
        (SUSPENDED, "2026-05-04 10:00", False),
        (SUSPENDED, "2026-05-06 07:59", False),
        (SUSPENDED, "2026-05-06 08:00", True),
        (STILL_SUSPENDED, "2027-02-01 12:00", False),
        (ROTATED, "2026-06-01 18:00", True),  # two keys
        (ROTATED, "2026-06-02 12:00", True),  # the new one
        (NEW_PERSON, "2026-06-01 11:59", True),
        (NEW_PERSON, "2026-06-01 12:00", False),  # the old key ended, the new one not opened
        (NEW_PERSON, "2026-06-08 09:00", True),
    ],
)
def test_who_could_read_at_a_moment(line: Stretch, moment: str, expected: bool) -> None:
    assert could_read(line, instant(wib(moment))) is expected
    assert database_says(line, instant(wib(moment))) is expected


@pytest.mark.parametrize(
    ("line", "day", "expected"),
    [
        (stretch(), "2026-03-02", False),
        (stretch(), "2026-03-03", True),  # opened at half past nine
        (stretch(), "2027-03-01", True),
        (stretch(), "2027-03-02", False),
        (SUSPENDED, "2026-05-04", True),  # until ten
        (SUSPENDED, "2026-05-05", False),  # suspended all day
        (SUSPENDED, "2026-05-06", True),  # from eight
        (NEW_PERSON, "2026-06-01", True),
        (NEW_PERSON, "2026-06-02", False),
        (NEW_PERSON, "2026-06-07", False),
        (NEW_PERSON, "2026-06-08", True),
        # Reinstated at eight, but the key had ended at seven and another was opened at nine only after the end.
        (
            stretch(
                ends="2026-05-06 08:30",
                keys=(span(OPENED, "2026-05-06 07:00"), span("2026-05-06 09:00")),
                suspensions=(span("2026-05-04 10:00", "2026-05-06 08:00"),),
            ),
            "2026-05-06",
            False,
        ),
    ],
)
def test_who_could_read_at_some_moment_of_a_day(line: Stretch, day: str, expected: bool) -> None:
    assert could_read(line, whole_day(date.fromisoformat(day))) is expected
    assert database_says(line, whole_day(date.fromisoformat(day))) is expected


def test_a_day_is_from_midnight_to_midnight_in_wib() -> None:
    assert whole_day(date(2026, 3, 1)) == (
        datetime(2026, 2, 28, 17, tzinfo=UTC),
        datetime(2026, 3, 1, 17, tzinfo=UTC),
    )


# --- accounts with a history ------------------------------------------------------------------------------
def account_with(
    *,
    periods: list[tuple[datetime, datetime]],
    holders: list[tuple[datetime, datetime | None]],
    grants: list[tuple[datetime, datetime | None]],
    keys: list[tuple[datetime, datetime | None]] = (),
    suspensions: list[tuple[datetime, datetime | None]] = (),
    revoked_at: datetime | None = None,
    data_type: DataType | None = None,
    **fields: object,
) -> WebserviceAccount:
    """An account with exactly this history. Holders are called A, B, C; the nth period comes from request:PERIODn."""
    number = WebserviceAccount.objects.count()
    account = WebserviceAccount.objects.create(
        username=fields.pop("username", f"akun-{number}"),
        unit=fields.pop("unit", None) or UnitFactory(),
        application="SIAKAD",
        purpose="Menampilkan data.",
        origin="request:PERIOD1",
        holder_name="A",
        holder_identity_type="nip",
        holder_identity_number=NIP,
        holder_phone="+6281234567800",
        holder_email="a@usk.ac.id",
        starts_at=periods[0][0],
        ends_at=periods[-1][1],
        created_at=grants[0][0],
        created_by_name="Nadia Safira",
        revoked_at=revoked_at,
        **fields,
    )
    for nth, (starts_at, ends_at) in enumerate(periods, start=1):
        AccountPeriod.objects.create(
            account=account,
            starts_at=starts_at,
            ends_at=ends_at,
            origin=f"request:PERIOD{nth}",
            granted_by_name=f"PSI {nth}",
            granted_at=starts_at,
        )
    for name, (since, until) in zip("ABCDEFGH", holders, strict=False):
        Holding.objects.create(
            account=account,
            name=name,
            identity_type="nip",
            identity_number=NIP[:-1] + str(ord(name) % 10),
            phone="+6281234567800",
            email=f"{name}@usk.ac.id",
            since=since,
            until=until,
        )
    data_type = data_type or DataTypeFactory()
    for since, until in grants:
        Grant.objects.create(account=account, data_type=data_type, since=since, until=until, origin="request:PERIOD1")
    for nth, (created_at, ends_at) in enumerate(keys):
        Secret.objects.create(
            account=account,
            digest=f"{number}-{nth}",
            pepper_version=1,
            hint="x",
            created_at=created_at,
            ends_at=ends_at,
        )
    for since, until in suspensions:
        Suspension.objects.create(account=account, since=since, until=until, reason="uji", by_name="uji")
    return account


def database_says(line: Stretch, during: Span) -> bool:
    """What the query answers of an account with exactly this stretch."""
    account_with(
        periods=[(line.begins, line.ends)],
        holders=[ALWAYS],
        grants=[ALWAYS],
        keys=list(line.keys),
        suspensions=list(line.suspensions),
    )
    return register.readable(register.stretches(), during).exists()


def names_at(moment: str | date, **asked: object) -> list[str]:
    """Of the holders who could read then: a WIB wall clock, or a whole day."""
    during = instant(wib(moment)) if isinstance(moment, str) else whole_day(moment)
    return [line.holder for line in read_all(find(Asked(during=during, **asked)), wib("2026-11-22 12:00"))]


pytestmark = pytest.mark.django_db
ALWAYS = (wib("2020-01-01 00:00"), None)


def test_after_a_mutasi_the_old_and_the_new_person_each_have_their_time() -> None:
    change = wib("2026-06-01 12:00")
    account_with(
        periods=[(wib(YEAR[0]), wib(YEAR[1]))],
        grants=[(wib("2026-03-01 08:00"), None)],
        holders=[(wib("2026-03-01 08:00"), change), (change, None)],
        keys=[(wib(OPENED), change), (wib("2026-06-08 09:00"), None)],
    )
    assert names_at("2026-06-01 11:59") == ["A"]
    assert names_at("2026-06-01 12:00") == []
    assert names_at("2026-06-08 09:00") == ["B"]
    assert names_at(date(2026, 6, 1)) == ["A"]
    assert [line.holder for line in read_all(find(Asked()), change)] == ["A", "B"]


def test_renewed_after_a_gap_nobody_could_read_in_between_and_each_year_rests_on_its_own_letter() -> None:
    first, second = (
        (wib("2025-03-01 00:00"), wib("2026-03-02 00:00")),
        (wib("2026-04-01 00:00"), wib("2027-04-02 00:00")),
    )
    account_with(periods=[first, second], grants=[(first[0], None)], holders=[ALWAYS], keys=[(first[0], None)])
    assert names_at("2026-03-01 23:59") == ["A"]
    assert names_at("2026-03-02 00:00") == []
    assert names_at("2026-03-31 23:59") == []
    assert names_at("2026-04-01 00:00") == ["A"]
    lines = list(read_all(find(Asked()), wib("2026-11-22 12:00")))
    assert [(line.since, line.until, line.reference, line.granted_by) for line in lines] == [
        (date(2025, 3, 1), date(2026, 3, 1), "PERIOD1", "PSI 1"),
        (date(2026, 4, 1), date(2027, 4, 1), "PERIOD2", "PSI 2"),
    ]


def test_a_revoked_account_ends_with_the_revocation() -> None:
    revoked = wib("2026-05-04 10:00")
    account_with(
        periods=[(wib(YEAR[0]), wib(YEAR[1]))],
        grants=[ALWAYS],
        holders=[ALWAYS],
        keys=[(wib(OPENED), None)],
        revoked_at=revoked,
    )
    assert names_at("2026-05-04 09:59") == ["A"]
    assert names_at("2026-05-04 10:00") == []
    (line,) = read_all(find(Asked()), wib("2026-11-22 12:00"))
    assert (line.until, line.state) == (revoked, State.REVOKED)


def test_a_grant_taken_away_stays_in_the_register_as_ended() -> None:
    taken = wib("2026-07-01 09:00")
    account_with(
        periods=[(wib(YEAR[0]), wib(YEAR[1]))],
        grants=[(wib("2026-03-01 00:00"), taken)],
        holders=[ALWAYS],
        keys=[(wib(OPENED), None)],
    )
    assert names_at("2026-07-01 08:59") == ["A"]
    assert names_at("2026-07-01 09:00") == []
    (line,) = read_all(find(Asked()), wib("2026-11-22 12:00"))
    assert (line.until, line.state) == (taken, State.ENDED)


@pytest.mark.parametrize(
    ("suspended", "keys", "expected"),
    [
        (False, True, State.ACTIVE),
        (True, True, State.SUSPENDED),
        (False, False, State.NOT_YET_ACTIVE),
    ],
)
def test_the_present_state_of_a_line(suspended: bool, keys: bool, expected: State) -> None:
    account_with(
        periods=[(wib(YEAR[0]), wib(YEAR[1]))],
        grants=[ALWAYS],
        holders=[ALWAYS],
        keys=[(wib(OPENED), None)] if keys else [],
        suspensions=[(wib("2026-11-01 00:00"), None)] if suspended else [],
    )
    (line,) = read_all(find(Asked()), wib("2026-11-22 12:00"))
    assert line.state is expected


def test_data_unit_and_person_narrow_it_down() -> None:
    students, staff = DataTypeFactory(name="Mahasiswa"), DataTypeFactory(name="Pegawai")
    mine = UnitFactory()
    whole = {"periods": [(wib(YEAR[0]), wib(YEAR[1]))], "grants": [ALWAYS], "keys": [(wib(OPENED), None)]}
    account_with(**whole, holders=[ALWAYS], data_type=students, unit=mine, username="satu")
    account_with(
        **whole,
        holders=[(wib("2020-01-01 00:00"), wib("2026-06-01 00:00")), (wib("2026-06-01 00:00"), None)],
        data_type=staff,
        username="dua",
    )

    def found(**asked: object) -> list[tuple[str, str]]:
        return [(line.username, line.holder) for line in read_all(find(Asked(**asked)), wib("2026-11-22 12:00"))]

    assert found(data_type=students) == [("satu", "A")]
    assert found(unit=mine) == [("satu", "A")]
    assert found(person="b") == [("dua", "B")]
    number_of_b = NIP[:-1] + str(ord("B") % 10)
    assert found(person=number_of_b) == [("dua", "B")]
    assert found(person=f" {number_of_b[:8]} {number_of_b[8:14]} {number_of_b[14]} {number_of_b[15:]}") == [
        ("dua", "B")
    ]
    assert found(person=number_of_b[:17]) == [], "a masked number cannot be guessed digit by digit"
    assert found(data_type=staff, during=instant(wib("2026-08-01 00:00"))) == [("dua", "B")]


# --- letters -----------------------------------------------------------------------------------------------
def test_a_line_names_its_letter_its_disposition_and_who_granted_it() -> None:
    request = a_request(
        Status.REPLY_DRAFTING,
        at=wib("2026-03-02 09:00"),
        letter_number="112/UN11.F8/TI/2026",
        letter_date=date(2026, 2, 27),
    )
    head = request.dispositions.get().decided_by.full_name
    (line,) = read_all(find(Asked()), wib("2026-11-22 12:00"))
    assert line.basis == (
        "Surat permohonan Nomor 112/UN11.F8/TI/2026 tanggal 27 Februari 2026, disposisi tanggal 2 Maret 2026"
    )
    assert line.granted_by == f"{head}, dikerjakan oleh {request.account.created_by_name}"
    assert (line.reference, line.holder, line.username) == (
        request.reference,
        "Muhammad Iqbal, S.T.",
        request.account.username,
    )


def test_data_added_later_rests_on_the_letter_that_asked_for_it() -> None:
    account = account_with(periods=[(wib(YEAR[0]), wib(YEAR[1]))], grants=[ALWAYS], holders=[ALWAYS])
    later = a_request(
        Status.DISPOSED, at=wib("2026-08-03 09:00"), letter_number="9/B/2026", letter_date=date(2026, 8, 1)
    )
    more = DataTypeFactory(name="Zakat")
    Grant.objects.create(
        account=account, data_type=more, since=wib("2026-08-04 10:00"), origin=f"request:{later.reference}"
    )
    (line,) = read_all(find(Asked(data_type=more)), wib("2026-11-22 12:00"))
    assert "9/B/2026" in line.basis
    assert line.granted_by == later.dispositions.get().decided_by.full_name


def test_many_lines_cost_as_many_queries_as_few() -> None:
    counts = []
    for _more in range(2):
        for _one in range(3 if not counts else 27):
            account_with(periods=[(wib(YEAR[0]), wib(YEAR[1]))], grants=[ALWAYS], holders=[ALWAYS])
        with CaptureQueriesContext(
            connection,
        ) as asked:
            lines = list(read_all(find(Asked(during=None)), wib("2026-11-22 12:00")))
        counts.append((len(lines), len(asked)))
    assert counts == [(3, 3), (30, 3)]


# --- the rule and the query say the same --------------------------------------------------------------------
DAY_ZERO = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 9).map(lambda hours: DAY_ZERO + timedelta(hours=hours))


@st.composite
def chains(draw: st.DrawFn, *, least: int = 1, may_stay_open: bool = True) -> list[tuple[datetime, datetime | None]]:
    """Spans one after another, perhaps with gaps; the last one perhaps without an end."""
    cuts = sorted(draw(st.sets(MOMENTS, min_size=2, max_size=6)))
    every = list(pairwise(cuts))
    kept = draw(st.sets(st.sampled_from(range(len(every))), min_size=least))
    spans: list[tuple[datetime, datetime | None]] = [every[number] for number in sorted(kept)]
    if spans and may_stay_open and draw(st.booleans()):
        spans[-1] = (spans[-1][0], None)
    return spans


@st.composite
def overlapping(draw: st.DrawFn) -> list[tuple[datetime, datetime | None]]:
    """Up to three keys in any position to each other, as in a rotation; one may end the moment it is made."""
    return [
        (since, until if until is None else max(since, until))
        for since, until in draw(st.lists(st.tuples(MOMENTS, st.none() | MOMENTS), max_size=3))
    ]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    periods=chains(may_stay_open=False),
    holders=chains(),
    grants=chains(),
    keys=overlapping(),
    suspensions=chains(least=0),
    revoked_at=st.none() | MOMENTS,
    asked=st.tuples(MOMENTS, MOMENTS),
)
def test_the_database_answers_as_the_rule_does(
    periods: list[tuple[datetime, datetime]],
    holders: list[tuple[datetime, datetime | None]],
    grants: list[tuple[datetime, datetime | None]],
    keys: list[tuple[datetime, datetime | None]],
    suspensions: list[tuple[datetime, datetime | None]],
    revoked_at: datetime | None,
    asked: tuple[datetime, datetime],
) -> None:
    WebserviceAccount.objects.all().delete()
    account_with(
        periods=periods,
        holders=holders,
        grants=grants,
        keys=keys,
        suspensions=suspensions,
        revoked_at=revoked_at,
        data_type=DataType.objects.first() or DataTypeFactory(),
        unit=UnitFactory._meta.model.objects.first(),
    )
    start, end = sorted(asked)
    never = datetime(2100, 1, 1, tzinfo=UTC)
    for during in (instant(start), instant(end), *([Span(start, end)] if start < end else [])):
        expected = 0
        for period in periods:
            for holder in holders:
                for grant in grants:
                    begins = max(period[0], holder[0], grant[0])
                    ends = min(period[1], holder[1] or never, grant[1] or never, revoked_at or never)
                    line = Stretch(
                        begins, ends, tuple(Span(*key) for key in keys), tuple(Span(*s) for s in suspensions)
                    )
                    expected += begins < ends and could_read(line, during)
        assert register.readable(register.stretches(), during).count() == expected
