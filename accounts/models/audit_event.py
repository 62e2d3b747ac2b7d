"""What was done: the rows behind every timeline. Written only by `accounts.audit.record`."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    """One act by one person on one thing.

    No foreign keys: the record must outlive the person and the thing. `subject` is a text
    reference such as `request:GP26-7K3MQ`. `at` is when it was recorded; `happened_at`
    differs for what was done on paper first.
    """

    at = models.DateTimeField(_("dicatat"), db_index=True)
    happened_at = models.DateTimeField(_("terjadi"))
    subject = models.CharField(_("objek"), max_length=80)
    verb = models.CharField(_("tindakan"), max_length=60)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(_("pelaku"), max_length=200)
    acting_for = models.CharField(_("atas nama"), max_length=200, blank=True)
    sentence = models.CharField(max_length=300)
    """Indonesian source sentence with {placeholders}; translated when shown."""
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("catatan tindakan")
        verbose_name_plural = _("catatan tindakan")
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["subject", "at"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.verb} {self.subject}"
