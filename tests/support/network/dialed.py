"""DialedClient: a client's end of a connection whose messages wait in a queue, for tests that await what comes next."""

import asyncio
import ssl
from collections.abc import AsyncIterator

from hangd.transport.base import Encoded
from hangd.transport.dialing import ClientTransport, dial

__all__ = ["DialedClient"]


class DialedClient:
    """Iterate to receive: ``async for data, at in client``; the iteration ends with the connection."""

    def __init__(self) -> None:
        self.transport: ClientTransport
        self._messages: asyncio.Queue[tuple[str | bytes, float] | None] = asyncio.Queue()

    @classmethod
    async def dial(
        cls,
        url: str,
        *,
        timeout: float,
        tls: ssl.SSLContext | None = None,
        tls_ca: str | None = None,
        proxy: str | None = None,
    ) -> "DialedClient":
        """Connect. Raises DialFailed."""
        client = cls()

        def opened(transport: ClientTransport) -> DialedClient:
            client.transport = transport
            return client

        await dial(url, opened, timeout=timeout, tls=tls, tls_ca=tls_ca, proxy=proxy)
        return client

    def write(self, data: bytes) -> None:
        self.transport.send(Encoded(data))

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.transport.close(code, reason)
        self._messages.put_nowait(None)

    def abort(self) -> None:
        self.transport.abort()

    async def wait_closed(self) -> None:
        await self.transport.wait_closed()

    @property
    def close_code(self) -> int:
        return self.transport.close_code

    @property
    def close_reason(self) -> str:
        return self.transport.close_reason

    async def __aiter__(self) -> AsyncIterator[tuple[str | bytes, float]]:
        while (message := await self._messages.get()) is not None:
            yield message

    # ---- Listener

    def received(self, data: str | bytes, at: float) -> None:
        self._messages.put_nowait((data, at))

    def latency_measured(self, rtt: float, at: float) -> None:
        pass

    def writable_again(self) -> None:
        pass

    def lost(self, at: float) -> None:
        self._messages.put_nowait(None)
