"""What people are told by the calendar instead of by an event."""

from django.conf import settings
from django.db import models


class Digest(models.Model):
    """One summary for one person and one period, written once however often the clock asks."""

    class Kind(models.TextChoices):
        DAILY = "daily"
        WEEKLY = "weekly"

    kind = models.CharField(max_length=6, choices=Kind)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    on = models.DateField()
    """The local date it is for; of a week, its Monday."""
    written_at = models.DateTimeField()
    rows = models.PositiveIntegerField(default=0)
    """How many requests it counts, and one for the rest it says; 0: nothing was to be said and no mail was written."""
    sent_at = models.DateTimeField(null=True, blank=True)
    """When a mail server took it."""

    class Meta:
        ordering = ["-on", "pk"]
        constraints = [models.UniqueConstraint(fields=["kind", "person", "on"], name="one_digest_per_period")]

    def __str__(self) -> str:
        return f"{self.kind} {self.on} {self.person}"
