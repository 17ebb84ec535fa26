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

import logging
import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, assert_never

from hangd.engine.room import effects, inputs
from hangd.engine.room.session import Session
from hangd.log import LimitLog
from hangd.protocol.codec import decode_client, encode_server
from hangd.protocol.errors import CLOSE_GOING_DOWN, CLOSE_REPLACED, CLOSE_TOO_SLOW, RemoteProtocolError, RequestRefused
from hangd.protocol.messages import Error, Goodbye, Pong, RequestId, RoomLeft, Rooms, ServerMessage
from hangd.rooms.clients import Client, Clients, new_secret
from hangd.rooms.clock import ServerClock
from hangd.rooms.directory import Directory, Hosted, creation, new_room, restored_room
from hangd.rooms.invitations import Invitations, ask_push
from hangd.rooms.outbox import state_key
from hangd.rooms.peer import Peer
from hangd.rooms.persistence import RoomPersistence
from hangd.rooms.settings import HubSettings, Passwords
from hangd.store.base import KeptRoom, Store
from hangd.tasks import Tasks
from hangd.transport.base import Encoded, Transport

_log = logging.getLogger(__name__)

_CLOSE_INTERNAL: Final = 1011
"""Internal error (registry of RFC 6455)."""
_CLOSE_FULL: Final = 1013
"""Try again later (registry of RFC 6455)."""


