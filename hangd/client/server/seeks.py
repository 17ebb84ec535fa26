"""Seeks: where a room was before its last seek, whoever asked for it. For the command ``revert-seek``.

The `RoomView` tells it of each command and of the room's timeline before and after it.
"""

import math
from typing import Final

from hangd.engine.timeline import position_at
from hangd.protocol.messages import Seek, SyncCommand
from hangd.protocol.model import Timeline

ONE_SEEK: Final = 2.0
"""Seconds. Seeks that follow one another within this time are reverted together. As in mpv."""
_SAME: Final = 0.001
"""Seconds. A seek to the position before the last one reverts that, and can be reverted itself."""


class Seeks:
    def __init__(self) -> None:
        self.position_before: float | None = None
        """The room's position before its last seek; None if there was none."""
        self._sought_at = -math.inf
        """Server time of that seek."""

    def learn(self, command: SyncCommand, before: Timeline, after: Timeline) -> None:
        if not isinstance(command, Seek):
            return
        position, known = position_at(before, after.at), self.position_before
        reverts = known is not None and abs(after.position - known) < _SAME
        if known is None or reverts or after.at > self._sought_at + ONE_SEEK:
            self.position_before = position
        self._sought_at = after.at

    def forget(self) -> None:
        """The room shows another film."""
        self.position_before, self._sought_at = None, -math.inf
