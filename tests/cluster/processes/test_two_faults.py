"""Redis loses its memory, and a node is lost within seconds: rooms may be gone then, but nobody is left without a word.

docs/cluster.md, "What is not promised", says what may be lost.
"""

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from hangd.cluster.base import LIFE_SECONDS
from hangd.protocol.invites import CreateInvite, InviteCreated
from hangd.protocol.messages import PolicyChanged, SetPolicy
from tests.support.crowds.evening import Evening, evening
from tests.support.crowds.fan import PATIENCE, Fan, Refused
from tests.support.crowds.fans import fans
from tests.support.servers.cluster_processes import service

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

_LOST_WITH_ITS_OWNER: Final = 1.0
"""Seconds after the return of Redis from which on rooms are there again, on a machine that does much else."""


async def _became(fan: Fan, since: float) -> str:
    """Wait until it is sure what has become of somebody: in its room, or told that it is not."""
    while time.monotonic() < since + PATIENCE:
        if fan.put_out is not None:
            return f"put out: {fan.put_out.reason}"
        if fan.refused is not None:
            return f"refused: {fan.refused.code}"
        if fan.is_up and fan.view is not None:
            try:
                await fan.look()
            except (ConnectionError, Refused):
                pass
            else:
                return "inside"
        await asyncio.sleep(0.05)
    raise AssertionError(f"{fan.name} was neither back nor told why not: {fan.link.state}, {fan.link.reason}")


async def _all_became(one: Evening, since: float) -> dict[str, str]:
    became = await asyncio.gather(*(_became(fan, since) for fan in one.people.members))
    return {fan.name: what for fan, what in zip(one.people.members, became, strict=True)}


async def test_the_keys_that_sign_invites_outlive_redis_memory_and_all_nodes_that_had_them(tmp_path: Path) -> None:
    """They were written back a minute later: nodes that were started before that made others, and no invite held."""
    async with service(tmp_path, nodes=2) as cluster, fans() as people:
        ann = await people.at(cluster.url, "ann")
        room_id = (await ann.create()).room_id
        await ann.ask(SetPolicy(access="invited"), PolicyChanged)
        token = (await ann.ask(CreateInvite(role="viewer", uses=1), InviteCreated)).token
        cluster.redis.kill()
        cluster.redis.restart(empty=True)
        await asyncio.sleep(LIFE_SECONDS + 1.0)
        for node in cluster.nodes:
            node.kill()
        await cluster.start()
        await ann.until(lambda: ann.is_up and ann.view is not None, "its return")
        ben = await people.at(cluster.url, "ben")
        await ben.join(room_id, invite=token)


@pytest.mark.parametrize("after", [0.0, 0.4, 1.5, 3.0])
async def test_redis_comes_back_empty_and_a_node_is_lost(tmp_path: Path, after: float) -> None:
    async with evening(tmp_path, rooms=6) as one:
        victim = one.busiest()
        owned = {group.number for group in one.owned_by(victim)}
        there = [fan for fan in one.people.members if fan.name in one.at(victim)]
        one.cluster.redis.kill()
        one.cluster.redis.restart(empty=True)
        await asyncio.sleep(after)
        victim.kill()
        killed = time.monotonic()
        for fan in there:
            await fan.until(lambda fan=fan: not fan.is_up, "the end of its connection")  # type: ignore[misc]
        became = await _all_became(one, killed)
        print(f"\n{after:g} s after an empty Redis a node was lost: {dict(Counter(became.values()))}")
        for group in one.people.groups:
            # Who has lost the node before it was written back who may return has to join again, and a network that is
            # banned from the room may not.
            kept = [fan for fan in group.members if fan not in there or after > _LOST_WITH_ITS_OWNER]
            of_group = {became[fan.name] for fan in kept}
            if group.number not in owned or after > _LOST_WITH_ITS_OWNER:
                assert of_group <= {"inside"}, f"room {group.number} lives on: {of_group}"
        for group in one.people.groups:
            if "inside" in {became[fan.name] for fan in group.members}:
                continue
            room = await group.host.create()
            for fan in group.members[1:]:
                await fan.join(room.room_id)
        await victim.start()
        await victim.ready()
