"""Messages that wait for one peer, in order and limited in bytes.

While the peer reads fast enough, messages go straight to the transport. Otherwise they wait here. A message that tells
a state has a key, which names the state; it replaces an older message with the same key, so that a peer that did not
read for a minute gets where everybody is now. The new message goes to the end of the queue, because it may depend on
others that were sent meanwhile. All other messages are events, and each is sent. If even that does not fit, the peer is
too slow.
"""

from collections.abc import Callable, Hashable
from typing import Final

from hangd.protocol.messages import MemberChanged, MembersReported, RequestId, RoomState, ServerMessage
from hangd.rooms.edge.waiting_memory import WaitingMemory
from hangd.transport.base import Encoded, Transport

OUTBOX_BYTES_MAX: Final = 4 * 1024 * 1024
"""Enough for the state of a room of a thousand with a full queue, that queue once more as changes of it, and a thousand
events. A queue of 500 entries with the longest names is 0.7 MB; with usual names it is 0.15 MB."""

_LATE_BYTES: Final = 160
"""Assumed size of a message that is encoded when it is written (a Pong)."""


def state_key(message: ServerMessage, re: RequestId | None) -> Hashable | None:
    """Return the name of the state that this message tells. None: it is an event, or the answer to a request."""
    if re is not None:
        return None
    match message:
        case MemberChanged(member=member):
            return ("member", member.client_id)
        case MembersReported(reports=(report,)):
            return ("report", report.client_id)
        case RoomState():
            return "room"
        case _:
            return None


class Outbox:
    """``memory``: of the process, in which what waits here is counted."""

    def __init__(
        self, transport: Transport, memory: WaitingMemory | None = None, *, bytes_max: int = OUTBOX_BYTES_MAX
    ) -> None:
        self._transport = transport
        self._memory = memory or WaitingMemory()
        self._bytes_max = bytes_max
        self._waiting: dict[Hashable, Encoded | Callable[[], Encoded]] = {}
        self.size = 0
        """Bytes that wait."""
        self._partly = 0
        """Bytes of the frame that the transport has only written in part: it keeps all of it until the end is out."""

    @property
    def in_transport(self) -> int:
        """Bytes of memory that the transport needs for what the kernel has not taken."""
        buffered = self._transport.buffered
        return max(buffered, self._partly) if buffered else 0

    def put(self, message: Encoded | Callable[[], Encoded], key: Hashable | None = None) -> bool:
        """Send a message now, or when the peer has read those before it. A callable is called when it is written.

        Returns False if too much waits: the peer has to be closed.
        """
        if not self._waiting and self._transport.writable:
            self._send(message)
            return True
        older = None if key is None else self._waiting.pop(key, None)
        if older is not None:
            self._take_out(older)
        self.size += _size(message)
        if isinstance(message, Encoded):
            self._memory.add(message)
        # An event gets a key that equals no other.
        self._waiting[object() if key is None else key] = message
        return self.size <= self._bytes_max

    def flush(self) -> None:
        """Send what waits, for as long as the peer is writable."""
        if self._transport.writable:
            self._partly = 0
        while self._waiting and self._transport.writable:
            message = self._waiting.pop(next(iter(self._waiting)))
            self._take_out(message)
            self._send(message)

    def clear(self) -> None:
        while self._waiting:
            self._take_out(self._waiting.popitem()[1])

    def _take_out(self, message: Encoded | Callable[[], Encoded]) -> None:
        self.size -= _size(message)
        if isinstance(message, Encoded):
            self._memory.remove(message)

    def _send(self, message: Encoded | Callable[[], Encoded]) -> None:
        encoded = message if isinstance(message, Encoded) else message()
        self._transport.send(encoded)
        self._partly = 0 if self._transport.writable else len(encoded.frame)


def _size(message: Encoded | Callable[[], Encoded]) -> int:
    return len(message.frame) if isinstance(message, Encoded) else _LATE_BYTES
