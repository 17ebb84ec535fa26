"""Screenshots: the picture that is shown, into the folder that this machine keeps them in."""

from typing import Final

from hangd.client.control.language.kinds import Choice, FlagSet, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.command import Arguments, Command, Context, Parameter, Waiting, needs_media

__all__ = ["COMMANDS"]


def _screenshot(context: Context, arguments: Arguments) -> Waiting:
    return _take(context, arguments["flags"], None)


def _screenshot_to_file(context: Context, arguments: Arguments) -> Waiting:
    return _take(context, arguments["flags"], arguments["filename"])


def _take(context: Context, flags: str, name: str | None) -> Waiting:
    needs_media(context)
    for word, reason in _REFUSED.items():
        if word in flags.split("+"):
            raise CommandRefused("error running command", "NotSupported", reason)
    return Waiting(_write(context, name))


async def _write(context: Context, name: str | None) -> None:
    await context.viewer.screenshot(name)


_REFUSED: Final = {
    "video": "VLC's pictures have their subtitles in them",
    "window": "VLC tells the film's picture, not the window's",
    "each-frame": "one picture at a time",
}
_WHAT: Final = ("subtitles", "video", "window", "-")

COMMANDS: Final = (
    Command(
        "screenshot",
        "write the picture that is shown, with its subtitles, as the next PNG into the folder for screenshots",
        (
            Parameter("flags", FlagSet((_WHAT, ("each-frame",))), ""),
            Parameter("legacy", Choice(("unused", "single", "each-frame")), None),
        ),
        _screenshot,
    ),
    Command(
        "screenshot-to-file",
        "the same into a PNG of this name, in the folder for screenshots and nowhere else",
        (Parameter("filename", Text()), Parameter("flags", FlagSet((_WHAT,)), "")),
        _screenshot_to_file,
    ),
)
