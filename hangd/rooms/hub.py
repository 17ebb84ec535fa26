"""Hub: every room, session and client of one process, and the one interpreter of what their machines order.

How a turn goes. Something happens (a message, a deadline, a connection that ends, a password that was hashed); the hub
tells the machine that it concerns, and carries out the orders that come back, one by one, in their order. An order may
make a fact for another machine, which is told at once: a transition is over before its first order is carried out, so
machines never see each other half changed. Nothing waits: what must be awaited (argon2) runs in a task whose result
begins a turn of its own. One exception to "at once": a peer that is closed in a turn (too slow, say) has left its room
only when the turn is over, or the room would tell some members of it before they hear what came first.

A bug in a machine costs the connection that met it, and nobody else: logged with its traceback, answered with Error
Internal, closed. A room that fails at its deadline, where nobody's message is to blame, is closed.

Clients outlive connections. A full client that is in a room when its connection drops keeps its place for as long as
the room says, and proves with its secret that a new connection is the same client's. Its old connection, where it is
still there, is closed.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, assert_never

from hangd.engine.room.effects import (
    AnswerPing,
    CheckPassword,
    Close,
    ConnectionLost,
    ConnectionResumed,
    CreateRequested,
    EnterRoom,
    ForgetMember,
    ForgetRoom,
    ForwardToRoom,
    FrameReceived,
    FrameRejected,
    Greet,
    Greeted,
    HashPassword,
    JoinRequested,
    LatencyMeasured,
    ListRoomsTo,
    MessageReceived,
    OpenRoom,
    PasswordChecked,
    PasswordHashed,
    Refused,
    Reply,
    RoomEffect,
    RoomEntered,
    RoomExited,
    RoomInput,
    SendTo,
    SessionEffect,
    SessionInput,
)
from hangd.engine.room.refusal import as_error
from hangd.engine.room.room import Room
from hangd.engine.room.session import Session
from hangd.protocol.codec import decode_client, encode_server
from hangd.protocol.errors import (
    CLOSE_GOING_DOWN,
    CLOSE_REPLACED,
    CLOSE_TOO_SLOW,
    ErrorCode,
    RemoteProtocolError,
    RequestRefused,
)
from hangd.protocol.messages import Error, Goodbye, Pong, RequestId, RoomLeft, Rooms, ServerMessage
from hangd.rooms.clients import Client, Clients
from hangd.rooms.clock import ServerClock
from hangd.rooms.creation import as_kept, creation, made_anew, new_room
from hangd.rooms.directory import Directory, Hosted
from hangd.rooms.outbox import state_key
from hangd.rooms.peer import Peer
from hangd.rooms.persistence import RoomPersistence
from hangd.rooms.settings import HubSettings, Passwords
from hangd.store.base import KeptRoom, Store
from hangd.tasks import Tasks
from hangd.transport.base import Encoded, Transport

__all__ = ["Hub"]

_log = logging.getLogger(__name__)

_CLOSE_INTERNAL: Final = 1011
_CLOSE_FULL: Final = 1013
"""RFC 6455's registry: internal error; try again later."""

_ROOM_SHOWN: Final = 64


