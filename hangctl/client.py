"""A blocking client for hangd's control socket, which speaks mpv's JSON IPC: one JSON object a line.

It imports only small modules of the standard library, because every key press pays for the imports.

Every failure is a `ControlError`: the daemon `Refused`, there is `NoDaemon` or it went away, or it `TimedOut`.

The daemon answers requests in the order in which they were sent; events may arrive between two answers. An event that
arrives before an answer describes a change that the answer already includes, so a caller that reads the properties
again may drop such events.
"""

import json
import os
import select
import socket
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from itertools import count
from typing import Any

Command = Sequence[Any] | Mapping[str, Any]
"""A command as mpv's IPC takes it: ``[name, argument...]``, or ``{"_name": name, argument: value...}``."""

Message = dict[str, Any]
"""One decoded line from the daemon: an answer, or an event (it has the key ``event``)."""


class Exit(IntEnum):
    """Exit codes of the process. Scripts rely on these numbers, and the man page lists them."""

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
"""The exit code for each error code of the daemon that has one of its own. All others exit with ``REFUSED``."""

HINTS = {
    "Banned": "the host of a room lifts a ban from it with `hangctl unban NAME`",
    "FileHashMismatch": "everyone plays the same file, byte for byte: compare `sha256sum FILE`; other copies of the "
    "same length may come after the host's `hangctl policy match duration`",
    "InvalidInvite": "who is in the room makes an invite with `hangctl invite`",
    "List": "`hangctl playlist load FILE` plays the films that it lists, `hangctl playlist add FILE` adds them",
    "NameTaken": "`hangctl join NAME` goes into that room, also if everyone has left it; or choose another name with "
    "--name",
    "NoMedia": "load a file with `hangctl create FILE` or `hangctl join ROOM FILE`; to watch alone, "
    "`hangctl open FILE`",
    "NoServer": "`hangctl join` and `hangctl create` take one with --server; to run one: `hangd server`",
    "NotConnected": "`hangctl get server/url` tells which server is tried; `hangctl status` whether it is reached",
    "NotLoggedIn": "`hangctl login` logs you in",
    "NotInRoom": "join one with `hangctl join ROOM FILE`, or open one with `hangctl create FILE`; to watch alone, "
    "`hangctl open FILE`",
    "RoomNotFound": "a room is named by its id, its name, or the invite that `hangctl create` prints",
    "Unauthorized": "`hangctl login` logs you in; `hangctl register` makes an account where the server lets you",
    "WrongPassword": "--password asks for the room's password, --password-file FILE reads it",
}
"""What the user can do about an error code of the daemon."""

_NEEDS_PASSWORD = "in a terminal it is asked for; `hangctl connect URL --password-stdin` reads it from standard input"


_ERRORS = {
    "property not found": "there is no such property",
    "property unavailable": "it has no value now",
    "unsupported format for accessing property": "it cannot have this value",
    "error accessing property": "that is not possible with this property",
}
"""mpv's errors about properties, in words for people."""


class ControlError(Exception):
    """A request that failed. ``str()`` gives one sentence for the user, ``exit_code`` the exit code of the process.

    The sentence may contain text from other people: pass it through ``hangctl.output.escape`` before printing it.
    """

    exit_code = Exit.REFUSED

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class Refused(ControlError):
    """The daemon's answer has an ``error`` that is not "success"."""

    def __init__(self, answer: Message, action: str) -> None:
        details = answer.get("details")
        if not isinstance(details, dict):
            details = {}
        self.error = str(answer.get("error"))
        """mpv's error string, such as "property unavailable"."""
        self.code: str | None = details.get("code")
        """The daemon's error code, such as "NotInRoom"; None for errors that mpv has too."""
        self.needs: str | None = details.get("need")
        """What the server wants to be told first: its own "password"."""
        message = details.get("message") or _ERRORS.get(self.error, self.error)
        self.reason = str(message)
        """Why, without what was asked for."""
        # Where the message goes on after "not in a room", it says why and what to do about that.
        advises = self.code == "NotInRoom" and ": " in message
        hint = _NEEDS_PASSWORD if self.needs == "password" else HINTS.get(self.code or "")
        if self.code == "Banned" and details.get("of") != "room":
            hint = None  # Only the server's admin can lift it, as the message says.
        super().__init__(f"cannot {action}: {message}", None if advises else hint)
        self.exit_code = _EXIT_OF_CODE.get(self.code or "", Exit.REFUSED)


