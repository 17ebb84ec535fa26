"""Additions: changes to a room that go on until its server ends, to see which of them are there afterwards."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import structs

from hangd.protocol import messages
from hangd.protocol.films import QueueChanged
from hangd.protocol.model import FileInfo, QueueItem
from tests.support.crowds.crowd import Crowd, Group, Snapshot

__all__ = ["Additions", "additions"]

_PAUSE = 0.1
"""Seconds between an answer and the next request, below the server's limit of requests."""


class Additions:
    """A room's host puts one film after the other into its queue, each when the one before it was acknowledged."""

    def __init__(self, group: Group) -> None:
        self.acknowledged: list[tuple[float, str]] = []
        """When each answer arrived (local time), and the entry as `Snapshot.queue` has it."""
        self._host = group.host
        self._made = 0

    async def go_on(self) -> None:
        """Add films until the connection ends."""
        while self._host.is_up:
            self._made += 1
            item = QueueItem(file=FileInfo(size=1, duration=60.0, name=f"added-{self._made}.mkv"), file_hash="cd" * 32)
            try:
                changed = await self._host.ask(messages.QueueInsert("end", (item,)), QueueChanged)
            except ConnectionError:
                return
            self.acknowledged.append((time.monotonic(), f"{changed.change.inserted[0].id} {item.file.name}"))
            await asyncio.sleep(_PAUSE)

    def must_be(self, before: Snapshot, ended: float, *, may_be_lost: float, of_each_entry: float = 0.0) -> Snapshot:
        """Return what must be true of the room at the least: with what was acknowledged, but the last instant's.

        ``may_be_lost``, ``of_each_entry``: seconds before the end, and how many more for each entry of the queue.
        """
        may_be_lost += of_each_entry * (len(before.queue) + len(self.acknowledged))
        safe = tuple(entry for at, entry in self.acknowledged if ended - at > may_be_lost)
        return structs.replace(before, queue=before.queue + safe)

    def without_rest(self, after: Snapshot, must_be: Snapshot) -> Snapshot:
        """Return the room without the films that need not be there but may: those of the last instant."""
        rest = after.queue[len(must_be.queue) :]
        numbers = [int(entry.partition(" added-")[2].removesuffix(".mkv")) for entry in rest]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True, rest
        assert all(number <= self._made for number in numbers), rest
        return structs.replace(after, queue=after.queue[: len(must_be.queue)])

    def lost(self, after: Snapshot, ended: float) -> list[float]:
        """Return how many seconds before the end of the server each acknowledged film was, of those that are lost."""
        return [ended - at for at, entry in self.acknowledged if entry not in after.queue]


@asynccontextmanager
async def additions(people: Crowd) -> AsyncIterator[list[Additions]]:
    """Let films be added to each room. Within it the server has to end, or this waits for good."""
    adding = [Additions(group) for group in people.groups]
    async with asyncio.TaskGroup() as tasks:
        for one in adding:
            tasks.create_task(one.go_on())
        yield adding
