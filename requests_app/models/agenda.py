"""The agenda (SOP 2) and the books that numbers are drawn from."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from requests_app.models.access_request import AccessRequest


class NumberBook(models.Model):
    """The last number drawn from one book in one calendar year. Only `steps/numbers.py` draws."""

    class Book(models.TextChoices):
        AGENDA = "agenda", _("Agenda surat masuk")
        OUTGOING = "outgoing", _("Surat keluar")

    book = models.CharField(max_length=20, choices=Book)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "year"], name="one_row_per_book_and_year")]

    def __str__(self) -> str:
        return f"{self.book} {self.year}: {self.last}"


class AgendaEntry(models.Model):
    """The registered letter: one line of the buku agenda."""

    class SecurityClass(models.TextChoices):
        NORMAL = "B", _("Biasa")
        RESTRICTED = "T", _("Terbatas")
        SECRET = "R", _("Rahasia")
        TOP_SECRET = "SR", _("Sangat Rahasia")

    class Urgency(models.TextChoices):
        NORMAL = "normal", _("Biasa")
        URGENT = "urgent", _("Segera")
        VERY_URGENT = "very_urgent", _("Sangat Segera")

    request = models.OneToOneField(AccessRequest, on_delete=models.CASCADE, related_name="agenda")
    year = models.PositiveSmallIntegerField(_("tahun"))
    number = models.PositiveIntegerField(_("nomor agenda"))
    received_on = models.DateField(_("tanggal diterima"))
    security_class = models.CharField(_("sifat"), max_length=2, choices=SecurityClass, default=SecurityClass.NORMAL)
    urgency = models.CharField(_("tingkat urgensi"), max_length=12, choices=Urgency, default=Urgency.NORMAL)
    classification = models.CharField(_("klasifikasi arsip"), max_length=40, blank=True)
    has_name = models.BooleanField(_("Nama penanggung jawab"), default=False)
    has_identity = models.BooleanField(_("NIP penanggung jawab"), default=False)
    has_phone = models.BooleanField(_("Nomor telepon"), default=False)
    has_email = models.BooleanField(_("Email"), default=False)
    has_data = models.BooleanField(_("Jenis data yang dibutuhkan"), default=False)
    remark = models.TextField(_("catatan untuk Kepala"), blank=True, max_length=1000)
    plo_number = models.CharField(_("nomor atau tautan PLO"), max_length=200, blank=True)
    account_plo_number = models.CharField(_("nomor atau tautan PLO pemberitahuan akun"), max_length=200, blank=True)
    registered_at = models.DateTimeField()
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    CHECK_LIST = ("has_name", "has_identity", "has_phone", "has_email", "has_data")
    """The SOP's five items: Nama, NIP, NoTelpon, Email, jenis data."""

    class Meta:
        verbose_name = _("agenda")
        verbose_name_plural = _("buku agenda")
        ordering = ["year", "number"]
        constraints = [models.UniqueConstraint(fields=["year", "number"], name="agenda_number_once_a_year")]
        indexes = [models.Index(fields=["registered_at"], name="agenda_by_day")]

    def __str__(self) -> str:
        return f"{self.number}/{self.year}"
