"""ClusterHub: the hub of a server that is one of several."""

import asyncio
import logging
import math
import random
from collections.abc import Callable, Coroutine
from typing import Any, Final

from msgspec.structs import replace

from hangd.cluster.base import Cluster, ClusterFailed, NodeInfo
from hangd.engine.room import effects
from hangd.protocol.errors import CLOSE_GOING_DOWN, CLOSE_REPLACED
from hangd.protocol.messages import Goodbye
from hangd.rooms.clustered.edge.whereabouts import Whereabouts
from hangd.rooms.clustered.limits import ClusterLimits
from hangd.rooms.clustered.node import Handlers, Node
from hangd.rooms.clustered.numbers import Counted, Now
from hangd.rooms.clustered.owning.owned import OwnedRooms
from hangd.rooms.clustered.parcels import Ended as EndedParcel
from hangd.rooms.clustered.parcels import StoreChanged
from hangd.rooms.clustered.rooms import ClusterRooms
from hangd.rooms.counters import Counters
from hangd.rooms.edge.clients import Client
from hangd.rooms.edge.fair_turns import Lane
from hangd.rooms.edge.peer import Peer
from hangd.rooms.hosting.directory import Directory
from hangd.rooms.hub import Hub
from hangd.rooms.trust import Ended
from hangd.store.base import Watched
from hangd.transport.base import Encoded

_log = logging.getLogger(__name__)

_MOVE_SECONDS: Final = 5.0
"""Over so many seconds clients are sent to the other servers, so that these do not greet all at once."""
_LOOK_SECONDS: Final = 1.0
"""How often a server that drains looks whether there is another one."""
_CUT_OFF: Final = "this server is cut off from the others"
_RETRY_AFTER: Final = 1.0
"""Seconds after which clients that are sent away connect again."""


