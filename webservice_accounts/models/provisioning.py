"""What must be done at services that keep accounts of their own."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from webservice_accounts.models.account import WebserviceAccount
from webservice_accounts.models.catalogue import Service


class ProvisioningTask(models.Model):
    """One change that one outside service must follow: delivered by webhook, or ticked off by a person."""

    class Event(models.TextChoices):
        CREATE = "account.created", _("Buat akun")
        CHANGE = "account.changed", _("Ubah akun")
        SUSPEND = "account.suspended", _("Tangguhkan akun")
        REINSTATE = "account.reinstated", _("Aktifkan kembali akun")
        END = "account.ended", _("Tutup akun")

    class State(models.TextChoices):
        WAITING = "waiting", _("Menunggu")
        SENDING = "sending", _("Sedang dikirim")
        DONE = "done", _("Selesai")
        FAILED = "failed", _("Gagal")
        SUPERSEDED = "superseded", _("Tidak diperlukan lagi")
        """Overtaken by a later row of the same account and service, which says the whole state."""

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="provisioning_tasks")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="provisioning_tasks")
    event = models.CharField(max_length=30, choices=Event)
    key = models.CharField(max_length=150, unique=True)
    """The occasion; also the webhook's message id, so that a repeated delivery is recognisable."""
    payload = models.JSONField(default=dict)
    """What the service is told: never a secret."""
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    due_at = models.DateTimeField()
    """Not before (a webhook), to be done by (a person)."""
    next_try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sending_since = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    """HTTP status of the last answer."""
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    """When the service took it, or when the person says they did it."""
    done_by_name = models.CharField(max_length=200, blank=True)
    remark = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="waiting"), name="provisioning_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.event} {self.account}"
