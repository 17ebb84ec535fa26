"""Rooms and members that come and go: whose rooms and places that costs."""

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.abuse.raw import HASH, Raw, dial, member
from tests.abuse.siege import ATTACKER, many, siege

pytestmark = pytest.mark.real

STRANGERS: Final = 20
PASSWORD: Final = "open sesame"
AT_ONCE: Final = 10
"""Rooms that one connection makes and leaves before its messages are limited."""


async def _hello(port: int, source: str = ATTACKER, name: str = "x") -> Raw:
    raw = await (await dial(port, source)).upgrade()
    raw.say("Hello", protocol=1, name=name, client="abuse")
    await raw.hear("Welcome")
    return raw


async def _makes_rooms(port: int, count: int, source: str) -> int:
    """Make so many rooms and leave each. Returns how many were made."""
    raw, made = await _hello(port, source), 0
    for _ in range(count):
        raw.say("CreateRoom", 1, file_hash=HASH)
        try:
            await raw.hear("RoomCreated")
        except ConnectionError:
            break
        made += 1
        raw.say("LeaveRoom")
        await raw.hear("RoomLeft")
    raw.abort()
    return made


async def _strangers(port: int) -> None:
    """Make 20 kept rooms, each by somebody from elsewhere, every fifth with a password, and leave them."""
    for number in range(STRANGERS):
        secret: dict[str, Any] = {"password": PASSWORD} if number % 5 == 0 else {}
        source = f"127.8.0.{number + 1}"
        raw, answer = await member(port, "owner", source, name=f"kept {number}", **secret)
        guest, _ = await member(port, "guest", f"127.8.1.{number + 1}", room=answer["room_id"], **secret)
        for one in (guest, raw):
            one.say("LeaveRoom")
            await one.hear("RoomLeft")
            one.abort()


async def _found(port: int) -> int:
    """Return how many of the strangers' rooms are there."""
    found = 0
    for number in range(STRANGERS):
        with contextlib.suppress(ConnectionError):
            raw, _ = await member(port, "friend", f"127.8.2.{number + 1}", room=f"kept {number}", password=PASSWORD)
            found += 1
            raw.say("LeaveRoom")
            await raw.hear("RoomLeft")
            raw.abort()
    return found


