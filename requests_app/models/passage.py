"""What the SOP's rows really took: the facts behind medians, charts and the monitoring report."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from requests_app.models.access_request import AccessRequest


class Passage(models.Model):
    """One time that a request went through one row of the SOP and on. Written when it leaves, never changed.

    Derived from the stays (`deadlines.runs`), with the calendar of that day: a later change of the calendar is not
    held against work that was done.
    """

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="passages")
    number = models.CharField(max_length=2, blank=True)
    """The SOP row as printed; "" is the head's disposition."""
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    standard_seconds = models.PositiveIntegerField(null=True)
    due_at = models.DateTimeField(null=True)
    took_seconds = models.FloatField()
    """In the clock of the row, pauses left out; ordinary time where the SOP sets none."""
    waited_seconds = models.FloatField(default=0)
    """Ordinary time in pauses: the unit, or the one that owns the data, was waited for."""
    days_off = models.PositiveSmallIntegerField(default=0)
    """Days between start and end on which nobody works."""
    is_within = models.BooleanField(null=True)
    """Ended by the deadline or before; None where the SOP sets no time."""
    is_from_paper = models.BooleanField(default=False)
    """Entered later than it happened, so that it says nothing of the rows of 5 minutes."""
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("waktu nyata langkah")
        verbose_name_plural = _("waktu nyata langkah")
        ordering = ["ended_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["request", "number", "started_at"], name="one_passage_per_run")]
        indexes = [models.Index(fields=["ended_at", "number"])]

    def __str__(self) -> str:
        return f"{self.request} {self.number}"


class LateReason(models.Model):
    """Why one row of the SOP took longer than its standard, in the words of those who did the work."""

    class Cause(models.TextChoices):
        WORKLOAD = "workload", _("Beban kerja")
        ABSENCE = "absence", _("Petugas tidak di tempat")
        SYSTEM = "system", _("Gangguan sistem atau jaringan")
        WAITING = "waiting", _("Menunggu pihak lain")
        INCOMPLETE = "incomplete", _("Data permohonan belum jelas")
        OTHER = "other", _("Lainnya")

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="late_reasons")
    number = models.CharField(max_length=2)
    started_at = models.DateTimeField()
    """Where the clock of the row started: with `request` and `number` it names the run, ended or not."""
    cause = models.CharField(_("penyebab"), max_length=12, choices=Cause)
    text = models.CharField(_("penjelasan"), max_length=500)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["written_at"]
        constraints = [
            models.UniqueConstraint(fields=["request", "number", "started_at"], name="one_late_reason_per_run")
        ]

    def __str__(self) -> str:
        return f"{self.request} {self.number}: {self.cause}"
