"""The account: who may read which data, from where, until when. Its state is computed (`lifecycle`)."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.identity import IDENTITY_CHOICES
from accounts.models import Unit
from webservice_accounts.lifecycle import Facts, last_valid_date
from webservice_accounts.models.catalogue import DataType


class WebserviceAccount(models.Model):
    """One account of one responsible person, valid for one year (SOP 3)."""

    username = models.SlugField(_("nama pengguna"), max_length=40, unique=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="webservice_accounts")
    application = models.CharField(_("aplikasi pengguna data"), max_length=150)
    purpose = models.TextField(_("tujuan penggunaan"))
    origin = models.CharField(_("asal permohonan"), max_length=80, db_index=True)
    """Text reference of the request it came from; foreign keys never point upwards."""

    holder_name = models.CharField(_("penanggung jawab"), max_length=150)
    holder_identity_type = models.CharField(max_length=10, choices=IDENTITY_CHOICES)
    holder_identity_number = models.CharField(max_length=40)
    holder_phone = PhoneNumberField()
    holder_email = models.EmailField()

    starts_at = models.DateTimeField(_("mulai berlaku"))
    ends_at = models.DateTimeField(_("berakhir"), db_index=True)
    """Exclusive: at this instant the account is dead."""
    created_at = models.DateTimeField()
    created_by_name = models.CharField(max_length=150)
    suspended_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    informed_at = models.DateTimeField(null=True, blank=True)
    revealed_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    """The holder received the secret."""
    confirmed_at = models.DateTimeField(null=True, blank=True)
    """The holder says that access works."""

    class Meta:
        verbose_name = _("akun webservice")
        verbose_name_plural = _("akun webservice")
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="account_ends_after_start")]

    def __str__(self) -> str:
        return self.username

    @property
    def last_day(self) -> date:
        """The last local date on which it is valid: "berlaku s.d."."""
        return last_valid_date(self.ends_at)

    @property
    def facts(self) -> Facts:
        """What `lifecycle.state_at` needs to know."""
        return Facts(
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            suspended_at=self.suspended_at,
            revoked_at=self.revoked_at,
            activated_at=self.revealed_at,
        )


class Grant(models.Model):
    """The account may read this kind of data."""

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="grants")
    data_type = models.ForeignKey(DataType, on_delete=models.PROTECT, related_name="grants")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "data_type"], name="grant_once")]

    def __str__(self) -> str:
        return str(self.data_type)


class AllowedAddress(models.Model):
    """The account may be used from this address or network; none at all means from anywhere."""

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="addresses")
    network = models.CharField(_("alamat IP"), max_length=50)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "network"], name="address_once")]

    def __str__(self) -> str:
        return self.network


class Secret(models.Model):
    """The keyed hash of a secret that was shown once. The secret itself is nowhere."""

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="secrets")
    digest = models.CharField(max_length=64, unique=True)
    pepper_version = models.PositiveSmallIntegerField()
    hint = models.CharField(max_length=12)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.hint


class RevealTicket(models.Model):
    """A link that leads to the page where the secret can be opened. The link alone has no power.

    Whoever follows it must be signed in as the holder, or type the code that was sent to
    the holder's address; then one POST opens the secret, once.
    """

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="tickets")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    """Used, replaced by a newer one, or given up."""
    code_digest = models.CharField(max_length=64, blank=True)
    code_expires_at = models.DateTimeField(null=True, blank=True)
    codes_sent = models.PositiveSmallIntegerField(default=0)
    wrong_codes = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.account} ({self.expires_at:%Y-%m-%d %H:%M})"
