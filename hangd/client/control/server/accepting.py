"""Who has connected, from the moment that connect() returned to them: no event is missed between that and the welcome.

Clients in the wild open a second connection to listen on, and then ask on the first one. asyncio takes three turns of
its loop to make an accepted socket's protocol, and looks at sockets in no order: what was asked could be done before
anybody heard of the listener. So sockets are accepted here; whoever serves a request looks here first, which makes one
system call; and what is announced meanwhile is kept for those who are still on their way.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final

from hangd.client.control.server.connection import Connection
from hangd.tasks import Tasks

__all__ = ["Arrivals"]

_log = logging.getLogger(__name__)

_AT_A_TIME: Final = 100
_OUT_OF_BREATH: Final = 1.0
"""Seconds without accepting where the system has no descriptor to give, as asyncio does it."""
_MOST_EVENTS: Final = 1000

_Kept = list[tuple[str, bytes]]


class Arrivals:
    """``make`` makes a connection for each socket; ``tasks`` sees it through to its ``connection_made``."""

    def __init__(self, make: Callable[[], Connection], tasks: Tasks) -> None:
        self._make = make
        self._tasks = tasks
        self._listening: list[socket.socket] = []
        self._resting: asyncio.TimerHandle | None = None
        self._underway: dict[Connection, _Kept] = {}
        self._accepted: set[socket.socket] = set()
        """Those that nobody else would close: their tasks have not begun."""

    def listen(self, listening: socket.socket, backlog: int) -> None:
        """Accept what comes by this bound socket, which is closed with all else. Raises OSError and ValueError."""
        if listening.family != socket.AF_UNIX or listening.type != socket.SOCK_STREAM:
            raise ValueError("that is not a Unix stream socket")
        self._listening.append(listening)
        listening.setblocking(False)
        listening.listen(backlog)
        asyncio.get_running_loop().add_reader(listening, self.look)

    def look(self) -> None:
        """Accept whoever is before the door now."""
        if self._resting is None:
            for listening in self._listening:
                self._accept(listening)

    def offer(self, name: str, line: bytes) -> None:
        """Keep an event for those who are on their way."""
        for kept in self._underway.values():
            if len(kept) < _MOST_EVENTS:
                kept.append((name, line))

    def arrived(self, connection: Connection) -> None:
        """Give the connection, which has its outbox now, what was kept for it."""
        for name, line in self._underway.pop(connection, ()):
            connection.outbox.offer(name, line)

    def close(self) -> None:
        """Accept nobody any more."""
        self._rested(open_again=False)
        for listening in self._listening:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        self._listening.clear()
        for accepted in self._accepted:
            accepted.close()
        self._accepted.clear()

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_A_TIME):
            try:
                accepted, _address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                _log.error("no control client can be accepted now: %s", error.strerror or error)
                self._rest()
                return
            connection = self._make()
            self._underway[connection] = []
            self._accepted.add(accepted)
            self._tasks.start(self._see_through(connection, accepted), name=f"arrival-{connection.name}")

    async def _see_through(self, connection: Connection, accepted: socket.socket) -> None:
        self._accepted.discard(accepted)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, accepted)
        except OSError as error:
            _log.debug("a control client was gone before it was here: %s", error)
            accepted.close()
        finally:
            self._underway.pop(connection, None)

    def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        for listening in self._listening:
            loop.remove_reader(listening)
        self._resting = loop.call_later(_OUT_OF_BREATH, self._rested)

    def _rested(self, *, open_again: bool = True) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
            if open_again:
                for listening in self._listening:
                    asyncio.get_running_loop().add_reader(listening, self.look)
