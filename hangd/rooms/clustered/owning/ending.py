"""Ending: let the cluster forget rooms that have ended here."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from hangd.cluster.base import Cluster, Owned
from hangd.rooms.clustered.asking import until_done
from hangd.tasks import Tasks


class Ending:
    """``rooms``: the ids of those that the cluster has not forgotten yet."""

    def __init__(self, cluster: Cluster, tasks: Tasks) -> None:
        self._cluster = cluster
        self._tasks = tasks
        self.rooms: Final[set[str]] = set()

    def forget(self, room_id: str, fence: int) -> None:
        """Forget a room that this node has owned under this fence."""
        self._begin(room_id, lambda: until_done(partial(self._cluster.forget, room_id, fence)))

    def unmake(self, room_id: str) -> None:
        """Forget a room of which nobody knows whether the cluster has made it, for want of an answer."""
        self._begin(room_id, partial(self._claim_and_forget, room_id))

    async def _claim_and_forget(self, room_id: str) -> None:
        made = await until_done(partial(self._cluster.claim, room_id))
        if isinstance(made, Owned):
            await until_done(partial(self._cluster.forget, room_id, made.fence))

    def _begin(self, room_id: str, forget: Callable[[], Awaitable[object]]) -> None:
        self.rooms.add(room_id)
        self._tasks.start(self._end(room_id, forget), name="forget a room")

    async def _end(self, room_id: str, forget: Callable[[], Awaitable[object]]) -> None:
        try:
            await forget()
        finally:
            self.rooms.discard(room_id)
