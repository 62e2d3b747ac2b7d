"""Who acts in a simulated history: units, their people, the office; all recognisable, none of them reachable."""

from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

from django.db.models import Q

from accounts.models import RoleGrant, Unit, User
from accounts.roles import Role
from webservice_accounts.models import DataType, Service
from webservice_accounts.services import Holder

DOMAIN = "simulasi.invalid"
"""RFC 2606: no mail to an address under `.invalid` can ever arrive anywhere."""
UNIT_CODE = "sim-"
"""How the codes of simulated units and data begin."""
MARK = "(simulasi)"

UNITS = (
    # code, name, title of its head, how often it writes
    ("fk", "Fakultas Kedokteran", "Dekan", 8),
    ("fkip", "Fakultas Keguruan dan Ilmu Pendidikan", "Dekan", 8),
    ("fp", "Fakultas Pertanian", "Dekan", 5),
    ("fh", "Fakultas Hukum", "Dekan", 4),
    ("fisip", "Fakultas Ilmu Sosial dan Ilmu Politik", "Dekan", 4),
    ("fkh", "Fakultas Kedokteran Hewan", "Dekan", 3),
    ("fkp", "Fakultas Kelautan dan Perikanan", "Dekan", 3),
    ("fkep", "Fakultas Keperawatan", "Dekan", 3),
    ("fkg", "Fakultas Kedokteran Gigi", "Dekan", 3),
    ("pps", "Program Pascasarjana", "Direktur", 5),
    ("bkm", "Biro Kemahasiswaan dan Alumni", "Kepala", 6),
    ("bpk", "Biro Perencanaan dan Kerja Sama", "Kepala", 4),
    ("lpmp", "Lembaga Penjaminan Mutu", "Kepala", 5),
    ("bahasa", "UPT Bahasa", "Kepala", 2),
    ("karier", "UPT Pengembangan Karier", "Kepala", 3),
    ("asrama", "UPT Asrama Mahasiswa", "Kepala", 2),
    ("percetakan", "UPT Percetakan", "Kepala", 1),
    ("klinik", "Klinik Pratama", "Kepala", 1),
    ("rsgm", "Rumah Sakit Gigi dan Mulut", "Direktur", 1),
    ("mitigasi", "Pusat Riset Mitigasi Bencana", "Kepala", 2),
    ("lingkungan", "Pusat Studi Lingkungan Hidup", "Kepala", 1),
    ("inkubator", "Pusat Inkubator Bisnis", "Kepala", 1),
    ("humas", "Bagian Hubungan Masyarakat", "Kepala", 2),
    ("spi", "Satuan Pengawas Internal", "Kepala", 2),
)
OFFICE = ("tik", "UPT Teknologi Informasi dan Komunikasi", "Kepala")

DATA = (
    # code, name, what is inside, code of its owner, class
    ("beasiswa", "Data penerima beasiswa", "NPM, nama, jenis beasiswa, dan masa berlakunya.", "bkm", "personal"),
    ("prestasi", "Data prestasi mahasiswa", "NPM, nama, lomba, tingkat, dan tahun.", "bkm", "personal"),
    (
        "akreditasi",
        "Data akreditasi program studi",
        "Program studi, peringkat, dan masa berlaku.",
        "lpmp",
        "non_personal",
    ),
    ("kerja-sama", "Data kerja sama", "Mitra, ruang lingkup, dan masa berlaku naskah.", "bpk", "non_personal"),
    ("tracer", "Data pelacakan lulusan", "Tahun lulus, pekerjaan, dan masa tunggu.", "karier", "personal"),
    ("kesehatan", "Data pemeriksaan kesehatan", "NPM, tanggal, dan hasil pemeriksaan.", "klinik", "specific"),
)

_FIRST = (
    "Aditya Agus Ahmad Aisyah Akmal Alfian Amelia Andi Ayu Azhar Bambang Cut Dedi Desi Dian Eka Erlina Fahmi Faisal "
    "Farah Fauzan Fitri Hafiz Hasan Hendra Husna Ika Ilham Indah Irfan Khairul Laila Lukman Mahdi Maulida Mira "
    "Muhammad Mulyadi Munawar Mutia Nabila Nasrul Nurul Putri Rahmat Raihan Ratna Reza Rina Rizki Safrizal Salma Sari "
    "Siti Sofyan Suci Syarifah Taufik Teuku Ulfa Wahyu Yulia Yusuf Zahra Zainal Zulfa"
).split()
_LAST = (
    "Abdullah Adnan Akbar Amri Anwar Ardiansyah Arifin Bahri Basri Darma Daud Effendi Fadhil Fajri Fitriani Gunawan "
    "Hadi Hamid Hanum Harahap Hasibuan Hidayat Husaini Ibrahim Idris Iskandar Ismail Jamaluddin Kurniawan Lubis "
    "Mahmud Marzuki Maulana Muchtar Nasution Nurdin Pratama Putra Rahman Ramadhan Ridwan Saputra Siregar Sulaiman "
    "Suryani Syahputra Umar Usman Wahyuni Yahya Yusri Zakaria"
).split()
_DEGREES = ("S.Kom.", "S.T.", "S.Si.", "S.E.", "A.Md.", "M.T.", "M.Kom.", "S.Pd.", "S.H.", "M.Si.")


