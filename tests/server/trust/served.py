"""A trust service over a store in memory, or over a file, without a server: what the hub would ask is asked here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
from argon2 import PasswordHasher

from hangd.protocol import accounts as requests
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import Hello
from hangd.rooms.trust import Answered, Ended, Visitor
from hangd.server.passwords import PasswordThreads
from hangd.server.settings import ServerSettings
from hangd.server.trust.service import TrustService, open_trust, server_password
from hangd.store.base import Store
from hangd.store.opening import open_file, open_memory, open_postgres
from hangd.store.thread import StoreThread

PASSWORD = "correct horse"
_FAST = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)

HOME = "192.0.2.1"
AWAY = "198.51.100.7"


@dataclass
class Served:
    """``now`` is server time, which the test moves. ``ended`` is what the hub was told to end."""

    trust: TrustService
    store: Store
    thread: StoreThread
    now: float = 1000.0
    ended: list[Ended] = field(default_factory=list)
    here: list[Visitor] = field(default_factory=list)

    def visitor(self, address: str = HOME, **hello: Any) -> Visitor:
        """Return a client that has come and said Hello."""
        visitor = self.trust.arrived(address, self.now)
        return self.trust.greeted(visitor, Hello(1, "x", "test 1", **hello), self.now)

    async def ask(self, message: requests.AccountRequest, visitor: Visitor | None = None) -> Answered:
        return await self.trust.ask(visitor or self.visitor(), message, self.now)

    async def tokens(self, message: requests.AccountRequest, visitor: Visitor | None = None) -> requests.Tokens:
        answer = (await self.ask(message, visitor)).message
        assert isinstance(answer, requests.Tokens)
        return answer

    async def register(self, name: str = "ada", visitor: Visitor | None = None) -> requests.Tokens:
        return await self.tokens(requests.Register(name, PASSWORD), visitor)

    async def code(self, message: requests.AccountRequest, visitor: Visitor | None = None) -> str:
        """Return the code with which this is refused."""
        return (await self.refused(message, visitor)).code

    async def refused(self, message: requests.AccountRequest, visitor: Visitor | None = None) -> RequestRefused:
        try:
            answer = await self.ask(message, visitor)
        except RequestRefused as refused:
            return refused
        raise AssertionError(f"it is granted: {answer.message}")


@asynccontextmanager
async def served(
    folder: Path | None = None, *, url: str | None = None, serving: bool = True, **settings: Any
) -> AsyncIterator[Served]:
    """Serve from a file in ``folder``, from PostgreSQL, or from memory. The library of passwords hashes fast here.

    ``serving``: whether it has PostgreSQL for itself.
    """
    store = open_memory() if folder is None else open_file(folder / "rooms.db")
    if url is not None:
        store = open_postgres(url, serving=serving)
    thread, threads = StoreThread(store), PasswordThreads()
    options = msgspec.structs.replace(ServerSettings(register="open"), **settings)
    try:
        with patch("hangd.server.passwords.PasswordHasher", _FAST):
            trust = await open_trust(options, thread, threads, password=server_password(options))
        one = Served(trust, store, thread)
        trust.start(one.ended.append, lambda: one.here)
        yield one
        await trust.aclose()
    finally:
        threads.close()
        await thread.aclose()


async def looked(one: Served) -> None:
    """Wait for the service's first look at its store, of which it asks two things: to tidy, and to read all."""
    for _ in range(2):
        await asyncio.sleep(0)  # It asks for the next one when it goes on.
        await one.thread.run(lambda store: None)  # This is answered after what was asked before.
