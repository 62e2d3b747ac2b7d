from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def home(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404
