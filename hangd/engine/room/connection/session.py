"""Session: the server's side of one connection. It decides what a client may send when, and how much of it.

::

    NEW --Hello--> GREETING --Greeted--> IDLE <------------- RoomExited ----------------+
     |                |                   |  ^                                          |
     |                +--Greeted(room)----|--|----------------------------------> IN_ROOM
     |                                    |  +-----RoomExited-----+                     ^
     +----CreateRoom, JoinRoom------------+-----------------> ENTERING --RoomEntered----+

    any state --> CLOSING   when Close was ordered; inputs are ignored from then on

A client is *full* once it was greeted. A client that sends another message first (except Ping) is *basic* for good.
While the session waits for a result from the hub (GREETING, ENTERING) only pings are answered. A message that is not
allowed is answered with an Error and changes nothing; the connection stays open. Invalid frames and floods are
tolerated up to the limits below. What has limits is in `hangd.engine.room.connection.limits`. A client above them is
told so, and its messages are dropped; who goes on for long is closed.

Where the server wants everybody to have an account, a client that has not logged in is granted nothing but requests
about accounts, in every state. Where the server has a password, a basic client is granted nothing, for want of Hello.
"""

from enum import Enum, auto
from typing import Final, Literal, assert_never

from msgspec import Struct

from hangd.engine.room import effects, inputs
from hangd.engine.room.admission.identity import NEEDS_ACCOUNT
from hangd.engine.room.connection.limits import (
    Allowance,
    Holder,
    Limits,
    MessageClass,
    Rate,
    Rates,
    class_of,
    is_needed,
    owing,
    retry_after,
)
from hangd.engine.room.connection.ratelimit import TokenBucket
from hangd.protocol import accounts, invites, messages, push
from hangd.protocol.errors import CLOSE_PROTOCOL, CLOSE_RATE_LIMITED, RequestRefused
from hangd.protocol.messages import ClientMessage, RequestId
from hangd.protocol.model import PROTOCOL

_REJECTED_MAX: Final = 20
_REJECTED_WINDOW: Final = 60.0
"""This many invalid frames within this many seconds end the connection. A client with a bug in one message sends a few;
a person who types by hand has a minute for 20 mistakes."""

_FLOOD: Final = 600.0
"""This many messages above the limit are dropped before the connection ends: half a minute of dragging a slider without
a limit (20 a second), but a third of a second of a client in an endless loop. The allowance refills at the rate at
which messages are allowed."""

_DEBT_PATIENCE: Final = 600.0
_DEBT_PATIENCE_PER_SECOND: Final = 1.0
"""As `_FLOOD`, for who is told that too much was sent because of it and asks on. A player that reports every two
seconds while others of its network are to blame is never closed; 20 messages a second are, after half a minute."""

_COMPLAINT_SECONDS: Final = 1.0
"""RateLimited is sent at most this often to messages without a request id, so that a flood does not cause another."""

_INVITES_BURST: Final = 5.0
_INVITES_PER_SECOND: Final = 1 / 20
"""Invitations that one connection may send by push: each makes somebody's phone ring."""


class SessionSettings(Struct, frozen=True):
    """How much one connection may send. Pings are limited separately, so that neither starves the other."""

    messages_per_second: float = 20.0
    burst: float = 60.0
    pings_per_second: float = 20.0
    """A client pings 20 times a second just after it has connected, and every 2 to 8 s later."""
    ping_burst: float = 120.0
    chat_per_minute: float = 60.0
    rooms_per_minute: float = 10.0
    """Rooms that are made, and passwords that rooms get: argon2 takes 30 ms of a core."""
    joins_per_minute: float = 20.0
    lists_per_minute: float = 60.0
    """What makes the server send much to the one who asks: a room's state, the rooms, invites, bans."""
    accounts_per_minute: float = 20.0

    def rates(self) -> Rates:
        """Return what one connection may send, by class."""
        often = Rate(self.messages_per_second, self.burst)
        return {"messages": often, "reports": often, **self.rare_rates()}

    def rare_rates(self) -> dict[MessageClass, Rate]:
        """Return the same for the classes whose number is a minute's."""
        return {
            "chat": Rate.per_minute(self.chat_per_minute),
            "rooms": Rate.per_minute(self.rooms_per_minute),
            "joins": Rate.per_minute(self.joins_per_minute),
            "lists": Rate.per_minute(self.lists_per_minute),
            "accounts": Rate.per_minute(self.accounts_per_minute),
        }


