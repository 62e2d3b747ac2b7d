"""A person at a browser without JavaScript, in the standard library: pages, forms, cookies.

`manage.py demo` uses it to carry a request over real HTTP; nothing here knows the database.
"""

import http.cookiejar
import mimetypes
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from html.parser import HTMLParser

TIMEOUT = 30  # seconds
Values = dict[str, str | list[str]]
Upload = tuple[str, str, bytes]
"""Field name, file name, content."""


class NotAsExpected(Exception):
    """A page is not what the visitor was told to find; the message says which and what is there instead."""


@dataclass
class Form:
    """One form as it stands on the page: where it goes, and what is filled in already."""

    action: str
    method: str
    id: str = ""
    values: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects the forms and the visible text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._open: Form | None = None
        self._select = self._option = self._area = ""
        self._text: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag in ("script", "style"):
            self._hidden += 1
        elif tag == "form":
            self._open = Form(at.get("action", ""), at.get("method", "get").lower(), at.get("id", ""))
            self.forms.append(self._open)
        elif tag == "input":
            self._input(at)
        elif tag == "button":
            self._button(at)
        elif tag == "select":
            self._select = at.get("name", "")
        elif tag == "option" and self._select and "selected" in at:
            self._add(self._select, at.get("value", ""), at)
        elif tag == "textarea":
            self._area, self._text = at.get("name", ""), []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._hidden -= 1
        elif tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._area:
            self._add(self._area, "".join(self._text).removeprefix("\n"), {})
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text.append(data)
        if not self._hidden:
            self.words.append(data)

    def _input(self, at: dict[str, str]) -> None:
        kind = at.get("type", "text")
        if kind in ("submit", "image"):
            self._button(at)
        elif kind in ("checkbox", "radio"):
            self._name(at.get("name", ""), at)
            if "checked" in at:
                self._add(at.get("name", ""), at.get("value", "on"), at)
        elif kind == "file":
            self._name(at.get("name", ""), at)
        else:
            self._add(at.get("name", ""), at.get("value", ""), at)

    def _button(self, at: dict[str, str]) -> None:
        form = self._of(at)
        if form and at.get("type", "submit") == "submit":
            form.buttons.append((at.get("name", ""), at.get("value", "")))

    def _of(self, at: dict[str, str]) -> Form | None:
        if "form" in at:
            return next((form for form in self.forms if form.id == at["form"]), None)
        return self._open

    def _name(self, name: str, at: dict[str, str]) -> None:
        form = self._of(at)
        if form and name:
            form.names.add(name)

    def _add(self, name: str, value: str, at: dict[str, str]) -> None:
        form = self._of(at)
        if form and name:
            form.names.add(name)
            form.values.append((name, value))


@dataclass
class Page:
    """What came back: where the visitor is now, and what stands there."""

    url: str
    status: int
    content: bytes
    content_type: str
    forms: list[Form] = field(init=False, default_factory=list)
    text: str = field(init=False, default="")

    def __post_init__(self) -> None:
        if self.content_type.startswith("text/html"):
            reader = _Reader()
            reader.feed(self.content.decode())
            self.forms = reader.forms
            self.text = " ".join(" ".join(reader.words).split())

    @property
    def path(self) -> str:
        """The path of the address."""
        return urllib.parse.urlsplit(self.url).path

    def form(self, *, to: str = "", having: str = "", button: str = "") -> Form:
        """The form whose address ends in `to`, that has the field `having`, or a button of that value."""
        for form in self.forms:
            target = urllib.parse.urlsplit(urllib.parse.urljoin(self.url, form.action)).path
            fits_button = not button or button in {value for pair in form.buttons for value in pair}
            if target.endswith(to) and (not having or having in form.names) and fits_button and form.method == "post":
                return form
        raise NotAsExpected(f"{self.path} has no form {to}{having}{button}. It says: {self.text[:600]}")

    def expect(self, words: str) -> "Page":
        """This page, if it says `words`; raises `NotAsExpected` otherwise."""
        if words not in self.text:
            raise NotAsExpected(f"{self.path} does not say “{words}”. It says: {self.text[:800]}")
        return self


class Visitor:
    """One person with cookies of their own."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, path: str) -> Page:
        """The page at `path`, after redirects; an error page too."""
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.base_url, path)))  # noqa: S310  # see _open

    def sign_in(self, email: str, password: str) -> Page:
        """Sign in with an e-mail address; raises `NotAsExpected` when that fails."""
        login = self.get("/masuk/login/")
        page = self.send(login, login.form(having="login"), {"login": email, "password": password})
        if page.path.startswith("/masuk/"):
            raise NotAsExpected(f"{email} cannot sign in: {page.text[:300]}")
        return page

    def send(
        self,
        page: Page,
        form: Form,
        values: Values | None = None,
        files: list[Upload] | None = None,
        *,
        button: tuple[str, str] | None = None,
    ) -> Page:
        """Fill `form` of `page` and press a button; raises `NotAsExpected` for a field the form does not have."""
        values = values or {}
        unknown = set(values) - form.names
        if unknown:
            raise NotAsExpected(f"the form on {page.path} has no field {', '.join(sorted(unknown))}")
        fields = [(name, value) for name, value in form.values if name not in values]
        for name, given in values.items():
            fields += [(name, value) for value in ([given] if isinstance(given, str) else given)]
        if button:
            fields.append(button)
        body, content_type = _encode(fields, files or [])
        return self._open(
            urllib.request.Request(  # noqa: S310  # see _open
                urllib.parse.urljoin(page.url, form.action or page.url),
                data=body,
                headers={"Content-Type": content_type, "Referer": page.url},
                method="POST",
            )
        )

    def _open(self, request: urllib.request.Request) -> Page:
        if not request.full_url.startswith(("http://", "https://")):
            raise NotAsExpected(f"not a web address: {request.full_url}")
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                return Page(answer.url, answer.status, answer.read(), answer.headers.get("Content-Type", ""))
        except urllib.error.HTTPError as error:
            return Page(error.url, error.code, error.read(), error.headers.get("Content-Type", ""))
        except OSError as problem:
            raise NotAsExpected(f"{self.base_url} does not answer: {problem}") from problem


def _encode(fields: list[tuple[str, str]], files: list[Upload]) -> tuple[bytes, str]:
    """The body of a POST and its content type; multipart when there are files."""
    if not files:
        return urllib.parse.urlencode(fields).encode(), "application/x-www-form-urlencoded"
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    for name, file_name, content in files:
        kind = mimetypes.guess_type(file_name)[0] or "application/octet-stream"
        head = f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"\r\nContent-Type: {kind}'
        parts.append(f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n")
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def status_of(url: str, headers: dict[str, str]) -> int:
    """What a program is answered that asks without being anybody."""
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # our own base URL
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
