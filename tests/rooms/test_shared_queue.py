"""A room's queue through the hub: messages, their recipients, and a restart."""

from typing import Any

from hangd.rooms.hub import Hub
from tests.rooms.test_hub import HASH, Someone, make_hub
from tests.rooms.test_restart import Servers, proof

NEXT: dict[str, Any] = {"file_hash": "b" * 64, "file": {"size": 7, "duration": 90.0, "name": "next.mkv"}}


def two(hub: Hub) -> tuple[Someone, Someone]:
    """Return Anna, who created the room "friday", and Bert in it. Both are full."""
    anna, bert = Someone(hub), Someone(hub)
    anna.hello("Anna")
    bert.hello("Bert")
    anna.create(name="friday", file={"size": 5, "duration": 60.0})
    bert.join("friday")
    anna.heard()
    return anna, bert


def queue_of(someone: Someone) -> dict[str, Any]:
    someone.say("GetRoom")
    queue = someone.last("RoomState")["room"]["queue"]
    assert isinstance(queue, dict)
    return queue


def kept(queue: dict[str, Any]) -> list[dict[str, str]]:
    return [{"id": entry["id"]} for entry in queue["entries"]]


async def test_a_new_room_has_its_film_in_the_queue() -> None:
    anna, _ = two(make_hub())
    queue = queue_of(anna)
    (entry,) = queue["entries"]
    assert queue == {"rev": 1, "entries": [entry], "current": entry["id"]}
    assert entry == {"id": entry["id"], "file_hash": HASH, "file": {"size": 5, "duration": 60.0}}


async def test_the_second_of_two_simultaneous_edits_is_stale() -> None:
    anna, bert = two(make_hub())
    queue = queue_of(anna)
    anna.say("SetQueue", id=1, base=queue["rev"], entries=[*kept(queue), NEXT])
    bert.say("SetQueue", id=2, base=queue["rev"], entries=[])
    news, refusal = bert.heard()
    assert (news["type"], refusal["type"], refusal["re"]) == ("QueueChanged", "Error", 2)
    assert (refusal["payload"]["code"], refusal["payload"]["retry"]) == ("Stale", True)
    queue = news["payload"]["queue"]
    assert [entry["file_hash"] for entry in queue["entries"]] == [HASH, NEXT["file_hash"]]
    (answer,) = anna.heard()
    assert (answer["re"], answer["payload"]) == (1, news["payload"])
    bert.say("SetQueue", id=3, base=queue["rev"], entries=kept(queue)[1:])
    (answer,) = bert.heard()
    assert (answer["type"], answer["re"], answer["payload"]["queue"]["current"]) == ("QueueChanged", 3, None)


async def test_a_basic_client_gets_only_its_own_messages_about_films() -> None:
    hub = make_hub()
    anna, bert = two(hub)
    cleo = Someone(hub)
    cleo.join("friday")
    queue = queue_of(anna)
    anna.say("SetQueue", base=queue["rev"], entries=[*kept(queue), {"file_hash": HASH, "file": {"size": 5}}, NEXT])
    queue = queue_of(bert)
    assert cleo.heard() == []
    bert.say("SetMedia", entry=queue["entries"][1]["id"], play=True)
    assert cleo.last("SyncBroadcast")["command"] == {"action": "Pause", "timestamp": 0.0}
    cleo.say("SyncCommand", action="Play", timestamp=3)
    assert anna.last("SyncBroadcast")["command"] == {"action": "Play", "timestamp": 3.0}
    bert.say("SetMedia", entry=queue["entries"][2]["id"], **NEXT)
    assert cleo.last("RoomLeft")["reason"] == "mismatch"
    assert hub.client_count == 3


async def test_a_slow_peer_gets_only_the_last_queue() -> None:
    anna, bert = two(make_hub())
    bert.heard()
    bert.wire.stop_reading()
    long = {"file_hash": HASH, "file": {"size": 5, "name": "🎬" * 255}}
    for _ in range(100):
        queue = queue_of(anna)
        anna.say("SetQueue", base=queue["rev"], entries=[*kept(queue), *[long] * min(15, 100 - len(queue["entries"]))])
        anna.say("SetMedia", entry=queue["entries"][-1]["id"])
    last = queue_of(anna)
    assert bert.wire.closed is None
    bert.wire.read_again()
    messages = [message for message in bert.heard() if message["type"] in ("QueueChanged", "MediaChanged")]
    assert [message["type"] for message in messages] == ["QueueChanged", "MediaChanged"]
    assert messages[-1]["payload"]["queue"] == last


async def test_a_restart_keeps_the_queue() -> None:
    servers = Servers()
    anna = Someone(servers.hub)
    welcome = anna.hello("Anna")
    anna.create(file={"size": 5})
    queue = queue_of(anna)
    anna.say("SetQueue", base=queue["rev"], entries=[*kept(queue), NEXT])
    queue = queue_of(anna)
    hub = await servers.restart()
    again = Someone(hub)
    assert again.hello("Anna", resume=proof(welcome))["room"]["queue"] == queue
    again.say("SetMedia", entry=queue["entries"][1]["id"], play=True)
    changed = again.last("MediaChanged")
    assert (changed["file"], changed["timeline"]["gate"]) == (NEXT["file"], "seeking")
    assert changed["queue"]["current"] == queue["entries"][1]["id"]
