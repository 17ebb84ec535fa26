"""The effects of a `Follower`: what the viewer has to carry out, beside the commands to the player."""

from msgspec import Struct

from hangd.engine.follower.drift import Correction
from hangd.engine.player_messages import PlayerCommand
from hangd.protocol.messages import Report, SyncCommand


class SendRequest(Struct, frozen=True, tag=True):
    """Request this of the room. The answer comes back as TimelineReceived or RoomRefused."""

    command: SyncCommand


class SendReport(Struct, frozen=True, tag=True):
    """Tell the room how this player is doing. Not answered."""

    report: Report


class AnnounceCorrection(Struct, frozen=True, tag=True):
    """Tell control clients that a correction begins."""

    correction: Correction


class AnnounceSeek(Struct, frozen=True, tag=True):
    """Tell control clients that the picture is about to seek to ``position``."""

    position: float


FollowerEffect = PlayerCommand | SendRequest | SendReport | AnnounceCorrection | AnnounceSeek
