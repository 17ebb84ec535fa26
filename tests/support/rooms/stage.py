"""Stage: a Room on simulated time that records the messages to every client. Tests on it read like transcripts.

::

    stage = Stage()
    stage.create("ann")
    stage.join("bob")
    stage.says("ann", Play(timestamp=3.0), re=1)
    stage.heard("bob")           # -> the messages since one last asked
    stage.passes(2.0)            # time goes by, and the room wakes when it wants to
    stage.nobody_heard_more()

A member's id is its name. Each step checks the invariants of the room, and that its effects can be carried out.
"""

from typing import Any

from hangd.engine.room.admission.identity import BadInvite, GivenInvite, Identity
from hangd.engine.room.effects import (
    CheckPassword,
    CountGuess,
    ForgetMember,
    ForgetRoom,
    HashPassword,
    KeepWatched,
    LetIn,
    RoomEffect,
    SendTo,
    SignInvite,
)
from hangd.engine.room.inputs import (
    ConnectionLost,
    ConnectionResumed,
    CreateRequested,
    JoinRequested,
    LatencyMeasured,
    MessageReceived,
    RoomInput,
)
from hangd.engine.room.queue_space import QueueShare
from hangd.engine.room.room import Room
from hangd.engine.room.state import RoomSettings
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import (
    ClientMessage,
    CreateRoom,
    Error,
    GetRoom,
    JoinRoom,
    Report,
    RequestId,
    RoomCreated,
    RoomJoined,
    RoomLeft,
    RoomState,
    ServerMessage,
    SyncBroadcast,
)
from hangd.protocol.model import FileInfo, Member, ReportedState, Timeline

__all__ = ["BASIC_MESSAGES", "FILE", "HASH", "OTHER_HASH", "QUICK", "SECRET", "Stage", "file_info"]

HASH = "ab" * 32
OTHER_HASH = "cd" * 32
QUICK = "01" * 32
SECRET = "the-secret-of-the-host"
FILE = FileInfo(size=1000, duration=60.0, name="film.mkv", quick_hash=QUICK)

BASIC_MESSAGES = (RoomCreated, RoomJoined, RoomLeft, SyncBroadcast, Error)


def file_info(**changes: Any) -> FileInfo:
    """Return FILE with these fields changed."""
    return FileInfo(**{"size": 1000, "duration": 60.0, "name": "film.mkv", "quick_hash": QUICK, **changes})


