"""What the holder is told before the account's end."""

from django.db import models
from django.db.models import Q

from webservice_accounts.models.account import WebserviceAccount


class EndNotice(models.Model):
    """One reminder: this account, this end, this many days before it (-1: the day after)."""

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="end_notices")
    ends_at = models.DateTimeField()
    """The end it speaks of; a renewal moves the account's end and so begins a new row of reminders."""
    threshold_days = models.SmallIntegerField()
    due_at = models.DateTimeField()
    queued_at = models.DateTimeField(null=True, blank=True)
    """When its mails were written."""
    sent_at = models.DateTimeField(null=True, blank=True)
    """When the last of its mails was taken by a mail server."""
    skipped = models.CharField(max_length=30, blank=True)
    """Why it was not sent: renewal under way, declined, overtaken by a later one, account revoked."""

    class Meta:
        ordering = ["due_at"]
        constraints = [models.UniqueConstraint(fields=["account", "ends_at", "threshold_days"], name="end_notice_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(sent_at__isnull=True, skipped=""), name="end_notice_open")
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.threshold_days}"