Limited = MessageClass | Literal["pings", "invitations", "deliveries"]
"""What a client had too much of. "deliveries": what was sent because of it, because of its network or to its room."""


class State(Enum):
    NEW = auto()
    GREETING = auto()
    IDLE = auto()
    ENTERING = auto()
    IN_ROOM = auto()
    CLOSING = auto()


_OF_ROOMS: Final = frozenset(
    {
        messages.Report,
        messages.Play,
        messages.Pause,
        messages.Seek,
        messages.Speed,
        messages.Stop,
        messages.Say,
        messages.SetReady,
    }
)
"""Nearly all messages are one of these, which any member may send: to know that takes one look-up instead of twenty
comparisons."""

_LATE: Final = RequestRefused("InvalidMessage", "Hello comes first, and once")
# RateLimited: there may be one request at a time, and the same request may be granted in a moment.
_WAIT: Final = RequestRefused.rate_limited("wait for the answer to your last request", limit="requests")
_ASKING: Final = RequestRefused.rate_limited(
    "wait for the answer to your last request about accounts", limit="requests"
)
_NEEDS_PASSWORD: Final = RequestRefused(
    "Unauthorized",
    "this server has a password, and only a client that says Hello can give it",
    details={"need": "password"},
)
_TOO_FAST: Final = "too many messages"
_TOO_OFTEN: Final[dict[Limited, str]] = {
    "chat": "too many lines of chat",
    "rooms": "too many new rooms and passwords",
    "joins": "too many attempts to join a room",
    "lists": "that was asked for too often",
    "accounts": "too many requests about accounts",
}
_FREE: Final = frozenset({messages.Hello, messages.LeaveRoom})
"""What is granted also to who owes for what was sent. (Pings are, too.)"""
_BASIC: Final = RequestRefused("Forbidden", "only a client that has sent Hello may ask for this")
_OUTSIDE: Final = RequestRefused("NotInRoom", "you are not in a room")
_INSIDE: Final = RequestRefused("AlreadyInRoom", "you are in a room already: leave it first")


