"""The one door to a service that keeps accounts of its own.

What happens to an account becomes one row (`ProvisioningTask`) for every outside service
that the account reads from. A row says the whole state of the account at that service, so
the newest row is all that is needed: it closes older ones that nobody carried out yet.
Nothing arrives out of order, and closing an account never waits behind a message that a
service keeps refusing. A row of a service with a webhook is delivered by `tasks`; a row of
a service without one waits for a person, who ticks it off here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from ipaddress import ip_network
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.nudge import after_commit
from accounts.permissions import Authority, holders
from accounts.roles import Permission
from accounts.wording import N_
from webservice_accounts import addresses, policies, tasks
from webservice_accounts.lifecycle import last_valid_date
from webservice_accounts.models import DataType, ProvisioningTask, Service, WebserviceAccount

Event, State = ProvisioningTask.Event, ProvisioningTask.State
Provisioner = Service.Provisioner

PREPARED_AHEAD = timedelta(days=7)
"""How long before an account's end the person who must close it elsewhere finds the task."""
BY_HAND_WITHIN: Mapping[ProvisioningTask.Event, timedelta] = {
    Event.CREATE: timedelta(days=3),
    Event.CHANGE: timedelta(days=3),
    Event.REINSTATE: timedelta(days=1),
    Event.SUSPEND: timedelta(days=1),
    Event.END: timedelta(days=1),
}
"""Calendar time that a person has; the end of an account is due at the end itself."""
BATCH = 200
OPEN = (State.WAITING, State.SENDING, State.FAILED)

DONE_BY_HAND: Mapping[ProvisioningTask.Event, str] = {
    Event.CREATE: N_("{actor} membuat akun {username} pada layanan {service}."),
    Event.CHANGE: N_("{actor} mengubah akun {username} pada layanan {service}."),
    Event.SUSPEND: N_("{actor} menangguhkan akun {username} pada layanan {service}."),
    Event.REINSTATE: N_("{actor} mengaktifkan kembali akun {username} pada layanan {service}."),
    Event.END: N_("{actor} menutup akun {username} pada layanan {service}."),
}


class Refused(Exception):
    """Why this cannot be done to this task now, as a sentence for the person who tried."""


# --- what must be followed ------------------------------------------------------------------
@transaction.atomic
def announce(account: WebserviceAccount, event: ProvisioningTask.Event, *, now: datetime) -> None:
    """Write what the outside services of this account must follow, in the caller's transaction.

    Call after the change. Every active service outside the gate that the account may read
    from gets a row, and so does one from which everything was taken away: it hears the
    end. A change that alters nothing for a service is not told to it.
    """
    account = _locked(account)
    outside = Service.objects.filter(is_active=True).exclude(provisioner=Provisioner.GATE)
    reads_now = Q(data_types__grants__account=account, data_types__grants__until__isnull=True)
    for service in outside.filter(reads_now | Q(provisioning_tasks__account=account)).distinct():
        _follow(account, service, event, now)


def announce_ends(*, now: datetime) -> int:
    """Write the rows for accounts whose end has come, or comes within `PREPARED_AHEAD` where a person must act.

    Once for each end, however late or often this runs. A renewal moves the end and so
    withdraws what was prepared for the old one. How many rows are new.
    """
    new = 0
    for service in Service.objects.filter(is_active=True).exclude(provisioner=Provisioner.GATE):
        until = now + PREPARED_AHEAD if service.provisioner == Provisioner.BY_HAND else now
        for account in _ending(service, until)[:BATCH]:
            with transaction.atomic():
                new += _end(_locked(account), service, until, now)
    return new


