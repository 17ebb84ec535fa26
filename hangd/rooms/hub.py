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

import hashlib
import hmac
import logging
import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol, assert_never

from msgspec import Struct

from hangd.engine.effects import (
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
from hangd.engine.room import Room, RoomSettings
from hangd.engine.session import Session, SessionSettings
from hangd.protocol.codec import decode_client, encode_server
from hangd.protocol.errors import (
    CLOSE_GOING_DOWN,
    CLOSE_REPLACED,
    CLOSE_TOO_SLOW,
    ErrorCode,
    HangProtocolError,
    RemoteProtocolError,
)
from hangd.protocol.messages import Error, Goodbye, Pong, RequestId, RoomLeft, Rooms, ServerMessage, Welcome
from hangd.protocol.model import PROTOCOL, Limits
from hangd.protocol.model import Room as Snapshot
from hangd.rooms.outbox import state_key
from hangd.rooms.peer import Client, Peer
from hangd.tasks import DeadlineTimer, Tasks
from hangd.transport.base import Encoded, Transport

__all__ = ["Hub", "HubSettings", "Passwords"]

_log = logging.getLogger(__name__)

_CLOSE_INTERNAL: Final = 1011
_CLOSE_FULL: Final = 1013
"""RFC 6455's registry: internal error; try again later."""

_ROOM_SHOWN: Final = 64


class HubSettings(Struct, frozen=True, kw_only=True):
    """What one hub is to be."""

    server: str
    """Name and version, for Welcome."""
    room: RoomSettings
    session: SessionSettings
    max_clients: int = 1000
    max_rooms: int = 1000
    publish_rooms: bool = False
    motd: str | None = None


class Passwords(Protocol):
    """Hashes room passwords, slowly, elsewhere."""

    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, password_hash: str) -> bool: ...


class _Hosted:
    """A room and its alarm clock."""

    def __init__(self, room: Room, expire: Callable[[float], None]) -> None:
        self.room = room
        self.timer = DeadlineTimer(expire)


