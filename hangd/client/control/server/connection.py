"""One control client: its lines are carried out in their order and answered.

From the bytes to the viewer's method is one call stack, so a key press costs no turn of the event loop:
`Connection.data_received` collects bytes, `_work` takes complete lines, `_take` decodes a line into commands,
`_carry_out` runs a command, and `_answer` writes its outcome. The answers of a turn are sent together.

Only hang's own commands have to wait. While one does, later lines of the same connection stay in the buffer (unless it
was sent with "async":true or the prefix ``async``), and events are sent as ever. Answers to "async":true go through the
outbox, because as in mpv they come after the answers of their batch and before the events that they caused.

A client that does not read its answers is not read either; the `Outbox` bounds its events. An exception that is not a
CommandRefused is a mistake of ours: it is logged and answered "error running command", and the connection goes on.
"""

import asyncio
import logging
import select
from collections import deque
from collections.abc import Callable, Collection
from typing import Any, Final, Protocol, cast

from hangd.client.control.commands import prepare
from hangd.client.control.language import lines
from hangd.client.control.language.lines import Malformed, Request
from hangd.client.control.port import CommandRefused
from hangd.client.control.server.accepting import Acceptor
from hangd.client.control.server.outbox import Outbox
from hangd.client.control.server.protocol_commands import PROTOCOL_COMMANDS, carry_out
from hangd.client.control.tables.command import Context, Waiting
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

LINE_MAX: Final = 1 << 20
"""Bytes of a line."""
_COMMANDS_PER_TURN: Final = 64
"""At most this many commands of one client run in one turn of the event loop; then others are served."""
_COMMANDS_PER_ROUND: Final = 256
"""Divided by the number of clients, this is how many commands each may run in a turn."""
_COMMANDS_PER_TURN_MIN: Final = 4
"""No client gets less than this in a turn. A command takes some 20 us: beside 200 clients that send without waiting,
another client waits 16 ms."""
_WAITING_MAX: Final = 64
"""Commands of one client that wait at the same time. Each is a task, and ``hang-wait`` may wait for hours."""

_Run = Callable[[Context], Any]
"""Carries out a command that was parsed: the result of `prepare`."""


class Server(Protocol):
    """What a connection needs of the `ControlServer` that accepted it."""

    context: Context
    tasks: Tasks
    acceptor: Acceptor
    patience: float

    @property
    def connections(self) -> Collection["Connection"]: ...
    def closed(self, connection: "Connection") -> None: ...
    def flush_soon(self) -> None: ...


