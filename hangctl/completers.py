"""Shell completion of names that only the daemon knows: properties, members, bans, tracks and audio devices.

If no daemon answers quickly, the shell is offered nothing and no error is printed. Members choose their names freely,
and bash inserts a completion without quoting it. So a name is only offered if it is harmless in every shell.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from hangctl.client import Command, ControlError
from hangctl.options import Settings

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_TIMEOUT = 0.3
"""Longest wait for the daemon, in seconds. A longer pause after the tab key feels like a shell that hangs."""

_HARMLESS = re.compile(r"\w[\w./+-]*")
"""A word that every shell reads as one word, without expansion, and that is not an option."""


def property_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Offer the names of the daemon's properties."""
    names = _list_property(context, "property-list")
    return _items([(name, None) for name in names if isinstance(name, str)], incomplete)


def member_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Offer the room's members by name. A member whose name is not harmless is offered by id, with the name as help."""
    return _items(_named(_list_property(context, "room/members"), "client_id"), incomplete)


def ban_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Offer who is banned from the room, as `member_names` offers members."""
    return _items(_named(_list_answer(context, ["room-bans"]), "id"), incomplete)


def invite_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Offer the ids of the signed invites to the room, with who made them as help."""
    invites = [each for each in _list_answer(context, ["room-invites"]) if isinstance(each, dict)]
    return _items([(str(each.get("id")), f"{each.get('role')}, by {each.get('by')}") for each in invites], incomplete)


def device_names(context: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
    """Offer "list", and the numbers and names of the devices that play sound."""
    offers: list[tuple[str, str | None]] = [("list", None)]
    for number, device in enumerate(_list_property(context, "audio-device-list"), start=1):
        if isinstance(device, dict):
            offers += [(str(number), str(device.get("description"))), (str(device.get("name")), None)]
    return _items(offers, incomplete)


def track_words(context: click.Context, incomplete: str, type: str, *words: str) -> "list[CompletionItem[str]]":
    """Offer these words, and the numbers of the tracks of this type with their languages and titles."""
    offers: list[tuple[str, str | None]] = [(word, None) for word in words]
    for track in _list_property(context, "track-list"):
        if isinstance(track, dict) and track.get("type") == type:
            about = " ".join(str(part) for part in (track.get("lang"), track.get("title")) if part)
            offers.append((str(track.get("id")), about or None))
    return _items(offers, incomplete)


def _items(offers: Iterable[tuple[str, str | None]], incomplete: str) -> "list[CompletionItem[str]]":
    from click.shell_completion import CompletionItem

    from hangctl.output import escape

    return [
        CompletionItem(word, help=None if help is None else escape(help))
        for word, help in offers
        if word.startswith(incomplete) and _HARMLESS.fullmatch(word)
    ]


def _named(found: Iterable[Any], id_key: str) -> Iterator[tuple[str, str | None]]:
    """Return the names in these objects. Where a name is not harmless, the id stands for it."""
    for each in found:
        if isinstance(each, dict):
            name = str(each.get("name"))
            yield (name, None) if _HARMLESS.fullmatch(name) else (str(each.get(id_key)), name)


def _list_answer(context: click.Context, command: Command) -> list[Any]:
    """Return the answer to a command, if it is a list. Else, or if there is no daemon, return an empty list."""
    settings = context.find_object(Settings) or Settings()
    settings.timeout = _TIMEOUT
    with suppress(ControlError):
        answer = settings.request(command, action="complete this")
        return answer if isinstance(answer, list) else []
    return []


def _list_property(context: click.Context, name: str) -> list[Any]:
    """Return the value of a property, as `_list_answer` returns answers."""
    return _list_answer(context, ["get_property", name])
