"""Passwords, resume secrets and invites that are guessed by many at once, and argon2 beside a friend who joins."""

import asyncio
import contextlib
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest

from tests.abuse.raw import HASH, NoUpgrade, Raw, dial, member
from tests.abuse.siege import many, siege

pytestmark = pytest.mark.real

SECONDS: Final = many(60, 4)
GUESSERS: Final = many(160, 80)
SOURCES: Final = 8
AHEAD: Final = 8
"""Other passwords that may be hashed while a friend waits for its own."""
PASSWORD: Final = "open sesame"


def source(number: int) -> str:
    return f"127.0.0.{2 + number % SOURCES}"


async def for_some_time(one: Callable[[int], Awaitable[None]], count: int, seconds: float) -> None:
    """Let so many guess at the same time, again and again. What is asked by then is answered."""
    until = time.monotonic() + seconds

    async def guesser(number: int) -> None:
        while time.monotonic() < until:
            with contextlib.suppress(OSError, NoUpgrade):
                await one(number)
            await asyncio.sleep(0.01)

    await asyncio.gather(*(guesser(number) for number in range(count)))


async def _greeted(port: int, number: int) -> Raw:
    raw = await (await dial(port, source(number))).upgrade()
    raw.say("Hello", protocol=1, name=f"g{number}", client="abuse")
    await raw.hear("Welcome")
    return raw


@pytest.mark.timeout(200)
async def test_a_rooms_password(tmp_path: Path) -> None:
    """Ten at once and twelve a minute are compared, from however many addresses and connections."""
    async with siege(tmp_path) as besieged:
        _, created = await member(besieged.port, "owner", "127.8.0.1", password=PASSWORD)
        raws: dict[int, Raw] = {}
        codes: Counter[str] = Counter()

        async def guess(number: int) -> None:
            if number not in raws or raws[number].ended:
                raws[number] = await _greeted(besieged.port, number)
            raw = raws[number]
            raw.say("JoinRoom", 1, room_id=created["room_id"], file_hash=HASH, password=f"guess {time.monotonic()}")
            codes[(await raw.hear("Error"))["code"]] += 1

        began = time.monotonic()
        async with besieged.attack(f"{GUESSERS} connections of {SOURCES} addresses guess a room's password"):
            await for_some_time(guess, GUESSERS, SECONDS)
        took = time.monotonic() - began
        print(f"[abuse] in {took:.1f} s: {dict(codes)}")
        for raw in raws.values():
            raw.abort()
        besieged.felt.check()
        assert 0 < codes["WrongPassword"] <= 10 + took / 5 + 1


async def test_a_resume_secret(tmp_path: Path) -> None:
    """Twenty at once and six a minute for each network."""
    async with siege(tmp_path) as besieged:
        spy, joined = await member(besieged.port, "spy", source(0), room=besieged.room_id)
        victim = joined["room"]["members"][0]["client_id"]
        answers: Counter[str] = Counter()

        async def guess(number: int) -> None:
            raw = await (await dial(besieged.port, source(number))).upgrade()
            resume = {"client_id": victim, "secret": f"{time.monotonic():022.6f}"}
            raw.say("Hello", protocol=1, name="g", client="abuse", resume=resume)
            payload = await raw.hear("Welcome", "Error")
            answers[payload.get("code", f"Welcome, resumed: {payload.get('resumed')}")] += 1
            raw.abort()

        async with besieged.attack(f"{GUESSERS} at once guess a member's resume secret"):
            await for_some_time(guess, GUESSERS, SECONDS)
        spy.abort()
        print(f"[abuse] in {SECONDS} s: {dict(answers)}")
        besieged.felt.check()
        assert set(answers) <= {"Welcome, resumed: False", "RateLimited"}
        assert answers["Welcome, resumed: False"] <= SOURCES * (20 + SECONDS / 10 + 1)


async def test_an_invite(tmp_path: Path) -> None:
    """An invite is signed: a guess costs a look at the signature, and counts as a wrong secret."""
    async with siege(tmp_path) as besieged:
        owner, created = await member(besieged.port, "owner", "127.8.0.1", policy={"access": "invited"})
        owner.say("CreateInvite")
        token = (await owner.hear("InviteCreated"))["token"]
        raws: dict[int, Raw] = {}
        codes: Counter[str] = Counter()

        async def guess(number: int) -> None:
            if number not in raws or raws[number].ended:
                raws[number] = await _greeted(besieged.port, number)
            raw = raws[number]
            forged = token[:-20] + f"{time.monotonic_ns():020}"
            raw.say("JoinRoom", 1, room_id=created["room_id"], file_hash=HASH, invite=forged)
            codes[(await raw.hear("Error"))["code"]] += 1

        async with besieged.attack(f"{GUESSERS} at once guess invites"):
            await for_some_time(guess, GUESSERS, SECONDS)
        for raw in raws.values():
            raw.abort()
        print(f"[abuse] in {SECONDS} s: {dict(codes)}")
        besieged.felt.check()
        assert codes["InvalidInvite"] <= SOURCES * (20 + SECONDS / 10 + 1)


@pytest.mark.timeout(200)
async def test_argon2_beside_a_friend_who_joins(tmp_path: Path) -> None:
    """Rooms with passwords are made by 95 connections of one address. A friend of another room has a password, too."""
    seconds = many(20, 4)
    async with siege(tmp_path) as besieged:
        _, created = await member(besieged.port, "owner", "127.8.0.1", password=PASSWORD)
        raws = await asyncio.gather(*(_greeted(besieged.port, 0) for _ in range(95)))
        made = 0

        async def make(number: int) -> None:
            nonlocal made
            raw = raws[number]
            if raw.ended:
                await asyncio.sleep(1.0)
                return
            raw.say("CreateRoom", 1, file_hash=HASH, password=f"password {number}")
            await raw.hear("RoomCreated")
            made += 1
            raw.say("LeaveRoom")
            await raw.hear("RoomLeft")

        waits: list[float] = []
        ahead: list[int] = []
        async with besieged.attack("95 connections make rooms with passwords"), asyncio.TaskGroup() as group:
            attack = group.create_task(for_some_time(make, len(raws), 600.0))
            began = time.monotonic()
            await asyncio.sleep(0.3)
            for number in range(5):
                asked, before = time.monotonic(), made
                friend, _ = await member(
                    besieged.port, "friend", f"127.8.1.{number + 1}", room=created["room_id"], password=PASSWORD
                )
                waits.append(time.monotonic() - asked)
                ahead.append(made - before)
                friend.abort()
            await asyncio.sleep(began + seconds - time.monotonic())
            attack.cancel()
        for raw in raws:
            raw.abort()
        waited = ", ".join(f"{wait:.2f}" for wait in waits)
        print(f"[abuse] {made} rooms; friends waited {waited} s, and for {ahead} rooms")
        besieged.felt.check()
        # This process may stand still while the answer to a friend waits, and then hear the others first.
        assert statistics.median(ahead) <= AHEAD
