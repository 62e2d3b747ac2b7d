"""deploy/gateway with a real nginx and a gate that answers as the test wants: what nginx itself must get right."""

import http.client
import re
import ssl
from collections.abc import Iterator

import pytest

from tests.gateway import stage
from tests.gateway.conftest import Certificate
from tests.gateway.stage import YES, Gateway, StubGate, Webservice, ask, ask_raw, no

pytestmark = [pytest.mark.processes, pytest.mark.either]  # nginx before a gate made for the test

SECRET = "uws_" + "a" * 36
KEY = {"X-API-Key": SECRET}


@pytest.fixture(scope="module")
def _stub() -> Iterator[StubGate]:
    with stage.stub_gate() as running:
        yield running


@pytest.fixture
def stub(_stub: StubGate) -> StubGate:
    """Return the gate, saying yes."""
    _stub.says, _stub.waits = YES, 0
    _stub.asked.clear()
    return _stub


@pytest.fixture(scope="module")
def gateway(nginx_program: str, certificate: Certificate, webservice: Webservice, _stub: StubGate) -> Iterator[Gateway]:
    """Return nginx as delivered: without remembered decisions."""
    with stage.nginx(nginx_program, gate=_stub.port, webservice=webservice.port, certificate=certificate) as running:
        yield running


# --- the question --------------------------------------------------------------------------------------------
def test_the_gate_is_asked_with_what_nginx_saw_and_the_credential_and_nothing_else(
    gateway: Gateway, stub: StubGate
) -> None:
    forged = {
        "X-Original-Method": "GET",
        "X-Original-URI": "/api/terbuka",
        "X-Original-Addr": "10.0.0.1",
        "X-Forwarded-Method": "GET",
        "X-Forwarded-Uri": "/api/terbuka",
        "X-Forwarded-For": "10.0.0.1",
        "X-Gapura-Service": "lain",
        "Forwarded": "for=10.0.0.1",
        "Cookie": "sessionid=1",
        "User-Agent": "peramban",
    }
    headers = {"Authorization": "Bearer abc", **KEY, **forged}
    assert ask(gateway.port, "/api/mahasiswa?nim=123", method="DELETE", headers=headers).status == 200
    line, *lines = stub.asked[0].decode().strip().split("\r\n")
    assert line == "GET /gateway/check HTTP/1.1"
    assert dict(item.split(": ", 1) for item in lines) == {
        "Host": "gapura-gate",
        "Authorization": "Bearer abc",
        "X-API-Key": SECRET,
        "X-Gapura-Service": "data",
        "X-Original-Method": "DELETE",
        "X-Original-URI": "/api/mahasiswa",
        "X-Original-Addr": "127.0.0.1",
    }


def test_the_body_goes_to_the_webservice_and_not_to_the_gate(
    gateway: Gateway, stub: StubGate, webservice: Webservice
) -> None:
    body = b"x" * 3_000_000
    assert ask(gateway.port, "/api/besar", method="POST", headers=KEY, body=body).status == 200
    assert webservice.of("/api/besar")[-1].body == body
    assert b"xxx" not in b"".join(stub.asked)
    pieces = iter([b"potongan-", b"kedua-", b"ketiga"])
    assert ask(gateway.port, "/api/potongan", method="POST", headers=KEY, body=pieces).status == 200
    assert webservice.of("/api/potongan")[-1].body == b"potongan-kedua-ketiga"


def test_a_service_that_was_forgotten_opens_nothing(
    nginx_program: str, certificate: Certificate, webservice: Webservice, stub: StubGate
) -> None:
    def forget(text: str) -> str:
        return stage.replaced(text, ("set $gapura_service data;", 'set $gapura_service "";'))

    with stage.nginx(
        nginx_program, gate=stub.port, webservice=webservice.port, certificate=certificate, edit=forget
    ) as gateway:
        ask(gateway.port, "/api/mahasiswa", headers=KEY)
    assert b"X-Gapura-Service: -\r\n" in stub.asked[0]


