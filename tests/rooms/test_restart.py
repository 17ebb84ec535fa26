"""Restarts: a hub, and another one that continues from the same store."""

import time
from functools import partial
from typing import Any

from hangd.engine.room.state import RoomSettings
from hangd.rooms.clock import ServerClock
from hangd.rooms.hub import Hub
from hangd.store.opening import open_memory
from hangd.store.thread import StoreThread
from tests.rooms.test_hub import HASH, PlainPasswords, Someone, make_hub, until

Proof = dict[str, str]


def proof(welcome: dict[str, Any]) -> Proof:
    return {"client_id": welcome["client_id"], "secret": welcome["resume_secret"]}


class Servers:
    """One hub after the other."""

    def __init__(self, **settings: Any) -> None:
        self.store = open_memory()
        self.thread = StoreThread(self.store)
        self.settings = settings
        self.hub = self.start()

    def start(self) -> Hub:
        rooms = self.store.load()
        clock = ServerClock([kept.mark for kept in rooms], boot="this one")
        self.hub = make_hub(store=self.thread, clock=clock, **self.settings)
        self.hub.restore(rooms, time.monotonic())
        return self.hub

    async def restart(self) -> Hub:
        self.hub.go_down(1.0)
        await self.hub.aclose()
        return self.start()


async def test_a_member_resumes_in_the_room_that_it_was_in() -> None:
    servers = Servers()
    anna, bert = Someone(servers.hub), Someone(servers.hub)
    first = anna.hello("Anna")
    second = bert.hello("Bert")
    room = anna.create(name="Friday")
    bert.join("friday")
    bert.say("SyncCommand", action="Play", timestamp=12.5)
    before = bert.last("SyncBroadcast")["timeline"]

    hub = await servers.restart()
    assert (hub.room_count, hub.client_count) == (1, 0)
    again = Someone(hub)
    welcome = again.hello("Bert", resume=proof(second))
    assert welcome["resumed"]
    assert (welcome["client_id"], welcome["resume_secret"]) == (second["client_id"], second["resume_secret"])
    assert welcome["clock_id"] == first["clock_id"], "it is the same clock, and nobody has to learn it anew"
    after = welcome["room"]["timeline"]
    assert after == before | {"epoch": after["epoch"]}
    assert [(member["name"], member["role"], member["state"]) for member in welcome["room"]["members"]] == [
        ("Anna", "host", "away"),
        ("Bert", "viewer", "idle"),
    ]
    Someone(hub).hello("Anna", resume=proof(first))
    assert again.last("MemberChanged")["member"]["state"] == "idle"
    again.say("SyncCommand", action="Pause", timestamp=20.0)
    assert again.last("SyncBroadcast")["timeline"]["rev"] == before["rev"] + 1
    assert room["room_id"] == welcome["room"]["room_id"]


async def test_a_member_resumes_after_a_second_restart() -> None:
    servers = Servers()
    anna = Someone(servers.hub)
    welcome = anna.hello("Anna")
    anna.create()
    for _ in range(3):
        hub = await servers.restart()
    assert Someone(hub).hello("Anna", resume=proof(welcome))["resumed"]


async def test_a_wrong_secret_resumes_nothing_after_a_restart_either() -> None:
    servers = Servers()
    anna = Someone(servers.hub)
    welcome = anna.hello("Anna")
    room = anna.create()
    hub = await servers.restart()
    wrong = proof(welcome) | {"secret": "x" * 32}
    eve = Someone(hub)
    assert not eve.hello("Eve", resume=wrong)["resumed"]
    assert not eve.join(room["room_id"])["is_host"]


async def test_clients_that_were_in_no_room_cannot_resume() -> None:
    servers = Servers()
    anna, bert, cleo = Someone(servers.hub), Someone(servers.hub), Someone(servers.hub)
    anna.hello("Anna")
    left, outside = bert.hello("Bert"), cleo.hello("Cleo")
    bert.join(anna.create()["room_id"])
    bert.say("LeaveRoom")
    hub = await servers.restart()
    for welcome in (left, outside):
        assert not Someone(hub).hello("x", resume=proof(welcome))["resumed"]


