"""Nodes of two versions at once, while one after the other is renewed: films, queues and chat do not notice.

The next version is this one with more fields, requests and messages (`tests.support.servers.next_version`).
"""

import asyncio
import time
from pathlib import Path

import pytest

from hangd.lifetime import version
from hangd.protocol.messages import Done
from tests.support.crowds.evening import Evening, evening
from tests.support.crowds.fan import Fan, Refused
from tests.support.crowds.promises import Kept
from tests.support.servers.cluster_processes import Node
from tests.support.servers.next_version import NEXT, next_version

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]


async def _wave(fan: Fan) -> str:
    """Make a request that only the next version knows. Returns what came of it."""
    try:
        answer = await fan.ask_newer("Wave")
    except Refused as refused:
        return refused.code
    assert isinstance(answer, Done), answer
    return "done"


async def _all_wave(one: Evening) -> list[str]:
    return await asyncio.gather(*(_wave(fan) for fan in one.people.members))


async def _renewed(one: Evening, kept: Kept, node: Node, code: Path) -> list[str]:
    """Renew a node with other code. Returns what became of everybody's request of the next version."""
    node.code = code
    await one.renewed(kept, node)
    return await _all_wave(one)


async def test_nodes_are_renewed_with_the_next_version_and_back(tmp_path: Path) -> None:
    newer = next_version(tmp_path / "next")
    async with evening(tmp_path) as one:
        first, *others = one.cluster.nodes
        older = first.code
        async with one.through() as kept:
            began = time.monotonic()
            assert {*await _all_wave(one)} == {"UnknownType"}
            mixed = await _renewed(one, kept, first, newer)
            assert one.cluster.versions() == {version(), NEXT}
            for node in others:
                mixed += await _renewed(one, kept, node, newer)
            assert one.cluster.versions() == {NEXT}
            assert {*mixed[-len(one.people.members) :]} == {"done"}, mixed
            told = [fan.unknown for fan in one.people.members]
            assert min(told) > 0, "everybody was told what this version does not know, and passed over it"
            for node in one.cluster.nodes:
                mixed += await _renewed(one, kept, node, older)
            assert one.cluster.versions() == {version()}
            assert {*mixed[-len(one.people.members) :]} == {"UnknownType"}, mixed
            returned = await one.returned(kept, began)
        codes = {code for fan in one.people.members for _, code in fan.lost}
        print(
            f"\nall nodes renewed with the next version, and back: {mixed.count('done')} requests of the next version "
            f"were granted, {mixed.count('UnknownType')} refused; {returned}; {await one.held(kept)}"
        )
        assert {*mixed} == {"done", "UnknownType"}
        assert codes == {4001}, codes
        assert kept.epochs() <= 6, "one change of owner for each node that ended"
    logs = [line for node in one.cluster.nodes for line in node.log().splitlines() if "does not know" in line]
    print("\n".join(sorted({line.partition("does not know: ")[2] for line in logs})))
    assert logs, "nodes of this version have heard what they do not know"
    assert len(logs) < 60, "each thing is told once"
