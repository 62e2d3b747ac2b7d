"""The facts of the clock: when a request came into a status, when it left, by when it was due."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from requests_app.models.access_request import AccessRequest
from requests_app.sop import STEPS, Status, Step


class StepEntry(models.Model):
    """One stay of one request in one status. Written only by `steps/move.py`."""

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="entries")
    status = models.CharField(max_length=24, choices=[(s.value, s.value) for s in Status])
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """None: the responsible person, who has no login and proved it with a code."""
    left_at = models.DateTimeField(null=True, blank=True)
    left_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    clock_started_at = models.DateTimeField(null=True, blank=True)
    """Where the deadline is counted from: this stay's start, or that of the stay whose clock it shares."""
    due_at = models.DateTimeField(null=True, blank=True)
    """Stored for the sweep's index; always what `sla.deadline` says of the facts."""

    class Meta:
        ordering = ["entered_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["request"], condition=Q(left_at__isnull=True), name="one_open_entry")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="open_and_due", condition=Q(left_at__isnull=True, due_at__isnull=False)
            ),
            models.Index(fields=["status", "due_at"], name="due_in_period", condition=Q(due_at__isnull=False)),
            models.Index(fields=["status", "entered_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.request} {self.status}"

    @property
    def step(self) -> Step:
        return STEPS[Status(self.status)]


class DeadlineNotice(models.Model):
    """One thing the clock has to say about one deadline, planned when the deadline is set, said once.

    The rows of a stay are written with it and are the history of its reminders. The sweep reads only those whose
    moment has come; those of a deadline that is met or moved are removed unless they were said.
    """

    class Kind(models.TextChoices):
        HALF = "half", _("Separuh waktu terpakai")
        WARNING = "warning", _("Batas waktu mendekat")
        BREACH = "breach", _("Batas waktu terlewati")
        TEAM = "team", _("Diteruskan kepada tim")
        HEAD = "head", _("Diteruskan kepada pimpinan")

    class State(models.TextChoices):
        PLANNED = "planned"
        NOTICED = "noticed"
        TOLD = "told"
        SKIPPED = "skipped"

    class Skipped(models.TextChoices):
        STEP_DONE = "step_done", _("langkah selesai sebelum sempat diberitahukan")
        OVERTAKEN = "overtaken", _("pemberitahuan yang lebih penting sudah waktunya")
        ALREADY_TOLD = "already_told", _("penerimanya sudah diberi tahu pada saat yang sama")
        MOVED = "moved", _("batas waktu bergeser")
        NOBODY = "nobody", _("tidak ada yang memegang peran ini")

    entry = models.ForeignKey(StepEntry, on_delete=models.CASCADE, related_name="deadline_notices")
    kind = models.CharField(max_length=10, choices=Kind)
    due_at = models.DateTimeField()
    at = models.DateTimeField()
    """The instant it is about, not when it was noticed."""
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    """Noticed: its moment came (a breach is on record), but the office was closed and nobody was told yet."""
    noticed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    """When the mails were written: in office hours only."""
    sent_at = models.DateTimeField(null=True, blank=True)
    """When the last of its mails was taken by a mail server."""
    told_to = models.JSONField(default=list)
    """Those it told: {"person": id, "name": as they were called}."""
    skipped = models.CharField(max_length=20, blank=True)
    """Why nobody was told, one of `Skipped`."""

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["entry", "kind", "due_at"], name="deadline_notice_once")]
        indexes = [
            models.Index(fields=["at"], name="notice_to_come", condition=Q(state__in=["planned", "noticed"])),
            models.Index(fields=["told_at"], name="notice_not_sent", condition=Q(state="told", sent_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.entry} {self.kind}"

    @property
    def key(self) -> str:
        """What its mails and its lines under the bell are called by."""
        return f"deadline-notice:{self.pk}"

    def mail_key(self, person_id: int) -> str:
        """The `OutgoingMail.key` of the mail to this person."""
        return f"{self.key}:{person_id}"

    @property
    def mail_keys(self) -> list[str]:
        """Those of all its mails."""
        return [self.mail_key(one["person"]) for one in self.told_to]
