"""Text: on the picture, into the log, and from one control client to the others."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from hangd.client.control.language.expand import expand
from hangd.client.control.language.kinds import Integer, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.command import Arguments, Command, Context, Parameter
from hangd.engine.player_messages import ShowText
from hangd.log import escape
from hangd.paths import cache_dir, config_file, state_dir

__all__ = ["COMMANDS"]

_log = logging.getLogger(__name__)


def _show_text(context: Context, arguments: Arguments) -> None:
    if context.properties.path is None:
        return  # There is no picture to write on: for mpv, too, no failure.
    milliseconds = arguments["duration"]
    context.viewer.play_command(
        ShowText(arguments["text"], milliseconds / 1000) if milliseconds >= 0 else ShowText(arguments["text"])
    )


def _expand_text(context: Context, arguments: Arguments) -> str:
    return expand(arguments["text"], context.properties.read_text)


def _print_text(context: Context, arguments: Arguments) -> None:
    _log.info("%s", escape(arguments["text"]))


def _show_progress(context: Context, arguments: Arguments) -> None:
    if context.properties.path is not None:
        line = expand(_PROGRESS, context.properties.read_text)
        context.viewer.play_command(ShowText(line, 1.0))


def _expand_path(context: Context, arguments: Arguments) -> str:
    """As mpv: ``~/`` is the user's, ``~~/`` (or ``~~home/``, ``~~state/``, ``~~cache/``) the program's."""
    text: str = arguments["text"]
    root, slash, rest = text.partition("/")
    if not slash:
        return text
    if root == "~":
        return str(Path.home() / rest)
    place = _PLACES.get(root)
    return text if place is None else str(place() / rest)


def _script_message(context: Context, arguments: Arguments) -> None:
    context.broadcast({"event": "client-message", "args": arguments["args"]})


def _script_message_to(context: Context, arguments: Arguments) -> None:
    if not context.tell(arguments["target"], {"event": "client-message", "args": arguments["args"]}):
        raise CommandRefused("error running command", "NotFound", "there is no control client of that name")


_PROGRESS: Final = "${time-pos} / ${duration} (${percent-pos}%)"
_PLACES: Final[Mapping[str, Callable[[], Path]]] = {
    "~~": lambda: config_file().parent,
    "~~home": lambda: config_file().parent,
    "~~state": state_dir,
    "~~cache": cache_dir,
}
_TEXT: Final = Parameter("text", Text())

COMMANDS: Final = (
    Command(
        "show-text",
        "draw a line on the picture, for so many milliseconds",
        (_TEXT, Parameter("duration", Integer(-1, 2**31 - 1), -1), Parameter("level", Integer(), None)),
        _show_text,
    ),
    Command("expand-text", "return the text with the properties that it names put in", (_TEXT,), _expand_text),
    Command("expand-path", "return the path with ~/ and ~~/ put in full", (_TEXT,), _expand_path),
    Command("show-progress", "draw on the picture where it is, and how long it is", (), _show_progress),
    Command("print-text", "write a line into the daemon's log", (_TEXT,), _print_text),
    Command(
        "script-message",
        "tell every control client, as the event client-message",
        (),
        _script_message,
        rest="args",
    ),
    Command(
        "script-message-to",
        "tell the control client of that name, as the event client-message",
        (Parameter("target", Text()),),
        _script_message_to,
        rest="args",
    ),
)
