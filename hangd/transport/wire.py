"""Wire: one WebSocket connection on asyncio, the common part of the server's end and the client's end.

Layers. ``websockets`` provides the protocol without I/O (its documented ``ServerProtocol`` and ``ClientProtocol``: give
it bytes, take events, write bytes), asyncio provides the socket, and `Wire` joins them. The asyncio connections of the
library hand messages through a queue to a reading task. Here a message is handed over in the very call in which its
bytes arrived, so that its timestamp is right and an answer is written in the same turn of the event loop. The only
bytes that bypass the library are whole text frames: those that this side sends (`Encoded`), while the connection is
open, which is allowed because this side never sends fragmented messages; and at the server those that arrive, if they
are of the plain kind that nearly all are (`hangd.transport.frames`). All others are the library's to judge.

No compression (messages are small, and each connection would need a context), and no subprotocol.

What a hostile or dead peer can cost is limited:

- Memory, by not reading: asyncio buffers up to `_WRITE_HIGH`, then `writable` is False. Answers to the peer's pings are
  written even then, so more than `_PROVOKED_MAX` of these end the connection.
- Time, by sending tiny frames: input is parsed frame by frame, or in slices, and more than `_MINOR_MAX` control frames
  and fragments between two heartbeats end the connection. Messages are counted by the session, and whoever takes them
  can make the peer wait (`pause_reading`).
- A connection slot, by sending nothing: the opening handshake, the answer to a ping and the closing handshake have
  deadlines.

Timestamps are ``time.monotonic()``, the clock of ``loop.time()``, which uvloop rounds to a millisecond and reads only
once in a turn.

The heartbeat is one timer: `_beat` sends a ping and runs again when the answer is overdue; an answer sets it to the
time of the next ping. A broken connection is thus noticed within 20 + 24 + 1 = 45 seconds. Behind a large message a
ping reaches a slow peer late: as long as that takes what was written before, its answer is waited for.
"""

import asyncio
import logging
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, Final, cast

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from hangd.transport.base import Encoded, Listener
from hangd.transport.frames import FrameCutter

_SLICE: Final = 4096
"""Bytes parsed at once: up to 680 of the smallest frames, which take some milliseconds."""
_MINOR_MAX: Final = 2000
_WRITE_HIGH: Final = 64 * 1024
_PROVOKED_MAX: Final = 64 * 1024
"""Bytes of answers to control frames that may wait for a peer that does not read. What it is sent beside them waits in
an outbox, or was sent while it did read, so it does not count."""
_SEND_BUFFER: Final = 128 * 1024
"""Size of the kernel's send buffer. By default it grows to megabytes of outdated messages for a slow peer."""
_OPEN_TIMEOUT: Final = 10.0
_CLOSE_TIMEOUT: Final = 3.0
_PING_INTERVAL: Final = 20.0
_PING_TIMEOUT: Final = 24.0
_PING_GRACE: Final = 1.0
"""Seconds between the timer and the abort. A process that was suspended finds an expired timer and an answer that waits
in the socket, and has to read first."""
_PING_PATIENCE: Final = 5.0
"""Seconds in which a peer that a ping has not reached yet has to take something, to be given as many more."""
_MUCH: Final = 64 * 1024
"""Bytes that have to be under way before a ping so that it may reach the peer late."""
_EARLY_PINGS: Final = 3
_EARLY_PING_GAP: Final = 0.3
"""The first pings follow each other quickly, so that the round trip is known when the first command comes."""


class _QuietLogger(logging.LoggerAdapter[logging.Logger]):
    def isEnabledFor(self, level: int) -> bool:
        return level >= logging.WARNING and super().isEnabledFor(level)


QUIET_LOGGER: Final = _QuietLogger(logging.getLogger(__name__), None)
"""For the library's warnings and errors. Below these levels it logs what clients send."""


_OPEN: Final = State.OPEN
"""Python 3.11 looks a member of an enumeration up by calling a function, and this one is asked for with each frame."""


