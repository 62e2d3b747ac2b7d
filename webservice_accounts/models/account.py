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

DEFAULT_RATE_PER_MINUTE = 600
DEFAULT_BURST = 60


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
    """Since when it stands still; the history is in `suspensions`."""
    revoked_at = models.DateTimeField(null=True, blank=True)
    revocation_reason = models.TextField(blank=True, max_length=1000)
    renewal_declined_at = models.DateTimeField(null=True, blank=True)
    """The unit does not want it renewed: no more reminders."""

    rate_per_minute = models.PositiveIntegerField(_("permintaan per menit"), default=DEFAULT_RATE_PER_MINUTE)
    burst = models.PositiveIntegerField(_("lonjakan sesaat"), default=DEFAULT_BURST)
    """How many requests may come at once before the steady rate holds (a token bucket's size)."""
    last_used_at = models.DateTimeField(null=True, blank=True)
    """Written in batches by the gate, some seconds after the call."""
    unused_told_at = models.DateTimeField(null=True, blank=True)
    """When the holder was told that it is not used; empty again once used or answered."""
    unused_answered_at = models.DateTimeField(null=True, blank=True)
    """The holder or the unit still needs it: days without use count from here."""

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
    def subject(self) -> str:
        """Its own name in the audit trail; acts of the procedure stand under the request (`origin`)."""
        return f"account:{self.username}"

    @property
    def current_grants(self) -> models.QuerySet["Grant"]:
        """What it may read now, by name of the data."""
        return self.grants.filter(until__isnull=True).select_related("data_type")

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


class AccountPeriod(models.Model):
    """One stretch of validity and the request that granted it; a renewal adds a row and moves the account's end."""

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="periods")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    """Exclusive."""
    origin = models.CharField(max_length=80)
    granted_by_name = models.CharField(max_length=150)
    granted_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="account_period_ends_after_start"),
            models.UniqueConstraint(fields=["account", "starts_at"], name="period_starts_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account} ({self.starts_at:%Y-%m-%d} – {self.ends_at:%Y-%m-%d})"


class Holding(models.Model):
    """Who was the responsible person from when until when (mutasi); the last one is also on the account."""

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="holdings")
    name = models.CharField(max_length=150)
    identity_type = models.CharField(max_length=10, choices=IDENTITY_CHOICES)
    identity_number = models.CharField(max_length=40)
    phone = PhoneNumberField()
    email = models.EmailField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    """Exclusive; empty: still."""

    class Meta:
        ordering = ["since"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(until__isnull=True), name="one_responsible_person_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Suspension(models.Model):
    """The account stood still from `since` until `until`."""

    class Cause(models.TextChoices):
        DECIDED = "decided", _("Ditangguhkan petugas")
        UNUSED = "unused", _("Tidak digunakan")

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="suspensions")
    cause = models.CharField(max_length=10, choices=Cause, default=Cause.DECIDED)
    reason = models.TextField(max_length=1000)
    incident_at = models.DateTimeField(null=True, blank=True)
    """When the incident that led to it happened, as far as known (UU 27/2022 art. 46 counts from knowing it)."""
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    """Exclusive; empty: still, or until the account's end."""
    by_name = models.CharField(max_length=200)
    ended_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["since"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(until__isnull=True), name="one_suspension_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} ({self.since:%Y-%m-%d})"


class Grant(models.Model):
    """The account may read this kind of data from `since` until `until`. What was taken away stays as a row."""

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="grants")
    data_type = models.ForeignKey(DataType, on_delete=models.PROTECT, related_name="grants")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    """Exclusive; empty: as long as the account is valid."""
    origin = models.CharField(max_length=80)
    """Text reference of the request whose disposition allows it."""

    class Meta:
        ordering = ["data_type__name", "since"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "data_type"], condition=Q(until__isnull=True), name="grant_once_at_a_time"
            )
        ]

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
