"""The reply letter (SOP 6): a draft until the head approves it, then bytes that never change."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from requests_app.models.access_request import AccessRequest, Document
from requests_app.models.agenda import AgendaEntry


class ReplyLetter(models.Model):
    """Body and number of the one reply to one request."""

    class Kind(models.TextChoices):
        GRANTED = "granted", _("Dipenuhi")
        PARTIAL = "partial", _("Dipenuhi sebagian")
        REFUSED = "refused", _("Belum dapat dipenuhi")

    class Numbering(models.TextChoices):
        HERE = "here", _("Nomor diambil di sini saat disetujui")
        ELSEWHERE = "elsewhere", _("Nomor dari PLO atau TU")

    request = models.OneToOneField(AccessRequest, on_delete=models.CASCADE, related_name="reply")
    kind = models.CharField(max_length=10, choices=Kind)
    language = models.CharField(_("bahasa surat"), max_length=2, choices=[("id", "Indonesia"), ("en", "English")])
    recipient = models.TextField(_("kepada (Yth.)"), help_text=_("Jabatan pada baris pertama, unit di bawahnya."))
    subject = models.CharField(_("hal"), max_length=250)
    body = models.TextField(_("isi surat"), help_text=_("Baris kosong memisahkan paragraf."))
    copies = models.TextField(_("tembusan"), blank=True, help_text=_("Satu penerima per baris."))
    security_class = models.CharField(
        _("sifat"), max_length=2, choices=AgendaEntry.SecurityClass, default=AgendaEntry.SecurityClass.NORMAL
    )
    classification = models.CharField(_("klasifikasi arsip"), max_length=40, blank=True)
    numbering = models.CharField(_("nomor surat"), max_length=10, choices=Numbering, default=Numbering.HERE)
    number = models.CharField(_("nomor"), max_length=100, blank=True)
    number_year = models.PositiveSmallIntegerField(null=True, blank=True)
    number_in_book = models.PositiveIntegerField(null=True, blank=True)
    correction = models.TextField(blank=True)
    """What the head wants changed, while it is a draft again."""

    signatory_title = models.CharField(max_length=200, blank=True)
    signatory_name = models.CharField(max_length=150, blank=True)
    signatory_nip = models.CharField(max_length=40, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    document = models.OneToOneField(Document, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("surat balasan")
        verbose_name_plural = _("surat balasan")
        constraints = [
            models.UniqueConstraint(
                fields=["number_year", "number_in_book"],
                condition=Q(number_in_book__isnull=False),
                name="outgoing_number_once_a_year",
            )
        ]
        indexes = [models.Index(fields=["number"], name="reply_by_number")]

    def __str__(self) -> str:
        return self.number or self.subject