@pytest.mark.timeout(200)
@pytest.mark.parametrize("sources", [1, 6])
async def test_rooms_are_made_and_left_more_often_than_there_may_be(sources: int, tmp_path: Path) -> None:
    most, count = many(1000, 300), many(1100, 400)
    async with siege(tmp_path, "--max-rooms", str(most)) as besieged:
        await _strangers(besieged.port)
        assert await _found(besieged.port) == STRANGERS
        async with besieged.attack(f"{count} times create and leave by {sources} addresses, of {most} rooms"):
            made = [
                await _makes_rooms(besieged.port, AT_ONCE, f"127.0.0.{2 + number % sources}")
                for number in range(count // AT_ONCE)
            ]
        found = await _found(besieged.port)
        print(f"[abuse] {sum(made)} rooms were made; {found} of {STRANGERS} strangers' rooms are there")
        besieged.felt.check()
        assert found == STRANGERS


async def _creates(port: int, count: int) -> int:
    """Return how many of so many people from elsewhere can make a room."""
    made = 0
    for number in range(count):
        with contextlib.suppress(ConnectionError):
            raw, _ = await member(port, "maker", f"127.9.0.{number + 1}")
            raw.abort()
            made += 1
    return made


async def _ghosts(port: int, count: int, room: str | None, sources: int = 1) -> int:
    """Come in so often, one after the other, and cut the connection off. Returns how often it was let in."""
    entered = 0
    for number in range(count):
        with contextlib.suppress(ConnectionError):
            raw, _ = await member(port, f"ghost {number}", f"127.0.0.{2 + number % sources}", room=room)
            raw.abort()
            entered += 1
    return entered


async def test_ghosts_fill_a_room(tmp_path: Path) -> None:
    """One connection at a time. Who comes from elsewhere takes the place of one that is away."""
    async with siege(tmp_path) as besieged:
        async with besieged.attack("120 members come into the room of five and are cut off"):
            entered = await _ghosts(besieged.port, 120, besieged.room_id)
            await asyncio.sleep(1.5)
        print(f"[abuse] {entered} were let in")
        besieged.felt.check()


async def test_ghosts_fill_the_server(tmp_path: Path) -> None:
    most, sources = many(1000, 100), many(25, 8)
    async with siege(tmp_path, "--max-rooms", str(most)) as besieged:
        async with besieged.attack(f"{most + 20} rooms of one ghost each by {sources} addresses, of {most} rooms"):
            made = await _ghosts(besieged.port, most + 20, None, sources)
            elsewhere = await _creates(besieged.port, 10)
        print(f"[abuse] {made} were made; {elsewhere} of 10 others made a room afterwards")
        besieged.felt.check()
        assert elsewhere == 10


async def _full_room(port: int, **fields: Any) -> tuple[Raw, dict[str, Any], list[Raw]]:
    """Make a room whose owner has gone, and that is full of others who are there."""
    owner, created = await member(port, "owner", "127.8.0.1", **fields)
    others = [
        (await member(port, f"m{number}", ATTACKER, room=created["room_id"], keeps=False))[0]
        for number in range(fields["policy"]["capacity"] - 1)
    ]
    owner.say("LeaveRoom")
    await owner.hear("RoomLeft")
    others.append((await member(port, "last", ATTACKER, room=created["room_id"]))[0])
    return owner, created, others


HOW: Final = ("full", "full and locked", "full, and shows another film")


async def _owner_returns(port: int, how: str) -> dict[str, Any]:
    """Return the answer to the owner of a room who comes back with its secret."""
    owner, created, others = await _full_room(port, policy={"capacity": 20})
    if how == "full and locked":
        others[0].say("SetPolicy", locked=True)  # host by now
        await others[-1].hear("PolicyChanged")
    elif how == "full, and shows another film":
        others[-1].say("SetMedia", file={"size": 7, "name": "other.mkv"}, file_hash="cd" * 32)
        await others[-1].hear("MediaChanged")
    owner.say("JoinRoom", 1, room_id=created["room_id"], file_hash=HASH, host_secret=created["host_secret"])
    answer = await owner.hear("RoomJoined", "Error")
    for one in (owner, *others):
        one.abort()
    return answer


async def test_the_owners_secret_lets_in_and_makes_host(tmp_path: Path) -> None:
    async with siege(tmp_path) as besieged:
        async with besieged.attack("owners of three rooms that are full come back"):
            answers = {how: await _owner_returns(besieged.port, how) for how in HOW}
        answered = {how: answer.get("code", answer.get("is_host")) for how, answer in answers.items()}
        print(f"[abuse] {answered}")
        assert answered == dict.fromkeys(HOW, True)
        besieged.felt.check()


async def test_members_join_and_leave_at_the_rate(tmp_path: Path) -> None:
    count, seconds = many(90, 40), many(20, 3)

    async def churn(raw: Raw) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not raw.ended:
            raw.say("JoinRoom", 1, room_id=besieged.room_id, file_hash=HASH)
            with contextlib.suppress(ConnectionError):
                await raw.hear("RoomJoined")
            raw.say("LeaveRoom", 2)
            with contextlib.suppress(ConnectionError):
                await raw.hear("RoomLeft")
            await asyncio.sleep(0.1)

    async with siege(tmp_path) as besieged:
        raws = [await _hello(besieged.port, name=f"churn {number}") for number in range(count)]
        async with besieged.attack(f"{count} connections join and leave the room of five all the time"):
            await asyncio.gather(*map(churn, raws))
        for raw in raws:
            raw.abort()
        besieged.felt.check()
