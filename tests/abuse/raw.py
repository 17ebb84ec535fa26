"""Raw: a connection that an attacker, or a member of the victims' room, makes: from any loopback address, byte by byte.

A frame is masked with zeros, which is a valid mask and costs the attacker nothing. With ``keeps=False`` messages are
only counted, so that one process can attack with hundreds of connections.
"""

import asyncio
import json
import re
import socket
import ssl
import struct
from collections import Counter, deque
from typing import Any, Final, Self

__all__ = ["HASH", "PATIENCE", "UPGRADE", "NoUpgrade", "Raw", "dial", "frame", "member", "message"]

HASH: Final = "ab" * 32
PATIENCE: Final = 60.0
UPGRADE: Final = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n"
)
_TYPE: Final = re.compile(rb'"type":"(\w+)"')
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10


class NoUpgrade(ConnectionError):
    """The server did not make a WebSocket of the connection. ``str()`` is the first line of what it said."""


def frame(data: bytes, opcode: int = _TEXT, *, fin: bool = True) -> bytes:
    """Return a client's frame, masked with zeros."""
    size = len(data)
    head = bytes([opcode | fin << 7])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += struct.pack("!BH", 0x80 | 126, size)
    else:
        head += struct.pack("!BQ", 0x80 | 127, size)
    return head + bytes(4) + data


def message(type: str, id: int | str | None = None, /, **payload: Any) -> bytes:
    """Return a message as one frame."""
    whole = {"type": type, "payload": payload} | ({} if id is None else {"id": id})
    return frame(json.dumps(whole, ensure_ascii=False).encode())


