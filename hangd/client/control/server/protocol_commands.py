"""The protocol's own verbs: what concerns the connection itself, and properties. They are no commands.

They stand in no text line, take neither prefixes nor names for their arguments, and are answered at once, whatever
"async" says. (Source: json_execute_command in mpv's input/ipc.c.)
"""

import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from hangd.client.control.language import lines as dialect
from hangd.client.control.language.lines import Request
from hangd.client.control.port import CommandRefused
from hangd.client.control.server.outbox import Outbox
from hangd.client.control.tables.property import PropertyTable

__all__ = ["VERBS", "Asking"]

_VERSION: Final = 2 << 16 | 3
"""mpv 0.38's client API."""


class Asking(Protocol):
    """The client that asks."""

    name: str
    outbox: Outbox

    @property
    def properties(self) -> PropertyTable: ...

    def observed(self) -> None:
        """It observes something more."""

    def wake(self) -> None:
        """Flush its outbox soon."""


def _client_name(client: Asking, request: Request) -> bytes:
    return dialect.result(request.request_id, client.name)


def _get_version(client: Asking, request: Request) -> bytes:
    return dialect.result(request.request_id, _VERSION)


def _get_time_us(client: Asking, request: Request) -> bytes:
    return dialect.result(request.request_id, time.monotonic_ns() // 1000)


def _get_property(client: Asking, request: Request) -> bytes:
    match request.arguments:
        case [str() as name]:
            return dialect.result(request.request_id, client.properties.read(name))
    raise CommandRefused("invalid parameter")


def _get_property_string(client: Asking, request: Request) -> bytes:
    match request.arguments:
        case [str() as name]:
            try:
                text = client.properties.read_text(name)
            except CommandRefused:
                return dialect.result(request.request_id, None)
            return dialect.result(request.request_id, text)
    raise CommandRefused("invalid parameter")


def _set_property(client: Asking, request: Request) -> bytes:
    match request.arguments:
        case [str() as name, value]:
            client.properties.write(name, value)
            return dialect.done(request.request_id)
    raise CommandRefused("invalid parameter")


def _observe_property(client: Asking, request: Request) -> bytes:
    match request.arguments:
        case [int() as number, str() as name] if not isinstance(number, bool):
            client.outbox.observe(number, name, as_text=request.name == "observe_property_string")
            client.observed()
            client.wake()
            return dialect.done(request.request_id)
    raise CommandRefused("invalid parameter")


def _unobserve_property(client: Asking, request: Request) -> bytes:
    match request.arguments:
        case [int() as number] if not isinstance(number, bool):
            client.outbox.unobserve(number)
            return dialect.done(request.request_id)
    raise CommandRefused("invalid parameter")


def _toggle_event(client: Asking, request: Request) -> bytes:
    match request.arguments:
        case [str() as name]:
            client.outbox.enable(name, request.name == "enable_event")
            return dialect.done(request.request_id)
    raise CommandRefused("invalid parameter")


def _request_log_messages(client: Asking, request: Request) -> bytes:
    match request.arguments:
        case [str() as level]:
            client.outbox.request_log(level, client.wake)
            return dialect.done(request.request_id)
    raise CommandRefused("invalid parameter")


VERBS: Final[Mapping[str, Callable[[Asking, Request], bytes]]] = {
    "client_name": _client_name,
    "get_version": _get_version,
    "get_time_us": _get_time_us,
    "get_property": _get_property,
    "get_property_string": _get_property_string,
    "set_property": _set_property,
    "set_property_string": _set_property,
    "observe_property": _observe_property,
    "observe_property_string": _observe_property,
    "unobserve_property": _unobserve_property,
    "enable_event": _toggle_event,
    "disable_event": _toggle_event,
    "request_log_messages": _request_log_messages,
}