@transaction.atomic
def service_changed(service: Service, before: str, *, was_active: bool = True, now: datetime) -> None:
    """After an administrator chose another way to keep a service's accounts, or switched it on again.

    `before`: the provisioner it had. What waits is carried out the new way; behind the gate
    nothing needs to be. A service that was behind the gate or switched off (not
    `was_active`) hears of every account that may read from it now, and of what happened
    meanwhile to those it was told of.
    """
    rows = service.provisioning_tasks.all()
    if service.provisioner == Provisioner.GATE:
        rows.filter(state__in=(State.WAITING, State.FAILED)).update(state=State.SUPERSEDED)
    elif service.provisioner == Provisioner.BY_HAND:
        rows.filter(state=State.FAILED).update(state=State.WAITING)
    else:
        _prepared(rows, now).update(state=State.SUPERSEDED)  # made anew when the end has come
    heard_nothing = before == Provisioner.GATE or not was_active
    if heard_nothing and service.is_active and service.provisioner != Provisioner.GATE:
        living = Q(revoked_at__isnull=True, ends_at__gt=now)
        reading = Q(grants__data_type__service=service, grants__until__isnull=True)
        told_of = Q(provisioning_tasks__service=service)
        for account in WebserviceAccount.objects.filter((living & reading) | told_of).distinct().order_by("pk"):
            _follow(_locked(account), service, Event.CHANGE, now)


@transaction.atomic
def data_type_moved(data_type: DataType, *, now: datetime) -> None:
    """After a kind of data went to another service: both hear of the accounts that may read it."""
    reading = WebserviceAccount.objects.filter(grants__data_type=data_type, grants__until__isnull=True)
    for account in reading.order_by("pk"):
        announce(account, Event.CHANGE, now=now)


@transaction.atomic
def replace_webhook_key(service: Service, *, by: User, now: datetime) -> Service:
    """A new key signs from now on; the one before it goes on signing beside it until the next replacement."""
    Service.objects.filter(pk=service.pk).update(webhook_key_version=F("webhook_key_version") + 1)
    service.refresh_from_db()
    sentence = N_("{actor} mengganti kunci webhook layanan {name}.")
    audit.record(f"service:{service.pk}", "replace_webhook_key", sentence, by=by, now=now, data={"name": service.name})
    return service


# --- what a person does -----------------------------------------------------------------------
@transaction.atomic
def tick(task: ProvisioningTask, *, done_at: datetime, remark: str, by: User, now: datetime) -> ProvisioningTask:
    """A person says that it was done at the service at `done_at`, and how.

    Raises `Refused` when somebody was faster, when a later change made it unnecessary,
    when a service is told by itself, or when `done_at` lies in the future or before the
    task; PermissionDenied for others than PSI and administrators.
    """
    right = _right(by, now)
    task = _locked_task(task)
    if task.state == State.DONE:
        raise Refused(
            _("Tugas ini sudah dicentang %(name)s.") % {"name": task.done_by_name}
            if task.done_by_name
            else _("Layanan ini sudah menerima perubahannya.")
        )
    if task.state == State.SUPERSEDED:
        raise Refused(_("Tugas ini tidak diperlukan lagi: ada perubahan yang lebih baru."))
    if task.service.provisioner != Provisioner.BY_HAND:
        raise Refused(_("Layanan ini diberi tahu lewat webhook; tugasnya tidak dicentang dengan tangan."))
    if done_at > now:
        raise Refused(_("Waktu selesai tidak boleh sesudah sekarang."))
    if done_at < task.created_at.replace(second=0, microsecond=0):
        raise Refused(_("Waktu selesai tidak boleh sebelum tugas ini dibuat."))
    task.state, task.done_at, task.remark = State.DONE, done_at, remark
    task.done_by_name = str(by) + (f" ({right.acting_for})" if right.acting_for else "")
    task.save(update_fields=["state", "done_at", "remark", "done_by_name"])
    audit.record(
        task.account.subject,
        "service_task_done",
        DONE_BY_HAND[Event(task.event)],
        by=by,
        acting_for=right.acting_for,
        now=now,
        happened_at=done_at,
        data={"username": task.account.username, "service": task.service.name, "remark": remark},
    )
    return task


@transaction.atomic
def send_again(task: ProvisioningTask, *, by: User, now: datetime) -> ProvisioningTask:
    """Deliver a message again at once, under its old id, so that a receiver that has it recognises it.

    Raises `Refused` while it is on its way, when a newer one says more, and for a service
    without webhook; PermissionDenied for others than PSI and administrators.
    """
    right = _right(by, now)
    task = _locked_task(task)
    if reason := why_not_again(task):
        raise Refused(reason)
    task.state, task.next_try_at, task.attempts, task.done_at = State.WAITING, now, 0, None
    task.save(update_fields=["state", "next_try_at", "attempts", "done_at"])
    audit.record(
        task.account.subject,
        "service_task_again",
        N_("{actor} mengirim ulang perubahan akun {username} ke layanan {service}."),
        by=by,
        acting_for=right.acting_for,
        now=now,
        data={"username": task.account.username, "service": task.service.name},
    )
    after_commit(tasks.deliver_message, task.pk)
    return task


