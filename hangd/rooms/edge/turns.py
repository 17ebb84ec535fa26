"""Turns: what happens in a hub happens in turns, whose exceptions are contained, and whose closed peers are told last.

`hangd.rooms.hub` says what a turn is. Here are also sending to peers and closing them, because both end turns.
"""

import logging
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Final

from hangd.engine.room.connection.limits import cost
from hangd.log import LimitLog
from hangd.protocol.codec import encode_server
from hangd.protocol.errors import CLOSE_BANNED, CLOSE_TOO_SLOW, CLOSE_UNAUTHORIZED, ErrorCode, RequestRefused
from hangd.protocol.messages import Error, Pong, RequestId, ServerMessage
from hangd.rooms.counters import Counters
from hangd.rooms.edge.journal import NOTED, Journal
from hangd.rooms.edge.outbox import state_key
from hangd.rooms.edge.peer import Peer
from hangd.rooms.edge.waiting_memory import Slow, WaitingMemory
from hangd.transport.base import Encoded

_log = logging.getLogger(__name__)

_CLOSE_INTERNAL: Final = 1011
"""Internal error (registry of RFC 6455)."""
CLOSE_LATER: Final = 1013
"""Try again later (registry of RFC 6455)."""


class Turns:
    """``depart`` is called at the end of a turn with each peer that was closed in it. ``memory``: of all peers."""

    def __init__(self, depart: Callable[[Peer, float], None], counters: Counters, memory: WaitingMemory) -> None:
        self._memory = memory
        self._limits = LimitLog(_log)
        self._depart = depart
        self._counters = counters
        self.journal = Journal()
        self.cause: Peer | None = None
        """The peer whose message this turn handles. None: the turn is nobody's, as at a deadline."""
        self._leaving: list[Peer] = []
        """Peers that were closed in this turn, and have not departed yet."""

    @contextmanager
    def turn(self, now: float, peer: Peer | None) -> Iterator[None]:
        """Contain the exceptions of one turn: log them, and close ``peer``, whose message the turn handles."""
        self.cause = peer
        try:
            yield
        except Exception:
            self.fail(peer)
        self.end(now)

    @contextmanager
    def by_nobody(self) -> Iterator[None]:
        """What happens within is not the doing of the peer whose message this turn handles."""
        cause, self.cause = self.cause, None
        try:
            yield
        finally:
            self.cause = cause

    def fail(self, peer: Peer | None) -> None:
        """Log the exception that is being handled, and close the peer whose message led to it."""
        _log.exception("internal error")
        self._counters.failures += 1
        if peer is not None:
            refused = RequestRefused("Internal", "the server failed on this message: that is a bug in it")
            self.refuse(peer, refused)
            self.close(peer, _CLOSE_INTERNAL, "internal error")

    def end(self, now: float) -> None:
        self.cause = None
        if self._memory.total > self._memory.most:
            self._memory.relieve(self._cut_off)
        while self._leaving:
            try:
                self._depart(self._leaving.pop(), now)
            except Exception:
                self.fail(None)

    def close(self, peer: Peer, code: int, reason: str) -> None:
        """Close a peer. Its room is told at the end of the turn."""
        if not peer.closed:
            self._leaving.append(peer)
            peer.close(code, reason)

    def _cut_off(self, peer: Slow) -> None:
        """Close a peer for which much waits, and free that at once: it would read the closing frame last."""
        assert isinstance(peer, Peer)
        self._limits.warn("", "slow clients are cut off: more waits for them than --max-waiting-memory says")
        self.close(peer, CLOSE_TOO_SLOW, "too slow")
        peer.abort()

    def turn_away(self, peer: Peer, refused: RequestRefused, re: RequestId | None = None) -> None:
        """Tell a peer why it may not be here, and close it."""
        self.refuse(peer, refused, re)
        self.close_away(peer, refused.code)

    def close_away(self, peer: Peer, code: ErrorCode) -> None:
        """Close a peer that has been told why it may not be here. ``code``: that of the Error."""
        match code:
            case "Banned":
                self.close(peer, CLOSE_BANNED, "banned")
            case "Unauthorized":
                self.close(peer, CLOSE_UNAUTHORIZED, "unauthorized")
            case _:
                self.close(peer, CLOSE_LATER, "try again later")

    def refuse(self, peer: Peer, refused: RequestRefused, re: RequestId | None = None) -> None:
        self.send(peer, Error.of(refused), re)

    def send(self, peer: Peer, message: ServerMessage, re: RequestId | None = None) -> None:
        encoded = Encoded(encode_server(message, re))
        if type(message) in NOTED:
            self.journal.told(peer, message, self.cause)
        self.sending(message, encoded)
        self.put(peer, encoded, state_key(message, re))

    def sending(self, message: ServerMessage, encoded: Encoded, recipients: int = 1) -> None:
        """Account for a message that this turn sends to so many clients."""
        self._counters.sending(message, encoded, recipients)
        # A refusal and a Pong are no larger than what they answer; a refusal may not prolong what it tells of.
        if self.cause is not None and type(message) is not Error and type(message) is not Pong:
            session = self.cause.session
            session.limits.charge(recipients * cost(len(encoded.frame)), session.room_id)

    def relayed(self, kind: type[ServerMessage], encoded: Encoded, recipients: int) -> None:
        """Account for a message of a room that runs elsewhere. What it costs is told apart."""
        self._counters.relayed(kind, encoded, recipients)

    def put(self, peer: Peer, message: Encoded | Callable[[], Encoded], key: Hashable | None = None) -> None:
        """Send a message. A peer that reads too slowly is closed, and so is one to which sending fails."""
        try:
            if not peer.closed and not peer.put(message, key):
                self.close(peer, CLOSE_TOO_SLOW, "too slow")
        except Exception:
            _log.exception("a message could not be sent")
            self.close(peer, _CLOSE_INTERNAL, "internal error")
