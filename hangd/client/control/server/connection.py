"""One control client: its requests, in their order, and their answers.

From ``data_received`` to the viewer's method is one call stack. Only hang's own verbs wait; while one does, later
requests of the same connection stay in the buffer (unless it was asked with "async":true), and events flow on. What was
asked with "async":true is answered among the events, as in mpv: after the answers of the batch that it came in.

A client that does not read is not read either: no more requests, no more replies. Its events are the outbox's matter.
"""

import asyncio
import logging
import select
from collections import deque
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Final, Protocol, cast

from hangd.client.control.commands import Context, Waiting, prepare
from hangd.client.control.language import lines as dialect
from hangd.client.control.language.lines import Malformed, Request, TextLine
from hangd.client.control.port import CommandRefused
from hangd.client.control.server.outbox import Outbox
from hangd.client.control.server.protocol_commands import VERBS
from hangd.client.control.tables.property import PropertyTable
from hangd.tasks import Tasks

__all__ = ["Connection", "Host"]

_log = logging.getLogger(__name__)

LINE_LIMIT: Final = 1 << 20
_REQUESTS_PER_TURN: Final = 64
"""Then the event loop turns to others: one client's flood is not everybody's pause."""
_REQUESTS_PER_ROUND: Final = 256
_LEAST_PER_TURN: Final = 4
"""Where there are many clients all of them share a round, which costs some 30 us a request: who asks one thing beside
two hundred that pipeline waits for a round."""
_MOST_PENDING: Final = 64
"""Commands of one client that wait at the same time."""

Step = Callable[[Context], Any]
"""One command of a text line, ready to be carried out."""


class Host(Protocol):
    """What a connection needs of the server that accepted it."""

    context: Context
    tasks: Tasks
    patience: float
    """Seconds for which a client may stay choked."""

    @property
    def connections(self) -> Collection["Connection"]:
        """Those that are admitted and not closed."""

    def admits(self, transport: asyncio.BaseTransport) -> bool: ...

    def look_at_the_door(self) -> None:
        """See who has connected before what comes now was asked: they hear of what it does."""

    def opened(self, connection: "Connection") -> None: ...

    def closed(self, connection: "Connection") -> None: ...

    def flush_soon(self) -> None:
        """Flush every outbox when the current batch of work is over."""

    def observed(self) -> None:
        """Some connection observes something more."""


