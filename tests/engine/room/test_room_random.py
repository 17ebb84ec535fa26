"""A room under random inputs at random times: it never raises, keeps its invariants, and its orders can be obeyed."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from hangd.client.server.room_view import RoomView
from hangd.engine.room.admission.identity import BadInvite, GivenInvite, Identity
from hangd.engine.room.effects import (
    CheckPassword,
    ForgetMember,
    ForgetRoom,
    HashPassword,
    LetIn,
    RoomEffect,
    SendTo,
    ShowRoom,
    SignInvite,
)
from hangd.engine.room.inputs import (
    AccountEnded,
    AnswerLost,
    CheckLost,
    ConnectionLost,
    ConnectionResumed,
    CreateRequested,
    EntryRequest,
    HashLost,
    IdentityChanged,
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
from hangd.protocol.codec import decode_server, encode_server
from hangd.protocol.errors import RequestRefused
from hangd.protocol.films import MediaChanged, QueueChanged
from hangd.protocol.invites import CreateInvite, GetBans, GetInvites, RevokeInvites, TrustRequest, Unban
from hangd.protocol.messages import (
    ClientMessage,
    CreateRoom,
    Error,
    GetRoom,
    JoinRoom,
    Kick,
    LeaveRoom,
    Pause,
    Play,
    QueueInsert,
    QueueMove,
    QueueRemove,
    Report,
    RoomCreated,
    RoomJoined,
    Say,
    Seek,
    SetEntry,
    SetFile,
    SetMedia,
    SetPolicy,
    SetReady,
    SetRole,
    Speed,
    Stop,
    SyncBroadcast,
    SyncCommand,
)
from hangd.protocol.model import FileInfo, PolicyChange, QueueItem
from tests.support.rooms.stage import BASIC_MESSAGES, HASH, OTHER_HASH, QUICK, SECRET

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
        access=st.sampled_from([None, None, "anyone", "accounts", "invited"]),
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
invite_ids = st.builds("{}-{}{}-e".format, st.integers(0, 3), st.sampled_from("iu"), st.integers(1, 9))
invite_requests: st.SearchStrategy[ClientMessage] = st.one_of(
    st.builds(CreateInvite, role=st.sampled_from(["viewer", "controller"]), uses=st.sampled_from([None, 1, 2])),
    st.just(GetInvites()),
    st.builds(RevokeInvites, id=st.none() | invite_ids, everybodys=st.booleans()),
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
    st.just(GetBans()),
    st.builds(Unban, id=st.builds("b{}-e".format, st.integers(1, 9))),
    invite_requests,
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
identities = st.builds(
    lambda account, device, network: Identity(
        tuple(
            kind + tag
            for kind, tag in (("acc:", account), ("dev:", device), ("net:", network), ("log:", account))
            if tag
        ),
        account,
    ),
    account=st.sampled_from([None, None, "a", "b"]),
    device=st.sampled_from([None, "x", "y", "z"]),
    network=st.sampled_from([None, "home", "cafe"]),
)
gaps = st.one_of(st.just(0.0), st.floats(0, 0.6), st.floats(0, 40), st.floats(0, 1000))

entry_requests: st.SearchStrategy[EntryRequest] = st.one_of(
    st.builds(
        CreateRequested,
        client_id=ids,
        name=ids,
        full=st.booleans(),
        host_secret=st.just(SECRET),
        message=creations,
        request_id=requests,
        identity=identities,
    ),
    st.builds(
        JoinRequested,
        client_id=ids,
        name=ids,
        full=st.booleans(),
        message=joins,
        request_id=requests,
        return_secret=st.none() | return_secrets,
        identity=identities,
        invite=st.none()
        | st.builds(
            GivenInvite,
            id=invite_ids,
            room_id=st.sampled_from(["room-1", "room-1", "room-2"]),
            role=st.sampled_from(["viewer", "controller"]),
            issuer=st.just("i"),
        )
        | st.just(BadInvite("forged")),
        limited=st.sampled_from([None, None, RequestRefused.rate_limited("wait")]),
    ),
)
inputs: st.SearchStrategy[RoomInput] = st.one_of(
    entry_requests,
    st.builds(AnswerLost, request=entry_requests),
    st.builds(
        PasswordChecked,
        client_id=ids,
        matches=st.booleans() | st.just(RequestRefused.rate_limited("wait")),
    ),
    st.builds(IdentityChanged, client_id=ids, identity=identities),
    st.builds(
        AccountEnded,
        tag=st.sampled_from(["acc:a", "dev:x", "log:a"]),
        reason=st.sampled_from(["ended", "left"]),
        detail=st.just("no"),
    ),
    st.builds(PasswordHashed, client_id=ids, password_hash=st.just("hash")),
    st.builds(CheckLost, client_id=ids),
    st.builds(HashLost, client_id=ids),
    st.builds(MessageReceived, client_id=ids, message=messages, request_id=requests),
    st.builds(ConnectionLost, client_id=ids),
    st.builds(ConnectionResumed, client_id=ids, identity=identities),
    st.builds(LatencyMeasured, client_id=ids, rtt=st.floats(allow_nan=True, allow_infinity=True)),
)


def room_settings(echo: Any = "full", *, needs_account: bool = False) -> RoomSettings:
    return RoomSettings(
        ttl=60.0, away=9.0, capacity=4, echo=echo, accounts=True, needs_account=needs_account, invites=True
    )


def new_room(echo: Any = "full", *, needs_account: bool = False) -> Room:
    settings = room_settings(echo, needs_account=needs_account)
    return Room(room_id="room-1", epoch="e", settings=settings, now=0.0)


@given(st.lists(st.tuples(inputs, st.floats(-1, 50)), max_size=40), st.booleans())
def test_random_inputs_keep_the_invariants(steps: list[tuple[RoomInput, float]], needs_account: bool) -> None:
    """The inputs may contradict each other and time may run backwards, as after a bug in the hub."""
    room, now = new_room(needs_account=needs_account), 0.0
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

    def _is_repeating(self, input: RoomInput) -> bool:
        return False


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
        self.returning: set[str] = set()
        self.losing: str | None = None
        """Members present, and those whose join is under way."""
        self.away: set[str] = set()
        self.entering: set[str] = set()
        """Those whose join is under way."""
        self.checking: list[str] = []
        """Those whose password is being compared."""
        self.signed: list[GivenInvite] = []
        self.hashing: list[str] = []
        self.rev = 0
        self.views: dict[str, RoomView] = {}
        """What each client knows of the room."""
        self.gone = False
        self.clock_shift = 0.0
        self.saved: tuple[int, SavedRoom] | None = None

    @initialize(message=creations, creator=ids, echo=st.sampled_from(["full", "full", "always", "never"]))
    def create(self, message: CreateRoom, creator: str, echo: str) -> None:
        self.room = new_room(echo)
        self.settings = room_settings(echo)
        self.secrets_made = 0
        self.inside.add(creator)
        self.entering.add(creator)
        self.feed(CreateRequested(creator, creator, creator not in BASIC, SECRET, message, 1))
        assert creator in self.inside

    @rule(client=ids, message=joins, identity=identities, choice=st.integers(0, 9))
    def join(self, client: str, message: JoinRoom, identity: Identity, choice: int) -> None:
        if not self.gone and client not in self.inside | self.away:
            self.inside.add(client)
            self.entering.add(client)
            self.secrets_made += 1
            secret = f"a-return-secret-{self.secrets_made}"
            given = self.signed[choice] if choice < len(self.signed) else None
            before = self.uses()
            self.feed(JoinRequested(client, client, client not in BASIC, message, 1, secret, identity, given))
            left = before.get(given.id) if given is not None else None
            if given is None or left is None or message.return_secret is not None:
                return
            is_used = client in self.inside - self.entering and message.host_secret != SECRET
            assert self.uses().get(given.id, 0) == left - is_used, "an invite is used by whoever comes in by it"

    @rule(client=ids, uses=st.sampled_from([1, 2]))
    def come_by_an_invite(self, client: str, uses: int) -> None:
        """A limited invite that is used until it is used up, by as many as there are."""
        if self.gone or not self.inside - self.entering - set(BASIC):
            return
        before = len(self.signed)
        self.say(self.somebody(client), CreateInvite(uses=uses), 1)
        room = self.room.view()
        message = JoinRoom(room_id="room-1", file_hash=room.file_hash or HASH, file=room.file)
        for other in IDS if len(self.signed) > before else ():
            self.join(other, message, Identity(), before)

    def uses(self) -> dict[str, int | None]:
        """Return how many members each invite may still let in, of those that the room remembers."""
        return {one.id: one.uses for one in self.room.saved().invites}

    @rule(client=ids, request=invite_requests)
    def invite(self, client: str, request: ClientMessage) -> None:
        self.say(self.somebody(client), request, 1)

    @rule(client=ids, other=ids)
    def ban(self, client: str, other: str) -> None:
        self.say(self.somebody(client), Kick(other, ban=True), None)

    @rule(client=ids, identity=identities)
    def identify(self, client: str, identity: Identity) -> None:
        if client in self.inside:
            self.feed(IdentityChanged(client, identity))

    @rule(tag=st.sampled_from(["acc:a", "dev:x", "log:a"]))
    def end_account(self, tag: str) -> None:
        self.feed(AccountEnded(tag, "ended", "you are banned from this server"))

    @rule(client=ids, message=messages, request=requests)
    def say(self, client: str, message: ClientMessage, request: int | None) -> None:
        if client in BASIC and isinstance(message, TrustRequest):
            return  # Its session refuses that.
        if client in self.inside and client not in self.entering:
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
        return client if client in self.inside else min(self.inside - self.entering, default=client)

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

    @rule(is_lost=st.booleans())
    def hash_password(self, is_lost: bool) -> None:
        if self.hashing:
            client = self.hashing.pop(0)
            self.feed(HashLost(client) if is_lost else PasswordHashed(client, "hash"))

    @rule(client=ids, is_told=st.booleans())
    def lose(self, client: str, is_told: bool = False) -> None:
        if client in self.inside:
            # What was due before the room hears of it may still be meant for this client.
            self.losing = client
            self.feed(ConnectionLost(client))
            self.losing = None
            if client in self.inside and client not in self.entering and client not in BASIC:
                self.away.add(client)
            self.inside.discard(client)
            self.entering.discard(client)
            if client in self.checking:
                self.checking.remove(client)
                self.feed(CheckLost(client) if is_told else PasswordChecked(client, True))

    @rule(client=ids, identity=identities)
    def resume(self, client: str, identity: Identity) -> None:
        if client in self.away:
            self.away.discard(client)
            self.inside.add(client)
            self.returning.add(client)
            self.feed(ConnectionResumed(client, identity))

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
        self.away = {client for client in self.inside - self.entering | self.away if client not in BASIC}
        self.inside.clear()
        self.entering.clear()
        self.checking.clear()
        self.hashing.clear()
        for client in sorted(back):
            self.resume(client, Identity())

    @rule(meanwhile=gaps, lost=st.sets(ids), back=st.sets(ids))
    def change_owner(self, meanwhile: float, lost: set[str], back: set[str]) -> None:
        """Another server of a cluster takes the room over, while basic members stay connected, except some."""
        if self.gone:
            return
        basic = msgspec.json.decode(msgspec.json.encode(self.room.basic_members()), type=tuple[BasicMember, ...])
        assert basic == self.room.basic_members()
        saved, order = self.room.saved().with_basic(basic), [one.client_id for one in self.room.view().members]
        self.now += meanwhile
        self.room = Room.restored(saved, epoch="e", settings=self.settings, now=self.now)
        assert [one.client_id for one in self.room.view().members] == order
        self.saved = None
        present = self.inside - self.entering
        self.away = {client for client in present | self.away if client not in BASIC}
        self.inside = present & set(BASIC)
        self.entering.clear()
        self.checking.clear()
        self.hashing.clear()
        for client in sorted(lost & self.inside):
            self.lose(client)
        for client in sorted(back):
            self.resume(client, Identity())

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
                case LetIn(client_id=client_id):
                    self.entering.discard(client_id)
                case SignInvite(client_id=client_id, invite=invite, issuer=issuer):
                    assert client_id in self.inside - self.entering
                    self.signed.append(GivenInvite(invite.id, "room-1", invite.role, issuer))
                case HashPassword(client_id=client_id):
                    self.hashing.append(client_id)
                    assert len(self.hashing) == 1
                case ShowRoom(client_id=client_id, room=shown):
                    self.returning.discard(client_id)
                    if shown is None:  # its place was kept until now, and the room was not woken before
                        assert client_id not in self.inside, "the room has forgotten it first"
                        continue
                    assert client_id in {member.client_id for member in shown.members}
                    self.views[client_id].enter(shown, client_id)  # with its Welcome
                case ForgetMember(client_id=client_id):
                    assert client_id in self.inside | self.away
                    self.inside.discard(client_id)
                    self.entering.discard(client_id)
                    self.away.discard(client_id)
                    self.views.pop(client_id, None)
                case ForgetRoom():
                    assert index == len(effects) - 1
                    assert not self.inside
                    self.gone = True

    def deliver(self, order: SendTo) -> None:
        assert order.client_ids
        assert len(set(order.client_ids)) == len(order.client_ids)
        assert set(order.client_ids) <= self.inside, "nobody is spoken to who is not there"
        assert order.re is None or len(order.client_ids) == 1
        if order.audience != "these":
            present = self.inside - self.entering - self.returning
            audience = {"all": present, "full": present - set(BASIC), "basic": present & set(BASIC)}[order.audience]
            assert set(order.members) - {self.losing} == audience - {self.losing}, (
                "whoever carries out the orders one by one knows who is meant"
            )
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
        for client_id in order.client_ids:
            view = self.views.get(client_id)
            if isinstance(message, RoomCreated | RoomJoined):
                self.views[client_id] = RoomView(message.room, client_id, "ws://hang.example/ws")
            elif view is not None:
                if isinstance(message, QueueChanged | MediaChanged):
                    assert message.change.rev == view.queue.rev + 1, "what is told is the next change"
                view.learn(message)

    @invariant()
    def whole(self) -> None:
        if not hasattr(self, "room"):
            return
        self.room.check()
        snapshot = self.room.view()
        members = {member.client_id: member for member in snapshot.members}
        untold, untimed = self.room._data.untold, {"heard_at": None, "rtt": None}
        assert set(members) == (self.inside - self.entering) | self.away
        assert {client_id for client_id, member in members.items() if member.state == "away"} == self.away
        assert snapshot.timeline.rev == self.room.timeline.rev
        for client_id in self.inside - self.entering - set(BASIC):
            view = self.views[client_id]
            assert (view.queue, view.is_behind) == (snapshot.queue, False), "everybody knows the queue"
            assert (view.file_hash, view.file) == (snapshot.file_hash, snapshot.file), "and the film"
            assert view.start == snapshot.start, "and what the room waits for"
            assert view.members.keys() == members.keys()
            for name, member in view.members.items():
                other = members[name]
                assert (member.ready, member.verifying, member.file) == (other.ready, other.verifying, other.file)
                if name != client_id and name not in untold.states and name not in untold.positions:
                    assert replace(member, **untimed) == replace(other, **untimed), "and what the others' players do"

    @invariant()
    def whoever_keeps_it_knows_when_to(self) -> None:
        if not hasattr(self, "room") or self.gone:
            return
        changes, saved = self.room.changes, replace(self.room.saved(), watching=None)  # which is saved once a minute
        assert self.saved is None or self.saved[0] != changes or self.saved[1] == saved
        self.saved = changes, saved


# At a door where much happens, and where little else keeps anybody out.
visits = st.builds(
    lambda *parts: parts,
    ids,
    st.builds(
        JoinRoom,
        room_id=st.just("room-1"),
        file_hash=st.just(HASH),
        password=st.sampled_from([None, "sesame", "wrong"]),
    ),
    identities,
    st.integers(-1, 4),
)
wide = RoomSettings(capacity=50, accounts=True, invites=True)


@given(
    st.lists(
        st.one_of(
            visits,
            visits,
            st.builds(MessageReceived, client_id=st.sampled_from(["ann", "ann", "bob"]), message=invite_requests),
            st.builds(
                MessageReceived,
                client_id=st.just("ann"),
                message=st.one_of(
                    st.builds(
                        SetPolicy,
                        access=st.sampled_from([None, "anyone", "accounts", "invited"]),
                        locked=st.sampled_from([None, None, None, False, True]),
                        password=st.sampled_from([None, None, None, "", "sesame"]),
                    ),
                    st.builds(Kick, client_id=ids, ban=st.just(True)),
                    st.builds(Unban, id=st.builds("b{}-e".format, st.integers(1, 4))),
                ),
            ),
        ),
        max_size=40,
    ),
    st.lists(visits, min_size=4, max_size=12),
    st.sampled_from([0.0, 5000.0]),
)
def test_a_restored_room_lets_in_whom_the_room_before_let_in(
    story: list[Any], tries: list[tuple[str, JoinRoom, Identity, int]], clock: float
) -> None:
    """Bans, invites, their uses and revocations, the lock, the password and the access: after a restart they hold."""
    room, signed = Room(room_id="room-1", epoch="e", settings=wide, now=0.0), list[GivenInvite]()

    def given(choice: int) -> GivenInvite | None:
        return signed[choice] if 0 <= choice < len(signed) else None

    room.handle(CreateRequested("ann", "ann", True, SECRET, CreateRoom(file_hash=HASH)), 0.0)
    for step in story:
        if isinstance(step, MessageReceived):
            effects = room.handle(step, 1.0)
        else:
            client, message, identity, choice = step
            effects = room.handle(
                JoinRequested(client, client, True, message, 1, f"{client}-secret", identity, given(choice)), 1.0
            )
        for effect in effects:
            match effect:
                case SignInvite(invite=invite, issuer=issuer):
                    signed.append(GivenInvite(invite.id, "room-1", invite.role, issuer))
                case CheckPassword(client_id=client_id, password=password):
                    room.handle(PasswordChecked(client_id, password == "sesame"), 1.0)
                case HashPassword(client_id=client_id):
                    room.handle(PasswordHashed(client_id, "hash"), 1.0)
        room.check()
    saved = msgspec.json.decode(msgspec.json.encode(room.saved()), type=SavedRoom)
    again = Room.restored(saved.moved(clock), epoch="f", settings=wide, now=1.0 + clock)
    for number, (_, message, identity, choice) in enumerate(tries):
        join = JoinRequested(f"new-{number}", f"new-{number}", True, message, 1, f"n-{number}", identity, given(choice))
        answers = [
            [
                effect.message.code if isinstance(effect.message, Error) else type(effect.message).__name__
                for effect in one.handle(join, now)
                if isinstance(effect, SendTo) and effect.re == 1
            ]
            for one, now in ((room, 1.0), (again, 1.0 + clock))
        ]
        assert answers[0] == answers[1]
        again.check()


HonestHub.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestHonestHub = HonestHub.TestCase


def test_who_comes_back_as_its_place_ends_is_no_member_any_more() -> None:
    """The hub was busy, and has not woken the room before. Hypothesis found the story."""
    hub = HonestHub()
    hub.create(CreateRoom(file_hash=HASH), "ann", "full")
    hub.lose("ann")
    hub.oversleep(hub.settings.away)
    hub.resume("ann", Identity())
    assert "ann" not in hub.inside | hub.away
