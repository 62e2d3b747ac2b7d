"""How we reach people: mails that wait in rows until they are really sent, and notices in the application."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class OutgoingMail(models.Model):
    """One mail to one address. Written by `accounts.mail`, sent by `accounts.tasks.send_mail`."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Menunggu")
        SENDING = "sending", _("Sedang dikirim")
        SENT = "sent", _("Terkirim")
        FAILED = "failed", _("Gagal")

    key = models.CharField(max_length=150, unique=True)
    """What makes it this mail and no other: queueing the same key twice sends once."""
    to = models.EmailField(_("kepada"))
    language = models.CharField(max_length=2)
    subject = models.CharField(_("hal"), max_length=250)
    text = models.TextField(_("isi"), blank=True)
    is_confidential = models.BooleanField(default=False)
    """The text is wiped once sent (a code, a password-reset link)."""
    attachment = models.CharField(max_length=200, blank=True)
    """Storage name of a file to attach."""
    attachment_name = models.CharField(max_length=150, blank=True)
    state = models.CharField(_("keadaan"), max_length=10, choices=State, default=State.WAITING)
    queued_at = models.DateTimeField(_("dibuat"))
    next_try_at = models.DateTimeField(_("dicoba lagi"))
    sending_since = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("terkirim"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("percobaan"), default=0)
    last_error = models.CharField(_("kesalahan terakhir"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("surel keluar")
        verbose_name_plural = _("surel keluar")
        ordering = ["-queued_at"]
        indexes = [
            models.Index(fields=["next_try_at"], name="mail_waiting", condition=Q(state__in=["waiting", "sending"]))
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to}"


class Notice(models.Model):
    """A line under the bell: something happened that this person should know."""

    key = models.CharField(max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    at = models.DateTimeField()
    text = models.CharField(max_length=300)
    """In the person's language when it was written."""
    url = models.CharField(max_length=200, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("pemberitahuan")
        verbose_name_plural = _("pemberitahuan")
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes = [models.Index(fields=["user"], name="notice_unread", condition=Q(read_at__isnull=True))]

    def __str__(self) -> str:
        return self.text
