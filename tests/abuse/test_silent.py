"""Connections that never speak, at each stage of connecting, and some that speak a byte at a time."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from tests.abuse.raw import UPGRADE, NoUpgrade, Raw, dial, message
from tests.abuse.siege import ATTACKER, many, siege
from tests.support.servers.certificates import Authority

pytestmark = pytest.mark.real

SILENT: Final = many(1000, 500)
SERVER: Final = ("--max-clients", str(many(600, 100)))
"""The server takes less than what is attacked with: so many clients, and 256 that have not asked for anything."""
HEAD_SECONDS: Final = 10.0
"""Within which a request has to be whole."""


@contextlib.asynccontextmanager
async def opened(port: int, count: int, sources: int = 1) -> AsyncIterator[list[Raw]]:
    """Connect so often, from so many addresses."""
    raws: list[Raw] = []

    async def one(number: int) -> None:
        with contextlib.suppress(OSError):
            raws.append(await dial(port, f"127.0.0.{2 + number % sources}", keeps=False))

    try:
        for number in range(0, count, 50):
            await asyncio.gather(*(one(number + more) for more in range(50)))
        yield raws
    finally:
        for raw in raws:
            raw.abort()


async def test_nothing_is_asked(tmp_path: Path) -> None:
    async with siege(tmp_path, *SERVER) as besieged:
        async with besieged.attack(f"{SILENT} connections that ask nothing"), opened(besieged.port, SILENT):
            await asyncio.sleep(2.0)
        besieged.felt.check()


async def test_no_tls_handshake(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    pair = authority.issue("127.0.0.1")
    async with siege(tmp_path, *SERVER, tls=pair, ca=authority.path) as besieged:
        before = besieged.resident()
        async with besieged.attack(f"{SILENT} connections without a TLS handshake"), opened(besieged.port, SILENT):
            await asyncio.sleep(2.0)
            grown = besieged.resident() - before
        print(f"[abuse] memory for {SILENT} that do not shake hands: {grown / SILENT / 1024:.0f} KiB each")
        besieged.felt.check()
        assert grown < 64 << 20


@pytest.mark.parametrize("says_hello", [False, True], ids=["before Hello", "after Hello"])
async def test_silent_websockets(says_hello: bool, tmp_path: Path) -> None:
    """The attacker has as many addresses as it needs to fill the server."""
    count, sources = (1000, 10) if SILENT == 1000 else (400, 4)
    async with siege(tmp_path, *SERVER) as besieged:
        async with (
            besieged.attack(f"{count} WebSockets that are silent {'after' if says_hello else 'before'} Hello"),
            opened(besieged.port, count, sources) as raws,
        ):

            async def silent(raw: Raw) -> None:
                with contextlib.suppress(NoUpgrade, OSError):
                    await raw.upgrade()
                    if says_hello:
                        raw.write(message("Hello", protocol=1, name="silent", client="abuse"))

            await asyncio.gather(*map(silent, raws))
            await asyncio.sleep(2.0)
        besieged.felt.check()


async def test_slowloris(tmp_path: Path) -> None:
    """A byte of the request each half second keeps nothing open longer than a request may take."""
    count = many(1000, 300)
    async with siege(tmp_path, *SERVER) as besieged:
        began = time.monotonic()
        async with (
            besieged.attack(f"slowloris by {count} connections"),
            opened(besieged.port, count) as raws,
        ):
            for number in range(int(HEAD_SECONDS * 2) + 4):
                for raw in raws:
                    raw.write(UPGRADE[number : number + 1])
                await asyncio.sleep(0.5)
            left = sum(not raw.ended for raw in raws)
        print(f"[abuse] {left} of {count} are left after {time.monotonic() - began:.1f} s")
        besieged.felt.check()
        assert left == 0


async def test_hold_as_many_as_one_address_may(tmp_path: Path) -> None:
    """A room of five whose members are silent, too, is not idle: they stay, whatever else is closed."""
    async with siege(tmp_path, *SERVER) as besieged:
        async with besieged.attack("200 rounds of connecting and cutting off by 50 at a time"):
            for _ in range(many(200, 50)):
                raws = await asyncio.gather(*(dial(besieged.port, ATTACKER, keeps=False) for _ in range(50)))
                for raw in raws:
                    raw.abort()
        besieged.felt.check()
