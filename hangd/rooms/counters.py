"""Counters: what a hub and its server have done since their start, as plain integers that only rise.

To count costs some tens of nanoseconds, whether anybody reads the numbers or not. No key comes from a client: all are
types of messages, codes and words of this program, so their number is bounded. `hangd.server.metrics` shows them.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from hangd.engine.room.connection.session import Limited
from hangd.protocol.errors import ErrorCode
from hangd.protocol.messages import Error, ServerMessage
from hangd.transport.base import Encoded

TurnedAway = Literal["address", "silent", "full", "pace", "origin", "proxy", "banned", "elsewhere"]
"""Why a connection was not let in: too many from its address; too many from it that ask for nothing; too many in all;
too many at once, or requests, from its address; a page of another site; a trusted proxy that said nonsense; a ban;
another server of the cluster should take it."""


class Counters(Struct):
    """The numbers. Whoever holds them adds to them directly."""

    accepted: int = 0
    """Connections of every kind."""
    turned_away: defaultdict[TurnedAway, int] = field(default_factory=lambda: defaultdict(int))
    closed: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    """Clients that this server closed, by close code."""
    left: int = 0
    """Clients that closed their connections themselves, or lost them."""
    received: defaultdict[type, int] = field(default_factory=lambda: defaultdict(int))
    """Valid messages by type."""
    limited: defaultdict[Limited, int] = field(default_factory=lambda: defaultdict(int))
    """Messages above the limits of connections that are over by now (`Session.limited` has the others)."""
    sent: defaultdict[type, int] = field(default_factory=lambda: defaultdict(int))
    """Messages to clients by type, one for each recipient."""
    sent_bytes: int = 0
    """Bytes of their frames, also of those that newer ones replace before a slow client has read them."""
    refusals: defaultdict[ErrorCode, int] = field(default_factory=lambda: defaultdict(int))
    """Errors that were sent, by code."""
    account_requests: defaultdict[tuple[type, ErrorCode | None], int] = field(default_factory=lambda: defaultdict(int))
    """Answers to requests about accounts, by type and code. None: granted."""
    wrong_secrets: int = 0
    rooms_written: int = 0
    """Rooms that were written to the store; a room counts each time."""
    failures: int = 0
    """Exceptions that are bugs of this program."""

    def sending(self, message: ServerMessage, encoded: Encoded, recipients: int = 1) -> None:
        """Count a message that is sent to so many clients."""
        self.sent[type(message)] += recipients
        self.sent_bytes += recipients * len(encoded.frame)
        if type(message) is Error:
            self.refusals[message.code] += recipients

    def relayed(self, kind: type[ServerMessage], encoded: Encoded, recipients: int) -> None:
        """Count a message that came encoded from another server. Of a refusal the code is not known."""
        self.sent[kind] += recipients
        self.sent_bytes += recipients * len(encoded.frame)

    def add_limited(self, limited: Mapping[Limited, int]) -> None:
        for kind, number in limited.items():
            self.limited[kind] += number
