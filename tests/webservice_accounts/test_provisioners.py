"""What outside services must follow: which rows are written, which are overtaken, and what a person ticks off."""

import json
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import translation

from accounts import audit
from accounts.models import AuditEvent, Notice, OutgoingMail, User
from accounts.roles import Role
from requests_app.sla import WIB
from tests.factories import DataTypeFactory, an_outside_account, person
from webservice_accounts import handover, provisioners, tasks
from webservice_accounts.models import DataType, ProvisioningTask, Service, WebserviceAccount

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 10, tzinfo=WIB)
END = datetime(2027, 11, 24, tzinfo=WIB)
"""Of an account made on the day of NOW: valid through 23 November 2027."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Event, State, By = ProvisioningTask.Event, ProvisioningTask.State, Service.Provisioner


@pytest.fixture(autouse=True)
def _no_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent here; test_tasks.py sends."""
    monkeypatch.setattr(provisioners, "after_commit", lambda *_: None)


@pytest.fixture
def psi() -> User:
    return person(Role.PSI, full_name="Nadia Safira")


def outside(code: str = "siakad", by: str = By.WEBHOOK) -> DataType:
    """A kind of data at a service that keeps its own accounts."""
    service = Service.objects.create(
        code=code, name=code.upper(), provisioner=by, webhook_url=f"https://{code}.example/gapura"
    )
    return DataTypeFactory(service=service, code=f"{code}-mahasiswa", name=f"Mahasiswa {code}")


def rows(account: WebserviceAccount, code: str = "siakad") -> list[tuple[str, str]]:
    """Event and state of a service's rows, the oldest first."""
    found = account.provisioning_tasks.filter(service__code=code).order_by("pk")
    return [(row.event.removeprefix("account."), row.state) for row in found]


def last(account: WebserviceAccount, code: str = "siakad") -> ProvisioningTask:
    return account.provisioning_tasks.filter(service__code=code).latest("pk")


def carry_out(account: WebserviceAccount, code: str = "siakad") -> None:
    """The service took the newest row."""
    account.provisioning_tasks.filter(pk=last(account, code).pk).update(state=State.DONE, done_at=NOW)


def change(account: WebserviceAccount, event: ProvisioningTask.Event, now: datetime = NOW, **fields: object) -> None:
    """Write `fields` and announce."""
    WebserviceAccount.objects.filter(pk=account.pk).update(**fields)
    provisioners.announce(account, event, now=now)


# --- who hears what -------------------------------------------------------------------------
def test_services_behind_the_gate_are_told_nothing() -> None:
    account = an_outside_account(DataTypeFactory(), at=NOW)
    assert not account.provisioning_tasks.exists()


def test_each_outside_service_of_the_account_hears_of_its_own_data() -> None:
    outside("lain")
    account = an_outside_account(outside("siakad"), outside("perpus"), DataTypeFactory(), at=NOW)
    told = {task.service.code: task.payload["scopes"] for task in account.provisioning_tasks.all()}
    assert told == {"siakad": ["siakad-mahasiswa"], "perpus": ["perpus-mahasiswa"]}
    assert rows(account) == [("created", "waiting")]


def test_a_service_that_is_switched_off_hears_nothing() -> None:
    data = outside()
    Service.objects.filter(code="siakad").update(is_active=False)
    assert not an_outside_account(data, at=NOW).provisioning_tasks.exists()


def test_a_service_that_is_switched_on_again_hears_what_happened_meanwhile() -> None:
    data = outside()
    revoked, narrowed, same = (an_outside_account(data, at=NOW, username=name) for name in ("cabut", "ubah", "sama"))
    ProvisioningTask.objects.update(state=State.DONE)
    Service.objects.filter(code="siakad").update(is_active=False)
    change(revoked, Event.END, revoked_at=NOW)
    change(narrowed, Event.CHANGE, rate_per_minute=7)
    later = an_outside_account(data, at=NOW, username="baru")
    assert ProvisioningTask.objects.count() == 3
    service = Service.objects.get(code="siakad")
    service.is_active = True
    service.save()
    for _time in range(2):
        provisioners.service_changed(service, By.WEBHOOK, was_active=False, now=NOW)
    assert rows(revoked) == [("created", "done"), ("ended", "waiting")]
    assert last(revoked).payload["reason"] == "revoked"
    assert rows(narrowed) == [("created", "done"), ("changed", "waiting")]
    assert rows(same) == [("created", "done")]
    assert rows(later) == [("created", "waiting")]


