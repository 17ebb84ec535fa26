"""Clients by id. A client that is in a room outlives its connection, and proves with a secret that it has come back."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, NamedTuple

from hangd.engine.room.connection.ratelimit import TokenBucket
from hangd.protocol.messages import RequestId, Resume
from hangd.rooms.edge.peer import Peer

_RETURNS_BURST: Final = 2.0
_RETURNS_PER_SECOND: Final = 1 / 60
"""How often a client may come back whose network owes for what was sent: often enough to keep its place."""


def new_secret() -> str:
    """Return a new secret for one client: 192 random bits, which cannot be guessed."""
    return secrets.token_urlsafe(24)


class Returning(NamedTuple):
    """A Hello that is answered when the client's room has shown itself."""

    secret: str
    re: RequestId | None


@dataclass(eq=False)
class Client:
    """One client id, its connection and its room."""

    client_id: str
    peer: Peer | None
    """Its connection. None: it is away."""
    room_id: str | None = None
    """The room that it is in, or has asked to enter."""
    proof: bytes | None = None
    """SHA-256 of its secret, if it has one."""
    entering: bool = False
    """Whether that room has not let it in yet: its password is being compared."""
    returning: Returning | None = None
    """None: its Hello is answered."""
    since: float = 0.0
    """Server time at which it has asked to come in, or has come back last, where there are several servers."""
    returns: TokenBucket | None = None
    """None: it has not come back while its network owed."""

    def wait_to_return(self, debt: float, now: float) -> float:
        """Return for how many seconds it has to wait before it may come back. ``debt``: of its network, in seconds.

        Whoever comes back is sent all of its room, and could otherwise be sent it again and again, at no limit.
        """
        if debt <= 0.0:
            return 0.0
        if self.returns is None:
            self.returns = TokenBucket.full(rate=_RETURNS_PER_SECOND, burst=_RETURNS_BURST, now=now)
        return 0.0 if self.returns.take(now) else min(debt, self.returns.wait(now))

    def new_secret(self) -> str:
        """Return a new secret, which will prove that another connection is this client's."""
        # It cannot be guessed, so a plain digest without salt is enough.
        secret = new_secret()
        self.proof = _digest(secret)
        return secret


class Clients(dict[str, Client]):
    """The clients of one hub, by id."""

    def in_room(self, room_id: str) -> list[Client]:
        """Return the clients that are in this room, or have asked to enter it."""
        return [client for client in self.values() if client.room_id == room_id]

    def peer_of(self, client_id: str) -> Peer | None:
        """Return the connection of this client. None: it has none, or is not known here."""
        client = self.get(client_id)
        return None if client is None else client.peer

    def of(self, peer: Peer) -> Client | None:
        """Return the client whose connection this is. None: another connection has replaced it."""
        client = self.get(peer.client_id)
        return client if client is not None and client.peer is peer else None

    def returning(self, peer: Peer, resume: Resume) -> Client | None:
        """Return the client that ``resume`` proves this peer to be. None: the proof is wrong."""
        client = self.get(resume.client_id)
        if client is None or client.peer is peer or client.entering or client.proof is None:
            return None
        return client if hmac.compare_digest(_digest(resume.secret), client.proof) else None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
