from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def decide(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def ask_for_clarification(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def refuse(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def cancel(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def waiting(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404
