"""One connection as the hub keeps it."""

from collections import deque
from collections.abc import Callable, Hashable
from typing import Final, Protocol

from hangd.engine.room.session import Session
from hangd.protocol.codec import encode_server
from hangd.protocol.messages import RequestId, ServerMessage
from hangd.rooms.outbox import Outbox, state_key
from hangd.tasks import DeadlineTimer
from hangd.transport.base import Encoded, Transport

__all__ = ["Peer", "PeerOwner"]

_LATENCIES_KEPT: Final = 8


class PeerOwner(Protocol):
    """What a peer tells the hub."""

    def receive(self, peer: "Peer", data: str | bytes, now: float) -> None: ...

    def measure(self, peer: "Peer", rtt: float, now: float) -> None: ...

    def detach(self, peer: "Peer", now: float) -> None: ...


class Peer:
    """A connection: its transport, its session, its outbox. It is the transport's `Listener`."""

    def __init__(
        self, owner: PeerOwner, transport: Transport, session: Session, expire: Callable[["Peer", float], None]
    ) -> None:
        self._owner = owner
        self._transport = transport
        self._outbox = Outbox(transport)
        self.session = session
        self.timer = DeadlineTimer(lambda now: expire(self, now))
        self.latencies: deque[float] = deque(maxlen=_LATENCIES_KEPT)
        """Round trips of late: a room that this client enters wants to know them."""
        self.closed = False
        """Nothing is sent or heard any more, though the connection itself may linger."""

    @property
    def client_id(self) -> str:
        return self.session.client_id

    def send(self, message: ServerMessage, re: RequestId | None = None) -> bool:
        """Send one message to this peer alone. Returns False where the peer is too slow."""
        return self.put(Encoded(encode_server(message, re)), state_key(message, re))

    def put(self, message: Encoded | Callable[[], Encoded], key: Hashable | None = None) -> bool:
        """Send what is encoded already, or is to be when it is written. Returns False where the peer is too slow."""
        return self.closed or self._outbox.put(message, key)

    def close(self, code: int, reason: str) -> None:
        self.closed = True
        self.timer.arm(None)
        self._outbox.clear()
        self._transport.close(code, reason)

    # ---- Listener

    def received(self, data: str | bytes, at: float) -> None:
        self._owner.receive(self, data, at)

    def latency_measured(self, rtt: float, at: float) -> None:
        self._owner.measure(self, rtt, at)

    def writable_again(self) -> None:
        self._outbox.flush()

    def lost(self, at: float) -> None:
        self._owner.detach(self, at)
