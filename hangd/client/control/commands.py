"""The table of commands: what each is called, what it takes, what it does.

mpv's commands do their work at once and return what the reply says (mostly nothing). hang's own wait for the server's
answer: they return a `Waiting`, whose coroutine the connection runs. Failures are CommandRefused: ``invalid parameter``
for arguments that make no sense, ``error running command`` for everything after that.
"""

import logging
import os
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

from hangd.client.control.conductor import Awaited, CommandRefused, Conductor, ControlEvent, RoomVerb
from hangd.client.control.expand import expand
from hangd.client.control.properties import Properties
from hangd.client.control.values import Choice, Double, FlagSet, Integer, Kind, Phrase, Text, Time
from hangd.engine.playback import AddSubtitleFile, ShowText, StepFrame
from hangd.log import escape

__all__ = ["COMMANDS", "Command", "Context", "Parameter", "Waiting", "command_list", "run"]

_log = logging.getLogger(__name__)

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True)
class Context:
    """What a command can reach."""

    conductor: Conductor
    properties: Properties
    broadcast: Callable[[ControlEvent], None]
    """Tell every control client."""


@dataclass(frozen=True)
class Waiting:
    """A command that is not done yet."""

    coroutine: Coroutine[Any, Any, Any]
    abandoned_with_client: bool = False
    """Nobody else cares for the outcome: stop when the client is gone."""


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: Kind
    default: Any = ...
    """``...``: it must be given. None: it is simply not there."""


Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Command:
    name: str
    parameters: Sequence[Parameter]
    run: Callable[[Context, Arguments], Any]
    rest: str | None = None
    """Takes any number of further strings, under this name."""


def run(context: Context, name: str, arguments: Sequence[Any] | Mapping[str, Any], *, expanding: bool = False) -> Any:
    """Carry out one command. Returns its result, or a Waiting; raises CommandRefused."""
    command = COMMANDS.get(name.replace("_", "-"))
    if command is None:
        raise CommandRefused("invalid parameter")
    if expanding:
        arguments = _expanded(context, arguments)
    try:
        parsed = _parse(command, arguments)
    except (TypeError, ValueError):
        raise CommandRefused("invalid parameter") from None
    return command.run(context, parsed)


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


def _expanded(context: Context, value: Any) -> Any:
    match value:
        case str():
            return expand(value, context.properties.read_text)
        case list():
            return [_expanded(context, item) for item in value]
        case dict():
            return {key: _expanded(context, item) for key, item in value.items()}
    return value


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


# ---- properties by command ------------------------------------------------------------------------------------------


def _as_command(change: Callable[[], None]) -> None:
    """Change a property on a command's behalf: whatever is wrong with the property, the command failed."""
    try:
        change()
    except CommandRefused as refused:
        raise CommandRefused("error running command", refused.code, refused.message) from None


def _set(context: Context, arguments: Arguments) -> None:
    _as_command(lambda: context.properties.write(arguments["name"], arguments["value"]))


def _add(context: Context, arguments: Arguments) -> None:
    _as_command(lambda: context.properties.add(arguments["name"], arguments["value"]))


def _multiply(context: Context, arguments: Arguments) -> None:
    _as_command(lambda: context.properties.multiply(arguments["name"], arguments["value"]))


def _cycle(context: Context, arguments: Arguments) -> None:
    _as_command(lambda: context.properties.cycle(arguments["name"], up=arguments["value"] == "up"))


def _cycle_values(context: Context, arguments: Arguments) -> None:
    words = [arguments["arg0"], *arguments["argN"]]
    step = 1
    if words[0] == "!reverse":
        words.pop(0)
        step = -1
    if len(words) < 2:
        raise CommandRefused("invalid parameter")
    name, *values = words

    def change() -> None:
        for index, value in enumerate(values):
            if context.properties.same(name, value):
                context.properties.write(name, values[(index + step) % len(values)])
                return
        context.properties.write(name, values[0 if step == 1 else -1])

    _as_command(change)


# ---- playing --------------------------------------------------------------------------------------------------------


def _no_media() -> CommandRefused:
    return CommandRefused("error running command", "NoMedia", "no file is loaded")


def _seek(context: Context, arguments: Arguments) -> None:
    conductor = context.conductor
    if conductor.path is None:
        raise _no_media()
    # After a stop there is no picture, but a place at which to go on.
    position, duration = conductor.position() or 0.0, conductor.duration
    target: float = arguments["target"]
    flags = arguments["flags"].split("+")
    if "absolute-percent" in flags or "relative-percent" in flags:
        if duration is None:
            raise CommandRefused("error running command", "NoMedia", "how long the file is, is not known")
        target *= duration / 100
    if "absolute" in flags or "absolute-percent" in flags:
        # Counted from the end where negative.
        position = target if target >= 0 else (duration or 0.0) + target
    else:
        position += target
    # "exact" and "keyframes" make no difference: a seek is exact here, always.
    conductor.seek(max(position if duration is None else min(position, duration), 0.0))


def _file(name: str) -> str:
    """Return the absolute path of a file that a client names."""
    if name.startswith("file://"):
        return os.fsdecode(unquote_to_bytes(urlsplit(name).path.encode("utf-8", "surrogateescape")))
    if _SCHEME.match(name):
        raise CommandRefused("error running command", "FileUnusable", "only files on this machine can be played")
    return os.path.abspath(name)


