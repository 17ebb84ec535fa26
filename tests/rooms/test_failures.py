"""What an exception inside a hub costs: the connection whose message led to it, and nothing else."""

import asyncio
import logging
from typing import Any

import pytest

from hangd.engine.room import requests
from hangd.engine.room.effects import RoomEffect
from hangd.engine.room.inputs import ConnectionLost, RoomInput
from hangd.engine.room.room import Room
from hangd.engine.room.saved import SavedRoom
from hangd.engine.room.state import RoomData, RoomSettings
from hangd.protocol.codec import encode_server
from hangd.protocol.messages import RequestId, RoomLeft, ServerMessage
from hangd.rooms.edge import orders
from hangd.rooms.hosting import directory
from hangd.rooms.hub import Hub
from tests.rooms.test_hub import HASH, PlainPasswords, Someone, make_hub, until
from tests.rooms.test_restart import Servers


def fail(*_: object, **__: object) -> Any:
    raise ZeroDivisionError("injected")


def three(hub: Hub) -> tuple[Someone, Someone, Someone]:
    """Return Anna, the host of the room "friday", Bert, both full, and Cleo, who is basic. All are in the room."""
    anna, bert, cleo = Someone(hub), Someone(hub), Someone(hub)
    anna.hello("Anna")
    bert.hello("Bert")
    anna.create(name="friday", file={"size": 5, "duration": 60.0})
    bert.join("friday")
    cleo.join("friday")
    for someone in (anna, bert, cleo):
        someone.heard()
    return anna, bert, cleo


def close_code(someone: Someone) -> int | None:
    return None if someone.wire.closed is None else someone.wire.closed[0]


def states(someone: Someone) -> dict[str, str]:
    someone.say("GetRoom")
    return {member["name"]: member["state"] for member in someone.last("RoomState")["room"]["members"]}


def id_of(asking: Someone, name: str) -> str:
    asking.say("GetRoom")
    (member,) = (one for one in asking.last("RoomState")["room"]["members"] if one["name"] == name)
    return str(member["client_id"])


class FailingRoom(Room):
    """Fails on a message that contains "boom", and at each deadline."""

    def handle(self, input: RoomInput, now: float) -> list[RoomEffect]:
        if "boom" in repr(input):
            fail()
        return super().handle(input, now)

    def expire(self, now: float) -> list[RoomEffect]:
        return list[RoomEffect](fail())


async def test_an_exception_ends_the_connection_that_caused_it_and_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(directory, "Room", FailingRoom)
    anna, bert, cleo = three(make_hub())
    with caplog.at_level(logging.ERROR):
        bert.say("Say", text="boom")
    assert "ZeroDivisionError" in caplog.text
    assert bert.error() == "Internal"
    assert close_code(bert) == 1011
    assert anna.last("MemberChanged")["member"]["state"] == "away"
    anna.say("Say", text="fine")
    assert anna.types() == ["Said"]
    assert (close_code(anna), close_code(cleo)) == (None, None)


async def test_a_room_that_fails_at_its_deadline_is_closed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(directory, "Room", FailingRoom)
    hub = make_hub(room=RoomSettings(away=0.01))
    anna, bert, _ = three(hub)
    with caplog.at_level(logging.ERROR):
        bert.drop()
        await until(lambda: hub.room_count == 0)
    assert "ZeroDivisionError" in caplog.text
    assert anna.last("RoomLeft")["reason"] == "closed"
    assert len(list(hub._clients)) == 2
    monkeypatch.undo()
    assert anna.create(name="friday")


async def test_members_learn_of_a_change_whose_broadcast_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    anna, bert, cleo = three(make_hub())
    monkeypatch.setattr(RoomData, "broadcast", fail)
    bert.say("SyncCommand", action="Pause", timestamp=12.0)
    assert close_code(bert) == 1011
    assert anna.last("RoomState")["room"]["timeline"]["position"] == 12.0
    assert cleo.last("SyncBroadcast")["command"] == {"action": "Pause", "timestamp": 12.0}
    monkeypatch.undo()
    cleo.say("SyncCommand", action="Play", timestamp=12.0)
    assert anna.last("SyncBroadcast")["timeline"]["playing"]


async def test_basic_members_of_a_running_room_are_told_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    anna, bert, cleo = three(make_hub())
    anna.say("SyncCommand", action="Play", timestamp=20.0)
    cleo.heard()
    monkeypatch.setattr(requests, "handle", fail)
    bert.say("GetRoom")
    command = cleo.last("SyncBroadcast")["command"]
    assert command["action"] == "Play" and 20.0 <= command["timestamp"] < 40.0


async def test_a_member_removed_before_the_failure_is_out_for_the_hub_too(monkeypatch: pytest.MonkeyPatch) -> None:
    anna, bert, _ = three(make_hub())
    bert_id = id_of(anna, "Bert")
    with monkeypatch.context() as patch:
        patch.setattr(RoomData, "announce", fail)
        anna.say("Kick", client_id=bert_id)
    assert (close_code(anna), close_code(bert)) == (1011, None)
    assert bert.last("RoomLeft")["reason"] == "kicked"
    assert bert.create()


