"""An evening: many rooms in a whole cluster, and what is measured and must be true of them through a fault.

::

    async with evening(folder) as one:
        async with one.through() as kept:
            began = time.monotonic()
            ...                                   # the fault
            await one.goes_on(kept, began)
        print(await one.held(kept))
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from tests.support.crowds.crowd import Crowd, Group, Snapshot, crowd
from tests.support.crowds.fan import PATIENCE, Fan
from tests.support.crowds.promises import Adder, Kept, promises
from tests.support.servers.cluster_processes import Node, Service, service

__all__ = ["ANSWERED", "BACK", "Evening", "evening", "figure"]

ROOMS: Final = 9
MEMBERS: Final = 4
ANSWERED: Final = 4.5
"""Seconds after a node is lost within which a command is answered again in the rooms that it owned."""
BACK: Final = 10.0
"""Seconds within which a client that has lost its connection is in its place again."""
_SETTLED_FILMS: Final = 3


class Evening:
    """The cluster, the people, and what must stay true of their rooms. Made by `evening`."""

    def __init__(self, cluster: Service, people: Crowd, before: Sequence[Snapshot]) -> None:
        self.cluster = cluster
        self.people = people
        self._before = before
        self._clocks = {fan.clock_id for fan in people.members}

    # ---- who is where -----------------------------------------------------------------------------------------------

    def owned_by(self, node: Node) -> list[Group]:
        return [group for group in self.people.groups if self.cluster.owner(group.room_id) is node]

    def busiest(self) -> Node:
        """Return the node that owns most rooms. It owns two at least, and another node owns one."""
        node = max(self.cluster.nodes, key=lambda node: len(self.owned_by(node)))
        assert 2 <= len(self.owned_by(node)) < len(self.people.groups), "rooms are spread over the nodes"
        return node

    def at(self, node: Node) -> set[str]:
        """Return the names of those who are connected to this node."""
        return {fan.name for fan in self.people.members if fan.is_up and fan.welcomes[-1].motd == node.name}

    # ---- through a fault --------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def through(self) -> AsyncIterator[Kept]:
        """Let everybody talk and add films while the block runs. It begins when they do."""
        async with promises(self.people) as kept:
            await self.goes_on(kept, time.monotonic())
            yield kept

    async def goes_on(self, kept: Kept, since: float, *, timeout: float = PATIENCE) -> None:
        """Wait until three commands have been answered in each room that were given after ``since`` (local time)."""

        def answered(adder: Adder) -> bool:
            recent = adder.answers[-_SETTLED_FILMS:]
            return len(recent) == _SETTLED_FILMS and recent[0][0] > since

        for adder in kept.adders:
            await adder.fan.until(lambda adder=adder: answered(adder), "commands are answered again", timeout)  # type: ignore[misc]

    async def renewed(self, kept: Kept, node: Node) -> tuple[float, float]:
        """End a node by TERM, start it again, and wait until all are back. Each client may connect again once.

        Returns the seconds until it had ended, and until it was ready again.
        """
        before = {fan.name: len(fan.lost) for fan in self.people.members}
        ended = await node.terminate()
        started = await node.start() + await node.ready()
        await self.goes_on(kept, time.monotonic())
        await self.returned(kept, time.monotonic())
        most = {fan.name: len(fan.lost) - before[fan.name] for fan in self.people.members}
        assert max(most.values()) <= 1, f"at most one reconnect for each node: {most}"
        return ended, started

    def lost(self, kept: Kept) -> list[Fan]:
        """Return who has lost a connection since `through` began."""
        return [fan for fan in self.people.members if not kept.ears[fan.name].stayed]

    async def returned(self, kept: Kept, since: float, *, within: float = PATIENCE) -> str:
        """Wait until everybody who had lost the connection is in the old place, and return a line about it."""
        lost = self.lost(kept)
        for fan in lost:
            left = max(since + within - time.monotonic(), 0.0)
            await fan.until(lambda fan=fan: fan.is_up and fan.view is not None, "its return", left)  # type: ignore[misc]
        strangers = [fan.name for fan in lost if not (fan.welcomes[-1].resumed and fan.welcomes[-1].in_room)]
        assert not strangers, f"they came back as others than they were: {strangers}"
        if not lost:
            return "nobody lost the connection"
        *_, slowest = sorted(lost, key=lambda fan: fan.welcomes[-1].at)
        at = sorted(fan.welcomes[-1].at - since for fan in lost)
        most = max(len(fan.lost) - kept.ears[fan.name].losses for fan in lost)
        jumps = [abs(welcome.jump) for fan in lost for welcome in fan.welcomes[-most:] if welcome.jump is not None]
        return (
            f"{len(lost)} clients lost their connection, {most} times at the most, and were back after {at[0]:.2f} to "
            f"{at[-1]:.2f} s (the last one: {slowest.name}); a film jumped for them by "
            f"{max(jumps, default=0.0) * 1000:.1f} ms at the most"
        )

    async def held(self, kept: Kept) -> str:
        """Assert that every promise was kept and each room is as it was, but for the films that were added.

        Returns a line with figures.
        """
        checked = await kept.checked()
        after = await self.people.snapshots()
        must_be = [structs.replace(one, queue=now.queue) for one, now in zip(self._before, after, strict=True)]
        compared = self.people.compare(must_be, after)
        clocks = {fan.clock_id for fan in self.people.members}
        assert clocks == self._clocks, f"the nodes of a cluster have one clock: {clocks}"
        await self.people.rooms_work()
        return f"{checked}; {compared}"


def figure(seconds: Sequence[float]) -> str:
    """Return the range of these seconds as text."""
    return f"{min(seconds):.2f} to {max(seconds):.2f} s" if seconds else "none"


@asynccontextmanager
async def evening(
    folder: Path, *options: str, rooms: int = ROOMS, members: int = MEMBERS, **given: Any
) -> AsyncIterator[Evening]:
    """Let people come together in a cluster, whose further arguments are those of `service`."""
    async with (
        service(folder, *options, **given) as cluster,
        crowd(cluster.url, rooms=rooms, members=members) as people,
    ):
        clocks = {fan.clock_id for fan in people.members}
        assert len(clocks) == 1, f"the nodes of a cluster have one clock: {clocks}"
        before = await people.snapshots()
        yield Evening(cluster, people, before)
