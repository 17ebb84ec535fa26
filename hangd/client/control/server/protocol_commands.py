"""The protocol's own commands: about the connection itself, and to read, write and observe properties.

`Connection` looks for a request's name here before it looks into the table of commands. As in mpv these commands are
not in that table: text lines cannot have them, they take neither prefixes nor arguments by name, and they are answered
at once, whatever "async" says. (Source: json_execute_command in mpv's input/ipc.c.)
"""

import time
from typing import Final

from hangd.client.control.language.lines import Request, done, result
from hangd.client.control.port import CommandRefused
from hangd.client.control.server.outbox import Outbox
from hangd.client.control.tables.property import PropertyTable

PROTOCOL_COMMANDS: Final = frozenset(
    "client_name get_version get_time_us get_property get_property_string set_property set_property_string"
    " observe_property observe_property_string unobserve_property enable_event disable_event request_log_messages"
    .split()
)  # fmt: skip

_VERSION: Final = 2 << 16 | 3
"""The client API of mpv 0.38."""


def carry_out(request: Request, client_name: str, outbox: Outbox, properties: PropertyTable) -> bytes:
    """Carry out one of PROTOCOL_COMMANDS for the client that has this outbox. Returns the answer.

    Raises CommandRefused.
    """
    request_id = request.request_id
    match request.name, request.arguments:
        case "client_name", _:
            return result(request_id, client_name)
        case "get_version", _:
            return result(request_id, _VERSION)
        case "get_time_us", _:
            return result(request_id, time.monotonic_ns() // 1000)
        case "get_property", [str() as name]:
            return result(request_id, properties.read(name))
        case "get_property_string", [str() as name]:
            try:
                return result(request_id, properties.read_text(name))
            except CommandRefused:
                return result(request_id, None)  # in mpv it never fails
        case "set_property" | "set_property_string", [str() as name, value]:
            properties.write(name, value)
        case "observe_property" | "observe_property_string", [number, str() as name] if type(number) is int:
            outbox.observe(number, name, as_text=request.name == "observe_property_string")
        case "unobserve_property", [number] if type(number) is int:
            outbox.unobserve(number)
        case "enable_event" | "disable_event", [str() as name]:
            outbox.enable(name, request.name == "enable_event")
        case "request_log_messages", [str() as level]:
            outbox.request_log(level)
        case _:
            raise CommandRefused.invalid()
    return done(request_id)
