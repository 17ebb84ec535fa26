"""Claims: rooms that this node asks the cluster for, to make them, or to run them because no living node does."""

import uuid
from collections.abc import Container
from contextlib import suppress
from typing import NamedTuple

from hangd.cluster.base import Cluster, ClusterFailed, Elsewhere, NameTaken, Owned
from hangd.protocol.names import room_key
from hangd.rooms.clustered.owning.owned import OwnedRooms
from hangd.rooms.hosting.directory import Directory
from hangd.tasks import Tasks


class _Creation(NamedTuple):
    """A room that the cluster has not made yet."""

    alias: str | None
    password_hash: str | None
    network: str


class Claims:
    """``placed``: the ids of the rooms that have clients here, which ask for their owner themselves."""

    def __init__(
        self, *, cluster: Cluster, owned: OwnedRooms, directory: Directory, tasks: Tasks, placed: Container[str]
    ) -> None:
        self._cluster = cluster
        self._owned = owned
        self._directory = directory
        self._tasks = tasks
        self._placed = placed
        self._creations: dict[str, _Creation] = {}
        self._asked: set[str] = set()
        """Rooms of which the cluster is being asked for the owner."""

    def make(self, alias: str | None, password_hash: str | None, network: str) -> str:
        """Note a new room, for which `ask` is called next. Returns its id. The alias is reserved."""
        room_id = str(uuid.uuid4())
        self._creations[room_id] = _Creation(alias, password_hash, network)
        return room_id

    def is_unmade(self, room_id: str) -> bool:
        """Tell whether this is a new room of which the cluster has not answered yet that it has made it."""
        return room_id in self._creations

    def drop(self, room_id: str) -> bool:
        """Let others have the name of a new room that is not made here. Returns whether there was one."""
        creation = self._creations.pop(room_id, None)
        if creation is None:
            return False
        self._directory.release(creation.alias, creation.network)
        return True

    async def ask(self, room_id: str) -> Owned | NameTaken | Elsewhere | None:
        """Ask who owns a room, make it if it is new, and claim it if nobody owns it. Returns None if there is none.

        Raises ClusterFailed also if the answer has to be waited for: ask again later.
        """
        if room_id in self._asked:
            # A second claim would raise the fence above that of the commits that are on their way.
            raise ClusterFailed("this is being asked already")
        self._asked.add(room_id)
        try:
            return await self._find_or_make(room_id)
        finally:
            self._asked.discard(room_id)

    async def _find_or_make(self, room_id: str) -> Owned | NameTaken | Elsewhere | None:
        if room_id in self._owned.ending:
            return None
        creation = self._creations.get(room_id)
        if creation is None:
            return await self._cluster.claim(room_id)
        key = None if creation.alias is None else room_key(creation.alias)
        made = await self._cluster.create(room_id, key, {})
        if isinstance(made, NameTaken):
            await self.take(made.room_id)  # If its node was lost while it made it, it is nobody's.
            if made.room_id in self._owned.ending:
                raise ClusterFailed("the room that had this name is not forgotten yet")
        return made

    def run(self, room_id: str, owned: Owned) -> bool:
        """Run a room here that is this node's now. Returns whether it can be run."""
        creation = self._creations.pop(room_id, None)
        if creation is None:
            return self._owned.adopt(room_id, owned)
        self._owned.create(room_id, creation.alias, creation.password_hash, creation.network, owned)
        return True

    async def take(self, room_id: str) -> None:
        """Run a room here that no living node runs: that has no owner, or that is this one's without it knowing."""
        is_asked = room_id in self._asked or room_id in self._placed
        if is_asked or self._owned.get(room_id) is not None or room_id in self._owned.unreadable | self._owned.ending:
            return
        if isinstance(found := await self.ask(room_id), Owned):
            self._owned.adopt(room_id, found)

    def stranded(self, room_id: str) -> None:
        """Another node believes that this room runs here, and it does not: so it may be in the cluster.

        Redis that another one took over from can have lost that it was forgotten or released.
        """
        self._tasks.start(self._take(room_id), name="take a room")

    async def _take(self, room_id: str) -> None:
        with suppress(ClusterFailed):
            await self.take(room_id)
