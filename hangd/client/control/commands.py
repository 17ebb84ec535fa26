"""All commands: the rows of every subject in one table, and how a request is carried out by its row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from hangd.client.control.language.expand import expand
from hangd.client.control.language.kinds import Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.subjects import ab_loop, playlist, screenshots, seeking, texts, track_files, user_data
from hangd.client.control.subjects import playback as playing
from hangd.client.control.subjects import property_commands as changing
from hangd.client.control.subjects import room as own
from hangd.client.control.tables.command import Arguments, Command, Context, Parameter, Waiting
from hangd.client.control.tables.refused import REFUSED

__all__ = ["BY_SUBJECT", "COMMANDS", "Command", "Context", "Parameter", "Waiting", "command_list", "prepare", "run"]


def run(context: Context, name: str, arguments: Sequence[Any] | Mapping[str, Any], *, expanding: bool = False) -> Any:
    """Carry out one command. Returns its result, or a Waiting; raises CommandRefused."""
    return prepare(name, arguments, expanding=expanding)(context)


def prepare(
    name: str, arguments: Sequence[Any] | Mapping[str, Any], *, expanding: bool = False
) -> Callable[[Context], Any]:
    """Return what carries out one command, as `run` does. Raises CommandRefused where there is none such.

    Properties are expanded, as in mpv, when it is carried out, and only in what is a string: no number is made of one.
    """
    name = name.replace("_", "-")
    command = COMMANDS.get(name)
    if name in REFUSED:
        raise CommandRefused("not supported", "NotSupported", REFUSED[name])
    if command is None:
        raise CommandRefused("invalid parameter")
    try:
        parsed = _parse(command, arguments)
    except (TypeError, ValueError):
        raise CommandRefused("invalid parameter") from None
    return lambda context: command.run(context, _expanded(context, command, parsed) if expanding else parsed)


def _parse(command: Command, arguments: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
    parameters = command.parameters
    rest: list[str] = []
    if isinstance(arguments, Mapping):
        given = dict(arguments)
        if command.rest is not None or not given.keys() <= {parameter.name for parameter in parameters}:
            raise ValueError
    else:
        if command.rest is not None:
            rest = [Text().parse(word) for word in arguments[len(parameters) :]]
        elif len(arguments) > len(parameters):
            raise ValueError
        given = dict(zip((parameter.name for parameter in parameters), arguments, strict=False))
    parsed: dict[str, Any] = {} if command.rest is None else {command.rest: rest}
    for parameter in parameters:
        if parameter.name in given:
            parsed[parameter.name] = parameter.kind.parse(given[parameter.name])
        elif parameter.default is ...:
            raise ValueError
        elif parameter.default is not None:
            parsed[parameter.name] = parameter.default
    return parsed


def _expanded(context: Context, command: Command, parsed: Arguments) -> dict[str, Any]:
    expanded = dict(parsed)
    for parameter in command.parameters:
        if parameter.name in parsed and parameter.kind.label == Text().label:
            expanded[parameter.name] = expand(parsed[parameter.name], context.properties.read_text)
    if command.rest is not None:
        expanded[command.rest] = [expand(word, context.properties.read_text) for word in parsed[command.rest]]
    return expanded


def command_list() -> list[dict[str, Any]]:
    """Return the table as the property of that name shows it."""
    return [
        {
            "name": command.name,
            "args": [
                {"name": parameter.name, "type": parameter.kind.label, "optional": parameter.default is not ...}
                for parameter in command.parameters
            ]
            + ([{"name": command.rest, "type": "String", "optional": False}] if command.rest is not None else []),
            "vararg": command.rest is not None,
        }
        for command in COMMANDS.values()
    ]


BY_SUBJECT: Final[Mapping[str, Sequence[Command]]] = {
    "Properties": (*changing.COMMANDS, *user_data.COMMANDS),
    "Playing": (*playing.COMMANDS, *seeking.COMMANDS, *ab_loop.COMMANDS),
    "The playlist": playlist.COMMANDS,
    "Tracks": track_files.COMMANDS,
    "Screenshots": screenshots.COMMANDS,
    "Text": texts.COMMANDS,
    "The room": own.COMMANDS,
}
"""Every command, under what it is about."""

COMMANDS: Final[Mapping[str, Command]] = {row.name: row for rows in BY_SUBJECT.values() for row in rows}
