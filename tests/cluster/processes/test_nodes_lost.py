"""A node of three is killed, stands still, does not hear, or ends in order: what the members of all rooms see of it.

Each test is a row of the table in docs/cluster.md, and prints its figure.
"""

import asyncio
import time
from pathlib import Path
from typing import Final

import pytest

from tests.support.crowds.evening import ANSWERED, BACK, Evening, evening, figure
from tests.support.crowds.promises import Kept
from tests.support.lateness import lateness

pytestmark = [pytest.mark.real, pytest.mark.timed, pytest.mark.timeout(300)]

STANDS_STILL: Final = 6.0
DOES_NOT_READ: Final = 1.5
"""Seconds: less than after which others claim its rooms."""
TOO_LATE: Final = 0.1
"""Seconds by which a machine lets processes go on too late that is too busy for a second to be one."""
UNDISTURBED: Final = 2.0
"""Seconds within which a command is answered in a room whose owner is well, on a machine that is busy with a fault."""


def silences(
    one: Evening, kept: Kept, owned: set[int], there: set[str], since: float
) -> tuple[list[float], list[float], list[float]]:
    """Return for how many seconds no command was answered: in the rooms of the lost node, asked from another one; where
    who gave them was connected to it (``there``); in the other rooms, asked from another node."""
    elsewhere, at_it, others = [], [], []
    for adder in kept.adders:
        silence = adder.silence(since)
        if adder.fan.name in there:
            at_it.append(silence)
        elif adder.group.number in owned:
            elsewhere.append(silence)
        else:
            others.append(silence)
    return elsewhere, at_it, others


async def test_a_node_is_killed(tmp_path: Path) -> None:
    """Films go on, commands are answered within 4.5 s in the rooms that it owned, and at once in the others; its
    clients come back through the balancer, into their places."""
    async with evening(tmp_path) as one:
        victim = one.busiest()
        owned, there = {group.number for group in one.owned_by(victim)}, one.at(victim)
        async with one.through() as kept:
            killed = time.monotonic()
            victim.kill()
            await one.goes_on(kept, killed)
            returned = await one.returned(kept, killed, within=BACK)
        elsewhere, at_it, others = silences(one, kept, owned, there, killed)
        print(
            f"\nkilled: a command was answered again after {figure(elsewhere)} in the rooms that it owned, "
            f"{figure(at_it)} where who gave it was at that node, {figure(others)} in the others; {returned}; "
            f"{await one.held(kept)}"
        )
        assert not elsewhere or max(elsewhere) <= ANSWERED
        assert max(at_it, default=0.0) <= BACK
        assert max(others, default=0.0) <= UNDISTURBED
        assert kept.epochs() <= 1
        assert victim.name not in {one.cluster.owner(group.room_id).name for group in one.people.groups}
        await victim.start()
        await victim.ready()


async def test_a_node_stands_still_and_wakes(tmp_path: Path) -> None:
    """As if it were killed; and when it wakes, what it believes of its rooms is refused."""
    async with evening(tmp_path) as one:
        victim = one.busiest()
        owned, there = {group.number for group in one.owned_by(victim)}, one.at(victim)
        async with one.through() as kept:
            stopped = time.monotonic()
            victim.stop()
            await asyncio.sleep(STANDS_STILL)
            victim.go_on()
            woken = time.monotonic()
            await one.goes_on(kept, woken)
            returned = await one.returned(kept, woken)
        elsewhere, at_it, others = silences(one, kept, owned, there, stopped)
        print(
            f"\nstood still for {STANDS_STILL:g} s: a command was answered again after {figure(elsewhere)} in the "
            f"rooms that it owned, {figure(at_it)} where who gave it was at that node, {figure(others)} in the "
            f"others; {returned}; {await one.held(kept)}"
        )
        assert not elsewhere or max(elsewhere) <= ANSWERED
        assert max(others, default=0.0) <= UNDISTURBED
        assert kept.epochs() <= 1
        await victim.ready()


async def test_a_node_does_not_read_for_a_moment(tmp_path: Path) -> None:
    """Redis cuts the connection of a node that does not read. What it missed is sent again, and no client notices."""
    async with evening(tmp_path) as one:
        victim = one.busiest()
        async with one.through() as kept:
            with lateness() as late:
                stopped = time.monotonic()
                victim.stop()
                await asyncio.sleep(DOES_NOT_READ / 2)
                cut = one.cluster.redis.drop_connections(f"hang-{victim.name}-", kind="P")
                await asyncio.sleep(DOES_NOT_READ / 2)
                victim.go_on()
                await one.goes_on(kept, time.monotonic())
        assert cut == 1
        print(
            f"\ndid not read for {DOES_NOT_READ:g} s (the machine was {late.most:.2f} s late): a command was answered "
            f"again after {figure(kept.silence(stopped))}; {await one.held(kept)}"
        )
        assert one.lost(kept) == []
        # A machine that holds processes up lets the node stand still for longer: then others may claim its rooms.
        assert kept.epochs() <= (1 if late.most > TOO_LATE else 0)


async def test_nodes_are_renewed_one_after_the_other(tmp_path: Path) -> None:
    """TERM: each room is handed over, and each client connects again once for each node that ends under it."""
    async with evening(tmp_path) as one:
        async with one.through() as kept:
            began = time.monotonic()
            took = [await one.renewed(kept, node) for node in one.cluster.nodes]
            returned = await one.returned(kept, began)
        codes = {code for fan in one.people.members for _, code in fan.lost}
        print(
            f"\nall nodes renewed: each ended in {figure([ended for ended, _ in took])}, and was ready again in "
            f"{figure([started for _, started in took])}; {returned}; {await one.held(kept)}"
        )
        assert codes == {4001}, codes
        slowest = max(adder.slowest() for adder in kept.adders)
        assert slowest <= UNDISTURBED, f"a command took {slowest:.2f} s"


async def test_two_of_three_nodes_are_killed_at_once(tmp_path: Path) -> None:
    """The third has all rooms then."""
    async with evening(tmp_path) as one:
        last = min(one.cluster.nodes, key=lambda node: len(one.owned_by(node)))
        async with one.through() as kept:
            killed = time.monotonic()
            for node in one.cluster.others(last):
                node.kill()
            await one.goes_on(kept, killed)
            returned = await one.returned(kept, killed, within=2 * BACK)
        print(
            f"\ntwo of three killed: commands were answered again after {figure(kept.silence(killed))}; {returned}; "
            f"{await one.held(kept)}"
        )
        assert all(one.cluster.owner(group.room_id) is last for group in one.people.groups)


async def test_everything_is_killed_and_started_again(tmp_path: Path) -> None:
    """As after a loss of power: rooms are in Redis' file, and members come back to them."""
    async with evening(tmp_path) as one:
        async with one.through() as kept:
            killed = time.monotonic()
            for node in one.cluster.nodes:
                node.kill()
            one.cluster.redis.restart()
            await one.cluster.start()
            started = time.monotonic()
            await one.goes_on(kept, started)
            returned = await one.returned(kept, killed)
        print(f"\neverything killed, and started in {started - killed:.2f} s: {returned}; {await one.held(kept)}")
