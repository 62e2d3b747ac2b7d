"""WSGI entry point: `granian --interface wsgi config.wsgi:application`.

What gateways ask goes to the gate, past sessions, tokens against forgery and middleware;
all else are Django's pages. `config.gateway` is the gate alone.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from config.checks import refuse_demo_accounts, refuse_missing_static_files

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_pages = get_wsgi_application()
refuse_demo_accounts()
refuse_missing_static_files()
_gate = import_string("webservice_accounts.gateway.the_gate")()  # it needs Django set up
_CHECK = import_string("webservice_accounts.gateway.CHECK_PATH")


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request."""
    path = environ.get("PATH_INFO", "")
    if path == _CHECK or path.startswith(f"{_CHECK}/"):
        return _gate(environ, start_response)
    return _pages(environ, start_response)
