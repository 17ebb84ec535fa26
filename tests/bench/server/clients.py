"""Clients that cost the machine little: sockets in one loop, which counts what arrives.

What a server is measured with must cost less than the server. A client on asyncio costs more than the server that it
asks; one of these takes a system call and a few microseconds for each message. The loop can stay awake (``spin``): a
server whose clients sleep pays for waking them, and how often it does is luck.
"""

import collections
import contextlib
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

__all__ = ["Client", "Clients", "Language", "Refused"]

_READ: Final = 256 * 1024
_PATIENCE: Final = 120.0
_DIALLING: Final = 64
"""Connections that are opened at the same time. Each server's backlog is longer."""
_AGAIN: Final = 1.0
"""Seconds after which a client that returns connects again."""


class Refused(Exception):
    """A server cannot have a client for now."""


class Language(Protocol):
    """What a server's clients say, and how it is told apart what arrives."""

    def opening(self, name: str, room: str, *, first: bool) -> Sequence[bytes]:
        """Return what a client says until it is in its room: each part when the one before has been answered."""

    def command(self, client: "Client", number: int) -> bytes:
        """Return a command that all members of the client's room are told."""

    def heard_by(self, members: int) -> int:
        """Return how many of so many members are told a command of one of them."""

    def take(self, client: "Client", data: bytes) -> tuple[int, int]:
        """Return how many bytes are whole messages, and how many of the messages count. Answers what must be answered.

        What counts is an answer while the client is not in its room yet, and a told command afterwards.

        Raises:
            Refused: it may come in again.
        """


class Client:
    """One client. ``room`` is the index of its room."""

    __slots__ = ("is_in", "name", "pending", "port", "room", "script", "sock")

    def __init__(self, name: str, room: int, port: int) -> None:
        self.name = name
        self.room = room
        self.port = port
        """Of the server that it comes to."""
        self.sock: socket.socket
        self.script: collections.deque[bytes]
        """What it will say until it is in its room."""
        self.pending = b""
        self.is_in = False

    def send(self, data: bytes) -> None:
        self.sock.send(data)


