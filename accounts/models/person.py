"""People, the roles they hold, and who stands in for them."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.identity import IDENTITY_CHOICES
from accounts.models.institution import Unit
from accounts.roles import ROLE_LABELS, Role


class UserManager(BaseUserManager["User"]):
    """Makes people whose user name is their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """A person with a lower-case e-mail; without `password` they set one through "lupa kata sandi"."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """The first administrator of an installation (`manage.py createsuperuser`)."""
        user = self.create_user(email, password, **fields)
        RoleGrant.objects.create(user=user, role=Role.ADMINISTRATOR)
        return user


class User(AbstractBaseUser):
    """A person who signs in with an e-mail address."""

    email = models.EmailField(_("email"), unique=True)
    full_name = models.CharField(_("nama lengkap"), max_length=150)
    identity_type = models.CharField(_("jenis identitas"), max_length=10, choices=IDENTITY_CHOICES, blank=True)
    identity_number = models.CharField(_("nomor identitas"), max_length=40, blank=True)
    phone = PhoneNumberField(_("nomor telepon"), blank=True)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("unit kerja")
    )
    job_title = models.CharField(_("jabatan"), max_length=150, blank=True)
    language = models.CharField(
        _("bahasa"), max_length=2, choices=[("id", "Bahasa Indonesia"), ("en", "English")], default="id"
    )
    wants_digest = models.BooleanField(_("ringkasan harian"), default=True)
    """A mail each working day with what waits for them, if anything does."""
    is_active = models.BooleanField(_("aktif"), default=True)
    is_demo = models.BooleanField(default=False, editable=False)
    """Made by `load_demo`; an installation with DEBUG off refuses to start while one exists."""
    date_joined = models.DateTimeField(_("terdaftar"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        verbose_name = _("pengguna")
        verbose_name_plural = _("pengguna")
        ordering = ["full_name"]
        constraints = [models.UniqueConstraint(Lower("email"), name="email_once_whatever_its_case")]

    def __str__(self) -> str:
        return self.full_name or self.email

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        """The first name, without the titles before it."""
        names = [word for word in self.full_name.split() if not word.endswith(".")]
        return names[0].rstrip(",") if names else self.full_name

    @cached_property
    def roles(self) -> frozenset[Role]:
        """The roles held now; one query for the life of this object."""
        return frozenset(Role(grant.role) for grant in self.role_grants.all())

    @property
    def is_staff(self) -> bool:
        """Django admin is the administrator's workshop, nobody else's."""
        return self.is_active and Role.ADMINISTRATOR in self.roles

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """What Django admin asks: everything for an administrator, nothing for anybody else."""
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        """What Django admin asks before it lists an application."""
        return self.is_staff


class RoleGrant(models.Model):
    """One role held by one person."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_grants", verbose_name=_("pengguna"))
    role = models.CharField(_("peran"), max_length=20, choices=[(role.value, _(ROLE_LABELS[role])) for role in Role])

    class Meta:
        verbose_name = _("peran")
        verbose_name_plural = _("peran")
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="role_once_per_person")]

    def __str__(self) -> str:
        return str(self.get_role_display())


class Substitution(models.Model):
    """From one local date through another, `substitute` may act with the authority of `absent`."""

    class Kind(models.TextChoices):
        PLH = "Plh.", _("Plh. (pelaksana harian)")
        PLT = "Plt.", _("Plt. (pelaksana tugas)")

    absent = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="substitutions", verbose_name=_("pejabat yang berhalangan")
    )
    substitute = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="substitutes_for", verbose_name=_("pengganti")
    )
    kind = models.CharField(_("sebutan"), max_length=4, choices=Kind, default=Kind.PLH)
    starts_on = models.DateField(_("mulai tanggal"))
    ends_on = models.DateField(_("sampai dengan tanggal"))
    basis = models.CharField(_("dasar"), max_length=200, blank=True, help_text=_("Misalnya nomor surat perintah."))

    class Meta:
        verbose_name = _("pengganti sementara")
        verbose_name_plural = _("pengganti sementara")
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="substitution_ends_after_start"),
            models.CheckConstraint(condition=~Q(absent=F("substitute")), name="nobody_substitutes_themselves"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.substitute} ({self.starts_on} – {self.ends_on})"
