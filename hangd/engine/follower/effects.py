"""What the follower orders, beside the commands to the player."""

from msgspec import Struct

from hangd.engine.follower.drift import Correction
from hangd.engine.player_messages import PlayerCommand
from hangd.protocol.messages import Report, SyncCommand

__all__ = ["SendRequest", "AnnounceCorrection", "FollowerEffect", "AnnounceSeek", "SendReport"]


class SendRequest(Struct, frozen=True, tag=True):
    """Ask the room for this; what it says comes back as a new timeline."""

    command: SyncCommand


class SendReport(Struct, frozen=True, tag=True):
    report: Report


class AnnounceCorrection(Struct, frozen=True, tag=True):
    """A correction was begun, for whoever watches."""

    correction: Correction


class AnnounceSeek(Struct, frozen=True, tag=True):
    """The picture is about to jump to ``position``."""

    position: float


FollowerEffect = PlayerCommand | SendRequest | SendReport | AnnounceCorrection | AnnounceSeek
