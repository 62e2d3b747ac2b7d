"""Pages about accounts that were handed out."""

from django.urls import path

from webservice_accounts import views

urlpatterns = [
    path("akun/", views.accounts, name="accounts"),
    path("akun/<slug:username>/", views.account, name="account"),
    path("akun/<slug:username>/alamat/", views.change_addresses, name="change_addresses"),
]