# --- what reaches the webservice -----------------------------------------------------------------------------
def test_the_webservice_gets_the_request_and_who_it_is_from(
    gateway: Gateway, stub: StubGate, webservice: Webservice
) -> None:
    headers = {**KEY, "Accept": "application/json", "X-Request-ID": "42"}
    answer = ask(gateway.port, "/api/mahasiswa/1?nama=a%2Fb&x=../;//", headers=headers)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    request = webservice.of("/api/mahasiswa/1?nama=a%2Fb&x=../;//")[-1]
    for name, value in {
        "X-Gapura-Account": "portal",
        "X-Gapura-Unit": "fmipa",
        "X-Gapura-Scope": "mahasiswa",
        "X-Gapura-Data": "mahasiswa",
        "X-Gapura-Expires": "2027-01-01T00:00:00Z",
        "X-Gapura-Service": "data",
        "X-Forwarded-For": "127.0.0.1",
        "X-Real-IP": "127.0.0.1",
        "Accept": "application/json",
        "X-Request-ID": "42",
    }.items():
        assert request.header(name) == [value], name


FORGED = (
    "X-Gapura-Account",
    "X-Gapura-Unit",
    "X-Gapura-Scope",
    "X-Gapura-Data",
    "X-Gapura-Expires",
    "X-Gapura-Reason",
    "X-Gapura-Service",
    "x-gapura-account",
    "X_Gapura_Account",
    "X-Gapura_Account",
    "X.Gapura.Account",
    "X!Gapura!Account",
    "X-Forwarded-For",
    "X-Forwarded-Method",
    "X-Forwarded-Uri",
    "X-Forwarded-Host",
    "X-Forwarded-User",
    "X-Forwarded-Prefix",
    "X-Real-IP",
    "X-Client-IP",
    "True-Client-IP",
    "Forwarded",
    "X-Original-Method",
    "X-Original-URI",
    "X-Original-Addr",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-HTTP-Method",
    "X-HTTP-Method-Override",
    "X-Method-Override",
    "Authorization",
    "Proxy-Authorization",
    "X-API-Key",
    "X_API_Key",
)


@pytest.mark.parametrize("name", FORGED)
def test_what_a_consumer_says_about_itself_does_not_pass(
    gateway: Gateway, stub: StubGate, webservice: Webservice, name: str
) -> None:
    # Once with the gate's full answer, once with an answer that leaves everything out that it may.
    for says in (YES, b"HTTP/1.1 204 No Content\r\nX-Gapura-Account: portal\r\n\r\n"):
        stub.says = says
        head = f"GET /api/palsu HTTP/1.1\r\nHost: webservice.example.ac.id\r\n{name}: palsu\r\n{name}: palsu2\r\n"
        answer = ask_raw(gateway.port, f"{head}Connection: close\r\n\r\n".encode())
        if name == "Authorization" and answer.status == 400:
            return  # nginx refuses two of them
        assert answer.status == 200
        assert "palsu" not in str([value for _name, value in webservice.received[-1].headers])


# --- what the answers of the gate become -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("says", "status", "reason"),
    [
        (no("401 Unauthorized", "no_credentials", 'WWW-Authenticate: Basic realm="Gapura"'), 401, "no_credentials"),
        (no("401 Unauthorized", "expired", 'WWW-Authenticate: Basic realm="Gapura"'), 401, "expired"),
        (no("403 Forbidden", "scope"), 403, "scope"),
        (no("403 Forbidden", "revoked"), 403, "revoked"),
        (no("403 Forbidden", "bad_path"), 400, "bad_path"),
        (no("403 Forbidden", "rate", "Retry-After: 7"), 429, "rate"),
        (no("403 Forbidden", "unavailable"), 503, "unavailable"),
        (no("403 Forbidden", "untrusted_proxy"), 503, "untrusted_proxy"),
        (no("403 Forbidden", "ambiguous_headers"), 503, "ambiguous_headers"),
        (no("403 Forbidden"), 403, "forbidden"),
        (no("403 Forbidden", 'a"}<script>'), 403, "forbidden"),
    ],
)
def test_a_refusal_is_small_json_with_its_reason(
    gateway: Gateway, stub: StubGate, webservice: Webservice, says: bytes, status: int, reason: str
) -> None:
    stub.says = says
    before = len(webservice.received)
    answer = ask(gateway.port, "/api/mahasiswa", headers=KEY)
    assert (answer.status, answer.reason) == (status, reason)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.get("www-authenticate") == ('Basic realm="Gapura"' if status == 401 else None)
    assert answer.headers.get("retry-after") == ("7" if status == 429 else None)
    assert len(webservice.received) == before


