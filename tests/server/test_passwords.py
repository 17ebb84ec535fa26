"""Passwords, with the real argon2, and who waits for whom."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from argon2 import PasswordHasher

from hangd.protocol.errors import RequestRefused
from hangd.server.passwords import Passwords, PasswordThreads, hash_password
from tests.support.daemons.control import until
from tests.support.servers.server import PATIENCE


@pytest.fixture
def threads() -> Iterator[PasswordThreads]:
    threads = PasswordThreads()
    yield threads
    threads.close()


async def test_hash_and_compare(threads: PasswordThreads) -> None:
    passwords = Passwords(threads, "room")
    hashed = await passwords.hash("correct horse")
    assert hashed.startswith("$argon2id$")
    assert hashed != await passwords.hash("correct horse")
    assert await passwords.matches("correct horse", hashed)
    assert not await passwords.matches("wrong horse", hashed)
    assert not await passwords.matches("correct horse", "no hash at all")


async def test_a_hash_that_would_take_hours_is_none(threads: PasswordThreads) -> None:
    """Somebody has written it into a backup: it would keep a thread, or take all memory."""
    passwords = Passwords(threads, "account")
    for costs in ("m=65536,t=100000,p=4", "m=67108864,t=3,p=4", "m=8,t=3,p=16777215"):
        begun = time.monotonic()
        assert not await passwords.matches("x", f"$argon2id$v=19${costs}$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA")
        assert time.monotonic() - begun < 5.0


async def test_a_letter_is_the_same_however_a_keyboard_writes_it(threads: PasswordThreads) -> None:
    passwords = Passwords(threads, "room")
    assert await passwords.matches("caf\u00e9", await passwords.hash("cafe\u0301"))
    assert await passwords.matches("cafe\u0301", hash_password("caf\u00e9"))
    assert not await passwords.matches("cafe", hash_password("caf\u00e9"))


@pytest.mark.parametrize("password", ["", "correct horse"])
async def test_nobodys_password_is_never_right(threads: PasswordThreads, password: str) -> None:
    assert not await Passwords(threads, "account").matches(password, None)


async def test_nobodys_password_takes_the_same_work(threads: PasswordThreads, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords(threads, "account")
    verified = []

    class Hasher(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            verified.append(str(hash).split("$")[:4])
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Hasher())
    await passwords.prepare()
    await passwords.matches("one", await passwords.hash("another"))
    await passwords.matches("one", None)
    assert len(verified) == 2 and verified[0] == verified[1]


class Held:
    """Work that waits until it is let go, and notes in which order it began."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self._go = threading.Semaphore(0)

    def work(self, name: str) -> Callable[[], str]:
        def work() -> str:
            self.began.append(name)
            assert self._go.acquire(timeout=PATIENCE)
            return name

        return work

    async def end_in_turn(self, total: int) -> None:
        """End each of so many when the next one has begun: two threads that go on at once tell in any order."""
        for begun in range(len(self.began) + 1, total + 1):
            self._go.release()
            await until(lambda begun=begun: len(self.began) == begun)  # type: ignore[misc]
        self.end(total)

    def end(self, total: int) -> None:
        """End so many, in any order."""
        self._go.release(total)


async def test_networks_take_turns_and_so_do_rooms_and_accounts(threads: PasswordThreads) -> None:
    held = Held()

    async def ask(what: str, network: str, number: int) -> str:
        return await threads.run(what, network, held.work(f"{what} {network} {number}"))

    async with asyncio.TaskGroup() as group:
        group.create_task(ask("account", "a", 0))
        group.create_task(ask("account", "a", 1))
        await asyncio.sleep(0)
        for number in range(2, 8):
            group.create_task(ask("account", "a", number))
        group.create_task(ask("account", "b", 0))
        group.create_task(ask("account", "b", 1))
        group.create_task(ask("room", "c", 0))
        await until(lambda: len(held.began) == 2)
        assert sorted(held.began) == ["account a 0", "account a 1"], "two at once"
        await held.end_in_turn(11)
    assert held.began[2:] == [
        *("account a 2", "room c 0"),
        *("account b 0", "account a 3", "account b 1"),
        *(f"account a {number}" for number in range(4, 8)),
    ]


async def test_a_friend_does_not_wait_for_the_rooms_that_95_connections_make(threads: PasswordThreads) -> None:
    held = Held()
    async with asyncio.TaskGroup() as group:
        for number in range(95):
            group.create_task(threads.run("room", "an attacker", held.work(f"room {number}")))
        await until(lambda: len(held.began) == 2)
        group.create_task(threads.run("room", "a friend", held.work("join")))
        await until(lambda: threads.waiting == 95 - 2 + 1)
        await held.end_in_turn(96)
    assert held.began.index("join") <= 3, "two are under way, and one may come before it"


async def test_accounts_are_refused_beyond_ten_that_wait_for_one_network(threads: PasswordThreads) -> None:
    held = Held()
    passwords = Passwords(threads, "account", refuse=True)
    waiting = [asyncio.ensure_future(threads.run("account", "a", held.work(str(n)))) for n in range(12)]  # noqa: TID251
    await asyncio.sleep(0)
    with pytest.raises(RequestRefused) as refused:
        await passwords.matches("x", None, "a")
    assert refused.value.code == "RateLimited" and refused.value.details == {"retry_after": 3.0, "limit": "passwords"}
    other = asyncio.ensure_future(passwords.matches("x", None, "b"))  # noqa: TID251
    rooms = asyncio.ensure_future(Passwords(threads, "room").matches("x", None, "a"))  # noqa: TID251
    held.end(12)
    assert not await other and not await rooms
    assert await asyncio.gather(*waiting) == [str(n) for n in range(12)]


async def test_who_has_gone_is_not_worked_for(threads: PasswordThreads) -> None:
    held = Held()
    running = [asyncio.ensure_future(threads.run("room", "", held.work(str(n)))) for n in range(2)]  # noqa: TID251
    gone = asyncio.ensure_future(threads.run("room", "", held.work("gone")))  # noqa: TID251
    await asyncio.sleep(0)
    gone.cancel()
    held.end(2)
    await asyncio.gather(*running)
    assert await threads.run("room", "", lambda: 1) == 1
    assert sorted(held.began) == ["0", "1"]
