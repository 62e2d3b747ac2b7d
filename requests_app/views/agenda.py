from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def work(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def return_to_unit(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def forward(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def book(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404
