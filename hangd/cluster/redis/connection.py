"""Connection: what is asked of Redis, over connections that break and are made again for as long as it is open."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import hiredis

from hangd.cluster.base import ClusterFailed
from hangd.cluster.redis.dialing import Dialed
from hangd.cluster.redis.wire import Answer, Request
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_ANSWER_SECONDS: Final = 5.0
"""How long `ask` waits, while the connection is being made again too."""
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0
"""Seconds before an attempt to connect that follows failed ones."""
_LASTS_SECONDS: Final = 1.0
"""A connection that ends sooner counts as a failed attempt: Redis takes logins, and refuses what it is told then."""


class Dialing(Protocol):
    async def dial(self, *, changes: bool) -> Dialed: ...


class Connection:
    """Two connections to one server, which live and end together.

    Args:
        connected: called whenever they have been made.
        disconnected: called whenever they have ended, but not after `aclose`.
        random: returns a number from 0 to 1, which spreads the attempts of several nodes.
    """

    def __init__(
        self,
        dialer: Dialing,
        *,
        connected: Callable[[], None],
        disconnected: Callable[[], None],
        random: Callable[[], float],
    ) -> None:
        self._dialer = dialer
        self._connected = connected
        self._disconnected = disconnected
        self._random = random
        self._dialed: Dialed | None = None
        self._waiting: deque[Request] = deque()
        """What is to be sent on the next connection."""
        self._tasks = Tasks()
        self._ended: asyncio.Event = asyncio.Event()
        self._is_told = False
        """Whether the log says that Redis cannot be used."""
        self._was_refused = False
        """Whether the last connection ended because Redis refused something."""
        self._closed = False

    @property
    def is_connected(self) -> bool:
        return self._dialed is not None

    @property
    def unanswered(self) -> int:
        """How many requests have no answer."""
        return len(self._waiting) + (0 if self._dialed is None else len(self._dialed.commands.unanswered))

    async def open(self) -> None:
        """Connect, and stay connected from now on.

        Raises:
            ClusterFailed: that could not be done the first time.
        """
        self._use(await self._dialer.dial(changes=False))
        self._tasks.start(self._stay_connected(), name="connection to Redis")

    async def aclose(self) -> None:
        """End the connection. Whatever is unanswered fails."""
        self._closed = True
        await self._tasks.cancel()
        dialed, self._dialed = self._dialed, None
        unanswered = list(self._waiting)
        self._waiting.clear()
        if dialed is not None:
            unanswered = [*dialed.commands.unanswered, *unanswered]
            dialed.close()
        for request in unanswered:
            _fail(request, "the connection to Redis was closed")

    def send(self, request: Request) -> None:
        """Send this now, or when there is a connection again."""
        if self._dialed is not None:
            self._dialed.commands.send(request)
        elif request.waits and not self._closed:
            self._waiting.append(request)
        else:
            _fail(request, "Redis cannot be reached")

    async def ask(self, packed: bytes, *, again: bool) -> Answer:
        """Return the answer to a command. ``again``: whether it may be sent twice.

        Raises:
            ClusterFailed: it was refused, or there is no answer.
        """
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        request = Request(packed, lambda answer: None if answered.done() else answered.set_result(answer), again=again)
        self.send(request)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await answered
        except TimeoutError:
            raise ClusterFailed(f"Redis has not answered for {_ANSWER_SECONDS:g} s") from None
        finally:
            if not answered.done() or answered.cancelled():
                # Nobody waits for it any more: it is not sent later, when it would surprise.
                request.again = False
                with contextlib.suppress(ValueError):
                    self._waiting.remove(request)
        if isinstance(answer, ClusterFailed):
            raise answer
        if isinstance(answer, hiredis.ReplyError):
            raise ClusterFailed(f"Redis refused: {answer}")
        return answer

    def reconnect(self, why: str) -> None:
        """Give up these connections and make new ones."""
        if self._dialed is not None:
            self._dialed.commands.close(why)

    def _use(self, dialed: Dialed) -> None:
        self._dialed = dialed
        self._ended.clear()
        for wire in (dialed.commands, dialed.inbox):
            wire.broken = lambda: self._broken(dialed)
        waiting, self._waiting = self._waiting, deque()
        for request in waiting:
            dialed.commands.send(request)
        self._connected()

    def _broken(self, dialed: Dialed) -> None:
        if self._dialed is not dialed:
            return
        self._dialed = None
        dialed.close()
        _log.log(
            logging.DEBUG if self._is_told else logging.WARNING,
            "the connection to Redis has ended: %s",
            dialed.commands.why or dialed.inbox.why or "it was closed by the other end",
        )
        self._is_told, self._was_refused = True, dialed.commands.was_refused
        failed: list[Request] = []
        for request in dialed.commands.unanswered:
            (self._waiting if request.again else failed).append(request)
        for request in failed:
            _fail(request, "the connection to Redis has ended before it answered")
        self._ended.set()
        self._disconnected()

    async def _stay_connected(self) -> None:
        while True:
            await self._ended.wait()
            pause = 0.0
            while not await self._lasts():
                # The first attempt is spread as well: all nodes lose a Redis that dies at the same time.
                await asyncio.sleep(max(pause, _FIRST_PAUSE) * (0.5 + self._random() / 2))
                try:
                    self._use(await self._dialer.dial(changes=self._was_refused))
                except ClusterFailed as error:
                    _log.log(logging.DEBUG if pause else logging.WARNING, "%s", error)
                except Exception:
                    _log.exception("connecting to Redis failed")
                pause = min(_LONGEST_PAUSE, 2 * max(pause, _FIRST_PAUSE))
            self._is_told = False
            _log.info("Redis can be reached again")

    async def _lasts(self) -> bool:
        """Wait until there is no connection, or it has lasted for some time. Returns whether it has."""
        try:
            async with asyncio.timeout(_LASTS_SECONDS):
                await self._ended.wait()
        except TimeoutError:
            return True
        return False


def _fail(request: Request, why: str) -> None:
    try:
        request.answered(ClusterFailed(why))
    except Exception:
        _log.exception("a request that failed could not be handled")
