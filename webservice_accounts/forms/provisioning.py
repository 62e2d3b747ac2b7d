"""Ticking off a task at another service."""

from datetime import datetime
from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_fields import PickedMoment, layout
from webservice_accounts.models import ProvisioningTask


class TickForm(forms.Form):
    """When it was done at the service, and what the next person should know."""

    helper = layout(Field("done_at", css_class="input-short"), "remark")

    done_at = forms.DateTimeField(
        label=gettext_lazy("Dikerjakan pada (WIB)"),
        help_text=gettext_lazy("Waktu perubahan itu benar-benar dilakukan pada layanan."),
        widget=PickedMoment("datetime-local", "%Y-%m-%dT%H:%M"),
        error_messages={
            "required": gettext_lazy("Isi kapan dikerjakan."),
            "invalid": gettext_lazy("Tulis sebagai hari/bulan/tahun dan jam, misalnya 23/11/2026 09.30."),
        },
    )
    remark = forms.CharField(
        label=gettext_lazy("Catatan (boleh dikosongkan)"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Jangan menulis kata sandi atau kunci di sini."),
    )

    def __init__(self, *args: Any, task: ProvisioningTask, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.task, self.now = task, now

    def clean_done_at(self) -> datetime:
        moment: datetime = self.cleaned_data["done_at"]
        if moment > self.now:
            raise forms.ValidationError(_("Waktu selesai tidak boleh sesudah sekarang."))
        if moment < self.task.created_at.replace(second=0, microsecond=0):
            raise forms.ValidationError(_("Waktu selesai tidak boleh sebelum tugas ini dibuat."))
        return moment