class Connection(asyncio.Protocol):
    """See the module's docstring."""

    outbox: Outbox
    """Its events and observers: there once the client is admitted."""
    _transport: asyncio.Transport

    def __init__(self, host: Host, number: int) -> None:
        self._host = host
        self.name = f"ipc_{number}"
        self._buffer = bytearray()
        self._scanned = 0
        self._reading = True
        self._replies: list[bytes] | None = None
        """Those of the turn, while it lasts."""
        self._ended = False
        self._closing = False
        self._turn_due = False
        self._waiting: asyncio.Task[Any] | None = None
        self._pending: set[asyncio.Task[Any]] = set()
        self._forsaken: set[asyncio.Task[Any]] = set()
        self._departure: select.epoll | None = None

    # ---- asyncio's calls ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # No isinstance: uvloop's transports are none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)
        if not self._host.admits(transport):
            self._closing = True
            self._transport.abort()
            return
        self.outbox = Outbox(self._transport, self._host.context.properties, self._host.patience)
        self._host.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._closing = True
        self._buffer.clear()
        self._stop_watching()
        for task in self._forsaken:
            task.cancel()
        if self in self._host.connections:
            self.outbox.close()
            self._host.closed(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._host.look_at_the_door()
        self._work()

    def eof_received(self) -> bool:
        self._ended = True
        self._work()
        if not self._closing:
            self._watch_departure()
        return True

    def pause_writing(self) -> None:
        self.outbox.writable = False

    def resume_writing(self) -> None:
        self.outbox.writable = True
        self.outbox.flush()
        self._work()

    # ---- requests -------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Answer what can be answered now, then see to reading on, or to the end."""
        share = _REQUESTS_PER_ROUND // max(len(self._host.connections), 1)
        turns = min(max(share, _LEAST_PER_TURN), _REQUESTS_PER_TURN)
        line: bytes | None = b""
        self._replies = []
        try:
            while not self._closing and turns and line is not None and self._waiting is None and self.outbox.writable:
                line = self._next_line()
                if line is not None:
                    self._answer(line)
                    turns -= 1
        finally:
            self._send_replies()
        if self._closing:
            return
        if turns == 0 and not self._turn_due:
            self._turn_due = True
            asyncio.get_running_loop().call_soon(self._next_turn)
        wanted = self.outbox.writable and len(self._buffer) <= LINE_LIMIT
        if wanted != self._reading and not self._ended:
            self._reading = wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()
        if self._ended and line is None and not self._pending:
            self.close()

    def _next_turn(self) -> None:
        self._turn_due = False
        self._work()

    def _next_line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._scanned)
        if end > LINE_LIMIT or (end < 0 and len(self._buffer) > LINE_LIMIT):
            self._reply(dialect.failure(0, CommandRefused("invalid parameter")))
            self.close()
            return None
        if end < 0:
            self._scanned = len(self._buffer)
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._scanned = 0
        return line

    def _answer(self, line: bytes) -> None:
        try:
            request = dialect.decode(line)
        except Malformed as malformed:
            self._reply(dialect.failure(malformed.request_id, CommandRefused("invalid parameter")))
            return
        match request:
            case Request():
                self._answer_request(request)
            case TextLine(requests=requests):
                self._answer_nothing(requests)
            case None:
                pass

    def _answer_request(self, request: Request) -> None:
        try:
            verb = VERBS.get(request.name)
            if verb is not None and isinstance(request.arguments, list) and not request.prefixes:
                self._reply(verb(self, request))
                return
            step = prepare(request.name, request.arguments, expanding=request.expanding)
        except CommandRefused as refused:
            self._reply(dialect.failure(request.request_id, refused))
        except Exception:
            _log.exception("a verb failed")
            self._reply(dialect.failure(request.request_id, CommandRefused("error running command")))
        else:
            self._carry_out(request, step)

    def _carry_out(self, request: Request, step: Step) -> None:
        place = self.outbox.mark_place()
        outcome = self._try(step)
        if isinstance(outcome, Waiting):
            self._wait_for(request, outcome)
        elif request.asynchronous:
            self._answer_event(request, outcome, place)
        else:
            self._reply(self._answered(request, None if request.unattended else outcome))

    def _try(self, step: Step) -> Any:
        """Carry out a step. Returns its result, a Waiting, or the refusal."""
        try:
            return step(self._host.context)
        except CommandRefused as refused:
            return refused
        except Exception:
            # A mistake of ours must not cost the client its connection, nor anybody else anything.
            _log.exception("a command failed")
            return CommandRefused("error running command")

    def _answer_nothing(self, requests: Collection[Request]) -> None:
        """Carry out a text line: all of it or nothing, one command after the other, whatever becomes of each."""
        try:
            steps = [prepare(each.name, each.arguments, expanding=each.expanding) for each in requests]
        except CommandRefused as refused:
            _log.debug("a text line was no command: %s", refused.error)
            return
        self._go_on(deque(zip(steps, (each.unattended for each in requests), strict=True)))

    def _go_on(self, steps: deque[tuple[Step, bool]]) -> None:
        while steps:
            step, unattended = steps.popleft()
            outcome = self._try(step)
            if isinstance(outcome, CommandRefused):
                _log.debug("a text command failed: %s", outcome.error)
            elif isinstance(outcome, Waiting):
                try:
                    task = self._start(outcome, self._then(outcome, deque() if unattended else steps), pending=True)
                except CommandRefused as refused:
                    _log.debug("a text command failed: %s", refused.error)
                    continue
                if not unattended:
                    self._waiting = task
                    return

    async def _then(self, outcome: Waiting, steps: deque[tuple[Step, bool]]) -> None:
        await self._outcome(outcome)
        if self._waiting is asyncio.current_task():
            self._waiting = None
        self._go_on(steps)

    def _wait_for(self, request: Request, outcome: Waiting) -> None:
        if request.unattended and not request.asynchronous:
            waiter: Coroutine[Any, Any, Any] = self._outcome(outcome)
        else:
            waiter = self._answer_later(request, outcome)
        apart = request.asynchronous or request.unattended
        try:
            task = self._start(outcome, waiter, pending=apart)
        except CommandRefused as refused:
            self._reply(self._answered(request, refused))
            return
        if not apart:
            self._waiting = task
        elif not request.asynchronous:
            self._reply(self._answered(request, None))

    def _start(self, outcome: Waiting, answer: Coroutine[Any, Any, Any], *, pending: bool) -> asyncio.Task[Any]:
        if len(self._pending) >= _MOST_PENDING:
            answer.close()
            outcome.coroutine.close()
            raise CommandRefused("error running command", "RateLimited", "too many commands are waiting already")
        task = self._host.tasks.start(answer, name=f"control-{self.name}")
        if pending:
            self._pending.add(task)
        if outcome.abandoned_with_client:
            self._forsaken.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._pending.discard(task)
        self._forsaken.discard(task)
        if task is self._waiting:
            self._waiting = None
        self._work()

    async def _answer_later(self, request: Request, outcome: Waiting) -> None:
        answer = await self._outcome(outcome)
        if request.asynchronous:
            self._answer_event(request, answer)
        else:
            self._reply(self._answered(request, answer))

    def _answer_event(self, request: Request, outcome: Any, place: int | None = None) -> None:
        self.outbox.answer(self._answered(request, outcome), place)
        self._host.flush_soon()

    async def _outcome(self, outcome: Waiting) -> Any:
        try:
            return await outcome.coroutine
        except CommandRefused as refused:
            return refused
        except Exception:
            _log.exception("a command failed")
            return CommandRefused("error running command")

    def _reply(self, line: bytes) -> None:
        # A client that is gone may have asked for much: asyncio would warn of each answer.
        if self._closing or self._transport.is_closing():
            return
        if self._replies is None:
            self._transport.write(line)
        else:
            self._replies.append(line)

    def _send_replies(self) -> None:
        """Write the turn's replies together: each write is a system call."""
        lines, self._replies = self._replies, None
        if lines and not self._transport.is_closing():
            self._transport.write(b"".join(lines))

    @staticmethod
    def _answered(request: Request, outcome: Any) -> bytes:
        if not isinstance(outcome, CommandRefused):
            return (dialect.completion if request.asynchronous else dialect.result)(request.request_id, outcome)
        # What makes no sense is no failure of something begun, also when asked with "async".
        begun = request.asynchronous and outcome.error != "invalid parameter"
        return (dialect.failed_completion if begun else dialect.failure)(request.request_id, outcome)

    # ---- what its verbs need ----------------------------------------------------------------------------------------

    @property
    def properties(self) -> PropertyTable:
        return self._host.context.properties

    def observed(self) -> None:
        self._host.observed()

    def wake(self) -> None:
        self._host.flush_soon()

    # ---- the end --------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Send what is on its way, then close."""
        if not self._closing:
            self._send_replies()
            self._closing = True
            self._stop_watching()
            self.outbox.close()
            self._transport.close()

    def abort(self) -> None:
        self._closing = True
        self._transport.abort()

    def _watch_departure(self) -> None:
        """After the end of its requests, notice when the client itself goes: asyncio, no longer reading, does not.

        An epoll of our own, because registered for nothing it reports hang-ups and nothing else. Where there is no
        epoll, a command goes on that nobody waits for any more.
        """
        if not hasattr(select, "epoll"):
            return
        self._departure = select.epoll()
        self._departure.register(self._transport.get_extra_info("socket").fileno(), 0)
        asyncio.get_running_loop().add_reader(self._departure.fileno(), self._departed)

    def _departed(self) -> None:
        self._stop_watching()
        self.abort()

    def _stop_watching(self) -> None:
        if self._departure is not None:
            asyncio.get_running_loop().remove_reader(self._departure.fileno())
            self._departure.close()
            self._departure = None
