"""The timeline of a player that is in no room: the commands of a room, applied at once and in local time."""

from typing import Final

from msgspec.structs import replace

from hangd.engine.timeline import playable_rate, position_at
from hangd.protocol.messages import Pause, Play, Seek, Speed, Stop, SyncCommand
from hangd.protocol.model import Timeline

_EPOCH: Final = "alone"
"""A room's epoch is a random id, so this one is of no room."""


def initial(
    now: float, position: float = 0.0, *, playing: bool = False, rate: float = 1.0, waits: bool = False
) -> Timeline:
    """Return a first timeline, valid from the local time ``now`` on. ``waits``: a player has to settle first."""
    timeline = Timeline(epoch=_EPOCH, rev=0, playing=playing, position=position, rate=rate, at=now)
    return replace(timeline, gate="seeking") if waits and playing else timeline


def applied(
    timeline: Timeline, command: SyncCommand, now: float, *, loaded: bool, moves: bool, at_end: bool
) -> Timeline:
    """Return the timeline after ``command``.

    ``loaded``: there is a file, and so a player that can settle at a gate. ``moves``: the picture runs, or is about to.
    ``at_end``: the command's timestamp is the end of the media, where Play starts from the beginning, as in other
    players.
    """
    changed = replace(timeline, rev=timeline.rev + 1, at=now, gate=None)
    match command:
        # A seek while playing closes a gate, as in a room; the follower opens it when its player has settled. So does a
        # start while the player opens a file or seeks: what is asked meanwhile is asked of a timeline that stands.
        case Play(timestamp=timestamp):
            waits = loaded and (at_end or not moves)
            return replace(
                changed, playing=True, position=0.0 if at_end else timestamp, gate="seeking" if waits else None
            )
        case Pause(timestamp=timestamp):
            return replace(changed, playing=False, position=timestamp)
        case Seek(timestamp=timestamp):
            return replace(changed, position=timestamp, gate="seeking" if loaded and timeline.playing else None)
        case Speed(rate=rate):
            return replace(changed, position=position_at(timeline, now), rate=playable_rate(rate), gate=timeline.gate)
        case Stop():
            return replace(changed, playing=False, position=0.0)
