"""One connection of a hub."""

from collections.abc import Callable, Hashable
from typing import Final, NamedTuple, Protocol

from hangd.engine.room.connection.session import Session
from hangd.protocol.codec import ClientFrame
from hangd.rooms.counters import Counters
from hangd.rooms.edge.outbox import Outbox
from hangd.rooms.edge.waiting_memory import WaitingMemory
from hangd.rooms.trust import Visitor
from hangd.transport.base import Encoded, Transport

_LATENCIES_KEPT: Final = 8
_LINES_KEPT: Final = 4
"""All members, all full members, and what is asked once."""

Write = Callable[[bytes], object]


class Line(NamedTuple):
    """Those of some members that read fast enough, and the others."""

    writes: list[Write]
    places: dict[str, int]
    """Where in ``writes`` is whose, by client id."""
    others: list[str]


class Writers:
    """What writes frames to the members of a room that read fast enough, by their client ids."""

    def __init__(self) -> None:
        self._writes: dict[str, Write] = {}
        self._lines: dict[int, tuple[tuple[str, ...], Line]] = {}
        """For the tuples of members that were used since somebody came or went, by their identity."""

    def add(self, client_id: str, write: Write) -> None:
        self._writes[client_id] = write
        self._lines.clear()

    def discard(self, client_id: str) -> None:
        if self._writes.pop(client_id, None) is not None:
            self._lines.clear()

    def line(self, members: tuple[str, ...]) -> Line:
        """Return who of these members reads fast enough. For the same tuple that takes one look-up."""
        known = self._lines.get(id(members))
        if known is not None and known[0] is members:
            return known[1]
        there = [client_id for client_id in members if client_id in self._writes]
        line = Line(
            [self._writes[client_id] for client_id in there],
            {client_id: place for place, client_id in enumerate(there)},
            [client_id for client_id in members if client_id not in self._writes],
        )
        if len(self._lines) >= _LINES_KEPT:
            self._lines.clear()
        self._lines[id(members)] = members, line
        return line


class PeerOwner(Protocol):
    """What a peer calls when something happens on its connection. Implemented by `Hub`; no method raises."""

    def receive(self, peer: "Peer", data: str | bytes, now: float) -> None: ...

    def measure(self, peer: "Peer", rtt: float, now: float) -> None: ...

    def flush(self, peer: "Peer") -> None: ...

    def detach(self, peer: "Peer", now: float) -> None: ...


class Peer:
    """A connection: its transport, its session, its outbox. It is the transport's `Listener`."""

    def __init__(
        self,
        owner: PeerOwner,
        transport: Transport,
        session: Session,
        visitor: Visitor,
        counters: Counters,
        connection: str = "",
        memory: WaitingMemory | None = None,
    ) -> None:
        self._owner = owner
        self._transport = transport
        self._counters = counters
        self.connection = connection
        """Its name for the log and the admin, such as "c17": no other connection of this run has it."""
        self._memory = memory or WaitingMemory()
        self.outbox = Outbox(transport, self._memory)
        self.session = session
        self.visitor = visitor
        """Who it is, as far as that is known."""
        self.latencies: list[float] = []
        """Recent round trips in seconds, for the room that this client enters."""
        self.closed = False
        """Whether `close` was called: nothing is sent or received any more, though the transport may still be open."""
        self.waiting: list[ClientFrame | None] = []
        """Its messages that wait for their turn (`hangd.rooms.edge.fair_turns`). None: its connection has ended."""
        self._listed: tuple[Writers, str] | None = None
        """Where `list_in` has put it, and under which name."""

    @property
    def client_id(self) -> str:
        return self.session.client_id

    @property
    def owed(self) -> int:
        """Bytes that wait for it, here and in its transport."""
        return self.outbox.size + self.outbox.in_transport

    def put(self, message: Encoded | Callable[[], Encoded], key: Hashable | None = None) -> bool:
        """Send a message now, or when the peer has read those before it. As `Outbox.put`."""
        fits = self.outbox.put(message, key)
        self._count_waiting()
        return fits

    def flush(self) -> None:
        """Send what waits, for as long as the peer is writable."""
        self.outbox.flush()
        self._count_waiting()

    def _count_waiting(self) -> None:
        if not self.closed and not self._transport.writable:
            self._memory.hold(self, self.outbox.in_transport)
        elif self in self._memory.slow:
            self._memory.release(self)

    def list_in(self, writers: Writers) -> None:
        """Let others write to this peer by ``writers``, under its client id, for as long as it reads fast enough."""
        if self._listed is not None and self._listed[0] is writers:
            return
        self.unlist()
        if self.closed or self.outbox.size:
            return
        write = self._transport.writer(self._fell_behind)
        if write is not None:
            writers.add(self.client_id, write)
            self._listed = writers, self.client_id

    def _fell_behind(self) -> None:
        self.unlist()
        self._count_waiting()

    def unlist(self) -> None:
        """Let nobody write to it past its outbox."""
        if self._listed is not None:
            writers, client_id = self._listed
            self._listed = None
            writers.discard(client_id)

    def close(self, code: int, reason: str) -> None:
        if not self.closed:
            self._counters.closed[code] += 1
        self.end()
        self._transport.close(code, reason)

    def abort(self) -> None:
        """Cut off a peer that was closed: nothing that waits is sent any more."""
        self._transport.abort()

    def end(self) -> None:
        """Send and receive nothing any more, and let go of what waits."""
        self.closed = True
        self.unlist()
        self.outbox.clear()
        self._memory.release(self)
        self.waiting.clear()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def received(self, data: str | bytes, at: float) -> None:
        self._owner.receive(self, data, at)

    def latency_measured(self, rtt: float, at: float) -> None:
        self.latencies = [*self.latencies[1 - _LATENCIES_KEPT :], rtt]
        self._owner.measure(self, rtt, at)

    def writable_again(self) -> None:
        self._owner.flush(self)

    def lost(self, at: float) -> None:
        self._owner.detach(self, at)