def why_not_again(task: ProvisioningTask) -> str:
    """Why a message (with its service) cannot be delivered again now, as a sentence; "" when it can."""
    if task.service.provisioner != Provisioner.WEBHOOK:
        return _("Layanan ini tidak diberi tahu lewat webhook.")
    if task.state == State.SENDING:
        return _("Pesan ini sedang dikirim. Muat ulang halaman sebentar lagi.")
    if task.state == State.SUPERSEDED or _rows(task).filter(pk__gt=task.pk).exclude(state=State.SUPERSEDED).exists():
        return _("Pesan ini tidak dikirim lagi: ada perubahan yang lebih baru.")
    return ""


# --- what is shown ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """A task as lists show it: tone, icon and words of its state."""

    task: ProvisioningTask
    is_by_hand: bool
    tone: str
    icon: str
    text: str


def line(task: ProvisioningTask, now: datetime) -> Line:
    """How a task (with its service) stands at `now`."""
    is_by_hand = task.service.provisioner == Provisioner.BY_HAND
    looks: dict[str, tuple[str, str, str]] = {
        State.DONE: ("in_time", "check-circle", task.get_state_display()),
        State.FAILED: ("late", "x-circle", task.get_state_display()),
        State.SUPERSEDED: ("waiting", "minus", task.get_state_display()),
        State.SENDING: ("waiting", "send", task.get_state_display()),
    }
    unsent = _("Menunggu dikirim ulang") if task.attempts else _("Menunggu dikirim")
    tone, icon, text = looks.get(task.state, ("waiting", "hourglass", unsent))
    if is_by_hand and task.state == State.WAITING:
        is_late = now > task.due_at
        tone, icon, text = ("late", "late", _("Terlambat")) if is_late else ("yours", "turn", _("Perlu dikerjakan"))
    return Line(task, is_by_hand, tone, icon, text)


def open_tasks() -> QuerySet[ProvisioningTask]:
    """What is not finished, what is due first on top."""
    return _with_names().filter(state__in=OPEN).order_by("due_at", "pk")


def closed_tasks() -> QuerySet[ProvisioningTask]:
    """What is finished or not needed any more, the latest on top."""
    return _with_names().exclude(state__in=OPEN).order_by("-created_at", "-pk")


def needing_a_person() -> QuerySet[ProvisioningTask]:
    """What moves on only when somebody acts: tasks by hand, and messages that were given up."""
    by_hand = Q(state=State.WAITING, service__provisioner=Provisioner.BY_HAND)
    return ProvisioningTask.objects.filter(by_hand | Q(state=State.FAILED))


def count_for(user: User | AnonymousUser, now: datetime) -> int | None:
    """How many tasks wait for PSI and administrators; None for others."""
    return needing_a_person().count() if policies.may_follow_services(user, now=now) else None


def for_page(account: WebserviceAccount, user: User | AnonymousUser, now: datetime) -> dict[str, object]:
    """For the account's page: the newest task of each outside service, and whether the reader may open them."""
    newest: dict[int, ProvisioningTask] = {}
    rows = account.provisioning_tasks.select_related("service").exclude(state=State.SUPERSEDED)
    for task in rows.order_by("service__name", "pk"):
        newest[task.service_id] = task
    return {
        "lines": [line(task, now) for task in newest.values()],
        "may_open": policies.may_follow_services(user, now=now) is not None,
    }


