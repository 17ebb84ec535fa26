"""What the server answers to plain HTTP, on the same port as everything else."""

from http import HTTPStatus
from typing import Final

__all__ = ["answer"]

_WEBSOCKET: Final = frozenset({"/", "/ws"})


def answer(path: str) -> tuple[int, str] | None:
    """Return status and text for a request, or None: this path speaks WebSocket."""
    path = path.partition("?")[0]
    if path in _WEBSOCKET:
        return None
    if path == "/healthz":
        return HTTPStatus.OK, "ok\n"
    return HTTPStatus.NOT_FOUND, "There is nothing here. The rooms are at /ws, for WebSocket clients.\n"
