"""Messages that wait for one peer, in order and limited in bytes.

While the peer reads fast enough, messages go straight to the transport. Otherwise they wait here. A message that tells
a state has a key, which names the state; it replaces an older message with the same key, so that a peer that did not
read for a minute gets where everybody is now. The new message goes to the end of the queue, because it may depend on
others that were sent meanwhile. All other messages are events, and each is sent. If even that does not fit, the peer is
too slow.
"""

from collections.abc import Callable, Hashable
from typing import Final

from hangd.protocol.messages import MediaChanged, MemberChanged, QueueChanged, RequestId, RoomState, ServerMessage
from hangd.transport.base import Encoded, Transport

OUTBOX_BYTES_MAX: Final = 4 * 1024 * 1024
"""Enough for the state of a room of a thousand with a full queue, two changes of that queue, and a thousand events. A
queue of 500 entries with the longest names is 0.7 MB; with usual names it is 0.15 MB."""

_LATE_BYTES: Final = 160
"""Assumed size of a message that is encoded when it is written (a Pong)."""


def state_key(message: ServerMessage, re: RequestId | None) -> Hashable | None:
    """Return the name of the state that this message tells. None: it is an event, or the answer to a request."""
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
    def __init__(self, transport: Transport, *, bytes_max: int = OUTBOX_BYTES_MAX) -> None:
        self._transport = transport
        self._bytes_max = bytes_max
        self._waiting: dict[Hashable, Encoded | Callable[[], Encoded]] = {}
        self.size = 0
        """Bytes that wait."""

    def put(self, message: Encoded | Callable[[], Encoded], key: Hashable | None = None) -> bool:
        """Send a message now, or when the peer has read those before it. A callable is called when it is written.

        Returns False if too much waits: the peer has to be closed.
        """
        if not self._waiting and self._transport.writable:
            self._send(message)
            return True
        older = None if key is None else self._waiting.pop(key, None)
        self.size += _size(message) - (0 if older is None else _size(older))
        # An event gets a key that equals no other.
        self._waiting[object() if key is None else key] = message
        return self.size <= self._bytes_max

    def flush(self) -> None:
        """Send what waits, for as long as the peer is writable."""
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
