"""What one node knows or does holds at all: names, the list of rooms, the administrator's commands, films of rooms."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hangd.cli.main import main
from hangd.protocol.errors import CLOSE_REMOVED
from hangd.protocol.messages import CreateRoom, LeaveRoom, ListRooms, Pause, RoomLeft, Rooms, SyncBroadcast
from tests.support.crowds.fan import FILM, HASH, PATIENCE, Fan, Refused
from tests.support.crowds.fans import fans, refused
from tests.support.servers.cluster_processes import Node, service
from tests.support.servers.server import typist

pytestmark = pytest.mark.real


async def _admin(node: Node, *words: str, code: int = 0) -> str:
    """Run `hangd admin` for a node. Returns what it says."""
    line = ["admin", words[0], "--data-dir", str(node.log_path.parent / "data"), *words[1:]]
    done = await asyncio.to_thread(CliRunner().invoke, main, line)
    assert done.exit_code == code, done.output
    return done.output


async def _rows(node: Node, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (await _admin(node, *words, "--json")).splitlines()]


async def _pages(fan: Fan) -> list[list[Any]]:
    pages, after = [], None
    while True:
        answer = await fan.ask(ListRooms(after=after), Rooms)
        pages.append(list(answer.rooms))
        after = answer.next
        if after is None:
            return pages


async def test_names_and_the_list_of_rooms_are_of_all_nodes(tmp_path: Path) -> None:
    async with service(tmp_path, "--publish-rooms", nodes=3) as cluster, fans() as people:
        at = [await people.at(node.url, f"fan-{number}") for number, node in enumerate(cluster.nodes)]
        made = await at[0].create(name="Friday Night")
        refusal = await refused(at[1], CreateRoom(HASH, name="friday night"), "NameTaken")
        assert "friday night" in str(refusal)

        async def make(fan: Fan) -> bool:
            try:
                await fan.create(name="Sunday")
            except Refused as error:
                assert error.code == "NameTaken", error
                return False
            return True

        others = [await people.at(node.url, f"two-{number}") for number, node in enumerate(cluster.nodes)]
        granted = await asyncio.gather(*(make(fan) for fan in others))
        assert granted.count(True) == 1, "all three asked at the same time"
        await at[2].join("FRIDAY NIGHT")

        guest = await people.at(cluster.nodes[1].url, "guest")
        (listed,) = await _pages(guest)
        assert sorted(room.name for room in listed) == ["Friday Night", "Sunday"]
        (friday,) = [room for room in listed if room.name == "Friday Night"]
        assert (friday.room_id, friday.members, friday.media) == (made.room_id, 2, FILM.name)

        for _ in range(200):
            await at[0].ask(LeaveRoom(), RoomLeft)
            await at[0].create()
        pages = await _pages(guest)
        assert [len(page) for page in pages] == [200, 2], "rooms whose members have left are listed, too"
        assert len({room.room_id for page in pages for room in page}) == 202


async def test_the_administrator_of_one_node_sees_its_clients_wherever_their_rooms_run(tmp_path: Path) -> None:
    async with service(tmp_path, nodes=2) as cluster, fans() as people:
        first, second = cluster.nodes
        ann = await people.at(first.url, "ann")
        room_id = (await ann.create(name="friday")).room_id
        ben, cem = await people.at(second.url, "ben"), await people.at(second.url, "cem")
        for fan in (ben, cem):
            await fan.join("friday")
        assert "friday" in await _admin(first, "rooms") and "ben" not in await _admin(first, "clients")
        assert "friday" not in await _admin(second, "rooms"), "it runs elsewhere"
        for name in ("Friday", room_id):
            rows = await _rows(second, "clients", "--room", name)
            assert [(row["name"], row["room"]) for row in rows] == [("ben", "friday"), ("cem", "friday")]
        assert "runs at the node node-1-" in await _admin(second, "close", "friday", code=1)
        assert "lists them" in await _admin(second, "close", "saturday", code=1)

        await _admin(second, "kick", rows[0]["connection"], "--reason", "too loud")
        await ben.until(lambda: ben.put_out is not None, "the word that it is out")
        assert ben.put_out is not None and (ben.put_out.reason, ben.put_out.detail) == ("removed", "too loud")
        await ann.until(lambda: _names(ann) == {"ann", "cem"}, "the news that ben is out")
        await ben.until(lambda: ben.lost and ben.lost[-1][1] == CLOSE_REMOVED, "the end of its connection")

        await _admin(first, "close", "friday", "--reason", "good night")
        for fan in (ann, cem):
            await fan.until(lambda fan=fan: fan.put_out is not None, "the end of the room")  # type: ignore[misc]
            assert fan.put_out is not None and (fan.put_out.reason, fan.put_out.detail) == ("closed", "good night")
        log = second.log()
        for words in ("comes into room", "is put out of room", "is put out by the administrator: too loud"):
            assert words in log, f"{words}: {log}"


async def test_the_status_of_a_cluster_tells_of_each_room(tmp_path: Path) -> None:
    async with service(tmp_path, nodes=2) as cluster, fans() as people:
        first, second = cluster.nodes
        ann, ben = await people.at(first.url, "ann"), await people.at(second.url, "ben")
        friday = (await ann.create(name="friday")).room_id
        await ben.join(friday)
        dan = await people.at(first.url, "dan")
        sunday = (await dan.create(name="sunday")).room_id
        async with await typist(second.url) as basic:
            await basic.say("JoinRoom", room_id=sunday, file_hash=HASH)
            assert (await basic.hear("RoomJoined"))["room_id"] == sunday

            async def seen() -> dict[str, Any]:
                words = ["cluster", "status", "--cluster", cluster.redis.url, "--rooms", "--json"]
                done = await asyncio.to_thread(CliRunner().invoke, main, words)
                assert done.exit_code == 0, done.output
                found: dict[str, Any] = json.loads(done.stdout)
                return found

            async with asyncio.timeout(PATIENCE):
                while True:  # Where a client is, is kept a moment after it has come in.
                    rooms = {room["room"]: room for room in (await seen())["rooms"]}
                    if all(len(room["edges"]) == 2 for room in rooms.values()):
                        break
            assert set(rooms) == {friday, sunday}
            for room_id, name in ((friday, "friday"), (sunday, "sunday")):
                room = rooms[room_id]
                assert (room["name"], room["members"]) == (name, 2)
                assert cluster.of_incarnation(room["owner"]) is first
                assert [cluster.of_incarnation(edge) for edge in room["edges"]] == [first, second]
                assert room["fence"] == int(cluster.redis.ask("HGET", f"hang:r:{room_id}", "fence"))
            words = ["cluster", "status", "--cluster", cluster.redis.url, "--rooms"]
            text = (await asyncio.to_thread(CliRunner().invoke, main, words)).output
            assert "friday" in text and f"rooms: 2; {rooms[friday]['owner']} owns 2" in text


async def test_a_node_that_drains_hands_over_its_clients_and_rooms(tmp_path: Path) -> None:
    async with service(tmp_path, nodes=2) as cluster, fans() as people:
        ann = await people.at(cluster.url, "ann")
        room_id = (await ann.create()).room_id
        owner = cluster.owner(room_id)
        (other,) = cluster.others(owner)
        ben = await people.at(other.url, "ben")
        await ben.join(room_id)
        assert owner.process is not None
        process = owner.process
        began = time.monotonic()
        said = await _admin(owner, "drain")
        assert "takes nobody in" in said
        assert "about to stop" in (owner.why_not_ready() or "it has stopped")
        await asyncio.to_thread(process.wait, PATIENCE)
        assert process.returncode == 0, owner.log()
        await ann.until(lambda: len(ann.welcomes) == 2 and ann.is_up, "its return")
        assert ann.welcomes[-1].in_room and ann.welcomes[-1].resumed, "it has kept its place"
        await ben.ask(Pause(timestamp=30.0), SyncBroadcast)
        await ann.until(lambda: ann.view is not None and ann.view.timeline.position == 30.0, "ben's pause")
        assert cluster.owner(room_id) is other
        assert len(ann.lost) == 1 and ann.lost[0][0] < time.monotonic()
        print(f"\nthe node had stopped, and its room and client were elsewhere, {time.monotonic() - began:.1f} s later")


async def test_a_node_without_its_beat_is_not_ready_and_lets_the_balancer_ask_another(tmp_path: Path) -> None:
    async with service(tmp_path, nodes=2) as cluster, fans() as people:
        first, second = cluster.nodes
        assert first.why_not_ready() is None
        first.link.freeze(12.0)
        await cluster.until(lambda: first.why_not_ready() is not None, "the node notices that it is cut off")
        assert "cut off from the others" in (first.why_not_ready() or "")
        assert second.why_not_ready() is None
        for number in range(4):
            fan = await people.at(cluster.url, f"fan-{number}")
            await fan.create()
        await first.ready()


def _names(fan: Fan) -> set[str]:
    return set() if fan.view is None else {member.name for member in fan.view.members.values()}
