"""What the head decided (between SOP 2 and 3)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from requests_app.models.access_request import AccessRequest


class Disposition(models.Model):
    """One decision on one letter. A later one does not erase an earlier one."""

    class Decision(models.TextChoices):
        FORWARDED = "forwarded", _("Didisposisikan ke Divisi PSI")
        CLARIFICATION = "clarification", _("Dikembalikan untuk penjelasan")
        REFUSED = "refused", _("Belum dapat dipenuhi")

    class Instruction(models.TextChoices):
        FOLLOW_SOP = "follow_sop", _("Proses sesuai SOP")
        ASSESS = "assess", _("Teliti dan beri pendapat")
        COORDINATE = "coordinate", _("Koordinasikan dengan unit pemilik data")
        GRANT_PART = "grant_part", _("Setujui sebagian (lihat catatan)")
        PREPARE_REPLY = "prepare_reply", _("Siapkan surat balasan")
        FOR_INFORMATION = "for_information", _("Untuk diketahui")

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="dispositions")
    decision = models.CharField(max_length=15, choices=Decision)
    instructions = models.JSONField(_("instruksi"), default=list)
    """Codes of `Instruction`, as ticked."""
    note = models.TextField(_("catatan"), blank=True, max_length=1000)
    due_on = models.DateField(_("batas waktu"), null=True, blank=True)
    copies = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="dispositions_in_copy", verbose_name=_("tembusan kepada")
    )
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """The absent head, when a substitute decided."""
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("disposisi")
        verbose_name_plural = _("disposisi")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.request}: {self.get_decision_display()}"

    @property
    def instruction_labels(self) -> list[str]:
        """The ticked instructions in words."""
        return [str(self.Instruction(code).label) for code in self.instructions]
