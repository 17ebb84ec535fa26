"""Hash and compare passwords with argon2id, on threads: those of rooms and those of accounts.

The work is slow on purpose, so it is limited: two at once, and a bounded number that wait. Those who wait take turns by
network, so that nobody who sends many keeps the others waiting; and rooms and accounts take turns, so that no flood of
logins keeps anybody out of a room.
"""

import asyncio
import unicodedata
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from hangd.protocol.errors import RequestRefused

_AT_ONCE: Final = 2
"""Each hash takes 64 MiB and a core for tens of milliseconds (RFC 9106's low-memory profile, argon2-cffi's default)."""
_WAITING_MOST: Final = 100
"""For accounts. It is what two threads do in a few seconds."""
_WAITING_EACH: Final = 10
"""For the accounts of one network. Who waits for a room is a connection that can ask for nothing else, and their number
is limited."""
_RETRY_SECONDS: Final = 3.0
_KIB_MAX: Final = 1 << 20
_WORK_MAX: Final = 1 << 23
"""Most memory of one hash, and memory times rounds. A hash that asks for more was written by hand, and is nobody's: it
would take all memory, or a thread for minutes."""

_Result = TypeVar("_Result")


class _Waiting(NamedTuple):
    work: Callable[[], Any]
    result: "asyncio.Future[Any]"


def hash_password(password: str) -> str:
    """Return the hash of a password. It takes tens of milliseconds."""
    return PasswordHasher().hash(_normal(password))


def _normal(password: str) -> str:
    # Keyboards of different systems write one letter as one character or as two (RFC 8265, section 4.2.2).
    return unicodedata.normalize("NFC", password)


class PasswordThreads:
    """The threads, and who waits for them. Call `close` at the end."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
        self._waiting: dict[str, dict[str, deque[_Waiting]]] = {}
        """By what for, and by network. Whose turn is next comes first."""
        self._running = 0
        self.done = 0
        """Hashes that were made or compared."""

    @property
    def waiting(self) -> int:
        """How many wait for a thread."""
        return sum(len(mine) for networks in self._waiting.values() for mine in networks.values())

    async def run(self, what: str, network: str, work: Callable[[], _Result]) -> _Result:
        """Call ``work`` on a thread, and return what it returns. ``what`` and ``network`` are what takes turns."""
        result = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(what, {}).setdefault(network, deque()).append(_Waiting(work, result))
        self._start()
        answer: _Result = await result
        return answer

    def check(self, what: str, network: str) -> None:
        """Raises RequestRefused (RateLimited): too many wait already."""
        waiting = self._waiting.get(what, {})
        if len(waiting.get(network, ())) >= _WAITING_EACH or sum(map(len, waiting.values())) >= _WAITING_MOST:
            raise RequestRefused.rate_limited(
                "the server has many passwords to check now", _RETRY_SECONDS, limit="passwords"
            )

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start(self) -> None:
        while self._running < _AT_ONCE and self._waiting:
            what = next(iter(self._waiting))
            networks = self._waiting.pop(what)
            network = next(iter(networks))
            mine = networks.pop(network)
            work, result = mine.popleft()
            if mine:
                networks[network] = mine  # as the last one
            if networks:
                self._waiting[what] = networks
            if result.done():  # whoever asked has gone
                continue
            self._running += 1
            done = asyncio.get_running_loop().run_in_executor(self._threads, work)
            done.add_done_callback(partial(self._finish, result))

    def _finish(self, result: "asyncio.Future[Any]", done: "asyncio.Future[Any]") -> None:
        self._running -= 1
        self.done += 1
        if not result.done():
            if done.cancelled():
                result.cancel()
            elif (error := done.exception()) is not None:
                result.set_exception(error)
            else:
                result.set_result(done.result())
        self._start()


class Passwords:
    """Implements `hangd.rooms.settings.Passwords`. ``what`` is what the passwords are for.

    Args:
        refuse: refuse to check one more where too many wait.
    """

    def __init__(self, threads: PasswordThreads, what: str, *, refuse: bool = False) -> None:
        self._threads = threads
        self._what = what
        self._refuse = refuse
        self._hasher = PasswordHasher()
        self._nobodys: str | None = None

    async def hash(self, password: str, network: str = "") -> str:
        """Return the hash of a password. Raises RequestRefused (RateLimited), if that was asked for."""
        if self._refuse:
            self._threads.check(self._what, network)
        return await self._threads.run(self._what, network, lambda: self._hasher.hash(_normal(password)))

    async def matches(self, password: str, password_hash: str | None, network: str = "") -> bool:
        """Tell whether it is this password. None: it is nobody's, which takes as long to find out after `prepare`.

        Raises RequestRefused (RateLimited), if that was asked for.
        """
        if self._refuse:
            self._threads.check(self._what, network)
        return await self._threads.run(self._what, network, lambda: self._matches(password, password_hash))

    async def prepare(self) -> None:
        """Make the hash to which the passwords of nobody are compared, so that the first of them takes no longer."""
        self._nobodys = await self._threads.run(self._what, "", lambda: self._hasher.hash(""))

    def _matches(self, password: str, password_hash: str | None) -> bool:
        known = password_hash or self._nobodys or ""
        try:
            costs = extract_parameters(known)
            if (
                costs.memory_cost > _KIB_MAX
                or costs.memory_cost * costs.time_cost > _WORK_MAX
                or costs.parallelism > 64
            ):
                return False
            self._hasher.verify(known, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None
