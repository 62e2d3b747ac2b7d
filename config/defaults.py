"""USK's values, the shipped defaults. Another institution edits the rows; nothing here is read again."""

from datetime import datetime

from django.db import transaction

from accounts.models import Institution, Unit
from requests_app import sla
from requests_app.models import ConfirmedYear, DayRow, OfficeSpanRow
from requests_app.steps import calendar_changes
from webservice_accounts.models import DataType, PathRule, Service

S = DataType.Sensitivity

INSTITUTION = {
    "ministry": "Kementerian Pendidikan Tinggi, Sains, dan Teknologi",
    "name": "Universitas Syiah Kuala",
    "short_name": "USK",
    "service_unit": "UPT Teknologi Informasi dan Komunikasi",
    "service_unit_short": "UPT TIK",
    "address": "Jalan Teuku Nyak Arief, Darussalam, Banda Aceh 23111",
    "contact_line": "Laman: tik.usk.ac.id",
    "helpdesk_email": "helpdesk@tik.usk.ac.id",
    "correspondence_system": "PLO",
    "signatory_title": "Kepala UPT TIK",
    "letter_unit_code": "UN11.TIK",
    "default_classification": "TI.00",
    "webservice_url": "https://ws.usk.ac.id",
}

SERVICE_CODE = "data"
"""The one webservice that everything in the catalogue is read from until an administrator adds others."""

UNITS = (
    # code, name, title of its head, mailbox
    ("upt-tik", "UPT Teknologi Informasi dan Komunikasi", "Kepala UPT TIK", "tik@usk.ac.id"),
    ("fmipa", "Fakultas Matematika dan Ilmu Pengetahuan Alam", "Dekan FMIPA", "fmipa@usk.ac.id"),
    ("ft", "Fakultas Teknik", "Dekan Fakultas Teknik", "ft@usk.ac.id"),
    ("feb", "Fakultas Ekonomi dan Bisnis", "Dekan FEB", "feb@usk.ac.id"),
    ("perpustakaan", "UPT Perpustakaan", "Kepala UPT Perpustakaan", "perpustakaan@usk.ac.id"),
    ("bak", "Biro Akademik", "Kepala Biro Akademik", "bak@usk.ac.id"),
    ("buk", "Biro Umum dan Keuangan", "Kepala Biro Umum dan Keuangan", "buk@usk.ac.id"),
    ("lppm", "Lembaga Penelitian dan Pengabdian kepada Masyarakat", "Ketua LPPM", "lppm@usk.ac.id"),
)

CATALOGUE = (
    # code, name, English name, what is inside, the same in English, owner, class, extra paper
    (
        "mahasiswa-aktif",
        "Data mahasiswa aktif",
        "Active students",
        "NPM, nama, program studi, angkatan, dan status mahasiswa yang terdaftar pada semester berjalan.",
        "Student number, name, study programme, intake year and status of those registered this semester.",
        "bak",
        S.PERSONAL,
        "",
    ),
    (
        "nilai-mahasiswa",
        "Data nilai mahasiswa",
        "Student grades",
        "Nilai per mata kuliah, IPS, dan IPK setiap mahasiswa.",
        "Grades by course, semester and cumulative averages of each student.",
        "bak",
        S.PERSONAL,
        "Pernyataan kerahasiaan",
    ),
    (
        "alumni",
        "Data alumni",
        "Alumni",
        "NPM, nama, program studi, tanggal lulus, dan nomor ijazah.",
        "Student number, name, study programme, graduation date and diploma number.",
        "bak",
        S.PERSONAL,
        "",
    ),
    (
        "dosen",
        "Data dosen",
        "Lecturers",
        "Nama, NIDN/NUPTK, jabatan fungsional, dan homebase dosen.",
        "Name, lecturer number, academic rank and home programme of lecturers.",
        "buk",
        S.PERSONAL,
        "",
    ),
    (
        "pegawai",
        "Data pegawai",
        "Staff",
        "Nama, NIP, pangkat, dan unit kerja tenaga kependidikan.",
        "Name, employee number, rank and unit of administrative staff.",
        "buk",
        S.PERSONAL,
        "",
    ),
    (
        "pembayaran-ukt",
        "Data pembayaran UKT",
        "Tuition payments",
        "Golongan UKT, tagihan, dan status pembayaran setiap mahasiswa.",
        "Tuition bracket, bill and payment status of each student.",
        "buk",
        S.SPECIFIC,
        "Pernyataan kerahasiaan",
    ),
    (
        "jadwal-kuliah",
        "Jadwal kuliah dan ruang",
        "Class and room timetable",
        "Mata kuliah, kelas, hari, jam, ruang, dan pengampu.",
        "Course, class, day, hour, room and lecturer.",
        "bak",
        S.NON_PERSONAL,
        "",
    ),
    (
        "program-studi",
        "Referensi fakultas dan program studi",
        "Faculties and study programmes",
        "Kode dan nama fakultas, jurusan, dan program studi.",
        "Codes and names of faculties, departments and study programmes.",
        "bak",
        S.NON_PERSONAL,
        "",
    ),
    (
        "penelitian",
        "Data penelitian dan pengabdian",
        "Research and community service",
        "Judul, ketua, anggota, skema, dan tahun kegiatan.",
        "Title, leader, members, scheme and year.",
        "lppm",
        S.PERSONAL,
        "",
    ),
)


@transaction.atomic
def load(*, now: datetime) -> list[str]:
    """Write what is not there yet; rows that exist, edited or not, are left alone. What was written, in words."""
    written = []
    if not Institution.objects.exists():
        Institution.objects.create(pk=1, **INSTITUTION)
        written.append("institution")
    if not Unit.objects.exists():
        for code, name, head_title, email in UNITS:
            Unit.objects.create(code=code, name=name, head_title=head_title, email=email)
        written.append(f"{len(UNITS)} units")
    service, is_new = Service.objects.get_or_create(
        code=SERVICE_CODE, defaults={"name": f"Webservice data {INSTITUTION['short_name']}"}
    )
    if is_new:
        written.append("service")
    if not DataType.objects.exists():
        owners = {unit.code: unit for unit in Unit.objects.all()}
        for code, name, name_en, description, description_en, owner, sensitivity, paper in CATALOGUE:
            data_type = DataType.objects.create(
                service=service,
                code=code,
                name=name,
                name_en=name_en,
                description=description,
                description_en=description_en,
                owner=owners[owner],
                sensitivity=sensitivity,
                extra_paper=paper,
            )
            PathRule.objects.create(data_type=data_type, methods="GET", pattern=f"/api/{code}/**")
        written.append(f"{len(CATALOGUE)} data types")
    if not OfficeSpanRow.objects.filter(period=None).exists():
        OfficeSpanRow.objects.bulk_create(
            OfficeSpanRow(weekday=weekday, opens=span.opens, closes=span.closes)
            for weekday, spans in sla.DEFAULT_WEEK.items()
            for span in spans
        )
        written.append("office hours")
    for year in range(now.year - 1, now.year + 3):
        if not DayRow.objects.filter(date__year=year).exists():
            calendar_changes.write_suggestions(year)
            written.append(f"calendar {year}")
    for year in (now.year - 1, now.year):
        if not ConfirmedYear.objects.filter(year=year).exists():
            ConfirmedYear.objects.create(year=year, confirmed_at=now)
    return written