class Wire(asyncio.Protocol):
    """A `Transport`. The subclass does the opening handshake: it implements `_handshake` and calls `_opened`."""

    # A server has many. Beyond 30 attributes Python would give each a dictionary of its own, of 1.5 KiB.
    __slots__ = (
        "_closing",
        "_cutoff",
        "_cutter",
        "_gone",
        "_heartbeat",
        "_held",
        "_listener",
        "_loop",
        "_minor",
        "_overdue",
        "_partial",
        "_partial_is_text",
        "_ping",
        "_ping_end",
        "_pings",
        "_protocol",
        "_provoked",
        "_taken_before",
        "_transport",
        "_writer_ended",
        "writable",
    )

    def __init__(self, protocol: ServerProtocol | ClientProtocol) -> None:
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._listener: Listener | None = None
        self.writable = True
        self._writer_ended: Callable[[], None] | None = None
        self._closing = False
        self._gone = False
        self._provoked = 0
        self._cutter: FrameCutter | None = None
        """What takes the frames of the peer apart. None: the library does."""
        self._held = False
        """Whether the peer has to wait: `pause_reading`."""
        self._partial: bytearray | None = None
        self._partial_is_text = True
        self._minor = 0
        self._ping: tuple[bytes, float] | None = None
        self._pings = 0
        self._overdue = False
        self._ping_end: int | None = None
        """How many bytes the peer will have taken when it has the ping. None: little is under way before that."""
        self._taken_before = 0
        """How many it had taken when that was last looked at."""
        self._heartbeat: asyncio.TimerHandle | None = None
        self._cutoff: asyncio.TimerHandle | None = None

    # ---- Transport --------------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        name: Any = self._transport.get_extra_info("peername")
        return str(name[0]) if isinstance(name, tuple) and name else ""

    @property
    def buffered(self) -> int:
        return 0 if self._gone else self._transport.get_write_buffer_size()

    def send(self, message: Encoded) -> None:
        if self._protocol.state is _OPEN and not self._closing:
            self._transport.write(message.frame)

    def writer(self, ended: Callable[[], None]) -> Callable[[bytes], object] | None:
        if not self.writable or self._closing or self._protocol.state is not _OPEN:
            return None
        self._writer_ended = ended
        return self._transport.write

    def pause_reading(self) -> None:
        if not self._closing and not self._held:
            self._held = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if not self._held:
            return
        self._held = False
        if not self._gone:
            self._transport.resume_reading()
            if self._cutter is not None:
                self._take_frames(self._cutter, time.monotonic())

    def close(self, code: int, reason: str) -> None:
        if self._closing:
            return
        self._closing = True
        if self._held:  # The answer to the closing frame has to be read.
            self._held = False
            self._transport.resume_reading()
        self._end_writer()
        if self._protocol.state is _OPEN:
            self._protocol.send_close(code, reason)
            self._flush()
        elif self._protocol.state is State.CONNECTING:
            self.abort()

    def abort(self) -> None:
        self._closing = True
        self._end_writer()
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
        if self._cutter is not None:
            self._cutter.feed(data)
            self._take_frames(self._cutter, at)
            return
        for start in range(0, len(data), _SLICE):
            if self._transport.is_closing():
                return
            self._parse(data[start : start + _SLICE], at)

    def eof_received(self) -> bool | None:
        self._protocol.receive_eof()
        self._end_writer()
        self._flush()
        # asyncio closes the transport when its buffer is empty. That may never happen, hence the deadline.
        self._cut_off_after(_CLOSE_TIMEOUT)
        return None

    def pause_writing(self) -> None:
        self.writable = False
        self._end_writer()

    def resume_writing(self) -> None:
        self.writable = True
        self._provoked = 0
        if not self._closing and self._listener is not None:
            self._listener.writable_again()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = self._gone = True
        self._end_writer()
        self._protocol.receive_eof()
        for timer in (self._heartbeat, self._cutoff):
            if timer is not None:
                timer.cancel()
        try:
            self._ended()
        finally:
            listener, self._listener = self._listener, None
            if listener is not None:
                listener.lost(time.monotonic())

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

    def _progress(self) -> tuple[int, int]:
        """Return how many bytes the peer has taken so far, and how many were written; (0, 0) where it is not known."""
        return 0, 0

    def _expect_opening(self) -> None:
        """Cut the connection off if the opening handshake is not complete in time."""
        self._cut_off_after(_OPEN_TIMEOUT)

    def _keep(self) -> None:
        """Cut the connection off at no time that was set."""
        if self._cutoff is not None:
            self._cutoff.cancel()
            self._cutoff = None

    def _end_writer(self) -> None:
        """Tell whoever took the `writer` that it must not be used any more."""
        ended, self._writer_ended = self._writer_ended, None
        if ended is not None:
            ended()

    def _flush(self) -> None:
        """Write what the protocol has to send. Call this after each call of the protocol."""
        for data in self._protocol.data_to_send():
            if self._transport.is_closing():
                return
            if data:
                self._transport.write(data)
                self._provoked += 0 if self.writable else len(data)
            elif self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                self._transport.close()
        if self._provoked > _PROVOKED_MAX:
            self.abort()
        if self._protocol.close_expected():
            self._cut_off_after(_CLOSE_TIMEOUT)

    # ---- frames -----------------------------------------------------------------------------------------------------

    def _take_frames(self, cutter: FrameCutter, at: float) -> None:
        """Handle the frames that have arrived, until there is none left or the peer has to wait."""
        while not self._held and (piece := cutter.cut()) is not None:
            if self._transport.is_closing():
                return
            text = None
            if self._partial is None and not self._closing and self._protocol.state is _OPEN:
                text = cutter.plain_text(piece)
            if text is None:
                self._parse(piece, at)
            else:
                self._message(text, at, is_text=True)

    def _parse(self, data: bytes, at: float) -> None:
        """Give bytes to the library, and handle what is in them."""
        self._protocol.receive_data(data)
        if self._protocol.state is not _OPEN:
            self._end_writer()  # Nothing may follow the answer to a closing frame.
        self._flush()
        events = self._protocol.events_received()
        for event in events:
            if isinstance(event, Frame):
                self._frame(event, at)
            else:
                self._handshake(event, alone=len(events) == 1)
        if self._protocol.handshake_exc is not None:
            self._rejected(self._protocol.handshake_exc)

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
        self._message(data, at, is_text=is_text)

    def _message(self, data: bytes, at: float, *, is_text: bool) -> None:
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
            if self._is_slow():
                self._beat_after(_PING_PATIENCE)
            else:
                self.abort()
        elif self._ping is not None and self._held:
            self._beat_after(_PING_GRACE)  # It is this side that does not read the answer.
        elif self._ping is not None:
            self._overdue = True
            self._beat_after(_PING_GRACE)
        elif self._protocol.state is _OPEN and not self._closing:
            self._minor = 0
            self._pings += 1
            self._ping = (struct.pack("!I", self._pings & 0xFFFFFFFF), time.monotonic())
            self._protocol.send_ping(self._ping[0])
            self._flush()
            self._taken_before, written = self._progress()
            self._ping_end = written if written - self._taken_before > _MUCH else None
            self._beat_after(_PING_TIMEOUT)

    def _is_slow(self) -> bool:
        """Tell whether the peer has not had the ping for long, because it is still taking what was written before."""
        if self._ping_end is None:
            return False
        before, self._taken_before = self._taken_before, self._progress()[0]
        return before < self._ping_end and before < self._taken_before

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
