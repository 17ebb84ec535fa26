"""Connection: the client's connection to one room server at a time.

Theory of operation. The state machine `Link` decides when to dial, greet, hang up and dial again; this module carries
its effects out. While a connection is up, messages are handed to the `ConnectionListener` in the call that read their
bytes, in the order in which they arrived, with the local time at which they arrived. `PingSchedule` decides when a
`Ping` is sent.

A request is answered by the message that carries its id back. The caller of `request` gets that message, or
`ServerRefused` (the server answered with an Error), or `NotConnected` (the connection ended first). What has to be done
before the next message is handled (being in a room whose timeline may follow at once) is given as ``arrived``.

Failures. What a server sends is hostile, and what it starts here may fail for a reason that nobody foresaw. Such a
failure ends the connection, is logged, and the link dials again after `_FAULT_PAUSE`: the server's next snapshot of the
room puts right what the failed message left half done. It never ends this object: the link's timer is always armed.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from hangd.client.server.introduction import Introduced, Introduction
from hangd.client.server.requests import NotConnected, Requests, WrongAnswer
from hangd.engine.link.link import (
    Dial,
    Dialed,
    HangUp,
    Link,
    LinkEffect,
    LinkInput,
    LinkState,
    Lost,
    SendHello,
    StateChanged,
    Unwanted,
    Wanted,
    Welcomed,
)
from hangd.engine.link.link import DialFailed as LinkDialFailed
from hangd.engine.link.pings import PingInput, PingSchedule, Ponged, SendPing, Started, StateAsked, StateCame, Stopped
from hangd.log import escape
from hangd.protocol import messages
from hangd.protocol.codec import decode_server, encode_client
from hangd.protocol.errors import (
    CLOSE_BANNED,
    CLOSE_GOING_DOWN,
    CLOSE_PROTOCOL,
    CLOSE_UNAUTHORIZED,
    ErrorCode,
    RemoteProtocolError,
)
from hangd.protocol.messages import ClientMessage, RequestId, ServerMessage
from hangd.protocol.model import PROTOCOL
from hangd.tasks import DeadlineTimer, Tasks
from hangd.transport.base import Encoded
from hangd.transport.dial_failures import DialFailed
from hangd.transport.dialing import ClientTransport, dial
from hangd.urls import server_url

_log = logging.getLogger(__name__)

_ANSWER_TIMEOUT: Final = 8.0
"""Seconds to dial, or to wait for an answer: less than the 10 s after which hangctl gives up and knows no reason."""
_LONG_TIMEOUT: Final = 60.0
"""Seconds to wait for the state of a room, which is large, and for a new room, whose password is hashed after others'.
Whether the server still speaks, pings tell sooner."""
_ASKS_STATE: Final = (messages.JoinRoom, messages.GetRoom)
_TAKES_LONG: Final = (*_ASKS_STATE, messages.CreateRoom)
_SILENT: Final = ("unreachable", "refused", "timeout")
"""Kinds of DialFailed where nothing has answered."""
_CLOSE_TIMEOUT: Final = 1.0
"""Seconds that `Connection.close` waits for the server to answer the closing handshake."""
_FAULT_PAUSE: Final = 5.0
"""Seconds, at least, before the link dials again after a message whose handling failed: it may come again."""
_PROTOCOL_ERROR: Final = 1002
_INTERNAL_ERROR: Final = 1011
"""Close codes of RFC 6455, section 7.4.1."""

_REFUSING: Final[dict[int, ErrorCode]] = {CLOSE_UNAUTHORIZED: "Unauthorized", CLOSE_BANNED: "Banned"}
"""Close codes with which a server says that it does not want this viewer."""

_Answer = TypeVar("_Answer")


class ConnectionListener(Protocol):
    """What is told of a connection. ``now`` is the local time at which the message's bytes arrived."""

    def welcomed(self, welcome: messages.Welcome, now: float) -> None:
        """The connection is up, for the first time or again."""

    def received(self, message: ServerMessage, re: RequestId | None, now: float) -> None:
        """A message arrived. An answer comes here too, after its request has been told.

        Raises WrongAnswer where no server may say that.
        """

    def link_changed(self, state: LinkState, reason: str | None) -> None:
        """The connection is in another state."""

    def ponged(self, pong: messages.Pong, now: float) -> None:
        """A ping was answered. Its three timestamps and ``now`` are what `hangd.engine.follower.clock` takes."""

    def clock_replaced(self, now: float) -> None:
        """The server's clock is another one than before: forget what was learned of it."""


