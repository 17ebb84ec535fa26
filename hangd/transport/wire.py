"""Wire: one WebSocket connection on asyncio, the common part of the server's end and the client's end.

Layers. ``websockets`` provides the protocol without I/O (its documented ``ServerProtocol`` and ``ClientProtocol``: give
it bytes, take events, write bytes), asyncio provides the socket, and `Wire` joins them. The asyncio connections of the
library hand messages through a queue to a reading task. Here a message is handed over in the very call in which its
bytes arrived, so that its timestamp is right and an answer is written in the same turn of the event loop. The only
bytes that bypass the library are whole, unmasked text frames (`Encoded`), written while the connection is open. That is
allowed because this side never sends fragmented messages.

No compression (messages are small, and each connection would need a context), and no subprotocol.

What a hostile or dead peer can cost is limited:

- Memory, by not reading: asyncio buffers up to `_WRITE_HIGH`, then `writable` is False. Answers to the peer's pings are
  written even then, so a buffer above `_BUFFER_MAX` ends the connection.
- Time, by sending tiny frames: input is parsed in slices, and more than `_MINOR_MAX` control frames and
  fragments between two heartbeats end the connection. Messages are counted by the session.
- A connection slot, by sending nothing: the opening handshake, the answer to a ping and the closing handshake have
  deadlines.

Timestamps are ``time.monotonic()``, the clock of ``loop.time()``, which uvloop rounds to a millisecond and reads only
once in a turn.

The heartbeat is one timer: `_beat` sends a ping and runs again when the answer is overdue; an answer sets it to the
time of the next ping. A broken connection is thus noticed within 20 + 24 + 1 = 45 seconds.
"""

import asyncio
import logging
import socket
import struct
import time
from typing import Any, Final, cast

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from hangd.transport.base import Encoded, Listener

_SLICE: Final = 4096
"""Bytes parsed at once: up to 680 of the smallest frames, which take some milliseconds."""
_MINOR_MAX: Final = 2000
_WRITE_HIGH: Final = 64 * 1024
_BUFFER_MAX: Final = 512 * 1024
_SEND_BUFFER: Final = 128 * 1024
"""Size of the kernel's send buffer. By default it grows to megabytes of outdated messages for a slow peer."""
_OPEN_TIMEOUT: Final = 10.0
_CLOSE_TIMEOUT: Final = 3.0
_PING_INTERVAL: Final = 20.0
_PING_TIMEOUT: Final = 24.0
_PING_GRACE: Final = 1.0
"""Seconds between the timer and the abort. A process that was suspended finds an expired timer and an answer that waits
in the socket, and has to read first."""
_EARLY_PINGS: Final = 3
_EARLY_PING_GAP: Final = 0.3
"""The first pings follow each other quickly, so that the round trip is known when the first command comes."""


class _QuietLogger(logging.LoggerAdapter[logging.Logger]):
    def isEnabledFor(self, level: int) -> bool:
        return level >= logging.WARNING and super().isEnabledFor(level)


QUIET_LOGGER: Final = _QuietLogger(logging.getLogger(__name__), None)
"""For the library's warnings and errors. Below these levels it logs what clients send."""


