"""Accept sockets eagerly, so that a new client misses no event.

Clients open a second connection to listen on, and then send a command on the first one. asyncio takes three turns of
its loop to make the protocol of an accepted socket, and serves ready sockets in no order: the command could be carried
out before the listener was known. So the control server accepts with an `Acceptor`; every `Connection` has it accept
what has connected before it carries out a command (one system call), and gets events from being accepted on.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final

_log = logging.getLogger(__name__)

_AT_A_TIME: Final = 100  # as asyncio does by default: a flood of clients must not hold up the event loop
_PAUSE: Final = 1.0
"""Seconds without accepting when the system has no descriptor left, as asyncio does it: the socket stays readable."""


class Acceptor:
    """Accepts from Unix sockets that listen. ``accepted`` is called with each new socket, which it then owns."""

    def __init__(self, accepted: Callable[[socket.socket], None]) -> None:
        self._accepted = accepted
        self._listening: list[socket.socket] = []
        self._paused: asyncio.TimerHandle | None = None

    def listen(self, listening: socket.socket, backlog: int) -> None:
        """Listen on this bound socket, which `close` closes. Raises OSError and ValueError."""
        if listening.family != socket.AF_UNIX or listening.type != socket.SOCK_STREAM:
            raise ValueError("that is not a Unix stream socket")
        self._listening.append(listening)
        listening.setblocking(False)
        listening.listen(backlog)
        asyncio.get_running_loop().add_reader(listening, self.accept_waiting)

    def accept_waiting(self) -> None:
        """Accept all clients that have connected by now."""
        if self._paused is None:
            for listening in self._listening:
                self._accept(listening)

    def close(self) -> None:
        if self._paused is not None:
            self._paused.cancel()
        for listening in self._listening:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        self._listening.clear()

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_A_TIME):
            try:
                accepted, _address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                _log.error("no control client can be accepted now: %s", error.strerror or error)
                loop = asyncio.get_running_loop()
                for each in self._listening:
                    loop.remove_reader(each)
                self._paused = loop.call_later(_PAUSE, self._resume)
                return
            self._accepted(accepted)

    def _resume(self) -> None:
        self._paused = None
        for listening in self._listening:
            asyncio.get_running_loop().add_reader(listening, self.accept_waiting)
