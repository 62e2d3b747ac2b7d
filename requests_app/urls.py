"""Pages of the procedure, in the order of the SOP."""

from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from requests_app.feeds import Kind
from requests_app.views import (
    account,
    agenda,
    calendar,
    calendar_changes,
    clock_rules,
    confirmation,
    consent,
    dashboard,
    disposition,
    documents,
    feeds,
    home,
    late_reasons,
    monitoring_report,
    overview,
    renewal,
    reply_letter,
    request_letter,
    sop_page,
)


class ReferenceConverter(StringConverter):
    """The reference of a request as `new_reference` makes it; anything else never reaches the database."""

    regex = "GP[0-9]{2}-[0-9A-Z]{6}"


register_converter(ReferenceConverter, "reference")

of_one_request = [
    path("", overview.request, name="request"),
    # SOP 1
    path("isi/<str:part>/", request_letter.part, name="request_part"),
    path("berkas/<uuid:key>/hapus/", request_letter.remove_document, name="remove_document"),
    path("ringkasan/", request_letter.summary, name="request_summary"),
    path("tanda-terima/", request_letter.receipt, name="receipt"),
    path("tanda-terima.pdf", request_letter.receipt_pdf, name="receipt_pdf"),
    path("batalkan/", request_letter.withdraw, name="withdraw"),
    path("jawab/", request_letter.answer, name="answer"),
    # SOP 2
    path("agenda/", agenda.work, name="agenda"),
    path("agenda/kembalikan/", agenda.return_to_unit, name="return_to_unit"),
    path("agenda/teruskan/", agenda.forward, name="forward"),
    # disposition
    path("disposisi/", disposition.decide, name="disposition"),
    path("disposisi/tanyakan/", disposition.ask_for_clarification, name="ask_for_clarification"),
    path("disposisi/belum-dapat-dipenuhi/", disposition.refuse, name="refuse"),
    path("disposisi/batalkan/", disposition.cancel, name="cancel_disposition"),
    # SOP 3
    path("akun/", account.work, name="account_work"),
    path("akun/ambil/", account.claim, name="claim"),
    path("akun/lepaskan/", account.release, name="release"),
    path("akun/tanyakan/", account.ask_unit, name="ask_unit"),
    path("akun/kembalikan/", account.hand_back, name="hand_back"),
    path("akun/alihkan/", account.reassign, name="reassign"),
    path("akun/persetujuan/", consent.ask, name="ask_owner"),
    path("persetujuan/", consent.answer, name="answer_owner"),
    path("persetujuan/catat/", consent.record, name="record_consent"),
    # SOP 5
    path("informasi/", confirmation.inform, name="inform"),
    path("informasi/tautan-baru/", confirmation.resend_link, name="resend_link"),
    path("informasi/lanjutkan/", confirmation.proceed_unconfirmed, name="proceed_unconfirmed"),
    path("kunci/", confirmation.key, name="key"),
    path("kunci/buka/", confirmation.reveal, name="reveal"),
    path("kunci/konfirmasi/", confirmation.confirm, name="confirm"),
    path("kunci/masalah/", confirmation.report_problem, name="report_problem"),
    # SOP 6
    path("balasan/", reply_letter.write, name="reply"),
    path("balasan/pratinjau.pdf", reply_letter.preview, name="reply_preview"),
    path("balasan/setujui/", reply_letter.approve, name="approve_reply"),
    path("balasan/perbaiki/", reply_letter.return_reply, name="return_reply"),
    path("balasan/kirim/", reply_letter.send, name="send_reply"),
    # any row that was late
    path("keterlambatan/<int:run>/", late_reasons.write, name="late_reason"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("permohonan/", overview.requests, name="requests"),
    path("permohonan/baru/", request_letter.begin, name="request_new"),
    path("permohonan/surat-kertas/", request_letter.begin_paper, name="request_paper"),
    path("permohonan/<reference:reference>/", include(of_one_request)),
    path("akun/<slug:username>/perpanjang/", renewal.renew, name="renew"),
    path("berkas/<uuid:key>/", documents.document, name="document"),
    path("agenda/", agenda.book, name="agenda_book"),
    path("disposisi/", disposition.waiting, name="dispositions"),
    # The key of an account, also long after its request.
    path("akun/<slug:username>/kunci/", confirmation.account_key, name="account_key"),
    path("akun/<slug:username>/kunci/buka/", confirmation.account_reveal, name="account_reveal"),
    # The responsible person without a login: the ticket of the link, then a code.
    path("serah-terima/<str:ticket>/", confirmation.handover, name="handover"),
    path("serah-terima/<str:ticket>/kode/", confirmation.send_code, name="handover_code"),
    path("serah-terima/<str:ticket>/buka/", confirmation.handover_reveal, name="handover_reveal"),
    path("serah-terima/<str:ticket>/konfirmasi/", confirmation.handover_confirm, name="handover_confirm"),
    path("serah-terima/<str:ticket>/masalah/", confirmation.handover_problem, name="handover_problem"),
    path("kalender/", calendar.calendar, name="calendar"),
    path("kalender/hari/baru/", calendar_changes.add_day, name="add_day"),
    path("kalender/hari/<int:pk>/", calendar_changes.change_day, name="change_day"),
    path("kalender/hari/<int:pk>/hapus/", calendar_changes.remove_day, name="remove_day"),
    path("kalender/jam-kerja/", calendar_changes.change_week, name="change_week"),
    path("kalender/periode/baru/", calendar_changes.add_period, name="add_period"),
    path("kalender/periode/<int:pk>/", calendar_changes.change_period, name="change_period"),
    path("kalender/periode/<int:pk>/hapus/", calendar_changes.remove_period, name="remove_period"),
    path("kalender/<int:year>/impor/", calendar_changes.take_suggestions, name="take_suggestions"),
    path("kalender/<int:year>/konfirmasi/", calendar_changes.confirm, name="confirm_year"),
    path("kalender/<int:year>/tarik-konfirmasi/", calendar_changes.take_back_confirmation, name="unconfirm_year"),
    path("kalender/perubahan/", calendar_changes.changes, name="calendar_changes"),
    path("kalender/perubahan/<int:pk>/", calendar_changes.changed, name="calendar_changed"),
    # What calendar programs read: the address is the key.
    path("kalender/langganan/", feeds.subscriptions, name="subscriptions"),
    path("kalender/langganan/<str:kind>/buat/", feeds.make, name="make_feed"),
    path("kalender/langganan/<str:kind>/cabut/", feeds.revoke, name="revoke_feed"),
    path("ics/<str:secret>/kalender.ics", feeds.read, {"kind": Kind.CALENDAR}, name="calendar_feed"),
    path("ics/<str:secret>/batas-waktu.ics", feeds.read, {"kind": Kind.DEADLINES}, name="deadlines_feed"),
    path("kalender/cara-hitung/", clock_rules.clock_rules, name="clock_rules"),
    path("pemantauan/", dashboard.dashboard, name="dashboard"),
    path("pemantauan/laporan/", monitoring_report.report, name="monitoring_report"),
    path("pemantauan/laporan.pdf", monitoring_report.pdf, name="monitoring_report_pdf"),
    path("pemantauan/laporan.xlsx", monitoring_report.xlsx, name="monitoring_report_xlsx"),
    path("sop/", sop_page.sop, name="sop"),
]
