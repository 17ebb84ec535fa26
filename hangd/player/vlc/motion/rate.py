"""`RateControl` knows the rate that is commanded and has VLC play it. Owner thread only; `Transport` uses it."""

import math
import time
from typing import Any

from hangd.player.vlc.motion.clock import VlcClock
from hangd.player.vlc.motion.pitch import PitchCorrection
from hangd.player.vlc.motion.position import PositionTracker


class RateControl:
    """The rate of a libVLC player (``player``: python-vlc's)."""

    def __init__(self, player: Any, clock: VlcClock, position: PositionTracker) -> None:
        self._player = player
        self._clock = clock
        self._position = position
        self._pitch = PitchCorrection(player)
        self._commanded = 1.0
        """VLC may not play it yet."""
        self.changed_at = -math.inf
        """When VLC was last given another rate. Samples from before are of the old one."""

    def reset(self) -> None:
        """A film will be opened, at rate 1."""
        self._commanded = 1.0
        self._pitch.reset()

    def command(self, rate: float) -> None:
        """Play at this rate from the next call of `apply` on."""
        self._commanded = rate
        self._pitch.follow(rate)

    def apply(self, at: float) -> None:
        """Have VLC play at the commanded rate, and let that count from ``at``, a moment ago. VLC must be playing."""
        if not self._position.differs(self._commanded):
            return
        before = self._position.rate
        self._position.restart(self._position.position(at), at, rate=self._commanded)
        rate = self._position.vlc_rate
        self._clock.change_rate(at, self._position.rate / before, lambda: self._player.set_rate(rate))
        self.changed_at = time.monotonic()

    def prepare_seek(self, target: float) -> None:
        """Set the rate to 1 for a seek: at other rates VLC misses its target. `apply` sets the commanded one again."""
        if self._position.differs(1.0):
            self._position.restart(target, 0.0, rate=1.0)
            self._player.set_rate(self._position.vlc_rate)
