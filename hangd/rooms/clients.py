"""Clients by id. A client that is in a room outlives its connection, and proves with a secret that it has come back."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable

from hangd.protocol.messages import Resume
from hangd.rooms.peer import Peer


class Client:
    """One client id, its connection and its room."""

    def __init__(self, client_id: str, peer: Peer | None, *, room_id: str | None = None, proof: bytes | None = None):
        self.client_id = client_id
        self.peer = peer
        """Its connection. None: it is away."""
        self.room_id = room_id
        """The room that it is in, or has asked to enter."""
        self.entering = False
        """Whether its password for that room is being checked."""
        self.proof = proof
        """SHA-256 of its secret, if it has one."""

    def new_secret(self) -> str:
        """Return a new secret, which will prove that another connection is this client's."""
        # 192 random bits cannot be guessed, so a plain digest without salt is enough.
        secret = secrets.token_urlsafe(24)
        self.proof = _digest(secret)
        return secret

    def is_proved_by(self, secret: str) -> bool:
        return self.proof is not None and hmac.compare_digest(_digest(secret), self.proof)


class Clients(dict[str, Client]):
    """The clients of one hub, by id."""

    def restore(self, client_id: str, room_id: str, proof: bytes | None) -> None:
        """Add a client from before a restart: it is in this room, and away."""
        self[client_id] = Client(client_id, None, room_id=room_id, proof=proof)

    def in_room(self, room_id: str) -> list[Client]:
        """Return the clients that are in this room, or have asked to enter it."""
        return [client for client in self.values() if client.room_id == room_id]

    def proofs(self, client_ids: Iterable[str]) -> dict[str, bytes]:
        """Return the digests of these clients' secrets, for `restore`."""
        clients = (self.get(client_id) for client_id in client_ids)
        return {client.client_id: client.proof for client in clients if client is not None and client.proof is not None}

    def of(self, peer: Peer) -> Client | None:
        """Return the client whose connection this is. None: another connection has replaced it."""
        client = self.get(peer.client_id)
        return client if client is not None and client.peer is peer else None

    def returning(self, peer: Peer, resume: Resume | None) -> Client | None:
        """Return the client that ``resume`` proves this peer to be. None: there is no proof, or it is wrong."""
        client = None if resume is None else self.get(resume.client_id)
        if resume is None or client is None or client.peer is peer or client.entering:
            return None
        return client if client.is_proved_by(resume.secret) else None

    def move(self, client: Client, peer: Peer) -> None:
        """Make this peer the connection of the client. The client that the peer was until now is removed.

        Its session still has to be told (`hangd.engine.room.inputs.Greeted`).
        """
        del self[peer.client_id]
        client.peer = peer


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
