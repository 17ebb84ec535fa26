"""Timekeeper: what a node does for the cluster's time. It drives `hangd.engine.cluster.clusterclock`.

Rooms and their members live in cluster time; relays, leases, connections and limits in the node's local time. The two
meet in `ClusterServerClock`.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, assert_never

import msgspec

from hangd.cluster.base import Cluster, ClusterFailed
from hangd.engine.cluster.clusterclock import (
    AskTime,
    ClockEffect,
    ClockPing,
    ClockPong,
    ClusterClock,
    Jumped,
    Reference,
)
from hangd.engine.cluster.lease import GONE
from hangd.rooms.clock import ServerClock, machine_clock
from hangd.store.base import ClockMark
from hangd.tasks import DeadlineTimer

_log = logging.getLogger(__name__)

_KEY: Final = "clock"
"""Under it are the lease of the reference, and what the last one has told of itself."""
_LEASE_SECONDS: Final = 3.0
_KEPT_SECONDS: Final = 30 * 86400.0
_LOOK_SECONDS: Final = 1.0
"""How often a node looks who is the reference."""
_LOOK_SOON: Final = 0.05
"""The same, while it does not know the time."""
_READY_SECONDS: Final = 20.0
"""A node waits for 10 s for a reference that may still live, and have clients, before it begins another timescale."""
_RESTS_SECONDS: Final = 5.0
"""A machine that stood still tells the time no more for so long, so that another one does: longer than the lease, and
than all others take to look."""
_NO_LONGER: Final = 0.001
"""Who leads for so many seconds from now on gives that up."""
_ROUND_TRIPS: Final = 8
_NEAR: Final = 1e-3

_references: Final = msgspec.json.Decoder(Reference)


class ClusterServerClock(ServerClock):
    """The cluster's time, as this node knows it. ``clock_id`` is the id of the timescale.

    Args:
        local: returns local time: seconds of the machine's monotonic clock.
    """

    def __init__(
        self, clock: ClusterClock, *, local: Callable[[], float], wall: Callable[[], float] = time.time
    ) -> None:
        super().__init__(monotonic=lambda: clock.to_cluster(local()), wall=wall)
        self.local = local
        self.to_cluster = clock.to_cluster
        self._cluster = clock

    def to_local(self, at: float | None) -> float | None:
        """Return the local time of a deadline in cluster time. None: there is none."""
        return None if at is None else self._cluster.to_local(at)

    def due(self, local: float, deadline: float | None) -> float:
        """Return the cluster time at which what was armed for ``deadline`` is due, at this local time.

        Conversion there and back may lose a little, and a machine that is not due yet would ask for the same again.
        """
        at = self.to_cluster(local)
        return deadline if deadline is not None and 0.0 < deadline - at < _NEAR else at

    def _is_same(self, then: ClockMark) -> bool:
        return then.clock_id == self.clock_id


class Timekeeper:
    """Keeps this node's knowledge of the cluster's time, and asks and answers other nodes for it.

    Args:
        now: returns local time.
        send: sends a message to a node.
    """

    def __init__(
        self, cluster: Cluster, now: Callable[[], float], send: Callable[[str, ClockPing | ClockPong], None]
    ) -> None:
        self._cluster = cluster
        self._now = now
        self._send = send
        self._known: Final = ClusterClock(cluster.node, machine_clock(), secrets.token_hex(8))
        self.clock: Final = ClusterServerClock(self._known, local=now)
        self.changed: Callable[[bool], None] = lambda is_other: None
        """Called when the clock that clients know is another one from now on. True: so is the timescale."""
        self._is_known = asyncio.Event()
        self._gave_up = asyncio.Event()
        self._told_id: str | None = None
        self._timer = DeadlineTimer(self._due)
        self._sent: deque[tuple[int, float]] = deque(maxlen=_ROUND_TRIPS)
        self._round_trips: deque[float] = deque(maxlen=_ROUND_TRIPS)

    @property
    def clock_id(self) -> str | None:
        """The id by which clients know the clock. None: this node does not know the time yet."""
        return self._known.clock_id if self._known.ready else None

    @property
    def leads(self) -> bool:
        """Whether this node is the reference."""
        return self._known.leads

    def offset(self) -> float | None:
        """Return cluster time minus local time. None: it is not known yet."""
        if not self._known.ready:
            return None
        now = self._now()
        return self._known.to_cluster(now) - now

    def bound(self) -> float | None:
        """Return how wrong `offset` may be, in seconds. None: it is not known yet."""
        return self._known.bound(self._now()) if self._known.ready else None

    async def known(self) -> None:
        """Wait until this node knows the time. Raises ClusterFailed: nobody tells it."""
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self._is_known.wait()
        except TimeoutError:
            raise ClusterFailed(f"no other server has told the time for {_READY_SECONDS:g} s") from None

    async def keep(self) -> None:
        """Look who is the reference, again and again."""
        while True:
            try:
                await self._look()
            except ClusterFailed as failed:
                _log.debug("the reference of the cluster's time cannot be looked up for now: %s", failed)
            self._gave_up.clear()
            is_settled = self._known.ready and self._known.known is not None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS if is_settled else _LOOK_SOON):
                    await self._gave_up.wait()

    def stop(self) -> None:
        self._timer.arm(None)

    async def _look(self) -> None:
        if self._known.given_up is not None:
            await self._give_up(self._known.given_up)
        kept = _decoded(await self._cluster.get(_KEY))
        if not await self._may_lead(kept):
            if kept is not None:
                self._obey(self._known.reference(kept, self._now()))
            return
        leader = await self._cluster.lead(_KEY, _LEASE_SECONDS)
        if leader == self._cluster.node:
            is_new = not self._known.leads
            if is_new:
                kept = _decoded(await self._cluster.get(_KEY))
                if kept is not None and kept.stood_still and not self._known.may_lead(kept, self._now()):
                    # Another process of this machine has given up meanwhile.
                    await self._cluster.lead(_KEY, _NO_LONGER)
                    return
            if self._known.given_up is not None:
                return  # Since this look began.
            reference = self._known.lead(kept, self._now())
            if is_new:
                _log.info("this node tells the cluster's time now (timescale %s)", reference.timescale)
            self._obey(())
            if kept != reference:
                await self._cluster.put(_KEY, msgspec.json.encode(reference), _KEPT_SECONDS)
        elif kept is not None and kept.node == leader:
            self._obey(self._known.reference(kept, self._now()))

    async def _give_up(self, reference: Reference) -> None:
        """Let another machine tell the time: this one has missed some."""
        if await self._cluster.lead(_KEY, _LEASE_SECONDS) == self._cluster.node:
            await self._cluster.put(_KEY, msgspec.json.encode(reference), _RESTS_SECONDS)
            await self._cluster.lead(_KEY, _NO_LONGER)
        self._known.given_up = None

    async def _may_lead(self, kept: Reference | None) -> bool:
        if self._known.may_lead(kept, self._now()):
            return kept is not None or not await self._has_others()
        # The last reference does not answer. If it lives and is cut off, all of its clients have to come back anyway,
        # and learn the time anew, after so long; so have those of others that know its time.
        return await self._cluster.silence() >= GONE

    async def _has_others(self) -> bool:
        """Return whether others know the time, when this node does not: one of them will tell it in a moment."""
        if self._known.ready:
            return False
        others = (info for info in await self._cluster.nodes() if info.node != self._cluster.node)
        return any(info.clock_offset is not None for info in others)

    # ---- pings ------------------------------------------------------------------------------------------------------

    def received(self, sender: str, message: ClockPing | ClockPong, at: float) -> None:
        """``at``: local time at which it arrived."""
        match message:
            case ClockPing():
                pong = self._known.answer(sender, message, at, self._now())
                if pong is not None:
                    self._send(sender, pong)
                elif self._known.given_up is not None and not self._gave_up.is_set():
                    _log.warning("this machine seems to have stood still: another one is to tell the cluster's time")
                    self._gave_up.set()
            case ClockPong():
                self._obey(self._known.ponged(sender, message, at))
            case _:
                assert_never(message)

    def _due(self, now: float) -> None:
        # The time of the event loop may be a millisecond old. It may also wake slightly early.
        self._obey(self._known.expire(max(now, self._now())))

    def _obey(self, orders: Iterable[ClockEffect]) -> None:
        for order in orders:
            match order:
                case AskTime(node=node, ping=ping):
                    self._send(node, ping)
                case Jumped(by=by):
                    _log.warning("the cluster's time was %.3f s off here, and has jumped", -by)
                case _:
                    assert_never(order)
        self._timer.arm(self._known.deadline())
        self._tell()

    def _tell(self) -> None:
        clock_id = self.clock_id
        if clock_id is None or clock_id == self._told_id:
            return
        timescale = self._known.timescale
        assert timescale is not None
        is_other = self._told_id is not None and timescale != self.clock.clock_id
        self._told_id, self.clock.clock_id = clock_id, timescale
        self.changed(is_other)
        self._is_known.set()

    # ---- the way to the other nodes ---------------------------------------------------------------------------------

    @property
    def hop(self) -> float:
        """The seconds that a parcel takes to Redis and from there to this node, the least of the last few.

        Twice the time between this node and Redis: a message from one node to another, and the answer to it, take the
        sum of what both nodes find.
        """
        return min(self._round_trips, default=0.0)

    def beat_sent(self, number: int) -> None:
        self._sent.append((number, self._now()))

    def beat_heard(self, number: int, at: float) -> None:
        for sent, then in self._sent:
            if sent == number:
                self._round_trips.append(max(0.0, at - then))


def _decoded(data: bytes | None) -> Reference | None:
    if data is None:
        return None
    try:
        return _references.decode(data)
    except msgspec.MsgspecError:
        return None  # Of another version: it is replaced.
