"""user-data: values that control clients store for one another. Bounded in size, and not saved to disk."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hangd.client.control.language.json import write
from hangd.client.control.language.kinds import Node
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.property import Property, PropertyTable

_LENGTH_MAX: Final = 64 << 10
"""Characters of all values as JSON, because each change is sent in full to every observer."""
_DEPTH_MAX: Final = 50  # as deep as a value that is read as JSON


def _replaced(node: Any, path: Sequence[str], value: Any) -> Any:
    """Return a copy of the node with this value at this path; with the value ``...``, without what is there.

    The node itself is not changed, because a reader may hold it.
    """
    if not path:
        return value
    step, rest = path[0], path[1:]
    match node:
        case Mapping():
            if value is ... and step not in node:
                raise CommandRefused.unknown_property()
            if value is ... and not rest:
                return {key: item for key, item in node.items() if key != step}
            return {**node, step: _replaced(node.get(step, {}), rest, value)}
        case list() if value is not ... and step.isascii() and step.isdecimal() and len(step) < 9:
            if int(step) >= len(node):
                raise CommandRefused.unknown_property()
            return [_replaced(item, rest, value) if index == int(step) else item for index, item in enumerate(node)]
    raise CommandRefused.inaccessible()


def _read(properties: PropertyTable) -> Any:
    return properties.stored.get("user-data", {})


def _write_at(properties: PropertyTable, path: Sequence[str], value: Any) -> None:
    root = _replaced(_read(properties), path, value) if len(path) <= _DEPTH_MAX else None
    if root is None or len(write(root)) > _LENGTH_MAX:
        raise CommandRefused.inaccessible("TooLarge", "user-data holds 64 KiB in all")
    properties.stored["user-data"] = root


PROPERTIES: Final = (
    Property("user-data", "values that clients store for one another; user-data/NAME and below can be written",
        Node(), _read, write_at=_write_at, stored=True),
)  # fmt: skip
