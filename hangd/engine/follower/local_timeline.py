"""The timeline of a player that is in no room: the same commands, answered here, on the local clock.

There is nobody to wait for, so commands take effect at once, and while the player runs the timeline follows it rather
than the other way round (`at_player`). A seek while playing closes a gate as it does in a room; who finds the player
standing where it should opens it (`opened`).
"""

from typing import Final

from msgspec.structs import replace

from hangd.engine.timeline import playable_rate, position_at
from hangd.protocol.messages import Pause, Play, Seek, Speed, Stop, SyncCommand
from hangd.protocol.model import Timeline

__all__ = ["EPOCH", "applied", "at_player", "opened", "resting"]

EPOCH: Final = "alone"


def resting(now: float, position: float = 0.0, *, playing: bool = False, rate: float = 1.0) -> Timeline:
    """Return a first timeline."""
    return Timeline(epoch=EPOCH, rev=0, playing=playing, position=position, rate=rate, at=now)


def applied(timeline: Timeline, command: SyncCommand, now: float, *, loaded: bool, at_end: bool) -> Timeline:
    """Return the timeline after ``command``.

    ``loaded``: there is a picture that can stand at a gate. ``at_end``: the command's timestamp is the media's end,
    from which Play begins anew, as players do.
    """
    following = replace(timeline, rev=timeline.rev + 1, at=now, gate=None)
    match command:
        case Play(timestamp=timestamp):
            if at_end:
                return replace(following, playing=True, position=0.0, gate="seeking" if loaded else None)
            return replace(following, playing=True, position=timestamp)
        case Pause(timestamp=timestamp):
            return replace(following, playing=False, position=timestamp)
        case Seek(timestamp=timestamp):
            return replace(following, position=timestamp, gate="seeking" if loaded and timeline.playing else None)
        case Speed(rate=rate):
            return replace(following, position=position_at(timeline, now), rate=playable_rate(rate), gate=timeline.gate)
        case Stop():
            return replace(following, playing=False, position=0.0)


def opened(timeline: Timeline, position: float, now: float) -> Timeline:
    """Return the timeline once the player stands behind the gate."""
    return replace(timeline, rev=timeline.rev + 1, position=position, at=now, gate=None)


def at_player(timeline: Timeline, position: float, at: float) -> Timeline:
    """Return the same timeline, moved to where the player was seen."""
    return replace(timeline, position=position, at=at)
