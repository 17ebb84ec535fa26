"""The table of all commands, and how a request is parsed and carried out by its row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from hangd.client.control.language.expand import expand
from hangd.client.control.language.kinds import Text
from hangd.client.control.language.lines import Request
from hangd.client.control.language.nearest import did_you_mean
from hangd.client.control.port import CommandRefused
from hangd.client.control.subjects import (
    ab_loop,
    daemon,
    history,
    keys,
    playback,
    playlist,
    property_commands,
    room,
    screen,
    tracks,
)
from hangd.client.control.tables.command import Command, Context, Waiting
from hangd.client.control.tables.placeholders import REFUSED

BY_SUBJECT: Final[Mapping[str, Sequence[Command]]] = {
    "Properties": property_commands.COMMANDS,
    "Playback": (*playback.COMMANDS, *ab_loop.COMMANDS),
    "Playlist": playlist.COMMANDS,
    "Tracks": tracks.COMMANDS,
    "Text and screenshots": screen.COMMANDS,
    "Keys": keys.COMMANDS,
    "Daemon and clients": daemon.COMMANDS,
    "History": history.COMMANDS,
    "Room and server": room.COMMANDS,
}
"""All rows under the headings of the manual."""

COMMANDS: Final[Mapping[str, Command]] = {row.name: row for rows in BY_SUBJECT.values() for row in rows}


def prepare(
    name: str, arguments: Sequence[Any] | Mapping[str, Any], *, expanding: bool = False, shown: bool = False
) -> Callable[[Context], Any]:
    """Parse a command and return the function that carries it out.

    The function returns the ``data`` of the reply or a `Waiting`, or raises CommandRefused.

    Args:
        arguments: by position or by name.
        expanding: expand properties in strings when the command is carried out; as in mpv, only in plain strings.
        shown: show on the picture what the command has done.

    Raises:
        CommandRefused: the command or its arguments are wrong.
    """
    name = name.replace("_", "-")
    if name in REFUSED:
        raise CommandRefused("not supported", "NotSupported", REFUSED[name])
    command = COMMANDS.get(name)
    if command is None:
        raise CommandRefused.invalid()
    try:
        parsed = _parse(command, arguments)
    except (TypeError, ValueError):
        raise CommandRefused.invalid() from None

    def carry_out(context: Context) -> Any:
        if command.moves_film:
            context.viewer.check_control("error running command")
        if command.needs_file:
            context.loaded_path()
        given = _expanded(context, command, parsed) if expanding else parsed
        outcome = command.run(context, **given)
        if not shown or command.show is None:
            return outcome
        if isinstance(outcome, Waiting):
            return replace(outcome, coroutine=_shown_after(context, command, given, outcome))
        command.show(context, **given)
        return outcome

    return carry_out


async def _shown_after(context: Context, command: Command, given: Mapping[str, Any], waiting: Waiting) -> Any:
    data = await waiting.coroutine
    assert command.show is not None
    command.show(context, **given)
    return data


def repeats(context: Context, request: Request) -> bool:
    """Return whether a key that is held down carries this command out again and again."""
    if request.repeatable is not None:
        return request.repeatable
    command = COMMANDS[request.name.replace("_", "-")]
    if callable(command.repeats):
        return command.repeats(context, **_parse(command, request.arguments))
    return command.repeats


def complaint(request: Request) -> str | None:
    """Return what is wrong with a command, as a sentence without its full stop; None: nothing."""
    try:
        prepare(request.name, request.arguments)
    except CommandRefused as refused:
        name = request.name.replace("_", "-")
        if name in COMMANDS:
            return f"its arguments are wrong: {usage(COMMANDS[name])}"
        if name in REFUSED:
            return f"hang has no {name}: {refused.message}"
        return f"there is no command {name}{did_you_mean(name, COMMANDS)}"
    return None


def usage(command: Command) -> str:
    """Return how a command is written: "seek target [flags] [legacy]"."""
    words = [each.name if each.default is ... else f"[{each.name}]" for each in command.parameters]
    return " ".join([command.name, *words, *(["..."] if command.rest is not None else [])])


def _parse(command: Command, arguments: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments by name. Raises TypeError or ValueError where they do not match the parameters."""
    names = [parameter.name for parameter in command.parameters]
    parsed: dict[str, Any] = {}
    if isinstance(arguments, Mapping):
        given = arguments
        if command.rest is not None or not given.keys() <= set(names):
            raise ValueError
    else:
        given = dict(zip(names, arguments, strict=False))
        rest = [Text().parse(word) for word in arguments[len(names) :]]
        if command.rest is not None:
            parsed[command.rest] = rest
        elif rest:
            raise ValueError
    for parameter in command.parameters:
        if parameter.name in given:
            parsed[parameter.name] = parameter.kind.parse(given[parameter.name])
        elif parameter.default is ...:
            raise ValueError
        elif parameter.default is not None:
            parsed[parameter.name] = parameter.default
    return parsed


def _expanded(context: Context, command: Command, parsed: Mapping[str, Any]) -> dict[str, Any]:
    read = context.properties.read_text
    expanded = dict(parsed)
    for parameter in command.parameters:
        if parameter.name in parsed and parameter.kind.label == Text.label:
            expanded[parameter.name] = expand(parsed[parameter.name], read)
    if command.rest is not None:
        expanded[command.rest] = [expand(word, read) for word in parsed[command.rest]]
    return expanded


def command_list() -> list[dict[str, Any]]:
    """Return the value of the property ``command-list``."""
    rows = []
    for command in COMMANDS.values():
        arguments = [(each.name, each.kind.label, each.default is not ...) for each in command.parameters]
        if command.rest is not None:
            arguments.append((command.rest, "String", False))
        listed = [{"name": name, "type": label, "optional": optional} for name, label, optional in arguments]
        rows.append({"name": command.name, "args": listed, "vararg": command.rest is not None})
    return rows
