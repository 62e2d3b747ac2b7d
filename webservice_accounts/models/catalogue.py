"""What can be asked for."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit


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
