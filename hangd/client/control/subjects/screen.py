"""The screen: text that is drawn on the picture, and screenshots of it."""

from typing import Any, Final

from hangd.client.control.language.expand import expand
from hangd.client.control.language.kinds import Choice, FlagSet, Integer, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.command import Command, Context, Parameter, Waiting
from hangd.engine.player_messages import ShowText

_PROGRESS: Final = "${time-pos} / ${duration} (${percent-pos}%)"
_SOURCES: Final = ("subtitles", "video", "window", "-")
_REFUSED: Final = {
    "video": "VLC's screenshots always have the subtitles in them",
    "window": "VLC takes screenshots of the film's picture, not of the window",
    "each-frame": "hang takes one screenshot at a time",
}
"""Flags of ``screenshot`` that are refused, each with its reason."""


def _show_text(context: Context, text: str, duration: int, **_: Any) -> None:
    if context.properties.path is None:
        return  # Without a picture there is nothing to draw on. As in mpv, this is not a failure.
    context.viewer.play_command(ShowText(text, duration / 1000) if duration >= 0 else ShowText(text))


def _show_progress(context: Context) -> None:
    if context.properties.path is not None:
        context.viewer.play_command(ShowText(expand(_PROGRESS, context.properties.read_text), 1.0))


def _screenshot(context: Context, flags: str, filename: str | None = None, **_: Any) -> Waiting:
    for flag in flags.split("+"):
        if flag in _REFUSED:
            raise CommandRefused.failed("NotSupported", _REFUSED[flag])
    return Waiting(_take(context, filename))


async def _take(context: Context, name: str | None) -> None:
    await context.viewer.screenshot(name)


COMMANDS: Final = (
    Command("show-text", "draw a line of text on the picture, for a number of milliseconds",
        (Parameter("text", Text()), Parameter("duration", Integer(-1, 2**31 - 1), -1),
         Parameter("level", Integer(), None)), _show_text),
    Command("show-progress", "draw the position and the duration on the picture", (), _show_progress),
    Command("screenshot", "save the picture with its subtitles as PNG in the directory for screenshots",
        (Parameter("flags", FlagSet((_SOURCES, ("each-frame",))), ""),
         Parameter("legacy", Choice(("unused", "single", "each-frame")), None)),
        _screenshot, needs_file=True),
    Command("screenshot-to-file", "save the picture under this name in the directory for screenshots and nowhere else",
        (Parameter("filename", Text()), Parameter("flags", FlagSet((_SOURCES,)), "")), _screenshot,
        needs_file=True),
)  # fmt: skip
