"""The port between a connection and what uses it, at either end: `Transport` to send, `Listener` to be told.

Everything here is synchronous. A message is handed over in the call that read its bytes, and sent in the call that
decided on it. An implementation of `Transport` limits the memory that a peer which does not read can cost: beyond some
kilobytes it is no longer `writable`, and messages wait in the outbox (`hangd.rooms.outbox`).
"""

import struct
from typing import Final, Protocol

_TEXT: Final = 0x81
"""FIN set, no extension bits, opcode text (RFC 6455 section 5.2)."""


class Encoded:
    """One message as bytes and as a WebSocket frame. It is made once, for any number of recipients.

    What a server sends is not masked (RFC 6455 section 5.1), so the frame is the same for all of them.
    """

    __slots__ = ("frame", "payload")

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", _TEXT, length)
        elif length < 65536:
            head = struct.pack("!BBH", _TEXT, 126, length)
        else:
            head = struct.pack("!BBQ", _TEXT, 127, length)
        self.frame = head + payload


class Transport(Protocol):
    """One connection. No method raises or waits. After `close` only `abort` does anything."""

    @property
    def address(self) -> str:
        """The peer's address, for limits. It must not be logged or told to another client."""

    @property
    def writable(self) -> bool:
        """Whether the peer reads fast enough: what is sent now is written at once."""

    def send(self, message: Encoded) -> None:
        """Write one message."""

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
