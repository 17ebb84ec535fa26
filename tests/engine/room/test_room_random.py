"""A room under random inputs at random times: it never raises, keeps its invariants, and its orders can be obeyed."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from hangd.engine.room.effects import (
    CheckPassword,
    ForgetMember,
    ForgetRoom,
    HashPassword,
    RoomEffect,
    SendTo,
)
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
from hangd.engine.room.saved import SavedRoom
from hangd.engine.room.state import RoomSettings
from hangd.protocol.codec import decode_server, encode_server
from hangd.protocol.messages import (
    ClientMessage,
    CreateRoom,
    EntryChanged,
    Error,
    GetRoom,
    JoinRoom,
    Kick,
    LeaveRoom,
    MediaChanged,
    Pause,
    Play,
    QueueChanged,
    QueueInsert,
    QueueMove,
    QueueRemove,
    Report,
    RoomCreated,
    RoomJoined,
    RoomState,
    Say,
    Seek,
    SetEntry,
    SetFile,
    SetMedia,
    SetPolicy,
    SetReady,
    SetRole,
    Speed,
    StartChanged,
    Stop,
    SyncBroadcast,
    SyncCommand,
)
from hangd.protocol.model import FileInfo, PendingStart, PolicyChange, Queue, QueueItem
from tests.support.stage import BASIC_MESSAGES, HASH, OTHER_HASH, QUICK, SECRET

# Few of everything, so that things meet.
IDS = ("ann", "bob", "cy", "dee", "eve", "fay")
BASIC = ("eve", "fay")

ids = st.sampled_from(IDS)
positions = st.one_of(st.sampled_from([0.0, 10.0, 19.95, 20.0, 20.9, 21.5]), st.floats(0, 40))
marks = st.none() | st.sampled_from(["c1", "c2", "c3"])
requests = st.none() | st.integers(0, 9)
hashes = st.sampled_from([HASH, HASH, OTHER_HASH])
files = st.builds(
    FileInfo,
    size=st.sampled_from([1000, 1000, 2000]),
    duration=st.sampled_from([None, 0.0, 20.0, 20.5, 25.0]),
    name=st.none(),
    quick_hash=st.sampled_from([None, QUICK, OTHER_HASH]),
)


def policy_changes(kind: type[PolicyChange]) -> st.SearchStrategy[Any]:
    return st.builds(
        kind,
        control=st.sampled_from([None, None, "everyone", "host", "controllers"]),
        password=st.sampled_from([None, None, None, "", "sesame"]),
        match=st.sampled_from([None, None, "hash", "duration", "none"]),
        wait=st.sampled_from([None, "everyone", "nobody"]),
        capacity=st.none() | st.integers(1, 1000),
        locked=st.sampled_from([None, None, False, True]),
        start=st.sampled_from([None, None, "anyone", "ready", "ready", 1, 2, 3]),
        stall=st.sampled_from([None, None, "go-on", "pause"]),
        leave=st.sampled_from([None, None, "go-on", "pause"]),
        loop=st.sampled_from([None, None, "off", "film", "queue"]),
    )


reports = st.builds(
    Report,
    state=st.sampled_from(["playing", "paused", "paused", "seeking", "buffering", "ended", "idle"]),
    position=positions,
    at=st.floats(-1e12, 1e12),
    error=st.floats(-1e8, 1e8),
    clock_error=st.floats(0, 1e8),
    rev=st.one_of(st.integers(0, 20), st.integers(0, 2**53 - 1)),
    apart=st.sampled_from([False, False, False, True]),
)
commands = st.one_of(
    st.builds(Play, timestamp=positions, command_id=marks, force=st.sampled_from([False, False, False, True])),
    st.builds(Pause, timestamp=positions, command_id=marks),
    st.builds(Seek, timestamp=positions, command_id=marks),
    st.builds(Speed, rate=st.floats(0.25, 2.0), command_id=marks),
    st.builds(Stop, command_id=marks),
)
entries = st.builds("{}-{}".format, st.integers(0, 9), st.integers(0, 3))
items = st.lists(st.builds(QueueItem, file=files, file_hash=st.none() | hashes), max_size=3).map(tuple)
some_entries = st.lists(entries, max_size=4).map(tuple)
edits: st.SearchStrategy[ClientMessage] = st.one_of(
    st.builds(QueueInsert, after=st.none() | entries, entries=items),
    st.builds(QueueRemove, ids=some_entries),
    st.builds(QueueMove, ids=some_entries, after=st.none() | entries),
    st.builds(SetEntry, id=entries, file_hash=st.none() | hashes, file=st.none() | files),
)
messages: st.SearchStrategy[ClientMessage] = st.one_of(
    commands,
    reports,
    st.builds(SetFile, file=files, file_hash=st.none() | hashes, entry=st.none() | entries),
    st.builds(
        SetMedia, file_hash=st.none() | hashes, file=files, start=positions, clear=st.booleans(), play=st.booleans()
    ),
    st.builds(SetMedia, file_hash=st.none() | hashes, file=st.none() | files, entry=entries, play=st.booleans()),
    edits,
    st.builds(SetReady, ready=st.sampled_from([True, True, False]), client_id=st.none() | ids),
    st.builds(Say, text=st.just("hello")),
    policy_changes(SetPolicy),
    st.builds(SetRole, client_id=ids, role=st.sampled_from(["host", "controller", "viewer"])),
    st.builds(Kick, client_id=ids, ban=st.booleans()),
    st.just(GetRoom()),
    st.just(LeaveRoom()),
)
creations = st.one_of(
    st.builds(CreateRoom, file_hash=hashes, file=st.none() | files, policy=st.none() | policy_changes(PolicyChange)),
    st.builds(
        CreateRoom,
        file=files.map(lambda file: replace(file, quick_hash=file.quick_hash or QUICK)),
        policy=st.none() | policy_changes(PolicyChange),
    ),
)
return_secrets = st.sampled_from([f"a-return-secret-{number}" for number in range(1, 5)])
"""Of the honest hub below, which numbers them."""
joins = st.builds(
    JoinRoom,
    room_id=st.just("room-1"),
    file_hash=st.sampled_from([None, HASH, HASH, OTHER_HASH]),
    file=st.none() | files,
    password=st.sampled_from([None, "sesame"]),
    host_secret=st.sampled_from([None, None, SECRET, "a-wrong-secret-of-nobody"]),
    return_secret=st.none() | return_secrets,
)
gaps = st.one_of(st.just(0.0), st.floats(0, 0.6), st.floats(0, 40), st.floats(0, 1000))

inputs: st.SearchStrategy[RoomInput] = st.one_of(
    st.builds(
        CreateRequested,
        client_id=ids,
        name=ids,
        full=st.booleans(),
        host_secret=st.just(SECRET),
        message=creations,
        request_id=requests,
    ),
    st.builds(JoinRequested, client_id=ids, name=ids, full=st.booleans(), message=joins, request_id=requests),
    st.builds(PasswordChecked, client_id=ids, matches=st.booleans()),
    st.builds(PasswordHashed, client_id=ids, password_hash=st.just("hash")),
    st.builds(MessageReceived, client_id=ids, message=messages, request_id=requests),
    st.builds(ConnectionLost, client_id=ids),
    st.builds(ConnectionResumed, client_id=ids),
    st.builds(LatencyMeasured, client_id=ids, rtt=st.floats(allow_nan=True, allow_infinity=True)),
)


def room_settings(echo: Any = "full") -> RoomSettings:
    return RoomSettings(ttl=60.0, away=9.0, capacity=4, echo=echo)


def new_room(echo: Any = "full") -> Room:
    return Room(room_id="room-1", epoch="e", settings=room_settings(echo), now=0.0)


@given(st.lists(st.tuples(inputs, st.floats(-1, 50)), max_size=40))
def test_random_inputs_keep_the_invariants(steps: list[tuple[RoomInput, float]]) -> None:
    """The inputs may contradict each other and time may run backwards, as after a bug in the hub."""
    room, now = new_room(), 0.0
    for input, gap in steps:
        now += gap
        room.handle(input, now)
        room.check()
        deadline = room.deadline()
        room.expire(now if deadline is None else max(now, deadline))
        room.check()


@given(st.lists(st.tuples(inputs, st.one_of(st.just(0.0), st.floats(0, 0.6), st.floats(0, 50))), max_size=40))
def test_a_room_at_rest_has_nothing_to_do(steps: list[tuple[RoomInput, float]]) -> None:
    """Until its deadline: `Room.handle` relies on that and skips a check."""
    room, now = new_room(), 0.0
    film = FileInfo(size=1000)
    room.handle(CreateRequested("ann", "ann", True, SECRET, CreateRoom(file_hash=HASH, file=film)), now)
    room.handle(JoinRequested("bob", "bob", True, JoinRoom(room_id="room-1", file_hash=HASH, file=film)), now)
    for input, gap in steps:
        now += gap
        room.handle(input, now)
        now += gap / 3
        if room._at_rest and ((deadline := room.deadline()) is None or now < deadline):
            before = room.view()
            assert room.expire(now) == []
            assert (room.view(), room._at_rest) == (before, True)


class _Thorough(Room):
    """Never takes the short way for a repeated report."""

    def _repeating(self, input: RoomInput) -> None:
        return None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ann", "bob"]),
            st.sampled_from(["playing", "playing", "paused", "paused", "buffering", "ended"]) | commands,
            st.sampled_from([0.0, 0.3, 0.7, 2.0]),
            st.sampled_from([0.0, 0.0, 1.0]),
        ),
        max_size=40,
    ),
    st.sampled_from([None, 20.0]),
)
def test_a_repeated_report_has_the_same_effects_without_the_full_check(
    steps: list[Any], duration: float | None
) -> None:
    """A room that takes the short way for it does the same as one that does not."""
    film = FileInfo(size=1000, duration=duration)
    rooms = [kind(room_id="room-1", epoch="e", settings=room_settings(), now=0.0) for kind in (Room, _Thorough)]
    create = CreateRoom(file_hash=HASH, file=film, policy=PolicyChange(wait="everyone"))
    join = JoinRoom(room_id="room-1", file_hash=HASH, file=film)
    for room in rooms:
        room.handle(CreateRequested("ann", "ann", True, SECRET, create), 0.0)
        room.handle(JoinRequested("bob", "bob", True, join), 0.0)
    now = 0.0
    for client, said, gap, off in steps:
        now += gap
        line = rooms[0].timeline
        report = None if isinstance(said, SyncCommand) else Report(said, line.position + off, now, rev=line.rev)
        input = MessageReceived(client, report or said)
        quick, thorough = [(room.handle(input, now), room.deadline(), room.view()) for room in rooms]
        assert quick == thorough
        rooms[0].check()


class HonestHub(RuleBasedStateMachine):
    """Inputs as a hub gives them: in order, on time, and only about clients that are there."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.inside: set[str] = set()
        """Members present, and those whose join is under way."""
        self.away: set[str] = set()
        self.checking: list[str] = []
        self.hashing: list[str] = []
        self.rev = 0
        self.starts: dict[str, PendingStart | None] = {}
        """The pending start that each client heard of last."""
        self.told: dict[str, Queue] = {}
        """The queue that each client heard of last."""
        self.gone = False
        self.clock_shift = 0.0
        self.saved: tuple[int, SavedRoom] | None = None

    @initialize(message=creations, creator=ids, echo=st.sampled_from(["full", "full", "always", "never"]))
    def create(self, message: CreateRoom, creator: str, echo: str) -> None:
        self.room = new_room(echo)
        self.settings = room_settings(echo)
        self.secrets_made = 0
        self.inside.add(creator)
        self.feed(CreateRequested(creator, creator, creator not in BASIC, SECRET, message, 1))
        assert creator in self.inside

    @rule(client=ids, message=joins)
    def join(self, client: str, message: JoinRoom) -> None:
        if not self.gone and client not in self.inside | self.away:
            self.inside.add(client)
            self.secrets_made += 1
            secret = f"a-return-secret-{self.secrets_made}"
            self.feed(JoinRequested(client, client, client not in BASIC, message, 1, secret))

    @rule(client=ids, message=messages, request=requests)
    def say(self, client: str, message: ClientMessage, request: int | None) -> None:
        if client in self.inside and client not in self.checking:
            self.feed(MessageReceived(client, message, request))

    @rule(client=ids, command=commands)
    def command(self, client: str, command: ClientMessage) -> None:
        """Again, because commands are what the most can go wrong about."""
        self.say(client, command, None)

    @rule(client=ids, state=st.sampled_from(["paused", "buffering", "playing"]))
    def report(self, client: str, state: Any) -> None:
        """A report that fits, so that gates open."""
        if self.gone:
            return
        timeline = self.room.view().timeline
        self.say(client, Report(state=state, position=timeline.position, at=self.now, rev=timeline.rev), None)

    def somebody(self, client: str) -> str:
        """Return this client if it is in the room, else one that is: what is rare is not to fall flat as well."""
        return client if client in self.inside else min(self.inside - set(self.checking), default=client)

    @rule(client=ids, edit=edits, places=st.lists(st.integers(0, 5), min_size=1, max_size=6))
    def edit(self, client: str, edit: ClientMessage, places: list[int]) -> None:
        """An edit about entries that are there, so that some are carried out."""
        there = [entry.id for entry in self.room.view().queue.entries]
        found = tuple(there[place] for place in places if place < len(there))
        match edit:
            case QueueInsert():
                edit = replace(edit, after=found[0] if found else None)
            case QueueRemove():
                edit = replace(edit, ids=found[:1])
            case QueueMove():
                edit = replace(edit, ids=found, after=there[-1] if there else None)
            case SetEntry():
                edit = replace(edit, id=found[0] if found else "0-0")
        self.say(self.somebody(client), edit, None)

    @rule(client=ids, place=st.integers(0, 5), play=st.booleans(), has_it=st.booleans(), clear=st.booleans())
    def choose(self, client: str, place: int, play: bool, has_it: bool, clear: bool) -> None:
        """Another film of the queue."""
        if place >= len(entries := self.room.view().queue.entries):
            return
        entry = entries[place]
        self.say(self.somebody(client), SetMedia(entry=entry.id, play=play, clear=clear), None)
        if not has_it:
            return
        message = SetFile(file=entry.file, file_hash=entry.file_hash, entry=entry.id)
        self.say(self.somebody(client), message, None)

    @rule(client=ids, start=st.sampled_from(["ready", "ready", 1, 2]), loop=st.sampled_from(["off", "film", "queue"]))
    def wait_for_ready(self, client: str, start: Any, loop: Any) -> None:
        """A start that has to wait."""
        if not self.gone:
            self.say(self.somebody(client), SetPolicy(start=start, loop=loop, stall="pause", leave="pause"), None)
            self.say(self.somebody(client), Play(timestamp=self.room.timeline.position), None)

    @rule(clients=st.sets(ids))
    def get_ready(self, clients: set[str]) -> None:
        for client in sorted(clients):
            self.say(client, SetReady(ready=True), None)

    @rule(client=ids)
    def run_out(self, client: str) -> None:
        """Play the film to its end, where one can: by the room's clock, or by what the players say."""
        file = self.room.view().file
        length = 0.0 if file is None else file.duration or 0.0
        self.say(self.somebody(client), Play(timestamp=max(0.0, length - 0.5)), None)
        self.wait(1.5)
        if length == 0.0:
            for other in IDS:
                self.report(other, "ended")

    @rule(client=ids)
    def show(self, client: str) -> None:
        """Say that one has the room's film, so that others are waited for."""
        room = self.room.view()
        self.say(client, SetFile(file=room.file or FileInfo(size=1000), file_hash=room.file_hash), None)

    @rule(matches=st.booleans())
    def check_password(self, matches: bool) -> None:
        if self.checking:
            self.feed(PasswordChecked(self.checking.pop(0), matches))

    @rule()
    def hash_password(self) -> None:
        if self.hashing:
            self.feed(PasswordHashed(self.hashing.pop(0), "hash"))

    @rule(client=ids)
    def lose(self, client: str) -> None:
        if client in self.inside:
            # What was due before the room hears of it may still be meant for this client.
            self.feed(ConnectionLost(client))
            if client in self.inside and client not in self.checking and client not in BASIC:
                self.away.add(client)
            self.inside.discard(client)
            self.checking = [other for other in self.checking if other != client]

    @rule(client=ids)
    def resume(self, client: str) -> None:
        if client in self.away:
            self.away.discard(client)
            self.inside.add(client)
            self.told[client] = self.room.view().queue  # with its Welcome
            self.starts[client] = self.room.view().start
            self.feed(ConnectionResumed(client))

    @rule(client=ids, rtt=st.floats(0, 2))
    def measure(self, client: str, rtt: float) -> None:
        if client in self.inside:
            self.feed(LatencyMeasured(client, rtt))

    @rule(gap=gaps)
    def wait(self, gap: float) -> None:
        """Let time pass; the room is woken on time."""
        until = self.now + gap
        for _ in range(10_000):
            deadline = self.room.deadline()
            if deadline is None or deadline > until:
                break
            self.now = max(self.now, deadline)
            self.obey(self.room.expire(self.now))
            after = self.room.deadline()
            assert after is None or after > self.now
        else:
            raise AssertionError("a room that does not rest")
        self.now = until

    @rule(meanwhile=gaps, back=st.sets(ids))
    def restart(self, meanwhile: float, back: set[str]) -> None:
        """The server is killed, and comes back with what was saved, maybe by another clock. Some return at once."""
        if self.gone:
            return
        saved = msgspec.json.decode(msgspec.json.encode(self.room.saved()), type=SavedRoom)
        assert saved == self.room.saved()
        self.now += meanwhile
        self.clock_shift = -1000.0 - self.clock_shift
        self.now += self.clock_shift
        self.room = Room.restored(saved.moved(self.clock_shift), epoch="e", settings=self.settings, now=self.now)
        self.saved = None
        self.away = {client for client in self.inside - set(self.checking) | self.away if client not in BASIC}
        self.inside.clear()
        self.checking.clear()
        self.hashing.clear()
        for client in sorted(back):
            self.resume(client)

    @rule()
    def recover(self) -> None:
        """An effect could not be carried out. The room's state is right, so only messages follow."""
        if not self.gone:
            self.obey(self.room.recover(self.now, self.inside))

    @rule(gap=gaps)
    def oversleep(self, gap: float) -> None:
        """Let time pass without waking the room: a busy loop."""
        self.now += gap

    def feed(self, input: RoomInput) -> None:
        if not self.gone:
            self.obey(self.room.handle(input, self.now))

    def obey(self, effects: list[RoomEffect]) -> None:
        assert not (self.gone and effects)
        for index, effect in enumerate(effects):
            match effect:
                case SendTo():
                    self.deliver(effect)
                case CheckPassword(client_id=client_id):
                    assert client_id in self.inside
                    self.checking.append(client_id)
                case HashPassword(client_id=client_id):
                    self.hashing.append(client_id)
                    assert len(self.hashing) == 1
                case ForgetMember(client_id=client_id):
                    assert client_id in self.inside | self.away
                    self.inside.discard(client_id)
                    self.away.discard(client_id)
                case ForgetRoom():
                    assert index == len(effects) - 1
                    assert not self.inside - set(self.checking)
                    self.gone = True

    def deliver(self, order: SendTo) -> None:
        assert order.client_ids
        assert len(set(order.client_ids)) == len(order.client_ids)
        assert set(order.client_ids) <= self.inside, "nobody is spoken to who is not there"
        assert order.re is None or len(order.client_ids) == 1
        message = order.message
        assert decode_server(encode_server(message, order.re)).message == message, "what is said is valid"
        for client_id in order.client_ids:
            if client_id in BASIC and order.re is None:
                assert isinstance(message, BASIC_MESSAGES) or type(message).__name__ == "RoomState"
        if isinstance(message, SyncBroadcast | MediaChanged):
            assert message.timeline.rev >= self.rev, "revs rise"
            self.rev = message.timeline.rev
        if isinstance(message, Error):
            assert message.message
        match message:
            case QueueChanged(queue=queue) | MediaChanged(queue=queue):
                for client_id in order.client_ids:
                    assert queue.rev >= self.told[client_id].rev + (order.re is None), "what is told unasked is new"
                self.told.update(dict.fromkeys(order.client_ids, queue))
            case EntryChanged(entry=entry):
                for client_id in order.client_ids:
                    known = self.told[client_id]
                    entries = tuple(entry if other.id == entry.id else other for other in known.entries)
                    self.told[client_id] = replace(known, entries=entries)
            case RoomCreated(room=room) | RoomJoined(room=room) | RoomState(room=room):
                self.told.update(dict.fromkeys(order.client_ids, room.queue))
                self.starts.update(dict.fromkeys(order.client_ids, room.start))
            case StartChanged(start=start):
                self.starts.update(dict.fromkeys(order.client_ids, start))
            case _:
                pass

    @invariant()
    def whole(self) -> None:
        if not hasattr(self, "room"):
            return
        self.room.check()
        snapshot = self.room.view()
        members = {member.client_id: member for member in snapshot.members}
        assert set(members) == (self.inside - set(self.checking)) | self.away
        assert {client_id for client_id, member in members.items() if member.state == "away"} == self.away
        assert snapshot.timeline.rev == self.room.timeline.rev
        for client_id in self.inside - set(self.checking) - set(BASIC):
            assert self.starts[client_id] == snapshot.start, "everybody knows what the room waits for"
            told = self.told[client_id]
            assert (told.rev, told.current) == (snapshot.queue.rev, snapshot.queue.current), "everybody knows the queue"
            assert [(entry.id, entry.file_hash) for entry in told.entries] == [
                (entry.id, entry.file_hash) for entry in snapshot.queue.entries
            ]

    @invariant()
    def whoever_keeps_it_knows_when_to(self) -> None:
        if not hasattr(self, "room") or self.gone:
            return
        changes, saved = self.room.changes, self.room.saved()
        assert self.saved is None or self.saved[0] != changes or self.saved[1] == saved
        self.saved = changes, saved


HonestHub.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestHonestHub = HonestHub.TestCase
