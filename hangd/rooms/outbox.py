"""What is to be sent to one peer, in order, and bounded in bytes.

A peer that keeps up never sees it: what comes goes straight to the transport. For one that does not, messages wait
here. Those that tell of a state have a key (which state), and a newer one takes the place of an older: a peer that was
away for a minute hears where everyone is now, not where they were. The newer one goes to the end of the line, so that
nothing is told before what it follows from. All other messages are events: each is told, first come, first served.
Where even that does not fit, the peer is too slow.
"""

from collections.abc import Callable, Hashable
from typing import Final

from hangd.protocol.messages import MediaChanged, MemberChanged, QueueChanged, RequestId, RoomState, ServerMessage
from hangd.transport.base import Encoded, Transport

__all__ = ["OUTBOX_BYTES_MAX", "Outbox", "state_key"]

OUTBOX_BYTES_MAX: Final = 4 * 1024 * 1024
"""A snapshot of a room of a thousand with the fullest of queues, twice that queue, and a thousand events. That queue
has 500 entries with the longest of names and is 0.7 MB; with usual names it is 0.15 MB."""

_LATE_BYTES: Final = 160
"""What a message that is encoded only when it is written (a Pong) counts for."""


def state_key(message: ServerMessage, re: RequestId | None) -> Hashable | None:
    """Return which state this message tells, or None: it is an event, or the answer to a request."""
    if re is not None:
        return None
    match message:
        case MemberChanged(member=member):
            return ("member", member.client_id)
        case RoomState():
            return "room"
        case QueueChanged():
            return "queue"
        case MediaChanged():
            return "film"
        case _:
            return None


class Outbox:
    """The line of messages that wait for one transport to be writable."""

    def __init__(self, transport: Transport, *, bytes_max: int = OUTBOX_BYTES_MAX) -> None:
        self._transport = transport
        self._bytes_max = bytes_max
        self._waiting: dict[Hashable, Encoded | Callable[[], Encoded]] = {}
        self.size = 0
        """Bytes that wait."""

    def put(self, message: Encoded | Callable[[], Encoded], key: Hashable | None = None) -> bool:
        """Send this, now or in its turn. A callable is called when it is written.

        Returns False where it does not fit any more: the peer is to be closed.
        """
        if not self._waiting and self._transport.writable:
            self._send(message)
            return True
        older = None if key is None else self._waiting.pop(key, None)
        self.size += _size(message) - (0 if older is None else _size(older))
        # An event's key is an object that nothing else is equal to.
        self._waiting[object() if key is None else key] = message
        return self.size <= self._bytes_max

    def flush(self) -> None:
        """Write what waits, for as long as the peer takes it."""
        while self._waiting and self._transport.writable:
            message = self._waiting.pop(next(iter(self._waiting)))
            self.size -= _size(message)
            self._send(message)

    def clear(self) -> None:
        self._waiting.clear()
        self.size = 0

    def _send(self, message: Encoded | Callable[[], Encoded]) -> None:
        self._transport.send(message if isinstance(message, Encoded) else message())


def _size(message: Encoded | Callable[[], Encoded]) -> int:
    return len(message.frame) if isinstance(message, Encoded) else _LATE_BYTES
