"""Accounts and logins over a kill: what was acknowledged is good afterwards, and what was used up stays used up."""

import asyncio
import time
from pathlib import Path

import pytest

from hangd.protocol.accounts import Refresh, Tokens
from hangd.tasks import Tasks
from tests.support.crowds.crowd import Crowd, crowd
from tests.support.crowds.fan import Fan, Refused
from tests.support.servers.server_process import server_process
from tests.support.servers.wall_clock import WallClock, wall_clock

__all__ = ["wall_clock"]

pytestmark = pytest.mark.real


async def refreshed(people: Crowd, token: str) -> Tokens:
    """Get new tokens, on a new connection."""
    fan = people.fan("somebody")
    fan.connect()
    await fan.greeted()
    try:
        return await fan.ask(Refresh(token), Tokens)
    finally:
        fan.leave()


async def refresh(fan: Fan, token: str) -> Tokens | None:
    """Get new tokens. None: the server ended before it answered."""
    try:
        return await fan.ask(Refresh(token), Tokens)
    except ConnectionError:
        return None


async def test_members_with_accounts_come_back_as_who_they_are(tmp_path: Path) -> None:
    """The server lets nobody in without an account, and is killed in the instant in which it gives out tokens."""
    async with (
        server_process(tmp_path, "--register", "open", "--require-token") as server,
        crowd(server.url, rooms=1, members=4, registers=True) as people,
    ):
        before = await people.snapshots()
        assert all(place.account == place.name for room in before for place in room.members.values())
        await people.kept(server, before)
        tasks = Tasks()
        asking = [tasks.start(refresh(fan, people.refresh[fan.name]), name=fan.name) for fan in people.members]
        await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        killed = time.monotonic()
        server.kill()
        answered = dict(zip((fan.name for fan in people.members), await asyncio.gather(*asking), strict=True))
        await server.start()
        came = await people.returned(killed)
        compared = people.compare(before, await people.snapshots())

        count = sum(tokens is not None for tokens in answered.values())
        print(f"\nkilled when {count} of {len(answered)} had new tokens: {came}; {compared}")
        await people.rooms_work()
        for fan in people.members:
            tokens, old = answered[fan.name], people.refresh[fan.name]
            if tokens is None:  # It cannot know whether its token was used. It still has it, and that is good.
                await refreshed(people, old)
                continue
            await refreshed(people, tokens.refresh)
            with pytest.raises(Refused, match="Unauthorized"):
                await refreshed(people, old)
            await fan.until(lambda fan=fan: fan.lost[-1][1] == 4501, "the end of a login of which there are two copies")  # type: ignore[misc]


async def test_a_refresh_token_that_was_used_up_before_a_kill_ends_the_login_after_it(
    tmp_path: Path, wall_clock: WallClock
) -> None:
    options = ("--register", "open", "--require-token")
    async with (
        server_process(tmp_path, *options, environment=wall_clock.environment) as server,
        crowd(server.url, rooms=1, members=2, registers=True) as people,
    ):
        ann = people.members[0]
        first = people.refresh[ann.name]
        second = await refreshed(people, first)
        third = await refreshed(people, second.refresh)
        await people.kept(server, await people.snapshots())
        killed = time.monotonic()
        server.kill()
        wall_clock.step(300)  # soon after its use it is refused and proves nothing: it may have been late
        await server.start()
        await people.returned(killed)
        with pytest.raises(Refused, match="Unauthorized") as replayed:
            await refreshed(people, first)
        with pytest.raises(Refused, match="Unauthorized") as ended:
            await refreshed(people, third.refresh)
        print(f"\nthe first token again: {replayed.value}\nthe newest one after that: {ended.value}")
