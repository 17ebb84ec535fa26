"""Rows of a few common sorts: a value that can not be changed here, one that is only kept, one that nobody can tell."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hangd.client.control.language.kinds import Kind
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.property import Property, PropertyTable
from hangd.engine.player_messages import PlayerCommand

__all__ = ["alias", "fixed", "kept", "untold"]


class _Given(dict[str, Any]):
    """What clients wrote, by the property's name."""


def fixed(name: str, about: str, kind: Kind, value: Any) -> Property:
    """An option of mpv's that hang has but one value for: it can be written that, and nothing else."""

    def write(properties: PropertyTable, wanted: Any) -> None:
        if wanted != value:
            raise CommandRefused("error accessing property", "NotSupported", f"{name} can not be changed here")

    return Property(name, about, kind, lambda _: value, write, option=True, constant=True)


def kept(
    name: str, about: str, kind: Kind, default: Any, tell: Callable[[Any], PlayerCommand] | None = None
) -> Property:
    """An option of mpv's that is what it was written last: the player is told, if at all, and does not tell back."""

    def write(properties: PropertyTable, value: Any) -> None:
        if tell is not None:
            properties.viewer.play_command(tell(value))
        properties.keep(_Given)[name] = value

    return Property(name, about, kind, lambda p: p.keep(_Given).get(name, default), write, option=True, kept=True)


def untold(name: str, about: str, kind: Kind, why: str) -> Property:
    """A property of mpv's whose value can not be known here."""
    return Property(name, about, kind, lambda _: None, absent=why)


def alias(row: Property, name: str) -> Property:
    """The same property by another of mpv's names."""
    return replace(row, name=name, about=f"the same as {row.name}")
