"""What people write in a simulated history, in Indonesian as everything that is stored."""

from random import Random

from accounts.models import Unit
from requests_app.models import AccessRequest, LateReason

_KINDS = (
    "Sistem Informasi", "Dasbor", "Portal", "Aplikasi", "Layanan", "Laman", "Sistem Presensi", "Basis Data",
)  # fmt: skip
_ABOUT = (
    "Akademik", "Alumni", "Beasiswa", "Mutu", "Kepegawaian", "Kuliah Kerja Nyata", "Laboratorium", "Pustaka",
    "Yudisium", "Praktikum", "Magang", "Kemahasiswaan", "Penelitian", "Tugas Akhir", "Akreditasi", "Ruang Kuliah",
    "Bimbingan", "Surat Keterangan", "Keuangan Unit", "Survei Kepuasan", "Kerja Sama", "Wisuda",
)  # fmt: skip
_SUBJECTS = (
    "Permohonan akses webservice",
    "Permohonan akun webservice",
    "Permohonan data melalui webservice",
    "Permintaan akses data untuk aplikasi unit",
)
_PURPOSES = (
    "Menampilkan data terbaru pada {application} tanpa pengisian ulang.",
    "Memeriksa data pengguna saat masuk ke {application}.",
    "Menyusun laporan tahunan unit dari {application}.",
    "Menyelaraskan data {application} dengan data universitas setiap malam.",
    "Membuat rekapitulasi semester pada {application} untuk pimpinan unit.",
)

NO_LONGER_NEEDED = (
    "Data sudah diperoleh dari sumber lain.",
    "Pengembangan aplikasi ditunda ke tahun depan.",
    "Permohonan akan diajukan kembali dengan data yang lebih lengkap.",
)
INCOMPLETE = (
    "Surat belum ditandatangani pimpinan unit.",
    "NIP penanggung jawab pada surat berbeda dengan isian.",
    "Halaman kedua surat tidak terbaca. Mohon dipindai ulang.",
    "Jenis data pada surat belum jelas. Mohon disebutkan satu per satu.",
    "Nomor telepon penanggung jawab belum tercantum pada surat.",
)
QUESTIONS = (
    "Mohon dijelaskan siapa saja yang dapat melihat data ini pada aplikasi.",
    "Apakah data diperlukan untuk seluruh angkatan, atau angkatan berjalan saja?",
    "Alamat IP server mana yang akan mengambil data?",
    "Apakah data disimpan di server unit? Berapa lama?",
    "Mohon dijelaskan kaitan permohonan ini dengan akun unit yang sudah ada.",
)
ANSWERS = (
    "Data hanya dilihat oleh dua operator unit dengan akun masing-masing.",
    "Cukup angkatan berjalan.",
    "Server unit berada di jaringan kampus; alamatnya kami sertakan pada surat.",
    "Data tidak disimpan, hanya ditampilkan saat dibuka.",
    "Akun yang lama dipakai aplikasi lain dan tidak akan diperpanjang.",
)
REFUSALS = (
    "Data yang diminta sudah tersedia pada portal universitas.",
    "Tujuan penggunaan belum sesuai dengan tugas unit.",
    "Data pribadi spesifik belum dapat diberikan tanpa persetujuan pemilik data.",
)
NOTES = ("Mohon diproses sesuai SOP.", "Tindak lanjuti.", "Mohon segera.", "Berikan data seperlunya saja.", "")
PASSED_ON = (
    "Rekan lebih mengenal aplikasi unit ini.",
    "Beban kerja minggu ini dibagi ulang.",
    "Ada tugas lapangan besok.",
)
NOT_POSSIBLE = (
    "Data yang diminta belum tersedia pada webservice.",
    "Jenis data pada surat tidak sesuai dengan tujuan yang ditulis.",
)
NOT_AGREED = ("Data ini hanya untuk keperluan internal unit kami.", "Mohon diajukan kembali setelah ada perjanjian.")
REFUSED_DATA = (
    "Tidak diperlukan untuk tujuan yang ditulis.",
    "Data masih dibenahi pada sumbernya.",
    "Cukup dengan data lain yang diberikan.",
)
NO_ANSWER = (
    "Penanggung jawab tidak menjawab surel dan telepon.",
    "Penanggung jawab sedang dinas luar; unit meminta surat balasan lebih dahulu.",
)
PROBLEMS = (
    "Alamat server kami belum masuk daftar yang diizinkan.",
    "Kunci sudah dibuka, tetapi tersalin sebagian.",
    "Data jadwal kosong untuk semester ini.",
)
CORRECTIONS = (
    "Nama unit pada tujuan surat belum lengkap.",
    "Mohon tambahkan batas waktu perpanjangan.",
    "Perbaiki ejaan nama penanggung jawab.",
)
SUSPENSIONS = (
    "Permintaan melonjak dari alamat yang tidak biasa.",
    "Kunci diduga tersimpan pada repositori umum.",
    "Server unit sedang dibersihkan dari malware.",
)
REINSTATED = ("Server unit sudah diperiksa dan bersih.", "Lonjakan berasal dari uji beban unit sendiri.")
REVOCATIONS = ("Aplikasi dihentikan oleh unit.", "Kunci bocor dan unit tidak memerlukan akses lagi.")
MOVED = ("Mutasi penanggung jawab sesuai surat dekan.", "Penanggung jawab lama pindah unit kerja.")

LATE = {
    LateReason.Cause.WORKLOAD: ("Banyak permohonan masuk pada awal semester.", "Bersamaan dengan jadwal registrasi."),
    LateReason.Cause.ABSENCE: ("Petugas mengikuti pelatihan.", "Petugas sakit selama dua hari."),
    LateReason.Cause.SYSTEM: ("Jaringan kampus terganggu.", "Server basis data dalam pemeliharaan."),
    LateReason.Cause.WAITING: ("Menunggu penjelasan melalui telepon.", "Menunggu paraf pejabat lain."),
    LateReason.Cause.INCOMPLETE: ("Jenis data perlu dipastikan kembali.", "Alamat IP pada surat keliru."),
}


def subject(rng: Random, *, is_renewal: bool) -> str:
    """What a letter says it is about."""
    return "Permohonan perpanjangan akun webservice" if is_renewal else rng.choice(_SUBJECTS)


def application(rng: Random, unit: Unit) -> str:
    """The name of what will read the data."""
    return f"{rng.choice(_KINDS)} {rng.choice(_ABOUT)} {unit.code.rpartition('-')[2].upper()}"


def purpose(rng: Random, application: str) -> str:
    """What for."""
    return rng.choice(_PURPOSES).format(application=application)


def consent_question(request: AccessRequest) -> str:
    """What PSI asks the unit that owns the data."""
    return f"Apakah data ini dapat diberikan kepada {request.unit} untuk {request.application}?"
