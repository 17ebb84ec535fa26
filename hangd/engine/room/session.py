"""Session: the server's side of one connection. What a client may say when, and how much of it.

::

    NEW --Hello--> GREETING --Greeted--> IDLE <--------------- RoomExited -----------------+
     |                |                   |  ^                                              |
     |                +--Greeted(room)----|--|--------------------------------------> IN_ROOM
     |                                    |  +--RoomExited, Refused--+                      ^
     +----CreateRoom, JoinRoom------------+---------------------> ENTERING --RoomEntered----+

    any state --> CLOSING   where Close was ordered, or the hub closes the connection; nothing follows

A client is *full* once it was greeted. One whose first act (pings aside) is not Hello is *basic*, for good. While an
answer of the hub's is awaited (GREETING, ENTERING) only pings are served. What is illegal is answered with an Error,
changes nothing, and the connection lives on; frames that are none, and floods, are forgiven for a while (the constants
below).
"""

from collections import deque
from enum import Enum, auto
from typing import Final, Literal, assert_never

from msgspec import Struct

from hangd.engine.room.effects import (
    AnswerPing,
    Close,
    EnterRoom,
    ForwardToRoom,
    FrameReceived,
    FrameRejected,
    Greet,
    Greeted,
    ListRoomsTo,
    OpenRoom,
    Refused,
    Reply,
    RoomEntered,
    RoomExited,
    SessionEffect,
    SessionInput,
)
from hangd.engine.room.ratelimit import TokenBucket
from hangd.engine.room.refusal import as_error
from hangd.protocol.errors import CLOSE_PROTOCOL, CLOSE_RATE_LIMITED, ErrorCode, RequestRefused
from hangd.protocol.messages import ClientMessage, CreateRoom, Goodbye, Hello, JoinRoom, ListRooms, Ping, RequestId
from hangd.protocol.model import PROTOCOL

__all__ = ["Session", "SessionSettings", "SessionSnapshot", "State"]

_REJECTED_MAX: Final = 20
_REJECTED_WINDOW: Final = 60.0
"""So many frames that are none, within so many seconds, end the connection. A client with a bug in one message sends a
few; somebody who types by hand gets a minute's worth of tries; a fuzzer gets nothing out of more."""

_FLOOD: Final = 600.0
"""So many messages over the limit are dropped before the connection ends: half a minute of dragging a slider without
restraint (20 a second), but a third of a second of a client in a tight loop. They are forgiven at the same rate as
messages are allowed."""

_COMPLAINT_SECONDS: Final = 1.0
"""RateLimited is said at most so often: the answer to a flood is not another one."""


class SessionSettings(Struct, frozen=True):
    """How much one connection may say. Pings have a bucket of their own, so that neither starves the other."""

    messages_per_second: float = 20.0
    burst: float = 60.0
    pings_per_second: float = 20.0
    """A client pings 20 times a second when it connects and every 2 to 8 s later."""
    ping_burst: float = 120.0


class State(Enum):
    NEW = auto()
    GREETING = auto()
    IDLE = auto()
    ENTERING = auto()
    IN_ROOM = auto()
    CLOSING = auto()


class SessionSnapshot(Struct, frozen=True):
    client_id: str
    name: str
    full: bool
    state: str
    room_id: str | None


class _Kind(Enum):
    """What a message is to a session. Ping is none of these: it is served everywhere."""

    HELLO = auto()
    LIST = auto()
    ENTER = auto()
    ROOM = auto()


_KINDS: Final[dict[type[ClientMessage], _Kind]] = {
    Hello: _Kind.HELLO,
    ListRooms: _Kind.LIST,
    CreateRoom: _Kind.ENTER,
    JoinRoom: _Kind.ENTER,
}
"""What is neither here nor Ping is for the room that the client is in."""

_Refusal = tuple[ErrorCode, str]

_LATE: Final[_Refusal] = ("InvalidMessage", "Hello comes first, and once")
# RateLimited, because that is what it is: one request at a time, and the same one may be granted in a moment.
_WAIT: Final[_Refusal] = ("RateLimited", "wait for the answer to your last request")
_OUTSIDE: Final[_Refusal] = ("NotInRoom", "you are not in a room")
_INSIDE: Final[_Refusal] = ("AlreadyInRoom", "you are in a room already: leave it first")

_REFUSALS: Final[dict[State, dict[_Kind, _Refusal]]] = {
    State.NEW: {_Kind.ROOM: _OUTSIDE},
    State.GREETING: {_Kind.HELLO: _LATE, _Kind.LIST: _WAIT, _Kind.ENTER: _WAIT, _Kind.ROOM: _WAIT},
    State.IDLE: {_Kind.HELLO: _LATE, _Kind.ROOM: _OUTSIDE},
    State.ENTERING: {_Kind.HELLO: _LATE, _Kind.LIST: _WAIT, _Kind.ENTER: _WAIT, _Kind.ROOM: _WAIT},
    State.IN_ROOM: {_Kind.HELLO: _LATE, _Kind.ENTER: _INSIDE},
}
"""What is illegal where, and how that is told; all else is legal. In CLOSING nothing is heard at all."""


