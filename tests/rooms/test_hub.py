"""The hub with real rooms and sessions, on connections in memory instead of sockets."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from hangd.engine.room.connection.session import SessionSettings
from hangd.engine.room.state import RoomSettings
from hangd.protocol.errors import CLOSE_GOING_DOWN, CLOSE_REPLACED, CLOSE_TOO_SLOW
from hangd.rooms.clock import ServerClock
from hangd.rooms.edge.budgets import SharedSettings
from hangd.rooms.edge.invitations import Invitations
from hangd.rooms.hub import Hub
from hangd.rooms.settings import HubSettings
from hangd.rooms.trust import Trust
from hangd.store.base import Watched
from hangd.store.thread import StoreThread
from tests.support.network.memory_transport import MemoryClient
from tests.support.servers.limits import UNLIMITED_RATES, UNLIMITED_SHARES

HASH = "a" * 64
PATIENCE = 20.0


class PlainPasswords:
    """Passwords that are not hashed. The gate delays the result."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()

    async def hash(self, password: str, network: str = "") -> str:
        await self.gate.wait()
        return f"hash of {password}"

    async def matches(self, password: str, password_hash: str, network: str = "") -> bool:
        await self.gate.wait()
        return password_hash == f"hash of {password}"


class Someone:
    """A client on a connection in memory."""

    def __init__(self, hub: Hub, address: str = "192.0.2.1", connection: str = "") -> None:
        self.wire = MemoryClient(address)
        now = time.monotonic()
        self.wire.listener = hub.attach(self.wire.transport, now, address=address, connection=connection)

    def say(self, type: str, id: int | str | None = None, **payload: Any) -> None:
        self.type_in(json.dumps({"type": type, "payload": payload} | ({} if id is None else {"id": id})))

    def type_in(self, data: str | bytes) -> None:
        self.wire.say(data, time.monotonic())

    async def asks(self, type: str, **payload: Any) -> dict[str, Any]:
        """Send a request, wait for its answer, and return that: its type, and what it says."""
        self.type_in(json.dumps({"type": type, "payload": payload, "id": "asked"}))
        answers: list[dict[str, Any]] = []

        def answered() -> bool:
            answers.extend(message for message in self.heard() if message.get("re") == "asked")
            return bool(answers)

        await until(answered)
        return {"type": answers[0]["type"], **answers[0]["payload"]}

    @property
    def close_code(self) -> int | None:
        return None if self.wire.closed is None else self.wire.closed[0]

    def drop(self) -> None:
        self.wire.drop(time.monotonic())

    def heard(self) -> list[dict[str, Any]]:
        messages = [json.loads(data) for data in self.wire.heard]
        self.wire.heard.clear()
        return messages

    def types(self) -> list[str]:
        return [message["type"] for message in self.heard()]

    def last(self, type: str) -> dict[str, Any]:
        """Return the payload of the newest message of this type, and drop all messages."""
        payload = [message["payload"] for message in self.heard() if message["type"] == type][-1]
        assert isinstance(payload, dict)
        return payload

    def hello(self, name: str, **more: Any) -> dict[str, Any]:
        self.say("Hello", protocol=1, name=name, client="test", **more)
        return self.last("Welcome")

    def create(self, **more: Any) -> dict[str, Any]:
        self.say("CreateRoom", file_hash=HASH, **more)
        return self.last("RoomCreated")

    def join(self, room: str, **more: Any) -> dict[str, Any]:
        self.say("JoinRoom", room_id=room, file_hash=HASH, **more)
        return self.last("RoomJoined")

    def error(self) -> str:
        return str(self.last("Error")["code"])


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def make_hub(
    passwords: PlainPasswords | None = None,
    room: RoomSettings | None = None,
    *,
    store: StoreThread | None = None,
    clock: ServerClock | None = None,
    keep_watched: Callable[[Watched, str | None], None] = lambda record, network: None,
    trust: Trust | None = None,
    invitations: Invitations | None = None,
    **settings: Any,
) -> Hub:
    return Hub(
        HubSettings(
            server="hangd test",
            room=room or RoomSettings(),
            **{
                "session": SessionSettings(**UNLIMITED_RATES, pings_per_second=10_000),
                "shared": UNLIMITED_SHARES,
                **settings,
            },
        ),
        passwords=passwords or PlainPasswords(),
        clock=clock or ServerClock(),
        store=store,
        keep_watched=keep_watched,
        trust=trust,
        invitations=invitations,
    )


