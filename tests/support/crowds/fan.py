"""Fan: a full client that is small enough for hundreds in one process.

What decides when it dials, greets and gives a connection up is hangd's own (`hangd.engine.link`), and so is what it
knows of its room (`RoomView`) and of the server's clock. `tests.support.crowds.crowd` makes many of them.
"""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from msgspec import Struct

from hangd.client.server.room_view import RoomView
from hangd.engine.follower.clock import ClockFilter
from hangd.engine.link.link import (
    Dial,
    Dialed,
    DialFailed,
    HangUp,
    Link,
    LinkEffect,
    LinkInput,
    LinkState,
    Lost,
    SendHello,
    Unwanted,
    Wanted,
    Welcomed,
)
from hangd.engine.link.pings import PingSchedule, Ponged, SendPing, Started, Stopped
from hangd.engine.timeline import position_at
from hangd.protocol import messages
from hangd.protocol.codec import decode_server, encode_client
from hangd.protocol.errors import CLOSE_GOING_DOWN, CLOSE_PROTOCOL, RemoteProtocolError
from hangd.protocol.messages import ClientMessage, ServerMessage
from hangd.protocol.model import PROTOCOL, FileInfo, Room
from hangd.tasks import DeadlineTimer, Tasks
from hangd.transport import dial_failures, dialing
from hangd.transport.base import Encoded

__all__ = ["FILM", "HASH", "PATIENCE", "Fan", "Refused", "Welcome"]

PATIENCE: Final = 60.0
"""Seconds to wait for something that has to happen, on a busy machine."""
HASH: Final = "ab" * 32
FILM: Final = FileInfo(size=700_000_000, duration=5400.0, name="film.mkv", quick_hash="01" * 32)
_REPORT_SECONDS: Final = 2.0
_REJOIN_SECONDS: Final = 0.5

_Answer = TypeVar("_Answer")


class Refused(Exception):
    """The server answered with an Error."""

    def __init__(self, error: messages.Error) -> None:
        super().__init__(f"{error.code}: {error.message}")
        self.code = error.code
        self.message = error.message
        self.retry = error.retry
        """Whether the same may be granted later."""


class Welcome(Struct, frozen=True):
    """One greeting by the server, as the client saw it."""

    at: float
    """Local time."""
    resumed: bool
    """Whether the client is who it was before."""
    in_room: bool
    """Whether it is in its room."""
    motd: str | None
    """With what the server greets: nodes of a test do with their name."""
    jump: float | None
    """Seconds of media by which the room's timeline moved, between what the client knew and what it was told."""