class Clients:
    """Clients that speak one language. Their names, and those of their rooms, begin with ``name``.

    Args:
        port: of their server; or a function that returns it for a client, of its room and its place in that.
        at_once: how many come in at the same time.
        return_: whether those come in again that are refused, or whose connection the server ends.
    """

    def __init__(
        self,
        port: int | Callable[[int, int], int],
        language: Language,
        tls: ssl.SSLContext | None = None,
        *,
        name: str = "bench",
        at_once: int = _DIALLING,
        return_: bool = False,
    ) -> None:
        self._port = port
        self._tls = tls
        self.language = language
        self.rooms: list[list[Client]] = []
        self.lost = 0
        """Connections that the server has ended."""
        self.returned = 0
        """How often one has come in again."""
        self._made: set[int] = set()
        """Rooms in which somebody has been."""
        self._at_once = at_once
        self._return = return_
        self._returning: collections.deque[tuple[float, Client]] = collections.deque()
        """When each of those connects again that are out."""
        self.received = 0
        """Bytes."""
        self.heard: Callable[[Client, int], None] = lambda client, count: None
        """Is called with each client that heard of commands, and of how many."""
        self.came_in: Callable[[Client], None] = lambda client: None
        """Is called with each client that is in its room now."""
        self.ended: Callable[[Client], None] = lambda client: None
        """Is called with each client whose connection the server has ended."""
        self._name = name
        self._names = 0
        self._entering: set[Client] = set()
        self._poll = select.epoll()
        self._by_fd: dict[int, Client] = {}

    # ---- coming and going -------------------------------------------------------------------------------------------

    def enter(self, rooms: int, members: int) -> float:
        """Make so many rooms more, each of so many members. Returns the seconds that took."""
        began = time.monotonic()
        first = len(self.rooms)
        self.rooms += [[] for _ in range(rooms)]
        wanted = [(room, True) for room in range(first, first + rooms)]
        self._dial_all(wanted)
        self._dial_all((room, False) for _ in range(members - 1) for room in range(first, first + rooms))
        return time.monotonic() - began

    def add(self, room: int, count: int = 1) -> float:
        """Let so many more come into a room. Returns the seconds that took."""
        began = time.monotonic()
        self._dial_all((room, False) for _ in range(count))
        return time.monotonic() - began

    def leave(self, client: Client) -> None:
        self.rooms[client.room].remove(client)
        self.drop(client)

    def close(self) -> None:
        for client in [*self._by_fd.values()]:
            self.drop(client)
        self._poll.close()

    def _dial_all(self, wanted: Iterable[tuple[int, bool]]) -> None:
        for room, first in wanted:
            while len(self._entering) >= self._at_once:
                self.turn(_AGAIN)
            self._dial(room, first=first)
        self.wait(lambda: not self._entering, "all clients are in their rooms")

    def _dial(self, room: int, *, first: bool) -> None:
        self._names += 1
        port = self._port if isinstance(self._port, int) else self._port(room, len(self.rooms[room]))
        client = Client(f"{self._name}-{self._names}", room, port)
        self.rooms[room].append(client)
        self.dial(client, self.language.opening(client.name, self._room_name(room), first=first))

    def dial(self, client: Client, script: Sequence[bytes]) -> None:
        """Connect a client, which will say this. Raises ConnectionRefusedError where no server listens."""
        sock = socket.create_connection(("127.0.0.1", client.port), timeout=_PATIENCE)
        if self._tls is not None:
            sock = self._tls.wrap_socket(sock, server_hostname="localhost")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        client.sock, client.script, client.pending, client.is_in = sock, collections.deque(script), b"", False
        self._entering.add(client)
        self._by_fd[sock.fileno()] = client
        self._poll.register(sock.fileno(), select.EPOLLIN)
        client.send(client.script.popleft())

    def drop(self, client: Client) -> None:
        """Close the client's connection."""
        fd = client.sock.fileno()
        self._poll.unregister(fd)
        del self._by_fd[fd]
        self._entering.discard(client)
        client.sock.close()

    # ---- the loop ---------------------------------------------------------------------------------------------------

    def wait(
        self, condition: Callable[[], bool], what: str, *, spin: bool = False, patience: float = _PATIENCE
    ) -> None:
        """Receive until the condition is true. Raises TimeoutError, which says that ``what`` did not happen."""
        until = time.monotonic() + patience
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError(f"within {patience:g} s it did not happen that {what}")
            self.turn(0 if spin else 0.05)

    def idle(self, seconds: float) -> None:
        """Receive for so many seconds, and answer what must be answered."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.turn(left)

    def turn(self, timeout: float) -> None:
        """Receive what has arrived, and wait for it for so long."""
        while self._returning and self._returning[0][0] <= time.monotonic():
            self._come_again(self._returning.popleft()[1])
        for fd, _ in self._poll.poll(min(timeout, _AGAIN) if self._returning else timeout):
            client = self._by_fd.get(fd)
            if client is not None:
                self._receive(client)

    def _receive(self, client: Client) -> None:
        data = b""
        with contextlib.suppress(ConnectionError):
            try:
                data = client.sock.recv(_READ)
            except (BlockingIOError, ssl.SSLWantReadError):
                return
        if not data:
            return self._lost(client)
        self.received += len(data)
        if client.pending:
            data = client.pending + data
        try:
            taken, count = self.language.take(client, data)
        except Refused:
            return self._lost(client)
        client.pending = data[taken:]
        if not count:
            return
        if client.is_in:
            self.heard(client, count)
        elif client.script:
            client.send(client.script.popleft())
        else:
            client.is_in = True
            self._made.add(client.room)
            self._entering.discard(client)
            self.came_in(client)

    def _lost(self, client: Client) -> None:
        self.drop(client)
        if self._return:
            self._entering.add(client)
            self._returning.append((time.monotonic() + _AGAIN, client))
        else:
            self.lost += 1
        self.ended(client)

    def _come_again(self, client: Client) -> None:
        self.returned += 1
        is_first = client.room not in self._made
        self.dial(client, self.language.opening(client.name, self._room_name(client.room), first=is_first))

    def _room_name(self, room: int) -> str:
        return f"{self._name}-room-{room}"
