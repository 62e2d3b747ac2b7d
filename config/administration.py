"""What the administrator's page and the monitor read: is everything set up, does everything run, what waits?"""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.models import Count, Max, Min, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.admin import RoleFilter
from accounts.models import Institution, OutgoingMail, RoleGrant, Unit
from accounts.nudge import is_reachable
from accounts.roles import ROLE_LABELS, Role
from accounts.selectors import institution
from accounts.templatetags.gapura import ago, waktu
from accounts.timers import HEARTBEAT
from requests_app import selectors
from requests_app.models import ConfirmedYear, StepEntry
from requests_app.steps.calendar_changes import years_to_confirm
from webservice_accounts.models import DataType

State = OutgoingMail.State

HEARTBEAT_LIMIT = timedelta(minutes=3)
"""The beat comes every minute; two may be lost."""
MAIL_LIMIT = timedelta(minutes=15)
"""A mail that waits longer waits for a server, not for its turn."""
ENOUGH_DISK = 1024**3  # bytes
NEEDED_ROLES = (Role.HEAD, Role.HELPDESK, Role.PSI, Role.UNIT_STAFF)
"""Without one of each, a request stops somewhere."""

NEEDED_NAMES = (
    "ministry",
    "name",
    "service_unit",
    "signatory_title",
    "letter_unit_code",
    "helpdesk_email",
    "webservice_url",
)
"""What letters and mails cannot do without."""


@dataclass(frozen=True)
class Check:
    """One line of the check list; `ok` is its colour, `detail` says what is there or what is missing."""

    label: str
    ok: bool
    detail: str = ""
    url: str = ""
    url_label: str = ""


@dataclass(frozen=True)
class CheckGroup:
    """Checks under one heading."""

    title: str
    items: tuple[Check, ...]


def check_groups(now: datetime) -> list[CheckGroup]:
    """The whole check list; a fixed number of queries."""
    house = institution()
    today = timezone.localdate(now)
    return [
        CheckGroup(_("Institusi"), (_names(house), _letterhead(house), _units(), _catalogue())),
        CheckGroup(_("Orang"), _people()),
        CheckGroup(_("Kalender kerja"), _calendar(today)),
        CheckGroup(_("Surel dan pekerja"), (_mail(now), _broker(), _worker(now))),
        CheckGroup(_("Penyimpanan"), (_storage(), _database())),
    ]


def outbox() -> QuerySet[OutgoingMail]:
    """Mails that were not sent: given up first, then the longest wait."""
    return OutgoingMail.objects.filter(state__in=(State.FAILED, State.WAITING, State.SENDING)).order_by(
        "state", "queued_at", "pk"
    )


@dataclass(frozen=True)
class Figures:
    """What calls for attention, in numbers."""

    overdue: int
    waiting: int
    failed: int


def figures(now: datetime) -> Figures:
    """Steps past their deadline, mails that wait, mails given up."""
    by_state = dict(
        OutgoingMail.objects.exclude(state=State.SENT).values_list("state").annotate(Count("pk")).order_by()
    )
    overdue = StepEntry.objects.filter(left_at__isnull=True, due_at__lt=now, status__in=selectors.TIMED)
    return Figures(
        overdue=overdue.count(),
        waiting=by_state.get(State.WAITING, 0) + by_state.get(State.SENDING, 0),
        failed=by_state.get(State.FAILED, 0),
    )


def is_healthy(now: datetime) -> bool:
    """For monitors: the database answers, and beat, broker and worker finished a task a moment ago."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return _is_fresh(heartbeat_at(), now)


def heartbeat_at() -> datetime | None:
    """When the worker last finished the beat's task; None when never, or when the cache does not answer."""
    try:
        at = cache.get(HEARTBEAT)
    except Exception:  # the cache's libraries raise what they like
        return None
    return at if isinstance(at, datetime) else None


# --- the lines, in the order of the page ------------------------------------------------------
def _names(house: Institution) -> Check:
    missing = _missing(house, NEEDED_NAMES)
    return Check(
        _("Nama dan data institusi"),
        not missing,
        _("Belum diisi: %(fields)s.") % {"fields": missing} if missing else house.name,
        _institution_url(),
        _("Ubah"),
    )


def _letterhead(house: Institution) -> Check:
    missing = _missing(house, ("address", "logo"))
    detail = _("Belum diisi: %(fields)s.") % {"fields": missing} if missing else " · ".join(house.address.splitlines())
    return Check(_("Kop surat"), not missing, detail, _institution_url(), _("Ubah"))


def _missing(house: Institution, fields: tuple[str, ...]) -> str:
    labels = {field.name: field.verbose_name for field in house._meta.concrete_fields}
    return ", ".join(str(labels[name]) for name in fields if not getattr(house, name))


def _institution_url() -> str:
    return reverse("admin:accounts_institution_changelist")


def _units() -> Check:
    count = Unit.objects.filter(is_active=True).count()
    detail = ngettext("%(count)d unit kerja", "%(count)d unit kerja", count) % {"count": count}
    return Check(
        _("Unit kerja"),
        count > 0,
        detail if count else _("Belum ada"),
        reverse("admin:accounts_unit_changelist"),
        _("Buka"),
    )


