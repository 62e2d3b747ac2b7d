"""Children that do not outlive their parent."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h: the signal that a process gets when its parent dies."""


def die_with(parent: int) -> Callable[[], None]:
    """Return a `preexec_fn`: the child gets SIGTERM when process `parent` dies, even by kill -9 (Linux only)."""
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None)  # looked up before the fork: little is safe after it

    def promise() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we could promise
            os._exit(1)

    return promise
