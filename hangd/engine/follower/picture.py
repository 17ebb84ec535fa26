"""Picture: what is on the screen, as far as the player's events have told, and the commands that change it.

::

    EMPTY --load--> LOADING --Settled--> STANDING --resume--> STARTING --Started--> RUNNING
                       ^                  ^    |                                    |  |  |
                       |                  |  seek                                   |  | Ended--> ENDED
                       |                  |    v                                    |  v
                     load          Settled+- SEEKING <-------------seek-------------+ PAUSING --Settled--> STANDING

LOADING, SEEKING and PAUSING are ways to STANDING: whoever steers waits for it. It decides nothing; `Follower` does.
"""

import enum
import math
from typing import Final

from msgspec import Struct

from hangd.engine.player_messages import (
    DurationChanged,
    Ended,
    Load,
    Loaded,
    LoadFailed,
    PauseNow,
    PlayerCommand,
    PlayerDied,
    PlayerEvent,
    Resume,
    Sampled,
    SeekTo,
    SetRate,
    Settled,
    Stalled,
    Started,
    Unload,
)
from hangd.protocol.model import ReportedState

__all__ = ["Motion", "Picture", "PicturePolicy"]


class Motion(enum.Enum):
    __hash__ = object.__hash__  # as each is but itself; Enum's own hashes its name, in Python

    EMPTY = "empty"
    LOADING = "loading"
    STANDING = "standing"
    STARTING = "starting"
    RUNNING = "running"
    PAUSING = "pausing"
    SEEKING = "seeking"
    ENDED = "ended"


_REPORTED_AS: Final[dict[Motion, ReportedState]] = {
    Motion.EMPTY: "idle",
    Motion.LOADING: "buffering",
    Motion.SEEKING: "seeking",
    Motion.PAUSING: "seeking",
    Motion.STANDING: "paused",
    Motion.STARTING: "paused",
    Motion.RUNNING: "playing",
    Motion.ENDED: "ended",
}


class PicturePolicy(Struct, frozen=True):
    same_place: float = 0.002
    """Seconds. Positions closer than this are one: libVLC takes whole milliseconds."""
    end_guard: float = 0.05
    """Seconds. Nobody seeks closer to the end than this: players end there instead of standing."""
    seek_cost: float = 0.25
    """Seconds that a paused seek is taken to cost until this file has shown better."""


