"""Look at a cluster from beside it: which nodes are alive, who owns how many rooms, and what each room is."""

import logging
from collections import Counter
from contextlib import suppress
from typing import Final

import msgspec
from msgspec import Struct

from hangd.cluster.base import Cluster, NodeInfo, RoomSeen
from hangd.rooms.clustered.owning.owned_room import LOOKED_AT, kept_room
from hangd.server.clustered.node import check_cluster, redis_place
from hangd.server.clustered.visit import visiting
from hangd.server.listening import WrongSetting
from hangd.server.settings import ServerSettings

ROOMS_MOST: Final = 1000
"""Rooms that are shown."""


class RoomStatus(Struct, frozen=True):
    """A room, as Redis has it."""

    room: str
    """Its id."""
    name: str | None
    owner: str | None
    """The node that owns it. None: none that is alive."""
    fence: int
    edges: tuple[str, ...]
    """The nodes to which members are connected that can come back to any, or are basic."""
    members: int | None
    """Also those who are away. None: this version of hang cannot read it."""


class ClusterStatus(Struct, frozen=True):
    """What is seen of a cluster at one moment, or while it is looked at."""

    where: str
    """The URL of its Redis, without the password."""
    nodes: tuple[NodeInfo, ...]
    """Those that are alive."""
    orphans: int
    """Rooms that no living node owns. Whoever asks for one claims it."""
    owners: dict[str, int]
    """How many rooms each node owns, of those that own any."""
    rooms: tuple[RoomStatus, ...] | None = None
    """The first of them in the order of owners and ids, ROOMS_MOST at most. None: that was not asked."""


async def cluster_status(settings: ServerSettings, *, rooms: bool = False) -> ClusterStatus:
    """Ask the Redis of the cluster that these settings name. ``rooms``: whether to tell of each room.

    Raises:
        WrongSetting: they name none, or the extra ``cluster`` is not installed.
        ClusterFailed: it cannot be reached.
    """
    if settings.cluster is None:
        raise WrongSetting("name the Redis of the cluster: --cluster, or `cluster` in the server's config file")
    check_cluster(settings)
    # The log would say how a connection is tried again, and this command ends with the first failure.
    logging.getLogger("hangd.cluster").setLevel(logging.CRITICAL)
    async with visiting(settings) as cluster:
        nodes = await cluster.nodes()
        edges = await _edges(cluster, {info.node for info in nodes}) if rooms else {}
        owners: Counter[str | None] = Counter()
        shown: list[RoomStatus] = []
        async for seen in cluster.rooms(LOOKED_AT if rooms else ()):
            owners[seen.owner] += 1
            if rooms:
                shown.append(_status(seen, edges.get(seen.room_id, set())))
    shown.sort(key=lambda room: (room.owner or "", room.room))
    return ClusterStatus(
        redis_place(settings).shown,
        tuple(nodes),
        owners.pop(None, 0),
        {owner: count for owner, count in sorted(owners.items(), key=str) if owner is not None},
        tuple(shown[:ROOMS_MOST]) if rooms else None,
    )


async def _edges(cluster: Cluster, alive: set[str]) -> dict[str, set[str]]:
    """Return for each room at which living nodes its clients are."""
    edges: dict[str, set[str]] = {}
    async for _, client in cluster.clients():
        if client.edge in alive:
            edges.setdefault(client.room_id, set()).add(client.edge)
    return edges


def _status(seen: RoomSeen, edges: set[str]) -> RoomStatus:
    name, members = None, None
    # Of a room that has had no input nothing is kept.
    with suppress(KeyError, msgspec.MsgspecError):
        kept, basics = kept_room(seen.kept)
        name, members = kept.room.name, len(kept.room.members)
        edges = edges | set(basics.edges.values())
    return RoomStatus(seen.room_id, name, seen.owner, seen.kept.fence, tuple(sorted(edges)), members)
