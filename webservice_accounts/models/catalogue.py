"""What can be asked for."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit


class Service(models.Model):
    """A webservice behind a gateway. It decides nothing about accounts: we do, and it is told or asks."""

    class Provisioner(models.TextChoices):
        GATE = "gate", _("Gerbang Gapura (bawaan)")
        WEBHOOK = "webhook", _("Webhook")
        BY_HAND = "by_hand", _("Dikerjakan petugas")

    code = models.SlugField(_("kode"), max_length=40, unique=True)
    """What gateways name the service by (`X-Gapura-Service`), and the audience of tokens."""
    name = models.CharField(_("nama"), max_length=120)
    base_url = models.URLField(_("alamat"), blank=True)
    provisioner = models.CharField(_("akun dikelola melalui"), max_length=10, choices=Provisioner, default="gate")
    webhook_url = models.URLField(_("alamat webhook"), blank=True)
    webhook_key_version = models.PositiveSmallIntegerField(default=1)
    """Counts replacements of the key that signs webhooks; the key itself is derived, never stored."""
    is_active = models.BooleanField(_("aktif"), default=True)

    class Meta:
        verbose_name = _("layanan")
        verbose_name_plural = _("layanan")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DataType(models.Model):
    """A kind of institutional data that a webservice serves, in words a unit understands."""

    class Sensitivity(models.TextChoices):
        """UU 27/2022 art. 4: general and specific personal data."""

        NON_PERSONAL = "non_personal", _("Bukan data pribadi")
        PERSONAL = "personal", _("Data pribadi")
        SPECIFIC = "specific", _("Data pribadi spesifik")

    code = models.SlugField(_("kode"), max_length=40, unique=True)
    name = models.CharField(_("nama"), max_length=120)
    name_en = models.CharField(_("nama dalam bahasa Inggris"), max_length=120, blank=True)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="data_types", verbose_name=_("layanan"))
    description = models.TextField(_("isi data, dalam bahasa sehari-hari"))
    description_en = models.TextField(_("isi data dalam bahasa Inggris"), blank=True)
    owner = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name=_("unit pemilik data"))
    sensitivity = models.CharField(_("kelas data"), max_length=15, choices=Sensitivity)
    extra_paper = models.CharField(
        _("berkas tambahan"), max_length=200, blank=True, help_text=_("Misalnya: Pernyataan kerahasiaan.")
    )
    is_active = models.BooleanField(_("ditawarkan"), default=True)

    class Meta:
        verbose_name = _("jenis data")
        verbose_name_plural = _("jenis data")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PathRule(models.Model):
    """Requests with one of `methods` to a path of this shape read this kind of data (`patterns` explains shapes)."""

    data_type = models.ForeignKey(DataType, on_delete=models.CASCADE, related_name="path_rules")
    methods = models.CharField(
        _("metode"), max_length=60, default="GET", help_text=_("Dipisahkan koma, misalnya GET, POST.")
    )
    pattern = models.CharField(
        _("pola alamat"),
        max_length=200,
        help_text=_("Misalnya /api/mahasiswa/** ; * berarti satu bagian alamat, ** berarti semua di bawahnya."),
    )

    class Meta:
        verbose_name = _("pola alamat")
        verbose_name_plural = _("pola alamat")
        ordering = ["pattern"]
        constraints = [models.UniqueConstraint(fields=["data_type", "methods", "pattern"], name="path_rule_once")]

    def __str__(self) -> str:
        return f"{self.methods} {self.pattern}"
