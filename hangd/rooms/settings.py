"""What a hub is given: its settings, and what hashes passwords for it."""

from typing import Protocol

from msgspec import Struct

from hangd.engine.room import RoomSettings
from hangd.engine.session import SessionSettings

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


class Passwords(Protocol):
    """Hashes room passwords, slowly, elsewhere."""

    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, password_hash: str) -> bool: ...
