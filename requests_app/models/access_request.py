"""The request itself (SOP 1): who is responsible, which data, what for, and the letter."""

import secrets
import uuid
from collections.abc import Callable

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.identity import IDENTITY_CHOICES
from accounts.models import Unit
from requests_app.sop import STEPS, Status, Step
from webservice_accounts.models import DataType, WebserviceAccount

_READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference(year: int, choose: Callable[[str], str] = secrets.choice) -> str:
    """A short name that can be said on the phone and tells nobody how many requests there are.

    `choose` picks one character of many: by chance, unless a simulation must come out the same again.
    """
    return f"GP{year % 100:02d}-" + "".join(choose(_READABLE) for _ in range(6))


class AccessRequest(models.Model):
    """One request of one unit, from draft to reply letter. Its status moves only in `steps/move.py`."""

    class Delivery(models.TextChoices):
        UPLOAD = "upload", _("Surat diunggah di sini")
        PAPER = "paper", _("Surat dikirim sebagai kertas")

    class Outcome(models.TextChoices):
        OPEN = "", _("Belum ada")
        GRANTED = "granted", _("Dipenuhi")
        PARTIAL = "partial", _("Dipenuhi sebagian")
        REFUSED = "refused", _("Belum dapat dipenuhi")

    reference = models.CharField(_("nomor referensi"), max_length=12, unique=True)
    start_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    """From the form that began it: pressing twice begins one request."""
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="requests", verbose_name=_("unit kerja"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="requests_created")
    entered_for_unit = models.BooleanField(default=False)
    """The helpdesk entered a paper letter."""
    status = models.CharField(max_length=24, choices=[(s.value, s.value) for s in Status], default=Status.DRAFT)
    version = models.PositiveIntegerField(default=0)
    """Counts moves: a form made before somebody else acted is recognised."""
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN, blank=True)

    person_name = models.CharField(_("nama penanggung jawab"), max_length=150, blank=True)
    identity_type = models.CharField(_("jenis identitas"), max_length=10, choices=IDENTITY_CHOICES, blank=True)
    identity_number = models.CharField(_("nomor identitas"), max_length=40, blank=True)
    phone = PhoneNumberField(_("nomor telepon"), blank=True)
    email = models.EmailField(_("email"), blank=True)

    other_data = models.TextField(_("data lain yang dibutuhkan"), blank=True, max_length=2000)
    other_data_reason = models.CharField(_("jawaban atas data lain"), max_length=300, blank=True)
    """What PSI says of the free-text wish that no catalogue row covers."""
    purpose = models.TextField(_("tujuan penggunaan"), blank=True, max_length=2000)
    application = models.CharField(_("aplikasi pengguna data"), max_length=150, blank=True)

    letter_number = models.CharField(_("nomor surat"), max_length=100, blank=True)
    letter_date = models.DateField(_("tanggal surat"), null=True, blank=True)
    letter_subject = models.CharField(_("hal"), max_length=250, blank=True)
    delivery = models.CharField(_("cara mengirim surat"), max_length=10, choices=Delivery, default=Delivery.UPLOAD)

    opened_at = models.DateTimeField()
    """The form was opened (measures SOP 1)."""
    submitted_at = models.DateTimeField(_("dikirim"), null=True, blank=True)
    happened_at = models.DateTimeField(_("surat diterima pada"), null=True, blank=True)
    """For a paper letter: when it really came in."""
    finished_at = models.DateTimeField(null=True, blank=True)

    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="claimed_requests",
        verbose_name=_("dikerjakan oleh"),
    )
    waiting_question = models.TextField(blank=True)
    """What the unit is asked to complete or answer while it is waited for."""
    account = models.ForeignKey(
        WebserviceAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="requests"
    )
    """The account it led to; a renewal leads to the one it renews."""
    renews = models.ForeignKey(
        WebserviceAccount,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="renewals",
        verbose_name=_("memperpanjang akun"),
    )
    """Set from the draft on, when this request asks for one more year of an account."""

    class Meta:
        verbose_name = _("permohonan")
        verbose_name_plural = _("permohonan")
        ordering = ["-opened_at"]
        indexes = [
            models.Index(fields=["unit", "-opened_at"]),
            models.Index(fields=["status", "opened_at"]),
            models.Index(fields=["email"]),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("request", args=[self.reference])

    @property
    def subject(self) -> str:
        """Its name in the audit trail."""
        return f"request:{self.reference}"

    @property
    def step(self) -> Step:
        return STEPS[Status(self.status)]


class RequestedItem(models.Model):
    """One kind of data asked for, and what became of it."""

    class Decision(models.TextChoices):
        OPEN = "", _("Belum diputuskan")
        GRANTED = "granted", _("Diberikan")
        REFUSED = "refused", _("Tidak diberikan")

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="items")
    data_type = models.ForeignKey(DataType, on_delete=models.PROTECT, related_name="+")
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.OPEN, blank=True)
    reason = models.CharField(_("alasan tidak diberikan"), max_length=300, blank=True)

    class Meta:
        ordering = ["data_type__name"]
        constraints = [models.UniqueConstraint(fields=["request", "data_type"], name="data_asked_once")]

    def __str__(self) -> str:
        return str(self.data_type)


class Document(models.Model):
    """One file: a page or PDF of the unit's letter, or the issued reply. Bytes never change."""

    class Kind(models.TextChoices):
        REQUEST_LETTER = "request_letter", _("Surat permohonan")
        REPLY_LETTER = "reply_letter", _("Surat balasan")

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=20, choices=Kind)
    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    file = models.FileField(max_length=200)
    display_name = models.CharField(max_length=150)
    content_type = models.CharField(max_length=40)
    size = models.PositiveBigIntegerField()
    pages = models.PositiveIntegerField(default=1)
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request"], condition=Q(kind="reply_letter"), name="one_issued_reply_per_request"
            )
        ]

    def __str__(self) -> str:
        return self.display_name

    def get_absolute_url(self) -> str:
        return reverse("document", args=[self.key])
