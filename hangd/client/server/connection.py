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
from typing import Any, Final, Protocol, TypeVar

from msgspec import Struct

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
from hangd.engine.link.pings import PingInput, PingSchedule, Ponged, SendPing, Started, Stopped
from hangd.log import escape
from hangd.protocol import messages
from hangd.protocol.codec import decode_server, encode_client
from hangd.protocol.errors import ErrorCode, RemoteProtocolError
from hangd.protocol.messages import ClientMessage, RequestId, ServerMessage
from hangd.protocol.model import PROTOCOL
from hangd.tasks import DeadlineTimer, Tasks
from hangd.transport.base import Encoded
from hangd.transport.dialing import ClientTransport, DialFailed, dial
from hangd.urls import server_url

_log = logging.getLogger(__name__)

_ANSWER_TIMEOUT: Final = 8.0
"""Seconds to dial, or to wait for an answer: less than the 10 s after which hangctl gives up and knows no reason."""
_SILENT: Final = ("unreachable", "refused", "timeout")
"""Kinds of DialFailed where nothing has answered."""
_CLOSE_TIMEOUT: Final = 1.0
"""Seconds that `Connection.close` waits for the server to answer the closing handshake."""
_FAULT_PAUSE: Final = 5.0
"""Seconds, at least, before the link dials again after a message whose handling failed: it may come again."""
_PROTOCOL_ERROR: Final = 1002
_INTERNAL_ERROR: Final = 1011
"""Close codes of RFC 6455, section 7.4.1."""

_Answer = TypeVar("_Answer")


class _Request(Struct, eq=False):
    """A request that has no answer yet."""

    answer: type
    arrived: Callable[[Any, float], None] | None
    future: asyncio.Future[Any]


class NotConnected(Exception):
    """There is no connection to send over, or it ended before the answer came. ``str()`` says why."""


class ServerRefused(Exception):
    """The server answered with an Error."""

    def __init__(self, error: messages.Error) -> None:
        super().__init__(error.message)
        self.code: ErrorCode = error.code
        self.message = error.message
        self.retry = error.retry


