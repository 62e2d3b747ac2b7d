"""Pages about the person who is signed in."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("profil/", views.profile, name="profile"),
    path("pemberitahuan/", views.notices, name="notices"),
    path("bahasa/", views.set_language, name="set_language"),
    path("pengganti/", views.substitutes, name="substitutes"),
    path("pengganti/<int:pk>/akhiri/", views.end_substitution, name="end_substitution"),
]
