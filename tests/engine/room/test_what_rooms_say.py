"""Whatever members do that the protocol allows: what a room says can be read by clients, what it keeps by servers."""

from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hangd.engine.room.admission.identity import Identity
from hangd.engine.room.effects import CheckPassword, HashPassword, RoomEffect, SendTo, SignInvite
from hangd.engine.room.inputs import (
    ConnectionLost,
    ConnectionResumed,
    CreateRequested,
    JoinRequested,
    LatencyMeasured,
    MessageReceived,
    PasswordChecked,
    PasswordHashed,
    RoomInput,
)
from hangd.engine.room.room import Room
from hangd.engine.room.saved import BasicMember, SavedRoom
from hangd.engine.room.state import RoomSettings
from hangd.protocol.codec import decode_client, decode_server, encode_client, encode_server
from hangd.protocol.errors import RemoteProtocolError
from hangd.protocol.invites import CreateInvite, GetBans, GetInvites, InviteCreated, Unban
from hangd.protocol.messages import (
    ClientMessage,
    CreateRoom,
    GetRoom,
    Hello,
    JoinRoom,
    Kick,
    LeaveRoom,
    Pause,
    Play,
    QueueInsert,
    QueueMove,
    QueueRemove,
    Report,
    Rooms,
    RoomState,
    Say,
    Seek,
    ServerMessage,
    SetEntry,
    SetFile,
    SetMedia,
    SetPolicy,
    SetReady,
    SetRole,
    Speed,
    Stop,
)
from hangd.protocol.model import CAPACITY_MAX, MEMBERS_MAX, QUEUE_MAX, SECONDS_MAX, FileInfo, PolicyChange, QueueItem
from hangd.protocol.names import NAME_MAX
from tests.support.rooms.stage import HASH, SECRET
from tests.support.rooms.strategies import values

FULL = QueueInsert("end", (QueueItem(FileInfo(size=1)),) * (QUEUE_MAX - 1))
EVERYBODY = PolicyChange(control="everyone", match="none")
UNSEEN = ("\u200b", "\u200d", "\u202e", "\u2066", "\ufeff", "\u3164", "\ufe0f", "\xad")
SPACES = (" ", "\xa0", "\u2003", "\u3000")
LETTERS = (
    *UNSEEN,
    *SPACES,
    *("\u0301", "\u0323", "\u0308"),  # they join the letter before
    *("a", "A", "e", "é", "ü", "ﬁ", "İ", "\u0958", "各", "🎬", "-2", "2", "-"),
)


def called(text: str) -> str | None:
    """Return the name that a client gets which says Hello with this text. None: it is refused."""
    hello = {"type": "Hello", "payload": {"protocol": 1, "name": text, "client": "c"}}
    try:
        message = decode_client(msgspec.json.encode(hello)).message
    except RemoteProtocolError:
        return None
    assert isinstance(message, Hello)
    return message.name


texts = st.one_of(
    st.lists(st.sampled_from(LETTERS), max_size=5).map("".join),
    st.builds(
        lambda before, letter, after, length: before + letter * max(0, length - len(before) - len(after)) + after,
        before=st.text(LETTERS[0] + " \xa0a", max_size=3),
        letter=st.sampled_from(LETTERS),
        after=st.text(LETTERS[0] + " \u0301a", max_size=3),
        length=st.integers(NAME_MAX - 2, NAME_MAX),
    ),
)
names = texts.map(called).filter(lambda name: name is not None)

disguises = st.just("") | st.builds(str.__add__, st.sampled_from(UNSEEN), st.sampled_from([*SPACES, ""]))

