"""The port between a connection and what uses it, at either end: `Transport` to send, `Listener` to be told.

Everything here is synchronous. A message is handed over in the call that read its bytes, and sent in the call that
decided on it. An implementation of `Transport` limits the memory that a peer which does not read can cost: beyond some
kilobytes it is no longer `writable`, and messages wait in the outbox (`hangd.rooms.edge.outbox`).
"""

import struct
from collections.abc import Callable
from typing import Final, Protocol

_TEXT: Final = 0x81
"""FIN set, no extension bits, opcode text (RFC 6455 section 5.2)."""


class Encoded:
    """One message as bytes and as a WebSocket frame. It is made once, for any number of recipients.

    What a server sends is not masked (RFC 6455 section 5.1), so the frame is the same for all of them.
    """

    __slots__ = ("frame", "waits_for")

    def __init__(self, payload: bytes) -> None:
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", _TEXT, length)
        elif length < 65536:
            head = struct.pack("!BBH", _TEXT, 126, length)
        else:
            head = struct.pack("!BBQ", _TEXT, 127, length)
        self.frame = head + payload
        self.waits_for = 0
        """How many outboxes have it (`hangd.rooms.edge.waiting_memory`)."""

    @property
    def payload(self) -> bytes:
        return self.frame[{126: 4, 127: 10}.get(self.frame[1], 2) :]


class Transport(Protocol):
    """One connection. No method raises or waits. After `close` only `abort` does anything."""

    @property
    def address(self) -> str:
        """The peer's address, for limits. No other client may be told it; the log has its network at most."""

    @property
    def writable(self) -> bool:
        """Whether the peer reads fast enough: what is sent now is written at once."""

    @property
    def buffered(self) -> int:
        """Bytes that were written here and that the kernel has not taken."""

    def send(self, message: Encoded) -> None:
        """Write one message."""

    def writer(self, ended: Callable[[], None]) -> Callable[[bytes], object] | None:
        """Return what writes a frame without any check, for whoever writes to many. None: this end is not `writable`.

        ``ended`` is called once, when it must not be used any more: the peer reads too slowly, or the connection ends.
        """

    def pause_reading(self) -> None:
        """Hand over no more messages, not even of what has arrived, until `resume_reading`: the peer has to wait."""

    def resume_reading(self) -> None:
        """Hand messages over again, first those that have arrived meanwhile."""

    def close(self, code: int, reason: str) -> None:
        """Start the closing handshake. The connection is cut off if the peer does not answer it."""

    def abort(self) -> None:
        """Cut the connection off."""


class Listener(Protocol):
    """What is told of a connection. ``at`` is ``time.monotonic()`` when the bytes arrived. No method raises."""

    def received(self, data: str | bytes, at: float) -> None:
        """A whole message arrived: str if it was a text message, bytes if it was a binary one."""

    def latency_measured(self, rtt: float, at: float) -> None:
        """One round trip took ``rtt`` seconds."""

    def writable_again(self) -> None:
        """`Transport.writable` is true again."""

    def lost(self, at: float) -> None:
        """The connection is over, for whatever reason. No call follows."""
