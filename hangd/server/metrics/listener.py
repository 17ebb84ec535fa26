"""Answer scrapes: plain HTTP at a socket of its own, with the limits of `hangd.transport.http`.

Nobody is asked who they are: whoever reaches the socket may read the numbers, which name nobody.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, cast

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from hangd.server.health import health
from hangd.transport.http import Answer, Fields, HttpConnection, Request, Turns

_CONNECTIONS_MAX: Final = 16
_FIELDS: Final[Fields] = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
_ELSEWHERE: Final = Answer.sentence(HTTPStatus.NOT_FOUND, "There is nothing here. The metrics are at /metrics.")


class _Answers:
    """What all connections share."""

    def __init__(self, registry: CollectorRegistry, why_not_ready: Callable[[], str | None]) -> None:
        self._registry = registry
        self._why_not_ready = why_not_ready
        self.turns = Turns()
        self.open: set[asyncio.BaseTransport] = set()

    def answer(self, request: Request) -> Answer:
        if request.path == "/metrics":
            try:
                accept = ",".join(request.fields("Accept"))
                encode, kind = choose_encoder(accept if accept.isascii() else "")
            except TypeError:  # The library compares a version that is no number with one.
                encode, kind = choose_encoder("")
            return Answer(HTTPStatus.OK, encode(self._registry), (("Content-Type", kind),))
        return health(request.path, self._why_not_ready) or _ELSEWHERE


class _Connection(asyncio.Protocol):
    def __init__(self, answers: _Answers) -> None:
        self._answers = answers
        self._transport: asyncio.Transport
        self._http: HttpConnection | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if len(self._answers.open) >= _CONNECTIONS_MAX:
            self._transport.abort()
            return
        self._answers.open.add(transport)
        self._http = HttpConnection(
            self._transport,
            pace=lambda request: 0.0,  # It is for few, whom the administrator has chosen.
            decide=self._answers.answer,
            upgrade=lambda data: self._transport.abort(),
            fields=_FIELDS,
            turns=self._answers.turns,
        )

    def data_received(self, data: bytes) -> None:
        if self._http is not None:
            self._http.received(data)

    def eof_received(self) -> bool:
        return self._http is not None and self._http.eof()

    def pause_writing(self) -> None:
        if self._http is not None:
            self._http.pause_writing()

    def resume_writing(self) -> None:
        if self._http is not None:
            self._http.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        if self._http is not None:
            self._http.stop()
        self._answers.open.discard(self._transport)


class MetricsListener:
    """Call `listen`, and `aclose` at the end."""

    def __init__(self, registry: CollectorRegistry, why_not_ready: Callable[[], str | None]) -> None:
        self._answers = _Answers(registry, why_not_ready)
        self._servers: list[asyncio.Server] = []

    async def listen(self, sockets: Sequence[socket.socket]) -> None:
        """Answer on these bound sockets."""
        loop = asyncio.get_running_loop()
        for sock in sockets:
            self._servers.append(await loop.create_server(lambda: _Connection(self._answers), sock=sock))

    async def aclose(self) -> None:
        for server in self._servers:
            server.close()
        for transport in tuple(self._answers.open):
            cast(asyncio.Transport, transport).abort()
        await asyncio.sleep(0)