async def test_the_other_effects_of_a_request_are_carried_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message to a member that is removed fails: it is removed all the same, and may enter another room."""
    anna, bert, _ = three(make_hub())

    def fail_on_room_left(message: ServerMessage, re: RequestId | None = None) -> bytes:
        return bytes(fail()) if isinstance(message, RoomLeft) else encode_server(message, re)

    bert_id = id_of(anna, "Bert")
    monkeypatch.setattr(orders, "encode_server", fail_on_room_left)
    anna.say("Kick", client_id=bert_id)
    assert close_code(anna) == 1011
    monkeypatch.undo()
    assert close_code(bert) is None
    assert bert.create()


async def test_a_room_whose_creation_fails_is_gone_and_its_alias_free(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = make_hub()
    anna, bert = Someone(hub), Someone(hub)
    monkeypatch.setattr(RoomData, "view", fail)
    anna.say("CreateRoom", file_hash=HASH, name="friday")
    assert close_code(anna) == 1011
    assert hub.room_count == 0
    monkeypatch.undo()
    assert bert.create(name="friday")
    assert len(list(hub._clients)) == 1


async def test_a_room_that_cannot_recover_is_closed_and_its_members_stay_connected(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hub = make_hub()
    anna, bert, cleo = three(hub)

    def corrupt(room: Any, sender: Any, *_: object) -> None:
        sender.role = "host"
        fail()

    monkeypatch.setattr(requests, "handle", corrupt)
    with caplog.at_level(logging.ERROR):
        bert.say("GetRoom")
    assert "cannot recover" in caplog.text
    assert close_code(bert) == 1011
    assert hub.room_count == 0
    assert anna.last("RoomLeft")["reason"] == cleo.last("RoomLeft")["reason"] == "closed"
    monkeypatch.undo()
    assert anna.create(name="friday")


async def test_a_member_is_away_though_the_room_failed_on_the_loss_of_its_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    anna, bert, cleo = three(make_hub())
    handle = Room._handle

    def fail_on_loss(self: Room, input: RoomInput) -> None:
        if isinstance(input, ConnectionLost):
            fail()
        handle(self, input)

    monkeypatch.setattr(Room, "_handle", fail_on_loss)
    bert.drop()
    cleo.drop()
    assert states(anna) == {"Anna": "idle", "Bert": "away"}


async def test_a_receiver_whose_connection_fails_is_closed_rather_than_the_sender(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    anna, bert, cleo = three(make_hub())
    monkeypatch.setattr(bert.wire.transport, "send", fail)
    anna.say("SyncCommand", action="Pause", timestamp=3.0)
    assert (close_code(anna), close_code(bert), close_code(cleo)) == (None, 1011, None)
    assert cleo.types() == ["SyncBroadcast"]
    assert anna.types() == ["SyncBroadcast", "MemberChanged"]


async def test_a_failure_while_waiting_messages_are_sent_ends_that_connection(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hub = make_hub()
    anna, bert, _ = three(hub)
    bert.wire.stop_reading()
    bert.say("Ping", t0=1.0)
    monkeypatch.setattr(hub, "_pong", fail)
    with caplog.at_level(logging.ERROR):
        bert.wire.read_again()
    assert "ZeroDivisionError" in caplog.text
    assert close_code(bert) == 1011
    assert states(anna)["Bert"] == "away"


class FailingPasswords(PlainPasswords):
    failing = False

    async def hash(self, password: str, network: str = "") -> str:
        return str(fail()) if self.failing else await super().hash(password)


async def test_a_password_that_could_not_be_hashed_is_refused_and_the_next_one_is_taken() -> None:
    passwords = FailingPasswords()
    anna, _, _ = three(make_hub(passwords))
    passwords.failing = True
    anna.say("SetPolicy", id=1, password="first")
    await until(lambda: bool(anna.wire.heard))
    (answer,) = anna.heard()
    assert (answer["payload"]["code"], answer["re"]) == ("Internal", 1)
    passwords.failing = False
    anna.say("SetPolicy", id=2, password="second")
    await until(lambda: bool(anna.wire.heard))
    (answer,) = anna.heard()
    assert (answer["type"], answer["re"]) == ("PolicyChanged", 2)


async def test_shutdown_reaches_all_though_one_connection_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = make_hub()
    everybody = three(hub)
    for someone in everybody[:2]:
        monkeypatch.setattr(someone.wire.transport, "send", fail)
    hub.go_down(1.0)
    assert None not in map(close_code, everybody)
    await asyncio.wait_for(hub.aclose(), 20.0)


async def test_a_saved_room_that_cannot_be_restored_does_not_prevent_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    servers = Servers()
    for name in ("broken", "whole"):
        Someone(servers.hub).create(name=name)
    restored = Room.restored

    def failing(saved: SavedRoom, **arguments: Any) -> Room:
        return Room(**fail()) if saved.name == "broken" else restored(saved, **arguments)

    monkeypatch.setattr(Room, "restored", failing)
    hub = await servers.restart()
    assert "cannot be restored, and stays in the store" in caplog.text
    assert hub.room_count == 1
    assert Someone(hub).join("whole")
    await hub.aclose()
    assert {kept.room.name for kept in servers.store.load()} == {"broken", "whole"}
