"""The screen: what is written on the picture, and screenshots of it."""

import os
from typing import Any, Final

from hangd.client.control.language.expand import expand
from hangd.client.control.language.kinds import Choice, FlagSet, Integer, Node, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.command import Command, Context, Parameter, Waiting
from hangd.client.control.tables.placeholders import CONSTANTS
from hangd.client.control.tables.property import Property
from hangd.engine.player_messages import ShowText

_PROGRESS: Final = "${time-pos} / ${duration} (${percent-pos}%)"
_SOURCES: Final = ("subtitles", "video", "window", "-")
_REFUSED: Final = {
    "video": "VLC's screenshots always have the subtitles in them",
    "window": "VLC takes screenshots of the film's picture, not of the window",
    "each-frame": "hang takes one screenshot at a time",
}
"""Flags of ``screenshot`` that are refused, each with its reason."""
_TAKEN_SECONDS: Final = 3.0


class _Taken:
    """The last screenshot."""

    path = ""


def _show_text(context: Context, text: str, duration: int, level: int | None = None) -> None:
    if level is not None and level > CONSTANTS["osd-level"]:
        return
    command = ShowText(text, duration / 1000) if duration >= 0 else ShowText(text)
    # Without a window and a film there is nothing to draw on. As in mpv, this is not a failure.
    if not context.viewer.desktop.show_text(text, command.seconds) and context.properties.path is not None:
        context.viewer.play_command(command)


def _show_progress(context: Context) -> None:
    if not context.viewer.desktop.show_progress() and context.properties.path is not None:
        context.viewer.play_command(ShowText(expand(_PROGRESS, context.properties.read_text), 1.0))


def _screenshot(context: Context, flags: str, filename: str | None = None, **_: Any) -> Waiting:
    for flag in flags.split("+"):
        if flag in _REFUSED:
            raise CommandRefused.failed("NotSupported", _REFUSED[flag])
    return Waiting(_take(context, filename))


async def _take(context: Context, name: str | None) -> None:
    context.properties.state(_Taken).path = await context.viewer.screenshot(name)


def _show_taken(context: Context, **_: Any) -> None:
    name = os.path.basename(context.properties.state(_Taken).path)
    context.viewer.desktop.show_message(f"Screenshot: {name}", _TAKEN_SECONDS)


COMMANDS: Final = (
    Command("show-text", "write a text on the picture, for a number of milliseconds, in place of the one before",
        (Parameter("text", Text()), Parameter("duration", Integer(-1, 2**31 - 1), -1),
         Parameter("level", Integer(), None)), _show_text, repeats=True),
    Command("show-progress", "draw the position and the duration on the picture", (), _show_progress, repeats=True),
    Command("screenshot", "save the picture with its subtitles as PNG in the directory for screenshots",
        (Parameter("flags", FlagSet((_SOURCES, ("each-frame",))), ""),
         Parameter("legacy", Choice(("unused", "single", "each-frame")), None)),
        _screenshot, needs_file=True, show=_show_taken),
    Command("screenshot-to-file", "save the picture under this name in the directory for screenshots and nowhere else",
        (Parameter("filename", Text()), Parameter("flags", FlagSet((_SOURCES,)), "")), _screenshot,
        needs_file=True, show=_show_taken),
)  # fmt: skip

PROPERTIES: Final = (
    Property("osd/messages",
        "messages in the film's window, from top to bottom, each with its kind, name and text; then the bar", Node(),
        lambda p: p.viewer.desktop.shown_messages(), topic="osd", may_lack=frozenset({"name"})),
)  # fmt: skip