class ConnectionListener(Protocol):
    """What is told of a connection. ``now`` is the local time at which the message's bytes arrived."""

    def welcomed(self, welcome: messages.Welcome, now: float) -> None:
        """The connection is up, for the first time or again."""

    def received(self, message: ServerMessage, re: RequestId | None, now: float) -> None:
        """A message arrived. An answer comes here too, after its request has been told."""

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
    """

    listener: ConnectionListener

    def __init__(
        self, tasks: Tasks, *, name: str, client: str, tls_ca: str | None = None, proxy: str | None = None
    ) -> None:
        self._tasks = tasks
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
        self._requests: dict[RequestId, _Request] = {}
        self._requests_made = 0
        self._retry_after: float | None = None
        """Seconds that this connection's server asked for in its Goodbye."""
        self._resume: messages.Resume | None = None
        self._clock_id: str | None = None
        self.is_silent = False
        """Whether nothing has answered at the server's address when it was dialed last."""
        self.client_id: str | None = None
        self.public_url: str | None = None
        """The server's URL for others, as it told in its last Welcome."""
        self.has_page = False
        """Whether the server shows a page for browsers, as it told in its last Welcome."""

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
        self._resume = None
        self._feed(Unwanted())

    def send(self, message: ClientMessage, request_id: RequestId | None = None) -> None:
        """Send a message now. Raises NotConnected."""
        if self._transport is None or not self.is_up:
            raise NotConnected(self._why())
        self._transport.send(Encoded(encode_client(message, request_id)))

    async def request(
        self,
        message: ClientMessage,
        answer: type[_Answer],
        *,
        arrived: Callable[[_Answer, float], None] | None = None,
        timeout: float = _ANSWER_TIMEOUT,
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
            TimeoutError: no answer came within ``timeout`` seconds.
        """
        self._requests_made += 1
        request_id = f"r{self._requests_made}"
        future: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        self.send(message, request_id)
        self._requests[request_id] = _Request(answer, arrived, future)
        try:
            async with asyncio.timeout(timeout):
                return await future
        finally:
            self._requests.pop(request_id, None)

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
                        self._dialing = self._tasks.start(self._dial(url, attempt), name=f"dial-{attempt}")
                    case SendHello():
                        hello = messages.Hello(
                            protocol=PROTOCOL, name=self._name, client=self._client, resume=self._resume
                        )
                        if self._transport is not None:
                            self._transport.send(Encoded(encode_client(hello, "hello")))
                    case HangUp():
                        self._hang_up(1000, "")
                    case StateChanged(state=state, reason=reason):
                        if state is not LinkState.UP:
                            self._went_down()
                        self._guard(lambda: self.listener.link_changed(state, reason))
        finally:
            self._timer.arm(self._link.deadline())

    async def _dial(self, url: str, attempt: int) -> None:
        def opened(transport: ClientTransport) -> "_Attempt":
            self._transport, self._retry_after, self.is_silent = transport, None, False
            self._feed(Dialed(attempt))
            return _Attempt(self, attempt, transport)

        try:
            await dial(url, opened, timeout=_ANSWER_TIMEOUT, tls_ca=self._tls_ca, proxy=self._proxy)
        except DialFailed as error:
            self.is_silent = error.kind in _SILENT
            self._feed(LinkDialFailed(attempt, str(error)))

    def _hang_up(self, code: int, reason: str) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close(code, reason)
        if self._dialing is not None and self._dialing is not asyncio.current_task():
            self._dialing.cancel()
        self._dialing = None

    def _went_down(self) -> None:
        self._feed_pings(Stopped(), time.monotonic())
        requests, self._requests = self._requests, {}
        for request in requests.values():
            if not request.future.done():
                request.future.set_exception(NotConnected(self._why()))

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
        self._feed(Lost(attempt, code, reason, self._retry_after))

    def _received(self, message: ServerMessage, re: RequestId | None, at: float, attempt: int) -> None:
        match message:
            case messages.Goodbye(retry_after=retry_after):
                self._retry_after = retry_after
            case messages.Welcome() if self._link.state is LinkState.GREETING:
                self._welcomed(message, at, attempt)
                return
            case messages.Error() if re == "hello" and self._link.state is LinkState.GREETING:
                # The server closes after this. The reason is the Error's, and 4500 says that dialing again is no use.
                self._end(4500, message.message)
                return
            case messages.Pong():
                self._feed_pings(Ponged(), at)
                self.listener.ponged(message, at)
        if not self.is_up:
            return  # Before its Welcome, a server has nothing else to say.
        request = self._requests.pop(re, None) if re is not None else None
        if request is not None and not request.future.done() and not self._answered(request, message, at):
            return
        self.listener.received(message, re, at)

    def _answered(self, request: _Request, message: ServerMessage, at: float) -> bool:
        """Give a request its answer. Returns False if the message is no answer to it: the connection is ended then."""
        if isinstance(message, messages.Error):
            request.future.set_exception(ServerRefused(message))
        elif isinstance(message, request.answer):
            try:
                if request.arrived is not None:
                    request.arrived(message, at)
            except Exception:
                request.future.set_exception(NotConnected("the server's answer could not be handled"))
                raise
            request.future.set_result(message)
        else:
            why = f"the server answered with a {type(message).__name__} where a {request.answer.__name__} is due"
            request.future.set_exception(NotConnected(why))
            self._end(_PROTOCOL_ERROR, why)
            return False
        return True

    def _welcomed(self, welcome: messages.Welcome, at: float, attempt: int) -> None:
        self.client_id = welcome.client_id
        self._resume = messages.Resume(client_id=welcome.client_id, secret=welcome.resume_secret)
        if welcome.clock_id != self._clock_id:
            self.listener.clock_replaced(at)
            self._clock_id = welcome.clock_id
        self.public_url = _public_url(welcome)
        self.has_page = "web" in welcome.features
        self._feed(Welcomed(attempt))
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
