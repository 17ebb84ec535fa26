"""Picture: what the player shows, as far as its events have told, and the commands that change it.

::

    EMPTY --load--> LOADING --Settled--> SETTLED --resume--> STARTING --Started--> RUNNING
                       ^                  ^    |                                    |  |  |
                       |                  |  seek                                   |  | Ended--> ENDED
                       |                  |    v                                    |  v
                     load          Settled+- SEEKING <-------------seek-------------+ PAUSING --Settled--> SETTLED

A command leads to a state that only an event of the player leaves: while the picture is LOADING, SEEKING or PAUSING,
`Follower` waits for it to settle. Positions are seconds of media, times are local times.
"""

import enum
import math
from typing import Final

from msgspec import Struct

from hangd.engine import player_messages as player
from hangd.engine.follower.effects import FollowerEffect
from hangd.engine.player_messages import PlayerEvent, Sampled
from hangd.protocol.model import ReportedState


class Motion(enum.Enum):
    """The states of a picture. Control clients read the values as the property ``player/state``."""

    __hash__ = object.__hash__  # Enum's own __hash__ is written in Python and slow.

    EMPTY = "empty"
    LOADING = "loading"
    SETTLED = "standing"
    STARTING = "starting"
    RUNNING = "running"
    PAUSING = "pausing"
    SEEKING = "seeking"
    ENDED = "ended"


_REPORTED_STATES: Final[dict[Motion, ReportedState]] = {
    Motion.EMPTY: "idle",
    Motion.LOADING: "buffering",
    Motion.SEEKING: "seeking",
    Motion.PAUSING: "seeking",
    Motion.SETTLED: "paused",
    Motion.STARTING: "paused",
    Motion.RUNNING: "playing",
    Motion.ENDED: "ended",
}


class PicturePolicy(Struct, frozen=True):
    """Seconds."""

    position_tolerance: float = 0.002
    """Positions closer than this are the same: libVLC takes whole milliseconds."""
    end_margin: float = 0.05
    """No seek goes closer to the end than this: a player ends there instead of settling."""
    seek_cost: float = 0.25
    """Expected duration of a seek until one has been measured."""


class PictureState(Struct):
    """What a `Picture` knows."""

    motion: Motion = Motion.EMPTY
    path: str | None = None
    """The file that is loaded, or that a Stop unloaded."""
    entry: int = 0
    """The id of the playlist's entry that ``path`` belongs to."""
    duration: float | None = None
    generation: int = 0
    """The number of the newest load. Events of other generations are outdated."""
    stalled: bool = False
    seek_cost: float | None = None
    """Measured duration of seeks; None before the first one."""
    resume_at: float | None = None
    """When a picture that is STARTING leaves its pause."""
    position: float = 0.0
    """The position at the time ``at``; where the picture is SEEKING or LOADING, the target."""
    at: float = 0.0
    looked: bool = False
    """The player has looked which picture it shows, since it settled."""
    shown: float | None = None
    """The position of that picture; None: not known, or not yet."""
    rate: float = 1.0
    """The rate of the newest sample."""
    commanded_rate: float | None = None
    """The rate of the newest SetRate since the load."""
    target: float | None = None
    """The target of the newest seek or load, until the picture moves on from there."""
    seek_began_at: float | None = None


