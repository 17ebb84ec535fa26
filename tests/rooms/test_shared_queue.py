"""A room's queue through the hub: messages, their recipients, and a restart."""

import json
from typing import Any

from hangd.protocol.errors import CLOSE_TOO_SLOW
from hangd.protocol.model import QUEUE_MAX
from hangd.rooms.edge.outbox import OUTBOX_BYTES_MAX
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


async def test_a_new_room_has_its_film_in_the_queue() -> None:
    anna, _ = two(make_hub())
    queue = queue_of(anna)
    (entry,) = queue["entries"]
    assert queue == {"rev": 1, "entries": [entry], "current": entry["id"]}
    assert entry == {"id": entry["id"], "file_hash": HASH, "file": {"size": 5, "duration": 60.0}}


async def test_two_simultaneous_edits_are_both_carried_out() -> None:
    anna, bert = two(make_hub())
    (own,) = queue_of(anna)["entries"]
    anna.say("QueueInsert", id=1, after=own["id"], entries=[NEXT])
    bert.say("QueueInsert", id=2, after=None, entries=[NEXT])
    bert.say("QueueRemove", id=3, ids=[own["id"]])
    heard = anna.heard()
    assert [(message["type"], message.get("re")) for message in heard] == [
        ("QueueChanged", 1), ("QueueChanged", None), ("QueueChanged", None)
    ]  # fmt: skip
    first, second, last = (message["payload"] for message in heard)
    by_anna, by_bert = (insert["change"]["inserted"][0] for insert in (first, second))
    change = {"rev": 2, "inserted": [{**NEXT, "id": by_anna["id"]}], "after": own["id"], "current": own["id"]}
    assert first["change"] == change
    assert second["change"] == {"rev": 3, "inserted": [by_bert], "current": own["id"]}
    assert last["change"] == {"rev": 4, "removed": [own["id"]]}
    answers = bert.heard()
    assert [message.get("re") for message in answers] == [None, 2, 3]
    assert [message["payload"] for message in answers] == [message["payload"] for message in heard]
    assert queue_of(bert) == {"rev": 4, "entries": [by_bert, by_anna], "current": None}


async def test_the_whole_hash_follows() -> None:
    anna, bert = two(make_hub())
    anna.say("QueueInsert", after="end", entries=[{"file": {"size": 7, "quick_hash": "c" * 64}}])
    id = bert.last("QueueChanged")["change"]["inserted"][0]["id"]
    anna.type_in(json.dumps({"type": "SetEntry", "payload": {"id": id, "file_hash": "d" * 64}}))
    assert bert.last("EntryChanged")["entry"] == queue_of(bert)["entries"][1]


async def test_a_basic_client_gets_only_its_own_messages_about_films() -> None:
    hub = make_hub()
    anna, bert = two(hub)
    cleo = Someone(hub)
    cleo.join("friday")
    anna.say("QueueInsert", after="end", entries=[{"file_hash": HASH, "file": {"size": 5}}, NEXT])
    queue = queue_of(bert)
    assert cleo.heard() == []
    bert.say("SetMedia", entry=queue["entries"][1]["id"], play=True)
    assert cleo.last("SyncBroadcast")["command"] == {"action": "Pause", "timestamp": 0.0}
    cleo.say("SyncCommand", action="Play", timestamp=3)
    assert anna.last("SyncBroadcast")["command"] == {"action": "Play", "timestamp": 3.0}
    bert.say("SetMedia", entry=queue["entries"][2]["id"])
    assert cleo.last("RoomLeft")["reason"] == "mismatch"
    assert hub.client_count == 3


async def test_a_slow_peer_gets_each_change_of_the_queue() -> None:
    anna, bert = two(make_hub())
    bert.heard()
    bert.wire.stop_reading()
    long = {"file_hash": HASH, "file": {"size": 5, "name": "🎬" * 255}}
    times = QUEUE_MAX // 20 - 1
    for _ in range(times):
        anna.say("QueueInsert", after="end", entries=[long] * 20)
        anna.say("SetMedia", entry=queue_of(anna)["entries"][-1]["id"])
    assert bert.wire.closed is None
    bert.wire.read_again()
    messages = [message for message in bert.heard() if message["type"] in ("QueueChanged", "MediaChanged")]
    assert [message["type"] for message in messages] == ["QueueChanged", "MediaChanged"] * times
    assert [message["payload"]["change"]["rev"] for message in messages] == list(range(2, 2 + len(messages)))


async def test_a_peer_that_reads_no_change_of_the_queue_is_closed_in_the_end() -> None:
    anna, bert = two(make_hub())
    bert.wire.stop_reading()
    long = {"file_hash": HASH, "file": {"size": 5, "name": "🎬" * 255}}
    waited = 0
    while bert.wire.closed is None:
        anna.say("QueueInsert", id=1, after="end", entries=[long] * 20)
        inserted = anna.last("QueueChanged")["change"]["inserted"]
        anna.say("QueueRemove", ids=[entry["id"] for entry in inserted])
        waited += 20 * len(long["file"]["name"].encode())  # type: ignore[index]
        assert waited < 2 * OUTBOX_BYTES_MAX
    assert bert.close_code == CLOSE_TOO_SLOW


async def test_a_restart_keeps_the_queue() -> None:
    servers = Servers()
    anna = Someone(servers.hub)
    welcome = anna.hello("Anna")
    anna.create(file={"size": 5})
    anna.say("QueueInsert", after="end", entries=[NEXT])
    queue = queue_of(anna)
    hub = await servers.restart()
    again = Someone(hub)
    assert again.hello("Anna", resume=proof(welcome))["room"]["queue"] == queue
    again.say("SetMedia", entry=queue["entries"][1]["id"], play=True)
    changed = again.last("MediaChanged")
    assert (changed["file"], changed["timeline"]["gate"]) == (NEXT["file"], "seeking")
    assert changed["change"] == {"rev": 3, "current": queue["entries"][1]["id"]}
