"""Tags, of the film and of a chapter: what is at a sub-path of them, and how people are shown them."""

from collections.abc import Mapping, Sequence
from typing import Any

from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.property import walk


def tag(tags: Mapping[str, str], path: Sequence[str]) -> Any:
    """Return what is at a sub-path of the tags: ``list/N``, ``by-key/NAME`` or ``NAME``, in upper or lower case."""
    if path[0] == "list":
        return walk([{"key": key, "value": value} for key, value in tags.items()], path[1:])
    name = "/".join(path[1:] if path[0] == "by-key" else path).casefold()
    for key, value in tags.items():
        if key.casefold() == name:
            return value
    raise CommandRefused.unknown_property()


def tags_for_people(tags: Mapping[str, str]) -> str:
    """Return a line for each tag."""
    return "".join(f"{key}: {value}\n" for key, value in tags.items()) or "(empty)"
