from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def accounts(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def account(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def change_addresses(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404
