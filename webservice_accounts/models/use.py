"""How accounts are used: counts per day, never payloads."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from webservice_accounts.models.account import WebserviceAccount


class DailyUse(models.Model):
    """How often the gate gave one account one answer on one local day, for one kind of data, from one address."""

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="daily_use")
    day = models.DateField()
    """Local (WIB) date."""
    data_type = models.CharField(max_length=40, blank=True)
    """Code of the data type that was asked for; empty when the path names none."""
    result = models.CharField(max_length=30)
    """`decisions.ALLOWED` or a reason of `decisions.Reason`."""
    address = models.CharField(max_length=45, blank=True)
    """From where; empty for the many beyond the first ones of a day."""
    count = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "day", "data_type", "result", "address"], name="daily_use_counted_once"
            )
        ]
        indexes = [models.Index(fields=["day"])]

    def __str__(self) -> str:
        return f"{self.account} {self.day} {self.result} {self.count}"


class UseAlert(models.Model):
    """Something unusual about an account's use, told to PSI once."""

    class Kind(models.TextChoices):
        NEW_ADDRESS = "new_address", _("Pertama kali dari alamat baru")
        TENFOLD = "tenfold", _("Lonjakan sepuluh kali lipat")

    account = models.ForeignKey(WebserviceAccount, on_delete=models.CASCADE, related_name="use_alerts")
    kind = models.CharField(max_length=15, choices=Kind)
    key = models.CharField(max_length=150, unique=True)
    """The occasion: the same key is not told twice."""
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.account} {self.kind}"
