"""A whole procedure and a key at work, and then a search for the key in everything that remains."""

import base64
import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import redis

from config.management.commands.demo import Walk, sign_ins
from tests.live import LiveGapura
from tests.servers import postgresql_program, wait_until


def call(url: str, data: dict[str, str] | None = None, **headers: str) -> tuple[int, bytes]:
    """One request; its status and body."""
    body = urllib.parse.urlencode(data).encode() if data else None
    request = urllib.request.Request(url, body, {name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def remains(server: LiveGapura) -> Iterator[tuple[str, bytes]]:
    """Everything that is kept anywhere: (where, content)."""
    for path in sorted(server.data_dir.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(server.data_dir)), path.read_bytes()
    if url := server.env.get("DATABASE_URL"):
        dump = subprocess.run(
            [postgresql_program("pg_dump"), "--inserts", "-d", connection_string(url)], capture_output=True, check=True
        )
        yield "database", dump.stdout
    if url := server.env.get("REDIS_URL"):
        store = redis.Redis.from_url(url)
        for key in store.scan_iter():
            yield f"redis {key!r}", key + (store.dump(key) or b"") + repr(value_of(store, key)).encode()
    for message in server.mailbox.messages:
        yield f"mail to {message['To']}", message.as_bytes() + (message.get_body() or message).get_content().encode()


def connection_string(url: str) -> str:
    """What pg_dump calls Django's DATABASE_URL with a socket folder in it."""
    path = urllib.parse.urlsplit(url).path.strip("/")
    folder, _slash, name = path.rpartition("/")
    return f"host=/{folder} user=gapura dbname={name}"


def value_of(store: redis.Redis, key: bytes) -> object:
    """Whatever stands under a key, of any kind."""
    kind = store.type(key)
    readers = {b"string": store.get, b"hash": store.hgetall, b"set": store.smembers}
    if kind in readers:
        return readers[kind](key)
    return store.lrange(key, 0, -1) if kind == b"list" else store.zrange(key, 0, -1, withscores=True)


def spellings(secret: str, username: str) -> dict[str, bytes]:
    """The ways in which a key could lie about."""
    pair = f"{username}:{secret}".encode()
    return {
        "plain": secret.encode(),
        "Basic": base64.b64encode(pair),
        "base64": base64.b64encode(secret.encode()).rstrip(b"="),
        "hexadecimal": secret.encode().hex().encode(),
        "reversed": secret[::-1].encode(),
        "without prefix": secret.partition("_")[2].encode(),
    }


def test_the_key_remains_nowhere(gapura_server: LiveGapura, tmp_path: Path) -> None:
    walk = Walk(gapura_server.base_url, sign_ins(), tmp_path, lambda line: None)
    walk.run()
    key, username = walk.key, walk.username
    gate = f"{gapura_server.base_url}/gateway/check"
    original = {"X_Original_Method": "GET", "X_Original_URI": walk.opens, "X_Original_Addr": "10.44.3.7"}
    basic = "Basic " + base64.b64encode(f"{username}:{key}".encode()).decode()
    mistyped = key[:-1] + ("0" if key[-1] != "0" else "1")

    assert call(gate, Authorization=basic, **original)[0] == 204
    assert call(gate, X_API_Key=key, **original)[0] == 204
    assert call(gate, X_API_Key=mistyped, **original)[0] == 401
    assert call(gate, Authorization=f"Bearer {key}", **original)[0] == 401
    assert call(gate, Authorization=f"Basic {key}", **original)[0] == 401
    assert call(f"{gate}?api_key={key[:-4]}", **original)[0] == 401
    client = {"client_id": username, "client_secret": key}
    bought = {"grant_type": "client_credentials", **client}
    assert call(f"{gapura_server.base_url}/oauth/token", bought)[0] == 401, "this machine is not among its addresses"
    status, body = call(f"{gapura_server.base_url}/oauth/token", bought, X_Forwarded_For="10.44.3.7")
    assert status == 200, body
    token = json.loads(body)["access_token"]
    assert call(gate, Authorization=f"Bearer {token}", **original)[0] == 204
    assert call(f"{gapura_server.base_url}/oauth/token", {"grant_type": key, **client})[0] == 400
    assert call(f"{gapura_server.base_url}/oauth/introspect", {"token": key})[0] == 401
    wait_until(lambda: gapura_server.shell(COUNTED) != "0", "the uses counted", 30)

    found = {
        f"{how} in {where}"
        for where, content in remains(gapura_server)
        for how, spelled in (spellings(key, username) | {"token": token.encode()}).items()
        if spelled in content
    }
    assert found == set()
    everything = b"".join(content for _where, content in remains(gapura_server))
    assert username.encode() in everything, "the search sees nothing"
    assert f"uws_…{key[-4:]}".encode() in everything, "its hint is not there: is this the right key?"


COUNTED = "from webservice_accounts.models import DailyUse; print(DailyUse.objects.count())"
