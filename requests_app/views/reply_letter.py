from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def write(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def preview(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def approve(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def return_reply(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def send(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404
