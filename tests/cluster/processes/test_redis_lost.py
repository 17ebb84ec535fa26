"""Redis is killed, comes back with its file or empty, fails over, or a node alone is cut off from it.

Each test is a row of the table in docs/cluster.md, and prints its figure.
"""

import asyncio
import time
from pathlib import Path
from typing import Final

import pytest

from tests.support.crowds.evening import ANSWERED, evening, figure
from tests.support.daemons.party import wait_for
from tests.support.servers.redis_server import running_redis, running_sentinel

pytestmark = [pytest.mark.real, pytest.mark.timed, pytest.mark.timeout(300)]

AWAY: Final = 3.0
"""Seconds for which Redis is away: less than for which nodes keep their clients."""
KEEPS_CLIENTS: Final = 15.0
CUT: Final = 30.0
"""Seconds for which a node is cut off: longer than it keeps its clients."""
SPREAD: Final = 10.0
"""Seconds after KEEPS_CLIENTS within which all its clients have been sent away."""
APART: Final = 0.5
"""Seconds between the first and the last of them at least. Each of the rooms has a moment of its own within 5 s, so for
five rooms chance makes it less once in 2,000 times; and a machine that is slow makes it more."""


@pytest.mark.parametrize("empty", [False, True], ids=["file", "empty"])
async def test_redis_is_killed_and_comes_back(tmp_path: Path, *, empty: bool) -> None:
    """Commands wait, nobody loses the connection, and nothing is lost that was answered.

    Redis is away for as long as a node counts as alive without it, so a room may get another owner by that.
    """
    async with evening(tmp_path) as one:
        async with one.through() as kept:
            killed = time.monotonic()
            one.cluster.redis.kill()
            await asyncio.sleep(AWAY)
            one.cluster.redis.restart(empty=empty)
            back = time.monotonic()
            await one.goes_on(kept, back)
        print(
            f"\nRedis killed for {AWAY:g} s, {'empty' if empty else 'with its file'}: a command was answered again "
            f"{figure([silence - (back - killed) for silence in kept.silence(killed)])} after its return; "
            f"{await one.held(kept)}"
        )
        assert one.lost(kept) == [], "a node keeps its clients"
        assert kept.epochs() <= 1
        assert sorted(one.cluster.alive()) == [node.name for node in one.cluster.nodes]


@pytest.mark.parametrize("silently", [False, True], ids=["refused", "silent"])
async def test_a_node_is_cut_off_from_redis(tmp_path: Path, *, silently: bool) -> None:
    """It decides nothing any more, keeps its clients for fifteen seconds, and sends them to other nodes then. Its rooms
    go on without it."""
    async with evening(tmp_path) as one:
        victim = one.busiest()
        owned = {group.number for group in one.owned_by(victim)}
        async with one.through() as kept:
            cut = time.monotonic()
            (victim.link.freeze if silently else victim.link.cut)(CUT)
            while victim.why_not_ready() is None:  # blocks, but for a moment
                await asyncio.sleep(0.1)
                assert time.monotonic() < cut + KEEPS_CLIENTS, "it says that it is not ready"
            not_ready = time.monotonic() - cut
            await asyncio.sleep(max(cut + KEEPS_CLIENTS + SPREAD - time.monotonic(), 0.0))
            await one.goes_on(kept, time.monotonic())
            returned = await one.returned(kept, cut)
            lost = one.lost(kept)
            at = sorted(fan.lost[kept.ears[fan.name].losses][0] - cut for fan in lost)
            elsewhere = [
                adder.silence(cut) for adder in kept.adders if adder.group.number in owned and adder.fan not in lost
            ]
            ready = await victim.ready()
        print(
            f"\ncut off from Redis ({'silent' if silently else 'refused'}): not ready after {not_ready:.2f} s; its "
            f"rooms were answered by others after {figure(elsewhere)}; its {len(lost)} clients were sent away after "
            f"{figure(at)}; ready again {ready:.2f} s after; {returned}; {await one.held(kept)}"
        )
        assert lost and at[0] >= KEEPS_CLIENTS - 2.0 and at[-1] <= KEEPS_CLIENTS + SPREAD
        assert at[-1] - at[0] > APART, "they were not sent away all at once"
        assert max(elsewhere, default=0.0) <= ANSWERED + (2.0 if silently else 0.0)
        assert kept.epochs() <= 1


async def test_all_nodes_are_cut_off_for_a_moment(tmp_path: Path) -> None:
    """The network between the nodes and Redis is away for as long as a node counts as alive without it: everybody
    waits, and goes on, perhaps with other owners."""
    async with evening(tmp_path) as one:
        async with one.through() as kept:
            cut = time.monotonic()
            for node in one.cluster.nodes:
                node.link.freeze(AWAY)
            await asyncio.sleep(AWAY)
            await one.goes_on(kept, time.monotonic())
        print(
            f"\nall nodes cut off for {AWAY:g} s: a command was answered again after {figure(kept.silence(cut))}; "
            f"{await one.held(kept)}"
        )
        assert one.lost(kept) == [] and kept.epochs() <= 1


async def test_redis_fails_over_and_has_lost_the_last_moment(tmp_path: Path) -> None:
    """The replica becomes the master without what the master had in its last 0.3 s. The owners know better."""
    with running_redis(keeps=True) as master:
        follow = ("--replicaof", f"127.0.0.1 {master.port}")
        with running_redis(*follow, keeps=True) as replica, running_sentinel(master) as sentinel:
            async with evening(tmp_path, redis=master, redis_url=sentinel.url) as one:
                async with one.through() as kept:
                    master.ask("ACL", "SETUSER", "default", "-psync")
                    master.ask("CLIENT", "KILL", "TYPE", "replica")
                    await asyncio.sleep(0.3)
                    killed = time.monotonic()
                    master.kill()
                    one.cluster.redis = replica
                    await one.goes_on(kept, killed)
                    wait_for(lambda: replica.ask("ROLE")[0] == b"master", "the replica is the master")
                print(
                    f"\nfailed over, 0.3 s lost: a command was answered again after {figure(kept.silence(killed))}; "
                    f"{await one.held(kept)}"
                )
                assert one.lost(kept) == [] and kept.epochs() <= 1