async def test_two_basic_clients_share_a_room() -> None:
    hub = make_hub()
    anna, bert = Someone(hub), Someone(hub)
    room = anna.create()
    joined = bert.join(room["room_id"])
    assert (joined["is_host"], len(joined["room"]["members"])) == (False, 2)
    bert.say("SyncCommand", action="Play", timestamp=12.5)
    assert bert.heard() == []
    broadcast = anna.last("SyncBroadcast")
    assert broadcast["from_client"] == joined["client_id"]
    assert broadcast["command"] == {"action": "Play", "timestamp": 12.5}
    assert broadcast["timeline"]["playing"]
    bert.say("LeaveRoom")
    assert bert.types() == ["RoomLeft"]
    assert anna.heard() == []
    assert (hub.client_count, hub.room_count) == (2, 1)


async def test_welcome_says_what_the_server_is() -> None:
    hub = make_hub(motd="be nice", room=RoomSettings(capacity=7))
    welcome = Someone(hub).hello("Anna")
    assert welcome["server"] == "hangd test"
    assert welcome["motd"] == "be nice"
    assert welcome["limits"]["room_capacity"] == 7
    assert not welcome["resumed"]
    assert Someone(hub).hello("Bert")["clock_id"] == welcome["clock_id"]
    assert Someone(make_hub()).hello("Anna")["clock_id"] != welcome["clock_id"]


async def test_pong_carries_arrival_and_departure_and_the_rooms_revision() -> None:
    hub = make_hub()
    anna = Someone(hub)
    anna.hello("Anna")
    before = time.monotonic()
    anna.say("Ping", t0=1.5, id=3)
    (pong,) = anna.heard()
    assert pong["re"] == 3
    assert pong["payload"]["t0"] == 1.5
    assert before <= pong["payload"]["t1"] <= pong["payload"]["t2"] <= time.monotonic()
    assert "rev" not in pong["payload"]
    room = anna.create()["room"]
    anna.say("SyncCommand", action="Pause", timestamp=3)
    anna.heard()
    anna.say("Ping", t0=2)
    pong = anna.last("Pong")
    assert pong["epoch"] == room["timeline"]["epoch"]
    assert pong["rev"] == room["timeline"]["rev"] + 1


async def test_pong_of_a_peer_that_does_not_read_is_stamped_when_it_does() -> None:
    anna = Someone(make_hub())
    anna.wire.stop_reading()
    anna.say("Ping", t0=1)
    assert anna.heard() == []
    later = time.monotonic()
    anna.wire.read_again()
    assert anna.last("Pong")["t2"] >= later


async def test_aliases_are_not_case_sensitive() -> None:
    hub = make_hub()
    room = Someone(hub).create(name="Friday")
    assert Someone(hub).join("fRIDAY")["room_id"] == room["room_id"]
    other = Someone(hub)
    other.say("CreateRoom", id="x", file_hash=HASH, name="FRIDAY")
    (answer,) = other.heard()
    assert (answer["payload"]["code"], answer["re"]) == ("NameTaken", "x")
    other.create(name="saturday")


async def test_the_name_of_a_missing_room_is_escaped() -> None:
    client = Someone(make_hub())
    client.say("JoinRoom", room_id="\x1b[2Jevil\u202e", file_hash=HASH)
    error = client.last("Error")
    assert error["code"] == "RoomNotFound"
    assert "there is no room" in error["message"]
    assert error["message"].isprintable()
    client.create()


async def test_the_name_of_a_missing_room_is_shown_as_it_is() -> None:
    client = Someone(make_hub())
    client.say("JoinRoom", room_id="Fri\u3000day u\u0308n", file_hash=HASH)
    assert client.last("Error")["message"] == "there is no room 'Fri day ün' here: check its name, or create it"


@pytest.mark.parametrize(
    ("name", "kept", "also"),
    [
        ("Fri day \u00fcn", "Fri day \u00fcn", "FRI DAY U\u0308N"),
        ("Fri day u\u0308n", "Fri day \u00fcn", " fri\xa0day \u00fcn "),
        ("\u91d1\u66dc\u3000\u6620\u753b", "\u91d1\u66dc \u6620\u753b", "\u91d1\u66dc\u3000\u6620\u753b"),
        ("\u2764\ufe0f", "\u2764", "\u2764\ufe0f"),
        ("Straße", "Straße", "STRASSE"),
    ],
)
async def test_a_room_may_have_a_name_in_any_script(name: str, kept: str, also: str) -> None:
    hub = make_hub()
    room = Someone(hub).create(name=name)
    assert room["room"]["name"] == kept
    assert Someone(hub).join(also)["room_id"] == room["room_id"]
    other = Someone(hub)
    other.say("CreateRoom", file_hash=HASH, name=also.strip())
    assert other.last("Error")["message"] == f"there is a room {kept!r} here already"