def test_what_is_told_is_exactly_this() -> None:
    account = an_outside_account(outside(), at=NOW, networks=["10.44.3.0/24", "10.1.1.1/32"])
    assert json.loads(tasks.body_of(last(account))) == {
        "type": "account.created",
        "timestamp": "2026-11-23T03:00:00.000000Z",
        "data": {
            "service": "siakad",
            "username": "fmipa-presensi",
            "unit": {"code": account.unit.code, "name": account.unit.name},
            "state": "active",
            "reason": "created",
            "scopes": ["siakad-mahasiswa"],
            "addresses": ["10.1.1.1/32", "10.44.3.0/24"],
            "rate_per_minute": 600,
            "burst": 60,
            "starts_at": "2026-11-22T17:00:00.000000Z",
            "ends_at": "2027-11-23T17:00:00.000000Z",
            "holder_since": "2026-11-23T03:00:00.000000Z",
            "holder": {"name": "Muhammad Iqbal, S.T.", "email": "pj@usk.ac.id"},
        },
    }


def test_no_secret_identity_number_or_telephone_is_told_and_no_person_where_access_ends() -> None:
    account = an_outside_account(outside(), at=NOW)
    WebserviceAccount.objects.filter(pk=account.pk).update(informed_at=NOW)
    holder = handover.ProvenHolder(account.pk, account.holder_name)
    secret = handover.reveal(account, by=holder, now=NOW)
    digest = account.secrets.get().digest
    carry_out(account)
    for event, fields in (
        (Event.CHANGE, {"burst": 99}),
        (Event.SUSPEND, {"suspended_at": NOW}),
        (Event.REINSTATE, {"suspended_at": None}),
        (Event.END, {"revoked_at": NOW}),
    ):
        change(account, event, **fields)
        carry_out(account)
    bodies = {task.event: tasks.body_of(task).decode() for task in account.provisioning_tasks.all()}
    assert len(bodies) == 5
    for body in bodies.values():
        for hidden in (secret, secret[4:], digest, "198706302014041002", "81234567800", "Presensi", "GP26"):
            assert hidden not in body
    assert "pj@usk.ac.id" in bodies[Event.CREATE]
    assert "pj@usk.ac.id" not in bodies[Event.SUSPEND] + bodies[Event.END]
    kept = json.dumps(list(account.provisioning_tasks.values_list("payload", flat=True)))
    assert "pj@usk.ac.id" not in kept, "no copies of personal data wait in rows"


def test_a_change_that_alters_nothing_for_a_service_is_not_told_to_it() -> None:
    account = an_outside_account(outside("siakad"), outside("perpus"), at=NOW)
    carry_out(account, "perpus")
    account.grants.create(
        data_type=DataTypeFactory(service=Service.objects.get(code="siakad"), code="siakad-nilai"),
        since=NOW,
        origin="x",
    )
    provisioners.announce(account, Event.CHANGE, now=NOW)
    assert rows(account, "perpus") == [("created", "done")]
    assert last(account, "siakad").payload["scopes"] == ["siakad-mahasiswa", "siakad-nilai"]


def test_a_new_responsible_person_is_a_change_although_nothing_else_changed() -> None:
    account = an_outside_account(outside(), at=NOW)
    carry_out(account)
    provisioners.announce(account, Event.CHANGE, now=NOW)
    assert rows(account) == [("created", "done")]
    account.holdings.update(until=NOW + HOUR)
    account.holdings.create(
        name="Ayu", identity_type="nip", identity_number="1", phone="+6281", email="a@usk.ac.id", since=NOW + HOUR
    )
    provisioners.announce(account, Event.CHANGE, now=NOW + HOUR)
    assert rows(account) == [("created", "done"), ("changed", "waiting")]
    assert last(account).payload["holder_since"] == "2026-11-23T04:00:00.000000Z"


