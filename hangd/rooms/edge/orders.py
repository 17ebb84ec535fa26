"""Carry out what rooms order for the clients that are connected here."""

import logging
from collections.abc import Callable, Hashable, Iterable
from typing import Final, assert_never

from hangd.engine.room import effects, inputs
from hangd.protocol.codec import encode_server
from hangd.protocol.errors import RequestRefused
from hangd.protocol.invites import InviteCreated
from hangd.protocol.messages import RoomLeft, ServerMessage
from hangd.rooms.clock import ServerClock
from hangd.rooms.edge.base import Place, Rooms
from hangd.rooms.edge.clients import Client, Clients
from hangd.rooms.edge.fanout import write_to
from hangd.rooms.edge.guesses import Guesses
from hangd.rooms.edge.journal import NOTED
from hangd.rooms.edge.outbox import state_key
from hangd.rooms.edge.peer import Peer
from hangd.rooms.edge.turns import Turns
from hangd.rooms.settings import Passwords
from hangd.rooms.trust import Trust, Visitor
from hangd.tasks import Tasks
from hangd.transport.base import Encoded

_log = logging.getLogger(__name__)


class Orders:
    """Carries out the orders of rooms, which are told what comes of them.

    Args:
        welcome: answers the Hello of a client that has come back, whose room shows itself so.
        tell_session: gives an input to the session of a peer.

    The other arguments are those of `hangd.rooms.hub.Hub`, or parts of it. Set `rooms` before the first call.
    """

    rooms: Rooms

    def __init__(
        self,
        *,
        turns: Turns,
        clients: Clients,
        trust: Trust,
        guesses: Guesses,
        passwords: Passwords,
        clock: ServerClock,
        tasks: Tasks,
        welcome: Callable[[effects.ShowRoom], None],
        tell_session: Callable[[Peer, inputs.SessionInput, float], None],
    ) -> None:
        self.clients: Final = clients
        self._turns = turns
        self._trust = trust
        self._guesses = guesses
        self._passwords = passwords
        self._clock = clock
        self._tasks = tasks
        self._welcome = welcome
        self._tell_session = tell_session

    def carry_out(
        self,
        place: Place,
        orders: Iterable[effects.RoomEffect],
        now: float,
        others: Callable[[effects.HostingOrder], None],
    ) -> list[Exception]:
        """Carry out the orders of a room. If some fail, the others are carried out all the same.

        Args:
            others: carries out those that concern no client.

        Returns:
            What the orders that failed have raised.
        """
        failures: list[Exception] = []
        let_in: list[Client] = []
        for order in orders:
            try:
                match order:
                    case effects.SendTo():  # first: nearly all are
                        self._send(place, order)
                    case effects.LetIn(client_id=client_id):
                        let_in.append(self.clients[client_id])
                    case effects.KeepWatched() | effects.ForgetRoom():
                        others(order)
                    case _:
                        self.carry_out_one(place, order, now)
            except Exception as error:
                failures.append(error)
        # Their round trips make turns of their own, which come after all of this one.
        for client in let_in:
            if client.room_id == place.room_id and client.entering:
                self.tell_entered(client, place, now)
        return failures

    def carry_out_one(self, place: Place, order: effects.ClientOrder, now: float) -> None:
        """Carry out one order of a room. What fails is raised."""
        match order:
            case effects.SendTo():
                self._send(place, order)
            case effects.CheckPassword(client_id=client_id):
                # None: it has gone meanwhile. Its room is told of that.
                if (joining := self.clients.get(client_id)) is not None:
                    self._tasks.start(self._check_password(joining, place, order), name="check a room's password")
            case effects.HashPassword():
                self._tasks.start(self._hash_password(place, order), name="hash a room's password")
            case effects.SignInvite():
                self._sign_invite(place, order)
            case effects.CountGuess(client_id=client_id):
                if (guessing := self.clients.peer_of(client_id)) is not None:
                    self._guesses.wrong(guessing.visitor)
            case effects.ShowRoom():
                self._welcome(order)
            case effects.ForgetMember(client_id=client_id):
                self.forget_member(client_id, place.room_id, now)
            case _:
                assert_never(order)

    def _send(self, place: Place, order: effects.SendTo) -> None:
        message, re = order.message, order.re
        encoded = Encoded(encode_server(message, re))
        recipients, others = write_to(place.writers, order.members, encoded.frame, but=order.but)
        if others:
            recipients += self.put_out(place, others, encoded, state_key(message, re))
        self._turns.sending(message, encoded, recipients)
        if type(message) in NOTED:
            self.note(order.client_ids, message)

    def put_out(self, place: Place, client_ids: Iterable[str], encoded: Encoded, key: Hashable | None) -> int:
        """Send a message to clients that have no writer in their room, through their outboxes. Returns to how many."""
        recipients = 0
        for client_id in client_ids:
            client = self.clients.get(client_id)
            # Who has come back hears Welcome first, which shows the room with all that was due before.
            if client is not None and (peer := client.peer) is not None and client.returning is None:
                recipients += 1
                self._turns.put(peer, encoded, key)
                peer.list_in(place.writers)
        return recipients

    def close(self, place: Place, now: float, why: str | None = None) -> None:
        """Tell the clients that are in a room that it is closed."""
        for client in self.clients.in_room(place.room_id):
            if client.peer is not None:
                self._turns.send(client.peer, RoomLeft(place.room_id, "closed", why))
            self.forget_member(client.client_id, place.room_id, now)

    def forget_member(self, client_id: str, room_id: str, now: float) -> None:
        """A client is not in this room any more."""
        client = self.clients.get(client_id)
        if client is None or client.room_id != room_id:
            return
        client.room_id = None
        client.entering = False
        if client.peer is not None:
            client.peer.unlist()
        if client.peer is None:
            del self.clients[client_id]
        else:
            self._tell_session(client.peer, inputs.RoomExited(), now)

    def tell_entered(self, client: Client, place: Place, now: float) -> None:
        """Tell the session that its client is in the room."""
        client.entering = False
        if client.peer is not None:
            self._tell_session(client.peer, inputs.RoomEntered(place.room_id), now)
            self.tell_latencies(client, place, now)

    def tell_latencies(self, client: Client, place: Place, now: float) -> None:
        """Tell a room the round trips of a client that were measured before it was in the room."""
        for rtt in client.peer.latencies if client.peer is not None else ():
            self.rooms.tell(place, inputs.LatencyMeasured(client.client_id, rtt), now)

    def note(self, client_ids: Iterable[str], message: ServerMessage) -> None:
        """Have the journal note what these clients are told."""
        for client_id in client_ids:
            if (peer := self.clients.peer_of(client_id)) is not None:
                self._turns.journal.told(peer, message, self._turns.cause)

    def _sign_invite(self, place: Place, effect: effects.SignInvite) -> None:
        peer, invite = self.clients.peer_of(effect.client_id), effect.invite
        if peer is None:
            return
        try:
            token = self._trust.sign_invite(
                invite.id,
                room_id=place.room_id,
                role=invite.role,
                issuer=effect.issuer,
                seconds=invite.expires_in,
            )
        except RequestRefused as refused:
            self._turns.refuse(peer, refused, effect.re)
        else:
            self._turns.send(peer, InviteCreated(invite, token), effect.re)

    async def _check_password(self, client: Client, place: Place, effect: effects.CheckPassword) -> None:
        with self._turns.turn(self._clock.now(), None):
            visitor = Visitor() if client.peer is None else client.peer.visitor
            matches: bool | RequestRefused
            try:
                matches = await self._guesses.compare(
                    visitor,
                    lambda: self._passwords.matches(effect.password, effect.password_hash, visitor.network),
                )
            except Exception:
                _log.exception("a password could not be compared")
                matches = RequestRefused("Internal", "the server could not compare that password: that is a bug in it")
            self._turns.cause = client.peer  # Other turns came in between.
            if self.rooms.get(place.room_id) is place:
                self.rooms.tell(place, inputs.PasswordChecked(effect.client_id, matches), self._clock.now())

    async def _hash_password(self, place: Place, effect: effects.HashPassword) -> None:
        client = self.clients.get(effect.client_id)
        with self._turns.turn(self._clock.now(), None):
            try:
                network = "" if client is None or client.peer is None else client.peer.visitor.network
                password_hash = await self._passwords.hash(effect.password, network)
            except Exception:
                _log.exception("a password could not be hashed")
                password_hash = None
            self._turns.cause = None if client is None else client.peer
            if self.rooms.get(place.room_id) is place:
                self.rooms.tell(place, inputs.PasswordHashed(effect.client_id, password_hash), self._clock.now())
