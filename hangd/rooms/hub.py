"""Hub: all rooms, sessions and clients of one process, and the only interpreter of their effects.

A turn. Something happens: a message, a deadline, the end of a connection, a password that was hashed. The hub gives the
input to the machine that it concerns and carries out the returned effects in order. If that makes an input for another
machine, the machine gets it at once: each transition is complete before its first effect is carried out, so no machine
sees another one half changed. Nothing waits within a turn; what has to be awaited (argon2) runs in a task whose result
begins a turn of its own. If a peer is closed during a turn, its room is told only at the end of the turn. Otherwise the
members would hear that it is away before they hear its earlier messages.

An exception is a bug. It is logged with its traceback and ends the connection of the peer whose message led to it, with
an Error and close code 1011. The other effects of the turn are carried out, and the room sends its state to all of its
members (`Room.recover`). A room that cannot recover, or that fails at its own deadline, is closed.

A client outlives its connection. A full client that is in a room when its connection breaks stays for as long as the
room keeps it, and a new connection proves with a secret that it belongs to the same client. An old connection that is
still open is then closed.
"""

import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, assert_never

from msgspec.structs import replace

from hangd.engine.room import effects, inputs
from hangd.engine.room.connection.session import Session
from hangd.protocol.codec import ClientFrame, decode_client, encode_server
from hangd.protocol.errors import (
    CLOSE_BANNED,
    CLOSE_GOING_DOWN,
    Details,
    RemoteProtocolError,
    RequestRefused,
)
from hangd.protocol.messages import Goodbye, Ping, Pong
from hangd.rooms.administration import Administration
from hangd.rooms.census import Census, take_census
from hangd.rooms.clock import ServerClock
from hangd.rooms.counters import Counters
from hangd.rooms.edge.base import Place
from hangd.rooms.edge.budgets import Budgets
from hangd.rooms.edge.clients import Client, Clients
from hangd.rooms.edge.entering import Entering
from hangd.rooms.edge.fair_turns import FairTurns
from hangd.rooms.edge.greeting import Greeting
from hangd.rooms.edge.guesses import Guesses
from hangd.rooms.edge.identities import Identities
from hangd.rooms.edge.idling import Idling
from hangd.rooms.edge.invitations import Invitations, Inviting
from hangd.rooms.edge.journal import Journal
from hangd.rooms.edge.listing import Listing
from hangd.rooms.edge.orders import Orders
from hangd.rooms.edge.peer import Peer
from hangd.rooms.edge.turns import CLOSE_LATER, Turns
from hangd.rooms.edge.waiting_memory import WaitingMemory
from hangd.rooms.hosting.base import RoomsHere
from hangd.rooms.hosting.hosting import Hosting
from hangd.rooms.settings import HubSettings, Passwords
from hangd.rooms.trust import Ended, Nobody, Trust, Visitor
from hangd.store.base import KeptRoom, Watched
from hangd.store.thread import StoreThread
from hangd.tasks import Tasks
from hangd.transport.base import Encoded, Transport

if TYPE_CHECKING:
    from hangd.rooms.clustered.numbers import Now

_FULL: Final = "this server is full: try again later, or ask whoever runs it"


