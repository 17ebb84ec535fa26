"""The inputs of a `Follower`: everything that can happen to one viewer.

The client (`hangd.client`) makes them and passes them to `Follower.handle`. What a follower does depends on its first
state and on these inputs with their times, and on nothing else. A recording of them is a trace
(`hangd.engine.trace.trace`).
"""

from msgspec import Struct

from hangd.engine.follower.learned import LearnedTimings
from hangd.engine.player_messages import PlayerEvent
from hangd.protocol.model import Timeline


class FileOpened(Struct, frozen=True, tag=True):
    """This file (absolute path) has to be played: the room's film, or in no room from ``start`` (seconds), paused."""

    path: str
    start: float = 0.0
    entry: int = 0
    """The id of the playlist's entry."""


class FileClosed(Struct, frozen=True, tag=True):
    """No file has to be played any more."""


class TimelineReceived(Struct, frozen=True, tag=True):
    """The room sent its timeline.

    ``entering``: the viewer entered this room, or is back in it after an absence. ``stop``: the room stopped, so the
    player unloads the file until the room's timeline moves again. ``answer``: every request of the viewer's has been
    answered by now.
    """

    timeline: Timeline
    entering: bool = False
    stop: bool = False
    answer: bool = False


class LeftRoom(Struct, frozen=True, tag=True):
    """The viewer is in no room any more."""


class RoomRefused(Struct, frozen=True, tag=True):
    """The room refused a request of the viewer's."""


class LinkLost(Struct, frozen=True, tag=True):
    """The room cannot be asked any more, until a timeline comes with ``entering``."""


class Pinged(Struct, frozen=True, tag=True):
    """A ping was answered: its timestamps (`hangd.engine.follower.clock`), t0 and t3 local, t1 and t2 server times."""

    t0: float
    t1: float
    t2: float
    t3: float


class ClockFlushed(Struct, frozen=True, tag=True):
    """The server uses another clock from now on."""


class AbsenceEnded(Struct, frozen=True, tag=True):
    """The machine was suspended, or this process stood still, for some seconds."""


class PauseRequested(Struct, frozen=True, tag=True):
    """The viewer asked to pause, or to play."""

    paused: bool


class SeekRequested(Struct, frozen=True, tag=True):
    """The viewer asked to seek to this position in seconds. It may lie outside the media."""

    position: float


class SpeedRequested(Struct, frozen=True, tag=True):
    """The viewer asked for this speed."""

    rate: float


class StopRequested(Struct, frozen=True, tag=True):
    """The viewer asked to stop, which unloads the file."""


class PlayerSaid(Struct, frozen=True, tag=True):
    """The player sent an event."""

    event: PlayerEvent


class TimingsRecalled(Struct, frozen=True, tag=True):
    """These timings were learned when files of the same kind were played before."""

    timings: LearnedTimings


class OffsetSet(Struct, frozen=True, tag=True):
    """The screen shows the picture this many seconds later than the player believes (a setting)."""

    seconds: float


class DeadlineReached(Struct, frozen=True, tag=True):
    """The time that `Follower.deadline` returned has come."""


RoomInput = TimelineReceived | LeftRoom | RoomRefused | LinkLost
ViewerInput = PauseRequested | SeekRequested | SpeedRequested | StopRequested
ClockInput = Pinged | ClockFlushed | AbsenceEnded | DeadlineReached
FollowerInput = (
    FileOpened | FileClosed | RoomInput | ViewerInput | ClockInput | PlayerSaid | TimingsRecalled | OffsetSet
)
