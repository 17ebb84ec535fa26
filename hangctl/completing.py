"""What a shell completes that only the daemon knows: properties and members.

A key was pressed: where no daemon answers at once, nothing is offered and nothing is said. What a shell inserts it does
not quote (bash), and members choose their names: only harmless words are offered.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from hangctl.client import Connection, ControlError
from hangctl.options import Settings

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["member_names", "property_names"]

_PATIENCE = 0.3
"""Seconds: what takes longer feels like a shell that is stuck."""

_HARMLESS = re.compile(r"\w[\w./+-]*")
"""A word that is one word in every shell, expands to nothing and is no option."""


def property_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Offer the daemon's properties."""
    found = _ask(context, "property-list")
    return _items(((name, None) for name in found if isinstance(name, str)), incomplete)


def member_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Offer those in the room by name; whose name could harm, by id."""
    found: list[tuple[str, str | None]] = []
    for member in _ask(context, "room/members"):
        if isinstance(member, dict):
            name, number = str(member.get("name")), str(member.get("client_id"))
            found.append((name, None) if _HARMLESS.fullmatch(name) else (number, name))
    return _items(found, incomplete)


def _items(found: Iterable[tuple[str, str | None]], incomplete: str) -> "list[CompletionItem[str]]":
    from click.shell_completion import CompletionItem

    from hangctl.output import escape

    return [
        CompletionItem(word, help=None if about is None else escape(about))
        for word, about in found
        if word.startswith(incomplete) and _HARMLESS.fullmatch(word)
    ]


def _ask(context: click.Context, name: str) -> list[Any]:
    """Return a property that is a list, or an empty list."""
    settings = context.find_object(Settings) or Settings()
    try:
        with Connection(settings.path(), _PATIENCE) as connection:
            found = connection.read(name)[name]
    except ControlError:
        return []
    return found if isinstance(found, list) else []
