"""SOP 1 on the screen: the four parts of the request, each saved as a draft, and the small forms around them."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from zlib import crc32

from crispy_forms.layout import Div, Field
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.utils.datastructures import MultiValueDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_fields import IdentityFields, PhoneField, RowsField
from accounts.form_fields import PickedMoment as PickedMoment
from accounts.form_fields import layout as layout
from accounts.models import Unit, User
from requests_app import renewals
from requests_app.models import AccessRequest, Document
from requests_app.steps.request_letter import MAX_FILES
from requests_app.uploads import EXTENSIONS, Inspected, Refused, inspect
from webservice_accounts.models import DataType

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

EARLIEST = date(2000, 1, 1)
"""A letter older than this is a slip of the hand."""
TEMPLATES = "requests_app/request_letter"


class ManyFiles(forms.FileInput):
    """A file input that takes several files."""

    allow_multiple_selected = True


# --- the four parts ------------------------------------------------------------------------
class PartForm(forms.Form):
    """One part of the request.

    `may_have_gaps`: the person goes back or stops for today, so nothing is demanded yet;
    what is wrong is said all the same. `refused` are files that were dropped while they
    arrived. `initial` is shown instead of what is stored.
    """

    part: ClassVar[str]
    title: ClassVar["StrOrPromise"]
    minutes: ClassVar[int]
    help: ClassVar["StrOrPromise"]
    demands: ClassVar[Mapping[str, "StrOrPromise"]] = {}
    """What the SOP's row 1 lists: field -> what is said when it is empty."""

    def __init__(
        self,
        data: MultiValueDict[str, str] | None = None,
        files: MultiValueDict[str, UploadedFile] | None = None,
        *,
        request: AccessRequest,
        today: date,
        may_have_gaps: bool = False,
        refused: Sequence[Refused] = (),
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        stored = {name: getattr(request, name) for name in self.base_fields if hasattr(request, name)}
        super().__init__(data, files, initial={**stored, **(initial or {})})
        self.request, self.today, self.may_have_gaps = request, today, may_have_gaps
        self.is_refilled = initial is not None
        self.refused = list(refused)
        self.accepted: list[tuple[UploadedFile, Inspected]] = []
        """Files that were looked into and may be kept, whatever else is wrong."""
        for name, field in self.fields.items():
            field.required = name in self.demands and not may_have_gaps
            if name in self.demands:
                field.error_messages["required"] = self.demands[name]

    @property
    def fingerprint(self) -> str:
        """Changes with what the server knows: text kept in the browser is then recognised as older."""
        return f"{crc32(repr((self.is_refilled, sorted(self.initial.items()))).encode()):08x}"

    def kept(self) -> dict[str, Any]:
        """The fields of the request to save: those that were posted."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name in self.data and hasattr(self.request, name)
        }

    def chosen(self) -> list[DataType] | None:
        """The data asked for; None where this part does not ask."""
        return None


class PersonForm(IdentityFields, PartForm):
    """Who is responsible: Nama, NIP, NoTelpon, Email."""

    part = "person"
    title = gettext_lazy("Penanggung jawab")
    minutes = 1
    help = gettext_lazy(
        "Penanggung jawab adalah orang yang menerima akun dan kunci akses; namanya tertulis pada surat. "
        "Isian ini dipakai untuk membuat akun dan menghubunginya. NIK tidak diperlukan."
    )
    demands = {
        "person_name": gettext_lazy("Isi nama penanggung jawab."),
        "identity_type": gettext_lazy("Pilih jenis identitas."),
        "identity_number": gettext_lazy("Isi nomor identitas."),
        "phone": gettext_lazy("Isi nomor telepon, misalnya 0812-3456-7890."),
        "email": gettext_lazy("Isi alamat email, misalnya nama@usk.ac.id."),
    }
    field_order = ["person_name", "identity_type", "identity_number", "phone", "email"]
    helper = layout("person_name", Div("identity_type", "identity_number", css_class="two"), "phone", "email")

    person_name = forms.CharField(
        label=gettext_lazy("Nama"),
        max_length=150,
        help_text=gettext_lazy("Lengkap dengan gelar, seperti pada surat."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    phone = PhoneField()
    email = forms.EmailField(
        label=gettext_lazy("Email"),
        max_length=254,
        help_text=gettext_lazy("Tautan untuk membuka kunci akses dikirim ke alamat ini. Sebaiknya email dinas."),
        error_messages={"invalid": gettext_lazy("Isi alamat email yang lengkap, misalnya nama@usk.ac.id.")},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )

    def clean_person_name(self) -> str:
        """Any name that has a letter in it: emoji, digits or dashes alone name nobody."""
        name: str = self.cleaned_data["person_name"]
        if name and not any(sign.isalpha() for sign in name):
            raise forms.ValidationError(_("Tulis nama dengan huruf, seperti pada surat."))
        return name

    @staticmethod
    def facts_about(user: User) -> dict[str, Any]:
        """What the signed-in person's own profile says; what it does not know is left out."""
        profile = {
            "person_name": user.full_name,
            "identity_type": user.identity_type,
            "identity_number": user.identity_number,
            "phone": user.phone,
            "email": user.email,
        }
        return {name: value for name, value in profile.items() if value}


class DataForm(PartForm):
    """Which data, from the catalogue or in one's own words."""

    part = "data"
    title = gettext_lazy("Data yang dibutuhkan")
    minutes = 1
    help = gettext_lazy(
        "Pilih hanya data yang benar-benar dipakai aplikasi Anda; permintaan yang sempit lebih cepat diputuskan. "
        "Berkas tambahan yang disebut pada kartu diunggah bersama surat. "
        "Pilihan dapat diubah sampai permohonan dikirim."
    )
    helper = layout(
        Field("data_types", template=f"{TEMPLATES}/_data_types.html"),
        Field("other_data", data_counter=""),
    )

    data_types = RowsField(
        DataType.objects.none(),
        label=gettext_lazy("Jenis data"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": gettext_lazy("Salah satu jenis data tidak lagi ditawarkan. Pilih kembali dari daftar."),
            "invalid_pk_value": gettext_lazy("Pilih jenis data dari daftar."),
        },
    )
    other_data = forms.CharField(
        label=gettext_lazy("Data lain"),
        max_length=2000,
        help_text=gettext_lazy("Bila yang Anda butuhkan tidak ada di atas, jelaskan dengan kata-kata sendiri."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, request: AccessRequest, **kwargs: Any) -> None:
        asked_for = list(request.items.values_list("data_type", flat=True))
        super().__init__(*args, request=request, **kwargs)
        self.initial["data_types"] = asked_for
        offered = DataType.objects.filter(Q(is_active=True) | Q(pk__in=asked_for)).select_related("owner")
        self.fields["data_types"].queryset = offered  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        super().clean()
        answers = ("data_types", "other_data")
        if not (self.may_have_gaps or self.errors or any(self.cleaned_data.get(name) for name in answers)):
            self.add_error("data_types", _("Pilih paling sedikit satu jenis data, atau tuliskan di “Data lain”."))
        return self.cleaned_data

    def chosen(self) -> list[DataType] | None:
        return list(self.cleaned_data["data_types"]) if "other_data" in self.data else None


class PurposeForm(PartForm):
    """What for; the SOP does not demand it, whoever decides is glad of it."""

    part = "purpose"
    title = gettext_lazy("Tujuan penggunaan")
    minutes = 1
    help = gettext_lazy(
        "Bagian ini boleh dikosongkan, tetapi membantu Pimpinan memutuskan. "
        "Tuliskan aplikasi yang membaca data dan manfaatnya. Nama aplikasi juga menjadi dasar nama pengguna akun."
    )
    helper = layout("application", Field("purpose", data_counter=""))

    application = forms.CharField(
        label=gettext_lazy("Aplikasi pengguna data"),
        max_length=150,
        help_text=gettext_lazy("Nama aplikasi atau sistem yang akan membaca data, misalnya Sistem Presensi FMIPA."),
    )
    purpose = forms.CharField(
        label=gettext_lazy("Tujuan penggunaan"),
        max_length=2000,
        help_text=gettext_lazy("Untuk apa data dipakai dan siapa yang melihatnya. Dua atau tiga kalimat cukup."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class LetterForm(PartForm):
    """The signed letter: what stands on it, and its pages as files or on paper."""

    part = "letter"
    title = gettext_lazy("Surat permohonan")
    minutes = 2
    help = gettext_lazy(
        "Unggah pindaian atau foto surat yang sudah ditandatangani; beberapa halaman boleh menjadi beberapa berkas. "
        "Nomor, tanggal, dan hal disalin seperti tertulis pada surat. "
        "Bila suratnya kertas, permohonan diagendakan setelah surat itu diterima."
    )
    demands = {"delivery": gettext_lazy("Pilih cara mengirim surat.")}
    helper = layout(
        Div("letter_number", Field("letter_date", css_class="input-short"), css_class="two"),
        "letter_subject",
        Field("delivery", template=f"{TEMPLATES}/_delivery.html"),
        Field("files", template=f"{TEMPLATES}/_files.html"),
    )

    letter_number = forms.CharField(
        label=gettext_lazy("Nomor surat"),
        max_length=100,
        help_text=gettext_lazy("Seperti tertulis pada surat."),
    )
    letter_date = forms.DateField(
        label=gettext_lazy("Tanggal surat"),
        widget=PickedMoment("date", "%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Tulis tanggal sebagai hari/bulan/tahun, misalnya 23/11/2026.")},
    )
    letter_subject = forms.CharField(label=gettext_lazy("Hal"), max_length=250)
    delivery = forms.ChoiceField(
        label=gettext_lazy("Cara mengirim surat"),
        choices=AccessRequest.Delivery.choices,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("Pilih cara mengirim surat.")},
    )
    files = forms.Field(  # type: ignore[assignment]  # Django's metaclass keeps the two apart
        label=gettext_lazy("Berkas surat"),
        widget=ManyFiles(attrs={"accept": ",".join(EXTENSIONS)}),
    )

    def __init__(self, *args: Any, request: AccessRequest, **kwargs: Any) -> None:
        super().__init__(*args, request=request, **kwargs)
        self.needs_letter = renewals.needs_letter(request)
        if not self.needs_letter:
            self.fields["delivery"].required = False

    @property
    def max_bytes(self) -> int:
        """How large one file may be."""
        return settings.MAX_UPLOAD_BYTES

    @property
    def max_megabytes(self) -> int:
        """The same for people."""
        return self.max_bytes // 2**20

    @property
    def letters(self) -> list[Document]:
        """The files that are kept already."""
        return list(self.request.documents.filter(kind=Document.Kind.REQUEST_LETTER))

    def clean_delivery(self) -> str:
        """The way chosen; as it was where no letter is needed and none was chosen."""
        chosen: str = self.cleaned_data["delivery"]
        return chosen or self.request.delivery

    def clean_letter_date(self) -> date | None:
        written = self.cleaned_data["letter_date"]
        if written and written > self.today:
            raise forms.ValidationError(
                _("Tanggal surat tidak boleh sesudah hari ini, %(today)s.") % {"today": date_format(self.today)}
            )
        if written and written < EARLIEST:
            raise forms.ValidationError(_("Periksa tahun pada tanggal surat; paling awal tahun 2000."))
        return written

    def clean_files(self) -> None:
        """Look into each file; the good ones are in `accepted` even when others are refused."""
        given = self.files.getlist("files")  # type: ignore[attr-defined]
        problems: list[forms.ValidationError] = [*self.refused]
        for file in given[:MAX_FILES]:
            try:
                self.accepted.append((file, inspect(file, file_name=file.name or "")))
            except Refused as problem:
                problems.append(problem)
        if len(given) > MAX_FILES:
            problems.append(forms.ValidationError(_("Paling banyak %(count)s berkas.") % {"count": MAX_FILES}))
        if problems:
            raise forms.ValidationError(problems)

    def clean(self) -> dict[str, Any]:
        super().clean()
        is_upload = self.cleaned_data.get("delivery") == AccessRequest.Delivery.UPLOAD
        has_letter = self.accepted or "files" in self.errors or self.letters
        if is_upload and self.needs_letter and not has_letter and not self.may_have_gaps:
            self.add_error(
                "files",
                _("Unggah surat yang sudah ditandatangani, atau pilih bahwa surat dikirim sebagai kertas."),
            )
        return self.cleaned_data


PARTS: Mapping[str, type[PartForm]] = {form.part: form for form in (PersonForm, DataForm, PurposeForm, LetterForm)}
"""The parts in their order; `completeness.Gap.part` names one of them."""


class RenewalForm(PersonForm, DataForm, PurposeForm, LetterForm):
    """All four parts on one page, filled in with what is granted: to be said again, or changed."""

    part = "renewal"
    title = gettext_lazy("Perpanjangan akun")
    minutes = 2
    help = gettext_lazy(
        "Isian diambil dari akun yang diperpanjang. Periksa apakah penanggung jawab, tujuan, dan datanya masih sama; "
        "ubah yang sudah berbeda. Data yang tidak dipilih lagi berhenti ketika perpanjangan diberikan, dan data yang "
        "ditambah diputuskan Pimpinan."
    )
    demands = {**PersonForm.demands, **LetterForm.demands}
    data_helper = layout(
        Field("data_types", template="requests_app/renewal/_data_types.html"), Field("other_data", data_counter="")
    )
    person_helper, purpose_helper, letter_helper = PersonForm.helper, PurposeForm.helper, LetterForm.helper

    @property
    def held(self) -> set[int]:
        """The data that the account may read now, by id."""
        account = self.request.renews
        return set(account.current_grants.values_list("data_type", flat=True)) if account else set()


# --- before and after -----------------------------------------------------------------------
class BeginForm(forms.Form):
    """One press of "Mulai"; the same `start_key` again is the same press."""

    start_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class PaperForm(BeginForm):
    """A paper letter that came in for a unit, entered by the helpdesk."""

    helper = layout("unit", Field("happened_at", css_class="input-short"), "start_key")

    unit = forms.ModelChoiceField(
        Unit.objects.filter(is_active=True),
        label=gettext_lazy("Unit kerja pengirim"),
        empty_label=gettext_lazy("Pilih unit kerja"),
        error_messages={
            "required": gettext_lazy("Pilih unit kerja pengirim surat."),
            "invalid_choice": gettext_lazy("Pilih unit kerja dari daftar."),
        },
    )
    happened_at = forms.DateTimeField(
        label=gettext_lazy("Surat diterima pada (WIB)"),
        help_text=gettext_lazy("Waktu surat kertas benar-benar datang, bukan waktu Anda mencatatnya di sini."),
        widget=PickedMoment("datetime-local", "%Y-%m-%dT%H:%M"),
        error_messages={
            "required": gettext_lazy("Isi kapan surat diterima."),
            "invalid": gettext_lazy("Tulis sebagai hari/bulan/tahun dan jam, misalnya 23/11/2026 09.30."),
        },
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def clean_happened_at(self) -> datetime:
        moment = self.cleaned_data["happened_at"]
        if moment > self.now:
            raise forms.ValidationError(_("Waktu surat diterima tidak boleh sesudah sekarang."))
        if moment.date() < EARLIEST:
            raise forms.ValidationError(_("Periksa tahunnya; paling awal tahun 2000."))
        return moment


class PaperRenewalForm(PaperForm):
    """A paper letter that asks for the renewal of one account: when it came."""

    helper = layout(Field("happened_at", css_class="input-short"))
    unit = None  # type: ignore[assignment]  # the account's own
    start_key = None  # type: ignore[assignment]  # the account has one renewal at a time anyway


class WithdrawForm(forms.Form):
    """The unit no longer asks."""

    helper = layout(Field("reason", data_counter=""))

    reason = forms.CharField(
        label=gettext_lazy("Alasan (boleh dikosongkan)"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AnswerForm(forms.Form):
    """The answer to a question of PSI."""

    helper = layout(Field("text", data_counter=""))

    text = forms.CharField(
        label=gettext_lazy("Jawaban Anda"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": gettext_lazy("Tulis jawaban Anda.")},
    )