@pytest.mark.parametrize(
    "says",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<h1>it is",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nX-Gapura-Account: \r\nX-Gapura-Scope: mahasiswa\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nX-Gapura-Account",
        no("404 Not Found"),
        no("429 Too Many Requests", "rate"),
        no("500 Internal Server Error"),
        no("302 Found", "", "Location: /masuk/"),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00\x01\x02",
        b"HTTP/1.1 204 No Content\r\nX-Gapura-Account: " + b"a" * 70_000 + b"\r\n\r\n",
        None,
    ],
)
def test_an_answer_that_is_no_answer_of_the_gate_opens_nothing(
    gateway: Gateway, stub: StubGate, webservice: Webservice, says: bytes | None
) -> None:
    stub.says = says
    before = len(webservice.received)
    answer = ask(gateway.port, "/api/mahasiswa", headers=KEY)
    assert (answer.status, answer.reason) == (503, "unavailable")
    assert answer.seconds < 2
    assert len(webservice.received) == before
    stub.says = YES
    assert ask(gateway.port, "/api/mahasiswa", headers=KEY).status == 200  # and it recovers by itself


def test_a_slow_gate_is_not_waited_for(gateway: Gateway, stub: StubGate, webservice: Webservice) -> None:
    stub.waits = 5
    before = len(webservice.received)
    answer = ask(gateway.port, "/api/mahasiswa", headers=KEY)
    assert (answer.status, answer.reason) == (503, "unavailable")
    assert answer.seconds < 2
    assert len(webservice.received) == before


def test_a_dead_gate_and_a_dead_webservice_are_told_apart(
    nginx_program: str, certificate: Certificate, webservice: Webservice, stub: StubGate
) -> None:
    nobody = stage.free_port()
    with stage.nginx(nginx_program, gate=nobody, webservice=webservice.port, certificate=certificate) as gateway:
        answer = ask(gateway.port, "/api/mahasiswa", headers=KEY)
        assert (answer.status, answer.reason) == (503, "unavailable")
        assert answer.seconds < 2
    with stage.nginx(nginx_program, gate=stub.port, webservice=nobody, certificate=certificate) as gateway:
        answer = ask(gateway.port, "/api/mahasiswa", headers=KEY)
        assert (answer.status, answer.reason) == (502, "webservice_unavailable")


def test_the_webservices_own_answers_pass_as_they_are(gateway: Gateway, stub: StubGate) -> None:
    answer = ask(gateway.port, "/api/mahasiswa/teko", headers=KEY)
    assert (answer.status, answer.body) == (418, '{"asked":"/api/mahasiswa/teko","bytes":0}')
    answer = ask(gateway.port, "/api/mahasiswa", method="HEAD", headers=KEY)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, "", "application/json")


# --- what is refused unasked -------------------------------------------------------------------------------------
REFUSED_PATHS = """
/api/mahasiswa/../pegawai/1
/api/mahasiswa/./../pegawai/1
/api/mahasiswa/..
/..
/.
/api/mahasiswa/./1
/api/mahasiswa/.../pegawai
/api/mahasiswa/..%20/pegawai
/api/mahasiswa/%20../pegawai
/api/mahasiswa/%2e%2e/pegawai/1
/api/mahasiswa/%2E%2E/pegawai/1
/api/mahasiswa/.%2e/pegawai/1
/api/mahasiswa/%2e./pegawai/1
/api/mahasiswa/..%2fpegawai/1
/api/mahasiswa/..%2Fpegawai/1
/api/mahasiswa%2f..%2fpegawai
/api/mahasiswa/%252e%252e/pegawai/1
/api/mahasiswa/%25252e%25252e/pegawai/1
/api/mahasiswa/..%252fpegawai
/api/mahasiswa/..\\pegawai
/api/mahasiswa\\..\\pegawai
/api/mahasiswa/..%5cpegawai
/api/mahasiswa/%2e%2e%5c%2e%2e%5cpegawai
/api/mahasiswa/..;/pegawai/1
/api/mahasiswa;/../pegawai
/api/mahasiswa;x=1/1
/api/mahasiswa%3b/1
//api/mahasiswa/1
/api//mahasiswa/1
/api/mahasiswa/1//
/api/mahasiswa/%c0%ae%c0%ae/pegawai
/api/mahasiswa/%C0%AF..%C0%AFpegawai
/api/mahasiswa/%e0%80%ae%e0%80%ae/pegawai
/api/mahasiswa/%f0%80%80%ae/pegawai
/api/mahasiswa/%ef%bc%8e%ef%bc%8e%ef%bc%8fpegawai
/api/mahasiswa/%u002e%u002e/pegawai
/api/mahasiswa/%00
/api/mahasiswa/1%00.json
/api/mahasiswa/%0d%0aX-Original-Addr:%2010.0.0.1
/api/mahasiswa/%0a
/api/mahasiswa/%7f
/api/mahasiswa/%23/../pegawai
/api/mahasiswa/1#/../../pegawai
/api/mahasiswa/%3f/../pegawai
/api/mahasiswa/%
/api/mahasiswa/%2
/api/mahasiswa/%zz
/api/mahasiswa/a|b
/api/mahasiswa/<b>
/api/mahasiswa/"1"
""".split()