def instructions(task: ProvisioningTask) -> list[str]:
    """What a person must do at the service, in sentences; beside it stands the state to bring about."""
    told = {
        Event.CREATE: _("Buat akun ini pada layanan, dengan hak dan batas seperti tertulis."),
        Event.CHANGE: _("Sesuaikan akun ini pada layanan dengan keadaan yang tertulis."),
        Event.SUSPEND: _("Tangguhkan akun ini pada layanan, sehingga tidak dapat digunakan."),
        Event.REINSTATE: _("Aktifkan kembali akun ini pada layanan."),
        Event.END: _("Tutup akun ini pada layanan, dan hapus kata sandinya."),
    }
    lines = [told[Event(task.event)]]
    before = _rows(task).filter(pk__lt=task.pk, state=State.DONE).order_by("-pk").first()
    if task.event == Event.END:
        lines.append(_("Bila akun ini tidak ada pada layanan, cukup centang tugas ini."))
    elif before and before.payload.get("holder_since") != task.payload.get("holder_since"):
        lines.append(_("Penanggung jawab berganti: kata sandi yang lama tidak boleh berlaku lagi."))
    return lines


@dataclass(frozen=True)
class Wanted:
    """The state to bring about at the service, as people read it."""

    state: str
    data: list[str]
    networks: list[str]
    starts_at: datetime
    last_day: date
    rate_per_minute: int
    burst: int


def wanted(task: ProvisioningTask) -> Wanted:
    """What a task's payload says, in words."""
    said = task.payload
    words = {"active": _("dapat digunakan"), "suspended": _("ditangguhkan"), "ended": _("ditutup")}
    names = dict(DataType.objects.filter(code__in=said["scopes"]).values_list("code", "name"))
    return Wanted(
        words[said["state"]],
        sorted(names.get(code, code) for code in said["scopes"]),
        addresses.as_text(ip_network(text) for text in said["addresses"]).split(),
        datetime.fromisoformat(said["starts_at"]),
        last_valid_date(datetime.fromisoformat(said["ends_at"])),
        said["rate_per_minute"],
        said["burst"],
    )


# --- one service ------------------------------------------------------------------------------
def _follow(account: WebserviceAccount, service: Service, event: ProvisioningTask.Event, now: datetime) -> None:
    rows = account.provisioning_tasks.filter(service=service)
    told = rows.exclude(state=State.SUPERSEDED).exclude(pk__in=_prepared(rows, now)).order_by("-pk").first()
    scopes = _scopes(account, service)
    is_over = event == Event.END or account.revoked_at is not None or now >= account.ends_at
    if is_over or not scopes:
        if told is not None and told.event != Event.END:
            _write(account, service, Event.END, _payload(account, service, scopes, Event.END), now)
        return
    carried_out = rows.filter(state=State.DONE).order_by("-pk").first()
    is_there = carried_out is not None and carried_out.event != Event.END
    if not is_there and event != Event.SUSPEND:
        event = Event.CREATE
    elif event == Event.CREATE:
        event = Event.CHANGE
    payload = _payload(account, service, scopes, event)
    if told and told.state != State.FAILED and told.event != Event.END and _facts(told.payload) == _facts(payload):
        return
    _write(account, service, event, payload, now)


def _end(account: WebserviceAccount, service: Service, until: datetime, now: datetime) -> int:
    """1 when the row for this account's end is new; the account was locked and may have been renewed meanwhile."""
    if not _ending(service, until).filter(pk=account.pk).exists():
        return 0
    payload = _payload(account, service, _scopes(account, service), Event.END)
    _write(account, service, Event.END, payload, now, due_at=account.ends_at)
    return 1


def _ending(service: Service, until: datetime) -> QuerySet[WebserviceAccount]:
    """Accounts that end by `until`, are known to the service, and of whose end it has not been told."""
    rows = ProvisioningTask.objects.filter(account=OuterRef("pk"), service=service).exclude(state=State.SUPERSEDED)
    told_of_this_end = rows.filter(event=Event.END, due_at__gte=OuterRef("ends_at"))
    last = rows.order_by("-pk").values("event")[:1]
    return (
        WebserviceAccount.objects.filter(Exists(rows), ends_at__lte=until, revoked_at__isnull=True)
        .exclude(Exists(told_of_this_end))
        .alias(last_event=last)
        .exclude(last_event=Event.END)
        .order_by("ends_at", "pk")
    )