def test_a_service_from_which_everything_was_taken_away_hears_the_end_once_and_a_new_beginning() -> None:
    account = an_outside_account(outside("siakad"), outside("perpus"), at=NOW)
    carry_out(account)
    account.grants.filter(data_type__service__code="siakad").update(until=NOW)
    provisioners.announce(account, Event.CHANGE, now=NOW)
    provisioners.announce(account, Event.CHANGE, now=NOW + HOUR)
    assert rows(account) == [("created", "done"), ("ended", "waiting")]
    assert (last(account).payload["state"], last(account).payload["reason"]) == ("ended", "no_scope_left")
    carry_out(account)
    account.grants.create(data_type=DataType.objects.get(code="siakad-mahasiswa"), since=NOW + DAY, origin="x")
    provisioners.announce(account, Event.CHANGE, now=NOW + DAY)
    assert rows(account)[-1] == ("created", "waiting")


def test_after_revoking_nothing_opens_the_account_again() -> None:
    account = an_outside_account(outside(), at=NOW)
    carry_out(account)
    change(account, Event.END, revoked_at=NOW)
    assert last(account).payload["reason"] == "revoked"
    change(account, Event.CHANGE, burst=1)
    change(account, Event.END)
    assert rows(account) == [("created", "done"), ("ended", "waiting")]


def test_a_change_of_an_account_that_has_ended_opens_nothing() -> None:
    account = an_outside_account(outside(), at=NOW)
    carry_out(account)
    change(account, Event.CHANGE, now=END + HOUR, burst=1)
    assert rows(account)[-1] == ("ended", "waiting")
    change(account, Event.CHANGE, now=END + 2 * HOUR, burst=2)
    assert len(rows(account)) == 2


def test_nothing_is_written_when_the_act_is_undone() -> None:
    account = an_outside_account(outside(), at=NOW)
    carry_out(account)

    def act() -> None:
        with transaction.atomic():
            change(account, Event.SUSPEND, suspended_at=NOW)
            raise ValueError("the act was undone")

    with pytest.raises(ValueError, match="undone"):
        act()
    assert rows(account) == [("created", "done")]


# --- order: the newest row says all -----------------------------------------------------------
def test_a_later_row_overtakes_what_was_not_carried_out() -> None:
    account = an_outside_account(outside(), at=NOW)
    carry_out(account)
    change(account, Event.CHANGE, burst=99)
    change(account, Event.SUSPEND, suspended_at=NOW)
    assert rows(account) == [("created", "done"), ("changed", "superseded"), ("suspended", "waiting")]
    assert (last(account).payload["state"], last(account).payload["burst"]) == ("suspended", 99)


def test_until_the_service_knows_the_account_every_opening_is_a_creation() -> None:
    account = an_outside_account(outside(), at=NOW)
    change(account, Event.CHANGE, burst=99)
    assert rows(account) == [("created", "superseded"), ("created", "waiting")]


def test_what_was_given_up_is_overtaken_too_and_an_equal_change_tries_again() -> None:
    account = an_outside_account(outside(), at=NOW)
    account.provisioning_tasks.update(state=State.FAILED)
    provisioners.announce(account, Event.CHANGE, now=NOW)
    assert rows(account) == [("created", "superseded"), ("created", "waiting")]


def test_what_is_on_its_way_is_left_alone() -> None:
    account = an_outside_account(outside(), at=NOW)
    account.provisioning_tasks.update(state=State.SENDING, sending_since=NOW)
    change(account, Event.SUSPEND, suspended_at=NOW)
    assert rows(account) == [("created", "sending"), ("suspended", "waiting")]


