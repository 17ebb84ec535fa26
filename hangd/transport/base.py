"""What both ends need of one connection, and what a connection tells them.

Everything here is synchronous: a message is handed over in the call that read its bytes, and sent in the call that
decided on it. Whoever implements `Transport` sees to it that a peer that does not read costs bounded memory here:
beyond some kilobytes it reports itself as not `writable`, and the outbox keeps (and merges) what is to come.
"""

import struct
from typing import Final, Protocol

__all__ = ["Encoded", "Listener", "Transport"]

_TEXT: Final = 0x81
"""FIN set, no extension bits, opcode text (RFC 6455 section 5.2)."""


class Encoded:
    """One message as bytes, with its WebSocket frame, built once for however many connections it goes to.

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
    """One connection, at either end. No method raises or waits; after `close` all but `abort` do nothing."""

    @property
    def address(self) -> str:
        """Where the peer is, for limits. Not for logs, and never for another client."""

    @property
    def writable(self) -> bool:
        """Whether the peer keeps up: what is sent now goes out at once."""

    def send(self, message: Encoded) -> None:
        """Write one message."""

    def close(self, code: int, reason: str) -> None:
        """Start the closing handshake. It is cut off where the peer does not answer it."""

    def abort(self) -> None:
        """Cut the connection off."""


class Listener(Protocol):
    """Who is told what happens on a connection. ``at`` is ``time.monotonic()`` when the bytes arrived."""

    def received(self, data: str | bytes, at: float) -> None:
        """A whole message arrived: str if it was a text message, bytes if it was a binary one."""

    def latency_measured(self, rtt: float, at: float) -> None:
        """One round trip took ``rtt`` seconds."""

    def writable_again(self) -> None:
        """The peer has caught up."""

    def lost(self, at: float) -> None:
        """The connection is over, whatever ended it. Nothing follows."""
