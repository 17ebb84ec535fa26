"""What a hub is given: its settings, and what hashes passwords for it."""

from typing import Protocol

from msgspec import Struct

from hangd.engine.room.room import RoomSettings
from hangd.engine.room.session import SessionSettings
from hangd.protocol.messages import Welcome
from hangd.protocol.model import PROTOCOL, Limits
from hangd.protocol.model import Room as Snapshot

__all__ = ["HubSettings", "Passwords"]


class HubSettings(Struct, frozen=True, kw_only=True):
    """What one hub is to be."""

    server: str
    """Name and version, for Welcome."""
    room: RoomSettings
    session: SessionSettings
    max_clients: int = 1000
    max_rooms: int = 1000
    publish_rooms: bool = False
    motd: str | None = None

    def welcome(
        self, client_id: str, secret: str, clock_id: str, room: Snapshot | None = None, *, resumed: bool = False
    ) -> Welcome:
        """Return what a client is greeted with."""
        return Welcome(
            client_id=client_id,
            resume_secret=secret,
            protocol=PROTOCOL,
            server=self.server,
            clock_id=clock_id,
            features=(),
            limits=Limits(room_capacity=self.room.capacity),
            resumed=resumed,
            motd=self.motd,
            room=room,
        )


class Passwords(Protocol):
    """Hashes room passwords, slowly, elsewhere."""

    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, password_hash: str) -> bool: ...
