"""The largest state that a room can have, and a member whose network is slow, as in a hotel: it is not cut off."""

import asyncio
import socket
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.abuse.amplification import LONG, QUEUE
from tests.abuse.raw import Raw, dial, member
from tests.abuse.siege import FULL, many
from tests.support.servers.limits import UNLIMITED_OPTIONS
from tests.support.servers.server_process import server_process

pytestmark = pytest.mark.real

MEMBERS: Final = 100
"""As many as a room may have, unless the server's operator says otherwise."""
LARGEST: Final = 1_100_000
"""Bytes of a room's state, at most (docs/protocol.md)."""
SPEEDS: Final = (200_000, 20_000) if FULL else (200_000,)
"""Bytes a second. At the slower one a ping is under way for longer than an answer may take."""
_QUICK_HASH: Final = "cd" * 32
_IN_A_FRAME: Final = 30


def slow_down(raw: Raw, speed: float) -> None:
    """Read so many bytes a second from now on, in small pieces."""
    raw.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    loop, take = asyncio.get_running_loop(), raw.data_received

    def take_and_wait(data: bytes) -> None:
        take(data)
        if not raw.ended:
            raw.transport.pause_reading()
            loop.call_later(len(data) / speed, raw.transport.resume_reading)

    raw.data_received = take_and_wait  # type: ignore[method-assign]


def longest(number: int) -> str:
    """Return a name of a member that is as long as it may be."""
    return f"{number:02}{LONG[:30]}"


def longest_file(number: int) -> dict[str, Any]:
    return {"size": 2**53 - 1 - number, "duration": 12345.678901, "name": LONG, "quick_hash": _QUICK_HASH}


async def largest_room(port: int) -> tuple[list[Raw], str]:
    """Make a room in which all but one place are taken, and everything is as long as it may be."""
    file = longest_file(0)
    host, created = await member(port, longest(0), file=file, name=LONG[:64])
    for begin in range(1, QUEUE, _IN_A_FRAME):
        numbers = range(begin, min(begin + _IN_A_FRAME, QUEUE))
        entries = [{"file": longest_file(number), "file_hash": f"{number:064}"} for number in numbers]
        host.say("QueueInsert", 1, after="end", entries=entries)
        await host.hear("QueueChanged")
    raws = [host]
    for number in range(1, MEMBERS - 1):
        raw, _ = await member(port, longest(number), room=created["room_id"], keeps=False, file=file)
        raw.say("Report", state="playing", position=12345.678, at=1.0, error=0.123456, clock_error=0.012345, rev=1)
        raws.append(raw)
    return raws, created["room_id"]


@pytest.mark.timeout(many(400, 200))
@pytest.mark.parametrize("speed", SPEEDS)
async def test_a_member_with_a_slow_network_gets_the_largest_state(speed: int, tmp_path: Path) -> None:
    """It asks for the state once more before it has the first one. The others do not wait for it."""
    async with server_process(tmp_path, *UNLIMITED_OPTIONS) as server:
        raws, room_id = await largest_room(server.port)
        slow = await dial(server.port, "127.0.0.3")
        await slow.upgrade()
        slow.say("Hello", protocol=1, name=longest(99), client="abuse")
        await slow.hear("Welcome")
        slow_down(slow, speed)
        began, before = time.monotonic(), slow.down
        slow.say("JoinRoom", 1, room_id=room_id, file_hash="ab" * 32)
        slow.say("GetRoom", 2)
        raws[0].say("SyncCommand", 3, action="Seek", timestamp=1.0)
        await raws[0].hear("SyncBroadcast")
        assert not slow.counts["RoomState"], "the others waited until it had everything"
        joined = await slow.hear("RoomJoined", timeout=180)
        size = slow.down - before
        await slow.hear("RoomState", timeout=180)
        seconds = time.monotonic() - began
        print(f"[abuse] {len(joined['room']['members'])} members, {size:,} bytes, read twice in {seconds:.1f} s")
        assert len(joined["room"]["members"]) == MEMBERS and len(joined["room"]["queue"]["entries"]) == QUEUE
        assert 0.7 * LARGEST < size < LARGEST
        assert seconds > 0.7 * 2 * size / speed, "it was not slow"
        slow.say("Ping", t0=1.0)
        await slow.ponged()
        assert not slow.ended
        for raw in (*raws, slow):
            raw.abort()
