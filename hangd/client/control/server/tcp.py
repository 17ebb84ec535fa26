"""Control over TCP, for what can not open a Unix socket. Off unless asked for, and never beyond this machine.

Any user's process can knock here, and so can any web page that a browser shows. So who comes must first show the token,
in one line: ``{"command":["auth","TOKEN"]}``. Until then it is a `Guest`, of whom nothing is read but that line. A
browser never gets so far: whatever it sends (a request, a WebSocket's upgrade, a TLS hello) does not begin with ``{``,
and is cut off unread and unanswered, before the page could have smuggled a command into its body.

After that the transport is a `Connection`'s like any other, but for text lines, which end it.
"""

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

from hangd.client.control.language import lines as dialect
from hangd.client.control.language.lines import Malformed, Request
from hangd.client.control.port import CommandRefused
from hangd.client.control.server.connection import Connection
from hangd.client.control.server.socket_path import ControlSocketUnusable
from hangd.client.control.server.token import token_in

__all__ = ["JsonConnection", "TcpListener"]

_log = logging.getLogger(__name__)

_MOST_GUESTS: Final = 16
"""At the same time. One more, and the one that has waited longest must go: who knows the token does not wait."""
_LONGEST_GREETING: Final = 4096
"""Bytes of the first line."""
_UNAUTHORIZED: Final = "Unauthorized"


class JsonConnection(Connection):
    """A connection that carries out no text lines: one is the end of it."""

    def _answer(self, line: bytes) -> None:
        if line.lstrip(b" \t\r")[:1] in (b"{", b"#", b"\0", b""):
            super()._answer(line)
        else:
            _log.info("a control client sent a text line over TCP: closed")
            self.close()


class TcpListener:
    """Listens on ``address`` (of this machine) from ``listen`` to ``close``.

    Args:
        address: host and port; port 0 takes a free one.
        token_file: where the token is, or will be.
        patience: seconds that a guest has.
    """

    def __init__(self, address: tuple[str, int], token_file: Path, *, patience: float = 5.0) -> None:
        self._address = address
        self._token_file = token_file
        self._patience = patience
        self._token = b""
        self._guests: dict[Guest, None] = {}
        self._connect: Callable[[], Connection]

    async def listen(self, connect: Callable[[], Connection]) -> asyncio.Server:
        """Listen, and hand those who know the token on to a new ``connect()`` each.

        Raises ControlSocketUnusable where the address can not be had, or there is no token that is a secret.
        """
        self._connect = connect
        host, port = self._address
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._token = token_in(self._token_file).encode()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            # The loop accepts as many at a time as wait here: a flood of guests must not take all our descriptors.
            listening = socket.create_server(self._address, family=family, backlog=_MOST_GUESTS)
        except OSError as error:
            raise ControlSocketUnusable.at(place, error) from error
        self._address = host, listening.getsockname()[1]
        server = await asyncio.get_running_loop().create_server(self._guest, sock=listening, backlog=_MOST_GUESTS)
        _log.info("control over TCP on port %d of %s; the token is in %s", self._address[1], host, self._token_file)
        return server

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens: host and port."""
        return self._address

    @property
    def guests(self) -> int:
        """How many have not shown the token yet."""
        return len(self._guests)

    def close(self) -> None:
        """Cut the guests off. The server is its owner's to close."""
        for guest in list(self._guests):
            guest.cut()

    def _guest(self) -> "Guest":
        return Guest(self._token, self._connect, self._guests, self._patience)


class Guest(asyncio.Protocol):
    """Somebody who has not shown the token yet. ``guests``: all of them, the one that came first in front."""

    _transport: asyncio.Transport
    _clock: asyncio.TimerHandle

    def __init__(
        self, token: bytes, connect: Callable[[], Connection], guests: "dict[Guest, None]", patience: float
    ) -> None:
        self._token = token
        self._connect = connect
        self._guests = guests
        self._patience = patience
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._clock = asyncio.get_running_loop().call_later(self._patience, self.cut)
        self._guests[self] = None
        if len(self._guests) > _MOST_GUESTS:
            next(iter(self._guests)).cut()

    def connection_lost(self, error: Exception | None) -> None:
        self._leave()

    def data_received(self, data: bytes) -> None:
        if self not in self._guests:
            return
        self._buffer += data
        if not self._buffer.startswith(b"{"):
            _log.debug("somebody who does not speak JSON tried the control port: cut off")
            self.cut()
            return
        line, newline, rest = self._buffer.partition(b"\n")
        if len(line) > _LONGEST_GREETING:
            self.cut()
        elif newline:
            self._judge(bytes(line), bytes(rest))

    def cut(self) -> None:
        """Have nothing more to do with it."""
        self._leave()
        self._transport.abort()

    def _leave(self) -> None:
        self._clock.cancel()
        self._guests.pop(self, None)
        self._buffer.clear()

    def _judge(self, line: bytes, rest: bytes) -> None:
        self._leave()
        request_id = 0
        try:
            request = dialect.decode(line)
            assert isinstance(request, Request), "it begins with a brace"
            request_id = request.request_id
            self._check(request)
        except Malformed as malformed:
            self._refuse(malformed.request_id, CommandRefused("invalid parameter"))
        except CommandRefused as refused:
            _log.warning("a control client over TCP was refused: %s", refused)
            self._refuse(request_id, refused)
        else:
            connection = self._connect()
            self._transport.set_protocol(connection)
            self._transport.write(dialect.done(request_id))
            connection.connection_made(self._transport)
            if rest:
                connection.data_received(rest)

    def _check(self, request: Request) -> None:
        match request:
            case Request(name="auth", arguments=[str() as token]):
                if not secrets.compare_digest(token.encode("utf-8", "replace"), self._token):
                    raise CommandRefused("error running command", _UNAUTHORIZED, "that is not the token")
            case _:
                first = 'the first line must be {"command":["auth","TOKEN"]}'
                raise CommandRefused("error running command", _UNAUTHORIZED, first)

    def _refuse(self, request_id: object, refused: CommandRefused) -> None:
        self._transport.write(dialect.failure(request_id, refused))
        self._transport.close()