class Hub:
    """Rooms, sessions and clients. ``changed`` is called when the number of rooms or clients has changed.

    ``store``: where rooms are kept, which stays open; None: nowhere.

    Call `restore` first, with the rooms from before a restart. Then `attach` each connection.
    """

    def __init__(
        self,
        settings: HubSettings,
        *,
        passwords: Passwords,
        clock: ServerClock,
        store: StoreThread | None,
        trust: Trust | None = None,
        invitations: Invitations | None = None,
        changed: Callable[[], None] = lambda: None,
        keep_watched: Callable[[Watched, str | None], None] = lambda record, network: None,
        counters: Counters | None = None,
    ) -> None:
        self._counters = counters = counters or Counters()
        self._trust: Trust = trust or Nobody()
        features = self._trust.features
        self._settings = replace(
            settings,
            features=(*settings.features, *features),
            room=replace(
                settings.room,
                accounts="accounts" in features,
                needs_account=self._trust.needs_account,
                invites="invites" in features,
            ),
        )
        self._clock = clock
        self._server_now = clock.now
        """Returns server time, as clients are told it."""
        self._changed = changed
        self._clients = Clients()
        self._peers: set[Peer] = set()
        self._tasks = Tasks()
        self._memory = WaitingMemory(settings.max_waiting)
        self._turns = Turns(self._depart, counters, self._memory)
        self._guesses = Guesses(self._trust, clock.now, counters)
        self._orders = Orders(
            turns=self._turns,
            clients=self._clients,
            trust=self._trust,
            guesses=self._guesses,
            passwords=passwords,
            clock=clock,
            tasks=self._tasks,
            welcome=lambda order: self._greeting.welcome_back(order),
            tell_session=self._tell_session_of_room,
        )
        self._hosting = self._open_rooms(store=store, changed=changed, keep_watched=keep_watched, counters=counters)
        self._rooms = self._orders.rooms = self._hosting
        self._budgets = Budgets(settings.session, settings.shared, self._rooms.get)
        self._entering = Entering(
            self._settings.room,
            rooms=self._rooms,
            turns=self._turns,
            clients=self._clients,
            trust=self._trust,
            guesses=self._guesses,
            passwords=passwords,
            clock=clock,
            tasks=self._tasks,
            tell_session=self._tell_session_of_room,
        )
        self.administration = Administration(
            peers=self._peers, hosting=self._hosting, turns=self._turns, clients=self._clients, clock=clock
        )
        self.administration.motd = settings.motd
        self._greeting = Greeting(
            self._settings,
            administration=self.administration,
            rooms=self._rooms,
            orders=self._orders,
            turns=self._turns,
            clients=self._clients,
            trust=self._trust,
            guesses=self._guesses,
            clock=clock,
            tasks=self._tasks,
            tell_session=self._tell_session,
        )
        self._listing = Listing(self._hosting.page if settings.publish_rooms else None, self._turns, clock, self._tasks)
        self._inviting = Inviting(
            invitations,
            rooms=self._rooms,
            turns=self._turns,
            clock=clock,
            tasks=self._tasks,
            open_invite=self._trust.open_invite,
        )
        self._identities = Identities(
            rooms=self._rooms,
            turns=self._turns,
            clients=self._clients,
            trust=self._trust,
            clock=clock,
            counters=counters,
            tell_session=self._tell_session,
            end=self.end,
        )
        self._idling = Idling(self._peers, self._turns, settings.idle_timeout, self._is_host, self._identities.put_out)
        self._fair = FairTurns(self._handle_waiting, settings.slice)
        self._last_ended = 0.0
        """When the last turn ended that a message or the end of a connection began."""
        self._going_down = False

    def _open_rooms(
        self,
        *,
        store: StoreThread | None,
        changed: Callable[[], None],
        keep_watched: Callable[[Watched, str | None], None],
        counters: Counters,
    ) -> RoomsHere:
        return Hosting(
            self._settings.room,
            most=self._settings.max_rooms,
            most_of_one=self._settings.max_rooms_per_address,
            most_queued=self._settings.max_queued,
            turns=self._turns,
            orders=self._orders,
            clock=self._clock,
            store=store,
            changed=changed,
            keep_watched=keep_watched,
            counters=counters,
        )

    @property
    def journal(self) -> Journal:
        return self._turns.journal

    @property
    def client_count(self) -> int:
        return len(self._peers)

    def visitors(self) -> list[Visitor]:
        """Return who is connected, as far as that is known."""
        return [peer.visitor for peer in self._peers]

    @property
    def room_count(self) -> int:
        return len(self._hosting.directory)

    @property
    def waiting_memory(self) -> int:
        """Bytes of memory that wait for slow clients."""
        return self._memory.total

    @property
    def queue_memory(self) -> int:
        """Bytes of memory that the rooms' queues take."""
        return self._hosting.directory.queue_space.used

    @property
    def store_fails(self) -> bool:
        """Whether rooms cannot be written for now."""
        return self._hosting.store_fails

    @property
    def unwritten(self) -> int:
        """How many rooms have changed since the store has got them."""
        return self._hosting.unwritten

    cluster_numbers: "Callable[[], Now] | None" = None
    """Returns what is to be known of this server as one of a cluster. None: it is alone."""

    @property
    def why_apart(self) -> str | None:
        """Why this server cannot do now what others of its cluster can. None: it can, or there are no others."""
        return None

    @property
    def going_down(self) -> bool:
        return self._going_down

    def census(self) -> Census:
        """Count clients, rooms and members."""
        return take_census(
            self._peers, self._hosting.directory, self._budgets.debtors(self._rooms.places(), self._clock.now())
        )

    def restore(self, kept: Iterable[KeptRoom], now: float) -> None:
        """Continue these rooms. Their members are away until they prove with their secrets who they are."""
        self._hosting.restore(kept, now)

    async def join(self) -> None:
        """Join the other servers, if there are any. Raises `hangd.cluster.base.ClusterFailed`."""

    # ---- connections ------------------------------------------------------------------------------------------------

    def attach(self, transport: Transport, now: float, *, address: str = "", connection: str = "") -> Peer:
        """Accept a connection. The returned peer is the transport's `Listener`.

        Args:
            address: where the client is, also behind a proxy. "": on this machine.
            connection: the connection's name for the log and the admin, such as "c17".
        """
        trust = self._trust
        session = Session(
            client_id=str(uuid.uuid4()),
            settings=self._settings.session,
            now=now,
            needs_account=trust.needs_account,
            needs_password=trust.needs_password,
        )
        peer = Peer(self, transport, session, Visitor(address=address), self._counters, connection, self._memory)
        try:
            peer.visitor = trust.arrived(address, now)
        except RequestRefused as refused:
            self._counters.turned_away["banned"] += 1
            self._turns.refuse(peer, refused)
            peer.close(CLOSE_BANNED, "banned")
            return peer
        if len(self._peers) >= self._settings.max_clients and not self._idling.make_room(peer, now):
            self._counters.turned_away["full"] += 1
            self._turns.refuse(peer, RequestRefused("ServerFull", _FULL, details={"limit": "clients"}))
            peer.close(CLOSE_LATER, "server full")
            return peer
        session.limits = self._budgets.limits(peer.visitor.network, now)
        self._peers.add(peer)
        self._idling.arm(now)
        self._clients[peer.client_id] = Client(peer.client_id, peer)
        self._changed()
        return peer

    def receive(self, peer: Peer, data: str | bytes, now: float) -> None:
        if peer.closed:
            return
        try:
            if isinstance(data, bytes):
                raise RemoteProtocolError("InvalidMessage", "messages are text frames, not binary ones")
            frame = decode_client(data)
        except RemoteProtocolError as error:
            with self._turns.turn(now, peer):
                self._tell_session(peer, inputs.FrameRejected(error), now)
            return
        place = self._rooms.get(peer.session.room_id)
        if type(frame.message) is Ping or not self._waits(peer, frame, place, now):
            self._handle(peer, frame, place, now)

    def _waits(self, peer: Peer, frame: ClientFrame | None, place: Place | None, now: float) -> bool:
        """Let a message wait if it has to, or the end of a connection (None). Return whether it does."""
        lane = None if place is None else place.lane
        if not self._fair.has_to_wait(lane, peer, now):
            return False
        made_from = None if place is None else place.network
        self._fair.wait(lane, peer.visitor.network if made_from is None else made_from, peer, frame)
        return True

    def _handle_waiting(self, peer: Peer, frame: ClientFrame | None) -> None:
        place, now = self._rooms.get(peer.session.room_id), self._clock.now()
        if frame is None:
            self._end(peer, place, now)
        else:
            self._handle(peer, frame, place, now)

    def _handle(self, peer: Peer, frame: ClientFrame, place: Place | None, now: float) -> None:
        began = now if now > self._last_ended else self._last_ended  # Others may have arrived together with this one.
        self._counters.received[type(frame.message)] += 1
        self._turns.cause = peer
        try:  # As `_turn` does, but that takes a microsecond more.
            self._tell_session(peer, inputs.FrameReceived(frame.message, frame.id), now)
        except Exception:
            self._turns.fail(peer)
        self._turns.end(now)
        self._charge(place, began)

    def _charge(self, place: Place | None, began: float) -> None:
        """Count the time that this turn has taken."""
        ended = self._last_ended = self._clock.now()
        self._fair.charge(None if place is None else place.lane, ended - began, ended)

    def measure(self, peer: Peer, rtt: float, now: float) -> None:
        client = self._clients.of(peer)
        if client is not None and not client.entering and (place := self._rooms.get(client.room_id)) is not None:
            with self._turns.turn(now, peer):
                self._rooms.tell(place, inputs.LatencyMeasured(client.client_id, rtt), now)

    def flush(self, peer: Peer) -> None:
        with self._turns.turn(self._clock.now(), peer):
            peer.flush()

    def detach(self, peer: Peer, now: float) -> None:
        """Handle the end of a connection, after its messages. A second call for the same peer does nothing."""
        place = self._rooms.get(peer.session.room_id)
        if peer not in self._peers or not self._waits(peer, None, place, now):
            self._end(peer, place, now)

    def _end(self, peer: Peer, place: Place | None, now: float) -> None:
        began = max(now, self._last_ended)
        with self._turns.turn(now, None):
            self._depart(peer, now)
        self._charge(place, began)

    def end(self, ended: Ended) -> None:
        """End what belongs to somebody whose time here is over: connections, and memberships of all rooms.

        Each client that is here gets an Error, and its connection is closed. Call it within the event loop.
        """
        now = self._clock.now()
        details: Details | None = {"of": "server"} if ended.code == "Banned" else None
        peers = [peer for peer in self._peers if ended.tag in peer.visitor.known_as().tags]
        for peer in peers:
            with self._turns.turn(now, None):
                # First, so that a member knows that it was not the room's host who put it out.
                self._turns.refuse(peer, RequestRefused(ended.code, ended.why, details=details))
        # Only these: a room that is told of it is written to the store again.
        for hosted in [hosted for hosted in self._hosting.directory if hosted.room.knows(ended.tag)]:
            with self._turns.turn(now, None):
                self._rooms.tell(hosted, inputs.AccountEnded(ended.tag, "ended", ended.why), now)
        for peer in peers:
            with self._turns.turn(now, None):
                self._turns.close_away(peer, ended.code)

    # ---- shutdown ---------------------------------------------------------------------------------------------------

    def go_down(self, retry_after: float) -> None:
        """Tell all clients that the server is going down, and close their connections.

        The rooms are not told, so that they are saved as they are.
        """
        self._going_down = True
        message = Goodbye("going-down", retry_after)
        goodbye = Encoded(encode_server(message))
        for peer in tuple(self._peers):
            with self._turns.turn(self._clock.now(), None):
                if peer.session.full:
                    self._turns.sending(message, goodbye)
                    self._turns.put(peer, goodbye)
                peer.close(CLOSE_GOING_DOWN, "the server is going down")

    async def aclose(self) -> None:
        """Stop timers and tasks, and write what is not written yet."""
        self._idling.stop()
        self.journal.close()
        self._fair.stop()
        await self._tasks.cancel()
        await self._hosting.aclose()

    def _is_host(self, peer: Peer) -> bool:
        place = self._rooms.get(peer.session.room_id)
        return place is not None and place.is_host(peer.client_id)

    def _depart(self, peer: Peer, now: float) -> None:
        """Remove a connection. Its client stays for as long as a room keeps it."""
        if peer not in self._peers:
            return
        self._peers.remove(peer)
        self._counters.left += not peer.closed
        self._counters.add_limited(peer.session.limited)
        peer.end()
        self._changed()
        client = self._clients.of(peer)
        if client is None or self._going_down:
            return
        client.peer = None
        try:
            if (place := self._rooms.get(client.room_id)) is not None:
                self._rooms.tell(place, inputs.ConnectionLost(client.client_id), now)
        finally:
            if client.room_id is None or client.entering:
                self._clients.pop(client.client_id, None)

    # ---- sessions ---------------------------------------------------------------------------------------------------

    def _tell_session(self, peer: Peer, input: inputs.SessionInput, now: float) -> None:
        for effect in peer.session.handle(input, now):
            if peer.closed:
                return
            self._carry_out(peer, effect, now)

    def _tell_session_of_room(self, peer: Peer, input: inputs.SessionInput, now: float) -> None:
        """Tell a session that its client is in a room, or in none."""
        self._tell_session(peer, input, now)
        if self.administration.draining:
            self.administration.send_away(peer)

    def _carry_out(self, peer: Peer, effect: effects.SessionEffect, now: float) -> None:
        match effect:
            case effects.ForwardToRoom(message=message, re=re):  # first: most are
                place = self._rooms.get(peer.session.room_id)
                if place is None:
                    self._turns.refuse(peer, RequestRefused("NotInRoom", "you are in no room"), re)
                else:
                    self._rooms.tell(place, inputs.MessageReceived(peer.client_id, message, re), now)
            case effects.Reply(message=message, re=re):
                self._turns.send(peer, message, re)
            case effects.AnswerPing() as ping:
                self._turns.put(peer, lambda: self._pong(peer, ping))
            case effects.Greet():
                self._greeting.greet(peer, effect, now)
            case effects.OpenRoom() | effects.EnterRoom() if (refused := self._drained(peer, effect)) is not None:
                self._turns.refuse(peer, refused, effect.re)
                self._tell_session_of_room(peer, inputs.RoomExited(), now)
            case effects.OpenRoom():
                self._entering.open_room(peer, effect, now)
            case effects.EnterRoom():
                self._entering.enter_room(peer, effect, now)
            case effects.ListRoomsTo(after=after, re=re):
                self._listing.answer(peer, after, re)
            case effects.AskPush():
                self._inviting.ask(peer, effect, now)
            case effects.AskAccounts():
                self._tasks.start(self._identities.ask(peer, effect), name="answer a request about accounts")
            case effects.Close(code=code, reason=reason):
                self._turns.close(peer, code, reason)
            case _:
                assert_never(effect)

    def _drained(self, peer: Peer, effect: effects.OpenRoom | effects.EnterRoom) -> RequestRefused | None:
        """Return why nobody new is taken in. Full clients are those that were here before."""
        if peer.session.full and isinstance(effect, effects.EnterRoom):
            return None
        return self.administration.refusal()

    def _pong(self, peer: Peer, ping: effects.AnswerPing) -> Encoded:
        place = self._rooms.get(peer.session.room_id)
        epoch, rev = (None, None) if place is None else place.position
        pong = Pong(ping.t0, ping.t1, self._server_now(), epoch, rev)
        encoded = Encoded(encode_server(pong, ping.re))
        self._turns.sending(pong, encoded)
        return encoded