async def test_password_and_owner_are_known_after_a_restart() -> None:
    servers = Servers(passwords=PlainPasswords())
    anna = Someone(servers.hub)
    anna.say("CreateRoom", file_hash="a" * 64, name="friday", password="sesame")
    await until(lambda: bool(anna.wire.heard))
    secret = anna.last("RoomCreated")["host_secret"]
    hub = await servers.restart()
    for fields, answer in (({}, "Error"), ({"password": "wrong"}, "Error"), ({"password": "sesame"}, "RoomJoined")):
        someone = Someone(hub)
        someone.say("JoinRoom", room_id="FRIDAY", file_hash="a" * 64, **fields)
        await until(partial(bool, someone.wire.heard))
        assert someone.types() == [answer]
    assert Someone(hub).join("friday", host_secret=secret)["is_host"]
    taken = Someone(hub)
    taken.say("CreateRoom", file_hash="a" * 64, name="Friday")
    assert taken.error() == "NameTaken"


async def test_a_room_that_is_gone_stays_gone() -> None:
    servers = Servers(room=RoomSettings(ttl=0.01))
    anna = Someone(servers.hub)
    anna.create(name="friday")
    anna.say("LeaveRoom")
    await until(lambda: servers.hub.room_count == 0)
    hub = await servers.restart()
    assert hub.room_count == 0
    assert Someone(hub).create(name="friday")


async def test_a_room_that_was_removed_for_another_stays_gone() -> None:
    servers = Servers(max_rooms=1)
    anna, bert = Someone(servers.hub), Someone(servers.hub)
    anna.create(name="friday")
    anna.say("LeaveRoom")
    bert.create(name="saturday")
    hub = await servers.restart()
    assert hub.room_count == 1
    assert Someone(hub).join("saturday")


async def test_members_that_do_not_resume_are_removed_and_then_the_room() -> None:
    servers = Servers(room=RoomSettings(away=0.05, ttl=0.05))
    anna = Someone(servers.hub)
    welcome = anna.hello("Anna")
    anna.create()
    hub = await servers.restart()
    await until(lambda: hub.room_count == 0)
    assert not Someone(hub).hello("Anna", resume=proof(welcome))["resumed"]
    await until(lambda: servers.store.load() == [])


async def test_the_members_of_a_locked_room_come_back_after_their_places_and_a_restart() -> None:
    servers = Servers(room=RoomSettings(away=0.0))
    anna, bert = Someone(servers.hub), Someone(servers.hub)
    anna.hello("Anna")
    bert.hello("Bert")
    first = anna.create(name="friday")["return_secret"]
    second = bert.join("friday")["return_secret"]
    assert first != second and min(len(first), len(second)) >= 32
    guest = Someone(servers.hub).join("friday")
    assert "return_secret" not in guest, "a basic client could not use it"
    anna.say("SetPolicy", locked=True)
    bert.drop()
    await until(lambda: any(message["type"] == "MemberLeft" for message in anna.heard()))
    hub = await servers.restart()
    for name, secret in (("Anna", first), ("Bert", second)):
        again = Someone(hub)
        again.hello(name)
        again.say("JoinRoom", room_id="friday", file_hash=HASH)
        assert again.error() == "RoomLocked"
        assert again.join("friday", return_secret=secret)["return_secret"] == secret


async def test_the_shutdown_itself_changes_no_room() -> None:
    """Otherwise the loss of all connections would pause the film, or with a short ``--away`` remove everybody."""
    servers = Servers(room=RoomSettings(away=0.0))
    anna, bert = Someone(servers.hub), Someone(servers.hub)
    anna.hello("Anna")
    room = anna.create()
    bert.join(room["room_id"])
    bert.say("SyncCommand", action="Play", timestamp=12.5)
    servers.hub.go_down(1.0)
    for someone in (anna, bert):
        someone.drop()
    assert servers.hub.client_count == 0
    await servers.hub.aclose()
    (kept,) = servers.store.load()
    assert [member.name for member in kept.room.members] == ["Anna"]
    assert kept.room.timeline.playing
