"""A paper that several tests look at."""

from datetime import date

from requests_app.letters.papers import Letterhead, MonitoringBreach, MonitoringLine, MonitoringReport, Signatory

LINE = MonitoringLine(
    number="3",
    text="Divisi PSI menambah akun penanggung jawab dan menambah waktu akses selama 1 tahun",
    performer="PSI",
    required="",
    printed_time="1 x 24 jam hari kerja",
    output="",
    standard="24 jam hari kerja",
    count="18",
    median="23 jam 59 menit",
    p90="50 jam",
    share="77%",
)
BREACH = MonitoringBreach(
    reference="GP26-ABCDEF",
    unit="Fakultas Matematika dan Ilmu Pengetahuan Alam",
    step="3. Akun",
    due="7 Oktober 2026 10.15",
    ended="7 Oktober 2026 10.16",
    late="1 menit",
    who="Nadia Safira, S.Kom. (Divisi PSI)",
    reason="Beban kerja: pekan pendaftaran ulang.",
)
REPORT = MonitoringReport(
    letterhead=Letterhead("Kementerian", "Universitas Syiah Kuala", ("UPT TIK",), ("Jalan Teuku Nyak Arief",)),
    sop="POB/04/PSI/TIK/2020, PENGLOLAAN WEBSERVICE",
    period="Oktober 2026",
    date=date(2026, 11, 23),
    lines=(LINE,),
    numbering_note="Nomor 4 tidak tercantum pada SOP.",
    flow=(("Masuk", 21), ("Selesai, dipenuhi", 15)),
    breaches=(BREACH,),
    counting=("Hari kerja pada masa ini: 21 dari 31 hari.",),
    made="Dibuat dengan Gapura oleh Dr. Teuku Maulana.",
    signatory=Signatory("Kepala UPT TIK", "Dr. Teuku Maulana", "19750217 200212 1 003"),
)