@dataclass(frozen=True)
class Absence:
    """Who is away from one local date through another, and who stands in."""

    person: User
    substitute: User
    starts_on: date
    ends_on: date

    def covers(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


@dataclass
class House:
    """One unit that writes letters."""

    unit: Unit
    staff: list[User]
    responsible: list[Holder]
    """Those whom its letters name; some of them sign in."""
    weight: int
    sign_in: dict[str, User] = field(default_factory=dict)
    """Of those named, who has a login, by e-mail."""
    letters: int = 0
    """How many it has written."""


@dataclass
class Cast:
    """Everybody who acts."""

    houses: list[House]
    head: User
    deputy: User
    helpdesk: list[User]
    psi: list[User]
    data_types: list[DataType]
    absences: list[Absence] = field(default_factory=list)

    def stands_for(self, person: User, day: date) -> User:
        """Who is there in place of `person` on that local date: mostly they themselves."""
        away = next((one for one in self.absences if one.person == person and one.covers(day)), None)
        return away.substitute if away else person

    def there(self, people: list[User], day: date) -> list[User]:
        """Those of `people` who are not away."""
        return [person for person in people if self.stands_for(person, day) == person]

    def house_of(self, unit_id: int) -> House | None:
        """The simulated unit with that id."""
        return next((house for house in self.houses if house.unit.pk == unit_id), None)


def is_of_the_cast(prefix: str = "") -> Q:
    """Simulated people; `prefix` leads to the person: `created_by__`."""
    return Q(**{f"{prefix}email__endswith": f"@{DOMAIN}"})


def make(rng: Random, *, now: datetime) -> Cast:
    """Write units, people and a few kinds of data; `now`: when they came. Nobody of them has a password."""
    names = _Names(rng)
    office = _unit(*OFFICE)

    def employee(role: Role | None, title: str) -> User:
        return _sign_in(names.person(), office, role, title, now)

    head = employee(Role.HEAD, "Kepala UPT TIK")
    deputy = employee(None, "Sekretaris UPT TIK")
    helpdesk = [employee(Role.HELPDESK, "Staf Administrasi") for _ in range(3)]
    psi = [employee(Role.PSI, "Pranata Komputer") for _ in range(5)]
    houses = [_house(rng, names, row, now) for row in UNITS]
    owners = {house.unit.code: house.unit for house in houses}
    service = Service.objects.filter(is_active=True).order_by("pk")[:1].get()
    for code, name, description, owner, sensitivity in DATA:
        DataType.objects.create(
            service=service,
            code=UNIT_CODE + code,
            name=f"{name} {MARK}",
            description=description,
            owner=owners[UNIT_CODE + owner],
            sensitivity=sensitivity,
        )
    offered = DataType.objects.filter(is_active=True).select_related("owner").order_by("code")
    return Cast(houses, head, deputy, helpdesk, psi, list(offered))


def _unit(code: str, name: str, head: str) -> Unit:
    code = UNIT_CODE + code
    return Unit.objects.create(
        code=code, name=f"{name} {MARK}", head_title=f"{head} {name} {MARK}", email=f"{code}@{DOMAIN}"
    )


def _house(rng: Random, names: "_Names", row: tuple[str, str, str, int], now: datetime) -> House:
    code, name, head, weight = row
    unit = _unit(code, name, head)
    staff = [
        _sign_in(names.person(), unit, Role.UNIT_STAFF, "Staf Tata Usaha", now) for _ in range(1 if weight < 4 else 2)
    ]
    responsible = [names.person() for _ in range(3 + weight)]
    with_login = [person for person in responsible if rng.random() < 0.4]
    sign_in = {person.email: _sign_in(person, unit, None, "Pranata Komputer", now) for person in with_login}
    return House(unit, staff, responsible, weight, sign_in)


def _sign_in(person: Holder, unit: Unit, role: Role | None, title: str, now: datetime) -> User:
    user = User.objects.create_user(
        person.email,
        full_name=person.name,
        identity_type=person.identity_type,
        identity_number=person.identity_number,
        phone=person.phone,
        unit=unit,
        job_title=title,
        date_joined=now,
    )
    if role:
        RoleGrant.objects.create(user=user, role=role)
    return user


class _Names:
    """Names of nobody in particular; no two people have the same address."""

    def __init__(self, rng: Random) -> None:
        self.rng, self.count = rng, 0

    def person(self) -> Holder:
        rng = self.rng
        self.count += 1
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        born, began = rng.randint(1968, 1996), rng.randint(0, 12)
        nip = (
            f"{born}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{min(born + 23 + began, 2024)}"
            f"{rng.randint(1, 12):02d}{rng.randint(1, 2)}{self.count % 1000:03d}"
        )
        return Holder(
            f"{first} {last}, {rng.choice(_DEGREES)}",
            "nip",
            nip,
            f"+62812{rng.randint(0, 99_999_999):08d}",
            f"{first}.{last}{self.count}@{DOMAIN}".lower(),
        )
