"""Pages about accounts that were handed out."""

from django.urls import path

from webservice_accounts.views import access, accounts, ending, keys, oauth, provisioning, register, standing

urlpatterns = [
    path("akun/", accounts.accounts, name="accounts"),
    path("akun/tugas-layanan/", provisioning.service_tasks, name="service_tasks"),
    path("akun/tugas-layanan/<int:task>/", provisioning.service_task, name="service_task"),
    path("akun/tugas-layanan/<int:task>/ulang/", provisioning.send_again, name="send_service_task_again"),
    path("akun/catatan-pemrosesan/", register.register, name="processing_register"),
    path("akun/catatan-pemrosesan.csv", register.download, {"kind": "csv"}, name="processing_register_csv"),
    path("akun/catatan-pemrosesan.xlsx", register.download, {"kind": "xlsx"}, name="processing_register_xlsx"),
    path("akun/berakhir/", ending.ending, name="ending"),
    path("akun/<slug:username>/", accounts.account, name="account"),
    path("akun/<slug:username>/alamat/", access.change_addresses, name="change_addresses"),
    path("akun/<slug:username>/data/", access.change_grants, name="change_grants"),
    path("akun/<slug:username>/batas/", access.change_limits, name="change_limits"),
    path("akun/<slug:username>/tangguhkan/", standing.suspend, name="suspend_account"),
    path("akun/<slug:username>/aktifkan/", standing.reinstate, name="reinstate_account"),
    path("akun/<slug:username>/cabut/", standing.revoke, name="revoke_account"),
    path("akun/<slug:username>/jangan-perpanjang/", standing.decline_renewal, name="decline_renewal"),
    path("akun/<slug:username>/boleh-diperpanjang/", standing.want_renewal, name="want_renewal"),
    path("akun/<slug:username>/masih-digunakan/", standing.keep_unused, name="keep_unused"),
    path("akun/<slug:username>/kunci/ganti/", keys.rotate, name="rotate_key"),
    path("akun/<slug:username>/kunci/akhiri/", keys.end_secret, name="end_secret"),
    path("akun/<slug:username>/penanggung-jawab/", keys.change_holder, name="change_holder"),
    path("oauth/token", oauth.token, name="oauth_token"),
    path("oauth/introspect", oauth.introspect, name="oauth_introspect"),
    path("oauth/revoke", oauth.revoke, name="oauth_revoke"),
    path("oauth/jwks", oauth.jwks, name="oauth_jwks"),
    path(".well-known/oauth-authorization-server", oauth.metadata, name="oauth_metadata"),
]
