"""Text: on the picture, into the log, and from one control client to the others."""

import logging
from typing import Final

from hangd.client.control.command_rows import Arguments, Command, Context, Parameter
from hangd.client.control.conductor import CommandRefused
from hangd.client.control.expand import expand
from hangd.client.control.values import Integer, Text
from hangd.engine.playback import ShowText
from hangd.log import escape

__all__ = ["COMMANDS"]

_log = logging.getLogger(__name__)


def _show_text(context: Context, arguments: Arguments) -> None:
    if context.properties.path is None:
        return  # There is no picture to write on: for mpv, too, no failure.
    milliseconds = arguments["duration"]
    context.conductor.play_command(
        ShowText(arguments["text"], milliseconds / 1000) if milliseconds >= 0 else ShowText(arguments["text"])
    )


def _expand_text(context: Context, arguments: Arguments) -> str:
    return expand(arguments["text"], context.properties.read_text)


def _print_text(context: Context, arguments: Arguments) -> None:
    _log.info("%s", escape(arguments["text"]))


def _script_message(context: Context, arguments: Arguments) -> None:
    context.broadcast({"event": "client-message", "args": arguments["args"]})


def _script_message_to(context: Context, arguments: Arguments) -> None:
    if not context.tell(arguments["target"], {"event": "client-message", "args": arguments["args"]}):
        raise CommandRefused("error running command", "NotFound", "there is no control client of that name")


_TEXT: Final = Parameter("text", Text())

COMMANDS: Final = (
    Command(
        "show-text",
        "draw a line on the picture, for so many milliseconds",
        (_TEXT, Parameter("duration", Integer(-1, 2**31 - 1), -1), Parameter("level", Integer(), None)),
        _show_text,
    ),
    Command("expand-text", "return the text with the properties that it names put in", (_TEXT,), _expand_text),
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
