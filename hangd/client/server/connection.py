"""Connection: a `Link` with a socket under it. It keeps the connection up, asks and matches the answers, and pings.

Everything that arrives is handed on in the order in which it came, with the local monotonic time at which its bytes
did; Pongs go to the clock and no further. A request is answered by the message that carries its mark back: the caller
gets that message, or `ServerRefused`, or `NotConnected` if the connection went first.
"""

import asyncio
import random
import time
from typing import Final, Protocol

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
from hangd.engine.link.pings import PingSchedule
from hangd.protocol.codec import decode_server, encode_client
from hangd.protocol.errors import ErrorCode, RemoteProtocolError
from hangd.protocol.messages import (
    ClientMessage,
    Error,
    Goodbye,
    Hello,
    Ping,
    Pong,
    RequestId,
    Resume,
    ServerMessage,
    Welcome,
)
from hangd.protocol.model import PROTOCOL
from hangd.tasks import DeadlineTimer, Tasks
from hangd.transport.websocket import ClientTransport, DialFailed, dial

__all__ = ["Connection", "ConnectionListener", "NotConnected", "ServerRefused"]

_DIAL_TIMEOUT: Final = 10.0


class NotConnected(Exception):
    """There is no connection to ask over, or it went before the answer came. ``str()`` says why."""


class ServerRefused(Exception):
    """The server answered with an Error."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.message)
        self.code: ErrorCode = error.code
        self.message = error.message
        self.retry = error.retry


class ConnectionListener(Protocol):
    """Who is told what the server says."""

    def welcomed(self, welcome: Welcome, now: float) -> None:
        """The connection is up, anew or again."""

    def received(self, message: ServerMessage, re: RequestId | None, now: float) -> None:
        """A message arrived: answers to requests too, after the request has been told."""

    def link_changed(self, state: LinkState, reason: str | None) -> None:
        """The connection went into another state."""

    def ponged(self, t0: float, t1: float, t2: float, t3: float) -> None:
        """A ping came back: its four timestamps (`hangd.engine.follower.clock`)."""

    def clock_replaced(self, now: float) -> None:
        """The server's clock is another one than before."""