seconds = st.sampled_from([0.0, 1e-9, 59.9, 60.0, SECONDS_MAX - 1, SECONDS_MAX]) | st.floats(0, SECONDS_MAX)
films = values(FileInfo) | st.builds(
    FileInfo,
    size=st.sampled_from([0, 1000, 2**53 - 1]),
    duration=st.none() | seconds,
    name=st.none() | st.just("é" * 255),
)
members = st.integers(0, 3)
ids = members.map("c{}".format)
entries = st.builds("{}-{}".format, st.integers(1, 4), st.integers(0, 2))
commands: st.SearchStrategy[ClientMessage] = st.one_of(
    st.builds(Play, timestamp=seconds, force=st.booleans()),
    st.builds(Pause, timestamp=seconds, command_id=st.none() | st.just("c" * 64)),
    st.builds(Seek, timestamp=seconds),
    st.builds(Speed, rate=st.sampled_from([0.25, 1.25, 2.0]) | st.floats(0.25, 2.0)),
    st.just(Stop()),
)
requests: st.SearchStrategy[ClientMessage] = st.one_of(
    commands,
    commands,
    st.builds(
        Report,
        state=st.sampled_from(["playing", "paused", "buffering", "ended", "idle"]),
        position=seconds,
        at=st.floats(-1e12, 1e12),
        error=st.none() | st.floats(-SECONDS_MAX, SECONDS_MAX),
        clock_error=seconds,
        rev=st.integers(0, 9) | st.just(2**53 - 1),
        apart=st.booleans(),
    ),
    st.builds(SetFile, file=films),
    st.builds(SetMedia, file_hash=st.just(HASH), file=films, start=seconds, clear=st.booleans(), play=st.booleans()),
    st.builds(SetMedia, entry=entries, start=seconds, play=st.booleans()),
    st.builds(QueueInsert, after=st.none() | entries, entries=st.lists(films.map(QueueItem), max_size=3).map(tuple)),
    st.just(FULL),
    st.builds(QueueRemove, ids=st.lists(entries, max_size=3).map(tuple)),
    st.builds(QueueMove, ids=st.lists(entries, max_size=3).map(tuple), after=st.none() | entries),
    st.builds(SetEntry, id=entries, file=films),
    st.builds(SetReady, ready=st.booleans(), client_id=st.none() | ids),
    values(Say),
    values(SetPolicy),
    st.builds(SetPolicy, leave=st.just("pause"), stall=st.just("pause"), wait=st.just("everyone")),
    st.builds(SetRole, client_id=ids, role=st.sampled_from(["host", "controller", "viewer"])),
    st.builds(Kick, client_id=ids, ban=st.booleans(), reason=st.none() | st.just("\u200b " + "é" * 198)),
    values(CreateInvite),
    st.just(GetInvites()),
    st.just(GetBans()),
    st.builds(Unban, id=st.builds("b{}-e".format, st.integers(1, 4))),
    st.just(LeaveRoom()),
)
steps = st.one_of(
    st.tuples(st.just("comes"), members, names, st.sampled_from([True, True, False])),
    st.tuples(st.just("comes_in_disguise"), members, disguises, disguises),
    *[st.tuples(st.just("says"), members, requests)] * 4,
    st.tuples(st.just("goes"), members),
    st.tuples(st.just("returns"), members),
    st.tuples(st.just("pings"), members, st.floats(allow_nan=True, allow_infinity=True)),
    st.tuples(st.just("runs_far"), members, commands),
    st.tuples(st.just("waits"), st.sampled_from([0.6, 5.0, 3600.0, 1e7, 1e9])),
    st.tuples(st.just("restarts"), st.sampled_from([0.0, 1e9, -1e9])),
)


def understood(message: ServerMessage) -> None:
    """Check that a client can read this message."""
    assert decode_server(encode_server(message)).message == message