class Picture:
    """The methods that command return what to send to the player."""

    def __init__(self, policy: PicturePolicy | None = None, state: PictureState | None = None) -> None:
        self._policy = policy or PicturePolicy()
        self.state = state or PictureState()

    # ---- commands -------------------------------------------------------------------------------------------------

    def load(self, path: str, start: float) -> list[FollowerEffect]:
        """Load a file and pause at ``start``."""
        state = self.state
        state.path = path
        state.generation += 1
        self._enter(Motion.LOADING)
        state.position, state.commanded_rate, state.target = start, None, start
        return [player.Load(path=path, generation=state.generation, start=start, entry=state.entry)]

    def unload(self) -> list[FollowerEffect]:
        """Unload the file. Its path stays known, so that it can be loaded again."""
        if self.state.motion is Motion.EMPTY:
            return []
        self._enter(Motion.EMPTY)
        return [player.Unload()]

    def close(self) -> list[FollowerEffect]:
        """Unload the file and forget it."""
        commands = self.unload()
        self.state.path = self.state.duration = None
        return commands

    def seek(self, position: float, now: float) -> list[FollowerEffect]:
        """Seek and pause at ``position``, which the caller has clamped."""
        state = self.state
        self._enter(Motion.SEEKING)
        state.position = state.target = position
        state.seek_began_at = now
        return [player.SeekTo(position)]

    def resume(self, at: float | None, now: float, rate: float) -> list[FollowerEffect]:
        """Leave the pause at the local time ``at``, or now."""
        self._enter(Motion.STARTING)
        self.state.resume_at = now if at is None else at
        return [*self.set_rate(rate), player.Resume(at)]

    def pause(self) -> list[FollowerEffect]:
        """Pause at once."""
        self._enter(Motion.PAUSING)
        return [player.PauseNow()]

    def set_rate(self, rate: float) -> list[FollowerEffect]:
        """Play at ``rate``; no command if the player has that rate already."""
        commanded = self.state.commanded_rate
        if rate == commanded or (commanded is not None and math.isclose(rate, commanded, abs_tol=1e-9)):
            return []
        self.state.commanded_rate = rate
        return [player.SetRate(rate)]

    # ---- events ---------------------------------------------------------------------------------------------------

    def update(self, event: PlayerEvent) -> bool:
        """Take an event of the player's. Return False if it is outdated: of an older load, or from before a command."""
        state = self.state
        if event.generation != state.generation:
            return False
        if isinstance(event, Sampled):  # Nearly all events are samples, and a match is slower.
            if state.motion is not Motion.RUNNING:
                return False
            state.position, state.at, state.rate = event.position, event.at, event.rate
            return True
        match event:
            case player.Loaded(duration=duration) | player.DurationChanged(duration=duration):
                state.duration = duration
            case player.LoadFailed() | player.PlayerDied():
                state.path = state.duration = None
                self._enter(Motion.EMPTY)
            case _ if state.motion is Motion.EMPTY:
                return False
            case player.Settled(position=position, at=at):
                if state.motion is Motion.SEEKING and state.seek_began_at is not None:
                    # The duration depends on where the key frames are, so the newest one counts for half.
                    state.seek_cost = (self.seek_cost + max(0.0, at - state.seek_began_at)) / 2
                elif state.motion is not Motion.LOADING:
                    state.target = None
                self._enter(Motion.SETTLED)
                state.position, state.at = position, at
            case player.Shown(position=position):
                if state.motion is not Motion.SETTLED:
                    return False
                state.looked, state.shown = True, position
                if position is not None and state.target is None:
                    state.position = position  # No seek led here: the film continues from what is shown.
            case player.Started(position=position, at=at):
                if state.motion not in (Motion.STARTING, Motion.SETTLED):
                    return False  # A pause or a seek was commanded later; its Settled is still to come.
                self._enter(Motion.RUNNING)
                state.position, state.at = position, at
                state.rate, state.target = state.commanded_rate or 1.0, None
            case player.Stalled(stalled=stalled):
                state.stalled = stalled and state.motion is Motion.RUNNING
            case player.Ended(position=position, at=at):
                self._enter(Motion.ENDED)
                state.position, state.at = position, at
        return True

    def _enter(self, motion: Motion) -> None:
        self.state.motion = motion
        self.state.resume_at = self.state.shown = None
        self.state.stalled = self.state.looked = False

    # ---- reading --------------------------------------------------------------------------------------------------

    @property
    def open_path(self) -> str | None:
        """The file that is loaded or being loaded."""
        return None if self.state.motion is Motion.EMPTY else self.state.path

    @property
    def seek_cost(self) -> float:
        """How long a seek is expected to take, in seconds."""
        cost = self.state.seek_cost
        return self._policy.seek_cost if cost is None else cost

    @property
    def reported_state(self) -> ReportedState:
        """The state as it is reported to a room."""
        return "buffering" if self.state.stalled else _REPORTED_STATES[self.state.motion]

    def position(self, now: float) -> float:
        """Return the position: extrapolated from the newest sample if RUNNING, the target if SEEKING or LOADING."""
        state = self.state
        if state.motion is not Motion.RUNNING:
            return state.position
        return self.clamp(state.position + max(0.0, now - state.at) * state.rate)

    def clamp(self, position: float) -> float:
        """Return the nearest position at which a player can settle."""
        position = max(0.0, position)
        if self.state.duration is None:
            return position
        last = self.state.duration - self._policy.end_margin
        return position if position <= last else max(0.0, last)

    def is_at_end(self, position: float, within: float = 0.0) -> bool:
        """Return whether at most ``within`` seconds remain after ``position``, or twice the end margin if that is more.

        Where the duration is unknown, the end is known once the picture has ENDED.
        """
        state = self.state
        end = state.position if state.duration is None and state.motion is Motion.ENDED else state.duration
        return end is not None and position >= end - max(within, 2 * self._policy.end_margin)

    def is_settled_at(self, position: float, *, by_seek: bool = False) -> bool:
        """Return whether the picture is settled on the frame of ``position``.

        That is so if a seek or a load to this position led there: the player may then name the time of the frame
        instead of the target. Without ``by_seek`` it is also so if the picture's own position is the same.
        """
        state, tolerance = self.state, self._policy.position_tolerance
        if state.motion is not Motion.SETTLED:
            return False
        position = self.clamp(position)
        if not by_seek and abs(state.position - position) <= tolerance:
            return True
        return state.target is not None and abs(state.target - position) <= tolerance

    def check(self) -> None:
        """Assert the invariants."""
        state = self.state
        assert state.path is not None or state.motion is Motion.EMPTY
        assert state.resume_at is None or state.motion is Motion.STARTING
        assert state.position >= 0
