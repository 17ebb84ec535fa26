"""Clients by id. A client that is in a room outlives its connection, and proves with a secret that it has come back."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from hangd.protocol.messages import Resume
from hangd.rooms.peer import Peer


def new_secret() -> str:
    """Return a new secret for one client: 192 random bits, which cannot be guessed."""
    return secrets.token_urlsafe(24)


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
    """Whether its password for that room is being checked."""

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
