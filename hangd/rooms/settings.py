"""What a hub is given: its settings, and the hashing of passwords."""

from typing import Protocol

from msgspec import Struct

from hangd.engine.room.session import SessionSettings
from hangd.engine.room.state import RoomSettings
from hangd.protocol.messages import Welcome
from hangd.protocol.model import PROTOCOL, Limits, Room


class HubSettings(Struct, frozen=True, kw_only=True):
    server: str
    """Name and version of the program, for Welcome."""
    room: RoomSettings
    session: SessionSettings
    max_clients: int = 1000
    max_rooms: int = 1000
    publish_rooms: bool = False
    motd: str | None = None
    public_url: str | None = None
    """The server's URL for invites, in its normal form."""
    features: tuple[str, ...] = ()
    """What the server can do beside the protocol, for Welcome: "web" if it shows the page for browsers."""
    push_key: str | None = None
    """The public key that signs invitations by push. None: this server sends none."""

    def welcome(
        self, client_id: str, secret: str, clock_id: str, room: Room | None = None, *, resumed: bool = False
    ) -> Welcome:
        """Return the message that greets a client."""
        return Welcome(
            client_id=client_id,
            resume_secret=secret,
            protocol=PROTOCOL,
            server=self.server,
            clock_id=clock_id,
            features=self.features if self.push_key is None else (*self.features, "push"),
            limits=Limits(room_capacity=self.room.capacity),
            resumed=resumed,
            motd=self.motd,
            public_url=self.public_url,
            push_key=self.push_key,
            room=room,
        )


class Passwords(Protocol):
    """Hashes and compares passwords outside the event loop, because that is slow on purpose."""

    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, password_hash: str) -> bool: ...
