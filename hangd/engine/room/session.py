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
tolerated up to the limits below.
"""

from collections import deque
from enum import Enum, auto
from typing import Final, Literal, assert_never

from msgspec import Struct

from hangd.engine.room import effects, inputs
from hangd.engine.room.ratelimit import TokenBucket
from hangd.protocol import messages
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


class State(Enum):
    NEW = auto()
    GREETING = auto()
    IDLE = auto()
    ENTERING = auto()
    IN_ROOM = auto()
    CLOSING = auto()


_LATE: Final = RequestRefused("InvalidMessage", "Hello comes first, and once")
# RateLimited: there may be one request at a time, and the same request may be granted in a moment.
_WAIT: Final = RequestRefused.rate_limited("wait for the answer to your last request")
_BASIC: Final = RequestRefused("Forbidden", "only a client that has sent Hello may ask for this")
_OUTSIDE: Final = RequestRefused("NotInRoom", "you are not in a room")
_INSIDE: Final = RequestRefused("AlreadyInRoom", "you are in a room already: leave it first")


class Session:
    """One connection. It has no deadline: a connection without traffic is noticed by the transport.

    Callers may read the public attributes: who the client is, what it may do, and the room that it is in.
    """

    def __init__(self, *, client_id: str, settings: SessionSettings, now: float) -> None:
        rate = settings.messages_per_second
        self.client_id = client_id
        self.name = f"guest-{client_id[:4]}"
        self.full = False
        self.state = State.NEW
        self.room_id: str | None = None
        self._messages = TokenBucket.full(rate=rate, burst=settings.burst, now=now)
        self._pings = TokenBucket.full(rate=settings.pings_per_second, burst=settings.ping_burst, now=now)
        self._flood = TokenBucket.full(rate=rate, burst=_FLOOD, now=now)
        self._invites = TokenBucket.full(rate=_INVITES_PER_SECOND, burst=_INVITES_BURST, now=now)
        self._complained_at: float | None = None
        self._rejected: deque[float] = deque(maxlen=_REJECTED_MAX)

    def handle(self, input: inputs.SessionInput, now: float) -> list[effects.SessionEffect]:
        """Handle one input. Returns the effects to carry out, in order. Raises nothing."""
        if self.state is State.CLOSING:
            return []
        match input:
            case inputs.FrameReceived(message=message, request_id=re):
                return self._received(message, re, now)
            case inputs.FrameRejected():
                return self._rejected_frame(input, now)
            case inputs.Greeted(name=name, resumed=resumed, room_id=room_id):
                if self.state is State.GREETING:
                    self.client_id, self.name, self.full = resumed or self.client_id, name, True
                    self._enter(State.IDLE if room_id is None else State.IN_ROOM, room_id)
            case inputs.RoomEntered(room_id=room_id):
                if self.state is State.ENTERING:
                    self._enter(State.IN_ROOM, room_id)
            case inputs.RoomExited():
                if self.state in (State.ENTERING, State.IN_ROOM):
                    self._enter(State.IDLE)
            case _:
                assert_never(input)
        return []

    def check(self) -> None:
        """Assert the invariants."""
        assert (self.room_id is not None) == (self.state is State.IN_ROOM)
        assert not (self.full and self.state in (State.NEW, State.GREETING))
        for bucket in (self._messages, self._pings, self._flood, self._invites):
            bucket.check()

    def _enter(self, state: State, room_id: str | None = None) -> None:
        self.state, self.room_id = state, room_id

    def _received(self, message: ClientMessage, re: RequestId | None, now: float) -> list[effects.SessionEffect]:
        bucket = self._pings if isinstance(message, messages.Ping) else self._messages
        if not bucket.take(now):
            return self._limited(bucket, re, now)
        if isinstance(message, messages.Ping):
            return [effects.AnswerPing(t0=message.t0, t1=now, re=re)]
        if (refusal := self._refusal(message)) is not None:
            return [effects.Reply(messages.Error.of(refusal), re)]
        match message:
            case messages.Hello():
                return self._hello(message, re)
            case messages.CreateRoom():
                self._enter(State.ENTERING)
                return [effects.OpenRoom(message, self.name, self.full, re)]
            case messages.JoinRoom():
                self._enter(State.ENTERING)
                return [effects.EnterRoom(message, self.name, self.full, re)]
            case messages.ListRooms():
                # It makes its first request without Hello: it is a basic client.
                if self.state is State.NEW:
                    self._enter(State.IDLE)
                return [effects.ListRoomsTo(re)]
            case messages.PushInvite() if not self._invites.take(now):
                refused = RequestRefused.rate_limited("too many invitations", round(self._invites.wait(now), 3))
                return [effects.Reply(messages.Error.of(refused), re)]
            case messages.PushSubscribe() | messages.PushUnsubscribe() | messages.PushInvite():
                return [effects.AskPush(message, self.name, re)]
            case _:
                return [effects.ForwardToRoom(message, re)]

    def _refusal(self, message: ClientMessage) -> RequestRefused | None:
        """Return why this message is not allowed in this state. None: it is."""
        state = self.state
        if isinstance(message, messages.Hello):
            return None if state is State.NEW else _LATE
        if state in (State.GREETING, State.ENTERING):
            return _WAIT
        if isinstance(message, messages.CreateRoom | messages.JoinRoom):
            return _INSIDE if state is State.IN_ROOM else self._without_film(message)
        if isinstance(message, messages.PushRequest) and not self.full:
            return _BASIC
        outside = messages.ListRooms | messages.PushSubscribe | messages.PushUnsubscribe
        return None if state is State.IN_ROOM or isinstance(message, outside) else _OUTSIDE

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
        self._rejected.append(now)
        if len(self._rejected) == _REJECTED_MAX and now - self._rejected[0] < _REJECTED_WINDOW:
            return [error, *self._close("protocol", CLOSE_PROTOCOL, "too many frames that are no messages")]
        return [error]

    def _limited(self, bucket: TokenBucket, re: RequestId | None, now: float) -> list[effects.SessionEffect]:
        if not self._flood.take(now):
            return self._close("rate-limited", CLOSE_RATE_LIMITED, "far too many messages")
        # A client that gave a request id waits for the answer.
        lately = self._complained_at is not None and now - self._complained_at < _COMPLAINT_SECONDS
        if re is None and lately:
            return []
        self._complained_at = now
        refused = RequestRefused.rate_limited("too many messages: slow down", retry_after=round(bucket.wait(now), 3))
        return [effects.Reply(messages.Error.of(refused), re)]

    def _close(self, reason: Literal["protocol", "rate-limited"], code: int, text: str) -> list[effects.SessionEffect]:
        self._enter(State.CLOSING)
        # A basic client does not know Goodbye.
        farewell: list[effects.SessionEffect] = [effects.Reply(messages.Goodbye(reason=reason))] if self.full else []
        return [*farewell, effects.Close(code, text)]
