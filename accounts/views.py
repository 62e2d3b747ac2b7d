from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def profile(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def notices(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def set_language(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def substitutes(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def end_substitution(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404