class Connection:
    """See the module's docstring. Set ``listener`` before `want` is called; await `close` before the loop ends.

    Args:
        name: this member's name, as the others see it.
        client: this program and its version, for the server's log.
        tls_ca, proxy: as in `hangd.transport.dialing.dial`.
        introduction: None: the server is told nothing but the name.
    """

    listener: ConnectionListener

    def __init__(
        self,
        tasks: Tasks,
        *,
        name: str,
        client: str,
        tls_ca: str | None = None,
        proxy: str | None = None,
        introduction: Introduction | None = None,
    ) -> None:
        self._tasks = tasks
        self._introduction = introduction
        self._tls_ca = tls_ca
        self._proxy = proxy
        self._name = name
        self._client = client
        self._link = Link()
        self._transport: ClientTransport | None = None
        self._dialing: asyncio.Task[object] | None = None
        self._timer = DeadlineTimer(self._expire)
        self._ping_timer = DeadlineTimer(self._ping)
        self._pings = PingSchedule()
        self._requests = Requests(lambda message, request_id: self.send(message, request_id))
        self._retry_after: float | None = None
        """Seconds that this connection's server asked for in its Goodbye."""
        self._resume: messages.Resume | None = None
        self._clock_id: str | None = None
        self.is_silent = False
        """Whether nothing has answered at the server's address when it was dialed last."""
        self.client_id: str | None = None
        self.public_url: str | None = None
        """The server's URL for others, as it told in its last Welcome."""
        self.features: tuple[str, ...] = ()
        """What the server can do, as it told in its last Welcome."""
        self.refusal: messages.Error | None = None
        """Why the server does not let this viewer in, or not any more. None: it has not said so since the last dial."""

    @property
    def state(self) -> LinkState:
        return self._link.state

    @property
    def url(self) -> str | None:
        return self._link.url

    @property
    def reason(self) -> str | None:
        """Why there is no connection, as a sentence."""
        return self._link.reason

    @property
    def is_up(self) -> bool:
        return self._link.state is LinkState.UP

    @property
    def has_page(self) -> bool:
        """Whether the server shows a page for browsers."""
        return "web" in self.features

    @property
    def resume(self) -> messages.Resume | None:
        """What proves to this server that another connection is this client's."""
        return self._resume

    def want(self, url: str, resume: messages.Resume | None = None) -> None:
        """Connect to the server at ``url`` and keep the connection up. Another server's connection is closed.

        ``resume``: be this client there, which an earlier process was.
        """
        if url != self._link.url:
            self._resume = resume
        self._feed(Wanted(url))

    def unwant(self) -> None:
        """Disconnect, and stay disconnected until `want` is called."""
        self._resume = self.refusal = None
        self._feed(Unwanted())

    def send(self, message: ClientMessage, request_id: RequestId | None = None) -> None:
        """Send a message now. Raises NotConnected."""
        if self._transport is None or not self.is_up:
            raise NotConnected(self._why())
        self._transport.send(Encoded(encode_client(message, request_id)))
        if isinstance(message, _ASKS_STATE):
            self._feed_pings(StateAsked(), time.monotonic())

    async def request(
        self,
        message: ClientMessage,
        answer: type[_Answer],
        *,
        arrived: Callable[[_Answer, float], None] | None = None,
        timeout: float | None = None,
    ) -> _Answer:
        """Send a message and wait for its answer.

        Args:
            answer: the type of message that is an answer; ``object`` where any is.
            arrived: called with the answer and its local time of arrival before any later message is handled. (The
                caller of this method runs again only in a later turn of the event loop.)

        Raises:
            NotConnected: there is no connection, or it ended before the answer. It is ended here if the server answers
                with a message of another type: such a server does not speak the protocol.
            ServerRefused: the server answered with an Error.
            TimeoutError: no answer came within ``timeout`` seconds; without that, in the time that such an answer has.
        """
        if timeout is None:
            timeout = _LONG_TIMEOUT if isinstance(message, _TAKES_LONG) else _ANSWER_TIMEOUT
        return await self._requests.ask(message, answer, arrived, timeout)

    async def close(self) -> None:
        """Disconnect, and wait for a moment until the server has noticed."""
        transport = self._transport
        self._feed(Unwanted())
        if transport is not None:
            try:
                async with asyncio.timeout(_CLOSE_TIMEOUT):
                    await transport.wait_closed()
            except TimeoutError:
                transport.abort()

    # ---- the link's effects ---------------------------------------------------------------------------------------

    def _feed(self, input: LinkInput) -> None:
        self._carry_out(self._link.handle(input, time.monotonic(), random.random()))

    def _expire(self, now: float) -> None:
        self._carry_out(self._link.expire(now))

    def _carry_out(self, effects: list[LinkEffect]) -> None:
        try:
            for effect in effects:
                match effect:
                    case Dial(url=url, attempt=attempt):
                        self.refusal = None
                        self._dialing = self._tasks.start(self._dial(url, attempt), name=f"dial-{attempt}")
                    case SendHello():
                        if self._transport is not None:
                            self._transport.send(Encoded(encode_client(self._hello(), "hello")))
                    case HangUp():
                        self._hang_up(1000, "")
                    case StateChanged(state=state, reason=reason):
                        if state is not LinkState.UP:
                            self._went_down()
                        self._guard(lambda: self.listener.link_changed(state, reason))
        finally:
            self._timer.arm(self._link.deadline())

    def _hello(self) -> messages.Hello:
        own = Introduced()
        if self._introduction is not None and self._link.url is not None:
            own = self._introduction.hello(self._link.url)
        return messages.Hello(
            protocol=PROTOCOL,
            name=self._name,
            client=self._client,
            token=own.token,
            resume=self._resume,
            device=own.device,
            password=own.password,
        )

    async def _dial(self, url: str, attempt: int) -> None:
        def opened(transport: ClientTransport) -> "_Attempt":
            self._transport, self._retry_after, self.is_silent = transport, None, False
            self._feed(Dialed(attempt))
            return _Attempt(self, attempt, transport)

        if self._introduction is not None:
            await self._introduction.prepare(url)
        try:
            await dial(url, opened, timeout=_ANSWER_TIMEOUT, tls_ca=self._tls_ca, proxy=self._proxy)
        except DialFailed as error:
            self.is_silent = error.kind in _SILENT
            self._feed(LinkDialFailed(attempt, str(error), error.retry_after))

    def _hang_up(self, code: int, reason: str) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close(code, reason)
        if self._dialing is not None and self._dialing is not asyncio.current_task():
            self._dialing.cancel()
        self._dialing = None

    def _went_down(self) -> None:
        self._feed_pings(Stopped(), time.monotonic())
        self._requests.end(self._why())

    def _why(self) -> str:
        if self._link.url is None:
            return "there is no connection to a server"
        return self._link.reason or f"not connected to {self._link.url} yet"

    # ---- failures -------------------------------------------------------------------------------------------------

    def _guard(self, tell: Callable[[], None]) -> bool:
        """Call the listener. What fails there is logged and goes no further. Returns whether it succeeded."""
        try:
            tell()
        except Exception:
            _log.exception("handling what the server said failed")
            return False
        return True

    def _end(self, code: int, reason: str, retry_after: float | None = None) -> None:
        """End the connection for a reason of ours, and let the link decide what follows."""
        self._hang_up(code, "")
        self._feed(Lost(self._link.attempt, code, reason, retry_after))

    # ---- what arrives ---------------------------------------------------------------------------------------------

    def frame_received(self, data: str | bytes, at: float, attempt: int) -> None:
        """Take one frame of the connection of this attempt. Raises nothing."""
        if attempt != self._link.attempt:
            return
        try:
            frame = decode_server(data if isinstance(data, bytes) else data.encode())
        except RemoteProtocolError as error:
            # A newer server may send types that this client does not know, and those are passed over.
            if error.code != "UnknownType":
                self._end(_PROTOCOL_ERROR, f"the server says what is not of the protocol: {error}")
            return
        if not self._guard(lambda: self._received(frame.message, frame.re, at, attempt)):
            self._end(_INTERNAL_ERROR, "a message of the server's could not be handled", _FAULT_PAUSE)

    def attempt_ended(self, attempt: int, code: int, reason: str) -> None:
        """The connection of this attempt is over."""
        if attempt == self._link.attempt:
            self._transport = None
            if code in _REFUSING:
                error = self.refusal or messages.Error(_REFUSING[code], reason, False)
                self._refused(error)
                reason = error.message
        self._feed(Lost(attempt, code, reason, self._retry_after))

    def _refused(self, error: messages.Error) -> None:
        self.refusal = error
        if self._introduction is not None and self._link.url is not None:
            self._introduction.refused(self._link.url, error)

    def _received(self, message: ServerMessage, re: RequestId | None, at: float, attempt: int) -> None:
        match message:
            case messages.Goodbye(retry_after=retry_after):
                self._retry_after = retry_after
            case messages.Welcome() if self._link.state is LinkState.GREETING:
                self._welcomed(message, at, attempt)
                return
            case messages.Error() if re == "hello" and self._link.state is LinkState.GREETING:
                # The server closes after this. The reason is the Error's, and 4500 says that dialing again is no use.
                self._refused(message)
                code = CLOSE_GOING_DOWN if message.retry else CLOSE_PROTOCOL
                seconds = (message.details or {}).get("retry_after")
                self._end(code, message.message, float(seconds) if isinstance(seconds, (int, float)) else None)
                return
            case messages.Error(code=code) if re is None and code in _REFUSING.values():
                self.refusal = message  # if the connection ends with it
            case messages.RoomJoined() | messages.RoomState() | messages.Error():
                self._feed_pings(StateCame(), at)
            case messages.Pong():
                self._feed_pings(Ponged(), at)
                self.listener.ponged(message, at)
        if not self.is_up:
            return  # Before its Welcome, a server has nothing else to say.
        try:
            self._requests.received(message, re, at)
            self.listener.received(message, re, at)
        except WrongAnswer as error:
            self._end(_PROTOCOL_ERROR, str(error))

    def _welcomed(self, welcome: messages.Welcome, at: float, attempt: int) -> None:
        self.client_id = welcome.client_id
        self._resume = messages.Resume(client_id=welcome.client_id, secret=welcome.resume_secret)
        if welcome.clock_id != self._clock_id:
            self.listener.clock_replaced(at)
            self._clock_id = welcome.clock_id
        self.public_url = _public_url(welcome)
        self.features = welcome.features
        self._feed(Welcomed(attempt))
        if self._introduction is not None and self._link.url is not None:
            self._introduction.welcomed(self._link.url, welcome)
        self.ask_the_time(at)
        self.listener.welcomed(welcome, at)

    # ---- pings ----------------------------------------------------------------------------------------------------

    def ask_the_time(self, now: float) -> None:
        """Start a burst of pings, to learn the server's clock anew."""
        if self.is_up:
            self._feed_pings(Started(), now)

    def _feed_pings(self, input: PingInput, now: float) -> None:
        self._pings.handle(input, now)
        self._ping_timer.arm(self._pings.deadline())

    def _ping(self, now: float) -> None:
        if self._transport is None or not self.is_up:
            return
        for effect in self._pings.expire(now):
            if isinstance(effect, SendPing):
                self._transport.send(Encoded(encode_client(messages.Ping(t0=time.monotonic()))))
            else:
                self._transport.abort()
        self._ping_timer.arm(self._pings.deadline())


def _public_url(welcome: messages.Welcome) -> str | None:
    """Return the server's URL for others in its normal form; None if the server told none that can be used."""
    try:
        return None if welcome.public_url is None else server_url(welcome.public_url)
    except ValueError as error:
        _log.warning("the server's public URL %s", escape(str(error)))
        return None


class _Attempt:
    """The `Listener` of one dialed connection. It numbers what arrives, so that an older connection's is ignored."""

    def __init__(self, connection: Connection, attempt: int, transport: ClientTransport) -> None:
        self._connection = connection
        self._attempt = attempt
        self._transport = transport

    def received(self, data: str | bytes, at: float) -> None:
        self._connection.frame_received(data, at, self._attempt)

    def latency_measured(self, rtt: float, at: float) -> None:
        pass  # The clock is learned from the protocol's own pings, whose four timestamps say more.

    def writable_again(self) -> None:
        pass  # A client sends little, and `ClientTransport.send` gives up a server that does not read.

    def lost(self, at: float) -> None:
        code, reason = self._transport.close_code, self._transport.close_reason
        if code == 1006:
            reason = "the connection broke off"
        reason = reason or f"the server closed the connection ({code})"
        self._connection.attempt_ended(self._attempt, code, reason)
