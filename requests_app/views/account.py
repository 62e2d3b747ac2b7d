from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def work(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def claim(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def release(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def ask_unit(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def hand_back(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404