async def test_a_room_s_name_that_looks_like_another_is_refused_with_a_sentence() -> None:
    client = Someone(make_hub())
    client.say("CreateRoom", file_hash=HASH, name="fri\u200dday")
    error = client.last("Error")
    assert error["code"] == "InvalidMessage"
    assert error["message"].startswith("$.payload.name must be one line without slashes and characters that are not")


async def test_rooms_are_listed_only_where_they_are_published() -> None:
    client = Someone(make_hub())
    client.say("ListRooms")
    assert client.error() == "Forbidden"
    hub = make_hub(publish_rooms=True)
    Someone(hub).create(name="friday")
    client = Someone(hub)
    client.say("ListRooms")
    (room,) = client.last("Rooms")["rooms"]
    assert (room["name"], room["members"], room["has_password"]) == ("friday", 1, False)


async def test_the_number_of_clients_is_limited(caplog: pytest.LogCaptureFixture) -> None:
    hub = make_hub(max_clients=2)
    first, _second = Someone(hub), Someone(hub)
    third = Someone(hub)
    assert third.error() == "ServerFull"
    assert third.wire.closed is not None and third.wire.closed[0] == 1013
    assert Someone(hub).error() == "ServerFull"
    assert caplog.messages == ["clients are refused: 2 are here, which is the most (--max-clients)"]
    third.drop()
    first.drop()
    assert Someone(hub).hello("Anna")


async def test_the_number_of_rooms_is_limited_and_an_empty_one_is_removed(caplog: pytest.LogCaptureFixture) -> None:
    hub = make_hub(max_rooms=2)
    first, second, third = Someone(hub), Someone(hub), Someone(hub)
    first.create(name="first")
    second.create()
    third.say("CreateRoom", file_hash=HASH)
    assert third.error() == "ServerFull"
    assert caplog.messages == ["rooms are refused: 2 are open, which is the most (--max-rooms)"]
    first.say("LeaveRoom")
    assert third.create(name="third")
    assert hub.room_count == 2


async def test_a_password_is_hashed_before_the_room_is_made() -> None:
    passwords = PlainPasswords()
    hub = make_hub(passwords)
    passwords.gate.clear()
    anna, bert = Someone(hub), Someone(hub)
    anna.say("CreateRoom", file_hash=HASH, name="friday", password="secret")
    bert.say("CreateRoom", file_hash=HASH, name="friday")
    assert bert.error() == "NameTaken"
    anna.say("Say", text="hello?")
    assert anna.error() == "RateLimited"
    passwords.gate.set()
    await until(lambda: bool(anna.wire.heard))
    assert anna.last("RoomCreated")["room"]["policy"]["has_password"]

    for password, answer in (("wrong", "Error"), ("secret", "RoomJoined")):
        passwords.gate.clear()
        bert.say("JoinRoom", id=1, room_id="friday", file_hash=HASH, password=password)
        assert bert.heard() == []
        passwords.gate.set()
        await until(lambda: bool(bert.wire.heard))
        (message,) = bert.heard()
        assert (message["type"], message["re"]) == (answer, 1)
    bert.say("SyncCommand", action="Pause", timestamp=1)
    assert anna.types() == ["SyncBroadcast"]


async def test_a_client_that_leaves_while_a_password_is_hashed_leaves_nothing_behind() -> None:
    passwords = PlainPasswords()
    hub = make_hub(passwords)
    Someone(hub).create(name="open")
    guarded = Someone(hub)
    guarded.say("CreateRoom", file_hash=HASH, name="friday", password="secret")
    await until(lambda: bool(guarded.wire.heard))
    passwords.gate.clear()
    anna, bert = Someone(hub), Someone(hub)
    anna.say("CreateRoom", file_hash=HASH, name="saturday", password="secret")
    bert.hello("Bert")
    bert.say("JoinRoom", room_id="friday", file_hash=HASH, password="secret")
    anna.drop()
    bert.drop()
    passwords.gate.set()
    late = Someone(hub)
    await until(lambda: not hub._tasks._tasks)
    assert late.create(name="saturday")
    assert hub.room_count == 3
    assert len(list(hub._clients)) == 3


