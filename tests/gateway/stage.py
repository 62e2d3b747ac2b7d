"""A gateway on this machine: real nginx with the files of deploy/gateway, a webservice behind it, a gate or a stub."""

import contextlib
import functools
import http.client
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.servers import ROOT, free_port, running, scratch, wait_until

DEPLOY = ROOT / "deploy/gateway"


# --- the consumer --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Answer:
    """What a consumer got."""

    status: int
    headers: dict[str, str]
    """Names in lower case; several of one name joined by ", "."""
    body: str
    seconds: float

    @property
    def reason(self) -> str:
        """The word of the small JSON that a refusal is."""
        return self.body.removeprefix('{"error":').strip().strip('"}') if self.body.startswith('{"error":') else ""


def _answer(response: http.client.HTTPResponse, began: float) -> Answer:
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
    body = response.read().decode(errors="replace")
    return Answer(response.status, headers, body, time.monotonic() - began)


def ask(
    port: int,
    target: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes | Iterator[bytes] | None = None,
    host: str = "127.0.0.1",
    source: str | None = None,
) -> Answer:
    """Ask as a consumer does; `source` is the loopback address it comes from, an iterator as body goes in chunks."""
    began = time.monotonic()
    address = (source, 0) if source else None
    with contextlib.closing(http.client.HTTPConnection(host, port, timeout=20, source_address=address)) as connection:
        connection.request(method, target, body=body, headers=headers or {})
        return _answer(connection.getresponse(), began)


def ask_raw(port: int, request: bytes) -> Answer:
    """Send bytes as they are; the answer, or one of status 0 when the connection was closed without any."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        try:
            response.begin()
        except (http.client.HTTPException, ConnectionError):
            return Answer(0, {}, "", time.monotonic() - began)
        return _answer(response, began)


# --- the webservice ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Received:
    """One request as it reached the webservice."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        """All values of one header."""
        return [value for known, value in self.headers if known.lower() == name.lower()]


@dataclass
class Webservice:
    """REST and SOAP in one: answers every address with what it was asked, and remembers every request."""

    port: int = 0
    received: list[Received] = field(default_factory=list)

    def of(self, target: str) -> list[Received]:
        """The requests to one address."""
        return [request for request in list(self.received) if request.target == target]


@contextlib.contextmanager
def webservice() -> Iterator[Webservice]:
    """Run the webservice on a free port until the block ends."""
    record = Webservice()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            record.received.append(Received(self.command, self.path, list(self.headers.items()), body))
            if body.startswith(b"<soap"):
                said, kind = b"<soap:Envelope><soap:Body>ok</soap:Body></soap:Envelope>", "text/xml"
            else:
                said, kind = f'{{"asked":"{self.path}","bytes":{len(body)}}}'.encode(), "application/json"
            self.send_response(418 if self.path == "/api/mahasiswa/teko" else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            pass

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        record.port = port
        yield record


@contextlib.contextmanager
def _serving(server: ThreadingHTTPServer) -> Iterator[int]:
    server.daemon_threads = True
    thread = threading.Thread(target=functools.partial(server.serve_forever, poll_interval=0.05), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


# --- a gate that says what the test wants ----------------------------------------------------------------------
YES = (
    b"HTTP/1.1 204 No Content\r\nX-Gapura-Account: portal\r\nX-Gapura-Unit: fmipa\r\nX-Gapura-Scope: mahasiswa\r\n"
    b"X-Gapura-Data: mahasiswa\r\nX-Gapura-Expires: 2027-01-01T00:00:00Z\r\n\r\n"
)


def no(status: str, reason: str = "", *lines: str) -> bytes:
    """A refusal in the gate's words."""
    said = [f"HTTP/1.1 {status}", *([f"X-Gapura-Reason: {reason}"] if reason else []), *lines, "Content-Length: 0"]
    return ("\r\n".join(said) + "\r\n\r\n").encode()


@dataclass
class StubGate:
    """Answers every question with the bytes in `says` (None: closes without a word) after `waits` seconds."""

    port: int
    says: bytes | None = YES
    waits: float = 0
    asked: list[bytes] = field(default_factory=list)
    """The questions, as they came."""