class NoDaemon(ControlError):
    exit_code = Exit.NO_DAEMON

    def __init__(self, message: str, *, has_failed: bool = False) -> None:
        """``has_failed``: there was one, which did not end in order."""
        why = "; `hangctl daemon log` tells what the last one did" if has_failed else ""
        super().__init__(message, f"start one with `hangctl daemon start`{why}")


class TimedOut(ControlError):
    exit_code = Exit.TIMED_OUT


class Connection:
    """One connection to the daemon's control socket. It waits for each answer at most ``timeout`` seconds, if given.

    Raises:
        NoDaemon: Nothing listens on ``path``. Every method raises it when the daemon closes the connection.
    """

    def __init__(self, path: str, timeout: float | None) -> None:
        self._timeout = timeout
        self._path = path
        self._buffer = bytearray()
        self._request_ids = count(1)
        self._output: int | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(path)
        except OSError as error:
            self.close()
            if isinstance(error, FileNotFoundError | ConnectionRefusedError):
                # A daemon that ends in order removes its socket.
                has_failed = isinstance(error, ConnectionRefusedError)
                raise NoDaemon(f"no daemon is listening on {path}", has_failed=has_failed) from None
            raise NoDaemon(f"cannot reach the daemon on {path}: {error.strerror or error}") from None
        if (user := _other_user(self._socket)) is not None:
            self.close()
            raise ControlError(f"{path} belongs to a process of user {user}: hangctl tells it nothing")

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(
        self, *commands: Command, action: str, on_event: Callable[[Message], object] | None = None
    ) -> list[Any]:
        """Send the commands in one write and return the ``data`` of each answer, in order.

        Args:
            action: What the user wants, to complete the error message "cannot ...".
            on_event: Called with each event before the answers. If it returns true, the timeout begins anew.

        Raises:
            Refused: The first command that the daemon refused.
            TimedOut: No answer within the timeout.
        """
        answers = []
        for request_id in self._send(commands):
            answer = self._answer(request_id, on_event)
            if answer.get("error") != "success":
                raise Refused(answer, action)
            answers.append(answer.get("data"))
        return answers

    def get_properties(self, *names: str, on_event: Callable[[Message], object] | None = None) -> dict[str, Any]:
        """Read these properties in one write. A property that is unavailable or unknown is None."""
        request_ids = self._send([["get_property", name] for name in names])
        answers = [self._answer(request_id, on_event) for request_id in request_ids]
        return {name: answer.get("data") for name, answer in zip(names, answers, strict=True)}

    def observe(self, *properties: str, on_event: Callable[[Message], object] | None = None) -> None:
        """Ask for a property-change event for each property: one at once, and one whenever it changes."""
        commands = [["observe_property", number, name] for number, name in enumerate(properties, start=1)]
        self.request(*commands, action="observe", on_event=on_event)

    def send_raw(self, request: Message) -> Message:
        """Send one request as it is and return its answer, whatever the answer says."""
        request = {"request_id": next(self._request_ids)} | request
        self._write(json.dumps(request).encode() + b"\n")
        # The answer is not matched by its request id: the daemon answers a request that it could not parse with
        # another id.
        deadline = self._deadline()
        while "event" in (message := self.next_message(deadline)):
            pass
        return message

    def stop_when_closed(self, output: int) -> None:
        """Make every later wait raise BrokenPipeError as soon as nobody reads the descriptor ``output`` any more."""
        self._output = output

    def next_message(self, deadline: float | None) -> Message:
        """Return the next message. Raises TimedOut at the deadline (``time.monotonic()``); None: there is none."""
        while (end := self._buffer.find(b"\n")) < 0:
            self._receive(deadline)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            message = json.loads(line.decode("utf-8", "surrogateescape"))
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise ControlError(f"what listens on {self._path} is no hangd: it does not speak its language")
        return message

    def wait_until_closed(self) -> None:
        """Return when the daemon has closed the connection. Raises TimedOut if it does not."""
        deadline = self._deadline()
        try:
            while True:
                self.next_message(deadline)
        except NoDaemon:
            return

    def _send(self, commands: Sequence[Command]) -> list[int]:
        request_ids = [next(self._request_ids) for _ in commands]
        self._write(
            b"".join(
                # json.dumps writes ASCII with \u escapes, so a file name with bytes that are not UTF-8 (surrogate
                # escapes in Python) arrives unchanged.
                json.dumps({"command": command, "request_id": request_id}).encode() + b"\n"
                for command, request_id in zip(commands, request_ids, strict=True)
            )
        )
        return request_ids

    def _write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise self._timed_out() from None
        except OSError:
            raise NoDaemon("the daemon went away", has_failed=True) from None

    def _answer(self, request_id: int, on_event: Callable[[Message], object] | None) -> Message:
        deadline = self._deadline()
        while True:
            message = self.next_message(deadline)
            if "event" in message:
                if on_event is not None and on_event(message):
                    deadline = self._deadline()
            elif message.get("request_id") == request_id:
                return message

    def _deadline(self) -> float | None:
        return None if self._timeout is None else time.monotonic() + self._timeout

    def _receive(self, deadline: float | None) -> None:
        remaining = None if deadline is None else deadline - time.monotonic()
        if remaining is not None and remaining <= 0:
            raise self._timed_out()
        if self._output is not None:
            if not wait_readable(self._output, self._socket, remaining):
                raise self._timed_out()
            remaining = self._timeout  # the socket is readable, so recv() returns at once; sendall() uses this later
        self._socket.settimeout(remaining)
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            raise self._timed_out() from None
        except OSError:
            data = b""
        if not data:
            raise NoDaemon("the daemon went away", has_failed=True)
        self._buffer += data

    def _timed_out(self) -> TimedOut:
        seconds = "time" if self._timeout is None else f"{self._timeout:g} s"
        pid = self._daemon_pid()
        who = "the daemon" if pid is None else f"the daemon (process {pid})"
        end = "" if pid is None else f"; if the daemon hangs, `kill -KILL {pid}` ends it"
        return TimedOut(f"no answer from {who} within {seconds}", f"--timeout SECONDS waits longer{end}")

    def _daemon_pid(self) -> int | None:
        """Return the process that holds the lock of the socket, as it wrote there; None if no process does."""
        import fcntl

        try:
            with open(os.open(f"{self._path}.lock", os.O_RDONLY | os.O_NONBLOCK), "rb") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    pid = lock.read(32).strip()
                    return int(pid) if pid.isdigit() else None
        except OSError:
            pass
        return None


