from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def request(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def requests(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404