def _loadfile(context: Context, arguments: Arguments) -> dict[str, int]:
    if arguments["flags"] in ("append", "insert-next") or (
        arguments["flags"] != "replace" and context.properties.path is not None
    ):
        raise CommandRefused("error running command", "NotSupported", "there is no playlist to append to")
    return {"playlist_entry_id": context.conductor.load(_file(arguments["url"]))}


def _stop(context: Context, arguments: Arguments) -> None:
    context.conductor.stop()


def _frame_step(context: Context, arguments: Arguments) -> None:
    if context.properties.path is None:
        raise _no_media()
    context.conductor.play_command(StepFrame())


def _sub_add(context: Context, arguments: Arguments) -> None:
    if context.properties.path is None:
        raise _no_media()
    path = _file(arguments["url"])
    if not os.path.isfile(path):
        raise CommandRefused("error running command", "NotFound", "there is no such file")
    context.conductor.play_command(AddSubtitleFile(path))


def _quit(context: Context, arguments: Arguments) -> None:
    context.conductor.quit()


# ---- text -----------------------------------------------------------------------------------------------------------


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


# ---- hang's own -----------------------------------------------------------------------------------------------------


def _verb(name: RoomVerb, required: str = "", optional: str = "") -> Command:
    """A row for one of hang's own verbs; its parameters are all strings."""

    def start(context: Context, arguments: Arguments) -> Waiting:
        # By position, an empty string is how to leave one out.
        strings = {key: value for key, value in arguments.items() if value or key in required.split()}
        if "file" in strings:
            strings["file"] = _file(strings["file"])
        return Waiting(context.conductor.room(name, strings))

    parameters = [Parameter(word, Phrase()) for word in required.split()]
    return Command(name, parameters + [Parameter(word, Phrase(), None) for word in optional.split()], start)


def _hang_wait(context: Context, arguments: Arguments) -> Waiting:
    state: Awaited = arguments["state"]
    return Waiting(context.conductor.settle(state), abandoned_with_client=True)


def _hang_debug_dump(context: Context, arguments: Arguments) -> Waiting:
    return Waiting(context.conductor.debug_dump())


_MODES: Final = ("relative", "absolute", "absolute-percent", "relative-percent")
_EXACTNESS: Final = ("exact", "keyframes")
_STATES: Final[Sequence[Awaited]] = ("joined", "playing", "paused", "ended", "synced", "done")
_UP_DOWN: Final = Choice(("up", "down"), label="up|down")
_LOAD_FLAGS: Final = Choice(("replace", "append", "append-play", "append+play", "insert-next", "insert-next-play"))
_SUB_FLAGS: Final = Choice(("select", "auto", "cached"))
_NAME: Final = Parameter("name", Text())
_TEXT: Final = Parameter("text", Text())

_ROWS: Final = (
    Command("ignore", (), lambda context, arguments: None),
    Command(
        "seek",
        (
            Parameter("target", Time()),
            Parameter("flags", FlagSet((_MODES, _EXACTNESS)), ""),
            Parameter("legacy", Choice(("default-precise", "keyframes", "exact")), None),
        ),
        _seek,
    ),
    Command("quit", (Parameter("code", Integer(), 0),), _quit),
    Command("stop", (Parameter("flags", FlagSet((("keep-playlist",),)), ""),), _stop),
    Command("frame-step", (), _frame_step),
    Command("set", (_NAME, Parameter("value", Text())), _set),
    Command("add", (_NAME, Parameter("value", Double(), 1.0)), _add),
    Command("multiply", (_NAME, Parameter("value", Double())), _multiply),
    Command("cycle", (_NAME, Parameter("value", _UP_DOWN, "up")), _cycle),
    Command("cycle-values", (Parameter("arg0", Text()),), _cycle_values, rest="argN"),
    Command(
        "loadfile",
        (
            Parameter("url", Text()),
            Parameter("flags", _LOAD_FLAGS, "replace"),
            # mpv 0.38 put an index before the options. There is but one place here, and no options.
            Parameter("index", Phrase(), None),
            Parameter("options", Phrase(), None),
        ),
        _loadfile,
    ),
    Command(
        "sub-add",
        (
            Parameter("url", Text()),
            Parameter("flags", _SUB_FLAGS, "select"),
            Parameter("title", Text(), None),
            Parameter("lang", Text(), None),
        ),
        _sub_add,
    ),
    Command(
        "show-text",
        (_TEXT, Parameter("duration", Integer(-1, 2**31 - 1), -1), Parameter("level", Integer(), None)),
        _show_text,
    ),
    Command("expand-text", (_TEXT,), _expand_text),
    Command("print-text", (_TEXT,), _print_text),
    Command("script-message", (), _script_message, rest="args"),
    _verb("room-create", "file", "name password control wait match"),
    _verb("room-join", "room", "file password"),
    _verb("room-leave"),
    _verb("room-say", "text"),
    _verb("room-ready", optional="ready"),
    _verb("room-set", "key value"),
    _verb("room-role", "member role"),
    _verb("room-kick", "member", "ban reason"),
    _verb("room-media", "file"),
    _verb("room-list"),
    _verb("server-connect", "url"),
    _verb("server-disconnect"),
    Command("hang-wait", (Parameter("state", Choice(_STATES)),), _hang_wait),
    Command("hang-debug-dump", (), _hang_debug_dump),
)

COMMANDS: Final[Mapping[str, Command]] = {row.name: row for row in _ROWS}