# --- the end ------------------------------------------------------------------------------------
@pytest.mark.parametrize(("moment", "count"), [(END - timedelta(seconds=1), 0), (END, 1), (END + 40 * DAY, 1)])
def test_a_service_with_a_webhook_hears_of_the_end_when_it_has_come_or_after_an_outage(
    moment: datetime, count: int
) -> None:
    account = an_outside_account(outside(), at=NOW)
    carry_out(account)
    assert provisioners.announce_ends(now=moment) == count
    assert provisioners.announce_ends(now=moment + HOUR) == (0 if count else 1)
    assert rows(account) == [("created", "done"), ("ended", "waiting")]
    assert last(account).payload["reason"] == "ended"
    assert last(account).next_try_at <= moment + HOUR


@pytest.mark.parametrize(("moment", "count"), [(END - 7 * DAY - timedelta(seconds=1), 0), (END - 7 * DAY, 1)])
def test_a_person_finds_the_task_seven_days_before_due_at_the_end(moment: datetime, count: int) -> None:
    account = an_outside_account(outside(by=By.BY_HAND), at=NOW)
    carry_out(account)
    assert provisioners.announce_ends(now=moment) == count
    if count:
        assert last(account).due_at == END
        assert provisioners.line(last(account), END).tone == "yours"
        assert provisioners.line(last(account), END + timedelta(seconds=1)).tone == "late"


def test_a_renewal_withdraws_what_was_prepared_and_its_own_end_comes_a_year_later() -> None:
    account = an_outside_account(outside(by=By.BY_HAND), at=NOW)
    carry_out(account)
    provisioners.announce_ends(now=END - 3 * DAY)
    renewed = END + 365 * DAY
    change(account, Event.CHANGE, now=END - DAY, ends_at=renewed)
    assert rows(account) == [("created", "done"), ("ended", "superseded"), ("changed", "waiting")]
    carry_out(account)
    assert provisioners.announce_ends(now=END + DAY) == 0
    assert provisioners.announce_ends(now=renewed - 7 * DAY) == 1
    assert last(account).due_at == renewed


def test_a_renewed_account_makes_no_end_at_its_old_end() -> None:
    account = an_outside_account(outside(), at=NOW)
    carry_out(account)
    change(account, Event.CHANGE, now=END - DAY, ends_at=END + 365 * DAY)
    assert provisioners.announce_ends(now=END + DAY) == 0


def test_another_change_leaves_the_prepared_end_standing() -> None:
    account = an_outside_account(outside(by=By.BY_HAND), at=NOW)
    carry_out(account)
    provisioners.announce_ends(now=END - 3 * DAY)
    change(account, Event.CHANGE, now=END - 2 * DAY, burst=99)
    assert rows(account) == [("created", "done"), ("ended", "waiting"), ("changed", "waiting")]
    assert provisioners.announce_ends(now=END - DAY) == provisioners.announce_ends(now=END + DAY) == 0


def test_a_prepared_end_does_not_hide_what_must_be_done_before_it() -> None:
    account = an_outside_account(outside(by=By.BY_HAND), at=NOW)
    carry_out(account)
    change(account, Event.CHANGE, now=END - 8 * DAY, burst=99)
    provisioners.announce_ends(now=END - 7 * DAY)
    assert rows(account)[-2:] == [("changed", "waiting"), ("ended", "waiting")]


def test_a_revoked_account_has_no_second_end() -> None:
    account = an_outside_account(outside(), at=NOW)
    carry_out(account)
    change(account, Event.END, revoked_at=NOW)
    assert provisioners.announce_ends(now=END + DAY) == 0


def test_a_suspended_account_ends_all_the_same() -> None:
    account = an_outside_account(outside(), at=NOW)
    carry_out(account)
    change(account, Event.SUSPEND, suspended_at=NOW)
    carry_out(account)
    assert provisioners.announce_ends(now=END) == 1


