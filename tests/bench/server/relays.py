"""Servers that hang is measured against: each tells the other members of a room (the path) what one of them says.

``python -m tests.bench.server.relays KIND [CERTIFICATE KEY]`` listens on a free port and prints it.

``floor`` is what cannot be done without: uvloop calls a function with the bytes of a command, and it writes a frame,
which was made before, to each member. It neither parses nor makes anything.
"""

import asyncio
import base64
import contextlib
import hashlib
import importlib
import ssl
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

__all__ = ["BROADCAST", "KINDS"]

BROADCAST: Final = "x" * 252
"""What is told: about as long as what hang's members are told of a command (`tests.bench.server.fanout` checks it)."""

_FRAME: Final = b"\x81\x7e" + len(BROADCAST).to_bytes(2, "big") + BROADCAST.encode()
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Floor(asyncio.Protocol):
    rooms: Final[defaultdict[bytes, list["Floor"]]] = defaultdict(list)

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.room: list[Floor] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.room is None:
            self._upgrade(data)
            return
        for member in self.room:
            if member is not self:
                member.transport.write(_FRAME)

    def _upgrade(self, data: bytes) -> None:
        key = data.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self.room = self.rooms[data.split(b" ")[1]]
        self.room.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.room is not None:
            self.room.remove(self)


async def floor(*pair: str) -> int:
    tls = None
    if pair:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(*pair)
    server = await asyncio.get_running_loop().create_server(Floor, "127.0.0.1", 0, ssl=tls, backlog=1024)
    return int(server.sockets[0].getsockname()[1])


async def websockets() -> int:
    """``websockets.broadcast``, the fan-out of that library."""
    rooms: defaultdict[str, set[ServerConnection]] = defaultdict(set)

    async def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        room = rooms[connection.request.path]
        room.add(connection)
        with contextlib.suppress(ConnectionClosed):
            async for _ in connection:
                broadcast(room - {connection}, BROADCAST)
        room.remove(connection)

    server = await serve(handle, "127.0.0.1", 0, compression=None, backlog=1024)
    return int(next(iter(server.sockets)).getsockname()[1])


async def picows() -> int:
    """picows, which is written in Cython, and writes to the socket itself."""
    library: Any = importlib.import_module("picows")  # It need not be there.
    rooms: defaultdict[bytes, list[Any]] = defaultdict(list)
    payload = BROADCAST.encode()

    class Member(library.WSListener):  # type: ignore[misc]
        def __init__(self, path: bytes) -> None:
            super().__init__()
            self._room = rooms[path]

        def on_ws_connected(self, transport: Any) -> None:
            self._room.append(transport)

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            if frame.msg_type == library.WSMsgType.TEXT:
                for member in self._room:
                    if member is not transport:
                        member.send(library.WSMsgType.TEXT, payload)

        def on_ws_disconnected(self, transport: Any) -> None:
            self._room.remove(transport)

    server = await library.ws_create_server(lambda request: Member(request.path), "127.0.0.1", 0, backlog=1024)
    return int(server.sockets[0].getsockname()[1])


KINDS: Final[dict[str, Callable[..., Awaitable[int]]]] = {"floor": floor, "websockets": websockets, "picows": picows}


async def _run(kind: str, *pair: str) -> None:
    print(await KINDS[kind](*pair), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_run(*sys.argv[1:]))