class ClusterHub(Hub):
    """Call `join` first. `Hub.restore` is not for it: its rooms come from the cluster.

    Args:
        limits: what networks may have at all servers.
        info: returns what the others are told of this server.

    The other arguments are those of `Hub`.
    """

    def __init__(
        self, *arguments: Any, cluster: Cluster, limits: ClusterLimits, info: Callable[[Hub], NodeInfo], **more: Any
    ) -> None:
        self._cluster = cluster
        self._limits = limits
        self._info = info
        self.store_changed: Callable[[], None] = lambda: None
        """Called when another server has changed accounts, logins, bans or keys in the database that all share."""
        self.write_back: Callable[[], Coroutine[Any, Any, None]] | None = None
        """Called when Redis can be reached again, which may have lost what others than rooms have kept there."""
        super().__init__(*arguments, **more)
        self.administration.hand_over = self._begin_hand_over

    def _open_rooms(
        self,
        *,
        changed: Callable[[], None],
        keep_watched: Callable[[Watched, str | None], None],
        counters: Counters,
        **_: Any,
    ) -> ClusterRooms:
        settings = self._settings
        self._counted = Counted()
        self._node = node = Node(self._cluster, self._clock.now, self._tasks, self._counted)
        node.time.changed = self._clock_changed
        self._server_now = node.time.clock.now
        directory = Directory(
            settings.max_rooms,
            settings.max_rooms_per_address,
            lambda room_id: None,
            most_queued=settings.max_queued,
        )
        directory.share(self._limits.counted("rooms"))
        owned = OwnedRooms(
            settings.room,
            directory=directory,
            cluster=self._cluster,
            post=node.post,
            may_decide=node.may_decide,
            turns=self._turns,
            clock=node.time.clock,
            hop=lambda: node.time.hop,
            tasks=self._tasks,
            publish_rooms=settings.publish_rooms,
            changed=changed,
            keep_watched=keep_watched,
            counters=counters,
            counted=self._counted,
        )
        self._whereabouts = whereabouts = Whereabouts(self._cluster, self._clients, node.post, self._tasks)
        node.rooms = ClusterRooms(
            directory=directory,
            owned=owned,
            cluster=self._cluster,
            post=node.post,
            turns=self._turns,
            orders=self._orders,
            clock=self._clock,
            server_now=node.time.clock.now,
            hop=lambda: node.time.hop,
            tasks=self._tasks,
            whereabouts=whereabouts,
            send_away=self._send_away_client,
            replaced=self._replaced,
            charge=self._charge_lane,
        )
        node.handlers = Handlers(
            self._cut_off, self._ended, lambda: self.store_changed(), self._told_of_itself, self._reached_again
        )
        return node.rooms

    @property
    def why_apart(self) -> str | None:
        if self._node.time.clock_id is None:
            return "this node does not know the time of its cluster yet"
        return None if self._node.may_decide() else "this node is cut off from the others of its cluster"

    def _charge_lane(self, lane: Lane, began: float) -> None:
        ended = self._clock.now()
        self._fair.charge(lane, ended - began, ended)

    def cluster_numbers(self) -> Now:
        """Return what is to be known of this node as one of a cluster."""
        rooms, bound = self._node.rooms, self._node.time.bound()
        return Now(
            is_alive=self._node.may_decide(),
            beat_age=self._node.beat_age,
            clock_bound=math.inf if bound is None else bound,
            tells_time=self._node.time.leads,
            commits_waiting=sum(hosted.in_flight for hosted in rooms.owned),
            edge_links=len(list(rooms.places())),
            owner_links=sum(len(hosted.relay.links) for hosted in rooms.owned),
            rooms=self.room_count,
            counted=self._counted,
        )

    async def join(self) -> None:
        """Join the cluster. Raises `hangd.cluster.base.ClusterFailed`."""
        await self._node.start()
        self._limits.start()
        self._tasks.start(self._whereabouts.renew(), name="renew where clients are")

    def _told_of_itself(self) -> NodeInfo:
        time = self._node.time
        return replace(self._info(self), clock_offset=time.offset(), clock_bound=time.bound())

    async def aclose(self) -> None:
        await self._limits.aclose()
        await super().aclose()
        await self._node.aclose()

    def end(self, ended: Ended) -> None:
        """As `Hub.end`, at all servers."""
        self._cluster.broadcast(self._node.post.encode(EndedParcel(ended.tag, ended.code, ended.why)))
        super().end(ended)

    def _reached_again(self) -> None:
        if self.write_back is not None:
            self._tasks.start(self.write_back(), name="write back what Redis may have lost")

    def tell_store_changed(self) -> None:
        """Tell the other servers that accounts, logins, bans or keys were changed in the database that all share."""
        self._cluster.broadcast(self._node.post.encode(StoreChanged()))

    def _ended(self, ended: EndedParcel) -> None:
        super().end(Ended(ended.tag, ended.code, ended.why))  # type: ignore[arg-type]

    def _replaced(self, client: Client) -> None:
        """Close the connection of a client that has another one, at another server."""
        peer = client.peer
        if peer is None:
            return
        client.peer = None
        del self._clients[client.client_id]
        with self._turns.turn(self._clock.now(), None):
            self._turns.send(peer, Goodbye("replaced"))
            self._turns.close(peer, CLOSE_REPLACED, "another connection resumed this one's place")

    def _send_away_client(self, client: Client) -> None:
        if client.peer is not None:
            self._send_away_peer(client.peer, _CUT_OFF)

    def _cut_off(self, spread: float) -> None:
        self._send_all_away(spread, _CUT_OFF, lambda: not self._node.may_decide())

    def _send_away_peer(self, peer: Peer, why: str) -> None:
        if peer.session.full:
            self._turns.send(peer, Goodbye("going-down", _RETRY_AFTER))
        self._turns.close(peer, CLOSE_GOING_DOWN, why)

    # ---- time -------------------------------------------------------------------------------------------------------

    def _pong(self, peer: Peer, ping: effects.AnswerPing) -> Encoded:
        return super()._pong(peer, replace(ping, t1=self._node.time.clock.to_cluster(ping.t1)))

    def _clock_changed(self, is_other: bool) -> None:
        """Clients have to learn the clock anew. Those that are here come back for that.

        Args:
            is_other: whether the times of the rooms that run here are times of another timescale, too.
        """
        clock_id = self._node.time.clock_id
        assert clock_id is not None
        self._clock.clock_id = clock_id
        if is_other:
            for client in self._clients.values():
                client.since = 0.0  # A time of before could be later than all that come.
            self._tasks.start(self._rooms_of_before(), name="hand over rooms of another timescale")
        else:
            self._node.rooms.owned.woken()
        for peer in tuple(self._peers):
            with self._turns.turn(self._clock.now(), None):
                self._send_away_peer(peer, "this server's clock has jumped")

    async def _rooms_of_before(self) -> None:
        """Let rooms be restored from what is kept, which says by the wall clock how much time has passed."""
        try:
            await self._node.rooms.owned.give_up_all()
        except ClusterFailed as failed:
            _log.warning("rooms of another timescale could not be handed over: %s", failed)

    # ---- handing over -----------------------------------------------------------------------------------------------

    def _begin_hand_over(self, tell: Callable[[], None]) -> None:
        self._tasks.start(self._hand_over(tell), name="send clients to other servers")

    async def _hand_over(self, tell: Callable[[], None]) -> None:
        """Send all clients to other servers, for as long as this one drains. ``tell``: called where there are none."""
        is_told = False
        while self.administration.draining and self._peers:
            if await self._node.has_others():
                self._send_all_away(
                    _MOVE_SECONDS,
                    "this server is about to stop, and others are not",
                    lambda: self.administration.draining,
                )
                await asyncio.sleep(_MOVE_SECONDS)
            elif not is_told:
                is_told = True
                tell()
            await asyncio.sleep(_LOOK_SECONDS)

    def _send_all_away(self, spread: float, why: str, still: Callable[[], bool]) -> None:
        """Send all peers away, each after a random part of ``spread`` seconds, if it is ``still`` right then."""

        def send_away(peer: Peer) -> None:
            if peer in self._peers and still():
                with self._turns.turn(self._clock.now(), None):
                    self._send_away_peer(peer, why)

        loop = asyncio.get_running_loop()
        for peer in tuple(self._peers):
            loop.call_later(random.uniform(0.0, spread), send_away, peer)
