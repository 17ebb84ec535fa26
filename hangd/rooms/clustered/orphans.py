"""Orphans: rooms whose owner has died, and that nobody has entered since.

Whoever wants to enter one claims it. If nobody does, its members have to be given up in time, and the room has to end,
as anywhere: so one node of the cluster looks for such rooms, and takes them.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final

from hangd.cluster.base import Cluster, ClusterFailed

_log = logging.getLogger(__name__)

_SWEEP_SECONDS: Final = 30.0
_LEAD_SECONDS: Final = 120.0
_AT_ONCE: Final = 50


async def take_orphans(cluster: Cluster, take: Callable[[str], Awaitable[None]]) -> None:
    """Look for such rooms now and then, if no other node does. It does not end. ``take``: claims a room by its id."""
    while True:
        await asyncio.sleep(random.uniform(0.5, 1.0) * _SWEEP_SECONDS)
        try:
            if await cluster.lead("orphans", _LEAD_SECONDS) == cluster.node:
                for room_id in await cluster.rooms_without_owner(_AT_ONCE):
                    await take(room_id)
        except ClusterFailed as failed:
            _log.debug("rooms without owner cannot be looked for now: %s", failed)
