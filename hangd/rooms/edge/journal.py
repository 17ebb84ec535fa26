"""Journal: lines of the log for each connection's begin and end, who is refused or put out, and who comes into rooms.

A line names the connection as the administrator's commands do ("c17"), the network that it came from, and a room by the
start of its id, which tells rooms apart and lets nobody in. It never has what a client wrote, nor anything secret.

No flood makes a flood of lines. That a connection is refused for the same reason again has no line, and is counted in
the line of its end. Of each kind (connections, refusals, rooms) a minute has so many lines for a network and so many in
all, so that none takes the place of another kind, and at its end it is said how many were left out.
"""

import asyncio
import logging
import math
from collections import Counter
from typing import Final, Literal

from msgspec import Struct, field

from hangd.protocol.errors import ErrorCode
from hangd.protocol.messages import Error, RoomCreated, RoomJoined, RoomLeft, ServerMessage, Welcome
from hangd.rooms.edge.peer import Peer
from hangd.tasks import DeadlineTimer

_log = logging.getLogger(__name__)

_MINUTE: Final = 60.0
_NETWORK_MOST: Final = 60
_MOST: Final = 300
"""Lines of a kind and a minute, of one network and in all. The line of an end is not counted: another one was."""

NOTED: Final = frozenset({Error, RoomLeft, RoomCreated, RoomJoined, Welcome})
"""Types of messages to clients that `told` may write a line about."""
_REFUSALS: Final[frozenset[ErrorCode]] = frozenset(
    {
        "RoomNotFound",
        "RoomFull",
        "RoomLocked",
        "WrongPassword",
        "Banned",
        "Unauthorized",
        "InvalidInvite",
        "RateLimited",
        "ServerFull",
        "Internal",
    }
)
"""Codes of Error by which somebody is kept out or held back. The others say that a request makes no sense."""
_PUT_OUT: Final = frozenset({"kicked", "banned", "removed", "ended", "closed"})

_Kind = Literal["connections", "refusals", "rooms"]


class _Open(Struct):
    """An open connection."""

    network: str
    is_named: bool
    """Whether a line has named it, so that its end gets one."""
    refused: int = 0
    reasons: set[str] = field(default_factory=set)
    """For what it was refused so far. All are words of this program, so there are few."""


def origin(network: str) -> str:
    """Return how the log names a network. "": that of a Unix socket."""
    return network or "this machine"


class Journal:
    """Connections are given by their names. Nothing is written of one that has not begun, or has ended."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._since = -math.inf
        self._written: Counter[tuple[_Kind, str]] = Counter()
        self._totals: Counter[_Kind] = Counter()
        self._left_out: Counter[str] = Counter()
        self._timer = DeadlineTimer(lambda now: self._say_left_out())

    def begins(self, name: str, network: str) -> None:
        """A connection has become a WebSocket. ``network``: "" where there is none, on this machine."""
        self._open[name] = _Open(network, False)
        self._write(name, "connections", f"{name}: begins, from {origin(network)}")

    def ends(self, name: str, how: str, seconds: float, received: int, sent: int | None) -> None:
        """A connection has ended that had become a WebSocket.

        Args:
            how: who closed it, with the close code.
            received: messages from the client.
            sent: bytes to the client. None: the system does not tell.
        """
        ended = self._open.pop(name, None)
        if ended is not None and ended.is_named:
            out = "" if sent is None else f", {sent / 1000:.1f} kB out"
            times = f", refused {_times(ended.refused)}" if ended.refused else ""
            _log.info("%s: ends after %.1f s: %s; %d messages in%s%s", name, seconds, how, received, out, times)

    def turned_away(self, name: str, network: str, why: str) -> None:
        """A connection is refused before it has become a WebSocket. ``why``: in words of this program."""
        if self._may_write("refusals", network):
            _log.info("%s: is refused, from %s: %s", name, origin(network), why)

    def origin(self, name: str) -> str:
        """Return how the log names the network of an open connection."""
        there = self._open.get(name)
        return "nobody knows where" if there is None else origin(there.network)

    def told(self, peer: Peer, message: ServerMessage, cause: Peer | None) -> None:
        """A client is told this. ``cause``: who has brought it about; None: it is nobody's doing."""
        name = peer.connection
        if (there := self._open.get(name)) is None:
            return
        came_from = f"from {origin(there.network)}"
        match message:
            case Error(code=code) if code in _REFUSALS:
                there.refused += 1
                reason = _reason(message)
                if reason not in there.reasons:
                    there.reasons.add(reason)
                    self._write(name, "refusals", f"{name}: is refused, {came_from}: {reason}")
            case RoomCreated(room_id=room_id):
                self._write(name, "rooms", f"{name}: makes room {room_id[:8]}, {came_from}")
            case RoomJoined(room_id=room_id):
                self._write(name, "rooms", f"{name}: comes into room {room_id[:8]}, {came_from}")
            case Welcome(room=room) if room is not None:
                self._write(name, "rooms", f"{name}: comes back into room {room.room_id[:8]}, {came_from}")
            case RoomLeft(room_id=room_id, reason=reason) if reason in _PUT_OUT:
                by = "" if cause is None or cause is peer else f" by {cause.connection}"
                self._write(name, "rooms", f"{name}: is put out of room {room_id[:8]}: {reason}{by}")
            case RoomLeft(room_id=room_id):
                self._write(name, "rooms", f"{name}: leaves room {room_id[:8]}")

    def close(self) -> None:
        """Say what was left out so far."""
        self._timer.arm(None)
        self._say_left_out()

    def _write(self, name: str, kind: _Kind, line: str) -> None:
        there = self._open[name]
        if self._may_write(kind, there.network):
            there.is_named = True
            _log.info("%s", line)

    def _may_write(self, kind: _Kind, network: str) -> bool:
        now = asyncio.get_running_loop().time()
        if now >= self._since + _MINUTE:
            self._say_left_out()
            self._since = now
        if self._written[kind, network] >= _NETWORK_MOST or self._totals[kind] >= _MOST:
            self._left_out[network] += 1
            self._timer.arm(self._since + _MINUTE)
            return False
        self._written[kind, network] += 1
        self._totals[kind] += 1
        return True

    def _say_left_out(self) -> None:
        """Begin a new minute, after a word on the last one."""
        if self._left_out:
            network, most = self._left_out.most_common(1)[0]
            total = self._left_out.total()
            _log.info(
                "lines about connections were left out: %d, of which %d are about %s", total, most, origin(network)
            )
        self._since = -math.inf
        for counter in (self._written, self._totals, self._left_out):
            counter.clear()


def _reason(error: Error) -> str:
    """Return the code of a refusal, and of which limit it is, in the words of the options."""
    details = error.details or {}
    limit, of = details.get("limit"), details.get("of")
    if limit is None:
        return error.code
    return f"{error.code} ({limit})" if of is None else f"{error.code} ({limit} of its {of})"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
