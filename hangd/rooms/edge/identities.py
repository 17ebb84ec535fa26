"""Identities: requests about accounts, and telling a client's room who it is by now."""

from collections.abc import Callable

from hangd.engine.room import effects, inputs
from hangd.engine.room.admission.identity import NEEDS_ACCOUNT
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import LeaveRoom
from hangd.rooms.clock import ServerClock
from hangd.rooms.counters import Counters
from hangd.rooms.edge.base import Rooms
from hangd.rooms.edge.clients import Clients
from hangd.rooms.edge.peer import Peer
from hangd.rooms.edge.turns import Turns
from hangd.rooms.trust import Ended, Trust, Visitor, login_tag


class Identities:
    """The arguments are those of `hangd.rooms.hub.Hub`, or parts of it. ``end``: `Hub.end`."""

    def __init__(
        self,
        *,
        rooms: Rooms,
        turns: Turns,
        clients: Clients,
        trust: Trust,
        clock: ServerClock,
        counters: Counters,
        tell_session: Callable[[Peer, inputs.SessionInput, float], None],
        end: Callable[[Ended], None],
    ) -> None:
        self._rooms = rooms
        self._turns = turns
        self._clients = clients
        self._trust = trust
        self._clock = clock
        self._counters = counters
        self._tell_session = tell_session
        self._end = end

    async def ask(self, peer: Peer, effect: effects.AskAccounts) -> None:
        """Do what is asked about accounts, answer it, and tell the room who the client is by then."""
        with self._turns.turn(self._clock.now(), peer):
            answered, code = None, None
            try:
                answered = await self._trust.ask(peer.visitor, effect.message, self._clock.now())
            except RequestRefused as refused:
                code = refused.code
                self._turns.refuse(peer, refused, effect.re)
            self._counters.account_requests[type(effect.message), code] += 1
            now = self._clock.now()
            if answered is not None:
                before, peer.visitor = peer.visitor, answered.visitor
                self._turns.send(peer, answered.message, effect.re)
                self._tell_identity(peer, before, now)
            self._tell_session(peer, inputs.Identified(peer.visitor.account is not None), now)
            for ended in () if answered is None else answered.ended:
                self._end(ended)

    def put_out(self, peer: Peer, now: float) -> None:
        """Remove a member from its room that has not logged in where it must, and close its connection."""
        self._turns.refuse(peer, NEEDS_ACCOUNT)
        if (place := self._rooms.get(peer.session.room_id)) is not None:
            self._rooms.tell(place, inputs.MessageReceived(peer.client_id, LeaveRoom()), now)
        self._turns.close_away(peer, NEEDS_ACCOUNT.code)

    def _tell_identity(self, peer: Peer, before: Visitor, now: float) -> None:
        """Tell the room of a client who it is by now."""
        client = self._clients.of(peer)
        place = None if client is None else self._rooms.get(client.room_id)
        if place is None or peer.visitor.known_as() == before.known_as():
            return
        if self._trust.needs_account and peer.visitor.account is None and before.session_id is not None:
            gone = inputs.AccountEnded(login_tag(before.session_id), "left", "you have logged out")
            self._rooms.tell(place, gone, now)
        else:
            self._rooms.tell(place, inputs.IdentityChanged(peer.client_id, peer.visitor.known_as()), now)