def _catalogue() -> Check:
    count = DataType.objects.filter(is_active=True).count()
    offered = ngettext("%(count)d jenis data ditawarkan", "%(count)d jenis data ditawarkan", count) % {"count": count}
    return Check(
        _("Katalog jenis data"),
        count > 0,
        offered if count else _("Belum ada"),
        reverse("admin:webservice_accounts_datatype_changelist"),
        _("Buka"),
    )


def _people() -> tuple[Check, ...]:
    active = RoleGrant.objects.filter(user__is_active=True, role__in=NEEDED_ROLES).order_by()
    rows = active.values_list("role").annotate(Count("pk"), Min("user__full_name"))
    found = {role: (count, name) for role, count, name in rows}
    return tuple(_role(role, *found.get(role, (0, ""))) for role in NEEDED_ROLES)


def _role(role: Role, count: int, name: str) -> Check:
    label = _(ROLE_LABELS[role])
    if not count:
        add = reverse("admin:accounts_user_add")
        return Check(label, False, _("Belum ada yang memegang peran ini."), add, _("Tambah"))
    people = ngettext("%(count)d orang", "%(count)d orang", count) % {"count": count}
    url = f"{reverse('admin:accounts_user_changelist')}?{RoleFilter.parameter_name}={role}&is_active__exact=1"
    return Check(label, True, name if count == 1 else people, url, _("Buka"))


def _calendar(today: date) -> tuple[Check, ...]:
    confirmed = {row.year: row for row in ConfirmedYear.objects.select_related("confirmed_by")}
    return tuple(_year(year, confirmed.get(year)) for year in years_to_confirm(today))


def _year(year: int, row: ConfirmedYear | None) -> Check:
    if row is None:
        detail = _("Belum dikonfirmasi. Periksa libur nasional, cuti bersama, dan hari kerja pengganti.")
    elif row.confirmed_by:
        detail = _("Dikonfirmasi %(name)s, %(at)s") % {"name": row.confirmed_by, "at": waktu(row.confirmed_at)}
    else:
        detail = _("Dikonfirmasi saat pemasangan, %(at)s") % {"at": waktu(row.confirmed_at)}
    url = f"{reverse('calendar')}?tahun={year}"
    return Check(_("Kalender %(year)d") % {"year": year}, row is not None, detail, url, _("Periksa"))


def _mail(now: datetime) -> Check:
    label = _("Surel terkirim")
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        return Check(label, False, _("Surel ditulis ke folder dan tidak sampai ke siapa pun. Atur EMAIL_URL."))
    last = OutgoingMail.objects.aggregate(at=Max("sent_at"))["at"]
    if last is None:
        return Check(label, False, _("Belum ada surel yang terkirim. Kirim surel uji."))
    detail = _("Terakhir terkirim %(at)s") % {"at": waktu(last)}
    stuck = OutgoingMail.objects.filter(state__in=(State.WAITING, State.SENDING), queued_at__lt=now - MAIL_LIMIT)
    if oldest := stuck.aggregate(at=Min("queued_at"))["at"]:
        detail = _("%(detail)s, tetapi ada yang menunggu sejak %(at)s") % {"detail": detail, "at": waktu(oldest)}
    return Check(label, oldest is None, detail)


def _broker() -> Check:
    url = settings.CELERY_BROKER_URL
    kind = "Redis" if url.startswith(("redis://", "rediss://")) else _("Folder di mesin ini")
    with current_app.connection_for_write() as broker:
        ok = is_reachable(broker)
    return Check(_("Antrean pekerjaan"), ok, kind if ok else _("%(kind)s tidak menjawab") % {"kind": kind})


def _worker(now: datetime) -> Check:
    at = heartbeat_at()
    detail = _("Denyut terakhir %(ago)s") % {"ago": ago(at, now)} if at else _("Belum pernah berdenyut")
    return Check(_("Pekerja dan jam"), _is_fresh(at, now), detail)


def _is_fresh(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - at < HEARTBEAT_LIMIT


def _storage() -> Check:
    label = _("Folder berkas")
    try:
        settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.MEDIA_ROOT) as file:
            file.write(b"?")
        free = shutil.disk_usage(settings.MEDIA_ROOT).free
    except OSError as problem:
        return Check(label, False, _("Tidak dapat ditulisi: %(problem)s") % {"problem": problem.strerror or problem})
    return Check(
        label, free >= ENOUGH_DISK, _("Dapat ditulisi, sisa %(free)s GB") % {"free": number_format(free // 1024**3)}
    )


def _database() -> Check:
    label = _("Basis data")
    if connection.vendor == "postgresql":
        return Check(label, True, f"PostgreSQL {getattr(connection, 'pg_version', 0) // 10000}")
    detail = _("SQLite, untuk satu mesin kecil. Untuk kantor, atur DATABASE_URL ke PostgreSQL.")
    return Check(label, settings.DEBUG, detail)
