"""A connection within one process: the server's end is a `Transport`, the test drives the client's end."""

from collections import deque

from hangd.transport.base import Encoded, Listener

__all__ = ["MemoryClient", "MemoryTransport"]


class MemoryTransport:
    """The server's end."""

    def __init__(self, client: "MemoryClient", address: str) -> None:
        self._client = client
        self.address = address

    @property
    def writable(self) -> bool:
        return self._client.reading

    def send(self, message: Encoded) -> None:
        if self._client.closed is None:
            self._client.heard.append(message.payload)

    def close(self, code: int, reason: str) -> None:
        if self._client.closed is None:
            self._client.closed = (code, reason)

    def abort(self) -> None:
        self.close(1006, "")


class MemoryClient:
    """The client's end. Set ``listener`` to the server's listener first."""

    listener: Listener

    def __init__(self, address: str = "192.0.2.1") -> None:
        self.transport = MemoryTransport(self, address)
        self.heard: deque[bytes] = deque()
        """Messages that arrived. The test takes them out."""
        self.closed: tuple[int, str] | None = None
        """Code and reason with which the server closed the connection."""
        self.reading = True

    def say(self, data: str | bytes, at: float) -> None:
        self.listener.received(data, at)

    def stop_reading(self) -> None:
        """Make the server's end no longer writable."""
        self.reading = False

    def read_again(self) -> None:
        self.reading = True
        self.listener.writable_again()

    def drop(self, at: float) -> None:
        """Break the connection."""
        if self.closed is None:
            self.closed = (1006, "")
        self.listener.lost(at)