def test_revoking_within_the_last_week_leaves_one_end_to_carry_out() -> None:
    account = an_outside_account(outside(by=By.BY_HAND), at=NOW)
    carry_out(account)
    provisioners.announce_ends(now=END - 3 * DAY)
    change(account, Event.END, now=END - 2 * DAY, revoked_at=END - 2 * DAY)
    assert rows(account) == [("created", "done"), ("ended", "superseded"), ("ended", "waiting")]
    assert last(account).due_at < END


# --- another way to keep accounts ----------------------------------------------------------------
def test_a_service_that_leaves_the_gate_hears_of_every_living_account() -> None:
    data = DataTypeFactory()
    living = an_outside_account(data, at=NOW)
    an_outside_account(
        DataTypeFactory(service=Service.objects.create(code="lain", name="Lain")), at=NOW, username="lain"
    )
    gone = an_outside_account(data, at=NOW, username="dicabut")
    WebserviceAccount.objects.filter(pk=gone.pk).update(revoked_at=NOW)
    service = data.service
    service.provisioner = By.WEBHOOK
    service.save()
    provisioners.service_changed(service, By.GATE, now=NOW)
    assert [(task.account, task.event) for task in ProvisioningTask.objects.all()] == [(living, Event.CREATE)]


def test_what_waits_goes_the_new_way_and_back_behind_the_gate_nothing_waits() -> None:
    account = an_outside_account(outside(), at=NOW)
    account.provisioning_tasks.update(state=State.FAILED)
    service = Service.objects.get(code="siakad")
    service.provisioner = By.BY_HAND
    service.save()
    provisioners.service_changed(service, By.WEBHOOK, now=NOW)
    assert rows(account) == [("created", "waiting")]
    service.provisioner = By.GATE
    service.save()
    provisioners.service_changed(service, By.BY_HAND, now=NOW)
    assert rows(account) == [("created", "superseded")]


def test_data_that_goes_to_another_service_is_told_to_both() -> None:
    data, other = outside("siakad"), outside("perpus")
    account = an_outside_account(data, at=NOW)
    carry_out(account)
    data.service = other.service
    data.save()
    provisioners.data_type_moved(data, now=NOW)
    assert rows(account, "siakad") == [("created", "done"), ("ended", "waiting")]
    assert rows(account, "perpus") == [("created", "waiting")]


# --- by hand -----------------------------------------------------------------------------------
def test_psi_is_told_of_a_task_by_hand_and_of_no_webhook(psi: User) -> None:
    account = an_outside_account(outside(by=By.BY_HAND), outside("perpus"), at=NOW)
    (notice,) = Notice.objects.filter(user=psi)
    assert notice.text == "Ada tugas di layanan SIAKAD untuk akun fmipa-presensi."
    assert notice.url == f"/akun/tugas-layanan/{last(account).pk}/"
    (mail,) = OutgoingMail.objects.filter(to=psi.email)
    assert "Kamis, 26 November 2026 10.00 WIB" in mail.text
    assert notice.url in mail.text


@pytest.mark.parametrize(
    ("event", "due"),
    [(Event.CHANGE, NOW + 3 * DAY), (Event.SUSPEND, NOW + DAY), (Event.END, NOW + DAY)],
)
def test_what_closes_is_due_sooner_than_what_opens(event: ProvisioningTask.Event, due: datetime) -> None:
    account = an_outside_account(outside(by=By.BY_HAND), at=NOW - 9 * DAY)
    carry_out(account)
    change(account, event, burst=99)
    assert last(account).due_at == due


def test_who_did_it_says_when_and_the_account_s_history_keeps_it(psi: User) -> None:
    account = an_outside_account(outside(by=By.BY_HAND), at=NOW)
    done = provisioners.tick(last(account), done_at=NOW + HOUR, remark="lewat konsol", by=psi, now=NOW + DAY)
    done.refresh_from_db()
    assert (done.state, done.done_at, done.done_by_name, done.remark) == (
        State.DONE,
        NOW + HOUR,
        "Nadia Safira",
        "lewat konsol",
    )
    event = AuditEvent.objects.get(subject="account:fmipa-presensi", verb="service_task_done")
    assert (event.at, event.happened_at) == (NOW + DAY, NOW + HOUR)
    with translation.override("id"):
        assert audit.say(event) == "Nadia Safira membuat akun fmipa-presensi pada layanan SIAKAD."


