"""A server that ends under two hundred clients in twenty rooms, in order or not, and is started again."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Final

import pytest

from tests.support.crowds.additions import Additions, additions
from tests.support.crowds.crowd import Crowd, Snapshot, crowd
from tests.support.servers.server_process import server_process

pytestmark = [pytest.mark.real, pytest.mark.timed]

ROOMS, MEMBERS = 20, 10
BACK: Final = 10.0
"""Seconds within which everybody has to be back."""
MAY_BE_LOST: Final = 0.25
"""Seconds before a kill of which an acknowledged change may be lost: a tenth, and the round of writes that was under
way (docs/store.md)."""
OF_EACH_ENTRY: Final = 0.02
"""Seconds more, for each entry of a queue: a long one is not written again at once (docs/store.md)."""


def compare(
    people: Crowd,
    adding: list[Additions],
    before: list[Snapshot],
    after: list[Snapshot],
    ended: float,
    *,
    may_be_lost: float,
    of_each_entry: float = 0.0,
) -> str:
    """Compare all rooms with what they must be, after films were added until the server ended."""
    expected = [
        add.must_be(room, ended, may_be_lost=may_be_lost, of_each_entry=of_each_entry)
        for add, room in zip(adding, before, strict=True)
    ]
    found = [add.without_rest(*rooms) for add, *rooms in zip(adding, after, expected, strict=True)]
    return people.compare(expected, found)


@pytest.mark.parametrize("keeps_socket", [False, True], ids=["alone", "socket-unit"])
async def test_killed_under_two_hundred_clients(tmp_path: Path, *, keeps_socket: bool) -> None:
    """All come back to their places, and no film jumps, though nobody could say goodbye."""
    async with (
        server_process(tmp_path, keeps_socket=keeps_socket) as server,
        crowd(server.url, rooms=ROOMS, members=MEMBERS) as people,
    ):
        before = await people.snapshots()
        await asyncio.sleep(0.5)
        start, said = await people.survive_a_kill(server, before, within=BACK)
        print(f"\nkilled (socket kept: {keeps_socket}), started again in {start:.2f} s: {said}")
        await people.rooms_work()


async def test_stopped_in_order_under_two_hundred_clients(tmp_path: Path) -> None:
    """Nothing at all is lost, not even what was said in the last instant, and not all return in one instant."""
    async with (
        server_process(tmp_path) as server,
        crowd(server.url, rooms=ROOMS, members=MEMBERS) as people,
    ):
        before = await people.snapshots()
        async with additions(people) as adding:
            await asyncio.sleep(1.0)
            stopped = time.monotonic()
            took = await server.terminate()
        codes = {code for fan in people.members for _, code in fan.lost}
        assert codes == {4001}, codes
        start = await server.start()
        said = await people.returned(stopped, within=BACK)
        after = await people.snapshots()
        compared = compare(people, adding, before, after, stopped, may_be_lost=-BACK)
        at = [fan.welcomes[-1].at for fan in people.members]
        assert max(at) - min(at) > 0.5, "all came back at the same time"
        added = sum(len(one.acknowledged) for one in adding)
        print(
            f"\nstopped in {took:.2f} s, started again in {start:.2f} s: {said}; {compared}; 0 of {added} changes lost"
        )
        await people.rooms_work()


async def test_killed_in_the_middle_of_changes(tmp_path: Path) -> None:
    """What was acknowledged is there afterwards, but what may be lost by the rule of docs/store.md."""
    async with (
        server_process(tmp_path) as server,
        crowd(server.url, rooms=ROOMS, members=MEMBERS) as people,
    ):
        before = await people.snapshots()
        async with additions(people) as adding:
            await asyncio.sleep(2.0)
            killed = time.monotonic()
            server.kill()
            ended = time.monotonic()
        await server.start()
        said = await people.returned(killed, within=BACK)
        after = await people.snapshots()
        compared = compare(people, adding, before, after, ended, may_be_lost=MAY_BE_LOST, of_each_entry=OF_EACH_ENTRY)
        added = sum(len(one.acknowledged) for one in adding)
        lost = [age for one, room in zip(adding, after, strict=True) for age in one.lost(room, ended)]
        print(
            f"\nkilled during changes: {len(lost)} of {added} acknowledged changes lost, the oldest of them "
            f"{max(lost, default=0.0) * 1000:.1f} ms before the end; {said}; {compared}"
        )
        await people.rooms_work()


async def test_killed_again_and_again_while_everybody_returns(tmp_path: Path) -> None:
    """A server that crashes in a loop: each time at another moment, when none, some or all are back."""
    async with (
        server_process(tmp_path) as server,
        crowd(server.url, rooms=ROOMS, members=MEMBERS) as people,
    ):
        before = await people.snapshots()
        await people.kept(server, before)
        there = []
        for seconds in (0.05, 0.2, 0.4, 0.8):
            server.kill()
            await server.start()
            await asyncio.sleep(seconds)
            there.append(sum(fan.is_up for fan in people.members))
        _, said = await people.survive_a_kill(server, before, within=BACK)
        print(f"\nkilled five times, when {there} and all of them were back: {said}")
        await people.rooms_work()


async def test_stopped_for_longer_than_clients_wait(tmp_path: Path) -> None:
    """A machine that stands still: clients give their connections up, and find their places taken by themselves."""
    async with (
        server_process(tmp_path) as server,
        crowd(server.url, rooms=ROOMS, members=MEMBERS) as people,
    ):
        before = await people.snapshots()
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(9.0)
        gone = sum(not fan.is_up for fan in people.members)
        assert gone > ROOMS * MEMBERS / 2, "most have noticed"
        server.process.send_signal(signal.SIGCONT)
        continued = time.monotonic()
        for fan in people.members:
            await fan.until(lambda fan=fan: fan.is_up, "its return", BACK)  # type: ignore[misc]
        took = time.monotonic() - continued
        compared = people.compare(before, await people.snapshots())
        print(f"\nstood still for 9 s, {gone} gave up; all were back {took:.2f} s after; {compared}")
        await people.rooms_work()