class Raw(asyncio.Protocol):
    """See the module's docstring.

    ``up`` and ``down``: bytes sent and received after the opening handshake, without the server's pings of WebSocket.
    """

    def __init__(self, *, keeps: bool) -> None:
        self.transport: asyncio.Transport
        self.keeps = keeps
        self.up = self.down = 0
        self.counts: Counter[str] = Counter()
        """Messages received, by type."""
        self.codes: Counter[str] = Counter()
        """Errors received, by code."""
        self.ended = False
        self.close_code: int | None = None
        """Of the server's closing frame. None: there was none."""
        self.answered = b""
        """The server's answer to the opening handshake."""
        self._open = False
        self._data = bytearray()
        self._heard: deque[dict[str, Any]] = deque()
        self._changed = asyncio.Event()

    # ---- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._open:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            self.answered, self._open = bytes(head), True
            self._data = rest
            self._changed.set()
            if b" 101 " not in head.split(b"\r\n")[0]:
                self._open = False
                return
            self.down += len(rest)
        else:
            self.down += len(data)
        self._parse()

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = True
        self._changed.set()

    # ---- frames

    def _parse(self) -> None:
        data, at = self._data, 0
        while len(data) - at >= 2:
            size, start = data[at + 1] & 0x7F, at + 2
            if size == 126:
                if len(data) < at + 4:
                    break
                size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                if len(data) < at + 10:
                    break
                size, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if len(data) < start + size:
                break
            self._frame(data[at] & 15, data, start, start + size)
            at = start + size
        del data[:at]

    def _frame(self, opcode: int, data: bytearray, start: int, end: int) -> None:
        if opcode == _PING:
            self.down -= end - start + 2  # It answers nothing: the connection is looked after.
            self.write(frame(bytes(data[start:end]), _PONG))
        elif opcode == _CLOSE:
            self.close_code = int.from_bytes(data[start : start + 2], "big") if end - start >= 2 else 1005
            self.write(frame(bytes(data[start:end]), _CLOSE))
            self._changed.set()
        elif opcode == _TEXT:
            found = _TYPE.search(data, start, min(end, start + 200))
            name = found[1].decode() if found else "?"
            self.counts[name] += 1
            if name == "Pong":
                self._changed.set()
            if self.keeps or name == "Error":
                whole = json.loads(data[start:end])
                if name == "Error":
                    self.codes[whole["payload"]["code"]] += 1
                if self.keeps:
                    self.got(whole)

    def got(self, whole: dict[str, Any]) -> None:
        """Keep a message for `hear`."""
        self._heard.append(whole)
        self._changed.set()

    # ---- what the test does

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        if not self.transport.is_closing():
            self.up += len(data)
            self.transport.write(data)

    def say(self, type: str, id: int | str | None = None, /, **payload: Any) -> None:
        self.write(message(type, id, **payload))

    async def upgrade(self, *more: bytes, timeout: float = PATIENCE) -> Self:
        """Make the connection a WebSocket. ``more``: further lines of the request. Raises NoUpgrade."""
        self.transport.write(UPGRADE + b"".join(line + b"\r\n" for line in more) + b"\r\n")
        async with asyncio.timeout(timeout):
            while not self.answered and not self.ended:
                self._changed.clear()
                await self._changed.wait()
        if not self._open:
            raise NoUpgrade(self.answered.split(b"\r\n")[0].decode() or "the connection was closed")
        return self

    async def hear(self, *types: str, timeout: float = PATIENCE) -> dict[str, Any]:
        """Return the payload of the next message of one of these types. Others are skipped.

        Raises ConnectionError where the connection ends, or an Error comes that is not among the types.
        """
        async with asyncio.timeout(timeout):
            while True:
                while self._heard:
                    whole = self._heard.popleft()
                    payload: dict[str, Any] = whole["payload"]
                    if whole["type"] in types:
                        return payload
                    if whole["type"] == "Error":
                        raise ConnectionError(f"{payload['code']}: {payload['message']}")
                if self.ended or self.close_code is not None:
                    raise ConnectionError(f"closed with {self.close_code}")
                self._changed.clear()
                await self._changed.wait()

    async def ponged(self, timeout: float = PATIENCE) -> None:
        """Wait until a Ping has been answered, or the connection has ended."""
        async with asyncio.timeout(timeout):
            while not self.ended and not self.counts["Pong"]:
                self._changed.clear()
                await self._changed.wait()

    async def closed(self, timeout: float = PATIENCE) -> int | None:
        """Wait until the connection has ended. Returns the close code."""
        async with asyncio.timeout(timeout):
            while not self.ended:
                self._changed.clear()
                await self._changed.wait()
        return self.close_code

    def stop_reading(self) -> None:
        """Take nothing more from the socket, whose buffer is as small as it can be from now on."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.transport.pause_reading()

    def abort(self) -> None:
        self.transport.abort()


async def dial(
    port: int,
    source: str = "127.0.0.2",
    *,
    tls: ssl.SSLContext | None = None,
    keeps: bool = True,
    timeout: float = PATIENCE,
) -> Raw:
    """Connect from this loopback address, and say nothing yet."""
    sock = socket.socket()
    try:
        sock.setblocking(False)
        sock.bind((source, 0))
        async with asyncio.timeout(timeout):
            loop = asyncio.get_running_loop()
            await loop.sock_connect(sock, ("127.0.0.1", port))
            _, raw = await loop.create_connection(
                lambda: Raw(keeps=keeps), sock=sock, ssl=tls, server_hostname="" if tls else None
            )
    except BaseException:
        sock.close()
        raise
    return raw


async def member(
    port: int,
    called: str,
    source: str = "127.0.0.2",
    *,
    room: str | None = None,
    tls: ssl.SSLContext | None = None,
    keeps: bool = True,
    timeout: float = PATIENCE,
    **fields: Any,
) -> tuple[Raw, dict[str, Any]]:
    """Connect, say Hello by this name, and join the room, or create one. Returns the answer, too."""
    raw = await dial(port, source, tls=tls, timeout=timeout)
    try:
        await raw.upgrade(timeout=timeout)
        raw.say("Hello", protocol=1, name=called, client="abuse")
        await raw.hear("Welcome", timeout=timeout)
        if room is None:
            raw.say("CreateRoom", 1, **{"file_hash": HASH, **fields})
        else:
            raw.say("JoinRoom", 1, **{"room_id": room, "file_hash": HASH, **fields})
        answer = await raw.hear("RoomCreated", "RoomJoined", timeout=timeout)
    except BaseException:
        raw.abort()
        raise
    raw.keeps = keeps
    return raw, answer
