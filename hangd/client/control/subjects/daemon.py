"""The daemon itself: what it is, which names it knows, and messages between its control clients."""

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from hangd.client.control.language.expand import expand
from hangd.client.control.language.kinds import Integer, Node, Text
from hangd.client.control.port import CommandRefused, ControlEvent
from hangd.client.control.tables.command import Command, Context, Parameter
from hangd.client.control.tables.property import Property, PropertyTable
from hangd.log import escape
from hangd.paths import cache_dir, config_file, state_dir

_log = logging.getLogger(__name__)

_PLATFORMS: Final = {"win32": "windows"}
"""mpv's names of systems, where they differ from Python's."""
_DIRECTORIES: Final[Mapping[str, Callable[[], Path]]] = {
    "~": Path.home,
    "~~": lambda: config_file().parent,
    "~~home": lambda: config_file().parent,
    "~~state": state_dir,
    "~~cache": cache_dir,
}
"""mpv's abbreviations of directories at the beginning of a path: the user's, and the program's own."""


def _expand_path(context: Context, text: str) -> str:
    root, slash, rest = text.partition("/")
    return str(_DIRECTORIES[root]() / rest) if slash and root in _DIRECTORIES else text


def _message(args: list[str]) -> ControlEvent:
    return {"event": "client-message", "args": args}


def _script_message_to(context: Context, target: str, args: list[str]) -> None:
    if not context.tell(target, _message(args)):
        raise CommandRefused.failed("NotFound", "there is no control client of that name")


_TEXT: Final = (Parameter("text", Text()),)

COMMANDS: Final = (
    Command("expand-text", "return the text with the values of the properties that it names", _TEXT,
        lambda context, text: expand(text, context.properties.read_text)),
    Command("expand-path", "return the path with ~/ and ~~/ replaced by directories", _TEXT, _expand_path),
    Command("print-text", "write a line to the daemon's log", _TEXT, lambda _, text: _log.info("%s", escape(text))),
    Command("script-message", "send the event client-message to all control clients", (),
        lambda context, args: context.broadcast(_message(args)), rest="args"),
    Command("script-message-to", "send the event client-message to the control client of this name",
        (Parameter("target", Text()),), _script_message_to, rest="args"),
    Command("quit", "end the daemon, where its configuration allows clients to do so",
        (Parameter("code", Integer(), 0),), lambda context, code: context.viewer.quit()),
)  # fmt: skip


def _working_directory(properties: PropertyTable) -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


PROPERTIES: Final = (
    Property("mpv-version", "version of mpv whose interface hangd provides", Text(),
        lambda p: f"mpv 0.38.0 (hang {p.viewer.hang_property('hang-version')})"),
    Property("platform", "operating system", Text(), lambda _: _PLATFORMS.get(sys.platform, sys.platform)),
    Property("pid", "process id of the daemon", Integer(), lambda _: os.getpid()),
    Property("working-directory", "working directory of the daemon", Text(), _working_directory),
    Property("clock", "local time, such as 20:15", Text(), lambda _: time.strftime("%H:%M")),
    Property("property-list", "names of all properties", Node(), lambda p: list(p.rows)),
    Property("command-list", "all commands with their arguments", Node(), lambda p: p.command_list),
    Property("options", "properties that are options in mpv: options/NAME is NAME", Node(),
        lambda p: [name for name, row in p.rows.items() if row.option], aliases=("file-local-options",)),
)  # fmt: skip