class Connection(asyncio.Protocol):
    """The protocol of one client's transport. Its outbox takes events from the construction on.

    ``text_lines``: whether mpv's text syntax is allowed; if not, a line of it ends the connection.
    """

    def __init__(self, server: Server, number: int, *, text_lines: bool = True) -> None:
        self.name = f"ipc_{number}"
        self.transport: asyncio.Transport | None = None
        self.outbox = Outbox(server.context.properties, server.patience, server.flush_soon)
        self._server = server
        self._text_lines = text_lines
        self._buffer = bytearray()
        self._searched = 0
        """How many bytes of the buffer have no line's end."""
        self._commands: deque[tuple[Request, _Run]] = deque()
        """The rest of the line, ready to be carried out."""
        self._replies: list[bytes] = []
        self._tasks: dict[asyncio.Task[None], Waiting] = {}
        """Commands that wait."""
        self._blocking: asyncio.Task[None] | None = None
        """The one of them for which later commands have to wait."""
        self._ended = False  # the client sends no more lines
        self._closing = False
        self._turn: asyncio.Handle | None = None
        self._hang_up: select.epoll | None = None

    # ---- asyncio's calls ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # No isinstance: uvloop's transports are not asyncio's classes.
        self.transport = cast(asyncio.Transport, transport)
        self.outbox.connect(self.transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._closing = True
        self._buffer.clear()
        if self._hang_up is not None:
            asyncio.get_running_loop().remove_reader(self._hang_up.fileno())
            self._hang_up.close()
        for task, waiting in self._tasks.items():
            if waiting.abandoned_with_client:
                task.cancel()
        self.outbox.close()
        self._server.closed(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self.outbox.heard()
        self._server.acceptor.accept_waiting()
        self._work()

    def eof_received(self) -> bool:
        self._ended = True
        self.outbox.answer_only()
        self._work()
        if self.transport is not None and not self._closing and hasattr(select, "epoll"):
            # asyncio reads no more, so it does not notice when the client is gone. An epoll of our own does: it reports
            # a hang-up even of a descriptor that is registered for nothing. Where there is no epoll, commands go on
            # although no client waits for them.
            self._hang_up = select.epoll()
            self._hang_up.register(self.transport.get_extra_info("socket").fileno(), 0)
            asyncio.get_running_loop().add_reader(self._hang_up.fileno(), self.abort)
        return True

    def pause_writing(self) -> None:
        self.outbox.writable = False

    def resume_writing(self) -> None:
        self.outbox.writable = True
        self.outbox.flush()
        self._work()

    # ---- lines to commands ----------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Carry out what can be carried out now; then read on, take another turn later, or close."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        share = _COMMANDS_PER_ROUND // max(len(self._server.connections), 1)
        left = min(max(share, _COMMANDS_PER_TURN_MIN), _COMMANDS_PER_TURN)
        idle = False
        while left and self._blocking is None and not idle:
            if not self._commands:
                if self._closing or not self.outbox.writable:
                    break
                if (line := self._next_line()) is None:
                    idle = True
                else:
                    self._take(line)
            if self._commands:
                self._carry_out(*self._commands.popleft())
            left -= 1
        self._send_replies()
        if left == 0:
            self._turn = asyncio.get_running_loop().call_soon(self._work)
        if self._closing or self.transport is None:
            return
        if self._ended:
            if idle and not self._tasks:
                self.close()
        elif self.outbox.writable and len(self._buffer) <= LINE_MAX:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def _next_line(self) -> bytes | None:
        """Take the next complete line from the buffer. One that is too long ends the connection."""
        end = self._buffer.find(b"\n", self._searched)
        if end > LINE_MAX or (end < 0 and len(self._buffer) > LINE_MAX):
            self._reply(lines.failure(0, CommandRefused.invalid()))
            self.close()
            return None
        if end < 0:
            self._searched = len(self._buffer)
            return None
        self._searched = 0
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _take(self, line: bytes) -> None:
        """Decode one line into commands. All of them will be carried out, or none if anything in it is wrong."""
        requests: Collection[Request] = ()
        match _attempt(lines.decode, line):
            case Request() as request:
                if request.name in PROTOCOL_COMMANDS and isinstance(request.arguments, list) and not request.prefixes:
                    answer = _attempt(carry_out, request, self.name, self.outbox, self._server.context.properties)
                    self._reply(answer if isinstance(answer, bytes) else lines.failure(request.request_id, answer))
                else:
                    requests = (request,)
            case tuple() as text_line if self._text_lines:
                requests = text_line
            case tuple():
                _log.info("a control client sent a text line over TCP: closed")
                self.close()
            case CommandRefused() as refused:
                self._reply(lines.failure(refused.request_id if isinstance(refused, Malformed) else 0, refused))
        commands: list[tuple[Request, _Run]] = []
        for request in requests:
            run = _attempt(prepare, request.name, request.arguments, expanding=request.expanding, shown=request.shown)
            if isinstance(run, CommandRefused):
                # It has not begun, so with "async":true too it is answered at once.
                if request.answered:
                    self._reply(lines.failure(request.request_id, run))
                else:
                    _log.debug("a text line cannot be carried out: %s", run.error)
                return
            commands.append((request, run))
        self._commands.extend(commands)

    # ---- commands to answers --------------------------------------------------------------------------------------

    def _carry_out(self, request: Request, run: _Run) -> None:
        place = self.outbox.end()
        outcome = _attempt(run, self._server.context)
        if isinstance(outcome, Waiting):
            self._wait_for(request, outcome)
        else:
            self._answer(request, None if request.unattended else outcome, place)

    def _wait_for(self, request: Request, waiting: Waiting) -> None:
        if len(self._tasks) >= _WAITING_MAX:
            waiting.coroutine.close()
            self._answer(request, CommandRefused.failed("RateLimited", "too many commands are waiting already"))
            return
        task = self._server.tasks.start(self._finish(request, waiting), name=f"control-{self.name}")
        self._tasks[task] = waiting
        task.add_done_callback(self._finished)
        if request.unattended:
            self._answer(request, None)
        elif not request.asynchronous:
            self._blocking = task

    async def _finish(self, request: Request, waiting: Waiting) -> None:
        outcome: Any
        try:
            outcome = await waiting.coroutine
        except Exception as error:
            outcome = _refusal(error)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            outcome = _refusal(error)  # this task was not cancelled, but something that the command waited for
        if not request.unattended:
            self._answer(request, outcome)
            self._send_replies()  # before the events that the outcome caused

    def _finished(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if task is self._blocking:
            self._blocking = None
            if task.cancelled():
                self._commands.clear()
        self._work()

    def _answer(self, request: Request, outcome: Any, place: int | None = None) -> None:
        """Answer with a result or a CommandRefused; if the request is asynchronous, at this place of the outbox."""
        if not request.answered:
            if isinstance(outcome, CommandRefused):
                _log.debug("a command of a text line failed: %s", outcome.error)
            return
        line = _attempt(lines.answer, request, outcome)
        if isinstance(line, CommandRefused):
            line = lines.answer(request, line)
        if request.asynchronous:
            self.outbox.answer(line, place)
        else:
            self._reply(line)

    def _reply(self, line: bytes) -> None:
        if not self._closing:
            self._replies.append(line)

    def _send_replies(self) -> None:
        # Together, because each write is a system call.
        if self._replies:
            self.outbox.write(b"".join(self._replies))
            self._replies.clear()

    # ---- the end --------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Send the answers that are due, then close."""
        if not self._closing:
            self._send_replies()
            self._closing = True
            self.outbox.close()
            if self.transport is not None:
                self.transport.close()

    def abort(self) -> None:
        self._closing = True
        if self.transport is not None:
            self.transport.abort()


def _attempt(call: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """Return the result of a call, or the CommandRefused to answer where it failed."""
    try:
        return call(*arguments, **more)
    except Exception as error:
        return _refusal(error)


def _refusal(error: BaseException) -> CommandRefused:
    """Return what to answer after an exception. A mistake of ours costs the client this answer, and others nothing."""
    if isinstance(error, CommandRefused):
        return error
    _log.error("a control client's request failed", exc_info=error)
    return CommandRefused.failed()
