"""Redis, and files while Redis is away: what is counted stays counted, and nobody waits."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.cache import RedisOrFiles
from tests import servers
from tests.servers import free_port


@pytest.fixture(autouse=True)
def _asked_again() -> Iterator[None]:
    RedisOrFiles.silent_until = 0.0
    yield
    RedisOrFiles.silent_until = 0.0


@pytest.fixture
def redis_url(need: Callable[[str], str]) -> Iterator[str]:
    """Return the address of a real Redis of this test's own."""
    need("redis-server")
    with servers.redis() as url:
        yield url


def a_cache(url: str, folder: Path) -> RedisOrFiles:
    return RedisOrFiles(url, {"FILES": folder, "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1}})


def nobody_there() -> str:
    return f"redis://127.0.0.1:{free_port()}/0"


def use(cache: RedisOrFiles) -> None:
    """Everything that a cache is asked."""
    assert cache.get("kosong", "bawaan") == "bawaan"
    cache.set("kata", [1, 2, 3], 60)
    assert cache.get("kata") == [1, 2, 3]
    assert not cache.add("kata", 4)
    assert cache.add("lain", 4)
    assert cache.touch("lain", 60)
    assert cache.incr("lain") == 5
    assert cache.get_many(["kata", "lain"]) == {"kata": [1, 2, 3], "lain": 5}
    assert cache.delete("lain")
    assert not cache.has_key("lain")
    cache.clear()
    assert cache.get("kata") is None


def test_with_redis_the_values_are_in_redis(redis_url: str, tmp_path: Path) -> None:
    cache = a_cache(redis_url, tmp_path)
    use(cache)
    cache.set("kata", 1)
    assert list(tmp_path.iterdir()) == []


def test_without_redis_files_stand_in(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    use(a_cache(nobody_there(), tmp_path))
    assert caplog.text.count("files stand in") == 1, "it is said once, not at every question"


def test_a_redis_that_does_not_answer_is_asked_once_and_then_left_alone_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = a_cache(nobody_there(), tmp_path)
    asked = []
    real = cache.redis.get
    monkeypatch.setattr(cache.redis, "get", lambda *words: asked.append(words) or real(*words))
    for _ in range(5):
        cache.get("kata")
    assert len(asked) == 1
    another_thread = a_cache(nobody_there(), tmp_path)
    monkeypatch.setattr(another_thread.redis, "get", lambda *words: asked.append(words) or real(*words))
    another_thread.get("kata")
    assert len(asked) == 1, "nor by another thread of this process"
    monkeypatch.setattr(RedisOrFiles, "silent_until", time.monotonic())
    cache.get("kata")
    assert len(asked) == 2


def test_when_redis_is_back_it_is_used_again(redis_url: str, tmp_path: Path) -> None:
    a_cache(nobody_there(), tmp_path).set("kata", "dari berkas", 60)
    RedisOrFiles.silent_until = 0.0
    cache = a_cache(redis_url, tmp_path)
    assert cache.get("kata") is None
    cache.set("kata", "dari Redis", 60)
    assert cache.get("kata") == "dari Redis"


def test_a_mistake_of_ours_is_no_silent_redis(redis_url: str, tmp_path: Path) -> None:
    cache = a_cache(redis_url, tmp_path)
    with pytest.raises(TypeError, match="pickle"):
        cache.set("kata", (number for number in range(3)))
