"""What is told of a room to those who do not follow each change of it: strangers, and members that say no Hello."""

from hangd.engine.room.state import RoomData
from hangd.engine.timeline import position_at
from hangd.protocol.messages import Pause, Play, SyncBroadcast
from hangd.protocol.model import ROOM_ITSELF, RoomSummary


def summary(room: RoomData) -> RoomSummary:
    """Return what the public list shows of a room."""
    policy = room.policy
    # What is watched in a room is for those to know that may come in.
    is_open = not policy.locked and not policy.has_password and policy.access == "anyone"
    return RoomSummary(
        room_id=room.room_id,
        members=len(room.roster),
        locked=policy.locked,
        has_password=policy.has_password,
        name=room.name,
        media=room.file.name if room.file is not None and is_open else None,
    )


def standing(room: RoomData, now: float) -> SyncBroadcast:
    """Return the command after which a basic member is where the timeline is at ``now``."""
    position = position_at(room.timeline, now)
    return SyncBroadcast(ROOM_ITSELF, Play(position) if room.schedule.running else Pause(position), room.timeline)