class Session:
    """One connection. It has no deadline: a connection without traffic is noticed by the transport.

    Callers may read the public attributes: who the client is, what it may do, and the room that it is in.
    """

    def __init__(
        self,
        *,
        client_id: str,
        settings: SessionSettings,
        now: float,
        needs_account: bool = False,
        needs_password: bool = False,
        limits: Limits | None = None,
    ) -> None:
        rate = settings.messages_per_second
        self.limits = limits or Limits(Allowance(settings.rates()))
        self.client_id = client_id
        self.name = f"guest-{client_id[:4]}"
        self.full = False
        self.state = State.NEW
        self.room_id: str | None = None
        self.since = now
        """When it connected."""
        self.idle_since = now
        """When it asked for something last that it was granted, pings apart, or left its room."""
        self.received = 0
        """Valid messages that it has sent."""
        self.limited: dict[Limited, int] = {}
        """Messages that came above the limits, by what there was too much of."""
        self._needs_account = needs_account
        self._needs_password = needs_password
        self._has_account = False
        self._asking = False
        """Whether AskAccounts is under way."""
        self._pings = TokenBucket.full(rate=settings.pings_per_second, burst=settings.ping_burst, now=now)
        self._flood = TokenBucket.full(rate=rate, burst=_FLOOD, now=now)
        self._debt_patience: TokenBucket | None = None
        """None: it was never in debt, as most are not."""
        self._invites = TokenBucket.full(rate=_INVITES_PER_SECOND, burst=_INVITES_BURST, now=now)
        self._complained_at: float | None = None
        self._rejected: list[float] = []
        """When the last invalid frames came, oldest first."""

    def handle(self, input: inputs.SessionInput, now: float) -> list[effects.SessionEffect]:
        """Handle one input. Returns the effects to carry out, in order. Raises nothing."""
        if self.room_id is None and self.state is State.CLOSING:
            return []
        match input:
            case inputs.FrameReceived(message=message, request_id=re):
                return self._received(message, re, now)
            case inputs.FrameRejected():
                return self._rejected_frame(input, now)
            case inputs.Greeted(name=name, resumed=resumed, room_id=room_id, has_account=has_account):
                if self.state is State.GREETING:
                    self._has_account = has_account
                    self.client_id, self.name, self.full = resumed or self.client_id, name, True
                    self._enter(State.IDLE if room_id is None else State.IN_ROOM, room_id)
            case inputs.Identified(has_account=has_account):
                self._asking, self._has_account = False, has_account
            case inputs.RoomEntered(room_id=room_id):
                if self.state is State.ENTERING:
                    self._enter(State.IN_ROOM, room_id)
            case inputs.RoomExited():
                if self.state in (State.ENTERING, State.IN_ROOM):
                    self.idle_since = now
                    self._enter(State.IDLE)
            case _:
                assert_never(input)
        return []

    @property
    def lacks_account(self) -> bool:
        """Whether it hears a room, as a member that has come back, and has not logged in for that."""
        return self.state is State.IN_ROOM and self._needs_account and not self._has_account

    def check(self) -> None:
        """Assert the invariants."""
        assert (self.room_id is not None) == (self.state is State.IN_ROOM)
        assert not (self.full and self.state in (State.NEW, State.GREETING))
        self.limits.own.check()
        for bucket in (self._pings, self._flood, self._invites):
            bucket.check()

    def _enter(self, state: State, room_id: str | None = None) -> None:
        self.state, self.room_id = state, room_id

    def _received(self, message: ClientMessage, re: RequestId | None, now: float) -> list[effects.SessionEffect]:
        self.received += 1
        if type(message) is messages.Ping:
            if not self._pings.take(now):
                return self._limited("pings", self._pings.wait(now), re, now)
            return [effects.AnswerPing(t0=message.t0, t1=now, re=re)]
        kind = class_of(message)
        needed = self.room_id is not None and is_needed(message, kind)
        # Others of its network may have used up its tokens, and it can only say Hello once.
        is_first = type(message) is messages.Hello and self.state is State.NEW
        if not is_first and (wait := self.limits.take(kind, now, needed=needed)) > 0.0:
            return self._limited(kind, wait, re, now)
        if (owing := self._owing(message, re, now, needed=needed)) is not None:
            return owing
        if (refusal := self._refusal(message)) is not None:
            return [effects.Reply(messages.Error.of(refusal), re)]
        self.idle_since = now
        if type(message) in _OF_ROOMS:
            return [effects.ForwardToRoom(message, re)]
        match message:
            case messages.Hello():
                return self._hello(message, re)
            case messages.CreateRoom():
                self._enter(State.ENTERING)
                return [effects.OpenRoom(message, self.name, self.full, re)]
            case messages.JoinRoom():
                self._enter(State.ENTERING)
                return [effects.EnterRoom(message, self.name, self.full, re)]
            case messages.ListRooms(after=after):
                # It makes its first request without Hello: it is a basic client.
                if self.state is State.NEW:
                    self._enter(State.IDLE)
                return [effects.ListRoomsTo(after, re)]
            case push.PushInvite() if not self._invites.take(now):
                self._count("invitations")
                refused = RequestRefused.rate_limited(
                    "too many invitations", retry_after(self._invites.wait(now)), limit="invitations"
                )
                return [effects.Reply(messages.Error.of(refused), re)]
            case push.PushSubscribe() | push.PushUnsubscribe() | push.PushInvite():
                return [effects.AskPush(message, self.name, re)]
            case _ if isinstance(message, accounts.AccountRequest):
                self._asking = True
                return [effects.AskAccounts(message, re)]
            case _:
                return [effects.ForwardToRoom(message, re)]

    def _refusal(self, message: ClientMessage) -> RequestRefused | None:
        """Return why this message is not allowed in this state. None: it is."""
        if self.room_id is not None and type(message) in _OF_ROOMS:  # Nearly all are this.
            return self._stranger(message)
        state = self.state
        if isinstance(message, messages.Hello):
            return None if state is State.NEW else _LATE
        if state in (State.GREETING, State.ENTERING):
            return _WAIT
        if (stranger := self._stranger(message)) is not None:
            return stranger
        if type(message) in _OF_ROOMS:
            return _OUTSIDE
        if isinstance(message, messages.CreateRoom | messages.JoinRoom):
            return _INSIDE if state is State.IN_ROOM else self._without_film(message)
        if not self.full and isinstance(message, push.PushRequest | accounts.AccountRequest | invites.TrustRequest):
            return _BASIC
        if self._asking and isinstance(message, accounts.AccountRequest):
            return _ASKING
        if state is State.IN_ROOM:
            return None
        outside = messages.ListRooms | push.PushSubscribe | push.PushUnsubscribe | accounts.AccountRequest
        return None if isinstance(message, outside) else _OUTSIDE

    def _stranger(self, message: ClientMessage) -> RequestRefused | None:
        """Return why nothing is granted to whom this server does not know. None: it knows this client, or asks nobody.

        The state stays, so a client that has not said Hello yet may still do so.
        """
        if self._needs_password and not self.full:  # Who has been greeted has given it.
            return _NEEDS_PASSWORD
        if not self._needs_account or self._has_account:
            return None
        return None if self.full and isinstance(message, accounts.AccountRequest) else NEEDS_ACCOUNT

    def _without_film(self, message: messages.CreateRoom | messages.JoinRoom) -> RequestRefused | None:
        """Return why no room can be created for this film. None: one can, or an existing room has to judge."""
        if isinstance(message, messages.JoinRoom) or message.file_hash is not None:
            return None
        if not self.full:
            return RequestRefused.invalid("$.payload", "has no file_hash")
        if message.file is None or message.file.quick_hash is None:
            return RequestRefused.invalid("$.payload", "has neither a file_hash nor a file.quick_hash")
        return None

    def _hello(self, hello: messages.Hello, re: RequestId | None) -> list[effects.SessionEffect]:
        if hello.protocol != PROTOCOL:
            text = f"this server speaks version {PROTOCOL} of the protocol, and you version {hello.protocol}"
            error = messages.Error.of(RequestRefused("UnsupportedProtocol", text, details={"protocol": PROTOCOL}))
            return [effects.Reply(error, re), *self._close("protocol", CLOSE_PROTOCOL, "unsupported protocol version")]
        self._enter(State.GREETING)
        return [effects.Greet(hello, re)]

    def _rejected_frame(self, input: inputs.FrameRejected, now: float) -> list[effects.SessionEffect]:
        error = effects.Reply(messages.Error.of(input.error), input.error.request_id)
        self._rejected = [*self._rejected[1 - _REJECTED_MAX :], now]
        if len(self._rejected) == _REJECTED_MAX and now - self._rejected[0] < _REJECTED_WINDOW:
            return [error, *self._close("protocol", CLOSE_PROTOCOL, "too many frames that are no messages")]
        return [error]

    def _owing(
        self, message: ClientMessage, re: RequestId | None, now: float, *, needed: bool
    ) -> list[effects.SessionEffect] | None:
        """Return what is done instead, if too much was sent because of this client, its network or its room."""
        if type(message) in _FREE:
            return None
        if (wait := self.limits.debt(now, needed=needed)) > 0.0:
            if self._debt_patience is None:
                self._debt_patience = TokenBucket.full(rate=_DEBT_PATIENCE_PER_SECOND, burst=_DEBT_PATIENCE, now=now)
            if not self._debt_patience.take(now):
                self._count("deliveries")
                return self._close("rate-limited", CLOSE_RATE_LIMITED, "too much was sent because of this client")
            return self._complain("deliveries", wait, re, now, self.limits.debtor(now))
        # Its members may put out the one who is to blame.
        if self.room_id is None or type(message) is messages.Kick:
            return None
        wait = self.limits.room_debt(self.room_id, now, needed=needed)
        return self._complain("deliveries", wait, re, now, "room") if wait > 0.0 else None

    def _limited(self, kind: Limited, wait: float, re: RequestId | None, now: float) -> list[effects.SessionEffect]:
        if not self._flood.take(now):
            self._count(kind)
            return self._close("rate-limited", CLOSE_RATE_LIMITED, "far too many messages")
        return self._complain(kind, wait, re, now)

    def _complain(
        self, kind: Limited, wait: float, re: RequestId | None, now: float, of: Holder | None = None
    ) -> list[effects.SessionEffect]:
        """Tell a client of its limit. ``of``: who owes, if that is for what was sent."""
        self._count(kind)
        # A client that gave a request id waits for the answer.
        lately = self._complained_at is not None and now - self._complained_at < _COMPLAINT_SECONDS
        if re is None and lately:
            return []
        self._complained_at = now
        sentence = _TOO_OFTEN.get(kind, _TOO_FAST)
        limited = RequestRefused.rate_limited(sentence, retry_after(wait), limit=kind)
        refused = limited if of is None else owing(of, wait)
        return [effects.Reply(messages.Error.of(refused), re)]

    def _count(self, kind: Limited) -> None:
        self.limited[kind] = self.limited.get(kind, 0) + 1

    def _close(self, reason: Literal["protocol", "rate-limited"], code: int, text: str) -> list[effects.SessionEffect]:
        self._enter(State.CLOSING)
        # A basic client does not know Goodbye.
        farewell: list[effects.SessionEffect] = [effects.Reply(messages.Goodbye(reason=reason))] if self.full else []
        return [*farewell, effects.Close(code, text)]
