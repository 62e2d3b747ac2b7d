"""Who stands in for whom (Plh., Plt.): appointed for dates, ended early, told to both and kept on record.

A right is lent once, and nobody lends themselves that of somebody else. Who is away on a date is not appointed for it;
and when a substitute goes away themselves, those they stand in for are told: nothing passes on to the substitute's
substitute.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Substitution, User
from accounts.permissions import Authority, authority
from accounts.roles import Permission
from accounts.services import announce_end, announce_substitute_away, announce_substitution, subject_of
from accounts.wording import N_

LONGEST = timedelta(days=366)
"""A longer absence is a slip of the hand, or a matter for a new role."""


class NotPossible(Exception):
    """The appointment cannot be made or ended; the message says why, in the person's language."""


@dataclass(frozen=True)
class Appointment:
    """`substitute` acts with the authority of `absent` from one local date through another, both included."""

    absent: User
    substitute: User
    starts_on: date
    ends_on: date
    kind: str = Substitution.Kind.PLH
    basis: str = ""


def right_to_arrange(by: User, absent: User, today: date) -> Authority | None:
    """By what right `by` arranges who stands in for `absent`: for themselves, or as administrator; None without."""
    if by == absent:
        return Authority(by) if by.is_active and by.roles else None
    return authority(by, Permission.ADMINISTER, today)


@transaction.atomic
def appoint(appointment: Appointment, *, by: User, now: datetime) -> Substitution:
    """Appoint, record and tell both. Raises `NotPossible`."""
    # The row of the absent person is the lock: two appointments for one person come one after the other.
    absent = User.objects.select_for_update().get(pk=appointment.absent.pk)
    right = _checked_right(by, absent, now)
    _check(appointment, absent, timezone.localdate(now))
    if appointment.substitute == by:
        raise NotPossible(
            _("Anda tidak dapat menunjuk diri sendiri. Mintalah yang berhalangan atau administrator lain.")
        )
    row = Substitution.objects.create(
        absent=absent,
        substitute=appointment.substitute,
        kind=appointment.kind,
        starts_on=appointment.starts_on,
        ends_on=appointment.ends_on,
        basis=appointment.basis,
    )
    _record(
        row,
        "appoint_substitute",
        N_("{actor} menunjuk {substitute} sebagai {kind} {absent}, {starts_on} s.d. {ends_on}."),
        right,
        now,
    )
    announce_substitution(row, by=by, now=now)
    for left_alone in _together_with(absent.substitutes_for.all(), row):
        announce_substitute_away(left_alone, row, now=now)
    return row


@transaction.atomic
def end(substitution: Substitution, *, by: User, now: datetime) -> None:
    """End it at once. Raises `NotPossible` when it is over already.

    What began before today ends with yesterday; what began today or later is taken back whole. Either way
    the audit trail keeps it.
    """
    row = (
        Substitution.objects.select_for_update(of=("self",))
        .select_related("absent", "substitute")
        .filter(pk=substitution.pk)
        .first()
    )
    today = timezone.localdate(now)
    if row is None or row.ends_on < today:
        raise NotPossible(_("Penunjukan ini sudah berakhir."))
    right = _checked_right(by, row.absent, now)
    _record(
        row,
        "end_substitute",
        N_("{actor} mengakhiri penunjukan {substitute} sebagai {kind} {absent} ({starts_on} s.d. {ends_on})."),
        right,
        now,
    )
    announce_end(row, by=by, now=now)
    if row.starts_on < today:
        row.ends_on = today - timedelta(days=1)
        row.save(update_fields=["ends_on"])
    else:
        row.delete()


def _checked_right(by: User, absent: User, now: datetime) -> Authority:
    right = right_to_arrange(by, absent, timezone.localdate(now))
    if right is None:
        raise NotPossible(_("Anda hanya dapat menunjuk pengganti untuk diri sendiri, selama Anda memiliki peran."))
    return right


def _check(appointment: Appointment, absent: User, today: date) -> None:
    """What must hold of the people and dates; raises `NotPossible` with what to do."""
    substitute, starts_on, ends_on = appointment.substitute, appointment.starts_on, appointment.ends_on
    if not absent.is_active or not absent.roles:
        raise NotPossible(_("%(name)s tidak memiliki peran yang dapat digantikan.") % {"name": absent})
    if substitute == absent:
        raise NotPossible(_("Pilih orang lain; tidak ada yang menggantikan dirinya sendiri."))
    if not substitute.is_active:
        raise NotPossible(_("%(name)s tidak aktif lagi. Pilih orang lain.") % {"name": substitute})
    if starts_on < today:
        raise NotPossible(_("Tanggal mulai tidak boleh sebelum hari ini."))
    if starts_on - today > LONGEST:
        raise NotPossible(_("Tanggal mulai lebih dari satu tahun lagi. Periksa tahunnya."))
    if ends_on < starts_on:
        raise NotPossible(_("Tanggal akhir tidak boleh sebelum tanggal mulai."))
    if ends_on - starts_on >= LONGEST:
        raise NotPossible(_("Paling lama satu tahun. Periksa tahun pada tanggal akhir."))
    other = _together_with(absent.substitutions.all(), appointment).first()
    if other:
        raise NotPossible(
            _("Pada tanggal itu %(name)s sudah ditunjuk (%(first)s s.d. %(last)s). Akhiri dahulu penunjukan tersebut.")
            % {"name": other.substitute, "first": _date(other.starts_on), "last": _date(other.ends_on)}
        )
    away = _together_with(substitute.substitutions.all(), appointment).first()
    if away:
        raise NotPossible(
            _("%(name)s sendiri berhalangan %(first)s s.d. %(last)s. Pilih orang lain, misalnya %(other)s.")
            % {
                "name": substitute,
                "first": _date(away.starts_on),
                "last": _date(away.ends_on),
                "other": away.substitute,
            }
        )


def _together_with(rows: QuerySet[Substitution], span: Appointment | Substitution) -> QuerySet[Substitution]:
    """Those in force on at least one of the same dates."""
    return rows.filter(starts_on__lte=span.ends_on, ends_on__gte=span.starts_on).select_related("absent", "substitute")


def _record(row: Substitution, verb: str, sentence: str, right: Authority, now: datetime) -> None:
    with translation.override("id"):  # the record speaks the source language, whoever acts
        data = {
            "substitute": str(row.substitute),
            "absent": str(row.absent),
            "kind": row.kind,
            "starts_on": _date(row.starts_on),
            "ends_on": _date(row.ends_on),
            "detail": row.basis,
        }
    audit.record(
        subject_of(row.absent), verb, sentence, by=right.person, acting_for=right.acting_for, now=now, data=data
    )


def _date(day: date) -> str:
    return date_format(day, "j F Y")
