"""The organisation: names change (Unsyiah became USK in 2021), so they are data."""

from django.core.validators import FileExtensionValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Unit(models.Model):
    """A unit kerja: a faculty, bureau or centre that sends letters and owns data."""

    code = models.SlugField(_("kode"), max_length=20, unique=True, help_text=_("Pendek, misalnya fmipa."))
    name = models.CharField(_("nama"), max_length=200, unique=True)
    head_title = models.CharField(
        _("jabatan pimpinan"), max_length=200, help_text=_("Untuk baris Yth. pada surat, misalnya Dekan FMIPA.")
    )
    email = models.EmailField(_("email unit"), blank=True)
    is_active = models.BooleanField(_("aktif"), default=True)

    class Meta:
        verbose_name = _("unit kerja")
        verbose_name_plural = _("unit kerja")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Institution(models.Model):
    """The one institution this installation serves; USK's values are the shipped defaults."""

    class Accent(models.TextChoices):
        GREEN = "green", _("Hijau tua")
        BLUE = "blue", _("Biru")
        MAROON = "maroon", _("Merah marun")
        PURPLE = "purple", _("Ungu")
        TEAL = "teal", _("Toska")

    ministry = models.CharField(_("kementerian"), max_length=200)
    name = models.CharField(_("nama institusi"), max_length=200)
    short_name = models.CharField(_("singkatan"), max_length=40)
    service_unit = models.CharField(_("unit layanan"), max_length=200)
    service_unit_short = models.CharField(_("singkatan unit layanan"), max_length=60)
    address = models.TextField(_("alamat pada kop surat"), help_text=_("Satu baris kop per baris."))
    contact_line = models.CharField(_("telepon dan laman pada kop surat"), max_length=200, blank=True)
    logo = models.FileField(
        _("lambang pada kop surat"),
        upload_to="institution/",
        blank=True,
        validators=[FileExtensionValidator(["png", "svg"])],
    )
    helpdesk_email = models.EmailField(_("email helpdesk"))
    helpdesk_phone = models.CharField(_("telepon helpdesk"), max_length=60, blank=True)
    data_protection_officer = models.CharField(_("petugas pelindungan data pribadi"), max_length=200, blank=True)
    correspondence_system = models.CharField(_("nama aplikasi persuratan"), max_length=60, default="PLO")
    accent = models.CharField(_("warna aksen"), max_length=10, choices=Accent, default=Accent.GREEN)
    signatory_title = models.CharField(_("jabatan penanda tangan"), max_length=200)
    letter_number_pattern = models.CharField(
        _("pola nomor surat keluar"),
        max_length=100,
        default="{sifat}/{urut}/{unit}/{klasifikasi}/{tahun}",
        help_text=_("Isian: {sifat}, {urut}, {unit}, {klasifikasi}, {tahun}."),
    )
    letter_unit_code = models.CharField(_("kode unit pada nomor surat"), max_length=40)
    default_classification = models.CharField(_("klasifikasi arsip bawaan"), max_length=40, blank=True)
    renewal_needs_letter = models.BooleanField(
        _("perpanjangan memerlukan surat baru"),
        default=True,
        help_text=_("Bila tidak, unit cukup menegaskan kembali penanggung jawab, tujuan, dan data."),
    )
    webservice_url = models.URLField(_("alamat webservice"))

    class Meta:
        verbose_name = _("institusi")
        verbose_name_plural = _("institusi")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_institution")]

    def __str__(self) -> str:
        return self.name
