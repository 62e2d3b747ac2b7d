"""How the standards of the SOP are counted and when people are told: a row per change, never edited."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from requests_app.sla import Reading


class ClockRule(models.Model):
    """From `effective_from` on, for clocks of this SOP row that start then or later; the newest such row is in force.

    The minutes are office time: `warn_ahead_minutes` before the deadline, the others after it. 0 leaves
    that warning out, and means "with the breach itself" for the two escalations.
    """

    number = models.CharField(_("nomor pada SOP"), max_length=2)
    effective_from = models.DateTimeField(_("berlaku sejak"))
    reading = models.CharField(
        _("arti “1 x 24 jam hari kerja”"),
        max_length=20,
        choices=[
            (Reading.SAME_TIME.value, _("Jam yang sama pada hari kerja berikutnya")),
            (Reading.END_OF_DAY.value, _("Akhir jam kerja pada hari kerja berikutnya")),
        ],
        default=Reading.SAME_TIME.value,
    )
    warns_at_half = models.BooleanField(_("ingatkan pada separuh waktu"), default=True)
    warn_ahead_minutes = models.PositiveIntegerField(_("ingatkan sebelum batas waktu (menit kerja)"), default=120)
    team_after_minutes = models.PositiveIntegerField(_("beri tahu tim sesudah terlambat (menit kerja)"), default=120)
    head_after_minutes = models.PositiveIntegerField(
        _("beri tahu pimpinan sesudah terlambat (menit kerja)"), default=240
    )
    reason = models.CharField(_("alasan"), max_length=300, blank=True)
    chosen_at = models.DateTimeField(_("dipilih pada"))
    chosen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("oleh")
    )
    """None: taken over from the setting that came before these rows."""

    class Meta:
        verbose_name = _("cara hitung waktu baku")
        verbose_name_plural = _("cara hitung waktu baku")
        ordering = ["number", "effective_from", "pk"]
        constraints = [models.UniqueConstraint(fields=["number", "effective_from"], name="one_clock_rule_at_a_time")]

    def __str__(self) -> str:
        return f"SOP {self.number}: {self.reading}"
