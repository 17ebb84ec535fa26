"""What a follower is told: the one door to it. What it orders in answer is in ``orders``.

Whatever happens to a viewer is one of these inputs, and ``apply`` is all that there is to do with it. So all that a
viewer's machine does follows from where it began and from the inputs since, each with its time: that is a trace
(`hangd.engine.trace.trace`), and what was seen once can be played again.
"""

from typing import assert_never

from msgspec import Struct

from hangd.engine.follower.effects import FollowerEffect
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.learned import LearnedTimings
from hangd.engine.player_messages import PlayerEvent
from hangd.protocol.model import Timeline

__all__ = [
    "RoomRefused",
    "ClockFlushed",
    "DeadlineReached",
    "FileClosed",
    "FileOpened",
    "FollowerInput",
    "TimingsRecalled",
    "OffsetSet",
    "PauseRequested",
    "Pinged",
    "PlayerSaid",
    "SeekRequested",
    "SpeedRequested",
    "StopRequested",
    "TimelineReceived",
    "LeftRoom",
    "AbsenceEnded",
    "apply",
]


class FileOpened(Struct, frozen=True, tag=True):
    """This file (absolute path) is to be played: the room's, or alone from ``start`` (seconds), paused."""

    path: str
    start: float = 0.0
    entry: int = 0
    """The id of the playlist's entry that is opened."""


class FileClosed(Struct, frozen=True, tag=True):
    """Nothing is to be played any more."""


class TimelineReceived(Struct, frozen=True, tag=True):
    """The room said where its media stands.

    ``entering``: this is another room, or ours after an absence. ``stop``: the players let go of their files, until the
    room moves again.
    """

    timeline: Timeline
    entering: bool = False
    stop: bool = False


class LeftRoom(Struct, frozen=True, tag=True):
    """The viewer is in no room any more."""


class RoomRefused(Struct, frozen=True, tag=True):
    """The room refused what the viewer's hand asked for, or can not be asked now."""


class Pinged(Struct, frozen=True, tag=True):
    """A ping came back: its four timestamps (`hangd.engine.follower.clock`), t0 and t3 local, t1 and t2 the server's"""

    t0: float
    t1: float
    t2: float
    t3: float


class ClockFlushed(Struct, frozen=True, tag=True):
    """The server's clock is another one from now on."""


class AbsenceEnded(Struct, frozen=True, tag=True):
    """The machine, or this process, was away for seconds."""


class PauseRequested(Struct, frozen=True, tag=True):
    """The viewer wants a pause, or wants to go on."""

    paused: bool


class SeekRequested(Struct, frozen=True, tag=True):
    position: float


class SpeedRequested(Struct, frozen=True, tag=True):
    rate: float


class StopRequested(Struct, frozen=True, tag=True):
    pass


class PlayerSaid(Struct, frozen=True, tag=True):
    event: PlayerEvent


class OffsetSet(Struct, frozen=True, tag=True):
    """This screen shows later than the player thinks by so many seconds."""

    seconds: float


class TimingsRecalled(Struct, frozen=True, tag=True):
    """Files like the one that was opened were played here before."""

    habits: LearnedTimings


class DeadlineReached(Struct, frozen=True, tag=True):
    """``deadline()`` has come."""


FollowerInput = (
    FileOpened
    | FileClosed
    | TimelineReceived
    | LeftRoom
    | RoomRefused
    | Pinged
    | ClockFlushed
    | AbsenceEnded
    | PauseRequested
    | SeekRequested
    | SpeedRequested
    | StopRequested
    | PlayerSaid
    | TimingsRecalled
    | OffsetSet
    | DeadlineReached
)


def apply(follower: Follower, input: FollowerInput, now: float) -> list[FollowerEffect]:
    """Tell the follower what happened at the local time ``now``, and return what it orders. Raises nothing."""
    match input:
        case PlayerSaid(event=event):
            return follower.handle(event, now)
        case DeadlineReached():
            return follower.expire(now)
        case Pinged(t0=t0, t1=t1, t2=t2, t3=t3):
            follower.clock.add(t0, t1, t2, t3)
            return follower.clock_changed(now)
        case TimelineReceived(timeline=timeline, entering=entering, stop=stop):
            return follower.follow(timeline, now, entering=entering, stop=stop)
        case FileOpened(path=path, start=start, entry=entry):
            return follower.load(path, now, start, entry)
        case FileClosed():
            return follower.unload(now)
        case LeftRoom():
            return follower.leave(now)
        case RoomRefused():
            return follower.refused(now)
        case ClockFlushed():
            follower.clock.flush()
            return []
        case AbsenceEnded():
            return follower.woke(now)
        case PauseRequested(paused=paused):
            return follower.ask_paused(paused, now)
        case SeekRequested(position=position):
            return follower.ask_seek(position, now)
        case SpeedRequested(rate=rate):
            return follower.ask_speed(rate, now)
        case StopRequested():
            return follower.ask_stop(now)
        case TimingsRecalled(habits=habits):
            follower.accustom(habits)
            return []
        case OffsetSet(seconds=seconds):
            follower.video_offset = seconds
            return []
        case _:
            assert_never(input)