class Hub:
    """Rooms, sessions and clients. ``clock`` is the clock of all of them, the loop's; ``changed`` hears of new counts.

    `attach` a transport and give it the peer as its listener; the rest follows.
    """

    def __init__(
        self,
        settings: HubSettings,
        *,
        passwords: Passwords,
        clock: Callable[[], float],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._passwords = passwords
        self._clock = clock
        self._changed = changed
        self._clock_id = secrets.token_hex(8)
        self._clients: dict[str, Client] = {}
        self._rooms: dict[str, _Hosted] = {}
        self._aliases: dict[str, str] = {}
        """Alias, case folded, to room id; a room that is still to be made has its alias reserved here, for no id."""
        self._opening = 0
        self._peers: set[Peer] = set()
        self._leaving: list[Peer] = []
        """Peers that were closed in this turn, and whose rooms are still to be told."""
        self._tasks = Tasks()

    @property
    def client_count(self) -> int:
        """How many connections there are."""
        return len(self._peers)

    @property
    def room_count(self) -> int:
        return len(self._rooms)

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
        self._clients[peer.client_id] = Client(peer.client_id, peer)
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
        client = self._client(peer)
        if client is not None and not client.entering and (hosted := self._hosted(client.room_id)) is not None:
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
        message = Encoded(encode_server(Goodbye("going-down", retry_after)))
        for peer in self._peers:
            if peer.session.full:
                peer.put(message)
            peer.close(CLOSE_GOING_DOWN, "the server is going down")

    async def aclose(self) -> None:
        """Forget everything. Nothing may be attached any more."""
        for hosted in self._rooms.values():
            hosted.timer.arm(None)
        for peer in self._peers:
            peer.timer.arm(None)
        await self._tasks.cancel()

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
        client = self._client(peer)
        if client is None:
            return
        client.peer = None
        try:
            if (hosted := self._hosted(client.room_id)) is not None:
                self._tell_room(hosted, ConnectionLost(client.client_id), now)
        finally:
            if client.room_id is None or client.entering:
                self._clients.pop(client.client_id, None)

    def _session_expired(self, peer: Peer, now: float) -> None:
        with self._turn(now, peer):
            self._follow(peer, peer.session.expire(now), now)

    def _room_expired(self, room_id: str, now: float) -> None:
        hosted = self._rooms[room_id]
        with self._turn(now, None):
            # Nothing else will make a room move on that fails here: it would be woken again, at once and for ever.
            try:
                self._carry_out(hosted, hosted.room.expire(now), now)
            except Exception:
                _log.exception("room %s failed at its deadline, and is closed", room_id)
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
                hosted = self._hosted(peer.session.room_id)
                if hosted is None:
                    self._send(peer, _error("NotInRoom", "you are in no room"), re)
                else:
                    self._tell_room(hosted, MessageReceived(peer.client_id, message, re), now)
            case ListRoomsTo(re=re):
                if self._settings.publish_rooms:
                    rooms = tuple(hosted.room.summary() for hosted in self._rooms.values())
                    self._send(peer, Rooms(rooms), re)
                else:
                    self._send(peer, _error("Forbidden", "this server does not publish its rooms"), re)
            case Close(code=code, reason=reason):
                self._close(peer, code, reason)
            case _:
                assert_never(order)

    def _pong(self, peer: Peer, ping: AnswerPing) -> Encoded:
        hosted = self._hosted(peer.session.room_id)
        epoch, rev = (None, None) if hosted is None else (hosted.room.epoch, hosted.room.rev)
        return Encoded(encode_server(Pong(ping.t0, ping.t1, self._clock(), epoch, rev), ping.re))

    def _greet(self, peer: Peer, order: Greet, now: float) -> None:
        hello = order.hello
        client, secret = self._returning(peer, order), secrets.token_urlsafe(24)
        if client is None:
            client = self._clients[peer.client_id]
            client.secret_digest = _digest(secret)
            self._welcome(peer, order, secret)
            self._tell_session(peer, Greeted(hello.name), now)
            return
        assert hello.resume is not None
        # The secret stays what it was: a connection that breaks before its Welcome arrives can still come back.
        secret = hello.resume.secret
        if client.peer is not None:
            self._send(client.peer, Goodbye("replaced"))
            self._close(client.peer, CLOSE_REPLACED, "another connection resumed this one's place")
        del self._clients[peer.client_id]
        client.peer = peer
        peer.session.adopt(client.client_id)
        hosted = self._hosted(client.room_id)
        orders = [] if hosted is None else hosted.room.handle(ConnectionResumed(client.client_id), now)
        self._welcome(peer, order, secret, None if hosted is None else hosted.room.snapshot(), resumed=True)
        self._tell_session(peer, Greeted(hello.name, client.room_id), now)
        if hosted is not None:
            self._carry_out(hosted, orders, now)
            self._tell_latencies(client, hosted, now)

    def _returning(self, peer: Peer, order: Greet) -> Client | None:
        """Return the client that this Hello proves to be, if any. A wrong or old proof makes a new client."""
        resume = order.hello.resume
        client = None if resume is None else self._clients.get(resume.client_id)
        if resume is None or client is None or client.secret_digest is None or client.peer is peer or client.entering:
            return None
        return client if hmac.compare_digest(_digest(resume.secret), client.secret_digest) else None

    def _welcome(
        self, peer: Peer, order: Greet, secret: str, room: Snapshot | None = None, *, resumed: bool = False
    ) -> None:
        welcome = Welcome(
            client_id=peer.client_id,
            resume_secret=secret,
            protocol=PROTOCOL,
            server=self._settings.server,
            clock_id=self._clock_id,
            features=(),
            limits=Limits(room_capacity=self._settings.room.capacity),
            resumed=resumed,
            motd=self._settings.motd,
            room=room,
        )
        self._send(peer, welcome, order.re)

    # ---- into rooms and out -----------------------------------------------------------------------------------------

    def _open_room(self, peer: Peer, order: OpenRoom, now: float) -> None:
        if len(self._rooms) + self._opening >= self._settings.max_rooms and not self._forget_an_empty_room():
            return self._refuse(peer, _error("ServerFull", "this server takes no more rooms now"), order.re, now)
        alias = order.message.name
        if alias is not None and alias.casefold() in self._aliases:
            return self._refuse(peer, _error("NameTaken", f"there is a room {alias!r} already"), order.re, now)
        if order.message.password is None:
            return self._make_room(peer, order, None, now)
        self._opening += 1
        if alias is not None:
            self._aliases[alias.casefold()] = ""
        self._tasks.start(self._make_guarded_room(peer, order, order.message.password), name="hash a room's password")

    async def _make_guarded_room(self, peer: Peer, order: OpenRoom, password: str) -> None:
        with self._turn(self._clock(), peer):
            try:
                password_hash = await self._passwords.hash(password)
            finally:
                self._opening -= 1
                if order.message.name is not None:
                    del self._aliases[order.message.name.casefold()]
            if not peer.closed:
                self._make_room(peer, order, password_hash, self._clock())

    def _make_room(self, peer: Peer, order: OpenRoom, password_hash: str | None, now: float) -> None:
        room_id = str(uuid.uuid4())
        room = Room(
            room_id=room_id,
            epoch=secrets.token_hex(4),
            settings=self._settings.room,
            now=now,
            password_hash=password_hash,
        )
        hosted = self._rooms[room_id] = _Hosted(room, lambda now: self._room_expired(room_id, now))
        if order.message.name is not None:
            self._aliases[order.message.name.casefold()] = room_id
        self._changed()
        created = CreateRequested(
            client_id=peer.client_id,
            name=order.name,
            full=order.full,
            host_secret=secrets.token_urlsafe(24),
            message=order.message,
            request_id=order.re,
        )
        self._ask_in(peer, hosted, created, now)

    def _enter_room(self, peer: Peer, order: EnterRoom, now: float) -> None:
        wanted = order.message.room_id
        hosted = self._hosted(wanted) or self._hosted(self._aliases.get(wanted.casefold()))
        if hosted is None:
            shown = ascii(wanted[:_ROOM_SHOWN])
            return self._refuse(peer, _error("RoomNotFound", f"there is no room {shown} here"), order.re, now)
        joining = JoinRequested(peer.client_id, order.name, order.full, order.message, order.re)
        self._ask_in(peer, hosted, joining, now)

    def _ask_in(self, peer: Peer, hosted: _Hosted, input: CreateRequested | JoinRequested, now: float) -> None:
        client = self._clients[peer.client_id]
        client.room_id = hosted.room.room_id
        self._tell_room(hosted, input, now)
        if not client.entering:
            self._entered(client, hosted, now)

    def _entered(self, client: Client, hosted: _Hosted, now: float) -> None:
        """Tell the session that the room took its client in, if it did."""
        if client.room_id == hosted.room.room_id and client.peer is not None:
            self._tell_session(client.peer, RoomEntered(hosted.room.room_id), now)
            self._tell_latencies(client, hosted, now)

    def _tell_latencies(self, client: Client, hosted: _Hosted, now: float) -> None:
        for rtt in tuple(client.peer.latencies) if client.peer is not None else ():
            self._tell_room(hosted, LatencyMeasured(client.client_id, rtt), now)

    def _refuse(self, peer: Peer, error: Error, re: RequestId | None, now: float) -> None:
        self._send(peer, error, re)
        self._tell_session(peer, Refused(), now)

    # ---- rooms ------------------------------------------------------------------------------------------------------

    def _tell_room(self, hosted: _Hosted, input: RoomInput, now: float) -> None:
        self._carry_out(hosted, hosted.room.handle(input, now), now)

    def _carry_out(self, hosted: _Hosted, orders: list[RoomEffect], now: float) -> None:
        for order in orders:
            self._carry_out_in(hosted, order, now)
        if hosted.room.room_id in self._rooms:
            hosted.timer.arm(hosted.room.deadline())

    def _carry_out_in(self, hosted: _Hosted, order: RoomEffect, now: float) -> None:
        match order:
            case SendTo(client_ids=client_ids, message=message, re=re):
                encoded, key = Encoded(encode_server(message, re)), state_key(message, re)
                for client_id in client_ids:
                    client = self._clients.get(client_id)
                    if client is not None and client.peer is not None and not client.peer.put(encoded, key):
                        self._too_slow(client.peer)
            case CheckPassword(client_id=client_id):
                self._clients[client_id].entering = True
                self._tasks.start(self._check_password(hosted, order), name="check a room's password")
            case HashPassword():
                self._tasks.start(self._hash_password(hosted, order), name="hash a room's password")
            case ForgetMember(client_id=client_id):
                self._forget_member(client_id, hosted.room.room_id, now)
            case ForgetRoom():
                self._forget_room(hosted)
            case _:
                assert_never(order)

    async def _check_password(self, hosted: _Hosted, order: CheckPassword) -> None:
        client = self._clients[order.client_id]
        with self._turn(self._clock(), client.peer):
            try:
                matches = await self._passwords.matches(order.password, order.password_hash)
            finally:
                client.entering = False
            now = self._clock()
            if hosted.room.room_id in self._rooms:
                self._tell_room(hosted, PasswordChecked(order.client_id, matches), now)
                self._entered(client, hosted, now)

    async def _hash_password(self, hosted: _Hosted, order: HashPassword) -> None:
        with self._turn(self._clock(), None):
            password_hash = await self._passwords.hash(order.password)
            if hosted.room.room_id in self._rooms:
                self._tell_room(hosted, PasswordHashed(order.client_id, password_hash), self._clock())

    def _forget_member(self, client_id: str, room_id: str, now: float) -> None:
        client = self._clients.get(client_id)
        if client is None or client.room_id != room_id:
            return
        client.room_id = None
        client.entering = False
        if client.peer is None:
            del self._clients[client_id]
        else:
            self._tell_session(client.peer, RoomExited(), now)

    def _forget_room(self, hosted: _Hosted) -> None:
        room = hosted.room
        hosted.timer.arm(None)
        del self._rooms[room.room_id]
        if room.name is not None:
            self._aliases.pop(room.name.casefold(), None)
        self._changed()

    def _forget_an_empty_room(self) -> bool:
        """Make space for a new room: one that is kept for nobody but whoever may come back is worth less."""
        empty = next((hosted for hosted in self._rooms.values() if hosted.room.summary().members == 0), None)
        if empty is not None:
            self._forget_room(empty)
        return empty is not None

    def _close_room(self, hosted: _Hosted, now: float) -> None:
        """Put everybody out of a room that can not go on."""
        self._forget_room(hosted)
        room_id = hosted.room.room_id
        for client in [client for client in self._clients.values() if client.room_id == room_id]:
            if client.peer is not None:
                self._send(client.peer, RoomLeft(room_id, "closed"))
            self._forget_member(client.client_id, room_id, now)

    # ---- small change -----------------------------------------------------------------------------------------------

    def _client(self, peer: Peer) -> Client | None:
        """Return whose connection this is, unless another one took its place."""
        client = self._clients.get(peer.client_id)
        return client if client is not None and client.peer is peer else None

    def _hosted(self, room_id: str | None) -> _Hosted | None:
        return None if room_id is None else self._rooms.get(room_id)

    def _send(self, peer: Peer, message: ServerMessage, re: RequestId | None = None) -> None:
        if not peer.send(message, re):
            self._too_slow(peer)

    def _too_slow(self, peer: Peer) -> None:
        self._close(peer, CLOSE_TOO_SLOW, "too slow")


def _error(code: ErrorCode, message: str) -> Error:
    return Error(code, message, HangProtocolError(code, message).retry)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
