"""A view that answers 204 and asks nobody, and django-oauth-toolkit's own addresses."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def nothing(http: HttpRequest) -> HttpResponse:
    """Say yes."""
    return HttpResponse(status=204)


urlpatterns = [path("nothing", nothing), path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