@pytest.mark.parametrize(
    ("done_at", "says"),
    [
        (NOW + HOUR + timedelta(seconds=1), "sesudah sekarang"),
        (NOW - timedelta(seconds=1), "sebelum tugas ini dibuat"),
    ],
)
def test_it_was_done_neither_in_the_future_nor_before_it_was_asked(psi: User, done_at: datetime, says: str) -> None:
    account = an_outside_account(outside(by=By.BY_HAND), at=NOW)
    with pytest.raises(provisioners.Refused, match=says):
        provisioners.tick(last(account), done_at=done_at, remark="", by=psi, now=NOW + HOUR)


def test_a_tick_in_the_minute_of_its_making_counts(psi: User) -> None:
    account = an_outside_account(outside(by=By.BY_HAND), at=NOW + timedelta(seconds=40))
    provisioners.tick(last(account), done_at=NOW, remark="", by=psi, now=NOW + timedelta(seconds=50))
    assert last(account).state == State.DONE


def test_the_second_of_two_people_reads_who_was_faster(psi: User) -> None:
    task = last(an_outside_account(outside(by=By.BY_HAND), at=NOW))
    provisioners.tick(task, done_at=NOW, remark="", by=psi, now=NOW)
    with pytest.raises(provisioners.Refused, match="sudah dicentang Nadia Safira"):
        provisioners.tick(task, done_at=NOW, remark="", by=person(Role.PSI), now=NOW)


def test_what_is_not_needed_any_more_and_what_goes_by_webhook_cannot_be_ticked(psi: User) -> None:
    account = an_outside_account(outside(by=By.BY_HAND), outside("perpus"), at=NOW)
    old = last(account)
    change(account, Event.CHANGE, burst=9)
    with pytest.raises(provisioners.Refused, match="perubahan yang lebih baru"):
        provisioners.tick(old, done_at=NOW, remark="", by=psi, now=NOW)
    with pytest.raises(provisioners.Refused, match="lewat webhook"):
        provisioners.tick(last(account, "perpus"), done_at=NOW, remark="", by=psi, now=NOW)


@pytest.mark.parametrize("role", [Role.UNIT_STAFF, Role.HELPDESK, Role.HEAD, Role.AUDITOR])
def test_others_tick_nothing_and_send_nothing_again(role: Role) -> None:
    account = an_outside_account(outside(by=By.BY_HAND), outside("perpus"), at=NOW)
    with pytest.raises(PermissionDenied):
        provisioners.tick(last(account), done_at=NOW, remark="", by=person(role), now=NOW)
    with pytest.raises(PermissionDenied):
        provisioners.send_again(last(account, "perpus"), by=person(role), now=NOW)


def test_after_a_change_of_person_the_instructions_say_that_the_old_password_must_end() -> None:
    account = an_outside_account(outside(by=By.BY_HAND), at=NOW)
    carry_out(account)
    account.holdings.update(since=NOW + DAY)
    provisioners.announce(account, Event.CHANGE, now=NOW + DAY)
    assert "Penanggung jawab berganti: kata sandi yang lama tidak boleh berlaku lagi." in provisioners.instructions(
        last(account)
    )


def test_the_count_is_of_what_needs_a_person_and_for_those_who_may_act(psi: User) -> None:
    account = an_outside_account(outside(by=By.BY_HAND), outside("perpus"), outside("gaji"), at=NOW)
    account.provisioning_tasks.filter(service__code="gaji").update(state=State.FAILED)
    assert provisioners.count_for(psi, NOW) == provisioners.count_for(person(Role.ADMINISTRATOR), NOW) == 2
    assert provisioners.count_for(person(Role.HEAD), NOW) is None
