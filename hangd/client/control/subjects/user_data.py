"""user-data: a tree in which control clients keep what they like, and see what others keep. Bounded, and not saved."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hangd.client.control.language.json import write
from hangd.client.control.language.kinds import Node, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.command import Arguments, Command, Context, Parameter
from hangd.client.control.tables.property import Property, PropertyTable

__all__ = ["COMMANDS", "PROPERTIES"]

_MOST: Final = 64 << 10
"""Characters of the whole tree, written down: it is read out anew to whoever observes it."""
_DEPTH: Final = 50


class _Tree:
    """What is kept. A value once kept is never changed, only replaced: a reader may hold on to it."""

    def __init__(self) -> None:
        self.root: Mapping[str, Any] = {}

    def put(self, path: Sequence[str], value: Any) -> None:
        root = _replaced(self.root, path, value) if len(path) <= _DEPTH else None
        if root is None or len(write(root)) > _MOST:
            raise CommandRefused("error accessing property", "TooLarge", "user-data holds 64 KiB in all")
        self.root = root


def _replaced(node: Any, path: Sequence[str], value: Any) -> Any:
    """Return the node with ``value`` at this path (``...``: with nothing there)."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    match node:
        case Mapping():
            if value is ... and step not in node:
                raise CommandRefused("property not found")
            if value is ... and not rest:
                return {key: item for key, item in node.items() if key != step}
            return {**node, step: _replaced(node.get(step, {}), rest, value)}
        case list() if value is not ... and step.isascii() and step.isdecimal() and len(step) < 9:
            if int(step) >= len(node):
                raise CommandRefused("property not found")
            return [_replaced(item, rest, value) if index == int(step) else item for index, item in enumerate(node)]
    raise CommandRefused("error accessing property")


def _write_at(properties: PropertyTable, path: Sequence[str], value: Any) -> None:
    properties.keep(_Tree).put(path, value)


def _delete(context: Context, arguments: Arguments) -> None:
    try:
        context.properties.delete(arguments["name"])
    except CommandRefused as refused:
        raise CommandRefused("error running command", refused.code, refused.message) from None


COMMANDS: Final = (Command("del", "take something out of user-data", (Parameter("name", Text()),), _delete),)

PROPERTIES: Final = (
    Property(
        "user-data",
        "what control clients keep here for each other: user-data/NAME and below can be written",
        Node(),
        lambda p: p.keep(_Tree).root,
        write_at=_write_at,
        kept=True,
    ),
)
