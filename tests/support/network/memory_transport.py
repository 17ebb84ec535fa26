"""A connection within one process: the server's end is a `Transport`, the test drives the client's end."""

from collections import deque
from collections.abc import Callable

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

    @property
    def buffered(self) -> int:
        return 0

    def writer(self, ended: Callable[[], None]) -> Callable[[bytes], object] | None:
        if not self._client.reading or self._client.closed is not None:
            return None
        self._client.writer_ended = ended
        return self._write  # Not `send` itself, which tests replace.

    def send(self, message: Encoded) -> None:
        if self._client.closed is None:
            self._client.heard.append(message.payload)

    def _write(self, frame: bytes) -> None:
        assert self._client.writer_ended is not None, "nobody may use this any more"
        self.send(Encoded(payload_of(frame)))

    def pause_reading(self) -> None:
        self._client.held = True

    def resume_reading(self) -> None:
        if self._client.held:
            self._client.held = False
            while self._client.unread and not self._client.held:
                self._client.listener.received(*self._client.unread.popleft())

    def close(self, code: int, reason: str) -> None:
        self._client.end_writer()
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
        self.held = False
        """Whether the server's end does not read."""
        self.unread: deque[tuple[str | bytes, float]] = deque()
        self.writer_ended: Callable[[], None] | None = None

    def say(self, data: str | bytes, at: float) -> None:
        if self.held:
            self.unread.append((data, at))
        else:
            self.listener.received(data, at)

    def stop_reading(self) -> None:
        """Make the server's end no longer writable."""
        self.reading = False
        self.end_writer()

    def read_again(self) -> None:
        self.reading = True
        self.listener.writable_again()

    def drop(self, at: float) -> None:
        """Break the connection."""
        self.end_writer()
        if self.closed is None:
            self.closed = (1006, "")
        self.listener.lost(at)

    def end_writer(self) -> None:
        ended, self.writer_ended = self.writer_ended, None
        if ended is not None:
            ended()


def payload_of(frame: bytes) -> bytes:
    """Return what is in a whole, unmasked frame."""
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :]
