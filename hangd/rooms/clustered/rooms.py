"""ClusterRooms: all rooms of one node. Implements `hangd.rooms.edge.base.Rooms`: what clients say goes to the room's
owner by a link, and what comes back is carried out here."""

import logging
import random
import secrets
from collections.abc import Callable, Iterable
from typing import assert_never

import msgspec
from msgspec.structs import replace

from hangd.cluster.base import Cluster, ClusterFailed, Elsewhere, NameTaken, Owned
from hangd.engine.cluster import effects as link_effects
from hangd.engine.cluster.edge_relay import GIVE_UP, EdgeRelay
from hangd.engine.cluster.parcels import Attach, Leave, NotHere, ToEdge
from hangd.engine.room import effects, inputs
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import RoomLeft, Rooms
from hangd.protocol.model import RoomSummary
from hangd.protocol.names import room_key
from hangd.rooms.clock import ServerClock
from hangd.rooms.clustered import items
from hangd.rooms.clustered.claims import Claims
from hangd.rooms.clustered.edge.deliveries import Deliveries
from hangd.rooms.clustered.edge.place import EdgePlace
from hangd.rooms.clustered.edge.whereabouts import Whereabouts
from hangd.rooms.clustered.owning.owned import OwnedRooms
from hangd.rooms.clustered.owning.owned_room import OwnedRoom
from hangd.rooms.clustered.parcels import Post
from hangd.rooms.edge.base import Place
from hangd.rooms.edge.clients import Client
from hangd.rooms.edge.fair_turns import Lane
from hangd.rooms.edge.orders import Orders
from hangd.rooms.edge.turns import Turns
from hangd.rooms.hosting.directory import Directory
from hangd.rooms.hosting.public_list import LOOKED_AT, page_of
from hangd.store.base import KeptRoom
from hangd.tasks import DeadlineTimer, Tasks

_log = logging.getLogger(__name__)

_BUSY = RequestRefused(
    "ServerFull", "the servers cannot reach each other for now: try again in a moment", details={"limit": "cluster"}
)
_ANSWER_LOST = RequestRefused("Internal", "a server was lost before it could answer: look at the room, it may be done")


