"""The least that a WSGI server can be asked to do."""

from collections.abc import Callable, Iterable


def application(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Say yes."""
    start_response("204 No Content", [])
    return []
