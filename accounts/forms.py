"""What people write about themselves, and whom they have stand in for them."""

from typing import Any, cast

from crispy_forms.layout import Div
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_fields import IdentityFields, PhoneField, PickedMoment, layout
from accounts.models import Substitution, User
from accounts.selectors import people_with_a_role, possible_substitutes
from accounts.services import Profile
from accounts.substitutions import Appointment

LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]
NOT_A_DATE = gettext_lazy("Tulis tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026.")


class ProfileForm(IdentityFields, forms.Form):
    """The profile of the person who is signed in."""

    field_order = ("full_name", "phone", "identity_type", "identity_number", "language", "wants_digest")
    helper = layout(
        "full_name",
        "phone",
        Div("identity_type", "identity_number", css_class="two"),
        "language",
        "wants_digest",
    )

    full_name = forms.CharField(
        label=gettext_lazy("Nama lengkap"),
        max_length=150,
        help_text=gettext_lazy("Dengan gelar, seperti pada surat."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Isi nama Anda.")},
    )
    phone = PhoneField(required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Bahasa halaman dan surel"), choices=LANGUAGES, widget=forms.RadioSelect
    )
    wants_digest = forms.BooleanField(
        label=gettext_lazy("Kirim ringkasan harian"),
        required=False,
        help_text=gettext_lazy("Setiap hari kerja pukul 07.45, bila ada yang menunggu Anda."),
    )

    def __init__(self, data: Any = None, *, person: User) -> None:
        super().__init__(data, initial={name: getattr(person, name) for name in self.field_order})
        for name in ("identity_type", "identity_number"):
            self.fields[name].required = False

    def clean_full_name(self) -> str:
        """On one line, since it stands in subjects of mails."""
        return " ".join(self.cleaned_data["full_name"].split())

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("identity_number") and not data.get("identity_type"):
            self.add_error("identity_type", _("Pilih jenis nomor yang diisi."))
        if data.get("identity_type") and not data.get("identity_number") and "identity_number" not in self.errors:
            self.add_error("identity_number", _("Isi nomornya, atau kosongkan jenis identitas."))
        return data

    def profile(self) -> Profile:
        """What was written, once it is valid."""
        return Profile(**{name: self.cleaned_data[name] for name in Profile.__dataclass_fields__})


class PersonChoice(forms.ModelChoiceField):
    """A person by name and position."""

    def label_from_instance(self, person: Any) -> str:
        return f"{person.full_name} ({person.job_title})" if person.job_title else str(person)


class SubstitutionForm(forms.Form):
    """Who stands in, from when through when. Only an administrator (`may_choose_absent`) says for whom."""

    absent = PersonChoice(
        label=gettext_lazy("Pejabat yang berhalangan"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Pilih orang"),
        error_messages={"required": gettext_lazy("Pilih siapa yang berhalangan.")},
    )
    substitute = PersonChoice(
        label=gettext_lazy("Pengganti"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Pilih orang"),
        error_messages={"required": gettext_lazy("Pilih siapa yang menggantikan.")},
    )
    kind = forms.ChoiceField(label=gettext_lazy("Sebutan"), choices=Substitution.Kind.choices, initial="Plh.")
    starts_on = forms.DateField(
        label=gettext_lazy("Mulai tanggal"),
        widget=PickedMoment("date", "%Y-%m-%d"),
        error_messages={"invalid": NOT_A_DATE, "required": gettext_lazy("Isi tanggal mulai.")},
    )
    ends_on = forms.DateField(
        label=gettext_lazy("Sampai dengan tanggal"),
        widget=PickedMoment("date", "%Y-%m-%d"),
        error_messages={"invalid": NOT_A_DATE, "required": gettext_lazy("Isi tanggal akhir.")},
    )
    basis = forms.CharField(
        label=gettext_lazy("Dasar"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Misalnya nomor surat perintah. Boleh kosong."),
    )

    def __init__(self, data: Any = None, *, by: User, may_choose_absent: bool) -> None:
        super().__init__(data)
        self.by = by
        self._offer("absent", people_with_a_role())
        self._offer("substitute", possible_substitutes(None if may_choose_absent else by))
        if not may_choose_absent:
            del self.fields["absent"]
        people = ("absent", "substitute") if may_choose_absent else ("substitute",)
        self.helper = layout(*people, "kind", Div("starts_on", "ends_on", css_class="two"), "basis")

    def _offer(self, name: str, people: QuerySet[User]) -> None:
        cast("PersonChoice", self.fields[name]).queryset = people

    def appointment(self) -> Appointment:
        """What was asked for, once it is valid."""
        data = self.cleaned_data
        return Appointment(
            absent=data.get("absent") or self.by,
            substitute=data["substitute"],
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            kind=data["kind"],
            basis=data["basis"].strip(),
        )