@pytest.mark.parametrize("path", REFUSED_PATHS)
def test_an_address_that_can_be_read_in_two_ways_is_refused_unasked(
    gateway: Gateway, stub: StubGate, webservice: Webservice, path: str
) -> None:
    before = len(webservice.received)
    request = f"GET {path} HTTP/1.1\r\nHost: webservice.example.ac.id\r\nX-API-Key: {SECRET}\r\n\r\n"
    answer = ask_raw(gateway.port, request.encode())
    assert answer.status == 400, path
    assert stub.asked == []
    assert len(webservice.received) == before


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /api/mahasiswa/\xc0\xae\xc0\xae/pegawai HTTP/1.1",
        b"GET /api/mahasiswa/\xff HTTP/1.1",
        b"GET /api/mahasiswa/\x00 HTTP/1.1",
        b"GET http://webservice.example.ac.id/api/mahasiswa/../pegawai HTTP/1.1",
        b"GET ../pegawai HTTP/1.1",
        b"GET * HTTP/1.1",
        b"GET /api/mahasiswa\t/../pegawai HTTP/1.1",
    ],
)
def test_bytes_that_no_browser_sends_are_refused_unasked(
    gateway: Gateway, stub: StubGate, webservice: Webservice, request_line: bytes
) -> None:
    before = len(webservice.received)
    rest = f"\r\nHost: webservice.example.ac.id\r\nX-API-Key: {SECRET}\r\n\r\n".encode()
    assert ask_raw(gateway.port, request_line + rest).status == 400
    assert stub.asked == []
    assert len(webservice.received) == before


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/mahasiswa",
        "/api/mahasiswa/",
        "/api/mahasiswa/1",
        "/api/mahasiswa/a..b",
        "/api/mahasiswa/.tersembunyi",
        "/api/mahasiswa/1.json",
        "/api/mahasiswa/Cut%20Nurmala",
        "/api/mahasiswa/R%C3%A9na%20%E2%80%93%20%F0%9F%98%80",
        "/api/mahasiswa/a@b,c:d(1)*!'$&+=~_-",
        "/api/mahasiswa/%61",
        "/api/mahasiswa/1?kembali=https%3A%2F%2Fx/../y;z//%00%25|",
        "/api/mahasiswa/1?cari=%e0%b8%81",
        "/Layanan.asmx?WSDL",
    ],
)
def test_an_ordinary_address_reaches_the_webservice_byte_by_byte(
    gateway: Gateway, stub: StubGate, webservice: Webservice, path: str
) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: webservice.example.ac.id\r\nConnection: close\r\n\r\n"
    assert ask_raw(gateway.port, request.encode()).status == 200
    assert webservice.received[-1].target == path
    assert f"X-Original-URI: {path.partition('?')[0]}\r\n".encode() in stub.asked[0]


@pytest.mark.parametrize(
    "target",
    [
        f"/api/mahasiswa?key={SECRET}",
        f"/api/mahasiswa?a=1&api_key={SECRET.replace('uws', 'uwt')}",
        f"/api/mahasiswa/{SECRET}",
        "/api/mahasiswa?access_token=eyJhbGciOiJFUzI1NiJ9",
        "/api/mahasiswa?a=1&access_token=x",
    ],
)
def test_a_key_in_the_address_is_refused_and_not_logged(
    gateway: Gateway, stub: StubGate, webservice: Webservice, target: str
) -> None:
    before = len(webservice.received)
    answer = ask(gateway.port, target, headers=KEY)
    assert (answer.status, answer.reason) == (400, "key_in_address")
    assert stub.asked == []
    assert len(webservice.received) == before


def test_the_check_itself_cannot_be_called_from_outside(gateway: Gateway, stub: StubGate) -> None:
    for path in ("/_gapura_check", "/_gapura_check?x=1", "/%5fgapura_check"):
        answer = ask(gateway.port, path, headers=KEY)
        assert (answer.status, answer.reason) == (404, "not_found")
    assert stub.asked == []


