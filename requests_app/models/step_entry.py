"""The facts of the clock: when a request came into a status, when it left, by when it was due."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from requests_app.models.access_request import AccessRequest
from requests_app.sop import STEPS, Status, Step


class StepEntry(models.Model):
    """One stay of one request in one status. Written only by `steps/move.py`."""

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="entries")
    status = models.CharField(max_length=24, choices=[(s.value, s.value) for s in Status])
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """None: the responsible person, who has no login and proved it with a code."""
    left_at = models.DateTimeField(null=True, blank=True)
    left_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    clock_started_at = models.DateTimeField(null=True, blank=True)
    """Where the deadline is counted from: this stay's start, or that of the stay whose clock it shares."""
    due_at = models.DateTimeField(null=True, blank=True)
    """Stored for the sweep's index; always what `sla.deadline` says of the facts."""

    class Meta:
        ordering = ["entered_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["request"], condition=Q(left_at__isnull=True), name="one_open_entry")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="open_and_due", condition=Q(left_at__isnull=True, due_at__isnull=False)
            ),
            models.Index(fields=["status", "entered_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.request} {self.status}"

    @property
    def step(self) -> Step:
        return STEPS[Status(self.status)]


class DeadlineNotice(models.Model):
    """A warning was given or a breach recorded, once. `at` is the instant it is about, not when it was noticed."""

    class Kind(models.TextChoices):
        WARNING = "warning", _("Peringatan")
        BREACH = "breach", _("Terlambat")

    entry = models.ForeignKey(StepEntry, on_delete=models.CASCADE, related_name="deadline_notices")
    kind = models.CharField(max_length=10, choices=Kind)
    due_at = models.DateTimeField()
    at = models.DateTimeField()
    noticed_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    """When the mails were queued: in office hours only."""

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["entry", "kind", "due_at"], name="deadline_notice_once")]

    def __str__(self) -> str:
        return f"{self.entry} {self.kind}"