class Hub:
    """Rooms, sessions and clients. ``changed`` is called when there are more or fewer.

    `attach` a transport and give it the peer as its listener; the rest follows. Rooms are written to ``store`` as they
    change; `bring_back` those that were in there first.
    """

    def __init__(
        self,
        settings: HubSettings,
        *,
        passwords: Passwords,
        clock: ServerClock,
        store: Store,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._passwords = passwords
        self._clock = clock
        self._changed = changed
        self._keeper = RoomPersistence(store, self._look)
        self._clients = Clients()
        self._rooms = Directory(settings.max_rooms, self._keeper.changed)
        self._peers: set[Peer] = set()
        self._leaving: list[Peer] = []
        """Peers that were closed in this turn, and whose rooms are still to be told."""
        self._tasks = Tasks()
        self._going_down = False

    @property
    def client_count(self) -> int:
        """How many connections there are."""
        return len(self._peers)

    @property
    def room_count(self) -> int:
        return len(self._rooms)

    def bring_back(self, kept: Iterable[KeptRoom], now: float) -> None:
        """Make these rooms anew, before anything is attached. Their members are away, and can prove who they are."""
        for one in kept:
            room = made_anew(one, self._settings.room, self._clock, now)
            hosted = self._hosted(room, room.name)
            self._rooms.bring_back(hosted)
            for member in one.room.members:
                self._clients.bring_back(member.client_id, room.room_id, one.proofs.get(member.client_id))
            hosted.timer.arm(room.deadline())

    # ---- connections ------------------------------------------------------------------------------------------------

    def attach(self, transport: Transport, now: float) -> Peer:
        """Take in a connection. What it says is to be told to the peer, its `Listener`."""
        session = Session(client_id=str(uuid.uuid4()), settings=self._settings.session, now=now)
        peer = Peer(self, transport, session, self._session_expired)
        if len(self._peers) >= self._settings.max_clients:
            peer.send(_error("ServerFull", "this server takes no more clients now"))
            peer.close(_CLOSE_FULL, "server full")
            return peer
        self._peers.add(peer)
        self._clients.add(peer)
        peer.timer.arm(session.deadline())
        self._changed()
        return peer

    def receive(self, peer: Peer, data: str | bytes, now: float) -> None:
        """Take in one message."""
        if peer.closed:
            return
        with self._turn(now, peer):
            try:
                if isinstance(data, bytes):
                    raise RemoteProtocolError("InvalidMessage", "messages are text frames, not binary ones")
                frame = decode_client(data)
            except RemoteProtocolError as error:
                self._tell_session(peer, FrameRejected(error), now)
            else:
                self._tell_session(peer, FrameReceived(frame.message, frame.id), now)

    def measure(self, peer: Peer, rtt: float, now: float) -> None:
        """Take in one round trip."""
        peer.latencies.append(rtt)
        client = self._clients.of(peer)
        if client is not None and not client.entering and (hosted := self._rooms.get(client.room_id)) is not None:
            with self._turn(now, peer):
                self._tell_room(hosted, LatencyMeasured(client.client_id, rtt), now)

    def detach(self, peer: Peer, now: float) -> None:
        """Take in that a connection is over. Told twice, the second time means nothing."""
        if peer not in self._peers:
            return
        with self._turn(now, None):
            self._depart(peer, now)

    # ---- the end ----------------------------------------------------------------------------------------------------

    def go_down(self, retry_after: float) -> None:
        """Tell everybody that the server is going down, and close their connections."""
        # The rooms hear nothing of that: they are to go on as they were.
        self._going_down = True
        message = Encoded(encode_server(Goodbye("going-down", retry_after)))
        for peer in self._peers:
            if peer.session.full:
                peer.put(message)
            peer.close(CLOSE_GOING_DOWN, "the server is going down")

    async def aclose(self) -> None:
        """Forget everything but what the store keeps, and close that. Nothing may be attached any more."""
        for hosted in self._rooms:
            hosted.timer.arm(None)
        for peer in self._peers:
            peer.timer.arm(None)
        await self._tasks.cancel()
        await self._keeper.aclose()

    # ---- turns ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _turn(self, now: float, peer: Peer | None) -> Iterator[None]:
        """Do one thing to its end. ``peer`` pays for a bug that is met."""
        try:
            yield
        except Exception:
            _log.exception("internal error")
            if peer is not None:
                peer.send(_error("Internal", "the server failed on this message: that is a bug in it"))
                self._close(peer, _CLOSE_INTERNAL, "internal error")
        while self._leaving:
            with self._turn(now, None):
                self._depart(self._leaving.pop(), now)

    def _close(self, peer: Peer, code: int, reason: str) -> None:
        """Close a peer; its room is told when the turn is over."""
        if not peer.closed:
            peer.close(code, reason)
            self._leaving.append(peer)

    def _depart(self, peer: Peer, now: float) -> None:
        """Take a connection out. Its client stays for as long as a room keeps its place."""
        if peer not in self._peers:
            return
        self._peers.remove(peer)
        peer.closed = True
        peer.timer.arm(None)
        self._changed()
        client = self._clients.of(peer)
        if client is None or self._going_down:
            return
        client.peer = None
        try:
            if (hosted := self._rooms.get(client.room_id)) is not None:
                self._tell_room(hosted, ConnectionLost(client.client_id), now)
        finally:
            if client.room_id is None or client.entering:
                self._clients.remove(client.client_id)

    def _session_expired(self, peer: Peer, now: float) -> None:
        with self._turn(now, peer):
            self._follow(peer, peer.session.expire(now), now)

    def _room_expired(self, hosted: Hosted, now: float) -> None:
        with self._turn(now, None):
            # Nothing else will make a room move on that fails here: it would be woken again, at once and for ever.
            try:
                self._carry_out(hosted, hosted.room.expire(now), now)
            except Exception:
                _log.exception("room %s failed at its deadline, and is closed", hosted.room.room_id)
                self._close_room(hosted, now)

    # ---- sessions ---------------------------------------------------------------------------------------------------

    def _tell_session(self, peer: Peer, input: SessionInput, now: float) -> None:
        self._follow(peer, peer.session.handle(input, now), now)

    def _follow(self, peer: Peer, orders: list[SessionEffect], now: float) -> None:
        for order in orders:
            if peer.closed:
                return
            self._carry_out_for(peer, order, now)
        if not peer.closed:
            peer.timer.arm(peer.session.deadline())

    def _carry_out_for(self, peer: Peer, order: SessionEffect, now: float) -> None:
        match order:
            case Reply(message=message, re=re):
                self._send(peer, message, re)
            case AnswerPing() as ping:
                if not peer.put(lambda: self._pong(peer, ping)):
                    self._too_slow(peer)
            case Greet():
                self._greet(peer, order, now)
            case OpenRoom():
                self._open_room(peer, order, now)
            case EnterRoom():
                self._enter_room(peer, order, now)
            case ForwardToRoom(message=message, re=re):
                hosted = self._rooms.get(peer.session.room_id)
                if hosted is None:
                    self._send(peer, _error("NotInRoom", "you are in no room"), re)
                else:
                    self._tell_room(hosted, MessageReceived(peer.client_id, message, re), now)
            case ListRoomsTo(re=re):
                if self._settings.publish_rooms:
                    rooms = tuple(hosted.room.summary() for hosted in self._rooms)
                    self._send(peer, Rooms(rooms), re)
                else:
                    self._send(peer, _error("Forbidden", "this server does not publish its rooms"), re)
            case Close(code=code, reason=reason):
                self._close(peer, code, reason)
            case _:
                assert_never(order)

    def _pong(self, peer: Peer, ping: AnswerPing) -> Encoded:
        hosted = self._rooms.get(peer.session.room_id)
        epoch, rev = (None, None) if hosted is None else (hosted.room.epoch, hosted.room.rev)
        return Encoded(encode_server(Pong(ping.t0, ping.t1, self._clock.now(), epoch, rev), ping.re))

    def _greet(self, peer: Peer, order: Greet, now: float) -> None:
        name, resume = order.hello.name, order.hello.resume
        client = self._clients.returning(peer, resume)
        if client is None or resume is None:
            client = self._clients.of(peer)
            assert client is not None
            welcome = self._settings.welcome(peer.client_id, client.new_secret(), self._clock.clock_id)
            self._send(peer, welcome, order.re)
            self._tell_session(peer, Greeted(name), now)
            return
        if client.peer is not None:
            self._send(client.peer, Goodbye("replaced"))
            self._close(client.peer, CLOSE_REPLACED, "another connection resumed this one's place")
        self._clients.move(client, peer)
        hosted = self._rooms.get(client.room_id)
        orders = [] if hosted is None else hosted.room.handle(ConnectionResumed(client.client_id), now)
        room = None if hosted is None else hosted.room.snapshot()
        # The secret stays what it was: a connection that breaks before its Welcome arrives can still come back.
        welcome = self._settings.welcome(peer.client_id, resume.secret, self._clock.clock_id, room, resumed=True)
        self._send(peer, welcome, order.re)
        self._tell_session(peer, Greeted(name, client.room_id), now)
        if hosted is not None:
            self._carry_out(hosted, orders, now)
            self._tell_latencies(client, hosted, now)

    # ---- into rooms and out -----------------------------------------------------------------------------------------

    def _open_room(self, peer: Peer, order: OpenRoom, now: float) -> None:
        try:
            self._rooms.reserve(order.message.name)
        except RequestRefused as refused:
            return self._refuse(peer, as_error(refused), order.re, now)
        if order.message.password is None:
            return self._make_room(peer, order, None, now)
        self._tasks.start(self._make_guarded_room(peer, order, order.message.password), name="hash a room's password")

    async def _make_guarded_room(self, peer: Peer, order: OpenRoom, password: str) -> None:
        with self._turn(self._clock.now(), peer):
            try:
                password_hash = await self._passwords.hash(password)
            except BaseException:
                self._rooms.release(order.message.name)
                raise
            if peer.closed:
                self._rooms.release(order.message.name)
            else:
                self._make_room(peer, order, password_hash, self._clock.now())

    def _make_room(self, peer: Peer, order: OpenRoom, password_hash: str | None, now: float) -> None:
        hosted = self._hosted(new_room(self._settings.room, password_hash, now), order.message.name)
        self._rooms.add(hosted)
        self._changed()
        self._ask_in(peer, hosted, creation(peer.client_id, order), now)

    def _hosted(self, room: Room, alias: str | None) -> Hosted:
        hosted = Hosted(room, alias, lambda now: self._room_expired(hosted, now))
        return hosted

    def _enter_room(self, peer: Peer, order: EnterRoom, now: float) -> None:
        wanted = order.message.room_id
        hosted = self._rooms.find(wanted)
        if hosted is None:
            shown = ascii(wanted[:_ROOM_SHOWN])
            missing = _error("RoomNotFound", f"there is no room {shown} here")
            return self._refuse(peer, missing, order.re, now)
        joining = JoinRequested(peer.client_id, order.name, order.full, order.message, order.re)
        self._ask_in(peer, hosted, joining, now)

    def _ask_in(self, peer: Peer, hosted: Hosted, input: CreateRequested | JoinRequested, now: float) -> None:
        client = self._clients.of(peer)
        assert client is not None
        client.room_id = hosted.room.room_id
        self._tell_room(hosted, input, now)
        if not client.entering:
            self._entered(client, hosted, now)

    def _entered(self, client: Client, hosted: Hosted, now: float) -> None:
        """Tell the session that the room took its client in, if it did."""
        if client.room_id == hosted.room.room_id and client.peer is not None:
            self._tell_session(client.peer, RoomEntered(hosted.room.room_id), now)
            self._tell_latencies(client, hosted, now)

    def _tell_latencies(self, client: Client, hosted: Hosted, now: float) -> None:
        for rtt in tuple(client.peer.latencies) if client.peer is not None else ():
            self._tell_room(hosted, LatencyMeasured(client.client_id, rtt), now)

    def _refuse(self, peer: Peer, error: Error, re: RequestId | None, now: float) -> None:
        self._send(peer, error, re)
        self._tell_session(peer, Refused(), now)

    # ---- rooms ------------------------------------------------------------------------------------------------------

    def _tell_room(self, hosted: Hosted, input: RoomInput, now: float) -> None:
        self._carry_out(hosted, hosted.room.handle(input, now), now)

    def _carry_out(self, hosted: Hosted, orders: list[RoomEffect], now: float) -> None:
        for order in orders:
            self._carry_out_in(hosted, order, now)
        if hosted in self._rooms:
            hosted.timer.arm(hosted.room.deadline())
            if hosted.kept != hosted.room.changes:
                hosted.kept = hosted.room.changes
                self._keeper.changed(hosted.room.room_id)

    def _look(self, room_id: str) -> KeptRoom | None:
        hosted = self._rooms.get(room_id)
        return None if hosted is None else as_kept(hosted.room, self._clients, self._clock)

    def _carry_out_in(self, hosted: Hosted, order: RoomEffect, now: float) -> None:
        match order:
            case SendTo(client_ids=client_ids, message=message, re=re):
                encoded, key = Encoded(encode_server(message, re)), state_key(message, re)
                for client_id in client_ids:
                    client = self._clients.get(client_id)
                    if client is not None and client.peer is not None and not client.peer.put(encoded, key):
                        self._too_slow(client.peer)
            case CheckPassword(client_id=client_id) as check:
                joining = self._clients.get(client_id)
                assert joining is not None
                joining.entering = True
                self._tasks.start(self._check_password(joining, hosted, check), name="check a room's password")
            case HashPassword():
                self._tasks.start(self._hash_password(hosted, order), name="hash a room's password")
            case ForgetMember(client_id=client_id):
                self._forget_member(client_id, hosted.room.room_id, now)
            case ForgetRoom():
                self._forget_room(hosted)
            case _:
                assert_never(order)

    async def _check_password(self, client: Client, hosted: Hosted, order: CheckPassword) -> None:
        with self._turn(self._clock.now(), client.peer):
            try:
                matches = await self._passwords.matches(order.password, order.password_hash)
            finally:
                client.entering = False
            now = self._clock.now()
            if hosted in self._rooms:
                self._tell_room(hosted, PasswordChecked(order.client_id, matches), now)
                self._entered(client, hosted, now)

    async def _hash_password(self, hosted: Hosted, order: HashPassword) -> None:
        with self._turn(self._clock.now(), None):
            password_hash = await self._passwords.hash(order.password)
            if hosted in self._rooms:
                self._tell_room(hosted, PasswordHashed(order.client_id, password_hash), self._clock.now())

    def _forget_member(self, client_id: str, room_id: str, now: float) -> None:
        client = self._clients.get(client_id)
        if client is None or client.room_id != room_id:
            return
        client.room_id = None
        client.entering = False
        if client.peer is None:
            self._clients.remove(client_id)
        else:
            self._tell_session(client.peer, RoomExited(), now)

    def _forget_room(self, hosted: Hosted) -> None:
        self._rooms.remove(hosted)
        self._changed()

    def _close_room(self, hosted: Hosted, now: float) -> None:
        """Put everybody out of a room that can not go on."""
        self._forget_room(hosted)
        room_id = hosted.room.room_id
        for client in [client for client in self._clients if client.room_id == room_id]:
            if client.peer is not None:
                self._send(client.peer, RoomLeft(room_id, "closed"))
            self._forget_member(client.client_id, room_id, now)

    # ---- small change -----------------------------------------------------------------------------------------------

    def _send(self, peer: Peer, message: ServerMessage, re: RequestId | None = None) -> None:
        if not peer.send(message, re):
            self._too_slow(peer)

    def _too_slow(self, peer: Peer) -> None:
        self._close(peer, CLOSE_TOO_SLOW, "too slow")


def _error(code: ErrorCode, message: str) -> Error:
    return as_error(RequestRefused(code, message))