def _write(
    account: WebserviceAccount,
    service: Service,
    event: ProvisioningTask.Event,
    payload: dict[str, Any],
    now: datetime,
    *,
    due_at: datetime | None = None,
) -> None:
    """The new row, in place of what was not carried out yet; only a row prepared for the end stands beside others."""
    is_by_hand = service.provisioner == Provisioner.BY_HAND
    due_at = due_at or (now + BY_HAND_WITHIN[event] if is_by_hand else now)
    rows = account.provisioning_tasks.filter(service=service)
    is_prepared = event == Event.END and due_at == account.ends_at > now
    if not is_prepared:
        older = rows.filter(state__in=(State.WAITING, State.FAILED))
        if event != Event.END:
            older = older.exclude(pk__in=_prepared(rows, now).filter(due_at=account.ends_at))
        older.update(state=State.SUPERSEDED)
    task = ProvisioningTask.objects.create(
        account=account,
        service=service,
        event=event,
        key=f"{account.pk}-{service.code}-{rows.count() + 1}-{int(now.timestamp())}",
        payload=payload,
        due_at=due_at,
        next_try_at=due_at if is_prepared else now,
        created_at=now,
    )
    if is_by_hand:
        people = holders(Permission.CREATE_ACCOUNT, timezone.localdate(now))
        subject = N_("Ada tugas di layanan %(service)s untuk akun %(username)s.")
        tasks.tell(people, "service_task_by_hand", subject, task, f"service-task:{task.pk}", now)
    else:
        after_commit(tasks.deliver_message, task.pk)


def _payload(
    account: WebserviceAccount, service: Service, scopes: list[str], event: ProvisioningTask.Event
) -> dict[str, Any]:
    """The whole state of the account at one service: what it needs to open, narrow and close it, and no more.

    No secret, identity number or telephone; who holds the account is added when it is sent.
    """
    holding = account.holdings.filter(until__isnull=True).first()
    state = "suspended" if account.suspended_at else "active"
    return {
        "service": service.code,
        "username": account.username,
        "unit": {"code": account.unit.code, "name": account.unit.name},
        "state": "ended" if event == Event.END else state,
        "reason": _reason(account, scopes, event),
        "scopes": scopes,
        "addresses": sorted(account.addresses.values_list("network", flat=True)),
        "rate_per_minute": account.rate_per_minute,
        "burst": account.burst,
        "starts_at": tasks.instant(account.starts_at),
        "ends_at": tasks.instant(account.ends_at),
        "holder_since": tasks.instant(holding.since) if holding else None,
    }


def _reason(account: WebserviceAccount, scopes: list[str], event: ProvisioningTask.Event) -> str:
    """Why, for machines: the event's own name, and of an end whether it was revoked, reached, or left without data."""
    if event != Event.END:
        return event.removeprefix("account.")
    if account.revoked_at is not None:
        return "revoked"
    return "ended" if scopes else "no_scope_left"


def _facts(payload: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name != "reason"}


def _scopes(account: WebserviceAccount, service: Service) -> list[str]:
    """Codes of what the account may read from the service now."""
    rows = account.grants.filter(until__isnull=True, data_type__service=service)
    return sorted(rows.values_list("data_type__code", flat=True))


def _prepared(rows: QuerySet[ProvisioningTask], now: datetime) -> QuerySet[ProvisioningTask]:
    """Among these rows those that wait for an end still to come."""
    return rows.filter(event=Event.END, state=State.WAITING, due_at__gt=now)


def _rows(task: ProvisioningTask) -> QuerySet[ProvisioningTask]:
    return ProvisioningTask.objects.filter(account=task.account_id, service=task.service_id)


def _with_names() -> QuerySet[ProvisioningTask]:
    return ProvisioningTask.objects.select_related("service", "account__unit")


def _locked(account: WebserviceAccount) -> WebserviceAccount:
    return WebserviceAccount.objects.select_for_update(of=("self",)).select_related("unit").get(pk=account.pk)


def _locked_task(task: ProvisioningTask) -> ProvisioningTask:
    return ProvisioningTask.objects.select_for_update(of=("self",)).select_related("service", "account").get(pk=task.pk)


def _right(by: User, now: datetime) -> Authority:
    right = policies.may_follow_services(by, now=now)
    if right is None:
        raise PermissionDenied
    return right
