"""What every page of a person needs: their language, their typed text, their privacy."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils import translation
from django.views.defaults import page_not_found

from accounts.models import User

Page = Callable[[HttpRequest], HttpResponse]


class PersonRequest(HttpRequest):
    """For the type checker: what arrives at a page that demands signing in, after the middleware."""

    user: User
    LANGUAGE_CODE: str


KEPT = "kept_text"
TYPIST_COOKIE = "typist"
TYPIST_SALT = "accounts.typist"
MAX_KEPT_CHARACTERS = 100_000
SECRET_FIELD = "password"  # noqa: S105  # a part of a field's name
"""What the name of a field contains when its value may stand nowhere readable."""
NOT_FOUND = 404
WEEK = 7 * 24 * 60 * 60  # seconds


class PersonLocaleMiddleware:
    """Indonesian first: the person's choice, else the cookie of the language switch, else Indonesian.

    The browser's own wish is not asked: most browsers on campus ask for English.
    """

    def __init__(self, get_response: Page) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = dict(settings.LANGUAGES)
        choice = request.user.language if request.user.is_authenticated else ""
        choice = choice or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        with translation.override(choice if choice in known else settings.LANGUAGE_CODE):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
        return response


class KeepTypedTextMiddleware:
    """What somebody typed survives a session that ended meanwhile.

    A POST that must first sign in is kept in the new session; after signing in, the page
    finds it through `typed(request)`. Only the person whose page it was gets it back: a
    signed cookie remembers who that was. A form with a password is not kept: sessions are
    readable rows of the database.
    """

    def __init__(self, get_response: Page) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated:
            response.set_cookie(
                TYPIST_COOKIE,
                signing.dumps(request.user.pk, salt=TYPIST_SALT),
                max_age=WEEK,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        if request.method != "POST" or request.user.is_authenticated or not getattr(view, "login_required", True):
            return
        if any(SECRET_FIELD in name.lower() for name in request.POST):
            return
        text = request.POST.copy()
        text.pop("csrfmiddlewaretoken", None)
        encoded = text.urlencode()
        typist = _typist(request)
        if typist is not None and len(encoded) <= MAX_KEPT_CHARACTERS:
            request.session[KEPT] = {"path": request.path, "typist": typist, "text": encoded}


def _typist(request: HttpRequest) -> int | None:
    try:
        return int(signing.loads(request.COOKIES.get(TYPIST_COOKIE, ""), salt=TYPIST_SALT, max_age=WEEK))
    except signing.BadSignature:
        return None


def typed(request: HttpRequest) -> QueryDict | None:
    """What to fill a form with: this POST, or what was typed before the session ended, or None."""
    if request.method == "POST":
        return request.POST
    kept = request.session.get(KEPT)
    if not kept or kept["path"] != request.path:
        return None
    del request.session[KEPT]
    return QueryDict(kept["text"]) if kept["typist"] == request.user.pk else None


class PrivatePagesMiddleware:
    """Pages of a signed-in person are kept by no cache: the Back button shows nothing to the next person."""

    def __init__(self, get_response: Page) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated:
            response.headers["Cache-Control"] = "no-store, private"
        return response


class OwnNotFoundMiddleware:
    """What is not found is said on our own page with `DEBUG` on too.

    People try the demo; Django's page for programmers would show them every address, in English.
    """

    def __init__(self, get_response: Page) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.DEBUG and request.resolver_match is None and response.status_code == NOT_FOUND:
            return page_not_found(request, Http404())
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        is_absent = settings.DEBUG and isinstance(exception, Http404)
        return page_not_found(request, exception) if is_absent else None
