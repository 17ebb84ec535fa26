"""A few networks that take as much as they may: places of clients, memory for queues, connections and requests."""

import asyncio
import contextlib
import ssl
import time
from pathlib import Path
from typing import Any, Final

import pytest

from hangd.tasks import Tasks
from tests.abuse.amplification import QUEUE, fill_queue
from tests.abuse.raw import Raw, dial, member
from tests.abuse.siege import ATTACKER, FULL, many, siege
from tests.support.servers.certificates import Authority

pytestmark = pytest.mark.real

_BURSTS: Final = 300, 4000
"""Connections, and requests, that an address may have at once (docs/protocol.md)."""
_PER_SECOND: Final = 20, 100
_OPTIONS: Final = () if FULL else ("--max-clients", "100", "--connections-per-second", "1")
_ALL_AT_ONCE, _ALL_PER_SECOND = many(1256, 356), many(200, 10)
"""Connections of all addresses of which no client is here, at a server with these options."""


@pytest.mark.timeout(200)
async def test_members_of_a_few_networks_fill_the_server(tmp_path: Path) -> None:
    """They are in rooms, so none of them is idle. Newcomers come in all the same, in the place of their last ones."""
    most, sources = many(1000, 150), many(10, 3)
    async with siege(tmp_path, "--max-clients", str(most)) as besieged, contextlib.AsyncExitStack() as stack:
        came: list[Raw] = []
        for number in range(most + sources):
            room = None if number < sources or number % 10 == 0 else str(number // 10)
            source = f"127.0.0.{2 + number % sources}"
            with contextlib.suppress(ConnectionError):
                fields: dict[str, Any] = {"name": str(number // 10)} if room is None else {}
                raw, _ = await member(besieged.port, f"m{number}", source, room=room, keeps=False, **fields)
                stack.callback(raw.abort)
                came.append(raw)
        async with besieged.attack(f"{len(came)} members of {sources} networks fill a server for {most} clients"):
            await asyncio.sleep(3.0)
        left = sum(not raw.ended for raw in came)
        print(f"[abuse] {left} of them have stayed")
        assert len(came) >= most - 10, "there was no place left"
        assert most - 30 <= left < len(came), "some have given way, and no more than were needed"
        besieged.felt.check()


@pytest.mark.timeout(400)
async def test_rooms_with_the_longest_queues(tmp_path: Path) -> None:
    """All queues take no more than they may. A room of another network can still have a queue of an evening."""
    mib, rooms, sources = many(256, 24), many(450, 50), many(9, 3)
    options = ("--max-queue-memory", str(mib), "--max-rooms", str(2 * rooms))
    async with siege(tmp_path, *options) as besieged, contextlib.AsyncExitStack() as stack:
        before, entries = besieged.resident(), 0
        async with besieged.attack(f"{rooms} rooms with the longest queues, by {sources} networks"):
            for number in range(rooms):
                raw, _ = await member(besieged.port, "queue", f"127.0.0.{2 + number % sources}")
                stack.callback(raw.abort)
                entries += await fill_queue(raw)
                raw.keeps = False
        grown = (besieged.resident() - before) >> 20
        print(f"[abuse] {entries} entries in {rooms} rooms, {grown} MiB more ({mib} for queues)")
        assert entries < rooms * QUEUE * 0.7, "some were refused longer ones"
        assert grown < 2 * mib + 64, "what the store was last given is kept until it gets another one"
        raw, _ = await member(besieged.port, "somebody", "127.7.0.1")
        stack.callback(raw.abort)
        for _ in range(5):
            usual = [{"file": {"size": place, "name": f"A film of {place}.mkv"}} for place in range(20)]
            raw.say("QueueInsert", 1, after="end", entries=usual)
            await raw.hear("QueueChanged")
        besieged.felt.check()
        assert "(--max-queue-memory)" in besieged.server.log()


async def _ask(port: int, source: str, tls: ssl.SSLContext | None = None) -> bool:
    """Connect and ask one thing. Return whether that was answered."""
    with contextlib.suppress(OSError, TimeoutError):
        raw = await dial(port, source, keeps=False, tls=tls)
        try:
            raw.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            async with asyncio.timeout(20):
                while not raw.answered and not raw.ended:
                    raw._changed.clear()
                    await raw._changed.wait()
            return b" 200 " in raw.answered
        finally:
            raw.abort()
    return False


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
async def test_one_network_connects_all_the_time(secure: bool, tmp_path: Path) -> None:
    """Nothing of what comes too fast is read, so it costs no handshake of TLS and no request."""
    authority = Authority(tmp_path, "authority")
    pair, trusting = authority.issue("127.0.0.1"), ssl.create_default_context(cafile=str(authority.path))
    trusting.check_hostname = False
    tls = trusting if secure else None
    answered = 0

    async def keep(port: int) -> None:
        nonlocal answered
        while True:
            got = await _ask(port, ATTACKER, tls)
            answered += got
            await asyncio.sleep(0.02)

    both = {"tls": pair, "ca": authority.path} if secure else {}
    async with siege(tmp_path, **both) as besieged:  # type: ignore[arg-type]
        began, used = time.monotonic(), besieged.processor()
        tasks = Tasks()
        async with besieged.attack(f"one network connects all the time, {'with' if secure else 'without'} TLS"):
            for _ in range(60):
                tasks.start(keep(besieged.port), name="connect")
            await asyncio.sleep(many(20, 6))
        seconds = time.monotonic() - began
        used = besieged.processor() - used
        await tasks.cancel()
        print(f"[abuse] {answered} were answered in {seconds:.1f} s; {used / seconds * 100:.0f} % of a core")
        assert _BURSTS[0] <= answered + 60 and answered <= _BURSTS[0] + _PER_SECOND[0] * (seconds + 1)
        besieged.felt.check()


async def test_thousands_of_networks_connect_all_the_time(tmp_path: Path) -> None:
    """Nobody who is new can be told from them, so newcomers are refused with them; who is in a room does not notice."""
    asked = answered = 0

    async def keep(port: int) -> None:
        nonlocal asked, answered
        while True:
            asked += 1
            got = await _ask(port, f"127.{100 + asked // 250 % 100}.{asked % 250}.1")
            answered += got
            await asyncio.sleep(0)

    async with siege(tmp_path, *_OPTIONS) as besieged:
        began, used = time.monotonic(), besieged.processor()
        tasks = Tasks()
        async with besieged.attack("thousands of networks connect all the time"):
            for _ in range(100):
                tasks.start(keep(besieged.port), name="connect")
            await asyncio.sleep(many(30, 12))
        seconds = time.monotonic() - began
        used = besieged.processor() - used
        await tasks.cancel()
        each = 1000 * used / max(asked, 1)
        print(
            f"[abuse] {answered} of {asked} were answered in {seconds:.1f} s; {each:.2f} ms of processor time for each"
        )
        assert asked > answered + 200, "none was refused"
        assert _ALL_AT_ONCE <= answered + 100 and answered <= _ALL_AT_ONCE + _ALL_PER_SECOND * (seconds + 1)
        besieged.felt.check(newcomers=False)


async def test_one_network_asks_for_the_page_all_the_time(tmp_path: Path) -> None:
    """It pipelines requests over connections that stay."""
    answers = 0

    async def keep(port: int) -> None:
        nonlocal answers
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(ATTACKER, 0))
            with contextlib.closing(writer):
                while True:
                    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
                    for _ in range(20):
                        await reader.readuntil(b"\r\n\r\nok\n")
                        answers += 1

    async with siege(tmp_path) as besieged:
        began = time.monotonic()
        tasks = Tasks()
        async with besieged.attack("one network asks for the page all the time"):
            for _ in range(20):
                tasks.start(keep(besieged.port), name="ask")
            await asyncio.sleep(many(30, 12))
        seconds = time.monotonic() - began
        await tasks.cancel()
        print(f"[abuse] {answers} requests were answered in {seconds:.1f} s")
        assert _BURSTS[1] <= answers <= _BURSTS[1] + _PER_SECOND[1] * (seconds + 1)
        besieged.felt.check()
