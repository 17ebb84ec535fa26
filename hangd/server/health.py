"""Health checks: /healthz tells whether the server answers, and /readyz whether it should get clients."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from hangd.rooms.hub import Hub
from hangd.store.thread import StoreThread
from hangd.transport.http import Answer

_OK: Final = Answer.sentence(HTTPStatus.OK, "ok")


def health(path: str, why_not_ready: Callable[[], str | None]) -> Answer | None:
    """Return the answer to a health check. None: it is none."""
    match path:
        case "/healthz":
            return _OK
        case "/readyz":
            why = why_not_ready()
            return _OK if why is None else Answer.sentence(HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {why}")
    return None


def why_not_ready(hub: Hub, store: StoreThread) -> str | None:
    """Return why the server should get no new clients now. None: it is ready."""
    if hub.going_down:
        return "the server is going down"
    if (why := why_elsewhere(hub)) is not None:
        return why
    if hub.store_fails or store.failing:
        return "rooms and accounts cannot be kept for now"
    return None


def why_elsewhere(hub: Hub) -> str | None:
    """Return why this server should get no new clients where others can take them. Not: what ails all of them alike."""
    if hub.administration.draining:
        return "the server is about to stop, and takes nobody in"
    return hub.why_apart
