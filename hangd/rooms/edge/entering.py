"""Entering: let a client open a room, or ask a room to let it in."""

from collections.abc import Awaitable, Callable

from hangd.engine.room import effects, inputs
from hangd.engine.room.admission.identity import BadInvite, GivenInvite, Identity
from hangd.engine.room.state import RoomSettings
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import RequestId
from hangd.rooms.clock import ServerClock
from hangd.rooms.edge.base import Place, Rooms
from hangd.rooms.edge.clients import Clients, new_secret
from hangd.rooms.edge.guesses import Guesses
from hangd.rooms.edge.peer import Peer
from hangd.rooms.edge.turns import Turns
from hangd.rooms.settings import Passwords
from hangd.rooms.trust import Trust
from hangd.tasks import Tasks


def creation(client_id: str, effect: effects.OpenRoom, identity: Identity) -> inputs.CreateRequested:
    """Return the first input of a room that this client has requested."""
    return inputs.CreateRequested(
        client_id=client_id,
        name=effect.name,
        full=effect.full,
        host_secret=new_secret(),
        message=effect.message,
        request_id=effect.re,
        return_secret=new_secret(),
        identity=identity,
    )


class Entering:
    """The arguments are those of `hangd.rooms.hub.Hub`, or parts of it."""

    def __init__(
        self,
        settings: RoomSettings,
        *,
        rooms: Rooms,
        turns: Turns,
        clients: Clients,
        trust: Trust,
        guesses: Guesses,
        passwords: Passwords,
        clock: ServerClock,
        tasks: Tasks,
        tell_session: Callable[[Peer, inputs.SessionInput, float], None],
    ) -> None:
        self._settings = settings
        self._rooms = rooms
        self._turns = turns
        self._clients = clients
        self._trust = trust
        self._guesses = guesses
        self._passwords = passwords
        self._clock = clock
        self._tasks = tasks
        self._tell_session = tell_session

    def open_room(self, peer: Peer, effect: effects.OpenRoom, now: float) -> None:
        """Create a room, after its password is hashed if it has one, or refuse it."""
        policy, network = effect.message.policy, peer.visitor.network
        try:
            self._settings.check_access(None if policy is None else policy.access)
            origin = self._turns.journal.origin(peer.connection)
            self._rooms.reserve(effect.message.name, network, origin, now)
        except RequestRefused as refused:
            return self._refuse(peer, refused, effect.re, now)
        if effect.message.password is None:
            return self._create_room(peer, effect, network, None, now)
        hashing = self._create_guarded_room(peer, effect, network, effect.message.password)
        self._tasks.start(hashing, name="hash a room's password")

    def enter_room(self, peer: Peer, effect: effects.EnterRoom, now: float) -> None:
        """Ask a room to let a client in. It answers at once, or when the client's password has been compared."""
        invite = effect.message.invite
        learning = None if invite is None else self._trust.learn_invite(invite)
        if learning is not None:
            self._tasks.start(self._enter_learned(peer, learning, effect), name="learn who has signed an invite")
        else:
            self._find(peer, effect, now)

    async def _enter_learned(self, peer: Peer, learning: Awaitable[None], effect: effects.EnterRoom) -> None:
        await learning
        now = self._clock.now()
        with self._turns.turn(now, peer):
            if not peer.closed:
                self._find(peer, effect, now)

    def _find(self, peer: Peer, effect: effects.EnterRoom, now: float) -> None:
        place = self._rooms.find(effect.message.room_id)
        if place is not None:
            return self._enter(peer, place, effect, now)
        searching = self._rooms.search(effect.message.room_id, now)
        if searching is None:
            return self._refuse_unknown(peer, effect, now)
        self._tasks.start(self._enter_found(peer, searching, effect), name="find a room")

    async def _enter_found(self, peer: Peer, searching: Awaitable[Place | None], effect: effects.EnterRoom) -> None:
        with self._turns.turn(self._clock.now(), peer):
            try:
                place = await searching
            except RequestRefused as refused:
                self._turns.cause = peer
                if not peer.closed:
                    self._refuse(peer, refused, effect.re, self._clock.now())
                return
            self._turns.cause = peer  # Other turns came in between.
            if peer.closed:
                return
            if place is None:
                self._refuse_unknown(peer, effect, self._clock.now())
            else:
                self._enter(peer, place, effect, self._clock.now())

    def _refuse_unknown(self, peer: Peer, effect: effects.EnterRoom, now: float) -> None:
        sought = effect.message.room_id
        text = f"there is no room {sought!r} here: check its name, or create it"
        self._refuse(peer, RequestRefused("RoomNotFound", text), effect.re, now)

    def _enter(self, peer: Peer, place: Place, effect: effects.EnterRoom, now: float) -> None:
        message = effect.message
        secrets = (message.password, message.host_secret, message.return_secret, message.invite)
        limited = None if secrets == (None, None, None, None) else self._guesses.limit(peer.visitor)
        request = inputs.JoinRequested(
            peer.client_id,
            effect.name,
            effect.full,
            message,
            effect.re,
            new_secret(),
            peer.visitor.known_as(),
            None if message.invite is None else self._opened(peer, message.invite, limited),
            limited,
        )
        self._ask_in(peer, place, request, now)

    def _opened(self, peer: Peer, token: str, limited: RequestRefused | None) -> GivenInvite | BadInvite:
        """Return what is in an invite. A forged one is a wrong guess."""
        invite = self._trust.open_invite(token)
        if isinstance(invite, BadInvite) and limited is None:
            self._guesses.wrong(peer.visitor)
        return invite

    async def _create_guarded_room(self, peer: Peer, effect: effects.OpenRoom, network: str, password: str) -> None:
        with self._turns.turn(self._clock.now(), peer):
            try:
                password_hash = await self._passwords.hash(password, network)
            except BaseException:
                self._rooms.release(effect.message.name, network)
                raise
            self._turns.cause = peer  # Other turns came in between.
            if peer.closed:
                self._rooms.release(effect.message.name, network)
            else:
                self._create_room(peer, effect, network, password_hash, self._clock.now())

    def _create_room(
        self, peer: Peer, effect: effects.OpenRoom, network: str, password_hash: str | None, now: float
    ) -> None:
        place = self._rooms.add(effect.message.name, password_hash, network, now)
        try:
            self._ask_in(peer, place, creation(peer.client_id, effect, peer.visitor.known_as()), now)
        except Exception:
            self._rooms.close(place, now)
            raise

    def _ask_in(self, peer: Peer, place: Place, input: inputs.EntryRequest, now: float) -> None:
        client = self._clients[peer.client_id]
        client.room_id, client.entering = place.room_id, True
        self._rooms.tell(place, input, now)

    def _refuse(self, peer: Peer, refused: RequestRefused, re: RequestId | None, now: float) -> None:
        self._turns.refuse(peer, refused, re)
        self._tell_session(peer, inputs.RoomExited(), now)