@contextlib.contextmanager
def stub_gate() -> Iterator[StubGate]:
    """Run a stub on a free port until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    stub = StubGate(listener.getsockname()[1])

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            question = b""
            while b"\r\n\r\n" not in question:
                if not (more := connection.recv(65536)):
                    return
                question += more
            stub.asked.append(question)
            time.sleep(stub.waits)
            connection.sendall(stub.says or b"")

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield stub
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


# --- nginx -----------------------------------------------------------------------------------------------------
MAIN = """daemon off;
pid {folder}/pid;
worker_processes 2;
error_log {folder}/error.log info;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/webservice.conf;
}}
"""


@dataclass
class Gateway:
    """A running nginx with the files of deploy/gateway."""

    port: int
    """As the server on port 443, but without TLS."""
    tls_port: int
    plain_port: int
    """The server on port 80."""
    folder: Path

    @property
    def access_log(self) -> str:
        """What nginx has logged of requests."""
        return (self.folder / "access.log").read_text(errors="replace")

    @property
    def logs(self) -> str:
        """Everything that nginx has written: both logs."""
        return self.access_log + (self.folder / "error.log").read_text(errors="replace")


Edit = Callable[[str], str]


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """The text with every pair replaced; AssertionError when the first of a pair does not stand in it."""
    for old, new in pairs:
        assert old in text, f"{old!r} no longer stands in the file"
        text = text.replace(old, new)
    return text


def with_cache(text: str) -> str:
    """What docs/gateway.md says to do for remembered decisions: take the # from two lines."""
    return replaced(
        text,
        ("# include /etc/nginx/gapura/cache.conf;", "include /etc/nginx/gapura/cache.conf;"),
        ("# include /etc/nginx/gapura/cached.conf;", "include /etc/nginx/gapura/cached.conf;"),
    )


@contextlib.contextmanager
def nginx(
    program: str, *, gate: int, webservice: int, certificate: tuple[Path, Path], edit: Edit | None = None
) -> Iterator[Gateway]:
    """Run nginx until the block ends, with the files as delivered but for ports and places; `edit` changes nginx.conf.

    Plain http stands beside TLS, which the tests mostly do without.
    """
    with scratch("nginx") as folder:
        gateway = Gateway(free_port(), free_port(), free_port(), folder)
        main = (DEPLOY / "nginx.conf").read_text()
        main = replaced(
            edit(main) if edit else main,
            ("/etc/nginx/gapura/", f"{folder}/gapura/"),
            ("server 127.0.0.1:8001;", f"server 127.0.0.1:{gate};"),
            ("server 127.0.0.1:9000;", f"server 127.0.0.1:{webservice};"),
            ("    listen [::]:443 ssl default_server;\n", ""),
            ("    listen [::]:80 default_server;\n", ""),
            ("    listen [::]:443 ssl;\n", f"    listen [::1]:{gateway.port};\n"),
            ("listen 443 ssl default_server;", f"listen 127.0.0.1:{gateway.tls_port} ssl default_server;"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{gateway.tls_port} ssl; listen 127.0.0.1:{gateway.port};"),
            ("listen 80 default_server;", f"listen 127.0.0.1:{gateway.plain_port} default_server;"),
            ("/etc/ssl/certs/webservice.pem", f"{folder}/certificate.pem"),
            ("/etc/ssl/private/webservice.key", f"{folder}/key.pem"),
            ("/var/log/nginx/webservice.log", f"{folder}/access.log"),
        )
        (folder / "gapura").mkdir()
        for snippet in (DEPLOY / "gapura").iterdir():
            text = snippet.read_text().replace("/dev/shm/gapura-decisions", f"{folder}/decisions")
            (folder / "gapura" / snippet.name).write_text(text)
        for source, name in zip(certificate, ("certificate.pem", "key.pem"), strict=True):
            (folder / name).write_bytes(source.read_bytes())
        (folder / "webservice.conf").write_text(main)
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
        command = [program, "-p", str(folder), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
        with running(command, folder / "output", signal.SIGTERM) as process:

            def ready() -> bool:
                if process.poll() is not None:
                    raise RuntimeError((folder / "output").read_text())
                return listens(gateway.port)

            wait_until(ready, "nginx")
            yield gateway


def listens(port: int) -> bool:
    """Say whether anybody listens on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
