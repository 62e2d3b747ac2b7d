from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def inform(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def resend_link(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def proceed_unconfirmed(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def key(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def reveal(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def confirm(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def report_problem(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def handover(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def send_code(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def handover_reveal(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def handover_confirm(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404


def handover_problem(http: HttpRequest, **kw: Any) -> HttpResponse:
    raise Http404