class Evening:
    """A room, and clients that do whatever they may. After each step all that it says and keeps is read."""

    def __init__(self, name: str, film: FileInfo | None, policy: PolicyChange) -> None:
        self.now, self.settings = 0.0, RoomSettings(invites=True, accounts=True, capacity=4)
        self.room = Room(room_id="room-1", epoch="e", settings=self.settings, now=0.0)
        message = CreateRoom(HASH, film, name="friday", policy=policy)
        self.feed(CreateRequested("c0", name, True, SECRET, message, 1, "r" * 16))

    def comes(self, member: int, name: str, full: bool) -> None:
        self.feed(
            JoinRequested(f"c{member}", name, full, JoinRoom("room-1", HASH), 1, f"{member}" * 16, Identity(("net:n",)))
        )

    def comes_in_disguise(self, member: int, before: str, after: str) -> None:
        """Come under the name of somebody who is there, with something around it."""
        for other in self.room.view().members[:1]:
            self.comes(member, called(f"{before}{other.name}{after[::-1]}") or other.name, full=True)

    def says(self, member: int, message: ClientMessage) -> None:
        self.feed(MessageReceived(f"c{member}", decode_client(encode_client(message)).message, 1))

    def runs_far(self, member: int, command: ClientMessage) -> None:
        """Play to the last position that there is, and beyond."""
        self.says(member, Play(timestamp=SECONDS_MAX - 0.5, force=True))
        self.waits(2.0)
        self.says(member, command)

    def goes(self, member: int) -> None:
        self.feed(ConnectionLost(f"c{member}"))

    def returns(self, member: int) -> None:
        if self.room.is_member(f"c{member}") and not self.room.is_present(f"c{member}"):
            self.feed(ConnectionResumed(f"c{member}"))

    def pings(self, member: int, rtt: float) -> None:
        self.feed(LatencyMeasured(f"c{member}", rtt))

    def waits(self, gap: float) -> None:
        self.now += gap
        self.carry_out(self.room.catch_up(self.now))

    def restarts(self, shift: float) -> None:
        self.now += shift
        saved = self.room.saved().moved(shift)
        self.room = Room.restored(saved, epoch="e", settings=self.settings, now=self.now)

    def feed(self, input: RoomInput) -> None:
        self.carry_out(self.room.handle(input, self.now))

    def carry_out(self, effects: Iterable[RoomEffect]) -> None:
        answers: list[RoomInput] = []
        for effect in effects:
            match effect:
                case SendTo(message=message):
                    understood(message)
                case SignInvite(invite=invite):
                    understood(InviteCreated(invite, "token"))
                case CheckPassword(client_id=client_id):
                    answers.append(PasswordChecked(client_id, True))
                case HashPassword(client_id=client_id):
                    answers.append(PasswordHashed(client_id, "hash"))
                case _:
                    pass
        for answer in answers:
            self.feed(answer)
        self.is_read()

    def is_read(self) -> None:
        """Check that all that the room is can be read."""
        room = self.room
        understood(RoomState(room.view()))
        understood(room.standing(self.now))
        understood(Rooms((room.summary(),)))
        assert msgspec.json.decode(msgspec.json.encode(room.saved()), type=SavedRoom) == room.saved()
        basic = room.basic_members()
        assert msgspec.json.decode(msgspec.json.encode(basic), type=tuple[BasicMember, ...]) == basic


@settings(max_examples=150, deadline=None)
@given(names, st.none() | st.none() | films, st.just(EVERYBODY) | values(PolicyChange), st.lists(steps, max_size=12))
def test_all_that_a_room_says_and_keeps_can_be_read(
    name: str, film: FileInfo | None, policy: PolicyChange, story: list[Any]
) -> None:
    evening = Evening(name, film, replace(policy, access=None))
    for deed, *rest in story:
        getattr(evening, deed)(*rest)


def test_the_largest_room_of_all_can_be_read_about() -> None:
    """It is full, and then its owner comes back, who is always let in."""
    room = Room(room_id="room-1", epoch="e", settings=RoomSettings(capacity=CAPACITY_MAX), now=0.0)
    film = FileInfo(size=1)
    room.handle(CreateRequested("c0", "ann", True, SECRET, CreateRoom(HASH, film)), 0.0)
    room.handle(MessageReceived("c0", LeaveRoom()), 0.0)
    for number in range(1, CAPACITY_MAX + 1):
        room.handle(JoinRequested(f"c{number}", f"m{number}", True, JoinRoom("room-1", HASH, film)), 0.0)
    room.handle(JoinRequested("c0", "ann", True, JoinRoom("room-1", HASH, film, host_secret=SECRET)), 0.0)
    assert room.member_count == MEMBERS_MAX
    said: list[ClientMessage] = [SetMedia(HASH, film), SetPolicy(start="ready"), Play(timestamp=0.0), GetRoom()]
    for message in said:
        for effect in room.handle(MessageReceived("c0", message), 1.0):
            if isinstance(effect, SendTo):
                understood(effect.message)
