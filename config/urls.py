"""Every address. Paths are Indonesian: people see them, and read them out on the phone."""

from django.contrib import admin
from django.urls import include, path

from config import views

urlpatterns = [
    path("masuk/", include("allauth.account.urls")),
    path("pengelolaan/", views.administration, name="administration"),
    path("pengelolaan/surel-uji/", views.send_test_mail, name="send_test_mail"),
    path("pengelolaan/surel/<int:pk>/ulang/", views.retry_mail, name="retry_mail"),
    path("pengelolaan/data/", admin.site.urls),
    path("sehat/", views.health, name="health"),
    path("", include("accounts.urls")),
    path("", include("webservice_accounts.urls")),
    path("", include("requests_app.urls")),
]
