from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def administration(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def send_test_mail(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def retry_mail(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def health(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404
