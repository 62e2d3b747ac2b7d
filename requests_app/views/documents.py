"""Files of a request leave the house here only, after the reader was checked."""

import logging
import uuid

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from requests_app.selectors import visible_documents
from requests_app.steps import disposition
from requests_app.uploads import EXTENSIONS
from requests_app.views.acting import PersonRequest

logger = logging.getLogger(__name__)

HARMLESS = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'self'"
"""Whatever the file contains, nothing in it runs or calls; our own pages may show it in a frame."""


def document(http: PersonRequest, key: uuid.UUID) -> FileResponse:
    """One file, shown in the browser, or saved with `?unduh=1`; 404 for strangers.

    A letter that PSI opened counts as read: the disposition then stands.
    """
    now = timezone.now()
    found = get_object_or_404(visible_documents(http.user, now), key=key)
    try:
        content = found.file.open("rb")
    except OSError as problem:
        logger.exception("document %s has no file", key)
        raise Http404 from problem
    disposition.mark_read(found.request, by=http.user, now=now)
    is_shown = found.content_type in EXTENSIONS and "unduh" not in http.GET
    return FileResponse(
        content,
        as_attachment=not is_shown,
        filename=found.display_name,
        content_type=found.content_type,
        headers={
            "Content-Security-Policy": HARMLESS,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN",
            "Cache-Control": "no-store, private",
        },
    )