@pytest.mark.parametrize(
    ("head", "status", "kind"),
    [
        (b"GET / HTTP/1.1\r\nHost: webservice.example.ac.id\r\nX-Big: " + b"a" * 65_536, 400, "text/html"),
        (
            b"GET / HTTP/1.1\r\nHost: webservice.example.ac.id\r\nAuthorization: Basic " + b"a" * 65_536,
            400,
            "text/html",
        ),
        (b"GET /" + b"a" * 65_536 + b" HTTP/1.1\r\nHost: webservice.example.ac.id", 414, "text/html"),
        (b"TRACE / HTTP/1.1\r\nHost: webservice.example.ac.id", 405, "application/json"),
        (b"POST / HTTP/1.1\r\nHost: webservice.example.ac.id\r\nContent-Length: 99999999", 413, "application/json"),
        (b"GET / HTTP/1.1\r\nHost: webservice.example.ac.id\r\nAuthorization: Basic a\x00b", 400, "text/html"),
    ],
)
def test_what_is_too_large_or_malformed_gets_a_plain_answer(
    gateway: Gateway, stub: StubGate, head: bytes, status: int, kind: str
) -> None:
    answer = ask_raw(gateway.port, head + b"\r\n\r\n")
    assert (answer.status, answer.headers["content-type"]) == (status, kind)
    assert stub.asked == []
    assert re.search(r"\d", answer.headers["server"]) is None  # no version


def test_two_requests_cannot_hide_in_one(gateway: Gateway, stub: StubGate, webservice: Webservice) -> None:
    before = len(webservice.received)
    smuggled = (
        b"POST /api/mahasiswa HTTP/1.1\r\nHost: webservice.example.ac.id\r\nContent-Length: 6\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"
    )
    assert ask_raw(gateway.port, smuggled).status == 400
    assert len(webservice.received) == before


# --- TLS, names, logs ------------------------------------------------------------------------------------------
def test_over_tls_by_its_name_only(gateway: Gateway, stub: StubGate, certificate: Certificate) -> None:
    context = ssl.create_default_context(cafile=str(certificate[0]))
    context.check_hostname = False
    connection = http.client.HTTPSConnection("localhost", gateway.tls_port, context=context, timeout=10)
    with pytest.raises(ssl.SSLError):  # localhost is not the webservice's name
        connection.request("GET", "/api/mahasiswa", headers=KEY)
    with (
        stage.socket.create_connection(("127.0.0.1", gateway.tls_port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="webservice.example.ac.id") as secure,
    ):
        secure.sendall(b"GET /api/mahasiswa HTTP/1.1\r\nHost: webservice.example.ac.id\r\n\r\n")
        assert secure.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert secure.version() in {"TLSv1.2", "TLSv1.3"}


def test_a_key_over_plain_http_is_refused_and_not_led_on(gateway: Gateway, stub: StubGate) -> None:
    answer = ask(gateway.plain_port, "/api/mahasiswa", headers=KEY)
    assert (answer.status, answer.reason) == (403, "https_required")
    assert "location" not in answer.headers
    assert stub.asked == []


def test_no_credential_and_no_query_stands_in_the_access_log(gateway: Gateway, stub: StubGate) -> None:
    ask(gateway.port, "/api/catat?nim=1908107010021", headers={"Authorization": f"Bearer {SECRET}", **KEY})
    ask(gateway.port, f"/api/catat?key={SECRET}")
    ask(gateway.port, f"/api/catat/{SECRET}")
    ask(gateway.port, "/api/terakhir")
    stage.wait_until(lambda: "/api/terakhir" in gateway.access_log, "the last line in the access log", 5)
    assert '"path":"/api/catat","status":200,"account":"portal"' in gateway.access_log
    assert SECRET not in gateway.access_log
    assert "1908107010021" not in gateway.access_log


@pytest.mark.parametrize("filler", ["/a", "/" + "a" * 99, "/%20a", "/a%C3%A9"])
def test_a_very_long_address_is_read_to_its_end(gateway: Gateway, stub: StubGate, filler: str) -> None:
    long = filler * (8000 // len(filler))
    for end, status in (("/1", 200), ("/../pegawai", 400), ("/%2e%2e/pegawai", 400)):
        head = f"GET {long}{end} HTTP/1.1\r\nHost: webservice.example.ac.id\r\nConnection: close\r\n\r\n"
        assert ask_raw(gateway.port, head.encode()).status == status
