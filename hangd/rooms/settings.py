"""What a hub is given: its settings, and the hashing of passwords."""

import math
from typing import Protocol

from msgspec import Struct

from hangd.engine.room.connection.session import SessionSettings
from hangd.engine.room.state import RoomSettings
from hangd.protocol.messages import Welcome
from hangd.protocol.model import PROTOCOL, AccountName, Limits, Room
from hangd.rooms.edge.budgets import SharedSettings
from hangd.rooms.edge.waiting_memory import DEFAULT_MIB, MIB


class HubSettings(Struct, frozen=True, kw_only=True):
    server: str
    """Name and version of the program, for Welcome."""
    room: RoomSettings
    session: SessionSettings
    shared: SharedSettings = SharedSettings()
    max_clients: int = 1000
    idle_timeout: float = 600.0
    """Seconds for which a client in no room may ask for nothing."""
    max_rooms: int = 1000
    max_rooms_per_address: int = 1000
    """Rooms that were made from one network: an IPv4 address, or the /64 of an IPv6 address."""
    max_waiting: int = DEFAULT_MIB * MIB
    """Bytes that may wait for slow clients, of all together."""
    max_queued: int = DEFAULT_MIB * MIB
    """Bytes that the queues of all rooms may take together."""
    slice: float = math.inf
    """Seconds that a room may take before its members wait for other rooms (`hangd.rooms.edge.fair_turns`). Infinite:
    what is said is done when the call returns."""
    publish_rooms: bool = False
    motd: str | None = None
    public_url: str | None = None
    """The server's URL for invites, in its normal form."""
    features: tuple[str, ...] = ()
    """What the server can do beside the protocol, for Welcome: "web" if it shows the page for browsers."""
    push_key: str | None = None
    """The public key that signs invitations by push. None: this server sends none."""

    def welcome(
        self,
        client_id: str,
        secret: str,
        clock_id: str,
        room: Room | None = None,
        *,
        resumed: bool = False,
        motd: str | None = None,
        account: AccountName | None = None,
        needs_account: bool = False,
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
            motd=motd,
            public_url=self.public_url,
            push_key=self.push_key,
            room=room,
            account=account,
            needs_account=needs_account,
        )


class Passwords(Protocol):
    """Hashes and compares passwords outside the event loop, because that is slow on purpose."""

    async def hash(self, password: str, network: str = "") -> str:
        """Return the hash of a password. ``network``: of whoever asks, with whom others take turns."""

    async def matches(self, password: str, password_hash: str, network: str = "") -> bool:
        """Tell whether it is this password."""