class ClusterRooms:
    """The arguments are those of `hangd.rooms.clustered.hub.ClusterHub`, or parts of it.

    Args:
        server_now: returns server time, which all nodes tell alike.
        hop: as `hangd.rooms.clustered.timekeeping.Timekeeper.hop`.
        send_away: closes the connection of a client that this server cannot serve for now.
        replaced: closes the connection of a client that has another one, at another server.
        charge: counts the time since a moment for a room.
    """

    def __init__(
        self,
        *,
        directory: Directory,
        owned: OwnedRooms,
        cluster: Cluster,
        post: Post,
        turns: Turns,
        orders: Orders,
        clock: ServerClock,
        server_now: Callable[[], float],
        hop: Callable[[], float],
        tasks: Tasks,
        whereabouts: Whereabouts,
        send_away: Callable[[Client], None],
        replaced: Callable[[Client], None],
        charge: Callable[[Lane, float], None],
    ) -> None:
        self.directory = directory
        self.owned = owned
        self._cluster = cluster
        self._post = post
        self._turns = turns
        self._orders = orders
        self._clients = orders.clients
        self._clock = clock
        self._server_now = server_now
        self._hop = hop
        self._tasks = tasks
        self._send_away = send_away
        self._replaced = replaced
        self._charge = charge
        self._whereabouts = whereabouts
        self._deliveries = Deliveries(turns, orders, self._whereabouts)
        self._places: dict[str, EdgePlace] = {}
        self._by_link: dict[str, EdgePlace] = {}
        self.claims = Claims(cluster=cluster, owned=owned, directory=directory, tasks=tasks, placed=self._places)

    def get(self, room_id: str | None) -> Place | None:
        return None if room_id is None else self._places.get(room_id)

    # ---- finding and making -----------------------------------------------------------------------------------------

    def places(self) -> Iterable[Place]:
        return self._places.values()

    def find(self, name: str) -> Place | None:
        """As `hangd.rooms.edge.base.Rooms.find`."""
        if (place := self._places.get(name)) is not None:
            return place
        hosted = self.directory.find(name)
        return None if hosted is None else self._place(hosted.room_id, hosted.alias)

    async def search(self, name: str, now: float) -> Place | None:
        """As `hangd.rooms.edge.base.Rooms.search`."""
        try:
            room_id = await self._cluster.find(name, room_key(name))
        except ClusterFailed:
            raise _BUSY from None
        return None if room_id is None else self._place(room_id)

    async def page(self, after: str | None) -> Rooms:
        """As `hangd.rooms.hosting.base.RoomsHere.page`: of the rooms of all nodes."""
        try:
            found = await self._cluster.public_rooms(after, LOOKED_AT)
        except ClusterFailed:
            raise _BUSY from None
        return page_of([msgspec.json.decode(summary, type=RoomSummary) for _, summary in found])

    async def search_client(self, client_id: str) -> tuple[Place, bytes] | None:
        """As `hangd.rooms.edge.base.Rooms.search_client`."""
        try:
            kept = await self._cluster.client(client_id)
        except ClusterFailed:
            raise _BUSY from None
        return None if kept is None else (self._place(kept.room_id), kept.proof)

    def reserve(self, alias: str | None, network: str, origin: str, now: float) -> None:
        """As `hangd.rooms.edge.base.Rooms.reserve`: as far as this node alone can tell."""
        goes = self.directory.reserve(alias, network, origin)
        if goes is not None:
            assert isinstance(goes, OwnedRoom)
            self.owned.close(goes)

    def release(self, alias: str | None, network: str) -> None:
        self.directory.release(alias, network)

    def add(self, alias: str | None, password_hash: str | None, network: str, now: float) -> Place:
        """As `hangd.rooms.edge.base.Rooms.add`."""
        place = self._place(self.claims.make(alias, password_hash, network), alias)
        place.network, place.is_untold = network, True
        return place

    def close(self, place: Place, now: float, why: str | None = None) -> None:
        """Remove a room that cannot continue, or that the administrator closes, if it runs here."""
        hosted = self.owned.get(place.room_id)
        if hosted is not None:
            self.owned.close(hosted, why)

    def _place(self, room_id: str, alias: str | None = None) -> EdgePlace:
        place = self._places.get(room_id)
        if place is None:
            now = self._clock.now()
            link = secrets.token_hex(8)
            timer = DeadlineTimer(lambda now: self._due(place, now))  # type: ignore[arg-type]
            relay = EdgeRelay(room_id, link, random.uniform(*GIVE_UP))
            place = EdgePlace(room_id, alias, relay, timer, self._clients)
            self._places[room_id] = self._by_link[link] = place
            self._obey(place, place.relay.start(now), now)
        return place

    def _remove(self, place: EdgePlace) -> None:
        place.timer.arm(None)
        if self._places.get(place.room_id) is place:
            del self._places[place.room_id]
        self._by_link.pop(place.relay.link, None)
        if self._is_nobodys(place):
            self._unmake(place)

    def _is_nobodys(self, place: EdgePlace) -> bool:
        """Tell whether this is a new room of which nobody has been told, wherever it is."""
        hosted = self.owned.get(place.room_id)
        if hosted is None:
            return self.claims.is_unmade(place.room_id)
        return place.is_untold and all(link == place.relay.link for link in hosted.where.values())

    def _unmake(self, place: EdgePlace) -> None:
        """Let a room that is nobody's never have been: its maker has gone, and could not come back into it. It would
        have the name for as long as any room that is empty."""
        if self.claims.drop(place.room_id):
            self.owned.unmake(place.room_id)
        elif (hosted := self.owned.get(place.room_id)) is not None:
            self.owned.end(hosted)

    # ---- to the owner -----------------------------------------------------------------------------------------------

    def tell(self, place: Place, input: inputs.RoomInput, now: float) -> None:
        """As `hangd.rooms.edge.base.Rooms.tell`."""
        if isinstance(place, OwnedRoom):
            return self.owned.tell(place, input, now)
        assert isinstance(place, EdgePlace)
        is_needed = True
        match input:
            case inputs.CreateRequested() | inputs.JoinRequested():
                place.asking[input.client_id] = input
                if (client := self._clients.get(input.client_id)) is not None:
                    client.since = self._server_now()
                is_needed = False
            case inputs.ConnectionLost(client_id=client_id):
                place.drop(client_id)
                self._clients.pop(client_id, None)  # Whoever comes back may come to any node.
            case inputs.ConnectionResumed(client_id=client_id):
                place.presence_changed()
                if (client := self._clients.get(client_id)) is not None:
                    client.since = self._server_now()
                    input = replace(input, since=client.since)
                    self._whereabouts.keep(client, place.room_id)
            case inputs.MessageReceived():
                is_needed = False
            case inputs.LatencyMeasured(rtt=rtt):
                input = replace(input, rtt=rtt + self._hop())  # The owner adds its own way.
                is_needed = False
            case inputs.AdminRemoved(client_id=client_id, detail=detail):
                # The owner's word would come after the end of the connection.
                if (peer := self._clients.peer_of(client_id)) is not None:
                    self._turns.send(peer, RoomLeft(place.room_id, "removed", detail))
            case _:
                pass
        told = place.relay.tell(items.encode_input(input), now, always=is_needed)
        if told is None:
            self._refuse(place, input, now)
        else:
            if isinstance(input, inputs.MessageReceived):
                place.asked(input, place.relay.next_number - 1)
            self._obey(place, told, now)
        self._leave_if_deserted(place, now)

    def _refuse(self, place: EdgePlace, input: inputs.RoomInput, now: float) -> None:
        """Refuse what the owner cannot be told for now."""
        if not isinstance(input, inputs.MessageReceived | inputs.CreateRequested | inputs.JoinRequested):
            return
        peer = self._clients.peer_of(input.client_id)
        if peer is None:
            return
        self._turns.refuse(peer, _BUSY, input.request_id)
        if not isinstance(input, inputs.MessageReceived):
            place.drop(input.client_id)
            self._orders.forget_member(input.client_id, place.room_id, now)

    def _leave_if_deserted(self, place: EdgePlace, now: float) -> None:
        if not place.is_deserted or any(client.room_id == place.room_id for client in self._clients.values()):
            return
        if self._is_nobodys(place):
            self._remove(place)  # What is not applied yet need not be any more.
        else:
            self._obey(place, place.relay.leave(now), now)

    def _due(self, place: EdgePlace, now: float) -> None:
        with self._turns.turn(now, None):
            self._obey(place, place.relay.expire(now), now)

    def _obey(self, place: EdgePlace, orders: Iterable[link_effects.EdgeEffect], now: float) -> None:
        is_anew = False
        for order in orders:
            match order:
                case link_effects.Find():
                    self._tasks.start(self._seek(place), name="find the owner of a room")
                case link_effects.PostToOwner(node=node, parcel=parcel):
                    if isinstance(parcel, Attach):
                        parcel = replace(parcel, who=items.encode_who(place.who()))
                    self._post.to_owner(node, parcel)
                case link_effects.Deliver(items=said):
                    self._deliveries.deliver(place, said, now)
                    self._leave_if_deserted(place, now)
                case link_effects.Reset():
                    self._ask_again(place, now)
                    self._deliveries.refuse(place.unanswered.take(place.relay.low - 1), _ANSWER_LOST)
                    is_anew = True
                case link_effects.GiveUp():
                    self._give_up(place)
                case link_effects.Vanish():
                    self._vanish(place, now)
                case link_effects.Close():
                    self._remove(place)
                case _:
                    assert_never(order)
        if is_anew:
            self._tell_latencies(place, now)  # Last, so that it does not overtake what has had no answer.
        if self._by_link.get(place.relay.link) is place:
            place.timer.arm(place.relay.deadline())

    async def _seek(self, place: EdgePlace) -> None:
        if (hosted := self.owned.get(place.room_id)) is not None and self.owned.may_decide():
            # To claim it again would raise its fence above that of the commits that are on their way.
            now = self._clock.now()
            with self._turns.turn(now, None):
                self._obey(place, place.relay.found(self._cluster.node, hosted.relay.fence, now), now)
            return
        try:
            found = await self.claims.ask(place.room_id)
        except ClusterFailed as failed:
            _log.debug("the owner of a room cannot be found for now: %s", failed)
            return
        now = self._clock.now()
        with self._turns.turn(now, None):
            if self._places.get(place.room_id) is not place:
                if isinstance(found, Owned) and place.room_id not in self.owned.ending:
                    self.claims.run(place.room_id, found)  # It is nobody else's, and ends here if nobody comes.
                return
            match found:
                case Owned():
                    if self.claims.run(place.room_id, found):
                        self._obey(place, place.relay.found(self._cluster.node, found.fence, now), now)
                    else:
                        self._obey(place, place.relay.missing(now), now)
                case Elsewhere(node=node, fence=fence):
                    self._obey(place, place.relay.found(node, fence, now), now)
                case NameTaken():
                    self._refuse_name(place, now)
                case None:
                    self._obey(place, place.relay.missing(now), now)

    def _refuse_name(self, place: EdgePlace, now: float) -> None:
        refused = RequestRefused("NameTaken", f"there is a room {place.alias!r} here already")
        self.claims.drop(place.room_id)
        self._turn_away(place, refused, now)
        self._remove(place)

    def _turn_away(self, place: EdgePlace, refused: RequestRefused, now: float) -> None:
        """Refuse those who have asked to come in."""
        for client_id, asked in list(place.asking.items()):
            if (peer := self._clients.peer_of(client_id)) is not None:
                self._turns.refuse(peer, refused, asked.request_id)
            place.drop(client_id)
            self._orders.forget_member(client_id, place.room_id, now)

    # ---- from the owner ---------------------------------------------------------------------------------------------

    def received(self, node: str, parcel: ToEdge) -> bool:
        """Take a parcel for a place. Returns whether that is here."""
        place = self._by_link.get(parcel.link)
        if place is None:
            return False
        if isinstance(parcel, NotHere) and node != place.relay.owner:
            return True  # Whoever had the room before has learned that it has not.
        now = self._clock.now()
        with self._turns.turn(now, None):
            self._obey(place, place.relay.received(parcel, now), now)
        # What is told to many costs their room: what they say next waits for other rooms.
        self._charge(place.lane, now)
        return True

    def node_died(self, node: str) -> None:
        now = self._clock.now()
        for place in list(self._places.values()):
            with self._turns.turn(now, None):
                self._obey(place, place.relay.node_died(node, now), now)

    def inbox_broke(self) -> None:
        now = self._clock.now()
        for place in list(self._places.values()):
            with self._turns.turn(now, None):
                self._obey(place, place.relay.inbox_broke(now), now)

    def keep_all(self) -> None:
        """Keep anew where all clients are: Redis may have lost it."""
        for place in self._places.values():
            for client_id in place.members:
                if (client := self._clients.get(client_id)) is not None:
                    self._whereabouts.keep_again(client, place.room_id)

    def moved(self, client_id: str) -> None:
        """A client is connected to another node by now."""
        client = self._clients.get(client_id)
        if client is None or client.peer is None:
            return
        place = self._places.get(client.room_id or "")
        if place is not None:
            place.drop(client_id)
        self._replaced(client)

    def _ask_again(self, place: EdgePlace, now: float) -> None:
        """Ask the new owner to let those in who have had no answer: it drops what it has heard already."""
        returned = [
            inputs.ConnectionResumed(client.client_id, client.peer.visitor.known_as(), client.since)
            for client in place.returning()
            if client.peer is not None
        ]
        for asked in [*place.asking.values(), *returned]:
            told = place.relay.tell(items.encode_input(asked), now, always=True)
            if told is not None:
                self._obey(place, told, now)

    def _tell_latencies(self, place: EdgePlace, now: float) -> None:
        """Tell a new owner how far away the members are: it puts starts off for them."""
        for client_id in place.members:
            if (client := self._clients.get(client_id)) is not None:
                self._orders.tell_latencies(client, place, now)

    def _give_up(self, place: EdgePlace) -> None:
        self._remove(place)
        for client in self._clients.in_room(place.room_id):
            self._send_away(client)
            del self._clients[client.client_id]  # No place is there to be told of the end of its connection.

    def _vanish(self, place: EdgePlace, now: float) -> None:
        self._remove(place)
        gone = RequestRefused("NotInRoom", "the room is not there any more")
        self._deliveries.refuse(place.unanswered.take(place.relay.next_number), gone)
        text = f"there is no room {place.alias or place.room_id!r} here: check its name, or create it"
        self._turn_away(place, RequestRefused("RoomNotFound", text), now)
        for client in self._clients.in_room(place.room_id):
            if client.peer is not None and client.returning is None:
                self._turns.send(client.peer, RoomLeft(place.room_id, "closed"))
            if client.returning is not None:
                self._deliveries.show(place, effects.ShowRoom(client.client_id, None), now)
            else:
                self._orders.forget_member(client.client_id, place.room_id, now)

    @property
    def store_fails(self) -> bool:
        """Whether rooms cannot be kept for now: then nothing is decided either."""
        return not self.owned.may_decide()

    @property
    def unwritten(self) -> int:
        """As `hangd.rooms.hosting.base.RoomsHere.unwritten`."""
        return sum(hosted.in_flight > 0 for hosted in self.owned)

    def restore(self, kept: Iterable[KeptRoom], now: float) -> None:
        """As `hangd.rooms.hosting.base.RoomsHere.restore`."""
        assert not list(kept), "the rooms of a cluster are in the cluster"

    # ---- the end ----------------------------------------------------------------------------------------------------

    async def aclose(self) -> None:
        """Leave all rooms, and let others have those that run here. Cancel the tasks before."""
        for place in list(self._places.values()):
            place.timer.arm(None)
            if place.relay.owner is not None and place.relay.owner != self._cluster.node:
                self._post.to_owner(place.relay.owner, Leave(place.room_id, place.relay.link))
        try:
            await self.owned.release_all()
        except ClusterFailed as failed:
            _log.warning("rooms could not be handed over, and are claimed in some seconds: %s", failed)