class Picture:
    """See the module's docstring. Positions are seconds of media, times are the local monotonic clock's."""

    def __init__(self, policy: PicturePolicy | None = None) -> None:
        self._policy = policy or PicturePolicy()
        self.motion = Motion.EMPTY
        self.path: str | None = None
        self.entry = 0
        """The id of the playlist's entry that ``path`` belongs to."""
        self.duration: float | None = None
        self.generation = 0
        self.stalled = False
        self.seek_cost = self._policy.seek_cost
        self.resume_at: float | None = None
        """When a picture that is STARTING is to leave its pause."""
        self._position = 0.0
        self._at = 0.0
        self._rate = 1.0
        self._asked_rate: float | None = None
        self._sought: float | None = None
        self._seek_began: float | None = None

    @property
    def open_path(self) -> str | None:
        """The file that is open, or being opened."""
        return None if self.motion is Motion.EMPTY else self.path

    # ---- commands -------------------------------------------------------------------------------------------------

    def load(self, path: str, start: float) -> list[PlayerCommand]:
        self.path = path
        self.generation += 1
        self._enter(Motion.LOADING)
        self._position, self._asked_rate, self._sought = start, None, start
        return [Load(path=path, generation=self.generation, start=start, entry=self.entry)]

    def unload(self) -> list[PlayerCommand]:
        """Let go of the file; ``path`` stays known."""
        if self.motion is Motion.EMPTY:
            return []
        self._enter(Motion.EMPTY)
        return [Unload()]

    def forget(self) -> list[PlayerCommand]:
        """Let go of the file for good."""
        commands = self.unload()
        self.path = self.duration = None
        return commands

    def seek(self, position: float, now: float) -> list[PlayerCommand]:
        self._enter(Motion.SEEKING)
        self._position = self._sought = position
        self._seek_began = now
        return [SeekTo(position)]

    def resume(self, at: float | None, now: float, rate: float) -> list[PlayerCommand]:
        self._enter(Motion.STARTING)
        self.resume_at = now if at is None else at
        return [*self.set_rate(rate), Resume(at)]

    def pause(self) -> list[PlayerCommand]:
        self._enter(Motion.PAUSING)
        return [PauseNow()]

    def set_rate(self, rate: float) -> list[PlayerCommand]:
        """Ask for ``rate`` unless that is what was asked last."""
        asked = self._asked_rate
        if rate == asked or (asked is not None and math.isclose(rate, asked, abs_tol=1e-9)):
            return []
        self._asked_rate = rate
        return [SetRate(rate)]

    # ---- facts ----------------------------------------------------------------------------------------------------

    def absorb(self, event: PlayerEvent) -> bool:
        """Learn from an event. False: it says nothing about now (an older load, or overtaken by a command of ours)."""
        if event.generation != self.generation:
            return False
        match event:
            case Sampled(position=position, at=at, rate=rate):  # first: all the others are rare
                if self.motion is not Motion.RUNNING:
                    return False
                self._position, self._at, self._rate = position, at, rate
            case Loaded(duration=duration):
                self.duration = duration
            case DurationChanged(duration=duration):
                self.duration = duration
            case LoadFailed() | PlayerDied():
                self.path = self.duration = None
                self._enter(Motion.EMPTY)
            case _ if self.motion is Motion.EMPTY:
                return False
            case Settled(position=position, at=at):
                if self.motion is Motion.SEEKING and self._seek_began is not None:
                    # Files differ by where their key frames are: the last cost weighs a half.
                    self.seek_cost = (self.seek_cost + max(0.0, at - self._seek_began)) / 2
                elif self.motion is not Motion.LOADING:
                    self._sought = None
                self._stand(Motion.STANDING, position, at)
            case Started(position=position, at=at):
                if self.motion not in (Motion.STARTING, Motion.STANDING):
                    return False  # A pause or a seek of ours came later; its Settled is on its way.
                self._stand(Motion.RUNNING, position, at)
                self._rate, self._sought = self._asked_rate or 1.0, None
            case Stalled(stalled=stalled):
                self.stalled = stalled and self.motion is Motion.RUNNING
            case Ended(position=position, at=at):
                self._stand(Motion.ENDED, position, at)
        return True

    def _stand(self, motion: Motion, position: float, at: float) -> None:
        self._enter(motion)
        self._position, self._at = position, at

    def _enter(self, motion: Motion) -> None:
        self.motion = motion
        self.resume_at = None
        self.stalled = False

    # ---- reading --------------------------------------------------------------------------------------------------

    def position(self, now: float) -> float:
        """Return where the picture is: measured where it runs, where it will stand while it seeks or loads."""
        if self.motion is not Motion.RUNNING:
            return self._position
        return self.clamped(self._position + max(0.0, now - self._at) * self._rate)

    @property
    def reported_as(self) -> ReportedState:
        """What a room is told of it."""
        return "buffering" if self.stalled else _REPORTED_AS[self.motion]

    def clamped(self, position: float) -> float:
        """Return the nearest place at which a picture can stand."""
        position = max(0.0, position)
        if self.duration is None:
            return position
        last = self.duration - self._policy.end_guard
        return position if position <= last else max(0.0, last)

    def is_at_end(self, position: float, within: float = 0.0) -> bool:
        """Whether nothing is left to show from there on. Where nobody knows the length, a picture that ended tells."""
        end = self._position if self.duration is None and self.motion is Motion.ENDED else self.duration
        return end is not None and position >= end - max(within, 2 * self._policy.end_guard)

    def stands_at(self, position: float) -> bool:
        """Whether it stands on the frame of ``position``: by place, or because it was sent there (a player may name
        the frame's own time, not the one asked for)."""
        goal, near = self.clamped(position), self._policy.same_place
        if self.motion is not Motion.STANDING:
            return False
        return abs(self._position - goal) <= near or self.was_sent_to(position)

    def was_sent_to(self, position: float) -> bool:
        """Whether it stands where a seek (or a load) to this very place put it."""
        goal = self.clamped(position)
        if self.motion is not Motion.STANDING or self._sought is None:
            return False
        return abs(self._sought - goal) <= self._policy.same_place

    def check(self) -> None:
        """Assert the invariants."""
        assert self.path is not None or self.motion is Motion.EMPTY
        assert self.resume_at is None or self.motion is Motion.STARTING
        assert self._position >= 0
