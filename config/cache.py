"""The cache: Redis, and files while Redis is away."""

import logging
import time
from pathlib import Path
from typing import Any, ClassVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class RedisOrFiles(BaseCache):
    """Redis at LOCATION, and while it does not answer, files of this machine in the folder FILES.

    The cache counts sign-ins. With Redis away nobody is kept out for it, and guessing at
    passwords is still counted.
    """

    SPARED: ClassVar = 10.0
    """Seconds for which a Redis that did not answer is not asked again: each question may cost its timeout."""
    silent_until: ClassVar = 0.0
    """On the clock of `time.monotonic`."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.redis = RedisCache(server, params)
        self.files = FileBasedCache(str(Path(params["FILES"])), {})

    def _ask(self, question: str, *words: Any) -> Any:
        if time.monotonic() >= RedisOrFiles.silent_until:
            try:
                return getattr(self.redis, question)(*words)
            except RedisError as error:
                RedisOrFiles.silent_until = time.monotonic() + self.SPARED
                logger.warning("Redis does not answer (%s); files stand in", error)
        return getattr(self.files, question)(*words)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep what is not there yet; say whether it was not."""
        return bool(self._ask("add", key, value, timeout, version))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """What is kept, else `default`."""
        return self._ask("get", key, default, version)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep it."""
        self._ask("set", key, value, timeout, version)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep it longer; say whether it was there."""
        return bool(self._ask("touch", key, timeout, version))

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget it; say whether it was there."""
        return bool(self._ask("delete", key, version))

    def clear(self) -> None:
        """Forget all, also what was kept while Redis was away."""
        self._ask("clear")
        self.files.clear()