def _other_user(connected: socket.socket) -> int | None:
    """Return the user whose process is at the other end, if that is another one, who could read what is sent.

    Root may use the daemons of others, and everybody those of root. None also where the system does not tell.
    """
    if not hasattr(socket, "SO_PEERCRED") or os.geteuid() == 0:
        return None
    _pid, user, _group = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return None if user in (0, os.geteuid()) else int(user)


def wait_readable(output: int, source: socket.socket | None, timeout: float | None) -> bool:
    """Wait at most ``timeout`` seconds until ``source`` is readable, and tell whether it is. None: without a limit.

    Raises:
        BrokenPipeError: The descriptor ``output``, usually stdout, lost its reader. Without this check a process that
            follows the daemon would live on until it has something to print.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    poll = select.poll()
    poll.register(output, 0)
    if source is not None:
        poll.register(source, select.POLLIN)
    while True:
        remaining = None if deadline is None else max(0.0, 1000 * (deadline - time.monotonic()))
        ready = dict(poll.poll(remaining))
        if (lost := ready.pop(output, 0)) & (select.POLLERR | select.POLLHUP):
            raise BrokenPipeError
        if lost:  # POLLNVAL: this descriptor cannot be polled
            poll.unregister(output)
        elif ready or remaining == 0:
            return bool(ready)
