"""How long Redis keeps the rooms of nodes that are gone: as long as the administrator wants empty rooms to be kept."""

from pathlib import Path
from typing import Final

import pytest

from hangd.cluster.redis.keys import Keys
from tests.support.crowds.fans import fans
from tests.support.servers.cluster_processes import service

pytestmark = pytest.mark.real

_DAY: Final = 86400
_KEYS: Final = Keys()


@pytest.mark.parametrize(("ttl", "days"), [(14 * _DAY, 14), (60, 1)])
async def test_a_room_is_kept_as_long_as_the_administrator_says_and_a_day_at_least(
    tmp_path: Path, ttl: int, days: int
) -> None:
    async with service(tmp_path, "--room-ttl", str(ttl), nodes=1) as cluster, fans() as people:
        ann = await people.at(cluster.nodes[0].url, "ann")
        room_id = (await ann.create(name="friday")).room_id
        for key in (f"{_KEYS.room}{room_id}", _KEYS.alias("friday")):
            assert (days * _DAY) - 60 < cluster.redis.ask("TTL", key) <= days * _DAY
        await cluster.until(lambda: len(cluster.redis.ask("KEYS", _KEYS.client("*"))) == 1, "ann is kept")
        (client,) = cluster.redis.ask("KEYS", _KEYS.client("*"))
        assert 0 < cluster.redis.ask("TTL", client) <= _DAY