async def test_a_full_member_whose_connection_broke_is_away_and_resumes() -> None:
    hub = make_hub()
    anna, bert = Someone(hub), Someone(hub)
    anna.hello("Anna")
    welcome = bert.hello("Bert")
    room = anna.create()
    bert.join(room["room_id"])
    anna.heard()
    bert.drop()
    assert anna.last("MemberChanged")["member"]["state"] == "away"
    anna.say("Say", text="are you there?")

    proof = {"client_id": welcome["client_id"], "secret": welcome["resume_secret"]}
    again = Someone(hub)
    resumed = again.hello("Bert", resume=proof)
    assert resumed["resumed"]
    assert (resumed["client_id"], resumed["resume_secret"]) == (welcome["client_id"], welcome["resume_secret"])
    assert [member["state"] for member in resumed["room"]["members"]] == ["idle", "idle"]
    assert anna.last("MemberChanged")["member"]["state"] == "idle"
    again.say("SyncCommand", action="Pause", timestamp=1)
    assert anna.last("SyncBroadcast")["from_client"] == welcome["client_id"]
    assert hub.client_count == 2


async def test_who_comes_back_again_and_again_is_not_sent_the_room_at_no_limit() -> None:
    """The state of this room is 100 KiB, and its network may be sent 6 MiB at once and 1 MiB a second."""
    hub = make_hub(shared=SharedSettings(max_per_address=1))
    ann = Someone(hub)
    proof = ann.hello("Ann")
    ann.create()
    for number in range(4):
        file = {"size": 1, "name": "\u6620" * 250}
        ann.say("QueueInsert", after="end", entries=[{"file": file}] * 30, id=number)
    assert ann.last("QueueChanged")
    resume = {"client_id": proof["client_id"], "secret": proof["resume_secret"]}
    greeted, began = 0, time.monotonic()
    while greeted < 200:
        again = Someone(hub)
        again.say("Hello", protocol=1, name="Ann", client="test", resume=resume)
        told = again.heard()
        again.drop()
        if told[0]["type"] == "Error":
            break
        greeted += 1
    assert told[0]["payload"]["code"] == "RateLimited" and again.close_code == 1013
    assert 0 < told[0]["payload"]["details"]["retry_after"] < 60.0
    # Each second that this takes allows for 1 MiB more.
    assert 40 < greeted < 80 + 11 * (time.monotonic() - began)
    neighbour = Someone(hub)
    assert neighbour.hello("Bert"), "who is sent little is greeted"


async def test_resuming_closes_the_old_connection_and_announces_no_absence() -> None:
    hub = make_hub()
    anna, old = Someone(hub), Someone(hub)
    anna.hello("Anna")
    welcome = old.hello("Bert")
    room = anna.create()
    old.join(room["room_id"])
    anna.heard()
    new = Someone(hub)
    assert new.hello("Bert", resume={"client_id": welcome["client_id"], "secret": welcome["resume_secret"]})["resumed"]
    assert old.last("Goodbye")["reason"] == "replaced"
    assert old.wire.closed is not None and old.wire.closed[0] == CLOSE_REPLACED
    old.say("LeaveRoom")
    old.drop()
    assert [member["payload"]["member"]["state"] for member in anna.heard()] == ["idle"]
    new.say("Say", text="here I am")
    assert anna.types() == ["Said"]


async def test_a_client_that_comes_back_hears_welcome_before_what_was_due_meanwhile() -> None:
    hub = make_hub()
    anna, cem, old = Someone(hub), Someone(hub), Someone(hub)
    anna.hello("Anna")
    cem.hello("Cem")
    mine = old.hello("Bert")
    room_id = anna.create()["room_id"]
    cem.join(room_id)
    old.join(room_id)
    for number in range(3):  # The last ones are told together, seconds later: nothing awaits here, so no timer fires.
        anna.say("Report", state="paused", position=float(number), at=0.0)
    cem.heard()
    proof = {"client_id": mine["client_id"], "secret": mine["resume_secret"]}
    new = Someone(hub)
    hello = {"type": "Hello", "payload": {"protocol": 1, "name": "Bert", "client": "test", "resume": proof}}
    new.wire.say(json.dumps(hello), time.monotonic() + 5.0)
    assert "MembersReported" in cem.types(), "something was due"
    assert new.types()[0] == "Welcome"
    new.say("Say", text="here I am")
    assert "Said" in new.types(), "it hears what comes afterwards"


@pytest.mark.parametrize("wrong", ["secret", "client"])
async def test_a_wrong_secret_makes_a_new_client(wrong: str) -> None:
    hub = make_hub()
    anna, bert = Someone(hub), Someone(hub)
    mine, theirs = anna.hello("Anna"), bert.hello("Bert")
    anna.create()
    proof = {
        "client_id": mine["client_id"] if wrong == "secret" else "somebody",
        "secret": theirs["resume_secret"],
    }
    welcome = Someone(hub).hello("Eve", resume=proof)
    assert not welcome["resumed"]
    assert welcome["client_id"] != mine["client_id"]
    assert anna.wire.closed is None


