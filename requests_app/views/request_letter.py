from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def part(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def remove_document(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def summary(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def receipt(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def receipt_pdf(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def withdraw(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def answer(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def begin(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def begin_paper(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404