class Wire(asyncio.Protocol):
    """A `Transport`. The subclass does the opening handshake: it implements `_handshake` and calls `_opened`."""

    def __init__(self, protocol: ServerProtocol | ClientProtocol) -> None:
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._listener: Listener | None = None
        self.writable = True
        self._closing = False
        self._gone = False
        self._partial: bytearray | None = None
        self._partial_is_text = True
        self._minor = 0
        self._ping: tuple[bytes, float] | None = None
        self._pings = 0
        self._overdue = False
        self._heartbeat: asyncio.TimerHandle | None = None
        self._cutoff: asyncio.TimerHandle | None = None

    # ---- Transport --------------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        name: Any = self._transport.get_extra_info("peername")
        return str(name[0]) if isinstance(name, tuple) and name else ""

    def send(self, message: Encoded) -> None:
        if self._protocol.state is State.OPEN and not self._closing:
            self._transport.write(message.frame)

    def close(self, code: int, reason: str) -> None:
        if self._closing:
            return
        self._closing = True
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
            self._flush()
        elif self._protocol.state is State.CONNECTING:
            self.abort()

    def abort(self) -> None:
        self._closing = True
        if not self._gone:
            self._transport.abort()

    # ---- asyncio's callbacks ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_WRITE_HIGH)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._expect_opening()

    def data_received(self, data: bytes) -> None:
        at = time.monotonic()
        for start in range(0, len(data), _SLICE):
            if self._transport.is_closing():
                return
            self._protocol.receive_data(data[start : start + _SLICE])
            self._flush()
            events = self._protocol.events_received()
            for event in events:
                if isinstance(event, Frame):
                    self._frame(event, at)
                else:
                    self._handshake(event, alone=len(events) == 1)
            if self._protocol.handshake_exc is not None:
                self._rejected(self._protocol.handshake_exc)
            if self._transport.get_write_buffer_size() > _BUFFER_MAX:
                self.abort()

    def eof_received(self) -> bool | None:
        self._protocol.receive_eof()
        self._flush()
        # asyncio closes the transport when its buffer is empty. That may never happen, hence the deadline.
        self._cut_off_after(_CLOSE_TIMEOUT)
        return None

    def pause_writing(self) -> None:
        self.writable = False

    def resume_writing(self) -> None:
        self.writable = True
        if not self._closing and self._listener is not None:
            self._listener.writable_again()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = self._gone = True
        self._protocol.receive_eof()
        for timer in (self._heartbeat, self._cutoff):
            if timer is not None:
                timer.cancel()
        try:
            self._ended()
        finally:
            if self._listener is not None:
                self._listener.lost(time.monotonic())

    # ---- for subclasses ---------------------------------------------------------------------------------------------

    def _handshake(self, event: Request | Response, *, alone: bool) -> None:
        """The other side's half of the opening handshake arrived, followed by frames unless ``alone``."""
        raise NotImplementedError

    def _rejected(self, error: Exception) -> None:
        """The opening handshake failed."""

    def _ended(self) -> None:
        """The connection is over. The listener is told next."""

    def _opened(self) -> None:
        """Call this when the opening handshake is complete."""
        self._keep()
        self._beat()

    def _expect_opening(self) -> None:
        """Cut the connection off if the opening handshake is not complete in time."""
        self._cut_off_after(_OPEN_TIMEOUT)

    def _keep(self) -> None:
        """Cut the connection off at no time that was set."""
        if self._cutoff is not None:
            self._cutoff.cancel()
            self._cutoff = None

    def _flush(self) -> None:
        """Write what the protocol has to send. Call this after each call of the protocol."""
        for data in self._protocol.data_to_send():
            if self._transport.is_closing():
                return
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                self._transport.close()
        if self._protocol.close_expected():
            self._cut_off_after(_CLOSE_TIMEOUT)

    # ---- frames -----------------------------------------------------------------------------------------------------

    def _frame(self, frame: Frame, at: float) -> None:
        if self._closing or frame.opcode not in (Opcode.TEXT, Opcode.BINARY) or not frame.fin:
            self._minor += 1
            if self._minor > _MINOR_MAX:
                self.abort()
                return
        if self._closing:
            return
        if frame.opcode is Opcode.PONG:
            self._pong(bytes(frame.data), at)
        elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._data(frame, at)

    def _data(self, frame: Frame, at: float) -> None:
        if self._partial is None:
            is_text, data = frame.opcode is Opcode.TEXT, bytes(frame.data)
            if not frame.fin:
                self._partial, self._partial_is_text = bytearray(data), is_text
                return
        else:
            self._partial += frame.data
            if not frame.fin:
                return
            is_text, data = self._partial_is_text, bytes(self._partial)
            self._partial = None
        try:
            message = data.decode() if is_text else data
        except UnicodeDecodeError:
            self.close(1007, "text that is not UTF-8")
            return
        if self._listener is not None:
            self._listener.received(message, at)

    # ---- deadlines --------------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        if self._ping is not None and self._overdue:
            self.abort()
        elif self._ping is not None:
            self._overdue = True
            self._beat_after(_PING_GRACE)
        elif self._protocol.state is State.OPEN and not self._closing:
            self._minor = 0
            self._pings += 1
            self._ping = (struct.pack("!I", self._pings & 0xFFFFFFFF), time.monotonic())
            self._protocol.send_ping(self._ping[0])
            self._flush()
            self._beat_after(_PING_TIMEOUT)

    def _pong(self, data: bytes, at: float) -> None:
        if self._ping is None or data != self._ping[0]:
            return
        rtt = at - self._ping[1]
        self._ping, self._overdue = None, False
        self._beat_after(_EARLY_PING_GAP if self._pings < _EARLY_PINGS else _PING_INTERVAL)
        if self._listener is not None:
            self._listener.latency_measured(max(rtt, 0.0), at)

    def _beat_after(self, seconds: float) -> None:
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        self._heartbeat = self._loop.call_later(seconds, self._beat)

    def _cut_off_after(self, seconds: float) -> None:
        """Abort after this time, unless that will happen sooner anyway."""
        if self._cutoff is not None:
            if self._cutoff.when() <= self._loop.time() + seconds:
                return
            self._cutoff.cancel()
        self._cutoff = self._loop.call_later(seconds, self.abort)
