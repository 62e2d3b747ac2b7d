"""Why a row was late: said by those who did it or the head, once, on record, and not changed after the end."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, Substitution, User
from accounts.roles import Role
from requests_app import lateness, selectors, working_time
from requests_app.lateness import LateRun
from requests_app.models import AccessRequest, LateReason
from requests_app.policies import Refused
from requests_app.sla import WIB
from requests_app.sop import Status
from requests_app.steps import late_reasons
from requests_app.steps.late_reasons import Reason
from tests import factories

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 2, 9, tzinfo=WIB)
THURSDAY = datetime(2026, 11, 5, 9, tzinfo=WIB)
BUSY = Reason("workload", "Tiga permohonan masuk bersamaan.")
AWAY = Reason("absence", "Petugas dinas luar dua hari.")


def late_run(request: AccessRequest, now: datetime = THURSDAY) -> LateRun:
    (run,) = lateness.of_request(request, calendar=working_time.working_calendar(), now=now)
    return run


@pytest.fixture
def late() -> AccessRequest:
    """A request whose account PSI did not make in its time, still waiting."""
    return factories.a_request(Status.DISPOSED, at=MONDAY)


def write(request: AccessRequest, reason: Reason, by: User, now: datetime = THURSDAY, **seen: str) -> LateReason:
    return late_reasons.write(request, late_run(request, now).key, reason, by=by, now=now, **seen)


def test_psi_says_why_and_it_stands_in_the_timeline(late: AccessRequest) -> None:
    psi = factories.person(Role.PSI)
    write(late, BUSY, psi)
    run = late_run(late)
    assert run.reason is not None
    assert (run.reason.cause, run.reason.text, run.reason.written_by) == (BUSY.cause, BUSY.text, psi)
    entry = selectors.timeline(late)[-1]
    assert entry.sentence == f"{psi} menulis alasan keterlambatan langkah “Akun”: Beban kerja."
    assert entry.detail == BUSY.text


def test_the_head_may_say_it_and_correct_what_another_wrote(late: AccessRequest) -> None:
    write(late, BUSY, factories.person(Role.PSI))
    head = factories.person(Role.HEAD)
    write(late, AWAY, head, now=THURSDAY + timedelta(hours=1))
    reason = LateReason.objects.get()
    assert (reason.cause, reason.written_by) == ("absence", head)
    verbs = AuditEvent.objects.filter(subject=late.subject, verb="explain_lateness").order_by("pk")
    assert [event.sentence for event in verbs] == [late_reasons.WRITTEN, late_reasons.CHANGED]


@pytest.mark.parametrize("role", [Role.HELPDESK, Role.UNIT_STAFF, Role.ADMINISTRATOR, Role.AUDITOR, None])
def test_it_is_not_for_others_to_say(late: AccessRequest, role: Role | None) -> None:
    with pytest.raises(Refused, match="ditulis oleh yang mengerjakan langkah itu atau Kepala"):
        write(late, BUSY, factories.person(role))
    assert not LateReason.objects.exists()
    assert not AuditEvent.objects.filter(verb="explain_lateness").exists()


def test_a_colleague_may_not_change_what_another_wrote(late: AccessRequest) -> None:
    psi = factories.person(Role.PSI, full_name="Nadia Safira")
    write(late, BUSY, psi)
    with pytest.raises(Refused, match=r"Alasan ini ditulis Nadia Safira\. Hanya penulisnya atau Kepala"):
        write(late, AWAY, factories.person(Role.PSI))
    write(late, AWAY, psi, now=THURSDAY + timedelta(hours=1))
    assert LateReason.objects.get().cause == "absence"


def test_a_substitute_of_the_head_says_it_in_the_heads_name(late: AccessRequest) -> None:
    day = timezone.localdate(THURSDAY)
    head, stands_in = factories.person(Role.HEAD, full_name="Dr. Maulana"), factories.person(None)
    Substitution.objects.create(absent=head, substitute=stands_in, starts_on=day, ends_on=day)
    write(late, BUSY, stands_in)
    event = AuditEvent.objects.get(verb="explain_lateness")
    assert (event.actor_id, event.acting_for) == (stands_in.pk, "Plh. menggantikan Dr. Maulana")


def test_after_the_end_a_missing_reason_can_be_written_but_a_written_one_stands() -> None:
    request = factories.a_request(Status.DISPOSED, at=MONDAY)
    psi = factories.somebody(Role.PSI)
    for minutes, status in enumerate(factories.MAIN_ROAD[4:]):
        factories.MOVES[status](request, THURSDAY + timedelta(minutes=minutes))
        request = AccessRequest.objects.get(pk=request.pk)
    assert request.status == Status.FINISHED
    write(request, BUSY, psi, now=THURSDAY + timedelta(days=1))
    with pytest.raises(Refused, match="sudah berakhir"):
        write(request, AWAY, factories.somebody(Role.HEAD), now=THURSDAY + timedelta(days=2))
    assert LateReason.objects.get().cause == "workload"


def test_what_is_not_late_needs_no_reason(late: AccessRequest) -> None:
    key = late_run(late).key
    in_time = MONDAY + timedelta(hours=20)
    with pytest.raises(Refused, match="tidak terlambat"):
        late_reasons.write(late, key, BUSY, by=factories.person(Role.HEAD), now=in_time)
    other = factories.a_request(Status.DISPOSED, at=MONDAY)
    with pytest.raises(Refused, match="tidak terlambat"):
        late_reasons.write(other, key, BUSY, by=factories.person(Role.HEAD), now=THURSDAY)


def test_two_who_write_at_once_do_not_overwrite_each_other_unseen(late: AccessRequest) -> None:
    head = factories.person(Role.HEAD)
    seen = late_reasons.seen(late_run(late))
    write(late, BUSY, factories.person(Role.PSI, full_name="Nadia Safira"))
    with pytest.raises(Refused, match="baru saja ditulis Nadia Safira: “Tiga permohonan"):
        write(late, AWAY, head, as_seen=seen)
    write(late, AWAY, head, as_seen=late_reasons.seen(late_run(late)))
    assert LateReason.objects.get().cause == "absence"