class Fan:
    """One full client, which reports to its room every two seconds as a player that is where it should be would."""

    def __init__(self, name: str, url: str, tasks: Tasks, *, device: str | None = None) -> None:
        self.name = name
        self.url = url
        self.device = device
        self.token: str | None = None
        """Its access token, if it has an account."""
        self.view: RoomView | None = None
        self.welcomes: list[Welcome] = []
        self.lost: list[tuple[float, int]] = []
        """Local time and close code of each end of a connection."""
        self.put_out: messages.RoomLeft | None = None
        self.refused: Refused | None = None
        """Why it may not come back into its room, if it may not."""
        self._absent: RoomView | None = None
        """The room into which it is coming back, of which its server does not know that it was in it."""
        self.heard: list[ServerMessage] = []
        """What the room was told beside reports, since one last asked."""
        self.observer: Callable[[ServerMessage], None] | None = None
        """Called with each message, after the client has taken it."""
        self.unknown = 0
        """How many messages it was told that only newer versions know."""
        self.gives_up = False
        """Whether it gives up a connection over which no ping is answered. A crowd that comes together has time."""
        self.clock = ClockFilter()
        self.clock_id: str | None = None
        self.link = Link()
        self._tasks = tasks
        self._resume: messages.Resume | None = None
        self._transport: dialing.ClientTransport | None = None
        self._ended = 0
        """Number of the last attempt whose connection has ended."""
        self._retry_after: float | None = None
        self._pings = PingSchedule()
        self._timer = DeadlineTimer(lambda now: self._carry_out(self.link.expire(now)))
        self._ping_timer = DeadlineTimer(self._ping)
        self._requests: dict[str, asyncio.Future[Any]] = {}
        self._requests_made = 0
        self._reporting: asyncio.TimerHandle | None = None

    # ---- what the test does -----------------------------------------------------------------------------------------

    def connect(self) -> None:
        self._feed(Wanted(self.url))

    def leave(self) -> None:
        """Disconnect for good."""
        self._resume = self.view = self._absent = None
        self._feed(Unwanted())

    @property
    def is_up(self) -> bool:
        return self.link.state is LinkState.UP

    async def until(self, condition: Callable[[], Any], what: str, timeout: float = PATIENCE) -> None:
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, f"{self.name}: {what}: did not happen within {timeout:g} s"
            await asyncio.sleep(0.01)

    async def greeted(self) -> None:
        await self.until(lambda: self.is_up, f"a Welcome ({self.link.reason})")

    def say(self, message: ClientMessage, request_id: str | None = None) -> None:
        assert self._transport is not None, f"{self.name} is not connected"
        self._transport.send(Encoded(encode_client(message, request_id)))

    async def ask(self, message: ClientMessage, answer: type[_Answer]) -> _Answer:
        """Send a request and return its answer. Raises Refused, and ConnectionError where the connection ends first."""
        if not self.is_up:
            raise ConnectionError(f"{self.name} is not connected")
        request_id, future = self._request()
        self.say(message, request_id)
        async with asyncio.timeout(PATIENCE):
            found = await future
        assert isinstance(found, answer), f"{found} is no {answer.__name__}"
        return found

    async def ask_newer(self, type: str) -> ServerMessage:
        """Send a request of a newer version, which has no fields. Otherwise as `ask`."""
        if self._transport is None or not self.is_up:
            raise ConnectionError(f"{self.name} is not connected")
        request_id, future = self._request()
        self._transport.send(Encoded(f'{{"type": "{type}", "payload": {{}}, "id": "{request_id}"}}'.encode()))
        async with asyncio.timeout(PATIENCE):
            message: ServerMessage = await future
        return message

    def _request(self) -> tuple[str, asyncio.Future[Any]]:
        """Return the id of a new request, and what will be its answer."""
        self._requests_made += 1
        request_id = f"r{self._requests_made}"
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._requests[request_id] = future
        return request_id, future

    async def create(self, **fields: Any) -> messages.RoomCreated:
        await self.greeted()
        request = messages.CreateRoom(**{"file_hash": HASH, "file": FILM, **fields})
        created = await self.ask(request, messages.RoomCreated)
        self._enter(created.room, created.client_id)
        assert self.view is not None
        self.view.host_secret, self.view.return_secret = created.host_secret, created.return_secret
        return created

    async def join(self, room: str, **fields: Any) -> messages.RoomJoined:
        await self.greeted()
        request = messages.JoinRoom(**{"room_id": room, "file_hash": HASH, "file": FILM, **fields})
        joined = await self.ask(request, messages.RoomJoined)
        self._enter(joined.room, joined.client_id)
        assert self.view is not None
        self.view.host_secret = fields.get("host_secret")
        self.view.return_secret = joined.return_secret
        return joined

    async def look(self) -> Room:
        """Ask for the state of the room, as the server knows it now."""
        return (await self.ask(messages.GetRoom(), messages.RoomState)).room

    def server_time(self, now: float) -> float:
        """Return what the server's clock shows at this local time, as this client has learned it."""
        return now + self.clock.offset(now)

    def position(self, now: float) -> float:
        """Return where the film is at this local time, as this client knows its room."""
        assert self.view is not None and self.clock.locked
        return position_at(self.view.timeline, self.server_time(now))

    # ---- the link ---------------------------------------------------------------------------------------------------

    def _feed(self, input: LinkInput) -> None:
        self._carry_out(self.link.handle(input, time.monotonic(), random.random()))

    def _carry_out(self, effects: list[LinkEffect]) -> None:
        for effect in effects:
            match effect:
                case Dial(url=url, attempt=attempt):
                    self._tasks.start(self._dial(url, attempt), name=f"{self.name} dials")
                case SendHello():
                    hello = messages.Hello(
                        protocol=PROTOCOL,
                        name=self.name,
                        client="crowd",
                        resume=self._resume,
                        device=self.device,
                        token=self.token,
                    )
                    self.say(hello, "hello")
                case HangUp():
                    if self._transport is not None:
                        self._transport.close(1000, "")
                    self._transport = None
        self._timer.arm(self.link.deadline())

    async def _dial(self, url: str, attempt: int) -> None:
        def opened(transport: dialing.ClientTransport) -> "_Attempt":
            self._transport, self._retry_after = transport, None
            self._feed(Dialed(attempt))
            return _Attempt(self, attempt, transport)

        try:
            await dialing.dial(url, opened, timeout=8.0)
        except dial_failures.DialFailed as error:
            self._feed(DialFailed(attempt, str(error)))

    def lost_attempt(self, attempt: int, code: int, reason: str, at: float) -> None:
        if attempt != self.link.attempt or attempt == self._ended:
            return
        self._transport, self._ended = None, attempt
        self.lost.append((at, code))
        self._pings.handle(Stopped(), at)
        self._ping_timer.arm(self._pings.deadline())
        requests, self._requests = self._requests, {}
        for future in requests.values():
            if not future.done():
                future.set_exception(ConnectionError(reason))
        self._feed(Lost(attempt, code, reason, self._retry_after))

    def _ping(self, now: float) -> None:
        for effect in self._pings.expire(now):
            if self._transport is None:
                continue
            if isinstance(effect, SendPing):
                self.say(messages.Ping(t0=time.monotonic()))
            elif self.gives_up:
                self._transport.abort()
            else:
                self._pings.handle(Started(), now)
        self._ping_timer.arm(self._pings.deadline())

    # ---- what arrives -----------------------------------------------------------------------------------------------

    def frame_received(self, data: str | bytes, attempt: int, at: float) -> None:
        if attempt != self.link.attempt:
            return
        try:
            frame = decode_server(data if isinstance(data, bytes) else data.encode())
        except RemoteProtocolError as error:
            if error.code != "UnknownType":  # which clients pass over
                raise
            self.unknown += 1
            return
        message = frame.message
        match message:
            case messages.Goodbye(retry_after=retry_after):
                self._retry_after = retry_after
            case messages.Welcome():
                self._welcomed(message, attempt, at)
            case messages.Pong():
                self.clock.add(message.t0, message.t1, message.t2, at)
                self._pings.handle(Ponged(), at)
                self._ping_timer.arm(self._pings.deadline())
            case messages.RoomLeft():
                self.put_out, self.view = message, None
            case messages.Error() if frame.re == "hello":
                code = CLOSE_GOING_DOWN if message.retry else CLOSE_PROTOCOL
                self.lost_attempt(attempt, code, message.message, at)
            case _ if self.view is not None:
                self.view.learn(message)
                if not isinstance(message, messages.MemberChanged | messages.MembersReported):
                    self.heard.append(message)
        if self.observer is not None:
            self.observer(message)
        future = None if frame.re is None else self._requests.pop(str(frame.re), None)
        if future is not None and not future.done():
            if isinstance(message, messages.Error):
                future.set_exception(Refused(message))
            else:
                future.set_result(message)

    def _welcomed(self, welcome: messages.Welcome, attempt: int, at: float) -> None:
        before = self.position(at) if self.view is not None and self.clock.locked else None
        if welcome.clock_id != self.clock_id:
            self.clock.flush(at)
            self.clock_id = welcome.clock_id
        self._resume = messages.Resume(client_id=welcome.client_id, secret=welcome.resume_secret)
        view = self.view or self._absent
        if view is not None and welcome.room is not None:
            view.enter(welcome.room, welcome.client_id)
            self.view, self._absent = view, None
        else:
            self.view, self._absent = None, view
        jump = None
        if before is not None and self.view is not None and welcome.room is not None and self.clock.locked:
            jump = self.position(at) - before
        self.welcomes.append(Welcome(at, welcome.resumed, welcome.room is not None, welcome.motd, jump))
        self._feed(Welcomed(attempt))
        self._pings.handle(Started(), at)
        self._ping_timer.arm(self._pings.deadline())
        if self._absent is not None:
            # As hangd does it where it is not known any more: it joins again, with what proves who it was.
            self._tasks.start(self._come_back(self._absent, len(self.welcomes)), name=f"{self.name} joins again")
        if self._reporting is None:
            self._report(first=True)
        else:
            self._tell()

    async def _come_back(self, view: RoomView, welcomes: int) -> None:
        """Join the room again, until that is refused for good or another connection begins, which does the same."""
        while self._absent is view and len(self.welcomes) == welcomes:
            try:
                await self.join(view.room_id, host_secret=view.host_secret, return_secret=view.return_secret)
            except ConnectionError:
                return
            except Refused as refused:
                if not refused.retry:
                    self._absent, self.refused = None, refused
                    return
                await asyncio.sleep(_REJOIN_SECONDS)

    def _enter(self, room: Room, client_id: str) -> None:
        self.view = RoomView(room, client_id, self.url)
        self.put_out = self.refused = self._absent = None

    def _report(self, *, first: bool = False) -> None:
        seconds = _REPORT_SECONDS * (random.random() if first else 1.0)
        self._reporting = asyncio.get_running_loop().call_later(seconds, self._report)
        if not first:
            self._tell()

    def _tell(self) -> None:
        if self.view is None or not self.is_up or not self.clock.locked:
            return
        now, line = time.monotonic(), self.view.timeline
        report = messages.Report(
            state="playing" if line.playing else "paused",
            position=self.position(now),
            at=self.server_time(now),
            error=0.0,
            clock_error=self.clock.bound(now),
            rev=line.rev,
        )
        self.say(report)
        self.view.reported(report)

    def close(self) -> None:
        if self._reporting is not None:
            self._reporting.cancel()
        self._ping_timer.arm(None)
        self._feed(Unwanted())
        self._timer.arm(None)


class _Attempt:
    """The `Listener` of one dialed connection."""

    def __init__(self, fan: Fan, attempt: int, transport: dialing.ClientTransport) -> None:
        self._fan = fan
        self._attempt = attempt
        self._transport = transport

    def received(self, data: str | bytes, at: float) -> None:
        self._fan.frame_received(data, self._attempt, at)

    def latency_measured(self, rtt: float, at: float) -> None:
        pass

    def writable_again(self) -> None:
        pass

    def lost(self, at: float) -> None:
        code = self._transport.close_code
        self._fan.lost_attempt(self._attempt, code, self._transport.close_reason or f"closed ({code})", at)
