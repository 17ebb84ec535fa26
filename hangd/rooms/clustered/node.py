"""Node: the life of this server as one of a cluster. It beats, is told what arrives, and knows who else lives.

Implements `hangd.cluster.base.Listener`.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, assert_never

from msgspec import Struct

from hangd.cluster.base import Cluster, ClusterFailed, NodeInfo, Renewal
from hangd.engine.cluster.clusterclock import ClockPing, ClockPong
from hangd.engine.cluster.lease import Beat, Decide, LeaseEffect, Mute, NodeLease, Reclaim, Renew, SendAway
from hangd.engine.cluster.parcels import (
    Applied,
    Attach,
    Attached,
    Batch,
    Detached,
    Heard,
    Leave,
    NotHere,
    ToEdge,
    Told,
    ToOwner,
    stray,
)
from hangd.rooms.clustered.arriving import Arriving
from hangd.rooms.clustered.numbers import Counted
from hangd.rooms.clustered.orphans import take_orphans
from hangd.rooms.clustered.parcels import Ended, Moved, Post, StoreChanged, decode
from hangd.rooms.clustered.rooms import ClusterRooms
from hangd.rooms.clustered.timekeeping import Timekeeper
from hangd.rooms.clustered.unreadable import Unknown, Unreadable
from hangd.tasks import DeadlineTimer, Tasks

_log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0
"""How often a node looks who else lives."""


class Handlers(Struct, frozen=True):
    """What a node does beside its rooms."""

    send_away: Callable[[float], None]
    """Close all connections, over so many seconds."""
    ended: Callable[[Ended], None]
    store_changed: Callable[[], None]
    info: Callable[[], NodeInfo]
    """What is told of this node."""
    reached_again: Callable[[], None]
    """Redis can be reached, which may have lost what it had."""


class Node:
    """Set `rooms` and `handlers`, then `start`."""

    rooms: ClusterRooms
    handlers: Handlers

    def __init__(self, cluster: Cluster, now: Callable[[], float], tasks: Tasks, counted: Counted) -> None:
        self._cluster = cluster
        self._now = now
        self._tasks = tasks
        self._counted = counted
        self._lease = NodeLease()
        self._timer = DeadlineTimer(self._lease_due)
        self._others: set[str] = set()
        self._is_unsure = False
        """Whether Redis may be another one since this node's last renewal, which lacks what was written last, but not
        that this node lives: nobody would tell that it has to be written again."""
        self._unknown = Unknown()
        loop = asyncio.get_running_loop()
        self.post: Final = Post(cluster, loop.call_soon, self._to_owner, self._to_edge)
        self.time: Final = Timekeeper(cluster, now, self.post.send)
        self._arriving = Arriving(self._handle, now, loop.call_soon)

    def may_decide(self) -> bool:
        """Return whether this node counts as alive."""
        return self._lease.may_decide(self._now())

    @property
    def beat_age(self) -> float | None:
        """For how many seconds nothing has come back that was sent later. None: nothing ever has."""
        heard = self._lease.heard
        return None if heard is None else self._now() - heard

    async def has_others(self) -> bool:
        """Return whether there are other nodes that take clients in."""
        try:
            return any(info.node != self._cluster.node and not info.draining for info in await self._cluster.nodes())
        except ClusterFailed:
            return False

    async def start(self) -> None:
        """Join the cluster, and learn its time. Raises ClusterFailed."""
        await self._cluster.start(self)
        self._obey(self._lease.start(self._now()))
        self._tasks.start(self.time.keep(), name="keep the cluster's time")
        self._tasks.start(self._look(), name="look which servers live")
        self._tasks.start(take_orphans(self._cluster, self.rooms.claims.take), name="take rooms without owner")
        await self.time.known()

    async def aclose(self) -> None:
        self._timer.arm(None)
        self.time.stop()
        self._arriving.stop()
        await self._cluster.aclose()

    # ---- Listener ---------------------------------------------------------------------------------------------------

    def received(self, parcel: bytes, at: float) -> None:
        self._arriving.take(parcel, at)

    def _handle(self, parcel: bytes, at: float) -> None:
        try:
            sender, message = decode(parcel)
        except Unreadable as error:
            self._unknown.tell(error)
            return
        match message:
            case Attach() | Told() | Heard() | Leave():
                self._to_owner(sender, message)
            case Attached() | Batch() | Applied() | Detached() | NotHere():
                self._to_edge(sender, message)
            case Moved(client_id=client_id):
                self.rooms.moved(client_id)
            case Ended():
                self.handlers.ended(message)
            case StoreChanged():
                self.handlers.store_changed()
            case ClockPing() | ClockPong():
                self.time.received(sender, message, at)
            case _:
                assert_never(message)

    def beat_heard(self, number: int, at: float) -> None:
        if (ordered := self._lease.ordered.get(number)) is not None:
            self._counted.beats.observe(max(0.0, at - ordered))
        self.time.beat_heard(number, at)
        self._obey(self._lease.beat_heard(number, self._now()))

    def connected(self) -> None:
        self._counted.connections += 1
        _log.info("the cluster can be reached")
        self._obey(self._lease.connected(self._now()))
        self.rooms.inbox_broke()
        self._is_unsure = True
        self.handlers.reached_again()

    def disconnected(self) -> None:
        _log.warning("the cluster cannot be reached")

    def unreachable(self, node: str) -> None:
        # It may be connecting anew: its clients have not lost their connections, but its rooms may be another's soon.
        self.rooms.node_died(node)

    # ---- parcels ----------------------------------------------------------------------------------------------------

    def _to_owner(self, sender: str, parcel: ToOwner) -> None:
        if self.rooms.owned.received(sender, parcel):
            return
        if (answer := stray(parcel)) is not None:
            self.post.to_edge(sender, answer)  # type: ignore[arg-type]  # NotHere answers what is for an owner
        if isinstance(parcel, Attach) and sender != self._cluster.node:
            self.rooms.claims.stranded(parcel.room)

    def _to_edge(self, sender: str, parcel: ToEdge) -> None:
        if not self.rooms.received(sender, parcel) and (answer := stray(parcel)) is not None:
            self.post.to_owner(sender, answer)  # type: ignore[arg-type]  # Leave answers what is for an edge

    # ---- life -------------------------------------------------------------------------------------------------------

    def _lease_due(self, now: float) -> None:
        self._obey(self._lease.expire(now))

    def _obey(self, orders: Iterable[LeaseEffect]) -> None:
        for order in orders:
            match order:
                case Beat(number=number):
                    self.time.beat_sent(number)
                    self._cluster.beat(number)
                case Renew(number=number):
                    self._cluster.renew(self.handlers.info(), partial(self._renewed, number))
                case Decide():
                    self.rooms.owned.woken()
                case Mute():
                    _log.warning("this node is cut off: its rooms wait")
                case Reclaim():
                    self._write_back()
                    self.rooms.owned.woken()
                case SendAway(spread=spread):
                    _log.warning("this node has been cut off for too long: its clients are sent away")
                    self.handlers.send_away(spread)
                case _:
                    assert_never(order)
        self._timer.arm(self._lease.deadline())

    def _renewed(self, number: int, renewal: Renewal) -> None:
        now = self._now()
        if renewal is Renewal.FAILED:
            self._obey(self._lease.failed(number, now))
            return
        orders = self._lease.renewed(number, now, kept=renewal is Renewal.KEPT)
        if self._is_unsure and not any(isinstance(order, Reclaim) for order in orders):
            self._write_back()
        self._obey(orders)

    def _write_back(self) -> None:
        """Have written again what Redis may have lost. Not before this node counts as alive, so that no other one takes
        for dead who owns what comes back."""
        self._is_unsure = False
        self.rooms.owned.check_all()
        self.rooms.keep_all()

    async def _look(self) -> None:
        """Notice servers that have died, and rooms that are not kept any more."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self.rooms.owned.check_some()
            try:
                alive = {info.node for info in await self._cluster.nodes()}
            except ClusterFailed:
                continue
            if self._cluster.node not in alive:
                continue  # Redis has lost its memory, or this node's life has ended: nothing is known of others.
            for node in self._others - alive:
                self.rooms.node_died(node)
                self.rooms.owned.edge_died(node)
            self.rooms.owned.alive(alive)
            self._others = alive
