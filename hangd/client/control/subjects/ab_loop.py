"""ab-loop: play from A to B over and over. Alone only: a room plays on for everybody.

As in mpv, both ends are needed, they may be given in either order, and whoever seeks past B is let go on.
"""

import asyncio
from typing import Any, Final

from hangd.client.control.language.kinds import Choice, Time
from hangd.client.control.port import CommandRefused, ViewerPort
from hangd.client.control.tables.command import Arguments, Command, Context, needs_media
from hangd.client.control.tables.common import fixed
from hangd.client.control.tables.property import Property
from hangd.tasks import DeadlineTimer

__all__ = ["COMMANDS", "PROPERTIES"]

_NEAR: Final = 0.02
"""Seconds before B at which it counts as reached: a timer may be early by its own grain."""


class _LoopPoint(Time):
    """Seconds, or "no"."""

    def parse(self, value: Any) -> Any:
        return "no" if value == "no" or value is False else super().parse(value)

    def text(self, value: Any) -> str:
        return value if isinstance(value, str) else super().text(value)

    def pretty(self, value: Any) -> str:
        return value if isinstance(value, str) else super().pretty(value)


class _Loop:
    """Both ends, and the timer that is armed for B while the film runs towards it."""

    def __init__(self) -> None:
        self.ends: dict[str, float] = {}
        self._viewer: ViewerPort | None = None
        self._timer = DeadlineTimer(self._expire)

    def put(self, viewer: ViewerPort, name: str, value: float | str) -> None:
        if isinstance(value, str):
            self.ends.pop(name, None)
        elif _in_room(viewer):
            raise CommandRefused("error accessing property", "NotSupported", "a room can not play in a loop")
        else:
            self.ends[name] = value
        if self._viewer is None and self.ends:
            self._viewer = viewer
            viewer.subscribe(lambda event: None, lambda names: self._arm())
        self._arm()

    def _span(self) -> tuple[float, float] | None:
        if len(self.ends) < 2:
            return None
        first, last = sorted(self.ends.values())
        return first, last

    def _arm(self) -> None:
        """Wake when B comes, as far as can be said now; whatever changes that is announced."""
        viewer, span = self._viewer, self._span()
        at: float | None = None
        if viewer is not None and span is not None and not _in_room(viewer):
            position = viewer.position()
            running = not (viewer.paused or viewer.seeking or viewer.ended)
            if running and position is not None and position < span[1] - _NEAR:
                at = asyncio.get_running_loop().time() + (span[1] - position) / viewer.speed
        self._timer.arm(at)

    def _expire(self, now: float) -> None:
        viewer, span = self._viewer, self._span()
        if viewer is None or span is None or _in_room(viewer):
            return
        position = viewer.position()
        if position is not None and position >= span[1] - _NEAR:
            viewer.seek(span[0])
        else:
            self._arm()


def _in_room(viewer: ViewerPort) -> bool:
    try:
        return viewer.hang_property("room/id") is not None
    except CommandRefused:
        return False


def _ab_loop(context: Context, arguments: Arguments) -> None:
    needs_media(context)
    properties = context.properties
    loop = properties.keep(_Loop)
    now = context.viewer.position() or 0.0
    free = next((name for name in ("ab-loop-a", "ab-loop-b") if name not in loop.ends), None)
    try:
        if free is not None:
            properties.write(free, now)
            return
        for name in ("ab-loop-a", "ab-loop-b"):
            properties.write(name, "no")
    except CommandRefused as refused:
        raise CommandRefused("error running command", refused.code, refused.message) from None


COMMANDS: Final = (
    Command("ab-loop", "set the beginning of a loop here, then its end, then forget both: out of rooms", (), _ab_loop),
)


def _end(name: str, about: str) -> Property:
    return Property(
        name,
        about,
        _LoopPoint(),
        lambda p: p.keep(_Loop).ends.get(name, "no"),
        lambda p, value: p.keep(_Loop).put(p.viewer, name, value),
        option=True,
        kept=True,
    )


PROPERTIES: Final = (
    _end("ab-loop-a", "where the loop begins, in seconds, or no: out of rooms"),
    _end("ab-loop-b", "where the loop ends, in seconds, or no: out of rooms"),
    fixed("ab-loop-count", "how often the loop is played", Choice(options=("inf",)), "inf"),
)
