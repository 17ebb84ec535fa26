"""Greeting: answer a client's Hello, be it new here or one that comes back."""

from collections.abc import Awaitable, Callable

from hangd.engine.room import effects, inputs
from hangd.engine.room.connection.limits import owing
from hangd.protocol.errors import CLOSE_REPLACED, RequestRefused
from hangd.protocol.messages import Goodbye, Resume, Welcome
from hangd.protocol.model import Room
from hangd.rooms.administration import Administration
from hangd.rooms.clock import ServerClock
from hangd.rooms.edge.base import Place, Rooms
from hangd.rooms.edge.clients import Client, Clients, Returning
from hangd.rooms.edge.guesses import Guesses
from hangd.rooms.edge.orders import Orders
from hangd.rooms.edge.peer import Peer
from hangd.rooms.edge.turns import Turns
from hangd.rooms.settings import HubSettings
from hangd.rooms.trust import Trust
from hangd.tasks import Tasks


class Greeting:
    """The arguments are those of `hangd.rooms.hub.Hub`, or parts of it."""

    def __init__(
        self,
        settings: HubSettings,
        *,
        administration: Administration,
        rooms: Rooms,
        orders: Orders,
        turns: Turns,
        clients: Clients,
        trust: Trust,
        guesses: Guesses,
        clock: ServerClock,
        tasks: Tasks,
        tell_session: Callable[[Peer, inputs.SessionInput, float], None],
    ) -> None:
        self._settings = settings
        self._administration = administration
        self._rooms = rooms
        self._orders = orders
        self._turns = turns
        self._clients = clients
        self._trust = trust
        self._guesses = guesses
        self._clock = clock
        self._tasks = tasks
        self._tell_session = tell_session

    def greet(self, peer: Peer, effect: effects.Greet, now: float) -> None:
        """Welcome a client, or tell it why it may not be here and end its connection."""
        learning = self._trust.learn_login(effect.hello)
        if learning is None:
            return self._greet(peer, effect, now)
        peer.pause_reading()  # What it says next comes after the answer.
        self._tasks.start(self._greet_learned(peer, learning, effect), name="learn of a login")

    async def _greet_learned(self, peer: Peer, learning: Awaitable[None], effect: effects.Greet) -> None:
        await learning
        now = self._clock.now()
        with self._turns.turn(now, peer):
            if not peer.closed:
                peer.resume_reading()
                self._greet(peer, effect, now)

    def _greet(self, peer: Peer, effect: effects.Greet, now: float) -> None:
        resume = effect.hello.resume
        try:
            peer.visitor = self._trust.greeted(peer.visitor, effect.hello, now)
            client = None if resume is None else self._returning(peer, resume, now)
            if client is None and (drained := self._administration.refusal()) is not None:
                raise drained
        except RequestRefused as refused:
            return self._turns.turn_away(peer, refused, effect.re)
        if client is not None and resume is not None:
            return self._greet_again(peer, client, resume, effect, now)
        is_strange = resume is not None and resume.client_id not in self._clients
        searching = self._rooms.search_client(resume.client_id) if resume is not None and is_strange else None
        if resume is None or searching is None:
            return self._greet_newcomer(peer, effect, now)
        peer.pause_reading()  # What it says next comes after the answer.
        self._tasks.start(self._greet_found(peer, searching, resume, effect), name="find a client's room")

    async def _greet_found(
        self, peer: Peer, searching: Awaitable[tuple[Place, bytes] | None], resume: Resume, effect: effects.Greet
    ) -> None:
        with self._turns.turn(self._clock.now(), peer):
            found, unknown = None, None
            try:
                found = await searching
            except RequestRefused as refused:
                unknown = refused
            self._turns.cause, now = peer, self._clock.now()  # Other turns came in between.
            if peer.closed:
                return
            peer.resume_reading()
            try:
                if unknown is not None and resume.client_id not in self._clients:
                    raise unknown
                if found is not None and resume.client_id not in self._clients:
                    place, proof = found
                    self._clients[resume.client_id] = Client(resume.client_id, None, place.room_id, proof)
                client = self._returning(peer, resume, now)
            except RequestRefused as refused:
                self._forget_absent(resume.client_id)
                return self._turns.turn_away(peer, refused, effect.re)
            if client is None:
                self._forget_absent(resume.client_id)
                self._greet_newcomer(peer, effect, now)
            else:
                self._greet_again(peer, client, resume, effect, now)

    def _forget_absent(self, client_id: str) -> None:
        """Drop a client that was sought elsewhere and has not come back."""
        client = self._clients.get(client_id)
        if client is not None and client.peer is None:
            del self._clients[client_id]

    def _returning(self, peer: Peer, resume: Resume, now: float) -> Client | None:
        """Return the client that this is. None: a new one. Raises RequestRefused: it has to wait."""
        client = self._clients.returning(peer, resume)
        if client is None and resume.client_id in self._clients:
            if (limited := self._guesses.limit(peer.visitor)) is not None:
                raise limited
            self._guesses.wrong(peer.visitor)
        limits = peer.session.limits
        if client is not None and (wait := client.wait_to_return(limits.debt(now), now)) > 0.0:
            raise owing(limits.debtor(now), wait)
        return client

    def _greet_newcomer(self, peer: Peer, effect: effects.Greet, now: float) -> None:
        self._turns.send(peer, self._welcome(peer, self._clients[peer.client_id].new_secret()), effect.re)
        has_account = peer.visitor.account is not None
        self._tell_session(peer, inputs.Greeted(effect.hello.name, has_account=has_account), now)

    def _greet_again(self, peer: Peer, client: Client, resume: Resume, effect: effects.Greet, now: float) -> None:
        if client.peer is not None:
            self._turns.send(client.peer, Goodbye("replaced"))
            self._turns.close(client.peer, CLOSE_REPLACED, "another connection resumed this one's place")
        del self._clients[peer.client_id]
        client.peer = peer
        has_account = peer.visitor.account is not None
        greeted = inputs.Greeted(effect.hello.name, client.client_id, client.room_id, has_account)
        self._tell_session(peer, greeted, now)
        place = self._rooms.get(client.room_id)
        client.returning = Returning(resume.secret, effect.re)
        if place is None:
            return self.welcome_back(effects.ShowRoom(client.client_id, None))
        self._rooms.tell(place, inputs.ConnectionResumed(client.client_id, peer.visitor.known_as()), now)
        self._orders.tell_latencies(client, place, now)

    def welcome_back(self, order: effects.ShowRoom) -> None:
        """Answer the Hello of a client that has come back, with its room as it is now."""
        client = self._clients.get(order.client_id)
        if client is None or client.peer is None or client.returning is None:
            return
        returning, client.returning = client.returning, None
        # The secret stays the same: if this connection breaks before Welcome arrives, the client can resume again.
        welcome = self._welcome(client.peer, returning.secret, order.room, resumed=True)
        self._turns.send(client.peer, welcome, returning.re)

    def _welcome(self, peer: Peer, secret: str, room: Room | None = None, *, resumed: bool = False) -> Welcome:
        account = peer.visitor.account
        return self._settings.welcome(
            peer.client_id,
            secret,
            self._clock.clock_id,
            room,
            resumed=resumed,
            motd=self._administration.greeting,
            account=account,
            needs_account=account is None and self._trust.needs_account,
        )
