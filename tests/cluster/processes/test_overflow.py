"""A node that does not read while much is said to it: Redis itself ends the connection of its inbox."""

import asyncio
import time
from pathlib import Path
from typing import Final

import pytest

from hangd.cluster.redis.keys import Keys
from tests.support.crowds.evening import evening, figure
from tests.support.daemons.party import PATIENCE
from tests.support.servers.redis_server import running_redis

pytestmark = [pytest.mark.real, pytest.mark.timed, pytest.mark.timeout(300)]

LIMIT: Final = ("--client-output-buffer-limit", "pubsub 256kb 64kb 1")
"""Redis' own limit is 32 MiB at once, and 8 MiB for a minute."""
FILLING: Final = b"x" * 32768
"""What nobody sends who is hang, and every node ignores."""
DOES_NOT_READ: Final = 1.5
_KEYS: Final = Keys()


async def test_a_node_whose_inbox_overflows_learns_what_it_has_missed(tmp_path: Path) -> None:
    """Its clients notice nothing but a delay: what the rooms say meanwhile is sent again."""
    with running_redis(*LIMIT, keeps=True) as redis:
        # Without a link between them, whose own buffers would be filled first.
        async with evening(tmp_path, redis=redis, redis_url=redis.socket_url) as one:
            victim = one.busiest()
            (inbox,) = [each for each in redis.clients(f"hang-{victim.name}-") if "P" in each["flags"]]
            channel = _KEYS.inbox + inbox["name"].removeprefix("hang-")
            assert redis.ask("PUBSUB", "NUMSUB", channel)[1] == 1
            async with one.through() as kept:
                stopped = time.monotonic()
                victim.stop()
                published = 0
                while redis.ask("PUBSUB", "NUMSUB", channel)[1] == 1:
                    assert time.monotonic() < stopped + PATIENCE, "Redis ends the connection"
                    redis.ask("PUBLISH", channel, FILLING)
                    published += 1
                    await asyncio.sleep(0)
                overflowed = time.monotonic() - stopped
                assert "overcoming of output buffer limits" in (redis.folder / "log").read_text()
                await asyncio.sleep(max(stopped + DOES_NOT_READ - time.monotonic(), 0.3))  # What is said now is lost.
                victim.go_on()
                await one.goes_on(kept, time.monotonic())
            print(
                f"\nan inbox overflowed {overflowed:.2f} s after its node had stopped, with {published * 32} KiB; a "
                f"command was answered again after {figure(kept.silence(stopped))}; {await one.held(kept)}"
            )
            assert one.lost(kept) == [] and kept.epochs() <= 1
            await victim.ready()
            assert redis.ask("PUBSUB", "NUMSUB", channel)[1] == 1
