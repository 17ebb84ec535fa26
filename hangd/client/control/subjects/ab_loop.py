"""A-B loop: repeat the part of the film between two positions. Outside rooms only, because a room plays for everybody.

As in mpv, both positions are needed, either may be the first, and a seek beyond the end of the loop leaves it.
"""

import asyncio
from typing import Any, Final

from hangd.client.control.language.kinds import Time
from hangd.client.control.port import CommandRefused, ViewerPort
from hangd.client.control.tables.command import Command, Context, changes_properties
from hangd.client.control.tables.property import Property
from hangd.tasks import DeadlineTimer

_TOLERANCE: Final = 0.02
"""Seconds before the end at which it counts as reached, because a timer may fire a little early."""
_A, _B = "ab-loop-a", "ab-loop-b"


class _LoopPoint(Time):
    """Seconds, or "no"."""

    def parse(self, value: Any) -> Any:
        return "no" if value == "no" or value is False else super().parse(value)

    def text(self, value: Any) -> str:
        return value if value == "no" else super().text(value)

    def pretty(self, value: Any) -> str:
        return value if value == "no" else super().pretty(value)


class _Loop:
    """The two positions, and a timer for the moment at which playback reaches the later one."""

    def __init__(self) -> None:
        self.points: dict[str, float] = {}
        self._viewer: ViewerPort | None = None
        self._timer = DeadlineTimer(self._expire)

    def put(self, viewer: ViewerPort, name: str, value: float | str) -> None:
        if isinstance(value, str):
            self.points.pop(name, None)
        elif _in_room(viewer):
            raise CommandRefused.inaccessible("NotSupported", "a room cannot play in a loop")
        else:
            self.points[name] = value
        if self._viewer is None and self.points:
            self._viewer = viewer
            # Every change that makes the timer wrong is announced: pause, speed, seeks, rooms.
            viewer.subscribe(lambda event: None, lambda names: self._arm())
        self._arm()

    def _span(self) -> tuple[float, float] | None:
        """Return the beginning and the end, where there is a loop to play now."""
        if self._viewer is None or len(self.points) < 2 or _in_room(self._viewer):
            return None
        return min(self.points.values()), max(self.points.values())

    def _arm(self) -> None:
        viewer, span = self._viewer, self._span()
        at: float | None = None
        if viewer is not None and span is not None:
            position = viewer.position()
            running = not (viewer.paused or viewer.seeking or viewer.ended)
            if running and position is not None and position < span[1] - _TOLERANCE:
                at = asyncio.get_running_loop().time() + (span[1] - position) / viewer.speed
        self._timer.arm(at)

    def _expire(self, now: float) -> None:
        viewer, span = self._viewer, self._span()
        if viewer is None or span is None:
            return
        position = viewer.position()
        if position is not None and position >= span[1] - _TOLERANCE:
            viewer.seek(span[0])
        else:
            self._arm()


def _in_room(viewer: ViewerPort) -> bool:
    return viewer.hang_property("room/id") is not None


def _ab_loop(context: Context) -> None:
    points = context.properties.state(_Loop).points
    for name in (_A, _B):
        if name not in points:
            context.properties.write(name, context.viewer.position() or 0.0)
            return
    for name in (_A, _B):
        context.properties.write(name, "no")


def _show(context: Context) -> None:
    context.viewer.desktop.show_property(_B if _B in context.properties.state(_Loop).points else _A)


def _point(name: str, about: str) -> Property:
    return Property(name, f"{about} of the A-B loop in seconds, or no; not in rooms", _LoopPoint(),
        lambda p: p.state(_Loop).points.get(name, "no"), lambda p, value: p.state(_Loop).put(p.viewer, name, value),
        option=True, stored=True, moves_film=True)  # fmt: skip


COMMANDS: Final = (
    Command("ab-loop", "begin a loop at this position; then end it here; then remove it; not in rooms", (),
        changes_properties(_ab_loop), needs_file=True, moves_film=True, show=_show),
)  # fmt: skip
PROPERTIES: Final = (_point(_A, "start"), _point(_B, "end"))
