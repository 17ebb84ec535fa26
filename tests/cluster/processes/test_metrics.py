"""The metrics of a node."""

import asyncio
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hangd.protocol.messages import Pause, SyncBroadcast
from tests.support.crowds.fans import fans
from tests.support.daemons.party import PATIENCE, free_port
from tests.support.servers.cluster_processes import service

pytestmark = pytest.mark.real


def _samples(port: int) -> dict[tuple[str, str], float]:
    """Return the samples of a node, by name and by the value of the only label."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
        text = answer.read().decode()
    return {
        (one.name, "/".join(one.labels.values())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if one.name.startswith("hang_cluster_") or one.name == "hang_ready"
    }


async def test_a_node_tells_how_it_fares_in_the_cluster(tmp_path: Path) -> None:
    port = free_port()
    async with service(tmp_path, "--metrics", f"127.0.0.1:{port}", nodes=1) as cluster, fans() as people:
        (node,) = cluster.nodes
        ann = await people.at(node.url, "ann")
        room_id = (await ann.create()).room_id
        await ann.ask(Pause(timestamp=5.0), SyncBroadcast)
        found = await asyncio.to_thread(_samples, port)
        assert found["hang_cluster_alive", ""] == found["hang_ready", ""] == 1
        assert 0.0 <= found["hang_cluster_beat_age_seconds", ""] < 3.0
        assert found["hang_cluster_beat_seconds_count", ""] >= 1
        assert found["hang_cluster_rooms", ""] == found["hang_cluster_connections_total", ""] == 1
        assert found["hang_cluster_links", "edge"] == found["hang_cluster_links", "owner"] == 1
        assert found["hang_cluster_commits_total", "ok"] >= 2 and found["hang_cluster_commits_total", "lost"] == 0
        assert found["hang_cluster_takeovers_total", ""] == 0
        assert (found["hang_cluster_clock_bound_seconds", ""], found["hang_cluster_tells_time", ""]) == (0.0, 1.0)

        cluster.redis.kill()
        cluster.redis.start()
        async with asyncio.timeout(PATIENCE):
            while (await asyncio.to_thread(_samples, port))["hang_cluster_connections_total", ""] < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

        node.kill()
        await node.start()
        await node.ready()
        ben = await people.at(node.url, "ben")
        await ben.join(room_id)
        found = await asyncio.to_thread(_samples, port)
        assert found["hang_cluster_takeovers_total", ""] == 1

        node.link.freeze(8.0)
        await cluster.until(lambda: _samples(port)["hang_cluster_alive", ""] == 0, "the node is cut off")
        found = await asyncio.to_thread(_samples, port)
        assert found["hang_ready", ""] == 0 and found["hang_cluster_beat_age_seconds", ""] >= 3.0
