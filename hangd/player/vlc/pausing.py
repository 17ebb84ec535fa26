"""Pauses, entered and left: the film goes on from where it stands at the moment that was asked for. Owner thread only.

A start is made in three steps. The pause is left early enough that the film is there in time (`Stance.head_start`).
When VLC says that it plays, its clock tells when it really left. What it is late by then, by a thread of ours or of
VLC's that was not woken in time, its clock is moved by (`vlc_clock`); the sound is told of it before, and so waits for
nothing.
"""

import time
from typing import Any, Final

from hangd.player.vlc.clock import WORTH_MOVING, VlcClock
from hangd.player.vlc.pace import Pace, Stance
from hangd.player.vlc.settings import VlcLocal

__all__ = ["Pausing"]

_MOVED_UP_TO: Final = 0.150
"""Seconds. VLC has as much and more in hand. Who is later than this starts late, and Started says so."""


class Pausing:
    """See the module's docstring. It begins a new stretch of ``pace`` with each start."""

    def __init__(self, player: Any, clock: VlcClock, local: VlcLocal, pace: Pace, stance: Stance) -> None:
        self._player = player
        self._clock = clock
        self._local = local
        self._pace = pace
        self._stance = stance
        self._begins = 0.0
        """When the film is to move on from where it stands."""
        self._asked_at = 0.0
        self.entered_at = 0.0
        """When the newest pause was asked for."""
        self.left_at = 0.0
        """When the newest one was left: what VLC tells of earlier moments is no more."""
        self.clock_runs = False
        """VLC's clock is known to have gone on: a sample, or itself, has told so."""

    def enter(self) -> None:
        self._clock.pausing(time.monotonic())
        self._player.set_pause(1)
        self.entered_at = time.monotonic()

    def entered(self, at: float) -> None:
        """VLC says that it has paused."""
        self._clock.paused(at)

    def rests(self) -> None:
        """The film stands where it is to go on from."""
        self._clock.rests()

    def leave(self, at: float | None) -> None:
        """Go on, and have the film move on from where it stands at ``at``; None: as soon as may be."""
        self._asked_at = self.left_at = time.monotonic()
        self.clock_runs = False
        begins = self._asked_at + self._stance.head_start(self._pace.rate)
        self._begins = begins if at is None else at
        self._pace.begin(self._stance.stand, begins)
        self._local.late(_worth_moving(begins - self._begins))
        self._player.set_pause(0)

    def left(self, told: float) -> float:
        """VLC has said at ``told`` that it plays. Return when the film moves on from where it stood."""
        left = self._clock.left_pause(self._asked_at, told)
        self.clock_runs = left is not None
        begins = self._pace.since + (0.0 if left is None else left - self._asked_at)
        late = _worth_moving(begins - self._begins)
        self._local.late(late)
        if late and self._clock.move(-late):
            self._local.moved()
            begins, self.left_at = self._begins, time.monotonic()
        else:
            self._local.late(0.0)
        self._pace.begin(self._stance.stand, begins)
        return begins

    def end_hold(self, now: float) -> None:
        """Go on from a pause that was but a delay."""
        self._local.late(0.0)
        self._player.set_pause(0)
        self.left_at = now
        self.clock_runs = False
        self._pace.begin(self._stance.clock, now)


def _worth_moving(late: float) -> float:
    return late if WORTH_MOVING <= late <= _MOVED_UP_TO else 0.0
