"""What opens the gate, each as a keyed hash: secrets, access tokens, links; and who may ask about tokens."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from webservice_accounts.models.account import WebserviceAccount
from webservice_accounts.models.catalogue import Service


class Secret(models.Model):
    """The keyed hash of a secret that was shown once. The secret itself is nowhere."""

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="secrets")
    digest = models.CharField(max_length=64, unique=True)
    pepper_version = models.PositiveSmallIntegerField()
    hint = models.CharField(max_length=12)
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    """Exclusive, and during a rotation in the future; empty: as long as the account is valid."""
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.hint


class AccessToken(models.Model):
    """A short-lived token bought with a secret (RFC 6749, 4.4). It dies with its secret and with its account."""

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="access_tokens")
    secret = models.ForeignKey(Secret, on_delete=models.CASCADE, related_name="access_tokens")
    digest = models.CharField(max_length=64, unique=True)
    pepper_version = models.PositiveSmallIntegerField()
    scope = models.TextField()
    """Codes of data types with spaces between (RFC 6749, 3.3)."""
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.account} ({self.issued_at:%Y-%m-%d %H:%M})"


class ResourceServer(models.Model):
    """A webservice or gateway that may ask whether a token is active (RFC 7662); it sees its own service's scopes."""

    code = models.SlugField(_("kode"), max_length=40, unique=True)
    name = models.CharField(_("nama"), max_length=120)
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="resource_servers", verbose_name=_("layanan")
    )
    digest = models.CharField(max_length=64, blank=True)
    """Of its secret; empty: it has none yet and is refused."""
    pepper_version = models.PositiveSmallIntegerField(null=True)
    hint = models.CharField(max_length=12, blank=True)
    is_active = models.BooleanField(_("aktif"), default=True)

    class Meta:
        verbose_name = _("peladen sumber daya")
        verbose_name_plural = _("peladen sumber daya")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SigningKey(models.Model):
    """A key that signs JWT access tokens (RFC 9068). The private half is encrypted with a key outside the database."""

    kid = models.CharField(max_length=64, unique=True)
    public_jwk = models.JSONField()
    encrypted_private_key = models.TextField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    """From then on it signs nothing; it stays published until its last token is dead."""

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.kid


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
    overlap_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    """For a rotation: how many hours the present secret goes on working after the new one is opened.

    Empty for a first handover, and again once the new secret was opened.
    """
    code_digest = models.CharField(max_length=64, blank=True)
    code_expires_at = models.DateTimeField(null=True, blank=True)
    codes_sent = models.PositiveSmallIntegerField(default=0)
    wrong_codes = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.account} ({self.expires_at:%Y-%m-%d %H:%M})"
