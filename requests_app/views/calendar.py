from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def calendar(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404
