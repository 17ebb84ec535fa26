"""Clients that say no Hello stay in a room that changes its owner, as long as their own server lives."""

import asyncio
import contextlib
import time
from pathlib import Path

import pytest

from tests.support.servers.cluster_processes import Node, Service, service
from tests.support.servers.server import PATIENCE, Typist, typist

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


async def hears_of(client: Typist, position: float) -> None:
    """Wait until a basic client is told that the film is there now. One that is put out fails.

    It hears the command itself; or from the room where that stands, if its server attaches to the new owner later.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await client.next()
            assert message["type"] == "SyncBroadcast", message
            if message["payload"]["timeline"]["position"] == position:
                return


async def members(client: Typist) -> dict[str, str]:
    """Return the names of the members by id, as a full member is told."""
    await client.say("GetRoom", id="look")
    while (message := await client.next()).get("re") != "look":
        pass
    assert message["type"] == "RoomState", message
    return {one["client_id"]: one["name"] for one in message["payload"]["room"]["members"]}


async def _lost(cluster: Service, node: Node, room_id: str, *, kill: bool) -> None:
    """Kill the node, or tell it to end, and wait until the room has another owner."""
    if kill:
        node.kill()
    else:
        await node.terminate()

    def is_elsewhere() -> bool:
        with contextlib.suppress(AssertionError, ValueError):  # Nobody owns it for a moment.
            return cluster.owner(room_id) is not node
        return False

    await cluster.until(is_elsewhere, "another node takes the room")


@pytest.mark.parametrize("kill", [True, False], ids=["killed", "ended"])
async def test_basic_clients_at_nodes_that_live_stay(tmp_path: Path, kill: bool) -> None:
    async with service(tmp_path, nodes=3) as cluster:
        one, two, three = cluster.nodes
        host, ann = await typist(one.url), await typist(two.url)
        guest, other, lost = await typist(two.url), await typist(three.url), await typist(one.url)
        await host.hello("host")
        await ann.hello("ann")
        room_id = (await host.create())["room_id"]
        await ann.join(room_id)
        ids = [(await basic.join(room_id))["client_id"] for basic in (guest, other, lost)]
        assert cluster.owner(room_id) is one
        before = await members(ann)
        assert set(ids) <= set(before)
        await _lost(cluster, one, room_id, kill=kill)
        began = time.monotonic()
        await other.say("SyncCommand", action="Seek", timestamp=61.0)
        await hears_of(guest, 61.0)
        await guest.say("SyncCommand", action="Seek", timestamp=62.0)
        await hears_of(other, 62.0)
        print(f"\ntold of two commands within {time.monotonic() - began:.2f} s of the change of owner")
        until = time.monotonic() + PATIENCE
        while ids[2] in (after := await members(ann)):
            assert time.monotonic() < until, "whose server was lost is still there"
            await asyncio.sleep(0.1)
        assert {id: after.get(id) for id in ids[:2]} == {id: before[id] for id in ids[:2]}
        assert set(after) <= set(before), "nobody has come in anew"
        for client in (ann, guest, other):
            await client.connection.close()