async def test_a_member_that_was_removed_cannot_resume() -> None:
    hub = make_hub(room=RoomSettings(away=0.05, ttl=0.05))
    anna, bert = Someone(hub), Someone(hub)
    anna.hello("Anna")
    welcome = bert.hello("Bert")
    bert.join(anna.create()["room_id"])
    bert.drop()
    await until(lambda: "MemberLeft" in anna.types())
    proof = {"client_id": welcome["client_id"], "secret": welcome["resume_secret"]}
    assert not Someone(hub).hello("Bert", resume=proof)["resumed"]
    anna.drop()
    await until(lambda: hub.room_count == 0)
    assert len(list(hub._clients)) == 1


async def test_a_peer_that_does_not_read_is_closed_and_the_others_miss_nothing() -> None:
    hub = make_hub()
    anna, bert, cleo = Someone(hub), Someone(hub), Someone(hub)
    for someone, name in ((anna, "Anna"), (bert, "Bert"), (cleo, "Cleo")):
        someone.hello(name)
    room = anna.create()["room_id"]
    bert.join(room)
    cleo.join(room)
    anna.heard()
    bert.heard()
    bert.wire.stop_reading()
    said = 0
    while bert.wire.closed is None:
        anna.say("Say", text="x" * 400)
        said += 1
        assert said < 10_000
    assert bert.wire.closed[0] == CLOSE_TOO_SLOW
    assert bert.heard() == []
    for someone in (anna, cleo):
        types = someone.types()
        assert types == ["Said"] * said + ["MemberChanged"]
    assert hub.client_count == 2


async def test_shutdown_closes_all_connections_with_goodbye() -> None:
    hub = make_hub()
    anna, bert = Someone(hub), Someone(hub)
    anna.hello("Anna")
    bert.create()
    hub.go_down(2.0)
    assert anna.last("Goodbye") == {"reason": "going-down", "retry_after": 2.0}
    assert bert.types() == [], "a basic client knows no Goodbye"
    for someone in (anna, bert):
        assert someone.wire.closed is not None and someone.wire.closed[0] == CLOSE_GOING_DOWN
        someone.drop()
    assert hub.client_count == 0
    await hub.aclose()


async def test_round_trips_measured_before_joining_count_in_the_room() -> None:
    hub = make_hub()
    anna, bert = Someone(hub), Someone(hub)
    anna.hello("Anna")
    bert.hello("Bert")
    room = anna.create()["room_id"]
    for rtt in (0.3, 0.2):
        bert.wire.listener.latency_measured(rtt, time.monotonic())
    bert.join(room)
    anna.wire.listener.latency_measured(0.1, time.monotonic())
    anna.say("GetRoom")
    members = anna.last("RoomState")["room"]["members"]
    assert [member["rtt"] for member in members] == [0.1, 0.2]


async def test_invalid_and_binary_frames_are_answered() -> None:
    client = Someone(make_hub())
    client.type_in("{")
    assert client.error() == "InvalidMessage"
    client.type_in(b'{"type": "LeaveRoom", "payload": {}}')
    assert client.error() == "InvalidMessage"
    client.say("Nonsense", id=4)
    (answer,) = client.heard()
    assert (answer["payload"]["code"], answer["re"]) == ("UnknownType", 4)
    assert client.create()


async def test_who_gave_up_its_place_in_a_full_room_comes_back_when_there_is_space() -> None:
    hub = make_hub(None, RoomSettings(capacity=2))
    anna, bert, cleo = Someone(hub), Someone(hub), Someone(hub)
    anna.hello("Anna")
    welcome = bert.hello("Bert")
    anna.create(name="friday")
    secret = bert.join("friday")["return_secret"]
    anna.say("SetRole", client_id=welcome["client_id"], role="controller")
    bert.drop()
    cleo.hello("Cleo")
    assert len(cleo.join("friday")["room"]["members"]) == 2
    bert = Someone(hub)
    resume = {"client_id": welcome["client_id"], "secret": welcome["resume_secret"]}
    assert not bert.hello("Bert", resume=resume)["resumed"]
    bert.say("JoinRoom", room_id="friday", file_hash=HASH, return_secret=secret)
    assert bert.error() == "RoomFull"
    cleo.say("LeaveRoom")
    members = bert.join("friday", return_secret=secret)["room"]["members"]
    assert [(member["name"], member["role"]) for member in members] == [("Anna", "host"), ("Bert", "controller")]
