"""A relay between clients and a real room server that loses some of the server's messages, or refuses a request.

No server and no network that works does either: it is what a fault would look like to a client.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from hangd.tasks import Tasks
from tests.support.servers.server import PATIENCE

__all__ = ["LossyRelay", "lossy_relay"]

_FRAME_MAX = 1 << 22

Message = dict[str, Any]


class LossyRelay:
    def __init__(self, server: str) -> None:
        self._server = server
        self._tasks = Tasks()
        self.url = ""
        self._loses: str | None = None
        self._lost = asyncio.Event()
        self.refuses: Callable[[Message], bool] = lambda message: False
        """Whether this request of a client is answered RateLimited, and does not reach the server."""
        self.asked: list[str] = []
        """The types of all requests."""

    def lose_next(self, type: str) -> None:
        """Lose the next message of this type that is no answer: so the one who asked hears what the others miss."""
        self._loses = type
        self._lost.clear()

    async def has_lost(self) -> None:
        await asyncio.wait_for(self._lost.wait(), PATIENCE)

    async def relay(self, client: ServerConnection) -> None:
        async with connect(self._server, max_size=_FRAME_MAX, compression=None, open_timeout=PATIENCE) as server:
            back = self._tasks.start(self._back(server, client), name="relay")
            with contextlib.suppress(ConnectionClosed):
                async for frame in client:
                    message = json.loads(frame)
                    self.asked.append(message["type"])
                    if self.refuses(message):
                        error = {"code": "RateLimited", "message": "not so often", "retry": True}
                        await client.send(json.dumps({"type": "Error", "payload": error, "re": message.get("id")}))
                    else:
                        await server.send(frame)
            back.cancel()

    async def _back(self, server: ClientConnection, client: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for frame in server:
                message = json.loads(frame)
                if message["type"] == self._loses and "re" not in message:
                    self._loses = None
                    self._lost.set()
                else:
                    await client.send(frame)


@asynccontextmanager
async def lossy_relay(server: str) -> AsyncIterator[LossyRelay]:
    """Run a relay to the server at this URL, and provide it. It loses nothing until the test says so."""
    relay = LossyRelay(server)
    async with serve(relay.relay, "127.0.0.1", 0, max_size=_FRAME_MAX, compression=None) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        relay.url = f"ws://127.0.0.1:{port}/ws"
        yield relay
