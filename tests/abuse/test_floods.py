"""Floods of each type of message, at and above the permitted rate, by one member and by 99 members of one room."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.abuse.raw import HASH, Raw, member, message
from tests.abuse.siege import ATTACKER, FULL, many, siege

pytestmark = pytest.mark.real

GOLDEN: Final = Path(__file__).parents[1] / "golden" / "client-messages.jsonl"
BURST: Final = 60
PER_SECOND: Final = 20
"""What one connection may send, by default."""
MEMBERS: Final = 99
_HASH2: Final = "cd" * 32


def _each_type() -> dict[str, bytes]:
    """Return one message of each type as a frame: the longest of the recorded ones."""
    found: dict[str, bytes] = {}
    for line in GOLDEN.read_text(encoding="utf-8").splitlines():
        whole = json.loads(line)
        # With an id each message has an answer, also where it is refused.
        data = message(whole["type"], "r", **whole["payload"])
        if len(data) > len(found.get(whole["type"], b"")):
            found[whole["type"]] = data
    return found


TYPES: Final = _each_type()


@contextlib.asynccontextmanager
async def crowded(port: int, members: int = MEMBERS, **fields: Any) -> AsyncIterator[list[Raw]]:
    """Fill a room from the attacker's address. The first one is its host."""
    host, answer = await member(port, "host", ATTACKER, **fields)
    host.keeps = False
    raws = [host]
    try:
        for begin in range(1, members, 20):
            joined = await asyncio.gather(
                *(
                    member(port, f"m{number}", ATTACKER, room=answer["room_id"], keeps=False)
                    for number in range(begin, min(begin + 20, members))
                )
            )
            raws += [raw for raw, _ in joined]
        await asyncio.sleep(1.0)
        yield raws
    finally:
        for raw in raws:
            raw.abort()


async def quiet(raws: list[Raw], limit: float = 60.0) -> None:
    """Wait until nothing more comes to these."""
    until, before = time.monotonic() + limit, -1
    while (now := sum(raw.down for raw in raws)) != before and time.monotonic() < until:
        before = now
        await asyncio.sleep(0.5)


async def test_each_type_by_one_member_above_the_rate(tmp_path: Path) -> None:
    """Far above it the connection ends. Which of the types are refused does not matter."""
    async with siege(tmp_path) as besieged:
        ends: dict[str, int | None] = {}
        async with besieged.attack(f"{len(TYPES)} types of messages, 1,000 of each at once, by one client"):
            for name, data in TYPES.items():
                raw, _ = await member(besieged.port, "flood", ATTACKER, keeps=False)
                raw.write(data * 1000)
                try:
                    ends[name] = await raw.closed(timeout=20.0)
                except TimeoutError:
                    ends[name] = None
                    raw.abort()
        print("[abuse] closed with", sorted({str(code) for code in ends.values()}))
        besieged.felt.check()
        # A second Hello and the like are refused before they are counted: those end as invalid ones do.
        assert None not in ends.values(), ends


async def test_each_type_by_one_member_at_the_rate(tmp_path: Path) -> None:
    async with siege(tmp_path) as besieged:
        names = list(TYPES)
        raws = [
            (await member(besieged.port, name, f"127.0.0.{2 + at % 4}", keeps=False))[0]
            for at, name in enumerate(names)
        ]
        async with besieged.attack(f"{len(TYPES)} types of messages at the permitted rate, all at once"):
            for raw, name in zip(raws, names, strict=True):
                raw.write(TYPES[name] * BURST)
            for _ in range(many(10, 2)):
                await asyncio.sleep(1.0)
                for raw, name in zip(raws, names, strict=True):
                    raw.write(TYPES[name] * PER_SECOND)
        besieged.felt.check()
        for raw in raws:
            raw.abort()


def _said(number: int) -> bytes:
    return message("Say", text="x")


def _ready(number: int) -> bytes:
    return message("SetReady", ready=number % 2 == 0)


def _seek(number: int) -> bytes:
    return message("SyncCommand", action="Seek", timestamp=float(number))


def _report(number: int) -> bytes:
    return message(
        "Report", state="playing", position=float(number), at=1.0, error=number / 100, clock_error=0.0, rev=1
    )


def _file(number: int) -> bytes:
    return message("SetFile", file={"size": 5, "duration": 100.0 + number % 2, "name": "x" * 255}, file_hash=HASH)


def _media(number: int) -> bytes:
    return message("SetMedia", file={"size": 5, "name": "x" * 255}, file_hash=HASH if number % 2 else _HASH2)


def _get(number: int) -> bytes:
    return message("GetRoom")


def _ping(number: int) -> bytes:
    return message("Ping", t0=1.0)


ALL: Final = {
    "Say of one letter": _said,
    "SetReady": _ready,
    "Seek": _seek,
    "Report": _report,
    "SetFile": _file,
    "SetMedia": _media,
    "GetRoom": _get,
    "Ping": _ping,
}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("what", list(ALL) if FULL else ["Say of one letter", "SetReady", "GetRoom"])
async def test_99_members_of_one_room_at_the_burst(what: str, tmp_path: Path) -> None:
    async with siege(tmp_path) as besieged, crowded(besieged.port) as raws:
        down, used = sum(raw.down for raw in raws), besieged.processor()
        async with besieged.attack(f"{MEMBERS} members of one room, {BURST} times {what} each"):
            for number in range(BURST):
                data = ALL[what](number)
                for raw in raws:
                    raw.write(data)
            await asyncio.sleep(0)
            await quiet(raws)
        down = sum(raw.down for raw in raws) - down
        print(f"[abuse] {down >> 10} KiB were sent to them; {besieged.processor() - used:.1f} s of processor time")
        besieged.felt.check()
