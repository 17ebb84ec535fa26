"""Deliveries: carry out at an edge what a room says, wherever that runs."""

from collections.abc import Iterable
from typing import Final

from hangd.engine.room import effects
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import RequestId
from hangd.rooms.clustered import items
from hangd.rooms.clustered.edge.place import EdgePlace
from hangd.rooms.clustered.edge.whereabouts import Whereabouts
from hangd.rooms.clustered.unreadable import Unknown, Unreadable
from hangd.rooms.edge.clients import Client
from hangd.rooms.edge.fanout import write_to
from hangd.rooms.edge.journal import NOTED
from hangd.rooms.edge.orders import Orders
from hangd.rooms.edge.turns import Turns
from hangd.transport.base import Encoded

_OUTSIDE: Final = RequestRefused("NotInRoom", "you are not in this room any more")
_CLOSED: Final = RequestRefused("RoomNotFound", "the room has just been closed: create it again")


class Deliveries:
    """The arguments are those of `hangd.rooms.clustered.rooms.ClusterRooms`, or parts of it."""

    def __init__(self, turns: Turns, orders: Orders, whereabouts: Whereabouts) -> None:
        self._turns = turns
        self._orders = orders
        self._clients = orders.clients
        self._whereabouts = whereabouts
        self._unknown = Unknown()

    def deliver(self, place: EdgePlace, said: Iterable[bytes], now: float) -> None:
        """Carry out what the room says to this edge. What fails does not keep back the rest."""
        let_in: list[Client] = []
        for data in said:
            try:
                order = items.decode_order(data)
            except Unreadable as error:
                self._unknown.tell(error)
                continue
            try:
                self._carry_out(place, order, let_in, now)
            except Exception:
                self._turns.fail(None)
        for client in let_in:
            if client.room_id == place.room_id and client.entering:
                self._orders.tell_entered(client, place, now)

    def _carry_out(self, place: EdgePlace, order: items.Order, let_in: list[Client], now: float) -> None:
        match order:
            case items.Says(ids=ids, re=re):
                if re is not None:
                    for client_id in ids:
                        place.unanswered.answered(client_id, re)
                self._say(place, order)
            case items.Charges(client_id=client_id, cost=price):
                if (peer := self._clients.peer_of(client_id)) is not None:
                    peer.session.limits.charge(price, peer.session.room_id)
            case items.Stands(epoch=epoch, rev=rev):
                place.line = epoch, rev
            case items.Shown(alias=alias, host=host, film=film):
                place.alias, place.host, place.shown_film = alias, host, film
            case effects.LetIn(client_id=client_id):
                client = self._clients.get(client_id)
                if client is None or client.peer is None or client.room_id != place.room_id:
                    place.asking.pop(client_id, None)
                    return
                place.let_in(client_id, full=client.peer.session.full)
                let_in.append(client)
                self._whereabouts.keep(client, place.room_id)
            case effects.ShowRoom():
                self.show(place, order, now)
            case effects.ForgetMember(client_id=client_id, reason=reason):
                if reason == "closed" and (asked := place.asking.get(client_id)) is not None:
                    if (peer := self._clients.peer_of(client_id)) is not None:
                        self._turns.refuse(peer, _CLOSED, asked.request_id)
                self.refuse(place.unanswered.drop(client_id), _OUTSIDE)  # The room hears it no more.
                place.drop(client_id)
                self._orders.carry_out_one(place, order, now)
                self._whereabouts.forget(client_id, place.room_id)
            case _:
                if isinstance(order, effects.SignInvite) and order.re is not None:
                    place.unanswered.answered(order.client_id, order.re)
                self._orders.carry_out_one(place, order, now)

    def show(self, place: EdgePlace, order: effects.ShowRoom, now: float) -> None:
        """Answer a client that has come back, whose room has shown itself, or is not there any more."""
        if self._clients.peer_of(order.client_id) is None:
            return
        if order.room is None:
            place.drop(order.client_id)
        else:
            place.let_in(order.client_id, full=True)
        self._orders.carry_out_one(place, order, now)
        place.presence_changed()
        if order.room is None:
            self._orders.forget_member(order.client_id, place.room_id, now)
            self._whereabouts.forget(order.client_id, place.room_id)  # Its return has kept it, perhaps too late.

    def _was_here(self, client_id: str, at: float) -> bool:
        """Tell whether a client was connected here, and in the room, at this server time."""
        client = self._clients.get(client_id)
        return client is not None and client.since <= at

    def refuse(self, requests: Iterable[tuple[str, RequestId]], refused: RequestRefused) -> None:
        """Refuse requests that no room will answer any more: of which clients, and which."""
        for client_id, re in requests:
            if (peer := self._clients.peer_of(client_id)) is not None:
                self._turns.refuse(peer, refused, re)

    def _say(self, place: EdgePlace, order: items.Says) -> None:
        members = order.ids if order.audience == "these" else place.audience(order.audience)
        if order.line is not None:
            is_new = place.is_new_line(order.line, order.at)
            if place.relay.delivered == 1:
                # A session begins, by which owners say again what an edge may have missed.
                if not is_new:
                    return
                members = tuple(one for one in members if self._was_here(one, order.at))
        if not members or members == (order.but,):
            return
        encoded = Encoded(order.payload)
        recipients, others = write_to(place.writers, members, encoded.frame, but=order.but)
        if others:
            recipients += self._orders.put_out(place, others, encoded, order.key)
        message = items.kind_of(order)
        if message is not None:
            self._turns.relayed(message, encoded, recipients)
        if message in NOTED:
            self._orders.note(members, items.said(order))
