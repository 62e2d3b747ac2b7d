"""The working calendar as editable rows; `selectors.working_calendar` turns them into `sla.WorkingCalendar`."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class DayRow(models.Model):
    """A day that differs from its weekday: off, or a replacement working day."""

    class Kind(models.TextChoices):
        NATIONAL = "national", _("Libur nasional")
        COLLECTIVE = "collective", _("Cuti bersama")
        REGIONAL = "regional", _("Libur daerah")
        UNIVERSITY = "university", _("Libur universitas")
        REPLACEMENT = "replacement", _("Hari kerja pengganti")

    class Source(models.TextChoices):
        SUGGESTED = "suggested", _("Usulan pustaka")
        MANUAL = "manual", _("Diisi sendiri")

    date = models.DateField(_("tanggal"), unique=True)
    kind = models.CharField(_("jenis"), max_length=12, choices=Kind)
    name = models.CharField(_("nama"), max_length=150)
    legal_basis = models.CharField(_("dasar"), max_length=200, blank=True)
    is_estimated = models.BooleanField(_("perkiraan"), default=False)
    source = models.CharField(_("sumber"), max_length=10, choices=Source, default=Source.MANUAL)

    class Meta:
        verbose_name = _("hari khusus")
        verbose_name_plural = _("kalender kerja")
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date:%d-%m-%Y} {self.name}"


class HoursPeriodRow(models.Model):
    """Dates with other office hours, such as Ramadan. Rows of `OfficeSpanRow` without a period are the usual week."""

    name = models.CharField(_("nama"), max_length=80)
    starts_on = models.DateField(_("mulai"))
    ends_on = models.DateField(_("sampai dengan"))
    legal_basis = models.CharField(_("dasar"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("periode jam kerja lain")
        verbose_name_plural = _("periode jam kerja lain")
        ordering = ["starts_on"]
        constraints = [models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="period_ends_after_start")]

    def __str__(self) -> str:
        return self.name


class OfficeSpanRow(models.Model):
    """From `opens` until just before `closes`, on one weekday."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Senin")
        TUESDAY = 1, _("Selasa")
        WEDNESDAY = 2, _("Rabu")
        THURSDAY = 3, _("Kamis")
        FRIDAY = 4, _("Jumat")
        SATURDAY = 5, _("Sabtu")
        SUNDAY = 6, _("Minggu")

    period = models.ForeignKey(
        HoursPeriodRow, on_delete=models.CASCADE, null=True, blank=True, related_name="spans", verbose_name=_("periode")
    )
    weekday = models.PositiveSmallIntegerField(_("hari"), choices=Weekday)
    opens = models.TimeField(_("buka"))
    closes = models.TimeField(_("tutup"))

    class Meta:
        verbose_name = _("jam kerja")
        verbose_name_plural = _("jam kerja")
        ordering = [F("period").asc(nulls_first=True), "weekday", "opens"]
        constraints = [models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="span_closes_after_opening")]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H.%M}–{self.closes:%H.%M}"


class ConfirmedYear(models.Model):
    """An administrator has looked at the calendar of this year and says it is right."""

    year = models.PositiveSmallIntegerField(_("tahun"), unique=True)
    confirmed_at = models.DateTimeField(_("dikonfirmasi pada"))
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("oleh")
    )

    class Meta:
        verbose_name = _("tahun kalender yang dikonfirmasi")
        verbose_name_plural = _("tahun kalender yang dikonfirmasi")
        ordering = ["year"]

    def __str__(self) -> str:
        return str(self.year)


class CalendarFeed(models.Model):
    """A private address under which one person's calendar program reads; only a digest of its secret is kept."""

    class Kind(models.TextChoices):
        CALENDAR = "calendar", _("Kalender kerja")
        DEADLINES = "deadlines", _("Batas waktu saya")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feeds")
    kind = models.CharField(_("isi"), max_length=10, choices=Kind)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(_("dibuat"))
    last_read_at = models.DateTimeField(_("terakhir dibaca"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("dicabut"), null=True, blank=True)

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(revoked_at__isnull=True), name="one_live_feed_of_a_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.person}"
