"""Wire: one connection to Redis. Commands leave at once, and answers are handed out in their order.

hiredis takes the bytes apart. A client library above it would cost ten times as much for each command (24 to 32
microseconds of processor instead of 3), and would tell the time at which a message arrived only after a task was woken.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, cast

import hiredis

_log = logging.getLogger(__name__)

Word = str | bytes | int
Answer = Any
"""What Redis answers: bytes, int, None, a list of these, or a `hiredis.ReplyError`, which is not raised."""

SILENCE_SECONDS: Final = 2.0
"""A connection on which nothing has arrived for so long, though an answer was due, is dead."""
_IDLE_SECONDS: Final = 1.0
"""A connection on which nothing has arrived for so long is asked whether it lives."""
_LOOK_SECONDS: Final = 0.5

_NOTHING: Final = object()
_CLOSED: Final = "it has closed the connection"


_NOT_NOW: Final = (
    "NOSCRIPT",
    "READONLY",
    "LOADING",
    "MASTERDOWN",
    "NOREPLICAS",
    "OOM",
    "MISCONF",
    "BUSY",
    "CLUSTERDOWN",
)
"""How answers begin that say nothing of the command. Another connection, or the same server later, may carry it out."""


class Request:
    """One command, and who wants its answer.

    Args:
        answered: called once, with the answer or with the ClusterFailed that says why there is none.
        again: whether to send it once more if the connection breaks before it is answered.
        waits: whether it waits for the next connection if there is none.
    """

    __slots__ = ("again", "answered", "packed", "waits")

    def __init__(
        self, packed: bytes, answered: Callable[[Answer], None], *, again: bool = False, waits: bool = True
    ) -> None:
        self.packed = packed
        self.answered = answered
        self.again = again
        self.waits = waits


def pack(*words: Word) -> bytes:
    """Return the bytes of a command."""
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]  # It takes tuples of any length.
    return packed


class Wire(asyncio.Protocol):
    """One connection.

    Args:
        published: called with the channel, the message and the time (`time.monotonic`) at which its bytes arrived.
    """

    def __init__(
        self,
        published: Callable[[bytes, bytes, float], None] | None = None,
    ) -> None:
        self._published = published
        self.broken: Callable[[], None] | None = None
        """Called once when the connection has ended, for whatever reason. `unanswered` has what was under way."""
        self.unanswered: deque[Request] = deque()
        self.why = ""
        """Why the connection has ended, for the log. "": the other end has closed it."""
        self.was_refused = False
        """Whether it has ended because Redis could not carry out a command at that time."""
        self._asked: set[asyncio.Future[Answer]] = set()
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._unwritten: list[bytes] = []
        self._heard_at = self._loop.time()
        """When something last arrived, or began to be waited for."""
        self._look: asyncio.TimerHandle | None = None
        self._looked_at = 0.0

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's are none by their type.
        self._transport = transport
        self._looked_at = self._loop.time()
        self._look = self._loop.call_later(_LOOK_SECONDS, self._look_whether_alive)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._look is not None:
            self._look.cancel()
        if error is not None and not self.why:
            self.why = str(error) or type(error).__name__
        for asked in self._asked:
            if not asked.done():
                asked.set_exception(ConnectionError(self.why or _CLOSED))
        if self.broken is not None:
            self.broken()

    def data_received(self, data: bytes) -> None:
        at = time.monotonic()
        self._heard_at = self._loop.time()
        reader = self._reader
        try:
            reader.feed(data)
            while (answer := reader.gets()) is not _NOTHING:
                self._take(answer, at)
                if self._transport is None:  # It was closed meanwhile. What is left counts as unanswered.
                    return
        except hiredis.HiredisError as error:
            self.close(f"this is not what Redis says: {error}")

    def _take(self, answer: Answer, at: float) -> None:
        if self._published is not None and type(answer) is list and answer[0] == b"message":
            called: Callable[..., None] = self._published
            with_what: tuple[Any, ...] = (answer[1], answer[2], at)
        elif isinstance(answer, hiredis.ReplyError) and str(answer).startswith(_NOT_NOW):
            self.was_refused = True
            self.close(f"it says {answer}")
            return
        elif not self.unanswered:
            self.close("it answers what was not asked")
            return
        else:
            called, with_what = self.unanswered.popleft().answered, (answer,)
        try:
            called(*with_what)
        except Exception:
            _log.exception("what Redis says could not be handled")

    def send(self, request: Request) -> None:
        """Send this. The connection may be broken already: the request is unanswered then, as any."""
        if not self.unanswered:
            self._heard_at = self._loop.time()
        self.unanswered.append(request)
        # All that is said in one turn of the event loop leaves together.
        if not self._unwritten:
            self._loop.call_soon(self._write)
        self._unwritten.append(request.packed)

    async def ask(self, *words: Word) -> Answer:
        """Return the answer to a command. For what is asked while the connection is being made.

        Raises:
            ConnectionError: it broke.
            hiredis.ReplyError: Redis refused the command.
        """
        if self._transport is None:
            raise ConnectionError(self.why or _CLOSED)
        asked: asyncio.Future[Answer] = self._loop.create_future()
        self._asked.add(asked)
        try:
            self.send(Request(pack(*words), lambda answer: None if asked.done() else asked.set_result(answer)))
            answer = await asked
        finally:
            self._asked.discard(asked)
        if isinstance(answer, hiredis.ReplyError):
            raise answer
        return answer

    def close(self, why: str = "") -> None:
        """End the connection. ``broken`` is called later."""
        if self._transport is not None:
            self.why = self.why or why
            self._transport.abort()
            self._transport = None

    def _write(self) -> None:
        unwritten, self._unwritten = self._unwritten, []
        if self._transport is not None:
            self._transport.write(unwritten[0] if len(unwritten) == 1 else b"".join(unwritten))

    def _look_whether_alive(self) -> None:
        now = self._loop.time()
        if now - self._looked_at > 2 * _LOOK_SECONDS:
            # This process was stopped. asyncio's own loop looks at its timers before it reads what arrived meanwhile.
            self._heard_at = now
        self._looked_at = now
        if self.unanswered and now - self._heard_at > SILENCE_SECONDS:
            self.close(f"it has not answered for {SILENCE_SECONDS:g} s")
            return
        if not self.unanswered and now - self._heard_at > _IDLE_SECONDS:
            self.send(Request(pack("PING"), _ignored))
        self._look = self._loop.call_later(_LOOK_SECONDS, self._look_whether_alive)


def _ignored(_answer: Answer) -> None:
    pass
