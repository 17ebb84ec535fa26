"""One connection of a hub."""

from collections import deque
from typing import Final, Protocol

from hangd.engine.room.session import Session
from hangd.rooms.outbox import Outbox
from hangd.transport.base import Transport

_LATENCIES_KEPT: Final = 8


class PeerOwner(Protocol):
    """What a peer calls when something happens on its connection. Implemented by `Hub`; no method raises."""

    def receive(self, peer: "Peer", data: str | bytes, now: float) -> None: ...

    def measure(self, peer: "Peer", rtt: float, now: float) -> None: ...

    def flush(self, peer: "Peer") -> None: ...

    def detach(self, peer: "Peer", now: float) -> None: ...


class Peer:
    """A connection: its transport, its session, its outbox. It is the transport's `Listener`."""

    def __init__(self, owner: PeerOwner, transport: Transport, session: Session) -> None:
        self._owner = owner
        self._transport = transport
        self.outbox = Outbox(transport)
        self.session = session
        self.latencies: deque[float] = deque(maxlen=_LATENCIES_KEPT)
        """Recent round trips in seconds, for the room that this client enters."""
        self.closed = False
        """Whether `close` was called: nothing is sent or received any more, though the transport may still be open."""

    @property
    def client_id(self) -> str:
        return self.session.client_id

    def close(self, code: int, reason: str) -> None:
        self.closed = True
        self.outbox.clear()
        self._transport.close(code, reason)

    def received(self, data: str | bytes, at: float) -> None:
        self._owner.receive(self, data, at)

    def latency_measured(self, rtt: float, at: float) -> None:
        self._owner.measure(self, rtt, at)

    def writable_again(self) -> None:
        self._owner.flush(self)

    def lost(self, at: float) -> None:
        self._owner.detach(self, at)
