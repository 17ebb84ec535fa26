"""Enter and leave VLC's pauses so that the film goes on at the requested moment. Owner thread only.

A start has three steps. The pause is left early enough that the film moves at the requested moment
(`PausePoint.head_start`). When VLC reports that it plays, its clock tells when it really left the pause. If that was
late, because a thread of ours or of VLC's was not woken in time, the clock is shifted by as much (`clock`). The sound
output is told of the lateness before, so that the sound is correct at once.
"""

import time
from typing import Any, Final

from hangd.player.audio.vlc_output import VlcAudioOutput
from hangd.player.vlc.motion.clock import SHIFT_MIN_SECONDS, VlcClock
from hangd.player.vlc.motion.position import PausePoint, PositionTracker

ANSWER_SECONDS: Final = 1.0
"""VLC answers a pause within 0.3 ms. If it was paused already it does not answer, and we go on after this time."""
REST_SECONDS: Final = 0.5
"""How long to wait at most for the decoder to hear of a pause: usually 1 to 40 ms, on a busy machine longer."""
_SHIFT_MAX_SECONDS: Final = 0.150
"""VLC has this much decoded ahead, and more. A start that is later stays late, and Started says so."""


class PauseControl:
    """Pauses and unpauses a libVLC player. ``sound`` is None if VLC plays the sound itself."""

    def __init__(
        self, player: Any, clock: VlcClock, sound: VlcAudioOutput | None, position: PositionTracker, point: PausePoint
    ) -> None:
        self._player = player
        self._clock = clock
        self._sound = sound
        self._position = position
        self._point = point
        self._begins = 0.0
        """When the film is to move on from the pause point."""
        self._requested_at = 0.0
        self.entered_at = 0.0
        """When the newest pause was requested."""
        self.left_at = 0.0
        """When the newest pause was left. Events from before are obsolete."""
        self.clock_runs = False
        """VLC's clock is known to run again: a sample, or the clock itself, has shown it."""
        self.is_at_rest = False
        """The decoder of the picture has heard of the pause. A seek before that loses its picture (`shown`)."""

    def enter(self) -> None:
        self.is_at_rest = False
        self._clock.pause_requested(time.monotonic())
        if self._sound is not None:
            self._sound.pause_requested(True)
        self._player.set_pause(1)
        self.entered_at = time.monotonic()

    def toggled(self, *, paused: bool) -> None:
        """The decoder of the picture has heard of a pause, or of its end."""
        self.is_at_rest = paused and self.entered_at > self.left_at

    def leave(self, at: float | None) -> None:
        """Leave the pause, so that the film moves on from the pause point at ``at``; None: as soon as possible."""
        if self._point.is_after_seek:
            self._clock.sought(self._point.clock)
        self._requested_at = self.left_at = time.monotonic()
        self.clock_runs = self.is_at_rest = False
        begins = self._requested_at + self._point.head_start(self._position.rate)
        self._begins = begins if at is None else at
        self._position.restart(self._point.frame, begins)
        self._set_lateness(_correctable(begins - self._begins))
        self._unpause()

    def left(self, confirmed: float, *, correct: bool = True) -> float:
        """Call it when VLC has reported, at ``confirmed``, that it plays. Return when the film left the pause point.

        ``correct``: shift VLC's clock if that was late.
        """
        left = self._clock.pause_left_at(self._requested_at, confirmed)
        self.clock_runs = left is not None
        # `leave` assumed that VLC leaves the pause at once. It left later by the difference, and so did the film.
        begins = self._position.since + (0.0 if left is None else left - self._requested_at)
        late = _correctable(begins - self._begins) if correct else 0.0
        self._set_lateness(late)
        if late and self._clock.shift(-late):
            if self._sound is not None:
                self._sound.clock_corrected()
            # Samples from before the shift show the film late.
            begins, self.left_at = self._begins, time.monotonic()
        else:
            self._set_lateness(0.0)
        self._position.restart(self._point.frame, begins)
        return begins

    def end_delay(self, now: float) -> None:
        """Leave a pause that was only a delay (PauseFor)."""
        self._set_lateness(0.0)
        self._unpause()
        self.left_at = now
        self.clock_runs = self.is_at_rest = False
        self._position.restart(self._point.clock, now)

    def _unpause(self) -> None:
        if self._sound is not None:
            self._sound.pause_requested(False)
        self._player.set_pause(0)

    def _set_lateness(self, seconds: float) -> None:
        if self._sound is not None:
            self._sound.set_lateness(seconds)


def _correctable(late: float) -> float:
    """Return the part of a lateness that a shift of the clock corrects: all or nothing."""
    return late if SHIFT_MIN_SECONDS <= late <= _SHIFT_MAX_SECONDS else 0.0