class Stage:
    def __init__(
        self, *, password_hash: str | None = None, queue_share: QueueShare | None = None, **settings: Any
    ) -> None:
        self.now = 100.0
        self.room = Room(
            room_id="room-1",
            epoch="epoch-1",
            settings=RoomSettings(**settings),
            now=self.now,
            password_hash=password_hash,
            queue_share=queue_share,
        )
        self.basic: set[str] = set()
        self.orders: list[RoomEffect] = []
        """All effects except SendTo, since the last call of `ordered`."""
        self._heard: list[tuple[str, ServerMessage, RequestId | None]] = []

    # ---- what happens -----------------------------------------------------------------------------------------------

    def create(
        self,
        client_id: str,
        *,
        full: bool = True,
        re: RequestId | None = None,
        identity: Identity = Identity(),  # noqa: B008 - it is immutable
        **fields: Any,
    ) -> None:
        """Create the room; ``fields`` are those of CreateRoom."""
        if not full:
            self.basic.add(client_id)
        message = CreateRoom(**{"file_hash": HASH, "file": FILE, **fields})
        self.feed(CreateRequested(client_id, client_id, full, SECRET, message, re, identity=identity))

    def join(
        self,
        client_id: str,
        *,
        name: str | None = None,
        full: bool = True,
        re: RequestId | None = None,
        identity: Identity = Identity(),  # noqa: B008 - it is immutable
        given: GivenInvite | BadInvite | None = None,
        limited: RequestRefused | None = None,
        secret: str | None = None,
        **fields: Any,
    ) -> None:
        """Request to join; ``fields`` are those of JoinRoom, and the others those of JoinRequested."""
        if not full:
            self.basic.add(client_id)
        message = JoinRoom(**{"room_id": "room-1", "file_hash": HASH, "file": FILE, **fields})
        self.feed(JoinRequested(client_id, name or client_id, full, message, re, secret, identity, given, limited))

    def says(self, client_id: str, message: ClientMessage, re: RequestId | None = None) -> None:
        self.feed(MessageReceived(client_id, message, re))

    def reports(self, client_id: str, state: ReportedState, position: float = 0.0, **fields: Any) -> None:
        """Report on the current timeline, unless ``rev`` names another one."""
        message = Report(
            **{"state": state, "position": position, "at": self.now, "rev": self.room.timeline.rev, **fields}
        )
        self.says(client_id, message)

    def loses(self, client_id: str) -> None:
        self.feed(ConnectionLost(client_id))

    def resumes(self, client_id: str) -> None:
        self.feed(ConnectionResumed(client_id))

    def measures(self, client_id: str, *rtts: float) -> None:
        for rtt in rtts:
            self.feed(LatencyMeasured(client_id, rtt))

    def feed(self, input: RoomInput) -> None:
        self._take(self.room.handle(input, self.now))

    def passes(self, seconds: float) -> None:
        """Advance the time, and wake the room at each of its deadlines on the way."""
        until = self.now + seconds
        while (deadline := self.room.deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self._take(self.room.expire(self.now))
            after = self.room.deadline()
            assert after is None or after > self.now, "after expire() the deadline is in the future"
        self.now = until

    def _take(self, effects: list[RoomEffect]) -> None:
        for index, effect in enumerate(effects):
            match effect:
                case SendTo(client_ids=client_ids, message=message, re=re):
                    assert client_ids, "a message has a receiver"
                    assert len(set(client_ids)) == len(client_ids), "no member receives a message twice"
                    assert re is None or len(client_ids) == 1, "an answer has one receiver"
                    for client_id in client_ids:
                        if client_id in self.basic and re is None:
                            assert isinstance(message, BASIC_MESSAGES), (
                                f"{client_id} has a basic client, which does not know {message}"
                            )
                        self._heard.append((client_id, message, re))
                case ForgetRoom():
                    assert index == len(effects) - 1, "ForgetRoom is the last effect"
                    self.orders.append(effect)
                case LetIn():
                    pass
                case CheckPassword() | HashPassword() | ForgetMember() | KeepWatched() | SignInvite() | CountGuess():
                    self.orders.append(effect)
        self.room.check()

    # ---- results ----------------------------------------------------------------------------------------------------

    def heard(self, client_id: str) -> list[ServerMessage]:
        """Take the messages to this client since the last call."""
        return [message for message, _ in self.answers(client_id)]

    def answers(self, client_id: str) -> list[tuple[ServerMessage, RequestId | None]]:
        """Take the messages to this client, each with the id of the request that it answers."""
        mine = [(message, re) for receiver, message, re in self._heard if receiver == client_id]
        self._heard = [entry for entry in self._heard if entry[0] != client_id]
        return mine

    def error(self, client_id: str) -> Error:
        """Take the only message to this client, which is an Error."""
        (message,) = self.heard(client_id)
        assert isinstance(message, Error), message
        return message

    def sync(self, client_id: str) -> SyncBroadcast:
        """Take all messages to this client, and return the last SyncBroadcast among them."""
        heard = [message for message in self.heard(client_id) if isinstance(message, SyncBroadcast)]
        assert heard, f"{client_id} heard of no command"
        return heard[-1]

    def ordered(self) -> list[RoomEffect]:
        """Take the effects other than SendTo since the last call."""
        orders, self.orders = self.orders, []
        return orders

    def goes_on(self) -> None:
        """Forget all messages and effects so far."""
        self._heard.clear()
        self.orders.clear()

    def nobody_heard_more(self) -> None:
        assert self._heard == []

    @property
    def timeline(self) -> Timeline:
        return self.room.view().timeline

    def member(self, client_id: str) -> Member:
        (member,) = (member for member in self.room.view().members if member.client_id == client_id)
        return member

    @property
    def ids(self) -> list[str]:
        return [member.client_id for member in self.room.view().members]

    def asks(self, client_id: str) -> RoomState:
        """Let a member send GetRoom, and return the answer."""
        self.says(client_id, GetRoom(), re="asks")
        (state,) = [message for message in self.heard(client_id) if isinstance(message, RoomState)]
        return state