class Connection:
    """The client's connection to one room server at a time."""

    def __init__(self, listener: ConnectionListener, tasks: Tasks, *, name: str, client: str) -> None:
        self._listener = listener
        self._tasks = tasks
        self._name = name
        self._client = client
        self._link = Link()
        self._transport: ClientTransport | None = None
        self._dialing: asyncio.Task[object] | None = None
        self._timer = DeadlineTimer(self._expire)
        self._ping_timer = DeadlineTimer(self._ping)
        self._pings = PingSchedule()
        self._requests: dict[RequestId, asyncio.Future[ServerMessage]] = {}
        self._marks = 0
        self._resume: Resume | None = None
        self._clock_id: str | None = None
        self.client_id: str | None = None

    @property
    def state(self) -> LinkState:
        return self._link.state

    @property
    def url(self) -> str | None:
        return self._link.url

    @property
    def reason(self) -> str | None:
        """Why there is no connection."""
        return self._link.reason

    @property
    def is_up(self) -> bool:
        return self._link.state is LinkState.UP

    def want(self, url: str) -> None:
        """Connect to the server at ``url``, and keep the connection up. What was connected to before is left."""
        if url != self._link.url:
            self._resume = None
        self._feed(Wanted(url))

    def unwant(self) -> None:
        """Disconnect and stay so."""
        self._resume = None
        self._feed(Unwanted())

    def send(self, message: ClientMessage, mark: RequestId | None = None) -> None:
        """Send a message, now. Raises NotConnected."""
        if self._transport is None or not self.is_up:
            raise NotConnected(self._why())
        self._transport.write(encode_client(message, mark))

    async def request(self, message: ClientMessage, *, timeout: float = 10.0) -> ServerMessage:
        """Send a message and wait for its answer.

        Raises:
            NotConnected: there is no connection, or it broke off before the answer.
            ServerRefused: the server answered with an Error.
            TimeoutError: no answer came within ``timeout`` seconds.
        """
        self._marks += 1
        mark = f"r{self._marks}"
        future: asyncio.Future[ServerMessage] = asyncio.get_running_loop().create_future()
        self.send(message, mark)
        self._requests[mark] = future
        try:
            async with asyncio.timeout(timeout):
                return await future
        finally:
            self._requests.pop(mark, None)

    async def close(self) -> None:
        """Disconnect, and wait for a moment that the server takes notice."""
        transport = self._transport
        self._feed(Unwanted())
        if transport is not None:
            try:
                async with asyncio.timeout(1.0):
                    await transport.wait_closed()
            except TimeoutError:
                transport.abort()

    # ---- the link's orders ----------------------------------------------------------------------------------------

    def _feed(self, input: LinkInput) -> None:
        self._carry_out(self._link.handle(input, time.monotonic(), random.uniform(0.5, 1.0)))

    def _expire(self, now: float) -> None:
        self._carry_out(self._link.expire(now))

    def _carry_out(self, effects: list[LinkEffect]) -> None:
        for effect in effects:
            match effect:
                case Dial(url=url, attempt=attempt):
                    self._dialing = self._tasks.start(self._run(url, attempt), name=f"connection-{attempt}")
                case SendHello():
                    self._greet()
                case HangUp():
                    self._hang_up()
                case StateChanged(state=state, reason=reason):
                    if state is not LinkState.UP:
                        self._went_down()
                    self._listener.link_changed(state, reason)
        self._timer.arm(self._link.deadline())

    async def _run(self, url: str, attempt: int) -> None:
        """One attempt, from dialing to the end of the connection."""
        try:
            transport = await dial(url, timeout=_DIAL_TIMEOUT)
        except DialFailed as error:
            self._feed(LinkDialFailed(attempt, str(error)))
            return
        self._transport = transport
        retry_after: float | None = None
        try:
            self._feed(Dialed(attempt))
            async for data, at in transport:
                try:
                    frame = decode_server(data if isinstance(data, bytes) else data.encode())
                except RemoteProtocolError as error:
                    # A newer server may say what we do not know; what it says wrongly is no better. Neither ends us.
                    if error.code == "UnknownType":
                        continue
                    transport.close(1002, "not understood")
                    self._feed(Lost(attempt, 1002, f"the server says what is not of the protocol: {error}"))
                    return
                if isinstance(frame.message, Goodbye):
                    retry_after = frame.message.retry_after
                self._received(frame.message, frame.re, at, attempt)
            self._feed(Lost(attempt, transport.close_code, self._ended(transport), retry_after))
        finally:
            transport.close()
            if self._transport is transport:
                self._transport = None

    def _ended(self, transport: ClientTransport) -> str:
        if transport.close_code == 1006:
            return "the connection broke off"
        return transport.close_reason or f"the server closed the connection ({transport.close_code})"

    def _greet(self) -> None:
        assert self._transport is not None
        hello = Hello(protocol=PROTOCOL, name=self._name, client=self._client, resume=self._resume)
        self._transport.write(encode_client(hello, "hello"))

    def _hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close(1000, "")
            self._transport = None
        if self._dialing is not None and self._dialing is not asyncio.current_task():
            self._dialing.cancel()
        self._dialing = None

    def _went_down(self) -> None:
        self._pings.stop()
        self._ping_timer.arm(None)
        requests, self._requests = self._requests, {}
        for future in requests.values():
            if not future.done():
                future.set_exception(NotConnected(self._why()))

    def _why(self) -> str:
        if self._link.url is None:
            return "there is no connection to a server"
        return self._link.reason or f"not connected to {self._link.url} yet"

    # ---- what arrives ---------------------------------------------------------------------------------------------

    def _received(self, message: ServerMessage, re: RequestId | None, at: float, attempt: int) -> None:
        if attempt != self._link.attempt:
            return
        match message:
            case Pong(t0=t0, t1=t1, t2=t2):
                self._pings.answered()
                self._ping_timer.arm(self._pings.due)
                self._listener.ponged(t0, t1, t2, at)
            case Welcome():
                self._welcomed(message, at, attempt)
                return
            case Error() if re == "hello" and self._link.state is LinkState.GREETING:
                # The server closes after this; the reason is the Error's, and trying again is no use.
                self._feed(Lost(attempt, 4500, message.message))
                return
        future = self._requests.pop(re, None) if re is not None else None
        if future is not None and not future.done():
            if isinstance(message, Error):
                future.set_exception(ServerRefused(message))
            else:
                future.set_result(message)
        self._listener.received(message, re, at)

    def _welcomed(self, welcome: Welcome, at: float, attempt: int) -> None:
        self.client_id = welcome.client_id
        self._resume = Resume(client_id=welcome.client_id, secret=welcome.resume_secret)
        if welcome.clock_id != self._clock_id:
            self._listener.clock_replaced(at)
            self._clock_id = welcome.clock_id
        self._feed(Welcomed(attempt))
        self.ask_the_time(at)
        self._listener.welcomed(welcome, at)

    def ask_the_time(self, now: float) -> None:
        """Learn the server's clock anew: a burst of pings, from now on."""
        if self.is_up:
            self._pings.start(now)
            self._ping_timer.arm(self._pings.due)

    def _ping(self, now: float) -> None:
        if self._transport is None or not self.is_up:
            return
        if self._pings.is_dead(now):
            self._transport.abort()
            return
        self._transport.write(encode_client(Ping(t0=time.monotonic())))
        self._pings.sent(now)
        self._ping_timer.arm(self._pings.due)
