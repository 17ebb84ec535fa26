"""Hosting: the rooms that this process owns. Gives them inputs, does what is due in them, and keeps them.

A room that fails is brought in line with its members and clients again (`Room.recover`), or closed.
"""

import logging
from collections.abc import Callable, Iterable
from typing import assert_never

from hangd.engine.room import effects, inputs
from hangd.engine.room.state import RoomSettings
from hangd.protocol.messages import Rooms
from hangd.rooms.clock import ServerClock
from hangd.rooms.counters import Counters
from hangd.rooms.edge.base import Place
from hangd.rooms.edge.clients import Client
from hangd.rooms.edge.orders import Orders
from hangd.rooms.edge.turns import Turns
from hangd.rooms.hosting.directory import Directory, Hosted, new_room, restored_room
from hangd.rooms.hosting.history import watched
from hangd.rooms.hosting.persistence import RoomPersistence
from hangd.rooms.hosting.public_list import page
from hangd.store.base import KeptRoom, Watched
from hangd.store.thread import StoreThread

_log = logging.getLogger(__name__)


class Hosting:
    """Implements `hangd.rooms.edge.base.Rooms` where all rooms are here: every `Place` is a `Hosted` then.

    ``orders`` carries out what rooms order for clients. The other arguments are those of `hangd.rooms.hub.Hub`, or
    parts of it.
    """

    def __init__(
        self,
        settings: RoomSettings,
        *,
        most: int,
        most_of_one: int,
        most_queued: int,
        turns: Turns,
        orders: Orders,
        clock: ServerClock,
        store: StoreThread | None,
        changed: Callable[[], None],
        keep_watched: Callable[[Watched, str | None], None],
        counters: Counters,
    ) -> None:
        self._settings = settings
        self._turns = turns
        self._orders = orders
        self._clients = orders.clients
        self._clock = clock
        self._changed = changed
        self._keep_watched = keep_watched
        self._counters = counters
        self._persistence = RoomPersistence(store, self._kept, counters)
        self.directory = Directory(most, most_of_one, self._persistence.changed, most_queued=most_queued)
        self.get = self.directory.get
        self.find = self.directory.find
        self.release = self.directory.release

    def places(self) -> Iterable[Hosted]:
        """As `hangd.rooms.edge.base.Rooms.places`."""
        return self.directory

    @property
    def store_fails(self) -> bool:
        """Whether rooms cannot be written for now."""
        return self._persistence.failing

    @property
    def unwritten(self) -> int:
        """How many rooms have changed since the store has got them."""
        return self._persistence.unwritten

    def page(self, after: str | None) -> Rooms:
        """As `hangd.rooms.hosting.base.RoomsHere.page`."""
        return page((hosted.room for hosted in self.directory), after)

    def restore(self, kept: Iterable[KeptRoom], now: float) -> None:
        """Continue these rooms. Their members are away until they prove with their secrets who they are."""
        for one in kept:
            share = self.directory.queue_space.share()
            try:
                room = restored_room(one, self._settings, self._clock, now, share)
            except Exception:
                share.end()
                _log.exception("room %s cannot be restored, and stays in the store", one.room.room_id)
                continue
            hosted = Hosted(room, one.room.name, self._expired)
            self.directory.restore(hosted)
            for member in one.room.members:
                client_id = member.client_id
                self._clients[client_id] = Client(client_id, None, room.room_id, one.proofs.get(client_id))
            hosted.timer.arm(room.deadline())

    def search(self, name: str, now: float) -> None:
        """As `hangd.rooms.edge.base.Rooms.search`: there are no others."""

    def search_client(self, client_id: str) -> None:
        """As `hangd.rooms.edge.base.Rooms.search_client`: there are no others."""

    def reserve(self, alias: str | None, network: str, origin: str, now: float) -> None:
        """As `hangd.rooms.edge.base.Rooms.reserve`. A room may be closed for it (`Directory`)."""
        goes = self.directory.reserve(alias, network, origin)
        if goes is not None:
            self.close(goes, now)

    def add(self, alias: str | None, password_hash: str | None, network: str, now: float) -> Hosted:
        """As `hangd.rooms.edge.base.Rooms.add`."""
        share = self.directory.queue_space.share(network)
        hosted = Hosted(new_room(self._settings, password_hash, now, share), alias, self._expired)
        self.directory.add(hosted, network)
        self._changed()
        return hosted

    async def aclose(self) -> None:
        """Stop the timers, and write what is not written yet. Cancel the tasks before."""
        for hosted in self.directory:
            hosted.timer.arm(None)
        await self._persistence.aclose()

    def tell(self, place: Place, input: inputs.RoomInput, now: float) -> None:
        """Give an input to a room, and carry out what it orders. What the room or an effect raises is raised."""
        hosted = place
        assert isinstance(hosted, Hosted)
        try:
            if hosted.room.is_due(now):
                # That is nobody's doing: who speaks now does not pay for it.
                with self._turns.by_nobody():
                    self.carry_out(hosted, hosted.room.catch_up(now), now)
            self.carry_out(hosted, hosted.room.handle(input, now), now)
        except Exception:
            self.recover(hosted, now)
            raise

    def _expired(self, hosted: Hosted, now: float) -> None:
        """Do what is due in a room."""
        with self._turns.turn(now, None):
            try:
                self.carry_out(hosted, hosted.room.expire(now), now)
            except Exception:
                # No message is to blame: it would fail again, at once and forever.
                _log.exception("room %s failed at its deadline, and is closed", hosted.room_id)
                self._counters.failures += 1
                self.close(hosted, now)

    def recover(self, hosted: Hosted, now: float) -> None:
        """Bring a room that failed, its members and its clients in line again, or close the room."""
        if hosted not in self.directory:
            return
        clients = self._clients.in_room(hosted.room_id)
        try:
            connected = {client.client_id for client in clients if client.peer is not None}
            self.carry_out(hosted, hosted.room.recover(now, connected), now)
            for client in clients:
                if not hosted.room.has(client.client_id):
                    self._orders.forget_member(client.client_id, hosted.room_id, now)
                elif client.entering and hosted.room.is_member(client.client_id):
                    self._orders.tell_entered(client, hosted, now)
        except Exception:
            _log.exception("room %s cannot recover from an internal error, and is closed", hosted.room_id)
            self.close(hosted, now)

    def carry_out(self, hosted: Hosted, orders: list[effects.RoomEffect], now: float) -> None:
        """Carry out the orders of a room. If some fail, the others are carried out before the exceptions are
        raised."""
        failures = None
        if orders:
            failures = self._orders.carry_out(hosted, orders, now, lambda order: self._carry_out_own(hosted, order))
        if not orders or self.get(hosted.room_id) is hosted:
            hosted.timer.arm(hosted.room.deadline())
            if hosted.changes_written != hosted.room.changes:
                hosted.changes_written = hosted.room.changes
                self._persistence.changed(hosted.room_id)
        if failures:
            raise ExceptionGroup("effects of a room failed", failures)

    def _carry_out_own(self, hosted: Hosted, order: effects.HostingOrder) -> None:
        match order:
            case effects.KeepWatched():
                self._keep_watched(watched(order, hosted.room_id, self._clock.mark()), hosted.network)
            case effects.ForgetRoom():
                self.directory.remove(hosted)
                self._changed()
            case _:
                assert_never(order)

    def _kept(self, room_id: str) -> KeptRoom | None:
        """Return what the store keeps of this room. None: the room is gone."""
        hosted = self.directory.get(room_id)
        if hosted is None:
            return None
        saved = hosted.room.saved()
        clients = [self._clients[one.client_id] for one in saved.members if one.client_id in self._clients]
        proofs = {client.client_id: client.proof for client in clients if client.proof is not None}
        return KeptRoom(saved, proofs, self._clock.mark())

    def close(self, place: Place, now: float, why: str | None = None) -> None:
        """Remove a room that cannot continue, or that the administrator closes for this reason. Its members are
        told."""
        hosted = place
        assert isinstance(hosted, Hosted)
        if hosted not in self.directory:
            return
        self.directory.remove(hosted)
        self._changed()
        self._orders.close(hosted, now, why)
