"""The control socket from the caller's side: blocking JSON lines, importing nothing that a key press would wait for.

What can go wrong, each with its exit code::

    Exception
     +-- ControlError      base: one sentence fit for a user, an exit code, and sometimes a hint
          +-- Refused      the daemon said no: mpv's error string and, where there is one, a code and a reason
          +-- NoDaemon     nobody listens, or it went away
          +-- TimedOut     no answer in time

Replies come in the order of the requests, and events between them. An event that arrives while a reply is waited for is
older than that reply, so whoever reads properties anew may forget it.
"""

import json
import select
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any

__all__ = [
    "Command",
    "Connection",
    "ControlError",
    "Exit",
    "Message",
    "NoDaemon",
    "Refused",
    "TimedOut",
    "wait_for_news",
]

Command = Sequence[Any] | Mapping[str, Any]
"""``[name, argument...]``, or ``{"_name": name, argument: value...}``."""

Message = dict[str, Any]


class Exit(IntEnum):
    """What the process exits with. Scripts rely on these numbers; the man page lists them."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NO_DAEMON = 3
    TIMED_OUT = 4
    NOT_IN_ROOM = 5
    NO_SERVER = 6
    INTERRUPTED = 130


_EXIT_OF_CODE = {
    "NotInRoom": Exit.NOT_IN_ROOM,
    "NotConnected": Exit.NO_SERVER,
    "NoServer": Exit.NO_SERVER,
    "Unauthorized": Exit.NO_SERVER,
    "TimedOut": Exit.TIMED_OUT,
}

_HINTS = {
    "Banned": "the room's host can lift a ban only by opening another room",
    "FileHashMismatch": "FileHashMismatch: everyone plays the same file, byte for byte; compare `sha256sum FILE`",
    "NameTaken": "choose another name for the room with --name",
    "NoMedia": "load a file with `hangctl create FILE` or `hangctl join ROOM FILE`",
    "NoServer": "name one with --server ws://HOST:3005/ws, or run one: `hangd server`",
    "NotConnected": "`hangctl get server/url` tells which server is tried; name another with --server",
    "NotInRoom": "join one with `hangctl join ROOM FILE`, or open one with `hangctl create FILE`",
    "RoomNotFound": "a room is named by its id, its name, or the invite that `hangctl create` prints",
    "Unauthorized": "this server wants a token: set it in the daemon's configuration",
    "WrongPassword": "--password asks for the room's password, --password-file FILE reads it",
}


class ControlError(Exception):
    """Something that a user did not get. ``str()`` of it is one sentence; it may quote remote text, so escape it."""

    exit_code = Exit.REFUSED

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class Refused(ControlError):
    """The daemon answered a request with an error."""

    def __init__(self, error: str, code: str | None, message: str | None, doing: str) -> None:
        super().__init__(f"cannot {doing}: {message or error}", _HINTS.get(code or ""))
        self.error = error
        self.code = code
        self.exit_code = _EXIT_OF_CODE.get(code or "", Exit.REFUSED)

    @classmethod
    def of(cls, reply: Message, doing: str) -> "Refused":
        """Read a reply whose ``error`` is not "success"."""
        details = reply.get("details")
        if not isinstance(details, dict):
            details = {}
        return cls(str(reply.get("error")), details.get("code"), details.get("message"), doing)


class NoDaemon(ControlError):
    exit_code = Exit.NO_DAEMON

    def __init__(self, message: str) -> None:
        super().__init__(message, "start one with `hangctl daemon start`")


class TimedOut(ControlError):
    exit_code = Exit.TIMED_OUT


class Connection:
    """One connection to the daemon. Raises NoDaemon where there is none.

    ``timeout`` bounds, in seconds, how long one reply is waited for; None: as long as it takes.
    """

    def __init__(self, path: str, timeout: float | None) -> None:
        self._timeout = timeout
        self._path = path
        self._buffer = bytearray()
        self._number = 0
        self._reader: int | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            self.close()
            raise NoDaemon(f"no daemon is listening on {path}") from None
        except OSError as error:
            self.close()
            raise NoDaemon(f"cannot reach the daemon on {path}: {error.strerror or error}") from None

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, *commands: Command, doing: str, on_event: Callable[[Message], bool] | None = None) -> list[Any]:
        """Send the commands in one write and return what each reply says (``data``), in order.

        Raises Refused at the first that failed; ``doing`` completes its sentence "cannot ...". ``on_event`` sees what
        happens meanwhile and returns true where that is a reason to wait for another ``timeout``.
        """
        numbers = self._send(commands)
        answers = []
        for number in numbers:
            reply = self._reply(number, on_event)
            if reply.get("error") != "success":
                raise Refused.of(reply, doing)
            answers.append(reply.get("data"))
        return answers

    def read(self, *properties: str, on_event: Callable[[Message], bool] | None = None) -> dict[str, Any]:
        """Read these properties in one write. One that has no value now, or that the daemon does not know, is None."""
        numbers = self._send([["get_property", name] for name in properties])
        replies = [self._reply(number, on_event) for number in numbers]
        return {name: reply.get("data") for name, reply in zip(properties, replies, strict=True)}

    def observe(self, *properties: str, on_event: Callable[[Message], bool] | None = None) -> None:
        """Have the daemon send a property-change event for each of these now, and whenever one changes."""
        commands = [["observe_property", number, name] for number, name in enumerate(properties, start=1)]
        self.ask(*commands, doing="observe", on_event=on_event)

    def exchange(self, request: Message) -> Message:
        """Send one request as it is and return the reply to it, whatever that says."""
        request = {"request_id": self._next_number()} | request
        self._write(json.dumps(request).encode() + b"\n")
        # Not looked for by its id: what the daemon could not read, it answers under another.
        deadline = self._deadline()
        while "event" in (message := self._message(deadline)):
            pass
        return message

    def heed(self, reader: int) -> None:
        """Have what waits here end with BrokenPipeError as soon as nobody reads the descriptor ``reader`` any more."""
        self._reader = reader

    def next_message(self, timeout: float | None) -> Message:
        """Return what the daemon says next. Raises TimedOut after ``timeout`` seconds; None: as long as it takes."""
        return self._message(None if timeout is None else time.monotonic() + timeout)

    def wait_for_end(self) -> None:
        """Return when the daemon has closed the connection. Raises TimedOut where it does not."""
        deadline = self._deadline()
        try:
            while True:
                self._message(deadline)
        except NoDaemon:
            return

    # -- framing --

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _send(self, commands: Sequence[Command]) -> list[int]:
        numbers = [self._next_number() for _ in commands]
        self._write(
            b"".join(
                # ASCII with \u escapes: what the kernel named in bytes that are no UTF-8 survives the journey.
                json.dumps({"command": command, "request_id": number}).encode() + b"\n"
                for command, number in zip(commands, numbers, strict=True)
            )
        )
        return numbers

    def _write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise self._timed_out() from None
        except OSError:
            raise NoDaemon("the daemon went away") from None

    def _reply(self, number: Any, on_event: Callable[[Message], bool] | None) -> Message:
        deadline = self._deadline()
        while True:
            message = self._message(deadline)
            if "event" in message:
                if on_event is not None and on_event(message):
                    deadline = self._deadline()
            elif message.get("request_id") == number:
                return message

    def _deadline(self) -> float | None:
        return None if self._timeout is None else time.monotonic() + self._timeout

    def _message(self, deadline: float | None) -> Message:
        while (end := self._buffer.find(b"\n")) < 0:
            self._fill(deadline)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            message = json.loads(line.decode("utf-8", "surrogateescape"))
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise ControlError(f"what listens on {self._path} is no hangd: it does not speak its language")
        return message

    def _fill(self, deadline: float | None) -> None:
        remaining = None if deadline is None else deadline - time.monotonic()
        if remaining is not None and remaining <= 0:
            raise self._timed_out()
        if self._reader is not None:
            if not wait_for_news(self._reader, self._socket, remaining):
                raise self._timed_out()
            remaining = self._timeout  # there is something: this is for what is sent next
        self._socket.settimeout(remaining)
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            raise self._timed_out() from None
        except OSError:
            data = b""
        if not data:
            raise NoDaemon("the daemon went away")
        self._buffer += data

    def _timed_out(self) -> TimedOut:
        seconds = "time" if self._timeout is None else f"{self._timeout:g} s"
        return TimedOut(f"no answer from the daemon within {seconds}", "--timeout SECONDS waits longer")


def wait_for_news(reader: int, source: socket.socket | None, timeout: float | None) -> bool:
    """Wait until ``source`` has something to read, at most ``timeout`` seconds; tell whether it has.

    Raises BrokenPipeError as soon as the descriptor ``reader``, where our output goes, has lost its other end: whoever
    follows the daemon for hours would else live on until there is something to print again.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    poll = select.poll()
    poll.register(reader, 0)
    if source is not None:
        poll.register(source, select.POLLIN)
    while True:
        remaining = None if deadline is None else max(0.0, 1000 * (deadline - time.monotonic()))
        ready = dict(poll.poll(remaining))
        if (lost := ready.pop(reader, 0)) & (select.POLLERR | select.POLLHUP):
            raise BrokenPipeError
        if lost:  # a descriptor that can not be watched
            poll.unregister(reader)
        elif ready or remaining == 0:
            return bool(ready)