class Hub:
    """Rooms, sessions and clients. ``changed`` is called when the number of rooms or clients has changed.

    Call `restore` first, with the rooms from before a restart. Then `attach` each connection.
    """

    def __init__(
        self,
        settings: HubSettings,
        *,
        passwords: Passwords,
        clock: ServerClock,
        store: Store,
        invitations: Invitations | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._passwords = passwords
        self._clock = clock
        self._invitations = invitations
        self._changed = changed
        self._persistence = RoomPersistence(store, self._kept)
        self._clients = Clients()
        self._rooms = Directory(settings.max_rooms, self._persistence.changed)
        self._peers: set[Peer] = set()
        self._leaving: list[Peer] = []
        """Peers that were closed in this turn, and whose rooms have not been told yet."""
        self._tasks = Tasks()
        self._going_down = False
        self._limits = LimitLog(_log)

    @property
    def client_count(self) -> int:
        return len(self._peers)

    @property
    def room_count(self) -> int:
        return len(self._rooms)

    def restore(self, kept: Iterable[KeptRoom], now: float) -> None:
        """Continue these rooms. Their members are away until they prove with their secrets who they are."""
        for one in kept:
            try:
                room = restored_room(one, self._settings.room, self._clock, now)
            except Exception:
                _log.exception("room %s cannot be restored, and stays in the store", one.room.room_id)
                continue
            hosted = Hosted(room, one.room.name, self._room_expired)
            self._rooms.restore(hosted)
            for member in one.room.members:
                client_id = member.client_id
                self._clients[client_id] = Client(client_id, None, room.room_id, one.proofs.get(client_id))
            hosted.timer.arm(room.deadline())

    # ---- connections ------------------------------------------------------------------------------------------------

    def attach(self, transport: Transport, now: float) -> Peer:
        """Accept a connection. The returned peer is the transport's `Listener`."""
        session = Session(client_id=str(uuid.uuid4()), settings=self._settings.session, now=now)
        peer = Peer(self, transport, session)
        if (most := self._settings.max_clients) <= len(self._peers):
            self._limits.warn("", "clients are refused: %d are here, which is the most (--max-clients)", most)
            self._send(peer, Error.of(RequestRefused("ServerFull", "this server takes no more clients now")))
            peer.close(_CLOSE_FULL, "server full")
            return peer
        self._peers.add(peer)
        self._clients[peer.client_id] = Client(peer.client_id, peer)
        self._changed()
        return peer

    def receive(self, peer: Peer, data: str | bytes, now: float) -> None:
        if peer.closed:
            return
        try:  # As `_turn` does, but that takes a microsecond more.
            try:
                if isinstance(data, bytes):
                    raise RemoteProtocolError("InvalidMessage", "messages are text frames, not binary ones")
                frame = decode_client(data)
            except RemoteProtocolError as error:
                self._tell_session(peer, inputs.FrameRejected(error), now)
            else:
                self._tell_session(peer, inputs.FrameReceived(frame.message, frame.id), now)
        except Exception:
            self._fail(peer)
        self._end_turn(now)

    def measure(self, peer: Peer, rtt: float, now: float) -> None:
        peer.latencies.append(rtt)
        client = self._clients.of(peer)
        if client is not None and not client.entering and (hosted := self._rooms.get(client.room_id)) is not None:
            with self._turn(now, peer):
                self._tell_room(hosted, inputs.LatencyMeasured(client.client_id, rtt), now)

    def flush(self, peer: Peer) -> None:
        with self._turn(self._clock.now(), peer):
            peer.outbox.flush()

    def detach(self, peer: Peer, now: float) -> None:
        """Handle the end of a connection. A second call for the same peer does nothing."""
        with self._turn(now, None):
            self._depart(peer, now)

    # ---- shutdown ---------------------------------------------------------------------------------------------------

    def go_down(self, retry_after: float) -> None:
        """Tell all clients that the server is going down, and close their connections.

        The rooms are not told, so that they are saved as they are.
        """
        self._going_down = True
        goodbye = Encoded(encode_server(Goodbye("going-down", retry_after)))
        for peer in tuple(self._peers):
            with self._turn(self._clock.now(), None):
                if peer.session.full:
                    self._put(peer, goodbye)
                peer.close(CLOSE_GOING_DOWN, "the server is going down")

    async def aclose(self) -> None:
        """Stop timers and tasks, write what is not written yet, and close the store."""
        for hosted in self._rooms:
            hosted.timer.arm(None)
        await self._tasks.cancel()
        await self._persistence.aclose()

    # ---- turns ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _turn(self, now: float, peer: Peer | None) -> Iterator[None]:
        """Contain the exceptions of one turn: log them, and close ``peer``, whose message the turn handles."""
        try:
            yield
        except Exception:
            self._fail(peer)
        self._end_turn(now)

    def _fail(self, peer: Peer | None) -> None:
        _log.exception("internal error")
        if peer is not None:
            refused = RequestRefused("Internal", "the server failed on this message: that is a bug in it")
            self._send(peer, Error.of(refused))
            self._close(peer, _CLOSE_INTERNAL, "internal error")

    def _end_turn(self, now: float) -> None:
        while self._leaving:
            try:
                self._depart(self._leaving.pop(), now)
            except Exception:
                self._fail(None)

    def _close(self, peer: Peer, code: int, reason: str) -> None:
        """Close a peer. Its room is told at the end of the turn."""
        if not peer.closed:
            self._leaving.append(peer)
            peer.close(code, reason)

    def _depart(self, peer: Peer, now: float) -> None:
        """Remove a connection. Its client stays for as long as a room keeps it."""
        if peer not in self._peers:
            return
        self._peers.remove(peer)
        peer.closed = True
        self._changed()
        client = self._clients.of(peer)
        if client is None or self._going_down:
            return
        client.peer = None
        try:
            if (hosted := self._rooms.get(client.room_id)) is not None:
                self._tell_room(hosted, inputs.ConnectionLost(client.client_id), now)
        finally:
            if client.room_id is None or client.entering:
                self._clients.pop(client.client_id, None)

    # ---- sessions ---------------------------------------------------------------------------------------------------

    def _tell_session(self, peer: Peer, input: inputs.SessionInput, now: float) -> None:
        for effect in peer.session.handle(input, now):
            if peer.closed:
                return
            self._carry_out(peer, effect, now)

    def _carry_out(self, peer: Peer, effect: effects.SessionEffect, now: float) -> None:
        match effect:
            case effects.Reply(message=message, re=re):
                self._send(peer, message, re)
            case effects.AnswerPing() as ping:
                self._put(peer, lambda: self._pong(peer, ping))
            case effects.Greet():
                self._greet(peer, effect, now)
            case effects.OpenRoom():
                self._open_room(peer, effect, now)
            case effects.EnterRoom():
                self._enter_room(peer, effect, now)
            case effects.ForwardToRoom(message=message, re=re):
                hosted = self._rooms.get(peer.session.room_id)
                if hosted is None:
                    self._send(peer, Error.of(RequestRefused("NotInRoom", "you are in no room")), re)
                else:
                    self._tell_room(hosted, inputs.MessageReceived(peer.client_id, message, re), now)
            case effects.ListRoomsTo(re=re):
                if self._settings.publish_rooms:
                    self._send(peer, Rooms(tuple(hosted.room.summary() for hosted in self._rooms)), re)
                else:
                    self._send(
                        peer, Error.of(RequestRefused("Forbidden", "this server does not publish its rooms")), re
                    )
            case effects.AskPush():
                hosted = self._rooms.get(peer.session.room_id)
                self._send(peer, ask_push(self._invitations, effect, hosted, now), effect.re)
            case effects.Close(code=code, reason=reason):
                self._close(peer, code, reason)
            case _:
                assert_never(effect)

    def _pong(self, peer: Peer, ping: effects.AnswerPing) -> Encoded:
        hosted = self._rooms.get(peer.session.room_id)
        line = None if hosted is None else hosted.room.timeline
        epoch, rev = (None, None) if line is None else (line.epoch, line.rev)
        return Encoded(encode_server(Pong(ping.t0, ping.t1, self._clock.now(), epoch, rev), ping.re))

    def _greet(self, peer: Peer, effect: effects.Greet, now: float) -> None:
        name, resume = effect.hello.name, effect.hello.resume
        client = None if resume is None else self._clients.returning(peer, resume)
        if client is None or resume is None:
            client = self._clients[peer.client_id]
            welcome = self._settings.welcome(peer.client_id, client.new_secret(), self._clock.clock_id)
            self._send(peer, welcome, effect.re)
            self._tell_session(peer, inputs.Greeted(name), now)
            return
        if client.peer is not None:
            self._send(client.peer, Goodbye("replaced"))
            self._close(client.peer, CLOSE_REPLACED, "another connection resumed this one's place")
        del self._clients[peer.client_id]
        client.peer = peer
        self._tell_session(peer, inputs.Greeted(name, client.client_id, client.room_id), now)
        hosted = self._rooms.get(client.room_id)
        room, room_effects = None, []
        if hosted is not None:
            try:
                room_effects = hosted.room.handle(inputs.ConnectionResumed(client.client_id), now)
            except Exception:
                self._recover(hosted, now)
                raise
            room = hosted.room.view()
        # The secret stays the same: if this connection breaks before Welcome arrives, the client can resume again.
        welcome = self._settings.welcome(peer.client_id, resume.secret, self._clock.clock_id, room, resumed=True)
        self._send(peer, welcome, effect.re)
        if hosted is not None:
            self._carry_out_in(hosted, room_effects, now)
            self._tell_latencies(client, hosted, now)

    # ---- entering rooms ---------------------------------------------------------------------------------------------

    def _open_room(self, peer: Peer, effect: effects.OpenRoom, now: float) -> None:
        try:
            self._rooms.reserve(effect.message.name)
        except RequestRefused as refused:
            return self._refuse(peer, refused, effect.re, now)
        if effect.message.password is None:
            return self._create_room(peer, effect, None, now)
        hashing = self._create_guarded_room(peer, effect, effect.message.password)
        self._tasks.start(hashing, name="hash a room's password")

    async def _create_guarded_room(self, peer: Peer, effect: effects.OpenRoom, password: str) -> None:
        with self._turn(self._clock.now(), peer):
            try:
                password_hash = await self._passwords.hash(password)
            except BaseException:
                self._rooms.release(effect.message.name)
                raise
            if peer.closed:
                self._rooms.release(effect.message.name)
            else:
                self._create_room(peer, effect, password_hash, self._clock.now())

    def _create_room(self, peer: Peer, effect: effects.OpenRoom, password_hash: str | None, now: float) -> None:
        hosted = Hosted(new_room(self._settings.room, password_hash, now), effect.message.name, self._room_expired)
        self._rooms.add(hosted)
        self._changed()
        try:
            self._ask_in(peer, hosted, creation(peer.client_id, effect), now)
        except Exception:
            self._close_room(hosted, now)
            raise

    def _enter_room(self, peer: Peer, effect: effects.EnterRoom, now: float) -> None:
        hosted = self._rooms.find(effect.message.room_id)
        if hosted is None:
            refused = RequestRefused("RoomNotFound", f"there is no room {effect.message.room_id!r} here")
            return self._refuse(peer, refused, effect.re, now)
        request = inputs.JoinRequested(
            peer.client_id, effect.name, effect.full, effect.message, effect.re, new_secret()
        )
        self._ask_in(peer, hosted, request, now)

    def _ask_in(self, peer: Peer, hosted: Hosted, input: inputs.EntryRequest, now: float) -> None:
        client = self._clients[peer.client_id]
        client.room_id = hosted.room.room_id
        self._tell_room(hosted, input, now)
        if not client.entering:
            self._tell_entered(client, hosted, now)

    def _tell_entered(self, client: Client, hosted: Hosted, now: float) -> None:
        """Tell the session that its client is in the room, unless the room refused it."""
        if client.room_id == hosted.room.room_id and client.peer is not None:
            self._tell_session(client.peer, inputs.RoomEntered(hosted.room.room_id), now)
            self._tell_latencies(client, hosted, now)

    def _tell_latencies(self, client: Client, hosted: Hosted, now: float) -> None:
        for rtt in tuple(client.peer.latencies) if client.peer is not None else ():
            self._tell_room(hosted, inputs.LatencyMeasured(client.client_id, rtt), now)

    def _refuse(self, peer: Peer, refused: RequestRefused, re: RequestId | None, now: float) -> None:
        self._send(peer, Error.of(refused), re)
        self._tell_session(peer, inputs.RoomExited(), now)

    # ---- rooms ------------------------------------------------------------------------------------------------------

    def _tell_room(self, hosted: Hosted, input: inputs.RoomInput, now: float) -> None:
        try:
            self._carry_out_in(hosted, hosted.room.handle(input, now), now)
        except Exception:
            self._recover(hosted, now)
            raise

    def _room_expired(self, hosted: Hosted, now: float) -> None:
        with self._turn(now, None):
            try:
                self._carry_out_in(hosted, hosted.room.expire(now), now)
            except Exception:
                # No message is to blame: it would fail again, at once and forever.
                _log.exception("room %s failed at its deadline, and is closed", hosted.room.room_id)
                self._close_room(hosted, now)

    def _recover(self, hosted: Hosted, now: float) -> None:
        """Bring a room that failed, its members and its clients in line again, or close the room."""
        if hosted not in self._rooms:
            return
        room_id = hosted.room.room_id
        clients = self._clients.in_room(room_id)
        try:
            connected = {client.client_id for client in clients if client.peer is not None}
            self._carry_out_in(hosted, hosted.room.recover(now, connected), now)
            for client in clients:
                if not hosted.room.has(client.client_id):
                    self._forget_member(client.client_id, room_id, now)
        except Exception:
            _log.exception("room %s cannot recover from an internal error, and is closed", room_id)
            self._close_room(hosted, now)

    def _carry_out_in(self, hosted: Hosted, room_effects: list[effects.RoomEffect], now: float) -> None:
        """Carry out the effects of a room. If some fail, the others are carried out before the exceptions are
        raised."""
        failures = []
        for effect in room_effects:
            try:
                self._carry_out_one(hosted, effect, now)
            except Exception as error:
                failures.append(error)
        if hosted in self._rooms:
            hosted.timer.arm(hosted.room.deadline())
            if hosted.changes_written != hosted.room.changes:
                hosted.changes_written = hosted.room.changes
                self._persistence.changed(hosted.room.room_id)
        if failures:
            raise ExceptionGroup("effects of a room failed", failures)

    def _carry_out_one(self, hosted: Hosted, effect: effects.RoomEffect, now: float) -> None:
        match effect:
            case effects.SendTo(client_ids=client_ids, message=message, re=re):
                encoded, key = Encoded(encode_server(message, re)), state_key(message, re)
                for client_id in client_ids:
                    client = self._clients.get(client_id)
                    if client is not None and client.peer is not None:
                        self._put(client.peer, encoded, key)
            case effects.CheckPassword(client_id=client_id):
                joining = self._clients[client_id]
                joining.entering = True
                self._tasks.start(self._check_password(joining, hosted, effect), name="check a room's password")
            case effects.HashPassword():
                self._tasks.start(self._hash_password(hosted, effect), name="hash a room's password")
            case effects.ForgetMember(client_id=client_id):
                self._forget_member(client_id, hosted.room.room_id, now)
            case effects.ForgetRoom():
                self._rooms.remove(hosted)
                self._changed()
            case _:
                assert_never(effect)

    async def _check_password(self, client: Client, hosted: Hosted, effect: effects.CheckPassword) -> None:
        with self._turn(self._clock.now(), client.peer):
            try:
                matches = await self._passwords.matches(effect.password, effect.password_hash)
            finally:
                client.entering = False
            now = self._clock.now()
            if hosted in self._rooms:
                self._tell_room(hosted, inputs.PasswordChecked(effect.client_id, matches), now)
                self._tell_entered(client, hosted, now)

    async def _hash_password(self, hosted: Hosted, effect: effects.HashPassword) -> None:
        with self._turn(self._clock.now(), None):
            try:
                password_hash = await self._passwords.hash(effect.password)
            except Exception:
                _log.exception("a password could not be hashed")
                password_hash = None
            if hosted in self._rooms:
                self._tell_room(hosted, inputs.PasswordHashed(effect.client_id, password_hash), self._clock.now())

    def _kept(self, room_id: str) -> KeptRoom | None:
        """Return what the store keeps of this room. None: the room is gone."""
        hosted = self._rooms.get(room_id)
        if hosted is None:
            return None
        saved = hosted.room.saved()
        clients = [self._clients[one.client_id] for one in saved.members if one.client_id in self._clients]
        proofs = {client.client_id: client.proof for client in clients if client.proof is not None}
        return KeptRoom(saved, proofs, self._clock.mark())

    def _forget_member(self, client_id: str, room_id: str, now: float) -> None:
        client = self._clients.get(client_id)
        if client is None or client.room_id != room_id:
            return
        client.room_id = None
        client.entering = False
        if client.peer is None:
            del self._clients[client_id]
        else:
            self._tell_session(client.peer, inputs.RoomExited(), now)

    def _close_room(self, hosted: Hosted, now: float) -> None:
        """Remove a room that cannot continue, and tell its members."""
        if hosted not in self._rooms:
            return
        self._rooms.remove(hosted)
        self._changed()
        room_id = hosted.room.room_id
        for client in self._clients.in_room(room_id):
            if client.peer is not None:
                self._send(client.peer, RoomLeft(room_id, "closed"))
            self._forget_member(client.client_id, room_id, now)

    # ---- sending ----------------------------------------------------------------------------------------------------

    def _send(self, peer: Peer, message: ServerMessage, re: RequestId | None = None) -> None:
        self._put(peer, Encoded(encode_server(message, re)), state_key(message, re))

    def _put(self, peer: Peer, message: Encoded | Callable[[], Encoded], key: Hashable | None = None) -> None:
        """Send a message. A peer that reads too slowly is closed, and so is one to which sending fails."""
        try:
            if not peer.closed and not peer.outbox.put(message, key):
                self._close(peer, CLOSE_TOO_SLOW, "too slow")
        except Exception:
            _log.exception("a message could not be sent")
            self._close(peer, _CLOSE_INTERNAL, "internal error")
