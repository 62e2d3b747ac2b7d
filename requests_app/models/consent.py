"""The unit that owns data is asked before the data is given to another unit."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from requests_app.models.access_request import AccessRequest


class OwnerConsent(models.Model):
    """One question to one unit about one request, and its answer. While it is open the clock of SOP row 3 rests."""

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="consents")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name=_("unit pemilik data"))
    question = models.TextField(_("pertanyaan"), max_length=2000)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_given = models.BooleanField(_("disetujui"), null=True)
    """None while nobody has answered."""
    remark = models.TextField(_("catatan"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """Who answered, or who at PSI wrote down an answer that came on paper."""
    answer_dated = models.DateField(_("tanggal jawaban"), null=True, blank=True)
    """Local date of the paper; None when the unit answered here."""

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request"], condition=Q(answered_at__isnull=True), name="one_open_consent_per_request"
            )
        ]

    def __str__(self) -> str:
        return f"{self.request} {self.unit}"