class Session:
    """One connection. ``handle`` raises nothing; there is nothing that it would do by the clock."""

    def __init__(self, *, client_id: str, settings: SessionSettings, now: float) -> None:
        self.client_id = client_id
        self.name = _guest(client_id)
        self.full = False
        self.state = State.NEW
        self.room_id: str | None = None
        self._messages = TokenBucket(rate=settings.messages_per_second, burst=settings.burst, now=now)
        self._pings = TokenBucket(rate=settings.pings_per_second, burst=settings.ping_burst, now=now)
        self._patience = TokenBucket(rate=settings.messages_per_second, burst=_FLOOD, now=now)
        self._complained_at: float | None = None
        self._rejected: deque[float] = deque(maxlen=_REJECTED_MAX)

    def adopt(self, client_id: str) -> None:
        """Go by the id of the member that this connection resumes. To be called before Greeted is fed."""
        self.client_id = client_id

    def handle(self, input: SessionInput, now: float) -> list[SessionEffect]:
        """Take in one fact. Returns the orders to carry out, in their order."""
        if self.state is State.CLOSING:
            return []
        match input:
            case FrameReceived(message=message, request_id=re):
                return self._received(message, re, now)
            case FrameRejected():
                return self._rejected_frame(input, now)
            case Greeted(name=name, room_id=room_id):
                if self.state is State.GREETING:
                    self.full, self.name, self.room_id = True, name, room_id
                    self.state = State.IDLE if room_id is None else State.IN_ROOM
            case RoomEntered(room_id=room_id):
                if self.state is State.ENTERING:
                    self.state, self.room_id = State.IN_ROOM, room_id
            case RoomExited():
                if self.state in (State.ENTERING, State.IN_ROOM):
                    self.state, self.room_id = State.IDLE, None
            case Refused(fatal=fatal):
                if fatal:
                    self.state, self.room_id = State.CLOSING, None
                elif self.state is State.GREETING:
                    self.state = State.NEW
                elif self.state is State.ENTERING:
                    self.state = State.IDLE
            case _:
                assert_never(input)
        return []

    def deadline(self) -> float | None:
        """Return None: a connection that says nothing is the transport's to notice."""
        return None

    def expire(self, now: float) -> list[SessionEffect]:
        """Do what is due: nothing ever is."""
        return []

    def snapshot(self) -> SessionSnapshot:
        return SessionSnapshot(self.client_id, self.name, self.full, self.state.name.lower(), self.room_id)

    def check(self) -> None:
        """Assert the invariants."""
        assert (self.room_id is not None) == (self.state is State.IN_ROOM)
        assert not (self.full and self.state in (State.NEW, State.GREETING))
        for bucket in (self._messages, self._pings, self._patience):
            bucket.check()

    # ---- within -----------------------------------------------------------------------------------------------------

    def _received(self, message: ClientMessage, re: RequestId | None, now: float) -> list[SessionEffect]:
        bucket = self._pings if isinstance(message, Ping) else self._messages
        if not bucket.take(now):
            return self._limited(bucket, re, now)
        if isinstance(message, Ping):
            return [AnswerPing(t0=message.t0, t1=now, re=re)]
        refusal = _REFUSALS[self.state].get(_KINDS.get(type(message), _Kind.ROOM))
        if refusal is not None:
            return [Reply(as_error(RequestRefused(*refusal)), re)]
        if isinstance(message, Hello):
            return self._hello(message, re)
        if isinstance(message, CreateRoom):
            self.state = State.ENTERING
            return [OpenRoom(message, self.name, self.full, re)]
        if isinstance(message, JoinRoom):
            self.state = State.ENTERING
            return [EnterRoom(message, self.name, self.full, re)]
        if isinstance(message, ListRooms):
            # It has begun to ask for things without a Hello: it is a basic client.
            if self.state is State.NEW:
                self.state = State.IDLE
            return [ListRoomsTo(re)]
        return [ForwardToRoom(message, re)]

    def _hello(self, hello: Hello, re: RequestId | None) -> list[SessionEffect]:
        if hello.protocol != PROTOCOL:
            text = f"this server speaks version {PROTOCOL} of the protocol, and you version {hello.protocol}"
            error = as_error(RequestRefused("UnsupportedProtocol", text, details={"protocol": PROTOCOL}))
            return [Reply(error, re), *self._close("protocol", CLOSE_PROTOCOL, "unsupported protocol version")]
        self.state = State.GREETING
        return [Greet(hello, re)]

    def _rejected_frame(self, input: FrameRejected, now: float) -> list[SessionEffect]:
        effects: list[SessionEffect] = [Reply(as_error(input.error), input.error.request_id)]
        self._rejected.append(now)
        if len(self._rejected) == _REJECTED_MAX and now - self._rejected[0] < _REJECTED_WINDOW:
            effects += self._close("protocol", CLOSE_PROTOCOL, "too many frames that are no messages")
        return effects

    def _limited(self, bucket: TokenBucket, re: RequestId | None, now: float) -> list[SessionEffect]:
        if not self._patience.take(now):
            return self._close("rate-limited", CLOSE_RATE_LIMITED, "far too many messages")
        # Who gave an id waits for its answer; to all others once in a while is enough.
        lately = self._complained_at is not None and now - self._complained_at < _COMPLAINT_SECONDS
        if re is None and lately:
            return []
        self._complained_at = now
        wait = {"retry_after": round(bucket.wait(now), 3)}
        return [Reply(as_error(RequestRefused("RateLimited", "too many messages: slow down", details={**wait})), re)]

    def _close(self, reason: Literal["protocol", "rate-limited"], code: int, text: str) -> list[SessionEffect]:
        self.state, self.room_id = State.CLOSING, None
        # A basic client knows no Goodbye.
        farewell: list[SessionEffect] = [Reply(Goodbye(reason=reason))] if self.full else []
        return [*farewell, Close(code, text)]


def _guest(client_id: str) -> str:
    return f"guest-{client_id[:4]}"
